//! How often a server may begin a key exchange: each costs a millisecond and more of its worker, and a server can
//! begin the next one when the last is over.
//!
//! It has [`AT_ONCE`] to begin with, and gets another one for every [`BYTES_EACH`] that were carried, up to as many,
//! and for every [`TIME_EACH`]. Servers renew their keys after gigabytes, or after an hour; who tests that takes a
//! megabyte, or 10 seconds. Used by [`Io`](super::io::Io).

use std::time::{Duration, Instant};

/// Most key exchanges that may follow each other without a pause.
pub(super) const AT_ONCE: u32 = 32;

/// Bytes carried, both directions together, that earn a key exchange.
pub(super) const BYTES_EACH: u64 = 256 * 1024;

/// Time that earns one.
pub(super) const TIME_EACH: Duration = Duration::from_secs(5);

/// Key exchanges that the server of one session may begin.
pub(super) struct Allowance {
    left: u32,
    /// Up to where bytes and time have been counted.
    carried: u64,
    at: Option<Instant>,
}

impl Allowance {
    pub(super) fn new() -> Self {
        Self { left: AT_ONCE, carried: 0, at: None }
    }

    /// The server begins one; `carried`: bytes of the session so far. False: one too many.
    pub(super) fn spend(&mut self, carried: u64, now: Instant) -> bool {
        let since = *self.at.get_or_insert(now);
        let by_bytes = carried.saturating_sub(self.carried) / BYTES_EACH;
        let by_time = now.saturating_duration_since(since).as_secs() / TIME_EACH.as_secs();
        self.carried += by_bytes * BYTES_EACH;
        // What is left of an interval counts towards the next one.
        self.at = Some(since + Duration::from_secs(by_time * TIME_EACH.as_secs()));
        let earned = u32::try_from(by_bytes + by_time).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(earned).min(AT_ONCE);
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of `most` are allowed, one each `pause` and `bytes`.
    fn allowed(most: u32, bytes: u64, pause: Duration) -> u32 {
        let (mut allowance, start) = (Allowance::new(), Instant::now());
        let spends =
            |count: &u32| allowance.spend(u64::from(*count) * bytes, start + *count * pause);
        (0..most).take_while(spends).count() as u32
    }

    #[test]
    fn a_server_that_does_nothing_else_is_stopped() {
        assert_eq!(allowed(1000, 0, Duration::ZERO), AT_ONCE);
        assert_eq!(allowed(1000, 5000, Duration::from_millis(5)), AT_ONCE);
    }

    #[test]
    fn bytes_and_time_earn_more() {
        assert_eq!(allowed(10_000, BYTES_EACH, Duration::ZERO), 10_000);
        assert_eq!(allowed(10_000, 0, TIME_EACH), 10_000);
        let half = allowed(10_000, BYTES_EACH / 2, Duration::ZERO);
        assert!((2 * AT_ONCE - 2..2 * AT_ONCE + 2).contains(&half), "{half}");
        assert_eq!(allowed(10_000, BYTES_EACH / 2, TIME_EACH / 2), 10_000);
    }

    #[test]
    fn what_is_earned_does_not_pile_up() {
        let (mut allowance, start) = (Allowance::new(), Instant::now());
        assert!(allowance.spend(0, start));
        let later = start + Duration::from_secs(1_000_000_000);
        let spends = |_: &u32| allowance.spend(u64::MAX / 2, later);
        assert_eq!((0..1000).take_while(spends).count() as u32, AT_ONCE);
    }
}
