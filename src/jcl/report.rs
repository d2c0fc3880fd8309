//! What is wrong with a deck, collected while it is read.
//!
//! Reading goes on after a [`Problem`]; [`Report::into_diagnostics`] puts them in the order of the
//! listing. A procedure that is called twice is wrong once.

use std::collections::HashSet;
use std::sync::Arc;

use super::secret::masked;
use super::text::Place;
use crate::message::catalogue::{
    JCL_LIMIT, JCL_SYMBOL_INVALID, JCL_SYMBOL_UNDEFINED, JCL_TOO_MANY,
};
use crate::message::diagnostic::{Diagnostic, quoted};
use crate::message::{Argument, Message};

/// Diagnostics of a job at most.
const MAX_DIAGNOSTICS: usize = 500;

/// Something wrong or suspicious at a place.
#[derive(Debug, Clone)]
pub(super) struct Problem {
    pub message: &'static Message,
    pub place: Place,
    pub found: String,
    pub expected: String,
}

impl Problem {
    /// `found` is shown as it is.
    pub fn new(
        message: &'static Message,
        place: Place,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Self {
        Self { message, place, found: found.into(), expected: expected.into() }
    }

    /// `found` is text of the deck: shown in apostrophes, `blanks` for none.
    pub fn text(
        message: &'static Message,
        place: Place,
        found: &str,
        expected: impl Into<String>,
    ) -> Self {
        Self::new(message, place, quoted(found), expected)
    }
}

/// Collects the problems of one job.
#[derive(Debug, Default)]
pub(super) struct Report {
    sources: Vec<Arc<str>>,
    diagnostics: Vec<(Place, Diagnostic)>,
    seen: HashSet<(u16, Place)>,
    /// Where symbols are wrong: what contains one is wrong for that reason.
    symbols: HashSet<Place>,
    dropped: usize,
}

impl Report {
    /// The index by which places name a member.
    pub fn source(&mut self, name: &str) -> usize {
        let known = self.sources.iter().position(|source| &**source == name);
        known.unwrap_or_else(|| {
            self.sources.push(name.into());
            self.sources.len() - 1
        })
    }

    /// The name of a member.
    pub fn source_name(&self, source: usize) -> Arc<str> {
        self.sources.get(source).cloned().unwrap_or_else(|| "".into())
    }

    pub fn add(&mut self, problem: Problem) {
        let Problem { message, place, found, expected } = problem;
        let found = masked(&found);
        if !self.seen.insert((message.number, Place { entry: 0, ..place })) {
            return;
        }
        if self.diagnostics.len() >= MAX_DIAGNOSTICS {
            self.dropped += 1;
            return;
        }
        let is_symbol = [&JCL_SYMBOL_UNDEFINED, &JCL_SYMBOL_INVALID]
            .iter()
            .any(|symbol| symbol.number == message.number);
        let place_of_card = Place { entry: 0, ..place };
        if is_symbol {
            self.symbols.insert(place_of_card);
        } else if self.symbols.iter().any(|symbol| place_of_card.contains(symbol)) {
            return;
        }
        let member = self.source_name(place.source);
        let columns = (place.from, place.to);
        let texts = [found.as_str(), expected.as_str()];
        let diagnostic = Diagnostic::at(message, &member, place.card, columns, texts);
        self.diagnostics.push((place, diagnostic));
    }

    /// Hands on what was parsed, or reports why it cannot be.
    pub fn accept<T>(&mut self, parsed: Result<T, Problem>) -> Option<T> {
        parsed.map_err(|problem| self.add(problem)).ok()
    }

    /// Reports something about a member as a whole.
    pub fn add_to_member(
        &mut self,
        message: &'static Message,
        place: Place,
        arguments: &[Argument<'_>],
    ) {
        if self.seen.insert((message.number, Place { entry: 0, ..place })) {
            self.diagnostics.push((place, Diagnostic::of_member(message, arguments)));
        }
    }

    /// Reports a member that cannot be read, where it is asked for.
    pub fn add_unreadable(
        &mut self,
        message: &'static Message,
        place: Place,
        name: &str,
        reason: &str,
    ) {
        let member = self.source_name(place.source);
        let columns = format!("columns {}-{}", place.from, place.to);
        let arguments: &[Argument<'_>] = &[
            ("member", &member),
            ("card", &place.card),
            ("columns", &columns),
            ("name", &name),
            ("reason", &reason),
        ];
        self.add_to_member(message, place, arguments);
    }

    /// Reports a bound that the deck exceeds.
    pub fn add_limit(&mut self, place: Place, found: impl Into<String>, expected: String) {
        self.add(Problem::new(&JCL_LIMIT, place, found, expected));
    }

    pub fn has_errors(&self) -> bool {
        self.diagnostics.iter().any(|(_, diagnostic)| diagnostic.is_error())
    }

    /// All diagnostics in the order of the listing.
    pub fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|(place, _)| (place.entry, place.card, place.from));
        let member = self.source_name(0);
        let mut all: Vec<_> = self.diagnostics.into_iter().map(|(_, found)| found).collect();
        if self.dropped > 0 {
            let arguments: &[Argument<'_>] = &[("member", &member), ("count", &self.dropped)];
            all.push(Diagnostic::of_member(&JCL_TOO_MANY, arguments));
        }
        all
    }
}
