//! Where lines go: standard error, syslog, a file. And the thread that does what may take time.
//!
//! A line goes to standard error and to syslog from the thread that says it (syslog by a datagram that
//! never waits), to the file through a bounded queue: a slow disk holds up nobody. What finds the queue
//! full, or cannot be written, is counted and told. [`route`] is called at the start of the proxy and
//! after each refresh; before it, and in all other subcommands, there is standard error alone.

use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::sync::{Mutex, OnceLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use super::file::LogFile;
use super::repeat;
use super::syslog::Syslog;
use crate::say;

/// What the deck says about the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteSettings {
    /// LOGTO has STDERR.
    pub stderr: bool,
    /// LOGTO has SYSLOG: its socket.
    pub syslog: Option<PathBuf>,
    /// LOGTO has FILE.
    pub file: Option<FileSettings>,
    /// LOGREPEAT; zero: nothing is held back.
    pub repeat: Duration,
}

/// A log file and its bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSettings {
    /// LOGFILE.
    pub path: PathBuf,
    /// LOGSIZE: bytes after which a new one is begun.
    pub size: u64,
    /// LOGKEEP: how many old ones are kept.
    pub keep: usize,
}

/// The routes in force.
#[derive(Debug)]
pub(super) struct Routes {
    stderr: bool,
    file: bool,
    syslog: Option<Syslog>,
}

/// One line, in the forms that the routes want.
pub(super) struct Line<'a> {
    /// For standard error and the file, each with its line end.
    pub shown: &'a str,
    /// The same with the time, whatever standard error is.
    pub dated: &'a str,
    /// For syslog: priority and text.
    pub priority: u8,
    /// Without time and priority.
    pub text: &'a str,
}

static ROUTES: RwLock<Routes> = RwLock::new(Routes { stderr: true, file: false, syslog: None });

static WRITER: OnceLock<SyncSender<Note>> = OnceLock::new();

/// Lines that found the queue full.
static LOST: AtomicU64 = AtomicU64::new(0);

/// Where to write from now on, until the writer's thread knows. The same file is opened again.
static NEXT_FILE: Mutex<Option<Option<FileSettings>>> = Mutex::new(None);

/// The queue was full when the thread was to be told of it.
static UNTOLD: AtomicBool = AtomicBool::new(false);

/// What the writer's thread is told.
enum Note {
    Line(Box<str>),
    /// There is a [`NEXT_FILE`].
    Open,
    /// A message is held back: see when it is due.
    Held,
    /// Say when everything before this has been done.
    Done(mpsc::Sender<()>),
}

/// Puts routes in force.
pub fn route(settings: &RouteSettings) {
    let Some(writer) = writer() else { return };
    let syslog = settings.syslog.clone().map(Syslog::new);
    let routes = Routes { stderr: settings.stderr, file: settings.file.is_some(), syslog };
    *NEXT_FILE.lock().unwrap_or_else(PoisonError::into_inner) = Some(settings.file.clone());
    // In front of the first line for it, unless a file that hangs has filled the queue: nobody waits for that here.
    if writer.try_send(Note::Open).is_err() {
        UNTOLD.store(true, Ordering::Release);
    }
    *ROUTES.write().unwrap_or_else(PoisonError::into_inner) = routes;
    repeat::set_interval(settings.repeat);
}

/// Says what was held back, and waits until the file has all lines, for a moment at most.
pub fn finish() {
    repeat::say_due(None);
    let Some(writer) = WRITER.get() else { return };
    let (done, is_done) = mpsc::channel();
    if writer.try_send(Note::Done(done)).is_ok() {
        let _ = is_done.recv_timeout(PATIENCE);
    }
}

/// Sends a line wherever it has to go.
pub(super) fn write(line: &Line<'_>) {
    let routes = ROUTES.read().unwrap_or_else(PoisonError::into_inner);
    if routes.stderr {
        // Nobody is left to be told when it cannot be written.
        let _ = std::io::stderr().write_all(line.shown.as_bytes());
    }
    if let Some(syslog) = &routes.syslog {
        syslog.send(line.priority, line.text);
    }
    if let Some(writer) = WRITER.get().filter(|_| routes.file) {
        if let Err(TrySendError::Full(_)) = writer.try_send(Note::Line(line.dated.into())) {
            LOST.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Has the thread look when a message that is held back is due.
pub(super) fn wake_for_held() {
    if let Some(writer) = WRITER.get() {
        // If the queue is full, the thread comes round anyway.
        let _ = writer.try_send(Note::Held);
    }
}

/// The way to the thread, which is started when it is needed first; None: the system has none left.
fn writer() -> Option<&'static SyncSender<Note>> {
    if WRITER.get().is_none() {
        let (sender, receiver) = mpsc::sync_channel(QUEUE);
        let thread = std::thread::Builder::new().name("log".to_owned());
        if thread.spawn(move || work(&receiver)).is_ok() {
            // Only the engine's main thread comes here.
            let _ = WRITER.set(sender);
        }
    }
    WRITER.get()
}

/// The thread: writes what there is, in one piece, and sees to what is due.
fn work(notes: &Receiver<Note>) {
    let mut file: Option<LogFile> = None;
    let mut batch = Vec::new();
    loop {
        let wait = repeat::next_due().map(|due| due.saturating_duration_since(Instant::now()));
        let first = match wait {
            Some(wait) => notes.recv_timeout(wait),
            None => notes.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        let mut done = Vec::new();
        match first {
            Ok(first) => {
                for note in std::iter::once(first).chain(notes.try_iter().take(BATCH)) {
                    match note {
                        Note::Line(line) => batch.extend_from_slice(line.as_bytes()),
                        Note::Open => {
                            flush(&mut file, &mut batch);
                            change(&mut file);
                        }
                        Note::Held => {}
                        Note::Done(answer) => done.push(answer),
                    }
                }
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        flush(&mut file, &mut batch);
        if UNTOLD.swap(false, Ordering::Acquire) {
            change(&mut file);
        }
        for answer in done {
            // Whoever waited may have given up.
            let _ = answer.send(());
        }
        repeat::say_due(Some(Instant::now()));
        let lost = LOST.swap(0, Ordering::Relaxed);
        if lost > 0 {
            say!(LOG_LINES_LOST, lines = lost, reason = "the queue of the log file was full");
        }
    }
}

fn change(file: &mut Option<LogFile>) {
    let next = NEXT_FILE.lock().unwrap_or_else(PoisonError::into_inner).take();
    if let Some(settings) = next {
        *file = settings.map(LogFile::new);
    }
}

fn flush(file: &mut Option<LogFile>, batch: &mut Vec<u8>) {
    if let Some(file) = file.as_mut().filter(|_| !batch.is_empty()) {
        file.write(batch, Instant::now());
    }
    batch.clear();
}

/// Lines that may wait for the file.
const QUEUE: usize = 4096;

/// Lines that are written in one piece.
const BATCH: usize = 256;

/// How long the end of the program waits for the file.
const PATIENCE: Duration = Duration::from_secs(2);
