//! The multiplexer: all channels of one SSH session.
//!
//! Owned by the session in the engine, used by its one thread. See the [module](super) for the
//! states and the rules; what concerns remote forwards is in `forwarding`.
//!
//! What the caller keeps: packets leave in the order in which they were handed out, whether as
//! [`ControlPacket`] or as a [`data_header`](Mux::data_header) with its data; one that the transport
//! does not take yet is sent before anything handed out later. After a [`ProtocolError`] the session
//! is ended and the `Mux` dropped.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use super::channel::{Channel, ChannelView, Input, Output};
use super::error::{OpenError, ProtocolError};
use super::event::{Event, OpenFailure};
use super::forward::Forwards;
use super::forwarding::NOT_EXPECTED;
use super::growth::{Growth, Reserve};
use super::outbox::{Entry, Outbox, Reply};
use super::requests::{Request, Requests};
use super::table::{Table, unexpected};
use super::wire::{self, ControlPacket, Message};
use super::{ChannelId, Limits, MAX_CHANNELS};
use crate::config::Target;

/// Longest description of a refused open that is passed on, in bytes.
const MAX_DESCRIPTION: usize = 256;

/// All channels of one SSH session; `T` names the owner of a channel.
#[derive(Debug)]
pub struct Mux<T> {
    pub(super) limits: Limits,
    pub(super) channels: Table<T>,
    pub(super) forwards: Forwards<T>,
    pub(super) outbox: Outbox,
    /// Our global requests that were handed out and have no answer.
    pub(super) requests: Requests,
    /// Connections to ports that are no forward of ours.
    pub(super) astray: u32,
    /// By how much receive windows may still grow.
    growth: Growth,
    /// Channels that have an owner.
    pub(super) owned: usize,
    /// Keepalives asked for since the last packet from the server.
    unanswered: u32,
    keepalive_queued: bool,
}

impl<T: Copy> Mux<T> {
    /// A session without channels, whose windows grow by what `reserve` has as well.
    pub fn with_reserve(limits: Limits, reserve: Arc<Reserve>) -> Self {
        Self { growth: Growth::new(limits.growth, Some(reserve)), ..Self::new(limits) }
    }

    /// A session without channels.
    pub fn new(limits: Limits) -> Self {
        let limits = Limits { channels: limits.channels.min(MAX_CHANNELS), ..limits };
        Self {
            channels: Table::new(),
            forwards: Forwards::new(),
            outbox: Outbox::new(limits.queued),
            requests: Requests::default(),
            astray: 0,
            growth: Growth::new(limits.growth, None),
            limits,
            owned: 0,
            unanswered: 0,
            keepalive_queued: false,
        }
    }

    /// Tells the time, for round trips; to be called before packets are given or taken.
    pub fn set_now(&mut self, now: Instant) {
        self.growth.set_now(now);
    }

    /// Asks the server for a connection to `target` (RFC 4254 section 7.2); `origin` is the
    /// client's address. The answer comes as [`Event::Opened`] or [`Event::OpenFailed`].
    pub fn open_direct_tcpip(
        &mut self,
        owner: T,
        target: &Target,
        origin: SocketAddr,
    ) -> Result<ChannelId, OpenError> {
        if self.channels.len() >= self.limits.channels {
            return Err(OpenError::Full { channels: self.limits.channels });
        }
        let limits = &self.limits;
        let mut window = 0;
        let id = self.channels.insert(|id| {
            let channel = Channel::new(id, owner, limits);
            window = channel.receive.open();
            channel
        });
        log::trace!("channel {id}: opening {target}");
        let packet = ControlPacket::open_direct_tcpip(
            id.number(),
            window,
            self.limits.max_packet,
            target,
            origin,
        );
        self.outbox.push(Entry::Open(id, packet));
        self.owned += 1;
        Ok(id)
    }

    /// Takes one decrypted packet: message number and fields, without padding.
    pub fn input<'p>(&mut self, packet: &'p [u8]) -> Result<Event<'p, T>, ProtocolError> {
        let message = wire::parse(packet)?;
        // Whatever comes shows that the server lives, even while its reply is stuck behind data.
        self.unanswered = 0;
        match message {
            Message::Data { recipient, data } => self.on_data(recipient, data),
            Message::ExtendedData { recipient, data } => self.on_extended_data(recipient, data),
            Message::WindowAdjust { recipient, bytes } => self.on_adjust(recipient, bytes),
            Message::Eof { recipient } => self.on_eof(recipient),
            Message::Close { recipient } => self.on_close(recipient),
            Message::OpenConfirmation { recipient, sender, window, max_packet } => {
                self.on_confirmation(recipient, sender, window, max_packet)
            }
            Message::OpenFailure { recipient, reason, description } => {
                self.on_open_failure(recipient, reason, description)
            }
            Message::ChannelRequest { recipient, name, want_reply } => {
                self.on_channel_request(recipient, name, want_reply)
            }
            Message::ChannelReply { recipient, message } => {
                // We never ask anything of a channel; a stray reply does no harm.
                self.channels.open_recipient(message, recipient)?;
                Ok(Event::Nothing)
            }
            Message::GlobalRequest { name, want_reply } => {
                log::trace!("global request {}", name.escape_ascii());
                if want_reply {
                    self.outbox.reply(Reply::RequestFailure)?;
                }
                Ok(Event::Nothing)
            }
            Message::RequestSuccess { fields } => self.on_request_reply(Some(fields)),
            Message::RequestFailure => self.on_request_reply(None),
            Message::Open { kind: b"forwarded-tcpip", sender, window, max_packet, fields } => {
                let connection = wire::forwarded(fields)?;
                self.on_forwarded(&connection, sender, window, max_packet)
            }
            Message::Open { kind, sender, .. } => {
                log::trace!("refusing a channel of type {}", kind.escape_ascii());
                self.refuse_open(sender, OpenFailure::AdministrativelyProhibited, "not requested")?;
                Ok(Event::Nothing)
            }
        }
    }

    /// The client took `bytes` of what [`Event::Data`] carried; queues a window adjustment when
    /// one is due. Ignored once the channel is closed.
    pub fn consumed(&mut self, id: ChannelId, bytes: usize) {
        if let Some(channel) = self.channels.get_mut(id) {
            credit(channel, &mut self.outbox, &mut self.growth, bytes);
        }
    }

    /// How many bytes the next data packet may carry; 0 unless the channel is open and neither
    /// [`send_eof`](Self::send_eof) nor a close came in between.
    pub fn send_room(&self, id: ChannelId) -> usize {
        match self.channels.get(id) {
            Some(channel) if channel.output() == Output::Open => channel.send.room(),
            _ => 0,
        }
    }

    /// How many bytes the channel's window lets through now, in as many packets as that takes; 0
    /// when [`send_room`](Self::send_room) is.
    pub fn window_room(&self, id: ChannelId) -> usize {
        match self.channels.get(id) {
            Some(channel) if channel.output() == Output::Open => channel.send.open() as usize,
            _ => 0,
        }
    }

    /// Accounts `length` bytes of data and returns what goes before them in their packet. None, and
    /// nothing is accounted, if `length` is 0 or more than [`send_room`](Self::send_room).
    pub fn data_header(&mut self, id: ChannelId, length: usize) -> Option<[u8; 9]> {
        let channel = self.channels.get_mut(id)?;
        if length == 0 || channel.output() != Output::Open {
            return None;
        }
        let length = channel.send.take(length)?;
        Some(wire::data_header(channel.peer, length))
    }

    /// The client has finished sending and all its data has been handed out. Ignored unless the
    /// channel is open: an EOF that comes before [`Event::Opened`] is the caller's to remember.
    pub fn send_eof(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(id) else {
            return;
        };
        if channel.output() == Output::Open {
            channel.set_output(Output::Eof);
            self.outbox.push(Entry::Eof(id));
        }
    }

    /// The owner is done with the channel, in whatever state; it will hear no more of it. While
    /// the open is unanswered this gives it up.
    pub fn close(&mut self, id: ChannelId) {
        let Some(channel) = self.channels.get_mut(id) else {
            return;
        };
        match channel.output() {
            Output::OpenQueued => channel.set_output(Output::Withdrawn),
            Output::OpenSent => channel.set_output(Output::Abandoned),
            Output::Open | Output::Eof => {
                channel.set_output(Output::CloseQueued);
                self.outbox.push(Entry::Close(id));
            }
            Output::Withdrawn | Output::Abandoned | Output::CloseQueued | Output::CloseSent => {
                return;
            }
        }
        self.owned -= 1;
    }

    /// Queues a global request that the server must answer ([`Event::Pong`]) and counts it. While
    /// an earlier one still waits to be sent it is only counted.
    pub fn keepalive(&mut self) {
        self.unanswered = self.unanswered.saturating_add(1);
        if !self.keepalive_queued {
            self.keepalive_queued = true;
            self.outbox.push(Entry::Keepalive);
        }
    }

    /// Keepalives asked for since the server was last heard of, by a reply or any other packet.
    pub fn unanswered_keepalives(&self) -> u32 {
        self.unanswered
    }

    /// The next control packet to send.
    pub fn next_packet(&mut self) -> Option<ControlPacket> {
        while let Some(entry) = self.outbox.pop() {
            let packet = match entry {
                Entry::Open(id, packet) => self.take_open(id, packet),
                Entry::Adjust(id) => self.take_adjust(id),
                Entry::Eof(id) => self.for_channel(wire::CHANNEL_EOF, id),
                Entry::Close(id) => self.take_close(id),
                Entry::Keepalive => {
                    self.keepalive_queued = false;
                    self.requests.push(Request::Keepalive);
                    Some(ControlPacket::keepalive())
                }
                Entry::Confirm { id, window, max_packet } => {
                    self.take_confirmation(id, window, max_packet)
                }
                Entry::Forward(id) => self.take_forward(id),
                Entry::CancelForward(id) => self.take_cancel(id),
                Entry::RefuseParked(sender) => {
                    let reason = OpenFailure::AdministrativelyProhibited.code();
                    Some(ControlPacket::open_refusal(sender, reason, NOT_EXPECTED))
                }
                Entry::Reply(Reply::ChannelFailure(peer)) => {
                    Some(ControlPacket::for_channel(wire::CHANNEL_FAILURE, peer))
                }
                Entry::Reply(Reply::RequestFailure) => Some(ControlPacket::request_failure()),
                Entry::Reply(Reply::OpenRefusal(sender, reason, words)) => {
                    Some(ControlPacket::open_refusal(sender, reason.code(), words))
                }
            };
            if packet.is_some() {
                return packet;
            }
        }
        None
    }

    /// Whose channel it is; None once it is closed.
    pub fn owner(&self, id: ChannelId) -> Option<T> {
        self.channels.get(id).filter(|channel| channel.owned()).map(|channel| channel.owner)
    }

    /// Gives the channel to another owner; ignored once it is closed.
    pub fn set_owner(&mut self, id: ChannelId, owner: T) {
        if let Some(channel) = self.channels.get_mut(id) {
            channel.owner = owner;
        }
    }

    /// Channels that have an owner: opening or open.
    pub fn open_channels(&self) -> usize {
        self.owned
    }

    /// The same apart, for displays: open ones, and those whose open is unanswered.
    pub fn counts(&self) -> (usize, usize) {
        let open = self.channels.iter().filter(|channel| channel.established()).count();
        (open, self.owned - open)
    }

    /// Channels that count towards [`Limits::channels`]: also those that wait for the server's
    /// CLOSE, or for the answer to an open that was given up.
    pub fn channels_in_use(&self) -> usize {
        self.channels.len()
    }

    /// All channels in use, for displays.
    pub fn channels(&self) -> impl Iterator<Item = ChannelView<T>> {
        self.channels.iter().map(Channel::view)
    }

    /// Entries in the queue.
    #[cfg(test)]
    pub(super) fn queued(&self) -> usize {
        self.outbox.len()
    }

    fn on_data<'p>(&mut self, number: u32, data: &'p [u8]) -> Result<Event<'p, T>, ProtocolError> {
        let max_packet = self.limits.max_packet;
        let channel = self.channels.open_recipient(wire::CHANNEL_DATA, number)?;
        receive(channel, wire::CHANNEL_DATA, max_packet, data)?;
        Ok(if channel.established() && !data.is_empty() {
            Event::Data { id: channel.id, owner: channel.owner, data }
        } else {
            Event::Nothing
        })
    }

    fn on_extended_data<'p>(
        &mut self,
        number: u32,
        data: &'p [u8],
    ) -> Result<Event<'p, T>, ProtocolError> {
        let max_packet = self.limits.max_packet;
        let channel = self.channels.open_recipient(wire::CHANNEL_EXTENDED_DATA, number)?;
        receive(channel, wire::CHANNEL_EXTENDED_DATA, max_packet, data)?;
        credit(channel, &mut self.outbox, &mut self.growth, data.len());
        Ok(Event::Nothing)
    }

    fn on_adjust<'p>(&mut self, number: u32, bytes: u32) -> Result<Event<'p, T>, ProtocolError> {
        let channel = self.channels.open_recipient(wire::CHANNEL_WINDOW_ADJUST, number)?;
        let window = channel.send.open();
        let opened = channel.send.adjust(bytes).ok_or(ProtocolError::WindowOverflow {
            channel: channel.id,
            window,
            adjustment: bytes,
        })?;
        Ok(if opened && channel.output() == Output::Open {
            Event::WindowOpened { id: channel.id, owner: channel.owner }
        } else {
            Event::Nothing
        })
    }

    fn on_eof<'p>(&mut self, number: u32) -> Result<Event<'p, T>, ProtocolError> {
        let channel = self.channels.open_recipient(wire::CHANNEL_EOF, number)?;
        if channel.input() == Input::Eof {
            return Ok(Event::Nothing);
        }
        channel.set_input(Input::Eof);
        Ok(if channel.established() {
            Event::Eof { id: channel.id, owner: channel.owner }
        } else {
            Event::Nothing
        })
    }

    fn on_close<'p>(&mut self, number: u32) -> Result<Event<'p, T>, ProtocolError> {
        let channel = self.channels.open_recipient(wire::CHANNEL_CLOSE, number)?;
        let (id, owner) = (channel.id, channel.owner);
        let eof = channel.input() == Input::Eof;
        channel.set_input(Input::Closed);
        if channel.established() {
            channel.set_output(Output::CloseQueued);
            self.outbox.push(Entry::Close(id));
            self.owned -= 1;
            return Ok(Event::Closed { id, owner, eof });
        }
        if channel.output() == Output::CloseSent {
            self.free(id);
        }
        Ok(Event::Nothing)
    }

    fn on_confirmation<'p>(
        &mut self,
        number: u32,
        sender: u32,
        window: u32,
        max_packet: u32,
    ) -> Result<Event<'p, T>, ProtocolError> {
        let message = wire::CHANNEL_OPEN_CONFIRMATION;
        let channel = self.channels.recipient(message, number)?;
        let (id, owner) = (channel.id, channel.owner);
        let abandoned = match channel.output() {
            Output::OpenSent => false,
            Output::Abandoned => true,
            _ => return Err(unexpected(message, channel)),
        };
        if max_packet == 0 {
            return Err(ProtocolError::NoPacketSize { channel: id });
        }
        self.growth.answered(channel.asked.take());
        channel.confirm(sender, window, max_packet);
        channel.set_input(Input::Open);
        if abandoned {
            channel.set_output(Output::CloseQueued);
            self.outbox.push(Entry::Close(id));
            return Ok(Event::Nothing);
        }
        channel.set_output(Output::Open);
        Ok(Event::Opened { id, owner })
    }

    fn on_open_failure<'p>(
        &mut self,
        number: u32,
        reason: u32,
        description: &'p [u8],
    ) -> Result<Event<'p, T>, ProtocolError> {
        let message = wire::CHANNEL_OPEN_FAILURE;
        let channel = self.channels.recipient(message, number)?;
        let (id, owner) = (channel.id, channel.owner);
        let abandoned = match channel.output() {
            Output::OpenSent => false,
            Output::Abandoned => true,
            _ => return Err(unexpected(message, channel)),
        };
        self.free(id);
        if abandoned {
            return Ok(Event::Nothing);
        }
        self.owned -= 1;
        let reason = OpenFailure::from_code(reason);
        Ok(Event::OpenFailed { id, owner, reason, description: text(description) })
    }

    fn on_channel_request<'p>(
        &mut self,
        number: u32,
        name: &[u8],
        want_reply: bool,
    ) -> Result<Event<'p, T>, ProtocolError> {
        let channel = self.channels.open_recipient(wire::CHANNEL_REQUEST, number)?;
        log::trace!("channel {}: request {}", channel.id, name.escape_ascii());
        if want_reply && channel.established() {
            self.outbox.reply(Reply::ChannelFailure(channel.peer))?;
        }
        Ok(Event::Nothing)
    }

    fn take_open(&mut self, id: ChannelId, packet: ControlPacket) -> Option<ControlPacket> {
        let channel = self.channels.get_mut(id)?;
        if channel.output() == Output::Withdrawn {
            self.free(id);
            return None;
        }
        channel.set_output(Output::OpenSent);
        channel.asked = self.growth.now();
        Some(packet)
    }

    fn take_adjust(&mut self, id: ChannelId) -> Option<ControlPacket> {
        let channel = self.channels.get_mut(id)?;
        if !channel.established() || channel.input() != Input::Open {
            return None;
        }
        let bytes = channel.receive.grant();
        Some(ControlPacket::window_adjust(channel.peer, bytes))
    }

    fn take_close(&mut self, id: ChannelId) -> Option<ControlPacket> {
        let packet = self.for_channel(wire::CHANNEL_CLOSE, id);
        let channel = self.channels.get_mut(id)?;
        channel.set_output(Output::CloseSent);
        if channel.input() == Input::Closed {
            self.free(id);
        }
        packet
    }

    /// Gives a channel's number back, and what its window had grown by.
    fn free(&mut self, id: ChannelId) {
        if let Some(channel) = self.channels.get(id) {
            self.growth.give(channel.receive.grown());
        }
        self.channels.remove(id);
    }

    fn for_channel(&self, message: u8, id: ChannelId) -> Option<ControlPacket> {
        self.channels.get(id).map(|channel| ControlPacket::for_channel(message, channel.peer))
    }
}

/// Checks and accounts data that came for a channel.
fn receive<T: Copy>(
    channel: &mut Channel<T>,
    message: u8,
    max_packet: u32,
    data: &[u8],
) -> Result<(), ProtocolError> {
    if channel.input() != Input::Open {
        return Err(unexpected(message, channel));
    }
    let bytes = data.len();
    if bytes > max_packet as usize {
        return Err(ProtocolError::PacketTooLarge {
            channel: channel.id,
            limit: max_packet,
            bytes,
        });
    }
    let window = channel.receive.open();
    if !channel.receive.receive(bytes) {
        return Err(ProtocolError::WindowExceeded { channel: channel.id, window, bytes });
    }
    Ok(())
}

/// Accounts data that was taken or dropped, and has the window adjusted when that is due.
fn credit<T: Copy>(
    channel: &mut Channel<T>,
    outbox: &mut Outbox,
    growth: &mut Growth,
    bytes: usize,
) {
    // Past EOF or CLOSE there is nothing to make room for.
    if channel.established()
        && channel.receive.consume(bytes, growth)
        && channel.input() == Input::Open
    {
        outbox.push(Entry::Adjust(channel.id));
    }
}

/// The part of a server's text that is UTF-8, up to [`MAX_DESCRIPTION`] bytes.
pub(super) fn text(bytes: &[u8]) -> &str {
    let bytes = &bytes[..bytes.len().min(MAX_DESCRIPTION)];
    bytes.utf8_chunks().next().map_or("", |chunk| chunk.valid())
}
