//! What bytes look like: EBCDIC or not, and which page of it.
//!
//! The only place that decides this: for decks and members ([`CodePage::detect`]), for `zoxy iconv
//! --detect` ([`detect`]) and for control connections ([`is_ebcdic_command`]). In doubt bytes are
//! not EBCDIC, so that text which extends ASCII is never taken for it.

mod language;
mod page;

use std::fmt::{self, Display};
use std::str;

use super::{CodePage, LF, NL};

pub use page::{Basis, PageGuess};

/// How many bytes are looked at.
pub const SAMPLE: usize = 64 * 1024;

/// What bytes look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Detected {
    /// Valid UTF-8, which ASCII is too; also nothing at all.
    Utf8,
    /// Neither UTF-8 nor EBCDIC: an 8-bit page, and nothing tells which, or no text.
    Other,
    /// EBCDIC, probably in this page.
    Ebcdic(PageGuess),
}

impl Display for Detected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Utf8 => f.write_str("UTF-8"),
            Self::Other => f.write_str("neither UTF-8 nor EBCDIC: an 8-bit page, or no text"),
            Self::Ebcdic(guess) => guess.fmt(f),
        }
    }
}

impl CodePage {
    /// The page of a member, by its first 64 KiB. Text in 8-bit pages counts as UTF-8, since their
    /// bytes do not tell them apart; where it is not, decoding will show it.
    pub fn detect(bytes: &[u8]) -> Self {
        match detect(bytes) {
            Detected::Utf8 | Detected::Other => Self::Utf8,
            Detected::Ebcdic(guess) => guess.page,
        }
    }
}

/// Looks at the first [`SAMPLE`] bytes of a text, with or without line ends and descriptor words.
///
/// EBCDIC has its blanks at X'40' and its line ends at X'15' and X'25', its letters and digits
/// above X'80'. A single word without a blank or line end is too little to tell it.
pub fn detect(bytes: &[u8]) -> Detected {
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let counts = Counts::of(sample);
    let is_utf8 = match str::from_utf8(sample) {
        Ok(_) => true,
        // The sample may end within a character.
        Err(error) => error.error_len().is_none() && sample.len() < bytes.len(),
    };
    if counts.are_ebcdic(is_utf8) {
        Detected::Ebcdic(page::guess(sample))
    } else if is_utf8 {
        Detected::Utf8
    } else {
        Detected::Other
    }
}

/// Whether the first bytes of a control connection are an EBCDIC command; None: more are needed.
///
/// A command of FTP begins with three or four letters (RFC 959). In EBCDIC these are bytes that
/// cannot stand there in ASCII, nor in UTF-8.
pub fn is_ebcdic_command(bytes: &[u8]) -> Option<bool> {
    let verb = bytes.get(..4).unwrap_or(bytes);
    let letters = verb.iter().take_while(|byte| is_letter(**byte)).count();
    match (letters, verb.get(letters)) {
        (4, None) | (3, Some(&(BLANK | CR | NL | LF))) => {
            let could_be_utf8 = match str::from_utf8(&verb[..letters]) {
                Ok(_) => true,
                Err(error) => error.error_len().is_none(),
            };
            Some(!could_be_utf8)
        }
        (_, None) => None,
        _ => Some(false),
    }
}

/// How often what tells text from text stands in a sample.
#[derive(Debug, Default)]
struct Counts {
    /// Blanks and line ends of EBCDIC.
    ebcdic_white: usize,
    /// Its letters and digits.
    ebcdic: usize,
    /// Blanks and line feeds of ASCII.
    ascii_white: usize,
    /// Its letters and digits.
    ascii: usize,
    /// Bytes from X'80' on that are neither letters nor digits in every EBCDIC page.
    high: usize,
}

impl Counts {
    fn of(sample: &[u8]) -> Self {
        let mut counts = Self::default();
        let mut before = 0;
        for byte in sample {
            match *byte {
                BLANK | NL => counts.ebcdic_white += 1,
                // Elsewhere it may be a percent sign.
                LF if before == CR => counts.ebcdic_white += 1,
                b' ' | b'\n' => counts.ascii_white += 1,
                byte if byte.is_ascii_alphanumeric() => counts.ascii += 1,
                0xf0..=0xf9 => counts.ebcdic += 1,
                byte if is_letter(byte) => counts.ebcdic += 1,
                0x80.. => counts.high += 1,
                _ => {}
            }
            before = *byte;
        }
        counts
    }

    fn are_ebcdic(&self, is_utf8: bool) -> bool {
        let ebcdic = self.ebcdic + self.ebcdic_white;
        let ascii = self.ascii + self.ascii_white;
        if is_utf8 {
            // Nothing but blanks and marks, as cards that only divide a deck.
            return self.ebcdic + self.high == 0 && self.ebcdic_white >= ENOUGH && ebcdic > ascii;
        }
        // Other alphabets have their letters above X'80' too, but in other places and with ASCII's
        // blanks.
        let is_in_place = 3 * self.high <= ebcdic;
        let has_white = match (self.ebcdic_white, self.ascii_white) {
            (0, 0) => self.ebcdic >= ENOUGH && 2 * self.ascii <= self.ebcdic,
            (of_ebcdic, of_ascii) => of_ebcdic > of_ascii,
        };
        is_in_place && has_white && ebcdic > ascii
    }
}

/// Whether the byte is a letter in EBCDIC, in whichever page.
fn is_letter(byte: u8) -> bool {
    matches!(byte & 0xbf, 0x81..=0x89 | 0x91..=0x99 | 0xa2..=0xa9)
}

/// The blank of EBCDIC.
const BLANK: u8 = 0x40;

/// The carriage return of both.
const CR: u8 = 0x0d;

/// Bytes that are enough where blanks and line ends cannot be weighed.
const ENOUGH: usize = 16;

#[cfg(test)]
mod tests;
