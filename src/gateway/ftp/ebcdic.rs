//! Clients whose control connection is EBCDIC.
//!
//! The z/OS client sends ASCII; EBCDIC comes from a translation table that fits the data and not
//! the commands. Unless the filter names a code page, such a client is recognised by its first
//! command ([`is_ebcdic_command`]) and refused in words it can read: letters, digits and blanks are
//! the same in all EBCDIC pages.

use crate::codepage::detect::is_ebcdic_command;
use crate::codepage::{CodePage, NEXT_LINE, NewLine};

/// In what the client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Too little has come to tell.
    Unknown(FirstBytes),
    /// ASCII.
    Ascii,
    /// This page, by the filter or because it was recognised.
    Page(CodePage),
}

impl Encoding {
    /// `page`: what the filter says.
    pub fn new(page: Option<CodePage>) -> Self {
        match page {
            None => Self::Unknown(FirstBytes::default()),
            Some(page) if page.is_ebcdic() => Self::Page(page),
            Some(_) => Self::Ascii,
        }
    }

    /// Takes what has come; says whether it is from a client that cannot be understood.
    pub fn is_refused(&mut self, bytes: &[u8]) -> bool {
        let Self::Unknown(first) = self else { return false };
        first.push(bytes);
        match is_ebcdic_command(first.bytes()) {
            None => false,
            Some(is_ebcdic) => {
                *self = if is_ebcdic { Self::Page(CodePage::Ibm1047) } else { Self::Ascii };
                is_ebcdic
            }
        }
    }

    /// Turns bytes of the client into ASCII. Characters beyond it become bytes as [`to_byte`] has
    /// them; NL ends a line as LF does.
    pub fn decode(self, bytes: &mut [u8]) {
        let Self::Page(page) = self else { return };
        // In place, for there may be a password among them.
        for byte in bytes {
            // Every EBCDIC page has a character for each byte.
            let c = page.character(*byte, NewLine::Lf).unwrap_or_default();
            *byte = if c == NEXT_LINE { b'\n' } else { to_byte(c) };
        }
    }

    /// Appends to `output` what the client is told.
    pub fn encode(self, bytes: &[u8], output: &mut Vec<u8>) {
        let Self::Page(page) = self else {
            output.extend_from_slice(bytes);
            return;
        };
        output.extend(bytes.iter().map(|byte| to_page(*byte, page)));
    }
}

/// The first bytes of a client, as many as tell whether they are EBCDIC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct FirstBytes {
    bytes: [u8; 4],
    count: usize,
}

impl FirstBytes {
    fn push(&mut self, bytes: &[u8]) {
        for (place, byte) in self.bytes[self.count..].iter_mut().zip(bytes) {
            *place = *byte;
            self.count += 1;
        }
    }

    fn bytes(&self) -> &[u8] {
        &self.bytes[..self.count]
    }
}

/// The byte of a character of an EBCDIC page, by ISO 8859-1. The euro and other characters that
/// some pages have in place of those of ISO 8859-1 take their bytes in ISO 8859-15, so that every
/// byte of a page comes back.
fn to_byte(c: char) -> u8 {
    let latin_9 = || CodePage::Iso8859_15.byte(c, NewLine::Lf);
    // One of the two has every character of every page, as the test shows.
    u8::try_from(u32::from(c)).ok().or_else(latin_9).unwrap_or(b'?')
}

/// The reverse of [`to_byte`].
fn to_page(byte: u8, page: CodePage) -> u8 {
    let byte_of = |c| page.byte(c, NewLine::Lf);
    let latin_9 = || CodePage::Iso8859_15.character(byte, NewLine::Lf).and_then(byte_of);
    byte_of(char::from(byte)).or_else(latin_9).unwrap_or(QUESTION_MARK)
}

/// In every EBCDIC page.
const QUESTION_MARK: u8 = 0x6f;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_command_decides() {
        let user = [0xe4, 0xe2, 0xc5, 0xd9, 0x40];
        for (first, refused) in [
            (&user[..], true),
            (&[0xa4, 0xa2, 0x85, 0x99], true),
            (b"USER", false),
            (b"\r\n", false),
        ] {
            let mut encoding = Encoding::new(None);
            assert!(!encoding.is_refused(b""));
            assert_eq!(encoding.is_refused(first), refused, "{first:x?}");
            assert!(!encoding.is_refused(&user));
        }
        let mut encoding = Encoding::new(None);
        for byte in &user[..3] {
            assert!(!encoding.is_refused(&[*byte]));
        }
        assert!(encoding.is_refused(&user[3..]));
        assert!(!Encoding::new(Some(CodePage::Ibm037)).is_refused(&user));
        assert!(!Encoding::new(Some(CodePage::Utf8)).is_refused(&user));
    }

    #[test]
    fn lines_travel_both_ways() {
        for page in CodePage::EBCDIC {
            let encoding = Encoding::new(Some(page));
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
        }
    }

    #[test]
    fn all_bytes_come_back_in_every_page() {
        for page in CodePage::EBCDIC {
            let encoding = Encoding::new(Some(page));
            let all: Vec<u8> = (0..=255).filter(|byte| *byte != 0x15).collect();
            let mut there = all.clone();
            encoding.decode(&mut there);
            let mut back = Vec::new();
            encoding.encode(&there, &mut back);
            assert_eq!(back, all, "{page}");
        }
        let mut euro = vec![0x9f];
        Encoding::new(Some(CodePage::Ibm1140)).decode(&mut euro);
        assert_eq!(euro, [0xa4]);
    }
}
