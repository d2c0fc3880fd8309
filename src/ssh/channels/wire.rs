//! Messages of the connection protocol on the wire (RFC 4254 section 9): reading and writing.
//!
//! Pure. A message is read whole or not at all; fields that only other channel types or request
//! types define are left unread at its end.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::ops::Deref;

use nom::combinator::all_consuming;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u32};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::error::ProtocolError;
use crate::config::{Host, Target};

pub(super) const GLOBAL_REQUEST: u8 = 80;
pub(super) const REQUEST_SUCCESS: u8 = 81;
pub(super) const REQUEST_FAILURE: u8 = 82;
pub(super) const CHANNEL_OPEN: u8 = 90;
pub(super) const CHANNEL_OPEN_CONFIRMATION: u8 = 91;
pub(super) const CHANNEL_OPEN_FAILURE: u8 = 92;
pub(super) const CHANNEL_WINDOW_ADJUST: u8 = 93;
pub(super) const CHANNEL_DATA: u8 = 94;
pub(super) const CHANNEL_EXTENDED_DATA: u8 = 95;
pub(super) const CHANNEL_EOF: u8 = 96;
pub(super) const CHANNEL_CLOSE: u8 = 97;
pub(super) const CHANNEL_REQUEST: u8 = 98;
pub(super) const CHANNEL_SUCCESS: u8 = 99;
pub(super) const CHANNEL_FAILURE: u8 = 100;

/// A message from the server; `recipient` is our channel number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Message<'p> {
    GlobalRequest { name: &'p [u8], want_reply: bool },
    RequestSuccess { fields: &'p [u8] },
    RequestFailure,
    Open { kind: &'p [u8], sender: u32, window: u32, max_packet: u32, fields: &'p [u8] },
    OpenConfirmation { recipient: u32, sender: u32, window: u32, max_packet: u32 },
    OpenFailure { recipient: u32, reason: u32, description: &'p [u8] },
    WindowAdjust { recipient: u32, bytes: u32 },
    Data { recipient: u32, data: &'p [u8] },
    ExtendedData { recipient: u32, data: &'p [u8] },
    Eof { recipient: u32 },
    Close { recipient: u32 },
    ChannelRequest { recipient: u32, name: &'p [u8], want_reply: bool },
    ChannelReply { recipient: u32, message: u8 },
}

/// What the CHANNEL_OPEN of a forwarded-tcpip channel says beyond the common fields (RFC 4254
/// section 7.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Forwarded<'p> {
    /// Address that was connected, as the server writes it.
    pub address: &'p [u8],
    /// Port that was connected.
    pub port: u32,
    /// Address of the originator, as the server writes it.
    pub origin: &'p [u8],
    /// Port of the originator.
    pub origin_port: u32,
}

/// Reads one packet: message number and fields, without padding.
pub(super) fn parse(packet: &[u8]) -> Result<Message<'_>, ProtocolError> {
    let Some((&message, fields)) = packet.split_first() else {
        return Err(ProtocolError::Malformed { message: 0 });
    };
    let parsed = match message {
        CHANNEL_DATA => all_consuming((be_u32, string))
            .parse(fields)
            .map(|(_, (recipient, data))| Message::Data { recipient, data }),
        CHANNEL_EXTENDED_DATA => all_consuming((be_u32, preceded(be_u32, string)))
            .parse(fields)
            .map(|(_, (recipient, data))| Message::ExtendedData { recipient, data }),
        CHANNEL_WINDOW_ADJUST => all_consuming((be_u32, be_u32))
            .parse(fields)
            .map(|(_, (recipient, bytes))| Message::WindowAdjust { recipient, bytes }),
        CHANNEL_EOF => {
            all_consuming(be_u32).parse(fields).map(|(_, recipient)| Message::Eof { recipient })
        }
        CHANNEL_CLOSE => {
            all_consuming(be_u32).parse(fields).map(|(_, recipient)| Message::Close { recipient })
        }
        CHANNEL_SUCCESS | CHANNEL_FAILURE => all_consuming(be_u32)
            .parse(fields)
            .map(|(_, recipient)| Message::ChannelReply { recipient, message }),
        CHANNEL_REQUEST => {
            (be_u32, string, boolean).parse(fields).map(|(_, (recipient, name, want_reply))| {
                Message::ChannelRequest { recipient, name, want_reply }
            })
        }
        CHANNEL_OPEN => (string, be_u32, be_u32, be_u32).parse(fields).map(
            |(fields, (kind, sender, window, max_packet))| Message::Open {
                kind,
                sender,
                window,
                max_packet,
                fields,
            },
        ),
        CHANNEL_OPEN_CONFIRMATION => (be_u32, be_u32, be_u32, be_u32).parse(fields).map(
            |(_, (recipient, sender, window, max_packet))| Message::OpenConfirmation {
                recipient,
                sender,
                window,
                max_packet,
            },
        ),
        // Old servers leave out the language tag, some the description too.
        CHANNEL_OPEN_FAILURE => {
            (be_u32, be_u32).parse(fields).map(|(rest, (recipient, reason))| {
                let description = string(rest).map_or(&[][..], |(_, description)| description);
                Message::OpenFailure { recipient, reason, description }
            })
        }
        GLOBAL_REQUEST => (string, boolean)
            .parse(fields)
            .map(|(_, (name, want_reply))| Message::GlobalRequest { name, want_reply }),
        REQUEST_SUCCESS => Ok(Message::RequestSuccess { fields }),
        REQUEST_FAILURE => Ok(Message::RequestFailure),
        _ => return Err(ProtocolError::NotConnection { message }),
    };
    parsed.map_err(|_| ProtocolError::Malformed { message })
}

/// Reads the fields of a forwarded-tcpip open that its kind defines.
pub(super) fn forwarded(fields: &[u8]) -> Result<Forwarded<'_>, ProtocolError> {
    all_consuming((string, be_u32, string, be_u32))
        .parse(fields)
        .map(|(_, (address, port, origin, origin_port))| Forwarded {
            address,
            port,
            origin,
            origin_port,
        })
        .map_err(|_: nom::Err<nom::error::Error<_>>| ProtocolError::Malformed {
            message: CHANNEL_OPEN,
        })
}

/// Reads the port that a server chose for a tcpip-forward with port 0 (RFC 4254 section 7.1).
pub(super) fn chosen_port(fields: &[u8]) -> Result<u16, ProtocolError> {
    let port: IResult<&[u8], u32> = all_consuming(be_u32).parse(fields);
    port.ok()
        .and_then(|(_, port)| u16::try_from(port).ok())
        .filter(|port| *port != 0)
        .ok_or(ProtocolError::Malformed { message: REQUEST_SUCCESS })
}

/// A string (RFC 4251 section 5): length, then as many bytes.
fn string(input: &[u8]) -> IResult<&[u8], &[u8]> {
    length_data(be_u32).parse(input)
}

/// A boolean (RFC 4251 section 5): everything but zero is true.
fn boolean(input: &[u8]) -> IResult<&[u8], bool> {
    be_u8.map(|byte| byte != 0).parse(input)
}

/// Bytes a [`ControlPacket`] holds without an allocation: the longest fixed packet has 27.
const INLINE: usize = 30;

/// One packet to send, message number first, without padding. Handed out by
/// [`Mux::next_packet`](super::Mux::next_packet).
#[derive(Clone)]
pub struct ControlPacket(Bytes);

#[derive(Clone)]
enum Bytes {
    Inline { length: u8, bytes: [u8; INLINE] },
    Boxed(Box<[u8]>),
}

impl ControlPacket {
    /// The packet's bytes.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Bytes::Inline { length, bytes } => &bytes[..usize::from(*length)],
            Bytes::Boxed(bytes) => bytes,
        }
    }

    /// CHANNEL_OPEN of a direct-tcpip channel (RFC 4254 section 7.2): `number` is ours, `window`
    /// and `max_packet` in bytes. Names go to the server as they are.
    pub(super) fn open_direct_tcpip(
        number: u32,
        window: u32,
        max_packet: u32,
        target: &Target,
        origin: SocketAddr,
    ) -> Self {
        let mut packet = Vec::with_capacity(128);
        packet.push(CHANNEL_OPEN);
        put_string(&mut packet, b"direct-tcpip");
        for field in [number, window, max_packet] {
            packet.extend(field.to_be_bytes());
        }
        match &target.host {
            Host::Name(name) => put_string(&mut packet, name.as_bytes()),
            Host::Address(address) => put_string(&mut packet, address.to_string().as_bytes()),
        }
        packet.extend(u32::from(target.port).to_be_bytes());
        put_string(&mut packet, origin.ip().to_canonical().to_string().as_bytes());
        packet.extend(u32::from(origin.port()).to_be_bytes());
        Self(Bytes::Boxed(packet.into()))
    }

    /// CHANNEL_OPEN_FAILURE; `sender` is the server's number, `reason` as in [`OpenFailure`], the
    /// description in ASCII.
    ///
    /// [`OpenFailure`]: super::OpenFailure
    pub(super) fn open_refusal(sender: u32, reason: u32, description: &str) -> Self {
        let mut packet = Vec::with_capacity(64);
        packet.push(CHANNEL_OPEN_FAILURE);
        for field in [sender, reason] {
            packet.extend(field.to_be_bytes());
        }
        put_string(&mut packet, description.as_bytes());
        // Language tag.
        put_string(&mut packet, b"");
        Self(Bytes::Boxed(packet.into()))
    }

    /// CHANNEL_OPEN_CONFIRMATION: `peer` is the server's number, `number` ours, `window` and
    /// `max_packet` in bytes.
    pub(super) fn open_confirmation(peer: u32, number: u32, window: u32, max_packet: u32) -> Self {
        let fields = [peer, number, window, max_packet].map(u32::to_be_bytes);
        Self::inline(&[&[CHANNEL_OPEN_CONFIRMATION], fields.as_flattened()])
    }

    /// tcpip-forward (RFC 4254 section 7.1) for a port that the server chooses.
    pub(super) fn tcpip_forward(address: IpAddr) -> Self {
        Self::global(b"tcpip-forward", address, 0)
    }

    /// cancel-tcpip-forward.
    pub(super) fn cancel_tcpip_forward(address: IpAddr, port: u16) -> Self {
        Self::global(b"cancel-tcpip-forward", address, port)
    }

    fn global(name: &[u8], address: IpAddr, port: u16) -> Self {
        let mut packet = Vec::with_capacity(96);
        packet.push(GLOBAL_REQUEST);
        put_string(&mut packet, name);
        packet.push(1);
        put_string(&mut packet, address.to_string().as_bytes());
        packet.extend(u32::from(port).to_be_bytes());
        Self(Bytes::Boxed(packet.into()))
    }

    /// CHANNEL_WINDOW_ADJUST by `bytes`; `peer` is the server's number.
    pub(super) fn window_adjust(peer: u32, bytes: u32) -> Self {
        Self::inline(&[&[CHANNEL_WINDOW_ADJUST], &peer.to_be_bytes(), &bytes.to_be_bytes()])
    }

    /// One of the messages that carry a channel number only; `peer` is the server's number.
    pub(super) fn for_channel(message: u8, peer: u32) -> Self {
        Self::inline(&[&[message], &peer.to_be_bytes()])
    }

    /// REQUEST_FAILURE.
    pub(super) fn request_failure() -> Self {
        Self::inline(&[&[REQUEST_FAILURE]])
    }

    /// GLOBAL_REQUEST that no server knows and every server has to answer.
    pub(super) fn keepalive() -> Self {
        const NAME: &[u8] = b"keepalive@openssh.com";
        Self::inline(&[&[GLOBAL_REQUEST], &(NAME.len() as u32).to_be_bytes(), NAME, &[1]])
    }

    fn inline(parts: &[&[u8]]) -> Self {
        let mut bytes = [0; INLINE];
        let mut length = 0;
        for part in parts {
            bytes[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
        Self(Bytes::Inline { length: length as u8, bytes })
    }
}

impl Deref for ControlPacket {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_bytes()
    }
}

impl fmt::Debug for ControlPacket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ControlPacket({:?})", self.as_bytes())
    }
}

/// What stands before the data in a CHANNEL_DATA packet: `peer` is the server's number, `length`
/// counts the bytes that follow.
pub(super) fn data_header(peer: u32, length: u32) -> [u8; 9] {
    let mut header = [CHANNEL_DATA; 9];
    header[1..5].copy_from_slice(&peer.to_be_bytes());
    header[5..].copy_from_slice(&length.to_be_bytes());
    header
}

/// Appends a string; everything we send is far shorter than 2^32 bytes.
fn put_string(packet: &mut Vec<u8>, text: &[u8]) {
    packet.extend((text.len() as u32).to_be_bytes());
    packet.extend(text);
}

#[cfg(test)]
mod tests {
    use std::net::Ipv6Addr;

    use super::*;

    #[test]
    fn open_is_as_in_the_rfc() {
        let target = Target { host: Host::Name("db.example".into()), port: 5432 };
        let origin = "10.1.2.3:4567".parse().unwrap();
        let packet =
            ControlPacket::open_direct_tcpip(0x4000_0007, 0x4_0000, 0x8000, &target, origin);
        let mut expected = b"\x5a\0\0\0\x0cdirect-tcpip".to_vec();
        expected.extend(b"\x40\0\0\x07\0\x04\0\0\0\0\x80\0");
        expected.extend(b"\0\0\0\x0adb.example\0\0\x15\x38");
        expected.extend(b"\0\0\0\x0810.1.2.3\0\0\x11\xd7");
        assert_eq!(packet.as_bytes(), expected);
    }

    #[test]
    fn mapped_addresses_are_written_as_ipv4_and_v6_without_brackets() {
        let target = Target { host: Host::Address("2001:db8::1".parse().unwrap()), port: 21 };
        let origin = "[::ffff:10.1.2.3]:1".parse().unwrap();
        let packet = ControlPacket::open_direct_tcpip(0, 0, 0, &target, origin);
        let text = String::from_utf8_lossy(packet.as_bytes()).into_owned();
        assert!(text.contains("\0\0\0\x0b2001:db8::1\0\0\0\x15"), "{text:?}");
        assert!(text.contains("\0\0\0\x0810.1.2.3\0\0\0\x01"), "{text:?}");
    }

    #[test]
    fn fixed_packets_are_as_in_the_rfc() {
        for (packet, expected) in [
            (ControlPacket::window_adjust(1, 2), &b"\x5d\0\0\0\x01\0\0\0\x02"[..]),
            (ControlPacket::for_channel(CHANNEL_EOF, 0x102), b"\x60\0\0\x01\x02"),
            (ControlPacket::request_failure(), b"\x52"),
            (ControlPacket::keepalive(), b"\x50\0\0\0\x15keepalive@openssh.com\x01"),
            (
                ControlPacket::open_confirmation(1, 2, 3, 4),
                b"\x5b\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04",
            ),
            (
                ControlPacket::tcpip_forward([127, 0, 0, 1].into()),
                b"\x50\0\0\0\x0dtcpip-forward\x01\0\0\0\x09127.0.0.1\0\0\0\0",
            ),
            (
                ControlPacket::cancel_tcpip_forward(Ipv6Addr::LOCALHOST.into(), 0x9c41),
                b"\x50\0\0\0\x14cancel-tcpip-forward\x01\0\0\0\x03::1\0\0\x9c\x41",
            ),
            (
                ControlPacket::open_refusal(9, 1, "not requested"),
                b"\x5c\0\0\0\x09\0\0\0\x01\0\0\0\x0dnot requested\0\0\0\0",
            ),
        ] {
            assert_eq!(packet.as_bytes(), expected);
        }
        assert_eq!(data_header(0x0102_0304, 5), *b"\x5e\x01\x02\x03\x04\0\0\0\x05");
    }

    #[test]
    fn a_cut_message_is_malformed_at_every_place() {
        for message in [
            &b"\x50\0\0\0\x01a\x01"[..],
            b"\x5a\0\0\0\x01x\0\0\0\x01\0\0\0\x02\0\0\0\x03",
            b"\x5b\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04",
            b"\x5c\0\0\0\x01\0\0\0\x02",
            b"\x5d\0\0\0\x01\0\0\0\x02",
            b"\x5e\0\0\0\x01\0\0\0\x02ab",
            b"\x5f\0\0\0\x01\0\0\0\x01\0\0\0\x02ab",
            b"\x60\0\0\0\x01",
            b"\x61\0\0\0\x01",
            b"\x62\0\0\0\x01\0\0\0\x01a\x01",
            b"\x63\0\0\0\x01",
            b"\x64\0\0\0\x01",
        ] {
            assert!(parse(message).is_ok(), "{message:?}");
            for length in 1..message.len() {
                let error = ProtocolError::Malformed { message: message[0] };
                assert_eq!(parse(&message[..length]), Err(error), "{message:?} cut at {length}");
            }
        }
        assert_eq!(parse(b""), Err(ProtocolError::Malformed { message: 0 }));
    }

    #[test]
    fn bytes_after_the_end_are_malformed_where_nothing_may_follow() {
        for message in
            [&b"\x5e\0\0\0\x01\0\0\0\x01ab"[..], b"\x60\0\0\0\x01\0", b"\x61\0\0\0\x01\0"]
        {
            assert_eq!(parse(message), Err(ProtocolError::Malformed { message: message[0] }));
        }
        assert!(parse(b"\x62\0\0\0\x01\0\0\0\x0bexit-status\0\0\0\0\x01").is_ok());
        assert!(parse(b"\x51\0\0\x10\x00").is_ok());
    }

    #[test]
    fn open_failure_may_lack_its_texts() {
        let expected = Message::OpenFailure { recipient: 1, reason: 2, description: b"" };
        assert_eq!(parse(b"\x5c\0\0\0\x01\0\0\0\x02"), Ok(expected));
        assert_eq!(parse(b"\x5c\0\0\0\x01\0\0\0\x02\0\0\0\x09cut"), Ok(expected));
        let expected = Message::OpenFailure { recipient: 1, reason: 2, description: b"no" };
        assert_eq!(parse(b"\x5c\0\0\0\x01\0\0\0\x02\0\0\0\x02no"), Ok(expected));
    }

    #[test]
    fn other_messages_are_not_ours() {
        for message in (0..=255).filter(|n| !matches!(n, 80..=82 | 90..=100)) {
            assert_eq!(parse(&[message]), Err(ProtocolError::NotConnection { message }));
        }
    }
}
