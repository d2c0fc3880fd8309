//! Data connections that must not be: to strangers, by strangers, without a channel. And those that
//! are told the truth about: 425 when one cannot be had, 426 when one broke.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::time::Duration;

use rustix::net::sockopt::set_socket_linger;
use zoxy::message::catalogue::{
    FTP_BOUNCE, FTP_CLIENT_UNREACHABLE, FTP_CONTRADICTED, FTP_DATA_GONE, FTP_DATA_REFUSED,
    FTP_FOREIGN_ADDRESS, REQUEST_BLOCKED, REQUEST_REFUSED,
};

use crate::world::ftp_client::{address_of_227, port_command, port_of_229};
use crate::world::ftp_scene::profile;
use crate::world::socks::{REJECTED, reply};
use crate::world::{
    Door, FtpClient, FtpScene, Ftpd, Mode, Server, Socks, SshHost, Sshd, World, Zoxy, account,
    eventually, free_port, read_once,
};

/// Another client on the same machine.
const STRANGER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);

/// The door as the stranger uses it.
fn stranger(door: Door) -> Door {
    Door { from: STRANGER, ..door }
}

/// Has the next close answer the other side with a reset.
fn reset(stream: TcpStream) {
    set_socket_linger(&stream, Some(Duration::ZERO)).expect("a TCP socket");
}

#[test]
fn bounces_are_refused_and_logged() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    for command in [
        "PORT 192,0,2,1,80,0",
        "PORT 127,0,0,2,80,0",
        "PORT 127,0,0,1,0,25",
        "PORT 127,0,0,1,3,255",
        "EPRT |1|192.0.2.1|20480|",
        "EPRT |1|127.0.0.1|22|",
        "EPRT |2|::1|20480|",
    ] {
        let mark = scene.zoxy.log.mark();
        let told = client.ask(command, 504);
        assert!(told.lines[0].contains(&FTP_FOREIGN_ADDRESS.id()), "{told:?}");
        scene.zoxy.log.wait_message_after(mark, &FTP_BOUNCE, &[&command[..4]]);
    }
    for (command, code) in
        [("PORT 1,2,3", 501), ("EPRT |3|x|1|", 522), ("LPRT 4,4,127,0,0,1,2,80,0", 502)]
    {
        client.ask(command, code);
    }
    assert!(!scene.ftpd.log.text().contains("PORT"), "the server heard of it");
    client.put(Mode::Port, "STOR AFTER", b"bounces");
}

#[test]
fn expected_connection_cannot_be_stolen() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    fs::write(scene.ftpd.folder.join("MINE"), b"mine").expect("a file is made");
    for version in [Socks::V4, Socks::V5] {
        let mut client = scene.logged_in(version);
        let address = address_of_227(&client.ask("PASV", 227)).expect("a 227 has an address");
        let mark = scene.zoxy.log.mark();
        let code = match version {
            Socks::V4 => REJECTED,
            Socks::V5 => reply::NOT_ALLOWED,
        };
        assert_eq!(stranger(client.door).connect(address).err(), Some(code));
        scene.zoxy.log.wait_message_after(mark, &REQUEST_BLOCKED, &["127.0.0.2"]);
        let mut data = client.door.connect(address).expect("the owner's is granted");
        assert_eq!(client.door.connect(address).err(), Some(code), "it is used once");
        client.ask("RETR MINE", 150);
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes).expect("the data comes");
        drop(data);
        client.expect(226);
        assert_eq!(bytes, b"mine");
        assert_eq!(client.door.connect(address).err(), Some(code), "nor later");
    }
}

#[test]
fn expectation_ends_with_its_dialogue_and_with_the_next() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    let first = port_of_229(&client.ask("EPSV", 229)).expect("a 229 has a port");
    // vsftpd takes ports by chance, and may take the same one again.
    let second = eventually("another port", || {
        let port = port_of_229(&client.ask("EPSV", 229)).expect("a 229 has a port");
        (port != first).then_some(port)
    });
    let address = |port| SocketAddrV4::new(*client.door.server.ip(), port);
    assert_eq!(client.door.connect(address(first)).err(), Some(reply::NOT_ALLOWED));
    let door = client.door;
    let second = address(second);
    client.ask("QUIT", 221);
    client.expect_end();
    eventually("the expectation to end", || {
        (door.connect(second).err() == Some(reply::NOT_ALLOWED)).then_some(())
    });
}

#[test]
fn bind_belongs_to_one_client() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    let thief = stranger(client.door);
    let mark = scene.zoxy.log.mark();
    assert_eq!(thief.bind().err(), Some(reply::COMMAND_NOT_SUPPORTED), "without a dialogue");
    scene.zoxy.log.wait_message_after(mark, &REQUEST_REFUSED, &["127.0.0.2", "BIND"]);
    let mut other = FtpClient::connect(thief);
    let told = other.log_in(&account().name, &account().password);
    assert_eq!(told.code, 230, "{told:?}");
    let (_waiting, address) = client.door.bind().expect("the BIND is granted");
    other.ask(&port_command(address), 504);
    client.ask(&port_command(address), 200);
}

#[test]
fn bind_without_a_dialogue() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    assert_eq!(scene.door(Socks::V4).bind().err(), Some(REJECTED));
    // Before the login there is no SSH session that the data could go through.
    let client = scene.client(Socks::V5);
    assert_eq!(client.door.bind().err(), Some(reply::COMMAND_NOT_SUPPORTED));
}

#[test]
fn bind_that_the_client_gave_up() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V4);
    eventually("the end of the BIND to be noticed before the transfer", || {
        let (waiting, address) = client.door.bind().expect("the BIND is granted");
        client.ask(&port_command(address), 200);
        drop(waiting);
        let told = client.command("STOR GONE");
        if told.code == 150 {
            // The server sees a whole file of no bytes, or no connection.
            client.reply();
            return None;
        }
        assert!(told.code == 425 && told.lines[0].contains(&FTP_DATA_GONE.id()), "{told:?}");
        Some(())
    });
    client.put(Mode::PortBind, "STOR AFTER", b"that");
}

#[test]
fn client_that_does_not_listen() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    fs::write(scene.ftpd.folder.join("FILE"), b"content").expect("a file is made");
    let mut client = scene.logged_in(Socks::V5);
    for command in ["RETR FILE", "LIST", "STOR NEW"] {
        client.ask(&port_command(SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port())), 200);
        client.ask(command, 150);
        let told = client.expect(425);
        assert!(told.lines[0].contains(&FTP_CLIENT_UNREACHABLE.id()), "{told:?}");
        client.ask("NOOP", 200);
    }
    assert_eq!(client.get(Mode::Port, "RETR FILE"), b"content");
}

#[test]
fn transfer_that_the_server_refuses() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    for mode in [Mode::Pasv, Mode::PortBind, Mode::Eprt] {
        let data = client.prepare(mode).unwrap_or_else(|told| panic!("{told:?}"));
        client.ask("RETR NO.SUCH.FILE", 550);
        drop(data);
        client.put(mode, "STOR EXISTS", b"and goes on");
        assert_eq!(client.get(mode, "RETR EXISTS"), b"and goes on");
    }
    let _ = client.command("RETR EXISTS");
    client.put(Mode::Pasv, "STOR EXISTS", b"without PASV before");
}

/// The SSH server lets the control connection through, and nothing else.
#[test]
fn data_channel_refused_by_the_ssh_server() {
    let world = World::new();
    let ftpd = Ftpd::start(&world, &[]);
    let sshd = Sshd::start(&world, &[&format!("PermitOpen 127.0.0.1:{}", ftpd.port)]);
    let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, |deck| deck);
    let mut client = scene.logged_in(Socks::V5);
    let told = client.prepare(Mode::Port).err().expect("no data connection");
    assert!(told.code == 425 && told.lines[0].contains(&FTP_DATA_REFUSED.id()), "{told:?}");
    let port = port_of_229(&client.ask("EPSV", 229)).expect("a 229 has a port");
    let refused = client.door.connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)).err();
    assert_eq!(refused, Some(reply::NOT_ALLOWED), "SOCKS tells it");
    let told = client.ask("LIST", 425);
    assert!(told.lines[0].contains(&FTP_DATA_REFUSED.id()), "{told:?}");
    client.ask("NOOP", 200);
}

#[test]
fn address_of_a_227_is_not_trusted() {
    let world = World::new();
    let lines = ["pasv_address=192.0.2.77"];
    let scene = FtpScene::start_with(&world, SshHost::Profile, &lines, |deck| deck);
    let mut client = scene.logged_in(Socks::V4);
    let told = client.ask("PASV", 227);
    let address = address_of_227(&told).expect("a 227 has an address");
    assert_eq!(address.ip(), client.door.server.ip(), "{told:?}");
    for mode in [Mode::Pasv, Mode::PasvIgnoringAddress, Mode::Port] {
        client.put(mode, "STOR THERE", b"in spite of it");
    }
}

/// For the server the end of a connection is the end of the file; the client has to be told.
#[test]
fn broken_upload_is_no_success() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    for mode in [Mode::Pasv, Mode::PortBind, Mode::Port] {
        let mark = scene.zoxy.log.mark();
        let mut data = client.start(mode, "STOR BROKEN");
        data.write_all(&[7; 100_000]).expect("data is taken");
        eventually("data to arrive", || {
            let there = fs::metadata(scene.ftpd.folder.join("BROKEN")).ok()?;
            (there.len() == 100_000).then_some(())
        });
        reset(data);
        client.expect(426);
        fs::remove_file(scene.ftpd.folder.join("BROKEN")).expect("a part of it is there");
        scene.zoxy.log.wait_message_after(mark, &FTP_CONTRADICTED, &["STOR"]);
        client.put(mode, "STOR WHOLE", b"whole");
    }
}

#[test]
fn broken_download_is_no_success() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(1 << 30).expect("it may have holes");
    let mut client = scene.logged_in(Socks::V4);
    for mode in [Mode::Epsv, Mode::PortBind, Mode::Eprt] {
        let mut data = client.start(mode, "RETR ENDLESS");
        data.read_exact(&mut [0; 10_000]).expect("data comes");
        reset(data);
        client.expect(426);
        client.put(mode, "STOR WHOLE", b"whole");
    }
}

/// Clients of all sorts: some close their side of a download only when they have the reply.
#[test]
fn data_connection_kept_until_the_reply() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    fs::write(scene.ftpd.folder.join("FILE"), b"content").expect("a file is made");
    let mut client = scene.logged_in(Socks::V5);
    for mode in [Mode::Pasv, Mode::PortBind, Mode::Port] {
        let mut data = client.start(mode, "RETR FILE");
        client.expect(226);
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes).expect("the data came before the reply");
        assert_eq!(bytes, b"content");
    }
}

/// vsftpd confirms a download only when the other side has acknowledged the end of its data, which
/// takes a kernel 40 ms unless that side ends as well. This server insists on it.
#[test]
fn server_that_waits_for_the_end_of_the_data_connection() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let server = Server::start(serve_once);
    let port = free_port();
    let deck = profile(SshHost::Target, &sshd, port).hostkey("SSHD", &sshd.fingerprint());
    let ports = server.port().to_string();
    let _zoxy =
        Zoxy::start(&world, &deck.filter_with("YYN", "FTP", "FTPTUN", "SSHD", &ports, "127.0.0.1"));
    let to = SocketAddrV4::new(Ipv4Addr::LOCALHOST, server.port());
    for mode in [Mode::Epsv, Mode::PortBind, Mode::Port] {
        let door = Door { proxy: port, version: Socks::V5, server: to, from: Ipv4Addr::LOCALHOST };
        let mut client = FtpClient::connect(door);
        let told = client.log_in(&account().name, &account().password);
        assert_eq!(told.code, 230, "{told:?}");
        let mut data = client.start(mode, "RETR FILE");
        client.expect(226);
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes).expect("the data came before the reply");
        assert_eq!(bytes, b"content", "{mode:?}");
    }
}

/// An FTP server for one download.
fn serve_once(stream: TcpStream) -> std::io::Result<()> {
    let mut output = stream.try_clone()?;
    let passive = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    output.write_all(b"220 ready\r\n")?;
    for line in BufReader::new(stream).lines() {
        let reply = match line?.split(' ').next() {
            Some("USER") => "331 password".into(),
            Some("PASS") => "230 in".into(),
            Some("EPSV") => format!("229 (|||{}|)", passive.local_addr()?.port()),
            Some("RETR") => {
                let (mut data, _) = passive.accept()?;
                output.write_all(b"150 opening\r\n")?;
                data.write_all(b"content")?;
                data.shutdown(Shutdown::Write)?;
                match read_once(&mut data, &mut [0])? {
                    0 => "226 sent".into(),
                    _ => "451 the client sent something".to_owned(),
                }
            }
            _ => "500 what".into(),
        };
        output.write_all(format!("{reply}\r\n").as_bytes())?;
    }
    Ok(())
}
