//! Deadlines of one worker: one per key, thousands of keys, cheap to push back.
//!
//! Called by the worker loop: it sleeps until [`Timers::next`], then calls [`Timers::pop_expired`]
//! until that gives `None`. Keys are the worker's own tokens; this module never looks into them.
//!
//! An ordered set answers "which is first" and never holds more than one entry a key. The common
//! call by far is to push an idle deadline back whenever data moves; that only writes the new
//! deadline into the key's record and leaves the set alone. The stale entry is moved when its turn
//! comes, so a key costs one early wake per idle interval instead of a set update per event. A
//! wheel would save the logarithm, but it rounds deadlines and ticks while nothing is due.
//!
//! Invariants: each key of `keys` has exactly one entry in `queue`, at `queued`; `queued` is never
//! later than `deadline`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Deadlines by key.
#[derive(Debug)]
pub struct Timers<K> {
    keys: BTreeMap<K, Record>,
    queue: BTreeSet<(Instant, K)>,
}

#[derive(Debug, Clone, Copy)]
struct Record {
    deadline: Instant,
    queued: Instant,
}

impl<K: Copy + Ord> Timers<K> {
    /// No deadlines.
    pub fn new() -> Self {
        Self { keys: BTreeMap::new(), queue: BTreeSet::new() }
    }

    /// Sets the key's deadline; an earlier one of the same key is replaced.
    pub fn set(&mut self, key: K, deadline: Instant) {
        match self.keys.get_mut(&key) {
            Some(record) if record.queued <= deadline => record.deadline = deadline,
            Some(record) => {
                self.queue.remove(&(record.queued, key));
                *record = Record { deadline, queued: deadline };
                self.queue.insert((deadline, key));
            }
            None => {
                self.keys.insert(key, Record { deadline, queued: deadline });
                self.queue.insert((deadline, key));
            }
        }
    }

    /// Forgets the key's deadline, if it has one.
    pub fn cancel(&mut self, key: K) {
        if let Some(record) = self.keys.remove(&key) {
            self.queue.remove(&(record.queued, key));
        }
    }

    /// When to wake: never later than the earliest deadline, sooner if that one was pushed back.
    pub fn next(&self) -> Option<Instant> {
        self.queue.first().map(|&(queued, _)| queued)
    }

    /// Takes out a key whose deadline is not after `now`, earliest first; `None` once all that are
    /// due have been taken.
    pub fn pop_expired(&mut self, now: Instant) -> Option<K> {
        loop {
            let &(queued, key) = self.queue.first()?;
            if queued > now {
                return None;
            }
            self.queue.pop_first();
            match self.keys.get_mut(&key) {
                Some(record) if record.deadline > queued => {
                    record.queued = record.deadline;
                    self.queue.insert((record.deadline, key));
                }
                _ => {
                    self.keys.remove(&key);
                    return Some(key);
                }
            }
        }
    }

    /// How many keys have a deadline.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether no key has a deadline.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

impl<K: Copy + Ord> Default for Timers<K> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn keys_come_out_in_order_of_their_deadlines() {
        let (mut timers, start) = (Timers::new(), Instant::now());
        for (key, milliseconds) in [(1u64, 30), (2, 10), (3, 20)] {
            timers.set(key, start + ms(milliseconds));
        }
        assert_eq!(timers.next(), Some(start + ms(10)));
        assert_eq!(timers.pop_expired(start + ms(9)), None);
        assert_eq!(expired(&mut timers, start + ms(30)), [2, 3, 1]);
        assert!(timers.is_empty());
        assert_eq!(timers.next(), None);
    }

    #[test]
    fn the_last_deadline_of_a_key_counts() {
        let (mut timers, start) = (Timers::new(), Instant::now());
        timers.set(1u64, start + ms(10));
        timers.set(1, start + ms(30));
        assert_eq!(timers.pop_expired(start + ms(29)), None);
        timers.set(1, start + ms(5));
        assert_eq!(timers.next(), Some(start + ms(5)));
        assert_eq!(timers.pop_expired(start + ms(5)), Some(1));
        assert_eq!(timers.pop_expired(start + ms(100)), None);
    }

    #[test]
    fn pushed_back_deadlines_keep_the_order() {
        let (mut timers, start) = (Timers::new(), Instant::now());
        timers.set(1u64, start + ms(1));
        timers.set(1, start + ms(50));
        timers.set(2, start + ms(30));
        assert_eq!(expired(&mut timers, start + ms(60)), [2, 1]);
    }

    #[test]
    fn a_pushed_back_key_wakes_the_loop_early_once() {
        let (mut timers, start) = (Timers::new(), Instant::now());
        timers.set(1u64, start + ms(10));
        for milliseconds in 11..100 {
            timers.set(1, start + ms(milliseconds));
        }
        assert_eq!(timers.next(), Some(start + ms(10)));
        assert_eq!(timers.pop_expired(start + ms(10)), None);
        assert_eq!(timers.next(), Some(start + ms(99)));
    }

    #[test]
    fn a_cancelled_key_never_expires() {
        let (mut timers, start) = (Timers::new(), Instant::now());
        timers.set(1u64, start + ms(10));
        timers.set(2, start + ms(10));
        timers.set(1, start + ms(20));
        timers.cancel(1);
        timers.cancel(1);
        timers.cancel(7);
        assert_eq!(expired(&mut timers, start + ms(100)), [2]);
    }

    #[test]
    fn equal_deadlines_of_different_keys_all_expire() {
        let (mut timers, start) = (Timers::new(), Instant::now());
        for key in 0..100u64 {
            timers.set(key, start);
        }
        assert_eq!(expired(&mut timers, start).len(), 100);
    }

    /// A long pseudo-random run, compared with a plain map.
    #[test]
    fn agrees_with_a_plain_map() {
        let (mut timers, mut model) = (Timers::new(), BTreeMap::new());
        let start = Instant::now();
        let (mut now, mut seed) = (start, 0x2545_f491_4f6c_dd1d_u64);
        for _ in 0..20_000 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let (key, delay) = (seed % 50, ms(seed >> 8 & 0xff));
            match seed >> 32 & 7 {
                0 => {
                    timers.cancel(key);
                    model.remove(&key);
                }
                1 => {
                    now += ms(20);
                    let mut due: Vec<_> = model
                        .iter()
                        .filter(|&(_, &deadline)| deadline <= now)
                        .map(|(&key, &deadline)| (deadline, key))
                        .collect();
                    due.sort_unstable();
                    let due: Vec<_> = due.into_iter().map(|(_, key)| key).collect();
                    model.retain(|_, deadline| *deadline > now);
                    assert_eq!(expired(&mut timers, now), due);
                }
                _ => {
                    timers.set(key, now + delay);
                    model.insert(key, now + delay);
                }
            }
            assert_eq!(timers.len(), model.len());
            assert_eq!(timers.queue.len(), model.len());
            assert!(timers.next() <= model.values().min().copied());
        }
    }

    fn expired(timers: &mut Timers<u64>, now: Instant) -> Vec<u64> {
        std::iter::from_fn(|| timers.pop_expired(now)).collect()
    }

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }
}
