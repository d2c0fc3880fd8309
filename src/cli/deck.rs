//! Options of every subcommand that reads a deck.

use std::fmt::Write;
use std::str::FromStr;

use getopts::{Matches, Options};

use super::output::Output;
use super::rc::Rc;
use super::usage;
use crate::config::{Diagnostic, LoadError, LoadOptions};
use crate::dataset::{FileName, Prefix, RecordFormat, RecordKind};
use crate::message::catalogue::DATASET_NAME_WRONG;

/// Takes the command line of a subcommand apart that has no options but [`add_options`]; two texts stand before and behind
/// them in its help. The error is what to print instead: the help, or what is wrong.
pub(super) fn parse(
    subcommand: &str,
    arguments: &[String],
    [brief, behind]: [&str; 2],
) -> Result<Matches, Output> {
    let mut options = Options::new();
    add_options(&mut options);
    let matches = options.parse(arguments);
    let matches = matches.map_err(|error| usage(subcommand, &error.to_string()))?;
    match matches.opt_present("help") {
        true => Err(Output::new(Rc::Ok, options.usage(brief) + behind)),
        false => Ok(matches),
    }
}

/// Adds `--config`, `--codepage`, `--recfm` and `--help`.
pub(super) fn add_options(options: &mut Options) {
    options
        .optopt(
            "c",
            "config",
            "the deck: a path, //'HLQ.NAME(MEMBER)' or //DD:NAME(MEMBER)",
            "CONFIG",
        )
        .optopt(
            "",
            "codepage",
            "its code page, such as UTF-8 or IBM-1047 (default: detected)",
            "PAGE",
        )
        .optopt("", "recfm", "its record format: TEXT, FB or VB (default: detected)", "FORMAT")
        .optflag("h", "help", "print this help");
}

/// The deck of a command line and how to read it.
#[derive(Debug)]
pub(super) struct Deck {
    pub name: FileName,
    pub options: LoadOptions,
}

impl Deck {
    /// Takes what [`add_options`] added; the error says what is wrong with it.
    pub fn from_matches(matches: &Matches) -> Result<Self, String> {
        let name = file_name(&matches.opt_str("config").ok_or("-c CONFIG is missing")?)?;
        let record_format: Option<RecordFormat> = named(matches, "recfm")?;
        if record_format.is_some_and(|format| format.kind == RecordKind::Undefined) {
            return Err("--recfm U: cards are TEXT, F, FB, V or VB".to_owned());
        }
        let options = LoadOptions {
            code_page: named(matches, "codepage")?,
            record_format,
            ..LoadOptions::default()
        };
        Ok(Self { name, options })
    }
}

/// The deck that a command line names; the error says what is wrong with its name.
pub(super) fn file_name(text: &str) -> Result<FileName, String> {
    FileName::parse(text, &Prefix::Environment)
        .map_err(|error| DATASET_NAME_WRONG.fill(&[("name", &text), ("reason", &error)]))
}

/// The return code for a deck that cannot be used.
pub(super) fn rc_of(error: &LoadError) -> Rc {
    match error {
        LoadError::Unreadable(_) => Rc::Severe,
        LoadError::Invalid(_) => Rc::Error,
    }
}

/// Diagnostics as they are printed, one a line.
pub(super) fn lines(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().fold(String::new(), |mut text, diagnostic| {
        // Writing into a String never fails.
        let _ = writeln!(text, "{diagnostic}");
        text
    })
}

pub(super) fn named<T: FromStr<Err: std::fmt::Display>>(
    matches: &Matches,
    option: &str,
) -> Result<Option<T>, String> {
    let Some(name) = matches.opt_str(option) else { return Ok(None) };
    name.parse().map(Some).map_err(|error| format!("--{option} {name}: {error}"))
}
