//! `zoxy jobs`: what is in the spool.

use std::fs::File;
use std::io::{self, Write};
use std::time::Duration;

use getopts::{Matches, Options};

use super::output::Output;
use super::rc::Rc;
use super::usage;
use crate::job::command::{cancel, list};
use crate::job::end::NOT_RUN;
use crate::job::spool::{Job, Spool};
use crate::job::status::State;
use crate::job::task::{ask, wait_for};
use crate::job::watch::Request;
use crate::message::catalogue::{
    JOB_NO_OUTPUT, JOB_NOT_FOUND, JOB_NOT_HELD, JOB_PURGED, JOB_RELEASE_ASKED, JOB_RESULT,
    JOB_STILL_RUNS, JOBS_PURGED, SPOOL_UNUSABLE,
};
use crate::message::{Argument, Message};

const BRIEF: &str = "\
Usage: zoxy jobs [list]
       zoxy jobs show JOB [OUTPUT]
       zoxy jobs wait JOB [--timeout SECONDS]
       zoxy jobs cancel JOB
       zoxy jobs release JOB
       zoxy jobs purge JOB... | --ended

Lists jobs and started tasks, shows their logs and output, waits for their end,
cancels them, lets held ones run, and removes those that have ended. JOB is a
number (JOB00017 or 17) or a name, of which the newest is meant. OUTPUT is
JESMSGLG, JESJCL, JESYSMSG, a DD, or STEP.DD; without it all is shown.";

const RETURN_CODES: &str = "
Return codes: 0 done, 8 not done: wrong command, or no such job, 12 the spool
cannot be used. wait ends as zoxy submit would have: 0 to 16 of the job, 20 JCL
error, 24 abnormal end, 28 the job is lost or not there, or the time is over.
";

/// Seconds that `wait` waits without `--timeout`.
const WAIT: u64 = 86_400;

/// Runs `zoxy jobs` with the arguments after the subcommand; returns the return code.
pub(super) fn main(arguments: &[String]) -> u8 {
    let options = options();
    let matches = match options.parse(arguments) {
        Ok(matches) => matches,
        Err(error) => return usage("jobs", &error.to_string()).print(),
    };
    if matches.opt_present("help") {
        return Output::new(Rc::Ok, options.usage(BRIEF) + RETURN_CODES).print();
    }
    let spool = match Spool::from_environment() {
        Ok(spool) => spool,
        Err(error) => {
            return said(&SPOOL_UNUSABLE, &[("reason", &error)], Rc::Severe);
        }
    };
    let words: Vec<&str> = matches.free.iter().map(String::as_str).collect();
    match &words[..] {
        [] | ["list"] => {
            let (text, rc) = list(&spool, "JOBS", |_| true);
            print(&text);
            rc
        }
        ["show", job] => with(&spool, job, |job| show(job, None)),
        ["show", job, output] => with(&spool, job, |job| show(job, Some(output))),
        ["wait", job] => wait(&spool, job, &matches),
        ["cancel", job] => {
            let (text, rc) = cancel(&spool, job);
            print(&(text + "\n"));
            rc
        }
        ["release", job] => with(&spool, job, release),
        ["purge"] if matches.opt_present("ended") => purge_ended(&spool),
        ["purge", jobs @ ..] if !jobs.is_empty() => {
            jobs.iter().map(|job| with(&spool, job, |job| purge(&spool, job))).max().unwrap_or(0)
        }
        [command, ..] => {
            let problem = match *command {
                "list" | "show" | "wait" | "cancel" | "release" | "purge" => {
                    format!("{command}: wrong number of arguments")
                }
                other => format!("{other} is neither list, show, wait, cancel, release nor purge"),
            };
            usage("jobs", &problem).print()
        }
    }
}

fn options() -> Options {
    let mut options = Options::new();
    options
        .optopt(
            "t",
            "timeout",
            &format!("wait so long at most (default {WAIT}); 0 only looks"),
            "SECONDS",
        )
        .optflag("", "ended", "purge all that have ended")
        .optflag("h", "help", "print this help");
    options
}

/// Does something with the job that the operator names.
fn with(spool: &Spool, name: &str, act: impl FnOnce(&Job) -> u8) -> u8 {
    match spool.find(name) {
        Ok(Some(job)) => act(&job),
        Ok(None) => said(&JOB_NOT_FOUND, &[("name", &name)], Rc::Error),
        Err(error) => said(&SPOOL_UNUSABLE, &[("reason", &error)], Rc::Severe),
    }
}

fn show(job: &Job, wanted: Option<&&str>) -> u8 {
    let unusable = |error: &io::Error| said(&SPOOL_UNUSABLE, &[("reason", error)], Rc::Severe);
    let outputs = match job.outputs() {
        Ok(outputs) => outputs,
        Err(error) => return unusable(&error),
    };
    let chosen: Vec<_> = match wanted {
        None => outputs.iter().collect(),
        Some(wanted) => outputs.iter().filter(|name| is_named(name, wanted)).collect(),
    };
    if let (Some(wanted), []) = (wanted, &chosen[..]) {
        let outputs = outputs.join(", ");
        let arguments: &[Argument<'_>] =
            &[("id", &job.id), ("name", wanted), ("outputs", &outputs)];
        return said(&JOB_NO_OUTPUT, arguments, Rc::Error);
    }
    let mut out = io::stdout();
    for name in &chosen {
        let shown = File::open(job.path.join(name)).and_then(|mut file| {
            if wanted.is_none() || chosen.len() > 1 {
                writeln!(out, "---- {} {name}", job.id)?;
            }
            io::copy(&mut file, &mut out).map(drop)
        });
        match shown {
            // Nobody is left to be told (zoxy jobs show ... | head).
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Rc::Ok.into(),
            Err(error) => return unusable(&error),
            Ok(()) => {}
        }
    }
    Rc::Ok.into()
}

/// Whether an output is the one asked for: by its whole name, its DD, or step and DD.
fn is_named(output: &str, wanted: &str) -> bool {
    let wanted = wanted.to_ascii_uppercase();
    let upper = output.to_ascii_uppercase();
    upper == wanted || upper.ends_with(&format!(".{wanted}"))
}

fn wait(spool: &Spool, name: &str, matches: &Matches) -> u8 {
    let seconds = match matches.opt_str("timeout").map(|text| text.parse::<u32>()) {
        None => WAIT,
        Some(Ok(seconds)) => seconds.into(),
        Some(Err(_)) => {
            usage("jobs", "--timeout: expected a number of seconds").print();
            return NOT_RUN;
        }
    };
    let job = match spool.find(name) {
        Ok(Some(job)) => job,
        Ok(None) => {
            said(&JOB_NOT_FOUND, &[("name", &name)], Rc::Error);
            return NOT_RUN;
        }
        Err(error) => {
            said(&SPOOL_UNUSABLE, &[("reason", &error)], Rc::Severe);
            return NOT_RUN;
        }
    };
    match wait_for(spool, job.id, Some(Duration::from_secs(seconds))) {
        Some(end) => {
            let arguments: &[Argument<'_>] =
                &[("id", &job.id), ("job", &job.status.name), ("end", &end)];
            print(&(JOB_RESULT.render(arguments) + "\n"));
            end.shell_code()
        }
        None => {
            said(&JOB_STILL_RUNS, &[("id", &job.id)], Rc::Error);
            NOT_RUN
        }
    }
}

fn release(job: &Job) -> u8 {
    if !job.runs || job.status.state != State::Held {
        return said(&JOB_NOT_HELD, &[("id", &job.id)], Rc::Error);
    }
    match ask(job, Request::Release) {
        Ok(()) => said(&JOB_RELEASE_ASKED, &[("id", &job.id)], Rc::Ok),
        Err((text, rc)) => {
            eprintln!("{text}");
            rc
        }
    }
}

fn purge(spool: &Spool, job: &Job) -> u8 {
    match spool.purge(job) {
        Ok(true) => said(&JOB_PURGED, &[("id", &job.id), ("job", &job.status.name)], Rc::Ok),
        Ok(false) => said(&JOB_STILL_RUNS, &[("id", &job.id)], Rc::Error),
        Err(error) => said(&SPOOL_UNUSABLE, &[("reason", &error)], Rc::Severe),
    }
}

fn purge_ended(spool: &Spool) -> u8 {
    let purged = spool.jobs().and_then(|jobs| {
        let mut count = 0;
        for job in jobs.iter().filter(|job| !job.runs) {
            count += usize::from(spool.purge(job)?);
        }
        Ok(count)
    });
    match purged {
        Ok(count) => said(&JOBS_PURGED, &[("count", &count)], Rc::Ok),
        Err(error) => said(&SPOOL_UNUSABLE, &[("reason", &error)], Rc::Severe),
    }
}

/// Prints a message where it belongs, and gives the return code.
fn said(message: &Message, arguments: &[Argument<'_>], rc: Rc) -> u8 {
    let line = message.render(arguments);
    match rc {
        Rc::Ok => Output::new(rc, line + "\n").print(),
        rc => Output::failure(rc, line).print(),
    }
}

fn print(text: &str) {
    // Nobody is left to be told when the output cannot be written.
    let _ = io::stdout().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn output_is_named_by_dd_by_step_and_dd_or_whole() {
        for wanted in ["SYSPRINT", "sysprint", "STEP1.SYSPRINT", "2.STEP1.SYSPRINT"] {
            assert!(is_named("2.STEP1.SYSPRINT", wanted), "{wanted}");
        }
        for wanted in ["PRINT", "STEP1", "1.STEP1.SYSPRINT", ""] {
            assert!(!is_named("2.STEP1.SYSPRINT", wanted), "{wanted}");
        }
        assert!(is_named("JESMSGLG", "jesmsglg"));
    }
}
