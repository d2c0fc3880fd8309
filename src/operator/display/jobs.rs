//! D A,L and `zoxy jobs` as text: jobs and started tasks.

use std::fmt::Write;
use std::time::SystemTime;

use super::{ending, heading, more};
use crate::operator::layout::{age, cell, end_line};
use crate::operator::snapshot::JobRow;

/// Jobs and started tasks, the oldest first; of more than `limit` the newest are shown.
pub fn jobs(display: &str, rows: &[JobRow], limit: usize, at: SystemTime) -> String {
    let shown = &rows[rows.len().saturating_sub(limit)..];
    let mut out = heading(display, at);
    out.push_str("  NUMBER   NAME     CLASS    STATE      STEP              PROGRAM      AGE\n");
    for row in shown {
        let _ = write!(
            out,
            "  {:<8} {:<8.8} {:<8.8} {:<10.10} {:<17.17} {:<8.8} {:>8}",
            row.number,
            cell(&row.name),
            cell(&row.class),
            row.state,
            cell(&row.step),
            cell(&row.program),
            age(row.age),
        );
        end_line(&mut out);
    }
    more(&mut out, rows.len() - shown.len(), "purge some jobs");
    ending(&mut out, display, shown.len(), rows.len());
    out
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    fn row(number: &str, state: &str, step: &str) -> JobRow {
        JobRow {
            number: number.into(),
            name: "NIGHTLY".into(),
            class: String::new(),
            state: state.into(),
            step: step.into(),
            program: "ZOXY".into(),
            age: Duration::from_secs(75),
        }
    }

    #[test]
    fn jobs_as_shown() {
        let rows = [
            row("JOB00001", "CC 0004", ""),
            row("JOB00002", "ABEND S322", "STEPNAME.PROCSTEP"),
            row("STC00003", "ACTIVE", "PROXY"),
        ];
        let at = UNIX_EPOCH + Duration::from_secs(1_795_251_357);
        assert_eq!(
            jobs("A", &rows, 2, at),
            "\
ZOX0500I A at 2026-11-21T08:55:57Z
  NUMBER   NAME     CLASS    STATE      STEP              PROGRAM      AGE
  JOB00002 NIGHTLY  -        ABEND S322 STEPNAME.PROCSTEP ZOXY     00:01:15
  STC00003 NIGHTLY  -        ACTIVE     PROXY             ZOXY     00:01:15
ZOX0502I 1 more, not shown; purge some jobs
ZOX0501I END OF A, 2 OF 3
"
        );
        assert!(jobs("A", &rows, 9, at).lines().all(|line| line.len() <= 80));
    }
}
