//! Why bytes are no records.

use std::fmt::{self, Display};

use super::word::Word;

/// Why bytes cannot be cut into records. Offsets count bytes from the start of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// Fixed: the last record is short.
    PartialRecord {
        /// Bytes of a record.
        lrecl: usize,
        /// Bytes of the file.
        length: u64,
        /// Bytes left over.
        left: usize,
    },
    /// Variable: the file ends within a descriptor word.
    WordCut {
        /// Where the word starts.
        offset: u64,
    },
    /// Variable: a length below 4 or with reserved bytes in use.
    BadWord {
        /// Where the word starts.
        offset: u64,
        /// The word.
        word: Word,
    },
    /// Variable: one segment of a spanned record.
    Spanned {
        /// Where the word starts.
        offset: u64,
    },
    /// Variable: a record or block that is longer than what is left of its block or the file.
    TooLong {
        /// Where the word starts.
        offset: u64,
        /// Length the word gives.
        length: u64,
        /// Bytes there are.
        left: u64,
    },
    /// Variable: a record that is longer than LRECL.
    OverLrecl {
        /// Where its word starts.
        offset: u64,
        /// Length the word gives.
        length: usize,
        /// The longest that may be.
        lrecl: usize,
    },
    /// Variable: a block that is longer than BLKSIZE.
    OverBlksize {
        /// Where its word starts.
        offset: u64,
        /// Length the word gives.
        length: u64,
        /// The longest that may be.
        blksize: usize,
    },
    /// Text: a line that is longer than LRECL, or than any record may be.
    LongLine {
        /// Where it starts.
        offset: u64,
        /// The longest that may be, in bytes.
        most: usize,
    },
}

impl Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PartialRecord { lrecl, length, left } => write!(
                f,
                "fixed records have {lrecl} bytes, but the length {length} leaves {left} bytes over"
            ),
            Self::WordCut { offset } => {
                write!(f, "the file ends within the descriptor word at offset {offset}")
            }
            Self::BadWord { offset, word: [a, b, c, d] } => {
                let word = format_args!("X'{a:02X}{b:02X}{c:02X}{d:02X}'");
                write!(f, "{word} at offset {offset} is no descriptor word")
            }
            Self::Spanned { offset } => {
                write!(f, "the record at offset {offset} is spanned, which is not supported")
            }
            Self::TooLong { offset, length, left } => write!(
                f,
                "the descriptor word at offset {offset} gives {length} bytes where {left} are left"
            ),
            Self::OverLrecl { offset, length, lrecl } => {
                write!(f, "the record at offset {offset} has {length} bytes where LRECL is {lrecl}")
            }
            Self::OverBlksize { offset, length, blksize } => write!(
                f,
                "the block at offset {offset} has {length} bytes where BLKSIZE is {blksize}"
            ),
            Self::LongLine { offset, most } => {
                write!(f, "the line at offset {offset} has more than {most} bytes")
            }
        }
    }
}

impl std::error::Error for RecordError {}
