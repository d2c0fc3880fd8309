//! Data sets: how the bytes of a file are cut into records.

mod record;

pub use record::*;
