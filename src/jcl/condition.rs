//! COND of jobs and steps. IF is in `expression`.

mod expression;

use super::model::{AfterAbend, Cond, CondTest, Operator, Tested};
use super::operand::{Param, Value};
use super::report::Problem;
use super::symbol;
use super::value::{invalid, number};
use crate::message::catalogue::{JCL_REFERENCE, JCL_VALUE_INVALID};
use crate::message::diagnostic::quoted;

pub(super) use expression::expression;

/// Tests of a COND at most, EVEN or ONLY included.
const MAX_TESTS: usize = 8;

/// Highest return code.
pub(super) const MAX_CODE: u32 = 4095;

/// Finds the earlier steps that `STEP` or `STEP.PROCSTEP` names.
pub(super) type Resolve<'r> = dyn Fn(&str, Option<&str>) -> Option<std::ops::Range<usize>> + 'r;

/// COND of a step.
pub(super) fn cond(param: &Param, all: Tested, resolve: &Resolve<'_>) -> Result<Cond, Problem> {
    let expected = "(code,operator), (code,operator,step), EVEN or ONLY, or a list of them";
    let mut cond = Cond::default();
    let mut has_abend = false;
    for item in tests(param) {
        match item.word().map(|word| word.text.as_str()) {
            Some(word @ ("EVEN" | "ONLY")) if !has_abend => {
                has_abend = true;
                cond.after_abend = if word == "EVEN" { AfterAbend::Even } else { AfterAbend::Only };
            }
            Some("EVEN" | "ONLY") => {
                return Err(invalid(&item, "EVEN or ONLY once"));
            }
            Some(_) => return Err(invalid(&item, expected)),
            None => cond.tests.push(test(&item, &all, Some(resolve))?),
        }
    }
    match cond.tests.len() + usize::from(has_abend) {
        0 => Err(invalid(param, expected)),
        1..=MAX_TESTS => Ok(cond),
        _ => Err(invalid(param, format!("at most {MAX_TESTS} tests"))),
    }
}

/// COND of a job: tests of all earlier steps. `all` is filled in when the tests are used.
pub(super) fn job_cond(param: &Param) -> Result<Vec<CondTest>, Problem> {
    let all = Tested { name: None, steps: 0..usize::MAX };
    let tests =
        tests(param).iter().map(|item| test(item, &all, None)).collect::<Result<Vec<_>, _>>()?;
    match tests.len() {
        0 => Err(invalid(param, "(code,operator), or a list of them")),
        1..=MAX_TESTS => Ok(tests),
        _ => Err(invalid(param, format!("at most {MAX_TESTS} tests"))),
    }
}

/// The tests of a list, or the only test.
fn tests(param: &Param) -> Vec<Param> {
    let items = param.items();
    let is_single = matches!(&param.value, Value::List(_))
        && items
            .first()
            .and_then(Param::word)
            .is_some_and(|word| word.text.starts_with(|c: char| c.is_ascii_digit()));
    if is_single {
        return vec![Param { key: None, raw: param.raw_value().to_owned(), ..param.clone() }];
    }
    items
}

fn test(item: &Param, all: &Tested, resolve: Option<&Resolve<'_>>) -> Result<CondTest, Problem> {
    let expected = if resolve.is_some() {
        "(code,operator) or (code,operator,step)"
    } else {
        "(code,operator)"
    };
    let parts = item.items();
    let (code, operator, step) = match (parts.as_slice(), resolve) {
        ([code, operator], _) => (code, operator, None),
        ([code, operator, step], Some(resolve)) => (code, operator, Some((step, resolve))),
        _ => return Err(invalid(item, expected)),
    };
    let code = number(code, 0..=MAX_CODE, "a return code")?;
    let found = operator.word().and_then(|word| operator_named(&word.text));
    let operator = found.ok_or_else(|| invalid(operator, "GT, GE, EQ, NE, LT or LE"))?;
    let tested = match step {
        None => all.clone(),
        Some((step, resolve)) => {
            let name = step.word().map_or("", |word| word.text.as_str());
            let found = find(name, resolve).map_err(|expected| {
                let problem = invalid(step, expected);
                let message = if is_step(name) { &JCL_REFERENCE } else { &JCL_VALUE_INVALID };
                Problem { message, ..problem }
            })?;
            Tested { name: Some(name.to_owned()), steps: found }
        }
    };
    let code = u16::try_from(code).unwrap_or(u16::MAX);
    Ok(CondTest { code, operator, tested })
}

fn operator_named(name: &str) -> Option<Operator> {
    Some(match name {
        "GT" => Operator::Greater,
        "GE" => Operator::GreaterEqual,
        "EQ" => Operator::Equal,
        "NE" => Operator::NotEqual,
        "LE" => Operator::LessEqual,
        "LT" => Operator::Less,
        _ => return None,
    })
}

/// Whether the text is `STEP` or `STEP.PROCSTEP`.
fn is_step(text: &str) -> bool {
    let mut names = text.split('.');
    names.clone().count() <= 2 && names.all(symbol::is_name)
}

/// The steps of `STEP` or `STEP.PROCSTEP`; the error is what was expected.
pub(super) fn find(text: &str, resolve: &Resolve<'_>) -> Result<std::ops::Range<usize>, String> {
    if !is_step(text) {
        return Err("the name of a step, or step.procstep".to_owned());
    }
    let found = match text.split_once('.') {
        Some((step, procstep)) => resolve(step, Some(procstep)),
        None => resolve(text, None),
    };
    found.ok_or_else(|| "the name of a step before this statement".to_owned())
}

/// A step that is not there.
pub(super) fn unknown_step(text: &str, place: super::text::Place, expected: String) -> Problem {
    Problem::new(&JCL_REFERENCE, place, quoted(text), expected)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jcl::operand::only as param;

    fn resolve(step: &str, procstep: Option<&str>) -> Option<std::ops::Range<usize>> {
        match (step, procstep) {
            ("S1", None) => Some(0..1),
            ("CALL", None) => Some(1..3),
            ("CALL", Some("P2")) => Some(2..3),
            _ => None,
        }
    }

    fn parse(text: &str) -> Result<Cond, Problem> {
        cond(&param(text), Tested { name: None, steps: 0..3 }, &resolve)
    }

    #[test]
    fn tests_come_alone_and_in_lists() {
        let one = parse("COND=(4,LT)").unwrap();
        assert_eq!((one.tests.len(), one.tests[0].tested.steps.clone()), (1, 0..3));
        let named = parse("COND=(8,EQ,CALL.P2)").unwrap();
        assert_eq!(named.tests[0].tested, Tested { name: Some("CALL.P2".into()), steps: 2..3 });
        let many = parse("COND=((4,LT,S1),EVEN,(0,NE,CALL))").unwrap();
        assert_eq!((many.tests.len(), many.after_abend), (2, AfterAbend::Even));
        assert_eq!(parse("COND=ONLY").unwrap().after_abend, AfterAbend::Only);
        assert_eq!(parse("COND=((4,LT))").unwrap().tests.len(), 1);
        assert_eq!(job_cond(&param("COND=((4,LT),(8,EQ))")).unwrap().len(), 2);
    }

    #[test]
    fn what_is_no_test_is_refused() {
        let lists = format!("COND=({})", ["(1,EQ)"; 9].join(","));
        for wrong in [
            "COND=",
            "COND=()",
            "COND=4",
            "COND=(4)",
            "COND=(4,XX)",
            "COND=(4096,LT)",
            "COND=(4,LT,NONE)",
            "COND=(4,LT,S1.P)",
            "COND=(4,LT,A.B.C)",
            "COND=(4,LT,S1,X)",
            "COND=(EVEN,ONLY)",
            "COND=EVER",
            "COND=(4,LT,)",
            lists.as_str(),
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(job_cond(&param("COND=(4,LT,S1)")).is_err());
        assert!(job_cond(&param("COND=EVEN")).is_err());
        assert_eq!(parse("COND=(4,LT,NONE)").unwrap_err().message.number, 7050);
    }
}
