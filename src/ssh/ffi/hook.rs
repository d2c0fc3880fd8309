//! The functions libssh2 calls: memory, bytes in and out, prompts, and every packet that arrives.
//!
//! None of them may panic (that would end the process) and none of them calls libssh2, except that
//! `__wrap_ssh2_packet_add` passes packets on to the function it replaces and reads the session's abstract pointer.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::NonNull;

use libssh2_sys as sys;
use rustix::io::Errno;
use zeroize::Zeroize;

use super::Packet;
use super::io::{Arrival, Io, Phase, number};

/// Type of the SEND callback.
pub(super) type SendFn =
    extern "C" fn(sys::libssh2_socket_t, *const c_void, usize, c_int, *mut *mut c_void) -> isize;

/// Type of the RECV callback.
pub(super) type ReceiveFn =
    extern "C" fn(sys::libssh2_socket_t, *mut c_void, usize, c_int, *mut *mut c_void) -> isize;

/// `SSH2_MAC_CONFIRMED`: the packet's integrity was verified, or there are no keys yet.
const MAC_CONFIRMED: c_int = 0;

unsafe extern "C" {
    fn malloc(size: usize) -> *mut c_void;
    fn realloc(memory: *mut c_void, size: usize) -> *mut c_void;
    pub(super) fn free(memory: *mut c_void);
    fn malloc_usable_size(memory: *mut c_void) -> usize;

    /// The linker's name for libssh2's own `ssh2_packet_add`.
    fn __real_ssh2_packet_add(
        session: *mut sys::LIBSSH2_SESSION,
        data: *mut u8,
        length: usize,
        mac_state: c_int,
        sequence: u32,
    ) -> c_int;
}

/// Every decrypted and decompressed packet passes here: `build.rs` makes the linker replace `ssh2_packet_add` by it.
///
/// Like the original it owns `data`, whatever it returns except EAGAIN.
///
/// # Safety
/// Called by libssh2 only, with a session of [`super::Session`] and `length` bytes at `data`. Contrary to its own comment
/// it calls with a `length` of 0 as well, for a packet that has nothing but padding, and takes that for its message.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_ssh2_packet_add(
    session: *mut sys::LIBSSH2_SESSION,
    data: *mut u8,
    length: usize,
    mac_state: c_int,
    sequence: u32,
) -> c_int {
    // SAFETY: live session; the abstract pointer was set by `Session::new`.
    let io: *mut Io = unsafe { (*sys::libssh2_session_abstract(session)).cast() };
    let buffer = NonNull::new(data).filter(|_| !io.is_null());
    let Some(buffer) = buffer.filter(|_| mac_state == MAC_CONFIRMED) else {
        // SAFETY: the arguments are passed on as they came.
        return unsafe { __real_ssh2_packet_add(session, data, length, mac_state, sequence) };
    };

    // SAFETY: `length` bytes at `data`, per contract; the reference to the Io ends with the block.
    let (kind, arrival, number) = unsafe {
        let message = std::slice::from_raw_parts(data, length);
        (*io).count_received(sequence);
        (message.first().copied().unwrap_or(0), (*io).arrived(message), (*io).last_sequence())
    };
    match arrival {
        Arrival::Take => {
            // SAFETY: the buffer comes from `allocate` and is ours because 0 is returned.
            unsafe { (*io).keep(Packet::from_raw(buffer, length, number)) };
            0
        }
        Arrival::Refuse => {
            // SAFETY: as above; the owner of a packet that is refused frees it.
            unsafe { free(data.cast()) };
            sys::LIBSSH2_ERROR_PROTO
        }
        // SAFETY: as the arguments came; no reference to the Io is held.
        Arrival::Pass => unsafe { pass_on(session, io, buffer, length, kind, sequence) },
    }
}

/// Has libssh2 handle a packet of type `kind`.
///
/// # Safety
/// A live session and its Io, to which no reference is held; `length` bytes at `data` in memory from [`allocate`],
/// which are given up.
unsafe fn pass_on(
    session: *mut sys::LIBSSH2_SESSION,
    io: *mut Io,
    data: NonNull<u8>,
    length: usize,
    kind: u8,
    sequence: u32,
) -> c_int {
    // SAFETY: the caller's promises; the reference to the Io begins after libssh2 has returned.
    unsafe {
        (*io).hold(kind == number::KEXINIT);
        let code = __real_ssh2_packet_add(session, data.as_ptr(), length, MAC_CONFIRMED, sequence);
        (*io).hold(false);
        match (*io).passed(kind, code == super::EAGAIN) {
            true => code,
            false => sys::LIBSSH2_ERROR_KEY_EXCHANGE_FAILURE,
        }
    }
}

/// Hands libssh2 a copy of a packet that was opened without it, as if it had read it: 0, EAGAIN or an error.
///
/// # Safety
/// A live session, to whose Io no reference is held. `message` is not empty.
pub(super) unsafe fn hand_in(
    session: *mut sys::LIBSSH2_SESSION,
    message: &[u8],
    sequence: u32,
) -> c_int {
    // SAFETY: malloc takes any size; as much is copied as was allocated.
    unsafe {
        let io: *mut Io = (*sys::libssh2_session_abstract(session)).cast();
        let Some(data) = NonNull::new(malloc(message.len()).cast::<u8>()) else {
            return sys::LIBSSH2_ERROR_ALLOC;
        };
        std::ptr::copy_nonoverlapping(message.as_ptr(), data.as_ptr(), message.len());
        pass_on(session, io, data, message.len(), message[0], sequence)
    }
}

/// The Io of a session.
///
/// # Safety
/// A live session of [`super::Session`], or one that is being freed; while the reference is used there is no other one.
pub(in crate::ssh) unsafe fn io_of<'a>(session: *mut sys::LIBSSH2_SESSION) -> Option<&'a mut Io> {
    // SAFETY: the abstract pointer was set by `Session::new` and outlives the session.
    unsafe { (*sys::libssh2_session_abstract(session)).cast::<Io>().as_mut() }
}

/// libssh2 turns numbers round before it gives them to OpenSSL, which takes them in the machine's byte order: the crate
/// does not tell it that this machine's is the network's already. Without this, RSA host keys could not be verified.
#[cfg(target_endian = "big")]
#[unsafe(no_mangle)]
extern "C" fn __wrap_ssh2_swap_bytes(_buffer: *mut u8, _length: usize) {}

/// Takes everything libssh2 wants to send, so that it never waits for a socket.
pub(super) extern "C" fn send(
    _socket: sys::libssh2_socket_t,
    buffer: *const c_void,
    length: usize,
    _flags: c_int,
    abstract_: *mut *mut c_void,
) -> isize {
    // SAFETY: `abstract_` points to the session's pointer to its Io; libssh2 gives `length` bytes at `buffer`.
    let taken = unsafe {
        let io: *mut Io = (*abstract_).cast();
        (*io).count_sent();
        (*io).output.append(std::slice::from_raw_parts(buffer.cast(), length))
    };
    match taken {
        true => isize::try_from(length).unwrap_or(isize::MAX),
        false => failure(Errno::NOBUFS),
    }
}

/// Hands libssh2 of what has been received as much as [`Io::for_library`] says; 0 at the end of the input, an error
/// when it cannot be read.
pub(super) extern "C" fn receive(
    _socket: sys::libssh2_socket_t,
    buffer: *mut c_void,
    length: usize,
    _flags: c_int,
    abstract_: *mut *mut c_void,
) -> isize {
    // SAFETY: `abstract_` points to the session's pointer to its Io; `length` bytes at `buffer` may be written (they
    // may be uninitialised, so they are only ever copied to).
    unsafe {
        let io: *mut Io = (*abstract_).cast();
        if (*io).is_held() {
            return failure(Errno::AGAIN);
        }
        let Some(count) = (*io).for_library(length) else {
            return failure(Errno::BADMSG);
        };
        std::ptr::copy_nonoverlapping((*io).input.pending().as_ptr(), buffer.cast(), count);
        (*io).input.consume(count);
        match count {
            0 if length > 0 && !(*io).input.at_end() => failure(Errno::AGAIN),
            count => isize::try_from(count).unwrap_or(isize::MAX),
        }
    }
}

/// Answers the prompts of a keyboard-interactive login (RFC 4256 section 3.2).
pub(super) extern "C" fn answer_prompts(
    _name: *const c_char,
    _name_len: c_int,
    _instruction: *const c_char,
    _instruction_len: c_int,
    count: c_int,
    prompts: *const sys::LIBSSH2_USERAUTH_KBDINT_PROMPT,
    responses: *mut sys::LIBSSH2_USERAUTH_KBDINT_RESPONSE,
    abstract_: *mut *mut c_void,
) {
    for index in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: libssh2 gives `count` prompts and as many zeroed responses; a prompt's text is null or `length`
        // bytes; a response is allocated by our allocator and freed by libssh2 through it.
        unsafe {
            let io: *mut Io = (*abstract_).cast();
            let prompt = &*prompts.add(index);
            let text = match prompt.text.is_null() {
                true => &[][..],
                false => std::slice::from_raw_parts(prompt.text, prompt.length),
            };
            let Some(answer) = (*io).answer(text, prompt.echo != 0) else {
                continue;
            };
            let memory: *mut u8 = malloc(answer.len().max(1)).cast();
            let Some(length) = u32::try_from(answer.len()).ok().filter(|_| !memory.is_null())
            else {
                free(memory.cast());
                continue;
            };
            std::ptr::copy_nonoverlapping(answer.as_ptr(), memory, answer.len());
            let response = &mut *responses.add(index);
            response.text = memory.cast();
            response.length = length;
        }
    }
}

/// libssh2's malloc.
pub(super) extern "C" fn allocate(size: usize, _abstract: *mut *mut c_void) -> *mut c_void {
    #[cfg(test)]
    crate::ssh::counting::count();
    // SAFETY: malloc takes any size.
    unsafe { malloc(size) }
}

/// libssh2's realloc.
pub(super) extern "C" fn reallocate(
    memory: *mut c_void,
    size: usize,
    _abstract: *mut *mut c_void,
) -> *mut c_void {
    // SAFETY: the memory comes from `allocate` or `reallocate`, or is null.
    unsafe { realloc(memory, size) }
}

/// libssh2's free: during login, when it handles passwords and private keys, what it gives back is wiped first.
pub(super) extern "C" fn release(memory: *mut c_void, abstract_: *mut *mut c_void) {
    if memory.is_null() {
        return;
    }
    // SAFETY: the memory comes from `allocate` or `reallocate`, so its whole usable size may be written; `abstract_`
    // points to the session's pointer to its Io. The session itself is freed through here as well: its abstract
    // pointer is read before its memory is touched.
    unsafe {
        let io: *mut Io = (*abstract_).cast();
        if (*io).phase() == Phase::Login {
            let size = malloc_usable_size(memory);
            std::slice::from_raw_parts_mut(memory.cast::<u8>(), size).zeroize();
        }
        free(memory);
    }
}

/// An error as libssh2 expects it of its callbacks: negative errno.
fn failure(error: Errno) -> isize {
    isize::try_from(error.raw_os_error()).map_or(-1, |code| -code)
}
