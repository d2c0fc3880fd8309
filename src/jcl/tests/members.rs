//! The libraries of the tests: folders under `decks/library`, `SYSTEM` for the procedure libraries.

use std::fs;
use std::path::PathBuf;

use super::{Libraries, Member, member};

pub(super) struct Members;

/// The folder of the decks.
pub(super) fn folder() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "src", "jcl", "tests", "decks"].iter().collect()
}

impl Libraries for Members {
    fn member(&self, library: Option<&str>, name: &str) -> Result<Option<Member>, String> {
        let folder = folder().join("library").join(library.unwrap_or("SYSTEM"));
        if !folder.is_dir() {
            return Err("there is no such library".to_owned());
        }
        let source = match library {
            Some(library) => format!("//'{library}({name})'"),
            None => format!("PROCLIB({name})"),
        };
        match fs::read_to_string(folder.join(name)) {
            Ok(text) => Ok(Some(member(&source, &text))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
