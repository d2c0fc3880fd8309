//! One file, or one listing, over a data connection.
//!
//! | step | of a transfer |
//! |---|---|
//! | 1 | the data connection is arranged ([`data::prepare`]) |
//! | 2 | the command is sent; its reply is 1xx, or the server refuses |
//! | 3 | the data connection is there, and the bytes pass |
//! | 4 | the final reply: only 2xx means that the file is whole |

use std::io::ErrorKind;
use std::time::Instant;

use super::control::{Control, Reply, broken};
use super::data;
use super::failure::{ClientCode, Failure};
use super::net::{self, Deadline};
use super::output::{Output, rate};
use super::settings::Settings;
use super::text::PIECE;
use crate::ftp::announced_size;
use crate::message::catalogue::{BATCH_INCOMPLETE, BATCH_TRANSFERRED};

/// What a transfer needs.
pub struct Link<'a> {
    /// The connection.
    pub control: &'a mut Control,
    /// Timers, and how data connections are made.
    pub settings: &'a Settings,
    /// OUTPUT.
    pub out: &'a mut Output,
}

/// What was transferred.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    /// Bytes of the data connection.
    pub bytes: u64,
    /// When the first was due.
    since: Instant,
}

impl Link<'_> {
    /// Receives what a command gives. `take` is told the bytes as they come; the server has said that
    /// they are all when this is done. If they are those of a file as it is (`is_image`), and the
    /// server's 150 has told its length, fewer are an error.
    pub fn receive(
        &mut self,
        command: &str,
        is_image: bool,
        mut take: impl FnMut(&[u8]) -> Result<(), Failure>,
    ) -> Result<Moved, Failure> {
        let (stream, reply) = self.begin(command)?;
        let announced = announced_size(&reply.line).filter(|_| is_image);
        let (mut piece, mut bytes) = (vec![0; PIECE], 0);
        let since = Instant::now();
        loop {
            let deadline = Deadline::after(self.settings.timers.data);
            match net::read(&stream, &mut piece, deadline) {
                Ok(0) => break,
                Ok(count) => {
                    bytes += count as u64;
                    if let Err(failure) = take(&piece[..count]) {
                        net::reset(stream);
                        return Err(self.after_own_failure(command, failure));
                    }
                    self.out.progress(bytes, since);
                }
                Err(error) => {
                    net::reset(stream);
                    return Err(self.after_error(command, bytes, &error));
                }
            }
        }
        drop(stream);
        self.end(command, bytes)?;
        match announced {
            Some(size) if bytes < size => {
                let reason = format!("the server had told {size} bytes");
                Err(Failure::new(ClientCode::Session, broken_off(command, bytes, &reason)))
            }
            _ => Ok(Moved { bytes, since }),
        }
    }

    /// Sends to a command. `give` fills a buffer with the next bytes, and says whether there were any.
    pub fn send(
        &mut self,
        command: &str,
        mut give: impl FnMut(&mut Vec<u8>) -> Result<bool, Failure>,
    ) -> Result<Moved, Failure> {
        let (stream, _) = self.begin(command)?;
        let (mut piece, mut bytes) = (Vec::with_capacity(2 * PIECE), 0);
        let since = Instant::now();
        loop {
            match give(&mut piece) {
                Ok(false) => break,
                Ok(true) => {}
                Err(failure) => {
                    // An orderly end would make what was sent look whole.
                    net::reset(stream);
                    return Err(self.after_own_failure(command, failure));
                }
            }
            if let Err(error) = net::write_all(&stream, &piece, self.settings.timers.data) {
                net::reset(stream);
                return Err(self.after_error(command, bytes, &error));
            }
            bytes += piece.len() as u64;
            self.out.progress(bytes, since);
        }
        // The end of the file is the end of the connection (RFC 959 section 3.4.1).
        if let Err(error) = stream.shutdown(std::net::Shutdown::Write) {
            return Err(self.after_error(command, bytes, &error));
        }
        self.end(command, bytes)?;
        // A server that has not read all of it resets the connection when it closes it, whatever it
        // says then.
        if let Ok(Some(error)) = stream.take_error() {
            let reason = format!("the data connection: {error}");
            return Err(Failure::new(ClientCode::Session, broken_off(command, bytes, &reason)));
        }
        Ok(Moved { bytes, since })
    }

    /// Steps 1 to 3, up to the data connection; with the reply to the command.
    fn begin(&mut self, command: &str) -> Result<(std::net::TcpStream, Reply), Failure> {
        let pending = data::prepare(self.control, self.settings, self.out)?;
        let reply = self.control.ask(command, self.settings.timers.reply, self.out)?;
        if !reply.code.is_preliminary() {
            return Err(data::refused(verb(command), reply.code.number()));
        }
        let stream = pending.accept(self.control, verb(command), self.settings, self.out)?;
        Ok((stream, reply))
    }

    /// Step 4.
    fn end(&mut self, command: &str, bytes: u64) -> Result<(), Failure> {
        let deadline = Deadline::after(self.settings.timers.data_close);
        let reply = self.control.reply(command, deadline, self.out);
        let reply = reply.map_err(|failure| {
            // What is said of the connection tells less than that the file is not whole.
            let reason = failure.line.clone().unwrap_or_default();
            Failure { line: Some(broken_off(command, bytes, &reason)), ..failure }
        })?;
        if reply.code.is_completion() {
            return Ok(());
        }
        let reason = format!("the server replied {}", reply.code);
        Err(Failure::new(ClientCode::Server, broken_off(command, bytes, &reason)))
    }

    /// The data connection broke. The server's reply tells more than how it broke, which depends on
    /// what was on its way: a negative one is what failed.
    fn after_error(&mut self, command: &str, bytes: u64, error: &std::io::Error) -> Failure {
        if error.kind() == ErrorKind::Interrupted {
            return broken(error, "");
        }
        let reason = format!("the data connection: {error}");
        if error.kind() == ErrorKind::TimedOut {
            // Whatever the server says now, it says because this side gave up.
            let line = broken_off(command, bytes, &reason);
            return self.after_own_failure(command, Failure::new(ClientCode::TimedOut, line));
        }
        let deadline = Deadline::after(self.settings.timers.data_close);
        match self.control.reply(command, deadline, self.out) {
            Ok(reply) if reply.code.is_negative() => Failure::new(
                ClientCode::Server,
                broken_off(command, bytes, &format!("{reason}; the server replied {}", reply.code)),
            ),
            Ok(_) => Failure::new(ClientCode::Session, broken_off(command, bytes, &reason)),
            Err(failure) => {
                Failure { line: Some(broken_off(command, bytes, &reason)), ..failure }.lost()
            }
        }
    }

    /// The transfer was given up here: the reply is read, so that the next one is that of the next
    /// command. Without it the connection is lost.
    fn after_own_failure(&mut self, command: &str, failure: Failure) -> Failure {
        let deadline = Deadline::after(self.settings.timers.data_close);
        match self.control.reply(command, deadline, self.out) {
            Ok(_) => failure,
            Err(_) => failure.lost(),
        }
    }

    /// Says what was done.
    pub fn say(&mut self, direction: &str, name: &str, moved: Moved) {
        let time = moved.since.elapsed();
        let (seconds, rate) = (format!("{:.3}", time.as_secs_f64()), rate(moved.bytes, time));
        self.out.line(&BATCH_TRANSFERRED.render(&[
            ("direction", &direction),
            ("name", &name),
            ("bytes", &moved.bytes),
            ("seconds", &seconds),
            ("rate", &rate),
        ]));
    }
}

/// The first word of a command.
fn verb(command: &str) -> &str {
    command.split(' ').next().unwrap_or_default()
}

fn broken_off(command: &str, bytes: u64, reason: &str) -> String {
    let (verb, name) = command.split_once(' ').unwrap_or((command, ""));
    BATCH_INCOMPLETE.render(&[
        ("direction", &verb),
        ("name", &name),
        ("bytes", &bytes),
        ("reason", &reason),
    ])
}
