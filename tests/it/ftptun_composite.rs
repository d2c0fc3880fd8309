//! COMPOSITE YES: `user@host` names the FTP server, behind a host that only SOCKS knows.

use std::net::{Ipv4Addr, SocketAddrV4};

use zoxy::message::catalogue::{FTP_LOGIN_REFUSED, FTP_TRANSFER};

use crate::world::{Door, FtpClient, FtpScene, Mode, Socks, SshHost, World, account};

const MODES: [Mode; 6] =
    [Mode::Pasv, Mode::PasvIgnoringAddress, Mode::Epsv, Mode::PortBind, Mode::Port, Mode::Eprt];

/// The FTP server is on a host of its own, 127.0.0.2.
fn start(world: &World) -> FtpScene {
    FtpScene::start_with(world, SshHost::Profile, &[], |deck| deck.set("FTP", "COMPOSITE", "YES"))
}

#[track_caller]
fn transfer(scene: &FtpScene, client: &mut FtpClient, mode: Mode, bytes: &[u8]) {
    let mark = scene.zoxy.log.mark();
    client.put(mode, "STOR COMPOSITE", bytes);
    assert_eq!(client.get(mode, "RETR COMPOSITE"), bytes, "{mode:?}");
    let at = format!(" {} ", scene.ftpd.socket());
    for command in ["STOR", "RETR"] {
        scene.zoxy.log.wait_message_after(mark, &FTP_TRANSFER, &[command, &at, "COMPLETE"]);
    }
}

#[test]
fn every_mode_reaches_the_named_host() {
    let world = World::new();
    let scene = start(&world);
    for version in [Socks::V4, Socks::V5] {
        // Nobody serves FTP where SOCKS asks for it.
        let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, scene.ftpd.port);
        let mut client = FtpClient::connect(Door { server, ..scene.door(version) });
        let user = format!("{}@{}", account().name, scene.ftpd.address);
        assert_eq!(client.log_in(&user, &account().password).code, 230);
        for mode in MODES {
            transfer(&scene, &mut client, mode, format!("{mode:?} {version:?}").as_bytes());
        }
        client.ask("QUIT", 221);
    }
}

#[test]
fn a_plain_name_after_a_refused_one_means_the_host_of_the_request() {
    let world = World::new();
    let scene = start(&world);
    let mut client = scene.client(Socks::V5);
    let elsewhere = format!("{}@127.0.0.3", account().name);
    let refused = client.log_in(&elsewhere, "not-the-Password");
    assert!(refused.code == 530, "{refused:?}");
    assert!(refused.lines[0].contains(&FTP_LOGIN_REFUSED.id()), "{refused:?}");
    assert_eq!(client.log_in(&account().name, &account().password).code, 230);
    for mode in MODES {
        transfer(&scene, &mut client, mode, format!("{mode:?}").as_bytes());
    }
}
