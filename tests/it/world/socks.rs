//! A SOCKS client that says exactly what a test wants said (SOCKS 4, 4a, RFC 1928, RFC 1929).

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};

use rustix::fd::OwnedFd;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

use super::deadline;

/// Reply code of SOCKS 4: request granted.
pub const GRANTED: u8 = 90;
/// Reply code of SOCKS 4: request rejected or failed.
pub const REJECTED: u8 = 91;
/// Reply codes of SOCKS 5 (RFC 1928, section 6).
pub mod reply {
    #![allow(missing_docs)]
    pub const SUCCEEDED: u8 = 0;
    pub const NOT_ALLOWED: u8 = 2;
    pub const HOST_UNREACHABLE: u8 = 4;
    pub const REFUSED: u8 = 5;
    pub const TTL_EXPIRED: u8 = 6;
    pub const COMMAND_NOT_SUPPORTED: u8 = 7;
    pub const ADDRESS_TYPE_NOT_SUPPORTED: u8 = 8;
}

/// Connects to the proxy, with the deadline as the limit of each read and write.
pub fn dial(proxy: u16) -> TcpStream {
    dial_from(Ipv4Addr::LOCALHOST, proxy)
}

/// As [`dial`], from a loopback address of the caller's choice.
pub fn dial_from(source: Ipv4Addr, proxy: u16) -> TcpStream {
    let stream = tcp_socket();
    // A bound socket cannot take a port over that waits for late segments of another connection.
    if source != Ipv4Addr::LOCALHOST {
        bind(&stream, &SocketAddrV4::new(source, 0)).expect("a loopback address");
    }
    let proxy = SocketAddrV4::new(Ipv4Addr::LOCALHOST, proxy);
    rustix::net::connect(&stream, &proxy).expect("the proxy listens");
    let stream = TcpStream::from(stream);
    stream.set_read_timeout(Some(deadline())).expect("a time-out above zero");
    stream.set_write_timeout(Some(deadline())).expect("a time-out above zero");
    stream.set_nodelay(true).expect("a TCP socket");
    stream
}

/// A TCP socket that no fixture inherits: one that is started by another test meanwhile would hold
/// the connection open when this test closes it.
pub fn tcp_socket() -> OwnedFd {
    let (family, kind) = (AddressFamily::INET, SocketType::STREAM);
    socket_with(family, kind, SocketFlags::CLOEXEC, None).expect("a socket")
}

/// A SOCKS 4 request.
pub fn request4(command: u8, target: SocketAddrV4, user: &str) -> Vec<u8> {
    let mut bytes = vec![4, command];
    bytes.extend(target.port().to_be_bytes());
    bytes.extend(target.ip().octets());
    bytes.extend(user.as_bytes());
    bytes.push(0);
    bytes
}

/// A SOCKS 4a request.
pub fn request4a(command: u8, name: &str, port: u16, user: &str) -> Vec<u8> {
    let mut bytes = request4(command, SocketAddrV4::new(Ipv4Addr::new(0, 0, 0, 1), port), user);
    bytes.extend(name.as_bytes());
    bytes.push(0);
    bytes
}

/// A SOCKS 5 request (after the methods) to an address.
pub fn request5(command: u8, target: SocketAddr) -> Vec<u8> {
    let mut bytes = vec![5, command, 0];
    match target {
        SocketAddr::V4(target) => {
            bytes.push(1);
            bytes.extend(target.ip().octets());
        }
        SocketAddr::V6(target) => {
            bytes.push(4);
            bytes.extend(target.ip().octets());
        }
    }
    bytes.extend(target.port().to_be_bytes());
    bytes
}

/// A SOCKS 5 request (after the methods) to a name.
pub fn request5_name(command: u8, name: &str, port: u16) -> Vec<u8> {
    let mut bytes = vec![5, command, 0, 3, name.len() as u8];
    bytes.extend(name.as_bytes());
    bytes.extend(port.to_be_bytes());
    bytes
}

/// Reads a SOCKS 4 reply and gives its code.
#[track_caller]
pub fn read_reply4(stream: &mut TcpStream) -> io::Result<u8> {
    Ok(read_bound4(stream)?.0)
}

/// Reads a SOCKS 4 reply and gives its code and address.
#[track_caller]
pub fn read_bound4(stream: &mut TcpStream) -> io::Result<(u8, SocketAddrV4)> {
    let mut reply = [0; 8];
    stream.read_exact(&mut reply)?;
    assert_eq!(reply[0], 0, "a SOCKS 4 reply starts with a zero: {reply:?}");
    let [_, code, high, low, a, b, c, d] = reply;
    Ok((code, SocketAddrV4::new([a, b, c, d].into(), u16::from_be_bytes([high, low]))))
}

/// Reads a SOCKS 5 reply and gives its code.
pub fn read_reply5(stream: &mut TcpStream) -> io::Result<u8> {
    Ok(read_bound5(stream)?.0)
}

/// Reads a SOCKS 5 reply and gives its code and address.
pub fn read_bound5(stream: &mut TcpStream) -> io::Result<(u8, SocketAddr)> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    assert_eq!((head[0], head[2]), (5, 0), "not a SOCKS 5 reply: {head:?}");
    let (mut short, mut long, mut port) = ([0; 4], [0; 16], [0; 2]);
    let address = match head[3] {
        1 => stream.read_exact(&mut short).map(|()| short.into())?,
        4 => stream.read_exact(&mut long).map(|()| long.into())?,
        other => panic!("address type {other} in a reply"),
    };
    stream.read_exact(&mut port)?;
    Ok((head[1], SocketAddr::new(address, u16::from_be_bytes(port))))
}

/// Offers `methods` and gives the one the proxy chose.
pub fn methods(stream: &mut TcpStream, methods: &[u8]) -> io::Result<u8> {
    let mut bytes = vec![5, methods.len() as u8];
    bytes.extend(methods);
    stream.write_all(&bytes)?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer)?;
    assert_eq!(answer[0], 5, "not a SOCKS 5 answer: {answer:?}");
    Ok(answer[1])
}

/// Logs in with a name and a password (RFC 1929) and gives the status, 0 for success.
pub fn login(stream: &mut TcpStream, name: &str, password: &str) -> io::Result<u8> {
    let mut bytes = vec![1, name.len() as u8];
    bytes.extend(name.as_bytes());
    bytes.push(password.len() as u8);
    bytes.extend(password.as_bytes());
    stream.write_all(&bytes)?;
    let mut answer = [0; 2];
    stream.read_exact(&mut answer)?;
    assert_eq!(answer[0], 1, "not an RFC 1929 answer: {answer:?}");
    Ok(answer[1])
}

/// Sends a SOCKS 4 or 4a request and gives the connection with the reply's code.
#[track_caller]
pub fn ask4(proxy: u16, request: &[u8]) -> (TcpStream, u8) {
    let mut stream = dial(proxy);
    stream.write_all(request).expect("the proxy takes a request");
    let code = read_reply4(&mut stream).expect("the proxy answers a request");
    (stream, code)
}

/// Sends a SOCKS 5 request without authentication and gives the connection with the reply's code.
#[track_caller]
pub fn ask5(proxy: u16, request: &[u8]) -> (TcpStream, u8) {
    let mut stream = dial(proxy);
    assert_eq!(methods(&mut stream, &[0]).expect("the proxy answers"), 0, "method refused");
    stream.write_all(request).expect("the proxy takes a request");
    let code = read_reply5(&mut stream).expect("the proxy answers a request");
    (stream, code)
}

/// A connection to `target` through the proxy, which has to succeed.
#[track_caller]
pub fn connect(proxy: u16, target: SocketAddr) -> TcpStream {
    let (stream, code) = ask5(proxy, &request5(1, target));
    assert_eq!(code, reply::SUCCEEDED, "connecting to {target}");
    stream
}

/// As [`connect`], but gives the error or the reply's code of a failed attempt.
pub fn try_connect(proxy: u16, target: SocketAddr) -> Result<TcpStream, String> {
    try_connect_at((Ipv4Addr::LOCALHOST, proxy).into(), target)
}

/// As [`try_connect`], of a proxy that listens at any address.
pub fn try_connect_at(proxy: SocketAddr, target: SocketAddr) -> Result<TcpStream, String> {
    let attempt = || -> io::Result<(TcpStream, u8)> {
        let mut stream = TcpStream::connect(proxy)?;
        stream.set_read_timeout(Some(deadline()))?;
        stream.set_nodelay(true)?;
        methods(&mut stream, &[0])?;
        stream.write_all(&request5(1, target))?;
        let code = read_reply5(&mut stream)?;
        Ok((stream, code))
    };
    match attempt() {
        Ok((stream, reply::SUCCEEDED)) => Ok(stream),
        Ok((_, code)) => Err(format!("reply {code}")),
        Err(error) => Err(error.to_string()),
    }
}
