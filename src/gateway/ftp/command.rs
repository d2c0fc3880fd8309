//! Commands while relaying.
//!
//! | command | what becomes of it |
//! |---|---|
//! | AUTH and the rest of RFC 2228 | refused: 534, 503 |
//! | LPRT, LPSV | refused: 502 |
//! | PORT, EPRT | EPSV (or PASV) goes to the server instead; with ACTIVE FORWARD a PORT or EPRT of ours |
//! | PASV, EPSV | relayed; the reply makes an expectation |
//! | USER | relayed; of `user@host` the user only, and none of another host: 530 |
//! | transfers | relayed, with the data connection that was prepared; 425 if that failed |
//! | any other | relayed |
//!
//! While the reply to PORT, EPRT, PASV or EPSV is on its way the next command waits, but for ABOR:
//! it may be the transfer that needs their data connection.

use std::net::{SocketAddr, SocketAddrV4};

use super::answer::Answer;
use super::data::{Active, ClientSide, DataConnection, Prepared, Running, Stage};
use super::dialogue::Dialogue;
use super::login::user_line;
use super::reply::{Awaited, Setting};
use super::{Action, Note, Transfer};
use crate::ftp::address::{self, AddressError, Epsv};
use crate::ftp::{Command, Direction, Line, Verb, telnet};
use crate::message::catalogue::{
    FTP_ADDRESS_UNREADABLE, FTP_EPSV_ONLY, FTP_FOREIGN_ADDRESS, FTP_LONG_FORM, FTP_OTHER_HOST,
};

impl Dialogue {
    /// Whether a command has to wait for the reply to an earlier one.
    pub(super) fn must_wait(&self, line: &Line) -> bool {
        self.awaited.iter().any(Awaited::prepares_data)
            && Command::parse(line.text()).is_none_or(|command| command.verb != Verb::Abor)
    }

    /// One command, while lines go through.
    pub(super) fn relay_command(&mut self, line: &Line) {
        let Some(command) = Command::parse(line.text()) else {
            self.answer(Answer::plain(500, "A command was expected"));
            return;
        };
        log::trace!("command {command}");
        let verb = command.verb;
        if let Some(direction) = verb.starts_transfer() {
            self.transfer(line, &command, direction);
            return;
        }
        let awaited = match verb {
            verb if verb.is_security() => {
                let answer = self.refuse_security(verb);
                self.answer(answer);
                return;
            }
            Verb::Port | Verb::Eprt => {
                self.active(&command);
                return;
            }
            Verb::Lprt | Verb::Lpsv => {
                let name = verb.name();
                self.answer(Answer::message(502, &FTP_LONG_FORM, &[("command", &name)]));
                return;
            }
            Verb::Abor => {
                self.abort();
                Awaited::Abort
            }
            Verb::Epsv if address::parse_epsv(command.argument) == Ok(Epsv::All) => {
                Awaited::Setting(Setting::EpsvOnly)
            }
            Verb::Pasv | Verb::Epsv => Awaited::Passive,
            Verb::Mode => {
                let mode = command.trimmed_argument();
                Awaited::Setting(Setting::Mode { is_stream: mode.eq_ignore_ascii_case(b"S") })
            }
            Verb::Type => Awaited::Setting(Setting::Type(readable(&command).to_ascii_uppercase())),
            Verb::Rein => Awaited::Setting(Setting::Defaults),
            Verb::User => {
                self.renewed_user(line, &command);
                return;
            }
            _ => Awaited::Reply,
        };
        self.forward(line, awaited);
    }

    /// USER, after the first login or in its place: for the FTP server of this dialogue, to which alone
    /// its connection goes.
    fn renewed_user(&mut self, line: &Line, command: &Command<'_>) {
        let name = telnet::unescape(command.trimmed_argument());
        let name = std::str::from_utf8(&name).unwrap_or_default();
        let line = match self.composite(name) {
            None => {
                self.user = readable(command);
                line.clone()
            }
            Some((user, target)) if target.host == self.host => {
                self.user = user.into();
                user_line(user)
            }
            Some((_, target)) => {
                let hosts = [("host", &self.host as _), ("other", &target.host as _)];
                let answer = Answer::message(530, &FTP_OTHER_HOST, &hosts);
                self.answer(answer);
                return;
            }
        };
        self.forward(&line, Awaited::Reply);
    }

    /// Sends the line on; `awaited` is what its replies will be taken for.
    fn forward(&mut self, line: &Line, awaited: Awaited) {
        self.ask(line.bytes());
        self.awaited.push_back(awaited);
    }

    /// RETR, STOR and the like.
    fn transfer(&mut self, line: &Line, command: &Command<'_>, direction: Direction) {
        let prepared = std::mem::replace(&mut self.prepared, Prepared::None);
        let (data, failed) = match prepared {
            Prepared::None => (None, None),
            Prepared::Ready(data) => (Some(data), None),
            Prepared::Failed(answer) => (None, Some(answer)),
        };
        let transfer = Transfer {
            data: data.as_ref().map(|data| data.id),
            user: self.user.clone(),
            command: command.verb.name().into(),
            name: readable(command),
            direction,
            started: (self.settings.now)(),
        };
        let mut running = Running::new(transfer.clone(), command.verb.name(), data);
        if let Some(answer) = failed {
            running.told(answer.code, &answer.line);
            self.record(running);
            self.answer(answer);
            return;
        }
        let expected = running.data.as_ref().filter(|data| data.awaits_server());
        if let Some(id) = expected.map(|data| data.id) {
            self.act(Action::ExpectServer { id });
        }
        self.forward(line, Awaited::Transfer(Box::new(running)));
        self.announced = None;
        self.act(Action::TransferStarted(transfer));
    }

    /// ABOR: what a running download still has on its way is not wanted any more.
    ///
    /// The channel is closed for servers that read no commands while they send: they see their
    /// data connection break. An upload is left to the client, whose FIN ends it, because the end of
    /// its channel would look like the end of the file.
    fn abort(&mut self) {
        self.abort_forwarding();
        let aborted = self.awaited.iter_mut().filter_map(|awaited| match awaited {
            Awaited::Transfer(running) => running.abort(),
            _ => None,
        });
        let dropped: Vec<_> = aborted.collect();
        for id in dropped {
            self.act(Action::DropData { id });
        }
    }

    /// PORT and EPRT.
    fn active(&mut self, command: &Command<'_>) {
        let name = command.verb.name();
        let address = match command.verb {
            Verb::Port => address::parse_port(command.argument).map(SocketAddr::V4),
            _ => address::parse_eprt(command.argument),
        };
        let address = match address {
            Ok(address) => address,
            Err(AddressError::Protocol) => {
                self.answer(Answer::plain(522, "Network protocol not supported, use (1,2)"));
                return;
            }
            Err(error) => {
                let arguments = [("command", &name as _), ("reason", &error as _)];
                self.answer(Answer::message(501, &FTP_ADDRESS_UNREADABLE, &arguments));
                return;
            }
        };
        if self.epsv_only {
            self.answer(Answer::message(503, &FTP_EPSV_ONLY, &[("command", &name)]));
            return;
        }
        let Some(client) = self.client_side(address) else {
            self.act(Action::Say(Note::Bounce { command: name, address }));
            let arguments = [("command", &name as _), ("address", &address as _)];
            self.answer(Answer::message(504, &FTP_FOREIGN_ADDRESS, &arguments));
            return;
        };
        self.drop_prepared();
        let id = self.next_data();
        if self.settings.forward.is_some() {
            self.ask_forward(name, DataConnection::forwarded(id, client));
            return;
        }
        let (stage, asked) = match self.without_epsv {
            true => (Stage::Pasv, b"PASV\r\n"),
            false => (Stage::Epsv, b"EPSV\r\n"),
        };
        self.ask(asked);
        let data = DataConnection::new(id, client);
        let active = Active { command: name, data, stage, failure: None };
        self.awaited.push_back(Awaited::Active(active));
    }

    /// Whose address a PORT names: a BIND of the client, or the client itself. None: neither, or a
    /// port no client listens on.
    fn client_side(&self, address: SocketAddr) -> Option<ClientSide> {
        let is_it = |bound: &SocketAddrV4| SocketAddr::V4(*bound) == address;
        if let Some((bind, _)) = self.binds.iter().find(|(_, bound)| is_it(bound)) {
            return Some(ClientSide::Bind(*bind));
        }
        let is_own = address.ip().to_canonical() == self.settings.client.to_canonical();
        (is_own && address.port() >= FIRST_DATA_PORT).then_some(ClientSide::Address(address))
    }
}

/// A command's argument for records.
fn readable(command: &Command<'_>) -> String {
    String::from_utf8_lossy(command.trimmed_argument()).into_owned()
}

/// Ports under this one belong to services: no data connection goes there (RFC 2577).
pub(super) const FIRST_DATA_PORT: u16 = 1024;
