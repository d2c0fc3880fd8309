//! Allocations: a data set or member that a job or command uses, with the claim on it.
//!
//! [`Store::allocate`] is DISP and DCB of a DD; what it gives is read, written or deleted, and the
//! claim ends when it is dropped.

use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use super::folder::{Folder, Kind};
use super::lock::{Claim, Strength};
use super::{Output, Store, StoreError, attribute_file, attributes_at, find};
use crate::dataset::attributes::{Attributes, Dcb, Organization};
use crate::dataset::file_name::Dsn;
use crate::dataset::name::DatasetName;
use crate::dataset::record::{DETECTION, Layout, Overflow, RecordReader, RecordWriter, detect};
use crate::dataset::record_format::RecordKind;

/// DISP: whether the data set exists, and who may use it meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Disposition {
    /// It does not exist, and is made.
    New,
    /// It exists, and is used alone.
    Old,
    /// It exists, and is shared.
    Shr,
    /// It is used alone and what is written comes behind what is there; it is made if it does not
    /// exist.
    Mod,
}

/// A data set or member in use.
#[derive(Debug)]
pub struct Allocation {
    store: Store,
    dsn: Dsn,
    disposition: Disposition,
    organization: Organization,
    attributes: Option<Attributes>,
    is_made: bool,
    /// The root; the folder of the library if there is a member.
    folder: Folder,
    claim: Arc<Claim>,
}

impl Store {
    /// Claims a data set, makes it if the disposition says so, and holds what is asked for against
    /// its attributes. `dcb` of a data set without attributes holds for this allocation only.
    pub fn allocate(
        &self,
        dsn: &Dsn,
        disposition: Disposition,
        dcb: &Dcb,
    ) -> Result<Allocation, StoreError> {
        let name = &dsn.name;
        let may_make = matches!(disposition, Disposition::New | Disposition::Mod);
        let root = if may_make { self.make_root()? } else { self.open_root(name)? };
        if !may_make {
            // A data set that does not exist leaves no lock behind.
            self.look(&root, name)?;
        }
        let strength = match disposition {
            Disposition::Shr => Strength::Shared,
            _ => Strength::Exclusive,
        };
        let claim = self.0.claims.claim(name, strength, &root, self.0.wait)?;
        let (organization, attributes, is_made) = match self.look(&root, name) {
            Ok(_) if disposition == Disposition::New => {
                return Err(StoreError::Exists(name.clone()));
            }
            Ok((organization, _)) => {
                let attributes = self.held_against(&root, dsn, organization, dcb)?;
                (organization, attributes, false)
            }
            Err(StoreError::NotFound(_)) if may_make => {
                let attributes = self.make(&root, dsn, dcb)?;
                (attributes.dsorg(), Some(attributes), true)
            }
            Err(error) => return Err(error),
        };
        let folder = match dsn.member {
            Some(_) => self.library(&root, name)?,
            None => root,
        };
        if let Some(member) = &dsn.member {
            // A program that is given the path would follow a link.
            super::file_of(&folder, member.as_str())?;
        }
        Ok(Allocation {
            store: self.clone(),
            dsn: dsn.clone(),
            disposition,
            organization,
            attributes,
            is_made,
            folder,
            claim: Arc::new(claim),
        })
    }

    /// The attributes of a data set that exists, if it is as asked for.
    fn held_against(
        &self,
        root: &Folder,
        dsn: &Dsn,
        organization: Organization,
        dcb: &Dcb,
    ) -> Result<Option<Attributes>, StoreError> {
        let name = &dsn.name;
        if dsn.member.is_some() && organization == Organization::Sequential {
            return Err(StoreError::NoLibrary(name.clone()));
        }
        let has = self.read_attributes(root, name, organization)?;
        let has = match has {
            Some(has) => has,
            None if dcb.is_empty() => return Ok(None),
            None => {
                let dcb = Dcb { dsorg: Some(dcb.dsorg.unwrap_or(organization)), ..*dcb };
                let asked = dcb.complete();
                let asked = asked.map_err(|e| StoreError::Attributes(name.clone(), e))?;
                let is = asked.with_organization(organization);
                return match dcb.conflict(&is) {
                    Some(conflict) => Err(StoreError::Conflict(name.clone(), conflict)),
                    None => Ok(Some(is)),
                };
            }
        };
        match dcb.conflict(&has) {
            Some(conflict) => Err(StoreError::Conflict(name.clone(), conflict)),
            None => Ok(Some(has.with_code_page(dcb.code_page))),
        }
    }

    /// Makes a data set: a library if a member is named or DSORG says so.
    fn make(&self, root: &Folder, dsn: &Dsn, dcb: &Dcb) -> Result<Attributes, StoreError> {
        let name = &dsn.name;
        let dsorg = match (&dsn.member, dcb.dsorg) {
            (Some(_), Some(Organization::Sequential)) => {
                return Err(StoreError::NoLibrary(name.clone()));
            }
            (Some(_), _) => Organization::Partitioned,
            (None, dsorg) => dsorg.unwrap_or(Organization::Sequential),
        };
        let attributes = Dcb { dsorg: Some(dsorg), ..*dcb }
            .complete()
            .map_err(|error| StoreError::Attributes(name.clone(), error))?;
        let io = |error| StoreError::io(root.path(name.as_str()), error);
        let mode = root.mode().map_err(io)?;
        match dsorg {
            Organization::Partitioned => {
                // A library is there with its attributes or not at all.
                let temporary = format!(".{name}.new");
                remove_library(root, &temporary)?;
                root.make_folder(&temporary, mode).map_err(io)?;
                let folder = root.folder(&temporary).map_err(io)?;
                put(folder, super::LIBRARY_ATTRIBUTES, mode, name, &attributes)?;
                root.rename(&temporary, name.as_str()).map_err(io)?;
            }
            Organization::Sequential => {
                self.write_attributes(root, name, &attributes)?;
                root.create(name.as_str(), mode & 0o666).map_err(io)?;
            }
        }
        root.sync().map_err(io)?;
        Ok(attributes)
    }

    /// Replaces the file of attributes.
    pub(super) fn write_attributes(
        &self,
        root: &Folder,
        name: &DatasetName,
        attributes: &Attributes,
    ) -> Result<(), StoreError> {
        let (folder, file) = attributes_at(root, name, attributes.dsorg())?;
        let mode = root.mode().map_err(|error| StoreError::io(root.path(""), error))?;
        put(folder, &file, mode, name, attributes)
    }
}

impl Allocation {
    /// What it is.
    pub fn dsn(&self) -> &Dsn {
        &self.dsn
    }

    /// Whether it is a member or a sequential data set, or else a library.
    pub fn organization(&self) -> Organization {
        self.organization
    }

    /// Attributes of the data set, or those that were asked for if it has none.
    pub fn attributes(&self) -> Option<&Attributes> {
        self.attributes.as_ref()
    }

    /// Whether the data set did not exist before.
    pub fn is_made(&self) -> bool {
        self.is_made
    }

    /// Its path, for programs that open it themselves. Such a program sees what is there, and
    /// changes it in place.
    pub fn path(&self) -> PathBuf {
        self.store.path_of(&self.dsn)
    }

    /// Whether the member, or sequential data set, is there.
    pub fn exists(&self) -> Result<bool, StoreError> {
        Ok(find(&self.folder, self.file()?)?.is_some())
    }

    /// Opens it to be read as it is.
    pub fn open(&self) -> Result<File, StoreError> {
        let file = self.file()?;
        match find(&self.folder, file)? {
            Some(found) if found.kind == Kind::File => {
                self.folder.read(file).map_err(|e| StoreError::io(self.path(), e))
            }
            Some(_) => Err(StoreError::Foreign(self.path())),
            None => Err(self.not_found()),
        }
    }

    /// How its records stand in the file: by its attributes, or else as it looks.
    pub fn layout(&self) -> Result<Layout, StoreError> {
        match &self.attributes {
            Some(attributes) => Ok(attributes.layout()),
            None => look_at(&self.open()?).map_err(|e| StoreError::io(self.path(), e)),
        }
    }

    /// Reads its records.
    pub fn records(&self) -> Result<RecordReader<File>, StoreError> {
        let layout = self.layout()?;
        Ok(RecordReader::new(self.open()?, layout))
    }

    /// Writes it anew, as bytes; with MOD what is there stays before them.
    pub fn create(&self) -> Result<Output, StoreError> {
        let file = self.file()?;
        if find(&self.folder, file)?.is_some_and(|found| found.kind != Kind::File) {
            return Err(StoreError::Foreign(self.path()));
        }
        let io = |error| StoreError::io(self.path(), error);
        let mode = self.folder.mode().map_err(io)? & 0o666;
        let folder = self.folder.again().map_err(io)?;
        let claim = Some(Arc::clone(&self.claim));
        let mut output = Output::create(folder, file, mode, claim)?;
        if self.disposition == Disposition::Mod {
            output.copy_old().map_err(io)?;
        }
        Ok(output)
    }

    /// Writes its records anew; with MOD those that are there stay before them. A data set without
    /// attributes cannot be written so.
    pub fn writer(&self, overflow: Overflow) -> Result<RecordWriter<Output>, StoreError> {
        let attributes = self.attributes.as_ref();
        let layout =
            attributes.ok_or_else(|| StoreError::NoAttributes(self.dsn.name.clone()))?.layout();
        let mut output = self.create()?;
        if self.disposition == Disposition::Mod && layout.kind == RecordKind::Text {
            self.end_last_line(&layout, &mut output)
                .map_err(|error| StoreError::io(self.path(), error))?;
        }
        Ok(RecordWriter::new(output, layout, overflow))
    }

    /// Deletes the member, or the data set. The claim becomes exclusive for a data set.
    pub fn delete(self) -> Result<(), StoreError> {
        match &self.dsn.member {
            Some(member) => {
                let file = member.as_str();
                if find(&self.folder, file)?.is_none() {
                    return Err(self.not_found());
                }
                self.folder.remove(file).map_err(|error| StoreError::io(self.path(), error))
            }
            None => self.store.remove(&self.dsn.name, &self.folder, 1),
        }
    }

    /// A text may lack the end of its last line.
    fn end_last_line(&self, layout: &Layout, output: &mut Output) -> io::Result<()> {
        let Some(page) = layout.page.or(Some(crate::codepage::CodePage::Utf8)) else {
            return Ok(());
        };
        let old = match self.folder.read(self.file().map_err(io::Error::other)?) {
            Ok(old) => old,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let length = old.metadata()?.len();
        let mut last = [0];
        if length > 0 {
            old.read_exact_at(&mut last, length - 1)?;
            if !page.is_line_end(last[0]) {
                output.write_all(&page.encode("\n").unwrap_or_default())?;
            }
        }
        Ok(())
    }

    /// The name of the file in its folder.
    fn file(&self) -> Result<&str, StoreError> {
        match (&self.dsn.member, self.organization) {
            (Some(member), _) => Ok(member.as_str()),
            (None, Organization::Sequential) => Ok(self.dsn.name.as_str()),
            (None, Organization::Partitioned) => Err(StoreError::IsLibrary(self.dsn.name.clone())),
        }
    }

    fn not_found(&self) -> StoreError {
        let name = self.dsn.name.clone();
        match &self.dsn.member {
            Some(member) => StoreError::MemberNotFound(name, member.clone()),
            None => StoreError::NotFound(name),
        }
    }
}

/// What an open file seems to be.
pub(in crate::dataset) fn look_at(file: &File) -> io::Result<Layout> {
    let length = file.metadata()?.len();
    let mut head = Vec::new();
    file.take(DETECTION as u64).read_to_end(&mut head)?;
    Ok(detect(&head, length, None).layout())
}

/// Writes a file of attributes.
fn put(
    folder: Folder,
    file: &str,
    mode: u32,
    name: &DatasetName,
    attributes: &Attributes,
) -> Result<(), StoreError> {
    let mut output = Output::create(folder, file, mode & 0o666, None)?;
    output
        .write_all(attribute_file::render(name, attributes).as_bytes())
        .map_err(|error| StoreError::io(output.path(), error))?;
    output.commit()
}

/// Removes a folder of files, if it is there.
pub(super) fn remove_library(root: &Folder, name: &str) -> Result<(), StoreError> {
    let io = |error| StoreError::io(root.path(name), error);
    match root.find(name).map_err(io)? {
        None => return Ok(()),
        Some(found) if found.kind == Kind::Folder => {}
        Some(_) => return root.remove(name).map_err(io),
    }
    let folder = root.folder(name).map_err(io)?;
    for file in folder.names().map_err(io)? {
        folder.remove(&file).map_err(|error| StoreError::io(folder.path(&file), error))?;
    }
    root.remove_folder(name).map_err(io)
}

impl Display for Disposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::New => "NEW",
            Self::Old => "OLD",
            Self::Shr => "SHR",
            Self::Mod => "MOD",
        })
    }
}

impl FromStr for Disposition {
    type Err = UnknownDisposition;

    /// Reads `NEW`, `OLD`, `SHR` or `MOD`, in upper or lower case.
    fn from_str(name: &str) -> Result<Self, UnknownDisposition> {
        match name.to_ascii_uppercase().as_str() {
            "NEW" => Ok(Self::New),
            "OLD" => Ok(Self::Old),
            "SHR" => Ok(Self::Shr),
            "MOD" => Ok(Self::Mod),
            _ => Err(UnknownDisposition),
        }
    }
}

/// A name that is no disposition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownDisposition;

impl Display for UnknownDisposition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected NEW, OLD, SHR or MOD")
    }
}

impl std::error::Error for UnknownDisposition {}
