//! Doors: accepting clients, within their limits, and changing the set of listeners.

use std::sync::atomic::Ordering;

use mio::Interest;
use mio::net::TcpStream;
use std::net::SocketAddr;

use super::{OpenDoor, Timer, Worker};
use crate::engine::accept::{AcceptState, Notice, RETRY};
use crate::engine::client::{Arrival, Client};
use crate::engine::inbox::Door;
use crate::engine::key::{Key, Kind};
use crate::engine::shared::Live;
use crate::say;

impl Worker {
    /// Serves exactly these doors from now on.
    pub(super) fn set_doors(&mut self, doors: Vec<Door>) {
        let mut kept = Vec::new();
        for Door { listener, acceptor } in doors {
            if let Some(mut acceptor) = acceptor {
                let generation = self.next_generation();
                let entry = self.doors.vacant_entry();
                let key = Key::new(Kind::Listener, generation, entry.key());
                if let Err(error) =
                    self.poll.registry().register(&mut acceptor, key.token(), Interest::READABLE)
                {
                    say!(
                        LISTEN_FAILED,
                        name = listener.name,
                        address = listener.address,
                        reason = error
                    );
                    continue;
                }
                entry.insert(OpenDoor { acceptor, listener, key, queued: false, paused: false });
                kept.push(key);
                self.enqueue(key);
            } else {
                let door = self
                    .doors
                    .iter_mut()
                    .map(|(_, door)| door)
                    .find(|door| door.listener.address == listener.address);
                if let Some(door) = door {
                    door.listener = listener;
                    kept.push(door.key);
                }
            }
        }
        let timers = &mut self.timers;
        let registry = self.poll.registry();
        self.doors.retain(|_, door| {
            let keep = kept.contains(&door.key);
            if !keep {
                timers.cancel((door.key, Timer::Accept));
                if let Err(error) = registry.deregister(&mut door.acceptor) {
                    log::debug!("listener {}: deregister: {error}", door.listener.name);
                }
            }
            keep
        });
    }

    /// Accepts a batch.
    pub(super) fn door_ready(&mut self, key: Key) {
        let now = self.now;
        let Some(door) = self.doors.get_mut(key.index()).filter(|d| d.key == key) else { return };
        door.queued = false;
        let mut batch = Vec::new();
        let taken = door.acceptor.accept_batch(ACCEPTS, |socket, peer| batch.push((socket, peer)));
        let listener = std::sync::Arc::clone(&door.listener);
        match taken.notice {
            Some(Notice::Paused(reason)) => {
                door.paused = true;
                say!(ACCEPT_PAUSED, listener = listener.name, reason = reason);
            }
            Some(Notice::Resumed) => {
                door.paused = false;
                say!(ACCEPT_RESUMED, listener = listener.name);
            }
            None => {}
        }
        match taken.state {
            AcceptState::Drained => {}
            AcceptState::More => self.enqueue(key),
            AcceptState::Paused => self.timers.set((key, Timer::Accept), now + RETRY),
        }
        for (socket, peer) in batch {
            self.accepted(socket, peer, &listener);
        }
    }

    fn accepted(
        &mut self,
        mut socket: TcpStream,
        peer: SocketAddr,
        listener: &std::sync::Arc<crate::config::Listener>,
    ) {
        let counters = &self.shared.counters;
        if !Live::admits(listener, peer.ip()) {
            counters.refused.fetch_add(1, Ordering::Relaxed);
            say!(CLIENT_REFUSED_ACCESS, client = peer, listener = listener.name);
            return;
        }
        let permit = match self.shared.limits.admit(peer.ip()) {
            Ok(permit) => permit,
            Err(refused) => {
                counters.refused.fetch_add(1, Ordering::Relaxed);
                say!(CLIENT_REFUSED_LIMIT, client = peer, listener = listener.name, what = refused);
                return;
            }
        };
        let number = counters.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let generation = self.next_generation();
        let entry = self.clients.vacant_entry();
        let key = Key::new(Kind::Client, generation, entry.key());
        let all = Interest::READABLE | Interest::WRITABLE | Interest::PRIORITY;
        if let Err(error) = self.poll.registry().register(&mut socket, key.token(), all) {
            log::error!("#{number} {peer}: poll refused the socket: {error}");
            return;
        }
        let authenticate = listener.users.is_some();
        let listener = std::sync::Arc::clone(listener);
        let deadline = self.now + listener.handshake;
        let arrival = Arrival { number, socket, peer, listener, permit };
        entry.insert(Client::new(arrival, key, authenticate, self.now));
        self.timers.set((key, Timer::Deadline), deadline);
        self.enqueue(key);
    }
}

/// Clients accepted in one turn.
const ACCEPTS: usize = 64;
