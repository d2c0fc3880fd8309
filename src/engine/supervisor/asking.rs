//! Requests to the operator: what is asked, and what YES, NO and silence do.
//!
//! | request | YES | NO, or no reply within REPLYTIME |
//! |---|---|---|
//! | F RECONNECT profile,NOW while connections use its sessions | they are cut | nothing |
//! | an unknown host key of a profile with STRICTKEY ASK | it is learned, as under NEW | nothing |
//!
//! Nothing waits for a reply: the dial that found the key has failed, and the next one, which follows
//! a YES at once, finds what was learned.

use std::fmt;
use std::time::Instant;

use super::Supervisor;
use super::operate::said;
use crate::engine::inbox::Inbound;
use crate::engine::shared::UnknownKey;
use crate::message::catalogue::{KEY_ASKED, RECONNECT_ASKED, REPLY_NOT_TAKEN, REQUEST_ANSWERED};
use crate::operator::requests::{Answer, MAX_REQUESTS, ReplyError};
use crate::say;

/// What a request is about.
#[derive(Debug, PartialEq)]
pub(super) enum Subject {
    /// F RECONNECT with NOW.
    Reconnect {
        /// The profile.
        profile: String,
    },
    /// A host key that nobody knows.
    Key(UnknownKey),
}

impl Supervisor {
    /// Opens a request and says it; gives its message. None: it is open already, or there are too
    /// many.
    pub(super) fn ask(&mut self, subject: Subject) -> Option<String> {
        let limit = self.shared.live().config.process.reply_time;
        let connections = match &subject {
            Subject::Reconnect { profile } => self.shared.pool.usage(profile).clients,
            Subject::Key(_) => 0,
        };
        let message = match &subject {
            Subject::Reconnect { .. } => &RECONNECT_ASKED,
            Subject::Key(_) => &KEY_ASKED,
        };
        let (profile, server, key) = match &subject {
            Subject::Reconnect { profile } => (profile.clone(), String::new(), String::new()),
            Subject::Key(key) => {
                (key.profile.clone(), key.server.to_string(), key.fingerprint.to_string())
            }
        };
        let text = |number: u8| {
            message.render(&[
                ("number", &format_args!("{number:02}")),
                ("profile", &profile),
                ("server", &server),
                ("fingerprint", &key),
                ("connections", &connections),
            ])
        };
        let open = self.requests.ask(subject, limit, Instant::now(), text)?;
        message.emit_rendered(&open.text);
        Some(open.text.clone())
    }

    /// A dial has found a host key that nobody knows, under STRICTKEY ASK.
    pub(super) fn ask_about_key(&mut self, key: UnknownKey) {
        if self.ask(Subject::Key(key)).is_none() {
            // The dial's own messages name server and key.
            log::debug!("no request for a host key: one is open, or {MAX_REQUESTS} are");
        }
    }

    /// R: carries out what a request was about, or not.
    pub(super) fn reply(&mut self, number: u8, text: &str) -> (String, u8) {
        let (subject, answer) = match self.requests.reply(number, text) {
            Ok(closed) => closed,
            Err(error) => {
                let problem = match error {
                    ReplyError::NoSuchRequest => "there is no such request; D R lists them",
                    ReplyError::NotAnAnswer => "expected YES or NO",
                };
                let number = format_args!("{number:02}");
                let text = REPLY_NOT_TAKEN.render(&[("number", &number), ("problem", &problem)]);
                return (text, 8);
            }
        };
        let what = subject.to_string();
        let done = match (answer, subject) {
            (Answer::No, _) => "NO".to_owned(),
            (Answer::Yes, Subject::Reconnect { profile }) => {
                self.reconnect(None, profile, true);
                "YES".to_owned()
            }
            (Answer::Yes, Subject::Key(key)) => {
                let server = &key.server;
                if self.shared.learned.learn(&server.host, server.port, key.fingerprint.clone()) {
                    self.shared.pool.forget_pause(server);
                    for worker in &self.shared.workers {
                        worker.send(Inbound::EndPause(server.clone()));
                    }
                    "YES".to_owned()
                } else {
                    "YES, but too many host keys are learned already".to_owned()
                }
            }
        };
        let number = format_args!("{number:02}");
        said(&REQUEST_ANSWERED, &[("number", &number), ("answer", &done), ("what", &what)], 0)
    }

    /// Closes requests that nobody has answered in time.
    pub(super) fn expire_requests(&mut self) {
        let now = Instant::now();
        for open in self.requests.expire(now) {
            say!(
                REQUEST_EXPIRED,
                number = format_args!("{:02}", open.number),
                what = open.subject,
                seconds = open.deadline.duration_since(open.since).as_secs()
            );
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reconnect { profile } => write!(f, "F RECONNECT {profile},NOW"),
            Self::Key(key) => write!(f, "host key {} of {}", key.fingerprint, key.server),
        }
    }
}
