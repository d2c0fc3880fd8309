//! RECFM: how records are told apart.

use std::fmt::{self, Display};
use std::str::FromStr;

/// How the records of a data set are told apart, with the modifiers of RECFM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RecordFormat {
    /// The first letter.
    pub kind: RecordKind,
    /// Whether blocks may hold several records (`B`).
    pub is_blocked: bool,
    /// What the first character of a record is (`A`, `M`).
    pub control: Option<Control>,
}

/// Where a record ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// At a line end. No RECFM of z/OS: a text file of this system.
    Text,
    /// After LRECL bytes.
    Fixed,
    /// Where its record descriptor word says.
    Variable,
    /// Nowhere: a record is a block, and a file does not tell its blocks apart.
    Undefined,
}

/// Who reads the control character that begins a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// ISO/ANSI.
    Ansi,
    /// Machine code.
    Machine,
}

impl RecordFormat {
    /// `TEXT`: lines.
    pub const TEXT: Self = Self::plain(RecordKind::Text, false);
    /// `F`.
    pub const F: Self = Self::plain(RecordKind::Fixed, false);
    /// `FB`.
    pub const FB: Self = Self::plain(RecordKind::Fixed, true);
    /// `V`.
    pub const V: Self = Self::plain(RecordKind::Variable, false);
    /// `VB`.
    pub const VB: Self = Self::plain(RecordKind::Variable, true);
    /// `U`.
    pub const U: Self = Self::plain(RecordKind::Undefined, false);

    const fn plain(kind: RecordKind, is_blocked: bool) -> Self {
        Self { kind, is_blocked, control: None }
    }
}

impl Display for RecordFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            RecordKind::Text => "TEXT",
            RecordKind::Fixed => "F",
            RecordKind::Variable => "V",
            RecordKind::Undefined => "U",
        };
        let blocked = if self.is_blocked { "B" } else { "" };
        let control = match self.control {
            None => "",
            Some(Control::Ansi) => "A",
            Some(Control::Machine) => "M",
        };
        f.pad(&format!("{kind}{blocked}{control}"))
    }
}

impl FromStr for RecordFormat {
    type Err = UnknownRecordFormat;

    /// Reads `TEXT`, `F`, `FB`, `V`, `VB` or `U`, all but `TEXT` perhaps with `A` or `M`, in upper or
    /// lower case.
    fn from_str(name: &str) -> Result<Self, UnknownRecordFormat> {
        let name = name.to_ascii_uppercase();
        if name == "TEXT" {
            return Ok(Self::TEXT);
        }
        let mut letters = name.chars();
        let mut format = match letters.next() {
            Some('F') => Self::F,
            Some('V') => Self::V,
            Some('U') => Self::U,
            _ => return Err(UnknownRecordFormat::Other),
        };
        for letter in letters {
            match letter {
                'B' if !format.is_blocked && format.kind != RecordKind::Undefined => {
                    format.is_blocked = true;
                }
                'A' if format.control.is_none() => format.control = Some(Control::Ansi),
                'M' if format.control.is_none() => format.control = Some(Control::Machine),
                'S' if format.kind == RecordKind::Variable => {
                    return Err(UnknownRecordFormat::Spanned);
                }
                // Standard blocks: only the last may be short, as in every file here.
                'S' if format.kind == RecordKind::Fixed => {}
                _ => return Err(UnknownRecordFormat::Other),
            }
        }
        Ok(format)
    }
}

/// A name that is no record format of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownRecordFormat {
    /// Variable records that may go on in a further block.
    Spanned,
    /// Something else.
    Other,
}

impl Display for UnknownRecordFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spanned => f.write_str("spanned records are not supported; "),
            Self::Other => Ok(()),
        }?;
        f.write_str("expected TEXT, F, FB, V, VB or U, with A or M behind it or not")
    }
}

impl std::error::Error for UnknownRecordFormat {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_read_and_shown() {
        for (text, shown) in [
            ("text", "TEXT"),
            ("F", "F"),
            ("fb", "FB"),
            ("FBA", "FBA"),
            ("FAB", "FBA"),
            ("FBS", "FB"),
            ("FBSM", "FBM"),
            ("V", "V"),
            ("vbm", "VBM"),
            ("VA", "VA"),
            ("U", "U"),
            ("UA", "UA"),
        ] {
            assert_eq!(text.parse::<RecordFormat>().unwrap().to_string(), shown);
        }
        assert_eq!("FB".parse(), Ok(RecordFormat::FB));
    }

    #[test]
    fn others_are_refused() {
        for text in ["", "X", "FBB", "FAM", "UB", "TEXTA", "FT", "D", "F B"] {
            assert_eq!(text.parse::<RecordFormat>(), Err(UnknownRecordFormat::Other), "{text}");
        }
        for text in ["VS", "VBS", "VBSA"] {
            assert_eq!(text.parse::<RecordFormat>(), Err(UnknownRecordFormat::Spanned), "{text}");
        }
        let told = UnknownRecordFormat::Spanned.to_string();
        assert!(told.starts_with("spanned records are not supported; expected TEXT"), "{told}");
    }
}
