//! One SSH session as its worker sees it: socket, transport, channels, and who waits for it.
//!
//! | phase | waits for | then |
//! |---|---|---|
//! | Queued | its turn to dial this server | Pausing, Preparing |
//! | Pausing | the end of the pause after a failed dial | Preparing |
//! | Preparing | a helper thread: files, keys, addresses | Connecting |
//! | Connecting | the server's TCP answer | LoggingIn, Connecting (next address) |
//! | LoggingIn | key exchange, host key, login | Open |
//! | Open | packets | gone |
//!
//! From any phase a session can be lost; its clients are told and the session is gone. This file
//! does what concerns the session alone; `worker::sessions` does what touches clients, pool and
//! timers. Invariants: packets leave in the order they were given (held ones first); nothing is
//! read from a client while the session is congested.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use mio::net::TcpStream;

use super::client::{Credential, Ready};
use super::dial::{CONNECTING, DialError, LATE_CONNECTING, LEAST_CONNECTING, is_of_the_server};
use super::jobs::Ticket;
use super::key::Key;
use super::sockets;
use crate::config::Profile;
use crate::ssh::channels::{Limits, Mux, Reserve};
use crate::ssh::hostkey::HostKeys;
use crate::ssh::login::Login;
use crate::ssh::pool::PoolKey;
use crate::ssh::transport::{Sent, Transport, TransportError};

/// An SSH session of a worker.
pub struct Session {
    /// Number in messages and displays.
    pub number: u64,
    /// Its place on this worker.
    pub key: Key,
    /// What its clients have in common.
    pub pool_key: PoolKey,
    /// How to dial and what to allow.
    pub profile: Arc<Profile>,
    /// Readiness of its socket.
    pub ready: Ready,
    /// True while its key stands in the run queue.
    pub queued: bool,
    /// True while its key stands in the worker's list of sessions to flush.
    pub dirty: bool,
    /// Clients placed on it that have arrived and not left.
    pub clients: usize,
    /// Clients that wait for it to open, bounded by the profile's CHANNELS.
    pub waiting: VecDeque<Key>,
    /// Clients that wait for room in its output, each once.
    pub blocked: Vec<Key>,
    /// User and password of an FTP dialogue, until the login has them.
    pub credential: Option<Credential>,
    /// Its channels; the owner of a channel is a client's key.
    pub mux: Mux<Key>,
    /// Socket and transport, from Connecting on.
    pub link: Option<Link>,
    /// When it was made.
    pub since: Instant,
    /// When its last channel closed.
    pub idle_since: Instant,
    /// When its login was over.
    pub opened: Instant,
    /// A channel of it has been opened.
    pub has_carried: bool,
    /// An operator has taken it out of use: it ends with its last client.
    pub is_retired: bool,
    /// Something came from the server since the last keepalive was due.
    pub heard: bool,
    /// Key exchanges that had ended when the last keepalive was due.
    rekeys: u64,
    /// Keepalives in a row that nothing followed.
    pub misses: u32,
    /// What messages and displays say of an open session.
    pub facts: Facts,
    /// The helper thread's job that its phase waits for; gone with the phase.
    pub errand: Option<Ticket>,
    /// Bulk was read that is to be acknowledged, unless something sent has done so.
    ack_due: bool,
    phase: Phase,
    held: VecDeque<Vec<u8>>,
}

/// The way to the server.
pub struct Link {
    /// The socket, registered with this worker's poll.
    pub socket: TcpStream,
    /// The SSH transport; None until the TCP connection stands.
    pub transport: Option<Transport>,
    /// The server's address.
    pub address: SocketAddr,
    /// Bytes sent to the server.
    pub sent: u64,
    /// Bytes received from the server.
    pub received: u64,
}

/// What became known while logging in.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// Host key type and fingerprint.
    pub host_key: String,
    /// Key exchange method.
    pub kex: String,
    /// Cipher.
    pub cipher: String,
    /// Method that logged in.
    pub method: String,
}

/// Where a session is in its life.
pub enum Phase {
    /// Another session dials this server.
    Queued,
    /// The server failed a short while ago.
    Pausing,
    /// A helper thread reads files and resolves the name.
    Preparing,
    /// The TCP connection is being made; what comes after it.
    Connecting(Box<Dialing>),
    /// Key exchange, host key, login.
    LoggingIn(Box<Dialing>),
    /// Channels can be opened.
    Open,
}

/// What a dial carries from address to address.
pub struct Dialing {
    /// The login that will run, or runs.
    pub login: Login,
    /// Who the server may be.
    pub host_keys: HostKeys,
    /// Host key algorithms of the keys known for this server.
    pub known_types: Option<Vec<String>>,
    /// Addresses not yet tried.
    pub others: VecDeque<SocketAddr>,
    /// When the first one was tried.
    pub since: Instant,
    /// Why none has answered so far: the first reason of our own, else the last one.
    pub failure: Option<(SocketAddr, io::Error)>,
}

/// What reading a session's socket came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fill {
    /// There are new bytes, and there may be more.
    More,
    /// There are new bytes, or none; no more for now.
    Drained,
    /// The server has closed its side.
    Ended,
}

impl Session {
    /// A session that has not begun.
    pub fn new(
        number: u64,
        key: Key,
        pool_key: PoolKey,
        profile: Arc<Profile>,
        reserve: Arc<Reserve>,
        now: Instant,
    ) -> Self {
        let limits = Limits {
            channels: profile.channels + profile.channels.max(MIN_OWED),
            initial_window: INITIAL_WINDOW.min(profile.window),
            max_window: profile.window,
            growth: profile.window.max(GROWTH),
            max_packet: MAX_PACKET,
            queued: profile.channels.saturating_mul(CONTROL_PER_CHANNEL).max(MIN_CONTROL),
            forwards: FORWARDS,
        };
        Self {
            number,
            key,
            pool_key,
            profile,
            ready: Ready::fresh(),
            queued: false,
            dirty: false,
            clients: 0,
            waiting: VecDeque::new(),
            blocked: Vec::new(),
            credential: None,
            mux: Mux::with_reserve(limits, reserve),
            link: None,
            since: now,
            idle_since: now,
            opened: now,
            has_carried: false,
            is_retired: false,
            heard: true,
            rekeys: 0,
            misses: 0,
            facts: Facts::default(),
            errand: None,
            ack_due: false,
            phase: Phase::Queued,
            held: VecDeque::new(),
        }
    }

    /// Its phase.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// Its phase, to work on in place.
    pub fn phase_mut(&mut self) -> &mut Phase {
        &mut self.phase
    }

    /// Puts the next phase in and gives the last one.
    pub fn enter(&mut self, phase: Phase) -> Phase {
        log::trace!("session {} {} -> {}", self.number, self.phase.name(), phase.name());
        self.errand = None;
        std::mem::replace(&mut self.phase, phase)
    }

    /// Phase and link, side by side.
    pub fn phase_and_link(&mut self) -> (&mut Phase, Option<&mut Link>) {
        (&mut self.phase, self.link.as_mut())
    }

    /// True once channels can be opened.
    pub fn is_open(&self) -> bool {
        matches!(self.phase, Phase::Open)
    }

    /// Whether its loss now is that of a session that was never of use: its login counts as a
    /// failed dial.
    pub fn is_lost_early(&self, now: Instant) -> bool {
        let age = now.saturating_duration_since(self.opened);
        let least =
            if self.has_carried { self.profile.backoff_min } else { self.profile.backoff_max };
        self.is_open() && age < least
    }

    /// The transport, once there is one.
    pub fn transport(&mut self) -> Option<&mut Transport> {
        self.link.as_mut()?.transport.as_mut()
    }

    /// Whether the server has shown signs of life since this was asked last. What it says in a key
    /// exchange that has lasted since then does not count: nothing else moves before that ends.
    pub fn take_heard(&mut self) -> bool {
        let heard = std::mem::take(&mut self.heard);
        let Some(transport) = self.link.as_ref().and_then(|link| link.transport.as_ref()) else {
            return heard;
        };
        let ended = std::mem::replace(&mut self.rekeys, transport.rekeys());
        heard && !(transport.is_rekeying() && transport.rekeys() == ended)
    }

    /// True while clients must not give it more: its output is high, or a key exchange runs.
    pub fn congested(&self) -> bool {
        self.is_holding() || self.output_len() >= HIGH_WATER
    }

    /// Bytes that a client may add to its output now: a packet at least, unless it is congested.
    pub fn output_room(&self) -> usize {
        if self.congested() { 0 } else { (HIGH_WATER - self.output_len()).max(LEAST_ROOM) }
    }

    /// True when clients that were held back may go on.
    pub fn relieved(&self) -> bool {
        !self.is_holding() && self.output_len() <= LOW_WATER
    }

    /// True while packets are held, or would be: a key exchange runs.
    fn is_holding(&self) -> bool {
        let transport = self.link.as_ref().and_then(|link| link.transport.as_ref());
        !self.held.is_empty() || transport.is_some_and(Transport::is_rekeying)
    }

    fn output_len(&self) -> usize {
        self.link.as_ref().and_then(|link| link.transport.as_ref()).map_or(0, Transport::output_len)
    }

    /// Sends one packet, or holds it while a key exchange runs.
    pub fn send(&mut self, header: &[u8], body: &[u8]) -> Result<(), TransportError> {
        let Some(transport) = self.link.as_mut().and_then(|link| link.transport.as_mut()) else {
            debug_assert!(false, "a packet for a session without transport");
            return Ok(());
        };
        if self.held.is_empty() && transport.send(header, body)? == Sent::Yes {
            return Ok(());
        }
        self.held.push_back([header, body].concat());
        Ok(())
    }

    /// Sends what was held, then what the channel layer has queued.
    pub fn send_control(&mut self) -> Result<(), TransportError> {
        let Some(transport) = self.link.as_mut().and_then(|link| link.transport.as_mut()) else {
            return Ok(());
        };
        while let Some(packet) = self.held.front() {
            if transport.send(packet, &[])? == Sent::Rekeying {
                return Ok(());
            }
            self.held.pop_front();
        }
        while let Some(packet) = self.mux.next_packet() {
            if transport.send(&packet, &[])? == Sent::Rekeying {
                self.held.push_back(packet.to_vec());
                return Ok(());
            }
        }
        Ok(())
    }

    /// Writes output to the socket until it takes no more. What is to be acknowledged is so with it, or by itself.
    pub fn write_out(&mut self) -> io::Result<()> {
        let Some(link) = &mut self.link else { return Ok(()) };
        let Some(transport) = &mut link.transport else { return Ok(()) };
        while self.ready.write && transport.output_len() > 0 {
            match link.socket.write(transport.output()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    transport.output_sent(count);
                    link.sent += count as u64;
                    self.ack_due = false;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.ready.write = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if std::mem::take(&mut self.ack_due) {
            sockets::quickack(&link.socket);
        }
        Ok(())
    }

    /// Reads the socket once into the transport's input.
    pub fn fill(&mut self) -> io::Result<Fill> {
        let Some(link) = &mut self.link else { return Ok(Fill::Drained) };
        let Some(transport) = &mut link.transport else { return Ok(Fill::Drained) };
        if !self.ready.read {
            return Ok(Fill::Drained);
        }
        let space = transport.input_space();
        let room = space.len();
        match link.socket.read(space) {
            Ok(0) if room > 0 => {
                transport.end_of_input();
                self.ready.read = false;
                Ok(Fill::Ended)
            }
            Ok(count) => {
                transport.input_filled(count);
                link.received += count as u64;
                self.heard = true;
                if count == room {
                    return Ok(Fill::More);
                }
                // sshd's Nagle waits for our acknowledgement of a small packet, or of a large one's last segment.
                if count < BULK {
                    sockets::quickack(&link.socket);
                } else {
                    self.ack_due = true;
                }
                if self.ready.hup {
                    return Ok(Fill::More);
                }
                self.ready.read = false;
                Ok(Fill::Drained)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.ready.read = false;
                Ok(Fill::Drained)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Fill::More),
            Err(error) => Err(error),
        }
    }
}

impl Dialing {
    /// Notes why an address was of no use.
    pub fn note(&mut self, address: SocketAddr, error: io::Error) {
        if self.failure.as_ref().is_none_or(|(_, kept)| is_of_the_server(kept)) {
            self.failure = Some((address, error));
        }
    }

    /// Why there is no connection when the time is up.
    pub fn timed_out(&mut self, now: Instant) -> DialError {
        match self.failure.take() {
            Some((address, error)) if !is_of_the_server(&error) => {
                DialError::Connect(address, error)
            }
            _ if now.saturating_duration_since(self.since) < LEAST_CONNECTING => {
                DialError::TimedOut(LATE_CONNECTING)
            }
            _ => DialError::TimedOut(CONNECTING),
        }
    }
}

impl Phase {
    /// Its name in traces and displays.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Queued => "QUEUED",
            Self::Pausing => "PAUSING",
            Self::Preparing => "PREPARING",
            Self::Connecting(_) => "CONNECTING",
            Self::LoggingIn(_) => "LOGIN",
            Self::Open => "OPEN",
        }
    }
}

/// A channel's first receive window; it grows up to the profile's WINDOW.
const INITIAL_WINDOW: u32 = 256 * 1024;

/// Bytes by which the windows of a session's channels may grow together, WINDOW if that is more:
/// what clients that stop reading can make us hold beyond the first windows.
const GROWTH: u32 = 64 * 1024 * 1024;

/// Largest data packet we accept (RFC 4254 5.1); libssh2 takes packets of 40000 bytes.
const MAX_PACKET: u32 = 32 * 1024;

/// Channels without a client, whose CLOSE or open the server has not answered, are as many as
/// CHANNELS allows with one, but at least this many.
const MIN_OWED: usize = 256;

/// Control packets that may wait while a key exchange runs: per channel, and at least.
const CONTROL_PER_CHANNEL: usize = 4;
const MIN_CONTROL: usize = 1024;

/// Output above which clients are not read, and below which they are again.
const HIGH_WATER: usize = 256 * 1024;
const LOW_WATER: usize = 128 * 1024;

/// Room that a client finds below the high water at least, so that packets do not become small.
const LEAST_ROOM: usize = 32 * 1024;

/// A read that brings less is acknowledged before it is worked on: somebody may wait for what comes next. More than that
/// is acknowledged at the end of the turn, as a rule by a window adjustment that has to be sent anyway.
const BULK: usize = 16 * 1024;

/// Ports that the SSH server listens on for the FTP dialogues of a session, at most: each takes a
/// descriptor there.
const FORWARDS: usize = 256;
#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rustix::io::Errno;

    use super::*;
    use crate::config::StrictHostKey;
    use crate::ssh::hostkey::KnownHosts;
    use crate::ssh::login::Credentials;

    fn dialing(since: Instant) -> Dialing {
        let (user, methods, keys) = ("u".into(), Vec::new(), Vec::new());
        Dialing {
            login: Login::new(Credentials { user, methods, keys, password: None }),
            host_keys: HostKeys::new(
                Vec::new(),
                KnownHosts::default(),
                StrictHostKey::Yes,
                Arc::default(),
            ),
            known_types: None,
            others: VecDeque::new(),
            since,
            failure: None,
        }
    }

    /// Why a dial has failed after these errors of its addresses.
    fn failure(errors: &[Errno]) -> DialError {
        let mut dialing = dialing(Instant::now());
        for (number, error) in errors.iter().enumerate() {
            dialing.note(([192, 0, 2, number as u8], 22).into(), (*error).into());
        }
        let (address, error) = dialing.failure.expect("there were errors");
        DialError::Connect(address, error)
    }

    #[test]
    fn one_address_that_was_not_really_tried_leaves_the_server_in_doubt() {
        assert!(failure(&[Errno::CONNREFUSED, Errno::HOSTUNREACH]).is_unreachable());
        for errors in [
            [Errno::MFILE, Errno::CONNREFUSED],
            [Errno::CONNREFUSED, Errno::MFILE],
            [Errno::ADDRNOTAVAIL, Errno::MFILE],
        ] {
            let error = failure(&errors);
            assert!(!error.is_unreachable(), "{errors:?}: {error}");
        }
    }

    #[test]
    fn no_answer_counts_if_there_was_time_for_one() {
        let now = Instant::now();
        assert!(dialing(now).timed_out(now + LEAST_CONNECTING).is_unreachable());
        let hasty = now + LEAST_CONNECTING - Duration::from_millis(1);
        assert!(!dialing(now).timed_out(hasty).is_unreachable());
        let mut short = dialing(now);
        short.note(([192, 0, 2, 1], 22).into(), Errno::NOBUFS.into());
        assert!(!short.timed_out(now + LEAST_CONNECTING).is_unreachable());
    }
}
