//! Keys of hosts that nobody knew, under STRICTKEY NEW, for the life of the process.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use super::{Fingerprint, KnownKey, Place, Refusal, Verdict, mismatch};

/// Most hosts that are learned; with more, unknown hosts are refused.
pub const MAX_LEARNED: usize = 4096;

/// What was learned, shared by all profiles and workers.
#[derive(Debug, Default)]
pub struct LearnedKeys {
    /// SHA-256 of the key by lookup name: two dials at once may not learn two keys of one host.
    hosts: Mutex<HashMap<String, Fingerprint>>,
}

impl LearnedKeys {
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
