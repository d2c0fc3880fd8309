//! `zoxy ds rename`: gives a data set or member another name.

use getopts::Options;

use super::{Failure, Rc, Terminal, add_wait, dataset, parse, usage};
use crate::message::catalogue::DATASET_RENAMED;

const BRIEF: &str = "\
Usage: zoxy ds rename [OPTIONS] OLD NEW

Renames a data set, HLQ.OLD to HLQ.NEW, or a member, LIB(OLD) to LIB(NEW).
Nothing is replaced: NEW must not exist.";

const RETURN_CODES: &str = "
Return codes: 0 done, 8 not done: the command or a name is wrong, there is no
OLD, or there is a NEW, 12 not done: it is in use, or something outside
failed.
";

pub(super) fn run(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    add_wait(&mut options);
    let Some(matches) = parse("rename", &mut options, BRIEF, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    let [old, new] = &matches.free[..] else {
        return Err(usage("rename", "give the old and the new name"));
    };
    let store = super::store("rename", &matches)?;
    let (old, new) = (dataset(old)?, dataset(new)?);
    match (&old.member, &new.member) {
        (None, None) => store.rename(&old.name, &new.name)?,
        (Some(from), Some(to)) if old.name == new.name => {
            store.rename_member(&old.name, from, to)?;
        }
        (Some(_), Some(_)) => {
            return Err(usage("rename", "a member cannot move to another library; copy it"));
        }
        _ => return Err(usage("rename", "give two data sets, or two members of one library")),
    }
    terminal.message(&DATASET_RENAMED, &[("old", &old), ("new", &new)])?;
    Ok(Rc::Ok)
}
