//! Log files of fixtures, and what /proc knows about a process.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread;

use zoxy::message::Message;

use super::eventually;

/// The file that a fixture's output goes to.
#[derive(Clone)]
pub struct Log {
    path: PathBuf,
}

impl Log {
    /// An empty log at `path`.
    pub fn create(path: PathBuf) -> Self {
        File::create(&path).expect("the world's folder is writable");
        Self { path }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// For a child's stdout or stderr.
    pub fn stdio(&self) -> Stdio {
        let file = OpenOptions::new().append(true).open(&self.path);
        Stdio::from(file.expect("a log is writable"))
    }

    /// All of it so far.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&fs::read(&self.path).unwrap_or_default()).into_owned()
    }

    /// Where it ends now, for [`Log::wait_after`].
    pub fn mark(&self) -> usize {
        self.text().len()
    }

    /// The first line that holds every one of `pieces`.
    pub fn find(&self, pieces: &[&str]) -> Option<String> {
        self.find_after(0, pieces)
    }

    /// How many lines hold every one of `pieces`.
    pub fn count(&self, pieces: &[&str]) -> usize {
        self.text().lines().filter(|line| holds(line, pieces)).count()
    }

    /// Waits for a line that holds every one of `pieces`.
    #[track_caller]
    pub fn wait_for(&self, pieces: &[&str]) -> String {
        self.wait_after(0, pieces)
    }

    /// As [`Log::wait_for`], looking at what was written after `mark` only.
    #[track_caller]
    pub fn wait_after(&self, mark: usize, pieces: &[&str]) -> String {
        let what = format!("a line with {pieces:?} in {}", self.path.display());
        eventually(&what, || self.find_after(mark, pieces))
    }

    /// Waits for a catalogued message whose line also holds `pieces`.
    #[track_caller]
    pub fn wait_message(&self, message: &Message, pieces: &[&str]) -> String {
        self.wait_message_after(0, message, pieces)
    }

    /// As [`Log::wait_message`], looking at what was written after `mark` only.
    #[track_caller]
    pub fn wait_message_after(&self, mark: usize, message: &Message, pieces: &[&str]) -> String {
        let id = message.id();
        self.wait_after(mark, &[&[id.as_str()], pieces].concat())
    }

    /// Prints the end of the log when the test is failing.
    pub fn show_on_failure(&self, name: &str) {
        if !thread::panicking() {
            return;
        }
        let text = self.text();
        let lines: Vec<&str> = text.lines().collect();
        eprintln!("---- {name}: the last lines of {} ----", lines.len());
        for line in &lines[lines.len().saturating_sub(40)..] {
            eprintln!("{line}");
        }
    }

    /// Only whole lines after `mark` count: a line still being written is not searched.
    fn find_after(&self, mark: usize, pieces: &[&str]) -> Option<String> {
        let text = self.text();
        let end = text.rfind('\n')? + 1;
        let part = text.get(mark.min(end)..end)?;
        part.lines().find(|line| holds(line, pieces)).map(str::to_owned)
    }
}

fn holds(line: &str, pieces: &[&str]) -> bool {
    pieces.iter().all(|piece| line.contains(piece))
}

/// Open descriptors of a process; none when it is gone.
pub fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Resident memory of a process, in KiB.
pub fn resident(pid: u32) -> usize {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

/// Where in the writable memory of a process, all of which a core dump would hold, a secret is, or
/// any [`PIECE`] bytes of it (what is freed is overwritten at its begin): addresses and lines of
/// /proc/PID/maps.
pub fn places_in_memory(pid: u32, secret: &[u8]) -> Vec<String> {
    let maps = fs::read_to_string(format!("/proc/{pid}/maps")).expect("the process runs");
    let memory = File::open(format!("/proc/{pid}/mem")).expect("we may look into our child");
    let pieces: Vec<&[u8]> = secret.windows(PIECE).collect();
    assert!(!pieces.is_empty(), "too short to be told from chance");
    let mut is_first = [false; 256];
    pieces.iter().for_each(|piece| is_first[usize::from(piece[0])] = true);
    let mut places = Vec::new();
    for line in maps.lines() {
        let mut words = line.split_whitespace();
        let (Some(range), Some(mode)) = (words.next(), words.next()) else { continue };
        let Some((start, end)) = range.split_once('-') else { continue };
        let address = |text| u64::from_str_radix(text, 16).expect("proc(5)");
        let (start, end) = (address(start), address(end));
        if !mode.starts_with("rw") {
            continue;
        }
        let mut content = vec![0; (end - start) as usize];
        // What cannot be read (a mapping that went, or of a device) is no part of a core either.
        if memory.read_exact_at(&mut content, start).is_err() {
            continue;
        }
        let is_piece = |at: &usize| {
            is_first[usize::from(content[*at])] && pieces.contains(&&content[*at..*at + PIECE])
        };
        let found = (0..=content.len().saturating_sub(PIECE)).filter(is_piece);
        places.extend(found.map(|at| format!("{:x} in {line}", start + at as u64)));
    }
    places
}

/// Bytes of a random word that nothing else in memory has.
const PIECE: usize = 10;

/// Every process below `pid`, children before grandchildren.
pub fn descendants(pid: u32) -> Vec<u32> {
    let parents = parents();
    let mut found = vec![pid];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|entry| entry.1 == parent).map(|entry| entry.0));
        next += 1;
    }
    found.split_off(1)
}

/// Each process and its parent.
fn parents() -> Vec<(u32, u32)> {
    let entries = fs::read_dir("/proc").expect("/proc is mounted");
    entries.filter_map(|entry| parent_of(entry.ok()?.file_name().to_str()?.parse().ok()?)).collect()
}

fn parent_of(pid: u32) -> Option<(u32, u32)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The command name before the last ')' may hold anything.
    let rest = stat.rsplit_once(')')?.1;
    Some((pid, rest.split_whitespace().nth(1)?.parse().ok()?))
}
