//! What the tests of the console share: a zoxy that is all console.

use std::path::Path;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token};

use super::command::Command;
use super::console::{Console, ConsoleId};

pub(crate) use crate::testing::TempDir;

/// How long a test waits for what must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A console in a poll, as the engine's main thread has it.
pub(crate) struct Operated {
    pub(crate) console: Console,
    poll: Poll,
    events: Events,
}

impl Operated {
    pub(crate) fn new(path: &Path) -> Self {
        let mut console = Console::bind(path, None).unwrap();
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
