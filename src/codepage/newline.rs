//! The two line ends of EBCDIC, and which of them is U+000A.

/// Which EBCDIC byte stands for U+000A, the line feed. The other one then stands for U+0085, the
/// next line, so that all 256 bytes survive a conversion and its reverse.
///
/// The tables of IBM say [`NewLine::Lf`], and with them ICU, glibc and Python; text of z/OS UNIX and
/// of C programs on z/OS ends its lines with NL. A reader of lines accepts both:
/// [`super::CodePage::is_line_end`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum NewLine {
    /// NL, X'15', is U+000A, and LF, X'25', is U+0085.
    #[default]
    Nl,
    /// LF, X'25', is U+000A, and NL, X'15', is U+0085.
    Lf,
}

/// NL, the line end of z/OS UNIX.
pub const NL: u8 = 0x15;

/// LF, the line end of the IBM tables and of network protocols.
pub const LF: u8 = 0x25;
