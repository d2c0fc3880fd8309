//! Repeats: a warning or error that comes again and again is held back, and counted.
//!
//! Two messages are the same if their ID and their values are, but for numbers of connections and
//! sessions, times, and the port of a client. The first [`BURST`] of an interval are written; the
//! others become one line at its end, with their number and the last of them. Messages of other
//! severities are never held back: accounting records and the life of connections are whole, and
//! what needs an operator is said. The table is bounded; what finds no place in it is written.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::route;
use crate::message::catalogue::REPEATED;
use crate::message::{Argument, Message, Severity};

/// How often the same message is written within an interval.
pub const BURST: u32 = 10;

/// Different messages that are looked at within an interval.
const TABLE: usize = 256;

/// Names of placeholders that differ from one occurrence to the next.
const VARYING: &[&str] = &["id", "session", "seconds", "age", "started", "port"];

/// The interval in milliseconds; 0: nothing is held back.
static INTERVAL: AtomicU64 = AtomicU64::new(0);

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

/// A message of the present interval.
struct Seen {
    key: u64,
    since: Instant,
    count: u32,
    held: u32,
    last: String,
}

/// Sets the interval; held messages stay until theirs is over.
pub(super) fn set_interval(interval: Duration) {
    let millis = u64::try_from(interval.as_millis()).unwrap_or(u64::MAX);
    INTERVAL.store(millis, Ordering::Relaxed);
}

/// Whether a message is to be written now.
pub(in crate::message) fn passes(message: &Message, arguments: &[Argument<'_>]) -> bool {
    let interval = INTERVAL.load(Ordering::Relaxed);
    if interval == 0 || !matches!(message.severity, Severity::W | Severity::E) {
        return true;
    }
    let held = {
        let mut seen = lock();
        let interval = Duration::from_millis(interval);
        look(&mut seen, message, arguments, interval, Instant::now())
    };
    if held == Held::First {
        route::wake_for_held();
    }
    held == Held::No
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Held {
    No,
    /// The first of its interval that is held: its end has to be seen to.
    First,
    Again,
}

fn look(
    seen: &mut Vec<Seen>,
    message: &Message,
    arguments: &[Argument<'_>],
    interval: Duration,
    now: Instant,
) -> Held {
    let key = key(message, arguments);
    let is_over = |seen: &Seen| now.saturating_duration_since(seen.since) >= interval;
    if let Some(found) = seen.iter_mut().find(|seen| seen.key == key) {
        if is_over(found) && found.held == 0 {
            (found.since, found.count) = (now, 0);
        }
        found.count = found.count.saturating_add(1);
        if found.count <= BURST {
            return Held::No;
        }
        found.held = found.held.saturating_add(1);
        found.last = message.render(arguments);
        return if found.held == 1 { Held::First } else { Held::Again };
    }
    if seen.len() >= TABLE {
        seen.retain(|seen| seen.held > 0 || !is_over(seen));
    }
    if seen.len() < TABLE {
        let last = String::new();
        seen.push(Seen { key, since: now, count: 1, held: 0, last });
    }
    Held::No
}

/// Says what was held back and is due; None: all of it.
pub(super) fn say_due(now: Option<Instant>) {
    let interval = Duration::from_millis(INTERVAL.load(Ordering::Relaxed));
    let mut due = Vec::new();
    lock().retain(|seen| {
        let is_due = now.is_none_or(|now| seen.since + interval <= now);
        if is_due && seen.held > 0 {
            due.push((seen.held, seen.last.clone()));
        }
        !(is_due && seen.held > 0)
    });
    for (count, last) in due {
        let line = REPEATED.render(&[
            ("count", &count),
            ("seconds", &interval.as_secs()),
            ("last", &last),
        ]);
        REPEATED.emit_rendered(&line);
    }
}

/// When [`say_due`] has something to say.
pub(super) fn next_due() -> Option<Instant> {
    let interval = Duration::from_millis(INTERVAL.load(Ordering::Relaxed));
    lock().iter().filter(|seen| seen.held > 0).map(|seen| seen.since + interval).min()
}

/// What two messages that are the same have in common.
fn key(message: &Message, arguments: &[Argument<'_>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    message.number.hash(&mut hasher);
    for (name, value) in arguments {
        if VARYING.contains(name) {
            continue;
        }
        let value = value.to_string();
        let value = match value.rsplit_once(':') {
            Some((host, _)) if *name == "client" => host,
            _ => &value,
        };
        (name, value).hash(&mut hasher);
    }
    hasher.finish()
}

fn lock() -> MutexGuard<'static, Vec<Seen>> {
    // The table is whole after every statement.
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    static SAMPLE: Message = Message {
        number: 42,
        severity: Severity::W,
        text: "#{id} {client} refused: {reason}",
        explanation: "",
        action: "",
        response: "",
    };

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_first_ones_pass_and_the_others_are_counted() {
        let (mut seen, now) = (Vec::new(), Instant::now());
        let mut say = |id: u32, client: &str, reason: &str, now| {
            let arguments: [Argument<'_>; 3] =
                [("id", &id), ("client", &client), ("reason", &reason)];
            look(&mut seen, &SAMPLE, &arguments, MINUTE, now)
        };
        for id in 0..BURST {
            assert_eq!(say(id, &format!("10.0.0.1:{id}"), "why", now), Held::No);
        }
        assert_eq!(say(77, "10.0.0.1:77", "why", now), Held::First);
        assert_eq!(say(78, "10.0.0.1:78", "why", now), Held::Again);
        // Another client, another reason: another message.
        assert_eq!(say(79, "10.0.0.2:78", "why", now), Held::No);
        assert_eq!(say(80, "10.0.0.1:78", "because", now), Held::No);
        // The interval of one that was not held back is over: it begins anew.
        for _ in 0..BURST {
            assert_eq!(say(81, "10.0.0.2:1", "why", now + MINUTE), Held::No);
        }
        assert_eq!(say(81, "10.0.0.2:1", "why", now + MINUTE), Held::First);
        let held: Vec<_> = seen.iter().map(|seen| (seen.held, seen.last.as_str())).collect();
        assert_eq!(held[0], (2, "ZOX0042W #78 10.0.0.1:78 refused: why"));
    }

    #[test]
    fn the_table_is_bounded() {
        let (mut seen, now) = (Vec::new(), Instant::now());
        for number in 0..10 * TABLE {
            for _ in 0..2 * BURST {
                let arguments: [Argument<'_>; 3] =
                    [("id", &1), ("client", &number), ("reason", &"why")];
                let held = look(&mut seen, &SAMPLE, &arguments, MINUTE, now);
                assert!(number < TABLE || held == Held::No, "what has no place is written");
            }
        }
        assert_eq!(seen.len(), TABLE);
    }
}
