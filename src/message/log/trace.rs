//! What an operator has switched on beyond what the start asked for: F LOG, F TRACE.
//!
//! A line belongs to a connection if it is written while a worker works for that connection
//! ([`working_for`]). While no connection is traced this costs a worker one look at a flag.

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use log::{LevelFilter, Metadata};

/// Connections that may be traced at once.
pub const MAX_TRACED: usize = 8;

/// F LOG, as a number; 0 is off.
pub(super) static LEVEL: AtomicUsize = AtomicUsize::new(0);

/// Numbers of traced connections; 0 is a free place.
static TRACED: [AtomicU64; MAX_TRACED] = [const { AtomicU64::new(0) }; MAX_TRACED];

/// True while a place of [`TRACED`] is taken.
static ANY: AtomicBool = AtomicBool::new(false);

/// Held by whoever changes the table: the engine's main thread for the operator, a worker at the end of
/// a connection.
static CHANGING: Mutex<()> = Mutex::new(());

thread_local! {
    /// The traced connection that this thread works for; 0: none.
    static CURRENT: Cell<u64> = const { Cell::new(0) };
}

/// Traces a connection, or does so no longer; false: there is no place, or it was not traced.
pub fn trace_connection(number: u64, on: bool) -> bool {
    let _alone = CHANGING.lock().unwrap_or_else(PoisonError::into_inner);
    let place = |number: u64| TRACED.iter().find(|it| it.load(Ordering::Relaxed) == number);
    let changed = match (place(number), on) {
        (Some(place), false) => {
            place.store(0, Ordering::Relaxed);
            true
        }
        (Some(_), true) => true,
        (None, false) => false,
        (None, true) => match place(0) {
            Some(free) => {
                free.store(number, Ordering::Relaxed);
                true
            }
            None => false,
        },
    };
    let any = TRACED.iter().any(|it| it.load(Ordering::Relaxed) != 0);
    ANY.store(any, Ordering::Relaxed);
    super::adjust();
    changed
}

/// A connection has ended: its place is free for another one.
pub fn trace_ended(number: u64) {
    if is_any() {
        trace_connection(number, false);
    }
}

/// Until this is dropped, what this thread writes is about the connection it was made for.
#[derive(Debug)]
#[must_use]
pub struct Working {
    before: Option<u64>,
}

/// Says that this thread works for a connection.
pub fn working_for(number: u64) -> Working {
    if !is_any() {
        return Working { before: None };
    }
    let is_traced = TRACED.iter().any(|it| it.load(Ordering::Relaxed) == number);
    let current = if is_traced { number } else { 0 };
    Working { before: Some(CURRENT.replace(current)) }
}

impl Drop for Working {
    fn drop(&mut self) {
        if let Some(before) = self.before {
            CURRENT.set(before);
        }
    }
}

/// The traced connection that this thread works for.
pub(super) fn current() -> Option<u64> {
    Some(CURRENT.get()).filter(|number| *number != 0)
}

/// Whether any connection is traced.
pub(super) fn is_any() -> bool {
    ANY.load(Ordering::Relaxed)
}

/// What F LOG asks for.
pub(super) fn level() -> LevelFilter {
    match LEVEL.load(Ordering::Relaxed) {
        0 => LevelFilter::Off,
        level if level == LevelFilter::Debug as usize => LevelFilter::Debug,
        _ => LevelFilter::Trace,
    }
}

/// Whether a line is wanted though the start did not ask for it: only zoxy's own are.
pub(super) fn wants(metadata: &Metadata<'_>) -> bool {
    let is_ours = metadata.target().split("::").next() == Some("zoxy");
    is_ours && (metadata.level() <= level() || current().is_some())
}

#[cfg(test)]
mod tests {
    use log::Level;

    use super::*;

    // One test, for all of it is the process's.
    #[test]
    fn connections_are_traced_one_by_one() {
        let wanted =
            |target, level| wants(&Metadata::builder().target(target).level(level).build());
        {
            let _untraced = working_for(17);
            assert!(!wanted("zoxy::engine", Level::Trace));
        }
        assert!(!trace_connection(17, false));
        assert!(trace_connection(17, true) && trace_connection(17, true) && is_any());
        {
            let _traced = working_for(17);
            assert_eq!(current(), Some(17));
            assert!(wanted("zoxy::engine", Level::Trace) && !wanted("zoxyish", Level::Trace));
            {
                let _other = working_for(18);
                assert_eq!(current(), None);
            }
            assert_eq!(current(), Some(17));
        }
        assert_eq!(current(), None);
        for number in 100..100 + MAX_TRACED as u64 - 1 {
            assert!(trace_connection(number, true));
        }
        assert!(!trace_connection(200, true), "there is no place left");
        trace_ended(101);
        trace_ended(4711);
        assert!(trace_connection(200, true) && !trace_connection(201, true));
        trace_ended(200);
        assert!(trace_connection(101, true));
        for number in (100..100 + MAX_TRACED as u64 - 1).chain([17]) {
            assert!(trace_connection(number, false));
        }
        assert!(!is_any());
    }
}
