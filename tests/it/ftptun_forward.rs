//! ACTIVE FORWARD: active clients of FTP servers that forbid passive mode, by remote forwarding. Every
//! sort of transfer, with the FTP server beside the SSH server and behind it. vsftpd is the server.

use std::fs;
use std::net::Ipv4Addr;
use std::process::Command;

use zoxy::message::catalogue::SESSION_OPENED;

use crate::ftptun_transfers::dialogue;
use crate::world::ftp_scene::profile;
use crate::world::pattern::Pattern;
use crate::world::{
    Deck, Door, FtpClient, FtpScene, Ftpd, Mode, Socks, SshHost, Sshd, World, Zoxy, account,
    free_port, program, run, text,
};

/// vsftpd without passive mode, and with ABOR.
const ACTIVE_ONLY: &[&str] = &["pasv_enable=NO", "async_abor_enable=YES"];

/// The FTP server beside the SSH server, whose host the job asks for: nothing but ACTIVE is set, and
/// sshd is as it comes.
fn beside(world: &World) -> FtpScene {
    let (ftpd, sshd) = (Ftpd::start(world, ACTIVE_ONLY), Sshd::start(world, &[]));
    FtpScene::around(world, SshHost::Target, ftpd, sshd, |deck| {
        deck.set("FTP", "ACTIVE", "FORWARD")
    })
}

/// The FTP server on 127.0.0.2, behind an SSH server that it reaches as 127.0.0.3. sshd connects from
/// 127.0.0.1, so vsftpd has to take another address in a PORT.
fn behind(world: &World, sshd: &[&str], vsftpd: &[&str]) -> FtpScene {
    let lines = [ACTIVE_ONLY, vsftpd].concat();
    let ftpd = Ftpd::start_on(world, Ipv4Addr::new(127, 0, 0, 2), &lines);
    let sshd = Sshd::start(world, sshd);
    let port = free_port();
    let deck = profile(SshHost::Profile, &sshd, port).hostkey("SSHD", &sshd.fingerprint());
    let deck = forward(deck, "127.0.0.3").set("FTP", "FWDFROM", "127.0.0.2");
    let ports = ftpd.port.to_string();
    let deck = deck.filter_with("YNN", "FTP", "FTPTUN", "SSHD", &ports, "127.0.0.2");
    let zoxy = Zoxy::start(world, &deck);
    FtpScene { zoxy, sshd, ftpd, port }
}

fn forward(deck: Deck, address: &str) -> Deck {
    deck.set("FTP", "ACTIVE", "FORWARD").set("FTP", "FWDADDR", address)
}

/// All of it in one mode, with both versions of SOCKS.
fn all_transfers(mode: Mode) {
    let world = World::new();
    let scene = beside(&world);
    everything(&scene, mode, SshHost::Target, "PORT 127,0,0,1,");
    let world = World::new();
    let scene = behind(&world, &["GatewayPorts clientspecified"], &["port_promiscuous=YES"]);
    everything(&scene, mode, SshHost::Profile, "PORT 127,0,0,3,");
}

fn everything(scene: &FtpScene, mode: Mode, host: SshHost, port: &str) {
    for version in [Socks::V4, Socks::V5] {
        let client = scene.logged_in(version);
        dialogue(scene, client, mode, version, host);
        scene.sshd.expect_no_forward();
    }
    let said = scene.ftpd.log.text();
    assert!(said.contains(port), "no {port}");
    for command in ["PASV", "EPSV", "EPRT"] {
        assert!(!said.contains(&format!("\"{command}")), "the server was asked for {command}");
    }
    assert_eq!(scene.zoxy.log.count(&[&SESSION_OPENED.id()]), 1, "SSH sessions");
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

/// What the second reply of a BIND says: the server as the client knows it, and its true port.
#[test]
fn bind_is_told_who_connected() {
    let world = World::new();
    let scene = beside(&world);
    fs::write(scene.ftpd.folder.join("FILE"), b"content").expect("a file is made");
    for version in [Socks::V4, Socks::V5] {
        let mut client = scene.logged_in(version);
        let (mut data, address) = client.door.bind().expect("the BIND is granted");
        client.ask(&crate::world::ftp_client::port_command(address), 200);
        client.ask("RETR FILE", 150);
        let (_, peer) = client.door.answer(&mut data).expect("the second reply comes");
        assert_eq!(peer.ip(), scene.ftpd.socket().ip());
        assert_ne!(peer.port(), 20, "vsftpd runs without connect_from_port_20");
        assert_eq!(
            text(
                &crate::world::servers::read_to_end(&mut data, crate::world::deadline())
                    .expect("the data comes")
            ),
            "content"
        );
        drop(data);
        client.expect(226);
    }
}

/// The job asks for an address that leads nowhere from the SSH server; FWDADDR says that it is its
/// own host, so the control connection goes there.
#[test]
fn loopback_stands_for_the_address_that_was_asked_for() {
    let world = World::new();
    let (ftpd, sshd) = (Ftpd::start(&world, ACTIVE_ONLY), Sshd::start(&world, &[]));
    let port = free_port();
    let deck = profile(SshHost::Profile, &sshd, port).hostkey("SSHD", &sshd.fingerprint());
    let deck = forward(deck, "127.0.0.1");
    let ports = ftpd.port.to_string();
    let deck = deck.filter_with("YNN", "FTP", "FTPTUN", "SSHD", &ports, "192.0.2.7");
    let zoxy = Zoxy::start(&world, &deck);
    let scene = FtpScene { zoxy, sshd, ftpd, port };
    let asked = std::net::SocketAddrV4::new(Ipv4Addr::new(192, 0, 2, 7), scene.ftpd.port);
    for (version, mode) in [(Socks::V4, Mode::PortBind), (Socks::V5, Mode::Port)] {
        let mut client = FtpClient::connect(Door { server: asked, ..scene.door(version) });
        let told = client.log_in(&account().name, &account().password);
        assert_eq!(told.code, 230, "{told:?}");
        let bytes = Pattern::new(1).take(100_000);
        client.ask("TYPE I", 200);
        client.put(mode, "STOR FILE", &bytes);
        assert!(client.get(mode, "RETR FILE") == bytes, "{mode:?}: wrong bytes back");
        client.ask("PASV", 550);
    }
}

/// Two dialogues in one session, each with its own port.
#[test]
fn two_dialogues_of_one_session() {
    let world = World::new();
    let scene = beside(&world);
    let (first, second) = (Pattern::new(1).take(300_000), Pattern::new(2).take(200_000));
    fs::write(scene.ftpd.folder.join("ONE"), &first).expect("a file is made");
    fs::write(scene.ftpd.folder.join("TWO"), &second).expect("a file is made");
    let mut one = scene.logged_in(Socks::V4);
    let mut two = scene.logged_in(Socks::V5);
    for mode in [Mode::PortBind, Mode::Port, Mode::Eprt] {
        let data = one.prepare(mode).unwrap_or_else(|told| panic!("{told:?}"));
        let others = two.prepare(mode).unwrap_or_else(|told| panic!("{told:?}"));
        assert_eq!(scene.sshd.forwards().len(), 2);
        two.ask("RETR TWO", 150);
        one.ask("RETR ONE", 150);
        let mut data = data.stream(&one.door).expect("the data connection comes");
        let mut others = others.stream(&two.door).expect("the data connection comes");
        let (mut got, mut others_got) = (Vec::new(), Vec::new());
        std::io::Read::read_to_end(&mut data, &mut got).expect("the data comes");
        std::io::Read::read_to_end(&mut others, &mut others_got).expect("the data comes");
        drop((data, others));
        one.expect(226);
        two.expect(226);
        assert!(got == first && others_got == second, "{mode:?}: wrong bytes");
        // A PORT without a transfer is replaced.
        for _ in 0..3 {
            drop(one.prepare(mode).unwrap_or_else(|told| panic!("{told:?}")));
        }
        one.put(mode, "STOR THREE", b"three");
        scene.sshd.expect_no_forward();
    }
    assert_eq!(scene.zoxy.log.count(&[&SESSION_OPENED.id()]), 1);
}

#[test]
fn curl_active() {
    let world = World::new();
    let scene = beside(&world);
    let bytes = Pattern::new(9).take(1_234_567);
    let up = world.write("up", &bytes);
    let url = format!("ftp://127.0.0.1:{}/THERE", scene.ftpd.port);
    let login = format!("{}:{}", account().name, account().password);
    let proxy = format!("127.0.0.1:{}", scene.port);
    for version in ["--socks4", "--socks5"] {
        for eprt in [&["--disable-eprt"][..], &[]] {
            let back = world.path("back");
            let mut curl = Command::new(program("curl", "curl"));
            let common = ["-q", "--silent", "--show-error", "--max-time", "60", version, &proxy];
            curl.env_clear().args(common).args(["--ftp-port", "127.0.0.1"]).args(eprt);
            curl.args(["--user", &login]).arg("--upload-file").arg(&up).arg(&url).arg("--next");
            curl.args(&common[1..]).args(["--ftp-port", "127.0.0.1"]).args(eprt);
            curl.args(["--user", &login]).arg("--output").arg(&back).arg(&url);
            let output = run(&mut curl);
            assert!(output.status.success(), "{curl:?}: {}", text(&output.stderr));
            assert!(fs::read(&back).expect("it came back") == bytes, "{curl:?}: wrong bytes");
            fs::remove_file(back).expect("the folder is ours");
        }
    }
    scene.sshd.expect_no_forward();
}
