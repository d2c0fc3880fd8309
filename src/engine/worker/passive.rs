//! Passive FTP data connections under FTPTUN: a client's CONNECT that its dialogue expects.
//!
//! The channel to the server's data port is asked for as soon as the server has named the port, and
//! not when the client asks: a round trip less for each file. Until the client comes it is a slot of
//! the control connection, as that of an active client is (`ftpdata`). A channel that is refused
//! ahead is not told to anybody: the client's request asks again, and is answered with the reason.
//!
//! Called by `ftp` for a dialogue's expectation, by `routing` for a request that matches one.

use std::net::SocketAddr;
use std::sync::Arc;

use super::channels::say_connected;
use super::ftpdata::origin;
use super::handshake::answer;
use super::{Timer, Worker};
use crate::config::{Host, Target};
use crate::engine::client::{Place, Route, SlotWait, State};
use crate::engine::expected::{DataLink, Expectation, Origin, Way};
use crate::engine::key::Key;
use crate::gateway::ftp::DataId;
use crate::socks::{self, Failure, Outcome, Version};

impl Worker {
    /// The client will ask for a data connection, at `port` of one of `hosts`.
    pub(super) fn expect_data(
        &mut self,
        key: Key,
        id: DataId,
        target: Target,
        hosts: Vec<Host>,
        port: u16,
    ) {
        let (now, worker) = (self.now, self.index);
        let shared = Arc::clone(&self.shared);
        let Some(client) = self.client(key) else { return };
        let Some(origin) = origin(client) else { return };
        let is_tunneled = matches!(origin.way, Way::Session { .. });
        shared.expected.expect(
            Expectation {
                client: client.peer.ip(),
                hosts,
                port,
                link: DataLink { control: Place { worker, client: key }, id },
                target: target.clone(),
                until: now + origin.filter.data_timeout,
                origin,
            },
            now,
        );
        if is_tunneled {
            if let Some(Err(error)) = self.open_slot(key, id, &target, true) {
                log::debug!("data connection to {target} not opened ahead: {error}");
            }
        }
    }

    /// A request that a dialogue expected: it needs no filter, and no other session.
    pub(super) fn go_data(
        &mut self,
        key: Key,
        version: Version,
        expectation: Expectation,
        early: Vec<u8>,
    ) {
        let Expectation { link, target, origin, .. } = expectation;
        let Origin { live, filter, way } = origin;
        let deadline = self.now + filter.data_timeout;
        let (seat, is_gone) = match way {
            Way::Session { pool_key, seat } => {
                let joined = self.shared.pool.join(&pool_key, seat);
                (joined.then_some((pool_key, seat)), !joined)
            }
            Way::Plain => (None, false),
        };
        let Some(client) = self.client(key) else { return };
        client.data = Some(link);
        let session = seat.as_ref().map(|(_, seat)| seat.session);
        client.route =
            Some(Box::new(Route { live, filter, target, version, seat, moves: 0, early }));
        client.enter(State::Waiting);
        if is_gone {
            self.fail(key, Failure::General, "the SSH session of the FTP dialogue is gone");
            return;
        }
        self.timers.set((key, Timer::Deadline), deadline);
        match session {
            _ if link.control.worker != self.index => self.hand_over(key, link.control.worker),
            Some(session) => self.join_data(key, session),
            None => self.join_plain(key),
        }
    }

    /// Gives a passive client, on the worker of its dialogue, the channel that was asked for ahead; one
    /// of its own if there is none, so that it hears why.
    pub(super) fn join_data(&mut self, key: Key, session_key: Key) {
        let link = self.client(key).and_then(|client| client.data);
        let slot = link.and_then(|link| {
            let ftp = self.client(link.control.client)?.ftp.as_mut()?;
            let position = ftp.slots.iter().position(|slot| slot.id == link.id)?;
            Some((link, ftp.slots.remove(position)))
        });
        let Some((link, slot)) = slot else {
            self.join_session(key, session_key);
            return;
        };
        self.watch_dialogue(link.control.client);
        let Some(session) = self.session(session_key) else { return };
        session.clients += 1;
        session.mux.set_owner(slot.channel, key);
        match slot.wait {
            // From here on it is opened like any other channel of a client.
            SlotWait::Server(until) => {
                self.timers.set((key, Timer::Deadline), until);
                if let Some(client) = self.client(key) {
                    client.enter(State::Opening(session_key, slot.channel));
                }
            }
            SlotWait::Client(_) => {
                self.run_slot(key, session_key, slot);
                self.tell_connected(key);
            }
        }
    }

    /// The SOCKS answer of a data connection whose channel was open before it came.
    fn tell_connected(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let Some(route) = &client.route else { return };
        say_connected(client, route);
        // RFC 4254 does not tell us the address the server connected from.
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        let reply = socks::reply(route.version, Outcome::Success, unknown);
        if let Err(error) = answer(&mut client.socket, &reply) {
            self.end_relay(key, &format!("client: {error}"), true);
        }
    }
}
