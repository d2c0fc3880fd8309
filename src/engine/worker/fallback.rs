//! Going on without SSH: when a client may, and what becomes of it then.
//!
//! Called where a dial has failed and where a client's patience ends. A client goes on in clear only
//! if its filter has Y in column 38 and its SSH server cannot be reached or refuses the TCP
//! connection: nothing that a server has said, no key and no refused login, leads here, and nothing
//! that zoxy itself is short of. A data connection of a dialogue that has a session never does.
//!
//! A server that cannot be reached is not spared by a pause where a client may go on without it:
//! each such client has its own try, so that it goes in clear only as long as it must.

use std::sync::atomic::Ordering;

use super::Worker;
use super::routing::GRACE;
use crate::engine::client::Client;
use crate::engine::key::Key;
use crate::engine::session::Phase;
use crate::gateway::ftp::Event;
use crate::say;

impl Worker {
    /// Lets a client whose SSH server cannot be reached go on without it; false: it may not.
    pub(super) fn fall_back(&mut self, key: Key, reason: &str) -> bool {
        let Some(client) = self.client(key).filter(|client| allows_plain(client)) else {
            return false;
        };
        let Some(route) = &client.route else { return false };
        say!(
            FELL_BACK_PLAIN,
            id = client.number,
            client = client.peer,
            target = route.target,
            filter = route.filter.name,
            reason = reason
        );
        self.shared.counters.fell_back.fetch_add(1, Ordering::Relaxed);
        self.let_go(key);
        if let Some(ftp) = self.client(key).and_then(|client| client.ftp.as_mut()) {
            ftp.login = None;
            ftp.dialogue.event(Event::FellBack);
        }
        self.go_direct(key);
        true
    }

    /// A client has waited for its session as long as it can. If the session has still not reached
    /// its server because the dials before it could not either, the client goes on without; false:
    /// it may not.
    pub(super) fn fall_back_from_waiting(&mut self, key: Key) -> bool {
        let now = self.now;
        let Some(route) = self.client(key).and_then(|client| client.route.as_ref()) else {
            return false;
        };
        let Some((pool_key, seat)) = route.seat.clone() else { return false };
        let patience = route.filter.profile.as_ref().map_or(GRACE, |p| p.connect_timeout + GRACE);
        let is_on_its_way = self.session(seat.session).is_some_and(|session| {
            matches!(session.phase(), Phase::Queued | Phase::Pausing | Phase::Connecting(_))
        });
        let since = now.checked_sub(patience).unwrap_or(now);
        seat.worker == self.index
            && is_on_its_way
            && self.shared.pool.is_unreachable(&pool_key.server, since)
            && self.fall_back(key, "the SSH server could not be reached while this one waited")
    }

    /// Whether a session is dialed in spite of the pause after its server could not be reached.
    pub(super) fn skips_pause(&mut self, session: Key) -> bool {
        let now = self.now;
        let Some(session) = self.session(session) else { return false };
        let (server, waiting) = (session.pool_key.server.clone(), session.waiting.clone());
        waiting.into_iter().any(|key| self.client(key).is_some_and(|client| allows_plain(client)))
            && self.shared.pool.is_unreachable(&server, now)
    }
}

/// Whether a client may go on without SSH if its server cannot be reached.
fn allows_plain(client: &Client) -> bool {
    let is_allowed = client.route.as_ref().is_some_and(|route| route.filter.fallback_plain);
    let was_refused = client.ftp.as_ref().is_some_and(|ftp| ftp.was_refused);
    is_allowed && client.data.is_none() && !was_refused
}
