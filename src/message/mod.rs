//! Messages: every line an operator can see, catalogued once.
//!
//! A [`Message`] is a constant in one of the catalogue files; [`say!`](crate::say) fills in its placeholders
//! and writes it. The same constants make `docs/messages.md`, which a test holds against them.

pub mod catalogue;

use std::fmt::{self, Display, Write};

/// How bad it is: the last letter of a message ID.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// Information.
    I,
    /// Warning: zoxy goes on, something needs a look.
    W,
    /// Error: a connection or a command failed.
    E,
    /// Severe: zoxy cannot go on.
    S,
    /// Action: an operator must do something.
    A,
}

/// One catalogued message.
#[derive(Debug)]
pub struct Message {
    /// Number, 0 to 9999.
    pub number: u16,
    /// Severity letter.
    pub severity: Severity,
    /// Text with `{name}` placeholders, without the ID.
    pub text: &'static str,
    /// What happened, for the message manual.
    pub explanation: &'static str,
    /// What zoxy does.
    pub action: &'static str,
    /// What the operator can do.
    pub response: &'static str,
}

/// The value of one placeholder.
pub type Argument<'a> = (&'static str, &'a dyn Display);

impl Message {
    /// The ID: `ZOX`, four digits, the severity letter.
    pub fn id(&self) -> String {
        format!("ZOX{:04}{:?}", self.number, self.severity)
    }

    /// ID and text with the placeholders filled in; control characters in values become `?`.
    pub fn render(&self, arguments: &[Argument<'_>]) -> String {
        let mut line = self.id();
        line.push(' ');
        let mut rest = self.text;
        while let Some(start) = rest.find('{') {
            let Some(length) = rest[start..].find('}') else {
                break;
            };
            line.push_str(&rest[..start]);
            let name = &rest[start + 1..start + length];
            match arguments.iter().find(|(key, _)| *key == name) {
                Some((_, value)) => {
                    // A Sanitized writer never fails: it writes into a String.
                    let _ = write!(Sanitized(&mut line), "{value}");
                }
                None => {
                    debug_assert!(false, "{}: no value for {{{name}}}", self.id());
                    line.push('?');
                }
            }
            rest = &rest[start + length + 1..];
        }
        line.push_str(rest);
        line
    }

    /// Writes the message to the log, with a level that follows from the severity.
    pub fn emit(&self, arguments: &[Argument<'_>]) {
        let level = match self.severity {
            Severity::I => log::Level::Info,
            Severity::W => log::Level::Warn,
            Severity::E | Severity::S | Severity::A => log::Level::Error,
        };
        if log::log_enabled!(target: "zoxy", level) {
            log::log!(target: "zoxy", level, "{}", self.render(arguments));
        }
    }
}

/// Writes a catalogued message to the log: `say!(CONNECTION_OPENED, id = 7, client = peer)`.
#[macro_export]
macro_rules! say {
    ($message:ident $(, $name:ident = $value:expr)* $(,)?) => {
        $crate::message::catalogue::$message.emit(&[$((stringify!($name), &$value)),*])
    };
}

/// Passes text on with control characters replaced, so that no client can forge a log line.
struct Sanitized<'a>(&'a mut String);

impl Write for Sanitized<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0
            .extend(text.chars().map(|c| if c.is_control() { '?' } else { c }));
        Ok(())
    }
}
