//! curl speaks every SOCKS version to the one port, through TUNNEL.

use std::io::Write;
use std::process::{Command, Stdio};

use zoxy::message::catalogue::{CONNECTED_TUNNEL, LOGIN_REFUSED};

use crate::world::pattern::Pattern;
use crate::world::{Server, Tunnel, World, program, proxy, run, scaled, socks, text};

/// Bytes of one download: several windows of a channel.
fn size() -> usize {
    scaled(5_000_000, 1_500_000)
}

/// Downloads `size()` bytes with curl and compares them.
fn download(arguments: &[&str], host: &str, port: u16) {
    let output = curl(arguments, host, port);
    assert!(output.status.success(), "curl {arguments:?}: {}", text(&output.stderr));
    assert!(output.stdout == Pattern::new(size() as u64).take(size()), "curl got wrong bytes");
}

fn curl(arguments: &[&str], host: &str, port: u16) -> std::process::Output {
    run(Command::new(program("curl", "curl"))
        .env_clear()
        .args(["-q", "--silent", "--show-error", "--max-time", "90"])
        .args(arguments)
        .arg(format!("http://{host}:{port}/{}", size())))
}

fn by_version(option: &str, host: &str) {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let server = Server::http();
    download(&[option, &format!("127.0.0.1:{}", tunnel.port)], host, server.port());
    let target = format!("{host}:{}", server.port());
    tunnel.zoxy.log.wait_message(&CONNECTED_TUNNEL, &[&target]);
}

#[test]
fn curl_socks4() {
    by_version("--socks4", "127.0.0.1");
}

#[test]
fn curl_socks4a_sends_the_name() {
    by_version("--socks4a", "localhost");
}

#[test]
fn curl_socks5() {
    by_version("--socks5", "127.0.0.1");
}

#[test]
fn curl_socks5_hostname_sends_the_name() {
    by_version("--socks5-hostname", "localhost");
}

#[test]
fn ipv6_target() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let server = Server::start_on("[::1]:0".parse().expect("an address"), |mut stream| {
        stream.write_all(b"six")
    });
    let mut stream = tunnel.connect(server.address);
    let got = crate::world::servers::read_to_end(&mut stream, crate::world::deadline());
    assert_eq!(got.expect("the target's bytes"), b"six");
}

#[test]
fn users_file_asks_for_name_and_password() {
    let world = World::new();
    let mut passwd = proxy::command(&["passwd", "-i", "1000", "BATCH1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("zoxy can be started");
    let mut input = passwd.stdin.take().expect("stdin is a pipe");
    input.write_all(b"S3cret word\n").expect("zoxy reads its input");
    drop(input);
    let line = passwd.wait_with_output().expect("zoxy ends");
    assert!(line.status.success(), "zoxy passwd: {:?}", line.status);
    let users = world.write("users", &line.stdout).display().to_string();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SOCKS", "USERS", &users));
    let server = Server::http();

    let proxy = format!("127.0.0.1:{}", tunnel.port);
    let right = ["--socks5", &proxy, "--proxy-user", "BATCH1:S3cret word"];
    download(&right, "127.0.0.1", server.port());

    let wrong = ["--socks5", &proxy, "--proxy-user", "BATCH1:S3cret wort"];
    let output = curl(&wrong, "127.0.0.1", server.port());
    assert_eq!(output.status.code(), Some(97), "curl: {}", text(&output.stderr));
    tunnel.zoxy.log.wait_message(&LOGIN_REFUSED, &["BATCH1"]);
    assert!(!tunnel.zoxy.log.text().contains("S3cret"), "a password in the log");

    let mut stream = socks::dial(tunnel.port);
    let method = socks::methods(&mut stream, &[0]).expect("the proxy answers");
    assert_eq!(method, 0xff, "a client that cannot log in is refused");
    let mut stream = socks::dial(tunnel.port);
    assert_eq!(socks::methods(&mut stream, &[0, 2]).expect("the proxy answers"), 2);
    let status = socks::login(&mut stream, "NOBODY", "S3cret word").expect("the proxy answers");
    assert_ne!(status, 0, "an unknown user got in");
}
