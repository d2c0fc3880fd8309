//! The server side of the operator's console: a Unix socket polled by the engine's main thread.
//!
//! ```text
//! Reading -> Waiting -> Writing -> gone      a command that the engine answers
//! Reading -> Writing -> gone                 a line that is no command
//! ```
//!
//! The engine registers the console with a range of [`TOKENS`] tokens, passes events to
//! [`Console::event`], and gives what that returns back by [`Console::answer`] when it has gathered
//! it. Every state has a deadline ([`Console::next_deadline`], [`Console::expire`]), so a console
//! that sends or takes nothing is gone after [`TIME_LIMIT`]; at most [`MAX_CONSOLES`] are served at
//! once. Only root, the user zoxy runs under and members of CONSGROUP are served (`super::socket`).

use std::fmt::{self, Display};
use std::io::{self, ErrorKind, Read, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use mio::net::{UnixListener, UnixStream};
use mio::{Interest, Registry, Token};

use super::command::{self, Command};
use super::protocol::{self, MAX_COMMAND, MAX_CONSOLES, Request, TIME_LIMIT};
use super::socket::{self, ConsoleError, Group, SocketFile};
use crate::message::catalogue::{
    ANSWER_LATE, COMMAND_LATE, COMMAND_NOT_TEXT, COMMAND_TOO_LONG, CONSOLE_BUSY, CONSOLE_REFUSED,
};
use crate::say;

/// How many tokens a console needs: the listener's, then one per client.
pub const TOKENS: usize = 1 + MAX_CONSOLES;

/// Return code of whatever the console itself refuses.
const NOT_DONE: u8 = 8;

/// How long to wait after the system could not give another descriptor.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// One command under way; no other ever has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ConsoleId {
    slot: usize,
    serial: u64,
}

/// The console socket and whoever is connected to it. Removes the socket's file when dropped.
#[derive(Debug)]
pub struct Console {
    listener: UnixListener,
    _file: SocketFile,
    /// Whose members may operate too.
    group: Option<Group>,
    polled: Option<Polled>,
    clients: [Option<Client>; MAX_CONSOLES],
    serial: u64,
    accept_again: Option<Instant>,
}

/// Where events come from.
#[derive(Debug)]
struct Polled {
    registry: Registry,
    base: usize,
}

/// One connected console.
#[derive(Debug)]
struct Client {
    stream: UnixStream,
    serial: u64,
    user: String,
    state: State,
    deadline: Instant,
}

#[derive(Debug)]
enum State {
    /// The command line is not complete yet.
    Reading(Vec<u8>),
    /// The engine has the command.
    Waiting,
    /// The answer goes out; `sent` bytes of it have.
    Writing { answer: Vec<u8>, sent: usize },
}

/// What becomes of a client after it has been served as far as possible.
enum Verdict {
    Keep,
    Execute(Command),
    Close,
}

impl Console {
    /// Opens the console at `path`, for members of `group` too, which is a name or a number. A socket file that nobody answers at is replaced; that of a
    /// running zoxy is an error.
    pub fn bind(path: &Path, group: Option<&str>) -> Result<Self, ConsoleError> {
        let group = group.map(Group::find).transpose()?;
        let (listener, file) = SocketFile::bind(path, group.as_ref())?;
        Ok(Self {
            listener: UnixListener::from_std(listener),
            _file: file,
            group,
            polled: None,
            clients: [const { None }; MAX_CONSOLES],
            serial: 0,
            accept_again: None,
        })
    }

    /// Has events of the console delivered with the tokens from `base` to `base + TOKENS - 1`.
    pub fn register(&mut self, registry: &Registry, base: Token) -> io::Result<()> {
        registry.register(&mut self.listener, base, Interest::READABLE)?;
        self.polled = Some(Polled { registry: registry.try_clone()?, base: base.0 });
        Ok(())
    }

    /// Whether a token is one of this console's.
    pub fn owns(&self, token: Token) -> bool {
        let base = self.polled.as_ref().map(|polled| polled.base);
        base.is_some_and(|base| (base..base + TOKENS).contains(&token.0))
    }

    /// Serves what an event announced. Returns commands that the caller must answer.
    pub fn event(&mut self, token: Token) -> Vec<(ConsoleId, Command)> {
        let Some(polled) = self.polled.as_ref().filter(|_| self.owns(token)) else {
            return Vec::new();
        };
        match token.0 - polled.base {
            0 => {
                self.accept();
                Vec::new()
            }
            slot => self.serve(slot - 1).into_iter().collect(),
        }
    }

    /// Sends an answer: text of any number of lines, and the return code. An answer that comes too
    /// late is dropped.
    pub fn answer(&mut self, id: ConsoleId, text: &str, rc: u8) {
        let Some(client) = self.clients.get_mut(id.slot).and_then(Option::as_mut) else {
            return;
        };
        if client.serial == id.serial && matches!(client.state, State::Waiting) {
            client.reply(text, rc);
            self.serve(id.slot);
        }
    }

    /// When [`Console::expire`] must be called, if no event comes before.
    pub fn next_deadline(&self) -> Option<Instant> {
        let clients = self.clients.iter().flatten().map(|client| client.deadline);
        clients.chain(self.accept_again).min()
    }

    /// Ends what took too long.
    pub fn expire(&mut self, now: Instant) {
        for slot in 0..MAX_CONSOLES {
            let Some(client) = self.clients[slot].as_mut().filter(|it| it.deadline <= now) else {
                continue;
            };
            let limit = TIME_LIMIT.as_secs();
            match client.state {
                State::Reading(_) => {
                    client.reply(&COMMAND_LATE.render(&[("seconds", &limit)]), NOT_DONE);
                }
                State::Waiting => {
                    client.reply(&ANSWER_LATE.render(&[("seconds", &limit)]), NOT_DONE);
                }
                State::Writing { .. } => {
                    self.close(slot);
                    continue;
                }
            }
            self.serve(slot);
        }
        if self.accept_again.is_some_and(|again| again <= now) {
            self.accept();
        }
    }

    /// Takes everybody who waits at the listener.
    fn accept(&mut self) {
        self.accept_again = None;
        loop {
            match self.listener.accept() {
                Ok((stream, _)) => self.admit(stream),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(error)
                    if matches!(
                        error.kind(),
                        ErrorKind::Interrupted | ErrorKind::ConnectionAborted
                    ) => {}
                Err(error) => {
                    // Out of descriptors or memory: no event will announce this client again.
                    log::debug!("console accept: {error}");
                    self.accept_again = Some(Instant::now() + ACCEPT_PAUSE);
                    return;
                }
            }
        }
    }

    fn admit(&mut self, mut stream: UnixStream) {
        let user = match socket::peer(&stream, self.group.as_ref()) {
            Ok(peer) => peer,
            Err(user) => {
                say!(CONSOLE_REFUSED, user = user);
                return turn_away(&mut stream, &CONSOLE_REFUSED.render(&[("user", &user)]));
            }
        };
        let (Some(polled), Some(slot)) =
            (&self.polled, self.clients.iter().position(Option::is_none))
        else {
            return turn_away(&mut stream, &CONSOLE_BUSY.render(&[("limit", &MAX_CONSOLES)]));
        };
        let token = Token(polled.base + 1 + slot);
        let both = Interest::READABLE | Interest::WRITABLE;
        if let Err(error) = polled.registry.register(&mut stream, token, both) {
            log::debug!("console register: {error}");
            return;
        }
        self.serial += 1;
        self.clients[slot] = Some(Client {
            stream,
            serial: self.serial,
            user,
            state: State::Reading(Vec::with_capacity(MAX_COMMAND)),
            deadline: Instant::now() + TIME_LIMIT,
        });
    }

    /// Reads or writes as far as it goes without waiting.
    fn serve(&mut self, slot: usize) -> Option<(ConsoleId, Command)> {
        let client = self.clients.get_mut(slot)?.as_mut()?;
        match client.advance() {
            Verdict::Keep => None,
            Verdict::Execute(command) => {
                let id = ConsoleId { slot, serial: client.serial };
                if command.changes() {
                    say!(COMMAND, user = client.user, command = command);
                } else {
                    log::debug!("command from {}: {command}", client.user);
                }
                Some((id, command))
            }
            Verdict::Close => {
                self.close(slot);
                None
            }
        }
    }

    fn close(&mut self, slot: usize) {
        if let (Some(mut client), Some(polled)) = (self.clients[slot].take(), &self.polled) {
            // Closing the descriptor ends the registration anyway.
            let _ = polled.registry.deregister(&mut client.stream);
        }
    }
}

impl Client {
    fn advance(&mut self) -> Verdict {
        match &mut self.state {
            State::Reading(line) => match receive(&mut self.stream, line) {
                Ok(open) => self.interpret(open),
                Err(_) => Verdict::Close,
            },
            State::Waiting => Verdict::Keep,
            State::Writing { answer, sent } => match send(&mut self.stream, answer, sent) {
                Ok(false) => Verdict::Keep,
                Ok(true) | Err(_) => Verdict::Close,
            },
        }
    }

    /// Looks at what has been read; `open` is false when no more will come.
    fn interpret(&mut self, open: bool) -> Verdict {
        let State::Reading(received) = &self.state else {
            return Verdict::Keep;
        };
        let refusal = match protocol::request(received) {
            Request::Incomplete if open => return Verdict::Keep,
            Request::Incomplete => return Verdict::Close,
            Request::Line(line) => match command::parse(line) {
                Ok(command) => {
                    self.change(State::Waiting);
                    return Verdict::Execute(command);
                }
                Err(error) => error.to_string(),
            },
            Request::TooLong => COMMAND_TOO_LONG.render(&[("limit", &MAX_COMMAND)]),
            Request::NotText => COMMAND_NOT_TEXT.render(&[]),
        };
        self.reply(&refusal, NOT_DONE);
        self.advance()
    }

    fn reply(&mut self, text: &str, rc: u8) {
        self.change(State::Writing { answer: protocol::answer(text, rc), sent: 0 });
    }

    fn change(&mut self, state: State) {
        log::trace!("console {}: {} -> {}", self.serial, self.state, state);
        self.state = state;
        self.deadline = Instant::now() + TIME_LIMIT;
    }
}

impl Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Reading(_) => "reading",
            Self::Waiting => "waiting",
            Self::Writing { .. } => "writing",
        })
    }
}

/// Sends a short answer to a client that is not served; what does not go out at once is lost.
fn turn_away(stream: &mut UnixStream, text: &str) {
    let _ = stream.write(&protocol::answer(text, NOT_DONE));
    // A command that is left unread would reset the connection, and the answer be lost with it.
    let _ = receive(stream, &mut Vec::with_capacity(MAX_COMMAND));
}

/// Reads until a line must be complete or too long. False: the other side has finished.
fn receive(stream: &mut UnixStream, line: &mut Vec<u8>) -> io::Result<bool> {
    let mut chunk = [0; MAX_COMMAND];
    while line.len() < MAX_COMMAND {
        let room = MAX_COMMAND - line.len();
        match stream.read(&mut chunk[..room]) {
            Ok(0) => return Ok(false),
            Ok(count) => line.extend_from_slice(&chunk[..count]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(true),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

/// Writes the rest of an answer. True: all of it has gone out.
fn send(stream: &mut UnixStream, answer: &[u8], sent: &mut usize) -> io::Result<bool> {
    while *sent < answer.len() {
        match stream.write(&answer[*sent..]) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => *sent += count,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
