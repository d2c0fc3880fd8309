//! More connections than the deck or the system allows.

use std::io::{Read, Write};
use std::net::TcpStream;

use zoxy::message::catalogue::{ACCEPT_PAUSED, ACCEPT_RESUMED, CLIENT_REFUSED_LIMIT};

use crate::world::{
    Server, Sshd, Tunnel, World, Zoxy, eventually, free_port, proxy, read_once, socks,
};

/// True when the proxy hangs up without a SOCKS answer.
fn hung_up(proxy: u16) -> bool {
    let mut stream = socks::dial(proxy);
    let asked = stream.write_all(&[5, 1, 0]);
    asked.is_err() || read_once(&mut stream, &mut [0]).unwrap_or(0) == 0
}

fn echoes(stream: &mut TcpStream) {
    stream.write_all(b"limit").expect("the tunnel takes data");
    let mut got = [0; 5];
    stream.read_exact(&mut got).expect("the echo");
    assert_eq!(&got, b"limit");
}

/// Fills `keyword` with two connections, expects the third to be refused, and one to get in again
/// after one has left.
fn third_is_refused(keyword: &str) {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("*", keyword, "2"));
    let echo = Server::echo();
    let mut first = tunnel.connect(echo.address);
    let second = tunnel.connect(echo.address);
    assert!(hung_up(tunnel.port), "a third connection was let in");
    tunnel.zoxy.log.wait_message(&CLIENT_REFUSED_LIMIT, &["127.0.0.1"]);
    echoes(&mut first);
    drop(second);
    eventually("room for a new connection", || socks::try_connect(tunnel.port, echo.address).ok());
}

#[test]
fn per_client() {
    third_is_refused("MAXCLIENT");
}

#[test]
fn in_all() {
    third_is_refused("MAXCONN");
}

#[test]
fn no_descriptors_left() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let port = free_port();
    let deck = proxy::tunnel_deck(&world, &sshd, port)
        .set("*", "WORKERS", "1")
        .set("SSHD", "IDLETIME", "600")
        .filter("REST", "TUNNEL", "SSHD", "*", "*");
    let prlimit = crate::world::program("prlimit", "util-linux").display().to_string();
    let zoxy = Zoxy::start_under(&world, &deck, &[&prlimit, "--nofile=64:64", "--"]);
    let echo = Server::echo();
    let mut first = socks::connect(port, echo.address);
    // Those that find no descriptor wait in the backlog, so nothing is asked of them yet.
    let crowd: Vec<_> = (0..100).map(|_| socks::dial(port)).collect();
    zoxy.log.wait_message(&ACCEPT_PAUSED, &[]);
    echoes(&mut first);
    drop(crowd);
    zoxy.log.wait_message(&ACCEPT_RESUMED, &[]);
    let mut next = eventually("a connection after the shortage", || {
        socks::try_connect(port, echo.address).ok()
    });
    echoes(&mut next);
    echoes(&mut first);
}
