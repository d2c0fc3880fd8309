//! libssh2 as a machine without sockets: one [`Session`] owns a libssh2 session and the [`Io`] its callbacks work on.
//!
//! libssh2 keeps version exchange, key exchange, login, encryption and compression. Its SEND and RECV callbacks
//! move bytes from and to buffers of ours, and `ssh2_packet_add` is caught by the linker ([`hook`]), so that the
//! packets of the connection protocol come to us. With the ciphers of [`cipher`](super::cipher) these packets do not
//! pass libssh2 at all: they are opened and sealed in those buffers ([`Session::open_packet`]), and libssh2 is given
//! what else arrives, and the bytes of key exchanges. Used by [`transport`](super::transport) and the check of the
//! seams only.
//!
//! Invariants: a session and its `Io` live and die together; nobody holds a reference to the `Io` while libssh2
//! runs (every call takes `&mut self`, the callbacks make their own short-lived ones); from inside a callback nothing of
//! libssh2 is called but the function that was caught and what only reads a field of the session.

mod agreement;
mod allowance;
mod buffers;
mod hook;
mod io;
mod messages;
mod packet;
mod padding;

use std::ffi::{CStr, CString, c_char, c_int, c_long, c_uint, c_void};
use std::ptr::{self, NonNull};

use libssh2_sys as sys;

use agreement::Kind;
pub(super) use agreement::first_common;
pub(super) use hook::io_of;
pub(super) use io::Io;
use io::{Arrival, Opened};
pub(super) use messages::parse_kexinit;
pub use packet::Packet;
use packet::Place;

use super::cipher::Direction;

/// "Call again when there is more input": the only reason, since our SEND callback takes everything.
pub(super) const EAGAIN: c_int = sys::LIBSSH2_ERROR_EAGAIN;

/// The version whose private functions the seams rely on.
pub(super) const PINNED_VERSION: &str = "1.11.2_DEV";

/// A socket number that is never an open descriptor: libssh2 hands it to our callbacks and otherwise only asks
/// whether it blocks. -1 would mean "no socket".
const NO_SOCKET: sys::libssh2_socket_t = -2;

const CALLBACK_SEND: c_int = 5;
const CALLBACK_RECV: c_int = 6;

/// `libssh2_cb_generic`: callbacks of every kind are passed as this one.
type AnyCallback = unsafe extern "C" fn();

// Exported or internal functions of libssh2 that libssh2-sys does not declare.
unsafe extern "C" {
    fn libssh2_version(required: c_int) -> *const c_char;
    fn libssh2_session_callback_set2(
        session: *mut sys::LIBSSH2_SESSION,
        kind: c_int,
        callback: Option<AnyCallback>,
    ) -> Option<AnyCallback>;
    fn ssh2_transport_read(session: *mut sys::LIBSSH2_SESSION) -> c_int;
    fn ssh2_transport_send(
        session: *mut sys::LIBSSH2_SESSION,
        data: *const u8,
        data_len: usize,
        data2: *const u8,
        data2_len: usize,
    ) -> c_int;
}

/// What can be negotiated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub(super) enum Method {
    Kex = sys::LIBSSH2_METHOD_KEX,
    HostKey = sys::LIBSSH2_METHOD_HOSTKEY,
    CipherToServer = sys::LIBSSH2_METHOD_CRYPT_CS,
    CipherToClient = sys::LIBSSH2_METHOD_CRYPT_SC,
    MacToServer = sys::LIBSSH2_METHOD_MAC_CS,
    MacToClient = sys::LIBSSH2_METHOD_MAC_SC,
    CompressionToServer = sys::LIBSSH2_METHOD_COMP_CS,
    CompressionToClient = sys::LIBSSH2_METHOD_COMP_SC,
}

impl Method {
    /// What has to stay as it was agreed on first.
    fn kept(self) -> Option<(Kind, Direction)> {
        match self {
            Self::Kex | Self::HostKey => None,
            Self::CipherToServer => Some((Kind::Cipher, Direction::Seal)),
            Self::CipherToClient => Some((Kind::Cipher, Direction::Open)),
            Self::MacToServer => Some((Kind::Mac, Direction::Seal)),
            Self::MacToClient => Some((Kind::Mac, Direction::Open)),
            Self::CompressionToServer => Some((Kind::Compression, Direction::Seal)),
            Self::CompressionToClient => Some((Kind::Compression, Direction::Open)),
        }
    }
}

/// A libssh2 session with callbacks that work on [`Io`].
pub(super) struct Session {
    raw: NonNull<sys::LIBSSH2_SESSION>,
    io: NonNull<Io>,
}

// SAFETY: libssh2 sessions share nothing with each other and hold no thread-local state; `&mut self` on every call
// keeps one thread at a time on a session. The Io behind the pointer is owned and itself Send.
unsafe impl Send for Session {}

impl Session {
    /// A fresh session, nothing sent. None: out of memory.
    pub(super) fn new() -> Option<Self> {
        sys::init();
        let io = NonNull::from(Box::leak(Box::new(Io::new())));
        // SAFETY: the allocation functions match the types libssh2 asks for; the abstract pointer stays valid until
        // Session is dropped.
        let raw = unsafe {
            sys::libssh2_session_init_ex(
                Some(hook::allocate),
                Some(hook::release),
                Some(hook::reallocate),
                io.as_ptr().cast(),
            )
        };
        let Some(raw) = NonNull::new(raw) else {
            // SAFETY: made by Box::leak above, and no session refers to it.
            drop(unsafe { Box::from_raw(io.as_ptr()) });
            return None;
        };
        // SAFETY: the session is live; the function pointers have the types libssh2 documents for these two kinds and
        // are cast back to them before they are called.
        unsafe {
            sys::libssh2_session_set_blocking(raw.as_ptr(), 0);
            let send = std::mem::transmute::<hook::SendFn, AnyCallback>(hook::send);
            libssh2_session_callback_set2(raw.as_ptr(), CALLBACK_SEND, Some(send));
            let receive = std::mem::transmute::<hook::ReceiveFn, AnyCallback>(hook::receive);
            libssh2_session_callback_set2(raw.as_ptr(), CALLBACK_RECV, Some(receive));
        }
        Some(Self { raw, io })
    }

    /// The buffers and observations of the callbacks.
    pub(super) fn io(&self) -> &Io {
        // SAFETY: the Io lives as long as self; libssh2 runs only under &mut self, so no callback holds a reference.
        unsafe { self.io.as_ref() }
    }

    /// The same, to change.
    pub(super) fn io_mut(&mut self) -> &mut Io {
        // SAFETY: as for `io`, and &mut self excludes other references.
        unsafe { self.io.as_mut() }
    }

    /// Sets the names offered for one method, in order of preference. Not 0: libssh2 knows none of them.
    pub(super) fn prefer(&mut self, method: Method, names: &str) -> c_int {
        let Ok(list) = CString::new(names) else {
            return sys::LIBSSH2_ERROR_INVAL;
        };
        // SAFETY: live session, NUL-ended string that libssh2 copies.
        let code = unsafe {
            sys::libssh2_session_method_pref(self.raw.as_ptr(), method as c_int, list.as_ptr())
        };
        if let (0, Some((kind, direction))) = (code, method.kept()) {
            // libssh2 leaves out what it does not know.
            let known = self.supported(method);
            let names = names.split(',').filter(|name| known.iter().any(|known| known == name));
            let names = names.collect::<Vec<_>>().join(",");
            self.io_mut().agreement.offer(kind, direction, &names);
        }
        code
    }

    /// Offers compression.
    pub(super) fn offer_compression(&mut self) {
        // SAFETY: live session.
        unsafe { sys::libssh2_session_flag(self.raw.as_ptr(), sys::LIBSSH2_FLAG_COMPRESS, 1) };
    }

    /// Names that libssh2 can negotiate for a method.
    pub(super) fn supported(&mut self, method: Method) -> Vec<String> {
        let mut names: *mut *const c_char = ptr::null_mut();
        // SAFETY: live session; libssh2 stores an array of `count` static strings, which is ours to free.
        unsafe {
            let count =
                sys::libssh2_session_supported_algs(self.raw.as_ptr(), method as c_int, &mut names);
            if names.is_null() {
                return Vec::new();
            }
            let count = usize::try_from(count).unwrap_or(0);
            let list = (0..count).map(|index| text(*names.add(index))).collect();
            sys::libssh2_free(self.raw.as_ptr(), names.cast());
            list
        }
    }

    /// The negotiated name of a method; empty before the key exchange.
    pub(super) fn negotiated(&self, method: Method) -> String {
        // SAFETY: live session; the answer is null or a static string. The call changes at most the error text.
        unsafe { text(sys::libssh2_session_methods(self.raw.as_ptr(), method as c_int)) }
    }

    /// Version exchange, key exchange, service request.
    pub(super) fn handshake(&mut self) -> c_int {
        // SAFETY: live session.
        unsafe { sys::libssh2_session_handshake(self.raw.as_ptr(), NO_SOCKET) }
    }

    /// The server's identification line, or the last line before it.
    pub(super) fn banner(&self) -> String {
        // SAFETY: live session; the answer is null or a string owned by the session, copied at once.
        unsafe { text(sys::libssh2_session_banner_get(self.raw.as_ptr())) }
    }

    /// The server's public key blob (RFC 4253 section 6.6), once the key exchange has delivered it.
    pub(super) fn host_key(&self) -> Option<&[u8]> {
        let mut length = 0;
        let mut kind = 0;
        // SAFETY: live session; the blob belongs to it and changes only in calls that take &mut self.
        unsafe {
            let blob = sys::libssh2_session_hostkey(self.raw.as_ptr(), &mut length, &mut kind);
            (!blob.is_null()).then(|| std::slice::from_raw_parts(blob.cast(), length))
        }
    }

    /// Requests method "none" (RFC 4252 section 5.2). 0: answered; see [`Session::authenticated`] and the Io.
    pub(super) fn auth_none(&mut self, user: &str) -> c_int {
        // SAFETY: live session; the user name is copied. The list that is returned stays libssh2's.
        unsafe {
            let list =
                sys::libssh2_userauth_list(self.raw.as_ptr(), user.as_ptr().cast(), length(user));
            if !list.is_null() || self.authenticated() {
                return 0;
            }
            match sys::libssh2_session_last_errno(self.raw.as_ptr()) {
                0 => sys::LIBSSH2_ERROR_PROTO,
                code => code,
            }
        }
    }

    /// Requests method "password" (RFC 4252 section 8).
    pub(super) fn auth_password(&mut self, user: &str, password: &str) -> c_int {
        // SAFETY: live session; both strings are given with their lengths and read during the call only.
        unsafe {
            sys::libssh2_userauth_password_ex(
                self.raw.as_ptr(),
                user.as_ptr().cast(),
                length(user),
                password.as_ptr().cast(),
                length(password),
                None,
            )
        }
    }

    /// Requests method "publickey" (RFC 4252 section 7) with an unencrypted private key file's content.
    pub(super) fn auth_publickey(&mut self, user: &str, private_key: &[u8]) -> c_int {
        // SAFETY: live session; user and key are given with their lengths and read during the call only; a null public
        // key and a null passphrase are allowed.
        unsafe {
            sys::libssh2_userauth_publickey_frommemory(
                self.raw.as_ptr(),
                user.as_ptr().cast(),
                user.len(),
                ptr::null(),
                0,
                private_key.as_ptr().cast(),
                private_key.len(),
                ptr::null(),
            )
        }
    }

    /// Requests method "keyboard-interactive" (RFC 4256); prompts are answered from the Io's password.
    pub(super) fn auth_keyboard(&mut self, user: &str) -> c_int {
        // SAFETY: live session; the user name is read during the call only; the callback has the documented type.
        unsafe {
            sys::libssh2_userauth_keyboard_interactive_ex(
                self.raw.as_ptr(),
                user.as_ptr().cast(),
                length(user),
                Some(hook::answer_prompts),
            )
        }
    }

    /// Whether the server has let us in.
    pub(super) fn authenticated(&self) -> bool {
        // SAFETY: live session, read only.
        unsafe { sys::libssh2_userauth_authenticated(self.raw.as_ptr()) != 0 }
    }

    /// Opens one packet without libssh2, while [`Io::is_direct`]: our own packet, or none if libssh2 has handled it;
    /// [`EAGAIN`] or another code of libssh2 as the error.
    pub(super) fn open_packet(&mut self) -> Result<Option<Packet>, c_int> {
        let io = self.io_mut();
        let (start, length) = match io.open_packet() {
            Opened::Payload { start, length } => (start, length),
            Opened::NeedsInput => return Err(EAGAIN),
            Opened::Damaged => return Err(sys::LIBSSH2_ERROR_DECRYPT),
            Opened::OutOfBounds => return Err(sys::LIBSSH2_ERROR_OUT_OF_BOUNDARY),
        };
        let (fill, sequence) = (io.input.fills(), io.last_sequence());
        match io.arrived_in_input(start, length) {
            Arrival::Take => return Ok(Some(Packet::in_input(start, length, fill, sequence))),
            Arrival::Refuse => return Err(sys::LIBSSH2_ERROR_PROTO),
            Arrival::Pass => {}
        }
        // Rare: a few bytes of a key exchange's beginning, of a farewell or of nothing that matters.
        let message = io.input.consumed(start, length).to_vec();
        // SAFETY: live session; the reference to the Io has ended.
        match unsafe { hook::hand_in(self.raw.as_ptr(), &message, sequence) } {
            0 | EAGAIN => Ok(None),
            code => Err(code),
        }
    }

    /// Frames and seals one packet without libssh2, while [`Io::is_direct`]; false: it could not be.
    pub(super) fn seal_packet(&mut self, header: &[u8], body: &[u8]) -> bool {
        self.io_mut().seal_packet(header, body)
    }

    /// The bytes of a packet of this session.
    pub(super) fn bytes<'a>(&'a self, packet: &'a Packet) -> &'a [u8] {
        match packet.place() {
            Place::Memory(memory) => memory.bytes(),
            Place::Input { start, length, fill } => {
                let input = &self.io().input;
                debug_assert_eq!(*fill, input.fills(), "a packet of an earlier read");
                input.consumed(*start, *length)
            }
        }
    }

    /// Reads one packet: its type, [`EAGAIN`] or an error. Packets that the hook took are in the Io's inbox.
    pub(super) fn read_packet(&mut self) -> c_int {
        // SAFETY: live session.
        unsafe { ssh2_transport_read(self.raw.as_ptr()) }
    }

    /// Sends one packet, header and body one after the other. 0, [`EAGAIN`] during a key exchange, or an error.
    pub(super) fn send_packet(&mut self, header: &[u8], body: &[u8]) -> c_int {
        debug_assert!(!header.is_empty(), "libssh2 reads the message number from the header");
        // SAFETY: live session; both slices are read during the call only.
        unsafe {
            ssh2_transport_send(
                self.raw.as_ptr(),
                header.as_ptr(),
                header.len(),
                body.as_ptr(),
                body.len(),
            )
        }
    }

    /// Sends SSH_MSG_DISCONNECT (RFC 4253 section 11.1). `text`: at most 256 bytes without NUL.
    pub(super) fn disconnect(&mut self, reason: c_int, text: &CStr) -> c_int {
        // SAFETY: live session; NUL-ended strings, copied.
        unsafe {
            sys::libssh2_session_disconnect_ex(
                self.raw.as_ptr(),
                reason,
                text.as_ptr(),
                c"".as_ptr(),
            )
        }
    }

    /// libssh2's text for the last error.
    pub(super) fn error_text(&self) -> String {
        let mut message = ptr::null_mut();
        // SAFETY: live session; with want_buf = 0 the text stays libssh2's, and is copied at once.
        unsafe {
            sys::libssh2_session_last_error(self.raw.as_ptr(), &mut message, ptr::null_mut(), 0);
            text(message)
        }
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: both were made in `new` and are given up here, the session first because freeing it still calls
        // back. It has no channels and no listeners, so it cannot ask to be called again.
        unsafe {
            sys::libssh2_session_free(self.raw.as_ptr());
            drop(Box::from_raw(self.io.as_ptr()));
        }
    }
}

/// The version of the libssh2 that is linked.
pub(super) fn linked_version() -> String {
    // SAFETY: returns a static string for any required version it satisfies; 0 is always satisfied.
    unsafe { text(libssh2_version(0)) }
}

/// A length as libssh2 wants it; longer strings are refused there.
fn length(string: &str) -> c_uint {
    c_uint::try_from(string.len()).unwrap_or(c_uint::MAX)
}

/// Copies a C string; null is empty.
///
/// # Safety
/// `string` is null or points to a NUL-ended string.
unsafe fn text(string: *const c_char) -> String {
    if string.is_null() {
        return String::new();
    }
    // SAFETY: not null, and the caller's promise.
    unsafe { CStr::from_ptr(string) }.to_string_lossy().into_owned()
}

// The table of ciphers depends on these widths.
const _: () = assert!(size_of::<c_long>() == size_of::<*const c_void>());
