//! Operator commands: what can be asked for, and how it is written.
//!
//! A command is a verb, blanks, and operands separated by commas or blanks, in upper or lower case.
//! [`FORMS`] lists them all, for `--help`, for completion and for what a wrong command is told.
//! Every display takes JSON as its last operand. [`parse`] is pure; the console calls it, and
//! `zoxy ctl`.

mod nearest;
mod parse;

use std::fmt::{self, Display};

pub use nearest::nearest;
pub use parse::{CommandError, parse};

use super::display::{ROWS, ROWS_ALL};

/// One way to write a command.
#[derive(Debug)]
pub struct Form {
    /// How it is written: capitals as they are, small letters stand for values, brackets for what may
    /// be left out.
    pub syntax: &'static str,
    /// What it does, in a few words.
    pub does: &'static str,
}

/// Every command of the console, in the order of the help.
pub const FORMS: &[Form] = &[
    Form { syntax: "D STATUS", does: "how zoxy as a whole is doing" },
    Form { syntax: "D CONNS[,ALL]", does: "client connections, the oldest first" },
    Form { syntax: "D FTP[,ALL]", does: "FTP dialogues and transfers, the oldest first" },
    Form { syntax: "D TUNNELS", does: "SSH sessions" },
    Form { syntax: "D FILTERS", does: "filters and how often each decided" },
    Form { syntax: "D PROFILES", does: "profiles, their sessions and connections" },
    Form { syntax: "D STATS", does: "totals since the start" },
    Form { syntax: "D R", does: "requests that wait for a reply" },
    Form { syntax: "D DEFAULTS", does: "settings in force where no name is given" },
    Form { syntax: "F REFRESH", does: "read the deck again" },
    Form { syntax: "F QUIESCE", does: "refuse new requests; what runs may finish" },
    Form { syntax: "F RESUME", does: "end QUIESCE" },
    Form { syntax: "F DRAIN profile", does: "refuse new requests that need a profile" },
    Form { syntax: "F RESUME profile", does: "end DRAIN of the profile" },
    Form { syntax: "F RECONNECT profile", does: "new SSH sessions; those in use may finish" },
    Form { syntax: "F RECONNECT profile,NOW", does: "the same, and cut those in use (asks first)" },
    Form { syntax: "F CANCEL id", does: "cut a client connection" },
    Form { syntax: "F LOG level", does: "NORMAL, DEBUG or TRACE" },
    Form { syntax: "F TRACE id,ON", does: "trace one client connection; OFF ends it" },
    Form { syntax: "R nn,'reply'", does: "answer request nn" },
    Form { syntax: "P", does: "stop; running connections may finish first" },
];

/// The commands with what they do, a line each.
pub fn help() -> String {
    FORMS.iter().map(|form| format!("{:<24} {}\n", form.syntax, form.does)).collect()
}

/// What an operator can ask for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// D.
    Display {
        /// What is shown.
        view: View,
        /// As JSON, for a program.
        json: bool,
    },
    /// F REFRESH.
    Refresh,
    /// F QUIESCE.
    Quiesce,
    /// F RESUME: of zoxy as a whole, or of a profile.
    Resume(Option<String>),
    /// F DRAIN.
    Drain(String),
    /// F RECONNECT.
    Reconnect {
        /// The profile's name.
        profile: String,
        /// Sessions in use are cut.
        now: bool,
    },
    /// F CANCEL: the connection's number.
    Cancel(u64),
    /// F LOG.
    Log(Level),
    /// F TRACE.
    Trace {
        /// The connection's number.
        id: u64,
        /// ON, not OFF.
        on: bool,
    },
    /// R.
    Reply {
        /// The request's number.
        number: u8,
        /// The reply, without its apostrophes.
        text: String,
    },
    /// P.
    Stop,
}

/// What can be displayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum View {
    /// zoxy as a whole.
    Status,
    /// Client connections; with `all`, more of them.
    Connections {
        /// ALL was given.
        all: bool,
    },
    /// FTP dialogues; with `all`, more of them.
    Ftp {
        /// ALL was given.
        all: bool,
    },
    /// SSH sessions.
    Tunnels,
    /// Filters.
    Filters,
    /// Profiles.
    Profiles,
    /// Totals.
    Stats,
    /// Outstanding requests.
    Requests,
    /// Settings in force.
    Defaults,
}

impl View {
    /// Its name, as in D and in the first line of the display.
    pub fn name(self) -> &'static str {
        match self {
            Self::Status => "STATUS",
            Self::Connections { .. } => "CONNS",
            Self::Ftp { .. } => "FTP",
            Self::Tunnels => "TUNNELS",
            Self::Filters => "FILTERS",
            Self::Profiles => "PROFILES",
            Self::Stats => "STATS",
            Self::Requests => "R",
            Self::Defaults => "DEFAULTS",
        }
    }

    /// How many rows it shows at most, over all workers.
    pub fn rows(self) -> usize {
        match self {
            Self::Connections { all: true } | Self::Ftp { all: true } => ROWS_ALL,
            _ => ROWS,
        }
    }
}

/// How much goes to the log beside messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// What the start asked for, by `-v` and `ZOXY_LOG`.
    Normal,
    /// Debugging lines.
    Debug,
    /// Every change of state.
    Trace,
}

impl Level {
    /// The words of F LOG.
    pub const WORDS: &'static [&'static str] = &["NORMAL", "DEBUG", "TRACE"];
}

impl Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Normal => "NORMAL",
            Self::Debug => "DEBUG",
            Self::Trace => "TRACE",
        })
    }
}

impl Command {
    /// Whether it changes something, and so belongs in the log.
    pub fn changes(&self) -> bool {
        !matches!(self, Self::Display { .. })
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Display { view, json } => {
                let all = matches!(view, View::Connections { all: true } | View::Ftp { all: true });
                let (all, json) = (if all { ",ALL" } else { "" }, if *json { ",JSON" } else { "" });
                write!(f, "D {}{all}{json}", view.name())
            }
            Self::Refresh => f.write_str("F REFRESH"),
            Self::Quiesce => f.write_str("F QUIESCE"),
            Self::Resume(None) => f.write_str("F RESUME"),
            Self::Resume(Some(profile)) => write!(f, "F RESUME {profile}"),
            Self::Drain(profile) => write!(f, "F DRAIN {profile}"),
            Self::Reconnect { profile, now } => {
                write!(f, "F RECONNECT {profile}{}", if *now { ",NOW" } else { "" })
            }
            Self::Cancel(id) => write!(f, "F CANCEL {id}"),
            Self::Log(level) => write!(f, "F LOG {level}"),
            Self::Trace { id, on } => write!(f, "F TRACE {id},{}", if *on { "ON" } else { "OFF" }),
            Self::Reply { number, text } => write!(f, "R {number:02},'{text}'"),
            Self::Stop => f.write_str("P"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_commands_that_parse() {
        for form in FORMS {
            let line = form
                .syntax
                .replace(['[', ']'], "")
                .replace("profile", "PAPER")
                .replace("level", "TRACE")
                .replace("nn", "01")
                .replace("id", "17");
            let command = parse(&line).unwrap_or_else(|error| panic!("{line}: {error}"));
            assert_eq!(command.to_string(), line.replace("reply", "REPLY"), "{line}");
        }
        assert!(help().lines().all(|line| line.len() <= 76), "{}", help());
    }

    #[test]
    fn what_changes_something_is_told_from_what_shows() {
        for form in FORMS {
            let line = form.syntax.replace(['[', ']'], "").replace("id", "1").replace("nn", "1");
            let Ok(command) = parse(&line.replace("level", "DEBUG")) else { panic!("{line}") };
            assert_eq!(command.changes(), !line.starts_with("D "), "{line}");
        }
    }
}
