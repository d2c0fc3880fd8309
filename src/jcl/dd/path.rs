//! PATH and its companions: files of the file system.

use super::DdPart;
use crate::jcl::model::{Access, FileData, PathFile, PathOptions};
use crate::jcl::operand::Param;
use crate::jcl::report::Problem;
use crate::jcl::value::{invalid, one_of, word};
use crate::message::catalogue::{JCL_EXCLUSIVE, JCL_PARAMETER_MISSING};

/// Characters of a path at most.
const MAX_PATH: usize = 255;

const READ: u32 = 4;
const WRITE: u32 = 2;
const EXECUTE: u32 = 1;
const ALL: u32 = 7;

/// Names of permission bits.
const MODES: &[(&str, u32)] = &[
    ("SIRUSR", READ << 6),
    ("SIWUSR", WRITE << 6),
    ("SIXUSR", EXECUTE << 6),
    ("SIRWXU", ALL << 6),
    ("SIRGRP", READ << 3),
    ("SIWGRP", WRITE << 3),
    ("SIXGRP", EXECUTE << 3),
    ("SIRWXG", ALL << 3),
    ("SIROTH", READ),
    ("SIWOTH", WRITE),
    ("SIXOTH", EXECUTE),
    ("SIRWXO", ALL),
    ("SISUID", 0o4000),
    ("SISGID", 0o2000),
];

/// An option of PATHOPTS.
#[derive(Debug, Clone, Copy)]
enum Opening {
    Access(Access),
    Flag(fn(&mut PathOptions) -> &mut bool),
}

const OPTIONS: &[(&str, Opening)] = &[
    ("ORDONLY", Opening::Access(Access::Read)),
    ("OWRONLY", Opening::Access(Access::Write)),
    ("ORDWR", Opening::Access(Access::ReadWrite)),
    ("OAPPEND", Opening::Flag(|options| &mut options.append)),
    ("OCREAT", Opening::Flag(|options| &mut options.create)),
    ("OEXCL", Opening::Flag(|options| &mut options.exclusive)),
    ("ONOCTTY", Opening::Flag(|options| &mut options.no_tty)),
    ("ONONBLOCK", Opening::Flag(|options| &mut options.nonblocking)),
    ("OSYNC", Opening::Flag(|options| &mut options.sync)),
    ("OTRUNC", Opening::Flag(|options| &mut options.truncate)),
];

/// Reads PATH, PATHOPTS, PATHMODE, PATHDISP and FILEDATA.
pub(super) fn path(part: &DdPart) -> Result<PathFile, Problem> {
    let missing = || Problem::new(&JCL_PARAMETER_MISSING, part.place, "no PATH", "PATH");
    let param = part.value("PATH").ok_or_else(missing)?;
    let expected = "an absolute path of at most 255 characters, in apostrophes";
    let text = word(param, expected)?.text.as_str();
    if !text.starts_with('/') || text.chars().count() > MAX_PATH || text.contains('\0') {
        return Err(invalid(param, expected));
    }
    let options = part.value("PATHOPTS").map(options).transpose()?.unwrap_or_default();
    let (keep_normal, keep_abnormal) =
        part.value("PATHDISP").map(keeps).transpose()?.unwrap_or((true, true));
    let kinds = [("BINARY", FileData::Binary), ("TEXT", FileData::Text)];
    Ok(PathFile {
        path: text.to_owned(),
        options,
        mode: part.value("PATHMODE").map(mode).transpose()?,
        keep_normal,
        keep_abnormal,
        data: part.value("FILEDATA").map(|param| one_of(param, &kinds)).transpose()?,
    })
}

fn options(param: &Param) -> Result<PathOptions, Problem> {
    let mut options = PathOptions::default();
    for item in param.items() {
        match one_of(&item, OPTIONS)? {
            Opening::Flag(flag) => *flag(&mut options) = true,
            Opening::Access(access) if options.access.is_none() => options.access = Some(access),
            Opening::Access(_) => {
                let problem = invalid(&item, "one of ORDONLY, OWRONLY and ORDWR");
                return Err(Problem { message: &JCL_EXCLUSIVE, ..problem });
            }
        }
    }
    Ok(options)
}

fn mode(param: &Param) -> Result<u32, Problem> {
    param.items().iter().try_fold(0, |mode, item| Ok(mode | one_of(item, MODES)?))
}

fn keeps(param: &Param) -> Result<(bool, bool), Problem> {
    let items = param.items();
    if items.len() > 2 {
        return Err(invalid(param, "PATHDISP=(normal,abnormal)"));
    }
    let keep = |index: usize| {
        let item = items.get(index).filter(|item: &&Param| !item.is_empty());
        item.map(|item| one_of(item, &[("KEEP", true), ("DELETE", false)])).transpose()
    };
    let normal = keep(0)?.unwrap_or(true);
    Ok((normal, keep(1)?.unwrap_or(normal)))
}
