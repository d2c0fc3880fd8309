//! The multiplexer's part in remote forwards (RFC 4254 section 7): asking for them, taking the
//! connections that come, giving them back.

use std::net::{IpAddr, SocketAddr};

use super::ChannelId;
use super::channel::{Channel, Input};
use super::error::{ForwardError, ProtocolError};
use super::event::{Event, ForwardEvent, OpenFailure};
use super::forward::{Connection, Early, ForwardId, MAX_TURNED_AWAY, Refusal, State, Verdict};
use super::mux::{Mux, text};
use super::outbox::{Entry, Reply};
use super::requests::Request;
use super::wire::{self, ControlPacket, Forwarded};
use crate::config::rules::AddressSet;

impl<T: Copy> Mux<T> {
    /// Asks the server to listen at `address`, on a port of its choice, for one connection from one of
    /// the addresses `from`. The answer comes as [`ForwardEvent::Listening`] or
    /// [`ForwardEvent::Refused`].
    pub fn forward(
        &mut self,
        owner: T,
        address: IpAddr,
        from: AddressSet,
    ) -> Result<ForwardId, ForwardError> {
        if self.forwards.len() >= self.limits.forwards {
            return Err(ForwardError::Full { forwards: self.limits.forwards });
        }
        let id = self.forwards.insert(owner, address, from);
        log::trace!("forward {id}: asking for a port at {address}");
        self.outbox.push(Entry::Forward(id));
        Ok(id)
    }

    /// Lets the next connection in ([`ForwardEvent::Connected`]). Ignored unless the server listens
    /// for the forward.
    pub fn expect(&mut self, id: ForwardId) {
        let Some(forward) = self.forwards.get_mut(id) else { return };
        if forward.state() == State::Listening {
            forward.set_state(State::Expecting);
        }
    }

    /// Lets the one connection in that came before any was expected. None: there is none, or more than
    /// one; the next one is still let in.
    pub fn admit(&mut self, id: ForwardId) -> Option<(ChannelId, SocketAddr)> {
        let forward = self.forwards.get_mut(id).filter(|f| f.state() == State::Expecting)?;
        let owner = forward.owner;
        if self.channels.len() >= self.limits.channels {
            return None;
        }
        let connection = forward.unpark(Early::None)?;
        Some((self.accept(id, owner, connection), connection.origin))
    }

    /// The owner has no use for the forward any more, in whatever state; it will hear no more of it.
    /// A server that listens, or will, is told to stop.
    pub fn cancel_forward(&mut self, id: ForwardId) {
        let Some(forward) = self.forwards.get_mut(id) else { return };
        match forward.state() {
            State::RequestQueued => forward.set_state(State::Withdrawn),
            State::Requested => forward.set_state(State::Abandoned),
            State::Listening | State::Expecting => {
                forward.set_state(State::CancelQueued);
                if let Some(parked) = forward.unpark(Early::Contested) {
                    self.outbox.push(Entry::RefuseParked(parked.sender));
                }
                self.outbox.push(Entry::CancelForward(id));
            }
            State::Withdrawn | State::Abandoned | State::CancelQueued | State::CancelSent => {}
        }
    }

    /// Forwards that count towards [`Limits::forwards`](super::Limits::forwards): also those whose end
    /// the server has not confirmed.
    pub fn forwards_in_use(&self) -> usize {
        self.forwards.len()
    }

    /// The server's answer to our oldest global request; the fields of a success.
    pub(super) fn on_request_reply<'p>(
        &mut self,
        success: Option<&'p [u8]>,
    ) -> Result<Event<'p, T>, ProtocolError> {
        match self.requests.pop() {
            Some(Request::Keepalive) => Ok(Event::Pong),
            Some(Request::Forward(id)) => self.forward_answered(id, success),
            Some(Request::Cancel(id)) => Ok(self.cancel_answered(id, success.is_some())),
            None => {
                log::trace!("reply to a global request that was not made");
                Ok(Event::Nothing)
            }
        }
    }

    fn forward_answered<'p>(
        &mut self,
        id: ForwardId,
        success: Option<&'p [u8]>,
    ) -> Result<Event<'p, T>, ProtocolError> {
        let Some(forward) = self.forwards.get_mut(id) else { return Ok(Event::Nothing) };
        let owner = forward.owner;
        let is_abandoned = forward.state() == State::Abandoned;
        let Some(fields) = success else {
            self.forwards.remove(id);
            let refused = ForwardEvent::Refused { id, owner };
            return Ok(if is_abandoned { Event::Nothing } else { Event::Forward(refused) });
        };
        let port = wire::chosen_port(fields)?;
        forward.port = port;
        if is_abandoned {
            forward.set_state(State::CancelQueued);
            self.outbox.push(Entry::CancelForward(id));
            return Ok(Event::Nothing);
        }
        forward.set_state(State::Listening);
        Ok(Event::Forward(ForwardEvent::Listening { id, owner, port }))
    }

    fn cancel_answered<'p>(&mut self, id: ForwardId, done: bool) -> Event<'p, T> {
        let Some(forward) = self.forwards.get_mut(id) else { return Event::Nothing };
        let (address, port) = (forward.address, forward.port);
        self.forwards.remove(id);
        if done { Event::Nothing } else { Event::Forward(ForwardEvent::Left { address, port }) }
    }

    /// A connection to a port that the server listens on for us.
    pub(super) fn on_forwarded<'p>(
        &mut self,
        reported: &Forwarded<'p>,
        sender: u32,
        window: u32,
        max_packet: u32,
    ) -> Result<Event<'p, T>, ProtocolError> {
        if max_packet == 0 {
            return Err(ProtocolError::Malformed { message: wire::CHANNEL_OPEN });
        }
        let port = u16::try_from(reported.origin_port).unwrap_or(0);
        let from = |address| Connection {
            sender,
            window,
            max_packet,
            origin: SocketAddr::new(address, port),
        };
        match self.forwards.judge(reported) {
            Verdict::Refuse(forward, refusal) => {
                self.turn_away(forward, None, reported, sender, refusal)
            }
            Verdict::Park(forward, owner, address) => {
                let connection = from(address);
                let found = self.forwards.get_mut(forward);
                if found.is_none_or(|found| found.park(connection)) {
                    log::trace!("forward {forward}: parking {}", connection.origin);
                    return Ok(Event::Nothing);
                }
                let parked = self.refuse_parked(forward);
                let forward = Some((forward, owner));
                self.turn_away(forward, parked, reported, sender, Refusal::Contested)
            }
            Verdict::Accept(forward, owner, _) if self.channels.len() >= self.limits.channels => {
                self.turn_away(Some((forward, owner)), None, reported, sender, Refusal::Full)
            }
            Verdict::Accept(forward, owner, address) => {
                let connection = from(address);
                let parked = self.refuse_parked(forward);
                let id = self.accept(forward, owner, connection);
                let origin = connection.origin;
                Ok(Event::Forward(ForwardEvent::Connected { id, forward, owner, origin, parked }))
            }
        }
    }

    /// Makes a channel of a connection. The forward was for this one only.
    fn accept(&mut self, forward: ForwardId, owner: T, connection: Connection) -> ChannelId {
        let Connection { sender, window, max_packet, .. } = connection;
        let limits = self.limits;
        let id = self.channels.insert(|id| Channel::accepted(id, owner, &limits, sender));
        log::trace!("channel {id}: accepted for forward {forward}");
        self.owned += 1;
        self.outbox.push(Entry::Confirm { id, window, max_packet });
        self.cancel_forward(forward);
        if let Some(forward) = self.forwards.get_mut(forward) {
            forward.is_used = true;
        }
        id
    }

    /// Refuses the parked connection of a forward, and any that comes too early from now on.
    fn refuse_parked(&mut self, forward: ForwardId) -> Option<SocketAddr> {
        let parked = self.forwards.get_mut(forward)?.unpark(Early::Contested)?;
        self.outbox.push(Entry::RefuseParked(parked.sender));
        Some(parked.origin)
    }

    /// Refuses a connection. A forward to which too many strangers come is given up; of those that
    /// come to no forward only the first few are told.
    fn turn_away<'p>(
        &mut self,
        forward: Option<(ForwardId, T)>,
        parked: Option<SocketAddr>,
        reported: &Forwarded<'p>,
        sender: u32,
        refusal: Refusal,
    ) -> Result<Event<'p, T>, ProtocolError> {
        let reason = match refusal {
            Refusal::Full => OpenFailure::ResourceShortage,
            _ => OpenFailure::AdministrativelyProhibited,
        };
        self.refuse_open(sender, reason, NOT_EXPECTED)?;
        let mut given_up = false;
        if let Some(found) = forward.and_then(|(id, _)| self.forwards.get_mut(id)) {
            let (id, is_live, goes_on) = (found.id, found.is_live(), found.turn_away());
            given_up = is_live && !goes_on;
            if given_up {
                self.cancel_forward(id);
            } else if !goes_on {
                return Ok(Event::Nothing);
            }
        } else {
            self.astray = self.astray.saturating_add(1);
            if self.astray > MAX_TURNED_AWAY {
                return Ok(Event::Nothing);
            }
        }
        Ok(Event::Forward(ForwardEvent::TurnedAway {
            forward,
            port: reported.port,
            origin: text(reported.origin),
            origin_port: reported.origin_port,
            refusal,
            parked,
            given_up,
        }))
    }

    /// Answers a CHANNEL_OPEN of the server with a refusal.
    pub(super) fn refuse_open(
        &mut self,
        sender: u32,
        reason: OpenFailure,
        words: &'static str,
    ) -> Result<(), ProtocolError> {
        self.outbox.reply(Reply::OpenRefusal(sender, reason, words))
    }

    /// tcpip-forward leaves, unless the owner gave it up.
    pub(super) fn take_forward(&mut self, id: ForwardId) -> Option<ControlPacket> {
        let forward = self.forwards.get_mut(id)?;
        if forward.state() == State::Withdrawn {
            self.forwards.remove(id);
            return None;
        }
        forward.set_state(State::Requested);
        self.requests.push(Request::Forward(id));
        Some(ControlPacket::tcpip_forward(forward.address))
    }

    /// cancel-tcpip-forward leaves.
    pub(super) fn take_cancel(&mut self, id: ForwardId) -> Option<ControlPacket> {
        let forward = self.forwards.get_mut(id)?;
        forward.set_state(State::CancelSent);
        self.requests.push(Request::Cancel(id));
        Some(ControlPacket::cancel_tcpip_forward(forward.address, forward.port))
    }

    /// Our confirmation leaves: from now on both sides may send. A CLOSE of ours stands behind it.
    pub(super) fn take_confirmation(
        &mut self,
        id: ChannelId,
        window: u32,
        max_packet: u32,
    ) -> Option<ControlPacket> {
        let most = self.limits.max_packet;
        let channel = self.channels.get_mut(id)?;
        channel.confirm(channel.peer, window, max_packet);
        channel.set_input(Input::Open);
        let receive = channel.receive.open();
        Some(ControlPacket::open_confirmation(channel.peer, id.number(), receive, most))
    }
}

/// What a server is told of a connection that is refused.
pub(super) const NOT_EXPECTED: &str = "not expected";
