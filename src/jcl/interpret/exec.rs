//! EXEC: a step that runs a program, or the call of a procedure.

use std::collections::HashMap;

use super::{At, Interpreter, Open, dd::Target};
use crate::jcl::condition;
use crate::jcl::dd::Dd;
use crate::jcl::keyword::{self, Checked, Known};
use crate::jcl::model::{Cond, Parm, Step, Tested};
use crate::jcl::operand::{Param, Value, Word};
use crate::jcl::reader::Statement;
use crate::jcl::report::Problem;
use crate::jcl::text::Place;
use crate::jcl::value::{self, invalid, name, word};
use crate::message::catalogue::{
    JCL_EXCLUSIVE, JCL_KEYWORD_REFUSED, JCL_PARAMETER_MISSING, JCL_STEP_TWICE,
};
use crate::message::diagnostic::quoted;

/// Steps of a job at most, and calls of procedures at most.
const MAX_STEPS: usize = 255;

/// Characters of PARM at most.
const MAX_PARM: usize = 100;

/// A step before its DDs are finished.
#[derive(Debug)]
pub(super) struct StepBuilder {
    /// All of it but its DDs.
    pub step: Step,
    /// The frame in which its names are looked for.
    pub names: usize,
    /// Where PARMDD stands.
    pub parm_place: Place,
    pub dds: Vec<Dd>,
    /// Their names and indices.
    pub dd_names: HashMap<String, usize>,
}

/// Keywords of the EXEC statement that called a procedure, for the steps of the procedure.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    /// Without the name of a step.
    general: Vec<Known>,
    /// With one: its name, and whether there was such a step.
    steps: Vec<(Word, Known, bool)>,
}

/// What an EXEC statement runs.
enum Runs {
    Program(String),
    Procedure(String, Place),
}

impl Interpreter<'_> {
    pub(super) fn exec(&mut self, statement: &Statement, at: &At) {
        self.close_group();
        let name = self.optional_name(statement, at);
        self.warn_twice(name.as_deref(), statement, at);
        let is_first = self.frame().execs == 0;
        self.frame().execs += 1;
        if self.steps.len() >= MAX_STEPS || self.calls() > MAX_STEPS {
            self.is_stopped = true;
            let expected = format!("at most {MAX_STEPS} steps, and as many calls of procedures");
            self.report.add_limit(at.place, "one EXEC statement more", expected);
            return;
        }
        let params = self.params(statement, at);
        let Some(mut params) = params else {
            self.spoiled_step(name, at);
            return;
        };
        let target = self.target(&mut params, at);
        let mut checked = Checked::new(params, keyword::EXEC, &mut self.report);
        for extra in checked.positional.iter().filter(|param| !param.is_empty()) {
            let expected = "keyword parameters behind the program or procedure";
            self.report.add(invalid(extra, expected));
        }
        for again in ["PGM", "PROC"] {
            if let Some(param) = checked.get(again) {
                let expected = "one program or procedure, as the first parameter";
                let problem = Problem::text(&JCL_EXCLUSIVE, param.at, &param.raw, expected);
                self.report.add(problem);
            }
        }
        self.apply_overrides(name.as_deref(), is_first, &mut checked);
        match target {
            None => self.spoiled_step(name, at),
            Some(Runs::Program(program)) => self.program(name, program, &checked, at),
            Some(Runs::Procedure(procedure, place)) => {
                self.call(name, &procedure, place, checked, at);
            }
        }
    }

    /// How many procedures were called.
    fn calls(&self) -> usize {
        self.names.calls()
    }

    fn warn_twice(&mut self, name: Option<&str>, statement: &Statement, at: &At) {
        let frame = self.frame().names;
        if let Some(name) = name.filter(|name| self.names.has(frame, name)) {
            let place = statement.name.at_entry(at.entry).whole();
            let expected = "a name that no step before has";
            self.report.add(Problem::new(&JCL_STEP_TWICE, place, quoted(name), expected));
        }
    }

    /// Takes the first parameter: PGM=, PROC=, or the name of a procedure.
    fn target(&mut self, params: &mut Vec<Param>, at: &At) -> Option<Runs> {
        let expected = "PGM=program, or the name of a procedure, as the first parameter";
        if params.is_empty() || params[0].is_empty() {
            let place = params.first().map_or(at.place, |param| param.at);
            let problem = Problem::new(&JCL_PARAMETER_MISSING, place, "nothing", expected);
            self.report.add(problem);
            if params.first().is_some_and(|param| ["", "PGM", "PROC"].contains(&param.keyword())) {
                params.remove(0);
            }
            return None;
        }
        let first = params.remove(0);
        let target = match first.keyword() {
            "PGM" => program(&first).map(Runs::Program),
            "PROC" | "" => {
                let place = first.value_place();
                name(&first).map(|procedure| Runs::Procedure(procedure, place))
            }
            _ => {
                let problem = Problem::text(&JCL_PARAMETER_MISSING, first.at, &first.raw, expected);
                params.insert(0, first);
                Err(problem)
            }
        };
        self.report.accept(target)
    }

    /// A step of which nothing is known but that it is there. No program has an empty name.
    pub(super) fn spoiled_step(&mut self, name: Option<String>, at: &At) {
        self.program(name, String::new(), &Checked::default(), at);
    }

    fn program(&mut self, name: Option<String>, program: String, checked: &Checked, at: &At) {
        checked.refuse_unknown("EXEC with PGM", &mut self.report);
        let index = self.steps.len();
        let frame = self.frame();
        let (names, procedure, caller) = (frame.names, frame.procedure.clone(), frame.step.clone());
        let (own, procstep) = match &procedure {
            Some(_) => (caller, name.clone()),
            None => (name.clone(), None),
        };
        let mut step = Step {
            name: own,
            procstep,
            procedure,
            position: at.position.clone(),
            program,
            parm: None,
            cond: Cond::default(),
            conditions: self.open_ifs.iter().map(|open| (open.index, !open.is_else)).collect(),
            time: None,
            region: None,
            dds: Vec::new(),
            ignored: checked.ignored(),
        };
        let mut parm_place = at.place;
        if let Some(param) = checked.value("PARM") {
            step.parm = self.report.accept(parm(param)).map(Parm::Text);
        }
        if let Some(param) = checked.value("PARMDD") {
            if let Some(other) = checked.value("PARM") {
                let expected = "PARM or PARMDD, not both";
                let problem = Problem::text(&JCL_EXCLUSIVE, other.at, &other.raw, expected);
                self.report.add(problem);
            }
            step.parm = self.report.accept(value::name(param)).map(Parm::Dd);
            parm_place = param.value_place();
        }
        if let Some(param) = checked.value("COND") {
            let all = Tested { name: None, steps: 0..index };
            let job_names = &self.names;
            let resolve =
                |first: &str, second: Option<&str>| job_names.find(names, first, second, index);
            let cond = condition::cond(param, all, &resolve);
            step.cond = self.report.accept(cond).unwrap_or_default();
        }
        if let Some(param) = checked.value("TIME") {
            step.time = self.report.accept(value::time(param));
        }
        if let Some(param) = checked.value("REGION") {
            step.region = self.report.accept(value::region(param)).flatten();
        }
        match step.program.is_empty() {
            true => self.names.add_spoiled(names, name.as_deref(), index),
            false => self.names.add_step(names, name.as_deref(), index),
        }
        let (dds, dd_names) = (Vec::new(), HashMap::new());
        self.steps.push(StepBuilder { step, names, parm_place, dds, dd_names });
        self.frame().open = Open::Step { step: index, target: Target::None };
    }

    /// Puts keywords of the EXEC statement that called this procedure in place of its own.
    fn apply_overrides(&mut self, name: Option<&str>, is_first: bool, checked: &mut Checked) {
        let overrides = &mut self.frame().overrides;
        for known in &overrides.general {
            let is_parm = matches!(known.keyword.name, "PARM" | "PARMDD");
            // PARM is for the first step, and takes those of the others away.
            replace(checked, known, !is_parm || is_first);
        }
        for (step, known, is_used) in &mut overrides.steps {
            if Some(step.text.as_str()) == name {
                *is_used = true;
                replace(checked, known, true);
            }
        }
    }
}

impl Overrides {
    /// Sorts the keywords of a call; unknown ones without the name of a step stay as symbols.
    pub fn new(checked: &mut Checked) -> Self {
        let mut overrides = Self { general: std::mem::take(&mut checked.known), steps: Vec::new() };
        checked.unknown.retain(|param| match for_step(param) {
            Some((step, known)) => {
                overrides.steps.push((step, known, false));
                false
            }
            None => true,
        });
        overrides
    }

    /// Names of steps that were not there, each with the keyword.
    pub fn unused(&self) -> impl Iterator<Item = &Word> {
        self.steps.iter().filter(|(.., is_used)| !is_used).map(|(step, ..)| step)
    }
}

/// `PARM.STEP=value` as the name of the step and `PARM=value`.
fn for_step(param: &Param) -> Option<(Word, Known)> {
    let key = param.key.as_ref()?;
    let (base, step) = key.text.split_once('.')?;
    let keyword = keyword::find(keyword::EXEC, base)?;
    if matches!(keyword.name, "PGM" | "PROC") {
        return None;
    }
    let from = key.at.from + base.len() + 1;
    let step = Word { text: step.to_owned(), quoted: false, at: Place { from, ..key.at } };
    let raw = format!("{base}={}", param.raw_value());
    let key = Word { text: base.to_owned(), ..key.clone() };
    let param = Param { key: Some(key), raw, ..param.clone() };
    Some((step, Known { keyword, param }))
}

fn replace(checked: &mut Checked, known: &Known, is_added: bool) {
    let name = known.keyword.name;
    let is_parm = matches!(name, "PARM" | "PARMDD");
    checked.known.retain(|own| {
        let own = own.keyword.name;
        own != name && !(is_parm && matches!(own, "PARM" | "PARMDD"))
    });
    if is_added && !known.param.is_empty() {
        checked.known.push(known.clone());
    }
}

fn program(param: &Param) -> Result<String, Problem> {
    let is_reference = |word: &Word| word.text.starts_with("*.");
    if param.word().is_some_and(is_reference) {
        let expected = "the name of a program, no reference to a data set";
        return Err(Problem { message: &JCL_KEYWORD_REFUSED, ..invalid(param, expected) });
    }
    name(param)
}

/// The text of PARM: items of a list are joined with commas.
fn parm(param: &Param) -> Result<String, Problem> {
    let text = match &param.value {
        Value::List(items) => {
            let item = |item: &Param| match (&item.key, &item.value) {
                (None, Value::Word(word)) => word.text.clone(),
                (None, Value::Empty) => String::new(),
                _ => item.raw.clone(),
            };
            items.iter().map(item).collect::<Vec<_>>().join(",")
        }
        _ => word(param, "a text in apostrophes, or a list")?.text.clone(),
    };
    let length = text.chars().count();
    if length > MAX_PARM {
        let expected = format!("at most {MAX_PARM} characters; PARMDD has room for more");
        let found = format!("{length} characters");
        return Err(Problem { found, ..invalid(param, expected) });
    }
    Ok(text)
}
