//! The manual and the samples against the code.

use super::super::settings::{SETTINGS, Scope};
use super::*;

const MANUAL: &str = include_str!("../../../docs/config.md");

/// The fenced blocks of the manual that are whole decks.
fn decks() -> Vec<&'static str> {
    let blocks = MANUAL.split("```deck\n").skip(1);
    blocks.map(|rest| rest.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn every_setting_is_in_the_table_of_its_place() {
    let places = [
        (Scope::Process, "### Settings of the process"),
        (Scope::Listener, "### Settings of a listener"),
        (Scope::Profile, "### Settings of a profile"),
        (Scope::Filter, "### Settings of a filter"),
    ];
    for (scope, heading) in places {
        let section = MANUAL.split(&format!("{heading}\n")).nth(1).expect(heading);
        let table: Vec<_> = section
            .lines()
            .skip_while(|line| !line.starts_with('|'))
            .take_while(|line| line.starts_with('|'))
            .skip(2)
            .collect();
        let rows = SETTINGS.iter().filter(|setting| setting.scope == scope);
        let rows: Vec<_> = rows.map(|setting| setting.row()).collect();
        assert_eq!(table, rows, "the table of docs/config.md must read:\n{}", rows.join("\n"));
    }
}

#[test]
fn every_deck_of_the_manual_is_good() {
    assert!(decks().len() >= 5);
    for deck in decks() {
        match load(deck.as_bytes()) {
            Ok(loaded) => assert!(loaded.warnings.is_empty(), "{:#?}\n{deck}", loaded.warnings),
            Err(error) => panic!("{:#?}\n{deck}", error.diagnostics()),
        }
    }
}

#[test]
fn every_keyword_is_in_a_deck_of_the_manual() {
    let sets: Vec<_> = decks().iter().flat_map(|deck| deck.lines()).collect();
    for setting in SETTINGS {
        let shown = sets.iter().any(|card| {
            card.starts_with("SET ")
                && card.get(18..30).is_some_and(|at| at.trim() == setting.keyword)
        });
        assert!(shown, "{}", setting.keyword);
    }
}

#[test]
fn every_sample_is_good() {
    let samples = [
        ("MINIMAL", include_str!("../../../samples/MINIMAL")),
        ("FULL", include_str!("../../../samples/FULL")),
        ("ZOXYIVP", include_str!("../../../samples/ZOXYIVP")),
    ];
    for (name, deck) in samples {
        let loaded = load(deck.as_bytes())
            .unwrap_or_else(|error| panic!("{name}: {:#?}", error.diagnostics()));
        assert!(loaded.warnings.is_empty(), "{name}: {:#?}", loaded.warnings);
    }
}
