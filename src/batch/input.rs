//! INPUT: subcommands, and answers to prompts, line by line.
//!
//! A line of subcommands that ends with a blank and `+` goes on in the next one. Empty lines and those
//! that begin with a semicolon are skipped. Lines may hold passwords: they are wiped when dropped.
//! Whoever types at a terminal is asked, and does not see a password.

use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;

use nix::sys::termios::{self, LocalFlags, SetArg, Termios};
use zeroize::{Zeroize, Zeroizing};

use crate::ftp::LineBuffer;

/// Bytes of a subcommand at most, with all its lines.
const MAX_SUBCOMMAND: usize = 4096;

/// Reads lines.
pub struct Input {
    source: Box<dyn Read>,
    lines: LineBuffer,
    is_all: bool,
    is_typed: bool,
    /// Lines that were read.
    read: u64,
    /// The line that the last subcommand began with.
    begun: u64,
}

/// What a line is to be, as a person is asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// The server.
    Host,
    /// A subcommand.
    Subcommand,
    /// A user.
    User,
    /// A password or account, which is not shown.
    Secret(&'static str),
}

impl Input {
    /// Reads them from here; `is_typed` if that is standard input, and a terminal.
    pub fn new(source: impl Read + 'static, is_typed: bool) -> Self {
        let lines = LineBuffer::of_commands();
        Self { source: Box::new(source), lines, is_all: false, is_typed, read: 0, begun: 0 }
    }

    /// Number of the line, from 1, that the last subcommand began with.
    pub fn number(&self) -> u64 {
        self.begun
    }

    /// Whether a person types them.
    pub fn is_typed(&self) -> bool {
        self.is_typed
    }

    /// The next line that is not empty, without blanks at its end; None behind the last.
    pub fn line(&mut self, asked: Asked) -> io::Result<Option<Zeroizing<String>>> {
        let _silence = match (self.is_typed, asked) {
            (false, _) => None,
            (true, asked) => {
                let _ = write!(io::stderr(), "{}: ", asked.prompt());
                matches!(asked, Asked::Secret(_)).then(Silence::new).transpose()?
            }
        };
        loop {
            let Some(line) = self.lines.next_line() else {
                if self.is_all {
                    return Ok(None);
                }
                self.fill()?;
                continue;
            };
            self.read += 1;
            let wrong = |reason| wrong(&format!("line {} {reason}", self.read));
            let line = line.map_err(|_| wrong("is longer than 4096 bytes"))?;
            let text = std::str::from_utf8(line.text()).map_err(|_| wrong("is no UTF-8"))?;
            let text = text.trim_end();
            if !text.trim_start().is_empty() && !text.starts_with(';') {
                return Ok(Some(Zeroizing::new(text.to_owned())));
            }
        }
    }

    /// The next subcommand, with the lines that it goes on in.
    pub fn subcommand(&mut self) -> io::Result<Option<Zeroizing<String>>> {
        // Never moved, which would leave a copy behind.
        let mut whole = Zeroizing::new(String::with_capacity(MAX_SUBCOMMAND));
        while let Some(line) = self.line(Asked::Subcommand)? {
            let (text, goes_on) = match line.strip_suffix(" +") {
                Some(text) => (text.trim_end(), true),
                None => (line.as_str(), false),
            };
            if whole.is_empty() {
                self.begun = self.read;
            }
            let text = if whole.is_empty() { text } else { text.trim_start() };
            if whole.len() + text.len() + 1 > MAX_SUBCOMMAND {
                return Err(wrong("a subcommand is longer than 4096 bytes"));
            }
            whole.push_str(text);
            if !goes_on {
                return Ok(Some(whole));
            }
            whole.push(' ');
        }
        match whole.is_empty() {
            true => Ok(None),
            false => Err(wrong("the last line ends with +, and nothing follows")),
        }
    }

    fn fill(&mut self) -> io::Result<()> {
        let mut piece = [0; 4096];
        match self.source.read(&mut piece) {
            Ok(0) => {
                self.is_all = true;
                // The last line may lack its end.
                self.lines.push(b"\n");
            }
            Ok(count) => self.lines.push(&piece[..count]),
            Err(error) if error.kind() == ErrorKind::Interrupted && !super::net::is_stopped() => {}
            Err(error) => return Err(error),
        }
        piece.zeroize();
        Ok(())
    }
}

impl Asked {
    fn prompt(self) -> &'static str {
        match self {
            Self::Host => "Connect to",
            Self::Subcommand => "Command",
            Self::User => "User",
            Self::Secret(what) => what,
        }
    }
}

/// Standard input without echo, until it is dropped.
struct Silence(Termios);

impl Silence {
    fn new() -> io::Result<Self> {
        let before = termios::tcgetattr(io::stdin().as_fd())?;
        let mut modes = before.clone();
        modes.local_flags.remove(LocalFlags::ECHO);
        termios::tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &modes)?;
        Ok(Self(before))
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        // The line end that was typed was not shown either.
        let _ = writeln!(io::stderr());
        let _ = termios::tcsetattr(io::stdin().as_fd(), SetArg::TCSADRAIN, &self.0);
    }
}

fn wrong(reason: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &'static [u8]) -> io::Result<Vec<String>> {
        let mut input = Input::new(text, false);
        let mut lines = Vec::new();
        while let Some(line) = input.subcommand()? {
            lines.push(line.to_string());
        }
        Ok(lines)
    }

    #[test]
    fn lines_go_on_behind_a_plus() {
        let lines =
            all(b"; comment\r\nhost  \r\n\r\nput a +\r\n    b +\r\n (REPLACE\r\nquote x+\nquit");
        assert_eq!(lines.unwrap(), ["host", "put a b (REPLACE", "quote x+", "quit"]);
    }

    #[test]
    fn what_is_no_line_is_an_error() {
        let mut numbered = Input::new(&b"; one\n\nput a +\nb\nquit\n"[..], false);
        for number in [3, 5] {
            assert!(numbered.subcommand().unwrap().is_some());
            assert_eq!(numbered.number(), number);
        }
        for text in [&b"put a +\n"[..], b"\xff\n", b"ok\n\xc3"] {
            assert_eq!(all(text).unwrap_err().kind(), ErrorKind::InvalidData);
        }
        let long = [b'a'; 5000];
        assert!(Input::new(io::Cursor::new(long), false).line(Asked::User).is_err());
        let mut many = Input::new(io::Cursor::new(b"put a +\n".repeat(1000)), false);
        assert!(many.subcommand().is_err());
    }
}
