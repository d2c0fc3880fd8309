//! What breaks in the middle of a transfer never ends as a success.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};

use rustix::process::Signal;
use zoxy::message::catalogue::{
    FTP_CONTROL_LOST, FTP_SSH_FAILED, FTP_STOPPING, SESSION_LOST, STOPPING,
};

use crate::world::{
    BlackHole, Deck, FtpClient, FtpScene, Mode, Socks, SshHost, World, Zoxy, eventually, free_port,
    socks, text,
};

/// The modes that differ in how the data connection came about.
const MODES: [Mode; 3] = [Mode::Pasv, Mode::PortBind, Mode::Port];

/// A client in the middle of a download without end.
fn downloading(scene: &FtpScene, mode: Mode) -> (FtpClient, TcpStream) {
    let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(4 << 30).expect("it may have holes");
    let mut client = scene.logged_in(Socks::V5);
    let mut data = client.start(mode, "RETR ENDLESS");
    data.read_exact(&mut [0; 10_000]).expect("data comes");
    (client, data)
}

/// A client in the middle of an upload, of which the server has a part.
fn uploading(scene: &FtpScene, mode: Mode) -> (FtpClient, TcpStream) {
    let mut client = scene.logged_in(Socks::V4);
    let mut data = client.start(mode, "STOR PART");
    data.write_all(&[1; 100_000]).expect("data is taken");
    eventually("data to arrive", || {
        let there = fs::metadata(scene.ftpd.folder.join("PART")).ok()?;
        (there.len() >= 10_000).then_some(())
    });
    (client, data)
}

/// The control connection ends, with 426 or 421 as its last words or none at all.
#[track_caller]
fn assert_no_success(client: &mut FtpClient) {
    loop {
        match client.try_reply() {
            Ok(reply) => assert!(matches!(reply.code, 421 | 426), "{reply:?}"),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("it did not end"),
            Err(_) => return,
        }
    }
}

/// The download's connection ends in a reset, not as a whole file does.
#[track_caller]
fn assert_reset(mut data: TcpStream) {
    let ended = io::copy(&mut data, &mut io::sink());
    let kind = ended.expect_err("the data ended as if it were complete").kind();
    assert_eq!(kind, io::ErrorKind::ConnectionReset);
}

#[test]
fn ssh_server_killed() {
    let world = World::new();
    let mut scene = FtpScene::start(&world);
    for mode in MODES {
        let (mut client, data) = downloading(&scene, mode);
        let (mut other, upload) = uploading(&scene, mode);
        let mark = scene.zoxy.log.mark();
        scene.sshd.kill();
        assert_reset(data);
        assert_no_success(&mut client);
        drop(upload);
        assert_no_success(&mut other);
        scene.zoxy.log.wait_message_after(mark, &SESSION_LOST, &[]);
        for (command, name) in [("RETR", "ENDLESS"), ("STOR", "PART")] {
            let record = scene.record(mark, command, name);
            assert!(record.result == "FAILED" && record.bytes >= 10_000, "{record:?}");
            assert_eq!(record.server, scene.ssh_server(), "{record:?}");
        }
        scene.sshd.restart();
    }
}

#[test]
fn ssh_server_killed_between_transfers() {
    let world = World::new();
    let mut scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    scene.sshd.kill();
    let told = client.expect(421);
    let text = &told.lines[0];
    let is_explained = [FTP_CONTROL_LOST, FTP_SSH_FAILED].iter().any(|m| text.contains(&m.id()));
    assert!(is_explained, "{told:?}");
    client.expect_end();
}

#[test]
fn ftp_server_killed() {
    let world = World::new();
    let mut scene = FtpScene::start(&world);
    let (mut client, data) = downloading(&scene, Mode::Epsv);
    scene.ftpd.kill();
    drop(data);
    assert_no_success(&mut client);
    let record = scene.record(0, "RETR", "ENDLESS");
    assert_eq!(record.result, "FAILED", "{record:?}");
}

#[test]
fn zoxy_stopped() {
    for mode in MODES {
        let world = World::new();
        let mut scene = FtpScene::start_with(&world, SshHost::Target, &[], |deck| {
            deck.set("*", "DRAINTIME", "1")
        });
        let (mut client, data) = downloading(&scene, mode);
        let (mut other, upload) = uploading(&scene, mode);
        let mut idle = scene.logged_in(Socks::V5);
        scene.zoxy.signal(Signal::TERM);
        let told = idle.expect(421);
        assert!(told.lines[0].contains(&FTP_STOPPING.id()), "{told:?}");
        assert_reset(data);
        assert_no_success(&mut client);
        drop(upload);
        assert_no_success(&mut other);
        assert_eq!(scene.zoxy.wait(), Some(0));
        for (command, name) in [("RETR", "ENDLESS"), ("STOR", "PART")] {
            let record = scene.record(0, command, name);
            assert!(record.result == "FAILED" && record.bytes >= 10_000, "{record:?}");
            assert_eq!((record.reply, record.server), (421, scene.ssh_server()));
        }
    }
}

/// What can end within the time for running connections does, and the dialogue behind it.
#[test]
fn zoxy_stopped_lets_a_transfer_end() {
    for mode in MODES {
        let world = World::new();
        let mut scene = draining_slowly(&world);
        fs::write(scene.ftpd.folder.join("WHOLE"), vec![7; 8_000_000]).expect("a file is made");
        let (mut client, mut data) = uploading(&scene, mode);
        let mut other = scene.logged_in(Socks::V5);
        let mut download = other.start(mode, "RETR WHOLE");
        scene.zoxy.signal(Signal::TERM);
        scene.zoxy.log.wait_message(&STOPPING, &[]);
        data.write_all(b"the rest").expect("data is taken");
        drop(data);
        client.expect(226);
        let there = fs::metadata(scene.ftpd.folder.join("PART")).expect("it was put");
        assert_eq!(there.len(), 100_008);
        assert_stopping(&mut client);
        let got = io::copy(&mut download, &mut io::sink()).expect("the data ends in order");
        assert_eq!(got, 8_000_000);
        drop(download);
        other.expect(226);
        assert_stopping(&mut other);
        assert_eq!(scene.zoxy.wait(), Some(0));
    }
}

/// A data connection that is there gets its transfer.
#[test]
fn zoxy_stopped_lets_a_transfer_begin() {
    let world = World::new();
    let mut scene = draining_slowly(&world);
    let mut client = scene.logged_in(Socks::V5);
    let data = client.prepare(Mode::Pasv).unwrap_or_else(|told| panic!("{told:?}"));
    scene.zoxy.signal(Signal::TERM);
    scene.zoxy.log.wait_message(&STOPPING, &[]);
    client.ask("STOR LATE", 150);
    let mut data = data.stream(&client.door).expect("it is there");
    data.write_all(b"late").expect("data is taken");
    drop(data);
    client.expect(226);
    assert_stopping(&mut client);
    assert_eq!(scene.zoxy.wait(), Some(0));
}

/// A client that has no answer to its SOCKS request yet gets one.
#[test]
fn zoxy_stopped_before_the_dialogue() {
    let world = World::new();
    let (silent, port) = (BlackHole::new(), free_port());
    let deck = Deck::new()
        .listen("SOCKS", port)
        .profile("SILENT", "127.0.0.1", silent.port)
        .set("SILENT", "USER", "zoxy")
        .set("SILENT", "IDENTITY", &world.identity().display().to_string())
        .set("SILENT", "STRICTKEY", "NEW")
        .set("*", "DRAINTIME", "600")
        .filter("FTP", "FTPTUN", "SILENT", "*", "*");
    let mut zoxy = Zoxy::start(&world, &deck);
    let mut client = socks::dial(port);
    assert_eq!(socks::methods(&mut client, &[0]).expect("the proxy answers"), 0);
    let target = SocketAddr::from(([192, 0, 2, 7], 21));
    client.write_all(&socks::request5(1, target)).expect("the proxy takes a request");
    eventually("the client to wait", || {
        text(&zoxy.ctl(&["D", "CONNS"]).stdout).contains("WAITING").then_some(())
    });
    zoxy.signal(Signal::TERM);
    assert_eq!(socks::read_reply5(&mut client).expect("the proxy answers"), 1);
    drop(client);
    assert_eq!(zoxy.wait(), Some(0));
}

/// A scene whose running connections get all the time that a test has.
fn draining_slowly(world: &World) -> FtpScene {
    FtpScene::start_with(world, SshHost::Target, &[], |deck| deck.set("*", "DRAINTIME", "600"))
}

#[track_caller]
fn assert_stopping(client: &mut FtpClient) {
    let told = client.expect(421);
    assert!(told.lines[0].contains(&FTP_STOPPING.id()), "{told:?}");
    client.expect_end();
}
