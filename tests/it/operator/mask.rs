//! What differs from run to run, masked, so that answers can be held against an expected text.
//!
//! Runs of blanks become one, and the second and further lines of an entry go on behind its first:
//! where lines break depends on how long names are. That nothing is wider than a screen is checked
//! before.

use std::fs;
use std::path::PathBuf;

use crate::world::{FtpScene, Server, Sshd, World, account};

/// Words to replace.
pub struct Mask {
    words: Vec<(String, String)>,
}

impl Mask {
    /// Of a scene with a second SSH server and an echo server.
    pub fn new(world: &World, scene: &FtpScene, other: &Sshd, echo: &Server) -> Self {
        let text = |word: &str| word.to_owned();
        let words = vec![
            (world.path("").display().to_string(), text("WORLD/")),
            (account().name.clone(), text("ACCOUNT")),
            (scene.sshd.fingerprint(), text("SHA256:SSHD")),
            (other.fingerprint(), text("SHA256:OTHER")),
            (format!(":{}", scene.port), text(":SOCKS")),
            (format!(":{}", scene.sshd.port), text(":SSHD")),
            (format!(":{}", other.port), text(":OTHER")),
            (format!(":{}", echo.port()), text(":ECHO")),
            (format!(" {} ", echo.port()), text(" ECHO ")),
            (format!(":{}", scene.ftpd.socket().port()), text(":FTPD")),
            (format!(" {} ", scene.ftpd.socket().port()), text(" FTPD ")),
            (text(env!("CARGO_PKG_VERSION")), text("VERSION")),
        ];
        Self { words }
    }

    /// The answer to `command`, masked.
    pub fn apply(&self, command: &str, answer: &str) -> String {
        let mut lines: Vec<String> = Vec::new();
        for line in answer.lines() {
            let mut line = format!("{line} ");
            for (word, shown) in &self.words {
                line = line.replace(word.as_str(), shown);
            }
            let words: Vec<String> = line.split_whitespace().map(mask_word).collect();
            let entry = columns(command, words).join(" ");
            match lines.last_mut() {
                Some(last) if line.starts_with("         ") => {
                    last.push(' ');
                    last.push_str(&entry);
                }
                _ => lines.push(entry),
            }
        }
        lines.iter().map(|line| line.clone() + "\n").collect()
    }
}

/// A time, an age, or a port of the kernel's choice.
fn mask_word(word: &str) -> String {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let is_age = word.len() == 8 && word.split(':').all(|part| part.len() == 2 && digits(part));
    if is_age {
        return "AGE".into();
    }
    if word.len() >= 20 && word.ends_with(['Z', ',']) && word.as_bytes().get(10) == Some(&b'T') {
        return "TIME".into();
    }
    match word.split_once(':') {
        Some(("127.0.0.1", port)) if !port.is_empty() && digits(port) => "127.0.0.1:CLIENT".into(),
        _ => word.to_owned(),
    }
}

/// Columns of counts that the machine decides, and of cards.
fn columns(command: &str, mut words: Vec<String>) -> Vec<String> {
    let starts_row = |word: &String| word.starts_with('#') || word.parse::<u64>().is_ok();
    let is_row = |words: &[String]| words.iter().any(|word| word == "AGE") && starts_row(&words[0]);
    let columns: &[usize] = match command {
        // Up and down of sessions, rates of transfers, bytes of control connections.
        "D TUNNELS" if is_row(&words) => &[6, 7],
        // Cards: a long path takes two.
        "D FILTERS" | "D PROFILES" if starts_row(&words[0]) => &[0],
        "D FTP" | "D FTP,ALL" if is_row(&words) && words.len() == 9 => &[6],
        "D CONNS" | "D CONNS,ALL" if is_row(&words) && words[1] == "FTP" => &[5, 6],
        "D STATUS" if words[0] == "bytes" => &[1, 3],
        "D STATUS" if words[0] == "memory" => &[1],
        "D STATS" if words[0] == "bytes" && words[1] != "of" => {
            let end = words.len();
            words.truncate(if end > 4 { 4 } else { end });
            &[3]
        }
        "D FTP" | "D FTP,ALL" if words[0] == "TOTAL" => &[4],
        _ => &[],
    };
    for column in columns {
        if let Some(word) = words.get_mut(*column) {
            *word = "N".into();
        }
    }
    words
}

/// Holds a transcript against its expected text, or writes that with `UPDATE_LOGS`.
#[track_caller]
pub fn assert_expected(name: &str, transcript: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/operator").join(name);
    if std::env::var_os("UPDATE_LOGS").is_some() {
        fs::write(&path, transcript).expect("the expected text can be written");
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    let differs = expected.lines().zip(transcript.lines()).find(|(a, b)| a != b);
    assert!(
        expected == transcript,
        "not as in {}: expected and found {differs:#?}\nall of it:\n{transcript}",
        path.display()
    );
}
