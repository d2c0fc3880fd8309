//! What a file is of which nothing is known: code page and record format.

use super::word;
use super::{CARD, Layout};
use crate::codepage::CodePage;
use crate::codepage::detect::SAMPLE;
use crate::dataset::attributes::{Dcb, MAX_BLOCK};
use crate::dataset::record_format::RecordFormat;

/// Bytes of a file that are looked at, from its start.
pub const DETECTION: usize = SAMPLE;

/// What a file seems to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Detected {
    /// EBCDIC if it has more X'40' than X'20'.
    pub page: CodePage,
    /// `VB`, `FB` or `TEXT`.
    pub format: RecordFormat,
    /// Whether variable records stand in blocks with descriptor words.
    pub bdw: bool,
}

impl Detected {
    /// How its records stand in the file; fixed ones have 80 bytes.
    pub fn layout(self) -> Layout {
        Layout::of(self.format, self.page)
    }

    /// Attributes of a data set that is to hold it: variable records of any length.
    pub fn dcb(self) -> Dcb {
        let is_variable = self.format == RecordFormat::VB;
        Dcb {
            recfm: Some(self.format),
            lrecl: is_variable.then_some(MAX_BLOCK - 4),
            bdw: is_variable.then_some(self.bdw),
            code_page: Some(self.page),
            ..Dcb::default()
        }
    }
}

/// Guesses from the first bytes of a file and its length; `page` if that is known.
///
/// VB if it starts as a descriptor word does, FB if there are no line ends and the length is a
/// multiple of 80, else text.
pub fn detect(head: &[u8], length: u64, page: Option<CodePage>) -> Detected {
    let page = page.unwrap_or_else(|| CodePage::detect(head));
    let has_lines = || head.iter().any(|byte| page.is_line_end(*byte));
    let format = if word::is_likely(head) {
        RecordFormat::VB
    } else if length > 0 && length % CARD as u64 == 0 && !has_lines() {
        RecordFormat::FB
    } else {
        RecordFormat::TEXT
    };
    let bdw = format == RecordFormat::VB && word::begins_block(head);
    Detected { page, format, bdw }
}
