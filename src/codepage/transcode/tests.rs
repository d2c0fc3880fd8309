//! Conversions in pieces of many lengths.

use super::*;
use CodePage::*;

const NL: LineEnds = LineEnds::Text(NewLine::Nl);
const LF: LineEnds = LineEnds::Text(NewLine::Lf);

/// Converts in pieces of every length from one to that of the whole, always with one result.
fn converted(transcoder: impl Fn() -> Transcoder, input: &[u8]) -> Result<Vec<u8>, Failure> {
    let in_pieces = |length: usize| {
        let mut transcoder = transcoder();
        let mut output = b"before".to_vec();
        let pieces = input.chunks(length).try_for_each(|piece| transcoder.push(piece, &mut output));
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
    assert_eq!(substituted(Ibm1140, Ibm037, None, b"\x9f\x9f"), (b"\x3f\x3f".into(), 2, Some(0)));
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
