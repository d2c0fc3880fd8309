//! Replies to a request, and the road from an error to the reply code that tells it truly.

use std::fmt;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::ops::Deref;

use rustix::io::Errno;

use super::Version;

/// What became of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The target has answered.
    Success,
    /// It has not.
    Failure(Failure),
}

/// Why a request failed: the reply codes of RFC 1928 section 6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// 01: what no other code tells.
    General,
    /// 02: a rule of zoxy or of the SSH server forbids it.
    NotAllowed,
    /// 03: no way to the network.
    NetworkUnreachable,
    /// 04: the host cannot be reached, or its name is not known.
    HostUnreachable,
    /// 05: the host refused.
    Refused,
    /// 06: nobody answered in time.
    TimedOut,
    /// 07: not CONNECT.
    CommandNotSupported,
    /// 08: neither IPv4, IPv6 nor a name.
    AddressTypeNotSupported,
}

impl Failure {
    /// From the error of a local connect(2).
    ///
    /// A name that does not resolve is [`Failure::HostUnreachable`], but an [`io::Error`] of the
    /// resolver does not tell itself from others: the caller knows whom it asked.
    pub fn from_io(error: &io::Error) -> Self {
        if error.raw_os_error() == Some(Errno::AFNOSUPPORT.raw_os_error()) {
            return Self::AddressTypeNotSupported;
        }
        match error.kind() {
            ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => Self::NetworkUnreachable,
            ErrorKind::HostUnreachable => Self::HostUnreachable,
            ErrorKind::ConnectionRefused => Self::Refused,
            ErrorKind::TimedOut => Self::TimedOut,
            // The local packet filter or a missing privilege (EACCES, EPERM).
            ErrorKind::PermissionDenied => Self::NotAllowed,
            _ => Self::General,
        }
    }

    /// From an SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254 section 5.1): reason code and description.
    ///
    /// OpenSSH says what happened only in the description, as strerror(3) or gai_strerror(3):
    ///
    /// | reason | description of sshd 9.2 | when | reply |
    /// |---|---|---|---|
    /// | 1 | `open failed` | PermitOpen, AllowTcpForwarding, DisableForwarding | 02 |
    /// | 2 | `Connection refused` | RST from the target | 05 |
    /// | 2 | `open failed` | connect(2) failed at once: no route | 03 |
    /// | 2 | `Network is unreachable` | ICMP | 03 |
    /// | 2 | `No route to host` | ICMP, no neighbour answers | 04 |
    /// | 2 | `Connection timed out` | the kernel of the server gave up | 06 |
    /// | 2 | `Name or service not known`, `Temporary failure in name resolution` | resolver | 04 |
    /// | 2 | anything else | other servers | 04 |
    /// | 3, 4, unknown | anything | not about the target | 01 |
    pub fn from_open_failure(reason: u32, description: &str) -> Self {
        match reason {
            ADMINISTRATIVELY_PROHIBITED => Self::NotAllowed,
            CONNECT_FAILED => {
                let description = description.to_ascii_lowercase();
                OPEN_FAILURE_TEXTS
                    .iter()
                    .find(|(text, _)| description.contains(text))
                    .map_or(Self::HostUnreachable, |(_, failure)| *failure)
            }
            _ => Self::General,
        }
    }

    /// Reply code of version 5.
    pub fn code(self) -> u8 {
        match self {
            Self::General => 0x01,
            Self::NotAllowed => 0x02,
            Self::NetworkUnreachable => 0x03,
            Self::HostUnreachable => 0x04,
            Self::Refused => 0x05,
            Self::TimedOut => 0x06,
            Self::CommandNotSupported => 0x07,
            Self::AddressTypeNotSupported => 0x08,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::General => "general failure",
            Self::NotAllowed => "not allowed",
            Self::NetworkUnreachable => "network unreachable",
            Self::HostUnreachable => "host unreachable",
            Self::Refused => "connection refused",
            Self::TimedOut => "timed out",
            Self::CommandNotSupported => "command not supported",
            Self::AddressTypeNotSupported => "address type not supported",
        })
    }
}

impl From<Failure> for Outcome {
    fn from(failure: Failure) -> Self {
        Self::Failure(failure)
    }
}

/// Bytes to send to the client; derefs to them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    bytes: [u8; Self::CAPACITY],
    length: usize,
}

impl Reply {
    /// Length of the longest: version 5 with an IPv6 address.
    const CAPACITY: usize = 22;

    /// A reply without bytes: close without an answer.
    pub(super) const EMPTY: Self = Self { bytes: [0; Self::CAPACITY], length: 0 };

    /// A reply of these parts, together at most [`Self::CAPACITY`] bytes.
    pub(super) fn of(parts: &[&[u8]]) -> Self {
        let mut reply = Self::EMPTY;
        for part in parts {
            reply.bytes[reply.length..reply.length + part.len()].copy_from_slice(part);
            reply.length += part.len();
        }
        reply
    }
}

impl Deref for Reply {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reply({:02x?})", &self[..])
    }
}

/// The reply to a request. `bound` is the local address of the connection made, told with a
/// success only; version 4 has no room for IPv6 and says 0.0.0.0 then.
///
/// Where zoxy has no socket of its own to the target (a tunnel), `0.0.0.0:0` is the honest value.
pub fn reply(version: Version, outcome: Outcome, bound: SocketAddr) -> Reply {
    let bound = match outcome {
        Outcome::Success => bound,
        Outcome::Failure(_) => SocketAddr::from(([0, 0, 0, 0], 0)),
    };
    let port = bound.port().to_be_bytes();
    match (version, bound) {
        (Version::V4, bound) => {
            let code = if outcome == Outcome::Success { V4_GRANTED } else { V4_REJECTED };
            let address = match bound {
                SocketAddr::V4(bound) => bound.ip().octets(),
                SocketAddr::V6(_) => [0; 4],
            };
            Reply::of(&[&[0x00, code], &port, &address])
        }
        (Version::V5, SocketAddr::V4(bound)) => {
            Reply::of(&[&[0x05, v5_code(outcome), 0x00, 0x01], &bound.ip().octets(), &port])
        }
        (Version::V5, SocketAddr::V6(bound)) => {
            Reply::of(&[&[0x05, v5_code(outcome), 0x00, 0x04], &bound.ip().octets(), &port])
        }
    }
}

fn v5_code(outcome: Outcome) -> u8 {
    match outcome {
        Outcome::Success => 0x00,
        Outcome::Failure(failure) => failure.code(),
    }
}

/// Request granted.
const V4_GRANTED: u8 = 90;
/// Request rejected or failed. 92 and 93 are about identd, which zoxy does not ask.
const V4_REJECTED: u8 = 91;

/// SSH_OPEN_ADMINISTRATIVELY_PROHIBITED.
const ADMINISTRATIVELY_PROHIBITED: u32 = 1;
/// SSH_OPEN_CONNECT_FAILED.
const CONNECT_FAILED: u32 = 2;

/// Parts of descriptions that come with [`CONNECT_FAILED`], lower case, and what they mean.
const OPEN_FAILURE_TEXTS: &[(&str, Failure)] = &[
    ("refused", Failure::Refused),
    ("open failed", Failure::NetworkUnreachable),
    ("network is unreachable", Failure::NetworkUnreachable),
    ("network unreachable", Failure::NetworkUnreachable),
    ("network is down", Failure::NetworkUnreachable),
    ("timed out", Failure::TimedOut),
    ("timeout", Failure::TimedOut),
    ("permission denied", Failure::NotAllowed),
    ("operation not permitted", Failure::NotAllowed),
    ("prohibited", Failure::NotAllowed),
    ("address family", Failure::AddressTypeNotSupported),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_replies() {
        let v4: SocketAddr = "192.0.2.7:513".parse().unwrap();
        let v6: SocketAddr = "[2001:db8::7]:513".parse().unwrap();
        let ok = Outcome::Success;
        assert_eq!(&reply(Version::V4, ok, v4)[..], b"\x00\x5a\x02\x01\xc0\x00\x02\x07");
        assert_eq!(&reply(Version::V4, ok, v6)[..], b"\x00\x5a\x02\x01\x00\x00\x00\x00");
        assert_eq!(&reply(Version::V5, ok, v4)[..], b"\x05\x00\x00\x01\xc0\x00\x02\x07\x02\x01");
        assert_eq!(
            &reply(Version::V5, ok, v6)[..],
            b"\x05\x00\x00\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07\x02\x01"
        );
    }

    #[test]
    fn golden_failures() {
        let bound: SocketAddr = "192.0.2.7:513".parse().unwrap();
        let codes = [
            (Failure::General, 1),
            (Failure::NotAllowed, 2),
            (Failure::NetworkUnreachable, 3),
            (Failure::HostUnreachable, 4),
            (Failure::Refused, 5),
            (Failure::TimedOut, 6),
            (Failure::CommandNotSupported, 7),
            (Failure::AddressTypeNotSupported, 8),
        ];
        for (failure, code) in codes {
            let v5 = reply(Version::V5, failure.into(), bound);
            assert_eq!(&v5[..], &[5, code, 0, 1, 0, 0, 0, 0, 0, 0]);
            assert_eq!(&reply(Version::V4, failure.into(), bound)[..], b"\x00\x5b\0\0\0\0\0\0");
        }
    }

    #[test]
    fn errors_of_connect_keep_their_meaning() {
        for (errno, failure) in [
            (Errno::NETUNREACH, Failure::NetworkUnreachable),
            (Errno::HOSTUNREACH, Failure::HostUnreachable),
            (Errno::CONNREFUSED, Failure::Refused),
            (Errno::TIMEDOUT, Failure::TimedOut),
            (Errno::ACCESS, Failure::NotAllowed),
            (Errno::PERM, Failure::NotAllowed),
            (Errno::AFNOSUPPORT, Failure::AddressTypeNotSupported),
            (Errno::MFILE, Failure::General),
            (Errno::CONNRESET, Failure::General),
        ] {
            assert_eq!(Failure::from_io(&errno.into()), failure, "{errno}");
        }
    }

    #[test]
    fn open_failures_keep_their_meaning() {
        for (reason, description, failure) in [
            (1, "open failed", Failure::NotAllowed),
            (1, "Connection refused", Failure::NotAllowed),
            (2, "Connection refused", Failure::Refused),
            (2, "open failed", Failure::NetworkUnreachable),
            (2, "Network is unreachable", Failure::NetworkUnreachable),
            (2, "No route to host", Failure::HostUnreachable),
            (2, "Connection timed out", Failure::TimedOut),
            (2, "Operation timed out", Failure::TimedOut),
            (2, "Name or service not known", Failure::HostUnreachable),
            (2, "Temporary failure in name resolution", Failure::HostUnreachable),
            (2, "Address family not supported by protocol", Failure::AddressTypeNotSupported),
            (2, "", Failure::HostUnreachable),
            (3, "unknown channel type", Failure::General),
            (4, "", Failure::General),
            (u32::MAX, "Connection refused", Failure::General),
        ] {
            assert_eq!(Failure::from_open_failure(reason, description), failure, "{description}");
        }
    }
}
