//! DD statements: which step they belong to, and data that has no DD statement.

use super::{At, Interpreter, Level, Open};
use crate::jcl::dd::{Dd, DdPart};
use crate::jcl::keyword::{self, Known};
use crate::jcl::model::{InStream, Origin};
use crate::jcl::operand::{Param, Value, Word};
use crate::jcl::reader::{Raw, RawData, Statement};
use crate::jcl::report::Problem;
use crate::jcl::symbol::{SystemUse, is_name};
use crate::jcl::value::{check_name, invalid, name};
use crate::message::catalogue::{
    JCL_DATA_TOO_LONG, JCL_NAME_DUPLICATE, JCL_NAME_INVALID, JCL_OPERATION_REFUSED, JCL_OVERRIDE,
};
use crate::message::diagnostic::quoted;

/// Characters of a record of data at most, symbols replaced.
const MAX_RECORD: usize = 32_760;

/// Columns of a record of data at least.
const CARD: usize = 80;

/// DDs of a step at most.
const MAX_DDS: usize = 3_273;

/// DD names that mean catalogs and checkpoints, which are not here.
const REFUSED: &[&str] = &["JOBCAT", "STEPCAT", "SYSCHK"];

/// What a DD statement without a name is concatenated to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Target {
    /// Nothing: there was no DD.
    #[default]
    None,
    /// Something that was reported: it is dropped.
    Skip,
    /// The DD of that index in its step.
    Dd(usize),
}

/// The name field of a DD statement.
pub(super) enum DdName {
    /// Blank: a concatenation.
    Blank,
    /// `NAME`.
    Plain(String),
    /// `STEP.NAME`.
    Step(String, String),
    /// Neither, reported.
    Wrong,
}

impl Interpreter<'_> {
    pub(super) fn dd(&mut self, statement: &Statement, at: &At) {
        let name = self.dd_name(statement, at);
        let params = self.params(statement, at);
        let spoiled = params.is_none();
        let params = params.unwrap_or_default();
        let mut part = DdPart::new(params, at.position.clone(), at.place, &mut self.report);
        part.spoiled |= spoiled;
        if let Some(data) = &statement.data {
            let stream = self.in_stream_data(data, &part, at);
            part.data = Some(stream);
        }
        self.check_dlm(&part);
        let place = statement.name.at_entry(at.entry).whole();
        let place = if place.card == 0 { at.place } else { place };
        self.place_dd(name, part, at, place);
    }

    fn dd_name(&mut self, statement: &Statement, at: &At) -> DdName {
        let text = statement.name.as_str();
        if text.is_empty() {
            return DdName::Blank;
        }
        let place = statement.name.at_entry(at.entry).whole();
        let names: Vec<_> = text.split('.').collect();
        match names.as_slice() {
            [only] => {
                let checked = check_name(only, place);
                if self.report.accept(checked).is_some() {
                    return DdName::Plain((*only).to_owned());
                }
            }
            [step, dd] if is_name(step) && is_name(dd) => {
                return DdName::Step((*step).to_owned(), (*dd).to_owned());
            }
            _ => {
                let expected = "the name of a DD, or step.dd for a step of a procedure";
                self.report.add(Problem::text(&JCL_NAME_INVALID, place, text, expected));
            }
        }
        DdName::Wrong
    }

    fn check_dlm(&mut self, part: &DdPart) {
        if let Some(param) = part.value("DLM") {
            let characters = param.word().map(|word| word.text.replace("&&", "&").chars().count());
            if characters != Some(2) {
                self.report.add(invalid(param, "two characters"));
            }
        }
    }

    /// Gives a DD statement to what it belongs to.
    fn place_dd(&mut self, name: DdName, part: DdPart, at: &At, place: crate::jcl::text::Place) {
        if let DdName::Plain(name) | DdName::Step(_, name) = &name {
            if REFUSED.contains(&name.as_str()) {
                let found = quoted(name);
                let expected = format!("no {name}, for there are no such catalogs or checkpoints");
                self.report.add(Problem::new(&JCL_OPERATION_REFUSED, place, found, expected));
                self.skip();
                return;
            }
        }
        let open = std::mem::take(&mut self.frame().open);
        let open = match open {
            Open::None => {
                self.misplaced(at, "a DD statement", "an EXEC statement before");
                Open::None
            }
            Open::Job(target) => Open::Job(self.job_dd(name, part, at, target)),
            Open::Step { step, target } => {
                let target = self.step_dd(step, name, part, at, place, target);
                Open::Step { step, target }
            }
            Open::Call(call) => Open::Call(self.override_dd(call, name, part, at, place)),
        };
        self.frame().open = open;
    }

    /// What follows without a name is dropped as well.
    fn skip(&mut self) {
        match &mut self.frame().open {
            Open::None => {}
            Open::Job(target) | Open::Step { target, .. } => *target = Target::Skip,
            Open::Call(call) => call.skip(),
        }
    }

    fn job_dd(&mut self, name: DdName, part: DdPart, at: &At, target: Target) -> Target {
        match (name, target) {
            (DdName::Plain(name), _) if name == "JOBLIB" && self.joblib.is_none() => {
                self.joblib = Some(Dd { name, parts: vec![part] });
                Target::Dd(0)
            }
            (DdName::Blank, Target::Dd(_)) => {
                if let Some(joblib) = &mut self.joblib {
                    joblib.parts.push(part);
                }
                target
            }
            (DdName::Blank, Target::Skip) | (DdName::Wrong, _) => Target::Skip,
            (DdName::Blank | DdName::Plain(_) | DdName::Step(..), _) => {
                let expected = "JOBLIB, once, or an EXEC statement before";
                self.misplaced(at, "a DD statement", expected);
                Target::Skip
            }
        }
    }

    fn step_dd(
        &mut self,
        step: usize,
        name: DdName,
        part: DdPart,
        at: &At,
        place: crate::jcl::text::Place,
        target: Target,
    ) -> Target {
        match (name, target) {
            (DdName::Blank, Target::Dd(dd)) => {
                if let Some(dd) = self.steps.get_mut(step).and_then(|step| step.dds.get_mut(dd)) {
                    dd.parts.push(part);
                }
                target
            }
            (DdName::Blank, Target::None) => {
                self.misplaced(at, "a DD without a name", "a DD with a name before it");
                Target::Skip
            }
            (DdName::Blank, Target::Skip) | (DdName::Wrong, _) => Target::Skip,
            // What was wrong with the EXEC statement was reported: it may have been a call.
            (DdName::Step(..), _) if self.is_spoiled(step) => Target::Skip,
            (DdName::Step(..), _) => {
                let expected = "the name of a DD alone, for the step runs a program";
                self.report.add(Problem::new(&JCL_OVERRIDE, place, "step.dd", expected));
                Target::Skip
            }
            (DdName::Plain(name), _) if name == "JOBLIB" => {
                self.misplaced(at, "'JOBLIB'", "JOBLIB before the first EXEC statement");
                Target::Skip
            }
            (DdName::Plain(name), _) => self.add_dd(step, name, part, place),
        }
    }

    fn is_spoiled(&self, step: usize) -> bool {
        self.steps.get(step).is_some_and(|step| step.step.program.is_empty())
    }

    /// Adds a DD to a step.
    pub(super) fn add_dd(
        &mut self,
        step: usize,
        name: String,
        part: DdPart,
        place: crate::jcl::text::Place,
    ) -> Target {
        let Some(step) = self.steps.get_mut(step) else { return Target::Skip };
        if let Some(known) = step.dd_names.get(&name) {
            let part = step.dds.get(*known).and_then(|dd| dd.parts.first());
            let card = part.map_or(0, |part| part.place.card);
            let expected = format!("a name that no DD of the step has; card {card} has it");
            self.report.add(Problem::text(&JCL_NAME_DUPLICATE, place, &name, expected));
            return Target::Skip;
        }
        if step.dds.len() >= MAX_DDS {
            let expected = format!("at most {MAX_DDS} DDs in a step");
            self.report.add_limit(place, "one DD more", expected);
            return Target::Skip;
        }
        step.dd_names.insert(name.clone(), step.dds.len());
        step.dds.push(Dd { name, parts: vec![part] });
        Target::Dd(step.dds.len() - 1)
    }

    /// Data that no DD statement announces becomes SYSIN. Blank cards are no data.
    pub(super) fn loose_data(&mut self, raw: &Raw, data: &RawData, level: Level) {
        if data.records.iter().all(String::is_empty) {
            return;
        }
        let is_deck = level.is_deck;
        let generated = Raw { cards: vec!["//SYSIN    DD *".to_owned()], ..raw.clone() };
        let has_step = matches!(self.frame().open, Open::Step { .. } | Open::Call(_));
        let origin = if is_deck && has_step { Origin::Generated } else { level.origin };
        let shown = if origin == Origin::Generated {
            generated
        } else {
            Raw { cards: data.records.iter().take(1).cloned().collect(), ..raw.clone() }
        };
        let at = self.list(&shown, origin, origin == Origin::Generated);
        self.report_all(raw, &at);
        if origin != Origin::Generated {
            let found = quoted(raw.first_line());
            let expected = "// or /* in columns 1 and 2: data follows a DD statement or a step";
            self.misplaced(&at, &found, expected);
            return;
        }
        let mut part = DdPart::new(Vec::new(), at.position.clone(), at.place, &mut self.report);
        if let Some(keyword) = keyword::find(keyword::DD, "*") {
            let word = Word { text: "*".to_owned(), quoted: false, at: at.place };
            let raw = "*".to_owned();
            let param = Param { key: None, value: Value::Word(word), raw, at: at.place };
            part.params.push(Known { keyword, param });
        }
        let stream = self.in_stream_data(data, &part, &at);
        part.data = Some(stream);
        self.place_dd(DdName::Plain("SYSIN".to_owned()), part, &at, at.place);
    }

    /// Data of a DD, with its symbols replaced if SYMBOLS asks for it.
    fn in_stream_data(&mut self, data: &RawData, part: &DdPart, at: &At) -> InStream {
        let mut stream = InStream {
            records: Vec::new(),
            lrecl: CARD,
            first_card: data.first_card,
            symbols_log: None,
        };
        let symbols = part.value("SYMBOLS").map(symbols);
        let symbols = symbols.and_then(|symbols| self.report.accept(symbols));
        match symbols {
            None => {
                self.symbols.count(data.records.iter().map(|record| record.len() + 1).sum());
                stream.records.clone_from(&data.records);
            }
            Some((system, log)) => {
                let lines = self.replace_records(data, system, &mut stream, at);
                stream.symbols_log = log.map(|log| (log, lines));
            }
        }
        self.check_limits(at.place);
        let longest = stream.records.iter().map(|record| record.chars().count()).max();
        stream.lrecl = stream.lrecl.max(longest.unwrap_or_default());
        stream
    }

    /// Replaces the symbols of all records; what was replaced, before and after.
    fn replace_records(
        &mut self,
        data: &RawData,
        system: SystemUse,
        stream: &mut InStream,
        at: &At,
    ) -> Vec<String> {
        let mut log = Vec::new();
        for (index, record) in data.records.iter().enumerate() {
            if self.symbols.is_exhausted() {
                break;
            }
            let Some(replaced) = self.symbols.replace_record(record, system) else {
                stream.records.push(record.clone());
                continue;
            };
            let replaced = replaced.trim_end_matches(' ').to_owned();
            let length = replaced.chars().count();
            if length > MAX_RECORD {
                let card = data.first_card + index;
                let place = crate::jcl::text::Place { card, ..at.place };
                let found = format!("{length} characters after its symbols were replaced");
                let expected = format!("at most {MAX_RECORD} in a record");
                self.report.add(Problem::new(&JCL_DATA_TOO_LONG, place, found, expected));
            }
            log.push(format!("{:>6} - {record}", data.first_card + index));
            log.push(format!("{:>6} + {replaced}", ""));
            stream.records.push(replaced);
        }
        log
    }
}

/// SYMBOLS: which symbols, and the DD that logs.
fn symbols(param: &Param) -> Result<(SystemUse, Option<String>), Problem> {
    let expected = "JCLONLY, EXECSYS or CNVTSYS, or (one of them,dd)";
    let items = param.items();
    let word = |index: usize| items.get(index).and_then(Param::word);
    let system = match word(0).map(|word| word.text.as_str()) {
        Some("JCLONLY") => SystemUse::None,
        Some("EXECSYS" | "CNVTSYS") => SystemUse::All,
        _ => return Err(invalid(param, expected)),
    };
    if items.len() > 2 {
        return Err(invalid(param, expected));
    }
    Ok((system, items.get(1).map(name).transpose()?))
}
