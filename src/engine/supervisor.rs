//! The main thread: starts everything, hears signals and the operator, refreshes, stops.
//!
//! It moves no data. Workers tell it when they have drained and answer its questions for the
//! displays; everything it waits for has a deadline. What an operator asks for is carried out in
//! `operate`, displays are put together in `displays`, requests to the operator in `asking`.

mod asking;
mod displays;
mod operate;

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token, Waker};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook_mio::v1_0::Signals;

use super::accept::{Acceptor, raise_descriptor_limit};
use super::inbox::{Door, Inbound, Post};
use super::jobs::Helpers;
use super::key::{Key, Kind};
use super::loading::{Cause, Rejected, bind_new, read_deck};
use super::notify::{Answer, Due, Notifier, Watchdog};
use super::passed::PassedSockets;
use super::shared::{Live, Report, Shared, post};
use super::worker::Worker;
use crate::config::{Config, LoadOptions};
use crate::dataset::FileName;
use crate::message::catalogue::{REFRESH_FAILED, REFRESHED, STARTED, STOPPING};
use crate::message::{Argument, log};
use crate::operator::console::Console;
use crate::operator::protocol::{TASK_CONSOLE, TASK_VARIABLE};
use crate::operator::requests::Requests;
use crate::operator::{default_socket, display};
use crate::say;
use asking::Subject;
use operate::Question;

/// Why zoxy did not start, or ended other than asked.
#[derive(Debug)]
pub enum Failure {
    /// The deck has errors; they have been said.
    Deck,
    /// The deck cannot be read.
    Unreadable,
    /// Something the process needs is not to be had; it has been said.
    Start,
    /// A worker ended by itself; it has been said.
    Worker,
    /// libssh2 is not the one this program was built for; it has been said.
    Seams,
}

/// The running proxy as its main thread sees it.
struct Supervisor {
    deck: FileName,
    options: LoadOptions,
    poll: Poll,
    signals: Signals,
    console: Console,
    reports: Receiver<Report>,
    shared: Arc<Shared>,
    service: Service,
    threads: Vec<JoinHandle<()>>,
    /// Worker of each bound address.
    bound: HashMap<SocketAddr, usize>,
    questions: HashMap<u64, Question>,
    next_question: u64,
    /// What waits for an operator's reply.
    requests: Requests<Subject>,
    stopping: Option<Stopping>,
    failed: bool,
}

/// What links this process with a service manager.
struct Service {
    notifier: Notifier,
    watchdog: Option<Watchdog>,
    passed: PassedSockets,
}

/// A stop under way.
struct Stopping {
    /// Workers that have drained; each may say so more than once.
    drained: HashSet<usize>,
    cut: usize,
}

/// Runs the proxy until it is told to stop.
pub fn run(deck: FileName, options: LoadOptions) -> Result<(), Failure> {
    let mut supervisor = Supervisor::start(deck, options)?;
    match supervisor.serve() {
        Ok(()) if supervisor.failed => Err(Failure::Worker),
        Ok(()) => Ok(()),
        Err(error) => {
            say!(START_FAILED, reason = error);
            Err(Failure::Start)
        }
    }
}

impl From<Rejected> for Failure {
    fn from(rejected: Rejected) -> Self {
        match rejected.cause {
            Cause::Deck => Self::Deck,
            Cause::Unreadable => Self::Unreadable,
            Cause::Address => Self::Start,
        }
    }
}

impl Supervisor {
    fn start(deck: FileName, options: LoadOptions) -> Result<Self, Failure> {
        // First, for the sake of the descriptors.
        let passed = PassedSockets::take();
        let notifier = Notifier::from_environment();
        if let Err(error) = crate::ssh::seams::check_seams() {
            say!(SEAM_CHECK_FAILED, reason = error);
            return Err(Failure::Seams);
        }
        let live = read_deck(&deck, &options)?;
        log::route(&live.config.process.log);
        raise_descriptor_limit();
        let acceptors = bind_new(&live.config, &HashMap::new(), &passed)?;
        let process = &live.config.process;
        let socket = process.console.clone().unwrap_or_else(default_socket);
        let group = process.console_group.as_deref();
        let console = Console::bind(&socket, group).map_err(|error| {
            say!(CONSOLE_FAILED, path = socket.display(), reason = error);
            Failure::Start
        })?;
        leave_console(&socket);
        let watchdog = Watchdog::from_environment(Instant::now());
        let service = Service { notifier, watchdog, passed };
        Self::assemble(deck, options, live, acceptors, console, service).map_err(|error| {
            say!(START_FAILED, reason = error);
            Failure::Start
        })
    }

    fn assemble(
        deck: FileName,
        options: LoadOptions,
        live: Arc<Live>,
        acceptors: Vec<Acceptor>,
        mut console: Console,
        service: Service,
    ) -> io::Result<Self> {
        let process = &live.config.process;
        let count = match process.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            count => count,
        };
        let poll = Poll::new()?;
        let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP])?;
        poll.registry().register(&mut signals, SIGNALS, Interest::READABLE)?;
        console.register(poll.registry(), CONSOLE)?;
        let (supervisor, reports) = post(Arc::new(Waker::new(poll.registry(), WAKE)?));
        let helpers = Helpers::start(process.resolvers, JOBS_WAITING)?;

        let mut polls = Vec::new();
        let mut posts = Vec::new();
        for _ in 0..count {
            let poll = Poll::new()?;
            let waker = Waker::new(poll.registry(), Key::new(Kind::Wake, 0, 0).token())?;
            let (sender, receiver): (Post<Inbound>, _) = post(Arc::new(waker));
            polls.push((poll, receiver));
            posts.push(sender);
        }
        let shared = Arc::new(Shared::new(live, helpers, posts, supervisor)?);
        let mut threads = Vec::new();
        for (index, (poll, inbox)) in polls.into_iter().enumerate() {
            let shared = Arc::clone(&shared);
            let thread =
                std::thread::Builder::new().name(format!("worker-{index}")).spawn(move || {
                    let report = shared.supervisor.clone();
                    if let Err(error) = Worker::new(index, poll, inbox, shared).run() {
                        say!(WORKER_LOST, worker = index, reason = error);
                        report.send(Report::Lost(index));
                    }
                })?;
            threads.push(thread);
        }
        let mut supervisor = Self {
            deck,
            options,
            poll,
            signals,
            console,
            reports,
            shared,
            service,
            threads,
            bound: HashMap::new(),
            questions: HashMap::new(),
            next_question: 0,
            requests: Requests::new(),
            stopping: None,
            failed: false,
        };
        let live = supervisor.shared.live();
        let started: &[Argument<'_>] = &[
            ("version", &env!("CARGO_PKG_VERSION")),
            ("deck", &live.config.source),
            ("listeners", &live.config.listeners.len()),
            ("workers", &count),
        ];
        STARTED.emit(started);
        supervisor.open_doors(&live.config, acceptors);
        supervisor.service.notifier.ready(&STARTED.render(started));
        Ok(supervisor)
    }

    /// Hears events until every worker has ended.
    fn serve(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(64);
        loop {
            let now = Instant::now();
            let deadline = self
                .questions
                .values()
                .map(|question| question.deadline)
                .chain(self.console.next_deadline())
                .chain(self.requests.next_deadline())
                .chain(self.service.watchdog.as_ref().and_then(Watchdog::next))
                .min();
            let wait = deadline.map(|deadline| deadline.saturating_duration_since(now));
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            for event in &events {
                match event.token() {
                    WAKE => {}
                    SIGNALS => self.hear_signals(),
                    token => {
                        let commands = self.console.event(token);
                        for (console, command) in commands {
                            self.carry_out(console, command);
                        }
                    }
                }
            }
            while let Ok(report) = self.reports.try_recv() {
                self.take_report(report);
            }
            self.console.expire(Instant::now());
            self.answer_late_questions();
            self.expire_requests();
            self.watch();
            if self.stopping.as_ref().is_some_and(|s| s.drained.len() >= self.shared.workers.len())
            {
                self.finish();
                return Ok(());
            }
        }
    }

    fn hear_signals(&mut self) {
        let signals: Vec<i32> = self.signals.pending().collect();
        for signal in signals {
            match signal {
                SIGHUP => {
                    self.refresh();
                }
                SIGINT => {
                    self.stop("SIGINT");
                }
                _ => {
                    self.stop("SIGTERM");
                }
            }
        }
    }

    fn take_report(&mut self, report: Report) {
        match report {
            Report::Drained { worker, cut } => {
                if let Some(stopping) = &mut self.stopping {
                    stopping.drained.insert(worker);
                    stopping.cut += cut;
                }
            }
            Report::Snapshot { question, snapshot } => self.take_part(question, snapshot),
            Report::UnknownKey(key) => self.ask_about_key(*key),
            Report::Alive { worker, round } => self.worker_answered(worker, round),
            Report::Lost(worker) => {
                self.failed = true;
                self.stop("a worker ended");
                if let Some(stopping) = &mut self.stopping {
                    stopping.drained.insert(worker);
                }
            }
        }
    }

    /// Asks the workers whether they are alive, when the watchdog wants to know.
    fn watch(&mut self) {
        let Some(watchdog) = &mut self.service.watchdog else { return };
        match watchdog.due(Instant::now(), self.shared.workers.len()) {
            None => {}
            Some(Due::Ask(round)) => {
                for worker in &self.shared.workers {
                    worker.send(Inbound::Ping { round });
                }
            }
            Some(Due::Tell(silent)) => {
                let limit = watchdog.limit().as_secs_f64();
                for worker in silent {
                    say!(WORKER_SILENT, worker = worker, seconds = limit / 2.0, limit = limit);
                }
            }
        }
    }

    fn worker_answered(&mut self, worker: usize, round: u64) {
        let Service { notifier, watchdog: Some(watchdog), .. } = &mut self.service else { return };
        if let Answer::All { after_silence } = watchdog.answered(worker, round) {
            notifier.alive();
            if after_silence {
                say!(WORKERS_ANSWER);
            }
        }
    }

    /// Reads the deck again; a bad one is reported and the old one stays. Gives the operator's
    /// answer and its return code.
    fn refresh(&mut self) -> (String, u8) {
        let deck = self.deck.to_string();
        if self.stopping.is_some() {
            return (display::refresh_refused("zoxy is stopping"), 8);
        }
        self.service.notifier.reloading();
        let (text, status, rc) = match self.try_refresh() {
            Ok(live) => {
                let Config { filters, profiles, .. } = &live.config;
                let arguments: &[Argument<'_>] =
                    &[("deck", &deck), ("filters", &filters.len()), ("profiles", &profiles.len())];
                REFRESHED.emit(arguments);
                (display::refreshed(&live.config), REFRESHED.render(arguments), 0)
            }
            Err(Rejected { lines, errors, .. }) => {
                let arguments: &[Argument<'_>] = &[("deck", &deck), ("errors", &errors)];
                REFRESH_FAILED.emit(arguments);
                let status = REFRESH_FAILED.render(arguments);
                (lines.join("\n") + "\n" + &status, status, 8)
            }
        };
        // Zoxy serves, with the new deck or the old one.
        self.service.notifier.ready(&status);
        (text, rc)
    }

    fn try_refresh(&mut self) -> Result<Arc<Live>, Rejected> {
        let live = read_deck(&self.deck, &self.options)?;
        let acceptors = bind_new(&live.config, &self.bound, &self.service.passed)?;
        self.shared.replace_live(Arc::clone(&live));
        log::route(&live.config.process.log);
        self.shared.gates.keep_profiles(|name| live.config.profiles.iter().any(|p| p.name == name));
        self.open_doors(&live.config, acceptors);
        Ok(live)
    }

    /// Gives every worker its doors; `acceptors` are the sockets of addresses not bound before.
    fn open_doors(&mut self, config: &Config, acceptors: Vec<Acceptor>) {
        let mut acceptors = acceptors.into_iter();
        let mut doors: Vec<Vec<Door>> = self.shared.workers.iter().map(|_| Vec::new()).collect();
        let mut bound = HashMap::new();
        for (index, listener) in config.listeners.iter().enumerate() {
            let kept = self.bound.get(&listener.address).copied();
            let worker = kept.unwrap_or(index % doors.len());
            let acceptor = if kept.is_none() { acceptors.next() } else { None };
            bound.insert(listener.address, worker);
            if acceptor.is_some() {
                say!(READY, name = listener.name, address = listener.address);
            }
            doors[worker].push(Door { listener: Arc::clone(listener), acceptor });
        }
        self.bound = bound;
        for (post, doors) in self.shared.workers.iter().zip(doors) {
            post.send(Inbound::Listeners(doors));
        }
    }

    /// Begins to stop, a second time: stops without waiting. Gives the message it says.
    fn stop(&mut self, reason: &str) -> String {
        let again = self.stopping.is_some();
        let patience = if again { Duration::ZERO } else { self.shared.live().config.process.drain };
        let (connections, seconds) = (self.shared.limits.connections(), patience.as_secs());
        let arguments: &[Argument<'_>] =
            &[("reason", &reason), ("connections", &connections), ("seconds", &seconds)];
        STOPPING.emit(arguments);
        let message = STOPPING.render(arguments);
        self.service.notifier.stopping(patience, &message);
        if !again {
            self.shared.draining.store(true, Ordering::Relaxed);
            self.stopping = Some(Stopping { drained: HashSet::new(), cut: 0 });
        }
        let deadline = Instant::now() + patience;
        for worker in &self.shared.workers {
            worker.send(Inbound::Drain { deadline });
        }
        message
    }

    /// Ends the workers, which have nothing left to do.
    fn finish(&mut self) {
        let cut = self.stopping.as_ref().map_or(0, |stopping| stopping.cut);
        if cut > 0 {
            say!(DRAIN_ENDED, connections = cut);
        }
        for worker in &self.shared.workers {
            worker.send(Inbound::Stop);
        }
        for thread in self.threads.drain(..) {
            // A worker that panicked has said so itself.
            let _ = thread.join();
        }
        self.shared.helpers.stop(JOBS_PATIENCE);
        say!(STOPPED);
        log::finish();
    }
}

/// Leaves the way to the console for the job that runs this process, if one does.
fn leave_console(socket: &Path) {
    let Some(task) = std::env::var_os(TASK_VARIABLE) else { return };
    let link = Path::new(&task).join(TASK_CONSOLE);
    let left = std::path::absolute(socket).and_then(|socket| {
        // That of an earlier step leads nowhere.
        let _ = std::fs::remove_file(&link);
        std::os::unix::fs::symlink(socket, &link)
    });
    if let Err(error) = left {
        ::log::debug!("{}: {error}", link.display());
    }
}

const WAKE: Token = Token(0);
const SIGNALS: Token = Token(1);
/// The console's first token; it uses as many as it has connections.
const CONSOLE: Token = Token(16);

/// Jobs of one kind that may wait for a helper thread.
const JOBS_WAITING: usize = 4096;

/// How long a stop waits for a helper thread that is busy.
const JOBS_PATIENCE: Duration = Duration::from_millis(200);
