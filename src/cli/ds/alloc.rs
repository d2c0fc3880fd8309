//! `zoxy ds alloc`: makes data sets.

use getopts::Options;

use super::attributes::{self, Asked};
use super::{Failure, Rc, Terminal, dataset, parse, usage};
use crate::dataset::{Disposition, StoreError};
use crate::message::catalogue::DATASET_ALLOCATED;

const BRIEF: &str = "\
Usage: zoxy ds alloc [OPTIONS] NAME ...

Makes empty data sets. Without options they are sequential (PS) with fixed
records of 80 bytes (FB 80). BLKSIZE is the longest up to 27998 that fits.";

const RETURN_CODES: &str = "
Return codes: 0 done, 8 not done: the command, a name or an attribute is
wrong, or there is such a data set, 12 not done: something outside failed.
";

pub(super) fn run(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    attributes::add_dsorg(&mut options);
    attributes::add_options(&mut options);
    let Some(matches) = parse("alloc", &mut options, BRIEF, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    if matches.free.is_empty() {
        return Err(usage("alloc", "a name is missing"));
    }
    let store = super::store("alloc", &matches)?;
    let asked = Asked::from_matches("alloc", &matches, &store)?;
    let mut rc = Rc::Ok;
    for text in &matches.free {
        let made = dataset(text).and_then(|dsn| {
            if let Some(member) = &dsn.member {
                return Err(usage("alloc", format!("({member}): give the library only")));
            }
            let made = store.allocate(&dsn, Disposition::New, &asked.dcb)?;
            let has = made.attributes().copied();
            has.map(|has| (dsn.name.clone(), has))
                .ok_or_else(|| StoreError::NoAttributes(dsn.name).into())
        });
        match made {
            Ok((name, has)) => {
                let has = attributes::line(&has);
                terminal.message(&DATASET_ALLOCATED, &[("name", &name), ("attributes", &has)])?;
            }
            Err(failure) => rc = rc.max(terminal.failed(failure)),
        }
    }
    Ok(rc)
}
