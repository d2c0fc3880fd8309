//! Subcommands: getopts, return codes. Called by `main`.

use std::process::ExitCode;

/// Runs the subcommand that the command line names.
pub fn main() -> ExitCode {
    ExitCode::from(16)
}
