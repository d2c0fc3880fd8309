//! What does not lead into clear text, though the filter has Y in column 38: an SSH server that
//! says something, whatever it is, a shortage of zoxy's own, a dialogue that has its session.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::Command;

use zoxy::message::catalogue::{
    DIAL_FAILED, FTP_CONNECTED_PLAIN, FTP_DATA_REFUSED, FTP_LOGIN_REFUSED, FTP_SSH_FAILED,
    HOST_KEY_CHANGED, SSH_LOGIN_REFUSED,
};

use crate::ftptun_fallback::{Login, Scene, deck, filter};
use crate::world::ftp_client::port_of_229;
use crate::world::socks::{REJECTED, reply};
use crate::world::{
    FtpClient, Ftpd, Mode, Socks, Sshd, World, Zoxy, account, free_port, program, run, text,
};

/// Nothing went on in clear, and the FTP server was not asked to let anybody in.
#[track_caller]
fn assert_never(scene: &Scene) {
    assert_eq!(scene.fell_back(), 0, "it fell back");
    assert_eq!(scene.zoxy.log.count(&[&FTP_CONNECTED_PLAIN.id()]), 0, "it went in clear");
    let status = text(&scene.zoxy.ctl(&["D", "STATUS"]).stdout);
    assert!(status.contains("without SSH   0 "), "{status}");
    assert!(!scene.ftpd.log.text().contains("USER"), "the FTP server was asked");
}

/// The SOCKS request of a client with the login of the profile is refused.
#[track_caller]
fn assert_refused(scene: &Scene) {
    let refused = |version| scene.door(version).connect(scene.ftpd.socket()).err();
    assert_eq!(refused(Socks::V5), Some(1), "general failure");
    assert_eq!(refused(Socks::V4), Some(REJECTED));
}

#[test]
fn wrong_host_key() {
    for login in [Login::Application, Login::Own] {
        let world = World::new();
        let other = Sshd::start_named(&world, "other", &[]);
        let (sshd, ftpd) = (Sshd::start(&world, &[]), Ftpd::start(&world, &[]));
        let port = free_port();
        let deck = deck(&world, login, &sshd, port, &other.fingerprint());
        let zoxy = Zoxy::start(&world, &filter(deck.set("SSHD", "BACKOFFMIN", "0"), login, &ftpd));
        let scene = Scene { zoxy, sshd, ftpd, port };
        match login {
            Login::Application => {
                let mut client = FtpClient::connect(scene.door(Socks::V5));
                let told = client.log_in(&account().name, &account().password);
                assert!(
                    told.code == 421 && told.lines[0].contains(&FTP_SSH_FAILED.id()),
                    "{told:?}"
                );
                client.expect_end();
            }
            Login::Own => assert_refused(&scene),
        }
        scene.zoxy.log.wait_message(&HOST_KEY_CHANGED, &[&scene.sshd.fingerprint()]);
        assert_never(&scene);
    }
}

#[test]
fn refused_login_of_the_profile() {
    let world = World::new();
    let scene = Scene::start_with(&world, Login::Own, &[], |deck| {
        let key = world.key("unknown", &["-t", "ed25519", "-N", ""]);
        deck.set("SSHD", "IDENTITY", &key.display().to_string()).set("SSHD", "BACKOFFMIN", "0")
    });
    assert_refused(&scene);
    scene.zoxy.log.wait_message(&SSH_LOGIN_REFUSED, &["publickey"]);
    assert_never(&scene);
}

/// Nor later in the same dialogue, when the server that has refused cannot be reached any more.
#[test]
fn refused_login_of_the_job() {
    let world = World::new();
    let mut scene = Scene::start(&world, Login::Application);
    let mut client = FtpClient::connect(scene.door(Socks::V5));
    let told = client.log_in(&account().name, "not-the-Password");
    assert!(told.code == 530 && told.lines[0].contains(&FTP_LOGIN_REFUSED.id()), "{told:?}");
    assert_never(&scene);
    scene.sshd.kill();
    let told = client.log_in(&account().name, &account().password);
    assert!(told.code == 421 && told.lines[0].contains(&FTP_SSH_FAILED.id()), "{told:?}");
    client.expect_end();
    assert_never(&scene);
    // A dialogue that was refused nothing does go on.
    scene.logged_in(Socks::V5);
    assert_eq!(scene.fell_back(), 1);
}

/// The SSH server is there, the FTP server is not.
#[test]
fn no_way_behind_the_ssh_server() {
    let world = World::new();
    let mut scene = Scene::start(&world, Login::Application);
    scene.ftpd.kill();
    let mut client = FtpClient::connect(scene.door(Socks::V4));
    let told = client.log_in(&account().name, &account().password);
    assert!(told.code == 421 && told.lines[0].contains(&FTP_SSH_FAILED.id()), "{told:?}");
    assert_never(&scene);
}

/// One descriptor is left: the client's. For the SSH server there is none.
#[test]
fn shortage_of_descriptors() {
    let world = World::new();
    let mut scene =
        Scene::start_with(&world, Login::Application, &[], |deck| deck.set("*", "WORKERS", "1"));
    // That it would fall back for want of a server is to be seen afterwards.
    scene.sshd.kill();
    let mut client = FtpClient::connect(scene.door(Socks::V5));
    limit_descriptors(scene.zoxy.pid(), 0);
    let told = client.log_in(&account().name, &account().password);
    assert!(told.code == 421 && told.lines[0].contains(&FTP_SSH_FAILED.id()), "{told:?}");
    scene.zoxy.log.wait_message(&DIAL_FAILED, &["Too many open files"]);
    client.expect_end();
    limit_descriptors(scene.zoxy.pid(), 1000);
    assert_never(&scene);
    scene.logged_in(Socks::V5);
    assert_eq!(scene.fell_back(), 1);
}

/// Leaves a process room for this many more descriptors.
fn limit_descriptors(pid: u32, more: usize) {
    let open = fs::read_dir(format!("/proc/{pid}/fd")).expect("it runs");
    let number = |entry: fs::DirEntry| entry.file_name().to_str()?.parse::<usize>().ok();
    let mut open: Vec<_> = open.filter_map(|entry| number(entry.ok()?)).collect();
    open.sort_unstable();
    // The lowest free number is taken first, and the limit is one above the highest allowed.
    let limit = (0..).filter(|number| open.binary_search(number).is_err()).nth(more);
    let limit = format!("--nofile={}:", limit.expect("numbers do not end"));
    let output = run(Command::new(program("prlimit", "util-linux")).args([
        "--pid",
        &pid.to_string(),
        &limit,
    ]));
    assert!(output.status.success(), "{output:?}");
}

/// The dialogue has its SSH session: data that has no channel there fails.
#[test]
fn data_of_a_dialogue_with_a_session() {
    let world = World::new();
    let ftpd = Ftpd::start(&world, &[]);
    let sshd = Sshd::start(&world, &[&format!("PermitOpen 127.0.0.1:{}", ftpd.port)]);
    let port = free_port();
    let login = Login::Application;
    let deck = deck(&world, login, &sshd, port, &sshd.fingerprint());
    let zoxy = Zoxy::start(&world, &filter(deck, login, &ftpd));
    let mut scene = Scene { zoxy, sshd, ftpd, port };
    let mut client = scene.logged_in(Socks::V5);
    for mode in [Mode::Port, Mode::Eprt, Mode::PortBind] {
        let told = client.prepare(mode).err().expect("no data connection");
        let id = FTP_DATA_REFUSED.id();
        assert!(told.code == 425 && told.lines[0].contains(&id), "{mode:?}: {told:?}");
    }
    let data = |client: &mut FtpClient| {
        let port = port_of_229(&client.ask("EPSV", 229)).expect("a 229 has a port");
        SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)
    };
    let to = data(&mut client);
    assert_eq!(client.door.connect(to).err(), Some(reply::NOT_ALLOWED), "SOCKS tells it");
    client.ask("LIST", 425);
    // A data connection is expected when the session is lost.
    let to = data(&mut client);
    scene.sshd.kill();
    client.expect(421);
    client.expect_end();
    assert_eq!(client.door.connect(to).err(), Some(reply::NOT_ALLOWED), "it comes too late");
    assert_eq!(scene.fell_back(), 0);
    assert_eq!(scene.zoxy.log.count(&[&FTP_CONNECTED_PLAIN.id()]), 0);
}
