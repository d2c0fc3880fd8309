//! Data connections: prepared by PASV or PORT, used by a transfer, ended.
//!
//! | state | where | next |
//! |---|---|---|
//! | Active | waits for the server's 229 and for its channel; `forward` has another way | prepared, or 425 |
//! | prepared | belongs to the next transfer command | running; dropped by another PASV or PORT |
//! | failed | its channel or BIND is lost | the next transfer command gets 425 |
//! | running | belongs to a transfer without final reply | settling |
//! | settling | its transfer has its final reply, bytes still move | recorded |

use std::net::{SocketAddr, SocketAddrV4};

use super::answer::Answer;
use super::dialogue::Dialogue;
use super::reply::Awaited;
use super::{Action, BindId, DataId, Direction, Origin, Transfer, TransferRecord, TransferResult};
use crate::ftp::Code;
use crate::message::catalogue::{
    FTP_CLIENT_UNREACHABLE, FTP_DATA_BROKEN, FTP_DATA_GONE, FTP_DATA_REFUSED, FTP_SERVER_ABSENT,
};

/// One data connection.
#[derive(Debug)]
pub(super) struct DataConnection {
    pub id: DataId,
    /// Where its client side comes from.
    pub client: ClientSide,
    /// The server makes it, by remote forwarding.
    is_forwarded: bool,
    /// Its transfer is complete, and it has not come.
    pub is_overdue: bool,
    link: Link,
    /// Bytes of client and server, as far as they were counted.
    up: u64,
    down: u64,
    /// The client's, the server's end of data was passed on.
    up_ended: bool,
    down_ended: bool,
}

/// The client's side of a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClientSide {
    /// Passive: it comes by itself.
    Comes,
    /// Active: it listens here.
    Address(SocketAddr),
    /// Active: it waits in a BIND.
    Bind(BindId),
}

/// The channel of a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Link {
    Pending,
    Open,
    /// The engine has ended it, or was told to: no more comes but the last count.
    Ended,
}

/// The data connection of the next transfer.
#[derive(Debug)]
pub(super) enum Prepared {
    None,
    Ready(DataConnection),
    /// What the next transfer command is answered.
    Failed(Answer),
}

/// A PORT or EPRT on its way to its answer.
#[derive(Debug)]
pub(super) struct Active {
    /// PORT or EPRT.
    pub command: &'static str,
    pub data: DataConnection,
    pub stage: Stage,
    /// Named only: it is lost already, and this is the answer when the server has replied.
    pub failure: Option<Answer>,
}

/// What a PORT or EPRT waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// The reply to EPSV.
    Epsv,
    /// The reply to PASV.
    Pasv,
    /// The data channel.
    Opening,
    /// The SSH server's port.
    Forwarding,
    /// The reply to a PORT or EPRT with the SSH server's port.
    Named(SocketAddr),
}

/// A transfer between its command and its record.
#[derive(Debug)]
pub(super) struct Running {
    pub transfer: Transfer,
    pub verb: &'static str,
    pub data: Option<DataConnection>,
    /// A 1xx has come, or its final 2xx.
    pub has_begun: bool,
    /// Its final 2xx has come, and is the next reply that is taken.
    pub is_confirmed: bool,
    /// The client has its final reply.
    pub is_answered: bool,
    /// ABOR came.
    pub is_aborted: bool,
    /// The dialogue ended before its final reply.
    pub is_interrupted: bool,
    /// An upload whose client closed its control connection before the data had ended, as one that
    /// is killed does: whether the client sent all of it nobody can say.
    pub is_doubtful: bool,
    /// What is to be told instead of a 2xx.
    pub failure: Option<Failure>,
    /// The last reply told: code and line.
    code: u16,
    reply: String,
}

/// A transfer that cannot succeed any more.
#[derive(Debug)]
pub(super) struct Failure {
    pub answer: Answer,
    /// It is told as soon as its turn comes, not in place of the server's final reply.
    pub at_once: bool,
}

impl Dialogue {
    pub(super) fn next_data(&mut self) -> DataId {
        self.last_data = self.last_data.wrapping_add(1);
        DataId(self.last_data)
    }

    /// The data connection prepared before is not used.
    pub(super) fn drop_prepared(&mut self) {
        let prepared = std::mem::replace(&mut self.prepared, Prepared::None);
        if let Prepared::Ready(data) = prepared {
            if !data.is_over() {
                self.act(Action::DropData { id: data.id });
            }
        }
    }

    /// The transfer has begun at the server: an active client gets its connection.
    pub(super) fn begin_transfer(&mut self, index: usize) {
        let Some(Awaited::Transfer(running)) = self.awaited.get_mut(index) else { return };
        if std::mem::replace(&mut running.has_begun, true) || running.is_answered {
            return;
        }
        self.make_client_side(index);
    }

    /// Makes the client's side of a transfer's data connection, unless the server's is still to come.
    pub(super) fn make_client_side(&mut self, index: usize) {
        let Some(Awaited::Transfer(running)) = self.awaited.get(index) else { return };
        let Some(data) = running.data.as_ref().filter(|data| !data.is_over()) else { return };
        let id = data.id;
        if data.awaits_server() {
            self.act(Action::AdmitServer { id });
            return;
        }
        match data.client {
            ClientSide::Comes => {}
            ClientSide::Address(to) => self.act(Action::ConnectClient { id, to }),
            ClientSide::Bind(bind) => {
                self.binds.retain(|(waiting, _)| *waiting != bind);
                self.act(Action::AcceptBind { id, bind });
            }
        }
    }

    /// The transfer's final reply is known: it is recorded once its bytes are counted.
    pub(super) fn finish(&mut self, running: Running) {
        if running.is_counted() {
            self.record(running);
            return;
        }
        self.settling.push_back(running);
        if self.settling.len() > MAX_SETTLING {
            if let Some(oldest) = self.settling.pop_front() {
                self.record(oldest);
            }
        }
    }

    /// The transfer is over for good.
    pub(super) fn record(&mut self, running: Running) {
        let result = running.result();
        let bytes = running.data.as_ref().map_or(0, |data| match running.transfer.direction {
            Direction::Upload => data.up,
            Direction::Download => data.down,
        });
        self.act(Action::TransferEnded(TransferRecord {
            representation: self.representation.clone(),
            bytes,
            code: running.code,
            reply: running.reply,
            result,
            ended: (self.settings.now)(),
            transfer: running.transfer,
        }));
    }

    pub(super) fn data_opened(&mut self, id: DataId) {
        if let Some(index) = self.position_of_active(id) {
            let Some(Awaited::Active(mut active)) = self.awaited.remove(index) else { return };
            active.data.link = Link::Open;
            let answer = Answer::plain(200, &format!("{} accepted", active.command));
            self.awaited.insert(index, Awaited::Answer(answer));
            self.prepared = Prepared::Ready(active.data);
            self.settle();
        } else if let Some(data) = self.data(id).filter(|data| data.link == Link::Pending) {
            data.link = Link::Open;
            if data.is_forwarded {
                self.server_connected(id);
            }
        }
    }

    pub(super) fn data_failed(&mut self, id: DataId, text: &str) {
        let is_forwarded = |data: &mut DataConnection| data.is_forwarded;
        if let Some(index) = self.position_of_active(id) {
            let is_forwarded = match &mut self.awaited[index] {
                Awaited::Active(active) => is_forwarded(&mut active.data),
                _ => false,
            };
            self.answer_active(id, no_connection(is_forwarded, text));
        } else {
            let is_forwarded = self.data(id).is_some_and(is_forwarded);
            self.lose(id, no_connection(is_forwarded, text), true);
        }
    }

    pub(super) fn data_eof(&mut self, id: DataId, from: Origin, bytes: u64) {
        let Some(data) = self.data(id) else { return };
        match from {
            Origin::Client => {
                data.up = bytes;
                data.up_ended = true;
            }
            Origin::Server => {
                data.down = bytes;
                data.down_ended = true;
                let is_open = !data.up_ended;
                let running = self.running(id);
                if is_open && running.is_some_and(|r| r.transfer.direction == Direction::Download) {
                    self.act(Action::FinishData { id });
                }
            }
        }
        self.record_counted();
    }

    pub(super) fn data_ended(&mut self, id: DataId, up: u64, down: u64, clean: bool) {
        if self.position_of_active(id).is_some() {
            self.answer_active(id, Answer::message(425, &FTP_DATA_GONE, &[]));
            return;
        }
        let Some(data) = self.data(id) else { return };
        (data.up, data.down) = (up, down);
        data.end();
        // What a passive client and the server agreed on between them is the server's to judge.
        let is_lost = !clean || (data.client != ClientSide::Comes && self.is_prepared(id));
        if is_lost {
            let message = if self.is_prepared(id) { &FTP_DATA_GONE } else { &FTP_DATA_BROKEN };
            let code = if self.is_prepared(id) { 425 } else { 426 };
            self.lose(id, Answer::message(code, message, &[]), false);
        }
        self.record_counted();
    }

    pub(super) fn client_connect_failed(&mut self, id: DataId, text: &str) {
        if self.data(id).is_none_or(|data| data.is_over()) {
            return;
        }
        self.act(Action::DropData { id });
        let answer = Answer::message(425, &FTP_CLIENT_UNREACHABLE, &[("reason", &text)]);
        self.lose(id, answer, true);
    }

    pub(super) fn bind_waiting(&mut self, bind: BindId, address: SocketAddrV4) {
        if self.binds.len() >= MAX_BINDS {
            self.binds.remove(0);
        }
        self.binds.push((bind, address));
    }

    pub(super) fn bind_gone(&mut self, bind: BindId) {
        self.binds.retain(|(waiting, _)| *waiting != bind);
        let answer = || Answer::message(425, &FTP_DATA_GONE, &[]);
        let client = ClientSide::Bind(bind);
        if matches!(&self.prepared, Prepared::Ready(data) if data.client == client) {
            self.drop_prepared();
            self.prepared = Prepared::Failed(answer());
        }
        let is_it = |awaited: &Awaited| match awaited {
            // Before the 229 there is nothing to drop, and its reply still has to be taken.
            Awaited::Active(active) => active.data.client == client && active.stage.has_data(),
            _ => false,
        };
        let lost = self.awaited.iter().find(|awaited| is_it(awaited));
        if let Some(Awaited::Active(active)) = lost {
            let id = active.data.id;
            self.act(Action::DropData { id });
            self.answer_active(id, answer());
        }
    }

    /// The server is gone: data channels on their way will not help any more.
    pub(super) fn fail_opening_data(&mut self) {
        let is_opening = |awaited: &Awaited| matches!(awaited, Awaited::Active(_));
        while let Some(index) = self.awaited.iter().position(is_opening) {
            if let Some(Awaited::Active(active)) = self.awaited.remove(index) {
                if active.stage.has_data() {
                    self.act(Action::DropData { id: active.data.id });
                }
            }
            let answer = Answer::message(425, &FTP_DATA_GONE, &[]);
            self.awaited.insert(index, Awaited::Answer(answer));
        }
        self.settle();
    }

    /// The data connection cannot do its work any more.
    pub(super) fn lose(&mut self, id: DataId, answer: Answer, at_once: bool) {
        if self.is_prepared(id) {
            self.prepared = Prepared::Failed(answer);
            return;
        }
        if let Some(running) = self.running(id) {
            running.lose(Failure { answer, at_once });
            self.settle();
        }
    }

    /// Records what waited for its bytes only.
    fn record_counted(&mut self) {
        while let Some(index) = self.settling.iter().position(Running::is_counted) {
            if let Some(running) = self.settling.remove(index) {
                self.record(running);
            }
        }
    }

    /// Bytes of client and server that a transfer's data connection has moved, as far as they are
    /// counted: each when its side has finished. For displays.
    pub fn counted(&self, id: DataId) -> (u64, u64) {
        let awaited = self.awaited.iter().filter_map(|awaited| match awaited {
            Awaited::Transfer(running) => Some(&**running),
            _ => None,
        });
        let mut data = awaited.chain(&self.settling).filter_map(|running| running.data.as_ref());
        data.find(|data| data.id == id).map_or((0, 0), |data| (data.up, data.down))
    }

    fn is_prepared(&self, id: DataId) -> bool {
        matches!(&self.prepared, Prepared::Ready(data) if data.id == id)
    }

    pub(super) fn position_of_active(&self, id: DataId) -> Option<usize> {
        self.awaited
            .iter()
            .position(|awaited| matches!(awaited, Awaited::Active(active) if active.data.id == id))
    }

    /// The transfer that uses the data connection.
    pub(super) fn running(&mut self, id: DataId) -> Option<&mut Running> {
        let awaited = self.awaited.iter_mut().filter_map(|awaited| match awaited {
            Awaited::Transfer(running) => Some(&mut **running),
            _ => None,
        });
        awaited.chain(&mut self.settling).find(|running| running.transfer.data == Some(id))
    }

    /// The data connection, prepared or in use.
    fn data(&mut self, id: DataId) -> Option<&mut DataConnection> {
        if self.is_prepared(id) {
            return match &mut self.prepared {
                Prepared::Ready(data) => Some(data),
                _ => None,
            };
        }
        self.running(id).and_then(|running| running.data.as_mut())
    }
}

impl DataConnection {
    /// One that has nothing but its number.
    pub fn new(id: DataId, client: ClientSide) -> Self {
        Self {
            id,
            client,
            is_forwarded: false,
            is_overdue: false,
            link: Link::Pending,
            up: 0,
            down: 0,
            up_ended: false,
            down_ended: false,
        }
    }

    /// One that the server will make.
    pub fn forwarded(id: DataId, client: ClientSide) -> Self {
        Self { is_forwarded: true, ..Self::new(id, client) }
    }

    /// Whether it is the server's to make, and has not come.
    pub fn awaits_server(&self) -> bool {
        self.is_forwarded && self.link == Link::Pending
    }

    /// Whether its channel is open.
    pub fn is_open(&self) -> bool {
        self.link == Link::Open
    }

    /// Whether the engine has nothing of it any more.
    pub fn is_over(&self) -> bool {
        self.link == Link::Ended
    }

    /// Whether all bytes of the server have reached the client.
    pub fn is_delivered(&self) -> bool {
        self.down_ended
    }

    /// The engine has ended it, or is told to.
    pub fn end(&mut self) {
        self.link = Link::Ended;
    }
}

impl Stage {
    /// Whether nothing can go on before the SSH server has answered.
    pub fn waits_for_ssh(self) -> bool {
        matches!(self, Self::Opening | Self::Forwarding)
    }

    /// Whether the engine has something for it.
    pub fn has_data(self) -> bool {
        matches!(self, Self::Opening | Self::Forwarding | Self::Named(_))
    }
}

impl Running {
    /// A transfer whose command has come.
    pub fn new(transfer: Transfer, verb: &'static str, data: Option<DataConnection>) -> Self {
        Self {
            transfer,
            verb,
            data,
            has_begun: false,
            is_confirmed: false,
            is_answered: false,
            is_aborted: false,
            is_interrupted: false,
            is_doubtful: false,
            failure: None,
            code: 0,
            reply: String::new(),
        }
    }

    /// The client was told this.
    pub fn told(&mut self, code: u16, line: &[u8]) {
        self.code = code;
        self.reply = String::from_utf8_lossy(line).trim_end().to_string();
    }

    /// Whether the lines of a reply are passed on.
    pub fn passes(&self, code: Code) -> bool {
        let is_replaced = code.is_completion() && self.failure.is_some();
        !self.is_answered && !is_replaced
    }

    /// Whether a 2xx has to wait: bytes of a download are still on their way to the client. Only in
    /// MODE S does the end of the data connection say that all of them were passed on.
    pub fn is_under_way(&self, is_stream: bool) -> bool {
        let Some(data) = &self.data else { return false };
        is_stream
            && self.transfer.direction == Direction::Download
            && !self.is_answered
            && self.failure.is_none()
            && data.is_open()
            && !data.is_delivered()
    }

    /// The failure that is to be told now, if there is one.
    pub fn answer_at_once(&mut self) -> Option<Answer> {
        if self.is_answered {
            return None;
        }
        let answer = self.failure.as_ref().filter(|failure| failure.at_once)?.answer.clone();
        self.is_answered = true;
        self.told(answer.code, &answer.line);
        Some(answer)
    }

    /// Its data connection is lost, whatever the engine says later; the first reason is told.
    pub fn lose(&mut self, failure: Failure) {
        if let Some(data) = &mut self.data {
            data.end();
        }
        self.failure.get_or_insert(failure);
    }

    /// ABOR came. The data connection to drop: bytes of a download still on their way are not
    /// wanted any more, nor is a connection that has not come.
    pub fn abort(&mut self) -> Option<DataId> {
        self.is_aborted = true;
        let is_download = self.transfer.direction == Direction::Download;
        let data = self.data.as_ref()?;
        if !(is_download || data.awaits_server()) || data.is_over() || data.is_delivered() {
            return None;
        }
        let id = data.id;
        let answer = Answer::message(426, &FTP_DATA_BROKEN, &[]);
        self.lose(Failure { answer, at_once: false });
        Some(id)
    }

    /// Whether it is an upload whose end has not come from the client.
    pub fn is_uploading(&self) -> bool {
        self.transfer.direction == Direction::Upload
            && self.data.as_ref().is_some_and(|data| data.is_open() && !data.up_ended)
    }

    /// Whether no more bytes can be counted.
    fn is_counted(&self) -> bool {
        self.data.as_ref().is_none_or(|data| {
            data.link != Link::Open
                || match self.transfer.direction {
                    Direction::Upload => data.up_ended,
                    Direction::Download => data.down_ended,
                }
        })
    }

    fn result(&self) -> TransferResult {
        let succeeded = (200..300).contains(&self.code);
        if succeeded && self.failure.is_none() && !self.is_interrupted && !self.is_doubtful {
            TransferResult::Complete
        } else if self.is_aborted {
            TransferResult::Aborted
        } else if !self.has_begun && !self.is_interrupted {
            TransferResult::Refused
        } else {
            TransferResult::Failed
        }
    }
}

/// The answer when the channel cannot be opened, or the server does not connect.
fn no_connection(is_forwarded: bool, text: &str) -> Answer {
    let message = if is_forwarded { &FTP_SERVER_ABSENT } else { &FTP_DATA_REFUSED };
    Answer::message(425, message, &[("reason", &text)])
}

/// Most BINDs of one client that are remembered.
const MAX_BINDS: usize = 16;

/// Most transfers whose bytes are still counted after their final reply.
const MAX_SETTLING: usize = 8;
