//! `zoxy ds attr`: shows and changes attributes.

use getopts::Options;

use super::attributes::{self, Asked};
use super::{Failure, Rc, Terminal, add_wait, dataset, parse, usage};
use crate::dataset::{
    Attributes, DatasetName, Dsn, MemberMask, Organization, RecordReader, Store, StoreError,
};
use crate::message::catalogue::{DATASET_ATTRIBUTES_SET, DATASET_NO_SUCH_RECORDS};

const BRIEF: &str = "\
Usage: zoxy ds attr NAME
       zoxy ds attr [OPTIONS] NAME

Shows the attributes of a data set, or changes those that are given and keeps
the others. The data itself stays as it is; it must be records of the new
kind.";

const RETURN_CODES: &str = "
Return codes: 0 done, 4 there are no attributes, 8 not done: the command, a
name or an attribute is wrong, or the data are no such records, 12 not done:
the data set is in use, or something outside failed.
";

pub(super) fn run(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    attributes::add_options(&mut options);
    options.optflag("f", "force", "change them whatever the data are");
    add_wait(&mut options);
    let Some(matches) = parse("attr", &mut options, BRIEF, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    let [text] = &matches.free[..] else { return Err(usage("attr", "give one name")) };
    let Dsn { name, member } = dataset(text)?;
    if let Some(member) = member {
        let problem = format!("({member}): members have the attributes of their library");
        return Err(usage("attr", problem));
    }
    let store = super::store("attr", &matches)?;
    let asked = Asked::from_matches("attr", &matches, &store)?;
    if asked.dcb.is_empty() && !asked.no_page {
        return show(&store, &name, terminal);
    }
    let attributes = wanted(&store, &name, asked)?;
    if !matches.opt_present("force") {
        check(&store, &name, &attributes)?;
    }
    store.set_attributes(&name, &attributes)?;
    let has = attributes::line(&attributes);
    terminal.message(&DATASET_ATTRIBUTES_SET, &[("name", &name), ("attributes", &has)])?;
    Ok(Rc::Ok)
}

fn show(store: &Store, name: &DatasetName, terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    match store.attributes(name)? {
        Some(attributes) => {
            terminal.say(&attributes.lines(name))?;
            Ok(Rc::Ok)
        }
        None => {
            let failure = Failure::from(StoreError::NoAttributes(name.clone()));
            terminal.failed(failure);
            Ok(Rc::Warning)
        }
    }
}

/// What the data set has, with what is asked for in its place.
fn wanted(store: &Store, name: &DatasetName, asked: Asked) -> Result<Attributes, Failure> {
    let organization = store.organization(name)?;
    let organization = organization.ok_or_else(|| StoreError::NotFound(name.clone()))?;
    let mut dcb = match store.attributes(name) {
        Ok(Some(has)) => asked.dcb.like(has),
        // Damaged attributes are replaced as a whole.
        Ok(None) | Err(StoreError::UnreadableAttributes(..)) => asked.dcb,
        Err(error) => return Err(error.into()),
    };
    if asked.no_page {
        dcb.code_page = None;
    }
    dcb.dsorg = Some(organization);
    dcb.complete().map_err(|error| StoreError::Attributes(name.clone(), error).into())
}

/// Makes sure that all the data are such records.
fn check(store: &Store, name: &DatasetName, attributes: &Attributes) -> Result<(), Failure> {
    let parts = match attributes.dsorg() {
        Organization::Sequential => vec![Dsn { name: name.clone(), member: None }],
        Organization::Partitioned => {
            let members = store.members(name, &MemberMask::all())?.members;
            members
                .into_iter()
                .map(|member| Dsn { name: name.clone(), member: Some(member.name) })
                .collect()
        }
    };
    for dsn in parts {
        let mut reader = RecordReader::new(store.open(&dsn)?, attributes.layout());
        loop {
            match reader.next_record() {
                Ok(Some(_)) => {}
                Ok(None) => break,
                Err(reason) => {
                    let arguments: [(_, &dyn std::fmt::Display); 2] =
                        [("name", &dsn), ("reason", &reason)];
                    return Err(Failure::new(Rc::Error, &DATASET_NO_SUCH_RECORDS, &arguments));
                }
            }
        }
    }
    Ok(())
}
