//! Deleting, renaming, and changing attributes.

use super::allocation::remove_library;
use super::folder::{Folder, Kind};
use super::lock::{self, Claim, Strength};
use super::{ATTRIBUTES, Disposition, Store, StoreError, find};
use crate::dataset::attributes::{Attributes, Dcb, Organization};
use crate::dataset::file_name::Dsn;
use crate::dataset::name::{DatasetName, MemberName};

impl Store {
    /// Deletes a data set, or a member of one.
    pub fn delete(&self, dsn: &Dsn) -> Result<(), StoreError> {
        self.allocate(dsn, Disposition::Old, &Dcb::default())?.delete()
    }

    /// Renames a data set.
    pub fn rename(&self, from: &DatasetName, to: &DatasetName) -> Result<(), StoreError> {
        let root = self.open_root(from)?;
        let _claims = self.claim_both(&root, from, to)?;
        let (organization, _) = self.look(&root, from)?;
        if find(&root, to.as_str())?.is_some() {
            return Err(StoreError::Exists(to.clone()));
        }
        let io = |error| StoreError::io(root.path(from.as_str()), error);
        let attributes = self.read_attributes(&root, from, organization)?;
        match (organization, attributes) {
            (Organization::Partitioned, attributes) => {
                root.rename(from.as_str(), to.as_str()).map_err(io)?;
                if let Some(attributes) = attributes {
                    self.write_attributes(&root, to, &attributes)?;
                }
            }
            (Organization::Sequential, Some(attributes)) => {
                // The data set is never there without attributes.
                self.write_attributes(&root, to, &attributes)?;
                root.rename(from.as_str(), to.as_str()).map_err(io)?;
                root.remove(&format!("{from}{ATTRIBUTES}")).map_err(io)?;
            }
            (Organization::Sequential, None) => {
                // What is left of another data set must not become its attributes.
                let stale = format!("{to}{ATTRIBUTES}");
                if root.find(&stale).map_err(io)?.is_some() {
                    root.remove(&stale).map_err(io)?;
                }
                root.rename(from.as_str(), to.as_str()).map_err(io)?;
            }
        }
        lock::remove(from, &root);
        root.sync().map_err(io)
    }

    /// Renames a member.
    pub fn rename_member(
        &self,
        library: &DatasetName,
        from: &MemberName,
        to: &MemberName,
    ) -> Result<(), StoreError> {
        let dsn = Dsn { name: library.clone(), member: Some(from.clone()) };
        let allocation = self.allocate(&dsn, Disposition::Old, &Dcb::default())?;
        if !allocation.exists()? {
            return Err(StoreError::MemberNotFound(library.clone(), from.clone()));
        }
        let root = self.open_root(library)?;
        let folder = self.library(&root, library)?;
        if find(&folder, to.as_str())?.is_some() {
            return Err(StoreError::MemberExists(library.clone(), to.clone()));
        }
        folder
            .rename(from.as_str(), to.as_str())
            .map_err(|error| StoreError::io(folder.path(from.as_str()), error))
    }

    /// Gives a data set other attributes. Whether its records are of that kind is not looked at;
    /// DSORG stays.
    pub fn set_attributes(
        &self,
        name: &DatasetName,
        attributes: &Attributes,
    ) -> Result<(), StoreError> {
        let root = self.open_root(name)?;
        self.look(&root, name)?;
        let _claim = self.0.claims.claim(name, Strength::Exclusive, &root, self.0.wait)?;
        let (organization, _) = self.look(&root, name)?;
        self.write_attributes(&root, name, &attributes.with_organization(organization))
    }

    /// Removes a data set; `claims` is how many claims on it the caller has.
    pub(super) fn remove(
        &self,
        name: &DatasetName,
        root: &Folder,
        claims: usize,
    ) -> Result<(), StoreError> {
        let claim = self.0.claims.claim(name, Strength::Exclusive, root, self.0.wait)?;
        if claim.count() > claims + 1 {
            return Err(StoreError::Open(name.clone()));
        }
        let io = |error| StoreError::io(root.path(name.as_str()), error);
        let (organization, _) = self.look(root, name)?;
        match organization {
            Organization::Partitioned => {
                let folder = self.library(root, name)?;
                for file in folder.names().map_err(io)? {
                    let found = folder.find(&file).map_err(io)?;
                    if found.is_some_and(|found| found.kind == Kind::Folder) {
                        return Err(StoreError::Foreign(folder.path(&file)));
                    }
                }
                // It goes at once and as a whole.
                let temporary = format!(".{name}.old");
                remove_library(root, &temporary)?;
                root.rename(name.as_str(), &temporary).map_err(io)?;
                remove_library(root, &temporary)?;
            }
            Organization::Sequential => {
                root.remove(name.as_str()).map_err(io)?;
                let attributes = format!("{name}{ATTRIBUTES}");
                if root.find(&attributes).map_err(io)?.is_some() {
                    root.remove(&attributes).map_err(io)?;
                }
            }
        }
        lock::remove(name, root);
        Ok(())
    }

    /// Claims two data sets, in the order of their names, so that two who do so never wait for each
    /// other.
    fn claim_both(
        &self,
        root: &Folder,
        one: &DatasetName,
        other: &DatasetName,
    ) -> Result<[Claim; 2], StoreError> {
        self.look(root, one)?;
        let claim = |name| self.0.claims.claim(name, Strength::Exclusive, root, self.0.wait);
        let claims = [claim(one.min(other))?, claim(one.max(other))?];
        match claims.iter().any(|claim| claim.count() > 1 && one != other) {
            true => Err(StoreError::Open(one.clone())),
            false => Ok(claims),
        }
    }
}
