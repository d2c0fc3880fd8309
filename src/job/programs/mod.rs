//! Programs that a step can name: those of this table, and whatever is found in a library or folder.
//!
//! A program is looked for where z/OS would: STEPLIB, or JOBLIB if the step has none, then the
//! folders of ZOXY_PROGRAMS, then [`TABLE`]. What is found becomes a [`Plan`]: a command with its
//! arguments and streams.

mod bpxbatch;
pub mod ftp;
pub mod iebgener;
mod module;
mod words;
mod zoxy;

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::dds::Dds;
use super::settings::{Settings, own_command};
use crate::jcl::AbendCode;

/// A program of zoxy's own.
pub struct Program {
    /// What PGM= says.
    pub name: &'static str,
    /// One line for the documents.
    pub summary: &'static str,
    /// A DD that takes on the attributes of another one where it says none.
    pub like: Option<(&'static str, &'static str)>,
    plan: fn(&mut Context<'_>) -> Result<Plan, Refusal>,
}

/// All of them.
pub const TABLE: &[Program] = &[
    Program {
        name: "BPXBATCH",
        summary: "a shell command (`SH ...`) or a program (`PGM path ...`) in its own process",
        like: None,
        plan: bpxbatch::plan,
    },
    Program { name: "BPXBATSL", summary: "the same as BPXBATCH", like: None, plan: bpxbatch::plan },
    Program {
        name: "FTP",
        summary: "the batch FTP client; INPUT has its subcommands ([batchftp.md](batchftp.md))",
        like: None,
        plan: ftp::plan,
    },
    Program {
        name: "IEBGENER",
        summary: "copies SYSUT1 to SYSUT2, record by record",
        like: Some(("SYSUT2", "SYSUT1")),
        plan: iebgener::plan,
    },
    Program {
        name: "IEFBR14",
        summary: "nothing: a step for its DD statements",
        like: None,
        plan: |_| Ok(Plan::Nothing),
    },
    Program {
        name: "ZOXY",
        summary: "zoxy; PARM has the subcommand and its options",
        like: None,
        plan: zoxy::plan,
    },
];

/// What a program is planned from.
pub struct Context<'a> {
    /// PARM, or the text of PARMDD.
    pub parm: Option<String>,
    /// The DDs of the step.
    pub dds: &'a mut Dds,
    /// Variables of the step: those of its DDs.
    pub environment: Vec<(String, OsString)>,
    /// The output of a program that no DD takes.
    pub output: PathBuf,
}

/// What a step does.
pub enum Plan {
    /// Nothing.
    Nothing,
    /// A program runs.
    Run(Box<Run>),
}

/// A program that runs.
pub struct Run {
    /// Arguments, environment and streams.
    pub command: Command,
    /// A program that a signal ends has return code 128 and the signal's number, as in a shell;
    /// others end abnormally.
    pub signals_are_codes: bool,
    /// It says when it is ready (sd_notify).
    pub notifies: bool,
    /// Where it leaves a return code that an exit status has no room for, in decimal; 0 to 4095.
    pub code_file: Option<PathBuf>,
}

/// Why a step's program does not run.
#[derive(Debug)]
pub enum Refusal {
    /// The step ends abnormally.
    Abend(AbendCode, String),
    /// The step ends with this return code.
    Code(u16, String),
}

/// A program that cannot be found.
pub const NOT_FOUND: AbendCode = AbendCode::System(0x806);
/// A program that is there and cannot be run.
pub const NOT_EXECUTABLE: AbendCode = AbendCode::System(0x706);
/// A DD that cannot be opened.
pub const NOT_OPENED: AbendCode = AbendCode::System(0x013);

/// The program of that name in the table.
pub fn find(name: &str) -> Option<&'static Program> {
    TABLE.iter().find(|program| program.name == name)
}

/// Plans a step: finds its program and makes its command.
pub fn plan(name: &str, context: &mut Context<'_>, settings: &Settings) -> Result<Plan, Refusal> {
    let library = if context.dds.has("STEPLIB") { "STEPLIB" } else { "JOBLIB" };
    let folders = context.dds.folders(library);
    match module::find(name, folders.iter().chain(&settings.program_folders))? {
        Some(path) => {
            let mut command = Command::new(path);
            command.args(words::split(context.parm.as_deref().unwrap_or_default()));
            context.finish(command)
        }
        None => match find(name) {
            Some(program) => (program.plan)(context),
            None => {
                let places = match (folders.is_empty(), settings.program_folders.is_empty()) {
                    (true, true) => "there is no STEPLIB or JOBLIB, and no ZOXY_PROGRAMS",
                    _ => "it is neither in STEPLIB or JOBLIB nor in ZOXY_PROGRAMS",
                };
                Err(Refusal::Abend(NOT_FOUND, format!("there is no program {name}: {places}")))
            }
        },
    }
}

/// Whether a program could be found now, as far as that can be told before its step comes.
pub fn is_likely(name: &str, has_library: bool, settings: &Settings) -> bool {
    let found = module::find(name, settings.program_folders.iter());
    has_library || find(name).is_some() || !matches!(found, Ok(None))
}

impl Context<'_> {
    /// Streams and environment as programs have them: standard input is SYSIN, output goes to
    /// SYSPRINT or the like, errors go where output goes.
    fn finish(&mut self, mut command: Command) -> Result<Plan, Refusal> {
        let input = self.dds.input(&["STDIN", "SYSIN"]);
        command.stdin(input.map_err(|error| not_opened("standard input", &error))?);
        self.outputs(&mut command, &["STDOUT", "SYSPRINT", "SYSOUT"])?;
        self.variables(&mut command);
        Ok(Plan::Run(Box::new(Run {
            command,
            signals_are_codes: false,
            notifies: false,
            code_file: None,
        })))
    }

    /// Standard output to the first of these DDs that the step has, standard error to STDERR or else
    /// to the same place. What no DD takes goes to the spool.
    fn outputs(&mut self, command: &mut Command, names: &[&str]) -> Result<(), Refusal> {
        let wrong = |error: &io::Error| not_opened("standard output", error);
        let default = |path: &Path| super::spool::new_file().append(true).open(path);
        let mut open = |names: &[&str]| -> io::Result<Stdio> {
            match self.dds.output(names)? {
                Some(output) => Ok(output),
                None => default(&self.output).map(Stdio::from),
            }
        };
        command.stdout(open(names).map_err(|error| wrong(&error))?);
        let names = [&["STDERR"], names].concat();
        command.stderr(open(&names).map_err(|error| wrong(&error))?);
        Ok(())
    }

    fn variables(&self, command: &mut Command) {
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(is_of_another) {
                command.env_remove(name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
    }
}

/// Variables that were meant for whoever started the job: its DDs, and its service manager.
fn is_of_another(name: &str) -> bool {
    const PREFIXES: [&str; 4] = ["DD_", "dd_", "ZOXY_DCB_", "ZOXY_DISP_"];
    const NAMES: [&str; 6] = [
        "NOTIFY_SOCKET",
        "WATCHDOG_USEC",
        "WATCHDOG_PID",
        "LISTEN_PID",
        "LISTEN_FDS",
        "LISTEN_FDNAMES",
    ];
    PREFIXES.iter().any(|prefix| name.starts_with(prefix)) || NAMES.contains(&name)
}

fn not_opened(what: &str, error: &io::Error) -> Refusal {
    Refusal::Abend(NOT_OPENED, format!("{what} cannot be opened: {error}"))
}

fn own() -> Result<Command, Refusal> {
    own_command().map_err(|error| Refusal::Abend(NOT_FOUND, format!("zoxy itself: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of the documents.
    fn manual() -> String {
        let rows = TABLE.iter().map(|p| format!("| {} | {} |\n", p.name, p.summary));
        format!("| PGM | does |\n|---|---|\n{}", rows.collect::<String>())
    }

    #[test]
    fn the_table_is_in_order_and_names_are_names() {
        assert!(TABLE.windows(2).all(|pair| pair[0].name < pair[1].name));
        assert!(TABLE.iter().all(|program| (1..=8).contains(&program.name.len())));
    }

    #[test]
    fn the_table_of_the_documents_is_this_one() {
        let documents = include_str!("../../../docs/jobs.md");
        assert!(documents.contains(&manual()), "docs/jobs.md must have:\n{}", manual());
    }

    #[test]
    fn variables_of_others_are_known() {
        for name in ["DD_SYSIN", "dd_x", "NOTIFY_SOCKET", "ZOXY_DISP_A"] {
            assert!(is_of_another(name), "{name}");
        }
        for name in ["PATH", "DD", "ZOXY_DSROOT", "NOTIFY_SOCKETS"] {
            assert!(!is_of_another(name), "{name}");
        }
    }
}
