//! Records in files: found, read, written, converted.
//!
//! One parser ([`frames`]) knows where records begin and end, whatever their format, and it alone
//! reads descriptor words; it is pure and sees bytes only. Around it stand [`cut`] for a member that
//! is in memory (decks: the records are slices of it), [`RecordReader`] for files of any size, and
//! beside it [`RecordWriter`]. [`detect`] is the one place that guesses what a file without
//! attributes is. Layout of descriptor words: z/OS DFSMS Using Data Sets, "Variable-Length Record
//! Formats".
//!
//! Invariants: no input makes them panic; a reader and a writer hold one buffer of bounded size;
//! what a writer wrote under a layout a reader gives back under the same.

mod convert;
mod detect;
mod error;
mod frames;
mod reader;
#[cfg(test)]
mod tests;
mod word;
mod writer;

use crate::codepage::CodePage;

use super::record_format::{RecordFormat, RecordKind};
use frames::{Frames, Step};

pub use convert::{Converter, LineEnd, UnknownLineEnd};
pub use detect::{DETECTION, Detected, detect};
pub use error::RecordError;
pub use reader::{ReadError, RecordReader};
pub use writer::{Overflow, RecordWriter, WriteError, Written};

/// Bytes of a record in a deck.
pub const CARD: usize = 80;

/// Bytes of a record at most: what the 16 bits of a record descriptor word can say. Longer lines of
/// text are an error of the reader.
pub const MAX_RECORD: usize = 65_535;

/// How records stand in a file: what readers and writers need to know of the attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layout {
    /// Where a record ends.
    pub kind: RecordKind,
    /// Bytes of a fixed record; the longest variable record with its descriptor word, or line; 0:
    /// no limit.
    pub lrecl: usize,
    /// Bytes of the longest block; 0: no limit.
    pub blksize: usize,
    /// Whether a block may hold several records.
    pub is_blocked: bool,
    /// Whether variable records stand in blocks with descriptor words; None: as the first words of
    /// the file say.
    pub bdw: Option<bool>,
    /// Code page: what ends a line, what pads a record.
    pub page: Option<CodePage>,
}

impl Layout {
    /// The layout of a file of which only the format is known: records of 80 bytes if they are
    /// fixed, else of any length.
    pub fn of(format: RecordFormat, page: CodePage) -> Self {
        let is_fixed = format.kind == RecordKind::Fixed;
        Self {
            kind: format.kind,
            lrecl: if is_fixed { CARD } else { 0 },
            blksize: 0,
            is_blocked: format.is_blocked,
            bdw: None,
            page: Some(page),
        }
    }

    /// The byte that is a blank; None if the page is not known.
    pub fn blank(&self) -> Option<u8> {
        self.page.map(blank)
    }

    fn text_page(&self) -> CodePage {
        self.page.unwrap_or(CodePage::Utf8)
    }
}

/// The byte that is a blank in a page.
fn blank(page: CodePage) -> u8 {
    if page.is_ebcdic() { 0x40 } else { b' ' }
}

/// A record without the blanks at its end.
pub(super) fn without_blanks(record: &[u8], page: CodePage) -> &[u8] {
    let blank = blank(page);
    let end = record.iter().rposition(|byte| *byte != blank).map_or(0, |last| last + 1);
    &record[..end]
}

/// Cuts the bytes of a whole file into its records, without line ends and descriptor words.
///
/// A final line end begins no further record, and nothing has no records.
pub fn cut(bytes: &[u8], layout: Layout) -> Result<Vec<&[u8]>, RecordError> {
    let mut frames = Frames::new(layout, usize::MAX);
    let mut records = Vec::new();
    let mut rest = bytes;
    // With all bytes at hand there is never a need for more.
    while let Step::Record(frame) = frames.step(rest, true)? {
        records.push(&rest[frame.start..frame.end]);
        rest = &rest[frame.next..];
    }
    Ok(records)
}
