//! Logging in to SSH with the user and password of an FTP dialogue, and what the client is told when
//! that fails: reply codes that jobs are written against.

use std::io::{Read, Write};

use zoxy::codepage::CodePage;
use zoxy::message::Message;
use zoxy::message::catalogue::{
    FTP_EBCDIC, FTP_EBCDIC_CLIENT, FTP_LOGIN_REFUSED, FTP_SECURITY_ASKED, FTP_SECURITY_REFUSED,
    FTP_SSH_FAILED, FTP_TOO_MANY_LOGINS, HOST_KEY_CHANGED, SESSION_OPENED, SSH_LOGIN_REFUSED,
};

use crate::world::ftp_client::Reply;
use crate::world::{
    Door, FtpClient, FtpScene, Ftpd, Mode, Socks, SshHost, Sshd, World, Zoxy, account, free_port,
    ftp_scene, proxy, socks,
};

const WRONG: &str = "not-the-Password";

/// Logs in with the account's own password.
#[track_caller]
fn log_in(client: &mut FtpClient) -> Reply {
    client.log_in(&account().name, &account().password)
}

/// The reply has this code and names the message.
#[track_caller]
fn assert_reply(reply: &Reply, code: u16, message: &Message) {
    let text = reply.lines.join(" ");
    assert!(reply.code == code && text.contains(&message.id()), "not {code}: {reply:?}");
}

#[test]
fn wrong_password_then_the_right_one() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.client(Socks::V5);
    assert_reply(&client.log_in(&account().name, WRONG), 530, &FTP_LOGIN_REFUSED);
    scene.zoxy.log.wait_message(&SSH_LOGIN_REFUSED, &[&account().name]);
    assert_eq!(log_in(&mut client).code, 230);
    client.put(Mode::Pasv, "STOR AFTER", b"login");
    assert!(!scene.ftpd.log.text().contains("FAIL LOGIN"), "the FTP server was asked too early");
}

#[test]
fn three_wrong_passwords() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.client(Socks::V4);
    for _ in 0..2 {
        assert_reply(&client.log_in(&account().name, WRONG), 530, &FTP_LOGIN_REFUSED);
    }
    assert_reply(&client.log_in(&account().name, WRONG), 421, &FTP_TOO_MANY_LOGINS);
    client.expect_end();
}

#[test]
fn the_ftp_server_refuses_the_user() {
    let world = World::new();
    let list = world.write("users", format!("{}\n", account().name));
    let line = format!("userlist_file={}", list.display());
    let lines = ["userlist_enable=YES", &line];
    let scene = FtpScene::start_with(&world, SshHost::Target, &lines, |deck| deck);
    let mut client = scene.client(Socks::V5);
    let reply = log_in(&mut client);
    assert_eq!(reply.lines, ["530 Permission denied."], "the server's own words");
}

#[test]
fn ssh_server_that_is_down() {
    let world = World::new();
    let mut scene = FtpScene::start(&world);
    scene.sshd.kill();
    let mut client = scene.client(Socks::V4);
    assert_reply(&log_in(&mut client), 421, &FTP_SSH_FAILED);
    client.expect_end();
}

#[test]
fn ftp_server_that_is_down() {
    let world = World::new();
    let mut scene = FtpScene::start(&world);
    scene.ftpd.kill();
    let mut client = scene.client(Socks::V5);
    assert_reply(&log_in(&mut client), 421, &FTP_SSH_FAILED);
    client.expect_end();
}

#[test]
fn wrong_host_key() {
    let world = World::new();
    // At this level sshd writes each authentication request.
    let sshd = Sshd::start(&world, &["LogLevel DEBUG3"]);
    let other = Sshd::start_named(&world, "other", &[]);
    let ftpd = Ftpd::start(&world, &[]);
    let port = free_port();
    let deck =
        ftp_scene::profile(SshHost::Target, &sshd, port).hostkey("SSHD", &other.fingerprint());
    let zoxy = Zoxy::start(&world, &ftp_scene::filter(deck, SshHost::Target, &ftpd));
    let mut client = FtpClient::connect(door(port, &ftpd));
    assert_reply(&log_in(&mut client), 421, &FTP_SSH_FAILED);
    client.expect_end();
    zoxy.log.wait_message(&HOST_KEY_CHANGED, &[&sshd.fingerprint()]);
    sshd.log.wait_for(&["KEX"]);
    assert_eq!(sshd.log.find(&["userauth-request"]), None, "a credential was sent");
    assert!(!ftpd.log.text().contains("USER"), "the FTP server was asked");
}

fn door(port: u16, ftpd: &Ftpd) -> Door {
    Door { proxy: port, version: Socks::V5, server: ftpd.socket(), from: [127, 0, 0, 1].into() }
}

#[test]
fn keyboard_interactive_only() {
    let world = World::new();
    let sshd = Sshd::start(
        &world,
        &["UsePAM yes", "PasswordAuthentication no", "KbdInteractiveAuthentication yes"],
    );
    let ftpd = Ftpd::start(&world, &[]);
    let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, |deck| deck);
    let mut client = scene.logged_in(Socks::V5);
    client.put(Mode::Epsv, "STOR KEYBOARD", b"interactive");
}

#[test]
fn before_the_login() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.client(Socks::V5);
    for (command, code) in [
        ("FEAT", 211),
        ("SYST", 215),
        ("HELP", 214),
        ("NOOP", 200),
        ("OPTS UTF8 ON", 501),
        ("PASV", 530),
        ("RETR X", 530),
        ("PASS early", 503),
        ("ACCT X", 503),
        ("REIN", 220),
    ] {
        client.ask(command, code);
    }
    for (command, code) in [("AUTH TLS", 534), ("PBSZ 0", 503), ("PROT P", 503)] {
        assert_reply(&client.command(command), code, &FTP_SECURITY_REFUSED);
    }
    scene.zoxy.log.wait_message(&FTP_SECURITY_ASKED, &["AUTH"]);
    assert_eq!(log_in(&mut client).code, 230);
    assert_reply(&client.command("AUTH TLS"), 534, &FTP_SECURITY_REFUSED);
    let features = client.ask("FEAT", 211);
    assert!(features.lines.len() > 2, "the server's own features: {features:?}");
    client.ask("QUIT", 221);
    let mut client = scene.client(Socks::V4);
    client.ask("QUIT", 221);
    client.expect_end();
}

#[test]
fn ebcdic_client_is_told_in_ebcdic() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let door = scene.door(Socks::V4);
    let mut control = door.connect(door.server).expect("the control connection is granted");
    let page = CodePage::Ibm1047;
    let command = page.encode(&format!("USER {}\r\u{85}", account().name)).expect("it is ASCII");
    control.write_all(&command).expect("the control connection takes a command");
    let mut told = Vec::new();
    control.read_to_end(&mut told).expect("the control connection ends");
    let greeting = told.iter().position(|byte| *byte == b'\n').expect("220 in ASCII came first");
    let answer = page.decode(&told[greeting + 1..]);
    assert!(answer.starts_with("500 ") && answer.contains(&FTP_EBCDIC.id()), "{answer}");
    scene.zoxy.log.wait_message(&FTP_EBCDIC_CLIENT, &[]);
}

#[test]
fn ebcdic_client_is_translated_by_ctrlconn() {
    let world = World::new();
    let scene = FtpScene::start_with(&world, SshHost::Target, &[], |deck| {
        deck.set("FTP", "CTRLCONN", "IBM-1047")
    });
    let door = scene.door(Socks::V4);
    let mut control = door.connect(door.server).expect("the control connection is granted");
    let page = CodePage::Ibm1047;
    let mut exchange = |command: &str| {
        let command = page.encode(command).expect("it is ASCII");
        control.write_all(&command).expect("the control connection takes a command");
        let mut line = Vec::new();
        while line.last() != Some(&0x25) {
            let mut byte = [0];
            control.read_exact(&mut byte).expect("a reply comes");
            line.push(byte[0]);
        }
        page.decode(&line).into_owned()
    };
    let user = format!("USER {}\r\u{85}", account().name);
    let password = format!("PASS {}\r\u{85}", account().password);
    for (command, reply) in
        [("", "220 "), (&user, "331 "), (&password, "230 "), ("PWD\r\u{85}", "257 \"")]
    {
        let told = exchange(command);
        assert!(told.starts_with(reply), "{reply}: {told}");
    }
}

/// Column 36 is N: the profile's credential opens the session before the client hears anything.
fn own_login(world: &World, sshd: &Sshd, ftpd: &Ftpd, port: u16) -> Zoxy {
    let deck = proxy::tunnel_deck(world, sshd, port);
    Zoxy::start(world, &deck.filter("FTP", "FTPTUN", "SSHD", &ftpd.port.to_string(), "*"))
}

#[test]
fn own_credential_relays_from_the_true_greeting() {
    let world = World::new();
    let (sshd, ftpd) =
        (Sshd::start(&world, &[]), Ftpd::start(&world, &["ftpd_banner=TRUE BANNER"]));
    let port = free_port();
    let zoxy = own_login(&world, &sshd, &ftpd, port);
    let mut client = FtpClient::open(door(port, &ftpd));
    assert_eq!(client.expect(220).lines, ["220 TRUE BANNER"]);
    assert_eq!(client.log_in(&account().name, WRONG).lines, ["530 Login incorrect."]);
    assert_eq!(log_in(&mut client).code, 230);
    assert_reply(&client.command("AUTH TLS"), 534, &FTP_SECURITY_REFUSED);
    for mode in [Mode::PortBind, Mode::Epsv] {
        client.put(mode, "STOR OWN", b"credential");
        assert_eq!(client.get(mode, "RETR OWN"), b"credential");
    }
    assert_eq!(zoxy.log.count(&[&SESSION_OPENED.id()]), 1);
}

#[test]
fn own_credential_and_no_ftp_server() {
    let world = World::new();
    let (sshd, mut ftpd) = (Sshd::start(&world, &[]), Ftpd::start(&world, &[]));
    let port = free_port();
    let _zoxy = own_login(&world, &sshd, &ftpd, port);
    ftpd.kill();
    let door = door(port, &ftpd);
    let refused = door.connect(door.server).err();
    assert_eq!(refused, Some(socks::reply::REFUSED), "SOCKS tells it");
}

/// Whatever is traced: no password is.
#[test]
fn passwords_are_never_logged() {
    let world = World::new();
    let (sshd, ftpd) = (Sshd::start(&world, &[]), Ftpd::start(&world, &[]));
    let port = free_port();
    let deck =
        ftp_scene::profile(SshHost::Target, &sshd, port).hostkey("SSHD", &sshd.fingerprint());
    let deck = ftp_scene::filter(deck, SshHost::Target, &ftpd);
    let zoxy = Zoxy::start_under(&world, &deck, &["env", "ZOXY_LOG=trace"]);
    let mut client = FtpClient::connect(door(port, &ftpd));
    assert_eq!(client.log_in(&account().name, WRONG).code, 530);
    assert_eq!(log_in(&mut client).code, 230);
    // Another login in the same dialogue goes to the server as it is.
    client.send(&format!("USER {}", account().name));
    client.reply();
    client.send(&format!("PASS {WRONG}"));
    client.reply();
    client.ask("QUIT", 221);
    client.expect_end();
    let displays: String = [&["D", "S"][..], &["D", "F"], &["D", "C"], &["D", "FTP"]]
        .map(|words| crate::world::text(&zoxy.ctl(words).stdout))
        .concat();
    let said = zoxy.log.text() + &displays;
    assert!(said.contains("TRACE"), "nothing was traced");
    for secret in [WRONG, &account().password] {
        assert!(!said.contains(secret), "a password in the log");
    }
}
