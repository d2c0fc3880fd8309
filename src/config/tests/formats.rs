//! Decks as text, FB 80 and VB, in ASCII and EBCDIC, with and without sequence numbers.

use super::super::{CodePage, RecordFormat, parse_known};
use super::*;
use crate::dataset::Dcb;

/// The good deck as 80-byte cards with sequence numbers.
fn cards() -> Vec<String> {
    let cards = GOOD.lines().enumerate();
    cards.map(|(index, line)| format!("{line:72}{:08}", (index + 1) * 100)).collect()
}

fn describe(record: &[u8]) -> Vec<u8> {
    let length = u16::try_from(record.len() + 4).unwrap().to_be_bytes();
    [&length[..], &[0, 0], record].concat()
}

fn assert_good(deck: &[u8], what: &str) {
    let loaded = load(deck).unwrap_or_else(|error| panic!("{what}: {:#?}", error.diagnostics()));
    assert!(loaded.warnings.is_empty(), "{what}");
    assert_eq!(loaded.config.filters.len(), 2, "{what}");
    assert_eq!(loaded.config.filters[0].destination.to_string(), "*.corp.example", "{what}");
    assert_eq!(loaded.config.filters[1].card, 8, "{what}");
}

#[test]
fn every_format_is_read_in_every_code_page() {
    for page in CodePage::ALL {
        let records: Vec<Vec<u8>> = cards().iter().map(|card| page.encode(card).unwrap()).collect();
        let line_end = page.encode("\n").unwrap();
        assert_good(&records.join(&line_end[..]), &format!("{page} text"));
        assert_good(&records.concat(), &format!("{page} FB"));
        let described: Vec<_> = records.iter().map(|record| describe(record)).collect();
        assert_good(&described.concat(), &format!("{page} VB"));
        let blocks: Vec<_> = described.chunks(3).map(|block| describe(&block.concat())).collect();
        assert_good(&blocks.concat(), &format!("{page} VB with blocks"));
    }
}

#[test]
fn short_lines_and_carriage_returns_are_read() {
    assert_good(GOOD.as_bytes(), "short lines");
    assert_good(GOOD.replace('\n', "\r\n").as_bytes(), "CRLF");
    assert_good(GOOD.trim_end().as_bytes(), "no final line end");
    assert_good(GOOD.replace('\n', "    \n").as_bytes(), "trailing blanks");
    assert_good(&[b"\xef\xbb\xbf", GOOD.as_bytes()].concat(), "byte order mark");
}

#[test]
fn format_and_page_can_be_named() {
    let page = CodePage::Ibm1047;
    let deck = page.encode(&cards().concat()).unwrap();
    let load = |code_page, record_format| {
        let options = LoadOptions { code_page, record_format, check_files: false };
        parse("DECK", Some(Path::new("")), &deck, &options)
    };
    assert!(load(Some(page), Some(RecordFormat::FB)).is_ok());
    assert!(load(Some(CodePage::Utf8), None).is_err());
    let error = load(None, Some(RecordFormat::VB)).unwrap_err();
    assert!(error.diagnostics()[0].line.starts_with("ZOX1001E DECK: "), "{error:?}");
}

#[test]
fn what_cannot_be_cut_is_told_with_its_offset() {
    let mut deck = describe(b"LISTEN   SOCKS    SOCKS    1080");
    deck.extend(b"\0\x50\0\0cut off");
    let error = load(&deck).unwrap_err();
    let line = &error.diagnostics()[0].line;
    assert!(line.contains("offset 35 gives 80 bytes where 11 are left"), "{line}");
}

#[test]
fn an_empty_member_has_no_listener() {
    for deck in ["", "\n\n", "* nothing but a comment\n", "        \n"] {
        assert!(lines(deck)[0].starts_with("ZOX1030E"), "{deck:?}");
    }
}

#[test]
fn attributes_of_a_data_set_come_before_a_look_and_behind_options() {
    let page = CodePage::Ibm273;
    let records: String = GOOD.lines().map(|line| format!("{line:100}")).collect();
    let deck = page.encode(&records).unwrap();
    let has = |recfm| Dcb {
        recfm: Some(recfm),
        lrecl: (recfm == RecordFormat::FB).then_some(100),
        code_page: Some(page),
        ..Dcb::default()
    };
    let load = |recfm, options: &LoadOptions| {
        let attributes = has(recfm).complete().unwrap();
        let base = Some(Path::new(""));
        parse_known("DECK", base, &deck, Some(&attributes), options).map(|loaded| loaded.config)
    };
    let plain = LoadOptions { check_files: false, ..LoadOptions::default() };
    assert_eq!(load(RecordFormat::FB, &plain).unwrap().filters.len(), 2);
    let text = LoadOptions { record_format: Some(RecordFormat::TEXT), ..plain.clone() };
    assert!(load(RecordFormat::FB, &text).is_err());
    let other = LoadOptions { code_page: Some(CodePage::Utf8), ..plain.clone() };
    assert!(load(RecordFormat::FB, &other).is_err());
    // Blocks are no cards: it is looked at, and 900 bytes look like text.
    assert!(load(RecordFormat::U, &plain).is_err());
}

#[test]
fn paths_in_a_deck_without_a_directory_begin_with_a_slash() {
    let parse = |file: &str| {
        let deck = GOOD.replace("keys/paper", file);
        let options = LoadOptions { check_files: false, ..LoadOptions::default() };
        parse("DECK", None, deck.as_bytes(), &options)
    };
    for file in ["/etc/zoxy/keys/paper", "//'ZOXY.KEYS(PAPER)'", "//DD:PAPER"] {
        let loaded = parse(file).unwrap();
        assert_eq!(loaded.config.profiles[0].identities[0].to_string(), file);
    }
    let error = parse("keys/paper").unwrap_err();
    let line = &error.diagnostics()[1].line;
    let expected = "found 'keys/paper', expected a path that begins with /, or a data set, for the \
                    deck is in no directory";
    assert!(line.ends_with(expected), "{line}");
    let secret = GOOD.replace("IDENTITY     keys/paper", "PASSWORD     hunter2");
    let options = LoadOptions { check_files: false, ..LoadOptions::default() };
    let error = super::parse("DECK", None, secret.as_bytes(), &options).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
