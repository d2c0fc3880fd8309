//! `zoxy check`: reads a deck and says everything that is wrong with it.

use getopts::Options;

use super::deck::{self, Deck};
use super::output::Output;
use super::rc::Rc;
use super::usage;
use crate::message::catalogue::DECK_SUMMARY;

const BRIEF: &str = "\
Usage: zoxy check -c CONFIG [OPTIONS]

Reads a deck and the files it names, and prints everything that is wrong with
them, each with card number and columns. Nothing is started and nothing is
connected to.";

const RETURN_CODES: &str = "
Return codes: 0 nothing is wrong, 4 warnings only, 8 errors: zoxy run would not
start with the deck, 12 the deck cannot be read.
";

/// Runs `zoxy check` with the arguments after the subcommand; returns the return code.
pub(super) fn main(arguments: &[String]) -> u8 {
    run(arguments).print()
}

fn options() -> Options {
    let mut options = Options::new();
    deck::add_options(&mut options);
    options
}

fn run(arguments: &[String]) -> Output {
    let options = options();
    let matches = match options.parse(arguments) {
        Ok(matches) => matches,
        Err(error) => return usage("check", &error.to_string()),
    };
    if matches.opt_present("help") {
        return Output::new(Rc::Ok, options.usage(BRIEF) + RETURN_CODES);
    }
    if let Some(extra) = matches.free.first() {
        return usage("check", &format!("{extra} is one argument too many"));
    }
    match Deck::from_matches(&matches) {
        Ok(deck) => check(&deck),
        Err(problem) => usage("check", &problem),
    }
}

fn check(deck: &Deck) -> Output {
    let member = deck.path.display();
    let loaded = crate::config::load(&deck.path, &deck.options);
    let (rc, diagnostics) = match &loaded {
        Ok(loaded) if loaded.warnings.is_empty() => (Rc::Ok, &loaded.warnings[..]),
        Ok(loaded) => (Rc::Warning, &loaded.warnings[..]),
        Err(error) => (deck::rc_of(error), error.diagnostics()),
    };
    let mut out = deck::lines(diagnostics);
    if rc < Rc::Severe {
        let errors = diagnostics.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let warnings = diagnostics.len() - errors;
        let arguments: [(_, &dyn std::fmt::Display); 3] =
            [("member", &member), ("errors", &errors), ("warnings", &warnings)];
        out += &DECK_SUMMARY.render(&arguments);
        out.push('\n');
    }
    Output::new(rc, out)
}
