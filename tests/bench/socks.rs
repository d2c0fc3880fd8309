//! The client's half of SOCKS5 (RFC 1928), as far as the load needs it.

use std::io::{self, Read, Write};
use std::net::{SocketAddrV4, TcpStream};

/// Asks the proxy at the other end of `stream` for a connection and waits for its answer.
pub fn connect(stream: &mut TcpStream, target: SocketAddrV4) -> io::Result<()> {
    stream.write_all(&[5, 1, 0])?;
    let mut method = [0; 2];
    stream.read_exact(&mut method)?;
    if method != [5, 0] {
        return Err(io::Error::other(format!("method reply {method:02x?}")));
    }
    let mut request = vec![5, 1, 0, 1];
    request.extend(target.ip().octets());
    request.extend(target.port().to_be_bytes());
    stream.write_all(&request)?;
    let mut head = [0; 4];
    stream.read_exact(&mut head)?;
    if head[1] != 0 {
        return Err(io::Error::other(format!("reply code {:#04x} for {target}", head[1])));
    }
    let address_and_port = match head[3] {
        1 => 4 + 2,
        4 => 16 + 2,
        kind => return Err(io::Error::other(format!("reply with address type {kind:#04x}"))),
    };
    stream.read_exact(&mut [0; 18][..address_and_port])
}
