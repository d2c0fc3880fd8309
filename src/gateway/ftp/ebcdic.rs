//! Clients whose control connection is EBCDIC.
//!
//! The z/OS client sends ASCII; EBCDIC comes from a translation table that fits the data and not
//! the commands. Unless the filter names a code page, such a client is recognised by its first
//! byte, which is a letter of an EBCDIC verb and can begin none in ASCII, and is refused in words it
//! can read: letters, digits and blanks are the same in all EBCDIC pages.

use zeroize::Zeroize;

use crate::codepage::CodePage;

/// In what the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Nothing has come yet.
    Unknown,
    /// ASCII.
    Ascii,
    /// This page, by the filter or because it was recognised.
    Page(CodePage),
}

impl Encoding {
    /// `page`: what the filter says.
    pub fn new(page: Option<CodePage>) -> Self {
        match page {
            None => Self::Unknown,
            Some(CodePage::Utf8) => Self::Ascii,
            Some(page) => Self::Page(page),
        }
    }

    /// Whether these are the first bytes of a client that cannot be understood.
    pub fn is_refused(&mut self, bytes: &[u8]) -> bool {
        let (Self::Unknown, Some(first)) = (*self, bytes.first()) else { return false };
        let is_ebcdic = is_letter(*first);
        *self = if is_ebcdic { Self::Page(CodePage::Ibm1047) } else { Self::Ascii };
        is_ebcdic
    }

    /// Turns bytes of the client into ASCII (ISO 8859-1, byte for byte).
    pub fn decode(self, bytes: &mut Vec<u8>) {
        let Self::Page(page) = self else { return };
        let mut text = page.decode(bytes).into_owned();
        bytes.clear();
        bytes.extend(text.chars().map(|c| match c {
            LF => b'\n',
            c => u8::try_from(u32::from(c)).unwrap_or(b'?'),
        }));
        text.zeroize();
    }

    /// Appends to `output` what the client is told.
    pub fn encode(self, bytes: &[u8], output: &mut Vec<u8>) {
        let Self::Page(page) = self else {
            output.extend_from_slice(bytes);
            return;
        };
        let text: String =
            bytes.iter().map(|byte| if *byte == b'\n' { LF } else { char::from(*byte) }).collect();
        // Both EBCDIC pages have all of U+0000 to U+00FF.
        output.extend(page.encode(&text).unwrap_or_default());
    }
}

/// Whether the byte is a letter in EBCDIC.
fn is_letter(byte: u8) -> bool {
    matches!(byte & 0xbf, 0x81..=0x89 | 0x91..=0x99 | 0xa2..=0xa9)
}

/// What [`CodePage`] makes of X'25', the LF of EBCDIC network tables.
const LF: char = '\u{85}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_decides() {
        for (first, refused) in [(0xe4, true), (0xa4, true), (b'U', false), (b'\r', false)] {
            let mut encoding = Encoding::new(None);
            assert!(!encoding.is_refused(b""));
            assert_eq!(encoding.is_refused(&[first]), refused, "{first:x}");
            assert!(!encoding.is_refused(&[0xe4]));
        }
        assert!(!Encoding::new(Some(CodePage::Ibm037)).is_refused(&[0xe4]));
    }

    #[test]
    fn lines_travel_both_ways() {
        let encoding = Encoding::new(Some(CodePage::Ibm1047));
        let mut line = vec![0xe4, 0xe2, 0xc5, 0xd9, 0x40, 0x81, 0x0d, 0x25];
        let wire = line.clone();
        encoding.decode(&mut line);
        assert_eq!(line, b"USER a\r\n");
        let mut back = Vec::new();
        encoding.encode(&line, &mut back);
        assert_eq!(back, wire);
        let mut nl = vec![0xe4, 0x15];
        encoding.decode(&mut nl);
        assert_eq!(nl, b"U\n");
        let all: Vec<u8> = (0..=255).collect();
        let mut there = Vec::new();
        encoding.encode(&all, &mut there);
        assert_eq!(there.len(), 256);
    }
}
