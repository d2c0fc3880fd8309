//! The USERS file: who may come through a SOCKS5 door, and the hashes of their passwords.
//!
//! A line is `name:$pbkdf2-sha512$iterations$salt$hash`, salt and hash in base64, padded or not;
//! `zoxy passwd` makes it. Empty lines and lines that begin with `#` are skipped. [`Users::verify`]
//! runs on a helper thread: it takes as long as the iterations ask for, and as long for a name that
//! is not there. Passwords are never kept; hashes never show in debug output.

use std::collections::HashMap;
use std::fmt;
use std::io;

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::combinator::all_consuming;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::pkcs5::pbkdf2_hmac;
use zeroize::Zeroizing;

use crate::dataset::FileName;
use crate::dataset::input::Input;

/// Most users in one file.
pub const MAX_USERS: usize = 4096;
/// Most bytes of one file that are read: [`MAX_USERS`] of the longest lines.
pub const MAX_FILE: usize = MAX_USERS * 512;
/// Fewest iterations that are accepted.
pub const MIN_ITERATIONS: u32 = 1_000;
/// Most iterations that are accepted: some seconds for each login.
pub const MAX_ITERATIONS: u32 = 10_000_000;
/// Iterations of a new line unless asked for others; the value that OWASP advises for SHA-512.
pub const DEFAULT_ITERATIONS: u32 = 210_000;

/// Users of one file, by name.
#[derive(Debug)]
pub struct Users {
    by_name: HashMap<Vec<u8>, PasswordHash>,
    /// Verified in place of a user who is not there; nothing matches it.
    nobody: PasswordHash,
}

/// Salt and hash of a password.
#[derive(Clone, PartialEq, Eq)]
struct PasswordHash {
    iterations: u32,
    salt: Vec<u8>,
    hash: [u8; HASH_LENGTH],
}

/// A line that cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineError {
    /// Line number, from 1.
    pub line: usize,
    /// What is the matter.
    pub problem: Problem,
}

/// What is the matter with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Not `name:$pbkdf2-sha512$iterations$salt$hash`.
    Malformed,
    /// The name is empty, longer than 255 bytes, or has blanks or control characters.
    Name,
    /// Not a number from [`MIN_ITERATIONS`] to [`MAX_ITERATIONS`].
    Iterations,
    /// The salt is not base64 of 8 to 64 bytes.
    Salt,
    /// The hash is not base64 of 64 bytes.
    Hash,
    /// The name stands in an earlier line too.
    Duplicate,
    /// More than [`MAX_USERS`] users, or a file over [`MAX_FILE`] bytes.
    TooMany,
}

/// Why a file cannot be loaded.
#[derive(Debug)]
pub enum UsersError {
    /// It cannot be read.
    Read(io::Error),
    /// Lines of it cannot be used; all of them, up to [`MAX_USERS`].
    Lines(Vec<LineError>),
}

impl Users {
    /// Reads a file. One bad line makes the whole file bad: that a user is left out must not go
    /// unnoticed.
    pub fn load(name: &FileName) -> Result<Self, UsersError> {
        let text = Input::open(name)
            .and_then(|mut input| input.text_up_to(MAX_FILE))
            .map_err(UsersError::Read)?;
        Self::parse(&text).map_err(UsersError::Lines)
    }

    /// Parses the contents of a file.
    pub fn parse(text: &[u8]) -> Result<Self, Vec<LineError>> {
        let mut by_name = HashMap::new();
        let mut errors = Vec::new();
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let line = line.trim_ascii();
            if line.is_empty() || line[0] == b'#' {
                continue;
            }
            let problem = if text.len() > MAX_FILE || by_name.len() + errors.len() >= MAX_USERS {
                errors.push(LineError { line: number, problem: Problem::TooMany });
                break;
            } else {
                match parse_line(line) {
                    Ok((name, _)) if by_name.contains_key(name) => Problem::Duplicate,
                    Ok((name, hash)) => {
                        by_name.insert(name.to_vec(), hash);
                        continue;
                    }
                    Err(problem) => problem,
                }
            };
            errors.push(LineError { line: number, problem });
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        // As slow as the slowest user. With users of unlike iterations the time tells which
        // ones a name has, which is why `zoxy passwd` gives all the same.
        let iterations = by_name.values().map(|hash| hash.iterations).max();
        let nobody = PasswordHash {
            iterations: iterations.unwrap_or(DEFAULT_ITERATIONS),
            salt: vec![0; SALT_LENGTH],
            hash: [0; HASH_LENGTH],
        };
        Ok(Self { by_name, nobody })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Whether nobody can log in.
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    /// Whether the password is the user's. Slow on purpose.
    pub fn verify(&self, name: impl AsRef<[u8]>, password: &[u8]) -> bool {
        let user = self.by_name.get(name.as_ref());
        let expected = user.unwrap_or(&self.nobody);
        // An error of OpenSSL (no memory) is no match.
        let is_match = derive(password, &expected.salt, expected.iterations)
            .is_ok_and(|hash| openssl::memcmp::eq(&*hash, &expected.hash));
        is_match && user.is_some()
    }
}

/// A line for the file, with a fresh salt and without a line end.
///
/// `name` must be valid, see [`is_name`]; `iterations` within their bounds.
pub fn make_line(name: &str, password: &[u8], iterations: u32) -> Result<String, ErrorStack> {
    debug_assert!(is_name(name.as_bytes()), "a name that parse_line would refuse");
    let mut salt = [0; SALT_LENGTH];
    openssl::rand::rand_bytes(&mut salt)?;
    let hash = derive(password, &salt, iterations)?;
    let base64 =
        |bytes: &[u8]| openssl::base64::encode_block(bytes).trim_end_matches('=').to_owned();
    Ok(format!("{name}:${ALGORITHM}${iterations}${}${}", base64(&salt), base64(&*hash)))
}

/// Whether a name can stand in the file: 1 to 255 bytes (RFC 1929) without blanks, control
/// characters and colons, not beginning with `#`.
pub fn is_name(name: &[u8]) -> bool {
    (1..=255).contains(&name.len())
        && name[0] != b'#'
        && name.iter().all(|byte| !matches!(byte, 0..=b' ' | b':' | 0x7f))
}

fn derive(
    password: &[u8],
    salt: &[u8],
    iterations: u32,
) -> Result<Zeroizing<[u8; HASH_LENGTH]>, ErrorStack> {
    let mut hash = Zeroizing::new([0; HASH_LENGTH]);
    pbkdf2_hmac(password, salt, iterations as usize, MessageDigest::sha512(), &mut *hash)?;
    Ok(hash)
}

fn parse_line(line: &[u8]) -> Result<(&[u8], PasswordHash), Problem> {
    let (_, [name, iterations, salt, hash]) = fields(line).map_err(|_| Problem::Malformed)?;
    if !is_name(name) {
        return Err(Problem::Name);
    }
    let iterations = std::str::from_utf8(iterations).ok().and_then(|text| text.parse().ok());
    let iterations = iterations.filter(|count| (MIN_ITERATIONS..=MAX_ITERATIONS).contains(count));
    let iterations = iterations.ok_or(Problem::Iterations)?;
    let salt = base64(salt).filter(|salt| (8..=64).contains(&salt.len())).ok_or(Problem::Salt)?;
    let hash = base64(hash).and_then(|hash| hash.try_into().ok()).ok_or(Problem::Hash)?;
    Ok((name, PasswordHash { iterations, salt, hash }))
}

/// Name, iterations, salt and hash.
fn fields(line: &[u8]) -> IResult<&[u8], [&[u8]; 4]> {
    let name = terminated(take_while(|byte| byte != b':'), tag(&b":$"[..]));
    let algorithm = terminated(tag(ALGORITHM.as_bytes()), tag(&b"$"[..]));
    let (line, (name, _)) = (name, algorithm).parse(line)?;
    let (line, (iterations, salt, hash)) =
        all_consuming((field, preceded(tag(&b"$"[..]), field), preceded(tag(&b"$"[..]), field)))
            .parse(line)?;
    Ok((line, [name, iterations, salt, hash]))
}

fn field(line: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|byte| byte != b'$').parse(line)
}

/// Decodes base64, padded or not.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(text).ok()?.trim_end_matches('=');
    let padded = format!("{text}{}", &"==="[..(4 - text.len() % 4) % 4]);
    openssl::base64::decode_block(&padded).ok()
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PasswordHash({} iterations)", self.iterations)
    }
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        match self.problem {
            Problem::Malformed => write!(f, "not name:${ALGORITHM}$iterations$salt$hash"),
            Problem::Name => f.write_str("the name is empty, too long or has blanks in it"),
            Problem::Iterations => {
                write!(f, "iterations are not from {MIN_ITERATIONS} to {MAX_ITERATIONS}")
            }
            Problem::Salt => f.write_str("the salt is not base64 of 8 to 64 bytes"),
            Problem::Hash => write!(f, "the hash is not base64 of {HASH_LENGTH} bytes"),
            Problem::Duplicate => f.write_str("the name stands in an earlier line too"),
            Problem::TooMany => write!(f, "more than {MAX_USERS} users or {MAX_FILE} bytes"),
        }
    }
}

impl fmt::Display for UsersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Lines(errors) => {
                let count = errors.len();
                match errors.first() {
                    Some(first) if count == 1 => first.fmt(f),
                    Some(first) => write!(f, "{first}, and {} more bad lines", count - 1),
                    None => f.write_str("bad lines"),
                }
            }
        }
    }
}

impl std::error::Error for UsersError {}

/// Name of the only algorithm there is.
const ALGORITHM: &str = "pbkdf2-sha512";
/// Bytes of SHA-512.
const HASH_LENGTH: usize = 64;
/// Bytes of a fresh salt.
const SALT_LENGTH: usize = 16;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// PBKDF2-HMAC-SHA512 of "secret" with salt "saltsalt" and 1000 rounds, by Python's hashlib.
    const KNOWN: &str = "known:$pbkdf2-sha512$1000$c2FsdHNhbHQ$sm09rUzS3++3+cqsWziIoWFO8bEknKwJwGEvyD1ra4PcWJt5OiWFlM/BVv8ybJe4XW8qMpq33ecFrOaibNGiHA";

    fn problems(text: &str) -> Vec<(usize, Problem)> {
        let errors = Users::parse(text.as_bytes()).unwrap_err();
        errors.into_iter().map(|error| (error.line, error.problem)).collect()
    }

    #[test]
    fn a_line_made_elsewhere_is_understood() {
        let padded = KNOWN.replace("known", "padded") + "==";
        let users =
            Users::parse(format!("# users\r\n\r\n{KNOWN}\r\n {padded} \n").as_bytes()).unwrap();
        assert_eq!(users.len(), 2);
        for name in [&b"known"[..], b"padded"] {
            assert!(users.verify(name, b"secret"));
            for wrong in [&b""[..], b"Secret", b"secret "] {
                assert!(!users.verify(name, wrong));
            }
        }
        for name in [&b""[..], b"nobody", b"KNOWN", b"known\0"] {
            assert!(!users.verify(name, b"secret"));
        }
    }

    #[test]
    fn lines_made_here_are_understood_and_differ() {
        let one = make_line("user", b"p\xc3\xa4ss:word$", 1000).unwrap();
        let other = make_line("user", b"p\xc3\xa4ss:word$", 1000).unwrap();
        assert_ne!(one, other);
        let users = Users::parse(one.as_bytes()).unwrap();
        assert!(users.verify(b"user", b"p\xc3\xa4ss:word$"));
        assert!(!users.verify(b"user", b"p\xc3\xa4ss:word"));
        assert!(Users::parse(b"# nobody\n").unwrap().is_empty());
    }

    #[test]
    fn an_unknown_user_costs_what_the_slowest_one_costs() {
        let slow = make_line("slow", b"x", 5000).unwrap();
        let users = Users::parse(format!("{KNOWN}\n{slow}").as_bytes()).unwrap();
        assert_eq!(users.nobody.iterations, 5000);
        assert!(!users.verify(b"nobody", b""));
    }

    #[test]
    fn every_bad_line_is_reported() {
        let good = KNOWN.strip_prefix("known").unwrap();
        let text = format!(
            "known\nknown:\nknown:secret\nknown:$6$salt$hash\n{good}\na b{good}\n{}{good}\n{}\n{}\n{}\n{}\n\
             {}\n{KNOWN}\n{KNOWN}\n{KNOWN}$x\n",
            "n".repeat(256),
            KNOWN.replace("$1000$", "$999$"),
            KNOWN.replace("$1000$", "$10000001$"),
            KNOWN.replace("$1000$", "$-1$"),
            KNOWN.replace("$c2FsdHNhbHQ$", "$c2FsdA$"),
            &KNOWN[..KNOWN.len() - 4],
        );
        let expected = [
            Problem::Malformed,
            Problem::Malformed,
            Problem::Malformed,
            Problem::Malformed,
            Problem::Name,
            Problem::Name,
            Problem::Name,
            Problem::Iterations,
            Problem::Iterations,
            Problem::Iterations,
            Problem::Salt,
            Problem::Hash,
        ];
        let mut expected: Vec<_> = (1..).zip(expected).collect();
        expected.extend([(14, Problem::Duplicate), (15, Problem::Malformed)]);
        assert_eq!(problems(&text), expected);
    }

    #[test]
    fn users_and_bytes_are_bounded() {
        let hash = KNOWN.strip_prefix("known").unwrap();
        let text: Vec<String> = (0..=MAX_USERS).map(|user| format!("u{user}{hash}")).collect();
        assert!(Users::parse(text[1..].join("\n").as_bytes()).is_ok());
        assert_eq!(problems(&text.join("\n")), [(MAX_USERS + 1, Problem::TooMany)]);
        assert_eq!(
            problems(&"#".repeat(MAX_FILE).replacen('#', "x\n", 1)),
            [(1, Problem::TooMany)]
        );
        assert_eq!(problems(&"x\n".repeat(MAX_USERS * 2)).len(), MAX_USERS + 1);
    }

    #[test]
    fn names_are_those_of_rfc_1929_that_fit_the_file() {
        for good in ["u", "IBMUSER", "user@host", "\u{e4}", "$a"] {
            assert!(is_name(good.as_bytes()), "{good}");
        }
        for bad in ["", "a:b", "a b", "a\n", "#a", "a\x7f", &"n".repeat(256)] {
            assert!(!is_name(bad.as_bytes()), "{bad}");
        }
    }

    #[test]
    fn hashes_never_show() {
        let users = Users::parse(KNOWN.as_bytes()).unwrap();
        let shown = format!("{users:?}");
        assert!(shown.contains("1000 iterations") && !shown.contains("hash:"), "{shown}");
    }

    #[test]
    fn a_missing_file_says_so() {
        let error = Users::load(&Path::new("/nonexistent/users").into()).unwrap_err();
        assert!(matches!(error, UsersError::Read(_)));
        assert!(error.to_string().contains("No such file"));
    }
}
