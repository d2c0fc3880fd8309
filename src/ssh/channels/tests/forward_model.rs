//! Random remote forwards against a model of a server that keeps its own books: who is let in, what
//! is given back, and that nothing stays behind.

use std::collections::{BTreeMap, VecDeque};

use super::forwards::connection;
use super::random::Random;
use super::*;
use crate::config::rules::AddressSet;
use crate::ssh::channels::{ForwardEvent, ForwardId};

/// A server that answers requests late, and reports connections when it likes.
#[derive(Default)]
struct Server {
    /// Ports it listens on.
    listening: Vec<u16>,
    last_port: u16,
    /// Requests not answered yet: the port to stop at; 0: one to listen.
    asked: VecDeque<u16>,
    /// Packets on their way to the client.
    wire: VecDeque<Vec<u8>>,
    /// Connections reported and not answered.
    pending: usize,
    refused: usize,
    confirmed: usize,
}

impl Server {
    fn take(&mut self, bytes: &[u8]) {
        match bytes[0] {
            80 => {
                let port = bytes[bytes.len() - 4..].try_into().expect("four bytes");
                let port = u32::from_be_bytes(port) as u16;
                let is_cancel = bytes.windows(6).any(|name| name == b"cancel");
                assert_eq!(is_cancel, port != 0);
                assert!(port == 0 || self.listening.contains(&port), "{port} is not listened on");
                self.asked.push_back(port);
            }
            91 => {
                self.confirmed += 1;
                self.pending -= 1;
                // The channel ends at once.
                let number = u32::from_be_bytes(bytes[5..9].try_into().expect("four bytes"));
                self.wire.push_back(packet(97, &[number]));
            }
            92 => {
                self.refused += 1;
                self.pending -= 1;
            }
            97 => {}
            other => panic!("message {other}"),
        }
    }

    fn act(&mut self, random: &mut Random) {
        if random.one_in(3) {
            let agrees = !random.one_in(5);
            self.answer(agrees);
        } else if random.one_in(5) && !self.listening.is_empty() {
            let port = self.listening[random.below(self.listening.len())];
            let origin = ["127.0.0.1", "192.0.2.1"][random.below(2)];
            self.pending += 1;
            self.wire.push_back(connection("127.0.0.1", port.into(), origin));
        }
    }

    /// Answers the oldest request; false: there is none.
    fn answer(&mut self, agrees: bool) -> bool {
        match self.asked.pop_front() {
            Some(0) if !agrees => self.wire.push_back(packet(82, &[])),
            Some(0) => {
                self.last_port = self.last_port % 50 + 1;
                while self.listening.contains(&self.last_port) {
                    self.last_port = self.last_port % 50 + 1;
                }
                self.listening.push(self.last_port);
                self.wire.push_back(packet(81, &[self.last_port.into()]));
            }
            Some(port) => {
                self.listening.retain(|listening| *listening != port);
                self.wire.push_back(packet(81, &[]));
            }
            None => return false,
        }
        true
    }
}

/// One forward as its owner sees it.
struct Owned {
    id: ForwardId,
    port: u16,
    is_expected: bool,
}

#[test]
fn random_forwards_let_in_whom_they_expect_and_leave_nothing() {
    let mut random = Random(0x5eed_0f0f_1234_9876);
    let from = AddressSet::parse("127.0.0.1").unwrap();
    let (mut connected, mut refused, mut admitted) = (0, 0, 0);
    for _ in 0..60 {
        let limits = Limits { forwards: 6, channels: 50, queued: 500, ..LIMITS };
        let mut mux = Mux::<u8>::new(limits);
        let mut server = Server::default();
        let mut owned: BTreeMap<u8, Owned> = BTreeMap::new();
        for step in 0..3000 {
            let ends = step > 2500;
            match random.below(6) {
                0 if !ends => {
                    let owner = random.below(20) as u8;
                    if owned.contains_key(&owner) {
                        continue;
                    }
                    if let Ok(id) = mux.forward(owner, [127, 0, 0, 1].into(), from.clone()) {
                        owned.insert(owner, Owned { id, port: 0, is_expected: false });
                    }
                }
                1 => {
                    let owners: Vec<u8> = owned.keys().copied().collect();
                    let Some(owner) = owners.get(random.below(owners.len())) else { continue };
                    let forward = owned.get_mut(owner).expect("it is owned");
                    if random.one_in(8) || ends {
                        mux.cancel_forward(forward.id);
                        owned.remove(owner);
                    } else if forward.port != 0 {
                        mux.expect(forward.id);
                        if forward.is_expected && mux.admit(forward.id).is_some() {
                            admitted += 1;
                            owned.remove(owner);
                        } else {
                            forward.is_expected = true;
                        }
                    }
                }
                2 | 3 => server.act(&mut random),
                4 => {
                    let Some(bytes) = server.wire.pop_front() else { continue };
                    let event = mux.input(&bytes).expect("the server keeps the rules");
                    if let Event::Forward(event) = event {
                        happened(event, &bytes, &mut owned);
                    }
                }
                _ => {
                    if let Some(packet) = mux.next_packet() {
                        server.take(packet.as_bytes());
                    }
                }
            }
            assert!(mux.forwards_in_use() <= limits.forwards);
        }
        for owner in owned.values() {
            mux.cancel_forward(owner.id);
        }
        // All that is under way arrives.
        loop {
            if let Some(packet) = mux.next_packet() {
                server.take(packet.as_bytes());
            } else if let Some(bytes) = server.wire.pop_front() {
                mux.input(&bytes).expect("the server keeps the rules");
            } else if !server.answer(true) {
                break;
            }
        }
        assert_eq!(server.listening, [] as [u16; 0], "left behind");
        assert_eq!((mux.forwards_in_use(), mux.channels_in_use(), server.pending), (0, 0, 0));
        connected += server.confirmed;
        refused += server.refused;
    }
    assert!(connected > 100 && refused > 100, "{connected} connected, {refused} refused");
    assert!(admitted > 10, "{admitted} admitted");
}

/// Only who is expected is let in, once; only owners are told.
fn happened(event: ForwardEvent<'_, u8>, bytes: &[u8], owned: &mut BTreeMap<u8, Owned>) {
    match event {
        ForwardEvent::Listening { id, owner, port } => {
            let forward = owned.get_mut(&owner).expect("only owners are told");
            assert!(forward.id == id && forward.port == 0);
            forward.port = port;
        }
        ForwardEvent::Refused { id, owner } => {
            let forward = owned.remove(&owner).expect("only owners are told, once");
            assert!(forward.id == id && forward.port == 0);
        }
        ForwardEvent::Connected { forward: id, owner, .. } => {
            let forward = owned.remove(&owner).expect("only owners are told, once");
            assert!(forward.id == id && forward.is_expected);
            assert_eq!(bytes, connection("127.0.0.1", forward.port.into(), "127.0.0.1"));
        }
        ForwardEvent::TurnedAway { forward, port, origin, given_up, .. } => {
            let Some((id, owner)) = forward else { return };
            let Some(found) = owned.get(&owner).filter(|found| found.id == id) else { return };
            assert_eq!(u32::from(found.port), port);
            assert!(origin != "127.0.0.1" || !found.is_expected, "the expected one was refused");
            if given_up {
                owned.remove(&owner);
            }
        }
        ForwardEvent::Left { .. } => panic!("the server does as it is told"),
    }
}
