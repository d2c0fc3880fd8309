//! An SSH server that is a round trip of 50 ms away.

use super::setup::{self, Prove};
use super::streams::{Direction, GB, transfer};
use super::{Line, Metric};
use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::load::Load;
use crate::setting::Setting;

const METRICS: &[Metric] = &[
    Metric::more("MB/s", 0),
    Metric::less("proxy CPU s/GB", 2),
    Metric::less("sshd CPU s/GB", 2),
    Metric::less("ends and relay CPU s/GB", 2),
];

/// This family.
pub fn lines() -> Vec<Line> {
    let prove: Prove = Running::echo;
    let line = |name, about, metrics, measure| Line {
        name,
        about,
        ours: Contender::Zoxy,
        theirs: Contender::SshD,
        metrics,
        setting: Setting::FAR,
        fresh: false,
        measure,
    };
    vec![
        line("far-down", "one download, round trip 50 ms", METRICS, Box::new(download)),
        line(
            "far-setup-64",
            "64 connections at once, round trip 50 ms",
            setup::METRICS,
            Box::new(move |running, load| setup::measure(running, load, prove, 64)),
        ),
    ]
}

fn download(running: &Running, load: &Load) -> Result<Vec<Option<f64>>, Failure> {
    let gigabytes = load.bytes as f64 / GB;
    let before = running.cpu()?;
    let seconds = transfer(running, Direction::Down, 1, load.bytes)?.as_secs_f64();
    let [proxy, sshd, ends] = running.cpu()?.since(before, gigabytes);
    Ok(vec![Some(gigabytes * 1e3 / seconds), proxy, sshd, ends])
}
