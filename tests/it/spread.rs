//! Clients spread over SSH sessions before these are full (SPREAD).

use std::io::{Read, Write};
use std::thread;

use serde_json::Value;
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
    let shown = tunnel.zoxy.ctl(&["--json", "D", "TUNNELS"]).stdout;
    let shown: Value = serde_json::from_slice(&shown).expect("JSON");
    let rows = shown["rows"].as_array().expect("sessions");
    let mut on: Vec<_> = rows.iter().map(|row| row["worker"].as_u64().expect("a number")).collect();
    on.sort_unstable();
    assert!(on == [0, 0, 1] || on == [0, 1, 1], "each worker has its share: {on:?}");
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
