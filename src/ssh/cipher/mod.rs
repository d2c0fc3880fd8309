//! Ciphers: libssh2's tables with entries of our own, and what stands behind them.
//!
//! The linker replaces `ssh2_crypt_methods` (see `build.rs`) by a function that returns a changed copy of the table:
//!
//! | entries | become |
//! |---|---|
//! | `aes128-gcm@openssh.com`, `aes256-gcm@openssh.com` | AES-GCM on whole packets (`whole`, `gcm`) |
//! | `chacha20-poly1305@openssh.com` | OpenSSL's, on whole packets (`whole`, `chacha`) |
//! | AES-CTR | OpenSSL's key stream (`blocks`); with an encrypt-then-MAC HMAC (`mac`) a cipher on whole packets (`etm`) |
//! | AES-CBC | libssh2's own behind a check of the packet's length (`guard`) |
//!
//! The keys live in the session's Io ([`protection`]), so that `ffi` can handle packets without libssh2. The tables are
//! built once. If libssh2's do not look as these files expect, they stay in use unchanged, and [`table_state`] tells
//! why. Called by libssh2, by `ffi` and by the check of the seams.

mod blocks;
mod chacha;
mod etm;
mod gcm;
mod guard;
mod keys;
mod mac;
mod protection;
mod whole;

use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use std::ptr;
use std::sync::OnceLock;

use libssh2_sys::LIBSSH2_SESSION;

use super::ffi::io_of;
pub(super) use chacha::ChaCha;
pub(super) use etm::{Ctr, CtrEtm, Hmac};
pub(super) use gcm::Gcm;
pub(super) use protection::{
    Direction, FIRST_BLOCK_SIZE, Frame, Keying, Keys, LENGTH_SIZE, Protection,
};

/// `SSH2_CRYPT_FLAG_REQUIRES_FULL_PACKET`.
const WHOLE_PACKET: c_long = 4;

/// `SSH2_CRYPT_FLAG_INTEGRATED_MAC | SSH2_CRYPT_FLAG_PKTLEN_AAD`: libssh2's own way with AES-GCM.
const PACKET_IN_BLOCKS: c_long = 1 | 2;

/// No flags: a cipher on blocks with a MAC beside it.
const BLOCKS: c_long = 0;

/// More entries than libssh2's table will ever have.
const TABLE_LIMIT: usize = 64;

/// What libssh2's functions return for success and failure.
const OK: c_int = 0;
const FAILED: c_int = 1;

type Init = unsafe extern "C" fn(
    *mut LIBSSH2_SESSION,
    *const CryptMethod,
    *mut u8,
    *mut c_int,
    *mut u8,
    *mut c_int,
    c_int,
    c_int,
    *mut *mut c_void,
) -> c_int;
type GetLength = unsafe extern "C" fn(
    *mut LIBSSH2_SESSION,
    c_uint,
    *mut u8,
    usize,
    *mut c_uint,
    *mut *mut c_void,
) -> c_int;
type Crypt = unsafe extern "C" fn(
    *mut LIBSSH2_SESSION,
    c_uint,
    *mut u8,
    usize,
    *mut *mut c_void,
    c_int,
) -> c_int;
type Destroy = unsafe extern "C" fn(*mut LIBSSH2_SESSION, *mut *mut c_void) -> c_int;

/// `struct crypt_method` of libssh2 1.11.2_DEV.
#[repr(C)]
#[derive(Clone, Copy)]
struct CryptMethod {
    name: *const c_char,
    pem_annotation: *const c_char,
    block_size: c_int,
    iv_length: c_int,
    secret_length: c_int,
    tag_length: c_int,
    flags: c_long,
    init: Option<Init>,
    get_length: Option<GetLength>,
    crypt: Option<Crypt>,
    destroy: Option<Destroy>,
    evp_cipher: *const c_void,
}

unsafe extern "C" {
    /// The linker's name for libssh2's own `ssh2_crypt_methods`.
    fn __real_ssh2_crypt_methods() -> *const *const CryptMethod;
}

/// libssh2's table with our entries, or what was not as expected in it.
///
/// NULL-ended; points to libssh2's entries and to ours, all of which live as long as the process.
struct Table(Result<Vec<*const CryptMethod>, String>);

// SAFETY: neither the table nor what it points to is changed after it is built.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

/// The ciphers libssh2 may negotiate: takes the place of `ssh2_crypt_methods` by the linker's doing.
#[unsafe(no_mangle)]
extern "C" fn __wrap_ssh2_crypt_methods() -> *const *const CryptMethod {
    match &table().0 {
        #[cfg(test)]
        _ if tests::STOCK.get() => stock_table(),
        Ok(entries) => entries.as_ptr(),
        Err(_) => stock_table(),
    }
}

/// Whether libssh2's own ciphers are in use.
pub(super) fn is_stock() -> bool {
    #[cfg(test)]
    if tests::STOCK.get() {
        return true;
    }
    table_state().is_err()
}

/// Whether AES-GCM runs on whole packets; otherwise what in libssh2's table was not as expected.
pub(super) fn table_state() -> Result<(), String> {
    table().0.as_ref().map(|_| ()).map_err(Clone::clone)
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| {
        // SAFETY: libssh2's table is NULL-ended.
        let stock = unsafe { entries(stock_table()) };
        Table(mac::table_state().and(stock).and_then(replace))
    })
}

fn stock_table() -> *const *const CryptMethod {
    // SAFETY: takes nothing, returns the address of a static table.
    unsafe { __real_ssh2_crypt_methods() }
}

/// A copy of `stock`, NULL-ended, with the entries of the module comment replaced.
fn replace(stock: Vec<*const CryptMethod>) -> Result<Vec<*const CryptMethod>, String> {
    let mut missing = EXPECTED.to_vec();
    let mut table = Vec::with_capacity(stock.len() + 1);
    for entry in stock {
        // SAFETY: an entry of libssh2's table: static, with a static name.
        let (method, name) = unsafe { (*entry, CStr::from_ptr((*entry).name)) };
        let Some(place) = missing.iter().position(|expected| expected.name == name) else {
            match method.flags {
                // SAFETY: an entry of libssh2's table.
                BLOCKS => table.push(unsafe { guard::guarded(entry) }?),
                _ => table.push(entry),
            }
            continue;
        };
        let expected = missing.swap_remove(place);
        method.expect(&expected).map_err(|what| format!("{}: {what}", name.to_string_lossy()))?;
        let ours = match expected.flags {
            BLOCKS => blocks::key_stream(method),
            _ => whole::whole_packet(method),
        };
        table.push(&raw const *Box::leak(Box::new(ours)));
    }
    if let Some(expected) = missing.first() {
        return Err(format!("{} is missing", expected.name.to_string_lossy()));
    }
    table.push(ptr::null());
    Ok(table)
}

/// What an entry of libssh2's must be like to be replaced.
#[derive(Clone, Copy)]
struct Expected {
    name: &'static CStr,
    /// Block, nonce, key and tag, in bytes.
    sizes: [c_int; 4],
    flags: c_long,
    /// Whether it has a function that reads the length.
    reads_length: bool,
}

/// The entries that are replaced.
const EXPECTED: [Expected; 6] = {
    const fn expected(name: &'static CStr, sizes: [c_int; 4], flags: c_long) -> Expected {
        Expected { name, sizes, flags, reads_length: flags == WHOLE_PACKET }
    }
    [
        expected(c"aes128-gcm@openssh.com", [16, 12, 16, 16], PACKET_IN_BLOCKS),
        expected(c"aes256-gcm@openssh.com", [16, 12, 32, 16], PACKET_IN_BLOCKS),
        expected(c"chacha20-poly1305@openssh.com", [8, 0, 64, 16], WHOLE_PACKET),
        expected(c"aes128-ctr", [16, 16, 16, 0], BLOCKS),
        expected(c"aes192-ctr", [16, 16, 24, 0], BLOCKS),
        expected(c"aes256-ctr", [16, 16, 32, 0], BLOCKS),
    ]
};

/// Copies the pointers of a NULL-ended table.
///
/// # Safety
/// `table` is a NULL-ended array.
unsafe fn entries(table: *const *const CryptMethod) -> Result<Vec<*const CryptMethod>, String> {
    let mut found = Vec::new();
    while found.len() < TABLE_LIMIT {
        // SAFETY: all before this one were not NULL.
        let entry = unsafe { *table.add(found.len()) };
        if entry.is_null() {
            return Ok(found);
        }
        found.push(entry);
    }
    Err(format!("more than {TABLE_LIMIT} entries"))
}

impl CryptMethod {
    /// Checks everything about a stock entry that these files rely on.
    fn expect(&self, expected: &Expected) -> Result<(), String> {
        let sizes = [self.block_size, self.iv_length, self.secret_length, self.tag_length];
        if sizes != expected.sizes {
            return Err(format!("sizes {sizes:?}, expected {:?}", expected.sizes));
        }
        if self.flags != expected.flags {
            return Err(format!("flags {}, expected {}", self.flags, expected.flags));
        }
        let has_all = matches!((self.init, self.crypt, self.destroy), (Some(_), Some(_), Some(_)));
        if !has_all || self.get_length.is_some() != expected.reads_length {
            return Err("functions not as expected".into());
        }
        Ok(())
    }
}

/// The keys of one direction of a session.
///
/// # Safety
/// A live session of [`Session`](super::ffi); while the reference is used there is no other one to its Io.
unsafe fn keying<'a>(
    session: *mut LIBSSH2_SESSION,
    direction: Direction,
) -> Option<&'a mut Keying> {
    // SAFETY: the caller's promise.
    unsafe { io_of(session) }.map(|io| io.keying(direction))
}

/// A key exchange has ended in these keys; `mac_due`: a MAC key will follow.
///
/// # Safety
/// As for [`keying`].
unsafe fn new_keys(session: *mut LIBSSH2_SESSION, direction: Direction, keys: Keys, mac_due: bool) {
    // SAFETY: the caller's promise.
    if let Some(io) = unsafe { io_of(session) } {
        io.new_keys(direction, keys, mac_due);
    }
}

/// libssh2 gives up the keys of a direction.
///
/// # Safety
/// As for [`keying`]; `state` is null or points to null or to what [`state_of`] gave.
unsafe fn forget_keys(session: *mut LIBSSH2_SESSION, state: *mut *mut c_void) {
    // SAFETY: the caller's promises.
    unsafe {
        let Some(state) = state.as_mut() else { return };
        let direction = direction_of(std::mem::replace(state, ptr::null_mut()));
        if let Some(keying) = direction.and_then(|direction| keying(session, direction)) {
            keying.keys = Keys::None;
        }
    }
}

/// What libssh2 keeps for us as the state of a cipher: it only tells the direction.
fn state_of(direction: Direction) -> *mut c_void {
    let place = match direction {
        Direction::Seal => &SEAL,
        Direction::Open => &OPEN,
    };
    ptr::from_ref(place).cast_mut().cast()
}

/// The direction of what [`state_of`] gave.
fn direction_of(state: *mut c_void) -> Option<Direction> {
    [Direction::Seal, Direction::Open].into_iter().find(|direction| state_of(*direction) == state)
}

/// Two places that cannot be the same.
static SEAL: u8 = 0;
static OPEN: u8 = 1;

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// Sessions of this thread negotiate libssh2's own AES-GCM.
        pub(in crate::ssh) static STOCK: Cell<bool> = const { Cell::new(false) };
    }

    #[test]
    fn the_table_has_every_name_of_libssh2_in_its_order() {
        assert_eq!(table_state(), Ok(()));
        // SAFETY: NULL-ended tables with static entries.
        unsafe {
            let stock = entries(stock_table()).unwrap();
            let ours = entries(__wrap_ssh2_crypt_methods()).unwrap();
            assert_eq!(stock.len(), ours.len());
            for (stock, ours) in stock.into_iter().zip(ours) {
                assert_eq!(CStr::from_ptr((*stock).name), CStr::from_ptr((*ours).name));
                assert_ne!(stock, ours, "every entry is ours");
            }
        }
    }

    #[test]
    fn an_entry_that_looks_different_is_not_replaced() {
        // SAFETY: a NULL-ended table with static entries.
        let stock = unsafe { entries(stock_table()).unwrap() };
        for expected in &EXPECTED {
            // SAFETY: entries of that table.
            let methods = stock.iter().map(|entry| unsafe { **entry });
            // SAFETY: names are static strings.
            let is_it = |m: &CryptMethod| unsafe { CStr::from_ptr(m.name) } == expected.name;
            let good = methods.into_iter().find(is_it).unwrap();
            assert!(good.expect(expected).is_ok());
            assert!(CryptMethod { flags: 8, ..good }.expect(expected).is_err());
            assert!(CryptMethod { tag_length: 1, ..good }.expect(expected).is_err());
            assert!(CryptMethod { crypt: None, ..good }.expect(expected).is_err());
        }
    }

    #[test]
    fn a_state_tells_its_direction() {
        for direction in [Direction::Seal, Direction::Open] {
            assert_eq!(direction_of(state_of(direction)), Some(direction));
        }
        assert_eq!(direction_of(ptr::null_mut()), None);
    }
}
