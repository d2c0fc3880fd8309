//! libssh2's calls that begin and end the keys of one direction, for the ciphers whose keys are in the session's
//! [`Keying`](super::protection::Keying): those of `whole` and `blocks`. What libssh2 keeps as the cipher's state only
//! tells the direction.

use std::ffi::{c_int, c_void};

use libssh2_sys::LIBSSH2_SESSION;

use super::protection::{Direction, Keys, Protection};
use super::{
    CryptMethod, FAILED, OK, WHOLE_PACKET, blocks, forget_keys, new_keys, state_of, whole,
};

/// Takes the keys of one direction from a key exchange.
///
/// # Safety
/// Called by libssh2: `method` is one of our entries, `iv` and `secret` have its lengths, the rest may be written.
pub(super) unsafe extern "C" fn init(
    session: *mut LIBSSH2_SESSION,
    method: *const CryptMethod,
    iv: *mut u8,
    free_iv: *mut c_int,
    secret: *mut u8,
    free_secret: *mut c_int,
    encrypt: c_int,
    private_key_file: c_int,
    state: *mut *mut c_void,
) -> c_int {
    if private_key_file != 0 {
        return FAILED;
    }
    let direction = if encrypt != 0 { Direction::Seal } else { Direction::Open };
    // SAFETY: lengths as the entry says, per contract.
    let (key, nonce, flags) = unsafe {
        let size = |length: c_int| usize::try_from(length).unwrap_or(0);
        (
            std::slice::from_raw_parts(secret, size((*method).secret_length)),
            std::slice::from_raw_parts(iv, size((*method).iv_length)),
            (*method).flags,
        )
    };
    let keys = match flags {
        WHOLE_PACKET => whole::keys(direction, key, nonce),
        _ => blocks::keys(direction, key, nonce),
    };
    let Some(keys) = keys else { return FAILED };
    // One is negotiated beside chacha20-poly1305 too, and not used.
    let mac_due = !matches!(keys, Keys::Whole(Protection::Gcm(_)));
    // SAFETY: live session of ours and out parameters, per contract; no other reference to its Io is held. libssh2
    // wipes and frees its copies of the keys.
    unsafe {
        new_keys(session, direction, keys, mac_due);
        *state = state_of(direction);
        *free_iv = 1;
        *free_secret = 1;
    }
    OK
}

/// Ends the keys of one direction.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`], or none.
pub(super) unsafe extern "C" fn destroy(
    session: *mut LIBSSH2_SESSION,
    state: *mut *mut c_void,
) -> c_int {
    // SAFETY: per contract; the Io outlives the session.
    unsafe { forget_keys(session, state) };
    OK
}
