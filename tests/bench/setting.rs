//! What a line asks of the SSH connection it is measured over.

use std::time::Duration;

/// Algorithms and distance of the SSH connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// What encrypts it.
    pub cipher: Cipher,
    /// How far away the SSH server is.
    pub distance: Distance,
}

/// What encrypts the connection, in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cipher {
    /// aes128-gcm@openssh.com.
    Gcm,
    /// chacha20-poly1305@openssh.com.
    ChaCha,
    /// aes256-ctr with hmac-sha2-256-etm@openssh.com.
    CtrEtm,
}

/// How far away the SSH server is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distance {
    /// On loopback.
    Near,
    /// Behind a relay that holds every byte back, [`ONE_WAY`] each way.
    Far,
}

/// Time a byte takes to or from a far server: a round trip of 50 ms.
pub const ONE_WAY: Duration = Duration::from_millis(25);

impl Setting {
    /// What most lines use.
    pub const USUAL: Self = Self { cipher: Cipher::Gcm, distance: Distance::Near };

    /// The usual one with another cipher.
    pub const fn with(cipher: Cipher) -> Self {
        Self { cipher, ..Self::USUAL }
    }

    /// The usual one far away.
    pub const FAR: Self = Self { distance: Distance::Far, ..Self::USUAL };
}

impl Cipher {
    /// Its name in the protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gcm => "aes128-gcm@openssh.com",
            Self::ChaCha => "chacha20-poly1305@openssh.com",
            Self::CtrEtm => "aes256-ctr",
        }
    }

    /// The MAC beside it; ciphers that need none ignore it.
    pub fn mac(self) -> &'static str {
        "hmac-sha2-256-etm@openssh.com"
    }
}
