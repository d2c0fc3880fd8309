//! Batch FTP through TUNNEL, passive: control and data connections are two SOCKS requests.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use zoxy::message::catalogue::CONNECTED_TUNNEL;

use crate::world::pattern::Pattern;
use crate::world::{Ftpd, Tunnel, World, account, program, run, text};

/// A binary file of an odd size.
const BINARY: usize = 1_234_567;

/// Runs tnftp under socksify with a batch of puts and gets, binary and ASCII, and compares.
/// `modes` are tnftp's options, such as `-p` for passive.
pub fn batch_puts_and_gets(world: &World, ftpd: &Ftpd, proxy: u16, modes: &str) {
    let binary = Pattern::new(11).take(BINARY);
    let lines: String = (0..2000).map(|n| format!("RECORD {n:06} OF THE BATCH\n")).collect();
    world.write("up.bin", &binary);
    world.write("up.txt", &lines);
    let script = format!(
        "user {user} {password}\n\
         lcd {folder}\n\
         binary\n\
         put up.bin ONE.BIN\n\
         put up.bin TWO.BIN\n\
         get ONE.BIN back.bin\n\
         ascii\n\
         put up.txt ONE.TXT\n\
         get ONE.TXT back.txt\n\
         dir\n\
         delete TWO.BIN\n\
         bye\n",
        user = account().name,
        password = account().password,
        folder = world.path("").display(),
    );
    let output = run(Command::new(program("socksify", "dante-client"))
        .env("SOCKS_CONF", socks_conf(world, proxy))
        // Or dante connects to loopback addresses directly.
        .env("SOCKS_AUTOADD_LANROUTES", "no")
        .arg(program("tnftp", "tnftp"))
        .args(["-n", "-v", modes, "127.0.0.1", &ftpd.port.to_string()])
        .stdin(fs::File::open(world.write("script", script)).expect("it was just written")));
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "tnftp: {said}");
    let read = |path: PathBuf| fs::read(&path).unwrap_or_else(|_| panic!("{path:?}: {said}"));
    assert!(read(ftpd.folder.join("ONE.BIN")) == binary, "the binary file there: {said}");
    assert!(read(world.path("back.bin")) == binary, "the binary file back: {said}");
    assert!(read(ftpd.folder.join("ONE.TXT")) == lines.as_bytes(), "the text there: {said}");
    assert!(read(world.path("back.txt")) == lines.as_bytes(), "the text back: {said}");
    assert!(!ftpd.folder.join("TWO.BIN").exists(), "the deleted file is still there: {said}");
}

/// A configuration that makes socksify send everything to the proxy, loopback too.
fn socks_conf(world: &World, proxy: u16) -> PathBuf {
    let text = format!(
        "resolveprotocol: fake\n\
         route {{\n\
         from: 0.0.0.0/0 to: 0.0.0.0/0 via: 127.0.0.1 port = {proxy}\n\
         command: bind connect\n\
         protocol: tcp\n\
         proxyprotocol: socks_v5\n\
         method: none\n\
         }}\n"
    );
    world.write("socks.conf", text)
}

#[test]
fn curl_puts_and_gets() {
    let world = World::new();
    let ftpd = Ftpd::start(&world, &[]);
    let tunnel = Tunnel::start(&world);
    let file = world.write("up", Pattern::new(5).take(BINARY));
    let curl = |arguments: &[&str]| {
        let output = run(Command::new(program("curl", "curl"))
            .env_clear()
            .args(["-q", "--silent", "--show-error", "--max-time", "90"])
            .args(["--socks5", &format!("127.0.0.1:{}", tunnel.port)])
            .args(["--user", &format!("{}:{}", account().name, account().password)])
            .args(arguments)
            .arg(format!("ftp://127.0.0.1:{}/CURL.BIN", ftpd.port)));
        assert!(output.status.success(), "curl: {}", text(&output.stderr));
        output.stdout
    };
    for passive in ["--disable-epsv", "--ftp-pasv"] {
        curl(&[passive, "--upload-file", &file.display().to_string()]);
        let there = fs::read(ftpd.folder.join("CURL.BIN")).expect("the file was put");
        assert!(there == Pattern::new(5).take(BINARY), "{passive}: wrong bytes there");
        assert!(curl(&[passive]) == there, "{passive}: wrong bytes back");
    }
    let carried = tunnel.zoxy.log.count(&[&CONNECTED_TUNNEL.id()]);
    assert_eq!(carried, 8, "a control and a data connection for each of four runs");
}
