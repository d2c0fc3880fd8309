//! The `zoxy` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    zoxy::cli::main()
}
