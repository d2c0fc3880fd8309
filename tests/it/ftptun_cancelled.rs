//! Jobs that are cancelled in the middle of a transfer: what the end of their control connection
//! does to their data, to the file at the FTP server, and to the record of the transfer.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::net::TcpStream;

use zoxy::message::catalogue::{CLOSED, FTP_NOT_ABORTED, IDLE_CLOSED};

use crate::world::{
    FtpClient, FtpScene, Ftpd, Mode, Socks, SshHost, Sshd, World, eventually, text,
};

/// The modes that differ in how the data connection came about.
const MODES: [Mode; 3] = [Mode::Pasv, Mode::PortBind, Mode::Port];

/// A client in the middle of a download that does not end within the test.
fn downloading(scene: &FtpScene, mode: Mode) -> (FtpClient, TcpStream) {
    let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(16 << 30).expect("it may have holes");
    let mut client = scene.logged_in(Socks::V5);
    let mut data = client.start(mode, "RETR ENDLESS");
    data.read_exact(&mut [0; 10_000]).expect("data comes");
    (client, data)
}

/// A client in the middle of an upload, of which the server has all that was sent.
fn uploading(scene: &FtpScene, mode: Mode) -> (FtpClient, TcpStream) {
    let mut client = scene.logged_in(Socks::V4);
    let mut data = client.start(mode, "STOR PART");
    data.write_all(&[1; SENT as usize]).expect("data is taken");
    eventually("data to arrive", || (stored(scene) >= ARRIVES).then_some(()));
    (client, data)
}

/// Bytes of an upload that were sent, and that a server which writes 64 KiB at once has stored.
const SENT: u64 = 200_000;
const ARRIVES: u64 = 128 * 1024;

fn stored(scene: &FtpScene) -> u64 {
    fs::metadata(scene.ftpd.folder.join("PART")).map_or(0, |there| there.len())
}

/// The data connection ends in a reset, not as a whole file does.
#[track_caller]
fn assert_reset(mut data: TcpStream) {
    let ended = io::copy(&mut data, &mut io::sink());
    let kind = ended.expect_err("the data ended as if it were complete").kind();
    assert_eq!(kind, io::ErrorKind::ConnectionReset);
}

/// The record of a transfer that was cancelled, with at least these bytes; gives the last reply.
#[track_caller]
fn assert_cancelled(scene: &FtpScene, mark: usize, transfer: (&str, &str), least: u64) -> u16 {
    let record = scene.record(mark, transfer.0, transfer.1);
    assert!(record.result == "FAILED" && record.bytes >= least, "{record:?}");
    assert_eq!(record.server, scene.ssh_server(), "{record:?}");
    record.reply
}

#[test]
fn download_of_a_client_that_is_reset() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    for mode in MODES {
        let (client, data) = downloading(&scene, mode);
        let mark = scene.zoxy.log.mark();
        client.reset();
        assert_reset(data);
        let reply = assert_cancelled(&scene, mark, ("RETR", "ENDLESS"), 10_000);
        assert_eq!(reply, 150);
    }
}

/// vsftpd reads no commands while it receives: to it the end of the channel is the end of the file,
/// which must not keep the job's end waiting, nor the next job.
#[test]
fn upload_of_a_client_that_is_reset() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    for mode in MODES {
        let (client, data) = uploading(&scene, mode);
        let mark = scene.zoxy.log.mark();
        client.reset();
        assert_reset(data);
        let reply = assert_cancelled(&scene, mark, ("STOR", "PART"), SENT);
        assert_eq!(reply, 150);
        scene.zoxy.log.wait_message_after(mark, &FTP_NOT_ABORTED, &["STOR PART"]);
        assert_eq!(scene.record(mark, "STOR", "PART").bytes, SENT);
        let mut client = scene.logged_in(Socks::V5);
        client.put(mode, "STOR PART", b"again");
        assert_eq!(stored(&scene), 5);
        fs::remove_file(scene.ftpd.folder.join("PART")).expect("it was put");
    }
}

/// Servers that hear ABOR while they receive know that the file is not whole.
fn upload_is_aborted(start: fn(&World) -> Ftpd, code: u16) {
    let world = World::new();
    let (ftpd, sshd) = (start(&world), Sshd::start(&world, &[]));
    let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, |deck| deck);
    for mode in MODES {
        let (client, data) = uploading(&scene, mode);
        let mark = scene.zoxy.log.mark();
        client.reset();
        assert_reset(data);
        let reply = assert_cancelled(&scene, mark, ("STOR", "PART"), SENT);
        assert_eq!(reply, code, "{mode:?}: the server's word");
        assert_eq!(scene.zoxy.log.count(&[&FTP_NOT_ABORTED.id()]), 0, "it knows");
        fs::remove_file(scene.ftpd.folder.join("PART")).expect("a part of it is there");
    }
}

#[test]
fn upload_that_pyftpdlib_aborts() {
    upload_is_aborted(Ftpd::pyftpdlib, 426);
}

#[test]
fn upload_that_pure_ftpd_aborts() {
    upload_is_aborted(Ftpd::pure_ftpd, 426);
}

/// So many commands that zoxy does not read the client any more when the reset comes.
#[test]
fn reset_behind_commands_that_wait() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    for mode in MODES {
        let (mut client, data) = downloading(&scene, mode);
        let mark = scene.zoxy.log.mark();
        client.send_raw("NOOP\r\n".repeat(10_000).as_bytes());
        client.reset();
        assert_reset(data);
        assert_cancelled(&scene, mark, ("RETR", "ENDLESS"), 10_000);
    }
}

/// Some clients close the control connection first: in order, and the transfer ends as it would.
#[test]
fn download_of_a_client_that_closes_in_order() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    fs::write(scene.ftpd.folder.join("FILE"), vec![7; 20 << 20]).expect("a file is made");
    for mode in MODES {
        for half in [true, false] {
            let mut client = scene.logged_in(Socks::V5);
            let mut data = client.start(mode, "RETR FILE");
            data.read_exact(&mut [0; 10_000]).expect("data comes");
            let mark = scene.zoxy.log.mark();
            client.finish();
            let client = Some(client).filter(|_| half);
            let rest = io::copy(&mut data, &mut io::sink()).expect("the data ends in order");
            assert_eq!(rest, (20 << 20) - 10_000);
            drop(data);
            let record = scene.record(mark, "RETR", "FILE");
            assert_eq!((&*record.result, record.bytes), ("COMPLETE", 20 << 20), "{record:?}");
            scene.zoxy.log.wait_message_after(mark, &CLOSED, &["client closed"]);
            if let Some(mut client) = client {
                client.expect(226);
                client.expect_end();
            }
        }
    }
}

/// Nobody can tell a client that closes early from one that is killed: what is stored is what was
/// sent, but the record does not call it complete.
#[test]
fn upload_of_a_client_that_closes_in_order() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    for mode in MODES {
        let (client, mut data) = uploading(&scene, mode);
        let mark = scene.zoxy.log.mark();
        client.finish();
        drop(client);
        eventually("the end of the control connection to be noticed", || {
            text(&scene.zoxy.ctl(&["D", "FTP"]).stdout).contains(" ENDING ").then_some(())
        });
        data.write_all(b"the rest").expect("data is taken");
        drop(data);
        let record = scene.record(mark, "STOR", "PART");
        let found = (&*record.result, record.reply, record.bytes);
        assert_eq!(found, ("FAILED", 226, SENT + 8), "{record:?}");
        assert_eq!(stored(&scene), SENT + 8);
        fs::remove_file(scene.ftpd.folder.join("PART")).expect("it was put");
    }
}

/// A client that only ends its own side hears all that it asked for.
#[test]
fn replies_behind_an_orderly_end() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let (mut client, data) = uploading(&scene, Mode::Pasv);
    client.send("STAT");
    client.finish();
    drop(data);
    client.expect(226);
    client.expect(211);
    client.expect_end();
}

/// A transfer on which nothing moves any more, because its server hangs.
#[test]
fn idle_transfers() {
    let world = World::new();
    let scene =
        FtpScene::start_with(&world, SshHost::Target, &[], |deck| deck.set("FTP", "IDLETIME", "2"));
    for mode in MODES {
        let mark = scene.zoxy.log.mark();
        let (client, data) = downloading(&scene, mode);
        let (other, upload) = uploading(&scene, mode);
        scene.ftpd.freeze_sessions();
        assert_reset(data);
        assert_reset(upload);
        assert_cancelled(&scene, mark, ("RETR", "ENDLESS"), 10_000);
        assert_cancelled(&scene, mark, ("STOR", "PART"), SENT);
        scene.zoxy.log.wait_message_after(mark, &IDLE_CLOSED, &[]);
        drop((client, other));
        scene.ftpd.kill_sessions();
        fs::remove_file(scene.ftpd.folder.join("PART")).expect("a part of it is there");
    }
}
