//! `zoxy start`, `zoxy stop` and `zoxy modify`: started tasks.

use std::time::Duration;

use getopts::Options;

use super::output::Output;
use super::rc::Rc;
use super::usage;
use crate::job::command::STOP_WAIT;
use crate::job::settings::Settings;
use crate::job::spool::Spool;
use crate::job::task;
use crate::message::catalogue::SPOOL_UNUSABLE;

const START: &str = "\
Usage: zoxy start NAME[.ID][,PARM='...'][,SYMBOL=VALUE]...

Runs procedure NAME of ZOXY_PROCLIB as a started task: in the background, in a
session of its own, under the name ID or NAME, which only one task can have at a
time. Returns when its program is there; when that is zoxy, when it is ready.";

const STOP: &str = "\
Usage: zoxy stop [-t SECONDS] NAME

Asks a started task to end, waits for it, and says how it ended.";

const MODIFY: &str = "\
Usage: zoxy modify NAME,COMMAND

Sends a command to the zoxy of a started task, and prints the answer: REFRESH,
or any other command of zoxy ctl.";

const START_CODES: &str = "
Return codes: 0 started, 4 started but not ready after 60 seconds, or ended with
a code up to 4, 8 not started, or ended at once with another code, 12 something
outside failed. ZOXY_PROCLIB says where procedures are.
";

const STOP_CODES: &str = "
Return codes: 0 it has ended, 8 no such task, 12 it has not ended in time.
";

const MODIFY_CODES: &str = "
Return codes: that of the command; 8 no such task, or it takes no commands, 12
it does not answer.
";

/// Runs `zoxy start`.
pub(super) fn start(arguments: &[String]) -> u8 {
    command("start", START, START_CODES, arguments, |spool, operands, _| {
        let settings = match Settings::from_environment() {
            Ok(settings) => settings,
            Err(problem) => return Ok((SPOOL_UNUSABLE.render(&[("reason", &problem)]), 12)),
        };
        Ok(task::start(spool, &settings, &task::parse_start(operands)?))
    })
}

/// Runs `zoxy stop`.
pub(super) fn stop(arguments: &[String]) -> u8 {
    command("stop", STOP, STOP_CODES, arguments, |spool, name, wait| {
        Ok(task::stop(spool, name, wait))
    })
}

/// Runs `zoxy modify`.
pub(super) fn modify(arguments: &[String]) -> u8 {
    command("modify", MODIFY, MODIFY_CODES, arguments, |spool, operands, _| {
        let (name, text) = operands.split_once(',').ok_or("expected NAME,COMMAND")?;
        Ok(task::modify(spool, name.trim(), text.trim()))
    })
}

/// Reads a command line with one operand and carries it out.
fn command(
    name: &str,
    brief: &str,
    codes: &str,
    arguments: &[String],
    act: impl FnOnce(&Spool, &str, Duration) -> Result<(String, u8), String>,
) -> u8 {
    let mut options = Options::new();
    if name == "stop" {
        let help = format!("wait so long for the end (default {})", STOP_WAIT.as_secs());
        options.optopt("t", "timeout", &help, "SECONDS");
    }
    options.optflag("h", "help", "print this help");
    let matches = match options.parse(arguments) {
        Ok(matches) => matches,
        Err(error) => return usage(name, &error.to_string()).print(),
    };
    if matches.opt_present("help") {
        return Output::new(Rc::Ok, options.usage(brief) + codes).print();
    }
    let seconds = if name == "stop" { matches.opt_str("timeout") } else { None };
    let wait = match seconds.map(|text| text.parse::<u32>()) {
        None => STOP_WAIT,
        Some(Ok(seconds)) => Duration::from_secs(seconds.into()),
        Some(Err(_)) => return usage(name, "--timeout: expected a number of seconds").print(),
    };
    if matches.free.is_empty() {
        return usage(name, "the name of a task is missing").print();
    }
    let spool = match Spool::from_environment() {
        Ok(spool) => spool,
        Err(error) => {
            let line = SPOOL_UNUSABLE.render(&[("reason", &error)]);
            return Output::failure(Rc::Severe, line).print();
        }
    };
    // The shell may have split what belongs together.
    match act(&spool, &matches.free.join(" "), wait) {
        Ok((text, rc)) => {
            let text = text.trim_end().to_owned() + "\n";
            match rc {
                0 | 4 => Output::new(Rc::Ok, text).print(),
                _ => Output { rc: Rc::Error, out: String::new(), err: text }.print(),
            };
            rc
        }
        Err(problem) => usage(name, &problem).print(),
    }
}
