//! What all workers share, behind one door: configuration, pool, limits, counters, helper threads.
//!
//! The configuration is swapped whole on a refresh; whoever decided something keeps the one it
//! decided by.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Instant, SystemTime};

use mio::Waker;
use zeroize::Zeroizing;

use super::client::Credential;
use super::expected::Expected;
use super::gates::Gates;
use super::inbox::{Inbound, Post};
use super::jobs::Helpers;
use super::key::Key;
use super::limits::Limits;
use crate::config::{Config, Filter, Profile, Target};
use crate::socks::users::Users;
use crate::ssh::channels::Reserve;
use crate::ssh::hostkey::{Fingerprint, LearnedKeys};
use crate::ssh::pool::{Pool, Server};

/// Shared by the supervisor and every worker for the life of the process.
pub struct Shared {
    live: Mutex<Arc<Live>>,
    /// SSH sessions of all workers.
    pub pool: Pool<Seat>,
    /// What an operator has closed.
    pub gates: Gates,
    /// Client limits.
    pub limits: Limits,
    /// What the receive windows of all sessions may grow by.
    pub reserve: Arc<Reserve>,
    /// Helper threads for blocking work.
    pub helpers: Helpers,
    /// Ways to the workers, by index.
    pub workers: Vec<Post<Inbound>>,
    /// Way to the supervisor.
    pub supervisor: Post<Report>,
    /// Host keys accepted under STRICTKEY NEW.
    pub learned: Arc<LearnedKeys>,
    /// Data connections that FTP dialogues expect.
    pub expected: Expected,
    /// Key of the digests that tell credentials apart.
    digest_key: [u8; 32],
    /// Set once, when zoxy stops: no new connection is taken.
    pub draining: AtomicBool,
    /// Numbers of connections and sessions, and totals for displays.
    pub counters: Counters,
    /// Start of the process.
    pub started: (SystemTime, Instant),
}

/// Where an SSH session lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seat {
    /// Worker index.
    pub worker: usize,
    /// The session's key on that worker.
    pub session: Key,
}

/// A configuration in force.
pub struct Live {
    /// The checked deck.
    pub config: Config,
    /// Times each filter decided, in deck order.
    pub hits: Vec<AtomicU64>,
    /// Times no filter matched.
    pub unmatched: AtomicU64,
    /// SOCKS users by listener name.
    pub users: HashMap<String, Arc<Users>>,
}

/// Totals since the start.
#[derive(Default)]
pub struct Counters {
    /// Connections accepted: also the last `#id` given out.
    pub connections: AtomicU64,
    /// SSH sessions begun: also the last session number.
    pub sessions: AtomicU64,
    /// Connections refused by access list or limit.
    pub refused: AtomicU64,
    /// Requests blocked by a filter or by none matching.
    pub blocked: AtomicU64,
    /// Requests that failed.
    pub failed: AtomicU64,
    /// Connections that went on without SSH.
    pub fell_back: AtomicU64,
    /// SOCKS BIND requests that belonged to an FTP dialogue.
    pub binds: AtomicU64,
    /// SSH sessions that could not be opened.
    pub dials_failed: AtomicU64,
    /// Open SSH sessions that were lost.
    pub sessions_lost: AtomicU64,
    /// FTP transfers that have ended.
    pub transfers: Transfers,
    /// Bytes from clients.
    pub up: AtomicU64,
    /// Bytes to clients.
    pub down: AtomicU64,
}

/// FTP transfers by result, and their bytes.
#[derive(Default)]
pub struct Transfers {
    /// The server confirmed them, and all bytes were passed on.
    pub complete: AtomicU64,
    /// Nothing moved.
    pub refused: AtomicU64,
    /// They failed.
    pub failed: AtomicU64,
    /// The client gave them up.
    pub aborted: AtomicU64,
    /// Bytes of uploads.
    pub up: AtomicU64,
    /// Bytes of downloads.
    pub down: AtomicU64,
}

/// A host key that nobody knows, of a profile that asks the operator.
#[derive(Debug, Clone, PartialEq)]
pub struct UnknownKey {
    /// The profile.
    pub profile: String,
    /// The server that shows it.
    pub server: Server,
    /// The key.
    pub fingerprint: Fingerprint,
}

/// What workers tell the supervisor.
#[derive(Debug)]
pub enum Report {
    /// Answer to [`Inbound::Snapshot`], [`Inbound::Cancel`] and [`Inbound::Reconnect`].
    Snapshot {
        /// The question's number.
        question: u64,
        /// What the worker holds, or has done.
        snapshot: super::snapshot::WorkerSnapshot,
    },
    /// A dial has met a host key that nobody knows, under STRICTKEY ASK.
    UnknownKey(Box<UnknownKey>),
    /// A draining worker has no client left, or its time is up.
    Drained {
        /// Its index.
        worker: usize,
        /// Clients closed because the drain time was over.
        cut: usize,
    },
    /// Answer to [`Inbound::Ping`].
    Alive {
        /// Its index.
        worker: usize,
        /// The question's number.
        round: u64,
    },
    /// A worker, named by its index, has ended because its poll failed.
    Lost(usize),
}

impl Shared {
    /// The configuration in force.
    pub fn live(&self) -> Arc<Live> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a new configuration in force.
    pub fn replace_live(&self, live: Arc<Live>) {
        let process = &live.config.process;
        self.limits.adjust(process.max_connections, process.max_per_client);
        self.reserve.adjust(process.window_memory);
        *self.live.lock().unwrap_or_else(PoisonError::into_inner) = live;
    }

    /// Digest of a credential under a key of this process: equal ones share SSH sessions, and
    /// nothing can be learned from it.
    pub fn digest(&self, credential: &Credential) -> [u8; 32] {
        let mut message = Zeroizing::new(self.digest_key.to_vec());
        message.extend_from_slice(&(credential.user.len() as u64).to_be_bytes());
        message.extend_from_slice(credential.user.as_bytes());
        message.extend_from_slice(credential.password.as_bytes());
        openssl::sha::sha256(&message)
    }

    /// True once zoxy is stopping.
    pub fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    /// All parts together; `live` sets the limits. It fails if the system has no random numbers.
    pub fn new(
        live: Arc<Live>,
        helpers: Helpers,
        workers: Vec<Post<Inbound>>,
        supervisor: Post<Report>,
    ) -> io::Result<Self> {
        let process = &live.config.process;
        let limits = Limits::new(process.max_connections, process.max_per_client);
        let reserve = Arc::new(Reserve::new(process.window_memory));
        Ok(Self {
            reserve,
            live: Mutex::new(live),
            pool: Pool::new(),
            gates: Gates::default(),
            limits,
            helpers,
            workers,
            supervisor,
            learned: Arc::default(),
            expected: Expected::default(),
            digest_key: random_key()?,
            draining: AtomicBool::new(false),
            counters: Counters::default(),
            started: (SystemTime::now(), Instant::now()),
        })
    }
}

impl Live {
    /// Wraps a checked deck.
    pub fn new(config: Config, users: HashMap<String, Arc<Users>>) -> Self {
        let hits = config.filters.iter().map(|_| AtomicU64::new(0)).collect();
        Self { config, hits, unmatched: AtomicU64::new(0), users }
    }

    /// The filter that decides about `target`, counted; None: nothing matches.
    pub fn decide(&self, target: &Target) -> Option<Arc<Filter>> {
        let position = self.config.filters.iter().position(|filter| filter.matches(target));
        let hits = position.map_or(&self.unmatched, |index| &self.hits[index]);
        hits.fetch_add(1, Ordering::Relaxed);
        position.map(|index| Arc::clone(&self.config.filters[index]))
    }

    /// True if the listener lets this address in.
    pub fn admits(listener: &crate::config::Listener, address: IpAddr) -> bool {
        listener.clients.contains(address.to_canonical())
    }
}

/// A key that nobody can guess.
fn random_key() -> io::Result<[u8; 32]> {
    let mut key = [0; 32];
    openssl::rand::rand_bytes(&mut key).map_err(io::Error::other)?;
    Ok(key)
}

/// Digest of everything in a profile but where it stands in the deck.
pub fn profile_digest(profile: &Profile) -> u64 {
    let mut hasher = DefaultHasher::new();
    let text = format!("{profile:?}");
    // The card number is the last field: a card moved in the deck keeps its sessions.
    text.rsplit_once(", card:").map_or(text.as_str(), |(settings, _)| settings).hash(&mut hasher);
    hasher.finish()
}

/// Makes the two ends of a [`Post`].
pub fn post<T>(waker: Arc<Waker>) -> (Post<T>, std::sync::mpsc::Receiver<T>) {
    let (sender, receiver): (Sender<T>, _) = std::sync::mpsc::channel();
    (Post::new(sender, waker), receiver)
}
