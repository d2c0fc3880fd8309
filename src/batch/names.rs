//! Local names: which data set, DD or file an operand means.
//!
//! | operand | means |
//! |---|---|
//! | `'HLQ.NAME'`, `'HLQ.NAME(MEMBER)'`, `//'HLQ.NAME'` | that data set |
//! | `//DD:NAME`, `//DD:NAME(MEMBER)` | that DD |
//! | with a slash | that path |
//! | anything else | below the local directory, which LCD sets: a path, a prefix of data sets, or a library |

use std::fmt::{self, Display};
use std::path::{Path, PathBuf};

use crate::dataset::{DatasetName, Dsn, FileName, MemberName, Organization, Prefix, Store};

/// What LCD sets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalDir {
    /// A folder.
    Path(PathBuf),
    /// What data sets begin with; none: names are full.
    Prefix(Option<DatasetName>),
    /// A library, whose members are meant.
    Library(DatasetName),
}

/// What an operand means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LocalName {
    /// A file.
    Path(PathBuf),
    /// A data set or member.
    Dataset(Dsn),
    /// A DD, and perhaps a member of the library it is.
    Dd(String, Option<MemberName>),
}

impl LocalDir {
    /// Where a job begins: at the user's data sets.
    pub fn of_job() -> Self {
        let prefix = Prefix::Environment.full("X").ok();
        let name = prefix.and_then(|full| full.strip_suffix(".X").map(DatasetName::parse));
        Self::Prefix(name.and_then(Result::ok))
    }

    /// What an operand means.
    pub fn name(&self, text: &str) -> Result<LocalName, String> {
        if let Some(inner) = quoted(text) {
            return Dsn::parse(inner).map(LocalName::Dataset).map_err(|e| e.to_string());
        }
        if text.starts_with("//") {
            return match FileName::parse(text, &Prefix::Environment).map_err(|e| e.to_string())? {
                FileName::Dataset(dsn) => Ok(LocalName::Dataset(dsn)),
                FileName::Dd(name, member) => Ok(LocalName::Dd(name.to_string(), member)),
                FileName::Path(path) => Ok(LocalName::Path(path)),
                FileName::Temporary(_) => Err("is of a job: name it by a DD".to_owned()),
            };
        }
        match self {
            Self::Path(folder) => Ok(LocalName::Path(folder.join(text))),
            _ if text.contains('/') => Ok(LocalName::Path(text.into())),
            Self::Prefix(prefix) => {
                let full = prefix.as_ref().map(|prefix| format!("{prefix}.{text}"));
                let dsn = Dsn::parse(full.as_deref().unwrap_or(text));
                dsn.map(LocalName::Dataset).map_err(|error| error.to_string())
            }
            Self::Library(name) => {
                let member = MemberName::parse(text).map_err(|error| error.to_string())?;
                Ok(LocalName::Dataset(Dsn { name: name.clone(), member: Some(member) }))
            }
        }
    }

    /// Another one, as LCD names it.
    pub fn changed(&self, text: &str, store: &Store) -> Result<Self, String> {
        if text == ".." {
            return match self {
                Self::Path(path) => {
                    Ok(Self::Path(path.parent().map_or_else(|| path.clone(), Path::to_owned)))
                }
                _ => Err("'..' is of folders; expected a data set prefix or a path".to_owned()),
            };
        }
        let dataset = match self {
            _ if quoted(text).is_some() || text.starts_with("//") => self.name(text)?,
            Self::Path(_) => return self.folder(text),
            _ if text.contains('/') => return self.folder(text),
            _ => self.name(text)?,
        };
        match dataset {
            LocalName::Dataset(Dsn { name, member: None }) => match store.organization(&name) {
                Ok(Some(Organization::Partitioned)) => Ok(Self::Library(name)),
                _ => Ok(Self::Prefix(Some(name))),
            },
            name => Err(format!("{name} is no prefix, library or folder")),
        }
    }

    fn folder(&self, text: &str) -> Result<Self, String> {
        let path = match self {
            Self::Path(folder) => folder.join(text),
            _ => text.into(),
        };
        let path = std::fs::canonicalize(&path).map_err(|error| format!("{text}: {error}"))?;
        if path.is_dir() { Ok(Self::Path(path)) } else { Err(format!("{text} is no folder")) }
    }
}

impl LocalName {
    /// What the file is called at the server when nothing else is said; None for a DD.
    pub fn remote(&self) -> Option<String> {
        match self {
            Self::Path(path) => Some(path.file_name()?.to_string_lossy().into_owned()),
            Self::Dataset(Dsn { member: Some(member), .. }) => Some(member.to_string()),
            Self::Dataset(Dsn { name, member: None }) => Some(name.to_string()),
            Self::Dd(..) => None,
        }
    }
}

/// What stands in apostrophes.
fn quoted(text: &str) -> Option<&str> {
    text.strip_prefix('\'')?.strip_suffix('\'')
}

impl Display for LocalDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Prefix(Some(prefix)) => write!(f, "'{prefix}.'"),
            Self::Prefix(None) => f.write_str("'' (full names of data sets)"),
            Self::Library(name) => write!(f, "'{name}' (a library)"),
        }
    }
}

impl Display for LocalName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Dataset(dsn) => write!(f, "'{dsn}'"),
            Self::Dd(name, None) => write!(f, "//DD:{name}"),
            Self::Dd(name, Some(member)) => write!(f, "//DD:{name}({member})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dcb, Disposition};
    use crate::testing::Random;

    fn shown(dir: &LocalDir, text: &str) -> String {
        dir.name(text).map_or_else(|error| error, |name| name.to_string())
    }

    #[test]
    fn operands_are_data_sets_dds_and_paths() {
        let folder = LocalDir::Path("/tmp".into());
        let prefix = LocalDir::Prefix(Some(DatasetName::parse("USER").unwrap()));
        let library = LocalDir::Library(DatasetName::parse("A.LIB").unwrap());
        for (dir, text, expected) in [
            (&folder, "'a.b(c)'", "'A.B(C)'"),
            (&folder, "//'A.B'", "'A.B'"),
            (&folder, "//DD:IN(M)", "//DD:IN(M)"),
            (&folder, "a.b", "/tmp/a.b"),
            (&folder, "/etc/x", "/etc/x"),
            (&prefix, "a.b(c)", "'USER.A.B(C)'"),
            (&prefix, "./a", "./a"),
            (&prefix, "'A.B'", "'A.B'"),
            (&library, "mem", "'A.LIB(MEM)'"),
        ] {
            assert_eq!(shown(dir, text), expected, "{dir} {text}");
        }
        assert!(shown(&prefix, "1A").contains("begins with '1'"));
        assert!(shown(&library, "A.B").contains("'.'"));
        let remote = |text| folder.name(text).unwrap().remote();
        assert_eq!(remote("x/y").as_deref(), Some("y"));
        assert_eq!(remote("'A.B(C)'").as_deref(), Some("C"));
        assert_eq!(remote("//DD:X"), None);
    }

    #[test]
    fn lcd_knows_folders_prefixes_and_libraries() {
        let store = Store::temporary().unwrap();
        let dsn = Dsn::parse("A.LIB(M)").unwrap();
        drop(store.allocate(&dsn, Disposition::New, &Dcb::default()).unwrap());
        let start = LocalDir::Path("/".into());
        let to = |dir: &LocalDir, text| dir.changed(text, &store).map(|dir| dir.to_string());
        assert_eq!(to(&start, "tmp"), Ok("/tmp".to_owned()));
        assert_eq!(to(&start, "'A.LIB'"), Ok("'A.LIB' (a library)".to_owned()));
        let prefix = start.changed("'A'", &store).unwrap();
        assert_eq!(to(&prefix, "LIB"), Ok("'A.LIB' (a library)".to_owned()));
        assert_eq!(to(&prefix, "OTHER"), Ok("'A.OTHER.'".to_owned()));
        assert_eq!(to(&prefix, "/tmp"), Ok("/tmp".to_owned()));
        assert!(to(&start, "/nonexistent").is_err());
    }

    #[test]
    fn random_operands_never_panic() {
        let mut random = Random(57);
        let dirs = [LocalDir::Path("/".into()), LocalDir::Prefix(None)];
        for _ in 0..5000 {
            let text = random.text(&['A', '.', '\'', '(', ')', '/', 'D', ':', '&', 'é'], 16);
            let _ = dirs[random.below(2)].name(&text);
        }
    }
}
