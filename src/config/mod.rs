//! The filter deck: cards, records, and the checked [`Config`] they make.
//!
//! [`load`] is the only way to a `Config`; `run`, a refresh, `check` and `explain` all use it and so
//! print the same diagnostics. It reads whole members, reports everything that is wrong at once, and
//! hands out a `Config` only if nothing is an error.

mod address;
mod diagnostic;
mod field;
mod model;
pub mod rules;

use std::path::Path;

use crate::codepage::CodePage;
use crate::dataset::RecordFormat;

pub use diagnostic::{Diagnostic, LoadError};
pub use model::*;

/// How to read a deck.
#[derive(Debug, Clone)]
pub struct LoadOptions {
    /// Code page; None: detected.
    pub code_page: Option<CodePage>,
    /// Record format; None: detected.
    pub record_format: Option<RecordFormat>,
    /// Whether the files that SET cards name must be readable now.
    pub check_files: bool,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            code_page: None,
            record_format: None,
            check_files: true,
        }
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

/// Reads a deck and checks all of it.
pub fn load(path: &Path, _options: &LoadOptions) -> Result<Loaded, LoadError> {
    Err(LoadError::Unreadable(Diagnostic::unreadable(
        &path.display().to_string(),
        &std::io::Error::from(std::io::ErrorKind::Unsupported),
    )))
}
