//! DD statements: their parameters, and what an override does to them.
//!
//! A [`DdPart`] is a statement whose keywords are known; values are read by `finish`, when all
//! overrides are in and what it refers to is there.

mod data_set;
mod finish;
mod path;

use super::keyword::{self, Checked, Keyword, Kinds, Known, Treatment};
use super::model::{InStream, Position};
use super::operand::{Param, Value, Word};
use super::report::{Problem, Report};
use super::text::Place;
use crate::message::catalogue::{
    JCL_KEYWORD_REFUSED, JCL_NAME_DUPLICATE, JCL_SYNTAX, JCL_VALUE_INVALID,
};
use crate::message::diagnostic::quoted;

pub(super) use finish::{Earlier, Finish, class};

/// Keywords that can be subparameters of DCB.
const DCB: &[&str] = &[
    "BLKSIZE", "BUFL", "BUFNO", "DEN", "DSORG", "EROPT", "KEYLEN", "LRECL", "OPTCD", "RECFM",
    "TRTCH",
];

/// Keywords that say what a DD stands for; at most one of them is on a statement.
const SOURCES: &[&str] = &["*", "DATA", "PATH", "SYSOUT", "DDNAME", "DSNAME"];

/// A DD with everything concatenated to it.
#[derive(Debug, Clone)]
pub(super) struct Dd {
    pub name: String,
    pub parts: Vec<DdPart>,
}

/// One DD statement.
#[derive(Debug, Clone)]
pub(super) struct DdPart {
    pub position: Position,
    pub place: Place,
    pub params: Vec<Known>,
    pub data: Option<InStream>,
    /// Something is wrong with it that was reported.
    pub spoiled: bool,
}

impl DdPart {
    /// Sorts the parameters of a statement; what is no parameter of a DD is reported.
    pub fn new(params: Vec<Param>, position: Position, place: Place, report: &mut Report) -> Self {
        let checked = Checked::new(params, keyword::DD, report);
        checked.refuse_unknown("DD", report);
        let mut part = Self { position, place, params: Vec::new(), data: None, spoiled: false };
        part.spoiled = !checked.unknown.is_empty();
        for (index, param) in checked.positional.iter().enumerate() {
            match positional(param, index) {
                Ok(Some(keyword)) => part.params.push(Known { keyword, param: param.clone() }),
                Ok(None) => {}
                Err(problem) => {
                    report.add(problem);
                    part.spoiled = true;
                }
            }
        }
        for known in checked.known {
            if known.keyword.name == "DCB" {
                part.push_dcb(known, report);
            } else {
                part.push(known, report);
            }
        }
        part
    }

    pub fn get(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|known| known.keyword.name == name).map(|known| &known.param)
    }

    /// The parameter, if it is there and not blank.
    pub fn value(&self, name: &str) -> Option<&Param> {
        self.get(name).filter(|param| !param.is_empty())
    }

    /// What the statement says it stands for, DUMMY aside.
    fn source(&self) -> Option<&'static Keyword> {
        let is_source =
            |known: &&Known| SOURCES.contains(&known.keyword.name) && !known.param.is_empty();
        self.params.iter().find(is_source).map(|known| known.keyword)
    }

    fn push(&mut self, known: Known, report: &mut Report) {
        if self.get(known.keyword.name).is_some() {
            let expected = format!("{} once, with or without DCB", known.keyword.name);
            let param = &known.param;
            report.add(Problem::text(&JCL_NAME_DUPLICATE, param.at, &param.raw, expected));
            return;
        }
        self.params.push(known);
    }

    /// Takes the subparameters of DCB for keywords of their own; a reference to another DD stays.
    fn push_dcb(&mut self, known: Known, report: &mut Report) {
        let items = match &known.param.value {
            Value::Word(word) => vec![subparameter(word)],
            Value::List(items) => items.clone(),
            Value::Empty => {
                self.push(known, report);
                return;
            }
        };
        for (index, item) in items.into_iter().enumerate() {
            let Some(key) = &item.key else {
                if index == 0 && !item.is_empty() {
                    let raw = format!("DCB={}", item.raw);
                    let param = Param { key: known.param.key.clone(), raw, ..item };
                    self.push(Known { keyword: known.keyword, param }, report);
                } else if !item.is_empty() {
                    let expected = "a subparameter of DCB such as RECFM=FB";
                    report.add(Problem::text(&JCL_SYNTAX, item.at, &item.raw, expected));
                }
                continue;
            };
            match keyword::find(keyword::DD, &key.text).filter(|k| DCB.contains(&k.name)) {
                None => report.add(keyword::unknown(&key.text, key.at, "DCB")),
                Some(keyword) if keyword.treatment == Treatment::Refused => {
                    let expected = format!("no {}: {}", keyword.name, keyword.meaning);
                    let found = quoted(&key.text);
                    report.add(Problem::new(&JCL_KEYWORD_REFUSED, key.at, found, expected));
                }
                Some(keyword) => self.push(Known { keyword, param: item }, report),
            }
        }
    }

    /// Overrides this statement by another one: keyword by keyword; a blank value removes one.
    pub fn merge(&mut self, over: Self) {
        if let Some(source) = over.source() {
            self.params.retain(|known| {
                let name = known.keyword.name;
                name != "DUMMY"
                    && !SOURCES.contains(&name)
                    && known.keyword.kinds.meets(source.kinds)
            });
            self.data = None;
        }
        for known in over.params {
            let name = known.keyword.name;
            let is_all_of_dcb = name == "DCB" && known.param.is_empty();
            self.params.retain(|old| {
                old.keyword.name != name && !(is_all_of_dcb && DCB.contains(&old.keyword.name))
            });
            if !known.param.is_empty() {
                self.params.push(known);
            }
        }
        if over.data.is_some() {
            self.data = over.data;
        }
        self.spoiled |= over.spoiled;
    }
}

/// A positional parameter as a keyword; None for a blank one.
fn positional(param: &Param, index: usize) -> Result<Option<&'static Keyword>, Problem> {
    if param.is_empty() {
        return Ok(None);
    }
    let expected = "*, DATA or DUMMY as the first parameter, and keywords";
    let invalid = || Problem::text(&JCL_VALUE_INVALID, param.at, &param.raw, expected);
    let word = param.word().filter(|word| index == 0 && !word.quoted).ok_or_else(invalid)?;
    match keyword::find(keyword::DD, &word.text) {
        Some(keyword) if ["*", "DATA", "DUMMY"].contains(&keyword.name) => Ok(Some(keyword)),
        Some(keyword) if keyword.name == "DYNAM" => {
            let expected = format!("no {}: {}", keyword.name, keyword.meaning);
            Err(Problem::text(&JCL_KEYWORD_REFUSED, param.at, &word.text, expected))
        }
        _ => Err(invalid()),
    }
}

/// `LRECL=80` as the only subparameter of DCB, without parentheses.
fn subparameter(word: &Word) -> Param {
    let whole =
        Param { key: None, value: Value::Word(word.clone()), raw: word.text.clone(), at: word.at };
    let Some((key, value)) = word.text.split_once('=').filter(|_| !word.quoted) else {
        return whole;
    };
    let key_at = Place { to: word.at.from + key.len().max(1) - 1, ..word.at };
    let value_at = Place { from: (word.at.from + key.len() + 1).min(word.at.to), ..word.at };
    let value = match value {
        "" => Value::Empty,
        text => Value::Word(Word { text: text.to_owned(), quoted: false, at: value_at }),
    };
    Param { key: Some(Word { text: key.to_owned(), quoted: false, at: key_at }), value, ..whole }
}

/// The kinds of DD that a source makes.
fn kinds_of(source: Option<&Keyword>) -> Kinds {
    match source.map(|keyword| keyword.name) {
        Some("*" | "DATA") => Kinds::IN_STREAM,
        Some("PATH") => Kinds::PATH,
        Some("SYSOUT") => Kinds::SYSOUT,
        Some("DDNAME") => Kinds::DDNAME,
        _ => Kinds::DATA_SET,
    }
}
