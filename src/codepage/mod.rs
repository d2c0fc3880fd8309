//! Code pages: how the bytes of a record become characters, and back.
//!
//! Used by [`crate::config`] for decks. Pure tables. Both EBCDIC pages hold the same 256 characters
//! (U+0000 to U+00FF), so that every byte becomes a character and comes back as the same byte.
//!
//! Line ends: byte 15 (hexadecimal) is NL, the line end of z/OS UNIX text, and becomes U+000A; byte
//! 25 is LF and becomes U+0085. Converters that follow the IBM character tables to the letter have
//! these two the other way round; a reader of lines should accept both bytes.

use std::borrow::Cow;
use std::fmt::{self, Display};
use std::str::FromStr;

/// A code page that decks may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePage {
    /// UTF-8, and so ASCII.
    Utf8,
    /// IBM-037: EBCDIC of the USA and Canada, usual in 3270 sessions.
    Ibm037,
    /// IBM-1047: EBCDIC of z/OS UNIX.
    Ibm1047,
}

impl CodePage {
    /// Tells EBCDIC from ASCII by its blanks (X'40' against X'20').
    ///
    /// The two EBCDIC pages differ in six bytes only. What looks like square brackets and circumflexes
    /// in one of them decides, since their counterparts hardly occur in text; without any it is
    /// IBM-1047.
    pub fn detect(bytes: &[u8]) -> Self {
        let count = |wanted: &[u8]| bytes.iter().filter(|byte| wanted.contains(byte)).count();
        if count(&[0x40]) <= count(b" ") {
            Self::Utf8
        } else if count(&[0xba, 0xbb, 0xb0]) > count(&[0xad, 0xbd, 0x5f]) {
            Self::Ibm037
        } else {
            Self::Ibm1047
        }
    }

    /// The text of the bytes. What is not UTF-8 becomes U+FFFD; EBCDIC always decodes.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        match self.tables() {
            None => String::from_utf8_lossy(bytes),
            Some((to_unicode, _)) => {
                bytes.iter().map(|byte| char::from(to_unicode[usize::from(*byte)])).collect()
            }
        }
    }

    /// The bytes of the text. The error is the first character that the page does not have.
    pub fn encode(&self, text: &str) -> Result<Vec<u8>, char> {
        let Some((_, from_unicode)) = self.tables() else {
            return Ok(text.as_bytes().to_vec());
        };
        let byte = |c: char| {
            let code = u8::try_from(u32::from(c)).map_err(|_| c)?;
            Ok(from_unicode[usize::from(code)])
        };
        text.chars().map(byte).collect()
    }

    /// Whether the byte ends a line of text.
    pub fn is_line_end(&self, byte: u8) -> bool {
        match self {
            Self::Utf8 => byte == b'\n',
            Self::Ibm037 | Self::Ibm1047 => matches!(byte, 0x15 | 0x25),
        }
    }

    /// Page to Unicode and back; None for UTF-8.
    fn tables(&self) -> Option<(&'static Table, &'static Table)> {
        match self {
            Self::Utf8 => None,
            Self::Ibm037 => Some((&IBM037, &TO_IBM037)),
            Self::Ibm1047 => Some((&IBM1047, &TO_IBM1047)),
        }
    }
}

impl Display for CodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Utf8 => "UTF-8",
            Self::Ibm037 => "IBM-037",
            Self::Ibm1047 => "IBM-1047",
        })
    }
}

impl FromStr for CodePage {
    type Err = UnknownCodePage;

    /// Reads `UTF-8`, `ASCII`, `IBM-037` or `IBM-1047`; case and hyphens do not matter, and `CP` may
    /// stand for `IBM`.
    fn from_str(name: &str) -> Result<Self, UnknownCodePage> {
        let bare = name.replace('-', "").to_ascii_uppercase();
        match bare.as_str() {
            "UTF8" | "ASCII" => Ok(Self::Utf8),
            "IBM037" | "IBM37" | "CP037" | "CP37" | "037" => Ok(Self::Ibm037),
            "IBM1047" | "CP1047" | "1047" => Ok(Self::Ibm1047),
            _ => Err(UnknownCodePage),
        }
    }
}

/// A name that is no code page of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownCodePage;

impl Display for UnknownCodePage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected UTF-8, IBM-037 or IBM-1047")
    }
}

impl std::error::Error for UnknownCodePage {}

type Table = [u8; 256];

/// The bytes at which IBM-1047 differs from IBM-037, with what they stand for in IBM-1047:
/// circumflex, square brackets, not sign, Y acute, diaeresis.
const DIFFERENCES: [(usize, u8); 6] =
    [(0x5f, b'^'), (0xad, b'['), (0xb0, 0xac), (0xba, 0xdd), (0xbb, 0xa8), (0xbd, b']')];

static IBM1047: Table = {
    let mut table = IBM037;
    let mut index = 0;
    while index < DIFFERENCES.len() {
        let (byte, code) = DIFFERENCES[index];
        table[byte] = code;
        index += 1;
    }
    table
};

static TO_IBM037: Table = inverse(&IBM037);

static TO_IBM1047: Table = inverse(&IBM1047);

const fn inverse(table: &Table) -> Table {
    let mut inverse = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        inverse[table[byte] as usize] = byte as u8;
        byte += 1;
    }
    inverse
}

/// IBM-037 to U+0000..U+00FF, with NL as U+000A.
#[rustfmt::skip]
const IBM037: Table = [
    0x00, 0x01, 0x02, 0x03, 0x9c, 0x09, 0x86, 0x7f, 0x97, 0x8d, 0x8e, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f,
    0x10, 0x11, 0x12, 0x13, 0x9d, 0x0a, 0x08, 0x87, 0x18, 0x19, 0x92, 0x8f, 0x1c, 0x1d, 0x1e, 0x1f,
    0x80, 0x81, 0x82, 0x83, 0x84, 0x85, 0x17, 0x1b, 0x88, 0x89, 0x8a, 0x8b, 0x8c, 0x05, 0x06, 0x07,
    0x90, 0x91, 0x16, 0x93, 0x94, 0x95, 0x96, 0x04, 0x98, 0x99, 0x9a, 0x9b, 0x14, 0x15, 0x9e, 0x1a,
    0x20, 0xa0, 0xe2, 0xe4, 0xe0, 0xe1, 0xe3, 0xe5, 0xe7, 0xf1, 0xa2, 0x2e, 0x3c, 0x28, 0x2b, 0x7c,
    0x26, 0xe9, 0xea, 0xeb, 0xe8, 0xed, 0xee, 0xef, 0xec, 0xdf, 0x21, 0x24, 0x2a, 0x29, 0x3b, 0xac,
    0x2d, 0x2f, 0xc2, 0xc4, 0xc0, 0xc1, 0xc3, 0xc5, 0xc7, 0xd1, 0xa6, 0x2c, 0x25, 0x5f, 0x3e, 0x3f,
    0xf8, 0xc9, 0xca, 0xcb, 0xc8, 0xcd, 0xce, 0xcf, 0xcc, 0x60, 0x3a, 0x23, 0x40, 0x27, 0x3d, 0x22,
    0xd8, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0xab, 0xbb, 0xf0, 0xfd, 0xfe, 0xb1,
    0xb0, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f, 0x70, 0x71, 0x72, 0xaa, 0xba, 0xe6, 0xb8, 0xc6, 0xa4,
    0xb5, 0x7e, 0x73, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79, 0x7a, 0xa1, 0xbf, 0xd0, 0xdd, 0xde, 0xae,
    0x5e, 0xa3, 0xa5, 0xb7, 0xa9, 0xa7, 0xb6, 0xbc, 0xbd, 0xbe, 0x5b, 0x5d, 0xaf, 0xa8, 0xb4, 0xd7,
    0x7b, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0xad, 0xf4, 0xf6, 0xf2, 0xf3, 0xf5,
    0x7d, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f, 0x50, 0x51, 0x52, 0xb9, 0xfb, 0xfc, 0xf9, 0xfa, 0xff,
    0x5c, 0xf7, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0xb2, 0xd4, 0xd6, 0xd2, 0xd3, 0xd5,
    0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0xb3, 0xdb, 0xdc, 0xd9, 0xda, 0x9f,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for page in [CodePage::Ibm037, CodePage::Ibm1047] {
            assert_eq!(page.encode(&page.decode(&all)), Ok(all.clone()), "{page}");
        }
    }

    #[test]
    fn known_characters_have_their_bytes() {
        let both = [
            (" ", 0x40),
            ("A", 0xc1),
            ("I", 0xc9),
            ("J", 0xd1),
            ("S", 0xe2),
            ("Z", 0xe9),
            ("a", 0x81),
            ("z", 0xa9),
            ("0", 0xf0),
            ("9", 0xf9),
            ("$", 0x5b),
            ("#", 0x7b),
            ("@", 0x7c),
            (".", 0x4b),
            (",", 0x6b),
            (":", 0x7a),
            ("-", 0x60),
            ("*", 0x5c),
            ("/", 0x61),
            ("+", 0x4e),
            ("=", 0x7e),
            ("(", 0x4d),
            (")", 0x5d),
            ("'", 0x7d),
            ("\"", 0x7f),
            ("&", 0x50),
            ("%", 0x6c),
            ("?", 0x6f),
            ("_", 0x6d),
            (";", 0x5e),
            ("\n", 0x15),
            ("\u{85}", 0x25),
            ("\r", 0x0d),
            ("\t", 0x05),
            ("|", 0x4f),
            ("!", 0x5a),
        ];
        for (text, byte) in both {
            assert_eq!(CodePage::Ibm037.encode(text), Ok(vec![byte]), "{text}");
            assert_eq!(CodePage::Ibm1047.encode(text), Ok(vec![byte]), "{text}");
        }
        assert_eq!(CodePage::Ibm037.encode("[]^"), Ok(vec![0xba, 0xbb, 0xb0]));
        assert_eq!(CodePage::Ibm1047.encode("[]^"), Ok(vec![0xad, 0xbd, 0x5f]));
    }

    #[test]
    fn a_character_outside_the_page_is_named() {
        assert_eq!(CodePage::Ibm1047.encode("price: 5 €"), Err('€'));
    }

    #[test]
    fn blanks_tell_the_page() {
        let card = "FILTER   MAIL     TUNNEL  PAPER    NNN 25,110,143  *.corp.example";
        for page in [CodePage::Utf8, CodePage::Ibm1047] {
            assert_eq!(CodePage::detect(&page.encode(card).unwrap()), page);
        }
        let brackets = CodePage::Ibm037.encode("* [a comment]").unwrap();
        assert_eq!(CodePage::detect(&brackets), CodePage::Ibm037);
        assert_eq!(CodePage::detect(b""), CodePage::Utf8);
    }

    #[test]
    fn names_are_read_with_and_without_hyphens() {
        for (name, page) in [
            ("utf-8", CodePage::Utf8),
            ("IBM-037", CodePage::Ibm037),
            ("IBM1047", CodePage::Ibm1047),
            ("cp037", CodePage::Ibm037),
            ("IBM-1047", CodePage::Ibm1047),
        ] {
            assert_eq!(name.parse(), Ok(page), "{name}");
        }
        assert_eq!("IBM-500".parse::<CodePage>(), Err(UnknownCodePage));
    }
}
