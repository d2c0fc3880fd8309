//! `zoxy submit`: runs a JCL-style deck.

use getopts::Options;

use super::output::Output;
use super::rc::Rc;
use super::{deck, usage};
use crate::dataset::{FileName, Prefix, Store};
use crate::jcl::Member;
use crate::job::end::{JobEnd, NOT_RUN};
use crate::job::id::Kind;
use crate::job::launch::{Order, launch};
use crate::job::libraries::{SystemLibraries, deck as read_deck, deck_from_stdin, symbols};
use crate::job::reader::name_of;
use crate::job::run;
use crate::job::settings::Settings;
use crate::job::spool::Spool;
use crate::job::watch::Watch;
use crate::message::catalogue::{
    JOB_RESULT, JOB_SUBMITTED, SPOOL_UNUSABLE, SUBMIT_FAILED, SUBMIT_UNREADABLE,
};
use crate::message::log;

const BRIEF: &str = "\
Usage: zoxy submit [OPTIONS] DECK

Runs the jobs of a JCL-style deck, one after the other, and shows their logs.
DECK is a path, a data set such as //'USER.JCL(NIGHTLY)', or - for standard
input. All that is wrong with it is told before anything runs.";

const RETURN_CODES: &str = "
Return codes: that of the job, made one of 0, 4, 8, 12, 16 (the next higher one;
16 above); 20 JCL error, 24 a step ended abnormally or the job was cancelled, 28
not run: wrong command, or deck, data sets or spool cannot be used. Of several
jobs the highest counts.

Environment: ZOXY_SPOOL is the folder of the spool, ZOXY_DSROOT that of data
sets, ZOXY_PROCLIB has the procedure libraries, ZOXY_PROGRAMS folders with
programs; ZOXY_DSWAIT is how many seconds a job waits for data sets,
ZOXY_STEPWAIT how many a step may wait without processor time, ZOXY_SYSOUTMAX
how many megabytes a SYSOUT data set may have.
";

/// Runs `zoxy submit` with the arguments after the subcommand; returns the return code.
pub(super) fn main(arguments: &[String]) -> u8 {
    let options = options();
    let request = options.parse(arguments).map_err(|error| error.to_string());
    let request = request.and_then(|matches| {
        if matches.opt_present("help") {
            return Ok(None);
        }
        let [name] = &matches.free[..] else {
            return Err("give one deck, or - for standard input".to_owned());
        };
        Ok(Some(Request {
            deck: name.clone(),
            background: matches.opt_present("background"),
            quiet: matches.opt_present("quiet"),
            code_page: deck::named(&matches, "codepage")?,
            record_format: deck::named(&matches, "recfm")?,
        }))
    });
    match request {
        Ok(Some(request)) => {
            log::init(0);
            match submit(&request) {
                Ok(code) => code,
                Err(line) => fail(line),
            }
        }
        Ok(None) => Output::new(Rc::Ok, options.usage(BRIEF) + RETURN_CODES).print(),
        Err(problem) => {
            usage("submit", &problem).print();
            NOT_RUN
        }
    }
}

/// What the command line asks for.
struct Request {
    deck: String,
    background: bool,
    quiet: bool,
    code_page: Option<crate::codepage::CodePage>,
    record_format: Option<crate::dataset::RecordFormat>,
}

fn options() -> Options {
    let mut options = Options::new();
    options
        .optflag("b", "background", "print the numbers of the jobs and do not wait for them")
        .optflag("q", "quiet", "do not show the job log, only how each job ended")
        .optopt("", "codepage", "code page of the deck (default: detected)", "PAGE")
        .optopt("", "recfm", "its record format: TEXT, FB or VB (default: detected)", "FORMAT")
        .optflag("h", "help", "print this help");
    options
}

fn fail(line: String) -> u8 {
    Output::failure(Rc::Severe, line).print();
    NOT_RUN
}

/// The return code, or the message that says why nothing was run.
fn submit(request: &Request) -> Result<u8, String> {
    let unusable = |reason: &dyn std::fmt::Display| SPOOL_UNUSABLE.render(&[("reason", &reason)]);
    let deck = read(request)?;
    let store = Store::from_environment().map_err(|error| error.line())?;
    let settings = Settings::from_environment().map_err(|problem| unusable(&problem))?;
    let spool = Spool::from_environment().map_err(|error| unusable(&error))?;
    let libraries = SystemLibraries { store: &store, settings: &settings };
    let readings = crate::jcl::read(&deck, &libraries, &symbols());
    // Everything that is wrong, before a step of any job runs. A job log that is shown has the
    // warnings too.
    let logged = !request.quiet && !request.background;
    for reading in readings.iter().filter(|reading| !logged || reading.job.is_none()) {
        reading.diagnostics.iter().for_each(|diagnostic| eprintln!("{diagnostic}"));
    }
    let mut watch = None;
    if !request.background {
        watch = Some(Watch::new().map_err(|error| unusable(&error))?);
    }
    let mut highest = 0;
    for (index, reading) in readings.iter().enumerate() {
        let name = name_of(reading);
        let folder = spool.create(Kind::Batch, &name).map_err(|error| unusable(&error))?;
        let id = folder.id;
        let failed =
            |error: std::io::Error| SUBMIT_FAILED.render(&[("job", &id), ("reason", &error)]);
        let end = match (&mut watch, &reading.job) {
            (_, None) => run::reject(folder, reading).map_err(failed)?,
            (None, Some(_)) => {
                let order = Order::Deck(deck.clone(), index);
                launch(folder, &order, None).map_err(failed)?;
                println!("{}", JOB_SUBMITTED.render(&[("job", &name), ("id", &id)]));
                continue;
            }
            (Some(watch), Some(_)) => {
                run::run(folder, reading, &store, &settings, watch, !request.quiet)
                    .map_err(failed)?
            }
        };
        if request.quiet || end == JobEnd::JclError && reading.job.is_none() {
            println!("{}", JOB_RESULT.render(&[("id", &id), ("job", &name), ("end", &end)]));
        }
        highest = highest.max(end.shell_code());
        if end == JobEnd::Abended(run::CANCELLED) {
            break;
        }
    }
    Ok(highest)
}

fn read(request: &Request) -> Result<Member, String> {
    let unreadable = |reason: &dyn std::fmt::Display| {
        SUBMIT_UNREADABLE.render(&[("deck", &request.deck), ("reason", &reason)])
    };
    let mut deck = match request.deck.as_str() {
        "-" => deck_from_stdin().map_err(|error| unreadable(&error))?,
        name => {
            let name = FileName::parse(name, &Prefix::Environment);
            let name = name.map_err(|error| unreadable(&error))?;
            read_deck(&name).map_err(|error| unreadable(&error))?
        }
    };
    deck.code_page = request.code_page.or(deck.code_page);
    deck.record_format = request.record_format.or(deck.record_format);
    Ok(deck)
}
