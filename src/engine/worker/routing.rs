//! What becomes of a request: the filter decides, the client goes its way.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;

use super::{Timer, Worker};
use crate::config::{Action, Host, Profile};
use crate::engine::client::{Route, State};
use crate::engine::expected::Taken;
use crate::engine::inbox::Inbound;
use crate::engine::jobs;
use crate::engine::key::Key;
use crate::engine::shared::{Seat, profile_digest};
use crate::say;
use crate::socks::{Command, Failure, Request};
use crate::ssh::pool::{Bounds, Placement, PoolKey, Server};

impl Worker {
    /// Decides about a complete request.
    pub(super) fn route(&mut self, key: Key, request: Request, early: Vec<u8>) {
        if request.command == Command::Bind {
            self.go_bind(key, &request);
            return;
        }
        let live = self.shared.live();
        let now = self.now;
        let shared = std::sync::Arc::clone(&self.shared);
        let Some(client) = self.client(key) else { return };
        match shared.expected.take(client.peer.ip(), &request.target, now) {
            Taken::Expected(expected) => {
                self.go_data(key, request.version, *expected, early);
                return;
            }
            Taken::TooLate => {
                self.blocked(key, &request, "its FTP dialogue does not wait for it any more");
                return;
            }
            Taken::Unknown => {}
        }
        let decision = live.decide(&request.target);
        let filter = match decision {
            Some(filter) if filter.action != Action::Block => filter,
            other => {
                let filter = other.map_or_else(
                    || "no filter matches".into(),
                    |filter| format!("filter {}", filter.name),
                );
                self.blocked(key, &request, &filter);
                return;
            }
        };
        if let Some(why) = shared.gates.refusal(&filter) {
            self.held(key, &request, &why);
            return;
        }
        let action = filter.action;
        client.route = Some(Box::new(Route {
            live,
            filter,
            target: request.target,
            version: request.version,
            seat: None,
            moves: 0,
            early,
        }));
        match action {
            Action::Direct => self.go_direct(key),
            Action::Tunnel => self.go_tunnel(key),
            Action::FtpTunnel => self.go_ftp(key),
            Action::Block => unreachable!("refused above"),
        }
    }

    /// A request that is not allowed.
    fn blocked(&mut self, key: Key, request: &Request, why: &str) {
        let Some(client) = self.client(key) else { return };
        say!(
            REQUEST_BLOCKED,
            id = client.number,
            client = client.peer,
            target = request.target,
            filter = why
        );
        self.shared.counters.blocked.fetch_add(1, Ordering::Relaxed);
        self.reply_failure(key, request.version, Failure::NotAllowed);
    }

    /// A request that the operator has closed zoxy, or its profile, for.
    fn held(&mut self, key: Key, request: &Request, why: &str) {
        let Some(client) = self.client(key) else { return };
        let (id, peer) = (client.number, client.peer);
        say!(REQUEST_HELD, id = id, client = peer, target = request.target, reason = why);
        self.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
        self.reply_failure(key, request.version, Failure::General);
    }

    /// Connects to the target without SSH, after resolving its name where it has one.
    pub(super) fn go_direct(&mut self, key: Key) {
        let now = self.now;
        let post = self.shared.workers[self.index].clone();
        let Some(client) = self.client(key) else { return };
        let Some(route) = &client.route else { return };
        let (timeout, port) = (route.filter.connect_timeout, route.target.port);
        let host = route.target.host.clone();
        client.enter(State::Resolving);
        self.timers.set((key, Timer::Deadline), now + timeout);
        match host {
            Host::Address(address) => {
                self.connect(key, VecDeque::from([SocketAddr::new(address, port)]));
            }
            Host::Name(name) => {
                let job = Box::new(move || {
                    let result = jobs::resolve(&name, port);
                    post.send(Inbound::Resolved { client: key, result });
                });
                match self.shared.helpers.names.submit(job) {
                    Ok(ticket) => {
                        if let Some(client) = self.client(key) {
                            client.errand = Some(ticket);
                        }
                    }
                    Err(_) => {
                        self.fail(key, Failure::General, "too many names wait to be resolved");
                    }
                }
            }
        }
    }

    /// A helper thread has resolved a name.
    pub(super) fn resolved(&mut self, key: Key, result: io::Result<Vec<SocketAddr>>) {
        let Some(client) = self.client(key) else { return };
        if !matches!(client.state(), State::Resolving) {
            return;
        }
        match result {
            Ok(addresses) if !addresses.is_empty() => self.connect(key, addresses.into()),
            Ok(_) => self.fail(key, Failure::HostUnreachable, "the name has no address"),
            Err(error) => {
                let reason = format!("the name cannot be resolved: {error}");
                self.fail(key, Failure::HostUnreachable, &reason);
            }
        }
    }

    /// Finds an SSH session for the client, here or on another worker.
    pub(super) fn go_tunnel(&mut self, key: Key) {
        let now = self.now;
        let index = self.index;
        let shared = std::sync::Arc::clone(&self.shared);
        let Some(client) = self.client(key) else { return };
        let Some(route) = &client.route else { return };
        let Some(profile) = route.filter.profile.clone() else {
            self.fail(key, Failure::General, "the filter has no profile");
            return;
        };
        let login = client.ftp.as_ref().and_then(|ftp| ftp.login.as_ref());
        let credential = login.and_then(|login| login.credential().cloned());
        let pool_key = PoolKey {
            profile: profile.name.clone(),
            settings: profile_digest(&profile),
            server: server_of(&profile, route),
            user: match &credential {
                Some(credential) => credential.user.clone(),
                None => profile.user.clone().unwrap_or_default(),
            },
            credential: credential.as_ref().map(|credential| shared.digest(credential)),
        };
        client.enter(State::Waiting);
        let (sessions, channels) = (profile.sessions, profile.channels);
        let bounds = Bounds { sessions, channels, spread: profile.spread };
        if let Some(worker) = self.elsewhere(key, &pool_key, bounds) {
            self.hand_over(key, worker);
            return;
        }
        let near = |seat: Seat| seat.worker == index;
        let mut made = None;
        let placement = shared.pool.place(&pool_key, bounds, near, || {
            let session = self.make_session(&pool_key, &profile, credential);
            made = Some(session);
            Seat { worker: index, session }
        });
        let seat = match placement {
            Placement::Join(seat) | Placement::Made(seat) => seat,
            Placement::Full => {
                let reason = format!(
                    "all {} SSH sessions of profile {} carry their {} channels",
                    bounds.sessions, profile.name, bounds.channels
                );
                self.fail(key, Failure::General, &reason);
                return;
            }
        };
        if let Some(route) = self.client(key).and_then(|client| client.route.as_mut()) {
            route.seat = Some((pool_key, seat));
        }
        self.timers.set((key, Timer::Deadline), now + profile.connect_timeout + GRACE);
        if seat.worker == index {
            self.join_session(key, seat.session);
        } else {
            self.hand_over(key, seat.worker);
        }
        if let Some(session) = made {
            self.begin_session(session);
        }
    }

    /// The worker on which another session should be made for a client, if that is not this one.
    fn elsewhere(&mut self, key: Key, pool_key: &PoolKey, bounds: Bounds) -> Option<usize> {
        let shared = std::sync::Arc::clone(&self.shared);
        let route = self.client(key)?.route.as_mut()?;
        // Who was sent here makes it here, and who has lost one session does not look for the best place.
        if bounds.spread == 0 || route.moves > 0 {
            return None;
        }
        let seats = shared.pool.crowded(pool_key, bounds)?;
        let on = |worker: usize| seats.iter().filter(|seat| seat.worker == worker).count();
        let best = (0..shared.workers.len()).min_by_key(|worker| on(*worker))?;
        let is_better = on(best) < on(self.index);
        let route = self.client(key)?.route.as_mut()?;
        route.moves += u8::from(is_better);
        is_better.then_some(best)
    }

    /// Finds another session for a client whose session ended, or took no more channels, before the
    /// client had one.
    pub(super) fn place_again(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let Some(route) = &mut client.route else { return };
        route.seat = None;
        route.moves += 1;
        if client.data.is_some() {
            // Data goes through the session of its control connection, or not at all.
            self.fail(key, Failure::General, "the SSH session of the FTP dialogue is gone");
        } else if route.moves > MOVES {
            self.fail(key, Failure::General, "SSH sessions end or fill up as fast as they open");
        } else {
            self.go_tunnel(key);
        }
    }

    /// Gives a client to another worker.
    pub(super) fn hand_over(&mut self, key: Key, worker: usize) {
        self.cancel_client_timers(key);
        let mut client = self.clients.remove(key.index());
        if let Err(error) = self.poll.registry().deregister(&mut client.socket) {
            log::debug!("#{}: deregister: {error}", client.number);
        }
        self.shared.workers[worker].send(Inbound::Client(Box::new(client)));
    }

    /// Takes a client that another worker gave.
    pub(super) fn client_arrives(&mut self, mut client: crate::engine::client::Client) {
        let generation = self.next_generation();
        let entry = self.clients.vacant_entry();
        let key = Key::new(crate::engine::key::Kind::Client, generation, entry.key());
        let all = mio::Interest::READABLE | mio::Interest::WRITABLE | mio::Interest::PRIORITY;
        let registered = self.poll.registry().register(&mut client.socket, key.token(), all);
        client.key = key;
        client.queued = false;
        client.ready = crate::engine::client::Ready::fresh();
        let seat = client.route.as_ref().and_then(|route| route.seat.as_ref());
        let session = seat.map(|(_, seat)| seat.session);
        let timeout = client
            .route
            .as_ref()
            .and_then(|route| route.filter.profile.as_ref())
            .map_or(GRACE, |profile| profile.connect_timeout + GRACE);
        let data_timeout = client.route.as_ref().map(|route| route.filter.data_timeout);
        let timeout = data_timeout.filter(|_| client.data.is_some()).unwrap_or(timeout);
        let is_bind = matches!(client.state(), State::Bound(_));
        let is_data = client.data.is_some();
        entry.insert(client);
        if let Err(error) = registered {
            self.fail(key, Failure::General, &format!("poll refused the socket: {error}"));
            return;
        }
        self.timers.set((key, Timer::Deadline), self.now + timeout);
        match session {
            None if is_bind => self.join_bind(key),
            Some(session) if is_data => self.join_data(key, session),
            Some(session) => self.join_session(key, session),
            None if is_data => self.join_plain(key),
            // It is to have a session that is made here.
            None => self.go_tunnel(key),
        }
    }
}

fn server_of(profile: &Profile, route: &Route) -> Server {
    let host = match &profile.host {
        Some(host) if !route.filter.host_from_app => host.clone(),
        _ => route.target.host.to_string(),
    };
    Server { host, port: profile.port }
}

/// Time beyond the session's own deadline that its clients wait, so that they hear its reason.
pub(super) const GRACE: std::time::Duration = std::time::Duration::from_secs(1);

/// Sessions that may end under a client, or be full, before it is told so.
const MOVES: u8 = 3;
