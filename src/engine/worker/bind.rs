//! SOCKS BIND: the data connection of an active client is the connection of its BIND, answered twice.
//!
//! The first answer names an address for the client's PORT; nobody listens there. Which dialogue the
//! BIND belongs to shows when one of them sends a PORT with that address (`expected`). When the
//! transfer has begun the BIND is answered a second time, and is joined to the data channel that
//! `ftpdata` has opened at the PORT.
//!
//! Called by `routing` for requests, by `ftp` for what dialogues want.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::handshake::answer;
use super::{Timer, Worker};
use crate::engine::client::{FtpControl, Place, Route, State};
use crate::engine::expected::{DataLink, Expected, NewBind};
use crate::engine::inbox::Inbound;
use crate::engine::key::Key;
use crate::gateway::ftp::{BindId, DataId, Event};
use crate::say;
use crate::socks::{self, Failure, Outcome, Request};

impl Worker {
    /// A SOCKS BIND: the client has to have an FTP dialogue it can belong to. The client is told an
    /// address to name in its PORT. Nobody listens there: the data connection will be this
    /// connection itself.
    pub(super) fn go_bind(&mut self, key: Key, request: &Request) {
        let worker = self.index;
        let shared = Arc::clone(&self.shared);
        let Some(client) = self.client(key) else { return };
        let peer = client.peer.ip();
        let Some(origin) = shared.expected.dialogue(peer, &request.target.host) else {
            let reason = format!("BIND for {}: no FTP dialogue of this client", request.target);
            say!(REQUEST_REFUSED, id = client.number, client = client.peer, reason = reason);
            self.reply_failure(key, request.version, Failure::CommandNotSupported);
            return;
        };
        let bind = BindId(shared.counters.binds.fetch_add(1, Ordering::Relaxed));
        let own = match client.socket.local_addr() {
            Ok(SocketAddr::V4(own)) => *own.ip(),
            _ => Ipv4Addr::LOCALHOST,
        };
        let host = request.target.host.clone();
        let place = Place { worker, client: key };
        let address = match shared.expected.wait(NewBind { bind, client: peer, host, place }, own) {
            Ok(address) => address,
            Err(error) => {
                let reason = format!("BIND for {}: {error}", request.target);
                say!(REQUEST_REFUSED, id = client.number, client = client.peer, reason = reason);
                self.reply_failure(key, request.version, Failure::General);
                return;
            }
        };
        let timeout = origin.filter.data_timeout;
        client.route = Some(Box::new(Route {
            live: origin.live,
            filter: origin.filter,
            target: request.target.clone(),
            version: request.version,
            seat: None,
            moves: 0,
            early: Vec::new(),
        }));
        client.enter(State::Bound(bind));
        let reply = socks::reply(request.version, Outcome::Success, address.into());
        if answer(&mut client.socket, &reply).is_err() {
            self.remove_client(key, false);
            return;
        }
        self.timers.set((key, Timer::Deadline), self.now + timeout);
    }

    /// The transfer of a PORT that named a BIND has begun: the BIND comes here, wherever it waits.
    pub(super) fn accept_bind(&mut self, control: Key, id: DataId, bind: BindId) {
        let link = DataLink { control: Place { worker: self.index, client: control }, id };
        if let Some(ftp) = self.client(control).and_then(|client| client.ftp.as_mut()) {
            ftp.binds.retain(|known| *known != bind);
        }
        match self.shared.expected.take_bind(bind) {
            None => self.bind_lost(link),
            Some(place) if place.worker == self.index => self.give_bind(place.client, link),
            Some(Place { worker, client }) => {
                self.shared.workers[worker].send(Inbound::UseBind { client, link });
            }
        }
    }

    /// A BIND of this worker becomes the data connection of a dialogue on any worker.
    pub(super) fn give_bind(&mut self, key: Key, link: DataLink) {
        let worker = link.control.worker;
        let is_here = worker == self.index;
        match self.client(key) {
            Some(client) => {
                client.data = Some(link);
                if is_here { self.join_bind(key) } else { self.hand_over(key, worker) }
            }
            None if is_here => self.bind_lost(link),
            None => self.shared.workers[worker].send(Inbound::BindLost(link)),
        }
    }

    /// A BIND that a dialogue of this worker wanted to use is gone.
    pub(super) fn bind_lost(&mut self, link: DataLink) {
        let text = "the client's BIND is gone".into();
        let event = Event::ClientConnectFailed { id: link.id, text };
        self.dialogue_event(link.control.client, event);
    }

    /// Gives a BIND its second answer and its data channel.
    pub(super) fn join_bind(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let (Some(link), Some(route)) = (client.data, &client.route) else { return };
        let (version, host) = (route.version, route.target.host.clone());
        let from = self.peer_for_bind(link, &host);
        let Some(client) = self.client(key) else { return };
        let reply = socks::reply(version, Outcome::Success, from);
        if answer(&mut client.socket, &reply).is_err() {
            self.remove_client(key, true);
            return;
        }
        if self.attach(link.control.client, link.id, key) {
            self.dialogue_event(link.control.client, Event::ClientConnected { id: link.id });
        }
    }
}

/// Tells a dialogue which BINDs of its client wait: to be called when bytes have been read that may
/// hold a PORT, and before the dialogue takes them, or the BIND it names may not be known yet.
pub(super) fn update_binds(expected: &Expected, client: IpAddr, ftp: &mut FtpControl) {
    let waiting = expected.binds(client, &ftp.asked.target.host);
    let dialogue = &mut ftp.dialogue;
    ftp.binds.retain(|known| {
        let waits = waiting.iter().any(|(bind, _)| bind == known);
        if !waits {
            dialogue.event(Event::BindGone { bind: *known });
        }
        waits
    });
    for (bind, address) in waiting {
        if !ftp.binds.contains(&bind) {
            ftp.binds.push(bind);
            ftp.dialogue.event(Event::BindWaiting { bind, address });
        }
    }
}
