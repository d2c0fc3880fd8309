//! A terminal: a real one (a pty), with the screen of a terminal emulator, pyte.

use std::path::Path;
use std::process::Command;

use super::{python, run_on, text};

/// Runs a command in a terminal of 80 columns and 24 lines, with this script (see
/// `tests/it/operator/terminal.py`); gives the screens that it shows, and the return code.
pub fn terminal(command: &Command, script: &[&str]) -> String {
    let has_pyte = Command::new(python()).args(["-c", "import pyte"]).output();
    let has_pyte = has_pyte.is_ok_and(|output| output.status.success());
    assert!(has_pyte, "pyte is missing: install the Debian package python3-pyte");
    let helper = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/operator/terminal.py");
    let mut inside = Command::new(python());
    inside.arg(helper).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => inside.env(name, value),
            None => inside.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        inside.current_dir(folder);
    }
    let output = run_on(&mut inside, (script.join("\n") + "\n").as_bytes());
    let screens = text(&output.stdout);
    assert!(output.status.success(), "{}\n{screens}", text(&output.stderr));
    screens
}
