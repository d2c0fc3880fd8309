//! Options that say what attributes are asked for, and attributes as they are shown.

use getopts::{Matches, Options};

use super::{Failure, dataset, usage};
use crate::codepage::CodePage;
use crate::dataset::{Attributes, Dcb, Organization, RecordKind, Store};

/// Adds `--recfm`, `--lrecl`, `--blksize`, `--bdw`, `--codepage` and `--like`.
pub(super) fn add_options(options: &mut Options) {
    options
        .optopt(
            "",
            "recfm",
            "record format: F, FB, V, VB or U, with A or M behind it or not, or TEXT",
            "RECFM",
        )
        .optopt("", "lrecl", "bytes of a record at most; with RDW if RECFM is V or VB", "LRECL")
        .optopt("", "blksize", "bytes of a block at most; default: what fits", "BLKSIZE")
        .optopt("", "bdw", "whether blocks of V and VB have descriptor words: YES or NO", "BDW")
        .optopt("", "codepage", "code page of the text, such as IBM-1047; NONE for none", "PAGE")
        .optopt("", "like", "take what is not given from this data set", "NAME");
}

/// Adds `--dsorg`.
pub(super) fn add_dsorg(options: &mut Options) {
    options.optopt("", "dsorg", "organization: PS (sequential) or PO (library)", "DSORG");
}

/// What is asked for, and whether a code page is taken away.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    pub dcb: Dcb,
    pub no_page: bool,
}

impl Asked {
    /// Reads what the options say.
    pub fn from_matches(command: &str, matches: &Matches, store: &Store) -> Result<Self, Failure> {
        let wrong = |option: &str, text: &str, expected: &dyn std::fmt::Display| {
            usage(command, format!("--{option} {text}: {expected}"))
        };
        let given =
            |option: &str| matches.opt_defined(option).then(|| matches.opt_str(option)).flatten();
        let number = |option: &str| match given(option) {
            None => Ok(None),
            Some(text) => match text.parse::<u16>() {
                Ok(number) => Ok(Some(number)),
                Err(_) => Err(wrong(option, &text, &"expected 0 to 32760")),
            },
        };
        let recfm = match given("recfm") {
            None => None,
            Some(text) => Some(text.parse().map_err(|error| wrong("recfm", &text, &error))?),
        };
        let dsorg: Option<Organization> = match given("dsorg") {
            None => None,
            Some(text) => Some(text.parse().map_err(|error| wrong("dsorg", &text, &error))?),
        };
        let bdw = match given("bdw").map(|text| text.to_ascii_uppercase()).as_deref() {
            None => None,
            Some("YES") => Some(true),
            Some("NO") => Some(false),
            Some(text) => return Err(wrong("bdw", text, &"expected YES or NO")),
        };
        let mut no_page = false;
        let code_page: Option<CodePage> = match given("codepage") {
            None => None,
            Some(text) if text.eq_ignore_ascii_case("NONE") => {
                no_page = true;
                None
            }
            Some(text) => Some(text.parse().map_err(|error| wrong("codepage", &text, &error))?),
        };
        let (lrecl, blksize) = (number("lrecl")?, number("blksize")?);
        let mut dcb = Dcb { dsorg, recfm, lrecl, blksize, bdw, code_page };
        if let Some(text) = given("like") {
            let name = dataset(&text)?.name;
            match store.attributes(&name)? {
                Some(attributes) => dcb = dcb.like(attributes),
                None => return Err(crate::dataset::StoreError::NoAttributes(name).into()),
            }
        }
        if no_page {
            dcb.code_page = None;
        }
        Ok(Self { dcb, no_page })
    }
}

/// Attributes in one line, as messages have them: `PO FB 80 27920 IBM-1047`.
pub(super) fn line(attributes: &Attributes) -> String {
    let mut line = format!("{} {}", attributes.dsorg(), attributes.recfm());
    for length in [attributes.lrecl(), attributes.blksize()] {
        if length != 0 {
            line.push_str(&format!(" {length}"));
        }
    }
    if attributes.bdw() {
        line.push_str(" BDW");
    }
    if let Some(page) = attributes.code_page() {
        line.push_str(&format!(" {page}"));
    }
    line
}

/// LRECL or BLKSIZE as tables have them.
pub(super) fn length(length: u16) -> String {
    if length == 0 { "-".to_owned() } else { length.to_string() }
}

/// How many records a file of this size has, if they all have the same length.
pub(super) fn records(attributes: Option<&Attributes>, size: u64) -> Option<u64> {
    let attributes = attributes.filter(|has| has.recfm().kind == RecordKind::Fixed)?;
    Some(size / u64::from(attributes.lrecl()))
}
