//! AES-CBC, libssh2's own, behind a check that libssh2 lacks.
//!
//! libssh2 asserts that a packet is a whole number of blocks. With these ciphers the length that it computes from may be
//! anybody's: without an encrypt-then-MAC the first block is believed before the MAC is checked, so that one bit changed
//! on the way would end the process, and with one a server can do it on purpose. Here such a packet is a packet that
//! cannot be decrypted. The cipher itself is libssh2's.

use std::ffi::{CStr, c_int, c_uint, c_void};
use std::ptr;

use libssh2_sys::{self as sys, LIBSSH2_SESSION};

use super::protection::{Direction, Keys, LENGTH_SIZE};
use super::{CryptMethod, FAILED, OK, keying, new_keys};

/// `FIRST_BLOCK`: the call is for the first block of a packet.
pub(super) const FIRST_BLOCK: c_int = 1;

/// One of our entries with the one of libssh2 behind it.
#[repr(C)]
struct Entry {
    /// First, so that a pointer to it is one to the whole.
    method: CryptMethod,
    stock: &'static CryptMethod,
}

/// The state of one direction, for the life of its keys; owned by libssh2.
struct Guard {
    stock: &'static CryptMethod,
    /// The state of libssh2's own cipher.
    inner: *mut c_void,
    /// Packets from the server come through here.
    receives: bool,
}

/// The entry to put in place of `stock`, which lives as long as the process.
///
/// # Safety
/// `stock` is an entry of libssh2's table.
pub(super) unsafe fn guarded(stock: *const CryptMethod) -> Result<*const CryptMethod, String> {
    // SAFETY: the entries of the table are static.
    let stock: &'static CryptMethod = unsafe { &*stock };
    match (stock.init, stock.get_length, stock.crypt, stock.destroy) {
        (Some(_), None, Some(_), Some(_)) if stock.block_size >= 8 => {}
        _ => return Err("a cipher on blocks is not as expected".into()),
    }
    let method =
        CryptMethod { init: Some(init), crypt: Some(crypt), destroy: Some(destroy), ..*stock };
    Ok((&raw const *Box::leak(Box::new(Entry { method, stock }))).cast())
}

/// Starts libssh2's cipher and puts a guard before it.
///
/// # Safety
/// Called by libssh2: `method` is one of our entries, the rest is meant for the stock function.
unsafe extern "C" fn init(
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
    // SAFETY: our entries with this function are the first field of an Entry.
    let stock = unsafe { (*method.cast::<Entry>()).stock };
    let Some(stock_init) = stock.init else { return FAILED };
    let mut inner = ptr::null_mut();
    // SAFETY: arguments as they came, with the entry and the place for the state that belong to the stock function.
    let code = unsafe {
        stock_init(
            session,
            stock,
            iv,
            free_iv,
            secret,
            free_secret,
            encrypt,
            private_key_file,
            &mut inner,
        )
    };
    if code == OK {
        let receives = encrypt == 0 && private_key_file == 0;
        if private_key_file == 0 {
            let direction = if receives { Direction::Open } else { Direction::Seal };
            // SAFETY: live session of ours, per contract; no other reference to its Io is held.
            unsafe { new_keys(session, direction, Keys::Foreign, true) };
        }
        let guard = Box::new(Guard { stock, inner, receives });
        // SAFETY: out parameter, per contract.
        unsafe { *state = Box::into_raw(guard).cast() };
    }
    code
}

/// Encrypts or decrypts one block, or a few; refuses a packet of a length that is not whole blocks.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`] and `size` bytes at `block`. The first block of a received packet
/// under encrypt-then-MAC stands behind the packet's length field.
unsafe extern "C" fn crypt(
    session: *mut LIBSSH2_SESSION,
    sequence: c_uint,
    block: *mut u8,
    size: usize,
    state: *mut *mut c_void,
    first_or_last: c_int,
) -> c_int {
    // SAFETY: null or the state of this direction, used by nobody else during the call.
    let Some(guard) = (unsafe { (*state).cast::<Guard>().as_mut() }) else { return FAILED };
    let Some(stock_crypt) = guard.stock.crypt else { return FAILED };
    let first = guard.receives && first_or_last & FIRST_BLOCK != 0 && size >= LENGTH_SIZE;
    // SAFETY: live session, read only; the state of the negotiation is what libssh2 goes by as well.
    let length_in_clear = first && unsafe { encrypts_then_macs(session) };

    // SAFETY: per contract the length field stands before the block.
    if length_in_clear && !guard.accepts(unsafe { read_length(block.sub(LENGTH_SIZE)) }, 0) {
        return FAILED;
    }
    // SAFETY: arguments as they came, with the state that belongs to the stock function.
    let code =
        unsafe { stock_crypt(session, sequence, block, size, &mut guard.inner, first_or_last) };
    if code != OK || !first || length_in_clear {
        return code;
    }
    // SAFETY: the decrypted block begins with the length field.
    let length = unsafe { read_length(block) };
    // SAFETY: live session of ours; no other reference to its Io is held during the call.
    if let Some(keying) = unsafe { keying(session, Direction::Open) } {
        keying.revealed = Some(length);
    }
    if guard.accepts(length, LENGTH_SIZE) { OK } else { FAILED }
}

/// Ends the state of one direction.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`], or none.
unsafe extern "C" fn destroy(session: *mut LIBSSH2_SESSION, state: *mut *mut c_void) -> c_int {
    // SAFETY: `state` is null or points to null or to what Box::into_raw gave, which is not used again.
    unsafe {
        if let Some(state) = state.as_mut().filter(|state| !state.is_null()) {
            let mut guard = Box::from_raw(state.cast::<Guard>());
            *state = ptr::null_mut();
            if let Some(stock_destroy) = guard.stock.destroy {
                return stock_destroy(session, &mut guard.inner);
            }
        }
    }
    OK
}

impl Guard {
    /// Whether a packet of this length, with `extra` encrypted bytes before it, is whole blocks.
    fn accepts(&self, length: u32, extra: usize) -> bool {
        let block_size = u64::try_from(self.stock.block_size).unwrap_or(1);
        length > 0 && (u64::from(length) + extra as u64) % block_size == 0
    }
}

/// Whether the MAC from the server is computed over the encrypted packet.
///
/// # Safety
/// `session` is live.
pub(super) unsafe fn encrypts_then_macs(session: *mut LIBSSH2_SESSION) -> bool {
    // SAFETY: live session; the name is null or a static string.
    let name = unsafe { sys::libssh2_session_methods(session, sys::LIBSSH2_METHOD_MAC_SC) };
    // SAFETY: checked for null, static.
    !name.is_null() && unsafe { CStr::from_ptr(name) }.to_bytes().ends_with(b"-etm@openssh.com")
}

/// The length field at `place`.
///
/// # Safety
/// Four bytes at `place` can be read.
pub(super) unsafe fn read_length(place: *const u8) -> u32 {
    // SAFETY: the caller's promise; an array of bytes needs no alignment.
    u32::from_be_bytes(unsafe { *place.cast::<[u8; LENGTH_SIZE]>() })
}
