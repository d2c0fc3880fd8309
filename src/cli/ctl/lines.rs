//! Commands line by line from something that is no terminal.

use std::io::{BufRead, Read, Write};

use super::Console;
use crate::operator::protocol::MAX_COMMAND;

/// Carries out every line; blank ones and those that begin with `*` are passed over. Returns the
/// worst return code.
pub(super) fn run(console: &Console, mut input: impl BufRead, out: &mut impl Write) -> u8 {
    let mut worst = 0;
    loop {
        let mut line = Vec::new();
        // A line that is too long is told, and its rest read as the next one.
        let read = input.by_ref().take(2 * MAX_COMMAND as u64).read_until(b'\n', &mut line);
        if !read.is_ok_and(|count| count > 0) {
            return worst;
        }
        let line = String::from_utf8_lossy(&line);
        let line = line.trim_matches(['\n', '\r', ' ', '\t']);
        if line.is_empty() || line.starts_with('*') {
            continue;
        }
        let answer = console.enter(line);
        worst = worst.max(answer.rc);
        if out.write_all(answer.text.as_bytes()).and_then(|()| out.flush()).is_err() {
            // Nobody reads the answers.
            return worst;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_carried_out_and_the_worst_code_counts() {
        let console = Console { socket: "/nonexistent/x".into(), is_named: true, json: false };
        let enter = |text: &str| {
            let mut out = Vec::new();
            let rc = run(&console, text.as_bytes(), &mut out);
            (rc, String::from_utf8(out).unwrap())
        };
        assert_eq!(enter(""), (0, String::new()));
        assert_eq!(enter("* a comment\n\n \r\n"), (0, String::new()));
        let (rc, out) = enter("D NOTHING\r\nP\nF LOG\n");
        assert_eq!(rc, 12);
        let ids: Vec<_> = out.lines().map(|line| &line[..8]).collect();
        assert_eq!(ids, ["ZOX0512E", "ZOX0520E", "ZOX0512E"]);
        let (rc, out) = enter("help\n?\n");
        assert!(rc == 0 && out.matches("F REFRESH").count() == 2, "{out}");
        let (rc, out) = enter(&"X".repeat(3 * MAX_COMMAND));
        assert_eq!(rc, 8);
        assert!(out.contains("longer than 256 bytes"), "{out}");
    }
}
