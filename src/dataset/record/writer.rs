//! Writing records.

use std::fmt::{self, Display};
use std::io::{self, BufWriter, Write};

use memchr::memchr2;

use super::convert::LineEnd;
use super::word::{self, WORD};
use super::{Layout, MAX_RECORD};
use crate::dataset::record_format::RecordKind;

/// Bytes that are written at once.
const BUFFER: usize = 64 * 1024;

/// What becomes of a record that is too long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Overflow {
    /// It is an error. Blanks at its end may be cut off all the same.
    #[default]
    Refuse,
    /// It is cut off, and counted.
    Truncate,
    /// It goes on in further records, and is counted.
    Wrap,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Records.
    pub records: u64,
    /// Bytes, line ends and descriptor words included.
    pub bytes: u64,
    /// Records that were filled up to LRECL.
    pub padded: u64,
    /// Records of which more than blanks was cut off.
    pub truncated: u64,
    /// Records that were continued in further ones.
    pub wrapped: u64,
}

/// Why a record cannot be written.
#[derive(Debug)]
pub enum WriteError {
    /// The file cannot be written.
    Io(io::Error),
    /// It is longer than a record may be.
    TooLong {
        /// Its bytes.
        length: usize,
        /// The most there may be.
        most: usize,
    },
    /// It holds a line end, or ends with CR, and would be read back as something else.
    LineEnd,
}

/// Writes one record after the other; holds a buffer of 64 KiB and, for blocked variable records, a
/// block. [`RecordWriter::finish`] writes the rest.
pub struct RecordWriter<W: Write> {
    output: BufWriter<W>,
    layout: Layout,
    overflow: Overflow,
    line_end: Vec<u8>,
    fill: u8,
    /// What a short record is filled up with.
    padding: Vec<u8>,
    /// Bytes of a record at most, without descriptor words.
    most: usize,
    /// The records of the block that is being filled.
    block: Vec<u8>,
    written: Written,
}

impl<W: Write> RecordWriter<W> {
    /// Writes to `output`. Lines end with [`LineEnd::of`] their page.
    pub fn new(output: W, layout: Layout, overflow: Overflow) -> Self {
        Self {
            output: BufWriter::with_capacity(BUFFER, output),
            overflow,
            line_end: LineEnd::of(layout.text_page()).bytes(layout.text_page()),
            // What is no text is filled up with zeros.
            fill: layout.blank().unwrap_or(0),
            padding: Vec::new(),
            most: longest(layout),
            block: Vec::new(),
            written: Written::default(),
            layout,
        }
    }

    /// Ends lines otherwise.
    pub fn with_line_end(mut self, line_end: LineEnd) -> Self {
        self.line_end = line_end.bytes(self.layout.text_page());
        self
    }

    /// Writes a record, which is without line end and descriptor words.
    pub fn write(&mut self, record: &[u8]) -> Result<(), WriteError> {
        if record.len() <= self.most {
            return self.put(record);
        }
        let (kept, surplus) = record.split_at(self.most);
        let is_blank = self.layout.blank().is_some_and(|b| surplus.iter().all(|byte| *byte == b));
        match self.overflow {
            _ if is_blank => self.put(kept),
            Overflow::Refuse => Err(WriteError::TooLong { length: record.len(), most: self.most }),
            Overflow::Truncate => {
                self.written.truncated += 1;
                self.put(kept)
            }
            Overflow::Wrap => {
                self.written.wrapped += 1;
                record.chunks(self.most).try_for_each(|part| self.put(part))
            }
        }
    }

    /// Writes what is left and gives back the output, flushed, and what was written to it.
    pub fn finish(mut self) -> Result<(W, Written), WriteError> {
        self.end_block()?;
        self.output.flush().map_err(WriteError::Io)?;
        let written = self.written;
        let output =
            self.output.into_inner().map_err(|error| WriteError::Io(error.into_error()))?;
        Ok((output, written))
    }

    /// What was written so far.
    pub fn written(&self) -> Written {
        self.written
    }

    fn put(&mut self, record: &[u8]) -> Result<(), WriteError> {
        match self.layout.kind {
            RecordKind::Text => {
                let [one, other] = self.layout.text_page().line_ends();
                if record.ends_with(b"\r") || memchr2(one, other, record).is_some() {
                    return Err(WriteError::LineEnd);
                }
                self.write_all(record)?;
                self.output.write_all(&self.line_end).map_err(WriteError::Io)?;
                self.written.bytes += self.line_end.len() as u64;
            }
            RecordKind::Fixed => {
                self.write_all(record)?;
                let missing = self.most - record.len();
                if missing > 0 {
                    self.written.padded += 1;
                    self.padding.resize(missing, self.fill);
                    self.output.write_all(&self.padding).map_err(WriteError::Io)?;
                    self.written.bytes += missing as u64;
                }
            }
            RecordKind::Variable if self.layout.bdw == Some(true) => {
                let block = longest_block(self.layout);
                if self.block.len() + WORD + record.len() > block || !self.layout.is_blocked {
                    self.end_block()?;
                }
                self.block.extend(word::rdw(record.len()));
                self.block.extend(record);
            }
            RecordKind::Variable => {
                self.write_all(&word::rdw(record.len()))?;
                self.write_all(record)?;
            }
            RecordKind::Undefined => self.write_all(record)?,
        }
        self.written.records += 1;
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), WriteError> {
        if !self.block.is_empty() {
            self.write_all(&word::bdw(self.block.len()))?;
            let block = std::mem::take(&mut self.block);
            self.write_all(&block)?;
            self.block = block;
            self.block.clear();
        }
        Ok(())
    }

    fn write_all(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.output.write_all(bytes).map_err(WriteError::Io)?;
        self.written.bytes += bytes.len() as u64;
        Ok(())
    }
}

/// Bytes of a record at most, without its descriptor words.
fn longest(layout: Layout) -> usize {
    match layout.kind {
        RecordKind::Fixed => layout.lrecl.max(1),
        RecordKind::Text if layout.lrecl == 0 => MAX_RECORD,
        RecordKind::Text => layout.lrecl,
        RecordKind::Undefined if layout.blksize == 0 => MAX_RECORD,
        RecordKind::Undefined => layout.blksize,
        RecordKind::Variable => {
            let lrecl = if layout.lrecl == 0 { MAX_RECORD } else { layout.lrecl };
            let most = lrecl.saturating_sub(WORD);
            match layout.bdw {
                Some(true) => most.min(longest_block(layout).saturating_sub(WORD)),
                _ => most,
            }
            .max(1)
        }
    }
}

/// Bytes of a block at most, without its descriptor word.
fn longest_block(layout: Layout) -> usize {
    let most = if layout.blksize == 0 { MAX_BLOCK } else { layout.blksize };
    most.saturating_sub(WORD)
}

/// BLKSIZE where none is given.
const MAX_BLOCK: usize = crate::dataset::attributes::MAX_BLOCK as usize;

impl Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::TooLong { length, most } => {
                write!(f, "it has {length} bytes, and a record has at most {most}")
            }
            Self::LineEnd => f.write_str("it holds a line end, and cannot be a line"),
        }
    }
}

impl std::error::Error for WriteError {}
