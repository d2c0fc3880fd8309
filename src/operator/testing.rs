//! What the tests of the console share: a temporary folder, and a zoxy that is all console.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use super::command::Command;
use super::console::{Console, ConsoleId};

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A folder that is removed with all it holds when dropped.
pub(crate) struct TempDir(PathBuf);

impl TempDir {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("zoxy-op-{}-{number}", std::process::id()));
        std::fs::create_dir(&dir).unwrap();
        Self(dir)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A console in a poll, as the engine's main thread has it.
pub(crate) struct Operated {
    pub(crate) console: Console,
    poll: Poll,
    events: Events,
}

impl Operated {
    pub(crate) fn new(path: &Path) -> Self {
        let mut console = Console::bind(path).unwrap();
        let poll = Poll::new().unwrap();
        console.register(poll.registry(), Token(100)).unwrap();
        Self { console, poll, events: Events::with_capacity(64) }
    }

    /// Serves events, for a moment at most.
    pub(crate) fn turn(&mut self) -> Vec<(ConsoleId, Command)> {
        self.poll.poll(&mut self.events, Some(Duration::from_millis(5))).unwrap();
        let mut commands = Vec::new();
        for event in &self.events {
            assert!(self.console.owns(event.token()));
            commands.extend(self.console.event(event.token()));
        }
        commands
    }

    /// Serves events until a command arrives.
    pub(crate) fn command(&mut self) -> (ConsoleId, Command) {
        let mut commands = Vec::new();
        self.until(|commands| !commands.is_empty(), &mut commands);
        assert_eq!(commands.len(), 1);
        commands.remove(0)
    }

    /// Serves events until `done`, collecting commands.
    pub(crate) fn until(
        &mut self,
        mut done: impl FnMut(&[(ConsoleId, Command)]) -> bool,
        commands: &mut Vec<(ConsoleId, Command)>,
    ) {
        let deadline = Instant::now() + PATIENCE;
        while !done(commands) {
            assert!(Instant::now() < deadline, "it did not happen");
            commands.extend(self.turn());
        }
    }
}
