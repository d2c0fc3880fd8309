//! Subcommands that are a command with a reply, and operands of all.
//!
//! What is sent goes through [`Session::ask`] or [`Session::ask_secret`], but for transfers, which have
//! a [`Link`].

use super::Session;
use crate::batch::control::{Control, Reply};
use crate::batch::data::refused;
use crate::batch::failure::{ClientCode, Failure};
use crate::batch::net::Deadline;
use crate::batch::subcommand::{Verb, words};
use crate::batch::text::DataType;
use crate::batch::transfer::Link;
use crate::ftp::Command;
use crate::message::catalogue::{BATCH_SITE_REFUSED, BATCH_USAGE};

impl Session {
    pub(super) fn control(&mut self) -> Result<&mut Control, Failure> {
        self.control.as_mut().ok_or_else(|| {
            let problem = "there is no connection; OPEN one before";
            let what: [(_, &dyn std::fmt::Display); 2] =
                [("subcommand", &"a connection is needed"), ("problem", &problem)];
            Failure::new(ClientCode::Usage, BATCH_USAGE.render(&what))
        })
    }

    pub(super) fn link(&mut self) -> Result<Link<'_>, Failure> {
        self.control()?;
        let Self { control: Some(control), settings, out, .. } = self else {
            unreachable!("it was there in the line before")
        };
        Ok(Link { control, settings, out })
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

    pub(super) fn ask_secret(&mut self, verb: &str, secret: &str) -> Result<Reply, Failure> {
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

    pub(super) fn set_type(&mut self, kind: DataType) -> Result<(), Failure> {
        self.simple(match kind {
            DataType::Ascii => "TYPE A",
            DataType::Binary => "TYPE I",
            DataType::Ebcdic => "TYPE E",
        })?;
        self.kind = kind;
        Ok(())
    }

    /// MODE and STRUCT, which have one value here.
    pub(super) fn only(
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

    /// SITE as a subcommand; some servers change passwords by it.
    pub(super) fn site_subcommand(&mut self, rest: &str) -> Result<(), Failure> {
        let Some((word, secret)) = site_secret(rest) else {
            return self.site(&format!("SITE {rest}"));
        };
        let reply = self.ask_secret(&format!("SITE {word}"), secret)?;
        self.site_replied(&reply);
        Ok(())
    }

    pub(super) fn site(&mut self, command: &str) -> Result<(), Failure> {
        let reply = self.ask(command.trim_end())?;
        self.site_replied(&reply);
        Ok(())
    }

    /// A SITE command that is refused is no error.
    fn site_replied(&mut self, reply: &Reply) {
        if reply.code.is_negative() {
            self.out.line(&BATCH_SITE_REFUSED.render(&[("reply", &reply.code)]));
        }
    }

    pub(super) fn rename(&mut self, rest: &str) -> Result<(), Failure> {
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

    pub(super) fn quote(&mut self, rest: &str) -> Result<(), Failure> {
        let text = operand(Verb::Quote, rest)?;
        let command = Command::parse(text.as_bytes());
        let (verb, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
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
}

/// Operands of SITE that change a password, such as `PSWD old new`: the word, and what is not shown.
pub(super) fn site_secret(rest: &str) -> Option<(&str, &str)> {
    let (word, secret) = rest.trim().split_once(char::is_whitespace)?;
    let upper = word.to_ascii_uppercase();
    ["PASS", "PSWD"].iter().any(|part| upper.contains(part)).then_some((word, secret))
}

/// A subcommand that is wrong.
pub(super) fn usage(verb: Verb, problem: &dyn std::fmt::Display) -> Failure {
    let name = verb.name();
    let line = BATCH_USAGE.render(&[("subcommand", &name), ("problem", problem)]);
    Failure::new(ClientCode::Usage, line)
}

pub(super) fn operand(verb: Verb, rest: &str) -> Result<&str, Failure> {
    match rest.trim() {
        "" => Err(usage(verb, &"an operand is missing")),
        rest => Ok(rest),
    }
}

/// The operand, without quotation marks.
pub(super) fn bare(verb: Verb, rest: &str) -> Result<String, Failure> {
    let words = words(operand(verb, rest)?).map_err(|problem| usage(verb, &problem))?;
    match &words[..] {
        [word] => Ok(word.clone()),
        _ => Err(usage(verb, &"expected one operand; quote what has blanks in it")),
    }
}

pub(super) fn toggled(verb: Verb, rest: &str, is: bool) -> Result<bool, Failure> {
    match rest.trim().to_ascii_uppercase().as_str() {
        "" => Ok(!is),
        "ON" => Ok(true),
        "OFF" => Ok(false),
        other => Err(usage(verb, &format!("{other}: expected ON, OFF or nothing"))),
    }
}

pub(super) fn completed(command: &str, reply: &Reply) -> Result<(), Failure> {
    match reply.code.is_completion() {
        true => Ok(()),
        false => Err(refused(command, reply.code.number())),
    }
}
