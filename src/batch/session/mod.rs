//! The client at work: it reads INPUT, does what the subcommands say, and ends with a return code.
//!
//! [`Session::perform`] is the one place where a subcommand is chosen; each one is a function that
//! gives a [`Failure`] or nothing. What a failure does (message, EXIT, a lost connection) is decided in
//! [`Session::fail`] alone.
//!
//! ```text
//! login            connections, logins
//! commands         a command and its reply; operands
//! configuration    FTP.DATA, SOCKSCONFIGFILE, NETRC; LOCSITE, LOCSTAT
//! files, several   GET, PUT, APPEND, listings; MGET, MPUT, MDELETE
//! ```

mod commands;
mod configuration;
mod files;
mod login;
mod several;

use std::io;

use zeroize::Zeroizing;

use self::commands::{bare, operand, site_secret, toggled, usage};
use self::configuration::{read_file, read_ftpdata, read_socks, unreadable, wrong_netrc};
use super::control::Control;
use super::failure::{ClientCode, Codes, Failure, of_step};
use super::input::{Asked, Input};
use super::local;
use super::names::LocalDir;
use super::net;
use super::netrc;
use super::output::{HIDDEN, Output};
use super::parm::{self, Exit, Parm};
use super::settings::{Settings, Timers};
use super::socksfile::SocksFile;
use super::subcommand::{self, Subcommand, UNKNOWN, Verb};
use super::text::DataType;
use crate::dataset::Store;
use crate::ftp::Command;
use crate::message::catalogue::{
    BATCH_ENDED, BATCH_ERRORS_IGNORED, BATCH_INTERRUPTED, BATCH_STARTED, BATCH_SUBCOMMAND_UNKNOWN,
    ZOS_RETURN_CODE,
};

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
struct Session {
    settings: Settings,
    exit: Option<Exit>,
    input: Input,
    out: Output,
    control: Option<Control>,
    kind: DataType,
    directory: LocalDir,
    store: Store,
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
                // What is wrong with it ends the client, whichever host it is about.
                netrc::find(&text, "").map_err(|flaw| wrong_netrc(name, flaw))?;
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
                let which = format!("line {} of INPUT, which is not shown,", self.input.number());
                let what: [(_, &dyn std::fmt::Display); 2] =
                    [("subcommand", &which), ("problem", &problem)];
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
        let standard = format!("{:05}", codes.standard());
        let client = format!("{:05}", codes.client as u32);
        let both: [(_, &dyn std::fmt::Display); 2] = [("standard", &standard), ("client", &client)];
        self.out.line(&ZOS_RETURN_CODE.render(&both));
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
            Verb::Site => self.site_subcommand(rest)?,
            Verb::Sendsite => {
                self.settings.send_site = toggled(verb, rest, self.settings.send_site)?
            }
            Verb::Sunique => self.settings.unique = toggled(verb, rest, self.settings.unique)?,
            Verb::Locsite => self.locsite(rest)?,
            Verb::Locstat => self.locstat(),
            Verb::Help => self.help(),
            // They change what a person sees or is asked, of which there is nothing here.
            Verb::Debug | Verb::Glob | Verb::Prompt | Verb::Trace | Verb::Verbose => {}
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
        Verb::Site => match site_secret(rest) {
            Some((word, _)) => format!("{word} {HIDDEN}"),
            None => rest.to_owned(),
        },
        Verb::Quote => match Command::parse(rest.as_bytes()) {
            Some(command) if command.verb.may_carry_secret() => {
                format!("{} {HIDDEN}", rest.split_whitespace().next().unwrap_or_default())
            }
            _ => rest.to_owned(),
        },
        _ => rest.to_owned(),
    };
    format!("{name} {rest}").trim_end().to_owned()
}

fn input_failed(error: &io::Error) -> Failure {
    unreadable(ClientCode::Input, "INPUT", "", error)
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
            ("quote pass\tsecret", "QUOTE pass ******"),
            ("quote stat x", "QUOTE stat x"),
            ("site pswd old new", "SITE pswd ******"),
            ("site recfm=fb lrecl=80", "SITE recfm=fb lrecl=80"),
            ("quit", "QUIT"),
        ] {
            assert_eq!(shown(subcommand::parse(line).unwrap()), expected, "{line}");
        }
    }
}
