//! Thousands of connections leave nothing behind.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::world::{Server, Tunnel, World, deadline, eventually, scaled};

/// Memory that may stay: allocators keep freed pages, emulators keep translated code.
fn memory_slack_kib() -> usize {
    scaled(16 * 1024, 96 * 1024)
}

/// Sends a few bytes, ends its side and expects them back.
fn echo_and_close(mut stream: TcpStream, number: usize) {
    let data = number.to_be_bytes();
    stream.write_all(&data).expect("the tunnel takes data");
    stream.shutdown(Shutdown::Write).expect("a TCP socket");
    let mut got = Vec::new();
    stream.read_to_end(&mut got).expect("the tunnel gives data");
    assert_eq!(got, data);
}

/// A tunnel whose one session stays, after one connection has warmed it up.
fn warm(world: &World, target: SocketAddr) -> Tunnel {
    let tunnel = Tunnel::start_with(world, &[], |deck| {
        deck.set("SSHD", "IDLETIME", "3600").set("SSHD", "SESSIONS", "1")
    });
    echo_and_close(tunnel.connect(target), 0);
    tunnel
}

/// Waits until descriptors and memory are back to what they were.
fn nothing_left(tunnel: &Tunnel, descriptors: usize, memory: usize) {
    eventually("the descriptors to be closed", || {
        (tunnel.zoxy.descriptors() <= descriptors).then_some(())
    });
    eventually("the memory to be given back", || {
        (tunnel.zoxy.resident() <= memory + memory_slack_kib()).then_some(())
    });
}

#[test]
fn one_after_another() {
    let world = World::new();
    let echo = Server::echo();
    let tunnel = warm(&world, echo.address);
    let (descriptors, memory) = (tunnel.zoxy.descriptors(), tunnel.zoxy.resident());
    for number in 0..scaled(10_000, 500) {
        echo_and_close(tunnel.connect(echo.address), number);
    }
    nothing_left(&tunnel, descriptors, memory);
}

#[test]
fn many_at_once() {
    // Both ends of every connection are in this process.
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised).expect("the soft limit may be raised to the hard one");
    let world = World::new();
    let echo = Server::echo();
    let tunnel = warm(&world, echo.address);
    let (descriptors, memory) = (tunnel.zoxy.descriptors(), tunnel.zoxy.resident());
    let count = scaled(500, 100);
    let mut streams: Vec<_> = (0..count).map(|_| tunnel.connect(echo.address)).collect();
    for (number, stream) in streams.iter_mut().enumerate() {
        stream.write_all(&number.to_be_bytes()).expect("the tunnel takes data");
    }
    for (number, stream) in streams.iter_mut().enumerate() {
        let mut got = [0; size_of::<usize>()];
        stream.read_exact(&mut got).expect("the tunnel gives data");
        assert_eq!(got, number.to_be_bytes());
    }
    drop(streams);
    nothing_left(&tunnel, descriptors, memory);
}

#[test]
fn clients_that_vanish_while_connecting() {
    let world = World::new();
    let echo = Server::echo();
    let tunnel = warm(&world, echo.address);
    let (descriptors, memory) = (tunnel.zoxy.descriptors(), tunnel.zoxy.resident());
    let hole = crate::world::BlackHole::new();
    for _ in 0..scaled(200, 50) {
        for target in [echo.address, hole.address()] {
            let mut stream = crate::world::socks::dial(tunnel.port);
            let request = crate::world::socks::request5(1, target);
            stream.write_all(&[&[5, 1, 0], &request[..]].concat()).expect("the proxy reads");
        }
    }
    // Deadline above OPENTIME would hide a channel that only its time-out frees.
    assert!(deadline().as_secs() <= 30 || crate::world::emulated());
    nothing_left(&tunnel, descriptors, memory);
    echo_and_close(tunnel.connect(echo.address), 1);
}
