//! The operator's console on a terminal, and `zoxy ctl` for programs.
//!
//! The terminal is a real one (a pty) and its screen that of a terminal emulator, pyte, held against
//! `tests/it/operator/screen.txt`.

use std::io::{Read, Write};

use serde_json::Value;

use crate::operator::mask::assert_expected;
use crate::world::{
    self, FtpScene, Mode, Server, Socks, Tunnel, World, eventually, proxy, run_on, text,
};

/// Runs `zoxy ctl` in a terminal with this script; gives the screens.
fn terminal(world: &World, script: &[&str]) -> String {
    let mut command = proxy::command(&["ctl", "-s"]);
    command.arg(world.path("console"));
    command.env("HOME", world.path("")).env("COLUMNS", "80");
    world::terminal::terminal(&command, script)
}

/// Without times of day, as displays and the bars have them, and numbers of cards.
fn without_times(screens: &str) -> String {
    let word = |word: &str| {
        let is_age = word.len() == 8 && word.bytes().filter(|byte| *byte == b':').count() == 2;
        let is_time = word.len() == 20 && word.ends_with('Z');
        match (is_age, is_time) {
            (true, _) => "hh:mm:ss".to_owned(),
            (_, true) => "yyyy-mm-ddThh:mm:ssZ".to_owned(),
            _ => word.to_owned(),
        }
    };
    let line = |line: &str| line.split(' ').map(word).collect::<Vec<_>>().join(" ");
    // Cards are counted, and a long path takes two of them.
    let card = |line: String| match line.split_at_checked(6) {
        Some((number, rest)) if number.trim().parse::<u32>().is_ok() => format!("     N{rest}"),
        _ => line,
    };
    screens.lines().map(|text| card(line(text)) + "\n").collect()
}

#[test]
fn a_session_on_a_terminal() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let script = [
        // Completion, the wrong word, history.
        "at zoxy>",
        r"send D FIL\t",
        "wait D FILTERS",
        r"send \r",
        "wait END OF FILTERS",
        "at zoxy>",
        r"send F DRIAN SSHD\r",
        "wait enter F DRAIN profile",
        "at zoxy>",
        r"send \x1b[A\x1b[A",
        "at zoxy> D FILTERS",
        r"send \r",
        "at zoxy>",
        r"send d r\r",
        "wait END OF R",
        "at zoxy>",
        "show",
        r"send QUIT\r",
        "end",
    ];
    let screens = terminal(&world, &script);
    assert_expected("screen.txt", &without_times(&screens));
    let history = std::fs::read_to_string(world.path(".zoxy_history")).expect("a history");
    assert!(history.contains("F DRIAN SSHD") && history.contains("D FILTERS"), "{history}");
    drop(tunnel);
}

#[test]
fn a_display_that_redraws() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.logged_in(Socks::V5);
    let mut data = client.start(Mode::Pasv, "STOR LONG.BIN");
    data.write_all(&[7; 54_321]).expect("data is taken");
    // What is watched changes while it is watched.
    let more = std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            eventually("somebody to watch", || {
                let shown = text(&scene.zoxy.ctl(&["D", "FTP"]).stdout);
                shown.contains("54321").then_some(())
            });
            data.write_all(&[7; 400_000]).expect("data is taken");
        });
        let script = [
            "at zoxy>",
            r"send WATCH NONSENSE\r",
            "wait is not possible",
            "at zoxy>",
            r"send WATCH FTP 1\r",
            "wait 1 transfer(s), 1 dialogue(s)",
            "wait 443.7K",
            "wait any key ends",
            "show",
            "send x",
            // The other screen is back.
            "at zoxy>",
            r"send QUIT\r",
            "end",
        ];
        let screens = terminal(&world, &script);
        writer.join().expect("the writer does not fail");
        screens
    });
    let bar = format!("[...#{}]    -    443.7K", ".".repeat(26));
    for piece in ["STOR up   ", "LONG.BIN", bar.as_str(), "every 1 s, any key ends", "RC 0"] {
        assert!(more.contains(piece), "no {piece} in:\n{more}");
    }
    drop(data);
    client.expect(226);
}

#[test]
fn a_file_s_length_is_shown() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let file = std::fs::File::create(scene.ftpd.folder.join("BIG")).expect("a file is made");
    file.set_len(1 << 30).expect("it may have holes");
    let mut client = scene.logged_in(Socks::V5);
    let mut data = client.start(Mode::Epsv, "RETR BIG");
    data.read_exact(&mut [0; 1 << 20]).expect("data comes");
    let transfer = eventually("the length of the file", || {
        let value = json(&scene.zoxy.ctl(&["--json", "D", "FTP"]).stdout);
        let transfer = value["rows"][0]["transfer"].clone();
        transfer["size"].as_u64().map(|_| transfer)
    });
    assert_eq!(transfer["size"], 1 << 30);
    let bytes = transfer["bytes"].as_u64().expect("a number");
    assert!((1 << 20..1 << 30).contains(&bytes), "{transfer}");
    client.abort();
}

/// One line of JSON.
#[track_caller]
fn json(bytes: &[u8]) -> Value {
    let line = text(bytes);
    assert_eq!(line.matches('\n').count(), 1, "one line: {line}");
    serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
}

#[test]
fn every_display_is_json_for_programs() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let echo = Server::echo();
    let _held = tunnel.connect(echo.address);
    for (display, rows, members) in [
        ("STATUS", 1, &["state", "uptime", "listeners", "memory"][..]),
        ("CONNS", 1, &["id", "client", "filter", "bytes_up"]),
        ("CONNS,ALL", 1, &["id"]),
        ("FTP", 0, &[]),
        ("TUNNELS", 1, &["session", "cipher", "host_key", "channels"]),
        ("FILTERS", 1, &["name", "hits"]),
        ("PROFILES", 1, &["state", "server", "clients"]),
        ("STATS", 1, &["accepted", "sessions", "warnings"]),
        ("R", 0, &[]),
        ("DEFAULTS", 3, &["scope", "keyword", "value", "set"]),
    ] {
        let output = tunnel.zoxy.ctl(&["-j", "D", display]);
        assert_eq!(output.status.code(), Some(0), "{display}: {output:?}");
        let value = json(&output.stdout);
        let name = display.split(',').next().unwrap_or_default();
        assert_eq!((&value["display"], &value["shown"]), (&name.into(), &value["total"]));
        let found = value["rows"].as_array().expect("rows");
        assert!(found.len() >= rows, "{display}: {value}");
        for member in members {
            assert!(!found[0][member].is_null(), "{display}: no {member} in {}", found[0]);
        }
    }
    let value = json(&tunnel.zoxy.ctl(&["--json", "F", "QUIESCE"]).stdout);
    assert_eq!((&value["rc"], &value["messages"][0]["id"]), (&0.into(), &"ZOX0030I".into()));
    let value = json(&tunnel.zoxy.ctl(&["--json", "F", "DRAIN", "WHAT"]).stdout);
    assert_eq!((&value["rc"], &value["messages"][0]["severity"]), (&8.into(), &"E".into()));
}

#[test]
fn commands_come_line_by_line() {
    let world = World::new();
    let _tunnel = Tunnel::start(&world);
    let console = world.path("console").display().to_string();
    let input = b"* a night's commands\nD R\n\nF QUIESCE\nF QUIESCE\nF RESUME\n";
    let output = run_on(&mut proxy::command(&["ctl", "-s", &console]), input);
    assert_eq!(output.status.code(), Some(4), "the worst: {output:?}");
    let said = text(&output.stdout);
    for id in ["ZOX0501I END OF R", "ZOX0030I", "ZOX0532W", "ZOX0031I"] {
        assert_eq!(said.matches(id).count(), 1, "{id} in {said}");
    }
}
