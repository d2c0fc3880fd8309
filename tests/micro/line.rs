//! A line of the table: one operation that can be repeated.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::allocations;

/// One operation.
pub struct Line {
    /// In the table, and for `--only`; what comes before the first `-` is its family.
    pub name: &'static str,
    /// What is done.
    pub about: &'static str,
    /// Bytes that one operation handles, where bytes per second mean something.
    pub bytes: Option<usize>,
    /// How often it is done to have its instructions counted; None: valgrind's processor would not take the same way.
    pub counted: Option<u64>,
    /// Prepares it, and checks that it does what it is measured for.
    pub make: fn() -> Work,
}

/// Does the operation as often as asked, and tells what that took.
pub type Work = Box<dyn FnMut(u64) -> Spent>;

/// What some operations took.
#[derive(Debug, Default, Clone, Copy)]
pub struct Spent {
    /// By the clock.
    pub time: Duration,
    /// How often the heap was asked.
    pub allocations: u64,
}

impl Spent {
    /// What `work` takes.
    pub fn during(work: impl FnOnce()) -> Self {
        let (allocations, start) = (allocations::so_far(), Instant::now());
        work();
        let time = start.elapsed();
        Self { time, allocations: allocations::so_far() - allocations }
    }

    /// Both together.
    pub fn and(self, other: Self) -> Self {
        Self { time: self.time + other.time, allocations: self.allocations + other.allocations }
    }
}

/// Work that needs no preparation between two operations.
pub fn repeat<R>(mut operation: impl FnMut() -> R + 'static) -> Work {
    Box::new(move |times| {
        Spent::during(|| {
            for _ in 0..times {
                black_box(operation());
            }
        })
    })
}
