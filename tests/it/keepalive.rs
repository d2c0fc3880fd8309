//! A server that hangs without closing is found out by keepalives.

use std::io::Read;
use std::time::{Duration, Instant};

use zoxy::message::catalogue::{KEEPALIVE_LOST, SESSION_OPENED};

use crate::world::{Server, Tunnel, World, deadline, emulated, read_once, socks};

#[test]
fn three_misses_mean_dead() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| {
        deck.set("SSHD", "KEEPALIVE", "1").set("SSHD", "KEEPCOUNT", "3")
    });
    let echo = Server::echo();
    let mut stream = tunnel.connect(echo.address);
    // Before: under load it takes longer than the first keepalive.
    let frozen = Instant::now();
    tunnel.sshd.freeze_sessions();
    stream.set_read_timeout(Some(deadline())).expect("a time-out above zero");
    let end = read_once(&mut stream, &mut [0]);
    let closed =
        end.map_or_else(|error| error.kind() != std::io::ErrorKind::WouldBlock, |n| n == 0);
    assert!(closed, "the client still waits");
    let took = frozen.elapsed();
    let limit = Duration::from_secs(if emulated() { 20 } else { 8 });
    assert!(took >= Duration::from_secs(2), "given up after {took:?}, before three misses");
    assert!(took < limit, "given up after {took:?}");
    tunnel.zoxy.log.wait_message(&KEEPALIVE_LOST, &[]);
    // The listener of sshd is not frozen: the next connection gets a new session.
    crate::world::eventually("a connection on a new session", || {
        socks::try_connect(tunnel.port, echo.address).ok()
    });
    assert_eq!(tunnel.zoxy.log.count(&[&SESSION_OPENED.id()]), 2);
}

#[test]
fn answered_keepalives_keep_an_idle_connection() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &["LogLevel DEBUG2"], |deck| {
        deck.set("SSHD", "KEEPALIVE", "1").set("SSHD", "KEEPCOUNT", "1")
    });
    let echo = Server::echo();
    let stream = tunnel.connect(echo.address);
    crate::world::eventually("three keepalives at the server", || {
        (tunnel.sshd.log.count(&["keepalive@openssh.com"]) >= 3).then_some(())
    });
    let sent = std::io::Write::write(&mut &stream, b"still there");
    assert_eq!(sent.expect("the tunnel takes data"), 11);
    let mut got = [0; 11];
    (&stream).read_exact(&mut got).expect("the connection lives");
    assert_eq!(&got, b"still there");
}

#[test]
fn keepalives_of_the_server_are_answered() {
    let world = World::new();
    let server = ["ClientAliveInterval 1", "ClientAliveCountMax 1", "LogLevel DEBUG2"];
    let tunnel = Tunnel::start_with(&world, &server, |deck| deck.set("SSHD", "KEEPALIVE", "0"));
    let echo = Server::echo();
    let mut stream = tunnel.connect(echo.address);
    // An unanswered one would have ended the session after two seconds.
    let quiet = Duration::from_secs(4);
    stream.set_read_timeout(Some(quiet)).expect("a time-out above zero");
    let error = read_once(&mut stream, &mut [0]).expect_err("nothing is sent on this connection");
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock, "the session ended: {error}");
}
