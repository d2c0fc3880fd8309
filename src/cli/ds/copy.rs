//! `zoxy ds copy` and `zoxy ds convert`: options, and one file after the other.

use getopts::{Matches, Options};

use super::super::interrupt::Interrupt;
use super::attributes::{self, Asked};
use super::move_one::{Change, Orders, move_one};
use super::plan;
use super::{Failure, Rc, Terminal, add_wait, parse, usage};
use crate::dataset::{Dcb, LineEnd, Overflow, Store};
use crate::message::catalogue::{DATASET_IO, DATASET_NOTHING};

const COPY: &str = "\
Usage: zoxy ds copy [OPTIONS] FROM TO

Copies files, members and data sets as they are, byte for byte; - is the
standard input or output. A library goes to a library or folder with all its
members, a folder to a library. What is named with slashes
(//'HLQ.NAME(MEMBER)', //DD:NAME) is a data set, anything else a path.

A data set that is not there is made, with the attributes of FROM, or as the
bytes look; the options say otherwise. Bytes that are no records of TO are not
copied. Between data sets of unlike RECFM or LRECL records are copied, not
bytes.";

const CONVERT: &str = "\
Usage: zoxy ds convert [OPTIONS] FROM TO

Converts text to records, records to text, and one code page to another; names
are those of zoxy ds copy. What FROM is, its attributes say, or the --from
options, or the bytes. What TO is, its attributes say, or the options; without
them a path gets text in UTF-8, and a new data set fixed records of 80 bytes
in IBM-1047.

Short records are filled up with blanks; blanks at the end of fixed records
are dropped where the new ones need none. A record that is too long, a
character that the page does not have, or a line end within a record is an
error.";

const RETURN_CODES: &str = "
Return codes: 0 done, 4 records were cut off or continued, or there was
nothing to copy, 8 not done: the command, a name or a record is wrong, or TO
exists, 12 not done: a data set is in use, or something outside failed. What a
file that cannot be copied would replace stays as it was.
";

pub(super) fn copy(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    add_options(&mut options);
    let Some(matches) = parse("copy", &mut options, COPY, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    let store = super::store("copy", &matches)?;
    let orders = Orders {
        asked: Asked::from_matches("copy", &matches, &store)?,
        overflow: overflow("copy", &matches)?,
        replaces: matches.opt_present("replace"),
        change: Change::None,
    };
    run("copy", &matches, &store, &orders, terminal)
}

pub(super) fn convert(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    add_options(&mut options);
    options
        .optopt("", "from-recfm", "record format of FROM", "RECFM")
        .optopt("", "from-lrecl", "bytes of the fixed records of FROM", "LRECL")
        .optopt("", "from-codepage", "code page of FROM", "PAGE")
        .optopt(
            "",
            "line-end",
            "what ends lines of text: LF or CRLF, in EBCDIC NL or CRNL too",
            "END",
        )
        .optflag("k", "keep-blanks", "keep the blanks at the end of fixed records");
    let Some(matches) = parse("convert", &mut options, CONVERT, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    let store = super::store("convert", &matches)?;
    let line_end = match matches.opt_str("line-end") {
        None => None,
        Some(text) => Some(
            text.parse::<LineEnd>()
                .map_err(|error| usage("convert", format!("--line-end {text}: {error}")))?,
        ),
    };
    let orders = Orders {
        asked: Asked::from_matches("convert", &matches, &store)?,
        overflow: overflow("convert", &matches)?,
        replaces: matches.opt_present("replace"),
        change: Change::Text {
            from: from_options(&matches)?,
            line_end,
            keeps_blanks: matches.opt_present("keep-blanks"),
        },
    };
    run("convert", &matches, &store, &orders, terminal)
}

fn add_options(options: &mut Options) {
    options.optflag("r", "replace", "replace what is there").optopt(
        "",
        "overflow",
        "what becomes of a record that is too long: REFUSE, TRUNCATE or WRAP",
        "WHAT",
    );
    attributes::add_options(options);
    add_wait(options);
}

fn overflow(command: &str, matches: &Matches) -> Result<Overflow, Failure> {
    match matches.opt_str("overflow").map(|text| text.to_ascii_uppercase()).as_deref() {
        None | Some("REFUSE") => Ok(Overflow::Refuse),
        Some("TRUNCATE") => Ok(Overflow::Truncate),
        Some("WRAP") => Ok(Overflow::Wrap),
        Some(text) => {
            Err(usage(command, format!("--overflow {text}: expected REFUSE, TRUNCATE or WRAP")))
        }
    }
}

/// What the `--from` options say.
fn from_options(matches: &Matches) -> Result<Dcb, Failure> {
    fn given<T: std::str::FromStr<Err: std::fmt::Display>>(
        matches: &Matches,
        option: &str,
    ) -> Result<Option<T>, Failure> {
        let Some(text) = matches.opt_str(option) else { return Ok(None) };
        text.parse()
            .map(Some)
            .map_err(|error| usage("convert", format!("--{option} {text}: {error}")))
    }
    Ok(Dcb {
        recfm: given(matches, "from-recfm")?,
        lrecl: given(matches, "from-lrecl")?,
        code_page: given(matches, "from-codepage")?,
        ..Dcb::default()
    })
}

fn run(
    command: &str,
    matches: &Matches,
    store: &Store,
    orders: &Orders,
    terminal: &mut Terminal<'_>,
) -> Result<Rc, Failure> {
    let [from, to] = &matches.free[..] else { return Err(usage(command, "give FROM and TO")) };
    let pairs = plan::pairs(store, from, to)?;
    if pairs.is_empty() {
        terminal.message(&DATASET_NOTHING, &[("mask", from)])?;
        return Ok(Rc::Warning);
    }
    let unheard = |error: std::io::Error| {
        Failure::new(Rc::Severe, &DATASET_IO, &[("path", &"signals"), ("reason", &error)])
    };
    let interrupt = Interrupt::new().map_err(unheard)?;
    let mut rc = Rc::Ok;
    for (from, to) in &pairs {
        match move_one(store, orders, from, to, &interrupt, terminal) {
            Ok(moved) => rc = rc.max(moved.tell(from, to, terminal)?),
            // What was begun has been taken back by now.
            Err(_) if interrupt.came() => interrupt.obey(),
            Err(failure) => rc = rc.max(terminal.failed(failure)),
        }
    }
    Ok(rc)
}
