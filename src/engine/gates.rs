//! What an operator has closed: zoxy as a whole (F QUIESCE), profiles (F DRAIN).
//!
//! New requests ask here, and FTP dialogues when their login is to open the way. What runs, and the data connections of
//! FTP dialogues that run, go on.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::config::{Filter, Profile};

/// Shared by the supervisor, which changes it, and the workers, which ask.
#[derive(Debug, Default)]
pub struct Gates {
    quiesced: AtomicBool,
    /// True while `drained` holds a name: the usual request takes no lock.
    any_drained: AtomicBool,
    drained: Mutex<HashSet<String>>,
}

impl Gates {
    /// Why no new request is taken by this filter; None: it is.
    pub fn refusal(&self, filter: &Filter) -> Option<String> {
        if self.is_quiesced() {
            return Some("zoxy is quiesced".to_owned());
        }
        self.drained(filter.profile.as_ref()?)
    }

    /// Why nobody new gets to the server of this profile; None: it is not drained.
    pub fn drained(&self, profile: &Profile) -> Option<String> {
        self.is_drained(&profile.name).then(|| format!("profile {} is drained", profile.name))
    }

    /// F QUIESCE and F RESUME; false: it was so already.
    pub fn quiesce(&self, on: bool) -> bool {
        self.quiesced.swap(on, Ordering::Relaxed) != on
    }

    /// Whether F QUIESCE holds.
    pub fn is_quiesced(&self) -> bool {
        self.quiesced.load(Ordering::Relaxed)
    }

    /// F DRAIN and F RESUME of a profile; false: it was so already.
    pub fn drain(&self, profile: &str, on: bool) -> bool {
        let mut drained = self.lock();
        let changed = if on { drained.insert(profile.to_owned()) } else { drained.remove(profile) };
        self.any_drained.store(!drained.is_empty(), Ordering::Relaxed);
        changed
    }

    /// Whether F DRAIN holds for a profile.
    pub fn is_drained(&self, profile: &str) -> bool {
        self.any_drained.load(Ordering::Relaxed) && self.lock().contains(profile)
    }

    /// Forgets profiles that a new deck does not have.
    pub fn keep_profiles(&self, has: impl Fn(&str) -> bool) {
        let mut drained = self.lock();
        drained.retain(|name| has(name));
        self.any_drained.store(!drained.is_empty(), Ordering::Relaxed);
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<String>> {
        // The set is whole after every statement.
        self.drained.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_from_repetitions() {
        let gates = Gates::default();
        assert!(gates.quiesce(true) && gates.is_quiesced() && !gates.quiesce(true));
        assert!(gates.quiesce(false) && !gates.is_quiesced() && !gates.quiesce(false));
        assert!(gates.drain("A", true) && !gates.drain("A", true) && gates.drain("B", true));
        assert!(gates.is_drained("A") && !gates.is_drained("C"));
        gates.keep_profiles(|name| name == "B");
        assert!(!gates.is_drained("A") && gates.is_drained("B"));
        assert!(gates.drain("B", false) && !gates.drain("B", false));
    }
}
