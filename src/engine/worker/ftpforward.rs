//! FTP data connections that the FTP server makes (ACTIVE FORWARD): ports that the SSH server listens
//! on, and the connections that come to them.
//!
//! A forward belongs to a control connection and serves one data connection. With the connection that
//! was expected it becomes a data slot (`ftpdata`), which the client's side joins like any other.
//!
//! | a forward waits for | until | then |
//! |---|---|---|
//! | the SSH server's port | OPENTIME | 425, given back |
//! | its transfer command | DATATIME | 425 for the transfer, given back |
//! | the FTP server's connection | DATATIME; 10 s after the transfer's 2xx | 425 for the transfer, given back |

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::Worker;
use crate::config::Host;
use crate::engine::client::{ControlLink, DataSlot, ForwardSlot, FtpControl};
use crate::engine::expected::DataLink;
use crate::engine::key::Key;
use crate::gateway::ftp::{DataId, Event};
use crate::say;
use crate::ssh::channels::{ChannelId, ForwardEvent, ForwardId, Refusal};

/// What a packet says of a forward, once the packet itself is gone.
pub(super) enum News {
    Listening(ForwardId, Key, u16),
    Refused(ForwardId, Key),
    Connected(Connected),
    TurnedAway(Stranger),
    Left(IpAddr, u16),
}

/// The connection that was expected.
pub(super) struct Connected {
    forward: ForwardId,
    owner: Key,
    channel: ChannelId,
    origin: SocketAddr,
    parked: Option<SocketAddr>,
}

/// A connection that was refused.
pub(super) struct Stranger {
    forward: Option<(ForwardId, Key)>,
    port: u32,
    origin: String,
    parked: Option<SocketAddr>,
    refusal: Refusal,
    given_up: bool,
}

impl From<ForwardEvent<'_, Key>> for News {
    fn from(event: ForwardEvent<'_, Key>) -> Self {
        match event {
            ForwardEvent::Listening { id, owner, port } => Self::Listening(id, owner, port),
            ForwardEvent::Refused { id, owner } => Self::Refused(id, owner),
            ForwardEvent::Connected { id, forward, owner, origin, parked } => {
                Self::Connected(Connected { forward, owner, channel: id, origin, parked })
            }
            ForwardEvent::TurnedAway {
                forward,
                port,
                origin,
                origin_port,
                refusal,
                parked,
                given_up,
            } => {
                let origin = format!("{origin} port {origin_port}");
                Self::TurnedAway(Stranger { forward, port, origin, parked, refusal, given_up })
            }
            ForwardEvent::Left { address, port } => Self::Left(address, port),
        }
    }
}

impl Worker {
    /// Has the SSH server listen for a data connection of the FTP server.
    pub(super) fn ask_forward(&mut self, key: Key, id: DataId) {
        if let Err(text) = self.start_forward(key, id) {
            self.forward_denied(key, id, &text);
        }
    }

    fn start_forward(&mut self, key: Key, id: DataId) -> Result<(), String> {
        let now = self.now;
        let Self { clients, sessions, .. } = self;
        let client = clients.get_mut(key.index()).filter(|c| c.key == key);
        let client = client.ok_or("the control connection is gone")?;
        let forward = client.route.as_ref().and_then(|route| route.filter.forward.as_ref());
        let bind = forward.ok_or("the filter does not forward")?.bind;
        let ftp = client.ftp.as_mut().ok_or("there is no dialogue")?;
        if ftp.forwards.len() >= MAX_FORWARDS {
            return Err(format!("{MAX_FORWARDS} transfers of this dialogue wait for theirs"));
        }
        let session_key = session_of(ftp).ok_or("there is no SSH session")?;
        let from = ftp.dialogue.sources();
        let session = sessions.get_mut(session_key.index()).filter(|s| s.key == session_key);
        let session = session.ok_or("the SSH session is gone")?;
        let forward = session.mux.forward(key, bind, from).map_err(|error| error.to_string())?;
        let until = now + session.profile.open_timeout;
        ftp.forwards.push(ForwardSlot { id, forward, port: None, until, is_overdue: false });
        self.watch_dialogue(key);
        self.mark_dirty(session_key);
        Ok(())
    }

    /// The transfer command goes to the FTP server: it may connect.
    pub(super) fn expect_server(&mut self, key: Key, id: DataId) {
        let now = self.now;
        let Self { clients, sessions, .. } = self;
        let Some(client) = clients.get_mut(key.index()).filter(|c| c.key == key) else { return };
        let (Some(ftp), Some(route)) = (&mut client.ftp, &client.route) else { return };
        let Some(session_key) = session_of(ftp) else { return };
        let Some(slot) = ftp.forwards.iter_mut().find(|slot| slot.id == id) else { return };
        slot.until = now + route.filter.data_timeout;
        let session = sessions.get_mut(session_key.index()).filter(|s| s.key == session_key);
        if let Some(session) = session {
            session.mux.expect(slot.forward);
        }
        self.watch_dialogue(key);
    }

    /// The transfer has begun, and no connection has come for it: one that came before it may be the
    /// FTP server's. Some connect with the PORT.
    pub(super) fn admit_server(&mut self, key: Key, id: DataId) {
        let Some(ftp) = self.dialogue_of(key) else { return };
        let Some(session_key) = session_of(ftp) else { return };
        let Some(slot) = ftp.forwards.iter().find(|slot| slot.id == id) else { return };
        let forward = slot.forward;
        let Some(session) = self.session(session_key) else { return };
        if let Some((channel, origin)) = session.mux.admit(forward) {
            let connected = Connected { forward, owner: key, channel, origin, parked: None };
            self.server_connected(session_key, &connected);
        }
    }

    /// The FTP server has said that the transfer is complete: its connection, if there is one, has
    /// been reported by now, or is about to be.
    pub(super) fn hurry_server(&mut self, key: Key, id: DataId) {
        let until = self.now + OVERDUE;
        let Some(ftp) = self.dialogue_of(key) else { return };
        if let Some(slot) = ftp.forwards.iter_mut().find(|slot| slot.id == id) {
            slot.until = slot.until.min(until);
            slot.is_overdue = true;
        }
        self.watch_dialogue(key);
    }

    /// The SSH server has said something about a forward.
    pub(super) fn forward_news(&mut self, session_key: Key, news: News) {
        match news {
            News::Listening(forward, key, port) => {
                self.forward_listening(session_key, forward, key, port);
            }
            News::Refused(forward, key) => {
                if let Some(slot) = self.take_slot(key, forward) {
                    let text = "remote forwarding is refused (AllowTcpForwarding, PermitListen)";
                    self.forward_denied(key, slot.id, text);
                }
            }
            News::Connected(connected) => self.server_connected(session_key, &connected),
            News::TurnedAway(stranger) => self.stranger(session_key, &stranger),
            News::Left(address, port) => {
                let Some(session) = self.session(session_key) else { return };
                say!(
                    FORWARD_LEFT,
                    session = session.number,
                    server = session.pool_key.server,
                    address = address,
                    port = port
                );
            }
        }
    }

    fn forward_listening(&mut self, session: Key, forward: ForwardId, key: Key, port: u16) {
        let now = self.now;
        let timeout = self
            .client(key)
            .and_then(|client| client.route.as_ref())
            .map(|route| route.filter.data_timeout);
        let slot = self
            .dialogue_of(key)
            .and_then(|ftp| ftp.forwards.iter_mut().find(|slot| slot.forward == forward));
        let (Some(slot), Some(timeout)) = (slot, timeout) else {
            self.cancel_forward(session, forward);
            return;
        };
        slot.port = Some(port);
        slot.until = now + timeout;
        let id = slot.id;
        self.watch_dialogue(key);
        self.dialogue_event(key, Event::Forwarded { id, port });
    }

    /// The FTP server's connection has come.
    fn server_connected(&mut self, session_key: Key, connected: &Connected) {
        let Connected { forward, owner: key, channel, origin, parked } = *connected;
        // Data may follow at once: it must not overtake the confirmation.
        let Some(session) = self.session(session_key) else { return };
        if let Err(error) = session.send_control() {
            self.session_lost(session_key, &error.to_string());
            return;
        }
        let slot = self.take_slot(key, forward);
        let (Some(slot), Some(ftp)) = (slot, self.dialogue_of(key)) else {
            if let Some(session) = self.session(session_key) {
                session.mux.close(channel);
            }
            self.mark_dirty(session_key);
            return;
        };
        let (id, port) = (slot.id, slot.port.unwrap_or(0));
        ftp.used_forward = Some((forward, id));
        ftp.slots.push(DataSlot::open(id, channel, Some(origin)));
        if let Some(parked) = parked {
            let parked = in_words(parked);
            self.say_stranger(
                key,
                parked,
                port.into(),
                &"it was too early, and another one came in time",
            );
        }
        self.watch_dialogue(key);
        self.dialogue_event(key, Event::DataOpened { id });
    }

    /// Somebody was not let in.
    fn stranger(&mut self, session_key: Key, stranger: &Stranger) {
        let Stranger { forward, port, origin, parked, refusal, given_up } = stranger;
        let known = forward.and_then(|(forward, key)| {
            let ftp = self.dialogue_of(key)?;
            let waits = ftp.forwards.iter().find(|slot| slot.forward == forward);
            let used = ftp.used_forward.filter(|(used, _)| *used == forward);
            let id = waits.map(|slot| slot.id).or(used.map(|(_, id)| id))?;
            Some((key, forward, id, used.is_some()))
        });
        let Some((key, forward, id, is_used)) = known else {
            let Some(session) = self.session(session_key) else { return };
            say!(
                FORWARD_ASTRAY,
                session = session.number,
                server = session.pool_key.server,
                origin = origin,
                port = port,
                reason = refusal
            );
            return;
        };
        if let Some(parked) = parked {
            self.say_stranger(key, in_words(*parked), *port, refusal);
        }
        self.say_stranger(key, origin, *port, refusal);
        if is_used {
            if *refusal == Refusal::TooLate {
                self.dialogue_event(key, Event::DataDisputed { id });
            }
        } else if *given_up || *refusal == Refusal::Full {
            self.take_slot(key, forward);
            self.cancel_forward(session_key, forward);
            self.watch_dialogue(key);
            let text = match refusal {
                Refusal::Full => refusal.to_string(),
                _ => "too many other connections came".into(),
            };
            self.dialogue_event(key, Event::DataFailed { id, text });
        }
    }

    fn say_stranger(&mut self, key: Key, origin: impl Display, port: u32, reason: &dyn Display) {
        let Some(client) = self.client(key) else { return };
        say!(
            FTP_STRANGER,
            id = client.number,
            client = client.peer,
            origin = origin,
            port = port,
            reason = reason
        );
    }

    /// Gives up what was waited for too long.
    pub(super) fn late_forwards(&mut self, key: Key) {
        let now = self.now;
        let Some(ftp) = self.dialogue_of(key) else { return };
        let Some(session_key) = session_of(ftp) else { return };
        while let Some(ftp) = self.dialogue_of(key) {
            let Some(position) = ftp.forwards.iter().position(|slot| slot.until <= now) else {
                return;
            };
            let slot = ftp.forwards.remove(position);
            self.cancel_forward(session_key, slot.forward);
            if slot.port.is_none() {
                let text = "the SSH server gave no answer about remote forwarding (OPENTIME)";
                self.forward_denied(key, slot.id, text);
                continue;
            }
            let text = match slot.is_overdue {
                true => "it says that the transfer is complete, but did not connect".into(),
                false => "it did not connect in time (DATATIME)".into(),
            };
            self.dialogue_event(key, Event::DataFailed { id: slot.id, text });
        }
    }

    /// The dialogue gives the forward of a data connection up.
    pub(super) fn drop_forward(&mut self, key: Key, id: DataId) {
        let Some(ftp) = self.dialogue_of(key) else { return };
        let Some(session_key) = session_of(ftp) else { return };
        if let Some(position) = ftp.forwards.iter().position(|slot| slot.id == id) {
            let slot = ftp.forwards.remove(position);
            self.cancel_forward(session_key, slot.forward);
            self.watch_dialogue(key);
        }
    }

    /// The control connection lets go of its session: its ports are given back.
    pub(super) fn drop_forwards(&mut self, key: Key) {
        let Some(ftp) = self.dialogue_of(key) else { return };
        let Some(session_key) = session_of(ftp) else { return };
        for slot in std::mem::take(&mut ftp.forwards) {
            self.cancel_forward(session_key, slot.forward);
        }
    }

    /// Who a BIND's second reply says has connected: the FTP server as the BIND named it, from the
    /// port of RFC 959. Where the server did connect it is that address, unless that means something
    /// on the SSH server's host only.
    pub(super) fn peer_for_bind(&mut self, link: DataLink, host: &Host) -> SocketAddr {
        let ftp = self.client(link.control.client).and_then(|control| control.ftp.as_ref());
        let slot = ftp.and_then(|ftp| ftp.slots.iter().find(|slot| slot.id == link.id));
        let peer = slot.and_then(|slot| slot.peer);
        let port = peer.map_or(FTP_DATA, |peer| peer.port());
        match (peer, host) {
            (Some(peer), _) if !peer.ip().is_loopback() => peer,
            (_, Host::Address(address)) => SocketAddr::new(*address, port),
            (_, Host::Name(_)) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)),
        }
    }

    fn cancel_forward(&mut self, session_key: Key, forward: ForwardId) {
        if let Some(session) = self.session(session_key) {
            session.mux.cancel_forward(forward);
        }
        self.mark_dirty(session_key);
    }

    /// There is no port: the operator and the dialogue hear why.
    fn forward_denied(&mut self, key: Key, id: DataId, text: &str) {
        let Some(client) = self.client(key) else { return };
        let Some(route) = &client.route else { return };
        let bind = route.filter.forward.as_ref().map(|forward| forward.bind.to_string());
        let server = route.seat.as_ref().map(|(pool_key, _)| pool_key.server.to_string());
        say!(
            FTP_FORWARD_DENIED,
            id = client.number,
            client = client.peer,
            server = server.unwrap_or_else(|| "-".into()),
            address = bind.unwrap_or_else(|| "-".into()),
            reason = text
        );
        self.dialogue_event(key, Event::ForwardFailed { id, text: text.to_owned() });
    }

    /// Takes out what a control connection waits for.
    fn take_slot(&mut self, key: Key, forward: ForwardId) -> Option<ForwardSlot> {
        let ftp = self.dialogue_of(key)?;
        let position = ftp.forwards.iter().position(|slot| slot.forward == forward)?;
        Some(ftp.forwards.remove(position))
    }

    fn dialogue_of(&mut self, key: Key) -> Option<&mut FtpControl> {
        self.client(key)?.ftp.as_deref_mut()
    }
}

/// The SSH session of a control connection.
fn session_of(ftp: &FtpControl) -> Option<Key> {
    ftp.link.as_ref().and_then(ControlLink::channel).map(|(session, _)| session)
}

/// Who connected, as messages have it.
fn in_words(origin: SocketAddr) -> String {
    format!("{} port {}", origin.ip(), origin.port())
}

/// Forwards of one dialogue at once, at most: one is prepared, others wait for their transfers'
/// connections.
const MAX_FORWARDS: usize = 4;

/// How long the 2xx of a transfer waits for the FTP server's connection. Both come through the same
/// SSH session, and the connection was made before the 2xx was said.
const OVERDUE: Duration = Duration::from_secs(10);

/// The port that an FTP server's active data connections come from (RFC 959).
const FTP_DATA: u16 = 20;
