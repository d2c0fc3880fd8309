//! SSH servers from before strict key exchange, as most of the installed ones are: packets are numbered
//! on through every key exchange, and ciphers and MACs count with the same numbers.

use std::io::Read;
use std::thread;

use zoxy::message::catalogue::SESSION_OPENED;

use crate::world::other_sshds::OtherSshd;
use crate::world::pattern::Pattern;
use crate::world::{Deck, Server, World, Zoxy, account, free_port, scaled, socks};

/// Two streams both ways, with many key exchanges by the server.
fn streams(cipher: &str, mac: &str) {
    let world = World::new();
    let sshd = OtherSshd::asyncssh(&world, cipher, mac, 300_000);
    let port = free_port();
    let deck = Deck::new()
        .listen("SOCKS", port)
        .profile("OTHER", "127.0.0.1", sshd.port)
        .set("OTHER", "USER", &account().name)
        .set("OTHER", "AUTH", "PUBLICKEY")
        .set("OTHER", "IDENTITY", &world.identity().display().to_string())
        .set("OTHER", "SESSIONS", "1")
        .set("OTHER", "CIPHERS", cipher)
        .set("OTHER", "MACS", mac)
        .hostkey("OTHER", &sshd.fingerprint);
    let zoxy = Zoxy::start(&world, &deck.filter("REST", "TUNNEL", "OTHER", "*", "*"));
    let echo = Server::echo();
    let size = scaled(3_000_000, 1_000_000) as u64;
    thread::scope(|scope| {
        for seed in 0..2 {
            let mut output = socks::connect(port, echo.address);
            let mut input = output.try_clone().expect("a descriptor is free").take(size);
            scope.spawn(move || {
                Pattern::new(seed).write(&mut output, size).expect("zoxy takes all")
            });
            // AsyncSSH does not always send EOF before it closes a channel: the end is not looked at.
            scope.spawn(move || {
                let got = Pattern::new(seed).verify(&mut input).expect("right bytes come back");
                assert_eq!(got, size);
            });
        }
    });
    assert_eq!(zoxy.log.count(&[&SESSION_OPENED.id()]), 1);
}

#[test]
fn aes_gcm() {
    streams("aes128-gcm@openssh.com", "hmac-sha2-256");
}

#[test]
fn chacha20_poly1305() {
    streams("chacha20-poly1305@openssh.com", "hmac-sha2-256");
}

#[test]
fn aes_ctr_with_encrypt_then_mac() {
    streams("aes256-ctr", "hmac-sha2-256-etm@openssh.com");
}

#[test]
fn aes_ctr_with_mac_of_the_plain_text() {
    streams("aes256-ctr", "hmac-sha2-256");
}
