//! The replies that are ours: what is said to a client when no server's reply is passed on.
//!
//! A failure carries the ID of a catalogued message, so that it can be looked up from the job's
//! log; what is no failure does not.

use crate::ftp::{Code, Line};
use crate::message::{Argument, Message};

/// One reply line of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// Reply code.
    pub code: u16,
    /// The whole line with its end: printable ASCII, or what the server wrote.
    pub line: Vec<u8>,
}

impl Answer {
    /// Code and text.
    pub fn plain(code: u16, text: &str) -> Self {
        let mut line = format!("{code} ").into_bytes();
        let printable = |c: char| if matches!(c, ' '..='~') { c as u8 } else { b'?' };
        line.extend(text.chars().take(MAX_TEXT).map(printable));
        line.extend_from_slice(b"\r\n");
        Self { code, line }
    }

    /// Code, message ID and text.
    pub fn message(code: u16, message: &Message, arguments: &[Argument<'_>]) -> Self {
        Self::plain(code, &message.render(arguments))
    }

    /// What the server said to a command of ours, as the answer to the client's; a line of its own,
    /// whatever came before.
    pub fn passed_on(code: Code, line: &Line) -> Self {
        Self { code: code.number(), line: [line.text(), b"\r\n"].concat() }
    }
}

/// Longest text, in characters: reply lines of 512 bytes are taken by every client.
const MAX_TEXT: usize = 480;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_one_printable_line() {
        let answer = Answer::plain(421, "caf\u{e9}\r\n220 forged");
        assert_eq!(answer.line, b"421 caf???220 forged\r\n");
        assert_eq!(Answer::plain(530, &"x".repeat(9000)).line.len(), 4 + MAX_TEXT + 2);
    }
}
