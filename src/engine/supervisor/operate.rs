//! Operator commands carried out, and the questions to workers that some of them need.

use std::time::{Duration, Instant};

use super::Supervisor;
use super::asking::Subject;
use crate::engine::inbox::Inbound;
use crate::engine::snapshot::WorkerSnapshot;
use crate::message::catalogue::{
    CANCELLED, LOG_LEVEL, NOT_THERE, NOTHING_CHANGED, PROFILE_DRAINED, PROFILE_RESUMED, QUIESCED,
    RECONNECTED, RECONNECTED_NOW, RESUMED, TRACE_CHANGED,
};
use crate::message::{Argument, Message, log};
use crate::operator::command::{Command, Level, View, nearest};
use crate::operator::console::ConsoleId;

/// A question to all workers whose answers are being gathered.
pub(super) struct Question {
    /// Who waits for the answer; None: nobody, the command was a reply to a request.
    pub console: Option<ConsoleId>,
    pub asked: Asked,
    pub parts: Vec<WorkerSnapshot>,
    pub deadline: Instant,
}

/// What a question is about.
pub(super) enum Asked {
    /// A display, and whether as JSON.
    View(View, bool),
    /// F CANCEL of this connection.
    Cancel(u64),
    /// F RECONNECT of this profile.
    Reconnect {
        /// Its name.
        profile: String,
        /// Sessions in use were cut.
        now: bool,
    },
}

impl Supervisor {
    pub(super) fn carry_out(&mut self, console: ConsoleId, command: Command) {
        let (text, rc) = match command {
            Command::Display { view, json } => return self.show(console, view, json),
            Command::Refresh => self.refresh(),
            Command::Stop => {
                let text = self.stop("operator command");
                (text, 0)
            }
            Command::Quiesce => self.quiesce(),
            Command::Resume(None) => self.resume(),
            Command::Resume(Some(profile)) => self.resume_profile(&profile),
            Command::Drain(profile) => self.drain_profile(&profile),
            Command::Reconnect { profile, now } => match self.check_profile(&profile) {
                Err(answer) => answer,
                Ok(()) if now && self.shared.pool.usage(&profile).clients > 0 => {
                    self.ask_to_cut(&profile)
                }
                Ok(()) => return self.reconnect(Some(console), profile, now),
            },
            Command::Cancel(id) => {
                let make = |question| Inbound::Cancel { question, number: id };
                return self.ask_workers(Some(console), Asked::Cancel(id), make);
            }
            Command::Log(level) => {
                log::set_level(match level {
                    Level::Normal => None,
                    Level::Debug => Some(::log::LevelFilter::Debug),
                    Level::Trace => Some(::log::LevelFilter::Trace),
                });
                said(&LOG_LEVEL, &[("level", &level)], 0)
            }
            Command::Trace { id, on } => trace(id, on),
            Command::Reply { number, text } => self.reply(number, &text),
        };
        self.console.answer(console, &text, rc);
    }

    fn quiesce(&mut self) -> (String, u8) {
        if self.stopping.is_some() {
            return unchanged("zoxy is stopping");
        }
        if !self.shared.gates.quiesce(true) {
            return unchanged("zoxy is quiesced already");
        }
        said(&QUIESCED, &[("connections", &self.shared.limits.connections())], 0)
    }

    fn resume(&mut self) -> (String, u8) {
        if !self.shared.gates.quiesce(false) {
            return unchanged("zoxy is not quiesced; F RESUME profile ends the DRAIN of a profile");
        }
        said(&RESUMED, &[], 0)
    }

    fn drain_profile(&mut self, profile: &str) -> (String, u8) {
        if let Err(answer) = self.check_profile(profile) {
            return answer;
        }
        if !self.shared.gates.drain(profile, true) {
            return unchanged("this profile is drained already");
        }
        let connections = self.shared.pool.usage(profile).clients;
        said(&PROFILE_DRAINED, &[("profile", &profile), ("connections", &connections)], 0)
    }

    fn resume_profile(&mut self, profile: &str) -> (String, u8) {
        if let Err(answer) = self.check_profile(profile) {
            return answer;
        }
        if !self.shared.gates.drain(profile, false) {
            return unchanged("this profile is not drained");
        }
        said(&PROFILE_RESUMED, &[("profile", &profile)], 0)
    }

    /// Has the workers make new sessions for a profile.
    pub(super) fn reconnect(&mut self, console: Option<ConsoleId>, profile: String, now: bool) {
        let asked = Asked::Reconnect { profile: profile.clone(), now };
        self.shared.pool.forget_pauses(&profile);
        let make = |question| Inbound::Reconnect { question, profile: profile.clone(), cut: now };
        self.ask_workers(console, asked, make);
    }

    /// The answer to a profile that the deck does not have.
    pub(super) fn check_profile(&self, name: &str) -> Result<(), (String, u8)> {
        let live = self.shared.live();
        let names: Vec<&str> = live.config.profiles.iter().map(|p| p.name.as_str()).collect();
        if names.contains(&name) {
            return Ok(());
        }
        let what = format!("profile {name}");
        let hint = match nearest(name, names.iter().copied()) {
            Some(name) => format!("there is {name}"),
            None => "D PROFILES lists them".to_owned(),
        };
        Err((NOT_THERE.render(&[("what", &what), ("hint", &hint)]), 8))
    }

    /// Sends every worker what `make` makes of the question's number.
    pub(super) fn ask_workers(
        &mut self,
        console: Option<ConsoleId>,
        asked: Asked,
        make: impl Fn(u64) -> Inbound,
    ) {
        let number = self.next_question;
        self.next_question += 1;
        let deadline = Instant::now() + ANSWER_TIME;
        let question = Question { console, asked, parts: Vec::new(), deadline };
        self.questions.insert(number, question);
        for worker in &self.shared.workers {
            worker.send(make(number));
        }
    }

    /// A worker has answered.
    pub(super) fn take_part(&mut self, number: u64, part: WorkerSnapshot) {
        let Some(question) = self.questions.get_mut(&number) else { return };
        question.parts.push(part);
        if question.parts.len() == self.shared.workers.len() {
            self.answer_question(number);
        }
    }

    pub(super) fn answer_late_questions(&mut self) {
        let now = Instant::now();
        let late: Vec<u64> =
            self.questions.iter().filter(|(_, q)| q.deadline <= now).map(|(n, _)| *n).collect();
        for question in late {
            self.answer_question(question);
        }
    }

    /// Answers with what has come; RC 4 if a worker has not answered in time.
    fn answer_question(&mut self, number: u64) {
        let Some(Question { console, asked, parts, .. }) = self.questions.remove(&number) else {
            return;
        };
        let rc = if parts.len() < self.shared.workers.len() { 4 } else { 0 };
        let (sessions, clients) = parts.iter().fold((0, 0), |(sessions, clients), part| {
            (sessions + part.done.sessions, clients + part.done.clients)
        });
        let (text, rc) = match asked {
            Asked::View(view, json) => (self.gathered(view, json, parts), rc),
            Asked::Cancel(id) if clients == 0 => {
                let what = format!("connection #{id}");
                let hint = "D CONNS lists them";
                (NOT_THERE.render(&[("what", &what), ("hint", &hint)]), 8)
            }
            Asked::Cancel(id) => (CANCELLED.render(&[("id", &id)]), rc),
            Asked::Reconnect { profile, now } => {
                let message = if now { &RECONNECTED_NOW } else { &RECONNECTED };
                let arguments: &[Argument<'_>] =
                    &[("profile", &profile), ("sessions", &sessions), ("connections", &clients)];
                said(message, arguments, rc)
            }
        };
        if let Some(console) = console {
            self.console.answer(console, &text, rc);
        }
    }

    /// The request to cut the sessions of a profile, which carry clients.
    fn ask_to_cut(&mut self, profile: &str) -> (String, u8) {
        let subject = Subject::Reconnect { profile: profile.to_owned() };
        match self.ask(subject) {
            // Nothing is done yet: an automation must see that.
            Some(text) => (text, 4),
            None => unchanged("the same request is open already, or too many are; enter D R"),
        }
    }
}

/// F TRACE: any number may be named, the connection need not be there yet.
fn trace(id: u64, on: bool) -> (String, u8) {
    if on && !log::trace_connection(id, true) {
        return unchanged(&format!("{} connections are traced already", log::MAX_TRACED));
    }
    if !on && !log::trace_connection(id, false) {
        return unchanged("this connection is not traced");
    }
    let state = if on { "ON" } else { "OFF" };
    said(&TRACE_CHANGED, &[("id", &id), ("state", &state)], 0)
}

/// A message for the log and the operator.
pub(super) fn said(message: &Message, arguments: &[Argument<'_>], rc: u8) -> (String, u8) {
    message.emit(arguments);
    (message.render(arguments), rc)
}

/// The answer to a command that had nothing to do.
pub(super) fn unchanged(reason: &str) -> (String, u8) {
    (NOTHING_CHANGED.render(&[("reason", &reason)]), 4)
}

/// How long the operator waits for a worker.
const ANSWER_TIME: Duration = Duration::from_secs(5);
