//! DDs of the environment: what `//DD:NAME` stands for.
//!
//! A variable DD_NAME, dd_NAME or NAME holds it, looked for in this order: this is how the run time
//! of GnuCOBOL finds the file of `ASSIGN TO NAME` (GnuCOBOL Programmer's Guide, "File name
//! mapping"), so that COBOL programs and zoxy share the DDs of a job. The value is a path, as GnuCOBOL
//! wants it, or a data set name with slashes, which only zoxy understands. Whoever starts programs
//! for the steps of a job sets [`variable`].

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

use super::attributes::{Attributes, Dcb};
use super::file_name::FileName;
use super::name::{DdName, MemberName};
use super::prefix::Prefix;
use super::store::StoreError;

/// The variable that sets a DD for programs.
pub fn variable(name: &DdName) -> String {
    format!("DD_{name}")
}

/// What the environment says of a DD; a member is one of the library or folder that it names.
pub fn from_environment(
    name: &DdName,
    member: Option<&MemberName>,
) -> Result<FileName, StoreError> {
    look_up(name, member, |variable| env::var_os(variable))
}

/// The attributes that whoever allocated a DD says it has, in ZOXY_DCB_NAME as a job's step sets it;
/// None if it says nothing, or nothing that can be read.
pub fn attributes(name: &str) -> Result<Option<Attributes>, String> {
    let Ok(text) = env::var(format!("ZOXY_DCB_{name}")) else { return Ok(None) };
    parse_attributes(&text).map(Some).ok_or_else(|| format!("{name}: {text} are no attributes"))
}

/// Whether what is written to a DD goes behind what is there: DISP=MOD or OAPPEND.
pub fn appends(name: &str) -> bool {
    env::var(format!("ZOXY_DISP_{name}")).is_ok_and(|status| status == "MOD")
}

/// Reads `RECFM=FB,LRECL=80,...` as a step has it.
pub(crate) fn parse_attributes(text: &str) -> Option<Attributes> {
    let mut dcb = Dcb::default();
    for part in text.split(',') {
        let (keyword, value) = part.split_once('=')?;
        let number = || value.parse::<u16>().ok();
        match keyword {
            "RECFM" => dcb.recfm = Some(value.parse().ok()?),
            "LRECL" => dcb.lrecl = Some(number()?),
            "BLKSIZE" => dcb.blksize = Some(number()?),
            "BDW" => dcb.bdw = Some(value == "YES"),
            "CODEPAGE" => dcb.code_page = Some(value.parse().ok()?),
            _ => return None,
        }
    }
    dcb.complete().ok()
}

fn look_up(
    name: &DdName,
    member: Option<&MemberName>,
    get: impl Fn(&str) -> Option<OsString>,
) -> Result<FileName, StoreError> {
    let wrong = |reason: String| StoreError::NoDd(name.clone(), reason);
    let variables = [variable(name), format!("dd_{name}"), name.to_string()];
    let found = variables.iter().find_map(|variable| Some((variable, get(variable)?)));
    let Some((variable, value)) = found.filter(|(_, value)| !value.is_empty()) else {
        return Err(wrong(format!("none of {} is set", variables.join(", "))));
    };
    let file = match value.to_str().filter(|text| text.starts_with("//")) {
        Some(text) => FileName::parse(text, &Prefix::Environment)
            .map_err(|error| wrong(format!("{variable} is {text}: {error}")))?,
        None => FileName::Path(PathBuf::from(&value)),
    };
    match (file, member) {
        (file @ (FileName::Path(_) | FileName::Dataset(_)), None) => Ok(file),
        (FileName::Path(path), Some(member)) => Ok(FileName::Path(path.join(member.as_str()))),
        (FileName::Dataset(mut dsn), Some(member)) => match dsn.member.replace(member.clone()) {
            None => Ok(FileName::Dataset(dsn)),
            Some(_) => Err(wrong(format!("{variable} names a member already"))),
        },
        (file, _) => Err(wrong(format!("{variable} is {file}; expected a path or a data set"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn damaged_attributes_are_none() {
        for text in ["", "RECFM", "RECFM=X", "LRECL=x", "RECFM=FB,LRECL=80,BLKSIZE=81"] {
            assert!(parse_attributes(text).is_none(), "{text}");
        }
        let attributes = parse_attributes("RECFM=VB,LRECL=84,BDW=YES,CODEPAGE=IBM-037").unwrap();
        assert!(attributes.lrecl() == 84 && attributes.bdw());
    }

    fn looked_up(environment: &[(&str, &str)], member: Option<&str>) -> Result<String, String> {
        let name = DdName::parse("INFILE").unwrap();
        let member = member.map(|member| MemberName::parse(member).unwrap());
        let get = |wanted: &str| {
            let found = environment.iter().find(|(name, _)| *name == wanted);
            found.map(|(_, value)| OsString::from(value))
        };
        let found = look_up(&name, member.as_ref(), get);
        found.map(|file| file.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn three_variables_are_looked_for_in_order() {
        let all = [("INFILE", "c"), ("dd_INFILE", "b"), ("DD_INFILE", "/a")];
        assert_eq!(looked_up(&all, None).as_deref(), Ok("/a"));
        assert_eq!(looked_up(&all[..2], None).as_deref(), Ok("b"));
        assert_eq!(looked_up(&all[..1], None).as_deref(), Ok("c"));
        assert_eq!(variable(&DdName::parse("a").unwrap()), "DD_A");
    }

    #[test]
    fn values_are_paths_or_data_sets() {
        let library = [("DD_INFILE", "//'ZOXY.LIB'")];
        assert_eq!(looked_up(&library, None).as_deref(), Ok("//'ZOXY.LIB'"));
        assert_eq!(looked_up(&library, Some("m")).as_deref(), Ok("//'ZOXY.LIB(M)'"));
        assert_eq!(looked_up(&[("DD_INFILE", "/lib")], Some("M")).as_deref(), Ok("/lib/M"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (environment, member, expected) in [
            (&[][..], None, "none of DD_INFILE, dd_INFILE, INFILE is set"),
            (&[("DD_INFILE", "")], None, "none of DD_INFILE"),
            (&[("DD_INFILE", "//'A.B(C)'")], Some("D"), "names a member already"),
            (&[("DD_INFILE", "//DD:OTHER")], None, "DD_INFILE is //DD:OTHER; expected a path"),
            (&[("DD_INFILE", "//'1'")], None, "DD_INFILE is //'1': qualifier 1 '1' begins"),
        ] {
            let error = looked_up(environment, member).unwrap_err();
            assert!(error.contains("INFILE") && error.contains(expected), "{error}");
        }
    }
}
