//! One client connection: what it is, where it is in its life, and the life's states.
//!
//! | state | waits for | then |
//! |---|---|---|
//! | Handshake | bytes of the SOCKS dialogue | Verifying, Resolving, Connecting, Waiting, Lingering |
//! | Verifying | a helper thread's verdict on a password | Handshake, Lingering |
//! | Resolving | a helper thread's addresses | Connecting, Lingering |
//! | Connecting | the target's answer | Direct, Ftp (plain), Connecting (next address), Lingering |
//! | Direct | bytes on either socket | gone |
//! | Waiting | an SSH session | Opening, Resolving (fall-back), Lingering |
//! | Opening | the SSH server's answer to a channel open | Tunnel, Lingering |
//! | Tunnel | bytes of the client or the channel | gone |
//! | Ftp | bytes of the client or its FTP server | Waiting (login), gone |
//! | Bound | the data connection of an active FTP client | Tunnel, Direct (plain), gone |
//! | Calling | an active FTP client's answer at its data port | Tunnel, Direct (plain), gone |
//! | Lingering | the client to read its refusal and close | gone |
//!
//! A client belongs to one worker at a time; only that worker touches it. `Client::enter` is the
//! only place that changes its state.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use mio::net::TcpStream;
use zeroize::Zeroizing;

use super::expected::DataLink;
use super::jobs::Ticket;
use super::key::Key;
use super::limits::Permit;
use super::shared::{Live, Seat};
use crate::config::{Filter, Listener, LoginOf, Target};
use crate::gateway::ftp::{BindId, DataId, Dialogue, Transfer};
use crate::gateway::splice::Relay;
use crate::socks::{Negotiation, Version};
use crate::ssh::channels::{ChannelId, ForwardId};
use crate::ssh::pool::{PoolKey, Server};

/// A client connection.
pub struct Client {
    /// The `#id` of log lines and displays.
    pub number: u64,
    /// Its place on this worker.
    pub key: Key,
    /// Its socket, registered with this worker's poll.
    pub socket: TcpStream,
    /// Where it comes from.
    pub peer: SocketAddr,
    /// The door it came through.
    pub listener: Arc<Listener>,
    /// Its share of the limits, given back when it goes.
    pub permit: Permit,
    /// What the poll said last about its socket.
    pub ready: Ready,
    /// True while its key stands in the run queue.
    pub queued: bool,
    /// What was decided about its request.
    pub route: Option<Box<Route>>,
    /// Bytes from the client.
    pub up: u64,
    /// Bytes to the client.
    pub down: u64,
    /// When it was accepted.
    pub since: Instant,
    /// When a byte moved last.
    pub active: Instant,
    /// The FTP dialogue, if it is a control connection under FTPTUN.
    pub ftp: Option<Box<FtpControl>>,
    /// The control connection it belongs to, if it is an FTP data connection.
    pub data: Option<DataLink>,
    /// The helper thread's job that its state waits for; gone with the state.
    pub errand: Option<Ticket>,
    state: State,
}

/// Where a client lives, seen from other threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Worker index.
    pub worker: usize,
    /// Its key on that worker.
    pub client: Key,
}

/// What a control connection has beside its socket.
pub struct FtpControl {
    /// What the two sides say to each other.
    pub dialogue: Dialogue,
    /// What was decided about the SOCKS request. The route of a composite user name is another one.
    pub asked: Asked,
    /// The way to the FTP server, once it is there.
    pub link: Option<ControlLink>,
    /// User and password of the dialogue, until the login has succeeded or failed.
    pub login: Option<PendingLogin>,
    /// The SSH server has refused a login: the dialogue does not go on in clear any more.
    pub was_refused: bool,
    /// False while the SOCKS request still waits for its answer.
    pub answered: bool,
    /// Bytes of the server that its window has not been opened for yet.
    pub uncredited: usize,
    /// The transfer under way, for displays.
    pub transfer: Option<Transfer>,
    /// The SSH server of its transfers: records name it when its session is gone.
    pub server: Option<Server>,
    /// Data connections that the dialogue gave up, with the bytes of client and server, the newest
    /// last: records of their transfers, which come later, do not have them.
    pub given_up: VecDeque<(DataId, u64, u64)>,
    /// The client's socket is of no use any more: nothing is read, what it is told is dropped.
    pub deaf: bool,
    /// Data channels that have no client socket yet.
    pub slots: Vec<DataSlot>,
    /// Ports of the SSH server that wait for the FTP server.
    pub forwards: Vec<ForwardSlot>,
    /// The forward that was used last, and for what.
    pub used_forward: Option<(ForwardId, DataId)>,
    /// Waiting BINDs that the dialogue knows of.
    pub binds: Vec<BindId>,
    /// Why it ends, once everything for the client has been written.
    pub closing: Option<String>,
}

/// The way from zoxy to the FTP server of a control connection. Its data connections go the same.
pub enum ControlLink {
    /// A channel of an SSH session.
    Channel(Key, ChannelId),
    /// A connection in clear.
    Plain(Box<PlainLink>),
}

/// The plain connection of a dialogue that goes on without SSH.
pub struct PlainLink {
    /// The socket, registered as the client's target.
    pub socket: TcpStream,
    /// Its readiness.
    pub ready: Ready,
    /// The FTP server's address: that of its data ports too.
    pub address: IpAddr,
    /// The dialogue knows that it has ended.
    pub has_ended: bool,
    /// Data connections that have no client socket yet.
    pub slots: Vec<PlainSlot>,
}

/// A plain connection to the FTP server's data port that waits for the client's side.
pub struct PlainSlot {
    /// The dialogue's name for it.
    pub id: DataId,
    /// The socket. What comes waits in it.
    pub socket: TcpStream,
    /// When the FTP server has to have answered; None once it has.
    pub until: Option<Instant>,
}

/// The SOCKS request of a control connection.
pub struct Asked {
    /// The configuration it was decided by.
    pub live: Arc<Live>,
    /// The filter that matched.
    pub filter: Arc<Filter>,
    /// The FTP server as the client knows it: its BINDs name this host.
    pub target: Target,
}

/// The login of a dialogue that has given user and password.
pub struct PendingLogin {
    /// What it has given.
    credential: Credential,
    /// Whose logins are still to be tried, that under way first.
    order: &'static [LoginOf],
    /// Why those before were of no use, in words for the job's log.
    failures: Vec<String>,
    /// The SSH server has refused one of them.
    pub was_refused: bool,
}

impl PendingLogin {
    /// The login of a dialogue that has `order`, which is not empty, to try.
    pub fn new(credential: Credential, order: &'static [LoginOf]) -> Self {
        Self { credential, order, failures: Vec::new(), was_refused: false }
    }

    /// User and password of the login under way; None: it is the profile's own, user and all.
    pub fn credential(&self) -> Option<&Credential> {
        match self.order.first() {
            Some(LoginOf::Profile) => None,
            Some(LoginOf::Application) | None => Some(&self.credential),
        }
    }

    /// Goes on to the next login, as the one under way was of no use, whether refused or not to be made
    /// at all; false: that was the last one.
    pub fn go_on(&mut self, failure: &str, is_refusal: bool) -> bool {
        self.was_refused |= is_refusal;
        self.failures.push(match self.credential() {
            Some(_) => failure.to_owned(),
            // Which keys the profile has does not concern the job.
            None => "the profile's own login was of no use".to_owned(),
        });
        self.order = self.order.get(1..).unwrap_or_default();
        !self.order.is_empty()
    }

    /// Why none was of use.
    pub fn failures(&self) -> String {
        self.failures.join("; ")
    }
}

/// User and password for an SSH login.
#[derive(Clone)]
pub struct Credential {
    /// User name.
    pub user: String,
    /// Password.
    pub password: Zeroizing<String>,
}

/// A channel to the FTP server's data port that waits for the client's side.
pub struct DataSlot {
    /// The dialogue's name for it.
    pub id: DataId,
    /// The channel.
    pub channel: ChannelId,
    /// Bytes that came already, bounded by the channel's window.
    pub backlog: VecDeque<u8>,
    /// EOF came.
    pub eof: bool,
    /// What it waits for.
    pub wait: SlotWait,
    /// The client is passive, and comes by itself.
    pub is_passive: bool,
    /// Who made it, as the SSH server sees it, if that was the FTP server.
    pub peer: Option<SocketAddr>,
}

impl DataSlot {
    /// A channel that the SSH server was asked for, and has to have opened by `until`.
    pub fn opening(id: DataId, channel: ChannelId, is_passive: bool, until: Instant) -> Self {
        let wait = SlotWait::Server(until);
        Self { id, channel, backlog: VecDeque::new(), eof: false, wait, is_passive, peer: None }
    }

    /// A channel that is open, and waits for a client's side that zoxy makes.
    pub fn open(id: DataId, channel: ChannelId, peer: Option<SocketAddr>) -> Self {
        let (wait, is_passive) = (SlotWait::Client(None), false);
        Self { id, channel, backlog: VecDeque::new(), eof: false, wait, is_passive, peer }
    }

    /// When it has waited for too long.
    pub fn until(&self) -> Option<Instant> {
        match self.wait {
            SlotWait::Server(until) => Some(until),
            SlotWait::Client(until) => until,
        }
    }
}

/// What a data slot waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SlotWait {
    /// The SSH server's answer, until then.
    Server(Instant),
    /// The client's side; a passive client's until then.
    Client(Option<Instant>),
}

/// A port that the SSH server listens on, or will, for the FTP server to connect to.
pub struct ForwardSlot {
    /// The dialogue's name for the data connection.
    pub id: DataId,
    /// The session's name for the forward.
    pub forward: ForwardId,
    /// The port; None until the SSH server has answered.
    pub port: Option<u16>,
    /// When the SSH server has to have answered, then when the FTP server has to have connected.
    pub until: Instant,
    /// The transfer is complete, and waits for nothing else.
    pub is_overdue: bool,
}

/// Remembered readiness of a socket: edges come once.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ready {
    /// A read may give something.
    pub read: bool,
    /// A write may take something.
    pub write: bool,
    /// The peer has closed its side (or all), or has sent urgent data: a short read is not the last.
    pub hup: bool,
    /// The connection is broken or closed both ways.
    pub dead: bool,
}

/// What was decided about a client's request.
pub struct Route {
    /// The configuration it was decided by.
    pub live: Arc<Live>,
    /// The filter that matched.
    pub filter: Arc<Filter>,
    /// Where the client wants to go.
    pub target: Target,
    /// The SOCKS version its answer must have.
    pub version: Version,
    /// TUNNEL: the seat it was placed on and the key it was placed by.
    pub seat: Option<(PoolKey, Seat)>,
    /// Sessions that ended or were full before the client had a channel.
    pub moves: u8,
    /// Bytes the client sent after its request, before the answer.
    pub early: Vec<u8>,
}

/// Where a client is in its life.
pub enum State {
    /// The SOCKS dialogue; what has come and is not yet consumed.
    Handshake(Box<Negotiation>, Vec<u8>),
    /// The dialogue while a helper thread checks a password.
    Verifying(Box<Negotiation>, Vec<u8>, String),
    /// A helper thread resolves the target's name.
    Resolving,
    /// Connecting to the target, DIRECT.
    Connecting(Box<Connecting>),
    /// Relaying between two sockets.
    Direct(Box<Direct>),
    /// Waiting for its SSH session to open.
    Waiting,
    /// Waiting for the SSH server's answer to its channel open.
    Opening(Key, ChannelId),
    /// Relaying between the socket and a channel.
    Tunnel(Tunnel),
    /// An FTP control connection.
    Ftp,
    /// A SOCKS BIND that waits for its connection, under this name.
    Bound(BindId),
    /// Zoxy's own connection to the data port of an active FTP client is being made.
    Calling,
    /// Refused; what the client still sends is read and dropped, up to this many bytes.
    Lingering(usize),
    /// Taken out by a handler that will put the next one in.
    Changing,
}

/// A DIRECT connection on its way to the target.
pub struct Connecting {
    /// The attempt under way.
    pub socket: TcpStream,
    /// Its address.
    pub address: SocketAddr,
    /// Addresses not yet tried.
    pub others: VecDeque<SocketAddr>,
}

/// A DIRECT relay.
pub struct Direct {
    /// The target's socket.
    pub target: TcpStream,
    /// Readiness of the target's socket.
    pub ready: Ready,
    /// What moves the bytes, both ways.
    pub relay: Relay,
    /// An FTP data connection: its dialogue knows that this direction, up and down, has finished.
    pub told: [bool; 2],
}

/// A relay between the client's socket and a channel.
pub struct Tunnel {
    /// The SSH session.
    pub session: Key,
    /// The channel.
    pub channel: ChannelId,
    /// Bytes of the channel that the client has not taken; bounded by the channel's window.
    pub backlog: VecDeque<u8>,
    /// Early bytes of the client already sent.
    pub early_sent: usize,
    /// Channel to client: this half's state.
    pub down: Half,
    /// Client to channel: this half's state.
    pub up: Half,
    /// True while it stands in its session's list of clients waiting to send.
    pub blocked: bool,
    /// An FTP data connection: its dialogue knows that this direction, up and down, has finished.
    pub told: [bool; 2],
}

/// One direction of a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// Bytes may come.
    Open,
    /// The source has finished; bytes are still to be delivered.
    Draining,
    /// The sink has been told.
    Finished,
}

/// A client's parts that its first state needs.
pub struct Arrival {
    /// The `#id`.
    pub number: u64,
    /// The accepted socket.
    pub socket: TcpStream,
    /// Its peer.
    pub peer: SocketAddr,
    /// The door.
    pub listener: Arc<Listener>,
    /// Its share of the limits.
    pub permit: Permit,
}

/// What a relay handler borrows of a client.
pub struct Parts<'a> {
    /// Its socket.
    pub socket: &'a mut TcpStream,
    /// Its readiness.
    pub ready: &'a mut Ready,
    /// Its state.
    pub state: &'a mut State,
    /// Bytes it sent after its request.
    pub early: &'a [u8],
    /// Bytes from it.
    pub up: &'a mut u64,
    /// Bytes to it.
    pub down: &'a mut u64,
    /// When a byte moved last.
    pub active: &'a mut Instant,
}

impl ControlLink {
    /// Session and channel, if it goes through SSH.
    pub fn channel(&self) -> Option<(Key, ChannelId)> {
        match self {
            Self::Channel(session, channel) => Some((*session, *channel)),
            Self::Plain(_) => None,
        }
    }
}

impl Ready {
    /// A socket nobody has asked yet: both ways are worth a try.
    pub fn fresh() -> Self {
        Self { read: true, write: true, hup: false, dead: false }
    }

    /// Whether an event said "dead" since this was asked last. In a relay that alone is no failure:
    /// a connection that both sides have closed in order says the same, with bytes left to read.
    pub fn take_dead(&mut self) -> bool {
        std::mem::take(&mut self.dead)
    }
}

impl Client {
    /// A client that has just been accepted.
    pub fn new(arrival: Arrival, key: Key, authenticate: bool, now: Instant) -> Self {
        let Arrival { number, socket, peer, listener, permit } = arrival;
        Self {
            number,
            key,
            socket,
            peer,
            listener,
            permit,
            ready: Ready::fresh(),
            queued: false,
            route: None,
            up: 0,
            down: 0,
            since: now,
            active: now,
            ftp: None,
            data: None,
            errand: None,
            state: State::Handshake(Box::new(Negotiation::new(authenticate)), Vec::new()),
        }
    }

    /// Its state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Its state, to work on in place.
    pub fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    /// The plain way to its FTP server, if it is a control connection that has one.
    pub fn plain(&self) -> Option<&PlainLink> {
        match &self.ftp.as_ref()?.link {
            Some(ControlLink::Plain(plain)) => Some(plain),
            _ => None,
        }
    }

    /// The same, to work on.
    pub fn plain_mut(&mut self) -> Option<&mut PlainLink> {
        match &mut self.ftp.as_mut()?.link {
            Some(ControlLink::Plain(plain)) => Some(plain),
            _ => None,
        }
    }

    /// Whether bytes move between its socket and its target.
    pub fn is_relay(&self) -> bool {
        matches!(self.state, State::Tunnel(_) | State::Direct(_))
    }

    /// Its fields that relaying works on, side by side.
    pub fn parts(&mut self) -> Parts<'_> {
        Parts {
            socket: &mut self.socket,
            ready: &mut self.ready,
            state: &mut self.state,
            early: self.route.as_ref().map_or(&[], |route| &route.early),
            up: &mut self.up,
            down: &mut self.down,
            active: &mut self.active,
        }
    }

    /// Takes the state out; the caller must [`enter`](Self::enter) one before it returns.
    pub fn leave(&mut self) -> State {
        std::mem::replace(&mut self.state, State::Changing)
    }

    /// Puts the next state in.
    pub fn enter(&mut self, state: State) {
        log::trace!("#{} {} -> {}", self.number, self.state.name(), state.name());
        self.errand = None;
        self.state = state;
    }

    /// The target for messages; a dash before the request is known.
    pub fn target_text(&self) -> String {
        self.route.as_ref().map_or_else(|| "-".into(), |route| route.target.to_string())
    }
}

impl State {
    /// Its name in traces and displays.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Handshake(..) => "HANDSHAKE",
            Self::Verifying(..) => "VERIFYING",
            Self::Resolving => "RESOLVING",
            Self::Connecting(_) => "CONNECTING",
            Self::Direct(_) => "DIRECT",
            Self::Waiting => "WAITING",
            Self::Opening(..) => "OPENING",
            Self::Tunnel(_) => "TUNNEL",
            Self::Ftp => "FTP",
            Self::Bound(_) => "BOUND",
            Self::Calling => "CALLING",
            Self::Lingering(_) => "LINGERING",
            Self::Changing => "CHANGING",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ApplicationLogin;

    fn pending(login: ApplicationLogin) -> PendingLogin {
        let password = Zeroizing::new("secret".to_owned());
        PendingLogin::new(Credential { user: "tom".into(), password }, login.order())
    }

    /// Whose logins are tried, `true` for those with user and password of the job.
    fn tried(mut login: PendingLogin) -> (Vec<bool>, String) {
        let mut tried = Vec::new();
        loop {
            tried.push(login.credential().is_some());
            if !login.go_on("password: refused", true) {
                assert!(login.was_refused);
                return (tried, login.failures());
            }
        }
    }

    #[test]
    fn each_login_is_tried_once_in_its_order() {
        let own = "the profile's own login was of no use";
        let job = "password: refused";
        for (login, order, failures) in [
            (ApplicationLogin::App, vec![true], job.to_owned()),
            (ApplicationLogin::OwnFirst, vec![false, true], format!("{own}; {job}")),
            (ApplicationLogin::AppFirst, vec![true, false], format!("{job}; {own}")),
        ] {
            assert_eq!(tried(pending(login)), (order, failures), "{login:?}");
        }
    }
}
