//! Remote forwards: ports on which the server listens for us (RFC 4254 section 7.1).
//!
//! [`Mux`](super::Mux) sends and answers, this module keeps the states, traces their changes, and
//! judges the connections that the server reports. A forward is for one connection: with the first
//! that is let in the server is told to listen no more. One that comes before any is expected is
//! neither let in nor refused: it is parked, in case no other comes.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use slab::Slab;

use super::wire::Forwarded;
use crate::config::rules::AddressSet;

/// Names one forward of one [`Mux`](super::Mux); never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ForwardId {
    index: u32,
    serial: u32,
}

/// Where a forward stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// tcpip-forward waits in the queue.
    RequestQueued,
    /// So it does, but the owner gave up: it will not be sent.
    Withdrawn,
    /// tcpip-forward was handed out, no answer yet.
    Requested,
    /// So it was, but the owner gave up: a port will be given back.
    Abandoned,
    /// The server listens; one connection is parked.
    Listening,
    /// The server listens; one connection is let in, before a parked one.
    Expecting,
    /// cancel-tcpip-forward waits in the queue; nobody is let in.
    CancelQueued,
    /// cancel-tcpip-forward was handed out; its answer is awaited.
    CancelSent,
}

/// One forward.
#[derive(Debug)]
pub(super) struct Forward<T> {
    pub(super) id: ForwardId,
    pub(super) owner: T,
    /// Where the server was asked to listen.
    pub(super) address: IpAddr,
    /// Where it listens; 0 until it has said so.
    pub(super) port: u16,
    /// Who is let in.
    from: AddressSet,
    /// One was.
    pub(super) is_used: bool,
    /// Who came before anybody was expected.
    pub(super) early: Early,
    /// Connections that were not let in.
    turned_away: u32,
    state: State,
}

/// Connections that came too early.
#[derive(Debug)]
pub(super) enum Early {
    /// None yet.
    None,
    /// One, which waits for its answer.
    Parked(Connection),
    /// More than one: none of them is let in.
    Contested,
}

/// A connection whose open has no answer yet; its numbers and windows are the server's.
#[derive(Debug, Clone, Copy)]
pub(super) struct Connection {
    pub sender: u32,
    pub window: u32,
    pub max_packet: u32,
    /// Who connected.
    pub origin: SocketAddr,
}

/// Why a connection to a forwarded port was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The server was not asked to listen there.
    NotRequested,
    /// More than one came before any was expected.
    Contested,
    /// It comes from an address that may not connect.
    Stranger,
    /// Another one was let in, or the forward was given up.
    TooLate,
    /// The session has as many channels as it may have.
    Full,
}

/// What becomes of a connection.
pub(super) enum Verdict<T> {
    /// It is let in, and comes from this address.
    Accept(ForwardId, T, IpAddr),
    /// It is too early, and comes from this address.
    Park(ForwardId, T, IpAddr),
    /// It is not; the forward it came to, if there is one.
    Refuse(Option<(ForwardId, T)>, Refusal),
}

/// All forwards of a session.
#[derive(Debug)]
pub(super) struct Forwards<T> {
    slots: Slab<Forward<T>>,
    /// Serial number of the next one; may wrap around.
    serial: u32,
}

impl<T: Copy> Forwards<T> {
    pub(super) fn new() -> Self {
        Self { slots: Slab::new(), serial: 0 }
    }

    /// Makes a forward whose request waits in the queue.
    pub(super) fn insert(&mut self, owner: T, address: IpAddr, from: AddressSet) -> ForwardId {
        let entry = self.slots.vacant_entry();
        let id = ForwardId { index: entry.key() as u32, serial: self.serial };
        self.serial = self.serial.wrapping_add(1);
        entry.insert(Forward {
            id,
            owner,
            address,
            port: 0,
            from,
            is_used: false,
            early: Early::None,
            turned_away: 0,
            state: State::RequestQueued,
        });
        id
    }

    /// Forgets a forward: the server does not listen for it.
    pub(super) fn remove(&mut self, id: ForwardId) {
        if self.get_mut(id).is_some() {
            log::trace!("forward {id}: freed");
            self.slots.remove(id.index as usize);
        }
    }

    pub(super) fn get_mut(&mut self, id: ForwardId) -> Option<&mut Forward<T>> {
        self.slots.get_mut(id.index as usize).filter(|forward| forward.id == id)
    }

    /// How many the server knows of, or will.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Judges a connection that the server reports, but for the bound of channels.
    pub(super) fn judge(&mut self, connection: &Forwarded<'_>) -> Verdict<T> {
        let Some(forward) = self.of(connection) else {
            return Verdict::Refuse(None, Refusal::NotRequested);
        };
        let origin = address(connection.origin).filter(|origin| forward.from.contains(*origin));
        let refusal = match (forward.state, origin) {
            (State::Expecting, Some(origin)) => {
                return Verdict::Accept(forward.id, forward.owner, origin);
            }
            (State::Listening, Some(origin)) => {
                return Verdict::Park(forward.id, forward.owner, origin);
            }
            // One who comes too late tells nothing about the one who was let in.
            (_, None) => Refusal::Stranger,
            _ => Refusal::TooLate,
        };
        Verdict::Refuse(Some((forward.id, forward.owner)), refusal)
    }

    /// The forward that a connection came to. Servers give the address as they were asked for it, or
    /// the one they listen at: it decides only between equal ports.
    fn of(&self, connection: &Forwarded<'_>) -> Option<&Forward<T>> {
        let address = address(connection.address);
        let mut found = None;
        for (_, forward) in &self.slots {
            if forward.port == 0 || u32::from(forward.port) != connection.port {
                continue;
            }
            if address == Some(forward.address) {
                return Some(forward);
            }
            found = Some(forward);
        }
        found
    }
}

impl<T> Forward<T> {
    pub(super) fn state(&self) -> State {
        self.state
    }

    pub(super) fn set_state(&mut self, new: State) {
        log::trace!("forward {}: {:?} -> {new:?}", self.id, self.state);
        self.state = new;
    }

    /// Whether the server listens, and somebody may be let in.
    pub(super) fn is_live(&self) -> bool {
        matches!(self.state, State::Listening | State::Expecting)
    }

    /// Keeps a connection that came too early. False: it is not the only one.
    pub(super) fn park(&mut self, connection: Connection) -> bool {
        let is_first = matches!(self.early, Early::None);
        if is_first {
            self.early = Early::Parked(connection);
        }
        is_first
    }

    /// Takes the parked connection out: there is none any more, or `left`.
    pub(super) fn unpark(&mut self, left: Early) -> Option<Connection> {
        match std::mem::replace(&mut self.early, left) {
            Early::Parked(connection) => Some(connection),
            Early::None | Early::Contested => None,
        }
    }

    /// Counts a connection that was not let in. False: it is one of too many.
    pub(super) fn turn_away(&mut self) -> bool {
        self.turned_away += 1;
        self.turned_away < MAX_TURNED_AWAY
    }
}

/// The address that a string of a packet holds.
fn address(text: &[u8]) -> Option<IpAddr> {
    std::str::from_utf8(text).ok()?.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

impl fmt::Display for ForwardId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serial.fmt(f)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotRequested => "zoxy did not ask for this port",
            Self::Contested => "more than one came before the expected one",
            Self::Stranger => "this address may not connect",
            Self::TooLate => "the expected one was there before, or is not expected any more",
            Self::Full => "the session has no channel left",
        })
    }
}

/// Connections that a forward turns away before it is given up.
pub(super) const MAX_TURNED_AWAY: u32 = 16;
