//! The loop: workers, polls, timers, one connection's life.

pub mod accept;
pub mod jobs;
pub mod limits;
pub mod sockets;
pub mod timers;
