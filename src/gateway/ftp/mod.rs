//! The FTP dialogue of one control connection, pure: bytes, events and actions, no I/O.
//!
//! Owned by the engine's client in state FTP. It gives a [`Dialogue`] what the client and the
//! server sent and what became of the data connections, does the [`Action`]s in their order and
//! sends what stands in [`Dialogue::to_client`] and [`Dialogue::to_server`].
//!
//! | phase | client's commands | server's replies |
//! |---|---|---|
//! | Gate | answered here until PASS has come | there is no server yet |
//! | Dialing | wait | there is no server yet |
//! | Replaying | wait | belong to the login that is repeated to the server |
//! | Relaying | relayed, but those that name a data connection | belong to the oldest command |
//! | Aborting | dropped | as in Relaying, until the uploads of a lost client have theirs |
//! | Over | dropped | dropped |
//!
//! Rules: a line is relayed byte for byte unless it must change; replies reach the client in the
//! order of its commands; 2xx for a transfer is only told when no byte was lost on our way.
//!
//! | file | holds |
//! |---|---|
//! | `dialogue` | the [`Dialogue`]: buffers, phases, events |
//! | `login` | Gate, Dialing, Replaying |
//! | `command` | commands while Relaying |
//! | `reply` | replies while Relaying, and to whom each belongs |
//! | `data` | data connections: prepared, in use, ended |
//! | `ending` | clients that end: in order, or not |
//! | `forward` | those that the FTP server makes, by remote forwarding |
//! | `answer` | the replies that are ours |
//! | `note` | what the log is told |
//! | `ebcdic` | clients that do not speak ASCII |

mod answer;
mod command;
mod data;
mod dialogue;
mod ebcdic;
mod ending;
mod forward;
mod login;
mod note;
mod reply;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::{IpAddr, SocketAddr, SocketAddrV4};
use std::time::SystemTime;

use zeroize::Zeroizing;

pub use dialogue::Dialogue;
pub use note::Note;

use crate::codepage::CodePage;
use crate::config::{Forward, Host, Target};
pub use crate::ftp::Direction;

/// What a dialogue has to know about its connection.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Whose user name and password open the SSH session.
    pub login: LoginMode,
    /// The FTP server the client asked for, by SOCKS.
    pub target: Target,
    /// The client's address: where PORT may point to.
    pub client: IpAddr,
    /// Data connections go to the address of a 227 instead of that of the target.
    pub trust_pasv_address: bool,
    /// `USER user@host` names the FTP server (FromApplication only).
    pub composite_user: bool,
    /// Active clients are served by remote forwarding; None: by passive mode.
    pub forward: Option<Forward>,
    /// Code page of a control connection that is not ASCII; None: EBCDIC is refused.
    pub control_page: Option<CodePage>,
    /// The clock of transfer records.
    pub now: fn() -> SystemTime,
    /// Gives the ports that stand for data ports of other hosts than the one the client knows:
    /// another one each time.
    pub next_port: fn() -> u16,
}

/// Whose user name and password open the SSH session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginMode {
    /// Those of the FTP dialogue: we greet, hold USER and PASS, and repeat them to the server.
    FromApplication,
    /// The profile's own: everything is relayed from the server's greeting on.
    Own,
}

/// One data connection of a dialogue; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DataId(pub u32);

/// One SOCKS BIND of the client; the engine gives them out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BindId(pub u64);

/// What the engine has to do, in this order.
#[derive(Debug, PartialEq, Eq)]
pub enum Action {
    /// Open an SSH session with these (or join an equal one), then the control channel.
    /// [`Event::LoggedIn`], [`Event::LoginRefused`] or [`Event::SshFailed`] answers.
    LogIn {
        /// User name.
        user: String,
        /// Password.
        password: Password,
        /// The FTP server a composite user name asks for. The filters have not seen it.
        target: Option<Target>,
    },
    /// Open an SSH session with the profile's own credential, then the control channel. Answered as
    /// LogIn is.
    OpenControl,
    /// Passive: one CONNECT of this client to `port` of one of `hosts` is the data connection; its
    /// channel goes to `to`. [`Event::DataOpened`] once it is open; [`Event::DataFailed`] if the client has
    /// asked and cannot have it, [`Event::ClientConnectFailed`] if it does not come for one that is open.
    Expect {
        /// The data connection.
        id: DataId,
        /// Where its channel goes.
        to: Target,
        /// What the client may call it: the host it asked for, and the one of its 227.
        hosts: Vec<Host>,
        /// The port it was told.
        port: u16,
    },
    /// Active: open a channel to `to` now. [`Event::DataOpened`] or [`Event::DataFailed`] answers;
    /// what the server sends waits for the client's side.
    OpenData {
        /// The data connection.
        id: DataId,
        /// Where its channel goes.
        to: Target,
    },
    /// Active, by remote forwarding: have the SSH server listen. [`Event::Forwarded`] or
    /// [`Event::ForwardFailed`] answers.
    Forward {
        /// The data connection.
        id: DataId,
    },
    /// Its transfer command goes to the server, which connects now or does not: [`Event::DataOpened`]
    /// or [`Event::DataFailed`] tells.
    ExpectServer {
        /// The data connection.
        id: DataId,
    },
    /// The transfer has begun, and the server's connection has not come: one that came before the
    /// command may be the server's.
    AdmitServer {
        /// The data connection.
        id: DataId,
    },
    /// The server has said that the transfer is complete: if it has connected, that is known soon.
    HurryServer {
        /// The data connection.
        id: DataId,
    },
    /// Active without BIND: connect to the client and relay with the open channel.
    /// [`Event::ClientConnected`] or [`Event::ClientConnectFailed`] answers.
    ConnectClient {
        /// The data connection.
        id: DataId,
        /// Where the client listens.
        to: SocketAddr,
    },
    /// Active with BIND: send the second BIND reply to that client and relay with the open channel.
    /// Answered as ConnectClient is.
    AcceptBind {
        /// The data connection.
        id: DataId,
        /// The client that waits.
        bind: BindId,
    },
    /// Forget the expectation or forward, and close channel and client socket, whatever there is of it. A last
    /// [`Event::DataEnded`] may tell the bytes that were moved.
    DropData {
        /// The data connection.
        id: DataId,
    },
    /// The server has sent all of a download: end the other direction of its data connection too,
    /// without waiting for the client to do so. Nothing can come from there, and servers that wait
    /// for the end of the data connection before they confirm a transfer wait for this.
    FinishData {
        /// The data connection.
        id: DataId,
    },
    /// Reset the client's side of a data connection and leave its channel open, without EOF: the
    /// server is asked to abort the upload first. DropData follows; if the server does not answer,
    /// after [`Event::AbortTimedOut`].
    CutClient {
        /// The data connection.
        id: DataId,
    },
    /// A transfer command went to the server.
    TransferStarted(Transfer),
    /// A transfer is over: its final reply has come and its bytes are counted.
    TransferEnded(TransferRecord),
    /// Write this to the log: [`Note::say`].
    Say(Note),
    /// Send what stands in `to_client`, then close; the last action.
    Close {
        /// For the log.
        reason: String,
    },
}

/// What happened outside of the control connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// No SSH server can be reached, and the filter lets the dialogue go on in clear: the answer to
    /// LogIn or OpenControl comes once there is a plain connection to the FTP server, or none.
    FellBack,
    /// The SSH session is there and the control channel is open, or the plain connection is.
    LoggedIn,
    /// The SSH server refused user and password; `text` says why, in words for the job's log.
    LoginRefused {
        /// The reason.
        text: String,
    },
    /// There is no SSH session or no control channel, for another reason.
    SshFailed {
        /// Reply code for the client: 421.
        code: u16,
        /// The reason.
        text: String,
    },
    /// The control channel has ended; all its bytes were given before.
    ControlClosed,
    /// The channel of a data connection is open.
    DataOpened {
        /// Which.
        id: DataId,
    },
    /// It cannot be opened.
    DataFailed {
        /// Which.
        id: DataId,
        /// The reason.
        text: String,
    },
    /// The SSH server listens for the server's data connection.
    Forwarded {
        /// Which.
        id: DataId,
        /// The port.
        port: u16,
    },
    /// It does not.
    ForwardFailed {
        /// Which.
        id: DataId,
        /// The reason.
        text: String,
    },
    /// A second connection has come for a data connection that the server makes.
    DataDisputed {
        /// Which.
        id: DataId,
    },
    /// One side has finished sending, and all it sent, and its end, was given to the other side's
    /// socket or channel. A 226 waits for this: without it a client that keeps its side open until
    /// it sees the 226 would hang.
    DataEof {
        /// Which.
        id: DataId,
        /// Who has finished.
        from: Origin,
        /// Bytes it sent.
        bytes: u64,
    },
    /// The data connection is over.
    DataEnded {
        /// Which.
        id: DataId,
        /// Bytes of the client.
        bytes_up: u64,
        /// Bytes of the server.
        bytes_down: u64,
        /// Whether both ends of data were passed on; false if anything broke or was cut short.
        clean: bool,
    },
    /// The client's side of an active data connection is there.
    ClientConnected {
        /// Which.
        id: DataId,
    },
    /// It cannot be had.
    ClientConnectFailed {
        /// Which.
        id: DataId,
        /// The reason.
        text: String,
    },
    /// The client waits in a BIND, and its first reply named this address.
    BindWaiting {
        /// Which.
        bind: BindId,
        /// What a PORT will say.
        address: SocketAddrV4,
    },
    /// That BIND is gone.
    BindGone {
        /// Which.
        bind: BindId,
    },
    /// The client has closed its control connection in order: it sends no more commands. What it
    /// asked for before is still done.
    ClientClosed,
    /// The client's control connection is lost: it was reset, or has timed out. Its transfers are
    /// cancelled.
    ClientLost {
        /// For the log.
        reason: String,
    },
    /// The server has had its time to abort the uploads of a lost client.
    AbortTimedOut,
    /// zoxy will stop: the dialogue ends as soon as nothing is under way.
    Draining,
    /// zoxy stops.
    Stopping,
    /// An operator has cancelled the dialogue.
    Cancelled,
}

/// A side of a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The FTP client.
    Client,
    /// The FTP server.
    Server,
}

/// A password on its way to the SSH session; wiped when dropped, never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(pub Zeroizing<String>);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

/// A transfer, as its command describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its data connection; None if none was prepared.
    pub data: Option<DataId>,
    /// User at the FTP server; empty if unknown.
    pub user: String,
    /// The verb in capitals.
    pub command: String,
    /// The command's argument; bytes that are no UTF-8 become U+FFFD.
    pub name: String,
    /// Which way its data goes.
    pub direction: Direction,
    /// When the command went to the server.
    pub started: SystemTime,
}

/// A transfer that is over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferRecord {
    /// What it was.
    pub transfer: Transfer,
    /// Representation type as of the last TYPE, in capitals; `A N` by default (RFC 959).
    pub representation: String,
    /// Bytes that went its way.
    pub bytes: u64,
    /// Last reply the client was told.
    pub code: u16,
    /// Its text.
    pub reply: String,
    /// How it ended.
    pub result: TransferResult,
    /// When it ended.
    pub ended: SystemTime,
}

/// How a transfer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferResult {
    /// With 2xx, and nothing was lost.
    Complete,
    /// The server refused it before any data could move.
    Refused,
    /// It failed.
    Failed,
    /// The client aborted it.
    Aborted,
}

impl fmt::Display for TransferResult {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Complete => "COMPLETE",
            Self::Refused => "REFUSED",
            Self::Failed => "FAILED",
            Self::Aborted => "ABORTED",
        })
    }
}
