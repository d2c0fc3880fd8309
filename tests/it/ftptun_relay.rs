//! What passes through a control connection: every byte of what zoxy does not have to change, in
//! the order it was sent, whatever client and server make of it.

use std::ffi::OsStr;
use std::fs;
use std::io::{Read, Write};
use std::net::SocketAddrV4;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicUsize, Ordering};

use zoxy::message::catalogue::{FTP_EPSV_ONLY, FTP_TRANSFER};

use crate::world::ftp_client::{Data, port_command, port_of_229};
use crate::world::pattern::Pattern;
use crate::world::{
    Door, FtpClient, FtpScene, Ftpd, Mode, Recorder, Socks, SshHost, Sshd, World, Zoxy, account,
    free_port, proxy, text,
};

/// Commands that are none of zoxy's business, in all the ways they are written.
const COMMANDS: &[&[u8]] = &[
    b"REST 2147483648\r\n",
    b"REST STREAM\r\n",
    b"SIZE //'PAYROLL.DATA(+1)'\r\n",
    b"MDTM FILE\r\n",
    b"MDTM 20261121104321 FILE\r\n",
    b"MFMT 20261121104321 FILE\r\n",
    b"MLST\r\n",
    b"ALLO 100 R 80\r\n",
    b"RNFR OLD NAME \r\n",
    b"RNTO  NEW NAME\r\n",
    b"SITE FIXRECFM 80 LRECL=80 RECFM=FB BLKSIZE=27920 PRI=10 SEC=5 CYL\r\n",
    b"SITE FILETYPE=JES JESLRECL=* JESRECFM=*\r\n",
    b"STAT\r\n",
    b"STAT *\r\n",
    b"TYPE A\r\n",
    b"TYPE A N\r\n",
    b"TYPE E\r\n",
    b"TYPE I\r\n",
    b"TYPE L 8\r\n",
    b"TYPE B 1\r\n",
    b"MODE S\r\n",
    b"MODE B\r\n",
    b"MODE C\r\n",
    b"MODE S\r\n",
    b"STRU F\r\n",
    b"STRU R\r\n",
    b"OPTS UTF8 ON\r\n",
    b"LANG EN\r\n",
    b"FEAT\r\n",
    b"XDSS NOBODY KNOWS THIS ONE\r\n",
    b"pwd\r\n",
    b"CwD low-and-HIGH\r\n",
    b"NOOP\n",
    b"NOOP\r\r\n",
    b"NOOP \t \r\n",
    b"  NOOP\r\n",
    b"NOOP\twith a tab\r\n",
    b"DELE caf\xe9 8-bit\r\n",
    b"DELE caf\xc3\xa9 \xe6\x97\xa5\xe6\x9c\xac\r\n",
    b"DELE with\xff\xffall of Telnet\r\n",
    b"DELE with\r\0return\r\n",
    b"DELE with\0zero\x1bcontrol\r\n",
    b"RETR without a data connection\r\n",
    b"APPE without one\r\n",
    b"STOU\r\n",
    b"MLSD\r\n",
];

/// Replies as servers give them, and as they should not.
const REPLIES: &[&[u8]] = &[
    b"200 fine\r\n",
    b"200\r\n",
    b"200 \r\n",
    b"500\n",
    b"250 line feed only\n",
    b"213 14\r\r\n",
    b"257 \"/caf\xe9/\xe6\x97\xa5\"\xff\xff\xf4 eight bits\r\n",
    b"211-many\r\n FEATURE\r\n\r\n226 not the end\n211 the end\r\n",
    b"350-\r\n350\r\n",
    b"550 tab\tescape\x1b[1mzero\0\r\n",
];

/// The scene with a [`Recorder`] for FTP server, which gives `REPLIES` in turn. The client is logged
/// in, and what was heard until then is forgotten.
fn recorded(world: &World) -> (Recorder, FtpScene, FtpClient) {
    let next = AtomicUsize::new(0);
    let recorder = Recorder::start("220 recorder\r\n", move |line| {
        // What logged_in says, to start from the first.
        if line == b"TYPE I\r\n" && next.load(Ordering::Relaxed) == 0 {
            return b"200 I\r\n".to_vec();
        }
        REPLIES[next.fetch_add(1, Ordering::Relaxed) % REPLIES.len()].to_vec()
    });
    let (ftpd, sshd) = (recorder.ftpd(world), Sshd::start(world, &[]));
    let scene = FtpScene::around(world, SshHost::Target, ftpd, sshd, |deck| deck);
    let client = scene.logged_in(Socks::V5);
    recorder.forget();
    (recorder, scene, client)
}

/// The reply to command `number`.
fn reply(number: usize) -> &'static [u8] {
    REPLIES[number % REPLIES.len()]
}

#[test]
fn lines_byte_for_byte() {
    let world = World::new();
    let (recorder, _scene, mut client) = recorded(&world);
    for (number, command) in COMMANDS.iter().enumerate() {
        client.send_raw(command);
        client.expect_bytes(reply(number));
    }
    let (heard, sent) = (recorder.heard(), COMMANDS.concat());
    assert_eq!(heard.escape_ascii().to_string(), sent.escape_ascii().to_string());
}

#[test]
fn pipelined_commands_in_their_order() {
    let world = World::new();
    let (recorder, _scene, mut client) = recorded(&world);
    let sent = COMMANDS.concat().repeat(5);
    // Pieces of a prime length: lines are cut everywhere.
    for piece in sent.chunks(61) {
        client.send_raw(piece);
    }
    let replies: Vec<u8> = (0..5 * COMMANDS.len()).flat_map(reply).copied().collect();
    client.expect_bytes(&replies);
    let heard = recorder.heard();
    assert_eq!(heard.escape_ascii().to_string(), sent.escape_ascii().to_string());
}

/// A greeting of several hundred KB, with text that looks like replies.
fn long_greeting() -> Vec<u8> {
    let mut greeting = b"220-\r\n".to_vec();
    for number in 0..5000 {
        greeting.extend(format!(" {number} 220 {}\r\n", "x".repeat(number % 150)).bytes());
    }
    greeting.extend(b"220\n");
    greeting
}

#[test]
fn greeting_is_swallowed_by_the_login_of_the_dialogue() {
    let world = World::new();
    let recorder = Recorder::start(long_greeting(), |_| b"200\r\n".to_vec());
    let (ftpd, sshd) = (recorder.ftpd(&world), Sshd::start(&world, &[]));
    let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, |deck| deck);
    let mut client = scene.client(Socks::V4);
    client.ask(&format!("USER {}", account().name), 331);
    client.send(&format!("PASS {}", account().password));
    client.expect_bytes(b"230 in\r\n");
}

#[test]
fn greeting_is_relayed_by_the_login_of_the_profile() {
    let world = World::new();
    let recorder = Recorder::start(long_greeting(), |_| b"200\r\n".to_vec());
    let (ftpd, sshd) = (recorder.ftpd(&world), Sshd::start(&world, &[]));
    let proxy = free_port();
    let deck = proxy::tunnel_deck(&world, &sshd, proxy);
    let deck = deck.filter("FTP", "FTPTUN", "SSHD", &ftpd.port.to_string(), "*");
    let _zoxy = Zoxy::start(&world, &deck);
    let from = [127, 0, 0, 1].into();
    let door = Door { proxy, version: Socks::V5, server: ftpd.socket(), from };
    let mut client = FtpClient::open(door);
    client.expect_bytes(&long_greeting());
    client.ask("NOOP", 200);
}

/// PORT and transfers are seen in small letters too.
#[test]
fn commands_in_small_letters() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    client.put(Mode::Pasv, "stor SMALL", b"small");
    let (waiting, address) = client.door.bind().expect("the BIND is granted");
    client.ask(&port_command(address).to_ascii_lowercase(), 200);
    client.ask("ReTr SMALL", 150);
    let mut data = Data::Bound(waiting).stream(&client.door).expect("the data connection comes");
    let mut bytes = Vec::new();
    data.read_to_end(&mut bytes).expect("the data comes");
    drop(data);
    client.expect(226);
    assert_eq!(bytes, b"small");
    let log = scene.ftpd.log.text().to_ascii_uppercase();
    assert!(!log.contains("\"PORT"), "the server was asked for active mode");
}

#[test]
fn names_of_eight_bits() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V4);
    for name in [&b"caf\xe9"[..], "caf\u{e9}".as_bytes(), "\u{65e5}\u{672c} \u{1f600}".as_bytes()] {
        let bytes = Pattern::new(name.len() as u64).take(10_000);
        let stream = |client: &mut FtpClient, verb: &[u8]| {
            let data = client.prepare(Mode::PortBind).unwrap_or_else(|told| panic!("{told:?}"));
            client.send_raw(&[verb, b" ", name, b"\r\n"].concat());
            client.expect(150);
            data.stream(&client.door).expect("the data connection comes")
        };
        let mut data = stream(&mut client, b"STOR");
        data.write_all(&bytes).expect("the data is taken");
        drop(data);
        client.expect(226);
        let path = scene.ftpd.folder.join(OsStr::from_bytes(name));
        assert!(fs::read(&path).expect("it was put") == bytes, "{path:?}: wrong bytes");
        let mut data = stream(&mut client, b"RETR");
        let length = Pattern::new(name.len() as u64).verify(&mut data).expect("the right bytes");
        assert_eq!(length, 10_000);
        drop(data);
        client.expect(226);
        let readable = text(name);
        scene.zoxy.log.wait_message(&FTP_TRANSFER, &["STOR", "COMPLETE", &readable]);
    }
}

/// What vsftpd has beyond the table of transfers.
#[test]
fn commands_of_a_real_server() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    client.put(Mode::Pasv, "STOR FILE", b"content");
    assert_eq!(client.ask("SIZE FILE", 213).lines, ["213 7"]);
    let time = client.ask("MDTM FILE", 213);
    assert_eq!(time.lines[0].len(), "213 20261121104321".len(), "{time:?}");
    client.ask("RNFR FILE", 350);
    client.ask("RNTO RENAMED", 250);
    assert_eq!(client.get(Mode::PortBind, "RETR RENAMED"), b"content");
    client.ask("ALLO 100", 202);
    client.ask("STRU F", 200);
    client.ask("MODE S", 200);
    client.ask("STRU R", 504);
    client.ask("MODE B", 504);
    client.ask("SITE HELP", 214);
    let status = client.ask("STAT", 211);
    assert!(status.lines.len() > 3, "{status:?}");
    let listing = client.ask("STAT RENAMED", 213);
    assert!(listing.lines[1].ends_with("RENAMED"), "{listing:?}");
    let data = client.prepare(Mode::Pasv).unwrap_or_else(|told| panic!("{told:?}"));
    let told = client.ask("STOU RENAMED", 150);
    let name = told.lines[0].split_whitespace().last().expect("150 FILE: name").to_owned();
    let mut data = data.stream(&client.door).expect("the data connection comes");
    data.write_all(b"unique").expect("the data is taken");
    drop(data);
    client.expect(226);
    assert_ne!(name, "RENAMED");
    assert_eq!(fs::read(scene.ftpd.folder.join(&name)).expect("it was put"), b"unique");
    let line = scene.zoxy.log.wait_message(&FTP_TRANSFER, &[" STOU UP I COMPLETE 226 6 "]);
    assert!(line.ends_with(" RENAMED"), "{line}");
    client.ask("DELE RENAMED", 250);
}

#[test]
fn after_epsv_all_nothing_but_epsv() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    client.put(Mode::Port, "STOR BEFORE", b"before");
    client.ask("epsv all", 200);
    for command in ["PORT 127,0,0,1,200,10", "EPRT |1|127.0.0.1|51210|"] {
        let told = client.ask(command, 503);
        assert!(told.lines[0].contains(&FTP_EPSV_ONLY.id()), "{told:?}");
    }
    client.put(Mode::Epsv, "STOR AFTER", b"after");
    let refused = client.command("PASV");
    assert!(refused.code / 100 == 5, "the server's word: {refused:?}");
    assert_eq!(client.get(Mode::Epsv, "RETR AFTER"), b"after");
}

/// Servers that read commands while they send answer STAT and NOOP at once.
#[test]
fn status_during_a_transfer() {
    let world = World::new();
    let (ftpd, sshd) = (Ftpd::pyftpdlib(&world), Sshd::start(&world, &[]));
    let file = fs::File::create(ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(4 << 30).expect("it may have holes");
    let scene = FtpScene::around(&world, SshHost::Target, ftpd, sshd, |deck| deck);
    let mut client = scene.logged_in(Socks::V4);
    for mode in [Mode::Pasv, Mode::PortBind, Mode::Port] {
        let mut data = client.start(mode, "RETR ENDLESS");
        data.read_exact(&mut [0; 100_000]).expect("data comes");
        let status = client.ask("STAT", 211);
        assert!(status.lines.len() > 3, "{status:?}");
        client.ask("NOOP", 200);
        data.read_exact(&mut [0; 100_000]).expect("more data comes");
        client.abort();
        drop(data);
        client.expect(426);
        let told = client.reply();
        assert!((225..=226).contains(&told.code), "{told:?}");
        client.ask("NOOP", 200);
    }
}

/// A data connection between two commands of a real server, however they are cut.
#[test]
fn transfer_written_byte_by_byte() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V4);
    let say = |client: &mut FtpClient, line: &str| {
        line.bytes().for_each(|byte| client.send_raw(&[byte]));
    };
    say(&mut client, "EPSV\r\n");
    let port = port_of_229(&client.expect(229)).expect("a 229 has a port");
    let to = SocketAddrV4::new(*client.door.server.ip(), port);
    let mut data = client.door.connect(to).expect("the data connection is granted");
    say(&mut client, "STOR BYTES\r\nNOOP\r\nSIZE BYTES\r\n");
    client.expect(150);
    data.write_all(b"in pieces").expect("the data is taken");
    drop(data);
    client.expect(226);
    client.expect(200);
    assert_eq!(client.expect(213).lines, ["213 9"]);
}
