//! AES-GCM as a whole-packet cipher: libssh2's table of ciphers with two entries replaced.
//!
//! libssh2 calls an ordinary cipher once per 16 bytes, but has a second path that hands a cipher a whole packet. The
//! linker replaces `ssh2_crypt_methods` (see `build.rs`) by a function that returns a copy of libssh2's table with
//! `aes128-gcm@openssh.com` and `aes256-gcm@openssh.com` (RFC 5647) on that path. The table is built once; if
//! libssh2's entries do not look as this file expects, its own stay in use and [`table_state`] tells why.
//!
//! Called by libssh2, which owns the [`Gcm`] of each direction, and by the check of the seams.

use std::ffi::{CStr, c_char, c_int, c_long, c_uint, c_void};
use std::ptr;
use std::sync::OnceLock;

use libssh2_sys::LIBSSH2_SESSION;
use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use zeroize::Zeroize;

/// Bytes of the packet length, sent in clear and authenticated.
const LENGTH_SIZE: usize = 4;

/// Bytes of the authentication tag.
const TAG_SIZE: usize = 16;

/// Bytes of the nonce: 4 fixed ones and a counter of 8.
const NONCE_SIZE: usize = 12;

/// Block size of AES, to which packets are padded.
const BLOCK_SIZE: u32 = 16;

/// Longest packet that libssh2's receive buffer of 35000 bytes can hold with its length and tag.
const LONGEST_PACKET: u32 = 35_000 - (LENGTH_SIZE + TAG_SIZE) as u32;

/// `SSH2_CRYPT_FLAG_REQUIRES_FULL_PACKET`.
const WHOLE_PACKET: c_long = 4;

/// `SSH2_CRYPT_FLAG_INTEGRATED_MAC | SSH2_CRYPT_FLAG_PKTLEN_AAD`: libssh2's own way with AES-GCM.
const PACKET_IN_BLOCKS: c_long = 1 | 2;

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

/// A copy of `stock`, NULL-ended, with both AES-GCM entries replaced.
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
                table.push(&raw const *Box::leak(Box::new(method.whole_packet())));
            }
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

    fn whole_packet(self) -> Self {
        Self {
            flags: WHOLE_PACKET,
            init: Some(init),
            get_length: Some(get_length),
            crypt: Some(crypt),
            destroy: Some(destroy),
            ..self
        }
    }
}

/// Makes the state of one direction from the keys of a key exchange.
///
/// # Safety
/// Called by libssh2: `method` is one of our entries, `iv` and `secret` have its lengths, the rest may be written.
unsafe extern "C" fn init(
    _session: *mut LIBSSH2_SESSION,
    method: *const CryptMethod,
    iv: *mut u8,
    free_iv: *mut c_int,
    secret: *mut u8,
    free_secret: *mut c_int,
    encrypt: c_int,
    _private_key_file: c_int,
    state: *mut *mut c_void,
) -> c_int {
    // SAFETY: lengths as the entry says, per contract.
    let (key, nonce) = unsafe {
        let key_length = usize::try_from((*method).secret_length).unwrap_or(0);
        (std::slice::from_raw_parts(secret, key_length), &*iv.cast::<[u8; NONCE_SIZE]>())
    };
    let direction = if encrypt != 0 { Direction::Seal } else { Direction::Open };
    let Some(gcm) = Gcm::new(direction, key, nonce) else {
        return FAILED;
    };
    // SAFETY: out parameters, per contract. Both copies are libssh2's to wipe and free.
    unsafe {
        *state = Box::into_raw(Box::new(gcm)).cast();
        *free_iv = 1;
        *free_secret = 1;
    }
    OK
}

/// Reads a packet's length, which travels in clear; it is authenticated only with the packet.
///
/// # Safety
/// Called by libssh2: `available` bytes at `data`, `length` may be written.
unsafe extern "C" fn get_length(
    _session: *mut LIBSSH2_SESSION,
    _sequence: c_uint,
    data: *mut u8,
    available: usize,
    length: *mut c_uint,
    _state: *mut *mut c_void,
) -> c_int {
    // SAFETY: per contract.
    let found = packet_length(unsafe { std::slice::from_raw_parts(data, available) });
    let Some(found) = found else { return FAILED };
    // SAFETY: per contract.
    unsafe { *length = found };
    OK
}

/// Seals or opens one packet in place.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`]. Sending: `length` bytes at `packet` are the length field and the
/// text, and room for the tag follows. Receiving: the length field, `length` bytes of text and the tag are there.
unsafe extern "C" fn crypt(
    _session: *mut LIBSSH2_SESSION,
    _sequence: c_uint,
    packet: *mut u8,
    length: usize,
    state: *mut *mut c_void,
    _first_or_last: c_int,
) -> c_int {
    // SAFETY: null or the state of this direction, used by nobody else during the call.
    let Some(gcm) = (unsafe { (*state).cast::<Gcm>().as_mut() }) else {
        return FAILED;
    };
    let size = match gcm.direction {
        Direction::Seal => length + TAG_SIZE,
        Direction::Open => LENGTH_SIZE + length + TAG_SIZE,
    };
    // SAFETY: that much is there, per contract.
    let packet = unsafe { std::slice::from_raw_parts_mut(packet, size) };
    let done = match gcm.direction {
        Direction::Seal => gcm.seal(packet),
        Direction::Open => gcm.open(packet),
    };
    if done { OK } else { FAILED }
}

/// Ends the state of one direction.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`], or none.
unsafe extern "C" fn destroy(_session: *mut LIBSSH2_SESSION, state: *mut *mut c_void) -> c_int {
    // SAFETY: `state` is null or points to null or to what Box::into_raw gave, which is not used again.
    unsafe {
        if let Some(state) = state.as_mut().filter(|state| !state.is_null()) {
            drop(Box::from_raw(state.cast::<Gcm>()));
            *state = ptr::null_mut();
        }
    }
    OK
}

/// A length that a packet can have: whole blocks, and not more than fits libssh2's buffer, in which a longer packet
/// would wait for room for ever.
fn packet_length(data: &[u8]) -> Option<u32> {
    let length = u32::from_be_bytes(*data.first_chunk()?);
    (length > 0 && length % BLOCK_SIZE == 0 && length <= LONGEST_PACKET).then_some(length)
}

/// Which way packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// To the server.
    Seal,
    /// From the server.
    Open,
}

/// AES-GCM for one direction and the life of its keys (RFC 5647 section 7).
pub(super) struct Gcm {
    context: CipherCtx,
    direction: Direction,
    nonce: [u8; NONCE_SIZE],
}

impl Gcm {
    /// Starts with the key (16 or 32 bytes) and the first nonce of a key exchange.
    pub(super) fn new(direction: Direction, key: &[u8], nonce: &[u8; NONCE_SIZE]) -> Option<Self> {
        let cipher = cipher(key.len())?;
        let mut context = CipherCtx::new().ok()?;
        match direction {
            Direction::Seal => context.encrypt_init(Some(cipher), Some(key), Some(nonce)),
            Direction::Open => context.decrypt_init(Some(cipher), Some(key), Some(nonce)),
        }
        .ok()?;
        Some(Self { context, direction, nonce: *nonce })
    }

    /// `packet`: length field, text, 16 bytes for the tag. Encrypts the text and writes the tag.
    pub(super) fn seal(&mut self, packet: &mut [u8]) -> bool {
        let Some((content, tag)) = packet.split_last_chunk_mut::<TAG_SIZE>() else {
            return false;
        };
        let Some((length, text)) = content.split_first_chunk_mut::<LENGTH_SIZE>() else {
            return false;
        };
        let size = text.len();
        let context = &mut self.context;
        let sealed = context
            .encrypt_init(None, None, Some(&self.nonce))
            .and_then(|()| context.cipher_update(length, None))
            .and_then(|_| context.cipher_update_inplace(text, size))
            .and_then(|_| context.cipher_final(&mut []))
            .and_then(|_| context.tag(tag));
        self.next_nonce();
        sealed.is_ok()
    }

    /// `packet`: length field, text, tag. On success the text stands at the start, where libssh2 looks for it.
    ///
    /// The text is moved after it is decrypted: EVP does not allow source and target to overlap.
    pub(super) fn open(&mut self, packet: &mut [u8]) -> bool {
        let Some((content, tag)) = packet.split_last_chunk_mut::<TAG_SIZE>() else {
            return false;
        };
        let Some((length, text)) = content.split_first_chunk_mut::<LENGTH_SIZE>() else {
            return false;
        };
        let size = text.len();
        let context = &mut self.context;
        let opened = context
            .decrypt_init(None, None, Some(&self.nonce))
            .and_then(|()| context.set_tag(tag))
            .and_then(|()| context.cipher_update(length, None))
            .and_then(|_| context.cipher_update_inplace(text, size))
            .and_then(|_| context.cipher_final(&mut []));
        self.next_nonce();
        if opened.is_err() {
            // What was decrypted but not authenticated must not be seen by anybody.
            text.zeroize();
            return false;
        }
        packet.copy_within(LENGTH_SIZE..LENGTH_SIZE + size, 0);
        true
    }

    /// The last 8 bytes count packets (RFC 5647 section 7.1).
    fn next_nonce(&mut self) {
        if let Some(counter) = self.nonce.last_chunk_mut::<8>() {
            *counter = u64::from_be_bytes(*counter).wrapping_add(1).to_be_bytes();
        }
    }
}

impl Drop for Gcm {
    fn drop(&mut self) {
        // The key is wiped by EVP_CIPHER_CTX_free.
        self.nonce.zeroize();
    }
}

/// The cipher for a key length, fetched once: looking it up costs more than a packet.
fn cipher(key_length: usize) -> Option<&'static CipherRef> {
    static AES_128: OnceLock<Option<Cipher>> = OnceLock::new();
    static AES_256: OnceLock<Option<Cipher>> = OnceLock::new();
    let (place, name) = match key_length {
        16 => (&AES_128, "AES-128-GCM"),
        32 => (&AES_256, "AES-256-GCM"),
        _ => return None,
    };
    place.get_or_init(|| Cipher::fetch(None, name, None).ok()).as_deref()
}

#[cfg(test)]
pub(super) mod tests {
    use std::cell::Cell;

    use super::*;

    thread_local! {
        /// Sessions of this thread negotiate libssh2's own AES-GCM.
        pub(in crate::ssh) static STOCK: Cell<bool> = const { Cell::new(false) };
    }

    const KEY: [u8; 32] = [7; 32];
    const NONCE: [u8; NONCE_SIZE] = [1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    fn pair(key_length: usize) -> (Gcm, Gcm) {
        let make = |direction| Gcm::new(direction, &KEY[..key_length], &NONCE).unwrap();
        (make(Direction::Seal), make(Direction::Open))
    }

    /// Length field, `size` bytes of text, room for the tag.
    fn packet(size: usize) -> Vec<u8> {
        let mut packet = u32::try_from(size).unwrap().to_be_bytes().to_vec();
        packet.extend((0..size).map(|index| index.to_be_bytes()[7]));
        packet.extend([0; TAG_SIZE]);
        packet
    }

    #[test]
    fn packets_come_back_as_they_were_sealed_across_a_wrap_of_the_counter() {
        for key_length in [16, 32] {
            let (mut seal, mut open) = pair(key_length);
            for size in [16, 32, 1024, 32_784] {
                let plain = packet(size);
                let mut sealed = plain.clone();
                assert!(seal.seal(&mut sealed));
                assert_eq!(
                    sealed[..LENGTH_SIZE],
                    plain[..LENGTH_SIZE],
                    "the length stays in clear"
                );
                assert_ne!(sealed[LENGTH_SIZE..], plain[LENGTH_SIZE..]);
                assert!(open.open(&mut sealed));
                assert_eq!(sealed[..size], plain[LENGTH_SIZE..LENGTH_SIZE + size]);
            }
        }
    }

    #[test]
    fn a_changed_byte_anywhere_is_noticed_and_nothing_of_the_text_is_shown() {
        let size = 32;
        for position in 0..LENGTH_SIZE + size + TAG_SIZE {
            let (mut seal, mut open) = pair(16);
            let mut sealed = packet(size);
            assert!(seal.seal(&mut sealed));
            sealed[position] ^= 1;
            assert!(!open.open(&mut sealed), "byte {position}");
            assert!(sealed[LENGTH_SIZE..LENGTH_SIZE + size].iter().all(|&byte| byte == 0));
        }
    }

    #[test]
    fn a_packet_out_of_order_is_refused() {
        let (mut seal, mut open) = pair(16);
        let (mut first, mut second) = (packet(16), packet(16));
        assert!(seal.seal(&mut first) && seal.seal(&mut second));
        assert!(!open.open(&mut second));
    }

    #[test]
    fn lengths_that_no_packet_can_have_are_refused() {
        for length in [0, 1, 15, 17, 34_992, 40_000, u32::MAX] {
            assert_eq!(packet_length(&length.to_be_bytes()), None, "{length}");
        }
        for length in [16_u32, 32, 34_976] {
            assert_eq!(packet_length(&length.to_be_bytes()), Some(length));
        }
        assert_eq!(packet_length(&[0, 0, 0]), None);
    }

    #[test]
    fn the_table_has_both_replacements_and_everything_else_of_libssh2() {
        assert_eq!(table_state(), Ok(()));
        // SAFETY: NULL-ended tables with static entries.
        unsafe {
            let stock = entries(stock_table()).unwrap();
            let ours = entries(__wrap_ssh2_crypt_methods()).unwrap();
            assert_eq!(stock.len(), ours.len());
            for (stock, ours) in stock.into_iter().zip(ours) {
                assert_eq!(CStr::from_ptr((*stock).name), CStr::from_ptr((*ours).name));
                let gcm = CStr::from_ptr((*stock).name).to_bytes().ends_with(b"-gcm@openssh.com");
                assert_eq!(gcm, stock != ours);
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
        assert!(good.whole_packet().expect_stock(good.secret_length).is_err());
    }
}
