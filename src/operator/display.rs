//! Snapshots as text: a heading message, a table of at most 80 columns, an ending message. And the
//! one-line answers of the commands that change something.
//!
//! Pure; called by the engine with what it collected. Rows are shown by number, oldest first, since
//! those that hang are the oldest.

mod ftp;
mod jobs;
mod tables;

use std::fmt::Write;
use std::time::SystemTime;

pub use ftp::ftp;
pub use jobs::jobs;
pub use tables::{defaults, profiles, requests, stats};

use super::layout::{age, bytes, cell, end_line, wrap};
use super::snapshot::{ConnectionRow, FilterRow, RunState, Shown, Status, TunnelRow};
use crate::config::Config;
use crate::message::catalogue::{
    DISPLAY_END, DISPLAY_HEADING, DISPLAY_MORE, REFRESH_REFUSED, REFRESHED,
};
use crate::message::time::Utc;

/// Rows of one display, unless ALL is asked for.
pub const ROWS: usize = 200;

/// Rows of one display with ALL.
pub const ROWS_ALL: usize = 20_000;

/// A display as text.
pub fn text(shown: Shown, at: SystemTime) -> String {
    match shown {
        Shown::Status(shown) => status(&shown, at),
        Shown::Connections { rows, total, limit } => connections(rows, total, limit, at),
        Shown::Ftp { rows, totals, limit } => ftp(rows, &totals, limit, at),
        Shown::Tunnels(rows) => {
            let total = rows.len();
            tunnels(rows, total, at)
        }
        Shown::Filters(rows) => filters(&rows, at),
        Shown::Profiles(rows) => profiles(&rows, at),
        Shown::Stats(rows) => stats(&rows, at),
        Shown::Requests(rows) => requests(&rows, at),
        Shown::Defaults(rows) => defaults(&rows, at),
    }
}

/// D STATUS.
pub fn status(status: &Status, at: SystemTime) -> String {
    let mut out = heading("STATUS", at);
    let state = match status.state {
        RunState::Running => "running",
        RunState::Quiesced => "quiesced: new requests are refused, enter F RESUME",
        RunState::Draining => "draining: no new connections",
    };
    let mut lines = vec![
        ("version", status.version.to_owned()),
        ("state", state.to_owned()),
        ("started", format!("{:.0}, {} ago", Utc(status.started), age(status.uptime))),
        ("deck", status.deck.clone()),
        ("workers", status.workers.to_string()),
    ];
    for listener in &status.listeners {
        let paused = if listener.paused { ", paused" } else { "" };
        lines.push(("listener", format!("{} {}{paused}", listener.name, listener.address)));
    }
    lines.extend([
        (
            "connections",
            format!(
                "{} now, {} at most, {} accepted, {} refused",
                status.connections, status.max_connections, status.accepted, status.refused
            ),
        ),
        ("SSH sessions", status.sessions.to_string()),
        ("without SSH", format!("{} fell back to plain", status.fell_back)),
        ("bytes", format!("{} up, {} down", bytes(status.up), bytes(status.down))),
    ]);
    if status.requests > 0 {
        lines.push(("requests", format!("{} wait for a reply, enter D R", status.requests)));
    }
    if let Some(memory) = status.memory {
        lines.push(("memory", bytes(memory)));
    }
    for (name, value) in &lines {
        let start = format!("{name:<14}");
        out.push_str(&start);
        wrap(&mut out, start.len(), start.len(), std::slice::from_ref(value));
    }
    ending(&mut out, "STATUS", lines.len(), lines.len());
    out
}

/// D CONNS. `total` is how many connections there are; `rows` may be fewer, and at most `limit` are
/// shown.
pub fn connections(
    mut rows: Vec<ConnectionRow>,
    total: usize,
    limit: usize,
    at: SystemTime,
) -> String {
    rows.sort_by_key(|row| row.id);
    rows.truncate(limit);
    let mut out = heading("CONNS", at);
    out.push_str("      ID STATE     LISTENER FILTER   PROFILE       UP    DOWN      AGE\n");
    for row in &rows {
        let _ = write!(
            out,
            "{:>8} {:<9.9} {:<8} {:<8} {:<8} {:>7} {:>7} {:>8}",
            format!("#{}", row.id),
            row.state,
            cell(&row.listener),
            optional(&row.filter),
            optional(&row.profile),
            bytes(row.up),
            bytes(row.down),
            age(row.age),
        );
        end_line(&mut out);
        let mut pieces = vec![row.client.clone()];
        pieces.extend(row.target.as_ref().map(|target| format!("to {target}")));
        pieces.extend(row.server.as_ref().map(|server| format!("via {server}")));
        detail(&mut out, &pieces);
    }
    let total = total.max(rows.len());
    let way = if limit < ROWS_ALL { "enter D CONNS,ALL" } else { "the log has them all" };
    more(&mut out, total - rows.len(), way);
    ending(&mut out, "CONNS", rows.len(), total);
    out
}

/// D TUNNELS. `total` is how many sessions there are; at most [`ROWS`] are shown.
pub fn tunnels(mut rows: Vec<TunnelRow>, total: usize, at: SystemTime) -> String {
    rows.sort_by_key(|row| row.session);
    rows.truncate(ROWS);
    let mut out = heading("TUNNELS", at);
    out.push_str(" SESSION PROFILE  STATE     WORKER CHANS OPENING      UP    DOWN      AGE\n");
    for row in &rows {
        let _ = write!(
            out,
            "{:>8} {:<8} {:<9.9} {:>6} {:>5} {:>7} {:>7} {:>7} {:>8}",
            row.session,
            cell(&row.profile),
            row.state,
            row.worker,
            row.channels,
            row.opening,
            bytes(row.up),
            bytes(row.down),
            age(row.age),
        );
        end_line(&mut out);
        let mut pieces = vec![format!("{}@{}", row.user, row.server)];
        pieces.extend(row.idle.map(|idle| format!("idle {}", age(idle))));
        let negotiated = [&row.cipher, &row.kex, &row.host_key];
        pieces.extend(negotiated.into_iter().filter(|text| !text.is_empty()).cloned());
        detail(&mut out, &pieces);
    }
    let total = total.max(rows.len());
    more(&mut out, total - rows.len(), "the log has them all");
    ending(&mut out, "TUNNELS", rows.len(), total);
    out
}

/// D FILTERS, in deck order: the first that matches decides.
pub fn filters(rows: &[FilterRow], at: SystemTime) -> String {
    let mut out = heading("FILTERS", at);
    out.push_str("  CARD NAME     ACTION  PROFILE        HITS PORTS        DESTINATION\n");
    for row in rows.iter().take(ROWS_ALL) {
        let start = format!(
            "{:>6} {:<8} {:<7} {:<8} {:>10} ",
            row.card,
            cell(&row.name),
            cell(&row.action),
            optional(&row.profile),
            row.hits,
        );
        out.push_str(&start);
        let ports = format!("{:<11}", cell(&row.ports));
        wrap(&mut out, start.len(), FILTER_INDENT, &[ports, row.destination.clone()]);
    }
    let shown = rows.len().min(ROWS_ALL);
    more(&mut out, rows.len() - shown, "the deck has them all");
    ending(&mut out, "FILTERS", shown, rows.len());
    out
}

/// The answer to F REFRESH when the new deck is in use.
pub fn refreshed(config: &Config) -> String {
    REFRESHED.render(&[
        ("deck", &config.source),
        ("filters", &config.filters.len()),
        ("profiles", &config.profiles.len()),
    ])
}

/// The answer to F REFRESH when the old deck stays.
pub fn refresh_refused(reason: &str) -> String {
    REFRESH_REFUSED.render(&[("reason", &reason)])
}

/// Blanks before the second line of a row.
const DETAIL_INDENT: usize = 9;

/// Blanks before the second line of a filter: where its ports stand.
const FILTER_INDENT: usize = 44;

fn heading(display: &str, at: SystemTime) -> String {
    let time = format!("{:.0}", Utc(at));
    DISPLAY_HEADING.render(&[("display", &display), ("time", &time)]) + "\n"
}

fn ending(out: &mut String, display: &str, shown: usize, total: usize) {
    let arguments = [("display", &display as _), ("shown", &shown as _), ("total", &total as _)];
    out.push_str(&DISPLAY_END.render(&arguments));
    out.push('\n');
}

fn more(out: &mut String, left_out: usize, way: &str) {
    if left_out > 0 {
        out.push_str(&DISPLAY_MORE.render(&[("more", &left_out), ("way", &way)]));
        out.push('\n');
    }
}

fn detail(out: &mut String, pieces: &[String]) {
    out.push_str(&" ".repeat(DETAIL_INDENT));
    wrap(out, DETAIL_INDENT, DETAIL_INDENT, pieces);
}

fn optional(text: &Option<String>) -> String {
    cell(text.as_deref().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::super::snapshot::ListenerRow;
    use super::*;

    pub(super) fn at() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_251_357)
    }

    fn connection(id: u64) -> ConnectionRow {
        ConnectionRow {
            id,
            client: "10.1.2.3:50001".into(),
            listener: "SOCKS".into(),
            state: "relaying",
            filter: Some("MAIL".into()),
            profile: Some("PAPER".into()),
            target: Some("mail.corp.example:25".into()),
            server: Some("host1234.example.com:22".into()),
            up: 1234,
            down: 987_654_321,
            age: Duration::from_secs(3_723),
        }
    }

    fn tunnel(session: u64) -> TunnelRow {
        TunnelRow {
            session,
            profile: "PAPER".into(),
            server: "host1234.example.com:22".into(),
            user: "tunnel".into(),
            worker: 1,
            state: "open",
            channels: 12,
            opening: 1,
            up: 1234,
            down: 987_654_321,
            cipher: "aes256-gcm@openssh.com".into(),
            kex: "curve25519-sha256".into(),
            host_key: "ssh-ed25519 SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8".into(),
            age: Duration::from_secs(400_000),
            idle: None,
        }
    }

    pub(super) fn assert_fits(text: &str) {
        for line in text.lines() {
            assert!(line.chars().count() <= 80, "{} columns: {line}", line.chars().count());
            assert!(!line.ends_with(' '), "blanks at the end: {line}");
        }
    }

    #[test]
    fn status_as_shown() {
        let shown = status(
            &Status {
                version: "0.1.0",
                deck: "/etc/zoxy/DECK".into(),
                state: RunState::Running,
                started: at() - Duration::from_secs(3600),
                uptime: Duration::from_secs(3600),
                workers: 2,
                listeners: vec![ListenerRow {
                    name: "SOCKS".into(),
                    address: "127.0.0.1:1080".into(),
                    paused: true,
                }],
                connections: 3,
                max_connections: 8192,
                accepted: 100,
                refused: 1,
                sessions: 1,
                requests: 1,
                fell_back: 7,
                up: 2048,
                down: 4 << 30,
                memory: Some(12 << 20),
            },
            at(),
        );
        assert_eq!(
            shown,
            "\
ZOX0500I STATUS at 2026-11-21T08:55:57Z
version       0.1.0
state         running
started       2026-11-21T07:55:57Z, 01:00:00 ago
deck          /etc/zoxy/DECK
workers       2
listener      SOCKS 127.0.0.1:1080, paused
connections   3 now, 8192 at most, 100 accepted, 1 refused
SSH sessions  1
without SSH   7 fell back to plain
bytes         2048 up, 4.0G down
requests      1 wait for a reply, enter D R
memory        12.0M
ZOX0501I END OF STATUS, 12 OF 12
"
        );
    }

    #[test]
    fn connections_as_shown() {
        let mut waiting = connection(7);
        waiting.state = "handshake";
        (waiting.filter, waiting.profile, waiting.target, waiting.server) =
            (None, None, None, None);
        let shown = connections(vec![connection(17), waiting], 2, ROWS, at());
        assert_eq!(
            shown,
            "\
ZOX0500I CONNS at 2026-11-21T08:55:57Z
      ID STATE     LISTENER FILTER   PROFILE       UP    DOWN      AGE
      #7 handshake SOCKS    -        -           1234  941.9M 01:02:03
         10.1.2.3:50001
     #17 relaying  SOCKS    MAIL     PAPER       1234  941.9M 01:02:03
         10.1.2.3:50001  to mail.corp.example:25  via host1234.example.com:22
ZOX0501I END OF CONNS, 2 OF 2
"
        );
    }

    #[test]
    fn tunnels_as_shown() {
        let mut dialling = tunnel(4);
        dialling.state = "login";
        dialling.idle = Some(Duration::from_secs(3));
        dialling.host_key.clear();
        let shown = tunnels(vec![dialling, tunnel(3)], 2, at());
        assert_eq!(
            shown,
            "\
ZOX0500I TUNNELS at 2026-11-21T08:55:57Z
 SESSION PROFILE  STATE     WORKER CHANS OPENING      UP    DOWN      AGE
       3 PAPER    open           1    12       1    1234  941.9M    4d15h
         tunnel@host1234.example.com:22  aes256-gcm@openssh.com
         curve25519-sha256
         ssh-ed25519 SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
       4 PAPER    login          1    12       1    1234  941.9M    4d15h
         tunnel@host1234.example.com:22  idle 00:00:03  aes256-gcm@openssh.com
         curve25519-sha256
ZOX0501I END OF TUNNELS, 2 OF 2
"
        );
    }

    #[test]
    fn filters_as_shown() {
        let row = |name: &str, ports: &str, destination: &str| FilterRow {
            name: name.into(),
            card: 14,
            action: "TUNNEL".into(),
            profile: Some("PAPER".into()),
            ports: ports.into(),
            destination: destination.into(),
            hits: 4711,
        };
        let many = "21,22,25,110,143,443,465,587,993";
        let shown = filters(&[row("MAIL", "25", "*.corp.example"), row("LONG", many, "*")], at());
        assert_eq!(
            shown,
            "\
ZOX0500I FILTERS at 2026-11-21T08:55:57Z
  CARD NAME     ACTION  PROFILE        HITS PORTS        DESTINATION
    14 MAIL     TUNNEL  PAPER          4711 25           *.corp.example
    14 LONG     TUNNEL  PAPER          4711 21,22,25,110,143,443,465,587,993  *
ZOX0501I END OF FILTERS, 2 OF 2
"
        );
    }

    #[test]
    fn nothing_to_show_is_shown() {
        assert!(connections(vec![], 0, ROWS, at()).ends_with("END OF CONNS, 0 OF 0\n"));
        assert!(tunnels(vec![], 0, at()).ends_with("END OF TUNNELS, 0 OF 0\n"));
        assert!(filters(&[], at()).ends_with("END OF FILTERS, 0 OF 0\n"));
    }

    #[test]
    fn answers_are_messages() {
        assert_eq!(refresh_refused("no deck"), "ZOX0504E refresh refused: no deck");
    }

    #[test]
    fn a_display_is_bounded_and_says_what_is_missing() {
        let rows: Vec<_> = (0..1000).rev().map(connection).collect();
        let shown = connections(rows.clone(), 5000, ROWS, at());
        assert!(shown.contains("    #199 ") && !shown.contains("#200 "));
        assert!(shown.contains("ZOX0502I 4800 more, not shown; enter D CONNS,ALL\n"));
        assert!(shown.ends_with("ZOX0501I END OF CONNS, 200 OF 5000\n"));
        let all = connections(rows, 1000, ROWS_ALL, at());
        assert!(all.ends_with("ZOX0501I END OF CONNS, 1000 OF 1000\n"));
    }

    #[test]
    fn the_longest_answer_is_within_the_protocol() {
        let mut row = connection(99_999_999_999);
        row.client = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535".into();
        row.target = Some(format!("{}:65535", "t".repeat(255)));
        row.server = Some(format!("{}:65535", "s".repeat(255)));
        let shown = connections(vec![row; 10], 10, ROWS_ALL, at());
        assert_fits(&shown);
        assert!(shown.len() as u64 / 10 * (ROWS_ALL as u64) < super::super::protocol::MAX_ANSWER);
    }

    #[test]
    fn lines_never_exceed_the_screen() {
        let long = "x".repeat(300);
        let mut row = tunnel(999_999_999_999);
        (row.user, row.server, row.cipher) = (long.clone(), long.clone(), long.clone());
        (row.up, row.age) = (u64::MAX, Duration::from_secs(9999 * 86_400));
        (row.worker, row.channels, row.opening) = (63, 8192, 8192);
        assert_fits(&tunnels(vec![row], 1, at()));
        let row = FilterRow {
            name: "ABCDEFGH".into(),
            card: 999_999,
            action: "TUNNEL".into(),
            profile: Some("ABCDEFGH".into()),
            ports: long.clone(),
            destination: long,
            hits: u64::MAX,
        };
        assert_fits(&filters(&[row], at()));
    }
}
