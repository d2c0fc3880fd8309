//! Helper threads for work that blocks: name resolution, key files with a costly KDF.
//!
//! Any worker submits a job and goes on; the job itself sends its result to the worker's inbox.
//! A pool knows nothing of what it runs. There is one for each kind of work ([`Helpers`]), because
//! a client can make one kind slow: names that no server answers for must not hold up passwords
//! and SSH sessions, nor guessed passwords anything but passwords.
//!
//! Jobs that are done for a client have an [`Owner`]: clients take turns, and one of them can fill only
//! its share of the queue.
//!
//! Invariants: the queue never grows beyond its bound; a job whose [`Ticket`] was dropped does not
//! start; no lock is held while a job runs; after [`Jobs::stop`] no job starts. A job must not
//! panic: a release build aborts, another one loses the thread.

use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use super::turns::{Owner, Turns};

/// A piece of blocking work.
pub type Job = Box<dyn FnOnce() + Send>;

/// The pools.
#[derive(Debug)]
pub struct Helpers {
    /// Names of DIRECT targets.
    pub names: Jobs,
    /// Key files, host keys and names of SSH servers.
    pub dials: Jobs,
    /// Passwords of SOCKS users.
    pub passwords: Jobs,
}

/// Interest in a job: with the ticket gone the job is not started.
#[derive(Debug)]
#[must_use = "a job does not start without its ticket"]
pub struct Ticket {
    _interest: Arc<()>,
}

/// The pool; dropping it stops it without waiting.
#[derive(Debug)]
pub struct Jobs {
    shared: Arc<Shared>,
}

struct Shared {
    state: Mutex<State>,
    /// Work has come, or the pool stops.
    work: Condvar,
    /// A thread has ended.
    ended: Condvar,
}

struct State {
    queue: Turns<Waiting>,
    bound: usize,
    /// Threads that have not ended.
    threads: usize,
    stopping: bool,
}

struct Waiting {
    job: Job,
    interest: Weak<()>,
}

impl Helpers {
    /// Starts all pools alike, see [`Jobs::start`].
    pub fn start(threads: usize, queue_bound: usize) -> io::Result<Self> {
        Ok(Self {
            names: Jobs::start("name", threads, queue_bound)?,
            dials: Jobs::start("dial", threads, queue_bound)?,
            passwords: Jobs::start("password", threads, queue_bound)?,
        })
    }

    /// Stops all pools within one `patience`, see [`Jobs::stop`].
    pub fn stop(&self, patience: Duration) -> usize {
        let deadline = Instant::now() + patience;
        let pools = [&self.names, &self.dials, &self.passwords];
        pools.map(|pool| pool.stop(deadline.saturating_duration_since(Instant::now()))).iter().sum()
    }
}

impl Jobs {
    /// Starts `threads` helpers (at least one) behind a queue of at most `queue_bound` jobs. Fails
    /// if the system gives no threads at all; with fewer than asked for the pool is only slower.
    pub fn start(kind: &str, threads: usize, queue_bound: usize) -> io::Result<Self> {
        let state =
            State { queue: Turns::new(), bound: queue_bound.max(1), threads: 0, stopping: false };
        let jobs = Self {
            shared: Arc::new(Shared {
                state: Mutex::new(state),
                work: Condvar::new(),
                ended: Condvar::new(),
            }),
        };
        for number in 0..threads.max(1) {
            let shared = Arc::clone(&jobs.shared);
            let running = Running::count(&shared);
            let spawned =
                thread::Builder::new().name(format!("{kind}-{number}")).spawn(move || {
                    let _running = running;
                    shared.work_off();
                });
            match spawned {
                Ok(_) => {}
                Err(error) if number == 0 => return Err(error),
                Err(error) => {
                    log::debug!("only {number} {kind} threads: {error}");
                    break;
                }
            }
        }
        Ok(jobs)
    }

    /// Hands a job to the next free helper; refused when the queue is full or the pool stops. The
    /// job is dropped unstarted when nobody keeps its ticket.
    pub fn submit(&self, job: Job) -> Result<Ticket, Busy> {
        self.hand_in(None, job)
    }

    /// As [`Jobs::submit`], for a client: it is also refused when this client's share of the queue
    /// is full.
    pub fn submit_for(&self, owner: Owner, job: Job) -> Result<Ticket, Busy> {
        self.hand_in(Some(owner), job)
    }

    fn hand_in(&self, owner: Option<Owner>, job: Job) -> Result<Ticket, Busy> {
        let interest = Arc::new(());
        let waiting = Waiting { job, interest: Arc::downgrade(&interest) };
        let mut abandoned = Vec::new();
        let mut state = self.shared.lock();
        if !state.has_room(owner) {
            abandoned = state.queue.extract(|waiting| !waiting.is_wanted());
        }
        let accepted = !state.stopping && state.has_room(owner);
        if accepted {
            state.queue.push(owner, waiting);
        }
        drop(state);
        drop(abandoned);
        if !accepted {
            return Err(Busy);
        }
        self.shared.work.notify_one();
        Ok(Ticket { _interest: interest })
    }

    /// Jobs that wait for a helper.
    pub fn waiting(&self) -> usize {
        self.shared.lock().queue.len()
    }

    /// Drops the jobs that have not started and waits at most `patience` for the others. A helper
    /// that is still stuck then (a resolver can be, for minutes) is left behind and ends after its
    /// job. Returns how many were left.
    pub fn stop(&self, patience: Duration) -> usize {
        self.shared.ask_to_stop();
        let deadline = Instant::now() + patience;
        let mut state = self.shared.lock();
        while state.threads > 0 {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            (state, _) =
                self.shared.ended.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner);
        }
        state.threads
    }
}

impl Drop for Jobs {
    fn drop(&mut self) {
        self.shared.ask_to_stop();
    }
}

/// The pool has no room for another job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Busy;

impl fmt::Display for Busy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("all helper threads are busy and their queue is full")
    }
}

impl std::error::Error for Busy {}

/// Addresses of a name, in the order the system's resolver prefers, each once; never empty.
/// Blocks: for helper threads only.
pub fn resolve(name: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let mut addresses = Vec::new();
    for address in (name, port).to_socket_addrs()? {
        if !addresses.contains(&address) {
            addresses.push(address);
        }
        if addresses.len() == MAX_ADDRESSES {
            break;
        }
    }
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "the name has no address"));
    }
    Ok(addresses)
}

impl State {
    fn has_room(&self, owner: Option<Owner>) -> bool {
        let share = (self.bound / SHARES).max(1);
        self.queue.len() < self.bound && owner.is_none_or(|owner| self.queue.len_of(owner) < share)
    }
}

impl Waiting {
    fn is_wanted(&self) -> bool {
        self.interest.strong_count() > 0
    }
}

impl Shared {
    /// A helper's life.
    fn work_off(&self) {
        while let Some(waiting) = self.next_job() {
            if waiting.is_wanted() {
                (waiting.job)();
            }
        }
    }

    fn next_job(&self) -> Option<Waiting> {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            if let Some(job) = state.queue.pop() {
                return Some(job);
            }
            state = self.work.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn ask_to_stop(&self) {
        let mut state = self.lock();
        state.stopping = true;
        let abandoned = std::mem::take(&mut state.queue);
        drop(state);
        self.work.notify_all();
        // What a job owns may run code when dropped: not under the lock.
        drop(abandoned);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.lock();
        f.debug_struct("Jobs")
            .field("threads", &state.threads)
            .field("waiting", &state.queue.len())
            .finish_non_exhaustive()
    }
}

/// Counts a helper until it ends, however it ends.
struct Running(Arc<Shared>);

impl Running {
    fn count(shared: &Arc<Shared>) -> Self {
        shared.lock().threads += 1;
        Self(Arc::clone(shared))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.lock().threads -= 1;
        self.0.ended.notify_all();
    }
}

/// A client's share is this part of the queue.
const SHARES: usize = 4;

/// Most addresses taken of one name: more are never tried before a connect deadline.
const MAX_ADDRESSES: usize = 16;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn runs_every_job() {
        let jobs = Jobs::start("test", 3, 100).unwrap();
        let (sender, receiver) = mpsc::channel();
        let tickets: Vec<_> = (0..100)
            .map(|number| {
                let sender = sender.clone();
                jobs.submit(Box::new(move || sender.send(number).unwrap())).unwrap()
            })
            .collect();
        let mut seen: Vec<_> = (0..100).map(|_| receiver.recv_timeout(PATIENCE).unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        drop(tickets);
        assert_eq!(jobs.stop(PATIENCE), 0);
    }

    #[test]
    fn a_full_queue_is_busy() {
        let jobs = Jobs::start("test", 1, 2).unwrap();
        let (release, _held) = occupy(&jobs);
        let _waiting = [(); 2].map(|()| jobs.submit(Box::new(|| {})).unwrap());
        assert_eq!(jobs.submit(Box::new(|| {})).unwrap_err(), Busy);
        assert_eq!(jobs.waiting(), 2);
        drop(release);
        assert_eq!(jobs.stop(PATIENCE), 0);
        assert_eq!(jobs.submit(Box::new(|| {})).unwrap_err(), Busy);
    }

    #[test]
    fn a_job_without_its_ticket_makes_room_and_never_starts() {
        let jobs = Jobs::start("test", 1, 2).unwrap();
        let (release, _held) = occupy(&jobs);
        let (sender, receiver) = mpsc::channel();
        let [first, second, third] = [1, 2, 3].map(|number| {
            let sender = sender.clone();
            Box::new(move || sender.send(number).unwrap()) as Job
        });
        drop(jobs.submit(first).unwrap());
        let _second = jobs.submit(second).unwrap();
        let _third = jobs.submit(third).unwrap();
        drop((release, sender));
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(2));
        assert_eq!(receiver.recv_timeout(PATIENCE), Ok(3));
        assert!(receiver.recv_timeout(PATIENCE).is_err());
    }

    #[test]
    fn one_client_cannot_fill_the_queue_and_clients_take_turns() {
        let jobs = Jobs::start("test", 1, 40).unwrap();
        let (release, _held) = occupy(&jobs);
        let (sender, receiver) = mpsc::channel();
        let submit = |client: u8, number: u8| {
            let sender = sender.clone();
            let owner = Owner::new([10, 0, 0, client].into(), "user");
            jobs.submit_for(owner, Box::new(move || sender.send((client, number)).unwrap()))
        };
        let mut tickets: Vec<_> = (0..10).map(|number| submit(1, number).unwrap()).collect();
        assert_eq!(submit(1, 10).unwrap_err(), Busy);
        tickets.push(submit(2, 0).unwrap());
        drop(release);
        let order: Vec<_> = (0..3).map(|_| receiver.recv_timeout(PATIENCE).unwrap()).collect();
        assert_eq!(order, [(1, 0), (2, 0), (1, 1)]);
        assert_eq!(jobs.stop(PATIENCE), 0);
    }

    #[test]
    fn stop_drops_what_waits_and_leaves_what_is_stuck() {
        let jobs = Jobs::start("test", 1, 10).unwrap();
        let (release, _held) = occupy(&jobs);
        let (sender, receiver) = mpsc::channel::<()>();
        let _waiting = jobs.submit(Box::new(move || sender.send(()).unwrap())).unwrap();
        assert_eq!(jobs.stop(Duration::ZERO), 1);
        // The waiting job is gone, and its sender with it.
        assert_eq!(
            receiver.recv_timeout(PATIENCE).unwrap_err(),
            mpsc::RecvTimeoutError::Disconnected
        );
        drop(release);
        assert_eq!(jobs.stop(PATIENCE), 0);
    }

    /// Keeps the only helper busy until what is returned first is dropped.
    fn occupy(jobs: &Jobs) -> (mpsc::Sender<()>, Ticket) {
        let (release, gate) = mpsc::channel();
        let (started, running) = mpsc::channel();
        let job = Box::new(move || {
            started.send(()).unwrap();
            let _ = gate.recv();
        });
        let ticket = jobs.submit(job).unwrap();
        running.recv_timeout(PATIENCE).unwrap();
        (release, ticket)
    }

    #[test]
    fn dropping_the_pool_ends_its_threads() {
        let jobs = Jobs::start("test", 2, 1).unwrap();
        let shared = Arc::downgrade(&jobs.shared);
        drop(jobs);
        let deadline = Instant::now() + PATIENCE;
        while shared.strong_count() > 0 {
            assert!(Instant::now() < deadline, "helper threads still live");
            thread::yield_now();
        }
    }

    #[test]
    fn resolves_addresses_and_localhost_once_each() {
        let literal = resolve("127.0.0.1", 21).unwrap();
        assert_eq!(literal, ["127.0.0.1:21".parse().unwrap()]);
        let mut local = resolve("localhost", 80).unwrap();
        assert!(local.iter().all(|address| address.ip().is_loopback() && address.port() == 80));
        let found = local.len();
        local.sort_unstable();
        local.dedup();
        assert_eq!(local.len(), found);
    }

    #[test]
    fn an_impossible_name_is_an_error() {
        for name in ["", "a\0b"] {
            assert!(resolve(name, 80).is_err(), "{name:?}");
        }
    }
}
