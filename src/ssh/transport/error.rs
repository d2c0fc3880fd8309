//! Why a session ends.

use std::fmt;

use libssh2_sys as sys;

/// Why a session cannot be used any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TransportError {
    /// No memory for a session.
    OutOfMemory,
    /// libssh2 knows none of the names given for one kind of algorithm.
    UnknownAlgorithms {
        /// "cipher", "MAC", "key exchange", "host key".
        kind: &'static str,
        /// What was asked for.
        names: String,
    },
    /// The server does not speak SSH 2.
    NotSsh {
        /// What it sent instead.
        greeting: String,
    },
    /// Client and server have no algorithm of one kind in common.
    NothingInCommon {
        /// As in `UnknownAlgorithms`.
        kind: &'static str,
        /// What we offered.
        ours: String,
        /// What the server offers.
        theirs: String,
    },
    /// The server said goodbye (SSH_MSG_DISCONNECT).
    Disconnected {
        /// RFC 4253 section 11.1.
        reason: u32,
        /// The server's words.
        text: String,
    },
    /// The connection ended.
    Closed,
    /// A packet was changed on its way, or is not a packet.
    Integrity(&'static str),
    /// The server broke the protocol.
    Protocol(&'static str),
    /// The server showed another host key in a later key exchange.
    HostKeyChanged,
    /// The owner went on sending although the output was full.
    OutputFull,
    /// libssh2 gave up.
    Library {
        /// What it was doing.
        doing: &'static str,
        /// LIBSSH2_ERROR_...
        code: i32,
        /// Its words.
        text: String,
    },
    /// Called after an error.
    Ended,
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory => write!(f, "out of memory"),
            Self::UnknownAlgorithms { kind, names } => write!(f, "no known {kind} among {names}"),
            Self::NotSsh { greeting } => write!(f, "not an SSH 2 server: \"{greeting}\""),
            Self::NothingInCommon { kind, ours, theirs } => {
                write!(f, "no common {kind}: offered {ours}, server has {theirs}")
            }
            Self::Disconnected { reason, text } => {
                write!(f, "server disconnected: \"{text}\" (reason {reason})")
            }
            Self::Closed => write!(f, "connection closed by the server"),
            Self::Integrity(what) => write!(f, "damaged packet: {what}"),
            Self::Protocol(what) => write!(f, "protocol error of the server: {what}"),
            Self::HostKeyChanged => write!(f, "host key changed during the session"),
            Self::OutputFull => write!(f, "too much output waits to be sent"),
            Self::Library { doing, code, text } => write!(f, "{doing}: {text} ({code})"),
            Self::Ended => write!(f, "session already ended"),
        }
    }
}

impl std::error::Error for TransportError {}

/// What an error code of libssh2 says about a packet that arrived; None: it is about something else.
pub(super) fn damage(code: i32) -> Option<&'static str> {
    match code {
        sys::LIBSSH2_ERROR_DECRYPT => Some("cannot be decrypted"),
        sys::LIBSSH2_ERROR_INVALID_MAC => Some("wrong MAC"),
        sys::LIBSSH2_ERROR_OUT_OF_BOUNDARY => Some("impossible length"),
        sys::LIBSSH2_ERROR_ZLIB => Some("cannot be decompressed"),
        _ => None,
    }
}
