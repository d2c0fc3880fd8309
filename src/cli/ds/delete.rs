//! `zoxy ds delete`: deletes data sets and members.

use getopts::Options;

use super::{Failure, Rc, Terminal, add_wait, dataset, parse, usage};
use crate::message::catalogue::DATASET_DELETED;

const BRIEF: &str = "\
Usage: zoxy ds delete [OPTIONS] NAME ...

Deletes data sets, libraries with all their members, or single members. Masks
are not taken.";

const RETURN_CODES: &str = "
Return codes: 0 done, 8 not done: the command or a name is wrong, or there is
no such data set, 12 not done: it is in use, or something outside failed. With
several names the others are deleted all the same.
";

pub(super) fn run(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    add_wait(&mut options);
    let Some(matches) = parse("delete", &mut options, BRIEF, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    if matches.free.is_empty() {
        return Err(usage("delete", "a name is missing"));
    }
    let store = super::store("delete", &matches)?;
    let mut rc = Rc::Ok;
    for text in &matches.free {
        let deleted = dataset(text).and_then(|dsn| Ok((store.delete(&dsn)?, dsn)));
        match deleted {
            Ok(((), dsn)) => terminal.message(&DATASET_DELETED, &[("name", &dsn)])?,
            Err(failure) => rc = rc.max(terminal.failed(failure)),
        }
    }
    Ok(rc)
}
