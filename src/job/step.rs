//! One step: its DDs, its program, its end.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::dds::Dds;
use super::log::tell;
use super::programs::{self, Context, NOT_EXECUTABLE, NOT_FOUND, Plan, Refusal};
use super::reader;
use super::run::{CANCELLED, OUTPUT_EXCEEDED, Runner, TIME_OVER, WAITED_TOO_LONG, say_step_ended};
use super::status::Running;
use super::text;
use super::watch::{Cause, Ended, Event, Exit};
use crate::jcl::{AbendCode, Parm, Step, StepEnd};

/// What became of a step.
#[derive(Debug)]
pub struct Outcome {
    /// How it ended.
    pub end: StepEnd,
    /// Why, if it ended abnormally.
    pub reason: Option<String>,
    /// Processor time of all its processes.
    pub cpu: Duration,
    /// From the start of its program to its end.
    pub elapsed: Duration,
    /// The job ends with it.
    pub stop: Option<Stop>,
}

/// Why a job ends with a step, whatever those behind it ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// What the step needs cannot be allocated.
    JclError,
    /// It was cancelled, or the job has no time left.
    Abended,
}

impl Outcome {
    /// The step does not run.
    pub fn bypassed() -> Self {
        let zero = Duration::ZERO;
        Self { end: StepEnd::NotRun, reason: None, cpu: zero, elapsed: zero, stop: None }
    }

    fn of(end: StepEnd, reason: Option<String>) -> Self {
        Self { end, reason, ..Self::bypassed() }
    }
}

/// Runs the step that is the `number`th of its job. The error is one of the spool.
pub(super) fn run(runner: &mut Runner<'_>, step: &Step, number: usize) -> io::Result<Outcome> {
    let name = step.to_string();
    let running = Running {
        number,
        name: name.clone(),
        program: step.program.clone(),
        process: None,
        ready: None,
    };
    runner.folder.update(|status| status.step = Some(running))?;
    let Some(mut dds) = allocate(runner, step, number) else {
        tell!(runner.log, STEP_NOT_ALLOCATED, step = name);
        return Ok(Outcome { stop: Some(Stop::JclError), ..Outcome::bypassed() });
    };
    tell!(runner.log, STEP_STARTED, step = name, program = step.program);
    let mut outcome = execute(runner, step, number, &mut dds)?;
    if !dds.store_output(&mut runner.log) && !outcome.end.abended() {
        let reason = "its output could not be written to its data set".to_owned();
        outcome.end = StepEnd::Abended(OUTPUT_LOST);
        outcome.reason = Some(reason);
    }
    if outcome.end.abended() {
        runner.log.failed();
    } else {
        reader::submit(runner, &name, &dds);
    }
    dds.dispose(!outcome.end.abended(), &mut runner.datasets, &mut runner.log);
    say_step_ended(&mut runner.log, &name, &outcome);
    Ok(outcome)
}

fn allocate(runner: &mut Runner<'_>, step: &Step, number: usize) -> Option<Dds> {
    let like = programs::find(&step.program).and_then(|program| program.like);
    let with_joblib;
    let step = match &runner.job.joblib {
        Some(joblib) if step.dd("STEPLIB").is_none() => {
            let mut step = step.clone();
            step.dds.push(joblib.clone());
            with_joblib = step;
            &with_joblib
        }
        _ => step,
    };
    let patience = runner.limits(step).wait;
    Dds::allocate(
        step,
        number,
        like,
        &mut runner.datasets,
        &runner.folder,
        &mut runner.log,
        patience,
    )
}

/// Finds the program and runs it.
fn execute(
    runner: &mut Runner<'_>,
    step: &Step,
    number: usize,
    dds: &mut Dds,
) -> io::Result<Outcome> {
    if runner.is_out_of_time() {
        let reason = "the job has no processor time left (TIME)".to_owned();
        let outcome = Outcome::of(StepEnd::Abended(TIME_OVER), Some(reason));
        return Ok(Outcome { stop: Some(Stop::Abended), ..outcome });
    }
    let output = runner.folder.path().join(format!("{number}.{step}.STDOUT"));
    let planned = environment(runner, step, dds).and_then(|environment| {
        let parm = parm(step, dds)?;
        let mut context = Context { parm, dds, environment, output: output.clone() };
        programs::plan(&step.program, &mut context, runner.settings)
    });
    let outcome = match planned {
        Ok(Plan::Nothing) => Outcome::of(StepEnd::Returned(0), None),
        Ok(Plan::Run(run)) => {
            let outputs = dds.outputs().chain([output.clone()]).collect();
            start(runner, step, *run, outputs)?
        }
        Err(Refusal::Code(code, reason)) => {
            tell!(runner.log, PROGRAM_REFUSES, step = step, reason = reason);
            Outcome::of(StepEnd::Returned(code), None)
        }
        Err(Refusal::Abend(code, reason)) => Outcome::of(StepEnd::Abended(code), Some(reason)),
    };
    // Output that no DD took is kept if there is any.
    if fs::metadata(&output).is_ok_and(|found| found.len() == 0) {
        let _ = fs::remove_file(&output);
    }
    Ok(outcome)
}

fn start(
    runner: &mut Runner<'_>,
    step: &Step,
    mut run: programs::Run,
    outputs: Vec<PathBuf>,
) -> io::Result<Outcome> {
    let socket = run.notifies.then(|| runner.folder.work().join("notify"));
    let limits = runner.limits(step);
    let started =
        match runner.watch.start(&mut run.command, limits, outputs.clone(), socket.as_deref()) {
            Ok(started) => started,
            Err(error) => {
                let outcome = not_started(&error, &run);
                if let (StepEnd::Returned(_), Some(reason)) = (outcome.end, &outcome.reason) {
                    tell!(runner.log, PROGRAM_REFUSES, step = step, reason = reason);
                }
                return Ok(outcome);
            }
        };
    let (folder, log) = (&mut runner.folder, &mut runner.log);
    let (mut failed, mut is_ready) = (None, false);
    let ended = runner.watch.follow(started, |event| {
        // A proxy says so again after each refresh.
        if event == Event::Ready && std::mem::replace(&mut is_ready, true) {
            return;
        }
        let updated = folder.update(|status| {
            let Some(running) = &mut status.step else { return };
            match event {
                Event::Began(process) => {
                    running.process = Some((process.id, process.began));
                    running.ready = run.notifies.then_some(false);
                }
                Event::Ready => running.ready = Some(true),
            }
        });
        if event == Event::Ready {
            tell!(log, PROGRAM_READY, step = step, program = step.program);
        }
        failed = failed.take().or(updated.err());
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    if ended.left > 0 {
        tell!(runner.log, PROCESSES_ENDED, step = step, count = ended.left);
    }
    let mut outcome = outcome_of(ended, run.signals_are_codes);
    if let (StepEnd::Returned(1..), Some(file)) = (outcome.end, &run.code_file) {
        outcome.end = StepEnd::Returned(left_code(file).unwrap_or(NO_CODE));
    }
    let exceeded = limits.output.and_then(|most| cut_output(&outputs, most));
    Ok(match exceeded {
        Some(reason) if matches!(ended.cause, None | Some(Cause::Stopped | Cause::OutputLimit)) => {
            let end = StepEnd::Abended(OUTPUT_EXCEEDED);
            Outcome { end, reason: Some(reason), ..outcome }
        }
        _ => outcome,
    })
}

/// The return code that a program left, which an exit status has no room for.
fn left_code(file: &Path) -> Option<u16> {
    let code = fs::read_to_string(file).ok()?.trim().parse().ok()?;
    (1..=4095).contains(&code).then_some(code)
}

/// Cuts off what was written beyond the limit, also within the time between two looks; names the
/// first such output.
fn cut_output(outputs: &[PathBuf], most: u64) -> Option<String> {
    let is_over = |path: &&PathBuf| fs::metadata(path).is_ok_and(|found| found.len() > most);
    let mut first = None;
    for path in outputs.iter().filter(is_over) {
        let cut = fs::OpenOptions::new().write(true).open(path).and_then(|file| file.set_len(most));
        if let Err(error) = cut {
            log::debug!("{}: {error}", path.display());
        }
        first = first.or(Some(path));
    }
    let name = first?.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Some(format!("output {name} has more than {} megabytes (ZOXY_SYSOUTMAX)", most >> 20))
}

/// What the end of a program means.
fn outcome_of(ended: Ended, signals_are_codes: bool) -> Outcome {
    let Ended { exit, cause, cpu, elapsed, .. } = ended;
    let abend = |code, reason: &str| (StepEnd::Abended(code), Some(reason.to_owned()));
    let (end, reason) = match (cause, exit) {
        (Some(Cause::Cancelled), _) => abend(CANCELLED, "cancelled"),
        (Some(Cause::TimeLimit), _) => abend(TIME_OVER, "its processor time is used up (TIME)"),
        (Some(Cause::WaitLimit), _) => {
            abend(WAITED_TOO_LONG, "it waited for too long without processor time (ZOXY_STEPWAIT)")
        }
        (Some(Cause::OutputLimit), _) => {
            abend(OUTPUT_EXCEEDED, "it wrote too much (ZOXY_SYSOUTMAX)")
        }
        // It was asked to end, and did.
        (Some(Cause::Stopped), Exit::Signal(SIGTERM) | Exit::Status(SHELL_TERM)) => {
            (StepEnd::Returned(0), None)
        }
        (_, Exit::Status(status)) => (StepEnd::Returned(status.into()), None),
        (_, Exit::Signal(signal)) if signals_are_codes => {
            (StepEnd::Returned(SHELL_SIGNAL + u16::try_from(signal).unwrap_or(0)), None)
        }
        (_, Exit::Signal(signal)) => {
            abend(abend_of(signal), &format!("signal {signal} ended its program"))
        }
    };
    let stop = (cause == Some(Cause::Cancelled)).then_some(Stop::Abended);
    Outcome { end, reason, cpu, elapsed, stop }
}

/// The abend that a signal stands for.
fn abend_of(signal: i32) -> AbendCode {
    match signal {
        4 => AbendCode::System(0x0c1),
        7 | 11 => AbendCode::System(0x0c4),
        8 => AbendCode::System(0x0c9),
        6 => AbendCode::User(4038),
        24 => TIME_OVER,
        25 => AbendCode::System(0xb37),
        _ => AbendCode::System(0xec6),
    }
}

/// A program that the system does not start.
fn not_started(error: &io::Error, run: &programs::Run) -> Outcome {
    let program = run.command.get_program().to_string_lossy();
    let is_there = fs::metadata(run.command.get_program()).is_ok();
    let missing = error.kind() == io::ErrorKind::NotFound;
    let reason = match missing && is_there {
        true => format!("{program}: the interpreter that it names is not there"),
        false => format!("{program}: {error}"),
    };
    let missing = missing && !is_there;
    let end = match (run.signals_are_codes, missing) {
        // As a shell has it.
        (true, true) => StepEnd::Returned(127),
        (true, false) => StepEnd::Returned(126),
        (false, true) => StepEnd::Abended(NOT_FOUND),
        (false, false) => StepEnd::Abended(NOT_EXECUTABLE),
    };
    Outcome::of(end, Some(reason))
}

/// PARM, or what PARMDD holds: its lines, with a blank between them.
fn parm(step: &Step, dds: &Dds) -> Result<Option<String>, Refusal> {
    match &step.parm {
        None => Ok(None),
        Some(Parm::Text(text)) => Ok(Some(text.clone())),
        Some(Parm::Dd(name)) => {
            let wrong = |reason: &dyn std::fmt::Display| {
                Refusal::Abend(programs::NOT_OPENED, format!("PARMDD {name}: {reason}"))
            };
            if dds.has_blocks_only(name) {
                return Err(wrong(&"it has RECFM=U; expected F, FB, V or VB"));
            }
            let lines = dds.text(name).map_err(|error| wrong(&error))?;
            let lines = lines.ok_or_else(|| wrong(&"there is no such DD"))?;
            let lines: Vec<_> = lines.lines().map(text::without_number).map(str::trim).collect();
            Ok(Some(lines.join(" ")))
        }
    }
}

fn environment(
    runner: &Runner<'_>,
    step: &Step,
    dds: &mut Dds,
) -> Result<Vec<(String, std::ffi::OsString)>, Refusal> {
    let wrong = |error: io::Error| {
        Refusal::Abend(programs::NOT_OPENED, format!("a DD cannot be opened: {error}"))
    };
    let mut variables = dds.environment().map_err(wrong)?;
    variables.push(("ZOXY_JOB".to_owned(), runner.folder.id.to_string().into()));
    variables.push(("ZOXY_JOBNAME".to_owned(), runner.job.name.clone().into()));
    variables.push(("ZOXY_STEP".to_owned(), step.to_string().into()));
    variables.push(("ZOXY_TASK".to_owned(), runner.folder.path().into()));
    Ok(variables)
}

/// Output that could not be made into records.
const OUTPUT_LOST: AbendCode = AbendCode::System(0x001);

/// A program that says it failed, and not with which code.
const NO_CODE: u16 = 4095;

const SIGTERM: i32 = 15;
/// What a shell makes of a signal: this and its number.
const SHELL_SIGNAL: u16 = 128;
const SHELL_TERM: u8 = 143;

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(exit: Exit, cause: Option<Cause>) -> Ended {
        Ended { exit, cause, cpu: Duration::ZERO, elapsed: Duration::ZERO, left: 0 }
    }

    #[test]
    fn ends_of_programs_are_codes_or_abends() {
        let system = |code| StepEnd::Abended(AbendCode::System(code));
        for (exit, cause, shell, end) in [
            (Exit::Status(4), None, false, StepEnd::Returned(4)),
            (Exit::Signal(11), None, false, system(0x0c4)),
            (Exit::Signal(11), None, true, StepEnd::Returned(139)),
            (Exit::Signal(6), None, false, StepEnd::Abended(AbendCode::User(4038))),
            (Exit::Signal(15), Some(Cause::Stopped), false, StepEnd::Returned(0)),
            (Exit::Status(143), Some(Cause::Stopped), true, StepEnd::Returned(0)),
            (Exit::Status(8), Some(Cause::Stopped), true, StepEnd::Returned(8)),
            (Exit::Status(0), Some(Cause::TimeLimit), true, system(0x322)),
            (Exit::Signal(9), Some(Cause::WaitLimit), true, system(0x522)),
            (Exit::Signal(15), Some(Cause::OutputLimit), true, system(0x722)),
            (Exit::Status(0), Some(Cause::Cancelled), true, system(0x222)),
        ] {
            assert_eq!(outcome_of(ended(exit, cause), shell).end, end, "{exit:?} {cause:?}");
        }
    }

    #[test]
    fn a_program_whose_interpreter_is_missing_is_there() {
        let here = std::env::current_exe().unwrap();
        for (program, shell, end) in [
            (here.as_path(), false, StepEnd::Abended(NOT_EXECUTABLE)),
            (here.as_path(), true, StepEnd::Returned(126)),
            (Path::new("/nowhere/at/all"), false, StepEnd::Abended(NOT_FOUND)),
            (Path::new("/nowhere/at/all"), true, StepEnd::Returned(127)),
        ] {
            let command = std::process::Command::new(program);
            let run = programs::Run {
                command,
                signals_are_codes: shell,
                notifies: false,
                code_file: None,
            };
            let outcome = not_started(&io::ErrorKind::NotFound.into(), &run);
            assert_eq!(outcome.end, end, "{}", program.display());
        }
    }
}
