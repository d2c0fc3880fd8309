//! The batch FTP client when things go wrong: return codes, and that no half file looks whole.

use std::fs;
use std::io::Write;
use std::process::Stdio;

use rustix::process::Signal;
use zoxy::message::catalogue::{
    BATCH_ERRORS_IGNORED, BATCH_INCOMPLETE, BATCH_LOCAL_FAILED, BATCH_NO_WAY, BATCH_NOT_CONNECTED,
    BATCH_OUTPUT_LOST, BATCH_STATEMENT_UNKNOWN, BATCH_STATEMENT_WRONG, BATCH_TRUNCATED,
};

use crate::world::ftp_scene::SshHost;
use crate::world::pattern::Pattern;
use crate::world::{
    Batch, FtpScene, Ftpd, Ran, Socks, Sshd, account, eventually, free_port, run_on,
};

/// A client's place with a scene of FTPTUN, active by SOCKS5.
fn scene() -> (Batch, FtpScene) {
    let batch = Batch::new();
    let scene = FtpScene::start(&batch.jobs.world);
    batch.configure(Socks::V5, scene.port, "");
    (batch, scene)
}

#[track_caller]
fn ended(ran: &Ran, code: i32, pieces: &[&str]) {
    assert_eq!(ran.code, Some(code), "{}{}", ran.out, ran.err);
    for piece in pieces {
        assert!(ran.out.contains(piece), "no {piece} in: {}{}", ran.out, ran.err);
    }
    assert!(!ran.out.contains(&account().password), "a password is shown");
}

/// A missing file, in every form of a return code; without EXIT it is 0, and that is said.
#[test]
fn a_missing_file_has_the_return_code_that_was_asked_for() {
    let (batch, scene) = scene();
    let subcommands = "get nothing 'IT.NONE'\nnoop\n";
    let missing = "EZA1735I Std Return Code = 16550, Error Code = 00002";
    // From a shell there is room for 255; as a step it is 166, see batchftp_jobs.
    ended(&batch.ftp(&["-e"], &scene.ftpd, subcommands), 166, &[missing]);
    ended(&batch.ftp(&["--exit-code=8"], &scene.ftpd, subcommands), 8, &[missing]);
    for (value, code) in [("TRUE", 2), ("EXTENDED", 216)] {
        let statements = format!("CLIENTEXIT TRUE\nCLIENTERRCODES {value}\n");
        batch.configure(Socks::V5, scene.port, &statements);
        ended(&batch.ftp(&[], &scene.ftpd, subcommands), code, &[missing]);
    }
    batch.configure(Socks::V5, scene.port, "");
    let ran = batch.ftp(&[], &scene.ftpd, subcommands);
    ended(&ran, 0, &[&BATCH_ERRORS_IGNORED.id(), ">>> NOOP"]);
    assert!(!batch.has("IT.NONE") && !batch.has("IT.NONE.attr"), "a data set was left behind");
}

#[test]
fn a_refused_login_is_11() {
    let (batch, scene) = scene();
    let input = format!("{}\nwrong-pass-word\nput x\nquit\n", account().name);
    let ran: Ran = run_on(&mut batch.command(&["-e"], &scene.ftpd), input.as_bytes()).into();
    // 26530 modulo 4096 is 1954: more than a shell has room for.
    ended(&ran, 255, &["EZA1735I Std Return Code = 26530, Error Code = 00011"]);
    assert!(!ran.out.contains("wrong-pass-word"), "{}", ran.out);
}

/// Lines that answer prompts are never taken for subcommands, and never shown.
#[test]
fn a_password_is_not_shown_when_there_is_no_connection() {
    let (batch, mut scene) = scene();
    scene.ftpd.kill();
    let ran = batch.ftp(&[], &scene.ftpd, "put x\n");
    ended(&ran, 0, &[&BATCH_ERRORS_IGNORED.id()]);
    // Whatever the line is, one that is no subcommand is not repeated.
    let input = format!("{}\n{}\nsesame-opens\nquit\n", account().name, account().password);
    let ran: Ran = run_on(&mut batch.command(&[], &scene.ftpd), input.as_bytes()).into();
    assert!(!ran.out.contains("sesame"), "{}", ran.out);
}

#[test]
fn a_server_that_is_not_there_is_8() {
    let (batch, scene) = scene();
    batch.configure(Socks::V4, free_port(), "CLIENTERRCODES TRUE\n");
    ended(&batch.ftp(&["-e"], &scene.ftpd, ""), 8, &[&BATCH_NOT_CONNECTED.id()]);
    // Nothing goes past the proxy that was not said to.
    let socks = batch.jobs.world.write("socks", "DIRECT 10.0.0.0 255.0.0.0\n");
    let statements = format!("SOCKSCONFIGFILE {}\nCLIENTERRCODES TRUE\n", socks.display());
    batch.jobs.world.write("ftpdata", statements);
    ended(&batch.ftp(&["-e"], &scene.ftpd, ""), 8, &[&BATCH_NO_WAY.id(), "127.0.0.1"]);
}

/// The server makes no data connection: its refusal is what failed, not a connection.
#[test]
fn a_data_connection_that_is_refused_fails_the_transfer() {
    let batch = Batch::new();
    let world = &batch.jobs.world;
    let extra = ["pasv_enable=NO", "port_enable=NO"];
    let scene = FtpScene::around(
        world,
        SshHost::Target,
        Ftpd::start(world, &extra),
        Sshd::start(world, &[]),
        |deck| deck,
    );
    // The proxy's reply to PORT, for the server gives no port; the server's own to PASV.
    for (statements, said) in [
        ("", "Std Return Code = 16425, Error Code = 00002"),
        ("FWFRIENDLY TRUE\n", "Std Return Code = 16550, Error Code = 00002"),
    ] {
        let statements = format!("{statements}CLIENTERRCODES TRUE\n");
        batch.configure(Socks::V5, scene.port, &statements);
        fs::write(scene.ftpd.folder.join("there"), "x").expect("the folder is ours");
        let ran = batch.ftp(&["-e"], &scene.ftpd, "get there 'IT.GOT'\n");
        ended(&ran, 2, &[said]);
        assert!(!batch.has("IT.GOT"), "{}", ran.out);
    }
}

/// BIND is refused where the filter is no FTPTUN: EZA2233I has the reply field.
#[test]
fn a_bind_that_is_refused_is_told_with_its_reply() {
    let batch = Batch::new();
    let world = &batch.jobs.world;
    let tunnel = crate::world::Tunnel::start(world);
    let ftpd = Ftpd::start(world, &[]);
    batch.configure(Socks::V4, tunnel.port, "CLIENTERRCODES TRUE\n");
    let ran = batch.ftp(&["-e"], &ftpd, "binary\nput ftpdata x\n");
    ended(&ran, 8, &["EZA2233I", "Error Code = 00008"]);
    assert!(!ftpd.folder.join("x").exists());
}

#[test]
fn an_ssh_host_key_that_changed_ends_the_login() {
    let batch = Batch::new();
    let world = &batch.jobs.world;
    let mut sshd = Sshd::start(world, &[]);
    let old = sshd.fingerprint();
    sshd.kill();
    sshd.change_host_key(world);
    sshd.restart();
    let ftpd = Ftpd::start(world, &[]);
    let port = free_port();
    let deck = crate::world::ftp_scene::profile(SshHost::Target, &sshd, port).hostkey("SSHD", &old);
    let zoxy = crate::world::Zoxy::start(
        world,
        &crate::world::ftp_scene::filter(deck, SshHost::Target, &ftpd),
    );
    batch.configure(Socks::V5, port, "CLIENTERRCODES TRUE\n");
    let ran = batch.ftp(&["-e"], &ftpd, "put ftpdata x\n");
    ended(&ran, 10, &["421 ZOX4003E", "Std Return Code = 26421, Error Code = 00010"]);
    assert!(!ftpd.folder.join("x").exists());
    assert!(!zoxy.log.text().contains(&account().password));
}

/// The proxy is killed while a file comes: the data set is as it was before, the job sees it.
#[test]
fn a_proxy_that_dies_leaves_what_was_there() {
    let batch = Batch::new();
    let world = &batch.jobs.world;
    // Slow enough that it is in progress when the proxy goes.
    let mut scene = FtpScene::start_with(world, SshHost::Target, &["local_max_rate=200000"], |d| d);
    batch.configure(Socks::V5, scene.port, "CLIENTERRCODES TRUE\n");
    let old = Pattern::new(3).take(800);
    batch.dataset("IT.OLD", &old, &["copy", "--recfm", "FB", "--lrecl", "80"]);
    fs::write(scene.ftpd.folder.join("big"), Pattern::new(4).take(4_000_000)).expect("it is ours");
    for (number, subcommand) in
        ["get big 'IT.OLD' (REPLACE", "get big 'IT.NEW'"].into_iter().enumerate()
    {
        let mut child = batch
            .command(&["-e"], &scene.ftpd)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("zoxy can be started");
        let input =
            format!("{}\n{}\nbinary\n{subcommand}\nquit\n", account().name, account().password);
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        // Bytes of it have come.
        eventually("a transfer in progress", || {
            let displayed = scene.zoxy.ctl(&["--json", "D", "FTP"]).stdout;
            let displayed: serde_json::Value = serde_json::from_slice(&displayed).ok()?;
            let bytes = displayed["rows"][0]["transfer"]["bytes"].as_u64();
            bytes.filter(|bytes| *bytes > 0).map(drop)
        });
        if number == 0 {
            // The first time only the server's session goes.
            scene.ftpd.kill_sessions();
        } else {
            scene.zoxy.signal(Signal::KILL);
        }
        let ran: Ran = child.wait_with_output().expect("it ends").into();
        // The proxy says 421 while it can; either way the connection is lost.
        let said = if number == 0 { "Std Return Code = 16421" } else { "Std Return Code = 16" };
        ended(&ran, 10, &[said, &BATCH_INCOMPLETE.id()]);
    }
    assert!(batch.bytes("IT.OLD") == old, "the data set is not what it was");
    assert!(!batch.has("IT.NEW"), "half a data set is left");
    assert_eq!(scene.zoxy.wait(), None, "it was killed");
}

/// A record that cannot be a line: what was sent is not called whole.
#[test]
fn a_file_that_cannot_be_sent_whole_is_not_taken_for_whole() {
    let (batch, scene) = scene();
    batch.configure(Socks::V5, scene.port, "CLIENTERRCODES TRUE\nSBDATACONN (UTF-8,ISO8859-1)\n");
    let mut lines = "plain line\n".repeat(100_000);
    lines.push_str("\u{20ac}\n");
    batch.jobs.world.write("lines", &lines);
    let ran = batch.ftp(&["-e"], &scene.ftpd, "put lines x\n");
    ended(&ran, 21, &["record 100001", "U+20AC"]);
    assert!(!ran.out.contains("ZOX5016I"), "{}", ran.out);
    assert_eq!(scene.zoxy.log.count(&["ZOX4521I", "STOR", "COMPLETE"]), 0);
}

#[test]
fn local_files_are_protected_and_losses_are_told() {
    let (batch, scene) = scene();
    batch.configure(Socks::V5, scene.port, "CLIENTERRCODES TRUE\n");
    batch.dataset("IT.OLD", b"old\n", &["convert", "--recfm", "FB", "--lrecl", "10"]);
    fs::write(scene.ftpd.folder.join("long"), "0123456789ABC\nx\n").expect("the folder is ours");
    let get = "get long 'IT.OLD'";
    ended(&batch.ftp(&["-e"], &scene.ftpd, &format!("{get}\n")), 18, &[&BATCH_LOCAL_FAILED.id()]);
    let ran = batch.ftp(&["-e"], &scene.ftpd, &format!("locsite notruncate\n{get} (REPLACE\n"));
    ended(&ran, 21, &["record 1"]);
    let ran = batch.ftp(&["-e"], &scene.ftpd, &format!("{get} (REPLACE\n"));
    ended(&ran, 0, &[&BATCH_TRUNCATED.id(), "1 records cut off at LRECL 10"]);
    assert_eq!(batch.bytes("IT.OLD").len(), 20);
    ended(&batch.ftp(&["-e"], &scene.ftpd, "put 'IT.NOT.THERE'\n"), 18, &["IT.NOT.THERE"]);
    ended(&batch.ftp(&["-e"], &scene.ftpd, "mode b\n"), 7, &["MODE"]);
    ended(&batch.ftp(&["-e"], &scene.ftpd, "type e\n"), 2, &["failed"]);
}

#[test]
fn configurations_are_checked_before_anything_is_sent() {
    let (batch, scene) = scene();
    batch.configure(Socks::V5, scene.port, "SPEED FAST\n");
    ended(
        &batch.ftp(&["-e"], &scene.ftpd, "locstat\n"),
        0,
        &[&BATCH_STATEMENT_UNKNOWN.id(), "EZY2640I", "EZA2819I", "SOCKSCONFIGFILE /"],
    );
    batch.configure(Socks::V5, scene.port, "LRECL many\n");
    ended(&batch.ftp(&["-e"], &scene.ftpd, ""), 4, &[&BATCH_STATEMENT_WRONG.id(), "line 2"]);
}

/// A flaw of NETRC counts whichever host it is about, and without EXIT.
#[test]
fn netrc_is_checked_before_anything_is_sent() {
    let (batch, scene) = scene();
    let netrc = batch.jobs.world.write("netrc", "machine elsewhere login x\nmachine\n");
    let netrc = netrc.display().to_string();
    let ran = batch.ftp(&["-n", &netrc], &scene.ftpd, "pwd\n");
    ended(&ran, 4, &[&BATCH_STATEMENT_WRONG.id(), "line 2"]);
    assert!(!ran.out.contains("connecting"), "{}", ran.out);
}

/// Lines are told by their number, and secrets are hidden however they are written.
#[test]
fn what_may_be_a_secret_is_not_shown() {
    let (batch, scene) = scene();
    let subcommands = "; a comment\nsesame one\nquote pass\tsesame\nsite pswd sesame open\n";
    let ran = batch.ftp(&[], &scene.ftpd, subcommands);
    ended(
        &ran,
        0,
        &["line 4 of INPUT, which is not shown", "QUOTE pass ******", "SITE pswd ******"],
    );
    assert!(!ran.out.contains("sesame"), "{}", ran.out);
}

/// LRECL holds whichever RECFM is set behind it.
#[test]
fn the_length_of_records_is_that_which_was_set() {
    let (batch, scene) = scene();
    let line = "x".repeat(200);
    fs::write(scene.ftpd.folder.join("wide"), format!("{line}\n")).expect("the folder is ours");
    for (set, lrecl) in
        [("recfm=fb", 256), ("lrecl=240 recfm=fb", 240), ("lrecl=256 recfm=fb", 256)]
    {
        let ran = batch.ftp(&["-e"], &scene.ftpd, &format!("locsite {set}\nget wide 'IT.W'\n"));
        ended(&ran, 0, &[&format!("LRECL {lrecl}")]);
        assert_eq!(batch.bytes("IT.W").len(), lrecl, "{}", ran.out);
        let ran = batch.jobs.zoxy(&["ds", "delete", "//'IT.W'"]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    }
}

/// A full disk behind OUTPUT is told where it can be, and the file is sent all the same.
#[test]
fn output_that_is_lost_is_told() {
    let (batch, scene) = scene();
    let (user, password) = (&account().name, &account().password);
    let input = format!("{user}\n{password}\nput ftpdata sent\nquit\n");
    let input = batch.jobs.world.write("input", input);
    let full = fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let output = batch
        .command(&["-e"], &scene.ftpd)
        .stdin(fs::File::open(input).expect("it was written"))
        .stdout(full)
        .output()
        .expect("zoxy can be started");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{told}");
    assert_eq!(told.matches(&BATCH_OUTPUT_LOST.id()).count(), 1, "{told}");
    assert!(scene.ftpd.folder.join("sent").exists() && !told.contains(password), "{told}");
}

/// What operators do with the rest of the subcommands.
#[test]
fn subcommands_are_done() {
    let (batch, scene) = scene();
    let subcommands = "pwd\nmkdir d\ncd d\nput ftpdata a\nrename a b\nls\ndir\ncdup\nstatus\nsystem\n\
                       noop\n\
                       quote stat\nlpwd\nlcd /tmp\nlpwd\nsite umask 022\nsunique on\nput /etc/hostname u\n\
                       prompt\nverbose\nhelp\nlocstat\n\
                       sunique off\ndelete d/b\nrmdir d\nclose\n";
    let ran = batch.ftp(&["-e"], &scene.ftpd, subcommands);
    ended(
        &ran,
        0,
        &[
            "257",
            "NOOP ok",
            "RNTO b",
            "LPWD",
            "EXIT, CLIENTERRCODES FALSE",
            "TYPE A",
            "\nb\n",
            "local directory is /tmp",
            "STOU u",
            "RMD d",
        ],
    );
    assert!(!scene.ftpd.folder.join("d").exists());
    // OPEN goes on with the next server; an open connection is in its way.
    let (host, port) = (scene.ftpd.address, scene.ftpd.port);
    let (user, password) = (&account().name, &account().password);
    let input = format!("open {host} {port}\nuser {user} {password}\nopen {host}\n");
    let mut command = batch.jobs.command(&["ftp", "-e", "-f", "ftpdata"]);
    let ran: Ran = run_on(&mut command, input.as_bytes()).into();
    // 10000 modulo 4096 is 1808.
    ended(&ran, 255, &["CLOSE it before", "Error Code = 00006"]);
    // NETRC has the login.
    let netrc = format!("machine {host} login {user} password {password}\n");
    batch.jobs.world.write("netrc", netrc);
    let mut command = batch.command(&["-e", "-n", "netrc"], &scene.ftpd);
    let ran: Ran = run_on(&mut command, b"pwd\nquit\n").into();
    ended(&ran, 0, &["257"]);
}
