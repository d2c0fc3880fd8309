//! Messages: every line an operator can see, catalogued once.
//!
//! A [`Message`] is a constant in one of the catalogue files; [`say!`](crate::say) fills in its
//! placeholders and writes it to the log ([`log::init`]). The same constants make
//! `docs/messages.md` ([`manual`]), which a test holds against them. Whoever has something to say
//! to an operator says it through here, so that no line leaves zoxy without an ID and no value in
//! it can forge another line.

pub mod catalogue;
pub mod diagnostic;
pub mod log;
pub mod manual;
pub mod record;
pub mod time;

use std::fmt::{self, Display, Write};

use ::log::{Level, log, log_enabled};

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

impl Severity {
    /// The level of the log facade that stands for it.
    fn level(self) -> Level {
        match self {
            Self::I => Level::Info,
            Self::W => Level::Warn,
            Self::E | Self::S | Self::A => Level::Error,
        }
    }
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
        format!("{} {}", self.id(), self.fill(arguments))
    }

    /// The same without the ID: a reason within another message.
    pub fn fill(&self, arguments: &[Argument<'_>]) -> String {
        fill(self.text, arguments)
    }

    /// Writes the message to the log, with a level that follows from the severity.
    pub fn emit(&self, arguments: &[Argument<'_>]) {
        log::count(self.severity);
        if !log::repeat::passes(self, arguments) {
            return;
        }
        let level = self.severity.level();
        if log_enabled!(target: log::MESSAGES, level) {
            log!(target: log::MESSAGES, level, "{}", self.render(arguments));
        }
    }

    /// Writes a line to the log that [`Message::render`] made of this message earlier.
    pub fn emit_rendered(&self, line: &str) {
        log::count(self.severity);
        log!(target: log::MESSAGES, self.severity.level(), "{line}");
    }

    /// Stops the compiler at a `say!` that leaves a placeholder of this message without a value.
    #[doc(hidden)]
    pub const fn check_names(&self, names: &[&str]) {
        let text = self.text.as_bytes();
        let mut at = 0;
        while at < text.len() {
            if text[at] == b'{' {
                let mut found = false;
                let mut index = 0;
                while index < names.len() {
                    found |= closes_with(text, at + 1, names[index].as_bytes());
                    index += 1;
                }
                assert!(found, "a placeholder of this message has no value");
            }
            at += 1;
        }
    }
}

/// A text with its placeholders filled in; control characters in values become `?`.
fn fill(text: &str, arguments: &[Argument<'_>]) -> String {
    let mut line = String::new();
    let mut rest = text;
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
                debug_assert!(false, "no value for {{{name}}} in {text}");
                line.push('?');
            }
        }
        rest = &rest[start + length + 1..];
    }
    line.push_str(rest);
    line
}

/// Whether `name` and a closing brace stand at `start` of `text`.
const fn closes_with(text: &[u8], start: usize, name: &[u8]) -> bool {
    if start + name.len() >= text.len() || text[start + name.len()] != b'}' {
        return false;
    }
    let mut at = 0;
    while at < name.len() {
        if text[start + at] != name[at] {
            return false;
        }
        at += 1;
    }
    true
}

/// Writes a catalogued message to the log: `say!(READY, name = listener.name, address = bound)`.
///
/// A placeholder without a value does not compile.
#[macro_export]
macro_rules! say {
    ($message:ident $(, $name:ident = $value:expr)* $(,)?) => {{
        const _: () =
            $crate::message::catalogue::$message.check_names(&[$(stringify!($name)),*]);
        $crate::message::catalogue::$message.emit(&[$((stringify!($name), &$value)),*])
    }};
}

/// A character that a value in a line must not have: a control character, what some readers take
/// for a line end (U+2028, U+2029), or what changes the direction of the text around it.
pub(crate) fn is_forging(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
}

/// Passes text on with such characters replaced, so that no client can forge a log line.
struct Sanitized<'a>(&'a mut String);

impl Write for Sanitized<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(text.chars().map(|c| if is_forging(c) { '?' } else { c }));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Message = Message {
        number: 42,
        severity: Severity::W,
        text: "{client} wants {target}, {client} again",
        explanation: "",
        action: "",
        response: "",
    };

    #[test]
    fn placeholders_are_filled_in() {
        let line = SAMPLE.render(&[("target", &7), ("client", &"10.0.0.1")]);
        assert_eq!(line, "ZOX0042W 10.0.0.1 wants 7, 10.0.0.1 again");
    }

    #[test]
    fn values_cannot_forge_lines() {
        let line =
            SAMPLE.render(&[("target", &"{client}\nZOX0004I\x1b[2J"), ("client", &"c\u{85}")]);
        assert_eq!(line, "ZOX0042W c? wants {client}?ZOX0004I?[2J, c? again");
        let line =
            SAMPLE.render(&[("target", &"a\u{2028}b\u{202e}"), ("client", &"\u{e4}\u{2067}")]);
        assert_eq!(line, "ZOX0042W \u{e4}? wants a?b?, \u{e4}? again");
    }

    #[test]
    fn say_needs_every_placeholder() {
        const { SAMPLE.check_names(&["target", "client", "more"]) };
        let missing =
            std::panic::catch_unwind(|| SAMPLE.check_names(&["client", "targe", "targets"]));
        assert!(missing.is_err());
    }
}
