//! Operator commands that are about jobs and started tasks, and do not need a running proxy.
//!
//! | command | does |
//! |---|---|
//! | `D A,L` | lists what is active |
//! | `S NAME[.ID][,PARM='...'][,symbol=value]` | starts procedure NAME |
//! | `P NAME` | stops a started task |
//! | `F NAME,command` | sends a command to the zoxy of a started task |
//! | `C NAME`, `C JOB00017` | cancels a job or started task |
//!
//! Any other command goes to the console of the running proxy. `zoxy ctl` and COMMAND statements of
//! jobs come here; `zoxy start`, `stop` and `modify` are the same in other words.

use std::time::{Duration, SystemTime};

use super::settings::Settings;
use super::spool::{Job, Spool};
use super::status::State;
use super::task;
use super::watch::Request;
use crate::message::catalogue::{
    JOB_CANCEL_ASKED, JOB_REMAINS_ENDED, SPOOL_UNUSABLE, TASK_OPERAND,
};
use crate::operator::snapshot::JobRow;
use crate::operator::{client, command, default_socket, display, json};

/// The commands with what they do, for `--help`.
pub const HELP: &str = "\
D A,L            active jobs and started tasks
S NAME[,...]     start a procedure as a started task
P NAME           stop a started task
F NAME,COMMAND   send a command to the zoxy of a started task
C NAME           cancel a job or started task
";

/// Rows of a list of jobs.
pub const ROWS: usize = 1000;

/// How long P waits for the end of a task.
pub const STOP_WAIT: Duration = Duration::from_secs(60);

/// A command about jobs and started tasks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TaskCommand {
    /// D A,L.
    List,
    /// S: everything behind the verb.
    Start(String),
    /// P.
    Stop(String),
    /// F: task and command.
    Modify(String, String),
    /// C.
    Cancel(String),
}

/// Reads a command line; None if it is for the console of the proxy.
pub fn parse(line: &str) -> Option<TaskCommand> {
    let line = line.trim();
    let (verb, rest) = match line.split_once([' ', '\t']) {
        Some((verb, rest)) => (verb, rest.trim()),
        None => (line, ""),
    };
    let name = || rest.to_ascii_uppercase();
    match verb.to_ascii_uppercase().as_str() {
        "D" | "DISPLAY" => {
            let operands: String = name().chars().filter(|c| *c != ' ').collect();
            matches!(operands.as_str(), "A" | "A,L").then_some(TaskCommand::List)
        }
        "S" | "START" => Some(TaskCommand::Start(rest.to_owned())),
        "P" | "STOP" if !rest.is_empty() => Some(TaskCommand::Stop(name())),
        // The words of the proxy's own F: no task is meant by them.
        "F" | "MODIFY" if is_of_the_proxy(rest) => None,
        "F" | "MODIFY" => {
            let (task, command) = rest.split_once(',')?;
            let (task, command) = (task.trim().to_ascii_uppercase(), command.trim().to_owned());
            Some(TaskCommand::Modify(task, command))
        }
        "C" | "CANCEL" => Some(TaskCommand::Cancel(name())),
        _ => None,
    }
}

/// Whether the first operand of F is one that the proxy knows.
fn is_of_the_proxy(operands: &str) -> bool {
    let first = operands.split([' ', '\t', ',']).next().unwrap_or_default();
    let mut words = command::FORMS.iter().filter_map(|form| form.syntax.strip_prefix("F "));
    words.any(|form| form.split([' ', ',']).next().is_some_and(|w| w.eq_ignore_ascii_case(first)))
}

/// Carries out a command line; the answer and its return code.
pub fn run(line: &str) -> (String, u8) {
    match parse(line) {
        Some(command) => run_task_command(&command),
        None => match client::send(&default_socket(), line) {
            Ok((text, rc)) => (String::from_utf8_lossy(&text).into_owned(), rc),
            Err(failure) => (failure.to_string(), 12),
        },
    }
}

/// Carries out a command about jobs and started tasks.
pub fn run_task_command(command: &TaskCommand) -> (String, u8) {
    let spool = match Spool::from_environment() {
        Ok(spool) => spool,
        Err(error) => return (SPOOL_UNUSABLE.render(&[("reason", &error)]), 12),
    };
    let settings = match Settings::from_environment() {
        Ok(settings) => settings,
        Err(problem) => return (SPOOL_UNUSABLE.render(&[("reason", &problem)]), 12),
    };
    match command {
        TaskCommand::List => list(&spool, "A", |job| job.runs),
        TaskCommand::Start(operands) => match task::parse_start(operands) {
            Ok(start) => task::start(&spool, &settings, &start),
            Err(problem) => (TASK_OPERAND.render(&[("command", &"S"), ("problem", &problem)]), 8),
        },
        TaskCommand::Stop(name) => task::stop(&spool, name, STOP_WAIT),
        TaskCommand::Modify(name, command) => task::modify(&spool, name, command),
        TaskCommand::Cancel(name) => cancel(&spool, name),
    }
}

/// D A,L for a program.
pub fn list_json() -> (String, u8) {
    let jobs = Spool::from_environment().and_then(|spool| spool.jobs());
    match jobs {
        Ok(jobs) => {
            let now = SystemTime::now();
            let active = jobs.iter().filter(|job| job.runs);
            let rows: Vec<_> = active.map(|job| row(job, now)).collect();
            (json::jobs("A", &rows, now), 0)
        }
        Err(error) => (SPOOL_UNUSABLE.render(&[("reason", &error)]), 12),
    }
}

/// A list of those jobs that `wanted` wants.
pub fn list(spool: &Spool, display: &str, wanted: impl Fn(&Job) -> bool) -> (String, u8) {
    match spool.jobs() {
        Ok(jobs) => {
            let now = SystemTime::now();
            let rows: Vec<_> =
                jobs.iter().filter(|job| wanted(job)).map(|job| row(job, now)).collect();
            (display::jobs(display, &rows, ROWS, now), 0)
        }
        Err(error) => (SPOOL_UNUSABLE.render(&[("reason", &error)]), 12),
    }
}

/// Cancels a job, or a started task; of a lost one what its last step has left running.
pub fn cancel(spool: &Spool, name: &str) -> (String, u8) {
    if let Ok(Some(job)) = spool.find(name) {
        if !job.runs && task::end_remains(&job) {
            let arguments: [(_, &dyn std::fmt::Display); 2] =
                [("job", &job.status.name), ("id", &job.id)];
            return (JOB_REMAINS_ENDED.render(&arguments), 0);
        }
    }
    let job = match task::running(spool, name) {
        Ok(job) => job,
        Err(answer) => return answer,
    };
    match task::ask(&job, Request::Cancel) {
        Ok(()) => {
            let arguments: [(_, &dyn std::fmt::Display); 2] =
                [("job", &job.status.name), ("id", &job.id)];
            (JOB_CANCEL_ASKED.render(&arguments), 0)
        }
        Err(answer) => answer,
    }
}

fn row(job: &Job, now: SystemTime) -> JobRow {
    let status = &job.status;
    let step = status.step.as_ref().filter(|_| job.runs);
    let until = match status.state {
        State::Ended(_) => status.ended.unwrap_or(status.submitted),
        _ => now,
    };
    JobRow {
        number: job.id.to_string(),
        name: status.name.clone(),
        class: status.class.clone(),
        state: status.state.to_string(),
        step: step.map(|step| step.name.clone()).unwrap_or_default(),
        program: step.map(|step| step.program.clone()).unwrap_or_default(),
        // A clock that was set back counts nothing.
        age: until.duration_since(status.submitted).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_of_tasks_are_told_from_those_of_the_proxy() {
        let text = str::to_owned;
        for (line, command) in [
            ("D A,L", Some(TaskCommand::List)),
            ("display a , l", Some(TaskCommand::List)),
            ("d a", Some(TaskCommand::List)),
            ("S ZOXY,PARM='a b'", Some(TaskCommand::Start(text("ZOXY,PARM='a b'")))),
            ("start zoxy", Some(TaskCommand::Start(text("zoxy")))),
            ("P zoxy", Some(TaskCommand::Stop(text("ZOXY")))),
            ("F ZOXY,REFRESH", Some(TaskCommand::Modify(text("ZOXY"), text("REFRESH")))),
            ("f zoxy, d status", Some(TaskCommand::Modify(text("ZOXY"), text("d status")))),
            ("C JOB00017", Some(TaskCommand::Cancel(text("JOB00017")))),
            ("P", None),
            ("F DRAIN,PAPER", None),
            ("f trace 17,on", None),
            ("F REFRESH", None),
            ("D STATUS", None),
            ("D CONNS,ALL", None),
            ("", None),
        ] {
            assert_eq!(parse(line), command, "{line}");
        }
    }
}
