//! What a proxy costs that has nothing to do: its start, and its rest.

use std::thread;
use std::time::Duration;

use super::{Line, Metric};
use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::load::Load;
use crate::setting::Setting;

const START_METRICS: &[Metric] = &[Metric::less("ms", 1)];

const IDLE_METRICS: &[Metric] = &[Metric::less("wake-ups/s", 2), Metric::less("CPU ms/s", 2)];

/// How long a proxy is watched that does nothing; shorter than the time between two keepalives.
const WATCHED: Duration = Duration::from_secs(5);

/// This family.
pub fn lines() -> Vec<Line> {
    let line = |name, about, metrics, measure| Line {
        name,
        about,
        ours: Contender::Zoxy,
        theirs: Contender::SshD,
        metrics,
        setting: Setting::USUAL,
        fresh: true,
        measure,
    };
    vec![
        line(
            "start",
            "from start to listening; ssh -D logs in before",
            START_METRICS,
            Box::new(start),
        ),
        line("idle", "one tunnel open, nothing moves", IDLE_METRICS, Box::new(idle)),
    ]
}

fn start(running: &Running, _load: &Load) -> Result<Vec<Option<f64>>, Failure> {
    Ok(vec![running.start_time()])
}

fn idle(running: &Running, _load: &Load) -> Result<Vec<Option<f64>>, Failure> {
    let _tunnel = running.echo()?;
    // What the connection leaves to be done is done by then.
    thread::sleep(Duration::from_secs(1));
    let (waits, usage) = (running.waits()?, running.usage()?);
    thread::sleep(WATCHED);
    let seconds = WATCHED.as_secs_f64();
    let waits =
        waits.zip(running.waits()?).map(|(before, after)| (after - before) as f64 / seconds);
    let cpu =
        usage.zip(running.usage()?).map(|(before, after)| (after.cpu - before.cpu) * 1e3 / seconds);
    Ok(vec![waits, cpu])
}
