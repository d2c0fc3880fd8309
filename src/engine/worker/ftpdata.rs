//! FTP data connections under FTPTUN: their channels, active clients that are called, their ends.
//!
//! | client | how its data connection comes about | its channel |
//! |---|---|---|
//! | passive | a CONNECT that an expectation matches: `passive` | opened ahead of that request |
//! | active, SOCKS BIND | the BIND's own connection, answered a second time: `bind` | opened at PORT |
//! | active without BIND | zoxy connects to the address of the PORT | opened at PORT |
//! | active, ACTIVE FORWARD | as above | by the FTP server's connection: `ftpforward` |
//!
//! From then on it is a TUNNEL relay like any other, except that its control connection hears how
//! it ended. A data connection never goes anywhere but through the SSH session of its control
//! connection. Those of a dialogue that has fallen back to plain are in `plain`: the same ways, with
//! a socket in place of the channel and a DIRECT relay.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mio::Interest;

use super::{Timer, Worker};
use crate::config::Target;
use crate::engine::client::{
    Arrival, Client, ControlLink, DataSlot, Half, Place, Route, SlotWait, State, Tunnel,
};
use crate::engine::expected::{DataLink, Origin, Way};
use crate::engine::key::{Key, Kind};
use crate::engine::shared::Transfers;
use crate::engine::sockets;
use crate::gateway::ftp::{
    DataId, Direction, Event, Origin as Side, TransferRecord, TransferResult,
};
use crate::message::time::Utc;
use crate::say;
use crate::socks::Version;
use crate::ssh::channels::{ChannelId, OpenError};

impl Worker {
    /// Opens the channel to the server's data port before the client's side is there.
    pub(super) fn open_data(&mut self, key: Key, id: DataId, target: &Target) {
        if self.is_plain(key) {
            self.open_plain(key, id, target);
            return;
        }
        if let Some(Err(error)) = self.open_slot(key, id, target, false) {
            self.dialogue_event(key, Event::DataFailed { id, text: error.to_string() });
        }
    }

    /// Asks for a channel that is a slot of the control connection until the client's side is there;
    /// None: the control connection has no session.
    pub(super) fn open_slot(
        &mut self,
        key: Key,
        id: DataId,
        target: &Target,
        is_passive: bool,
    ) -> Option<Result<(), OpenError>> {
        let now = self.now;
        let Self { clients, sessions, .. } = self;
        let client = clients.get_mut(key.index()).filter(|c| c.key == key)?;
        let peer = client.peer;
        let ftp = client.ftp.as_mut()?;
        let (session_key, _) = ftp.link.as_ref().and_then(ControlLink::channel)?;
        let session = sessions.get_mut(session_key.index()).filter(|s| s.key == session_key)?;
        let channel = match session.mux.open_direct_tcpip(key, target, peer) {
            Ok(channel) => channel,
            Err(error) => return Some(Err(error)),
        };
        let until = now + session.profile.open_timeout;
        ftp.slots.push(DataSlot::opening(id, channel, is_passive, until));
        self.watch_dialogue(key);
        self.mark_dirty(session_key);
        Some(Ok(()))
    }

    /// One of the control connection's channels has been opened: true if it was a data channel.
    pub(super) fn slot_opened(&mut self, key: Key, channel: ChannelId) -> bool {
        let now = self.now;
        let Some(client) = self.client(key) else { return false };
        let Some(ftp) = &mut client.ftp else { return false };
        let Some(slot) = ftp.slots.iter_mut().find(|slot| slot.channel == channel) else {
            return false;
        };
        let id = slot.id;
        let timeout = client.route.as_ref().map(|route| route.filter.data_timeout);
        let until = timeout.filter(|_| slot.is_passive).map(|timeout| now + timeout);
        slot.wait = SlotWait::Client(until);
        self.watch_dialogue(key);
        self.dialogue_event(key, Event::DataOpened { id });
        true
    }

    /// One of the control connection's data channels could not be opened, or has ended before the
    /// client's side was there: true if it was one.
    pub(super) fn slot_failed(&mut self, key: Key, channel: ChannelId, text: &str) -> bool {
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else {
            return false;
        };
        let Some(position) = ftp.slots.iter().position(|slot| slot.channel == channel) else {
            return false;
        };
        let slot = ftp.slots.remove(position);
        if slot.is_passive && matches!(slot.wait, SlotWait::Server(_)) {
            // Nobody knows of it yet: the client's request will ask again, and be told.
            log::debug!("data connection not opened ahead: {text}");
            self.watch_dialogue(key);
        } else {
            let event = Event::DataFailed { id: slot.id, text: text.to_owned() };
            self.dialogue_event(key, event);
        }
        true
    }

    /// The server has finished sending on a data channel without a client's side.
    pub(super) fn slot_eof(&mut self, key: Key, channel: ChannelId) -> bool {
        let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) else {
            return false;
        };
        match ftp.slots.iter_mut().find(|slot| slot.channel == channel) {
            Some(slot) => {
                slot.eof = true;
                true
            }
            None => false,
        }
    }

    /// Connects to the data port of an active client.
    pub(super) fn call_client(&mut self, key: Key, id: DataId, to: SocketAddr) {
        let (now, worker) = (self.now, self.index);
        let link = DataLink { control: Place { worker, client: key }, id };
        match self.start_call(key, link, to) {
            Ok((data, timeout)) => self.timers.set((data, Timer::Deadline), now + timeout),
            Err(text) => self.dialogue_event(key, Event::ClientConnectFailed { id, text }),
        }
    }

    fn start_call(
        &mut self,
        key: Key,
        link: DataLink,
        to: SocketAddr,
    ) -> Result<(Key, std::time::Duration), String> {
        let generation = self.next_generation();
        let now = self.now;
        let shared = Arc::clone(&self.shared);
        let permit = shared.limits.admit(to.ip()).map_err(|refused| refused.to_string())?;
        let control = self.client(key).ok_or("the control connection is gone")?;
        let listener = Arc::clone(&control.listener);
        let origin = origin(control).ok_or("the control connection has no session")?;
        let target = control.route.as_ref().map(|route| route.target.clone());
        let target = target.ok_or("the control connection has no target")?;
        let mut socket = sockets::connect(to).map_err(|error| error.to_string())?;
        let entry = self.clients.vacant_entry();
        let data = Key::new(Kind::Client, generation, entry.key());
        let both = Interest::READABLE | Interest::WRITABLE;
        self.poll
            .registry()
            .register(&mut socket, data.token(), both)
            .map_err(|error| error.to_string())?;
        let number = shared.counters.connections.fetch_add(1, Ordering::Relaxed) + 1;
        let arrival = Arrival { number, socket, peer: to, listener, permit };
        let timeout = origin.filter.data_timeout;
        let mut client = Client::new(arrival, data, false, now);
        client.data = Some(link);
        client.route = Some(Box::new(Route {
            live: origin.live,
            filter: origin.filter,
            target,
            version: Version::V5,
            seat: None,
            moves: 0,
            early: Vec::new(),
        }));
        client.enter(State::Calling);
        entry.insert(client);
        Ok((data, timeout))
    }

    /// The active client's answer at its data port may have come.
    pub(super) fn calling_ready(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let Some(link) = client.data else { return };
        match sockets::connected(&client.socket) {
            Ok(false) => {}
            Ok(true) => {
                if let Err(error) = sockets::tune_client(&client.socket) {
                    log::debug!("#{}: socket options: {error}", client.number);
                }
                let control = link.control.client;
                if self.attach(control, link.id, key) {
                    self.dialogue_event(control, Event::ClientConnected { id: link.id });
                }
            }
            Err(error) => {
                client.data = None;
                self.remove_client(key, false);
                let event = Event::ClientConnectFailed { id: link.id, text: error.to_string() };
                self.dialogue_event(link.control.client, event);
            }
        }
    }

    /// Joins a client's socket to the data channel that waits for it; false: there is none any
    /// more, and the client is gone.
    pub(super) fn attach(&mut self, control: Key, id: DataId, key: Key) -> bool {
        if self.is_plain(control) {
            return self.attach_plain(control, id, key);
        }
        let found = self.client(control).and_then(|client| {
            let origin = origin(client)?;
            let ftp = client.ftp.as_mut()?;
            let position = ftp.slots.iter().position(|slot| slot.id == id)?;
            let (session_key, _) = ftp.link.as_ref()?.channel()?;
            Some((session_key, ftp.slots.remove(position), origin))
        });
        let Some((session_key, slot, origin)) = found else {
            self.remove_client(key, true);
            return false;
        };
        let Origin { live, filter, way: Way::Session { pool_key, seat } } = origin else {
            debug_assert!(false, "a channel without a session");
            return false;
        };
        self.shared.pool.join(&pool_key, seat);
        let Some(session) = self.session(session_key) else { return false };
        session.clients += 1;
        session.mux.set_owner(slot.channel, key);
        let Some(client) = self.client(key) else { return false };
        if let Some(route) = &mut client.route {
            // A BIND does not know its dialogue before.
            (route.live, route.filter) = (live, filter);
            route.seat = Some((pool_key, seat));
        }
        self.run_slot(key, session_key, slot);
        true
    }

    /// A client that owns a slot's channel begins to relay.
    pub(super) fn run_slot(&mut self, key: Key, session_key: Key, slot: DataSlot) {
        let Some(session) = self.session(session_key) else { return };
        // Nobody reads what the client sends into a channel that the server has closed.
        let is_closed = session.mux.owner(slot.channel).is_none();
        let Some(client) = self.client(key) else { return };
        client.ready.read = true;
        client.ready.write = true;
        client.enter(State::Tunnel(Tunnel {
            session: session_key,
            channel: slot.channel,
            backlog: slot.backlog,
            early_sent: 0,
            down: if slot.eof { Half::Draining } else { Half::Open },
            up: if is_closed { Half::Finished } else { Half::Open },
            blocked: false,
            told: [false; 2],
        }));
        self.watch_idle(key);
        self.enqueue(key);
    }

    /// The dialogue gives a data connection up, in whatever state it is.
    pub(super) fn drop_data(&mut self, control: Key, id: DataId) {
        let place = Place { worker: self.index, client: control };
        let link = DataLink { control: place, id };
        self.shared.expected.forget(link, self.now);
        self.drop_plain(control, id);
        self.drop_forward(control, id);
        if let Some(client) = self.client(control) {
            let ftp = client.ftp.as_mut();
            let slot = ftp.and_then(|ftp| {
                let position = ftp.slots.iter().position(|slot| slot.id == id)?;
                let slot = ftp.slots.remove(position);
                Some((ftp.link.as_ref()?.channel()?.0, slot))
            });
            if let Some((session_key, slot)) = slot {
                if let Some(session) = self.session(session_key) {
                    session.mux.close(slot.channel);
                }
                self.mark_dirty(session_key);
            }
        }
        let data: Vec<Key> = self
            .clients
            .iter()
            .filter(|(_, client)| client.data == Some(link))
            .map(|(_, client)| client.key)
            .collect();
        for key in data {
            self.part(key, link);
            self.end_relay(key, "given up by the FTP dialogue", true);
        }
    }

    /// All of a download has been given to the client: the server need not wait for its FIN.
    pub(super) fn finish_data(&mut self, control: Key, id: DataId) {
        let link = DataLink { control: Place { worker: self.index, client: control }, id };
        let Self { clients, sessions, .. } = self;
        let mut clients = clients.iter_mut().map(|(_, client)| client);
        let Some(client) = clients.find(|client| client.data == Some(link)) else { return };
        let key = client.key;
        let State::Tunnel(tunnel) = client.state_mut() else { return };
        if (tunnel.up, tunnel.down) != (Half::Open, Half::Finished) {
            return;
        }
        let session_key = tunnel.session;
        let session = sessions.get_mut(session_key.index()).filter(|s| s.key == session_key);
        let Some(session) = session else { return };
        session.mux.send_eof(tunnel.channel);
        tunnel.up = Half::Finished;
        self.mark_dirty(session_key);
        self.half_finished(key);
    }

    /// The dialogue gives up the client's side of a data connection. Its channel, if it is open,
    /// stays so, without EOF, as a slot of the control connection.
    pub(super) fn cut_client(&mut self, control: Key, id: DataId) {
        let link = DataLink { control: Place { worker: self.index, client: control }, id };
        let data: Vec<Key> = self
            .clients
            .iter()
            .filter(|(_, client)| client.data == Some(link))
            .map(|(_, client)| client.key)
            .collect();
        for key in data {
            self.part(key, link);
            let Some(client) = self.client(key) else { continue };
            if let State::Tunnel(Tunnel { session, channel, .. }) = *client.state() {
                self.say_closed(key, CUT);
                if let Some(client) = self.client(key) {
                    // Whoever leaves this state closes its channel.
                    client.enter(State::Waiting);
                }
                if let Some(session) = self.session(session) {
                    session.mux.set_owner(channel, control);
                }
                if let Some(ftp) = self.client(control).and_then(|client| client.ftp.as_mut()) {
                    ftp.slots.push(DataSlot::open(id, channel, None));
                }
            }
            self.remove_client(key, true);
        }
    }

    /// Parts a data connection from its dialogue, which knows, and keeps what it has moved for the
    /// record of its transfer.
    fn part(&mut self, key: Key, link: DataLink) {
        let Some(client) = self.client(key) else { return };
        client.data = None;
        let moved = (link.id, client.up, client.down);
        let control = self.client(link.control.client);
        if let Some(ftp) = control.and_then(|client| client.ftp.as_mut()) {
            if ftp.given_up.len() >= MAX_GIVEN_UP {
                ftp.given_up.pop_front();
            }
            ftp.given_up.push_back(moved);
        }
    }

    /// Bytes of client and server that a data connection has moved: one that still lives, or that
    /// its dialogue has given up.
    fn moved(&mut self, control: Key, id: DataId) -> Option<(u64, u64)> {
        let link = DataLink { control: Place { worker: self.index, client: control }, id };
        let mut clients = self.clients.iter().map(|(_, client)| client);
        if let Some(client) = clients.find(|client| client.data == Some(link)) {
            return Some((client.up, client.down));
        }
        let ftp = self.client(control)?.ftp.as_mut()?;
        let position = ftp.given_up.iter().position(|(known, ..)| *known == id)?;
        let (_, up, down) = ftp.given_up.remove(position)?;
        Some((up, down))
    }

    /// Tells a control connection of this worker what became of one of its data connections.
    pub(super) fn dialogue_event(&mut self, control: Key, event: Event) {
        let Some(ftp) = self.client(control).and_then(|client| client.ftp.as_mut()) else { return };
        ftp.dialogue.event(event);
        // Its turn comes in the run queue: this may be called from within it.
        self.enqueue(control);
    }

    /// Tells the dialogue of an FTP data connection which directions have finished, once each.
    pub(super) fn tell_data_eof(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let Some(link) = client.data else { return };
        let (up, down) = (client.up, client.down);
        let (finished, told) = match client.state_mut() {
            State::Tunnel(tunnel) => {
                let finished = [tunnel.up == Half::Finished, tunnel.down == Half::Finished];
                (finished, &mut tunnel.told)
            }
            State::Direct(direct) => (direct.relay.finished(), &mut direct.told),
            _ => return,
        };
        let told = std::mem::replace(told, finished);
        let sides = [(Side::Client, up), (Side::Server, down)];
        for (place, (from, bytes)) in sides.into_iter().enumerate() {
            if finished[place] && !told[place] {
                let event = Event::DataEof { id: link.id, from, bytes };
                self.dialogue_event(link.control.client, event);
            }
        }
    }

    /// A data connection is gone: what its dialogue has to know, by the state it was in.
    pub(super) fn data_gone(&mut self, link: DataLink, end: DataEnd) {
        if link.control.worker != self.index {
            return;
        }
        let id = link.id;
        let event = match end {
            DataEnd::Relay { up, down, clean } => {
                Event::DataEnded { id, bytes_up: up, bytes_down: down, clean }
            }
            DataEnd::Bind => {
                self.bind_lost(link);
                return;
            }
            DataEnd::Call(text) => Event::ClientConnectFailed { id, text },
            DataEnd::Request(text) => Event::DataFailed { id, text },
        };
        self.dialogue_event(link.control.client, event);
    }

    /// A control connection is gone: so is all that belongs to it.
    pub(super) fn control_gone(&mut self, key: Key) {
        let place = Place { worker: self.index, client: key };
        self.shared.expected.leave(place, self.now);
        let data: Vec<Key> = self
            .clients
            .iter()
            .filter(|(_, client)| client.data.is_some_and(|link| link.control == place))
            // A transfer under way may finish: some clients close the control connection first.
            .filter(|(_, client)| !client.is_relay())
            .map(|(_, client)| client.key)
            .collect();
        for key in data {
            if let Some(client) = self.client(key) {
                client.data = None;
            }
            self.remove_client(key, true);
        }
    }

    /// Whether data of a control connection moves.
    pub(super) fn has_data(&self, control: Key) -> bool {
        let place = Place { worker: self.index, client: control };
        self.clients.iter().any(|(_, client)| client.data.is_some_and(|link| link.control == place))
    }

    /// One accounting line per transfer.
    pub(super) fn say_transfer(&mut self, key: Key, record: &TransferRecord) {
        let transfer = &record.transfer;
        // The dialogue counts what has ended; what was cut off it cannot know.
        let moved = transfer.data.and_then(|id| self.moved(key, id));
        let bytes = match (moved, transfer.direction) {
            (Some((up, _)), Direction::Upload) => up,
            (Some((_, down)), Direction::Download) => down,
            (None, _) => record.bytes,
        };
        count_transfer(&self.shared.counters.transfers, record, bytes);
        let Some(client) = self.client(key) else { return };
        let (number, peer) = (client.number, client.peer);
        let mut server = None;
        if let Some(ftp) = &mut client.ftp {
            server = ftp.server.as_ref().map(ToString::to_string);
            // The next one may have begun before the bytes of this one were counted.
            ftp.transfer.take_if(|shown| shown == transfer);
        }
        let took = record.ended.duration_since(transfer.started).unwrap_or_default();
        say!(
            FTP_TRANSFER,
            id = number,
            client = peer,
            started = Utc(transfer.started),
            command = transfer.command,
            direction = match transfer.direction {
                Direction::Upload => "UP",
                Direction::Download => "DOWN",
            },
            form = field(record.representation.split(' ').next()),
            result = record.result,
            reply = record.code,
            bytes = bytes,
            seconds = format_args!("{:.3}", took.as_secs_f64()),
            user = word(field(Some(&transfer.user))),
            server = field(server.as_deref()),
            target = client.target_text(),
            name = field(Some(&transfer.name))
        );
    }
}

/// Counts a transfer for D STATS.
fn count_transfer(counted: &Transfers, record: &TransferRecord, bytes: u64) {
    let result = match record.result {
        TransferResult::Complete => &counted.complete,
        TransferResult::Refused => &counted.refused,
        TransferResult::Failed => &counted.failed,
        TransferResult::Aborted => &counted.aborted,
    };
    result.fetch_add(1, Ordering::Relaxed);
    let moved = match record.transfer.direction {
        Direction::Upload => &counted.up,
        Direction::Download => &counted.down,
    };
    moved.fetch_add(bytes, Ordering::Relaxed);
}

/// A field of an accounting record: a dash if it is not known.
fn field(text: Option<&str>) -> &str {
    text.filter(|text| !text.is_empty()).unwrap_or("-")
}

/// A field that others follow: blanks would move them.
fn word(text: &str) -> Cow<'_, str> {
    match text.contains(char::is_whitespace) {
        false => text.into(),
        true => text.replace(char::is_whitespace, "_").into(),
    }
}

/// In which state a data connection ended.
pub(super) enum DataEnd {
    /// While bytes moved.
    Relay {
        /// From the client.
        up: u64,
        /// To the client.
        down: u64,
        /// Both directions had finished.
        clean: bool,
    },
    /// A BIND on its way to its dialogue.
    Bind,
    /// While the client was called.
    Call(String),
    /// A passive client's request.
    Request(String),
}

/// What a control connection's data connections take over from it.
pub(super) fn origin(control: &Client) -> Option<Origin> {
    let route = control.route.as_ref()?;
    let way = match control.plain() {
        Some(_) => Way::Plain,
        None => {
            let (pool_key, seat) = route.seat.clone()?;
            Way::Session { pool_key, seat }
        }
    };
    let (live, filter) = (Arc::clone(&route.live), Arc::clone(&route.filter));
    Some(Origin { live, filter, way })
}

/// Why the client's side of an upload ends when its control connection is lost.
const CUT: &str = "its FTP control connection is lost";

/// Data connections given up whose transfers are not recorded yet, at most: those of the dialogue.
const MAX_GIVEN_UP: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_user_moves_the_fields_behind_it() {
        for (user, shown) in [("PAUL", "PAUL"), ("", "-"), ("a b\u{2003}c", "a_b_c"), (" ", "_")] {
            assert_eq!(word(field(Some(user))), shown);
        }
    }
}
