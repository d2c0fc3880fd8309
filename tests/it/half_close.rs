//! FIN from either side first: no byte is lost, the other direction goes on.

use std::net::{Shutdown, SocketAddr};
use std::sync::mpsc;

use crate::world::pattern::Pattern;
use crate::world::{Deck, Server, Tunnel, World, Zoxy, deadline, free_port, scaled, socks};

/// Bytes up and bytes down; odd, and many windows long.
fn sizes() -> (u64, u64) {
    (scaled(20_000_003, 2_000_003) as u64, scaled(30_000_001, 3_000_001) as u64)
}

/// The client sends all and ends; only then the server sends all.
fn client_ends_first(connect: impl Fn(SocketAddr) -> std::net::TcpStream) {
    let (up, down) = sizes();
    let (report, received) = mpsc::channel();
    let server = Server::start(move |mut stream| {
        let _ = report.send(Pattern::new(1).verify(&mut stream));
        Pattern::new(2).write(&mut stream, down)
    });
    let mut stream = connect(server.address);
    Pattern::new(1).write(&mut stream, up).expect("the tunnel takes all");
    stream.shutdown(Shutdown::Write).expect("a TCP socket");
    let at_server = received.recv_timeout(deadline()).expect("the server saw the end");
    assert_eq!(at_server.expect("the server got the right bytes"), up);
    assert_eq!(Pattern::new(2).verify(&mut stream).expect("right bytes at the client"), down);
}

/// The server sends all and ends; only then the client sends all.
fn server_ends_first(connect: impl Fn(SocketAddr) -> std::net::TcpStream) {
    let (up, down) = sizes();
    let (report, received) = mpsc::channel();
    let server = Server::start(move |mut stream| {
        Pattern::new(3).write(&mut stream, down)?;
        stream.shutdown(Shutdown::Write)?;
        let _ = report.send(Pattern::new(4).verify(&mut stream));
        Ok(())
    });
    let mut stream = connect(server.address);
    assert_eq!(Pattern::new(3).verify(&mut stream).expect("right bytes at the client"), down);
    Pattern::new(4).write(&mut stream, up).expect("the tunnel takes all");
    stream.shutdown(Shutdown::Write).expect("a TCP socket");
    let at_server = received.recv_timeout(deadline()).expect("the server saw the end");
    assert_eq!(at_server.expect("the server got the right bytes"), up);
}

fn direct(world: &World) -> (Zoxy, u16) {
    let port = free_port();
    let deck = Deck::new().listen("SOCKS", port).filter("REST", "DIRECT", "", "*", "*");
    (Zoxy::start(world, &deck), port)
}

#[test]
fn tunnel_client_first() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    client_ends_first(|target| tunnel.connect(target));
}

#[test]
fn tunnel_server_first() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    server_ends_first(|target| tunnel.connect(target));
}

#[test]
fn direct_client_first() {
    let world = World::new();
    let (_zoxy, port) = direct(&world);
    client_ends_first(|target| socks::connect(port, target));
}

#[test]
fn direct_server_first() {
    let world = World::new();
    let (_zoxy, port) = direct(&world);
    server_ends_first(|target| socks::connect(port, target));
}

#[test]
fn short_answers_before_the_end() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let server = Server::start(|mut stream| Pattern::new(9).write(&mut stream, 17));
    for _ in 0..scaled(300, 50) {
        let mut stream = tunnel.connect(server.address);
        assert_eq!(Pattern::new(9).verify(&mut stream).expect("right bytes"), 17);
    }
}
