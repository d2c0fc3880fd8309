//! FTPTUN before FTP servers of other makes: every mode, with the transfers that matter most.
//! vsftpd has `ftptun_transfers`.

use std::fs::{self, File};
use std::io::{self, Read};

use crate::world::pattern::Pattern;
use crate::world::{Deck, FtpClient, FtpScene, Ftpd, Mode, Socks, SshHost, Sshd, World, text};

/// A file of an odd size.
const ODD: usize = 123_457;

const MODES: [Mode; 5] = [Mode::Pasv, Mode::Epsv, Mode::PortBind, Mode::Port, Mode::Eprt];

/// The core of the table, in one dialogue with passive mode towards the server, and in one with
/// remote forwarding.
fn core(start: fn(&World) -> Ftpd) {
    for (active, modes) in [("PASSIVE", &MODES[..]), ("FORWARD", &MODES[2..])] {
        let world = World::new();
        let (ftpd, sshd) = (start(&world), Sshd::start(&world, &[]));
        let cards = |deck: Deck| deck.set("FTP", "ACTIVE", active);
        let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, cards);
        dialogue(&scene, modes);
        if active == "FORWARD" {
            assert!(!scene.ftpd.log.text().contains("PASV"), "the server was asked for it");
            scene.sshd.expect_no_forward();
        }
    }
}

fn dialogue(scene: &FtpScene, modes: &[Mode]) {
    let mut client = scene.logged_in(Socks::V4);
    let features = client.ask("FEAT", 211);
    assert!(features.lines.len() > 2, "{features:?}");
    for (number, mode) in modes.iter().copied().enumerate() {
        let bytes = Pattern::new(number as u64).take(ODD);
        client.put(mode, "STOR FILE", &bytes);
        let there = scene.ftpd.folder.join("FILE");
        assert!(fs::read(&there).expect("it was put") == bytes, "{mode:?}: wrong bytes there");
        assert!(client.get(mode, "RETR FILE") == bytes, "{mode:?}: wrong bytes back");
        client.put(mode, "APPE FILE", b"THE END");
        client.ask(&format!("REST {ODD}"), 350);
        assert_eq!(client.get(mode, "RETR FILE"), b"THE END", "{mode:?}: restart");
        for command in ["LIST", "NLST", "MLSD"] {
            assert!(text(&client.get(mode, command)).contains("FILE"), "{mode:?}: {command}");
        }
        assert_eq!(client.ask("SIZE FILE", 213).lines, [format!("213 {}", ODD + 7)]);
        client.ask("MDTM FILE", 213);
        client.ask("MLST FILE", 250);
        client.ask("RNFR FILE", 350);
        client.ask("RNTO RENAMED", 250);
        let data = client.prepare(mode).unwrap_or_else(|told| panic!("{mode:?}: {told:?}"));
        client.ask("RETR NO.SUCH.FILE", 550);
        drop(data);
        abort(scene, &mut client, mode);
        client.ask("DELE RENAMED", 250);
    }
    client.ask("QUIT", 221);
    client.expect_end();
}

/// ABOR during a get: the transfer and ABOR itself are answered, in whatever way the server does.
fn abort(scene: &FtpScene, client: &mut FtpClient, mode: Mode) {
    let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(4 << 30).expect("it may have holes");
    let mut data = client.start(mode, "RETR ENDLESS");
    data.read_exact(&mut vec![0; 100_000]).expect("data comes");
    client.abort();
    let _ = io::copy(&mut data, &mut io::sink());
    drop(data);
    let mut told = client.reply();
    // pure-ftpd tells its rate in another reply with the code of the one before.
    while told.code == 150 {
        told = client.reply();
    }
    assert!(told.code == 426 || told.code == 226, "{mode:?}: {told:?}");
    // One reply or two: the next command's own tells.
    client.send("NOOP");
    let told = client.reply();
    if told.code != 200 {
        assert!((225..=226).contains(&told.code), "{mode:?}: {told:?}");
        client.expect(200);
    }
}

#[test]
fn pyftpdlib() {
    core(Ftpd::pyftpdlib);
}

#[test]
fn proftpd() {
    core(Ftpd::proftpd);
}

#[test]
fn pure_ftpd() {
    core(Ftpd::pure_ftpd);
}
