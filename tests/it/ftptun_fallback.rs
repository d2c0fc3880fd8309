//! FTPTUN with Y in column 38: dialogues that go on in clear because no SSH server can be reached.
//! What must never lead to that is in `ftptun_never_plain`.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;
use rustix::process::Signal;
use zoxy::message::catalogue::{
    CONNECTED_DIRECT, FELL_BACK_PLAIN, FTP_CLIENT_UNREACHABLE, FTP_CONNECTED, FTP_CONNECTED_PLAIN,
    FTP_CONTRADICTED, FTP_DATA_REFUSED, FTP_SECURITY_REFUSED_PLAIN, FTP_SSH_FAILED, FTP_STOPPING,
    FTP_TRANSFER, SESSION_CLOSED,
};

use crate::world::ftp_client::{Reply, port_of_229};
use crate::world::socks::{self, REJECTED, reply};
use crate::world::{
    BlackHole, Deck, Door, FtpClient, Ftpd, Mode, Server, Socks, Sshd, World, Zoxy, account,
    eventually, free_port, proxy, text, within,
};

const MODES: [Mode; 6] =
    [Mode::Pasv, Mode::PasvIgnoringAddress, Mode::Epsv, Mode::PortBind, Mode::Port, Mode::Eprt];

/// Whose login opens the SSH session: column 36.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    Application,
    Own,
}

/// An FTP server, an SSH server that can be stopped, and a filter that goes on without it.
pub struct Scene {
    pub zoxy: Zoxy,
    pub sshd: Sshd,
    pub ftpd: Ftpd,
    pub port: u16,
}

impl Scene {
    pub fn start(world: &World, login: Login) -> Self {
        Self::start_with(world, login, &[], |deck| deck)
    }

    /// With extra lines for vsftpd and cards behind the filter.
    pub fn start_with(
        world: &World,
        login: Login,
        vsftpd: &[&str],
        cards: impl FnOnce(Deck) -> Deck,
    ) -> Self {
        let (sshd, ftpd) = (Sshd::start(world, &[]), Ftpd::start(world, vsftpd));
        let port = free_port();
        let deck = deck(world, login, &sshd, port, &sshd.fingerprint());
        let zoxy = Zoxy::start(world, &cards(filter(deck, login, &ftpd)));
        Self { zoxy, sshd, ftpd, port }
    }

    /// As [`Scene::start`], and the SSH server is down already.
    pub fn start_without_ssh(world: &World, login: Login) -> Self {
        let mut scene = Self::start(world, login);
        scene.sshd.kill();
        scene
    }

    pub fn door(&self, version: Socks) -> Door {
        let server = self.ftpd.socket();
        Door { proxy: self.port, version, server, from: Ipv4Addr::LOCALHOST }
    }

    /// A client that is logged in, in TYPE I.
    #[track_caller]
    pub fn logged_in(&self, version: Socks) -> FtpClient {
        self.log_in(FtpClient::connect(self.door(version)))
    }

    #[track_caller]
    pub fn log_in(&self, mut client: FtpClient) -> FtpClient {
        let told = client.log_in(&account().name, &account().password);
        assert_eq!(told.code, 230, "{told:?}");
        client.ask("TYPE I", 200);
        client
    }

    /// How often something went on in clear.
    pub fn fell_back(&self) -> usize {
        self.zoxy.log.count(&[&FELL_BACK_PLAIN.id()])
    }
}

/// Listener SOCKS and profile SSHD, which goes by this host key.
pub fn deck(world: &World, login: Login, sshd: &Sshd, port: u16, key: &str) -> Deck {
    let deck = Deck::new().listen("SOCKS", port);
    let deck = match login {
        Login::Application => deck.profile("SSHD", "", sshd.port),
        Login::Own => proxy::profile_cards(deck, sshd, &world.identity()),
    };
    deck.hostkey("SSHD", key)
}

/// The filter, with Y in column 38.
pub fn filter(deck: Deck, login: Login, ftpd: &Ftpd) -> Deck {
    let flags = match login {
        Login::Application => "YYY",
        Login::Own => "NNY",
    };
    deck.filter_with(flags, "FTP", "FTPTUN", "SSHD", &ftpd.port.to_string(), "*")
}

/// The reply has this code and names the message.
#[track_caller]
fn assert_names(told: &Reply, code: u16, id: &str) {
    assert!(told.code == code && told.lines[0].contains(id), "not {code} {id}: {told:?}");
}

/// The accounting lines since `mark` have a dash for the SSH server.
#[track_caller]
fn assert_recorded(scene: &Scene, mark: usize, command: &str, name: &str, result: &str) {
    let (command, name) = (format!(" {command} "), format!(" {name}"));
    let line = scene.zoxy.log.wait_message_after(mark, &FTP_TRANSFER, &[&command, &name]);
    let words: Vec<&str> = line.split(' ').collect();
    let server = scene.ftpd.socket().to_string();
    assert_eq!(words[8], result, "{line}");
    assert_eq!(words[12..15], [account().name.as_str(), "-", &server], "{line}");
}

fn every_mode(login: Login, version: Socks) {
    let world = World::new();
    let scene = Scene::start_without_ssh(&world, login);
    let mut client = scene.logged_in(version);
    scene.zoxy.log.wait_message(&FELL_BACK_PLAIN, &[&scene.ftpd.socket().to_string(), "refused"]);
    scene.zoxy.log.wait_message(&FTP_CONNECTED_PLAIN, &["IN CLEAR"]);
    let large: Vec<u8> = (0..3_000_000_u32).map(|number| (number % 251) as u8).collect();
    for mode in MODES {
        let mark = scene.zoxy.log.mark();
        client.put(mode, "STOR PLAIN", &large);
        assert!(client.get(mode, "RETR PLAIN") == large, "{mode:?}: not what was sent");
        assert!(text(&client.get(mode, "NLST")).contains("PLAIN"), "{mode:?}");
        for command in ["STOR", "RETR", "NLST"] {
            let name = if command == "NLST" { "" } else { "PLAIN" };
            assert_recorded(&scene, mark, command, name, "COMPLETE");
        }
        client.put(mode, "STOR EMPTY", b"");
        assert_eq!(client.get(mode, "RETR EMPTY"), b"", "{mode:?}");
    }
    client.ask("QUIT", 221);
    client.expect_end();
    assert_eq!(scene.fell_back(), 1, "data connections need no fall-back of their own");
    assert_eq!(scene.zoxy.log.count(&[&FTP_CONNECTED.id()]), 0, "there was no session");
}

#[test]
fn every_mode_socks4_login_of_the_job() {
    every_mode(Login::Application, Socks::V4);
}

#[test]
fn every_mode_socks5_login_of_the_job() {
    every_mode(Login::Application, Socks::V5);
}

#[test]
fn every_mode_socks4_login_of_the_profile() {
    every_mode(Login::Own, Socks::V4);
}

#[test]
fn every_mode_socks5_login_of_the_profile() {
    every_mode(Login::Own, Socks::V5);
}

/// Another listener, which belongs to another worker: data and BINDs come to the dialogue's.
#[test]
fn data_that_comes_to_another_worker() {
    let world = World::new();
    let second = free_port();
    let mut scene = Scene::start_with(&world, Login::Application, &[], |deck| {
        deck.set("*", "WORKERS", "2").listen("SOCKS2", second)
    });
    scene.sshd.kill();
    for (control, data) in [(scene.port, second), (second, scene.port)] {
        let door = Door { proxy: control, ..scene.door(Socks::V4) };
        let mut client = scene.log_in(FtpClient::connect(door));
        client.door.proxy = data;
        for mode in MODES {
            client.put(mode, "STOR THERE", b"over there");
            assert_eq!(client.get(mode, "RETR THERE"), b"over there", "{mode:?}");
        }
        let expected = port_of_229(&client.ask("EPSV", 229)).expect("a 229 has a port");
        let to = SocketAddrV4::new(*client.door.server.ip(), expected);
        client.ask("QUIT", 221);
        client.expect_end();
        assert_eq!(client.door.connect(to).err(), Some(REJECTED), "its dialogue is over");
    }
}

#[test]
fn ssh_is_used_as_long_as_it_is_there_and_again_when_it_is_back() {
    for login in [Login::Application, Login::Own] {
        let world = World::new();
        // The pause after a failed dial must not keep a job waiting, nor in clear.
        let mut scene = Scene::start_with(&world, login, &[], |deck| {
            deck.set("SSHD", "BACKOFFMIN", "60").set("SSHD", "IDLETIME", "0")
        });
        for round in 0..2 {
            let mark = scene.zoxy.log.mark();
            let mut client = scene.logged_in(Socks::V5);
            client.put(Mode::Epsv, "STOR TUNNELED", b"through SSH");
            client.ask("QUIT", 221);
            client.expect_end();
            // One that is lost so early would count as a failed dial.
            scene.zoxy.log.wait_message_after(mark, &SESSION_CLOSED, &[]);
            assert_eq!(scene.fell_back(), 3 * round, "{login:?}: SSH was there");
            scene.sshd.kill();
            let start = Instant::now();
            for _ in 0..3 {
                let mut client = scene.logged_in(Socks::V4);
                client.put(Mode::PortBind, "STOR PLAIN", b"in clear");
                client.ask("QUIT", 221);
            }
            assert!(start.elapsed() < Duration::from_secs(15), "{login:?}: they waited for SSH");
            assert_eq!(scene.fell_back(), 3 * (round + 1), "{login:?}: each is told");
            scene.sshd.restart();
        }
    }
}

/// Nothing answers at all: those that wait their turn to dial are not left behind.
#[test]
fn ssh_server_that_does_not_answer() {
    let world = World::new();
    let (sshd, ftpd) = (Sshd::start(&world, &[]), Ftpd::start(&world, &[]));
    let (hole, port) = (BlackHole::new(), free_port());
    let deck = Deck::new()
        .listen("SOCKS", port)
        .profile("HOLE", "", hole.address().port())
        .hostkey("HOLE", &sshd.fingerprint())
        .set("HOLE", "CONNTIME", "2");
    let deck = deck.filter_with("YYY", "FTP", "FTPTUN", "HOLE", &ftpd.port.to_string(), "*");
    let zoxy = Zoxy::start(&world, &deck);
    let server = ftpd.socket();
    let door = Door { proxy: port, version: Socks::V5, server, from: Ipv4Addr::LOCALHOST };
    // Other passwords are other sessions, and one dials at a time.
    let mut clients: Vec<_> = (0..4).map(|_| FtpClient::connect(door)).collect();
    for (number, client) in clients.iter_mut().enumerate() {
        client.ask(&format!("USER {}", account().name), 331);
        let password = if number == 3 { account().password.clone() } else { number.to_string() };
        client.send(&format!("PASS {password}"));
    }
    for (number, client) in clients.iter_mut().enumerate() {
        let told = client.reply();
        let expected = if number == 3 { 230 } else { 530 };
        assert_eq!(told.code, expected, "the FTP server's own word: {told:?}");
    }
    assert_eq!(zoxy.log.count(&[&FELL_BACK_PLAIN.id()]), 4);
    let sessions = || text(&zoxy.ctl(&["D", "TUNNELS"]).stdout);
    within(Duration::from_secs(20), "dials that nobody waits for to be given up", || {
        sessions().contains("END OF TUNNELS, 0 OF 0").then_some(())
    });
}

#[test]
fn host_by_name_is_resolved() {
    for login in [Login::Application, Login::Own] {
        let world = World::new();
        let scene = Scene::start_without_ssh(&world, login);
        let number = scene.ftpd.port;
        for version in [Socks::V4, Socks::V5] {
            let by_name = |port| match version {
                Socks::V4 => {
                    socks::ask4(scene.port, &socks::request4a(1, "localhost", port, "BATCH"))
                }
                Socks::V5 => socks::ask5(scene.port, &socks::request5_name(1, "localhost", port)),
            };
            let (control, code) = by_name(number);
            assert!(matches!(code, socks::GRANTED | reply::SUCCEEDED), "{code}");
            let mut client = FtpClient::over(scene.door(version), control);
            client.expect(220);
            let mut client = scene.log_in(client);
            let port = port_of_229(&client.ask("EPSV", 229)).expect("a 229 has a port");
            let (mut data, code) = by_name(port);
            assert!(matches!(code, socks::GRANTED | reply::SUCCEEDED), "{code}");
            client.ask("STOR NAMED", 150);
            data.write_all(b"by name").expect("the data is taken");
            drop(data);
            client.expect(226);
            for mode in [Mode::Pasv, Mode::Port, Mode::Eprt] {
                assert_eq!(client.get(mode, "RETR NAMED"), b"by name", "{mode:?}");
            }
        }
    }
}

/// The host of the user's name is on another address than the one that SOCKS asks for.
#[test]
fn composite_names_lead_to_their_host() {
    let world = World::new();
    let address = Ipv4Addr::new(127, 0, 0, 2);
    let (ftpd, port) = (Ftpd::start_on(&world, address, &[]), free_port());
    let deck = Deck::new()
        .listen("SOCKS", port)
        .profile("GONE", "127.0.0.1", free_port())
        .set("GONE", "STRICTKEY", "NEW")
        .filter_with("YNY", "FTP", "FTPTUN", "GONE", &ftpd.port.to_string(), "*")
        .set("FTP", "COMPOSITE", "YES");
    let zoxy = Zoxy::start(&world, &deck);
    let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, ftpd.port);
    for version in [Socks::V4, Socks::V5] {
        let mark = zoxy.log.mark();
        let door = Door { proxy: port, version, server, from: Ipv4Addr::LOCALHOST };
        let mut client = FtpClient::connect(door);
        let user = format!("{}@{address}", account().name);
        assert_eq!(client.log_in(&user, &account().password).code, 230);
        zoxy.log.wait_message_after(mark, &FTP_CONNECTED_PLAIN, &[&ftpd.socket().to_string()]);
        for mode in MODES {
            client.put(mode, "STOR COMPOSITE", b"over there");
            assert_eq!(client.get(mode, "RETR COMPOSITE"), b"over there", "{mode:?}");
        }
    }
}

/// A stop tells those that are idle, and the others when their transfer has ended.
#[test]
fn zoxy_stops() {
    let world = World::new();
    let mut scene = Scene::start_without_ssh(&world, Login::Application);
    let mut idle = scene.logged_in(Socks::V5);
    let mut busy = scene.logged_in(Socks::V4);
    let mut data = busy.start(Mode::PortBind, "STOR LAST");
    data.write_all(b"the first half").expect("data is taken");
    scene.zoxy.signal(Signal::TERM);
    assert_names(&idle.expect(421), 421, &FTP_STOPPING.id());
    idle.expect_end();
    data.write_all(b", and the other").expect("data is taken");
    drop(data);
    busy.expect(226);
    assert_names(&busy.expect(421), 421, &FTP_STOPPING.id());
    busy.expect_end();
    assert_eq!(scene.zoxy.wait(), Some(0));
    let last = fs::read(scene.ftpd.folder.join("LAST")).expect("it was stored");
    assert_eq!(last, b"the first half, and the other");
}

#[test]
fn console_shows_what_is_in_clear() {
    let world = World::new();
    let scene = Scene::start_without_ssh(&world, Login::Application);
    let display = |words: &[&str]| text(&scene.zoxy.ctl(words).stdout);
    assert!(display(&["D", "STATUS"]).contains("without SSH   0 fell back to plain\n"));
    let mut client = scene.logged_in(Socks::V5);
    let mut data = client.start(Mode::PortBind, "STOR SHOWN");
    data.write_all(&[0; 54_321]).expect("data is taken");
    let shown = eventually("the transfer in D FTP", || {
        Some(display(&["D", "FTP"])).filter(|shown| shown.contains(" 1 STOR up     54321 "))
    });
    assert!(shown.contains("PLAIN, without SSH\n") && !shown.contains(" via "), "{shown}");
    drop(data);
    client.expect(226);
    assert!(display(&["D", "STATUS"]).contains("without SSH   1 fell back to plain\n"));
}

#[test]
fn ftp_server_that_is_down_too() {
    let world = World::new();
    let mut scene = Scene::start_without_ssh(&world, Login::Application);
    scene.ftpd.kill();
    let mut client = FtpClient::connect(scene.door(Socks::V4));
    let told = client.log_in(&account().name, &account().password);
    assert_names(&told, 421, &FTP_SSH_FAILED.id());
    client.expect_end();
    drop(scene);
    let world = World::new();
    let mut scene = Scene::start_without_ssh(&world, Login::Own);
    scene.ftpd.kill();
    let refused = |version| scene.door(version).connect(scene.ftpd.socket()).err();
    assert_eq!(refused(Socks::V5), Some(reply::REFUSED), "SOCKS tells it");
    assert_eq!(refused(Socks::V4), Some(REJECTED));
}

#[test]
fn tls_is_refused_with_the_truth() {
    let world = World::new();
    let scene = Scene::start_without_ssh(&world, Login::Own);
    let mut client = scene.logged_in(Socks::V5);
    let told = client.command("AUTH TLS");
    assert_names(&told, 534, &FTP_SECURITY_REFUSED_PLAIN.id());
    client.put(Mode::Pasv, "STOR AFTER", b"that");
}

#[test]
fn broken_transfers_are_no_success() {
    let world = World::new();
    let scene = Scene::start_without_ssh(&world, Login::Application);
    let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(1 << 30).expect("it may have holes");
    let mut client = scene.logged_in(Socks::V5);
    let reset = |stream: TcpStream| {
        set_socket_linger(&stream, Some(Duration::ZERO)).expect("a TCP socket");
    };
    for mode in [Mode::Pasv, Mode::Epsv, Mode::PortBind, Mode::Port] {
        let mark = scene.zoxy.log.mark();
        let mut data = client.start(mode, "STOR BROKEN");
        data.write_all(&[7; 100_000]).expect("data is taken");
        eventually("data to arrive", || {
            let there = fs::metadata(scene.ftpd.folder.join("BROKEN")).ok()?;
            (there.len() == 100_000).then_some(())
        });
        reset(data);
        // The FTP server sees the reset itself, unlike behind a channel.
        let told = client.reply();
        assert!(told.code == 426, "{mode:?}: {told:?}");
        assert_recorded(&scene, mark, "STOR", "BROKEN", "FAILED");
        fs::remove_file(scene.ftpd.folder.join("BROKEN")).expect("a part of it is there");
        let mark = scene.zoxy.log.mark();
        let mut data = client.start(mode, "RETR ENDLESS");
        data.read_exact(&mut [0; 10_000]).expect("data comes");
        reset(data);
        let told = client.reply();
        assert!(told.code == 426, "{mode:?}: {told:?}");
        assert_recorded(&scene, mark, "RETR", "ENDLESS", "FAILED");
        client.put(mode, "STOR WHOLE", b"whole");
    }
}

/// The FTP server dies with a download under way: neither connection ends like a complete one.
#[test]
fn ftp_server_that_dies() {
    for mode in [Mode::Pasv, Mode::PortBind] {
        let world = World::new();
        let mut scene = Scene::start_without_ssh(&world, Login::Application);
        let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
        file.set_len(1 << 30).expect("it may have holes");
        let mut client = scene.logged_in(Socks::V5);
        let mark = scene.zoxy.log.mark();
        let mut data = client.start(mode, "RETR ENDLESS");
        data.read_exact(&mut [0; 10_000]).expect("data comes");
        scene.ftpd.kill();
        client.expect(421);
        client.expect_end();
        let mut rest = Vec::new();
        let end = data.read_to_end(&mut rest);
        assert!(end.is_err(), "{mode:?}: it ends like a file of {} bytes", rest.len());
        assert_recorded(&scene, mark, "RETR", "ENDLESS", "FAILED");
    }
}

#[test]
fn data_connections_that_cannot_be_had() {
    let world = World::new();
    let scene = Scene::start_without_ssh(&world, Login::Own);
    fs::write(scene.ftpd.folder.join("FILE"), b"content").expect("a file is made");
    let mut client = scene.logged_in(Socks::V5);
    let nobody = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    let address = nobody.local_addr().expect("it is bound");
    drop(nobody);
    for command in ["RETR FILE", "STOR NEW"] {
        client.ask(&format!("EPRT |1|127.0.0.1|{}|", address.port()), 200);
        client.ask(command, 150);
        let told = client.expect(425);
        assert_names(&told, 425, &FTP_CLIENT_UNREACHABLE.id());
        client.ask("NOOP", 200);
    }
    assert_eq!(scene.zoxy.log.count(&[&FTP_CONTRADICTED.id()]), 0);
    // Another client on the machine takes no expected connection.
    let port = port_of_229(&client.ask("EPSV", 229)).expect("a 229 has a port");
    let thief = Door { from: Ipv4Addr::new(127, 0, 0, 2), ..client.door };
    let data = SocketAddrV4::new(*client.door.server.ip(), port);
    assert_eq!(thief.connect(data).err(), Some(reply::NOT_ALLOWED));
    client.put(Mode::Epsv, "STOR AFTER", b"that");
}

/// An FTP server that names this data port, whatever listens there.
fn ftp_server_naming(port: u16) -> Server {
    Server::start(move |stream| {
        let mut output = stream.try_clone()?;
        output.write_all(b"220 ready\r\n")?;
        for line in BufReader::new(stream).lines() {
            let line = line?;
            let reply = match line.get(..4) {
                Some("USER") => "331 password".into(),
                Some("PASS") => "230 in".into(),
                Some("EPSV") => format!("229 there (|||{port}|)"),
                _ => "200 fine".into(),
            };
            write!(output, "{reply}\r\n")?;
        }
        Ok(())
    })
}

/// The data port refuses, or does not answer within CONNTIME of the filter.
#[test]
fn data_ports_that_are_of_no_use() {
    let world = World::new();
    let sshd = free_port();
    let hole = BlackHole::new();
    for (data, code, reason) in
        [(free_port(), reply::REFUSED, "refused"), (hole.port, reply::TTL_EXPIRED, "CONNTIME")]
    {
        let (ftpd, port) = (ftp_server_naming(data), free_port());
        let deck = Deck::new()
            .listen("SOCKS", port)
            .profile("SSHD", "", sshd)
            .set("SSHD", "STRICTKEY", "NEW")
            .filter_with("YYY", "FTP", "FTPTUN", "SSHD", &ftpd.port().to_string(), "*")
            .set("FTP", "CONNTIME", "1");
        let _zoxy = Zoxy::start(&world, &deck);
        let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, ftpd.port());
        let door = Door { proxy: port, version: Socks::V5, server, from: Ipv4Addr::LOCALHOST };
        let mut client = FtpClient::connect(door);
        assert_eq!(client.log_in("BATCH", "x").code, 230);
        let told = client.prepare(Mode::Port).err().expect("no data connection");
        assert_names(&told, 425, &FTP_DATA_REFUSED.id());
        assert!(told.lines[0].contains(reason), "{told:?}");
        client.ask("EPSV", 229);
        let refused = client.door.connect(SocketAddrV4::new(Ipv4Addr::LOCALHOST, data)).err();
        assert_eq!(refused, Some(code), "SOCKS tells it");
        let told = client.ask("LIST", 425);
        assert_names(&told, 425, &FTP_DATA_REFUSED.id());
        client.ask("NOOP", 200);
    }
}

#[test]
fn tunnels_fall_back_alike() {
    let world = World::new();
    let (mut sshd, port) = (Sshd::start(&world, &[]), free_port());
    let deck = proxy::tunnel_deck(&world, &sshd, port)
        .set("SSHD", "BACKOFFMIN", "60")
        .filter_with("NNY", "REST", "TUNNEL", "SSHD", "*", "*");
    let zoxy = Zoxy::start(&world, &deck);
    sshd.kill();
    let echo = Server::echo();
    for number in 1..4 {
        let mut stream = socks::connect(port, echo.address);
        stream.write_all(b"plain").expect("the target takes data");
        let mut got = [0; 5];
        stream.read_exact(&mut got).expect("the echo");
        assert_eq!(zoxy.log.count(&[&FELL_BACK_PLAIN.id()]), number);
    }
    zoxy.log.wait_message(&CONNECTED_DIRECT, &[&echo.address.to_string()]);
}
