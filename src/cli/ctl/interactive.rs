//! The console on a terminal: a prompt with history and completion.
//!
//! Beside the commands of [`Console`] it knows WATCH, HELP and QUIT. The history is kept in
//! `.zoxy_history` of the home directory, for this user alone; replies to requests are not kept.

use std::path::{Path, PathBuf};

use rustyline::completion::Completer;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::FileHistory;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::{Console, watch};
use crate::cli::rc::Rc;
use crate::operator::command::FORMS;

const PROMPT: &str = "zoxy> ";

const WELCOME: &str = "Operator's console. HELP lists the commands, TAB completes, QUIT leaves.";

/// Reads and carries out commands until QUIT or the end of input.
pub(super) fn run(console: &Console) -> u8 {
    let mut editor = match editor() {
        Ok(editor) => editor,
        Err(error) => {
            eprintln!("zoxy ctl: {error}");
            return Rc::Severe.into();
        }
    };
    let history = history_file();
    if let Some(path) = &history {
        // The first time there is none.
        let _ = editor.load_history(path);
    }
    println!("{WELCOME}");
    loop {
        let line = match editor.readline(PROMPT) {
            Ok(line) => line,
            // The line is dropped, as in a shell.
            Err(ReadlineError::Interrupted) => continue,
            Err(_) => break,
        };
        let line = line.trim();
        let verb = line.split([' ', '\t']).next().unwrap_or_default().to_ascii_uppercase();
        if !matches!(verb.as_str(), "" | "R" | "REPLY") {
            let _ = editor.add_history_entry(line);
        }
        match verb.as_str() {
            "" => {}
            "QUIT" | "EXIT" | "END" | "Q" => break,
            "WATCH" => {
                watch::run(console, line[verb.len()..].trim());
            }
            _ => print!("{}", console.enter(line).text),
        }
        if let Some(path) = &history {
            save(&mut editor, path);
        }
    }
    Rc::Ok.into()
}

fn editor() -> rustyline::Result<Editor<Words, FileHistory>> {
    let config = Config::builder()
        .max_history_size(HISTORY)?
        .history_ignore_dups(true)?
        .completion_type(CompletionType::List)
        .build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Words));
    Ok(editor)
}

/// Keeps the history; one that cannot be written is not kept.
fn save(editor: &mut Editor<Words, FileHistory>, path: &Path) {
    let _ = editor.save_history(path);
}

fn history_file() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    home.filter(|home| home.is_absolute()).map(|home| home.join(".zoxy_history"))
}

/// Completes commands from their forms.
struct Words;

impl Completer for Words {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        at: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        Ok((0, completions(&line[..at])))
    }
}

impl Helper for Words {}
impl Highlighter for Words {}
impl Validator for Words {}
impl Hinter for Words {
    type Hint = String;
}

/// Whole commands, up to the first value an operator has to supply, that begin with `line`.
fn completions(line: &str) -> Vec<String> {
    let upper = line.trim_start().to_ascii_uppercase();
    let (watched, start) = match upper.strip_prefix("WATCH ") {
        Some(rest) => ("WATCH ", format!("D {}", rest.strip_prefix("D ").unwrap_or(rest))),
        None => ("", upper.clone()),
    };
    let mut found: Vec<String> = Vec::new();
    let mut add = |candidate: String| {
        if candidate.starts_with(&start) && !found.contains(&candidate) {
            found.push(candidate);
        }
    };
    for form in FORMS {
        let syntax = form.syntax.replace(['[', ']'], "");
        // Both without and with what is in brackets.
        if let Some((short, _)) = form.syntax.split_once('[') {
            add(short.to_owned());
        }
        let fixed = syntax.find(|c: char| c.is_ascii_lowercase() || c == '\'');
        add(syntax[..fixed.unwrap_or(syntax.len())].to_owned());
    }
    for word in ["F LOG NORMAL", "F LOG DEBUG", "F LOG TRACE", "D A,L"] {
        add(word.to_owned());
    }
    if watched.is_empty() {
        for word in ["WATCH ", "HELP", "QUIT"] {
            add(word.to_owned());
        }
    } else {
        found.retain(|candidate| candidate.starts_with("D "));
        for candidate in &mut found {
            *candidate = format!("{watched}{}", &candidate[2..]);
        }
    }
    found
}

/// Commands that are remembered.
const HISTORY: usize = 500;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_completed() {
        assert_eq!(completions("d tu"), ["D TUNNELS"]);
        assert_eq!(completions("D STAT"), ["D STATUS", "D STATS"]);
        assert_eq!(completions("D CO"), ["D CONNS", "D CONNS,ALL"]);
        assert_eq!(completions("f dr"), ["F DRAIN "]);
        assert_eq!(completions("F LOG "), ["F LOG ", "F LOG NORMAL", "F LOG DEBUG", "F LOG TRACE"]);
        assert_eq!(completions("watch tu"), ["WATCH TUNNELS"]);
        assert_eq!(completions("WATCH D FI"), ["WATCH FILTERS"]);
        assert_eq!(completions("q"), ["QUIT"]);
        assert_eq!(completions("r"), ["R "]);
        assert_eq!(completions("x"), [""; 0]);
        assert!(completions("").len() > 20);
    }
}
