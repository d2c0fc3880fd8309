//! Passwords that were right lately: their users pass without the cost of a salted hash.
//!
//! Owned by [`Users`](super::users::Users), so it goes with the file it was checked against: a
//! refresh begins with nothing known. What is kept is a digest under a key of its own, made at
//! random, never written anywhere and wiped with it. Anything that is not known has to be checked the
//! slow way, and takes as long as if nothing were known.
//!
//! Bound: one digest a user of the file.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::memcmp;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use zeroize::Zeroizing;

/// Digests of passwords, by user.
pub(super) struct Known {
    key: PKey<Private>,
    digests: Mutex<HashMap<Vec<u8>, Digest>>,
}

/// HMAC-SHA256 of name and password.
type Digest = Zeroizing<[u8; DIGEST_LENGTH]>;

impl Known {
    /// Knows nothing yet. It fails if the system has no random numbers.
    pub fn new() -> Result<Self, ErrorStack> {
        let mut key = Zeroizing::new([0; DIGEST_LENGTH]);
        openssl::rand::rand_bytes(&mut *key)?;
        Ok(Self { key: PKey::hmac(&*key)?, digests: Mutex::default() })
    }

    /// Whether this was the user's password when it was checked last.
    pub fn recall(&self, name: &[u8], password: &[u8]) -> bool {
        let Ok(digest) = self.digest(name, password) else { return false };
        let digests = self.lock();
        let found = digests.get(name);
        // Compared in any case: the time does not tell whether the user was here before.
        let nothing = Zeroizing::new([0; DIGEST_LENGTH]);
        let is_same = memcmp::eq(&**found.unwrap_or(&nothing), &*digest);
        is_same & found.is_some()
    }

    /// Remembers a password that was checked and is right.
    pub fn remember(&self, name: &[u8], password: &[u8]) {
        if let Ok(digest) = self.digest(name, password) {
            self.lock().insert(name.to_vec(), digest);
        }
    }

    fn digest(&self, name: &[u8], password: &[u8]) -> Result<Digest, ErrorStack> {
        let mut signer = Signer::new(MessageDigest::sha256(), &self.key)?;
        // Its length keeps the end of the name apart from the begin of the password.
        signer.update(&(name.len() as u64).to_be_bytes())?;
        signer.update(name)?;
        signer.update(password)?;
        let mut digest = Zeroizing::new([0; DIGEST_LENGTH]);
        signer.sign(&mut *digest)?;
        Ok(digest)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Digest>> {
        // A panic while the lock was held leaves whole digests.
        self.digests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Known({} users)", self.lock().len())
    }
}

/// Bytes of HMAC-SHA256, and of its key.
const DIGEST_LENGTH: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_remembered_is_recalled() {
        let known = Known::new().unwrap();
        assert!(!known.recall(b"user", b"secret"));
        known.remember(b"user", b"secret");
        assert!(known.recall(b"user", b"secret"));
        for (name, password) in
            [(&b"user"[..], &b"Secret"[..]), (b"user", b""), (b"other", b"secret"), (b"", b"")]
        {
            assert!(!known.recall(name, password));
        }
        // Name and password do not run into each other.
        assert!(!known.recall(b"users", b"ecret"));
        assert!(!Known::new().unwrap().recall(b"user", b"secret"), "each has a key of its own");
    }

    #[test]
    fn the_last_password_counts() {
        let known = Known::new().unwrap();
        known.remember(b"user", b"old");
        known.remember(b"user", b"new");
        assert!(known.recall(b"user", b"new") && !known.recall(b"user", b"old"));
        assert_eq!(format!("{known:?}"), "Known(1 users)");
    }
}
