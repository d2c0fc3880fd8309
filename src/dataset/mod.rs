//! Data sets: names, the store that keeps them as files, and the records in them.
//!
//! | who | calls |
//! |---|---|
//! | [`crate::config`], [`crate::ssh`], [`crate::socks`] | [`FileName`] for what a deck names, [`input`] to read it, [`cut`] for the records of a deck |
//! | `zoxy ds` | [`Store`], [`RecordReader`], [`RecordWriter`], [`Converter`], [`transfer`], masks |
//! | steps of jobs | [`FileName::parse_dsn`] for DSN=, [`Store::allocate`] with [`Disposition`] and [`Dcb`] for each DD, [`Store::temporary`] for `&&` names, [`transfer`] to copy, [`dd::variable`] for programs |
//!
//! Names are parsed once, at the edge, and are types from there on. Nothing here knows of decks,
//! jobs or the network.

mod attributes;
pub mod dd;
mod file_name;
pub mod input;
mod mask;
mod name;
mod prefix;
mod record;
mod record_format;
mod store;
pub mod transfer;

pub use attributes::{
    AttributeError, Attributes, Conflict, Dcb, MAX_BLOCK, Organization, UnknownOrganization,
};
pub use file_name::{Dsn, FileName};
pub use mask::{DatasetMask, MaskError, MemberMask};
pub use name::{DatasetName, DdName, Flaw, MemberName, NameError};
pub(crate) use prefix::login_name;
pub use prefix::{PREFIX_VARIABLE, Prefix};
pub use record::*;
pub use record_format::{Control, RecordFormat, RecordKind, UnknownRecordFormat};
pub use store::*;
