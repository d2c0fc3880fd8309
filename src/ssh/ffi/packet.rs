//! One decrypted packet: where it was opened in the input, or in memory that libssh2 allocated for it.

use std::fmt;
use std::ptr::NonNull;

use super::hook;

/// One packet of the connection protocol: message number first (RFC 4254 section 9), padding removed. Its bytes are
/// had from the transport it came from, until that is given room for more input.
pub struct Packet {
    place: Place,
    sequence: u32,
}

/// Where the bytes of a packet are.
pub(super) enum Place {
    /// In the session's input buffer, filled for the `fill`th time.
    Input { start: usize, length: usize, fill: u64 },
    /// In memory of its own.
    Memory(Memory),
}

/// Memory that libssh2 has allocated, given back when dropped.
pub(super) struct Memory {
    data: NonNull<u8>,
    length: usize,
}

// SAFETY: owns its memory alone, and the allocator that takes it back is thread-safe.
unsafe impl Send for Memory {}

impl Packet {
    /// A packet that was opened where it was received.
    pub(super) fn in_input(start: usize, length: usize, fill: u64, sequence: u32) -> Self {
        Self { place: Place::Input { start, length, fill }, sequence }
    }

    /// Takes over a buffer.
    ///
    /// # Safety
    /// `data` points to `length` initialised bytes, allocated by [`hook::allocate`] or [`hook::reallocate`], and nobody
    /// else uses or frees them.
    pub(super) unsafe fn from_raw(data: NonNull<u8>, length: usize, sequence: u32) -> Self {
        Self { place: Place::Memory(Memory { data, length }), sequence }
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// The server's packet sequence number, for SSH_MSG_UNIMPLEMENTED.
    pub(in crate::ssh) fn sequence(&self) -> u32 {
        self.sequence
    }
}

impl Memory {
    pub(super) fn bytes(&self) -> &[u8] {
        // SAFETY: promised to `from_raw`.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.length) }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        // SAFETY: promised to `from_raw`: ours alone, from this allocator.
        unsafe { hook::free(self.data.as_ptr().cast()) };
    }
}

impl fmt::Debug for Packet {
    /// Only the length: what is inside belongs to the clients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let length = match &self.place {
            Place::Input { length, .. } => *length,
            Place::Memory(memory) => memory.length,
        };
        write!(f, "Packet({length} bytes)")
    }
}
