//! Finding a program in libraries and folders.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{NOT_EXECUTABLE, Refusal};

/// The first of the folders that has the program: a file of its name, or of that in lower case.
/// One that is there and cannot be run is told instead of looking further.
pub fn find<'a>(
    name: &str,
    folders: impl Iterator<Item = &'a PathBuf>,
) -> Result<Option<PathBuf>, Refusal> {
    for folder in folders {
        for name in [name.to_owned(), name.to_ascii_lowercase()] {
            let path = folder.join(name);
            match fs::metadata(&path) {
                Ok(found) if found.is_file() => {
                    return match found.permissions().mode() & 0o111 {
                        0 => Err(refused(&path, "it is not executable (chmod +x)")),
                        _ => Ok(Some(path)),
                    };
                }
                Ok(_) => return Err(refused(&path, "it is not a file")),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(refused(&path, &error.to_string())),
            }
        }
    }
    Ok(None)
}

fn refused(path: &Path, reason: &str) -> Refusal {
    Refusal::Abend(NOT_EXECUTABLE, format!("{}: {reason}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operator::testing::TempDir;

    #[test]
    fn the_first_folder_that_has_it_decides() {
        let dir = TempDir::new();
        let folders = [dir.path("one"), dir.path("two")];
        for folder in &folders {
            fs::create_dir(folder).unwrap();
        }
        let program = |path: &Path, mode| {
            fs::write(path, "#!/bin/sh\n").unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        };
        assert!(find("COPY", folders.iter()).unwrap().is_none());
        program(&folders[1].join("copy"), 0o755);
        assert_eq!(find("COPY", folders.iter()).unwrap(), Some(folders[1].join("copy")));
        program(&folders[0].join("COPY"), 0o644);
        let Err(Refusal::Abend(code, reason)) = find("COPY", folders.iter()) else { panic!() };
        assert!(code == NOT_EXECUTABLE && reason.contains("chmod"), "{reason}");
    }
}
