//! What a process has used, from /proc.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Circumstance, Failure};

/// Unit of times in /proc on every Linux: hundredths of a second (proc(5), USER_HZ).
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU time and memory of a process and those it has started, all their threads.
#[derive(Debug, Clone, Copy)]
pub struct Usage {
    /// Seconds of CPU since its start, user and kernel.
    pub cpu: f64,
    /// Resident bytes.
    pub resident: u64,
}

/// Seconds of CPU of those who have a part in what is measured.
#[derive(Debug, Clone, Copy)]
pub struct Cpu {
    /// The proxy, if there is one.
    pub proxy: Option<f64>,
    /// sshd and all its sessions, if the way leads through it.
    pub sshd: Option<f64>,
    /// The load and its targets.
    pub ends: f64,
}

impl Cpu {
    /// What was used since, for each of `count` units of work: of proxy, sshd and ends.
    pub fn since(self, before: Self, count: f64) -> [Option<f64>; 3] {
        let share = |after: Option<f64>, before: Option<f64>| Some((after? - before?) / count);
        [
            share(self.proxy, before.proxy),
            share(self.sshd, before.sshd),
            share(Some(self.ends), Some(before.ends)),
        ]
    }
}

impl Usage {
    /// Usage up to now.
    pub fn of(pid: u32) -> Result<Self, Failure> {
        let mut usage = Self::alone(pid)?;
        for child in children(pid) {
            // One that has ended since is not counted.
            if let Ok(more) = Self::of(child) {
                usage.cpu += more.cpu;
                usage.resident += more.resident;
            }
        }
        Ok(usage)
    }

    /// Usage of this process, the two ends of the load, without the contenders it has started.
    pub fn own() -> Result<Self, Failure> {
        Self::alone(std::process::id())
    }

    fn alone(pid: u32) -> Result<Self, Failure> {
        Ok(Self { cpu: cpu(pid)?, resident: resident(pid)? })
    }
}

/// How often the threads of a process have given the processor up to wait for something: once for each
/// time that they woke up.
pub fn waits(pid: u32) -> Result<u64, Failure> {
    let tasks = format!("/proc/{pid}/task");
    let mut waits = 0;
    for task in fs::read_dir(&tasks).when(&tasks)? {
        let path = task.when(&tasks)?.path().join("status");
        // A thread that has ended since wakes up no more.
        let Ok(status) = fs::read_to_string(path) else { continue };
        let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
        waits += line.and_then(|count| count.trim().parse::<u64>().ok()).unwrap_or(0);
    }
    Ok(waits)
}

/// Processes that a process has started and that run.
fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|word| word.parse().ok()).collect()
}

/// Fields 14 and 15 of /proc/PID/stat, counted behind the program's name, which is the second and
/// may hold blanks.
fn cpu(pid: u32) -> Result<f64, Failure> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).when(&path)?;
    let ticks: Option<Vec<u64>> = stat.rsplit_once(')').and_then(|(_, fields)| {
        fields.split_whitespace().skip(11).take(2).map(|field| field.parse().ok()).collect()
    });
    match ticks.as_deref() {
        Some([user, kernel]) => Ok((user + kernel) as f64 / TICKS_PER_SECOND),
        _ => Err(Failure::new("no CPU time in it").of(path)),
    }
}

/// From smaps_rollup, which counts pages; the figure in status lags behind by a batch per CPU.
fn resident(pid: u32) -> Result<u64, Failure> {
    let path = format!("/proc/{pid}/smaps_rollup");
    let text = fs::read_to_string(&path).when(&path)?;
    text.lines()
        .find_map(|line| line.strip_prefix("Rss:"))
        .and_then(|rest| rest.trim().strip_suffix("kB"))
        .and_then(|kibibytes| kibibytes.trim().parse::<u64>().ok())
        .map(|kibibytes| kibibytes * 1024)
        .ok_or_else(|| Failure::new("no resident size in it").of(path))
}

/// Reads again and again until resident memory has been the same for a while.
pub fn settled(mut read: impl FnMut() -> Result<Usage, Failure>) -> Result<Usage, Failure> {
    const STILL: Duration = Duration::from_millis(300);
    const LIMIT: Duration = Duration::from_secs(5);
    let start = Instant::now();
    let mut last = read()?;
    let mut since = start;
    while since.elapsed() < STILL && start.elapsed() < LIMIT {
        thread::sleep(Duration::from_millis(20));
        let next = read()?;
        if next.resident != last.resident {
            since = Instant::now();
        }
        last = next;
    }
    Ok(last)
}
