//! Throughput of filter action DIRECT beside a connection with nothing between, and beside other
//! SOCKS proxies.

use super::streams::{Direction, GB, transfer};
use super::{Line, Metric};
use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::load::Load;
use crate::setting::Setting;

const METRICS: &[Metric] = &[
    Metric::more("GB/s", 2),
    Metric::less("proxy CPU s/GB", 2),
    // The plain connection has no proxy; this is what it can be compared by.
    Metric::less("CPU s/GB with both ends", 2),
];

/// This family.
pub fn lines() -> Vec<Line> {
    use Contender::{Dante, Microsocks, Plain};
    use Direction::{Down, Up};
    [
        ("direct-down", "one download without SSH", Down, Plain),
        ("direct-up", "one upload without SSH", Up, Plain),
        ("microsocks-down", "the download beside another SOCKS proxy", Down, Microsocks),
        // It has no upload: microsocks ends a connection with the first FIN, before the target has said what came.
        ("dante-down", "the download beside yet another one", Down, Dante),
        ("dante-up", "the upload beside yet another one", Up, Dante),
    ]
    .map(|(name, about, direction, theirs)| Line {
        name,
        about,
        ours: Contender::ZoxyDirect,
        theirs,
        metrics: METRICS,
        setting: Setting::USUAL,
        fresh: false,
        measure: Box::new(move |running, load| measure(running, load, direction)),
    })
    .into()
}

fn measure(
    running: &Running,
    load: &Load,
    direction: Direction,
) -> Result<Vec<Option<f64>>, Failure> {
    let gigabytes = load.bytes as f64 / GB;
    let before = running.cpu()?;
    let seconds = transfer(running, direction, 1, load.bytes)?.as_secs_f64();
    let [proxy, _, ends] = running.cpu()?.since(before, gigabytes);
    Ok(vec![Some(gigabytes / seconds), proxy, ends.map(|ends| ends + proxy.unwrap_or(0.0))])
}
