//! A root of data sets, and `zoxy ds` on it.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{World, proxy, run, text};

/// A root of its own in the world's folder.
pub struct Datasets {
    root: PathBuf,
}

/// What a command said, and its return code.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Datasets {
    /// A root that does not exist yet.
    pub fn new(world: &World) -> Self {
        Self { root: world.path("ds") }
    }

    /// Path of a file below the root.
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// Makes a command use the root.
    pub fn used_by<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command.env("ZOXY_DSROOT", &self.root).env("ZOXY_PREFIX", "BATCH")
    }

    /// `zoxy ds` with arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = proxy::command(&[&["ds"], arguments].concat());
        self.used_by(&mut command);
        command
    }

    /// Runs `zoxy ds`.
    pub fn ds(&self, arguments: &[&str]) -> Said {
        Said::of(&mut self.command(arguments))
    }

    /// Runs `zoxy ds`, which must end with RC 0 and without a word on standard error; gives its
    /// output.
    #[track_caller]
    pub fn done(&self, arguments: &[&str]) -> String {
        let said = self.ds(arguments);
        assert_eq!((said.code, said.err.as_str()), (Some(0), ""), "{arguments:?}: {}", said.out);
        said.out
    }

    /// Runs `zoxy ds`, which must end with this RC and say this on standard error.
    #[track_caller]
    pub fn refused(&self, code: i32, expected: &str, arguments: &[&str]) {
        let said = self.ds(arguments);
        assert_eq!(said.code, Some(code), "{arguments:?}: {said:?}");
        assert!(said.err.contains(expected), "{arguments:?}: {said:?}");
    }

    /// Content of a file below the root.
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The root.
    pub fn root(&self) -> &Path {
        &self.root
    }
}

impl Said {
    /// Runs a command.
    pub fn of(command: &mut Command) -> Self {
        let output = run(command);
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }
}
