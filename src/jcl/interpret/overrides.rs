//! DD statements behind the call of a procedure: overrides and additions, step by step.

use super::dd::{DdName, Target};
use super::procedure::first_step;
use super::{At, Interpreter};
use crate::jcl::dd::DdPart;
use crate::jcl::model::Origin;
use crate::jcl::names::{Node, ROOT};
use crate::jcl::report::Problem;
use crate::jcl::text::Place;
use crate::message::catalogue::JCL_OVERRIDE;
use crate::message::diagnostic::quoted;

/// The call of a procedure whose DD statements are read.
#[derive(Debug)]
pub(super) struct Call {
    /// Frame of the names of its steps.
    names: usize,
    procedure: String,
    /// Index in the frame of the step that the last statement was for.
    cursor: Option<usize>,
    /// The step and DD that a statement without a name belongs to, and how many of its parts have
    /// been overridden.
    step: usize,
    target: Target,
    parts: usize,
    /// The procedure could not be had, which was reported: nothing fits or does not fit.
    is_unknown: bool,
}

impl Call {
    pub fn new(names: usize, procedure: &str) -> Self {
        let procedure = procedure.to_owned();
        let target = Target::None;
        Self { names, procedure, cursor: None, step: 0, target, parts: 0, is_unknown: false }
    }

    /// One of a procedure that could not be had: all statements for it are dropped.
    pub fn unknown(procedure: &str) -> Self {
        Self { is_unknown: true, ..Self::new(ROOT, procedure) }
    }

    pub fn skip(&mut self) {
        self.target = Target::Skip;
    }
}

impl Interpreter<'_> {
    /// Overrides a DD of a step of the procedure, or adds one to it.
    pub(super) fn override_dd(
        &mut self,
        mut call: Call,
        name: DdName,
        part: DdPart,
        at: &At,
        place: Place,
    ) -> Call {
        if call.is_unknown {
            return call;
        }
        let (step, name) = match name {
            DdName::Blank => {
                self.override_next(&mut call, part, at);
                return call;
            }
            DdName::Wrong => {
                call.skip();
                return call;
            }
            DdName::Plain(name) => (None, name),
            DdName::Step(step, name) => (Some(step), name),
        };
        let found = self.overridden_step(&mut call, step.as_deref(), place);
        let Some(step) = self.report.accept(found) else {
            call.skip();
            return call;
        };
        call.step = step;
        call.parts = 1;
        let known = self.steps.get(step).and_then(|step| step.dd_names.get(&name).copied());
        match known {
            Some(dd) => {
                self.merge(step, dd, 0, part);
                call.target = Target::Dd(dd);
            }
            None => call.target = self.add_dd(step, name, part, place),
        }
        call
    }

    /// A statement without a name: the next one of the concatenation.
    fn override_next(&mut self, call: &mut Call, part: DdPart, at: &At) {
        match call.target {
            Target::Skip => {}
            Target::None => {
                self.misplaced(at, "a DD without a name", "a DD with a name before it");
                call.skip();
            }
            Target::Dd(dd) => {
                self.merge(call.step, dd, call.parts, part);
                call.parts += 1;
            }
        }
    }

    /// Overrides one part of a DD, or adds it to the concatenation.
    fn merge(&mut self, step: usize, dd: usize, index: usize, part: DdPart) {
        let Some(dd) = self.steps.get_mut(step).and_then(|step| step.dds.get_mut(dd)) else {
            return;
        };
        match dd.parts.get_mut(index) {
            None => dd.parts.push(part),
            Some(known) => {
                let entry = self.listing.entries.get_mut(known.place.entry);
                if let Some(listed) = entry.filter(|listed| listed.origin != Origin::Deck) {
                    listed.is_overridden = true;
                }
                known.merge(part);
            }
        }
    }

    /// The step that a statement is for.
    fn overridden_step(
        &self,
        call: &mut Call,
        step: Option<&str>,
        place: Place,
    ) -> Result<usize, Problem> {
        let nodes = self.names.nodes(call.names);
        let procedure = &call.procedure;
        let problem =
            |found: String, expected: String| Problem::new(&JCL_OVERRIDE, place, found, expected);
        let Some(name) = step else {
            let current = call.cursor.and_then(|cursor| nodes.get(cursor));
            let current = match current {
                Some((_, Node::Step(step) | Node::Spoiled(step))) => Some(*step),
                Some((_, Node::Call { .. })) => None,
                None => first_step(nodes),
            };
            call.cursor = call.cursor.or(Some(0));
            return current.ok_or_else(|| {
                let found = "a DD without the name of a step".to_owned();
                problem(found, format!("a step of {procedure} that runs a program"))
            });
        };
        let is_named = |(known, _): &(Option<String>, Node)| known.as_deref() == Some(name);
        let from = call.cursor.unwrap_or(0);
        let later = nodes.iter().skip(from).position(is_named).map(|at| from + at);
        match later.and_then(|at| Some((at, nodes.get(at)?))) {
            Some((at, (_, Node::Step(step) | Node::Spoiled(step)))) => {
                call.cursor = Some(at);
                Ok(*step)
            }
            Some((_, (_, Node::Call { .. }))) => {
                let expected = format!("a step of {procedure} that runs a program");
                Err(problem(quoted(name), expected))
            }
            None if nodes.iter().any(is_named) => {
                let expected = format!("the order of the steps of {procedure}");
                Err(problem(format!("{} behind a later step", quoted(name)), expected))
            }
            None => {
                let steps = self.step_names(call.names);
                Err(problem(quoted(name), format!("a step of {procedure}: {steps}")))
            }
        }
    }
}
