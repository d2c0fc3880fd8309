//! DSN, and DCB as a reference: names of data sets, and backward references.

use nom::bytes::complete::{tag, take_till, take_until};
use nom::combinator::{all_consuming, opt};
use nom::sequence::delimited;
use nom::{IResult, Parser};

use super::Earlier;
use crate::dataset::Dcb;
use crate::jcl::model::{DataSet, DataSetName, MemberName, Source};
use crate::jcl::operand::Param;
use crate::jcl::report::Problem;
use crate::jcl::symbol;
use crate::jcl::value::{check_data_set, has_lower_case, invalid, word};
use crate::message::catalogue::JCL_REFERENCE;

/// Generations at most, either way.
const MAX_GENERATION: i32 = 255;

const EXPECTED: &str = "a data set name, such as A.B, A.B(MEMBER), A.B(+1), &&TEMP or *.STEP.DD";

/// Reads the value of DSN.
pub(super) fn data_set(param: &Param, earlier: &dyn Earlier) -> Result<Source, Problem> {
    let found = word(param, EXPECTED)?;
    let text = found.text.as_str();
    if text == "NULLFILE" {
        return Ok(Source::Dummy);
    }
    if text.starts_with("*.") && !found.quoted {
        return reference(param, text, earlier).map(Source::DataSet);
    }
    let wrong = |expected: &str| {
        let hint = if has_lower_case(text) { ", in upper case" } else { "" };
        invalid(param, format!("{expected}{hint}"))
    };
    let (_, (name, member)) = split(text).map_err(|_| wrong(EXPECTED))?;
    let name = match name.strip_prefix("&&") {
        Some(name) if symbol::is_name(name) => DataSetName::Temporary(name.to_owned()),
        Some(_) => return Err(wrong("&& and a name of 1 to 8 characters")),
        None => {
            // It says itself that upper case is wanted.
            check_data_set(name).map_err(|expected| invalid(param, expected))?;
            DataSetName::Cataloged(name.to_owned())
        }
    };
    let member = match member {
        None => None,
        Some(text) => {
            let member = member_name(text).ok_or_else(|| {
                wrong("a member of 1 to 8 characters, or a generation: 0, -1, +1")
            })?;
            Some(member)
        }
    };
    if matches!((&name, &member), (DataSetName::Temporary(_), Some(MemberName::Generation(_)))) {
        return Err(wrong("a member: a temporary data set has no generations"));
    }
    Ok(Source::DataSet(DataSet { name, member, referback: None }))
}

/// Reads a DCB that is not written out: `*.step.dd`.
pub(super) fn copied(param: &Param, earlier: &dyn Earlier) -> Result<Dcb, Problem> {
    let expected = "subparameters such as RECFM=FB, or a DD: *.step.dd";
    let text = word(param, expected)?.text.as_str();
    let Some(names) = names(text) else { return Err(invalid(param, expected)) };
    match earlier.earlier(&names) {
        Ok((_, _, part)) => Ok(part.dcb),
        Err(expected) => Err(Problem { message: &JCL_REFERENCE, ..invalid(param, expected) }),
    }
}

fn reference(param: &Param, text: &str, earlier: &dyn Earlier) -> Result<DataSet, Problem> {
    let Some(names) = names(text) else {
        return Err(invalid(param, "a backward reference: *.dd, *.step.dd or *.step.procstep.dd"));
    };
    let missing = |expected: &str| Problem { message: &JCL_REFERENCE, ..invalid(param, expected) };
    let (step, dd, part) = earlier.earlier(&names).map_err(|expected| missing(&expected))?;
    match &part.source {
        Source::DataSet(data_set) => {
            Ok(DataSet { referback: Some((step, dd)), ..data_set.clone() })
        }
        _ => Err(missing("a DD that names a data set")),
    }
}

/// The names of `*.dd`, `*.step.dd` or `*.step.procstep.dd`.
fn names(text: &str) -> Option<Vec<&str>> {
    let names: Vec<_> = text.strip_prefix("*.")?.split('.').collect();
    (names.len() <= 3 && names.iter().all(|name| symbol::is_name(name))).then_some(names)
}

/// A name and what stands in parentheses behind it.
fn split(text: &str) -> IResult<&str, (&str, Option<&str>)> {
    let name = take_till(|c| c == '(');
    let member = opt(delimited(tag("("), take_until(")"), tag(")")));
    all_consuming((name, member)).parse(text)
}

fn member_name(text: &str) -> Option<MemberName> {
    if symbol::is_name(text) {
        return Some(MemberName::Member(text.to_owned()));
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    let generation: i32 = text.parse().ok().filter(|_| is_number)?;
    // A generation above 0 has a sign.
    let is_signed = generation <= 0 || text.starts_with('+');
    (is_signed && generation.abs() <= MAX_GENERATION).then_some(MemberName::Generation(generation))
}
