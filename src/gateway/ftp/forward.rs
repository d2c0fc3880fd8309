//! PORT and EPRT under ACTIVE FORWARD: the FTP server stays active, and connects to a port that the
//! SSH server listens on.
//!
//! | stage | waits for | next |
//! |---|---|---|
//! | Forwarding | the SSH server's port | Named; 425 if there is none |
//! | Named | the FTP server's reply to a PORT with it | prepared with a 2xx, which the client is told; else 425, or the reply |
//! | prepared | the transfer command | running |
//! | running, no connection yet | the FTP server, and its 1xx | the client's side is made; 425 if the server does not come |
//! | running | as any | |
//!
//! The connection may come before the 1xx and after it, and behind the 2xx of a small file: that is
//! held back until the connection is there. Some servers connect when they get the PORT; nobody can
//! tell those from strangers, so such a connection is used only if the transfer begins without another.

use std::net::SocketAddr;

use super::answer::Answer;
use super::data::{Active, DataConnection, Failure, Prepared, Running, Stage};
use super::dialogue::Dialogue;
use super::reply::Awaited;
use super::{Action, DataId, Note};
use crate::config::rules::AddressSet;
use crate::config::{Forward, Host};
use crate::ftp::address;
use crate::ftp::{Code, Line};
use crate::message::catalogue::{
    FTP_DATA_DISPUTED, FTP_DATA_GONE, FTP_FORWARD_REFUSED, FTP_PORT_REFUSED,
};

impl Dialogue {
    /// How active clients are served from now on: the filter of a composite user name may say
    /// something else than that of the SOCKS request.
    pub fn set_forward(&mut self, forward: Option<Forward>) {
        self.settings.forward = forward;
    }

    /// The host that channels to the FTP server go to.
    pub fn server_host(&self) -> Host {
        match &self.settings.forward {
            Some(forward) => forward.server(&self.host),
            None => self.host.clone(),
        }
    }

    /// Where data connections of the FTP server may come from.
    pub fn sources(&self) -> AddressSet {
        self.settings.forward.as_ref().map(|it| it.sources(&self.host)).unwrap_or_default()
    }

    /// A PORT or EPRT of the client: the server's has to wait for its address.
    pub(super) fn ask_forward(&mut self, command: &'static str, data: DataConnection) {
        self.act(Action::Forward { id: data.id });
        let stage = Stage::Forwarding;
        self.awaited.push_back(Awaited::Active(Active { command, data, stage, failure: None }));
    }

    /// The SSH server listens at this port: the FTP server is told.
    pub(super) fn forwarded(&mut self, id: DataId, port: u16) {
        let Some(forward) = &self.settings.forward else { return };
        let at = SocketAddr::new(forward.address, port);
        if let Some(active) = self.forwarding(id) {
            active.stage = Stage::Named(at);
            let command = match at {
                SocketAddr::V4(at) => format!("PORT {}\r\n", address::format_port(at)),
                SocketAddr::V6(_) => format!("EPRT {}\r\n", address::format_eprt(at)),
            };
            self.ask(command.as_bytes());
        }
    }

    /// The SSH server does not listen.
    pub(super) fn forward_failed(&mut self, id: DataId, text: &str) {
        if self.forwarding(id).is_some() {
            let answer = Answer::message(425, &FTP_FORWARD_REFUSED, &[("reason", &text)]);
            self.answer_active(id, answer);
        }
    }

    /// The FTP server's reply to the PORT that stands for the client's.
    pub(super) fn named_reply(
        &mut self,
        index: usize,
        active: Active,
        at: SocketAddr,
        code: Code,
        line: &Line,
    ) {
        let Active { data, failure, .. } = active;
        let answer = if let Some(failure) = failure {
            failure
        } else if code.is_completion() {
            self.prepared = Prepared::Ready(data);
            Answer { code: code.number(), line: line.bytes().to_vec() }
        } else {
            self.act(Action::DropData { id: data.id });
            if code == 530 || code.number() / 100 == 4 {
                // What the client would have been told for its own.
                Answer::passed_on(code, line)
            } else {
                let text = String::from_utf8_lossy(line.text()).into_owned();
                let command = if at.is_ipv4() { "PORT" } else { "EPRT" };
                let arguments =
                    [("command", &command as _), ("address", &at as _), ("reply", &text as _)];
                let answer = Answer::message(425, &FTP_PORT_REFUSED, &arguments);
                self.act(Action::Say(Note::PortRefused { command, address: at, reply: text }));
                answer
            }
        };
        self.awaited.insert(index, Awaited::Answer(answer));
    }

    /// The FTP server has connected: the client's side is made if the transfer has begun.
    pub(super) fn server_connected(&mut self, id: DataId) {
        let is_it = |awaited: &Awaited| match awaited {
            Awaited::Transfer(running) => {
                running.transfer.data == Some(id) && running.has_begun && !running.is_answered
            }
            _ => false,
        };
        if let Some(index) = self.awaited.iter().position(is_it) {
            self.make_client_side(index);
        }
    }

    /// A second connection came where one was expected, from where the FTP server may come: nobody
    /// knows which of them is its own.
    pub(super) fn data_disputed(&mut self, id: DataId) {
        let Some(running) = self.running(id) else { return };
        let answer = Answer::message(426, &FTP_DATA_DISPUTED, &[]);
        running.lose(Failure { answer, at_once: false });
        self.act(Action::DropData { id });
        self.settle();
    }

    /// ABOR: a PORT that the server has not heard of will not be sent, so that its answer stays in
    /// front of that to ABOR.
    pub(super) fn abort_forwarding(&mut self) {
        let is_it = |awaited: &Awaited| match awaited {
            Awaited::Active(active) => active.stage == Stage::Forwarding,
            _ => false,
        };
        let Some(index) = self.awaited.iter().position(is_it) else { return };
        if let Awaited::Active(active) = &self.awaited[index] {
            let id = active.data.id;
            self.act(Action::DropData { id });
            self.answer_active(id, Answer::message(425, &FTP_DATA_GONE, &[]));
        }
    }

    /// Ends the wait of a PORT. What the FTP server was asked it will answer all the same: until then
    /// the answer waits.
    pub(super) fn answer_active(&mut self, id: DataId, answer: Answer) {
        let Some(index) = self.position_of_active(id) else { return };
        if let Awaited::Active(active) = &mut self.awaited[index] {
            if matches!(active.stage, Stage::Named(_)) {
                active.failure.get_or_insert(answer);
                return;
            }
        }
        self.awaited[index] = Awaited::Answer(answer);
        self.settle();
    }

    /// The PORT that waits for this forward's port.
    fn forwarding(&mut self, id: DataId) -> Option<&mut Active> {
        self.awaited.iter_mut().find_map(|awaited| match awaited {
            Awaited::Active(active) if active.data.id == id => {
                (active.stage == Stage::Forwarding).then_some(active)
            }
            _ => None,
        })
    }
}

impl Running {
    /// Whether its data connection is still to come from the FTP server.
    pub(super) fn awaits_server(&self) -> bool {
        !self.is_answered
            && self.failure.is_none()
            && self.data.as_ref().is_some_and(DataConnection::awaits_server)
    }

    /// Its final 2xx has come before its data connection: which one, the first time.
    pub(super) fn hurry(&mut self) -> Option<DataId> {
        let data = self.data.as_mut()?;
        (!std::mem::replace(&mut data.is_overdue, true)).then_some(data.id)
    }
}
