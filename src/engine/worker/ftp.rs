//! FTPTUN control connections: carrying the dialogue between the client's socket and its channel.
//!
//! The dialogue itself (`gateway::ftp`) is pure: it takes bytes and events and gives bytes and
//! actions. This file moves the bytes and carries the actions out; data connections are in
//! `ftpdata` and `ftpforward`, the sockets of a dialogue that goes on without SSH in `plain`. A
//! control connection lives on the worker of its SSH session, and so do its data connections.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use zeroize::Zeroizing;

use super::bind::update_binds;
use super::ftpdata::origin;
use super::handshake::answer;
use super::{Timer, Worker};
use crate::config::{ApplicationLogin, Target};
use crate::engine::client::{
    Asked, ControlLink, Credential, DataSlot, FtpControl, PendingLogin, Place, SlotWait, State,
};
use crate::engine::key::Key;
use crate::engine::{ports, sockets};
use crate::gateway::ftp::{Action, Dialogue, Event, LoginMode, Settings};
use crate::message::log;
use crate::say;
use crate::socks::{self, Failure, Outcome};
use crate::ssh::channels::ChannelId;

impl Worker {
    /// A request that a FTPTUN filter decided about.
    pub(super) fn go_ftp(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let Some(route) = &mut client.route else { return };
        let from_app = route.filter.user_from_app;
        let settings = Settings {
            login: if from_app { LoginMode::FromApplication } else { LoginMode::Own },
            target: route.target.clone(),
            client: client.peer.ip(),
            trust_pasv_address: route.filter.pasv_trust,
            composite_user: route.filter.composite_user,
            forward: route.filter.forward.clone(),
            control_page: route.filter.control_page,
            now: std::time::SystemTime::now,
            next_port: ports::next,
        };
        let asked = Asked {
            live: Arc::clone(&route.live),
            filter: Arc::clone(&route.filter),
            target: route.target.clone(),
        };
        // A login may be among them.
        let early = Zeroizing::new(std::mem::take(&mut route.early));
        let version = route.version;
        let mut dialogue = Dialogue::new(settings);
        dialogue.from_client(&early);
        client.ftp = Some(Box::new(FtpControl {
            dialogue,
            asked,
            link: None,
            login: None,
            was_refused: false,
            answered: from_app,
            uncredited: 0,
            transfer: None,
            server: None,
            given_up: VecDeque::new(),
            deaf: false,
            slots: Vec::new(),
            forwards: Vec::new(),
            used_forward: None,
            binds: Vec::new(),
            closing: None,
        }));
        if !from_app {
            self.go_tunnel(key);
            return;
        }
        // The dialogue has to be heard before anything can be connected.
        let unbound = SocketAddr::from(([0, 0, 0, 0], 0));
        let reply = socks::reply(version, Outcome::Success, unbound);
        match answer(&mut client.socket, &reply) {
            Ok(()) => self.enter_ftp(key),
            Err(_) => self.remove_client(key, false),
        }
    }

    /// The control connection is the dialogue's from now on.
    fn enter_ftp(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        client.enter(State::Ftp);
        client.ready.read = true;
        self.watch_idle(key);
        self.watch_dialogue(key);
        self.ftp_ready(key);
    }

    /// Sets the deadline of a control connection: for its login while it has none, then for data
    /// channels that are being opened.
    pub(super) fn watch_dialogue(&mut self, key: Key) {
        let login = self.now + LOGIN_TIME;
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else { return };
        if ftp.closing.is_some() || ftp.dialogue.is_aborting() {
            return;
        }
        let until = match &ftp.link {
            None => Some(login),
            Some(ControlLink::Channel(..)) => {
                let forwards = ftp.forwards.iter().map(|slot| slot.until);
                ftp.slots.iter().filter_map(DataSlot::until).chain(forwards).min()
            }
            Some(ControlLink::Plain(plain)) => plain.slots.iter().filter_map(|s| s.until).min(),
        };
        match until {
            Some(until) => self.timers.set((key, Timer::Deadline), until),
            None => self.timers.cancel((key, Timer::Deadline)),
        }
    }

    /// The deadline of a control connection has come.
    pub(super) fn ftp_deadline(&mut self, key: Key) {
        let now = self.now;
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else { return };
        if ftp.closing.is_some() {
            let reason = format!("the client took no last reply in {} s", LAST_REPLY.as_secs());
            self.end_relay(key, &reason, true);
            return;
        }
        if ftp.dialogue.is_aborting() {
            ftp.dialogue.event(Event::AbortTimedOut);
            self.ftp_ready(key);
            return;
        }
        if ftp.link.is_none() {
            let text = format!("no login within {} s", LOGIN_TIME.as_secs());
            ftp.dialogue.event(Event::SshFailed { code: 421, text });
            self.ftp_ready(key);
            return;
        }
        self.late_slots(key);
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else { return };
        let is_late = |slot: &&DataSlot| slot.until().is_some_and(|until| until <= now);
        let late: Vec<_> =
            ftp.slots.iter().filter(is_late).map(|slot| (slot.id, slot.wait)).collect();
        for (id, wait) in late {
            self.drop_data(key, id);
            let event = match wait {
                SlotWait::Server(_) => {
                    let text =
                        "the SSH server gave no answer about the data port (OPENTIME)".into();
                    Event::DataFailed { id, text }
                }
                SlotWait::Client(_) => {
                    let text = "it did not come for its passive one in time (DATATIME)".into();
                    Event::ClientConnectFailed { id, text }
                }
            };
            self.dialogue_event(key, event);
        }
        self.late_forwards(key);
        self.watch_dialogue(key);
    }

    /// The control channel is open.
    pub(super) fn ftp_opened(&mut self, key: Key, session: Key, channel: ChannelId) {
        let Some(client) = self.client(key) else { return };
        let (number, peer) = (client.number, client.peer);
        let (Some(route), Some(ftp)) = (&client.route, &mut client.ftp) else { return };
        ftp.link = Some(ControlLink::Channel(session, channel));
        ftp.login = None;
        if let Some((pool_key, _)) = &route.seat {
            ftp.server = Some(pool_key.server.clone());
            say!(
                FTP_CONNECTED,
                id = number,
                client = peer,
                target = route.target,
                filter = route.filter.name,
                user = pool_key.user,
                server = pool_key.server
            );
        }
        // RFC 4254 does not tell us the address the server connected from.
        self.begin_dialogue(key, SocketAddr::from(([0, 0, 0, 0], 0)));
    }

    /// The way to the FTP server is there. `bound` is zoxy's own end of it, where that is known.
    pub(super) fn begin_dialogue(&mut self, key: Key, bound: SocketAddr) {
        let place = Place { worker: self.index, client: key };
        let shared = Arc::clone(&self.shared);
        let Some(client) = self.client(key) else { return };
        let (peer, origin) = (client.peer.ip(), origin(client));
        let (Some(route), Some(ftp)) = (&client.route, &mut client.ftp) else { return };
        if let Some(origin) = origin {
            shared.expected.enter(peer, ftp.asked.target.host.clone(), place, origin);
        }
        ftp.dialogue.event(Event::LoggedIn);
        if !std::mem::replace(&mut ftp.answered, true) {
            let reply = socks::reply(route.version, Outcome::Success, bound);
            if let Err(error) = answer(&mut client.socket, &reply) {
                self.end_relay(key, &format!("client: {error}"), true);
                return;
            }
        }
        self.enter_ftp(key);
        if self.drain.is_some() {
            // Its client was handed over when zoxy had begun to stop.
            self.stop_dialogue(key, false);
        }
    }

    /// The SSH session or the control channel could not be had: the dialogue tells the client.
    /// False: the client has not had its SOCKS answer yet, and that will tell it.
    pub(super) fn ftp_failed(&mut self, key: Key, event: Event) -> bool {
        let Some(client) = self.client(key) else { return true };
        let Some(ftp) = client.ftp.as_mut().filter(|ftp| ftp.answered) else { return false };
        ftp.login = None;
        ftp.link = None;
        ftp.dialogue.event(event);
        self.let_go_of_seat(key);
        self.enter_ftp(key);
        true
    }

    /// Ends the dialogues of a zoxy that stops. Those with a transfer under way, or with the connection
    /// for one, end behind it, unless `all` are to end now.
    pub(super) fn stop_dialogues(&mut self, all: bool) {
        let keys: Vec<Key> = self
            .clients
            .iter()
            .filter(|(_, client)| client.ftp.is_some())
            .map(|(_, client)| client.key)
            .collect();
        for key in keys {
            self.stop_dialogue(key, all);
        }
    }

    fn stop_dialogue(&mut self, key: Key, at_once: bool) {
        let has_data = self.has_data(key);
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else { return };
        if !ftp.answered {
            // What comes now is the answer to its SOCKS request.
            self.fail(key, Failure::General, "zoxy is stopping");
            return;
        }
        let may_finish = !at_once && (has_data || ftp.dialogue.is_transferring());
        ftp.dialogue.event(if may_finish { Event::Draining } else { Event::Stopping });
        self.ftp_ready(key);
    }

    /// Bytes of the FTP server, or of one of its data connections that has no client socket yet.
    pub(super) fn ftp_data(&mut self, key: Key, channel: ChannelId, data: &[u8]) {
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else { return };
        if ftp.link.as_ref().and_then(ControlLink::channel).is_some_and(|(_, c)| c == channel) {
            ftp.dialogue.from_server(data);
            ftp.uncredited += data.len();
            self.ftp_ready(key);
        } else if let Some(slot) = ftp.slots.iter_mut().find(|slot| slot.channel == channel) {
            slot.backlog.extend(data);
        }
    }

    /// The control channel has ended.
    pub(super) fn ftp_ended(&mut self, key: Key) {
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else { return };
        ftp.dialogue.event(Event::ControlClosed);
        self.ftp_ready(key);
    }

    /// The client's side of a control connection is lost: its transfers are cancelled.
    pub(super) fn ftp_lost(&mut self, key: Key, reason: &str) {
        let until = self.now + ABORT_TIME;
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else { return };
        ftp.deaf = true;
        ftp.dialogue.event(Event::ClientLost { reason: reason.to_owned() });
        if ftp.dialogue.is_aborting() {
            self.timers.set((key, Timer::Deadline), until);
        }
        self.ftp_ready(key);
    }

    /// Moves bytes both ways and carries actions out, until nothing moves any more.
    pub(super) fn ftp_ready(&mut self, key: Key) {
        let mut share = SHARE;
        // It may be the server's side that brings it here.
        let _traced = self.client(key).map(|client| log::working_for(client.number));
        self.slots_ready(key);
        loop {
            // First, for what the client is told brings it here by other connections, perhaps on another
            // worker: they have to be expected by then.
            self.ftp_actions(key);
            match self.ftp_move(key, &mut share) {
                Ok(Moved::Nothing) => break,
                Ok(moved) => {
                    if matches!(moved, Moved::End) {
                        self.half_closed(key);
                    }
                    if share == 0 {
                        self.ftp_actions(key);
                        self.enqueue(key);
                        return;
                    }
                }
                Err(Trouble::Deaf) => {}
                Err(Trouble::Client(reason)) => {
                    self.ftp_lost(key, &reason);
                    return;
                }
                Err(Trouble::Session(session, reason)) => {
                    self.session_lost(session, &reason);
                    return;
                }
            }
        }
        self.ftp_close_if_due(key);
    }

    /// One round of bytes.
    fn ftp_move(&mut self, key: Key, share: &mut usize) -> Result<Moved, Trouble> {
        let Self { clients, sessions, scratch, now, shared, .. } = self;
        let Some(client) = clients.get_mut(key.index()).filter(|c| c.key == key) else {
            return Ok(Moved::Nothing);
        };
        let Some(ftp) = &mut client.ftp else { return Ok(Moved::Nothing) };
        client.active = *now;
        let mut moved = Moved::Nothing;
        // A reset counts at once, also while the dialogue does not want the client's bytes.
        if client.ready.take_dead() && !ftp.deaf {
            sockets::take_error(&client.socket).map_err(|error| client_trouble(ftp, &error))?;
        }
        if ftp.deaf && !ftp.dialogue.to_client().is_empty() {
            ftp.dialogue.to_client().clear();
            moved = Moved::Bytes;
        }
        // To the client.
        while client.ready.write && !ftp.dialogue.to_client().is_empty() {
            match client.socket.write(ftp.dialogue.to_client()) {
                Ok(count) => {
                    ftp.dialogue.to_client().drain(..count);
                    client.down += count as u64;
                    moved = Moved::Bytes;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    client.ready.write = false
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(client_trouble(ftp, &error)),
            }
        }
        // From the client.
        if client.ready.read && *share > 0 && ftp.closing.is_none() && ftp.dialogue.wants_client() {
            let room = scratch.len().min(*share);
            match client.socket.read(&mut scratch[..room]) {
                Ok(0) => {
                    client.ready.read = false;
                    ftp.dialogue.event(Event::ClientClosed);
                    moved = Moved::End;
                }
                Ok(count) => {
                    update_binds(&shared.expected, client.peer.ip(), ftp);
                    ftp.dialogue.from_client(&scratch[..count]);
                    scratch[..count].fill(0);
                    client.up += count as u64;
                    *share -= count;
                    moved = Moved::Bytes;
                    if count < room && !client.ready.hup {
                        // All that was there: the next bytes, or the FIN, bring a new edge.
                        client.ready.read = false;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    client.ready.read = false
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(client_trouble(ftp, &error)),
            }
        }
        // To the server.
        if let Some(ControlLink::Plain(plain)) = &mut ftp.link {
            if plain.exchange(&mut ftp.dialogue, scratch, share) && matches!(moved, Moved::Nothing)
            {
                moved = Moved::Bytes;
            }
        } else if let Some((session_key, channel)) =
            ftp.link.as_ref().and_then(ControlLink::channel)
        {
            let session = sessions.get_mut(session_key.index()).filter(|s| s.key == session_key);
            if let Some(session) = session {
                let pending = ftp.dialogue.to_server();
                while !pending.is_empty() && !session.congested() {
                    let count =
                        session.mux.send_room(channel).min(pending.len()).min(scratch.len());
                    let Some(header) = session.mux.data_header(channel, count) else { break };
                    session
                        .send(&header, &pending[..count])
                        .map_err(|error| Trouble::Session(session_key, error.to_string()))?;
                    // A login may be among them.
                    pending[..count].fill(0);
                    pending.drain(..count);
                    if matches!(moved, Moved::Nothing) {
                        moved = Moved::Bytes;
                    }
                }
                if !pending.is_empty() && session.congested() && !session.blocked.contains(&key) {
                    session.blocked.push(key);
                }
                if ftp.uncredited > 0 && ftp.dialogue.wants_server() {
                    session.mux.consumed(channel, std::mem::take(&mut ftp.uncredited));
                }
                self.mark_dirty(session_key);
            }
        }
        Ok(moved)
    }

    /// Does what the dialogue asks for.
    fn ftp_actions(&mut self, key: Key) {
        let next = |worker: &mut Self| worker.client(key)?.ftp.as_mut()?.dialogue.next_action();
        while let Some(action) = next(self) {
            self.ftp_action(key, action);
        }
    }

    fn ftp_action(&mut self, key: Key, action: Action) {
        match action {
            Action::LogIn { user, password, target } => {
                let Some(client) = self.client(key) else { return };
                let (Some(ftp), Some(route)) = (&mut client.ftp, &mut client.route) else { return };
                let credential = Credential { user, password: password.0 };
                route.moves = 0;
                match target {
                    Some(target) => self.go_composite(key, target, credential),
                    None => {
                        // A composite name may have been refused before.
                        route.live = Arc::clone(&ftp.asked.live);
                        route.filter = Arc::clone(&ftp.asked.filter);
                        route.target = ftp.asked.target.clone();
                        ftp.dialogue.set_forward(route.filter.forward.clone());
                        self.go_login(key, credential);
                    }
                }
            }
            // The engine opens the control channel before the dialogue begins.
            Action::OpenControl => {}
            Action::Expect { id, to, hosts, port } => self.expect_data(key, id, to, hosts, port),
            Action::OpenData { id, to } => self.open_data(key, id, &to),
            Action::Forward { id } => self.ask_forward(key, id),
            Action::ExpectServer { id } => self.expect_server(key, id),
            Action::AdmitServer { id } => self.admit_server(key, id),
            Action::HurryServer { id } => self.hurry_server(key, id),
            Action::ConnectClient { id, to } => self.call_client(key, id, to),
            Action::AcceptBind { id, bind } => self.accept_bind(key, id, bind),
            Action::DropData { id } => self.drop_data(key, id),
            Action::FinishData { id } => self.finish_data(key, id),
            Action::CutClient { id } => self.cut_client(key, id),
            Action::Close { reason } => {
                if let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) {
                    ftp.closing = Some(reason);
                }
                self.timers.set((key, Timer::Deadline), self.now + LAST_REPLY);
            }
            Action::TransferStarted(transfer) => {
                if let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) {
                    ftp.transfer = Some(transfer);
                }
            }
            Action::TransferEnded(record) => self.say_transfer(key, &record),
            Action::Say(note) => {
                if let Some(client) = self.client(key) {
                    note.say(client.number, client.peer);
                }
            }
        }
    }

    /// Finds a session for a dialogue that has given user and password, by the logins that the profile
    /// of its filter has for that.
    fn go_login(&mut self, key: Key, credential: Credential) {
        let shared = Arc::clone(&self.shared);
        let Some(client) = self.client(key) else { return };
        let (Some(ftp), Some(route)) = (&mut client.ftp, &client.route) else { return };
        let profile = route.filter.profile.clone();
        if let Some(why) = profile.as_ref().and_then(|profile| shared.gates.drained(profile)) {
            let (id, peer) = (client.number, client.peer);
            say!(REQUEST_HELD, id = id, client = peer, target = route.target, reason = why);
            shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            self.ftp_failed(key, Event::SshFailed { code: 421, text: why });
            return;
        }
        let order = profile.map_or(ApplicationLogin::App, |profile| profile.application_login);
        ftp.login = Some(PendingLogin::new(credential, order.order()));
        self.go_tunnel(key);
    }

    /// The user name named the FTP server: the filters decide about it as about any request.
    fn go_composite(&mut self, key: Key, target: Target, credential: Credential) {
        let live = self.shared.live();
        let allowed = live.decide(&target).filter(|filter| {
            filter.action == crate::config::Action::FtpTunnel && filter.user_from_app
        });
        let Some(client) = self.client(key) else { return };
        match (allowed, &mut client.route) {
            (Some(filter), Some(route)) => {
                route.live = live;
                route.filter = filter;
                route.target = target;
                if let Some(ftp) = &mut client.ftp {
                    ftp.dialogue.set_forward(route.filter.forward.clone());
                }
                self.go_login(key, credential);
            }
            _ => {
                let text = format!("no FTPTUN filter for {target}");
                say!(
                    REQUEST_BLOCKED,
                    id = client.number,
                    client = client.peer,
                    target = target,
                    filter = text
                );
                self.ftp_failed(key, Event::SshFailed { code: 421, text });
            }
        }
    }

    /// Ends the control connection once everything for the client has been written.
    fn ftp_close_if_due(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let Some(ftp) = &mut client.ftp else { return };
        if ftp.closing.is_some() && ftp.dialogue.to_client().is_empty() {
            let reason = ftp.closing.take().unwrap_or_default();
            let is_lost = ftp.deaf && !ftp.dialogue.is_client_closed();
            self.end_relay(key, &reason, is_lost);
        }
    }
}

/// What a round of bytes came to.
enum Moved {
    Nothing,
    Bytes,
    /// The client has closed its side.
    End,
}

/// What ends a round of bytes.
enum Trouble {
    /// The client is lost.
    Client(String),
    /// The client, which has closed its side in order, hears nothing any more.
    Deaf,
    Session(Key, String),
}

/// What an error of the client's socket means. Behind an orderly end (EPIPE tells of one that is
/// still to be read) it is no more than the answer to what the client was told since.
fn client_trouble(ftp: &mut FtpControl, error: &io::Error) -> Trouble {
    if ftp.dialogue.is_client_closed() || error.kind() == io::ErrorKind::BrokenPipe {
        ftp.deaf = true;
        return Trouble::Deaf;
    }
    Trouble::Client(format!("client: {error}"))
}

/// Time from the greeting to the password, and from one refused password to the next.
const LOGIN_TIME: Duration = Duration::from_secs(120);

/// Time a server has to abort the uploads of a client that is lost. Those that read commands while
/// they receive answer at once; to the others it makes no difference how long it is, but their file
/// stays locked.
const ABORT_TIME: Duration = Duration::from_secs(5);

/// Time a client has to take the last reply.
const LAST_REPLY: Duration = Duration::from_secs(30);

/// Bytes of one client that go into its dialogue in one turn.
const SHARE: usize = 32 * 1024;
