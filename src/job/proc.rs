//! What the kernel tells of processes: /proc/PID/stat, proc(5).
//!
//! A step's processes are the descendants of its first one that have not left its session. The process
//! that runs the job adopts orphans among them (PR_SET_CHILD_SUBREAPER), so that whatever a step
//! starts stays below it; where it may not, as under an emulator, orphans are known by the process
//! group of the first one. What has a session of its own (setsid) is a daemon, and lives on.

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

/// One process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process {
    /// Its ID.
    pub id: i32,
    /// ID of its parent.
    pub parent: i32,
    /// ID of its process group.
    pub group: i32,
    /// ID of its session.
    pub session: i32,
    /// When it began, in clock ticks after boot: tells it from another one with the same ID.
    pub began: u64,
    /// Clock ticks of processor time: its own, and that of children it has waited for.
    pub ticks: u64,
    /// It has ended and nobody has waited for it.
    pub ended: bool,
}

/// The process with this ID.
pub fn process(id: i32) -> Option<Process> {
    parse(&fs::read_to_string(format!("/proc/{id}/stat")).ok()?)
}

/// Everything that descends from `ancestor` or from a process of `group`, and those of the group, in no
/// order; without `ancestor`.
pub fn family(ancestor: i32, group: i32) -> Vec<Process> {
    let mut children: HashMap<i32, Vec<Process>> = HashMap::new();
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    for entry in entries.flatten() {
        let id = entry.file_name().to_str().and_then(|name| name.parse().ok());
        if let Some(process) = id.and_then(process).filter(|process| process.id != ancestor) {
            let orphan = process.group == group;
            children
                .entry(if orphan { ancestor } else { process.parent })
                .or_default()
                .push(process);
        }
    }
    let mut found = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        for process in children.remove(&parent).unwrap_or_default() {
            parents.push(process.id);
            found.push(process);
        }
    }
    found
}

/// Clock ticks as time.
pub fn time(ticks: u64) -> Duration {
    Duration::from_millis(ticks.saturating_mul(1000) / rustix::param::clock_ticks_per_second())
}

/// Reads the line of a stat file; the name of the program in it may hold anything.
fn parse(line: &str) -> Option<Process> {
    let (id, rest) = line.split_once(" (")?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split(' ').collect();
    // Fields are counted from 1 in proc(5); the third is the first behind the name.
    let field = |number: usize| fields.get(number - 3).copied();
    let ticks = |number| field(number)?.trim().parse::<i64>().ok()?.try_into().ok();
    let used: Option<Vec<u64>> = [UTIME, STIME, CUTIME, CSTIME].into_iter().map(ticks).collect();
    Some(Process {
        id: id.parse().ok()?,
        parent: field(PARENT)?.parse().ok()?,
        group: field(GROUP)?.parse().ok()?,
        session: field(SESSION)?.parse().ok()?,
        began: ticks(START)?,
        ticks: used?.into_iter().sum(),
        ended: matches!(field(STATE)?, "Z" | "X"),
    })
}

const STATE: usize = 3;
const PARENT: usize = 4;
const GROUP: usize = 5;
const SESSION: usize = 6;
const UTIME: usize = 14;
const STIME: usize = 15;
const CUTIME: usize = 16;
const CSTIME: usize = 17;
const START: usize = 22;

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_line_is_read_whatever_the_program_is_called() {
        let line = "4711 (a) S (b c) Z 17 4711 4712 0 -1 4194560 1 2 3 4 10 20 30 40 20 0 1 0 \
                    123456 1 2 3\n";
        let process = Process {
            id: 4711,
            parent: 17,
            group: 4711,
            session: 4712,
            began: 123_456,
            ticks: 100,
            ended: true,
        };
        assert_eq!(parse(line), Some(process));
        for line in ["", "1", "1 (x)", "1 (x) S 1", "x (x) S 1 2 3"] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn children_and_their_children_are_found() {
        let mut shell = Command::new("/bin/sh")
            .args(["-c", "/bin/sh -c 'read x; :' ; :"])
            .stdin(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let id = shell.id() as i32;
        let inner = (0..2000).find_map(|_| {
            std::thread::sleep(Duration::from_millis(5));
            family(std::process::id() as i32, id).into_iter().find(|process| process.parent == id)
        });
        let inner = inner.expect("the shell starts another one");
        assert!(!inner.ended && inner.began >= process(id).unwrap().began);
        assert_eq!(family(id, -1).len(), 1);
        // By its group alone, as an orphan is found.
        assert!(family(inner.id, id).iter().any(|process| process.id == id));
        drop(shell.stdin.take());
        shell.wait().unwrap();
        assert_eq!(process(id), None);
    }
}
