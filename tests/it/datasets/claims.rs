//! Data sets that somebody else uses.

use std::fs::{self, File};
use std::process::Stdio;

use rustix::fs::{FlockOperation, flock};

use crate::world::datasets::Datasets;
use crate::world::{World, eventually};

/// Another job that uses a data set, as the kernel sees it.
struct Other(File);

impl Other {
    fn claims(sets: &Datasets, name: &str, operation: FlockOperation) -> Self {
        let lock = File::open(sets.path(".locks").join(name)).expect("it has been used before");
        flock(&lock, operation).expect("nobody else uses it");
        Self(lock)
    }
}

#[test]
fn what_is_in_use_is_neither_read_nor_changed() {
    let world = World::new();
    let sets = Datasets::new(&world);
    sets.done(&["alloc", "--recfm", "TEXT", "A.B"]);
    let shared = Other::claims(&sets, "A.B", FlockOperation::LockShared);
    let by = format!("ZOX6114E data set A.B is in use by process {}", std::process::id());
    sets.done(&["copy", "//'A.B'", "-"]);
    sets.refused(12, &by, &["delete", "A.B"]);
    sets.refused(12, &by, &["rename", "A.B", "A.C"]);
    sets.refused(12, &by, &["attr", "--lrecl", "80", "A.B"]);
    sets.refused(12, &by, &["copy", "-r", "/dev/null", "//'A.B'"]);
    drop(shared);
    let alone = Other::claims(&sets, "A.B", FlockOperation::LockExclusive);
    sets.refused(12, &by, &["copy", "//'A.B'", "-"]);
    // To look is always possible.
    sets.done(&["show", "A.B"]);
    sets.done(&["list"]);
    drop(alone);
    sets.done(&["delete", "A.B"]);
}

#[test]
fn a_command_can_wait() {
    let world = World::new();
    let sets = Datasets::new(&world);
    sets.done(&["alloc", "A.B"]);
    let other = Other::claims(&sets, "A.B", FlockOperation::LockExclusive);
    sets.refused(12, "ZOX6114E", &["delete", "--wait", "1", "A.B"]);
    let mut waiting = sets
        .command(&["delete", "--wait", "600", "A.B"])
        .stdout(Stdio::null())
        .spawn()
        .expect("it can be started");
    // It waits once it has the lock open as well.
    let path = sets.path(".locks/A.B");
    eventually("it to wait", || {
        let files = fs::read_dir(format!("/proc/{}/fd", waiting.id())).ok()?;
        let mut links = files.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
        links.any(|link| link == path).then_some(())
    });
    assert!(sets.path("A.B").exists());
    drop(other.0);
    let code = eventually("it to end", || waiting.try_wait().expect("it is our child"));
    assert!(code.success());
    assert!(!sets.path("A.B").exists());
}
