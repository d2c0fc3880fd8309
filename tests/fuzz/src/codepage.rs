//! Code pages: detection, and conversion that is the same however the bytes are cut, comes back, and
//! says where it fails.

use zoxy::codepage::detect::{Detected, detect, is_ebcdic_command};
use zoxy::codepage::{CodePage, LineEnds, NewLine, Transcoder};

use crate::pieces::{SIZES, is_one_line, is_printable_line};

/// The first three bytes choose two pages, line ends and a substitute; the rest is text.
pub fn run(data: &[u8]) {
    let Some((&[from, to, how], text)) = data.split_first_chunk() else { return };
    let page = |number: u8| CodePage::ALL[usize::from(number) % CodePage::ALL.len()];
    let (from, to) = (page(from), page(to));
    let line_ends = [LineEnds::Keep, LineEnds::Text(NewLine::Nl), LineEnds::Text(NewLine::Lf)];
    let line_ends = line_ends[usize::from(how % 3)];
    detection(text);
    commands(text);
    conversion(text, from, to, line_ends, how & 0x80 != 0);
    there_and_back(text, from);
}

fn detection(text: &[u8]) {
    let found = detect(text);
    assert!(is_one_line(&found.to_string()), "{found}");
    let page = CodePage::detect(text);
    assert_eq!(page.is_ebcdic(), matches!(found, Detected::Ebcdic(_)));
    if let Detected::Ebcdic(guess) = found {
        assert!(!guess.alike.contains(&guess.page));
        // What stands beside other controls is taken for numbers.
        let is_text = |byte: &u8| *byte >= 0x40 || matches!(byte, 0x05 | 0x0d | 0x15 | 0x25);
        for alike in guess.alike.into_iter().filter(|_| text.iter().all(is_text)) {
            assert_eq!(alike.decode(text), guess.page.decode(text), "{alike} {}", guess.page);
        }
    }
}

/// What was said of the first bytes is not taken back.
fn commands(text: &[u8]) {
    let said = (0..=text.len().min(6)).map(|length| is_ebcdic_command(&text[..length]));
    let known: Vec<bool> =
        said.skip_while(Option::is_none).map(|known| known == Some(true)).collect();
    assert!(known.windows(2).all(|pair| pair[0] == pair[1]), "{known:?}");
    assert!(is_ebcdic_command(text).is_some() || text.len() < 4, "nobody can tell");
}

fn conversion(text: &[u8], from: CodePage, to: CodePage, line_ends: LineEnds, substitutes: bool) {
    let convert = |size: usize| {
        let mut transcoder = Transcoder::new(from, to, line_ends);
        if substitutes {
            transcoder = transcoder.substituting(None).expect("every page has a substitute");
        }
        let mut output = Vec::new();
        let mut pieces = text.chunks(size.min(text.len().max(1)));
        let result = pieces
            .try_for_each(|piece| transcoder.push(piece, &mut output))
            .and_then(|()| transcoder.finish(&mut output));
        (output, result, transcoder.substitutions(), transcoder.first_substituted())
    };
    let whole = convert(SIZES[0]);
    for size in &SIZES[1..] {
        assert_eq!(convert(*size), whole, "in pieces of {size}");
    }
    let (output, result, substituted, first) = whole;
    assert_eq!(substituted > 0, first.is_some());
    match result {
        Ok(()) => assert!(output.len() <= 4 * text.len()),
        Err(failure) => {
            assert!(!substitutes, "{}", failure.reason);
            assert!(failure.place.offset < text.len() as u64);
            assert!(is_printable_line(&failure.reason.to_string()), "{}", failure.reason);
        }
    }
}

/// All bytes of a page survive the way to UTF-8 and back.
fn there_and_back(text: &[u8], page: CodePage) {
    if page == CodePage::Utf8 {
        return;
    }
    let convert = |from, to, text: &[u8]| {
        let mut output = Vec::new();
        let mut transcoder = Transcoder::new(from, to, LineEnds::Keep);
        let result =
            transcoder.push(text, &mut output).and_then(|()| transcoder.finish(&mut output));
        result.map(|()| output)
    };
    let there = convert(page, CodePage::Utf8, text).expect("every byte is a character");
    assert_eq!(convert(CodePage::Utf8, page, &there).as_deref(), Ok(text), "{page}");
    assert!(page.decode(text).len() >= text.len());
}
