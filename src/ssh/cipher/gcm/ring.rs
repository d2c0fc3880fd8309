//! ring's AES-GCM.

use std::mem::{self, MaybeUninit};

use ring::aead::{AES_128_GCM, AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use zeroize::Zeroize;

use super::{NONCE_SIZE, TAG_SIZE};
use crate::ssh::cipher::protection::{Direction, LENGTH_SIZE};

/// A key, at one place of the heap until it is wiped: ring itself does not wipe keys.
pub(super) struct Aead(Box<MaybeUninit<LessSafeKey>>);

impl Aead {
    /// `key`: 16 or 32 bytes.
    pub(super) fn new(_direction: Direction, key: &[u8]) -> Option<Self> {
        let algorithm = match key.len() {
            16 => &AES_128_GCM,
            32 => &AES_256_GCM,
            _ => return None,
        };
        let key = UnboundKey::new(algorithm, key).ok()?;
        Some(Self(Box::new(MaybeUninit::new(LessSafeKey::new(key)))))
    }

    /// Encrypts the text in place and writes the tag of it and the length.
    pub(super) fn seal(
        &mut self,
        nonce: &[u8; NONCE_SIZE],
        length: &[u8; LENGTH_SIZE],
        text: &mut [u8],
        tag: &mut [u8; TAG_SIZE],
    ) -> bool {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let sealed = self.key().seal_in_place_separate_tag(nonce, Aad::from(length), text);
        sealed.is_ok_and(|computed| {
            tag.copy_from_slice(computed.as_ref());
            true
        })
    }

    /// Decrypts the text in place. False: it is not what was sealed, and what stands there is nothing.
    pub(super) fn open(
        &mut self,
        nonce: &[u8; NONCE_SIZE],
        length: &[u8; LENGTH_SIZE],
        text: &mut [u8],
        tag: &[u8; TAG_SIZE],
    ) -> bool {
        let nonce = Nonce::assume_unique_for_key(*nonce);
        self.key()
            .open_in_place_separate_tag(nonce, Aad::from(length), (*tag).into(), text, 0..)
            .is_ok()
    }

    fn key(&self) -> &LessSafeKey {
        // SAFETY: made with a key, which is wiped only when this is dropped.
        unsafe { self.0.assume_init_ref() }
    }
}

impl Drop for Aead {
    fn drop(&mut self) {
        const { assert!(!mem::needs_drop::<LessSafeKey>(), "the key owns memory elsewhere") };
        self.0.zeroize();
    }
}
