//! Takes the Telnet commands out of what a client sends (RFC 854, RFC 959 section 4.1.3).
//!
//! A client puts IAC IP and the Synch (IAC DM, as urgent data) before ABOR. A channel of SSH has no
//! urgent data, and the parser wants to see the verb, so they go; nothing is negotiated.
//!
//! | on the wire | in the output |
//! |---|---|
//! | IAC IP, IAC DM | nothing; told in [`Signals`] |
//! | IAC and another command of one byte (NOP, BRK, AO, AYT, EC, EL, GA, SE) | nothing |
//! | IAC WILL, WONT, DO, DONT and an option | nothing |
//! | IAC SB ... IAC SE | nothing |
//! | IAC IAC, a data byte X'FF' | the same two bytes: the line goes on as it came |
//! | IAC and any other byte, X'FF' of a client that does not double it | the same two bytes |

use zeroize::Zeroizing;

/// Strips Telnet commands from one stream; they may be split anywhere.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Telnet {
    state: State,
}

impl Telnet {
    /// At the begin of a stream.
    pub fn new() -> Self {
        Self::default()
    }

    /// Appends to `output` what of `input` is no Telnet command, at most one byte more than `input`
    /// has; says which signals were among it.
    pub fn feed(&mut self, input: &[u8], output: &mut Vec<u8>) -> Signals {
        let mut signals = Signals::default();
        let mut rest = input;
        while let Some((&byte, tail)) = rest.split_first() {
            self.state = match (self.state, byte) {
                (State::Data, IAC) => State::Command,
                (State::Data, _) => {
                    let end = rest.iter().position(|byte| *byte == IAC).unwrap_or(rest.len());
                    output.extend_from_slice(&rest[..end]);
                    rest = &rest[end..];
                    continue;
                }
                (State::Command, SB) => State::Subnegotiation,
                (State::Command, WILL..=DONT) => State::Option,
                (State::Command, SE..=GA) => {
                    signals.interrupt |= byte == IP;
                    signals.data_mark |= byte == DM;
                    State::Data
                }
                (State::Command, _) => {
                    output.extend_from_slice(&[IAC, byte]);
                    State::Data
                }
                (State::Option, _) => State::Data,
                (State::Subnegotiation, IAC) => State::SubnegotiationCommand,
                (State::Subnegotiation, _) => State::Subnegotiation,
                (State::SubnegotiationCommand, SE) => State::Data,
                (State::SubnegotiationCommand, _) => State::Subnegotiation,
            };
            rest = tail;
        }
        signals
    }
}

/// The signals a client sends before ABOR.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Signals {
    /// IAC IP came: interrupt process.
    pub interrupt: bool,
    /// IAC DM came: the data mark of a Synch.
    pub data_mark: bool,
}

impl Signals {
    /// Whether there was any.
    pub fn any(self) -> bool {
        self.interrupt || self.data_mark
    }
}

/// The data bytes of an argument: IAC IAC becomes one X'FF'. For what is used here, as a user name
/// or password is, and not just passed on.
pub fn unescape(argument: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(argument.len()));
    let mut rest = argument;
    while let Some((&byte, tail)) = rest.split_first() {
        bytes.push(byte);
        rest = if byte == IAC { tail.strip_prefix(&[IAC]).unwrap_or(tail) } else { tail };
    }
    bytes
}

/// Where in a Telnet command a stream is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// In none.
    #[default]
    Data,
    /// Behind IAC.
    Command,
    /// Behind IAC WILL, WONT, DO or DONT.
    Option,
    /// Behind IAC SB.
    Subnegotiation,
    /// Behind IAC inside of a subnegotiation.
    SubnegotiationCommand,
}

const SE: u8 = 0xf0;
const DM: u8 = 0xf2;
const IP: u8 = 0xf4;
const GA: u8 = 0xf9;
const SB: u8 = 0xfa;
const WILL: u8 = 0xfb;
const DONT: u8 = 0xfe;
const IAC: u8 = 0xff;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ftp::testing::pieces;

    fn strip(input: &[u8], split: Option<usize>) -> (Vec<u8>, Signals) {
        let (mut telnet, mut output, mut all) = (Telnet::new(), Vec::new(), Signals::default());
        for piece in pieces(input, split) {
            let signals = telnet.feed(piece, &mut output);
            all.interrupt |= signals.interrupt;
            all.data_mark |= signals.data_mark;
        }
        (output, all)
    }

    /// Checks every split.
    fn check(input: &[u8], output: &[u8], interrupt: bool, data_mark: bool) {
        let expected = (output.to_vec(), Signals { interrupt, data_mark });
        assert_eq!(strip(input, None), expected, "{input:x?} byte by byte");
        for at in 0..=input.len() {
            assert_eq!(strip(input, Some(at)), expected, "{input:x?} split at {at}");
        }
    }

    #[test]
    fn interrupt_and_synch_are_told_and_gone() {
        check(b"\xff\xf4\xff\xf2ABOR\r\n", b"ABOR\r\n", true, true);
        check(b"\xff\xf4ABOR\r\n", b"ABOR\r\n", true, false);
        check(b"\xff\xf2ABOR\r\n", b"ABOR\r\n", false, true);
        check(b"NOOP\r\n\xff\xf4\xff\xf4\xff\xf2AB\xff\xf2OR\r\n", b"NOOP\r\nABOR\r\n", true, true);
    }

    #[test]
    fn negotiation_and_other_commands_are_gone() {
        check(b"\xff\xfb\x01\xff\xfc\xff\xff\xfd\x18\xff\xfe\x03USER", b"USER", false, false);
        check(b"a\xff\xf1\xff\xf6\xff\xf9\xff\xf0b", b"ab", false, false);
        check(b"a\xff\xfa\x18\x00X\xff\xff\xf0\xff\xf4Y\xff\xf0b", b"ab", false, false);
    }

    #[test]
    fn data_bytes_stay_as_they_came() {
        check(b"RETR \xff\xff\xf4\r\n", b"RETR \xff\xff\xf4\r\n", false, false);
        check(b"RETR \xffy\r\n", b"RETR \xffy\r\n", false, false);
        check(b"RETR y\xff\r\n", b"RETR y\xff\r\n", false, false);
        check(b"\xff\xff\xff\xf4x", b"\xff\xffx", true, false);
        let all: Vec<u8> = (0..=0xfe).collect();
        check(&all, &all, false, false);
    }

    #[test]
    fn an_argument_in_use_has_single_bytes() {
        assert_eq!(unescape(b"a\xff\xffb").as_slice(), b"a\xffb");
        assert_eq!(unescape(b"a\xffb\xff").as_slice(), b"a\xffb\xff");
        assert_eq!(unescape(b"\xff\xff\xff\xff").as_slice(), b"\xff\xff");
        assert_eq!(unescape(b"").as_slice(), b"");
    }

    #[test]
    fn an_endless_subnegotiation_takes_no_memory() {
        let (mut telnet, mut output) = (Telnet::new(), Vec::new());
        telnet.feed(b"\xff\xfa", &mut output);
        for _ in 0..1000 {
            telnet.feed(&[0x41; 1000], &mut output);
        }
        assert_eq!(output.capacity(), 0);
    }
}
