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
    /// In another room: behind a relay that makes a round trip take a millisecond more.
    Lan,
    /// In another country: the same with 50 ms.
    Far,
}

impl Distance {
    /// All that need a relay.
    pub const RELAYED: [Self; 2] = [Self::Lan, Self::Far];

    /// How long a byte is held back each way.
    pub fn one_way(self) -> Duration {
        match self {
            Self::Near => Duration::ZERO,
            Self::Lan => Duration::from_micros(500),
            Self::Far => Duration::from_millis(25),
        }
    }
}

impl Setting {
    /// What most lines use.
    pub const USUAL: Self = Self { cipher: Cipher::Gcm, distance: Distance::Near };

    /// The usual one with another cipher.
    pub const fn with(cipher: Cipher) -> Self {
        Self { cipher, ..Self::USUAL }
    }

    /// The usual one in another room.
    pub const LAN: Self = Self { distance: Distance::Lan, ..Self::USUAL };

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
