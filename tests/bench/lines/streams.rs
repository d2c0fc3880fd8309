//! Throughput of one and of several streams at once, and the proxy's CPU time for it.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant};

use super::{Line, Metric};
use crate::contender::{Contender, Running};
use crate::failure::{Circumstance, Failure};
use crate::load::Load;
use crate::setting::{Cipher, Setting};
use crate::targets::{self, Order, Service};

const METRICS: &[Metric] = &[
    Metric::more("GB/s", 2),
    Metric::less("proxy CPU s/GB", 2),
    Metric::less("sshd CPU s/GB", 2),
    Metric::less("both ends CPU s/GB", 2),
];

/// Bytes of a GB, as everybody counts throughput.
pub const GB: f64 = 1e9;

/// Which way the bytes go, seen from the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the target.
    Down,
    /// To the target.
    Up,
}

/// This family.
pub fn lines() -> Vec<Line> {
    use Contender::{Zoxy, ZoxySpread};
    use Direction::{Down, Up};
    let usual = Setting::USUAL;
    let (chacha, ctr) = (Setting::with(Cipher::ChaCha), Setting::with(Cipher::CtrEtm));
    [
        ("down-1", "one download", Zoxy, Down, 1, usual),
        ("up-1", "one upload", Zoxy, Up, 1, usual),
        ("down-4", "4 downloads at once, together", Zoxy, Down, 4, usual),
        ("down-4-spread", "the same, zoxy with SPREAD 1", ZoxySpread, Down, 4, usual),
        ("up-4", "4 uploads at once, together", Zoxy, Up, 4, usual),
        ("up-4-spread", "the same, zoxy with SPREAD 1", ZoxySpread, Up, 4, usual),
        ("down-16", "16 downloads at once, together", Zoxy, Down, 16, usual),
        ("up-16", "16 uploads at once, together", Zoxy, Up, 16, usual),
        ("chacha-down", "one download, chacha20-poly1305", Zoxy, Down, 1, chacha),
        ("chacha-up", "one upload, chacha20-poly1305", Zoxy, Up, 1, chacha),
        ("ctr-down", "one download, aes256-ctr and hmac-sha2-256-etm", Zoxy, Down, 1, ctr),
        ("ctr-up", "one upload, aes256-ctr and hmac-sha2-256-etm", Zoxy, Up, 1, ctr),
    ]
    .map(|(name, about, ours, direction, streams, setting)| Line {
        name,
        about,
        ours,
        theirs: Contender::SshD,
        metrics: METRICS,
        setting,
        fresh: false,
        measure: Box::new(move |running, load| measure(running, load, direction, streams)),
    })
    .into()
}

fn measure(
    running: &Running,
    load: &Load,
    direction: Direction,
    streams: u64,
) -> Result<Vec<Option<f64>>, Failure> {
    let each = load.bytes / streams;
    let bytes = (each * streams) as f64;
    let before = running.cpu()?;
    let seconds = transfer(running, direction, streams, each)?.as_secs_f64();
    let [proxy, sshd, ends] = running.cpu()?.since(before, bytes / GB);
    Ok(vec![Some(bytes / GB / seconds), proxy, sshd, ends])
}

/// Moves `each` bytes in every one of `streams` connections at once. The time starts when all of
/// them stand, so that it does not depend on how fast they were set up, and ends when the last byte
/// has arrived.
pub fn transfer(
    running: &Running,
    direction: Direction,
    streams: u64,
    each: u64,
) -> Result<Duration, Failure> {
    let connections: Vec<TcpStream> =
        (0..streams).map(|_| running.greeting(Service::Bulk)).collect::<Result<_, _>>()?;
    let barrier = Barrier::new(connections.len() + 1);
    thread::scope(|scope| {
        let movers: Vec<_> = connections
            .into_iter()
            .map(|mut stream| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    match direction {
                        Direction::Down => download(&mut stream, each),
                        Direction::Up => upload(&mut stream, each),
                    }
                })
            })
            .collect();
        barrier.wait();
        let start = Instant::now();
        for mover in movers {
            mover.join().map_err(|_| Failure::new("the load panicked"))??;
        }
        Ok(start.elapsed())
    })
}

fn download(stream: &mut TcpStream, count: u64) -> Result<(), Failure> {
    stream.write_all(&Order::Send(count).to_bytes()).when("the download's order")?;
    let received = targets::take(stream).when("the download")?;
    expect(count, received)
}

fn upload(stream: &mut TcpStream, count: u64) -> Result<(), Failure> {
    stream.write_all(&Order::Take.to_bytes()).when("the upload's order")?;
    targets::send(stream, count).when("the upload")?;
    stream.shutdown(Shutdown::Write).when("the upload's end")?;
    let mut received = [0; 8];
    stream.read_exact(&mut received).when("waiting for the count after the upload")?;
    expect(count, u64::from_be_bytes(received))
}

fn expect(sent: u64, received: u64) -> Result<(), Failure> {
    if sent == received {
        return Ok(());
    }
    Err(Failure::new(format!("{received} of {sent} bytes arrived")))
}
