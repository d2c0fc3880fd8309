//! Reading records from a file of any size.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Read};

use super::error::RecordError;
use super::frames::{Frame, Frames, Step};
use super::{Layout, MAX_RECORD};

/// Bytes that are read at once at most. A record of the greatest length and its words fit twice.
const BUFFER: usize = 2 * (MAX_RECORD + 1) + 64;

/// Reads one record after the other; holds one buffer of 128 KiB.
#[derive(Debug)]
pub struct RecordReader<R> {
    input: R,
    frames: Frames,
    buffer: Vec<u8>,
    /// First byte that is not yet part of a record.
    start: usize,
    /// One past the last byte that was read.
    end: usize,
    is_all: bool,
    records: u64,
}

/// Why there is no further record.
#[derive(Debug)]
pub enum ReadError {
    /// The file cannot be read.
    Io(io::Error),
    /// What it holds are no such records.
    Record(RecordError),
}

impl<R: Read> RecordReader<R> {
    /// Reads `input` from its start.
    pub fn new(input: R, layout: Layout) -> Self {
        // LRECL and BLKSIZE are 16 bits wide wherever they come from attributes.
        let size = BUFFER.max(layout.lrecl + 1).max(layout.blksize + 1);
        Self {
            input,
            frames: Frames::new(layout, MAX_RECORD),
            buffer: vec![0; size],
            start: 0,
            end: 0,
            is_all: false,
            records: 0,
        }
    }

    /// The next record, without line end and descriptor words; None behind the last. After an
    /// error nothing more can be read.
    pub fn next_record(&mut self) -> Result<Option<&[u8]>, ReadError> {
        loop {
            let bytes = &self.buffer[self.start..self.end];
            match self.frames.step(bytes, self.is_all).map_err(ReadError::Record)? {
                Step::Record(Frame { start, end, next }) => {
                    let at = self.start;
                    self.start += next;
                    self.records += 1;
                    return Ok(Some(&self.buffer[at + start..at + end]));
                }
                Step::End => return Ok(None),
                Step::More => self.fill().map_err(ReadError::Io)?,
            }
        }
    }

    /// Records read so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Bytes read as records so far, line ends and descriptor words included.
    pub fn offset(&self) -> u64 {
        self.frames.offset()
    }

    fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        loop {
            match self.input.read(&mut self.buffer[self.end..]) {
                Ok(count) => {
                    self.is_all = count == 0;
                    self.end += count;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

impl Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::Record(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}
