//! Where the next record is: the one parser of record formats.
//!
//! Called by [`super::cut`] and [`super::RecordReader`] with the bytes at hand, which begin where the
//! record before ended. A step either finds a whole record, or says that more bytes are needed and
//! has consumed nothing.

use memchr::memchr2;

use super::error::RecordError;
use super::word::{self, WORD};
use super::{Layout, RecordKind};

/// A record within the bytes at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Frame {
    /// Where its first byte is, behind the descriptor words.
    pub start: usize,
    /// One past its last byte, before the line end.
    pub end: usize,
    /// Where the next record begins.
    pub next: usize,
}

/// What the bytes at hand hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// A record; the caller goes on at its `next`.
    Record(Frame),
    /// Less than a record. Never with all bytes at hand.
    More,
    /// No further record.
    End,
}

/// Finds one record after the other.
#[derive(Debug)]
pub(super) struct Frames {
    layout: Layout,
    /// Bytes of a line at most.
    longest: usize,
    /// Where the bytes at hand start in the file.
    offset: u64,
    /// Whether variable records stand in blocks, once that is known.
    is_in_blocks: Option<bool>,
    block: Option<Block>,
}

/// The block that is being read.
#[derive(Debug, Clone, Copy)]
struct Block {
    /// Where its BDW starts.
    offset: u64,
    length: u64,
    /// One past its last byte.
    end: u64,
}

impl Frames {
    /// Starts at the beginning of a file; no line may be longer than `longest`, nor than LRECL.
    pub fn new(layout: Layout, longest: usize) -> Self {
        let longest = match layout.lrecl {
            0 => longest,
            lrecl => lrecl.min(longest),
        };
        Self { layout, longest, offset: 0, is_in_blocks: layout.bdw, block: None }
    }

    /// Where the next record starts in the file.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Finds the next record; `is_all` if no further bytes will come.
    pub fn step(&mut self, bytes: &[u8], is_all: bool) -> Result<Step, RecordError> {
        let step = match self.layout.kind {
            RecordKind::Text => self.line(bytes, is_all),
            RecordKind::Fixed => self.fixed(bytes, is_all),
            RecordKind::Variable => self.variable(bytes, is_all),
            RecordKind::Undefined => Ok(self.undefined(bytes, is_all)),
        }?;
        if let Step::Record(frame) = step {
            self.offset += frame.next as u64;
        }
        Ok(step)
    }

    fn line(&self, bytes: &[u8], is_all: bool) -> Result<Step, RecordError> {
        let [one, other] = self.layout.text_page().line_ends();
        let found = memchr2(one, other, bytes);
        let (end, next) = match found {
            Some(end) => (end, end + 1),
            None if bytes.is_empty() && is_all => return Ok(Step::End),
            None if is_all => (bytes.len(), bytes.len()),
            // One more byte may be the CR of a line end.
            None if bytes.len() <= self.longest.saturating_add(1) => return Ok(Step::More),
            None => (bytes.len(), bytes.len()),
        };
        // CR is X'0D' in ASCII and in EBCDIC.
        let end = if end > 0 && bytes[end - 1] == b'\r' { end - 1 } else { end };
        if end > self.longest {
            return Err(RecordError::LongLine { offset: self.offset, most: self.longest });
        }
        Ok(Step::Record(Frame { start: 0, end, next }))
    }

    fn fixed(&self, bytes: &[u8], is_all: bool) -> Result<Step, RecordError> {
        let lrecl = self.layout.lrecl.max(1);
        match bytes.len() {
            length if length >= lrecl => {
                Ok(Step::Record(Frame { start: 0, end: lrecl, next: lrecl }))
            }
            _ if !is_all => Ok(Step::More),
            0 => Ok(Step::End),
            left => {
                let length = self.offset + left as u64;
                Err(RecordError::PartialRecord { lrecl, length, left })
            }
        }
    }

    /// A block of BLKSIZE bytes; the last may be shorter.
    fn undefined(&self, bytes: &[u8], is_all: bool) -> Step {
        let block = match self.layout.blksize {
            0 => super::MAX_RECORD,
            blksize => blksize,
        };
        match bytes.len() {
            length if length >= block => Step::Record(Frame { start: 0, end: block, next: block }),
            _ if !is_all => Step::More,
            0 => Step::End,
            length => Step::Record(Frame { start: 0, end: length, next: length }),
        }
    }

    fn variable(&mut self, bytes: &[u8], is_all: bool) -> Result<Step, RecordError> {
        let is_in_blocks = match self.is_in_blocks {
            Some(known) => known,
            // The words of a file that starts with a record of 4 bytes are not all at hand yet.
            None if bytes.len() < 2 * WORD && !is_all => return Ok(Step::More),
            None => *self.is_in_blocks.insert(word::begins_block(bytes)),
        };
        let mut at = 0;
        let mut block = self.block;
        if is_in_blocks && block.is_none_or(|block| block.end == self.offset) {
            let offset = self.offset;
            let word = match first_word(bytes, offset, is_all)? {
                Peek::Word(word) => word,
                Peek::More => return Ok(Step::More),
                Peek::End => return Ok(Step::End),
            };
            let length = word::block_length(word, offset)?;
            let blksize = self.layout.blksize;
            if blksize != 0 && length > blksize as u64 {
                return Err(RecordError::OverBlksize { offset, length, blksize });
            }
            let left = bytes.len() as u64;
            if is_all && length > left {
                return Err(RecordError::TooLong { offset, length, left });
            }
            block = Some(Block { offset, length, end: offset + length });
            at = WORD;
        }
        let step = self.described(bytes, at, block, is_all)?;
        if let Step::Record(_) = step {
            self.block = block;
        }
        Ok(step)
    }

    /// Reads one record with its RDW at `at`, which the block it stands in must hold.
    fn described(
        &self,
        bytes: &[u8],
        at: usize,
        block: Option<Block>,
        is_all: bool,
    ) -> Result<Step, RecordError> {
        let offset = self.offset + at as u64;
        let (rest, is_rest) = match block {
            None => (&bytes[at..], is_all),
            Some(block) => {
                let left = usize::try_from(block.end - offset).unwrap_or(usize::MAX);
                match bytes[at..].get(..left) {
                    Some(rest) => (rest, true),
                    None if is_all => {
                        let left = block.length - (block.end - offset) + (bytes.len() - at) as u64;
                        let Block { offset, length, .. } = block;
                        return Err(RecordError::TooLong { offset, length, left });
                    }
                    None => (&bytes[at..], false),
                }
            }
        };
        let word = match first_word(rest, offset, is_rest)? {
            Peek::Word(word) => word,
            Peek::More => return Ok(Step::More),
            Peek::End => return Ok(Step::End),
        };
        let length = word::record_length(word, offset)?;
        let lrecl = self.layout.lrecl;
        if lrecl != 0 && length > lrecl {
            return Err(RecordError::OverLrecl { offset, length, lrecl });
        }
        // A block tells how much is left before all of it is at hand.
        let left = match block {
            Some(block) => block.end - offset,
            None if is_all => rest.len() as u64,
            None => u64::MAX,
        };
        match rest.len() {
            _ if length as u64 > left => {
                Err(RecordError::TooLong { offset, length: length as u64, left })
            }
            have if have >= length => {
                Ok(Step::Record(Frame { start: at + WORD, end: at + length, next: at + length }))
            }
            _ => Ok(Step::More),
        }
    }
}

/// What stands where a descriptor word is expected.
enum Peek {
    Word(word::Word),
    More,
    End,
}

fn first_word(bytes: &[u8], offset: u64, is_all: bool) -> Result<Peek, RecordError> {
    match bytes.first_chunk() {
        Some(word) => Ok(Peek::Word(*word)),
        None if !is_all => Ok(Peek::More),
        None if bytes.is_empty() => Ok(Peek::End),
        None => Err(RecordError::WordCut { offset }),
    }
}
