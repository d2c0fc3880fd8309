//! Code pages: how the bytes of a record become characters.

/// A code page that decks and files may be written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodePage {
    /// UTF-8, and so ASCII.
    Utf8,
    /// EBCDIC of the USA and Canada.
    Ibm037,
    /// EBCDIC of z/OS UNIX, Latin-1.
    Ibm1047,
}
