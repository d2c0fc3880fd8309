//! ACTIVE FORWARD when things happen early, late, twice or not at all. The test plays the FTP server;
//! the SSH server is real.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use rustix::process::Signal;
use zoxy::message::catalogue::{
    FTP_CONTROL_LOST, FTP_DATA_DISPUTED, FTP_SERVER_ABSENT, FTP_SSH_FAILED, FTP_STOPPING,
    FTP_STRANGER,
};

use crate::world::played_ftpd::{Played, connect_from};
use crate::world::proxy::tunnel_deck;
use crate::world::{
    Data, Deck, Door, FtpClient, Mode, PlayedFtpd, Socks, Sshd, World, Zoxy, eventually, free_port,
    read_once,
};

const MODES: [Mode; 3] = [Mode::PortBind, Mode::Port, Mode::Eprt];

/// Another address of the same machine.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

struct Scene {
    zoxy: Zoxy,
    sshd: Sshd,
    ftpd: PlayedFtpd,
    port: u16,
}

impl Scene {
    fn start(world: &World, cards: impl FnOnce(Deck) -> Deck) -> Self {
        let (sshd, ftpd, port) = (Sshd::start(world, &[]), PlayedFtpd::new(), free_port());
        let deck = tunnel_deck(world, &sshd, port).set("FTP", "ACTIVE", "FORWARD");
        let deck = cards(deck.set("FTP", "FWDADDR", "127.0.0.1"));
        let ports = ftpd.address.port().to_string();
        let deck = deck.filter("FTP", "FTPTUN", "SSHD", &ports, "127.0.0.1");
        Self { zoxy: Zoxy::start(world, &deck), sshd, ftpd, port }
    }

    /// A client and the server's side of its control connection.
    #[track_caller]
    fn dialogue(&self, version: Socks) -> (FtpClient, Played) {
        let server = self.ftpd.address;
        let door = Door { proxy: self.port, version, server, from: Ipv4Addr::LOCALHOST };
        let mut client = FtpClient::open(door);
        let played = self.ftpd.accept();
        client.expect(220);
        (client, played)
    }
}

/// The client's PORT, up to its reply: its data connection to be, and where the server connects.
#[track_caller]
fn prepared(client: &mut FtpClient, played: &mut Played, mode: Mode) -> (Data, SocketAddr) {
    let mut at = None;
    let data = std::thread::scope(|scope| {
        let port = scope.spawn(|| played.port());
        let data = client.prepare(mode).unwrap_or_else(|told| panic!("{told:?}"));
        at = Some(port.join().expect("the server has a PORT"));
        data
    });
    let at = at.expect("it was just set");
    assert_eq!(*at.ip(), Ipv4Addr::LOCALHOST);
    (data, at.into())
}

/// A command to the server and back.
#[track_caller]
fn noop(client: &mut FtpClient, played: &mut Played) {
    client.send("NOOP");
    played.expect("NOOP");
    played.say("200 fine");
    client.expect(200);
}

fn server_connects(at: SocketAddr) -> TcpStream {
    connect_from(Ipv4Addr::LOCALHOST, at)
}

fn read_all(mut stream: TcpStream) -> Vec<u8> {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).expect("the data comes and ends");
    bytes
}

/// Somebody who is not let in: the connection ends without a byte.
#[track_caller]
fn turned_away(mut stream: TcpStream) {
    let ended = read_once(&mut stream, &mut [0; 10]);
    assert!(matches!(ended, Ok(0) | Err(_)), "{ended:?}");
}

/// What comes before the 1xx and what after it, in every order.
#[test]
fn connection_and_150_in_either_order() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck);
    for version in [Socks::V4, Socks::V5] {
        let (mut client, mut played) = scene.dialogue(version);
        for mode in MODES {
            for is_early in [true, false] {
                let (data, at) = prepared(&mut client, &mut played, mode);
                client.send("RETR FILE");
                played.expect("RETR FILE");
                let connected = is_early.then(|| server_connects(at));
                played.say("150 here it comes");
                client.expect(150);
                let mut server = connected.unwrap_or_else(|| server_connects(at));
                server.write_all(b"the file").expect("data is taken");
                drop(server);
                played.say("226 sent");
                let stream = data.stream(&client.door).expect("the data connection comes");
                assert_eq!(read_all(stream), b"the file");
                client.expect(226);
                // And up.
                let (data, at) = prepared(&mut client, &mut played, mode);
                client.send("STOR FILE");
                played.expect("STOR FILE");
                let connected = is_early.then(|| server_connects(at));
                played.say("150 give it to me");
                client.expect(150);
                let server = connected.unwrap_or_else(|| server_connects(at));
                let mut stream = data.stream(&client.door).expect("the data connection comes");
                stream.write_all(b"another file").expect("data is taken");
                drop(stream);
                assert_eq!(read_all(server), b"another file");
                played.say("226 stored");
                client.expect(226);
            }
        }
        scene.sshd.expect_no_forward();
    }
}

/// All of a small file and every reply are there before zoxy can hear of the connection.
#[test]
fn everything_at_once() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck);
    let (mut client, mut played) = scene.dialogue(Socks::V5);
    for round in 0..50 {
        let mode = MODES[round % 3];
        let (data, at) = prepared(&mut client, &mut played, mode);
        client.send("RETR FILE");
        played.expect("RETR FILE");
        played.say_lines(&["150 here", "226 sent"]);
        let mut server = server_connects(at);
        server.write_all(b"small").expect("data is taken");
        drop(server);
        client.expect(150);
        let stream = data.stream(&client.door).expect("the data connection comes");
        assert_eq!(read_all(stream), b"small");
        client.expect(226);
    }
    scene.sshd.expect_no_forward();
}

/// A 226 without a connection is no success, and not waited for as long as a server that is silent.
#[test]
fn complete_without_a_connection() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck.set("FTP", "DATATIME", "600"));
    let mut waiting = Vec::new();
    for (mode, command) in MODES.into_iter().zip(["RETR FILE", "STOR FILE", "LIST"]) {
        let (mut client, mut played) = scene.dialogue(Socks::V4);
        let (data, _) = prepared(&mut client, &mut played, mode);
        client.send(command);
        played.expect(command);
        played.say_lines(&["150 here", "226 done"]);
        client.expect(150);
        waiting.push((client, played, data));
    }
    for (mut client, mut played, data) in waiting {
        let told = client.expect(425);
        assert!(told.lines[0].contains(&FTP_SERVER_ABSENT.id()), "{told:?}");
        assert!(told.lines[0].contains("transfer is complete"), "{told:?}");
        drop(data);
        noop(&mut client, &mut played);
    }
    scene.sshd.expect_no_forward();
}

/// DATATIME: for the transfer after a PORT, and for the server's connection.
#[test]
fn nobody_comes_in_time() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck.set("FTP", "DATATIME", "1"));
    let (mut client, mut played) = scene.dialogue(Socks::V5);
    let (data, _) = prepared(&mut client, &mut played, Mode::Port);
    scene.sshd.expect_forward();
    client.send("RETR FILE");
    played.expect("RETR FILE");
    let told = client.expect(425);
    assert!(told.lines[0].contains("DATATIME"), "{told:?}");
    scene.sshd.expect_no_forward();
    drop(data);
    // What the server says about it later is dropped.
    played.say("425 cannot connect");
    let (data, _) = prepared(&mut client, &mut played, Mode::Port);
    scene.sshd.expect_forward();
    scene.sshd.expect_no_forward();
    let told = client.command("RETR FILE");
    assert!(told.code == 425 && told.lines[0].contains(&FTP_SERVER_ABSENT.id()), "{told:?}");
    drop(data);
}

/// Somebody on the SSH server's host finds the port first: he waits, and is turned away when the FTP
/// server comes for its transfer.
#[test]
fn strangers_before_the_transfer() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck);
    for mode in MODES {
        for early in [1, 2, 3] {
            let (mut client, mut played) = scene.dialogue(Socks::V5);
            let (data, at) = prepared(&mut client, &mut played, mode);
            let mark = scene.zoxy.log.mark();
            let strangers: Vec<_> = (0..early).map(|_| server_connects(at)).collect();
            // What sshd had to report before it is known by then.
            for _ in 0..2 {
                noop(&mut client, &mut played);
            }
            client.send("RETR FILE");
            played.expect("RETR FILE");
            let mut server = server_connects(at);
            server.write_all(b"the file").expect("data is taken");
            drop(server);
            for stranger in strangers {
                turned_away(stranger);
            }
            played.say("150 here");
            client.expect(150);
            let stream = data.stream(&client.door).expect("the data connection comes");
            assert_eq!(read_all(stream), b"the file");
            played.say("226 sent");
            client.expect(226);
            let words = ["127.0.0.1 port ", &format!("port {} refused", at.port())];
            scene.zoxy.log.wait_message_after(mark, &FTP_STRANGER, &words);
        }
    }
    scene.sshd.expect_no_forward();
}

/// Some FTP servers connect when they get the PORT (pyftpdlib, Twisted).
#[test]
fn server_that_connects_with_the_port() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck);
    let (mut client, mut played) = scene.dialogue(Socks::V4);
    for mode in MODES {
        let (data, at) = prepared(&mut client, &mut played, mode);
        let mut server = server_connects(at);
        client.send("RETR FILE");
        played.expect("RETR FILE");
        server.write_all(b"the file").expect("data is taken");
        drop(server);
        played.say_lines(&["150 here", "226 sent"]);
        client.expect(150);
        let stream = data.stream(&client.door).expect("the data connection comes");
        assert_eq!(read_all(stream), b"the file");
        client.expect(226);
        scene.sshd.expect_no_forward();
        // Without a transfer it is refused when the port is given back.
        let (data, at) = prepared(&mut client, &mut played, mode);
        let server = server_connects(at);
        let (next, _) = prepared(&mut client, &mut played, mode);
        turned_away(server);
        drop((data, next));
    }
}

/// During the transfer, from an address that is not the FTP server's.
#[test]
fn strangers_during_the_transfer() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck.set("FTP", "FWDFROM", "127.0.0.1"));
    let (mut client, mut played) = scene.dialogue(Socks::V4);
    for mode in MODES {
        let (data, at) = prepared(&mut client, &mut played, mode);
        client.send("STOR FILE");
        played.expect("STOR FILE");
        let mark = scene.zoxy.log.mark();
        turned_away(connect_from(STRANGER, at));
        let words = ["127.0.0.9 port ", "may not connect"];
        scene.zoxy.log.wait_message_after(mark, &FTP_STRANGER, &words);
        let server = server_connects(at);
        played.say("150 go");
        client.expect(150);
        let mut stream = data.stream(&client.door).expect("the data connection comes");
        stream.write_all(b"for the server only").expect("data is taken");
        drop(stream);
        assert_eq!(read_all(server), b"for the server only");
        played.say("226 stored");
        client.expect(226);
    }
    scene.sshd.expect_no_forward();
}

/// A host that tries and tries: the port is given up.
#[test]
fn too_many_strangers() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck.set("FTP", "FWDFROM", "127.0.0.1"));
    let (mut client, mut played) = scene.dialogue(Socks::V5);
    let (data, at) = prepared(&mut client, &mut played, Mode::Port);
    client.send("RETR FILE");
    played.expect("RETR FILE");
    for _ in 0..16 {
        turned_away(connect_from(STRANGER, at));
    }
    let told = client.expect(425);
    assert!(told.lines[0].contains("too many other connections"), "{told:?}");
    scene.sshd.expect_no_forward();
    assert_eq!(scene.zoxy.log.count(&[&FTP_STRANGER.id()]), 16);
    drop(data);
}

/// Somebody takes the server's place, who could be it: whoever comes second tells.
#[test]
fn two_who_could_be_the_server() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck);
    let disputed = eventually("two connections before the port is given back", || {
        let (mut client, mut played) = scene.dialogue(Socks::V5);
        let (data, at) = prepared(&mut client, &mut played, Mode::PortBind);
        client.send("RETR FILE");
        played.expect("RETR FILE");
        // Both are in sshd's queue before it has reported the first one.
        let one = server_connects(at);
        let two = TcpStream::connect(at);
        played.say("150 here");
        client.expect(150);
        drop((one, two));
        played.say("226 sent");
        let told = client.reply();
        drop(data);
        scene.sshd.expect_no_forward();
        (told.code == 426).then_some(told)
    });
    assert!(disputed.lines[0].contains(&FTP_DATA_DISPUTED.id()), "{disputed:?}");
}

/// What waits ends with its client: before the answer to PORT, after it, during the transfer.
#[test]
fn client_gone() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck);
    for mode in MODES {
        for stage in 0..3 {
            let (mut client, mut played) = scene.dialogue(Socks::V5);
            if stage == 0 {
                client.send("PORT 127,0,0,1,200,1");
                scene.sshd.expect_forward();
                client.reset();
                scene.sshd.expect_no_forward();
                continue;
            }
            let (data, at) = prepared(&mut client, &mut played, mode);
            if stage == 2 {
                client.send("STOR FILE");
                played.expect("STOR FILE");
            }
            assert_eq!(scene.sshd.expect_forward(), at);
            if stage == 1 {
                // Nothing that it asked for is still to be done: an orderly end will do.
                drop(client);
            } else {
                client.reset();
            }
            scene.sshd.expect_no_forward();
            drop(data);
        }
    }
}

#[test]
fn abor_before_the_server_has_connected() {
    let world = World::new();
    let scene = Scene::start(&world, |deck| deck);
    let (mut client, mut played) = scene.dialogue(Socks::V4);
    for (mode, command) in MODES.into_iter().zip(["RETR FILE", "STOR FILE", "LIST"]) {
        let (data, _) = prepared(&mut client, &mut played, mode);
        client.send(command);
        played.expect(command);
        client.send("ABOR");
        played.expect("ABOR");
        scene.sshd.expect_no_forward();
        played.say_lines(&["426 aborted", "226 ABOR done"]);
        client.expect(426);
        client.expect(226);
        drop(data);
    }
}

#[test]
fn session_lost_while_the_server_is_waited_for() {
    let world = World::new();
    let mut scene = Scene::start(&world, |deck| deck);
    for mode in MODES {
        let (mut client, mut played) = scene.dialogue(Socks::V5);
        let (data, _) = prepared(&mut client, &mut played, mode);
        client.send("RETR FILE");
        played.expect("RETR FILE");
        scene.sshd.kill();
        let told = client.expect(421);
        let known = [FTP_CONTROL_LOST, FTP_SSH_FAILED].map(|message| message.id());
        assert!(known.iter().any(|id| told.lines[0].contains(id)), "{told:?}");
        client.expect_end();
        drop(data);
        scene.sshd.restart();
    }
}

#[test]
fn zoxy_stopped_while_the_server_is_waited_for() {
    for mode in MODES {
        let world = World::new();
        let mut scene = Scene::start(&world, |deck| deck);
        let (mut client, mut played) = scene.dialogue(Socks::V5);
        let (data, _) = prepared(&mut client, &mut played, mode);
        client.send("RETR FILE");
        played.expect("RETR FILE");
        let (mut other, mut others) = scene.dialogue(Socks::V5);
        let (others_data, _) = prepared(&mut other, &mut others, mode);
        assert_eq!(scene.sshd.forwards().len(), 2);
        scene.zoxy.signal(Signal::TERM);
        for client in [&mut client, &mut other] {
            let told = client.expect(421);
            assert!(told.lines[0].contains(&FTP_STOPPING.id()), "{told:?}");
        }
        assert_eq!(scene.zoxy.wait(), Some(0));
        scene.sshd.expect_no_forward();
        drop((data, others_data));
    }
}
