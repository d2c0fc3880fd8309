//! Named pipes and devices of a PATH, which the process of the job opens and copies by itself.
//!
//! Opening a pipe waits for whoever has its other end, and reading it for what that writes. No signal
//! ends such a wait, since handlers restart it; so it is done in short turns, the job can be cancelled
//! meanwhile, and it ends when the step's patience does (ZOXY_STEPWAIT). Called by `dds`.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;

use super::watch::is_cancel_pending;

/// How long a cancel may go unseen.
const TURN: Duration = Duration::from_millis(100);

/// How long each wait may take; none: for ever.
pub type Patience = Option<Duration>;

/// Opens a file to be read; of a pipe there is a writer then, or was one.
pub fn open_to_read(path: &Path, patience: Patience) -> io::Result<File> {
    if !is_pipe(path) {
        return File::open(path);
    }
    let flags = OFlags::NONBLOCK.bits() as i32;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    wait_for_data(&file, patience)?;
    blocking(file)
}

/// Opens a file to be written, behind what is there with `append`; of a pipe there is a reader then.
pub fn open_to_write(path: &Path, append: bool, patience: Patience) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).append(append);
    if !is_pipe(path) {
        return options.open(path);
    }
    options.custom_flags(OFlags::NONBLOCK.bits() as i32);
    let since = Instant::now();
    loop {
        match options.open(path) {
            // No event tells of a reader: the kernel lets only those wait who cannot be told to stop.
            Err(error) if Errno::from_io_error(&error) == Some(Errno::NXIO) => {
                check(since, patience)?;
                thread::sleep(TURN);
            }
            opened => return blocking(opened?),
        }
    }
}

/// A file that is read to its end, if it has one.
pub struct Reader(File, Patience);

impl Reader {
    /// Opens it.
    pub fn open(path: &Path, patience: Patience) -> io::Result<Self> {
        open_to_read(path, patience).map(|file| Self(file, patience))
    }
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        check(Instant::now(), self.1)?;
        wait_for_data(&self.0, self.1)?;
        self.0.read(buffer)
    }
}

fn is_pipe(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.file_type().is_fifo())
}

/// Waits for data or the end of them.
fn wait_for_data(file: &File, patience: Patience) -> io::Result<()> {
    let since = Instant::now();
    let turn = Timespec { tv_sec: 0, tv_nsec: TURN.subsec_nanos().into() };
    loop {
        match poll(&mut [PollFd::new(file, PollFlags::IN)], Some(&turn)) {
            Ok(0) | Err(Errno::INTR) => check(since, patience)?,
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

fn blocking(file: File) -> io::Result<File> {
    let flags = fcntl_getfl(&file)?;
    fcntl_setfl(&file, flags - OFlags::NONBLOCK)?;
    Ok(file)
}

/// Whether a wait that began at `since` may go on.
fn check(since: Instant, patience: Patience) -> io::Result<()> {
    if is_cancel_pending() {
        return Err(io::Error::other("the job was cancelled while it waited for data"));
    }
    match patience {
        Some(most) if since.elapsed() >= most => {
            let seconds = most.as_secs();
            let text = format!("nothing came from its other end for {seconds} s (ZOXY_STEPWAIT)");
            Err(io::Error::new(io::ErrorKind::TimedOut, text))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::operator::testing::TempDir;

    fn pipe(dir: &TempDir) -> std::path::PathBuf {
        let path = dir.path("pipe");
        let mode = rustix::fs::Mode::from_raw_mode(0o600);
        let kind = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(rustix::fs::CWD, &path, kind, mode, 0).unwrap();
        path
    }

    #[test]
    fn both_ends_wait_for_each_other() {
        let dir = TempDir::new();
        let path = pipe(&dir);
        let reader = {
            let path = path.clone();
            thread::spawn(move || {
                let mut text = String::new();
                Reader::open(&path, None).unwrap().read_to_string(&mut text).unwrap();
                text
            })
        };
        open_to_write(&path, false, None).unwrap().write_all(b"text").unwrap();
        assert_eq!(reader.join().unwrap(), "text");
    }

    #[test]
    fn files_are_files() {
        let dir = TempDir::new();
        let path = dir.path("file");
        std::fs::write(&path, "old ").unwrap();
        open_to_write(&path, true, None).unwrap().write_all(b"new").unwrap();
        let mut text = String::new();
        Reader::open(&path, None).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "old new");
        assert!(open_to_read(&dir.path("none"), None).is_err());
    }

    #[test]
    fn a_pipe_without_another_end_is_waited_for_as_long_as_may_be() {
        let dir = TempDir::new();
        let path = pipe(&dir);
        let patience = Some(Duration::from_millis(1));
        for opened in [open_to_write(&path, false, patience), open_to_read(&path, patience)] {
            let error = opened.unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            assert!(error.to_string().contains("ZOXY_STEPWAIT"), "{error}");
        }
        // A writer that writes nothing.
        let writer = OpenOptions::new().read(true).write(true).open(&path).unwrap();
        let mut reader = Reader(File::open(&path).unwrap(), patience);
        assert_eq!(reader.read(&mut [0]).unwrap_err().kind(), io::ErrorKind::TimedOut);
        drop(writer);
    }
}
