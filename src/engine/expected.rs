//! Data connections that FTP dialogues expect, and the dialogues that SOCKS BIND requests belong to.
//!
//! Shared by all workers: a dialogue enters what it expects, the worker that gets a client's request
//! looks it up. An expectation is used once, expires, and holds for one client address only. What
//! comes too late is refused: it must not go out in clear because some filter would let it. What
//! nobody ever expected goes through the filters like any other request.
//!
//! A BIND names the FTP server's host and nothing else, and all jobs of a mainframe have one
//! address: to which of their dialogues with that host it belongs shows when one of them sends a
//! PORT with the address that the BIND was given. Until then it waits here.

use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::client::Place;
use super::shared::{Live, Seat};
use crate::config::{Filter, Host, Target};
use crate::gateway::ftp::{BindId, DataId};
use crate::ssh::pool::PoolKey;

/// The table; one for the process.
#[derive(Default)]
pub struct Expected {
    tables: Mutex<Tables>,
}

#[derive(Default)]
struct Tables {
    /// Oldest first.
    connections: Vec<Expectation>,
    /// What nobody came for in time, the oldest first.
    late: VecDeque<Late>,
    dialogues: Vec<Dialogue>,
    binds: Vec<WaitingBind>,
}

/// A passive data connection that a client is about to ask for.
pub struct Expectation {
    /// The client's address.
    pub client: IpAddr,
    /// Hosts under which the client may ask for it.
    pub hosts: Vec<Host>,
    /// The data port that the client was told.
    pub port: u16,
    /// What it belongs to.
    pub link: DataLink,
    /// What the SSH server, or zoxy itself, is to connect to.
    pub target: Target,
    /// The control connection's decision and session.
    pub origin: Origin,
    /// When it is too late.
    pub until: Instant,
}

/// What a client's request is to the FTP dialogues.
pub enum Taken {
    /// The data connection that one of them expects.
    Expected(Box<Expectation>),
    /// One that was expected, and is not any more: it must not go another way.
    TooLate,
    /// Nothing of theirs.
    Unknown,
}

/// A data connection that is not waited for any more.
struct Late {
    client: IpAddr,
    hosts: Vec<Host>,
    port: u16,
    /// When it is forgotten.
    until: Instant,
}

/// A control connection and one of its data connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataLink {
    /// The control connection.
    pub control: Place,
    /// Its name for the data connection.
    pub id: DataId,
}

/// What a data connection takes over from its control connection.
#[derive(Clone)]
pub struct Origin {
    /// The configuration it was decided by.
    pub live: Arc<Live>,
    /// The filter that decided.
    pub filter: Arc<Filter>,
    /// The way it goes.
    pub way: Way,
}

/// The way of a control connection to its FTP server.
#[derive(Clone)]
pub enum Way {
    /// Through an SSH session.
    Session {
        /// The key of the session in the pool.
        pool_key: PoolKey,
        /// The session.
        seat: Seat,
    },
    /// In clear. Where to, the control connection says on its own worker.
    Plain,
}

/// A BIND that is to wait for the PORT of its dialogue.
pub struct NewBind {
    /// Its name.
    pub bind: BindId,
    /// The client's address.
    pub client: IpAddr,
    /// The FTP server's host, as the BIND names it.
    pub host: Host,
    /// Where its connection lives.
    pub place: Place,
}

/// A BIND that no dialogue has used yet.
struct WaitingBind {
    bind: BindId,
    client: IpAddr,
    host: Host,
    /// What stands for it in a PORT.
    address: SocketAddrV4,
    place: Place,
}

/// A control connection that is logged in.
struct Dialogue {
    client: IpAddr,
    host: Host,
    place: Place,
    origin: Origin,
}

impl Expected {
    /// Enters a data connection; the oldest one gives way when there are too many.
    pub fn expect(&self, expectation: Expectation, now: Instant) {
        let mut tables = self.lock();
        tables.give_up(now, |entry| entry.until <= now);
        if tables.connections.len() >= MAX_EXPECTED {
            tables.connections.remove(0);
        }
        let Expectation { client, port, .. } = expectation;
        tables.late.retain(|late| !(late.client == client && late.port == port));
        tables.connections.push(expectation);
    }

    /// Takes out what a client's request was expected to be, the newest if there are several.
    pub fn take(&self, client: IpAddr, target: &Target, now: Instant) -> Taken {
        let mut tables = self.lock();
        if tables.connections.is_empty() && tables.late.is_empty() {
            return Taken::Unknown;
        }
        tables.give_up(now, |entry| entry.until <= now);
        let position = tables.connections.iter().rposition(|entry| {
            entry.client == client
                && entry.port == target.port
                && entry.hosts.contains(&target.host)
        });
        if let Some(position) = position {
            return Taken::Expected(Box::new(tables.connections.remove(position)));
        }
        let is_late = tables.late.iter().any(|late| {
            late.client == client && late.port == target.port && late.hosts.contains(&target.host)
        });
        if is_late { Taken::TooLate } else { Taken::Unknown }
    }

    /// Takes out one data connection of a control connection.
    pub fn forget(&self, link: DataLink, now: Instant) {
        self.lock().give_up(now, |entry| entry.link == link);
    }

    /// Enters a control connection that is logged in: BIND requests may refer to it.
    pub fn enter(&self, client: IpAddr, host: Host, place: Place, origin: Origin) {
        self.lock().dialogues.push(Dialogue { client, host, place, origin });
    }

    /// Takes a control connection out, with all that it expects.
    pub fn leave(&self, place: Place, now: Instant) {
        let mut tables = self.lock();
        tables.dialogues.retain(|dialogue| dialogue.place != place);
        tables.give_up(now, |entry| entry.link.control == place);
    }

    /// The newest dialogue that a client's BIND for `host` can belong to.
    pub fn dialogue(&self, client: IpAddr, host: &Host) -> Option<Origin> {
        let tables = self.lock();
        let matches = |d: &&Dialogue| d.client == client && is_for(host, &d.host);
        let found = tables.dialogues.iter().rev().find(matches)?;
        Some(found.origin.clone())
    }

    /// Enters a BIND and gives the address at `own` that stands for it. Its client is told the address
    /// only afterwards: the PORT finds it. No other BIND of the client has its port, and nobody can
    /// guess it: other users may have the same client address.
    pub fn wait(&self, bind: NewBind, own: Ipv4Addr) -> io::Result<SocketAddrV4> {
        let NewBind { bind, client, host, place } = bind;
        let mut tables = self.lock();
        for _ in 0..PORT_TRIES {
            let port = random_port()?;
            if tables.binds.iter().any(|b| b.client == client && b.address.port() == port) {
                continue;
            }
            let address = SocketAddrV4::new(own, port);
            tables.binds.push(WaitingBind { bind, client, host, address, place });
            return Ok(address);
        }
        Err(io::Error::other("too many BINDs of this client wait"))
    }

    /// The BINDs that wait for a dialogue of `client` with `host`.
    pub fn binds(&self, client: IpAddr, host: &Host) -> Vec<(BindId, SocketAddrV4)> {
        let tables = self.lock();
        let matches = |b: &&WaitingBind| b.client == client && is_for(&b.host, host);
        tables.binds.iter().filter(matches).map(|b| (b.bind, b.address)).collect()
    }

    /// Takes a BIND out: a dialogue uses it, or its client is gone.
    pub fn take_bind(&self, bind: BindId) -> Option<Place> {
        let mut tables = self.lock();
        let position = tables.binds.iter().position(|entry| entry.bind == bind)?;
        Some(tables.binds.remove(position).place)
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        // A panic while the lock was held leaves entries that expire.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tables {
    /// Stops waiting for some data connections, and remembers for a while that they were expected.
    fn give_up(&mut self, now: Instant, which: impl Fn(&Expectation) -> bool) {
        self.late.retain(|late| late.until > now);
        let late = &mut self.late;
        self.connections.retain_mut(|entry| {
            let goes = which(entry);
            if goes {
                let hosts = std::mem::take(&mut entry.hosts);
                let (client, port) = (entry.client, entry.port);
                late.push_back(Late { client, hosts, port, until: now + LATE });
            }
            !goes
        });
        while self.late.len() > MAX_EXPECTED {
            self.late.pop_front();
        }
    }
}

/// Whether a BIND for `named` can be one for `host`: clients may leave the host open.
fn is_for(named: &Host, host: &Host) -> bool {
    named == host || matches!(named, Host::Address(address) if address.is_unspecified())
}

/// Data connections expected at once, at most, by all clients together.
const MAX_EXPECTED: usize = 4096;

/// How long a data connection that came too late is refused, whatever the filters say.
const LATE: Duration = Duration::from_secs(600);

/// A port from 1024 on that nobody can guess; each as likely as any other.
fn random_port() -> io::Result<u16> {
    loop {
        let mut bytes = [0; 2];
        openssl::rand::rand_bytes(&mut bytes).map_err(io::Error::other)?;
        let port = u16::from_be_bytes(bytes);
        if port >= 1024 {
            return Ok(port);
        }
    }
}

/// Ports that are tried for a BIND: with so many taken, most of the ports are.
const PORT_TRIES: usize = 64;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::engine::key::{Key, Kind};

    fn bind(number: u64, client: [u8; 4]) -> NewBind {
        NewBind {
            bind: BindId(number),
            client: client.into(),
            host: Host::Address([192, 0, 2, 7].into()),
            place: Place { worker: 0, client: Key::new(Kind::Client, 1, number as usize) },
        }
    }

    #[test]
    fn ports_of_binds_are_random_and_differ() {
        let expected = Expected::default();
        let mut ports = Vec::new();
        for number in 0..2000 {
            let address = expected.wait(bind(number, [10, 1, 1, 1]), Ipv4Addr::LOCALHOST);
            let address = address.expect("ports are left");
            assert_eq!(*address.ip(), Ipv4Addr::LOCALHOST);
            assert!(address.port() >= 1024);
            ports.push(address.port());
        }
        assert_eq!(ports.iter().collect::<HashSet<_>>().len(), ports.len(), "one twice");
        let near = ports.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 64);
        assert!(near.count() < 100, "one port tells the next");
        // Each is found by its address, and free once it is taken out.
        let waiting = expected.binds([10, 1, 1, 1].into(), &Host::Address([192, 0, 2, 7].into()));
        assert_eq!(waiting.len(), 2000);
        assert!(expected.take_bind(BindId(7)).is_some());
        assert!(expected.take_bind(BindId(7)).is_none());
    }

    #[test]
    fn a_client_without_a_free_port_is_refused() {
        let expected = Expected::default();
        for port in 1024..=u16::MAX {
            let NewBind { bind, client, host, place } = bind(port.into(), [10, 1, 1, 1]);
            let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
            expected.lock().binds.push(WaitingBind { bind, client, host, address, place });
        }
        let refused = expected.wait(bind(0, [10, 1, 1, 1]), Ipv4Addr::LOCALHOST);
        let refused = refused.expect_err("every port is taken");
        assert!(refused.to_string().contains("too many BINDs"), "{refused}");
        let other = expected.wait(bind(0, [10, 1, 1, 2]), Ipv4Addr::LOCALHOST);
        assert!(other.is_ok(), "another client has ports of its own");
    }
}
