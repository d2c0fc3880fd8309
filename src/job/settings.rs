//! What the environment says about jobs.
//!
//! | variable | says | default |
//! |---|---|---|
//! | `ZOXY_PROCLIB` | where procedures are: folders and `//'DSN'`, with colons between them | `//'SYS1.PROCLIB'` |
//! | `ZOXY_PROGRAMS` | folders with programs, with colons between them | none |
//! | `ZOXY_DSWAIT` | seconds to wait for data sets that other jobs have | 600 |
//! | `ZOXY_STEPWAIT` | seconds that a step may wait without processor time; 0: no limit | 86400 |
//! | `ZOXY_SYSOUTMAX` | megabytes of a SYSOUT data set; 0: no limit | 1024 |
//! | `ZOXY_SELF` | how zoxy starts itself | this program |
//!
//! The spool has its own variables (`spool`), and so have data sets ([`crate::dataset`]).

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use crate::dataset::{FileName, Prefix};

/// Settings of all jobs of a process.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where procedures are, in the order they are looked for.
    pub procedure_libraries: Vec<FileName>,
    /// Folders with programs.
    pub program_folders: Vec<PathBuf>,
    /// How long to wait for data sets that other jobs have.
    pub dataset_wait: Duration,
    /// How long a step may wait without processor time; None: no limit.
    pub step_wait: Option<Duration>,
    /// Bytes of a SYSOUT data set at most; None: no limit.
    pub output_limit: Option<u64>,
}

impl Settings {
    /// As the environment says; the error names the variable that says nothing sensible.
    pub fn from_environment() -> Result<Self, String> {
        Self::from_variables(|name| match env::var(name) {
            Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
            Err(env::VarError::NotPresent) => Ok(None),
            Err(env::VarError::NotUnicode(_)) => Err(format!("{name} is not UTF-8")),
        })
    }

    fn from_variables(
        get: impl Fn(&str) -> Result<Option<String>, String>,
    ) -> Result<Self, String> {
        let libraries = get(PROCEDURES)?;
        let libraries = libraries.as_deref().unwrap_or("//'SYS1.PROCLIB'").split(':');
        let procedure_libraries = libraries.filter(|name| !name.is_empty()).map(library);
        let programs = get(PROGRAMS)?.unwrap_or_default();
        let number = |name: &str, default: u64| match get(name)? {
            None => Ok(default),
            Some(text) => match text.parse() {
                Ok(value) if value <= MOST => Ok(value),
                _ => Err(format!("{name} is {text}: expected a number, 0-{MOST}")),
            },
        };
        let step_wait = number(STEP_WAIT, 86_400)?;
        let megabytes = number(OUTPUT_LIMIT, 1024)?;
        Ok(Self {
            procedure_libraries: procedure_libraries.collect::<Result<_, _>>()?,
            program_folders: env::split_paths(&programs)
                .filter(|folder| folder.is_absolute())
                .collect(),
            dataset_wait: Duration::from_secs(number(DATASET_WAIT, 600)?),
            step_wait: (step_wait > 0).then(|| Duration::from_secs(step_wait)),
            output_limit: (megabytes > 0).then_some(megabytes << 20),
        })
    }
}

/// A command that runs zoxy itself.
pub fn own_command() -> std::io::Result<Command> {
    let words = env::var("ZOXY_SELF").unwrap_or_default();
    let mut words = words.split_whitespace();
    match words.next() {
        None => env::current_exe().map(Command::new),
        Some(program) => {
            let mut command = Command::new(program);
            command.args(words);
            Ok(command)
        }
    }
}

fn library(name: &str) -> Result<FileName, String> {
    let wrong = |what: &dyn std::fmt::Display| {
        format!("{PROCEDURES} names {name}: {what}; expected a folder or //'DATA.SET'")
    };
    match FileName::parse(name, &Prefix::Environment) {
        Ok(found @ FileName::Path(_)) => Ok(found),
        Ok(FileName::Dataset(dsn)) if dsn.member.is_none() => Ok(FileName::Dataset(dsn)),
        Ok(_) => Err(wrong(&"it is no library")),
        Err(error) => Err(wrong(&error)),
    }
}

const PROCEDURES: &str = "ZOXY_PROCLIB";
const PROGRAMS: &str = "ZOXY_PROGRAMS";
const DATASET_WAIT: &str = "ZOXY_DSWAIT";
const STEP_WAIT: &str = "ZOXY_STEPWAIT";
const OUTPUT_LIMIT: &str = "ZOXY_SYSOUTMAX";

/// Highest number of a variable: more than a year of seconds, or 95 terabytes.
const MOST: u64 = 99_999_999;

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<Settings, String> {
        Settings::from_variables(|name| {
            let found = variables.iter().find(|(variable, _)| *variable == name);
            Ok(found.map(|(_, value)| (*value).to_owned()))
        })
    }

    #[test]
    fn defaults_are_those_of_the_documents() {
        let settings = settings(&[]).unwrap();
        let libraries: Vec<_> =
            settings.procedure_libraries.iter().map(ToString::to_string).collect();
        assert_eq!(libraries, ["//'SYS1.PROCLIB'"]);
        assert!(settings.program_folders.is_empty());
        assert_eq!(settings.dataset_wait, Duration::from_secs(600));
        assert_eq!(settings.step_wait, Some(Duration::from_secs(86_400)));
        assert_eq!(settings.output_limit, Some(1 << 30));
    }

    #[test]
    fn variables_are_read() {
        let settings = settings(&[
            (PROCEDURES, "/etc/zoxy/proc://'USER.PROCLIB'"),
            (PROGRAMS, "/opt/a:/opt/b:relative"),
            (DATASET_WAIT, "0"),
            (STEP_WAIT, "0"),
            (OUTPUT_LIMIT, "0"),
        ])
        .unwrap();
        let libraries: Vec<_> =
            settings.procedure_libraries.iter().map(ToString::to_string).collect();
        assert_eq!(libraries, ["/etc/zoxy/proc", "//'USER.PROCLIB'"]);
        assert_eq!(settings.program_folders, [PathBuf::from("/opt/a"), PathBuf::from("/opt/b")]);
        assert_eq!((settings.dataset_wait, settings.step_wait), (Duration::ZERO, None));
        assert_eq!(settings.output_limit, None);
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (variable, value) in [
            (PROCEDURES, "//'USER.PROCLIB(X)'"),
            (PROCEDURES, "//'1'"),
            (DATASET_WAIT, "-1"),
            (STEP_WAIT, "soon"),
            (STEP_WAIT, "100000000"),
            (OUTPUT_LIMIT, "1G"),
        ] {
            let error = settings(&[(variable, value)]).unwrap_err();
            assert!(error.contains(variable), "{error}");
        }
    }
}
