//! AES-CTR (RFC 4344) with an encrypt-then-MAC HMAC (RFC 6668; OpenSSH, PROTOCOL section 1.5) on whole packets.
//!
//! The length stays in clear. The tag is over sequence number, length and encrypted text, and is checked before
//! anything is decrypted.

use std::sync::OnceLock;

use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use openssl::memcmp;
use openssl::sha::{Sha256, Sha512};
use zeroize::{Zeroize, Zeroizing};

use super::protection::{Direction, LENGTH_SIZE};

/// An AES-CTR key stream, for the life of its keys.
pub(in crate::ssh) struct Ctr(CipherCtx);

impl Ctr {
    /// Starts with key (16, 24 or 32 bytes) and first counter block.
    pub(in crate::ssh) fn new(
        direction: Direction,
        key: &[u8],
        counter: &[u8; 16],
    ) -> Option<Self> {
        let cipher = cipher(key.len())?;
        let mut context = CipherCtx::new().ok()?;
        match direction {
            Direction::Seal => context.encrypt_init(Some(cipher), Some(key), Some(counter)),
            Direction::Open => context.decrypt_init(Some(cipher), Some(key), Some(counter)),
        }
        .ok()?;
        Some(Self(context))
    }

    /// Goes on with the key stream.
    pub(super) fn crypt(&mut self, bytes: &mut [u8]) -> bool {
        let size = bytes.len();
        self.0.cipher_update_inplace(bytes, size).is_ok()
    }
}

/// One direction, for the life of its keys.
pub(in crate::ssh) struct CtrEtm {
    /// The key stream, which libssh2 goes on with during a key exchange.
    pub(super) stream: Ctr,
    mac: Hmac,
}

impl CtrEtm {
    pub(in crate::ssh) fn new(stream: Ctr, mac: Hmac) -> Self {
        Self { stream, mac }
    }

    /// Bytes of the tag.
    pub(super) fn tag_size(&self) -> usize {
        self.mac.size()
    }

    /// `packet`: length field, text, room for the tag. Encrypts the text and writes the tag.
    pub(super) fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> bool {
        let Some(end) = packet.len().checked_sub(self.tag_size() + LENGTH_SIZE) else {
            return false;
        };
        let (content, tag) = packet.split_at_mut(LENGTH_SIZE + end);
        if !self.stream.crypt(&mut content[LENGTH_SIZE..]) {
            return false;
        }
        self.mac.compute(sequence, content, |sum| tag.copy_from_slice(sum));
        true
    }

    /// `packet`: length field, text, tag. Checks the tag, then decrypts the text where it stands.
    pub(super) fn open(&mut self, sequence: u32, packet: &mut [u8]) -> bool {
        let Some(end) = packet.len().checked_sub(self.tag_size() + LENGTH_SIZE) else {
            return false;
        };
        let (content, tag) = packet.split_at_mut(LENGTH_SIZE + end);
        let is_right = self.mac.compute(sequence, content, |sum| memcmp::eq(sum, tag));
        is_right && self.stream.crypt(&mut content[LENGTH_SIZE..])
    }
}

/// HMAC (RFC 2104) with the key already hashed into the inner and the outer state: copies of them begin each packet.
pub(in crate::ssh) enum Hmac {
    Sha256(Box<[Sha256; 2]>),
    Sha512(Box<[Sha512; 2]>),
}

impl Hmac {
    /// hmac-sha2-256 or -512, by the length of the key: 32 or 64 bytes.
    pub(in crate::ssh) fn new(key: &[u8]) -> Option<Self> {
        match key.len() {
            32 => {
                let state = |pad| {
                    let mut state = Sha256::new();
                    state.update(&*padded::<64>(key, pad));
                    state
                };
                Some(Self::Sha256(Box::new([INNER, OUTER].map(state))))
            }
            64 => {
                let state = |pad| {
                    let mut state = Sha512::new();
                    state.update(&*padded::<128>(key, pad));
                    state
                };
                Some(Self::Sha512(Box::new([INNER, OUTER].map(state))))
            }
            _ => None,
        }
    }

    fn size(&self) -> usize {
        match self {
            Self::Sha256(_) => 32,
            Self::Sha512(_) => 64,
        }
    }

    /// Gives the tag of a packet to `with`.
    fn compute<R>(&self, sequence: u32, content: &[u8], with: impl FnOnce(&[u8]) -> R) -> R {
        let number = sequence.to_be_bytes();
        match self {
            Self::Sha256(states) => {
                let [mut inner, mut outer] = Box::as_ref(states).clone();
                inner.update(&number);
                inner.update(content);
                outer.update(&inner.finish());
                with(&outer.finish())
            }
            Self::Sha512(states) => {
                let [mut inner, mut outer] = Box::as_ref(states).clone();
                inner.update(&number);
                inner.update(content);
                outer.update(&inner.finish());
                with(&outer.finish())
            }
        }
    }
}

impl Drop for Hmac {
    fn drop(&mut self) {
        match self {
            Self::Sha256(states) => wipe(&mut **states),
            Self::Sha512(states) => wipe(&mut **states),
        }
    }
}

/// Overwrites a hash state, from which tags could be made.
fn wipe<T>(state: &mut T) {
    // SAFETY: the memory of plain C structures (SHA256_CTX, SHA512_CTX), exclusively borrowed; zeros are a value of
    // it, and it is not used again.
    let bytes = unsafe {
        std::slice::from_raw_parts_mut(std::ptr::from_mut(state).cast::<u8>(), size_of::<T>())
    };
    bytes.zeroize();
}

/// A key as long as a hash block, each byte changed by `pad`.
fn padded<const BLOCK: usize>(key: &[u8], pad: u8) -> Zeroizing<[u8; BLOCK]> {
    let mut block = Zeroizing::new([pad; BLOCK]);
    for (byte, key) in block.iter_mut().zip(key) {
        *byte ^= key;
    }
    block
}

/// The cipher for a key length, fetched once: looking it up costs more than a packet.
fn cipher(key_length: usize) -> Option<&'static CipherRef> {
    static AES_128: OnceLock<Option<Cipher>> = OnceLock::new();
    static AES_192: OnceLock<Option<Cipher>> = OnceLock::new();
    static AES_256: OnceLock<Option<Cipher>> = OnceLock::new();
    let (place, name) = match key_length {
        16 => (&AES_128, "AES-128-CTR"),
        24 => (&AES_192, "AES-192-CTR"),
        32 => (&AES_256, "AES-256-CTR"),
        _ => return None,
    };
    place.get_or_init(|| Cipher::fetch(None, name, None).ok()).as_deref()
}

/// RFC 2104 section 2.
const INNER: u8 = 0x36;
const OUTER: u8 = 0x5c;

#[cfg(test)]
mod tests {
    use super::super::protection::Protection;
    use super::super::protection::tests::check_pair;
    use super::*;

    #[test]
    fn packets_come_back_as_they_were_sealed() {
        for key_length in [16, 24, 32] {
            for mac_length in [32, 64] {
                check_pair(|direction| {
                    let stream = Ctr::new(direction, &[3; 32][..key_length], &[0xff; 16]).unwrap();
                    let mac = Hmac::new(&[5; 64][..mac_length]).unwrap();
                    Protection::CtrEtm(Box::new(CtrEtm::new(stream, mac)))
                });
            }
        }
    }

    /// Against OpenSSL's own HMAC.
    #[test]
    fn tags_are_those_of_rfc_2104() {
        use openssl::hash::MessageDigest;
        use openssl::pkey::PKey;
        use openssl::sign::Signer;
        for (length, digest) in [(32, MessageDigest::sha256()), (64, MessageDigest::sha512())] {
            let key: Vec<u8> = (0..length).collect();
            let message = [&9_u32.to_be_bytes()[..], b"a packet"].concat();
            let signer = PKey::hmac(&key).unwrap();
            let expected = Signer::new(digest, &signer).unwrap().sign_oneshot_to_vec(&message);
            let found = Hmac::new(&key).unwrap().compute(9, b"a packet", <[u8]>::to_vec);
            assert_eq!(found, expected.unwrap());
        }
    }
}
