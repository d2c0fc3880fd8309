//! Numbers of jobs: `JOB00017` for a batch job, `STC00018` for a started task.

use std::fmt::{self, Display};
use std::str::FromStr;

/// The highest number; the next one is 1 again.
pub const MAX_NUMBER: u32 = 99_999;

/// What kind of job it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Submitted as a deck.
    Batch,
    /// Started by its procedure's name.
    Task,
}

impl Kind {
    fn prefix(self) -> &'static str {
        match self {
            Self::Batch => "JOB",
            Self::Task => "STC",
        }
    }
}

/// A job's number. Batch jobs and started tasks share one row of numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct JobId {
    /// What has the number.
    pub kind: Kind,
    /// 1 to [`MAX_NUMBER`].
    pub number: u32,
}

impl Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:05}", self.kind.prefix(), self.number)
    }
}

impl FromStr for JobId {
    type Err = NotAJobId;

    /// Reads the whole form only, in upper or lower case.
    fn from_str(text: &str) -> Result<Self, NotAJobId> {
        let upper = text.to_ascii_uppercase();
        let known = [Kind::Batch, Kind::Task].into_iter();
        let found =
            known.filter_map(|kind| Some((kind, upper.strip_prefix(kind.prefix())?))).next();
        let (kind, digits) = found.ok_or(NotAJobId)?;
        let number = number(digits).filter(|_| digits.len() == 5).ok_or(NotAJobId)?;
        Ok(Self { kind, number })
    }
}

/// A job number without its prefix.
pub fn number(digits: &str) -> Option<u32> {
    let all_digits = (1..=5).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|number| all_digits && (1..=MAX_NUMBER).contains(number))
}

/// A text that is no job number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAJobId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_form_is_read_again() {
        for text in ["JOB00001", "STC99999", "JOB12345"] {
            assert_eq!(text.parse::<JobId>().unwrap().to_string(), text);
        }
        assert_eq!("job00007".parse(), Ok(JobId { kind: Kind::Batch, number: 7 }));
    }

    #[test]
    fn other_texts_are_no_numbers() {
        for text in ["", "JOB", "JOB1", "JOB00000", "JOB000001", "TSU00001", "JOB+0001", "00001"] {
            assert_eq!(text.parse::<JobId>(), Err(NotAJobId), "{text}");
        }
        assert_eq!((number("17"), number("00017"), number("0")), (Some(17), Some(17), None));
        assert_eq!((number("100000"), number("+1"), number("")), (None, None, None));
    }
}
