//! Who may use a listener.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

use zoxy::message::catalogue::{CLIENT_REFUSED_ACCESS, LOGIN_REFUSED};
use zoxy::socks::users::make_line;

use crate::world::{Server, Tunnel, World, program, read_once, run, scaled, socks, text};

#[test]
fn only_listed_addresses_get_an_answer() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SOCKS", "CLIENTS", "127.0.0.2"));
    let mut stream = socks::dial(tunnel.port);
    let _ = stream.write_all(&[5, 1, 0]);
    assert_eq!(
        read_once(&mut stream, &mut [0]).unwrap_or(0),
        0,
        "answered a client that is not listed"
    );
    tunnel.zoxy.log.wait_message(&CLIENT_REFUSED_ACCESS, &["127.0.0.1"]);

    let server = Server::http();
    let output = run(std::process::Command::new(program("curl", "curl"))
        .env_clear()
        .args(["-q", "--silent", "--show-error", "--max-time", "60", "--interface", "127.0.0.2"])
        .args(["--socks5", &format!("127.0.0.1:{}", tunnel.port)])
        .arg(format!("http://127.0.0.1:{}/10", server.port())));
    assert!(output.status.success(), "a listed client: {}", text(&output.stderr));
}

/// Sends user and password of RFC 1929; the answer is still to come.
fn log_in(port: u16, from: Ipv4Addr, user: &str, password: &str) -> TcpStream {
    let mut stream = socks::dial_from(from, port);
    assert_eq!(socks::methods(&mut stream, &[2]).expect("the proxy answers"), 2);
    let message = [&[1, user.len() as u8], user.as_bytes(), &[password.len() as u8]].concat();
    let message = [&message, password.as_bytes()].concat();
    stream.write_all(&message).expect("the proxy takes a password");
    stream
}

#[track_caller]
fn assert_let_in(mut stream: TcpStream) {
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).expect("the proxy answers a password");
    assert_eq!(answer, [1, 0], "refused");
}

/// Checking a password is slow on purpose, which must not make it slow for those who are right.
#[test]
fn wrong_passwords_only_delay_whoever_sends_them() {
    const GUESSES: usize = 40;
    let world = World::new();
    let iterations = scaled(100_000, 10_000) as u32;
    let line = |name: &str, password: &[u8]| make_line(name, password, iterations).expect("a hash");
    let users = [line("KNOWN", b"right"), line("NEW", b"right"), line("ALSO", b"right")];
    let users = world.write("users", users.join("\n")).display().to_string();
    let tunnel = Tunnel::start_with(&world, &[], |deck| {
        deck.set("SOCKS", "USERS", &users).set("*", "RESOLVERS", "1")
    });
    let (own, other) = (Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2));
    assert_let_in(log_in(tunnel.port, own, "KNOWN", "right"));
    let guess = |number| log_in(tunnel.port, other, "KNOWN", &format!("wrong{number}"));
    let guesses: Vec<_> = (0..GUESSES).map(guess).collect();
    let refused = || tunnel.zoxy.log.count(&[&LOGIN_REFUSED.id()]);
    for (from, user, most) in [(other, "KNOWN", GUESSES / 2), (own, "NEW", GUESSES / 2)] {
        assert_let_in(log_in(tunnel.port, from, user, "right"));
        assert!(refused() < most, "{user}: behind {} guesses", refused());
    }
    // A user of the same client who has not been checked yet takes turns with the one guessed at.
    assert_let_in(log_in(tunnel.port, other, "ALSO", "right"));
    assert!(refused() < GUESSES, "ALSO: behind all guesses");
    drop(guesses);
}

/// What is known of a user goes with the file it was checked against.
#[test]
fn a_refresh_forgets_passwords() {
    let world = World::new();
    let line = |password: &[u8]| make_line("BATCH1", password, 1000).expect("a hash");
    let users = world.write("users", line(b"old"));
    let file = users.display().to_string();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SOCKS", "USERS", &file));
    for _ in 0..2 {
        assert_let_in(log_in(tunnel.port, Ipv4Addr::LOCALHOST, "BATCH1", "old"));
    }
    world.write("users", line(b"new"));
    let refreshed = tunnel.zoxy.ctl(&["F", "REFRESH"]);
    assert!(refreshed.status.success(), "{}", text(&refreshed.stdout));
    let mut answer = [0; 2];
    let mut stream = log_in(tunnel.port, Ipv4Addr::LOCALHOST, "BATCH1", "old");
    stream.read_exact(&mut answer).expect("the proxy answers a password");
    assert_eq!(answer[0], 1);
    assert_ne!(answer[1], 0, "the old password was let in");
    assert_let_in(log_in(tunnel.port, Ipv4Addr::LOCALHOST, "BATCH1", "new"));
}
