//! Symbols: where they are defined, what they stand for, and their replacement.
//!
//! A procedure has a scope of its own: what its EXEC statement, its PROC statement or a SET within it
//! defines hides what is outside, and ends with it. Work is bounded: values have at most 255
//! characters, are not looked at again once they are in place, and all text that is made of them
//! counts against one budget.

mod replace;
mod system;

use std::collections::{BTreeMap, BTreeSet};

use super::SystemSymbols;
use super::text::Place;

pub(super) use replace::{Style, SystemUse};

/// Characters of a symbol's name at most.
pub(super) const MAX_NAME: usize = 8;

/// Characters of a symbol's value at most.
pub(super) const MAX_VALUE: usize = 255;

/// Symbols of a job at most, those of all scopes together.
pub(super) const MAX_SYMBOLS: usize = 2_000;

/// Bytes that statements and data may have after replacement, all together.
pub(super) const MAX_EXPANDED: usize = 32 * 1024 * 1024;

/// The symbols that are known at one point of a job.
#[derive(Debug)]
pub(super) struct Symbols<'a> {
    system: &'a SystemSymbols,
    /// The name of the job, once it is known.
    job_name: String,
    /// That of the job first, that of the innermost procedure last.
    scopes: Vec<Scope>,
    exported: Exported,
    /// Bytes made so far.
    expanded: usize,
}

#[derive(Debug, Default)]
struct Scope {
    values: BTreeMap<String, String>,
    /// Those of the EXEC statement, which beat PROC, and where they stand.
    given: BTreeMap<String, Place>,
    used: BTreeSet<String>,
}

/// Which symbols data in the deck can have.
#[derive(Debug)]
enum Exported {
    Some(BTreeSet<String>),
    All,
}

/// What a name stands for.
enum Found<'s> {
    Jcl(&'s str),
    System(&'s str),
}

impl<'a> Symbols<'a> {
    pub fn new(system: &'a SystemSymbols) -> Self {
        Self {
            system,
            job_name: String::new(),
            scopes: vec![Scope::default()],
            exported: Exported::Some(BTreeSet::new()),
            expanded: 0,
        }
    }

    /// Makes `&JOBNAME` known.
    pub fn set_job_name(&mut self, name: &str) {
        name.clone_into(&mut self.job_name);
    }

    /// Enters a procedure with the symbols of its EXEC statement.
    pub fn enter(&mut self, given: Vec<(String, String, Place)>) {
        let mut scope = Scope::default();
        for (name, value, place) in given {
            scope.given.insert(name.clone(), place);
            scope.values.insert(name, value);
        }
        self.scopes.push(scope);
    }

    /// Leaves a procedure: symbols of its EXEC statement that nothing used.
    pub fn leave(&mut self) -> Vec<(String, Place)> {
        let Some(scope) = self.scopes.pop() else { return Vec::new() };
        scope.given.into_iter().filter(|(name, _)| !scope.used.contains(name)).collect()
    }

    /// SET. The error: there are too many symbols.
    pub fn set(&mut self, name: &str, value: String) -> Result<(), ()> {
        let count: usize = self.scopes.iter().map(|scope| scope.values.len()).sum();
        if count >= MAX_SYMBOLS {
            return Err(());
        }
        if let Some(scope) = self.scopes.last_mut() {
            scope.values.insert(name.to_owned(), value);
        }
        Ok(())
    }

    /// The default of a PROC statement.
    pub fn set_default(&mut self, name: &str, value: String) -> Result<(), ()> {
        let scope = self.scopes.last_mut();
        if let Some(scope) = scope.filter(|scope| scope.given.contains_key(name)) {
            // A symbol with a default is declared, whether or not a statement uses it.
            scope.used.insert(name.to_owned());
            return Ok(());
        }
        self.set(name, value)
    }

    /// EXPORT SYMLIST=*.
    pub fn export_all(&mut self) {
        self.exported = Exported::All;
    }

    /// EXPORT SYMLIST=name.
    pub fn export(&mut self, name: &str) {
        match &mut self.exported {
            Exported::All => {}
            Exported::Some(names) if names.len() < MAX_SYMBOLS => {
                names.insert(name.to_owned());
            }
            Exported::Some(_) => {}
        }
    }

    /// Whether more was made of symbols than is allowed.
    pub fn is_exhausted(&self) -> bool {
        self.expanded > MAX_EXPANDED
    }

    /// Counts text that was made.
    pub fn count(&mut self, bytes: usize) {
        self.expanded = self.expanded.saturating_add(bytes);
    }

    fn find(&mut self, name: &str) -> Option<Found<'_>> {
        let is_defined = |scope: &Scope| scope.values.contains_key(name);
        let Some(index) = self.scopes.iter().rposition(is_defined) else {
            return self.find_system(name).map(Found::System);
        };
        let scope = self.scopes.get_mut(index)?;
        if !scope.used.contains(name) {
            scope.used.insert(name.to_owned());
        }
        scope.values.get(name).map(|value| Found::Jcl(value))
    }

    fn find_system(&self, name: &str) -> Option<&str> {
        match name {
            "JOBNAME" | "SYSJOBNM" if !self.job_name.is_empty() => Some(&self.job_name),
            _ => self.system.0.get(name).map(String::as_str),
        }
    }

    fn is_exported(&self, name: &str) -> bool {
        match &self.exported {
            Exported::All => true,
            Exported::Some(names) => names.contains(name),
        }
    }
}

/// Whether the text is a name: a letter or national character, then up to seven more or digits.
pub(super) fn is_name(text: &str) -> bool {
    let is_start = |c: char| c.is_ascii_uppercase() || "$#@".contains(c);
    text.len() <= MAX_NAME
        && text.starts_with(is_start)
        && text.chars().all(|c| is_start(c) || c.is_ascii_digit())
}

#[cfg(test)]
mod tests;
