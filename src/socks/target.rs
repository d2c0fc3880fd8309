//! From the host field of a request to a [`Host`]: the one place that decides what is a name.
//!
//! Rules on addresses must see every address, however it is written: a name that the resolver
//! would read as an address (`127.1`, `0x7f000001`, `::1`) becomes one here.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::Host;

/// Longest name, in bytes; the length field of RFC 1928 allows no more.
pub const MAX_NAME: usize = 255;

/// Reads a name: 1 to 255 bytes of printable ASCII, its final dot dropped, lower-cased.
///
/// None if it is not one, or has two final dots: what is left would be another spelling of the name,
/// or of an address.
pub fn host_from_name(name: &[u8]) -> Option<Host> {
    if name.len() > MAX_NAME || !name.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let name = name.strip_suffix(b".").unwrap_or(name);
    if name.is_empty() || name.ends_with(b".") {
        return None;
    }
    let name: String = name.iter().map(|byte| char::from(byte.to_ascii_lowercase())).collect();
    if let Ok(address) = name.parse::<Ipv6Addr>() {
        return Some(host_from_address(address.into()));
    }
    match loose_ipv4(&name) {
        Some(address) => Some(Host::Address(address.into())),
        None => Some(Host::Name(name)),
    }
}

/// An address as a host; an IPv4-mapped IPv6 address becomes IPv4.
pub fn host_from_address(address: IpAddr) -> Host {
    Host::Address(address.to_canonical())
}

/// Reads IPv4 as inet_aton(3) does: one to four parts, decimal, octal (`0`) or hexadecimal (`0x`);
/// the last part fills all bytes that are left.
fn loose_ipv4(text: &str) -> Option<Ipv4Addr> {
    let mut address: u32 = 0;
    let mut bytes_left: u32 = 4;
    let mut parts = text.split('.').peekable();
    while let Some(part) = parts.next() {
        let value = loose_number(part)?;
        let is_last = parts.peek().is_none();
        let width = if is_last { bytes_left } else { 1 };
        if width == 0 || (width < 4 && value >> (8 * width) != 0) {
            return None;
        }
        bytes_left = bytes_left.checked_sub(width)?;
        if !is_last && bytes_left == 0 {
            return None;
        }
        address |= value << (8 * bytes_left);
    }
    Some(Ipv4Addr::from(address))
}

/// One part of an inet_aton(3) address.
fn loose_number(part: &str) -> Option<u32> {
    let (digits, radix) = match part.strip_prefix("0x") {
        Some(digits) => (digits, 16),
        None if part.len() > 1 && part.starts_with('0') => (&part[1..], 8),
        None => (part, 10),
    };
    // from_str_radix would take a sign.
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    u32::from_str_radix(digits, radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<Host> {
        Some(Host::Address(text.parse().unwrap()))
    }

    #[test]
    fn names_are_lower_cased_and_lose_their_final_dot() {
        assert_eq!(host_from_name(b"Host.Example."), Some(Host::Name("host.example".into())));
        assert_eq!(host_from_name(b"a_b-c"), Some(Host::Name("a_b-c".into())));
        assert_eq!(host_from_name(&[b'a'; 255]), Some(Host::Name("a".repeat(255))));
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for bad in [
            &b""[..],
            b".",
            b"a..",
            b"127.0.0.1..",
            b"a b",
            b"a\0b",
            b"a\nb",
            b"\xc8\xd6",
            b" ",
            &[b'a'; 256],
        ] {
            assert_eq!(host_from_name(bad), None, "{bad:?}");
        }
    }

    #[test]
    fn addresses_in_disguise_become_addresses() {
        for text in ["127.0.0.1", "127.0.0.1.", "127.1", "0x7f.1", "0X7F000001", "2130706433"] {
            assert_eq!(host_from_name(text.as_bytes()), address("127.0.0.1"), "{text}");
        }
        assert_eq!(host_from_name(b"0177.0.0.01"), address("127.0.0.1"));
        assert_eq!(host_from_name(b"10.65535"), address("10.0.255.255"));
        assert_eq!(host_from_name(b"4294967295"), address("255.255.255.255"));
        assert_eq!(host_from_name(b"2001:DB8::1"), address("2001:db8::1"));
        assert_eq!(host_from_name(b"::ffff:192.0.2.1"), address("192.0.2.1"));
        assert_eq!(
            host_from_address("::ffff:192.0.2.1".parse().unwrap()),
            address("192.0.2.1").unwrap()
        );
    }

    #[test]
    fn near_addresses_stay_names() {
        for text in [
            "1.2.3.4.5",
            "256.1.1.1",
            "1.2.3.256",
            "4294967296",
            "1.16777216",
            "08.1.1.1",
            "a.1",
            "+1.2.3.4",
            "0xg",
            "1..2",
            "99999999999999999999",
            "10.0.0.1x",
            "fe80::1%eth0",
        ] {
            assert_eq!(host_from_name(text.as_bytes()), Some(Host::Name(text.into())));
        }
    }
}
