//! Memory that tunnels cost a proxy while nothing moves in them.

use std::net::TcpStream;
use std::thread;

use super::streams::{Direction, transfer};
use super::{Line, Metric};
use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::load::Load;
use crate::setting::Setting;
use crate::usage::{self, Usage};

const METRICS: &[Metric] = &[
    Metric::less("KB per tunnel", 2),
    Metric::less("MB added", 2),
    Metric::less("MB resident", 2),
];

const BUSY_METRICS: &[Metric] = &[Metric::more("share left", 2)];

/// This family.
pub fn lines() -> Vec<Line> {
    let busy = |name, about, ours| Line {
        name,
        about,
        ours,
        theirs: Contender::SshD,
        metrics: BUSY_METRICS,
        setting: Setting::USUAL,
        fresh: true,
        measure: Box::new(measure_busy),
    };
    let idle = Line {
        name: "held",
        about: "tunnels held open, idle (--tunnels): memory of the proxy",
        ours: Contender::Zoxy,
        theirs: Contender::SshD,
        metrics: METRICS,
        setting: Setting::USUAL,
        // What an earlier load left in its heap would hide what tunnels cost.
        fresh: true,
        measure: Box::new(measure),
    };
    vec![
        idle,
        busy(
            "held-busy",
            "one download beside them: its throughput against that without them",
            Contender::Zoxy,
        ),
        busy("held-busy-spread", "the same, zoxy with SPREAD 1", Contender::ZoxySpread),
    ]
}

/// A share of the bytes that a download of its own moves: with thousands of channels ssh and sshd, which look at each of
/// them in every turn, take minutes for a gigabyte.
const BUSY_SHARE: u64 = 8;

/// Downloads without and with idle tunnels, in the same process, the former twice so that neither
/// finds it colder.
fn measure_busy(running: &Running, load: &Load) -> Result<Vec<Option<f64>>, Failure> {
    let download = || transfer(running, Direction::Down, 1, load.bytes / BUSY_SHARE);
    download()?;
    let alone = download()?;
    let _tunnels = open(running, load.tunnels)?;
    let beside = download()?;
    Ok(vec![Some(alone.as_secs_f64() / beside.as_secs_f64())])
}

fn measure(running: &Running, load: &Load) -> Result<Vec<Option<f64>>, Failure> {
    let before = resident(running)?;
    let tunnels = open(running, load.tunnels)?;
    let after = resident(running)?;
    let added = after - before;
    Ok(vec![Some(added / 1e3 / tunnels.len() as f64), Some(added / 1e6), Some(after / 1e6)])
}

/// Resident bytes of the proxy, when they no longer change.
pub fn resident(running: &Running) -> Result<f64, Failure> {
    let read = || -> Result<Usage, Failure> {
        running.usage()?.ok_or_else(|| Failure::new("there is no proxy whose memory to read"))
    };
    Ok(usage::settled(read)?.resident as f64)
}

/// Opens tunnels, some at once, each proven by an echoed byte.
fn open(running: &Running, count: usize) -> Result<Vec<TcpStream>, Failure> {
    const AT_ONCE: usize = 32;
    thread::scope(|scope| {
        let openers: Vec<_> = (0..AT_ONCE)
            .map(|opener| {
                let share = (opener..count).step_by(AT_ONCE);
                scope.spawn(move || share.map(|_| running.echo()).collect::<Result<Vec<_>, _>>())
            })
            .collect();
        let mut tunnels = Vec::with_capacity(count);
        for opener in openers {
            tunnels.extend(opener.join().map_err(|_| Failure::new("the load panicked"))??);
        }
        Ok(tunnels)
    })
}
