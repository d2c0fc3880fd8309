//! Time: the median and the lowest of many samples.

use std::time::Duration;

use crate::line::Work;

/// How long is measured.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    samples: usize,
    /// Least duration of a sample.
    sample: Duration,
}

impl Pace {
    /// For a result: half a second for each line. A sample is shorter than what the scheduler gives a process at once.
    pub const FULL: Self = Self { samples: 251, sample: Duration::from_millis(2) };

    /// For a glance.
    pub const QUICK: Self = Self { samples: 5, sample: Duration::from_millis(1) };
}

/// What one operation takes.
#[derive(Debug, Clone, Copy)]
pub struct Timed {
    /// Nanoseconds, the median.
    pub median: f64,
    /// Nanoseconds, the lowest.
    pub lowest: f64,
    /// Allocations, the mean.
    pub allocations: f64,
}

/// Takes the time of an operation.
pub fn time(work: &mut Work, pace: Pace) -> Timed {
    let times = enough(work, pace.sample);
    let mut samples = Vec::with_capacity(pace.samples);
    let mut allocations = 0;
    for _ in 0..pace.samples {
        let spent = work(times);
        samples.push(spent.time.as_nanos() as f64 / times as f64);
        allocations += spent.allocations;
    }
    samples.sort_by(f64::total_cmp);
    Timed {
        median: samples[samples.len() / 2],
        lowest: samples[0],
        allocations: allocations as f64 / (times as f64 * pace.samples as f64),
    }
}

/// How often it has to be done to take at least `sample`; what comes with the first times is over by then.
fn enough(work: &mut Work, sample: Duration) -> u64 {
    let mut times = 1;
    loop {
        let spent = work(times).time;
        if spent >= sample {
            return times;
        }
        let short = sample.as_nanos() / spent.as_nanos().max(1) + 1;
        times *= u64::try_from(short).unwrap_or(u64::MAX).clamp(2, 100);
    }
}
