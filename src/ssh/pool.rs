//! The pool: which SSH sessions exist for whom, on which worker, and who may dial.
//!
//! Shared by all workers, behind one lock that is held for table work only. It knows seats
//! (worker and session key), never the sessions themselves. Invariants: a member counts every
//! client that was placed on it and has not left; for one server at most one seat is dialing;
//! the number of members of a key never exceeds its limit.
//!
//! A server may take a login and close the session at once. So an open session does not end the
//! count of a server's failures yet: one that has carried a client does, if it lives on.

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
    /// Clients in each session from which another one is made while there may be more; 0: only when all are full.
    pub spread: usize,
}

impl Bounds {
    /// Clients in a session up to which it is taken before another one is made.
    fn wanted(&self) -> usize {
        if self.spread == 0 { self.channels } else { self.spread.min(self.channels) }
    }
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

/// What a profile has in use, over all its keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Sessions, those on their way among them.
    pub sessions: usize,
    /// Clients placed on them.
    pub clients: usize,
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
    /// It takes no new clients, but for data of dialogues that are on it.
    is_shunned: bool,
}

#[derive(Debug)]
struct Dial<S> {
    holder: Option<S>,
    waiting: VecDeque<S>,
    failures: u32,
    /// The last failure: nothing could be reached.
    unreachable: bool,
    not_before: Option<Instant>,
    /// From then on a session has proved itself, and the failures are forgiven.
    proven: Option<Instant>,
}

impl<S: Copy + Eq> Pool<S> {
    /// An empty pool.
    pub fn new() -> Self {
        Self {
            tables: Mutex::new(Tables { groups: HashMap::new(), dials: HashMap::new() }),
            jitter: RandomState::new(),
        }
    }

    /// Finds a session for one more client, preferring those with fewer clients than wanted, then those for
    /// which `near` holds, then the one with fewest clients; `make` makes a session where none has room, or
    /// all have as many as wanted and there may be more sessions.
    pub fn place(
        &self,
        key: &PoolKey,
        bounds: Bounds,
        near: impl Fn(S) -> bool,
        make: impl FnOnce() -> S,
    ) -> Placement<S> {
        let mut tables = self.lock();
        let members = tables.groups.entry(key.clone()).or_default();
        let open = members.iter().filter(|member| !member.is_shunned).count();
        let may_make = open < bounds.sessions;
        let limit = if may_make { bounds.wanted() } else { bounds.channels };
        let best = members
            .iter_mut()
            .filter(|member| !member.is_shunned && member.clients < limit)
            .min_by_key(|m| (m.clients >= bounds.wanted(), !near(m.seat), m.clients));
        if let Some(member) = best {
            member.clients += 1;
            return Placement::Join(member.seat);
        }
        if !may_make {
            return Placement::Full;
        }
        let seat = make();
        members.push(Member { seat, clients: 1, is_shunned: false });
        Placement::Made(seat)
    }

    /// Where the sessions of a key are, if all have as many clients as wanted and there may be more: the next
    /// client makes another one.
    pub fn crowded(&self, key: &PoolKey, bounds: Bounds) -> Option<Vec<S>> {
        let tables = self.lock();
        let members = tables.groups.get(key)?;
        let open = || members.iter().filter(|member| !member.is_shunned);
        let is_crowded = open().count() < bounds.sessions
            && open().all(|member| member.clients >= bounds.wanted());
        is_crowded.then(|| members.iter().map(|member| member.seat).collect())
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
        let dial = tables.dials.entry(server.clone()).or_default();
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
            DialEnd::Failed { first, most, unreachable } => {
                pause = dial.fail(first, most, now, self.jitter.hash_one(now));
                dial.unreachable = unreachable;
            }
            DialEnd::Open => {
                // Who may fall back has not waited for the end of this pause.
                if std::mem::replace(&mut dial.unreachable, false) {
                    dial.not_before = None;
                }
                dial.forgive(now);
            }
            DialEnd::GivenUp => dial.forgive(now),
        }
        dial.holder = dial.waiting.pop_front();
        let next = dial.holder;
        if next.is_none() && dial.failures == 0 {
            tables.dials.remove(server);
        } else {
            tables.bound(now);
        }
        (next, pause)
    }

    /// A session of this server has its first client: if none is lost early until `from`, the
    /// failures before it are forgiven.
    pub fn carried(&self, server: &Server, from: Instant) {
        if let Some(dial) = self.lock().dials.get_mut(server) {
            dial.proven = Some(from);
        }
    }

    /// A session was lost so early that its dial counts as a failed one; gives the pause until the
    /// next dial of this server.
    pub fn lost_early(
        &self,
        server: &Server,
        first: Duration,
        most: Duration,
        now: Instant,
    ) -> Duration {
        let mut tables = self.lock();
        let dial = tables.dials.entry(server.clone()).or_default();
        let pause = dial.fail(first, most, now, self.jitter.hash_one(now));
        tables.bound(now);
        pause
    }

    /// Whether the last dial of `server` that ended found nothing to talk to, and this still held at
    /// `since`: the pause after it was not over.
    pub fn is_unreachable(&self, server: &Server, since: Instant) -> bool {
        let tables = self.lock();
        let dial = tables.dials.get(server);
        dial.is_some_and(|d| d.unreachable && d.not_before.is_some_and(|until| until >= since))
    }

    /// Has no new client placed on a seat; those that are there may finish, and join.
    pub fn shun(&self, key: &PoolKey, seat: S) {
        let mut tables = self.lock();
        let member = tables.groups.get_mut(key).and_then(|m| m.iter_mut().find(|m| m.seat == seat));
        if let Some(member) = member {
            member.is_shunned = true;
        }
    }

    /// Lets the next dial of a server be at once.
    pub fn forget_pause(&self, server: &Server) {
        if let Some(dial) = self.lock().dials.get_mut(server) {
            dial.not_before = None;
        }
    }

    /// The same for every server that a profile has sessions at, or wants.
    pub fn forget_pauses(&self, profile: &str) {
        let mut tables = self.lock();
        let keys = tables.groups.keys().filter(|key| key.profile == profile);
        let servers: Vec<Server> = keys.map(|key| key.server.clone()).collect();
        for server in servers {
            if let Some(dial) = tables.dials.get_mut(&server) {
                dial.not_before = None;
            }
        }
    }

    /// What a profile has in use.
    pub fn usage(&self, profile: &str) -> Usage {
        let tables = self.lock();
        let groups = tables.groups.iter().filter(|(key, _)| key.profile == profile);
        let members = groups.flat_map(|(_, members)| members);
        members.fold(Usage::default(), |sum, member| Usage {
            sessions: sum.sessions + 1,
            clients: sum.clients + member.clients,
        })
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

    /// Forgets servers that may be dialed at once if there are too many.
    fn bound(&mut self, now: Instant) {
        if self.dials.len() > FAILED_SERVERS {
            self.dials.retain(|_, d| d.holder.is_some() || d.not_before > Some(now));
        }
    }
}

impl<S> Dial<S> {
    /// Counts a failure; gives the pause that follows.
    fn fail(&mut self, first: Duration, most: Duration, now: Instant, random: u64) -> Duration {
        self.forgive(now);
        self.proven = None;
        self.unreachable = false;
        self.failures = self.failures.saturating_add(1);
        let pause = backoff(first, most, self.failures, random);
        self.not_before = Some(now + pause);
        pause
    }

    /// Forgets the failures if a session has proved itself by now.
    fn forgive(&mut self, now: Instant) {
        if self.proven.take_if(|from| *from <= now).is_some() {
            self.failures = 0;
        }
    }
}

impl<S> Default for Dial<S> {
    fn default() -> Self {
        Self {
            holder: None,
            waiting: VecDeque::new(),
            failures: 0,
            unreachable: false,
            not_before: None,
            proven: None,
        }
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

    const TWO: Bounds = Bounds { sessions: 2, channels: 2, spread: 0 };

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
    fn clients_spread_over_sessions_before_they_fill_them() {
        let pool = Pool::<u32>::new();
        let bounds = Bounds { sessions: 2, channels: 4, spread: 2 };
        let place = |seat| pool.place(&key("u"), bounds, |seat| seat == 1, || seat);
        assert_eq!(pool.crowded(&key("u"), bounds), None);
        assert_eq!(place(1), Placement::Made(1));
        assert_eq!(pool.crowded(&key("u"), bounds), None);
        assert_eq!(place(9), Placement::Join(1));
        assert_eq!(pool.crowded(&key("u"), bounds), Some(vec![1]));
        assert_eq!(place(2), Placement::Made(2));
        // Not the near one, which has as many as wanted.
        assert_eq!(place(9), Placement::Join(2));
        assert_eq!(pool.crowded(&key("u"), bounds), None, "there may be no more");
        for _ in 0..4 {
            assert!(matches!(place(9), Placement::Join(_)));
        }
        assert_eq!(place(9), Placement::Full);
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
    fn a_shunned_session_keeps_its_clients_and_gets_no_others() {
        let pool = Pool::<u32>::new();
        let place = |seat| pool.place(&key("u"), TWO, |_| true, || seat);
        assert_eq!((place(1), place(9)), (Placement::Made(1), Placement::Join(1)));
        pool.leave(&key("u"), 1);
        pool.shun(&key("u"), 1);
        assert_eq!(place(2), Placement::Made(2));
        assert!(pool.join(&key("u"), 1), "data of a dialogue on it");
        // It does not count against the limit of sessions.
        assert_eq!((place(9), place(3)), (Placement::Join(2), Placement::Made(3)));
        assert_eq!(pool.usage("P"), Usage { sessions: 3, clients: 5 });
        assert_eq!(pool.usage("Q"), Usage::default());
        pool.leave(&key("u"), 1);
        pool.leave(&key("u"), 1);
        assert!(pool.retire(&key("u"), 1));
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
        let now = now + pause;
        assert_eq!(pool.dial(&server, 3, now), Turn::Now);
        pool.dial_ended(&server, 3, DialEnd::Open, now);
        assert_eq!(pool.dial(&server, 4, now), Turn::Now);
    }

    #[test]
    fn a_session_ends_the_failures_only_if_it_lives_on() {
        let pool = Pool::<u32>::new();
        let server = key("u").server;
        let (first, most) = (Duration::from_secs(1), Duration::from_secs(60));
        let mut now = Instant::now();
        // Opened and lost, again and again: the pause doubles.
        for doubled in [1, 2, 4, 8] {
            assert_eq!(pool.dial(&server, 1, now), Turn::Now);
            pool.dial_ended(&server, 1, DialEnd::Open, now);
            pool.carried(&server, now + first);
            let pause = pool.lost_early(&server, first, most, now + first / 2);
            let expected = first * doubled;
            assert!(pause >= expected.mul_f64(0.75) && pause <= expected.mul_f64(1.25));
            now += first / 2;
            assert_eq!(pool.dial(&server, 1, now), Turn::At(now + pause));
            now += pause;
        }
        // One that lives a while, and what is lost then starts from the beginning.
        pool.dial_ended(&server, 1, DialEnd::Open, now);
        pool.carried(&server, now + first);
        assert_eq!(pool.dial(&server, 2, now), Turn::Now, "an open session ends the pause");
        now += first;
        let failed = DialEnd::Failed { first, most, unreachable: false };
        let (_, pause) = pool.dial_ended(&server, 2, failed, now);
        assert!(pause <= first.mul_f64(1.25));
        // A loss does not let a dial that is under way begin the next one early.
        now += pause;
        assert_eq!(pool.dial(&server, 3, now), Turn::Now);
        let pause = pool.lost_early(&server, first, most, now);
        pool.dial_ended(&server, 3, DialEnd::Open, now);
        assert_eq!(pool.dial(&server, 4, now), Turn::At(now + pause));
    }

    #[test]
    fn servers_that_lost_sessions_are_forgotten_when_there_are_too_many() {
        let pool = Pool::<u32>::new();
        let now = Instant::now();
        let first = Duration::from_secs(1);
        for port in 0..2 * FAILED_SERVERS as u16 {
            let server = Server { host: "h".into(), port };
            pool.lost_early(&server, first, first, now + 2 * first * u32::from(port));
        }
        assert!(pool.lock().dials.len() <= FAILED_SERVERS + 1);
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
