//! `zoxy run`: the proxy, in the foreground.

use getopts::Options;

use super::deck::{self, Deck};
use super::output::Output;
use super::rc::Rc;
use super::usage;
use crate::engine::supervisor::{self, Failure};
use crate::message::log;

const BRIEF: &str = "\
Usage: zoxy run -c CONFIG [OPTIONS]

Runs the proxy in the foreground until SIGTERM, SIGINT or the operator's P.
SIGHUP and F REFRESH read the deck again. Messages go to stderr.";

const RETURN_CODES: &str = "
Return codes: 0 stopped as asked, 8 the deck has errors, 12 the deck cannot be
read, or a port or the console is not to be had, 16 zoxy itself failed.
";

/// Runs `zoxy run` with the arguments after the subcommand; returns the return code.
pub(super) fn main(arguments: &[String]) -> u8 {
    let options = options();
    let matches = match options.parse(arguments) {
        Ok(matches) => matches,
        Err(error) => return usage("run", &error.to_string()).print(),
    };
    if matches.opt_present("help") {
        return Output::new(Rc::Ok, options.usage(BRIEF) + RETURN_CODES).print();
    }
    if let Some(extra) = matches.free.first() {
        return usage("run", &format!("{extra} is one argument too many")).print();
    }
    let Deck { name, options } = match Deck::from_matches(&matches) {
        Ok(deck) => deck,
        Err(problem) => return usage("run", &problem).print(),
    };
    log::init(matches.opt_count("verbose"));
    let rc = match supervisor::run(name, options) {
        Ok(()) => Rc::Ok,
        Err(Failure::Deck) => Rc::Error,
        Err(Failure::Unreadable | Failure::Start) => Rc::Severe,
        Err(Failure::Worker | Failure::Seams) => Rc::Fatal,
    };
    rc.into()
}

fn options() -> Options {
    let mut options = Options::new();
    deck::add_options(&mut options);
    options.optflagmulti("v", "verbose", "debugging lines as well; twice: every change of state");
    options
}
