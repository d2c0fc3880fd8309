//! libssh2's calls for ciphers on whole packets: AES-GCM and chacha20-poly1305.
//!
//! libssh2 calls an ordinary cipher once per 16 bytes. Its second path, meant for its own ChaCha20-Poly1305, hands a
//! cipher the whole packet. The keys of a direction are in the session's [`Keying`](super::protection::Keying); what
//! libssh2 keeps as the cipher's state only tells the direction.

use std::ffi::{c_int, c_uint, c_void};

use libssh2_sys::LIBSSH2_SESSION;

use super::chacha::ChaCha;
use super::gcm::Gcm;
use super::keys::{destroy, init};
use super::protection::{Direction, Frame, Keys, LENGTH_SIZE, Protection};
use super::{CryptMethod, FAILED, OK, WHOLE_PACKET, direction_of, keying};

/// An entry of libssh2's table, with our functions. `method.tag_length` is the size of the tag.
pub(super) fn whole_packet(stock: CryptMethod) -> CryptMethod {
    CryptMethod {
        flags: WHOLE_PACKET,
        init: Some(init),
        get_length: Some(get_length),
        crypt: Some(crypt),
        destroy: Some(destroy),
        ..stock
    }
}

/// The keys of one direction: those of chacha20-poly1305, or AES key and nonce.
pub(super) fn keys(direction: Direction, key: &[u8], nonce: &[u8]) -> Option<Keys> {
    let protection = match (<&[u8; ChaCha::KEYS_SIZE]>::try_from(key), nonce.first_chunk()) {
        (Ok(keys), _) => ChaCha::new(keys).map(|chacha| Protection::ChaCha(Box::new(chacha))),
        (_, Some(nonce)) => Gcm::new(direction, key, nonce).map(Protection::Gcm),
        _ => None,
    };
    protection.map(Keys::Whole)
}

/// Reads a packet's length; it is authenticated only with the packet.
///
/// # Safety
/// Called by libssh2: `available` bytes at `data`, `length` may be written.
unsafe extern "C" fn get_length(
    session: *mut LIBSSH2_SESSION,
    _sequence: c_uint,
    data: *mut u8,
    available: usize,
    length: *mut c_uint,
    _state: *mut *mut c_void,
) -> c_int {
    // SAFETY: live session and `available` bytes, per contract; the reference to the Io ends with the block.
    let frame = unsafe {
        let data = std::slice::from_raw_parts(data, available);
        match (keying(session, Direction::Open), data.first_chunk()) {
            (Some(keying), Some(first)) => match (keying.frame(first), &keying.keys) {
                (Frame::Bytes(size), Keys::Whole(whole)) => {
                    size.checked_sub(LENGTH_SIZE + whole.tag_size())
                }
                _ => None,
            },
            _ => None,
        }
    };
    let Some(found) = frame.and_then(|size| c_uint::try_from(size).ok()) else { return FAILED };
    // SAFETY: per contract.
    unsafe { *length = found };
    OK
}

/// Seals or opens one packet in place.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`]. Sending: `length` bytes at `packet` are the length field and the
/// text, and room for the tag follows. Receiving: the length field, `length` bytes of text and the tag are there; the
/// text has to be where the length field was.
unsafe extern "C" fn crypt(
    session: *mut LIBSSH2_SESSION,
    _sequence: c_uint,
    packet: *mut u8,
    length: usize,
    state: *mut *mut c_void,
    _first_or_last: c_int,
) -> c_int {
    // SAFETY: the state is one of ours, per contract.
    let Some(direction) = (unsafe { direction_of(*state) }) else { return FAILED };
    // SAFETY: live session of ours; no other reference to its Io is held during the call.
    let Some(keying) = (unsafe { keying(session, direction) }) else { return FAILED };
    let sequence = keying.sequence;
    let Keys::Whole(protection) = &mut keying.keys else { return FAILED };
    let tag = protection.tag_size();
    let done = match direction {
        Direction::Seal => {
            // SAFETY: that much is there, per contract.
            let packet = unsafe { std::slice::from_raw_parts_mut(packet, length + tag) };
            protection.seal(sequence, packet)
        }
        Direction::Open => {
            let size = LENGTH_SIZE + length + tag;
            // SAFETY: that much is there, per contract.
            let packet = unsafe { std::slice::from_raw_parts_mut(packet, size) };
            let opened = protection.open(sequence, packet);
            packet.copy_within(LENGTH_SIZE..LENGTH_SIZE + length, 0);
            opened
        }
    };
    if done { OK } else { FAILED }
}
