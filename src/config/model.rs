//! The checked configuration: what the deck says after every card has been read and verified.
//!
//! Made by [`super::load`] only, never changed afterwards; a refresh makes a new one and swaps it
//! whole. Invariants: every name a record refers to exists; every number is within its documented
//! bounds; filters stand in deck order; a filter with action TUNNEL or FTPTUN has a profile, and
//! that profile has what the login of the filter needs.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Forward;
use super::rules::{AddressSet, Destination, PortSet};
use super::settings::Scope;
use crate::codepage::CodePage;
use crate::dataset::FileName;
use crate::message::log::RouteSettings;

/// One deck, checked.
#[derive(Debug)]
pub struct Config {
    /// The deck's name as given on the command line, for messages.
    pub source: String,
    /// Doors, in deck order; at least one.
    pub listeners: Vec<Arc<Listener>>,
    /// SSH servers, in deck order.
    pub profiles: Vec<Arc<Profile>>,
    /// Rules, in deck order: the first that matches decides.
    pub filters: Vec<Arc<Filter>>,
    /// Settings of the process as a whole (SET with name `*`).
    pub process: ProcessSettings,
    /// What holds where no name sets another value, in the order of the manual, for displays.
    pub defaults: Vec<DefaultSetting>,
}

/// One keyword in one place, and the value that holds there without a SET card by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultSetting {
    /// The place.
    pub scope: Scope,
    /// The keyword.
    pub keyword: &'static str,
    /// The value as on a card; empty: none. What a secret is read from is not told.
    pub value: String,
    /// A SET card with `*` gave it.
    pub is_set: bool,
}

/// A LISTEN card and its settings.
#[derive(Debug)]
pub struct Listener {
    /// Columns 10-17.
    pub name: String,
    /// What kind of door it is.
    pub kind: ListenerKind,
    /// Address and port to bind.
    pub address: SocketAddr,
    /// CLIENTS: addresses that may connect. Default: loopback.
    pub clients: AddressSet,
    /// USERS: file with SOCKS5 users (RFC 1929) and their salted hashes. None: no authentication.
    pub users: Option<FileName>,
    /// HANDSHAKE: time a client has from its connection to its complete request.
    pub handshake: Duration,
    /// Card number of the LISTEN card, for messages.
    pub card: usize,
}

/// Kinds of LISTEN cards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerKind {
    /// SOCKS 4, 4a and 5 on one port.
    Socks,
}

/// A PROFILE card and its settings: an SSH server and how to talk to it.
#[derive(Debug)]
pub struct Profile {
    /// Columns 10-17.
    pub name: String,
    /// SSH server; None: the host the application asked for.
    pub host: Option<String>,
    /// SSH port.
    pub port: u16,
    /// HOSTKEY cards of this profile.
    pub pins: Vec<HostKeyPin>,
    /// USER: user name at the SSH server.
    pub user: Option<String>,
    /// AUTH: methods to try, in order, when zoxy logs in as USER.
    pub auth: Vec<AuthMethod>,
    /// AUTH: methods to try, in order, with a user and password from the application (column 36 of
    /// the filter): PASSWORD and KEYBOARD only, for a key of ours proves nothing about the user.
    pub application_auth: Vec<AuthMethod>,
    /// APPLOGIN: whose login opens the sessions of FTP dialogues that give user and password.
    pub application_login: ApplicationLogin,
    /// IDENTITY: private key files, OpenSSH or PEM, tried in order.
    pub identities: Vec<FileName>,
    /// PASSPHRASE: file whose first line opens the private keys.
    pub passphrase_file: Option<FileName>,
    /// PASSWORD: file whose first line is the password.
    pub password_file: Option<FileName>,
    /// KNOWNHOSTS: known_hosts files, all consulted.
    pub known_hosts: Vec<FileName>,
    /// STRICTKEY: what to do with a host key nobody knows.
    pub strict: StrictHostKey,
    /// CIPHERS, in order of preference; None: libssh2's order.
    pub ciphers: Option<String>,
    /// MACS, in order of preference.
    pub macs: Option<String>,
    /// KEX, in order of preference.
    pub kex: Option<String>,
    /// HOSTKEYALGS, in order of preference.
    pub host_key_algorithms: Option<String>,
    /// COMPRESSION: offer zlib@openssh.com.
    pub compression: bool,
    /// CONNTIME: connection, key exchange and login together.
    pub connect_timeout: Duration,
    /// OPENTIME: answer of the SSH server to one channel open.
    pub open_timeout: Duration,
    /// IDLETIME: how long a session without channels stays open.
    pub idle_timeout: Duration,
    /// KEEPALIVE: interval of keepalive requests; zero switches them off.
    pub keepalive: Duration,
    /// KEEPCOUNT: unanswered keepalives after which the session is dead.
    pub keepalive_count: u32,
    /// SESSIONS: most SSH sessions at once for one server and user.
    pub sessions: usize,
    /// CHANNELS: most channels in one session.
    pub channels: usize,
    /// SPREAD: clients in each session from which another one is opened; 0: never before all are full.
    pub spread: usize,
    /// WINDOW: largest receive window of one channel, in bytes.
    pub window: u32,
    /// BACKOFFMIN: first pause after a failed dial; doubled per failure, with jitter.
    pub backoff_min: Duration,
    /// BACKOFFMAX: longest pause between dials.
    pub backoff_max: Duration,
    /// Card number of the PROFILE card, for messages.
    pub card: usize,
}

/// One accepted host key of a profile (HOSTKEY card).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostKeyPin {
    /// SHA-256 of the public key blob.
    Sha256([u8; 32]),
    /// The public key blob itself (decoded from the key line's base64).
    Key(Vec<u8>),
}

/// Ways to log in to an SSH server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthMethod {
    /// Private key of IDENTITY.
    PublicKey,
    /// Password.
    Password,
    /// Keyboard-interactive, every hidden prompt answered with the password.
    Keyboard,
}

/// APPLOGIN values: the logins at the SSH server that an FTP dialogue under Y in column 36 has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApplicationLogin {
    /// That of the job only.
    App,
    /// The profile's own, then that of the job.
    OwnFirst,
    /// That of the job, then the profile's own.
    AppFirst,
}

/// Whose login it is. The two never mix: no key and no password of the profile goes with a user name
/// of the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoginOf {
    /// User and password of the FTP dialogue.
    Application,
    /// USER of the profile, with its keys and password.
    Profile,
}

impl ApplicationLogin {
    /// The logins to try, in order.
    pub fn order(self) -> &'static [LoginOf] {
        match self {
            Self::App => &[LoginOf::Application],
            Self::OwnFirst => &[LoginOf::Profile, LoginOf::Application],
            Self::AppFirst => &[LoginOf::Application, LoginOf::Profile],
        }
    }
}

/// STRICTKEY values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StrictHostKey {
    /// Only pinned or known keys.
    Yes,
    /// A host nobody knows is accepted, warned about, and held to that key while zoxy runs;
    /// a changed key is always refused.
    New,
    /// A host nobody knows is refused, and the operator asked; a key that is confirmed is held to
    /// while zoxy runs.
    Ask,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Connect to the target without SSH.
    Direct,
    /// Refuse.
    Block,
    /// Carry the TCP connection through SSH.
    Tunnel,
    /// Carry the FTP dialogue and its data connections through SSH.
    FtpTunnel,
}

/// A FILTER card and its settings.
#[derive(Debug)]
pub struct Filter {
    /// Columns 10-17.
    pub name: String,
    /// Columns 19-25.
    pub action: Action,
    /// Columns 27-34.
    pub profile: Option<Arc<Profile>>,
    /// Column 36, FTPTUN only: user and password of the SSH login come from the FTP dialogue.
    pub user_from_app: bool,
    /// Column 37: the SSH server is the host the application asked for.
    pub host_from_app: bool,
    /// Column 38: plain connection when the SSH server cannot be reached.
    pub fallback_plain: bool,
    /// Columns 40-50.
    pub ports: PortSet,
    /// Columns 52-71.
    pub destination: Destination,
    /// CONNTIME: plain connections: name resolution and connection together.
    pub connect_timeout: Duration,
    /// IDLETIME: a connection on which nothing moves is closed; None: never.
    pub idle_timeout: Option<Duration>,
    /// HALFTIME: the same once one side has finished sending; None: never.
    pub half_closed_timeout: Option<Duration>,
    /// PASVADDR: data connections go to the address of a 227 reply; false: to the one the client
    /// asked for, whatever the reply says.
    pub pasv_trust: bool,
    /// DATATIME: how long an expected data connection is waited for.
    pub data_timeout: Duration,
    /// COMPOSITE: FTP users may be `user@host`, host being the FTP server; only with
    /// [`user_from_app`](Self::user_from_app).
    pub composite_user: bool,
    /// CTRLCONN: EBCDIC page of the client's control connection; None: ASCII.
    pub control_page: Option<CodePage>,
    /// ACTIVE FORWARD: active clients are served by remote forwarding; None: by passive mode.
    pub forward: Option<Forward>,
    /// Card number of the FILTER card, for messages.
    pub card: usize,
}

/// Settings of the process (SET with name `*`).
#[derive(Debug, Clone)]
pub struct ProcessSettings {
    /// WORKERS: threads that move data; zero: one per CPU.
    pub workers: usize,
    /// MAXCONN: most client connections at once.
    pub max_connections: usize,
    /// MAXCLIENT: most connections at once from one client address.
    pub max_per_client: usize,
    /// DRAINTIME: how long running connections may go on after a stop.
    pub drain: Duration,
    /// CONSOLE: path of the operator's console socket; None: `$XDG_RUNTIME_DIR/zoxy.sock` or
    /// `/run/zoxy.sock` for root.
    pub console: Option<PathBuf>,
    /// RESOLVERS: helper threads of each kind.
    pub resolvers: usize,
    /// CONSGROUP: group whose members may use the console, by name or number.
    pub console_group: Option<String>,
    /// LOGTO, LOGFILE, LOGSIZE, LOGKEEP, SYSLOG, LOGREPEAT: where messages go.
    pub log: RouteSettings,
    /// REPLYTIME: how long a request to the operator stays open.
    pub reply_time: Duration,
    /// WINDOWMEM: bytes by which the receive windows of all channels together may grow.
    pub window_memory: u64,
}

/// Where a client wants to go: as it said it, never resolved here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Target {
    /// Address or name.
    pub host: Host,
    /// TCP port.
    pub port: u16,
}

/// The host part of a [`Target`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// An address; an IPv4-mapped IPv6 address is stored as IPv4.
    Address(IpAddr),
    /// A name, lower case, without a final dot, 1 to 255 bytes, printable ASCII.
    Name(String),
}

impl std::fmt::Display for ListenerKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Socks => f.write_str("SOCKS"),
        }
    }
}

impl std::fmt::Display for AuthMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::PublicKey => "PUBLICKEY",
            Self::Password => "PASSWORD",
            Self::Keyboard => "KEYBOARD",
        })
    }
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Direct => "DIRECT",
            Self::Block => "BLOCK",
            Self::Tunnel => "TUNNEL",
            Self::FtpTunnel => "FTPTUN",
        })
    }
}

impl std::fmt::Display for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.host {
            Host::Address(IpAddr::V6(address)) => write!(f, "[{address}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}
