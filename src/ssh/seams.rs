//! The check, made once when the process starts, that the libssh2 in this binary is the one we reach into.
//!
//! Three of its private functions are caught by the linker, and its private table of ciphers is changed (see
//! `build.rs`). Here each seam is used on a session without keys and without a network, and must do what
//! [`transport`](super::transport) relies on.

use std::fmt;

use super::cipher::{self, Direction, Gcm};
use super::ffi::{self, EAGAIN, Session};
use crate::say;

/// Message numbers used in the check (RFC 4250 section 4.1).
const SSH_MSG_IGNORE: u8 = 2;
const SSH_MSG_CHANNEL_DATA: u8 = 94;

/// A seam that does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SeamError {
    /// Another libssh2 than the pinned one.
    Version {
        /// What the linked one calls itself.
        found: String,
    },
    /// No memory for a session.
    OutOfMemory,
    /// A packet given to the RECV callback did not pass our hook as it should.
    Receive(&'static str),
    /// A packet sent did not reach the SEND callback as it should.
    Send(&'static str),
    /// The AES-GCM of the cipher seam does not work.
    Cipher(&'static str),
}

impl fmt::Display for SeamError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Version { found } => {
                write!(f, "libssh2 {found} is linked, {} is needed", ffi::PINNED_VERSION)
            }
            Self::OutOfMemory => write!(f, "out of memory"),
            Self::Receive(what) => write!(f, "receiving: {what}"),
            Self::Send(what) => write!(f, "sending: {what}"),
            Self::Cipher(what) => write!(f, "AES-GCM: {what}"),
        }
    }
}

impl std::error::Error for SeamError {}

/// Checks every seam. A changed table of ciphers is not an error: libssh2's slower AES-GCM is used, with a message.
pub fn check_seams() -> Result<(), SeamError> {
    let found = ffi::linked_version();
    if found != ffi::PINNED_VERSION {
        return Err(SeamError::Version { found });
    }
    check_receive()?;
    check_send()?;
    check_cipher()?;
    if let Err(reason) = cipher::table_state() {
        say!(CIPHER_STOCK, reason = reason);
    }
    Ok(())
}

/// A packet before login is seen and passed on, one after login is ours.
fn check_receive() -> Result<(), SeamError> {
    let mut session = Session::new().ok_or(SeamError::OutOfMemory)?;
    receive(&mut session, &[SSH_MSG_IGNORE, 0, 0, 0, 0]);
    if session.read_packet() != i32::from(SSH_MSG_IGNORE) {
        return Err(SeamError::Receive("a packet is not read"));
    }
    if session.io().login_packets() != 1 {
        return Err(SeamError::Receive("a packet does not pass the hook"));
    }
    if session.io().has_packet() {
        return Err(SeamError::Receive("a packet before login is taken"));
    }

    let message = [SSH_MSG_CHANNEL_DATA, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3];
    session.io_mut().open(false);
    receive(&mut session, &message);
    if session.read_packet() != i32::from(SSH_MSG_CHANNEL_DATA) {
        return Err(SeamError::Receive("channel data are not read"));
    }
    let taken = session.io_mut().take_packet();
    if taken.as_ref().map(|packet| session.bytes(packet)) != Some(&message) {
        return Err(SeamError::Receive("channel data do not arrive as they were sent"));
    }
    if session.read_packet() != EAGAIN || session.io().has_packet() {
        return Err(SeamError::Receive("a packet arrives twice"));
    }
    Ok(())
}

/// A packet in two parts is framed (RFC 4253 section 6) and appended to our output.
fn check_send() -> Result<(), SeamError> {
    let mut session = Session::new().ok_or(SeamError::OutOfMemory)?;
    let (header, body) = ([SSH_MSG_IGNORE, 0, 0, 0, 3], [7, 8, 9]);
    if session.send_packet(&header, &body) != 0 {
        return Err(SeamError::Send("a packet is not sent"));
    }
    let payload = [&header[..], &body].concat();
    let output = session.io().output.pending();
    match unframe(output) {
        Some(found) if found == payload => Ok(()),
        _ => Err(SeamError::Send("the output is not the packet that was sent")),
    }
}

/// A sealed packet is not its plain text, opens to it, and does not open once a bit has changed.
fn check_cipher() -> Result<(), SeamError> {
    for key in [&[3; 16][..], &[5; 32]] {
        let nonce = [9; 12];
        let both = (Gcm::new(Direction::Seal, key, &nonce), Gcm::new(Direction::Open, key, &nonce));
        let (Some(mut seal), Some(mut open)) = both else {
            return Err(SeamError::Cipher("cannot be set up"));
        };
        let mut plain = vec![0, 0, 0, 32];
        plain.extend(1..=32);
        plain.extend([0; 16]);
        for tamper in [false, true] {
            let mut packet = plain.clone();
            if !seal.seal(&mut packet) || packet[4..36] == plain[4..36] {
                return Err(SeamError::Cipher("does not encrypt"));
            }
            packet[20] ^= u8::from(tamper);
            match (open.open(&mut packet), tamper) {
                (true, false) if packet[4..36] == plain[4..36] => {}
                (false, true) => {}
                (true, true) => return Err(SeamError::Cipher("opens a changed packet")),
                _ => return Err(SeamError::Cipher("does not decrypt what it encrypted")),
            }
        }
    }
    Ok(())
}

/// Puts an unencrypted packet into the session's input.
fn receive(session: &mut Session, payload: &[u8]) {
    let packet = frame(payload);
    let input = &mut session.io_mut().input;
    input.space()[..packet.len()].copy_from_slice(&packet);
    input.filled(packet.len());
}

/// RFC 4253 section 6, without keys: length, padding length, payload, padding.
fn frame(payload: &[u8]) -> Vec<u8> {
    let padding = 4 + (8 - (payload.len() + 9) % 8) % 8;
    let length = u32::try_from(1 + payload.len() + padding).unwrap_or(0);
    let mut packet = length.to_be_bytes().to_vec();
    packet.push(u8::try_from(padding).unwrap_or(4));
    packet.extend_from_slice(payload);
    packet.resize(packet.len() + padding, 0);
    packet
}

/// The payload of the one unencrypted packet in `packet`.
fn unframe(packet: &[u8]) -> Option<&[u8]> {
    let (length, rest) = packet.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (&padding, content) = rest.split_first()?;
    let payload = length.checked_sub(1 + usize::from(padding))?;
    (rest.len() == length && packet.len() % 8 == 0 && padding >= 4).then_some(())?;
    content.get(..payload)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_seams_of_this_build_hold() {
        assert_eq!(check_seams(), Ok(()));
        assert_eq!(cipher::table_state(), Ok(()));
    }

    #[test]
    fn framing_is_undone_by_unframing() {
        for size in 1..40 {
            let payload = vec![5; size];
            assert_eq!(unframe(&frame(&payload)), Some(&payload[..]), "{size}");
        }
    }
}
