//! Cuts a control connection into lines.
//!
//! A line ends with LF, usually CR LF. CR NUL is not an end: it is how a carriage return travels
//! inside of a pathname (RFC 2640 section 3.1). A line is handed out whole, with the end it came
//! with, so that it can be passed on byte for byte.
//!
//! Invariants: a line is at most `limit` bytes, its end included; of a longer one nothing is kept
//! and its rest is skipped, whatever its length. Bytes that were handed out or moved are wiped.

use std::fmt::{self, Debug, Display};

use zeroize::{Zeroize, Zeroizing};

/// Longest line of commands, in bytes, its end included.
pub const LINE_LIMIT: usize = 4096;

/// Longest line of a reply, in bytes, its end included. A reply may have any number of lines.
pub const REPLY_LINE_LIMIT: usize = 8192;

/// Bytes on their way to become lines.
///
/// Holds what was pushed until it is taken: who pushes has to look at [`Self::waiting`] when lines
/// are not taken at once.
pub struct LineBuffer {
    /// `bytes[start..]` waits, what is before was taken and is zero.
    bytes: Zeroizing<Vec<u8>>,
    start: usize,
    /// There is no LF in `bytes[start..searched]`.
    searched: usize,
    limit: usize,
    /// Of a line over the limit: bytes are dropped up to its LF.
    is_skipping: bool,
}

impl LineBuffer {
    /// For commands: lines up to [`LINE_LIMIT`].
    pub fn of_commands() -> Self {
        Self::with_limit(LINE_LIMIT)
    }

    /// For replies: lines up to [`REPLY_LINE_LIMIT`].
    pub fn of_replies() -> Self {
        Self::with_limit(REPLY_LINE_LIMIT)
    }

    fn with_limit(limit: usize) -> Self {
        let bytes = Zeroizing::new(Vec::new());
        Self { bytes, start: 0, searched: 0, limit, is_skipping: false }
    }

    /// Adds bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        let mut bytes = bytes;
        if self.is_skipping {
            let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else { return };
            bytes = &bytes[end + 1..];
            self.is_skipping = false;
        }
        self.make_room(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes the next line, None if there is no whole one.
    ///
    /// [`TooLong`] comes once for a line, as soon as it is over the limit; the next one is the line
    /// after it.
    pub fn next_line(&mut self) -> Option<Result<Line, TooLong>> {
        let found = self.bytes[self.searched..].iter().position(|byte| *byte == b'\n');
        let Some(offset) = found else {
            self.searched = self.bytes.len();
            if self.waiting() <= self.limit {
                return None;
            }
            self.consume(self.bytes.len());
            self.is_skipping = true;
            return Some(Err(TooLong { limit: self.limit }));
        };
        let end = self.searched + offset + 1;
        let line = &self.bytes[self.start..end];
        let result = if line.len() > self.limit {
            Err(TooLong { limit: self.limit })
        } else {
            Ok(Line { bytes: Zeroizing::new(line.to_vec()) })
        };
        self.consume(end);
        Some(result)
    }

    /// Number of bytes pushed and not yet taken.
    pub fn waiting(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// The bytes pushed and not yet taken: whole lines, and the begin of one.
    pub fn peek(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    fn consume(&mut self, end: usize) {
        self.bytes[self.start..end].zeroize();
        self.start = end;
        self.searched = end;
        if end == self.bytes.len() {
            self.bytes.clear();
            self.start = 0;
            self.searched = 0;
            if self.bytes.capacity() > LARGEST_IDLE {
                self.bytes = Zeroizing::new(Vec::new());
            }
        }
    }

    /// Makes room for `count` bytes at the end, without leaving copies behind as a growing vector
    /// would.
    fn make_room(&mut self, count: usize) {
        if self.bytes.capacity() - self.bytes.len() >= count {
            return;
        }
        let waiting = self.waiting();
        if self.bytes.capacity() - waiting >= count {
            let start = self.start;
            self.bytes.copy_within(start.., 0);
            self.bytes[waiting..].zeroize();
            self.bytes.truncate(waiting);
        } else {
            let capacity = (waiting + count).max(2 * self.bytes.capacity()).max(FIRST_CAPACITY);
            let mut bytes = Zeroizing::new(Vec::with_capacity(capacity));
            bytes.extend_from_slice(&self.bytes[self.start..]);
            self.bytes = bytes;
        }
        self.searched -= self.start;
        self.start = 0;
    }
}

impl Debug for LineBuffer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LineBuffer({} bytes waiting)", self.waiting())
    }
}

/// One line with its end; wiped when dropped, since it may be a PASS.
#[derive(Clone, PartialEq, Eq)]
pub struct Line {
    /// Up to the limit of its buffer; the last byte is LF.
    bytes: Zeroizing<Vec<u8>>,
}

impl Line {
    /// One that did not come from anywhere; it has to end with LF.
    pub fn new(bytes: Vec<u8>) -> Self {
        debug_assert!(bytes.ends_with(b"\n"));
        Self { bytes: Zeroizing::new(bytes) }
    }

    /// The line as it came, with its end.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The line without LF and the carriage returns before it (some senders write CR CR LF).
    pub fn text(&self) -> &[u8] {
        let mut text = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        while let Some(shorter) = text.strip_suffix(b"\r") {
            text = shorter;
        }
        text
    }
}

impl Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({} bytes)", self.bytes.len())
    }
}

/// A line is over the limit of its buffer. Nothing of it was kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong {
    /// The limit in bytes, line end included.
    pub limit: usize,
}

impl Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a line is longer than {} bytes", self.limit)
    }
}

impl std::error::Error for TooLong {}

/// What the first push allocates at least, in bytes: most commands fit.
const FIRST_CAPACITY: usize = 256;

/// What an empty buffer keeps allocated at most, in bytes: control connections are idle for long.
const LARGEST_IDLE: usize = 4096;

#[cfg(test)]
mod tests {
    use super::*;

    /// All lines there are now; None for one that is too long.
    fn drain(buffer: &mut LineBuffer) -> Vec<Option<Vec<u8>>> {
        let mut lines = Vec::new();
        while let Some(line) = buffer.next_line() {
            lines.push(line.ok().map(|line| line.bytes().to_vec()));
        }
        lines
    }

    fn line(bytes: &[u8]) -> Line {
        let mut buffer = LineBuffer::of_commands();
        buffer.push(bytes);
        buffer.next_line().unwrap().unwrap()
    }

    #[test]
    fn lines_keep_the_end_they_came_with() {
        let mut buffer = LineBuffer::of_commands();
        buffer.push(b"A\r\nB\n\nC\r\0D\r\nE");
        let lines: Vec<&[u8]> = vec![b"A\r\n", b"B\n", b"\n", b"C\r\0D\r\n"];
        assert_eq!(drain(&mut buffer).iter().flatten().collect::<Vec<_>>(), lines);
        assert_eq!((buffer.peek(), buffer.waiting()), (&b"E"[..], 1));
        assert!(buffer.next_line().is_none());
        buffer.push(b"\n");
        assert_eq!(drain(&mut buffer), [Some(b"E\n".to_vec())]);
        assert_eq!(buffer.waiting(), 0);
    }

    #[test]
    fn the_text_is_without_the_end() {
        assert_eq!(line(b"PASS x \r\n").text(), b"PASS x ");
        assert_eq!(line(b"PASS x\n").text(), b"PASS x");
        assert_eq!(line(b"PASS x\r\r\n").text(), b"PASS x");
        assert_eq!(line(b"a\rb\n").text(), b"a\rb");
        assert_eq!(line(b"\r\n").text(), b"");
    }

    #[test]
    fn a_line_at_the_limit_is_one_and_a_longer_one_is_not() {
        for (limit, make) in [
            (LINE_LIMIT, LineBuffer::of_commands as fn() -> LineBuffer),
            (REPLY_LINE_LIMIT, LineBuffer::of_replies),
        ] {
            let mut buffer = make();
            let longest = [vec![b'a'; limit - 1], b"\n".to_vec()].concat();
            buffer.push(&longest);
            buffer.push(b"b");
            buffer.push(&longest);
            buffer.push(b"c\n");
            assert_eq!(drain(&mut buffer), [Some(longest), None, Some(b"c\n".to_vec())]);
        }
    }

    #[test]
    fn every_split_gives_the_same_lines() {
        let input = b"a\n12345678\n123456789\n\r\nzzzzzzzzzzzzzzzzzzzzzzzzzzzz\nb\n1234567890";
        let expected = {
            let mut buffer = LineBuffer::with_limit(9);
            buffer.push(input);
            drain(&mut buffer)
        };
        assert_eq!(expected.iter().filter(|line| line.is_none()).count(), 3);
        assert_eq!(expected.len(), 7);
        for first in 0..=input.len() {
            for second in first..=input.len() {
                let mut buffer = LineBuffer::with_limit(9);
                let mut lines = Vec::new();
                for piece in [&input[..first], &input[first..second], &input[second..]] {
                    buffer.push(piece);
                    lines.extend(drain(&mut buffer));
                }
                assert_eq!(lines, expected, "split at {first} and {second}");
            }
        }
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_memory_than_the_limit() {
        let mut buffer = LineBuffer::of_commands();
        let mut too_long = 0;
        for _ in 0..1000 {
            buffer.push(&[b'x'; 1000]);
            too_long += drain(&mut buffer).len();
            assert!(buffer.waiting() <= LINE_LIMIT);
            assert!(buffer.bytes.capacity() <= 2 * (LINE_LIMIT + 1000));
        }
        assert_eq!(too_long, 1);
        buffer.push(b"\nNOOP\n");
        assert_eq!(drain(&mut buffer), [Some(b"NOOP\n".to_vec())]);
    }

    #[test]
    fn an_idle_buffer_is_small() {
        let mut buffer = LineBuffer::of_replies();
        buffer.push(&b"226 done\r\n".repeat(1000));
        assert_eq!(drain(&mut buffer).len(), 1000);
        assert!(buffer.bytes.capacity() <= LARGEST_IDLE);
    }

    #[test]
    fn what_was_taken_is_wiped() {
        let mut buffer = LineBuffer::of_commands();
        buffer.push(b"PASS hunter2\r\nNOOP\r\n");
        assert_eq!(buffer.next_line().unwrap().unwrap().text(), b"PASS hunter2");
        assert_eq!(buffer.bytes[..buffer.start], [0; 14]);
        assert_eq!(buffer.peek(), b"NOOP\r\n");
        let free = buffer.bytes.capacity() - buffer.bytes.len();
        buffer.push(&vec![b'y'; free + 1]);
        assert!(buffer.peek().starts_with(b"NOOP\r\nyy"));
        assert_eq!(buffer.start, 0, "what waited was moved over what was taken");
    }

    #[test]
    fn lines_survive_being_moved_to_the_front() {
        let (mut buffer, mut sent, mut taken) = (LineBuffer::of_replies(), Vec::new(), Vec::new());
        for number in 0..2000 {
            // One line and the begin of the next, so that something always waits.
            let piece = format!("{number} text\r\n213-{}", "x".repeat(number % 90));
            sent.extend_from_slice(piece.as_bytes());
            buffer.push(piece.as_bytes());
            taken.extend(drain(&mut buffer).into_iter().flatten().flatten());
            assert!(buffer.bytes[..buffer.start].iter().all(|byte| *byte == 0));
            assert!(buffer.bytes.capacity() <= 1024);
        }
        taken.extend_from_slice(buffer.peek());
        assert!(taken == sent);
    }

    #[test]
    fn content_is_not_shown() {
        let mut buffer = LineBuffer::of_commands();
        buffer.push(b"PASS hunter2\r\n");
        assert_eq!(format!("{buffer:?}"), "LineBuffer(14 bytes waiting)");
        assert_eq!(format!("{:?}", buffer.next_line()), "Some(Ok(Line(14 bytes)))");
    }
}
