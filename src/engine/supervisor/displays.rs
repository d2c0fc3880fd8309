//! What the displays show, put together from what all share and what the workers tell.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Instant, SystemTime};

use super::Supervisor;
use super::operate::Asked;
use crate::engine::inbox::Inbound;
use crate::engine::snapshot::WorkerSnapshot;
use crate::operator::command::View;
use crate::operator::console::ConsoleId;
use crate::operator::snapshot::{
    DefaultRow, FilterRow, ListenerRow, ProfileRow, RequestRow, RunState, Shown, StatRow, Status,
    resident_memory,
};
use crate::operator::{display, json};

impl Supervisor {
    /// Answers a D command, at once or when the workers have told what they hold.
    pub(super) fn show(&mut self, console: ConsoleId, view: View, as_json: bool) {
        let shown = match view {
            View::Filters => Shown::Filters(self.filter_rows()),
            View::Profiles => Shown::Profiles(self.profile_rows()),
            View::Requests => Shown::Requests(self.request_rows()),
            View::Defaults => Shown::Defaults(self.default_rows()),
            View::Status
            | View::Connections { .. }
            | View::Ftp { .. }
            | View::Tunnels
            | View::Stats => {
                let make = |question| Inbound::Snapshot { question };
                return self.ask_workers(Some(console), Asked::View(view, as_json), make);
            }
        };
        self.console.answer(console, &rendered(shown, as_json), 0);
    }

    /// A display from the workers' parts.
    pub(super) fn gathered(&self, view: View, as_json: bool, parts: Vec<WorkerSnapshot>) -> String {
        let limit = view.rows();
        let shown = match view {
            View::Tunnels => {
                Shown::Tunnels(parts.into_iter().flat_map(|part| part.tunnels).collect())
            }
            View::Connections { .. } => {
                let total = parts.iter().map(|part| part.total).sum();
                let rows = parts.into_iter().flat_map(|part| part.connections).collect();
                Shown::Connections { rows, total, limit }
            }
            View::Ftp { .. } => {
                let totals = parts.iter().map(|part| part.ftp_totals).sum();
                let rows = parts.into_iter().flat_map(|part| part.ftp).collect();
                Shown::Ftp { rows, totals, limit }
            }
            View::Stats => Shown::Stats(self.stat_rows(&parts)),
            _ => Shown::Status(Box::new(self.status(&parts))),
        };
        rendered(shown, as_json)
    }

    fn status(&self, parts: &[WorkerSnapshot]) -> Status {
        let live = self.shared.live();
        let counters = &self.shared.counters;
        let (up, down) = traffic(parts);
        Status {
            version: env!("CARGO_PKG_VERSION"),
            deck: live.config.source.clone(),
            state: match self.stopping {
                Some(_) => RunState::Draining,
                None if self.shared.gates.is_quiesced() => RunState::Quiesced,
                None => RunState::Running,
            },
            requests: self.requests.iter().count(),
            started: self.shared.started.0,
            uptime: self.shared.started.1.elapsed(),
            workers: self.shared.workers.len(),
            listeners: live
                .config
                .listeners
                .iter()
                .map(|listener| ListenerRow {
                    name: listener.name.clone(),
                    address: listener.address.to_string(),
                    paused: parts.iter().any(|part| part.paused.contains(&listener.name)),
                })
                .collect(),
            connections: self.shared.limits.connections(),
            max_connections: live.config.process.max_connections,
            accepted: load(&counters.connections),
            refused: load(&counters.refused) + load(&counters.blocked) + load(&counters.failed),
            sessions: self.shared.pool.sessions(),
            fell_back: load(&counters.fell_back),
            up: load(&counters.up) + up,
            down: load(&counters.down) + down,
            memory: resident_memory(),
        }
    }

    fn stat_rows(&self, parts: &[WorkerSnapshot]) -> Vec<StatRow> {
        let live = self.shared.live();
        let counters = &self.shared.counters;
        let (up, down) = traffic(parts);
        let row = |key, label, count| StatRow { key, label, count, is_bytes: false };
        let bytes = |key, label, count| StatRow { key, label, count, is_bytes: true };
        let transfers = &counters.transfers;
        let said = crate::message::log::counts();
        vec![
            row("accepted", "connections accepted", load(&counters.connections)),
            row(
                "refused",
                "connections refused: address, limit, operator",
                load(&counters.refused),
            ),
            row("blocked", "requests blocked by the filters", load(&counters.blocked)),
            row(
                "unmatched",
                "  of these since the refresh: no filter matched",
                load(&live.unmatched),
            ),
            row("failed", "requests failed", load(&counters.failed)),
            row("fell_back", "connections fallen back to plain", load(&counters.fell_back)),
            row("binds", "SOCKS BINDs of FTP dialogues", load(&counters.binds)),
            bytes("bytes_up", "bytes from clients", load(&counters.up) + up),
            bytes("bytes_down", "bytes to clients", load(&counters.down) + down),
            row("sessions", "SSH sessions begun", load(&counters.sessions)),
            row(
                "dials_failed",
                "SSH sessions that could not be opened",
                load(&counters.dials_failed),
            ),
            row("sessions_lost", "SSH sessions lost", load(&counters.sessions_lost)),
            row("transfers_complete", "FTP transfers complete", load(&transfers.complete)),
            row("transfers_refused", "FTP transfers refused", load(&transfers.refused)),
            row("transfers_failed", "FTP transfers failed", load(&transfers.failed)),
            row("transfers_aborted", "FTP transfers aborted", load(&transfers.aborted)),
            bytes("transfer_bytes_up", "bytes of FTP uploads", load(&transfers.up)),
            bytes("transfer_bytes_down", "bytes of FTP downloads", load(&transfers.down)),
            row("warnings", "messages: warnings (W)", said.warnings),
            row("errors", "messages: errors (E)", said.errors),
            row("actions", "messages: action needed (A)", said.actions),
            row("severe", "messages: severe (S)", said.severe),
        ]
    }

    fn filter_rows(&self) -> Vec<FilterRow> {
        let live = self.shared.live();
        live.config
            .filters
            .iter()
            .zip(&live.hits)
            .map(|(filter, hits)| FilterRow {
                name: filter.name.clone(),
                card: filter.card,
                action: filter.action.to_string(),
                profile: filter.profile.as_ref().map(|profile| profile.name.clone()),
                ports: filter.ports.to_string(),
                destination: filter.destination.to_string(),
                hits: hits.load(Ordering::Relaxed),
            })
            .collect()
    }

    fn profile_rows(&self) -> Vec<ProfileRow> {
        let live = self.shared.live();
        live.config
            .profiles
            .iter()
            .map(|profile| {
                let usage = self.shared.pool.usage(&profile.name);
                ProfileRow {
                    name: profile.name.clone(),
                    card: profile.card,
                    takes_requests: !self.shared.gates.is_drained(&profile.name),
                    server: format!("{}:{}", profile.host.as_deref().unwrap_or("*"), profile.port),
                    user: profile.user.clone(),
                    sessions: usage.sessions,
                    max_sessions: profile.sessions,
                    clients: usage.clients,
                }
            })
            .collect()
    }

    fn request_rows(&self) -> Vec<RequestRow> {
        let now = Instant::now();
        self.requests
            .iter()
            .map(|open| RequestRow {
                number: open.number,
                age: now.saturating_duration_since(open.since),
                left: open.deadline.saturating_duration_since(now),
                text: open.text.clone(),
            })
            .collect()
    }

    fn default_rows(&self) -> Vec<DefaultRow> {
        let live = self.shared.live();
        let rows = live.config.defaults.iter();
        rows.map(|default| DefaultRow {
            scope: default.scope.word(),
            keyword: default.keyword,
            value: default.value.clone(),
            is_set: default.is_set,
        })
        .collect()
    }
}

fn rendered(shown: Shown, as_json: bool) -> String {
    let now = SystemTime::now();
    if as_json { json::text(shown, now) } else { display::text(shown, now) }
}

/// Bytes of running relays, from clients and to them.
fn traffic(parts: &[WorkerSnapshot]) -> (u64, u64) {
    parts.iter().fold((0, 0), |(up, down), part| (up + part.traffic.0, down + part.traffic.1))
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}
