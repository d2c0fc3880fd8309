//! The command line.

use std::path::PathBuf;

use getopts::{Matches, Options as Getopts};

use crate::clock::Pace;
use crate::line::Line;
use crate::lines;

/// What to measure and how.
pub struct Options {
    /// Lines chosen, in table order.
    pub lines: Vec<Line>,
    /// How long.
    pub pace: Pace,
    /// Whether instructions are counted.
    pub instructions: bool,
    /// File for the Markdown table.
    pub markdown: PathBuf,
}

/// What the command line asks for.
pub enum Wish {
    /// Measure.
    Run(Options),
    /// Do one line so often: this program under valgrind.
    Repeat {
        /// Which.
        line: Line,
        /// How often.
        times: u64,
    },
    /// Print this and end.
    Tell(String),
}

/// The option of [`Wish::Repeat`].
pub const REPEAT: &str = "--repeat";

/// Reads the arguments behind the program's name.
pub fn read(arguments: impl Iterator<Item = String>) -> Result<Wish, String> {
    let specification = specification();
    // cargo bench adds this one itself.
    let arguments = arguments.filter(|argument| argument != "--bench");
    let matches = specification.parse(arguments).map_err(|error| error.to_string())?;
    if let Some(word) = matches.free.first() {
        return Err(format!("{word}: there are options only"));
    }
    if matches.opt_present("help") {
        return Ok(Wish::Tell(help(&specification)));
    }
    let lines = choose(&matches.opt_strs("only"))?;
    if let Some(times) = matches.opt_str("repeat") {
        return repeat(lines, &times);
    }
    Ok(Wish::Run(Options {
        lines,
        pace: if matches.opt_present("quick") { Pace::QUICK } else { Pace::FULL },
        instructions: matches.opt_present("instructions"),
        markdown: markdown(&matches),
    }))
}

fn specification() -> Getopts {
    let mut options = Getopts::new();
    options.optmulti("o", "only", "this line (ftp-227), or family (ftp); repeatable", "LINE");
    options.optflag("i", "instructions", "count instructions too (Debian package valgrind)");
    options.optflag("q", "quick", "a few milliseconds each: a glance, not a result");
    options.optopt("m", "markdown", "file for the table (default target/micro.md)", "FILE");
    options.optopt("", &REPEAT[2..], "do the line so often and tell nothing, for valgrind", "N");
    options.optflag("h", "help", "this text");
    options
}

fn help(specification: &Getopts) -> String {
    let brief = "Usage: tests/micro/run [OPTIONS]\n\n\
        Measures parsers, channel layer and ciphers of zoxy one by one.";
    let mut text = specification.usage(brief);
    text.push_str("\nLines:\n");
    for line in lines::all() {
        text.push_str(&format!("    {:<20} {}\n", line.name, line.about));
    }
    text
}

fn choose(only: &[String]) -> Result<Vec<Line>, String> {
    let is_called = |line: &Line, word: &str| {
        line.name == word || line.name.split_once('-').is_some_and(|(family, _)| family == word)
    };
    let mut all = lines::all();
    if let Some(unknown) = only.iter().find(|word| !all.iter().any(|line| is_called(line, word))) {
        let names: Vec<_> = all.iter().map(|line| line.name).collect();
        return Err(format!("--only {unknown}: no such line; there are {}", names.join(", ")));
    }
    all.retain(|line| only.is_empty() || only.iter().any(|word| is_called(line, word)));
    Ok(all)
}

fn repeat(mut lines: Vec<Line>, times: &str) -> Result<Wish, String> {
    let times = times.parse().map_err(|_| format!("{REPEAT} {times}: a number is expected"))?;
    match (lines.pop(), lines.is_empty()) {
        (Some(line), true) => Ok(Wish::Repeat { line, times }),
        _ => Err(format!("{REPEAT} needs --only with one line")),
    }
}

fn markdown(matches: &Matches) -> PathBuf {
    let default = concat!(env!("CARGO_MANIFEST_DIR"), "/target/micro.md");
    PathBuf::from(matches.opt_str("markdown").unwrap_or_else(|| default.to_owned()))
}
