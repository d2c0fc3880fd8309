//! Connection set-up: connect, SOCKS request and reply, one byte from the target, close.
//!
//! The byte proves the connection. It comes as an echo (the client speaks first, as in HTTP) or as a
//! greeting (the server speaks first, as in FTP); the two differ in which small packets meet on the
//! way.

use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::{Line, Metric, percentile};
use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::load::Load;
use crate::setting::Setting;
use crate::targets::Service;

/// What a set-up line yields.
pub const METRICS: &[Metric] = &[
    Metric::more("connections/s", 0),
    Metric::less("p50 ms", 2),
    Metric::less("p99 ms", 2),
    Metric::less("proxy CPU ms", 2),
    Metric::less("sshd CPU ms", 2),
    Metric::less("both ends CPU ms", 2),
];

/// Makes a connection and proves it.
pub type Prove = fn(&Running) -> Result<TcpStream, Failure>;

/// This family.
pub fn lines() -> Vec<Line> {
    let echo: Prove = Running::echo;
    let greeting: Prove = |running| running.greeting(Service::Greeter);
    [
        ("setup-1", "connections one after another, client speaks first", echo, 1),
        ("setup-16", "the same, 16 at once", echo, 16),
        ("setup-64", "the same, 64 at once", echo, 64),
        ("greet-1", "connections one after another, server speaks first", greeting, 1),
        ("greet-16", "the same, 16 at once", greeting, 16),
        ("greet-64", "the same, 64 at once", greeting, 64),
    ]
    .map(|(name, about, prove, at_once)| Line {
        name,
        about,
        ours: Contender::Zoxy,
        theirs: Contender::SshD,
        metrics: METRICS,
        setting: Setting::USUAL,
        fresh: false,
        measure: Box::new(move |running, load| measure(running, load, prove, at_once)),
    })
    .into()
}

/// Makes connections, `at_once` at a time.
pub fn measure(
    running: &Running,
    load: &Load,
    prove: Prove,
    at_once: usize,
) -> Result<Vec<Option<f64>>, Failure> {
    let begun = AtomicUsize::new(0);
    let before = running.cpu()?;
    let start = Instant::now();
    let mut times = Vec::with_capacity(load.connections);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..at_once)
            .map(|_| scope.spawn(|| connect_again_and_again(running, load, prove, &begun, start)))
            .collect();
        for client in clients {
            let own = client.join().map_err(|_| Failure::new("the load panicked"))?;
            times.extend(own?);
        }
        Ok::<(), Failure>(())
    })?;
    let seconds = start.elapsed().as_secs_f64();
    let [proxy, sshd, ends] = running.cpu()?.since(before, times.len() as f64 / 1e3);
    Ok(vec![
        Some(times.len() as f64 / seconds),
        Some(percentile(&mut times, 0.50)),
        Some(percentile(&mut times, 0.99)),
        proxy,
        sshd,
        ends,
    ])
}

/// Makes connections until all clients together have begun enough of them, or the time is up; at
/// least one. Gives the time from connect to that byte of each.
fn connect_again_and_again(
    running: &Running,
    load: &Load,
    prove: Prove,
    begun: &AtomicUsize,
    start: Instant,
) -> Result<Vec<Duration>, Failure> {
    let mut times = Vec::new();
    loop {
        let begin = Instant::now();
        drop(prove(running)?);
        times.push(begin.elapsed());
        let enough = begun.fetch_add(1, Ordering::Relaxed) >= load.connections;
        if enough || start.elapsed() >= load.setup_time {
            return Ok(times);
        }
    }
}
