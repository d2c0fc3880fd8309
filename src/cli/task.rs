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

Sends a command to the zoxy of a started task, and prints the answer: REFRESH, or
any other command of zoxy ctl.";

const RETURN_CODES: &str = "
Return codes: 0 done, 4 started but not ready yet, 8 not done, 12 something
outside failed, or the task has not ended in time.
";

/// Runs `zoxy start`.
pub(super) fn start(arguments: &[String]) -> u8 {
    command("start", START, arguments, |spool, operands, _| {
        let settings = match Settings::from_environment() {
            Ok(settings) => settings,
            Err(problem) => return Ok((SPOOL_UNUSABLE.render(&[("reason", &problem)]), 12)),
        };
        Ok(task::start(spool, &settings, &task::parse_start(operands)?))
    })
}

/// Runs `zoxy stop`.
pub(super) fn stop(arguments: &[String]) -> u8 {
    command("stop", STOP, arguments, |spool, name, wait| Ok(task::stop(spool, name, wait)))
}

/// Runs `zoxy modify`.
pub(super) fn modify(arguments: &[String]) -> u8 {
    command("modify", MODIFY, arguments, |spool, operands, _| {
        let (name, text) = operands.split_once(',').ok_or("expected NAME,COMMAND")?;
        Ok(task::modify(spool, name.trim(), text.trim()))
    })
}

/// Reads a command line with one operand and carries it out.
fn command(
    name: &str,
    brief: &str,
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
        return Output::new(Rc::Ok, options.usage(brief) + RETURN_CODES).print();
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
