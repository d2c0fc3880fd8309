//! ACTIVE FORWARD where somebody does not want it: the SSH server, the FTP server, a firewall that is
//! GatewayPorts. The job gets a clear code, and nothing is left behind.

use std::net::Ipv4Addr;

use zoxy::message::catalogue::{
    FTP_FORWARD_DENIED, FTP_FORWARD_REFUSED, FTP_PORT_DENIED, FTP_PORT_REFUSED, FTP_SERVER_ABSENT,
};

use crate::world::ftp_scene::profile;
use crate::world::{FtpClient, FtpScene, Ftpd, Mode, Socks, SshHost, Sshd, World, Zoxy, free_port};

const MODES: [Mode; 3] = [Mode::PortBind, Mode::Port, Mode::Eprt];

/// vsftpd and sshd on one host, sshd with these lines.
fn beside(world: &World, sshd: &[&str]) -> FtpScene {
    let (ftpd, sshd) = (Ftpd::start(world, &["pasv_enable=NO"]), Sshd::start(world, sshd));
    FtpScene::around(world, SshHost::Target, ftpd, sshd, |deck| {
        deck.set("FTP", "ACTIVE", "FORWARD")
    })
}

/// vsftpd on 127.0.0.2, with FWDADDR 127.0.0.3.
fn behind(world: &World, sshd: &[&str], vsftpd: &[&str]) -> FtpScene {
    let lines = [&["pasv_enable=NO"], vsftpd].concat();
    let ftpd = Ftpd::start_on(world, Ipv4Addr::new(127, 0, 0, 2), &lines);
    let sshd = Sshd::start(world, sshd);
    let port = free_port();
    let deck = profile(SshHost::Profile, &sshd, port).hostkey("SSHD", &sshd.fingerprint());
    let deck = deck.set("FTP", "ACTIVE", "FORWARD").set("FTP", "FWDADDR", "127.0.0.3");
    let ports = ftpd.port.to_string();
    let deck = deck.filter_with("YNN", "FTP", "FTPTUN", "SSHD", &ports, "127.0.0.2");
    let zoxy = Zoxy::start(world, &deck);
    FtpScene { zoxy, sshd, ftpd, port }
}

/// PORT gets 425 with this message, and the dialogue goes on.
#[track_caller]
fn refused(client: &mut FtpClient, mode: Mode, id: &str) {
    let told = client.prepare(mode).err().expect("PORT is refused");
    assert!(told.code == 425 && told.lines[0].contains(id), "{told:?}");
    client.ask("NOOP", 200);
}

#[test]
fn by_the_ssh_server() {
    for line in ["AllowTcpForwarding local", "PermitListen none"] {
        let world = World::new();
        let scene = beside(&world, &[line]);
        for (version, mode) in [Socks::V4, Socks::V5, Socks::V4].into_iter().zip(MODES) {
            let mark = scene.zoxy.log.mark();
            let mut client = scene.logged_in(version);
            refused(&mut client, mode, &FTP_FORWARD_REFUSED.id());
            let words = ["127.0.0.1", "AllowTcpForwarding"];
            scene.zoxy.log.wait_message_after(mark, &FTP_FORWARD_DENIED, &words);
            client.ask("QUIT", 221);
        }
        assert!(!scene.ftpd.log.text().contains("PORT"), "the FTP server heard of it");
    }
}

/// Any port of loopback, which is what zoxy asks for.
#[test]
fn by_the_ssh_server_elsewhere_only() {
    let world = World::new();
    let scene = beside(&world, &["PermitListen 127.0.0.1:*"]);
    let mut client = scene.logged_in(Socks::V5);
    client.put(Mode::Port, "STOR FILE", b"content");
    let world = World::new();
    let scene = beside(&world, &["PermitListen 127.0.0.1:4711"]);
    let mut client = scene.logged_in(Socks::V5);
    refused(&mut client, Mode::Port, &FTP_FORWARD_REFUSED.id());
}

/// The control connection comes from another address than that of the PORT.
#[test]
fn by_the_ftp_server() {
    let world = World::new();
    let scene = behind(&world, &["GatewayPorts clientspecified"], &[]);
    for (version, mode) in [Socks::V4, Socks::V5, Socks::V4].into_iter().zip(MODES) {
        let mark = scene.zoxy.log.mark();
        let mut client = scene.logged_in(version);
        refused(&mut client, mode, &FTP_PORT_REFUSED.id());
        let words = ["PORT 127.0.0.3:", "500 Illegal PORT command."];
        scene.zoxy.log.wait_message_after(mark, &FTP_PORT_DENIED, &words);
        scene.sshd.expect_no_forward();
        client.ask("QUIT", 221);
    }
}

/// Without GatewayPorts sshd listens on loopback whatever it is asked for, and does not say so.
#[test]
fn by_nobody_but_not_reached() {
    let world = World::new();
    let scene = behind(&world, &[], &["port_promiscuous=YES"]);
    let mut client = scene.logged_in(Socks::V5);
    for mode in MODES {
        let data = client.prepare(mode).unwrap_or_else(|told| panic!("{told:?}"));
        assert_ne!(scene.sshd.expect_forward().ip(), Ipv4Addr::new(127, 0, 0, 3));
        client.ask("STOR FILE", 425);
        drop(data);
        scene.sshd.expect_no_forward();
        client.ask("NOOP", 200);
    }
}

/// An address of the FTP server that FWDFROM does not have: it is turned away, and what it says about
/// a transfer without a connection is not believed.
#[test]
fn by_zoxy_itself() {
    let world = World::new();
    let (ftpd, sshd) = (Ftpd::start(&world, &["pasv_enable=NO"]), Sshd::start(&world, &[]));
    let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, |deck| {
        deck.set("FTP", "ACTIVE", "FORWARD")
            .set("FTP", "FWDFROM", "192.0.2.1")
            .set("FTP", "DATATIME", "2")
    });
    std::fs::write(scene.ftpd.folder.join("FILE"), b"content").expect("a file is made");
    for command in ["RETR FILE", "STOR NEW"] {
        let mut client = scene.logged_in(Socks::V5);
        let mark = scene.zoxy.log.mark();
        let data = client.prepare(Mode::Port).unwrap_or_else(|told| panic!("{told:?}"));
        client.ask(command, 150);
        let told = client.reply();
        let is_told = told.lines[0].contains(&FTP_SERVER_ABSENT.id());
        assert!(told.code == 426 || (told.code == 425 && is_told), "{told:?}");
        let words = ["127.0.0.1 port ", "may not connect"];
        let stranger = &zoxy::message::catalogue::FTP_STRANGER;
        scene.zoxy.log.wait_message_after(mark, stranger, &words);
        client.ask("NOOP", 200);
        drop(data);
        scene.sshd.expect_no_forward();
    }
}
