//! The internal reader: SYSOUT=(class,INTRDR).
//!
//! What a step writes to such a DD is a deck. When the step has ended normally its jobs are submitted,
//! each as `zoxy submit --background` would; the job log has their numbers. Of a step that ended
//! abnormally nothing is submitted: what it wrote may be half a deck.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::id::Kind;
use super::launch::{Order, launch};
use super::libraries::{SystemLibraries, symbols};
use super::log::tell;
use super::run::{self, Runner};
use super::spool::Spool;
use crate::jcl::{self, Member, Reading};

/// Bytes of a deck that are read: one more than a deck may have, which the reader of decks says.
const MAX_DECK: u64 = (4 << 20) + 1;

/// Jobs of one deck at most.
const MAX_JOBS: usize = 100;

/// Jobs of the spool that run or wait at once, beyond which no further ones are submitted: jobs may
/// submit each other.
const MAX_ACTIVE: usize = 200;

/// Submits what a step has written to its internal readers.
pub(super) fn submit(runner: &mut Runner<'_>, step: &str, dds: &super::dds::Dds) {
    for (dd, path) in dds.readers() {
        if let Err(reason) = submit_deck(runner, step, dd, path) {
            tell!(runner.log, READER_REFUSES, step = step, dd = dd, reason = reason);
        }
    }
}

fn submit_deck(runner: &mut Runner<'_>, step: &str, dd: &str, path: &Path) -> Result<(), String> {
    let bytes = read(path).map_err(|error| error.to_string())?;
    if bytes.is_empty() {
        return Ok(());
    }
    let source = format!("{step}.{dd}");
    let deck = Member { source, bytes, code_page: None, record_format: None };
    let store = runner.datasets.store().clone();
    let libraries = SystemLibraries { store: &store, settings: runner.settings };
    let readings = jcl::read(&deck, &libraries, &symbols());
    if readings.len() > MAX_JOBS {
        return Err(format!("{} jobs, and a deck has at most {MAX_JOBS} here", readings.len()));
    }
    let spool = Spool::from_environment().map_err(|error| error.to_string())?;
    for (index, reading) in readings.iter().enumerate() {
        let jobs = spool.jobs().map_err(|error| error.to_string())?;
        let active = jobs.iter().filter(|job| job.runs).count();
        if active >= MAX_ACTIVE {
            return Err(format!("{active} jobs run or wait, and there are at most {MAX_ACTIVE}"));
        }
        let name = name_of(reading);
        let folder = spool.create(Kind::Batch, &name).map_err(|error| error.to_string())?;
        let id = folder.id;
        let failed = |error: io::Error| format!("{name} ({id}): {error}");
        if reading.job.is_some() {
            let order = Order::Deck(deck.clone(), index);
            launch(folder, &order, None).map_err(failed)?;
            tell!(runner.log, READER_SUBMITTED, step = step, dd = dd, job = name, id = id);
        } else {
            run::reject(folder, reading).map_err(failed)?;
            tell!(runner.log, READER_REJECTED, step = step, dd = dd, job = name, id = id);
        }
    }
    Ok(())
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_DECK).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The job's name; of a deck with errors as its first card has it.
pub fn name_of(reading: &Reading) -> String {
    if let Some(job) = &reading.job {
        return job.name.clone();
    }
    let cards = reading.listing.entries.iter().filter_map(|entry| entry.cards.first());
    let first = cards.into_iter().find(|card| !card.starts_with("//*"));
    let name = first.and_then(|card| card.strip_prefix("//")?.split(' ').next());
    let is_name = |name: &&str| {
        (1..=8).contains(&name.len())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"$#@".contains(&b))
    };
    name.filter(is_name).map_or_else(|| "NONAME".to_owned(), str::to_ascii_uppercase)
}
