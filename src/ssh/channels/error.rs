//! What can go wrong in the connection protocol.

use std::fmt;

use super::ChannelId;

/// The server broke RFC 4254; the session cannot go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolError {
    /// A message that ends too early or too late, or has no bytes at all (number 0).
    Malformed {
        /// Message number.
        message: u8,
    },
    /// A message number outside the connection protocol.
    NotConnection {
        /// Message number.
        message: u8,
    },
    /// A channel number that is not in use.
    UnknownChannel {
        /// Message number.
        message: u8,
        /// Channel number as received.
        number: u32,
    },
    /// A message that the channel's state does not allow.
    Unexpected {
        /// Message number.
        message: u8,
        /// The channel.
        channel: ChannelId,
        /// Name of its state.
        state: &'static str,
    },
    /// More data than the window lets through.
    WindowExceeded {
        /// The channel.
        channel: ChannelId,
        /// What was left of the window, in bytes.
        window: u32,
        /// What came, in bytes.
        bytes: usize,
    },
    /// More data in one packet than we said we take.
    PacketTooLarge {
        /// The channel.
        channel: ChannelId,
        /// The maximum, in bytes.
        limit: u32,
        /// What came, in bytes.
        bytes: usize,
    },
    /// A window adjustment beyond 2^32 - 1 (RFC 4254 section 5.2).
    WindowOverflow {
        /// The channel.
        channel: ChannelId,
        /// The window before, in bytes.
        window: u32,
        /// The adjustment, in bytes.
        adjustment: u32,
    },
    /// A confirmation whose maximum packet size lets nothing through.
    NoPacketSize {
        /// The channel.
        channel: ChannelId,
    },
    /// More requests than we can answer.
    Flood {
        /// Replies that wait to be sent.
        waiting: usize,
    },
}

impl fmt::Display for ProtocolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Malformed { message } => write!(f, "message {message} is malformed"),
            Self::NotConnection { message } => {
                write!(f, "message {message} is not one of the connection protocol")
            }
            Self::UnknownChannel { message, number } => {
                write!(
                    f,
                    "message {message} for channel number {number:#010x}, which is not in use"
                )
            }
            Self::Unexpected { message, channel, state } => {
                write!(f, "message {message} for channel {channel}, which is {state}")
            }
            Self::WindowExceeded { channel, window, bytes } => {
                write!(f, "{bytes} bytes for channel {channel}, whose window has {window} left")
            }
            Self::PacketTooLarge { channel, limit, bytes } => {
                write!(f, "{bytes} bytes in one packet for channel {channel}, maximum {limit}")
            }
            Self::WindowOverflow { channel, window, adjustment } => write!(
                f,
                "window of channel {channel} adjusted beyond 2^32 - 1: {window} + {adjustment}"
            ),
            Self::NoPacketSize { channel } => {
                write!(f, "channel {channel} confirmed with maximum packet size 0")
            }
            Self::Flood { waiting } => write!(f, "server floods: {waiting} replies are waiting"),
        }
    }
}

impl std::error::Error for ProtocolError {}

/// A channel could not even be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenError {
    /// The session has as many channels as it may have.
    Full {
        /// The limit.
        channels: usize,
    },
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Full { channels } => write!(f, "session already has {channels} channels"),
        }
    }
}

impl std::error::Error for OpenError {}

/// A forward could not even be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardError {
    /// The session has as many forwards as it may have.
    Full {
        /// The limit.
        forwards: usize,
    },
}

impl fmt::Display for ForwardError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Full { forwards } => write!(f, "session already has {forwards} forwards"),
        }
    }
}

impl std::error::Error for ForwardError {}
