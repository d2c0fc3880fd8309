//! What an operator asks of a worker: F CANCEL, F RECONNECT.

use super::Worker;
use crate::engine::client::{Place, State};
use crate::engine::key::Key;
use crate::engine::session::Phase;
use crate::engine::shared::Report;
use crate::engine::snapshot::{Done, WorkerSnapshot};
use crate::gateway::ftp::Event;
use crate::socks::Failure;
use crate::ssh::pool::Server;

impl Worker {
    /// Cuts the client connection of this number, with the data connections of its FTP dialogue.
    pub(super) fn cancel(&mut self, number: u64) -> Done {
        let found = self.clients.iter().find(|(_, client)| client.number == number);
        let Some((_, client)) = found else { return Done::default() };
        let (key, is_control) = (client.key, client.ftp.is_some());
        let mut clients = 1;
        if is_control {
            clients += self.cancel_dialogue(key);
        }
        let Some(client) = self.client(key) else { return Done { sessions: 0, clients } };
        match client.state() {
            State::Direct(_) | State::Tunnel(_) | State::Ftp => {
                self.end_relay(key, CANCELLED, true)
            }
            State::Handshake(..)
            | State::Verifying(..)
            | State::Lingering(_)
            | State::Bound(_)
            | State::Calling => self.remove_client(key, true),
            _ => self.fail(key, Failure::General, CANCELLED),
        }
        Done { sessions: 0, clients }
    }

    /// Tells a dialogue that it ends, so that its client hears 421, and cuts its data; how many data
    /// connections.
    fn cancel_dialogue(&mut self, key: Key) -> usize {
        let ftp = self.client(key).and_then(|client| client.ftp.as_mut());
        // Before the answer to its SOCKS request a client would take 421 for that.
        if let Some(ftp) = ftp.filter(|ftp| ftp.answered) {
            ftp.dialogue.event(Event::Cancelled);
            self.ftp_ready(key);
        }
        let control = Place { worker: self.index, client: key };
        let data: Vec<Key> = self
            .clients
            .iter()
            .filter(|(_, client)| client.data.is_some_and(|link| link.control == control))
            .map(|(_, client)| client.key)
            .collect();
        for key in &data {
            self.end_relay(*key, CANCELLED, true);
        }
        data.len()
    }

    /// Takes the sessions of a profile out of use: no new client comes to them. With `cut`, those
    /// that carry clients are cut; else they end with their last one.
    pub(super) fn reconnect(&mut self, profile: &str, cut: bool) -> Done {
        let keys: Vec<Key> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.profile.name == profile)
            .map(|(_, session)| session.key)
            .collect();
        let mut done = Done::default();
        for key in keys {
            let seat = self.seat(key);
            let Some(session) = self.session(key) else { continue };
            let (pool_key, clients) = (session.pool_key.clone(), session.clients);
            match session.phase() {
                Phase::Open if clients == 0 => {
                    self.shared.pool.shun(&pool_key, seat);
                    // Somebody may be on the way to it.
                    if self.shared.pool.retire(&pool_key, seat) {
                        self.close_session(key, RECONNECT);
                    }
                }
                Phase::Open if cut => self.session_cut(key, RECONNECT),
                Phase::Open => {
                    session.is_retired = true;
                    self.shared.pool.shun(&pool_key, seat);
                }
                // Its pause was made short; what is being dialed is new anyway.
                Phase::Pausing => {
                    self.end_pause(key);
                    continue;
                }
                _ => continue,
            }
            done.sessions += 1;
            done.clients += clients;
        }
        done
    }

    /// Dials a server that sessions pause before: it is expected to let them in now.
    pub(super) fn end_pauses(&mut self, server: &Server) {
        let waiting: Vec<Key> = self
            .sessions
            .iter()
            .filter(|(_, session)| session.pool_key.server == *server)
            .map(|(_, session)| session.key)
            .collect();
        for key in waiting {
            self.end_pause(key);
        }
    }

    /// Tells the supervisor what a command has come to here.
    pub(super) fn report_done(&self, question: u64, done: Done) {
        let snapshot = WorkerSnapshot { done, ..WorkerSnapshot::default() };
        self.shared.supervisor.send(Report::Snapshot { question, snapshot });
    }
}

/// Why a connection ended, in its last message.
const CANCELLED: &str = "cancelled by an operator (F CANCEL)";

/// Why a session ended, in its last message.
const RECONNECT: &str = "an operator's F RECONNECT";
