//! COMPOSITE YES: `user@host` names the FTP server, behind a host that only SOCKS knows.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddrV4};

use zoxy::message::catalogue::{FTP_LOGIN_REFUSED, FTP_OTHER_HOST, FTP_TRANSFER};

use crate::world::ftp_client::{address_of_227, port_of_229};
use crate::world::{
    Door, FtpClient, FtpScene, Ftpd, Mode, Socks, SshHost, Sshd, World, account, free_port,
};

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

/// Two hosts behind the one of the SOCKS request, whose data ports are the same: a client tells its
/// data connections apart by what it is told.
#[test]
fn equal_data_ports_of_two_hosts() {
    let (world, other_world) = (World::new(), World::new());
    let (port, data) = (free_port(), free_port());
    let range = [format!("pasv_min_port={data}"), format!("pasv_max_port={data}")];
    let lines = range.each_ref().map(String::as_str);
    let at = |last| SocketAddrV4::new(Ipv4Addr::new(127, 0, 0, last), port);
    let (first, second) =
        (Ftpd::start_at(&world, at(2), &lines), Ftpd::start_at(&other_world, at(3), &lines));
    for ftpd in [&first, &second] {
        fs::write(ftpd.folder.join("HOST"), ftpd.address.to_string()).expect("a file is made");
    }
    let sshd = Sshd::start(&world, &[]);
    let scene = FtpScene::around(&world, SshHost::Profile, first, sshd, |deck| {
        deck.set("FTP", "COMPOSITE", "YES")
    });
    let door = Door { server: at(1), ..scene.door(Socks::V5) };
    let mut clients = [scene.ftpd.address, second.address].map(|host| {
        let mut client = FtpClient::connect(door);
        let user = format!("{}@{host}", account().name);
        assert_eq!(client.log_in(&user, &account().password).code, 230);
        (client, host)
    });
    for command in ["PASV", "EPSV"] {
        let told = clients.each_mut().map(|(client, _)| {
            let reply = client.command(command);
            let extended = || Some(SocketAddrV4::new(*at(1).ip(), port_of_229(&reply)?));
            let told = address_of_227(&reply).or_else(extended);
            let told = told.unwrap_or_else(|| panic!("{command}: {reply:?}"));
            assert_eq!(told.ip(), at(1).ip(), "the host of the request, which leads to zoxy");
            told
        });
        for ((client, host), told) in clients.iter_mut().zip(told) {
            let mut data = door.connect(told).expect("the data connection is granted");
            client.ask("RETR HOST", 150);
            let mut bytes = String::new();
            data.read_to_string(&mut bytes).expect("the data comes");
            drop(data);
            client.expect(226);
            assert_eq!(bytes, host.to_string(), "{command}: the other host's file");
        }
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

/// The FTP server has refused the first name: the next one goes to it as it can read it.
#[test]
fn a_renewed_name_goes_to_the_same_host_only() {
    let world = World::new();
    let list = world.write("users", format!("{}\n", account().name));
    let lines = [&format!("userlist_file={}", list.display()), "userlist_enable=YES"];
    let scene = FtpScene::start_with(&world, SshHost::Profile, &lines, |deck| {
        deck.set("FTP", "COMPOSITE", "YES")
    });
    let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, scene.ftpd.port);
    let mut client = FtpClient::connect(Door { server, ..scene.door(Socks::V4) });
    let host = scene.ftpd.address;
    let user = format!("{}@{host}", account().name);
    let refused = client.log_in(&user, &account().password);
    assert_eq!(refused.lines, ["530 Permission denied."], "the server's own words");
    let told = client.ask(&format!("USER {}@127.0.0.3", account().name), 530);
    assert!(told.lines[0].contains(&FTP_OTHER_HOST.id()), "{told:?}");
    client.ask(&format!("USER {user}"), 530);
    client.ask(&format!("USER somebody@{host}"), 331);
    scene.ftpd.log.wait_for(&["FTP command", "USER somebody\""]);
    let said = scene.ftpd.log.text();
    assert!(!said.contains('@') && !said.contains("127.0.0.3"), "{said}");
}
