//! Code pages: how the bytes of a record become characters, and back.
//!
//! Used by [`crate::config`] for decks, by [`crate::gateway::ftp`] for control connections and by
//! `zoxy iconv`. Pure.
//! Every page but UTF-8 makes a character of every byte, and no two bytes the same one: whatever is
//! decoded comes back as the same bytes.
//!
//! | file | holds |
//! |---|---|
//! | `names` | what the pages are called |
//! | `newline` | NL and LF, the two line ends of EBCDIC |
//! | `transcode` | from page to page, in pieces |
//! | `detect` | what bytes look like |
//! | `table` | lookups in both directions |
//! | `tables` | the EBCDIC pages, as `generate.py` makes them of ICU's data |

pub mod detect;
mod names;
mod newline;
mod table;
mod tables;
mod transcode;

use std::borrow::Cow;

pub use names::UnknownCodePage;
pub use newline::{LF, LineEnds, NEXT_LINE, NL, NewLine, UnknownLineEnds};
pub use transcode::{Failure, Place, Reason, Transcoder};

use table::Table;

/// A code page. [`CodePage::description`] says where each is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum CodePage {
    Utf8,
    Iso8859_1,
    Iso8859_15,
    Windows1252,
    Ibm037,
    Ibm273,
    Ibm277,
    Ibm278,
    Ibm280,
    Ibm284,
    Ibm285,
    Ibm297,
    Ibm500,
    Ibm871,
    Ibm924,
    Ibm1047,
    Ibm1140,
    Ibm1141,
    Ibm1142,
    Ibm1143,
    Ibm1144,
    Ibm1145,
    Ibm1146,
    Ibm1147,
    Ibm1148,
    Ibm1149,
}

impl CodePage {
    /// The EBCDIC pages, by number.
    pub const EBCDIC: [Self; 22] = [
        Self::Ibm037,
        Self::Ibm273,
        Self::Ibm277,
        Self::Ibm278,
        Self::Ibm280,
        Self::Ibm284,
        Self::Ibm285,
        Self::Ibm297,
        Self::Ibm500,
        Self::Ibm871,
        Self::Ibm924,
        Self::Ibm1047,
        Self::Ibm1140,
        Self::Ibm1141,
        Self::Ibm1142,
        Self::Ibm1143,
        Self::Ibm1144,
        Self::Ibm1145,
        Self::Ibm1146,
        Self::Ibm1147,
        Self::Ibm1148,
        Self::Ibm1149,
    ];

    /// All pages: those that extend ASCII, then those of EBCDIC.
    pub const ALL: [Self; 26] = {
        let mut all = [Self::Utf8; 26];
        (all[1], all[2], all[3]) = (Self::Iso8859_1, Self::Iso8859_15, Self::Windows1252);
        let mut page = 0;
        while page < Self::EBCDIC.len() {
            all[4 + page] = Self::EBCDIC[page];
            page += 1;
        }
        all
    };

    /// Whether its letters and digits are where EBCDIC has them; otherwise it extends ASCII.
    pub fn is_ebcdic(self) -> bool {
        !matches!(self, Self::Utf8 | Self::Iso8859_1 | Self::Iso8859_15 | Self::Windows1252)
    }

    /// The text of the bytes, with [`NewLine::Nl`].
    ///
    /// What is not UTF-8 becomes U+FFFD; every other page has a character for each byte. The five
    /// bytes that windows-1252 leaves undefined (81 8D 8F 90 9D) are the control characters of the
    /// same numbers, as browsers have it.
    pub fn decode<'a>(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        self.decode_with(bytes, NewLine::Nl)
    }

    /// The same with either of the EBCDIC line ends as U+000A.
    pub fn decode_with<'a>(&self, bytes: &'a [u8], newline: NewLine) -> Cow<'a, str> {
        match Table::of(*self, newline) {
            None => String::from_utf8_lossy(bytes),
            Some(table) => bytes.iter().map(|byte| table.decode(*byte)).collect(),
        }
    }

    /// The bytes of the text, with [`NewLine::Nl`]. The error is the first character that the page
    /// does not have.
    pub fn encode(&self, text: &str) -> Result<Vec<u8>, char> {
        self.encode_with(text, NewLine::Nl)
    }

    /// The same with either of the EBCDIC line ends as U+000A.
    pub fn encode_with(&self, text: &str, newline: NewLine) -> Result<Vec<u8>, char> {
        match Table::of(*self, newline) {
            None => Ok(text.as_bytes().to_vec()),
            Some(table) => text.chars().map(|c| table.encode(c).ok_or(c)).collect(),
        }
    }

    /// The character of one byte; None for UTF-8.
    pub fn character(self, byte: u8, newline: NewLine) -> Option<char> {
        Table::of(self, newline).map(|table| table.decode(byte))
    }

    /// The byte of one character; None if the page does not have it, and for UTF-8.
    pub fn byte(self, c: char, newline: NewLine) -> Option<u8> {
        Table::of(self, newline)?.encode(c)
    }

    /// The bytes that end a line of text: LF, in EBCDIC NL as well; in other pages the same twice.
    pub fn line_ends(self) -> [u8; 2] {
        if self.is_ebcdic() { [NL, LF] } else { [b'\n'; 2] }
    }

    /// Whether the byte ends a line of text.
    pub fn is_line_end(&self, byte: u8) -> bool {
        self.line_ends().contains(&byte)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SINGLE_BYTE: &[CodePage] = CodePage::ALL.split_at(1).1;

    #[test]
    fn the_list_is_in_the_order_of_the_pages() {
        for (index, page) in CodePage::ALL.into_iter().enumerate() {
            assert_eq!(page as usize, index);
            assert_eq!(page.is_ebcdic(), CodePage::EBCDIC.contains(&page));
        }
        assert!(CodePage::EBCDIC.is_sorted_by_key(|page| page.ccsid()));
    }

    #[test]
    fn every_byte_comes_back() {
        let all: Vec<u8> = (0..=255).collect();
        for page in SINGLE_BYTE {
            for newline in [NewLine::Nl, NewLine::Lf] {
                let text = page.decode_with(&all, newline);
                let mut characters: Vec<char> = text.chars().collect();
                assert_eq!(page.encode_with(&text, newline), Ok(all.clone()), "{page}");
                characters.sort_unstable();
                characters.dedup();
                assert_eq!(characters.len(), 256, "{page}");
                assert!(!characters.contains(&char::REPLACEMENT_CHARACTER), "{page}");
            }
        }
    }

    #[test]
    fn every_character_is_found_or_refused() {
        for page in SINGLE_BYTE {
            let all: Vec<u8> = (0..=255).collect();
            let text = page.decode(&all);
            for c in (0..=0x1_0000).filter_map(char::from_u32) {
                let bytes = page.encode(&c.to_string());
                let expected = text.chars().position(|other| other == c);
                assert_eq!(bytes.ok(), expected.map(|byte| vec![byte as u8]), "{page} {c:?}");
            }
        }
    }

    #[test]
    fn known_characters_have_their_bytes() {
        // Those of the 82 that are the same everywhere.
        let fixed = " \"%&'()*+,-./0123456789:;<=>?ABCDEFGHIJKLMNOPQRSTUVWXYZ_\
                     abcdefghijklmnopqrstuvwxyz";
        let bytes = b"\x40\x7f\x6c\x50\x7d\x4d\x5d\x5c\x4e\x6b\x60\x4b\x61\
                      \xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\x7a\x5e\x4c\x7e\x6e\x6f\
                      \xc1\xc2\xc3\xc4\xc5\xc6\xc7\xc8\xc9\xd1\xd2\xd3\xd4\xd5\xd6\xd7\xd8\xd9\
                      \xe2\xe3\xe4\xe5\xe6\xe7\xe8\xe9\x6d\
                      \x81\x82\x83\x84\x85\x86\x87\x88\x89\x91\x92\x93\x94\x95\x96\x97\x98\x99\
                      \xa2\xa3\xa4\xa5\xa6\xa7\xa8\xa9";
        assert_eq!(fixed.len(), 82);
        for page in CodePage::EBCDIC {
            assert_eq!(page.encode(fixed), Ok(bytes.to_vec()), "{page}");
            assert_eq!(page.encode("\t\r"), Ok(vec![0x05, 0x0d]), "{page}");
        }
        assert_eq!(CodePage::Ibm037.encode("[]^"), Ok(vec![0xba, 0xbb, 0xb0]));
        assert_eq!(CodePage::Ibm1047.encode("[]^"), Ok(vec![0xad, 0xbd, 0x5f]));
        assert_eq!(CodePage::Ibm273.encode("{ß}"), Ok(vec![0x43, 0xa1, 0xdc]));
        assert_eq!(CodePage::Windows1252.encode("\u{81}€ü"), Ok(vec![0x81, 0x80, 0xfc]));
        assert_eq!(CodePage::Iso8859_15.encode("€"), Ok(vec![0xa4]));
        assert_eq!(CodePage::Iso8859_1.decode(b"\x80\xa4"), "\u{80}\u{a4}");
    }

    #[test]
    fn each_line_end_can_be_line_feed() {
        for page in CodePage::EBCDIC {
            assert_eq!(page.encode("\n\u{85}"), Ok(vec![NL, LF]));
            assert_eq!(page.encode_with("\n\u{85}", NewLine::Lf), Ok(vec![LF, NL]));
            assert!(page.is_line_end(NL) && page.is_line_end(LF) && !page.is_line_end(b'\n'));
        }
        assert!(CodePage::Iso8859_1.is_line_end(b'\n') && !CodePage::Utf8.is_line_end(0x85));
    }

    #[test]
    fn euro_pages_differ_from_their_parents_in_one_byte() {
        use CodePage::*;
        let parents =
            [Ibm037, Ibm273, Ibm277, Ibm278, Ibm280, Ibm284, Ibm285, Ibm297, Ibm500, Ibm871];
        let euro = CodePage::EBCDIC.into_iter().filter(|page| page.ccsid() >= 1140);
        let all: Vec<u8> = (0..=255).collect();
        for (parent, page) in parents.into_iter().zip(euro) {
            assert_eq!(parent.decode(&all).replace('¤', "€"), page.decode(&all), "{page}");
        }
    }

    #[test]
    fn a_character_outside_the_page_is_named() {
        assert_eq!(CodePage::Ibm1047.encode("price: 5 €"), Err('€'));
        assert_eq!(CodePage::Ibm1140.encode("5 € \u{1f600}"), Err('\u{1f600}'));
        assert_eq!(CodePage::Iso8859_1.encode("€"), Err('€'));
    }
}
