//! `zoxy ds path`: where a data set or member lies, for programs that open files by themselves.

use getopts::Options;

use super::{Failure, Rc, Terminal, dataset, parse, usage};

const BRIEF: &str = "\
Usage: zoxy ds path NAME

Prints the path of a data set or member, whether it exists or not. For a COBOL
program of GnuCOBOL that reads ASSIGN TO INFILE:

    DD_INFILE=$(zoxy ds path BATCH.DATA) ./program

What such a program writes replaces the file in place, without a claim on it.";

const RETURN_CODES: &str = "
Return codes: 0 done, 8 the command or a name is wrong, 12 there is no root, or
what has the name is neither data set nor member, such as a symbolic link.
";

pub(super) fn run(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    let Some(matches) = parse("path", &mut options, BRIEF, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    let [text] = &matches.free[..] else { return Err(usage("path", "give one name")) };
    let path = super::store("path", &matches)?.usable_path(&dataset(text)?)?;
    use std::os::unix::ffi::OsStrExt;
    terminal
        .out
        .write_all(&[path.as_os_str().as_bytes(), b"\n"].concat())
        .map_err(Failure::of_output)?;
    Ok(Rc::Ok)
}
