//! What a byte or character becomes, prepared for two pages so that nothing is looked up twice.

use super::super::table::Table;

/// For each byte the byte it becomes.
#[derive(Debug)]
pub(super) struct ByteMap {
    bytes: [u8; 256],
    /// Whether there is one.
    is_known: [bool; 256],
    is_complete: bool,
}

impl ByteMap {
    pub fn new(convert: impl Fn(u8) -> Option<u8>) -> Self {
        let mut map = Self { bytes: [0; 256], is_known: [false; 256], is_complete: true };
        for byte in 0..=u8::MAX {
            let converted = convert(byte);
            map.bytes[usize::from(byte)] = converted.unwrap_or_default();
            map.is_known[usize::from(byte)] = converted.is_some();
            map.is_complete &= converted.is_some();
        }
        map
    }

    /// Converts up to the first byte that becomes none; says how many were converted.
    pub fn convert(&self, input: &[u8], output: &mut Vec<u8>) -> usize {
        let unknown = || input.iter().position(|byte| !self.is_known[usize::from(*byte)]);
        let count = if self.is_complete { None } else { unknown() }.unwrap_or(input.len());
        output.extend(input[..count].iter().map(|byte| self.bytes[usize::from(*byte)]));
        count
    }
}

/// For each byte its character in UTF-8.
#[derive(Debug)]
pub(super) struct ExpandMap {
    /// The character and, as the last byte, its length; in memory order, so that all four are moved at once.
    characters: [u32; 256],
    /// The characters that are ASCII.
    plain: [u8; 256],
    /// Which they are.
    is_plain: [bool; 256],
}

/// Bytes of a character in UTF-8: those of the pages are below U+10000.
const LONGEST: usize = 3;

/// Bytes that are converted in one go.
const BLOCK: usize = 128;

impl ExpandMap {
    pub fn new(character: impl Fn(u8) -> char) -> Self {
        let mut map = Self { characters: [0; 256], plain: [0; 256], is_plain: [false; 256] };
        for byte in 0..=u8::MAX {
            let (index, character) = (usize::from(byte), character(byte));
            let mut entry = [0; LONGEST + 1];
            let (utf8, length) = entry.split_at_mut(LONGEST);
            length[0] = character.encode_utf8(utf8).len() as u8;
            map.characters[index] = u32::from_ne_bytes(entry);
            map.plain[index] = entry[0];
            map.is_plain[index] = character.is_ascii();
        }
        map
    }

    /// Converts all of the input.
    pub fn convert(&self, input: &[u8], output: &mut Vec<u8>) -> usize {
        output.reserve(input.len());
        for block in input.chunks(BLOCK) {
            // Without a way out of the loop: most text has nothing else.
            if block.iter().fold(true, |all, byte| all & self.is_plain[usize::from(*byte)]) {
                output.extend(block.iter().map(|byte| self.plain[usize::from(*byte)]));
            } else {
                self.convert_block(block, output);
            }
        }
        input.len()
    }

    /// Converts [`BLOCK`] bytes at most.
    fn convert_block(&self, block: &[u8], output: &mut Vec<u8>) {
        let mut converted = [0; LONGEST * BLOCK + 1];
        let mut rest = &mut converted[..];
        for byte in block {
            let entry = self.characters[usize::from(*byte)].to_ne_bytes();
            // All of it is written, and what is no character is written over.
            *rest.first_chunk_mut().expect("LONGEST bytes for each, and one more") = entry;
            rest = &mut rest[usize::from(entry[LONGEST])..];
        }
        let left = rest.len();
        output.extend_from_slice(&converted[..converted.len() - left]);
    }
}

/// A page to write, and its bytes for ASCII.
#[derive(Debug)]
pub(super) struct ContractMap {
    table: &'static Table,
    /// Only the first half has a meaning.
    ascii: [u8; 256],
}

impl ContractMap {
    pub fn new(table: &'static Table) -> Self {
        let mut ascii = [0; 256];
        for (code, byte) in (0..128).zip(&mut ascii) {
            // Every page has all of ASCII.
            *byte = table.encode(char::from(code)).unwrap_or_default();
        }
        Self { table, ascii }
    }

    /// Converts up to the first character that the page does not have; says how many bytes.
    pub fn convert(&self, text: &str, output: &mut Vec<u8>) -> usize {
        let mut rest = text;
        output.reserve(text.len());
        while !rest.is_empty() {
            let (plain, other) = rest.split_at(ascii_run(rest.as_bytes()));
            output.extend(plain.as_bytes().iter().map(|byte| self.ascii[usize::from(*byte)]));
            rest = other;
            let Some(c) = rest.chars().next() else { break };
            let Some(byte) = self.table.encode(c) else { break };
            output.push(byte);
            rest = &rest[c.len_utf8()..];
        }
        text.len() - rest.len()
    }
}

/// How many bytes of ASCII there are before the first other one.
fn ascii_run(bytes: &[u8]) -> usize {
    const STEP: usize = 16;
    let whole = STEP * bytes.chunks_exact(STEP).take_while(|chunk| chunk.is_ascii()).count();
    let rest = &bytes[whole..];
    whole + rest.iter().position(|byte| !byte.is_ascii()).unwrap_or(rest.len())
}
