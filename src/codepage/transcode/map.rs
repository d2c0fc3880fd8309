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

/// For each byte its character in UTF-8, and the length of that.
#[derive(Debug)]
pub(super) struct ExpandMap([([u8; 3], u8); 256]);

impl ExpandMap {
    pub fn new(character: impl Fn(u8) -> char) -> Self {
        let mut map = [([0; 3], 0); 256];
        for (byte, (utf8, length)) in (0..=u8::MAX).zip(&mut map) {
            // All characters of the pages are below U+10000 and so at most three bytes long.
            *length = character(byte).encode_utf8(utf8).len() as u8;
        }
        Self(map)
    }

    /// Converts all of the input.
    pub fn convert(&self, input: &[u8], output: &mut Vec<u8>) -> usize {
        let mut end = output.len();
        output.resize(end + 3 * input.len(), 0);
        for byte in input {
            let (utf8, length) = self.0[usize::from(*byte)];
            // All three are written, and those too many are written over.
            output[end..end + 3].copy_from_slice(&utf8);
            end += usize::from(length);
        }
        output.truncate(end);
        input.len()
    }
}

/// A page to write, and its bytes for ASCII.
#[derive(Debug)]
pub(super) struct ContractMap {
    table: &'static Table,
    ascii: [u8; 128],
}

impl ContractMap {
    pub fn new(table: &'static Table) -> Self {
        let mut ascii = [0; 128];
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
            let ascii = rest.bytes().position(|byte| !byte.is_ascii()).unwrap_or(rest.len());
            let (plain, other) = rest.split_at(ascii);
            output.extend(plain.bytes().map(|byte| self.ascii[usize::from(byte)]));
            rest = other;
            let Some(c) = rest.chars().next() else { break };
            let Some(byte) = self.table.encode(c) else { break };
            output.push(byte);
            rest = &rest[c.len_utf8()..];
        }
        text.len() - rest.len()
    }
}
