//! Running a step's program and watching over it: its end, limits, signals of the operator.
//!
//! One [`Watch`] belongs to the process of a job. It hears signals from the first moment, so that a
//! job can be cancelled before its first step and between steps. Everything it waits for has a
//! deadline or is an event; a step whose program does not obey is killed.
//!
//! | what happens | cause | what is done |
//! |---|---|---|
//! | SIGTERM, SIGINT, SIGHUP | cancelled | SIGTERM to every process of the step, SIGKILL after [`GRACE`] |
//! | SIGUSR2 | stopped | SIGTERM to the program's process group; it ends as it likes |
//! | TIME is used up | time limit | as for cancelled |
//! | no processor time for so long | wait limit | as for cancelled |
//! | a SYSOUT data set is too large | output limit | as for cancelled |
//! | the program ends | none | what it has left running is ended as well |

use std::fs;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use mio::net::UnixDatagram;
use mio::{Events, Interest, Poll, Token};
use rustix::process::{Pid, Signal, WaitOptions};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook_mio::v1_0::Signals;

use super::proc::{self, Process};

/// What an operator asks of a job, by a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    /// End it now, abnormally.
    Cancel,
    /// Have the program of the step end.
    Stop,
    /// Begin, if it is held.
    Release,
}

impl Request {
    /// The signal that says so to the process of a job.
    pub fn signal(self) -> Signal {
        match self {
            Self::Cancel => Signal::TERM,
            Self::Stop => Signal::USR2,
            Self::Release => Signal::USR1,
        }
    }
}

/// What a step may use.
#[derive(Debug, Clone, Copy, Default)]
pub struct Limits {
    /// Processor time of all its processes.
    pub cpu: Option<Duration>,
    /// Time in which none of them uses any.
    pub wait: Option<Duration>,
    /// Bytes of each of its output files.
    pub output: Option<u64>,
}

/// What ended a step before its program did by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// The operator, or whoever sent the signal.
    Cancelled,
    /// The operator, who asked the program to end.
    Stopped,
    /// [`Limits::cpu`].
    TimeLimit,
    /// [`Limits::wait`].
    WaitLimit,
    /// [`Limits::output`].
    OutputLimit,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// By itself, with this status.
    Status(u8),
    /// By this signal.
    Signal(i32),
}

/// All of a step that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Ended {
    /// How its program ended.
    pub exit: Exit,
    /// What ended it.
    pub cause: Option<Cause>,
    /// Processor time of all its processes.
    pub cpu: Duration,
    /// From its start to its end.
    pub elapsed: Duration,
    /// Processes it had left running.
    pub left: usize,
}

/// What happens to a step while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Its first process is there.
    Began(Process),
    /// The program says that it is ready.
    Ready,
}

/// Ears and clock of a job's process.
pub struct Watch {
    poll: Poll,
    signals: Signals,
    /// A cancel that came while no step ran.
    cancelled: bool,
    /// A stop that came while no step ran: it is for the next program.
    stopped: bool,
}

impl Watch {
    /// Hears signals from now on. SIGHUP and SIGINT stay ignored where they are (nohup, a shell's
    /// background job).
    pub fn new() -> io::Result<Self> {
        let ignored = ignored_signals();
        let mut wanted = vec![SIGCHLD, SIGTERM, SIGUSR1, SIGUSR2];
        let optional = [SIGHUP, SIGINT].into_iter();
        wanted.extend(optional.filter(|signal| ignored >> (signal - 1) & 1 == 0));
        let cancels = wanted.iter().filter(|signal| [SIGTERM, SIGINT, SIGHUP].contains(signal));
        for signal in cancels {
            let flag = CANCEL.get_or_init(Arc::default);
            signal_hook::flag::register(*signal, Arc::clone(flag))?;
        }
        let mut signals = Signals::new(wanted)?;
        let poll = Poll::new()?;
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
        // Without it, what a step leaves running is found by its process group only.
        if let Err(error) = rustix::process::set_child_subreaper(Some(rustix::process::getpid())) {
            log::debug!("orphans of steps are not adopted: {error}");
        }
        Ok(Self { poll, signals, cancelled: false, stopped: false })
    }

    /// What has been asked for, as soon as something is or `wait` is over.
    pub fn requests(&mut self, wait: Duration) -> io::Result<Vec<Request>> {
        self.turn(Some(wait))?;
        Ok(self.pending())
    }

    /// Whether a cancel has come while no step ran.
    pub fn is_cancelled(&mut self) -> io::Result<bool> {
        let requests = self.requests(Duration::ZERO)?;
        self.note(&requests);
        Ok(self.cancelled)
    }

    fn note(&mut self, requests: &[Request]) {
        self.cancelled |= requests.contains(&Request::Cancel);
        self.stopped |= requests.contains(&Request::Stop);
    }

    /// Starts a program; the error is why the system does not. `outputs` are the files that it writes
    /// its output to, `socket` is where it may say that it is ready (sd_notify).
    pub fn start(
        &mut self,
        command: &mut Command,
        limits: Limits,
        outputs: Vec<PathBuf>,
        socket: Option<&Path>,
    ) -> io::Result<Started> {
        // Under an emulator a failing exec looks like a program that ends at once.
        let program = Path::new(command.get_program());
        if program.components().count() > 1 {
            fs::metadata(program)?;
        }
        let notified = socket.and_then(|path| self.listen(path));
        match &notified {
            Some(socket) => command.env("NOTIFY_SOCKET", &socket.path),
            None => command.env_remove("NOTIFY_SOCKET"),
        };
        let leader = command.process_group(0).spawn()?.id() as i32;
        let mut step = Step::new(leader, limits, outputs);
        if std::mem::take(&mut self.stopped) {
            step.stop();
        }
        Ok(Started { step, notified })
    }

    /// Follows a program to its end, and ends what it leaves running.
    pub fn follow(&mut self, started: Started, mut tell: impl FnMut(Event)) -> io::Result<Ended> {
        let Started { mut step, mut notified } = started;
        // It has not been waited for, so that it is there at least as a zombie.
        proc::process(step.leader).into_iter().for_each(|process| tell(Event::Began(process)));
        let exit = loop {
            self.turn(step.timeout(Instant::now()))?;
            for request in self.pending() {
                match request {
                    Request::Cancel => step.end(Cause::Cancelled),
                    Request::Stop => step.stop(),
                    Request::Release => {}
                }
            }
            if notified.as_mut().is_some_and(Notified::is_ready) {
                tell(Event::Ready);
            }
            if let Some(exit) = step.reap() {
                break exit;
            }
            step.check(Instant::now());
        };
        let left = self.end_remaining(&mut step)?;
        let cpu = proc::time(step.ticks());
        Ok(Ended { exit, cause: step.cause, cpu, elapsed: step.began.elapsed(), left })
    }

    /// Ends what the program has left running; how many processes it left. One that cannot be ended
    /// is left after some time.
    fn end_remaining(&mut self, step: &mut Step) -> io::Result<usize> {
        // What is ended by force has been told to already, and need not be gone yet.
        let forced = step.deadline.is_some();
        let left = step.remaining().len();
        if left > 0 && !forced {
            step.terminate();
        }
        let give_up = Instant::now() + PATIENCE;
        while !step.remaining().is_empty() && Instant::now() < give_up {
            self.turn(step.timeout(Instant::now()))?;
            let requests = self.pending();
            self.note(&requests);
            step.reap_orphans();
            step.check(Instant::now());
        }
        Ok(if forced { 0 } else { left })
    }

    fn turn(&mut self, wait: Option<Duration>) -> io::Result<()> {
        // What is found is looked at by whoever called: nothing is kept here.
        match self.poll.poll(&mut Events::with_capacity(8), wait) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => Err(error),
            _ => Ok(()),
        }
    }

    fn pending(&mut self) -> Vec<Request> {
        let request = |signal| match signal {
            SIGCHLD => None,
            SIGUSR1 => Some(Request::Release),
            SIGUSR2 => Some(Request::Stop),
            _ => Some(Request::Cancel),
        };
        self.signals.pending().filter_map(request).collect()
    }

    /// A program without this socket is never ready, which harms nobody.
    fn listen(&self, path: &Path) -> Option<Notified> {
        let socket = UnixDatagram::bind(path).and_then(|mut socket| {
            self.poll.registry().register(&mut socket, NOTIFIED, Interest::READABLE)?;
            Ok(Notified { socket, path: path.to_owned() })
        });
        socket.inspect_err(|error| log::debug!("{}: {error}", path.display())).ok()
    }
}

/// A program that runs.
pub struct Started {
    step: Step,
    notified: Option<Notified>,
}

/// The socket for a program's notifications, removed when dropped.
struct Notified {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Notified {
    /// Takes all notifications; true if one of them is READY=1.
    fn is_ready(&mut self) -> bool {
        let (mut ready, mut state) = (false, [0; 4096]);
        while let Ok(length) = self.socket.recv(&mut state) {
            ready |= state[..length].split(|byte| *byte == b'\n').any(|line| line == b"READY=1");
        }
        ready
    }
}

impl Drop for Notified {
    fn drop(&mut self) {
        // It lies in the job's own folder and goes with that at the latest. The poll forgets a socket
        // that is closed.
        let _ = fs::remove_file(&self.path);
    }
}

/// A step in the making of its end.
struct Step {
    own: i32,
    /// The session of the job's process, and of all that belongs to the step.
    session: i32,
    leader: i32,
    limits: Limits,
    outputs: Vec<PathBuf>,
    began: Instant,
    cause: Option<Cause>,
    /// Ticks of processes that have been waited for.
    reaped: u64,
    /// Ticks at the last look, and since when there are no more.
    used: (u64, Instant),
    next_look: Instant,
    /// When SIGTERM becomes SIGKILL.
    deadline: Option<Instant>,
}

impl Step {
    fn new(leader: i32, limits: Limits, outputs: Vec<PathBuf>) -> Self {
        let now = Instant::now();
        let own = rustix::process::getpid().as_raw_nonzero().get();
        Self {
            own,
            session: rustix::process::getsid(None).map_or(own, |id| id.as_raw_nonzero().get()),
            leader,
            limits,
            outputs,
            began: now,
            cause: None,
            reaped: 0,
            used: (0, now),
            next_look: now + LOOK,
            deadline: None,
        }
    }

    /// Processes of the step that run, or have ended and were not waited for.
    fn processes(&self) -> Vec<Process> {
        let mut processes = proc::family(self.own, self.leader);
        processes.retain(|process| process.session == self.session);
        processes
    }

    fn remaining(&self) -> Vec<Process> {
        self.processes().into_iter().filter(|process| !process.ended).collect()
    }

    fn ticks(&self) -> u64 {
        self.reaped + self.processes().iter().map(|process| process.ticks).sum::<u64>()
    }

    /// How long nothing needs to be looked at; None: until an event.
    fn timeout(&self, now: Instant) -> Option<Duration> {
        let Limits { cpu, wait, output } = self.limits;
        let looks = cpu.is_some() || wait.is_some() || output.is_some();
        let look = looks.then_some(self.next_look);
        let next = look.into_iter().chain(self.deadline).min()?;
        Some(next.saturating_duration_since(now))
    }

    /// Holds the step against its limits; kills what has not obeyed in time.
    fn check(&mut self, now: Instant) {
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.signal_all(Signal::KILL);
            // Whoever was being born meanwhile is met the next time.
            self.deadline = Some(now + LOOK);
        }
        if now < self.next_look || self.cause.is_some_and(|cause| cause != Cause::Stopped) {
            return;
        }
        self.next_look = now + LOOK;
        let ticks = self.ticks();
        if ticks != self.used.0 {
            self.used = (ticks, now);
        }
        let over = |limit: Option<Duration>, is| limit.is_some_and(|limit| is > limit);
        if over(self.limits.cpu, proc::time(ticks)) {
            self.end(Cause::TimeLimit);
        } else if over(self.limits.wait, now - self.used.1) {
            self.end(Cause::WaitLimit);
        } else if self.limits.output.is_some_and(|most| self.has_written(most)) {
            self.end(Cause::OutputLimit);
        }
    }

    /// Whether one of its output files has more than so many bytes.
    fn has_written(&self, most: u64) -> bool {
        self.outputs.iter().any(|path| fs::metadata(path).is_ok_and(|found| found.len() > most))
    }

    /// Ends all of it; a second time, without waiting.
    fn end(&mut self, cause: Cause) {
        let again = self.deadline.is_some();
        self.cause = Some(self.cause.filter(|first| *first != Cause::Stopped).unwrap_or(cause));
        if again {
            self.deadline = Some(Instant::now());
        } else {
            self.terminate();
        }
    }

    fn terminate(&mut self) {
        self.signal_all(Signal::TERM);
        self.deadline = Some(Instant::now() + GRACE);
    }

    /// Asks the program to end.
    fn stop(&mut self) {
        self.cause = self.cause.or(Some(Cause::Stopped));
        if let Some(group) = Pid::from_raw(self.leader) {
            // It can have ended just now.
            let _ = rustix::process::kill_process_group(group, Signal::TERM);
        }
    }

    fn signal_all(&self, signal: Signal) {
        for process in self.remaining() {
            if let Some(process) = Pid::from_raw(process.id) {
                // It can have ended just now; one of another user only root can end.
                let _ = rustix::process::kill_process(process, signal);
            }
        }
    }

    /// Waits for what has ended; how the program did, if it is among them.
    fn reap(&mut self) -> Option<Exit> {
        self.reap_orphans();
        let process = proc::process(self.leader).filter(|process| process.ended);
        // Without /proc the kernel is asked all the same.
        let pid = Pid::from_raw(self.leader)?;
        let (_, status) = rustix::process::waitpid(Some(pid), WaitOptions::NOHANG).ok()??;
        self.reaped += process.map_or(0, |process| process.ticks);
        match (status.exit_status(), status.terminating_signal()) {
            // The kernel keeps eight bits of it.
            (Some(status), _) => Some(Exit::Status(status as u8)),
            (None, Some(signal)) => Some(Exit::Signal(signal)),
            (None, None) => None,
        }
    }

    fn reap_orphans(&mut self) {
        let ours = |process: &Process| process.parent == self.own && process.id != self.leader;
        let family = proc::family(self.own, self.leader);
        for process in family.into_iter().filter(ours).filter(|process| process.ended) {
            let pid = Pid::from_raw(process.id);
            if rustix::process::waitpid(pid, WaitOptions::NOHANG).is_ok_and(|done| done.is_some()) {
                // A job or task that the step has started has a clock of its own.
                let is_ours = process.session == self.session;
                self.reaped += if is_ours { process.ticks } else { 0 };
            }
        }
    }
}

/// Whether a signal has come that cancels the job, for those who wait where no [`Watch`] is at hand.
pub fn is_cancel_pending() -> bool {
    CANCEL.get().is_some_and(|flag| flag.load(Ordering::Relaxed))
}

/// Set by the signals that cancel, which are the process's.
static CANCEL: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// Signals that this process ignores, signal 1 in the lowest bit; none if the kernel does not tell.
fn ignored_signals() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0)
}

const SIGNALS: Token = Token(0);
const NOTIFIED: Token = Token(1);

/// Time between SIGTERM and SIGKILL.
pub const GRACE: Duration = Duration::from_secs(10);

/// How long what a program left running may take to end, SIGKILL included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Time between two looks at processor time and output.
const LOOK: Duration = Duration::from_millis(500);
