//! The multiplexer's part in remote forwards (RFC 4254 section 7): asking for them, taking the
//! connections that come, giving them back.

use std::net::{IpAddr, SocketAddr};

use super::ChannelId;
use super::channel::{Channel, Input};
use super::error::{ForwardError, ProtocolError};
use super::event::{Event, ForwardEvent, OpenFailure};
use super::forward::{ForwardId, MAX_TURNED_AWAY, Refusal, State, Verdict};
use super::mux::{Mux, text};
use super::outbox::{Entry, Reply};
use super::requests::Request;
use super::wire::{self, ControlPacket, Forwarded};
use crate::config::rules::AddressSet;

impl<T: Copy> Mux<T> {
    /// Asks the server to listen at `address`, on a port of its choice. The answer comes as
    /// [`ForwardEvent::Listening`] or [`ForwardEvent::Refused`].
    pub fn forward(&mut self, owner: T, address: IpAddr) -> Result<ForwardId, ForwardError> {
        if self.forwards.len() >= self.limits.forwards {
            return Err(ForwardError::Full { forwards: self.limits.forwards });
        }
        let id = self.forwards.insert(owner, address);
        log::trace!("forward {id}: asking for a port at {address}");
        self.outbox.push(Entry::Forward(id));
        Ok(id)
    }

    /// Lets one connection in that comes from one of these addresses ([`ForwardEvent::Connected`]).
    /// Ignored unless the server listens for the forward.
    pub fn expect(&mut self, id: ForwardId, from: AddressSet) {
        if let Some(forward) = self.forwards.get_mut(id) {
            forward.expect(from);
        }
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
        connection: &Forwarded<'p>,
        sender: u32,
        window: u32,
        max_packet: u32,
    ) -> Result<Event<'p, T>, ProtocolError> {
        let (forward, owner, address) = match self.forwards.judge(connection) {
            Verdict::Refuse(forward, refusal) => {
                return self.turn_away(forward, connection, sender, refusal);
            }
            Verdict::Accept(forward, owner, _) if self.channels.len() >= self.limits.channels => {
                return self.turn_away(Some((forward, owner)), connection, sender, Refusal::Full);
            }
            Verdict::Accept(forward, owner, address) => (forward, owner, address),
        };
        let limits = self.limits;
        let id = self.channels.insert(|id| Channel::accepted(id, owner, &limits, sender));
        if max_packet == 0 {
            return Err(ProtocolError::NoPacketSize { channel: id });
        }
        log::trace!("channel {id}: accepted for forward {forward}");
        self.owned += 1;
        self.outbox.push(Entry::Confirm { id, window, max_packet });
        // It was for one connection.
        self.cancel_forward(forward);
        if let Some(forward) = self.forwards.get_mut(forward) {
            forward.is_used = true;
        }
        let port = u16::try_from(connection.origin_port).unwrap_or(0);
        let origin = SocketAddr::new(address, port);
        Ok(Event::Forward(ForwardEvent::Connected { id, forward, owner, origin }))
    }

    /// Refuses a connection. A forward to which too many strangers come is given up; of those that
    /// come to no forward only the first few are told.
    fn turn_away<'p>(
        &mut self,
        forward: Option<(ForwardId, T)>,
        connection: &Forwarded<'p>,
        sender: u32,
        refusal: Refusal,
    ) -> Result<Event<'p, T>, ProtocolError> {
        let reason = match refusal {
            Refusal::Full => OpenFailure::ResourceShortage,
            _ => OpenFailure::AdministrativelyProhibited,
        };
        self.refuse_open(sender, reason, "not expected")?;
        let mut given_up = false;
        if let Some(found) = forward.and_then(|(id, _)| self.forwards.get_mut(id)) {
            let is_live = matches!(found.state(), State::Listening | State::Expecting);
            let (id, goes_on) = (found.id, found.turn_away());
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
            port: connection.port,
            origin: text(connection.origin),
            origin_port: connection.origin_port,
            refusal,
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
