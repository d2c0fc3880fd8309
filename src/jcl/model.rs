//! The model: what a deck without errors says.
//!
//! [`Job`] is made by [`crate::jcl::read`] only. Everything is resolved: procedures are expanded and
//! overridden, symbols replaced, backward and forward references followed, names of earlier steps
//! turned into indices into [`Job::steps`], defaults filled in.

mod condition;
mod dd;
mod listing;

use std::fmt::{self, Display};
use std::sync::Arc;

pub use condition::*;
pub use dd::*;
pub use listing::*;

/// Where a statement stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The member, as [`crate::jcl::Member::source`] names it.
    pub source: Arc<str>,
    /// Its first card, counted from 1.
    pub card: usize,
    /// Number of the statement in the listing, counted from 1 over the whole job.
    pub statement: usize,
}

/// A job: the JOB statement and all that follows.
#[derive(Debug, Clone)]
pub struct Job {
    /// Name, 1 to 8 characters.
    pub name: String,
    /// Where the JOB statement stands.
    pub position: Position,
    /// Accounting information, one item for each positional subparameter; none if left out.
    pub accounting: Vec<String>,
    /// Programmer's name; blank if left out.
    pub programmer: String,
    /// CLASS, one to eight characters; None if left out.
    pub class: Option<String>,
    /// MSGCLASS: output class of the job log, and of SYSOUT=* (default `A`).
    pub message_class: char,
    /// MSGLEVEL: what the job log shows.
    pub message_level: MessageLevel,
    /// REGION in bytes; None if left out or 0.
    pub region: Option<u64>,
    /// TIME of the whole job.
    pub time: Option<TimeLimit>,
    /// COND: before each step but the first, one test that holds for any earlier step ends the job.
    /// The tests are about all steps, those that have not run yet included.
    pub cond: Vec<CondTest>,
    /// NOTIFY: user to tell when the job ends.
    pub notify: Option<String>,
    /// USER: on whose behalf, for the job log only.
    pub user: Option<String>,
    /// TYPRUN.
    pub type_run: TypeRun,
    /// JOBRC: which return code is that of the job.
    pub job_rc: JobRc,
    /// RESTART: index of the first step to run; the steps before it are bypassed. 0 if left out.
    pub restart: usize,
    /// The JOBLIB DD, for all steps without a STEPLIB.
    pub joblib: Option<Dd>,
    /// IF statements; [`Step::conditions`] holds indices into this.
    pub ifs: Vec<If>,
    /// Steps in the order they run, those of procedures in the place of their EXEC. At least one.
    pub steps: Vec<Step>,
    /// COMMAND statements and commands on cards of their own, in deck order. z/OS runs them when
    /// the job is read, before its first step.
    pub commands: Vec<Command>,
    /// What was accepted and has no effect here: keywords of the JOB statement and whole statements.
    pub ignored: Vec<&'static str>,
}

/// MSGLEVEL=(statements,messages).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageLevel {
    /// Which statements the job log lists.
    pub statements: ListedStatements,
    /// Whether it has the messages of data sets and steps when all ends well (1), or only when a
    /// step ends abnormally (0).
    pub messages: bool,
}

impl Default for MessageLevel {
    fn default() -> Self {
        Self { statements: ListedStatements::All, messages: true }
    }
}

/// First subparameter of MSGLEVEL.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListedStatements {
    /// 0: the JOB statement.
    Job,
    /// 1: everything, procedures expanded.
    All,
    /// 2: the deck, without the statements of procedures.
    Deck,
}

/// TYPRUN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeRun {
    /// Left out: run the job.
    Run,
    /// SCAN: check it, and run nothing.
    Scan,
    /// HOLD or JCLHOLD: run it when an operator says so.
    Hold,
}

/// JOBRC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobRc {
    /// MAXRC, the default: the highest of all steps.
    Max,
    /// LASTRC: that of the last step that ran.
    Last,
    /// (STEP,name): that of one step; the highest if it did not run.
    Step(usize),
}

/// TIME: processor time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeLimit {
    /// So many seconds.
    Seconds(u32),
    /// 1440 or NOLIMIT.
    NoLimit,
    /// MAXIMUM: 357912 minutes.
    Maximum,
}

/// A command for the operator's console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Where it stands.
    pub position: Position,
    /// The command with its operands, such as `F ZOXY,REFRESH`.
    pub text: String,
}

/// A step: one program to run.
#[derive(Debug, Clone)]
pub struct Step {
    /// Name of its EXEC statement, or of the EXEC statement that called the procedure.
    pub name: Option<String>,
    /// For a step of a procedure: the name of its EXEC statement there.
    pub procstep: Option<String>,
    /// For a step of a procedure: the name of the procedure.
    pub procedure: Option<String>,
    /// Where its EXEC statement stands.
    pub position: Position,
    /// PGM, 1 to 8 characters.
    pub program: String,
    /// PARM or PARMDD.
    pub parm: Option<Parm>,
    /// COND.
    pub cond: Cond,
    /// The IF statements around it, from the outermost inwards: index into [`Job::ifs`], and the
    /// value the expression must have (false: the step stands behind the ELSE).
    ///
    /// An IF is evaluated once, when the job comes to the first step within it, and not at all if
    /// one around it bypasses it. All steps within go by that one value.
    pub conditions: Vec<(usize, bool)>,
    /// TIME of the step.
    pub time: Option<TimeLimit>,
    /// REGION in bytes; None if left out or 0.
    pub region: Option<u64>,
    /// DD statements in their order; names are unique.
    pub dds: Vec<Dd>,
    /// Keywords of the EXEC statement that were accepted and have no effect here.
    pub ignored: Vec<&'static str>,
}

impl Step {
    /// The DD of that name, in upper case.
    pub fn dd(&self, name: &str) -> Option<&Dd> {
        self.dds.iter().find(|dd| dd.name == name)
    }
}

/// `STEP`, or `STEP.PROCSTEP`; `*` for one without a name.
impl Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name.as_deref().unwrap_or("*"))?;
        match &self.procstep {
            Some(procstep) => write!(f, ".{procstep}"),
            None => Ok(()),
        }
    }
}

/// What the program is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Parm {
    /// PARM: at most 100 characters.
    Text(String),
    /// PARMDD: the name of a DD of the step that holds it.
    Dd(String),
}
