//! SIGTERM: running connections get their time, new ones are refused, the return code is 0.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use rustix::process::Signal;
use zoxy::message::catalogue::{DRAIN_ENDED, STOPPED, STOPPING};

use crate::world::{Server, Tunnel, World, emulated, eventually, read_once, socks};

#[test]
fn running_connections_may_finish() {
    let world = World::new();
    let mut tunnel = Tunnel::start(&world);
    let echo = Server::echo();
    let mut running = tunnel.connect(echo.address);
    tunnel.zoxy.signal(Signal::TERM);
    tunnel.zoxy.log.wait_message(&STOPPING, &[]);
    eventually("new connections to be refused", || {
        match TcpStream::connect((Ipv4Addr::LOCALHOST, tunnel.port)) {
            Err(_) => Some(()),
            Ok(_) => socks::try_connect(tunnel.port, echo.address).err().map(drop),
        }
    });
    running.write_all(b"nearly done").expect("the connection lives");
    let mut got = [0; 11];
    running.read_exact(&mut got).expect("the connection lives");
    assert_eq!(&got, b"nearly done");
    drop(running);
    assert_eq!(tunnel.zoxy.wait(), Some(0));
    tunnel.zoxy.log.wait_message(&STOPPED, &[]);
}

#[test]
fn drain_time_ends_the_rest() {
    let world = World::new();
    let mut tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("*", "DRAINTIME", "1"));
    let echo = Server::echo();
    let mut running = tunnel.connect(echo.address);
    let start = Instant::now();
    tunnel.zoxy.signal(Signal::TERM);
    assert_eq!(read_once(&mut running, &mut [0]).unwrap_or(0), 0, "bytes out of nowhere");
    assert_eq!(tunnel.zoxy.wait(), Some(0));
    let took = start.elapsed();
    let limit = Duration::from_secs(if emulated() { 20 } else { 5 });
    assert!(took >= Duration::from_millis(900) && took < limit, "stopped after {took:?}");
    tunnel.zoxy.log.wait_message(&DRAIN_ENDED, &[]);
}

#[test]
fn nothing_running_ends_at_once() {
    let world = World::new();
    let mut tunnel = Tunnel::start(&world);
    tunnel.zoxy.stop();
    tunnel.zoxy.log.wait_message(&STOPPED, &[]);
    assert!(!world.path("console").exists(), "the console's socket is left behind");
}

#[test]
fn stop_command_of_the_console() {
    let world = World::new();
    let mut tunnel = Tunnel::start(&world);
    let output = tunnel.zoxy.ctl(&["P"]);
    assert_eq!(output.status.code(), Some(0), "P: {output:?}");
    assert_eq!(tunnel.zoxy.wait(), Some(0));
}
