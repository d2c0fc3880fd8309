//! The loop: workers, polls, timers, one connection's life.

pub mod timers;
