//! Whole decks: what is read out of them, what is wrong with them, in which formats they come.

mod errors;
mod formats;
mod manual;
mod mutations;
mod values;
mod warnings;

use std::path::Path;

use super::{Config, LoadError, LoadOptions, Loaded, parse};

/// A deck without anything wrong in it.
const GOOD: &str = "\
* type   name     fields by type
LISTEN   SOCKS    SOCKS    1080
PROFILE  PAPER    22    host1234.example.com
SET      PAPER    USER         tunnel
SET      PAPER    IDENTITY     keys/paper
HOSTKEY  PAPER    SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
FILTER   MAIL     TUNNEL  PAPER    NNN 25,110,143  *.corp.example
FILTER   REST     BLOCK            NNN *           *
";

fn load(deck: &[u8]) -> Result<Loaded, LoadError> {
    let options = LoadOptions { check_files: false, ..LoadOptions::default() };
    parse("DECK", Some(Path::new("/etc/zoxy")), deck, &options)
}

/// Loads a deck from a file, and checks the files that it names.
fn load_file(path: &Path) -> Result<Loaded, LoadError> {
    super::load(&path.into(), &LoadOptions::default())
}

fn config(deck: &str) -> Config {
    match load(deck.as_bytes()) {
        Ok(loaded) => loaded.config,
        Err(error) => panic!("{:#?}", error.diagnostics()),
    }
}

/// The lines of everything that is wrong or suspicious.
fn lines(deck: &str) -> Vec<String> {
    let diagnostics = match load(deck.as_bytes()) {
        Ok(loaded) => loaded.warnings,
        Err(error) => error.diagnostics().to_vec(),
    };
    diagnostics.into_iter().map(|diagnostic| diagnostic.line).collect()
}

/// The good deck with more cards behind its last one but one.
fn good_with(cards: &str) -> String {
    let last = GOOD.rfind("FILTER   REST").unwrap();
    format!("{}{cards}{}", &GOOD[..last], &GOOD[last..])
}
