//! Waiting for another process: for a change of what it leaves in a folder, and for its end.
//!
//! The kernel tells of both (inotify(7), pidfd_open(2)). Where it does not, under an emulator or with
//! too many watches, what is waited for is looked at again and again.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

/// How often something is looked at that the kernel does not tell of.
const LOOK: Duration = Duration::from_millis(20);

/// How often behind the end of the process.
const SHORT_LOOK: Duration = Duration::from_millis(1);

/// How often it is looked at all the same: a network file system tells of nothing.
const RARE_LOOK: Duration = Duration::from_millis(500);

/// A folder that is watched: files that are renamed into it, as a status file is, or removed, and
/// the folder itself.
#[derive(Debug)]
pub struct Changes(Option<OwnedFd>);

impl Changes {
    /// Watches from now on: what is looked at afterwards cannot change unseen.
    pub fn of(folder: &Path) -> Self {
        let watched = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).and_then(|fd| {
            let what = WatchFlags::MOVED_TO | WatchFlags::DELETE_SELF | WatchFlags::MOVE_SELF;
            inotify::add_watch(&fd, folder, what).map(|_| fd)
        });
        if let Err(error) = &watched {
            log::debug!("{} is not watched: {error}", folder.display());
        }
        Self(watched.ok())
    }

    /// Waits until something may have changed, a process with this ID ends or `deadline` is over, and
    /// for some time at most: the caller looks again. A process that is not there ends nothing.
    pub fn wait(&self, process: i32, deadline: Option<Instant>) {
        let process =
            Pid::from_raw(process).and_then(|id| pidfd_open(id, PidfdFlags::empty()).ok());
        let told = [self.0.as_ref(), process.as_ref()];
        let look = if told.iter().all(Option::is_some) { RARE_LOOK } else { LOOK };
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let mut polled: Vec<_> =
            told.iter().flatten().map(|fd| PollFd::new(*fd, PollFlags::IN)).collect();
        let limit = left.map_or(look, |left| left.min(look));
        // It fits: it is half a second at most.
        let limit = Timespec::try_from(limit).ok();
        // Whatever poll says, the caller looks again.
        let _ = poll(&mut polled, limit.as_ref());
        self.drain();
        if process.is_some() && polled.last().is_some_and(|fd| !fd.revents().is_empty()) {
            // Should what the caller looks for not come with the end, it does not look in a circle.
            std::thread::sleep(SHORT_LOOK);
        }
    }

    fn drain(&self) {
        let Some(fd) = &self.0 else { return };
        let mut events = [0; 4096];
        loop {
            match rustix::io::read(fd.as_fd(), &mut events) {
                Ok(count) if count == events.len() => {}
                // No more, or none at all.
                Ok(_) => return,
                Err(error) => {
                    debug_assert!(io::Error::from(error).kind() == io::ErrorKind::WouldBlock);
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::process::{Command, Stdio};

    use super::*;
    use crate::testing::TempDir;

    #[test]
    fn a_file_that_is_replaced_ends_the_wait() {
        let dir = TempDir::new();
        let changes = Changes::of(&dir.path(""));
        fs::write(dir.path("new"), "x").unwrap();
        fs::rename(dir.path("new"), dir.path("status")).unwrap();
        let own = std::process::id() as i32;
        let start = Instant::now();
        changes.wait(own, None);
        assert!(start.elapsed() < RARE_LOOK, "{:?}", start.elapsed());
        // It is told of once.
        changes.wait(own, None);
        assert!(start.elapsed() >= RARE_LOOK, "{:?}", start.elapsed());
    }

    #[test]
    fn the_end_of_the_process_ends_the_wait() {
        let dir = TempDir::new();
        let changes = Changes::of(&dir.path(""));
        let mut shell = Command::new("/bin/sh");
        let mut child = shell.args(["-c", "read x"]).stdin(Stdio::piped()).spawn().unwrap();
        let start = Instant::now();
        drop(child.stdin.take());
        changes.wait(child.id() as i32, Some(start + Duration::from_secs(60)));
        assert!(start.elapsed() < RARE_LOOK, "{:?}", start.elapsed());
        child.wait().unwrap();
    }

    #[test]
    fn a_deadline_ends_the_wait() {
        let dir = TempDir::new();
        let start = Instant::now();
        Changes::of(&dir.path("")).wait(std::process::id() as i32, Some(start));
        assert!(start.elapsed() < RARE_LOOK, "{:?}", start.elapsed());
    }
}
