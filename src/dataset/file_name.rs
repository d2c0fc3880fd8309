//! File names: everything that may stand where a file is named.
//!
//! ```text
//! //'HLQ.NAME(MEMBER)'   a data set by its full name
//! //NAME(MEMBER)         a data set below the prefix (ZOXY_PREFIX)
//! //DD:NAME(MEMBER)      what the environment says of a DD
//! &&TEMP(MEMBER)         a data set of one job
//! anything else          a path
//! ```
//!
//! The member may be left out. Forms: z/OS XL C/C++ Programming Guide, "Opening files"; `&&` and
//! names without slashes as DSN has them in the MVS JCL Reference. [`FileName`] is what `-c`, the
//! cards of a deck and `zoxy ds copy` take; [`Dsn`] is what DSN= of a DD and `zoxy ds` take.

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use super::name::{DatasetName, DdName, MemberName, NameError};
use super::prefix::Prefix;

/// A data set, and perhaps a member of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Dsn {
    /// The data set.
    pub name: DatasetName,
    /// The member of a library.
    pub member: Option<MemberName>,
}

/// What names a file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum FileName {
    /// A path of the system.
    Path(PathBuf),
    /// A data set below the root of a [`Store`](super::Store).
    Dataset(Dsn),
    /// A data set of a job; its name has one qualifier.
    Temporary(Dsn),
    /// A DD, and perhaps a member of the library it names.
    Dd(DdName, Option<MemberName>),
}

impl Dsn {
    /// Reads a full name as DSN= has it: `HLQ.NAME` or `HLQ.NAME(MEMBER)`.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        let (name, member) = split_member(text)?;
        Ok(Self {
            name: DatasetName::parse(name)?,
            member: member.map(MemberName::parse).transpose()?,
        })
    }

    /// Reads the inside of `//...`: with apostrophes a full name, else one below the prefix.
    fn parse_quoted(text: &str, prefix: &Prefix) -> Result<Self, NameError> {
        let Some(quoted) = text.strip_prefix('\'') else {
            let relative = Self::parse(text)?;
            let name = match prefix.name().map_err(NameError::NoPrefix)? {
                Some(prefix) => relative.name.below(&prefix)?,
                None => relative.name,
            };
            return Ok(Self { name, member: relative.member });
        };
        match quoted.split_once('\'') {
            Some((name, "")) => Self::parse(name),
            Some((_, rest)) => Err(form(rest, "nothing behind the closing apostrophe")),
            None => Err(form("", "an apostrophe at the end")),
        }
    }
}

impl FileName {
    /// Reads any form; what begins neither with `//` nor with `&&` is a path.
    pub fn parse(text: &str, prefix: &Prefix) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Missing("a path or a data set name"));
        }
        match text.strip_prefix("//") {
            Some(rest) => match rest.split_at_checked(3) {
                Some((dd, name)) if dd.eq_ignore_ascii_case("DD:") => Self::parse_dd(name),
                _ => Dsn::parse_quoted(rest, prefix).map(Self::Dataset),
            },
            None if text.starts_with("&&") => Self::parse_dsn(text),
            None => Ok(Self::Path(text.into())),
        }
    }

    /// Reads the value of DSN=: a full name, or `&&TEMP`, each with or without a member.
    pub fn parse_dsn(text: &str) -> Result<Self, NameError> {
        let Some(temporary) = text.strip_prefix("&&") else {
            return Dsn::parse(text).map(Self::Dataset);
        };
        let dsn = Dsn::parse(temporary)?;
        match dsn.name.as_str().split_once('.') {
            None => Ok(Self::Temporary(dsn)),
            Some(_) => Err(form(temporary, "one qualifier behind &&")),
        }
    }

    /// Reads the name of a data set as `zoxy ds` takes it: as DSN= or as in `//...`.
    pub fn parse_dataset(text: &str, prefix: &Prefix) -> Result<Dsn, NameError> {
        let name = if text.starts_with("//") {
            Self::parse(text, prefix)?
        } else {
            Self::parse_dsn(text)?
        };
        match name {
            Self::Dataset(dsn) => Ok(dsn),
            Self::Temporary(_) => Err(form(text, "no temporary name: those are of a job")),
            Self::Dd(..) | Self::Path(_) => Err(form(text, "the name of a data set")),
        }
    }

    fn parse_dd(text: &str) -> Result<Self, NameError> {
        let (name, member) = split_member(text)?;
        Ok(Self::Dd(DdName::parse(name)?, member.map(MemberName::parse).transpose()?))
    }
}

impl From<&Path> for FileName {
    fn from(path: &Path) -> Self {
        Self::Path(path.to_owned())
    }
}

/// Splits `NAME(MEMBER)`.
fn split_member(text: &str) -> Result<(&str, Option<&str>), NameError> {
    let Some((name, rest)) = text.split_once('(') else {
        return match text.split_once(')') {
            Some((_, rest)) => {
                Err(form(&format!("){rest}"), "no parenthesis without an opening one"))
            }
            None => Ok((text, None)),
        };
    };
    match rest.split_once(')') {
        Some((member, "")) => Ok((name, Some(member))),
        Some((_, rest)) => Err(form(rest, "nothing behind the closing parenthesis")),
        None => Err(form("", "a parenthesis at the end")),
    }
}

fn form(found: &str, expected: &'static str) -> NameError {
    NameError::Form { found: found.to_owned(), expected }
}

impl Display for Dsn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.member {
            Some(member) => write!(f, "{}({member})", self.name),
            None => self.name.fmt(f),
        }
    }
}

impl Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Dataset(dsn) => write!(f, "//'{dsn}'"),
            Self::Temporary(dsn) => write!(f, "&&{dsn}"),
            Self::Dd(name, Some(member)) => write!(f, "//DD:{name}({member})"),
            Self::Dd(name, None) => write!(f, "//DD:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix() -> Prefix {
        Prefix::of(Some(DatasetName::parse("IBMUSER").unwrap()))
    }

    fn parsed(text: &str) -> String {
        match FileName::parse(text, &prefix()) {
            Ok(name) => format!("{name} {name:?}").split('{').next().unwrap().trim().to_owned(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn every_form_is_told_by_its_beginning() {
        for (text, shown, is) in [
            ("//'zoxy.parmlib(mydeck)'", "//'ZOXY.PARMLIB(MYDECK)'", "Dataset"),
            ("//'ZOXY.DATA'", "//'ZOXY.DATA'", "Dataset"),
            ("//parmlib(mydeck)", "//'IBMUSER.PARMLIB(MYDECK)'", "Dataset"),
            ("//DATA", "//'IBMUSER.DATA'", "Dataset"),
            ("//DD:SYSIN", "//DD:SYSIN", "Dd"),
            ("//dd:deck(main)", "//DD:DECK(MAIN)", "Dd"),
            ("&&temp", "&&TEMP", "Temporary"),
            ("&&TEMP(M)", "&&TEMP(M)", "Temporary"),
            ("/etc/zoxy/deck", "/etc/zoxy/deck", "Path"),
            ("ZOXY.PARMLIB(MYDECK)", "ZOXY.PARMLIB(MYDECK)", "Path"),
            ("&x", "&x", "Path"),
        ] {
            let name = FileName::parse(text, &prefix()).unwrap();
            assert_eq!(name.to_string(), shown);
            assert!(format!("{name:?}").starts_with(is), "{name:?}");
        }
    }

    #[test]
    fn a_name_comes_back_from_how_it_is_shown() {
        for text in ["//'A.B(C)'", "//'A.B'", "//DD:X", "//DD:X(Y)", "&&T", "&&T(M)", "/p/q"] {
            let name = FileName::parse(text, &prefix()).unwrap();
            assert_eq!(FileName::parse(&name.to_string(), &prefix()), Ok(name));
        }
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (text, expected) in [
            ("", "expected a path or a data set name"),
            ("//", "expected a data set name"),
            ("//''", "expected a data set name"),
            ("//'A.B", "expected an apostrophe at the end"),
            ("//'A.B'C", "found 'C', expected nothing behind the closing apostrophe"),
            ("//'A.B(C'", "expected a parenthesis at the end"),
            ("//'A.B(C)D'", "found 'D', expected nothing behind the closing parenthesis"),
            ("//'A.B)'", "found ')', expected no parenthesis without an opening one"),
            ("//A.B()", "expected a member name"),
            ("//'A.B(+1)'", "(+1) is a relative generation number"),
            ("//'A.B(C-D)'", "member 'C-D' has a hyphen"),
            ("//A.B'", "qualifier 2 'B'' has a '''"),
            ("//DD:", "expected a DD name"),
            ("//DD:A.B", "DD name 'A.B' has a '.'"),
            ("//DD:A(1B)", "member '1B' begins with '1'"),
            (
                "//usr/lib/x",
                "qualifier 1 'usr/lib/x' has a '/'; expected letters, digits, $, # and @ (a path",
            ),
            ("&&A.B", "found 'A.B', expected one qualifier behind &&"),
            ("&&", "expected a data set name"),
        ] {
            assert!(parsed(text).starts_with(expected), "{text}: {}", parsed(text));
        }
        let long = format!("//{}", "ABCDEFGH.".repeat(4) + "ABCDEFGH");
        assert_eq!(parsed(&long), "has 52 characters; a data set name has at most 44");
    }

    #[test]
    fn without_a_prefix_a_relative_name_is_full() {
        let name = FileName::parse("//A.B", &Prefix::of(None)).unwrap();
        assert_eq!(name.to_string(), "//'A.B'");
    }

    #[test]
    fn names_of_data_sets_stand_with_and_without_slashes() {
        let read = |text| FileName::parse_dataset(text, &prefix()).map(|dsn| dsn.to_string());
        assert_eq!(read("a.b(c)").as_deref(), Ok("A.B(C)"));
        assert_eq!(read("//'A.B(C)'").as_deref(), Ok("A.B(C)"));
        assert_eq!(read("//B").as_deref(), Ok("IBMUSER.B"));
        for wrong in ["&&T", "//DD:X", "'A.B'", "/a/b"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
