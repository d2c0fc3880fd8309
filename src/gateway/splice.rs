//! The DIRECT relay: bytes from client to target and back, through pipes in the kernel.
//!
//! Owned by the connection, which keeps the two sockets and what their readiness events said. It
//! calls [`Relay::pump`] after an event, or when its turn comes again, and acts on the verdict.
//!
//! Each direction is a half of its own:
//!
//! | state | event | action | next |
//! |---|---|---|---|
//! | Open | source has data, sink takes it | move it | Open |
//! | Open | end of the source's data, nothing held | send FIN to the sink | ShutdownSent |
//! | Open | the same, the other half in ShutdownSent | none: the owner's close sends the FIN | ShutdownSent |
//! | Open | sink fails | keep the error | Failed |
//! | Open | source fails | the relay has failed | |
//!
//! A failed sink does not stop the other half at once: a server that refuses an upload sends its
//! reply and closes, which resets the connection under the upload, and the reply has to get through.
//!
//! Invariants: a half asks its source for data only when it holds none, so the end of the data is
//! never seen before all of it has been passed on; a readiness bit is cleared only when its socket
//! said "would block"; what a half holds is bounded by one pipe or buffer.
//!
//! A closed sink gives EPIPE, not a signal: Rust programs ignore SIGPIPE from their start.

use std::fmt;
use std::io;

use mio::event::Event;
use mio::net::TcpStream;
use rustix::net::Shutdown;

pub use super::pipes::PipePool;
use super::pipes::{self, Carrier};

/// Both directions of one connection.
#[derive(Debug)]
pub struct Relay {
    up: Half,
    down: Half,
    /// A sink that failed while the other half goes on.
    failure: Option<RelayError>,
}

/// One socket of the relay, lent for a call.
#[derive(Debug)]
pub struct End<'a> {
    /// Non-blocking, with urgent data in line.
    pub socket: &'a TcpStream,
    /// What its events said.
    pub ready: &'a mut Readiness,
}

/// What a socket is known to be ready for. Edge-triggered: events set the bits, and only "would
/// block" clears them. The default is "try it".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// It may have data, or the end of them, or an error.
    pub readable: bool,
    /// It may take data.
    pub writable: bool,
}

/// What a call of [`Relay::pump`] came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pumped {
    /// Bytes given to either sink.
    pub moved: usize,
    /// What comes next.
    pub state: RelayState,
}

/// When to call [`Relay::pump`] again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RelayState {
    /// After the next readiness event.
    Waiting,
    /// After other connections had their turn: the budget is used up.
    More,
    /// Never: both sides have had all bytes. The one that ended first may still wait for its FIN,
    /// which it gets when the sockets are closed; nothing of it is unread.
    Done,
}

/// Which socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The one that asked for the connection.
    Client,
    /// The one it asked for.
    Target,
}

/// The relay has ended early. The other side must not take what it got for everything: its socket
/// is to be reset, not closed with a FIN.
#[derive(Debug)]
pub struct RelayError {
    /// Whose socket failed.
    pub side: Side,
    /// How.
    pub error: io::Error,
}

impl Relay {
    /// A relay that moves bytes in the kernel, or copies them if `copy` is set. `early` is what the
    /// client has sent behind its request already: it goes to the target first.
    pub fn new(early: Vec<u8>, copy: bool) -> Self {
        let mut up = Half::new(Side::Client, Side::Target, copy);
        if !early.is_empty() {
            up.carrier = Some(Carrier::holding(early));
        }
        Self { up, down: Half::new(Side::Target, Side::Client, copy), failure: None }
    }

    /// Moves bytes both ways until the sockets have or take no more. Each way, no more than `budget`
    /// bytes (not zero) are taken from the source.
    pub fn pump(
        &mut self,
        client: End<'_>,
        target: End<'_>,
        pool: &mut PipePool,
        budget: usize,
    ) -> Result<Pumped, RelayError> {
        let (client_ready, target_ready) = (client.ready, target.ready);
        let up = Flow {
            from: client.socket,
            to: target.socket,
            readable: &mut client_ready.readable,
            writable: &mut target_ready.writable,
            last: self.down.state == HalfState::ShutdownSent,
        };
        let up = self.up.pump(up, pool, budget);
        let up = self.settle(up)?;
        let down = Flow {
            from: target.socket,
            to: client.socket,
            readable: &mut target_ready.readable,
            writable: &mut client_ready.writable,
            last: self.up.state == HalfState::ShutdownSent,
        };
        let down = self.down.pump(down, pool, budget);
        let down = self.settle(down)?;

        let state = match (up.state, down.state) {
            (HalfPumped::Ended, HalfPumped::Ended) => match self.failure.take() {
                Some(failure) => return Err(failure),
                None => RelayState::Done,
            },
            (HalfPumped::More, _) | (_, HalfPumped::More) => RelayState::More,
            _ => RelayState::Waiting,
        };
        Ok(Pumped { moved: up.moved + down.moved, state })
    }

    /// Bytes the target has been given.
    pub fn bytes_up(&self) -> u64 {
        self.up.bytes
    }

    /// Bytes the client has been given.
    pub fn bytes_down(&self) -> u64 {
        self.down.bytes
    }

    /// Whether one half, not both, has ended.
    pub fn is_half_closed(&self) -> bool {
        (self.up.state == HalfState::Open) != (self.down.state == HalfState::Open)
    }

    /// Whether no more will be asked of this side's data: they have come to their end, or cannot be
    /// passed on.
    pub fn has_ended(&self, source: Side) -> bool {
        let half = match source {
            Side::Client => &self.up,
            Side::Target => &self.down,
        };
        half.state != HalfState::Open
    }

    /// Which directions, up and down, have passed on all their data and its end. The end of the one
    /// that finished last is in the close that follows.
    pub fn finished(&self) -> [bool; 2] {
        [&self.up, &self.down].map(|half| half.state == HalfState::ShutdownSent)
    }

    /// Keeps the failure of a sink until the other half has ended too; that of a source ends all.
    fn settle(&mut self, half: Result<HalfResult, HalfError>) -> Result<HalfResult, RelayError> {
        match half {
            Ok(result) => Ok(result),
            Err(HalfError::Source(error)) => Err(self.failure.take().unwrap_or(error)),
            Err(HalfError::Sink { error, moved }) => {
                self.failure.get_or_insert(error);
                Ok(HalfResult { moved, state: HalfPumped::Ended })
            }
        }
    }
}

impl Readiness {
    /// Adds what an event says. The end of data and errors are found by trying.
    pub fn note(&mut self, event: &Event) {
        let failed = event.is_error();
        self.readable |= event.is_readable() || event.is_read_closed() || failed;
        self.writable |= event.is_writable() || event.is_write_closed() || failed;
    }
}

impl Default for Readiness {
    fn default() -> Self {
        Self { readable: true, writable: true }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Client => "client",
            Self::Target => "target",
        })
    }
}

impl fmt::Display for RelayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.side, self.error)
    }
}

impl std::error::Error for RelayError {}

/// One direction.
#[derive(Debug)]
struct Half {
    source: Side,
    sink: Side,
    state: HalfState,
    /// Not empty, between two calls.
    carrier: Option<Carrier>,
    /// Whether pipes are used.
    splice: bool,
    bytes: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HalfState {
    Open,
    ShutdownSent,
    Failed,
}

/// The sockets of one direction and what matters to it of their state.
struct Flow<'a> {
    from: &'a TcpStream,
    to: &'a TcpStream,
    readable: &'a mut bool,
    writable: &'a mut bool,
    /// The other half has ended well: when this one does, the sockets are closed.
    last: bool,
}

struct HalfResult {
    moved: usize,
    state: HalfPumped,
}

#[derive(Clone, Copy)]
enum HalfPumped {
    Waiting,
    More,
    Ended,
}

enum HalfError {
    Source(RelayError),
    Sink { error: RelayError, moved: usize },
}

impl Half {
    fn new(source: Side, sink: Side, copy: bool) -> Self {
        Self { source, sink, state: HalfState::Open, carrier: None, splice: !copy, bytes: 0 }
    }

    fn pump(
        &mut self,
        flow: Flow<'_>,
        pool: &mut PipePool,
        budget: usize,
    ) -> Result<HalfResult, HalfError> {
        let mut moved = 0;
        let result = self.run(flow, pool, budget, &mut moved);
        self.bytes += moved as u64;
        if let Some(empty) = self.carrier.take_if(|carrier| carrier.held() == 0) {
            pool.give(empty);
        }
        match result {
            Ok(state) => Ok(HalfResult { moved, state }),
            Err((side, error)) if side == self.source => {
                Err(HalfError::Source(RelayError { side, error }))
            }
            Err((side, error)) => {
                self.enter(HalfState::Failed);
                self.carrier = None;
                Err(HalfError::Sink { error: RelayError { side, error }, moved })
            }
        }
    }

    fn run(
        &mut self,
        flow: Flow<'_>,
        pool: &mut PipePool,
        budget: usize,
        moved: &mut usize,
    ) -> Result<HalfPumped, (Side, io::Error)> {
        if self.state != HalfState::Open {
            return Ok(HalfPumped::Ended);
        }
        loop {
            if let Some(carrier) = self.carrier.as_mut().filter(|carrier| carrier.held() > 0) {
                if !*flow.writable {
                    return Ok(HalfPumped::Waiting);
                }
                match carrier.drain(flow.to) {
                    Ok(count) => *moved += count,
                    Err(error) if would_block(&error) => *flow.writable = false,
                    Err(error) => return Err((self.sink, error)),
                }
                continue;
            }
            if !*flow.readable {
                return Ok(HalfPumped::Waiting);
            }
            if *moved >= budget {
                return Ok(HalfPumped::More);
            }
            let carrier = self.carrier.get_or_insert_with(|| pool.take(self.splice));
            match carrier.fill(flow.from, budget - *moved) {
                Ok(0) => {
                    if !flow.last {
                        rustix::net::shutdown(flow.to, Shutdown::Write)
                            .map_err(|errno| (self.sink, errno.into()))?;
                    }
                    self.enter(HalfState::ShutdownSent);
                    return Ok(HalfPumped::Ended);
                }
                Ok(_) => {}
                Err(error) if would_block(&error) => *flow.readable = false,
                Err(error) if self.splice && pipes::is_unsupported(&error) => {
                    log::debug!("{} cannot be spliced, copying: {error}", self.source);
                    self.splice = false;
                    self.carrier = None;
                }
                Err(error) => return Err((self.source, error)),
            }
        }
    }

    fn enter(&mut self, state: HalfState) {
        log::trace!("{} to {}: {:?} -> {state:?}", self.source, self.sink, self.state);
        self.state = state;
    }
}

fn would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

#[cfg(test)]
mod tests;
