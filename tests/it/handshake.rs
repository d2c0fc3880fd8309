//! Handshakes as hostile or clumsy clients make them.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};

use zoxy::message::catalogue::{HANDSHAKE_FAILED, HANDSHAKE_TIMEOUT};

use crate::world::servers::read_to_end;
use crate::world::socks::{self, request4, request4a, request5, request5_name};
use crate::world::{Server, Tunnel, World, deadline};

fn v4(address: SocketAddr) -> SocketAddrV4 {
    match address {
        SocketAddr::V4(address) => address,
        SocketAddr::V6(_) => panic!("the servers here are IPv4"),
    }
}

/// Each version's handshake with its replies' lengths: (bytes to send, bytes of reply to skip).
fn handshakes(target: SocketAddr) -> Vec<(Vec<u8>, usize)> {
    let methods = [5, 1, 0];
    let name = "127.0.0.1";
    vec![
        (request4(1, v4(target), "BATCH"), 8),
        (request4a(1, "localhost", target.port(), "BATCH"), 8),
        ([&methods[..], &request5(1, target)].concat(), 2 + 10),
        ([&methods[..], &request5_name(1, name, target.port())].concat(), 2 + 10),
    ]
}

/// Skips the replies, then expects `data` to come back from the echo server.
fn expect_echo(mut stream: TcpStream, skip: usize, data: &[u8]) {
    stream.read_exact(&mut vec![0; skip]).expect("replies");
    let mut got = vec![0; data.len()];
    stream.read_exact(&mut got).expect("the echo");
    assert_eq!(got, data);
}

#[test]
fn byte_by_byte() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let echo = Server::echo();
    for (bytes, skip) in handshakes(echo.address) {
        let mut stream = socks::dial(tunnel.port);
        for byte in &bytes {
            stream.write_all(&[*byte]).expect("the proxy reads");
        }
        stream.write_all(b"after").expect("the proxy reads");
        expect_echo(stream, skip, b"after");
    }
}

#[test]
fn data_in_the_same_packet() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let echo = Server::echo();
    let data = vec![b'd'; 20_000];
    for (bytes, skip) in handshakes(echo.address) {
        let mut stream = socks::dial(tunnel.port);
        stream.write_all(&[bytes, data.clone()].concat()).expect("the proxy reads");
        expect_echo(stream, skip, &data);
    }
}

#[test]
fn never_ending_user_name() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let mut stream = socks::dial(tunnel.port);
    stream.write_all(&[4, 1, 0, 21, 127, 0, 0, 1]).expect("the proxy reads");
    let mut sent = 0;
    let chunk = [b'u'; 1000];
    // The proxy must hang up on its own, long before the time limit of a handshake.
    while stream.write_all(&chunk).is_ok() {
        sent += chunk.len();
        assert!(sent < 100_000_000, "the proxy goes on reading");
    }
    tunnel.zoxy.log.wait_message(&HANDSHAKE_FAILED, &[]);
}

#[test]
fn silence_ends_at_the_deadline() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SOCKS", "HANDSHAKE", "1"));
    let mut silent = socks::dial(tunnel.port);
    let mut slow = socks::dial(tunnel.port);
    slow.write_all(&[5, 2, 0]).expect("the proxy reads");
    for stream in [&mut silent, &mut slow] {
        let end = read_to_end(stream, deadline());
        assert!(end.is_ok_and(|bytes| bytes.is_empty()), "the proxy neither waits nor answers");
    }
    tunnel.zoxy.log.wait_message(&HANDSHAKE_TIMEOUT, &[]);
}

/// Sends something that is not SOCKS and expects the end of the connection and a message.
fn not_socks(bytes: &[u8], named: &[&str]) {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let mut stream = socks::dial(tunnel.port);
    stream.write_all(bytes).expect("the proxy reads");
    match read_to_end(&mut stream, deadline()) {
        Ok(answer) => assert!(answer.is_empty(), "answered with {answer:?}"),
        // Bytes that the proxy never read turn its close into a reset.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset),
    }
    tunnel.zoxy.log.wait_message(&HANDSHAKE_FAILED, named);
}

#[test]
fn garbage() {
    not_socks(&[0xff, 0xfe, 0, 1, 2, 3], &[]);
}

#[test]
fn an_http_request_is_named_in_the_log() {
    not_socks(b"GET http://example.com/ HTTP/1.1\r\nHost: example.com\r\n\r\n", &["HTTP"]);
}

#[test]
fn a_tls_hello_is_named_in_the_log() {
    not_socks(&[0x16, 3, 1, 0, 200, 1, 0, 0, 196, 3, 3], &["TLS"]);
}
