//! Ports that stand for data ports of FTP servers which a client knows by another host's name.
//!
//! Two of them must not be the same while both are expected, and nobody should know the next one: other
//! users may have the client's address. So they are the numbers in a keyed order, each once before
//! any comes again: a Feistel network of four rounds turns a count into them.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU16, Ordering};

/// The next port, from 1024 on. Each comes once in 64512.
pub fn next() -> u16 {
    static PORTS: LazyLock<Ports> = LazyLock::new(Ports::default);
    PORTS.next()
}

#[derive(Default)]
struct Ports {
    count: AtomicU16,
    key: RandomState,
}

impl Ports {
    fn next(&self) -> u16 {
        loop {
            let port = self.permuted(self.count.fetch_add(1, Ordering::Relaxed));
            if port >= FIRST {
                return port;
            }
        }
    }

    /// Another number for each number.
    fn permuted(&self, number: u16) -> u16 {
        let [mut left, mut right] = number.to_be_bytes();
        for round in 0..ROUNDS {
            (left, right) = (right, left ^ self.key.hash_one((round, right)) as u8);
        }
        u16::from_be_bytes([left, right])
    }
}

/// Ports under this one belong to services.
const FIRST: u16 = 1024;

const ROUNDS: u8 = 4;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_port_comes_once_before_any_comes_again() {
        let ports = Ports::default();
        let all = 65_536 - usize::from(FIRST);
        let first: HashSet<u16> = (0..all).map(|_| ports.next()).collect();
        assert_eq!(first.len(), all);
        assert!(first.iter().all(|port| *port >= FIRST));
        assert!(first.contains(&ports.next()), "they begin again");
    }

    #[test]
    fn one_port_does_not_tell_the_next() {
        let ports = Ports::default();
        let some: Vec<u16> = (0..2000).map(|_| ports.next()).collect();
        let near = some.windows(2).filter(|pair| pair[0].abs_diff(pair[1]) < 64);
        assert!(near.count() < 100, "they are in order");
        let others = Ports::default();
        let same = some.iter().filter(|port| **port == others.next());
        assert!(same.count() < 20, "the order is not that of this process only");
    }
}
