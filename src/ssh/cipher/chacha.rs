//! chacha20-poly1305@openssh.com on whole packets (OpenSSH, PROTOCOL.chacha20poly1305).
//!
//! Two ChaCha20 keys: one encrypts the length, one the text and, with its first block, gives the key of the Poly1305
//! tag over both. The nonce is the packet's sequence number.

use std::ptr::{self, NonNull};
use std::sync::OnceLock;

use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;
use openssl::memcmp;
use openssl_sys as ffi;
use zeroize::{Zeroize, Zeroizing};

use super::protection::LENGTH_SIZE;

/// Bytes of the authentication tag.
const TAG_SIZE: usize = 16;

/// Bytes of one ChaCha20 key.
const KEY_SIZE: usize = 32;

/// Bytes of a ChaCha20 block, of which the first makes the Poly1305 key.
const BLOCK_SIZE: usize = 64;

/// One direction, for the life of its keys.
pub(in crate::ssh) struct ChaCha {
    text: CipherCtx,
    length: CipherCtx,
    tag: Poly1305,
}

impl ChaCha {
    /// Bytes of the tag.
    pub(super) const TAG_SIZE: usize = TAG_SIZE;

    /// Bytes of the keys of one direction.
    pub(super) const KEYS_SIZE: usize = 2 * KEY_SIZE;

    /// Starts with the keys of a key exchange: that of the text, then that of the length.
    pub(in crate::ssh) fn new(keys: &[u8; Self::KEYS_SIZE]) -> Option<Self> {
        let (text, length) = keys.split_at(KEY_SIZE);
        Some(Self { text: stream(text)?, length: stream(length)?, tag: Poly1305::new()? })
    }

    /// The length of the text, not yet authenticated.
    pub(super) fn length(&mut self, sequence: u32, mut field: [u8; LENGTH_SIZE]) -> Option<u32> {
        self.crypt_length(sequence, &mut field).then(|| u32::from_be_bytes(field))
    }

    /// `packet`: length field, text, 16 bytes for the tag. Encrypts both and writes the tag.
    pub(super) fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> bool {
        let Some((content, tag)) = packet.split_last_chunk_mut::<TAG_SIZE>() else {
            return false;
        };
        let Some((length, text)) = content.split_first_chunk_mut::<LENGTH_SIZE>() else {
            return false;
        };
        let Some(tag_key) = self.begin(sequence) else { return false };
        if !self.crypt_length(sequence, length) || !self.crypt_text(text) {
            return false;
        }
        self.tag.compute(&tag_key, content, tag)
    }

    /// `packet`: length field, text, tag. Checks the tag, then decrypts the text where it stands.
    pub(super) fn open(&mut self, sequence: u32, packet: &mut [u8]) -> bool {
        let Some((content, tag)) = packet.split_last_chunk_mut::<TAG_SIZE>() else {
            return false;
        };
        let Some(tag_key) = self.begin(sequence) else { return false };
        let mut expected = [0; TAG_SIZE];
        if !self.tag.compute(&tag_key, content, &mut expected) || !memcmp::eq(&expected, tag) {
            return false;
        }
        let Some((_, text)) = content.split_first_chunk_mut::<LENGTH_SIZE>() else {
            return false;
        };
        self.crypt_text(text)
    }

    /// Sets the text's stream to the packet and takes its first block, the key of the tag.
    fn begin(&mut self, sequence: u32) -> Option<Zeroizing<[u8; BLOCK_SIZE]>> {
        self.text.encrypt_init(None, None, Some(&nonce(sequence))).ok()?;
        let mut block = Zeroizing::new([0; BLOCK_SIZE]);
        self.text.cipher_update_inplace(&mut *block, BLOCK_SIZE).ok()?;
        Some(block)
    }

    /// Goes on with the text's stream.
    fn crypt_text(&mut self, text: &mut [u8]) -> bool {
        let size = text.len();
        self.text.cipher_update_inplace(text, size).is_ok()
    }

    fn crypt_length(&mut self, sequence: u32, field: &mut [u8; LENGTH_SIZE]) -> bool {
        let started = self.length.encrypt_init(None, None, Some(&nonce(sequence)));
        started.and_then(|()| self.length.cipher_update_inplace(field, LENGTH_SIZE)).is_ok()
    }
}

/// A ChaCha20 stream under a key; both directions are the same operation.
fn stream(key: &[u8]) -> Option<CipherCtx> {
    static CHACHA20: OnceLock<Option<Cipher>> = OnceLock::new();
    let fetched = CHACHA20.get_or_init(|| Cipher::fetch(None, "ChaCha20", None).ok());
    let cipher: &CipherRef = fetched.as_deref()?;
    let mut context = CipherCtx::new().ok()?;
    context.encrypt_init(Some(cipher), Some(key), Some(&nonce(0))).ok()?;
    Some(context)
}

/// OpenSSL's initial state: a block counter of 8 bytes, little-endian, at zero; then the nonce.
fn nonce(sequence: u32) -> [u8; 16] {
    let mut nonce = [0; 16];
    nonce[8..].copy_from_slice(&u64::from(sequence).to_be_bytes());
    nonce
}

/// OpenSSL's Poly1305, with a key for each message.
struct Poly1305(NonNull<ffi::EVP_MAC_CTX>);

// SAFETY: the context is owned and used through &mut only.
unsafe impl Send for Poly1305 {}

impl Poly1305 {
    fn new() -> Option<Self> {
        // SAFETY: NUL-ended name, default library context; a context keeps its own reference to the MAC.
        unsafe {
            let mac = ffi::EVP_MAC_fetch(ptr::null_mut(), c"POLY1305".as_ptr(), ptr::null());
            if mac.is_null() {
                return None;
            }
            let context = ffi::EVP_MAC_CTX_new(mac);
            ffi::EVP_MAC_free(mac);
            NonNull::new(context).map(Self)
        }
    }

    /// The tag of a message under the first 32 bytes of `key`.
    fn compute(
        &mut self,
        key: &[u8; BLOCK_SIZE],
        message: &[u8],
        tag: &mut [u8; TAG_SIZE],
    ) -> bool {
        let mut written = 0;
        // SAFETY: a live context; all buffers are given with sizes that they have.
        unsafe {
            ffi::EVP_MAC_init(self.0.as_ptr(), key.as_ptr(), KEY_SIZE, ptr::null()) == 1
                && ffi::EVP_MAC_update(self.0.as_ptr(), message.as_ptr(), message.len()) == 1
                && ffi::EVP_MAC_final(self.0.as_ptr(), tag.as_mut_ptr(), &mut written, TAG_SIZE)
                    == 1
                && written == TAG_SIZE
        }
    }
}

impl Drop for Poly1305 {
    fn drop(&mut self) {
        // The last key is of use to nobody, but its memory goes back to the heap.
        let mut tag = [0; TAG_SIZE];
        self.compute(&[0; BLOCK_SIZE], &[], &mut tag);
        tag.zeroize();
        // SAFETY: owned, and not used again.
        unsafe { ffi::EVP_MAC_CTX_free(self.0.as_ptr()) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::protection::Protection;
    use super::super::protection::tests::{check_pair, packet};
    use super::*;

    fn make() -> ChaCha {
        let keys: [u8; 64] = std::array::from_fn(|index| index as u8);
        ChaCha::new(&keys).unwrap()
    }

    #[test]
    fn packets_come_back_as_they_were_sealed() {
        check_pair(|_| Protection::ChaCha(Box::new(make())));
    }

    #[test]
    fn the_length_is_hidden_by_a_key_of_its_own() {
        let mut sealed = packet(32, TAG_SIZE);
        assert!(make().seal(5, &mut sealed));
        assert_ne!(sealed[..LENGTH_SIZE], [0, 0, 0, 32]);
        assert_eq!(make().length(5, *sealed.first_chunk().unwrap()), Some(32));
        assert_ne!(make().length(6, *sealed.first_chunk().unwrap()), Some(32));
    }
}
