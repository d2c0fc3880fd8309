//! Decks: the filter deck and what is decided by it, and a job.

use std::fmt::Write;
use std::path::Path;

use zoxy::codepage::CodePage;
use zoxy::config::{self, Config, Host, LoadOptions, Target};
use zoxy::jcl::{self, Libraries, Member, SystemSymbols};

use crate::line::{Line, Work, repeat};

/// Cards of the filter deck.
const CARDS: usize = 200;

/// Partners in it, each with a profile and filters.
const PARTNERS: usize = 28;

pub fn lines() -> Vec<Line> {
    vec![
        Line {
            name: "deck-text",
            about: "a filter deck of 200 cards, from text to configuration",
            bytes: None,
            counted: Some(20),
            make: || read(deck().into_bytes()),
        },
        Line {
            name: "deck-ebcdic",
            about: "the same deck as FB 80 in IBM-1047, both detected",
            bytes: None,
            counted: Some(20),
            make: || read(as_records(&deck())),
        },
        Line {
            name: "decide-address",
            about: "the filter for an address, the last of 85",
            bytes: None,
            counted: Some(2000),
            make: || decide("192.0.2.1"),
        },
        Line {
            name: "decide-name",
            about: "the filter for a name, the last of 85",
            bytes: None,
            counted: Some(2000),
            make: || decide("stranger.example.org"),
        },
        Line {
            name: "jcl-job",
            about: "the job ZOXYIVP of 73 cards, from text to what runs",
            bytes: None,
            counted: Some(20),
            make: job,
        },
    ]
}

/// A profile with user and method for each partner, and filters by name, address and port.
fn deck() -> String {
    let mut deck = String::from(
        "*---+----1----+----2----+----3----+----4----+----5----+----6----+----7--\n\
         LISTEN   LOCAL    SOCKS    1080  127.0.0.1\n\
         SET      *        KNOWNHOSTS   known_hosts\n",
    );
    for partner in 0..PARTNERS {
        let id = format!("P{partner:03}");
        let _ = write!(
            deck,
            "PROFILE  {id:<8} 22    ssh{partner}.example.com\n\
             SET      {id:<8} USER         batch{partner}\n\
             SET      {id:<8} AUTH         PASSWORD,KEYBOARD\n\
             SET      {id:<8} PASSWORD     keys/{id}.password\n\
             FILTER   {id}FTP  FTPTUN  {id:<8} NNN 21          *.p{partner}.example.com\n\
             FILTER   {id}NET  TUNNEL  {id:<8} NNN 20-22,990   10.{partner}.0.0/16\n\
             FILTER   {id}ANY  TUNNEL  {id:<8} NNN *           host{partner}.example.net\n"
        );
    }
    deck.push_str("FILTER   REST     BLOCK            NNN *           *\n");
    assert_eq!(deck.lines().count(), CARDS);
    deck
}

/// The deck as it comes from a library in binary.
fn as_records(deck: &str) -> Vec<u8> {
    let cards: String = deck.lines().map(|card| format!("{card:80}")).collect();
    CodePage::Ibm1047.encode(&cards).expect("cards are ASCII")
}

fn parse(bytes: &[u8]) -> Config {
    let options = LoadOptions { check_files: false, ..LoadOptions::default() };
    match config::parse("DECK", Some(Path::new("/etc/zoxy")), bytes, &options) {
        Ok(loaded) => loaded.config,
        Err(error) => panic!("{error}"),
    }
}

fn read(bytes: Vec<u8>) -> Work {
    repeat(move || parse(&bytes))
}

fn decide(host: &str) -> Work {
    let config = parse(deck().as_bytes());
    let target = Target { host: Host::parse(host).expect("a host"), port: 21 };
    let filter = config.decide(&target).expect("the last filter matches everything");
    assert_eq!(filter.name.to_string(), "REST");
    repeat(move || config.decide(&target).map(std::sync::Arc::as_ptr))
}

fn job() -> Work {
    let bytes = include_bytes!("../../../jcl/ZOXYIVP").to_vec();
    let deck = Member { source: "ZOXYIVP".into(), bytes, code_page: None, record_format: None };
    let system = SystemSymbols([("SYSUID".to_owned(), "IBMUSER".to_owned())].into());
    let read = move || jcl::read(&deck, &NoLibrary, &system);
    assert!(read().iter().all(|reading| reading.job.is_some()), "a job without errors");
    repeat(read)
}

/// The job has all it needs.
struct NoLibrary;

impl Libraries for NoLibrary {
    fn member(&self, _: Option<&str>, _: &str) -> Result<Option<Member>, String> {
        Ok(None)
    }
}
