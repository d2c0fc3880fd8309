//! Masks: patterns of data set and member names. Pure.
//!
//! `%` stands for one character, `*` for any characters of one qualifier, and `**` as a qualifier
//! for any number of qualifiers, none included: `HLQ.*` is every name of two qualifiers below HLQ,
//! `HLQ.**` is HLQ and everything below it.

use std::fmt::{self, Display};

use super::name::{DatasetName, MAX_NAME, MAX_QUALIFIER, MemberName};
use crate::glob;

/// A pattern of data set names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatasetMask(Vec<Qualifier>);

/// A pattern of member names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberMask(String);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Qualifier {
    /// `**`.
    Any,
    /// One qualifier, with `%` and `*`.
    One(String),
}

impl DatasetMask {
    /// Every data set.
    pub fn all() -> Self {
        Self(vec![Qualifier::Any])
    }

    /// Reads a mask; a name is a mask too, of itself.
    pub fn parse(text: &str) -> Result<Self, MaskError> {
        if text.len() > MAX_NAME {
            return Err(MaskError::TooLong(text.len()));
        }
        text.split('.')
            .map(|qualifier| match qualifier {
                "**" => Ok(Qualifier::Any),
                qualifier => part(qualifier).map(Qualifier::One),
            })
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether a name is one of those that it stands for.
    pub fn matches(&self, name: &DatasetName) -> bool {
        let qualifiers: Vec<_> = name.as_str().split('.').collect();
        qualifiers_match(&self.0, &qualifiers)
    }
}

impl MemberMask {
    /// Every member.
    pub fn all() -> Self {
        Self("*".to_owned())
    }

    /// Reads a mask; a name is a mask too, of itself.
    pub fn parse(text: &str) -> Result<Self, MaskError> {
        part(text).map(Self)
    }

    /// Whether a name is one of those that it stands for.
    pub fn matches(&self, name: &MemberName) -> bool {
        characters_match(&self.0, name.as_str())
    }
}

/// Why a text is no mask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MaskError {
    /// More than 44 characters; how many.
    TooLong(usize),
    /// A qualifier or member that no name can match.
    Part(String),
}

fn part(text: &str) -> Result<String, MaskError> {
    let is_known = |c: char| c.is_ascii_alphanumeric() || "$#@-*%".contains(c);
    let letters = text.chars().filter(|c| *c != '*').count();
    if text.is_empty() || letters > MAX_QUALIFIER || !text.chars().all(is_known) {
        return Err(MaskError::Part(text.to_owned()));
    }
    Ok(text.to_ascii_uppercase())
}

fn qualifiers_match(mask: &[Qualifier], name: &[&str]) -> bool {
    match mask.split_first() {
        None => name.is_empty(),
        Some((Qualifier::Any, rest)) => {
            // A mask has 23 qualifiers at most, a name 22.
            let rest = match rest.iter().position(|qualifier| *qualifier != Qualifier::Any) {
                Some(start) => &rest[start..],
                None => return true,
            };
            (0..=name.len()).any(|skipped| qualifiers_match(rest, &name[skipped..]))
        }
        Some((Qualifier::One(mask), rest)) => match name.split_first() {
            Some((qualifier, names)) => {
                characters_match(mask, qualifier) && qualifiers_match(rest, names)
            }
            None => false,
        },
    }
}

fn characters_match(mask: &str, name: &str) -> bool {
    let same = |mask, byte| mask == b'%' || mask == byte;
    glob::matches(mask.as_bytes(), name.as_bytes(), same)
}

impl Display for MaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong(length) => {
                write!(f, "has {length} characters; a mask has at most {MAX_NAME}")
            }
            Self::Part(text) => write!(
                f,
                "'{text}' matches no name; expected 1 to 8 letters, digits, $, #, @, - or %, and \
                 any number of *"
            ),
        }
    }
}

impl std::error::Error for MaskError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(mask: &str, name: &str) -> bool {
        DatasetMask::parse(mask).unwrap().matches(&DatasetName::parse(name).unwrap())
    }

    #[test]
    fn one_asterisk_stays_within_a_qualifier() {
        for (mask, name) in [
            ("zoxy.*", "ZOXY.DATA"),
            ("ZOXY.D*", "ZOXY.DATA"),
            ("*.*A*A", "ZOXY.DATA"),
            ("ZOXY.D%%A", "ZOXY.DATA"),
            ("ZOXY.DATA", "ZOXY.DATA"),
            ("ZOXY.*.X", "ZOXY.DATA.X"),
            ("ZOXY.DATA*", "ZOXY.DATA"),
        ] {
            assert!(matches(mask, name), "{mask} {name}");
        }
        for (mask, name) in [
            ("ZOXY.*", "ZOXY"),
            ("ZOXY.*", "ZOXY.DATA.X"),
            ("ZOXY.*", "OTHER.DATA"),
            ("ZOXY.D%A", "ZOXY.DATA"),
            ("*", "ZOXY.DATA"),
            ("ZOXY.DAT", "ZOXY.DATA"),
            ("ZOXY.DATA%", "ZOXY.DATA"),
        ] {
            assert!(!matches(mask, name), "{mask} {name}");
        }
    }

    #[test]
    fn two_asterisks_are_any_number_of_qualifiers() {
        for (mask, name) in [
            ("**", "A"),
            ("A.**", "A"),
            ("A.**", "A.B.C"),
            ("**.C", "A.B.C"),
            ("**.C", "C"),
            ("A.**.C", "A.C"),
            ("A.**.C", "A.B.B.C"),
            ("A.**.**.C", "A.B.C.C"),
            ("**.B.**", "A.B.C"),
        ] {
            assert!(matches(mask, name), "{mask} {name}");
        }
        for (mask, name) in [("A.**", "AB.C"), ("**.C", "A.C.D"), ("A.**.C", "A.B")] {
            assert!(!matches(mask, name), "{mask} {name}");
        }
        let many = format!("{}Z", "**.".repeat(14));
        assert!(!matches(&many, "A.B.C.D.E.F.G.H.I.J.K.L.M.N.O.P.Q.R.S.T.U.V"));
    }

    #[test]
    fn members_have_masks_too() {
        let mask = MemberMask::parse("my*").unwrap();
        assert!(mask.matches(&MemberName::parse("MYDECK").unwrap()));
        assert!(!mask.matches(&MemberName::parse("DECK").unwrap()));
        assert!(MemberMask::all().matches(&MemberName::parse("X").unwrap()));
    }

    #[test]
    fn a_mask_that_matches_nothing_is_refused() {
        for mask in ["", "A..B", "A.B/C", "ABCDEFGHI", "A.%%%%%%%%%", "A.É", "A B"] {
            assert!(DatasetMask::parse(mask).is_err(), "{mask}");
        }
        assert_eq!(DatasetMask::parse(&"A.".repeat(30)), Err(MaskError::TooLong(60)));
    }
}
