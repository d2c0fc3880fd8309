//! Where job decks find procedures and INCLUDE members, and the system symbols.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read};
use std::path::Path;
use std::time::SystemTime;

use super::settings::Settings;
use crate::dataset::input::Input;
use crate::dataset::{DatasetName, Dsn, FileName, MemberName, Store, StoreError, login_name};
use crate::jcl::{Libraries, Member, SystemSymbols};

/// Bytes of a member at most.
pub const MAX_MEMBER: usize = 4 << 20;

/// The libraries of the environment.
pub struct SystemLibraries<'a> {
    /// Where data sets are.
    pub store: &'a Store,
    /// Where procedures are that no JCLLIB names.
    pub settings: &'a Settings,
}

impl Libraries for SystemLibraries<'_> {
    fn member(&self, library: Option<&str>, name: &str) -> Result<Option<Member>, String> {
        let member = MemberName::parse(name).map_err(|error| error.to_string())?;
        if let Some(library) = library {
            let name = DatasetName::parse(library).map_err(|error| error.to_string())?;
            return of_data_set(self.store, &Dsn { name, member: Some(member) });
        }
        for library in &self.settings.procedure_libraries {
            let found = match library {
                FileName::Dataset(dsn) => {
                    let dsn = Dsn { name: dsn.name.clone(), member: Some(member.clone()) };
                    match self.store.organization(&dsn.name) {
                        // The default need not be there.
                        Ok(None) => None,
                        _ => of_data_set(self.store, &dsn)?,
                    }
                }
                FileName::Path(folder) => {
                    let path = folder.join(member.as_str());
                    of_folder(&path).map_err(|error| format!("{}: {error}", path.display()))?
                }
                _ => None,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }
}

fn of_folder(path: &Path) -> io::Result<Option<Member>> {
    match fs::metadata(path) {
        // Whoever opens a pipe waits for its writer.
        Ok(found) if !found.is_file() => return Err(io::Error::other("it is not a file")),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Ok(_) | Err(_) => {}
    }
    let source = path.display().to_string();
    read(File::open(path)?, source).map(Some)
}

fn of_data_set(store: &Store, dsn: &Dsn) -> Result<Option<Member>, String> {
    let (file, attributes) = match store.read(dsn) {
        Ok(found) => found,
        Err(StoreError::MemberNotFound(..)) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let source = FileName::Dataset(dsn.clone()).to_string();
    let member = read(file, source.clone());
    let mut member = member.map_err(|error| format!("{source}: {error}"))?;
    if let Some(attributes) = attributes {
        member.code_page = attributes.code_page();
        member.record_format = Some(attributes.recfm());
    }
    Ok(Some(member))
}

fn read(file: File, source: String) -> io::Result<Member> {
    let mut bytes = Vec::new();
    file.take(MAX_MEMBER as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_MEMBER {
        return Err(io::Error::other(format!("it is larger than {MAX_MEMBER} bytes")));
    }
    Ok(Member { source, bytes, code_page: None, record_format: None })
}

/// A deck by any name.
pub fn deck(name: &FileName) -> io::Result<Member> {
    let mut input = Input::open(name)?;
    let bytes = input.bytes(MAX_MEMBER)?.to_vec();
    let attributes = input.attributes;
    Ok(Member {
        source: name.to_string(),
        bytes,
        code_page: attributes.and_then(|attributes| attributes.code_page()),
        record_format: attributes.map(|attributes| attributes.recfm()),
    })
}

/// A deck from standard input.
pub fn deck_from_stdin() -> io::Result<Member> {
    let mut bytes = Vec::new();
    io::stdin().take(MAX_MEMBER as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > MAX_MEMBER {
        return Err(io::Error::other(format!("it is larger than {MAX_MEMBER} bytes")));
    }
    Ok(Member { source: "standard input".to_owned(), bytes, code_page: None, record_format: None })
}

/// The symbols of this system, now.
pub fn symbols() -> SystemSymbols {
    SystemSymbols::new(&user(), &system(), SystemTime::now())
}

/// The name of this user, or its number.
pub fn user() -> String {
    login_name().unwrap_or_else(|| rustix::process::geteuid().as_raw().to_string())
}

fn system() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}
