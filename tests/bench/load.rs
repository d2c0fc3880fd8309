//! How much load a line puts on its contenders.

use std::time::Duration;

/// Sizes of the loads.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Bytes a throughput line moves in one measurement, all streams together.
    pub bytes: u64,
    /// Most connections a set-up line makes in one measurement.
    pub connections: usize,
    /// Longest time a set-up line goes on with that.
    pub setup_time: Duration,
    /// Most files an FTP line moves in one measurement.
    pub files: usize,
    /// Longest time an FTP line goes on with that.
    pub ftp_time: Duration,
    /// Tunnels held open at once.
    pub tunnels: usize,
}

impl Load {
    /// What lines should be judged by.
    pub const FULL: Self = Self {
        bytes: 1024 << 20,
        connections: 4000,
        setup_time: Duration::from_secs(3),
        files: 1000,
        ftp_time: Duration::from_secs(10),
        tunnels: 2000,
    };

    /// A glance.
    pub const QUICK: Self = Self {
        bytes: 256 << 20,
        connections: 1000,
        setup_time: Duration::from_secs(1),
        files: 200,
        ftp_time: Duration::from_secs(3),
        tunnels: 1000,
    };

    /// Descriptors this process needs for it: both ends of every held tunnel, and some.
    pub fn descriptors(&self) -> u64 {
        2 * self.tunnels as u64 + 256
    }
}
