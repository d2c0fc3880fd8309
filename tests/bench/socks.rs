//! The client's half of SOCKS5 (RFC 1928), as far as the load needs it.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, SocketAddrV4, TcpStream};

/// Asks the proxy at the other end of `stream` for a connection and waits for its answer.
pub fn connect(stream: &mut TcpStream, target: SocketAddrV4) -> io::Result<()> {
    ask(stream, 1, target).map(drop)
}

/// Asks for a connection from `target` and gives the address that stands for it. A second reply
/// comes when it is there ([`read_reply`]).
pub fn bind(stream: &mut TcpStream, target: SocketAddrV4) -> io::Result<SocketAddrV4> {
    match ask(stream, 2, target)? {
        SocketAddr::V4(address) => Ok(address),
        other => Err(io::Error::other(format!("{other} cannot be named in PORT"))),
    }
}

fn ask(stream: &mut TcpStream, command: u8, target: SocketAddrV4) -> io::Result<SocketAddr> {
    stream.write_all(&[5, 1, 0])?;
    let mut method = [0; 2];
    stream.read_exact(&mut method)?;
    if method != [5, 0] {
        return Err(io::Error::other(format!("method reply {method:02x?}")));
    }
    let mut request = vec![5, command, 0, 1];
    request.extend(target.ip().octets());
    request.extend(target.port().to_be_bytes());
    stream.write_all(&request)?;
    read_reply(stream)
}

/// Reads a reply, which has to be a success, and gives its address.
pub fn read_reply(stream: &mut TcpStream) -> io::Result<SocketAddr> {
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    if head[1] != 0 {
        return Err(io::Error::other(format!("reply code {:#04x}", head[1])));
    }
    let address: IpAddr = match head[3] {
        1 => read::<4>(stream)?.into(),
        4 => read::<16>(stream)?.into(),
        kind => return Err(io::Error::other(format!("reply with address type {kind:#04x}"))),
    };
    Ok(SocketAddr::new(address, u16::from_be_bytes(read(stream)?)))
}

fn read<const N: usize>(stream: &mut TcpStream) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}
