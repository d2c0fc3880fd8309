//! The operator's console through `zoxy ctl`.

use std::os::unix::fs::PermissionsExt;

use crate::world::{Server, Tunnel, World, account, proxy, run, text};

/// Runs a command that has to succeed and gives what it printed.
fn display(tunnel: &Tunnel, words: &[&str]) -> String {
    let output = tunnel.zoxy.ctl(words);
    assert_eq!(output.status.code(), Some(0), "{words:?}: {output:?}");
    let answer = text(&output.stdout);
    let widest = answer.lines().map(|line| line.chars().count()).max();
    assert!(widest.unwrap_or(0) <= 80, "wider than a screen:\n{answer}");
    answer
}

#[test]
fn displays() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let echo = Server::echo();
    let _held = tunnel.connect(echo.address);

    let status = display(&tunnel, &["D", "STATUS"]);
    assert!(status.contains(env!("CARGO_PKG_VERSION")), "{status}");

    let connections = display(&tunnel, &["D", "CONNS"]);
    for piece in ["127.0.0.1", &format!("127.0.0.1:{}", echo.port()), "REST"] {
        assert!(connections.contains(piece), "no {piece} in:\n{connections}");
    }

    let tunnels = display(&tunnel, &["d", "tunnels"]);
    for piece in ["SSHD", &account().name] {
        assert!(tunnels.contains(piece), "no {piece} in:\n{tunnels}");
    }

    let filters = display(&tunnel, &["D", "FILTERS"]);
    for piece in ["REST", "TUNNEL", "SSHD"] {
        assert!(filters.contains(piece), "no {piece} in:\n{filters}");
    }
}

#[test]
fn wrong_command_is_explained() {
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let output = tunnel.zoxy.ctl(&["D", "NONSENSE"]);
    assert_ne!(output.status.code(), Some(0));
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(said.contains("NONSENSE") && said.contains("STATUS"), "no help in: {said}");
}

#[test]
fn socket_is_the_owners_alone() {
    let world = World::new();
    let _tunnel = Tunnel::start(&world);
    let mode = world.path("console").metadata().expect("the socket exists").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn nobody_there() {
    let world = World::new();
    let path = world.path("nobody").display().to_string();
    let output = run(&mut proxy::command(&["ctl", "-s", &path, "D", "STATUS"]));
    assert_eq!(output.status.code(), Some(12), "{output:?}");
}
