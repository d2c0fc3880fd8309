//! What is copied where: names of the command line become pairs of single files.
//!
//! A library or folder stands for all its members or files. [`Source`] is an origin that is open.

use std::fmt::{self, Display};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::interrupt::Interrupt;
use super::{Failure, Rc, wrong_name};
use crate::codepage::CodePage;
use crate::dataset::{
    Allocation, Attributes, DETECTION, DatasetName, Dcb, Detected, Disposition, Dsn, FileName,
    Layout, MemberMask, MemberName, Organization, Prefix, Store, StoreError, dd, detect,
};
use crate::message::catalogue::{DATASET_IO, DATASET_PLAN};

/// Where something comes from, or goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// The standard input, or output.
    Standard,
    Path(PathBuf),
    Dataset(Dsn),
}

/// Makes pairs of what the command line names.
pub(super) fn pairs(store: &Store, from: &str, to: &str) -> Result<Vec<(Place, Place)>, Failure> {
    let place = |text| match text {
        "-" => Ok(Place::Standard),
        text => FileName::parse(text, &Prefix::Environment)
            .map_err(|error| wrong_name(text, &error))
            .and_then(|name| Place::of(name, store)),
    };
    let (origin, target) = (place(from)?, place(to)?);
    match &origin {
        Place::Dataset(Dsn { name, member: None })
            if store.organization(name)? == Some(Organization::Partitioned) =>
        {
            members(store, name, target)
        }
        Place::Path(path) if path.is_dir() => files(path, target),
        _ => {
            let target = within(store, &origin, target)?;
            Ok(vec![(origin, target)])
        }
    }
}

/// All members of a library, to a library or folder.
fn members(
    store: &Store,
    library: &DatasetName,
    target: Place,
) -> Result<Vec<(Place, Place)>, Failure> {
    let names = store.members(library, &MemberMask::all())?.members;
    if let Place::Path(path) = &target {
        if !names.is_empty() && !path.exists() {
            fs::create_dir(path).map_err(|error| failed(path, &error))?;
        }
    }
    let to = |name: &MemberName| match &target {
        Place::Dataset(Dsn { name: library, member: None }) => {
            Ok(Place::Dataset(Dsn { name: library.clone(), member: Some(name.clone()) }))
        }
        Place::Path(path) if path.is_dir() => Ok(Place::Path(path.join(name.as_str()))),
        other => Err(wrong(&format!(
            "library {library} goes to a library or a folder, and {other} is neither"
        ))),
    };
    names
        .into_iter()
        .map(|member| {
            let to = to(&member.name)?;
            let name = library.clone();
            Ok((Place::Dataset(Dsn { name, member: Some(member.name) }), to))
        })
        .collect()
}

/// All files of a folder, to a library.
fn files(folder: &Path, target: Place) -> Result<Vec<(Place, Place)>, Failure> {
    let Place::Dataset(Dsn { name: library, member: None }) = &target else {
        let folder = folder.display();
        return Err(wrong(&format!("folder {folder} goes to a library, and {target} is none")));
    };
    let listed = || {
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(folder)? {
            paths.push(entry?.path());
        }
        paths.sort();
        Ok(paths)
    };
    let paths = listed().map_err(|error| failed(folder, &error))?;
    let mut pairs = Vec::new();
    let mut lines = Vec::new();
    for path in paths {
        match member_of(&path) {
            // Hidden files are no members, attributes of a copied library among them.
            _ if path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.') => {}
            Ok(member) => {
                let dsn = Dsn { name: library.clone(), member: Some(member) };
                pairs.push((Place::Path(path), Place::Dataset(dsn)));
            }
            Err(failure) => lines.extend(failure.lines),
        }
    }
    let mut seen: Vec<_> = pairs.iter().map(|(_, target)| target.to_string()).collect();
    seen.sort();
    if let Some(pair) = seen.windows(2).find(|pair| pair[0] == pair[1]) {
        lines.extend(wrong(&format!("two files would become {}", pair[0])).lines);
    }
    match lines.is_empty() {
        true => Ok(pairs),
        false => Err(Failure { rc: Rc::Error, lines }),
    }
}

/// A single file goes into a folder or library under its own name.
fn within(store: &Store, origin: &Place, target: Place) -> Result<Place, Failure> {
    match target {
        Place::Path(path) if path.is_dir() => match origin {
            Place::Dataset(Dsn { member: Some(member), .. }) => {
                Ok(Place::Path(path.join(member.as_str())))
            }
            Place::Dataset(Dsn { name, member: None }) => Ok(Place::Path(path.join(name.as_str()))),
            Place::Path(file) => {
                let name = file.file_name().unwrap_or_default();
                Ok(Place::Path(path.join(name)))
            }
            Place::Standard => Err(wrong(&format!("{} is a folder", path.display()))),
        },
        Place::Dataset(Dsn { name, member: None })
            if store.organization(&name)? == Some(Organization::Partitioned) =>
        {
            let member = match origin {
                Place::Dataset(Dsn { member: Some(member), .. }) => member.clone(),
                Place::Path(file) => member_of(file)?,
                _ => return Err(StoreError::IsLibrary(name).into()),
            };
            Ok(Place::Dataset(Dsn { name, member: Some(member) }))
        }
        target => Ok(target),
    }
}

/// The member that has the name of a file.
fn member_of(path: &Path) -> Result<MemberName, Failure> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    MemberName::parse(&name).map_err(|error| wrong_name(&path.display().to_string(), &error))
}

fn wrong(problem: &str) -> Failure {
    Failure::new(Rc::Error, &DATASET_PLAN, &[("problem", &problem)])
}

/// The system refused something with a path.
pub(super) fn failed(path: &Path, error: &io::Error) -> Failure {
    let arguments: [(_, &dyn Display); 2] = [("path", &path.display()), ("reason", error)];
    Failure::new(Rc::Severe, &DATASET_IO, &arguments)
}

impl Place {
    /// What a name stands for.
    pub fn of(name: FileName, store: &Store) -> Result<Self, Failure> {
        match name {
            FileName::Path(path) => Ok(Self::Path(path)),
            FileName::Dataset(dsn) => Ok(Self::Dataset(dsn)),
            FileName::Temporary(dsn) => Err(StoreError::NotOfAJob(dsn).into()),
            FileName::Dd(dd, member) => match dd::from_environment(&dd, member.as_ref())? {
                FileName::Path(path) => Ok(match store.name_of(&path) {
                    Some(dsn) => Self::Dataset(dsn),
                    None => Self::Path(path),
                }),
                FileName::Dataset(dsn) => Ok(Self::Dataset(dsn)),
                other => Err(wrong(&format!("{other} is neither a path nor a data set"))),
            },
        }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Standard => f.write_str("-"),
            Self::Path(path) => path.display().fmt(f),
            Self::Dataset(dsn) => dsn.fmt(f),
        }
    }
}

/// An origin, open, with what is known of it.
pub(super) struct Source<'a> {
    /// All of it.
    pub input: Input<'a>,
    /// Attributes of the data set.
    pub attributes: Option<Attributes>,
    /// Permission bits, if it is a file.
    pub mode: Option<u32>,
    length: u64,
    _claim: Option<Allocation>,
}

/// The bytes of an origin. A signal is the end of them, and an error.
pub(super) struct Input<'a> {
    file: File,
    /// What has been read of them already.
    head: Vec<u8>,
    /// How much of that has been read again.
    start: usize,
    interrupt: Option<&'a Interrupt>,
}

impl<'a> Source<'a> {
    /// Opens an origin and looks at its beginning; with a claim on a data set if it can be
    /// interrupted.
    pub fn open(
        store: &Store,
        origin: &Place,
        interrupt: Option<&'a Interrupt>,
    ) -> Result<Self, Failure> {
        let path = match origin {
            Place::Path(path) => path.clone(),
            other => PathBuf::from(other.to_string()),
        };
        let failed = |error: io::Error| failed(&path, &error);
        let (file, attributes, claim) = match origin {
            Place::Standard => {
                let standard = io::stdin().as_fd().try_clone_to_owned().map_err(failed)?;
                (File::from(standard), None, None)
            }
            Place::Path(path) => (File::open(path).map_err(failed)?, None, None),
            Place::Dataset(dsn) if interrupt.is_some() => {
                let claim = store.allocate(dsn, Disposition::Shr, &Dcb::default())?;
                (claim.open()?, claim.attributes().copied(), Some(claim))
            }
            Place::Dataset(dsn) => {
                let (file, attributes) = store.read(dsn)?;
                (file, attributes, None)
            }
        };
        let metadata = file.metadata().map_err(failed)?;
        let mut input = Input { file, head: Vec::new(), start: 0, interrupt };
        input.look().map_err(failed)?;
        let length = match metadata.is_file() {
            true => metadata.len(),
            // The length of a pipe is known when it has ended.
            false if input.head.len() < DETECTION => input.head.len() as u64,
            false => u64::MAX,
        };
        let mode = metadata.is_file().then(|| metadata.mode() & 0o777);
        Ok(Self { input, attributes, mode, length, _claim: claim })
    }

    /// What it looks like.
    pub fn detected(&self, page: Option<CodePage>) -> Detected {
        detect(&self.input.head, self.length, page)
    }

    /// How its records stand in it: as the options say, else as its attributes do, else as it looks.
    /// The code page is always known then.
    pub fn layout(&self, asked: &Dcb) -> Layout {
        let attributes =
            self.attributes.filter(|has| asked.recfm.is_none_or(|recfm| recfm == has.recfm()));
        let page = asked.code_page.or_else(|| self.attributes?.code_page());
        let detected = self.detected(page);
        let page = Some(page.unwrap_or(detected.page));
        let layout = match (asked.recfm, attributes) {
            (_, Some(attributes)) => attributes.layout(),
            (Some(recfm), None) => Layout::of(recfm, detected.page),
            (None, None) => detected.layout(),
        };
        Layout {
            page,
            lrecl: asked.lrecl.map_or(layout.lrecl, usize::from),
            bdw: asked.bdw.or(layout.bdw),
            ..layout
        }
    }
}

impl Input<'_> {
    fn look(&mut self) -> io::Result<()> {
        let mut head = vec![0; DETECTION];
        let mut length = 0;
        while length < head.len() {
            match self.read_file(&mut head[length..])? {
                0 => break,
                count => length += count,
            }
        }
        head.truncate(length);
        self.head = head;
        Ok(())
    }

    fn read_file(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if let Some(interrupt) = self.interrupt {
            if !interrupt.wait(&self.file)? {
                // Not the kind Interrupted, after which one tries again.
                return Err(io::Error::other("a signal came"));
            }
        }
        loop {
            match self.file.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => return result,
            }
        }
    }
}

impl Read for Input<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.start == self.head.len() {
            return self.read_file(buffer);
        }
        let count = (&self.head[self.start..]).read(buffer)?;
        self.start += count;
        Ok(count)
    }
}
