//! What a display shows: plain data, taken from the workers by the engine at one moment.
//!
//! Nothing here refers back to a connection or session, so a snapshot can travel between threads
//! and be rendered later. The engine need not collect more rows than [`Command::rows`] of each
//! worker, the lowest numbers first; the totals say how many there are.
//!
//! [`Command::rows`]: super::command::Command::rows

use std::time::{Duration, SystemTime};

/// D STATUS.
#[derive(Debug, Clone)]
pub struct Status {
    /// Version of the program.
    pub version: &'static str,
    /// Deck as named on the command line.
    pub deck: String,
    /// Running or draining.
    pub state: RunState,
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

/// Resident memory of this process in bytes, as the kernel counts it; None where /proc is missing.
pub fn resident_memory() -> Option<u64> {
    resident_in(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_in(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_from_proc() {
        let status = "Name:\tzoxy\nVmHWM:\t    9000 kB\nVmRSS:\t    8192 kB\nThreads:\t3\n";
        assert_eq!(resident_in(status), Some(8 << 20));
        assert_eq!(resident_in("Name:\tzoxy\n"), None);
        assert_eq!(resident_in("VmRSS:\t x kB\n"), None);
        assert!(resident_memory().is_some_and(|bytes| bytes > 100_000));
    }
}
