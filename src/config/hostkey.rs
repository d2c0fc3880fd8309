//! Host keys as a HOSTKEY card pins them: a fingerprint or a public key line. Pure.

use openssl::base64;

use super::HostKeyPin;
use super::field::Mismatch;

/// Bytes of a SHA-256 digest in base64 without padding.
const FINGERPRINT: usize = 43;

/// Reads `SHA256:` with 43 characters of base64, as ssh-keygen -l prints it, or a public key line:
/// type, base64 of the key blob (RFC 4253 section 6.6), and perhaps a comment.
pub(super) fn parse(text: &str) -> Result<HostKeyPin, Mismatch> {
    match text.split_once(':') {
        Some((algorithm, digest)) if algorithm.eq_ignore_ascii_case("SHA256") => {
            fingerprint(digest).ok_or_else(|| {
                let expected = format!("{FINGERPRINT} characters of base64 behind SHA256:");
                Mismatch::new(digest, algorithm.len() + 1, expected)
            })
        }
        _ => key_line(text),
    }
}

fn fingerprint(digest: &str) -> Option<HostKeyPin> {
    let digest = digest.strip_suffix('=').unwrap_or(digest);
    if digest.len() != FINGERPRINT {
        return None;
    }
    let bytes = decode(&format!("{digest}="))?;
    bytes.try_into().ok().map(HostKeyPin::Sha256)
}

fn key_line(text: &str) -> Result<HostKeyPin, Mismatch> {
    let expected = "SHA256: and a fingerprint, or a public key: its type, a blank, base64";
    let whole = || Mismatch::whole(text, expected);
    let (kind, rest) = text.split_once(' ').ok_or_else(whole)?;
    let key = rest.trim_start_matches(' ').split(' ').next().unwrap_or_default();
    let known = kind.starts_with("ssh-") || kind.starts_with("ecdsa-") || kind.starts_with("sk-");
    if !known || key.is_empty() {
        return Err(whole());
    }
    let offset = text.chars().count() - rest.trim_start_matches(' ').chars().count();
    let blob = decode(key).filter(|blob| blob_kind(blob) == Some(kind.as_bytes()));
    blob.map(HostKeyPin::Key)
        .ok_or_else(|| Mismatch::new(key, offset, format!("the base64 of a key of type {kind}")))
}

/// The first string of a key blob: its type.
fn blob_kind(blob: &[u8]) -> Option<&[u8]> {
    let (length, rest) = blob.split_first_chunk()?;
    rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let body = text.trim_end_matches('=');
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/';
    if text.len() % 4 != 0 || text.len() - body.len() > 2 || !body.bytes().all(allowed) {
        return None;
    }
    base64::decode_block(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIJ8Z1s2v0Y7Z0m1hW2n3l4k5j6h7g8f9d0s1a2p3o4i5";

    #[test]
    fn a_fingerprint_is_32_bytes() {
        let pin = parse("SHA256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8").unwrap();
        let HostKeyPin::Sha256(digest) = pin else { panic!("{pin:?}") };
        assert_eq!(&digest[..3], [0x9d, 0x38, 0x5b]);
        assert!(parse("sha256:nThbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8=").is_ok());
        let mismatch = parse("SHA256:nThbg6").unwrap_err();
        assert_eq!((mismatch.from, mismatch.to), (7, 13));
        assert!(parse("SHA256:!Thbg6kXUpJWGl7E1IGOCspRomTxdCARLviKw6E5SY8").is_err());
    }

    #[test]
    fn a_key_line_has_the_type_of_its_blob() {
        let pin = parse(&format!("ssh-ed25519 {BLOB} root@host")).unwrap();
        assert_eq!(pin, HostKeyPin::Key(base64::decode_block(BLOB).unwrap()));
        let mismatch = parse(&format!("ssh-rsa  {BLOB}")).unwrap_err();
        assert_eq!((mismatch.from, mismatch.found.as_str()), (9, BLOB));
        for bad in ["", "MD5:00", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519 AAA", "hello world"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
