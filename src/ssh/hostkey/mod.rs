//! Is the SSH server the one that was meant? Host keys against HOSTKEY cards and known_hosts files.
//!
//! Called when a key exchange has given the server's key, before anything of a login is sent.
//! [`HostKeys`] is made once per profile and shared by all workers; [`LearnedKeys`] outlives a
//! refresh of the deck. Invariants: nothing but a key that was accepted before gets
//! [`Verdict::Accepted`]; a key that differs from a known one is refused whatever STRICTKEY says.
//!
//! | who knows the host | key | verdict |
//! |---|---|---|
//! | a HOSTKEY card | one of the cards | Accepted |
//! | a HOSTKEY card | another | Refused: Changed; known_hosts is not asked |
//! | known_hosts | marked `@revoked` | Refused: Revoked |
//! | known_hosts, learned | the same | Accepted |
//! | known_hosts, learned | another of a known type | Refused: Changed |
//! | known_hosts, learned | of other types only | Refused: OtherType |
//! | nobody, STRICTKEY YES | any | Refused: Unknown |
//! | nobody, STRICTKEY NEW | any | New, and learned |
//! | nobody, STRICTKEY ASK | any | Refused: Unknown; the operator is asked, and may have it learned |

mod fingerprint;
mod known_hosts;
mod learned;

pub use fingerprint::Fingerprint;
pub use known_hosts::{KnownHosts, LineProblem, MAX_FILE, Problem};
pub use learned::{LearnedKeys, MAX_LEARNED};

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::{HostKeyPin, StrictHostKey};

/// What a profile knows about host keys.
#[derive(Debug)]
pub struct HostKeys {
    pins: Vec<HostKeyPin>,
    known: KnownHosts,
    strict: StrictHostKey,
    learned: Arc<LearnedKeys>,
}

/// The answer to a host key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is the right one, as this place says.
    Accepted(Place),
    /// Nobody knew the host; it is held to this key from now on. Worth a warning.
    New(Fingerprint),
    /// Do not log in.
    Refused(Refusal),
}

/// Why a host key is not accepted; the text names every fingerprint involved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody knows the host.
    Unknown {
        /// Name as looked up: `host` or `[host]:port`.
        name: String,
        /// The server's key.
        got: Fingerprint,
    },
    /// The host is known with another key.
    Changed {
        /// Keys that would have been accepted.
        expected: Vec<KnownKey>,
        /// The server's key.
        got: Fingerprint,
    },
    /// The host is known, but only with keys of other types.
    OtherType {
        /// Keys that would have been accepted.
        expected: Vec<KnownKey>,
        /// The server's key.
        got: Fingerprint,
    },
    /// The key is marked `@revoked`.
    Revoked {
        /// Where.
        place: Place,
        /// The server's key.
        got: Fingerprint,
    },
    /// STRICTKEY NEW, but [`MAX_LEARNED`] hosts have been learned already.
    TooManyLearned {
        /// The server's key.
        got: Fingerprint,
    },
}

/// A key that would be accepted, and who says so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownKey {
    /// The key.
    pub fingerprint: Fingerprint,
    /// Who says so.
    pub place: Place,
}

/// Where a host key is known from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A HOSTKEY card of the profile.
    Card,
    /// A line of a known_hosts file.
    Line {
        /// The file's name.
        source: Arc<str>,
        /// Line number, from 1.
        line: usize,
    },
    /// Seen before in this run, under STRICTKEY NEW or ASK.
    Learned,
}

impl HostKeys {
    /// Of one profile. When there are pins, they alone decide and `known` is never looked at.
    pub fn new(
        pins: Vec<HostKeyPin>,
        known: KnownHosts,
        strict: StrictHostKey,
        learned: Arc<LearnedKeys>,
    ) -> Self {
        Self { pins, known, strict, learned }
    }

    /// Judges the key blob (RFC 4253 section 6.6) of the server reached as `host` and `port`.
    pub fn check(&self, host: &str, port: u16, key: &[u8]) -> Verdict {
        let got = Fingerprint::of(key);
        if !self.pins.is_empty() {
            return self.check_pins(key, got);
        }
        let names = LookupNames::new(host, port);
        let mut expected = Vec::new();
        let mut accepted = None;
        for entry in self.known.entries_for(&names) {
            match (entry.is_revoked, *entry.key == *key) {
                (true, true) => {
                    return Verdict::Refused(Refusal::Revoked { place: entry.place(), got });
                }
                (true, false) => {}
                (false, true) => accepted = accepted.or(Some(entry.place())),
                (false, false) => expected.push(entry.known_key()),
            }
        }
        if let Some(place) = accepted {
            return Verdict::Accepted(place);
        }
        if !expected.is_empty() {
            return Verdict::Refused(mismatch(expected, got));
        }
        match self.strict {
            StrictHostKey::Yes => Verdict::Refused(Refusal::Unknown { name: names.given, got }),
            StrictHostKey::New => self.learned.check(names.canonical, got),
            StrictHostKey::Ask => {
                let unknown = || Refusal::Unknown { name: names.given.clone(), got: got.clone() };
                let learned = self.learned.find(&names.canonical, got.clone());
                learned.unwrap_or_else(|| Verdict::Refused(unknown()))
            }
        }
    }

    /// Host key algorithms to ask the server for first, so that it shows a key that is known here.
    ///
    /// None if the host is unknown, or known by a fingerprint only, which does not tell the type.
    pub fn algorithms_for(&self, host: &str, port: u16) -> Option<Vec<&str>> {
        let names = LookupNames::new(host, port);
        let mut types: Vec<&str> = Vec::new();
        for pin in &self.pins {
            match pin {
                HostKeyPin::Sha256(_) => return None,
                HostKeyPin::Key(key) => types.extend(fingerprint::key_type(key)),
            }
        }
        if self.pins.is_empty() {
            let entries = self.known.entries_for(&names).filter(|entry| !entry.is_revoked);
            types.extend(entries.map(|entry| entry.key_type()));
        }
        let mut algorithms = Vec::new();
        for key_type in types {
            let signed_with: &[&str] = match key_type {
                // RFC 8332: the key type of RSA is not the algorithm; SHA-1 is not asked for.
                "ssh-rsa" => &["rsa-sha2-512", "rsa-sha2-256"],
                _ => &[key_type],
            };
            for algorithm in signed_with {
                if !algorithms.contains(algorithm) {
                    algorithms.push(*algorithm);
                }
            }
        }
        (!algorithms.is_empty()).then_some(algorithms)
    }

    fn check_pins(&self, key: &[u8], got: Fingerprint) -> Verdict {
        let is_pinned = self.pins.iter().any(|pin| match pin {
            HostKeyPin::Sha256(hash) => *hash == got.sha256,
            HostKeyPin::Key(pinned) => pinned == key,
        });
        if is_pinned {
            return Verdict::Accepted(Place::Card);
        }
        let expected = self.pins.iter().map(|pin| KnownKey {
            fingerprint: match pin {
                HostKeyPin::Sha256(hash) => Fingerprint { key_type: None, sha256: *hash },
                HostKeyPin::Key(key) => Fingerprint::of(key),
            },
            place: Place::Card,
        });
        Verdict::Refused(mismatch(expected.collect(), got))
    }
}

/// None of the `expected` keys is the one that came.
fn mismatch(expected: Vec<KnownKey>, got: Fingerprint) -> Refusal {
    // A fingerprint without a type may be of any type.
    let could_be = |known: &KnownKey| {
        known.fingerprint.key_type.is_none() || known.fingerprint.key_type == got.key_type
    };
    if expected.iter().any(could_be) {
        Refusal::Changed { expected, got }
    } else {
        Refusal::OtherType { expected, got }
    }
}

/// The names under which a server is looked up.
///
/// As in OpenSSH, `host` for port 22 and `[host]:port` for another; unlike there, a server on
/// another port is never taken for the one on port 22. An address is also looked up in its
/// shortest spelling; the address behind a name is not, it proves nothing about the name.
#[derive(Debug)]
struct LookupNames {
    given: String,
    canonical: String,
}

impl LookupNames {
    fn new(host: &str, port: u16) -> Self {
        let host = host.to_ascii_lowercase();
        let canonical = match host.parse::<IpAddr>() {
            Ok(address) => address.to_canonical().to_string(),
            Err(_) => host.clone(),
        };
        let with_port = |host: String| match port {
            22 => host,
            _ => format!("[{host}]:{port}"),
        };
        Self { given: with_port(host), canonical: with_port(canonical) }
    }

    fn iter(&self) -> impl Iterator<Item = &str> {
        let second = (self.given != self.canonical).then_some(self.canonical.as_str());
        std::iter::once(self.given.as_str()).chain(second)
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name, got } => write!(f, "nobody knows {name}, it shows {got}"),
            Self::Changed { expected, got } => {
                write!(f, "the host key is not the known one: it shows {got}, expected ")?;
                write_list(f, expected)
            }
            Self::OtherType { expected, got } => {
                write!(
                    f,
                    "the host is known with keys of other types only: it shows {got}, expected "
                )?;
                write_list(f, expected)
            }
            Self::Revoked { place, got } => write!(f, "the host key {got} is revoked by {place}"),
            Self::TooManyLearned { got } => {
                write!(f, "{MAX_LEARNED} hosts learned already, this one shows {got}")
            }
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, keys: &[KnownKey]) -> fmt::Result {
    for (index, key) in keys.iter().enumerate() {
        match index {
            0 => {}
            // A log line, not a listing.
            MAX_LISTED => return write!(f, " and {} more", keys.len() - MAX_LISTED),
            _ => f.write_str(" or ")?,
        }
        write!(f, "{} ({})", key.fingerprint, key.place)?;
    }
    Ok(())
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Card => f.write_str("HOSTKEY card"),
            Self::Line { source, line } => write!(f, "{source}:{line}"),
            Self::Learned => f.write_str("first seen in this run"),
        }
    }
}

/// Most keys named in one message.
const MAX_LISTED: usize = 4;

#[cfg(test)]
mod tests;
