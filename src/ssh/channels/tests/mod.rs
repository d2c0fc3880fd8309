//! The multiplexer under test: helpers shared by all, one file a subject.

mod flow;
mod forward_model;
mod forwards;
mod lifecycle;
mod random;

use std::net::SocketAddr;

use super::{
    ChannelId, ControlPacket, Event, FIRST_NUMBER, Limits, Mux, OpenError, OpenFailure,
    ProtocolError,
};
use crate::config::{Host, Target};

/// The server's channel number in most tests.
const PEER: u32 = 7;

const LIMITS: Limits = Limits {
    channels: 4,
    initial_window: 1000,
    max_window: 4000,
    growth: u32::MAX,
    max_packet: 600,
    queued: 3,
    forwards: 2,
};

fn target() -> Target {
    Target { host: Host::Name("ftp.example".into()), port: 21 }
}

fn origin() -> SocketAddr {
    "127.0.0.1:50000".parse().unwrap()
}

/// A packet of a message number and `u32` fields.
fn packet(message: u8, fields: &[u32]) -> Vec<u8> {
    let mut packet = vec![message];
    packet.extend(fields.iter().flat_map(|field| field.to_be_bytes()));
    packet
}

/// CHANNEL_DATA for our channel `number`.
fn data(number: u32, bytes: &[u8]) -> Vec<u8> {
    let mut packet = packet(94, &[number, bytes.len() as u32]);
    packet.extend(bytes);
    packet
}

/// A request: CHANNEL_REQUEST with a channel number, GLOBAL_REQUEST without.
fn request(number: Option<u32>, name: &str, want_reply: bool) -> Vec<u8> {
    let mut bytes = packet(if number.is_some() { 98 } else { 80 }, &[]);
    bytes.extend(number.iter().flat_map(|number| number.to_be_bytes()));
    bytes.extend((name.len() as u32).to_be_bytes());
    bytes.extend(name.as_bytes());
    bytes.push(want_reply.into());
    bytes
}

/// CHANNEL_OPEN_FAILURE with a text and an empty language tag.
fn failure(number: u32, reason: u32, text: &[u8]) -> Vec<u8> {
    let mut bytes = packet(92, &[number, reason, text.len() as u32]);
    bytes.extend(text);
    bytes.extend([0; 4]);
    bytes
}

fn sent(mux: &mut Mux<u8>) -> Vec<Vec<u8>> {
    std::iter::from_fn(|| mux.next_packet()).map(|packet| packet.as_bytes().to_vec()).collect()
}

/// Asks for a channel and has the open handed out.
fn asked(mux: &mut Mux<u8>, owner: u8) -> ChannelId {
    let id = mux.open_direct_tcpip(owner, &target(), origin()).unwrap();
    assert_eq!(sent(mux).len(), 1);
    id
}

/// An open channel: server's number [`PEER`], window 100, maximum packet 60.
fn opened(mux: &mut Mux<u8>, owner: u8) -> ChannelId {
    let id = asked(mux, owner);
    let confirmation = packet(91, &[id.number(), PEER, 100, 60]);
    assert_eq!(mux.input(&confirmation), Ok(Event::Opened { id, owner }));
    id
}

fn one_open() -> (Mux<u8>, ChannelId) {
    let mut mux = Mux::new(LIMITS);
    let id = opened(&mut mux, 1);
    (mux, id)
}

fn state(mux: &Mux<u8>) -> Vec<&'static str> {
    mux.channels().map(|channel| channel.state).collect()
}

fn unexpected(message: u8, channel: ChannelId, state: &'static str) -> ProtocolError {
    ProtocolError::Unexpected { message, channel, state }
}
