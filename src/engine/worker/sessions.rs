//! SSH sessions of this worker: made, dialed by turns, watched, flushed, lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use mio::Interest;

use super::{Timer, Worker};
use crate::config::Profile;
use crate::engine::client::{Credential, State};
use crate::engine::dial::{self, DialError, Prepared};
use crate::engine::inbox::Inbound;
use crate::engine::key::{Key, Kind};
use crate::engine::session::{Phase, Session};
use crate::engine::shared::Seat;
use crate::gateway::ftp;
use crate::say;
use crate::socks::Failure;
use crate::ssh::channels::ChannelId;
use crate::ssh::pool::{DialEnd, PoolKey, Turn};

impl Worker {
    /// Makes a session that has not begun, and gives its place.
    pub(super) fn make_session(
        &mut self,
        pool_key: &PoolKey,
        profile: &Arc<Profile>,
        credential: Option<Credential>,
    ) -> Key {
        let number = self.shared.counters.sessions.fetch_add(1, Ordering::Relaxed) + 1;
        let generation = self.next_generation();
        let reserve = Arc::clone(&self.shared.reserve);
        let entry = self.sessions.vacant_entry();
        let key = Key::new(Kind::Session, generation, entry.key());
        let mut session =
            Session::new(number, key, pool_key.clone(), Arc::clone(profile), reserve, self.now);
        session.credential = credential;
        entry.insert(session);
        key
    }

    /// Asks for this session's turn to dial.
    pub(super) fn begin_session(&mut self, key: Key) {
        let (now, seat) = (self.now, self.seat(key));
        let shared = Arc::clone(&self.shared);
        let Some(session) = self.session(key) else { return };
        match shared.pool.dial(&session.pool_key.server, seat, now) {
            Turn::Now => self.prepare(key),
            Turn::At(_) if self.skips_pause(key) => self.prepare(key),
            Turn::At(moment) => {
                if let Some(session) = self.session(key) {
                    session.enter(Phase::Pausing);
                }
                self.timers.set((key, Timer::Deadline), moment);
            }
            Turn::Queued => {}
        }
    }

    /// It is this session's turn to dial its server.
    pub(super) fn dial_turn(&mut self, key: Key) {
        match self.session(key) {
            Some(session) if matches!(session.phase(), Phase::Queued) => self.begin_session(key),
            // Gone in the meantime: its end has passed the turn on.
            _ => {}
        }
    }

    /// Has a helper thread read and resolve what the dial needs.
    fn prepare(&mut self, key: Key) {
        let now = self.now;
        let post = self.shared.workers[self.index].clone();
        let Some(session) = self.session(key) else { return };
        session.enter(Phase::Preparing);
        let (profile, server) = (Arc::clone(&session.profile), session.pool_key.server.clone());
        let own = session.credential.is_none();
        let learned = Arc::clone(&self.shared.learned);
        self.timers.set((key, Timer::Deadline), now + profile.connect_timeout);
        let job = Box::new(move || {
            let result = Box::new(dial::prepare(&profile, &server, &learned, own));
            post.send(Inbound::Prepared { session: key, result });
        });
        match self.shared.helpers.dials.submit(job) {
            Ok(ticket) => {
                if let Some(session) = self.session(key) {
                    session.errand = Some(ticket);
                }
            }
            Err(busy) => self.dial_failed(key, DialError::Ended(busy.to_string())),
        }
    }

    /// A helper thread has read and resolved what the dial needs.
    pub(super) fn prepared(&mut self, key: Key, result: Prepared) {
        let Some(session) = self.session(key) else { return };
        if !matches!(session.phase(), Phase::Preparing) {
            return;
        }
        match result {
            Ok(material) => self.dial(key, material),
            Err(error) => self.dial_failed(key, error),
        }
    }

    /// A session's socket has bytes or room.
    pub(super) fn session_ready(&mut self, key: Key) {
        let Some(session) = self.session(key) else { return };
        match session.phase() {
            Phase::Connecting(_) => self.dial_ready(key),
            Phase::LoggingIn(_) => self.login_ready(key),
            Phase::Open => self.packets_ready(key),
            Phase::Queued | Phase::Pausing | Phase::Preparing => {}
        }
        self.mark_dirty(key);
    }

    /// A client has let go of a session it was placed on.
    pub(super) fn client_left(&mut self, key: Key, client: Key, channels: &[ChannelId]) {
        let (now, seat) = (self.now, self.seat(key));
        let shared = Arc::clone(&self.shared);
        let Some(session) = self.session(key) else { return };
        for channel in channels {
            session.mux.close(*channel);
        }
        session.waiting.retain(|waiting| *waiting != client);
        session.blocked.retain(|blocked| *blocked != client);
        session.clients = session.clients.saturating_sub(1);
        if session.clients == 0 {
            session.idle_since = now;
            if session.is_open() {
                let until = now + session.profile.idle_timeout;
                self.timers.set((key, Timer::Deadline), until);
            } else if matches!(session.phase(), Phase::Queued | Phase::Pausing)
                && shared.pool.retire(&session.pool_key, seat)
            {
                // Those behind it must not wait for a dial that nobody wants any more.
                self.drop_session(key);
                return;
            }
        }
        self.mark_dirty(key);
    }

    /// Dials a session that pauses, if one of its clients need not wait for that.
    pub(super) fn cut_pause(&mut self, key: Key) {
        let pauses = self.session(key).is_some_and(|s| matches!(s.phase(), Phase::Pausing));
        if pauses && self.skips_pause(key) {
            self.prepare(key);
        }
    }

    /// Dials a session that pauses now.
    pub(super) fn end_pause(&mut self, key: Key) {
        if self.session(key).is_some_and(|session| matches!(session.phase(), Phase::Pausing)) {
            self.prepare(key);
        }
    }

    /// The deadline of a session's phase has come.
    pub(super) fn session_deadline(&mut self, key: Key) {
        let (now, seat) = (self.now, self.seat(key));
        let shared = Arc::clone(&self.shared);
        let Some(session) = self.session(key) else { return };
        match session.phase_mut() {
            Phase::Queued => {}
            Phase::Pausing => self.prepare(key),
            Phase::Preparing => {
                self.dial_failed(key, DialError::TimedOut("resolving and reading keys"))
            }
            Phase::Connecting(dialing) => {
                let error = dialing.timed_out(now);
                self.dial_failed(key, error);
            }
            Phase::LoggingIn(_) => self.dial_failed(key, DialError::TimedOut("logging in")),
            Phase::Open => {
                // The pool does not count the clients of a session that was taken out.
                if session.clients == 0 && shared.pool.retire(&session.pool_key, seat) {
                    self.close_session(key, "idle");
                }
            }
        }
    }

    /// A keepalive is due: sent if the server said nothing since the last one was.
    pub(super) fn session_keepalive(&mut self, key: Key) {
        let now = self.now;
        let Some(session) = self.session(key) else { return };
        let heard = session.take_heard();
        let (interval, most) = (session.profile.keepalive, session.profile.keepalive_count);
        if heard {
            session.misses = 0;
            self.timers.set((key, Timer::Keepalive), now + interval);
            return;
        }
        if session.misses >= most {
            let (number, misses) = (session.number, session.misses);
            say!(
                KEEPALIVE_LOST,
                session = number,
                server = session.pool_key.server,
                misses = misses
            );
            self.session_lost(key, &format!("no answer to {misses} keepalives"));
            return;
        }
        session.misses += 1;
        session.mux.keepalive();
        self.timers.set((key, Timer::Keepalive), now + interval);
        self.mark_dirty(key);
    }

    /// Queues a session for the flush at the end of the turn.
    pub(super) fn mark_dirty(&mut self, key: Key) {
        if let Some(session) = self.session(key) {
            if !std::mem::replace(&mut session.dirty, true) {
                self.dirty.push(key);
            }
        }
    }

    /// Writes out what sessions have gathered in this turn, and lets held-back clients go on.
    pub(super) fn flush_sessions(&mut self) {
        let now = self.now;
        while let Some(key) = self.dirty.pop() {
            let Some(session) = self.session(key) else { continue };
            session.dirty = false;
            session.mux.set_now(now);
            let sent = session.send_control().map_err(|error| error.to_string());
            let written = sent.and_then(|()| {
                session
                    .write_out()
                    .map_err(|error| format!("connection to the SSH server: {error}"))
            });
            if let Err(reason) = written {
                self.connection_failed(key, &reason);
                continue;
            }
            if session.relieved() && !session.blocked.is_empty() {
                for client in std::mem::take(&mut session.blocked) {
                    if let Some(State::Tunnel(tunnel)) = self.client(client).map(|c| c.state_mut())
                    {
                        tunnel.blocked = false;
                    }
                    self.enqueue(client);
                }
            }
        }
    }

    /// The connection failed while writing: a dial that failed, or a session lost.
    fn connection_failed(&mut self, key: Key, reason: &str) {
        match self.session(key) {
            Some(session) if session.is_open() => self.session_lost(key, reason),
            Some(_) => self.dial_failed(key, DialError::Ended(reason.to_owned())),
            None => {}
        }
    }

    /// An open session is lost: its clients are told at once, each with a reset, because nothing
    /// says that they got all.
    pub(super) fn session_lost(&mut self, key: Key, reason: &str) {
        let Some(session) = self.session(key) else { return };
        let (number, server) = (session.number, session.pool_key.server.to_string());
        let clients = self.clients_of(key);
        say!(
            SESSION_LOST,
            session = number,
            server = server,
            reason = reason,
            clients = clients.len()
        );
        self.shared.counters.sessions_lost.fetch_add(1, Ordering::Relaxed);
        self.count_early_loss(key);
        self.part_session(key, &server, clients, reason);
    }

    /// Cuts an open session, as its loss would, but the server is not held for broken.
    pub(super) fn session_cut(&mut self, key: Key, reason: &str) {
        let clients = self.clients_of(key);
        let Some(session) = self.session(key) else { return };
        let server = session.pool_key.server.to_string();
        say!(SESSION_CLOSED, session = session.number, server = server, reason = reason);
        if let Some(transport) = session.transport() {
            transport.disconnect("closed by zoxy");
        }
        // What the socket does not take at once is lost with the session.
        let _ = session.write_out();
        self.part_session(key, &server, clients, reason);
    }

    /// Takes out a session that is no more, and tells its clients.
    fn part_session(&mut self, key: Key, server: &str, clients: Vec<Key>, reason: &str) {
        let Some(session) = self.session(key) else { return };
        let number = session.number;
        // First, so that a client that is placed again does not come back here.
        self.drop_session(key);
        let text = format!("SSH session {number} to {server} lost: {reason}");
        for client_key in clients {
            let Some(client) = self.client(client_key) else { continue };
            match client.state() {
                State::Tunnel(_) => self.end_relay(client_key, &text, true),
                State::Ftp => {
                    let text = text.clone();
                    self.ftp_failed(client_key, ftp::Event::SshFailed { code: 421, text });
                }
                _ => self.fail(client_key, Failure::General, &text),
            }
        }
    }

    /// A server that takes a login and closes the session at once is not dialed again at once.
    fn count_early_loss(&mut self, key: Key) {
        let now = self.now;
        let shared = Arc::clone(&self.shared);
        let Some(session) = self.session(key).filter(|session| session.is_lost_early(now)) else {
            return;
        };
        let (server, profile) = (&session.pool_key.server, &session.profile);
        let pause = shared.pool.lost_early(server, profile.backoff_min, profile.backoff_max, now);
        say!(
            SESSION_LOST_EARLY,
            session = session.number,
            server = server,
            age = format_args!("{:.1}", (now - session.opened).as_secs_f64()),
            seconds = format_args!("{:.1}", pause.as_secs_f64())
        );
    }

    /// A dial failed: its clients get the reason, the next dial waits.
    pub(super) fn dial_failed(&mut self, key: Key, error: DialError) {
        let (now, seat) = (self.now, self.seat(key));
        let clients = self.clients_of(key);
        let shared = Arc::clone(&self.shared);
        let Some(session) = self.session(key) else { return };
        let (profile, server) = (Arc::clone(&session.profile), session.pool_key.server.clone());
        // A wrong password of one job must not hold up those of others, nor a login of the profile that is
        // but one of two that jobs have.
        let is_own = session.pool_key.credential.is_none();
        let has_login = |key: &Key| {
            self.clients.get(key.index()).is_some_and(|client| {
                client.key == *key && client.ftp.as_ref().is_some_and(|ftp| ftp.login.is_some())
            })
        };
        let is_one_of_theirs = is_own && !clients.is_empty() && clients.iter().all(has_login);
        let is_theirs = match &error {
            DialError::Login(_) => !is_own || is_one_of_theirs,
            error => is_one_of_theirs && error.is_of_the_login(),
        };
        let end = if is_theirs {
            DialEnd::GivenUp
        } else {
            DialEnd::Failed {
                first: profile.backoff_min,
                most: profile.backoff_max,
                unreachable: error.is_unreachable(),
            }
        };
        shared.counters.dials_failed.fetch_add(1, Ordering::Relaxed);
        let (next, pause) = shared.pool.dial_ended(&server, seat, end, now);
        self.pass_turn(next);
        say!(
            DIAL_FAILED,
            profile = profile.name,
            server = server,
            reason = error,
            seconds = format_args!("{:.1}", pause.as_secs_f64())
        );
        if let Some(session) = self.session(key) {
            // A disconnect message, if there is one; the socket takes it or not.
            let _ = session.write_out();
        }
        self.drop_session(key);
        let text = error.to_string();
        for client_key in clients {
            if error.is_unreachable() && self.fall_back(client_key, &text) {
                continue;
            }
            if error.is_of_the_login() {
                self.login_failed(client_key, &error, &text);
            } else {
                self.fail(client_key, error.failure(), &text);
            }
        }
    }

    /// A login was of no use: an FTP dialogue goes on to the next one it has, or hears of it as the
    /// answer to its PASS.
    fn login_failed(&mut self, client_key: Key, error: &DialError, text: &str) {
        let mut text = text.to_owned();
        let mut is_refusal = matches!(error, DialError::Login(_));
        if let Some(ftp) = self.client(client_key).and_then(|client| client.ftp.as_mut()) {
            ftp.was_refused |= is_refusal;
            if let Some(login) = &mut ftp.login {
                if login.go_on(&text, is_refusal) {
                    self.let_go(client_key);
                    self.go_tunnel(client_key);
                    return;
                }
                (text, is_refusal) = (login.failures(), login.was_refused);
            }
        }
        let refused = ftp::Event::LoginRefused { text: text.clone() };
        if !is_refusal || !self.ftp_failed(client_key, refused) {
            self.fail(client_key, error.failure(), &text);
        }
    }

    /// Ends a session that nobody uses.
    pub(super) fn close_session(&mut self, key: Key, reason: &str) {
        let Some(session) = self.session(key) else { return };
        say!(
            SESSION_CLOSED,
            session = session.number,
            server = session.pool_key.server,
            reason = reason
        );
        if let Some(transport) = session.transport() {
            transport.disconnect("closed by zoxy");
        }
        // What the socket does not take at once is lost with the session.
        let _ = session.write_out();
        self.drop_session(key);
    }

    /// Says goodbye to every server, when the worker ends.
    pub(super) fn say_goodbye(&mut self) {
        let keys: Vec<_> = self.sessions.iter().map(|(_, session)| session.key).collect();
        for key in keys {
            if self.session(key).is_some_and(|session| session.is_open()) {
                self.close_session(key, "zoxy stops");
            }
        }
    }

    /// Takes a session out of pool, timers and poll.
    fn drop_session(&mut self, key: Key) {
        let (now, seat) = (self.now, self.seat(key));
        for timer in [Timer::Deadline, Timer::Keepalive] {
            self.timers.cancel((key, timer));
        }
        if self.session(key).is_none() {
            return;
        }
        // Closing its socket takes it out of the poll: nobody else holds its descriptor.
        let session = self.sessions.remove(key.index());
        let pool = &self.shared.pool;
        pool.remove(&session.pool_key, seat);
        let (next, _) = pool.dial_ended(&session.pool_key.server, seat, DialEnd::GivenUp, now);
        self.pass_turn(next);
    }

    /// Tells the seat whose turn it is to dial.
    pub(super) fn pass_turn(&self, next: Option<Seat>) {
        if let Some(seat) = next {
            self.shared.workers[seat.worker].send(Inbound::DialTurn(seat.session));
        }
    }

    /// Registers a session's new socket.
    pub(super) fn register_session(
        &self,
        key: Key,
        socket: &mut mio::net::TcpStream,
    ) -> std::io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll.registry().register(socket, key.token(), both)
    }

    pub(super) fn seat(&self, session: Key) -> Seat {
        Seat { worker: self.index, session }
    }

    /// Clients of this worker that were placed on a session of it.
    fn clients_of(&self, key: Key) -> Vec<Key> {
        let seat = self.seat(key);
        self.clients
            .iter()
            .filter(|(_, client)| {
                client
                    .route
                    .as_ref()
                    .and_then(|route| route.seat.as_ref())
                    .is_some_and(|(_, held)| *held == seat)
            })
            .map(|(_, client)| client.key)
            .collect()
    }
}
