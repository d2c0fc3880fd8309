//! What both ends of the console socket agree on.
//!
//! A Unix stream socket. The client sends one line: a command in printable ASCII, ended by a line
//! feed, at most [`MAX_COMMAND`] bytes with it. The server sends the lines of the answer, then a
//! last line `RC n` with the return code, and closes. An answer without that last line was broken
//! off. One connection carries one command, so `D STATUS` can be sent by any tool that speaks to
//! Unix sockets.

use std::time::Duration;

/// Longest command line, in bytes, its line feed included.
pub const MAX_COMMAND: usize = 256;

/// The environment variable that names the folder of the job that runs zoxy: there zoxy leaves the
/// path of its console, for commands that name the job.
pub const TASK_VARIABLE: &str = "ZOXY_TASK";

/// The link in that folder that leads to the console.
pub const TASK_CONSOLE: &str = "work/console";

/// Most consoles at once.
pub const MAX_CONSOLES: usize = 8;

/// Longest answer, in bytes; what a display can become at most is far below.
pub const MAX_ANSWER: u64 = 32 << 20;

/// How long a console may take to send its line, the engine to answer it, and the console to take
/// the answer: each for itself.
pub const TIME_LIMIT: Duration = Duration::from_secs(10);

/// What has been read of a command line so far.
#[derive(Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// The line feed is missing yet.
    Incomplete,
    /// A whole line, without its end.
    Line(&'a str),
    /// No line feed within [`MAX_COMMAND`] bytes.
    TooLong,
    /// Not printable ASCII.
    NotText,
}

/// Looks for a command line in what has been received. What follows the line is ignored.
pub fn request(received: &[u8]) -> Request<'_> {
    let (line, complete) = match received.iter().position(|&byte| byte == b'\n') {
        Some(end) => (&received[..end], true),
        None => (received, false),
    };
    let too_long = line.len() >= MAX_COMMAND;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let printable = line.iter().all(|&byte| byte == b'\t' || (b' '..=b'~').contains(&byte));
    match std::str::from_utf8(line) {
        _ if too_long => Request::TooLong,
        Ok(line) if printable && complete => Request::Line(line),
        Ok(_) if printable => Request::Incomplete,
        _ => Request::NotText,
    }
}

/// The bytes of an answer: its text, line end added where it is missing, and the return code.
pub fn answer(text: &str, rc: u8) -> Vec<u8> {
    let mut answer = String::with_capacity(text.len() + 8);
    answer.push_str(text);
    if !text.is_empty() && !text.ends_with('\n') {
        answer.push('\n');
    }
    answer.push_str(&format!("RC {rc}\n"));
    answer.into_bytes()
}

/// Takes a whole answer apart: its text and the return code; None if it was broken off.
pub fn split_answer(answer: &[u8]) -> Option<(&[u8], u8)> {
    let body = answer.strip_suffix(b"\n")?;
    let start = body.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    let rc = std::str::from_utf8(&body[start..]).ok()?.strip_prefix("RC ")?;
    Some((&answer[..start], rc.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_taken_whole_or_not_at_all() {
        let line = b"D STATUS\n";
        for end in 0..line.len() {
            assert_eq!(request(&line[..end]), Request::Incomplete, "{end}");
        }
        assert_eq!(request(line), Request::Line("D STATUS"));
        assert_eq!(request(b"D STATUS\r\nmore"), Request::Line("D STATUS"));
        assert_eq!(request(b"\n"), Request::Line(""));
    }

    #[test]
    fn lines_have_a_limit() {
        let mut long = vec![b'A'; MAX_COMMAND - 1];
        assert_eq!(request(&long), Request::Incomplete);
        long.push(b'\n');
        assert!(matches!(request(&long), Request::Line(_)));
        long.insert(0, b'A');
        assert_eq!(request(&long), Request::TooLong);
        assert_eq!(request(&[b'A'; MAX_COMMAND]), Request::TooLong);
    }

    #[test]
    fn only_printable_text_is_a_line() {
        for bytes in [&b"D\0\n"[..], b"\xc4\x40\xe2", b"D \x1b[2J\n", "D Ä\n".as_bytes()] {
            assert_eq!(request(bytes), Request::NotText, "{bytes:?}");
        }
        assert_eq!(request(b"D\tSTATUS\n"), Request::Line("D\tSTATUS"));
    }

    #[test]
    fn an_answer_comes_back() {
        let sent = answer("first\nRC 8\nlast", 4);
        assert_eq!(split_answer(&sent), Some((&b"first\nRC 8\nlast\n"[..], 4)));
        assert_eq!(split_answer(&answer("", 12)), Some((&b""[..], 12)));
    }

    #[test]
    fn a_broken_answer_has_no_return_code() {
        for broken in [&b""[..], b"text\n", b"text\nRC", b"text\nRC 0", b"RC x\n", b"RC 300\n"] {
            assert_eq!(split_answer(broken), None, "{broken:?}");
        }
    }

    #[test]
    fn an_empty_answer_is_a_return_code() {
        assert_eq!(answer("", 0), b"RC 0\n");
    }
}
