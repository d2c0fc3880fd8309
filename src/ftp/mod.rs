//! The wire formats of FTP's control connection, pure: bytes in, lines, commands, reply events and
//! addresses out.
//!
//! Called by the FTP dialogue of `gateway`, which owns both directions of the control connection
//! and decides what a command or a reply means. Sources: RFC 959, RFC 1123 section 4.1, RFC 2228,
//! RFC 2428, RFC 2640, RFC 3659, RFC 854 for what Telnet leaves in the stream.
//!
//! | direction | way of the bytes |
//! |---|---|
//! | client to server | [`Telnet`] strips, [`LineBuffer`] cuts, [`Command::parse`] reads |
//! | server to client | [`LineBuffer`] cuts, [`Replies`] tells where a reply ends |
//! | either | [`address`] reads and writes what names a data connection |
//!
//! What comes out does not depend on how the bytes were split on the way in; no input panics; a
//! line holds at most its limit in memory. Client bytes may hold a password: buffers and lines are
//! wiped when they are done with, and never shown by `Debug`.

pub mod address;
mod command;
mod line;
mod reply;
pub mod telnet;

pub use address::AddressError;
pub use command::{Command, Direction, Verb};
pub use line::{LINE_LIMIT, Line, LineBuffer, REPLY_LINE_LIMIT, TooLong};
pub use reply::{Class, Code, MalformedReply, Replies, ReplyEvent};
pub use telnet::{Signals, Telnet};
