//! JCL-style decks: a job deck becomes a checked [`Job`], or everything that is wrong with it.
//!
//! [`read`] and [`start`] are the only ways to a `Job`. They are pure: bytes in, model out; what they
//! need from elsewhere (procedures, INCLUDE members) they ask a [`Libraries`] for. Steps are run by
//! whoever has the `Job`. All of a deck is checked before there is one, so a step never meets an
//! error of the deck.

mod card;
mod model;
mod operand;
mod reader;
mod report;
mod symbol;
mod text;

use std::collections::BTreeMap;

use crate::codepage::CodePage;
use crate::dataset::RecordFormat;

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
pub fn read(deck: &Member, libraries: &dyn Libraries, system: &SystemSymbols) -> Vec<Reading> {
    let _ = (deck, libraries, system);
    unimplemented!("the parser follows")
}

/// What an operator's START command names.
#[derive(Debug, Clone)]
pub struct Start {
    /// Name of the procedure.
    pub procedure: String,
    /// Name of the job; None: that of the procedure.
    pub job: Option<String>,
    /// Keyword parameters of the command, as on EXEC: symbols of the procedure, PARM, REGION ...
    pub parameters: Vec<(String, String)>,
}

/// Reads a procedure as a started task: a job of one EXEC statement that calls it.
pub fn start(start: &Start, libraries: &dyn Libraries, system: &SystemSymbols) -> Reading {
    let _ = (start, libraries, system);
    unimplemented!("the parser follows")
}
