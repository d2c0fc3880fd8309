//! Bytes on their way between the socket and libssh2: received ones, and ones to send.
//!
//! Owned by a session's [`Io`](super::io::Io). Both are bounded: the input is one buffer of fixed size, the output
//! takes no more than [`OUTPUT_LIMIT`].

/// Size of the receive buffer in bytes: several packets for one read of the socket.
pub(in crate::ssh) const RECEIVE_BUFFER: usize = 256 * 1024;

/// Most bytes that may wait to be sent. The caller stops sending long before.
const OUTPUT_LIMIT: usize = 4 * 1024 * 1024;

/// An empty output buffer larger than this is given back.
const OUTPUT_KEPT: usize = 512 * 1024;

/// Received bytes: one buffer for the life of the session, filled at the end, consumed at the front.
pub(in crate::ssh) struct Input {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    end_seen: bool,
    total: u64,
    /// How often room was asked for: what was said of the buffer before holds no more.
    fills: u64,
}

impl Input {
    pub(super) fn new() -> Self {
        let buffer = vec![0; RECEIVE_BUFFER].into_boxed_slice();
        Self { buffer, start: 0, end: 0, ended: false, end_seen: false, total: 0, fills: 0 }
    }

    /// Room for received bytes; empty only when the buffer is full.
    pub(in crate::ssh) fn space(&mut self) -> &mut [u8] {
        self.fills += 1;
        if self.end == self.buffer.len() && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.buffer[self.end..]
    }

    /// The first `count` bytes of the space have been written.
    pub(in crate::ssh) fn filled(&mut self, count: usize) {
        debug_assert!(count <= self.buffer.len() - self.end);
        self.end = (self.end + count).min(self.buffer.len());
        self.total += count as u64;
    }

    /// Bytes not consumed yet.
    pub(in crate::ssh) fn pending(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    pub(super) fn pending_mut(&mut self) -> &mut [u8] {
        &mut self.buffer[self.start..self.end]
    }

    /// Where the pending bytes begin in the buffer.
    pub(super) fn start(&self) -> usize {
        self.start
    }

    /// How often [`Input::space`] was called.
    pub(super) fn fills(&self) -> u64 {
        self.fills
    }

    /// Bytes that were consumed since the last [`Input::space`], by their place in the buffer.
    pub(super) fn consumed(&self, start: usize, length: usize) -> &[u8] {
        self.buffer.get(start..start + length).unwrap_or_default()
    }

    /// Bytes received in all.
    pub(in crate::ssh) fn total(&self) -> u64 {
        self.total
    }

    /// The peer sends no more.
    pub(in crate::ssh) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether [`Input::end`] was called.
    pub(in crate::ssh) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether libssh2 has run into the end of the input.
    pub(in crate::ssh) fn end_seen(&self) -> bool {
        self.end_seen
    }

    /// Whether nothing will come behind what is pending, which is not a whole packet; remembers that it was asked.
    pub(in crate::ssh) fn is_over(&mut self) -> bool {
        self.at_end()
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Asked when nothing is left: whether nothing will come either. Remembers that it was.
    pub(super) fn at_end(&mut self) -> bool {
        self.end_seen |= self.ended;
        self.ended
    }
}

/// Bytes to send: appended by libssh2, taken from the front by the socket's owner.
#[derive(Default)]
pub(in crate::ssh) struct Output {
    buffer: Vec<u8>,
    sent: usize,
    total: u64,
    overflowed: bool,
}

impl Output {
    /// Bytes that wait.
    pub(in crate::ssh) fn pending(&self) -> &[u8] {
        &self.buffer[self.sent..]
    }

    /// Bytes appended in all.
    pub(in crate::ssh) fn total(&self) -> u64 {
        self.total
    }

    /// Whether libssh2 wanted to send more than may wait.
    pub(in crate::ssh) fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// The first `count` bytes that waited are gone.
    ///
    /// What is left moves to the front when it is the smaller part: each byte is moved at most once on average, and
    /// the buffer does not grow while it never empties.
    pub(in crate::ssh) fn sent(&mut self, count: usize) {
        debug_assert!(count <= self.buffer.len() - self.sent);
        self.sent = (self.sent + count).min(self.buffer.len());
        if self.sent == self.buffer.len() {
            self.buffer.clear();
            self.sent = 0;
            if self.buffer.capacity() > OUTPUT_KEPT {
                self.buffer = Vec::new();
            }
        } else if self.sent > self.buffer.len() / 2 {
            self.buffer.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Appends; false: too much waits already.
    pub(super) fn append(&mut self, bytes: &[u8]) -> bool {
        self.append_parts(&[bytes]).is_some()
    }

    /// Appends all parts and gives them back, to be changed in place; None: too much waits already.
    pub(super) fn append_parts(&mut self, parts: &[&[u8]]) -> Option<&mut [u8]> {
        let size: usize = parts.iter().map(|part| part.len()).sum();
        if self.pending().len() + size > OUTPUT_LIMIT {
            self.overflowed = true;
            return None;
        }
        let start = self.buffer.len();
        self.buffer.reserve(size);
        for part in parts {
            self.buffer.extend_from_slice(part);
        }
        self.total += size as u64;
        Some(&mut self.buffer[start..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn input_is_given_back_in_order_however_it_is_split() {
        let mut input = Input::new();
        let (mut next_in, mut next_out) = (0_u32, 0_u32);
        for round in 0..2000_usize {
            let count = (round * 7919 % 9000).min(input.space().len() / 4);
            for place in input.space()[..count * 4].chunks_exact_mut(4) {
                place.copy_from_slice(&next_in.to_be_bytes());
                next_in += 1;
            }
            input.filled(count * 4);
            let taken = input.pending().len() * (round % 3) / 8 * 4;
            for place in input.pending()[..taken].chunks_exact(4) {
                assert_eq!(place, next_out.to_be_bytes());
                next_out += 1;
            }
            input.consume(taken);
        }
        assert!(next_out > 100_000);
        assert_eq!(input.total(), u64::from(next_in) * 4);
    }

    #[test]
    fn output_that_never_empties_does_not_grow() {
        let mut output = Output::default();
        assert!(output.append(&[0; 1000]));
        for _ in 0..10_000 {
            assert!(output.append(&[1; 1000]));
            output.sent(1000);
            assert_eq!(output.pending().len(), 1000);
            assert!(output.buffer.len() <= 3000);
        }
        output.sent(1000);
        assert!(output.pending().is_empty());
    }

    #[test]
    fn output_has_a_limit() {
        let mut output = Output::default();
        let mut appended = 0;
        while output.append(&[0; 32_768]) {
            appended += 32_768;
        }
        assert!(appended <= OUTPUT_LIMIT && output.overflowed());
        assert_eq!(output.pending().len(), appended);
    }
}
