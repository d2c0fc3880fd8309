//! The operator's end of the console socket: one command, one answer.
//!
//! Called by `zoxy ctl` and by jobs whose commands go to a running zoxy. It never waits for ever:
//! each of connecting, sending and reading has a limit.

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net;
use std::path::{Path, PathBuf};

use super::protocol::{self, MAX_ANSWER, TIME_LIMIT};
use crate::message::catalogue::{CTL_BROKEN_OFF, CTL_NO_ZOXY};

/// Why there is no whole answer; its Display is the catalogued message.
#[derive(Debug)]
pub struct Failure {
    socket: PathBuf,
    /// Whether the command was sent.
    sent: bool,
    reason: String,
    /// What arrived of the answer.
    pub shown: Vec<u8>,
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = if self.sent { CTL_BROKEN_OFF } else { CTL_NO_ZOXY };
        let path = self.socket.display();
        f.write_str(&message.render(&[("path", &path), ("reason", &self.reason)]))
    }
}

/// Sends a command line; returns the text of the answer and the return code.
pub fn send(socket: &Path, line: &str) -> Result<(Vec<u8>, u8), Failure> {
    let failure =
        |sent, reason: String, shown| Failure { socket: socket.to_owned(), sent, reason, shown };
    let mut stream = connect(socket).map_err(|reason| failure(false, reason, Vec::new()))?;
    // When zoxy has already refused this console it has also closed: its answer tells why.
    let written = stream.write_all(format!("{line}\n").as_bytes());
    let mut answer = Vec::new();
    let read = (&stream).take(MAX_ANSWER).read_to_end(&mut answer);
    if let Some((text, rc)) = protocol::split_answer(&answer) {
        return Ok((text.to_vec(), rc));
    }
    let reason = match (written, read) {
        (Err(error), _) | (_, Err(error)) => told(&error),
        _ => "the answer has no end".to_owned(),
    };
    Err(failure(true, reason, answer))
}

/// Connects without ever waiting for a zoxy that hangs.
fn connect(socket: &Path) -> Result<net::UnixStream, String> {
    let stream = mio::net::UnixStream::connect(socket).map_err(|error| told(&error))?;
    let stream = net::UnixStream::from(stream);
    let limit = Some(2 * TIME_LIMIT);
    let prepare = || {
        stream.set_nonblocking(false)?;
        stream.set_read_timeout(limit)?;
        stream.set_write_timeout(limit)?;
        rustix::net::sockopt::socket_peercred(&stream).map_err(io::Error::from)
    };
    let server = prepare().map_err(|error| told(&error))?.uid.as_raw();
    let own = rustix::process::geteuid().as_raw();
    if server != own && server != 0 && own != 0 && !is_kept(socket) {
        return Err(format!("it belongs to uid {server}, who is neither root nor you"));
    }
    Ok(stream)
}

/// Whether the socket lies where only somebody trusted can have put it: in a directory that is not
/// everybody's. There it may belong to the user of a service (CONSGROUP).
fn is_kept(socket: &Path) -> bool {
    let directory = socket.parent().and_then(|parent| std::fs::metadata(parent).ok());
    directory.is_some_and(|directory| directory.permissions().mode() & 0o002 == 0)
}

/// An error of the system in an operator's words.
fn told(error: &io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no socket".to_owned(),
        ErrorKind::ConnectionRefused => "nobody answers; zoxy has ended".to_owned(),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => "zoxy does not respond".to_owned(),
        _ => error.to_string(),
    }
}
