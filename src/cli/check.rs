//! `zoxy check`: reads a deck and says everything that is wrong with it.

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

fn run(arguments: &[String]) -> Output {
    let matches = match deck::parse("check", arguments, [BRIEF, RETURN_CODES]) {
        Ok(matches) => matches,
        Err(output) => return output,
    };
    if let Some(extra) = matches.free.first() {
        return usage("check", &format!("{extra} is one argument too many"));
    }
    match Deck::from_matches(&matches) {
        Ok(deck) => check(&deck),
        Err(problem) => usage("check", &problem),
    }
}

fn check(deck: &Deck) -> Output {
    let member = &deck.name;
    let loaded = crate::config::load(&deck.name, &deck.options);
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const GOOD: &str =
        "LISTEN   SOCKS    SOCKS    1080\nFILTER   REST     BLOCK            NNN * *\n";

    /// Runs the command with a deck in a file of its own.
    fn check(deck: &str, options: &[&str]) -> Output {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("zoxy-check-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, deck).unwrap();
        let mut arguments = vec!["-c".to_owned(), path.display().to_string()];
        arguments.extend(options.iter().map(|option| (*option).to_owned()));
        let output = run(&arguments);
        fs::remove_file(&path).unwrap();
        output
    }

    #[test]
    fn the_return_code_is_that_of_the_worst_diagnostic() {
        let good = format!("{}{:15}*\n", &GOOD[..GOOD.len() - 3], "");
        let warning = "LISTEN   SOCKS    SOCKS    1080\n";
        assert_eq!(check(&good, &[]).rc, Rc::Ok, "{:?}", check(&good, &[]));
        assert_eq!(check(warning, &[]).rc, Rc::Warning);
        let output = check(GOOD, &[]);
        assert_eq!(output.rc, Rc::Error);
        assert!(output.out.ends_with("2 errors, 0 warnings\n"), "{}", output.out);
    }

    #[test]
    fn a_deck_that_is_not_there_is_severe() {
        let output = run(&["--config=/nonexistent/DECK".to_owned()]);
        assert_eq!(output.rc, Rc::Severe);
        assert!(output.out.starts_with("ZOX1000S /nonexistent/DECK: "), "{}", output.out);
    }

    #[test]
    fn page_and_format_can_be_named() {
        assert!(check(GOOD, &["--recfm", "vb"]).out.starts_with("ZOX1001E "));
        let output = check(GOOD, &["--codepage", "IBM-875"]);
        assert_eq!(output.rc, Rc::Error);
        assert!(output.err.contains("IBM-875: expected UTF-8, ISO-8859-1, "));
    }

    #[test]
    fn wrong_command_lines_are_told() {
        for (arguments, expected) in [
            (&[][..], "-c CONFIG is missing"),
            (&["-c", "DECK", "more"], "more is one argument too many"),
            (&["-x"], "'x'"),
        ] {
            let arguments: Vec<_> = arguments.iter().map(|&part| part.to_owned()).collect();
            let output = run(&arguments);
            assert_eq!(output.rc, Rc::Error);
            assert!(output.err.contains(expected), "{}", output.err);
        }
        assert!(run(&["--help".to_owned()]).out.contains("--recfm FORMAT"));
    }
}
