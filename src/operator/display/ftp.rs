//! D FTP as text: the dialogues, the transfers under way with byte counts and rates, and what they
//! come to together.

use std::fmt::Write;
use std::time::SystemTime;

use super::{ROWS_ALL, detail, ending, heading, more};
use crate::ftp::Direction;
use crate::operator::layout::{age, bytes, cell, end_line};
use crate::operator::snapshot::{FtpRow, FtpTotals, FtpTransfer};

/// D FTP. `totals` are of all dialogues there are; `rows` may be fewer, and at most `limit` are
/// shown.
pub fn ftp(mut rows: Vec<FtpRow>, totals: &FtpTotals, limit: usize, at: SystemTime) -> String {
    rows.sort_by_key(|row| row.id);
    rows.truncate(limit);
    let mut out = heading("FTP", at);
    out.push_str("      ID PHASE     DATA TRANSFER    BYTES PER SEC     TIME      AGE\n");
    for row in &rows {
        dialogue(&mut out, row);
    }
    if totals.dialogues > 0 {
        let _ = write!(
            out,
            "   TOTAL {:<9} {:>4} {:<9} {:>7} {:>7}",
            "",
            totals.data,
            totals.transfers,
            bytes(totals.bytes),
            bytes(totals.rate),
        );
        end_line(&mut out);
    }
    let total = totals.dialogues.max(rows.len());
    let way = if limit < ROWS_ALL { "enter D FTP,ALL" } else { "the log has them all" };
    more(&mut out, total - rows.len(), way);
    ending(&mut out, "FTP", rows.len(), total);
    out
}

/// One dialogue: a line of the table, who takes part, and the file.
fn dialogue(out: &mut String, row: &FtpRow) {
    let [command, moved, rate, time] = match &row.transfer {
        Some(transfer) => cells(transfer),
        None => ["-"; 4].map(str::to_owned),
    };
    let _ = write!(
        out,
        "{:>8} {:<9.9} {:>4} {command:<9} {moved:>7} {rate:>7} {time:>8} {:>8}",
        format!("#{}", row.id),
        row.phase,
        row.data,
        age(row.age),
    );
    end_line(out);
    let mut pieces = vec![row.client.clone()];
    if !row.user.is_empty() {
        pieces.push(format!("user {}", row.user));
    }
    pieces.extend(row.target.as_ref().map(|target| format!("to {target}")));
    pieces.extend(row.server.as_ref().map(|server| format!("via {server}")));
    pieces.extend(row.is_plain.then(|| "PLAIN, without SSH".to_owned()));
    detail(out, &pieces);
    if let Some(transfer) = row.transfer.as_ref().filter(|transfer| !transfer.name.is_empty()) {
        detail(out, &[format!("{} {}", transfer.command, transfer.name)]);
    }
}

/// The columns of a transfer: command and direction, bytes, bytes per second, time.
fn cells(transfer: &FtpTransfer) -> [String; 4] {
    let direction = match transfer.direction {
        Direction::Upload => "up",
        Direction::Download => "down",
    };
    [
        format!("{:<4.4} {direction}", cell(&transfer.command)),
        bytes(transfer.bytes),
        transfer.rate().map_or_else(|| "-".into(), bytes),
        age(transfer.time),
    ]
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::ROWS;
    use super::super::tests::{assert_fits, at};
    use super::*;
    use crate::operator::protocol::MAX_ANSWER;
    use crate::operator::snapshot::clipped;

    fn row(id: u64) -> FtpRow {
        FtpRow {
            id,
            client: "10.1.2.3:50001".into(),
            user: "PAUL".into(),
            target: Some("ftp.corp.example:21".into()),
            server: Some("ftp.corp.example:22".into()),
            is_plain: false,
            phase: "RELAYING",
            data: 1,
            transfer: Some(FtpTransfer {
                command: "RETR".into(),
                name: "'PAUL.REPORT.DATA(JAN)'".into(),
                direction: Direction::Download,
                bytes: 987_654_321,
                size: None,
                time: Duration::from_millis(80_500),
            }),
            age: Duration::from_secs(3_723),
        }
    }

    /// One before USER.
    fn new_row(id: u64) -> FtpRow {
        FtpRow {
            user: String::new(),
            server: None,
            phase: "GATE",
            data: 0,
            transfer: None,
            ..row(id)
        }
    }

    fn totals(rows: &[FtpRow]) -> FtpTotals {
        rows.iter().map(FtpTotals::from).sum()
    }

    #[test]
    fn as_shown() {
        let mut put = row(9);
        put.server = Some("host1234.example.com:22".into());
        put.transfer = Some(FtpTransfer {
            command: "STOR".into(),
            name: String::new(),
            direction: Direction::Upload,
            bytes: 0,
            size: None,
            time: Duration::ZERO,
        });
        let rows = vec![row(17), new_row(23), put];
        let totals = totals(&rows);
        assert_eq!(
            ftp(rows, &totals, ROWS, at()),
            "\
ZOX0500I FTP at 2026-11-21T08:55:57Z
      ID PHASE     DATA TRANSFER    BYTES PER SEC     TIME      AGE
      #9 RELAYING     1 STOR up         0       - 00:00:00 01:02:03
         10.1.2.3:50001  user PAUL  to ftp.corp.example:21
         via host1234.example.com:22
     #17 RELAYING     1 RETR down  941.9M   11.7M 00:01:20 01:02:03
         10.1.2.3:50001  user PAUL  to ftp.corp.example:21
         via ftp.corp.example:22
         RETR 'PAUL.REPORT.DATA(JAN)'
     #23 GATE         0 -               -       -        - 01:02:03
         10.1.2.3:50001  to ftp.corp.example:21
   TOTAL              2 2          941.9M   11.7M
ZOX0501I END OF FTP, 3 OF 3
"
        );
    }

    #[test]
    fn a_dialogue_without_ssh_is_marked() {
        let plain = FtpRow { server: None, is_plain: true, ..row(17) };
        let shown = ftp(vec![plain], &FtpTotals::default(), ROWS, at());
        let marked = "  user PAUL  to ftp.corp.example:21  PLAIN, without SSH\n";
        assert!(shown.contains(marked) && !shown.contains("via"), "{shown}");
    }

    #[test]
    fn no_dialogue_is_shown() {
        let shown = ftp(vec![], &FtpTotals::default(), ROWS, at());
        assert!(shown.ends_with("AGE\nZOX0501I END OF FTP, 0 OF 0\n"), "{shown}");
    }

    #[test]
    fn what_is_not_shown_is_in_the_totals() {
        let rows: Vec<_> = (0..1000).rev().map(new_row).collect();
        let all = FtpTotals { dialogues: 5000, ..totals(&[row(1), row(2)]) };
        let shown = ftp(rows.clone(), &all, ROWS, at());
        assert!(shown.contains("    #199 ") && !shown.contains("#200 "));
        assert!(shown.contains("   TOTAL              2 2            1.8G   23.4M\n"), "{shown}");
        assert!(shown.contains("ZOX0502I 4800 more, not shown; enter D FTP,ALL\n"));
        assert!(shown.ends_with("ZOX0501I END OF FTP, 200 OF 5000\n"));
        let shown = ftp(rows, &all, ROWS_ALL, at());
        assert!(shown.contains("ZOX0502I 4000 more, not shown; the log has them all\n"));
        assert!(shown.ends_with("ZOX0501I END OF FTP, 1000 OF 5000\n"));
    }

    #[test]
    fn the_longest_answer_is_within_the_screen_and_the_protocol() {
        let mut longest = row(99_999_999_999);
        longest.client = "[2001:db8:1111:2222:3333:4444:5555:6666]:65535".into();
        longest.user = clipped(&"\u{1f4be}".repeat(4096));
        longest.target = Some(format!("{}:65535", "t".repeat(255)));
        longest.server = Some(format!("{}:65535", "s".repeat(255)));
        (longest.phase, longest.data) = ("REPLAYING", 8192);
        longest.transfer = Some(FtpTransfer {
            command: "RETR".into(),
            name: clipped(&"\u{1f4be}".repeat(4096)),
            direction: Direction::Download,
            bytes: u64::MAX,
            size: None,
            time: Duration::from_secs(9999 * 86_400),
        });
        longest.age = Duration::from_secs(9999 * 86_400);
        let rows = vec![longest; 10];
        let totals = totals(&rows);
        let shown = ftp(rows, &totals, ROWS_ALL, at());
        assert_fits(&shown);
        assert!(shown.len() as u64 / 10 * (ROWS_ALL as u64) < MAX_ANSWER, "{}", shown.len());
    }

    #[test]
    fn names_cannot_forge_lines() {
        let mut row = row(1);
        if let Some(transfer) = &mut row.transfer {
            transfer.name = "A\nZOX0501I END".into();
        }
        row.user = "P\x1b[2J".into();
        let totals = totals(std::slice::from_ref(&row));
        let shown = ftp(vec![row], &totals, ROWS, at());
        assert!(shown.contains("RETR A?ZOX0501I END\n") && shown.contains("user P?[2J"), "{shown}");
    }
}
