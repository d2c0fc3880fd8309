//! Clients that do not read what they asked for: memory they cost, and what they leave to others.

use std::io::Write;
use std::net::TcpStream;

use super::held::resident;
use super::streams::{Direction, transfer};
use super::{Line, Metric};
use crate::contender::{Contender, Running};
use crate::failure::{Circumstance, Failure};
use crate::load::Load;
use crate::setting::Setting;
use crate::targets::{Order, Service};

/// Clients that do not read.
const CLIENTS: usize = 100;

/// Bytes each of them is sent, more than any buffer on the way takes.
const BYTES: u64 = 64 << 20;

const METRICS: &[Metric] = &[Metric::less("MB resident", 1), Metric::more("share left", 2)];

/// This family.
pub fn lines() -> Vec<Line> {
    vec![Line {
        name: "stalled",
        about: "100 clients that do not read: memory of the proxy, and a download beside them",
        ours: Contender::Zoxy,
        theirs: Contender::SshD,
        metrics: METRICS,
        setting: Setting::USUAL,
        fresh: true,
        measure: Box::new(measure),
    }]
}

fn measure(running: &Running, load: &Load) -> Result<Vec<Option<f64>>, Failure> {
    let download = || transfer(running, Direction::Down, 1, load.bytes);
    download()?;
    let alone = download()?;
    let _stalled = (0..CLIENTS).map(|_| stall(running)).collect::<Result<Vec<_>, _>>()?;
    let memory = resident(running)?;
    let beside = download()?;
    Ok(vec![Some(memory / 1e6), Some(alone.as_secs_f64() / beside.as_secs_f64())])
}

fn stall(running: &Running) -> Result<TcpStream, Failure> {
    let mut stream = running.greeting(Service::Bulk)?;
    stream.write_all(&Order::Send(BYTES).to_bytes()).when("the order of a stalled client")?;
    Ok(stream)
}
