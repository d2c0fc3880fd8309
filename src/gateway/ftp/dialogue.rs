//! The dialogue itself: buffers, phases, and the order in which lines are taken.
//!
//! Invariants: at most [`MAX_AWAITED`] commands wait for replies; no command is taken while much
//! waits to be sent to the client, so what is answered here cannot pile up; the buffers of bytes
//! that came hold little more than one read, if the owner heeds [`Dialogue::wants_client`] and
//! [`Dialogue::wants_server`].

use std::collections::VecDeque;
use std::fmt;
use std::net::SocketAddrV4;

use zeroize::Zeroizing;

use super::answer::Answer;
use super::data::{Prepared, Running, Stage};
use super::ebcdic::Encoding;
use super::login::{Credentials, Gate, Step};
use super::reply::{Awaited, Route};
use super::{Action, BindId, Event, LoginMode, Note, Settings};
use crate::config::Host;
use crate::ftp::{Line, LineBuffer, Replies, Telnet};
use crate::message::catalogue::{
    FTP_CANCELLED, FTP_CONTROL_LOST, FTP_EBCDIC, FTP_LINE_TOO_LONG, FTP_REPLY_TOO_LONG,
};

/// The FTP dialogue of one control connection.
pub struct Dialogue {
    pub(super) settings: Settings,
    /// Where the FTP server is: the target's host, or the one of a composite user name.
    pub(super) host: Host,
    phase: Phase,
    pub(super) encoding: Encoding,
    telnet: Telnet,
    pub(super) commands: LineBuffer,
    /// A command that waits for its turn.
    pub(super) parked_command: Option<Line>,
    server: LineBuffer,
    /// The begin of a reply that waits for the data it speaks of.
    pub(super) parked_reply: Option<Line>,
    pub(super) replies: Replies,
    /// What becomes of the reply that has begun and not ended.
    pub(super) route: Option<Route>,
    /// What the client waits for, in the order of its commands.
    pub(super) awaited: VecDeque<Awaited>,
    /// The data connection of the next transfer.
    pub(super) prepared: Prepared,
    /// Transfers with a final reply whose bytes are not counted yet.
    pub(super) settling: VecDeque<Running>,
    /// BINDs of the client that wait.
    pub(super) binds: Vec<(BindId, SocketAddrV4)>,
    /// Number of the last data connection.
    pub(super) last_data: u32,
    /// The server has no EPSV.
    pub(super) without_epsv: bool,
    /// EPSV ALL was accepted: the client will use nothing else.
    pub(super) epsv_only: bool,
    /// MODE S: the end of the data is the end of the data connection.
    pub(super) is_stream: bool,
    /// As of the last TYPE.
    pub(super) representation: String,
    /// User at the FTP server, for records.
    pub(super) user: String,
    /// The server has said 221 or 421.
    pub(super) farewell: bool,
    /// The client sends no more commands.
    pub(super) client_closed: bool,
    /// It is to end once nothing is under way.
    pub(super) is_draining: bool,
    /// It goes on without SSH.
    pub(super) is_plain: bool,
    /// Length of the file under way, from the server's 1xx.
    pub(super) announced: Option<u64>,
    control_closed: bool,
    to_client: Vec<u8>,
    to_server: Zeroizing<Vec<u8>>,
    actions: VecDeque<Action>,
}

/// Where a dialogue stands; the [module](super) has the table.
#[derive(Debug)]
pub(super) enum Phase {
    /// We answer, and hold user and password.
    Gate(Gate),
    /// The SSH session and the control channel are on their way. None: the profile's credential.
    Dialing(Option<Box<Credentials>>),
    /// The login is repeated to the server.
    Replaying(Box<Credentials>, Step),
    /// Lines go through.
    Relaying,
    /// The client is lost, for this reason: the server is to abort its uploads.
    Aborting(String),
    /// The control connection is to be closed.
    Over,
}

impl Dialogue {
    /// A new control connection: greets, or asks for the control channel.
    pub fn new(settings: Settings) -> Self {
        let mut dialogue = Self {
            host: settings.target.host.clone(),
            phase: Phase::Dialing(None),
            encoding: Encoding::new(settings.control_page),
            telnet: Telnet::new(),
            commands: LineBuffer::of_commands(),
            parked_command: None,
            server: LineBuffer::of_replies(),
            parked_reply: None,
            replies: Replies::new(),
            route: None,
            awaited: VecDeque::new(),
            prepared: Prepared::None,
            settling: VecDeque::new(),
            binds: Vec::new(),
            last_data: 0,
            without_epsv: false,
            epsv_only: false,
            is_stream: true,
            representation: "A N".into(),
            user: String::new(),
            farewell: false,
            client_closed: false,
            is_draining: false,
            is_plain: false,
            announced: None,
            control_closed: false,
            to_client: Vec::new(),
            to_server: Zeroizing::new(Vec::with_capacity(TO_SERVER_CAPACITY)),
            actions: VecDeque::new(),
            settings,
        };
        match dialogue.settings.login {
            LoginMode::FromApplication => dialogue.greet(),
            LoginMode::Own => dialogue.act(Action::OpenControl),
        }
        dialogue
    }

    /// Takes what the client has sent.
    pub fn from_client(&mut self, bytes: &[u8]) {
        if self.is_over() {
            return;
        }
        let mut stripped = Zeroizing::new(Vec::with_capacity(bytes.len() + 1));
        let signals = self.telnet.feed(bytes, &mut stripped);
        if signals.any() {
            log::trace!("Telnet signals: {signals:?}");
        }
        if self.encoding.is_refused(&stripped) {
            self.act(Action::Say(Note::Ebcdic));
            let answer = Answer::message(500, &FTP_EBCDIC, &[]);
            self.end_with(&answer, "EBCDIC on the control connection");
            return;
        }
        self.encoding.decode(&mut stripped);
        self.commands.push(&stripped);
        self.advance();
    }

    /// Takes what the server has sent.
    pub fn from_server(&mut self, bytes: &[u8]) {
        if self.is_over() {
            return;
        }
        self.server.push(bytes);
        self.advance();
    }

    /// Bytes for the client; whoever sends them takes them out.
    pub fn to_client(&mut self) -> &mut Vec<u8> {
        &mut self.to_client
    }

    /// Bytes for the server; whoever sends them takes them out.
    pub fn to_server(&mut self) -> &mut Vec<u8> {
        &mut self.to_server
    }

    /// Whether the client should be read now.
    pub fn wants_client(&self) -> bool {
        !self.is_over()
            && !self.client_closed
            && self.commands.waiting() < HIGH
            && self.to_client.len() < HIGH
            && self.to_server.len() < HIGH
    }

    /// Whether the server should be read now.
    pub fn wants_server(&self) -> bool {
        !self.is_over() && self.server.waiting() < HIGH && self.to_client.len() < HIGH
    }

    /// The next thing to do. To be called until None after every call of another method, and after
    /// `to_client` was drained: commands wait for that.
    pub fn next_action(&mut self) -> Option<Action> {
        self.advance();
        self.actions.pop_front()
    }

    /// Takes what happened outside of the control connection.
    pub fn event(&mut self, event: Event) {
        if self.is_over() {
            return;
        }
        log::trace!("event {event:?}");
        match event {
            Event::FellBack => {
                self.is_plain = true;
                // There is no SSH server to listen for the FTP server.
                self.set_forward(None);
            }
            Event::LoggedIn => self.logged_in(),
            Event::LoginRefused { text } => self.login_refused(&text),
            Event::SshFailed { code, text } => self.ssh_failed(code, &text),
            Event::ControlClosed => self.control_closed(),
            Event::DataOpened { id } => self.data_opened(id),
            Event::DataFailed { id, text } => self.data_failed(id, &text),
            Event::Forwarded { id, port } => self.forwarded(id, port),
            Event::ForwardFailed { id, text } => self.forward_failed(id, &text),
            Event::DataDisputed { id } => self.data_disputed(id),
            Event::DataEof { id, from, bytes } => self.data_eof(id, from, bytes),
            Event::DataEnded { id, bytes_up, bytes_down, clean } => {
                self.data_ended(id, bytes_up, bytes_down, clean);
            }
            Event::ClientConnected { id } => log::trace!("{id:?}: the client's side is there"),
            Event::ClientConnectFailed { id, text } => self.client_connect_failed(id, &text),
            Event::BindWaiting { bind, address } => self.bind_waiting(bind, address),
            Event::BindGone { bind } => self.bind_gone(bind),
            Event::ClientClosed => self.client_closed(),
            Event::ClientLost { reason } => self.client_lost(&reason),
            Event::AbortTimedOut => self.abort_timed_out(),
            Event::Draining => self.is_draining = true,
            Event::Stopping => self.stop(),
            Event::Cancelled => {
                let answer = Answer::message(421, &FTP_CANCELLED, &[]);
                self.end_with(&answer, "cancelled by an operator (F CANCEL)");
            }
        }
        self.advance();
    }

    /// The phase's name, for traces and displays.
    pub fn phase_name(&self) -> &'static str {
        // What was asked for before is still done.
        if self.client_closed && !self.is_over() { "ENDING" } else { self.phase.name() }
    }

    /// Length of the file that is being sent, if the server's 150 has told it, for displays.
    pub fn announced_size(&self) -> Option<u64> {
        self.announced
    }

    /// The user as far as it is known, for displays.
    pub fn user(&self) -> &str {
        &self.user
    }

    pub(super) fn phase(&self) -> &Phase {
        &self.phase
    }

    pub(super) fn phase_mut(&mut self) -> &mut Phase {
        &mut self.phase
    }

    /// Changes the phase; the old one comes back.
    pub(super) fn enter(&mut self, phase: Phase) -> Phase {
        log::trace!("FTP dialogue: {} -> {}", self.phase.name(), phase.name());
        std::mem::replace(&mut self.phase, phase)
    }

    pub(super) fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    pub(super) fn act(&mut self, action: Action) {
        self.actions.push_back(action);
    }

    /// Sends bytes to the client, behind everything sent before.
    pub(super) fn tell(&mut self, bytes: &[u8]) {
        self.encoding.encode(bytes, &mut self.to_client);
    }

    /// Sends bytes to the server.
    pub(super) fn ask(&mut self, bytes: &[u8]) {
        let needed = self.to_server.len() + bytes.len();
        if needed > self.to_server.capacity() {
            // A vector that grows by itself would leave what may be a password behind.
            let mut larger = Zeroizing::new(Vec::with_capacity(2 * needed));
            larger.extend_from_slice(&self.to_server);
            self.to_server = larger;
        }
        self.to_server.extend_from_slice(bytes);
    }

    /// Answers a command here, when its turn comes.
    pub(super) fn answer(&mut self, answer: Answer) {
        if self.awaited.is_empty() && !self.replies.is_inside() {
            self.tell(&answer.line);
        } else {
            self.awaited.push_back(Awaited::Answer(answer));
        }
    }

    /// Says a last word to the client and ends the dialogue. A reply of the server whose begin the
    /// client has had is ended first: until then everything is a line of that reply for it. If that
    /// was the server's own last word, there is nothing to add.
    pub(super) fn end_with(&mut self, answer: &Answer, reason: &str) {
        let had_farewell = self.farewell;
        self.end_open_reply();
        if self.is_over() {
            return;
        }
        if had_farewell || !self.farewell {
            self.tell(&answer.line);
        }
        self.interrupt_transfers(Some(answer));
        self.close(reason);
    }

    /// Ends the dialogue: data connections that nobody can use any more go with it.
    pub(super) fn close(&mut self, reason: &str) {
        self.interrupt_transfers(None);
        self.drop_prepared();
        while let Some(running) = self.settling.pop_front() {
            self.record(running);
        }
        self.awaited.clear();
        self.parked_command = None;
        self.parked_reply = None;
        self.commands = LineBuffer::of_commands();
        self.server = LineBuffer::of_replies();
        self.enter(Phase::Over);
        self.act(Action::Close { reason: reason.to_string() });
    }

    /// Ends the transfers that have no final reply yet.
    fn interrupt_transfers(&mut self, answer: Option<&Answer>) {
        for awaited in std::mem::take(&mut self.awaited) {
            match awaited {
                Awaited::Transfer(mut running) => {
                    if let Some(data) = running.data.as_ref().filter(|data| !data.is_over()) {
                        self.actions.push_back(Action::DropData { id: data.id });
                    }
                    running.is_interrupted = true;
                    if let (Some(answer), false) = (answer, running.is_answered) {
                        running.told(answer.code, &answer.line);
                    }
                    self.record(*running);
                }
                // Before the 229 there is nothing to drop.
                Awaited::Active(active) if active.stage == Stage::Opening => {
                    self.actions.push_back(Action::DropData { id: active.data.id });
                }
                _ => {}
            }
        }
    }

    /// Takes all lines that can be taken.
    fn advance(&mut self) {
        while self.take_reply() || self.take_command() {}
        if self.control_closed && !self.is_over() && self.parked_reply.is_none() {
            self.server_is_gone();
        }
        self.end_if_served();
    }

    /// Takes one line of the server, if its turn has come.
    fn take_reply(&mut self) -> bool {
        let takes = match self.phase {
            Phase::Replaying(..) => true,
            Phase::Relaying | Phase::Aborting(_) => !self.is_opening_data(),
            Phase::Gate(_) | Phase::Dialing(_) | Phase::Over => false,
        };
        if !takes {
            return false;
        }
        let line = match self.parked_reply.take() {
            Some(line) => line,
            None => match self.server.next_line() {
                None => return false,
                Some(Ok(line)) => line,
                Some(Err(_)) => {
                    let answer = Answer::message(421, &FTP_REPLY_TOO_LONG, &[]);
                    self.end_with(&answer, "reply line of the server too long");
                    return true;
                }
            },
        };
        if matches!(self.phase, Phase::Replaying(..)) {
            self.replay_reply(&line);
        } else if self.must_hold(&line) {
            self.parked_reply = Some(line);
            return false;
        } else {
            self.relay_reply(&line);
        }
        true
    }

    /// Takes one command, if its turn has come.
    fn take_command(&mut self) -> bool {
        let takes = match self.phase {
            Phase::Gate(_) => true,
            Phase::Relaying => {
                self.awaited.len() < MAX_AWAITED
                    && !matches!(self.awaited.front(), Some(Awaited::Greeting))
            }
            Phase::Dialing(_) | Phase::Replaying(..) | Phase::Aborting(_) | Phase::Over => false,
        };
        if !takes
            || self.control_closed
            || self.to_client.len() >= HIGH
            || self.actions.len() >= MAX_ACTIONS
        {
            return false;
        }
        let line = match self.parked_command.take() {
            Some(line) => line,
            None => match self.commands.next_line() {
                None => return false,
                Some(Ok(line)) => line,
                Some(Err(_)) => {
                    self.answer(Answer::message(500, &FTP_LINE_TOO_LONG, &[]));
                    return true;
                }
            },
        };
        if matches!(self.phase, Phase::Gate(_)) {
            self.gate_command(line);
        } else if self.must_wait(&line) {
            self.parked_command = Some(line);
            return false;
        } else {
            self.relay_command(&line);
        }
        true
    }

    /// The server's side is gone: what it sent is still told.
    fn control_closed(&mut self) {
        self.control_closed = true;
        // A last line without its end is a line.
        if self.server.peek().last().is_some_and(|byte| *byte != b'\n') {
            self.server.push(b"\r\n");
        }
        self.fail_opening_data();
    }

    /// Everything the server sent was told.
    fn server_is_gone(&mut self) {
        if self.farewell {
            self.close("FTP server closed");
        } else {
            let answer = Answer::message(421, &FTP_CONTROL_LOST, &[]);
            self.end_with(&answer, "control connection to the FTP server lost");
        }
    }
}

impl fmt::Debug for Dialogue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Dialogue({}, {} awaited)", self.phase.name(), self.awaited.len())
    }
}

impl Phase {
    fn name(&self) -> &'static str {
        match self {
            Self::Gate(_) => "GATE",
            Self::Dialing(_) => "DIALING",
            Self::Replaying(..) => "REPLAYING",
            Self::Relaying => "RELAYING",
            Self::Aborting(_) => "ABORTING",
            Self::Over => "OVER",
        }
    }
}

/// Most commands that wait for a reply; further ones wait to be taken.
pub(super) const MAX_AWAITED: usize = 64;

/// Actions not taken yet that stop commands from being taken.
const MAX_ACTIONS: usize = 64;

/// Bytes in a buffer from which on no more are wanted.
const HIGH: usize = 16 * 1024;

/// Room for bytes to the server without growing: a login fits.
const TO_SERVER_CAPACITY: usize = 1024;
