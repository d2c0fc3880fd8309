//! Sets of addresses: single ones, CIDR blocks, ranges. Pure; used by [`super::rules`] and CLIENTS.
//!
//! Invariant: an IPv4-mapped IPv6 address counts as IPv4 wherever it stands.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::field::Mismatch;

/// One address, a CIDR block, or a range: all are a first and a last address of one family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AddressRange {
    /// IPv4.
    V4(Ipv4Addr, Ipv4Addr),
    /// IPv6.
    V6(Ipv6Addr, Ipv6Addr),
}

impl AddressRange {
    /// Reads `address`, `address/prefix` or `first-last`.
    ///
    /// The error marks the offending part and says what was expected; a block with host bits set
    /// is an error that names the block's first address.
    pub fn parse(text: &str) -> Result<Self, Mismatch> {
        if let Some((address, prefix)) = text.split_once('/') {
            return Self::block(text, address, prefix);
        }
        if let Some((first, last)) = text.split_once('-') {
            let start = parse_address(first, 0)?;
            let end = parse_address(last, first.len() + 1)?;
            return Self::between(start, end).ok_or_else(|| {
                Mismatch::whole(text, "two addresses of one family, the lower one first")
            });
        }
        let address = parse_address(text, 0)?;
        Ok(Self::single(address))
    }

    /// Just this address.
    pub fn single(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address, address),
            IpAddr::V6(address) => Self::V6(address, address),
        }
    }

    /// Whether the address lies within.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self, address.to_canonical()) {
            (Self::V4(first, last), IpAddr::V4(address)) => (*first..=*last).contains(&address),
            (Self::V6(first, last), IpAddr::V6(address)) => (*first..=*last).contains(&address),
            _ => false,
        }
    }

    /// Whether every address of `other` lies within.
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::V4(first, last), Self::V4(low, high)) => first <= low && high <= last,
            (Self::V6(first, last), Self::V6(low, high)) => first <= low && high <= last,
            _ => false,
        }
    }

    /// Whether it is one address only.
    pub fn is_single(&self) -> bool {
        match self {
            Self::V4(first, last) => first == last,
            Self::V6(first, last) => first == last,
        }
    }

    fn between(first: IpAddr, last: IpAddr) -> Option<Self> {
        match (first, last) {
            (IpAddr::V4(first), IpAddr::V4(last)) if first <= last => Some(Self::V4(first, last)),
            (IpAddr::V6(first), IpAddr::V6(last)) if first <= last => Some(Self::V6(first, last)),
            _ => None,
        }
    }

    fn block(text: &str, address: &str, prefix: &str) -> Result<Self, Mismatch> {
        let start: IpAddr = address.parse().map_err(|_| not_an_address(address, 0))?;
        let bits = if start.is_ipv4() { 32 } else { 128 };
        let length = prefix
            .parse::<u32>()
            .ok()
            .filter(|length| *length <= bits && prefix.bytes().all(|byte| byte.is_ascii_digit()))
            .ok_or_else(|| {
                Mismatch::new(prefix, address.len() + 1, format!("a prefix length of 0-{bits}"))
            })?;
        let range = match start {
            IpAddr::V4(start) => {
                let mask = u32::MAX.checked_shl(32 - length).unwrap_or(0);
                let first = start.to_bits() & mask;
                Self::V4(first.into(), (first | !mask).into())
            }
            IpAddr::V6(start) => {
                let mask = u128::MAX.checked_shl(128 - length).unwrap_or(0);
                let first = start.to_bits() & mask;
                Self::V6(first.into(), (first | !mask).into())
            }
        };
        if range.first() != start {
            let expected = format!("{}/{length}, the first address of the block", range.first());
            return Err(Mismatch::whole(text, expected));
        }
        // ::ffff:10.0.0.0/104 is 10.0.0.0/8; a block is mapped as a whole or not at all, but for
        // those that hold the mapped block and more, in which mapped addresses never appear.
        let (first, last) = (range.first().to_canonical(), range.last().to_canonical());
        Ok(Self::between(first, last).unwrap_or(range))
    }

    fn first(&self) -> IpAddr {
        match *self {
            Self::V4(first, _) => first.into(),
            Self::V6(first, _) => first.into(),
        }
    }

    fn last(&self) -> IpAddr {
        match *self {
            Self::V4(_, last) => last.into(),
            Self::V6(_, last) => last.into(),
        }
    }

    /// Prefix length, if the range is exactly one CIDR block.
    fn prefix(&self) -> Option<u32> {
        let (first, last, unused) = match *self {
            Self::V4(first, last) => (first.to_bits().into(), last.to_bits().into(), 96),
            Self::V6(first, last) => (first.to_bits(), last.to_bits(), 0),
        };
        let host: u128 = first ^ last;
        let aligned = host & host.wrapping_add(1) == 0 && first & host == 0;
        aligned.then(|| host.leading_zeros() - unused)
    }
}

impl Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix() {
            _ if self.is_single() => self.first().fmt(f),
            Some(length) => write!(f, "{}/{length}", self.first()),
            None => write!(f, "{}-{}", self.first(), self.last()),
        }
    }
}

fn parse_address(text: &str, offset: usize) -> Result<IpAddr, Mismatch> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_canonical()),
        Err(_) => Err(not_an_address(text, offset)),
    }
}

fn not_an_address(text: &str, offset: usize) -> Mismatch {
    Mismatch::new(text, offset, "an IPv4 or IPv6 address")
}

/// Set of addresses: single ones, CIDR blocks, ranges.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressSet {
    /// In the order written.
    ranges: Vec<AddressRange>,
}

impl AddressSet {
    /// Reads a list of addresses, CIDR blocks and ranges, separated by commas; `*` is every
    /// address.
    pub fn parse(text: &str) -> Result<Self, Mismatch> {
        if text == "*" {
            return Ok(Self::all());
        }
        let ranges = Mismatch::each(text, AddressRange::parse)?;
        Ok(Self { ranges })
    }

    /// Every address.
    pub fn all() -> Self {
        Self {
            ranges: vec![
                AddressRange::V4(Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST),
                AddressRange::V6(Ipv6Addr::UNSPECIFIED, u128::MAX.into()),
            ],
        }
    }

    /// Whether the address is in the set.
    pub fn contains(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(address))
    }
}

impl FromIterator<AddressRange> for AddressSet {
    fn from_iter<T: IntoIterator<Item = AddressRange>>(ranges: T) -> Self {
        Self { ranges: ranges.into_iter().collect() }
    }
}

impl Display for AddressSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::all() {
            return f.write_str("*");
        }
        for (index, range) in self.ranges.iter().enumerate() {
            write!(f, "{}{range}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_sets_hold_what_they_list() {
        let set = AddressSet::parse("127.0.0.0/8,::1,192.0.2.1-192.0.2.9").unwrap();
        assert_eq!(set.to_string(), "127.0.0.0/8,::1,192.0.2.1-192.0.2.9");
        for (address, expected) in
            [("127.1.2.3", true), ("::1", true), ("::2", false), ("192.0.2.10", false)]
        {
            assert_eq!(set.contains(address.parse().unwrap()), expected, "{address}");
        }
        assert!(AddressSet::parse("*").unwrap().contains("2001:db8::1".parse().unwrap()));
        let mismatch = AddressSet::parse("::1,nonsense,10.0.0.1").unwrap_err();
        assert_eq!((mismatch.from, mismatch.to), (4, 12));
    }
}
