//! Records: how a file's bytes are cut into them.

/// How records are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordFormat {
    /// Lines that end with LF or CRLF (EBCDIC: NL or LF).
    Text,
    /// 80 bytes each, without line ends.
    Fb80,
    /// A record descriptor word before each record, with or without block descriptor words.
    Vb,
}
