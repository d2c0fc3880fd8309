//! The server renews its keys under load: nothing stalls, no byte is wrong.

use std::net::Shutdown;
use std::thread;

use crate::world::pattern::Pattern;
use crate::world::{Server, Tunnel, World, scaled};

/// Four streams of `size` bytes each way with a rekey every megabyte.
fn four_streams_both_ways(cipher: &str) {
    many_keys(cipher, "hmac-sha2-256-etm@openssh.com");
}

fn many_keys(cipher: &str, mac: &str) {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &["RekeyLimit 1M"], |deck| {
        deck.set("SSHD", "SESSIONS", "1").set("SSHD", "CIPHERS", cipher).set("SSHD", "MACS", mac)
    });
    let echo = Server::echo();
    let size = scaled(20_000_000, 2_500_000) as u64;
    thread::scope(|scope| {
        for seed in 0..4 {
            let mut output = tunnel.connect(echo.address);
            let mut input = output.try_clone().expect("a descriptor is free");
            scope.spawn(move || {
                Pattern::new(seed).write(&mut output, size).expect("the tunnel takes all");
                output.shutdown(Shutdown::Write).expect("a TCP socket");
            });
            scope.spawn(move || {
                let got = Pattern::new(seed).verify(&mut input).expect("right bytes come back");
                assert_eq!(got, size);
            });
        }
    });
}

#[test]
fn aes_gcm() {
    four_streams_both_ways("aes128-gcm@openssh.com");
}

#[test]
fn chacha20_poly1305() {
    four_streams_both_ways("chacha20-poly1305@openssh.com");
}

#[test]
fn aes_ctr() {
    four_streams_both_ways("aes256-ctr");
}

#[test]
fn aes_ctr_with_mac_of_the_plain_text() {
    many_keys("aes256-ctr", "hmac-sha2-256");
}
