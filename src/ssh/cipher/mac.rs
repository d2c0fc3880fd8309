//! libssh2's table of MACs, with functions of our own before its own.
//!
//! They learn the keys: a MAC that is computed over the encrypted packet makes, together with AES-CTR, a protection of
//! whole packets. And they know the packet's number, which libssh2 does not once packets have passed it by. libssh2
//! hands over MAC keys after those of the ciphers, first for sending, then for receiving; AES-GCM has none.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use libssh2_sys::LIBSSH2_SESSION;

use super::etm::{CtrEtm, Hmac};
use super::protection::{Direction, Keys, Mac, Protection};
use super::{FAILED, OK, TABLE_LIMIT, keying};

type Init =
    unsafe extern "C" fn(*mut LIBSSH2_SESSION, *mut u8, *mut c_int, *mut *mut c_void) -> c_int;
type Hash = unsafe extern "C" fn(
    *mut LIBSSH2_SESSION,
    *mut u8,
    u32,
    *const u8,
    usize,
    *const u8,
    usize,
    *mut *mut c_void,
) -> c_int;
type Destroy = unsafe extern "C" fn(*mut LIBSSH2_SESSION, *mut *mut c_void) -> c_int;

/// `struct mac_method` of libssh2 1.11.2_DEV.
#[repr(C)]
#[derive(Clone, Copy)]
struct MacMethod {
    name: *const c_char,
    length: c_int,
    key_length: c_int,
    init: Option<Init>,
    hash: Option<Hash>,
    destroy: Option<Destroy>,
    encrypt_then_mac: c_int,
}

unsafe extern "C" {
    /// The linker's name for libssh2's own `ssh2_mac_methods`.
    fn __real_ssh2_mac_methods() -> *const *const MacMethod;
}

/// The state of one direction, for the life of its keys; owned by libssh2.
struct State {
    stock: &'static MacMethod,
    /// The state of libssh2's own MAC.
    inner: *mut c_void,
    direction: Direction,
}

/// The MACs zoxy offers, by the number of their functions here: name, key length, whether computed over the encrypted
/// packet.
const KNOWN: [(&CStr, c_int, bool); 4] = [
    (c"hmac-sha2-256", 32, false),
    (c"hmac-sha2-256-etm@openssh.com", 32, true),
    (c"hmac-sha2-512", 64, false),
    (c"hmac-sha2-512-etm@openssh.com", 64, true),
];

/// libssh2's table with our entries, and its own entries behind them; or what was not as expected.
struct Table(Result<(Vec<*const MacMethod>, [&'static MacMethod; 4]), String>);

// SAFETY: neither the table nor what it points to is changed after it is built.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

/// The MACs libssh2 may negotiate: takes the place of `ssh2_mac_methods` by the linker's doing.
#[unsafe(no_mangle)]
extern "C" fn __wrap_ssh2_mac_methods() -> *const *const MacMethod {
    match &table().0 {
        Ok((entries, _)) if super::table_state().is_ok() => entries.as_ptr(),
        // SAFETY: takes nothing, returns the address of a static table.
        _ => unsafe { __real_ssh2_mac_methods() },
    }
}

/// Whether libssh2's table looks as expected.
pub(super) fn table_state() -> Result<(), String> {
    table().0.as_ref().map(|_| ()).map_err(Clone::clone)
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    TABLE.get_or_init(|| Table(build()))
}

fn build() -> Result<(Vec<*const MacMethod>, [&'static MacMethod; 4]), String> {
    let mut table = Vec::new();
    let mut stock = [None; KNOWN.len()];
    loop {
        // SAFETY: libssh2's table is NULL-ended, and no entry before this one was NULL; entries are static.
        let entry = unsafe { (*__real_ssh2_mac_methods().add(table.len())).as_ref() };
        let Some(entry) = entry else { break };
        if table.len() == TABLE_LIMIT {
            return Err(format!("more than {TABLE_LIMIT} MACs"));
        }
        // SAFETY: names of entries are static strings.
        let name = unsafe { CStr::from_ptr(entry.name) };
        let Some(index) = KNOWN.iter().position(|(known, ..)| *known == name) else {
            table.push(ptr::from_ref(entry));
            continue;
        };
        let (_, key_length, etm) = KNOWN[index];
        let is_expected = entry.key_length == key_length
            && entry.length == key_length
            && (entry.encrypt_then_mac != 0) == etm
            && matches!((entry.init, entry.hash, entry.destroy), (Some(_), Some(_), Some(_)));
        if !is_expected {
            return Err(format!("{}: not as expected", name.to_string_lossy()));
        }
        let init = [init::<0> as Init, init::<1>, init::<2>, init::<3>][index];
        let ours =
            MacMethod { init: Some(init), hash: Some(hash), destroy: Some(destroy), ..*entry };
        table.push(&raw const *Box::leak(Box::new(ours)));
        stock[index] = Some(entry);
    }
    table.push(ptr::null());
    match stock {
        [Some(a), Some(b), Some(c), Some(d)] => Ok((table, [a, b, c, d])),
        _ => Err("a MAC is missing".into()),
    }
}

/// Takes the key of one direction from a key exchange.
///
/// # Safety
/// Called by libssh2 for the entry of this index in [`KNOWN`]: `key` has its length, the rest may be written.
unsafe extern "C" fn init<const INDEX: usize>(
    session: *mut LIBSSH2_SESSION,
    key: *mut u8,
    free_key: *mut c_int,
    state: *mut *mut c_void,
) -> c_int {
    let Ok((_, stock)) = &table().0 else { return FAILED };
    let (_, key_length, etm) = KNOWN[INDEX];
    let stock = stock[INDEX];
    // SAFETY: live session of ours; each reference to its Io ends with its use.
    let direction = unsafe {
        [Direction::Seal, Direction::Open]
            .into_iter()
            .find(|direction| keying(session, *direction).is_some_and(|keying| keying.mac_due))
    };
    let Some(direction) = direction else { return FAILED };
    // SAFETY: as above.
    let Some(keying) = (unsafe { keying(session, direction) }) else { return FAILED };
    keying.mac_due = false;
    let size = usize::try_from(stock.length).unwrap_or(0);
    keying.mac = Some(Mac { size, encrypt_then_mac: etm });
    if etm && matches!(keying.keys, Keys::Stream(_)) {
        // SAFETY: the key's length, per contract.
        let key =
            unsafe { std::slice::from_raw_parts(key, usize::try_from(key_length).unwrap_or(0)) };
        let Some(mac) = Hmac::new(key) else { return FAILED };
        if let Keys::Stream(stream) = std::mem::replace(&mut keying.keys, Keys::None) {
            let etm = CtrEtm::new(stream, mac);
            keying.keys = Keys::Whole(Protection::CtrEtm(Box::new(etm)));
        }
    }
    let mut inner = ptr::null_mut();
    let Some(stock_init) = stock.init else { return FAILED };
    // SAFETY: arguments as they came, with the place for the state that belongs to the stock function.
    let code = unsafe { stock_init(session, key, free_key, &mut inner) };
    if code == OK {
        // SAFETY: out parameter, per contract.
        unsafe { *state = Box::into_raw(Box::new(State { stock, inner, direction })).cast() };
    }
    code
}

/// The MAC of a packet that libssh2 sends or receives.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`]; the rest is meant for the stock function.
unsafe extern "C" fn hash(
    session: *mut LIBSSH2_SESSION,
    mac: *mut u8,
    sequence: u32,
    packet: *const u8,
    packet_length: usize,
    more: *const u8,
    more_length: usize,
    state: *mut *mut c_void,
) -> c_int {
    // SAFETY: null or the state of this direction, used by nobody else during the call.
    let Some(state) = (unsafe { (*state).cast::<State>().as_mut() }) else { return FAILED };
    let Some(stock_hash) = state.stock.hash else { return FAILED };
    // SAFETY: live session of ours; the reference to its Io ends with its use.
    let number = match unsafe { keying(session, state.direction) } {
        Some(keying) if keying.is_whole() => keying.sequence,
        _ => sequence,
    };
    // SAFETY: arguments as they came, with the state that belongs to the stock function.
    unsafe {
        stock_hash(session, mac, number, packet, packet_length, more, more_length, &mut state.inner)
    }
}

/// Ends the state of one direction.
///
/// # Safety
/// Called by libssh2 with a state made by [`init`], or none.
unsafe extern "C" fn destroy(session: *mut LIBSSH2_SESSION, state: *mut *mut c_void) -> c_int {
    // SAFETY: `state` is null or points to null or to what Box::into_raw gave, which is not used again.
    unsafe {
        if let Some(state) = state.as_mut().filter(|state| !state.is_null()) {
            let mut ended = Box::from_raw(state.cast::<State>());
            *state = ptr::null_mut();
            if let Some(stock_destroy) = ended.stock.destroy {
                return stock_destroy(session, &mut ended.inner);
            }
        }
    }
    OK
}
