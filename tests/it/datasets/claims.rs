//! Data sets that somebody else uses.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

use rustix::fs::{FlockOperation, flock};

use crate::world::datasets::{Datasets, Said};
use crate::world::{World, account, eventually, program, proxy, root};

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

/// `zoxy ds` of another user.
fn of_another(world: &World, sets: &Datasets, arguments: &[&str]) -> Said {
    // Others need not be able to enter the folder that cargo builds in.
    let command = proxy::command(&[]);
    let mut words: Vec<_> = command.get_args().skip_while(|word| *word != "--").skip(1).collect();
    let binary = words.pop().expect("the last word is the binary");
    let copy = world.path("zoxy");
    if !copy.exists() {
        fs::copy(binary, &copy).expect("the world's folder is writable");
    }
    let mut command: Command = root::command(program("setpriv", "util-linux"));
    command
        .args(["--reuid", &account().name, "--regid", "65534", "--clear-groups", "--"])
        .args(["env", &format!("ZOXY_DSROOT={}", sets.root().display())])
        .args(words)
        .arg(copy)
        .arg("ds")
        .args(arguments);
    Said::of(&mut command)
}

#[test]
fn others_read_what_the_root_lets_them_and_change_nothing() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let file = world.write("text", "line\n").display().to_string();
    sets.done(&["copy", &file, "//'A.B'"]);
    let refused = of_another(&world, &sets, &["copy", "//'A.B'", "-"]);
    assert_eq!(refused.code, Some(12), "{refused:?}");
    assert!(refused.err.contains("ermission denied"), "{refused:?}");

    sets.done(&["delete", "A.B"]);
    let open = fs::Permissions::from_mode(0o755);
    fs::set_permissions(sets.root(), open.clone()).unwrap();
    fs::set_permissions(sets.path(".locks"), open).unwrap();
    sets.done(&["copy", &file, "//'A.B'"]);
    // A lock that it would have to make.
    fs::remove_file(sets.path(".locks/A.B")).unwrap();
    let read = of_another(&world, &sets, &["copy", "//'A.B'", "-"]);
    assert_eq!((read.code, read.out.as_str()), (Some(0), "line\n"), "{read:?}");
    for arguments in [&["delete", "A.B"][..], &["alloc", "A.C"], &["rename", "A.B", "A.C"]] {
        let refused = of_another(&world, &sets, arguments);
        assert_eq!(refused.code, Some(12), "{refused:?}");
        assert!(refused.err.contains("ermission denied"), "{refused:?}");
    }
    assert_eq!(sets.bytes("A.B"), b"line\n");
}
