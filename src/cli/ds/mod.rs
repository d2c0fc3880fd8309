//! `zoxy ds`: data sets on this system.
//!
//! Each of its commands has its own file with a function that takes the arguments after its name;
//! `COMMANDS` is the list of them. `copy` and `convert` share `plan` (what goes where) and `move_one`
//! (one file). Called by the dispatcher of subcommands.

mod alloc;
mod attr;
mod attributes;
mod copy;
mod delete;
mod list;
mod move_one;
mod path;
mod plan;
mod rename;
mod show;
#[cfg(test)]
mod tests;

use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use getopts::{Matches, Options};

use super::rc::Rc;
use crate::dataset::{Dsn, FileName, MaskError, NameError, Prefix, Store, StoreError};
use crate::message::catalogue::{DATASET_IO, DATASET_NAME_WRONG};
use crate::message::{Argument, Message};

/// One command of `zoxy ds`.
struct Command {
    name: &'static str,
    /// One line for `zoxy ds --help`.
    summary: &'static str,
    run: fn(&[String], &mut Terminal<'_>) -> Result<Rc, Failure>,
}

/// All commands, in the order of `zoxy ds --help`.
const COMMANDS: &[Command] = &[
    Command { name: "list", summary: "list data sets, or members of a library", run: list::run },
    Command {
        name: "show",
        summary: "show the records of a data set, as text or hex",
        run: show::run,
    },
    Command {
        name: "copy",
        summary: "copy data sets, members and files as they are",
        run: copy::copy,
    },
    Command {
        name: "convert",
        summary: "convert text to records, records to text, page to page",
        run: copy::convert,
    },
    Command { name: "alloc", summary: "make data sets", run: alloc::run },
    Command { name: "delete", summary: "delete data sets or members", run: delete::run },
    Command { name: "rename", summary: "rename a data set or a member", run: rename::run },
    Command { name: "attr", summary: "show or change attributes", run: attr::run },
    Command { name: "path", summary: "print the path of a data set or member", run: path::run },
];

const AFTER_COMMANDS: &str = "
zoxy ds COMMAND --help prints the help of a command.

Names: HLQ.NAME, HLQ.NAME(MEMBER), or as in decks //'HLQ.NAME(MEMBER)',
//NAME(MEMBER) below ZOXY_PREFIX (default: the login name), //DD:NAME. A shell
wants names with apostrophes, parentheses, $ or # quoted.

The data sets are files below ZOXY_DSROOT; by default below /var/lib/zoxy/ds
for the user root, and below zoxy/ds in XDG_DATA_HOME or ~/.local/share for
others.

Return codes: 0 as asked, 4 as asked but something needs a look, 8 not done:
the command, a name or a record is wrong, 12 not done: something outside
failed, or a data set is in use, 16 zoxy itself failed.
";

/// Where a command writes: answers to `out`, messages that something failed to `err`.
pub(super) struct Terminal<'a> {
    pub out: &'a mut dyn Write,
    pub err: &'a mut dyn Write,
}

/// Why a command ended early: the return code and the lines that say so.
#[derive(Debug)]
pub(super) struct Failure {
    rc: Rc,
    lines: Vec<String>,
}

/// Runs `zoxy ds` with the arguments after the subcommand; returns the return code.
pub(super) fn main(arguments: &[String]) -> u8 {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut terminal = Terminal { out: &mut out, err: &mut io::stderr() };
    run(arguments, &mut terminal).into()
}

fn run(arguments: &[String], terminal: &mut Terminal<'_>) -> Rc {
    let result = match arguments.split_first() {
        None => Err(usage("", "a command is missing")),
        Some((name, _)) if matches!(name.as_str(), "-h" | "--help" | "help") => {
            terminal.say(&help()).map(|()| Rc::Ok)
        }
        Some((name, rest)) => match COMMANDS.iter().find(|command| command.name == name) {
            Some(command) => (command.run)(rest, terminal),
            None => Err(usage("", format!("there is no command {name}"))),
        },
    };
    let result =
        result.and_then(|rc| terminal.out.flush().map(|()| rc).map_err(Failure::of_output));
    match result {
        Ok(rc) => rc,
        Err(Failure { rc, lines }) => {
            // What was said before the failure comes first.
            let _ = terminal.out.flush();
            for line in lines {
                let _ = writeln!(terminal.err, "{line}");
            }
            rc
        }
    }
}

fn help() -> String {
    let mut help = String::from(
        "Usage: zoxy ds COMMAND [OPTIONS]\n\n\
         Data sets as files of this system: libraries are folders, members and\n\
         sequential data sets are files, attributes stand beside them.\n\nCommands:\n",
    );
    for Command { name, summary, .. } in COMMANDS {
        help.push_str(&format!("    {name:<9} {summary}\n"));
    }
    help + AFTER_COMMANDS
}

impl Terminal<'_> {
    /// Writes text for the standard output.
    fn say(&mut self, text: &str) -> Result<(), Failure> {
        self.out.write_all(text.as_bytes()).map_err(Failure::of_output)
    }

    /// Writes a message to the standard output, as a line.
    fn message(&mut self, message: &Message, arguments: &[Argument<'_>]) -> Result<(), Failure> {
        self.say(&(message.render(arguments) + "\n"))
    }

    /// Writes the lines of a failure and gives its return code, for commands that go on.
    fn failed(&mut self, failure: Failure) -> Rc {
        for line in failure.lines {
            // Nobody is left to be told when this fails too.
            let _ = writeln!(self.err, "{line}");
        }
        failure.rc
    }
}

impl Failure {
    fn new(rc: Rc, message: &Message, arguments: &[Argument<'_>]) -> Self {
        Self { rc, lines: vec![message.render(arguments)] }
    }

    /// Standard output cannot be written. A reader that has had enough is no failure to talk about.
    fn of_output(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::BrokenPipe {
            return Self { rc: Rc::Severe, lines: Vec::new() };
        }
        Self::new(Rc::Severe, &DATASET_IO, &[("path", &"standard output"), ("reason", &error)])
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let rc = if error.is_severe() { Rc::Severe } else { Rc::Error };
        Self { rc, lines: vec![error.line()] }
    }
}

/// A wrong command line of `zoxy ds COMMAND`.
fn usage(command: &str, problem: impl Display) -> Failure {
    let command = if command.is_empty() { "ds".to_owned() } else { format!("ds {command}") };
    let output = super::usage(&command, &problem.to_string());
    Failure { rc: output.rc, lines: vec![output.err.trim_end().to_owned()] }
}

/// Reads a command line; None if only help was wanted, which is then printed.
fn parse(
    command: &str,
    options: &mut Options,
    brief: &str,
    after: &str,
    arguments: &[String],
    terminal: &mut Terminal<'_>,
) -> Result<Option<Matches>, Failure> {
    options.optflag("h", "help", "print this help");
    let matches = options.parse(arguments).map_err(|error| usage(command, error))?;
    if matches.opt_present("help") {
        terminal.say(&(options.usage(brief) + after))?;
        return Ok(None);
    }
    Ok(Some(matches))
}

/// Adds `--wait`.
fn add_wait(options: &mut Options) {
    options.optopt(
        "w",
        "wait",
        "how long to wait for a data set that others use, 0 to 86400; default 0",
        "SECONDS",
    );
}

/// The store of the environment, with what `--wait` says.
fn store(command: &str, matches: &Matches) -> Result<Store, Failure> {
    let store = Store::from_environment()?;
    // Only some commands have it.
    if !matches.opt_defined("wait") {
        return Ok(store);
    }
    match matches.opt_str("wait").map(|text| (text.parse(), text)) {
        None => Ok(store),
        Some((Ok(seconds @ 0..=86_400), _)) => Ok(store.with_wait(Duration::from_secs(seconds))),
        Some((_, text)) => {
            Err(usage(command, format!("--wait {text}: expected seconds, 0 to 86400")))
        }
    }
}

/// The name of a data set as it stands on the command line.
fn dataset(text: &str) -> Result<Dsn, Failure> {
    FileName::parse_dataset(text, &Prefix::Environment).map_err(|error| wrong_name(text, &error))
}

fn wrong_name(text: &str, error: &NameError) -> Failure {
    Failure::new(Rc::Error, &DATASET_NAME_WRONG, &[("name", &text), ("reason", error)])
}

fn wrong_mask(text: &str, error: &MaskError) -> Failure {
    Failure::new(Rc::Error, &DATASET_NAME_WRONG, &[("name", &text), ("reason", error)])
}
