//! What zoxy asks of TCP sockets, in one place: options, non-blocking connect, shutdown.
//!
//! Called by whoever opens or accepts a connection. Everything goes through safe system calls;
//! nothing is kept here.

use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::LazyLock;
use std::time::Duration;

use mio::net::TcpStream;
use rustix::net::{Shutdown, sockopt};

/// Options of a connection to a client or to a DIRECT target.
///
/// Keepalive finds a peer that vanished while a batch job is silent for hours. Urgent data stays in
/// line: an FTP client sends its ABOR that way, and the byte would be lost from the stream
/// otherwise.
pub fn tune_client<Fd: AsFd>(socket: Fd) -> io::Result<()> {
    sockopt::set_tcp_nodelay(&socket, true)?;
    sockopt::set_socket_oobinline(&socket, true)?;
    keep_alive(&socket)
}

/// Options of a connection to an SSH server: as for a client, and data that stays unacknowledged
/// for `user_timeout` ends the connection (RFC 5482; whole milliseconds, zero: the system's own).
pub fn tune_ssh<Fd: AsFd>(socket: Fd, user_timeout: Duration) -> io::Result<()> {
    sockopt::set_tcp_nodelay(&socket, true)?;
    let milliseconds = u32::try_from(user_timeout.as_millis()).unwrap_or(u32::MAX);
    // The kernel keeps it as a signed number.
    sockopt::set_tcp_user_timeout(&socket, milliseconds.min(i32::MAX as u32))?;
    keep_alive(&socket)
}

/// Has what was received acknowledged at once, where a peer waits for that before it sends its
/// next small packet. The kernel forgets it again: to be called after a read. A socket that
/// refuses is broken, which the next read says.
pub fn quickack<Fd: AsFd>(socket: Fd) {
    let _ = sockopt::set_tcp_quickack(socket, true);
}

/// Starts a connection. It is there, or has failed, when the socket becomes writable; then
/// [`connected`] tells which.
pub fn connect(address: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpStream::connect(address)?;
    tune_loopback(&socket, address.ip());
    Ok(socket)
}

/// Takes a congestion control that spaces its packets off a socket whose peers are on this machine.
/// There it costs timers and small bursts, and has nothing to gain. A socket that refuses keeps it.
pub fn tune_loopback<Fd: AsFd>(socket: Fd, address: IpAddr) {
    /// Whether the system's default does so: BBR, in any version.
    static PACES: LazyLock<bool> = LazyLock::new(|| {
        fs::read_to_string("/proc/sys/net/ipv4/tcp_congestion_control")
            .is_ok_and(|name| name.starts_with("bbr"))
    });
    if address.to_canonical().is_loopback() && *PACES {
        // Every kernel has this one, and lets everybody use it.
        let _ = sockopt::set_tcp_congestion(socket, "reno");
    }
}

/// Whether the connection has been made: `false` while it is under way, an error if it failed.
pub fn connected(socket: &TcpStream) -> io::Result<bool> {
    take_error(socket)?;
    match socket.peer_addr() {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(false),
        Err(error) => Err(error),
    }
}

/// The socket's pending error, which is cleared by asking.
pub fn take_error<Fd: AsFd>(socket: Fd) -> io::Result<()> {
    Ok(sockopt::socket_error(socket)??)
}

/// Sends FIN after what has been written; the other direction stays open. It fails only where
/// the connection is gone already, which the other direction tells.
pub fn shutdown_write<Fd: AsFd>(socket: Fd) {
    let _ = rustix::net::shutdown(socket, Shutdown::Write);
}

/// Makes the coming close a reset: the peer learns that its data did not arrive. It fails only
/// where the connection is gone already.
pub fn reset_on_close<Fd: AsFd>(socket: Fd) {
    let _ = sockopt::set_socket_linger(socket, Some(Duration::ZERO));
}

/// The peer's address, an IPv4-mapped one as IPv4.
pub fn peer_address(socket: &TcpStream) -> io::Result<SocketAddr> {
    socket.peer_addr().map(canonical)
}

/// Our own address, an IPv4-mapped one as IPv4.
pub fn local_address(socket: &TcpStream) -> io::Result<SocketAddr> {
    socket.local_addr().map(canonical)
}

/// The same address, IPv4 if it is an IPv4-mapped one.
pub fn canonical(address: SocketAddr) -> SocketAddr {
    match address.ip().to_canonical() {
        IpAddr::V4(ip) => SocketAddr::new(ip.into(), address.port()),
        // Keeps the scope of a link-local address.
        IpAddr::V6(_) => address,
    }
}

fn keep_alive<Fd: AsFd>(socket: &Fd) -> io::Result<()> {
    sockopt::set_tcp_keepidle(socket, KEEPALIVE_IDLE)?;
    sockopt::set_tcp_keepintvl(socket, KEEPALIVE_INTERVAL)?;
    sockopt::set_tcp_keepcnt(socket, KEEPALIVE_COUNT)?;
    Ok(sockopt::set_socket_keepalive(socket, true)?)
}

/// Silence before the first probe.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(60);
/// Between two probes.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);
/// Unanswered probes after which the peer is gone: two minutes after its last sign of life.
const KEEPALIVE_COUNT: u32 = 4;

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::TcpListener;

    use mio::{Events, Interest, Poll, Token};

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn options_are_set() {
        let (ours, _theirs) = pair();
        tune_client(&ours).unwrap();
        assert!(sockopt::tcp_nodelay(&ours).unwrap());
        assert!(sockopt::socket_keepalive(&ours).unwrap());
        assert!(sockopt::socket_oobinline(&ours).unwrap());
        assert_eq!(sockopt::tcp_keepidle(&ours).unwrap(), KEEPALIVE_IDLE);
        tune_ssh(&ours, Duration::from_secs(45)).unwrap();
        assert_eq!(sockopt::tcp_user_timeout(&ours).unwrap(), 45_000);
        tune_ssh(&ours, Duration::MAX).unwrap();
        quickack(&ours);
    }

    #[test]
    fn connect_tells_success_and_refusal() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let socket = finished(connect(address).unwrap()).unwrap();
        assert_eq!(peer_address(&socket).unwrap(), address);
        assert!(local_address(&socket).unwrap().ip().is_loopback());
        drop(socket);
        drop(listener);
        let refused = connect(address).and_then(finished).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    }

    #[test]
    fn shutdown_write_leaves_the_other_direction_open() {
        let (ours, mut theirs) = pair();
        shutdown_write(&ours);
        assert_eq!(theirs.read(&mut [0; 8]).unwrap(), 0);
        theirs.write_all(b"still here").unwrap();
    }

    #[test]
    fn a_reset_is_seen_as_one() {
        let (ours, mut theirs) = pair();
        reset_on_close(&ours);
        drop(ours);
        let error = theirs.read(&mut [0; 8]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionReset);
    }

    #[test]
    fn mapped_addresses_become_ipv4() {
        let mapped: SocketAddr = "[::ffff:192.0.2.7]:21".parse().unwrap();
        assert_eq!(canonical(mapped), "192.0.2.7:21".parse().unwrap());
        let plain: SocketAddr = "[fe80::1%3]:21".parse().unwrap();
        assert_eq!(canonical(plain), plain);
    }

    /// Waits until the connection is made or has failed.
    fn finished(mut socket: TcpStream) -> io::Result<TcpStream> {
        let (mut poll, mut events) = (Poll::new()?, Events::with_capacity(4));
        poll.registry().register(&mut socket, Token(0), Interest::WRITABLE)?;
        while !connected(&socket)? {
            poll.poll(&mut events, Some(PATIENCE))?;
            assert!(!events.is_empty(), "no answer to a loopback connect");
        }
        poll.registry().deregister(&mut socket)?;
        Ok(socket)
    }

    fn pair() -> (TcpStream, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let theirs = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        theirs.set_read_timeout(Some(PATIENCE)).unwrap();
        let (ours, _) = listener.accept().unwrap();
        ours.set_nonblocking(true).unwrap();
        (TcpStream::from_std(ours), theirs)
    }
}
