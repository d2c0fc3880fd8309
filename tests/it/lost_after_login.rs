//! An SSH server that takes every login and ends the session soon after is not dialed over and over.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use zoxy::message::catalogue::{SESSION_LOST, SESSION_LOST_EARLY, SESSION_OPENED};

use crate::world::proxy::tunnel_deck;
use crate::world::{Server, Sshd, World, Zoxy, eventually, free_port, socks};

/// A way to an SSH server that can be cut.
struct Way {
    port: u16,
    clients: Arc<Mutex<Vec<TcpStream>>>,
    _server: Server,
}

impl Way {
    fn to(port: u16) -> Self {
        let clients = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&clients);
        let server = Server::start(move |client| {
            known.lock().expect("no test panics with it").push(client.try_clone()?);
            let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            let (mut from, mut to) = (client.try_clone()?, server.try_clone()?);
            thread::spawn(move || io::copy(&mut from, &mut to));
            io::copy(&mut &server, &mut &client)?;
            server.shutdown(Shutdown::Both)
        });
        Self { port: server.port(), clients, _server: server }
    }

    fn cut(&self) {
        for client in self.clients.lock().expect("no test panics with it").drain(..) {
            // It may have ended already.
            let _ = client.shutdown(Shutdown::Both);
        }
    }
}

/// The pause after the last of `count` early losses.
fn pause(zoxy: &Zoxy, count: usize) -> f64 {
    let id = SESSION_LOST_EARLY.id();
    let said = eventually("the loss of a session", || {
        let said = zoxy.log.text();
        let mut lines = said.lines().filter(|line| line.contains(&id));
        lines.nth(count - 1).map(str::to_owned)
    });
    let seconds = said.rsplit_once(" in ").and_then(|(_, rest)| rest.strip_suffix(" s"));
    seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or_else(|| panic!("no pause: {said}"))
}

#[test]
fn pause_doubles_until_a_session_lives() {
    let world = World::new();
    let mut sshd = Sshd::start(&world, &[]);
    let way = Way::to(sshd.port);
    sshd.port = way.port;
    let port = free_port();
    let deck = tunnel_deck(&world, &sshd, port).set("SSHD", "BACKOFFMIN", "2");
    let zoxy = Zoxy::start(&world, &deck.filter("REST", "TUNNEL", "SSHD", "*", "*"));
    let echo = Server::echo();
    for (losses, expected) in [(1, 2.0), (2, 4.0)] {
        // Waits for the end of the pause.
        let _held = socks::connect(port, echo.address);
        way.cut();
        let pause = pause(&zoxy, losses);
        // Said in tenths of seconds.
        let bounds = expected * 0.75 - 0.1..=expected * 1.25 + 0.1;
        assert!(bounds.contains(&pause), "{pause} s after {losses} losses");
    }
    assert_eq!(zoxy.log.count(&[&SESSION_OPENED.id()]), 2, "dialed in the pause");

    // It is of use, for longer than BACKOFFMIN: the count begins anew.
    let mut held = socks::connect(port, echo.address);
    let since = Instant::now();
    while since.elapsed() < Duration::from_millis(2100) {
        held.write_all(b"x").expect("the session lives");
        held.read_exact(&mut [0]).expect("the session lives");
    }
    way.cut();
    eventually("the loss", || (zoxy.log.count(&[&SESSION_LOST.id()]) == 3).then_some(()));
    assert_eq!(zoxy.log.count(&[&SESSION_LOST_EARLY.id()]), 2, "it was not lost early");
    let _held = socks::connect(port, echo.address);
    way.cut();
    let pause = pause(&zoxy, 3);
    assert!(pause <= 2.6, "{pause} s after a session that was of use");
}
