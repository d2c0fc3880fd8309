//! The client at work: it reads INPUT, does what the subcommands say, and ends with a return code.
//!
//! [`Session::perform`] is the one place where a subcommand is chosen; each one is a function that
//! gives a [`Failure`] or nothing. What a failure does (message, EXIT, a lost connection) is decided in
//! [`Session::fail`] alone.

use std::io;
use std::net::SocketAddr;

use zeroize::Zeroizing;

use super::control::{Control, Reply};
use super::data::{not_connected, refused};
use super::failure::{ClientCode, Codes, Failure, of_step};
use super::ftpdata;
use super::input::{Asked, Input};
use super::local;
use super::names::LocalDir;
use super::net::{self, Deadline};
use super::netrc::{self, Login};
use super::output::{HIDDEN, Output};
use super::parm::{self, Exit, Parm};
use super::settings::{Settings, Timers, Unset};
use super::socks;
use super::socksfile::{self, SocksFile, Way};
use super::subcommand::{self, Subcommand, UNKNOWN, Verb, words};
use super::text::{DataType, Receiver, Sender};
use super::transfer::Link;
use crate::dataset::input::Input as File;
use crate::dataset::{FileName, Prefix, RecordKind, Store};
use crate::ftp::Command;
use crate::message::catalogue::*;

/// Port of an FTP server.
const FTP_PORT: u16 = 21;

/// What the client is started with.
pub struct Start {
    /// Host, port, EXIT.
    pub parm: Parm,
    /// The same as it was written, to be shown.
    pub shown: String,
    /// Configurations.
    pub files: Files,
    /// Whether it is a step of a job: unqualified names are then those of data sets.
    pub is_step: bool,
}

/// Names of configurations, as decks have them; None: there is none.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// FTP.DATA.
    pub ftpdata: Option<String>,
    /// NETRC.
    pub netrc: Option<String>,
}

/// Runs the client to its end; the return code, 0 to 4095.
pub fn run(start: Start, input: Input, mut out: Output) -> u16 {
    let version = env!("CARGO_PKG_VERSION");
    let parameters = if start.shown.is_empty() { "none" } else { &start.shown };
    let line = BATCH_STARTED.render(&[("version", &version), ("parameters", &parameters)]);
    out.line(&line);
    let (code, mut out) = match Session::new(&start, input, out) {
        Ok(mut session) => (of_step(session.run(&start.parm)), session.out),
        // The client error code, whatever EXIT says: there is no session that could fail.
        Err((mut out, failure)) => {
            out.line(&failure.line.unwrap_or_default());
            (failure.code as u16, out)
        }
    };
    out.line(&BATCH_ENDED.render(&[("code", &code)]));
    code
}

/// The client.
pub(super) struct Session {
    pub(super) settings: Settings,
    exit: Option<Exit>,
    input: Input,
    pub(super) out: Output,
    control: Option<Control>,
    pub(super) kind: DataType,
    pub(super) directory: LocalDir,
    pub(super) store: Store,
    socks: Option<(String, SocksFile)>,
    netrc: Option<(String, Zeroizing<String>)>,
    /// Number of the subcommand in progress.
    code: u16,
    failures: u64,
}

/// Whether INPUT goes on to be read.
enum Next {
    Subcommand,
    End,
}

impl Session {
    /// Reads the configurations.
    fn new(start: &Start, input: Input, mut out: Output) -> Result<Self, (Output, Failure)> {
        let read = |settings: &mut Settings, out: &mut Output| {
            if let Some(name) = &start.files.ftpdata {
                read_ftpdata(name, settings, out)?;
            }
            let socks = settings.socks_file.as_ref().map(|name| read_socks(name)).transpose()?;
            let netrc = start.files.netrc.as_ref();
            let netrc = netrc.map(|name| {
                let text = read_file("NETRC", name, netrc::MAX_FILE)?;
                Ok((name.clone(), text))
            });
            let store = Store::from_environment();
            let store = store
                .map_err(|error| local::failure(ClientCode::FileAccess, &"data sets", &error))?;
            Ok((socks, netrc.transpose()?, store))
        };
        let mut settings = Settings::default();
        let (socks, netrc, store) = match read(&mut settings, &mut out) {
            Ok(read) => read,
            Err(failure) => return Err((out, failure)),
        };
        if let Some(seconds) = start.parm.timeout {
            settings.timers = Timers::all(seconds);
        }
        let directory = match (start.is_step, std::env::current_dir()) {
            (false, Ok(folder)) => LocalDir::Path(folder),
            _ => LocalDir::of_job(),
        };
        Ok(Self {
            exit: start.parm.exit.or(settings.client_exit.then_some(Exit::Computed)),
            settings,
            input,
            out,
            control: None,
            kind: DataType::Ascii,
            directory,
            store,
            socks,
            netrc,
            code: Verb::Open.code(),
            failures: 0,
        })
    }

    /// All subcommands; the return code before it is made one of a step.
    fn run(&mut self, parm: &Parm) -> u32 {
        let begun = match &parm.host {
            Some(host) => self.open(host, parm.port.unwrap_or(FTP_PORT)).map(|()| Next::Subcommand),
            None => self.first_line(),
        };
        let mut result = begun;
        loop {
            match result {
                Ok(Next::Subcommand) => {}
                Ok(Next::End) => break,
                Err(failure) => {
                    if let Some(code) = self.fail(failure) {
                        return code;
                    }
                }
            }
            if net::is_stopped() {
                self.out.line(&BATCH_INTERRUPTED.render(&[]));
                return ClientCode::Session as u32;
            }
            result = self.next();
        }
        self.close();
        if self.failures > 0 {
            self.out.line(&BATCH_ERRORS_IGNORED.render(&[("count", &self.failures)]));
        }
        0
    }

    /// The first line of INPUT, when PARM names no host: the host, unless it is a subcommand.
    fn first_line(&mut self) -> Result<Next, Failure> {
        let Some(line) = self.line(Asked::Host)? else { return Ok(Next::End) };
        if subcommand::parse(&line).is_ok() {
            return self.perform_line(&line);
        }
        self.code = Verb::Open.code();
        let mut words = line.split_whitespace();
        let host = words.next().unwrap_or_default();
        let port = words.next().map(parm::port).transpose();
        let port = port.map_err(|error| usage(Verb::Open, &error))?;
        self.open(host, port.unwrap_or(FTP_PORT)).map(|()| Next::Subcommand)
    }

    fn next(&mut self) -> Result<Next, Failure> {
        let line = self.input.subcommand().map_err(|error| input_failed(&error))?;
        match line {
            Some(line) => self.perform_line(&line),
            None => Ok(Next::End),
        }
    }

    fn line(&mut self, asked: Asked) -> Result<Option<Zeroizing<String>>, Failure> {
        self.input.line(asked).map_err(|error| input_failed(&error))
    }

    fn perform_line(&mut self, line: &str) -> Result<Next, Failure> {
        if let Some(control) = &mut self.control {
            control.last = 0;
        }
        match subcommand::parse(line) {
            Ok(subcommand) => {
                self.code = subcommand.verb.code();
                let shown = shown(subcommand);
                self.out.subcommand(&shown);
                self.perform(subcommand)
            }
            // It may be an answer to a prompt that did not come, a password: it is not shown.
            Err(problem) => {
                self.code = UNKNOWN;
                let what: [(_, &dyn std::fmt::Display); 2] = [
                    ("subcommand", &"a line of INPUT, which is not shown,"),
                    ("problem", &problem),
                ];
                let line = BATCH_SUBCOMMAND_UNKNOWN.render(&what);
                Err(Failure::new(ClientCode::Usage, line))
            }
        }
    }

    /// Says that a subcommand failed; the return code if the client ends with it.
    fn fail(&mut self, failure: Failure) -> Option<u32> {
        self.failures += 1;
        let reply = self.control.as_ref().map_or(0, |control| control.last);
        let codes = Codes { subcommand: self.code, reply, client: failure.code };
        if let Some(line) = &failure.line {
            self.out.line(line);
        }
        if failure.is_lost {
            self.control = None;
        }
        // Without subcommands there is nothing to go on with.
        let exit = match failure.code {
            ClientCode::Input => self.exit.or(Some(Exit::Fixed(ClientCode::Input as u16))),
            _ => self.exit,
        }?;
        self.out.line(&format!(
            "EZA1735I Std Return Code = {:05}, Error Code = {:05}",
            codes.standard(),
            codes.client as u32
        ));
        self.close();
        Some(codes.computed(exit, self.settings.error_codes))
    }

    /// QUIT; what becomes of it does not matter any more.
    fn close(&mut self) {
        if let Some(mut control) = self.control.take() {
            let _ = control.ask("QUIT", self.settings.timers.close, &mut self.out);
        }
    }

    fn perform(&mut self, subcommand: Subcommand<'_>) -> Result<Next, Failure> {
        let Subcommand { verb, rest } = subcommand;
        match verb {
            Verb::Quit => return Ok(Next::End),
            Verb::Open => self.open_subcommand(rest)?,
            Verb::Close => {
                self.control()?;
                self.close();
            }
            Verb::User => self.user(rest)?,
            Verb::Pass => self.pass(rest)?,
            Verb::Account => self.secret(verb, "ACCT", rest)?,
            Verb::Ascii => self.set_type(DataType::Ascii)?,
            Verb::Binary => self.set_type(DataType::Binary)?,
            Verb::Ebcdic => self.set_type(DataType::Ebcdic)?,
            Verb::Type => match operand(verb, rest)?.to_ascii_uppercase().as_str() {
                "A" | "A N" | "ASCII" => self.set_type(DataType::Ascii)?,
                "I" | "B" | "L 8" | "IMAGE" | "BINARY" => self.set_type(DataType::Binary)?,
                "E" | "E N" | "EBCDIC" => self.set_type(DataType::Ebcdic)?,
                other => return Err(usage(verb, &format!("{other}: expected A, I or E"))),
            },
            Verb::Mode => self.only(verb, rest, "MODE", "S", "STREAM")?,
            Verb::Struct => self.only(verb, rest, "STRU", "F", "FILE")?,
            Verb::Site => self.site(&format!("SITE {rest}"))?,
            Verb::Sendsite => {
                self.settings.send_site = toggled(verb, rest, self.settings.send_site)?
            }
            Verb::Sunique => self.settings.unique = toggled(verb, rest, self.settings.unique)?,
            Verb::Locsite => self.locsite(rest)?,
            Verb::Locstat => self.locstat(),
            Verb::Cd => self.simple(&format!("CWD {}", bare(verb, rest)?))?,
            Verb::Cdup => self.simple("CDUP")?,
            Verb::Lcd => {
                let to = operand(verb, rest)?;
                let directory = self.directory.changed(to, &self.store);
                self.directory = directory.map_err(|problem| usage(verb, &problem))?;
                self.lpwd();
            }
            Verb::Lpwd => self.lpwd(),
            Verb::Get => self.get_subcommand(rest)?,
            Verb::Put => self.put_subcommand(rest, false)?,
            Verb::Append => self.put_subcommand(rest, true)?,
            Verb::Mget => self.mget(rest)?,
            Verb::Mput => self.mput(rest)?,
            Verb::Delete => self.simple(&format!("DELE {}", bare(verb, rest)?))?,
            Verb::Mdelete => self.mdelete(rest)?,
            Verb::Rename => self.rename(rest)?,
            Verb::Dir => self.list(verb, "LIST", rest)?,
            Verb::Ls => self.list(verb, "NLST", rest)?,
            Verb::Mkdir => self.simple(&format!("MKD {}", bare(verb, rest)?))?,
            Verb::Rmdir => self.simple(&format!("RMD {}", bare(verb, rest)?))?,
            Verb::Pwd => self.simple("PWD")?,
            Verb::Noop => self.simple("NOOP")?,
            Verb::System => self.simple("SYST")?,
            Verb::Status => self.simple(format!("STAT {rest}").trim_end())?,
            Verb::Quote => self.quote(rest)?,
        }
        Ok(Next::Subcommand)
    }

    // Connections and logins.

    fn open_subcommand(&mut self, rest: &str) -> Result<(), Failure> {
        if self.control.is_some() {
            let problem = "there is a connection; CLOSE it before";
            return Err(Failure { code: ClientCode::Connected, ..usage(Verb::Open, &problem) });
        }
        let words = words(rest).map_err(|problem| usage(Verb::Open, &problem))?;
        let (host, port) = match &words[..] {
            [host] => (host, FTP_PORT),
            [host, port] => (host, parm::port(port).map_err(|error| usage(Verb::Open, &error))?),
            _ => return Err(usage(Verb::Open, &"expected a host, and perhaps a port")),
        };
        self.open(host, port)
    }

    /// Connects and logs in: as NETRC says, else with the next lines of INPUT.
    fn open(&mut self, host: &str, port: u16) -> Result<(), Failure> {
        self.code = Verb::Open.code();
        let login = match &self.netrc {
            Some((file, text)) => netrc::find(text, host).map_err(|(line, expected)| {
                wrong_statement(file, line, "NETRC", &format!("is wrong: expected {expected}"))
            })?,
            None => None,
        };
        match self.connect(host, port) {
            Ok(control) => {
                self.control = Some(control);
                self.log_in(login.unwrap_or_default())
            }
            Err(failure) => {
                // The answers to the prompts are no subcommands.
                if login.is_none_or(|login| login.user.is_none()) {
                    self.skip_login()?;
                }
                Err(failure)
            }
        }
    }

    /// To the first address of a host that takes the connection.
    fn connect(&mut self, host: &str, port: u16) -> Result<Control, Failure> {
        let deadline = Deadline::after(self.settings.timers.open);
        let target = format!("{host} port {port}");
        let mut addresses =
            net::resolve(host, port).map_err(|error| not_connected(&target, &error, false))?;
        // One that has an IPv4 address is never reached by IPv6, which goes past SOCKS servers.
        if addresses[0].is_ipv4() {
            addresses.retain(SocketAddr::is_ipv4);
        }
        let mut last = None;
        for server in addresses {
            match self.connect_to(host, &target, server, deadline) {
                Ok(control) => return Ok(control),
                Err(failure) => {
                    if let Some(Failure { line: Some(line), .. }) = last.replace(failure) {
                        self.out.line(&line);
                    }
                }
            }
        }
        Err(last.unwrap_or_else(|| not_connected(&target, &"it has no address", false)))
    }

    fn connect_to(
        &mut self,
        host: &str,
        target: &str,
        server: SocketAddr,
        deadline: Deadline,
    ) -> Result<Control, Failure> {
        let way = self.way(server)?;
        let described = match &way {
            Way::Direct => "directly".to_owned(),
            Way::Socks(socks) => format!("by {} at {}:{}", socks.version, socks.host, socks.port),
        };
        let arguments: [(_, &dyn std::fmt::Display); 3] =
            [("host", &host), ("address", &server), ("way", &described)];
        self.out.line(&BATCH_CONNECTING.render(&arguments));
        let stream = match (&way, server) {
            (Way::Socks(socks), SocketAddr::V4(server)) => socks::connect(socks, server, deadline)
                .map_err(|error| not_connected(&target, &error, error.is_timeout()))?,
            _ => net::connect(server, deadline).map_err(|error| {
                not_connected(&target, &error, error.kind() == io::ErrorKind::TimedOut)
            })?,
        };
        let mut control = Control::new(stream, server, way);
        let mut reply = control.reply("the connection", deadline, &mut self.out)?;
        while reply.code.is_preliminary() {
            reply = control.reply("the connection", deadline, &mut self.out)?;
        }
        match reply.code.is_completion() {
            true => Ok(control),
            false => {
                let reason = format!("the server greets with {}", reply.code);
                Err(not_connected(&target, &reason, false))
            }
        }
    }

    fn way(&mut self, server: SocketAddr) -> Result<Way, Failure> {
        match (&self.socks, server) {
            (None, _) => Ok(Way::Direct),
            (Some(_), SocketAddr::V6(_)) => {
                self.out.line(&BATCH_NOT_BY_SOCKS.render(&[("address", &server.ip())]));
                Ok(Way::Direct)
            }
            (Some((file, socks)), SocketAddr::V4(server)) => {
                socks.way(*server.ip()).cloned().ok_or_else(|| {
                    let arguments: [(_, &dyn std::fmt::Display); 2] =
                        [("file", file), ("address", server.ip())];
                    Failure::new(ClientCode::Connect, BATCH_NO_WAY.render(&arguments))
                })
            }
        }
    }

    fn log_in(&mut self, login: Login) -> Result<(), Failure> {
        let Login { user, password, account } = login;
        if let Some(user) = user {
            return self.log_in_as(&user, password, account);
        }
        let Some(line) = self.line(Asked::User)? else { return Ok(()) };
        match subcommand::parse(&line) {
            Ok(Subcommand { verb: Verb::User, rest }) => self.user(rest),
            Ok(subcommand) if line.trim().eq_ignore_ascii_case(subcommand.verb.name()) => {
                self.perform_line(&line).map(drop)
            }
            _ => self.user(&line),
        }
    }

    /// What follows USER, or the answer to the prompt for it: a user, and perhaps the password.
    fn user(&mut self, text: &str) -> Result<(), Failure> {
        let (user, password) =
            text.trim().split_once(char::is_whitespace).unwrap_or((text.trim(), ""));
        if user.is_empty() {
            return Err(usage(Verb::User, &"expected a user"));
        }
        let password = secret_of(password);
        let password = (!password.is_empty()).then(|| Zeroizing::new(password.to_owned()));
        self.log_in_as(user, password, None)
    }

    fn log_in_as(
        &mut self,
        user: &str,
        password: Option<Zeroizing<String>>,
        account: Option<Zeroizing<String>>,
    ) -> Result<(), Failure> {
        self.code = Verb::User.code();
        let reply = self.ask(&format!("USER {user}"));
        let reply = match reply {
            Ok(reply) if reply.code == 331 => reply,
            // The password that follows in INPUT is no subcommand.
            other => {
                let is_refused =
                    !matches!(&other, Ok(reply) if reply.code.is_completion() || reply.code == 332);
                if is_refused && password.is_none() {
                    self.skip_secret()?;
                }
                other?
            }
        };
        let reply = match reply.code.number() {
            331 => {
                let password = match password {
                    Some(password) => password,
                    None => self.line(Asked::Secret("Password"))?.unwrap_or_default(),
                };
                self.code = Verb::Pass.code();
                let password = without_verb(&password, "PASS");
                self.ask_secret("PASS", secret_of(password))?
            }
            _ => reply,
        };
        let reply = match reply.code.number() {
            332 => {
                let account = match account {
                    Some(account) => account,
                    None => self.line(Asked::Secret("Account"))?.unwrap_or_default(),
                };
                self.code = Verb::Account.code();
                let account = ["ACCOUNT", "ACCT"]
                    .iter()
                    .fold(account.as_str(), |text, verb| without_verb(text, verb));
                self.ask_secret("ACCT", secret_of(account))?
            }
            _ => reply,
        };
        match reply.code.is_completion() {
            true => Ok(()),
            false => {
                let failure = refused("login", reply.code.number());
                Err(Failure { code: ClientCode::Login, ..failure })
            }
        }
    }

    /// The lines that a login would have read.
    fn skip_login(&mut self) -> Result<(), Failure> {
        // Whoever types sees that there is no connection.
        if self.input.is_typed() {
            return Ok(());
        }
        let Some(line) = self.line(Asked::User)? else { return Ok(()) };
        let rest = match subcommand::parse(&line) {
            Ok(Subcommand { verb: Verb::User, rest }) => rest,
            _ => &line,
        };
        if rest.split_whitespace().count() < 2 {
            self.skip_secret()?;
        }
        Ok(())
    }

    /// The line of a password that nobody asks for.
    fn skip_secret(&mut self) -> Result<(), Failure> {
        if !self.input.is_typed() {
            self.line(Asked::Secret("Password"))?;
        }
        Ok(())
    }

    fn pass(&mut self, rest: &str) -> Result<(), Failure> {
        let reply = self.ask_secret("PASS", secret_of(rest))?;
        match reply.code.is_negative() {
            false => Ok(()),
            true => {
                let failure = refused("PASS", reply.code.number());
                Err(Failure { code: ClientCode::Login, ..failure })
            }
        }
    }

    fn secret(&mut self, verb: Verb, command: &str, rest: &str) -> Result<(), Failure> {
        let secret = secret_of(operand(verb, rest)?);
        let reply = self.ask_secret(command, secret)?;
        completed(command, &reply)
    }

    // Commands of one reply.

    pub(super) fn control(&mut self) -> Result<&mut Control, Failure> {
        self.control.as_mut().ok_or_else(|| {
            let problem = "there is no connection; OPEN one before";
            let what: [(_, &dyn std::fmt::Display); 2] =
                [("subcommand", &"a connection is needed"), ("problem", &problem)];
            Failure::new(ClientCode::Usage, BATCH_USAGE.render(&what))
        })
    }

    /// Sends a command and waits for its last reply.
    pub(super) fn ask(&mut self, command: &str) -> Result<Reply, Failure> {
        self.control()?;
        let limit = self.settings.timers.reply;
        let Self { control: Some(control), out, .. } = self else {
            unreachable!("it was there in the line before")
        };
        let mut reply = control.ask(command, limit, out)?;
        while reply.code.is_preliminary() {
            reply = control.reply(command, Deadline::after(limit), out)?;
        }
        Ok(reply)
    }

    fn ask_secret(&mut self, verb: &str, secret: &str) -> Result<Reply, Failure> {
        self.control()?;
        let limit = self.settings.timers.reply;
        let Self { control: Some(control), out, .. } = self else {
            unreachable!("it was there in the line before")
        };
        control.ask_secret(verb, secret, limit, out)
    }

    /// A command that has to be done.
    pub(super) fn simple(&mut self, command: &str) -> Result<(), Failure> {
        let reply = self.ask(command)?;
        completed(command.split(' ').next().unwrap_or_default(), &reply)
    }

    fn set_type(&mut self, kind: DataType) -> Result<(), Failure> {
        self.simple(match kind {
            DataType::Ascii => "TYPE A",
            DataType::Binary => "TYPE I",
            DataType::Ebcdic => "TYPE E",
        })?;
        self.kind = kind;
        Ok(())
    }

    /// MODE and STRUCT, which have one value here.
    fn only(
        &mut self,
        verb: Verb,
        rest: &str,
        command: &str,
        letter: &str,
        word: &str,
    ) -> Result<(), Failure> {
        let asked = operand(verb, rest)?.to_ascii_uppercase();
        if asked != letter && asked != word {
            let problem = format!("{asked} is not supported; expected {letter}");
            return Err(usage(verb, &problem));
        }
        self.simple(&format!("{command} {letter}"))
    }

    /// A SITE command that is refused is no error.
    pub(super) fn site(&mut self, command: &str) -> Result<(), Failure> {
        let reply = self.ask(command.trim_end())?;
        if reply.code.is_negative() {
            self.out.line(&BATCH_SITE_REFUSED.render(&[("reply", &reply.code)]));
        }
        Ok(())
    }

    fn rename(&mut self, rest: &str) -> Result<(), Failure> {
        let words = words(rest).map_err(|problem| usage(Verb::Rename, &problem))?;
        let [from, to] = &words[..] else {
            return Err(usage(Verb::Rename, &"expected the old and the new name"));
        };
        let reply = self.ask(&format!("RNFR {from}"))?;
        if reply.code != 350 {
            return Err(refused("RNFR", reply.code.number()));
        }
        self.simple(&format!("RNTO {to}"))
    }

    fn quote(&mut self, rest: &str) -> Result<(), Failure> {
        let text = operand(Verb::Quote, rest)?;
        let command = Command::parse(text.as_bytes());
        let (verb, argument) = text.split_once(' ').unwrap_or((text, ""));
        let reply = match command {
            Some(command) if command.verb.may_carry_secret() && !argument.is_empty() => {
                self.ask_secret(verb, argument)?
            }
            // What needs a data connection would wait for one that nobody arranged.
            Some(command) if command.verb.starts_transfer().is_some() => {
                let problem = format!("{verb} needs a data connection; use GET, PUT or DIR");
                return Err(usage(Verb::Quote, &problem));
            }
            _ => self.ask(text)?,
        };
        match reply.code.is_negative() {
            false => Ok(()),
            true => Err(refused(verb, reply.code.number())),
        }
    }

    // What is set here.

    fn locsite(&mut self, rest: &str) -> Result<(), Failure> {
        let words = words(rest).map_err(|problem| usage(Verb::Locsite, &problem))?;
        for word in &words {
            let (keyword, value) = match word.split_once('=') {
                Some((keyword, value)) => (keyword, Some(value)),
                None => (word.as_str(), None),
            };
            // What belongs to the start of the client cannot be changed.
            let is_of_start = ["SOCKSCONFIGFILE", "CLIENTEXIT", "CLIENTERRCODES"];
            let set = match is_of_start.iter().any(|name| name.eq_ignore_ascii_case(keyword)) {
                true => Err(Unset::Unknown),
                false => self.settings.set(keyword, value),
            };
            match set {
                Ok(()) => {}
                Err(Unset::Unknown) => {
                    let arguments: [(_, &dyn std::fmt::Display); 3] =
                        [("file", &"LOCSITE"), ("line", &1), ("keyword", &keyword)];
                    self.out.line(&BATCH_STATEMENT_UNKNOWN.render(&arguments));
                }
                Err(Unset::Wrong(problem)) => {
                    return Err(usage(Verb::Locsite, &format!("{keyword} {problem}")));
                }
            }
        }
        Ok(())
    }

    fn locstat(&mut self) {
        let settings = &self.settings;
        let on = |is: bool| if is { "TRUE" } else { "FALSE" };
        let seconds = |time: std::time::Duration| time.as_secs();
        let number = |value: Option<u16>| value.map_or("default".to_owned(), |v| v.to_string());
        let recfm = settings.dcb.recfm.map_or("FB".to_owned(), |recfm| recfm.to_string());
        let firewall = match settings.firewall_friendly {
            true => "EZA2818I FWFRIENDLY: the client opens data connections",
            false => "EZA2819I no FWFRIENDLY: the server opens data connections",
        };
        let lines = [
            match &self.socks {
                Some((file, _)) => format!("SOCKSCONFIGFILE {file}"),
                None => "SOCKSCONFIGFILE none: connections are direct".to_owned(),
            },
            firewall.to_owned(),
            format!(
                "EPSV4 {}, PASSIVEIGNOREADDR {}, SENDSITE {}, SUNIQUE {}",
                on(settings.epsv4),
                on(settings.passive_ignore_address),
                on(settings.send_site),
                on(settings.unique)
            ),
            format!(
                "SBDATACONN ({},{}), new data sets: RECFM {recfm} LRECL {} BLKSIZE {}",
                settings.local_page(),
                settings.network_page(),
                number(settings.dcb.lrecl),
                number(settings.dcb.blksize)
            ),
            format!(
                "RDW {}, TRAILINGBLANKS {}, WRAPRECORD {}, TRUNCATE {}",
                on(settings.rdw),
                on(settings.trailing_blanks),
                on(settings.wrap_record),
                on(settings.truncate)
            ),
            format!(
                "MYOPENTIME {}, INACTTIME {}, DATACTTIME {}, DCONNTIME {}, CCONNTIME {}",
                seconds(settings.timers.open),
                seconds(settings.timers.reply),
                seconds(settings.timers.data),
                seconds(settings.timers.data_close),
                seconds(settings.timers.close)
            ),
        ];
        for line in lines {
            self.out.line(&line);
        }
    }

    fn lpwd(&mut self) {
        let line = format!("local directory is {}", self.directory);
        self.out.line(&line);
    }

    // Files.

    fn list(&mut self, verb: Verb, command: &str, rest: &str) -> Result<(), Failure> {
        let words = words(rest).map_err(|problem| usage(verb, &problem))?;
        let command = match &words[..] {
            [] => command.to_owned(),
            [name] if !name.starts_with('(') => format!("{command} {name}"),
            _ => return Err(usage(verb, &"expected a name or pattern, or nothing")),
        };
        for line in self.listing(&command)? {
            self.out.line(&line);
        }
        Ok(())
    }

    /// Bytes and lines of a listing, which is kept until the server says that it is whole.
    pub(super) fn listing(&mut self, command: &str) -> Result<Vec<String>, Failure> {
        const MOST: usize = 4 << 20;
        let mut bytes = Vec::new();
        self.link()?.receive(command, |piece| {
            bytes.extend_from_slice(piece);
            match bytes.len() {
                0..=MOST => Ok(()),
                _ => Err(usage(Verb::Dir, &"the listing is longer than 4 MiB; name a pattern")),
            }
        })?;
        let text = String::from_utf8_lossy(&bytes);
        Ok(text.lines().map(|line| line.trim_end_matches('\r').to_owned()).collect())
    }

    pub(super) fn link(&mut self) -> Result<Link<'_>, Failure> {
        self.control()?;
        let Self { control: Some(control), settings, out, .. } = self else {
            unreachable!("it was there in the line before")
        };
        Ok(Link { control, settings, out })
    }

    fn get_subcommand(&mut self, rest: &str) -> Result<(), Failure> {
        let (names, replaces) = transfer_operands(Verb::Get, rest)?;
        let (remote, local) = match &names[..] {
            [remote] => (remote, remote.rsplit('/').next().unwrap_or(remote)),
            [remote, local] => (remote, local.as_str()),
            _ => return Err(usage(Verb::Get, &"expected a file, perhaps a local name, (REPLACE")),
        };
        self.get(remote, local, replaces)
    }

    /// Receives a file. It takes its place when the server has said that it is whole.
    pub(super) fn get(&mut self, remote: &str, local: &str, replaces: bool) -> Result<(), Failure> {
        self.control()?;
        let name = self.directory.name(local);
        let name = name.map_err(|problem| usage(Verb::Get, &format!("{local} {problem}")))?;
        let is_text = self.kind != DataType::Binary;
        let sink = local::create(&self.store, &name, &self.settings, replaces, is_text)?;
        let mut receiver = Receiver::new(name.to_string(), sink, self.kind, &self.settings);
        let mut link = self.link()?;
        let moved = link.receive(&format!("RETR {remote}"), |bytes| receiver.push(bytes))?;
        let received = receiver.finish()?;
        let committed = received.sink.commit();
        committed.map_err(|error| local::failure(ClientCode::FileWrite, &name, &error))?;
        let (written, lrecl) = (received.written, received.lrecl);
        for (message, count) in
            [(&BATCH_PADDED, written.padded), (&BATCH_TRUNCATED, written.truncated)]
        {
            if count > 0 {
                let line = message.render(&[("name", &name), ("count", &count), ("lrecl", &lrecl)]);
                link.out.line(&line);
            }
        }
        link.say("received", &name.to_string(), moved);
        Ok(())
    }

    fn put_subcommand(&mut self, rest: &str, appends: bool) -> Result<(), Failure> {
        let verb = if appends { Verb::Append } else { Verb::Put };
        let (names, _) = transfer_operands(verb, rest)?;
        let (local, remote) = match &names[..] {
            [local] => (local, None),
            [local, remote] => (local, Some(remote.as_str())),
            _ => return Err(usage(verb, &"expected a local file, and perhaps a name for it")),
        };
        self.put(verb, local, remote, appends)
    }

    /// Sends a file.
    pub(super) fn put(
        &mut self,
        verb: Verb,
        local: &str,
        remote: Option<&str>,
        appends: bool,
    ) -> Result<(), Failure> {
        self.control()?;
        let name = self.directory.name(local);
        let name = name.map_err(|problem| usage(verb, &format!("{local} {problem}")))?;
        let remote = remote.map(str::to_owned).or_else(|| name.remote());
        let remote =
            remote.ok_or_else(|| usage(verb, &"a DD needs a name for it at the server"))?;
        let source = local::open(&self.store, &name)?;
        if let (Some(attributes), true) = (source.attributes, self.settings.send_site) {
            let (lrecl, recfm, blksize) =
                (attributes.lrecl(), attributes.recfm(), attributes.blksize());
            let form = match recfm.kind {
                RecordKind::Fixed => Some("FIX"),
                RecordKind::Variable => Some("VAR"),
                _ => None,
            };
            if let Some(form) = form {
                self.site(&format!(
                    "SITE {form}recfm {lrecl} LRECL={lrecl} RECFM={recfm} BLKSIZE={blksize}"
                ))?;
            }
        }
        let command = match (appends, self.settings.unique) {
            (true, _) => format!("APPE {remote}"),
            (false, true) => format!("STOU {remote}"),
            (false, false) => format!("STOR {remote}"),
        };
        let mut sender = Sender::new(name.to_string(), source, self.kind, &self.settings);
        if sender.loses_boundaries() {
            self.out.line(&BATCH_BOUNDARIES_LOST.render(&[("name", &name)]));
        }
        let mut link = self.link()?;
        let moved = link.send(&command, |piece| sender.next(piece))?;
        link.say("sent", &name.to_string(), moved);
        Ok(())
    }
}

/// Names of a transfer, and whether (REPLACE stands behind them.
pub(super) fn transfer_operands(verb: Verb, rest: &str) -> Result<(Vec<String>, bool), Failure> {
    let mut names = words(rest).map_err(|problem| usage(verb, &problem))?;
    let at = names.iter().position(|word| word.starts_with('('));
    let Some(at) = at else { return Ok((names, false)) };
    let options = names.split_off(at).join(" ").to_ascii_uppercase();
    match options.trim_matches(['(', ')', ' ']) {
        "REPLACE" => Ok((names, true)),
        other => Err(usage(verb, &format!("({other}: expected (REPLACE"))),
    }
}

/// A subcommand that is wrong.
pub(super) fn usage(verb: Verb, problem: &dyn std::fmt::Display) -> Failure {
    let name = verb.name();
    let line = BATCH_USAGE.render(&[("subcommand", &name), ("problem", problem)]);
    Failure::new(ClientCode::Usage, line)
}

/// What is shown of a subcommand.
fn shown(subcommand: Subcommand<'_>) -> String {
    let Subcommand { verb, rest } = subcommand;
    let name = verb.name();
    let rest = match verb {
        Verb::User => match rest.trim().split_once(char::is_whitespace) {
            Some((user, _)) => format!("{user} {HIDDEN}"),
            None => rest.to_owned(),
        },
        Verb::Pass | Verb::Account => HIDDEN.to_owned(),
        Verb::Quote => match Command::parse(rest.as_bytes()) {
            Some(command) if command.verb.may_carry_secret() => {
                format!("{} {HIDDEN}", rest.split(' ').next().unwrap_or_default())
            }
            _ => rest.to_owned(),
        },
        _ => rest.to_owned(),
    };
    format!("{name} {rest}").trim_end().to_owned()
}

/// A password or the like, which may stand in apostrophes or quotation marks.
fn secret_of(text: &str) -> &str {
    let text = text.trim();
    let bare = ['\'', '"'].iter().find_map(|quote| {
        text.strip_prefix(*quote)?.strip_suffix(*quote).filter(|inner| !inner.is_empty())
    });
    bare.unwrap_or(text)
}

/// An answer to a prompt that was written as a subcommand.
fn without_verb<'a>(text: &'a str, verb: &str) -> &'a str {
    match text.trim_start().split_once(' ') {
        Some((word, rest)) if word.eq_ignore_ascii_case(verb) => rest,
        _ => text,
    }
}

fn operand(verb: Verb, rest: &str) -> Result<&str, Failure> {
    match rest.trim() {
        "" => Err(usage(verb, &"an operand is missing")),
        rest => Ok(rest),
    }
}

/// The operand, without quotation marks.
fn bare(verb: Verb, rest: &str) -> Result<String, Failure> {
    let words = words(operand(verb, rest)?).map_err(|problem| usage(verb, &problem))?;
    match &words[..] {
        [word] => Ok(word.clone()),
        _ => Err(usage(verb, &"expected one operand; quote what has blanks in it")),
    }
}

fn toggled(verb: Verb, rest: &str, is: bool) -> Result<bool, Failure> {
    match rest.trim().to_ascii_uppercase().as_str() {
        "" => Ok(!is),
        "ON" => Ok(true),
        "OFF" => Ok(false),
        other => Err(usage(verb, &format!("{other}: expected ON, OFF or nothing"))),
    }
}

fn completed(command: &str, reply: &Reply) -> Result<(), Failure> {
    match reply.code.is_completion() {
        true => Ok(()),
        false => Err(refused(command, reply.code.number())),
    }
}

fn input_failed(error: &io::Error) -> Failure {
    unreadable(ClientCode::Input, "INPUT", "", error)
}

fn unreadable(code: ClientCode, what: &str, file: &str, reason: &dyn std::fmt::Display) -> Failure {
    let arguments: [(_, &dyn std::fmt::Display); 3] =
        [("what", &what), ("file", &file), ("reason", reason)];
    Failure::new(code, BATCH_FILE_UNUSABLE.render(&arguments))
}

fn wrong_statement(file: &str, line: usize, keyword: &str, problem: &str) -> Failure {
    let arguments: [(_, &dyn std::fmt::Display); 4] =
        [("file", &file), ("line", &line), ("keyword", &keyword), ("problem", &problem)];
    Failure::new(ClientCode::Parameter, BATCH_STATEMENT_WRONG.render(&arguments))
}

/// A configuration as text.
fn read_file(what: &str, name: &str, most: usize) -> Result<Zeroizing<String>, Failure> {
    let failed =
        |reason: &dyn std::fmt::Display| unreadable(ClientCode::Parameter, what, name, reason);
    let file = match name.strip_prefix('\'') {
        // MVS style, as SOCKSCONFIGFILE has it.
        Some(_) => FileName::parse(&format!("//{name}"), &Prefix::Environment),
        None => FileName::parse(name, &Prefix::Environment),
    };
    let mut file = File::open(&file.map_err(|error| failed(&error))?).map_err(|e| failed(&e))?;
    let bytes = file.text(most).map_err(|error| failed(&error))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| failed(&"it is no UTF-8 text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

fn read_ftpdata(name: &str, settings: &mut Settings, out: &mut Output) -> Result<(), Failure> {
    let text = read_file("FTP.DATA", name, ftpdata::MAX_FILE)?;
    out.line(&format!("EZY2640I Using {name} for local site configuration parameters."));
    for flaw in ftpdata::read(&text, settings) {
        match flaw.problem {
            Unset::Unknown => {
                let arguments: [(_, &dyn std::fmt::Display); 3] =
                    [("file", &name), ("line", &flaw.line), ("keyword", &flaw.keyword)];
                out.line(&BATCH_STATEMENT_UNKNOWN.render(&arguments));
            }
            Unset::Wrong(problem) => {
                return Err(wrong_statement(name, flaw.line, &flaw.keyword, &problem));
            }
        }
    }
    Ok(())
}

fn read_socks(name: &str) -> Result<(String, SocksFile), Failure> {
    // A data set without apostrophes is a full name: SOCKSCONFIGFILE has no other.
    let file = match name.starts_with(['/', '\'', '.']) {
        true => name.to_owned(),
        false => format!("'{name}'"),
    };
    let text = read_file("SOCKSCONFIGFILE", &file, socksfile::MAX_FILE)?;
    let parsed = SocksFile::parse(&text);
    let parsed =
        parsed.map_err(|flaw| wrong_statement(name, flaw.line, &flaw.keyword, &flaw.problem))?;
    Ok((name.to_owned(), parsed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_not_shown() {
        for (line, expected) in [
            ("user anna secret", "USER anna ******"),
            ("user anna", "USER anna"),
            ("pass secret", "PASS ******"),
            ("account x", "ACCOUNT ******"),
            ("quote pass secret", "QUOTE pass ******"),
            ("quote stat x", "QUOTE stat x"),
            ("quit", "QUIT"),
        ] {
            assert_eq!(shown(subcommand::parse(line).unwrap()), expected, "{line}");
        }
    }

    #[test]
    fn passwords_may_be_quoted_or_have_their_verb() {
        for (text, expected) in [("'a b'", "a b"), ("\"a'", "\"a'"), (" x ", "x"), ("''", "''")] {
            assert_eq!(secret_of(text), expected, "{text}");
        }
        assert_eq!(without_verb("pass x y", "PASS"), "x y");
        assert_eq!(without_verb("passx y", "PASS"), "passx y");
    }

    #[test]
    fn replace_stands_behind_the_names() {
        let operands = |rest| transfer_operands(Verb::Get, rest).ok();
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(operands("a b (replace"), Some((names(&["a", "b"]), true)));
        assert_eq!(operands("a ( REPLACE )"), Some((names(&["a"]), true)));
        assert_eq!(operands("a"), Some((names(&["a"]), false)));
        assert_eq!(operands("a (REPLAC"), None);
    }
}
