//! PARM: `-e HOST PORT (EXIT=nn TIMEOUT nn`, each part of it or none. Pure.

use std::fmt::{self, Display};

/// What the client is started with.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parm {
    /// The server, if it is not the first line of INPUT.
    pub host: Option<String>,
    /// Its port; 21 without.
    pub port: Option<u16>,
    /// Whether the first error ends the client.
    pub exit: Option<Exit>,
    /// Seconds for every timer.
    pub timeout: Option<u32>,
}

/// EXIT: the first error ends the client, with a return code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// One that tells the error.
    Computed,
    /// This one: 0 to 4095.
    Fixed(u16),
}

/// Why a text is no PARM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongParm(String);

impl Display for WrongParm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Seconds of TIMEOUT at most: a day.
pub const MAX_TIMEOUT: u32 = 86_400;

/// Options that mean nothing here, and whether a word follows: traces, and the name of a TCP/IP stack.
const WITHOUT_EFFECT: [(&str, bool); 4] =
    [("TRACE", false), ("VERBOSE", false), ("TCPIP", true), ("TCP", true)];

impl Parm {
    /// Reads it. Options of the run-time environment before a slash are skipped.
    pub fn parse(text: &str) -> Result<Self, WrongParm> {
        let (before, options) = match text.split_once('(') {
            // `POSIX(ON)/HOST (EXIT`: the parenthesis belongs to what is skipped.
            Some(_) if text.contains('/') => {
                let rest = text.rsplit_once('/').map_or(text, |(_, rest)| rest);
                rest.split_once('(').map_or((rest, None), |(host, rest)| (host, Some(rest)))
            }
            Some((before, options)) => (before, Some(options)),
            None => (text.rsplit_once('/').map_or(text, |(_, rest)| rest), None),
        };
        let mut parm = Self::default();
        let mut words = before.split_whitespace().peekable();
        while let Some(option) = words.next_if(|word| word.starts_with('-')) {
            parm.dash(option, || words.next())?;
        }
        parm.host = words.next().map(str::to_owned);
        parm.port = words.next().map(port).transpose()?;
        if let Some(word) = words.next() {
            return Err(WrongParm(format!("found {word}, expected ( and options behind the port")));
        }
        if let Some(options) = options {
            parm.options(options)?;
        }
        Ok(parm)
    }

    /// An option before the host; `value` is the next word.
    fn dash<'a>(
        &mut self,
        option: &str,
        mut value: impl FnMut() -> Option<&'a str>,
    ) -> Result<(), WrongParm> {
        match option {
            "-e" => self.exit = Some(Exit::Computed),
            // Traces, and what a person is asked.
            "-d" | "-g" | "-i" | "-t" | "-v" => {}
            "-p" => drop(value()),
            "-a" | "-r" => {
                let problem = "and TLS is not supported: zoxy's SSH protects the session";
                return Err(WrongParm(format!("found {option}, {problem}")));
            }
            _ => {
                let known = "-e, -d, -g, -i, -p NAME, -t or -v";
                return Err(WrongParm(format!("option {option} is not known; expected {known}")));
            }
        }
        Ok(())
    }

    fn options(&mut self, text: &str) -> Result<(), WrongParm> {
        // `EXIT = 8` and `EXIT=8` are the same.
        let text = text.trim_end().trim_end_matches(')').replace('=', " = ");
        let mut words = text.split_whitespace().peekable();
        while let Some(word) = words.next() {
            let option = word.to_ascii_uppercase();
            let has_value = words.next_if(|word| *word == "=").is_some();
            match option.as_str() {
                "EXIT" if has_value => {
                    let value = words.next().unwrap_or_default();
                    let code = value.parse().ok().filter(|code| *code <= 4095);
                    let code = code.ok_or_else(|| wrong("EXIT", value, "0 to 4095"))?;
                    self.exit = Some(Exit::Fixed(code));
                }
                "EXIT" => self.exit = Some(Exit::Computed),
                "TIMEOUT" => self.timeout = Some(timeout(words.next().unwrap_or_default())?),
                _ => match WITHOUT_EFFECT.iter().find(|(name, _)| *name == option) {
                    Some((_, true)) => drop(words.next()),
                    Some((_, false)) => {}
                    None => {
                        let known = "EXIT, EXIT=nn or TIMEOUT nn";
                        return Err(WrongParm(format!(
                            "option {word} is not known; expected {known}"
                        )));
                    }
                },
            }
        }
        Ok(())
    }
}

/// Reads a port.
pub fn port(text: &str) -> Result<u16, WrongParm> {
    let port = text.parse().ok().filter(|port| *port != 0);
    port.ok_or_else(|| wrong("the port is", text, "1 to 65535"))
}

/// Reads the seconds of TIMEOUT.
pub fn timeout(text: &str) -> Result<u32, WrongParm> {
    let seconds = text.parse().ok().filter(|seconds| (1..=MAX_TIMEOUT).contains(seconds));
    seconds.ok_or_else(|| wrong("TIMEOUT", text, "1 to 86400 seconds"))
}

fn wrong(what: &str, found: &str, expected: &str) -> WrongParm {
    WrongParm(format!("{what} '{found}', expected {expected}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn parts_may_be_left_out() {
        let parm = |host: Option<&str>, port, exit, timeout| {
            Ok(Parm { host: host.map(str::to_owned), port, exit, timeout })
        };
        let computed = Some(Exit::Computed);
        for (text, expected) in [
            ("", parm(None, None, None, None)),
            ("(EXIT", parm(None, None, computed, None)),
            ("(exit=8", parm(None, None, Some(Exit::Fixed(8)), None)),
            ("( EXIT = 16 TIMEOUT 30 )", parm(None, None, Some(Exit::Fixed(16)), Some(30))),
            ("10.1.2.3", parm(Some("10.1.2.3"), None, None, None)),
            ("host 2121 (EXIT", parm(Some("host"), Some(2121), computed, None)),
            ("host (TRACE TCP TCPIP2 EXIT", parm(Some("host"), None, computed, None)),
            ("/host 21 (EXIT", parm(Some("host"), Some(21), computed, None)),
            ("POSIX(ON),ALL31(ON)/host (EXIT", parm(Some("host"), None, computed, None)),
            ("-v -e -p TCPIP2 host 2121", parm(Some("host"), Some(2121), computed, None)),
            ("-d (EXIT=4", parm(None, None, Some(Exit::Fixed(4)), None)),
        ] {
            assert_eq!(Parm::parse(text), expected, "{text}");
        }
    }

    #[test]
    fn wrong_parts_are_named() {
        for (text, named) in [
            ("host 0", "1 to 65535"),
            ("host x", "'x'"),
            ("host 21 22", "found 22"),
            ("-r TLS host", "TLS is not supported"),
            ("-x host", "option -x is not known"),
            ("(EXIT=", "0 to 4095"),
            ("(EXIT=4096", "4096"),
            ("(TIMEOUT", "86400"),
            ("(TIMEOUT 0", "86400"),
            ("(EXITS", "EXITS"),
        ] {
            let error = Parm::parse(text).unwrap_err().to_string();
            assert!(error.contains(named), "{text}: {error}");
        }
    }

    #[test]
    fn random_text_never_panics() {
        let mut random = Random(51);
        for _ in 0..5000 {
            let text = random.text(&['E', 'X', 'I', 'T', '(', ')', '=', ' ', '/', '9', 'é'], 40);
            let _ = Parm::parse(&text);
        }
    }
}
