//! Random padding of packets (RFC 4253 section 6), drawn from OpenSSL in stock: asking it for a few bytes with every
//! packet would cost a system call each time.

use openssl::rand::rand_bytes;
use zeroize::Zeroize;

/// Bytes drawn at once; more than any packet needs.
const STOCK: usize = 2048;

/// Random bytes, each given out once.
pub(super) struct Padding {
    stock: Box<[u8; STOCK]>,
    used: usize,
}

impl Padding {
    pub(super) fn new() -> Self {
        Self { stock: Box::new([0; STOCK]), used: STOCK }
    }

    /// The next `count` random bytes, at most 255; None: there are none to be had.
    pub(super) fn take(&mut self, count: usize) -> Option<&[u8]> {
        if STOCK - self.used < count {
            rand_bytes(&mut self.stock[..]).ok()?;
            self.used = 0;
        }
        let start = self.used;
        self.used = start.checked_add(count)?;
        self.stock.get(start..self.used)
    }
}

impl Drop for Padding {
    fn drop(&mut self) {
        self.stock.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bytes_are_given_out_twice() {
        let mut padding = Padding::new();
        let first = padding.take(16).unwrap().to_vec();
        let mut seen = std::collections::HashSet::from([first]);
        for _ in 0..1000 {
            assert!(seen.insert(padding.take(16).unwrap().to_vec()));
        }
    }
}
