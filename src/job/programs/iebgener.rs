//! IEBGENER: copies SYSUT1 to SYSUT2, record by record.
//!
//! Records change their format as the two DDs say: fixed, variable and lines into each other, from
//! one code page to another where both are known. A record that does not fit ends the copy with
//! return code 12; nothing is ever cut off but blanks. Control statements in SYSIN are not known.
//!
//! `plan` starts zoxy anew, so that the copy has a process of its own that can be limited and
//! cancelled; there [`run`] does the work.

use std::env;
use std::fmt::Display;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::{Context, Plan, Refusal, own};
use crate::codepage::CodePage;
use crate::dataset::{
    Converter, Layout, Overflow, RecordFormat, RecordKind, RecordReader, RecordWriter, dd,
};
use crate::job::text::detected;
use crate::message::catalogue::{IEBGENER_COPIED, IEBGENER_FAILED};

/// The hidden subcommand of zoxy that does the work.
pub const SUBCOMMAND: &str = "iebgener";

pub(super) fn plan(context: &mut Context<'_>) -> Result<Plan, Refusal> {
    let mut command = own()?;
    command.arg(SUBCOMMAND);
    context.finish(command)
}

/// Copies as the environment says; the messages for SYSPRINT and the return code.
pub fn run() -> (String, u8) {
    match copy() {
        Ok(records) => (IEBGENER_COPIED.render(&[("records", &records)]), 0),
        Err(reason) => (IEBGENER_FAILED.render(&[("reason", &reason)]), 12),
    }
}

fn copy() -> Result<u64, String> {
    let mut statements = String::new();
    io::stdin().take(MAX_SYSIN).read_to_string(&mut statements).map_err(|e| of("SYSIN", e))?;
    if !statements.trim().is_empty() {
        return Err("SYSIN has control statements, which are not supported".to_owned());
    }
    let (from, to) = (path("SYSUT1")?, path("SYSUT2")?);
    let input = File::open(&from).map_err(|error| of("SYSUT1", error))?;
    let known = known("SYSUT1")?;
    let from_layout = layout_of(&input, known).map_err(|error| of("SYSUT1", error))?;
    let to_layout = self::known("SYSUT2")?.unwrap_or_else(lines);
    // A file of bytes has no records of its own: they are cut as SYSUT2 wants them.
    let from_layout = match (from_layout.kind, to_layout.kind) {
        (RecordKind::Undefined, RecordKind::Fixed) => {
            Layout { kind: RecordKind::Fixed, lrecl: to_layout.lrecl, page: None, ..from_layout }
        }
        _ => from_layout,
    };
    let output = create(&to).map_err(|error| of("SYSUT2", error))?;
    copy_records(input, from_layout, output, to_layout)
}

/// Copies until the end; the number of records.
fn copy_records(
    input: impl Read,
    from: Layout,
    output: impl io::Write,
    to: Layout,
) -> Result<u64, String> {
    let page = from.page.unwrap_or(CodePage::Utf8);
    let strips = from.kind == RecordKind::Fixed && to.kind == RecordKind::Text;
    let mut converter = Converter::new(page, to.page.unwrap_or(page), strips);
    let converts = strips || to.page.is_some_and(|to| to != page);
    let to = Layout { page: Some(to.page.unwrap_or(page)), ..to };
    let mut reader = RecordReader::new(input, from);
    let mut writer = RecordWriter::new(output, to, Overflow::Refuse);
    let mut number = 0;
    loop {
        let next = reader.next_record().map_err(|error| of("SYSUT1", error))?;
        let Some(record) = next else { break };
        number += 1;
        let wrong = |error: &dyn Display| format!("record {number}: {error}");
        let record = match converts {
            true => converter.convert(record).map_err(|error| wrong(&error))?,
            false => record,
        };
        writer.write(record).map_err(|error| format!("SYSUT2: {}", wrong(&error)))?;
    }
    writer.finish().map_err(|error| of("SYSUT2", error))?;
    Ok(number)
}

fn path(dd: &str) -> Result<PathBuf, String> {
    let path = env::var_os(format!("DD_{dd}")).filter(|path| !path.is_empty());
    path.map(PathBuf::from).ok_or_else(|| format!("there is no DD {dd}"))
}

/// What the DD says of its records; None if it says nothing.
fn known(name: &str) -> Result<Option<Layout>, String> {
    Ok(dd::attributes(name)?.map(|attributes| attributes.layout()))
}

/// The layout of a file: as it is known, with what is missing as its first bytes look.
fn layout_of(file: &File, known: Option<Layout>) -> io::Result<Layout> {
    let found = file.metadata()?;
    if known.is_some_and(|layout| layout.page.is_some()) || !found.is_file() {
        return Ok(known.unwrap_or_else(lines));
    }
    let detected = detected(file)?;
    Ok(match known {
        Some(layout) => Layout { page: Some(detected.page), ..layout },
        None => detected.layout(),
    })
}

fn lines() -> Layout {
    Layout::of(RecordFormat::TEXT, CodePage::Utf8)
}

/// Opens the output: anew, or behind what is there with DISP=MOD or OAPPEND.
fn create(path: &Path) -> io::Result<File> {
    let appends = dd::appends("SYSUT2");
    // A new member has the permissions of its library.
    let folder = path.parent().and_then(|folder| fs::metadata(folder).ok());
    let mode = folder.map_or(0o600, |folder| folder.permissions().mode() & 0o666);
    let mut options = OpenOptions::new();
    options.create(true).mode(mode).append(appends).write(true).truncate(!appends);
    options.open(path)
}

fn of(dd: &str, error: impl Display) -> String {
    format!("{dd}: {error}")
}

/// Bytes of SYSIN that are looked at.
const MAX_SYSIN: u64 = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<Layout> {
        dd::parse_attributes(text).map(|attributes| attributes.layout())
    }

    fn copied(input: &[u8], from: Layout, to: Layout) -> Result<Vec<u8>, String> {
        let mut output = Vec::new();
        copy_records(input, from, &mut output, to).map(|_| output)
    }

    #[test]
    fn lines_become_fixed_records_and_come_back() {
        let fixed = parse("RECFM=FB,LRECL=8,BLKSIZE=80,BDW=NO,CODEPAGE=IBM-1047").unwrap();
        let records = copied(b"AB\n\nCDEFGHIJ\n", lines(), fixed).unwrap();
        assert_eq!(records.len(), 24);
        assert_eq!(records[..3], [0xc1, 0xc2, 0x40]);
        assert_eq!(copied(&records, fixed, lines()).unwrap(), b"AB\n\nCDEFGHIJ\n");
    }

    #[test]
    fn fixed_records_become_variable_ones() {
        let variable = parse("RECFM=VB,LRECL=84,BLKSIZE=27998,BDW=NO").unwrap();
        let fixed = parse("RECFM=FB,LRECL=4,BLKSIZE=80,BDW=NO,CODEPAGE=UTF-8").unwrap();
        let records = copied(b"AB  CDEF", fixed, variable).unwrap();
        assert_eq!(records, b"\0\x08\0\0AB  \0\x08\0\0CDEF");
    }

    #[test]
    fn a_record_that_does_not_fit_ends_the_copy() {
        let fixed = parse("RECFM=FB,LRECL=4,BLKSIZE=80,BDW=NO").unwrap();
        let error = copied(b"AB\nABCDE\n", lines(), fixed).unwrap_err();
        assert!(error.starts_with("SYSUT2: record 2: "), "{error}");
        assert_eq!(copied(b"ABCD  \n", lines(), fixed).unwrap(), b"ABCD");
    }
}
