//! Descriptor words: four bytes before a record (RDW) or a block (BDW) that give its length, the
//! word included, in big-endian order.

use super::error::RecordError;

/// Bytes of a descriptor word.
pub(super) const WORD: usize = 4;

pub(super) type Word = [u8; WORD];

/// Length of the record that the RDW at `offset` begins, the word included.
pub(super) fn record_length(word: Word, offset: u64) -> Result<usize, RecordError> {
    match word {
        [_, _, 1..=3, 0] => Err(RecordError::Spanned { offset }),
        [high, low, 0, 0] if short(high, low) >= WORD => Ok(short(high, low)),
        _ => Err(RecordError::BadWord { offset, word }),
    }
}

/// Length of the block that the BDW at `offset` begins, the word included: 15 bits, or 31 bits if
/// the first bit is on. A block holds a record at least.
pub(super) fn block_length(word: Word, offset: u64) -> Result<u64, RecordError> {
    let length = match word {
        [0x80..=0xff, ..] => u64::from(u32::from_be_bytes(word) & 0x7fff_ffff),
        [high, low, 0, 0] => short(high, low) as u64,
        _ => 0,
    };
    if length < 2 * WORD as u64 {
        return Err(RecordError::BadWord { offset, word });
    }
    Ok(length)
}

/// Whether a file begins as one with descriptor words does.
pub(super) fn is_likely(head: &[u8]) -> bool {
    matches!(head, [_, _, 0, 0, ..] | [0x80..=0xff, _, _, _, _, _, 0, 0, ..])
}

/// Whether the first word of a file is a BDW: then an RDW that fits into the block follows it. In
/// text that follows an RDW, the reserved bytes of such a word would be NULs.
pub(super) fn begins_block(head: &[u8]) -> bool {
    match head {
        [a, b, c, d, high, low, 0, 0, ..] => {
            let record = short(*high, *low);
            let block = block_length([*a, *b, *c, *d], 0).unwrap_or(0);
            record >= WORD && (record + WORD) as u64 <= block
        }
        _ => false,
    }
}

/// The RDW of a record with so many bytes; it must be at most 65531.
pub(super) fn rdw(data: usize) -> Word {
    word(data)
}

/// The BDW of a block with so many bytes; it must be at most 65531.
pub(super) fn bdw(data: usize) -> Word {
    word(data)
}

fn word(data: usize) -> Word {
    let length = u16::try_from(data + WORD).unwrap_or(u16::MAX);
    let [high, low] = length.to_be_bytes();
    [high, low, 0, 0]
}

fn short(high: u8, low: u8) -> usize {
    u16::from_be_bytes([high, low]).into()
}
