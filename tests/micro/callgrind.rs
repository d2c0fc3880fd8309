//! Instructions: the same operation in a process of its own under valgrind, a few times and then more often. The
//! difference is free of everything around it.

use std::process::Command;

use crate::options::REPEAT;

/// Operations before the first one that counts: tables are filled and buffers have grown by then.
const WARM: u64 = 8;

/// Whether there is a valgrind.
pub fn check() -> Result<(), String> {
    match Command::new("valgrind").arg("--version").output() {
        Ok(output) if output.status.success() => Ok(()),
        _ => Err("valgrind cannot be started: install the Debian package valgrind".to_owned()),
    }
}

/// Instructions of one operation, the mean of `times`.
pub fn count(line: &str, times: u64) -> Result<f64, String> {
    let few = instructions(line, WARM)?;
    let many = instructions(line, WARM + times)?;
    Ok((many as f64 - few as f64) / times as f64)
}

/// Instructions of a process that does the operation so often.
fn instructions(line: &str, times: u64) -> Result<u64, String> {
    let failed = |what: String| format!("{line} under valgrind: {what}");
    let program = std::env::current_exe().map_err(|error| failed(error.to_string()))?;
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .arg(program)
        .args(["--only", line, REPEAT, &times.to_string()])
        .output()
        .map_err(|error| failed(error.to_string()))?;
    let told = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(failed(format!("{}\n{told}", output.status)));
    }
    // `==PID== Collected : 123456`
    told.lines()
        .filter_map(|text| text.split_once("Collected : "))
        .find_map(|(_, number)| number.trim().parse().ok())
        .ok_or_else(|| failed(format!("no number of instructions in\n{told}")))
}
