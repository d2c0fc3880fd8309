//! Records: text lines, FB 80, and VB with descriptor words.
//!
//! [`cut`] is called by [`crate::config`] with a whole member. Pure; the records are slices of the
//! input, so memory is bounded by it. Layout of descriptor words: z/OS DFSMS Using Data Sets,
//! "Variable-Length Record Formats".

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::codepage::CodePage;

/// Bytes of a record in FB 80.
const CARD: usize = 80;

/// Bytes of a descriptor word.
const WORD: usize = 4;

/// How records are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFormat {
    /// Lines that end with LF or CRLF (EBCDIC: NL or LF, with or without CR).
    Text,
    /// 80 bytes each, without line ends.
    Fb80,
    /// A record descriptor word (RDW) before each record, with or without a block descriptor word
    /// (BDW) before each block.
    Vb,
}

impl RecordFormat {
    /// The format the bytes are in: VB if they start as a descriptor word does, FB 80 if there
    /// are no line ends and the length is a multiple of 80, else text.
    pub fn detect(bytes: &[u8], page: CodePage) -> Self {
        if let [_, _, 0, 0, ..] | [0x80..=0xff, _, _, _, _, _, 0, 0, ..] = bytes {
            return Self::Vb;
        }
        let has_lines = bytes.iter().any(|byte| page.is_line_end(*byte));
        if !has_lines && !bytes.is_empty() && bytes.len() % CARD == 0 {
            Self::Fb80
        } else {
            Self::Text
        }
    }
}

impl Display for RecordFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Text => "TEXT",
            Self::Fb80 => "FB",
            Self::Vb => "VB",
        })
    }
}

impl FromStr for RecordFormat {
    type Err = UnknownRecordFormat;

    /// Reads `TEXT`, `FB` or `VB`, in upper or lower case.
    fn from_str(name: &str) -> Result<Self, UnknownRecordFormat> {
        match name.to_ascii_uppercase().as_str() {
            "TEXT" => Ok(Self::Text),
            "FB" => Ok(Self::Fb80),
            "VB" => Ok(Self::Vb),
            _ => Err(UnknownRecordFormat),
        }
    }
}

/// A name that is no record format of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownRecordFormat;

impl Display for UnknownRecordFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected TEXT, FB or VB")
    }
}

impl std::error::Error for UnknownRecordFormat {}

/// Why bytes cannot be cut into records. Offsets count bytes from the start of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordError {
    /// FB 80: the length is no multiple of 80.
    PartialCard {
        /// Length of the file.
        length: usize,
    },
    /// VB: the file ends within a descriptor word.
    WordCut {
        /// Where the word starts.
        offset: usize,
    },
    /// VB: a length below 4 or with reserved bytes in use.
    BadWord {
        /// Where the word starts.
        offset: usize,
        /// The word.
        word: [u8; WORD],
    },
    /// VB: one segment of a spanned record.
    Spanned {
        /// Where the word starts.
        offset: usize,
    },
    /// VB: a record or block that is longer than what is left of its block or the file.
    TooLong {
        /// Where the word starts.
        offset: usize,
        /// Length the word gives.
        length: usize,
        /// Bytes there are.
        left: usize,
    },
}

impl Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PartialCard { length } => write!(
                f,
                "FB records have 80 bytes, but the length {length} leaves {} bytes over",
                length % CARD
            ),
            Self::WordCut { offset } => {
                write!(f, "the file ends within the VB descriptor word at offset {offset}")
            }
            Self::BadWord { offset, word: [a, b, c, d] } => {
                let word = format_args!("X'{a:02X}{b:02X}{c:02X}{d:02X}'");
                write!(f, "{word} at offset {offset} is no VB descriptor word")
            }
            Self::Spanned { offset } => {
                write!(f, "the VB record at offset {offset} is spanned, which is not supported")
            }
            Self::TooLong { offset, length, left } => write!(
                f,
                "the VB descriptor word at offset {offset} gives {length} bytes where {left} are left"
            ),
        }
    }
}

impl std::error::Error for RecordError {}

/// Cuts the bytes of a file into its records, without line ends and descriptor words.
///
/// A final line end begins no further record, and nothing has no records.
pub fn cut(bytes: &[u8], format: RecordFormat, page: CodePage) -> Result<Vec<&[u8]>, RecordError> {
    match format {
        RecordFormat::Text => Ok(lines(bytes, page)),
        RecordFormat::Fb80 if bytes.len() % CARD == 0 => Ok(bytes.chunks_exact(CARD).collect()),
        RecordFormat::Fb80 => Err(RecordError::PartialCard { length: bytes.len() }),
        RecordFormat::Vb if has_blocks(bytes) => blocked(bytes),
        RecordFormat::Vb => {
            let mut records = Vec::new();
            described(bytes, 0, &mut records).map(|()| records)
        }
    }
}

fn lines(bytes: &[u8], page: CodePage) -> Vec<&[u8]> {
    let mut lines: Vec<_> = bytes.split(|byte| page.is_line_end(*byte)).collect();
    if lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    // CR is X'0D' in ASCII and in EBCDIC.
    lines.into_iter().map(|line| line.strip_suffix(b"\r").unwrap_or(line)).collect()
}

/// Whether the first word is a BDW: then an RDW that fits into the block follows it. In text that
/// follows an RDW, the reserved bytes of such a word would be NULs.
fn has_blocks(bytes: &[u8]) -> bool {
    match (bytes.first_chunk(), bytes.get(WORD..).and_then(<[u8]>::first_chunk)) {
        (Some(first), Some(second @ [_, _, 0, 0])) => {
            record_length(*second) >= WORD
                && record_length(*second) + WORD <= block_length(*first).unwrap_or(0)
        }
        _ => false,
    }
}

fn blocked(bytes: &[u8]) -> Result<Vec<&[u8]>, RecordError> {
    let mut records = Vec::new();
    let mut offset = 0;
    while let Some(rest) = bytes.get(offset..).filter(|rest| !rest.is_empty()) {
        let word = *rest.first_chunk().ok_or(RecordError::WordCut { offset })?;
        let length = block_length(word).ok_or(RecordError::BadWord { offset, word })?;
        let block = rest.get(WORD..length).ok_or(RecordError::TooLong {
            offset,
            length,
            left: rest.len(),
        })?;
        described(block, offset + WORD, &mut records)?;
        offset += length;
    }
    Ok(records)
}

/// Reads records with RDWs; `base` is where `bytes` starts in the file.
fn described<'a>(
    bytes: &'a [u8],
    base: usize,
    records: &mut Vec<&'a [u8]>,
) -> Result<(), RecordError> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let offset = base + bytes.len() - rest.len();
        let word = *rest.first_chunk().ok_or(RecordError::WordCut { offset })?;
        let length = record_length(word);
        match word {
            [_, _, 1..=3, 0] => return Err(RecordError::Spanned { offset }),
            [_, _, 0, 0] if length >= WORD => {}
            _ => return Err(RecordError::BadWord { offset, word }),
        }
        let (record, after) = rest.split_at_checked(length).ok_or(RecordError::TooLong {
            offset,
            length,
            left: rest.len(),
        })?;
        records.push(&record[WORD..]);
        rest = after;
    }
    Ok(())
}

/// Length of a record, its RDW included.
fn record_length([high, low, ..]: [u8; WORD]) -> usize {
    u16::from_be_bytes([high, low]).into()
}

/// Length of a block, its BDW included: 15 bits, or 31 bits if the first bit is on.
fn block_length(word: [u8; WORD]) -> Option<usize> {
    let length = match word {
        [0x80..=0xff, ..] => usize::try_from(u32::from_be_bytes(word) & 0x7fff_ffff).ok()?,
        [_, _, 0, 0] => record_length(word),
        _ => return None,
    };
    (length >= WORD).then_some(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: CodePage = CodePage::Utf8;

    fn detected(bytes: &[u8]) -> Result<Vec<&[u8]>, RecordError> {
        cut(bytes, RecordFormat::detect(bytes, PAGE), PAGE)
    }

    fn record(text: &[u8]) -> Vec<u8> {
        let length = u16::try_from(text.len() + WORD).unwrap().to_be_bytes();
        [&length[..], &[0, 0], text].concat()
    }

    #[test]
    fn lines_end_with_lf_or_crlf_or_the_file() {
        assert_eq!(detected(b"a\nb\r\n\nc"), Ok(vec![&b"a"[..], b"b", b"", b"c"]));
        assert_eq!(detected(b"a\n"), Ok(vec![&b"a"[..]]));
        assert_eq!(detected(b"\n"), Ok(vec![&b""[..]]));
        assert_eq!(detected(b""), Ok(vec![]));
    }

    #[test]
    fn ebcdic_lines_end_with_nl_or_lf() {
        let page = CodePage::Ibm1047;
        let bytes = b"\xc1\x15\xc2\x25\xc3\x0d\x15";
        assert_eq!(RecordFormat::detect(bytes, page), RecordFormat::Text);
        let records = cut(bytes, RecordFormat::Text, page);
        assert_eq!(records, Ok(vec![&b"\xc1"[..], b"\xc2", b"\xc3"]));
    }

    #[test]
    fn cards_are_eighty_bytes_without_line_ends() {
        let bytes = [[b'a'; 80], [b'b'; 80]].concat();
        assert_eq!(detected(&bytes), Ok(vec![&[b'a'; 80][..], &[b'b'; 80]]));
        let error = cut(&bytes[..100], RecordFormat::Fb80, PAGE).unwrap_err();
        assert_eq!(error, RecordError::PartialCard { length: 100 });
        assert!(error.to_string().contains("20 bytes over"));
    }

    #[test]
    fn variable_records_with_and_without_blocks() {
        let records = [record(b"LISTEN   SOCKS"), record(b""), record(b"*")].concat();
        let expected = Ok(vec![&b"LISTEN   SOCKS"[..], b"", b"*"]);
        assert_eq!(detected(&records), expected);
        let blocks = [record(&records), record(&record(b"last"))].concat();
        assert_eq!(detected(&blocks), Ok(vec![&b"LISTEN   SOCKS"[..], b"", b"*", b"last"]));
    }

    #[test]
    fn a_large_block_has_its_first_bit_on() {
        let records = [record(b"one"), record(b"two")].concat();
        let mut bytes = (0x8000_0000 | (records.len() as u32 + 4)).to_be_bytes().to_vec();
        bytes.extend(&records);
        assert_eq!(cut(&bytes, RecordFormat::Vb, PAGE), Ok(vec![&b"one"[..], b"two"]));
    }

    #[test]
    fn bad_descriptor_words_are_told_with_their_offset() {
        let good = record(b"card");
        let with = |tail: &[u8]| [&good[..], tail].concat();
        let error = |bytes: &[u8]| detected(bytes).unwrap_err();
        assert_eq!(
            error(&with(b"\0\x50\0\0short")),
            RecordError::TooLong { offset: 8, length: 80, left: 9 }
        );
        assert_eq!(
            error(&with(b"\0\x03\0\0")),
            RecordError::BadWord { offset: 8, word: [0, 3, 0, 0] }
        );
        assert_eq!(error(&with(b"\0\x06\x01\0ab")), RecordError::Spanned { offset: 8 });
        assert_eq!(error(&with(b"\0")), RecordError::WordCut { offset: 8 });
        let mut block = record(&good);
        block.extend(b"\0\xff\0\0");
        assert_eq!(error(&block), RecordError::TooLong { offset: 12, length: 255, left: 4 });
    }
}
