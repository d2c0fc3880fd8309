//! What the service manager is told: sd_notify(3), and the watchdog's feeding.
//!
//! Used by the supervisor alone. Without `NOTIFY_SOCKET` nothing is sent and nothing fails. Each
//! state is one datagram; the STATUS in it is a catalogued message, so that `systemctl status`
//! shows what the log says. The watchdog ([`Watchdog`]) is pure: it says when to ask the workers
//! and whether they have answered, the supervisor asks and sends.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::{Duration, Instant};

use crate::message::is_forging;
use crate::say;

/// The way to the service manager, if there is one.
#[derive(Debug, Default)]
pub struct Notifier {
    socket: Option<(UnixDatagram, SocketAddr)>,
    /// The last datagram was not taken; it has been said.
    failing: bool,
}

impl Notifier {
    /// As `NOTIFY_SOCKET` says: an absolute path, or `@` and the name of an abstract socket.
    pub fn from_environment() -> Self {
        let Some(name) = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty()) else {
            return Self::default();
        };
        match open(name.as_bytes()) {
            Ok(socket) => Self { socket: Some(socket), failing: false },
            Err(error) => {
                say!(NOTIFY_FAILED, reason = error);
                Self::default()
            }
        }
    }

    /// The start, or a refresh, is over; `status` is a rendered message.
    pub fn ready(&mut self, status: &str) {
        self.send(&format!("READY=1\n{}", status_line(status)));
    }

    /// A refresh begins.
    pub fn reloading(&mut self) {
        let now = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let microseconds = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.send(&format!("RELOADING=1\nMONOTONIC_USEC={microseconds}\n"));
    }

    /// A stop begins that may take `patience`; `status` is a rendered message.
    pub fn stopping(&mut self, patience: Duration, status: &str) {
        let microseconds = (patience + STOP_MARGIN).as_micros();
        let status = status_line(status);
        self.send(&format!("STOPPING=1\nEXTEND_TIMEOUT_USEC={microseconds}\n{status}"));
    }

    /// Everything answers: the watchdog's time begins anew.
    pub fn alive(&mut self) {
        self.send("WATCHDOG=1\n");
    }

    fn send(&mut self, state: &str) {
        let Some((socket, address)) = &self.socket else { return };
        match socket.send_to_addr(state.as_bytes(), address) {
            Ok(_) => self.failing = false,
            Err(error) if self.failing => log::debug!("service manager: {error}"),
            Err(error) => {
                self.failing = true;
                say!(NOTIFY_FAILED, reason = error);
            }
        }
    }
}

/// One line, whatever names are in it: a line end would be an assignment of its own.
fn status_line(status: &str) -> String {
    let line = status.chars().map(|c| if is_forging(c) { '?' } else { c });
    format!("STATUS={}\n", line.collect::<String>())
}

fn open(name: &[u8]) -> io::Result<(UnixDatagram, SocketAddr)> {
    let address = match name {
        [b'@', name @ ..] => SocketAddr::from_abstract_name(name)?,
        [b'/', ..] => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))?,
        _ => {
            let name = String::from_utf8_lossy(name);
            return Err(io::Error::other(format!("NOTIFY_SOCKET is {name}: neither / nor @")));
        }
    };
    let socket = UnixDatagram::unbound()?;
    socket.set_write_timeout(Some(SEND_TIME))?;
    Ok((socket, address))
}

/// Whether all workers answer, for a service manager that wants to know in time.
///
/// One question is under way at most. It goes to every worker; when the last one has answered, the
/// watchdog may be fed. A worker that hangs leaves the question open, so that nothing feeds the
/// watchdog until it bites.
#[derive(Debug)]
pub struct Watchdog {
    /// Time without feeding after which the service manager acts.
    limit: Duration,
    /// Number of the question under way, or of the last one.
    round: u64,
    /// When it was asked.
    asked: Instant,
    /// Workers that have not answered it, by index.
    silent: Vec<usize>,
    /// The silence has been said.
    told: bool,
}

/// What [`Watchdog::due`] wants done.
#[derive(Debug, PartialEq, Eq)]
pub enum Due {
    /// Ask every worker, with this number.
    Ask(u64),
    /// These workers have been silent for too long: say so, once.
    Tell(Vec<usize>),
}

/// What an answer means.
#[derive(Debug, PartialEq, Eq)]
pub enum Answer {
    /// Others are still to come, or it is an answer to an old question.
    Noted,
    /// All workers have answered: feed the watchdog.
    All {
        /// Their silence had been said.
        after_silence: bool,
    },
}

impl Watchdog {
    /// As `WATCHDOG_USEC` and `WATCHDOG_PID` say; None where no watchdog is wanted.
    pub fn from_environment(now: Instant) -> Option<Self> {
        let wanted = env::var("WATCHDOG_USEC").ok()?;
        if let Ok(pid) = env::var("WATCHDOG_PID") {
            if pid.parse() != Ok(std::process::id()) {
                return None;
            }
        }
        match wanted.parse() {
            Ok(microseconds) if microseconds > 0 => {
                Some(Self::new(Duration::from_micros(microseconds), now))
            }
            _ => {
                let reason = format!("WATCHDOG_USEC is {wanted}, not a number of microseconds");
                say!(NOTIFY_FAILED, reason = reason);
                None
            }
        }
    }

    fn new(limit: Duration, now: Instant) -> Self {
        // The first question is due at once.
        let asked = now.checked_sub(limit / 4).unwrap_or(now);
        Self { limit, round: 0, asked, silent: Vec::new(), told: false }
    }

    /// Time without feeding after which the service manager acts.
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// When [`Watchdog::due`] has something to do; None: not before an answer.
    pub fn next(&self) -> Option<Instant> {
        match (self.silent.is_empty(), self.told) {
            (true, _) => Some(self.asked + self.limit / 4),
            (false, false) => Some(self.asked + self.limit / 2),
            (false, true) => None,
        }
    }

    /// What is due, of `workers` workers.
    pub fn due(&mut self, now: Instant, workers: usize) -> Option<Due> {
        if self.next().is_none_or(|next| now < next) {
            return None;
        }
        if !self.silent.is_empty() {
            self.told = true;
            return Some(Due::Tell(self.silent.clone()));
        }
        self.round += 1;
        self.asked = now;
        self.silent = (0..workers).collect();
        Some(Due::Ask(self.round))
    }

    /// Notes that a worker has answered a question.
    pub fn answered(&mut self, worker: usize, round: u64) -> Answer {
        if round != self.round || self.silent.is_empty() {
            return Answer::Noted;
        }
        self.silent.retain(|silent| *silent != worker);
        if !self.silent.is_empty() {
            return Answer::Noted;
        }
        Answer::All { after_silence: std::mem::take(&mut self.told) }
    }
}

/// How long a service manager may take a datagram; longer, and it is lost.
const SEND_TIME: Duration = Duration::from_secs(1);

/// What a stop takes beyond the drain time, at most.
const STOP_MARGIN: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(8);

    fn at(start: Instant, seconds: u64) -> Instant {
        start + Duration::from_secs(seconds)
    }

    #[test]
    fn it_is_fed_when_every_worker_has_answered() {
        let start = Instant::now() + LIMIT;
        let mut watchdog = Watchdog::new(LIMIT, start);
        assert_eq!(watchdog.due(start, 2), Some(Due::Ask(1)));
        assert_eq!(watchdog.answered(1, 1), Answer::Noted);
        assert_eq!(watchdog.answered(1, 1), Answer::Noted);
        assert_eq!(watchdog.answered(0, 1), Answer::All { after_silence: false });
        assert_eq!(watchdog.due(at(start, 1), 2), None);
        assert_eq!(watchdog.next(), Some(at(start, 2)));
        assert_eq!(watchdog.due(at(start, 2), 2), Some(Due::Ask(2)));
    }

    #[test]
    fn a_silent_worker_keeps_the_question_open_and_is_told_once() {
        let start = Instant::now() + LIMIT;
        let mut watchdog = Watchdog::new(LIMIT, start);
        watchdog.due(start, 3);
        watchdog.answered(0, 1);
        watchdog.answered(2, 1);
        assert_eq!(watchdog.due(at(start, 3), 3), None);
        assert_eq!(watchdog.due(at(start, 4), 3), Some(Due::Tell(vec![1])));
        assert_eq!((watchdog.due(at(start, 100), 3), watchdog.next()), (None, None));
        assert_eq!(watchdog.answered(1, 1), Answer::All { after_silence: true });
        assert_eq!(watchdog.due(at(start, 101), 3), Some(Due::Ask(2)));
        assert_eq!(watchdog.answered(1, 1), Answer::Noted, "an answer to the old question");
    }

    #[test]
    fn a_status_is_one_assignment() {
        assert_eq!(status_line("deck a\nWATCHDOG=1"), "STATUS=deck a?WATCHDOG=1\n");
    }

    #[test]
    fn states_are_datagrams_to_a_path_or_an_abstract_name() {
        let name = format!("zoxy-notify-{}", std::process::id());
        let path = env::temp_dir().join(&name);
        let address = SocketAddr::from_abstract_name(name.as_bytes()).unwrap();
        let by_name = UnixDatagram::bind_addr(&address).unwrap();
        let by_path = UnixDatagram::bind(&path).unwrap();
        for (server, to) in
            [(&by_name, format!("@{name}")), (&by_path, path.to_str().unwrap().to_owned())]
        {
            let socket = Some(open(to.as_bytes()).unwrap());
            let mut notifier = Notifier { socket, failing: false };
            let mut received = [0; 256];
            let mut expect = |expected: &str| {
                let length = server.recv(&mut received).unwrap();
                let text = std::str::from_utf8(&received[..length]).unwrap();
                assert!(text.starts_with(expected), "{text}");
            };
            notifier.ready("ZOX0001I x");
            expect("READY=1\nSTATUS=ZOX0001I x\n");
            notifier.reloading();
            expect("RELOADING=1\nMONOTONIC_USEC=");
            notifier.stopping(Duration::from_secs(5), "y");
            expect("STOPPING=1\nEXTEND_TIMEOUT_USEC=15000000\nSTATUS=y\n");
            notifier.alive();
            expect("WATCHDOG=1\n");
        }
        std::fs::remove_file(path).unwrap();
    }

    #[test]
    fn a_socket_that_is_neither_path_nor_name_is_an_error() {
        assert!(open(b"vsock:2:1").unwrap_err().to_string().contains("vsock:2:1"));
        assert!(open(&[b'/'; 200]).is_err());
    }

    #[test]
    fn a_manager_that_is_gone_harms_nothing() {
        let socket = Some(open(b"@zoxy-nobody-listens-here").unwrap());
        let mut notifier = Notifier { socket, failing: false };
        notifier.alive();
        assert!(notifier.failing);
        Notifier::default().alive();
    }
}
