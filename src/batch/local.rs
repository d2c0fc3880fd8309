//! Local files: opened to be sent, or made to receive.
//!
//! A [`Sink`] is written beside what it will replace, and takes its place with [`Sink::commit`]; dropped
//! without, everything is as it was, and a data set that was made for it is gone again.

use std::env;
use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::failure::{ClientCode, Failure};
use super::names::LocalName;
use super::settings::Settings;
use crate::dataset::{
    Allocation, Attributes, DETECTION, Dcb, Disposition, Dsn, Layout, Organization,
    Output as StoreOutput, Store, StoreError, dd, detect,
};
use crate::message::catalogue::BATCH_LOCAL_FAILED;
use crate::replacement::Replacement;

/// A file to be sent.
pub struct Source {
    /// Its bytes.
    pub input: File,
    /// How its records stand in it; None for a file of this system.
    pub layout: Option<Layout>,
    /// RECFM, LRECL and BLKSIZE, for SITE.
    pub attributes: Option<Attributes>,
    /// The claim on it.
    _claim: Option<Allocation>,
}

/// A file that receives.
pub struct Sink {
    place: Option<Place>,
    /// How its records are to stand in it; None for a file of this system.
    pub layout: Option<Layout>,
    /// A data set that was made for it.
    made: Option<(Store, Dsn)>,
}

enum Place {
    Dataset(StoreOutput, #[expect(dead_code, reason = "it holds the claim")] Allocation),
    Path(Replacement),
    /// What cannot be replaced: /dev/null, a pipe.
    Device(File),
}

/// Opens a file to be sent.
pub fn open(store: &Store, name: &LocalName) -> Result<Source, Failure> {
    let failed = |error: &dyn Display| failure(ClientCode::FileAccess, name, error);
    match name {
        LocalName::Path(path) => {
            let input = open_file(path).map_err(|error| failed(&error))?;
            Ok(Source { input, layout: None, attributes: None, _claim: None })
        }
        LocalName::Dataset(dsn) => {
            let (input, attributes, claim) =
                match store.allocate(dsn, Disposition::Shr, &Dcb::default()) {
                    Ok(allocation) => {
                        let input = allocation.open().map_err(|error| failed(&error))?;
                        (input, allocation.attributes().copied(), Some(allocation))
                    }
                    Err(error) if is_of_this_job(&error) => {
                        let (input, attributes) =
                            store.read(dsn).map_err(|error| failed(&error))?;
                        (input, attributes, None)
                    }
                    Err(error) => return Err(failed(&error)),
                };
            let layout = layout_of(&input, attributes).map_err(|error| failed(&error))?;
            let layout = Some(layout);
            Ok(Source { input, layout, attributes, _claim: claim })
        }
        LocalName::Dd(dd, member) => {
            let path = dd_path(dd, member.as_ref().map(|m| m.as_str())).map_err(|e| failed(&e))?;
            let input = open_file(&path).map_err(|error| failed(&error))?;
            let attributes = dd::attributes(dd).map_err(|error| failed(&error))?;
            let layout = match attributes {
                Some(_) => Some(layout_of(&input, attributes).map_err(|error| failed(&error))?),
                None => None,
            };
            Ok(Source { input, layout, attributes, _claim: None })
        }
    }
}

/// Starts to write a file. What is there already is replaced if `replaces`; a DD always is, for that
/// its DISP has said. `is_text` gives a data set that is made a code page.
pub fn create(
    store: &Store,
    name: &LocalName,
    settings: &Settings,
    replaces: bool,
    is_text: bool,
) -> Result<Sink, Failure> {
    let failed = |error: &dyn Display| failure(ClientCode::FileAccess, name, error);
    match name {
        LocalName::Path(path) => {
            if !replaces && fs::metadata(path).is_ok_and(|found| found.is_file()) {
                return Err(failed(&"it exists, and (REPLACE was not given"));
            }
            let place = create_file(path, 0o666, false).map_err(|error| failed(&error))?;
            Ok(Sink { place: Some(place), layout: None, made: None })
        }
        LocalName::Dataset(dsn) => {
            dataset(store, dsn, settings, replaces, is_text).map_err(|error| failed(&error))
        }
        LocalName::Dd(dd, member) => {
            let path = dd_path(dd, member.as_ref().map(|m| m.as_str())).map_err(|e| failed(&e))?;
            // A new member has the permissions of its library.
            let folder = path.parent().and_then(|folder| fs::metadata(folder).ok());
            let mode = folder.map_or(0o600, |folder| folder.permissions().mode() & 0o666);
            let attributes = dd::attributes(dd).map_err(|error| failed(&error))?;
            let appends = member.is_none() && dd::appends(dd);
            let place = create_file(&path, mode, appends).map_err(|error| failed(&error))?;
            let layout = attributes.map(|attributes| attributes.layout());
            Ok(Sink { place: Some(place), layout, made: None })
        }
    }
}

fn dataset(
    store: &Store,
    dsn: &Dsn,
    settings: &Settings,
    replaces: bool,
    is_text: bool,
) -> Result<Sink, StoreError> {
    let allocation = match store.organization(&dsn.name)? {
        None => {
            let code_page = is_text.then(|| settings.local_page());
            store.allocate(dsn, Disposition::New, &Dcb { code_page, ..settings.new_dcb() })?
        }
        Some(_) => {
            // Members are replaced one by one, whoever else uses the library.
            let alone = if dsn.member.is_some() { Disposition::Shr } else { Disposition::Old };
            let allocation = match store.allocate(dsn, alone, &Dcb::default()) {
                Err(error) if is_of_this_job(&error) => return held(store, dsn, replaces),
                allocation => allocation?,
            };
            // What was made and never written is there to be written.
            let is_free = fs::metadata(allocation.path()).map_or(true, |found| found.len() == 0);
            match (&dsn.member, replaces || is_free) {
                (_, true) => allocation,
                (Some(member), false) => {
                    return Err(StoreError::MemberExists(dsn.name.clone(), member.clone()));
                }
                (None, false) => return Err(StoreError::Exists(dsn.name.clone())),
            }
        }
    };
    let whole = Dsn { name: dsn.name.clone(), member: None };
    let made = allocation.is_made().then(|| (store.clone(), whole));
    let mut sink = Sink { place: None, layout: None, made };
    let attributes = allocation.attributes();
    let attributes = attributes.ok_or_else(|| StoreError::NoAttributes(dsn.name.clone()))?;
    sink.layout = Some(attributes.layout());
    sink.place = Some(Place::Dataset(allocation.create()?, allocation));
    Ok(sink)
}

/// Whether a data set is in use by the job whose step this is, and by nobody who comes first. The
/// job has claimed it for its steps, so this one may use it as it may use a DD.
fn is_of_this_job(error: &StoreError) -> bool {
    let job = env::var_os("ZOXY_TASK").is_some().then(std::os::unix::process::parent_id);
    matches!(error, StoreError::InUse { by: Some(process), .. } if Some(*process) == job)
}

/// A data set that the job has claimed, written beside its place like one that is claimed here.
fn held(store: &Store, dsn: &Dsn, replaces: bool) -> Result<Sink, StoreError> {
    let path = store.path_of(dsn);
    if !replaces && fs::metadata(&path).is_ok_and(|found| found.len() > 0) {
        return Err(match &dsn.member {
            Some(member) => StoreError::MemberExists(dsn.name.clone(), member.clone()),
            None => StoreError::Exists(dsn.name.clone()),
        });
    }
    let attributes = store.attributes(&dsn.name)?;
    let attributes = attributes.ok_or_else(|| StoreError::NoAttributes(dsn.name.clone()))?;
    match (&dsn.member, attributes.dsorg()) {
        (None, Organization::Partitioned) => return Err(StoreError::IsLibrary(dsn.name.clone())),
        (Some(_), Organization::Sequential) => return Err(StoreError::NoLibrary(dsn.name.clone())),
        _ => {}
    }
    let folder = path.parent().and_then(|folder| fs::metadata(folder).ok());
    let mode = folder.map_or(0o600, |folder| folder.permissions().mode() & 0o666);
    let place = create_file(&path, mode, false).map_err(|e| StoreError::Io(path, e))?;
    Ok(Sink { place: Some(place), layout: Some(attributes.layout()), made: None })
}

impl Sink {
    /// Puts it in its place; the error is why it is not there.
    pub fn commit(mut self) -> Result<(), String> {
        match self.place.take() {
            Some(Place::Dataset(output, _)) => {
                output.commit().map_err(|error| error.to_string())?
            }
            Some(Place::Path(replacement)) => replacement.finish().map_err(|e| e.to_string())?,
            Some(Place::Device(mut file)) => file.flush().map_err(|error| error.to_string())?,
            None => {}
        }
        self.made = None;
        Ok(())
    }
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.place {
            Some(Place::Dataset(output, _)) => output.write(bytes),
            Some(Place::Path(replacement)) => replacement.write(bytes),
            Some(Place::Device(file)) => file.write(bytes),
            None => Err(io::ErrorKind::BrokenPipe.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        // The claim ends first.
        self.place = None;
        if let Some((store, dsn)) = self.made.take() {
            // It is empty: what remains of it does no harm.
            let _ = store.delete(&dsn);
        }
    }
}

/// A message about a local file.
pub fn failure(code: ClientCode, name: &dyn Display, reason: &dyn Display) -> Failure {
    Failure::new(code, BATCH_LOCAL_FAILED.render(&[("name", name), ("reason", reason)]))
}

fn open_file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    match file.metadata()?.is_dir() {
        true => Err(io::Error::other("it is a folder")),
        false => Ok(file),
    }
}

fn create_file(path: &Path, mode: u32, appends: bool) -> io::Result<Place> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(io::Error::other("it is a folder")),
        Ok(found) if !found.is_file() => File::options().write(true).open(path).map(Place::Device),
        found => {
            let mut replacement = Replacement::create_with(path, mode)?;
            if appends && found.is_ok() {
                io::copy(&mut File::open(path)?, &mut replacement)?;
            }
            Ok(Place::Path(replacement))
        }
    }
}

/// The path that a step has given a DD.
fn dd_path(name: &str, member: Option<&str>) -> io::Result<PathBuf> {
    let path = env::var_os(format!("DD_{name}")).filter(|path| !path.is_empty());
    let path = path.ok_or_else(|| io::Error::other(format!("there is no DD {name}")))?;
    let path = PathBuf::from(path);
    Ok(member.map_or(path.clone(), |member| path.join(member)))
}

/// By the attributes, with what is missing as the first bytes look.
fn layout_of(mut input: &File, attributes: Option<Attributes>) -> io::Result<Layout> {
    let known = attributes.map(|attributes| attributes.layout());
    if let Some(layout) = known.filter(|layout| layout.page.is_some()) {
        return Ok(layout);
    }
    let length = input.metadata()?.len();
    let mut head = Vec::new();
    input.take(DETECTION as u64).read_to_end(&mut head)?;
    input.rewind()?;
    let detected = detect(&head, length, None);
    Ok(match known {
        Some(layout) => Layout { page: Some(detected.page), ..layout },
        None => detected.layout(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::TempDir;

    fn name(text: &str) -> LocalName {
        LocalName::Dataset(Dsn::parse(text).unwrap())
    }

    #[test]
    fn what_is_not_committed_leaves_no_trace() {
        let dir = TempDir::new();
        let store = Store::at(dir.path("ds"));
        let settings = Settings::default();
        let mut sink = create(&store, &name("A.B"), &settings, false, true)
            .unwrap_or_else(|e| panic!("{e:?}"));
        assert_eq!(sink.layout.unwrap().lrecl, 256);
        sink.write_all(b"half").unwrap();
        drop(sink);
        let DsnName(a) = DsnName::of("A.B");
        assert_eq!(store.organization(&a).unwrap(), None);

        let mut sink = create(&store, &name("A.B"), &settings, false, true)
            .unwrap_or_else(|e| panic!("{e:?}"));
        sink.write_all(b"\0\x05\0\0x").unwrap();
        sink.commit().unwrap();
        assert_eq!(store.organization(&a).unwrap(), Some(Organization::Sequential));
        // It is there now: only (REPLACE writes over it, and a failed one keeps it.
        let refused = create(&store, &name("A.B"), &settings, false, true).err().unwrap();
        assert!(refused.line.unwrap().contains("ZOX5013E"));
        let mut sink =
            create(&store, &name("A.B"), &settings, true, true).unwrap_or_else(|e| panic!("{e:?}"));
        sink.write_all(b"half").unwrap();
        drop(sink);
        let mut kept = Vec::new();
        open(&store, &name("A.B"))
            .unwrap_or_else(|e| panic!("{e:?}"))
            .input
            .read_to_end(&mut kept)
            .unwrap();
        assert_eq!(kept, b"\0\x05\0\0x");
    }

    struct DsnName(crate::dataset::DatasetName);

    impl DsnName {
        fn of(text: &str) -> Self {
            Self(crate::dataset::DatasetName::parse(text).unwrap())
        }
    }

    #[test]
    fn files_are_replaced_as_a_whole() {
        let dir = TempDir::new();
        let (store, settings) = (Store::at(dir.path("ds")), Settings::default());
        let path = LocalName::Path(dir.path("file"));
        fs::write(dir.path("file"), "old").unwrap();
        assert!(create(&store, &path, &settings, false, false).is_err());
        let mut sink =
            create(&store, &path, &settings, true, false).unwrap_or_else(|e| panic!("{e:?}"));
        sink.write_all(b"new").unwrap();
        assert_eq!(fs::read(dir.path("file")).unwrap(), b"old");
        sink.commit().unwrap();
        assert_eq!(fs::read(dir.path("file")).unwrap(), b"new");
        let missing = open(&store, &LocalName::Path(dir.path("none"))).err().unwrap();
        assert_eq!(missing.code, ClientCode::FileAccess);
    }
}
