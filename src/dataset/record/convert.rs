//! From one code page to another, record by record.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::without_blanks;
use crate::codepage::{CodePage, LineEnds, NewLine, Reason, Transcoder};

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
    transcoder: Transcoder,
    strips_blanks: bool,
    record: Vec<u8>,
}

impl Converter {
    /// Converts from one page to another; `strips_blanks` drops the blanks at the end of records.
    /// Within a record there are no line ends: every byte comes back from the reverse conversion.
    pub fn new(from: CodePage, to: CodePage, strips_blanks: bool) -> Self {
        Self { from, to, transcoder: transcoder(from, to), strips_blanks, record: Vec::new() }
    }

    /// The record in the other page. The error is why a character cannot be converted; the next record
    /// may be all the same.
    pub fn convert(&mut self, record: &[u8]) -> Result<&[u8], Reason> {
        let record = if self.strips_blanks { without_blanks(record, self.from) } else { record };
        self.record.clear();
        let converted = self
            .transcoder
            .push(record, &mut self.record)
            .and_then(|()| self.transcoder.finish(&mut self.record));
        match converted {
            Ok(()) => Ok(&self.record),
            Err(failure) => {
                self.transcoder = transcoder(self.from, self.to);
                Err(failure.reason)
            }
        }
    }
}

fn transcoder(from: CodePage, to: CodePage) -> Transcoder {
    Transcoder::new(from, to, LineEnds::Keep)
}
