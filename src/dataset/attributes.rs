//! Attributes of a data set: DSORG, RECFM, LRECL, BLKSIZE and code page.
//!
//! [`Dcb`] is what somebody asks for, each part of it or none (a DD, `zoxy ds alloc`);
//! [`Attributes`] is what a data set has, complete and without contradictions, and the only way to
//! it leads through [`Dcb::complete`]. Pure. The lines of a `.attr` file are in `attribute_file`.

use std::fmt::{self, Display};
use std::str::FromStr;

use super::record::Layout;
use super::record_format::{RecordFormat, RecordKind};
use crate::codepage::CodePage;

/// Bytes of a block at most, and of a record without its descriptor words.
pub const MAX_BLOCK: u16 = 32_760;

/// What a default BLKSIZE stays below.
const GOOD_BLOCK: u16 = 27_998;

/// Bytes of a descriptor word.
const WORD: u16 = 4;

/// DSORG: what a data set consists of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Organization {
    /// `PS`: records, one after the other.
    Sequential,
    /// `PO`: members, a library.
    Partitioned,
}

/// What is asked for: any part may be left open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Dcb {
    /// DSORG.
    pub dsorg: Option<Organization>,
    /// RECFM.
    pub recfm: Option<RecordFormat>,
    /// LRECL in bytes; 0 is as good as none.
    pub lrecl: Option<u16>,
    /// BLKSIZE in bytes; 0 is as good as none.
    pub blksize: Option<u16>,
    /// Whether variable records stand in blocks with descriptor words of their own.
    pub bdw: Option<bool>,
    /// The code page of the text.
    pub code_page: Option<CodePage>,
}

/// What a data set has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    dsorg: Organization,
    recfm: RecordFormat,
    lrecl: u16,
    blksize: u16,
    bdw: bool,
    code_page: Option<CodePage>,
}

impl Attributes {
    /// DSORG.
    pub fn dsorg(&self) -> Organization {
        self.dsorg
    }

    /// RECFM.
    pub fn recfm(&self) -> RecordFormat {
        self.recfm
    }

    /// LRECL: bytes of a fixed record, or of the longest variable one with its descriptor word (4
    /// bytes), or of the longest line; 0 for undefined records and for lines of any length.
    pub fn lrecl(&self) -> u16 {
        self.lrecl
    }

    /// BLKSIZE in bytes; 0 for lines.
    pub fn blksize(&self) -> u16 {
        self.blksize
    }

    /// Whether variable records stand in blocks with descriptor words of their own.
    pub fn bdw(&self) -> bool {
        self.bdw
    }

    /// Code page; None: not known, or no text.
    pub fn code_page(&self) -> Option<CodePage> {
        self.code_page
    }

    /// The same for a data set of another organization.
    pub fn with_organization(self, dsorg: Organization) -> Self {
        Self { dsorg, ..self }
    }

    /// The same with this code page where it has none.
    pub fn with_code_page(self, code_page: Option<CodePage>) -> Self {
        Self { code_page: self.code_page.or(code_page), ..self }
    }

    /// How the records stand in a file.
    pub fn layout(&self) -> Layout {
        Layout {
            kind: self.recfm.kind,
            lrecl: self.lrecl.into(),
            blksize: self.blksize.into(),
            is_blocked: self.recfm.is_blocked,
            bdw: Some(self.bdw),
            page: self.code_page,
        }
    }
}

impl From<Attributes> for Dcb {
    fn from(attributes: Attributes) -> Self {
        let Attributes { dsorg, recfm, lrecl, blksize, bdw, code_page } = attributes;
        Self {
            dsorg: Some(dsorg),
            recfm: Some(recfm),
            lrecl: Some(lrecl),
            blksize: Some(blksize),
            bdw: Some(bdw),
            code_page,
        }
    }
}

impl Dcb {
    /// Whether nothing is asked for.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The same with what is left open taken from another data set (LIKE=). A record format of its
    /// own makes the lengths of the other one meaningless.
    pub fn like(self, other: Attributes) -> Self {
        let other = Self::from(other);
        let is_same = self.recfm.is_none_or(|recfm| Some(recfm) == other.recfm);
        let is_as_long = is_same && self.lrecl.is_none_or(|lrecl| Some(lrecl) == other.lrecl);
        Self {
            dsorg: self.dsorg.or(other.dsorg),
            recfm: self.recfm.or(other.recfm),
            lrecl: self.lrecl.or(other.lrecl.filter(|_| is_same)),
            blksize: self.blksize.or(other.blksize.filter(|_| is_as_long)),
            bdw: self.bdw.or(other.bdw.filter(|_| is_same)),
            code_page: self.code_page.or(other.code_page),
        }
    }

    /// Completes it with defaults: PS; RECFM FB with LRECL 80; LRECL 255 for V and VB; the longest
    /// BLKSIZE up to 27998 that fits.
    pub fn complete(self) -> Result<Attributes, AttributeError> {
        let recfm = self.recfm.unwrap_or(RecordFormat::FB);
        let asked = |value: Option<u16>| value.filter(|value| *value != 0);
        let (lrecl, blksize) = (asked(self.lrecl), asked(self.blksize));
        let lrecl = lrecl_of(recfm, lrecl)?;
        let blksize = blksize_of(recfm, lrecl, blksize)?;
        let bdw = self.bdw.unwrap_or(false);
        if bdw && recfm.kind != RecordKind::Variable {
            return Err(AttributeError::Blocks { recfm });
        }
        Ok(Attributes {
            dsorg: self.dsorg.unwrap_or(Organization::Sequential),
            recfm,
            lrecl,
            blksize,
            bdw,
            code_page: self.code_page,
        })
    }

    /// What of this a data set has otherwise. BLKSIZE need not agree, and a code page is welcome where
    /// there is none.
    pub fn conflict(&self, with: &Attributes) -> Option<Conflict> {
        let differ = |keyword, asked: Option<String>, has: String| {
            let asked = asked.filter(|asked| *asked != has)?;
            Some(Conflict { keyword, asked, has })
        };
        let text = |value: Option<u16>| value.filter(|v| *v != 0).map(|v| v.to_string());
        differ("DSORG", self.dsorg.map(|v| v.to_string()), with.dsorg.to_string())
            .or_else(|| differ("RECFM", self.recfm.map(|v| v.to_string()), with.recfm.to_string()))
            .or_else(|| differ("LRECL", text(self.lrecl), with.lrecl.to_string()))
            .or_else(|| differ("BDW", self.bdw.map(yes_or_no), yes_or_no(with.bdw)))
            .or_else(|| {
                let has = with.code_page?.to_string();
                differ("CODEPAGE", self.code_page.map(|page| page.to_string()), has)
            })
    }
}

/// One part of a [`Dcb`] that a data set has otherwise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// Its keyword.
    pub keyword: &'static str,
    /// What was asked for.
    pub asked: String,
    /// What the data set has.
    pub has: String,
}

fn lrecl_of(recfm: RecordFormat, asked: Option<u16>) -> Result<u16, AttributeError> {
    let (low, high, default) = match recfm.kind {
        RecordKind::Fixed => (1, MAX_BLOCK, 80),
        RecordKind::Variable => (WORD + 1, MAX_BLOCK - WORD, 255),
        RecordKind::Text => (1, MAX_BLOCK, 0),
        RecordKind::Undefined => match asked {
            Some(asked) => return Err(AttributeError::Lrecl { recfm, asked, low: 0, high: 0 }),
            None => return Ok(0),
        },
    };
    match asked {
        None => Ok(default),
        Some(asked) if (low..=high).contains(&asked) => Ok(asked),
        Some(asked) => Err(AttributeError::Lrecl { recfm, asked, low, high }),
    }
}

fn blksize_of(recfm: RecordFormat, lrecl: u16, asked: Option<u16>) -> Result<u16, AttributeError> {
    let wrong = |asked, expected: String| AttributeError::Blksize { recfm, asked, expected };
    let multiple = match (recfm.kind, recfm.is_blocked) {
        (RecordKind::Text, _) => {
            return match asked {
                Some(asked) => Err(wrong(asked, "none, for text has no blocks".to_owned())),
                None => Ok(0),
            };
        }
        (RecordKind::Fixed, false) => {
            return match asked {
                Some(asked) if asked != lrecl => Err(wrong(asked, format!("the LRECL, {lrecl}"))),
                _ => Ok(lrecl),
            };
        }
        (RecordKind::Fixed, true) => lrecl,
        (RecordKind::Variable | RecordKind::Undefined, _) => 1,
    };
    let low = match (recfm.kind, recfm.is_blocked) {
        (RecordKind::Variable, _) => lrecl + WORD,
        (RecordKind::Undefined, _) => 1,
        _ => lrecl,
    };
    match asked {
        Some(asked) if asked > MAX_BLOCK || asked < low => {
            Err(wrong(asked, format!("{low}-{MAX_BLOCK}")))
        }
        Some(asked) if asked % multiple != 0 => {
            Err(wrong(asked, format!("a multiple of the LRECL, {lrecl}")))
        }
        Some(asked) => Ok(asked),
        None => Ok((GOOD_BLOCK / multiple * multiple).max(low)),
    }
}

/// Attributes that contradict each other or are out of bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeError {
    /// LRECL.
    Lrecl {
        /// The record format that sets the bounds.
        recfm: RecordFormat,
        /// What was asked for.
        asked: u16,
        /// Smallest.
        low: u16,
        /// Largest; 0 if none may be given.
        high: u16,
    },
    /// BLKSIZE.
    Blksize {
        /// The record format that sets the bounds.
        recfm: RecordFormat,
        /// What was asked for.
        asked: u16,
        /// What would be right.
        expected: String,
    },
    /// Block descriptor words with records that are not variable.
    Blocks {
        /// The record format.
        recfm: RecordFormat,
    },
}

impl Display for AttributeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lrecl { recfm, asked, high: 0, .. } => {
                write!(f, "LRECL {asked} with RECFM {recfm}; expected none")
            }
            Self::Lrecl { recfm, asked, low, high } => {
                write!(f, "LRECL {asked} with RECFM {recfm}; expected {low}-{high}")
            }
            Self::Blksize { recfm, asked, expected } => {
                write!(f, "BLKSIZE {asked} with RECFM {recfm}; expected {expected}")
            }
            Self::Blocks { recfm } => {
                write!(f, "BDW YES with RECFM {recfm}; expected RECFM V or VB")
            }
        }
    }
}

impl std::error::Error for AttributeError {}

impl Display for Organization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Sequential => "PS",
            Self::Partitioned => "PO",
        })
    }
}

impl FromStr for Organization {
    type Err = UnknownOrganization;

    /// Reads `PS` or `PO`, in upper or lower case.
    fn from_str(name: &str) -> Result<Self, UnknownOrganization> {
        match name.to_ascii_uppercase().as_str() {
            "PS" => Ok(Self::Sequential),
            "PO" => Ok(Self::Partitioned),
            _ => Err(UnknownOrganization),
        }
    }
}

/// A name that is no organization of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownOrganization;

impl Display for UnknownOrganization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected PS or PO")
    }
}

impl std::error::Error for UnknownOrganization {}

pub(super) fn yes_or_no(is: bool) -> String {
    if is { "YES" } else { "NO" }.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dcb(recfm: &str, lrecl: u16, blksize: u16) -> Dcb {
        let (lrecl, blksize) = (Some(lrecl), Some(blksize));
        Dcb { recfm: Some(recfm.parse().unwrap()), lrecl, blksize, ..Dcb::default() }
    }

    fn lengths(recfm: &str, lrecl: u16, blksize: u16) -> (u16, u16) {
        let attributes = dcb(recfm, lrecl, blksize).complete().unwrap();
        (attributes.lrecl(), attributes.blksize())
    }

    #[test]
    fn what_is_left_open_has_a_default() {
        let attributes = Dcb::default().complete().unwrap();
        assert_eq!(attributes.dsorg(), Organization::Sequential);
        assert_eq!(attributes.recfm(), RecordFormat::FB);
        assert_eq!((attributes.lrecl(), attributes.blksize()), (80, 27_920));
        assert_eq!((attributes.bdw(), attributes.code_page()), (false, None));
        assert_eq!(lengths("F", 0, 0), (80, 80));
        assert_eq!(lengths("FBA", 133, 0), (133, 27_930));
        assert_eq!(lengths("VB", 0, 0), (255, 27_998));
        assert_eq!(lengths("V", 32_756, 0), (32_756, 32_760));
        assert_eq!(lengths("FB", 32_760, 0), (32_760, 32_760));
        assert_eq!(lengths("U", 0, 0), (0, 27_998));
        assert_eq!(lengths("TEXT", 0, 0), (0, 0));
        assert_eq!(lengths("TEXT", 132, 0), (132, 0));
    }

    #[test]
    fn lengths_are_held_against_each_other() {
        for (recfm, lrecl, blksize, expected) in [
            ("FB", 32_761, 0, "LRECL 32761 with RECFM FB; expected 1-32760"),
            ("V", 4, 0, "LRECL 4 with RECFM V; expected 5-32756"),
            ("VB", 32_757, 0, "LRECL 32757 with RECFM VB; expected 5-32756"),
            ("U", 80, 0, "LRECL 80 with RECFM U; expected none"),
            ("FB", 80, 100, "BLKSIZE 100 with RECFM FB; expected a multiple of the LRECL, 80"),
            ("FB", 80, 79, "BLKSIZE 79 with RECFM FB; expected 80-32760"),
            ("F", 80, 160, "BLKSIZE 160 with RECFM F; expected the LRECL, 80"),
            ("VB", 255, 258, "BLKSIZE 258 with RECFM VB; expected 259-32760"),
            ("VB", 255, 32_761, "BLKSIZE 32761 with RECFM VB; expected 259-32760"),
            ("U", 0, 40_000, "BLKSIZE 40000 with RECFM U; expected 1-32760"),
            ("TEXT", 0, 80, "BLKSIZE 80 with RECFM TEXT; expected none, for text has no blocks"),
        ] {
            assert_eq!(dcb(recfm, lrecl, blksize).complete().unwrap_err().to_string(), expected);
        }
        let blocks = Dcb { bdw: Some(true), ..Dcb::default() };
        assert_eq!(
            blocks.complete().unwrap_err().to_string(),
            "BDW YES with RECFM FB; expected RECFM V or VB"
        );
        let wanted = Dcb { bdw: Some(true), ..dcb("VB", 0, 0) };
        assert!(wanted.complete().unwrap().bdw());
    }

    #[test]
    fn like_fills_in_what_still_has_a_meaning() {
        let other = Dcb { code_page: Some(CodePage::Ibm037), ..dcb("VB", 300, 1000) };
        let other = other.complete().unwrap();
        assert_eq!(Dcb::default().like(other).complete(), Ok(other));
        let longer = Dcb { lrecl: Some(400), ..Dcb::default() }.like(other).complete().unwrap();
        assert_eq!((longer.lrecl(), longer.blksize()), (400, 27_998));
        let fixed = Dcb { recfm: Some(RecordFormat::FB), ..Dcb::default() }.like(other);
        let fixed = fixed.complete().unwrap();
        assert_eq!((fixed.lrecl(), fixed.code_page()), (80, Some(CodePage::Ibm037)));
    }

    #[test]
    fn conflicts_are_named() {
        let has = dcb("FB", 80, 800).complete().unwrap();
        assert_eq!(dcb("FB", 0, 0).conflict(&has), None);
        assert_eq!(dcb("FB", 80, 1600).conflict(&has), None);
        assert_eq!(Dcb::from(has).conflict(&has), None);
        let conflict = dcb("FB", 133, 0).conflict(&has).unwrap();
        assert_eq!(
            (conflict.keyword, conflict.asked.as_str(), conflict.has.as_str()),
            ("LRECL", "133", "80")
        );
        assert_eq!(dcb("VB", 0, 0).conflict(&has).unwrap().keyword, "RECFM");
        let page = Dcb { code_page: Some(CodePage::Ibm037), ..Dcb::default() };
        assert_eq!(page.conflict(&has), None);
        let has_page = has.with_code_page(Some(CodePage::Ibm1047));
        assert_eq!(page.conflict(&has_page).unwrap().has, "IBM-1047");
        let library = Dcb { dsorg: Some(Organization::Partitioned), ..Dcb::default() };
        assert_eq!(library.conflict(&has).unwrap().asked, "PO");
    }
}
