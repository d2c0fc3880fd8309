//! Procedures: their definition in the deck, and their expansion where they are called.

use std::rc::Rc;

use super::exec::Overrides;
use super::overrides::Call;
use super::{At, Frame, Interpreter, Level, MAX_NESTING, Open};
use crate::jcl::keyword::Checked;
use crate::jcl::model::Origin;
use crate::jcl::names::Node;
use crate::jcl::reader::{Kind, Raw, Statement};
use crate::jcl::report::Problem;
use crate::jcl::text::Place;
use crate::jcl::value::check_name;
use crate::message::catalogue::{
    JCL_MISPLACED, JCL_NAME_DUPLICATE, JCL_NESTING, JCL_OVERRIDE, JCL_STEP_MISSING,
    JCL_SYMBOL_UNUSED,
};
use crate::message::diagnostic::quoted;

impl Interpreter<'_> {
    /// Takes a procedure of the deck, PROC to PEND, out of the way; the index behind it.
    pub(super) fn in_stream_procedure(
        &mut self,
        raws: &[Raw],
        start: usize,
        level: Level,
    ) -> usize {
        let is_end = |raw: &Raw| raw.operation() == "PEND" || matches!(raw.kind, Kind::Null);
        let end = raws[start..].iter().position(is_end).map(|length| start + length);
        let has_pend =
            end.and_then(|end| raws.get(end)).is_some_and(|raw| raw.operation() == "PEND");
        let end = match end {
            Some(end) if has_pend => end + 1,
            Some(end) => end,
            None => raws.len(),
        };
        let body = &raws[start..end];
        for raw in body {
            let is_statement = matches!(raw.kind, Kind::Statement(_));
            let at = self.list(raw, level.origin, is_statement);
            self.report_all(raw, &at);
            if raw.place == raws[start].place {
                self.define(raw, body, &at, has_pend);
            } else if raw.operation() == "PROC" {
                let expected = "PEND before another procedure begins";
                self.misplaced(&at, "'PROC'", expected);
            }
            if self.is_stopped {
                break;
            }
        }
        end
    }

    /// Enters the name of a procedure.
    fn define(&mut self, raw: &Raw, body: &[Raw], at: &At, has_pend: bool) {
        let Kind::Statement(statement) = &raw.kind else { return };
        if !has_pend {
            let found = "no PEND";
            let expected = "PEND at the end of the procedure";
            self.report.add(Problem::new(&JCL_MISPLACED, at.place, found, expected));
        }
        let name = statement.name.as_str();
        let place = match name {
            "" => at.place,
            _ => statement.name.at_entry(at.entry).whole(),
        };
        let checked = check_name(name, place);
        if self.report.accept(checked).is_none() {
            return;
        }
        if self.in_stream.contains_key(name) {
            let expected = "a name that no procedure of the deck has";
            self.report.add(Problem::text(&JCL_NAME_DUPLICATE, place, name, expected));
            return;
        }
        // What is wrong with its cards was reported where it stands.
        let clean = body.iter().cloned().map(|raw| Raw { problems: Vec::new(), ..raw });
        let body: Rc<[Raw]> = clean.collect();
        self.in_stream.insert(name.to_owned(), body);
    }

    /// Calls a procedure: its statements are read here and now. One that cannot be had stands for a
    /// step of which nothing is known.
    pub(super) fn call(
        &mut self,
        name: Option<String>,
        procedure: &str,
        place: Place,
        mut checked: Checked,
        at: &At,
    ) {
        let overrides = Overrides::new(&mut checked);
        let mut given = Vec::new();
        for param in &checked.unknown {
            if let (Some((symbol, value)), Some(key)) = (self.symbol(param), &param.key) {
                given.push((symbol, value, key.at));
            }
        }
        let parent = self.frame().names;
        let start = self.steps.len();
        let Some((body, origin)) = self.procedure(procedure, place) else {
            self.spoiled_step(name, at);
            self.frame().open = Open::Call(Call::unknown(procedure));
            return;
        };
        let callee = self.names.open_call(parent, name.as_deref(), start);
        self.symbols.enter(given);
        self.frames.push(Frame {
            names: callee,
            procedure: Some(procedure.to_owned()),
            step: name,
            overrides,
            ..Frame::default()
        });
        self.run(&body, Level { origin, is_deck: false });
        self.leave(procedure, start, at);
        self.names.close_call(parent, callee, self.steps.len());
        self.frame().open = Open::Call(Call::new(callee, procedure));
    }

    /// The statements of a procedure; None if it cannot be called, which is reported.
    fn procedure(&mut self, name: &str, place: Place) -> Option<(Rc<[Raw]>, Origin)> {
        let is_active = |frame: &Frame| frame.procedure.as_deref() == Some(name);
        if self.frames.len() > MAX_NESTING || self.frames.iter().any(is_active) {
            let expected = if self.frames.iter().any(is_active) {
                "no procedure that calls itself".to_owned()
            } else {
                format!("at most {MAX_NESTING} procedures within each other")
            };
            self.report.add(Problem::new(&JCL_NESTING, place, quoted(name), expected));
            return None;
        }
        if let Some(body) = self.in_stream.get(name) {
            return Some((body.clone(), Origin::InStreamProcedure));
        }
        let body = self.library.fetch(name, place, &mut self.report)?;
        Some((body, Origin::Procedure))
    }

    /// Ends the expansion of a procedure.
    fn leave(&mut self, procedure: &str, start: usize, at: &At) {
        self.close_group();
        self.close_ifs();
        let frame = self.frames.pop().unwrap_or_default();
        let unused = self.symbols.leave();
        if self.is_stopped {
            return;
        }
        for (symbol, place) in unused {
            let expected = format!("a keyword of EXEC, or a symbol that {procedure} uses");
            self.report.add(Problem::new(&JCL_SYMBOL_UNUSED, place, quoted(&symbol), expected));
        }
        let steps = self.step_names(frame.names);
        for step in frame.overrides.unused() {
            let expected = format!("a step of {procedure}: {steps}");
            self.report.add(Problem::text(&JCL_OVERRIDE, step.at, &step.text, expected));
        }
        if self.steps.len() == start {
            let found = format!("no EXEC statement in {procedure}");
            let expected = "a step at least";
            self.report.add(Problem::new(&JCL_STEP_MISSING, at.place, found, expected));
        }
    }

    /// Names of the steps of a frame, for messages.
    pub(super) fn step_names(&self, names: usize) -> String {
        const SHOWN: usize = 10;
        let nodes = self.names.nodes(names).iter();
        let mut names: Vec<_> = nodes.filter_map(|(name, _)| name.as_deref()).collect();
        if names.is_empty() {
            return "it has none with a name".to_owned();
        }
        let is_long = names.len() > SHOWN;
        names.truncate(SHOWN);
        names.join(", ") + if is_long { " ..." } else { "" }
    }

    /// PROC at the beginning of a procedure: defaults of its symbols.
    pub(super) fn proc(&mut self, statement: &Statement, at: &At) {
        self.optional_name(statement, at);
        let Some(params) = self.params(statement, at) else { return };
        for param in params.iter().filter(|param| !param.raw.is_empty()) {
            if let Some((name, value)) = self.symbol(param) {
                let set = self.symbols.set_default(&name, value);
                self.check_symbols(set, at);
            }
        }
    }

    /// What the EXEC statement before has is complete.
    pub(super) fn close_group(&mut self) {
        self.frame().open = Open::None;
    }
}

/// The first step of a frame, if it is a step and not a call.
pub(super) fn first_step(nodes: &[(Option<String>, Node)]) -> Option<usize> {
    match nodes.first() {
        Some((_, Node::Step(step) | Node::Spoiled(step))) => Some(*step),
        Some((_, Node::Call { .. })) | None => None,
    }
}
