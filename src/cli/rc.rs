//! Return codes in the mainframe sense.

use std::process::ExitCode;

/// How a command ended; a job can test it with COND.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rc {
    /// As asked.
    Ok = 0,
    /// As asked, but something needs a look.
    Warning = 4,
    /// Not done: the command or the deck is wrong.
    Error = 8,
    /// Not done: something outside failed, such as a file or a port.
    Severe = 12,
    /// Not done: zoxy itself failed.
    Fatal = 16,
}

impl From<Rc> for u8 {
    fn from(rc: Rc) -> Self {
        rc as Self
    }
}

impl From<Rc> for ExitCode {
    fn from(rc: Rc) -> Self {
        Self::from(rc as u8)
    }
}
