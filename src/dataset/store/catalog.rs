//! What there is: data sets and members by mask.

use super::folder::{Folder, Kind};
use super::{ATTRIBUTES, Store, StoreError};
use crate::dataset::attributes::{Attributes, Organization};
use crate::dataset::mask::{DatasetMask, MemberMask};
use crate::dataset::name::{DatasetName, MemberName};

/// Data sets, by name.
#[derive(Debug, Default)]
pub struct Listing {
    /// Those that the mask stands for.
    pub entries: Vec<Entry>,
    /// What else lies in the root, and is no data set; links too.
    pub strays: Vec<String>,
}

/// A data set.
#[derive(Debug)]
pub struct Entry {
    /// Its name.
    pub name: DatasetName,
    /// DSORG.
    pub organization: Organization,
    /// Its attributes, or why they cannot be read.
    pub attributes: Result<Option<Attributes>, StoreError>,
    /// Bytes of a sequential data set.
    pub size: u64,
    /// When it was changed, in seconds since 1970.
    pub changed: i64,
}

/// Members, by name.
#[derive(Debug, Default)]
pub struct Members {
    /// Those that the mask stands for.
    pub members: Vec<Member>,
    /// What else lies in the folder, and is no member; links too.
    pub strays: Vec<String>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its name.
    pub name: MemberName,
    /// Bytes.
    pub size: u64,
    /// When it was changed, in seconds since 1970.
    pub changed: i64,
}

impl Store {
    /// Data sets by mask.
    pub fn list(&self, mask: &DatasetMask) -> Result<Listing, StoreError> {
        let mut listing = Listing::default();
        let root = match Folder::open(self.root()) {
            Ok(root) => root,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(listing),
            Err(error) => return Err(StoreError::io(self.root().to_owned(), error)),
        };
        let names = root.names().map_err(|error| StoreError::io(root.path(""), error))?;
        for text in names {
            if text.starts_with('.') || text.ends_with(ATTRIBUTES) {
                continue;
            }
            let name = DatasetName::parse(&text).ok().filter(|name| name.as_str() == text);
            let found = root.find(&text).map_err(|e| StoreError::io(root.path(&text), e))?;
            let organization = match found.map(|found| found.kind) {
                Some(Kind::Folder) => Some(Organization::Partitioned),
                Some(Kind::File) => Some(Organization::Sequential),
                _ => None,
            };
            let (Some(name), Some(organization), Some(found)) = (name, organization, found) else {
                listing.strays.push(text);
                continue;
            };
            if mask.matches(&name) {
                let attributes = self.read_attributes(&root, &name, organization);
                let (size, changed) = (found.size, found.changed);
                listing.entries.push(Entry { name, organization, attributes, size, changed });
            }
        }
        Ok(listing)
    }

    /// Members of a library by mask.
    pub fn members(&self, name: &DatasetName, mask: &MemberMask) -> Result<Members, StoreError> {
        let root = self.open_root(name)?;
        if self.look(&root, name)?.0 == Organization::Sequential {
            return Err(StoreError::NoLibrary(name.clone()));
        }
        let folder = self.library(&root, name)?;
        let mut all = Members::default();
        let names = folder.names().map_err(|error| StoreError::io(folder.path(""), error))?;
        for text in names {
            if text.starts_with('.') {
                continue;
            }
            let name = MemberName::parse(&text).ok().filter(|name| name.as_str() == text);
            let found = folder.find(&text).map_err(|e| StoreError::io(folder.path(&text), e))?;
            match (name, found.filter(|found| found.kind == Kind::File)) {
                (Some(name), Some(found)) if mask.matches(&name) => {
                    all.members.push(Member { name, size: found.size, changed: found.changed });
                }
                (Some(_), Some(_)) => {}
                _ => all.strays.push(text),
            }
        }
        Ok(all)
    }
}
