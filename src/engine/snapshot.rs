//! What a worker tells the operator's displays about itself.

use std::time::Instant;

use slab::Slab;

use super::client::{Client, State};
use super::session::{Phase, Session};
use crate::operator::display::ROWS_ALL;
use crate::operator::snapshot::{ConnectionRow, TunnelRow};

/// One worker's rows, taken between two turns of its loop.
#[derive(Debug, Default)]
pub struct WorkerSnapshot {
    /// Its client connections, the lowest numbers first, at most [`ROWS_ALL`].
    pub connections: Vec<ConnectionRow>,
    /// How many client connections there are.
    pub total: usize,
    /// Its SSH sessions.
    pub tunnels: Vec<TunnelRow>,
    /// Bytes of running relays, from clients and to them.
    pub traffic: (u64, u64),
}

/// Takes a worker's snapshot.
pub fn take(
    worker: usize,
    clients: &Slab<Client>,
    sessions: &Slab<Session>,
    now: Instant,
) -> WorkerSnapshot {
    let mut rows: Vec<&Client> = clients.iter().map(|(_, client)| client).collect();
    rows.sort_by_key(|client| client.number);
    rows.truncate(ROWS_ALL);
    WorkerSnapshot {
        connections: rows.into_iter().map(|client| connection(client, now)).collect(),
        total: clients.len(),
        tunnels: sessions.iter().map(|(_, session)| tunnel(worker, session, now)).collect(),
        traffic: clients.iter().fold((0, 0), |(up, down), (_, c)| (up + c.up, down + c.down)),
    }
}

fn connection(client: &Client, now: Instant) -> ConnectionRow {
    let route = client.route.as_ref();
    let server = route.and_then(|route| route.seat.as_ref()).map(|(key, _)| key.server.to_string());
    ConnectionRow {
        id: client.number,
        client: client.peer.to_string(),
        listener: client.listener.name.clone(),
        state: match client.state() {
            // The displays have nine columns for it.
            State::Connecting(_) => "CONNECT",
            state => state.name(),
        },
        filter: route.map(|route| route.filter.name.clone()),
        profile: route
            .and_then(|route| route.filter.profile.as_ref())
            .map(|profile| profile.name.clone()),
        target: route.map(|route| route.target.to_string()),
        server,
        up: client.up,
        down: client.down,
        age: now.saturating_duration_since(client.since),
    }
}

fn tunnel(worker: usize, session: &Session, now: Instant) -> TunnelRow {
    let (open, opening) = session.mux.counts();
    TunnelRow {
        session: session.number,
        profile: session.profile.name.clone(),
        server: session.pool_key.server.to_string(),
        user: session.pool_key.user.clone(),
        worker,
        state: match session.phase() {
            Phase::Connecting(_) => "CONNECT",
            phase => phase.name(),
        },
        channels: open,
        opening,
        up: session.link.as_ref().map_or(0, |link| link.sent),
        down: session.link.as_ref().map_or(0, |link| link.received),
        cipher: session.facts.cipher.clone(),
        kex: session.facts.kex.clone(),
        host_key: session.facts.host_key.clone(),
        age: now.saturating_duration_since(session.since),
        idle: (session.clients == 0).then(|| now.saturating_duration_since(session.idle_since)),
    }
}
