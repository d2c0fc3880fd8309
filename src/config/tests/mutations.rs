//! Decks with random damage: they never panic, and the work grows no faster than the deck.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use super::super::{CodePage, RecordFormat};
use super::*;
use crate::testing::Random;

#[test]
fn damage_never_panics() {
    let mut random = Random(0x5eed);
    let base =
        good_with(&format!("{:71}+\n{:40}22\n", "FILTER   C        BLOCK            NNN 21,", ""));
    let formats = [None, Some(RecordFormat::TEXT), Some(RecordFormat::FB), Some(RecordFormat::VB)];
    let pages = [None, Some(CodePage::Utf8), Some(CodePage::Ibm1047)];
    for _ in 0..3_000 {
        let mut deck = base.clone().into_bytes();
        for _ in 0..=random.below(8) {
            let at = random.below(deck.len());
            match random.below(4) {
                0 => deck[at] = u8::try_from(random.below(256)).unwrap(),
                1 if deck.len() > 1 => drop(deck.remove(at)),
                2 => deck.insert(at, b" \t\n*+,Y9"[random.below(8)]),
                _ => deck.truncate(at.max(1)),
            }
        }
        let options = LoadOptions {
            code_page: pages[random.below(pages.len())],
            record_format: formats[random.below(formats.len())],
            check_files: false,
        };
        let _ = parse("DECK", Some(Path::new("")), &deck, &options);
    }
}

#[test]
fn bytes_without_meaning_never_panic() {
    let mut random = Random(0xb17e5);
    for length in 0..2_000 {
        let deck: Vec<u8> = (0..length).map(|_| u8::try_from(random.below(256)).unwrap()).collect();
        let _ = load(&deck);
    }
}

/// What this thread has computed so far, whatever else the machine does.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

#[test]
fn large_decks_take_linear_time() {
    const CARDS: usize = 400;
    let decks: [fn(usize) -> String; 4] = [
        |n| format!("FILTER   F{n:06}  BLOCK            NNN *           h{n}.example\n"),
        |n| format!("SET      *        WORKERS      {n}\n"),
        |n| format!("LISTEN   L{n:06}  SOCKS    {:<5}\n", n % 60_000 + 1),
        |_| format!("{:31}{:40}+\n", "", "x"),
    ];
    for card in decks {
        let shortest = |cards: usize| {
            let mut deck = format!("{:71}+\n", "SET      *        CONSOLE      x");
            deck.extend((0..cards).map(card));
            let time = |_| {
                let start = cpu_time();
                let _ = load(deck.as_bytes());
                cpu_time() - start
            };
            (0..5).map(time).min().unwrap_or_default()
        };
        let (few, many) = (shortest(CARDS), shortest(8 * CARDS));
        // Eight times the cards: linear work takes 8 times as long, quadratic 64 times.
        assert!(many < 24 * few + Duration::from_millis(20), "{few:?} {many:?} {}", card(0));
    }
}
