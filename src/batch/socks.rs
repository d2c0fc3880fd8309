//! SOCKS on the client's side: CONNECT and BIND in version 4 and 5 (RFC 1928).
//!
//! Servers are asked by IPv4 address only and without a user name, as z/OS does. The door of the
//! proxy is in [`crate::socks`].

use std::fmt::{self, Display};
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, TcpStream};

use super::net::{self, Deadline};
use super::socksfile::SocksServer;
use crate::socks::Version;

/// User ID of a request in version 4, which proves nothing.
const USER_ID: &[u8] = b"ZOXYFTP";

const CONNECT: u8 = 1;
const BIND: u8 = 2;

/// Why there is no connection.
#[derive(Debug)]
pub enum SocksError {
    /// The SOCKS server cannot be reached, or its connection broke.
    Io(io::Error),
    /// It refused: the reply field.
    Refused(Version, u8),
    /// It wants a user name and password.
    NoMethod,
    /// What came is no answer of SOCKS.
    Malformed,
}

/// A BIND that was granted: the server that connects to `address` comes out of `stream`.
#[derive(Debug)]
pub struct Bound {
    stream: TcpStream,
    /// What the server is to be told.
    pub address: SocketAddrV4,
    version: Version,
}

/// Asks for a connection to `target`.
pub fn connect(
    server: &SocksServer,
    target: SocketAddrV4,
    deadline: Deadline,
) -> Result<TcpStream, SocksError> {
    let stream = dial(server, deadline)?;
    ask(&stream, server.version, CONNECT, target, deadline)?;
    Ok(stream)
}

/// Asks for a port that `peer` will connect to.
pub fn bind(
    server: &SocksServer,
    peer: SocketAddrV4,
    deadline: Deadline,
) -> Result<Bound, SocksError> {
    let stream = dial(server, deadline)?;
    let address = ask(&stream, server.version, BIND, peer, deadline)?;
    // The address 0.0.0.0 stands for that of the SOCKS server.
    let ip = match (address.ip().to_canonical(), stream.peer_addr().map_err(SocksError::Io)?.ip()) {
        (IpAddr::V4(ip), IpAddr::V4(server)) if ip.is_unspecified() => server,
        (IpAddr::V4(ip), _) if !ip.is_unspecified() => ip,
        _ => return Err(SocksError::Malformed),
    };
    let address = SocketAddrV4::new(ip, address.port());
    Ok(Bound { stream, address, version: server.version })
}

impl Bound {
    /// What becomes readable when the server has come.
    pub fn socket(&self) -> &TcpStream {
        &self.stream
    }

    /// The data connection, when the server has made it.
    pub fn accept(self, deadline: Deadline) -> Result<TcpStream, SocksError> {
        answer(&self.stream, self.version, deadline)?;
        Ok(self.stream)
    }
}

fn dial(server: &SocksServer, deadline: Deadline) -> Result<TcpStream, SocksError> {
    let addresses = net::resolve(&server.host, server.port, deadline).map_err(SocksError::Io)?;
    net::connect(addresses[0], deadline).map_err(SocksError::Io)
}

fn ask(
    stream: &TcpStream,
    version: Version,
    command: u8,
    target: SocketAddrV4,
    deadline: Deadline,
) -> Result<SocketAddr, SocksError> {
    let limit = deadline.left().map_err(SocksError::Io)?;
    let send = |bytes: &[u8]| net::write_all(stream, bytes, limit).map_err(SocksError::Io);
    if version == Version::V5 {
        send(&[5, 1, 0])?;
        match read::<2>(stream, deadline)? {
            [5, 0] => {}
            [5, _] => return Err(SocksError::NoMethod),
            _ => return Err(SocksError::Malformed),
        }
    }
    send(&request(version, command, target))?;
    answer(stream, version, deadline)
}

/// The request: VN CD DSTPORT DSTIP USERID NUL, or VER CMD RSV ATYP DST.ADDR DST.PORT.
fn request(version: Version, command: u8, target: SocketAddrV4) -> Vec<u8> {
    let (ip, port) = (target.ip().octets(), target.port().to_be_bytes());
    match version {
        Version::V4 => [&[4, command][..], &port, &ip, USER_ID, &[0]].concat(),
        Version::V5 => [&[5, command, 0, 1][..], &ip, &port].concat(),
    }
}

/// Reads an answer, and not a byte more: data may follow it.
fn answer(
    stream: &TcpStream,
    version: Version,
    deadline: Deadline,
) -> Result<SocketAddr, SocksError> {
    let port = |[high, low]: [u8; 2]| u16::from_be_bytes([high, low]);
    match version {
        Version::V4 => match read::<8>(stream, deadline)? {
            [0, 90, p1, p2, a, b, c, d] => Ok(([a, b, c, d], port([p1, p2])).into()),
            [0, code, ..] => Err(SocksError::Refused(version, code)),
            _ => Err(SocksError::Malformed),
        },
        Version::V5 => {
            let [version_byte, code, _, kind] = read::<4>(stream, deadline)?;
            if version_byte != 5 {
                return Err(SocksError::Malformed);
            }
            if code != 0 {
                return Err(SocksError::Refused(version, code));
            }
            let ip = match kind {
                1 => IpAddr::from(Ipv4Addr::from(read::<4>(stream, deadline)?)),
                4 => IpAddr::from(Ipv6Addr::from(read::<16>(stream, deadline)?)),
                3 => {
                    let [length] = read::<1>(stream, deadline)?;
                    let mut name = vec![0; length.into()];
                    net::read_exact(stream, &mut name, deadline).map_err(SocksError::Io)?;
                    IpAddr::from(Ipv4Addr::UNSPECIFIED)
                }
                _ => return Err(SocksError::Malformed),
            };
            Ok(SocketAddr::new(ip, port(read::<2>(stream, deadline)?)))
        }
    }
}

fn read<const N: usize>(stream: &TcpStream, deadline: Deadline) -> Result<[u8; N], SocksError> {
    let mut bytes = [0; N];
    net::read_exact(stream, &mut bytes, deadline).map_err(SocksError::Io)?;
    Ok(bytes)
}

impl SocksError {
    /// Whether nobody answered in time.
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Io(error) if error.kind() == io::ErrorKind::TimedOut)
    }
}

impl Display for SocksError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                f.write_str("the SOCKS server closed the connection without an answer")
            }
            Self::Io(error) => write!(f, "the SOCKS server: {error}"),
            Self::Refused(version, code) => {
                write!(f, "the SOCKS server refuses, reply {code} ({})", meaning(*version, *code))
            }
            Self::NoMethod => {
                f.write_str("the SOCKS server wants a user and password, which z/OS does not send")
            }
            Self::Malformed => f.write_str("what the SOCKS server answers is not SOCKS"),
        }
    }
}

fn meaning(version: Version, code: u8) -> &'static str {
    match (version, code) {
        (Version::V4, 91) => "rejected or failed",
        (Version::V4, 92) => "no identd",
        (Version::V4, 93) => "identd disagrees",
        (Version::V5, 1) => "general failure",
        (Version::V5, 2) => "not allowed by rule",
        (Version::V5, 3) => "network unreachable",
        (Version::V5, 4) => "host unreachable",
        (Version::V5, 5) => "connection refused",
        (Version::V5, 6) => "timed out",
        (Version::V5, 7) => "command not supported",
        (Version::V5, 8) => "address type not supported",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_those_of_the_memos() {
        let target = SocketAddrV4::new([192, 0, 2, 1].into(), 21);
        assert_eq!(
            request(Version::V4, CONNECT, target),
            b"\x04\x01\x00\x15\xc0\x00\x02\x01ZOXYFTP\x00"
        );
        assert_eq!(request(Version::V5, BIND, target), b"\x05\x02\x00\x01\xc0\x00\x02\x01\x00\x15");
    }

    #[test]
    fn refusals_are_told() {
        let text = SocksError::Refused(Version::V4, 91).to_string();
        assert!(text.contains("reply 91 (rejected or failed)"), "{text}");
        let text = SocksError::Refused(Version::V5, 2).to_string();
        assert!(text.contains("reply 2 (not allowed by rule)"), "{text}");
    }
}
