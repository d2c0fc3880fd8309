//! Windows of one channel (RFC 4254 section 5.2), both directions.
//!
//! The receive window is flow control and memory bound in one: what the server has sent and the
//! client has not taken, plus what the server may still send, is never more than `size`.
//!
//! The server is told what it may send when half of the window or [`GRANT`] has been used up, so that
//! over a long path nearly all of a large one is on its way.
//!
//! `size` starts small and doubles, up to its maximum, when half of it has gone through since it was
//! thought about last, the client has taken all there is, the channel has carried a whole one, and
//! carries more than one in two round trips. So a window that has grown is never larger than twice what
//! went through it, a long path gets a large one after a few round trips, a short one keeps what it
//! needs, and that of a client that does not read stays as it is. What a client has taken may be in its
//! socket's buffers only: a client that stops can leave a grown window behind. So the growth of all
//! windows together is bounded as well ([`Growth`]), and given back while it is short.

use std::time::Instant;

use super::MAX_CHUNK;
use super::growth::Growth;

/// Most bytes that may be used up before the server is told: a packet that costs nothing beside them, and with the news
/// on its way the server has all but so much of the window, in place of half.
const GRANT: u32 = 1024 * 1024;

/// What the server may send.
#[derive(Debug)]
pub(super) struct ReceiveWindow {
    /// Bytes the server may still send.
    open: u32,
    /// Bytes received that the client has not taken; `open + waiting <= size`.
    waiting: u32,
    /// The whole window in bytes.
    size: u32,
    initial: u32,
    max: u32,
    /// All bytes received.
    total: u64,
    /// An adjustment is due and was not granted yet.
    due: bool,
    /// When its size was last thought about, and what the client had taken by then.
    measured: (Option<Instant>, u64),
}

impl ReceiveWindow {
    pub(super) fn new(initial: u32, max: u32) -> Self {
        let size = initial.min(max);
        let measured = (None, 0);
        Self { open: size, waiting: 0, size, initial: size, max, total: 0, due: false, measured }
    }

    /// Accounts data that came; false, and nothing happens, if the window is too small for it.
    #[must_use]
    pub(super) fn receive(&mut self, bytes: usize) -> bool {
        let Some(bytes) = u32::try_from(bytes).ok().filter(|&bytes| bytes <= self.open) else {
            return false;
        };
        self.open -= bytes;
        self.waiting += bytes;
        self.total += u64::from(bytes);
        true
    }

    /// Accounts data that the client took. True if an adjustment has to be queued: half of the
    /// window or [`GRANT`] bytes have been used up and none is on its way yet. The window grows only
    /// by what `growth` has, and takes it from there.
    #[must_use]
    pub(super) fn consume(&mut self, bytes: usize, growth: &mut Growth) -> bool {
        debug_assert!(bytes <= self.waiting as usize, "consumed more than was received");
        self.waiting -= u32::try_from(bytes).unwrap_or(u32::MAX).min(self.waiting);
        if self.due || self.credit() < (self.size / 2).clamp(1, GRANT) {
            return false;
        }
        if growth.is_short() {
            // What was used up is kept back: half of the window at most, and as far as it has grown.
            let less = (self.size / 2).min(self.grown()).min(self.credit());
            self.size -= less;
            growth.give(less);
        } else {
            self.grow(growth);
        }
        self.due = self.credit() > 0;
        self.due
    }

    /// Once for each half of a window that the client has taken: doubles it if it ought to be larger.
    fn grow(&mut self, growth: &mut Growth) {
        let taken = self.total - u64::from(self.waiting);
        let carried = taken - self.measured.1;
        if carried < u64::from(self.size / 2) {
            return;
        }
        let (since, _) = std::mem::replace(&mut self.measured, (growth.now(), taken));
        if self.waiting == 0
            && taken >= u64::from(self.size)
            && growth.outruns(self.size, carried, since)
        {
            let more = self.size.min(self.max - self.size);
            if growth.take(more) {
                self.size += more;
            }
        }
    }

    /// Opens the window fully and returns by how many bytes: the adjustment to send now.
    pub(super) fn grant(&mut self) -> u32 {
        self.due = false;
        let credit = self.credit();
        self.open += credit;
        credit
    }

    /// Bytes the server may still send.
    pub(super) fn open(&self) -> u32 {
        self.open
    }

    /// The whole window in bytes.
    pub(super) fn size(&self) -> u32 {
        self.size
    }

    /// How much it has grown, in bytes.
    pub(super) fn grown(&self) -> u32 {
        self.size - self.initial
    }

    /// Bytes received that the client has not taken.
    pub(super) fn waiting(&self) -> u32 {
        self.waiting
    }

    /// All bytes received.
    pub(super) fn total(&self) -> u64 {
        self.total
    }

    fn credit(&self) -> u32 {
        self.size - self.open - self.waiting
    }
}

/// What we may send.
#[derive(Debug, Default)]
pub(super) struct SendWindow {
    open: u32,
    max_packet: u32,
    total: u64,
}

impl SendWindow {
    /// `open` and `max_packet` in bytes, as the server's confirmation has them.
    pub(super) fn new(open: u32, max_packet: u32) -> Self {
        Self { open, max_packet, total: 0 }
    }

    /// Bytes that the next packet may carry.
    pub(super) fn room(&self) -> usize {
        self.open.min(self.max_packet).min(MAX_CHUNK) as usize
    }

    /// Accounts data to be sent; None, and nothing happens, if there is no room for it.
    #[must_use]
    pub(super) fn take(&mut self, bytes: usize) -> Option<u32> {
        if bytes > self.room() {
            return None;
        }
        let bytes = u32::try_from(bytes).ok()?;
        self.open -= bytes;
        self.total += u64::from(bytes);
        Some(bytes)
    }

    /// The server's adjustment. Some(true) if the window was shut and is open now; None, and
    /// nothing happens, if it would exceed 2^32 - 1.
    #[must_use]
    pub(super) fn adjust(&mut self, bytes: u32) -> Option<bool> {
        let open = self.open.checked_add(bytes)?;
        let opened = self.open == 0 && open > 0;
        self.open = open;
        Some(opened)
    }

    /// Bytes we may still send.
    pub(super) fn open(&self) -> u32 {
        self.open
    }

    /// All bytes sent.
    pub(super) fn total(&self) -> u64 {
        self.total
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use super::super::growth::Reserve;
    use super::*;

    /// Receives and consumes `bytes`; returns the adjustment, if one was due.
    fn pass(window: &mut ReceiveWindow, bytes: usize) -> Option<u32> {
        assert!(window.receive(bytes));
        consume(window, bytes).then(|| window.grant())
    }

    /// Consumes with room to grow.
    fn consume(window: &mut ReceiveWindow, bytes: usize) -> bool {
        window.consume(bytes, &mut Growth::new(u32::MAX, None))
    }

    #[test]
    fn adjustment_is_due_at_half_a_window() {
        let mut window = ReceiveWindow::new(100, 100);
        assert_eq!(pass(&mut window, 49), None);
        assert_eq!(pass(&mut window, 1), Some(50));
        assert_eq!(window.open(), 100);
    }

    #[test]
    fn server_learns_of_each_mebibyte_in_a_large_window() {
        let mut window = ReceiveWindow::new(32 * GRANT, 32 * GRANT);
        for _ in 0..64 {
            assert_eq!(pass(&mut window, GRANT as usize - 1), None);
            assert_eq!(pass(&mut window, 1), Some(GRANT));
        }
    }

    #[test]
    fn large_window_is_thought_about_once_in_each_half() {
        let mut window = ReceiveWindow::new(8 * GRANT, 64 * GRANT);
        let sizes: Vec<u32> = (0..32)
            .map(|_| {
                pass(&mut window, GRANT as usize);
                window.size() / GRANT
            })
            .collect();
        // Each doubling waits until as much as the window holds has gone through: 8 and 16 MiB.
        let expected: Vec<u32> = [(8, 7), (16, 8), (32, 16), (64, 1)]
            .into_iter()
            .flat_map(|(size, turns)| std::iter::repeat_n(size, turns))
            .collect();
        assert_eq!(sizes, expected);
    }

    #[test]
    fn data_that_nobody_takes_is_not_credited() {
        let mut window = ReceiveWindow::new(100, 1000);
        assert!(window.receive(100));
        assert!(!window.receive(1));
        assert!(!consume(&mut window, 49));
        assert!(consume(&mut window, 1));
        assert_eq!(window.grant(), 50);
        assert_eq!((window.open(), window.waiting(), window.size()), (50, 50, 100));
    }

    #[test]
    fn only_one_adjustment_is_on_its_way() {
        let mut window = ReceiveWindow::new(100, 100);
        assert!(window.receive(100));
        assert!(consume(&mut window, 60));
        assert!(!consume(&mut window, 40));
        assert_eq!(window.grant(), 100);
    }

    #[test]
    fn prompt_client_doubles_the_window_up_to_its_maximum() {
        let mut window = ReceiveWindow::new(100, 350);
        assert_eq!(pass(&mut window, 50), Some(50));
        // 100 bytes carried are a window.
        assert_eq!(pass(&mut window, 50), Some(150));
        assert_eq!(window.size(), 200);
        assert_eq!(pass(&mut window, 100), Some(250));
        assert_eq!(window.size(), 350);
        for _ in 0..20 {
            assert_eq!(pass(&mut window, 175), Some(175));
        }
        assert_eq!(window.size(), 350);
    }

    #[test]
    fn windows_grow_by_what_is_spare_only() {
        let (mut window, mut growth) = (ReceiveWindow::new(100, 1000), Growth::new(350, None));
        for _ in 0..40 {
            let open = window.open() as usize;
            assert!(window.receive(open));
            if window.consume(open, &mut growth) {
                window.grant();
            }
        }
        // 100 to 400 took 300; another 400 were not there.
        assert_eq!((window.size(), window.grown()), (400, 300));
        assert!(growth.take(50) && !growth.take(1));
    }

    #[test]
    fn a_window_used_up_in_each_round_trip_grows() {
        // However small the delay is that comes on top of the 50 ms.
        for (interval, size) in [(101, 100), (99, 1600), (51, 1600), (49, 1600)] {
            assert_eq!(grown(interval, usize::MAX), size, "{interval} ms");
        }
    }

    #[test]
    fn a_window_of_two_round_trips_does_not_grow() {
        for (in_ten_milliseconds, size) in [(5, 100), (11, 200), (30, 400), (39, 400), (70, 800)] {
            assert_eq!(grown(10, in_ten_milliseconds), size, "{in_ten_milliseconds}");
        }
    }

    /// What becomes of a window of 100 bytes over a round trip of 50 ms, if so many bytes come at every interval.
    fn grown(interval: u64, bytes: usize) -> u32 {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut growth = Growth::new(u32::MAX, None);
        growth.set_now(at(50));
        growth.answered(Some(at(0)));
        let mut window = ReceiveWindow::new(100, 1600);
        for turn in 0..400 {
            let bytes = bytes.min(window.open() as usize);
            assert!(window.receive(bytes));
            growth.set_now(at(50 + turn * interval));
            if window.consume(bytes, &mut growth) {
                window.grant();
            }
        }
        window.size()
    }

    #[test]
    fn windows_shrink_while_the_process_is_short() {
        let reserve = Arc::new(Reserve::new(800));
        let mut growth = Growth::new(u32::MAX, Some(Arc::clone(&reserve)));
        let mut window = ReceiveWindow::new(100, 900);
        let turn = |window: &mut ReceiveWindow, growth: &mut Growth| {
            let open = window.open() as usize;
            assert!(window.receive(open));
            if window.consume(open, growth) {
                window.grant();
            }
        };
        while window.size() < 800 {
            turn(&mut window, &mut growth);
        }
        assert_eq!(reserve.used(), 700);
        reserve.adjust(100);
        for _ in 0..10 {
            turn(&mut window, &mut growth);
        }
        assert!(window.size() <= 200 && window.open() > 0, "{window:?}");
        assert_eq!(reserve.used(), u64::from(window.grown()));
    }

    #[test]
    fn client_that_lags_keeps_a_small_window() {
        let mut window = ReceiveWindow::new(100, 1000);
        assert!(window.receive(100));
        for _ in 0..1000 {
            if consume(&mut window, 10) {
                let granted = window.grant() as usize;
                assert!(window.receive(granted));
            }
        }
        assert_eq!(window.size(), 100);
    }

    #[test]
    fn largest_windows_do_not_overflow() {
        let mut window = ReceiveWindow::new(u32::MAX, u32::MAX);
        assert!(window.receive(u32::MAX as usize));
        assert!(!window.receive(usize::MAX));
        assert!(consume(&mut window, u32::MAX as usize));
        assert_eq!(window.grant(), u32::MAX);
    }

    #[test]
    fn empty_window_asks_for_nothing() {
        let mut window = ReceiveWindow::new(0, 0);
        assert!(window.receive(0));
        assert!(!consume(&mut window, 0));
    }

    #[test]
    fn send_room_is_the_smallest_of_three() {
        assert_eq!(SendWindow::new(10, 20).room(), 10);
        assert_eq!(SendWindow::new(20, 10).room(), 10);
        assert_eq!(SendWindow::new(u32::MAX, u32::MAX).room(), MAX_CHUNK as usize);
    }

    #[test]
    fn send_window_shuts_and_opens() {
        let mut window = SendWindow::new(10, 100);
        assert_eq!(window.take(11), None);
        assert_eq!(window.take(10), Some(10));
        assert_eq!(window.room(), 0);
        assert_eq!(window.adjust(0), Some(false));
        assert_eq!(window.adjust(5), Some(true));
        assert_eq!(window.adjust(5), Some(false));
        assert_eq!(window.adjust(u32::MAX - 9), None);
        assert_eq!(window.adjust(u32::MAX - 10), Some(false));
    }
}
