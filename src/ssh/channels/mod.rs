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
//! - Every queue is bounded: each channel has at most one OPEN, one WINDOW_ADJUST, one EOF and one
//!   CLOSE waiting, the session at most one keepalive and [`Limits::queued`] replies.
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
//! or credited.
//!
//! # Receive windows
//!
//! A channel starts with [`Limits::initial_window`]. When half of the window is used up and taken by
//! the client, an adjustment is queued; it carries all that is due when it leaves. The window doubles
//! with it, up to [`Limits::max_window`], if the client has taken everything by then, the channel
//! has carried more than two windows, the path needs it, and session and process have room (`growth`).
//! Extended data counts as taken at once.

mod channel;
mod error;
mod event;
mod growth;
mod mux;
mod outbox;
mod table;
mod window;
mod wire;

#[cfg(test)]
mod tests;

pub use channel::{ChannelView, Input, Output};
pub use error::{OpenError, ProtocolError};
pub use event::{Event, OpenFailure};
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
}
