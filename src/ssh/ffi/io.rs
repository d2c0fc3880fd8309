//! What the callbacks of one session work on: bytes received, bytes to send, packets that arrived.
//!
//! Pure: no libssh2, no unsafe code. The decision what becomes of a packet is made here ([`Io::arrived`]), so that
//! nothing a server sends can pile up: before login the number of packets is limited, and after it libssh2 only sees
//! the messages it consumes at once.

use std::collections::VecDeque;

use log::trace;
use nom::Parser;
use nom::bytes::complete::take;
use nom::multi::length_data;
use nom::number::complete::{be_u8, be_u32};
use zeroize::Zeroizing;

use super::Packet;

/// Size of the receive buffer in bytes: several packets for one read of the socket.
pub(in crate::ssh) const RECEIVE_BUFFER: usize = 256 * 1024;

/// Most bytes that may wait to be sent. The caller stops sending long before.
const OUTPUT_LIMIT: usize = 4 * 1024 * 1024;

/// An empty output buffer larger than this is given back.
const OUTPUT_KEPT: usize = 512 * 1024;

/// Most packets a server may send before login is over: banners, key exchange and answers are a dozen.
const LOGIN_PACKETS: u32 = 512;

/// Most packets of one key exchange: KEXINIT, a wrong guess, two replies, NEWKEYS.
const REKEY_PACKETS: u32 = 16;

/// Most packets that may wait in the inbox. They are read one at a time; more wait only if the server goes on sending
/// data in the middle of a key exchange.
const INBOX_LIMIT: usize = 64;

/// Longest list of authentication methods that is kept, in bytes.
const METHODS_LIMIT: usize = 1024;

/// Longest text of a disconnect message that is kept, in characters.
const REASON_LIMIT: usize = 256;

/// Longest list of a server's algorithms that is kept, in bytes.
const KEXINIT_LIMIT: usize = 16 * 1024;

/// Message numbers that decide what becomes of a packet (RFC 4250 section 4.1).
mod number {
    pub(super) const DISCONNECT: u8 = 1;
    pub(super) const IGNORE: u8 = 2;
    pub(super) const DEBUG: u8 = 4;
    pub(super) const EXT_INFO: u8 = 7;
    pub(super) const KEXINIT: u8 = 20;
    pub(super) const NEWKEYS: u8 = 21;
    pub(super) const USERAUTH_FAILURE: u8 = 51;
}

/// Where a session stands, as far as its packets are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::ssh) enum Phase {
    /// Key exchange and login: packets are libssh2's.
    Login,
    /// Logged in: packets of the connection protocol are ours.
    Open,
}

/// Key exchanges after the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rekey {
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

/// SSH_MSG_DISCONNECT as received (RFC 4253 section 11.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ssh) struct Disconnect {
    pub(in crate::ssh) reason: u32,
    pub(in crate::ssh) text: String,
}

/// SSH_MSG_USERAUTH_FAILURE as received (RFC 4252 section 5.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::ssh) struct AuthFailure {
    /// Methods that can continue, comma-separated.
    pub(in crate::ssh) methods: String,
    /// The request succeeded but more is needed.
    pub(in crate::ssh) partial: bool,
}

/// Buffers and observations of one session's callbacks.
pub(in crate::ssh) struct Io {
    /// Received from the server, encrypted.
    pub(in crate::ssh) input: Input,
    /// To be sent to the server, encrypted.
    pub(in crate::ssh) output: Output,
    inbox: VecDeque<Packet>,
    phase: Phase,
    rekey: Rekey,
    /// Key exchanges finished since login.
    pub(in crate::ssh) rekeys: u64,
    login_packets: u32,
    /// Why the session has failed by what the server sent.
    pub(in crate::ssh) violation: Option<&'static str>,
    /// The server's farewell.
    pub(in crate::ssh) disconnect: Option<Disconnect>,
    /// The server's first SSH_MSG_KEXINIT, for the message when nothing was agreed on.
    pub(in crate::ssh) server_kexinit: Option<Box<[u8]>>,
    /// The last refusal of an authentication request, until it is taken.
    pub(in crate::ssh) auth_failure: Option<AuthFailure>,
    /// Answer to hidden prompts, while a keyboard-interactive request runs.
    pub(in crate::ssh) password: Option<Zeroizing<String>>,
    /// A prompt asked for a new password.
    pub(in crate::ssh) change_demanded: bool,
}

impl Io {
    pub(super) fn new() -> Self {
        Self {
            input: Input::new(),
            output: Output::default(),
            inbox: VecDeque::new(),
            phase: Phase::Login,
            rekey: Rekey::Idle,
            rekeys: 0,
            login_packets: 0,
            violation: None,
            disconnect: None,
            server_kexinit: None,
            auth_failure: None,
            password: None,
            change_demanded: false,
        }
    }

    /// Where the session stands.
    pub(in crate::ssh) fn phase(&self) -> Phase {
        self.phase
    }

    /// Login is over: from the next packet on the connection protocol is ours.
    pub(in crate::ssh) fn open(&mut self) {
        trace!("ssh: {:?} -> {:?}", self.phase, Phase::Open);
        self.phase = Phase::Open;
        self.server_kexinit = None;
        self.password = None;
    }

    /// Whether a key exchange runs, during which nothing else may be sent (RFC 4253 section 7.1).
    pub(in crate::ssh) fn rekeying(&self) -> bool {
        matches!(self.rekey, Rekey::Running(_))
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

    /// Decides about a packet whose integrity is confirmed; `message` is not empty.
    pub(super) fn arrived(&mut self, message: &[u8]) -> Arrival {
        let Some((&kind, content)) = message.split_first() else {
            return Arrival::Refuse;
        };
        if kind == number::DISCONNECT {
            self.disconnect = Some(parse_disconnect(content));
            return Arrival::Pass;
        }
        match self.phase {
            Phase::Login => self.arrived_before_login(kind, content),
            Phase::Open => self.arrived_when_open(kind),
        }
    }

    fn arrived_before_login(&mut self, kind: u8, content: &[u8]) -> Arrival {
        self.login_packets += 1;
        if self.login_packets > LOGIN_PACKETS {
            return self.refuse("too many packets before the end of the login");
        }
        match kind {
            number::KEXINIT if self.server_kexinit.is_none() && content.len() <= KEXINIT_LIMIT => {
                self.server_kexinit = Some(content.into());
                Arrival::Pass
            }
            number::USERAUTH_FAILURE => {
                self.auth_failure = Some(parse_auth_failure(content));
                Arrival::Pass
            }
            80.. => self.refuse("packet of the connection protocol before the end of the login"),
            _ => Arrival::Pass,
        }
    }

    fn arrived_when_open(&mut self, kind: u8) -> Arrival {
        match kind {
            number::IGNORE | number::DEBUG | number::EXT_INFO => Arrival::Pass,
            number::KEXINIT if self.rekeying() => {
                self.refuse("second KEXINIT within a key exchange")
            }
            number::KEXINIT => {
                self.set_rekey(Rekey::Running(1));
                Arrival::Pass
            }
            number::NEWKEYS | 30..=49 => match self.rekey {
                Rekey::Idle => self.refuse("packet of a key exchange outside of one"),
                Rekey::Running(REKEY_PACKETS..) => self.refuse("endless key exchange"),
                Rekey::Running(_) if kind == number::NEWKEYS => {
                    self.set_rekey(Rekey::Idle);
                    self.rekeys += 1;
                    Arrival::Pass
                }
                Rekey::Running(count) => {
                    self.rekey = Rekey::Running(count + 1);
                    Arrival::Pass
                }
            },
            _ if self.inbox.len() >= INBOX_LIMIT => {
                self.refuse("data in the middle of a key exchange")
            }
            _ => Arrival::Take,
        }
    }

    /// Called after libssh2 has handled a packet of type `kind`; `waiting`: it needs more input to go on.
    ///
    /// False: the session has failed. libssh2 runs the key exchange from inside its handling of KEXINIT and swallows a
    /// failure there; it shows as a KEXINIT that is done with although no NEWKEYS came.
    pub(super) fn passed(&mut self, kind: u8, waiting: bool) -> bool {
        if kind == number::KEXINIT && self.rekeying() && !waiting {
            self.refuse("key exchange after login failed");
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

    fn set_rekey(&mut self, rekey: Rekey) {
        trace!("ssh rekey: {:?} -> {rekey:?}", self.rekey);
        self.rekey = rekey;
    }
}

/// Received bytes: one buffer for the life of the session, filled at the end, consumed at the front.
pub(in crate::ssh) struct Input {
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    ended: bool,
    end_seen: bool,
    total: u64,
}

impl Input {
    fn new() -> Self {
        let buffer = vec![0; RECEIVE_BUFFER].into_boxed_slice();
        Self { buffer, start: 0, end: 0, ended: false, end_seen: false, total: 0 }
    }

    /// Room for received bytes; empty only when the buffer is full.
    pub(in crate::ssh) fn space(&mut self) -> &mut [u8] {
        if self.end == self.buffer.len() && self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        &mut self.buffer[self.end..]
    }

    /// The first `count` bytes of the space have been written.
    pub(in crate::ssh) fn filled(&mut self, count: usize) {
        debug_assert!(count <= self.buffer.len() - self.end);
        self.end = (self.end + count).min(self.buffer.len());
        self.total += count as u64;
    }

    /// Bytes not consumed yet.
    pub(in crate::ssh) fn pending(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes received in all.
    pub(in crate::ssh) fn total(&self) -> u64 {
        self.total
    }

    /// The peer sends no more.
    pub(in crate::ssh) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether [`Input::end`] was called.
    pub(in crate::ssh) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether libssh2 has run into the end of the input.
    pub(in crate::ssh) fn end_seen(&self) -> bool {
        self.end_seen
    }

    pub(super) fn consume(&mut self, count: usize) {
        self.start += count;
        if self.start == self.end {
            self.start = 0;
            self.end = 0;
        }
    }

    /// Asked when nothing is left: whether nothing will come either. Remembers that it was.
    pub(super) fn at_end(&mut self) -> bool {
        self.end_seen |= self.ended;
        self.ended
    }
}

/// Bytes to send: appended by libssh2, taken from the front by the socket's owner.
#[derive(Default)]
pub(in crate::ssh) struct Output {
    buffer: Vec<u8>,
    sent: usize,
    total: u64,
    overflowed: bool,
}

impl Output {
    /// Bytes that wait.
    pub(in crate::ssh) fn pending(&self) -> &[u8] {
        &self.buffer[self.sent..]
    }

    /// Bytes appended in all.
    pub(in crate::ssh) fn total(&self) -> u64 {
        self.total
    }

    /// Whether libssh2 wanted to send more than may wait.
    pub(in crate::ssh) fn overflowed(&self) -> bool {
        self.overflowed
    }

    /// The first `count` bytes that waited are gone.
    ///
    /// What is left moves to the front when it is the smaller part: each byte is moved at most once on average, and
    /// the buffer does not grow while it never empties.
    pub(in crate::ssh) fn sent(&mut self, count: usize) {
        debug_assert!(count <= self.buffer.len() - self.sent);
        self.sent = (self.sent + count).min(self.buffer.len());
        if self.sent == self.buffer.len() {
            self.buffer.clear();
            self.sent = 0;
            if self.buffer.capacity() > OUTPUT_KEPT {
                self.buffer = Vec::new();
            }
        } else if self.sent > self.buffer.len() / 2 {
            self.buffer.drain(..self.sent);
            self.sent = 0;
        }
    }

    /// Appends; false: too much waits already.
    pub(super) fn append(&mut self, bytes: &[u8]) -> bool {
        if self.pending().len() + bytes.len() > OUTPUT_LIMIT {
            self.overflowed = true;
            return false;
        }
        self.buffer.extend_from_slice(bytes);
        self.total += bytes.len() as u64;
        true
    }
}

/// RFC 4253 section 11.1, without the message number; what is missing stays empty.
fn parse_disconnect(content: &[u8]) -> Disconnect {
    let mut fields = (be_u32::<&[u8], ()>, length_data(be_u32));
    let (reason, text) = fields.parse(content).map_or((0, &[][..]), |(_, found)| found);
    Disconnect { reason, text: String::from_utf8_lossy(text).chars().take(REASON_LIMIT).collect() }
}

/// RFC 4252 section 5.1, without the message number; a malformed list offers nothing.
fn parse_auth_failure(content: &[u8]) -> AuthFailure {
    let mut fields = (length_data(be_u32::<&[u8], ()>), be_u8);
    let (methods, partial) = fields.parse(content).map_or((&[][..], 0), |(_, found)| found);
    let methods = methods.get(..METHODS_LIMIT).unwrap_or(methods);
    AuthFailure { methods: String::from_utf8_lossy(methods).into_owned(), partial: partial != 0 }
}

/// The name-lists of a KEXINIT (RFC 4253 section 7.1) without the message number: kex, host key, ciphers to server and
/// to client, MACs likewise, compression likewise.
pub(in crate::ssh) fn parse_kexinit(content: &[u8]) -> Option<[String; 8]> {
    let (mut input, _cookie) = take::<_, _, ()>(16_usize).parse(content).ok()?;
    let mut lists: [String; 8] = Default::default();
    for list in &mut lists {
        let (remaining, names) = length_data(be_u32::<&[u8], ()>).parse(input).ok()?;
        *list = String::from_utf8_lossy(names).into_owned();
        input = remaining;
    }
    Some(lists)
}
