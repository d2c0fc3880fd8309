//! `zoxy ftp`: the batch FTP client from a shell, and as a step of a job.

use std::env;
use std::fs::{self, File};
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

use getopts::Options;

use super::interrupt::Interrupt;
use super::output::Output as Printed;
use super::{Rc, usage};
use crate::batch::{self, Exit, Files, Parm, Start};
use crate::batch::{Output, timeout};
use crate::dataset::{FileName, Prefix, input::Input};
use crate::job::programs::ftp::CODE_FILE;
use crate::message::catalogue::{BATCH_FILE_UNUSABLE, BATCH_PARAMETER_WRONG};

const BRIEF: &str = "\
Usage: zoxy ftp [OPTIONS] [HOST [PORT]]

Transfers files by FTP, directly or through SOCKS, as the batch FTP client of
z/OS does: subcommands come from standard input, one a line, and after the
connection the first lines are the user and the password unless NETRC has
them. Files may be named by a path, a data set or a DD.";

const AFTER_OPTIONS: &str = "
FILE may be a path, //'HLQ.NAME(MEMBER)' or //DD:NAME.

Return codes: 0 all subcommands were done, or EXIT was not given; with --exit
the code of the first that failed, as docs/batchftp.md tells it, and 255 where
that is more. 4 the command or a configuration is wrong.
";

/// Bytes of a file of subcommands at most.
const MAX_INPUT: usize = 16 << 20;

/// From a shell.
pub(super) fn main(arguments: &[String]) -> u8 {
    match parse(arguments) {
        Ok(Asked::Help) => Printed::new(Rc::Ok, options().usage(BRIEF) + AFTER_OPTIONS).print(),
        Ok(Asked::Client { start, input }) => {
            let input = match input {
                None => standard(rustix::termios::isatty(io::stdin().as_fd())),
                Some(name) => match read(&name) {
                    Ok(text) => batch::Input::new(io::Cursor::new(text), false),
                    Err(reason) => {
                        let arguments: [(_, &dyn std::fmt::Display); 3] =
                            [("what", &"INPUT"), ("file", &name), ("reason", &reason)];
                        let line = BATCH_FILE_UNUSABLE.render(&arguments);
                        Printed::failure(Rc::Error, line).print();
                        return NO_INPUT;
                    }
                },
            };
            let code = run(start, input, rustix::termios::isatty(io::stderr().as_fd()));
            u8::try_from(code).unwrap_or(u8::MAX)
        }
        Err(output) => output.print(),
    }
}

/// As a step: the arguments are its PARM; the return code goes to a file, for it may be more than 255.
pub(super) fn step(arguments: &[String]) -> u8 {
    let shown = arguments.first().map(String::as_str).unwrap_or_default().trim().to_owned();
    let parm = match Parm::parse(&shown) {
        Ok(parm) => parm,
        Err(error) => {
            println!("{}", BATCH_PARAMETER_WRONG.render(&[("problem", &error)]));
            return ended(WRONG_PARAMETER);
        }
    };
    let dd = |name: &str| {
        let is_there = env::var_os(format!("DD_{name}")).is_some();
        is_there.then(|| format!("//DD:{name}"))
    };
    let files = Files { ftpdata: dd("SYSFTPD"), netrc: dd("NETRC") };
    let start = Start { parm, shown, files, is_step: true };
    ended(run(start, standard(false), false))
}

/// Standard input, without the buffer of `Stdin`, which is never wiped.
fn standard(is_typed: bool) -> batch::Input {
    match io::stdin().as_fd().try_clone_to_owned() {
        Ok(input) => batch::Input::new(File::from(input), is_typed),
        // No descriptor is left: no connection will be made either.
        Err(_) => batch::Input::new(io::empty(), false),
    }
}

fn run(start: Start, input: batch::Input, shows_progress: bool) -> u16 {
    let interrupt = Interrupt::new().ok().map(Arc::new);
    if let Some(interrupt) = interrupt.clone() {
        batch::stop_when(move || interrupt.came());
    }
    let code = batch::run(start, input, Output::new(io::stdout(), shows_progress));
    if let Some(interrupt) = interrupt {
        interrupt.obey();
    }
    code
}

/// Leaves the return code for the step, and gives the exit status.
fn ended(code: u16) -> u8 {
    if let Some(file) = env::var_os(CODE_FILE) {
        // Without it the step knows that the code is missing, not which it is.
        let _ = fs::write(file, code.to_string());
    }
    u8::try_from(code).unwrap_or(u8::MAX)
}

enum Asked {
    Help,
    Client { start: Start, input: Option<String> },
}

fn options() -> Options {
    let mut options = Options::new();
    options
        .optflag("e", "exit", "end with the first subcommand that fails, with a return code")
        .optopt("", "exit-code", "the same, with this return code", "CODE")
        .optopt("f", "ftpdata", "statements: SOCKSCONFIGFILE, FWFRIENDLY and others", "FILE")
        .optopt("i", "input", "read the subcommands from here", "FILE")
        .optopt("n", "netrc", "logins (default: ~/.netrc, if it is there)", "FILE")
        .optopt("t", "timeout", "seconds for every timer", "SECONDS")
        .optflag("h", "help", "print this help");
    options
}

fn parse(arguments: &[String]) -> Result<Asked, Printed> {
    let wrong = |problem: &dyn std::fmt::Display| usage("ftp", &problem.to_string());
    let matches = options().parse(arguments).map_err(|error| wrong(&error))?;
    if matches.opt_present("help") {
        return Ok(Asked::Help);
    }
    let mut parm = Parm::parse(&matches.free.join(" ")).map_err(|error| wrong(&error))?;
    if matches.opt_present("exit") {
        parm.exit = Some(Exit::Computed);
    }
    if let Some(text) = matches.opt_str("exit-code") {
        let code = text.parse().ok().filter(|code| *code <= 4095);
        let problem = format!("--exit-code {text}: expected 0 to 4095");
        parm.exit = Some(Exit::Fixed(code.ok_or_else(|| wrong(&problem))?));
    }
    if let Some(text) = matches.opt_str("timeout") {
        parm.timeout = Some(timeout(&text).map_err(|error| wrong(&error))?);
    }
    let netrc = matches.opt_str("netrc").or_else(|| {
        let path = std::path::Path::new(&env::var_os("HOME")?).join(".netrc");
        path.is_file().then(|| path.to_str().map(str::to_owned)).flatten()
    });
    let files = Files { ftpdata: matches.opt_str("ftpdata"), netrc };
    let start = Start { parm, shown: arguments.join(" "), files, is_step: false };
    Ok(Asked::Client { start, input: matches.opt_str("input") })
}

fn read(name: &str) -> Result<zeroize::Zeroizing<Vec<u8>>, String> {
    let file = FileName::parse(name, &Prefix::Environment).map_err(|error| error.to_string())?;
    let mut file = Input::open(&file).map_err(|error| error.to_string())?;
    file.text(MAX_INPUT).map_err(|error| error.to_string())
}

/// Client error codes of what is wrong before there is a client.
const WRONG_PARAMETER: u16 = 4;
const NO_INPUT: u8 = 5;

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(arguments: &[&str]) -> Result<Asked, Printed> {
        parse(&arguments.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn options_are_those_of_parm() {
        let Ok(Asked::Client { start, input }) =
            parsed(&["-t", "5", "-i", "in", "-n", "/n", "-e", "host", "2121"])
        else {
            panic!()
        };
        let parm = Parm::parse("host 2121 (EXIT TIMEOUT 5").unwrap();
        assert_eq!((start.parm, input.as_deref()), (parm, Some("in")));
        let Ok(Asked::Client { start, .. }) = parsed(&["--exit-code=8", "host", "(TIMEOUT", "9"])
        else {
            panic!()
        };
        assert_eq!((start.parm.exit, start.parm.timeout), (Some(Exit::Fixed(8)), Some(9)));
    }

    #[test]
    fn wrong_options_are_told() {
        for arguments in [&["--exit-code=x"][..], &["-t", "0"], &["host", "0"], &["-x"]] {
            let Err(output) = parsed(arguments) else { panic!("{arguments:?}") };
            assert!(output.rc == Rc::Error && output.err.contains("zoxy ftp"), "{}", output.err);
        }
        let help = options().usage(BRIEF) + AFTER_OPTIONS;
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    }
}
