//! libssh2's calls for AES-CTR, block by block: during login and key exchanges, and with a MAC that is not
//! encrypt-then-MAC.
//!
//! As in `whole`, the key stream is in the session's keying, so that packets handled without libssh2 go on where
//! libssh2 has stopped. A packet whose length is no whole number of blocks is refused here, for the reason given in
//! `guard`.

use std::ffi::{c_int, c_uint, c_void};

use libssh2_sys::LIBSSH2_SESSION;

use super::etm::Ctr;
use super::guard::{FIRST_BLOCK, encrypts_then_macs, read_length};
use super::keys::{destroy, init};
use super::protection::{Direction, Keys, LENGTH_SIZE, Protection};
use super::{CryptMethod, FAILED, OK, direction_of, keying};

/// Bytes of an AES block.
const BLOCK_SIZE: usize = 16;

/// An entry of libssh2's table, with our functions.
pub(super) fn key_stream(stock: CryptMethod) -> CryptMethod {
    CryptMethod { init: Some(init), crypt: Some(crypt), destroy: Some(destroy), ..stock }
}

/// The keys of one direction: AES key and first counter.
pub(super) fn keys(direction: Direction, key: &[u8], counter: &[u8]) -> Option<Keys> {
    let counter = counter.first_chunk::<BLOCK_SIZE>()?;
    Ctr::new(direction, key, counter).map(Keys::Stream)
}

/// Encrypts or decrypts one block, or a few.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`] and `size` bytes at `block`. The first block of a received packet
/// under encrypt-then-MAC stands behind the packet's length field.
unsafe extern "C" fn crypt(
    session: *mut LIBSSH2_SESSION,
    _sequence: c_uint,
    block: *mut u8,
    size: usize,
    state: *mut *mut c_void,
    first_or_last: c_int,
) -> c_int {
    // SAFETY: the state is one of ours, per contract.
    let Some(direction) = (unsafe { direction_of(*state) }) else { return FAILED };
    let first =
        direction == Direction::Open && first_or_last & FIRST_BLOCK != 0 && size >= LENGTH_SIZE;
    // SAFETY: live session, read only.
    let length_in_clear = first && unsafe { encrypts_then_macs(session) };
    // SAFETY: per contract the length field stands before the block.
    if length_in_clear && !is_blocks(unsafe { read_length(block.sub(LENGTH_SIZE)) }, 0) {
        return FAILED;
    }
    // SAFETY: live session of ours; no other reference to its Io is held during the call.
    let Some(keying) = (unsafe { keying(session, direction) }) else { return FAILED };
    let stream = match &mut keying.keys {
        Keys::Stream(stream) => stream,
        Keys::Whole(Protection::CtrEtm(etm)) => &mut etm.stream,
        _ => return FAILED,
    };
    // SAFETY: `size` bytes at `block`, per contract.
    if !stream.crypt(unsafe { std::slice::from_raw_parts_mut(block, size) }) {
        return FAILED;
    }
    if !first || length_in_clear {
        return OK;
    }
    // SAFETY: the decrypted block begins with the length field.
    let length = unsafe { read_length(block) };
    keying.revealed = Some(length);
    if is_blocks(length, LENGTH_SIZE) { OK } else { FAILED }
}

/// Whether a packet of this length, with `extra` encrypted bytes before it, is whole blocks.
fn is_blocks(length: u32, extra: usize) -> bool {
    length > 0 && (u64::from(length) + extra as u64) % BLOCK_SIZE as u64 == 0
}
