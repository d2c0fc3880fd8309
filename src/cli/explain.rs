//! `zoxy explain`: says which filter a destination hits, and what would be done; or what a message
//! means.

use super::deck::{self, Deck};
use super::output::Output;
use super::rc::Rc;
use super::usage;
use crate::config::{Host, Target};
use crate::message::catalogue::NO_SUCH_MESSAGE;
use crate::message::manual;
use crate::socks::host_from_name;

const BRIEF: &str = "\
Usage: zoxy explain -c CONFIG [OPTIONS] HOST PORT
       zoxy explain ID...

Says which filter of a deck a destination hits and what zoxy would do with the
connection. Nothing is connected to and no name is resolved: HOST stands for
exactly what a SOCKS client would send, an address or a name.

With the IDs of messages, such as ZOX3004E or EZA1735I, it explains these: what
they mean, what zoxy does, what the operator can do.";

const RETURN_CODES: &str = "
Return codes: 0 the connection would be made, 4 it would be blocked, 8 the deck
or the command is wrong, 12 the deck cannot be read.
";

/// Runs `zoxy explain` with the arguments after the subcommand; returns the return code.
pub(super) fn main(arguments: &[String]) -> u8 {
    run(arguments).print()
}

fn run(arguments: &[String]) -> Output {
    let matches = match deck::parse("explain", arguments, [BRIEF, RETURN_CODES]) {
        Ok(matches) => matches,
        Err(output) => return output,
    };
    if !matches.opt_present("config")
        && !matches.free.is_empty()
        && matches.free.iter().all(|word| manual::is_id(word))
    {
        return messages(&matches.free);
    }
    let deck_and_target = Deck::from_matches(&matches)
        .and_then(|deck| target(&matches.free).map(|target| (deck, target)));
    match deck_and_target {
        Ok((deck, target)) => explain(&deck, &target),
        Err(problem) => usage("explain", &problem),
    }
}

/// What messages mean.
fn messages(ids: &[String]) -> Output {
    let explained: Result<Vec<String>, &String> =
        ids.iter().map(|id| manual::explain(id).ok_or(id)).collect();
    match explained {
        Ok(texts) => Output::new(Rc::Ok, texts.join("\n")),
        Err(id) => Output::failure(Rc::Error, NO_SUCH_MESSAGE.render(&[("id", id)])),
    }
}

fn target(arguments: &[String]) -> Result<Target, String> {
    let [host, port] = arguments else { return Err("expected HOST and PORT".to_owned()) };
    let wrong_host = || format!("{host} is neither an address nor a name");
    let host = match Host::parse(host) {
        // Rules see an address that is written as a name as what it is.
        Some(Host::Name(name)) => host_from_name(name.as_bytes()),
        other => other,
    };
    let host = host.ok_or_else(wrong_host)?;
    let wrong_port = || format!("{port} is no port, 1-65535");
    let port = port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong_port)?;
    Ok(Target { host, port })
}

/// A deck that is usable is explained even if the files it names are out of reach.
fn explain(deck: &Deck, target: &Target) -> Output {
    let options = crate::config::LoadOptions { check_files: false, ..deck.options.clone() };
    match crate::config::load(&deck.name, &options) {
        Ok(loaded) => {
            let explanation = loaded.config.explain(target);
            let rc = if explanation.is_blocked() { Rc::Warning } else { Rc::Ok };
            Output::new(rc, explanation.to_string())
        }
        Err(error) => Output::new(deck::rc_of(&error), deck::lines(error.diagnostics())),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const DECK: &str = "\
LISTEN   SOCKS    SOCKS    1080
SET      SOCKS    USERS        /nonexistent/users
FILTER   NEAR     DIRECT           NNN *           10.0.0.0/8
";

    fn explained(test: &str, deck: &str, target: &[&str]) -> Output {
        let name = format!("zoxy-explain-{}-{test}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, deck).unwrap();
        let mut arguments = vec!["-c".to_owned(), path.display().to_string()];
        arguments.extend(target.iter().map(|argument| (*argument).to_owned()));
        let output = run(&arguments);
        fs::remove_file(&path).unwrap();
        output
    }

    #[test]
    fn the_return_code_tells_whether_the_connection_would_be_made() {
        let output = explained("made", DECK, &["10.1.1.1", "21"]);
        assert_eq!(output.rc, Rc::Ok, "{output:?}");
        assert!(output.out.contains("NEAR (card 3)"), "{}", output.out);
        for spelling in ["10.1.1.1.", "10.65793", "::ffff:10.1.1.1"] {
            assert_eq!(explained("spelled", DECK, &[spelling, "21"]).rc, Rc::Ok, "{spelling}");
        }
        assert_eq!(explained("blocked", DECK, &["10.1.1.1.example", "21"]).rc, Rc::Warning);
        assert_eq!(explained("bad", "WHAT", &["10.1.1.1", "21"]).rc, Rc::Error);
        let missing = run(&["-c", "/nonexistent/DECK", "h", "21"].map(str::to_owned));
        assert_eq!(missing.rc, Rc::Severe);
    }

    #[test]
    fn messages_are_explained() {
        let output = run(&["zox3004e", "ZOX4521"].map(str::to_owned));
        assert_eq!(output.rc, Rc::Ok);
        assert!(output.out.starts_with("ZOX3004E ") && output.out.contains("\nZOX4521I "));
        assert!(output.out.contains("Operator response:"));
        let output = run(&["ZOX9999E".to_owned()]);
        assert_eq!(output.rc, Rc::Error);
        assert_eq!(output.err, "ZOX0561E there is no message ZOX9999E\n");
    }

    #[test]
    fn wrong_targets_are_told() {
        for (target, expected) in [
            (&["host"][..], "expected HOST and PORT"),
            (&["host", "0"], "0 is no port"),
            (&["host", "ftp"], "ftp is no port"),
            (&["two words", "21"], "two words is neither"),
        ] {
            let output = explained("wrong", DECK, target);
            assert_eq!(output.rc, Rc::Error);
            assert!(output.err.contains(expected), "{}", output.err);
        }
    }
}
