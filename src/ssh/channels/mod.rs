//! The connection protocol (RFC 4254), client side, pure: packets in, events and packets out.
//!
//! One [`Mux`] holds the channels of one SSH session. The engine feeds it every decrypted packet
//! with message number 80 to 82 and 90 to 100, acts on the [`Event`] it gets, and sends what
//! [`Mux::next_packet`] hands out. There is no socket, no clock and no libssh2 in here.
//!
//! Invariants:
//!
//! - A channel is two half-machines, [`Input`] (what the server may send) and [`Output`] (what we
//!   may send). Events move them, through one function each; nothing else does.
//! - A number is free again only when its CLOSE was received and ours was handed out (or the server
//!   refused the open, or the open never left), so a packet never reaches the wrong channel. A
//!   [`ChannelId`] of a freed channel is recognised and ignored, also when its number is in use again.
//! - A freed channel has nothing in the queue: CLOSE is the last packet of a channel.
//! - What the server may send us is never more than the windows handed out: see below for how they
//!   grow.
//! - Every queue is bounded: each channel has at most one OPEN or OPEN_CONFIRMATION, one
//!   WINDOW_ADJUST, one EOF and one CLOSE waiting, each forward one request at a time, the session at
//!   most one keepalive and [`Limits::queued`] replies.
//! - Channels that the server opens are refused, but for the one connection of a forward that expects
//!   it from there.
//! - A data packet costs no allocation: the event borrows from the packet, the channel is found by
//!   its index.
//!
//! The owner of a channel hears of it from `open_direct_tcpip` on until it is told
//! [`Event::OpenFailed`] or [`Event::Closed`], or calls [`Mux::close`] itself: exactly one of the
//! three ends it, and nothing is told afterwards. The owner closes when both sides have sent EOF.
//!
//! # States and events
//!
//! *error* is a [`ProtocolError`], after which the session has to end; *freed* ends the channel; a
//! dash means that nothing happens or that it cannot occur. Numbers are SSH message numbers.
//!
//! Input, the server's half:
//!
//! | event | Waiting | Open | Eof | Closed |
//! |---|---|---|---|---|
//! | 91 OPEN_CONFIRMATION | Open | error | error | error |
//! | ours handed out | Open | - | - | - |
//! | 92 OPEN_FAILURE | freed | error | error | error |
//! | 93 WINDOW_ADJUST | error | more to send | more to send | error |
//! | 94 DATA | error | to the owner | error | error |
//! | 95 EXTENDED_DATA | error | dropped, credited | error | error |
//! | 96 EOF | error | Eof | - | error |
//! | 97 CLOSE | error | Closed | Closed | error |
//! | 98 REQUEST | error | FAILURE if wanted | FAILURE if wanted | error |
//! | 99 SUCCESS, 100 FAILURE | error | - | - | error |
//!
//! Output, our half:
//!
//! | event | OpenQueued | Withdrawn | OpenSent | Abandoned | Open | Eof | CloseQueued | CloseSent |
//! |---|---|---|---|---|---|---|---|---|
//! | OPEN handed out | OpenSent | freed, not sent | - | - | - | - | - | - |
//! | 91 OPEN_CONFIRMATION | error | error | Open, told Opened | CloseQueued | error | error | error | error |
//! | 92 OPEN_FAILURE | error | error | freed, told OpenFailed | freed | error | error | error | error |
//! | 97 CLOSE | error | error | error | error | CloseQueued, told Closed | CloseQueued, told Closed | - | freed |
//! | `send_eof` | - | - | - | - | Eof | - | - | - |
//! | `close` | Withdrawn | - | Abandoned | - | CloseQueued | CloseQueued | - | - |
//! | CLOSE handed out | - | - | - | - | - | - | CloseSent; freed if Input is Closed | - |
//!
//! From CloseQueued on, what still arrives is checked as before, but dropped and no longer answered
//! or credited. A channel that the server opens begins as Waiting and Open; until our confirmation is
//! handed out its windows are shut both ways.
//!
//! # Remote forwards
//!
//! A forward is a port on which the server listens for us (RFC 4254 section 7.1), chosen by it, for
//! one connection. The server answers global requests in their order, keepalives among them.
//!
//! | event | RequestQueued | Withdrawn | Requested | Abandoned | Listening | Expecting | CancelQueued | CancelSent |
//! |---|---|---|---|---|---|---|---|---|
//! | tcpip-forward handed out | Requested | freed, not sent | - | - | - | - | - | - |
//! | 81 SUCCESS to it | - | - | Listening, told | CancelQueued | - | - | - | - |
//! | 82 FAILURE to it | - | - | freed, told | freed | - | - | - | - |
//! | `expect` | - | - | - | - | Expecting | - | - | - |
//! | 90 OPEN from an expected address | - | - | - | - | parked; the second: both refused, told | CancelQueued, told Connected; the parked one refused | refused, told | refused, told |
//! | 90 OPEN from another address | - | - | - | - | refused, told | refused, told | refused, told | refused, told |
//! | `admit`, one parked | - | - | - | - | - | CancelQueued, the parked one is the channel | - | - |
//! | the 16th refused | - | - | - | - | CancelQueued, told | CancelQueued, told | - | - |
//! | `cancel_forward` | Withdrawn | - | Abandoned | - | CancelQueued, the parked one refused | CancelQueued, the parked one refused | - | - |
//! | cancel-tcpip-forward handed out | - | - | - | - | - | - | CancelSent | - |
//! | 81 SUCCESS, 82 FAILURE to it | - | - | - | - | - | - | - | freed; FAILURE is told |
//!
//! A parked open has no answer yet: the server reads nothing from its connection. The owner of a
//! forward hears of it until it is told Refused, Connected or that it was given up, has one admitted,
//! or calls [`Mux::cancel_forward`]. Of a connection refused later it is told for the log only. A port
//! that is no forward of ours is refused, and told 16 times in a session. A SUCCESS without a port is an
//! error: nobody could give that port back.
//!
//! # Receive windows
//!
//! A channel starts with [`Limits::initial_window`]. When half of the window, or a mebibyte of a large
//! one, is used up and taken by the client, an adjustment is queued; it carries all that is due when it
//! leaves. Once for each half the window may double with it, up to [`Limits::max_window`], if the client
//! has taken everything by then, the channel has carried a whole window, the path needs it, and session
//! and process have room (`growth`). Extended data counts as taken at once.

mod channel;
mod error;
mod event;
mod forward;
mod forwarding;
mod growth;
mod mux;
mod outbox;
mod requests;
mod table;
mod window;
mod wire;

#[cfg(test)]
mod tests;

pub use channel::{ChannelView, Input, Output};
pub use error::{ForwardError, OpenError, ProtocolError};
pub use event::{Event, ForwardEvent, OpenFailure};
pub use forward::{ForwardId, Refusal};
pub use growth::Reserve;
pub use mux::Mux;
pub use wire::ControlPacket;

use std::fmt;

/// Our channel numbers start here, clear of those libssh2 gives to its own channels.
const FIRST_NUMBER: u32 = 0x4000_0000;

/// Most channels one session can have: numbers up to 0x7fff_ffff.
const MAX_CHANNELS: usize = 0x4000_0000;

/// Largest piece of data in one packet we send, in bytes.
const MAX_CHUNK: u32 = 32_768;

/// Names one channel of one [`Mux`].
///
/// Holds the number that is on the wire and a serial number that is not: when a number is used
/// again, the old id does not name the new channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChannelId {
    index: u32,
    serial: u32,
}

impl ChannelId {
    /// Our channel number as the server sees it.
    pub fn number(self) -> u32 {
        FIRST_NUMBER + self.index
    }
}

/// The number without its base: 0 is the session's first channel.
impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.index.fmt(f)
    }
}

/// Bounds of one session.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Most channels at once, those that are still closing included.
    pub channels: usize,
    /// Receive window of a new channel, in bytes; not more than `max_window` is used.
    pub initial_window: u32,
    /// Largest receive window of one channel, in bytes.
    pub max_window: u32,
    /// Most bytes by which the receive windows of all channels together may have grown.
    pub growth: u32,
    /// Most bytes of data in one packet from the server.
    pub max_packet: u32,
    /// Most replies to the server's requests that may wait to be sent.
    pub queued: usize,
    /// Most remote forwards at once, those whose end the server has not confirmed included.
    pub forwards: usize,
}
