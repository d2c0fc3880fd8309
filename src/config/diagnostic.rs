//! Diagnostics: what is wrong with a deck, where, and what would be right.

use std::fmt::{self, Display};
use std::io;

use crate::message::catalogue::DECK_UNREADABLE;
use crate::message::{Message, Severity};

/// One thing that is wrong or suspicious in a deck, as a catalogued message.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The catalogued message; its severity tells an error from a warning.
    pub message: &'static Message,
    /// Card number, counted from 1; zero if the deck as a whole is meant.
    pub card: usize,
    /// First and last column, counted from 1; None if the card as a whole is meant.
    pub columns: Option<(usize, usize)>,
    /// The complete line: ID, member, card, columns, found, expected.
    pub line: String,
}

impl Diagnostic {
    /// The deck cannot be read at all.
    pub fn unreadable(member: &str, reason: &io::Error) -> Self {
        let line = DECK_UNREADABLE.render(&[("member", &member), ("reason", reason)]);
        Self {
            message: &DECK_UNREADABLE,
            card: 0,
            columns: None,
            line,
        }
    }

    /// Whether it keeps the deck from being used.
    pub fn is_error(&self) -> bool {
        !matches!(self.message.severity, Severity::I | Severity::W)
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
    /// Everything to tell the operator.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Self::Unreadable(diagnostic) => std::slice::from_ref(diagnostic),
            Self::Invalid(diagnostics) => diagnostics,
        }
    }

    /// How many of them are errors.
    pub fn errors(&self) -> usize {
        self.diagnostics()
            .iter()
            .filter(|diagnostic| diagnostic.is_error())
            .count()
    }
}

impl Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(diagnostic) => diagnostic.fmt(f),
            Self::Invalid(_) => write!(f, "{} errors in the deck", self.errors()),
        }
    }
}

impl std::error::Error for LoadError {}
