//! How a client ends: refused, failed, idle, finished, cut.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::Ordering;
use std::time::Duration;

use super::ftpdata::DataEnd;
use super::handshake::answer;
use super::{Timer, Worker};
use crate::engine::client::{Client, Half, Place, State};
use crate::engine::key::Key;
use crate::engine::sockets;
use crate::gateway::ftp::Event;
use crate::message::log::trace_ended;
use crate::say;
use crate::socks::{self, Failure, Outcome, Version};

impl Worker {
    /// The request cannot be served: says why, answers the client, lets it read the answer.
    pub(super) fn fail(&mut self, key: Key, failure: Failure, reason: &str) {
        let Some(client) = self.client(key) else { return };
        let Some(route) = &client.route else { return };
        let data = client.data;
        say!(
            CONNECT_FAILED,
            id = client.number,
            client = client.peer,
            target = route.target,
            filter = route.filter.name,
            reason = reason
        );
        let version = route.version;
        self.shared.counters.failed.fetch_add(1, Ordering::Relaxed);
        if let Some(link) = data {
            self.data_gone(link, DataEnd::Request(reason.to_owned()));
            if let Some(client) = self.client(key) {
                client.data = None;
            }
        }
        let event = Event::SshFailed { code: 421, text: reason.to_owned() };
        if !self.ftp_failed(key, event) {
            self.reply_failure(key, version, failure);
        }
    }

    /// Answers a request with a failure and lets the client read it.
    pub(super) fn reply_failure(&mut self, key: Key, version: Version, failure: Failure) {
        let Some(client) = self.client(key) else { return };
        let unbound = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
        let reply = socks::reply(version, Outcome::Failure(failure), unbound);
        match answer(&mut client.socket, &reply) {
            Ok(()) => self.linger(key),
            Err(_) => self.remove_client(key, false),
        }
    }

    /// Closes our side and waits a moment for the client's: closing a socket with unread bytes
    /// would reset the connection and could take the answer with it.
    pub(super) fn linger(&mut self, key: Key) {
        self.let_go(key);
        let until = self.now + LINGER;
        let Some(client) = self.client(key) else { return };
        sockets::shutdown_write(&client.socket);
        client.route = None;
        client.ready.read = true;
        client.enter(State::Lingering(LINGER_BYTES));
        self.timers.set((key, Timer::Deadline), until);
        self.enqueue(key);
    }

    /// A refused client sends on or closes.
    pub(super) fn lingering_ready(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let parts = client.parts();
        let State::Lingering(left) = parts.state else { return };
        let mut sink = [0; 4096];
        let over = loop {
            match parts.socket.read(&mut sink) {
                Ok(0) => break true,
                Ok(count) if count >= *left => break true,
                Ok(count) => *left -= count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break false,
                Err(_) => break true,
            }
        };
        parts.ready.read = false;
        if over {
            self.remove_client(key, false);
        }
    }

    /// A client that waits for something else: all that matters is whether it still lives.
    pub(super) fn waiting_ready(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        // Nobody has anything to send in a BIND before its second answer: an end there means that the
        // client has no use for it any more.
        let gave_up = client.ready.hup && matches!(client.state(), State::Bound(_));
        if client.ready.dead || gave_up {
            log::debug!("#{} gave up while {}", client.number, client.state().name());
            self.remove_client(key, false);
        }
    }

    /// The deadline of a client's state has come.
    pub(super) fn client_deadline(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let route = client.route.as_ref();
        match client.state() {
            State::Handshake(..) | State::Verifying(..) => {
                say!(
                    HANDSHAKE_TIMEOUT,
                    id = client.number,
                    client = client.peer,
                    listener = client.listener.name,
                    seconds = client.listener.handshake.as_secs()
                );
                self.remove_client(key, false);
            }
            State::Resolving => {
                self.fail(key, Failure::TimedOut, "the name was not resolved in time (CONNTIME)");
            }
            State::Connecting(_) => {
                self.fail(key, Failure::TimedOut, "the target did not answer in time (CONNTIME)");
            }
            State::Waiting => {
                if !self.fall_back_from_waiting(key) {
                    self.fail(key, Failure::TimedOut, "no SSH session in time (CONNTIME)");
                }
            }
            State::Opening(..) => {
                let seconds = route
                    .and_then(|route| route.filter.profile.as_ref())
                    .map_or(0, |profile| profile.open_timeout.as_secs());
                let reason = format!(
                    "the SSH server gave no answer about the target in {seconds} s (OPENTIME)"
                );
                self.fail(key, Failure::TimedOut, &reason);
            }
            State::Lingering(_) | State::Bound(_) | State::Calling => self.remove_client(key, true),
            State::Ftp => self.ftp_deadline(key),
            State::Direct(_) | State::Tunnel(_) | State::Changing => {}
        }
    }

    /// Starts the idle watch of a relay that begins.
    pub(super) fn watch_idle(&mut self, key: Key) {
        self.timers.cancel((key, Timer::Deadline));
        let now = self.now;
        let Some(client) = self.client(key) else { return };
        client.active = now;
        if let Some(limit) = idle_limit(client) {
            self.timers.set((key, Timer::Idle), now + limit);
        }
    }

    /// An idle watch has run out: bytes may have moved since it was set.
    pub(super) fn client_idle(&mut self, key: Key) {
        let now = self.now;
        let Some(client) = self.client(key) else { return };
        let Some(limit) = idle_limit(client) else { return };
        let mut until = client.active + limit;
        let is_control = client.ftp.is_some();
        if is_control && self.has_data(key) {
            // A control connection is silent while its data moves.
            until = now + limit;
        }
        if until > now {
            self.timers.set((key, Timer::Idle), until);
            return;
        }
        let Some(client) = self.client(key) else { return };
        say!(
            IDLE_CLOSED,
            id = client.number,
            client = client.peer,
            target = client.target_text(),
            seconds = limit.as_secs()
        );
        if is_control {
            self.ftp_lost(key, "idle");
        } else {
            self.end_relay(key, "idle", true);
        }
    }

    /// One direction of a relay has finished: the limit of a half-closed relay holds from now on.
    pub(super) fn half_closed(&mut self, key: Key) {
        let now = self.now;
        let Some(client) = self.client(key) else { return };
        client.active = now;
        match idle_limit(client) {
            Some(limit) => self.timers.set((key, Timer::Idle), now + limit),
            None => self.timers.cancel((key, Timer::Idle)),
        }
    }

    /// Ends a client that was connected, or was about to be. `reset`: something is missing, and the
    /// client must not take the end for a regular one.
    pub(super) fn end_relay(&mut self, key: Key, reason: &str, reset: bool) {
        self.say_closed(key, reason);
        self.remove_client(key, reset);
    }

    /// Says and counts what a client has moved that was connected.
    pub(super) fn say_closed(&mut self, key: Key, reason: &str) {
        let now = self.now;
        let Some(client) = self.client(key) else { return };
        if matches!(client.state(), State::Direct(_) | State::Tunnel(_) | State::Ftp) {
            say!(
                CLOSED,
                id = client.number,
                client = client.peer,
                target = client.target_text(),
                up = client.up,
                down = client.down,
                seconds = format_args!("{:.3}", (now - client.since).as_secs_f64()),
                reason = reason
            );
            let (up, down) = (client.up, client.down);
            self.shared.counters.up.fetch_add(up, Ordering::Relaxed);
            self.shared.counters.down.fetch_add(down, Ordering::Relaxed);
        }
    }

    /// Takes a client out: its timers, its channel, its seat, its socket.
    pub(super) fn remove_client(&mut self, key: Key, reset: bool) {
        if reset {
            self.reset_plain(key);
        }
        self.let_go(key);
        let Some(client) = self.client(key) else { return };
        let (number, is_control) = (client.number, client.ftp.is_some());
        let data = client.data.map(|link| (link, data_end(client, reset)));
        let bind = match client.state() {
            State::Bound(bind) => Some(*bind),
            _ => None,
        };
        if reset {
            sockets::reset_on_close(&client.socket);
            if let State::Direct(direct) = client.state() {
                sockets::reset_on_close(&direct.target);
            }
        }
        // Closing its sockets takes them out of the poll: nobody else holds their descriptors.
        drop(self.clients.remove(key.index()));
        if let Some(bind) = bind {
            self.shared.expected.take_bind(bind);
        }
        if let Some((link, end)) = data {
            self.data_gone(link, end);
        }
        if is_control {
            self.control_gone(key);
        }
        trace_ended(number);
        self.report_if_drained();
    }

    /// Lets a control connection go on without its SSH session.
    pub(super) fn let_go_of_seat(&mut self, key: Key) {
        self.let_go(key);
        let worker = self.index;
        self.shared.expected.leave(Place { worker, client: key }, self.now);
    }

    pub(super) fn cancel_client_timers(&mut self, key: Key) {
        self.timers.cancel((key, Timer::Deadline));
        self.timers.cancel((key, Timer::Idle));
    }

    /// Lets go of all that a client holds outside itself: timers, channel, seat.
    pub(super) fn let_go(&mut self, key: Key) {
        self.cancel_client_timers(key);
        self.drop_forwards(key);
        let Some(client) = self.client(key) else { return };
        let mut channels = Vec::new();
        match client.state() {
            State::Opening(_, channel) => channels.push(*channel),
            State::Tunnel(tunnel) => channels.push(tunnel.channel),
            _ => {}
        }
        if let Some(ftp) = &mut client.ftp {
            let link = ftp.link.take();
            channels.extend(link.and_then(|link| link.channel()).map(|(_, channel)| channel));
            channels.extend(ftp.slots.drain(..).map(|slot| slot.channel));
        }
        let seat = client.route.as_mut().and_then(|route| route.seat.take());
        if let Some((pool_key, seat)) = seat {
            self.shared.pool.leave(&pool_key, seat);
            if seat.worker == self.index {
                self.client_left(seat.session, key, &channels);
            }
        }
    }
}

/// What the dialogue of a data connection has to know of its end.
fn data_end(client: &Client, reset: bool) -> DataEnd {
    match client.state() {
        State::Tunnel(_) | State::Direct(_) => {
            DataEnd::Relay { up: client.up, down: client.down, clean: !reset }
        }
        State::Bound(_) => DataEnd::Bind,
        State::Calling => DataEnd::Call("the client did not answer in time (DATATIME)".into()),
        _ => DataEnd::Request("the client gave up".into()),
    }
}

/// The idle limit that holds for a client now.
fn idle_limit(client: &Client) -> Option<Duration> {
    let filter = &client.route.as_ref()?.filter;
    let half = match client.state() {
        State::Tunnel(tunnel) => tunnel.up != Half::Open || tunnel.down != Half::Open,
        State::Direct(direct) => direct.relay.is_half_closed(),
        State::Ftp => client.ftp.as_ref().is_some_and(|ftp| ftp.dialogue.is_client_closed()),
        _ => return None,
    };
    if half { filter.half_closed_timeout } else { filter.idle_timeout }
}

/// How long a refused client has to read its answer.
const LINGER: Duration = Duration::from_secs(2);

/// Bytes of a refused client that are read and dropped, at most.
const LINGER_BYTES: usize = 64 * 1024;
