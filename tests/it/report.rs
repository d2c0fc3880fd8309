//! `zoxy report` and the samples that load accounting records, on the log of real transfers.

use std::path::{Path, PathBuf};
use std::process::Command;

use zoxy::message::catalogue::FTP_TRANSFER;

use crate::world::{FtpScene, Mode, Socks, World, account, program, proxy, run, run_on, text};

/// A log with two transfers that were completed and one that was refused.
fn transfers(world: &World) -> (FtpScene, PathBuf) {
    let scene = FtpScene::start(world);
    let mut client = scene.logged_in(Socks::V5);
    client.put(Mode::Pasv, "STOR ONE FILE.BIN", &[7; 12_345]);
    assert_eq!(client.get(Mode::Epsv, "RETR ONE FILE.BIN").len(), 12_345);
    let data = client.prepare(Mode::Pasv).expect("a data connection");
    client.ask("RETR MISSING", 550);
    drop(data);
    scene.zoxy.log.wait_message(&FTP_TRANSFER, &["MISSING"]);
    let log = scene.zoxy.log.path().to_owned();
    (scene, log)
}

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/report").join(name)
}

#[test]
fn transfers_of_a_log_are_summed_up() {
    let world = World::new();
    let (_scene, log) = transfers(&world);
    let log = log.display().to_string();
    let output = run(&mut proxy::command(&["report", &log]));
    assert_eq!(output.status.code(), Some(4), "one was not completed: {output:?}");
    let shown = text(&output.stdout);
    assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
    let row = |name: &str, rest: &str| {
        let line = shown.lines().find(|line| line.split(' ').next() == Some(name));
        let line = line.unwrap_or_else(|| panic!("no {name} in:\n{shown}"));
        let words: Vec<_> = line.split_whitespace().skip(1).take(3).collect();
        assert_eq!(words.join(" "), rest, "{name}");
    };
    row(&account().name, "3 1 24690");
    row("127.0.0.1", "3 1 24690");
    row("COMPLETE", "2 0 24690");
    row("REFUSED", "1 1 0");
    row("TOTAL", "3 1 24690");
    assert!(shown.contains("RETR REFUSED reply 550, 0 bytes"), "{shown}");

    let bytes = std::fs::read(&log).expect("a log");
    let output = run_on(&mut proxy::command(&["report", "--json", "-d", "today"]), &bytes);
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    // Unless midnight came between.
    if value["total"]["transfers"] != 0 {
        assert_eq!(value["hosts"]["127.0.0.1"]["bytes"], 24_690);
        assert_eq!(value["not_completed"][0]["name"], "MISSING");
    }
    let output = run_on(&mut proxy::command(&["report", "-d", "1999-12-31"]), &bytes);
    assert_eq!(output.status.code(), Some(0), "nothing, so nothing failed");
}

#[test]
fn awk_counts_as_zoxy_does() {
    let world = World::new();
    let (_scene, log) = transfers(&world);
    let mut awk = Command::new(program("awk", "mawk"));
    let output = run(awk.arg("-f").arg(sample("transfers.awk")).arg(&log));
    assert!(output.status.success(), "{output:?}");
    let shown = text(&output.stdout);
    let row = shown.lines().find(|line| line.starts_with(&account().name)).unwrap_or_default();
    let words: Vec<_> = row.split_whitespace().skip(1).take(3).collect();
    assert_eq!(words, ["3", "1", "24690"], "{shown}");
}

#[test]
fn sqlite_loads_them_once() {
    let world = World::new();
    let (_scene, log) = transfers(&world);
    let database = world.path("transfers.db");
    let load = || {
        let mut awk = Command::new(program("awk", "mawk"));
        awk.args(["-v", "tsv=1", "-f"]).arg(sample("transfers.awk")).arg(&log);
        let lines = run(&mut awk).stdout;
        let mut sqlite = Command::new(program("sqlite3", "sqlite3"));
        let read = format!(".read {}", sample("transfers.sql").display());
        let output = run_on(sqlite.arg("-bail").arg(&database).arg(read), &lines);
        assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    };
    load();
    load();
    let ask = |query: &str| {
        let mut sqlite = Command::new(program("sqlite3", "sqlite3"));
        text(&run(sqlite.arg(&database).arg(query)).stdout)
    };
    let names = ask("SELECT name, result, reply, bytes FROM transfer ORDER BY started");
    let expected = "ONE FILE.BIN|COMPLETE|226|12345\nONE FILE.BIN|COMPLETE|226|12345\n\
                    MISSING|REFUSED|550|0\n";
    assert_eq!(names, expected);
    let sum = ask("SELECT user, sum(transfers), sum(bytes) FROM by_day GROUP BY user");
    assert_eq!(sum, format!("{}|3|24690\n", account().name));
}
