//! OpenSSL's AES-GCM.

use std::sync::OnceLock;

use openssl::cipher::{Cipher, CipherRef};
use openssl::cipher_ctx::CipherCtx;

use super::{NONCE_SIZE, TAG_SIZE};
use crate::ssh::cipher::protection::{Direction, LENGTH_SIZE};

/// A key, for one direction. It is wiped by EVP_CIPHER_CTX_free.
pub(super) struct Aead(CipherCtx);

impl Aead {
    /// `key`: 16 or 32 bytes.
    pub(super) fn new(direction: Direction, key: &[u8]) -> Option<Self> {
        let cipher = cipher(key.len())?;
        let mut context = CipherCtx::new().ok()?;
        match direction {
            Direction::Seal => context.encrypt_init(Some(cipher), Some(key), None),
            Direction::Open => context.decrypt_init(Some(cipher), Some(key), None),
        }
        .ok()?;
        Some(Self(context))
    }

    /// Encrypts the text in place and writes the tag of it and the length.
    pub(super) fn seal(
        &mut self,
        nonce: &[u8; NONCE_SIZE],
        length: &[u8; LENGTH_SIZE],
        text: &mut [u8],
        tag: &mut [u8; TAG_SIZE],
    ) -> bool {
        let (context, size) = (&mut self.0, text.len());
        context
            .encrypt_init(None, None, Some(nonce))
            .and_then(|()| context.cipher_update(length, None))
            .and_then(|_| context.cipher_update_inplace(text, size))
            .and_then(|_| context.cipher_final(&mut []))
            .and_then(|_| context.tag(tag))
            .is_ok()
    }

    /// Decrypts the text in place. False: it is not what was sealed, and what stands there is nothing.
    pub(super) fn open(
        &mut self,
        nonce: &[u8; NONCE_SIZE],
        length: &[u8; LENGTH_SIZE],
        text: &mut [u8],
        tag: &[u8; TAG_SIZE],
    ) -> bool {
        let (context, size) = (&mut self.0, text.len());
        context
            .decrypt_init(None, None, Some(nonce))
            .and_then(|()| context.set_tag(tag))
            .and_then(|()| context.cipher_update(length, None))
            .and_then(|_| context.cipher_update_inplace(text, size))
            .and_then(|_| context.cipher_final(&mut []))
            .is_ok()
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
