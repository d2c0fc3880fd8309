//! The command line.

use std::path::PathBuf;

use getopts::Options as Getopts;

use crate::failure::Failure;
use crate::lines::{self, Line};
use crate::load::Load;

/// What to measure and how.
pub struct Options {
    /// Lines chosen, in table order.
    pub lines: Vec<Line>,
    /// Measurements of each line for each contender.
    pub rounds: usize,
    /// Sizes of the loads.
    pub load: Load,
    /// The zoxy to measure.
    pub zoxy: PathBuf,
    /// File for the Markdown table.
    pub markdown: PathBuf,
}

/// What the command line asks for.
pub enum Wish {
    /// Measure.
    Run(Options),
    /// Print this and end.
    Tell(String),
}

/// Reads the arguments behind the program's name.
pub fn read(arguments: impl Iterator<Item = String>) -> Result<Wish, Failure> {
    let specification = specification();
    // cargo bench adds this one itself.
    let arguments = arguments.filter(|argument| argument != "--bench");
    let matches =
        specification.parse(arguments).map_err(|error| Failure::new(error.to_string()))?;
    if let Some(word) = matches.free.first() {
        return Err(Failure::new(format!("{word}: there are options only")));
    }
    if matches.opt_present("help") {
        return Ok(Wish::Tell(help(&specification)));
    }
    let quick = matches.opt_present("quick");
    let mut load = if quick { Load::QUICK } else { Load::FULL };
    if let Some(mebibytes) = number(&matches, "size", 1 << 20)? {
        load.bytes = (mebibytes as u64) << 20;
    }
    if let Some(tunnels) = number(&matches, "tunnels", 100_000)? {
        load.tunnels = tunnels;
    }
    let rounds = number(&matches, "rounds", 1000)?.unwrap_or(if quick { 3 } else { 5 });
    let lines = choose(&matches.opt_strs("only"), matches.opt_present("noise"))?;
    let path = |name: &str, default: &str| {
        PathBuf::from(matches.opt_str(name).unwrap_or_else(|| default.to_owned()))
    };
    let zoxy = path("zoxy", env!("CARGO_BIN_EXE_zoxy"));
    let markdown = path("markdown", concat!(env!("CARGO_MANIFEST_DIR"), "/target/bench.md"));
    Ok(Wish::Run(Options { lines, rounds, load, zoxy, markdown }))
}

fn specification() -> Getopts {
    let mut options = Getopts::new();
    options.optmulti(
        "o",
        "only",
        "measure this line (down-1), or family (down); repeatable",
        "LINE",
    );
    options.optopt("r", "rounds", "measurements of each line (default 5)", "N");
    options.optopt("s", "size", "MiB in one measurement of throughput (default 1024)", "MIB");
    options.optopt("t", "tunnels", "tunnels held open at once (default 2000)", "N");
    options.optflag("q", "quick", "small loads, 3 rounds: a glance, not a result");
    options.optflag("n", "noise", "ssh -D against itself: how far ratios stray from 1 by chance");
    options.optopt("z", "zoxy", "the zoxy to measure (default: this build's)", "FILE");
    options.optopt("m", "markdown", "file for the table (default target/bench.md)", "FILE");
    options.optflag("h", "help", "this text");
    options
}

fn help(specification: &Getopts) -> String {
    let brief = "Usage: tests/bench/run [OPTIONS]\n\n\
        Measures zoxy beside ssh -D and plain connections, in turn, with an sshd of its own.";
    let mut text = specification.usage(brief);
    text.push_str("\nLines:\n");
    for line in lines::all() {
        text.push_str(&format!("    {:<14} {}\n", line.name, line.about));
    }
    text
}

/// A number from 1 to `most`, if the option is there.
fn number(matches: &getopts::Matches, name: &str, most: usize) -> Result<Option<usize>, Failure> {
    matches.opt_str(name).map_or(Ok(None), |text| match text.parse() {
        Ok(number) if (1..=most).contains(&number) => Ok(Some(number)),
        _ => Err(Failure::new(format!("--{name} {text}: a number from 1 to {most} is expected"))),
    })
}

fn choose(only: &[String], noise: bool) -> Result<Vec<Line>, Failure> {
    let all = lines::all();
    if let Some(unknown) = only.iter().find(|word| !all.iter().any(|line| line.is_called(word))) {
        let names: Vec<&str> = all.iter().map(|line| line.name).collect();
        return Err(Failure::new(format!(
            "--only {unknown}: no such line; there are {}",
            names.join(", ")
        )));
    }
    let chosen = |line: &Line| only.is_empty() || only.iter().any(|word| line.is_called(word));
    let lines = all.into_iter().filter(chosen);
    if noise {
        return Ok(lines.filter_map(Line::against_itself).collect());
    }
    Ok(lines.collect())
}
