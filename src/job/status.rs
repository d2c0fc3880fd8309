//! The status file of a job: where it is, and how its steps ended.
//!
//! ```text
//! * Status of JOB00017
//! NAME      NIGHTLY
//! STATE     ACTIVE
//! SUBMITTED 1795251357
//! STEP      2 SEND ZOXY
//! DONE      1 CHECK ZOXY 20 31 CC 0004
//! ```
//!
//! Lines of a keyword and a value, read by people and by [`Status::parse`]. Written whole by the
//! process that runs the job, and by nobody else.

use std::fmt::{self, Write};
use std::str::FromStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::end::{JobEnd, abend_code};
use super::id::JobId;
use crate::jcl::StepEnd;

/// Where a job is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// It has its number and is read.
    Input,
    /// TYPRUN=HOLD: it waits for `zoxy jobs release`.
    Held,
    /// It waits for data sets that other jobs have.
    Waiting,
    /// Its steps run.
    Active,
    /// It has ended.
    Ended(JobEnd),
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Input => f.pad("INPUT"),
            Self::Held => f.pad("HELD"),
            Self::Waiting => f.pad("WAITING"),
            Self::Active => f.pad("ACTIVE"),
            Self::Ended(end) => f.pad(&end.to_string()),
        }
    }
}

/// The step that runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// Its place in the job, from 1.
    pub number: usize,
    /// `STEP` or `STEP.PROCSTEP`.
    pub name: String,
    /// Its program.
    pub program: String,
    /// Its process, which leads a process group of its own, and when that began, in the kernel's
    /// count (starttime of proc(5)); None before there is one.
    pub process: Option<(i32, u64)>,
    /// Whether the program has told that it is ready (sd_notify); None if it never will.
    pub ready: Option<bool>,
}

/// A step that has ended or was bypassed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its place in the job, from 1.
    pub number: usize,
    /// `STEP` or `STEP.PROCSTEP`.
    pub name: String,
    /// Its program.
    pub program: String,
    /// Processor time of all its processes.
    pub cpu: Duration,
    /// Time from start to end.
    pub elapsed: Duration,
    /// How it ended.
    pub end: StepEnd,
}

/// Everything in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// Name of the job or started task.
    pub name: String,
    /// CLASS; `-` where the job has none.
    pub class: String,
    /// Where it is.
    pub state: State,
    /// When it got its number.
    pub submitted: SystemTime,
    /// When its first step could start.
    pub started: Option<SystemTime>,
    /// When it ended.
    pub ended: Option<SystemTime>,
    /// The process that runs it.
    pub process: i32,
    /// The step that runs.
    pub step: Option<Running>,
    /// Steps that have ended, in their order.
    pub done: Vec<Done>,
}

impl Status {
    /// A job that has just got its number.
    pub fn new(name: &str, now: SystemTime) -> Self {
        Self {
            name: name.to_owned(),
            class: "-".to_owned(),
            state: State::Input,
            submitted: now,
            started: None,
            ended: None,
            process: rustix::process::getpid().as_raw_nonzero().get(),
            step: None,
            done: Vec::new(),
        }
    }

    /// The lines of the file.
    pub fn render(&self, id: JobId) -> String {
        let mut text = format!("* Status of {id}\n");
        let mut line = |keyword: &str, value: &dyn fmt::Display| {
            // Writing into a String never fails.
            let _ = writeln!(text, "{keyword:<9} {value}");
        };
        line("NAME", &self.name);
        line("CLASS", &self.class);
        match self.state {
            State::Ended(end) => line("END", &end),
            state => line("STATE", &state),
        }
        line("SUBMITTED", &seconds(self.submitted));
        if let Some(time) = self.started {
            line("STARTED", &seconds(time));
        }
        if let Some(time) = self.ended {
            line("ENDED", &seconds(time));
        }
        line("PROCESS", &self.process);
        if let Some(step) = &self.step {
            line("STEP", &format_args!("{} {} {}", step.number, step.name, step.program));
            if let Some((process, began)) = step.process {
                line("GROUP", &format_args!("{process} {began}"));
            }
            if let Some(ready) = step.ready {
                line("READY", &if ready { "YES" } else { "NO" });
            }
        }
        for done in &self.done {
            let (cpu, elapsed) = (done.cpu.as_millis(), done.elapsed.as_millis());
            let Done { number, name, program, end, .. } = done;
            let end = shown(*end);
            line("DONE", &format_args!("{number} {name} {program} {cpu} {elapsed} {end}"));
        }
        text
    }

    /// Reads the lines; None if what everything else hangs on is missing or no value.
    pub fn parse(text: &str) -> Option<Self> {
        let mut status = Self::new("", UNIX_EPOCH);
        let (mut has_state, mut has_process) = (false, false);
        for line in text.lines().filter(|line| !line.starts_with('*')) {
            let (keyword, value) = line.split_once(' ')?;
            let value = value.trim();
            match keyword {
                "NAME" => status.name = value.to_owned(),
                "CLASS" => status.class = value.to_owned(),
                "STATE" => {
                    status.state = state(value)?;
                    has_state = true;
                }
                "END" => {
                    status.state = State::Ended(value.parse().ok()?);
                    has_state = true;
                }
                "SUBMITTED" => status.submitted = time(value)?,
                "STARTED" => status.started = Some(time(value)?),
                "ENDED" => status.ended = Some(time(value)?),
                "PROCESS" => {
                    status.process = value.parse().ok().filter(|process| *process > 0)?;
                    has_process = true;
                }
                "STEP" => status.step = Some(running(value)?),
                "GROUP" => {
                    let (process, began) = value.split_once(' ')?;
                    let process = process.parse().ok().filter(|process| *process > 0)?;
                    status.step.as_mut()?.process = Some((process, began.parse().ok()?));
                }
                "READY" => status.step.as_mut()?.ready = Some(value == "YES"),
                "DONE" => status.done.push(done(value)?),
                // A later zoxy may know more.
                _ => {}
            }
        }
        (has_state && has_process && !status.name.is_empty()).then_some(status)
    }
}

fn state(text: &str) -> Option<State> {
    let all = [State::Input, State::Held, State::Waiting, State::Active];
    all.into_iter().find(|state| state.to_string() == text)
}

fn running(value: &str) -> Option<Running> {
    let mut words = value.split(' ');
    let number = words.next()?.parse().ok()?;
    let (name, program) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some(Running { number, name, program, process: None, ready: None })
}

fn done(value: &str) -> Option<Done> {
    let mut words = value.splitn(6, ' ');
    let mut word = || words.next();
    Some(Done {
        number: word()?.parse().ok()?,
        name: word()?.to_owned(),
        program: word()?.to_owned(),
        cpu: Duration::from_millis(word()?.parse().ok()?),
        elapsed: Duration::from_millis(word()?.parse().ok()?),
        end: step_end(word()?)?,
    })
}

/// How a step ended: `CC 0004`, `ABEND S322` or `NOT RUN`.
pub fn shown(end: StepEnd) -> String {
    match end {
        StepEnd::NotRun => "NOT RUN".to_owned(),
        StepEnd::Returned(code) => JobEnd::Returned(code).to_string(),
        StepEnd::Abended(code) => JobEnd::Abended(code).to_string(),
    }
}

fn step_end(text: &str) -> Option<StepEnd> {
    if text == "NOT RUN" {
        return Some(StepEnd::NotRun);
    }
    match JobEnd::from_str(text) {
        Ok(JobEnd::Returned(code)) => Some(StepEnd::Returned(code)),
        _ => text.strip_prefix("ABEND ").and_then(abend_code).map(StepEnd::Abended),
    }
}

/// Seconds since 1970; a clock before that is shown as 1970.
fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn time(text: &str) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_secs(text.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jcl::AbendCode;
    use crate::job::id::Kind;

    const ID: JobId = JobId { kind: Kind::Batch, number: 17 };

    fn whole() -> Status {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let done = |number, name: &str, end| Done {
            number,
            name: name.to_owned(),
            program: "ZOXY".to_owned(),
            cpu: Duration::from_millis(20),
            elapsed: Duration::from_secs(3),
            end,
        };
        Status {
            class: "A".to_owned(),
            state: State::Active,
            started: Some(at(200)),
            step: Some(Running {
                number: 4,
                name: "SEND.STEP1".to_owned(),
                program: "BPXBATCH".to_owned(),
                process: Some((4711, 123_456)),
                ready: Some(true),
            }),
            done: vec![
                done(1, "*", StepEnd::Returned(4)),
                done(2, "TWO", StepEnd::Abended(AbendCode::System(0x806))),
                done(3, "THREE", StepEnd::NotRun),
            ],
            ..Status::new("NIGHTLY", at(100))
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let mut status = whole();
        assert_eq!(Status::parse(&status.render(ID)), Some(status.clone()));
        status.step = None;
        status.state = State::Ended(JobEnd::Abended(AbendCode::System(0x222)));
        status.ended = Some(UNIX_EPOCH + Duration::from_secs(300));
        assert_eq!(Status::parse(&status.render(ID)), Some(status));
    }

    #[test]
    fn a_file_that_is_cut_short_or_damaged_is_none() {
        let text = whole().render(ID);
        assert_eq!(Status::parse(""), None);
        assert_eq!(Status::parse("* Status of JOB00017\nNAME      X\n"), None);
        assert_eq!(Status::parse(&text.replace("ACTIVE", "ACTIVATED")), None);
        assert_eq!(Status::parse(&text.replace("PROCESS   ", "PROCESS   -")), None);
        assert_eq!(Status::parse(&text.replace("CC 0004", "CC four")), None);
        assert!(Status::parse(&(text + "LATER     1\n")).is_some());
    }
}
