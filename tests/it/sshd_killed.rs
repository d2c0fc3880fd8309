//! The SSH server dies in mid-transfer: clients are told at once, the next one gets a new session.

use std::io::Read;
use std::time::{Duration, Instant};

use zoxy::message::catalogue::{SESSION_LOST, SESSION_OPENED};

use crate::world::pattern::Pattern;
use crate::world::{Server, Tunnel, World, emulated, eventually, read_once, socks};

#[test]
fn clients_are_told_and_the_next_connection_works() {
    let world = World::new();
    let mut tunnel = Tunnel::start(&world);
    let endless = Server::start(|mut stream| Pattern::new(1).write(&mut stream, u64::MAX));
    let mut streams: Vec<_> = (0..3).map(|_| tunnel.connect(endless.address)).collect();
    for stream in &mut streams {
        stream.read_exact(&mut vec![0; 100_000]).expect("the transfer runs");
    }

    tunnel.sshd.kill();
    let killed = Instant::now();
    for stream in &mut streams {
        // An end or a reset, whatever was on its way first.
        let mut buffer = vec![0; 64 * 1024];
        while read_once(stream, &mut buffer).is_ok_and(|length| length > 0) {}
    }
    let limit = Duration::from_secs(if emulated() { 20 } else { 5 });
    assert!(killed.elapsed() < limit, "told after {:?}", killed.elapsed());
    tunnel.zoxy.log.wait_message(&SESSION_LOST, &[]);

    tunnel.sshd.restart();
    let echo = Server::echo();
    eventually("a connection after the restart", || {
        socks::try_connect(tunnel.port, echo.address).ok()
    });
    assert_eq!(tunnel.zoxy.log.count(&[&SESSION_OPENED.id()]), 2);
}
