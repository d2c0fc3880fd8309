//! Keys of hosts that nobody knew, under STRICTKEY NEW and ASK, for the life of the process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use super::{Fingerprint, KnownKey, LookupNames, Place, Refusal, Verdict, mismatch};

/// Most hosts that are learned; with more, unknown hosts are refused.
pub const MAX_LEARNED: usize = 4096;

/// What was learned, shared by all profiles and workers.
#[derive(Debug, Default)]
pub struct LearnedKeys {
    /// SHA-256 of the key by lookup name: two dials at once may not learn two keys of one host.
    hosts: Mutex<HashMap<String, Fingerprint>>,
}

impl LearnedKeys {
    /// Judges a key of a host that no file knows, without learning it.
    pub(super) fn find(&self, name: &str, got: Fingerprint) -> Option<Verdict> {
        let hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = hosts.get(name)?;
        if *known == got {
            return Some(Verdict::Accepted(Place::Learned));
        }
        let expected = KnownKey { fingerprint: known.clone(), place: Place::Learned };
        Some(Verdict::Refused(mismatch(vec![expected], got)))
    }

    /// Learns the key that an operator has confirmed for this server; false: too many are known, or
    /// another key of it is.
    pub fn learn(&self, host: &str, port: u16, key: Fingerprint) -> bool {
        let name = LookupNames::new(host, port).canonical;
        matches!(self.check(name, key), Verdict::New(_) | Verdict::Accepted(_))
    }

    /// Judges a key of a host that no file knows; learns it if the host is new here too.
    pub(super) fn check(&self, name: String, got: Fingerprint) -> Verdict {
        // The map is whole after every statement, a panic elsewhere changes nothing about it.
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let is_full = hosts.len() >= MAX_LEARNED;
        match hosts.entry(name) {
            Entry::Occupied(known) if *known.get() == got => Verdict::Accepted(Place::Learned),
            Entry::Occupied(known) => {
                let expected = KnownKey { fingerprint: known.get().clone(), place: Place::Learned };
                Verdict::Refused(mismatch(vec![expected], got))
            }
            Entry::Vacant(_) if is_full => Verdict::Refused(Refusal::TooManyLearned { got }),
            Entry::Vacant(place) => {
                place.insert(got.clone());
                Verdict::New(got)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_confirms_is_known_from_then_on() {
        let learned = LearnedKeys::default();
        let (key, other) = (Fingerprint::of(b"\0\0\0\x01a"), Fingerprint::of(b"\0\0\0\x01ab"));
        assert_eq!(learned.find("[h]:2222", key.clone()), None);
        assert!(learned.learn("H", 2222, key.clone()) && learned.learn("h", 2222, key.clone()));
        let verdict = learned.find("[h]:2222", key.clone());
        assert_eq!(verdict, Some(Verdict::Accepted(Place::Learned)));
        let verdict = learned.find("[h]:2222", other.clone());
        assert!(matches!(verdict, Some(Verdict::Refused(Refusal::Changed { .. }))));
        assert!(!learned.learn("h", 2222, other));
        assert_eq!(learned.find("h", key), None);
    }

    #[test]
    fn the_table_is_bounded() {
        let learned = LearnedKeys::default();
        let key = Fingerprint::of(b"\0\0\0\x01a");
        for host in 0..MAX_LEARNED {
            assert!(matches!(learned.check(host.to_string(), key.clone()), Verdict::New(_)));
        }
        let verdict = learned.check("one more".into(), key.clone());
        assert!(matches!(verdict, Verdict::Refused(Refusal::TooManyLearned { .. })));
        assert_eq!(learned.check("0".into(), key), Verdict::Accepted(Place::Learned));
    }
}
