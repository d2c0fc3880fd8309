//! One client that waits for each answer, beside many that download as fast as they can, all of them over the
//! proxy's one SSH session.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use super::{Line, Metric, percentile};
use crate::contender::{Contender, Running};
use crate::failure::{Circumstance, Failure};
use crate::load::Load;
use crate::setting::Setting;
use crate::targets::{self, Order, Service};

/// Clients that download.
const DOWNLOADS: usize = 63;

/// Time from an answer to the next question.
const PAUSE: Duration = Duration::from_millis(5);

const METRICS: &[Metric] =
    &[Metric::less("p50 ms", 2), Metric::less("p99 ms", 2), Metric::more("downloads GB/s", 2)];

/// This family.
pub fn lines() -> Vec<Line> {
    vec![Line {
        name: "fair-63",
        about: "a byte there and back beside 63 downloads",
        ours: Contender::Zoxy,
        theirs: Contender::SshD,
        metrics: METRICS,
        setting: Setting::USUAL,
        fresh: false,
        measure: Box::new(measure),
    }]
}

fn measure(running: &Running, load: &Load) -> Result<Vec<Option<f64>>, Failure> {
    let mut interactive = running.echo()?;
    let downloads = (0..DOWNLOADS)
        .map(|_| {
            let mut stream = running.greeting(Service::Bulk)?;
            // More than the time allows: it ends when the client closes.
            let order = Order::Send(u64::MAX).to_bytes();
            stream.write_all(&order).when("the download's order")?;
            Ok(stream)
        })
        .collect::<Result<Vec<TcpStream>, Failure>>()?;
    thread::scope(|scope| {
        let takers: Vec<_> =
            downloads.iter().map(|stream| scope.spawn(move || take(stream))).collect();
        let start = Instant::now();
        let times = questions(&mut interactive, load.setup_time);
        let seconds = start.elapsed().as_secs_f64();
        let ended = takers.iter().filter(|taker| taker.is_finished()).count();
        for stream in &downloads {
            // What is under way is of no interest.
            let _ = stream.shutdown(Shutdown::Both);
        }
        let mut bytes = 0;
        for taker in takers {
            bytes += taker.join().map_err(|_| Failure::new("the load panicked"))?;
        }
        if ended > 0 {
            return Err(Failure::new(format!("{ended} downloads ended beside the questions")));
        }
        let mut times = times?;
        Ok(vec![
            Some(percentile(&mut times, 0.50)),
            Some(percentile(&mut times, 0.99)),
            Some(bytes as f64 / 1e9 / seconds),
        ])
    })
}

/// Takes bytes until no more come, and counts them.
fn take(mut stream: &TcpStream) -> u64 {
    let mut buffer = vec![0; targets::BUFFER];
    let mut bytes = 0;
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return bytes,
            Ok(count) => bytes += count as u64,
        }
    }
}

/// Sends a byte and waits for it, again and again; the time of each, of one at least.
fn questions(stream: &mut TcpStream, time: Duration) -> Result<Vec<Duration>, Failure> {
    let start = Instant::now();
    let mut times = Vec::new();
    while times.is_empty() || start.elapsed() < time {
        let begin = Instant::now();
        stream.write_all(b"?").when("a byte beside the downloads")?;
        stream.read_exact(&mut [0]).when("waiting for a byte beside the downloads")?;
        times.push(begin.elapsed());
        thread::sleep(PAUSE);
    }
    Ok(times)
}
