//! A file that is being written: beside the one it will replace, until it is complete.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::error::StoreError;
use super::folder::Folder;
use super::lock::Claim;

/// What stands between the name of a file and the process that writes it anew.
const MARK: &str = ".new-";

/// A member or sequential data set that is being written.
///
/// [`Output::commit`] puts it in the place of what was there, at once and as a whole; dropped
/// without, it leaves no trace.
#[derive(Debug)]
pub struct Output {
    file: File,
    folder: Folder,
    temporary: String,
    name: String,
    is_committed: bool,
    /// Nobody else may use the data set before the output is complete.
    claim: Option<Arc<Claim>>,
}

impl Output {
    /// Starts to write `name` in a folder. Permissions and owner are those of the file that is
    /// replaced, as far as this user may say so; permissions of a new one are `mode`.
    pub(super) fn create(
        folder: Folder,
        name: &str,
        mode: u32,
        claim: Option<Arc<Claim>>,
    ) -> Result<Self, StoreError> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let temporary = format!(".{name}{MARK}{}-{number}", std::process::id());
        if claim.as_ref().is_some_and(|claim| claim.is_exclusive()) {
            remove_stale(&folder, name);
        }
        let create = || {
            let Some(old) = folder.find(name)? else {
                return folder.create(&temporary, mode);
            };
            let file = folder.create(&temporary, old.mode)?;
            let (user, group) = old.owner;
            // Only root can give a file to another user; it belongs to whoever wrote it otherwise.
            let _ = std::os::unix::fs::fchown(&file, Some(user), Some(group));
            Ok(file)
        };
        match create() {
            Ok(file) => {
                let name = name.to_owned();
                Ok(Self { file, folder, temporary, name, is_committed: false, claim })
            }
            Err(error) => Err(StoreError::io(folder.path(name), error)),
        }
    }

    /// Path of the file that it will replace.
    pub fn path(&self) -> PathBuf {
        self.folder.path(&self.name)
    }

    /// Copies what is there already.
    pub(super) fn copy_old(&mut self) -> io::Result<()> {
        match self.folder.read(&self.name) {
            Ok(mut old) => io::copy(&mut old, &mut self.file).map(|_| ()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Puts it in its place.
    pub fn commit(mut self) -> Result<(), StoreError> {
        self.file
            .sync_data()
            .and_then(|()| self.folder.rename(&self.temporary, &self.name))
            .map_err(|error| StoreError::io(self.path(), error))?;
        self.is_committed = true;
        self.claim = None;
        Ok(())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if !self.is_committed {
            // What remains is found by the next who writes the file.
            let _ = self.folder.remove(&self.temporary);
        }
    }
}

/// Removes what processes that ended before they were done have left.
fn remove_stale(folder: &Folder, name: &str) {
    let begin = format!(".{name}{MARK}");
    let own = format!("{begin}{}-", std::process::id());
    for found in folder.names().unwrap_or_default() {
        if found.starts_with(&begin) && !found.starts_with(&own) {
            let _ = folder.remove(&found);
        }
    }
}
