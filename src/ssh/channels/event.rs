//! What a [`Mux`](super::Mux) tells the engine.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use super::ChannelId;
use super::forward::{ForwardId, Refusal};

/// The meaning of one packet; `T` is the owner of the channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'p, T> {
    /// Nothing for anybody outside.
    Nothing,
    /// The server has reached the target; data may flow.
    Opened {
        /// The channel.
        id: ChannelId,
        /// Its owner.
        owner: T,
    },
    /// The server has refused; the id is dead.
    OpenFailed {
        /// The id, for the last time.
        id: ChannelId,
        /// The owner the channel had.
        owner: T,
        /// Why.
        reason: OpenFailure,
        /// The server's words, up to 256 bytes, cut before anything that is not UTF-8.
        description: &'p str,
    },
    /// Data from the target; to be credited with `consumed`.
    Data {
        /// The channel.
        id: ChannelId,
        /// Its owner.
        owner: T,
        /// At most [`Limits::max_packet`](super::Limits::max_packet) bytes, never empty.
        data: &'p [u8],
    },
    /// The target has finished sending; our direction stays open.
    Eof {
        /// The channel.
        id: ChannelId,
        /// Its owner.
        owner: T,
    },
    /// The server has closed the channel; the id is dead. Our CLOSE goes out by itself.
    Closed {
        /// The id, for the last time.
        id: ChannelId,
        /// The owner the channel had.
        owner: T,
        /// Whether EOF came first; if not, the data may be cut short.
        eof: bool,
    },
    /// [`Mux::send_room`](super::Mux::send_room) was 0 for want of window and is no longer.
    WindowOpened {
        /// The channel.
        id: ChannelId,
        /// Its owner.
        owner: T,
    },
    /// The answer to a keepalive.
    Pong,
    /// Something about a remote forward.
    Forward(ForwardEvent<'p, T>),
}

/// What a [`Mux`](super::Mux) tells of remote forwards; `T` is the owner of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardEvent<'p, T> {
    /// The server listens.
    Listening {
        /// The forward.
        id: ForwardId,
        /// Its owner.
        owner: T,
        /// The port that the server chose.
        port: u16,
    },
    /// The server does not listen; the id is dead.
    Refused {
        /// The id, for the last time.
        id: ForwardId,
        /// The owner the forward had.
        owner: T,
    },
    /// The connection that was expected: the forward's id is dead, its owner owns the channel.
    Connected {
        /// The channel. Data may be sent once what [`Mux::next_packet`](super::Mux::next_packet)
        /// has was handed out.
        id: ChannelId,
        /// The forward, for the last time.
        forward: ForwardId,
        /// The owner it had.
        owner: T,
        /// Who connected, as the server sees it.
        origin: SocketAddr,
        /// Who had come too early, and was turned away for it.
        parked: Option<SocketAddr>,
    },
    /// A connection to a forwarded port was refused.
    TurnedAway {
        /// The forward and its owner, if it is one of ours; the owner may be gone.
        forward: Option<(ForwardId, T)>,
        /// The port that was connected.
        port: u32,
        /// Who connected, in the server's words: up to 256 bytes, cut before anything that is not
        /// UTF-8.
        origin: &'p str,
        /// The port it connected from.
        origin_port: u32,
        /// Why.
        refusal: Refusal,
        /// Who had come too early, and was turned away with it.
        parked: Option<SocketAddr>,
        /// There were too many: the forward was given up, and its id is dead.
        given_up: bool,
    },
    /// The server did not stop to listen when it was told to.
    Left {
        /// Address as it was asked for.
        address: IpAddr,
        /// The port.
        port: u16,
    },
}

/// Why the server did not open a channel (RFC 4254 section 5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenFailure {
    /// 1: the server does not allow it.
    AdministrativelyProhibited,
    /// 2: the target did not answer or refused.
    ConnectFailed,
    /// 3: the server does not know direct-tcpip.
    UnknownChannelType,
    /// 4: the server is short of something.
    ResourceShortage,
    /// Any other code.
    Other(u32),
}

impl OpenFailure {
    /// The code on the wire.
    pub fn code(self) -> u32 {
        match self {
            Self::AdministrativelyProhibited => 1,
            Self::ConnectFailed => 2,
            Self::UnknownChannelType => 3,
            Self::ResourceShortage => 4,
            Self::Other(code) => code,
        }
    }

    /// From the code on the wire.
    pub(super) fn from_code(code: u32) -> Self {
        match code {
            1 => Self::AdministrativelyProhibited,
            2 => Self::ConnectFailed,
            3 => Self::UnknownChannelType,
            4 => Self::ResourceShortage,
            other => Self::Other(other),
        }
    }
}

impl fmt::Display for OpenFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AdministrativelyProhibited => f.write_str("administratively prohibited"),
            Self::ConnectFailed => f.write_str("connect failed"),
            Self::UnknownChannelType => f.write_str("unknown channel type"),
            Self::ResourceShortage => f.write_str("resource shortage"),
            Self::Other(code) => write!(f, "reason {code}"),
        }
    }
}
