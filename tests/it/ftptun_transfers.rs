//! Every sort of transfer in every mode, for both versions of SOCKS, with the SSH server on the
//! host of the FTP server and on another one. vsftpd is the server.

use std::fs::{self, File};
use std::io::{Read, Write};

use zoxy::message::catalogue::{FTP_TRANSFER, SESSION_OPENED};

use crate::world::pattern::Pattern;
use crate::world::{FtpClient, FtpScene, Mode, Socks, SshHost, World, scaled, text};

/// A file of an odd size.
const ODD: usize = 123_457;

/// Small files of one `mget`.
const SMALL: usize = 200;

fn big() -> u64 {
    scaled(64 << 20, 4 << 20) as u64
}

/// All of it in one mode: four dialogues, of which those on one SSH host share a session.
fn all_transfers(mode: Mode) {
    for host in [SshHost::Target, SshHost::Profile] {
        let world = World::new();
        let scene = FtpScene::start_with(&world, host, &["async_abor_enable=YES"], |deck| deck);
        for version in [Socks::V4, Socks::V5] {
            let client = scene.logged_in(version);
            // One version for each host: both have been there by then.
            let is_big = (version == Socks::V4) == (host == SshHost::Target);
            dialogue(&scene, client, mode, is_big);
        }
        assert_eq!(scene.zoxy.log.count(&[&SESSION_OPENED.id()]), 1, "SSH sessions");
    }
}

/// All of it in one dialogue, with a big file or without.
pub fn dialogue(scene: &FtpScene, mut client: FtpClient, mode: Mode, is_big: bool) {
    small_files(scene);
    put_get_append(scene, &mut client, mode);
    restart(scene, &mut client, mode);
    list(&mut client, mode);
    mget(&mut client, mode);
    abort(scene, &mut client, mode);
    if is_big {
        big_file(scene, &mut client, mode);
    }
    client.ask("QUIT", 221);
    client.expect_end();
}

fn put_get_append(scene: &FtpScene, client: &mut FtpClient, mode: Mode) {
    let bytes = Pattern::new(1).take(ODD);
    client.ask("SITE FIXRECFM 80 LRECL=80 RECFM=FB BLKSIZE=27920", 500);
    client.put(mode, "STOR PUT.BIN", &bytes);
    let there = scene.ftpd.folder.join("PUT.BIN");
    assert!(fs::read(&there).expect("it was put") == bytes, "{mode:?}: wrong bytes there");
    assert!(client.get(mode, "RETR PUT.BIN") == bytes, "{mode:?}: wrong bytes back");
    client.put(mode, "APPE PUT.BIN", b"THE END");
    let whole = [&bytes[..], b"THE END"].concat();
    assert!(fs::read(&there).expect("it is there") == whole, "{mode:?}: wrong bytes appended");
    client.put(mode, "STOR EMPTY", b"");
    assert_eq!(client.get(mode, "RETR EMPTY"), b"");
    client.ask("TYPE A", 200);
    client.put(mode, "STOR TEXT", b"LINE 1\r\nLINE 2\r\n");
    let there = fs::read(scene.ftpd.folder.join("TEXT")).expect("it was put");
    assert_eq!(text(&there), "LINE 1\nLINE 2\n");
    assert_eq!(client.get(mode, "RETR TEXT"), b"LINE 1\r\nLINE 2\r\n");
    client.ask("TYPE I", 200);
    let complete = format!(" STOR UP I COMPLETE 226 {ODD} ");
    let line = scene.zoxy.log.wait_message(&FTP_TRANSFER, &[&complete]);
    assert!(line.contains(&format!(" {} ", crate::world::account().name)), "{line}");
    assert!(line.ends_with(" PUT.BIN"), "{line}");
}

fn restart(scene: &FtpScene, client: &mut FtpClient, mode: Mode) {
    const HALF: usize = ODD / 2;
    let bytes = Pattern::new(2).take(ODD);
    client.put(mode, "STOR HALF", &bytes[..HALF]);
    client.ask(&format!("REST {HALF}"), 350);
    client.put(mode, "STOR HALF", &bytes[HALF..]);
    let there = fs::read(scene.ftpd.folder.join("HALF")).expect("it was put");
    assert!(there == bytes, "{mode:?}: the restarted put");
    let size = client.ask("SIZE HALF", 213);
    assert_eq!(size.lines, [format!("213 {ODD}")]);
    client.ask(&format!("REST {HALF}"), 350);
    assert!(client.get(mode, "RETR HALF") == bytes[HALF..], "{mode:?}: the restarted get");
}

fn list(client: &mut FtpClient, mode: Mode) {
    for command in ["LIST", "NLST"] {
        let listing = text(&client.get(mode, command));
        for name in ["PUT.BIN", "EMPTY", "small199"] {
            assert!(listing.contains(name), "{mode:?}: {name} not in {command}: {listing}");
        }
    }
    client.ask("DELE EMPTY", 250);
    client.ask("RNFR HALF", 350);
    client.ask("RNTO RENAMED", 250);
}

fn small_files(scene: &FtpScene) {
    for number in 0..SMALL {
        let bytes = Pattern::new(number as u64).take(number * 7);
        fs::write(scene.ftpd.folder.join(format!("small{number}")), bytes).expect("a file is made");
    }
}

fn mget(client: &mut FtpClient, mode: Mode) {
    let count = scaled(SMALL, 20);
    for number in 0..count {
        let bytes = client.get(mode, &format!("RETR small{number}"));
        assert!(bytes == Pattern::new(number as u64).take(number * 7), "{mode:?}: small{number}");
    }
}

/// ABOR in the middle of a get and of a put: both replies, and the dialogue goes on.
fn abort(scene: &FtpScene, client: &mut FtpClient, mode: Mode) {
    let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(4 << 30).expect("it may have holes");
    let mark = scene.zoxy.log.mark();
    let mut data = client.start(mode, "RETR ENDLESS");
    data.read_exact(&mut vec![0; 100_000]).expect("data comes");
    client.abort();
    // What was under way still comes; the connection may end in a reset.
    let _ = std::io::copy(&mut data, &mut std::io::sink());
    drop(data);
    let replies = [client.reply().code, client.reply().code];
    assert_eq!(replies[0], 426, "{mode:?}: {replies:?}");
    assert!((225..=226).contains(&replies[1]), "{mode:?}: {replies:?}");
    client.ask("NOOP", 200);
    let record = scene.record(mark, "RETR", "ENDLESS");
    assert!(record.result == "ABORTED" && record.bytes >= 100_000, "{record:?}");
    assert_eq!(client.get(mode, "RETR small1"), Pattern::new(1).take(7));
    let mut data = client.start(mode, "STOR ABORTED");
    data.write_all(&[0; 100_000]).expect("data is taken");
    client.abort();
    drop(data);
    let replies = [client.reply().code, client.reply().code];
    assert!(matches!(replies, [426 | 226, 225 | 226]), "{mode:?}: {replies:?}");
    client.ask("NOOP", 200);
}

fn big_file(scene: &FtpScene, client: &mut FtpClient, mode: Mode) {
    let mut data = client.start(mode, "STOR BIG");
    Pattern::new(3).write(&mut data, big()).expect("the data is taken");
    drop(data);
    client.expect(226);
    let mut there = File::open(scene.ftpd.folder.join("BIG")).expect("it was put");
    let length = Pattern::new(3).verify(&mut there).expect("the right bytes there");
    assert_eq!(length, big(), "{mode:?}: length there");
    let mut data = client.start(mode, "RETR BIG");
    let length = Pattern::new(3).verify(&mut data).expect("the right bytes back");
    assert_eq!(length, big(), "{mode:?}: length back");
    // Some clients keep the connection until they have the reply.
    client.expect(226);
}

#[test]
fn pasv() {
    all_transfers(Mode::Pasv);
}

#[test]
fn pasv_ignoring_the_address() {
    all_transfers(Mode::PasvIgnoringAddress);
}

#[test]
fn epsv() {
    all_transfers(Mode::Epsv);
}

#[test]
fn port_after_bind() {
    all_transfers(Mode::PortBind);
}

#[test]
fn port_without_bind() {
    all_transfers(Mode::Port);
}

#[test]
fn eprt_without_bind() {
    all_transfers(Mode::Eprt);
}
