//! Subcommands: getopts, return codes. Called by `main`.
//!
//! Each subcommand has its own file with a function that takes the arguments after its name and
//! returns its return code; `SUBCOMMANDS` is the list of them.

mod check;
pub mod ctl;
mod deck;
mod ds;
mod explain;
mod ftp;
mod iconv;
mod interrupt;
mod jobs;
mod output;
pub mod passwd;
pub mod rc;
mod report;
mod run;
mod submit;
mod task;

use std::env;
use std::process::ExitCode;

use crate::job::end::NOT_RUN;
use crate::job::launch;
use crate::job::programs::{ftp as job_ftp, iebgener};
use crate::message::catalogue::{SUBMIT_FAILED, USAGE};
use crate::message::log;
use output::Output;
use rc::Rc;

/// One subcommand.
struct Subcommand {
    name: &'static str,
    /// One line for `zoxy --help`.
    summary: &'static str,
    main: fn(&[String]) -> u8,
}

/// All subcommands, in the order of `zoxy --help`.
const SUBCOMMANDS: &[Subcommand] = &[
    Subcommand { name: "run", summary: "run the proxy in the foreground", main: run::main },
    Subcommand {
        name: "check",
        summary: "read a deck and say everything that is wrong with it",
        main: check::main,
    },
    Subcommand {
        name: "explain",
        summary: "say which filter a destination hits, or what a message means",
        main: explain::main,
    },
    Subcommand {
        name: "ctl",
        summary: "send an operator command to a running zoxy",
        main: ctl::main,
    },
    Subcommand {
        name: "report",
        summary: "sum up the transfers in a log by user, host and result",
        main: report::main,
    },
    Subcommand { name: "submit", summary: "run a JCL-style deck", main: submit::main },
    Subcommand {
        name: "jobs",
        summary: "list, show, await, cancel and purge jobs",
        main: jobs::main,
    },
    Subcommand { name: "start", summary: "run a procedure as a started task", main: task::start },
    Subcommand { name: "stop", summary: "stop a started task", main: task::stop },
    Subcommand { name: "modify", summary: "send a command to a started task", main: task::modify },
    Subcommand { name: "ds", summary: "work with data sets on this system", main: ds::main },
    Subcommand { name: "ftp", summary: "the batch FTP client, as PGM=FTP has it", main: ftp::main },
    Subcommand {
        name: "passwd",
        summary: "make a line for a file of SOCKS5 users",
        main: passwd::main,
    },
    Subcommand {
        name: "iconv",
        summary: "convert files between code pages, EBCDIC ones among them",
        main: iconv::main,
    },
];

/// Runs the subcommand that the command line names.
pub fn main() -> ExitCode {
    let arguments = env::args_os().skip(1).map(|argument| argument.into_string());
    match arguments.collect::<Result<Vec<_>, _>>() {
        Ok(arguments) => ExitCode::from(dispatch(&arguments)),
        Err(argument) => {
            let problem = format!("{} is not UTF-8", argument.to_string_lossy());
            usage("", &problem).print().into()
        }
    }
}

fn dispatch(arguments: &[String]) -> u8 {
    let Some((name, rest)) = arguments.split_first() else {
        return usage("", "a command is missing").print();
    };
    match name.as_str() {
        "-h" | "--help" | "help" => Output::new(Rc::Ok, help()).print(),
        "-V" | "--version" => {
            Output::new(Rc::Ok, format!("zoxy {}\n", env!("CARGO_PKG_VERSION"))).print()
        }
        iebgener::SUBCOMMAND => {
            let (text, rc) = iebgener::run();
            println!("{text}");
            rc
        }
        job_ftp::SUBCOMMAND => ftp::step(rest),
        launch::SUBCOMMAND => run_launched(rest),
        name => match SUBCOMMANDS.iter().find(|subcommand| subcommand.name == name) {
            Some(subcommand) => (subcommand.main)(rest),
            None => usage("", &format!("there is no command {name}")).print(),
        },
    }
}

/// The process of a job in the background; its errors go to a file in the job's folder.
fn run_launched(arguments: &[String]) -> u8 {
    let [folder] = arguments else {
        return usage(launch::SUBCOMMAND, "expected the folder of a job").print();
    };
    log::init(0);
    launch::run_launched(folder.into()).unwrap_or_else(|error| {
        let line = SUBMIT_FAILED.render(&[("job", folder), ("reason", &error)]);
        Output::failure(Rc::Severe, line).print();
        NOT_RUN
    })
}

fn help() -> String {
    let mut help = String::from(
        "Usage: zoxy COMMAND [OPTIONS]\n\n\
         A SOCKS proxy for mainframe batch file transfer, through SSH.\n\nCommands:\n",
    );
    for Subcommand { name, summary, .. } in SUBCOMMANDS {
        help.push_str(&format!("    {name:<9} {summary}\n"));
    }
    help.push_str(
        "\nOptions:\n    \
         -h, --help     print this help; zoxy COMMAND --help prints that of a command\n    \
         -V, --version  print the version\n\n\
         Return codes: 0 as asked, 4 with warnings, 8 the command or the deck is wrong,\n\
         12 something outside failed, 16 zoxy itself failed.\n",
    );
    help
}

/// A wrong command line; `command` is the subcommand, or nothing.
fn usage(command: &str, problem: &str) -> Output {
    let command = if command.is_empty() { "zoxy".to_owned() } else { format!("zoxy {command}") };
    let line = USAGE.render(&[("command", &command), ("problem", &problem)]);
    Output::failure(Rc::Error, line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_help_names_every_subcommand() {
        let help = help();
        for Subcommand { name, summary, .. } in SUBCOMMANDS {
            assert!(help.contains(name) && help.contains(summary), "{name}");
        }
        assert!(help.lines().all(|line| line.len() <= 80), "{help}");
    }

    #[test]
    fn wrong_command_lines_are_told() {
        let output = usage("check", "a deck is missing");
        assert_eq!(output.rc, Rc::Error);
        assert!(output.err.contains("zoxy check: a deck is missing; see zoxy check --help"));
        assert_eq!(dispatch(&["nonsense".to_owned()]), 8);
        assert_eq!(dispatch(&[]), 8);
    }
}
