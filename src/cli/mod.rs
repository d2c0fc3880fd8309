//! Subcommands: getopts, return codes. Called by `main`.

pub mod ctl;
pub mod passwd;

use std::process::ExitCode;

/// Runs the subcommand that the command line names.
pub fn main() -> ExitCode {
    ExitCode::from(16)
}
