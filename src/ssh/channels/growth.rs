//! By how much receive windows may grow: bounded for a session and for the process, and only as far as the path needs.
//!
//! A window that is too small for its path is used up in each round trip. So a window may grow until it holds two round
//! trips of what its channel carries. The round trip is the shortest time the server took to answer an open or a keepalive: an open includes the
//! target's answer, so the shortest one counts.
//!
//! All sessions share a [`Reserve`]. While little is left of it, windows that have grown shrink by what is used
//! up of them, so that others get their share.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What the windows of all sessions together may grow by.
#[derive(Debug)]
pub struct Reserve {
    most: AtomicU64,
    used: AtomicU64,
}

impl Reserve {
    /// `most` in bytes.
    pub fn new(most: u64) -> Self {
        Self { most: AtomicU64::new(most), used: AtomicU64::new(0) }
    }

    /// Changes the bound; what is used already stays used.
    pub fn adjust(&self, most: u64) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// Bytes that windows have grown by.
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Relaxed)
    }

    fn take(&self, bytes: u32) -> bool {
        let most = self.most.load(Ordering::Relaxed);
        let more = |used: u64| used.checked_add(bytes.into()).filter(|&used| used <= most);
        self.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_ok()
    }

    fn give(&self, bytes: u32) {
        self.used.fetch_sub(bytes.into(), Ordering::Relaxed);
    }

    /// Whether less than an eighth is left.
    fn is_short(&self) -> bool {
        self.used() > self.most.load(Ordering::Relaxed) / 8 * 7
    }
}

/// What the windows of one session may grow by; what they have grown by goes back with it.
#[derive(Debug)]
pub(super) struct Growth {
    spare: u32,
    taken: u32,
    reserve: Option<Arc<Reserve>>,
    round_trip: Duration,
    now: Option<Instant>,
}

impl Growth {
    pub(super) fn new(spare: u32, reserve: Option<Arc<Reserve>>) -> Self {
        Self { spare, taken: 0, reserve, round_trip: Duration::MAX, now: None }
    }

    /// The time, as far as anybody has told it.
    pub(super) fn now(&self) -> Option<Instant> {
        self.now
    }

    pub(super) fn set_now(&mut self, now: Instant) {
        self.now = Some(now);
    }

    /// Something asked at `since` has been answered.
    pub(super) fn answered(&mut self, since: Option<Instant>) {
        if let (Some(now), Some(since)) = (self.now, since) {
            self.round_trip = self.round_trip.min(now.saturating_duration_since(since));
        }
    }

    /// Whether two round trips carry more than `window` bytes, at the rate of `bytes` since `since`; a rate that is not
    /// known is none. Without a clock the answer is yes.
    pub(super) fn outruns(&self, window: u32, bytes: u64, since: Option<Instant>) -> bool {
        let Some(now) = self.now else { return true };
        let Some(since) = since else { return false };
        let elapsed = now.saturating_duration_since(since).as_nanos();
        let round_trip = self.round_trip.max(LEAST_ROUND_TRIP).as_nanos();
        round_trip.saturating_mul(2 * u128::from(bytes)) > elapsed.saturating_mul(window.into())
    }

    /// Takes this much, if session and process have it.
    pub(super) fn take(&mut self, bytes: u32) -> bool {
        let Some(spare) = self.spare.checked_sub(bytes) else { return false };
        if self.reserve.as_ref().is_some_and(|reserve| !reserve.take(bytes)) {
            return false;
        }
        self.spare = spare;
        self.taken += bytes;
        true
    }

    /// Gives back what was taken.
    pub(super) fn give(&mut self, bytes: u32) {
        debug_assert!(bytes <= self.taken, "more is given back than was taken");
        self.spare += bytes;
        self.taken -= bytes;
        if let Some(reserve) = &self.reserve {
            reserve.give(bytes);
        }
    }

    /// Whether the process is short of it.
    pub(super) fn is_short(&self) -> bool {
        self.reserve.as_ref().is_some_and(|reserve| reserve.is_short())
    }
}

impl Drop for Growth {
    fn drop(&mut self) {
        self.give(self.taken);
    }
}

/// Round trips that are shorter are not told from the scheduler's delays.
const LEAST_ROUND_TRIP: Duration = Duration::from_millis(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn session_and_process_are_bounded_and_get_back_what_they_gave() {
        let reserve = Arc::new(Reserve::new(100));
        let mut one = Growth::new(60, Some(Arc::clone(&reserve)));
        let mut other = Growth::new(60, Some(Arc::clone(&reserve)));
        assert!(one.take(60) && !one.take(1));
        assert!(!other.take(50) && other.take(40));
        assert!(other.is_short());
        other.give(40);
        assert!(!other.is_short() && other.take(10));
        drop(one);
        assert_eq!(reserve.used(), 10);
        drop(other);
        assert_eq!(reserve.used(), 0);
        reserve.adjust(5);
        assert!(!Growth::new(60, Some(reserve)).take(6));
    }

    #[test]
    fn the_shortest_answer_is_the_round_trip() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut growth = Growth::new(0, None);
        assert!(growth.outruns(u32::MAX, 1, None), "there is no clock");
        growth.set_now(at(50));
        assert!(!growth.outruns(1, u64::MAX, None), "nothing is known yet");
        growth.answered(Some(at(0)));
        growth.set_now(at(500));
        growth.answered(Some(at(100)));
        // 100 bytes in a round trip.
        assert!(growth.outruns(199, 100, Some(at(450))));
        assert!(!growth.outruns(200, 100, Some(at(450))));
        assert!(growth.outruns(u32::MAX, u64::MAX, Some(at(0))));
    }
}
