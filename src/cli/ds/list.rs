//! `zoxy ds list`: what data sets and members there are.

use std::time::{Duration, UNIX_EPOCH};

use getopts::Options;

use super::attributes::{length, records};
use super::{Failure, Rc, Terminal, parse, usage, wrong_mask, wrong_name};
use crate::dataset::{DatasetMask, DatasetName, Entry, MemberMask, NameError, Prefix, Store};
use crate::message::catalogue::{DATASET_NOTHING, DATASET_STRAYS};
use crate::message::time::Utc;

const BRIEF: &str = "\
Usage: zoxy ds list [MASK]
       zoxy ds list 'NAME(MASK)'

Lists data sets with their attributes, or members of a library with their
sizes. In a mask % stands for one character, * for any within a qualifier, **
for any number of qualifiers: 'ZOXY.*', 'ZOXY.**', 'ZOXY.PARMLIB(*)'. Without
a mask all data sets are listed. A dash stands for an attribute that there is
not; records are counted where all have the same length.";

const RETURN_CODES: &str = "
Return codes: 0 done, 4 nothing matches, or something below the root is no
data set, 8 the command or a name is wrong, 12 the root cannot be read.
";

pub(super) fn run(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    let Some(matches) = parse("list", &mut options, BRIEF, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    let store = super::store("list", &matches)?;
    let text = match &matches.free[..] {
        [] => return list(&store, "**", &DatasetMask::all(), terminal),
        [text] => text.as_str(),
        _ => return Err(usage("list", "give one mask")),
    };
    let full = match text.strip_prefix("//") {
        Some(rest) => Prefix::Environment
            .full(rest)
            .map_err(|reason| wrong_name(text, &NameError::NoPrefix(reason)))?,
        None => text.to_owned(),
    };
    match full.strip_suffix(')').and_then(|full| full.split_once('(')) {
        Some((library, mask)) => {
            let library = DatasetName::parse(library).map_err(|e| wrong_name(text, &e))?;
            let mask = MemberMask::parse(mask).map_err(|error| wrong_mask(text, &error))?;
            members(&store, &library, text, &mask, terminal)
        }
        None => {
            let mask = DatasetMask::parse(&full).map_err(|error| wrong_mask(text, &error))?;
            list(&store, text, &mask, terminal)
        }
    }
}

fn list(
    store: &Store,
    text: &str,
    mask: &DatasetMask,
    terminal: &mut Terminal<'_>,
) -> Result<Rc, Failure> {
    let listing = store.list(mask)?;
    terminal.say(&format!("Data sets below {}\n", store.root().display()))?;
    let mut rc = Rc::Ok;
    if listing.entries.is_empty() {
        terminal.message(&DATASET_NOTHING, &[("mask", &text)])?;
        rc = Rc::Warning;
    } else {
        terminal.say(&row("DATA SET", "ORG", ["RECFM", "LRECL", "BLKSZ", "CODEPAGE"]))?;
    }
    for entry in listing.entries {
        terminal.say(&entry_row(&entry))?;
        if let Err(error) = entry.attributes {
            rc = rc.max(terminal.failed(error.into())).max(Rc::Warning);
        }
    }
    Ok(rc.max(strays(&store.root().display().to_string(), &listing.strays, terminal)?))
}

fn entry_row(entry: &Entry) -> String {
    let organization = entry.organization.to_string();
    let cells = match &entry.attributes {
        Ok(Some(attributes)) => [
            attributes.recfm().to_string(),
            length(attributes.lrecl()),
            length(attributes.blksize()),
            attributes.code_page().map_or("-".to_owned(), |page| page.to_string()),
        ],
        Ok(None) => ["-"; 4].map(str::to_owned),
        Err(_) => ["?"; 4].map(str::to_owned),
    };
    row(entry.name.as_str(), &organization, cells.each_ref().map(String::as_str))
}

/// A line of at most 80 columns.
fn row(name: &str, organization: &str, [recfm, lrecl, blksize, page]: [&str; 4]) -> String {
    let row = format!("{name:<44} {organization:<3} {recfm:<5} {lrecl:>5} {blksize:>5} {page}");
    row.trim_end().to_owned() + "\n"
}

fn members(
    store: &Store,
    library: &DatasetName,
    text: &str,
    mask: &MemberMask,
    terminal: &mut Terminal<'_>,
) -> Result<Rc, Failure> {
    let all = store.members(library, mask)?;
    let attributes = store.attributes(library)?;
    let mut rc = Rc::Ok;
    if all.members.is_empty() {
        terminal.message(&DATASET_NOTHING, &[("mask", &text)])?;
        rc = Rc::Warning;
    } else {
        terminal.say(&format!("Members of {library}\n"))?;
        terminal.say(&member_row("MEMBER", "RECORDS", "BYTES", "CHANGED"))?;
    }
    for member in all.members {
        let records = records(attributes.as_ref(), member.size);
        let records = records.map_or("-".to_owned(), |records| records.to_string());
        let since = Duration::from_secs(u64::try_from(member.changed).unwrap_or(0));
        let changed = format!("{:.0}", Utc(UNIX_EPOCH + since));
        let (name, size) = (member.name.as_str(), member.size.to_string());
        terminal.say(&member_row(name, &records, &size, &changed))?;
    }
    Ok(rc.max(strays(library.as_str(), &all.strays, terminal)?))
}

fn member_row(name: &str, records: &str, bytes: &str, changed: &str) -> String {
    format!("{name:<8} {records:>12} {bytes:>15} {changed}\n")
}

/// Tells of what is no data set or member, so that nobody looks for it in vain.
fn strays(place: &str, strays: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let Some(first) = strays.first() else { return Ok(Rc::Ok) };
    let count = strays.len();
    terminal.message(&DATASET_STRAYS, &[("place", &place), ("count", &count), ("name", first)])?;
    Ok(Rc::Warning)
}
