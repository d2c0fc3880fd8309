//! Helper threads for work that blocks: name resolution, key files with a costly KDF.
//!
//! Any worker submits a job and goes on; the job itself sends its result to the worker's inbox.
//! The pool knows nothing of what it runs.
//!
//! Invariants: the queue never grows beyond its bound; no lock is held while a job runs; after
//! [`Jobs::stop`] no job starts. A job must not panic: a release build aborts, another one loses
//! the thread.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// A piece of blocking work.
pub type Job = Box<dyn FnOnce() + Send>;

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
    queue: VecDeque<Job>,
    bound: usize,
    /// Threads that have not ended.
    threads: usize,
    stopping: bool,
}

impl Jobs {
    /// Starts `threads` helpers (at least one) behind a queue of at most `queue_bound` jobs. Fails
    /// if the system gives no threads at all; with fewer than asked for the pool is only slower.
    pub fn start(threads: usize, queue_bound: usize) -> io::Result<Self> {
        let state = State {
            queue: VecDeque::new(),
            bound: queue_bound.max(1),
            threads: 0,
            stopping: false,
        };
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
                thread::Builder::new().name(format!("helper-{number}")).spawn(move || {
                    let _running = running;
                    shared.work_off();
                });
            match spawned {
                Ok(_) => {}
                Err(error) if number == 0 => return Err(error),
                Err(error) => {
                    log::debug!("only {number} helper threads: {error}");
                    break;
                }
            }
        }
        Ok(jobs)
    }

    /// Hands a job to the next free helper; refused when the queue is full or the pool stops.
    pub fn submit(&self, job: Job) -> Result<(), Busy> {
        let mut state = self.shared.lock();
        if state.stopping || state.queue.len() >= state.bound {
            return Err(Busy);
        }
        state.queue.push_back(job);
        drop(state);
        self.shared.work.notify_one();
        Ok(())
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

impl Shared {
    /// A helper's life.
    fn work_off(&self) {
        while let Some(job) = self.next_job() {
            job();
        }
    }

    fn next_job(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            if let Some(job) = state.queue.pop_front() {
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

/// Most addresses taken of one name: more are never tried before a connect deadline.
const MAX_ADDRESSES: usize = 16;

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn runs_every_job() {
        let jobs = Jobs::start(3, 100).unwrap();
        let (sender, receiver) = mpsc::channel();
        for number in 0..100 {
            let sender = sender.clone();
            jobs.submit(Box::new(move || sender.send(number).unwrap())).unwrap();
        }
        let mut seen: Vec<_> = (0..100).map(|_| receiver.recv_timeout(PATIENCE).unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..100).collect::<Vec<_>>());
        assert_eq!(jobs.stop(PATIENCE), 0);
    }

    #[test]
    fn a_full_queue_is_busy() {
        let jobs = Jobs::start(1, 2).unwrap();
        let (release, gate) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        jobs.submit(Box::new(move || {
            started.send(()).unwrap();
            let _ = gate.recv();
        }))
        .unwrap();
        running.recv_timeout(PATIENCE).unwrap();
        jobs.submit(Box::new(|| {})).unwrap();
        jobs.submit(Box::new(|| {})).unwrap();
        assert_eq!(jobs.submit(Box::new(|| {})), Err(Busy));
        assert_eq!(jobs.waiting(), 2);
        drop(release);
        assert_eq!(jobs.stop(PATIENCE), 0);
        assert_eq!(jobs.submit(Box::new(|| {})), Err(Busy));
    }

    #[test]
    fn stop_drops_what_waits_and_leaves_what_is_stuck() {
        let jobs = Jobs::start(1, 10).unwrap();
        let (release, gate) = mpsc::channel::<()>();
        let (started, running) = mpsc::channel();
        jobs.submit(Box::new(move || {
            started.send(()).unwrap();
            let _ = gate.recv();
        }))
        .unwrap();
        running.recv_timeout(PATIENCE).unwrap();
        let (sender, receiver) = mpsc::channel::<()>();
        jobs.submit(Box::new(move || sender.send(()).unwrap())).unwrap();
        assert_eq!(jobs.stop(Duration::ZERO), 1);
        // The waiting job is gone, and its sender with it.
        assert_eq!(
            receiver.recv_timeout(PATIENCE).unwrap_err(),
            mpsc::RecvTimeoutError::Disconnected
        );
        drop(release);
        assert_eq!(jobs.stop(PATIENCE), 0);
    }

    #[test]
    fn dropping_the_pool_ends_its_threads() {
        let jobs = Jobs::start(2, 1).unwrap();
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
