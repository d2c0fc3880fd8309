//! The messages a client sends, as nom parsers: a whole message or nothing.
//!
//! Called by `negotiation` only. Each parser needs at most `MAX_MESSAGE` bytes to come to a
//! verdict. Lengths and terminators are read here, the meaning of fields is judged above.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nom::bytes::streaming::take_until;
use nom::combinator::map;
use nom::error::{ErrorKind, ParseError};
use nom::multi::length_data;
use nom::number::streaming::{be_u8, be_u16, be_u32, be_u128};
use nom::{Err, IResult, Parser};

/// Result of a parser of this module.
pub type Parsed<'a, T> = IResult<&'a [u8], T, Malformed>;

/// Why bytes are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// The version byte.
    Version(u8),
    /// The address type byte.
    AddressType(u8),
    /// A field of version 4 without its final zero byte; the field.
    TooLong(&'static str),
    /// The grammar as a whole. The parsers here name every cause, nom asks for the variant.
    Grammar,
}

impl<I> ParseError<I> for Malformed {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        Self::Grammar
    }

    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// A request of version 4 or 4a.
#[derive(Debug, PartialEq, Eq)]
pub struct V4Request<'a> {
    /// 1 CONNECT, 2 BIND.
    pub command: u8,
    /// Destination.
    pub host: WireHost<'a>,
    /// Port of the destination.
    pub port: u16,
    /// User ID without its final zero byte.
    pub user_id: &'a [u8],
}

/// A request of version 5 (RFC 1928 section 4).
#[derive(Debug, PartialEq, Eq)]
pub struct V5Request<'a> {
    /// 1 CONNECT, 2 BIND, 3 UDP ASSOCIATE.
    pub command: u8,
    /// Destination.
    pub host: WireHost<'a>,
    /// Port of the destination.
    pub port: u16,
}

/// The destination as it stands on the wire.
#[derive(Debug, PartialEq, Eq)]
pub enum WireHost<'a> {
    /// IPv4 or IPv6.
    Address(IpAddr),
    /// Name, not yet checked.
    Name(&'a [u8]),
}

/// Version 4: VN CD DSTPORT DSTIP USERID NUL; in 4a, told by DSTIP 0.0.0.x with x not zero, a name
/// and another NUL.
pub fn v4_request(input: &[u8]) -> Parsed<'_, V4Request<'_>> {
    let (input, _) = version(0x04, input)?;
    let (input, (command, port, address)) = (be_u8, be_u16, be_u32).parse(input)?;
    let (input, user_id) = zero_ended("user ID", input)?;
    let (input, host) = match address {
        0x0000_0001..=0x0000_00ff => {
            map(|input| zero_ended("host name", input), WireHost::Name).parse(input)?
        }
        _ => (input, WireHost::Address(Ipv4Addr::from(address).into())),
    };
    Ok((input, V4Request { command, host, port, user_id }))
}

/// Version 5, first message: VER NMETHODS METHODS. Gives the methods.
pub fn v5_greeting(input: &[u8]) -> Parsed<'_, &[u8]> {
    let (input, _) = version(0x05, input)?;
    length_data(be_u8).parse(input)
}

/// User name and password (RFC 1929): VER ULEN UNAME PLEN PASSWD.
pub fn login(input: &[u8]) -> Parsed<'_, (&[u8], &[u8])> {
    let (input, _) = version(0x01, input)?;
    (length_data(be_u8), length_data(be_u8)).parse(input)
}

/// Version 5, request: VER CMD RSV ATYP DST.ADDR DST.PORT. RSV is not looked at: clients differ.
pub fn v5_request(input: &[u8]) -> Parsed<'_, V5Request<'_>> {
    let (input, _) = version(0x05, input)?;
    let (input, (command, _reserved, address_type)) = (be_u8, be_u8, be_u8).parse(input)?;
    let (input, host) = match address_type {
        0x01 => map(be_u32, |bits| WireHost::Address(Ipv4Addr::from(bits).into())).parse(input)?,
        0x03 => map(length_data(be_u8), WireHost::Name).parse(input)?,
        0x04 => map(be_u128, |bits| WireHost::Address(Ipv6Addr::from(bits).into())).parse(input)?,
        other => return Err(Err::Failure(Malformed::AddressType(other))),
    };
    let (input, port) = be_u16(input)?;
    Ok((input, V5Request { command, host, port }))
}

fn version(expected: u8, input: &[u8]) -> Parsed<'_, u8> {
    match be_u8(input)? {
        (rest, found) if found == expected => Ok((rest, found)),
        (_, found) => Err(Err::Failure(Malformed::Version(found))),
    }
}

/// A field of version 4: up to 255 bytes and a zero byte, which is eaten.
fn zero_ended<'a>(field: &'static str, input: &'a [u8]) -> Parsed<'a, &'a [u8]> {
    let window = &input[..input.len().min(MAX_FIELD + 1)];
    let is_full = window.len() == MAX_FIELD + 1;
    match take_until::<_, _, Malformed>(&b"\0"[..])(window) {
        Ok((_, text)) => Ok((&input[text.len() + 1..], text)),
        Err(Err::Incomplete(_)) if is_full => Err(Err::Failure(Malformed::TooLong(field))),
        Err(error) => Err(error),
    }
}

/// Longest user ID and name of version 4, which sets no limit itself; the one of version 5.
const MAX_FIELD: usize = 255;
