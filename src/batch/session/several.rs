//! MGET, MPUT and MDELETE: one file after the other.
//!
//! All of them are tried; the first failure is that of the subcommand.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use super::Session;
use super::commands::usage;
use super::files::transfer_operands;
use crate::batch::failure::Failure;
use crate::batch::names::LocalDir;
use crate::batch::subcommand::Verb;
use crate::dataset::{DatasetMask, MemberMask};
use crate::glob;

/// Files of one subcommand at most.
const MAX_FILES: usize = 10_000;

impl Session {
    pub(super) fn mget(&mut self, rest: &str) -> Result<(), Failure> {
        let (patterns, replaces) = transfer_operands(Verb::Mget, rest)?;
        let names = self.remote_names(Verb::Mget, &patterns)?;
        let mut taken = HashSet::new();
        self.all(names, |session, remote| {
            let local = last(remote).to_owned();
            // With (REPLACE one of two would be gone, and nobody told.
            if let Ok(name) = session.directory.name(&local) {
                if !taken.insert(name.to_string()) {
                    let problem = format!("{remote}: {name} is there from another of its files");
                    return Err(usage(Verb::Mget, &problem));
                }
            }
            session.get(remote, &local, replaces)
        })
    }

    pub(super) fn mput(&mut self, rest: &str) -> Result<(), Failure> {
        let (patterns, _) = transfer_operands(Verb::Mput, rest)?;
        if patterns.is_empty() {
            return Err(usage(Verb::Mput, &"expected names or patterns of local files"));
        }
        let mut names = Vec::new();
        for pattern in &patterns {
            let found = self.local_names(pattern);
            let found =
                found.map_err(|reason| usage(Verb::Mput, &format!("{pattern} {reason}")))?;
            if found.is_empty() {
                return Err(usage(Verb::Mput, &format!("no local file is named {pattern}")));
            }
            names.extend(found);
        }
        self.all(names, |session, local| session.put(Verb::Mput, local, None, false))
    }

    pub(super) fn mdelete(&mut self, rest: &str) -> Result<(), Failure> {
        let (patterns, _) = transfer_operands(Verb::Mdelete, rest)?;
        let names = self.remote_names(Verb::Mdelete, &patterns)?;
        self.all(names, |session, remote| session.simple(&format!("DELE {remote}")))
    }

    /// Does it with each; a connection that is lost ends it.
    fn all(
        &mut self,
        names: Vec<String>,
        mut one: impl FnMut(&mut Self, &str) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let mut first: Option<Failure> = None;
        for name in &names {
            let Err(mut failure) = one(self, name) else { continue };
            if failure.is_lost {
                return Err(failure);
            }
            match first {
                None => {
                    if let Some(line) = failure.line.take() {
                        self.out.line(&line);
                    }
                    first = Some(failure);
                }
                Some(_) => self.out.line(&failure.line.unwrap_or_default()),
            }
        }
        first.map_or(Ok(()), Err)
    }

    /// What the server says that the patterns stand for. A name is its own, whatever pattern it has.
    fn remote_names(&mut self, verb: Verb, patterns: &[String]) -> Result<Vec<String>, Failure> {
        if patterns.is_empty() {
            return Err(usage(verb, &"expected names or patterns of files"));
        }
        let mut names = Vec::new();
        for pattern in patterns {
            for name in self.listing(&format!("NLST {pattern}"))? {
                // What cannot be sent back, or would leave the local directory, is no name.
                let is_name = !last(&name).is_empty() && !matches!(last(&name), "." | "..");
                if is_name && !name.chars().any(char::is_control) {
                    names.push(name);
                }
            }
        }
        match names.len() {
            1..=MAX_FILES => Ok(names),
            0 => Err(usage(verb, &"the server has no such file")),
            _ => Err(usage(verb, &"the server has more than 10000 such files; name fewer")),
        }
    }

    /// Local files that a pattern stands for, as operands.
    fn local_names(&self, pattern: &str) -> Result<Vec<String>, String> {
        let quoted = pattern.strip_prefix('\'').and_then(|text| text.strip_suffix('\''));
        match (&self.directory, quoted) {
            (_, Some(mask)) => self.datasets(mask),
            (LocalDir::Prefix(Some(prefix)), None) if !pattern.contains('/') => {
                self.datasets(&format!("{prefix}.{pattern}"))
            }
            (LocalDir::Prefix(None), None) if !pattern.contains('/') => self.datasets(pattern),
            (LocalDir::Library(name), None) if !pattern.contains('/') => {
                let mask = MemberMask::parse(&pattern.to_ascii_uppercase());
                let mask = mask.map_err(|error| error.to_string())?;
                let found = self.store.members(name, &mask).map_err(|error| error.to_string())?;
                let member = |member: &crate::dataset::Member| format!("'{name}({})'", member.name);
                Ok(found.members.iter().map(member).collect())
            }
            (directory, None) => {
                let (folder, pattern) = match pattern.rsplit_once('/') {
                    Some((folder, pattern)) => (format!("{folder}/"), pattern),
                    None => (String::new(), pattern),
                };
                let base = match directory {
                    LocalDir::Path(path) => path.join(&folder),
                    _ => Path::new(&folder).to_owned(),
                };
                files(&base, &folder, pattern).map_err(|error| error.to_string())
            }
        }
    }

    /// Data sets, or members of one, that a mask stands for.
    fn datasets(&self, mask: &str) -> Result<Vec<String>, String> {
        let mask = mask.to_ascii_uppercase();
        if let Some((name, members)) = mask.strip_suffix(')').and_then(|m| m.split_once('(')) {
            let name = crate::dataset::DatasetName::parse(name).map_err(|e| e.to_string())?;
            let members = MemberMask::parse(members).map_err(|error| error.to_string())?;
            let found = self.store.members(&name, &members).map_err(|error| error.to_string())?;
            return Ok(found.members.iter().map(|m| format!("'{name}({})'", m.name)).collect());
        }
        let mask = DatasetMask::parse(&mask).map_err(|error| error.to_string())?;
        let found = self.store.list(&mask).map_err(|error| error.to_string())?;
        Ok(found.entries.iter().map(|entry| format!("'{}'", entry.name)).collect())
    }
}

/// The name without the folders before it.
fn last(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// Files of a folder that a pattern stands for, by name; hidden ones only if it begins with a period.
fn files(base: &Path, folder: &str, pattern: &str) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    let base = if base.as_os_str().is_empty() { Path::new(".") } else { base };
    for entry in fs::read_dir(base)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        let is_shown = !name.starts_with('.') || pattern.starts_with('.');
        let matches =
            glob::matches(pattern.as_bytes(), name.as_bytes(), |p, c| p == c || p == b'?');
        if is_shown && matches && fs::metadata(entry.path()).is_ok_and(|found| found.is_file()) {
            names.push(format!("{folder}{name}"));
        }
    }
    names.sort();
    match names.len() {
        0..=MAX_FILES => Ok(names),
        _ => Err(std::io::Error::other("stands for more than 10000 files; name fewer")),
    }
}
