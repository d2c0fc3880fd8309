//! Files that a deck names: whether they can be read, and by whom else.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};

use crate::dataset::FileName;
use crate::dataset::input::Input;

/// Permissions of group and others.
const OTHERS: u32 = 0o077;

/// Permissions of a file that group or others have a part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exposure {
    /// The permission bits.
    pub mode: u32,
    /// Whether the file is ours.
    pub own: bool,
}

/// Opens the file and closes it again; the error is the system's, or says what is no file.
pub(super) fn check(name: &FileName) -> io::Result<Option<Exposure>> {
    if let FileName::Path(path) = name {
        let kind = fs::metadata(path)?.file_type();
        // Opening a pipe would wait for its writer.
        if kind.is_dir() || kind.is_fifo() || kind.is_socket() {
            return Err(io::Error::other("not a regular file"));
        }
    }
    let metadata = Input::open(name)?.file.metadata()?;
    let kind = metadata.file_type();
    let mode = metadata.mode() & 0o777;
    let own = metadata.uid() == rustix::process::geteuid().as_raw();
    Ok((kind.is_file() && mode & OTHERS != 0).then_some(Exposure { mode, own }))
}
