//! The batch FTP client before servers that the test plays, without SOCKS: what a server says last
//! decides, no wait is without end, strangers carry no data. And the ways to a real one without SOCKS.

use std::fs;
use std::io::{BufRead, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt::set_socket_linger;
use rustix::process::{Pid, Signal, kill_process};
use zoxy::message::catalogue::{BATCH_BROKEN, BATCH_INCOMPLETE, BATCH_TRANSFERRED};

use crate::world::played_ftpd::{Played, connect_from};
use crate::world::{
    Batch, BlackHole, Ftpd, PlayedFtpd, Ran, account, eventually, read_once, run_on, translate,
};

/// Runs the client against a server that plays its part behind the login.
fn against(subcommands: &str, play: impl FnOnce(&mut Played) + Send) -> (Batch, Ran) {
    against_with("", subcommands, play)
}

/// The same, with these statements in FTP.DATA.
fn against_with(
    statements: &str,
    subcommands: &str,
    play: impl FnOnce(&mut Played) + Send,
) -> (Batch, Ran) {
    let batch = Batch::new();
    batch.jobs.world.shared_folder("ds");
    batch.jobs.world.write("ftpdata", format!("CLIENTERRCODES TRUE\n{statements}"));
    batch.jobs.world.write("lines", "a line of many\n".repeat(500_000));
    let server = PlayedFtpd::new();
    let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
    let options = ["ftp", "-e", "-f", "ftpdata", "-t", "3", &host, &port];
    let mut command = batch.jobs.command(&options);
    let input = format!("anna\nsecret\n{subcommands}\nquit\n");
    let ran = thread::scope(|scope| {
        scope.spawn(|| {
            let mut played = server.accept();
            played.expect("USER anna");
            played.say("331 go on");
            played.expect("PASS secret");
            played.say_lines(&["230-Welcome", "  230 is no end", "230 in"]);
            play(&mut played);
        });
        run_on(&mut command, input.as_bytes()).into()
    });
    (batch, ran)
}

/// A transfer to the client as it should be.
fn gives(server: &mut Played, command: &str, bytes: &[u8]) {
    let mut data = connect_from(Ipv4Addr::LOCALHOST, server.port());
    server.expect(command);
    server.say("150 here it comes");
    data.write_all(bytes).expect("the client reads");
    drop(data);
    server.say("226 all of it");
}

#[track_caller]
fn failed(batch: &Batch, ran: &Ran, code: i32, said: &str) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains(said) && !ran.out.contains(&BATCH_TRANSFERRED.id()), "{}", ran.out);
    assert!(!batch.jobs.world.path("x").exists(), "a file is there");
}

#[test]
fn a_file_whose_end_is_orderly_and_whose_reply_is_not_is_not_kept() {
    let (batch, ran) = against("get x", |server| {
        let mut data = connect_from(Ipv4Addr::LOCALHOST, server.port());
        server.expect("RETR x");
        server.say("150 here it comes");
        data.write_all(b"half of it\r\n").expect("the client reads");
        drop(data);
        server.say("426 that was not all");
        server.expect("QUIT");
    });
    failed(&batch, &ran, 2, &BATCH_INCOMPLETE.id());
    // No reply at all: the connection ends.
    let (batch, ran) = against("get x", |server| {
        drop(connect_from(Ipv4Addr::LOCALHOST, server.port()));
        server.expect("RETR x");
        server.say("150 here it comes");
    });
    failed(&batch, &ran, 10, &BATCH_INCOMPLETE.id());
}

/// A server that cannot connect says so behind its 150; the client does not wait for the connection.
#[test]
fn a_425_behind_the_150_ends_the_wait() {
    let begun = Instant::now();
    let (batch, ran) = against("get x", |server| {
        server.port();
        server.expect("RETR x");
        server.say_lines(&["150 here it comes", "425 no way to you"]);
        server.expect("QUIT");
    });
    failed(&batch, &ran, 2, "425");
    assert!(begun.elapsed() < Duration::from_secs(60), "it waited");
}

#[test]
fn a_server_that_falls_silent_is_given_up() {
    let (batch, ran) = against("get x", |server| {
        server.port();
        // Until the client is gone.
        server.expect("RETR x");
        server.expect("");
    });
    failed(&batch, &ran, 9, "EZA2589E");
    let (batch, ran) = against("get x", |server| {
        let data = connect_from(Ipv4Addr::LOCALHOST, server.port());
        server.expect("RETR x");
        server.say("150 here it comes");
        server.expect("");
        drop(data);
    });
    failed(&batch, &ran, 9, &BATCH_INCOMPLETE.id());
}

#[test]
fn what_is_no_reply_ends_the_session() {
    let (batch, ran) = against("pwd", |server| {
        server.expect("PWD");
        server.say("hello");
    });
    failed(&batch, &ran, 10, &BATCH_BROKEN.id());
    let (batch, ran) = against("pwd", |server| {
        server.expect("PWD");
        server.say(&format!("257 {}", "x".repeat(20_000)));
    });
    failed(&batch, &ran, 10, &BATCH_BROKEN.id());
}

/// Data comes from the server only, whoever else finds the port.
#[test]
fn strangers_carry_no_data() {
    let (batch, ran) = against("get x", |server| {
        let port = server.port();
        let mut stranger = connect_from(Ipv4Addr::new(127, 0, 0, 9), port);
        let _ = stranger.write_all(b"forged\r\n");
        let mut data = connect_from(Ipv4Addr::LOCALHOST, port);
        server.expect("RETR x");
        server.say("150 here it comes");
        data.write_all(b"true\r\n").expect("the client reads");
        drop(data);
        server.say("226 all of it");
        server.expect("QUIT");
        let _ = read_once(&mut stranger, &mut [0]);
    });
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let got = fs::read_to_string(batch.jobs.world.path("x")).expect("it came");
    assert_eq!(got, "true\n");
}

/// A name of a listing that leads elsewhere stays in the local directory.
#[test]
fn names_of_the_server_lead_nowhere_else() {
    let (batch, ran) = against("lcd ds\nmget *", |server| {
        gives(server, "NLST *", b"../x\r\n..\r\n/\r\n");
        gives(server, "RETR ../x", b"x\r\n");
        server.expect("QUIT");
    });
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(!batch.jobs.world.path("x").exists(), "it left the folder");
    assert!(batch.has("x"), "{}", ran.out);
}

/// Files that would have one name here: the second is not written over the first.
#[test]
fn names_that_are_the_same_here_are_an_error() {
    let (batch, ran) = against("mget * (replace", |server| {
        gives(server, "NLST *", b"a/x\r\nb/x\r\n");
        gives(server, "RETR a/x", b"a\r\n");
        server.expect("QUIT");
    });
    assert_eq!(ran.code, Some(7), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("MGET: b/x: "), "{}", ran.out);
    let got = fs::read_to_string(batch.jobs.world.path("x")).expect("it came");
    assert_eq!(got, "a\n");
}

/// TYPE E: records go as they are, with NL behind each, and come so.
#[test]
fn ebcdic_goes_as_it_is() {
    let records = |text: &str| translate(text, "IBM1047");
    let lines = [&records("ONE [1]")[..], &[0x15], &[0x15], &records("TWO"), &[0x15]].concat();
    let sent = Mutex::new(Vec::new());
    let subcommands = "ebcdic\nlocsite recfm=vb lrecl=84\nget x 'IT.EBCDIC'\n\
                       locsite nosendsite\nput 'IT.EBCDIC' y";
    let (batch, ran) = against(subcommands, |server| {
        server.expect("TYPE E");
        server.say("200 EBCDIC it is");
        let mut data = connect_from(Ipv4Addr::LOCALHOST, server.port());
        server.expect("RETR x");
        server.say("150 here it comes");
        // In pieces that end anywhere.
        for piece in lines.chunks(3) {
            data.write_all(piece).expect("the client reads");
        }
        drop(data);
        server.say("226 all of it");
        let mut data = connect_from(Ipv4Addr::LOCALHOST, server.port());
        server.expect("STOR y");
        server.say("150 go on");
        data.read_to_end(&mut sent.lock().expect("nobody else has it")).expect("it ends in order");
        server.say("226 it is here");
        server.expect("QUIT");
    });
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let record = |text: &str| {
        let text = records(text);
        [&[0, u8::try_from(text.len() + 4).expect("it is short"), 0, 0], &text[..]].concat()
    };
    assert_eq!(batch.bytes("IT.EBCDIC"), [record("ONE [1]"), record(""), record("TWO")].concat());
    assert_eq!(*sent.lock().expect("nobody else has it"), lines);
}

/// ACCOUNT, as a subcommand and as the answer to a 332; neither is shown.
#[test]
fn an_account_is_sent_and_not_shown() {
    let (_batch, ran) = against("account 'the tills'\nacct sesame", |server| {
        server.expect("ACCT the tills");
        server.say("230 charged");
        server.expect("ACCT sesame");
        server.say("532 not on you");
        server.expect("QUIT");
    });
    assert_eq!(ran.code, Some(2), "{}{}", ran.out, ran.err);
    assert!(ran.out.contains("Std Return Code = 03532"), "{}", ran.out);
    assert_eq!(ran.out.matches(">>> ACCT ******").count(), 2, "{}", ran.out);
    assert!(!ran.out.contains("tills") && !ran.out.contains("sesame"), "{}", ran.out);
    let (_batch, ran) = against("user anna secret\nacct tills\nnoop", |server| {
        server.expect("USER anna");
        server.say("331 go on");
        server.expect("PASS secret");
        server.say("332 whose");
        server.expect("ACCT tills");
        server.say("230 in");
        server.expect("NOOP");
        server.say("200 nothing done");
        server.expect("QUIT");
    });
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(!ran.out.contains("tills"), "{}", ran.out);
}

/// A server behind a translation gives an address that is not its own.
#[test]
fn the_address_of_a_227_may_be_ignored() {
    let passive = |server: &mut Played, listener: &TcpListener| {
        let port = listener.local_addr().expect("it listens").port();
        server.expect("PASV");
        server.say(&format!("227 here (127,0,0,9,{},{})", port / 256, port % 256));
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    let statements = "FWFRIENDLY TRUE\nPASSIVEIGNOREADDR TRUE\n";
    let (batch, ran) = against_with(statements, "get x", |server| {
        passive(server, &listener);
        server.expect("RETR x");
        server.say("150 here it comes");
        let (mut data, _) = listener.accept().expect("the client connects");
        data.write_all(b"one\r\n").expect("the client reads");
        drop(data);
        server.say("226 all of it");
        server.expect("QUIT");
    });
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let got = fs::read_to_string(batch.jobs.world.path("x")).expect("it came");
    assert_eq!(got, "one\n");
    // Else it is where the data is, and nobody is there.
    let (batch, ran) = against_with("FWFRIENDLY TRUE\n", "get x", |server| {
        passive(server, &listener);
        server.expect("QUIT");
    });
    failed(&batch, &ran, 8, "127.0.0.9");
}

/// A data connection that is reset is what the server's reply says of it.
#[test]
fn the_reply_tells_why_a_data_connection_broke() {
    for (reply, code) in
        [(Some("426 it broke"), 2), (Some("226 all of it"), 10), (Some("421 bye"), 10), (None, 10)]
    {
        let (batch, ran) = against("get x", |server| {
            let mut data = connect_from(Ipv4Addr::LOCALHOST, server.port());
            server.expect("RETR x");
            server.say("150 here it comes");
            data.write_all(b"half of it\r\n").expect("the client reads");
            set_socket_linger(&data, Some(Duration::ZERO)).expect("it is a socket");
            drop(data);
            if let Some(reply) = reply {
                server.say(reply);
            }
            if matches!(reply, Some(reply) if !reply.starts_with("421")) {
                server.expect("QUIT");
            }
        });
        failed(&batch, &ran, code, &BATCH_INCOMPLETE.id());
    }
    // The disk is full: it closes the data connection while more comes.
    let (batch, ran) = against("put lines x", |server| {
        let data = connect_from(Ipv4Addr::LOCALHOST, server.port());
        server.expect("STOR x");
        server.say("150 go on");
        set_socket_linger(&data, Some(Duration::ZERO)).expect("it is a socket");
        drop(data);
        server.say("452 no room");
        server.expect("QUIT");
    });
    failed(&batch, &ran, 2, "Std Return Code = 27452");
}

/// Less than the 150 has told is not the file, whatever the last reply says; and what the server has not
/// read is not there.
#[test]
fn a_file_that_is_too_short_is_not_taken_for_whole() {
    for (kind, code) in [("binary", 10), ("ascii", 0)] {
        let (batch, ran) = against(&format!("{kind}\nget x"), |server| {
            server.expect(if kind == "binary" { "TYPE I" } else { "TYPE A" });
            server.say("200 it is");
            let mut data = connect_from(Ipv4Addr::LOCALHOST, server.port());
            server.expect("RETR x");
            server.say("150 Opening data connection for x (12 bytes).");
            data.write_all(b"half\r\n").expect("the client reads");
            drop(data);
            server.say("226 all of it");
            server.expect("QUIT");
        });
        match code {
            // As text a file has other lengths.
            0 => assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err),
            _ => failed(&batch, &ran, code, "12 bytes"),
        }
    }
    let (batch, ran) = against("put ftpdata x", |server| {
        let data = connect_from(Ipv4Addr::LOCALHOST, server.port());
        server.expect("STOR x");
        server.say("150 go on");
        // It is there, and is not read.
        let mut first = [0];
        assert!(matches!(data.peek(&mut first), Ok(1)), "the client sends");
        drop(data);
        server.say("226 it is here");
        server.expect("QUIT");
    });
    failed(&batch, &ran, 10, &BATCH_INCOMPLETE.id());
}

/// Nobody waits for MYOPENTIME when the client is asked to end; a server that accepts and says nothing is
/// told as what it is.
#[test]
fn a_server_that_does_not_answer_holds_nobody_up() {
    let (batch, hole) = (Batch::new(), BlackHole::new());
    let port = hole.port.to_string();
    let options = ["ftp", "-e", "-t", "600", "127.0.0.1", &port];
    let mut command = batch.jobs.command(&options);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("zoxy can be started");
    let mut said = std::io::BufReader::new(child.stdout.take().expect("stdout is a pipe"));
    let mut line = String::new();
    while !line.contains("connecting") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("it is a pipe"), 0, "it ended");
    }
    kill_process(Pid::from_child(&child), Signal::TERM).expect("it runs");
    let status = child.wait().expect("it is our child");
    assert_eq!(status.signal(), Some(Signal::TERM.as_raw()), "{status:?}");
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
    let port = silent.local_addr().expect("it listens").port().to_string();
    let ran = batch.jobs.zoxy(&["ftp", "-e", "-t", "1", "127.0.0.1", &port]);
    assert!(ran.out.contains("timed out: waiting for the server's greeting"), "{}", ran.out);
}

/// What masks stand for: data sets, members, members of the library that LCD names.
#[test]
fn data_sets_and_members_are_sent_by_mask() {
    let batch = Batch::new();
    let ftpd = Ftpd::start(&batch.jobs.world, &[]);
    batch.jobs.world.write("ftpdata", "");
    let library = "//'IT.LIB'";
    let alloc = [
        "ds",
        "alloc",
        "--dsorg",
        "PO",
        "--recfm",
        "FB",
        "--lrecl",
        "80",
        "--codepage",
        "IBM-1047",
        library,
    ];
    let ran = batch.jobs.zoxy(&alloc);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    let names = ["IT.DAY.A1", "IT.DAY.A2", "IT.DAY.B1", "IT.DAY.A1.OLD"];
    for name in names {
        let content = format!("{name}\n");
        batch.dataset(name, content.as_bytes(), &["convert", "--recfm", "FB", "--lrecl", "80"]);
    }
    for name in ["JAN", "JUN", "JULY", "MAY"] {
        let content = format!("{name}\n");
        batch.dataset(&format!("IT.LIB({name})"), content.as_bytes(), &["convert"]);
    }
    for (subcommands, sent) in [
        ("mput 'it.day.a%'", &["IT.DAY.A1", "IT.DAY.A2"][..]),
        ("mput 'it.day.**'", &names),
        ("lcd 'IT.DAY'\nmput b* a2", &["IT.DAY.A2", "IT.DAY.B1"]),
        ("mput 'it.lib(j%n)'", &["JAN", "JUN"]),
        ("lcd 'IT.LIB'\nmput j*", &["JAN", "JULY", "JUN"]),
    ] {
        let ran = batch.ftp(&["-e"], &ftpd, &format!("sendsite off\n{subcommands}\n"));
        assert_eq!(ran.code, Some(0), "{subcommands}: {}{}", ran.out, ran.err);
        let mut there: Vec<_> = fs::read_dir(&ftpd.folder)
            .expect("it is ours")
            .map(|entry| entry.expect("it is read").file_name().into_string().expect("a name"))
            .collect();
        there.sort();
        let mut sent = sent.to_vec();
        sent.sort_unstable();
        assert_eq!(there, sent, "{subcommands}: {}", ran.out);
        for name in sent {
            let path = ftpd.folder.join(name);
            assert_eq!(fs::read_to_string(&path).expect("it is there"), format!("{name}\n"));
            fs::remove_file(path).expect("the folder is ours");
        }
    }
    for mask in ["'it.none.*'", "'it.lib(x*)'", "'it.day.a1(*)'"] {
        let ran = batch.ftp(&["-e"], &ftpd, &format!("mput {mask}\n"));
        // 24000 modulo 4096: more than a shell has room for.
        assert_eq!(ran.code, Some(255), "{mask}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("Std Return Code = 24000, Error Code = 00007"), "{}", ran.out);
    }
}

#[test]
fn every_way_without_socks() {
    let batch = Batch::new();
    let ftpd = Ftpd::start(&batch.jobs.world, &[]);
    for (statements, way) in
        [("", "PORT "), ("FWFRIENDLY TRUE\n", "PASV"), ("EPSV4 TRUE\n", "EPSV")]
    {
        batch.jobs.world.write("ftpdata", statements);
        batch.jobs.world.write("lines", "one\n\ntwo\n");
        let subcommands = "put lines there\nget there back (REPLACE\nls\nmput l*s\n";
        let ran = batch.ftp(&["-e"], &ftpd, subcommands);
        assert_eq!(ran.code, Some(0), "{way}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains(&format!(">>> {way}")), "{way}: {}", ran.out);
        assert!(!ran.out.contains(&account().password));
        for path in [ftpd.folder.join("there"), ftpd.folder.join("lines")] {
            assert_eq!(fs::read_to_string(path).expect("it was sent"), "one\n\ntwo\n");
        }
        let back = fs::read_to_string(batch.jobs.world.path("back")).expect("it came back");
        assert_eq!(back, "one\n\ntwo\n");
    }
}

/// Whoever ends the client finds what was there before, and nothing beside it.
#[test]
fn a_signal_leaves_nothing_behind() {
    for signal in [Signal::INT, Signal::TERM] {
        let batch = Batch::new();
        let folder = batch.jobs.world.shared_folder("here");
        let server = PlayedFtpd::new();
        let (host, port) = (server.address.ip().to_string(), server.address.port().to_string());
        let mut command = batch.jobs.command(&["ftp", "-e", "-t", "60", &host, &port]);
        command.current_dir(&folder).env("HOME", &folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("zoxy can be started");
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        stdin.write_all(b"anna\nget x\nquit\n").expect("the client reads");
        let mut played = server.accept();
        played.expect("USER anna");
        played.say("230 in");
        let mut data = connect_from(Ipv4Addr::LOCALHOST, played.port());
        played.expect("RETR x");
        played.say("150 here it comes");
        data.write_all(b"half of it\r\n").expect("the client reads");
        eventually("the file that receives", || {
            fs::read_dir(&folder).expect("it is ours").next().map(drop)
        });
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        let status = child.wait().expect("it is our child");
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status:?}");
        assert!(fs::read_dir(&folder).expect("it is ours").next().is_none(), "something is left");
        drop(stdin);
    }
}
