//! FTP dialogues that go on without SSH: their sockets to the FTP server, control and data.
//!
//! `fallback` decides, `direct` makes the control connection as that of any DIRECT client. It stays
//! under zoxy's eyes: the dialogue goes on as through SSH, and data connections come about in the
//! ways that `ftpdata` has, with a socket where that has a channel.
//!
//! | client | its data connection to the FTP server |
//! |---|---|
//! | passive | made for the CONNECT that is expected |
//! | active | made at PORT, waits in a slot of the control connection |
//!
//! Invariant: a data connection goes out in clear only here, and only after its control connection
//! was seen to have a plain link. It goes to the address that the control connection reached, or to
//! one that the FTP server named and the filter trusts: nothing is resolved a second time.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::SocketAddr;

use mio::net::TcpStream;
use mio::{Interest, Registry};

use super::{Timer, Worker};
use crate::config::{Host, Target};
use crate::engine::client::{ControlLink, Direct, PlainLink, PlainSlot, Ready, State};
use crate::engine::key::{Key, Kind};
use crate::engine::sockets;
use crate::gateway::ftp::{DataId, Dialogue, Event};
use crate::gateway::splice::Relay;
use crate::say;
use crate::socks::Failure;

impl Worker {
    /// The FTP server has answered a control connection that goes on without SSH.
    pub(super) fn plain_connected(&mut self, key: Key) {
        let Some(client) = self.client(key) else { return };
        let State::Connecting(attempt) = client.leave() else { return };
        client.enter(State::Ftp);
        if let Err(error) = sockets::tune_client(&attempt.socket) {
            log::debug!("#{}: socket options of the FTP server: {error}", client.number);
        }
        let bound = attempt.socket.local_addr();
        let (Some(route), Some(ftp)) = (&client.route, &mut client.ftp) else { return };
        say!(
            FTP_CONNECTED_PLAIN,
            id = client.number,
            client = client.peer,
            target = route.target,
            filter = route.filter.name,
            address = attempt.address
        );
        ftp.link = Some(ControlLink::Plain(Box::new(PlainLink {
            socket: attempt.socket,
            ready: Ready::fresh(),
            address: attempt.address.ip(),
            has_ended: false,
            slots: Vec::new(),
        })));
        let unknown = SocketAddr::from(([0, 0, 0, 0], 0));
        self.begin_dialogue(key, bound.unwrap_or(unknown));
    }

    /// Whether a control connection goes in clear.
    pub(super) fn is_plain(&mut self, control: Key) -> bool {
        self.client(control).is_some_and(|client| client.plain().is_some())
    }

    /// A passive client's data connection, on the worker of its dialogue: connects it to the FTP
    /// server.
    pub(super) fn join_plain(&mut self, key: Key) {
        let now = self.now;
        let Some(client) = self.client(key) else { return };
        let (Some(link), Some(route)) = (client.data, &client.route) else { return };
        let (target, timeout) = (route.target.clone(), route.filter.connect_timeout);
        match self.plain_address(link.control.client, &target) {
            Some(address) => {
                self.timers.set((key, Timer::Deadline), now + timeout);
                self.connect(key, VecDeque::from([address]));
            }
            None => self.fail(key, Failure::General, "the FTP dialogue is gone"),
        }
    }

    /// Connects to the FTP server's data port before the client's side is there.
    pub(super) fn open_plain(&mut self, control: Key, id: DataId, target: &Target) {
        let until = self.now;
        let Some(address) = self.plain_address(control, target) else { return };
        let opened = open_slot(self.poll.registry(), control, address);
        let Some(client) = self.client(control) else { return };
        let timeout = client.route.as_ref().map(|route| route.filter.connect_timeout);
        let until = until + timeout.unwrap_or_default();
        match (opened, client.plain_mut()) {
            (Ok(socket), Some(plain)) => {
                plain.slots.push(PlainSlot { id, socket, until: Some(until) });
                self.watch_dialogue(control);
            }
            (Err(error), _) => self.slot_lost(control, id, format!("{address}: {error}")),
            (Ok(_), None) => {}
        }
    }

    /// Sees which data connections of a control connection the FTP server has answered.
    pub(super) fn slots_ready(&mut self, control: Key) {
        let Some(plain) = self.client(control).and_then(|client| client.plain_mut()) else {
            return;
        };
        let waits = |slot: &&mut PlainSlot| slot.until.is_some();
        let (mut opened, mut failed) = (Vec::new(), Vec::new());
        for slot in plain.slots.iter_mut().filter(waits) {
            match sockets::connected(&slot.socket) {
                Ok(false) => {}
                Ok(true) => {
                    slot.until = None;
                    opened.push(slot.id);
                }
                Err(error) => failed.push((slot.id, error)),
            }
        }
        if opened.is_empty() && failed.is_empty() {
            return;
        }
        for (id, error) in failed {
            self.drop_plain(control, id);
            self.slot_lost(control, id, format!("data port of the FTP server: {error}"));
        }
        for id in opened {
            self.dialogue_event(control, Event::DataOpened { id });
        }
        self.watch_dialogue(control);
    }

    /// Gives up the data connections of a control connection that the FTP server has not answered.
    pub(super) fn late_slots(&mut self, control: Key) {
        let now = self.now;
        let Some(plain) = self.client(control).and_then(|client| client.plain()) else { return };
        let is_late = |slot: &&PlainSlot| slot.until.is_some_and(|until| until <= now);
        let late: Vec<_> = plain.slots.iter().filter(is_late).map(|slot| slot.id).collect();
        for id in late {
            self.drop_plain(control, id);
            let text = "the FTP server gave no answer at its data port (CONNTIME)".into();
            self.slot_lost(control, id, text);
        }
    }

    fn slot_lost(&mut self, control: Key, id: DataId, text: String) {
        self.dialogue_event(control, Event::DataFailed { id, text });
    }

    /// Joins a client's socket to the data connection that waits for it; false: there is none any
    /// more, and the client is gone.
    pub(super) fn attach_plain(&mut self, control: Key, id: DataId, key: Key) -> bool {
        let found = self.client(control).and_then(|client| {
            let route = client.route.as_ref()?;
            let decided = (route.live.clone(), route.filter.clone());
            let slots = &mut client.plain_mut()?.slots;
            let position = slots.iter().position(|slot| slot.id == id)?;
            Some((slots.remove(position).socket, decided))
        });
        let registry = self.poll.registry();
        let found = found.and_then(|(mut socket, decided)| {
            let token = key.with_kind(Kind::Target).token();
            let both = Interest::READABLE | Interest::WRITABLE;
            match registry.reregister(&mut socket, token, both) {
                Ok(()) => Some((socket, decided)),
                Err(error) => {
                    log::debug!("data connection of {control:?}: {error}");
                    None
                }
            }
        });
        let Some((socket, (live, filter))) = found else {
            self.remove_client(key, true);
            return false;
        };
        let Some(client) = self.client(key) else { return false };
        if let Err(error) = sockets::tune_client(&socket) {
            log::debug!("#{}: socket options of the data port: {error}", client.number);
        }
        if let Some(route) = &mut client.route {
            // A BIND does not know its dialogue before.
            (route.live, route.filter) = (live, filter);
        }
        client.ready.read = true;
        client.ready.write = true;
        client.enter(State::Direct(Box::new(Direct {
            target: socket,
            ready: Ready::fresh(),
            relay: Relay::new(Vec::new(), false),
            told: [false; 2],
        })));
        self.watch_idle(key);
        self.enqueue(key);
        true
    }

    /// Gives up a data connection that has no client's side: with a reset, for an end in order would
    /// be the end of a file.
    pub(super) fn drop_plain(&mut self, control: Key, id: DataId) {
        let Some(plain) = self.client(control).and_then(|client| client.plain_mut()) else {
            return;
        };
        if let Some(position) = plain.slots.iter().position(|slot| slot.id == id) {
            sockets::reset_on_close(&plain.slots.remove(position).socket);
        }
    }

    /// Has the coming end of a control connection reset what it holds of the FTP server.
    pub(super) fn reset_plain(&mut self, control: Key) {
        if let Some(plain) = self.client(control).and_then(|client| client.plain()) {
            sockets::reset_on_close(&plain.socket);
            for slot in &plain.slots {
                sockets::reset_on_close(&slot.socket);
            }
        }
    }

    /// Where the data connections of a plain dialogue go; None if it is none.
    fn plain_address(&mut self, control: Key, target: &Target) -> Option<SocketAddr> {
        let plain = self.client(control)?.plain()?;
        let address = match target.host {
            Host::Address(address) => address,
            // A name is that of the FTP server, which may have several addresses.
            Host::Name(_) => plain.address,
        };
        Some(SocketAddr::new(address, target.port))
    }
}

impl PlainLink {
    /// Moves bytes between the FTP server and the dialogue, at most `share` of the server's; true if
    /// something moved.
    pub(super) fn exchange(
        &mut self,
        dialogue: &mut Dialogue,
        scratch: &mut [u8],
        share: &mut usize,
    ) -> bool {
        let mut moved = false;
        while self.ready.write && !self.has_ended && !dialogue.to_server().is_empty() {
            let pending = dialogue.to_server();
            match self.socket.write(pending) {
                Ok(count) => {
                    // A login may be among them.
                    pending[..count].fill(0);
                    pending.drain(..count);
                    moved = true;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.ready.write = false,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    // What the server said before comes first, then its end.
                    log::debug!("FTP server {}: {error}", self.address);
                    (self.ready.write, self.ready.read) = (false, true);
                }
            }
        }
        if self.ready.read && !self.has_ended && *share > 0 && dialogue.wants_server() {
            let room = scratch.len().min(*share);
            match self.socket.read(&mut scratch[..room]) {
                Ok(0) => self.end(dialogue),
                Ok(count) => {
                    dialogue.from_server(&scratch[..count]);
                    *share -= count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.ready.read = false;
                    return moved;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    log::debug!("FTP server {}: {error}", self.address);
                    self.end(dialogue);
                }
            }
            moved = true;
        }
        moved
    }

    fn end(&mut self, dialogue: &mut Dialogue) {
        self.has_ended = true;
        dialogue.event(Event::ControlClosed);
    }
}

/// Starts a connection to a data port.
fn open_slot(registry: &Registry, control: Key, to: SocketAddr) -> io::Result<TcpStream> {
    let mut socket = sockets::connect(to)?;
    let both = Interest::READABLE | Interest::WRITABLE;
    registry.register(&mut socket, control.with_kind(Kind::Slot).token(), both)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::time::{Duration, Instant, SystemTime};

    use super::*;
    use crate::gateway::ftp::{Action, LoginMode, Settings};

    /// A dialogue with the profile's login whose server is there, the plain link, and the server.
    fn scene() -> (Dialogue, PlainLink, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a loopback port");
        let address = listener.local_addr().expect("it is bound");
        let ours = std::net::TcpStream::connect(address).expect("it listens");
        ours.set_nonblocking(true).expect("a socket");
        let (theirs, _) = listener.accept().expect("it was connected");
        theirs.set_nodelay(true).expect("a socket");
        let mut dialogue = Dialogue::new(Settings {
            forward: None,
            login: LoginMode::Own,
            target: Target { host: Host::Address(address.ip()), port: 21 },
            client: address.ip(),
            trust_pasv_address: false,
            composite_user: false,
            control_page: None,
            now: SystemTime::now,
            next_port: || 40_000,
        });
        assert_eq!(dialogue.next_action(), Some(Action::OpenControl));
        dialogue.event(Event::FellBack);
        dialogue.event(Event::LoggedIn);
        let link = PlainLink {
            socket: TcpStream::from_std(ours),
            ready: Ready::fresh(),
            address: address.ip(),
            has_ended: false,
            slots: Vec::new(),
        };
        (dialogue, link, theirs)
    }

    /// Exchanges until `done`, as often as events would have it done.
    fn exchange(
        dialogue: &mut Dialogue,
        link: &mut PlainLink,
        mut done: impl FnMut(&mut Dialogue, &PlainLink) -> bool,
    ) {
        let end = Instant::now() + Duration::from_secs(10);
        while !done(dialogue, link) {
            assert!(Instant::now() < end, "it does not happen");
            link.ready.read = true;
            link.exchange(dialogue, &mut [0; 1024], &mut 1_000_000);
            std::thread::yield_now();
        }
    }

    #[test]
    fn lines_go_both_ways() {
        let (mut dialogue, mut link, mut server) = scene();
        server.write_all(b"220 hi\r\n").expect("it is connected");
        exchange(&mut dialogue, &mut link, |dialogue, _| dialogue.to_client() == b"220 hi\r\n");
        dialogue.from_client(b"NOOP\r\n");
        exchange(&mut dialogue, &mut link, |dialogue, _| dialogue.to_server().is_empty());
        let mut line = [0; 6];
        server.read_exact(&mut line).expect("a command comes");
        assert_eq!(&line, b"NOOP\r\n");
    }

    #[test]
    fn a_share_bounds_what_is_read() {
        let (mut dialogue, mut link, mut server) = scene();
        server.write_all(b"220 hi\r\n").expect("it is connected");
        link.exchange(&mut dialogue, &mut [0; 1024], &mut 0);
        assert!(dialogue.to_client().is_empty());
        let (mut share, mut scratch) = (3, [0; 1024]);
        while share == 3 {
            link.ready.read = true;
            assert!(link.exchange(&mut dialogue, &mut scratch, &mut share) == (share == 0));
        }
        assert_eq!(share, 0, "three bytes, and no more");
    }

    /// Whether it closes in order or not: the last words come first, the end is told once.
    #[test]
    fn the_end_comes_behind_the_last_words() {
        for reset in [false, true] {
            let (mut dialogue, mut link, mut server) = scene();
            server.write_all(b"220 hi\r\n").expect("it is connected");
            exchange(&mut dialogue, &mut link, |dialogue, _| !dialogue.to_client().is_empty());
            server.write_all(b"421 time is up\r\n").expect("it is connected");
            // Taken before the reset comes, which would take it away.
            exchange(&mut dialogue, &mut link, |d, _| d.to_client().ends_with(b"up\r\n"));
            if reset {
                sockets::reset_on_close(&server);
            }
            drop(server);
            dialogue.from_client(b"NOOP\r\n");
            exchange(&mut dialogue, &mut link, |_, link| link.has_ended);
            assert_eq!(dialogue.to_client(), b"220 hi\r\n421 time is up\r\n");
            assert!(matches!(dialogue.next_action(), Some(Action::Close { .. })), "reset {reset}");
            assert!(!link.exchange(&mut dialogue, &mut [0; 16], &mut 16), "it moves no more");
        }
    }
}
