//! Login with the user and password of the FTP dialogue.
//!
//! | step | server's reply | what follows |
//! |---|---|---|
//! | Greeting | 1xx | wait |
//! | Greeting | 2xx | USER; else the reply is passed on and the dialogue ends |
//! | User | 331 | PASS; 332 as in Pass; else the reply is passed on |
//! | Pass | 332 | ACCT if the client gave one before; else the reply is passed on |
//! | Acct | any | passed on |
//!
//! What is passed on answers the client's PASS, and everything is relayed from then on. User and
//! password are kept as the lines they came in, and wiped when the login is over.

use std::fmt;

use zeroize::Zeroizing;

use super::answer::Answer;
use super::dialogue::{Dialogue, Phase};
use super::reply::Awaited;
use super::{Action, Note, Password};
use crate::config::Target;
use crate::ftp::{Code, Command, Line, ReplyEvent, Verb, telnet};
use crate::message::catalogue::{
    FTP_LOGIN_REFUSED, FTP_NO_FTP_SERVER, FTP_NOT_UTF8, FTP_SECURITY_REFUSED,
    FTP_SECURITY_REFUSED_PLAIN, FTP_SSH_FAILED, FTP_TOO_MANY_LOGINS,
};
use crate::socks::host_from_name;

/// What the client has given of its login.
#[derive(Debug, Default)]
pub(super) struct Gate {
    user: Option<User>,
    account: Option<Line>,
    /// Logins the SSH server refused.
    refused: u32,
}

/// A USER command.
pub(super) struct User {
    /// What is repeated to the FTP server.
    line: Zeroizing<Vec<u8>>,
    /// What logs in to the SSH server.
    name: String,
    /// The server a composite name asks for.
    target: Option<Target>,
}

/// A complete login.
pub(super) struct Credentials {
    user: Zeroizing<Vec<u8>>,
    password: Line,
    account: Option<Line>,
    refused: u32,
}

/// Which reply of the server comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Greeting,
    User,
    Pass,
    Acct,
}

impl Dialogue {
    /// The first reply of a dialogue whose server is not there yet.
    pub(super) fn greet(&mut self) {
        self.enter(Phase::Gate(Gate::default()));
        let text = format!("FTP to {}: log in", self.settings.target.host);
        self.tell(&Answer::plain(220, &text).line);
    }

    /// One command before the login.
    pub(super) fn gate_command(&mut self, line: Line) {
        let Some(command) = Command::parse(line.text()) else {
            self.answer(Answer::plain(500, "A command was expected"));
            return;
        };
        log::trace!("before login: {command}");
        let answer = match command.verb {
            Verb::User => self.gate_user(&line, &command),
            Verb::Pass => match self.gate_password(&line, &command) {
                Some(answer) => answer,
                None => return,
            },
            Verb::Acct => self.gate_account(line),
            Verb::Feat => Answer::plain(211, "No features before the login"),
            Verb::Opts => Answer::plain(501, "Options are set after the login"),
            Verb::Syst => Answer::plain(215, "UNKNOWN"),
            Verb::Help => Answer::plain(214, "USER and PASS log in; HELP then tells more"),
            Verb::Noop => Answer::plain(200, "OK"),
            Verb::Abor => Answer::plain(226, "Nothing to abort"),
            Verb::Rein => {
                if let Phase::Gate(gate) = self.phase_mut() {
                    *gate = Gate { refused: gate.refused, ..Gate::default() };
                }
                Answer::plain(220, "Log in")
            }
            Verb::Quit => {
                self.tell(&Answer::plain(221, "Goodbye").line);
                self.close("QUIT before login");
                return;
            }
            verb if verb.is_security() => self.refuse_security(verb),
            _ => Answer::plain(530, "Log in with USER and PASS first"),
        };
        self.answer(answer);
    }

    /// AUTH and its kin: TLS would hide the dialogue, and the tunnel, where there is one, protects it
    /// anyway.
    pub(super) fn refuse_security(&mut self, verb: Verb) -> Answer {
        let command = verb.name();
        self.act(Action::Say(Note::SecurityRefused { command }));
        let code = if matches!(verb, Verb::Auth) { 534 } else { 503 };
        let message =
            if self.is_plain { &FTP_SECURITY_REFUSED_PLAIN } else { &FTP_SECURITY_REFUSED };
        Answer::message(code, message, &[("command", &command)])
    }

    /// The way to the FTP server is open.
    pub(super) fn logged_in(&mut self) {
        let Phase::Dialing(credentials) = self.phase_mut() else { return };
        match credentials.take() {
            Some(credentials) => {
                self.enter(Phase::Replaying(credentials, Step::Greeting));
            }
            None => {
                self.awaited.push_back(Awaited::Greeting);
                self.enter(Phase::Relaying);
            }
        }
    }

    /// The SSH server does not take the credential.
    pub(super) fn login_refused(&mut self, text: &str) {
        let Phase::Dialing(credentials) = self.phase_mut() else { return };
        let refused = credentials.take().map(|credentials| credentials.refused + 1);
        let reason = [("reason", &text as _)];
        match refused {
            None => {
                // The client waits for a greeting, for which 530 is no answer.
                let answer = Answer::message(421, &FTP_LOGIN_REFUSED, &reason);
                self.end_with(&answer, "SSH login refused");
            }
            Some(MAX_LOGINS..) => {
                let answer = Answer::message(421, &FTP_TOO_MANY_LOGINS, &reason);
                self.end_with(&answer, "too many refused logins");
            }
            Some(refused) => {
                self.tell(&Answer::message(530, &FTP_LOGIN_REFUSED, &reason).line);
                self.enter(Phase::Gate(Gate { refused, ..Gate::default() }));
            }
        }
    }

    /// There is no way to the FTP server.
    pub(super) fn ssh_failed(&mut self, code: u16, text: &str) {
        let answer = Answer::message(code, &FTP_SSH_FAILED, &[("reason", &text)]);
        self.end_with(&answer, text);
    }

    /// One line of the server while the login is repeated to it.
    pub(super) fn replay_reply(&mut self, line: &Line) {
        let Phase::Replaying(credentials, step) = self.phase() else { return };
        let (step, has_account) = (*step, credentials.account.is_some());
        match self.replies.feed(line.text()) {
            Ok(ReplyEvent::Line { code }) => {
                if !step.is_ours(code, has_account) {
                    self.tell(line.bytes());
                }
            }
            Ok(ReplyEvent::Complete { code }) => self.replay_step(step, code, line, has_account),
            Err(_) if step == Step::Greeting => {
                let answer = Answer::message(421, &FTP_NO_FTP_SERVER, &[]);
                self.end_with(&answer, "the target is no FTP server");
            }
            Err(_) => log::trace!("a stray line of the server is dropped"),
        }
    }

    /// Ends a reply to the repeated login that the server does not end any more.
    pub(super) fn replay_end(&mut self, code: Code, line: &Line) {
        let Phase::Replaying(credentials, step) = self.phase() else { return };
        let (step, has_account) = (*step, credentials.account.is_some());
        if !step.is_ours(code, has_account) {
            self.replay_step(step, code, line, has_account);
        }
    }

    /// A whole reply to one step of the login.
    fn replay_step(&mut self, step: Step, code: Code, line: &Line, has_account: bool) {
        if !step.is_ours(code, has_account) {
            self.tell(line.bytes());
            self.farewell |= code == 421;
            if step == Step::Greeting {
                self.close("the FTP server does not serve");
            } else if !code.is_preliminary() {
                self.enter(Phase::Relaying);
            }
            return;
        }
        let next = match (step, code.number()) {
            (_, 100..=199) => return,
            (Step::Greeting, _) => Step::User,
            (Step::User, 331) => Step::Pass,
            _ => Step::Acct,
        };
        let Phase::Replaying(credentials, at) = self.phase_mut() else { return };
        *at = next;
        let command = match next {
            Step::Greeting | Step::User => credentials.user.clone(),
            Step::Pass => Zeroizing::new(credentials.password.bytes().to_vec()),
            Step::Acct => {
                let account = credentials.account.as_ref().map_or(&[][..], Line::bytes);
                Zeroizing::new(account.to_vec())
            }
        };
        self.ask(&command);
    }

    fn gate_user(&mut self, line: &Line, command: &Command<'_>) -> Answer {
        let name = telnet::unescape(command.trimmed_argument());
        let Ok(name) = std::str::from_utf8(&name) else {
            return Answer::message(530, &FTP_NOT_UTF8, &[]);
        };
        if name.is_empty() {
            return Answer::plain(501, "USER needs a name");
        }
        let user = match self.composite(name) {
            Some((name, target)) => User {
                line: Zeroizing::new(user_line(name).bytes().to_vec()),
                name: name.into(),
                target: Some(target),
            },
            None => User {
                line: Zeroizing::new(line.bytes().to_vec()),
                name: name.into(),
                target: None,
            },
        };
        self.user = user.name.clone();
        if let Phase::Gate(gate) = self.phase_mut() {
            gate.user = Some(user);
            gate.account = None;
        }
        Answer::plain(331, "Password needed")
    }

    /// Takes `user@host` apart, if that is to be done.
    pub(super) fn composite<'n>(&self, name: &'n str) -> Option<(&'n str, Target)> {
        if !self.settings.composite_user {
            return None;
        }
        let (user, host) = name.rsplit_once('@')?;
        let host = host_from_name(host.as_bytes())?;
        let target = Target { host, port: self.settings.target.port };
        (!user.is_empty()).then_some((user, target))
    }

    fn gate_account(&mut self, line: Line) -> Answer {
        let Phase::Gate(gate) = self.phase_mut() else {
            return Answer::plain(530, "Log in with USER and PASS first");
        };
        if gate.user.is_none() {
            return Answer::plain(503, "USER comes first");
        }
        gate.account = Some(line);
        Answer::plain(202, "Kept for the login; PASS is needed")
    }

    /// PASS: asks for the SSH session, or gives the answer to a wrong one.
    fn gate_password(&mut self, line: &Line, command: &Command<'_>) -> Option<Answer> {
        let Phase::Gate(gate) = self.phase_mut() else { return None };
        let Some(user) = gate.user.take() else {
            return Some(Answer::plain(503, "USER comes first"));
        };
        let account = gate.account.take();
        let refused = gate.refused;
        let bytes = telnet::unescape(command.argument);
        let Ok(password) = std::str::from_utf8(&bytes) else {
            return Some(Answer::message(530, &FTP_NOT_UTF8, &[]));
        };
        let password = Password(Zeroizing::new(password.to_string()));
        let credentials = Credentials { user: user.line, password: line.clone(), account, refused };
        let asked = user.target.as_ref().unwrap_or(&self.settings.target);
        self.host = asked.host.clone();
        self.enter(Phase::Dialing(Some(Box::new(credentials))));
        self.act(Action::LogIn { user: user.name, password, target: user.target });
        None
    }
}

/// USER with the name that is left of a composite one.
pub(super) fn user_line(name: &str) -> Line {
    Line::new(format!("USER {name}\r\n").into_bytes())
}

impl Step {
    /// Whether a reply is taken by the replayed login instead of being passed on.
    fn is_ours(self, code: Code, has_account: bool) -> bool {
        match self {
            Self::Greeting => code.is_preliminary() || code.is_completion(),
            Self::User => code == 331 || (code == 332 && has_account),
            Self::Pass => code == 332 && has_account,
            Self::Acct => false,
        }
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("User")
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials")
    }
}

/// Refused logins after which the dialogue ends.
const MAX_LOGINS: u32 = 3;
