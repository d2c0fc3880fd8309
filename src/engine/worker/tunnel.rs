//! TUNNEL relays: bytes between a client's socket and a channel.
//!
//! Each direction is a half-machine. Bytes of the client go into packets only while the channel's
//! window and the session's output have room, so nothing is buffered on the way up. Bytes of the
//! channel go to the socket at once (`parcels`); what it does not take waits in the client's backlog, which the
//! channel's receive window bounds, because the window is opened only for bytes the socket took.
//!
//! | half | Open | Draining | Finished |
//! |---|---|---|---|
//! | down: channel to client | data | EOF came, backlog left | socket shut for writing |
//! | up: client to channel | data | - | FIN came, EOF sent |

use std::io::{self, Read, Write};

use super::Worker;
use crate::engine::client::{Client, Half, Parts, State, Tunnel};
use crate::engine::key::Key;
use crate::engine::session::Session;
use crate::engine::sockets;
use crate::say;
use crate::ssh::channels::ChannelId;
use crate::ssh::transport::TransportError;

/// What a share of work came to.
enum Verdict {
    /// Nothing more to do for now.
    Wait,
    /// The share is used up, there is more.
    Again,
    /// The session's output is full.
    Blocked,
    /// This direction has finished.
    Finished,
    /// The client's socket failed.
    Broken(io::Error),
    /// The session failed.
    Lost(TransportError),
}

impl Worker {
    /// The client's socket, the channel's window or the session's output has room or bytes.
    pub(super) fn tunnel_ready(&mut self, key: Key) {
        let Self { clients, sessions, scratch, now, .. } = self;
        let Some(client) = clients.get_mut(key.index()).filter(|c| c.key == key) else { return };
        let parts = client.parts();
        let State::Tunnel(tunnel) = &mut *parts.state else { return };
        let session_key = tunnel.session;
        let session = sessions.get_mut(session_key.index()).filter(|s| s.key == session_key);
        let Some(session) = session else {
            say!(INTERNAL, id = client.number, what = "a tunnel outlived its session");
            self.end_relay(key, "SSH session lost", true);
            return;
        };
        session.mux.set_now(*now);
        let before = (*parts.up, *parts.down);
        let halves = (tunnel.up, tunnel.down);
        let down = drain_backlog(session, tunnel, parts.socket, &mut parts.ready.write, parts.down);
        let up = if matches!(down, Verdict::Broken(_)) {
            Verdict::Wait
        } else {
            pump_up(session, parts, scratch)
        };
        let client = &mut clients[key.index()];
        if before != (client.up, client.down) {
            client.active = *now;
        }
        if matches!(up, Verdict::Blocked) {
            block(client, session);
        }
        let changed = match client.state() {
            State::Tunnel(tunnel) => halves != (tunnel.up, tunnel.down),
            _ => false,
        };
        // Reading finds a reset behind the last byte. Where nothing is read nobody else finds it.
        let reset = match up {
            Verdict::Wait | Verdict::Blocked if client.ready.take_dead() => {
                sockets::take_error(&client.socket).err()
            }
            _ => None,
        };
        self.mark_dirty(session_key);
        for verdict in [down, up] {
            match verdict {
                Verdict::Wait | Verdict::Blocked | Verdict::Finished => {}
                Verdict::Again => self.enqueue(key),
                Verdict::Broken(error) => {
                    self.end_relay(key, &format!("client: {error}"), true);
                    return;
                }
                Verdict::Lost(error) => {
                    self.session_lost(session_key, &error.to_string());
                    return;
                }
            }
        }
        if let Some(error) = reset {
            self.end_relay(key, &format!("client: {error}"), true);
        } else if changed {
            self.half_finished(key);
        }
    }

    /// The channel has sent its EOF.
    pub(super) fn channel_eof(&mut self, key: Key, channel: ChannelId) {
        if self.slot_eof(key, channel) {
            return;
        }
        let Some(client) = self.client(key) else { return };
        if client.ftp.is_some() {
            self.ftp_ended(key);
            return;
        }
        let parts = client.parts();
        let State::Tunnel(tunnel) = parts.state else { return };
        if tunnel.down != Half::Open {
            return;
        }
        if tunnel.backlog.is_empty() {
            // Behind the client's FIN nothing can be unread: the close that follows sends ours.
            if tunnel.up != Half::Finished {
                sockets::shutdown_write(parts.socket);
            }
            tunnel.down = Half::Finished;
        } else {
            tunnel.down = Half::Draining;
        }
        self.half_finished(key);
    }

    /// The channel is closed on both sides.
    pub(super) fn channel_closed(&mut self, key: Key, channel: ChannelId, eof: bool) {
        let Some(client) = self.client(key) else { return };
        if client.ftp.is_some() {
            // A data channel closed by the server is still to be given to the client's side, unless what
            // came may be incomplete.
            let cut =
                !eof && self.slot_failed(key, channel, "closed by the SSH server without EOF");
            if !cut && !self.slot_eof(key, channel) {
                self.ftp_ended(key);
            }
            return;
        }
        let State::Tunnel(tunnel) = client.state_mut() else { return };
        if !eof {
            // What the target sent may be incomplete.
            self.end_relay(key, "channel closed by the SSH server without EOF", true);
        } else if tunnel.down == Half::Draining {
            // The rest of the backlog is still the client's.
            tunnel.up = Half::Finished;
        } else {
            self.end_relay(key, "target closed", false);
        }
    }

    /// A direction has finished: the relay ends with the second one.
    pub(super) fn half_finished(&mut self, key: Key) {
        self.tell_data_eof(key);
        let Some(client) = self.client(key) else { return };
        let State::Tunnel(tunnel) = client.state() else { return };
        if (tunnel.up, tunnel.down) == (Half::Finished, Half::Finished) {
            self.end_relay(key, "finished", false);
        } else {
            self.half_closed(key);
        }
    }
}

/// Writes the backlog to the client, and its FIN when the channel's EOF stands behind it.
fn drain_backlog(
    session: &mut Session,
    tunnel: &mut Tunnel,
    socket: &mut impl Socket,
    writable: &mut bool,
    down: &mut u64,
) -> Verdict {
    while *writable && !tunnel.backlog.is_empty() {
        match socket.write(tunnel.backlog.as_slices().0) {
            Ok(count) => {
                tunnel.backlog.drain(..count);
                *down += count as u64;
                session.mux.consumed(tunnel.channel, count);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => *writable = false,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Verdict::Broken(error),
        }
    }
    if tunnel.backlog.is_empty() {
        if tunnel.backlog.capacity() > 0 {
            tunnel.backlog = std::collections::VecDeque::new();
        }
        if tunnel.down == Half::Draining {
            socket.finish();
            tunnel.down = Half::Finished;
            return Verdict::Finished;
        }
    }
    Verdict::Wait
}

/// Puts the client's bytes into packets while there is room, up to a share.
fn pump_up(session: &mut Session, parts: Parts<'_>, scratch: &mut [u8]) -> Verdict {
    let Parts { socket, ready, state, early, up, .. } = parts;
    let State::Tunnel(tunnel) = state else { return Verdict::Wait };
    let mut share = SHARE;
    while tunnel.up == Half::Open && (ready.read || tunnel.early_sent < early.len()) {
        if share == 0 {
            return Verdict::Again;
        }
        let output = session.output_room();
        if output == 0 {
            return Verdict::Blocked;
        }
        // All that is read can be sent at once.
        let room = session.mux.window_room(tunnel.channel).min(output).min(scratch.len());
        if room == 0 {
            // The peer's window adjustment brings it back.
            return Verdict::Wait;
        }
        let waiting = &early[tunnel.early_sent..];
        let count = if waiting.is_empty() {
            match socket.read(&mut scratch[..room]) {
                Ok(0) => {
                    session.mux.send_eof(tunnel.channel);
                    tunnel.up = Half::Finished;
                    ready.read = false;
                    return Verdict::Finished;
                }
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready.read = false;
                    return Verdict::Wait;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Verdict::Broken(error),
            }
        } else {
            let count = waiting.len().min(room);
            scratch[..count].copy_from_slice(&waiting[..count]);
            tunnel.early_sent += count;
            count
        };
        let short = waiting.is_empty() && count < room;
        if let Err(verdict) = send_data(session, tunnel.channel, &scratch[..count]) {
            return verdict;
        }
        *up += count as u64;
        share -= count.min(share);
        if short && !ready.hup {
            // All that was there: the next bytes, or the FIN, bring a new edge.
            ready.read = false;
        }
    }
    Verdict::Wait
}

/// Cuts data that the channel's window has room for into packets, and sends them.
fn send_data(session: &mut Session, channel: ChannelId, mut data: &[u8]) -> Result<(), Verdict> {
    while !data.is_empty() {
        let (packet, rest) = data.split_at(session.mux.send_room(channel).min(data.len()));
        let Some(header) = session.mux.data_header(channel, packet.len()) else {
            debug_assert!(false, "more was read than the window has room for");
            return Err(Verdict::Broken(io::Error::other("more data than window")));
        };
        session.send(&header, packet).map_err(Verdict::Lost)?;
        data = rest;
    }
    Ok(())
}

/// Puts a client into its session's list of those that wait for output room.
fn block(client: &mut Client, session: &mut Session) {
    let key = client.key;
    if let State::Tunnel(tunnel) = client.state_mut() {
        if !std::mem::replace(&mut tunnel.blocked, true) {
            session.blocked.push(key);
        }
    }
}

/// A socket that can be written to and shut for writing.
trait Socket: Write {
    fn finish(&mut self);
}

impl Socket for mio::net::TcpStream {
    fn finish(&mut self) {
        sockets::shutdown_write(self);
    }
}

/// Bytes of one client that go up in one turn.
const SHARE: usize = 256 * 1024;
