//! Messages to a worker from other threads, and the way they travel: a queue and a wake-up.
//!
//! The queues need no bound of their own: every message belongs to a connection, a session or an
//! operator's question, and each of those is bounded and has at most one message under way.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Sender;

use mio::Waker;

use super::accept::Acceptor;
use super::client::Client;
use super::dial::Prepared;
use super::expected::DataLink;
use super::key::Key;
use crate::config::Listener;
use crate::ssh::pool::Server;

/// What other threads ask of a worker.
pub enum Inbound {
    /// A client whose SSH session lives here, or whose relay is to run here.
    Client(Box<Client>),
    /// A dialogue of another worker uses a BIND that waits here: it is to be handed over.
    UseBind {
        /// The BIND's connection.
        client: Key,
        /// What it becomes.
        link: DataLink,
    },
    /// The BIND that a dialogue here wanted to use is gone.
    BindLost(DataLink),
    /// A helper thread resolved a DIRECT target.
    Resolved {
        /// The client that waits.
        client: Key,
        /// Addresses in the resolver's order.
        result: std::io::Result<Vec<SocketAddr>>,
    },
    /// A helper thread checked a SOCKS user's password.
    Verified {
        /// The client that waits.
        client: Key,
        /// True: the password is right.
        ok: bool,
    },
    /// A helper thread read the files and the name a dial needs.
    Prepared {
        /// The session that waits.
        session: Key,
        /// Keys, passwords, addresses.
        result: Box<Prepared>,
    },
    /// It is this session's turn to dial.
    DialTurn(Key),
    /// The doors this worker serves from now on; those not named are closed.
    Listeners(Vec<Door>),
    /// Tell the supervisor what is here.
    Snapshot {
        /// Number of the question, returned with the answer.
        question: u64,
    },
    /// Cut this client connection, if it is here.
    Cancel {
        /// Number of the question, returned with the answer.
        question: u64,
        /// The connection's `#id`.
        number: u64,
    },
    /// Make new SSH sessions for a profile.
    Reconnect {
        /// Number of the question, returned with the answer.
        question: u64,
        /// The profile's name.
        profile: String,
        /// Cut the sessions there are; else they take no new clients.
        cut: bool,
    },
    /// Dial this server now, where a session pauses before it.
    EndPause(Server),
    /// Answer that this worker's loop turns.
    Ping {
        /// Number of the question, returned with the answer.
        round: u64,
    },
    /// Take no new request; close what is left at the deadline.
    Drain {
        /// When to close what is left.
        deadline: std::time::Instant,
    },
    /// End the worker's loop now.
    Stop,
}

/// One door of a worker.
pub struct Door {
    /// The LISTEN card.
    pub listener: Arc<Listener>,
    /// Its socket, if it is new; None: keep the one that serves this address already.
    pub acceptor: Option<Acceptor>,
}

/// Sending end of a worker's (or the supervisor's) queue.
pub struct Post<T> {
    sender: Sender<T>,
    waker: Arc<Waker>,
}

impl<T> Post<T> {
    /// A queue's sender and the waker of the poll that reads it.
    pub fn new(sender: Sender<T>, waker: Arc<Waker>) -> Self {
        Self { sender, waker }
    }

    /// Queues a message and wakes the reader. A reader that has ended takes no more: what is sent
    /// to it is dropped, which closes whatever the message carried.
    pub fn send(&self, message: T) {
        if self.sender.send(message).is_ok() {
            if let Err(error) = self.waker.wake() {
                log::error!("wake-up failed: {error}");
            }
        }
    }
}

impl<T> Clone for Post<T> {
    fn clone(&self) -> Self {
        Self { sender: self.sender.clone(), waker: Arc::clone(&self.waker) }
    }
}
