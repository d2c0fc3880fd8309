//! Why a data set cannot be used as asked.

use std::fmt::{self, Display};
use std::io;
use std::path::PathBuf;

use super::attribute_file::AttributeFileError;
use crate::dataset::attributes::{AttributeError, Conflict};
use crate::dataset::file_name::Dsn;
use crate::dataset::name::{DatasetName, DdName, MemberName};
use crate::message::catalogue::{
    DATASET_ATTRIBUTES, DATASET_CONFLICT, DATASET_EXISTS, DATASET_FOREIGN, DATASET_IN_USE,
    DATASET_IO, DATASET_IS_LIBRARY, DATASET_LINK, DATASET_NO_ATTRIBUTES, DATASET_NO_DD,
    DATASET_NO_LIBRARY, DATASET_NO_ROOT, DATASET_NOT_FOUND, DATASET_NOT_OF_A_JOB, DATASET_OPEN,
    DATASET_UNREADABLE_ATTRIBUTES, MEMBER_EXISTS, MEMBER_NOT_FOUND,
};
use crate::message::{Argument, Message};

/// Why a data set cannot be used as asked.
#[derive(Debug)]
pub enum StoreError {
    /// Nothing tells where the data sets are.
    NoRoot(&'static str),
    /// There is no such data set.
    NotFound(DatasetName),
    /// There is one already.
    Exists(DatasetName),
    /// The library has no such member.
    MemberNotFound(DatasetName, MemberName),
    /// The library has such a member already.
    MemberExists(DatasetName, MemberName),
    /// Others use it; the first process of them, if that is known.
    InUse {
        /// The data set.
        name: DatasetName,
        /// The process.
        by: Option<u32>,
    },
    /// It is still open here: it cannot be deleted or renamed.
    Open(DatasetName),
    /// A member was named, but the data set is sequential.
    NoLibrary(DatasetName),
    /// No member was named, but the data set is a library.
    IsLibrary(DatasetName),
    /// A symbolic link stands below the root.
    Link(PathBuf),
    /// Something that is neither file nor folder stands where a data set should.
    Foreign(PathBuf),
    /// The file of the attributes cannot be used.
    UnreadableAttributes(PathBuf, AttributeFileError),
    /// The attributes that are asked for contradict each other.
    Attributes(DatasetName, AttributeError),
    /// The data set has other attributes than those that are asked for.
    Conflict(DatasetName, Conflict),
    /// It has no attributes, so that no records can be written.
    NoAttributes(DatasetName),
    /// The environment says nothing of the DD, or no name.
    NoDd(DdName, String),
    /// `&&NAME` outside a job.
    NotOfAJob(Dsn),
    /// The system refused.
    Io(PathBuf, io::Error),
}

impl StoreError {
    pub(super) fn io(path: PathBuf, error: io::Error) -> Self {
        Self::Io(path, error)
    }

    /// Whether something outside failed, and not what was asked for.
    pub fn is_severe(&self) -> bool {
        matches!(
            self,
            Self::NoRoot(_) | Self::Link(_) | Self::Foreign(_) | Self::InUse { .. } | Self::Io(..)
        )
    }

    /// The complete message, ID included.
    pub fn line(&self) -> String {
        self.with(|message, arguments| message.render(arguments))
    }

    /// Hands the message and its values to `use_them`.
    fn with<T>(&self, use_them: impl FnOnce(&'static Message, &[Argument<'_>]) -> T) -> T {
        match self {
            Self::NoRoot(reason) => use_them(&DATASET_NO_ROOT, &[("reason", reason)]),
            Self::NotFound(name) => use_them(&DATASET_NOT_FOUND, &[("name", name)]),
            Self::Exists(name) => use_them(&DATASET_EXISTS, &[("name", name)]),
            Self::MemberNotFound(name, member) => {
                use_them(&MEMBER_NOT_FOUND, &[("name", name), ("member", member)])
            }
            Self::MemberExists(name, member) => {
                use_them(&MEMBER_EXISTS, &[("name", name), ("member", member)])
            }
            Self::InUse { name, by } => {
                let by = by.map_or(String::new(), |process| format!(" by process {process}"));
                use_them(&DATASET_IN_USE, &[("name", name), ("by", &by)])
            }
            Self::Open(name) => use_them(&DATASET_OPEN, &[("name", name)]),
            Self::NoLibrary(name) => use_them(&DATASET_NO_LIBRARY, &[("name", name)]),
            Self::IsLibrary(name) => use_them(&DATASET_IS_LIBRARY, &[("name", name)]),
            Self::Link(path) => use_them(&DATASET_LINK, &[("path", &path.display())]),
            Self::Foreign(path) => use_them(&DATASET_FOREIGN, &[("path", &path.display())]),
            Self::UnreadableAttributes(path, reason) => use_them(
                &DATASET_UNREADABLE_ATTRIBUTES,
                &[("path", &path.display()), ("reason", reason)],
            ),
            Self::Attributes(name, reason) => {
                use_them(&DATASET_ATTRIBUTES, &[("name", name), ("reason", reason)])
            }
            Self::Conflict(name, Conflict { keyword, asked, has }) => use_them(
                &DATASET_CONFLICT,
                &[("name", name), ("keyword", keyword), ("asked", asked), ("has", has)],
            ),
            Self::NoAttributes(name) => use_them(&DATASET_NO_ATTRIBUTES, &[("name", name)]),
            Self::NoDd(name, reason) => {
                use_them(&DATASET_NO_DD, &[("name", name), ("reason", reason)])
            }
            Self::NotOfAJob(dsn) => use_them(&DATASET_NOT_OF_A_JOB, &[("name", dsn)]),
            Self::Io(path, reason) => {
                use_them(&DATASET_IO, &[("path", &path.display()), ("reason", reason)])
            }
        }
    }
}

impl Display for StoreError {
    /// The message without its ID, for messages that give it as their reason.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.with(|message, arguments| f.write_str(&message.fill(arguments)))
    }
}

impl std::error::Error for StoreError {}
