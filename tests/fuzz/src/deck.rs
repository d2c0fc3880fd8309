//! [`config::parse`]: every complaint names a place that is there, and a deck means the same in any
//! format and code page.

use std::path::Path;

use zoxy::codepage::CodePage;
use zoxy::config::{self, Config, Host, LoadError, LoadOptions, Loaded, Target};
use zoxy::dataset::{Layout, RecordFormat, cut};

/// The input is a deck.
pub fn run(data: &[u8]) {
    let read = parse(data, None, None);
    check(&read, data.len() + 1);
    for format in [RecordFormat::TEXT, RecordFormat::FB, RecordFormat::VB] {
        for page in [CodePage::Utf8, CodePage::Ibm1047] {
            check(&parse(data, Some(format), Some(page)), data.len() + 1);
        }
    }
    if let Ok(loaded) = &read {
        explain(&loaded.config);
    }
    as_cards_in_ebcdic(data);
}

fn parse(
    data: &[u8],
    record_format: Option<RecordFormat>,
    code_page: Option<CodePage>,
) -> Result<Loaded, LoadError> {
    let options = LoadOptions { record_format, code_page, check_files: false };
    config::parse("DECK", Some(Path::new("/fuzz")), data, &options)
}

fn check(read: &Result<Loaded, LoadError>, most_cards: usize) {
    let (all, is_refused) = match read {
        Ok(loaded) => (&loaded.warnings[..], false),
        Err(error) => (error.diagnostics(), true),
    };
    assert_eq!(all.iter().any(|diagnostic| diagnostic.is_error()), is_refused);
    for diagnostic in all {
        let (first, last) = diagnostic.columns;
        let is_of_deck = diagnostic.card == 0 && (first, last) == (0, 0);
        assert!(is_of_deck || (1..=most_cards).contains(&diagnostic.card), "{diagnostic}");
        assert!(is_of_deck || (1 <= first && first <= last), "{diagnostic}");
        let line = diagnostic.to_string();
        assert!(!line.contains(char::is_control) && line.len() < 2000, "{line:?}");
        assert!(line.starts_with(&diagnostic.message.id()), "{line}");
    }
}

fn explain(config: &Config) {
    for (host, port) in [("10.1.2.3", 21), ("server.example", 22), ("::1", 65_535), ("x", 1)] {
        let host = Host::parse(host).expect("it is a host");
        let target = Target { host, port };
        let explanation = config.explain(&target);
        assert_eq!(
            config.decide(&target).is_none(),
            explanation.to_string().contains("none match")
        );
    }
}

/// The same deck as FB 80 in EBCDIC, if it can be that.
fn as_cards_in_ebcdic(data: &[u8]) {
    let page = CodePage::Ibm1047;
    let layout = Layout::of(RecordFormat::TEXT, CodePage::Utf8);
    let lines = cut(data, layout).expect("any text has lines");
    let is_card = |line: &&[u8]| line.len() <= 80 && line.iter().all(|b| (b' '..=b'~').contains(b));
    if !lines.iter().all(is_card) {
        return;
    }
    let cards: String = lines
        .iter()
        .map(|line| format!("{:80}", std::str::from_utf8(line).expect("it is ASCII")))
        .collect();
    let cards = page.encode(&cards).expect("EBCDIC has all of ASCII");
    let text = parse(data, Some(RecordFormat::TEXT), Some(CodePage::Utf8));
    let cards = parse(&cards, Some(RecordFormat::FB), Some(page));
    let said = |read: &Result<Loaded, LoadError>| -> Vec<String> {
        let all = match read {
            Ok(loaded) => &loaded.warnings[..],
            Err(error) => error.diagnostics(),
        };
        all.iter().map(ToString::to_string).collect()
    };
    assert_eq!(said(&text), said(&cards));
    if let (Ok(text), Ok(cards)) = (text, cards) {
        assert_eq!(format!("{:?}", text.config), format!("{:?}", cards.config));
    }
}
