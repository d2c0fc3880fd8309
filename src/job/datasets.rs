//! The data sets of a job: claimed before its first step, allocated for a step, disposed of at the
//! step's end and at the job's.
//!
//! A job has its claims from its start to its end, so that nobody comes between its steps. What a DD
//! leaves open follows from what the job did: a data set that was there before is kept, one that the
//! job made and neither cataloged nor kept is deleted. `&&` names live in a store of the job's own.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::log::{JobLog, note};
use super::text;
use crate::dataset::{
    Allocation, Attributes, DatasetMask, DatasetName, Dcb, Disposition, Dsn, MemberName,
    Organization, RecordFormat, Store, StoreError,
};
use crate::jcl::{self, DataSet, DataSetName, Fate, Job, Source, Status};

/// How often a data set that others have is asked for.
const PAUSE: Duration = Duration::from_millis(100);

/// All data sets of one job.
#[derive(Debug)]
pub struct Datasets {
    store: Store,
    temporaries: Store,
    known: BTreeMap<Key, Known>,
    /// Newest generation of each group at the job's first look.
    newest: BTreeMap<DatasetName, u32>,
}

/// A data set of the job.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    is_temporary: bool,
    name: DatasetName,
}

/// What the job did to it.
#[derive(Debug, Default)]
struct Known {
    /// The job made it, and no step has kept it.
    made: bool,
    /// The claim on it, until the job ends.
    claim: Option<Allocation>,
}

/// A data set in the hands of one DD of a step.
#[derive(Debug)]
pub struct Use {
    key: Key,
    dsn: Dsn,
    /// As the deck has it.
    shown: String,
    allocation: Allocation,
    disposition: jcl::Disposition,
    /// The DD says what its records are.
    has_dcb: bool,
}

impl Use {
    /// The path for programs.
    pub fn path(&self) -> PathBuf {
        self.allocation.path()
    }

    /// Attributes of its records, as far as they are known.
    pub fn attributes(&self) -> Option<&Attributes> {
        self.allocation.attributes()
    }

    /// It is a library, and no member was named.
    pub fn is_library(&self) -> bool {
        self.dsn.member.is_none() && self.allocation.organization() == Organization::Partitioned
    }

    /// What is written goes behind what is there.
    pub fn appends(&self) -> bool {
        self.disposition.status == Status::Mod
    }

    /// Copies what is there as lines.
    pub fn read(&self, out: &mut impl Write) -> io::Result<()> {
        text::read_records(&self.allocation, out)
    }

    /// Makes records of lines.
    pub fn write(&self, lines: File) -> io::Result<()> {
        text::write_records(lines, &self.allocation)
    }

    /// Its status: SHR or whatever the DD says.
    pub fn status(&self) -> Status {
        self.disposition.status
    }
}

impl Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// Why the data sets of a job could not be claimed.
#[derive(Debug)]
pub enum ClaimError {
    /// Somebody else has this one, and did not give it up in time.
    InUse(String),
    /// The job was cancelled while it waited.
    Cancelled,
    /// The store cannot be used.
    Store(String),
}

impl Datasets {
    /// Those of the environment, and `&&` names in a folder of the job.
    pub fn new(store: Store, temporaries: &Path) -> Self {
        let temporaries = Store::at(temporaries);
        Self { store, temporaries, known: BTreeMap::new(), newest: BTreeMap::new() }
    }

    /// Where data sets with full names are.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Claims every data set that the job names and that is there, in the order of their names, so
    /// that two jobs never wait for each other. `waiting` is told of each wait, and says whether to
    /// go on; it takes the time between two tries.
    pub fn claim(
        &mut self,
        job: &Job,
        limit: Duration,
        mut waiting: impl FnMut(&str, Duration) -> bool,
    ) -> Result<(), ClaimError> {
        let mut wanted: BTreeMap<Key, Disposition> = BTreeMap::new();
        for part in job.steps.iter().flat_map(|step| &step.dds).flat_map(|dd| &dd.parts) {
            let Source::DataSet(named) = &part.source else { continue };
            // A name that cannot be resolved now is told when its step comes.
            let Ok((key, _)) = self.resolve(named) else { continue };
            if key.is_temporary {
                continue;
            }
            let shared = part.disposition.status == Status::Shr;
            let disposition = wanted.entry(key).or_insert(Disposition::Shr);
            if !shared {
                *disposition = Disposition::Old;
            }
        }
        let deadline = Instant::now() + limit;
        for (key, disposition) in wanted {
            let dsn = Dsn { name: key.name.clone(), member: None };
            let claim = loop {
                match self.store.allocate(&dsn, disposition, &Dcb::default()) {
                    Ok(claim) => break Some(claim),
                    Err(StoreError::NotFound(_)) => break None,
                    Err(error @ StoreError::InUse { .. }) => {
                        if Instant::now() >= deadline {
                            return Err(ClaimError::InUse(error.to_string()));
                        }
                        if !waiting(&error.to_string(), PAUSE) {
                            return Err(ClaimError::Cancelled);
                        }
                    }
                    Err(error) => return Err(ClaimError::Store(error.to_string())),
                }
            };
            self.known.entry(key).or_default().claim = claim;
        }
        Ok(())
    }

    /// Names of data sets that a step needs and that neither are there nor are made by a step before
    /// it, each with step and DD: a job that makes them by other means may run all the same.
    pub fn missing(&mut self, job: &Job) -> Vec<(String, String, String)> {
        let (mut made, mut missing) = (BTreeSet::new(), Vec::new());
        for step in &job.steps {
            for dd in &step.dds {
                for part in &dd.parts {
                    let Source::DataSet(named) = &part.source else { continue };
                    let Ok((key, _)) = self.resolve(named) else { continue };
                    let needed = matches!(part.disposition.status, Status::Old | Status::Shr);
                    let is_there = || {
                        let found = self.store_of(&key).organization(&key.name);
                        !matches!(found, Ok(None))
                    };
                    if needed && !made.contains(&key) && !is_there() {
                        missing.push((step.to_string(), dd.name.clone(), shown(named)));
                    }
                    made.insert(key);
                }
            }
        }
        missing
    }

    /// Gives a DD its data set. `like` has attributes for a new one that the DD leaves open.
    pub fn allocate(
        &mut self,
        named: &DataSet,
        disposition: jcl::Disposition,
        dcb: Dcb,
        like: Option<&Attributes>,
    ) -> Result<Use, String> {
        let (key, dsn) = self.resolve(named)?;
        let mut asked = dcb;
        let has_dcb = !asked.is_empty();
        if let (Some(like), Status::New | Status::Mod) = (like, disposition.status) {
            // Whether it is a library its own DD says.
            asked = Dcb { dsorg: asked.dsorg, ..asked.like(*like) };
        }
        let wanted = match disposition.status {
            Status::New => Disposition::New,
            Status::Old => Disposition::Old,
            Status::Shr => Disposition::Shr,
            Status::Mod => Disposition::Mod,
        };
        let allocate = |asked: &Dcb| self.store_of(&key).allocate(&dsn, wanted, asked);
        let allocation = match allocate(&asked) {
            // What is there already has attributes of its own.
            Err(StoreError::Conflict(..)) if !has_dcb => allocate(&Dcb::default()),
            allocated => allocated,
        };
        let allocation = allocation.map_err(|error| match error {
            StoreError::NotFound(name) if key.is_temporary => {
                format!("there is no data set &&{name}")
            }
            error => error.to_string(),
        })?;
        let known = self.known.entry(key.clone()).or_default();
        known.made |= allocation.is_made();
        Ok(Use { key, dsn, shown: shown(named), allocation, disposition, has_dcb })
    }

    /// Does at the end of a step what DISP of each DD says; `normal` if the step ended normally.
    pub fn dispose(
        &mut self,
        step: &str,
        uses: Vec<(String, Use)>,
        normal: bool,
        log: &mut JobLog,
    ) {
        let mut uses: Vec<_> = uses.into_iter().map(Some).collect();
        for index in 0..uses.len() {
            let Some((dd, used)) = uses[index].take() else { continue };
            let Use { key, dsn, shown, disposition, .. } = &used;
            let fate = if normal { disposition.normal } else { disposition.abnormal };
            let fate = self.settle(key, fate);
            if fate != Settled::Delete {
                note!(log, DD_DISPOSED, step = step, dd = dd, what = shown, fate = fate);
                self.describe(&used);
                let known = self.known.entry(used.key).or_default();
                known.made &= fate == Settled::Pass;
                known.claim.get_or_insert(used.allocation);
                continue;
            }
            // Whoever deletes it must be the only one that has it.
            let (key, dsn, shown) = (key.clone(), dsn.clone(), shown.clone());
            drop(used);
            for other in &mut uses {
                if other.as_ref().is_some_and(|(_, other)| other.key == key) {
                    *other = None;
                }
            }
            let known = self.known.entry(key.clone()).or_default();
            (known.claim, known.made) = (None, false);
            match self.store_of(&key).delete(&dsn) {
                Ok(()) => {
                    note!(log, DD_DISPOSED, step = step, dd = dd, what = shown, fate = fate);
                }
                Err(StoreError::NotFound(_) | StoreError::MemberNotFound(..)) => {
                    note!(log, DD_GONE, step = step, dd = dd, what = shown);
                }
                Err(error) => {
                    let reason = error;
                    note!(
                        log,
                        DD_NOT_DISPOSED,
                        step = step,
                        dd = dd,
                        what = shown,
                        reason = reason
                    );
                }
            }
        }
    }

    /// Undoes the allocations of a step that does not run after all: what was made goes again.
    pub fn release(&mut self, uses: Vec<(String, Use)>) {
        for (_, used) in uses {
            let Use { key, allocation, .. } = used;
            if allocation.is_made() {
                let name = allocation.dsn().name.clone();
                drop(allocation);
                self.known.remove(&key);
                // An empty data set, which the next run of the job would find in its way.
                let _ = self.store_of(&key).delete(&Dsn { name, member: None });
            }
        }
    }

    /// At the end of the job: what was passed and nobody kept is deleted, claims are given up.
    pub fn finish(&mut self, log: &mut JobLog) {
        for (key, known) in std::mem::take(&mut self.known) {
            drop(known.claim);
            if !known.made || key.is_temporary {
                // Temporary ones go with the folder of the job.
                continue;
            }
            let dsn = Dsn { name: key.name.clone(), member: None };
            match self.store.delete(&dsn) {
                Ok(()) => note!(log, PASSED_DELETED, name = dsn),
                Err(StoreError::NotFound(_)) => {}
                Err(error) => note!(log, PASSED_NOT_DELETED, name = dsn, reason = error),
            }
        }
    }

    /// What a fate comes to for this data set.
    fn settle(&self, key: &Key, fate: Fate) -> Settled {
        let made = self.known.get(key).is_some_and(|known| known.made);
        match fate {
            Fate::Delete => Settled::Delete,
            Fate::AsFound if made => Settled::Delete,
            Fate::Pass => Settled::Pass,
            // They live as long as the job, whatever is asked for.
            Fate::Keep | Fate::Catalog | Fate::Uncatalog if key.is_temporary => Settled::Pass,
            Fate::Catalog => Settled::Catalog,
            Fate::AsFound | Fate::Keep | Fate::Uncatalog => Settled::Keep,
        }
    }

    /// A new data set of which no DD said what its records are is what the program has written:
    /// lines are noted as such, or readers would take them for records of 80 bytes.
    fn describe(&self, used: &Use) {
        if used.has_dcb || !used.allocation.is_made() || used.is_library() {
            return;
        }
        let written = used
            .allocation
            .open()
            .ok()
            .filter(|file| file.metadata().is_ok_and(|found| found.len() > 0));
        let detected = written.and_then(|file| text::detected(&file).ok());
        let Some(detected) = detected.filter(|found| found.format == RecordFormat::TEXT) else {
            return;
        };
        let lines = Dcb {
            recfm: Some(RecordFormat::TEXT),
            code_page: Some(detected.page),
            ..Dcb::default()
        };
        if let Ok(attributes) = lines.complete() {
            // Without it the file is looked at when it is read.
            let _ = self.store_of(&used.key).set_attributes(&used.key.name, &attributes);
        }
    }

    fn store_of(&self, key: &Key) -> &Store {
        if key.is_temporary { &self.temporaries } else { &self.store }
    }

    fn resolve(&mut self, named: &DataSet) -> Result<(Key, Dsn), String> {
        let parse = |text: &str| DatasetName::parse(text).map_err(|error| error.to_string());
        let (is_temporary, name) = match &named.name {
            DataSetName::Cataloged(name) => (false, parse(name)?),
            DataSetName::Temporary(name) => (true, parse(name)?),
            // Two qualifiers, which no && name has.
            DataSetName::Unnamed(number) => (true, parse(&format!("UNNAMED.D{number:05}"))?),
        };
        let (name, member) = match &named.member {
            None => (name, None),
            Some(jcl::MemberName::Member(member)) => {
                let member = MemberName::parse(member).map_err(|error| error.to_string())?;
                (name, Some(member))
            }
            Some(jcl::MemberName::Generation(relative)) => {
                (self.generation(&name, *relative)?, None)
            }
        };
        Ok((Key { is_temporary, name: name.clone() }, Dsn { name, member }))
    }

    /// The name of a generation: the group's name with `.GnnnnV00` behind it. They are counted from
    /// the newest one at the job's first look.
    fn generation(&mut self, group: &DatasetName, relative: i32) -> Result<DatasetName, String> {
        let newest = match self.newest.get(group) {
            Some(newest) => *newest,
            None => {
                let newest = self.newest_generation(group)?;
                self.newest.insert(group.clone(), newest);
                newest
            }
        };
        let wanted = i64::from(newest) + i64::from(relative);
        if !(1..=MAX_GENERATION).contains(&wanted) {
            return Err(format!("{group} has no generation ({relative}): the newest is {newest}"));
        }
        let name = format!("{group}.G{wanted:04}V00");
        DatasetName::parse(&name).map_err(|error| error.to_string())
    }

    /// Number of the newest generation; 0 if there is none.
    fn newest_generation(&self, group: &DatasetName) -> Result<u32, String> {
        let mask = format!("{group}.G%%%%V%%");
        let mask = DatasetMask::parse(&mask).map_err(|error| error.to_string())?;
        let listing = self.store.list(&mask).map_err(|error| error.to_string())?;
        let number = |name: &DatasetName| {
            let (_, last) = name.as_str().rsplit_once('.')?;
            last.get(1..5)?.parse().ok()
        };
        Ok(listing.entries.iter().filter_map(|entry| number(&entry.name)).max().unwrap_or(0))
    }
}

/// What becomes of a data set at the end of a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Settled {
    Keep,
    Catalog,
    Pass,
    Delete,
}

impl Display for Settled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keep => "kept",
            Self::Catalog => "cataloged",
            Self::Pass => "passed",
            Self::Delete => "deleted",
        })
    }
}

/// A data set as the deck names it.
fn shown(named: &DataSet) -> String {
    let name = match &named.name {
        DataSetName::Cataloged(name) => name.clone(),
        DataSetName::Temporary(name) => format!("&&{name}"),
        DataSetName::Unnamed(number) => format!("temporary data set {number}"),
    };
    match &named.member {
        None => name,
        Some(jcl::MemberName::Member(member)) => format!("{name}({member})"),
        Some(jcl::MemberName::Generation(relative)) if *relative > 0 => {
            format!("{name}(+{relative})")
        }
        Some(jcl::MemberName::Generation(relative)) => format!("{name}({relative})"),
    }
}

/// Generations are counted from 1 to this.
const MAX_GENERATION: i64 = 9999;
