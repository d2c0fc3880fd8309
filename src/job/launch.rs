//! Jobs in the background: a process of their own, and what it is told.
//!
//! The parent gives out the number, reads the deck and says what is wrong with it; only a good deck
//! gets a process. That process reads the same deck again, from the job's folder: what it is to do
//! stands in `work/order`. The lock of the job is its standard input, that of a started task's name
//! its standard output, so that neither is free for a moment. It leaves the session of whoever
//! started it and outlives it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::libraries::{SystemLibraries, symbols};
use super::proc;
use super::run;
use super::settings::{Settings, own_command};
use super::spool::{JobFolder, new_file};
use super::wait::Changes;
use super::watch::Watch;
use crate::dataset::Store;
use crate::jcl::{self, Member, Reading, Start};

/// The hidden subcommand of zoxy that runs a job in the background.
pub const SUBCOMMAND: &str = "runjob";

/// What a job is made of.
#[derive(Debug, Clone)]
pub enum Order {
    /// One of the jobs of a deck, counted from 0.
    Deck(Member, usize),
    /// A procedure as a started task.
    Start(Start),
}

impl Order {
    /// Reads it: the job, or what is wrong.
    pub fn read(&self, store: &Store, settings: &Settings) -> Option<Reading> {
        let libraries = SystemLibraries { store, settings };
        let symbols = symbols();
        match self {
            Self::Deck(deck, index) => {
                jcl::read(deck, &libraries, &symbols).into_iter().nth(*index)
            }
            Self::Start(start) => Some(jcl::start(start, &libraries, &symbols)),
        }
    }

    fn write(&self, work: &Path) -> io::Result<()> {
        let mut text = String::new();
        let mut line = |keyword: &str, value: &dyn std::fmt::Display| {
            text.push_str(&format!("{keyword} {value}\n"));
        };
        match self {
            Self::Deck(deck, index) => {
                line("INDEX", index);
                if let Some(page) = deck.code_page {
                    line("PAGE", &page);
                }
                if let Some(format) = deck.record_format {
                    line("RECFM", &format);
                }
                line("SOURCE", &deck.source.replace('\n', "?"));
                file(work, DECK)?.write_all(&deck.bytes)?;
            }
            Self::Start(start) => {
                line("START", &start.procedure);
                if let Some(job) = &start.job {
                    line("JOB", job);
                }
                for (name, value) in &start.parameters {
                    line("PARAMETER", &format_args!("{name}={value}"));
                }
            }
        }
        file(work, ORDER)?.write_all(text.as_bytes())
    }

    fn restore(work: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(work.join(ORDER))?;
        let damaged = || io::Error::other("the order of the job is damaged");
        let of = |keyword: &str| {
            text.lines().find_map(|line| line.strip_prefix(keyword)?.strip_prefix(' '))
        };
        if let Some(procedure) = of("START") {
            let parameters = text.lines().filter_map(|line| line.strip_prefix("PARAMETER "));
            let pair = |text: &str| {
                let (name, value) = text.split_once('=')?;
                Some((name.to_owned(), value.to_owned()))
            };
            return Ok(Self::Start(Start {
                procedure: procedure.to_owned(),
                job: of("JOB").map(str::to_owned),
                parameters: parameters.map(pair).collect::<Option<_>>().ok_or_else(damaged)?,
            }));
        }
        let member = Member {
            source: of("SOURCE").ok_or_else(damaged)?.to_owned(),
            bytes: fs::read(work.join(DECK))?,
            code_page: of("PAGE").map(str::parse).transpose().map_err(|_| damaged())?,
            record_format: of("RECFM").map(str::parse).transpose().map_err(|_| damaged())?,
        };
        let index = of("INDEX").and_then(|index| index.parse().ok()).ok_or_else(damaged)?;
        Ok(Self::Deck(member, index))
    }
}

/// Starts the process of a job; from then on the folder is its own. `name_lock` is that of a started
/// task's name.
pub fn launch(folder: JobFolder, order: &Order, name_lock: Option<File>) -> io::Result<()> {
    order.write(&folder.work())?;
    let errors = folder.output(ERRORS)?;
    let mut command = own_command()?;
    command.arg(SUBCOMMAND).arg(folder.path());
    command.stdin(Stdio::from(folder.lock()?)).stderr(errors);
    command.stdout(name_lock.map_or_else(Stdio::null, |lock| Stdio::from(OwnedFd::from(lock))));
    let changes = Changes::of(folder.path());
    let mut child = command.spawn()?;
    // Once it has a session of its own, the end of this one is none of its business. It says so by
    // its status.
    let process = child.id() as i32;
    let deadline = Instant::now() + START_WAIT;
    while proc::process(process).is_some_and(|found| found.session != process && !found.ended) {
        if Instant::now() >= deadline {
            child.kill()?;
            return Err(io::Error::other("the process of the job does not begin"));
        }
        changes.wait(process, Some(deadline));
    }
    Ok(())
}

/// Runs the job whose folder is `path`, as its own process; the shell's return code.
pub fn run_launched(path: PathBuf) -> io::Result<u8> {
    // It fails only for the leader of a process group, which has left already.
    let _ = rustix::process::setsid();
    let mut watch = Watch::new()?;
    let lock = io::stdin().as_fd().try_clone_to_owned()?;
    let mut folder = JobFolder::take_over(path, lock)?;
    // Whoever waits for the job asks this process.
    folder.update(|_| {})?;
    let store = Store::from_environment().map_err(io::Error::other)?;
    let settings = Settings::from_environment().map_err(io::Error::other)?;
    let order = Order::restore(&folder.work())?;
    let reading = order.read(&store, &settings);
    let reading = reading.ok_or_else(|| io::Error::other("the deck has no such job"))?;
    let end = run::run(folder, &reading, &store, &settings, &mut watch, false)?;
    Ok(end.shell_code())
}

fn file(work: &Path, name: &str) -> io::Result<File> {
    new_file().write(true).truncate(true).open(work.join(name))
}

/// How long the process of a job may take to begin.
const START_WAIT: Duration = Duration::from_secs(30);

const ORDER: &str = "order";
const DECK: &str = "deck";
/// What the process says that is no message of the job.
const ERRORS: &str = "stderr";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codepage::CodePage;
    use crate::dataset::RecordFormat;
    use crate::operator::testing::TempDir;

    #[test]
    fn an_order_is_restored_as_it_was_given() {
        let dir = TempDir::new();
        let work = dir.path("");
        let start = Start {
            procedure: "ZOXY".into(),
            job: Some("ZOXY2".into()),
            parameters: vec![("PARM".into(), "RUN -c 'a=b'".into()), ("HLQ".into(), "X".into())],
        };
        Order::Start(start.clone()).write(&work).unwrap();
        let Order::Start(restored) = Order::restore(&work).unwrap() else { panic!() };
        assert_eq!(restored.parameters, start.parameters);
        assert_eq!((restored.procedure, restored.job), (start.procedure, start.job));
        let member = Member {
            source: "//'A.B(C)'".into(),
            bytes: vec![0, 0xc1, 0xff],
            code_page: Some(CodePage::Ibm037),
            record_format: Some(RecordFormat::FB),
        };
        Order::Deck(member.clone(), 3).write(&work).unwrap();
        let Order::Deck(restored, 3) = Order::restore(&work).unwrap() else { panic!() };
        assert_eq!((restored.bytes, restored.source), (member.bytes, member.source));
        assert_eq!(restored.record_format, member.record_format);
        assert_eq!(restored.code_page, member.code_page);
    }
}
