//! Folders of a store, by descriptor: no name below the root is ever followed out of it.
//!
//! Every name is a single component, made from a parsed name, and is looked up without following
//! symbolic links. So a link below the root leads nowhere, whoever put it there and whenever.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

/// Permissions of a root that did not exist.
const PRIVATE: u32 = 0o700;

/// An open folder.
#[derive(Debug)]
pub(super) struct Folder {
    descriptor: OwnedFd,
    path: PathBuf,
}

/// What a name in a folder is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    File,
    Folder,
    Link,
    Other,
}

/// A name in a folder.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    pub kind: Kind,
    /// Bytes.
    pub size: u64,
    /// Seconds since 1970.
    pub changed: i64,
    /// Permission bits.
    pub mode: u32,
    /// User and group that own it.
    pub owner: (u32, u32),
}

impl Folder {
    /// Opens a folder by its path.
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let descriptor = rustix::fs::open(path, flags, Mode::empty())?;
        Ok(Self { descriptor, path: path.to_owned() })
    }

    /// Opens a folder by its path, and makes it first if it is not there: for the user only.
    pub fn make(path: &Path) -> io::Result<Self> {
        match Self::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                std::fs::DirBuilder::new().recursive(true).mode(PRIVATE).create(path)?;
                Self::open(path)
            }
            opened => opened,
        }
    }

    /// Path of a name in it, or of itself for an empty one.
    pub fn path(&self, name: &str) -> PathBuf {
        if name.is_empty() { self.path.clone() } else { self.path.join(name) }
    }

    /// Opens a folder in it.
    pub fn folder(&self, name: &str) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let descriptor = rustix::fs::openat(&self.descriptor, name, flags, Mode::empty())?;
        Ok(Self { descriptor, path: self.path(name) })
    }

    /// What a name is; None if there is nothing of that name.
    pub fn find(&self, name: &str) -> io::Result<Option<Found>> {
        let stat = match rustix::fs::statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW) {
            Ok(stat) => stat,
            Err(Errno::NOENT) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let kind = match FileType::from_raw_mode(stat.st_mode) {
            FileType::RegularFile => Kind::File,
            FileType::Directory => Kind::Folder,
            FileType::Symlink => Kind::Link,
            _ => Kind::Other,
        };
        Ok(Some(Found {
            kind,
            size: u64::try_from(stat.st_size).unwrap_or(0),
            changed: stat.st_mtime,
            mode: stat.st_mode & 0o777,
            owner: (stat.st_uid, stat.st_gid),
        }))
    }

    /// Opens a file in it to be read; anything but a file is an error.
    pub fn read(&self, name: &str) -> io::Result<File> {
        // Opening a pipe would wait for its writer.
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let file = File::from(rustix::fs::openat(&self.descriptor, name, flags, Mode::empty())?);
        if !file.metadata()?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(file)
    }

    /// Makes a file in it that did not exist, with these permissions.
    pub fn create(&self, name: &str, mode: u32) -> io::Result<File> {
        let flags =
            OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
        let descriptor =
            rustix::fs::openat(&self.descriptor, name, flags, Mode::from_raw_mode(mode))?;
        // The umask is for files that nobody has said anything about.
        rustix::fs::fchmod(&descriptor, Mode::from_raw_mode(mode))?;
        Ok(File::from(descriptor))
    }

    /// Opens a file in it, and makes it with these permissions if it is not there.
    pub fn open_or_create(&self, name: &str, mode: u32) -> io::Result<File> {
        loop {
            match self.read(name) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                opened => return opened,
            }
            match self.create(name, mode) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made,
            }
        }
    }

    /// Makes a folder in it that did not exist, with these permissions.
    pub fn make_folder(&self, name: &str, mode: u32) -> io::Result<Self> {
        rustix::fs::mkdirat(&self.descriptor, name, Mode::from_raw_mode(mode))?;
        let folder = self.folder(name)?;
        rustix::fs::fchmod(&folder.descriptor, Mode::from_raw_mode(mode))?;
        Ok(folder)
    }

    /// Renames within it; what has the new name is replaced.
    pub fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        Ok(rustix::fs::renameat(&self.descriptor, from, &self.descriptor, to)?)
    }

    /// Removes a file.
    pub fn remove(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.descriptor, name, AtFlags::empty())?)
    }

    /// Removes an empty folder.
    pub fn remove_folder(&self, name: &str) -> io::Result<()> {
        Ok(rustix::fs::unlinkat(&self.descriptor, name, AtFlags::REMOVEDIR)?)
    }

    /// All names in it, sorted, without `.` and `..`; those that are no UTF-8 with replacements.
    pub fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.descriptor)? {
            let name = entry?.file_name().to_string_lossy().into_owned();
            if name != "." && name != ".." {
                names.push(name);
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Its own permissions.
    pub fn mode(&self) -> io::Result<u32> {
        Ok(rustix::fs::fstat(&self.descriptor)?.st_mode & 0o777)
    }

    /// Waits until its names are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        Ok(rustix::fs::fsync(self.descriptor.as_fd())?)
    }

    /// The same folder once more.
    pub fn again(&self) -> io::Result<Self> {
        Ok(Self { descriptor: self.descriptor.try_clone()?, path: self.path.clone() })
    }
}
