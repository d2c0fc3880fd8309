//! [`Mux`] against a server that keeps RFC 4254 or not: what is legal is taken and what is not ends
//! the session, windows are kept both ways, each owner hears one end, and no channel is left over.

use zoxy::config::{Host, Target};
use zoxy::ssh::channels::{ChannelId, Event, Limits, Mux, ProtocolError};

/// The input: three bytes of limits, then steps of four bytes each (see [`Session::step`]).
pub fn run(data: &[u8]) {
    let Some((&[channels, window, packet], mut rest)) = data.split_first_chunk() else { return };
    let mut session = Session::new(Limits {
        channels: 1 + usize::from(channels % 6),
        initial_window: 1 + u32::from(window) * 8,
        max_window: 1 + u32::from(window) * 40,
        growth: u32::from(packet) * 64,
        max_packet: 1 + u32::from(packet) * 4,
        queued: 4,
        forwards: 0,
    });
    while let Some((&[what, which, a, b], next)) = rest.split_first_chunk() {
        rest = next;
        if session.step(what, which, u32::from(a) << 8 | u32::from(b), rest).is_err() {
            return;
        }
    }
    session.end();
}

/// The server's half of a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Server {
    /// It has not heard of it.
    Unknown,
    /// It has to answer the open.
    Asked,
    Open,
    Eof,
    Closed,
}

/// A channel as both sides see it. It is named by its place in [`Session::channels`], never reused:
/// that is its owner, and the server's number less 500.
struct Channel {
    id: ChannelId,
    server: Server,
    /// The owner hears of it.
    is_owned: bool,
    /// What the server may still send.
    granted: u64,
    unconsumed: usize,
    /// What may still be sent to the server, and in one packet.
    room: u64,
    largest: usize,
    eof_sent: bool,
    close_sent: bool,
    is_freed: bool,
}

struct Session {
    mux: Mux<u32>,
    limits: Limits,
    channels: Vec<Channel>,
}

impl Session {
    fn new(limits: Limits) -> Self {
        Self { mux: Mux::new(limits), limits, channels: Vec::new() }
    }

    fn step(
        &mut self,
        what: u8,
        which: u8,
        number: u32,
        behind: &[u8],
    ) -> Result<(), ProtocolError> {
        let place = usize::from(which) % self.channels.len().max(1);
        match what % 20 {
            0 => self.open(),
            1 => drop(self.drain(usize::MAX)),
            2 => drop(self.drain(1)),
            3 => self.mux.keepalive(),
            4 => {
                self.mux.input(&behind[..behind.len().min(which.into())])?;
                // It may have meant a channel, which the model has not followed.
                return Err(ProtocolError::Malformed { message: 0 });
            }
            5 => return self.global(number),
            _ if self.channels.is_empty() => {}
            6 => self.consume(place, number as usize),
            7 => self.send(place, number as usize),
            8 => self.send_eof(place),
            9 => self.close(place),
            10 | 11 => return self.confirm(place, number),
            12 => return self.refuse(place, number),
            13 | 14 => return self.data(place, number as usize, what % 2 == 0),
            15 => return self.adjust(place, if which > 250 { u32::MAX } else { number }),
            16 => return self.eof(place),
            17 => return self.server_close(place),
            18 => return self.request(place, number),
            _ => return self.reply(place),
        }
        Ok(())
    }

    fn open(&mut self) {
        let target = Target { host: Host::Name("server.example".into()), port: 21 };
        let owner = self.channels.len() as u32;
        let in_use = self.mux.channels_in_use();
        let origin = "10.0.0.1:1024".parse().expect("an address");
        match self.mux.open_direct_tcpip(owner, &target, origin) {
            Ok(id) => self.channels.push(Channel {
                id,
                server: Server::Unknown,
                is_owned: true,
                granted: 0,
                unconsumed: 0,
                room: 0,
                largest: 0,
                eof_sent: false,
                close_sent: false,
                is_freed: false,
            }),
            Err(_) => assert_eq!(in_use, self.limits.channels, "there was room"),
        }
        let numbers = self.channels.iter().filter(|channel| !channel.is_freed);
        let mut numbers: Vec<u32> = numbers.map(|channel| channel.id.number()).collect();
        numbers.sort_unstable();
        assert!(numbers.windows(2).all(|pair| pair[0] != pair[1]), "a number in use is used again");
    }

    /// Takes what is to be sent and has the server hear it; gives the number of packets.
    fn drain(&mut self, most: usize) -> usize {
        let mut count = 0;
        while count < most {
            let Some(packet) = self.mux.next_packet() else { break };
            count += 1;
            self.hear(packet.as_bytes());
        }
        let bound = 4 * self.limits.channels + self.limits.queued + 1;
        assert!(count <= bound, "{count} packets were queued");
        // An open that was taken back before it left is freed without a word.
        for channel in &mut self.channels {
            let is_known = self.mux.channels().any(|view| view.id == channel.id);
            if channel.server == Server::Unknown && !channel.is_owned && !is_known {
                channel.is_freed = true;
            }
        }
        count
    }

    fn hear(&mut self, bytes: &[u8]) {
        let field = |at: usize| u32::from_be_bytes(bytes[at..at + 4].try_into().expect("4 bytes"));
        match bytes[0] {
            90 => {
                let is_it = |channel: &&mut Channel| {
                    channel.id.number() == field(17) && channel.server == Server::Unknown
                };
                let channel = self.channels.iter_mut().rev().find(is_it).expect("it was opened");
                channel.server = Server::Asked;
                channel.granted = field(21).into();
            }
            80 | 82 | 92 => {}
            message => {
                let place = (field(1) - 500) as usize;
                let largest = u64::from(self.limits.max_window.max(self.limits.initial_window));
                let channel = &mut self.channels[place];
                assert!(!channel.close_sent, "{message} behind CLOSE");
                match message {
                    93 => {
                        channel.granted += u64::from(field(5));
                        assert!(channel.granted <= largest, "a window over the largest");
                    }
                    96 => assert!(!std::mem::replace(&mut channel.eof_sent, true), "EOF twice"),
                    97 => {
                        channel.close_sent = true;
                        channel.is_freed = channel.server == Server::Closed;
                    }
                    100 => {}
                    other => panic!("message {other}"),
                }
            }
        }
    }

    fn consume(&mut self, place: usize, bytes: usize) {
        let channel = &mut self.channels[place];
        let bytes = bytes.min(channel.unconsumed);
        channel.unconsumed -= bytes;
        self.mux.consumed(channel.id, bytes);
    }

    fn send(&mut self, place: usize, length: usize) {
        let channel = &mut self.channels[place];
        let room = self.mux.send_room(channel.id);
        assert!(room as u64 <= channel.room && room <= channel.largest);
        let can = channel.is_owned && channel.server != Server::Closed;
        assert!(can || room == 0, "room in a channel that cannot send");
        match self.mux.data_header(channel.id, length) {
            Some(header) => {
                assert!((1..=room).contains(&length));
                assert_eq!(header[0], 94);
                assert_eq!(header[1..5], (500 + place as u32).to_be_bytes());
                assert_eq!(header[5..], (length as u32).to_be_bytes());
                channel.room -= length as u64;
            }
            None => assert!(length == 0 || length > room),
        }
    }

    fn send_eof(&mut self, place: usize) {
        let id = self.channels[place].id;
        self.mux.send_eof(id);
        assert_eq!(self.mux.send_room(id), 0);
    }

    fn close(&mut self, place: usize) {
        let channel = &mut self.channels[place];
        assert_eq!(self.mux.owner(channel.id).is_some(), channel.is_owned);
        channel.is_owned = false;
        self.mux.close(channel.id);
        assert_eq!(self.mux.owner(channel.id), None);
    }

    /// Gives the server's packet to the mux, which has to refuse it if it is not `legal`.
    fn server<'p>(
        &mut self,
        packet: &'p [u8],
        legal: bool,
    ) -> Result<Event<'p, u32>, ProtocolError> {
        let result = self.mux.input(packet);
        assert_eq!(result.is_ok(), legal, "{packet:?}: {result:?}");
        result
    }

    /// The number to which the server sends, if it is that of this channel now.
    fn is_current(&self, place: usize) -> bool {
        !self.channels[place].is_freed && self.channels[place].server != Server::Unknown
    }

    fn confirm(&mut self, place: usize, number: u32) -> Result<(), ProtocolError> {
        let Channel { id, server, is_owned, .. } = self.channels[place];
        if !self.is_current(place) {
            return Ok(());
        }
        let largest = number % 700;
        let packet = packet(91, &[id.number(), 500 + place as u32, number, largest]);
        match self.server(&packet, server == Server::Asked && largest > 0)? {
            Event::Opened { id: told, owner } => {
                assert!(is_owned && told == id && owner == place as u32);
            }
            Event::Nothing => assert!(!is_owned),
            other => panic!("{other:?}"),
        }
        let channel = &mut self.channels[place];
        channel.server = Server::Open;
        channel.room = number.into();
        channel.largest = largest as usize;
        Ok(())
    }

    fn refuse(&mut self, place: usize, number: u32) -> Result<(), ProtocolError> {
        let Channel { id, server, is_owned, .. } = self.channels[place];
        if !self.is_current(place) {
            return Ok(());
        }
        let packet = packet(92, &[id.number(), number % 6, 0, 0]);
        match self.server(&packet, server == Server::Asked)? {
            Event::OpenFailed { id: told, owner, .. } => {
                assert!(is_owned && told == id && owner == place as u32);
            }
            Event::Nothing => assert!(!is_owned),
            other => panic!("{other:?}"),
        }
        let channel = &mut self.channels[place];
        (channel.is_owned, channel.is_freed) = (false, true);
        Ok(())
    }

    fn data(&mut self, place: usize, length: usize, extended: bool) -> Result<(), ProtocolError> {
        if !self.is_current(place) {
            return Ok(());
        }
        let Channel { id, server, is_owned, granted, .. } = self.channels[place];
        let length = length % 1500;
        let fits = length as u64 <= granted && length <= self.limits.max_packet as usize;
        let mut fields = vec![id.number()];
        fields.extend(extended.then_some(1));
        fields.push(length as u32);
        let mut packet = packet(if extended { 95 } else { 94 }, &fields);
        let start = packet.len();
        packet.extend((0..length).map(|at| at as u8));
        match self.server(&packet, server == Server::Open && fits)? {
            Event::Data { id: told, owner, data } => {
                assert!(is_owned && !extended && length > 0);
                assert!(told == id && owner == place as u32 && *data == packet[start..]);
                self.channels[place].unconsumed += length;
            }
            Event::Nothing => assert!(!is_owned || extended || length == 0),
            other => panic!("{other:?}"),
        }
        self.channels[place].granted -= length as u64;
        Ok(())
    }

    fn adjust(&mut self, place: usize, bytes: u32) -> Result<(), ProtocolError> {
        if !self.is_current(place) {
            return Ok(());
        }
        let Channel { id, server, room, .. } = self.channels[place];
        let is_open = matches!(server, Server::Open | Server::Eof);
        let fits = room + u64::from(bytes) <= u64::from(u32::MAX);
        self.server(&packet(93, &[id.number(), bytes]), is_open && fits)?;
        self.channels[place].room += u64::from(bytes);
        Ok(())
    }

    fn eof(&mut self, place: usize) -> Result<(), ProtocolError> {
        if !self.is_current(place) {
            return Ok(());
        }
        let Channel { id, server, is_owned, .. } = self.channels[place];
        let is_open = matches!(server, Server::Open | Server::Eof);
        match self.server(&packet(96, &[id.number()]), is_open)? {
            Event::Eof { id: told, owner } => {
                assert!(is_owned && server == Server::Open);
                assert!(told == id && owner == place as u32);
            }
            Event::Nothing => assert!(!is_owned || server == Server::Eof),
            other => panic!("{other:?}"),
        }
        self.channels[place].server = Server::Eof;
        Ok(())
    }

    fn server_close(&mut self, place: usize) -> Result<(), ProtocolError> {
        if !self.is_current(place) {
            return Ok(());
        }
        let Channel { id, server, is_owned, .. } = self.channels[place];
        let is_open = matches!(server, Server::Open | Server::Eof);
        match self.server(&packet(97, &[id.number()]), is_open)? {
            Event::Closed { id: told, owner, eof } => {
                assert!(is_owned && told == id && owner == place as u32);
                assert_eq!(eof, server == Server::Eof);
            }
            Event::Nothing => assert!(!is_owned),
            other => panic!("{other:?}"),
        }
        let channel = &mut self.channels[place];
        channel.server = Server::Closed;
        channel.is_owned = false;
        channel.is_freed = channel.close_sent;
        Ok(())
    }

    fn request(&mut self, place: usize, number: u32) -> Result<(), ProtocolError> {
        if !self.is_current(place) {
            return Ok(());
        }
        let Channel { id, server, .. } = self.channels[place];
        if !matches!(server, Server::Open | Server::Eof) {
            return Ok(());
        }
        let mut packet = packet(98, &[id.number(), 4]);
        packet.extend(b"exit");
        packet.push((number % 2) as u8);
        // Too many replies that cannot be sent end the session.
        self.mux.input(&packet).map(drop)
    }

    fn reply(&mut self, place: usize) -> Result<(), ProtocolError> {
        if !self.is_current(place) {
            return Ok(());
        }
        let Channel { id, server, .. } = self.channels[place];
        let is_open = matches!(server, Server::Open | Server::Eof);
        self.server(&packet(99, &[id.number()]), is_open).map(drop)
    }

    /// What is of no channel: requests, replies, channels that the server wants to open.
    fn global(&mut self, number: u32) -> Result<(), ProtocolError> {
        let packet = match number % 4 {
            0 => vec![81],
            1 => vec![82],
            2 => [&packet(80, &[4])[..], b"ping\x01"].concat(),
            _ => [&packet(90, &[3])[..], b"x11", &[0; 12]].concat(),
        };
        self.mux.input(&packet).map(drop)
    }

    /// Both sides end everything: nothing may be left.
    fn end(&mut self) {
        for place in 0..self.channels.len() {
            self.close(place);
        }
        self.drain(usize::MAX);
        for place in 0..self.channels.len() {
            let ended = match self.channels[place].server {
                _ if !self.is_current(place) => Ok(()),
                Server::Asked => self.refuse(place, 2),
                Server::Open | Server::Eof => self.server_close(place),
                Server::Unknown | Server::Closed => Ok(()),
            };
            ended.expect("it is legal");
        }
        self.drain(usize::MAX);
        assert!(self.channels.iter().all(|channel| channel.is_freed), "a channel is left");
        assert_eq!((self.mux.channels_in_use(), self.mux.open_channels()), (0, 0));
    }
}

/// A message number and fields of 32 bits.
fn packet(message: u8, fields: &[u32]) -> Vec<u8> {
    let mut packet = vec![message];
    fields.iter().for_each(|field| packet.extend(field.to_be_bytes()));
    packet
}
