//! OUTPUT: what the client says, line by line, and the progress of a transfer on a terminal.
//!
//! Messages in the place of z/OS have its EZA and EZY numbers; all are catalogued. No value forges a
//! line: control characters become question marks.

use std::io::{self, ErrorKind, Write};
use std::time::{Duration, Instant};

use crate::message::catalogue::{BATCH_OUTPUT_LOST, ZOS_COMMAND, ZOS_SENT};
use crate::message::is_forging;

/// What stands for a password.
pub const HIDDEN: &str = "******";

/// How often progress is shown.
const INTERVAL: Duration = Duration::from_millis(500);

/// Where lines go.
pub struct Output {
    lines: Box<dyn Write>,
    /// Whether somebody watches.
    shows_progress: bool,
    shown: Option<Instant>,
    /// Lines are lost, and that was told.
    is_lost: bool,
}

impl Output {
    /// Lines go to `lines`, progress to standard error if it is to be shown.
    pub fn new(lines: impl Write + 'static, shows_progress: bool) -> Self {
        Self { lines: Box::new(lines), shows_progress, shown: None, is_lost: false }
    }

    /// One line. When it cannot be written, standard error is told, unless whoever read it has gone.
    pub fn line(&mut self, text: &str) {
        self.end_progress();
        let mut line: String = text.chars().map(|c| if is_forging(c) { '?' } else { c }).collect();
        line.push('\n');
        let written = self.lines.write_all(line.as_bytes()).and_then(|()| self.lines.flush());
        match written {
            Err(error) if error.kind() != ErrorKind::BrokenPipe && !self.is_lost => {
                self.is_lost = true;
                let _ =
                    writeln!(io::stderr(), "{}", BATCH_OUTPUT_LOST.render(&[("reason", &error)]));
            }
            _ => {}
        }
    }

    /// A line of the server, which may be in any page.
    pub fn reply(&mut self, line: &[u8]) {
        self.line(&String::from_utf8_lossy(line));
    }

    /// A command that is sent.
    pub fn command(&mut self, command: &str) {
        self.line(&ZOS_SENT.render(&[("command", &command)]));
    }

    /// A subcommand that was read.
    pub fn subcommand(&mut self, line: &str) {
        self.line(&ZOS_COMMAND.render(&[]));
        self.line(line);
    }

    /// So many bytes were transferred since then.
    pub fn progress(&mut self, bytes: u64, since: Instant) {
        let now = Instant::now();
        let is_due = |shown: Instant| now.duration_since(shown) >= INTERVAL;
        if !self.shows_progress || !is_due(self.shown.unwrap_or(since)) {
            return;
        }
        self.shown = Some(now);
        let rate = rate(bytes, now.duration_since(since));
        let _ = write!(io::stderr(), "\r{bytes:>15} bytes {rate:>12} KB/s");
    }

    fn end_progress(&mut self) {
        if self.shown.take().is_some() {
            let _ = write!(io::stderr(), "\r{:40}\r", "");
        }
    }
}

/// Thousand bytes in a second, with two places.
pub fn rate(bytes: u64, time: Duration) -> String {
    format!("{:.2}", bytes as f64 / 1000.0 / time.as_secs_f64().max(0.001))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Arc, Mutex};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn no_value_forges_a_line() {
        let written = Written::default();
        let mut output = Output::new(written.clone(), false);
        output.reply(b"220 a\x1b[2J\xff\nZOX");
        output.command("STOR x");
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        assert_eq!(text, "220 a?[2J\u{fffd}?ZOX\nEZA1701I >>> STOR x\n");
    }

    #[test]
    fn rates_are_told() {
        assert_eq!(rate(1_500_000, Duration::from_secs(2)), "750.00");
        assert_eq!(rate(5, Duration::ZERO), "5.00");
    }
}
