//! The log: one line per event on standard error.
//!
//! ```text
//! 2026-11-21T08:55:57.123Z ZOX2001I text of the message          an operator's message
//! 2026-11-21T08:55:57.123Z TRACE zoxy::ssh::channel text         tracing, off by default
//! ```
//!
//! Called once by `main` before anything can be said. The time is UTC. When standard error is the
//! systemd journal, which has its own time stamps, a line begins with the journal's `<priority>`
//! instead. `ZOXY_LOG` switches tracing on (`trace`, `zoxy::ssh=trace`, a list of both); it never
//! hides messages, since they have a target of their own. A log that cannot be written is no reason
//! to fail: such lines are lost, and counted where there is somebody to tell.
//!
//! | module | holds |
//! |---|---|
//! | `route` | where lines go, and the thread for what may take time |
//! | `file`, `syslog` | two of the ways |
//! | `repeat` | what is held back because it comes again and again |
//! | `trace` | what an operator has switched on: F LOG, F TRACE |

mod file;
pub(super) mod repeat;
mod route;
mod syslog;
mod trace;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use env_logger::{Builder, Logger};
use log::{Level, LevelFilter, Log, Metadata, Record};

use super::time::Utc;
use super::{Severity, is_forging};

pub use repeat::BURST;
pub use route::{FileSettings, RouteSettings, finish, route};
pub use trace::{MAX_TRACED, Working, trace_connection, trace_ended, working_for};

/// The target of catalogued messages; `ZOXY_LOG=ZOX=warn` leaves out the informational ones.
pub const MESSAGES: &str = "ZOX";

/// The environment variable that switches tracing on.
pub const VARIABLE: &str = "ZOXY_LOG";

/// Starts the log. `verbose` counts `-v` options: 1 adds debugging lines, 2 and more tracing.
///
/// What `ZOXY_LOG` says comes on top. A second call has no effect.
pub fn init(verbose: usize) {
    let spec = std::env::var(VARIABLE).unwrap_or_default();
    let router = Router {
        filter: builder(verbose, &spec).build(),
        style: if journal::is_stderr() { Style::Journal } else { Style::Plain },
    };
    let first = ROUTER.set(router).is_ok();
    if let Some(router) = ROUTER.get().filter(|_| first) {
        // It fails only if a log is there already, which then serves.
        let _ = log::set_logger(router);
        adjust();
    }
}

/// Adds everything of zoxy's own up to this level, for F LOG; None: what [`init`] was asked for.
pub fn set_level(level: Option<LevelFilter>) {
    let level = level.unwrap_or(LevelFilter::Off);
    trace::LEVEL.store(level as usize, Ordering::Relaxed);
    adjust();
}

/// Messages so far, by severity.
#[derive(Debug, Clone, Copy)]
pub struct Counts {
    /// W.
    pub warnings: u64,
    /// E.
    pub errors: u64,
    /// A.
    pub actions: u64,
    /// S.
    pub severe: u64,
}

/// What has been said since the start.
pub fn counts() -> Counts {
    let load = |severity: Severity| SAID[severity as usize].load(Ordering::Relaxed);
    Counts {
        warnings: load(Severity::W),
        errors: load(Severity::E),
        actions: load(Severity::A),
        severe: load(Severity::S),
    }
}

/// Counts a message that is about to be said.
pub(super) fn count(severity: Severity) {
    SAID[severity as usize].fetch_add(1, Ordering::Relaxed);
}

static ROUTER: OnceLock<Router> = OnceLock::new();

/// Messages by severity, in the order of its variants.
static SAID: [AtomicU64; 5] = [const { AtomicU64::new(0) }; 5];

/// Lets the log facade pass on what somebody wants, and no more.
fn adjust() {
    let Some(router) = ROUTER.get() else { return };
    let traced = if trace::is_any() { LevelFilter::Trace } else { LevelFilter::Off };
    log::set_max_level(router.filter.filter().max(trace::level()).max(traced));
}

/// Takes every line there is: drops it, or has it written.
#[derive(Debug)]
struct Router {
    /// What the start asked for.
    filter: Logger,
    style: Style,
}

impl Log for Router {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.filter.enabled(metadata) || trace::wants(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let now = Utc::now();
        let shown = self.style.line(now, record);
        let dated = match self.style {
            Style::Plain => None,
            Style::Journal => Some(Style::Plain.line(now, record)),
        };
        let dated = dated.as_ref().unwrap_or(&shown);
        // What the line has behind its time.
        let text = dated.split_once(' ').map_or("", |(_, text)| text.trim_end());
        let priority = priority(record.level(), record.target(), text);
        route::write(&route::Line { shown: &shown, dated, priority, text });
    }

    fn flush(&self) {}
}

/// What is written: messages always, the rest by `-v` and `ZOXY_LOG`.
fn builder(verbose: usize, spec: &str) -> Builder {
    let mut builder = Builder::new();
    builder.filter_level(LevelFilter::Warn);
    builder.filter_module(MESSAGES, LevelFilter::Info);
    match verbose {
        0 => {}
        1 => drop(builder.filter_module("zoxy", LevelFilter::Debug)),
        _ => drop(builder.filter_module("zoxy", LevelFilter::Trace)),
    }
    builder.parse_filters(spec);
    builder
}

/// How a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// With the time.
    Plain,
    /// With the priority of sd-daemon(3).
    Journal,
}

impl Style {
    /// One whole line with its end; characters that could forge another become `?`.
    fn line(self, now: Utc, record: &Record<'_>) -> String {
        let mut line = match self {
            Self::Plain => format!("{now} "),
            Self::Journal => String::new(),
        };
        let text = record.args().to_string();
        if self == Self::Journal {
            line = format!("<{}>", priority(record.level(), record.target(), &text));
        }
        if record.target() != MESSAGES {
            line.push_str(&format!("{} {} ", record.level(), record.target()));
            if let Some(id) = trace::current() {
                line.push_str(&format!("#{id} "));
            }
        }
        line.extend(text.chars().map(|c| if is_forging(c) { '?' } else { c }));
        line.push('\n');
        line
    }
}

/// The syslog priority of a line: that of a message follows from the letter of its ID.
fn priority(level: Level, target: &str, text: &str) -> u8 {
    let letter = text.as_bytes().get(7).filter(|_| target == MESSAGES);
    match (letter, level) {
        (Some(b'A'), _) => return 1,
        (Some(b'S'), _) => return 2,
        _ => {}
    }
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}

/// Whether somebody else already dates and stores the lines.
mod journal {
    /// Whether standard error is connected to the systemd journal: `JOURNAL_STREAM` names device
    /// and inode of the stream (systemd.exec(5)); a redirected standard error has others.
    pub(super) fn is_stderr() -> bool {
        let Ok(stream) = std::env::var("JOURNAL_STREAM") else {
            return false;
        };
        match rustix::fs::fstat(rustix::stdio::stderr()) {
            Ok(stat) => names(&stream, stat.st_dev, stat.st_ino),
            Err(_) => false,
        }
    }

    /// Whether `stream` is `device:inode` in decimal.
    pub(super) fn names(stream: &str, device: u64, inode: u64) -> bool {
        let Some((named_device, named_inode)) = stream.split_once(':') else {
            return false;
        };
        named_device.parse() == Ok(device) && named_inode.parse() == Ok(inode)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn line(style: Style, level: Level, target: &str, text: &str) -> String {
        let now = Utc(UNIX_EPOCH + Duration::from_millis(1_795_251_357_123));
        let arguments = format_args!("{text}");
        style.line(now, &Record::builder().level(level).target(target).args(arguments).build())
    }

    fn enabled(verbose: usize, spec: &str, level: Level, target: &str) -> bool {
        let logger = builder(verbose, spec).build();
        logger.enabled(&Metadata::builder().level(level).target(target).build())
    }

    #[test]
    fn a_message_is_time_and_text() {
        assert_eq!(
            line(Style::Plain, Level::Info, MESSAGES, "ZOX2001I #17 text"),
            "2026-11-21T08:55:57.123Z ZOX2001I #17 text\n"
        );
    }

    #[test]
    fn tracing_names_level_and_module() {
        assert_eq!(
            line(Style::Plain, Level::Trace, "zoxy::ssh", "a\nb"),
            "2026-11-21T08:55:57.123Z TRACE zoxy::ssh a?b\n"
        );
    }

    #[test]
    fn the_journal_gets_priorities() {
        assert_eq!(line(Style::Journal, Level::Error, MESSAGES, "x"), "<3>x\n");
        assert_eq!(line(Style::Journal, Level::Warn, MESSAGES, "x"), "<4>x\n");
        assert_eq!(line(Style::Journal, Level::Info, MESSAGES, "x"), "<6>x\n");
        assert_eq!(line(Style::Journal, Level::Debug, "zoxy", "x"), "<7>DEBUG zoxy x\n");
        let said = |text| line(Style::Journal, Level::Error, MESSAGES, text);
        assert!(said("ZOX3011A x").starts_with("<1>") && said("ZOX0012S x").starts_with("<2>"));
        assert!(said("ZOX3004E x").starts_with("<3>"));
    }

    #[test]
    fn tracing_never_hides_messages() {
        for spec in ["", "trace", "zoxy::ssh=trace", "off", "error"] {
            assert!(enabled(0, spec, Level::Info, MESSAGES), "{spec}");
        }
        assert!(!enabled(0, "ZOX=warn", Level::Info, MESSAGES));
    }

    #[test]
    fn verbosity_and_variable_switch_tracing_on() {
        assert!(!enabled(0, "", Level::Info, "zoxy::engine"));
        assert!(enabled(1, "", Level::Debug, "zoxy::engine"));
        assert!(!enabled(1, "", Level::Trace, "zoxy::engine"));
        assert!(enabled(2, "", Level::Trace, "zoxy::engine"));
        assert!(enabled(0, "trace", Level::Trace, "zoxy::engine"));
        assert!(enabled(0, "zoxy::ssh=trace", Level::Trace, "zoxy::ssh::channel"));
        assert!(!enabled(0, "zoxy::ssh=trace", Level::Trace, "zoxy::engine"));
    }

    #[test]
    fn journal_stream_is_device_and_inode() {
        assert!(journal::names("8:1234", 8, 1234));
        for wrong in ["8:1235", "9:1234", "8", "", ":", "8:1234:", "a:b"] {
            assert!(!journal::names(wrong, 8, 1234), "{wrong}");
        }
    }
}
