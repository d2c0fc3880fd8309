//! The table, on the screen and as Markdown.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::clock::Timed;
use crate::line::Line;
use crate::options::Options;

/// What was measured of a line.
pub struct Row<'a> {
    /// Which.
    pub line: &'a Line,
    /// Its time.
    pub timed: Timed,
    /// Its instructions, where they were counted.
    pub instructions: Option<f64>,
}

/// What has been measured so far.
pub struct Report {
    facts: Vec<String>,
    has_instructions: bool,
    /// As Markdown.
    rows: String,
}

const HEADINGS: [&str; 6] = ["line", "ns", "lowest", "rate", "allocations", "instructions"];
const WIDTHS: [usize; 6] = [18, 11, 11, 11, 11, 12];

impl Report {
    /// An empty one, with what one must know to read it.
    pub fn new(options: &Options) -> Self {
        let mut facts =
            vec![format!("{}; zoxy {}", machine(), env!("CARGO_PKG_VERSION")), openssl_version()];
        if cfg!(debug_assertions) {
            facts.push("built with assertions: not a result".to_owned());
        }
        Self { facts, has_instructions: options.instructions, rows: String::new() }
    }

    /// The facts and the head of the text table.
    pub fn heading(&self) -> String {
        format!("{}\n\n{}\n", self.facts.join("\n"), self.text_row(HEADINGS))
    }

    /// Adds a line and gives its row of the text table.
    pub fn add(&mut self, row: Row<'_>) -> String {
        let Row { line, timed, instructions } = row;
        let cells = [
            line.name.to_owned(),
            nanoseconds(timed.median),
            nanoseconds(timed.lowest),
            line.bytes.map_or(String::new(), |bytes| rate(bytes as f64 / timed.lowest)),
            allocations(timed.allocations),
            instructions.map_or("-".to_owned(), |count| format!("{count:.0}")),
        ];
        let text = self.text_row(cells.each_ref().map(String::as_str));
        let shown = if self.has_instructions { &cells[1..] } else { &cells[1..5] };
        let _ = writeln!(self.rows, "| {}: {} | {} |", line.name, line.about, shown.join(" | "));
        text + "\n"
    }

    /// Writes the Markdown table.
    pub fn write(&self, file: &Path) -> Result<(), String> {
        let mut text = String::new();
        for fact in &self.facts {
            let _ = writeln!(text, "- {fact}");
        }
        let headings = if self.has_instructions { &HEADINGS[..] } else { &HEADINGS[..5] };
        let _ = writeln!(text, "\n| {} |", headings.join(" | "));
        let _ = writeln!(text, "|---|{}", "---:|".repeat(headings.len() - 1));
        text.push_str(&self.rows);
        fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()))
    }

    fn text_row(&self, cells: [&str; 6]) -> String {
        let shown = if self.has_instructions { 6 } else { 5 };
        let mut text = format!("{:<width$}", cells[0], width = WIDTHS[0]);
        for (cell, width) in cells.iter().zip(WIDTHS).take(shown).skip(1) {
            let _ = write!(text, " {cell:>width$}");
        }
        text
    }
}

/// With as many digits as it deserves.
fn nanoseconds(time: f64) -> String {
    if time < 100.0 { format!("{time:.1}") } else { format!("{time:.0}") }
}

/// Bytes per nanosecond are GB per second.
fn rate(gigabytes: f64) -> String {
    if gigabytes < 1.0 {
        format!("{:.0} MB/s", gigabytes * 1000.0)
    } else {
        format!("{gigabytes:.2} GB/s")
    }
}

fn allocations(count: f64) -> String {
    // One that comes once in many operations is not hidden by rounding.
    if count == 0.0 || count >= 0.995 { format!("{count:.0}") } else { format!("{count:.4}") }
}

/// Processor and kernel.
fn machine() -> String {
    let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
    let info = read("/proc/cpuinfo");
    let model = info.lines().find(|line| line.starts_with("model name"));
    let model = model.and_then(|line| line.split_once(": "));
    let model = model.map_or(std::env::consts::ARCH, |(_, model)| model);
    format!("{model}, Linux {}", read("/proc/sys/kernel/osrelease").trim())
}

fn openssl_version() -> String {
    format!("{}, built in", openssl::version::version())
}
