//! Statements in their order: what each adds to the job.
//!
//! The [`Interpreter`] has one job. It goes through the statements of the deck, of procedures where
//! they are called and of INCLUDE members where they are named, as if they stood there; lists each;
//! replaces its symbols; and keeps what it says. Steps are finished at the end, when every override
//! is in (`finish`).

mod control;
mod dd;
mod exec;
mod finish;
mod job;
mod overrides;
mod procedure;

use std::collections::BTreeMap;
use std::rc::Rc;

use super::dd::Dd;
use super::library::Library;
use super::model::{Command, If, Listed, Listing, Origin, Position};
use super::names::{Names, ROOT};
use super::operand::{self, Param};
use super::reader::{COMMANDS, Kind, Raw, Statement};
use super::report::{Problem, Report};
use super::secret::masked;
use super::symbol::{MAX_EXPANDED, Style, Symbols};
use super::text::Place;
use super::{Libraries, Reading, SystemSymbols};
use crate::message::catalogue::{
    JCL_MISPLACED, JCL_OPERATION_REFUSED, JCL_OPERATION_UNKNOWN, JCL_STATEMENT_IGNORED,
};
use crate::message::diagnostic::quoted;
use exec::StepBuilder;
use job::Head;

/// Statements of a job at most, those of procedures each time they are called.
const MAX_STATEMENTS: usize = 50_000;

/// INCLUDE members, procedures, and IF statements within each other at most.
const MAX_NESTING: usize = 15;

/// Statements that have no effect here: the job does the same without them.
const IGNORED: &[&str] = &["OUTPUT", "NOTIFY"];

/// Statements that cannot be done here.
const REFUSED: &[&str] = &[
    "AFTER",
    "BEFORE",
    "CNTL",
    "CONCURRENT",
    "ENDCNTL",
    "ENDSET",
    "GJOB",
    "JOBGROUP",
    "JOBSET",
    "ENDGROUP",
    "SCHEDULE",
    "SJOB",
    "XMIT",
];

/// One job while it is read.
pub(super) struct Interpreter<'a> {
    library: Library<'a>,
    symbols: Symbols<'a>,
    report: Report,
    listing: Listing,
    /// Statements so far.
    statements: usize,
    head: Option<Head>,
    joblib: Option<Dd>,
    ifs: Vec<If>,
    open_ifs: Vec<OpenIf>,
    steps: Vec<StepBuilder>,
    names: Names,
    /// The job, then the procedures that are being expanded.
    frames: Vec<Frame>,
    /// Names of the INCLUDE members that are being read.
    including: Vec<String>,
    in_stream: BTreeMap<String, Rc<[Raw]>>,
    has_jcllib: bool,
    commands: Vec<Command>,
    ignored: Vec<&'static str>,
    /// A bound was exceeded: nothing more is read.
    is_stopped: bool,
}

/// An IF statement without its ENDIF.
#[derive(Debug)]
struct OpenIf {
    /// Depth of the frame that it stands in.
    depth: usize,
    index: usize,
    is_else: bool,
    place: Place,
}

/// The job, or a procedure while it is expanded.
#[derive(Debug, Default)]
struct Frame {
    /// Its names.
    names: usize,
    /// Name of the procedure, None for the job.
    procedure: Option<String>,
    /// Name of the EXEC statement that called it.
    step: Option<String>,
    /// Keywords of that EXEC statement.
    overrides: exec::Overrides,
    /// EXEC statements so far.
    execs: usize,
    /// Whether a statement other than a comment has been read.
    has_begun: bool,
    /// What the next DD statement belongs to.
    open: Open,
}

/// What DD statements belong to.
#[derive(Debug, Default)]
enum Open {
    /// To nothing.
    #[default]
    None,
    /// To the job, as long as there was no EXEC statement.
    Job(dd::Target),
    /// To a step.
    Step { step: usize, target: dd::Target },
    /// To steps of a procedure.
    Call(overrides::Call),
}

/// Where statements come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Level {
    origin: Origin,
    /// Whether they stand in the deck, so that procedures can be defined here.
    is_deck: bool,
}

/// A statement that is being read.
#[derive(Debug, Clone)]
struct At {
    /// Its operation.
    place: Place,
    position: Position,
    /// Its entry in the listing.
    entry: usize,
}

/// Whether the member goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    On,
    End,
}

impl<'a> Interpreter<'a> {
    pub fn new(report: Report, libraries: &'a dyn Libraries, system: &'a SystemSymbols) -> Self {
        let root = Frame { names: ROOT, open: Open::Job(dd::Target::None), ..Frame::default() };
        Self {
            library: Library::new(libraries),
            symbols: Symbols::new(system),
            report,
            listing: Listing::default(),
            statements: 0,
            head: None,
            joblib: None,
            ifs: Vec::new(),
            open_ifs: Vec::new(),
            steps: Vec::new(),
            names: Names::new(),
            frames: vec![root],
            including: Vec::new(),
            in_stream: BTreeMap::new(),
            has_jcllib: false,
            commands: Vec::new(),
            ignored: Vec::new(),
            is_stopped: false,
        }
    }

    /// Reads a whole job.
    pub fn job(mut self, raws: &[Raw]) -> Reading {
        self.run(raws, Level { origin: Origin::Deck, is_deck: true });
        self.finish()
    }

    /// Goes through the statements of a member.
    fn run(&mut self, raws: &[Raw], level: Level) {
        let mut at = 0;
        while let Some(raw) = raws.get(at) {
            if self.is_stopped {
                return;
            }
            let is_procedure = |raw: &Raw| raw.operation() == "PROC";
            if level.is_deck && is_procedure(raw) {
                at = self.in_stream_procedure(raws, at, level);
                continue;
            }
            at += 1;
            if self.card(raw, level) == Flow::End {
                return;
            }
        }
    }

    fn card(&mut self, raw: &Raw, level: Level) -> Flow {
        if let Kind::Statement(statement) = &raw.kind {
            let at = self.list(raw, level.origin, true);
            self.report_all(raw, &at);
            return self.statement(raw, statement, at, level);
        }
        if let Kind::Data(data) = &raw.kind {
            self.loose_data(raw, data, level);
            return Flow::On;
        }
        let at = self.list(raw, level.origin, false);
        self.report_all(raw, &at);
        match &raw.kind {
            Kind::Null => return Flow::End,
            Kind::Jes(word) => self.jes(word, &at, level),
            Kind::Comment | Kind::Delimiter | Kind::Data(_) | Kind::Statement(_) => {}
        }
        Flow::On
    }

    /// Enters a statement or comment into the listing.
    fn list(&mut self, raw: &Raw, origin: Origin, is_statement: bool) -> At {
        self.statements += usize::from(is_statement);
        let entry = self.listing.entries.len();
        let place = match &raw.kind {
            Kind::Statement(statement) if !statement.operation.is_empty() => {
                statement.operation.whole()
            }
            _ => raw.place,
        };
        let place = Place { entry, ..place };
        let position = Position {
            source: self.report.source_name(place.source),
            card: place.card,
            statement: self.statements,
        };
        let cards: Vec<_> = raw.cards.iter().map(|card| masked(card)).collect();
        self.symbols.count(cards.iter().map(|card| card.len() + 1).sum());
        self.check_limits(place);
        self.listing.entries.push(Listed {
            position: position.clone(),
            origin,
            is_overridden: false,
            is_comment: !is_statement,
            cards,
            substituted: None,
        });
        At { place, position, entry }
    }

    /// Stops when the job has become too large.
    fn check_limits(&mut self, place: Place) {
        if self.is_stopped {
            return;
        }
        if self.listing.entries.len() >= MAX_STATEMENTS {
            self.is_stopped = true;
            let found = "one statement more".to_owned();
            let expected = format!("at most {MAX_STATEMENTS} statements, procedures expanded");
            self.report.add_limit(place, found, expected);
        } else if self.symbols.is_exhausted() {
            self.is_stopped = true;
            let expected = format!("at most {MAX_EXPANDED} bytes, procedures and symbols expanded");
            self.report.add_limit(place, "a job that grows too large", expected);
        }
    }

    fn report_all(&mut self, raw: &Raw, at: &At) {
        for problem in &raw.problems {
            let place = Place { entry: at.entry, ..problem.place };
            self.report.add(Problem { place, ..problem.clone() });
        }
    }

    fn statement(&mut self, raw: &Raw, statement: &Statement, at: At, level: Level) -> Flow {
        let operation = statement.operation.as_str();
        let is_first = !std::mem::replace(&mut self.frame().has_begun, true);
        match operation {
            "JOB" if level.is_deck && self.head.is_none() => {
                self.job_statement(raw, statement, &at)
            }
            "EXEC" => self.exec(statement, &at),
            "DD" => self.dd(statement, &at),
            "SET" => self.set(statement, &at),
            "EXPORT" => self.export(statement, &at),
            "JCLLIB" => self.jcllib(statement, &at),
            "INCLUDE" => self.include(statement, &at, level),
            "IF" => self.if_statement(statement, &at),
            "ELSE" => self.else_statement(&at),
            "ENDIF" => self.endif(&at),
            "COMMAND" => self.command(statement, &at),
            "PROC" if is_first && self.is_procedure() => self.proc(statement, &at),
            "PEND" if self.is_procedure() => return Flow::End,
            "JOB" | "PROC" | "PEND" => {
                let (found, expected) = match operation {
                    "JOB" => ("'JOB'", "statements of a step: JOB begins a deck"),
                    "PROC" => ("'PROC'", "no procedure within a procedure or an INCLUDE member"),
                    _ => ("'PEND'", "a PROC statement before"),
                };
                self.misplaced(&at, found, expected);
            }
            _ if IGNORED.contains(&operation) => {
                let expected = format!("no {operation}, which has no effect here");
                self.ignore(&at, operation, &expected);
                self.ignored.extend(IGNORED.iter().find(|known| **known == operation));
            }
            _ if REFUSED.contains(&operation) => {
                let place = statement.operation.at_entry(at.entry).whole();
                let expected = format!("no {operation}, which is not supported");
                let found = quoted(operation);
                self.report.add(Problem::new(&JCL_OPERATION_REFUSED, place, found, expected));
            }
            _ if is_command(statement) => self.old_command(statement, &at),
            _ => self.unknown_operation(statement, &at),
        }
        Flow::On
    }

    fn unknown_operation(&mut self, statement: &Statement, at: &At) {
        let text = &statement.operation;
        if text.is_empty() || statement.spoiled {
            // The reader has said what is wrong with it.
            return;
        }
        let upper = text.as_str().to_ascii_uppercase();
        let expected = if upper != text.as_str() {
            "an operation in upper case".to_owned()
        } else if is_shifted(statement) {
            "the name of the statement to begin in column 3".to_owned()
        } else {
            "JOB, EXEC, DD, PROC, PEND, SET, EXPORT, JCLLIB, INCLUDE, IF, ELSE, ENDIF, COMMAND, \
             OUTPUT, or a command"
                .to_owned()
        };
        let place = text.at_entry(at.entry).whole();
        let found = quoted(text.as_str());
        self.report.add(Problem::new(&JCL_OPERATION_UNKNOWN, place, found, expected));
    }

    /// A JES2 control statement.
    fn jes(&mut self, word: &str, at: &At, level: Level) {
        if !level.is_deck {
            let expected = "a statement that begins with //";
            self.misplaced(at, &quoted(&format!("/*{word}")), expected);
        } else if word == "XMIT" || word.starts_with('$') {
            let expected = "no control statement that sends data or commands to JES2";
            let found = quoted(&format!("/*{word}"));
            self.report.add(Problem::new(&JCL_OPERATION_REFUSED, at.place, found, expected));
        } else {
            let expected = "no control statement of JES2, which has no effect here";
            self.ignore(at, &format!("/*{word}"), expected);
        }
    }

    fn ignore(&mut self, at: &At, what: &str, expected: &str) {
        let found = quoted(what);
        self.report.add(Problem::new(&JCL_STATEMENT_IGNORED, at.place, found, expected));
    }

    fn misplaced(&mut self, at: &At, found: &str, expected: &str) {
        self.report.add(Problem::new(&JCL_MISPLACED, at.place, found, expected));
    }

    /// Parameters of a statement with its symbols replaced; None if they make no sense.
    fn params(&mut self, statement: &Statement, at: &At) -> Option<Vec<Param>> {
        if statement.spoiled {
            return None;
        }
        let text = self.replaced(statement, at, Style::Parameters);
        self.report.accept(operand::parse(&text))
    }

    /// The operand of a statement with its symbols replaced.
    fn replaced(&mut self, statement: &Statement, at: &At, style: Style) -> super::text::Text {
        let replaced = self.symbols.replace(&statement.operand.at_entry(at.entry), style);
        if replaced.changed {
            if let Some(listed) = self.listing.entries.get_mut(at.entry) {
                listed.substituted = Some(masked(replaced.text.as_str()));
            }
        }
        self.check_limits(at.place);
        for problem in replaced.problems {
            self.report.add(problem);
        }
        replaced.text
    }

    /// The innermost frame; that of the job is never taken away.
    fn frame(&mut self) -> &mut Frame {
        let last = self.frames.len() - 1;
        &mut self.frames[last]
    }

    fn is_procedure(&self) -> bool {
        self.frames.len() > 1
    }
}

/// Whether it is a command on a card of its own, and not a statement whose name begins too late.
fn is_command(statement: &Statement) -> bool {
    let is_named = COMMANDS.contains(&statement.operation.as_str());
    statement.name.is_empty() && is_named && !is_shifted(statement)
}

/// Whether what stands where the operation should be is the name: an operation follows it.
fn is_shifted(statement: &Statement) -> bool {
    let next = statement.operand.as_str().split(' ').next().unwrap_or_default();
    statement.name.is_empty() && ["JOB", "EXEC", "DD", "PROC", "PEND", "SET", "IF"].contains(&next)
}
