//! Whole decks: each under `decks/` with what becomes of it, and decks with random damage.

mod bounds;
mod decks;
mod dump;
mod members;
mod mutations;

use std::time::Duration;

use super::*;
use members::Members;

/// Reads a deck with the libraries of the tests.
fn read_deck(deck: &str) -> Vec<Reading> {
    read(&member("DECK", deck), &Members, &system())
}

fn member(source: &str, text: &str) -> Member {
    let bytes = text.as_bytes().to_vec();
    Member { source: source.to_owned(), bytes, code_page: None, record_format: None }
}

fn system() -> SystemSymbols {
    let symbols = [("SYSUID", "IBMUSER"), ("SYSNAME", "ZLX1"), ("SYSCLONE", "X1")];
    SystemSymbols(symbols.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
}

/// Processor time of this thread, which a busy machine does not stretch.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap()
}
