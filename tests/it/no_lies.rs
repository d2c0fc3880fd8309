//! Success is said only once the target has answered.

use std::io::{ErrorKind, Write};
use std::time::Duration;

use crate::world::socks::{self, reply, request5};
use crate::world::{BlackHole, Deck, Tunnel, World, Zoxy, deadline, free_port, read_once};

/// Asks for a target that does not answer yet, checks the silence, lets it answer, expects success.
fn success_follows_the_answer(proxy: u16) {
    let hole = BlackHole::new();
    let mut stream = socks::dial(proxy);
    assert_eq!(socks::methods(&mut stream, &[0]).expect("the proxy answers"), 0);
    stream.write_all(&request5(1, hole.address())).expect("the proxy takes a request");
    let quiet = Duration::from_millis(1500);
    stream.set_read_timeout(Some(quiet)).expect("a time-out above zero");
    let error = read_once(&mut stream, &mut [0]).expect_err("a reply before the target answered");
    assert_eq!(error.kind(), ErrorKind::WouldBlock);

    let _server = hole.open();
    stream.set_read_timeout(Some(deadline())).expect("a time-out above zero");
    let code = socks::read_reply5(&mut stream).expect("the proxy answers");
    assert_eq!(code, reply::SUCCEEDED);
}

#[test]
fn through_a_tunnel() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    success_follows_the_answer(tunnel.port);
}

#[test]
fn direct() {
    let world = World::new();
    let port = free_port();
    let deck = Deck::new().listen("SOCKS", port).filter("REST", "DIRECT", "", "*", "*");
    let _zoxy = Zoxy::start(&world, &deck);
    success_follows_the_answer(port);
}
