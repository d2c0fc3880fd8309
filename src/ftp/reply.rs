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

    /// Code of the reply that has begun and not ended.
    pub fn open(&self) -> Option<Code> {
        self.open
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

/// The length that a server tells with its 150, `... (54321 bytes)`, as nearly all do for RETR.
pub fn announced_size(line: &[u8]) -> Option<u64> {
    let line = std::str::from_utf8(line).ok()?;
    let (_, number) =
        line.trim_end_matches(['.', ' ']).strip_suffix(" bytes)")?.rsplit_once('(')?;
    number.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ftp::testing::random_lines;

    /// Codes of the complete replies of a text; ends between replies.
    fn codes(text: &str) -> Vec<u16> {
        let mut replies = Replies::new();
        let mut codes = Vec::new();
        for line in text.lines() {
            if let ReplyEvent::Complete { code } = replies.feed(line.as_bytes()).expect(line) {
                codes.push(code.number());
            }
        }
        assert!(!replies.is_inside(), "{text}");
        codes
    }

    #[test]
    fn servers_as_they_are() {
        for (text, expected) in [
            ("220 (vsFTPd 3.0.5)\n", vec![220]),
            ("211-Features:\n EPRT\n EPSV\n MDTM\n REST STREAM\n211 End\n", vec![211]),
            (
                "150 Opening BINARY mode data connection for a (5 bytes).\n226 Transfer complete.",
                vec![150, 226],
            ),
            ("220 ProFTPD Server (Debian) [::ffff:127.0.0.1]\n", vec![220]),
            ("230-Welcome, archive user ftp@host !\n230-\n230 Anonymous access granted", vec![230]),
            (
                "220---------- Welcome to Pure-FTPd [privsep] [TLS] ----------\n\
                 220-You are user number 1 of 50 allowed.\n\
                 220 You will be disconnected after 15 minutes of inactivity.\n\
                 226-Options: -l \n226 4 matches total\n",
                vec![220, 226],
            ),
            (
                "220-FTPD1 IBM FTP CS V2R4 at MVS1, 12:00:00 on 2024-01-02.\n\
                 220 Connection will close if idle for more than 5 minutes.\n\
                 331 Send password please.\n230 USER1 is logged on.  Working directory is \"USER1.\".\n\
                 250 Transfer completed successfully.\n",
                vec![220, 331, 230, 250],
            ),
            ("220 pyftpdlib 1.5.7 ready.\n", vec![220]),
            (
                "213-Status of \"/\":\n-rw-r--r--   1 a a 5 Jan 01 00:00 b\n213 End of status.\n",
                vec![213],
            ),
            ("220 Microsoft FTP Service\n", vec![220]),
            ("211-Extended features supported:\n LANG EN*\n UTF8\n211 END\n", vec![211]),
        ] {
            assert_eq!(codes(text), expected, "{text}");
        }
    }

    #[test]
    fn lines_inside_may_look_like_anything() {
        assert_eq!(codes("123-First\nSecond\n  234 begins with digits\n123 last"), [123]);
        assert_eq!(
            codes("230-\n\n226 other code\n226-\n220\n230x\n2301 \n 230 \n230-\n230"),
            [230]
        );
        assert_eq!(codes("230-a\n230\n230 b"), [230, 230]);
    }

    #[test]
    fn a_code_alone_or_with_glued_text_is_a_reply() {
        assert_eq!(
            codes("200\n200 \n200Fine\n200\tfine\n200.\n699 x"),
            [200, 200, 200, 200, 200, 699]
        );
    }

    #[test]
    fn other_lines_begin_no_reply() {
        for text in
            ["", "2", "22", " 220 x", "hello", "-220", "2200 x", "099 x", "000", "720 x", "2a0 x"]
        {
            let mut replies = Replies::new();
            assert_eq!(replies.feed(text.as_bytes()), Err(MalformedReply), "{text}");
            let code = Code(220);
            assert_eq!(replies.feed(b"220 x"), Ok(ReplyEvent::Complete { code }));
        }
    }

    #[test]
    fn the_state_between_lines_is_told() {
        let mut replies = Replies::new();
        let code = Code(226);
        assert!(!replies.is_inside());
        assert_eq!(replies.feed(b"226-x"), Ok(ReplyEvent::Line { code }));
        assert!(replies.is_inside() && replies.open() == Some(code));
        assert_eq!(replies.feed(b"150 y"), Ok(ReplyEvent::Line { code }));
        assert_eq!(replies.feed(b"226 z"), Ok(ReplyEvent::Complete { code }));
        assert!(!replies.is_inside() && replies.open().is_none());
    }

    #[test]
    fn codes_have_classes() {
        assert!(Code(150).is_preliminary() && !Code(226).is_preliminary());
        assert!(Code(226).is_completion() && !Code(331).is_completion());
        assert!(Code(425).is_negative() && Code(550).is_negative() && !Code(331).is_negative());
        assert_eq!(Code(331).class(), Class::Intermediate);
        assert_eq!(Code(631).class(), Class::Protected);
        assert!(Code(227) == 227 && Code(227) != 226);
        assert_eq!(Code(100).to_string(), "100");
    }

    #[test]
    fn random_lines_never_panic() {
        let mut replies = Replies::new();
        for line in random_lines(b"12266- \r\0") {
            if let Ok(ReplyEvent::Line { code } | ReplyEvent::Complete { code }) =
                replies.feed(&line)
            {
                assert!((100..700).contains(&code.number()));
            }
        }
    }

    #[test]
    fn lengths_are_read_where_they_are_told() {
        for (line, size) in [
            ("150 Opening BINARY mode data connection for A (54321 bytes).", Some(54_321)),
            ("150 Opening ASCII mode data connection for a (1).b (7 bytes)", Some(7)),
            ("150 Ok to send data.", None),
            ("125 List started OK", None),
            ("150 data (99999999999999999999999 bytes)", None),
            ("150 some bytes", None),
            ("150 data connection for a (7 bytes).b", None),
        ] {
            assert_eq!(announced_size(line.as_bytes()), size, "{line}");
        }
        assert_eq!(announced_size(b"150 \xff (1 bytes)"), None);
    }
}
