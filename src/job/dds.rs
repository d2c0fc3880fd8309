//! The DDs of a step: allocated before its program, files and variables for it, disposed of behind it.
//!
//! | DD | is for programs |
//! |---|---|
//! | data set, PATH | its own file |
//! | `*`, DATA | a file of lines in the job's folder |
//! | SYSOUT | a file in the spool |
//! | DUMMY | /dev/null |
//! | concatenation | a copy of all: of the same format if they agree, else lines |
//! | libraries | their folders, with colons between them |
//!
//! `DD_name` in the environment holds the path; `ZOXY_DCB_name` and `ZOXY_DISP_name` what is known of
//! records and status.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use rustix::io::Errno;

use super::datasets::{Datasets, Use};
use super::log::{JobLog, note};
use super::pipe::{self, Patience};
use super::spool::{JobFolder, new_file};
use super::text;
use crate::dataset::{Attributes, RecordKind};
use crate::jcl::{Access, DdPart, FileData, InStream, PathFile, Source, Status, Step};

/// Bytes of a DD that is read as text into memory at most: STDENV, STDPARM, PARMDD, SYSIN.
const MAX_TEXT: u64 = 1 << 20;

/// What each DD of a step has been given.
#[derive(Debug)]
pub struct Dds {
    step: String,
    dds: Vec<Dd>,
    work: PathBuf,
    /// Output that becomes records when the program has ended: the lines, the DD.
    captured: Vec<(PathBuf, usize)>,
    files: Vec<PathBuf>,
    patience: Patience,
}

#[derive(Debug)]
struct Dd {
    name: String,
    parts: Vec<Part>,
}

#[derive(Debug)]
enum Part {
    DataSet(Box<Use>),
    Path(PathFile),
    /// Its file; whether it is an internal reader.
    Sysout(PathBuf, bool),
    InStream(PathBuf),
    Dummy,
}

impl Drop for Dds {
    /// A job of many steps needs no more room than the largest of them.
    fn drop(&mut self) {
        for path in &self.files {
            // What cannot be removed goes with the folder of the job.
            let _ = fs::remove_file(path);
        }
    }
}

impl Dds {
    /// Allocates the DDs of the step that is the `number`th. All of them are tried, and what cannot
    /// be had is said; then what could be is given up again. `like` names a new DD and the one whose
    /// attributes it takes on where it says none.
    pub fn allocate(
        step: &Step,
        number: usize,
        like: Option<(&str, &str)>,
        datasets: &mut Datasets,
        folder: &JobFolder,
        log: &mut JobLog,
        patience: Patience,
    ) -> Option<Self> {
        let (name, work) = (step.to_string(), folder.work());
        let mut dds = Self {
            step: name,
            dds: Vec::new(),
            work,
            captured: Vec::new(),
            files: Vec::new(),
            patience,
        };
        let mut failed = false;
        // The DD whose attributes another one takes on comes first.
        let first = like.map(|(_, model)| model);
        let (models, others): (Vec<_>, Vec<_>) =
            step.dds.iter().partition(|dd| Some(dd.name.as_str()) == first);
        for dd in models.into_iter().chain(others) {
            let model = like
                .filter(|(new, _)| *new == dd.name)
                .and_then(|(_, model)| dds.find(model)?.attributes().copied());
            let mut parts = Vec::new();
            for part in &dd.parts {
                match dds.part(&dd.name, part, number, model.as_ref(), datasets, folder) {
                    Ok(allocated) => {
                        let what = allocated.describe(part);
                        note!(log, DD_ALLOCATED, step = dds.step, dd = dd.name, what = what);
                        parts.push(allocated);
                    }
                    Err(reason) => {
                        failed = true;
                        let card = part.position.card;
                        let member = &part.position.source;
                        note!(
                            log,
                            DD_NOT_ALLOCATED,
                            step = dds.step,
                            dd = dd.name,
                            member = member,
                            card = card,
                            reason = reason
                        );
                    }
                }
            }
            dds.dds.push(Dd { name: dd.name.clone(), parts });
        }
        for part in step.dds.iter().flat_map(|dd| &dd.parts) {
            let Source::InStream(InStream { symbols_log: Some((name, lines)), .. }) = &part.source
            else {
                continue;
            };
            if let Err(reason) = dds.add_lines(name, lines) {
                failed = true;
                let (member, card) = (&part.position.source, part.position.card);
                note!(
                    log,
                    DD_NOT_ALLOCATED,
                    step = dds.step,
                    dd = name,
                    member = member,
                    card = card,
                    reason = reason
                );
            }
        }
        if failed {
            datasets.release(dds.take_uses());
            return None;
        }
        Some(dds)
    }

    fn part(
        &mut self,
        dd: &str,
        part: &DdPart,
        number: usize,
        like: Option<&Attributes>,
        datasets: &mut Datasets,
        folder: &JobFolder,
    ) -> Result<Part, String> {
        match &part.source {
            Source::DataSet(named) => {
                let used = datasets.allocate(named, part.disposition, part.dcb, like)?;
                Ok(Part::DataSet(Box::new(used)))
            }
            Source::Path(path) => open_path(path).map(|()| Part::Path(path.clone())),
            Source::Sysout(sysout) => {
                let name = format!("{number}.{}.{dd}", self.step);
                folder.output(&name).map_err(|error| error.to_string())?;
                Ok(Part::Sysout(folder.path().join(name), sysout.is_internal_reader()))
            }
            Source::InStream(data) => {
                let (path, mut file) = self.work_file("instream").map_err(|e| e.to_string())?;
                let mut text = data.records.join("\n");
                if !data.records.is_empty() {
                    text.push('\n');
                }
                file.write_all(text.as_bytes()).map_err(|error| error.to_string())?;
                Ok(Part::InStream(path))
            }
            Source::Dummy => Ok(Part::Dummy),
        }
    }

    /// Variables for the program.
    pub fn environment(&mut self) -> io::Result<Vec<(String, OsString)>> {
        let mut variables = Vec::new();
        for index in 0..self.dds.len() {
            let path = self.path(index)?;
            let dd = &self.dds[index];
            variables.push((format!("DD_{}", dd.name), path));
            let is_binary = matches!(
                &dd.parts[..],
                [Part::Path(PathFile { data: Some(FileData::Binary), .. })]
            );
            let shown = dd.attributes().map(shown_attributes);
            if let Some(shown) = shown.or(is_binary.then(|| "RECFM=U".to_owned())) {
                variables.push((format!("ZOXY_DCB_{}", dd.name), shown.into()));
            }
            if dd.appends() {
                variables.push((format!("ZOXY_DISP_{}", dd.name), "MOD".into()));
            }
        }
        Ok(variables)
    }

    /// Whether the step has such a DD.
    pub fn has(&self, name: &str) -> bool {
        self.find(name).is_some()
    }

    /// Files of its SYSOUT.
    pub fn outputs(&self) -> impl Iterator<Item = PathBuf> {
        self.parts().filter_map(|(_, part)| match part {
            Part::Sysout(path, _) => Some(path.clone()),
            _ => None,
        })
    }

    /// Names and files of the DDs that are internal readers.
    pub fn readers(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.parts().filter_map(|(name, part)| match part {
            Part::Sysout(path, true) => Some((name, path.as_path())),
            _ => None,
        })
    }

    fn parts(&self) -> impl Iterator<Item = (&str, &Part)> {
        self.dds.iter().flat_map(|dd| dd.parts.iter().map(|part| (dd.name.as_str(), part)))
    }

    /// Folders of a library DD, in their order; none if there is no such DD.
    pub fn folders(&self, name: &str) -> Vec<PathBuf> {
        let parts = self.find(name).map_or(&[][..], |dd| &dd.parts);
        parts.iter().filter_map(Part::path).collect()
    }

    /// Whether a DD is data sets without records: RECFM=U.
    pub fn has_blocks_only(&self, name: &str) -> bool {
        let attributes = self.find(name).and_then(Dd::attributes);
        attributes.is_some_and(|found| found.recfm().kind == RecordKind::Undefined)
    }

    /// All lines of a DD; None if there is none of that name.
    pub fn text(&self, name: &str) -> io::Result<Option<String>> {
        let Some(dd) = self.find(name) else { return Ok(None) };
        let mut limited = Limited(Vec::new());
        dd.copy(self.patience, &mut limited)?;
        String::from_utf8(limited.0).map(Some).map_err(|_| io::Error::other("it is no text"))
    }

    /// Standard input from the first of these DDs that the step has; nothing if it has none.
    pub fn input(&mut self, names: &[&str]) -> io::Result<Stdio> {
        let Some(dd) = names.iter().find_map(|name| self.find(name)) else {
            return Ok(Stdio::null());
        };
        match &dd.parts[..] {
            [Part::Dummy] => Ok(Stdio::null()),
            [part @ (Part::Path(_) | Part::Sysout(..) | Part::InStream(_))] => {
                let path = part.path().expect("these have a path");
                pipe::open_to_read(&path, self.patience).map(Stdio::from)
            }
            _ => {
                let name = dd.name.clone();
                let (path, mut file) = self.work_file("stdin")?;
                self.find(&name).expect("it was there").copy(self.patience, &mut file)?;
                File::open(path).map(Stdio::from)
            }
        }
    }

    /// Standard output or error to the first of these DDs that the step has; None if it has none.
    pub fn output(&mut self, names: &[&str]) -> io::Result<Option<Stdio>> {
        let position = |name: &&str| self.dds.iter().position(|dd| dd.name == **name);
        let Some(index) = names.iter().find_map(position) else { return Ok(None) };
        let stdio = match self.dds[index].parts.first() {
            None | Some(Part::Dummy) => Stdio::null(),
            Some(Part::Path(file)) => {
                pipe::open_to_write(Path::new(&file.path), file.options.append, self.patience)?
                    .into()
            }
            Some(Part::Sysout(path, _) | Part::InStream(path)) => {
                OpenOptions::new().append(true).open(path)?.into()
            }
            Some(Part::DataSet(_)) => {
                if let Some((path, _)) = self.captured.iter().find(|(_, dd)| *dd == index) {
                    return Ok(Some(OpenOptions::new().append(true).open(path)?.into()));
                }
                let (path, _) = self.work_file("stdout")?;
                self.captured.push((path.clone(), index));
                OpenOptions::new().append(true).open(path)?.into()
            }
        };
        Ok(Some(stdio))
    }

    /// Makes records of what the program wrote to its standard output and error; what cannot be is
    /// said, and makes the step end abnormally.
    pub fn store_output(&mut self, log: &mut JobLog) -> bool {
        let mut stored = true;
        for (path, index) in std::mem::take(&mut self.captured) {
            let dd = &self.dds[index];
            let Some(Part::DataSet(used)) = dd.parts.first() else { continue };
            let written = File::open(&path).and_then(|lines| used.write(lines));
            if let Err(reason) = written {
                stored = false;
                note!(
                    log,
                    DD_NOT_WRITTEN,
                    step = self.step,
                    dd = dd.name,
                    what = used,
                    reason = reason
                );
            }
        }
        stored
    }

    /// Does what DISP and PATHDISP say; `normal` if the step ended normally.
    pub fn dispose(mut self, normal: bool, datasets: &mut Datasets, log: &mut JobLog) {
        for dd in &self.dds {
            for part in &dd.parts {
                let Part::Path(file) = part else { continue };
                let keep = if normal { file.keep_normal } else { file.keep_abnormal };
                let fate = match keep {
                    true => "kept".to_owned(),
                    false => match fs::remove_file(&file.path) {
                        Ok(()) => "deleted".to_owned(),
                        Err(error) => format!("not deleted: {error}"),
                    },
                };
                let what = &file.path;
                note!(log, DD_DISPOSED, step = self.step, dd = dd.name, what = what, fate = fate);
            }
        }
        let uses = self.take_uses();
        datasets.dispose(&self.step, uses, normal, log);
    }

    /// Writes the list of symbols that were replaced, as SYMBOLS asks, to the DD that it names.
    fn add_lines(&mut self, name: &str, lines: &[String]) -> io::Result<()> {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let dd = self.find(name).ok_or_else(|| io::Error::other("there is no such DD"))?;
        match dd.parts.first() {
            None | Some(Part::Dummy) => Ok(()),
            Some(Part::DataSet(_)) => {
                let (path, mut file) = self.work_file("symbols")?;
                file.write_all(text.as_bytes())?;
                match self.find(name).and_then(|dd| dd.parts.first()) {
                    Some(Part::DataSet(used)) => used.write(File::open(path)?),
                    _ => Ok(()),
                }
            }
            Some(part) => {
                let path = part.path().expect("these have a path");
                OpenOptions::new().append(true).open(path)?.write_all(text.as_bytes())
            }
        }
    }

    fn take_uses(&mut self) -> Vec<(String, Use)> {
        let mut uses = Vec::new();
        for Dd { name, parts } in std::mem::take(&mut self.dds) {
            for part in parts {
                if let Part::DataSet(used) = part {
                    uses.push((name.clone(), *used));
                }
            }
        }
        uses
    }

    fn find(&self, name: &str) -> Option<&Dd> {
        self.dds.iter().find(|dd| dd.name == name)
    }

    /// What a program opens for a DD.
    fn path(&mut self, index: usize) -> io::Result<OsString> {
        let dd = &self.dds[index];
        if let [part] = &dd.parts[..] {
            return Ok(part.path().unwrap_or_else(|| PathBuf::from("/dev/null")).into());
        }
        if dd.parts.iter().any(Part::is_folder) {
            let folders: Vec<_> = dd.parts.iter().filter_map(Part::path).collect();
            return std::env::join_paths(folders).map_err(io::Error::other);
        }
        let (path, mut file) = self.work_file("concatenation")?;
        let dd = &self.dds[index];
        match dd.common_layout() {
            true => {
                for part in dd.parts.iter().filter_map(Part::path) {
                    io::copy(&mut File::open(part)?, &mut file)?;
                }
            }
            false => dd.copy(self.patience, &mut file)?,
        }
        Ok(path.into())
    }

    /// A file of the step's own, empty, that nobody else sees.
    pub fn scratch(&mut self, what: &str) -> io::Result<PathBuf> {
        self.work_file(what).map(|(path, _)| path)
    }

    fn work_file(&mut self, what: &str) -> io::Result<(PathBuf, File)> {
        let path = self.work.join(format!("{what}.{}.{}", self.step, self.files.len() + 1));
        let file = new_file().write(true).truncate(true).open(&path)?;
        self.files.push(path.clone());
        Ok((path, file))
    }
}

impl Dd {
    /// Attributes of all its parts, if they agree.
    fn attributes(&self) -> Option<&Attributes> {
        match self.parts.first()? {
            Part::DataSet(used) if self.parts.len() == 1 || self.common_layout() => {
                used.attributes()
            }
            _ => None,
        }
    }

    fn appends(&self) -> bool {
        match self.parts.first() {
            Some(Part::DataSet(used)) => used.appends(),
            Some(Part::Path(file)) => file.options.append,
            _ => false,
        }
    }

    /// Whether all parts are data sets of records that stand in their files alike.
    fn common_layout(&self) -> bool {
        let mut layouts = self.parts.iter().map(|part| match part {
            Part::DataSet(used) => used.attributes().map(Attributes::layout),
            _ => None,
        });
        let first = layouts.next().flatten();
        first.is_some() && layouts.all(|layout| layout == first)
    }

    fn copy(&self, patience: Patience, out: &mut impl Write) -> io::Result<()> {
        for part in &self.parts {
            match part {
                Part::DataSet(used) => used.read(out)?,
                Part::Dummy => {}
                part => {
                    let path = part.path().expect("these have a path");
                    text::copy_lines(pipe::Reader::open(&path, patience)?, out)?;
                }
            }
        }
        Ok(())
    }
}

impl Part {
    fn path(&self) -> Option<PathBuf> {
        match self {
            Self::DataSet(used) => Some(used.path()),
            Self::Path(file) => Some(PathBuf::from(&file.path)),
            Self::Sysout(path, _) | Self::InStream(path) => Some(path.clone()),
            Self::Dummy => None,
        }
    }

    fn is_folder(&self) -> bool {
        match self {
            Self::DataSet(used) => used.is_library(),
            Self::Path(file) => Path::new(&file.path).is_dir(),
            _ => false,
        }
    }

    /// What the log says of it.
    fn describe(&self, part: &DdPart) -> String {
        match (self, &part.source) {
            (Self::DataSet(used), _) => {
                let status = match used.status() {
                    Status::New => "NEW",
                    Status::Old => "OLD",
                    Status::Shr => "SHR",
                    Status::Mod => "MOD",
                };
                format!("{used}, {status}")
            }
            (Self::Path(file), _) => file.path.clone(),
            (Self::Sysout(path, is_reader), Source::Sysout(sysout)) => {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                match is_reader {
                    true => format!("SYSOUT=({},INTRDR), {name}", sysout.class),
                    false => format!("SYSOUT={}, {name}", sysout.class),
                }
            }
            (_, Source::InStream(data)) => {
                format!("{} record(s) in the deck", data.records.len())
            }
            _ => "DUMMY".to_owned(),
        }
    }
}

/// Attributes as `ZOXY_DCB_name` has them.
fn shown_attributes(attributes: &Attributes) -> String {
    let mut shown = format!(
        "RECFM={},LRECL={},BLKSIZE={},BDW={}",
        attributes.recfm(),
        attributes.lrecl(),
        attributes.blksize(),
        if attributes.bdw() { "YES" } else { "NO" }
    );
    if let Some(page) = attributes.code_page() {
        shown.push_str(&format!(",CODEPAGE={page}"));
    }
    shown
}

/// Does to a file what PATHOPTS says, as if it were opened. A pipe is not: that would wait for its
/// other end.
fn open_path(file: &PathFile) -> Result<(), String> {
    let PathFile { path, options, mode, .. } = file;
    let wrong = |error: io::Error| format!("{path}: {error}");
    let found = match fs::metadata(path) {
        Ok(found) => Some(found.file_type()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(wrong(error)),
    };
    let writes = matches!(options.access, Some(Access::Write | Access::ReadWrite));
    match found {
        None if !options.create => Err(wrong(Errno::NOENT.into())),
        Some(_) if options.create && options.exclusive => Err(wrong(Errno::EXIST.into())),
        Some(kind) if kind.is_fifo() || kind.is_dir() || kind.is_char_device() => Ok(()),
        _ => {
            let mut open = OpenOptions::new();
            open.read(!writes || options.access == Some(Access::ReadWrite)).write(writes);
            if options.create && found.is_none() {
                // Whoever makes a file must be able to write to it, whatever it is opened for.
                open.write(true).create_new(true).mode(mode.unwrap_or(PATH_MODE));
            } else if writes && options.truncate {
                open.truncate(true);
            }
            open.open(path).map(drop).map_err(wrong)
        }
    }
}

/// Permissions of a new file without PATHMODE.
const PATH_MODE: u32 = 0o600;

/// A text in memory that does not grow without end.
struct Limited(Vec<u8>);

impl Write for Limited {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() as u64 + bytes.len() as u64 > MAX_TEXT {
            return Err(io::Error::other(format!("it is longer than {MAX_TEXT} bytes")));
        }
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
