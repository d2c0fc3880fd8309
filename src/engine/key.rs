//! Keys: where an object lives in its worker, and the mio token of its socket.
//!
//! A key carries a generation, so that an event or timer of an object that is gone never reaches
//! the one that took its slot.

use mio::Token;

/// What a key points at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The worker's own waker.
    Wake,
    /// A listening socket.
    Listener,
    /// A client's socket.
    Client,
    /// The socket to the target of a DIRECT connection, or to the FTP server of a plain dialogue; the
    /// index is the client's.
    Target,
    /// A socket to a data port of that FTP server that has no client's side yet; the index is that of
    /// the control connection, for all of them.
    Slot,
    /// The socket of an SSH session.
    Session,
}

/// Kind (4 bits), generation (28 bits) and slab index (32 bits) in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(u64);

impl Key {
    /// The generation wraps at 2^28; an index above 2^32 cannot occur (connections are limited).
    pub fn new(kind: Kind, generation: u32, index: usize) -> Self {
        debug_assert!(u32::try_from(index).is_ok());
        Self(
            (kind as u64) << 60
                | u64::from(generation & GENERATION) << 32
                | (index as u64 & u64::from(u32::MAX)),
        )
    }

    /// What it points at.
    pub fn kind(self) -> Kind {
        match self.0 >> 60 {
            0 => Kind::Wake,
            1 => Kind::Listener,
            2 => Kind::Client,
            3 => Kind::Target,
            4 => Kind::Slot,
            _ => Kind::Session,
        }
    }

    /// Slab index.
    pub fn index(self) -> usize {
        (self.0 & u64::from(u32::MAX)) as usize
    }

    /// The same place seen as another kind: a client's key gives its target's and back.
    pub fn with_kind(self, kind: Kind) -> Self {
        Self(self.0 & !(0xF << 60) | (kind as u64) << 60)
    }

    /// The token under which its socket is registered.
    pub fn token(self) -> Token {
        Token(self.0 as usize)
    }
}

impl From<Token> for Key {
    fn from(token: Token) -> Self {
        Self(token.0 as u64)
    }
}

const GENERATION: u32 = (1 << 28) - 1;

/// Tokens hold a whole key.
const _: () = assert!(usize::BITS == 64);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_survive() {
        let key = Key::new(Kind::Session, u32::MAX, 4_000_000_000);
        assert_eq!((key.kind(), key.index()), (Kind::Session, 4_000_000_000));
        assert_eq!(Key::from(key.token()), key);
        assert_eq!(key.with_kind(Kind::Client).with_kind(Kind::Session), key);
        assert_eq!(key.with_kind(Kind::Slot).kind(), Kind::Slot);
        assert_ne!(key, Key::new(Kind::Session, 1, 4_000_000_000));
    }
}
