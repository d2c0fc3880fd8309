//! From one code page to another, in pieces of any size.
//!
//! Called by `zoxy iconv`. A [`Transcoder`] holds at most three bytes of its input, the begin of a
//! character; what it has converted goes behind what is in the caller's buffer.

mod map;

use std::fmt::{self, Display};
use std::str;

use memchr::memchr_iter;

use super::table::Table;
use super::{CodePage, LineEnds, NewLine};
use map::{ByteMap, ContractMap, ExpandMap};

/// Converts one text.
#[derive(Debug)]
pub struct Transcoder {
    way: Way,
    progress: Progress,
}

/// Where a character is in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Line ends before it, and one.
    pub line: u64,
}

/// A character that cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failure {
    /// Where it is.
    pub place: Place,
    /// What is the matter with it.
    pub reason: Reason,
}

/// Why a character cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The other page does not have it.
    Missing(char, CodePage),
    /// These bytes are not UTF-8; the second number says how many there are.
    NotUtf8([u8; 3], usize),
}

impl Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(c, page) => write!(f, "{page} has no {}", Named(*c)),
            Self::NotUtf8(bytes, count) => {
                f.write_str("X'")?;
                bytes[..*count].iter().try_for_each(|byte| write!(f, "{byte:02X}"))?;
                f.write_str("' is not UTF-8")
            }
        }
    }
}

impl Transcoder {
    /// Converts from one page to another.
    pub fn new(from: CodePage, to: CodePage, line_ends: LineEnds) -> Self {
        let progress = Progress {
            from,
            to,
            place: Place { offset: 0, line: 1 },
            substitute: None,
            substitutions: 0,
            first: None,
        };
        Self { way: Way::new(from, to, line_ends), progress }
    }

    /// The same with a character in the place of those that cannot be converted; by default
    /// U+FFFD in UTF-8 and SUB, U+001A, in other pages. None: the other page lacks this one too.
    pub fn substituting(mut self, c: Option<char>) -> Option<Self> {
        let to = self.progress.to;
        let default = if to == CodePage::Utf8 { char::REPLACEMENT_CHARACTER } else { SUB };
        let substitute = to.encode(c.unwrap_or(default).encode_utf8(&mut [0; 4])).ok()?;
        self.progress.substitute = Some(substitute);
        Some(self)
    }

    /// Converts the next piece of the input and appends it to `output`. After a failure `output`
    /// has what comes before it, and the text cannot be continued.
    pub fn push(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        match &mut self.way {
            Way::Bytes(way) => way.push(input, output, &mut self.progress),
            Way::Utf8(way) => way.push(input, output, &mut self.progress),
        }
    }

    /// Ends the input: a character that has only begun is a failure.
    pub fn finish(&mut self, output: &mut Vec<u8>) -> Result<(), Failure> {
        match &mut self.way {
            Way::Bytes(_) => Ok(()),
            Way::Utf8(way) => way.finish(output, &mut self.progress),
        }
    }

    /// How many characters were replaced by the substitute.
    pub fn substitutions(&self) -> u64 {
        self.progress.substitutions
    }

    /// The first of them.
    pub fn first_substituted(&self) -> Option<Failure> {
        self.progress.first
    }
}

/// How far a conversion is, and what becomes of what cannot be converted.
#[derive(Debug)]
struct Progress {
    from: CodePage,
    to: CodePage,
    /// Where the next character starts.
    place: Place,
    /// What stands for characters that cannot be converted.
    substitute: Option<Vec<u8>>,
    substitutions: u64,
    first: Option<Failure>,
}

impl Progress {
    /// Goes past bytes that are converted.
    fn advance(&mut self, bytes: &[u8]) {
        let [one, other] = self.from.line_ends();
        let lines = |end: u8| memchr_iter(end, bytes).count() as u64;
        self.place.offset += bytes.len() as u64;
        self.place.line += lines(one) + if other == one { 0 } else { lines(other) };
    }

    /// Substitutes a character that the other page does not have, or fails.
    fn missing(&mut self, c: char, bytes: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        self.fail(Reason::Missing(c, self.to), bytes, output)
    }

    /// Substitutes bytes that are not UTF-8, or fails. There are at most three, as UTF-8 is checked.
    fn not_utf8(&mut self, wrong: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        let mut bytes = [0; 3];
        bytes[..wrong.len()].copy_from_slice(wrong);
        self.fail(Reason::NotUtf8(bytes, wrong.len()), wrong, output)
    }

    fn fail(&mut self, reason: Reason, bytes: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        let failure = Failure { place: self.place, reason };
        let substitute = self.substitute.as_ref().ok_or(failure)?;
        output.extend_from_slice(substitute);
        self.substitutions += 1;
        self.first.get_or_insert(failure);
        self.advance(bytes);
        Ok(())
    }
}

/// How a text is converted, prepared for its two pages.
#[derive(Debug)]
enum Way {
    /// From a single-byte page.
    Bytes(FromBytes),
    /// From UTF-8.
    Utf8(FromUtf8),
}

impl Way {
    fn new(from: CodePage, to: CodePage, line_ends: LineEnds) -> Self {
        let written = Table::of(to, line_ends.written());
        let Some(read) = Table::of(from, NewLine::Lf) else {
            let map = written.map(|table| Box::new(ContractMap::new(table)));
            return Self::Utf8(FromUtf8 { map, begun: Begun::default() });
        };
        let character = |byte: u8| {
            let c = read.decode(byte);
            if from.is_ebcdic() { line_ends.read(c) } else { c }
        };
        Self::Bytes(match written {
            Some(table) => {
                FromBytes::ToBytes(Box::new(ByteMap::new(|byte| table.encode(character(byte)))))
            }
            None => FromBytes::ToUtf8(Box::new(ExpandMap::new(character))),
        })
    }
}

/// From a single-byte page.
#[derive(Debug)]
enum FromBytes {
    ToBytes(Box<ByteMap>),
    ToUtf8(Box<ExpandMap>),
}

impl FromBytes {
    fn push(
        &self,
        mut input: &[u8],
        output: &mut Vec<u8>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        while !input.is_empty() {
            let done = match self {
                Self::ToBytes(map) => map.convert(input, output),
                Self::ToUtf8(map) => map.convert(input, output),
            };
            let (converted, rest) = input.split_at(done);
            progress.advance(converted);
            input = rest;
            if let Some((byte, rest)) = input.split_first() {
                // Each of these pages has a character for every byte.
                let c = progress.from.character(*byte, NewLine::Lf).unwrap_or_default();
                progress.missing(c, &[*byte], output)?;
                input = rest;
            }
        }
        Ok(())
    }
}

/// From UTF-8.
#[derive(Debug)]
struct FromUtf8 {
    /// None: to UTF-8, so that the bytes are only checked.
    map: Option<Box<ContractMap>>,
    /// The begin of a character whose end has not come.
    begun: Begun,
}

/// The first bytes of a UTF-8 character, at most three.
#[derive(Debug, Default)]
struct Begun {
    bytes: [u8; 3],
    count: usize,
}

impl FromUtf8 {
    fn push(
        &mut self,
        mut input: &[u8],
        output: &mut Vec<u8>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        while self.begun.count > 0 && !input.is_empty() {
            let taken = self.end_character(input, output, progress)?;
            input = &input[taken..];
        }
        while !input.is_empty() {
            let (text, wrong) = match str::from_utf8(input) {
                Ok(text) => (text, None),
                Err(error) => {
                    let valid = &input[..error.valid_up_to()];
                    // It was found valid just now.
                    (str::from_utf8(valid).unwrap_or_default(), Some(error.error_len()))
                }
            };
            self.push_text(text, output, progress)?;
            input = &input[text.len()..];
            match wrong {
                None => {}
                Some(None) => {
                    self.begin(input);
                    input = &[];
                }
                Some(Some(count)) => {
                    let (wrong, rest) = input.split_at(count);
                    progress.not_utf8(wrong, output)?;
                    input = rest;
                }
            }
        }
        Ok(())
    }

    fn finish(&mut self, output: &mut Vec<u8>, progress: &mut Progress) -> Result<(), Failure> {
        let Begun { bytes, count } = std::mem::take(&mut self.begun);
        if count == 0 { Ok(()) } else { progress.not_utf8(&bytes[..count], output) }
    }

    /// Keeps the begin of a character, behind what was kept of it before.
    fn begin(&mut self, bytes: &[u8]) {
        let end = self.begun.count + bytes.len();
        self.begun.bytes[self.begun.count..end].copy_from_slice(bytes);
        self.begun.count = end;
    }

    /// Takes as much of the input as belongs to the character that has begun; says how much.
    fn end_character(
        &mut self,
        input: &[u8],
        output: &mut Vec<u8>,
        progress: &mut Progress,
    ) -> Result<usize, Failure> {
        let begun = self.begun.count;
        let mut bytes = [0; 4];
        bytes[..begun].copy_from_slice(&self.begun.bytes[..begun]);
        let mut count = begun;
        for byte in input.iter().take(bytes.len() - begun) {
            bytes[count] = *byte;
            count += 1;
            match str::from_utf8(&bytes[..count]) {
                Ok(text) => {
                    self.begun.count = 0;
                    self.push_text(text, output, progress)?;
                    return Ok(count - begun);
                }
                Err(error) => {
                    let Some(wrong) = error.error_len() else { continue };
                    // What has begun belongs to no character; this byte may begin another one.
                    self.begun.count = 0;
                    progress.not_utf8(&bytes[..wrong], output)?;
                    return Ok(wrong - begun);
                }
            }
        }
        self.begin(&bytes[begun..count]);
        Ok(count - begun)
    }

    fn push_text(
        &self,
        mut text: &str,
        output: &mut Vec<u8>,
        progress: &mut Progress,
    ) -> Result<(), Failure> {
        let Some(map) = &self.map else {
            output.extend_from_slice(text.as_bytes());
            progress.advance(text.as_bytes());
            return Ok(());
        };
        if progress.place.offset == 0 && text.starts_with(BYTE_ORDER_MARK) {
            // The mark of UTF-8 means nothing in another page.
            let (mark, rest) = text.split_at(BYTE_ORDER_MARK.len_utf8());
            progress.advance(mark.as_bytes());
            text = rest;
        }
        while !text.is_empty() {
            let (converted, rest) = text.split_at(map.convert(text, output));
            progress.advance(converted.as_bytes());
            text = rest;
            if let Some(c) = text.chars().next() {
                let (wrong, rest) = text.split_at(c.len_utf8());
                progress.missing(c, wrong.as_bytes(), output)?;
                text = rest;
            }
        }
        Ok(())
    }
}

/// A character with its number, and itself if it can be shown.
struct Named(char);

impl Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(c) = *self;
        write!(f, "U+{:04X}", u32::from(c))?;
        // One character: it needs no escape.
        if c.escape_debug().count() == 1 && !c.is_whitespace() { write!(f, " {c}") } else { Ok(()) }
    }
}

/// SUB, made to stand for what cannot be shown; X'3F' in EBCDIC.
const SUB: char = '\u{1a}';

const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests;
