//! How many connections there are, in all and per client address, and how many there may be.
//!
//! One [`Limits`] is shared by all workers. Whoever accepts a connection asks for a [`Permit`] and
//! keeps it with the connection; dropping it, on any thread, gives the place back.
//!
//! A client is one address. IPv6 addresses count one by one as well, not by /64 prefix: the limit
//! is there for jobs that run away, on hosts that share a network, and a listener's list of clients
//! and the limit in all stand against a host that changes its address.
//!
//! Invariants: `total` is the number of living permits and the sum of `clients`; no entry of
//! `clients` is zero, so the map is never larger than the limit in all.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The counters, shared by all clones.
#[derive(Debug, Clone)]
pub struct Limits {
    counters: Arc<Mutex<Counters>>,
}

#[derive(Debug)]
struct Counters {
    max_total: usize,
    max_per_client: usize,
    total: usize,
    clients: HashMap<IpAddr, usize>,
}

impl Limits {
    /// At most `max_total` connections at once, `max_per_client` of them from one address.
    pub fn new(max_total: usize, max_per_client: usize) -> Self {
        let counters = Counters { max_total, max_per_client, total: 0, clients: HashMap::new() };
        Self { counters: Arc::new(Mutex::new(counters)) }
    }

    /// Sets new limits. Connections beyond them go on; new ones are refused until there is room.
    pub fn adjust(&self, max_total: usize, max_per_client: usize) {
        let mut counters = self.lock();
        counters.max_total = max_total;
        counters.max_per_client = max_per_client;
    }

    /// Counts one more connection of this client, if there is room. An IPv4-mapped address is the
    /// IPv4 client.
    pub fn admit(&self, client: IpAddr) -> Result<Permit, Refused> {
        let client = client.to_canonical();
        let mut counters = self.lock();
        if counters.total >= counters.max_total {
            return Err(Refused { what: Limit::Total, limit: counters.max_total });
        }
        let limit = counters.max_per_client;
        if counters.clients.get(&client).copied().unwrap_or(0) >= limit {
            return Err(Refused { what: Limit::Client, limit });
        }
        *counters.clients.entry(client).or_default() += 1;
        counters.total += 1;
        drop(counters);
        Ok(Permit { limits: self.clone(), client })
    }

    /// Connections now.
    pub fn connections(&self) -> usize {
        self.lock().total
    }

    /// Client addresses that have connections now.
    pub fn clients(&self) -> usize {
        self.lock().clients.len()
    }

    fn release(&self, client: IpAddr) {
        let mut counters = self.lock();
        let Entry::Occupied(mut entry) = counters.clients.entry(client) else {
            debug_assert!(false, "a permit of {client} was not counted");
            return;
        };
        if *entry.get() > 1 {
            *entry.get_mut() -= 1;
        } else {
            entry.remove();
        }
        counters.total -= 1;
    }

    /// A poisoned lock is as good as another: nothing that can panic runs under it.
    fn lock(&self) -> MutexGuard<'_, Counters> {
        self.counters.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One counted connection; dropping it gives the place back.
#[derive(Debug)]
pub struct Permit {
    limits: Limits,
    client: IpAddr,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.limits.release(self.client);
    }
}

/// A connection that is one too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// The limit that is reached.
    pub what: Limit,
    /// Its value.
    pub limit: usize,
}

/// Which limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// MAXCONN: connections in all.
    Total,
    /// MAXCLIENT: connections from one address.
    Client,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.what {
            Limit::Total => write!(f, "limit of {} connections reached", self.limit),
            Limit::Client => write!(f, "limit of {} connections per client reached", self.limit),
        }
    }
}

impl std::error::Error for Refused {}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    const A: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));
    const B: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2));

    #[test]
    fn both_limits_hold_and_name_themselves() {
        let limits = Limits::new(3, 2);
        let _first = limits.admit(A).unwrap();
        let second = limits.admit(A).unwrap();
        assert_eq!(limits.admit(A).unwrap_err(), Refused { what: Limit::Client, limit: 2 });
        let _third = limits.admit(B).unwrap();
        assert_eq!(limits.admit(B).unwrap_err(), Refused { what: Limit::Total, limit: 3 });
        drop(second);
        let _fourth = limits.admit(A).unwrap();
    }

    #[test]
    fn clients_vanish_with_their_last_connection() {
        let limits = Limits::new(10, 10);
        let permits = [A, A, B].map(|client| limits.admit(client).unwrap());
        assert_eq!((limits.connections(), limits.clients()), (3, 2));
        drop(permits);
        assert_eq!((limits.connections(), limits.clients()), (0, 0));
    }

    #[test]
    fn a_refused_client_leaves_no_trace() {
        let limits = Limits::new(10, 0);
        assert!(limits.admit(A).is_err());
        assert_eq!((limits.connections(), limits.clients()), (0, 0));
    }

    #[test]
    fn a_mapped_address_is_the_ipv4_client() {
        let limits = Limits::new(10, 1);
        let _permit = limits.admit("::ffff:192.0.2.1".parse().unwrap()).unwrap();
        assert!(limits.admit(A).is_err());
    }

    #[test]
    fn lowered_limits_refuse_new_connections_only() {
        let limits = Limits::new(10, 10);
        let mut permits: Vec<_> = (0..4).map(|_| limits.admit(A).unwrap()).collect();
        limits.adjust(2, 2);
        assert!(limits.admit(B).is_err());
        permits.truncate(1);
        assert!(limits.admit(B).is_ok());
    }

    #[test]
    fn counts_across_threads() {
        let limits = Limits::new(1_000, 1_000);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..100 {
                        let permit = limits.admit(A).unwrap();
                        scope.spawn(move || drop(permit)).join().unwrap();
                    }
                });
            }
        });
        assert_eq!((limits.connections(), limits.clients()), (0, 0));
    }
}
