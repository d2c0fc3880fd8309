//! [`Command::parse`]: takes a line apart without losing a byte, and shows no secret.

use zoxy::ftp::{Command, Verb};

use crate::pieces::{is_one_line, offset};

/// The input is lines.
pub fn run(data: &[u8]) {
    data.split(|byte| *byte == b'\n').for_each(check);
}

fn check(text: &[u8]) {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let Some(command) = Command::parse(text) else {
        assert!(text.iter().all(is_blank), "a line with a word in it is a command");
        return;
    };
    let Command { verb, verb_text, argument } = command;
    let start = offset(text, verb_text);
    let end = start + verb_text.len();
    assert!(text[..start].iter().all(is_blank));
    assert!(!verb_text.is_empty() && !verb_text.iter().any(is_blank));
    match text[end..].split_first() {
        None => assert!(argument.is_empty()),
        Some((blank, rest)) => assert!(is_blank(blank) && rest == argument),
    }
    let trimmed = command.trimmed_argument();
    assert!(!trimmed.first().is_some_and(is_blank) && !trimmed.last().is_some_and(is_blank));
    assert_eq!(Verb::from_text(verb_text), verb);
    assert_eq!(Command::parse(&text.to_ascii_lowercase()).map(|lower| lower.verb), Some(verb));
    if verb != Verb::Other {
        assert!(verb_text.eq_ignore_ascii_case(verb.name().as_bytes()));
    }
    let shown = format!("{command} {command:?}");
    assert!(is_one_line(&shown), "{shown}");
    if verb.may_carry_secret() && verb != Verb::Site {
        let longest = 2 * (verb_text.len().min(4) + " ****".len()) + "(no command) Command()".len();
        assert!(shown.len() <= longest, "what may be a secret is shown: {shown}");
    }
}
