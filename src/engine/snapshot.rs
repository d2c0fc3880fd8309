//! What a worker tells the operator's displays about itself.

use std::collections::HashMap;
use std::time::{Instant, SystemTime};

use slab::Slab;

use super::client::{Client, FtpControl, State};
use super::key::Key;
use super::session::{Phase, Session};
use crate::gateway::ftp::{Direction, Transfer};
use crate::operator::display::ROWS_ALL;
use crate::operator::snapshot::{
    ConnectionRow, FtpRow, FtpTotals, FtpTransfer, TunnelRow, clipped,
};

/// One worker's rows, taken between two turns of its loop.
#[derive(Debug, Default)]
pub struct WorkerSnapshot {
    /// Its client connections, the lowest numbers first, at most [`ROWS_ALL`].
    pub connections: Vec<ConnectionRow>,
    /// How many client connections there are.
    pub total: usize,
    /// Its FTP dialogues, the lowest numbers first, at most [`ROWS_ALL`].
    pub ftp: Vec<FtpRow>,
    /// All its FTP dialogues together.
    pub ftp_totals: FtpTotals,
    /// Its SSH sessions.
    pub tunnels: Vec<TunnelRow>,
    /// Its listeners that pause.
    pub paused: Vec<String>,
    /// Bytes of running relays, from clients and to them.
    pub traffic: (u64, u64),
    /// What a command has come to here.
    pub done: Done,
}

/// What a worker has done for a command.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// SSH sessions that were closed, or take no new connections.
    pub sessions: usize,
    /// Client connections that were cut, or are left on such sessions.
    pub clients: usize,
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
    let mut ftp = dialogues(worker, &rows, now);
    let ftp_totals = ftp.iter().map(FtpTotals::from).sum();
    ftp.truncate(ROWS_ALL);
    rows.truncate(ROWS_ALL);
    WorkerSnapshot {
        ftp,
        ftp_totals,
        connections: rows.into_iter().map(|client| connection(client, now)).collect(),
        total: clients.len(),
        paused: Vec::new(),
        tunnels: sessions.iter().map(|(_, session)| tunnel(worker, session, now)).collect(),
        done: Done::default(),
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

/// The FTP dialogues of `clients`, in the same order.
fn dialogues(worker: usize, clients: &[&Client], now: Instant) -> Vec<FtpRow> {
    let mut data: HashMap<Key, Vec<&Client>> = HashMap::new();
    for client in clients {
        // Until it is handed over, a data connection may wait on another worker than its dialogue.
        if let Some(link) = client.data.filter(|link| link.control.worker == worker) {
            data.entry(link.control.client).or_default().push(client);
        }
    }
    let at = SystemTime::now();
    let row = |client: &&Client| {
        let control = client.ftp.as_ref()?;
        let data = data.get(&client.key).map_or(&[][..], Vec::as_slice);
        Some(dialogue(client, control, data, now, at))
    };
    clients.iter().filter_map(row).collect()
}

fn dialogue(
    client: &Client,
    control: &FtpControl,
    data: &[&Client],
    now: Instant,
    at: SystemTime,
) -> FtpRow {
    let route = client.route.as_ref();
    let server = route.and_then(|route| route.seat.as_ref()).map(|(key, _)| key.server.to_string());
    // The client's side of these still waits for a slot, which is counted.
    let joined = data.iter().filter(|c| !matches!(c.state(), State::Bound(_) | State::Calling));
    FtpRow {
        id: client.number,
        client: client.peer.to_string(),
        user: clipped(control.dialogue.user()),
        target: route.map(|route| route.target.to_string()),
        server,
        phase: control.dialogue.phase_name(),
        is_plain: client.plain().is_some(),
        data: joined.count() + control.slots.len() + client.plain().map_or(0, |p| p.slots.len()),
        transfer: control.transfer.as_ref().map(|running| transfer(running, control, data, at)),
        age: now.saturating_duration_since(client.since),
    }
}

fn transfer(
    running: &Transfer,
    control: &FtpControl,
    data: &[&Client],
    at: SystemTime,
) -> FtpTransfer {
    let (up, down) = running.data.map_or((0, 0), |id| {
        let live = data.iter().find(|client| client.data.is_some_and(|link| link.id == id));
        // The dialogue knows what has ended: a transfer goes on until its reply comes.
        live.map_or_else(|| control.dialogue.counted(id), |client| (client.up, client.down))
    });
    FtpTransfer {
        command: running.command.clone(),
        name: clipped(&running.name),
        direction: running.direction,
        bytes: match running.direction {
            Direction::Upload => up,
            Direction::Download => down,
        },
        size: control.dialogue.announced_size(),
        time: at.duration_since(running.started).unwrap_or_default(),
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
            Phase::Open if session.is_retired => "ENDING",
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
