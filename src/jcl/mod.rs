//! JCL-style decks: a job deck becomes a checked [`Job`], or everything that is wrong with it.
//!
//! [`read`] and [`start`] are the only ways to a `Job`. They are pure: bytes in, model out; what they
//! need from elsewhere (procedures, INCLUDE members) they ask a [`Libraries`] for. Steps are run by
//! whoever has the `Job`. All of a deck is checked before there is one, so a step never meets an
//! error of the deck.

mod card;
mod condition;
mod dd;
mod interpret;
mod keyword;
mod library;
mod listing;
mod model;
mod names;
mod operand;
mod reader;
mod report;
mod secret;
mod start;
mod symbol;
mod text;
mod value;

use std::collections::BTreeMap;

use crate::codepage::CodePage;
use crate::dataset::RecordFormat;
use crate::message::catalogue::{JCL_JOB_MISSING, JCL_SKIPPED};
use crate::message::diagnostic::quoted;
use interpret::Interpreter;
use reader::{Kind, Raw};
use report::{Problem, Report};
use text::Place;

pub use crate::message::diagnostic::Diagnostic;
pub use model::*;

/// A member in memory: a deck, a procedure, or what an INCLUDE names.
#[derive(Debug, Clone)]
pub struct Member {
    /// What diagnostics and the listing call it: a path, or `//'HLQ.PROCLIB(NAME)'`.
    pub source: String,
    /// Its bytes: text lines, FB 80 or VB, in ASCII or EBCDIC.
    pub bytes: Vec<u8>,
    /// Code page; None: detected.
    pub code_page: Option<CodePage>,
    /// Record format; None: detected.
    pub record_format: Option<RecordFormat>,
}

/// Where procedures and INCLUDE members come from.
pub trait Libraries {
    /// Fetches a member of a library.
    ///
    /// `library` is a data set name of JCLLIB ORDER in upper case; None is the concatenation of the
    /// system's procedure libraries, which is asked last. `name` is a member name in upper case.
    /// The answer is `None` if the library has no such member; an error (no such library, not
    /// readable) is a reason in plain words and makes the deck fail.
    fn member(&self, library: Option<&str>, name: &str) -> Result<Option<Member>, String>;
}

/// System symbols: name without `&`, in upper case, and value.
///
/// `SYSUID`, `SYSNAME` and the like come from here. A symbol of the deck hides one of these, and
/// only these can be used with a substring: `&SYSNAME(1:2)`.
#[derive(Debug, Clone, Default)]
pub struct SystemSymbols(pub BTreeMap<String, String>);

/// What became of one job of a deck.
#[derive(Debug)]
pub struct Reading {
    /// The job; None if the deck has errors.
    pub job: Option<Job>,
    /// Every statement as it was read, for the job log.
    pub listing: Listing,
    /// Errors and warnings in the order of the listing; only warnings if there is a job.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads a deck: one [`Reading`] for each JOB statement, in their order, and never none.
///
/// A null statement (`//`) ends a job; what stands between it and the next JOB statement is skipped,
/// with a warning.
pub fn read(deck: &Member, libraries: &dyn Libraries, system: &SystemSymbols) -> Vec<Reading> {
    let mut report = Report::default();
    let Some(raws) = deck_raws(deck, &mut report) else {
        return vec![Reading::without_job(report)];
    };
    let is_job = |raw: &Raw| raw.operation() == "JOB";
    let starts: Vec<_> = (0..raws.len()).filter(|at| is_job(&raws[*at])).collect();
    let Some(first) = starts.first() else {
        let whole = Place { card: 1, from: 1, to: card::LAST, ..Place::default() };
        let place = raws.first().map_or(whole, |raw| raw.place);
        let found = "no JOB statement";
        let expected = "a JOB statement as the first card";
        report.add(Problem::new(&JCL_JOB_MISSING, place, found, expected));
        // It may be one that cannot be read.
        let spoiled = raws.iter().find(|raw| !raw.problems.is_empty());
        let problems = spoiled.into_iter().flat_map(|raw| raw.problems.clone());
        problems.for_each(|problem| report.add(problem));
        return vec![Reading::without_job(report)];
    };
    let is_harmless = |raw: &&Raw| {
        matches!(raw.kind, Kind::Comment | Kind::Delimiter | Kind::Null | Kind::Jes(_))
    };
    if let Some(raw) = raws[..*first].iter().find(|raw| !is_harmless(raw)) {
        let found = quoted(raw.first_line());
        let expected = "a JOB statement before";
        report.add(Problem::new(&JCL_JOB_MISSING, raw.place, found, expected));
    }
    let ends = starts.iter().skip(1).copied().chain([raws.len()]);
    let mut readings = Vec::new();
    for (start, end) in starts.iter().zip(ends) {
        let job = &raws[*start..end];
        let null = job.iter().position(|raw| matches!(raw.kind, Kind::Null));
        let length = null.map_or(job.len(), |null| null + 1);
        if let Some(raw) = job[length..].iter().find(|raw| !is_harmless(raw)) {
            let found = "cards behind the null statement";
            let place = Place { entry: usize::MAX, ..raw.place };
            let expected = "a JOB statement, or the end of the deck";
            report.add(Problem::new(&JCL_SKIPPED, place, found, expected));
        }
        let interpreter = Interpreter::new(report, libraries, system);
        readings.push(interpreter.job(&job[..length]));
        report = Report::default();
        report.source(&deck.source);
    }
    readings
}

/// Takes the deck itself apart; its source is the first of the report.
fn deck_raws(deck: &Member, report: &mut Report) -> Option<Vec<Raw>> {
    let source = report.source(&deck.source);
    if deck.bytes.len() > library::MAX_BYTES {
        let place = Place { source, card: 1, from: 1, to: card::LAST, ..Place::default() };
        let found = format!("{} bytes", deck.bytes.len());
        report.add_limit(place, found, format!("at most {} in a deck", library::MAX_BYTES));
        return None;
    }
    library::raws(deck, report)
}

impl Reading {
    fn without_job(report: Report) -> Self {
        let diagnostics = report.into_diagnostics();
        Self { job: None, listing: Listing::default(), diagnostics }
    }
}

/// What an operator's START command names.
#[derive(Debug, Clone)]
pub struct Start {
    /// Name of the procedure.
    pub procedure: String,
    /// Name of the job; None: that of the procedure.
    pub job: Option<String>,
    /// Keyword parameters of the command, as on EXEC: symbols of the procedure, PARM, REGION ...
    /// Values are plain text; one in parentheses is a list.
    pub parameters: Vec<(String, String)>,
}

/// Reads a procedure as a started task: a job of one EXEC statement that calls it.
pub fn start(start: &Start, libraries: &dyn Libraries, system: &SystemSymbols) -> Reading {
    let deck = start::deck(start);
    let mut readings = read(&deck, libraries, system);
    readings.swap_remove(0)
}

#[cfg(test)]
mod tests;
