//! Messages of the server that libssh2 handles and zoxy reads as well: why it ends, what it refuses, what it offers.
//!
//! Anything may stand in them: what is missing is empty, what is long is cut.

use nom::Parser;
use nom::bytes::complete::take;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u32};

/// Longest list of authentication methods that is kept, in bytes.
const METHODS_LIMIT: usize = 1024;

/// Longest text of a disconnect message that is kept, in characters.
pub(super) const REASON_LIMIT: usize = 256;

/// SSH_MSG_DISCONNECT as received (RFC 4253 section 11.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ssh) struct Disconnect {
    pub(in crate::ssh) reason: u32,
    pub(in crate::ssh) text: String,
}

/// SSH_MSG_USERAUTH_FAILURE as received (RFC 4252 section 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ssh) struct AuthFailure {
    /// Methods that can continue, comma-separated.
    pub(in crate::ssh) methods: String,
    /// The request succeeded but more is needed.
    pub(in crate::ssh) partial: bool,
}

/// RFC 4253 section 11.1, without the message number; what is missing stays empty.
pub(super) fn parse_disconnect(content: &[u8]) -> Disconnect {
    let mut fields = (be_u32::<&[u8], ()>, length_data(be_u32));
    let (reason, text) = fields.parse(content).map_or((0, &[][..]), |(_, found)| found);
    Disconnect { reason, text: String::from_utf8_lossy(text).chars().take(REASON_LIMIT).collect() }
}

/// RFC 4252 section 5.1, without the message number; a malformed list offers nothing.
pub(super) fn parse_auth_failure(content: &[u8]) -> AuthFailure {
    let mut fields = (length_data(be_u32::<&[u8], ()>), be_u8);
    let (methods, partial) = fields.parse(content).map_or((&[][..], 0), |(_, found)| found);
    let methods = methods.get(..METHODS_LIMIT).unwrap_or(methods);
    AuthFailure { methods: String::from_utf8_lossy(methods).into_owned(), partial: partial != 0 }
}

/// The name-lists of a KEXINIT (RFC 4253 section 7.1) without the message number: kex, host key, ciphers to server and
/// to client, MACs likewise, compression likewise.
pub(in crate::ssh) fn parse_kexinit(content: &[u8]) -> Option<[String; 8]> {
    let (mut input, _cookie) = take::<_, _, ()>(16_usize).parse(content).ok()?;
    let mut lists: [String; 8] = Default::default();
    for list in &mut lists {
        let (remaining, names) = length_data(be_u32::<&[u8], ()>).parse(input).ok()?;
        *list = String::from_utf8_lossy(names).into_owned();
        input = remaining;
    }
    Some(lists)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_of_a_cut_key_exchange_message_are_none() {
        let mut content = vec![0; 16];
        for name in ["k", "h", "c1", "c2", "m1", "m2", "z1", "z2"] {
            content.extend(u32::try_from(name.len()).unwrap().to_be_bytes());
            content.extend(name.as_bytes());
        }
        let names = ["k", "h", "c1", "c2", "m1", "m2", "z1", "z2"].map(String::from);
        assert_eq!(parse_kexinit(&content), Some(names));
        for end in 0..content.len() {
            assert_eq!(parse_kexinit(&content[..end]), None, "{end}");
        }
    }
}
