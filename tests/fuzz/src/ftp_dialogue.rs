//! [`Dialogue`] as the engine drives it: every line that passes is a line that was sent, in its
//! order; nothing is connected to but the FTP server and the client; what is asked of the engine is
//! asked once; and nothing depends on how bytes are cut.
//!
//! The input: a byte of settings, then frames that end with X'1E'. The first byte of a frame says
//! what happens, the rest is what is said, or a number:
//!
//! | frame | what happens |
//! |---|---|
//! | `C` bytes | the client sends |
//! | `S` bytes | the server sends |
//! | `L`, `R`, `F`, `P` | the login: LoggedIn, LoginRefused, SshFailed, FellBack |
//! | `o`, `f` number | a data channel: DataOpened, DataFailed |
//! | `e`, `E` number | DataEof of server, client |
//! | `d`, `D` number | DataEnded clean, not clean |
//! | `k`, `K` number | ClientConnected, ClientConnectFailed |
//! | `b`, `B` number | BindWaiting, BindGone |
//! | `w`, `W`, `z` number | Forwarded, ForwardFailed, DataDisputed |
//! | `X`, `Q`, `q`, `t`, `y`, `Z` | ControlClosed, ClientClosed, ClientLost, AbortTimedOut, Draining, Stopping |
//!
//! The number counts data connections from the last one backwards. What cannot happen at a moment
//! is passed over.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddrV4};
use std::time::SystemTime;

use zoxy::codepage::CodePage;
use zoxy::config::{Forward, Host, Target};
use zoxy::ftp::address::{parse_227, parse_229, rewrite_227, rewrite_229};
use zoxy::ftp::{Command, LineBuffer, Telnet, Verb};
use zoxy::gateway::ftp::{
    Action, BindId, DataId, Dialogue, Event, LoginMode, Note, Origin, Settings, TransferResult,
};

use crate::pieces::is_one_line;

const CLIENT: Ipv4Addr = Ipv4Addr::new(10, 1, 1, 1);
const SERVER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 7);
/// Where the SSH server listens for data connections of the FTP server.
const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const FORWARDED: &[u8] = b"PORT 127,0,0,1,156,65\r\n";

/// Plays the script whole and in pieces.
pub fn run(data: &[u8]) {
    let Some((flags, script)) = data.split_first() else { return };
    let settings = settings(*flags);
    let frames: Vec<&[u8]> = script.split(|byte| *byte == 0x1e).collect();
    let whole = Play::new(&settings, usize::MAX).play(&frames);
    // A script of long lines in single bytes takes too long.
    for size in if script.len() <= 2048 { [1, 5] } else { [509, 4001] } {
        let pieces = Play::new(&settings, size).play(&frames);
        assert_eq!(pieces.heard(), whole.heard(), "in pieces of {size}");
    }
    whole.check();
}

fn settings(flags: u8) -> Settings {
    let is = |bit: u8| flags & (1 << bit) != 0;
    Settings {
        login: if is(0) { LoginMode::FromApplication } else { LoginMode::Own },
        target: Target {
            host: if is(1) { Host::Name("ftp.example".into()) } else { address(SERVER) },
            port: 21,
        },
        client: CLIENT.into(),
        trust_pasv_address: is(2),
        composite_user: is(3),
        forward: is(5).then_some(Forward { address: LOOPBACK, bind: LOOPBACK, from: None }),
        control_page: is(4).then_some(CodePage::Ibm1047),
        now: || SystemTime::UNIX_EPOCH,
        next_port: || 40_000,
    }
}

fn local(forward: &Forward) -> Host {
    Host::Address(forward.address)
}

fn address(address: Ipv4Addr) -> Host {
    Host::Address(IpAddr::V4(address))
}

/// What the engine knows of a data connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Data {
    /// The SSH server is asked to listen for it.
    Forwarding,
    /// It listens; the transfer command has not gone to the FTP server.
    Listening,
    /// Expected, or its channel was asked for.
    Pending,
    /// Its channel is open.
    Open,
    /// It was dropped: a last count may come.
    Dropped,
    /// Nothing more comes.
    Over,
}

struct Play<'a> {
    settings: &'a Settings,
    dialogue: Dialogue,
    /// What client and server send comes in pieces of this size.
    size: usize,
    client_sent: Vec<u8>,
    server_sent: Vec<u8>,
    client_told: Vec<u8>,
    server_told: Vec<u8>,
    actions: Vec<String>,
    /// LogIn or OpenControl waits for its answer; the control channel is open, was closed.
    is_dialing: bool,
    is_open: bool,
    is_over: bool,
    /// Without SSH.
    is_plain: bool,
    /// The client has closed its connection, or lost it.
    is_gone: bool,
    is_lost: bool,
    /// The client speaks EBCDIC.
    is_ebcdic: bool,
    hosts: Vec<Host>,
    data: BTreeMap<u32, Data>,
    called: Vec<u32>,
    broken: Vec<u32>,
    binds: Vec<u64>,
    last_bind: u64,
    transfers: [usize; 2],
}

impl<'a> Play<'a> {
    fn new(settings: &'a Settings, size: usize) -> Self {
        Self {
            settings,
            dialogue: Dialogue::new(settings.clone()),
            size,
            client_sent: Vec::new(),
            server_sent: Vec::new(),
            client_told: Vec::new(),
            server_told: Vec::new(),
            actions: Vec::new(),
            is_dialing: false,
            is_open: false,
            is_over: false,
            is_plain: false,
            is_gone: false,
            is_lost: false,
            is_ebcdic: settings.control_page.is_some(),
            hosts: [Some(settings.target.host.clone()), settings.forward.as_ref().map(local)]
                .into_iter()
                .flatten()
                .collect(),
            data: BTreeMap::new(),
            called: Vec::new(),
            broken: Vec::new(),
            binds: Vec::new(),
            last_bind: 0,
            transfers: [0, 0],
        }
    }

    fn play(mut self, frames: &[&[u8]]) -> Self {
        self.drain(0);
        for frame in frames {
            let Some((what, said)) = frame.split_first() else { continue };
            match what {
                b'C' => self.client(said),
                b'S' => self.server(said),
                _ => {
                    let number = said.first().map_or(0, |digit| u32::from(digit % 8));
                    if let Some(event) = self.event(*what, number) {
                        self.dialogue.event(event);
                        self.drain(0);
                    }
                }
            }
            let shown = format!("{:?}", self.dialogue);
            assert!(is_one_line(&shown) && shown.len() < 60, "{shown}");
        }
        for event in [Event::ClientLost { reason: "gone".into() }, Event::AbortTimedOut] {
            self.is_lost = true;
            self.dialogue.event(event);
            self.drain(0);
        }
        assert!(self.is_over, "the client is gone");
        let [started, ended] = self.transfers;
        assert!(ended >= started, "{started} transfers started, {ended} recorded");
        self
    }

    fn client(&mut self, said: &[u8]) {
        if self.is_gone {
            return;
        }
        self.client_sent.extend_from_slice(said);
        for piece in said.chunks(self.size.min(said.len().max(1))) {
            self.dialogue.from_client(piece);
            self.drain(piece.len());
        }
    }

    /// Cut within the first line only: of a reply that nobody asked for it matters when it comes.
    fn server(&mut self, said: &[u8]) {
        if !self.is_open {
            return;
        }
        self.server_sent.extend_from_slice(said);
        let first = said.iter().position(|byte| *byte == b'\n').unwrap_or(said.len());
        let (line, rest) = said.split_at(first);
        for piece in line.chunks(self.size.min(line.len().max(1))) {
            self.dialogue.from_server(piece);
            self.drain(piece.len());
        }
        self.dialogue.from_server(rest);
        self.drain(rest.len());
    }

    /// What the engine tells, if it can at this moment.
    fn event(&mut self, what: u8, number: u32) -> Option<Event> {
        let text = String::from("because");
        let last = self.data.keys().next_back().copied().unwrap_or(0);
        let number = last.wrapping_sub(number);
        let id = DataId(number);
        let state = self.data.get(&number).copied();
        match what {
            b'L' | b'R' | b'F' => {
                if !std::mem::replace(&mut self.is_dialing, false) {
                    return None;
                }
                self.is_open = what == b'L';
                return Some(match what {
                    b'L' => Event::LoggedIn,
                    b'R' => Event::LoginRefused { text },
                    _ => Event::SshFailed { code: 421, text },
                });
            }
            b'P' => {
                let falls_back = self.is_dialing && !std::mem::replace(&mut self.is_plain, true);
                return falls_back.then_some(Event::FellBack);
            }
            b'X' => {
                return std::mem::replace(&mut self.is_open, false).then_some(Event::ControlClosed);
            }
            b'Q' | b'q' => {
                if self.is_lost || (self.is_gone && what == b'Q') {
                    return None;
                }
                (self.is_gone, self.is_lost) = (true, what == b'q');
                return Some(match what {
                    b'Q' => Event::ClientClosed,
                    _ => Event::ClientLost { reason: text },
                });
            }
            b't' => return self.is_lost.then_some(Event::AbortTimedOut),
            b'y' => return Some(Event::Draining),
            b'Z' => return Some(Event::Stopping),
            b'b' => {
                self.last_bind += 1;
                self.binds.push(self.last_bind);
                let port = 4000 + (self.last_bind % 8) as u16;
                let address = SocketAddrV4::new(Ipv4Addr::new(10, 9, 9, 9), port);
                return Some(Event::BindWaiting { bind: BindId(self.last_bind), address });
            }
            b'B' => {
                let bind = self.binds.pop()?;
                return Some(Event::BindGone { bind: BindId(bind) });
            }
            b'k' | b'K' => {
                let at = self.called.iter().position(|called| *called == number)?;
                self.called.remove(at);
                return Some(match what {
                    b'k' => Event::ClientConnected { id },
                    _ => Event::ClientConnectFailed { id, text },
                });
            }
            _ => {}
        }
        let (next, event) = match (what, state?) {
            (b'w', Data::Forwarding) => (Data::Listening, Event::Forwarded { id, port: 40_001 }),
            (b'W', Data::Forwarding) => (Data::Over, Event::ForwardFailed { id, text }),
            (b'f', Data::Listening) => (Data::Over, Event::DataFailed { id, text }),
            (b'z', Data::Open) => (Data::Open, Event::DataDisputed { id }),
            (b'o', Data::Pending) => (Data::Open, Event::DataOpened { id }),
            (b'f', Data::Pending) => (Data::Over, Event::DataFailed { id, text }),
            (b'e', Data::Open) => {
                (Data::Open, Event::DataEof { id, from: Origin::Server, bytes: 7 })
            }
            (b'E', Data::Open) => {
                (Data::Open, Event::DataEof { id, from: Origin::Client, bytes: 8 })
            }
            (b'd' | b'D', Data::Open | Data::Dropped) => {
                let clean = what == b'd';
                if !clean {
                    self.broken.push(number);
                }
                (Data::Over, Event::DataEnded { id, bytes_up: 8, bytes_down: 7, clean })
            }
            _ => return None,
        };
        self.data.insert(number, next);
        Some(event)
    }

    /// Does what the dialogue wants, up to nothing; `given` bytes were its input.
    fn drain(&mut self, given: usize) {
        const HIGH: usize = 16 * 1024;
        const OURS: usize = 64 * 512;
        loop {
            let mut did = false;
            while let Some(action) = self.dialogue.next_action() {
                did = true;
                self.act(action);
            }
            let told = std::mem::take(self.dialogue.to_client());
            let sent = std::mem::take(self.dialogue.to_server());
            assert!(told.len() <= 2 * HIGH + 2 * given + OURS, "{} bytes to tell", told.len());
            assert!(sent.len() <= 2 * HIGH + 2 * given, "{} bytes to send", sent.len());
            assert!(sent.is_empty() || self.is_open || self.is_over, "there is no server");
            did |= !told.is_empty() || !sent.is_empty();
            self.client_told.extend(told);
            self.server_told.extend(sent);
            if !did {
                break;
            }
        }
    }

    fn act(&mut self, action: Action) {
        assert!(!self.is_over, "an action behind Close: {action:?}");
        self.actions.push(format!("{action:?}"));
        match action {
            Action::LogIn { user, target, .. } => {
                assert_eq!(self.settings.login, LoginMode::FromApplication);
                assert!(!user.is_empty());
                assert!(target.is_none() || self.settings.composite_user);
                self.dial();
                if let Some(target) = target {
                    assert_eq!(target.port, self.settings.target.port);
                    self.hosts.push(target.host);
                }
            }
            Action::OpenControl => {
                assert_eq!(self.settings.login, LoginMode::Own);
                self.dial();
            }
            Action::Expect { id, to, hosts, port } => {
                self.new_data(id, &to);
                assert!(hosts.contains(&self.settings.target.host));
                assert!(port >= 1024, "the client is told the port of a service");
            }
            Action::OpenData { id, to } => self.new_data(id, &to),
            Action::Forward { id } => {
                assert!(self.settings.forward.is_some() && !self.is_plain, "nothing is forwarded");
                let before = self.data.insert(id.0, Data::Forwarding);
                assert_eq!(before, None, "a number is used again");
            }
            Action::ExpectServer { id } => {
                let before = self.data.insert(id.0, Data::Pending);
                assert_eq!(before, Some(Data::Listening), "nobody listens");
            }
            Action::AdmitServer { id } | Action::HurryServer { id } => {
                assert_eq!(self.data.get(&id.0), Some(&Data::Pending), "it is not expected");
            }
            Action::FinishData { id } | Action::CutClient { id } => {
                assert!(self.data.contains_key(&id.0), "it was not asked for");
            }
            Action::ConnectClient { id, to } => {
                assert!(to.ip() == IpAddr::V4(CLIENT) && to.port() >= 1024, "a bounce: {to}");
                self.call(id);
            }
            Action::AcceptBind { id, bind } => {
                // It may be gone by now, and that may not have been told yet.
                assert!((1..=self.last_bind).contains(&bind.0), "nobody waits there");
                self.binds.retain(|waiting| *waiting != bind.0);
                self.call(id);
            }
            Action::DropData { id } => {
                let state = self.data.get_mut(&id.0).expect("it was asked for");
                assert!(*state != Data::Dropped, "dropped twice");
                if *state != Data::Over {
                    *state = Data::Dropped;
                }
            }
            Action::TransferStarted(_) => self.transfers[0] += 1,
            Action::TransferEnded(record) => {
                self.transfers[1] += 1;
                let is_broken = record.transfer.data.is_some_and(|id| self.broken.contains(&id.0));
                let is_complete = record.result == TransferResult::Complete;
                assert!(!is_broken || !is_complete, "broken, and complete: {record:?}");
            }
            Action::Say(note) => self.is_ebcdic |= note == Note::Ebcdic,
            Action::Close { .. } => self.is_over = true,
        }
    }

    fn dial(&mut self) {
        assert!(!self.is_dialing && !self.is_open, "dialed twice");
        self.is_dialing = true;
    }

    fn new_data(&mut self, id: DataId, to: &Target) {
        assert!(to.port >= 1024, "a data port of a service: {to}");
        let is_server = self.settings.trust_pasv_address || self.hosts.contains(&to.host);
        assert!(is_server, "{to} is not the FTP server");
        let before = self.data.insert(id.0, Data::Pending);
        assert_eq!(before, None, "a number is used again");
    }

    fn call(&mut self, id: DataId) {
        let state = self.data.get(&id.0).expect("it was asked for");
        assert_eq!(*state, Data::Open, "the client is called without a channel");
        self.called.push(id.0);
    }

    /// What client, server and engine hear.
    fn heard(&self) -> (String, String, &[String]) {
        let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
        (text(&self.client_told), text(&self.server_told), &self.actions)
    }

    /// Each line that was passed on is one that was sent, in its order.
    fn check(&self) {
        let mut stripped = Vec::new();
        Telnet::new().feed(&self.client_sent, &mut stripped);
        if self.is_ebcdic {
            let page = self.settings.control_page.unwrap_or(CodePage::Ibm1047);
            let text = page.decode(&stripped).replace('\u{85}', "\n");
            stripped = text.chars().map(|c| c as u8).collect();
        }
        let commands = lines(&stripped);
        let mut rest = commands.iter();
        for line in lines(&self.server_told) {
            self.check_command(&line, &commands, &mut rest);
        }
        if self.is_ebcdic {
            return;
        }
        let mut sent = self.server_sent.clone();
        // A last line without its end gets one.
        sent.extend(b"\r\n");
        let replies = lines(&sent);
        let mut rest = &replies[..];
        for line in lines(&self.client_told) {
            let is_it = |reply: &Vec<u8>| self.may_become(reply, &line);
            if is_ours(&line) {
                continue;
            }
            if let Some(at) = rest.iter().position(is_it) {
                rest = &rest[at + 1..];
                continue;
            }
            // What a server says to a PORT of ours during a transfer is told behind its end.
            let text = String::from_utf8_lossy(&line);
            let answers_port =
                text.starts_with("530") || text.starts_with('4') || self.settings.forward.is_some();
            let (told, sent, actions) = self.heard();
            assert!(
                answers_port && replies.iter().any(is_it),
                "the server did not say {text:?}: {told} {sent} {actions:?}"
            );
        }
    }

    fn check_command<'l>(
        &self,
        line: &[u8],
        all: &[Vec<u8>],
        rest: &mut impl Iterator<Item = &'l Vec<u8>>,
    ) {
        let shown = line.escape_ascii();
        if self.settings.forward.is_some() && line == FORWARDED {
            return;
        }
        if line == b"EPSV\r\n" || line == b"PASV\r\n" || (self.is_lost && line == b"ABOR\r\n") {
            return;
        }
        let command = Command::parse(trim(line)).expect("no line without a command is passed on");
        match command.verb {
            verb @ (Verb::Port | Verb::Eprt | Verb::Lprt | Verb::Lpsv) => {
                panic!("the server is sent {verb}")
            }
            verb if verb.is_security() => panic!("the server is sent {verb}"),
            // A login that is repeated comes in another order, a composite name without its host.
            Verb::User if self.settings.composite_user => {}
            Verb::User | Verb::Pass | Verb::Acct => {
                assert!(all.iter().any(|sent| sent == line), "the client did not say {shown}");
            }
            _ => assert!(rest.any(|sent| sent == line), "the client did not say {shown}"),
        }
    }

    /// Whether this is what the client may be told for a line of the server.
    fn may_become(&self, reply: &[u8], told: &[u8]) -> bool {
        if reply == told {
            return true;
        }
        // The refusal of an EPSV that stands for a PORT is a line of its own.
        if told == [trim(reply), b"\r\n"].concat() {
            return true;
        }
        parse_227(told).is_ok_and(|named| rewrite_227(reply, named).is_ok_and(|new| new == told))
            || parse_229(told)
                .is_ok_and(|port| rewrite_229(reply, port).is_ok_and(|new| new == told))
    }
}

/// Lines that are not too long, each with its end.
fn lines(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut buffer = LineBuffer::of_replies();
    buffer.push(bytes);
    let mut lines = Vec::new();
    while let Some(line) = buffer.next_line() {
        lines.extend(line.ok().map(|line| line.bytes().to_vec()));
    }
    lines
}

/// The text of a line without its end.
fn trim(line: &[u8]) -> &[u8] {
    let mut text = line.strip_suffix(b"\n").unwrap_or(line);
    while let Some(shorter) = text.strip_suffix(b"\r") {
        text = shorter;
    }
    text
}

/// Whether the line is zoxy's own.
fn is_ours(line: &[u8]) -> bool {
    const PLAIN: &[&str] = &[
        "200 EPRT accepted",
        "200 OK",
        "200 PORT accepted",
        "202 Kept for the login; PASS is needed",
        "211 No features before the login",
        "214 USER and PASS log in; HELP then tells more",
        "215 UNKNOWN",
        "220 Log in",
        "221 Goodbye",
        "226 Nothing to abort",
        "331 Password needed",
        "500 A command was expected",
        "501 Options are set after the login",
        "501 USER needs a name",
        "503 USER comes first",
        "522 Network protocol not supported, use (1,2)",
        "530 Log in with USER and PASS first",
    ];
    let Some(text) = line.strip_suffix(b"\r\n").and_then(|text| std::str::from_utf8(text).ok())
    else {
        return false;
    };
    let has_id = text.get(4..).is_some_and(|rest| rest.starts_with("ZOX4"));
    let greets = text.starts_with("220 FTP to ") && text.ends_with(": log in");
    is_one_line(text) && (has_id || greets || PLAIN.contains(&text))
}
