//! `zoxy ctl`: the operator's end of the console socket.
//!
//! Sends one command to a running zoxy, prints its answer and ends with its return code. Called by
//! the dispatcher of subcommands.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::PathBuf;

use getopts::Options;

use super::deck;
use super::rc::Rc;
use crate::config::{self, LoadOptions};
use crate::job::command::{self as tasks, TaskCommand};
use crate::message::catalogue::USAGE;
use crate::operator::client::send;
use crate::operator::protocol::MAX_COMMAND;
use crate::operator::{command, default_socket};

const BRIEF: &str = "\
Usage: zoxy ctl [-c CONFIG | -s SOCKET] COMMAND

Sends an operator command to a running zoxy, or carries out one about jobs and
started tasks, and prints the answer.";

const AFTER_OPTIONS: &str = "
Commands, in upper or lower case:
";

const RETURN_CODES: &str = "
Return codes: 0 done, 4 done with warnings, 8 not done, 12 no zoxy can be
reached.
";

/// Runs `zoxy ctl` with the arguments after the subcommand; returns the return code.
pub fn main(arguments: &[String]) -> u8 {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let rc = run(arguments, &mut out, &mut err);
    // Nobody is left to be told when the output cannot be written (zoxy ctl ... | head).
    let _ = io::stdout().write_all(&out).and_then(|()| io::stdout().flush());
    let _ = io::stderr().write_all(&err);
    rc
}

/// The same with the output collected: `out` for answers, `err` for messages of `zoxy ctl` itself.
fn run(arguments: &[String], out: &mut Vec<u8>, err: &mut Vec<u8>) -> u8 {
    let (text, rc, to) = match Request::parse(arguments) {
        Ok(Request::Help) => (help(), Rc::Ok.into(), out),
        Ok(Request::Send { socket, line }) => match send(&socket, &line) {
            Ok((text, rc)) => {
                out.extend(text);
                return rc;
            }
            Err(failure) => {
                out.extend(&failure.shown);
                (format!("{failure}\n"), Rc::Severe.into(), err)
            }
        },
        Ok(Request::Task(command)) => {
            let (text, rc) = tasks::run_task_command(&command);
            (text.trim_end().to_owned() + "\n", rc, if rc < 8 { out } else { err })
        }
        Err(UsageError(text)) => (text + "\n", Rc::Error.into(), err),
    };
    to.extend(text.into_bytes());
    rc
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Help,
    Send {
        socket: PathBuf,
        line: String,
    },
    /// About jobs and started tasks: no running proxy is needed.
    Task(TaskCommand),
}

/// Messages that say why a command line cannot be served.
#[derive(Debug, PartialEq, Eq)]
struct UsageError(String);

impl Request {
    fn parse(arguments: &[String]) -> Result<Self, UsageError> {
        let matches = options().parse(arguments).map_err(usage)?;
        if matches.opt_present("help") {
            return Ok(Self::Help);
        }
        let line = matches.free.join(" ");
        if line.len() >= MAX_COMMAND {
            return Err(usage(format!("command longer than {MAX_COMMAND} bytes")));
        }
        let named = matches.opt_present("socket") || matches.opt_present("config");
        if let Some(command) = tasks::parse(&line).filter(|_| !named) {
            return Ok(Self::Task(command));
        }
        // A wrong command is told even when no zoxy runs.
        command::parse(&line).map_err(|error| UsageError(error.to_string()))?;
        let socket = match (matches.opt_str("socket"), matches.opt_str("config")) {
            (Some(_), Some(_)) => return Err(usage("give either -c or -s")),
            (Some(socket), None) => PathBuf::from(socket),
            (None, Some(deck)) => socket_of_deck(&deck)?,
            (None, None) => default_socket(),
        };
        Ok(Self::Send { socket, line })
    }
}

fn options() -> Options {
    let mut options = Options::new();
    options.optopt(
        "c",
        "config",
        "deck of the zoxy to operate: its CONSOLE setting is used",
        "CONFIG",
    );
    options.optopt("s", "socket", "console socket of the zoxy to operate", "SOCKET");
    options.optflag("h", "help", "print this help");
    options
}

fn help() -> String {
    let mut help = options().usage(BRIEF);
    help.push_str(AFTER_OPTIONS);
    for line in command::help().lines() {
        help.push_str(&format!("    {line}\n"));
    }
    help.push_str("\nWithout -c and -s also these, which need no running zoxy:\n");
    for line in tasks::HELP.lines() {
        help.push_str(&format!("    {line}\n"));
    }
    help.push_str(&format!("\nWithout -c and -s the socket is {}.\n", default_socket().display()));
    help.push_str(RETURN_CODES);
    help
}

fn usage(problem: impl Display) -> UsageError {
    UsageError(USAGE.render(&[("command", &"zoxy ctl"), ("problem", &problem)]))
}

/// The console socket that a deck names. Files named in the deck are of no interest here, since the
/// operator need not have the right to read them.
fn socket_of_deck(deck: &str) -> Result<PathBuf, UsageError> {
    let deck = deck::file_name(deck).map_err(usage)?;
    let options = LoadOptions { check_files: false, ..LoadOptions::default() };
    match config::load(&deck, &options) {
        Ok(loaded) => Ok(loaded.config.process.console.unwrap_or_else(default_socket)),
        Err(error) => {
            let mut lines: Vec<_> = error.diagnostics().iter().map(ToString::to_string).collect();
            lines.push(usage("the deck does not tell the socket; give -s SOCKET").0);
            Err(UsageError(lines.join("\n")))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixListener;
    use std::sync::mpsc;
    use std::thread;

    use super::*;
    use crate::operator::testing::{Operated, TempDir};

    fn ctl(arguments: &[&str]) -> (u8, String, String) {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let rc = run(&arguments, &mut out, &mut err);
        (rc, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn answer_and_return_code_are_those_of_zoxy() {
        let dir = TempDir::new();
        let path = dir.path("zoxy.sock");
        let mut zoxy = Operated::new(&path);
        let (done, is_done) = mpsc::channel();
        let client = thread::spawn(move || {
            let answer = ctl(&["-s", path.to_str().unwrap(), "f", "refresh"]);
            done.send(()).unwrap();
            answer
        });
        let (id, command) = zoxy.command();
        assert_eq!(command, command::Command::Refresh);
        zoxy.console.answer(id, "refreshed, more or less", 4);
        zoxy.until(|_| is_done.try_recv().is_ok(), &mut Vec::new());
        assert_eq!(client.join().unwrap(), (4, "refreshed, more or less\n".into(), String::new()));
    }

    #[test]
    fn without_a_zoxy_it_says_what_was_tried() {
        let dir = TempDir::new();
        let path = dir.path("zoxy.sock");
        let shown = path.to_str().unwrap();
        let (rc, out, err) = ctl(&["--socket", shown, "D STATUS"]);
        assert_eq!((rc, out.as_str()), (12, ""));
        assert_eq!(
            err,
            format!("ZOX0520E no zoxy can be reached at {shown}: there is no socket\n")
        );

        drop(UnixListener::bind(&path).unwrap());
        let (rc, _, err) = ctl(&["-s", shown, "D", "STATUS"]);
        assert_eq!(rc, 12);
        assert!(err.contains("nobody answers; zoxy has ended"), "{err}");
    }

    #[test]
    fn a_broken_answer_is_shown_and_told() {
        let dir = TempDir::new();
        let path = dir.path("zoxy.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let zoxy = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut line = [0; 9];
            stream.read_exact(&mut line).unwrap();
            stream.write_all(b"half an ans").unwrap();
        });
        let (rc, out, err) = ctl(&["-s", path.to_str().unwrap(), "D STATUS"]);
        zoxy.join().unwrap();
        assert_eq!((rc, out.as_str()), (12, "half an ans"));
        assert!(err.starts_with("ZOX0521E ") && err.ends_with("the answer has no end\n"), "{err}");
    }

    #[test]
    fn wrong_command_lines_are_told_without_a_zoxy() {
        let all = [
            (&[][..], "ZOX0510E"),
            (&["Q"], "ZOX0511E"),
            (&["D", "NOTHING"], "ZOX0512E"),
            (&["-x", "P"], "ZOX1091E"),
            (&["-s"], "ZOX1091E"),
            (&["-s", "a", "-c", "b", "P"], "give either -c or -s"),
            (&["-c", "/nonexistent/DECK", "P"], "give -s SOCKET"),
            (&[&"P".repeat(300)], "longer than 256 bytes"),
        ];
        for (arguments, expected) in all {
            let (rc, out, err) = ctl(arguments);
            assert_eq!((rc, out.as_str()), (8, ""), "{arguments:?}");
            assert!(err.contains(expected), "{arguments:?}: {err}");
        }
    }

    #[test]
    fn help_is_complete() {
        let (rc, out, err) = ctl(&["--help"]);
        assert_eq!((rc, err.as_str()), (0, ""));
        for part in
            ["--config", "--socket", "D CONNS[,ALL]", "F REFRESH", "12 no zoxy", "zoxy.sock"]
        {
            assert!(out.contains(part) || part == "zoxy.sock" && out.contains("/zoxy-"), "{part}");
        }
    }
}
