//! Data of channels on its way down: what came in one read of a session goes to each client's
//! socket in one write.
//!
//! `sessions` puts every data packet here as it takes it out of the transport, and has all of them
//! delivered before it acts on any other event of a channel and before it reads again. So nothing
//! overtakes data, and nothing waits here between two turns. At most [`MOST`] packets are held, in
//! the memory they arrived in.

use std::io::{self, IoSlice, Write};

use super::Worker;
use crate::engine::client::{Client, State};
use crate::engine::key::Key;
use crate::engine::session::Session;
use crate::ssh::channels::ChannelId;
use crate::ssh::transport::{Packet, Transport};

/// One data packet for one client.
pub(super) struct Parcel {
    client: Key,
    channel: ChannelId,
    packet: Packet,
    /// Where in the packet the data begins; it ends with the packet.
    start: usize,
}

impl Parcel {
    /// A packet whose bytes from `start` on, all of its data, are for the client.
    pub(super) fn new(client: Key, channel: ChannelId, packet: Packet, start: usize) -> Self {
        Self { client, channel, packet, start }
    }

    fn data<'a>(&'a self, transport: &'a Transport) -> &'a [u8] {
        transport.bytes(&self.packet).get(self.start..).unwrap_or_default()
    }
}

impl Worker {
    /// Gives all parcels, which are of one session, to their clients.
    pub(super) fn deliver_parcels(&mut self, session_key: Key) {
        let Self { clients, sessions, parcels, now, .. } = self;
        let session = sessions.get_mut(session_key.index()).filter(|s| s.key == session_key);
        let Some(session) = session.filter(|_| !parcels.is_empty()) else {
            parcels.clear();
            return;
        };
        let Session { link, mux, .. } = session;
        let Some(transport) = link.as_ref().and_then(|link| link.transport.as_ref()) else {
            parcels.clear();
            return;
        };
        let mut broken = Vec::new();
        // Stable: the packets of a client stay in order.
        parcels.sort_by_key(|parcel| parcel.client);
        for run in parcels.chunk_by(|one, next| one.channel == next.channel) {
            let (key, channel) = (run[0].client, run[0].channel);
            let Some(client) = clients.get_mut(key.index()).filter(|c| c.key == key) else {
                debug_assert!(false, "data for a client that is gone");
                continue;
            };
            client.active = *now;
            match deliver(client, transport, run) {
                Ok(0) => {}
                Ok(taken) => mux.consumed(channel, taken),
                Err(error) => broken.push((key, error)),
            }
        }
        parcels.clear();
        for (key, error) in broken {
            self.end_relay(key, &format!("client: {error}"), true);
        }
    }
}

/// Gives data of a channel to its client's socket, behind what waits already; the number of bytes
/// the socket took of it.
fn deliver(client: &mut Client, transport: &Transport, parcels: &[Parcel]) -> io::Result<usize> {
    let parts = client.parts();
    let State::Tunnel(tunnel) = parts.state else { return Ok(0) };
    let mut taken = 0;
    if tunnel.backlog.is_empty() && parts.ready.write {
        let mut slices = [IoSlice::new(&[]); MOST];
        let mut total = 0;
        for (slice, parcel) in slices.iter_mut().zip(parcels) {
            let data = parcel.data(transport);
            *slice = IoSlice::new(data);
            total += data.len();
        }
        taken = write_once(parts.socket, &slices[..parcels.len().min(MOST)])?;
        // A socket that took less than all is full, and tells when it is not (epoll(7)).
        parts.ready.write = taken == total;
    }
    *parts.down += taken as u64;
    let mut skip = taken;
    for parcel in parcels {
        let data = parcel.data(transport);
        tunnel.backlog.extend(&data[skip.min(data.len())..]);
        skip -= skip.min(data.len());
    }
    Ok(taken)
}

/// Writes what the socket takes: none of it, if it would block.
fn write_once(socket: &mut impl Write, slices: &[IoSlice<'_>]) -> io::Result<usize> {
    loop {
        match socket.write_vectored(slices) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(0),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Packets held at once, and written at once.
pub(super) const MOST: usize = 64;
