//! The logs of a job: what an operator reads of it.
//!
//! | file | holds |
//! |---|---|
//! | JESMSGLG | the job log: start, steps, commands, end, each line with time and number |
//! | JESJCL | every statement as it was read, what symbols made of it, what is wrong with it |
//! | JESYSMSG | what each DD was given and what became of it, step by step |
//!
//! A line that cannot be written is lost, and told once on standard error: a full disk is no reason
//! to break off a transfer.

use std::fs::File;
use std::io::{self, Write};
use std::time::SystemTime;

use super::id::JobId;
use super::spool::{JobFolder, LOGS};
use crate::jcl::{Job, Listed, ListedStatements, Listing, Origin};
use crate::message::catalogue::{JOB_SUBSTITUTED, SPOOL_LOST};
use crate::message::diagnostic::Diagnostic;
use crate::message::time::Utc;
use crate::message::{Argument, Message};

/// The three logs of a job that runs.
#[derive(Debug)]
pub struct JobLog {
    id: JobId,
    messages: File,
    listing: File,
    system: File,
    /// Standard output shows the job log too.
    echo: bool,
    /// Lines of JESYSMSG that are shown only if the job fails (MSGLEVEL).
    withheld: Option<Vec<String>>,
    lost: bool,
}

impl JobLog {
    /// The logs in a job's folder; with `echo` the job log is shown as it is written.
    pub fn new(folder: &JobFolder, echo: bool) -> io::Result<Self> {
        let [messages, listing, system] = LOGS.map(|name| folder.output(name));
        Ok(Self {
            id: folder.id,
            messages: messages?,
            listing: listing?,
            system: system?,
            echo,
            withheld: None,
            lost: false,
        })
    }

    /// A line of the job log.
    pub fn say(&mut self, message: &Message, arguments: &[Argument<'_>]) {
        self.line(&message.render(arguments));
    }

    /// A rendered line of the job log.
    pub fn line(&mut self, line: &str) {
        let line = format!("{:.0} {} {line}\n", Utc(SystemTime::now()), self.id);
        if self.echo {
            // Nobody is left to be told when the output cannot be written.
            let _ = io::stdout().write_all(line.as_bytes());
        }
        let written = self.messages.write_all(line.as_bytes());
        self.told(written);
    }

    /// A line about a data set or a DD.
    pub fn system(&mut self, message: &Message, arguments: &[Argument<'_>]) {
        let line = message.render(arguments);
        match &mut self.withheld {
            Some(lines) => lines.push(line),
            None => self.write_system(&line),
        }
    }

    /// Writes such lines only if the job fails, as MSGLEVEL=(,0) asks.
    pub fn withhold(&mut self) {
        self.withheld.get_or_insert_default();
    }

    /// The job has failed: what was withheld is shown, and what follows as well.
    pub fn failed(&mut self) {
        for line in self.withheld.take().unwrap_or_default() {
            self.write_system(&line);
        }
    }

    /// The statements of a job, as its MSGLEVEL wants them, and what is wrong with them. `job` is
    /// None if the deck has errors: then everything is listed.
    pub fn list(&mut self, job: Option<&Job>, listing: &Listing, diagnostics: &[Diagnostic]) {
        let mut text = String::new();
        let statements = job.map(|job| job.message_level.statements);
        let wanted = |entry: &&Listed| match statements {
            None | Some(ListedStatements::All) => true,
            Some(ListedStatements::Deck) => entry.origin == Origin::Deck,
            Some(ListedStatements::Job) => {
                job.is_some_and(|job| job.position.statement == entry.position.statement)
            }
        };
        for entry in listing.entries.iter().filter(wanted) {
            let mut number = Some(entry.position.statement).filter(|_| !entry.is_comment);
            for card in &entry.cards {
                let shown = number.take().map_or(String::new(), |number| number.to_string());
                let card = marked(card, entry);
                text.push_str(format!("{shown:>9} {card}").trim_end());
                text.push('\n');
            }
            if let Some(became) = &entry.substituted {
                text.push_str(&format!(
                    "{:10}{}\n",
                    "",
                    JOB_SUBSTITUTED.render(&[("text", became)])
                ));
            }
        }
        for diagnostic in diagnostics {
            text.push_str(&format!("{diagnostic}\n"));
        }
        let written = self.listing.write_all(text.as_bytes());
        self.told(written);
    }

    fn write_system(&mut self, line: &str) {
        let written = self.system.write_all(format!("{line}\n").as_bytes());
        self.told(written);
    }

    fn told(&mut self, written: io::Result<()>) {
        if let Err(error) = written {
            if !std::mem::replace(&mut self.lost, true) {
                let line = SPOOL_LOST.render(&[("job", &self.id), ("reason", &error)]);
                let _ = writeln!(io::stderr(), "{line}");
            }
        }
    }
}

/// A card with the mark of where it came from in place of its slashes.
fn marked(card: &str, entry: &Listed) -> String {
    let mark = match (entry.origin, entry.is_overridden) {
        (Origin::Deck | Origin::Generated, _) => return card.to_owned(),
        (Origin::Procedure, false) => "XX",
        (Origin::Procedure, true) => "X/",
        (Origin::InStreamProcedure, false) => "++",
        (Origin::InStreamProcedure, true) => "+/",
    };
    match card.strip_prefix("//") {
        Some(rest) => format!("{mark}{rest}"),
        None => card.to_owned(),
    }
}

/// Writes a message to the job log: `tell!(log, STEP_STARTED, step = name, program = program)`.
///
/// A placeholder without a value does not compile.
macro_rules! tell {
    ($log:expr, $message:ident $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::job::log::tell!(@ say, $log, $message $(, $name = $value)*)
    };
    (@ $method:ident, $log:expr, $message:ident $(, $name:ident = $value:expr)*) => {{
        const _: () =
            $crate::message::catalogue::$message.check_names(&[$(stringify!($name)),*]);
        $log.$method(
            &$crate::message::catalogue::$message,
            &[$((stringify!($name), &$value)),*],
        )
    }};
}

/// The same for JESYSMSG.
macro_rules! note {
    ($log:expr, $message:ident $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::job::log::tell!(@ system, $log, $message $(, $name = $value)*)
    };
}

pub(in crate::job) use {note, tell};

#[cfg(test)]
mod tests {
    use std::fs;
    use std::sync::Arc;

    use super::*;
    use crate::jcl::Position;
    use crate::job::id::Kind;
    use crate::job::spool::{KEEP, Spool};
    use crate::message::catalogue::JOB_SUBMITTED;
    use crate::operator::testing::TempDir;

    fn entry(statement: usize, origin: Origin, cards: &[&str]) -> Listed {
        Listed {
            position: Position { source: Arc::from("DECK"), card: statement, statement },
            origin,
            cards: cards.iter().map(|&card| card.to_owned()).collect(),
            substituted: None,
            is_overridden: false,
            is_comment: cards[0].starts_with("//*"),
        }
    }

    #[test]
    fn a_listing_has_numbers_marks_and_what_became_of_symbols() {
        let dir = TempDir::new();
        let spool = Spool::open(dir.path("spool"), KEEP).unwrap();
        let folder = spool.create(Kind::Batch, "J").unwrap();
        let mut log = JobLog::new(&folder, false).unwrap();
        let mut substituted = entry(3, Origin::Procedure, &["//A DD DSN=&HLQ..B"]);
        substituted.substituted = Some("//A DD DSN=X.B".to_owned());
        let mut overridden = entry(2, Origin::InStreamProcedure, &["//X DD DUMMY"]);
        overridden.is_overridden = true;
        let listing = Listing {
            entries: vec![
                entry(1, Origin::Deck, &["//J JOB CLASS=A,", "// MSGCLASS=H"]),
                entry(1, Origin::Deck, &["//* a comment"]),
                overridden,
                substituted,
            ],
        };
        log.list(None, &listing, &[]);
        let text = fs::read_to_string(folder.path().join("JESJCL")).unwrap();
        let expected = "        1 //J JOB CLASS=A,\n\
                        \x20         // MSGCLASS=H\n\
                        \x20         //* a comment\n\
                        \x20       2 +/X DD DUMMY\n\
                        \x20       3 XXA DD DSN=&HLQ..B\n";
        assert!(text.starts_with(expected), "{text}");
        assert!(text.ends_with("//A DD DSN=X.B\n"), "{text}");
    }

    #[test]
    fn what_is_withheld_is_shown_when_the_job_fails() {
        let dir = TempDir::new();
        let spool = Spool::open(dir.path("spool"), KEEP).unwrap();
        let folder = spool.create(Kind::Batch, "J").unwrap();
        let mut log = JobLog::new(&folder, false).unwrap();
        let text = || fs::read_to_string(folder.path().join("JESYSMSG")).unwrap();
        log.withhold();
        log.system(&JOB_SUBMITTED, &[("job", &"J"), ("id", &"1")]);
        assert_eq!(text(), "");
        log.failed();
        log.system(&JOB_SUBMITTED, &[("job", &"J"), ("id", &"2")]);
        assert_eq!(text().lines().count(), 2);
    }
}
