//! The store: data sets as files below one folder, the root.
//!
//! ```text
//! ROOT/ZOXY.PARMLIB/MYDECK    a member of a library
//! ROOT/ZOXY.PARMLIB/.attr     the attributes of the library
//! ROOT/ZOXY.DATA              a sequential data set
//! ROOT/ZOXY.DATA.attr         its attributes
//! ROOT/.locks/ZOXY.DATA       whoever uses it
//! ```
//!
//! Who calls what: `zoxy ds` and the steps of jobs call [`Store::allocate`] and work with the
//! [`Allocation`] they get; `zoxy ds list` calls [`Store::list`] and [`Store::members`]; what only
//! reads (decks and the files they name) goes through [`crate::dataset::input`], which takes no
//! claims. A job gives each of its DDs an allocation of one store, so that they do not stand in each
//! other's way, and has a store of its own for `&&` names ([`Store::temporary`]).
//!
//! Invariants: a name is one component of a path and is never followed through a symbolic link; a
//! file is replaced as a whole or not at all; files have the permissions of the root, which is the
//! user's alone unless somebody opened it.

mod allocation;
mod attribute_file;
mod catalog;
mod change;
mod error;
mod folder;
mod lock;
mod output;
#[cfg(test)]
mod tests;

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use super::attributes::{Attributes, Organization};
use super::file_name::Dsn;
use super::name::{DatasetName, MemberName};
use attribute_file::AttributeFileError;
use folder::{Folder, Found, Kind};
use lock::Claims;

pub use allocation::{Allocation, Disposition};
pub use catalog::{Entry, Listing, Member, Members};
pub use error::StoreError;
pub use output::Output;

/// The environment variable that names the root.
pub const ROOT_VARIABLE: &str = "ZOXY_DSROOT";

/// Root for the user root without that variable.
const SYSTEM_ROOT: &str = "/var/lib/zoxy/ds";

/// The attributes of a library, in its folder.
const LIBRARY_ATTRIBUTES: &str = ".attr";

/// What follows the name of a sequential data set in that of its attributes.
const ATTRIBUTES: &str = ".attr";

/// The data sets below one root, and what one job or command holds of them. Clones are the same.
#[derive(Debug, Clone)]
pub struct Store(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    root: PathBuf,
    is_temporary: bool,
    claims: Arc<Claims>,
    wait: Duration,
}

impl Store {
    /// The store that the environment names: ZOXY_DSROOT; for the user root /var/lib/zoxy/ds; else
    /// zoxy/ds below XDG_DATA_HOME or ~/.local/share. Touches no file.
    pub fn from_environment() -> Result<Self, StoreError> {
        let given = |name| env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(root) = given(ROOT_VARIABLE) {
            return Ok(Self::at(root));
        }
        if rustix::process::geteuid().is_root() {
            return Ok(Self::at(SYSTEM_ROOT));
        }
        // The XDG Base Directory Specification has relative paths ignored.
        let home = given("XDG_DATA_HOME").filter(|home| home.is_absolute());
        let home = home.or_else(|| given("HOME").map(|home| home.join(".local/share")));
        let home = home.ok_or(StoreError::NoRoot("neither ZOXY_DSROOT nor HOME is set"))?;
        Ok(Self::at(home.join("zoxy/ds")))
    }

    /// The store with this root, which is made when the first data set is.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self::new(root.into(), false)
    }

    /// A store of its own that is removed with its last clone and allocation.
    pub fn temporary() -> Result<Self, StoreError> {
        use std::os::unix::fs::DirBuilderExt;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let root = env::temp_dir().join(format!("zoxy-ds-{}-{number}", std::process::id()));
            match std::fs::DirBuilder::new().mode(0o700).create(&root) {
                Ok(()) => return Ok(Self::new(root, true)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(StoreError::io(root, error)),
            }
        }
    }

    fn new(root: PathBuf, is_temporary: bool) -> Self {
        let (claims, wait) = (Arc::default(), Duration::ZERO);
        Self(Arc::new(Inner { root, is_temporary, claims, wait }))
    }

    /// The same data sets for another job or command, which waits so long for those that others use.
    pub fn with_wait(&self, wait: Duration) -> Self {
        Self(Arc::new(Inner {
            root: self.0.root.clone(),
            is_temporary: false,
            claims: Arc::default(),
            wait,
        }))
    }

    /// The root.
    pub fn root(&self) -> &Path {
        &self.0.root
    }

    /// The attributes of a data set; None if it has none, [`StoreError::NotFound`] if it does not
    /// exist.
    pub fn attributes(&self, name: &DatasetName) -> Result<Option<Attributes>, StoreError> {
        let root = self.open_root(name)?;
        let (organization, _) = self.look(&root, name)?;
        self.read_attributes(&root, name, organization)
    }

    /// What a data set consists of; None if it does not exist.
    pub fn organization(&self, name: &DatasetName) -> Result<Option<Organization>, StoreError> {
        let found = self.open_root(name).and_then(|root| self.look(&root, name));
        match found {
            Ok((organization, _)) => Ok(Some(organization)),
            Err(StoreError::NotFound(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Opens a member or sequential data set to be read, without a claim.
    pub fn read(&self, dsn: &Dsn) -> Result<(File, Option<Attributes>), StoreError> {
        let attributes = self.attributes(&dsn.name)?;
        Ok((self.open(dsn)?, attributes))
    }

    /// The same, whatever its attributes are.
    pub fn open(&self, dsn: &Dsn) -> Result<File, StoreError> {
        let name = &dsn.name;
        let root = self.open_root(name)?;
        let (organization, _) = self.look(&root, name)?;
        let (folder, file) = match (&dsn.member, organization) {
            (Some(member), Organization::Partitioned) => {
                let folder = self.library(&root, name)?;
                if find(&folder, member.as_str())?.is_none() {
                    return Err(StoreError::MemberNotFound(name.clone(), member.clone()));
                }
                (folder, member.as_str())
            }
            (Some(_), Organization::Sequential) => {
                return Err(StoreError::NoLibrary(name.clone()));
            }
            (None, Organization::Partitioned) => return Err(StoreError::IsLibrary(name.clone())),
            (None, Organization::Sequential) => (root, name.as_str()),
        };
        folder.read(file).map_err(|error| StoreError::io(self.path_of(dsn), error))
    }

    /// The data set, and member if there is one, that has a path below the root.
    pub fn name_of(&self, path: &Path) -> Option<Dsn> {
        let below = path.strip_prefix(self.root()).ok()?;
        let mut components = below.components().map(|part| part.as_os_str().to_str());
        // Names on the disk are in upper case: others are no data sets.
        let name = DatasetName::parse(components.next()??).ok()?;
        let member = match components.next() {
            Some(member) => Some(MemberName::parse(member?).ok()?),
            None => None,
        };
        let dsn = Dsn { name, member };
        (components.next().is_none() && self.path_of(&dsn) == path).then_some(dsn)
    }

    /// The path of a data set or member, whether it exists or not.
    pub fn path_of(&self, dsn: &Dsn) -> PathBuf {
        let path = self.root().join(dsn.name.as_str());
        match &dsn.member {
            Some(member) => path.join(member.as_str()),
            None => path,
        }
    }

    /// The same, for programs that open it themselves: an error if what stands there is no data set
    /// or member, such as a link.
    pub fn usable_path(&self, dsn: &Dsn) -> Result<PathBuf, StoreError> {
        let name = &dsn.name;
        let there = self.open_root(name).and_then(|root| Ok((self.look(&root, name)?, root)));
        match there {
            Err(StoreError::NotFound(_)) => {}
            Err(error) => return Err(error),
            Ok(((organization, _), root)) => match (&dsn.member, organization) {
                (None, _) => {}
                (Some(_), Organization::Sequential) => {
                    return Err(StoreError::NoLibrary(name.clone()));
                }
                (Some(member), Organization::Partitioned) => {
                    file_of(&self.library(&root, name)?, member.as_str())?;
                }
            },
        }
        Ok(self.path_of(dsn))
    }

    /// Opens the root to look for a data set in it.
    fn open_root(&self, name: &DatasetName) -> Result<Folder, StoreError> {
        Folder::open(self.root()).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => StoreError::NotFound(name.clone()),
            _ => StoreError::io(self.root().to_owned(), error),
        })
    }

    /// Opens the root, and makes it if it is not there.
    fn make_root(&self) -> Result<Folder, StoreError> {
        Folder::make(self.root()).map_err(|error| StoreError::io(self.root().to_owned(), error))
    }

    /// Finds a data set in the root.
    fn look(&self, root: &Folder, name: &DatasetName) -> Result<(Organization, Found), StoreError> {
        let found = find(root, name.as_str())?;
        match found {
            None => Err(StoreError::NotFound(name.clone())),
            Some(found) if found.kind == Kind::Folder => Ok((Organization::Partitioned, found)),
            Some(found) => Ok((Organization::Sequential, found)),
        }
    }

    fn read_attributes(
        &self,
        root: &Folder,
        name: &DatasetName,
        organization: Organization,
    ) -> Result<Option<Attributes>, StoreError> {
        let (folder, file) = attributes_at(root, name, organization)?;
        if find(&folder, &file)?.is_none() {
            return Ok(None);
        }
        let path = folder.path(&file);
        let mut text = Vec::new();
        folder
            .read(&file)
            .and_then(|file| file.take(attribute_file::MAX_FILE + 1).read_to_end(&mut text))
            .map_err(|error| StoreError::io(path.clone(), error))?;
        let parsed = match text.len() as u64 > attribute_file::MAX_FILE {
            true => Err(AttributeFileError::NotText),
            false => attribute_file::parse(&text, organization),
        };
        parsed.map(Some).map_err(|error| StoreError::UnreadableAttributes(path, error))
    }

    /// Opens the folder of a library.
    fn library(&self, root: &Folder, name: &DatasetName) -> Result<Folder, StoreError> {
        root.folder(name.as_str()).map_err(|error| StoreError::io(root.path(name.as_str()), error))
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        if self.is_temporary {
            // What remains lies in the folder for temporary files.
            let _ = std::fs::remove_dir_all(&self.root);
        }
    }
}

/// The folder and the name of a file of attributes.
fn attributes_at(
    root: &Folder,
    name: &DatasetName,
    organization: Organization,
) -> Result<(Folder, String), StoreError> {
    let opened = match organization {
        Organization::Partitioned => {
            root.folder(name.as_str()).map(|folder| (folder, LIBRARY_ATTRIBUTES.to_owned()))
        }
        Organization::Sequential => {
            root.again().map(|folder| (folder, format!("{name}{ATTRIBUTES}")))
        }
    };
    opened.map_err(|error| StoreError::io(root.path(name.as_str()), error))
}

/// A file in a folder, or nothing; anything else is an error.
fn file_of(folder: &Folder, name: &str) -> Result<Option<Found>, StoreError> {
    match find(folder, name)? {
        Some(found) if found.kind != Kind::File => Err(StoreError::Foreign(folder.path(name))),
        found => Ok(found),
    }
}

/// What a name in a folder is: a file or a folder, or nothing; anything else is an error.
fn find(folder: &Folder, name: &str) -> Result<Option<Found>, StoreError> {
    let found = folder.find(name).map_err(|error| StoreError::io(folder.path(name), error))?;
    match found {
        Some(found) if found.kind == Kind::Link => Err(StoreError::Link(folder.path(name))),
        Some(found) if found.kind == Kind::Other => Err(StoreError::Foreign(folder.path(name))),
        found => Ok(found),
    }
}
