//! Values of parameters: names, numbers, times, sizes, words of a list.

use std::ops::RangeInclusive;

use super::model::TimeLimit;
use super::operand::{Param, Value, Word};
use super::report::Problem;
use super::symbol;
use super::text::Place;
use crate::dataset::DatasetName;
use crate::message::catalogue::{JCL_NAME_INVALID, JCL_VALUE_INVALID};

/// What a name must be.
pub(super) const NAME: &str =
    "a name of 1 to 8 upper-case letters, digits, $, # and @, not beginning with a digit";

/// The value is none that the parameter can have.
pub(super) fn invalid(param: &Param, expected: impl Into<String>) -> Problem {
    let raw = if param.key.is_some() { param.raw_value() } else { &param.raw };
    Problem::text(&JCL_VALUE_INVALID, param.value_place(), raw, expected)
}

/// The single word of a parameter.
pub(super) fn word<'p>(param: &'p Param, expected: &str) -> Result<&'p Word, Problem> {
    param.word().ok_or_else(|| invalid(param, expected))
}

/// A name of 1 to 8 characters.
pub(super) fn name(param: &Param) -> Result<String, Problem> {
    let word = param.word().filter(|word| symbol::is_name(&word.text));
    let problem = || Problem { message: &JCL_NAME_INVALID, ..invalid(param, NAME) };
    word.map(|word| word.text.clone()).ok_or_else(problem)
}

/// A name in a field of its own.
pub(super) fn check_name(text: &str, place: Place) -> Result<(), Problem> {
    if symbol::is_name(text) {
        return Ok(());
    }
    Err(Problem::text(&JCL_NAME_INVALID, place, text, NAME))
}

/// One of several words.
pub(super) fn one_of<T: Copy>(param: &Param, words: &[(&str, T)]) -> Result<T, Problem> {
    let found = param.word().and_then(|word| words.iter().find(|(name, _)| *name == word.text));
    let expected = || {
        let names: Vec<_> = words.iter().map(|(name, _)| *name).collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    };
    found.map(|(_, value)| *value).ok_or_else(|| invalid(param, expected()))
}

/// A decimal number within bounds.
pub(super) fn number(
    param: &Param,
    range: RangeInclusive<u32>,
    what: &str,
) -> Result<u32, Problem> {
    let word = param.word().map_or("", |word| word.text.as_str());
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    let number = word.parse().ok().filter(|number| digits && range.contains(number));
    let expected = || format!("{what}, {} to {}", range.start(), range.end());
    number.ok_or_else(|| invalid(param, expected()))
}

/// REGION: a number with K or M, in bytes; None for zero, which is no limit.
pub(super) fn region(param: &Param) -> Result<Option<u64>, Problem> {
    let expected = "storage such as 512K or 4M, at most 2096128K or 2047M";
    let text = word(param, expected)?.text.as_str();
    if text == "0" {
        return Ok(None);
    }
    let size = text.split_at_checked(text.len().saturating_sub(1)).and_then(|(digits, unit)| {
        let digits = digits.bytes().all(|byte| byte.is_ascii_digit()).then_some(digits)?;
        let count: u64 = digits.parse().ok()?;
        match unit {
            "K" if count <= 2_096_128 => Some(count * 1024),
            "M" if count <= 2_047 => Some(count * 1024 * 1024),
            _ => None,
        }
    });
    let size = size.ok_or_else(|| invalid(param, expected))?;
    Ok((size > 0).then_some(size))
}

/// TIME: minutes, `(minutes,seconds)`, 1440, NOLIMIT or MAXIMUM.
pub(super) fn time(param: &Param) -> Result<TimeLimit, Problem> {
    let expected = "minutes, (minutes,seconds), 1440, NOLIMIT or MAXIMUM";
    match &param.value {
        Value::Word(word) => match word.text.as_str() {
            "NOLIMIT" | "1440" => return Ok(TimeLimit::NoLimit),
            "MAXIMUM" => return Ok(TimeLimit::Maximum),
            _ => {}
        },
        Value::List(items) if items.len() <= 2 && !items.is_empty() => {}
        Value::Empty | Value::List(_) => return Err(invalid(param, expected)),
    }
    let part = |item: Option<&Param>, most| match item {
        Some(item) if !item.is_empty() => {
            number(item, 0..=most, "").map_err(|_| invalid(item, expected))
        }
        Some(_) | None => Ok(0),
    };
    let items = param.items();
    let (minutes, seconds) = (part(items.first(), 357_912)?, part(items.get(1), 59)?);
    if minutes == 0 && seconds == 0 {
        return Err(invalid(param, expected));
    }
    Ok(TimeLimit::Seconds(minutes * 60 + seconds))
}

/// Whether the text is a data set name; the error is what was expected, and which part is wrong.
pub(super) fn check_data_set(text: &str) -> Result<(), String> {
    match DatasetName::parse(text) {
        Ok(_) if !has_lower_case(text) => Ok(()),
        Ok(_) => Err("a data set name, in upper case".to_owned()),
        Err(error) => Err(format!("a data set name ({error})")),
    }
}

/// Whether the text has lower-case letters, for a better message.
pub(super) fn has_lower_case(text: &str) -> bool {
    text.chars().any(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jcl::operand::only as param;

    #[test]
    fn regions_are_bytes() {
        assert_eq!(region(&param("REGION=4M")).unwrap(), Some(4 << 20));
        assert_eq!(region(&param("REGION=512K")).unwrap(), Some(512 << 10));
        assert_eq!(region(&param("REGION=0M")).unwrap(), None);
        assert_eq!(region(&param("REGION=0")).unwrap(), None);
        for wrong in ["4", "4G", "M", "-4M", "2048M", "(4M)", "", "99999999999999999999K"] {
            assert!(region(&param(&format!("REGION={wrong}"))).is_err(), "{wrong}");
        }
    }

    #[test]
    fn times_are_seconds() {
        assert_eq!(time(&param("TIME=1")).unwrap(), TimeLimit::Seconds(60));
        assert_eq!(time(&param("TIME=(1,30)")).unwrap(), TimeLimit::Seconds(90));
        assert_eq!(time(&param("TIME=(,30)")).unwrap(), TimeLimit::Seconds(30));
        assert_eq!(time(&param("TIME=1440")).unwrap(), TimeLimit::NoLimit);
        assert_eq!(time(&param("TIME=MAXIMUM")).unwrap(), TimeLimit::Maximum);
        for wrong in ["0", "(1,60)", "(1,2,3)", "1H", "357913", "()"] {
            assert!(time(&param(&format!("TIME={wrong}"))).is_err(), "{wrong}");
        }
    }

    #[test]
    fn data_set_names_are_qualifiers() {
        let long = ["A2345678"; 5].join(".");
        for good in ["A", "SYS1.PROCLIB", "A.B-C.$D.#E.@F", "A2345678.B2345678", &long] {
            assert_eq!(check_data_set(good), Ok(()), "{good}");
        }
        for wrong in ["", "A.", ".A", "A..B", "1A", "A.-B", "A23456789", "a.b", "A B"] {
            assert!(check_data_set(wrong).is_err(), "{wrong}");
        }
        assert!(check_data_set(&["A2345678"; 6].join(".")).is_err());
        // Which part it is.
        assert!(check_data_set("SYS1.PROCLIBRARY").unwrap_err().contains("qualifier 2"));
    }
}
