//! Random traffic against the multiplexer: a model of a server that checks every rule, and plain
//! noise. The random numbers are the same in every run.

use std::collections::{HashMap, VecDeque};

use super::*;
use crate::config::rules::AddressSet;
use crate::ssh::channels::ForwardEvent;

/// Xorshift.
pub(super) struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A number below `end`; 0 if that is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.next() % (end.max(1) as u64)) as usize
    }

    pub(super) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

/// A byte that depends on its place in the stream, and differs between streams.
fn byte(stream: u32, place: u64) -> u8 {
    (place.wrapping_mul(31) ^ (place >> 8) ^ u64::from(stream).wrapping_mul(17)) as u8
}

/// One channel as the server sees it. The server numbers them 500 and up, never twice.
#[derive(Default)]
struct Served {
    client: u32,
    /// What it may send: as granted by the client, minus what it has sent.
    may_send: u64,
    sent: u64,
    /// What the client may send.
    may_receive: u64,
    received: u64,
    eof_sent: bool,
    eof_received: bool,
    close_sent: bool,
}

/// A server that keeps RFC 4254 and panics where the client does not.
#[derive(Default)]
struct Server {
    channels: HashMap<u32, Served>,
    /// Opens not answered yet: client's number, its window.
    opens: Vec<(u32, u64)>,
    next: u32,
    /// Packets on their way to the client.
    wire: VecDeque<Vec<u8>>,
    max_packet: usize,
}

impl Server {
    fn take(&mut self, bytes: &[u8]) {
        let field = |n: usize| u32::from_be_bytes(bytes[n..n + 4].try_into().unwrap());
        if bytes[0] == 90 {
            let (number, window) = (field(17), field(21));
            assert!(self.opens.iter().all(|open| open.0 != number), "opened twice");
            assert!(self.channels.values().all(|channel| channel.client != number), "in use");
            return self.opens.push((number, window.into()));
        }
        let number = field(1);
        let channel = self.channels.get_mut(&number).expect("only channels that exist are named");
        match bytes[0] {
            93 => channel.may_send += u64::from(field(5)),
            94 => {
                assert!(!channel.eof_received, "data after EOF");
                let body = &bytes[9..];
                assert_eq!(body.len(), field(5) as usize);
                assert!(body.len() <= 300, "packet too large");
                for &found in body {
                    assert_eq!(found, byte(number, channel.received), "wrong data");
                    channel.received += 1;
                }
                channel.may_receive =
                    channel.may_receive.checked_sub(body.len() as u64).expect("within the window");
            }
            96 => {
                assert!(!channel.eof_received, "EOF twice");
                channel.eof_received = true;
            }
            97 => {
                if !channel.close_sent {
                    self.wire.push_back(packet(97, &[channel.client]));
                }
                self.channels.remove(&number);
            }
            other => panic!("message {other}"),
        }
    }

    /// Does one thing of its own accord.
    fn act(&mut self, random: &mut Random) {
        if !self.opens.is_empty() && random.one_in(4) {
            let (client, window) = self.opens.swap_remove(random.below(self.opens.len()));
            if random.one_in(4) {
                return self.wire.push_back(packet(92, &[client, 2, 0, 0]));
            }
            let number = 500 + self.next;
            self.next += 1;
            let may_receive = random.below(2000) as u64;
            let served = Served { client, may_send: window, may_receive, ..Served::default() };
            self.channels.insert(number, served);
            return self.wire.push_back(packet(91, &[client, number, may_receive as u32, 300]));
        }
        let mut numbers: Vec<u32> = self.channels.keys().copied().collect();
        numbers.sort_unstable();
        let Some(&number) = numbers.get(random.below(numbers.len())) else {
            return;
        };
        let channel = self.channels.get_mut(&number).expect("taken from the table");
        if channel.close_sent {
            return;
        }
        match random.below(40) {
            0 => {
                channel.close_sent = true;
                self.wire.push_back(packet(97, &[channel.client]));
            }
            1 if !channel.eof_sent => {
                channel.eof_sent = true;
                self.wire.push_back(packet(96, &[channel.client]));
            }
            2..=9 => {
                let more = random.below(1500) as u32;
                channel.may_receive += u64::from(more);
                self.wire.push_back(packet(93, &[channel.client, more]));
            }
            _ if !channel.eof_sent => {
                let room = channel.may_send.min(self.max_packet as u64) as usize;
                let count = random.below(room + 1) as u64;
                let body: Vec<u8> =
                    (channel.sent..channel.sent + count).map(|at| byte(number, at)).collect();
                channel.sent += count;
                channel.may_send -= count;
                self.wire.push_back(data(channel.client, &body));
            }
            _ => {}
        }
    }
}

/// A client connection: what it has of its channel.
struct Client {
    id: ChannelId,
    /// The server's number, from its confirmation.
    peer: Option<u32>,
    sent: u64,
    received: u64,
    unconsumed: usize,
    opened: bool,
    eof_sent: bool,
}

/// Moves random data both ways through channels that open and close at random, with a transport
/// that sometimes takes nothing; every byte, window, packet size and state is checked by the server.
#[test]
fn random_traffic_keeps_all_rules() {
    let carried: u64 = (1..=40).map(run).sum();
    assert!(carried > 1_000_000, "only {carried} bytes were moved");
}

/// One session; returns how many bytes it moved.
fn run(seed: u64) -> u64 {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let limits = Limits {
        channels: 1 + random.below(12),
        initial_window: 1 + random.below(2000) as u32,
        max_window: 1 + random.below(20_000) as u32,
        growth: random.below(30_000) as u32,
        max_packet: 1 + random.below(900) as u32,
        queued: 4,
        forwards: 0,
    };
    let mut mux = Mux::<u32>::new(limits);
    let mut server = Server { max_packet: limits.max_packet as usize, ..Server::default() };
    let mut clients = HashMap::<u32, Client>::new();
    let mut next_owner = 0;
    let mut carried = 0;

    for _ in 0..4000 {
        match random.below(8) {
            0 => {
                if let Ok(id) = mux.open_direct_tcpip(next_owner, &target(), origin()) {
                    let client = Client {
                        id,
                        peer: None,
                        sent: 0,
                        received: 0,
                        unconsumed: 0,
                        opened: false,
                        eof_sent: false,
                    };
                    clients.insert(next_owner, client);
                    next_owner += 1;
                } else {
                    assert_eq!(mux.channels_in_use(), limits.channels);
                }
            }
            1 | 2 => server.act(&mut random),
            3 | 4 => {
                for _ in 0..random.below(6) {
                    let Some(bytes) = server.wire.pop_front() else {
                        break;
                    };
                    let event = mux.input(&bytes).expect("the server keeps the rules");
                    if let Event::Data { data, .. } = event {
                        carried += data.len() as u64;
                    }
                    happened(event, &bytes, &mut clients);
                }
            }
            5 => {
                // The transport takes some packets, or none.
                for _ in 0..random.below(4) {
                    let Some(packet) = mux.next_packet() else {
                        break;
                    };
                    server.take(packet.as_bytes());
                }
            }
            _ => {
                let mut owners: Vec<u32> = clients.keys().copied().collect();
                owners.sort_unstable();
                let Some(&owner) = owners.get(random.below(owners.len())) else {
                    continue;
                };
                let client = clients.get_mut(&owner).expect("taken from the table");
                assert_eq!(mux.owner(client.id), Some(owner));
                let before = client.sent;
                let closed = client_acts(client, &mut mux, &mut server, &mut random);
                carried += client.sent - before;
                if closed {
                    clients.remove(&owner);
                }
            }
        }
        assert_eq!(mux.open_channels(), clients.len());
        assert!(mux.queued() <= 4 * limits.channels + limits.queued + 1, "queue is bounded");
        for view in mux.channels() {
            assert!(view.receive_window + view.unconsumed <= view.receive_size);
            assert!(view.receive_size <= limits.max_window);
        }
        let initial = limits.initial_window.min(limits.max_window);
        let grown: u32 = mux.channels().map(|view| view.receive_size - initial).sum();
        assert!(grown <= limits.growth);
    }
    carried
}

/// What an event means to its client.
fn happened(event: Event<'_, u32>, bytes: &[u8], clients: &mut HashMap<u32, Client>) {
    match event {
        Event::Opened { id, owner } => {
            let client = clients.get_mut(&owner).expect("only owners are told");
            assert!(client.id == id && !client.opened);
            client.opened = true;
            let peer = u32::from_be_bytes(bytes[5..9].try_into().expect("four bytes"));
            client.peer = Some(peer);
        }
        Event::OpenFailed { owner, .. } => {
            let client = clients.remove(&owner).expect("only owners are told");
            assert!(!client.opened);
        }
        Event::Data { id, owner, data } => {
            let client = clients.get_mut(&owner).expect("only owners are told");
            assert!(client.id == id && client.opened && !data.is_empty());
            for &found in data {
                assert_eq!(found, byte(client.peer.expect("opened"), client.received));
                client.received += 1;
            }
            client.unconsumed += data.len();
        }
        Event::Closed { id, owner, .. } => {
            let client = clients.remove(&owner).expect("only owners are told, once");
            assert!(client.id == id && client.opened);
        }
        Event::Eof { id, owner } | Event::WindowOpened { id, owner } => {
            assert_eq!(clients[&owner].id, id);
        }
        Event::Pong | Event::Forward(_) => panic!("nobody asked"),
        Event::Nothing => {}
    }
}

/// The client sends, takes, finishes or closes. True if it has closed.
fn client_acts(
    client: &mut Client,
    mux: &mut Mux<u32>,
    server: &mut Server,
    random: &mut Random,
) -> bool {
    match random.below(30) {
        0 => {
            mux.close(client.id);
            return true;
        }
        1 => {
            mux.send_eof(client.id);
            client.eof_sent |= client.opened;
        }
        2..=14 => {
            let count = random.below(client.unconsumed + 1);
            client.unconsumed -= count;
            mux.consumed(client.id, count);
        }
        _ => {
            let room = mux.send_room(client.id);
            assert!(room == 0 || (client.opened && !client.eof_sent));
            let count = random.below(room + 1);
            let Some(header) = mux.data_header(client.id, count) else {
                assert_eq!(count, 0);
                return false;
            };
            let peer = client.peer.expect("open");
            let mut bytes = header.to_vec();
            bytes.extend((client.sent..client.sent + count as u64).map(|at| byte(peer, at)));
            client.sent += count as u64;
            server.take(&bytes);
        }
    }
    false
}

/// Noise: random bytes, and near misses of real packets. Nothing panics, and the queue keeps its
/// bound.
#[test]
fn noise_never_panics() {
    let mut random = Random(0x1234_5678_9abc_def1);
    let limits = Limits {
        channels: 3,
        initial_window: 100,
        max_window: 400,
        growth: 1000,
        max_packet: 50,
        queued: 5,
        forwards: 3,
    };
    let mut mux = Mux::<u32>::new(limits);
    let mut refused = 0;
    for round in 0..200_000 {
        if let Ok(id) = mux.forward(round, [127, 0, 0, 1].into(), AddressSet::all()) {
            if random.one_in(4) {
                mux.cancel_forward(id);
            }
        }
        if let Ok(id) = mux.open_direct_tcpip(round, &target(), origin()) {
            if random.one_in(3) {
                mux.close(id);
            }
        }
        let mut bytes = noise(&mut random);
        if random.one_in(3) && !bytes.is_empty() {
            let at = random.below(bytes.len());
            bytes[at] = random.next() as u8;
        }
        match mux.input(&bytes) {
            Ok(Event::Data { id, data, .. }) => mux.consumed(id, random.below(data.len() + 1)),
            Ok(Event::Eof { id, .. }) => mux.send_eof(id),
            Ok(Event::Forward(ForwardEvent::Listening { id, .. })) => {
                mux.expect(id);
                mux.admit(id);
            }
            Ok(Event::Forward(ForwardEvent::Connected { id, .. })) => {
                if random.one_in(2) {
                    mux.close(id);
                }
            }
            Ok(_) => {}
            Err(error) => {
                refused += 1;
                assert!(!error.to_string().is_empty());
            }
        }
        if random.one_in(2) {
            mux.next_packet();
        }
        assert!(mux.forwards_in_use() <= limits.forwards);
        let most = 4 * limits.channels + 3 * limits.forwards + limits.queued + 1;
        assert!(mux.queued() <= most, "queue is bounded");
    }
    assert!(refused > 1000);
}

/// A packet that is right more often than not.
fn noise(random: &mut Random) -> Vec<u8> {
    let number = FIRST_NUMBER + random.below(4) as u32;
    let size = random.below(60);
    match random.below(14) {
        0 => (0..size).map(|_| random.next() as u8).collect(),
        1 => ControlPacket::keepalive().as_bytes().to_vec(),
        2 => packet(92, &[number, random.below(6) as u32, 0, 0]),
        3..=5 => packet(91, &[number, random.next() as u32, random.next() as u32, 100]),
        6 => packet(93, &[number, random.next() as u32]),
        7 => packet(96, &[number]),
        8 => packet(97, &[number]),
        9 => packet(82, &[]),
        10 => packet(81, &[1 + random.below(4) as u32]),
        11 => forwards::connection("127.0.0.1", 1 + random.below(4) as u32, "127.0.0.1"),
        _ => data(number, &vec![0; size]),
    }
}

/// Sends `total` bytes to a client that takes them at random; returns how large the window became.
fn download(limits: Limits, total: u64, mut taken: impl FnMut(usize) -> usize) -> u32 {
    let mut mux = Mux::<u32>::new(limits);
    let id = mux.open_direct_tcpip(1, &target(), origin()).unwrap();
    mux.next_packet().expect("the open");
    mux.input(&packet(91, &[id.number(), 500, 0, 300])).unwrap();
    let mut window = u64::from(limits.initial_window);
    let (mut sent, mut unconsumed) = (0, 0);
    for _ in 0..1_000_000 {
        if sent == total && unconsumed == 0 {
            return mux.channels().map(|view| view.receive_size).max().expect("one channel");
        }
        let count = window.min(total - sent).min(limits.max_packet.into());
        if count > 0 {
            mux.input(&data(id.number(), &vec![0; count as usize])).unwrap();
            sent += count;
            window -= count;
            unconsumed += count as usize;
        }
        let count = taken(unconsumed);
        unconsumed -= count;
        mux.consumed(id, count);
        while let Some(packet) = mux.next_packet() {
            let adjustment = packet.as_bytes()[5..].try_into().expect("an adjustment");
            window += u64::from(u32::from_be_bytes(adjustment));
        }
    }
    panic!("the window stayed shut at {sent} of {total} bytes, {unconsumed} unconsumed");
}

#[test]
fn windows_of_any_size_never_get_stuck() {
    let mut random = Random(0xfeed_5eed);
    for initial_window in [1, 2, 3, 99, 100, 101, 4096] {
        for max_window in [1, 100, 8192] {
            let limits = Limits {
                channels: 1,
                initial_window,
                max_window,
                growth: 10_000,
                max_packet: 100,
                queued: 1,
                forwards: 0,
            };
            let limits = Limits { initial_window: initial_window.min(max_window), ..limits };
            download(limits, 20_000, |unconsumed| random.below(unconsumed + 1));
        }
    }
}

#[test]
fn windows_grow_for_clients_that_keep_up_only() {
    let limits = Limits {
        channels: 1,
        initial_window: 256 << 10,
        max_window: 16 << 20,
        growth: 16 << 20,
        max_packet: 32_768,
        queued: 1,
        forwards: 0,
    };
    assert_eq!(download(limits, 64 << 20, |unconsumed| unconsumed), 16 << 20);
    assert_eq!(download(limits, 64 << 20, |unconsumed| unconsumed.min(20_000)), 256 << 10);
}
