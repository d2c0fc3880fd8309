//! Signals that end a command, held back until it has cleaned up.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::{flag, low_level};

/// SIGHUP, SIGINT and SIGTERM from here on, but for those that are ignored (`nohup`).
#[derive(Debug)]
pub(super) struct Interrupt {
    /// The signal that came; 0: none.
    signal: Arc<AtomicUsize>,
    /// Becomes readable with a signal.
    bell: UnixStream,
}

impl Interrupt {
    /// Holds the signals back.
    pub fn new() -> io::Result<Self> {
        let signal = Arc::new(AtomicUsize::new(0));
        let (bell, ringer) = UnixStream::pair()?;
        for number in [SIGHUP, SIGINT, SIGTERM].into_iter().filter(|number| !is_ignored(*number)) {
            // In this order: when the bell rings, the number is there.
            let value = number.unsigned_abs() as usize;
            flag::register_usize(number, Arc::clone(&signal), value)?;
            low_level::pipe::register(number, ringer.try_clone()?)?;
        }
        Ok(Self { signal, bell })
    }

    /// Waits until `input` can be read; false if a signal came instead.
    pub fn wait(&self, input: &impl AsFd) -> io::Result<bool> {
        let mut both = [PollFd::new(input, PollFlags::IN), PollFd::new(&self.bell, PollFlags::IN)];
        while let Err(error) = poll(&mut both, None) {
            if error != Errno::INTR {
                return Err(error.into());
            }
        }
        Ok(both[1].revents().is_empty())
    }

    /// Whether a signal came.
    pub fn came(&self) -> bool {
        self.signal.load(Ordering::Relaxed) != 0
    }

    /// Ends the process as the signal would have; returns if there was none.
    pub fn obey(&self) {
        if let Ok(number @ 1..) = i32::try_from(self.signal.load(Ordering::Relaxed)) {
            // It fails for signals that do not end a process only.
            let _ = low_level::emulate_default_handler(number);
        }
    }
}

/// Whether the process was started with this signal ignored (proc(5), status).
fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (signal - 1) & 1 == 1
}
