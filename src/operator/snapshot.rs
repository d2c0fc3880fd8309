//! What a display shows: plain data, taken from the workers by the engine at one moment.
//!
//! Nothing here refers back to a connection or session, so a snapshot can travel between threads
//! and be rendered later. The engine need not collect more rows than [`View::rows`] of each
//! worker, the lowest numbers first; the totals say how many there are.
//!
//! [`View::rows`]: super::command::View::rows

use std::iter::Sum;
use std::time::{Duration, SystemTime};

use crate::ftp::Direction;

/// All that one display shows.
#[derive(Debug)]
pub enum Shown {
    /// D STATUS.
    Status(Box<Status>),
    /// D CONNS.
    Connections {
        /// The rows, in any order; there may be fewer than `total`.
        rows: Vec<ConnectionRow>,
        /// How many connections there are.
        total: usize,
        /// How many are shown at most.
        limit: usize,
    },
    /// D FTP.
    Ftp {
        /// The rows, in any order; there may be fewer than `totals` counts.
        rows: Vec<FtpRow>,
        /// All dialogues together.
        totals: FtpTotals,
        /// How many are shown at most.
        limit: usize,
    },
    /// D TUNNELS.
    Tunnels(Vec<TunnelRow>),
    /// D FILTERS, in deck order.
    Filters(Vec<FilterRow>),
    /// D PROFILES, in deck order.
    Profiles(Vec<ProfileRow>),
    /// D STATS.
    Stats(Vec<StatRow>),
    /// D R, the oldest first.
    Requests(Vec<RequestRow>),
    /// D DEFAULTS, in the order of the manual.
    Defaults(Vec<DefaultRow>),
}

/// One job or started task of D A,L.
#[derive(Debug, Clone)]
pub struct JobRow {
    /// `JOB00017` or `STC00018`.
    pub number: String,
    /// Its name.
    pub name: String,
    /// Its class; blank if it has none.
    pub class: String,
    /// Where it is, or how it ended.
    pub state: String,
    /// The step that runs; blank if none does.
    pub step: String,
    /// Its program; blank if none runs.
    pub program: String,
    /// Time since it was submitted, or that it took.
    pub age: Duration,
}

/// D STATUS.
#[derive(Debug, Clone)]
pub struct Status {
    /// Version of the program.
    pub version: &'static str,
    /// Deck as named on the command line.
    pub deck: String,
    /// Running, quiesced or draining.
    pub state: RunState,
    /// Requests that wait for an operator's reply.
    pub requests: usize,
    /// When the process started.
    pub started: SystemTime,
    /// How long ago that was, by a clock that nobody sets.
    pub uptime: Duration,
    /// Number of worker threads.
    pub workers: usize,
    /// Every listener, in deck order.
    pub listeners: Vec<ListenerRow>,
    /// Client connections now.
    pub connections: usize,
    /// Most client connections there may be.
    pub max_connections: usize,
    /// Client connections accepted since the start.
    pub accepted: u64,
    /// Client connections and requests refused since the start, for whatever reason.
    pub refused: u64,
    /// SSH sessions now.
    pub sessions: usize,
    /// Connections that went on without SSH since the start.
    pub fell_back: u64,
    /// Bytes from clients since the start.
    pub up: u64,
    /// Bytes to clients since the start.
    pub down: u64,
    /// Resident memory of the process in bytes, see [`resident_memory`].
    pub memory: Option<u64>,
}

/// Whether new connections are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// They are.
    Running,
    /// Connections are taken and their requests refused (F QUIESCE).
    Quiesced,
    /// A stop was asked for; running connections may finish.
    Draining,
}

/// One listener.
#[derive(Debug, Clone)]
pub struct ListenerRow {
    /// Name in the deck.
    pub name: String,
    /// Address and port it is bound to.
    pub address: String,
    /// Whether it pauses for want of descriptors or memory.
    pub paused: bool,
}

/// One client connection (D CONNS).
#[derive(Debug, Clone)]
pub struct ConnectionRow {
    /// Its `#id`.
    pub id: u64,
    /// Address and port of the client.
    pub client: String,
    /// Name of the listener.
    pub listener: String,
    /// What it is doing, in one word of at most 9 letters.
    pub state: &'static str,
    /// Filter that decided; None until the request is there.
    pub filter: Option<String>,
    /// Profile of that filter.
    pub profile: Option<String>,
    /// Where the client wants to go; None until the request is there.
    pub target: Option<String>,
    /// SSH server; None for direct connections.
    pub server: Option<String>,
    /// Bytes from the client.
    pub up: u64,
    /// Bytes to the client.
    pub down: u64,
    /// Time since it was accepted.
    pub age: Duration,
}

/// One FTP dialogue under FTPTUN (D FTP).
#[derive(Debug, Clone)]
pub struct FtpRow {
    /// `#id` of its control connection.
    pub id: u64,
    /// Address and port of the client.
    pub client: String,
    /// User at the FTP server; empty until USER has come.
    pub user: String,
    /// FTP server the client wants.
    pub target: Option<String>,
    /// SSH server; None while there is none.
    pub server: Option<String>,
    /// Whether it goes on in clear, without an SSH server.
    pub is_plain: bool,
    /// Where the dialogue stands, in one word of at most 9 letters.
    pub phase: &'static str,
    /// Data connections, open or being opened.
    pub data: usize,
    /// The transfer under way.
    pub transfer: Option<FtpTransfer>,
    /// Time since the control connection was accepted.
    pub age: Duration,
}

/// A transfer under way.
#[derive(Debug, Clone)]
pub struct FtpTransfer {
    /// FTP command, at most 4 letters.
    pub command: String,
    /// Its argument, [`clipped`]; may be empty.
    pub name: String,
    /// Which way its data goes.
    pub direction: Direction,
    /// Bytes that went this way so far.
    pub bytes: u64,
    /// Length of the file, as the server has told it with its 150; None if it has not.
    pub size: Option<u64>,
    /// Time since the command.
    pub time: Duration,
}

/// All FTP dialogues together, whether they are shown or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FtpTotals {
    /// Dialogues.
    pub dialogues: usize,
    /// Data connections, open or being opened.
    pub data: usize,
    /// Transfers under way.
    pub transfers: usize,
    /// Bytes of these transfers so far.
    pub bytes: u64,
    /// Their rates together, in bytes per second.
    pub rate: u64,
}

impl FtpTransfer {
    /// Bytes per second since the command; None in its first millisecond.
    pub fn rate(&self) -> Option<u64> {
        let rate = (u128::from(self.bytes) * 1000).checked_div(self.time.as_millis())?;
        Some(u64::try_from(rate).unwrap_or(u64::MAX))
    }
}

impl From<&FtpRow> for FtpTotals {
    fn from(row: &FtpRow) -> Self {
        let transfer = row.transfer.as_ref();
        Self {
            dialogues: 1,
            data: row.data,
            transfers: usize::from(transfer.is_some()),
            bytes: transfer.map_or(0, |transfer| transfer.bytes),
            rate: transfer.and_then(FtpTransfer::rate).unwrap_or(0),
        }
    }
}

impl Sum for FtpTotals {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self {
            dialogues: sum.dialogues + one.dialogues,
            data: sum.data + one.data,
            transfers: sum.transfers + one.transfers,
            bytes: sum.bytes.saturating_add(one.bytes),
            rate: sum.rate.saturating_add(one.rate),
        })
    }
}

/// One SSH session (D TUNNELS).
#[derive(Debug, Clone)]
pub struct TunnelRow {
    /// Its number.
    pub session: u64,
    /// Profile it was opened with.
    pub profile: String,
    /// Host and port of the SSH server.
    pub server: String,
    /// User it is logged in as.
    pub user: String,
    /// Number of the worker it belongs to.
    pub worker: usize,
    /// What it is doing, in one word of at most 9 letters.
    pub state: &'static str,
    /// Channels that are open.
    pub channels: usize,
    /// Channels the server has not answered yet.
    pub opening: usize,
    /// Bytes to the SSH server, in channels.
    pub up: u64,
    /// Bytes from the SSH server, in channels.
    pub down: u64,
    /// Cipher, as negotiated; empty before.
    pub cipher: String,
    /// Key exchange method, as negotiated; empty before.
    pub kex: String,
    /// Type and fingerprint of the host key; empty before.
    pub host_key: String,
    /// Time since the dial.
    pub age: Duration,
    /// How long it has had no channel; None while it has one.
    pub idle: Option<Duration>,
}

/// One filter (D FILTERS).
#[derive(Debug, Clone)]
pub struct FilterRow {
    /// Name in the deck.
    pub name: String,
    /// Card number in the deck.
    pub card: usize,
    /// Action, as on the card.
    pub action: String,
    /// Profile, if the action has one.
    pub profile: Option<String>,
    /// Ports, as on the card.
    pub ports: String,
    /// Destination, as on the card.
    pub destination: String,
    /// Requests it decided since the deck came into use.
    pub hits: u64,
}

/// One profile (D PROFILES).
#[derive(Debug, Clone)]
pub struct ProfileRow {
    /// Name in the deck.
    pub name: String,
    /// Card number in the deck.
    pub card: usize,
    /// False while F DRAIN holds.
    pub takes_requests: bool,
    /// SSH server with its port; `*` for the host that the application asks for.
    pub server: String,
    /// USER; None: that of the application.
    pub user: Option<String>,
    /// SSH sessions now, those being dialed among them.
    pub sessions: usize,
    /// Most sessions for one server and user.
    pub max_sessions: usize,
    /// Client connections on these sessions, or waiting for them.
    pub clients: usize,
}

/// One total (D STATS).
#[derive(Debug, Clone, Copy)]
pub struct StatRow {
    /// Its name for programs.
    pub key: &'static str,
    /// Its name for people.
    pub label: &'static str,
    /// The count since the start.
    pub count: u64,
    /// It counts bytes.
    pub is_bytes: bool,
}

/// One outstanding request (D R).
#[derive(Debug, Clone)]
pub struct RequestRow {
    /// Its number, for R.
    pub number: u8,
    /// Time since it was made.
    pub age: Duration,
    /// Time until silence is its answer.
    pub left: Duration,
    /// The message, with its ID and number.
    pub text: String,
}

/// One setting (D DEFAULTS).
#[derive(Debug, Clone)]
pub struct DefaultRow {
    /// What it is a setting of: `process`, `listener`, `profile`, `filter`.
    pub scope: &'static str,
    /// Its keyword.
    pub keyword: &'static str,
    /// The value that holds where no name sets another, as on a card; empty: none.
    pub value: String,
    /// A SET card with `*` gave it.
    pub is_set: bool,
}

/// Text that a client chose, for a row: its first 64 characters, with dots if there are more.
pub fn clipped(text: &str) -> String {
    match text.char_indices().nth(CLIPPED) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

/// Resident memory of this process in bytes, as the kernel counts it; None where /proc is missing.
pub fn resident_memory() -> Option<u64> {
    resident_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// Characters of a client's text that are shown: a name on z/OS has at most 44, and 8 of a member.
const CLIPPED: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn transfer(bytes: u64, milliseconds: u64) -> FtpTransfer {
        FtpTransfer {
            command: "STOR".into(),
            name: "F".into(),
            direction: Direction::Upload,
            bytes,
            size: None,
            time: Duration::from_millis(milliseconds),
        }
    }

    #[test]
    fn rates_are_bytes_per_second() {
        let all = [
            (0, 0, None),
            (5, 0, None),
            (0, 1000, Some(0)),
            (3_000, 1_500, Some(2_000)),
            (1, 1, Some(1_000)),
            (u64::MAX, 1, Some(u64::MAX)),
            (10 << 40, 3_600_000, Some(3_054_198_966)),
        ];
        for (bytes, milliseconds, rate) in all {
            assert_eq!(transfer(bytes, milliseconds).rate(), rate, "{bytes} in {milliseconds}");
        }
    }

    #[test]
    fn totals_count_everything_once() {
        let row = |data, transfer| FtpRow {
            id: 1,
            client: "10.1.2.3:50001".into(),
            user: "PAUL".into(),
            target: None,
            server: None,
            is_plain: false,
            phase: "RELAYING",
            data,
            transfer,
            age: Duration::ZERO,
        };
        let rows = [row(0, None), row(1, Some(transfer(4_000, 2_000))), row(2, None)];
        let worker: FtpTotals = rows.iter().map(FtpTotals::from).sum();
        let one = FtpTotals { dialogues: 3, data: 3, transfers: 1, bytes: 4_000, rate: 2_000 };
        assert_eq!(worker, one);
        let two = FtpTotals { dialogues: 6, data: 6, transfers: 2, bytes: 8_000, rate: 4_000 };
        assert_eq!([worker, worker].into_iter().sum::<FtpTotals>(), two);
    }

    #[test]
    fn long_names_are_clipped_between_characters() {
        assert_eq!(clipped(""), "");
        assert_eq!(clipped(&"\u{e4}".repeat(64)), "\u{e4}".repeat(64));
        assert_eq!(clipped(&"\u{e4}".repeat(65)), "\u{e4}".repeat(64) + "...");
    }

    #[test]
    fn resident_memory_is_read_from_proc() {
        let status = "Name:\tzoxy\nVmHWM:\t    9000 kB\nVmRSS:\t    8192 kB\nThreads:\t3\n";
        assert_eq!(resident_in(status), Some(8 << 20));
        assert_eq!(resident_in("Name:\tzoxy\n"), None);
        assert_eq!(resident_in("VmRSS:\t x kB\n"), None);
        assert!(resident_memory().is_some_and(|bytes| bytes > 100_000));
    }
}
