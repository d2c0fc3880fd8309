//! `zoxy ctl`: the operator's end of the console socket.
//!
//! Sends one command to a running zoxy, prints its answer and ends with its return code; without a
//! command it reads one after the other: from a terminal (`interactive`), or line by line. Called by
//! the dispatcher of subcommands.

mod interactive;
mod lines;
mod screen;
mod watch;

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use getopts::Options;

use super::deck;
use super::rc::Rc;
use crate::config::{self, LoadOptions};
use crate::job::command::{self as tasks, TaskCommand};
use crate::message::catalogue::{NO_TERMINAL, USAGE};
use crate::operator::client::send;
use crate::operator::command::Command;
use crate::operator::protocol::MAX_COMMAND;
use crate::operator::{command, default_socket, json};

const BRIEF: &str = "\
Usage: zoxy ctl [-c CONFIG | -s SOCKET] [-j] [COMMAND]

Sends an operator command to a running zoxy, or carries out one about jobs and
started tasks, and prints the answer. Without a command it reads them from the
terminal, with history and completion, or line by line from standard input.";

const AFTER_OPTIONS: &str = "
Commands, in upper or lower case:
";

const RETURN_CODES: &str = "
Return codes: 0 done, 4 done with warnings or nothing to do, 8 not done,
12 no zoxy can be reached; of several commands from standard input, the worst.
";

/// Runs `zoxy ctl` with the arguments after the subcommand; returns the return code.
pub fn main(arguments: &[String]) -> u8 {
    let (text, rc, to_stderr) = match Request::parse(arguments) {
        Ok(Request::Help) => (help(), Rc::Ok.into(), false),
        Ok(Request::Read(console)) if io::stdin().is_terminal() && io::stdout().is_terminal() => {
            return interactive::run(&console);
        }
        Ok(Request::Read(console)) => {
            return lines::run(&console, io::stdin().lock(), &mut io::stdout().lock());
        }
        Ok(Request::Watch(console, words)) => {
            if io::stdin().is_terminal() && io::stdout().is_terminal() {
                return watch::run(&console, &words);
            }
            (NO_TERMINAL.render(&[]) + "\n", Rc::Error.into(), true)
        }
        Ok(Request::Send(console, line)) => {
            let answer = console.enter(&line);
            (answer.text, answer.rc, answer.is_of_ctl && !console.json)
        }
        Err(UsageError(text)) => (text + "\n", Rc::Error.into(), true),
    };
    // Nobody is left to be told when the output cannot be written (zoxy ctl ... | head).
    let _ = match to_stderr {
        false => io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()),
        true => io::stderr().write_all(text.as_bytes()),
    };
    rc
}

/// Where commands go, and in which form their answers come.
#[derive(Debug, PartialEq, Eq)]
struct Console {
    socket: PathBuf,
    /// The socket or deck was named: what could be meant for a started task is for this zoxy.
    is_named: bool,
    json: bool,
}

/// The answer to one command, whole lines.
struct Answer {
    text: String,
    rc: u8,
    /// It comes from `zoxy ctl` itself, which could not reach zoxy or did not understand.
    is_of_ctl: bool,
}

impl Console {
    /// Carries out one command line.
    fn enter(&self, line: &str) -> Answer {
        let verb = line.split_whitespace().next().unwrap_or_default().to_ascii_uppercase();
        if !self.json && matches!(verb.as_str(), "HELP" | "?") {
            return self.answer(commands_help(), 0, false);
        }
        match self.understand(line) {
            Ok(Meant::Task(TaskCommand::List)) if self.json => {
                let (text, rc) = tasks::list_json();
                self.answer(text, rc, false)
            }
            Ok(Meant::Task(command)) => {
                let (text, rc) = tasks::run_task_command(&command);
                self.answer(text.trim_end().to_owned(), rc, rc >= 8)
            }
            Ok(Meant::Proxy(command)) => self.ask(&command, line),
            Err(text) => self.answer(text, Rc::Error.into(), true),
        }
    }

    /// What a line means; the error is the message that says what would be right.
    fn understand(&self, line: &str) -> Result<Meant, String> {
        if line.len() >= MAX_COMMAND {
            return Err(usage(format!("command longer than {MAX_COMMAND} bytes")).0);
        }
        let task = tasks::parse(line).filter(|task| !self.is_named || *task == TaskCommand::List);
        match task {
            Some(task) => Ok(Meant::Task(task)),
            // A wrong command is told even when no zoxy runs.
            None => command::parse(line).map(Meant::Proxy).map_err(|error| error.to_string()),
        }
    }

    fn ask(&self, command: &Command, line: &str) -> Answer {
        let line = match command {
            Command::Display { view, .. } if self.json => {
                Command::Display { view: *view, json: true }.to_string()
            }
            _ => line.to_owned(),
        };
        match send(&self.socket, &line) {
            Ok((text, rc)) => self.answer(String::from_utf8_lossy(&text).into_owned(), rc, false),
            Err(failure) => {
                let shown = String::from_utf8_lossy(&failure.shown).into_owned();
                let gap = if shown.is_empty() || shown.ends_with('\n') { "" } else { "\n" };
                self.answer(format!("{shown}{gap}{failure}"), Rc::Severe.into(), true)
            }
        }
    }

    /// As JSON where that is asked for and it is not.
    fn answer(&self, text: String, rc: u8, is_of_ctl: bool) -> Answer {
        let is_object = text.starts_with('{') && rc < 8;
        let mut text = if self.json && !is_object { json::answer(&text, rc) } else { text };
        if !text.is_empty() && !text.ends_with('\n') {
            text.push('\n');
        }
        Answer { text, rc, is_of_ctl }
    }
}

/// What a command line is about.
enum Meant {
    /// Jobs and started tasks: no running proxy is needed.
    Task(TaskCommand),
    /// The running proxy.
    Proxy(Command),
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Request {
    Help,
    /// One command.
    Send(Console, String),
    /// A display that redraws: what is behind WATCH.
    Watch(Console, String),
    /// Commands from standard input.
    Read(Console),
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
        let is_named = matches.opt_present("socket") || matches.opt_present("config");
        let socket = match (matches.opt_str("socket"), matches.opt_str("config")) {
            (Some(_), Some(_)) => return Err(usage("give either -c or -s")),
            (Some(socket), None) => PathBuf::from(socket),
            (None, Some(deck)) => socket_of_deck(&deck)?,
            (None, None) => default_socket(),
        };
        let console = Console { socket, is_named, json: matches.opt_present("json") };
        let line = matches.free.join(" ");
        match line.split_once([' ', '\t']).unwrap_or((&line, "")) {
            ("", _) if matches.free.is_empty() => Ok(Self::Read(console)),
            (word, rest) if word.eq_ignore_ascii_case("watch") => {
                Ok(Self::Watch(console, rest.to_owned()))
            }
            _ => Ok(Self::Send(console, line)),
        }
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
    options.optflag("j", "json", "answer each command with one line of JSON, for programs");
    options.optflag("h", "help", "print this help");
    options
}

fn help() -> String {
    let mut help = options().usage(BRIEF);
    help.push_str(AFTER_OPTIONS);
    help.push_str(&commands_help());
    help.push_str(&format!("\nWithout -c and -s the socket is {}.\n", default_socket().display()));
    help.push_str(RETURN_CODES);
    help
}

/// Every command with what it does.
fn commands_help() -> String {
    let mut help = String::new();
    for line in command::help().lines() {
        help.push_str(&format!("    {line}\n"));
    }
    help.push_str("\nA display that redraws, on a terminal:\n");
    help.push_str("    WATCH STATUS 2           any display, here every 2 seconds\n");
    help.push_str("\nThese need no running zoxy (with -c or -s, only D A,L):\n");
    for line in tasks::HELP.lines() {
        help.push_str(&format!("    {line}\n"));
    }
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

    /// Return code, and what goes to standard output and standard error.
    fn ctl(arguments: &[&str]) -> (u8, String, String) {
        let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        match Request::parse(&arguments) {
            Ok(Request::Help) => (0, help(), String::new()),
            Ok(Request::Send(console, line)) => {
                let answer = console.enter(&line);
                match answer.is_of_ctl && !console.json {
                    true => (answer.rc, String::new(), answer.text),
                    false => (answer.rc, answer.text, String::new()),
                }
            }
            Ok(request) => panic!("{request:?}"),
            Err(UsageError(text)) => (8, String::new(), text),
        }
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
        assert_eq!((rc, out.as_str()), (12, ""));
        assert!(
            err.starts_with("half an ans\nZOX0521E ") && err.ends_with("the answer has no end\n"),
            "{err}"
        );
    }

    #[test]
    fn wrong_command_lines_are_told_without_a_zoxy() {
        let all = [
            (&[""][..], "ZOX0510E"),
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
        for part in [
            "--config",
            "--socket",
            "--json",
            "WATCH",
            "D CONNS[,ALL]",
            "F REFRESH",
            "12 no zoxy",
            "zoxy.sock",
        ] {
            assert!(out.contains(part) || part == "zoxy.sock" && out.contains("/zoxy-"), "{part}");
        }
    }

    #[test]
    fn answers_for_programs_are_json() {
        let wrong = ctl(&["--json", "-s", "/nonexistent", "D", "TUNELS"]);
        assert_eq!((wrong.0, wrong.2.as_str()), (8, ""));
        assert!(wrong.1.starts_with(r#"{"messages":[{"id":"ZOX0512E","#), "{}", wrong.1);
        let (rc, out, _) = ctl(&["-j", "-s", "/nonexistent/x", "P"]);
        assert_eq!(rc, 12);
        assert!(out.contains(r#""id":"ZOX0520E""#) && out.ends_with("\"rc\":12}\n"), "{out}");
        let console = Console { socket: "/x".into(), is_named: true, json: true };
        let display = console.answer("{\"display\":1}\n".into(), 0, false);
        assert_eq!(display.text, "{\"display\":1}\n");
    }

    #[test]
    fn without_a_command_they_are_read() {
        let parse = |arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(|&word| word.to_owned()).collect();
            Request::parse(&arguments)
        };
        assert!(matches!(parse(&[]), Ok(Request::Read(Console { is_named: false, .. }))));
        assert!(matches!(parse(&["-s", "x"]), Ok(Request::Read(Console { is_named: true, .. }))));
        let Ok(Request::Watch(_, words)) = parse(&["watch", "ftp", "2"]) else { panic!() };
        assert_eq!(words, "ftp 2");
    }
}
