//! Programs that know nothing of SOCKS, made to use zoxy by dante's socksify and by proxychains4.

use std::process::Command;

use zoxy::message::catalogue::CONNECTED_TUNNEL;

use crate::ftp;
use crate::world::pattern::Pattern;
use crate::world::{Ftpd, Server, Tunnel, World, program, run, text};

/// A command under which a program is to run that knows nothing of SOCKS.
pub fn proxychains(world: &World, version: &str, proxy: u16) -> Command {
    let line = format!("{version} 127.0.0.1 {proxy}");
    let lines = format!("strict_chain\nquiet_mode\n[ProxyList]\n{line}\n");
    let config = world.write("proxychains.conf", lines);
    let mut command = Command::new(program("proxychains4", "proxychains4"));
    command.arg("-f").arg(config);
    command
}

#[test]
fn tnftp_under_socksify() {
    let world = World::new();
    let ftpd = Ftpd::start(&world, &[]);
    let tunnel = Tunnel::start(&world);
    ftp::batch_puts_and_gets(&world, &ftpd, tunnel.port, "-p");
    // socksify goes past its proxy when it can: one control, five transfers, one listing.
    assert_eq!(tunnel.zoxy.log.count(&[&CONNECTED_TUNNEL.id()]), 7);
}

#[test]
fn curl_under_proxychains() {
    const SIZE: usize = 300_000;
    let world = World::new();
    let tunnel = Tunnel::start(&world);
    let server = Server::http();
    for (number, version) in ["socks4", "socks5"].into_iter().enumerate() {
        let output = run(proxychains(&world, version, tunnel.port)
            .arg(program("curl", "curl"))
            .args(["-q", "--silent", "--show-error", "--noproxy", "*", "--max-time", "60"])
            .arg(format!("http://127.0.0.1:{}/{SIZE}", server.port())));
        assert!(output.status.success(), "{version}: {}", text(&output.stderr));
        assert!(output.stdout == Pattern::new(SIZE as u64).take(SIZE), "{version}: wrong bytes");
        let carried = tunnel.zoxy.log.count(&[&CONNECTED_TUNNEL.id()]);
        assert_eq!(carried, number + 1, "{version} went past the proxy");
    }
}
