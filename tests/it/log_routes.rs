//! Where messages go: standard error, a syslog socket, a file with rotation. And what is held back.

use std::fs;
use std::net::{Ipv4Addr, TcpStream};
use std::os::unix::net::UnixDatagram;
use std::path::PathBuf;
use std::thread;

use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::Signal;
use zoxy::message::catalogue::{
    CLIENT_REFUSED_ACCESS, LOG_FILE_FAILED, LOG_LINES_LOST, READY, REFRESHED, REPEATED, STARTED,
    STOPPED,
};

use crate::world::{
    Deck, Server, Tunnel, World, Zoxy, account, deadline, eventually, free_port, other_account,
    python, root, socks, text,
};

/// A deck that lets everybody connect to what is allowed.
fn direct(port: u16) -> Deck {
    Deck::new().listen("SOCKS", port).filter("ALL", "DIRECT", "", "*", "*")
}

#[test]
fn syslog_gets_every_message_with_its_priority() {
    let world = World::new();
    let path = world.path("syslog");
    let daemon = UnixDatagram::bind(&path).expect("the world's folder is writable");
    daemon.set_read_timeout(Some(deadline())).expect("a time-out can be set");
    let port = free_port();
    let deck = direct(port)
        .set("*", "LOGTO", "STDERR,SYSLOG")
        .set("*", "SYSLOG", &path.display().to_string())
        .set("SOCKS", "CLIENTS", "10.9.8.7");
    let mut zoxy = Zoxy::start(&world, &deck);
    let receive = |id: &str| {
        let mut buffer = [0; 4096];
        loop {
            let count = daemon.recv(&mut buffer).unwrap_or_else(|error| panic!("{id}: {error}"));
            let line = text(&buffer[..count]);
            if line.contains(id) {
                return line;
            }
        }
    };
    // The emulator's process is not the program's own.
    let starts = |line: &str, priority: u8| line.starts_with(&format!("<{priority}>zoxy["));
    let line = receive(&STARTED.id());
    assert!(starts(&line, 30) && line.contains("]: ZOX0001I zoxy "), "{line}");
    receive(&READY.id());
    drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("somebody listens"));
    let line = receive(&CLIENT_REFUSED_ACCESS.id());
    assert!(starts(&line, 28), "a warning of a daemon: {line}");
    // A daemon that is gone stops nobody.
    drop(daemon);
    fs::remove_file(&path).expect("the socket was there");
    drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("somebody listens"));
    zoxy.stop();
}

#[test]
fn the_file_is_rotated_and_complete() {
    let world = World::new();
    let path = world.path("logs/zoxy.log");
    fs::create_dir(world.path("logs")).expect("the world's folder is writable");
    let (port, echo) = (free_port(), Server::echo());
    let deck = direct(port)
        .set("*", "LOGTO", "FILE,STDERR")
        .set("*", "LOGFILE", &path.display().to_string())
        .set("*", "LOGSIZE", "4K")
        .set("*", "LOGKEEP", "40");
    let mut zoxy = Zoxy::start(&world, &deck);
    for _ in 0..50 {
        drop(socks::connect(port, echo.address));
    }
    let said = |zoxy: &Zoxy| zoxy.log.count(&["ZOX2013I"]);
    eventually("50 connections to end", || (said(&zoxy) == 50).then_some(()));
    // Somebody else moves it away.
    fs::rename(&path, world.path("logs/moved")).expect("there is a log");
    drop(socks::connect(port, echo.address));
    eventually("a new file", || path.exists().then_some(()));
    zoxy.stop();
    let mut whole = String::new();
    for entry in fs::read_dir(world.path("logs")).expect("the folder is there") {
        let entry = entry.expect("the folder can be read");
        let piece = fs::read_to_string(entry.path()).expect("a log");
        assert!(piece.len() <= 4096, "{}: {} bytes", entry.path().display(), piece.len());
        assert!(piece.ends_with('\n'), "whole lines");
        whole.push_str(&piece);
    }
    let mut found: Vec<_> = whole.lines().collect();
    let shown = zoxy.log.text();
    let mut expected: Vec<_> = shown.lines().collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected, "the file has what standard error has");
    assert!(found.iter().any(|line| line.contains(&STOPPED.id())), "to the last line");
}

#[test]
fn a_full_disk_is_told_once_and_stops_nothing() {
    let world = World::new();
    let (port, echo) = (free_port(), Server::echo());
    let deck = direct(port).set("*", "LOGTO", "FILE,STDERR").set("*", "LOGFILE", "/dev/full");
    let mut zoxy = Zoxy::start(&world, &deck);
    zoxy.log.wait_message(&LOG_FILE_FAILED, &["/dev/full", "No space left"]);
    for _ in 0..20 {
        drop(socks::connect(port, echo.address));
    }
    zoxy.stop();
    assert_eq!(zoxy.log.count(&[&LOG_FILE_FAILED.id()]), 1, "once");
}

#[test]
fn repeats_are_held_back_with_a_count() {
    let world = World::new();
    let port = free_port();
    let deck = direct(port).set("SOCKS", "CLIENTS", "10.9.8.7").set("*", "LOGREPEAT", "1");
    let mut zoxy = Zoxy::start(&world, &deck);
    for _ in 0..60 {
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("somebody listens"));
    }
    // However the 60 fall into intervals: each is in the log, or counted there.
    let id = CLIENT_REFUSED_ACCESS.id();
    let counted = || {
        let log = zoxy.log.text();
        let plain = log.lines().filter(|line| line.split(' ').nth(1) == Some(&id)).count();
        let held: usize = log
            .lines()
            .filter(|line| line.contains(&REPEATED.id()))
            .filter_map(|line| {
                line.split("repeated ").nth(1)?.split(' ').next()?.parse::<usize>().ok()
            })
            .sum();
        (plain, held)
    };
    let (plain, held) = eventually("all 60 to be told", || {
        let (plain, held) = counted();
        (plain + held == 60).then_some((plain, held))
    });
    assert!(held > 0 && plain >= 10, "{plain} written, {held} held back");
    zoxy.stop();
}

/// Sends a command to the console as another user; the answer, or the system's refusal.
fn as_user(world: &World, user: &str, line: &str) -> String {
    let script = "import socket, sys\n\
                  s = socket.socket(socket.AF_UNIX)\n\
                  s.settimeout(60)\n\
                  s.connect(sys.argv[1])\n\
                  try: s.sendall(sys.argv[2].encode() + b'\\n')\n\
                  except BrokenPipeError: pass\n\
                  print(s.makefile().read())\n";
    let mut command = root::command("setpriv");
    command.args(["--reuid", user, "--regid", user, "--clear-groups", "--"]);
    command.arg(python()).args(["-c", script]).arg(world.path("console")).arg(line);
    let output = command.output().expect("setpriv can be started");
    text(&output.stdout) + &text(&output.stderr)
}

#[test]
fn members_of_a_group_may_operate() {
    let world = World::new();
    let group = account().name.clone();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("*", "CONSGROUP", &group));
    let answer = as_user(&world, &account().name, "F QUIESCE");
    assert!(answer.contains("ZOX0030I") && answer.contains("RC 0"), "{answer}");
    let who = format!("({}), pid ", account().name);
    tunnel.zoxy.log.wait_for(&["ZOX0008I command from uid ", &who, "F QUIESCE"]);
    let answer = as_user(&world, &other_account().name, "F RESUME");
    assert!(answer.contains("PermissionError"), "{answer}");
}

#[test]
fn without_a_group_only_the_owner_may() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    // Even if somebody has changed the permissions of the socket.
    let path = world.path("console").display().to_string();
    let changed = root::command("chmod").args(["666", &path]).status();
    assert!(changed.is_ok_and(|status| status.success()));
    let answer = as_user(&world, &account().name, "P");
    assert!(answer.contains("ZOX0518W") && answer.contains("RC 8"), "{answer}");
    tunnel.zoxy.log.wait_for(&["ZOX0518W", &format!("({})", account().name)]);
}

/// The queue has 4096, and the thread that waits for the file took 257 at most.
const MORE_THAN_QUEUED: usize = 5000;

/// A proxy whose log file takes nothing, and more messages than wait for it: opening a FIFO for writing waits for its
/// reader.
fn with_a_file_that_hangs(world: &World) -> (Zoxy, PathBuf) {
    let (path, port) = (world.path("log-file"), free_port());
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a FIFO is made");
    let deck = direct(port)
        .set("SOCKS", "CLIENTS", "10.9.8.7")
        .set("*", "LOGTO", "FILE,STDERR")
        .set("*", "LOGFILE", &path.display().to_string())
        .set("*", "LOGSIZE", "100M")
        .set("*", "LOGREPEAT", "0");
    let zoxy = Zoxy::start(world, &deck);
    for _ in 0..MORE_THAN_QUEUED {
        drop(TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("somebody listens"));
    }
    let refused = || zoxy.log.count(&[&CLIENT_REFUSED_ACCESS.id()]);
    eventually("all to be refused", || (refused() == MORE_THAN_QUEUED).then_some(()));
    (zoxy, path)
}

#[test]
fn a_file_that_hangs_holds_up_nobody() {
    let world = World::new();
    let (mut zoxy, _path) = with_a_file_that_hangs(&world);
    zoxy.signal(Signal::HUP);
    zoxy.log.wait_message(&REFRESHED, &[]);
    zoxy.stop();
}

#[test]
fn lines_that_the_file_does_not_take_are_counted() {
    let world = World::new();
    let (mut zoxy, path) = with_a_file_that_hangs(&world);
    let reader = thread::spawn(|| fs::read_to_string(path).expect("lines are text"));
    zoxy.log.wait_message(&LOG_LINES_LOST, &["the queue of the log file was full"]);
    zoxy.stop();
    let written = reader.join().expect("it reads");
    let said = zoxy.log.text();
    let said: Vec<&str> = said.lines().collect();
    let first = said.iter().position(|line| written.starts_with(*line)).expect("it is there");
    let is_lost = |line: &&&str| line.contains(&LOG_LINES_LOST.id());
    let count = |line: &&str| line.split(' ').nth(2)?.parse::<usize>().ok();
    let lost: usize = said.iter().filter(is_lost).filter_map(count).sum();
    assert!((500..MORE_THAN_QUEUED).contains(&lost), "{lost} lost");
    assert_eq!(said.len() - first, written.lines().count() + lost);
}
