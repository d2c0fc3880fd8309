//! A password is not in zoxy's memory any more when its login is over, however it ended: no core
//! dump has it.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::{Command, Stdio};
use std::time::Instant;

use zoxy::codepage::CodePage;

use crate::world::process::places_in_memory;
use crate::world::root::random_word;
use crate::world::{
    Deck, Door, FtpClient, FtpScene, Ftpd, Mode, Server, Socks, SshHost, Sshd, Tunnel, World, Zoxy,
    account, deadline, eventually, free_port, ftp_scene, program, proxy, read_once, run, socks,
};

/// The secrets leave the memory, all of them.
#[track_caller]
fn assert_gone(zoxy: &Zoxy, secrets: &[&str]) {
    for secret in secrets {
        assert_bytes_gone(zoxy, secret.as_bytes());
    }
}

#[track_caller]
fn assert_bytes_gone(zoxy: &Zoxy, secret: &[u8]) {
    let end = Instant::now() + deadline();
    loop {
        let places = places_in_memory(zoxy.pid(), secret);
        if places.is_empty() {
            return;
        }
        // Given time, since the last words to the client may leave before what is done with goes.
        assert!(Instant::now() < end, "a password is still in zoxy's memory: {places:#?}");
    }
}

/// Logs in, with a wrong password first, and checks after each.
fn log_in(zoxy: &Zoxy, client: &mut FtpClient) {
    let wrong = random_word();
    assert_eq!(client.log_in(&account().name, &wrong).code, 530);
    assert_gone(zoxy, &[&wrong]);
    assert_eq!(client.log_in(&account().name, &account().password).code, 230);
    assert_gone(zoxy, &[&wrong, &account().password]);
}

#[test]
fn of_a_dialogue() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    for version in [Socks::V4, Socks::V5] {
        let mut client = scene.client(version);
        log_in(&scene.zoxy, &mut client);
        client.put(Mode::Pasv, "STOR FILE", b"content");
        assert_eq!(client.get(Mode::PortBind, "RETR FILE"), b"content");
        client.ask("QUIT", 221);
        client.expect_end();
        assert_gone(&scene.zoxy, &[&account().password]);
    }
}

/// The look into memory finds what is there: while the SSH server keeps us waiting, the password is.
#[test]
fn of_a_login_that_waits_and_is_given_up() {
    let world = World::new();
    let silent = Server::start(|mut stream| io::copy(&mut stream, &mut io::sink()).map(drop));
    let ftpd = Ftpd::start(&world, &[]);
    let port = free_port();
    let deck = Deck::new().listen("SOCKS", port).profile("SSHD", "", silent.port());
    // The session is dialed to its end, for whoever comes next with the same password.
    let deck = deck.set("SSHD", "STRICTKEY", "NEW").set("SSHD", "CONNTIME", "5");
    let zoxy = Zoxy::start(&world, &ftp_scene::filter(deck, SshHost::Target, &ftpd));
    let mut client = FtpClient::connect(door(port, &ftpd));
    let secret = random_word();
    client.ask("USER SOMEBODY", 331);
    client.send(&format!("PASS {secret}"));
    eventually("the password to be found", || {
        (!places_in_memory(zoxy.pid(), secret.as_bytes()).is_empty()).then_some(())
    });
    drop(client);
    assert_gone(&zoxy, &[&secret]);
}

#[test]
fn of_keyboard_interactive() {
    let world = World::new();
    let lines = ["UsePAM yes", "PasswordAuthentication no", "KbdInteractiveAuthentication yes"];
    let sshd = Sshd::start(&world, &lines);
    let ftpd = Ftpd::start(&world, &[]);
    let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, |deck| deck);
    let mut client = scene.client(Socks::V5);
    log_in(&scene.zoxy, &mut client);
}

/// What is sent ahead comes with the SOCKS request or right behind it.
#[test]
fn sent_ahead() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut bytes = socks::request4(1, scene.ftpd.socket(), "BATCH");
    let login = format!("USER {}\r\nPASS {}\r\n", account().name, account().password);
    bytes.extend(login.as_bytes());
    let mut control = socks::dial(scene.port);
    control.write_all(&bytes).expect("the proxy takes it");
    socks::read_reply4(&mut control).expect("a reply comes");
    let mut told = Vec::new();
    eventually("the login to end", || {
        let mut some = [0; 1000];
        let length = read_once(&mut control, &mut some).expect("replies come");
        told.extend_from_slice(&some[..length]);
        String::from_utf8_lossy(&told).contains("\n230 ").then_some(())
    });
    assert_gone(&scene.zoxy, &[&account().password]);
}

/// The profile logs in to SSH; the password of the dialogue just passes.
#[test]
fn that_only_passes() {
    let world = World::new();
    let (sshd, ftpd) = (Sshd::start(&world, &[]), Ftpd::start(&world, &[]));
    let port = free_port();
    let deck = proxy::tunnel_deck(&world, &sshd, port);
    let zoxy =
        Zoxy::start(&world, &deck.filter("FTP", "FTPTUN", "SSHD", &ftpd.port.to_string(), "*"));
    log_in(&zoxy, &mut FtpClient::connect(door(port, &ftpd)));
}

/// Lines that never end, are too long, or no command at all.
#[test]
fn that_comes_in_another_way() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let secret = random_word();
    let mut client = scene.client(Socks::V5);
    client.ask(&secret, 530);
    client.ask(&format!("PASS {secret}"), 503);
    client.ask(&format!("ACCT {secret}"), 503);
    client.ask(&format!("USER a\r\nUSER {secret}"), 331);
    client.ask(&format!("PASS {}{secret}", "x".repeat(5000)), 331);
    client.expect(500);
    client.ask("USER SOMEBODY", 331);
    client.send_raw(format!("PASS {secret}").as_bytes());
    drop(client);
    let mut client = scene.logged_in(Socks::V4);
    client.ask(&secret, 500);
    client.ask(&format!("SITE PASSWD {secret}"), 500);
    client.ask("QUIT", 221);
    client.expect_end();
    assert_gone(&scene.zoxy, &[&secret]);
}

#[test]
fn of_an_ebcdic_client() {
    let world = World::new();
    let scene = FtpScene::start_with(&world, SshHost::Target, &[], |deck| {
        deck.set("FTP", "CTRLCONN", "IBM-1047")
    });
    let door = scene.door(Socks::V4);
    let mut control = door.connect(door.server).expect("the control connection is granted");
    let page = CodePage::Ibm1047;
    let login = format!("USER {}\r\u{85}PASS {}\r\u{85}", account().name, account().password);
    control.write_all(&page.encode(&login).expect("it is ASCII")).expect("it is taken");
    let mut told = Vec::new();
    eventually("the login to end", || {
        let mut some = [0; 1000];
        let length = read_once(&mut control, &mut some).expect("replies come");
        told.extend_from_slice(&some[..length]);
        page.decode(&told).contains("\u{85}230 ").then_some(())
    });
    assert_gone(&scene.zoxy, &[&account().password]);
    assert_bytes_gone(&scene.zoxy, &page.encode(&account().password).expect("it is ASCII"));
}

/// zoxy with one profile that logs in to SSH by itself; a connection through it is made.
fn tunneled(world: &World, sshd: &Sshd, cards: impl FnOnce(Deck) -> Deck) -> (Zoxy, Server) {
    let echo = Server::echo();
    let port = free_port();
    let deck = Deck::new().listen("SOCKS", port).profile("SSHD", "127.0.0.1", sshd.port);
    let deck = deck.set("SSHD", "USER", &account().name).hostkey("SSHD", &sshd.fingerprint());
    let zoxy = Zoxy::start(world, &cards(deck).filter("REST", "TUNNEL", "SSHD", "*", "*"));
    let mut stream = socks::connect(port, echo.address);
    stream.write_all(b"?").expect("a byte is taken");
    stream.read_exact(&mut [0]).expect("it comes back");
    (zoxy, echo)
}

#[test]
fn of_a_profile() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let file = world.write("password", format!("{}\n", account().password));
    let (zoxy, _echo) = tunneled(&world, &sshd, |deck| {
        deck.set("SSHD", "AUTH", "PASSWORD").set("SSHD", "PASSWORD", &file.display().to_string())
    });
    assert_gone(&zoxy, &[&account().password]);
}

#[test]
fn passphrase_of_a_profile() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let secret = random_word();
    let phrase = world.write("phrase", format!("{secret}\n"));
    let key = world.identity();
    let mut keygen = Command::new(program("ssh-keygen", "openssh-client"));
    keygen.args(["-q", "-p", "-P", "", "-N", &secret, "-f"]).arg(&key);
    assert!(run(&mut keygen).status.success(), "ssh-keygen -p");
    let (zoxy, _echo) = tunneled(&world, &sshd, |deck| {
        deck.set("SSHD", "AUTH", "PUBLICKEY")
            .set("SSHD", "IDENTITY", &key.display().to_string())
            .set("SSHD", "PASSPHRASE", &phrase.display().to_string())
    });
    assert_gone(&zoxy, &[&secret]);
}

#[test]
fn of_a_socks_client() {
    let world = World::new();
    let (secret, wrong) = (random_word(), random_word());
    let mut passwd = proxy::command(&["passwd", "-i", "1000", "BATCH1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("zoxy can be started");
    let mut input = passwd.stdin.take().expect("stdin is a pipe");
    input.write_all(format!("{secret}\n").as_bytes()).expect("zoxy reads its input");
    drop(input);
    let line = passwd.wait_with_output().expect("zoxy ends");
    let users = world.write("users", &line.stdout).display().to_string();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SOCKS", "USERS", &users));
    for (password, is_right) in [(&secret, true), (&wrong, false)] {
        let mut stream = socks::dial(tunnel.port);
        assert_eq!(socks::methods(&mut stream, &[2]).expect("the proxy answers"), 2);
        let status = socks::login(&mut stream, "BATCH1", password).expect("the proxy answers");
        assert_eq!(status == 0, is_right);
    }
    assert_gone(&tunnel.zoxy, &[&secret, &wrong]);
}

fn door(port: u16, ftpd: &Ftpd) -> Door {
    let server = SocketAddrV4::new(Ipv4Addr::LOCALHOST, ftpd.port);
    Door { proxy: port, version: Socks::V5, server, from: Ipv4Addr::LOCALHOST }
}
