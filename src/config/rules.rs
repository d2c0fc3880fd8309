//! Rules and their matching: port sets, destinations, and the first filter that matches a target.
//! Pure.
//!
//! Fields of cards come in through the `parse` functions; [`Config::decide`] is called once for every
//! connection and allocates nothing. Invariants: names are never resolved; a pattern of names
//! matches only names and a pattern of addresses only addresses; an IPv4-mapped IPv6 address counts
//! as IPv4 wherever it stands.

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::sync::Arc;

use nom::bytes::complete::take_while1;
use nom::character::complete::char;
use nom::combinator::opt;
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::field::Mismatch;
use super::{Config, Filter, Host, Target};
use crate::glob;

pub use super::address::{AddressRange, AddressSet};

impl Config {
    /// The first filter that matches the target. None means BLOCK.
    pub fn decide(&self, target: &Target) -> Option<&Arc<Filter>> {
        self.filters.iter().find(|filter| filter.matches(target))
    }
}

impl Filter {
    /// Whether the target's port and host are within this filter.
    pub fn matches(&self, target: &Target) -> bool {
        self.ports.contains(target.port) && self.destination.matches(&target.host)
    }
}

impl Host {
    /// Reads a host as a person types it: an address (IPv6 also in brackets) or a name.
    ///
    /// Names lose their final dot and become lower case. None if it is neither: empty, over 255
    /// bytes, or with characters other than printable ASCII.
    pub fn parse(text: &str) -> Option<Self> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse::<IpAddr>() {
            return Some(Self::Address(address.to_canonical()));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let printable = name.bytes().all(|byte| byte.is_ascii_graphic());
        (printable && (1..=255).contains(&name.len()))
            .then(|| Self::Name(name.to_ascii_lowercase()))
    }
}

/// Set of TCP ports: ascending, disjoint, inclusive ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PortSet {
    ranges: Vec<(u16, u16)>,
}

impl PortSet {
    /// Reads `*`, a port, a range `a-b`, or a list of ports and ranges separated by commas.
    pub fn parse(text: &str) -> Result<Self, Mismatch> {
        if text == "*" {
            return Ok(Self::all());
        }
        Ok(Mismatch::each(text, port_range)?.into_iter().collect())
    }

    /// Every port.
    pub fn all() -> Self {
        Self { ranges: vec![(0, u16::MAX)] }
    }

    /// Whether the port is in the set.
    pub fn contains(&self, port: u16) -> bool {
        self.ranges.iter().any(|(first, last)| (*first..=*last).contains(&port))
    }

    /// Whether every port of `other` is in the set.
    pub fn covers(&self, other: &Self) -> bool {
        let within = |(low, high): &(u16, u16)| {
            self.ranges.iter().any(|(first, last)| first <= low && high <= last)
        };
        other.ranges.iter().all(within)
    }

    /// The ports of both.
    pub fn union(&self, other: &Self) -> Self {
        self.ranges.iter().chain(&other.ranges).copied().collect()
    }
}

impl FromIterator<(u16, u16)> for PortSet {
    fn from_iter<T: IntoIterator<Item = (u16, u16)>>(ranges: T) -> Self {
        let mut sorted: Vec<_> = ranges.into_iter().collect();
        sorted.sort_unstable();
        let mut ranges: Vec<(u16, u16)> = Vec::with_capacity(sorted.len());
        for (first, last) in sorted {
            match ranges.last_mut() {
                Some((_, end)) if first <= end.saturating_add(1) => *end = last.max(*end),
                _ => ranges.push((first, last)),
            }
        }
        Self { ranges }
    }
}

impl Display for PortSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::all() {
            return f.write_str("*");
        }
        for (index, (first, last)) in self.ranges.iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            if first == last {
                write!(f, "{comma}{first}")?;
            } else {
                write!(f, "{comma}{first}-{last}")?;
            }
        }
        Ok(())
    }
}

fn port_range(text: &str) -> Result<(u16, u16), Mismatch> {
    fn digits(text: &str) -> IResult<&str, &str> {
        take_while1(|c: char| c.is_ascii_digit()).parse(text)
    }
    let expected = "a port (1-65535), a range like 20-21, a list like 25,110, or *";
    let mismatch = || Mismatch::whole(text, expected);
    let (rest, (first, last)) = (digits, opt(preceded(char('-'), digits)))
        .parse(text)
        .map_err(|_: nom::Err<nom::error::Error<&str>>| mismatch())?;
    let number = |digits: &str| digits.parse::<u16>().ok().filter(|port| *port > 0);
    let first = number(first).ok_or_else(mismatch)?;
    let last = last.map_or(Some(first), number).ok_or_else(mismatch)?;
    if !rest.is_empty() || last < first { Err(mismatch()) } else { Ok((first, last)) }
}

/// Destination field of a FILTER card.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Destination {
    /// `*`: every address and every name.
    Any,
    /// Address, CIDR block, or range.
    Addresses(AddressRange),
    /// Name, perhaps with `*` and `?`.
    Names(NamePattern),
}

impl Destination {
    /// Reads `*`, an address, a CIDR block, a range `a-b`, or a name with `*` and `?`.
    ///
    /// What is made of digits and dots, or has a colon or a slash, must be addresses: a mistyped
    /// address never becomes a name that nothing matches.
    pub fn parse(text: &str) -> Result<Self, Mismatch> {
        if text == "*" {
            return Ok(Self::Any);
        }
        let numeric =
            |part: &str| part.bytes().all(|byte| byte.is_ascii_digit() || b".*?".contains(&byte));
        let both_numeric = text.split_once('-').is_some_and(|(a, b)| numeric(a) && numeric(b));
        if text.contains(['/', ':']) || numeric(text) || both_numeric {
            if text.contains(['*', '?']) {
                let expected = "addresses as a CIDR block like 10.1.0.0/16 or a range a-b";
                return Err(Mismatch::whole(text, expected));
            }
            return AddressRange::parse(text).map(Self::Addresses);
        }
        NamePattern::parse(text).map(Self::Names)
    }

    /// Whether the host is within.
    pub fn matches(&self, host: &Host) -> bool {
        match (self, host) {
            (Self::Any, _) => true,
            (Self::Addresses(range), Host::Address(address)) => range.contains(*address),
            (Self::Names(pattern), Host::Name(name)) => pattern.matches(name),
            _ => false,
        }
    }

    /// Whether every host of `other` is surely within.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Addresses(range), Self::Addresses(other)) => range.covers(other),
            (Self::Names(pattern), Self::Names(other)) => pattern.covers(other),
            _ => false,
        }
    }

    /// Whether it is one address or one name only.
    pub fn is_single(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Addresses(range) => range.is_single(),
            Self::Names(pattern) => !pattern.text.contains(['*', '?']),
        }
    }
}

impl Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Addresses(range) => range.fmt(f),
            Self::Names(pattern) => pattern.fmt(f),
        }
    }
}

/// A host name in which `*` stands for any text, dots too, and `?` for one character.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NamePattern {
    /// Lower case, without a final dot; ASCII letters, digits, `-`, `_`, `.`, `*`, `?`.
    text: String,
}

impl NamePattern {
    /// Reads a pattern of 1 to 255 characters.
    pub fn parse(text: &str) -> Result<Self, Mismatch> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || "-_.*?".contains(c);
        if let Some((offset, bad)) = text.chars().enumerate().find(|(_, c)| !allowed(*c)) {
            let expected = "an address, a CIDR block, a range, or a name of letters, digits, - _ . \
                            and the wildcards * and ?";
            return Err(Mismatch::new(&bad.to_string(), offset, expected));
        }
        let bare = text.strip_suffix('.').unwrap_or(text);
        if !(1..=255).contains(&bare.len()) || bare.starts_with('.') || bare.contains("..") {
            return Err(Mismatch::whole(text, "a name of 1-255 characters without empty labels"));
        }
        Ok(Self { text: bare.to_ascii_lowercase() })
    }

    /// Whether the whole name matches; upper and lower case are the same.
    pub fn matches(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        glob::matches(self.text.as_bytes(), name.as_bytes(), |pattern, byte| {
            pattern == b'?' || pattern == byte.to_ascii_lowercase()
        })
    }

    /// Whether all that matches `other` surely matches this one: `other` is read as a name whose
    /// `*` only a `*` can stand for, and whose `?` only `*` or `?` can.
    pub fn covers(&self, other: &Self) -> bool {
        glob::matches(self.text.as_bytes(), other.text.as_bytes(), |pattern, byte| match byte {
            b'*' => false,
            byte => pattern == b'?' || pattern == byte,
        })
    }
}

impl Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(text: &str) -> Destination {
        Destination::parse(text).unwrap()
    }

    fn host(text: &str) -> Host {
        Host::parse(text).unwrap()
    }

    #[test]
    fn a_destination_of_addresses_matches_addresses_only() {
        let cases = [
            ("10.1.2.3", "10.1.2.3", true),
            ("10.1.2.3", "10.1.2.4", false),
            ("10.0.0.0/8", "10.255.255.255", true),
            ("10.0.0.0/8", "11.0.0.0", false),
            ("0.0.0.0/0", "255.255.255.255", true),
            ("0.0.0.0/0", "::1", false),
            ("10.1.0.5-10.1.0.9", "10.1.0.9", true),
            ("10.1.0.5-10.1.0.9", "10.1.0.10", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("::/0", "2001:db8::1", true),
            ("10.0.0.0/8", "ten.example", false),
            ("10.0.0.0/8", "::ffff:10.1.1.1", true),
            ("::ffff:10.0.0.0/104", "10.1.1.1", true),
            ("::ffff:10.0.0.1", "10.0.0.1", true),
        ];
        for (pattern, target, expected) in cases {
            assert_eq!(destination(pattern).matches(&host(target)), expected, "{pattern} {target}");
        }
    }

    #[test]
    fn a_mapped_address_counts_as_ipv4_even_if_the_caller_left_it_mapped() {
        let mapped = Host::Address("::ffff:10.1.1.1".parse().unwrap());
        assert!(destination("10.0.0.0/8").matches(&mapped));
        assert!(!destination("::/0").matches(&mapped));
    }

    #[test]
    fn a_destination_of_names_matches_names_only() {
        let cases = [
            ("host.example", "HOST.example.", true),
            ("host.example.", "host.example", true),
            ("*.corp.example", "a.b.corp.example", true),
            ("*.corp.example", "corp.example", false),
            ("*corp.example", "corp.example", true),
            ("host?.example", "host1.example", true),
            ("host?.example", "host.example", false),
            ("a*b*c", "axxbyybzzc", true),
            ("a*b*c", "axxbyybzz", false),
            ("*a", "10.1.1.1", false),
            ("my-host.example", "my-host.example", true),
        ];
        for (pattern, target, expected) in cases {
            assert_eq!(destination(pattern).matches(&host(target)), expected, "{pattern} {target}");
        }
    }

    #[test]
    fn the_star_matches_everything() {
        for target in ["10.1.1.1", "::1", "anything"] {
            assert!(destination("*").matches(&host(target)));
        }
    }

    #[test]
    fn bad_destinations_are_told_apart() {
        let cases = [
            ("10.1.2.300", "an IPv4 or IPv6 address"),
            ("10.1.2.*", "CIDR block"),
            ("10.1.0.0/33", "0-32"),
            ("10.1.0.0/+8", "0-32"),
            ("::1/129", "0-128"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("10.1.0.9-10.1.0.5", "lower one first"),
            ("10.1.0.9-::1", "one family"),
            ("host_name.example/8", "an IPv4 or IPv6 address"),
            ("bad!name", "letters, digits"),
            ("a..b", "empty labels"),
            (".", "an IPv4 or IPv6 address"),
            ("", "an IPv4 or IPv6 address"),
        ];
        for (text, expected) in cases {
            let mismatch = Destination::parse(text).unwrap_err();
            assert!(mismatch.expected.contains(expected), "{text}: {}", mismatch.expected);
        }
        let mismatch = Destination::parse("10.1.0.5-10.1.0.x:").unwrap_err();
        assert_eq!((mismatch.from, mismatch.to), (9, 18));
    }

    #[test]
    fn ports_are_merged_and_matched() {
        let ports = PortSet::parse("110,20-21,25,22").unwrap();
        assert_eq!(ports.to_string(), "20-22,25,110");
        for (port, expected) in [(19, false), (20, true), (22, true), (25, true), (111, false)] {
            assert_eq!(ports.contains(port), expected, "{port}");
        }
        assert!(PortSet::all().contains(0) && PortSet::all().contains(65_535));
        assert_eq!(PortSet::parse("*").unwrap().to_string(), "*");
    }

    #[test]
    fn bad_ports_are_marked_where_they_stand() {
        for (text, from, to) in [
            ("0", 0, 1),
            ("21,x", 3, 4),
            ("65536", 0, 5),
            ("21-20", 0, 5),
            ("21,", 3, 3),
            ("21-", 0, 3),
            ("", 0, 0),
            ("20-21-22", 0, 8),
        ] {
            let mismatch = PortSet::parse(text).unwrap_err();
            assert_eq!((mismatch.from, mismatch.to), (from, to), "{text}");
        }
    }

    #[test]
    fn covering_is_never_claimed_wrongly() {
        let yes = [
            ("*", "*"),
            ("*", "10.0.0.0/8"),
            ("*", "*.example"),
            ("10.0.0.0/8", "10.1.0.5-10.1.0.9"),
            ("*.example", "*.corp.example"),
            ("*.example", "a.example"),
            ("a?c", "abc"),
            ("a*", "a?c*"),
            ("a.example", "A.example"),
        ];
        for (wide, narrow) in yes {
            assert!(destination(wide).covers(&destination(narrow)), "{wide} {narrow}");
        }
        let no = [
            ("10.0.0.0/8", "*"),
            ("10.0.0.0/8", "0.0.0.0/0"),
            ("*.corp.example", "*.example"),
            ("a?c", "a*c"),
            ("abc", "a?c"),
            ("10.0.0.0/8", "::/0"),
        ];
        for (narrow, wide) in no {
            assert!(!destination(narrow).covers(&destination(wide)), "{narrow} {wide}");
        }
        let wide = PortSet::parse("1-100").unwrap().union(&PortSet::parse("101-200").unwrap());
        assert!(wide.covers(&PortSet::parse("50-150").unwrap()));
        assert!(!wide.covers(&PortSet::all()));
    }

    #[test]
    fn a_pattern_of_stars_costs_no_more_than_the_product_of_lengths() {
        let pattern = destination(&"a*".repeat(100));
        let name = Host::Name(format!("{}b", "a".repeat(254)));
        assert!(pattern.matches(&name));
        assert!(!destination(&format!("{}c", "a*".repeat(100))).matches(&name));
    }

    #[test]
    fn hosts_are_read_as_typed() {
        assert_eq!(host("[::1]"), Host::Address("::1".parse().unwrap()));
        assert_eq!(host("::ffff:10.0.0.1"), Host::Address("10.0.0.1".parse().unwrap()));
        assert_eq!(host("Host.Example."), Host::Name("host.example".into()));
        for bad in ["", ".", "two words", "naïve", &"x".repeat(256)] {
            assert_eq!(Host::parse(bad), None, "{bad}");
        }
    }
}
