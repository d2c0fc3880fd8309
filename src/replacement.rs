//! A file that is written beside the one it replaces, so that there is always a whole one. Called by
//! subcommands and the batch FTP client for what is no data set.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};
use std::process;

/// How many names are tried for the new file; each may be left of a process that was killed.
const ATTEMPTS: u32 = 100;

/// A file on its way to its name. Dropped without [`Replacement::finish`], it leaves no trace.
#[derive(Debug)]
pub(crate) struct Replacement {
    file: File,
    /// Where it is until it is complete.
    beside: PathBuf,
    target: PathBuf,
    is_finished: bool,
}

impl Replacement {
    /// Starts a file that will be found under `target`, with owner and permissions of what is there
    /// now. A symbolic link stays one: the file it leads to is replaced.
    pub fn create(target: &Path) -> io::Result<Self> {
        Self::create_with(target, 0o666)
    }

    /// The same; if nothing is there, the file has these permissions, as far as the umask has it.
    pub fn create_with(target: &Path, mode: u32) -> io::Result<Self> {
        let (target, old) = match fs::canonicalize(target) {
            Ok(path) => {
                let metadata = fs::metadata(&path)?;
                (path, Some(metadata))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => (target.to_owned(), None),
            Err(error) => return Err(error),
        };
        if old.as_ref().is_some_and(|old| !old.is_file()) {
            return Err(io::Error::other("it is not a regular file"));
        }
        // Nobody else may read it before its permissions are those of the old one.
        let mode = if old.is_some() { 0o600 } else { mode };
        let (file, beside) = create_beside(&target, mode)?;
        let replacement = Self { file, beside, target, is_finished: false };
        if let Some(old) = old {
            // Only root can give a file away; anyone else keeps it.
            let _ = fchown(&replacement.file, Some(old.uid()), Some(old.gid()));
            replacement.file.set_permissions(PermissionsExt::from_mode(old.mode() & 0o777))?;
        }
        Ok(replacement)
    }

    /// Gives the complete file its name.
    pub fn finish(mut self) -> io::Result<()> {
        self.file.sync_all()?;
        fs::rename(&self.beside, &self.target)?;
        self.is_finished = true;
        Ok(())
    }
}

impl Write for Replacement {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        if !self.is_finished {
            // What remains has a name that says whose it was.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

fn create_beside(target: &Path, mode: u32) -> io::Result<(File, PathBuf)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    for attempt in 0..ATTEMPTS {
        let beside = target.with_file_name(format!(".zoxy-{}-{attempt}.new", process::id()));
        match options.open(&beside) {
            Ok(file) => return Ok((file, beside)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An empty directory, removed at the end.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("zoxy-{name}-{}", process::id()));
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn the_old_file_stays_until_the_new_one_is_complete() {
        let folder = Folder::new("replacement");
        let target = folder.0.join("file");
        fs::write(&target, "old").unwrap();
        fs::set_permissions(&target, PermissionsExt::from_mode(0o640)).unwrap();

        let mut given_up = Replacement::create(&target).unwrap();
        given_up.write_all(b"half").unwrap();
        assert_eq!(folder.names().len(), 2);
        drop(given_up);
        assert_eq!((fs::read(&target).unwrap(), folder.names().len()), (b"old".to_vec(), 1));

        let mut replacement = Replacement::create(&target).unwrap();
        replacement.write_all(b"new").unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"old");
        replacement.finish().unwrap();
        assert_eq!((fs::read(&target).unwrap(), folder.names().len()), (b"new".to_vec(), 1));
        assert_eq!(fs::metadata(&target).unwrap().mode() & 0o777, 0o640);
    }

    #[test]
    fn links_are_followed_and_other_things_refused() {
        let folder = Folder::new("replacement-link");
        let (link, target) = (folder.0.join("link"), folder.0.join("file"));
        std::os::unix::fs::symlink("file", &link).unwrap();
        fs::write(&target, "old").unwrap();
        let mut replacement = Replacement::create(&link).unwrap();
        replacement.write_all(b"new").unwrap();
        replacement.finish().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
        for other in [folder.0.as_path(), Path::new("/dev/null")] {
            assert!(Replacement::create(other).is_err(), "{}", other.display());
        }
        assert!(Replacement::create(&folder.0.join("none/file")).is_err());
    }

    #[test]
    fn several_at_once_do_not_meet() {
        let folder = Folder::new("replacement-two");
        let [a, b] = ["a", "b"].map(|name| Replacement::create(&folder.0.join(name)).unwrap());
        assert_eq!(folder.names().len(), 2);
        a.finish().unwrap();
        b.finish().unwrap();
        let mut names = folder.names();
        names.sort_unstable();
        assert_eq!(names, ["a", "b"]);
    }
}
