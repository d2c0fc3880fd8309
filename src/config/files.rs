//! Files that a deck names: whether they can be read, and by whom else.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::Path;

/// Permissions of group and others.
const OTHERS: u32 = 0o077;

/// What is suspicious about a file that can be read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Exposure {
    /// Nothing.
    None,
    /// It holds a secret and has these permissions, some of them for others.
    Exposed(u32),
}

/// Opens the file and closes it again; the error is the system's, or says what is no file.
pub(super) fn check(path: &Path, secret: bool) -> io::Result<Exposure> {
    let metadata = fs::metadata(path)?;
    let kind = metadata.file_type();
    // Opening a pipe would wait for its writer.
    if kind.is_dir() || kind.is_fifo() || kind.is_socket() {
        return Err(io::Error::other("not a regular file"));
    }
    File::open(path)?;
    let mode = metadata.mode() & 0o7777;
    Ok(if secret && kind.is_file() && mode & OTHERS != 0 {
        Exposure::Exposed(mode)
    } else {
        Exposure::None
    })
}
