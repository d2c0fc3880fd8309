//! The control connection: commands out, replies in, all of them shown.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use zeroize::Zeroizing;

use super::failure::{ClientCode, Failure};
use super::net::{self, Deadline};
use super::output::{HIDDEN, Output};
use super::socksfile::Way;
use crate::ftp::{Code, LineBuffer, Replies, ReplyEvent};
use crate::message::catalogue::{
    BATCH_BROKEN, BATCH_INTERRUPTED, BATCH_USAGE, ZOS_RESET, ZOS_TIMED_OUT,
};

/// What stands for a command where the server speaks first.
pub const GREETING: &str = "";

/// Lines of one reply at most.
const MAX_LINES: usize = 10_000;

/// A connection to an FTP server.
pub struct Control {
    stream: TcpStream,
    lines: LineBuffer,
    replies: Replies,
    /// A final reply that came before its data connection did.
    early: Option<Reply>,
    /// The server.
    pub server: SocketAddr,
    /// How it was reached, and how its data connections are.
    pub way: Way,
    /// Code of the last reply to the subcommand in progress; 0 for none.
    pub last: u16,
    /// The server does not know EPSV.
    pub is_without_epsv: bool,
}

/// A reply.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Its code.
    pub code: Code,
    /// Its last line, without its end.
    pub line: Vec<u8>,
}

impl Control {
    /// Over a connection that was made.
    pub fn new(stream: TcpStream, server: SocketAddr, way: Way) -> Self {
        Self {
            stream,
            lines: LineBuffer::of_replies(),
            replies: Replies::new(),
            early: None,
            server,
            way,
            last: 0,
            is_without_epsv: false,
        }
    }

    /// The client's own address.
    pub fn local(&self) -> io::Result<SocketAddr> {
        self.stream.local_addr()
    }

    /// Sends a command and waits for its reply.
    pub fn ask(
        &mut self,
        command: &str,
        limit: Duration,
        out: &mut Output,
    ) -> Result<Reply, Failure> {
        self.send(command, limit, out)?;
        self.reply(command, Deadline::after(limit), out)
    }

    /// Sends a command with a secret, which is not shown.
    pub fn ask_secret(
        &mut self,
        verb: &str,
        secret: &str,
        limit: Duration,
        out: &mut Output,
    ) -> Result<Reply, Failure> {
        out.command(&format!("{verb} {HIDDEN}"));
        check(verb, secret)?;
        // One segment, with room for all: a vector that grows leaves copies behind.
        let mut line = Zeroizing::new(Vec::with_capacity(verb.len() + secret.len() + 3));
        for bytes in [verb.as_bytes(), b" ", secret.as_bytes(), b"\r\n"] {
            line.extend_from_slice(bytes);
        }
        self.write(&line, limit)?;
        self.reply(verb, Deadline::after(limit), out)
    }

    fn send(&mut self, command: &str, limit: Duration, out: &mut Output) -> Result<(), Failure> {
        check(verb_of(command), command)?;
        out.command(command);
        self.write(format!("{command}\r\n").as_bytes(), limit)
    }

    fn write(&mut self, bytes: &[u8], limit: Duration) -> Result<(), Failure> {
        let written = net::write_all(&self.stream, bytes, limit);
        written.map_err(|error| broken(&error, "sending a command"))
    }

    /// Waits for a reply; `what` it is to: a command, or [`GREETING`].
    pub fn reply(
        &mut self,
        what: &str,
        deadline: Deadline,
        out: &mut Output,
    ) -> Result<Reply, Failure> {
        if let Some(reply) = self.early.take() {
            return Ok(reply);
        }
        for _ in 0..MAX_LINES {
            let line = self.line(what, deadline)?;
            out.reply(&line);
            match self.replies.feed(&line) {
                Ok(ReplyEvent::Line { .. }) => {}
                Ok(ReplyEvent::Complete { code }) => {
                    self.last = code.number();
                    let reply = Reply { code, line };
                    // The server closes the connection behind it (RFC 959 section 5.4).
                    if code == 421 {
                        return Err(lost(&"the server ends the session"));
                    }
                    return Ok(reply);
                }
                Err(error) => return Err(lost(&error)),
            }
        }
        Err(lost(&"a reply has more than 10000 lines"))
    }

    fn line(&mut self, what: &str, deadline: Deadline) -> Result<Vec<u8>, Failure> {
        let mut piece = [0; 4096];
        loop {
            match self.lines.next_line() {
                Some(Ok(line)) => return Ok(line.text().to_vec()),
                Some(Err(_)) => return Err(lost(&"a line of a reply is too long")),
                None => {}
            }
            let waiting = match what {
                GREETING => "waiting for the server's greeting".to_owned(),
                command => format!("waiting for the reply to {}", verb_of(command)),
            };
            match net::read(&self.stream, &mut piece, deadline) {
                Ok(0) => return Err(lost(&"the server closed it")),
                Ok(count) => self.lines.push(&piece[..count]),
                Err(error) => return Err(broken(&error, &waiting)),
            }
        }
    }

    /// Waits until `data` can be read. A reply that comes before is an error if it is negative, and
    /// kept if it is not.
    pub fn wait_for_data(
        &mut self,
        what: &str,
        data: &impl std::os::fd::AsFd,
        deadline: Deadline,
        out: &mut Output,
    ) -> Result<Option<Code>, Failure> {
        use rustix::event::{PollFd, PollFlags, Timespec, poll};
        loop {
            let left = deadline.left();
            let left = left.map_err(|error| broken(&error, "waiting for the data connection"))?;
            let left = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos() as _ };
            let mut both =
                [PollFd::new(data, PollFlags::IN), PollFd::new(&self.stream, PollFlags::IN)];
            let watched = if self.early.is_some() { 1 } else { 2 };
            match poll(&mut both[..watched], Some(&left)) {
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(lost(&io::Error::from(error))),
            }
            if !both[0].revents().is_empty() {
                return Ok(None);
            }
            if watched == 2 && (!both[1].revents().is_empty() || self.lines.waiting() > 0) {
                let reply = self.reply(what, deadline, out)?;
                if reply.code.is_negative() {
                    return Ok(Some(reply.code));
                }
                self.early = Some(reply);
            }
        }
    }
}

/// Only the first word of a command: the rest may be long, or a secret.
fn verb_of(command: &str) -> &str {
    let is_end = |c: char| c.is_whitespace() || c.is_control();
    command.split(is_end).next().unwrap_or_default()
}

/// A command is one line.
fn check(verb: &str, command: &str) -> Result<(), Failure> {
    if !command.chars().any(char::is_control) {
        return Ok(());
    }
    let problem = "control characters cannot be sent";
    let line = BATCH_USAGE.render(&[("subcommand", &verb), ("problem", &problem)]);
    Err(Failure::new(ClientCode::Usage, line))
}

/// What an error of a socket makes of the session.
pub fn broken(error: &io::Error, operation: &str) -> Failure {
    match error.kind() {
        ErrorKind::TimedOut => {
            let line = ZOS_TIMED_OUT.render(&[("operation", &operation)]);
            Failure::new(ClientCode::TimedOut, line).lost()
        }
        ErrorKind::ConnectionReset | ErrorKind::BrokenPipe => {
            let line = ZOS_RESET.render(&[("operation", &operation)]);
            Failure::new(ClientCode::Session, line).lost()
        }
        ErrorKind::Interrupted => {
            Failure::new(ClientCode::Session, BATCH_INTERRUPTED.render(&[])).lost()
        }
        _ => lost(error),
    }
}

fn lost(reason: &dyn std::fmt::Display) -> Failure {
    Failure::new(ClientCode::Session, BATCH_BROKEN.render(&[("reason", reason)])).lost()
}
