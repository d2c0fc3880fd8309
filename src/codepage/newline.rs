//! The two line ends of EBCDIC, and what they are in other pages.
//!
//! The tables of IBM have X'25' as U+000A, the line feed, and X'15' as U+0085, the next line, and
//! with them ICU, glibc and Python. Text of z/OS UNIX ends its lines with X'15' instead. Both uses
//! are found, so which is meant is always said.

use std::fmt::{self, Display};
use std::str::FromStr;

/// NL, the line end of z/OS UNIX.
pub const NL: u8 = 0x15;

/// LF, the line end of the IBM tables and of network protocols.
pub const LF: u8 = 0x25;

/// Which EBCDIC byte stands for U+000A. The other one then stands for U+0085, so that all 256 bytes
/// survive a conversion and its reverse.
///
/// A reader of lines accepts both: [`super::CodePage::is_line_end`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NewLine {
    /// NL, X'15', as z/OS UNIX has it.
    #[default]
    Nl,
    /// LF, X'25', as the tables of IBM have it.
    Lf,
}

/// What becomes of the line ends of a text on its way from one page to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnds {
    /// In EBCDIC that is read both NL and LF are U+000A, in EBCDIC that is written U+000A is this
    /// one.
    Text(NewLine),
    /// Every byte is what the tables of IBM say, and comes back from the reverse conversion.
    Keep,
}

impl LineEnds {
    /// How EBCDIC is read.
    pub(super) fn read(self, c: char) -> char {
        match (self, c) {
            (Self::Text(_), NEXT_LINE) => '\n',
            _ => c,
        }
    }

    /// By which of the two EBCDIC is written; it is read with [`NewLine::Lf`].
    pub(super) fn written(self) -> NewLine {
        match self {
            Self::Text(newline) => newline,
            Self::Keep => NewLine::Lf,
        }
    }
}

impl Display for LineEnds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text(NewLine::Nl) => "NL",
            Self::Text(NewLine::Lf) => "LF",
            Self::Keep => "KEEP",
        })
    }
}

impl FromStr for LineEnds {
    type Err = UnknownLineEnds;

    /// Reads `NL`, `LF` or `KEEP`, in upper or lower case.
    fn from_str(name: &str) -> Result<Self, UnknownLineEnds> {
        [Self::Text(NewLine::Nl), Self::Text(NewLine::Lf), Self::Keep]
            .into_iter()
            .find(|line_ends| line_ends.to_string().eq_ignore_ascii_case(name))
            .ok_or(UnknownLineEnds)
    }
}

/// A name that is none of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLineEnds;

impl Display for UnknownLineEnds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected NL, LF or KEEP")
    }
}

impl std::error::Error for UnknownLineEnds {}

/// The character of the line end that is not U+000A.
pub const NEXT_LINE: char = '\u{85}';
