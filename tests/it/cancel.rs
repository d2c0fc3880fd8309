//! F CANCEL of an FTP control connection: a client that still waits for the answer to its SOCKS request
//! gets that answer, a failure; one that has it is told 421.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::Value;
use zoxy::message::Message;
use zoxy::message::catalogue::{CLOSED, COMMAND, CONNECT_FAILED, FTP_CANCELLED};

use crate::world::{
    BlackHole, Deck, Server, Socks, Sshd, World, Zoxy, account, eventually, free_port, read_once,
    socks, text,
};

/// A proxy that logs in to this port with its own key, and opens the way to FTP servers before it answers.
fn proxy(world: &World, ssh: u16) -> (Zoxy, u16) {
    let port = free_port();
    let deck = Deck::new()
        .listen("SOCKS", port)
        .profile("OWN", "127.0.0.1", ssh)
        .set("OWN", "USER", &account().name)
        .set("OWN", "AUTH", "PUBLICKEY")
        .set("OWN", "IDENTITY", &world.identity().display().to_string())
        .set("OWN", "STRICTKEY", "NEW")
        .filter("FTP", "FTPTUN", "OWN", "*", "*");
    (Zoxy::start(world, &deck), port)
}

/// A client that has sent its request for a control connection.
fn asking(version: Socks, port: u16, target: SocketAddr) -> TcpStream {
    let mut client = socks::dial(port);
    let SocketAddr::V4(address) = target else { panic!("not IPv4: {target}") };
    let request = match version {
        Socks::V4 => socks::request4(1, address, ""),
        Socks::V5 => {
            assert_eq!(socks::methods(&mut client, &[0]).expect("the proxy answers"), 0);
            socks::request5(1, target)
        }
    };
    client.write_all(&request).expect("the proxy takes a request");
    client
}

/// Cancels the only connection, once it is in this state; its last message is this one.
#[track_caller]
fn cancel(zoxy: &Zoxy, state: &str, last: &Message) {
    let id = eventually(state, || {
        let shown = zoxy.ctl(&["--json", "D", "CONNS"]).stdout;
        let shown: Value = serde_json::from_slice(&shown).ok()?;
        let row = shown["rows"].get(0).filter(|row| row["state"] == state)?;
        row["id"].as_u64()
    });
    let output = zoxy.ctl(&["F", "CANCEL", &id.to_string()]);
    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    zoxy.log.wait_message(&COMMAND, &[&format!("F CANCEL {id}")]);
    zoxy.log.wait_message(last, &[&format!("#{id} "), "F CANCEL"]);
}

/// All that comes until the connection ends.
fn rest(client: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    // A reset ends it as well.
    let _ = client.read_to_end(&mut all);
    all
}

/// The answer is a failure, and nothing follows it.
#[track_caller]
fn assert_refused(version: Socks, client: &mut TcpStream) {
    let answer = rest(client);
    match version {
        Socks::V4 => {
            assert_eq!((answer.len(), &answer[..2]), (8, &[0, socks::REJECTED][..]), "{answer:?}");
        }
        Socks::V5 => assert_eq!(answer, [5, 1, 0, 1, 0, 0, 0, 0, 0, 0]),
    }
}

#[test]
fn while_the_ssh_server_is_silent() {
    let world = World::new();
    let silent = BlackHole::new();
    let (zoxy, port) = proxy(&world, silent.port);
    for version in [Socks::V4, Socks::V5] {
        let mut client = asking(version, port, SocketAddr::from(([192, 0, 2, 7], 21)));
        cancel(&zoxy, "WAITING", &CONNECT_FAILED);
        assert_refused(version, &mut client);
    }
}

#[test]
fn while_the_ftp_server_does_not_answer() {
    let world = World::new();
    let (sshd, hole) = (Sshd::start(&world, &[]), BlackHole::new());
    let (zoxy, port) = proxy(&world, sshd.port);
    for version in [Socks::V4, Socks::V5] {
        let mut client = asking(version, port, hole.address());
        cancel(&zoxy, "OPENING", &CONNECT_FAILED);
        assert_refused(version, &mut client);
    }
}

#[test]
fn behind_the_answer_it_is_421() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    // It never greets.
    let ftpd = Server::start(|mut stream| read_once(&mut stream, &mut [0]).map(drop));
    let (zoxy, port) = proxy(&world, sshd.port);
    let mut client = asking(Socks::V5, port, ftpd.address);
    assert_eq!(socks::read_reply5(&mut client).expect("the proxy answers"), 0);
    cancel(&zoxy, "FTP", &CLOSED);
    let told = String::from_utf8(rest(&mut client)).expect("a reply is text");
    let expected = format!("421 {} ", FTP_CANCELLED.id());
    assert!(told.starts_with(&expected) && told.lines().count() == 1, "{told}");
}
