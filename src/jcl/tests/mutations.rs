//! Decks with random damage: they never panic, and the work grows no faster than the deck.

use std::fs;
use std::time::Duration;

use super::members::folder;
use super::*;
use crate::testing::Random;

/// All decks and procedures of the tests.
fn decks() -> Vec<Vec<u8>> {
    let mut names: Vec<_> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "jcl"))
        .collect();
    names.sort();
    names.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Pieces that mean something to the parser.
const PIECES: &[&str] = &[
    "//",
    "/*",
    "//*",
    "\n",
    "\n// ",
    ",",
    ",\n//  ",
    "'",
    "''",
    "&",
    "&&",
    "&HLQ",
    ".",
    "..",
    "(",
    ")",
    "=",
    "*",
    "*.S1.A",
    " ",
    "  ",
    "DD *",
    " DD ",
    " EXEC ",
    "PGM=",
    "PROC",
    " PROC \n",
    "\n// PEND\n",
    " IF ",
    " THEN",
    "\n// ELSE\n",
    "\n// ENDIF\n",
    " SET ",
    "INCLUDE MEMBER=LOOP",
    "EXEC RECURSE",
    "DLM=",
    "SYMBOLS=EXECSYS",
    "DDNAME=",
    "DSN=",
    "DISP=(",
    "COND=(",
    "EVEN",
    "PARM='",
    "DCB=(",
    "\u{e4}",
    "\u{ac}",
    "\t",
    "DATA",
    "DUMMY",
    "99999999999",
    "(-1:1)",
];

#[test]
fn damage_never_panics() {
    let mut random = Random(0x10b);
    let decks = decks();
    for round in 0..6_000 {
        let mut deck = decks[round % decks.len()].clone();
        for _ in 0..=random.below(6) {
            let at = random.below(deck.len() + 1);
            let end = (at + random.below(12)).min(deck.len());
            match random.below(6) {
                0 if at < deck.len() => deck[at] = random.below(256) as u8,
                1 => drop(deck.drain(at..end)),
                2 => deck.truncate(at),
                3 => {
                    let part = deck[at..end].to_vec();
                    let to = random.below(deck.len() + 1);
                    deck.splice(to..to, part);
                }
                _ => {
                    let piece = PIECES[random.below(PIECES.len())];
                    deck.splice(at..at, piece.bytes());
                }
            }
        }
        let deck =
            Member { source: "DECK".to_owned(), bytes: deck, code_page: None, record_format: None };
        for reading in read(&deck, &Members, &system()) {
            let errors = reading.diagnostics.iter().any(Diagnostic::is_error);
            assert_eq!(reading.job.is_none(), errors, "{:?}", reading.diagnostics);
            reading.job.iter().for_each(check);
            reading.listing.lines(ListedStatements::All);
        }
    }
}

/// What every job of the model promises.
fn check(job: &Job) {
    assert!(!job.steps.is_empty() && job.restart < job.steps.len());
    for (index, step) in job.steps.iter().enumerate() {
        assert!(!step.program.is_empty());
        assert!(step.conditions.iter().all(|(at, _)| *at < job.ifs.len()));
        assert!(step.cond.tests.iter().all(|test| test.tested.steps.end <= index));
        for dd in &step.dds {
            assert!(!dd.parts.is_empty());
            assert_eq!(step.dds.iter().filter(|other| other.name == dd.name).count(), 1);
        }
    }
}

#[test]
fn bytes_without_meaning_never_panic() {
    let mut random = Random(0xb17e5);
    for length in 0..1_000 {
        let mut bytes = b"//A JOB\n//B EXEC PGM=C\n//D DD ".to_vec();
        bytes.extend(random.bytes(length));
        let deck = Member { source: "D".into(), bytes, code_page: None, record_format: None };
        read(&deck, &Members, &system());
    }
}

#[test]
fn large_decks_take_linear_time() {
    const CARDS: usize = 500;
    let decks: [fn(usize) -> String; 7] = [
        |n| format!("//D{n:<7} DD DSN=A.B{n},DISP=SHR\n"),
        |n| format!("// SET A{}=&A{}..X\n", n % 100, (n + 7) % 100),
        |_| "// IF RC=0 THEN\n// ENDIF\n".to_owned(),
        |_| "//  DD *\ndata\n/*\n".to_owned(),
        |n| format!("//P{n:<7} PROC\n// PEND\n"),
        |n| format!("//* {n}\n"),
        |_| "//  DD PATH='/a',\n".to_owned() + "//  PATHMODE=SIRUSR,\n//  PATHOPTS=ORDONLY\n",
    ];
    for card in decks {
        let shortest = |cards: usize| {
            let mut deck = "//BIG JOB\n//S EXEC PGM=P\n//X DD DUMMY\n".to_owned();
            deck.extend((0..cards).map(card));
            let time = |_| {
                let start = cpu_time();
                read_deck(&deck);
                cpu_time() - start
            };
            (0..5).map(time).min().unwrap_or_default()
        };
        let (few, many) = (shortest(CARDS), shortest(6 * CARDS));
        // Six times the cards: linear work takes 6 times as long, quadratic 36 times.
        assert!(many < 20 * few + Duration::from_millis(30), "{few:?} {many:?} {}", card(0));
    }
}
