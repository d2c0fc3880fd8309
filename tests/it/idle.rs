//! Sessions and connections that nobody uses.

use zoxy::message::catalogue::{IDLE_CLOSED, SESSION_CLOSED, SESSION_OPENED};

use crate::world::{Server, Tunnel, World, read_once, socks};

#[test]
fn session_closes_after_its_idle_time() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SSHD", "IDLETIME", "1"));
    let echo = Server::echo();
    let held = tunnel.connect(echo.address);
    drop(tunnel.connect(echo.address));
    let log = &tunnel.zoxy.log;
    assert_eq!(log.find(&[&SESSION_CLOSED.id()]), None, "closed with a connection in it");
    drop(held);
    log.wait_message(&SESSION_CLOSED, &[]);
    drop(tunnel.connect(echo.address));
    assert_eq!(log.count(&[&SESSION_OPENED.id()]), 2);
}

#[test]
fn session_is_used_again_within_its_idle_time() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SSHD", "IDLETIME", "600"));
    let echo = Server::echo();
    for _ in 0..5 {
        drop(tunnel.connect(echo.address));
    }
    assert_eq!(tunnel.zoxy.log.count(&[&SESSION_OPENED.id()]), 1);
}

#[test]
fn connection_on_which_nothing_moves_is_closed() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("REST", "IDLETIME", "1"));
    let silent = Server::start(|mut stream| read_once(&mut stream, &mut [0]).map(drop));
    let mut stream = socks::connect(tunnel.port, silent.address);
    assert_eq!(read_once(&mut stream, &mut [0]).unwrap_or(0), 0, "bytes out of nowhere");
    tunnel.zoxy.log.wait_message(&IDLE_CLOSED, &[]);
}
