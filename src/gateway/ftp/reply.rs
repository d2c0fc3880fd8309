//! Replies while relaying, and which command each belongs to.
//!
//! Replies come in the order of the commands, with these exceptions:
//!
//! - a server that reads commands during a transfer answers STAT or NOOP before the transfer's final
//!   reply: told apart by the code;
//! - a server may answer ABOR and the transfer with one reply instead of two: an ABOR is forgotten
//!   when the next code cannot answer it;
//! - a server may confirm a transfer twice: what can only end a transfer does not answer PASV;
//! - 421 belongs to the connection.
//!
//! A reply that is open when the dialogue ends is ended here, before the client is told why.
//!
//! | awaited | reply | what the client is told |
//! |---|---|---|
//! | Greeting, Reply, Abort, Setting | any | the reply |
//! | Passive | 227, 229 | the reply, address and port replaced if need be; 425 for a port under 1024 |
//! | Active | 229, 227 | 200 once the data channel is open, else 425 |
//! | Active | 5xx to EPSV | nothing yet: PASV goes to the server |
//! | Active | any other | the reply |
//! | Active, by a forward | any | the reply if it is 2xx, 4xx or 530; else 425 |
//! | Transfer | 1xx | the reply; the client's side of an active data connection is made |
//! | Transfer | 2xx | the reply, held back until a download has reached the client; 426 if bytes were lost |
//! | Transfer | 4xx, 5xx | the reply, unless 425 was told before |
//! | Answer | - | our own line, when its turn comes |

use std::net::{IpAddr, SocketAddrV4};

use super::answer::Answer;
use super::command::FIRST_DATA_PORT;
use super::data::{Active, ClientSide, DataConnection, Prepared, Running, Stage};
use super::dialogue::{Dialogue, Phase};
use super::{Action, Note};
use crate::config::{Host, Target};
use crate::ftp::address;
use crate::ftp::{Code, Line, ReplyEvent, announced_size};
use crate::message::catalogue::{FTP_LOW_DATA_PORT_REFUSED, FTP_NO_PASSIVE, FTP_REPLY_CUT};

/// What the client waits for.
#[derive(Debug)]
pub(super) enum Awaited {
    /// The server's greeting.
    Greeting,
    /// The reply to a command that means nothing here.
    Reply,
    /// The reply to ABOR.
    Abort,
    /// The reply to a command that changes what we have to know.
    Setting(Setting),
    /// The reply to PASV or EPSV.
    Passive,
    /// The answer to PORT or EPRT.
    Active(Active),
    /// The replies to a transfer command.
    Transfer(Box<Running>),
    /// An answer of ours whose turn has not come.
    Answer(Answer),
}

/// What a 2xx makes true.
#[derive(Debug)]
pub(super) enum Setting {
    /// MODE.
    Mode {
        /// MODE S.
        is_stream: bool,
    },
    /// TYPE, with its argument in capitals.
    Type(String),
    /// EPSV ALL.
    EpsvOnly,
    /// REIN.
    Defaults,
}

/// What becomes of a reply, decided at its first line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Route {
    /// Index of the command it belongs to.
    index: Option<usize>,
    /// Its lines are passed on. The last one is decided on when it comes.
    passes: bool,
}

impl Awaited {
    /// Whether the data connection of the next transfer depends on it.
    pub fn prepares_data(&self) -> bool {
        matches!(self, Self::Passive | Self::Active(_))
    }

    /// Whether a reply of the server is still to come for it.
    fn is_asked(&self) -> bool {
        match self {
            Self::Answer(_) => false,
            Self::Active(active) => !matches!(active.stage, Stage::Opening | Stage::Forwarding),
            _ => true,
        }
    }
}

impl Dialogue {
    /// Whether the line is the 2xx of a download that has not reached the client yet.
    pub(super) fn must_hold(&mut self, line: &Line) -> bool {
        if self.replies.is_inside() {
            return false;
        }
        let Ok(event) = self.replies.clone().feed(line.text()) else { return false };
        let (ReplyEvent::Line { code } | ReplyEvent::Complete { code }) = event;
        if !code.is_completion() {
            return false;
        }
        let Some(index) = self.belongs_to(code) else { return false };
        if !matches!(self.awaited.get(index), Some(Awaited::Transfer(_))) {
            return false;
        }
        self.begin_transfer(index);
        let is_stream = self.is_stream;
        let Awaited::Transfer(running) = &mut self.awaited[index] else { return false };
        running.is_confirmed = true;
        if running.awaits_server() {
            if let Some(id) = running.hurry() {
                self.act(Action::HurryServer { id });
            }
            return true;
        }
        running.is_under_way(is_stream)
    }

    /// One line of the server, while lines go through.
    pub(super) fn relay_reply(&mut self, line: &Line) {
        match self.replies.feed(line.text()) {
            Ok(ReplyEvent::Line { code }) => {
                let route = self.route_of(code);
                self.route = Some(route);
                if route.passes {
                    self.tell(line.bytes());
                }
            }
            Ok(ReplyEvent::Complete { code }) => {
                let route = self.route_of(code);
                self.route = None;
                if code.is_preliminary() {
                    self.announced = announced_size(line.text());
                }
                self.complete(route, code, line);
                self.settle();
            }
            Err(_) => self.tell(line.bytes()),
        }
    }

    /// Ends the reply that has begun and not ended, if its lines were passed on, as its server would
    /// have: by a last line of the same code. No other code ends it (RFC 959 section 4.2). What its
    /// first line has said of a command or transfer holds; only its text is cut short, and the last
    /// line says so.
    pub(super) fn end_open_reply(&mut self) {
        let Some(code) = self.replies.open() else { return };
        let last = Answer::message(code.number(), &FTP_REPLY_CUT, &[]);
        let line = Line::new(last.line);
        match self.phase() {
            Phase::Relaying => {
                let Some(route) = self.route.take().filter(|route| route.passes) else { return };
                if code.is_preliminary() {
                    // What it would begin is about to end.
                    self.tell(line.bytes());
                } else {
                    self.complete(route, code, &line);
                }
            }
            Phase::Replaying(..) => self.replay_end(code, &line),
            // The client of an aborted dialogue hears nothing any more.
            Phase::Gate(_) | Phase::Dialing(_) | Phase::Aborting(_) | Phase::Over => {}
        }
    }

    /// Our own answers whose turn has come.
    pub(super) fn settle(&mut self) {
        while !self.replies.is_inside() {
            match self.awaited.front_mut() {
                Some(Awaited::Answer(_)) => {
                    if let Some(Awaited::Answer(answer)) = self.awaited.pop_front() {
                        self.tell(&answer.line);
                    }
                }
                Some(Awaited::Transfer(running)) => {
                    let Some(answer) = running.answer_at_once() else { return };
                    self.tell(&answer.line);
                }
                _ => return,
            }
        }
    }

    /// Whether the oldest command is a PORT whose data channel is being opened, or whose port is asked
    /// for: replies behind it wait.
    pub(super) fn is_opening_data(&self) -> bool {
        let front = self.awaited.front();
        matches!(front, Some(Awaited::Active(active)) if active.stage.waits_for_ssh())
            && !self.replies.is_inside()
    }

    /// What becomes of the reply that has begun, or begins now.
    fn route_of(&mut self, code: Code) -> Route {
        if let Some(route) = self.route {
            return route;
        }
        let index = self.belongs_to(code);
        let passes = match index.and_then(|index| self.awaited.get(index)) {
            Some(Awaited::Passive) => !(code == 227 || code == 229),
            Some(Awaited::Active(_)) => false,
            Some(Awaited::Transfer(running)) => running.passes(code),
            _ => true,
        };
        Route { index, passes }
    }

    /// Index of the command a reply of this code belongs to.
    fn belongs_to(&mut self, code: Code) -> Option<usize> {
        if code == 421 {
            return None;
        }
        loop {
            let is_asked = |(_, awaited): &(usize, &Awaited)| awaited.is_asked();
            let mut asked = self.awaited.iter().enumerate().filter(is_asked);
            let (index, oldest) = asked.next()?;
            match (oldest, asked.next().map(|(behind, _)| behind)) {
                (Awaited::Passive | Awaited::Active(_), _)
                    if matches!(code.number(), 100..=199 | 225 | 226 | 250) =>
                {
                    return None;
                }
                (Awaited::Abort, Some(_)) if !answers_abort(code) => {
                    self.awaited.remove(index);
                }
                (Awaited::Transfer(running), Some(_)) if running.is_confirmed => {
                    return Some(index);
                }
                (Awaited::Transfer(running), Some(behind)) if running.has_begun => {
                    if code.is_preliminary() || ends_transfer(code) {
                        return Some(index);
                    }
                    if !(code == 225 && running.is_aborted) {
                        return Some(behind);
                    }
                    // One reply for both: the transfer ended without its own.
                    if let Some(Awaited::Transfer(running)) = self.awaited.remove(index) {
                        self.finish(*running);
                    }
                }
                _ => return Some(index),
            }
            self.settle();
        }
    }

    /// The last line of a reply.
    fn complete(&mut self, route: Route, code: Code, line: &Line) {
        self.farewell |= code == 221 || code == 421;
        let Some(index) = route.index.filter(|index| *index < self.awaited.len()) else {
            self.tell(line.bytes());
            return;
        };
        if code.is_preliminary() {
            self.preliminary(index, code, line);
            return;
        }
        match self.awaited.remove(index) {
            Some(Awaited::Setting(setting)) => {
                self.tell(line.bytes());
                if code.is_completion() {
                    self.set(setting);
                }
            }
            Some(Awaited::Passive) => self.passive(code, line),
            Some(Awaited::Active(active)) => self.active_reply(index, active, code, line),
            Some(Awaited::Transfer(running)) => {
                self.final_reply(*running, route.passes, code, line);
            }
            _ => self.tell(line.bytes()),
        }
    }

    /// 1xx: another reply will follow.
    fn preliminary(&mut self, index: usize, code: Code, line: &Line) {
        match &mut self.awaited[index] {
            Awaited::Transfer(running) => {
                let is_answered = running.is_answered;
                if !is_answered {
                    running.told(code.number(), line.bytes());
                    self.tell(line.bytes());
                }
                self.begin_transfer(index);
            }
            _ => self.tell(line.bytes()),
        }
    }

    /// The final reply of a transfer.
    fn final_reply(&mut self, mut running: Running, passed: bool, code: Code, line: &Line) {
        let failure = running.failure.as_ref().filter(|_| code.is_completion() && !passed);
        if running.is_interrupted && running.is_uploading() && code.is_completion() {
            self.say_not_aborted(&running.transfer);
        }
        if running.is_answered {
            log::trace!("{}: the server's {code} is dropped", running.verb);
        } else if let Some(answer) = failure.map(|failure| failure.answer.clone()) {
            let command = running.verb;
            if !running.is_aborted {
                self.act(Action::Say(Note::Contradicted { command, code: code.number() }));
            }
            self.tell(&answer.line);
            running.told(answer.code, &answer.line);
        } else {
            self.tell(line.bytes());
            running.told(code.number(), line.bytes());
        }
        if let Some(data) = &mut running.data {
            // A data connection that moves bytes ends by itself, the server has closed its side.
            if !data.is_over() && (!running.has_begun || !data.is_open()) {
                data.end();
                let id = data.id;
                self.act(Action::DropData { id });
            }
        }
        self.finish(running);
    }

    fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Mode { is_stream } => self.is_stream = is_stream,
            Setting::Type(argument) => self.representation = argument,
            Setting::EpsvOnly => self.epsv_only = true,
            Setting::Defaults => {
                self.is_stream = true;
                self.epsv_only = false;
                self.representation = "A N".into();
                self.drop_prepared();
            }
        }
    }

    /// The reply to the client's PASV or EPSV.
    fn passive(&mut self, code: Code, line: &Line) {
        let parsed = match code.number() {
            227 => {
                address::parse_227(line.bytes()).map(|address| (address.port(), Some(address))).ok()
            }
            229 => address::parse_229(line.text()).map(|port| (port, None)).ok(),
            _ => None,
        };
        let Some((port, address)) = parsed else {
            self.tell(line.bytes());
            return;
        };
        if let Some(answer) = self.low_port(port) {
            self.tell(&answer.line);
            return;
        }
        let to = self.passive_target(port, address);
        let told = if self.is_elsewhere() { (self.settings.next_port)() } else { port };
        let named = address.map(|address| self.passive_address(address, told));
        let rewritten = match named {
            Some(named) => address::rewrite_227(line.bytes(), named),
            None => address::rewrite_229(line.bytes(), told),
        };
        // What could be read can be written.
        self.tell(rewritten.as_deref().unwrap_or(line.bytes()));
        let named = named.map(|named| Host::Address(IpAddr::V4(*named.ip())));
        let mut hosts = vec![self.settings.target.host.clone()];
        for host in [named, Some(self.host.clone())].into_iter().flatten() {
            if !hosts.contains(&host) {
                hosts.push(host);
            }
        }
        self.drop_prepared();
        let data = DataConnection::new(self.next_data(), ClientSide::Comes);
        self.act(Action::Expect { id: data.id, to, hosts, port: told });
        self.prepared = Prepared::Ready(data);
    }

    /// Where the data channel goes. A 227 comes with an address, of which only the port is believed.
    fn passive_target(&self, port: u16, address: Option<SocketAddrV4>) -> Target {
        let trusted = address
            .filter(|address| self.settings.trust_pasv_address && !address.ip().is_unspecified());
        let host = trusted
            .map_or_else(|| self.server_host(), |address| Host::Address(IpAddr::V4(*address.ip())));
        Target { host, port }
    }

    /// What the client is told in place of the address of a 227: the host that it asked for, where
    /// that is an address, since it surely gets to us by it. Behind that host its data may be on
    /// another one, if it is trusted to be or if a composite name asks for it.
    fn passive_address(&self, address: SocketAddrV4, port: u16) -> SocketAddrV4 {
        let is_trusted = self.settings.trust_pasv_address && !address.ip().is_unspecified();
        if is_trusted && !self.is_elsewhere() {
            return address;
        }
        let known =
            [&self.settings.target.host, &self.host].into_iter().find_map(|host| match host {
                Host::Address(IpAddr::V4(known)) => Some(*known),
                _ => None,
            });
        SocketAddrV4::new(known.unwrap_or(*address.ip()), port)
    }

    /// Whether the FTP server is another host than the one the client knows. Others of its dialogues may
    /// have the same data port there, so that it cannot tell them apart.
    fn is_elsewhere(&self) -> bool {
        self.host != self.settings.target.host
    }

    /// The reply to the EPSV or PASV that stands for the client's PORT or EPRT.
    fn active_reply(&mut self, index: usize, mut active: Active, code: Code, line: &Line) {
        if let Stage::Named(at) = active.stage {
            self.named_reply(index, active, at, code, line);
            return;
        }
        let port = match code.number() {
            229 => address::parse_229(line.text()).map(|port| (port, None)).ok(),
            227 => {
                address::parse_227(line.bytes()).map(|address| (address.port(), Some(address))).ok()
            }
            _ => None,
        };
        let next = if let Some((port, address)) = port {
            match self.low_port(port) {
                Some(answer) => Awaited::Answer(answer),
                None => {
                    let to = self.passive_target(port, address);
                    self.act(Action::OpenData { id: active.data.id, to });
                    active.stage = Stage::Opening;
                    Awaited::Active(active)
                }
            }
        } else if code == 530 || code.number() / 100 == 4 {
            // Not logged in, or no resources: what the client would have been told for its PORT.
            Awaited::Answer(Answer::passed_on(code, line))
        } else if active.stage == Stage::Epsv {
            self.without_epsv = true;
            active.stage = Stage::Pasv;
            self.ask(b"PASV\r\n");
            Awaited::Active(active)
        } else {
            Awaited::Answer(Answer::message(425, &FTP_NO_PASSIVE, &[]))
        };
        self.awaited.insert(index, next);
    }

    /// Refuses a data port that belongs to a service.
    fn low_port(&mut self, port: u16) -> Option<Answer> {
        if port >= FIRST_DATA_PORT {
            return None;
        }
        self.act(Action::Say(Note::LowDataPort { port }));
        Some(Answer::message(425, &FTP_LOW_DATA_PORT_REFUSED, &[("port", &port)]))
    }
}

/// Whether ABOR can be answered with this code (RFC 959 section 5.4); 426 is the transfer's.
fn answers_abort(code: Code) -> bool {
    matches!(code.number(), 225 | 226 | 426) || matches!(code.number(), 500..=502)
}

/// Whether a transfer that has begun can end with this code: RFC 959 section 5.4, and what servers
/// say for a full disk or a lost file.
fn ends_transfer(code: Code) -> bool {
    match code.number() {
        226 | 250 => true,
        500..=504 | 530 => false,
        _ => code.is_negative(),
    }
}
