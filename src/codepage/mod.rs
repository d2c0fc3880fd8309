//! EBCDIC tables.
