//! From one code page to another, record by record.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::codepage::{CodePage, NewLine};

/// What ends a line that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// LF.
    Lf,
    /// CR and LF.
    CrLf,
    /// NL of EBCDIC; LF in other pages.
    Nl,
    /// CR and NL of EBCDIC; CR and LF in other pages.
    CrNl,
}

impl LineEnd {
    /// What ends a line where nobody says anything else: NL in EBCDIC, LF in other pages.
    pub fn of(page: CodePage) -> Self {
        if page.is_ebcdic() { Self::Nl } else { Self::Lf }
    }

    /// Its bytes in a page.
    pub(super) fn bytes(self, page: CodePage) -> Vec<u8> {
        let (text, newline) = match self {
            Self::Lf => ("\n", NewLine::Lf),
            Self::CrLf => ("\r\n", NewLine::Lf),
            Self::Nl => ("\n", NewLine::Nl),
            Self::CrNl => ("\r\n", NewLine::Nl),
        };
        // Every page has CR and LF.
        page.encode_with(text, newline).unwrap_or_else(|_| text.into())
    }
}

impl Display for LineEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lf => "LF",
            Self::CrLf => "CRLF",
            Self::Nl => "NL",
            Self::CrNl => "CRNL",
        })
    }
}

impl FromStr for LineEnd {
    type Err = UnknownLineEnd;

    /// Reads `LF`, `CRLF`, `NL` or `CRNL`, in upper or lower case.
    fn from_str(name: &str) -> Result<Self, UnknownLineEnd> {
        match name.to_ascii_uppercase().as_str() {
            "LF" => Ok(Self::Lf),
            "CRLF" => Ok(Self::CrLf),
            "NL" => Ok(Self::Nl),
            "CRNL" => Ok(Self::CrNl),
            _ => Err(UnknownLineEnd),
        }
    }
}

/// A name that is no line end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownLineEnd;

impl Display for UnknownLineEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected LF, CRLF, NL or CRNL")
    }
}

impl std::error::Error for UnknownLineEnd {}

/// Converts records.
#[derive(Debug)]
pub struct Converter {
    from: CodePage,
    to: CodePage,
    strips_blanks: bool,
    record: Vec<u8>,
}

/// Why a record cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConvertError {
    /// It is no UTF-8; the first byte that is none, from 1.
    NotUtf8(usize),
    /// The other page does not have a character.
    NoSuchCharacter {
        /// The character.
        character: char,
        /// The page without it.
        page: CodePage,
    },
}

impl Converter {
    /// Converts from one page to another; `strips_blanks` drops the blanks at the end of records.
    pub fn new(from: CodePage, to: CodePage, strips_blanks: bool) -> Self {
        Self { from, to, strips_blanks, record: Vec::new() }
    }

    /// The record in the other page.
    pub fn convert(&mut self, record: &[u8]) -> Result<&[u8], ConvertError> {
        let text = match self.from {
            CodePage::Utf8 => std::str::from_utf8(record)
                .map_err(|error| ConvertError::NotUtf8(error.valid_up_to() + 1))?
                .into(),
            page => page.decode(record),
        };
        let text = if self.strips_blanks { text.trim_end_matches(' ') } else { &text };
        let page = self.to;
        self.record = page
            .encode(text)
            .map_err(|character| ConvertError::NoSuchCharacter { character, page })?;
        Ok(&self.record)
    }
}

impl Display for ConvertError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotUtf8(byte) => write!(f, "its byte {byte} is not UTF-8"),
            Self::NoSuchCharacter { character, page } => write!(
                f,
                "it has '{character}' (U+{:04X}), which {page} does not have",
                u32::from(*character)
            ),
        }
    }
}

impl std::error::Error for ConvertError {}
