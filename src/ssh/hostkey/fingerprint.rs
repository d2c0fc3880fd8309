//! Fingerprints of public keys, as OpenSSH prints them.

use std::fmt;

use nom::combinator::map_res;
use nom::multi::length_data;
use nom::number::complete::be_u32;
use nom::{IResult, Parser};

/// Type and SHA-256 of a public key blob; displays as `ssh-ed25519 SHA256:...`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fingerprint {
    /// Key type, such as `ssh-ed25519`; None if unknown.
    pub key_type: Option<String>,
    /// SHA-256 of the blob.
    pub sha256: [u8; 32],
}

impl Fingerprint {
    /// Of a public key blob (RFC 4253 section 6.6).
    pub fn of(key: &[u8]) -> Self {
        Self { key_type: key_type(key).map(str::to_owned), sha256: openssl::sha::sha256(key) }
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(key_type) = &self.key_type {
            write!(f, "{key_type} ")?;
        }
        let hash = openssl::base64::encode_block(&self.sha256);
        write!(f, "SHA256:{}", hash.trim_end_matches('='))
    }
}

/// The type that a public key blob begins with: 1 to 64 bytes of printable ASCII (RFC 4251
/// section 6).
pub fn key_type(key: &[u8]) -> Option<&str> {
    let parsed: IResult<&[u8], &str> = map_res(length_data(be_u32), std::str::from_utf8).parse(key);
    let (_, name) = parsed.ok()?;
    let is_name =
        (1..=64).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
    is_name.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_reads_as_ssh_keygen_prints_it() {
        let blob = openssl::base64::decode_block(
            "AAAAC3NzaC1lZDI1NTE5AAAAIDY8zGBxRSy6rL3jx4RCAaxOoUbYjm56BmYFkVG5Ho1C",
        );
        let fingerprint = Fingerprint::of(&blob.unwrap());
        assert_eq!(
            fingerprint.to_string(),
            "ssh-ed25519 SHA256:x31Xx3A/U+lFakcSBPa821sL7soaiA1Vy6BosDYq3aQ"
        );
    }

    #[test]
    fn blobs_without_a_type_have_a_hash_only() {
        for blob in [
            &b""[..],
            b"\0\0\0",
            b"\0\0\0\0",
            b"\0\0\0\x05ssh",
            b"\0\0\0\x01\x07",
            b"\xff\xff\xff\xffx",
        ] {
            assert_eq!(key_type(blob), None);
            assert!(Fingerprint::of(blob).to_string().starts_with("SHA256:"));
        }
    }
}
