//! How displays look: numbers of fixed width, and lines that never exceed [`WIDTH`] columns.

use std::time::Duration;

use crate::message::is_forging;

/// Columns of an operator's screen.
pub(super) const WIDTH: usize = 80;

/// A number of bytes in at most 7 columns: `99999`, `97.7K`, `1023.9M`.
pub(super) fn bytes(count: u64) -> String {
    if count < 100_000 {
        return count.to_string();
    }
    let mut unit = 1024_u64;
    for letter in ['K', 'M', 'G', 'T', 'P'] {
        if count / unit < 1024 {
            let tenths = count % unit * 10 / unit;
            return format!("{}.{tenths}{letter}", count / unit);
        }
        unit = unit.saturating_mul(1024);
    }
    format!("{}E", count >> 60)
}

/// A time span in at most 8 columns: `HH:MM:SS`, from 100 hours on `4d04h`.
pub(super) fn age(span: Duration) -> String {
    let seconds = span.as_secs();
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    if hours < 100 {
        format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
    } else {
        format!("{}d{:02}h", hours / 24, hours % 24)
    }
}

/// Text of a table's cell, which must not be empty and holds nothing that moves the cursor.
pub(super) fn cell(text: &str) -> String {
    if text.is_empty() {
        return "-".to_owned();
    }
    text.chars().map(|c| if is_forging(c) { '?' } else { c }).collect()
}

/// Adds `pieces` to `out`, two blanks between them, on as few lines as hold them.
///
/// The first line goes on from column `at`; each further one begins after `indent` blanks. A piece
/// wider than a whole line is split.
pub(super) fn wrap(out: &mut String, mut at: usize, indent: usize, pieces: &[String]) {
    debug_assert!(indent < WIDTH);
    let mut first_on_line = true;
    for piece in pieces.iter().map(|piece| cell(piece)) {
        let width = piece.chars().count();
        let gap = if first_on_line { 0 } else { 2 };
        if at + gap + width <= WIDTH {
            out.push_str(&" ".repeat(gap));
            at += gap;
        } else if at > indent {
            at = continue_line(out, indent);
        }
        for c in piece.chars() {
            if at == WIDTH {
                at = continue_line(out, indent);
            }
            out.push(c);
            at += 1;
        }
        first_on_line = false;
    }
    end_line(out);
}

/// Ends the line without blanks at its end.
pub(super) fn end_line(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

fn continue_line(out: &mut String, indent: usize) -> usize {
    end_line(out);
    out.push_str(&" ".repeat(indent));
    indent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn byte_counts_stay_narrow() {
        let all = [
            (0, "0"),
            (99_999, "99999"),
            (100_000, "97.6K"),
            (1_048_575, "1023.9K"),
            (1_048_576, "1.0M"),
            (5 << 30, "5.0G"),
            (3 << 40, "3.0T"),
            (1 << 60, "1E"),
            (u64::MAX, "15E"),
        ];
        for (count, text) in all {
            assert_eq!(bytes(count), text);
        }
        for shift in 0..64 {
            assert!(bytes(u64::MAX >> shift).len() <= 7);
        }
    }

    #[test]
    fn ages_stay_narrow() {
        let all = [
            (0, "00:00:00"),
            (3_661, "01:01:01"),
            (359_999, "99:59:59"),
            (360_000, "4d04h"),
            (9999 * 86_400, "9999d00h"),
        ];
        for (seconds, text) in all {
            assert_eq!(age(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn lines_are_wrapped_between_pieces() {
        let mut out = String::from("ab ");
        let pieces = ["x".repeat(40), "y".repeat(35), "z".repeat(9)];
        wrap(&mut out, 3, 4, &pieces);
        let expected = format!("ab {}  {}\n    {}\n", pieces[0], pieces[1], pieces[2]);
        assert_eq!(out, expected);
    }

    #[test]
    fn long_pieces_are_split() {
        for length in [76, 77, 152, 153, 400] {
            let mut out = "    ".to_owned();
            wrap(&mut out, 4, 4, &["x".repeat(length), "y".into()]);
            assert!(out.lines().all(|line| line.len() <= WIDTH), "{out}");
            assert_eq!(out.matches('x').count(), length);
            assert!(out.ends_with("y\n"));
        }
    }

    #[test]
    fn cells_hold_no_control_characters() {
        assert_eq!(cell("a\x1b[2J\n"), "a?[2J?");
        assert_eq!(cell(""), "-");
    }
}
