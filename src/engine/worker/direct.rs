//! DIRECT connections: finding the target's socket, then letting the kernel move the bytes.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::net::SocketAddr;

use mio::Interest;

use super::handshake::answer;
use super::Worker;
use crate::engine::client::{Connecting, Direct, Parts, Ready, State};
use crate::engine::key::{Key, Kind};
use crate::engine::sockets;
use crate::gateway::splice::Splice;
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
        let State::Connecting(attempt) = client.leave() else { return };
        sockets::tune_client(&attempt.socket);
        let bound = attempt.socket.local_addr();
        client.enter(State::Direct(Box::new(Direct {
            target: attempt.socket,
            ready: Ready::fresh(),
            early_sent: 0,
            up: Splice::new(),
            down: Splice::new(),
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
        let version = route.version;
        let reply = bound.and_then(|bound| {
            answer(&mut client.socket, &socks::reply(version, Outcome::Success, bound))
        });
        match reply {
            Ok(()) => {
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
        let Parts { socket, ready, state, early, up, down, active } = client.parts();
        let State::Direct(direct) = state else { return };
        let direct = &mut **direct;
        let before = (*up, *down);
        let ended = (direct.up.source_ended(), direct.down.source_ended());

        let mut failed = send_early(direct, early, up).err().map(|error| format!("target: {error}"));
        let mut again = false;
        if failed.is_none() && direct.early_sent == early.len() {
            match direct.up.pump(socket, &mut ready.read, &direct.target, &mut direct.ready.write, pipes, SHARE) {
                Ok(pumped) => {
                    *up += pumped.moved as u64;
                    again |= pumped.again;
                }
                Err(error) => failed = Some(error.describe("client", "target")),
            }
        }
        if failed.is_none() {
            match direct.down.pump(&direct.target, &mut direct.ready.read, socket, &mut ready.write, pipes, SHARE) {
                Ok(pumped) => {
                    *down += pumped.moved as u64;
                    again |= pumped.again;
                }
                Err(error) => failed = Some(error.describe("target", "client")),
            }
        }
        if before != (*up, *down) {
            *active = *now;
        }
        let finished = direct.up.is_finished() && direct.down.is_finished();
        let half = ended != (direct.up.source_ended(), direct.down.source_ended());
        if let Some(reason) = failed {
            self.end_relay(key, &reason, true);
        } else if finished {
            self.end_relay(key, "finished", false);
        } else {
            if half {
                self.half_closed(key);
            }
            if again {
                self.enqueue(key);
            }
        }
    }
}

/// Writes what the client sent behind its request, before anything it sends later.
fn send_early(direct: &mut Direct, early: &[u8], up: &mut u64) -> io::Result<()> {
    while direct.early_sent < early.len() && direct.ready.write {
        match direct.target.write(&early[direct.early_sent..]) {
            Ok(count) => {
                direct.early_sent += count;
                *up += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => direct.ready.write = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Addresses of one name that are tried, at most.
const MAX_ADDRESSES: usize = 8;

/// Bytes of one direction that move in one turn.
const SHARE: usize = 1024 * 1024;
