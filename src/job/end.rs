//! How a job ended, and what the shell is told of it.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::jcl::AbendCode;

/// How a job ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobEnd {
    /// Every step ended normally or was bypassed: the job's return code, 0 to 4095.
    Returned(u16),
    /// A step ended abnormally: the code of the last one.
    Abended(AbendCode),
    /// The deck has errors, or what a step needs could not be allocated.
    JclError,
    /// The process that ran it is gone without having said how it ended.
    Lost,
}

/// The shell's return code for a deck with errors.
pub const JCL_ERROR: u8 = 20;
/// The shell's return code for a job that ended abnormally, or was cancelled.
pub const ABEND: u8 = 24;
/// The shell's return code when a job could not be run or followed to its end.
pub const NOT_RUN: u8 = 28;

impl JobEnd {
    /// The shell's return code.
    ///
    /// Return codes up to 16 become the next of 0, 4, 8, 12 and 16, higher ones 16: a shell has one
    /// byte for it, a job has codes up to 4095.
    pub fn shell_code(self) -> u8 {
        match self {
            Self::Returned(code @ 0..=16) => (code as u8).next_multiple_of(4),
            Self::Returned(_) => 16,
            Self::JclError => JCL_ERROR,
            Self::Abended(_) => ABEND,
            Self::Lost => NOT_RUN,
        }
    }
}

/// `CC 0004`, `ABEND S322`, `JCL ERROR` or `LOST`.
impl Display for JobEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Returned(code) => write!(f, "CC {code:04}"),
            Self::Abended(code) => write!(f, "ABEND {code}"),
            Self::JclError => f.write_str("JCL ERROR"),
            Self::Lost => f.write_str("LOST"),
        }
    }
}

impl FromStr for JobEnd {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "JCL ERROR" => return Ok(Self::JclError),
            "LOST" => return Ok(Self::Lost),
            _ => {}
        }
        match text.split_at_checked(text.find(' ').ok_or(())? + 1) {
            Some(("CC ", code)) => code.parse().map(Self::Returned).map_err(drop),
            Some(("ABEND ", code)) => abend_code(code).map(Self::Abended).ok_or(()),
            _ => Err(()),
        }
    }
}

/// Reads `S322` or `U4038`.
pub fn abend_code(text: &str) -> Option<AbendCode> {
    match text.split_at_checked(1)? {
        ("S", code) if code.len() == 3 => u16::from_str_radix(code, 16).ok().map(AbendCode::System),
        ("U", code) if code.len() == 4 => code.parse().ok().map(AbendCode::User),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_form_is_read_again() {
        let all = [
            JobEnd::Returned(0),
            JobEnd::Returned(4095),
            JobEnd::Abended(AbendCode::System(0x322)),
            JobEnd::Abended(AbendCode::User(4038)),
            JobEnd::JclError,
            JobEnd::Lost,
        ];
        for end in all {
            assert_eq!(end.to_string().parse(), Ok(end));
        }
        for text in ["", "CC", "CC x", "ABEND", "ABEND 322", "ABEND S32", "ABEND Sä1"] {
            assert_eq!(text.parse::<JobEnd>(), Err(()), "{text}");
        }
    }

    #[test]
    fn return_codes_become_those_of_a_mainframe_shell() {
        let codes = [(0, 0), (1, 4), (4, 4), (5, 8), (8, 8), (12, 12), (13, 16), (17, 16)];
        for (code, shell) in codes {
            assert_eq!(JobEnd::Returned(code).shell_code(), shell, "{code}");
        }
        assert_eq!(JobEnd::Returned(4095).shell_code(), 16);
        assert_eq!(JobEnd::Abended(AbendCode::System(0x222)).shell_code(), ABEND);
    }
}
