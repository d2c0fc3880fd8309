//! D FTP on the console: dialogues, and transfers under way.

use std::fs::File;
use std::io::{Read, Write};

use crate::world::{FtpClient, FtpScene, Mode, Socks, SshHost, World, account, eventually, text};

const MODES: [Mode; 5] = [Mode::Pasv, Mode::Epsv, Mode::PortBind, Mode::Port, Mode::Eprt];

/// Waits until D FTP shows all of `pieces`, and gives what it showed.
#[track_caller]
fn shown(scene: &FtpScene, pieces: &[&str]) -> String {
    eventually(&format!("{pieces:?} in D FTP"), || {
        let output = scene.zoxy.ctl(&["D", "FTP"]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        let display = text(&output.stdout);
        assert!(display.lines().all(|line| line.chars().count() <= 80), "too wide:\n{display}");
        assert!(!display.contains(&account().password), "a password in:\n{display}");
        pieces.iter().all(|piece| display.contains(piece)).then_some(display)
    })
}

fn upload(scene: &FtpScene, client: &mut FtpClient, mode: Mode) {
    let mut data = client.start(mode, "STOR PUT.BIN");
    data.write_all(&[0; 54_321]).expect("data is taken");
    shown(scene, &["RELAYING     1 STOR up     54321 ", "STOR PUT.BIN\n"]);
    data.write_all(&[0; 44_444]).expect("data is taken");
    let display =
        shown(scene, &["RELAYING     1 STOR up     98765 ", "ZOX0501I END OF FTP, 1 OF 1"]);
    let totals = display.lines().find(|line| line.starts_with("   TOTAL "));
    assert!(totals.is_some_and(|line| line.contains(" 1 1           98765 ")), "{display}");
    for piece in [&account().name, &scene.ftpd.socket().to_string(), "via 127.0.0.1:"] {
        assert!(display.contains(piece), "no {piece} in:\n{display}");
    }
    drop(data);
    client.expect(226);
    shown(scene, &["RELAYING     0 -               -       -        - "]);
}

fn download(scene: &FtpScene, client: &mut FtpClient, mode: Mode) {
    let mut data = client.start(mode, "RETR ENDLESS");
    data.read_exact(&mut vec![0; 2 << 20]).expect("data comes");
    let display = shown(scene, &["RELAYING     1 RETR down ", "RETR ENDLESS\n"]);
    let row = display.lines().find(|line| line.contains("RETR down")).unwrap_or_default();
    let bytes = row.split_whitespace().nth(5).unwrap_or_default();
    assert!(bytes.ends_with(['M', 'G']), "2 MB have come, not {bytes}:\n{display}");
    client.abort();
    drop(data);
    client.reply();
    client.reply();
}

#[test]
fn transfers_in_progress() {
    let world = World::new();
    let scene =
        FtpScene::start_with(&world, SshHost::Target, &["async_abor_enable=YES"], |deck| deck);
    let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(4 << 30).expect("it may have holes");
    for mode in MODES {
        let mut client = scene.logged_in(Socks::V5);
        upload(&scene, &mut client, mode);
        download(&scene, &mut client, mode);
        client.ask("QUIT", 221);
        client.expect_end();
        shown(&scene, &["END OF FTP, 0 OF 0"]);
    }
}

#[test]
fn a_dialogue_before_its_login() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut client = scene.client(Socks::V4);
    let display = shown(&scene, &["GATE         0 - ", "END OF FTP, 1 OF 1"]);
    assert!(!display.contains(" via "), "no SSH session yet:\n{display}");
    client.ask("USER SOMEBODY", 331);
    shown(&scene, &["user SOMEBODY"]);
}
