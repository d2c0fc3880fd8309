//! The SSH transport without I/O: bytes of a socket in, packets of the connection protocol out, and the other way.
//!
//! The owner moves bytes between a connection and [`Transport::input_space`] / [`Transport::output`], runs the
//! [`login`](super::login) to its end and then calls [`Transport::next_packet`] until it says None, each time input
//! has come. libssh2 does the cryptography behind `ffi`. Whatever the result of a call is, there may be output to
//! write afterwards. No call blocks; the owner keeps the time.
//!
//! Invariants: after an error nothing but [`Transport::output`] is worth calling (the rest answers with
//! [`TransportError::Ended`]); input, output and the packets held are bounded; a session whose server shows another
//! host key in a later key exchange ends.

#[doc(hidden)]
pub mod bench;
mod error;
mod offer;
#[cfg(test)]
mod tests;

use std::ffi::CString;
use std::fmt;

use libssh2_sys as sys;
use log::{debug, trace};
use zeroize::Zeroizing;

use super::ffi::{EAGAIN, Method, Session};
use error::damage;
use offer::{Offer, shortened};

pub use super::ffi::Packet;
pub use error::TransportError;
pub use offer::{Algorithms, TransportOptions};

/// Most bytes before the server's identification line (RFC 4253 section 4.2 sets no limit).
const GREETING_LIMIT: u64 = 64 * 1024;

/// Longest disconnect text libssh2 sends, in bytes.
const DISCONNECT_TEXT: usize = 256;

/// Calls of libssh2 without progress after which the session is given up.
const STALL_LIMIT: u32 = 8;

/// Output above which unknown messages are dropped instead of answered.
const ANSWER_LIMIT: usize = 64 * 1024;

const SSH_MSG_UNIMPLEMENTED: u8 = 3;

/// A private key whose public half the server would take, but that cannot sign.
const UNSIGNED: i32 = sys::LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED;

/// Result of a call that may need to be repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// It is done.
    Done,
    /// Call again, with the same arguments, when there is more input.
    NeedsInput,
}

/// Answer to [`Transport::auth_methods`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthList {
    /// The server wants no authentication: logged in.
    Accepted,
    /// It offers these methods (RFC 4252 names), in its order.
    Offered(Vec<String>),
    /// Call again when there is more input.
    NeedsInput,
}

/// Answer to an authentication request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthStep {
    /// Logged in.
    Accepted,
    /// Right, but the server wants another method as well (RFC 4252 section 5.1, "partial success").
    Partial(Vec<String>),
    /// Not accepted.
    Refused(Refusal),
    /// Call again, with the same arguments, when there is more input.
    NeedsInput,
}

/// Why an authentication request came to nothing; the session can be used for another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The server said no.
    Denied,
    /// The server wants a new password first, which zoxy does not set.
    PasswordExpired,
    /// The key or password cannot be used for a request. With the reason.
    Unusable(String),
}

/// What became of a packet to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Sent {
    /// It is in the output.
    Yes,
    /// It is not: a key exchange runs. Keep it, go on reading, send it when [`Transport::is_rekeying`] is over.
    Rekeying,
}

/// One SSH session's transport and login.
pub struct Transport {
    session: Session,
    /// What is offered, for the message when nothing is in common.
    offer: Offer,
    /// The host key of the first key exchange.
    host_key: Vec<u8>,
    /// Key exchanges after which the host key was compared.
    rekeys_checked: u64,
    /// Bytes sent when the running authentication request began.
    request_began: Option<u64>,
    ended: bool,
}

impl Transport {
    /// A session that has sent nothing yet.
    pub fn new(options: &TransportOptions<'_>) -> Result<Self, TransportError> {
        let mut session = Session::new().ok_or(TransportError::OutOfMemory)?;
        let offer = Offer::make(options, &mut session)?;
        Ok(Self {
            session,
            offer,
            host_key: Vec::new(),
            rekeys_checked: 0,
            request_began: None,
            ended: false,
        })
    }

    /// Where to read the socket into; empty when the buffer is full.
    pub fn input_space(&mut self) -> &mut [u8] {
        self.session.io_mut().input.space()
    }

    /// `count` bytes were read into the [`Transport::input_space`].
    pub fn input_filled(&mut self, count: usize) {
        self.session.io_mut().input.filled(count);
    }

    /// Received bytes that libssh2 has not taken yet.
    pub fn input_pending(&self) -> usize {
        self.session.io().input.pending().len()
    }

    /// The peer will send no more.
    pub fn end_of_input(&mut self) {
        self.session.io_mut().input.end();
    }

    /// Bytes to write to the socket.
    pub fn output(&self) -> &[u8] {
        self.session.io().output.pending()
    }

    /// The first `count` bytes of the [`Transport::output`] were written.
    pub fn output_sent(&mut self, count: usize) {
        self.session.io_mut().output.sent(count);
    }

    /// How many bytes wait to be written.
    pub fn output_len(&self) -> usize {
        self.output().len()
    }

    /// Version exchange, key exchange, request of the login service. Nothing of the login itself.
    pub fn handshake(&mut self) -> Result<Step, TransportError> {
        self.usable()?;
        let code = self.repeat(Session::handshake)?;
        let banner = self.session.banner();
        let is_ssh = banner.starts_with("SSH-2.0-") || banner.starts_with("SSH-1.99-");
        if banner.starts_with("SSH-") && !is_ssh {
            return Err(self.end(TransportError::NotSsh { greeting: shortened(&banner) }));
        }
        match code {
            EAGAIN if !is_ssh && self.session.io().input.total() > GREETING_LIMIT => {
                Err(self.end(TransportError::NotSsh { greeting: shortened(&banner) }))
            }
            EAGAIN => Ok(Step::NeedsInput),
            0 => {
                self.host_key = self.session.host_key().unwrap_or_default().to_vec();
                debug!("ssh: {banner}: {:?}", self.algorithms());
                Ok(Step::Done)
            }
            sys::LIBSSH2_ERROR_BANNER_RECV => {
                Err(self.end(TransportError::NotSsh { greeting: shortened(&banner) }))
            }
            code => Err(self.failed("key exchange", code)),
        }
    }

    /// The server's public key blob (RFC 4253 section 6.6) and the type named in it.
    pub fn host_key(&self) -> Option<(&[u8], &str)> {
        let blob = self.session.host_key()?;
        let (length, rest) = blob.split_first_chunk()?;
        let name = rest.get(..usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        Some((blob, std::str::from_utf8(name).ok()?))
    }

    /// The server's identification line, or the last line received before it.
    pub fn server_banner(&self) -> String {
        self.session.banner()
    }

    /// What was agreed on.
    pub fn algorithms(&self) -> Algorithms {
        Algorithms::of(&self.session)
    }

    /// Asks which authentication methods the server offers, by method "none" (RFC 4252 section 5.2).
    pub fn auth_methods(&mut self, user: &str) -> Result<AuthList, TransportError> {
        match self.authenticate("request of the methods", |session| session.auth_none(user))? {
            AuthStep::Accepted => Ok(AuthList::Accepted),
            AuthStep::NeedsInput => Ok(AuthList::NeedsInput),
            AuthStep::Partial(methods) => Ok(AuthList::Offered(methods)),
            AuthStep::Refused(_) => Ok(AuthList::Offered(Vec::new())),
        }
    }

    /// Logs in with a password.
    pub fn auth_password(
        &mut self,
        user: &str,
        password: &str,
    ) -> Result<AuthStep, TransportError> {
        self.authenticate("password", |session| session.auth_password(user, password))
    }

    /// Logs in with an unencrypted private key (PEM or OpenSSH format, the file's content).
    pub fn auth_publickey(
        &mut self,
        user: &str,
        private_pem: &[u8],
    ) -> Result<AuthStep, TransportError> {
        self.authenticate("public key", |session| session.auth_publickey(user, private_pem))
    }

    /// Logs in by keyboard-interactive; every hidden prompt is answered with the password, except one that asks for a
    /// new password.
    pub fn auth_keyboard(
        &mut self,
        user: &str,
        password: &str,
    ) -> Result<AuthStep, TransportError> {
        self.session.io_mut().password = Some(Zeroizing::new(password.into()));
        let step = self.authenticate("keyboard-interactive", |session| session.auth_keyboard(user));
        self.session.io_mut().password = None;
        let demanded = self.session.io().change_demanded;
        match step {
            Ok(AuthStep::Refused(Refusal::Denied)) if demanded => {
                Ok(AuthStep::Refused(Refusal::PasswordExpired))
            }
            step => step,
        }
    }

    /// The next packet of the connection protocol (messages 80 to 82 and 90 to 100), decrypted. None: needs input.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, TransportError> {
        self.usable()?;
        let mut stalled = 0;
        loop {
            if let Some(packet) = self.session.io_mut().take_packet() {
                if self.is_ours(&packet)? {
                    return Ok(Some(packet));
                }
                continue;
            }
            if self.session.io().is_direct() {
                match self.session.open_packet() {
                    Ok(Some(packet)) if self.is_ours(&packet)? => return Ok(Some(packet)),
                    Ok(_) => {}
                    Err(EAGAIN) if self.session.io_mut().input.is_over() => {
                        return Err(self.end(TransportError::Closed));
                    }
                    Err(EAGAIN) => return Ok(None),
                    Err(code) => return Err(self.failed("read", code)),
                }
                continue;
            }
            let before = self.input_pending();
            let code = self.session.read_packet();
            self.check_host_key()?;
            if code >= 0 {
                stalled = 0;
                continue;
            }
            if code != EAGAIN {
                return Err(self.failed("read", code));
            }
            if !self.may_go_on() && !self.session.io().has_packet() {
                return Ok(None);
            }
            stalled = if self.input_pending() < before { 0 } else { stalled + 1 };
            if stalled > STALL_LIMIT {
                return Err(self.end(TransportError::Protocol("input that makes no packet")));
            }
        }
    }

    /// The bytes of a packet that [`Transport::next_packet`] gave, until [`Transport::input_space`] is called.
    pub fn bytes<'a>(&'a self, packet: &'a Packet) -> &'a [u8] {
        self.session.bytes(packet)
    }

    /// Puts one packet of the connection protocol into the output: message number first, header and body one after the
    /// other, together at most 34,743 bytes.
    pub fn send(&mut self, header: &[u8], body: &[u8]) -> Result<Sent, TransportError> {
        self.usable()?;
        // libssh2 would go on with the key exchange from inside the call, and read packets while we send.
        if self.is_rekeying() {
            return Ok(Sent::Rekeying);
        }
        if self.session.io().is_direct() {
            return match self.session.seal_packet(header, body) {
                true => Ok(Sent::Yes),
                false => Err(self.failed("send", sys::LIBSSH2_ERROR_ENCRYPT)),
            };
        }
        match self.session.send_packet(header, body) {
            0 => Ok(Sent::Yes),
            EAGAIN => Ok(Sent::Rekeying),
            code => Err(self.failed("send", code)),
        }
    }

    /// Whether a key exchange after login runs: nothing can be sent until more input has ended it.
    pub fn is_rekeying(&self) -> bool {
        self.session.io().rekeying()
    }

    /// Key exchanges finished since login.
    pub fn rekeys(&self) -> u64 {
        self.session.io().rekeys
    }

    /// Puts SSH_MSG_DISCONNECT "by application" into the output. The session ends with it.
    pub fn disconnect(&mut self, text: &str) {
        if self.ended || !self.session.banner().starts_with("SSH-") {
            return;
        }
        let mut end = text.len().min(DISCONNECT_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let text = CString::new(text[..end].replace('\0', " ")).unwrap_or_default();
        self.session.disconnect(sys::SSH_DISCONNECT_BY_APPLICATION, &text);
        self.ended = true;
    }

    /// Runs one authentication request as far as the input goes.
    fn authenticate(
        &mut self,
        doing: &'static str,
        request: impl FnMut(&mut Session) -> i32,
    ) -> Result<AuthStep, TransportError> {
        self.usable()?;
        let sent = self.session.io().output.total();
        let began = *self.request_began.get_or_insert_with(|| {
            trace!("ssh login: {doing}");
            sent
        });
        if began == sent {
            self.session.io_mut().auth_failure = None;
            self.session.io_mut().change_demanded = false;
        }
        let code = self.repeat(request)?;
        if code == EAGAIN {
            return Ok(AuthStep::NeedsInput);
        }
        self.request_began = None;
        // libssh2 reports a lost connection as a refusal, too: only the server's own word counts as one.
        let failure = self.session.io_mut().auth_failure.take();
        let silent = self.session.io().output.total() == began;
        match (code, failure) {
            (0, _) if self.session.authenticated() => {
                let compressed = self.is_compressed();
                self.session.io_mut().open(compressed);
                Ok(AuthStep::Accepted)
            }
            (_, Some(failure)) if code == 0 || failure.partial => {
                Ok(AuthStep::Partial(split_names(&failure.methods)))
            }
            (_, Some(_)) => Ok(AuthStep::Refused(Refusal::Denied)),
            (sys::LIBSSH2_ERROR_PASSWORD_EXPIRED, None) => {
                Ok(AuthStep::Refused(Refusal::PasswordExpired))
            }
            (code, None) if self.intact() && (silent || code == UNSIGNED) => {
                Ok(AuthStep::Refused(Refusal::Unusable(self.session.error_text())))
            }
            (code, None) => Err(self.failed(doing, code)),
        }
    }

    /// Whether a method that compresses was agreed on, in either direction.
    fn is_compressed(&self) -> bool {
        [Method::CompressionToServer, Method::CompressionToClient]
            .into_iter()
            .any(|method| !matches!(self.session.negotiated(method).as_str(), "" | "none"))
    }

    /// Repeats a call of libssh2 while it wants input and there is some.
    fn repeat(&mut self, mut call: impl FnMut(&mut Session) -> i32) -> Result<i32, TransportError> {
        let mut stalled = 0;
        loop {
            let (before, exchanges) = (self.input_pending(), self.session.io().exchanges());
            let code = call(&mut self.session);
            // What came within a key exchange is in libssh2's queue, which it looks at when it is called again.
            let has_queued = self.session.io().exchanges() != exchanges;
            if code != EAGAIN || !(has_queued || self.may_go_on()) {
                return Ok(code);
            }
            stalled = if self.input_pending() < before { 0 } else { stalled + 1 };
            if stalled > STALL_LIMIT {
                return Err(self.end(TransportError::Protocol("input that makes no packet")));
            }
        }
    }

    /// Whether libssh2 has something to read: a packet, or the news that there are no more.
    fn may_go_on(&mut self) -> bool {
        self.session.io_mut().may_go_on()
    }

    /// After a key exchange the server must still have the key that was checked before the login.
    fn check_host_key(&mut self) -> Result<(), TransportError> {
        let rekeys = self.session.io().rekeys;
        if rekeys == self.rekeys_checked {
            return Ok(());
        }
        self.rekeys_checked = rekeys;
        match self.session.host_key() == Some(&self.host_key) {
            true => Ok(()),
            false => Err(self.end(TransportError::HostKeyChanged)),
        }
    }

    /// Whether a packet is of the connection protocol. RFC 4253 section 11.4: a message that is not understood is
    /// answered, and otherwise ignored.
    fn is_ours(&mut self, packet: &Packet) -> Result<bool, TransportError> {
        let kind = self.bytes(packet).first().copied();
        match kind {
            // RFC 4250 section 4.1.2: global requests and channels.
            Some(80..=82 | 90..=100) => Ok(true),
            Some(SSH_MSG_UNIMPLEMENTED) => Ok(false),
            _ if self.output_len() > ANSWER_LIMIT => Ok(false),
            _ => {
                debug!("ssh: message {kind:?} is not implemented");
                self.answer_unknown(packet)?;
                Ok(false)
            }
        }
    }

    fn answer_unknown(&mut self, packet: &Packet) -> Result<(), TransportError> {
        let mut answer = [SSH_MSG_UNIMPLEMENTED, 0, 0, 0, 0];
        answer[1..].copy_from_slice(&packet.sequence().to_be_bytes());
        self.send(&answer, &[]).map(|_| ())
    }

    /// Whether nothing has come from the server that ends the session.
    fn intact(&self) -> bool {
        let io = self.session.io();
        io.violation.is_none() && io.disconnect.is_none() && !io.input.end_seen()
    }

    fn usable(&self) -> Result<(), TransportError> {
        if self.ended { Err(TransportError::Ended) } else { Ok(()) }
    }

    fn end(&mut self, error: TransportError) -> TransportError {
        self.ended = true;
        error
    }

    /// The reason for an error code: what the server said or did comes before libssh2's words.
    fn failed(&mut self, doing: &'static str, code: i32) -> TransportError {
        let io = self.session.io();
        let error = if let Some(violation) = io.violation {
            TransportError::Protocol(violation)
        } else if let Some(farewell) = &io.disconnect {
            TransportError::Disconnected { reason: farewell.reason, text: farewell.text.clone() }
        } else if io.output.overflowed() {
            TransportError::OutputFull
        } else if io.input.end_seen() {
            TransportError::Closed
        } else if let Some(damage) = damage(code) {
            TransportError::Integrity(damage)
        } else if self.host_key.is_empty() {
            self.offer.failed(&mut self.session).unwrap_or_else(|| self.unexplained(doing, code))
        } else {
            self.unexplained(doing, code)
        };
        self.end(error)
    }

    fn unexplained(&self, doing: &'static str, code: i32) -> TransportError {
        TransportError::Library { doing, code, text: self.session.error_text() }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport")
            .field("banner", &self.server_banner())
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

fn split_names(list: &str) -> Vec<String> {
    list.split(',').filter(|name| !name.is_empty()).map(Into::into).collect()
}
