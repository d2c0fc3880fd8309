//! The relay between real sockets on loopback, driven by a real poll with edge-triggered events.
//! Each behaviour is shown twice: with pipes and with copying.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream as Peer};
use std::thread;
use std::time::{Duration, Instant};

use mio::{Events, Interest, Poll, Token};
use rustix::net::{SendFlags, sockopt};

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);
const CLIENT: Token = Token(0);
const TARGET: Token = Token(1);
const BUDGET: usize = 256 * 1024;

#[test]
fn bulk_both_ways_at_once_arrives_whole() {
    for copy in [false, true] {
        let (mut rig, client, target) = Rig::new(copy);
        let length = 8 << 20;
        let peers = [(client, 1), (target, 2)].map(|(peer, seed)| {
            let mut writer = peer.try_clone().unwrap();
            let sender = thread::spawn(move || {
                writer.write_all(&pattern(seed, length)).unwrap();
                writer.shutdown(Shutdown::Write).unwrap();
            });
            let receiver = thread::spawn(move || read_all(peer) == pattern(3 - seed, length));
            (sender, receiver)
        });
        rig.finish().unwrap();
        for (sender, receiver) in peers {
            sender.join().unwrap();
            assert!(receiver.join().unwrap(), "bytes differ, copy = {copy}");
        }
        assert_eq!(rig.relay.bytes_up(), length as u64);
        assert_eq!(rig.relay.bytes_down(), length as u64);
        assert!(rig.relay.up.carrier.is_none() && rig.relay.down.carrier.is_none());
    }
}

#[test]
fn a_fin_passes_and_the_other_direction_stays_open() {
    for copy in [false, true] {
        for client_first in [true, false] {
            let (mut rig, client, target) = Rig::new(copy);
            let (mut first, mut second) =
                if client_first { (client, target) } else { (target, client) };
            first.write_all(&pattern(1, 300_000)).unwrap();
            first.shutdown(Shutdown::Write).unwrap();
            rig.pump_until(|relay| relay.is_half_closed());
            assert_eq!(rig.relay.has_ended(Side::Client), client_first);
            assert_eq!(rig.relay.has_ended(Side::Target), !client_first);
            assert_eq!(rig.relay.finished(), [client_first, !client_first]);
            let got = thread::spawn(move || {
                let mut bytes = Vec::new();
                second.read_to_end(&mut bytes).unwrap();
                second.write_all(&pattern(2, 300_000)).unwrap();
                drop(second);
                bytes
            });
            let answer = thread::spawn(move || read_all(first));
            rig.finish().unwrap();
            assert!(got.join().unwrap() == pattern(1, 300_000));
            assert!(answer.join().unwrap() == pattern(2, 300_000));
            assert!(!rig.relay.is_half_closed());
            assert_eq!(rig.relay.finished(), [true; 2]);
        }
    }
}

#[test]
fn early_bytes_go_first() {
    for copy in [false, true] {
        let (mut rig, mut client, target) = Rig::new(copy);
        rig.relay = Relay::new(b"USER batch\r\n".to_vec(), copy);
        client.write_all(b"PASS secret\r\n").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        target.shutdown(Shutdown::Write).unwrap();
        rig.finish().unwrap();
        assert_eq!(read_all(target), b"USER batch\r\nPASS secret\r\n");
    }
}

#[test]
fn a_slow_reader_holds_its_sender_back() {
    for copy in [false, true] {
        let (mut rig, client, target) = Rig::new(copy);
        for socket in [&rig.client, &rig.target] {
            sockopt::set_socket_send_buffer_size(socket, 32 * 1024).unwrap();
            sockopt::set_socket_recv_buffer_size(socket, 32 * 1024).unwrap();
        }
        let length = 16 << 20;
        let mut writer = client.try_clone().unwrap();
        let sender = thread::spawn(move || {
            writer.write_all(&pattern(1, length)).unwrap();
            writer.shutdown(Shutdown::Write).unwrap();
        });
        // The target reads nothing: the relay fills what there is and then stands still.
        rig.pump_until_sink_is_full();
        assert!(rig.relay.bytes_up() > 0);
        let held = rig.relay.up.carrier.as_ref().map_or(0, Carrier::held);
        assert!(held > 0 && held <= BUDGET);
        let taken = rig.relay.bytes_up() + held as u64;
        assert!(taken < length as u64, "{taken} bytes taken of {length}");

        let receiver = thread::spawn(move || {
            let ok = read_all(target.try_clone().unwrap()) == pattern(1, length);
            drop(target);
            ok
        });
        rig.pump_until(|relay| relay.is_half_closed());
        sender.join().unwrap();
        drop(client);
        assert!(receiver.join().unwrap(), "bytes differ, copy = {copy}");
    }
}

#[test]
fn a_reset_in_mid_transfer_names_its_side() {
    for copy in [false, true] {
        for side in [Side::Client, Side::Target] {
            let (mut rig, client, target) = Rig::new(copy);
            let (mut dying, other) =
                if side == Side::Client { (client, target) } else { (target, client) };
            dying.write_all(&pattern(1, 100_000)).unwrap();
            rig.pump_until(|relay| relay.bytes_up() + relay.bytes_down() > 0);
            sockopt::set_socket_linger(&dying, Some(Duration::ZERO)).unwrap();
            drop(dying);
            let failure = rig.finish().unwrap_err();
            assert_eq!(failure.side, side);
            drop(other);
        }
    }
}

#[test]
fn a_reply_gets_through_although_the_upload_is_refused() {
    for copy in [false, true] {
        let (mut rig, mut client, mut target) = Rig::new(copy);
        client.write_all(&pattern(1, 10_000)).unwrap();
        rig.pump_until(|relay| relay.bytes_up() == 10_000);
        target.write_all(b"552 quota exceeded\r\n").unwrap();
        // Closed with the upload unread: the kernel sends a reset behind the reply.
        drop(target);
        client.write_all(&pattern(2, 10_000)).unwrap();
        assert_eq!(rig.finish().unwrap_err().side, Side::Target);
        assert!(!rig.relay.finished()[0], "a failed direction has not finished");
        let mut reply = [0; 20];
        client.read_exact(&mut reply).unwrap();
        assert_eq!(&reply, b"552 quota exceeded\r\n");
    }
}

#[test]
fn urgent_data_stays_in_line_and_nothing_behind_it_is_lost() {
    for copy in [false, true] {
        let (mut rig, mut client, target) = Rig::new(copy);
        client.write_all(b"before").unwrap();
        rustix::net::send(&client, b"!", SendFlags::OOB).unwrap();
        client.write_all(b"after").unwrap();
        rig.pump_until(|relay| relay.bytes_up() == 12);
        // Again with the FIN behind it, all of it waiting before the relay looks.
        rustix::net::send(&client, b"?", SendFlags::OOB).unwrap();
        client.write_all(b"end").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        target.shutdown(Shutdown::Write).unwrap();
        rig.finish().unwrap();
        assert_eq!(read_all(target), b"before!after?end");
    }
}

#[test]
fn the_budget_bounds_a_call_and_nothing_is_forgotten() {
    for copy in [false, true] {
        let (mut rig, mut client, target) = Rig::new(copy);
        client.write_all(&pattern(1, 100_000)).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        target.shutdown(Shutdown::Write).unwrap();
        let (mut calls, deadline) = (0, Instant::now() + PATIENCE);
        loop {
            assert!(Instant::now() < deadline);
            let pumped = rig.pump(1_000).unwrap();
            assert!(pumped.moved <= 1_000);
            match pumped.state {
                RelayState::More => calls += 1,
                RelayState::Waiting => rig.wait(PATIENCE),
                RelayState::Done => break,
            }
        }
        rig.close();
        assert!(calls >= 99, "{calls} calls");
        assert!(read_all(target) == pattern(1, 100_000));
    }
}

#[test]
fn a_pipe_is_held_only_while_bytes_are_in_it() {
    let (mut rig, mut client, mut target) = Rig::new(false);
    for _ in 0..3 {
        client.write_all(b"NOOP\r\n").unwrap();
        let before = rig.relay.bytes_up();
        rig.pump_until(|relay| relay.bytes_up() == before + 6);
        target.read_exact(&mut [0; 6]).unwrap();
        assert!(rig.relay.up.carrier.is_none());
        assert_eq!(rig.pool.idle_pipes(), 1);
    }
}

#[test]
fn a_relay_that_has_nothing_to_do_opens_no_pipe() {
    let (mut rig, _client, _target) = Rig::new(false);
    (rig.client_ready.readable, rig.target_ready.readable) = (false, false);
    assert_eq!(rig.pump(BUDGET).unwrap(), Pumped { moved: 0, state: RelayState::Waiting });
    assert_eq!(rig.pool.idle_pipes(), 0);
}

/// A relay with its two sockets, their poll and what the poll said.
struct Rig {
    relay: Relay,
    client: TcpStream,
    target: TcpStream,
    client_ready: Readiness,
    target_ready: Readiness,
    poll: Poll,
    events: Events,
    pool: PipePool,
}

impl Rig {
    /// The rig and the peers' ends of its sockets.
    fn new(copy: bool) -> (Self, Peer, Peer) {
        let ((mut client, client_peer), (mut target, target_peer)) = (pair(), pair());
        let poll = Poll::new().unwrap();
        let both = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(&mut client, CLIENT, both).unwrap();
        poll.registry().register(&mut target, TARGET, both).unwrap();
        let rig = Self {
            relay: Relay::new(Vec::new(), copy),
            client,
            target,
            client_ready: Readiness::default(),
            target_ready: Readiness::default(),
            poll,
            events: Events::with_capacity(8),
            pool: PipePool::new(2),
        };
        (rig, client_peer, target_peer)
    }

    fn pump(&mut self, budget: usize) -> Result<Pumped, RelayError> {
        let client = End { socket: &self.client, ready: &mut self.client_ready };
        let target = End { socket: &self.target, ready: &mut self.target_ready };
        self.relay.pump(client, target, &mut self.pool, budget)
    }

    /// Waits for events and notes them.
    fn wait(&mut self, patience: Duration) {
        match self.poll.poll(&mut self.events, Some(patience)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            result => result.unwrap(),
        }
        for event in &self.events {
            match event.token() {
                CLIENT => self.client_ready.note(event),
                _ => self.target_ready.note(event),
            }
        }
    }

    fn pump_until(&mut self, reached: impl Fn(&Relay) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let pumped = self.pump(BUDGET).unwrap();
            if reached(&self.relay) {
                return;
            }
            assert!(Instant::now() < deadline, "not reached: {:?}", self.relay);
            assert_ne!(pumped.state, RelayState::Done);
            if pumped.state == RelayState::Waiting {
                self.wait(PATIENCE);
            }
        }
    }

    /// Pumps until the target takes no more and no event has come for a while.
    fn pump_until_sink_is_full(&mut self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "the sink never fills");
            if self.pump(BUDGET).unwrap().state == RelayState::Waiting {
                self.wait(Duration::from_millis(200));
                if self.events.is_empty() && !self.target_ready.writable {
                    return;
                }
            }
        }
    }

    /// Pumps until both directions have ended or the relay has failed, and closes.
    fn finish(&mut self) -> Result<(), RelayError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "not finished: {:?}", self.relay);
            match self.pump(BUDGET)?.state {
                RelayState::Done => break,
                RelayState::More => {}
                RelayState::Waiting => self.wait(PATIENCE),
            }
        }
        self.close();
        Ok(())
    }

    /// What the owner's close does for the peers: they get their FIN.
    fn close(&self) {
        for socket in [&self.client, &self.target] {
            // Only one of them has not had it; the other may be gone.
            let _ = socket.shutdown(Shutdown::Write);
        }
    }
}

fn pair() -> (TcpStream, Peer) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let peer = Peer::connect(listener.local_addr().unwrap()).unwrap();
    peer.set_read_timeout(Some(PATIENCE)).unwrap();
    peer.set_write_timeout(Some(PATIENCE)).unwrap();
    let (ours, _) = listener.accept().unwrap();
    ours.set_nonblocking(true).unwrap();
    sockopt::set_socket_oobinline(&ours, true).unwrap();
    (TcpStream::from_std(ours), peer)
}

fn read_all(mut peer: Peer) -> Vec<u8> {
    let mut bytes = Vec::new();
    peer.read_to_end(&mut bytes).unwrap();
    bytes
}

/// Bytes in which a lost, doubled or moved piece shows.
fn pattern(seed: u32, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
