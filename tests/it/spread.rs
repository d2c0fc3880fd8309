//! Clients spread over SSH sessions before these are full (SPREAD).

use std::io::{Read, Write};
use std::thread;

use zoxy::message::catalogue::SESSION_OPENED;

use crate::world::{Server, Tunnel, World};

/// Two clients in each of three sessions, whichever worker they are on; what is more joins them.
#[test]
fn sessions_are_opened_before_one_is_full() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| {
        let deck = deck.set("*", "WORKERS", "2").set("SSHD", "IDLETIME", "3600");
        deck.set("SSHD", "SESSIONS", "3").set("SSHD", "SPREAD", "2")
    });
    let echo = Server::echo();
    let mut clients = Vec::new();
    for (count, sessions) in [(2, 1), (4, 2), (6, 3), (9, 3)] {
        while clients.len() < count {
            clients.push(tunnel.connect(echo.address));
        }
        assert_eq!(tunnel.zoxy.log.count(&[&SESSION_OPENED.id()]), sessions, "{count} clients");
    }
    // All of them work, side by side.
    thread::scope(|scope| {
        for mut client in clients {
            scope.spawn(move || {
                client.write_all(b"through").expect("the tunnel takes it");
                let mut back = [0; 7];
                client.read_exact(&mut back).expect("it comes back");
                assert_eq!(&back, b"through");
            });
        }
    });
}
