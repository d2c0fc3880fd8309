//! Displays as JSON, for programs: one object on one line.
//!
//! Its shape is documented in `docs/operations.md`: `display`, `time`, `rows`, `shown`, `total`. Times
//! of day are UTC as in the log, spans are seconds, sizes are bytes, what is not known is `null`.
//! Names and shapes stay; new ones may be added. Pure; called by the engine.

use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::display::ROWS;
use super::snapshot::{
    ConnectionRow, DefaultRow, FilterRow, FtpRow, FtpTransfer, JobRow, ProfileRow, RequestRow,
    RunState, Shown, StatRow, Status, TunnelRow,
};
use crate::ftp::Direction;
use crate::message::time::Utc;

/// A display as one JSON object, with a line end.
pub fn text(shown: Shown, at: SystemTime) -> String {
    match shown {
        Shown::Status(shown) => object("STATUS", at, vec![status(&shown)], 1, json!({})),
        Shown::Connections { mut rows, total, limit } => {
            rows.sort_by_key(|row| row.id);
            rows.truncate(limit);
            let total = total.max(rows.len());
            object("CONNS", at, rows.iter().map(connection).collect(), total, json!({}))
        }
        Shown::Ftp { mut rows, totals, limit } => {
            rows.sort_by_key(|row| row.id);
            rows.truncate(limit);
            let total = totals.dialogues.max(rows.len());
            let all = json!({
                "dialogues": totals.dialogues,
                "data_connections": totals.data,
                "transfers": totals.transfers,
                "bytes": totals.bytes,
                "bytes_per_second": totals.rate,
            });
            let rows = rows.iter().map(dialogue).collect();
            object("FTP", at, rows, total, json!({ "totals": all }))
        }
        Shown::Tunnels(mut rows) => {
            let total = rows.len();
            rows.sort_by_key(|row| row.session);
            rows.truncate(ROWS);
            object("TUNNELS", at, rows.iter().map(tunnel).collect(), total, json!({}))
        }
        Shown::Filters(rows) => whole("FILTERS", at, rows.iter().map(filter).collect()),
        Shown::Profiles(rows) => whole("PROFILES", at, rows.iter().map(profile).collect()),
        Shown::Stats(rows) => whole("STATS", at, vec![stats(&rows)]),
        Shown::Requests(rows) => whole("R", at, rows.iter().map(request).collect()),
        Shown::Defaults(rows) => whole("DEFAULTS", at, rows.iter().map(default).collect()),
    }
}

/// D A,L as one JSON object, with a line end.
pub fn jobs(display: &str, rows: &[JobRow], at: SystemTime) -> String {
    let row = |row: &JobRow| {
        json!({
            "number": row.number,
            "name": row.name,
            "class": given(&row.class),
            "state": row.state,
            "step": given(&row.step),
            "program": given(&row.program),
            "age": seconds(row.age),
        })
    };
    whole(display, at, rows.iter().map(row).collect())
}

/// The answer to a command that is no display: the return code and the messages, as one JSON object
/// with a line end.
pub fn answer(text: &str, rc: u8) -> String {
    let message = |line: &str| {
        let (id, rest) = line.split_once(' ').unwrap_or((line, ""));
        match is_id(id) {
            true => json!({ "id": id, "severity": &id[id.len() - 1..], "text": rest }),
            false => json!({ "id": null, "severity": null, "text": line }),
        }
    };
    let messages: Vec<_> = text.lines().filter(|line| !line.is_empty()).map(message).collect();
    json!({ "rc": rc, "messages": messages }).to_string() + "\n"
}

/// `ZOX`, four digits, a letter.
fn is_id(word: &str) -> bool {
    let digits = word.strip_prefix("ZOX").filter(|rest| rest.is_ascii() && rest.len() == 5);
    digits.is_some_and(|rest| rest[..4].bytes().all(|byte| byte.is_ascii_digit()))
}

fn whole(display: &str, at: SystemTime, rows: Vec<Value>) -> String {
    let total = rows.len();
    object(display, at, rows, total, json!({}))
}

/// The frame of every display; `more` are members of this one alone.
fn object(display: &str, at: SystemTime, rows: Vec<Value>, total: usize, more: Value) -> String {
    let mut object = json!({
        "display": display,
        "time": format!("{:.0}", Utc(at)),
        "shown": rows.len(),
        "total": total,
        "rows": rows,
    });
    if let (Some(object), Value::Object(more)) = (object.as_object_mut(), more) {
        object.extend(more);
    }
    object.to_string() + "\n"
}

fn status(status: &Status) -> Value {
    let listeners = status.listeners.iter();
    let listeners: Vec<_> = listeners
        .map(|row| json!({ "name": row.name, "address": row.address, "paused": row.paused }))
        .collect();
    json!({
        "version": status.version,
        "state": match status.state {
            RunState::Running => "running",
            RunState::Quiesced => "quiesced",
            RunState::Draining => "draining",
        },
        "started": format!("{:.0}", Utc(status.started)),
        "uptime": seconds(status.uptime),
        "deck": status.deck,
        "workers": status.workers,
        "listeners": listeners,
        "connections": status.connections,
        "max_connections": status.max_connections,
        "accepted": status.accepted,
        "refused": status.refused,
        "sessions": status.sessions,
        "fell_back": status.fell_back,
        "requests": status.requests,
        "bytes_up": status.up,
        "bytes_down": status.down,
        "memory": status.memory,
    })
}

fn connection(row: &ConnectionRow) -> Value {
    json!({
        "id": row.id,
        "client": row.client,
        "listener": row.listener,
        "state": row.state,
        "filter": row.filter,
        "profile": row.profile,
        "target": row.target,
        "server": row.server,
        "bytes_up": row.up,
        "bytes_down": row.down,
        "age": seconds(row.age),
    })
}

fn dialogue(row: &FtpRow) -> Value {
    json!({
        "id": row.id,
        "client": row.client,
        "user": given(&row.user),
        "target": row.target,
        "server": row.server,
        "plain": row.is_plain,
        "phase": row.phase,
        "data_connections": row.data,
        "transfer": row.transfer.as_ref().map(transfer),
        "age": seconds(row.age),
    })
}

fn transfer(transfer: &FtpTransfer) -> Value {
    json!({
        "command": transfer.command,
        "name": given(&transfer.name),
        "direction": match transfer.direction {
            Direction::Upload => "up",
            Direction::Download => "down",
        },
        "bytes": transfer.bytes,
        "size": transfer.size,
        "bytes_per_second": transfer.rate(),
        "time": seconds(transfer.time),
    })
}

fn tunnel(row: &TunnelRow) -> Value {
    json!({
        "session": row.session,
        "profile": row.profile,
        "server": row.server,
        "user": row.user,
        "worker": row.worker,
        "state": row.state,
        "channels": row.channels,
        "opening": row.opening,
        "bytes_up": row.up,
        "bytes_down": row.down,
        "cipher": given(&row.cipher),
        "kex": given(&row.kex),
        "host_key": given(&row.host_key),
        "age": seconds(row.age),
        "idle": row.idle.map(seconds),
    })
}

fn filter(row: &FilterRow) -> Value {
    json!({
        "name": row.name,
        "card": row.card,
        "action": row.action,
        "profile": row.profile,
        "ports": row.ports,
        "destination": row.destination,
        "hits": row.hits,
    })
}

fn profile(row: &ProfileRow) -> Value {
    json!({
        "name": row.name,
        "card": row.card,
        "state": if row.takes_requests { "active" } else { "drained" },
        "server": row.server,
        "user": row.user,
        "sessions": row.sessions,
        "max_sessions": row.max_sessions,
        "clients": row.clients,
    })
}

fn stats(rows: &[StatRow]) -> Value {
    rows.iter().map(|row| (row.key.to_owned(), json!(row.count))).collect()
}

fn request(row: &RequestRow) -> Value {
    json!({
        "number": row.number,
        "age": seconds(row.age),
        "left": seconds(row.left),
        "text": row.text,
    })
}

fn default(row: &DefaultRow) -> Value {
    json!({
        "scope": row.scope,
        "keyword": row.keyword,
        "value": given(&row.value),
        "set": row.is_set,
    })
}

/// Text that is empty where nothing is known.
fn given(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

/// With milliseconds.
fn seconds(span: Duration) -> f64 {
    span.as_millis() as f64 / 1000.0
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::operator::snapshot::FtpTotals;

    fn at() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_795_251_357)
    }

    fn read(text: &str) -> Value {
        assert_eq!(text.matches('\n').count(), 1, "one line: {text}");
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn a_display_has_its_frame() {
        let row = FtpRow {
            id: 17,
            client: "10.1.2.3:50001".into(),
            user: String::new(),
            target: Some("ftp\u{1b}\"x".into()),
            server: None,
            is_plain: false,
            phase: "GATE",
            data: 1,
            transfer: Some(FtpTransfer {
                command: "RETR".into(),
                name: "'A.B'".into(),
                direction: Direction::Download,
                bytes: u64::MAX,
                size: Some(7),
                time: Duration::from_millis(1500),
            }),
            age: Duration::from_millis(2_250),
        };
        let totals = FtpTotals { dialogues: 5, ..FtpTotals::from(&row) };
        let text = text(Shown::Ftp { rows: vec![row], totals, limit: 200 }, at());
        let value = read(&text);
        assert_eq!(value["display"], "FTP");
        assert_eq!(value["time"], "2026-11-21T08:55:57Z");
        assert_eq!((&value["shown"], &value["total"]), (&json!(1), &json!(5)));
        assert_eq!(value["totals"]["data_connections"], 1);
        let row = &value["rows"][0];
        assert_eq!((&row["user"], &row["server"]), (&Value::Null, &Value::Null));
        assert_eq!(row["target"], "ftp\u{1b}\"x");
        assert_eq!(row["age"], 2.25);
        assert_eq!(row["transfer"]["bytes"], u64::MAX);
        assert_eq!(row["transfer"]["direction"], "down");
    }

    #[test]
    fn rows_are_bounded_and_in_order() {
        let row = |id| ConnectionRow {
            id,
            client: "10.1.2.3:50001".into(),
            listener: "SOCKS".into(),
            state: "TUNNEL",
            filter: None,
            profile: None,
            target: None,
            server: None,
            up: 1,
            down: 2,
            age: Duration::ZERO,
        };
        let rows = (0..300).rev().map(row).collect();
        let value = read(&text(Shown::Connections { rows, total: 400, limit: 200 }, at()));
        assert_eq!((&value["shown"], &value["total"]), (&json!(200), &json!(400)));
        assert_eq!((&value["rows"][0]["id"], &value["rows"][199]["id"]), (&json!(0), &json!(199)));
    }

    #[test]
    fn totals_are_one_object() {
        let rows = vec![StatRow { key: "accepted", label: "x", count: 7, is_bytes: false }];
        assert_eq!(read(&text(Shown::Stats(rows), at()))["rows"], json!([{ "accepted": 7 }]));
    }

    #[test]
    fn answers_are_messages() {
        let value = read(&answer("ZOX0503I stop accepted\nand more\n", 4));
        assert_eq!(value["rc"], 4);
        let first = json!({ "id": "ZOX0503I", "severity": "I", "text": "stop accepted" });
        let second = json!({ "id": null, "severity": null, "text": "and more" });
        assert_eq!(value["messages"], json!([first, second]));
    }
}
