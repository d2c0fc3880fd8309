//! Who may use a listener.

use std::io::{Read, Write};

use zoxy::message::catalogue::CLIENT_REFUSED_ACCESS;

use crate::world::{Server, Tunnel, World, program, run, socks, text};

#[test]
fn only_listed_addresses_get_an_answer() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SOCKS", "CLIENTS", "127.0.0.2"));
    let mut stream = socks::dial(tunnel.port);
    let _ = stream.write_all(&[5, 1, 0]);
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0, "answered a client that is not listed");
    tunnel.zoxy.log.wait_message(&CLIENT_REFUSED_ACCESS, &["127.0.0.1"]);

    let server = Server::http();
    let output = run(std::process::Command::new(program("curl", "curl"))
        .env_clear()
        .args(["-q", "--silent", "--show-error", "--max-time", "60", "--interface", "127.0.0.2"])
        .args(["--socks5", &format!("127.0.0.1:{}", tunnel.port)])
        .arg(format!("http://127.0.0.1:{}/10", server.port())));
    assert!(output.status.success(), "a listed client: {}", text(&output.stderr));
}
