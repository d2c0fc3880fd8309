//! NETRC: `machine HOST login USER password PASSWORD account ACCOUNT`, and `default`. Pure.
//!
//! What has a blank in it stands in quotation marks or apostrophes. `macdef` and its lines, up to an
//! empty one, are skipped.

use std::fmt::{self, Debug};

use zeroize::Zeroizing;

/// Bytes of NETRC at most.
pub const MAX_FILE: usize = 256 * 1024;

/// How to log in to one server.
#[derive(Default)]
pub struct Login {
    /// `login`.
    pub user: Option<String>,
    /// `password`.
    pub password: Option<Zeroizing<String>>,
    /// `account`.
    pub account: Option<Zeroizing<String>>,
}

impl Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What it says for a host, which is compared in any case; `default` holds for all that come behind
/// it. The error is the line, from 1, and what was expected; all lines are looked at, whatever host they are
/// for.
pub fn find(text: &str, host: &str) -> Result<Option<Login>, (usize, &'static str)> {
    let mut found: Option<Login> = None;
    // Whether the tokens that come belong to the host; the first entry for it counts.
    let mut is_its = false;
    let mut tokens = Tokens { text, line: 1 };
    while let Some(token) = tokens.next() {
        let line = tokens.line;
        let mut value = |expected| tokens.next().ok_or((line, expected));
        match token {
            "machine" => {
                let machine = value("a host behind machine")?;
                is_its = found.is_none() && machine.eq_ignore_ascii_case(host);
            }
            "default" => is_its = found.is_none(),
            "login" => {
                let user = value("a user behind login")?;
                if is_its {
                    found.get_or_insert_default().user = Some(user.to_owned());
                }
            }
            "password" => {
                let password = value("a password behind password")?;
                if is_its {
                    let password = Zeroizing::new(password.to_owned());
                    found.get_or_insert_default().password = Some(password);
                }
            }
            "account" => {
                let account = value("an account behind account")?;
                if is_its {
                    let account = Zeroizing::new(account.to_owned());
                    found.get_or_insert_default().account = Some(account);
                }
            }
            "macdef" => tokens.skip_macro(),
            _ => return Err((line, "machine, default, login, password, account or macdef")),
        }
        if is_its && found.is_none() {
            found = Some(Login::default());
        }
    }
    Ok(found)
}

struct Tokens<'a> {
    text: &'a str,
    /// Of the token that was given last.
    line: usize,
}

impl<'a> Tokens<'a> {
    fn next(&mut self) -> Option<&'a str> {
        let rest = self.text.trim_start();
        let skipped = &self.text[..self.text.len() - rest.len()];
        self.line += skipped.matches('\n').count();
        let quote = rest.chars().next()?;
        let (token, rest) = match quote {
            '"' | '\'' => match rest[1..].split_once(quote) {
                Some((token, rest)) => (token, rest),
                None => (&rest[1..], ""),
            },
            _ => rest.split_at(rest.find(char::is_whitespace).unwrap_or(rest.len())),
        };
        self.text = rest;
        Some(token)
    }

    /// Up to an empty line.
    fn skip_macro(&mut self) {
        let end = self.text.find("\n\n").map_or(self.text.len(), |at| at + 1);
        self.line += self.text[..end].matches('\n').count();
        self.text = &self.text[end..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    const FILE: &str = "machine one login u1 password p1\n\
                        machine 10.1.2.3\n login u2\n password \"a phrase\" account a2\n\
                        macdef init\nmachine one login x\n\n\
                        machine two login u3\ndefault login any password 'it is'\n";

    fn login(host: &str) -> Option<(Option<String>, Option<String>)> {
        let login = find(FILE, host).unwrap()?;
        Some((login.user, login.password.map(|password| password.to_string())))
    }

    #[test]
    fn the_first_machine_of_that_name_counts() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(login("ONE"), Some((some("u1"), some("p1"))));
        assert_eq!(login("10.1.2.3"), Some((some("u2"), some("a phrase"))));
        assert_eq!(login("two"), Some((some("u3"), None)));
        assert_eq!(login("other"), Some((some("any"), some("it is"))));
        assert!(find("machine one login u", "two").unwrap().is_none());
    }

    #[test]
    fn flaws_have_their_line() {
        for (text, line) in [("machine", 1), ("machine a\nlogin", 2), ("machine a\n\nuser x", 3)] {
            assert_eq!(find(text, "a").unwrap_err().0, line, "{text}");
        }
    }

    #[test]
    fn no_secret_is_shown() {
        let shown = format!("{:?}", find(FILE, "one").unwrap());
        assert!(shown.contains("u1") && !shown.contains("p1"), "{shown}");
    }

    #[test]
    fn random_text_never_panics() {
        let mut random = Random(54);
        let words = [
            "machine", "login", "password", "macdef", "default", "a", "\"", "'", "\n", "\n\n", "é",
        ];
        for _ in 0..3000 {
            let count = random.below(20);
            let text: Vec<_> = (0..count).map(|_| words[random.below(words.len())]).collect();
            let _ = find(&text.join(" "), "a");
        }
    }
}
