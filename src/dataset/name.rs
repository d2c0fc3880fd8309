//! Names: of data sets, of members, of DDs, and what is wrong with a text that is none.
//!
//! Pure. Names are upper case once they are parsed, so that no two of them differ in case only, and
//! hold nothing that means something to a file system: no slash, no leading period, no NUL. Used by
//! [`super::FileName`] for every form in which a name is written. Rules: z/OS MVS JCL Reference,
//! "Data set names"; z/OS XL C/C++ Programming Guide, "Opening files".

use std::fmt::{self, Display};

/// Characters of a data set name at most, its periods included.
pub const MAX_NAME: usize = 44;

/// Characters of a qualifier, a member or a DD name at most.
pub const MAX_QUALIFIER: usize = 8;

/// A data set name without member, as `HLQ.NAME`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DatasetName(Box<str>);

/// The name of a member of a library (partitioned data set).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MemberName(Box<str>);

/// The name of a DD.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DdName(Box<str>);

impl DatasetName {
    /// Reads 1 to 44 characters, qualifiers separated by periods, in upper or lower case.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Missing("a data set name"));
        }
        for (number, qualifier) in (1..).zip(text.split('.')) {
            check(qualifier, Part::Qualifier).map_err(|flaw| NameError::Qualifier {
                number,
                text: qualifier.to_owned(),
                flaw,
            })?;
        }
        // Every character is ASCII by now.
        if text.len() > MAX_NAME {
            return Err(NameError::TooLong { length: text.len() });
        }
        Ok(Self(text.to_ascii_uppercase().into()))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same name below a prefix of its own.
    pub(super) fn below(&self, prefix: &Self) -> Result<Self, NameError> {
        Self::parse(&format!("{prefix}.{self}"))
    }
}

impl MemberName {
    /// Reads 1 to 8 characters, in upper or lower case.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Missing("a member name"));
        }
        if is_generation(text) {
            return Err(NameError::Generation { text: text.to_owned() });
        }
        match check(text, Part::Member) {
            Ok(()) => Ok(Self(text.to_ascii_uppercase().into())),
            Err(flaw) => Err(NameError::Member { text: text.to_owned(), flaw }),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl DdName {
    /// Reads 1 to 8 characters, in upper or lower case.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.is_empty() {
            return Err(NameError::Missing("a DD name"));
        }
        match check(text, Part::Dd) {
            Ok(()) => Ok(Self(text.to_ascii_uppercase().into())),
            Err(flaw) => Err(NameError::Dd { text: text.to_owned(), flaw }),
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Display for DatasetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl Display for DdName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// What a name of up to eight characters is part of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Qualifier,
    Member,
    Dd,
}

/// What is wrong with a name of up to eight characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Flaw {
    /// There is nothing between two periods, or before the first or behind the last.
    Empty,
    /// More than 8 characters; how many.
    Long(usize),
    /// The first character is none to begin with.
    First(char),
    /// A later character is none for such a name.
    Character(char),
    /// A hyphen, which only qualifiers may have.
    Hyphen,
}

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NameError {
    /// There is nothing where a name must be; what was expected.
    Missing(&'static str),
    /// A data set name of more than 44 characters.
    TooLong {
        /// Its characters.
        length: usize,
    },
    /// A qualifier of a data set name.
    Qualifier {
        /// Which one, from 1.
        number: usize,
        /// The qualifier as written.
        text: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A member name.
    Member {
        /// The name as written.
        text: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A DD name.
    Dd {
        /// The name as written.
        text: String,
        /// What is wrong with it.
        flaw: Flaw,
    },
    /// A relative generation number in place of a member: `(0)`, `(+1)`, `(-1)`.
    Generation {
        /// The number as written.
        text: String,
    },
    /// Parentheses or apostrophes that do not close, or text behind them; what was expected.
    Form {
        /// The offending rest of the text.
        found: String,
        /// What would have been right.
        expected: &'static str,
    },
    /// A name relative to a prefix that cannot be had; why.
    NoPrefix(String),
}

/// Whether parentheses hold a number in place of a member.
fn is_generation(text: &str) -> bool {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn check(text: &str, part: Part) -> Result<(), Flaw> {
    let mut characters = text.chars();
    let Some(first) = characters.next() else { return Err(Flaw::Empty) };
    let is_national = |c| matches!(c, '$' | '#' | '@');
    if !first.is_ascii_alphabetic() && !is_national(first) {
        return Err(Flaw::First(first));
    }
    for c in characters {
        match c {
            '-' if part == Part::Qualifier => {}
            '-' => return Err(Flaw::Hyphen),
            c if c.is_ascii_alphanumeric() || is_national(c) => {}
            c => return Err(Flaw::Character(c)),
        }
    }
    match text.len() {
        length if length > MAX_QUALIFIER => Err(Flaw::Long(length)),
        _ => Ok(()),
    }
}

impl Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty; expected 1 to 8 characters"),
            Self::Long(length) => write!(f, "has {length} characters; expected 1 to 8"),
            Self::First(c) => write!(f, "begins with '{c}'; expected a letter, $, # or @"),
            Self::Character('/') => f.write_str(
                "has a '/'; expected letters, digits, $, # and @ (a path begins with one slash)",
            ),
            Self::Character(c) => write!(f, "has a '{c}'; expected letters, digits, $, # and @"),
            Self::Hyphen => {
                f.write_str("has a hyphen, which only qualifiers of data set names may have")
            }
        }
    }
}

impl Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing(expected) => write!(f, "expected {expected}"),
            Self::TooLong { length } => {
                write!(f, "has {length} characters; a data set name has at most {MAX_NAME}")
            }
            Self::Qualifier { number, text, flaw } => {
                write!(f, "qualifier {number} '{text}' {flaw}")
            }
            Self::Member { text, flaw } => write!(f, "member '{text}' {flaw}"),
            Self::Dd { text, flaw } => write!(f, "DD name '{text}' {flaw}"),
            Self::Generation { text } => write!(
                f,
                "({text}) is a relative generation number, which is not supported; expected the \
                 full name of the generation, or a member"
            ),
            Self::Form { found, expected } if found.is_empty() => write!(f, "expected {expected}"),
            Self::Form { found, expected } => write!(f, "found '{found}', expected {expected}"),
            Self::NoPrefix(reason) => write!(
                f,
                "the name is relative and there is no prefix for it: {reason}; write \
                 //'HLQ.NAME' or set ZOXY_PREFIX"
            ),
        }
    }
}

impl std::error::Error for NameError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        DatasetName::parse(text).unwrap_err().to_string()
    }

    #[test]
    fn data_set_names_are_qualifiers_in_upper_case() {
        for (text, name) in [
            ("A", "A"),
            ("zoxy.parmlib", "ZOXY.PARMLIB"),
            ("$A1.#B2.@C-3", "$A1.#B2.@C-3"),
            ("SYS1.LINKLIB-.D", "SYS1.LINKLIB-.D"),
        ] {
            assert_eq!(DatasetName::parse(text).unwrap().as_str(), name);
        }
        let longest = "ABCDEFGH.ABCDEFGH.ABCDEFGH.ABCDEFGH.ABCDEFGH";
        assert_eq!(longest.len(), MAX_NAME);
        assert_eq!(DatasetName::parse(longest).unwrap().as_str(), longest);
    }

    #[test]
    fn the_wrong_qualifier_is_named_with_its_number() {
        for (text, expected) in [
            ("", "expected a data set name"),
            ("A.1BC.D", "qualifier 2 '1BC' begins with '1'; expected a letter, $, # or @"),
            ("A..B", "qualifier 2 '' is empty; expected 1 to 8 characters"),
            (".A", "qualifier 1 '' is empty"),
            ("A.", "qualifier 2 '' is empty"),
            ("..", "qualifier 1 '' is empty"),
            ("A.B.ABCDEFGHI", "qualifier 3 'ABCDEFGHI' has 9 characters; expected 1 to 8"),
            ("A.-B", "qualifier 2 '-B' begins with '-'"),
            ("A.B_C", "qualifier 2 'B_C' has a '_'; expected letters, digits, $, # and @"),
            ("A.B C", "qualifier 2 'B C' has a ' '"),
            ("A.B\0", "qualifier 2 'B\0' has a '\0'"),
            ("A./etc", "qualifier 2 '/etc' begins with '/'"),
            ("USR/LIB", "qualifier 1 'USR/LIB' has a '/'; expected letters, digits, $, # and @ (a"),
            ("ÄB.C", "qualifier 1 'ÄB' begins with 'Ä'"),
            ("ABCDEFGÄ", "qualifier 1 'ABCDEFGÄ' has a 'Ä'"),
            (
                "ABCDEFGH.ABCDEFGH.ABCDEFGH.ABCDEFGH.ABCDEFGH.A",
                "has 46 characters; a data set name has at most 44",
            ),
        ] {
            assert!(error(text).starts_with(expected), "{text}: {}", error(text));
        }
    }

    #[test]
    fn members_and_dd_names_have_no_hyphen() {
        assert_eq!(MemberName::parse("my#deck1").unwrap().as_str(), "MY#DECK1");
        assert_eq!(DdName::parse("sysut1").unwrap().as_str(), "SYSUT1");
        let member = |text| MemberName::parse(text).unwrap_err().to_string();
        assert_eq!(
            member("A-B"),
            "member 'A-B' has a hyphen, which only qualifiers of data set names may have"
        );
        assert_eq!(member("ABCDEFGHI"), "member 'ABCDEFGHI' has 9 characters; expected 1 to 8");
        assert_eq!(member("A.B"), "member 'A.B' has a '.'; expected letters, digits, $, # and @");
        assert_eq!(member(""), "expected a member name");
        assert_eq!(
            DdName::parse("1A").unwrap_err().to_string(),
            "DD name '1A' begins with '1'; expected a letter, $, # or @"
        );
        assert_eq!(DdName::parse("").unwrap_err().to_string(), "expected a DD name");
    }

    #[test]
    fn generations_are_refused() {
        for text in ["0", "+1", "-1", "-12"] {
            let error = MemberName::parse(text).unwrap_err();
            assert_eq!(error, NameError::Generation { text: text.to_owned() });
            assert!(error.to_string().contains("relative generation number"));
        }
        assert_eq!(DatasetName::parse("A.G0001V00").unwrap().as_str(), "A.G0001V00");
    }
}
