//! What a subcommand prints, collected, so that it can be tested and is written in one piece.

use std::io::{self, Write};

use super::rc::Rc;

/// Output and return code of a subcommand.
#[derive(Debug)]
pub(super) struct Output {
    pub rc: Rc,
    /// For standard output.
    pub out: String,
    /// For standard error.
    pub err: String,
}

impl Output {
    /// Text for standard output.
    pub fn new(rc: Rc, out: String) -> Self {
        Self { rc, out, err: String::new() }
    }

    /// One line for standard error.
    pub fn failure(rc: Rc, line: String) -> Self {
        Self { rc, out: String::new(), err: line + "\n" }
    }

    /// Writes it and gives the return code for the system.
    ///
    /// Nobody is left to be told when the output cannot be written (`zoxy check ... | head`).
    pub fn print(&self) -> u8 {
        let mut out = io::stdout();
        let _ = out.write_all(self.out.as_bytes()).and_then(|()| out.flush());
        let _ = io::stderr().write_all(self.err.as_bytes());
        self.rc.into()
    }
}
