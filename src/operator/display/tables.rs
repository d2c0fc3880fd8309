//! The displays that are plain tables: D PROFILES, D STATS, D R, D DEFAULTS.

use std::fmt::Write;
use std::time::SystemTime;

use super::{ending, heading, optional};
use crate::operator::layout::{WIDTH, age, bytes, cell, end_line, wrap};
use crate::operator::snapshot::{DefaultRow, ProfileRow, RequestRow, StatRow};

/// D PROFILES, in deck order.
pub fn profiles(rows: &[ProfileRow], at: SystemTime) -> String {
    let mut out = heading("PROFILES", at);
    out.push_str("  CARD PROFILE  STATE   SESSIONS MOST CLIENTS USER     SERVER\n");
    for row in rows {
        let start = format!(
            "{:>6} {:<8} {:<7} {:>8} {:>4} {:>7} ",
            row.card,
            cell(&row.name),
            if row.takes_requests { "ACTIVE" } else { "DRAINED" },
            row.sessions,
            row.max_sessions,
            row.clients,
        );
        out.push_str(&start);
        let user = format!("{:<8}", optional(&row.user));
        // One blank between them while the user fits its column.
        let gap = if user.chars().count() > 8 { "  " } else { " " };
        wrap(&mut out, start.len(), start.len(), &[format!("{user}{gap}{}", row.server)]);
    }
    ending(&mut out, "PROFILES", rows.len(), rows.len());
    out
}

/// D STATS.
pub fn stats(rows: &[StatRow], at: SystemTime) -> String {
    let mut out = heading("STATS", at);
    for row in rows {
        let _ = write!(out, "{:<44} {:>20}", row.label, row.count);
        if row.is_bytes {
            let _ = write!(out, "  {:>8}", bytes(row.count));
        }
        end_line(&mut out);
    }
    ending(&mut out, "STATS", rows.len(), rows.len());
    out
}

/// D R, the oldest first.
pub fn requests(rows: &[RequestRow], at: SystemTime) -> String {
    let mut out = heading("R", at);
    out.push_str("  NN      AGE     LEFT REQUEST\n");
    for row in rows {
        let start = format!("  {:02} {:>8} {:>8} ", row.number, age(row.age), age(row.left));
        out.push_str(&start);
        by_words(&mut out, start.len(), &row.text);
    }
    ending(&mut out, "R", rows.len(), rows.len());
    out
}

/// D DEFAULTS, in the order of the manual.
pub fn defaults(rows: &[DefaultRow], at: SystemTime) -> String {
    let mut out = heading("DEFAULTS", at);
    out.push_str("OF       KEYWORD      FROM    VALUE\n");
    for row in rows {
        let from = if row.is_set { "SET *" } else { "DEFAULT" };
        let start = format!("{:<8} {:<12} {from:<7} ", row.scope, row.keyword);
        out.push_str(&start);
        let value = if row.value.is_empty() { "none" } else { &row.value };
        by_words(&mut out, start.len(), value);
    }
    ending(&mut out, "DEFAULTS", rows.len(), rows.len());
    out
}

/// Adds `text` from column `indent` on, on lines that end behind a blank or a comma where they can.
fn by_words(out: &mut String, indent: usize, text: &str) {
    let mut line = String::new();
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_inclusive([' ', ',']) {
        let width = line.chars().count() + word.trim_end().chars().count();
        if !line.is_empty() && indent + width > WIDTH {
            lines.push(std::mem::take(&mut line));
        }
        line.push_str(word);
    }
    lines.push(line);
    for (index, line) in lines.iter().enumerate() {
        if index > 0 {
            out.push_str(&" ".repeat(indent));
        }
        // A word wider than the line is split there.
        wrap(out, indent, indent, &[line.trim_end().to_owned()]);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::tests::{assert_fits, at};
    use super::*;

    fn profile(name: &str, user: Option<&str>, server: &str) -> ProfileRow {
        ProfileRow {
            name: name.into(),
            card: 7,
            takes_requests: name != "ANYHOST",
            server: server.into(),
            user: user.map(str::to_owned),
            sessions: 2,
            max_sessions: 4,
            clients: 17,
        }
    }

    #[test]
    fn profiles_as_shown() {
        let rows = [
            profile("PAPER", Some("tunnel"), "host1234.example.com:22"),
            profile("ANYHOST", None, "*:22"),
        ];
        assert_eq!(
            profiles(&rows, at()),
            "\
ZOX0500I PROFILES at 2026-11-21T08:55:57Z
  CARD PROFILE  STATE   SESSIONS MOST CLIENTS USER     SERVER
     7 PAPER    ACTIVE         2    4      17 tunnel   host1234.example.com:22
     7 ANYHOST  DRAINED        2    4      17 -        *:22
ZOX0501I END OF PROFILES, 2 OF 2
"
        );
        let long = "x".repeat(300);
        assert_fits(&profiles(&[profile("LONG", Some(&long), &long)], at()));
    }

    #[test]
    fn totals_as_shown() {
        let row = |label, count, is_bytes| StatRow { key: "k", label, count, is_bytes };
        let rows =
            [row("connections accepted", 4711, false), row("bytes from clients", 4 << 30, true)];
        assert_eq!(
            stats(&rows, at()),
            "\
ZOX0500I STATS at 2026-11-21T08:55:57Z
connections accepted                                         4711
bytes from clients                                     4294967296      4.0G
ZOX0501I END OF STATS, 2 OF 2
"
        );
    }

    #[test]
    fn requests_as_shown() {
        let rows = [RequestRow {
            number: 1,
            age: Duration::from_secs(75),
            left: Duration::from_secs(525),
            text: "ZOX0540A 01 a question with many words about the host \
                   SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8"
                .into(),
        }];
        assert_eq!(
            requests(&rows, at()),
            "\
ZOX0500I R at 2026-11-21T08:55:57Z
  NN      AGE     LEFT REQUEST
  01 00:01:15 00:08:45 ZOX0540A 01 a question with many words about the host
                       SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8
ZOX0501I END OF R, 1 OF 1
"
        );
    }

    #[test]
    fn settings_as_shown() {
        let row = |keyword, value: &str, is_set| DefaultRow {
            scope: "profile",
            keyword,
            value: value.into(),
            is_set,
        };
        let ciphers = "aes128-gcm@openssh.com,".repeat(4);
        let shown = defaults(&[row("CIPHERS", &ciphers, false), row("USER", "", false)], at());
        assert_fits(&shown);
        assert!(shown.contains("aes128-gcm@openssh.com,\n"), "{shown}");
        assert!(shown.contains("profile  USER         DEFAULT none\n"), "{shown}");
        assert!(defaults(&[row("PORT", "1", true)], at()).contains("SET *   1\n"));
    }
}
