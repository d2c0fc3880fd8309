//! Diagnostics: one thing that is wrong or suspicious in a member, and where.
//!
//! Made by the readers of filter decks ([`crate::config`]) and of job decks ([`crate::jcl`]). Every
//! diagnostic is a catalogued message, already filled in.

use std::fmt::{self, Display};

use super::{Argument, Message, Severity};

/// Characters of a member's text that a diagnostic repeats at most.
const QUOTE: usize = 60;

/// One thing that is wrong or suspicious in a member, as a catalogued message.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// The catalogued message; its severity tells an error from a warning.
    pub message: &'static Message,
    /// Card number, counted from 1; zero if the member as a whole is meant.
    pub card: usize,
    /// First and last column, counted from 1; zero if the member as a whole is meant.
    pub columns: (usize, usize),
    /// The complete line: ID, member, card, columns, found, expected.
    pub line: String,
}

impl Diagnostic {
    /// Something at a place of a member, from a message with `{member}`, `{card}`, `{columns}`,
    /// `{found}` and `{expected}`.
    pub(crate) fn at(
        message: &'static Message,
        member: &str,
        card: usize,
        columns: (usize, usize),
        [found, expected]: [&str; 2],
    ) -> Self {
        let shown = match columns {
            (from, to) if from == to => format!("column {from}"),
            (from, to) => format!("columns {from}-{to}"),
        };
        let line = message.render(&[
            ("member", &member),
            ("card", &card),
            ("columns", &shown),
            ("found", &found),
            ("expected", &expected),
        ]);
        Self { message, card, columns, line }
    }

    /// Something about a member as a whole.
    pub(crate) fn of_member(message: &'static Message, arguments: &[Argument<'_>]) -> Self {
        Self { message, card: 0, columns: (0, 0), line: message.render(arguments) }
    }

    /// Whether it keeps the member from being used.
    pub fn is_error(&self) -> bool {
        !matches!(self.message.severity, Severity::I | Severity::W)
    }

    /// Writes the line to the log, at the level of the message.
    pub fn emit(&self) {
        self.message.emit_rendered(&self.line);
    }
}

impl Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

/// Text of a member as a diagnostic repeats it: in apostrophes, shortened; `blanks` for none.
pub(crate) fn quoted(text: &str) -> String {
    if text.trim_matches(' ').is_empty() {
        return "blanks".to_owned();
    }
    match text.char_indices().nth(QUOTE) {
        Some((end, _)) => format!("'{}...'", &text[..end]),
        None => format!("'{text}'"),
    }
}
