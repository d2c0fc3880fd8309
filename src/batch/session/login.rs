//! Connections and logins: OPEN, USER, PASS, ACCOUNT, and what INPUT answers to their prompts.
//!
//! A host's first address that takes the connection is the server, by the way that SOCKSCONFIGFILE has
//! for it; nothing goes past a SOCKS server that was not said to. Lines of INPUT that answer prompts
//! are never taken for subcommands: without a connection they are skipped.

use std::io;
use std::net::SocketAddr;

use zeroize::Zeroizing;

use super::commands::{completed, operand, usage};
use super::configuration::wrong_netrc;
use super::{FTP_PORT, Session};
use crate::batch::control::{Control, GREETING};
use crate::batch::data::{not_connected, refused};
use crate::batch::failure::{ClientCode, Failure};
use crate::batch::input::Asked;
use crate::batch::net::{self, Deadline};
use crate::batch::netrc::{self, Login};
use crate::batch::parm;
use crate::batch::socks;
use crate::batch::socksfile::Way;
use crate::batch::subcommand::{self, Subcommand, Verb, words};
use crate::message::catalogue::{BATCH_CONNECTING, BATCH_NO_WAY, BATCH_NOT_BY_SOCKS};

impl Session {
    pub(super) fn open_subcommand(&mut self, rest: &str) -> Result<(), Failure> {
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
    pub(super) fn open(&mut self, host: &str, port: u16) -> Result<(), Failure> {
        self.code = Verb::Open.code();
        let login = match &self.netrc {
            Some((file, text)) => {
                netrc::find(text, host).map_err(|flaw| wrong_netrc(file, flaw))?
            }
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
        let mut addresses = net::resolve(host, port, deadline).map_err(|error| {
            not_connected(&target, &error, error.kind() == io::ErrorKind::TimedOut)
        })?;
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
        let mut reply = control.reply(GREETING, deadline, &mut self.out)?;
        while reply.code.is_preliminary() {
            reply = control.reply(GREETING, deadline, &mut self.out)?;
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
    pub(super) fn user(&mut self, text: &str) -> Result<(), Failure> {
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

    pub(super) fn pass(&mut self, rest: &str) -> Result<(), Failure> {
        let reply = self.ask_secret("PASS", secret_of(rest))?;
        match reply.code.is_negative() {
            false => Ok(()),
            true => {
                let failure = refused("PASS", reply.code.number());
                Err(Failure { code: ClientCode::Login, ..failure })
            }
        }
    }

    pub(super) fn secret(&mut self, verb: Verb, command: &str, rest: &str) -> Result<(), Failure> {
        let secret = secret_of(operand(verb, rest)?);
        let reply = self.ask_secret(command, secret)?;
        completed(command, &reply)
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_may_be_quoted_or_have_their_verb() {
        for (text, expected) in [("'a b'", "a b"), ("\"a'", "\"a'"), (" x ", "x"), ("''", "''")] {
            assert_eq!(secret_of(text), expected, "{text}");
        }
        assert_eq!(without_verb("pass x y", "PASS"), "x y");
        assert_eq!(without_verb("passx y", "PASS"), "passx y");
    }
}
