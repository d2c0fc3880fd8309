//! Members from libraries: procedures and what INCLUDE names, each fetched and taken apart once.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::reader::{self, Raw};
use super::report::{Problem, Report};
use super::text::Place;
use super::{Libraries, card};
use crate::message::Argument;
use crate::message::catalogue::{JCL_MEMBER_UNKNOWN, JCL_MEMBER_UNREADABLE, JCL_NOT_RECORDS};
use crate::message::diagnostic::quoted;

/// Bytes of a member at most.
pub(super) const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Cards of a member at most.
pub(super) const MAX_CARDS: usize = 100_000;

/// Bytes of all members of a job together.
const MAX_TOTAL: usize = 16 * 1024 * 1024;

/// What came of a name.
enum Fetched {
    Found(Rc<[Raw]>),
    /// No library has it.
    Unknown,
    /// It cannot be read, which was reported.
    Unreadable,
}

/// The libraries of a job, and what came out of them.
pub(super) struct Library<'a> {
    libraries: &'a dyn Libraries,
    /// JCLLIB ORDER.
    order: Vec<String>,
    fetched: BTreeMap<String, Fetched>,
    total: usize,
}

impl<'a> Library<'a> {
    pub fn new(libraries: &'a dyn Libraries) -> Self {
        Self { libraries, order: Vec::new(), fetched: BTreeMap::new(), total: 0 }
    }

    /// JCLLIB.
    pub fn set_order(&mut self, order: Vec<String>) {
        self.order = order;
        self.fetched.clear();
    }

    /// The statements of a member; None if it cannot be had, which is reported.
    pub fn fetch(&mut self, name: &str, at: Place, report: &mut Report) -> Option<Rc<[Raw]>> {
        if !self.fetched.contains_key(name) {
            let found = self.read(name, at, report);
            self.fetched.insert(name.to_owned(), found);
        }
        match self.fetched.get(name)? {
            Fetched::Found(raws) => Some(raws.clone()),
            Fetched::Unreadable => None,
            Fetched::Unknown => {
                let place = match self.order.as_slice() {
                    [] => "the deck or a procedure library",
                    _ => "the deck, a library of JCLLIB or a procedure library",
                };
                let expected = format!("a member of {place}");
                report.add(Problem::new(&JCL_MEMBER_UNKNOWN, at, quoted(name), expected));
                None
            }
        }
    }

    fn read(&mut self, name: &str, at: Place, report: &mut Report) -> Fetched {
        let order = self.order.iter().map(|library| Some(library.as_str())).chain([None]);
        for library in order {
            let member = match self.libraries.member(library, name) {
                Ok(None) => continue,
                Ok(Some(member)) => member,
                Err(reason) => {
                    let full = match library {
                        Some(library) => format!("{library}({name})"),
                        None => name.to_owned(),
                    };
                    report.add_unreadable(&JCL_MEMBER_UNREADABLE, at, &full, &reason);
                    return Fetched::Unreadable;
                }
            };
            self.total = self.total.saturating_add(member.bytes.len());
            if member.bytes.len() > MAX_BYTES || self.total > MAX_TOTAL {
                let found = format!("{} bytes in {}", member.bytes.len(), member.source);
                let expected = format!(
                    "at most {MAX_BYTES} in a member, and {MAX_TOTAL} in all members of a job"
                );
                report.add_limit(at, found, expected);
                return Fetched::Unreadable;
            }
            let raws = raws(&member, report);
            return raws.map_or(Fetched::Unreadable, |raws| Fetched::Found(raws.into()));
        }
        Fetched::Unknown
    }
}

/// Takes a member apart; None if it cannot be, which is reported.
pub(super) fn raws(member: &super::Member, report: &mut Report) -> Option<Vec<Raw>> {
    let source = report.source(&member.source);
    let place = Place { source, ..Place::default() };
    match card::cards(member) {
        Ok(cards) if cards.len() > MAX_CARDS => {
            let found = format!("{} cards", cards.len());
            let place = Place { card: MAX_CARDS + 1, from: 1, to: card::LAST, ..place };
            report.add_limit(place, found, format!("at most {MAX_CARDS} in a member"));
            None
        }
        Ok(cards) => Some(reader::read(&cards, source)),
        Err(reason) => {
            let arguments: &[Argument<'_>] = &[("member", &member.source), ("reason", &reason)];
            report.add_to_member(&JCL_NOT_RECORDS, place, arguments);
            None
        }
    }
}
