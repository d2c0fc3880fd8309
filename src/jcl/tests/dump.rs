//! A job as text, for comparison.

use std::fmt::Write;

use super::*;
use crate::dataset::Dcb;

/// Everything about one job of a deck.
pub(super) fn reading(reading: &Reading) -> String {
    let mut out = String::new();
    for diagnostic in &reading.diagnostics {
        writeln!(out, "{diagnostic}").unwrap();
    }
    for line in reading.listing.lines(ListedStatements::All) {
        writeln!(out, "|{}", line.trim_end()).unwrap();
    }
    if let Some(job) = &reading.job {
        write_job(&mut out, job);
    }
    out.push('\n');
    out
}

fn write_job(out: &mut String, job: &Job) {
    write!(out, "JOB {}", job.name).unwrap();
    write!(out, " accounting={:?} programmer={:?}", job.accounting, job.programmer).unwrap();
    write!(out, " class={:?} msgclass={}", job.class, job.message_class).unwrap();
    let MessageLevel { statements, messages } = job.message_level;
    write!(out, " msglevel={statements:?},{messages}").unwrap();
    write!(out, " region={:?} time={:?}", job.region, job.time).unwrap();
    write!(out, " notify={:?} user={:?}", job.notify, job.user).unwrap();
    writeln!(out, " {:?} rc={:?} restart={}", job.type_run, job.job_rc, job.restart).unwrap();
    for test in &job.cond {
        writeln!(out, "  cond {} {:?} any step", test.code, test.operator).unwrap();
    }
    for command in &job.commands {
        let Position { card, statement, .. } = command.position;
        writeln!(out, "  command {:?} card {card} statement {statement}", command.text).unwrap();
    }
    if !job.ignored.is_empty() {
        writeln!(out, "  ignored {}", job.ignored.join(" ")).unwrap();
    }
    for (index, condition) in job.ifs.iter().enumerate() {
        let name = condition.name.as_deref().unwrap_or("-");
        writeln!(out, "  if {index} {name}: {}", expression(&condition.expression)).unwrap();
    }
    if let Some(joblib) = &job.joblib {
        write_dd(out, joblib);
    }
    for (index, step) in job.steps.iter().enumerate() {
        write_step(out, index, step);
    }
}

fn write_step(out: &mut String, index: usize, step: &Step) {
    write!(out, "STEP {index} {step} pgm={}", step.program).unwrap();
    write!(
        out,
        " of={} statement={}",
        step.procedure.as_deref().unwrap_or("-"),
        step.position.statement
    )
    .unwrap();
    if let Some(parm) = &step.parm {
        write!(out, " parm={parm:?}").unwrap();
    }
    if let Some(time) = step.time {
        write!(out, " time={time:?}").unwrap();
    }
    if let Some(region) = step.region {
        write!(out, " region={region}").unwrap();
    }
    if !step.ignored.is_empty() {
        write!(out, " ignored={}", step.ignored.join(" ")).unwrap();
    }
    writeln!(out).unwrap();
    if step.cond != Cond::default() {
        let tests = step
            .cond
            .tests
            .iter()
            .map(|test| format!("{} {:?} {}", test.code, test.operator, tested(&test.tested)));
        let tests = tests.collect::<Vec<_>>().join(", ");
        writeln!(out, "  cond {tests} {:?}", step.cond.after_abend).unwrap();
    }
    for (index, wanted) in &step.conditions {
        writeln!(out, "  when if {index} is {wanted}").unwrap();
    }
    step.dds.iter().for_each(|dd| write_dd(out, dd));
}

fn write_dd(out: &mut String, dd: &Dd) {
    for (index, part) in dd.parts.iter().enumerate() {
        let name = if index == 0 { dd.name.as_str() } else { "+" };
        write!(out, "  dd {name} {}", source(&part.source)).unwrap();
        if matches!(part.source, Source::DataSet(_)) {
            let Disposition { status, normal, abnormal } = part.disposition;
            write!(out, " {status:?},{normal:?},{abnormal:?}").unwrap();
        }
        let Dcb { dsorg, recfm, lrecl, blksize, .. } = part.dcb;
        if let Some(dsorg) = dsorg {
            write!(out, " dsorg={dsorg:?}").unwrap();
        }
        if let Some(recfm) = recfm {
            write!(out, " recfm={recfm}").unwrap();
        }
        if let Some(lrecl) = lrecl {
            write!(out, " lrecl={lrecl}").unwrap();
        }
        if let Some(blksize) = blksize {
            write!(out, " blksize={blksize}").unwrap();
        }
        if !part.ignored.is_empty() {
            write!(out, " ignored={}", part.ignored.join(" ")).unwrap();
        }
        writeln!(out).unwrap();
        if let Source::InStream(data) = &part.source {
            for record in &data.records {
                writeln!(out, "    <{record}>").unwrap();
            }
            for line in data.symbols_log.iter().flat_map(|(_, lines)| lines) {
                writeln!(out, "    log {line}").unwrap();
            }
        }
    }
}

fn source(source: &Source) -> String {
    match source {
        Source::DataSet(DataSet { name, member, referback }) => {
            let name = match name {
                DataSetName::Cataloged(name) => name.clone(),
                DataSetName::Temporary(name) => format!("&&{name}"),
                DataSetName::Unnamed(number) => format!("unnamed {number}"),
            };
            let member = match member {
                None => String::new(),
                Some(MemberName::Member(member)) => format!("({member})"),
                Some(MemberName::Generation(generation)) => format!("({generation:+})"),
            };
            let from = match referback {
                None => String::new(),
                Some((step, dd)) => format!(" from {step}.{dd}"),
            };
            name + &member + &from
        }
        Source::Path(file) => {
            let PathFile { path, options, mode, keep_normal, keep_abnormal, data } = file;
            let mode = mode.map_or("-".to_owned(), |mode| format!("{mode:o}"));
            let set = [
                ("append", options.append),
                ("create", options.create),
                ("exclusive", options.exclusive),
                ("no_tty", options.no_tty),
                ("nonblocking", options.nonblocking),
                ("sync", options.sync),
                ("truncate", options.truncate),
            ];
            let set: Vec<_> = set.iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
            let access = options.access;
            format!(
                "path {path} {access:?} [{}] mode={mode} keep={keep_normal},{keep_abnormal} {data:?}",
                set.join(" ")
            )
        }
        Source::Sysout(Sysout { class, writer, form }) => {
            format!("sysout {class} writer={writer:?} form={form:?}")
        }
        Source::InStream(data) => {
            let log = data.symbols_log.as_ref().map_or("-", |(dd, _)| dd);
            format!("data card={} lrecl={} log={log}", data.first_card, data.lrecl)
        }
        Source::Dummy => "dummy".to_owned(),
    }
}

fn tested(tested: &Tested) -> String {
    let name = tested.name.as_deref().unwrap_or("any");
    format!("{name}[{}..{}]", tested.steps.start, tested.steps.end)
}

fn expression(expression: &Expression) -> String {
    let join = |parts: &[Expression], between: &str| {
        let parts: Vec<_> = parts.iter().map(self::expression).collect();
        format!("({})", parts.join(between))
    };
    match expression {
        Expression::Not(inner) => format!("not {}", self::expression(inner)),
        Expression::All(parts) => join(parts, " and "),
        Expression::Any(parts) => join(parts, " or "),
        Expression::Test(test) => format!("{} {:?}", tested(&test.tested), test.subject),
    }
}
