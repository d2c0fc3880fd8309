//! Where a reply of the server begins and ends (RFC 959 section 4.2).
//!
//! | line | state before | what it is |
//! |---|---|---|
//! | `123 text`, `123`, `123` and any byte but a digit or `-` | between | a whole reply |
//! | `123-text` | between | the begin of a reply |
//! | anything else | between | malformed |
//! | `123 text`, `123` of the same code | inside | the end of the reply |
//! | anything else, other codes and empty lines too | inside | a line of the reply |
//!
//! Nothing is kept but the code: a reply may have any number of lines.

use std::fmt::{self, Display};

use nom::branch::alt;
use nom::bytes::complete::tag;
use nom::character::complete::{digit1, one_of};
use nom::combinator::{eof, map, not, peek, recognize};
use nom::{IResult, Parser};

/// Follows the replies of one server, line by line.
#[derive(Debug, Clone, Default)]
pub struct Replies {
    /// The code of the reply that has begun and not ended.
    open: Option<Code>,
}

impl Replies {
    /// Between replies.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the text of the next line, without its end.
    ///
    /// After an error the state is what it was: a caller may skip the line and go on.
    pub fn feed(&mut self, text: &[u8]) -> Result<ReplyEvent, MalformedReply> {
        let first = first_line(text);
        match (self.open, first) {
            (None, Some((code, Shape::More))) => {
                self.open = Some(code);
                Ok(ReplyEvent::Line { code })
            }
            (None, Some((code, _))) => Ok(ReplyEvent::Complete { code }),
            (None, None) => Err(MalformedReply),
            (Some(open), Some((code, Shape::Last))) if code == open => {
                self.open = None;
                Ok(ReplyEvent::Complete { code })
            }
            (Some(open), _) => Ok(ReplyEvent::Line { code: open }),
        }
    }

    /// Whether a reply has begun and not ended: no other may be put in here.
    pub fn is_inside(&self) -> bool {
        self.open.is_some()
    }
}

/// What a line is to its reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplyEvent {
    /// One of its lines; more follow.
    Line {
        /// Code of the reply.
        code: Code,
    },
    /// The last line, or the only one.
    Complete {
        /// Code of the reply.
        code: Code,
    },
}

/// A reply code: 100 to 699.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// What the first digit says.
    pub fn class(self) -> Class {
        match self.0 / 100 {
            1 => Class::Preliminary,
            2 => Class::Completion,
            3 => Class::Intermediate,
            4 => Class::Transient,
            5 => Class::Permanent,
            _ => Class::Protected,
        }
    }

    /// Whether another reply to the same command follows: 1xx.
    pub fn is_preliminary(self) -> bool {
        self.class() == Class::Preliminary
    }

    /// Whether the command was done: 2xx.
    pub fn is_completion(self) -> bool {
        self.class() == Class::Completion
    }

    /// Whether the command was refused or failed: 4xx, 5xx.
    pub fn is_negative(self) -> bool {
        matches!(self.class(), Class::Transient | Class::Permanent)
    }
}

impl PartialEq<u16> for Code {
    fn eq(&self, number: &u16) -> bool {
        self.0 == *number
    }
}

impl Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:03}", self.0)
    }
}

/// First digit of a reply code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// 1xx: begun, another reply follows.
    Preliminary,
    /// 2xx: done.
    Completion,
    /// 3xx: another command is needed.
    Intermediate,
    /// 4xx: failed, may be tried again.
    Transient,
    /// 5xx: failed.
    Permanent,
    /// 6xx: a protected reply (RFC 2228); it cannot be read here.
    Protected,
}

/// A line that can begin no reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MalformedReply;

impl Display for MalformedReply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server's line does not begin with a reply code")
    }
}

impl std::error::Error for MalformedReply {}

/// What stands behind a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// `-`.
    More,
    /// A blank or nothing.
    Last,
    /// Anything but a digit: a server without manners, clients take it for [`Shape::Last`].
    Glued,
}

/// Code and shape of a line that looks like the first of a reply.
fn first_line(text: &[u8]) -> Option<(Code, Shape)> {
    let shape = alt((
        map(tag("-"), |_| Shape::More),
        map(tag(" "), |_| Shape::Last),
        map(eof, |_| Shape::Last),
        map(not(digit1), |()| Shape::Glued),
    ));
    let parsed: IResult<_, _> = (code, peek(shape)).parse(text);
    parsed.ok().map(|(_, found)| found)
}

fn code(text: &[u8]) -> IResult<&[u8], Code> {
    let digits = (one_of("123456"), one_of("0123456789"), one_of("0123456789"));
    map(recognize(digits), |digits: &[u8]| {
        Code(digits.iter().fold(0, |number, digit| number * 10 + u16::from(digit - b'0')))
    })
    .parse(text)
}
