//! known_hosts files in OpenSSH's format (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT).
//!
//! A line is `[@marker] hosts key-type base64-key [comment]`. Hosts are a comma list of patterns
//! with `*`, `?` and a leading `!`, or one hashed name `|1|salt|hash`. A line that cannot be
//! used is skipped and reported; it never takes others with it. Called by [`super::HostKeys`], and by
//! whoever makes one to load files.

use std::fmt;
use std::io;
use std::sync::Arc;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::space1;
use nom::combinator::{map, value};
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};
use openssl::hash::MessageDigest;
use openssl::pkey::PKey;
use openssl::sign::Signer;

use super::fingerprint::key_type;
use super::{Fingerprint, KnownKey, LookupNames, Place};
use crate::dataset::FileName;
use crate::dataset::input::Input;
use crate::glob;

/// Most bytes of one file that are read.
pub const MAX_FILE: usize = 8 << 20;

/// Keys of known hosts, of one file or several.
#[derive(Debug, Default)]
pub struct KnownHosts {
    entries: Vec<HostEntry>,
}

/// A line that was skipped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineProblem {
    /// Where it stands.
    pub place: Place,
    /// What is the matter.
    pub problem: Problem,
}

/// What is the matter with a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Not hosts, key type and key.
    Malformed,
    /// A key of SSH version 1.
    Version1,
    /// A marker other than `@revoked` and `@cert-authority`.
    Marker,
    /// `@cert-authority`: host certificates are not supported.
    CertAuthority,
    /// The key is not base64.
    Base64,
    /// The key is of another type than the line says.
    KeyType,
    /// A hashed name that is not `|1|salt|hash`.
    Hash,
    /// A line over `MAX_LINE` bytes.
    TooLong,
    /// The file is longer than [`MAX_FILE`]; what follows was not read.
    FileTooLong,
}

impl KnownHosts {
    /// Parses one file; `source` is its name in messages.
    pub fn parse(text: &[u8], source: &str) -> (Self, Vec<LineProblem>) {
        let source: Arc<str> = source.into();
        let mut known = Self::default();
        let mut problems = Vec::new();
        let mut skip = |line: usize, problem| {
            let place = Place::Line { source: source.clone(), line };
            problems.push(LineProblem { place, problem });
        };
        let readable = &text[..text.len().min(MAX_FILE)];
        let mut lines = 0;
        for (index, line) in readable.split(|byte| *byte == b'\n').enumerate() {
            lines = index + 1;
            match parse_line(line, &source, lines) {
                Ok(entry) => known.entries.extend(entry),
                Err(problem) => skip(lines, problem),
            }
        }
        if readable.len() < text.len() {
            skip(lines, Problem::FileTooLong);
        }
        (known, problems)
    }

    /// Reads and parses files; a file that cannot be read is an error, with its index.
    pub fn load(files: &[FileName]) -> Result<(Self, Vec<LineProblem>), (usize, io::Error)> {
        let mut known = Self::default();
        let mut problems = Vec::new();
        for (index, name) in files.iter().enumerate() {
            let text = Input::open(name)
                .and_then(|mut input| input.text_up_to(MAX_FILE))
                .map_err(|error| (index, error))?;
            let (file, file_problems) = Self::parse(&text, &name.to_string());
            known.entries.extend(file.entries);
            problems.extend(file_problems);
        }
        Ok((known, problems))
    }

    /// Lines for a host, in order. Linear: hashed names leave no other way.
    pub(super) fn entries_for(&self, names: &LookupNames) -> impl Iterator<Item = &HostEntry> {
        self.entries.iter().filter(|entry| names.iter().any(|name| entry.hosts.matches(name)))
    }
}

/// A line that can be used.
#[derive(Debug)]
pub(super) struct HostEntry {
    hosts: Hosts,
    pub(super) is_revoked: bool,
    /// The key blob; it begins with a valid type.
    pub(super) key: Box<[u8]>,
    source: Arc<str>,
    line: usize,
}

impl HostEntry {
    pub(super) fn key_type(&self) -> &str {
        key_type(&self.key).unwrap_or_default()
    }

    pub(super) fn place(&self) -> Place {
        Place::Line { source: self.source.clone(), line: self.line }
    }

    pub(super) fn known_key(&self) -> KnownKey {
        KnownKey { fingerprint: Fingerprint::of(&self.key), place: self.place() }
    }
}

/// The hosts field of a line.
#[derive(Debug)]
enum Hosts {
    Patterns(Vec<Pattern>),
    /// HMAC-SHA1 of the name, with the salt as key.
    Hashed {
        salt: [u8; 20],
        hash: [u8; 20],
    },
}

#[derive(Debug)]
struct Pattern {
    is_negated: bool,
    /// Lower case.
    text: Box<[u8]>,
}

impl Hosts {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Patterns(patterns) => {
                let mut is_match = false;
                for pattern in patterns {
                    let same = |pattern, byte| pattern == b'?' || pattern == byte;
                    if glob::matches(&pattern.text, name.as_bytes(), same) {
                        if pattern.is_negated {
                            return false;
                        }
                        is_match = true;
                    }
                }
                is_match
            }
            Self::Hashed { salt, hash } => {
                hmac_sha1(salt, name.as_bytes()).is_some_and(|got| got == hash)
            }
        }
    }
}

/// None if the line holds nothing.
fn parse_line(line: &[u8], source: &Arc<str>, number: usize) -> Result<Option<HostEntry>, Problem> {
    let line = line.trim_ascii();
    if line.is_empty() || line[0] == b'#' {
        return Ok(None);
    }
    if line.len() > MAX_LINE {
        return Err(Problem::TooLong);
    }
    let (rest, marker) = marker(line).map_err(|_| Problem::Marker)?;
    let (_, [hosts, type_name, key]) = fields(rest).map_err(|_| Problem::Malformed)?;
    if marker == Marker::CertAuthority {
        return Err(Problem::CertAuthority);
    }
    if type_name.iter().all(u8::is_ascii_digit) {
        return Err(Problem::Version1);
    }
    let key = decode_base64(key).ok_or(Problem::Base64)?;
    if key_type(&key).is_none_or(|found| found.as_bytes() != type_name) {
        return Err(Problem::KeyType);
    }
    let hosts = match hosts.first() {
        Some(b'|') => parse_hash(hosts).ok_or(Problem::Hash)?,
        _ => parse_patterns(hosts).ok_or(Problem::Malformed)?,
    };
    let is_revoked = marker == Marker::Revoked;
    Ok(Some(HostEntry { hosts, is_revoked, key: key.into(), source: source.clone(), line: number }))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Marker {
    None,
    Revoked,
    CertAuthority,
}

fn marker(line: &[u8]) -> IResult<&[u8], Marker> {
    if line.first() != Some(&b'@') {
        return Ok((line, Marker::None));
    }
    let revoked = value(Marker::Revoked, tag("@revoked"));
    let authority = value(Marker::CertAuthority, tag("@cert-authority"));
    terminated(alt((revoked, authority)), space1).parse(line)
}

/// Hosts, key type and key.
fn fields(line: &[u8]) -> IResult<&[u8], [&[u8]; 3]> {
    let fields = (field, preceded(space1, field), preceded(space1, field));
    map(fields, |(hosts, key_type, key)| [hosts, key_type, key]).parse(line)
}

fn field(line: &[u8]) -> IResult<&[u8], &[u8]> {
    take_while1(|byte: u8| byte != b' ' && byte != b'\t').parse(line)
}

/// `|1|salt|hash`, both base64 of 20 bytes.
fn parse_hash(hosts: &[u8]) -> Option<Hosts> {
    let mut parts = hosts.strip_prefix(b"|1|")?.split(|byte| *byte == b'|');
    let salt = decode_base64(parts.next()?)?.try_into().ok()?;
    let hash = decode_base64(parts.next()?)?.try_into().ok()?;
    parts.next().is_none().then_some(Hosts::Hashed { salt, hash })
}

/// A comma list; None if a pattern is empty.
fn parse_patterns(hosts: &[u8]) -> Option<Hosts> {
    let patterns = hosts.split(|byte| *byte == b',').map(|pattern| {
        let (text, is_negated) = strip_negation(pattern);
        (!text.is_empty()).then(|| Pattern { is_negated, text: text.to_ascii_lowercase().into() })
    });
    patterns.collect::<Option<Vec<_>>>().map(Hosts::Patterns)
}

fn strip_negation(pattern: &[u8]) -> (&[u8], bool) {
    match pattern.strip_prefix(b"!") {
        Some(text) => (text, true),
        None => (pattern, false),
    }
}

fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    openssl::base64::decode_block(std::str::from_utf8(text).ok()?).ok()
}

fn hmac_sha1(key: &[u8], data: &[u8]) -> Option<Vec<u8>> {
    let key = PKey::hmac(key).ok()?;
    Signer::new(MessageDigest::sha1(), &key).ok()?.sign_oneshot_to_vec(data).ok()
}

impl fmt::Display for LineProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Malformed => f.write_str("not hosts, key type and key"),
            Self::Version1 => f.write_str("a key of SSH version 1"),
            Self::Marker => f.write_str("unknown marker"),
            Self::CertAuthority => f.write_str("host certificates are not supported"),
            Self::Base64 => f.write_str("the key is not base64"),
            Self::KeyType => f.write_str("the key is of another type than the line says"),
            Self::Hash => f.write_str("the hashed name is not |1|salt|hash"),
            Self::TooLong => write!(f, "longer than {MAX_LINE} bytes"),
            Self::FileTooLong => write!(f, "the file is longer than {MAX_FILE} bytes"),
        }
    }
}

/// Longest line, in bytes: an RSA key of 16384 bits takes 2800.
const MAX_LINE: usize = 16 << 10;
