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
pub use reply::{Class, Code, MalformedReply, Replies, ReplyEvent, announced_size};
pub use telnet::{Signals, Telnet};

#[cfg(test)]
mod testing;

#[cfg(test)]
mod tests {
    use super::*;

    /// What a client's bytes come to, in two pieces, or byte by byte if `split` is None.
    fn read(input: &[u8], split: Option<usize>) -> (Vec<Result<Vec<u8>, TooLong>>, Signals) {
        let (mut telnet, mut lines) = (Telnet::new(), LineBuffer::of_commands());
        let (mut read, mut all) = (Vec::new(), Signals::default());
        for piece in testing::pieces(input, split) {
            let mut stripped = Vec::new();
            let signals = telnet.feed(piece, &mut stripped);
            all.interrupt |= signals.interrupt;
            all.data_mark |= signals.data_mark;
            lines.push(&stripped);
            while let Some(line) = lines.next_line() {
                read.push(line.map(|line| line.bytes().to_vec()));
            }
        }
        (read, all)
    }

    #[test]
    fn a_client_reads_the_same_however_it_is_split() {
        let input = b"USER \xc3\xa9\r\nPASS a b\xff\xffc\r\n\xff\xfd\x06TYPE E\nRETR a\r\0b\r\n\
                      \xff\xf4\xff\xf2ABOR\r\n\r\nQUIT\r\r\n";
        let (lines, signals) = read(input, Some(input.len()));
        let expected: Vec<&[u8]> = vec![
            b"USER \xc3\xa9\r\n",
            b"PASS a b\xff\xffc\r\n",
            b"TYPE E\n",
            b"RETR a\r\0b\r\n",
            b"ABOR\r\n",
            b"\r\n",
            b"QUIT\r\r\n",
        ];
        assert_eq!(lines.iter().map(|line| line.as_deref().unwrap()).collect::<Vec<_>>(), expected);
        assert!(signals.interrupt && signals.data_mark);
        assert_eq!(read(input, None), (lines.clone(), signals));
        for at in 0..input.len() {
            assert_eq!(read(input, Some(at)), (lines.clone(), signals), "split at {at}");
        }
    }

    #[test]
    fn random_clients_read_the_same_however_they_are_split() {
        for input in testing::random_lines(b"AB \r\n\0\xff\xff\xf2\xf4\xfa\xfb\xfe\xf0") {
            let whole = read(&input, Some(0));
            assert_eq!(read(&input, None), whole);
            assert_eq!(read(&input, Some(input.len() / 2)), whole);
        }
    }
}
