//! The settings: one row per keyword and place, with default, unit and bounds.
//!
//! [`SETTINGS`] is the only list of keywords. Parsing, defaults and the tables of `docs/config.md`
//! come from it; `build` moves the parsed values into the records.

mod table;

use std::fmt::{self, Display};
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use nom::bytes::complete::take_while1;
use nom::character::complete::{char, one_of};
use nom::combinator::{all_consuming, opt};
use nom::sequence::preceded;
use nom::{IResult, Parser};

use super::field::Mismatch;
use super::rules::AddressSet;
use crate::codepage::CodePage;
use crate::dataset::{FileName, Prefix};

pub use table::SETTINGS;

/// What a setting belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// zoxy as a whole: SET with name `*` only.
    Process,
    /// A LISTEN card.
    Listener,
    /// A PROFILE card.
    Profile,
    /// A FILTER card.
    Filter,
}

impl Scope {
    /// In one word, for displays.
    pub fn word(self) -> &'static str {
        match self {
            Self::Process => "process",
            Self::Listener => "listener",
            Self::Profile => "profile",
            Self::Filter => "filter",
        }
    }
}

impl Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Process => "the process",
            Self::Listener => "a listener",
            Self::Profile => "a profile",
            Self::Filter => "a filter",
        })
    }
}

/// One keyword in one place.
#[derive(Debug)]
pub struct Setting {
    /// Columns 19-30, at most 12 characters.
    pub keyword: &'static str,
    /// What it belongs to.
    pub scope: Scope,
    /// What its value looks like.
    pub kind: Kind,
    /// Value without a SET card, as on a card; empty: none.
    pub default: &'static str,
    /// What it does, for the manual.
    pub meaning: &'static str,
}

/// Form and bounds of a value.
#[derive(Debug)]
pub enum Kind {
    /// A number within bounds.
    Number(u64, u64),
    /// Seconds within bounds, with up to three decimals.
    Time(u64, u64),
    /// Bytes within bounds; `K` and `M` stand for 1024 and 1024 * 1024.
    Size(u64, u64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// Some of these words in order of preference, in upper or lower case.
    Words(&'static [&'static str]),
    /// Some of these SSH algorithms in order of preference, as they are written in SSH.
    Algorithms(&'static [&'static str]),
    /// ASCII or an EBCDIC page, by any of its names.
    EbcdicPage,
    /// One address.
    Address,
    /// Addresses, CIDR blocks, ranges, or `*`.
    Addresses,
    /// Files that must be readable, and whether they hold secrets.
    Files {
        /// Most files.
        most: usize,
        /// What must be kept from others.
        secrecy: Secrecy,
        /// Whether the value may be repeated in messages: a secret typed in place of the name of
        /// its file must not be.
        quotable: bool,
    },
    /// A path that zoxy makes itself.
    Path,
    /// Any text.
    Text,
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Secrecy {
    /// Everyone.
    Public,
    /// Its owner only; a warning otherwise.
    Secret,
    /// Its owner only: the login does not use a key of our own that others can read.
    PrivateKey,
}

/// A value, parsed.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// The empty default.
    None,
    /// A number, or a size in bytes.
    Number(u64),
    /// A time.
    Time(Duration),
    /// A word of the setting's list.
    Word(&'static str),
    /// Words of the setting's list.
    Words(Vec<&'static str>),
    /// An EBCDIC page, or UTF-8 for ASCII.
    CodePage(CodePage),
    /// One address.
    Address(IpAddr),
    /// A set of addresses.
    Addresses(AddressSet),
    /// Files as written.
    Files(Vec<FileName>),
    /// A path as written.
    Path(PathBuf),
    /// Text, or a list of algorithms.
    Text(String),
}

impl Value {
    /// The paths in it.
    pub(super) fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Path(path) => vec![path],
            Self::Files(files) => files
                .iter_mut()
                .filter_map(|file| match file {
                    FileName::Path(path) => Some(path),
                    _ => None,
                })
                .collect(),
            _ => Vec::new(),
        }
    }
}

impl Setting {
    /// The rows of a keyword, one for each place that knows it.
    pub fn rows(keyword: &str) -> impl Iterator<Item = &'static Self> + '_ {
        SETTINGS.iter().filter(move |setting| setting.keyword == keyword)
    }

    /// Parses a value as it stands on a card.
    pub fn parse(&self, text: &str) -> Result<Value, Mismatch> {
        let whole = || Mismatch::whole(text, self.kind.to_string());
        match &self.kind {
            Kind::Number(low, high) => {
                let number = number(text).filter(|number| (low..=high).contains(&number));
                number.map(Value::Number).ok_or_else(whole)
            }
            Kind::Time(low, high) => {
                let bounds = Duration::from_secs(*low)..=Duration::from_secs(*high);
                let time = seconds(text).filter(|time| bounds.contains(time));
                time.map(Value::Time).ok_or_else(whole)
            }
            Kind::Size(low, high) => {
                let size = size(text).filter(|size| (low..=high).contains(&size));
                size.map(Value::Number).ok_or_else(whole)
            }
            Kind::Word(words) => self.word(text, words).map(Value::Word),
            Kind::Words(words) => Ok(Value::Words(distinct(text, |item| self.word(item, words))?)),
            Kind::Algorithms(names) => {
                let names = distinct(text, |item| {
                    names
                        .iter()
                        .find(|name| **name == item)
                        .copied()
                        .ok_or_else(|| Mismatch::whole(item, self.kind.to_string()))
                })?;
                Ok(Value::Text(names.join(",")))
            }
            Kind::EbcdicPage => {
                let page = text.parse().ok();
                let page =
                    page.filter(|page: &CodePage| page.is_ebcdic() || *page == CodePage::Utf8);
                page.map(Value::CodePage).ok_or_else(whole)
            }
            Kind::Address => {
                let address = text.parse::<IpAddr>().map_err(|_| whole())?;
                Ok(Value::Address(address.to_canonical()))
            }
            Kind::Addresses => AddressSet::parse(text).map(Value::Addresses),
            Kind::Files { most, quotable, .. } => {
                let hide = |mut mismatch: Mismatch| {
                    if !quotable {
                        // What is wrong with a name repeats parts of it.
                        mismatch.found = "(not shown)".to_owned();
                        mismatch.expected = FILE.to_owned();
                    }
                    mismatch
                };
                let files = Mismatch::each(text, file).map_err(hide)?;
                if files.len() > *most { Err(hide(whole())) } else { Ok(Value::Files(files)) }
            }
            Kind::Path => path(text).map(Value::Path),
            Kind::Text => Ok(Value::Text(text.to_owned())),
        }
    }

    /// The row of the manual: keyword, default, unit and bounds, meaning.
    pub fn row(&self) -> String {
        let default = if self.default.is_empty() { "none" } else { self.default };
        format!("| {} | {default} | {} | {} |", self.keyword, self.kind, self.meaning)
    }

    /// The value without a SET card.
    pub fn default_value(&self) -> Value {
        if self.default.is_empty() {
            return Value::None;
        }
        self.parse(self.default).unwrap_or(Value::None)
    }

    fn word(&self, text: &str, words: &[&'static str]) -> Result<&'static str, Mismatch> {
        words
            .iter()
            .find(|word| word.eq_ignore_ascii_case(text))
            .copied()
            .ok_or_else(|| Mismatch::whole(text, self.kind.to_string()))
    }
}

impl Display for Kind {
    /// What is expected, as a diagnostic and the manual say it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(low, high) => write!(f, "a number, {low}-{high}"),
            Self::Time(low, high) => write!(f, "seconds, {low}-{high}"),
            Self::Size(low, high) => write!(f, "bytes, {}-{}", Size(*low), Size(*high)),
            Self::Word(words) => write!(f, "one of {}", words.join(", ")),
            Self::Words(words) => write!(f, "a list of {}", words.join(", ")),
            Self::Algorithms(names) => write!(f, "a list of {}", names.join(", ")),
            Self::EbcdicPage => f.write_str("ASCII, or an EBCDIC page such as IBM-1047"),
            Self::Address => f.write_str("an IPv4 or IPv6 address"),
            Self::Addresses => f.write_str("a list of addresses, CIDR blocks, ranges a-b, or *"),
            Self::Files { most: 1, .. } => f.write_str("a file"),
            Self::Files { most, .. } => write!(f, "a list of files, at most {most}"),
            Self::Path => f.write_str("a path"),
            Self::Text => f.write_str("text"),
        }
    }
}

/// A number of bytes as it is written on a card.
struct Size(u64);

impl Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            size if size % MEGA == 0 => write!(f, "{}M", size / MEGA),
            size if size % KILO == 0 => write!(f, "{}K", size / KILO),
            size => size.fmt(f),
        }
    }
}

const KILO: u64 = 1024;
const MEGA: u64 = 1024 * 1024;

fn digits(text: &str) -> IResult<&str, &str> {
    take_while1(|c: char| c.is_ascii_digit()).parse(text)
}

fn number(text: &str) -> Option<u64> {
    let (_, number) = all_consuming(digits).parse(text).ok()?;
    number.parse().ok()
}

/// `5`, `0.25`: seconds with up to three decimals.
fn seconds(text: &str) -> Option<Duration> {
    let (_, (whole, decimals)) =
        all_consuming((digits, opt(preceded(char('.'), digits)))).parse(text).ok()?;
    let decimals = decimals.unwrap_or("0");
    if decimals.len() > 3 {
        return None;
    }
    let millis: u64 = format!("{decimals:0<3}").parse().ok()?;
    Duration::from_secs(whole.parse().ok()?).checked_add(Duration::from_millis(millis))
}

/// `65536`, `64K`, `2M`.
fn size(text: &str) -> Option<u64> {
    let (_, (number, unit)) = all_consuming((digits, opt(one_of("KkMm")))).parse(text).ok()?;
    let unit = match unit {
        Some('K' | 'k') => KILO,
        Some(_) => MEGA,
        None => 1,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// What the name of a file may be.
const FILE: &str = "a path, //'HLQ.NAME(MEMBER)' or //DD:NAME";

fn file(text: &str) -> Result<FileName, Mismatch> {
    match FileName::parse(text, &Prefix::Environment) {
        Ok(FileName::Temporary(_)) => Err(Mismatch::whole(text, FILE)),
        Ok(name) => Ok(name),
        Err(error) => Err(Mismatch::whole(text, format!("{FILE}: {error}"))),
    }
}

fn path(text: &str) -> Result<PathBuf, Mismatch> {
    match text {
        "" => Err(Mismatch::whole(text, "a path")),
        text if text.starts_with("//") => {
            Err(Mismatch::whole(text, "a path (a data set cannot be a socket)"))
        }
        text => Ok(text.into()),
    }
}

/// Parses a list in which nothing stands twice.
fn distinct<T: PartialEq>(
    text: &str,
    parse: impl Fn(&str) -> Result<T, Mismatch>,
) -> Result<Vec<T>, Mismatch> {
    let mut seen = Vec::new();
    Mismatch::each(text, |item| {
        let parsed = parse(item)?;
        if seen.contains(&parsed) {
            return Err(Mismatch::whole(item, "each item once"));
        }
        seen.push(parsed);
        Ok(())
    })?;
    Ok(seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(keyword: &str) -> &'static Setting {
        Setting::rows(keyword).next().unwrap()
    }

    #[test]
    fn every_default_is_a_value_of_its_setting() {
        for setting in SETTINGS {
            assert!(setting.keyword.len() <= 12, "{}", setting.keyword);
            if !setting.default.is_empty() {
                setting.parse(setting.default).unwrap();
            }
        }
    }

    #[test]
    fn a_keyword_stands_once_per_place() {
        for (index, setting) in SETTINGS.iter().enumerate() {
            let same =
                |other: &&Setting| other.keyword == setting.keyword && other.scope == setting.scope;
            assert_eq!(SETTINGS.iter().position(|other| same(&other)), Some(index));
        }
    }

    #[test]
    fn values_have_units_and_bounds() {
        let parse = |keyword, text| setting(keyword).parse(text).ok();
        assert_eq!(parse("WINDOW", "64k"), Some(Value::Number(65_536)));
        assert_eq!(parse("WINDOW", "2M"), Some(Value::Number(2_097_152)));
        assert_eq!(parse("WINDOW", "65M"), None);
        assert_eq!(parse("WINDOW", "18446744073709551615M"), None);
        assert_eq!(parse("BACKOFFMIN", "0.25"), Some(Value::Time(Duration::from_millis(250))));
        assert_eq!(parse("BACKOFFMIN", "60.001"), None);
        assert_eq!(parse("BACKOFFMIN", "0.0001"), None);
        assert_eq!(parse("BACKOFFMIN", ".5"), None);
        assert_eq!(parse("HANDSHAKE", "600"), Some(Value::Time(Duration::from_secs(600))));
        assert_eq!(parse("HANDSHAKE", "0"), None);
        assert_eq!(parse("WORKERS", "64"), Some(Value::Number(64)));
        assert_eq!(parse("WORKERS", "-1"), None);
        assert_eq!(parse("WORKERS", "99999999999999999999"), None);
        assert_eq!(parse("STRICTKEY", "new"), Some(Value::Word("NEW")));
        assert_eq!(parse("STRICTKEY", "NO"), None);
        assert_eq!(
            parse("AUTH", "password,Keyboard"),
            Some(Value::Words(vec!["PASSWORD", "KEYBOARD"]))
        );
        assert_eq!(parse("CIPHERS", "aes256-ctr"), Some(Value::Text("aes256-ctr".into())));
        assert_eq!(parse("CTRLCONN", "ascii"), Some(Value::CodePage(CodePage::Utf8)));
        assert_eq!(parse("CTRLCONN", "cp273"), Some(Value::CodePage(CodePage::Ibm273)));
        assert_eq!(parse("CTRLCONN", "ISO-8859-1"), None);
        assert_eq!(parse("CTRLCONN", "IBM-875"), None);
    }

    #[test]
    fn an_error_names_the_item_and_the_bounds() {
        let mismatch = setting("WORKERS").parse("65").unwrap_err();
        assert_eq!(mismatch.expected, "a number, 0-64");
        assert_eq!(setting("WINDOW").parse("1").unwrap_err().expected, "bytes, 32K-64M");
        let mismatch = setting("AUTH").parse("PASSWORD,RHOSTS").unwrap_err();
        assert_eq!((mismatch.from, mismatch.to), (9, 15));
        let mismatch = setting("CIPHERS").parse("aes256-ctr,aes256-ctr").unwrap_err();
        assert_eq!((mismatch.from, mismatch.expected.as_str()), (11, "each item once"));
        let mismatch = setting("CONSOLE").parse("//'ZOXY.CONSOLE'").unwrap_err();
        assert!(mismatch.expected.contains("data set"));
    }

    #[test]
    fn files_are_paths_data_sets_or_dds() {
        let shown = |text| match setting("IDENTITY").parse(text) {
            Ok(Value::Files(files)) => {
                files.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            Ok(value) => panic!("{value:?}"),
            Err(mismatch) => format!("{}: {}", mismatch.from, mismatch.expected),
        };
        let all = "keys/a,//'zoxy.keys(paper)',//DD:key(b)";
        assert_eq!(shown(all), "keys/a //'ZOXY.KEYS(PAPER)' //DD:KEY(B)");
        assert_eq!(
            shown("a,//'ZOXY.1KEYS'"),
            "2: a path, //'HLQ.NAME(MEMBER)' or //DD:NAME: qualifier 2 '1KEYS' begins with '1'; \
             expected a letter, $, # or @"
        );
        assert_eq!(shown("&&KEYS"), "0: a path, //'HLQ.NAME(MEMBER)' or //DD:NAME");
    }

    #[test]
    fn a_secret_in_place_of_its_file_is_not_repeated() {
        for text in ["//hunter2!", "//'hunter2.'", "hunter2,x", "&&hunter2"] {
            let mismatch = setting("PASSWORD").parse(text).unwrap_err();
            assert!(!mismatch.found.contains("hunter2"), "{mismatch:?}");
            assert!(!mismatch.expected.contains("hunter2"), "{mismatch:?}");
        }
    }
}
