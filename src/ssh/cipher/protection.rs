//! What protects the packets of one direction (RFC 4253 section 6), and how they are numbered.
//!
//! [`Keying`] is filled by libssh2's calls (`whole`, `blocks`, `mac`) when a key exchange ends, and used by libssh2's
//! transport during login and key exchanges, and by [`ffi::io`](crate::ssh::ffi) directly for everything else: both
//! sides share nonces, stream positions and sequence numbers, so that they can take turns between any two packets.
//!
//! All packets here have one shape: a length field of 4 bytes, the text (padding length, payload, padding), the tag.

use super::chacha::ChaCha;
use super::etm::{Ctr, CtrEtm};
use super::gcm::Gcm;

/// Bytes of the packet length.
pub(in crate::ssh) const LENGTH_SIZE: usize = 4;

/// Longest packet with its length and tag (RFC 4253 section 6.1), which is also what libssh2's receive buffer holds.
pub(super) const LONGEST_PACKET: usize = 35_000;

/// Bytes that tell libssh2 the length of a packet of its own: one block of AES. No packet is shorter.
pub(in crate::ssh) const FIRST_BLOCK_SIZE: usize = 16;

/// Least padding of a packet.
const LEAST_PADDING: usize = 4;

/// Which way packets go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ssh) enum Direction {
    /// To the server.
    Seal,
    /// From the server.
    Open,
}

/// Keys and numbers of one direction of a session.
pub(in crate::ssh) struct Keying {
    /// What the last key exchange agreed on.
    pub(in crate::ssh) keys: Keys,
    /// Number of the next packet (RFC 4253 section 6.4).
    pub(in crate::ssh) sequence: u32,
    /// libssh2 will still hand over a MAC key for this direction.
    pub(super) mac_due: bool,
    /// The MAC that libssh2 has been given a key for.
    pub(super) mac: Option<Mac>,
    /// Length field of the packet whose first block libssh2 has decrypted.
    pub(super) revealed: Option<u32>,
}

/// What the extent of a packet needs to know of its MAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mac {
    /// Bytes of the tag.
    pub size: usize,
    /// Computed over the encrypted packet: the length field is in clear.
    pub encrypt_then_mac: bool,
}

/// What the last key exchange agreed on.
pub(in crate::ssh) enum Keys {
    /// Nothing yet: packets are plain.
    None,
    /// A cipher and MAC of libssh2's: only libssh2 can read or write packets.
    Foreign,
    /// AES-CTR whose MAC is libssh2's, or not known yet.
    Stream(Ctr),
    /// Whole packets are sealed and opened here.
    Whole(Protection),
}

/// Seals or opens whole packets.
pub(in crate::ssh) enum Protection {
    /// AES-GCM (RFC 5647).
    Gcm(Gcm),
    /// chacha20-poly1305@openssh.com.
    ChaCha(Box<ChaCha>),
    /// AES-CTR with an encrypt-then-MAC HMAC.
    CtrEtm(Box<CtrEtm>),
}

/// How many of the received bytes make the next packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ssh) enum Frame {
    /// This many, length field and tag included.
    Bytes(usize),
    /// Its length shows when libssh2 has decrypted the first block: [`Keying::behind_first_block`].
    Hidden,
    /// No packet can have this length.
    Impossible,
}

impl Keying {
    pub(in crate::ssh) fn new() -> Self {
        Self { keys: Keys::None, sequence: 0, mac_due: false, mac: None, revealed: None }
    }

    /// New keys; `mac_due`: a MAC key will follow.
    pub(in crate::ssh) fn begin(&mut self, keys: Keys, mac_due: bool) {
        self.keys = keys;
        self.mac_due = mac_due;
        (self.mac, self.revealed) = (None, None);
    }

    /// Bytes of a packet's tag, as far as it is ours.
    pub(in crate::ssh) fn tag_size(&self) -> usize {
        match &self.keys {
            Keys::Whole(protection) => protection.tag_size(),
            Keys::None | Keys::Foreign | Keys::Stream(_) => 0,
        }
    }

    /// The extent of the packet that begins with these bytes.
    pub(in crate::ssh) fn frame(&mut self, first: &[u8; LENGTH_SIZE]) -> Frame {
        let in_clear = usize::try_from(u32::from_be_bytes(*first)).ok();
        let (length, tag) = match &mut self.keys {
            Keys::Foreign | Keys::Stream(_) => match self.mac {
                Some(Mac { size, encrypt_then_mac: true }) => (in_clear, size),
                _ => return Frame::Hidden,
            },
            Keys::None => (in_clear, 0),
            Keys::Whole(protection) => {
                (protection.length(self.sequence, first), protection.tag_size())
            }
        };
        match length.map(|length| length.saturating_add(LENGTH_SIZE + tag)) {
            Some(size) if size <= LONGEST_PACKET => Frame::Bytes(size),
            _ => Frame::Impossible,
        }
    }

    /// Bytes of a packet behind its first block, once libssh2 has decrypted that; None: it has not, or has found a
    /// length that no packet can have.
    pub(in crate::ssh) fn behind_first_block(&mut self) -> Option<usize> {
        let length = usize::try_from(self.revealed.take()?).ok()?;
        let size = length.checked_add(LENGTH_SIZE + self.mac?.size)?;
        if size <= LONGEST_PACKET { size.checked_sub(FIRST_BLOCK_SIZE) } else { None }
    }

    /// Opens a whole packet in place; the text stays behind the length field. False: it was changed on its way.
    pub(in crate::ssh) fn open(&mut self, packet: &mut [u8]) -> bool {
        match &mut self.keys {
            Keys::Whole(protection) => protection.open(self.sequence, packet),
            Keys::None | Keys::Foreign | Keys::Stream(_) => false,
        }
    }

    /// The next packet has the next number.
    pub(in crate::ssh) fn count(&mut self) {
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// Whether packets of this direction can do without libssh2.
    pub(in crate::ssh) fn is_whole(&self) -> bool {
        matches!(self.keys, Keys::Whole(_))
    }
}

impl Protection {
    /// Bytes of the tag.
    pub(in crate::ssh) fn tag_size(&self) -> usize {
        match self {
            Self::Gcm(_) => Gcm::TAG_SIZE,
            Self::ChaCha(_) => ChaCha::TAG_SIZE,
            Self::CtrEtm(etm) => etm.tag_size(),
        }
    }

    /// Bytes of padding behind a payload: the text becomes whole blocks.
    pub(in crate::ssh) fn padding(&self, payload: usize) -> usize {
        let block = self.block_size();
        LEAST_PADDING + (2 * block - (1 + payload + LEAST_PADDING) % block) % block
    }

    /// Length of the text, from the length field as it travels; None: no packet can have it.
    pub(super) fn length(&mut self, sequence: u32, field: &[u8; LENGTH_SIZE]) -> Option<usize> {
        let length = match self {
            Self::Gcm(_) | Self::CtrEtm(_) => u32::from_be_bytes(*field),
            Self::ChaCha(chacha) => chacha.length(sequence, *field)?,
        };
        let length = usize::try_from(length).ok()?;
        let longest = LONGEST_PACKET - LENGTH_SIZE - self.tag_size();
        (length > 0 && length % self.block_size() == 0 && length <= longest).then_some(length)
    }

    /// `packet`: length field, text, room for the tag. Encrypts it and writes the tag.
    pub(in crate::ssh) fn seal(&mut self, sequence: u32, packet: &mut [u8]) -> bool {
        match self {
            Self::Gcm(gcm) => gcm.seal(packet),
            Self::ChaCha(chacha) => chacha.seal(sequence, packet),
            Self::CtrEtm(etm) => etm.seal(sequence, packet),
        }
    }

    /// `packet`: length field, text, tag. Checks and decrypts the text where it stands.
    pub(super) fn open(&mut self, sequence: u32, packet: &mut [u8]) -> bool {
        match self {
            Self::Gcm(gcm) => gcm.open(packet),
            Self::ChaCha(chacha) => chacha.open(sequence, packet),
            Self::CtrEtm(etm) => etm.open(sequence, packet),
        }
    }

    fn block_size(&self) -> usize {
        match self {
            Self::Gcm(_) | Self::CtrEtm(_) => 16,
            Self::ChaCha(_) => 8,
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Length field, `size` bytes of text, room for the tag.
    pub(in super::super) fn packet(size: usize, tag: usize) -> Vec<u8> {
        let mut packet = u32::try_from(size).unwrap().to_be_bytes().to_vec();
        packet.extend((0..size).map(|index| index.to_be_bytes()[7]));
        packet.resize(packet.len() + tag, 0);
        packet
    }

    /// Everything that a pair of protections with equal keys has to do.
    pub(in super::super) fn check_pair(make: impl Fn(Direction) -> Protection) {
        let (mut seal, mut open) = (make(Direction::Seal), make(Direction::Open));
        let tag = seal.tag_size();
        for (size, sequence) in [(16, 0), (32, 1), (1024, u32::MAX - 1), (32_784, u32::MAX)] {
            let plain = packet(size, tag);
            let mut sealed = plain.clone();
            assert!(seal.seal(sequence, &mut sealed));
            assert_ne!(sealed[LENGTH_SIZE..LENGTH_SIZE + size], plain[LENGTH_SIZE..][..size]);
            let field = *sealed.first_chunk().unwrap();
            assert_eq!(open.length(sequence, &field), Some(size));
            assert!(open.open(sequence, &mut sealed));
            assert_eq!(sealed[LENGTH_SIZE..LENGTH_SIZE + size], plain[LENGTH_SIZE..][..size]);
        }
        for position in 0..LENGTH_SIZE + 32 + tag {
            let (mut seal, mut open) = (make(Direction::Seal), make(Direction::Open));
            let plain = packet(32, tag);
            let mut sealed = plain.clone();
            assert!(seal.seal(7, &mut sealed));
            sealed[position] ^= 1;
            assert!(!open.open(7, &mut sealed), "byte {position}");
            assert_ne!(sealed[LENGTH_SIZE..LENGTH_SIZE + 32], plain[LENGTH_SIZE..][..32]);
        }
        let (mut seal, mut open) = (make(Direction::Seal), make(Direction::Open));
        let (mut first, mut second) = (packet(16, tag), packet(16, tag));
        assert!(seal.seal(0, &mut first) && seal.seal(1, &mut second));
        assert!(!open.open(0, &mut second), "out of order");
        for payload in 1..200 {
            let padding = seal.padding(payload);
            assert!((4..=255).contains(&padding));
            assert_eq!((1 + payload + padding) % seal.block_size(), 0, "{payload}");
        }
    }

    #[test]
    fn frames_of_plain_packets_are_bounded() {
        let mut keying = Keying::new();
        assert_eq!(keying.frame(&[0, 0, 0, 12]), Frame::Bytes(16));
        assert_eq!(keying.frame(&[0, 0, 0xff, 0xff]), Frame::Impossible);
        assert_eq!(keying.frame(&[0xff; 4]), Frame::Impossible);
        keying.keys = Keys::Foreign;
        assert_eq!(keying.frame(&[0, 0, 0, 12]), Frame::Hidden);
        keying.mac = Some(Mac { size: 32, encrypt_then_mac: true });
        assert_eq!(keying.frame(&[0, 0, 0, 16]), Frame::Bytes(52));
        assert_eq!(keying.frame(&[0xff; 4]), Frame::Impossible);
    }

    #[test]
    fn extent_behind_the_first_block_is_bounded() {
        let mut keying = Keying::new();
        keying.begin(Keys::Foreign, true);
        keying.mac = Some(Mac { size: 32, encrypt_then_mac: false });
        assert_eq!(keying.behind_first_block(), None);
        for (length, rest) in [(12, Some(32)), (28, Some(48)), (u32::MAX, None), (40_000, None)] {
            keying.revealed = Some(length);
            assert_eq!(keying.behind_first_block(), rest, "{length}");
            assert_eq!(keying.behind_first_block(), None);
        }
    }
}
