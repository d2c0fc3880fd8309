//! Diagnostics: what is wrong with a deck, where, and what would be right.
//!
//! Parsing and checking write into one [`Report`] and go on; [`super::load`] hands out what it
//! holds, in card order. Every diagnostic is a catalogued message, already filled in.

use std::fmt::{self, Display};
use std::io;

use super::field::{Field, Mismatch, Place};
use crate::dataset::RecordError;
use crate::message::catalogue::{DECK_NOT_RECORDS, DECK_UNREADABLE};
use crate::message::{Argument, Message, Severity};

/// Characters of a deck's text that a diagnostic repeats at most.
const QUOTE: usize = 60;

/// One thing that is wrong or suspicious in a deck, as a catalogued message.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The catalogued message; its severity tells an error from a warning.
    pub message: &'static Message,
    /// Card number, counted from 1; zero if the deck as a whole is meant.
    pub card: usize,
    /// First and last column, counted from 1; zero if the deck as a whole is meant.
    pub columns: (usize, usize),
    /// The complete line: ID, member, card, columns, found, expected.
    pub line: String,
}

impl Diagnostic {
    /// Whether it keeps the deck from being used.
    pub fn is_error(&self) -> bool {
        !matches!(self.message.severity, Severity::I | Severity::W)
    }

    /// Writes the line to the log, at the level of the message.
    pub fn emit(&self) {
        self.message.emit_rendered(&self.line);
    }

    fn of_deck(message: &'static Message, arguments: &[Argument<'_>]) -> Self {
        Self { message, card: 0, columns: (0, 0), line: message.render(arguments) }
    }
}

impl Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

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
        Self::Unreadable(Diagnostic::of_deck(&DECK_UNREADABLE, arguments))
    }

    pub(super) fn not_records(member: &str, reason: &RecordError) -> Self {
        let arguments: &[Argument<'_>] = &[("member", &member), ("reason", reason)];
        Self::Invalid(vec![Diagnostic::of_deck(&DECK_NOT_RECORDS, arguments)])
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
        let columns =
            if from == to { format!("column {from}") } else { format!("columns {from}-{to}") };
        let line = message.render(&[
            ("member", &self.member),
            ("card", &card),
            ("columns", &columns),
            ("found", &found),
            ("expected", &expected),
        ]);
        self.diagnostics.push(Diagnostic { message, card, columns: (from, to), line });
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
        self.diagnostics.push(Diagnostic::of_deck(message, &[("member", &self.member)]));
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

/// Text of the deck as a diagnostic repeats it: in apostrophes, shortened; `blanks` for none.
pub(super) fn quoted(text: &str) -> String {
    if text.trim_matches(' ').is_empty() {
        return "blanks".to_owned();
    }
    match text.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("'{}...'", &text[..end]),
        None => format!("'{text}'"),
    }
}
