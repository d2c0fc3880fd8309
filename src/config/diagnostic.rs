//! Diagnostics: what is wrong with a deck, where, and what would be right.
//!
//! Parsing and checking write into one [`Report`] and go on; [`super::load`] hands out what it
//! holds, in card order.

use std::fmt::{self, Display};
use std::io;

use super::field::{Field, Mismatch, Place};
use crate::dataset::RecordError;
use crate::message::catalogue::{DECK_NOT_RECORDS, DECK_UNREADABLE};
use crate::message::diagnostic::{Diagnostic, quoted};
use crate::message::{Argument, Message};

/// Why there is no `Config`.
#[derive(Debug)]
pub enum LoadError {
    /// The file cannot be read (RC 12).
    Unreadable(Diagnostic),
    /// The deck has errors (RC 8): all errors and warnings in card order.
    Invalid(Vec<Diagnostic>),
}

impl LoadError {
    pub(super) fn unreadable(member: &str, reason: &io::Error) -> Self {
        let arguments: &[Argument<'_>] = &[("member", &member), ("reason", reason)];
        Self::Unreadable(Diagnostic::of_member(&DECK_UNREADABLE, arguments))
    }

    pub(super) fn not_records(member: &str, reason: &RecordError) -> Self {
        let arguments: &[Argument<'_>] = &[("member", &member), ("reason", reason)];
        Self::Invalid(vec![Diagnostic::of_member(&DECK_NOT_RECORDS, arguments)])
    }

    /// Everything to tell the operator.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Unreadable(diagnostic) => std::slice::from_ref(diagnostic),
            Self::Invalid(diagnostics) => diagnostics,
        }
    }

    /// How many of them are errors.
    pub fn errors(&self) -> usize {
        self.diagnostics().iter().filter(|diagnostic| diagnostic.is_error()).count()
    }
}

impl Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(diagnostic) => diagnostic.fmt(f),
            Self::Invalid(_) => write!(f, "errors in the deck: {}", self.errors()),
        }
    }
}

impl std::error::Error for LoadError {}

/// Collects the diagnostics of one member.
#[derive(Debug)]
pub(super) struct Report {
    member: String,
    diagnostics: Vec<Diagnostic>,
}

impl Report {
    pub fn new(member: &str) -> Self {
        Self { member: member.to_owned(), diagnostics: Vec::new() }
    }

    /// Reports something at a place of the deck.
    pub fn add(&mut self, message: &'static Message, place: Place, found: &str, expected: &str) {
        let Place { card, from, to } = place;
        let texts = [found, expected];
        let diagnostic = Diagnostic::at(message, &self.member, card, (from, to), texts);
        self.diagnostics.push(diagnostic);
    }

    /// Reports a mismatch within a field, or hands on what was parsed.
    pub fn accept<T>(
        &mut self,
        message: &'static Message,
        field: &Field,
        parsed: Result<T, Mismatch>,
    ) -> Option<T> {
        let mismatch = match parsed {
            Ok(value) => return Some(value),
            Err(mismatch) => mismatch,
        };
        let place = field.place_of(&mismatch);
        self.add(message, place, &quoted(&mismatch.found), &mismatch.expected);
        None
    }

    /// Reports something about the deck as a whole.
    pub fn add_to_deck(&mut self, message: &'static Message) {
        self.diagnostics.push(Diagnostic::of_member(message, &[("member", &self.member)]));
    }

    /// All diagnostics, those of the whole deck last.
    pub fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.diagnostics.sort_by_key(|diagnostic| {
            let Diagnostic { message, card, columns, .. } = diagnostic;
            (*card == 0, *card, *columns, message.number)
        });
        self.diagnostics
    }

    #[cfg(test)]
    pub fn lines(&self) -> Vec<String> {
        self.diagnostics.iter().map(|diagnostic| diagnostic.line.clone()).collect()
    }
}
