//! The handshake of one client, from its first byte to its request.
//!
//! The caller keeps what the client has sent and not yet been consumed, calls
//! [`Negotiation::advance`] with all of it after every read and does what the [`Progress`] says;
//! the deadline is the caller's. Nothing is kept here but the state: bytes behind `consumed` stay
//! with the caller, and after a [`Progress::Request`] they are the first data for the target.
//!
//! | state | message | next |
//! |---|---|---|
//! | First | request of version 4 | Over |
//! | First | greeting of version 5, method 0 chosen | Request |
//! | First | greeting of version 5, method 2 chosen | Login |
//! | Login | user name and password | Verifying |
//! | Verifying | `login_result(true)` | Request |
//! | Verifying | `login_result(false)` | Over |
//! | Request | request of version 5 | Over |
//! | any but Verifying | a message that is refused | Over |

use nom::Err;
use zeroize::Zeroizing;

use super::refusal::{Refusal, Stranger};
use super::reply::{Failure, Outcome, Reply, reply};
use super::target::{host_from_address, host_from_name};
use super::wire::{self, Malformed, WireHost};
use super::{Command, Request, Version};
use crate::config::{Host, Target};

/// Most bytes of one message: version 4a with the longest user ID and name.
///
/// A buffer of this size is enough: with it full, [`Negotiation::advance`] never asks for more.
pub const MAX_MESSAGE: usize = 8 + 256 + 256;

/// Where a handshake stands.
#[derive(Debug)]
pub struct Negotiation {
    authenticate: bool,
    state: State,
}

/// What the caller has to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Progress {
    /// Read more, or close if the client has finished sending.
    NeedMore,
    /// Send `bytes`, drop `consumed` bytes of input, and call again with the rest.
    Reply {
        /// Bytes of input to drop.
        consumed: usize,
        /// What to send.
        bytes: Reply,
    },
    /// Verify the login, send what [`Negotiation::login_result`] gives, and call again.
    Login {
        /// Bytes of input to drop; wipe them, the password is among them.
        consumed: usize,
        /// User name as sent, 0 to 255 bytes.
        user: Vec<u8>,
        /// Password as sent, 0 to 255 bytes.
        password: Zeroizing<Vec<u8>>,
    },
    /// The handshake is over: connect, then send [`reply`].
    Request {
        /// Bytes of input to drop; the rest is for the target.
        consumed: usize,
        /// What the client asks for.
        request: Request,
    },
    /// Send `bytes`, possibly none, and close.
    Refuse {
        /// What to send.
        bytes: Reply,
        /// Why.
        why: Refusal,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing understood yet.
    First,
    /// Method 2 chosen; user name and password are next.
    Login,
    /// The caller looks the password up.
    Verifying,
    /// Version 5; the request is next.
    Request,
    /// A request or a refusal was given.
    Over,
}

impl Negotiation {
    /// A new client's. With `authenticate`, only version 5 with user name and password will do.
    pub fn new(authenticate: bool) -> Self {
        Self { authenticate, state: State::First }
    }

    /// Looks at all input that is not yet consumed.
    pub fn advance(&mut self, input: &[u8]) -> Progress {
        let (progress, next) = match self.state {
            State::First => self.first(input),
            State::Login => login(input),
            State::Request => v5_request(input),
            // Data that the client sends ahead of an answer waits.
            State::Verifying | State::Over => (Progress::NeedMore, self.state),
        };
        self.enter(next);
        progress
    }

    /// The answer to a [`Progress::Login`]; after `false` it is the last thing to send.
    pub fn login_result(&mut self, accepted: bool) -> Reply {
        debug_assert_eq!(self.state, State::Verifying, "a result nobody waits for");
        self.enter(if accepted { State::Request } else { State::Over });
        Reply::of(&[if accepted { LOGIN_ACCEPTED } else { LOGIN_REFUSED }])
    }

    fn first(&self, input: &[u8]) -> Verdict {
        match input.first() {
            None => NEED_MORE_FIRST,
            Some(0x04) => self.v4_request(input),
            Some(0x05) => self.v5_greeting(input),
            Some(&first) => {
                let stranger = Stranger::recognise(input).unwrap_or(Stranger::Unknown(first));
                refuse(Reply::EMPTY, Refusal::NotSocks(stranger))
            }
        }
    }

    fn v4_request(&self, input: &[u8]) -> Verdict {
        let (rest, message) = match wire::v4_request(input) {
            Ok(parsed) => parsed,
            Err(error) => return incomplete_or(error, Version::V4, State::First),
        };
        // Only now, with the whole request read: closing on unread bytes would reset the
        // connection and could take the reply with it.
        if self.authenticate {
            return refuse_request(Version::V4, Failure::NotAllowed, Refusal::PasswordImpossible);
        }
        let user_id = match message.user_id {
            b"" => None,
            user_id => Some(String::from_utf8_lossy(user_id).into_owned()),
        };
        let consumed = input.len() - rest.len();
        conclude(consumed, Version::V4, message.command, message.host, message.port, user_id)
    }

    fn v5_greeting(&self, input: &[u8]) -> Verdict {
        let (rest, methods) = match wire::v5_greeting(input) {
            Ok(parsed) => parsed,
            Err(error) => return incomplete_or(error, Version::V5, State::First),
        };
        let (method, next) = match self.authenticate {
            true => (METHOD_PASSWORD, State::Login),
            false => (METHOD_NONE, State::Request),
        };
        if !methods.contains(&method) {
            let why = Refusal::NoMethod { authenticate: self.authenticate };
            return refuse(Reply::of(&[&[0x05, METHOD_NOT_ACCEPTABLE]]), why);
        }
        let consumed = input.len() - rest.len();
        (Progress::Reply { consumed, bytes: Reply::of(&[&[0x05, method]]) }, next)
    }

    fn enter(&mut self, next: State) {
        if self.state != next {
            log::trace!("SOCKS handshake: {:?} -> {next:?}", self.state);
            self.state = next;
        }
    }
}

/// What to tell the caller, and the next state.
type Verdict = (Progress, State);

fn login(input: &[u8]) -> Verdict {
    match wire::login(input) {
        Ok((rest, (user, password))) => {
            let progress = Progress::Login {
                consumed: input.len() - rest.len(),
                user: user.to_vec(),
                password: Zeroizing::new(password.to_vec()),
            };
            (progress, State::Verifying)
        }
        Err(Err::Incomplete(_)) => (Progress::NeedMore, State::Login),
        Err(Err::Error(malformed) | Err::Failure(malformed)) => {
            refuse(Reply::of(&[LOGIN_REFUSED]), refusal(malformed, Version::V5, 0x01))
        }
    }
}

fn v5_request(input: &[u8]) -> Verdict {
    match wire::v5_request(input) {
        Ok((rest, message)) => {
            let consumed = input.len() - rest.len();
            conclude(consumed, Version::V5, message.command, message.host, message.port, None)
        }
        Err(error) => incomplete_or(error, Version::V5, State::Request),
    }
}

/// Judges a request that is whole.
fn conclude(
    consumed: usize,
    version: Version,
    command: u8,
    host: WireHost<'_>,
    port: u16,
    user_id: Option<String>,
) -> Verdict {
    let command = match (command, version) {
        (1, _) => Command::Connect,
        (2, _) => {
            let why = Refusal::Command(version, Command::Bind);
            return refuse_request(version, Failure::CommandNotSupported, why);
        }
        (3, Version::V5) => {
            let why = Refusal::Command(version, Command::UdpAssociate);
            return refuse_request(version, Failure::CommandNotSupported, why);
        }
        (other, _) => {
            let why = Refusal::UnknownCommand(version, other);
            return refuse_request(version, Failure::CommandNotSupported, why);
        }
    };
    let host = match host {
        WireHost::Address(address) => host_from_address(address),
        WireHost::Name(name) => match host_from_name(name) {
            Some(host) => host,
            None => return refuse_request(version, Failure::General, Refusal::BadName(version)),
        },
    };
    let target = Target { host, port };
    let is_unspecified = matches!(target.host, Host::Address(address) if address.is_unspecified());
    if port == 0 || is_unspecified {
        return refuse_request(version, Failure::General, Refusal::NoTarget(version, target));
    }
    let request = Request { version, command, target, user_id };
    (Progress::Request { consumed, request }, State::Over)
}

/// A parser's error while the message of `state` was expected.
fn incomplete_or(error: Err<Malformed>, version: Version, state: State) -> Verdict {
    match error {
        Err::Incomplete(_) => (Progress::NeedMore, state),
        Err::Error(malformed) | Err::Failure(malformed) => {
            let failure = match malformed {
                Malformed::AddressType(_) => Failure::AddressTypeNotSupported,
                _ => Failure::General,
            };
            refuse_request(version, failure, refusal(malformed, version, 0x05))
        }
    }
}

fn refusal(malformed: Malformed, version: Version, expected: u8) -> Refusal {
    match malformed {
        Malformed::Version(found) => Refusal::WrongVersion { expected, found },
        Malformed::AddressType(code) => Refusal::AddressType(code),
        Malformed::TooLong(field) => Refusal::TooLong(field),
        Malformed::Grammar => Refusal::Malformed(version),
    }
}

fn refuse_request(version: Version, failure: Failure, why: Refusal) -> Verdict {
    let nowhere = ([0, 0, 0, 0], 0).into();
    refuse(reply(version, Outcome::Failure(failure), nowhere), why)
}

fn refuse(bytes: Reply, why: Refusal) -> Verdict {
    (Progress::Refuse { bytes, why }, State::Over)
}

const NEED_MORE_FIRST: Verdict = (Progress::NeedMore, State::First);

/// RFC 1928 section 3: no authentication required.
const METHOD_NONE: u8 = 0x00;
/// RFC 1928 section 3: user name and password.
const METHOD_PASSWORD: u8 = 0x02;
/// RFC 1928 section 3: none of the client's methods will do.
const METHOD_NOT_ACCEPTABLE: u8 = 0xff;
/// RFC 1929 section 2.
const LOGIN_ACCEPTED: &[u8] = &[0x01, 0x00];
/// RFC 1929 section 2; every status but 0 is a refusal.
const LOGIN_REFUSED: &[u8] = &[0x01, 0x01];

#[cfg(test)]
mod tests;
