//! libssh2's table of ciphers, with entries of our own.
//!
//! The linker replaces `ssh2_crypt_methods` (see `build.rs`) by a function that returns a changed copy of the table:
//!
//! | entries | become |
//! |---|---|
//! | `aes128-gcm@openssh.com`, `aes256-gcm@openssh.com` | AES-GCM on whole packets ([`gcm`]) |
//! | ciphers on blocks (CTR, CBC) | libssh2's own behind a check of the packet's length ([`guard`]) |
//! | `chacha20-poly1305@openssh.com` | libssh2's own, as it is |
//!
//! The table is built once. If libssh2's does not look as this file expects, it stays in use unchanged, and
//! [`table_state`] tells why. Called by libssh2 and by the check of the seams.

mod gcm;
mod guard;

use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use std::ptr;
use std::sync::OnceLock;

use libssh2_sys::LIBSSH2_SESSION;

pub(super) use gcm::{Direction, Gcm};

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

/// Whether AES-GCM runs on whole packets; otherwise what in libssh2's table was not as expected.
pub(super) fn table_state() -> Result<(), String> {
    table().0.as_ref().map(|_| ()).map_err(Clone::clone)
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    // SAFETY: libssh2's table is NULL-ended.
    TABLE.get_or_init(|| Table(unsafe { entries(stock_table()) }.and_then(replace)))
}

fn stock_table() -> *const *const CryptMethod {
    // SAFETY: takes nothing, returns the address of a static table.
    unsafe { __real_ssh2_crypt_methods() }
}

/// A copy of `stock`, NULL-ended, with the entries of the module comment replaced.
fn replace(stock: Vec<*const CryptMethod>) -> Result<Vec<*const CryptMethod>, String> {
    let mut missing = vec![("aes128-gcm@openssh.com", 16), ("aes256-gcm@openssh.com", 32)];
    let mut table = Vec::with_capacity(stock.len() + 1);
    for entry in stock {
        // SAFETY: an entry of libssh2's table: static, with a static name.
        let (method, name) = unsafe { (*entry, CStr::from_ptr((*entry).name)) };
        match missing.iter().position(|(wanted, _)| name.to_bytes() == wanted.as_bytes()) {
            Some(place) => {
                let (name, key_length) = missing.swap_remove(place);
                method.expect_stock(key_length).map_err(|what| format!("{name}: {what}"))?;
                table.push(&raw const *Box::leak(Box::new(gcm::whole_packet(method))));
            }
            // SAFETY: an entry of libssh2's table.
            None if method.flags == BLOCKS => table.push(unsafe { guard::guarded(entry) }?),
            None => table.push(entry),
        }
    }
    if !missing.is_empty() {
        return Err(format!("an entry is missing: {missing:?}"));
    }
    table.push(ptr::null());
    Ok(table)
}

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
    /// Checks everything about a stock AES-GCM entry that this file relies on.
    fn expect_stock(&self, key_length: c_int) -> Result<(), String> {
        let numbers = [self.block_size, self.iv_length, self.secret_length, self.tag_length];
        let expected = [16, 12, key_length, 16];
        if numbers != expected {
            return Err(format!("sizes {numbers:?}, expected {expected:?}"));
        }
        if self.flags != PACKET_IN_BLOCKS {
            return Err(format!("flags {}, expected {PACKET_IN_BLOCKS}", self.flags));
        }
        let functions = (self.init, self.get_length, self.crypt, self.destroy);
        match functions {
            (Some(_), None, Some(_), Some(_)) => Ok(()),
            _ => Err("functions not as expected".into()),
        }
    }
}

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
                let gcm = CStr::from_ptr((*stock).name).to_bytes().ends_with(b"-gcm@openssh.com");
                let chacha = (*stock).flags == WHOLE_PACKET;
                assert_eq!(chacha, stock == ours, "only this one stays as it is");
                assert_eq!(gcm, (*stock).expect_stock((*stock).secret_length).is_ok());
                assert_eq!(gcm, (*stock).flags == PACKET_IN_BLOCKS);
            }
        }
    }

    #[test]
    fn an_entry_that_looks_different_is_not_replaced() {
        // SAFETY: a NULL-ended table with static entries.
        let stock = unsafe { entries(stock_table()).unwrap() };
        // SAFETY: entries of that table.
        let good = stock.into_iter().map(|entry| unsafe { *entry });
        let good = good.into_iter().find(|method| method.flags == PACKET_IN_BLOCKS).unwrap();
        assert!(good.expect_stock(good.secret_length).is_ok());
        assert!(good.expect_stock(24).is_err());
        assert!(CryptMethod { flags: 4, ..good }.expect_stock(good.secret_length).is_err());
        assert!(CryptMethod { tag_length: 0, ..good }.expect_stock(good.secret_length).is_err());
        assert!(CryptMethod { crypt: None, ..good }.expect_stock(good.secret_length).is_err());
        assert!(gcm::whole_packet(good).expect_stock(good.secret_length).is_err());
    }
}
