//! The pool: which SSH sessions exist for whom, on which worker, and who may dial.
//!
//! Shared by all workers, behind one lock that is held for table work only. It knows seats
//! (worker and session key), never the sessions themselves. Invariants: a member counts every
//! client that was placed on it and has not left; for one server at most one seat is dialing;
//! the number of members of a key never exceeds its limit.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What two clients must have in common to share an SSH session.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct PoolKey {
    /// Profile name.
    pub profile: String,
    /// Digest of the profile's settings: a refresh that changes them makes new sessions.
    pub settings: u64,
    /// SSH server.
    pub server: Server,
    /// User name at the SSH server.
    pub user: String,
    /// Keyed digest of the password, where it is the client's; None: the profile's own login.
    pub credential: Option<[u8; 32]>,
}

/// Address of an SSH server as configured or asked for, not resolved.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Server {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl std::fmt::Display for Server {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

/// Bounds of one key's sessions, from its profile.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Most sessions.
    pub sessions: usize,
    /// Most clients in one session.
    pub channels: usize,
}

/// Where a client was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement<S> {
    /// On this session, open or about to be.
    Join(S),
    /// On a session just made by the caller's closure.
    Made(S),
    /// Every session is full and no more are allowed.
    Full,
}

/// When a seat may dial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// At once.
    Now,
    /// After this moment: the server failed a short while ago. The turn is the seat's already.
    At(Instant),
    /// Another seat dials this server: the seat is told when its turn comes.
    Queued,
}

/// How a dial ended.
#[derive(Debug, Clone, Copy)]
pub enum DialEnd {
    /// The session is open.
    Open,
    /// It failed; the bounds of the pause before the next dial.
    Failed {
        /// Pause after the first failure.
        first: Duration,
        /// Longest pause.
        most: Duration,
        /// The server could not be reached at all.
        unreachable: bool,
    },
    /// It was given up without saying anything about the server.
    GivenUp,
}

/// The table of all sessions.
#[derive(Debug)]
pub struct Pool<S> {
    tables: Mutex<Tables<S>>,
    jitter: RandomState,
}

#[derive(Debug)]
struct Tables<S> {
    groups: HashMap<PoolKey, Vec<Member<S>>>,
    dials: HashMap<Server, Dial<S>>,
}

#[derive(Debug)]
struct Member<S> {
    seat: S,
    clients: usize,
}

#[derive(Debug)]
struct Dial<S> {
    holder: Option<S>,
    waiting: VecDeque<S>,
    failures: u32,
    /// The last failure: nothing could be reached.
    unreachable: bool,
    not_before: Option<Instant>,
}

impl<S: Copy + Eq> Pool<S> {
    /// An empty pool.
    pub fn new() -> Self {
        Self {
            tables: Mutex::new(Tables { groups: HashMap::new(), dials: HashMap::new() }),
            jitter: RandomState::new(),
        }
    }

    /// Finds a session for one more client, preferring those for which `near` holds, then the one
    /// with fewest clients; `make` makes a session where none has room.
    pub fn place(
        &self,
        key: &PoolKey,
        bounds: Bounds,
        near: impl Fn(S) -> bool,
        make: impl FnOnce() -> S,
    ) -> Placement<S> {
        let mut tables = self.lock();
        let members = tables.groups.entry(key.clone()).or_default();
        let best = members
            .iter_mut()
            .filter(|member| member.clients < bounds.channels)
            .min_by_key(|member| (!near(member.seat), member.clients));
        if let Some(member) = best {
            member.clients += 1;
            return Placement::Join(member.seat);
        }
        if members.len() >= bounds.sessions {
            return Placement::Full;
        }
        let seat = make();
        members.push(Member { seat, clients: 1 });
        Placement::Made(seat)
    }

    /// Counts one more client on a seat that it has to be on; false: the seat is gone.
    pub fn join(&self, key: &PoolKey, seat: S) -> bool {
        let mut tables = self.lock();
        let member = tables.groups.get_mut(key).and_then(|m| m.iter_mut().find(|m| m.seat == seat));
        if let Some(member) = member {
            member.clients += 1;
            return true;
        }
        false
    }

    /// One client of this seat is gone.
    pub fn leave(&self, key: &PoolKey, seat: S) {
        let mut tables = self.lock();
        let member = tables.groups.get_mut(key).and_then(|m| m.iter_mut().find(|m| m.seat == seat));
        if let Some(member) = member {
            debug_assert!(member.clients > 0);
            member.clients = member.clients.saturating_sub(1);
        }
    }

    /// Takes a seat out if nobody is on it or on the way to it; false: somebody is.
    pub fn retire(&self, key: &PoolKey, seat: S) -> bool {
        let mut tables = self.lock();
        let busy = tables
            .groups
            .get(key)
            .is_some_and(|members| members.iter().any(|m| m.seat == seat && m.clients > 0));
        if !busy {
            tables.remove(key, seat);
        }
        !busy
    }

    /// Takes a seat out whoever is on it: its session is lost, or takes no more clients. False: it
    /// was not in.
    pub fn remove(&self, key: &PoolKey, seat: S) -> bool {
        self.lock().remove(key, seat)
    }

    /// Asks to dial `server`.
    pub fn dial(&self, server: &Server, seat: S, now: Instant) -> Turn {
        let mut tables = self.lock();
        let dial = tables.dials.entry(server.clone()).or_insert_with(|| Dial {
            holder: None,
            waiting: VecDeque::new(),
            failures: 0,
            unreachable: false,
            not_before: None,
        });
        if dial.holder.is_some_and(|holder| holder != seat) {
            dial.waiting.push_back(seat);
            return Turn::Queued;
        }
        dial.holder = Some(seat);
        match dial.not_before {
            Some(moment) if moment > now => Turn::At(moment),
            _ => Turn::Now,
        }
    }

    /// Ends a seat's dial or its wait for one; gives the seat whose turn it is now, and the pause
    /// until the next dial of this server.
    pub fn dial_ended(
        &self,
        server: &Server,
        seat: S,
        end: DialEnd,
        now: Instant,
    ) -> (Option<S>, Duration) {
        let mut tables = self.lock();
        let Some(dial) = tables.dials.get_mut(server) else { return (None, Duration::ZERO) };
        if dial.holder != Some(seat) {
            dial.waiting.retain(|waiting| *waiting != seat);
            return (None, Duration::ZERO);
        }
        let mut pause = Duration::ZERO;
        match end {
            DialEnd::Open => {
                dial.failures = 0;
                dial.not_before = None;
            }
            DialEnd::Failed { first, most, unreachable } => {
                dial.failures = dial.failures.saturating_add(1);
                dial.unreachable = unreachable;
                pause = backoff(first, most, dial.failures, self.jitter.hash_one(now));
                dial.not_before = Some(now + pause);
            }
            DialEnd::GivenUp => {}
        }
        dial.holder = dial.waiting.pop_front();
        let next = dial.holder;
        if next.is_none() && dial.failures == 0 {
            tables.dials.remove(server);
        } else if tables.dials.len() > FAILED_SERVERS {
            tables.dials.retain(|_, d| d.holder.is_some() || d.not_before > Some(now));
        }
        (next, pause)
    }

    /// Whether the last dial of `server` that ended found nothing to talk to, and this still held at
    /// `since`: the pause after it was not over.
    pub fn is_unreachable(&self, server: &Server, since: Instant) -> bool {
        let tables = self.lock();
        let dial = tables.dials.get(server);
        dial.is_some_and(|d| d.unreachable && d.not_before.is_some_and(|until| until >= since))
    }

    /// Number of sessions of all keys.
    pub fn sessions(&self) -> usize {
        self.lock().groups.values().map(Vec::len).sum()
    }

    fn lock(&self) -> MutexGuard<'_, Tables<S>> {
        // A panic while the lock was held leaves a table that is at worst a count too high.
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S: Copy + Eq> Default for Pool<S> {
    fn default() -> Self {
        Self::new()
    }
}

impl<S: Copy + Eq> Tables<S> {
    fn remove(&mut self, key: &PoolKey, seat: S) -> bool {
        let Some(members) = self.groups.get_mut(key) else { return false };
        let before = members.len();
        members.retain(|member| member.seat != seat);
        let found = members.len() < before;
        if members.is_empty() {
            self.groups.remove(key);
        }
        found
    }
}

/// `first` doubled per failure up to `most`, then spread over 75 to 125 %, so that many proxies do
/// not dial a recovering server in step.
fn backoff(first: Duration, most: Duration, failures: u32, random: u64) -> Duration {
    let doubled = first.saturating_mul(1 << (failures - 1).min(16)).min(most);
    doubled.mul_f64(0.75 + (random % 1024) as f64 / 2048.0)
}

/// Servers whose last failure is remembered, at most (apart from those being dialed).
const FAILED_SERVERS: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn key(user: &str) -> PoolKey {
        PoolKey {
            profile: "P".into(),
            settings: 0,
            server: Server { host: "h".into(), port: 22 },
            user: user.into(),
            credential: None,
        }
    }

    const TWO: Bounds = Bounds { sessions: 2, channels: 2 };

    #[test]
    fn clients_fill_sessions_up_to_both_bounds() {
        let pool = Pool::<u32>::new();
        let place = |seat| pool.place(&key("u"), TWO, |_| false, || seat);
        assert_eq!(place(1), Placement::Made(1));
        assert_eq!(place(9), Placement::Join(1));
        assert_eq!(place(2), Placement::Made(2));
        assert_eq!(place(9), Placement::Join(2));
        assert_eq!(place(9), Placement::Full);
        pool.leave(&key("u"), 1);
        assert_eq!(place(9), Placement::Join(1));
        assert_eq!(pool.place(&key("v"), TWO, |_| false, || 3), Placement::Made(3));
        assert_eq!(pool.sessions(), 3);
    }

    #[test]
    fn a_session_with_a_client_on_the_way_is_not_retired() {
        let pool = Pool::<u32>::new();
        pool.place(&key("u"), TWO, |_| false, || 1);
        assert!(!pool.retire(&key("u"), 1));
        pool.leave(&key("u"), 1);
        assert!(pool.retire(&key("u"), 1));
        assert_eq!(pool.sessions(), 0);
    }

    #[test]
    fn a_removed_session_gets_no_more_clients() {
        let pool = Pool::<u32>::new();
        let place = |seat| pool.place(&key("u"), TWO, |_| true, || seat);
        assert_eq!(place(1), Placement::Made(1));
        assert!(pool.remove(&key("u"), 1));
        assert!(!pool.remove(&key("u"), 1));
        assert_eq!(place(2), Placement::Made(2));
        // Its last client leaves a table that does not know it.
        pool.leave(&key("u"), 1);
        assert_eq!(place(9), Placement::Join(2));
    }

    #[test]
    fn one_dial_at_a_time_and_a_pause_after_a_failure() {
        let pool = Pool::<u32>::new();
        let server = key("u").server;
        let now = Instant::now();
        let failed = DialEnd::Failed {
            first: Duration::from_secs(1),
            most: Duration::from_secs(3),
            unreachable: false,
        };
        assert_eq!(pool.dial(&server, 1, now), Turn::Now);
        assert_eq!(pool.dial(&server, 2, now), Turn::Queued);
        let (next, pause) = pool.dial_ended(&server, 1, failed, now);
        assert_eq!(next, Some(2));
        assert!(pause >= Duration::from_millis(750) && pause <= Duration::from_millis(1250));
        assert_eq!(pool.dial(&server, 2, now), Turn::At(now + pause));
        let (next, pause) = pool.dial_ended(&server, 2, failed, now);
        assert!(next.is_none() && pause >= Duration::from_millis(1500));
        assert_eq!(pool.dial(&server, 3, now + pause), Turn::Now);
        pool.dial_ended(&server, 3, DialEnd::Open, now);
        assert_eq!(pool.dial(&server, 4, now), Turn::Now);
    }

    #[test]
    fn the_pause_grows_to_its_bound() {
        let (first, most) = (Duration::from_secs(1), Duration::from_secs(60));
        for failures in 1..100 {
            let pause = backoff(first, most, failures, u64::from(failures) * 7919);
            assert!(pause >= first.mul_f64(0.75) && pause <= most.mul_f64(1.25));
        }
        assert!(backoff(first, most, 30, 0) >= Duration::from_secs(45));
    }

    #[test]
    fn a_server_is_unreachable_until_its_pause_is_over_or_it_says_something() {
        let pool = Pool::<u32>::new();
        let server = key("u").server;
        let now = Instant::now();
        let failed = |unreachable| {
            let (first, most) = (Duration::from_secs(4), Duration::from_secs(4));
            DialEnd::Failed { first, most, unreachable }
        };
        assert!(!pool.is_unreachable(&server, now), "nobody has tried");
        pool.dial(&server, 1, now);
        assert!(!pool.is_unreachable(&server, now), "the first dial is under way");
        let (_, pause) = pool.dial_ended(&server, 1, failed(true), now);
        assert!(pool.is_unreachable(&server, now + pause));
        assert!(!pool.is_unreachable(&server, now + pause + Duration::from_millis(1)));
        pool.dial(&server, 2, now);
        assert!(pool.is_unreachable(&server, now), "the next dial is under way");
        pool.dial_ended(&server, 2, failed(false), now);
        assert!(!pool.is_unreachable(&server, now), "it was reached, and of no use");
        pool.dial(&server, 3, now);
        pool.dial_ended(&server, 3, failed(true), now);
        pool.dial(&server, 4, now);
        pool.dial_ended(&server, 4, DialEnd::Open, now);
        assert!(!pool.is_unreachable(&server, now), "it was reached");
    }

    #[test]
    fn a_queued_seat_can_give_up() {
        let pool = Pool::<u32>::new();
        let server = key("u").server;
        let now = Instant::now();
        pool.dial(&server, 1, now);
        pool.dial(&server, 2, now);
        pool.dial_ended(&server, 2, DialEnd::GivenUp, now);
        assert_eq!(pool.dial_ended(&server, 1, DialEnd::Open, now).0, None);
    }
}
