//! What a session's first key exchange has agreed on, which later ones must agree on again.
//!
//! libssh2 goes over to what a KEXINIT leads to as soon as it has read it, long before there are new keys: the new
//! cipher, MAC and compression would be called with the state of the old ones, which is something else in memory. So a
//! server may begin as many key exchanges as it likes, but not with other algorithms.

use crate::ssh::cipher::Direction;

/// Ciphers, MACs and compression, each to the server and to us, as a KEXINIT lists them (RFC 4253 section 7.1).
const KINDS: usize = 6;

/// Lists of a KEXINIT before those: key exchange methods and host keys. They may differ each time.
const OTHER_LISTS: usize = 2;

/// The kinds of names that a session offers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Cipher = 0,
    Mac = 2,
    Compression = 4,
}

/// Our names, and the ones that were agreed on.
pub(super) struct Agreement {
    /// In order of preference, comma-separated.
    offered: [String; KINDS],
    /// None: no KEXINIT has come yet. An empty name: nothing in common, where it may not matter.
    agreed: Option<[String; KINDS]>,
}

impl Agreement {
    pub(super) fn new() -> Self {
        let mut offered = [const { String::new() }; KINDS];
        for list in &mut offered[Kind::Compression as usize..] {
            "none".clone_into(list);
        }
        Self { offered, agreed: None }
    }

    /// These names are offered.
    pub(super) fn offer(&mut self, kind: Kind, direction: Direction, names: &str) {
        let place = kind as usize + usize::from(direction == Direction::Open);
        names.clone_into(&mut self.offered[place]);
    }

    /// Whether a KEXINIT with these lists leads to what the first one has led to.
    pub(super) fn is_kept(&mut self, lists: &[String]) -> bool {
        let found: [String; KINDS] = std::array::from_fn(|kind| {
            let theirs = lists.get(OTHER_LISTS + kind).map_or("", String::as_str);
            first_common(&self.offered[kind], theirs).unwrap_or_default().to_owned()
        });
        self.agreed.get_or_insert_with(|| found.clone()) == &found
    }
}

/// The first of our names that they have as well (RFC 4253 section 7.1).
pub(in crate::ssh) fn first_common<'a>(ours: &'a str, theirs: &str) -> Option<&'a str> {
    ours.split(',').find(|name| theirs.split(',').any(|other| other == *name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lists(ciphers: &str, macs: &str, compression: &str) -> Vec<String> {
        ["kex", "host", ciphers, ciphers, macs, macs, compression, compression]
            .map(String::from)
            .to_vec()
    }

    #[test]
    fn later_key_exchanges_lead_to_the_same_names() {
        let mut agreement = Agreement::new();
        for direction in [Direction::Seal, Direction::Open] {
            agreement.offer(Kind::Cipher, direction, "gcm,ctr,cbc");
            agreement.offer(Kind::Mac, direction, "etm,hmac");
        }
        assert!(agreement.is_kept(&lists("cbc,ctr", "hmac", "none,zlib")));
        assert!(agreement.is_kept(&lists("ctr", "md5,hmac", "none")), "in other words");
        assert!(!agreement.is_kept(&lists("cbc", "hmac", "none")));
        assert!(!agreement.is_kept(&lists("gcm,ctr", "hmac", "none")));
        assert!(!agreement.is_kept(&lists("ctr", "etm,hmac", "none")));
        assert!(!agreement.is_kept(&lists("ctr", "hmac", "zlib")));
        let mut one_way = lists("ctr", "hmac", "none");
        one_way[3] = "cbc".into();
        assert!(!agreement.is_kept(&one_way));
    }
}
