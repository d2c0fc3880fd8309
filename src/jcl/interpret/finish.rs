//! The end of a job: what refers to something is resolved, and the model is made.

use super::job::{Head, MESSAGE_CLASS};
use super::{Interpreter, StepBuilder};
use crate::dataset::Dcb;
use crate::jcl::Reading;
use crate::jcl::condition::find;
use crate::jcl::dd::{Dd, DdPart, Earlier, Finish};
use crate::jcl::model::{self, DataSet, DataSetName, Disposition, Job, JobRc, Parm, Source};
use crate::jcl::names::{Names, ROOT};
use crate::jcl::operand::Param;
use crate::jcl::report::{Problem, Report};
use crate::jcl::value::invalid;
use crate::message::catalogue::{JCL_DDNAME_OPEN, JCL_REFERENCE, JCL_STEP_MISSING};
use crate::message::diagnostic::quoted;

impl Interpreter<'_> {
    /// Makes the job of what was read.
    pub(super) fn finish(mut self) -> Reading {
        self.close_ifs();
        let has_exec = self.frame().execs > 0;
        let is_empty = self.steps.is_empty() && !self.is_stopped && !has_exec;
        if let Some(head) = self.head.as_ref().filter(|_| is_empty) {
            let found = "no EXEC statement";
            let problem = Problem::new(&JCL_STEP_MISSING, head.at.place, found, "a step at least");
            self.report.add(problem);
        }
        if self.is_stopped {
            let diagnostics = self.report.into_diagnostics();
            return Reading { job: None, listing: self.listing, diagnostics };
        }
        let message_class = self.head.as_ref().map_or(MESSAGE_CLASS, |head| head.job.message_class);
        let mut unnamed = 0;
        let joblib = self.joblib.take();
        let joblib = joblib.map(|dd| {
            let earlier = Done { steps: &[], dds: &[], names: &self.names, frame: ROOT };
            finish_dd(&dd, message_class, &mut unnamed, &earlier, &mut self.report)
        });
        let mut steps: Vec<model::Step> = Vec::new();
        for mut builder in std::mem::take(&mut self.steps) {
            answer_ddnames(&mut builder.dds, &mut self.report);
            let mut dds = Vec::new();
            for dd in &builder.dds {
                let earlier =
                    Done { steps: &steps, dds: &dds, names: &self.names, frame: builder.names };
                let report = &mut self.report;
                let dd = finish_dd(dd, message_class, &mut unnamed, &earlier, report);
                dds.push(dd);
            }
            self.check_parm_dd(&builder);
            steps.push(model::Step { dds, ..builder.step });
        }
        let Self { head, names, ifs, commands, ignored, listing, mut report, .. } = self;
        let job = head.map(|head| {
            let job_rc = report.accept(job_rc(&head, &names, steps.len()));
            let restart = report.accept(restart(&head, &names, steps.len()));
            let mut job = head.job;
            job.ignored.extend(ignored);
            job.ignored.sort_unstable();
            job.ignored.dedup();
            let (job_rc, restart) = (job_rc.unwrap_or(JobRc::Max), restart.unwrap_or_default());
            Job { job_rc, restart, joblib, ifs, steps, commands, ..job }
        });
        let job = job.filter(|_| !report.has_errors());
        Reading { job, listing, diagnostics: report.into_diagnostics() }
    }

    /// PARMDD names a DD of its step.
    fn check_parm_dd(&mut self, step: &StepBuilder) {
        let Some(Parm::Dd(name)) = &step.step.parm else { return };
        if !step.dds.iter().any(|dd| dd.name == *name) {
            let expected = "the name of a DD of the step";
            let problem = Problem::new(&JCL_REFERENCE, step.parm_place, quoted(name), expected);
            self.report.add(problem);
        }
    }
}

/// Puts what a DDNAME refers to into its place; what nothing answers stays, and is a dummy.
fn answer_ddnames(dds: &mut Vec<Dd>, report: &mut Report) {
    let mut at = 0;
    while at < dds.len() {
        let mut part = 0;
        while part < dds[at].parts.len() {
            let taken = answer(dds, at, part, report);
            part += taken;
        }
        at += 1;
    }
}

/// Answers one part; how many parts stand in its place then.
fn answer(dds: &mut Vec<Dd>, at: usize, part: usize, report: &mut Report) -> usize {
    let asking = &dds[at].parts[part];
    if asking.spoiled || asking.get("DUMMY").is_some() {
        return 1;
    }
    let Some(param) = asking.value("DDNAME").cloned() else { return 1 };
    let Some(name) = report.accept(crate::jcl::value::name(&param)) else {
        dds[at].parts[part].spoiled = true;
        return 1;
    };
    let is_named = |dd: &Dd| dd.name == name;
    if let Some(later) = dds.iter().skip(at + 1).position(is_named) {
        let answer = dds.remove(at + 1 + later);
        let count = answer.parts.len();
        dds[at].parts.splice(part..=part, answer.parts);
        // A DDNAME within the answer looks further down.
        let is_asking = dds[at].parts[part].value("DDNAME").is_some();
        return if is_asking { 0 } else { count };
    }
    if dds.iter().take(at).any(is_named) {
        let expected = "the name of a later DD of the step";
        report.add(Problem { message: &JCL_REFERENCE, ..invalid(&param, expected) });
        dds[at].parts[part].spoiled = true;
    } else {
        let expected = "the name of a later DD of the step";
        report.add(Problem { message: &JCL_DDNAME_OPEN, ..invalid(&param, expected) });
    }
    1
}

fn finish_dd(
    dd: &Dd,
    message_class: char,
    unnamed: &mut u32,
    earlier: &Done<'_>,
    report: &mut Report,
) -> model::Dd {
    let mut finish = Finish { report, message_class, unnamed, earlier };
    let parts = dd.parts.iter();
    let parts = parts.map(|part| finish.part(part).unwrap_or_else(|| placeholder(part)));
    model::Dd { name: dd.name.clone(), parts: parts.collect() }
}

/// Stands for a statement with an error, so that references to it are no further errors. There is no
/// job then.
fn placeholder(part: &DdPart) -> model::DdPart {
    let name = DataSetName::Unnamed(0);
    model::DdPart {
        position: part.position.clone(),
        source: Source::DataSet(DataSet { name, member: None, referback: None }),
        disposition: Disposition::default(),
        dcb: Dcb::default(),
        ignored: Vec::new(),
    }
}

/// JOBRC: MAXRC, LASTRC or (STEP,name).
fn job_rc(head: &Head, names: &Names, steps: usize) -> Result<JobRc, Problem> {
    let Some(param) = &head.job_rc else { return Ok(JobRc::Max) };
    let items = param.items();
    let words: Vec<_> =
        items.iter().map(|item| item.word().map_or("", |word| word.text.as_str())).collect();
    match words.as_slice() {
        ["MAXRC"] => Ok(JobRc::Max),
        ["LASTRC"] => Ok(JobRc::Last),
        ["STEP", name] => {
            let found = step_named(&items[1], name, names, steps)?;
            Ok(JobRc::Step(found))
        }
        _ => Err(invalid(param, "MAXRC, LASTRC or (STEP,name)")),
    }
}

/// RESTART: a step or `*`.
fn restart(head: &Head, names: &Names, steps: usize) -> Result<usize, Problem> {
    let Some(param) = &head.restart else { return Ok(0) };
    match param.items().as_slice() {
        [item] => match item.word().map_or("", |word| word.text.as_str()) {
            "*" => Ok(0),
            name => step_named(item, name, names, steps),
        },
        _ => Err(invalid(param, "a step: name, name.procstep or *")),
    }
}

/// Index of the first step of that name.
fn step_named(param: &Param, name: &str, names: &Names, steps: usize) -> Result<usize, Problem> {
    let resolve = |first: &str, second: Option<&str>| names.find(ROOT, first, second, steps);
    match find(name, &resolve) {
        Ok(found) => Ok(found.start),
        Err(_) => {
            let problem = invalid(param, "the name of a step of the job, or step.procstep");
            Err(Problem { message: &JCL_REFERENCE, ..problem })
        }
    }
}

/// What is finished when a DD is.
struct Done<'d> {
    steps: &'d [model::Step],
    /// Those of the step itself.
    dds: &'d [model::Dd],
    names: &'d Names,
    frame: usize,
}

impl Earlier for Done<'_> {
    fn earlier(&self, names: &[&str]) -> Result<(usize, String, &model::DdPart), String> {
        let (step, dd, dds) = match names {
            [dd] => (self.steps.len(), *dd, self.dds),
            [step, dd] => {
                let index = self.step(step, None)?;
                (index, *dd, self.steps.get(index).map_or(&[][..], |step| &step.dds))
            }
            [step, procstep, dd] => {
                let index = self.step(step, Some(procstep))?;
                (index, *dd, self.steps.get(index).map_or(&[][..], |step| &step.dds))
            }
            _ => return Err("*.dd, *.step.dd or *.step.procstep.dd".to_owned()),
        };
        let found = dds.iter().find(|known| known.name == dd).and_then(|dd| dd.parts.first());
        let part = found.ok_or_else(|| match names.len() {
            1 => "the name of a DD before this one in the step".to_owned(),
            _ => "the name of a DD of that step".to_owned(),
        })?;
        Ok((step, dd.to_owned(), part))
    }
}

impl Done<'_> {
    fn step(&self, first: &str, second: Option<&str>) -> Result<usize, String> {
        let found = self.names.find(self.frame, first, second, self.steps.len());
        match found {
            Some(steps) if steps.len() == 1 => Ok(steps.start),
            Some(_) => Err("*.step.procstep.dd, for the step calls a procedure".to_owned()),
            None => Err("the name of a step before this one".to_owned()),
        }
    }
}
