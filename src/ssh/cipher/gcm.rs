//! AES-GCM (RFC 5647) on whole packets.
//!
//! Which library does the work depends on the processor's architecture: ring on x86-64, where it is about twice as
//! fast as OpenSSL if there is VAES, OpenSSL on all others, where it knows more instructions (CPACF). `aead` keeps the
//! key and wipes it; the nonce is counted here.

#[cfg_attr(target_arch = "x86_64", path = "gcm/ring.rs")]
#[cfg_attr(not(target_arch = "x86_64"), path = "gcm/openssl.rs")]
mod aead;

use zeroize::Zeroize;

use super::protection::{Direction, LENGTH_SIZE};
use aead::Aead;

/// Bytes of the authentication tag.
const TAG_SIZE: usize = 16;

/// Bytes of the nonce: 4 fixed ones and a counter of 8.
const NONCE_SIZE: usize = 12;

/// AES-GCM for one direction and the life of its keys (RFC 5647 section 7).
pub(in crate::ssh) struct Gcm {
    aead: Aead,
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
        Some(Self { aead: Aead::new(direction, key)?, nonce: *nonce })
    }

    /// `packet`: length field, text, 16 bytes for the tag. Encrypts the text and writes the tag.
    pub(in crate::ssh) fn seal(&mut self, packet: &mut [u8]) -> bool {
        let nonce = self.next_nonce();
        let Some(Parts { length, text, tag }) = parts(packet) else { return false };
        self.aead.seal(&nonce, length, text, tag)
    }

    /// `packet`: length field, text, tag. Decrypts the text where it stands.
    pub(in crate::ssh) fn open(&mut self, packet: &mut [u8]) -> bool {
        let nonce = self.next_nonce();
        let Some(Parts { length, text, tag }) = parts(packet) else { return false };
        let opened = self.aead.open(&nonce, length, text, tag);
        if !opened {
            // What was decrypted but not authenticated must not be seen by anybody.
            text.zeroize();
        }
        opened
    }

    /// The nonce of this packet. The last 8 bytes count packets (RFC 5647 section 7.1).
    fn next_nonce(&mut self) -> [u8; NONCE_SIZE] {
        let nonce = self.nonce;
        if let Some(counter) = self.nonce.last_chunk_mut::<8>() {
            *counter = u64::from_be_bytes(*counter).wrapping_add(1).to_be_bytes();
        }
        nonce
    }
}

impl Drop for Gcm {
    fn drop(&mut self) {
        self.nonce.zeroize();
    }
}

/// A packet in its parts.
struct Parts<'a> {
    length: &'a [u8; LENGTH_SIZE],
    text: &'a mut [u8],
    tag: &'a mut [u8; TAG_SIZE],
}

fn parts(packet: &mut [u8]) -> Option<Parts<'_>> {
    let (content, tag) = packet.split_last_chunk_mut::<TAG_SIZE>()?;
    let (length, text) = content.split_first_chunk_mut::<LENGTH_SIZE>()?;
    Some(Parts { length, text, tag })
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
