//! DIRECT connections: finding the target's socket, then letting the kernel move the bytes. Those of
//! FTP dialogues that go on without SSH are made here too, see `plain`.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;

use mio::Interest;

use super::Worker;
use super::handshake::answer;
use crate::engine::client::{Connecting, Direct, Parts, Ready, State};
use crate::engine::key::{Key, Kind};
use crate::engine::sockets;
use crate::gateway::ftp;
use crate::gateway::splice::{End, Readiness, Relay, RelayState, Side};
use crate::say;
use crate::socks::{self, Failure, Outcome};

impl Worker {
    /// Tries the first of these addresses that the kernel can start a connection to.
    pub(super) fn connect(&mut self, key: Key, mut addresses: VecDeque<SocketAddr>) {
        let mut last = None;
        addresses.truncate(MAX_ADDRESSES);
        while let Some(address) = addresses.pop_front() {
            match self.start(key, address) {
                Ok(socket) => {
                    let Some(client) = self.client(key) else { return };
                    let attempt = Connecting { socket, address, others: addresses };
                    client.enter(State::Connecting(Box::new(attempt)));
                    return;
                }
                Err(error) => last = Some((address, error)),
            }
        }
        if let Some((address, error)) = last {
            self.fail(key, Failure::from_io(&error), &format!("{address}: {error}"));
        }
    }

    fn start(&self, key: Key, address: SocketAddr) -> io::Result<mio::net::TcpStream> {
        let mut socket = sockets::connect(address)?;
        let token = key.with_kind(Kind::Target).token();
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(&mut socket, token, both)?;
        Ok(socket)
    }

    /// The target's socket, or the client's, has something to say before the connection stands.
    pub(super) fn connecting_ready(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        if client.ready.dead {
            self.remove_client(key, false);
            return;
        }
        let State::Connecting(attempt) = client.state() else { return };
        match sockets::connected(&attempt.socket) {
            Ok(false) => {}
            Ok(true) => self.connected(key),
            Err(error) => {
                let State::Connecting(attempt) = client.leave() else { return };
                client.enter(State::Resolving);
                if attempt.others.is_empty() {
                    let reason = format!("{}: {error}", attempt.address);
                    self.fail(key, Failure::from_io(&error), &reason);
                } else {
                    self.connect(key, attempt.others);
                }
            }
        }
    }

    /// The target has answered: tells the client and starts to relay.
    fn connected(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        if client.ftp.is_some() {
            self.plain_connected(key);
            return;
        }
        let State::Connecting(attempt) = client.leave() else { return };
        if let Err(error) = sockets::tune_client(&attempt.socket) {
            log::debug!("#{}: socket options of the target: {error}", client.number);
        }
        let bound = attempt.socket.local_addr();
        let early = client.route.as_mut().map(|r| std::mem::take(&mut r.early)).unwrap_or_default();
        client.enter(State::Direct(Box::new(Direct {
            target: attempt.socket,
            ready: Ready::fresh(),
            relay: Relay::new(early, false),
            told: [false; 2],
        })));
        let Some(route) = &client.route else { return };
        say!(
            CONNECTED_DIRECT,
            id = client.number,
            client = client.peer,
            target = route.target,
            filter = route.filter.name,
            address = attempt.address
        );
        let (version, data) = (route.version, client.data);
        let reply = bound.and_then(|bound| {
            answer(&mut client.socket, &socks::reply(version, Outcome::Success, bound))
        });
        match reply {
            Ok(()) => {
                if let Some(link) = data {
                    let event = ftp::Event::DataOpened { id: link.id };
                    self.dialogue_event(link.control.client, event);
                }
                self.watch_idle(key);
                self.direct_ready(key);
            }
            Err(error) => self.end_relay(key, &format!("client: {error}"), true),
        }
    }

    /// One of the two sockets has bytes or room.
    pub(super) fn direct_ready(&mut self, key: Key) {
        let Self { clients, pipes, now, .. } = self;
        let Some(client) = clients.get_mut(key.index()).filter(|c| c.key == key) else { return };
        let Parts { socket, ready, state, up, down, active, .. } = client.parts();
        let State::Direct(direct) = state else { return };
        let Direct { target, ready: target_ready, relay, .. } = &mut **direct;
        let half = relay.is_half_closed();
        let (mut near, mut far) = (readiness(ready), readiness(target_ready));
        let pumped = relay.pump(
            End { socket, ready: &mut near },
            End { socket: target, ready: &mut far },
            pipes,
            SHARE,
        );
        (ready.read, ready.write) = (near.readable, near.writable);
        (target_ready.read, target_ready.write) = (far.readable, far.writable);
        (*up, *down) = (relay.bytes_up(), relay.bytes_down());
        let newly_half = relay.is_half_closed() && !half;
        // Reading finds a reset behind the last byte. Where nothing is read nobody else finds it. The
        // target may be gone while bytes of it are still on their way to the client.
        let mut reset = None;
        if matches!(&pumped, Ok(pumped) if pumped.state == RelayState::Waiting) {
            if ready.take_dead() {
                reset = sockets::take_error(&*socket).err().map(|error| ("client", error));
            }
            if relay.has_ended(Side::Target) && target_ready.take_dead() {
                let error = sockets::take_error(&*target).err();
                reset = reset.or(error.map(|error| ("target", error)));
            }
        }
        match pumped {
            Ok(pumped) => {
                if pumped.moved > 0 {
                    *active = *now;
                }
                if reset.is_none() {
                    self.tell_data_eof(key);
                }
                match (pumped.state, reset) {
                    (RelayState::Done, _) => self.end_relay(key, "finished", false),
                    (_, Some((side, error))) => {
                        self.end_relay(key, &format!("{side}: {error}"), true);
                    }
                    (RelayState::More, None) => self.enqueue(key),
                    (RelayState::Waiting, None) => {}
                }
                if newly_half {
                    self.half_closed(key);
                }
            }
            Err(error) => self.end_relay(key, &error.to_string(), true),
        }
    }
}

fn readiness(ready: &Ready) -> Readiness {
    Readiness { readable: ready.read, writable: ready.write }
}

/// Addresses of one name that are tried, at most.
const MAX_ADDRESSES: usize = 8;

/// Bytes of one direction that move in one turn.
const SHARE: usize = 1024 * 1024;
