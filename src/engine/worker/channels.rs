//! Channels of the SSH sessions of this worker: packets taken out, opens asked for and answered.

use std::borrow::Cow;
use std::sync::Arc;

use super::ftpforward::News;
use super::handshake::answer;
use super::parcels::{self, Parcel};
use super::{Timer, Worker};
use crate::config::Target;
use crate::engine::client::{Client, Half, Route, State, Tunnel};
use crate::engine::key::Key;
use crate::engine::session::{Fill, Session};
use crate::gateway::ftp;
use crate::say;
use crate::socks::{self, Failure, Outcome};
use crate::ssh::channels::{ChannelId, Event, OpenError, OpenFailure};

/// What a packet asks the worker to do, once the packet itself is gone.
enum Task {
    Nothing,
    Deliver,
    Opened(Key, ChannelId),
    OpenFailed(Key, ChannelId, OpenFailure, String),
    Eof(Key, ChannelId),
    Closed(Key, ChannelId, bool),
    Ftp(Key, ChannelId, Vec<u8>),
    Forward(News),
    Room(Key),
    Lost(String),
    Drained,
}

impl Worker {
    /// Reads packets of an open session and acts on them, up to a share.
    pub(super) fn packets_ready(&mut self, key: Key) {
        let now = self.now;
        for _ in 0..FILLS {
            let Some(session) = self.session(key) else { return };
            session.mux.set_now(now);
            let fill = match session.fill() {
                Ok(fill) => fill,
                Err(error) => {
                    self.session_lost(key, &format!("connection to the SSH server: {error}"));
                    return;
                }
            };
            loop {
                let task = self.next_task(key);
                if !matches!(task, Task::Nothing | Task::Room(_)) {
                    // Whatever it is, it must not overtake data.
                    self.deliver_parcels(key);
                }
                match task {
                    Task::Drained => break,
                    Task::Nothing | Task::Deliver => {}
                    Task::Opened(client, channel) => self.channel_opened(client, channel),
                    Task::OpenFailed(client, channel, reason, text) => {
                        self.channel_refused(client, channel, reason, &text);
                    }
                    Task::Ftp(client, channel, data) => self.ftp_data(client, channel, &data),
                    Task::Eof(client, channel) => self.channel_eof(client, channel),
                    Task::Closed(client, channel, eof) => self.channel_closed(client, channel, eof),
                    Task::Forward(news) => self.forward_news(key, news),
                    Task::Room(client) => self.enqueue(client),
                    Task::Lost(reason) => {
                        self.session_lost(key, &reason);
                        return;
                    }
                }
            }
            match fill {
                Fill::More => {}
                Fill::Drained => return,
                Fill::Ended => {
                    self.session_lost(key, "the SSH server closed the connection");
                    return;
                }
            }
        }
        self.enqueue(key);
    }

    /// Takes one packet out of the transport. Data becomes a parcel; the rest becomes a task,
    /// because acting on it needs the session that the packet borrows from.
    fn next_task(&mut self, key: Key) -> Task {
        let Self { clients, sessions, parcels, .. } = self;
        let Some(session) = sessions.get_mut(key.index()).filter(|s| s.key == key) else {
            return Task::Drained;
        };
        let Session { link, mux, .. } = session;
        let Some(transport) = link.as_mut().and_then(|link| link.transport.as_mut()) else {
            return Task::Drained;
        };
        let packet = match transport.next_packet() {
            Ok(Some(packet)) => packet,
            Ok(None) => return Task::Drained,
            Err(error) => return Task::Lost(error.to_string()),
        };
        let bytes = transport.bytes(&packet);
        match mux.input(bytes) {
            Ok(Event::Data { id, owner, data }) => {
                if clients.get(owner.index()).is_some_and(|c| c.key == owner && c.ftp.is_some()) {
                    return Task::Ftp(owner, id, data.to_vec());
                }
                let start = bytes.len() - data.len();
                parcels.push(Parcel::new(owner, id, packet, start));
                if parcels.len() < parcels::MOST { Task::Nothing } else { Task::Deliver }
            }
            Ok(Event::Nothing | Event::Pong) => Task::Nothing,
            Ok(Event::Opened { id, owner }) => Task::Opened(owner, id),
            Ok(Event::OpenFailed { id, owner, reason, description }) => {
                Task::OpenFailed(owner, id, reason, description.to_owned())
            }
            Ok(Event::Eof { id, owner }) => Task::Eof(owner, id),
            Ok(Event::Closed { id, owner, eof }) => Task::Closed(owner, id, eof),
            Ok(Event::WindowOpened { owner, .. }) => Task::Room(owner),
            Ok(Event::Forward(event)) => Task::Forward(event.into()),
            Err(error) => Task::Lost(format!("the SSH server broke the protocol: {error}")),
        }
    }

    /// Gives a client that was placed on this session its channel, or lets it wait for the login.
    pub(super) fn join_session(&mut self, client_key: Key, key: Key) {
        if let Some(session) = self.session(key) {
            session.clients += 1;
        }
        match self.session(key) {
            Some(session) if session.is_open() => self.open_channel(client_key, key),
            Some(session) => {
                session.waiting.push_back(client_key);
                self.cut_pause(key);
            }
            // It ended while the client was on its way.
            None => self.place_again(client_key),
        }
    }

    /// Asks the SSH server for a channel to the client's target.
    pub(super) fn open_channel(&mut self, client_key: Key, key: Key) {
        let now = self.now;
        let Self { clients, sessions, .. } = self;
        let client = clients.get_mut(client_key.index()).filter(|c| c.key == client_key);
        let session = sessions.get_mut(key.index()).filter(|s| s.key == key);
        let (Some(client), Some(session)) = (client, session) else { return };
        let Some(route) = &client.route else { return };
        let target = server_of(client, route);
        let opened = session.mux.open_direct_tcpip(client_key, &target, client.peer);
        let deadline = now + session.profile.open_timeout;
        match opened {
            Ok(channel) => {
                client.enter(State::Opening(key, channel));
                self.timers.set((client_key, Timer::Deadline), deadline);
                self.mark_dirty(key);
            }
            Err(OpenError::Full { .. }) => self.session_exhausted(client_key, key),
        }
    }

    /// The pool saw room for this client, but the server owes us too many answers: to opens that
    /// were given up, or to a CLOSE. The session gets no more clients and ends with its last one.
    fn session_exhausted(&mut self, client_key: Key, key: Key) {
        let seat = self.seat(key);
        let shared = Arc::clone(&self.shared);
        let Some(session) = self.session(key) else { return };
        if shared.pool.remove(&session.pool_key, seat) {
            say!(
                SESSION_EXHAUSTED,
                session = session.number,
                server = session.pool_key.server,
                channels = session.mux.channels_in_use(),
                open = session.mux.open_channels()
            );
        }
        self.let_go(client_key);
        self.place_again(client_key);
    }

    /// The target has answered: tells the client and starts to relay.
    fn channel_opened(&mut self, client_key: Key, channel: ChannelId) {
        if self.slot_opened(client_key, channel) {
            return;
        }
        let Some(client) = self.client(client_key) else { return };
        let State::Opening(session, _) = *client.state() else { return };
        self.has_carried(session);
        let Some(client) = self.client(client_key) else { return };
        if client.ftp.is_some() {
            self.ftp_opened(client_key, session, channel);
            return;
        }
        let Some(route) = &client.route else { return };
        say_connected(client, route);
        // RFC 4254 does not tell us the address the server connected from.
        let unknown = std::net::SocketAddr::from(([0, 0, 0, 0], 0));
        let reply = socks::reply(route.version, Outcome::Success, unknown);
        client.enter(State::Tunnel(Tunnel {
            session,
            channel,
            backlog: std::collections::VecDeque::new(),
            early_sent: 0,
            down: Half::Open,
            up: Half::Open,
            blocked: false,
            told: [false; 2],
        }));
        let data = client.data;
        match answer(&mut client.socket, &reply) {
            Ok(()) => {
                client.ready.read = true;
                if let Some(link) = data {
                    let event = ftp::Event::DataOpened { id: link.id };
                    self.dialogue_event(link.control.client, event);
                }
                self.watch_idle(client_key);
                self.enqueue(client_key);
            }
            Err(error) => self.end_relay(client_key, &format!("client: {error}"), true),
        }
    }

    /// A channel of this session is open: its server is of use.
    fn has_carried(&mut self, key: Key) {
        let shared = Arc::clone(&self.shared);
        let Some(session) = self.session(key) else { return };
        if !std::mem::replace(&mut session.has_carried, true) {
            let from = session.opened + session.profile.backoff_min;
            shared.pool.carried(&session.pool_key.server, from);
        }
    }

    /// The SSH server could not or would not reach the target.
    fn channel_refused(
        &mut self,
        client_key: Key,
        channel: ChannelId,
        reason: OpenFailure,
        text: &str,
    ) {
        if self.slot_failed(client_key, channel, &format!("{reason} ({text})")) {
            return;
        }
        let Some(client) = self.client(client_key) else { return };
        // The channel is gone already: letting go of the client must not close it.
        client.enter(State::Waiting);
        let server = client
            .route
            .as_ref()
            .and_then(|route| route.seat.as_ref())
            .map(|(key, _)| key.server.to_string())
            .unwrap_or_default();
        let failure = Failure::from_open_failure(reason.code(), text);
        let at = client.route.as_ref().map(|route| (server_of(client, route), &route.target));
        let at = at.filter(|(at, asked)| **at != **asked);
        let at = at.map(|(at, _)| format!(", FTP server at {at}")).unwrap_or_default();
        let reason = format!("SSH server {server}{at}: {reason} ({text})");
        self.fail(client_key, failure, &reason);
    }
}

/// Where a client's channel goes: to its target, or where the FTP server is on the SSH server's side.
fn server_of<'a>(client: &Client, route: &'a Route) -> Cow<'a, Target> {
    match &client.ftp {
        Some(ftp) => {
            Cow::Owned(Target { host: ftp.dialogue.server_host(), port: route.target.port })
        }
        None => Cow::Borrowed(&route.target),
    }
}

/// Reads of one session in one turn, of up to 256 KiB each.
const FILLS: usize = 4;

/// A client's target has answered through its channel.
pub(super) fn say_connected(client: &Client, route: &Route) {
    let profile = route.filter.profile.as_ref().map_or("-", |profile| profile.name.as_str());
    let server = route.seat.as_ref().map(|(key, _)| key.server.to_string());
    say!(
        CONNECTED_TUNNEL,
        id = client.number,
        client = client.peer,
        target = route.target,
        filter = route.filter.name,
        profile = profile,
        server = server.unwrap_or_default()
    );
}
