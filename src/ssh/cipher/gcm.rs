//! AES-GCM (RFC 5647) on whole packets.

use std::sync::OnceLock;

use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use zeroize::Zeroize;

use super::protection::{Direction, LENGTH_SIZE};

/// Bytes of the authentication tag.
const TAG_SIZE: usize = 16;

/// Bytes of the nonce: 4 fixed ones and a counter of 8.
const NONCE_SIZE: usize = 12;

/// AES-GCM for one direction and the life of its keys (RFC 5647 section 7).
pub(in crate::ssh) struct Gcm {
    context: CipherCtx,
    nonce: [u8; NONCE_SIZE],
}

impl Gcm {
    /// Bytes of the tag.
    pub(super) const TAG_SIZE: usize = TAG_SIZE;

    /// Starts with the key (16 or 32 bytes) and the first nonce of a key exchange.
    pub(in crate::ssh) fn new(
        direction: Direction,
        key: &[u8],
        nonce: &[u8; NONCE_SIZE],
    ) -> Option<Self> {
        let cipher = cipher(key.len())?;
        let mut context = CipherCtx::new().ok()?;
        match direction {
            Direction::Seal => context.encrypt_init(Some(cipher), Some(key), Some(nonce)),
            Direction::Open => context.decrypt_init(Some(cipher), Some(key), Some(nonce)),
        }
        .ok()?;
        Some(Self { context, nonce: *nonce })
    }

    /// `packet`: length field, text, 16 bytes for the tag. Encrypts the text and writes the tag.
    pub(in crate::ssh) fn seal(&mut self, packet: &mut [u8]) -> bool {
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

    /// `packet`: length field, text, tag. Decrypts the text where it stands.
    pub(in crate::ssh) fn open(&mut self, packet: &mut [u8]) -> bool {
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
mod tests {
    use super::super::protection::tests::{check_pair, packet};
    use super::super::protection::{LONGEST_PACKET, Protection};
    use super::*;

    const KEY: [u8; 32] = [7; 32];
    const NONCE: [u8; NONCE_SIZE] = [1, 2, 3, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];

    fn make(direction: Direction, key_length: usize) -> Gcm {
        Gcm::new(direction, &KEY[..key_length], &NONCE).unwrap()
    }

    #[test]
    fn packets_come_back_as_they_were_sealed_across_a_wrap_of_the_counter() {
        for key_length in [16, 32] {
            check_pair(|direction| Protection::Gcm(make(direction, key_length)));
        }
    }

    #[test]
    fn the_length_stays_in_clear_and_a_damaged_text_is_wiped() {
        let size = 32;
        let (mut seal, mut open) = (make(Direction::Seal, 16), make(Direction::Open, 16));
        let mut sealed = packet(size, TAG_SIZE);
        assert!(seal.seal(&mut sealed));
        assert_eq!(sealed[..LENGTH_SIZE], [0, 0, 0, 32]);
        sealed[10] ^= 1;
        assert!(!open.open(&mut sealed));
        assert!(sealed[LENGTH_SIZE..LENGTH_SIZE + size].iter().all(|&byte| byte == 0));
    }

    #[test]
    fn lengths_that_no_packet_can_have_are_refused() {
        let mut open = Protection::Gcm(make(Direction::Open, 16));
        let longest = u32::try_from(LONGEST_PACKET).unwrap();
        for length in [0_u32, 1, 15, 17, 34_992, longest, 40_000, u32::MAX] {
            assert_eq!(open.length(0, &length.to_be_bytes()), None, "{length}");
        }
        for length in [16_u32, 32, 34_976] {
            assert_eq!(open.length(0, &length.to_be_bytes()), Some(length as usize));
        }
    }
}
