//! A target that never answers delays nobody else's connection.

use std::io::Write;
use std::time::{Duration, Instant};

use crate::world::socks::{dial, request5};
use crate::world::{BlackHole, Server, Tunnel, World, emulated, servers};

#[test]
fn others_connect_at_once() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SSHD", "SESSIONS", "1"));
    let echo = Server::echo();
    tunnel.connect(echo.address);
    let hole = BlackHole::new();
    let stuck: Vec<_> = (0..20)
        .map(|_| {
            let mut stream = dial(tunnel.port);
            let bytes = [&[5, 1, 0], &request5(1, hole.address())[..]].concat();
            stream.write_all(&bytes).expect("the proxy reads");
            stream
        })
        .collect();
    let start = Instant::now();
    for _ in 0..20 {
        let mut stream = tunnel.connect(echo.address);
        stream.write_all(b"past the hole").expect("the tunnel takes data");
        stream.shutdown(std::net::Shutdown::Write).expect("a TCP socket");
        let got = servers::read_to_end(&mut stream, Duration::from_secs(30));
        assert_eq!(got.expect("the echo"), b"past the hole");
    }
    let limit = Duration::from_secs(if emulated() { 15 } else { 3 });
    assert!(start.elapsed() < limit, "20 connections took {:?}", start.elapsed());
    drop(stuck);
}
