//! Decks and what becomes of them: `NAME.jcl` beside `NAME.txt`, which has for each job its
//! diagnostics, its listing and its model.
//!
//! After a change that is meant, `UPDATE_DOCS=1 cargo test --lib jcl::tests::decks` writes the
//! texts anew; every difference is to be read.

use std::collections::BTreeSet;
use std::fs;

use super::members::folder;
use super::*;
use crate::message::catalogue::AREAS;

/// Names of all decks, without their endings.
fn names() -> Vec<String> {
    let entries = fs::read_dir(folder()).expect("the folder of decks");
    let names = entries.filter_map(|entry| {
        let name = entry.expect("an entry").file_name().into_string().expect("a plain name");
        name.strip_suffix(".jcl").map(str::to_owned)
    });
    let mut names: Vec<_> = names.collect();
    names.sort();
    names
}

fn deck(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.jcl"))).expect("the deck")
}

#[test]
fn every_deck_becomes_what_is_written_beside_it() {
    let mut wrong = Vec::new();
    for name in names() {
        let found: String = read_deck(&deck(&name)).iter().map(dump::reading).collect();
        let path = folder().join(format!("{name}.txt"));
        if std::env::var_os("UPDATE_DOCS").is_some() {
            fs::write(&path, &found).expect("the text can be written");
        }
        let expected = fs::read_to_string(&path).unwrap_or_default();
        let at = found.lines().zip(expected.lines()).position(|(found, text)| found != text);
        if found != expected {
            let at = at.unwrap_or_else(|| found.lines().count().min(expected.lines().count()));
            let line = |text: &str| text.lines().nth(at).unwrap_or("nothing").to_owned();
            wrong.push(format!(
                "{name}.txt line {}:\n  found    {}\n  expected {}",
                at + 1,
                line(&found),
                line(&expected)
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(names().len() >= 40, "decks are missing");
}

#[test]
fn good_decks_make_a_job_and_bad_ones_none() {
    for name in names() {
        for reading in read_deck(&deck(&name)) {
            let errors = reading.diagnostics.iter().filter(|found| found.is_error()).count();
            assert_eq!(reading.job.is_none(), errors > 0, "{name}");
            let is_bad = name.starts_with("bad-");
            assert_eq!(errors > 0, is_bad, "{name}: {:#?}", reading.diagnostics);
        }
    }
}

#[test]
fn every_message_is_provoked_by_a_deck() {
    let provoked: BTreeSet<u16> = names()
        .iter()
        .flat_map(|name| read_deck(&deck(name)))
        .flat_map(|reading| reading.diagnostics)
        .map(|diagnostic| diagnostic.message.number)
        .collect();
    // These need decks that are too large, or members of a format of their own: `bounds`.
    let elsewhere = BTreeSet::from([7000, 7008, 7044, 7060]);
    let area = AREAS.iter().find(|area| *area.numbers.start() == 7000).expect("the area");
    for message in area.messages {
        let number = message.number;
        assert!(provoked.contains(&number) || elsewhere.contains(&number), "{}", message.id());
    }
}

#[test]
fn decks_read_the_same_in_every_format() {
    use crate::codepage::CodePage;
    for name in names().iter().filter(|name| !name.starts_with("bad-")) {
        let text = deck(name);
        if !text.is_ascii() || text.lines().any(|line| line.len() > 80) {
            continue;
        }
        let expected: String = read_deck(&text).iter().map(dump::reading).collect();
        let cards: String = text.lines().map(|line| format!("{line:<80}")).collect();
        for page in [CodePage::Utf8, CodePage::Ibm037, CodePage::Ibm1047] {
            let bytes = page.encode(&cards).expect("characters of the page");
            let deck =
                Member { source: "DECK".into(), bytes, code_page: None, record_format: None };
            let readings = read(&deck, &Members, &system());
            let found: String = readings.iter().map(dump::reading).collect();
            assert_eq!(found, expected, "{name} {page}");
        }
    }
}

#[test]
fn the_deck_of_the_manual_is_good() {
    let manual = include_str!("../../../docs/jcl.md");
    let deck = manual.split("```jcl\n").nth(1).and_then(|rest| rest.split("```").next());
    let readings = read_deck(deck.expect("a deck in docs/jcl.md"));
    assert_eq!(readings.len(), 1);
    assert!(readings[0].diagnostics.is_empty(), "{:?}", readings[0].diagnostics);
    assert_eq!(readings[0].job.as_ref().map(|job| job.steps.len()), Some(2));
}
