//! The filter deck: cards, records, and the checked [`Config`] they make.
//!
//! [`load`] is the only way to a `Config`; `run`, a refresh, `check` and `explain` all use it and so
//! print the same diagnostics. It reads whole members, reports everything that is wrong at once, and
//! hands out a `Config` only if nothing is an error.
//!
//! The way of a deck: bytes, records ([`crate::dataset`]), lines ([`crate::codepage`]), cards with
//! their continuations (`card`), what each card says (`statement`), values of SET cards
//! (`settings`, `assigned`), cards held against each other (`build`, `login`, `reach`).

mod address;
mod assigned;
mod build;
mod card;
mod diagnostic;
mod explain;
mod field;
mod files;
mod hostkey;
mod login;
mod model;
mod reach;
pub mod rules;
pub mod settings;
mod statement;

use std::path::Path;

use crate::codepage::CodePage;
use crate::dataset::input::Input;
use crate::dataset::{self, Attributes, FileName, Layout, RecordFormat, RecordKind};
use assigned::Context;
use diagnostic::Report;

pub use crate::message::diagnostic::Diagnostic;
pub use diagnostic::LoadError;
pub use explain::Explanation;
pub use field::Mismatch;
pub use model::*;

/// Largest deck, in bytes.
const MAX_DECK: usize = 4 * 1024 * 1024;

/// How to read a deck.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Code page; None: that of the data set, or else detected.
    pub code_page: Option<CodePage>,
    /// Record format; None: that of the data set, or else detected.
    pub record_format: Option<RecordFormat>,
    /// Whether the files that SET cards name must be readable now.
    pub check_files: bool,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self { code_page: None, record_format: None, check_files: true }
    }
}

/// A deck without errors.
#[derive(Debug)]
pub struct Loaded {
    /// What it says.
    pub config: Config,
    /// What is suspicious, in card order.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a deck of at most 4 MiB and checks all of it. Relative names of files in it start at its
/// directory; in a deck that is no path there are none.
pub fn load(name: &FileName, options: &LoadOptions) -> Result<Loaded, LoadError> {
    let member = name.to_string();
    let read = || {
        let mut input = Input::open(name)?;
        let bytes = input.bytes(MAX_DECK)?;
        Ok((bytes, input.attributes))
    };
    let (bytes, attributes) = read().map_err(|error| LoadError::unreadable(&member, &error))?;
    let base = match name {
        FileName::Path(path) => Some(path.parent().unwrap_or(Path::new(""))),
        _ => None,
    };
    parse_known(&member, base, &bytes, attributes.as_ref(), options)
}

/// Checks a deck that is in memory already: `member` is its name in messages, `base` the directory
/// that relative names of files start at.
pub fn parse(
    member: &str,
    base: Option<&Path>,
    bytes: &[u8],
    options: &LoadOptions,
) -> Result<Loaded, LoadError> {
    parse_known(member, base, bytes, None, options)
}

fn parse_known(
    member: &str,
    base: Option<&Path>,
    bytes: &[u8],
    attributes: Option<&Attributes>,
    options: &LoadOptions,
) -> Result<Loaded, LoadError> {
    let page = options.code_page.or_else(|| attributes?.code_page());
    let page = page.unwrap_or_else(|| CodePage::detect(bytes));
    let bytes = match page {
        CodePage::Utf8 => bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(bytes),
        _ => bytes,
    };
    let records = dataset::cut(bytes, layout(bytes, page, attributes, options.record_format))
        .map_err(|error| LoadError::not_records(member, &error))?;

    let mut report = Report::new(member);
    let lines = records.iter().map(|record| page.decode(record));
    let cards = card::collect(lines, &mut report);
    let statements = statement::read(&cards, &mut report);
    let context = Context { base, check_files: options.check_files };
    let config = build::build(member, &statements, context, &mut report);

    let diagnostics = report.into_diagnostics();
    if diagnostics.iter().any(Diagnostic::is_error) {
        Err(LoadError::Invalid(diagnostics))
    } else {
        Ok(Loaded { config, warnings: diagnostics })
    }
}

/// How the cards stand in the bytes: as the command line says, else as the data set has it, else as
/// it looks. Undefined records say nothing about cards.
fn layout(
    bytes: &[u8],
    page: CodePage,
    attributes: Option<&Attributes>,
    format: Option<RecordFormat>,
) -> Layout {
    let attributes = attributes.filter(|has| has.recfm().kind != RecordKind::Undefined);
    match (format, attributes) {
        (Some(format), _) => Layout::of(format, page),
        (None, Some(attributes)) => Layout { page: Some(page), ..attributes.layout() },
        (None, None) => dataset::detect(bytes, bytes.len() as u64, Some(page)).layout(),
    }
}

/// What some editors write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests;
