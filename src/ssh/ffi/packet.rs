//! One decrypted packet in the memory libssh2 allocated for it.

use std::fmt;
use std::ops::Deref;
use std::ptr::NonNull;

use super::hook;

/// One packet of the connection protocol: message number first (RFC 4254 section 9), padding removed.
///
/// It may outlive its session; its memory is given back when it is dropped.
pub struct Packet {
    data: NonNull<u8>,
    length: usize,
    sequence: u32,
}

// SAFETY: owns its memory alone, and the allocator that takes it back is thread-safe.
unsafe impl Send for Packet {}

impl Packet {
    /// Takes over a buffer.
    ///
    /// # Safety
    /// `data` points to `length` initialised bytes, allocated by [`hook::allocate`] or [`hook::reallocate`], and nobody
    /// else uses or frees them.
    pub(super) unsafe fn from_raw(data: NonNull<u8>, length: usize, sequence: u32) -> Self {
        Self { data, length, sequence }
    }

    /// The server's packet sequence number, for SSH_MSG_UNIMPLEMENTED.
    pub(in crate::ssh) fn sequence(&self) -> u32 {
        self.sequence
    }
}

impl Deref for Packet {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        // SAFETY: promised to `from_raw`.
        unsafe { std::slice::from_raw_parts(self.data.as_ptr(), self.length) }
    }
}

impl Drop for Packet {
    fn drop(&mut self) {
        // SAFETY: promised to `from_raw`: ours alone, from this allocator.
        unsafe { hook::free(self.data.as_ptr().cast()) };
    }
}

impl fmt::Debug for Packet {
    /// Number and length only: what is inside belongs to the clients.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Packet({}, {} bytes)", self.first().copied().unwrap_or(0), self.length)
    }
}
