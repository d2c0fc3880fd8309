//! Started tasks: procedures that run in the background under a name that only one of them can have.

use std::fmt::Display;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal};

use super::end::JobEnd;
use super::id::{JobId, Kind};
use super::launch::{Order, launch};
use super::run;
use super::settings::Settings;
use super::spool::{Job, Spool, SpoolError, lock};
use super::status::State;
use super::watch::Request;
use crate::dataset::Store;
use crate::jcl::Start;
use crate::message::catalogue::*;
use crate::message::{Argument, Message};
use crate::operator::protocol::TASK_CONSOLE;
use crate::operator::{client, command};

/// An answer to the operator, and its return code.
type Answer = (String, u8);

/// How long a start waits for its first program to be there, and to be ready if it says so.
const START_WAIT: Duration = Duration::from_secs(60);

/// Characters of the operands of S at most: those of a command line.
const MAX_OPERANDS: usize = 4096;

/// Reads the operands of S: `NAME`, `NAME.ID` or `NAME,JOBNAME=...`, and keyword parameters.
pub fn parse_start(operands: &str) -> Result<Start, String> {
    if operands.len() > MAX_OPERANDS {
        return Err(format!("more than {MAX_OPERANDS} characters"));
    }
    let mut parts = split(operands)?.into_iter();
    let first = parts.next().unwrap_or_default().to_ascii_uppercase();
    let (procedure, id) = match first.split_once('.') {
        Some((procedure, id)) => (procedure, Some(id)),
        None => (first.as_str(), None),
    };
    let mut start = Start {
        procedure: name(procedure)?,
        job: id.map(name).transpose()?,
        parameters: Vec::new(),
    };
    for part in parts {
        let (keyword, value) =
            part.split_once('=').ok_or_else(|| format!("{part}: expected keyword=value"))?;
        let keyword = name(&keyword.to_ascii_uppercase())?;
        if keyword == "JOBNAME" {
            start.job = Some(name(&value.to_ascii_uppercase())?);
        } else {
            start.parameters.push((keyword, plain(value)));
        }
    }
    Ok(start)
}

/// Splits at commas outside apostrophes and parentheses.
fn split(operands: &str) -> Result<Vec<String>, String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut quoted, mut depth) = (false, 0_u32);
    for c in operands.trim().chars() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth = depth.saturating_sub(1),
            ',' if !quoted && depth == 0 => {
                parts.push(std::mem::take(&mut part).trim().to_owned());
                continue;
            }
            _ => {}
        }
        part.push(c);
    }
    if quoted {
        return Err("an apostrophe is not closed".to_owned());
    }
    parts.push(part.trim().to_owned());
    Ok(parts)
}

/// A value without the apostrophes around it, of which two stand for one within.
fn plain(value: &str) -> String {
    match value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) {
        Some(inner) => inner.replace("''", "'"),
        None => value.to_owned(),
    }
}

/// A name of 1 to 8 letters, digits and `$ # @`, which begins with no digit.
fn name(text: &str) -> Result<String, String> {
    let national = |byte: u8| byte.is_ascii_uppercase() || b"$#@".contains(&byte);
    let mut bytes = text.bytes();
    let is_name = bytes.next().is_some_and(national)
        && bytes.all(|byte| national(byte) || byte.is_ascii_digit())
        && text.len() <= 8;
    if is_name { Ok(text.to_owned()) } else { Err(format!("'{text}' is no name")) }
}

/// Starts a procedure and waits until its program is there.
pub fn start(spool: &Spool, settings: &Settings, start: &Start) -> Answer {
    let task = start.job.as_ref().unwrap_or(&start.procedure);
    let name_lock = match lock_name(spool, task) {
        Ok(Some(lock)) => lock,
        Ok(None) => {
            let runs =
                running(spool, task).map_or_else(|_| "-".to_owned(), |job| job.id.to_string());
            return answer(&TASK_RUNS, &[("task", task), ("id", &runs)], 8);
        }
        Err(error) => return unusable(&error),
    };
    let store = match Store::from_environment() {
        Ok(store) => store,
        Err(error) => return unusable(&error),
    };
    let order = Order::Start(start.clone());
    let Some(reading) = order.read(&store, settings) else {
        return unusable(&"the procedure is no job");
    };
    let folder = match spool.create(Kind::Task, task) {
        Ok(folder) => folder,
        Err(error) => return unusable(&error),
    };
    let id = folder.id;
    if reading.job.is_none() {
        let lines: Vec<_> = reading.diagnostics.iter().map(|found| found.line.as_str()).collect();
        let failed = TASK_HAS_ERRORS.render(&[("task", task), ("id", &id)]);
        let text = format!("{}\n{failed}", lines.join("\n"));
        return match run::reject(folder, &reading) {
            Ok(_) => (text, 8),
            Err(error) => unusable(&error),
        };
    }
    if let Err(error) = launch(folder, &order, Some(name_lock)) {
        return unusable(&error);
    }
    await_start(spool, task, id)
}

fn await_start(spool: &Spool, task: &str, id: JobId) -> Answer {
    let deadline = Instant::now() + START_WAIT;
    let changes = spool.changes(id);
    loop {
        let Some(job) = spool.job(id) else {
            return answer(&TASK_GONE, &[("task", &task), ("id", &id)], 12);
        };
        let arguments: &[Argument<'_>] = &[("task", &task), ("id", &id)];
        if let State::Ended(end) = job.status.state {
            let rc = match end {
                JobEnd::Returned(code) if code <= 4 => end.shell_code(),
                _ => 8,
            };
            let arguments = &[arguments, &[("end", &end)]].concat();
            return answer(&TASK_ENDED, arguments, rc);
        }
        let step = job.status.step.as_ref();
        if step.is_some_and(|step| step.process.is_some() && step.ready != Some(false)) {
            return answer(&TASK_STARTED, arguments, 0);
        }
        if Instant::now() >= deadline {
            return answer(&TASK_NOT_READY, arguments, 4);
        }
        changes.wait(job.status.process, Some(deadline));
    }
}

/// Asks a started task to end, and waits so long for it.
pub fn stop(spool: &Spool, name: &str, wait: Duration) -> Answer {
    let job = match running(spool, name) {
        Ok(job) => job,
        Err(answer) => return answer,
    };
    if let Err(answer) = ask(&job, Request::Stop) {
        return answer;
    }
    let (task, id, seconds) = (job.status.name.clone(), job.id, wait.as_secs());
    let arguments: &[Argument<'_>] = &[("task", &task), ("id", &id)];
    match wait_for(spool, id, Some(wait)) {
        Some(end) => answer(&TASK_ENDED, &[arguments, &[("end", &end)]].concat(), 0),
        None => answer(&TASK_NOT_STOPPED, &[arguments, &[("seconds", &seconds)]].concat(), 12),
    }
}

/// Sends a command to the zoxy of a started task: one of the console's, or the operand of its F.
pub fn modify(spool: &Spool, name: &str, text: &str) -> Answer {
    let job = match running(spool, name) {
        Ok(job) => job,
        Err(answer) => return answer,
    };
    let Ok(socket) = fs::read_link(job.path.join(TASK_CONSOLE)) else {
        let task = &job.status.name;
        return answer(&TASK_NO_CONSOLE, &[("task", task), ("id", &job.id)], 8);
    };
    let text = text.trim_matches('\'');
    let line = match command::parse(text) {
        Ok(_) => text.to_owned(),
        Err(_) => format!("F {text}"),
    };
    if let Err(error) = command::parse(&line) {
        return (error.to_string(), 8);
    }
    match client::send(&socket, &line) {
        Ok((text, rc)) => (String::from_utf8_lossy(&text).into_owned(), rc),
        Err(failure) => (failure.to_string(), 12),
    }
}

/// Waits for the end of a job; None if it does not come in time.
pub fn wait_for(spool: &Spool, id: JobId, limit: Option<Duration>) -> Option<JobEnd> {
    let deadline = limit.map(|limit| Instant::now() + limit);
    let changes = spool.changes(id);
    loop {
        let process = match spool.job(id) {
            // Whoever purged it saw that it had ended.
            None => return Some(JobEnd::Lost),
            Some(Job { status, runs: false, .. }) => {
                return match status.state {
                    State::Ended(end) => Some(end),
                    _ => Some(JobEnd::Lost),
                };
            }
            Some(job) => job.status.process,
        };
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            return None;
        }
        changes.wait(process, deadline);
    }
}

/// The job or task of that name or number, if it runs; else what the operator is told.
pub fn running(spool: &Spool, name: &str) -> Result<Job, Answer> {
    let by_name = |job: &Job| job.runs && job.status.name.eq_ignore_ascii_case(name);
    let found = match spool.find(name) {
        Ok(Some(job)) if job.runs => Some(job),
        // A newer job of the same name may have ended already.
        Ok(_) => spool.jobs().map_err(|error| unusable(&error))?.into_iter().rev().find(by_name),
        Err(error) => return Err(unusable(&error)),
    };
    found.ok_or_else(|| answer(&JOB_NOT_ACTIVE, &[("name", &name)], 8))
}

/// Sends the process of a job what it is asked for.
pub fn ask(job: &Job, request: Request) -> Result<(), Answer> {
    let failed = |error: io::Error| {
        let (name, id) = (&job.status.name, &job.id);
        answer(&JOB_NOT_REACHED, &[("job", name), ("id", id), ("reason", &error)], 12)
    };
    signal(job, request.signal()).map_err(failed)
}

/// Signals the process that runs a job, and no other one that has its number by now.
fn signal(job: &Job, signal: Signal) -> io::Result<()> {
    let gone = || io::Error::other("it has ended");
    let process = Pid::from_raw(job.status.process).ok_or_else(gone)?;
    match rustix::process::pidfd_open(process, PidfdFlags::empty()) {
        Ok(handle) => {
            // The handle is of whoever has the number now; the job's lock says that it is the job.
            if !job.is_running() {
                return Err(gone());
            }
            Ok(rustix::process::pidfd_send_signal(handle, signal)?)
        }
        Err(Errno::SRCH) => Err(gone()),
        Err(Errno::NOSYS) => Ok(rustix::process::kill_process(process, signal)?),
        Err(error) => Err(error.into()),
    }
}

/// Ends what a lost job has left running; whether there was any.
pub fn end_remains(job: &Job) -> bool {
    // It can have ended just now.
    let kill = |group| rustix::process::kill_process_group(group, Signal::KILL).is_ok();
    job.remains().is_some_and(kill)
}

/// The lock of a started task's name; None if somebody has it.
fn lock_name(spool: &Spool, name: &str) -> Result<Option<fs::File>, SpoolError> {
    let folder = spool.root().join(NAMES);
    let io = |path: &Path| {
        let path = path.to_owned();
        move |error| SpoolError::Io(path, error)
    };
    match DirBuilder::new().mode(0o700).create(&folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(io(&folder)(error));
        }
        _ => {}
    }
    let path = folder.join(name);
    match lock(&path, Duration::ZERO) {
        Ok(file) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(error) => Err(io(&path)(error)),
    }
}

fn answer(message: &Message, arguments: &[Argument<'_>], rc: u8) -> Answer {
    (message.render(arguments), rc)
}

fn unusable(reason: &dyn Display) -> Answer {
    answer(&SPOOL_UNUSABLE, &[("reason", &reason)], 12)
}

/// The folder of locks of names, in the spool.
const NAMES: &str = ".tasks";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operands_of_a_start_are_read() {
        let start = parse_start("zoxy.z1, PARM='RUN, it''s',HLQ=SYS2,X=(A,B)").unwrap();
        assert_eq!((start.procedure.as_str(), start.job.as_deref()), ("ZOXY", Some("Z1")));
        let parameters: Vec<_> = start.parameters.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(parameters, ["PARM=RUN, it's", "HLQ=SYS2", "X=(A,B)"]);
        let start = parse_start("ZOXY,JOBNAME=PROXY").unwrap();
        assert_eq!((start.job.as_deref(), start.parameters.len()), (Some("PROXY"), 0));
    }

    #[test]
    fn what_is_wrong_with_operands_is_told() {
        for (operands, expected) in [
            ("", "'' is no name"),
            ("1ZOXY", "is no name"),
            ("ZOXYZOXYZ", "is no name"),
            ("../X", "is no name"),
            ("ZOXY.", "is no name"),
            ("ZOXY,X", "expected keyword=value"),
            ("ZOXY,=X", "is no name"),
            ("ZOXY,PARM='X", "not closed"),
        ] {
            let problem = parse_start(operands).unwrap_err();
            assert!(problem.contains(expected), "{operands}: {problem}");
        }
    }
}
