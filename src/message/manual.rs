//! The message manual: the catalogue as Markdown, which is `docs/messages.md`.
//!
//! The file is written by the test below when `UPDATE_DOCS` is set, and compared by it otherwise.

use super::Severity;
use super::catalogue::{self, AREAS, Area, ZOS, ZosMessage};

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

const ZOS_HEADING: &str = "
## EZA, EZY: the batch FTP client, with numbers of z/OS

In these places the client says what z/OS FTP says there, under the same number; see
[batchftp.md](batchftp.md). What follows the number is not always word for word the same.
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
    manual.push_str(ZOS_HEADING);
    for message in ZOS {
        let parts = [message.explanation, message.action, message.response];
        entry(&mut manual, message.id, message.text, parts);
    }
    manual
}

/// One message for a terminal, in lines of at most 80 columns; None if there is none of that number.
/// `id` is as in the log, in upper or lower case; its last letter may be missing.
pub fn explain(id: &str) -> Option<String> {
    if let Some(message) = zos_message(id) {
        let head = format!("{} {}", message.id, message.text);
        let parts = [message.explanation, message.action, message.response];
        return Some(on_terminal(head, None, parts));
    }
    let digits = number_in(id)?;
    let message = catalogue::all().into_iter().find(|message| message.number == digits)?;
    let head = format!("{} {}", message.id(), message.text);
    let parts = [message.explanation, message.action, message.response];
    Some(on_terminal(head, Some(meaning(message.severity)), parts))
}

fn on_terminal(head: String, severity: Option<&str>, parts: [&str; 3]) -> String {
    let mut out = head + "\n";
    let titles = ["Explanation", "System action", "Operator response"];
    let severity = severity.map(|text| ("Severity", text));
    for (title, text) in severity.into_iter().chain(titles.into_iter().zip(parts)) {
        out.push_str(&format!("\n{title}:\n"));
        let mut line = String::from("   ");
        for word in text.split(' ') {
            if line.len() > 3 && line.chars().count() + 1 + word.chars().count() > 80 {
                out.push_str(&format!("{line}\n"));
                line = String::from("   ");
            }
            line.push(' ');
            line.push_str(word);
        }
        out.push_str(&format!("{line}\n"));
    }
    out
}

/// That of z/OS with this ID; its last letter may be missing.
fn zos_message(id: &str) -> Option<&'static ZosMessage> {
    let upper = id.to_ascii_uppercase();
    let is_it = |message: &&&ZosMessage| message.id == upper || message.id[..7] == upper;
    ZOS.iter().find(is_it).copied()
}

/// Whether a word looks like the ID of a message, ours or one of z/OS FTP.
pub fn is_id(word: &str) -> bool {
    let of_zos = || {
        let upper = word.to_ascii_uppercase();
        ["EZA", "EZY"].iter().find_map(|prefix| number_behind(prefix, &upper))
    };
    number_in(word).or_else(of_zos).is_some()
}

/// `ZOX`, four digits, and perhaps a letter.
fn number_in(id: &str) -> Option<u16> {
    number_behind("ZOX", &id.to_ascii_uppercase())
}

fn number_behind(prefix: &str, upper: &str) -> Option<u16> {
    let rest = upper.strip_prefix(prefix).filter(|rest| rest.is_ascii() && rest.len() >= 4)?;
    let (digits, letter) = rest.split_at(4);
    let is_letter = matches!(letter, "" | "I" | "W" | "E" | "A" | "S");
    if !is_letter || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

/// One area: its heading and its messages by number.
fn section(manual: &mut String, area: &Area) {
    let (first, last) = (area.numbers.start(), area.numbers.end());
    manual.push_str(&format!("\n## {first:04}-{last:04}: {}\n", area.title));
    for message in catalogue::all() {
        if area.numbers.contains(&message.number) {
            let parts = [message.explanation, message.action, message.response];
            entry(manual, &message.id(), message.text, parts);
        }
    }
}

/// One message with all that is known about it.
fn entry(manual: &mut String, id: &str, text: &str, [explanation, action, response]: [&str; 3]) {
    manual.push_str(&format!("\n### {id}\n\n`{text}`\n\n{explanation}\n\n"));
    manual.push_str(&format!("- **System action:** {action}\n"));
    manual.push_str(&format!("- **Operator response:** {response}\n"));
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
    fn every_message_is_explained_on_a_terminal() {
        for message in catalogue::all() {
            let text = explain(&message.id()).unwrap();
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            for part in [message.explanation, message.action, message.response] {
                assert!(words(&text).contains(&words(part)), "{text}");
            }
            assert!(text.lines().skip(1).all(|line| line.chars().count() <= 80), "{text}");
        }
        assert!(explain("zox4521").is_some_and(|text| text.starts_with("ZOX4521I #{id}")));
        assert_eq!(explain("ZOX9999E"), None);
        for id in ["EZA1735I", "eza1735", "EZY2640I"] {
            assert!(is_id(id) && explain(id).is_some_and(|text| text.contains("Explanation")));
        }
        assert!(is_id("EZA9999I") && explain("EZA9999I").is_none());
        for word in ["ZOX", "ZOX12", "ZOX123X", "ZOX1234X", "ZOX12345", "ftp.example"] {
            assert!(!is_id(word), "{word}");
        }
    }

    #[test]
    fn every_message_is_in_the_manual() {
        let manual = render_manual();
        for message in catalogue::all() {
            assert_eq!(manual.matches(&format!("### {}\n", message.id())).count(), 1);
        }
    }
}
