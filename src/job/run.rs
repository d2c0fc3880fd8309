//! A job from its first message to its end.
//!
//! [`run`] is called by the process that has the job's folder: `zoxy submit` in the foreground, or
//! the process that it, or `zoxy start`, has started in the background. What it leaves behind is the
//! spool: status, logs, output.

use std::io;
use std::time::{Duration, Instant, SystemTime};

use super::command;
use super::datasets::{ClaimError, Datasets};
use super::end::JobEnd;
use super::flow::{Bypass, Flow, limit};
use super::id::Kind;
use super::libraries::user;
use super::log::{JobLog, note, tell};
use super::programs;
use super::settings::Settings;
use super::spool::JobFolder;
use super::status::{Done, State, shown};
use super::step::{self, Outcome, Stop};
use super::watch::{Request, Watch};
use crate::dataset::Store;
use crate::jcl::{AbendCode, Command, Job, Reading, Step, StepEnd, TimeLimit, TypeRun};
use crate::message::catalogue::COMMAND_ANSWER;

/// A job that was cancelled.
pub const CANCELLED: AbendCode = AbendCode::System(0x222);
/// A job or step that used up its TIME.
pub const TIME_OVER: AbendCode = AbendCode::System(0x322);
/// A step that waited for too long.
pub const WAITED_TOO_LONG: AbendCode = AbendCode::System(0x522);
/// A step that wrote too much to a SYSOUT data set.
pub const OUTPUT_EXCEEDED: AbendCode = AbendCode::System(0x722);

/// Everything that a job needs while it runs.
pub struct Runner<'a> {
    pub(super) folder: JobFolder,
    pub(super) log: JobLog,
    pub(super) watch: &'a mut Watch,
    pub(super) datasets: Datasets,
    pub(super) settings: &'a Settings,
    pub(super) job: &'a Job,
    /// Processor time of all steps so far.
    pub(super) used: Duration,
}

/// Runs a job that has been read, or says why it is not run; `echo` shows the job log on standard
/// output as well. The error is one of the spool.
pub fn run(
    mut folder: JobFolder,
    reading: &Reading,
    store: &Store,
    settings: &Settings,
    watch: &mut Watch,
    echo: bool,
) -> io::Result<JobEnd> {
    let Some(job) = &reading.job else { return reject(folder, reading) };
    let mut log = begin(&folder, reading, echo)?;
    if let Some(class) = &job.class {
        folder.status.class.clone_from(class);
    }
    if !job.message_level.messages {
        log.withhold();
    }
    let datasets = Datasets::new(store.clone(), &folder.work().join("ds"));
    let runner = Runner { folder, log, watch, datasets, settings, job, used: Duration::ZERO };
    runner.run()
}

/// Leaves a job whose deck has errors in the spool, with them.
pub fn reject(folder: JobFolder, reading: &Reading) -> io::Result<JobEnd> {
    let mut log = begin(&folder, reading, false)?;
    let errors = reading.diagnostics.iter().filter(|found| found.is_error()).count();
    tell!(log, JOB_HAS_ERRORS, job = folder.status.name, errors = errors);
    finish(folder, JobEnd::JclError)
}

/// The logs of a job, with its statements and what is wrong with them.
fn begin(folder: &JobFolder, reading: &Reading, echo: bool) -> io::Result<JobLog> {
    let mut log = JobLog::new(folder, echo)?;
    tell!(log, JOB_SUBMITTED, job = folder.status.name, id = folder.id);
    log.list(reading.job.as_ref(), &reading.listing, &reading.diagnostics);
    reading.diagnostics.iter().for_each(|diagnostic| log.line(&diagnostic.line));
    Ok(log)
}

/// Notes the end of a job, after its last message.
fn finish(mut folder: JobFolder, end: JobEnd) -> io::Result<JobEnd> {
    if let Err(error) = folder.remove_work() {
        log::debug!("{}: {error}", folder.work().display());
    }
    folder.update(|status| {
        status.step = None;
        status.state = State::Ended(end);
        status.ended = Some(SystemTime::now());
    })?;
    Ok(end)
}

impl Runner<'_> {
    fn run(mut self) -> io::Result<JobEnd> {
        self.say_ignored();
        if self.job.type_run == TypeRun::Scan {
            tell!(self.log, JOB_SCANNED, job = self.job.name);
            return finish(self.folder, JobEnd::Returned(0));
        }
        let began = Instant::now();
        let went = match self.prepare() {
            Ok(None) => self.steps(),
            Ok(Some(end)) => Ok(end),
            Err(error) => Err(error),
        };
        let end = match went {
            Ok(end) => end,
            Err(error) => return Err(self.broken_off(error)),
        };
        if !matches!(end, JobEnd::Returned(_)) {
            self.log.failed();
        }
        self.datasets.finish(&mut self.log);
        let (cpu, elapsed) = (seconds(self.used), seconds(began.elapsed()));
        tell!(self.log, JOB_ENDED, job = self.job.name, end = end, cpu = cpu, elapsed = elapsed);
        if let Some(user) = &self.job.notify {
            tell!(self.log, JOB_NOTIFY, user = user, job = self.job.name, end = end);
        }
        finish(self.folder, end)
    }

    /// Leaves the job in good order when the spool fails, mostly for want of room: what the job made
    /// for itself goes first.
    fn broken_off(mut self, error: io::Error) -> io::Error {
        self.log.failed();
        self.datasets.finish(&mut self.log);
        let id = self.folder.id;
        if let Err(error) = finish(self.folder, JobEnd::Lost) {
            log::debug!("{id}: {error}");
        }
        tell!(self.log, SUBMIT_FAILED, job = id, reason = error);
        error
    }

    /// What comes before the first step; an end if it does not come to that.
    fn prepare(&mut self) -> io::Result<Option<JobEnd>> {
        if self.job.type_run == TypeRun::Hold && !self.wait_for_release()? {
            return Ok(Some(self.cancelled()));
        }
        for command in &self.job.commands {
            self.command(command);
        }
        self.warn_of_missing();
        if let Some(end) = self.claim()? {
            return Ok(Some(end));
        }
        if self.watch.is_cancelled()? {
            return Ok(Some(self.cancelled()));
        }
        self.folder.update(|status| {
            status.state = State::Active;
            status.started = Some(SystemTime::now());
        })?;
        let user = self.job.user.clone().unwrap_or_else(user);
        let class = &self.folder.status.class;
        tell!(self.log, JOB_STARTED, job = self.job.name, class = class, user = user);
        Ok(None)
    }

    fn steps(&mut self) -> io::Result<JobEnd> {
        let job = self.job;
        let mut flow = Flow::new(job);
        for (index, step) in job.steps.iter().enumerate() {
            let (number, name) = (index + 1, step.to_string());
            let outcome = match flow.next() {
                Ok(()) => step::run(self, step, number)?,
                Err(bypass) => {
                    self.say_bypassed(&name, bypass);
                    Outcome::bypassed()
                }
            };
            self.used += outcome.cpu;
            flow.ended(outcome.end);
            let done = Done {
                number,
                name,
                program: step.program.clone(),
                cpu: outcome.cpu,
                elapsed: outcome.elapsed,
                end: outcome.end,
            };
            self.folder.update(|status| {
                status.step = None;
                status.done.push(done);
            })?;
            match outcome.stop {
                Some(Stop::JclError) => return Ok(JobEnd::JclError),
                Some(Stop::Abended) => return Ok(flow.end()),
                None if self.watch.is_cancelled()? => return Ok(self.cancelled()),
                None => {}
            }
        }
        Ok(flow.end())
    }

    /// What a step may use: TIME of the step and what is left of the job's.
    pub(super) fn limits(&self, step: &Step) -> super::watch::Limits {
        let of_job = limit(self.job.time).map(|limit| limit.saturating_sub(self.used));
        let cpu = limit(step.time).into_iter().chain(of_job).min();
        let unlimited = |time| matches!(time, Some(TimeLimit::NoLimit | TimeLimit::Maximum));
        let waits_freely = self.folder.id.kind == Kind::Task
            || unlimited(step.time)
            || step.time.is_none() && unlimited(self.job.time);
        let wait = self.settings.step_wait.filter(|_| !waits_freely);
        // A started task writes as long as it runs.
        let output = self.settings.output_limit.filter(|_| self.folder.id.kind != Kind::Task);
        super::watch::Limits { cpu, wait, output }
    }

    /// Whether the job has no processor time left.
    pub(super) fn is_out_of_time(&self) -> bool {
        limit(self.job.time).is_some_and(|limit| self.used >= limit)
    }

    fn cancelled(&mut self) -> JobEnd {
        tell!(self.log, JOB_CANCELLED, job = self.job.name);
        JobEnd::Abended(CANCELLED)
    }

    /// False if it is cancelled instead.
    fn wait_for_release(&mut self) -> io::Result<bool> {
        self.folder.update(|status| status.state = State::Held)?;
        tell!(self.log, JOB_HELD, job = self.job.name, id = self.folder.id);
        loop {
            match self.watch.requests(HELD_LOOK)?.first() {
                None => {}
                Some(Request::Cancel | Request::Stop) => return Ok(false),
                Some(Request::Release) => {
                    tell!(self.log, JOB_RELEASED, job = self.job.name);
                    return Ok(true);
                }
            }
        }
    }

    /// Claims the data sets of the job; an end if they are not to be had.
    fn claim(&mut self) -> io::Result<Option<JobEnd>> {
        let (mut told, mut failed) = (false, None);
        let Self { datasets, job, settings, watch, log, folder, .. } = self;
        let claimed = datasets.claim(job, settings.dataset_wait, |reason, pause| {
            if !std::mem::replace(&mut told, true) {
                tell!(log, JOB_WAITS, job = job.name, reason = reason);
                failed = folder.update(|status| status.state = State::Waiting).err();
            }
            let asked = watch.requests(pause).unwrap_or_default();
            !asked.contains(&Request::Cancel) && !asked.contains(&Request::Stop)
        });
        if let Some(error) = failed {
            return Err(error);
        }
        match claimed {
            Ok(()) => Ok(None),
            Err(ClaimError::Cancelled) => Ok(Some(self.cancelled())),
            Err(ClaimError::InUse(reason) | ClaimError::Store(reason)) => {
                tell!(self.log, JOB_NOT_CLAIMED, job = self.job.name, reason = reason);
                Ok(Some(JobEnd::JclError))
            }
        }
    }

    /// What will probably fail, told before anything runs: earlier steps may still see to it.
    fn warn_of_missing(&mut self) {
        for (step, dd, name) in self.datasets.missing(self.job) {
            tell!(self.log, DATASET_MISSING, step = step, dd = dd, name = name);
        }
        for step in &self.job.steps {
            let has_library = self.job.joblib.is_some() || step.dd("STEPLIB").is_some();
            if !programs::is_likely(&step.program, has_library, self.settings) {
                tell!(self.log, PROGRAM_MISSING, step = step, program = step.program);
            }
        }
    }

    fn command(&mut self, Command { text, .. }: &Command) {
        let (answer, rc) = command::run(text);
        tell!(self.log, COMMAND_DONE, command = text, rc = rc);
        for line in answer.lines() {
            self.log.line(&COMMAND_ANSWER.render(&[("line", &line)]));
        }
    }

    fn say_bypassed(&mut self, step: &str, bypass: Bypass) {
        tell!(self.log, STEP_BYPASSED, step = step, reason = bypass);
    }

    fn say_ignored(&mut self) {
        let job = self.job;
        let mut say = |place: String, ignored: &[&str]| {
            if !ignored.is_empty() {
                let keywords = ignored.join(", ");
                note!(self.log, KEYWORDS_IGNORED, place = place, keywords = keywords);
            }
        };
        say(format!("job {}", job.name), &job.ignored);
        for step in &job.steps {
            say(format!("step {step}"), &step.ignored);
            for (dd, part) in step.dds.iter().flat_map(|dd| dd.parts.iter().map(move |p| (dd, p))) {
                say(format!("step {step} DD {}", dd.name), &part.ignored);
            }
        }
    }
}

/// How a step ended, for the job log.
pub(super) fn say_step_ended(log: &mut JobLog, step: &str, outcome: &Outcome) {
    let end = shown(outcome.end);
    let (cpu, elapsed) = (seconds(outcome.cpu), seconds(outcome.elapsed));
    match outcome.end {
        StepEnd::Abended(_) => {
            let reason = outcome.reason.as_deref().unwrap_or("its program did not end normally");
            tell!(log, STEP_ABENDED, step = step, end = end, reason = reason);
            tell!(log, STEP_USED, step = step, cpu = cpu, elapsed = elapsed);
        }
        _ => tell!(log, STEP_ENDED, step = step, end = end, cpu = cpu, elapsed = elapsed),
    }
}

/// Seconds with two digits behind the point.
fn seconds(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64())
}

/// How long a held job sleeps between two looks; a release wakes it.
const HELD_LOOK: Duration = Duration::from_secs(60);
