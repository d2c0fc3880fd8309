//! What the callbacks of one session work on: bytes received, bytes to send, packets that arrived.
//!
//! Pure: no libssh2, no unsafe code. The decision what becomes of a packet is made here ([`Io::arrived`]), so that
//! nothing a server sends can pile up: before login the packets and their bytes are limited, and after it libssh2 only sees
//! the messages it consumes at once.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::time::Instant;

use log::trace;
use zeroize::Zeroizing;

use super::Packet;
use super::agreement::Agreement;
use super::allowance::Allowance;
use super::buffers::{Input, Output};
use super::messages::{
    AuthFailure, Disconnect, parse_auth_failure, parse_disconnect, parse_kexinit,
};
use super::padding::Padding;
use crate::ssh::cipher::{self, Direction, FIRST_BLOCK_SIZE, Frame, Keying, Keys, LENGTH_SIZE};

/// Most packets a server may send before login is over: banners, key exchange and answers are a dozen.
const LOGIN_PACKETS: u32 = 512;

/// Most bytes of their messages. libssh2 keeps those that it does not wait for.
const LOGIN_BYTES: usize = 256 * 1024;

/// Most packets of one key exchange: KEXINIT, a wrong guess, two replies, NEWKEYS.
const EXCHANGE_PACKETS: u32 = 16;

/// Most packets that may wait in the inbox. They are read one at a time; more wait only if the server goes on sending
/// data in the middle of a key exchange.
const INBOX_LIMIT: usize = 64;

/// Longest list of a server's algorithms that is kept, in bytes.
const KEXINIT_LIMIT: usize = 16 * 1024;

/// Longest message in bytes (RFC 4253 section 6.1). It cannot be longer but by decompression, which libssh2 stops at
/// 80,000 bytes.
const LONGEST_MESSAGE: usize = 35_000;

/// Bytes of decompressed messages, data apart, above those that were received as they came.
const UNPACKED_BYTES: u64 = 1024 * 1024;

/// Message numbers that decide what becomes of a packet (RFC 4250 section 4.1).
pub(super) mod number {
    pub(super) const DISCONNECT: u8 = 1;
    pub(super) const IGNORE: u8 = 2;
    pub(super) const DEBUG: u8 = 4;
    pub(super) const EXT_INFO: u8 = 7;
    pub(in super::super) const KEXINIT: u8 = 20;
    pub(super) const NEWKEYS: u8 = 21;
    pub(super) const USERAUTH_FAILURE: u8 = 51;
    pub(super) const CHANNEL_DATA: u8 = 94;
    pub(super) const CHANNEL_EXTENDED_DATA: u8 = 95;
}

/// Where a session stands, as far as its packets are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ssh) enum Phase {
    /// Key exchange and login: packets are libssh2's.
    Login,
    /// Logged in: packets of the connection protocol are ours.
    Open,
}

/// Key exchanges, the first one included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exchange {
    /// None running.
    Idle,
    /// KEXINIT has come, NEWKEYS has not; with the number of packets so far.
    Running(u32),
}

/// What becomes of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arrival {
    /// libssh2 handles it.
    Pass,
    /// It goes to our inbox.
    Take,
    /// The session has failed.
    Refuse,
}

/// Buffers and observations of one session's callbacks.
pub(in crate::ssh) struct Io {
    /// Received from the server, encrypted.
    pub(in crate::ssh) input: Input,
    /// To be sent to the server, encrypted.
    pub(in crate::ssh) output: Output,
    inbox: VecDeque<Packet>,
    phase: Phase,
    exchange: Exchange,
    /// Key exchanges that the server may begin.
    allowance: Allowance,
    /// Key exchanges finished, the first one included.
    exchanges: u64,
    /// Key exchanges finished since login.
    pub(in crate::ssh) rekeys: u64,
    login_packets: u32,
    login_bytes: usize,
    /// Bytes of the messages that libssh2 has opened and no window bounds.
    unpacked: u64,
    /// Why the session has failed by what the server sent.
    pub(in crate::ssh) violation: Option<&'static str>,
    /// The server's farewell.
    pub(in crate::ssh) disconnect: Option<Disconnect>,
    /// What the first key exchange has agreed on.
    pub(super) agreement: Agreement,
    /// The server's first SSH_MSG_KEXINIT, for the message when nothing was agreed on.
    pub(in crate::ssh) server_kexinit: Option<Box<[u8]>>,
    /// The last refusal of an authentication request, until it is taken.
    pub(in crate::ssh) auth_failure: Option<AuthFailure>,
    /// Answer to hidden prompts, while a keyboard-interactive request runs.
    pub(in crate::ssh) password: Option<Zeroizing<String>>,
    /// A prompt asked for a new password.
    pub(in crate::ssh) change_demanded: bool,
    sending: Keying,
    receiving: Keying,
    /// Sequence numbers begin anew with new keys (OpenSSH, PROTOCOL section 1.10).
    strict: bool,
    /// libssh2 compresses: it has to see every packet.
    compressed: bool,
    /// Our identification line is sent.
    greeted: bool,
    /// The server's identification line is read.
    in_packets: bool,
    /// What libssh2 may still take of the packet it has begun to take.
    frame_left: usize,
    /// It has the first block of a packet, and will find the length in it.
    has_first_block: bool,
    /// It gets nothing now.
    held: bool,
    /// libssh2 is given bytes without regard to packets, and may hold some: with a cipher of its own, which does not
    /// tell the length.
    unframed: bool,
    padding: Padding,
}

/// What [`Io::open_packet`] found in the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opened {
    /// A payload of this many bytes at this place of the input's buffer.
    Payload { start: usize, length: usize },
    /// No whole packet.
    NeedsInput,
    /// The next packet was changed on its way, or is none.
    Damaged,
    /// Its length is impossible.
    OutOfBounds,
}

impl Io {
    pub(super) fn new() -> Self {
        Self {
            input: Input::new(),
            output: Output::default(),
            inbox: VecDeque::new(),
            phase: Phase::Login,
            exchange: Exchange::Idle,
            allowance: Allowance::new(),
            exchanges: 0,
            rekeys: 0,
            login_packets: 0,
            login_bytes: 0,
            unpacked: 0,
            violation: None,
            disconnect: None,
            agreement: Agreement::new(),
            server_kexinit: None,
            auth_failure: None,
            password: None,
            change_demanded: false,
            sending: Keying::new(),
            receiving: Keying::new(),
            strict: false,
            compressed: false,
            greeted: false,
            in_packets: false,
            frame_left: 0,
            has_first_block: false,
            held: false,
            unframed: false,
            padding: Padding::new(),
        }
    }

    /// Keys and numbers of one direction.
    pub(in crate::ssh) fn keying(&mut self, direction: Direction) -> &mut Keying {
        match direction {
            Direction::Seal => &mut self.sending,
            Direction::Open => &mut self.receiving,
        }
    }

    /// A key exchange has ended in these keys.
    pub(in crate::ssh) fn new_keys(&mut self, direction: Direction, keys: Keys, mac_due: bool) {
        let strict = self.strict;
        let keying = self.keying(direction);
        keying.begin(keys, mac_due);
        if strict {
            keying.sequence = 0;
        }
    }

    /// Whether packets of the connection protocol go past libssh2: it neither holds bytes of the input nor has to see
    /// what is sent.
    pub(in crate::ssh) fn is_direct(&self) -> bool {
        self.phase == Phase::Open
            && !self.rekeying()
            && !self.compressed
            && !self.unframed
            && self.frame_left == 0
            && self.sending.is_whole()
            && self.receiving.is_whole()
    }

    /// Takes one packet from the input and opens it where it stands; only while [`Io::is_direct`].
    pub(super) fn open_packet(&mut self) -> Opened {
        let pending = self.input.pending_mut();
        let Some(first) = pending.first_chunk::<LENGTH_SIZE>() else { return Opened::NeedsInput };
        let size = match self.receiving.frame(first) {
            Frame::Bytes(size) => size,
            Frame::Hidden | Frame::Impossible => return Opened::OutOfBounds,
        };
        let Some(packet) = pending.get_mut(..size) else { return Opened::NeedsInput };
        if !self.receiving.open(packet) {
            return Opened::Damaged;
        }
        self.receiving.count();
        // The frame has at least one block: the padding length is there.
        let text = size - LENGTH_SIZE - self.receiving.tag_size();
        let padding = usize::from(packet[LENGTH_SIZE]);
        let start = self.input.start() + LENGTH_SIZE + 1;
        self.input.consume(size);
        match text.checked_sub(1 + padding) {
            Some(length) if length > 0 => Opened::Payload { start, length },
            _ => Opened::Damaged,
        }
    }

    /// Frames and seals one packet into the output; only while [`Io::is_direct`]. False: it could not be.
    pub(super) fn seal_packet(&mut self, header: &[u8], body: &[u8]) -> bool {
        let sequence = self.sending.sequence;
        let Keys::Whole(protection) = &mut self.sending.keys else { return false };
        let payload = header.len() + body.len();
        let padding = protection.padding(payload);
        let (text, tag) = (1 + payload + padding, protection.tag_size());
        let (Ok(length), Ok(padding_length), Some(filler)) =
            (u32::try_from(text), u8::try_from(padding), self.padding.take(padding))
        else {
            return false;
        };
        let parts =
            [&length.to_be_bytes()[..], &[padding_length], header, body, filler, &NO_TAG[..tag]];
        let Some(packet) = self.output.append_parts(&parts) else { return false };
        if !protection.seal(sequence, packet) {
            return false;
        }
        self.sending.count();
        true
    }

    /// How many of the received bytes libssh2 may take now, if it asks for `wanted`; None: what comes is no packet, and
    /// the session has failed.
    ///
    /// It gets one packet at a time, so that it never holds bytes of the next one, which may be ours: a whole one, or
    /// its first block, and the rest as it comes, where only libssh2 can see the length.
    pub(super) fn for_library(&mut self, wanted: usize) -> Option<usize> {
        let available = self.input.pending().len().min(wanted);
        // The lines before the first packet, which libssh2 reads byte by byte.
        if wanted <= 1 || self.unframed {
            return Some(available);
        }
        self.in_packets = true;
        if std::mem::take(&mut self.has_first_block) {
            match self.receiving.behind_first_block() {
                Some(rest) => self.frame_left = rest,
                None if cipher::is_stock() => self.unframed = true,
                None => return self.no_packet(),
            }
        } else if self.frame_left == 0 {
            let pending = self.input.pending();
            let Some(first) = pending.first_chunk::<LENGTH_SIZE>() else { return Some(0) };
            match self.receiving.frame(first) {
                Frame::Bytes(size) if size <= pending.len() => self.frame_left = size,
                Frame::Hidden if FIRST_BLOCK_SIZE <= pending.len() => {
                    self.frame_left = FIRST_BLOCK_SIZE;
                    self.has_first_block = true;
                }
                Frame::Bytes(_) | Frame::Hidden => return Some(0),
                Frame::Impossible => return self.no_packet(),
            }
        }
        if self.unframed {
            return Some(available);
        }
        let count = self.frame_left.min(available);
        self.frame_left -= count;
        Some(count)
    }

    /// libssh2 itself would take a packet that is a little longer than it may be, and then hold bytes of the next one.
    fn no_packet(&mut self) -> Option<usize> {
        self.refuse("impossible length of a packet");
        None
    }

    /// libssh2 handles a KEXINIT, and reads on from within. It must not come to packets there: it forgets a part
    /// of one that it has read when it returns.
    pub(super) fn hold(&mut self, held: bool) {
        self.held = held;
    }

    /// Whether libssh2 gets nothing now, whatever has come.
    pub(super) fn is_held(&self) -> bool {
        self.held
    }

    /// Whether there is something to work on: a whole packet, or the news that no more will come.
    pub(in crate::ssh) fn may_go_on(&mut self) -> bool {
        if self.input.ended() && !self.input.end_seen() {
            return true;
        }
        let pending = self.input.pending();
        if self.unframed || self.has_first_block || self.frame_left > 0 || !self.in_packets {
            return !pending.is_empty();
        }
        let Some(first) = pending.first_chunk::<LENGTH_SIZE>() else { return false };
        match self.receiving.frame(first) {
            Frame::Bytes(size) => size <= pending.len(),
            Frame::Hidden => FIRST_BLOCK_SIZE <= pending.len(),
            Frame::Impossible => true,
        }
    }

    /// Where the session stands.
    pub(in crate::ssh) fn phase(&self) -> Phase {
        self.phase
    }

    /// Login is over: from the next packet on the connection protocol is ours. `compressed`: libssh2 has to
    /// decompress it.
    pub(in crate::ssh) fn open(&mut self, compressed: bool) {
        trace!("ssh: {:?} -> {:?}", self.phase, Phase::Open);
        self.phase = Phase::Open;
        self.compressed = compressed;
        self.server_kexinit = None;
        self.password = None;
    }

    /// Whether a key exchange runs, during which nothing else may be sent (RFC 4253 section 7.1).
    pub(in crate::ssh) fn rekeying(&self) -> bool {
        matches!(self.exchange, Exchange::Running(_))
    }

    /// Key exchanges finished, the first one included.
    pub(in crate::ssh) fn exchanges(&self) -> u64 {
        self.exchanges
    }

    /// Packets seen before login.
    pub(in crate::ssh) fn login_packets(&self) -> u32 {
        self.login_packets
    }

    /// The oldest packet that was taken from libssh2.
    pub(in crate::ssh) fn take_packet(&mut self) -> Option<Packet> {
        self.inbox.pop_front()
    }

    /// Whether a packet waits.
    pub(in crate::ssh) fn has_packet(&self) -> bool {
        !self.inbox.is_empty()
    }

    /// Another packet has come by way of libssh2, with this number as far as libssh2 knows.
    pub(super) fn count_received(&mut self, sequence: u32) {
        match self.phase {
            Phase::Login => self.receiving.sequence = sequence.wrapping_add(1),
            Phase::Open => self.receiving.count(),
        }
    }

    /// libssh2 sends something: its identification line first, then a packet each time.
    pub(super) fn count_sent(&mut self) {
        if std::mem::replace(&mut self.greeted, true) {
            self.sending.count();
        }
    }

    /// Number of the last packet that came.
    pub(super) fn last_sequence(&self) -> u32 {
        self.receiving.sequence.wrapping_sub(1)
    }

    /// [`Io::arrived`] for a packet that [`Io::open_packet`] found.
    pub(super) fn arrived_in_input(&mut self, start: usize, length: usize) -> Arrival {
        let message = self.input.consumed(start, length);
        let kind = message.first().copied().unwrap_or(0);
        if matches!(kind, number::DISCONNECT | number::KEXINIT) {
            // Rare: the copy is no loss.
            let message = message.to_vec();
            return self.arrived(&message);
        }
        self.arrived_when_open(kind, &[])
    }

    /// Decides about a packet whose integrity is confirmed.
    pub(super) fn arrived(&mut self, message: &[u8]) -> Arrival {
        let Some((&kind, content)) = message.split_first() else {
            return self.refuse("packet without a message");
        };
        if message.len() > LONGEST_MESSAGE {
            return self.refuse("packet that is too long when it is decompressed");
        }
        if !matches!(kind, number::CHANNEL_DATA | number::CHANNEL_EXTENDED_DATA) {
            // What is not compressed is shorter than what came.
            self.unpacked += message.len() as u64;
            if self.unpacked > self.input.total() + UNPACKED_BYTES {
                return self.refuse("compressed packets that are much longer than what was sent");
            }
        }
        if kind == number::DISCONNECT {
            self.disconnect = Some(parse_disconnect(content));
            return Arrival::Pass;
        }
        match self.phase {
            Phase::Login => self.arrived_before_login(kind, content),
            Phase::Open => self.arrived_when_open(kind, content),
        }
    }

    fn arrived_before_login(&mut self, kind: u8, content: &[u8]) -> Arrival {
        self.login_packets += 1;
        if self.login_packets > LOGIN_PACKETS {
            return self.refuse("too many packets before the end of the login");
        }
        self.login_bytes += 1 + content.len();
        if self.login_bytes > LOGIN_BYTES {
            return self.refuse("too much data before the end of the login");
        }
        match kind {
            number::KEXINIT | number::NEWKEYS | 30..=49 => self.arrived_in_exchange(kind, content),
            number::USERAUTH_FAILURE => {
                self.auth_failure = Some(parse_auth_failure(content));
                Arrival::Pass
            }
            80.. => self.refuse("packet of the connection protocol before the end of the login"),
            _ => Arrival::Pass,
        }
    }

    fn arrived_when_open(&mut self, kind: u8, content: &[u8]) -> Arrival {
        match kind {
            number::IGNORE | number::DEBUG | number::EXT_INFO => Arrival::Pass,
            number::KEXINIT | number::NEWKEYS | 30..=49 => self.arrived_in_exchange(kind, content),
            _ if self.inbox.len() >= INBOX_LIMIT => {
                self.refuse("data in the middle of a key exchange")
            }
            _ => Arrival::Take,
        }
    }

    /// KEXINIT, what a method sends, NEWKEYS. libssh2 would keep what comes at another time, and take it for the answer
    /// to something later.
    fn arrived_in_exchange(&mut self, kind: u8, content: &[u8]) -> Arrival {
        match (kind, self.exchange) {
            (number::KEXINIT, Exchange::Running(_)) => {
                self.refuse("second KEXINIT within a key exchange")
            }
            (number::KEXINIT, Exchange::Idle) => self.begin_exchange(content),
            (_, Exchange::Idle) => self.refuse("packet of a key exchange outside of one"),
            (_, Exchange::Running(EXCHANGE_PACKETS..)) => self.refuse("endless key exchange"),
            (number::NEWKEYS, Exchange::Running(1)) => self.refuse("NEWKEYS without an exchange"),
            (number::NEWKEYS, Exchange::Running(_)) => {
                self.await_keys();
                self.set_exchange(Exchange::Idle);
                self.exchanges += 1;
                if self.phase == Phase::Open {
                    self.rekeys += 1;
                }
                Arrival::Pass
            }
            (_, Exchange::Running(count)) => {
                self.exchange = Exchange::Running(count + 1);
                Arrival::Pass
            }
        }
    }

    fn begin_exchange(&mut self, content: &[u8]) -> Arrival {
        let lists = parse_kexinit(content).filter(|_| content.len() <= KEXINIT_LIMIT);
        let Some(lists) = lists else { return self.refuse("KEXINIT that cannot be read") };
        if !self.agreement.is_kept(&lists) {
            return self.refuse("other algorithms for new keys");
        }
        let carried = self.input.total() + self.output.total();
        if !self.allowance.spend(carried, Instant::now()) {
            return self.refuse("one key exchange after another");
        }
        if self.exchanges == 0 {
            let kex = &lists[0];
            self.strict = kex.is_empty() || kex.split(',').any(|name| name == STRICT);
            self.server_kexinit = Some(content.into());
        }
        self.set_exchange(Exchange::Running(1));
        Arrival::Pass
    }

    /// Both sides have said NEWKEYS: until a cipher of ours gets its keys they are libssh2's.
    fn await_keys(&mut self) {
        self.sending.begin(Keys::Foreign, false);
        self.receiving.begin(Keys::Foreign, false);
    }

    /// Called after libssh2 has handled a packet of type `kind`; `waiting`: it needs more input to go on.
    ///
    /// False: the session has failed. libssh2 runs all key exchanges but the first from inside its handling of KEXINIT
    /// and swallows a failure there; it shows as a KEXINIT that is done with although no NEWKEYS came.
    pub(super) fn passed(&mut self, kind: u8, waiting: bool) -> bool {
        if kind == number::KEXINIT && self.exchanges > 0 && self.rekeying() && !waiting {
            self.refuse("key exchange after the first failed");
            return false;
        }
        true
    }

    /// Takes a packet for which [`Io::arrived`] said so.
    pub(super) fn keep(&mut self, packet: Packet) {
        self.inbox.push_back(packet);
    }

    /// The answer to a prompt; None leaves it empty.
    pub(super) fn answer(&mut self, prompt: &[u8], echo: bool) -> Option<&str> {
        // A prompt for a new password must not get the old one as if it were a choice.
        let prompt = String::from_utf8_lossy(prompt).to_lowercase();
        if prompt.contains("new") && prompt.contains("password") {
            self.change_demanded = true;
            return None;
        }
        self.password.as_ref().filter(|_| !echo).map(|password| password.as_str())
    }

    fn refuse(&mut self, violation: &'static str) -> Arrival {
        self.violation.get_or_insert(violation);
        Arrival::Refuse
    }

    fn set_exchange(&mut self, exchange: Exchange) {
        trace!("ssh key exchange: {:?} -> {exchange:?}", self.exchange);
        self.exchange = exchange;
    }
}

/// The server's word for sequence numbers that begin anew with each key exchange (OpenSSH, PROTOCOL section 1.10).
const STRICT: &str = "kex-strict-s-v00@openssh.com";

/// Room for the tag of a packet.
const NO_TAG: [u8; 64] = [0; 64];
