//! A worker: one thread, one poll, its clients and its SSH sessions.
//!
//! A turn of the loop: wait for events (not at all while something is ready), note what they say
//! about sockets, read the inbox, give every ready object its share of work, run expired timers,
//! write out what SSH sessions have gathered. Nothing in a turn blocks and every object's share is
//! bounded, so one connection cannot hold up the others. Readiness is remembered: mio's edges come
//! once, and an object that used up its share goes to the end of the run queue.
//!
//! The worker owns every state change and every close; the files beside this one are its handlers,
//! by subject.

mod bind;
mod channels;
mod closing;
mod dialing;
mod direct;
mod doors;
mod fallback;
mod ftp;
mod ftpdata;
mod ftpforward;
mod handshake;
mod operator;
mod parcels;
mod passive;
mod plain;
mod routing;
mod sessions;
mod tunnel;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::time::{Duration, Instant};

use mio::event::Event;
use mio::{Events, Poll};
use slab::Slab;

use super::accept::Acceptor;
use super::client::{Client, State};
use super::inbox::Inbound;
use super::key::{Key, Kind};
use super::session::Session;
use super::shared::{Report, Shared};
use super::snapshot;
use super::timers::Timers;
use crate::config::Listener;
use crate::gateway::pipes::PipePool;
use crate::message::log;
use crate::say;
use parcels::Parcel;

/// One worker thread's whole state.
pub struct Worker {
    index: usize,
    poll: Poll,
    inbox: Receiver<Inbound>,
    shared: Arc<Shared>,
    doors: Slab<OpenDoor>,
    clients: Slab<Client>,
    sessions: Slab<Session>,
    generation: u32,
    timers: Timers<(Key, Timer)>,
    run: VecDeque<Key>,
    /// Sessions with something to send, each once.
    dirty: Vec<Key>,
    /// What was read of one client at once, on its way into a session.
    scratch: Box<[u8]>,
    /// Data packets that the session at work has just read.
    parcels: Vec<Parcel>,
    pipes: PipePool,
    now: Instant,
    drain: Option<Instant>,
}

/// A listening socket and the card it serves.
struct OpenDoor {
    acceptor: Acceptor,
    listener: Arc<Listener>,
    key: Key,
    queued: bool,
    paused: bool,
}

/// What a timer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timer {
    /// The deadline of a client's or session's present state.
    Deadline,
    /// A relaying client's idle limit.
    Idle,
    /// A session's next keepalive.
    Keepalive,
    /// Another try of a paused acceptor.
    Accept,
}

impl Worker {
    /// A worker that will read `inbox`; its poll is the one that inbox's waker belongs to.
    pub fn new(index: usize, poll: Poll, inbox: Receiver<Inbound>, shared: Arc<Shared>) -> Self {
        Self {
            index,
            poll,
            inbox,
            shared,
            doors: Slab::new(),
            clients: Slab::new(),
            sessions: Slab::new(),
            generation: 0,
            timers: Timers::new(),
            run: VecDeque::new(),
            dirty: Vec::new(),
            scratch: vec![0; SCRATCH].into_boxed_slice(),
            parcels: Vec::with_capacity(parcels::MOST),
            pipes: PipePool::new(SPARE_PIPES),
            now: Instant::now(),
            drain: None,
        }
    }

    /// Works until it is told to stop. An error is one of the poll itself.
    pub fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(EVENTS);
        loop {
            let wait = if self.run.is_empty() {
                self.timers.next().map(|at| at.saturating_duration_since(self.now))
            } else {
                Some(Duration::ZERO)
            };
            match self.poll.poll(&mut events, wait) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            }
            self.now = Instant::now();
            for event in &events {
                self.note(event);
            }
            if !self.read_inbox() {
                return Ok(());
            }
            for _ in 0..self.run.len() {
                let Some(key) = self.run.pop_front() else { break };
                self.work(key);
            }
            while let Some((key, timer)) = self.timers.pop_expired(self.now) {
                self.expired(key, timer);
            }
            self.flush_sessions();
        }
    }

    /// Remembers what an event says about a socket and queues its owner.
    fn note(&mut self, event: &Event) {
        let key = Key::from(event.token());
        let hup = event.is_read_closed() || event.is_error();
        let read = event.is_readable() || hup;
        let write = event.is_writable() || event.is_write_closed() || event.is_error();
        let ready = match key.kind() {
            Kind::Wake => return,
            Kind::Listener => {
                if let Some(door) = self.doors.get_mut(key.index()).filter(|d| d.key == key) {
                    door.acceptor.mark_ready();
                }
                self.enqueue(key);
                return;
            }
            Kind::Client => self.client(key).map(|client| &mut client.ready),
            Kind::Target => {
                self.client(key.with_kind(Kind::Client)).and_then(|client| match client.state() {
                    State::Ftp => client.plain_mut().map(|plain| &mut plain.ready),
                    // Connecting looks at the socket itself; a stale event finds nothing.
                    _ => match client.state_mut() {
                        State::Direct(direct) => Some(&mut direct.ready),
                        _ => None,
                    },
                })
            }
            // Whether it is connected is asked of the socket itself.
            Kind::Slot => None,
            Kind::Session => self.session(key).map(|session| &mut session.ready),
        };
        if let Some(ready) = ready {
            ready.read |= read;
            ready.write |= write;
            // A read stops before urgent data, and behind it: short, and not the last.
            ready.hup |= hup || event.is_priority();
            ready.dead |= event.is_error() || event.is_write_closed();
        }
        let owner = match key.kind() {
            Kind::Target | Kind::Slot => key.with_kind(Kind::Client),
            _ => key,
        };
        self.enqueue(owner);
    }

    /// Puts an object into the run queue, once.
    fn enqueue(&mut self, key: Key) {
        let queued = match key.kind() {
            Kind::Client => self.client(key).map(|client| &mut client.queued),
            Kind::Session => self.session(key).map(|session| &mut session.queued),
            Kind::Listener => {
                self.doors.get_mut(key.index()).filter(|d| d.key == key).map(|d| &mut d.queued)
            }
            Kind::Wake | Kind::Target | Kind::Slot => None,
        };
        if let Some(queued) = queued {
            if !std::mem::replace(queued, true) {
                self.run.push_back(key);
            }
        }
    }

    /// Gives one ready object its share.
    fn work(&mut self, key: Key) {
        match key.kind() {
            Kind::Client => {
                let Some(client) = self.client(key) else { return };
                client.queued = false;
                let _traced = log::working_for(client.number);
                match client.state() {
                    State::Handshake(..) => self.handshake_ready(key),
                    State::Connecting(_) => self.connecting_ready(key),
                    State::Direct(_) => self.direct_ready(key),
                    State::Tunnel(_) => self.tunnel_ready(key),
                    State::Ftp => self.ftp_ready(key),
                    State::Calling => self.calling_ready(key),
                    State::Lingering(_) => self.lingering_ready(key),
                    // A client that gives up while it waits is noticed here.
                    State::Verifying(..)
                    | State::Resolving
                    | State::Waiting
                    | State::Bound(_)
                    | State::Opening(..) => {
                        self.waiting_ready(key);
                    }
                    State::Changing => {
                        say!(INTERNAL, id = client.number, what = "a handler left no state");
                        self.remove_client(key, true);
                    }
                }
            }
            Kind::Session => {
                let Some(session) = self.session(key) else { return };
                session.queued = false;
                self.session_ready(key);
            }
            Kind::Listener => self.door_ready(key),
            Kind::Wake | Kind::Target | Kind::Slot => {}
        }
    }

    fn expired(&mut self, key: Key, timer: Timer) {
        match (key.kind(), timer) {
            (Kind::Client, Timer::Idle) => self.client_idle(key),
            (Kind::Client, _) => self.client_deadline(key),
            (Kind::Session, Timer::Keepalive) => self.session_keepalive(key),
            (Kind::Session, _) => self.session_deadline(key),
            (Kind::Listener, _) => self.enqueue(key),
            (Kind::Wake, _) => self.drain_over(),
            (Kind::Target | Kind::Slot, _) => {}
        }
    }

    /// False when the worker is to end.
    fn read_inbox(&mut self) -> bool {
        loop {
            match self.inbox.try_recv() {
                Ok(Inbound::Client(client)) => self.client_arrives(*client),
                Ok(Inbound::UseBind { client, link }) => self.give_bind(client, link),
                Ok(Inbound::BindLost(link)) => self.bind_lost(link),
                Ok(Inbound::Resolved { client, result }) => self.resolved(client, result),
                Ok(Inbound::Verified { client, ok }) => self.verified(client, ok),
                Ok(Inbound::Prepared { session, result }) => self.prepared(session, *result),
                Ok(Inbound::DialTurn(session)) => self.dial_turn(session),
                Ok(Inbound::Listeners(doors)) => self.set_doors(doors),
                Ok(Inbound::Snapshot { question }) => {
                    let mut snapshot =
                        snapshot::take(self.index, &self.clients, &self.sessions, self.now);
                    let paused = self.doors.iter().filter(|(_, door)| door.paused);
                    snapshot.paused = paused.map(|(_, door)| door.listener.name.clone()).collect();
                    self.shared.supervisor.send(Report::Snapshot { question, snapshot });
                }
                Ok(Inbound::Cancel { question, number }) => {
                    let done = self.cancel(number);
                    self.report_done(question, done);
                }
                Ok(Inbound::Reconnect { question, profile, cut }) => {
                    let done = self.reconnect(&profile, cut);
                    self.report_done(question, done);
                }
                Ok(Inbound::EndPause(server)) => self.end_pauses(&server),
                Ok(Inbound::Ping { round }) => {
                    self.shared.supervisor.send(Report::Alive { worker: self.index, round });
                }
                Ok(Inbound::Drain { deadline }) => self.drain(deadline),
                Ok(Inbound::Stop) | Err(TryRecvError::Disconnected) => {
                    // A client can have been handed over after this worker had drained.
                    self.cut_clients();
                    self.say_goodbye();
                    return false;
                }
                Err(TryRecvError::Empty) => return true,
            }
        }
    }

    fn client(&mut self, key: Key) -> Option<&mut Client> {
        self.clients.get_mut(key.index()).filter(|client| client.key == key)
    }

    fn session(&mut self, key: Key) -> Option<&mut Session> {
        self.sessions.get_mut(key.index()).filter(|session| session.key == key)
    }

    fn next_generation(&mut self) -> u32 {
        self.generation = self.generation.wrapping_add(1);
        self.generation
    }

    /// Takes no request any more; what runs may run until `deadline`.
    fn drain(&mut self, deadline: Instant) {
        self.drain = Some(deadline);
        self.timers.set((drain_key(), Timer::Deadline), deadline);
        self.set_doors(Vec::new());
        let early: Vec<_> = self
            .clients
            .iter()
            .filter(|(_, c)| {
                matches!(c.state(), State::Handshake(..) | State::Verifying(..) | State::Bound(_))
            })
            .map(|(_, client)| client.key)
            .collect();
        for key in early {
            self.remove_client(key, true);
        }
        self.stop_dialogues(false);
        self.report_if_drained();
    }

    /// Tells the supervisor when a draining worker has no client left.
    fn report_if_drained(&mut self) {
        if self.drain.is_some() && self.clients.is_empty() {
            self.drain = None;
            self.timers.cancel((drain_key(), Timer::Deadline));
            self.shared.supervisor.send(Report::Drained { worker: self.index, cut: 0 });
        }
    }

    /// The drain time is over: what still runs is cut.
    fn drain_over(&mut self) {
        self.drain = None;
        let cut = self.cut_clients();
        self.shared.supervisor.send(Report::Drained { worker: self.index, cut });
    }

    /// Ends every client with a reset, so that none takes its transfer for complete; how many.
    fn cut_clients(&mut self) -> usize {
        let keys: Vec<_> = self.clients.iter().map(|(_, client)| client.key).collect();
        self.stop_dialogues(true);
        for key in &keys {
            self.end_relay(*key, "zoxy stopped", true);
        }
        keys.len()
    }
}

/// The key of timers that belong to the worker as a whole.
fn drain_key() -> Key {
    Key::new(Kind::Wake, 0, 0)
}

/// Bytes of one client that are read at once: several SSH packets, for one system call.
const SCRATCH: usize = 256 * 1024;

/// Empty pipes kept for the next DIRECT relay.
const SPARE_PIPES: usize = 64;

/// Events taken from the kernel in one turn.
const EVENTS: usize = 1024;
