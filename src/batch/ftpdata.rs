//! FTP.DATA: one statement a line, `KEYWORD value`; a semicolon begins a comment. Pure.

use super::settings::{Settings, Unset};

/// Bytes of FTP.DATA at most.
pub const MAX_FILE: usize = 256 * 1024;

/// A statement that did not set anything.
#[derive(Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Its line, from 1.
    pub line: usize,
    /// Its keyword.
    pub keyword: String,
    /// What is wrong.
    pub problem: Unset,
}

/// Sets what the statements say; gives those that are unknown or wrong, in their order.
pub fn read(text: &str, settings: &mut Settings) -> Vec<Flaw> {
    let mut flaws = Vec::new();
    for (line, statement) in statements(text) {
        let (keyword, value) = statement.split_once(char::is_whitespace).unwrap_or((statement, ""));
        let value = value.trim();
        let value = (!value.is_empty()).then_some(value);
        if let Err(problem) = settings.set(keyword, value) {
            flaws.push(Flaw { line, keyword: keyword.to_owned(), problem });
        }
    }
    flaws
}

/// The statements of a file of this kind, with their lines from 1: without comments, and without the
/// sequence numbers of 80-column cards.
pub fn statements(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter_map(|(index, line)| {
        let line = without_number(line);
        let end = line
            .char_indices()
            .find(|(at, c)| {
                let is_alone = |c: Option<char>| c.is_none_or(char::is_whitespace);
                *c == ';' && (is_alone(line[..*at].chars().next_back()))
            })
            .map_or(line.len(), |(at, _)| at);
        let statement = line[..end].trim();
        (!statement.is_empty()).then_some((index + 1, statement))
    })
}

fn without_number(line: &str) -> &str {
    match line.split_at_checked(72) {
        Some((text, number)) if number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit()) => {
            text
        }
        _ => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn statements_set_and_flaws_have_their_lines() {
        let text = format!(
            "; a comment\n\nFWFRIENDLY TRUE   ; client opens\n{:<72}00010000\nSPEED fast\nepsv4 maybe\n",
            "SOCKSCONFIGFILE   /etc/socks;1"
        );
        let mut settings = Settings::default();
        let flaws = read(&text, &mut settings);
        assert!(settings.firewall_friendly);
        assert_eq!(settings.socks_file.as_deref(), Some("/etc/socks;1"));
        assert_eq!(flaws.len(), 2);
        let unknown = Flaw { line: 5, keyword: "SPEED".to_owned(), problem: Unset::Unknown };
        assert_eq!(flaws[0], unknown);
        assert!(flaws[1].line == 6 && matches!(flaws[1].problem, Unset::Wrong(_)));
    }

    #[test]
    fn random_text_never_panics() {
        let mut random = Random(53);
        for _ in 0..3000 {
            let text = random.text(&['F', 'W', ' ', ';', '\n', '\t', '1', 'é', '\0'], 200);
            read(&text, &mut Settings::default());
        }
    }
}
