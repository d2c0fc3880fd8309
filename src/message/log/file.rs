//! The log file: bounded, and never in the way.
//!
//! When the next line would make it longer than LOGSIZE, it becomes `NAME.1`, that one `NAME.2`, and so
//! on; of old ones LOGKEEP are kept. A file that somebody else has moved away is begun anew within the
//! next piece, so that logrotate works too. If it cannot be written (a full disk), that is told once on
//! standard error, lines are dropped and counted, and it is tried again every few seconds. Used by the
//! log's thread alone.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::route::FileSettings;
use crate::message::catalogue::{LOG_FILE_FAILED, LOG_FILE_WORKS};
use crate::message::time::Utc;

/// A log file.
#[derive(Debug)]
pub(super) struct LogFile {
    settings: FileSettings,
    open: Option<Open>,
    failure: Option<Failure>,
}

#[derive(Debug)]
struct Open {
    file: File,
    length: u64,
    identity: (u64, u64),
}

#[derive(Debug)]
struct Failure {
    again: Instant,
    lines: usize,
}

impl LogFile {
    /// It is opened with the first piece.
    pub(super) fn new(settings: FileSettings) -> Self {
        Self { settings, open: None, failure: None }
    }

    /// Writes whole lines, or counts them as lost.
    pub(super) fn write(&mut self, lines: &[u8], now: Instant) {
        if let Some(failure) = self.failure.as_mut().filter(|failure| now < failure.again) {
            failure.lines += count(lines);
            return;
        }
        let mut left = lines;
        match self.try_write(&mut left) {
            Ok(()) => {
                if let Some(failure) = self.failure.take() {
                    let path = self.settings.path.display();
                    let arguments: [(_, &dyn std::fmt::Display); 2] =
                        [("path", &path), ("lines", &failure.lines)];
                    let line = LOG_FILE_WORKS.render(&arguments);
                    tell(&line);
                    // In the file too: there the gap is.
                    let _ = self.try_write(&mut format!("{} {line}\n", Utc::now()).as_bytes());
                }
            }
            Err(error) => {
                self.open = None;
                let lines = self.failure.as_ref().map_or(0, |failure| failure.lines);
                if self.failure.is_none() {
                    let path = self.settings.path.display();
                    let arguments: [(_, &dyn std::fmt::Display); 2] =
                        [("path", &path), ("reason", &error)];
                    tell(&LOG_FILE_FAILED.render(&arguments));
                }
                self.failure = Some(Failure { again: now + AGAIN, lines: lines + count(left) });
            }
        }
    }

    /// Writes whole lines, in as many files as they need; `lines` are those that are not written yet.
    fn try_write(&mut self, lines: &mut &[u8]) -> io::Result<()> {
        let moved = self.open.as_ref().is_some_and(|open| !open.is_at(&self.settings.path));
        if moved {
            self.open = None;
        }
        let size = self.settings.size;
        while !lines.is_empty() {
            let open = self.opened()?;
            let fitting = match whole_lines(lines, size.saturating_sub(open.length)) {
                0 if open.length > 0 => {
                    self.open = None;
                    self.rotate()?;
                    continue;
                }
                // One that is longer than a file gets one of its own.
                0 => {
                    lines.iter().position(|byte| *byte == b'\n').map_or(lines.len(), |end| end + 1)
                }
                length => length,
            };
            let (piece, rest) = lines.split_at(fitting);
            let written = open.file.write_all(piece);
            if written.is_err() {
                // No half line stays in front of the next one.
                let _ = open.file.set_len(open.length);
            }
            written?;
            open.length += piece.len() as u64;
            *lines = rest;
        }
        Ok(())
    }

    fn opened(&mut self) -> io::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let options = &mut OpenOptions::new();
                let file =
                    options.append(true).create(true).mode(0o640).open(&self.settings.path)?;
                let metadata = file.metadata()?;
                let identity = (metadata.dev(), metadata.ino());
                Open { file, length: metadata.len(), identity }
            }
        };
        Ok(self.open.insert(open))
    }

    /// Makes room for a new file.
    fn rotate(&self) -> io::Result<()> {
        let FileSettings { path, keep, .. } = &self.settings;
        let old = |number: usize| {
            let mut name = path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        // None that old yet, or somebody else has just moved it away.
        let unless_gone = |done: io::Result<()>| match done {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        if *keep == 0 {
            return unless_gone(fs::remove_file(path));
        }
        for number in (1..*keep).rev() {
            unless_gone(fs::rename(old(number), old(number + 1)))?;
        }
        unless_gone(fs::rename(path, old(1)))
    }
}

impl Open {
    /// Whether the file is still the one at `path`.
    fn is_at(&self, path: &std::path::Path) -> bool {
        let found = fs::metadata(path);
        found.is_ok_and(|found| (found.dev(), found.ino()) == self.identity)
    }
}

/// Length of the whole lines that `room` bytes hold.
fn whole_lines(lines: &[u8], room: u64) -> usize {
    let most = usize::try_from(room).map_or(lines.len(), |room| room.min(lines.len()));
    lines[..most].iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1)
}

fn count(lines: &[u8]) -> usize {
    lines.iter().filter(|byte| **byte == b'\n').count()
}

/// Says something about the file where it cannot go: on standard error.
fn tell(line: &str) {
    let _ = io::stderr().write_all(format!("{} {line}\n", Utc::now()).as_bytes());
}

/// How long after a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    fn file(dir: &TempDir, size: u64, keep: usize) -> LogFile {
        LogFile::new(FileSettings { path: dir.path("zoxy.log"), size, keep })
    }

    fn text(dir: &TempDir, name: &str) -> Option<String> {
        fs::read_to_string(dir.path(name)).ok()
    }

    #[test]
    fn old_files_are_kept_up_to_a_number() {
        let dir = TempDir::new();
        let mut log = file(&dir, 10, 2);
        for number in 0..8 {
            log.write(format!("line{number}\n").as_bytes(), Instant::now());
        }
        // Ten bytes hold one line of six.
        assert_eq!(text(&dir, "zoxy.log").as_deref(), Some("line7\n"));
        assert_eq!(text(&dir, "zoxy.log.1").as_deref(), Some("line6\n"));
        assert_eq!(text(&dir, "zoxy.log.2").as_deref(), Some("line5\n"));
        assert_eq!(text(&dir, "zoxy.log.3"), None);
        // Another start goes on behind what is there.
        file(&dir, 100, 2).write(b"more\n", Instant::now());
        assert_eq!(text(&dir, "zoxy.log").as_deref(), Some("line7\nmore\n"));
        let mut none = file(&dir, 10, 0);
        none.write(b"new\n", Instant::now());
        assert_eq!(text(&dir, "zoxy.log").as_deref(), Some("new\n"));
        assert_eq!(text(&dir, "zoxy.log.1").as_deref(), Some("line6\n"));
    }

    #[test]
    fn lines_of_one_piece_are_shared_out() {
        let dir = TempDir::new();
        let mut log = file(&dir, 10, 3);
        log.write(b"a\n", Instant::now());
        log.write(b"bcd\nefgh\nijk\nlmn\n", Instant::now());
        assert_eq!(text(&dir, "zoxy.log.2").as_deref(), Some("a\nbcd\n"));
        assert_eq!(text(&dir, "zoxy.log.1").as_deref(), Some("efgh\nijk\n"));
        assert_eq!(text(&dir, "zoxy.log").as_deref(), Some("lmn\n"));
        // No file is long enough for this one.
        log.write(b"a line of length\nend\n", Instant::now());
        assert_eq!(text(&dir, "zoxy.log.1").as_deref(), Some("a line of length\n"));
        assert_eq!(text(&dir, "zoxy.log").as_deref(), Some("end\n"));
    }

    #[test]
    fn a_file_that_was_moved_away_is_begun_anew() {
        let dir = TempDir::new();
        let mut log = file(&dir, 1000, 2);
        log.write(b"one\n", Instant::now());
        fs::rename(dir.path("zoxy.log"), dir.path("elsewhere")).unwrap();
        log.write(b"two\n", Instant::now());
        assert_eq!(text(&dir, "elsewhere").as_deref(), Some("one\n"));
        assert_eq!(text(&dir, "zoxy.log").as_deref(), Some("two\n"));
    }

    #[test]
    fn a_file_that_cannot_be_written_costs_lines_and_no_more() {
        let dir = TempDir::new();
        fs::create_dir(dir.path("zoxy.log")).unwrap();
        let mut log = file(&dir, 1000, 2);
        let now = Instant::now();
        log.write(b"one\ntwo\n", now);
        fs::remove_dir(dir.path("zoxy.log")).unwrap();
        // Not yet tried again.
        log.write(b"three\n", now);
        assert_eq!(text(&dir, "zoxy.log"), None);
        log.write(b"four\n", now + AGAIN);
        let written = text(&dir, "zoxy.log").unwrap();
        assert!(written.starts_with("four\n") && written.contains("3 line(s)"), "{written}");
        log.write(b"five\n", now + AGAIN);
        assert!(text(&dir, "zoxy.log").unwrap().ends_with("five\n"));
    }

    #[test]
    fn a_full_disk_is_survived() {
        // Where every write fails for want of space.
        let settings = FileSettings { path: "/dev/full".into(), size: 1000, keep: 2 };
        let mut log = LogFile::new(settings);
        let now = Instant::now();
        log.write(b"one\n", now);
        log.write(b"two\n", now);
        assert_eq!(log.failure.as_ref().map(|failure| failure.lines), Some(2));
    }
}
