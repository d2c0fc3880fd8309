//! The file of attributes: text lines of a keyword and a value, to be read and edited by people.
//!
//! ```text
//! * Attributes of ZOXY.PARMLIB
//! DSORG    PO
//! RECFM    FB
//! LRECL    80
//! BLKSIZE  27920
//! CODEPAGE IBM-1047
//! ```
//!
//! `*` in column 1 makes a comment. It is `.attr` in the folder of a library, and `NAME.attr` beside
//! a sequential data set: lower case, which no name has. Pure.

use std::fmt::{self, Display, Write};
use std::str::FromStr;

use crate::dataset::attributes::{AttributeError, Attributes, Dcb, Organization, yes_or_no};
use crate::dataset::name::DatasetName;
use crate::dataset::record_format::RecordKind;

/// Bytes of such a file at most.
pub(super) const MAX_FILE: u64 = 64 * 1024;

/// Why a file of attributes cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttributeFileError {
    /// A line, from 1, and what is wrong with it.
    Line(usize, String),
    /// The lines contradict each other.
    Contradiction(AttributeError),
    /// It gives a DSORG that the data set does not have; which.
    Organization(Organization),
    /// It is no UTF-8 or larger than 64 KiB.
    NotText,
}

impl Attributes {
    /// The lines of a file of attributes.
    pub fn lines(&self, name: &DatasetName) -> String {
        render(name, self)
    }
}

/// Writes the lines.
pub(super) fn render(name: &DatasetName, attributes: &Attributes) -> String {
    let mut text = format!("* Attributes of {name}\n");
    let mut line = |keyword: &str, value: &dyn Display| {
        // Writing into a String never fails.
        let _ = writeln!(text, "{keyword:<8} {value}");
    };
    line("DSORG", &attributes.dsorg());
    line("RECFM", &attributes.recfm());
    if attributes.lrecl() != 0 {
        line("LRECL", &attributes.lrecl());
    }
    if attributes.blksize() != 0 {
        line("BLKSIZE", &attributes.blksize());
    }
    if attributes.recfm().kind == RecordKind::Variable {
        line("BDW", &yes_or_no(attributes.bdw()));
    }
    if let Some(page) = attributes.code_page() {
        line("CODEPAGE", &page);
    }
    text
}

/// Reads the lines for a data set that is of this organization.
pub(super) fn parse(
    text: &[u8],
    organization: Organization,
) -> Result<Attributes, AttributeFileError> {
    let text = std::str::from_utf8(text).map_err(|_| AttributeFileError::NotText)?;
    let mut dcb = Dcb::default();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        if line.is_empty() || line.starts_with('*') {
            continue;
        }
        let (keyword, value) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        assign(&mut dcb, keyword, value.trim())
            .map_err(|problem| AttributeFileError::Line(number, problem))?;
    }
    match dcb.dsorg {
        Some(told) if told != organization => return Err(AttributeFileError::Organization(told)),
        _ => dcb.dsorg = Some(organization),
    }
    dcb.complete().map_err(AttributeFileError::Contradiction)
}

fn assign(dcb: &mut Dcb, keyword: &str, value: &str) -> Result<(), String> {
    fn once<T>(part: &mut Option<T>, value: T) -> Result<(), String> {
        match part.replace(value) {
            None => Ok(()),
            Some(_) => Err("it stands twice".to_owned()),
        }
    }
    fn read<T: FromStr<Err: Display>>(value: &str) -> Result<T, String> {
        value.parse().map_err(|error| format!("'{value}': {error}"))
    }
    let number = || value.parse::<u16>().map_err(|_| format!("'{value}': expected 0-32760"));
    let keyword = keyword.to_ascii_uppercase();
    match keyword.as_str() {
        "DSORG" => read(value).and_then(|value| once(&mut dcb.dsorg, value)),
        "RECFM" => read(value).and_then(|value| once(&mut dcb.recfm, value)),
        "LRECL" => number().and_then(|value| once(&mut dcb.lrecl, value)),
        "BLKSIZE" => number().and_then(|value| once(&mut dcb.blksize, value)),
        "BDW" => match value.to_ascii_uppercase().as_str() {
            "YES" => once(&mut dcb.bdw, true),
            "NO" => once(&mut dcb.bdw, false),
            _ => Err(format!("'{value}': expected YES or NO")),
        },
        "CODEPAGE" => read(value).and_then(|value| once(&mut dcb.code_page, value)),
        _ => Err("expected DSORG, RECFM, LRECL, BLKSIZE, BDW or CODEPAGE".to_owned()),
    }
    .map_err(|problem| format!("{keyword}: {problem}"))
}

impl Display for AttributeFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number, problem) => write!(f, "line {number}: {problem}"),
            Self::Contradiction(error) => error.fmt(f),
            Self::Organization(told) => write!(f, "DSORG {told} does not hold for what is there"),
            Self::NotText => write!(f, "it is no UTF-8, or larger than {MAX_FILE} bytes"),
        }
    }
}

impl std::error::Error for AttributeFileError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codepage::CodePage;

    const LIBRARY: &str = "\
* Attributes of ZOXY.PARMLIB
DSORG    PO
RECFM    FB
LRECL    80
BLKSIZE  27920
CODEPAGE IBM-1047
";

    fn error(text: &str) -> String {
        parse(text.as_bytes(), Organization::Sequential).unwrap_err().to_string()
    }

    #[test]
    fn attributes_come_back_from_their_lines() {
        let name = DatasetName::parse("ZOXY.PARMLIB").unwrap();
        let library = parse(LIBRARY.as_bytes(), Organization::Partitioned).unwrap();
        assert_eq!(library.code_page(), Some(CodePage::Ibm1047));
        assert_eq!(render(&name, &library), LIBRARY);
        for text in ["RECFM VB\nLRECL 300\nBLKSIZE 1000\nBDW YES", "recfm\tu", "", "RECFM TEXT\r\n"]
        {
            let attributes = parse(text.as_bytes(), Organization::Sequential).unwrap();
            let again = parse(render(&name, &attributes).as_bytes(), Organization::Sequential);
            assert_eq!(again, Ok(attributes), "{text}");
        }
    }

    #[test]
    fn a_wrong_line_is_told_with_its_number() {
        for (text, expected) in [
            ("* c\n\nRECFM X", "line 3: RECFM: 'X': expected TEXT, F, FB"),
            ("RECFM VBS", "line 1: RECFM: 'VBS': spanned records are not supported"),
            ("LRECL -1", "line 1: LRECL: '-1': expected 0-32760"),
            ("LRECL 80\nlrecl 80", "line 2: LRECL: it stands twice"),
            ("BLKSIZE", "line 1: BLKSIZE: '': expected 0-32760"),
            ("BDW MAYBE", "line 1: BDW: 'MAYBE': expected YES or NO"),
            ("CODEPAGE IBM-9", "line 1: CODEPAGE: 'IBM-9': expected UTF-8"),
            ("DSORG VSAM", "line 1: DSORG: 'VSAM': expected PS or PO"),
            ("SPACE CYL", "line 1: SPACE: expected DSORG, RECFM"),
            ("DSORG PO", "DSORG PO does not hold for what is there"),
            ("RECFM FB\nLRECL 80\nBLKSIZE 81", "BLKSIZE 81 with RECFM FB"),
        ] {
            assert!(error(text).starts_with(expected), "{text}: {}", error(text));
        }
        assert!(parse(b"\xff", Organization::Sequential).is_err());
    }
}
