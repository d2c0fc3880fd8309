//! What a client is told when it cannot have its connection: the exact code, in both versions.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use zoxy::message::catalogue::{CONNECT_FAILED, REQUEST_BLOCKED};

use crate::world::socks::{ask4, ask5, reply, request4, request4a, request5, request5_name};
use crate::world::{
    BlackHole, Deck, Server, Sshd, Tunnel, World, Zoxy, free_port, proxy, read_once, socks,
};

const CONNECT: u8 = 1;

fn local(port: u16) -> SocketAddrV4 {
    SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
}

/// Asks for `target` in both versions and expects `code` in version 5 and 91 in version 4.
fn expect(proxy: u16, target: SocketAddrV4, code: u8) {
    let (mut stream, got) = ask5(proxy, &request5(CONNECT, SocketAddr::V4(target)));
    assert_eq!(got, code, "SOCKS 5 to {target}");
    assert_eq!(read_once(&mut stream, &mut [0]).unwrap_or(0), 0, "bytes after a refusal");
    let (mut stream, got) = ask4(proxy, &request4(CONNECT, target, "USER"));
    assert_eq!(got, socks::REJECTED, "SOCKS 4 to {target}");
    assert_eq!(read_once(&mut stream, &mut [0]).unwrap_or(0), 0, "bytes after a refusal");
}

#[test]
fn refused_target() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    expect(tunnel.port, local(free_port()), reply::REFUSED);
    tunnel.zoxy.log.wait_message(&CONNECT_FAILED, &["Connection refused"]);
}

#[test]
fn refused_direct_target() {
    let world = World::new();
    let port = free_port();
    let deck = Deck::new().listen("SOCKS", port);
    let zoxy = Zoxy::start(&world, &deck.filter("REST", "DIRECT", "", "*", "*"));
    expect(port, local(free_port()), reply::REFUSED);
    zoxy.log.wait_message(&CONNECT_FAILED, &[]);
}

#[test]
fn unknown_direct_name() {
    let world = World::new();
    let port = free_port();
    let deck = Deck::new().listen("SOCKS", port).set("REST", "CONNTIME", "20");
    let _zoxy = Zoxy::start(&world, &deck.filter("REST", "DIRECT", "", "*", "*"));
    let (_, code) = ask5(port, &request5_name(CONNECT, "no-such-host.invalid", 21));
    // A resolver that cannot reach its server may need longer than the filter allows.
    let expected = [reply::HOST_UNREACHABLE, reply::TTL_EXPIRED];
    assert!(expected.contains(&code), "reply {code}");
}

#[test]
fn granted_in_version_4() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let echo = Server::echo();
    let (_, code) = ask4(tunnel.port, &request4(CONNECT, local(echo.port()), "USER"));
    assert_eq!(code, socks::GRANTED);
}

#[test]
fn black_holed_target() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SSHD", "OPENTIME", "1"));
    expect(tunnel.port, local(BlackHole::new().port), reply::TTL_EXPIRED);
}

#[test]
fn black_holed_direct_target() {
    let world = World::new();
    let port = free_port();
    let deck = Deck::new()
        .listen("SOCKS", port)
        .set("REST", "CONNTIME", "1")
        .filter("REST", "DIRECT", "", "*", "*");
    let _zoxy = Zoxy::start(&world, &deck);
    expect(port, local(BlackHole::new().port), reply::TTL_EXPIRED);
}

#[test]
fn blocked_target() {
    let world = World::new();
    let server = Server::echo();
    let blocked = server.port().to_string();
    let tunnel = Tunnel::start_with(&world, &[], |deck| {
        deck.filter("NO", "BLOCK", "", &blocked, "127.0.0.1").filter(
            "NONAMES",
            "BLOCK",
            "",
            "*",
            "*.blocked.example",
        )
    });
    expect(tunnel.port, local(server.port()), reply::NOT_ALLOWED);
    tunnel.zoxy.log.wait_message(&REQUEST_BLOCKED, &["NO"]);

    let name = "host.BLOCKED.example";
    let (_, code) = ask5(tunnel.port, &request5_name(CONNECT, name, 21));
    assert_eq!(code, reply::NOT_ALLOWED);
    let (_, code) = ask4(tunnel.port, &request4a(CONNECT, name, 21, "USER"));
    assert_eq!(code, socks::REJECTED);
    assert_eq!(server.accepted.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[test]
fn no_filter_matches() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let port = free_port();
    let deck = proxy::tunnel_deck(&world, &sshd, port).filter("FTP", "TUNNEL", "SSHD", "21", "*");
    let zoxy = Zoxy::start(&world, &deck);
    expect(port, local(free_port()), reply::NOT_ALLOWED);
    zoxy.log.wait_message(&REQUEST_BLOCKED, &[]);
}

#[test]
fn target_that_the_ssh_server_prohibits() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &["PermitOpen none"], |deck| deck);
    expect(tunnel.port, local(free_port()), reply::NOT_ALLOWED);
}

#[test]
fn other_commands_are_not_supported() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    for command in [2, 3, 9] {
        let (_, code) = ask5(tunnel.port, &request5(command, SocketAddr::V4(local(21))));
        assert_eq!(code, reply::COMMAND_NOT_SUPPORTED, "SOCKS 5 command {command}");
    }
    let (_, code) = ask4(tunnel.port, &request4(2, local(21), ""));
    assert_eq!(code, socks::REJECTED, "SOCKS 4 BIND");
}

#[test]
fn unknown_address_type() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let mut stream = socks::dial(tunnel.port);
    assert_eq!(socks::methods(&mut stream, &[0]).expect("the proxy answers"), 0);
    stream.write_all(&[5, CONNECT, 0, 7, 1, 2, 3, 4, 0, 21]).expect("the proxy takes a request");
    let code = socks::read_reply5(&mut stream).expect("the proxy answers");
    assert_eq!(code, reply::ADDRESS_TYPE_NOT_SUPPORTED);
}

#[test]
fn ssh_server_that_is_down() {
    let world = World::new();
    let mut sshd = Sshd::start(&world, &[]);
    sshd.kill();
    let port = free_port();
    let deck = proxy::tunnel_deck(&world, &sshd, port).filter("REST", "TUNNEL", "SSHD", "*", "*");
    let _zoxy = Zoxy::start(&world, &deck);
    let server = Server::echo();
    let (_, code) = ask5(port, &request5(CONNECT, server.address));
    assert_ne!(code, reply::SUCCEEDED);
}
