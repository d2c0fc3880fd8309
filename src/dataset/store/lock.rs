//! Claims: who may use a data set, and with whom.
//!
//! A claim is an advisory lock (flock(2)) on a file of its own in `.locks` below the root, since the
//! data set itself is replaced when it is written. All claims that one [`Store`](super::Store) and
//! its clones hold belong together, as the DDs of one job do: they never stand in each other's way,
//! and the strongest of them holds until the last is given up.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::error::StoreError;
use super::folder::Folder;
use crate::dataset::name::DatasetName;

/// The folder of locks, below the root.
pub(super) const FOLDER: &str = ".locks";

/// How long to wait before a lock is tried again.
const PAUSE: Duration = Duration::from_millis(20);

/// Whom a claim leaves room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// Others that share.
    Shared,
    /// Nobody.
    Exclusive,
}

/// All claims of one store.
#[derive(Debug, Default)]
pub(super) struct Claims(Mutex<HashMap<DatasetName, Held>>);

/// A lock that is held.
#[derive(Debug)]
struct Held {
    /// None where the store cannot be written to: nobody can be kept from what nobody changes.
    lock: Option<File>,
    strength: Strength,
    claims: usize,
}

/// The right to use a data set, until it is dropped.
#[derive(Debug)]
pub(super) struct Claim {
    name: DatasetName,
    claims: Arc<Claims>,
}

impl Claims {
    /// Claims a data set; waits for others so long at most, and so do all other claims here.
    pub fn claim(
        self: &Arc<Self>,
        name: &DatasetName,
        strength: Strength,
        root: &Folder,
        wait: Duration,
    ) -> Result<Claim, StoreError> {
        let deadline = Instant::now() + wait;
        let mut held = self.held();
        match held.get_mut(name) {
            Some(known) => {
                if strength > known.strength {
                    if let Some(lock) = &known.lock {
                        until(deadline, name, lock, strength)?;
                    }
                    known.strength = strength;
                }
                known.claims += 1;
            }
            None => {
                let lock = lock(name, strength, root, deadline)?;
                held.insert(name.clone(), Held { lock, strength, claims: 1 });
            }
        }
        Ok(Claim { name: name.clone(), claims: Arc::clone(self) })
    }

    fn held(&self) -> MutexGuard<'_, HashMap<DatasetName, Held>> {
        // What it guards is changed in single steps: a panic elsewhere leaves it whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Claim {
    /// Whether nobody else has a claim.
    pub fn is_exclusive(&self) -> bool {
        let held = self.claims.held();
        held.get(&self.name).is_some_and(|held| held.strength == Strength::Exclusive)
    }

    /// How many claims on the data set there are here.
    pub fn count(&self) -> usize {
        self.claims.held().get(&self.name).map_or(0, |held| held.claims)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut held = self.claims.held();
        if let Some(known) = held.get_mut(&self.name) {
            known.claims -= 1;
            if known.claims == 0 {
                held.remove(&self.name);
            }
        }
    }
}

/// Opens the file of a lock and locks it.
fn lock(
    name: &DatasetName,
    strength: Strength,
    root: &Folder,
    deadline: Instant,
) -> Result<Option<File>, StoreError> {
    loop {
        let folder = match folder(root) {
            Ok(folder) => folder,
            Err(error) if strength == Strength::Shared && is_read_only(&error) => return Ok(None),
            Err(error) => return Err(StoreError::io(root.path(FOLDER), error)),
        };
        let path = folder.path(name.as_str());
        let opened =
            folder.mode().and_then(|mode| folder.open_or_create(name.as_str(), mode & 0o666));
        let file = match opened {
            Ok(file) => file,
            Err(error) if strength == Strength::Shared && is_read_only(&error) => return Ok(None),
            Err(error) => return Err(StoreError::io(path, error)),
        };
        until(deadline, name, &file, strength)?;
        // Whoever deletes a data set removes its lock too, perhaps while we waited for it.
        let is_current = match (file.metadata(), fs::symlink_metadata(&path)) {
            (Ok(ours), Ok(there)) => ours.ino() == there.ino() && ours.dev() == there.dev(),
            _ => false,
        };
        if is_current {
            return Ok(Some(file));
        }
    }
}

/// The folder of locks, as open as the root.
fn folder(root: &Folder) -> io::Result<Folder> {
    loop {
        match root.folder(FOLDER) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            opened => return opened,
        }
        match root.make_folder(FOLDER, root.mode()?) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return made,
        }
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem)
}

/// Removes the file of a lock; the claim on it must be exclusive.
pub(super) fn remove(name: &DatasetName, root: &Folder) {
    // What remains is an empty file that the next claim uses.
    let _ = root.folder(FOLDER).and_then(|folder| folder.remove(name.as_str()));
}

/// Locks an open file, or finds out who has it.
fn until(
    deadline: Instant,
    name: &DatasetName,
    file: &File,
    strength: Strength,
) -> Result<(), StoreError> {
    let operation = match strength {
        Strength::Shared => FlockOperation::NonBlockingLockShared,
        Strength::Exclusive => FlockOperation::NonBlockingLockExclusive,
    };
    loop {
        match rustix::fs::flock(file, operation) {
            Ok(()) => return Ok(()),
            Err(Errno::INTR) => continue,
            Err(Errno::WOULDBLOCK) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            Err(Errno::WOULDBLOCK) => {
                return Err(StoreError::InUse { name: name.clone(), by: holder(file) });
            }
            Err(error) => return Err(StoreError::io(name.as_str().into(), error.into())),
        }
    }
}

/// The process that holds a lock, as far as the kernel tells.
fn holder(file: &File) -> Option<u32> {
    let inode = file.metadata().ok()?.ino();
    process_of(inode, &fs::read_to_string("/proc/locks").ok()?)
}

/// Finds the first holder of a lock in the lines of /proc/locks (proc(5)).
fn process_of(inode: u64, locks: &str) -> Option<u32> {
    locks.lines().find_map(|line| {
        let fields: Vec<_> = line.split_ascii_whitespace().collect();
        let ["FLOCK", _, _, process, file, ..] = fields.get(1..)? else { return None };
        let number = file.rsplit(':').next()?;
        (number.parse() == Ok(inode)).then(|| process.parse().ok()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_holder_is_found_by_the_inode_of_the_lock() {
        let locks = "1: POSIX  ADVISORY  WRITE 17 fe:00:42 0 EOF\n\
                     2: FLOCK  ADVISORY  WRITE 4711 fe:00:42 0 EOF\n\
                     2: -> FLOCK  ADVISORY  WRITE 4712 fe:00:42 0 EOF\n";
        assert_eq!(process_of(42, locks), Some(4711));
        assert_eq!(process_of(43, locks), None);
        assert_eq!(process_of(42, "garbage\n\n1: FLOCK\n"), None);
    }
}
