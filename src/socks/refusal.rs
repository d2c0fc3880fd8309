//! Why a handshake ends without a request, in words for the log.

use std::fmt;

use super::{Command, Version};
use crate::config::Target;

/// Why a client is sent away before its request counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The first byte is neither 4 nor 5.
    NotSocks(Stranger),
    /// Version 4 at a door that asks for a password.
    PasswordImpossible,
    /// None of the client's methods (RFC 1928 section 3) will do.
    NoMethod {
        /// Whether this door asks for a password.
        authenticate: bool,
    },
    /// The version of a later message of the handshake; the expected and the found one.
    WrongVersion {
        /// 5 for a request, 1 for a login (RFC 1929).
        expected: u8,
        /// What the client sent.
        found: u8,
    },
    /// BIND or UDP ASSOCIATE.
    Command(Version, Command),
    /// A command that the protocol does not have.
    UnknownCommand(Version, u8),
    /// An address type that RFC 1928 does not have.
    AddressType(u8),
    /// A name that is empty or holds other than printable ASCII.
    BadName(Version),
    /// A user ID or name of version 4 over 255 bytes.
    TooLong(&'static str),
    /// Bytes that are no message of the version.
    Malformed(Version),
    /// Port 0 or an unspecified address.
    NoTarget(Version, Target),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSocks(stranger) => stranger.fmt(f),
            Self::PasswordImpossible => {
                f.write_str("SOCKS4 cannot carry the password that this listener asks for")
            }
            Self::NoMethod { authenticate: true } => {
                f.write_str("client does not offer a user name and password")
            }
            Self::NoMethod { authenticate: false } => {
                f.write_str("client insists on authentication, this listener has no users")
            }
            Self::WrongVersion { expected, found } => {
                write!(f, "version {expected} expected in the handshake, {found} found")
            }
            Self::Command(version, command) => {
                write!(f, "{version} command {command} is not supported")
            }
            Self::UnknownCommand(version, code) => write!(f, "{version} has no command {code}"),
            Self::AddressType(code) => write!(f, "SOCKS5 has no address type {code}"),
            Self::BadName(version) => {
                write!(f, "{version} host name is empty or not printable ASCII")
            }
            Self::TooLong(field) => write!(f, "SOCKS4 {field} is longer than 255 bytes"),
            Self::Malformed(version) => write!(f, "{version} message cannot be read"),
            Self::NoTarget(version, target) => {
                write!(f, "{version} target {target} cannot be connected to")
            }
        }
    }
}

/// Who speaks something else than SOCKS, as far as its first bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stranger {
    /// An HTTP request.
    Http,
    /// A TLS ClientHello.
    Tls,
    /// The version line of SSH.
    Ssh,
    /// An FTP command.
    Ftp,
    /// The header that a load balancer puts in front (PROXY protocol 1 or 2).
    ProxyProtocol,
    /// EBCDIC text.
    Ebcdic,
    /// Anything else; its first byte.
    Unknown(u8),
}

impl Stranger {
    /// Recognises the first bytes; a prefix of a known opening is enough. None without a byte.
    pub(super) fn recognise(input: &[u8]) -> Option<Self> {
        let first = *input.first()?;
        let known = OPENINGS.iter().find(|(opening, _)| {
            let length = opening.len().min(input.len());
            opening[..length].eq_ignore_ascii_case(&input[..length])
        });
        Some(match known {
            Some((_, stranger)) => *stranger,
            None if is_ebcdic_text(first) => Self::Ebcdic,
            None => Self::Unknown(first),
        })
    }
}

impl fmt::Display for Stranger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http => {
                f.write_str("not SOCKS but HTTP: the client takes zoxy for an HTTP proxy")
            }
            Self::Tls => f.write_str("not SOCKS but TLS: the client encrypts its way to the proxy"),
            Self::Ssh => f.write_str("not SOCKS but SSH: the client takes zoxy for an SSH server"),
            Self::Ftp => f.write_str("not SOCKS but FTP: the client takes zoxy for an FTP server"),
            Self::ProxyProtocol => {
                f.write_str("not SOCKS but a PROXY header: switch it off in the load balancer")
            }
            Self::Ebcdic => f.write_str("not SOCKS but EBCDIC text"),
            Self::Unknown(byte) => write!(f, "not SOCKS: the first byte is {byte:#04x}"),
        }
    }
}

/// Letters, digits and the blank in the EBCDIC code pages.
fn is_ebcdic_text(byte: u8) -> bool {
    matches!(byte,
        0x40 | 0x81..=0x89 | 0x91..=0x99 | 0xa2..=0xa9 | 0xc1..=0xc9 | 0xd1..=0xd9 | 0xe2..=0xe9
        | 0xf0..=0xf9)
}

/// How others begin; of two with the same first letters the more likely one first.
const OPENINGS: &[(&[u8], Stranger)] = &[
    (b"GET ", Stranger::Http),
    (b"CONNECT ", Stranger::Http),
    (b"POST ", Stranger::Http),
    (b"PUT ", Stranger::Http),
    (b"HEAD ", Stranger::Http),
    (b"OPTIONS ", Stranger::Http),
    (b"DELETE ", Stranger::Http),
    (b"PRI * HTTP", Stranger::Http),
    (b"\x16\x03", Stranger::Tls),
    (b"SSH-", Stranger::Ssh),
    (b"USER ", Stranger::Ftp),
    (b"AUTH ", Stranger::Ftp),
    (b"FEAT", Stranger::Ftp),
    (b"QUIT", Stranger::Ftp),
    (b"PROXY ", Stranger::ProxyProtocol),
    (b"\r\n\r\n\0\r\nQUIT\n", Stranger::ProxyProtocol),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_recognised() {
        for (input, stranger) in [
            (&b"GET / HTTP/1.1\r\n"[..], Stranger::Http),
            (b"G", Stranger::Http),
            (b"CONNECT a:1 HTTP/1.1\r\n", Stranger::Http),
            (b"PUT /", Stranger::Http),
            (b"\x16\x03\x01\x02\x00\x01", Stranger::Tls),
            (b"SSH-2.0-OpenSSH_9.2\r\n", Stranger::Ssh),
            (b"USER anonymous\r\n", Stranger::Ftp),
            (b"user anonymous\r\n", Stranger::Ftp),
            (b"PROXY TCP4 ", Stranger::ProxyProtocol),
            (b"\r\n\r\n\0\r\nQUIT\n\x21", Stranger::ProxyProtocol),
            (b"\xe4\xe2\xc5\xd9\x40", Stranger::Ebcdic),
            (b"\xf5\x01\x00", Stranger::Ebcdic),
            (b"\x06\x01", Stranger::Unknown(6)),
            (b"\x00", Stranger::Unknown(0)),
        ] {
            assert_eq!(Stranger::recognise(input), Some(stranger), "{input:?}");
        }
        assert_eq!(Stranger::recognise(b""), None);
    }
}
