//! The message manual: the catalogue as Markdown, which is `docs/messages.md`.
//!
//! The file is written by the test below when `UPDATE_DOCS` is set, and compared by it otherwise.

use super::catalogue::{self, AREAS, Area};
use super::{Message, Severity};

const INTRODUCTION: &str = "\
# Messages

Everything zoxy has to say to an operator is one line that begins with a message ID: `ZOX`, a
number, and a letter that says how bad it is.

| letter | meaning |
|---|---|
";

const AFTER_SEVERITIES: &str = "
Words in braces stand for values. `#{id}` is the number of a connection, the same in all its lines
and in `D CONNS`. Control characters in a value are shown as `?`. How lines reach the log is told in
[operations.md](operations.md).

This file is made from the catalogue in `src/message/catalogue`; after a change there, run
`UPDATE_DOCS=1 cargo test --lib manual`.
";

/// The whole manual.
pub fn render_manual() -> String {
    let mut manual = String::from(INTRODUCTION);
    for severity in [Severity::I, Severity::W, Severity::E, Severity::A, Severity::S] {
        manual.push_str(&format!("| {severity:?} | {} |\n", meaning(severity)));
    }
    manual.push_str(AFTER_SEVERITIES);
    for area in AREAS {
        section(&mut manual, area);
    }
    manual
}

/// One area: its heading and its messages by number.
fn section(manual: &mut String, area: &Area) {
    let (first, last) = (area.numbers.start(), area.numbers.end());
    manual.push_str(&format!("\n## {first:04}-{last:04}: {}\n", area.title));
    for message in catalogue::all() {
        if area.numbers.contains(&message.number) {
            entry(manual, message);
        }
    }
}

/// One message with all that is known about it.
fn entry(manual: &mut String, message: &Message) {
    manual.push_str(&format!("\n### {}\n\n`{}`\n\n", message.id(), message.text));
    manual.push_str(&format!("{}\n\n", message.explanation));
    manual.push_str(&format!("- **System action:** {}\n", message.action));
    manual.push_str(&format!("- **Operator response:** {}\n", message.response));
}

fn meaning(severity: Severity) -> &'static str {
    match severity {
        Severity::I => "Information: nothing to do",
        Severity::W => "Warning: zoxy goes on, something deserves a look",
        Severity::E => "Error: a connection, a session or a command failed",
        Severity::A => "Action: connections fail until an operator does something",
        Severity::S => "Severe: zoxy cannot go on",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manual_in_docs_is_that_of_the_catalogue() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/messages.md");
        let manual = render_manual();
        if std::env::var_os("UPDATE_DOCS").is_some() {
            std::fs::write(path, &manual).expect("docs can be written");
        }
        let found = std::fs::read_to_string(path).unwrap_or_default();
        let differs = found.lines().zip(manual.lines()).position(|(a, b)| a != b);
        assert!(
            found == manual,
            "docs/messages.md differs from the catalogue (first at line {:?}); \
             run: UPDATE_DOCS=1 cargo test --lib manual",
            differs.map(|line| line + 1)
        );
    }

    #[test]
    fn every_message_is_in_the_manual() {
        let manual = render_manual();
        for message in catalogue::all() {
            assert_eq!(manual.matches(&format!("### {}\n", message.id())).count(), 1);
        }
    }
}
