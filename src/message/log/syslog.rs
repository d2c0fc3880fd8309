//! Lines to syslog: one datagram each, to the local socket that syslog daemons and the journal have.
//!
//! `<PRI>zoxy[PID]: text`, facility daemon, the priority from the message's severity. The daemon puts
//! the time in. A datagram is sent without waiting: what the daemon does not take at once is counted,
//! and the number told with the next line that goes through.

use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

/// The facility of system daemons (RFC 3164, table 1), as a summand of the priority value.
const DAEMON: u8 = 3 << 3;

/// Bytes of a datagram's text at most: what every daemon takes.
const LONGEST: usize = 2000;

/// A syslog socket.
#[derive(Debug)]
pub(super) struct Syslog {
    path: PathBuf,
    socket: Option<UnixDatagram>,
    lost: AtomicU64,
}

impl Syslog {
    /// The one at `path`, which need not be there yet.
    pub(super) fn new(path: PathBuf) -> Self {
        let socket = UnixDatagram::unbound().ok();
        let socket = socket.filter(|socket| socket.set_nonblocking(true).is_ok());
        Self { path, socket, lost: AtomicU64::new(0) }
    }

    /// Sends a line of priority 0 to 7.
    pub(super) fn send(&self, priority: u8, text: &str) {
        let lost = self.lost.swap(0, Ordering::Relaxed);
        let told = lost == 0 || self.datagram(4, &format!("{lost} line(s) before this were lost"));
        if !told || !self.datagram(priority, text) {
            let missed = lost * u64::from(!told) + 1;
            self.lost.fetch_add(missed, Ordering::Relaxed);
        }
    }

    /// Addressed each time, so that a daemon that was restarted is found again.
    fn datagram(&self, priority: u8, text: &str) -> bool {
        let Some(socket) = &self.socket else { return false };
        let end =
            text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|e| *e <= LONGEST);
        let text = &text[..end.last().unwrap_or(0)];
        let line = format!("<{}>zoxy[{}]: {text}", DAEMON | priority, std::process::id());
        socket.send_to(line.as_bytes(), &self.path).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::TempDir;

    #[test]
    fn lines_are_datagrams_and_losses_are_told() {
        let dir = TempDir::new();
        let path = dir.path("log");
        let syslog = Syslog::new(path.clone());
        syslog.send(3, "nobody is there");
        syslog.send(6, "still nobody");
        let daemon = UnixDatagram::bind(&path).unwrap();
        daemon.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        syslog.send(6, &format!("\u{e4}{}", "x".repeat(5000)));
        let mut buffer = vec![0; 10_000];
        let mut receive = || {
            let count = daemon.recv(&mut buffer).unwrap();
            String::from_utf8(buffer[..count].to_vec()).unwrap()
        };
        let tag = format!("zoxy[{}]: ", std::process::id());
        assert_eq!(receive(), format!("<28>{tag}2 line(s) before this were lost"));
        let line = receive();
        assert!(line.starts_with(&format!("<30>{tag}\u{e4}xxx")) && line.len() < 2100, "{line}");
        // A daemon that does not read holds up nobody.
        for _ in 0..10_000 {
            syslog.send(6, "more than it takes");
        }
        assert!(syslog.lost.load(Ordering::Relaxed) > 0);
    }
}
