//! Single-byte pages as tables, for both directions.

use std::sync::LazyLock;

use encoding_rs::{Encoding, ISO_8859_15, WINDOWS_1252};

use super::tables::{EBCDIC, Standard};
use super::{CodePage, LF, NL, NewLine};

/// Characters above U+00FF that a page may have; windows-1252 has 27.
const MAX_BEYOND: usize = 27;

/// A single-byte page. Each of the 256 bytes is one character, and no character stands twice.
#[derive(Debug)]
pub(super) struct Table {
    /// The character of each byte.
    to_unicode: Standard,
    /// The byte of each character up to U+00FF; X'00' for those that the page does not have.
    low: [u8; 256],
    /// The characters above U+00FF and their bytes, by byte; unused entries are zero.
    beyond: [(u16, u8); MAX_BEYOND],
}

impl Table {
    /// The table of a page; None for UTF-8. `newline` matters to EBCDIC only.
    pub fn of(page: CodePage, newline: NewLine) -> Option<&'static Self> {
        match page {
            CodePage::Utf8 => None,
            CodePage::Iso8859_1 => Some(&LATIN_1),
            CodePage::Iso8859_15 => Some(&LATIN_9),
            CodePage::Windows1252 => Some(&WINDOWS),
            page => {
                let index = page as usize - CodePage::Ibm037 as usize;
                match newline {
                    NewLine::Nl => Some(&WITH_NL[index]),
                    NewLine::Lf => Some(&WITH_LF[index]),
                }
            }
        }
    }

    /// The character of a byte.
    pub fn decode(&self, byte: u8) -> char {
        // No character of a page is a surrogate: every table is tested.
        char::from_u32(self.to_unicode[usize::from(byte)].into())
            .unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    /// The byte of a character.
    pub fn encode(&self, c: char) -> Option<u8> {
        let code = u16::try_from(u32::from(c)).ok()?;
        match u8::try_from(code) {
            Ok(low) => {
                let byte = self.low[usize::from(low)];
                (self.to_unicode[usize::from(byte)] == code).then_some(byte)
            }
            Err(_) => self.beyond.iter().find(|(beyond, _)| *beyond == code).map(|(_, byte)| *byte),
        }
    }

    const fn new(to_unicode: Standard) -> Self {
        let mut low = [0; 256];
        let mut beyond = [(0, 0); MAX_BEYOND];
        let (mut byte, mut used) = (0, 0);
        while byte < 256 {
            let code = to_unicode[byte];
            if code < 256 {
                low[code as usize] = byte as u8;
            } else {
                beyond[used] = (code, byte as u8);
                used += 1;
            }
            byte += 1;
        }
        Self { to_unicode, low, beyond }
    }

    /// A page of encoding_rs, which is that of the WHATWG.
    fn of_encoding(encoding: &'static Encoding) -> Self {
        let mut to_unicode = [0; 256];
        for (byte, code) in (0..=u8::MAX).zip(&mut to_unicode) {
            let bytes = [byte];
            let (text, _) = encoding.decode_without_bom_handling(&bytes);
            // Every byte of these pages is one character below U+10000.
            *code = text.encode_utf16().next().unwrap_or_default();
        }
        Self::new(to_unicode)
    }
}

/// The EBCDIC pages to the letter.
static WITH_LF: [Table; 22] = tables(NewLine::Lf);

/// The EBCDIC pages with NL as U+000A.
static WITH_NL: [Table; 22] = tables(NewLine::Nl);

static LATIN_1: Table = {
    let mut to_unicode = [0; 256];
    let mut code = 0;
    while code < 256 {
        to_unicode[code] = code as u16;
        code += 1;
    }
    Table::new(to_unicode)
};

static LATIN_9: LazyLock<Table> = LazyLock::new(|| Table::of_encoding(ISO_8859_15));

static WINDOWS: LazyLock<Table> = LazyLock::new(|| Table::of_encoding(WINDOWS_1252));

const fn tables(newline: NewLine) -> [Table; 22] {
    let mut tables = [const { Table::new([0; 256]) }; 22];
    let mut page = 0;
    while page < tables.len() {
        let mut to_unicode = *EBCDIC[page];
        if let NewLine::Nl = newline {
            to_unicode[NL as usize] = EBCDIC[page][LF as usize];
            to_unicode[LF as usize] = EBCDIC[page][NL as usize];
        }
        tables[page] = Table::new(to_unicode);
        page += 1;
    }
    tables
}
