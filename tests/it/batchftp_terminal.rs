//! The batch FTP client on a terminal: prompts, a password that is not shown, progress.

use std::fs;

use zoxy::message::catalogue::BATCH_TRANSFERRED;

use crate::world::terminal::terminal;
use crate::world::{Batch, Ftpd, account};

#[test]
fn somebody_who_types_is_asked_and_sees_progress() {
    let batch = Batch::new();
    let world = &batch.jobs.world;
    // Slow enough that progress is shown, several times.
    let ftpd = Ftpd::start(world, &["local_max_rate=100000"]);
    fs::write(ftpd.folder.join("big"), [7; 300_000]).expect("the folder is ours");
    let (host, port) = (ftpd.address.to_string(), ftpd.port.to_string());
    let mut command = batch.jobs.command(&["ftp", "-t", "20", &host, &port]);
    command.env("HOME", world.path("")).env("COLUMNS", "80");
    let user = format!(r"send {}\r", account().name);
    let password = format!(r"send {}\r", account().password);
    let received = format!("wait {}", BATCH_TRANSFERRED.id());
    let script = [
        "at User:",
        &user,
        "at Password:",
        &password,
        "at Command:",
        r"send binary\r",
        "wait 200 ",
        "at Command:",
        r"send get big\r",
        "wait  KB/s",
        "show",
        &received,
        "at Command:",
        "show",
        r"send quit\r",
        "end",
    ];
    let screens = terminal(&command, &script);
    assert!(!screens.contains(&account().password), "a password is shown");
    // The progress of a transfer is one line, and gone when the transfer is over.
    let progress = |line: &&str| {
        let words: Vec<_> = line.split_whitespace().collect();
        matches!(words[..], [count, "bytes", rate, "KB/s"]
            if count.parse().is_ok_and(|count: u64| (1..=300_000).contains(&count))
                && rate.parse().is_ok_and(|rate: f64| rate > 0.0))
    };
    let (before, after) = screens.split_once(&BATCH_TRANSFERRED.id()).expect("it came");
    assert_eq!(before.lines().filter(progress).count(), 1, "{screens}");
    assert_eq!(after.lines().filter(progress).count(), 0, "{screens}");
    assert!(screens.ends_with("RC 0\n"), "{screens}");
    assert_eq!(fs::read(world.path("big")).expect("it came"), [7; 300_000]);
}
