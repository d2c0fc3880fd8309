//! The console's socket in the file system: made, found in use, replaced, removed; and who may use
//! it.
//!
//! The file has mode 0600 from its first moment; with CONSGROUP it then becomes 0660 of that group. It is removed when zoxy ends; one that a killed
//! zoxy left behind is replaced, one that somebody answers at never is. Called by
//! [`super::console`].

use std::fmt::{self, Display};
use std::fs::Permissions;
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net;
use std::path::{Path, PathBuf};

use rustix::fs::Mode;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

/// Connections the kernel holds for us; more than are served, so that those get an answer too.
const BACKLOG: i32 = 32;

/// Why there is no console.
#[derive(Debug)]
pub enum ConsoleError {
    /// Somebody answers at this path.
    AlreadyRunning,
    /// There is a file at this path that is not a socket.
    NotASocket,
    /// CONSGROUP names a group that this system does not have.
    NoGroup(String),
    /// The system's reason.
    Io(io::Error),
}

impl Display for ConsoleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning => f.write_str("a zoxy is already running there"),
            Self::NotASocket => f.write_str("a file that is not a socket is in the way"),
            Self::NoGroup(name) => write!(f, "there is no group {name} (CONSGROUP)"),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ConsoleError {}

impl From<io::Error> for ConsoleError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// The socket's file, removed when dropped unless another one has taken its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    device: u64,
    inode: u64,
}

impl SocketFile {
    /// A listening, non-blocking socket at `path` that only its owner can connect to, and the members
    /// of `group`.
    pub(super) fn bind(
        path: &Path,
        group: Option<&Group>,
    ) -> Result<(net::UnixListener, Self), ConsoleError> {
        remove_stale(path)?;
        let listener = listen(path).map_err(|error| match error.kind() {
            ErrorKind::AddrInUse => ConsoleError::AlreadyRunning,
            _ => ConsoleError::Io(error),
        })?;
        if let Some(group) = group {
            // In this order, so that at no moment another group may connect.
            std::os::unix::fs::chown(path, None, Some(group.number))?;
            std::fs::set_permissions(path, Permissions::from_mode(0o660))?;
        }
        let metadata = std::fs::symlink_metadata(path)?;
        let file = Self {
            // To be found again whatever the working directory is then.
            path: std::path::absolute(path)?,
            device: metadata.dev(),
            inode: metadata.ino(),
        };
        Ok((listener, file))
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let same = std::fs::symlink_metadata(&self.path)
            .is_ok_and(|found| (found.dev(), found.ino()) == (self.device, self.inode));
        if same {
            // Left behind, it is replaced at the next start.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A group whose members may operate.
#[derive(Debug)]
pub(super) struct Group {
    number: u32,
    /// Users that the system's list of groups names.
    members: Vec<String>,
}

impl Group {
    /// The group of this name or number in `/etc/group`; a number need not be there.
    pub(super) fn find(name: &str) -> Result<Self, ConsoleError> {
        let groups = std::fs::read_to_string("/etc/group").unwrap_or_default();
        Self::find_in(&groups, name).ok_or_else(|| ConsoleError::NoGroup(name.to_owned()))
    }

    fn find_in(groups: &str, name: &str) -> Option<Self> {
        let by_number: Option<u32> = name.parse().ok();
        for line in groups.lines() {
            let mut fields = line.split(':');
            let (Some(group), _, Some(number)) = (fields.next(), fields.next(), fields.next())
            else {
                continue;
            };
            let Ok(number) = number.parse() else { continue };
            if group == name || by_number == Some(number) {
                let members = fields.next().unwrap_or_default().split(',');
                let members = members.filter(|name| !name.is_empty()).map(str::to_owned);
                return Some(Self { number, members: members.collect() });
            }
        }
        by_number.map(|number| Self { number, members: Vec::new() })
    }

    fn has(&self, user: Option<&str>, group: u32) -> bool {
        group == self.number || user.is_some_and(|user| self.members.iter().any(|it| it == user))
    }
}

/// Who is at the other end, if it may operate this zoxy; otherwise who was refused.
pub(super) fn peer(stream: impl AsFd, group: Option<&Group>) -> Result<String, String> {
    let own = rustix::process::geteuid().as_raw();
    match rustix::net::sockopt::socket_peercred(stream) {
        Ok(peer) => {
            let (uid, pid) = (peer.uid.as_raw(), peer.pid.as_raw_nonzero());
            let name = user_name(uid);
            let shown = name.as_deref().map_or_else(String::new, |name| format!(" ({name})"));
            let is_member = group.is_some_and(|it| it.has(name.as_deref(), peer.gid.as_raw()));
            if may_operate(uid, own) || is_member {
                Ok(format!("uid {uid}{shown}, pid {pid}"))
            } else {
                Err(format!("uid {uid}{shown}"))
            }
        }
        Err(error) => Err(format!("an unknown user ({error})")),
    }
}

fn may_operate(peer: u32, own: u32) -> bool {
    peer == own || peer == 0
}

/// The name of a user of this system; None if its own list of users does not have it.
fn user_name(uid: u32) -> Option<String> {
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let uid = uid.to_string();
    let line = users.lines().find(|line| line.split(':').nth(2) == Some(uid.as_str()))?;
    line.split(':').next().filter(|name| !name.is_empty()).map(str::to_owned)
}

/// Removes a socket that a dead zoxy left behind.
fn remove_stale(path: &Path) -> Result<(), ConsoleError> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if !found.file_type().is_socket() => return Err(ConsoleError::NotASocket),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.into()),
    }
    match mio::net::UnixStream::connect(path) {
        Ok(_) => Err(ConsoleError::AlreadyRunning),
        Err(error) => match error.kind() {
            // The queue is full: somebody must be there, if not well.
            ErrorKind::WouldBlock => Err(ConsoleError::AlreadyRunning),
            ErrorKind::ConnectionRefused => Ok(std::fs::remove_file(path)?),
            ErrorKind::NotFound => Ok(()),
            _ => Err(error.into()),
        },
    }
}

fn listen(path: &Path) -> io::Result<net::UnixListener> {
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket: OwnedFd =
        rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    // Linux gives the file the socket's mode (less the umask), so that no moment is left in which
    // others could connect.
    rustix::fs::fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
    rustix::net::bind(&socket, &SocketAddrUnix::new(path)?)?;
    rustix::net::listen(&socket, BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::super::testing::TempDir;
    use super::*;

    #[test]
    fn file_belongs_to_its_owner_alone_and_goes_at_the_end() {
        let dir = TempDir::new();
        let path = dir.path("zoxy.sock");
        let (listener, file) = SocketFile::bind(&path, None).unwrap();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop((listener, file));
        assert!(!path.exists());
    }

    #[test]
    fn socket_of_a_dead_zoxy_is_replaced() {
        let dir = TempDir::new();
        let path = dir.path("zoxy.sock");
        drop(net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        assert!(SocketFile::bind(&path, None).is_ok());
    }

    #[test]
    fn socket_of_a_running_zoxy_is_not() {
        let dir = TempDir::new();
        let path = dir.path("zoxy.sock");
        let _first = SocketFile::bind(&path, None).unwrap();
        assert!(matches!(SocketFile::bind(&path, None), Err(ConsoleError::AlreadyRunning)));
        // Not when it is too busy to take the connection either.
        let mut waiting = Vec::new();
        while let Ok(stream) = mio::net::UnixStream::connect(&path) {
            waiting.push(stream);
            assert!(waiting.len() < 1000, "the queue has a bound");
        }
        assert!(matches!(SocketFile::bind(&path, None), Err(ConsoleError::AlreadyRunning)));
    }

    #[test]
    fn another_file_is_never_replaced() {
        let dir = TempDir::new();
        let path = dir.path("notes");
        std::fs::write(&path, "keep me").unwrap();
        assert!(matches!(SocketFile::bind(&path, None), Err(ConsoleError::NotASocket)));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "keep me");
    }

    #[test]
    fn a_successor_keeps_its_socket() {
        let dir = TempDir::new();
        let path = dir.path("zoxy.sock");
        let first = SocketFile::bind(&path, None).unwrap();
        std::fs::remove_file(&path).unwrap();
        let _second = SocketFile::bind(&path, None).unwrap();
        drop(first);
        assert!(path.exists());
    }

    #[test]
    fn impossible_paths_are_errors() {
        let dir = TempDir::new();
        for path in [dir.path("missing/zoxy.sock"), dir.path(&"x".repeat(200))] {
            assert!(matches!(SocketFile::bind(&path, None), Err(ConsoleError::Io(_))));
        }
    }

    #[test]
    fn only_root_and_the_owner_may_operate() {
        assert!(may_operate(0, 1000) && may_operate(1000, 1000) && may_operate(0, 0));
        assert!(!may_operate(1001, 1000) && !may_operate(1000, 0));
        let (one, _other) = net::UnixStream::pair().unwrap();
        let own = rustix::process::geteuid().as_raw();
        let shown = peer(&one, None).unwrap();
        assert!(shown.starts_with(&format!("uid {own} (")) && shown.contains("), pid "), "{shown}");
    }

    #[test]
    fn members_of_the_group_may_operate_too() {
        let groups = "root:x:0:\nops:x:1500:ann,bob\nbroken\nmore:x:1600:\n";
        let ops = Group::find_in(groups, "ops").unwrap();
        assert!(ops.has(Some("ann"), 9) && ops.has(Some("zoe"), 1500) && ops.has(None, 1500));
        assert!(!ops.has(Some("zoe"), 9) && !ops.has(None, 0));
        assert_eq!(Group::find_in(groups, "1600").map(|group| group.number), Some(1600));
        assert_eq!(Group::find_in(groups, "7").map(|group| group.number), Some(7));
        assert!(Group::find_in(groups, "nobody").is_none());
        assert!(matches!(Group::find("no such group"), Err(ConsoleError::NoGroup(_))));
    }

    #[test]
    fn the_socket_is_the_groups_too() {
        let dir = TempDir::new();
        let own = rustix::process::getegid().as_raw();
        let group = Group { number: own, members: Vec::new() };
        let (_listener, _file) = SocketFile::bind(&dir.path("zoxy.sock"), Some(&group)).unwrap();
        let metadata = std::fs::metadata(dir.path("zoxy.sock")).unwrap();
        assert_eq!((metadata.permissions().mode() & 0o777, metadata.gid()), (0o660, own));
    }
}
