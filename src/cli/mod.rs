//! Subcommands: getopts, return codes. Called by `main`.

pub mod ctl;

use std::process::ExitCode;

/// Runs the subcommand that the command line names.
pub fn main() -> ExitCode {
    ExitCode::from(16)
}
