//! An operator's hour: every command of the console once, on a zoxy with work, its answers held
//! against an expected text.
//!
//! `tests/it/operator/hour.txt` is what an operator sees, with what differs from run to run masked;
//! `UPDATE_LOGS=1` writes it anew.

pub mod mask;

use std::io::{Read, Write};
use std::net::TcpStream;

use zoxy::message::catalogue::{
    CLOSED, COMMAND, KEY_ASKED, RECONNECTED_NOW, REQUEST_EXPIRED, REQUEST_HELD,
};

use crate::world::socks::{ask5, reply, request5};
use crate::world::{
    Deck, FtpScene, Ftpd, Mode, Server, Socks, SshHost, Sshd, World, account, read_once, text,
};
use mask::Mask;

/// A scene with two profiles, and what has been entered and answered so far.
struct Hour<'a> {
    scene: &'a FtpScene,
    mask: Mask,
    transcript: String,
    /// Commands that change something, which are logged with who gave them.
    logged: usize,
}

impl Hour<'_> {
    /// Enters a command, checks its return code and what every answer must be, and notes it.
    #[track_caller]
    fn enter(&mut self, command: &str, rc: i32) -> String {
        let output = self.scene.zoxy.ctl(&[command]);
        let answer = text(&output.stdout) + &text(&output.stderr);
        assert_eq!(output.status.code(), Some(rc), "{command}: {answer}");
        for line in answer.lines() {
            let is_message = line.starts_with("ZOX");
            assert!(is_message || line.chars().count() <= 80, "wider than a screen: {line}");
        }
        let is_wrong = ["ZOX0510E", "ZOX0511E", "ZOX0512E"].iter().any(|id| answer.contains(id));
        self.logged += usize::from(!is_wrong && !command.starts_with('D'));
        self.transcript.push_str(&format!("> {command}\n"));
        self.transcript.push_str(&self.mask.apply(command, &answer));
        self.transcript.push_str(&format!("RC {rc}\n\n"));
        answer
    }
}

/// Cards of profile ASKED, which asks the operator for a host key, and of a filter to `echo`.
fn asked(deck: Deck, world: &World, sshd: &Sshd, echo: &Server) -> Deck {
    deck.set("*", "WORKERS", "1")
        .set("*", "HALFTIME", "200")
        .profile("ASKED", "127.0.0.1", sshd.port)
        .set("ASKED", "USER", &account().name)
        .set("ASKED", "AUTH", "PUBLICKEY")
        .set("ASKED", "IDENTITY", &world.identity().display().to_string())
        .set("ASKED", "STRICTKEY", "ASK")
        .set("ASKED", "BACKOFFMIN", "30")
        .filter("ECHO", "TUNNEL", "ASKED", &echo.port().to_string(), "*")
}

/// Sees that a connection carries bytes.
fn assert_alive(stream: &mut TcpStream) {
    stream.write_all(b"ping").expect("the connection lives");
    let mut got = [0; 4];
    stream.read_exact(&mut got).expect("the connection lives");
    assert_eq!(&got, b"ping");
}

#[test]
fn silence_is_no() {
    let world = World::new();
    let (other, echo) = (Sshd::start_named(&world, "other", &[]), Server::echo());
    let (ftpd, sshd) = (Ftpd::start(&world, &[]), Sshd::start(&world, &[]));
    let cards = |deck: Deck| asked(deck.set("*", "REPLYTIME", "1"), &world, &other, &echo);
    let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, cards);
    let (_, code) = ask5(scene.port, &request5(1, echo.address));
    assert_ne!(code, reply::SUCCEEDED, "nobody knows the key");
    scene.zoxy.log.wait_message(&KEY_ASKED, &["01 "]);
    scene.zoxy.log.wait_message(&REQUEST_EXPIRED, &["01 not answered within 1 s, taken as NO"]);
    let late = scene.zoxy.ctl(&["R", "01,'YES'"]);
    assert_eq!(late.status.code(), Some(8), "{late:?}");
}

#[test]
fn hour() {
    let world = World::new();
    let (other, echo) = (Sshd::start_named(&world, "other", &[]), Server::echo());
    let (ftpd, sshd) = (Ftpd::start(&world, &[]), Sshd::start(&world, &[]));
    let cards = |deck| asked(deck, &world, &other, &echo);
    let mut scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, cards);
    let mask = Mask::new(&world, &scene, &other, &echo);
    let mut hour = Hour { scene: &scene, mask, transcript: String::new(), logged: 0 };

    // A morning with one transfer.
    let mut client = scene.logged_in(Socks::V5);
    client.put(Mode::Pasv, "STOR MORNING.BIN", &[7; 12_345]);
    let mut data = client.start(Mode::Pasv, "STOR LONG.BIN");
    data.write_all(&[7; 54_321]).expect("data is taken");
    crate::world::eventually("the bytes to be counted", || {
        let shown = text(&scene.zoxy.ctl(&["D", "FTP"]).stdout);
        shown.contains(" 54321 ").then_some(())
    });
    hour.enter("D STATUS", 0);
    hour.enter("D CONNS", 0);
    hour.enter("D CONNS,ALL", 0);
    hour.enter("D FTP", 0);
    hour.enter("D FTP,ALL", 0);
    hour.enter("D TUNNELS", 0);
    hour.enter("D FILTERS", 0);
    hour.enter("D PROFILES", 0);
    hour.enter("D STATS", 0);
    hour.enter("D DEFAULTS", 0);
    hour.enter("D R", 0);

    // A host key that nobody knows: refused, asked about, confirmed.
    let (_, code) = ask5(scene.port, &request5(1, echo.address));
    assert_ne!(code, reply::SUCCEEDED, "the key is not confirmed yet");
    scene.zoxy.log.wait_message(&KEY_ASKED, &["01", &other.fingerprint()]);
    // The next one waits for the end of the pause after a failed dial, unless it is helped.
    let (port, to) = (scene.port, echo.address);
    let next = std::thread::spawn(move || ask5(port, &request5(1, to)));
    crate::world::eventually("a session that pauses", || {
        let shown = text(&scene.zoxy.ctl(&["D", "TUNNELS"]).stdout);
        shown.contains("PAUSING").then_some(())
    });
    hour.enter("D R", 0);
    hour.enter("R 01,'MAYBE'", 8);
    hour.enter("R 7,'YES'", 8);
    hour.enter("R 01,'YES'", 0);
    hour.enter("D R", 0);
    let (mut held, code) = next.join().expect("the client does not fail");
    assert_eq!(code, reply::SUCCEEDED, "the key is known, and the pause of 30 s is over");
    assert_alive(&mut held);

    // Traces, of all and of one.
    let mark = scene.zoxy.log.mark();
    hour.enter("F LOG DEBUG", 0);
    hour.enter("F LOG NORMAL", 0);
    hour.enter("F TRACE 1,ON", 0);
    client.send("NOOP");
    scene.zoxy.log.wait_after(mark, &[" TRACE zoxy::gateway::ftp", "#1 ", "NOOP"]);
    assert_alive(&mut held);
    hour.enter("F TRACE #1,OFF", 0);
    hour.enter("F TRACE 1,OFF", 4);
    let said = scene.zoxy.log.text()[mark..].to_owned();
    let others = said.lines().filter(|line| line.contains(" TRACE zoxy") && !line.contains("#1 "));
    assert_eq!(others.collect::<Vec<_>>(), [""; 0], "only one connection is traced");

    // Nothing new: what runs goes on, a data connection of a dialogue too.
    hour.enter("F QUIESCE", 0);
    hour.enter("F QUIESCE", 4);
    hour.enter("D STATUS", 0);
    let (_, code) = ask5(scene.port, &request5(1, echo.address));
    assert_eq!(code, 1, "general failure");
    scene.zoxy.log.wait_message(&REQUEST_HELD, &["zoxy is quiesced"]);
    assert_alive(&mut held);
    drop(data);
    client.expect(226);
    client.expect(200);
    assert_eq!(client.get(Mode::Pasv, "RETR LONG.BIN").len(), 54_321);
    hour.enter("F RESUME", 0);
    hour.enter("F RESUME", 4);

    // The same for one profile.
    hour.enter("F DRAIN ASKED", 0);
    hour.enter("F DRAIN ASKED", 4);
    hour.enter("F DRAIN ASKD", 8);
    hour.enter("D PROFILES", 0);
    let (_, code) = ask5(scene.port, &request5(1, echo.address));
    assert_eq!(code, 1, "general failure");
    scene.zoxy.log.wait_message(&REQUEST_HELD, &["profile ASKED is drained"]);
    assert_alive(&mut held);
    hour.enter("F RESUME ASKED", 0);
    hour.enter("F RESUME ASKED", 4);

    // New sessions: the old one stays for who is on it, until it is cut.
    hour.enter("F RECONNECT ASKED", 0);
    let (mut second, code) = ask5(scene.port, &request5(1, echo.address));
    assert_eq!(code, reply::SUCCEEDED);
    assert_alive(&mut held);
    hour.enter("D TUNNELS", 0);
    hour.enter("F RECONNECT ASKED,NOW", 4);
    hour.enter("F RECONNECT ASKED,NOW", 4);
    hour.enter("R 02,'NO'", 0);
    assert_alive(&mut held);
    hour.enter("F RECONNECT ASKED,NOW", 4);
    hour.enter("R 3,yes", 0);
    scene.zoxy.log.wait_message(&RECONNECTED_NOW, &["2 SSH session(s)", "2 connection(s) cut"]);
    for stream in [&mut held, &mut second] {
        assert!(read_once(stream, &mut [0; 4]).is_err(), "cut with a reset");
    }
    let (mut third, code) = ask5(scene.port, &request5(1, echo.address));
    assert_eq!(code, reply::SUCCEEDED, "a new session, at once");
    assert_alive(&mut third);

    // One dialogue is cut in the middle of a transfer: it is told, and its record says so.
    let mark = scene.zoxy.log.mark();
    let mut data = client.start(Mode::Pasv, "STOR CUT.BIN");
    data.write_all(&[7; 1000]).expect("data is taken");
    hour.enter("F CANCEL 1", 0);
    client.expect(421);
    scene.zoxy.log.wait_message_after(mark, &CLOSED, &["#1 ", "cancelled by an operator"]);
    assert_ne!(scene.record(mark, "STOR", "CUT.BIN").result, "COMPLETE");
    hour.enter("F CANCEL #4711", 8);
    hour.enter("F REFRESH", 0);

    // What is wrong is told with what would be right.
    for wrong in ["D TUNELS", "D", "F RECONNEKT ASKED", "F TRACE 1", "Q", "F LOG LOUD", "R X"] {
        hour.enter(wrong, 8);
    }
    hour.enter("D STATS", 0);
    hour.enter("P", 0);

    assert_eq!(scene.zoxy.log.count(&[&COMMAND.id()]), hour.logged, "commands in the log");
    let transcript = hour.transcript;
    drop(third);
    assert_eq!(scene.zoxy.wait(), Some(0), "the stop");
    mask::assert_expected("hour.txt", &transcript);
}
