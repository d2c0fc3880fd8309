//! The lines of the table. A family of lines is a file; a new one adds its `lines` to [`all`].

mod direct;
mod fair;
mod far;
mod ftp;
mod held;
mod setup;
mod stalled;
mod start;
mod streams;

use std::time::Duration;

use crate::contender::{Contender, Running};
use crate::failure::Failure;
use crate::load::Load;
use crate::setting::Setting;

/// One thing to measure, with both contenders.
pub struct Line {
    /// For --only and the table.
    pub name: &'static str,
    /// For the help text and the table.
    pub about: &'static str,
    /// Who is measured.
    pub ours: Contender,
    /// Whom it is measured beside.
    pub theirs: Contender,
    /// What one measurement yields.
    pub metrics: &'static [Metric],
    /// The SSH connection it is measured over.
    pub setting: Setting,
    /// Whether each round starts the contenders anew.
    pub fresh: bool,
    /// Does one measurement: a value for each metric, none where the contender has no such thing.
    pub measure: Measure,
}

type Measure = Box<dyn Fn(&Running, &Load) -> Result<Vec<Option<f64>>, Failure>>;

impl Line {
    /// Whether the word is its name or the name up to a hyphen.
    pub fn is_called(&self, word: &str) -> bool {
        let rest = self.name.strip_prefix(word);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// Whether it needs an FTP server.
    pub fn is_about_ftp(&self) -> bool {
        self.is_called("ftp")
    }

    /// The line with `ssh -D` on both sides; none when it is not about tunnels.
    pub fn against_itself(self) -> Option<Self> {
        let ours = Contender::SshD;
        (self.theirs == ours).then_some(Self { ours, ..self })
    }
}

/// One column of figures.
#[derive(Debug, Clone, Copy)]
pub struct Metric {
    /// What is measured, with its unit.
    pub name: &'static str,
    /// Whether a larger value is the better one.
    pub more_is_better: bool,
    /// Digits after the point.
    pub digits: usize,
}

impl Metric {
    const fn more(name: &'static str, digits: usize) -> Self {
        Self { name, more_is_better: true, digits }
    }

    const fn less(name: &'static str, digits: usize) -> Self {
        Self { name, more_is_better: false, digits }
    }
}

/// The time in milliseconds that this share of them, 0 to 1, did not exceed; there is one at least.
fn percentile(times: &mut [Duration], share: f64) -> f64 {
    times.sort_unstable();
    let rank = ((times.len() as f64 * share).ceil() as usize).clamp(1, times.len());
    times[rank - 1].as_secs_f64() * 1e3
}

/// Every line, in table order.
pub fn all() -> Vec<Line> {
    [
        streams::lines(),
        setup::lines(),
        fair::lines(),
        far::lines(),
        ftp::lines(),
        held::lines(),
        stalled::lines(),
        start::lines(),
        direct::lines(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
