//! The table: medians of both contenders and the ratio of each pair of measurements.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::failure::{Circumstance, Failure};
use crate::lines::{Line, Metric};
use crate::options::Options;
use crate::process;
use crate::setting::Setting;
use crate::world::World;

/// Measurements of one line: for each round, one value for each metric.
#[derive(Debug, Default)]
pub struct Samples {
    /// Of the contender that is judged.
    pub ours: Vec<Vec<Option<f64>>>,
    /// Of the one beside it, in the same rounds.
    pub theirs: Vec<Vec<Option<f64>>>,
}

/// What has been measured so far.
pub struct Report {
    facts: Vec<String>,
    rows: Vec<Row>,
    failures: Vec<String>,
}

struct Row {
    /// Name of the line, metric, our value, theirs, ratio, its spread, verdict.
    cells: [String; 7],
    about: &'static str,
}

const HEADINGS: [&str; 7] = ["line", "metric", "zoxy", "beside it", "ratio", "spread", "zoxy is"];
const WIDTHS: [usize; 7] = [12, 24, 10, 20, 7, 15, 7];

impl Report {
    /// An empty one, with what one must know to read it.
    pub fn new(world: &World, options: &Options) -> Self {
        let load = &options.load;
        let facts = vec![
            machine(),
            format!("{}; {}", version(&world.ssh, "-V"), version(&world.zoxy, "--version")),
            format!(
                "cipher {} unless another is named; {} rounds; {} MiB per throughput measurement; \
                 {} tunnels held",
                Setting::USUAL.cipher.name(),
                options.rounds,
                load.bytes >> 20,
                load.tunnels
            ),
        ];
        Self { facts, rows: Vec::new(), failures: Vec::new() }
    }

    /// The facts and the head of the text table.
    pub fn heading(&self) -> String {
        format!("{}\n\n{}\n", self.facts.join("\n"), text_row(&HEADINGS))
    }

    /// Adds a line and gives its rows of the text table.
    pub fn add(&mut self, line: &Line, samples: &Samples) -> String {
        let mut text = String::new();
        for (index, metric) in line.metrics.iter().enumerate() {
            let column = |rounds: &[Vec<Option<f64>>]| -> Vec<Option<f64>> {
                rounds.iter().map(|values| values[index]).collect()
            };
            let row = Row {
                cells: cells(line, index, metric, &column(&samples.ours), &column(&samples.theirs)),
                about: line.about,
            };
            text.push_str(&text_row(&row.cells));
            text.push('\n');
            self.rows.push(row);
        }
        text
    }

    /// Adds a line that could not be measured and says why.
    pub fn add_failure(&mut self, line: &Line, failure: &Failure) -> String {
        let text = format!("{:<12} FAILED: {failure}\n", line.name);
        self.failures.push(format!("{}: {failure}", line.name));
        text
    }

    /// Whether a line could not be measured.
    pub fn failed(&self) -> bool {
        !self.failures.is_empty()
    }

    /// Writes the Markdown table.
    pub fn write(&self, file: &Path) -> Result<(), Failure> {
        fs::write(file, self.markdown()).when(file.display())
    }

    fn markdown(&self) -> String {
        let mut text = String::new();
        for fact in &self.facts {
            let _ = writeln!(text, "- {fact}");
        }
        text.push_str("\n| line | metric | zoxy | beside it | ratio | spread | zoxy is |\n");
        text.push_str("|---|---|---:|---:|---:|---:|---|\n");
        for row in &self.rows {
            let [name, metric, ours, theirs, ratio, spread, verdict] = &row.cells;
            let name =
                if name.is_empty() { String::new() } else { format!("{name}: {}", row.about) };
            let row = [&name, metric, ours, theirs, ratio, spread, verdict].map(String::as_str);
            let _ = writeln!(text, "| {} |", row.join(" | "));
        }
        for failure in &self.failures {
            let _ = writeln!(text, "\nNot measured: {}", failure.replace('\n', " "));
        }
        text
    }
}

fn cells(
    line: &Line,
    index: usize,
    metric: &Metric,
    ours: &[Option<f64>],
    theirs: &[Option<f64>],
) -> [String; 7] {
    let value = |samples: &[Option<f64>]| -> String {
        let present: Vec<f64> = samples.iter().copied().flatten().collect();
        Spread::of(present).map_or("-".into(), |s| format!("{:.*}", metric.digits, s.median))
    };
    // Ratios of pairs: what the machine did to both in one round cancels out.
    let pairs = ours.iter().zip(theirs).filter_map(|(ours, theirs)| Some((*ours)? / (*theirs)?));
    let ratio = Spread::of(pairs.filter(|ratio| ratio.is_finite()).collect());
    let (median, spread, verdict) = match &ratio {
        Some(ratio) => (
            short(ratio.median),
            format!("{} .. {}", short(ratio.low), short(ratio.high)),
            verdict(ratio, metric.more_is_better),
        ),
        None => ("-".into(), String::new(), ""),
    };
    [
        if index == 0 { line.name.to_owned() } else { String::new() },
        metric.name.to_owned(),
        value(ours),
        format!("{} ({})", value(theirs), line.theirs),
        median,
        spread,
        verdict.to_owned(),
    ]
}

/// A line is won or lost only if every round says so.
fn verdict(ratio: &Spread, more_is_better: bool) -> &'static str {
    match (ratio.low > 1.0, ratio.high < 1.0) {
        (false, false) => "even",
        (above, _) if above == more_is_better => "ahead",
        _ => "behind",
    }
}

/// Median and extremes.
struct Spread {
    median: f64,
    low: f64,
    high: f64,
}

impl Spread {
    /// None of nothing.
    fn of(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let (low, high) = (*values.first()?, *values.last()?);
        let middle = values.len() / 2;
        let median = match values.len() % 2 {
            0 => (values[middle - 1] + values[middle]) / 2.0,
            _ => values[middle],
        };
        Some(Self { median, low, high })
    }
}

/// A ratio with as many digits as it deserves.
fn short(ratio: f64) -> String {
    match ratio {
        ratio if ratio >= 100.0 => format!("{ratio:.0}"),
        ratio if ratio >= 10.0 => format!("{ratio:.1}"),
        ratio if ratio >= 0.1 => format!("{ratio:.2}"),
        ratio => format!("{ratio:.3}"),
    }
}

fn text_row(cells: &[impl AsRef<str>; 7]) -> String {
    let mut text = String::new();
    for (index, (cell, width)) in cells.iter().zip(WIDTHS).enumerate() {
        let cell = cell.as_ref();
        let _ = match index {
            0 | 1 => write!(text, "{cell:<width$} "),
            _ => write!(text, "{cell:>width$} "),
        };
    }
    text.trim_end().to_owned()
}

/// Processor, number of CPUs, kernel and its TCP.
fn machine() -> String {
    let cpus = std::thread::available_parallelism().map_or(1, usize::from);
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split_once(": "))
        .map_or(std::env::consts::ARCH, |(_, model)| model);
    let setting = |name: &str| {
        let text = fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default();
        text.trim().to_owned()
    };
    let (kernel, tcp) = (setting("kernel/osrelease"), setting("net/ipv4/tcp_congestion_control"));
    format!("{model}, {cpus} CPUs, Linux {kernel}, TCP {tcp}")
}

/// First line of what a program says of its version.
fn version(program: &Path, option: &str) -> String {
    let text = process::output(program, &[option]).unwrap_or_default();
    text.lines().next().unwrap_or("version unknown").to_owned()
}
