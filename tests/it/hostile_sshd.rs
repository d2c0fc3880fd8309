//! SSH servers that break the protocol end their own session, and never the process.

use std::io::{Read, Write};

use zoxy::message::catalogue::{DIAL_FAILED, SESSION_LOST, SESSION_OPENED};

use crate::world::other_sshds::OtherSshd;
use crate::world::pattern::Pattern;
use crate::world::{Deck, Server, World, Zoxy, account, eventually, free_port, read_once, socks};

const PLAIN_MAC: &str = "hmac-sha2-256";

/// Compression that begins after the login.
const ZLIB: &str = "zlib@openssh.com";

/// A server with `cipher` that does `trick` at its moment, and zoxy, which offers `more` ciphers as well.
fn start(world: &World, cipher: &str, more: &str, trick: [&str; 2]) -> (OtherSshd, Zoxy, u16) {
    start_with(world, [cipher, more, "none"], trick)
}

/// The same, with compression.
fn start_with(
    world: &World,
    [cipher, more, compression]: [&str; 3],
    trick: [&str; 2],
) -> (OtherSshd, Zoxy, u16) {
    let sshd = OtherSshd::with_trick(world, [cipher, PLAIN_MAC, compression], 1 << 30, trick);
    let port = free_port();
    let deck = Deck::new()
        .listen("SOCKS", port)
        .profile("OTHER", "127.0.0.1", sshd.port)
        .set("OTHER", "USER", &account().name)
        .set("OTHER", "AUTH", "PUBLICKEY")
        .set("OTHER", "IDENTITY", &world.identity().display().to_string())
        .set("OTHER", "SESSIONS", "1")
        .set("OTHER", "CIPHERS", &format!("{cipher}{more}"))
        .set("OTHER", "MACS", PLAIN_MAC)
        .set("OTHER", "COMPRESSION", if compression == ZLIB { "YES" } else { "NO" })
        .hostkey("OTHER", &sshd.fingerprint);
    let zoxy = Zoxy::start(world, &deck.filter("REST", "TUNNEL", "OTHER", "*", "*"));
    (sshd, zoxy, port)
}

/// The session ends for `reason`, and later clients get another one.
fn ends_only_its_session(cipher: &str, more: &str, trick: &str, reason: &str) {
    ends_with([cipher, more, "none"], trick, reason);
}

fn ends_with(methods: [&str; 3], trick: &str, reason: &str) {
    let world = World::new();
    let (_sshd, mut zoxy, port) = start_with(&world, methods, ["connect", trick]);
    let echo = Server::echo();
    let lost = SESSION_LOST.id();
    eventually("the session to end, and another one", || {
        if let Ok(mut stream) = socks::try_connect(port, echo.address) {
            // Connected before the trick took effect: it ends when the session does.
            let _ = read_once(&mut stream, &mut [0]);
        }
        let sessions = zoxy.log.count(&[&SESSION_OPENED.id()]);
        (sessions >= 2 && zoxy.log.count(&[&lost, reason]) >= 1).then_some(())
    });
    zoxy.stop();
}

/// The login fails for `reason`.
fn fails_to_log_in(compression: &str, trick: &str, reason: &str) {
    let world = World::new();
    let methods = ["aes256-ctr", "", compression];
    let (_sshd, mut zoxy, port) = start_with(&world, methods, ["login", trick]);
    let _ = socks::try_connect(port, Server::echo().address).expect_err("nobody is let in");
    zoxy.log.wait_message(&DIAL_FAILED, &[reason]);
    zoxy.stop();
}

/// New keys, a packet behind the KEXINIT that comes in pieces, and all else at once: clients notice nothing.
fn carries_data_through(moment: &str) {
    let trick = "at_once(connection, lambda: (kexinit(connection), ignored(connection, 100)), 40)";
    let world = World::new();
    let (_sshd, zoxy, port) = start(&world, "aes256-ctr", "", [moment, trick]);
    let echo = Server::echo();
    let mut stream = socks::connect(port, echo.address);
    stream.write_all(b"new keys").expect("zoxy takes it");
    let mut back = [0; 8];
    stream.read_exact(&mut back).expect("it comes back");
    assert_eq!(&back, b"new keys");
    assert_eq!(zoxy.log.count(&[&SESSION_LOST.id()]), 0);
}

#[test]
fn data_behind_kexinit_come_in_pieces() {
    carries_data_through("connect");
}

#[test]
fn answer_to_a_login_comes_within_a_key_exchange() {
    carries_data_through("login");
}

#[test]
fn packet_that_is_too_long_and_data_behind_kexinit() {
    let trick = "at_once(connection, lambda: (ignored(connection, 36000), kexinit(connection), \
                 ignored(connection, 100)), 40)";
    ends_only_its_session("aes256-ctr", "", trick, "impossible length of a packet");
}

#[test]
fn another_cipher_with_new_keys() {
    let trick = "kexinit(connection, _enc_algs=[b'aes256-cbc'])";
    let reason = "other algorithms for new keys";
    ends_only_its_session("aes128-gcm@openssh.com", ",aes256-cbc", trick, reason);
}

#[test]
fn new_keys_without_an_exchange() {
    let trick = "kexinit(connection); connection.send_packet(21)";
    ends_only_its_session("aes256-ctr", "", trick, "NEWKEYS without an exchange");
}

#[test]
fn packet_without_a_message() {
    ends_only_its_session("aes256-ctr", "", "empty(connection, 20)", "packet without a message");
}

#[test]
fn one_key_exchange_after_another() {
    let reason = "one key exchange after another";
    for cipher in ["aes256-ctr", "aes128-gcm@openssh.com"] {
        ends_only_its_session(cipher, "", "kexinits(connection)", reason);
    }
}

#[test]
fn banners_that_do_not_end() {
    let trick = "[connection.send_packet(53, asyncssh.packet.String(bytes(30000)), \
                 asyncssh.packet.String('')) for _ in range(100)]";
    fails_to_log_in("none", trick, "too much data before the end of the login");
}

/// A compressed packet begins with a byte that means something else.
#[test]
fn compression_before_the_end_of_the_login() {
    let reason = "packet of the connection protocol before the end of the login";
    fails_to_log_in(ZLIB, "connection._compress_after_auth = False", reason);
}

/// Compression as such works with this server, through new keys too.
#[test]
fn compressed_data() {
    let world = World::new();
    let trick = ["connect", "kexinit(connection)"];
    let (_sshd, zoxy, port) = start_with(&world, ["aes256-ctr", "", ZLIB], trick);
    let echo = Server::echo();
    for seed in 0..3 {
        let mut stream = socks::connect(port, echo.address);
        let sent = Pattern::new(seed).take(200_000);
        stream.write_all(&sent).expect("zoxy takes it");
        let mut back = vec![0; sent.len()];
        stream.read_exact(&mut back).expect("it comes back");
        assert!(back == sent, "wrong bytes back");
    }
    assert_eq!(zoxy.log.count(&[&SESSION_LOST.id()]), 0);
}

fn compressed(trick: &str, reason: &str) {
    ends_with(["aes256-ctr", "", ZLIB], trick, reason);
}

#[test]
fn packet_that_is_huge_when_it_is_decompressed() {
    compressed("ignored(connection, 1 << 24)", "cannot be decompressed");
    let reason = "packet that is too long when it is decompressed";
    compressed("ignored(connection, 36000)", reason);
}

#[test]
fn packets_that_are_much_when_they_are_decompressed() {
    let trick = "[ignored(connection, 30000) for _ in range(1000)]";
    compressed(trick, "compressed packets that are much longer than what was sent");
}

#[test]
fn damaged_compression() {
    let reason = "cannot be decompressed";
    // Not of zlib, its end, nothing at all.
    for packed in ["bytes([255] * 40)", "b'\\x03\\x00' + bytes(6)", "b''"] {
        let trick = format!("ignored(connection, 0); pack(connection, {packed})");
        compressed(&trick, reason);
    }
    // A block of no bytes.
    let trick = "ignored(connection, 0); pack(connection, bytes(3) + bytes([255, 255]))";
    compressed(trick, "packet without a message");
}
