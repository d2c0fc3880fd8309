//! From one code page to another, in pieces of any size.
//!
//! Called by `zoxy iconv`. A [`Transcoder`] holds at most three bytes of its input, the begin of a
//! character; what it has converted goes behind what is in the caller's buffer.

use std::fmt::{self, Display};
use std::str;

use super::table::Table;
use super::{CodePage, LineEnds, NewLine};

/// Converts one text.
#[derive(Debug)]
pub struct Transcoder {
    from: CodePage,
    to: CodePage,
    way: Way,
    /// What stands for characters that cannot be converted.
    substitute: Option<Substitute>,
    /// The begin of a UTF-8 character whose end has not come.
    begun: Begun,
    /// Where the next character starts.
    place: Place,
    substitutions: u64,
    first: Option<Failure>,
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
            Self::Missing(c, page) => {
                write!(f, "{page} has no {}", Named(*c))
            }
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
        Self {
            from,
            to,
            way: Way::new(from, to, line_ends),
            substitute: None,
            begun: Begun::default(),
            place: Place { offset: 0, line: 1 },
            substitutions: 0,
            first: None,
        }
    }

    /// The same with a character in the place of those that cannot be converted; by default
    /// U+FFFD in UTF-8 and SUB, U+001A, in other pages. None: the other page lacks this one too.
    pub fn substituting(mut self, c: Option<char>) -> Option<Self> {
        let default = if self.to == CodePage::Utf8 { char::REPLACEMENT_CHARACTER } else { SUB };
        let mut bytes = Substitute { bytes: [0; 4], length: 0 };
        let text = self.to.encode(c.unwrap_or(default).encode_utf8(&mut [0; 4])).ok()?;
        bytes.length = text.len();
        bytes.bytes[..text.len()].copy_from_slice(&text);
        self.substitute = Some(bytes);
        Some(self)
    }

    /// Converts the next piece of the input and appends it to `output`. After a failure `output`
    /// has what comes before it, and the text cannot be continued.
    pub fn push(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        match self.from {
            CodePage::Utf8 => self.push_utf8(input, output),
            _ => self.push_bytes(input, output),
        }
    }

    /// Ends the input: a character that has only begun is a failure.
    pub fn finish(&mut self, output: &mut Vec<u8>) -> Result<(), Failure> {
        match self.begun.count {
            0 => Ok(()),
            count => {
                let begun = self.begun.bytes;
                self.begun.count = 0;
                self.fail(Reason::NotUtf8(begun, count), &begun[..count], output)
            }
        }
    }

    /// How many characters were replaced by the substitute.
    pub fn substitutions(&self) -> u64 {
        self.substitutions
    }

    /// The first of them.
    pub fn first_substituted(&self) -> Option<Failure> {
        self.first
    }

    fn push_bytes(&mut self, mut input: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        while !input.is_empty() {
            let done = match &self.way {
                Way::Bytes(map) => map.convert(input, output),
                Way::Expand(map) => map.convert(input, output),
                Way::Contract(_) | Way::Check => unreachable!("that is for input in UTF-8"),
            };
            self.advance(&input[..done]);
            input = &input[done..];
            if let [byte, rest @ ..] = input {
                let c = self.from.character(*byte, NewLine::Lf).unwrap_or_default();
                self.fail(Reason::Missing(c, self.to), &[*byte], output)?;
                input = rest;
            }
        }
        Ok(())
    }

    fn push_utf8(&mut self, mut input: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        while self.begun.count > 0 && !input.is_empty() {
            let taken = self.end_character(input, output)?;
            input = &input[taken..];
        }
        while !input.is_empty() {
            let (text, rest) = match str::from_utf8(input) {
                Ok(text) => (text, None),
                Err(error) => {
                    let (valid, rest) = input.split_at(error.valid_up_to());
                    // It was found valid just now.
                    (str::from_utf8(valid).unwrap_or_default(), Some((rest, error.error_len())))
                }
            };
            self.push_text(text, output)?;
            input = match rest {
                None => &[],
                Some((rest, None)) => {
                    self.begun.push(rest);
                    &[]
                }
                Some((rest, Some(count))) => {
                    let (wrong, rest) = rest.split_at(count);
                    self.fail(not_utf8(wrong), wrong, output)?;
                    rest
                }
            };
        }
        Ok(())
    }

    /// Takes as much of the input as belongs to the character that has begun; says how much.
    fn end_character(&mut self, input: &[u8], output: &mut Vec<u8>) -> Result<usize, Failure> {
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
                    self.push_text(text, output)?;
                    return Ok(count - begun);
                }
                Err(error) => {
                    let Some(wrong) = error.error_len() else { continue };
                    // What has begun is part of no character; this byte may begin another one.
                    self.begun.count = 0;
                    self.fail(not_utf8(&bytes[..wrong]), &bytes[..wrong], output)?;
                    return Ok(wrong - begun);
                }
            }
        }
        self.begun.push(&bytes[begun..count]);
        Ok(count - begun)
    }

    fn push_text(&mut self, mut text: &str, output: &mut Vec<u8>) -> Result<(), Failure> {
        let is_checked_only = matches!(self.way, Way::Check);
        if self.place.offset == 0 && !is_checked_only {
            // The mark of UTF-8 means nothing in another page.
            if let Some(rest) = text.strip_prefix(BYTE_ORDER_MARK) {
                self.advance(&text.as_bytes()[..text.len() - rest.len()]);
                text = rest;
            }
        }
        while !text.is_empty() {
            let done = match &self.way {
                Way::Contract(map) => map.convert(text, output),
                Way::Check => {
                    output.extend_from_slice(text.as_bytes());
                    text.len()
                }
                Way::Bytes(_) | Way::Expand(_) => unreachable!("that is for input of single bytes"),
            };
            let (converted, rest) = text.split_at(done);
            self.advance(converted.as_bytes());
            text = rest;
            if let Some(c) = text.chars().next() {
                let (wrong, rest) = text.split_at(c.len_utf8());
                self.fail(Reason::Missing(c, self.to), wrong.as_bytes(), output)?;
                text = rest;
            }
        }
        Ok(())
    }

    /// Substitutes what cannot be converted, or fails.
    fn fail(&mut self, reason: Reason, bytes: &[u8], output: &mut Vec<u8>) -> Result<(), Failure> {
        let failure = Failure { place: self.place, reason };
        let Some(Substitute { bytes: substitute, length }) = self.substitute else {
            return Err(failure);
        };
        output.extend_from_slice(&substitute[..length]);
        self.advance(bytes);
        self.substitutions += 1;
        self.first.get_or_insert(failure);
        Ok(())
    }

    fn advance(&mut self, bytes: &[u8]) {
        let lines = bytes.iter().filter(|byte| self.from.is_line_end(**byte)).count();
        self.place.offset += bytes.len() as u64;
        self.place.line += lines as u64;
    }
}

/// How the bytes of a text are converted, prepared for its two pages.
#[derive(Debug)]
enum Way {
    /// From and to a single-byte page.
    Bytes(Box<ByteMap>),
    /// From a single-byte page to UTF-8.
    Expand(Box<ExpandMap>),
    /// From UTF-8 to a single-byte page.
    Contract(ContractMap),
    /// From UTF-8 to UTF-8.
    Check,
}

impl Way {
    fn new(from: CodePage, to: CodePage, line_ends: LineEnds) -> Self {
        let written = Table::of(to, line_ends.written());
        let Some(read) = Table::of(from, NewLine::Lf) else {
            return written.map_or(Self::Check, |table| Self::Contract(ContractMap::new(table)));
        };
        let character = |byte: u8| {
            let c = read.decode(byte);
            if from.is_ebcdic() { line_ends.read(c) } else { c }
        };
        match written {
            Some(table) => {
                Self::Bytes(Box::new(ByteMap::new(|byte| table.encode(character(byte)))))
            }
            None => Self::Expand(Box::new(ExpandMap::new(character))),
        }
    }
}

/// For each byte the byte it becomes.
#[derive(Debug)]
struct ByteMap {
    bytes: [u8; 256],
    /// Whether there is one.
    is_known: [bool; 256],
    is_complete: bool,
}

impl ByteMap {
    fn new(convert: impl Fn(u8) -> Option<u8>) -> Self {
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
    fn convert(&self, input: &[u8], output: &mut Vec<u8>) -> usize {
        let unknown = || input.iter().position(|byte| !self.is_known[usize::from(*byte)]);
        let count = if self.is_complete { None } else { unknown() }.unwrap_or(input.len());
        output.extend(input[..count].iter().map(|byte| self.bytes[usize::from(*byte)]));
        count
    }
}

/// For each byte its character in UTF-8, and the length of that.
#[derive(Debug)]
struct ExpandMap([([u8; 3], u8); 256]);

impl ExpandMap {
    fn new(character: impl Fn(u8) -> char) -> Self {
        let mut map = [([0; 3], 0); 256];
        for (byte, (utf8, length)) in (0..=u8::MAX).zip(&mut map) {
            // All characters of the pages are below U+10000 and so at most three bytes long.
            *length = character(byte).encode_utf8(utf8).len() as u8;
        }
        Self(map)
    }

    /// Converts all of the input.
    fn convert(&self, input: &[u8], output: &mut Vec<u8>) -> usize {
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
struct ContractMap {
    table: &'static Table,
    ascii: [u8; 128],
}

impl ContractMap {
    fn new(table: &'static Table) -> Self {
        let mut ascii = [0; 128];
        for (code, byte) in (0..128).zip(&mut ascii) {
            // Every page has all of ASCII.
            *byte = table.encode(char::from(code)).unwrap_or_default();
        }
        Self { table, ascii }
    }

    /// Converts up to the first character that the page does not have; says how many bytes.
    fn convert(&self, text: &str, output: &mut Vec<u8>) -> usize {
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

/// The first bytes of a UTF-8 character.
#[derive(Debug, Default)]
struct Begun {
    bytes: [u8; 3],
    count: usize,
}

impl Begun {
    /// Adds bytes; a character that is not complete has at most three.
    fn push(&mut self, bytes: &[u8]) {
        let end = self.count + bytes.len();
        self.bytes[self.count..end].copy_from_slice(bytes);
        self.count = end;
    }
}

#[derive(Debug, Clone, Copy)]
struct Substitute {
    bytes: [u8; 4],
    length: usize,
}

/// At most three bytes, as UTF-8 is checked.
fn not_utf8(wrong: &[u8]) -> Reason {
    let mut bytes = [0; 3];
    bytes[..wrong.len()].copy_from_slice(wrong);
    Reason::NotUtf8(bytes, wrong.len())
}

/// A character with its number, and itself if it can be shown.
struct Named(char);

impl Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(c) = *self;
        write!(f, "U+{:04X}", u32::from(c))?;
        let mut shown = c.escape_debug();
        if shown.len() == 1 && !c.is_whitespace() {
            shown.try_for_each(|c| write!(f, " {c}"))?;
        }
        Ok(())
    }
}

/// SUB, made to stand for what cannot be shown; X'3F' in EBCDIC.
const SUB: char = '\u{1a}';

const BYTE_ORDER_MARK: char = '\u{feff}';

#[cfg(test)]
mod tests {
    use super::*;
    use CodePage::*;

    const NL: LineEnds = LineEnds::Text(NewLine::Nl);
    const LF: LineEnds = LineEnds::Text(NewLine::Lf);

    /// Converts in pieces of every length from one to that of the whole, always with one result.
    fn converted(transcoder: impl Fn() -> Transcoder, input: &[u8]) -> Result<Vec<u8>, Failure> {
        let in_pieces = |length: usize| {
            let mut transcoder = transcoder();
            let mut output = b"before".to_vec();
            let pieces =
                input.chunks(length).try_for_each(|piece| transcoder.push(piece, &mut output));
            let result = pieces.and_then(|()| transcoder.finish(&mut output));
            let first = transcoder.first_substituted();
            (result, output.split_off(6), transcoder.substitutions(), first)
        };
        let whole = in_pieces(input.len().max(1));
        for length in 1..input.len().min(10) {
            assert_eq!(in_pieces(length), whole, "in pieces of {length}");
        }
        whole.0.map(|()| whole.1)
    }

    fn convert(from: CodePage, to: CodePage, line_ends: LineEnds, input: &[u8]) -> Vec<u8> {
        converted(|| Transcoder::new(from, to, line_ends), input).unwrap()
    }

    fn failure(from: CodePage, to: CodePage, input: &[u8]) -> (u64, u64, String) {
        let failure = converted(|| Transcoder::new(from, to, NL), input).unwrap_err();
        (failure.place.offset, failure.place.line, failure.reason.to_string())
    }

    #[test]
    fn every_page_goes_to_every_other_and_back() {
        let all: Vec<u8> = (0..=255).collect();
        for from in &CodePage::ALL[1..] {
            let utf8 = convert(*from, Utf8, LineEnds::Keep, &all);
            let text = from.decode_with(&all, NewLine::Lf);
            assert_eq!(utf8, text.as_bytes(), "{from}");
            assert_eq!(convert(Utf8, *from, LineEnds::Keep, &utf8), all, "{from}");
            for to in &CodePage::ALL[1..] {
                let common: String =
                    text.chars().filter(|c| to.byte(*c, NewLine::Lf).is_some()).collect();
                let bytes = from.encode_with(&common, NewLine::Lf).unwrap();
                let expected = to.encode_with(&common, NewLine::Lf).unwrap();
                assert_eq!(convert(*from, *to, LineEnds::Keep, &bytes), expected, "{from} {to}");
            }
        }
        let text = "grün, \u{20ac}, \u{1f600}\n".as_bytes();
        assert_eq!(convert(Utf8, Utf8, NL, text), text);
    }

    #[test]
    fn text_has_one_kind_of_line_end() {
        let mixed = b"\xc1\x15\xc2\x25\xc3\x0d\x25";
        assert_eq!(convert(Ibm1047, Utf8, NL, mixed), b"A\nB\nC\r\n");
        assert_eq!(convert(Ibm1047, Iso8859_1, LF, mixed), b"A\nB\nC\r\n");
        assert_eq!(convert(Ibm1047, Ibm037, NL, mixed), b"\xc1\x15\xc2\x15\xc3\x0d\x15");
        assert_eq!(convert(Ibm1047, Ibm037, LF, mixed), b"\xc1\x25\xc2\x25\xc3\x0d\x25");
        assert_eq!(convert(Ibm1047, Ibm037, LineEnds::Keep, mixed), mixed);
        assert_eq!(convert(Ibm1047, Utf8, LineEnds::Keep, &mixed[..4]), "A\u{85}B\n".as_bytes());
        let utf8 = "A\nB\u{85}".as_bytes();
        assert_eq!(convert(Utf8, Ibm1047, NL, utf8), b"\xc1\x15\xc2\x25");
        assert_eq!(convert(Utf8, Ibm1047, LF, utf8), b"\xc1\x25\xc2\x15");
        assert_eq!(convert(Iso8859_1, Ibm1047, NL, b"\n\x85"), b"\x15\x25");
        assert_eq!(convert(Iso8859_1, Utf8, NL, b"\n\x85"), b"\n\xc2\x85");
    }

    #[test]
    fn what_cannot_be_converted_is_named_with_its_place() {
        let (offset, line, reason) = failure(Utf8, Ibm037, "a\nbä €".as_bytes());
        assert_eq!((offset, line, reason.as_str()), (6, 2, "IBM-037 has no U+20AC \u{20ac}"));
        let (offset, line, reason) = failure(Ibm1140, Ibm037, b"\xc1\x15\x15\x9f");
        assert_eq!((offset, line, reason.as_str()), (3, 3, "IBM-037 has no U+20AC \u{20ac}"));
        let reason = |text: &str| failure(Utf8, Ibm037, text.as_bytes()).2;
        assert_eq!(reason("\u{202e}"), "IBM-037 has no U+202E");
        assert_eq!(reason("\u{3000}"), "IBM-037 has no U+3000");
        assert_eq!(reason("\u{1f600}"), "IBM-037 has no U+1F600 \u{1f600}");
        assert_eq!(failure(Iso8859_15, Iso8859_1, b"\xa4").2, "ISO-8859-1 has no U+20AC \u{20ac}");
    }

    #[test]
    fn what_is_not_utf8_is_named_with_its_place() {
        for (bytes, offset, shown) in [
            (&b"ab\xff"[..], 2, "FF"),
            (b"ab\xe2\x82c", 2, "E282"),
            (b"ab\xe2\x82", 2, "E282"),
            (b"ab\xf0\x9f\x98", 2, "F09F98"),
            (b"\xf0\x9f\x98\xe4", 0, "F09F98"),
            (b"\xc3\xc3\xa4", 0, "C3"),
            (b"\xed\xa0\x80", 0, "ED"),
            (b"\x80", 0, "80"),
        ] {
            for to in [Utf8, Ibm037] {
                let told = failure(Utf8, to, bytes);
                assert_eq!(told, (offset, 1, format!("X'{shown}' is not UTF-8")), "{bytes:x?}");
            }
        }
    }

    #[test]
    fn substitutes_are_counted() {
        let substituted = |from, to, c, input: &[u8]| {
            let transcoder = || Transcoder::new(from, to, NL).substituting(c).unwrap();
            let output = converted(transcoder, input).unwrap();
            let mut counting = transcoder();
            counting.push(input, &mut Vec::new()).unwrap();
            counting.finish(&mut Vec::new()).unwrap();
            let first = counting.first_substituted().map(|first| first.place.offset);
            (output, counting.substitutions(), first)
        };
        let text = "a€\u{1f600}b".as_bytes();
        assert_eq!(substituted(Utf8, Ibm037, None, text), (b"\x81\x3f\x3f\x82".into(), 2, Some(1)));
        assert_eq!(substituted(Utf8, Iso8859_1, None, text), (b"a\x1a\x1ab".into(), 2, Some(1)));
        let marks = (b"\x81\x6f\x6f\x82".to_vec(), 2, Some(1));
        assert_eq!(substituted(Utf8, Ibm037, Some('?'), text), marks);
        let cut = "a\u{fffd}b\u{fffd}".into();
        assert_eq!(substituted(Utf8, Utf8, None, b"a\xffb\xe2\x82"), (cut, 2, Some(1)));
        assert_eq!(
            substituted(Ibm1140, Ibm037, None, b"\x9f\x9f"),
            (b"\x3f\x3f".into(), 2, Some(0))
        );
        assert_eq!(substituted(Ibm037, Ibm1047, None, b"\xc1"), (b"\xc1".into(), 0, None));
        assert!(Transcoder::new(Utf8, Ibm037, NL).substituting(Some('€')).is_none());
    }

    #[test]
    fn a_byte_order_mark_is_dropped_where_it_means_nothing() {
        let marked = "\u{feff}A".as_bytes();
        assert_eq!(convert(Utf8, Ibm037, NL, marked), b"\xc1");
        assert_eq!(convert(Utf8, Utf8, NL, marked), marked);
        assert_eq!(failure(Utf8, Ibm037, "A\u{feff}".as_bytes()).0, 1);
    }

    #[test]
    fn line_ends_have_names() {
        for line_ends in [NL, LF, LineEnds::Keep] {
            assert_eq!(line_ends.to_string().to_lowercase().parse(), Ok(line_ends));
        }
        assert!("CRLF".parse::<LineEnds>().is_err());
    }
}
