//! Urgent data, as an FTP client sends before its ABOR, stays in line and holds nothing back.

use std::io::{Read, Write};
use std::net::Shutdown;

use rustix::net::SendFlags;
use rustix::process::Signal;

use crate::world::{Deck, Server, Tunnel, World, Zoxy, deadline, free_port, read_once, socks};

/// What a client sends to abort (RFC 959 section 4.1.3, RFC 854): IAC IP, IAC, DM as urgent, ABOR.
fn abort(zoxy: &Zoxy, mut stream: std::net::TcpStream) {
    stream.set_read_timeout(Some(deadline())).expect("a time-out above zero");
    // A first turn of the echo, so that the relay stands.
    stream.write_all(b"NOOP\r\n").expect("the tunnel takes a line");
    stream.read_exact(&mut [0; 6]).expect("the echo comes");
    // All of it is there when zoxy looks.
    zoxy.signal(Signal::STOP);
    stream.write_all(b"\xff\xf4\xff").expect("the socket takes it");
    rustix::net::send(&stream, b"\xf2", SendFlags::OOB).expect("the socket takes it");
    stream.write_all(b"ABOR\r\n").expect("the socket takes it");
    zoxy.signal(Signal::CONT);
    let mut echo = [0; 10];
    stream.read_exact(&mut echo).expect("all of it comes back, while the client waits");
    assert_eq!(&echo, b"\xff\xf4\xff\xf2ABOR\r\n");
    stream.shutdown(Shutdown::Write).expect("a TCP socket");
    assert_eq!(read_once(&mut stream, &mut [0]).expect("a regular end"), 0);
}

fn echo() -> Server {
    Server::start(|mut stream| {
        let mut output = stream.try_clone()?;
        std::io::copy(&mut stream, &mut output).map(|_| ())
    })
}

#[test]
fn through_a_tunnel() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let server = echo();
    abort(&tunnel.zoxy, tunnel.connect(server.address));
}

#[test]
fn direct() {
    let world = World::new();
    let port = free_port();
    let deck = Deck::new().listen("SOCKS", port).filter("REST", "DIRECT", "", "*", "*");
    let zoxy = Zoxy::start(&world, &deck);
    let server = echo();
    abort(&zoxy, socks::connect(port, server.address));
}
