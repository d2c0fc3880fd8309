//! `zoxy report`: a day's transfers from the log, by user, host and result.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::time::{Duration, SystemTime};

use getopts::Options;
use serde_json::{Value, json};

use super::output::Output;
use super::rc::Rc;
use super::usage;
use crate::message::catalogue::REPORT_UNREADABLE;
use crate::message::record::Transfer;
use crate::message::time::Utc;

const BRIEF: &str = "\
Usage: zoxy report [-d DAY] [-j] [LOG...]

Sums up the transfers in logs of zoxy (their ZOX4521I lines) by user, host and
result, and lists those that were not completed. Without LOG it reads standard
input:  journalctl -u zoxy -o cat | zoxy report -d yesterday";

const RETURN_CODES: &str = "
Return codes: 0 every transfer was completed, 4 some were not, 8 the command is
wrong, 12 a log cannot be read.
";

/// Runs `zoxy report` with the arguments after the subcommand; returns the return code.
pub(super) fn main(arguments: &[String]) -> u8 {
    run(arguments, io::stdin().lock()).print()
}

fn run(arguments: &[String], input: impl Read) -> Output {
    let options = options();
    let matches = match options.parse(arguments) {
        Ok(matches) => matches,
        Err(error) => return usage("report", &error.to_string()),
    };
    if matches.opt_present("help") {
        return Output::new(Rc::Ok, options.usage(BRIEF) + RETURN_CODES);
    }
    let day = match matches.opt_str("day").map(|day| day_of(&day)).transpose() {
        Ok(day) => day,
        Err(problem) => return usage("report", &problem),
    };
    let mut report = Report { day, ..Report::default() };
    if matches.free.is_empty() {
        if let Err(error) = report.read(input) {
            return unreadable("standard input", &error);
        }
    }
    for name in &matches.free {
        let read = File::open(name).and_then(|file| report.read(file));
        if let Err(error) = read {
            return unreadable(name, &error);
        }
    }
    let rc = if report.all.missed > 0 { Rc::Warning } else { Rc::Ok };
    let text = if matches.opt_present("json") { report.json() } else { report.text() };
    Output::new(rc, text)
}

fn options() -> Options {
    let mut options = Options::new();
    let day = "only transfers that began on this day (UTC): 2026-11-21, today or yesterday";
    options.optopt("d", "day", day, "DAY");
    options.optflag("j", "json", "one line of JSON, for programs");
    options.optflag("h", "help", "print this help");
    options
}

fn unreadable(name: &str, error: &io::Error) -> Output {
    let line = REPORT_UNREADABLE.render(&[("name", &name), ("reason", error)]);
    Output::failure(Rc::Severe, line)
}

/// A day as records have it.
fn day_of(text: &str) -> Result<String, String> {
    let shown = |time| Utc(time).to_string()[..10].to_owned();
    let now = SystemTime::now();
    match text.to_ascii_lowercase().as_str() {
        "today" => Ok(shown(now)),
        "yesterday" => Ok(shown(now - Duration::from_secs(86_400))),
        day => {
            let fits = day.len() == 10
                && day.bytes().enumerate().all(|(at, byte)| match at {
                    4 | 7 => byte == b'-',
                    _ => byte.is_ascii_digit(),
                });
            let wrong = || format!("{text} is no day such as 2026-11-21, today or yesterday");
            // A day that no calendar has would be one without transfers.
            let is_day = fits && is_in_calendar(day);
            is_day.then(|| day.to_owned()).ok_or_else(wrong)
        }
    }
}

/// Whether there is such a day; of ten characters, with digits where they belong.
fn is_in_calendar(day: &str) -> bool {
    let number = |range: std::ops::Range<usize>| day[range].parse::<u32>().unwrap_or_default();
    let (year, month, day) = (number(0..4), number(5..7), number(8..10));
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + u32::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=days).contains(&day)
}

/// What some transfers come to.
#[derive(Debug, Default, Clone, Copy)]
struct Sum {
    transfers: u64,
    missed: u64,
    bytes: u64,
    seconds: f64,
}

impl Sum {
    fn add(&mut self, transfer: &Transfer<'_>) {
        self.transfers += 1;
        self.missed += u64::from(!transfer.is_complete());
        self.bytes = self.bytes.saturating_add(transfer.bytes);
        self.seconds += transfer.seconds;
    }

    fn json(&self) -> Value {
        json!({
            "transfers": self.transfers,
            "not_completed": self.missed,
            "bytes": self.bytes,
            "seconds": (self.seconds * 1000.0).round() / 1000.0,
        })
    }
}

/// All that is reported.
#[derive(Debug, Default)]
struct Report {
    day: Option<String>,
    all: Sum,
    users: BTreeMap<String, Sum>,
    hosts: BTreeMap<String, Sum>,
    results: BTreeMap<String, Sum>,
    /// Transfers that were not completed, the first [`LISTED`].
    missed: Vec<Missed>,
}

/// One that was not completed.
#[derive(Debug)]
struct Missed {
    started: String,
    connection: u64,
    user: String,
    target: String,
    command: String,
    result: String,
    reply: u16,
    bytes: u64,
    name: String,
}

impl Report {
    fn read(&mut self, input: impl Read) -> io::Result<()> {
        let mut input = BufReader::new(input);
        let mut line = Vec::new();
        loop {
            line.clear();
            // What is longer is no line of zoxy.
            if input.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            if let Some(transfer) = Transfer::parse(&String::from_utf8_lossy(&line)) {
                self.add(&transfer);
            }
        }
    }

    fn add(&mut self, transfer: &Transfer<'_>) {
        if self.day.as_deref().is_some_and(|day| day != transfer.day()) {
            return;
        }
        self.all.add(transfer);
        let groups = [
            (&mut self.users, transfer.user),
            (&mut self.hosts, transfer.host()),
            (&mut self.results, transfer.result),
        ];
        for (group, name) in groups {
            let is_room = group.len() < GROUPS || group.contains_key(name);
            let name = if is_room { name } else { OTHERS };
            group.entry(name.to_owned()).or_default().add(transfer);
        }
        if !transfer.is_complete() && self.missed.len() < LISTED {
            self.missed.push(Missed {
                started: transfer.started.to_owned(),
                connection: transfer.connection,
                user: transfer.user.to_owned(),
                target: transfer.target.to_owned(),
                command: transfer.command.to_owned(),
                result: transfer.result.to_owned(),
                reply: transfer.reply,
                bytes: transfer.bytes,
                name: transfer.name.to_owned(),
            });
        }
    }

    fn groups(&self) -> [(&'static str, &BTreeMap<String, Sum>); 3] {
        [("USER", &self.users), ("HOST", &self.hosts), ("RESULT", &self.results)]
    }

    fn text(&self) -> String {
        let of = self.day.as_deref().map_or_else(String::new, |day| format!(" of {day} (UTC)"));
        let mut out = format!("Transfers{of}\n");
        for (title, group) in self.groups() {
            out.push('\n');
            heading(&mut out, title);
            for (name, sum) in group {
                row(&mut out, name, sum);
            }
        }
        out.push('\n');
        row(&mut out, "TOTAL", &self.all);
        if !self.missed.is_empty() {
            out.push_str("\nNot completed:\n");
        }
        for missed in &self.missed {
            let first = format!(
                "{:.19}Z #{} {} {} reply {}, {} bytes",
                missed.started,
                missed.connection,
                missed.command,
                missed.result,
                missed.reply,
                missed.bytes
            );
            let second = format!("    {} at {}: {}", missed.user, missed.target, missed.name);
            for line in [first, second] {
                out.extend(line.chars().take(80));
                out.push('\n');
            }
        }
        let more = self.all.missed - self.missed.len() as u64;
        if more > 0 {
            let _ = writeln!(out, "... and {more} more");
        }
        out
    }

    fn json(&self) -> String {
        let group = |group: &BTreeMap<String, Sum>| -> Value {
            group.iter().map(|(name, sum)| (name.clone(), sum.json())).collect()
        };
        let missed: Vec<Value> = self
            .missed
            .iter()
            .map(|missed| {
                json!({
                    "started": missed.started,
                    "connection": missed.connection,
                    "user": missed.user,
                    "target": missed.target,
                    "command": missed.command,
                    "result": missed.result,
                    "reply": missed.reply,
                    "bytes": missed.bytes,
                    "name": missed.name,
                })
            })
            .collect();
        let value = json!({
            "day": self.day,
            "total": self.all.json(),
            "users": group(&self.users),
            "hosts": group(&self.hosts),
            "results": group(&self.results),
            "not_completed": missed,
        });
        value.to_string() + "\n"
    }
}

fn heading(out: &mut String, title: &str) {
    let _ = writeln!(out, "{title:<29} TRANSFERS NOT DONE {:>18} {:>12}", "BYTES", "SECONDS");
}

fn row(out: &mut String, name: &str, sum: &Sum) {
    let name: String = name.chars().take(29).collect();
    let Sum { transfers, missed, bytes, seconds } = sum;
    let _ = writeln!(out, "{name:<29} {transfers:>9} {missed:>8} {bytes:>18} {seconds:>12.3}");
}

/// Names of one kind that are counted for themselves.
const GROUPS: usize = 10_000;

/// Stands for those beyond.
const OTHERS: &str = "(others)";

/// Transfers that are listed one by one.
const LISTED: usize = 200;

/// Bytes of a line at most.
const LONGEST: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const LOG: &str = "\
2026-11-21T08:55:57.200Z ZOX4521I #1 10.1.2.3:5 2026-11-21T08:55:57.123Z RETR DOWN I COMPLETE 226 1000 0.500 PAUL s:22 ftp.example:21 'A.B'
2026-11-21T08:55:58.000Z ZOX2013I #1 10.1.2.3:5 closed
2026-11-21T09:00:00.000Z ZOX4521I #2 10.1.2.3:6 2026-11-21T08:59:57.123Z STOR UP A FAILED 426 50 2.000 ANNA s:22 ftp.example:21 C D
2026-11-22T09:00:00.000Z ZOX4521I #3 10.1.2.3:7 2026-11-22T08:59:57.123Z STOR UP A COMPLETE 226 7 0.001 ANNA - other:21 E
";

    fn report(arguments: &[&str]) -> Output {
        let arguments: Vec<_> = arguments.iter().map(|&word| word.to_owned()).collect();
        run(&arguments, LOG.as_bytes())
    }

    #[test]
    fn a_day_is_summed_up() {
        let output = report(&["-d", "2026-11-21"]);
        assert_eq!(output.rc, Rc::Warning);
        assert_eq!(
            output.out,
            "\
Transfers of 2026-11-21 (UTC)

USER                          TRANSFERS NOT DONE              BYTES      SECONDS
ANNA                                  1        1                 50        2.000
PAUL                                  1        0               1000        0.500

HOST                          TRANSFERS NOT DONE              BYTES      SECONDS
ftp.example                           2        1               1050        2.500

RESULT                        TRANSFERS NOT DONE              BYTES      SECONDS
COMPLETE                              1        0               1000        0.500
FAILED                                1        1                 50        2.000

TOTAL                                 2        1               1050        2.500

Not completed:
2026-11-21T08:59:57Z #2 STOR FAILED reply 426, 50 bytes
    ANNA at ftp.example:21: C D
"
        );
        let later = report(&["--day", "2026-11-22", "--json"]);
        assert_eq!(later.rc, Rc::Ok);
        let value: Value = serde_json::from_str(&later.out).unwrap();
        assert_eq!((&value["day"], &value["total"]["bytes"]), (&"2026-11-22".into(), &7.into()));
        assert_eq!(value["users"]["ANNA"]["transfers"], 1);
        assert_eq!(value["not_completed"], json!([]));
        assert_eq!(report(&[]).out.matches("TOTAL                                 3").count(), 1);
    }

    #[test]
    fn what_cannot_be_done_is_told() {
        for (arguments, rc, expected) in [
            (&["-d", "21.11.2026"][..], Rc::Error, "is no day such as"),
            (&["-d", "2026-02-29"], Rc::Error, "is no day such as"),
            (&["-d", "2026-13-01"], Rc::Error, "is no day such as"),
            (&["-d", "2026-11-00"], Rc::Error, "is no day such as"),
            (&["-x"], Rc::Error, "zoxy report"),
            (&["/nonexistent/log"], Rc::Severe, "ZOX0560E log /nonexistent/log"),
        ] {
            let output = report(arguments);
            assert_eq!(output.rc, rc);
            assert!(output.err.contains(expected), "{}", output.err);
        }
        assert!(report(&["--help"]).out.lines().all(|line| line.len() <= 80));
        assert_eq!(report(&["-d", "yesterday"]).rc, Rc::Ok);
    }
}
