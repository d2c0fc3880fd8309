//! What dialing an SSH server needs before the first packet, and how a dial can fail.
//!
//! [`prepare`] runs on a helper thread: it reads key, password and known_hosts files (a key file's
//! KDF takes long on purpose) and resolves the server's name.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use rustix::io::Errno;
use zeroize::Zeroizing;

use super::jobs;
use crate::config::{AuthMethod, Profile};
use crate::dataset::FileName;
use crate::dataset::input::Input;
use crate::say;
use crate::socks::Failure;
use crate::ssh::hostkey::{HostKeys, KnownHosts, LearnedKeys, Refusal};
use crate::ssh::identity::{self, Identity, IdentityError};
use crate::ssh::login::LoginError;
use crate::ssh::pool::Server;
use crate::ssh::transport::TransportError;

/// A helper thread's result.
pub type Prepared = Result<Material, DialError>;

/// What a dial needs.
pub struct Material {
    /// The server's addresses, in the resolver's order.
    pub addresses: VecDeque<SocketAddr>,
    /// Private keys, unencrypted.
    pub identities: Vec<(FileName, Identity)>,
    /// Password.
    pub password: Option<Zeroizing<String>>,
    /// Who the server may be.
    pub host_keys: HostKeys,
}

/// Why there is no SSH session.
#[derive(Debug)]
pub enum DialError {
    /// The server's name has no address.
    Name(io::Error),
    /// A private key cannot be used.
    Identity(FileName, IdentityError),
    /// A file with a secret or with host keys cannot be read.
    File(FileName, io::Error),
    /// The server cannot be reached.
    Connect(SocketAddr, io::Error),
    /// It took longer than CONNTIME, in this phase.
    TimedOut(&'static str),
    /// The SSH transport failed before or during login.
    Transport(TransportError),
    /// The server's host key is not one to trust.
    HostKey(Refusal),
    /// The server refused the login.
    Login(LoginError),
    /// The connection ended before login was over.
    Ended(String),
}

/// Reads and resolves all that `profile` needs to dial `server`; `own` if the login is the
/// profile's own, and not that of an FTP dialogue.
pub fn prepare(
    profile: &Profile,
    server: &Server,
    learned: &Arc<LearnedKeys>,
    own: bool,
) -> Prepared {
    let known = known_hosts(profile)?;
    let (identities, password) = if own { own_login(profile)? } else { (Vec::new(), None) };
    let addresses = jobs::resolve(&server.host, server.port).map_err(DialError::Name)?;
    Ok(Material {
        addresses: addresses.into(),
        identities,
        password,
        host_keys: HostKeys::new(profile.pins.clone(), known, profile.strict, Arc::clone(learned)),
    })
}

/// The profile's keys and password.
fn own_login(profile: &Profile) -> Result<OwnLogin, DialError> {
    let passphrase = profile.passphrase_file.as_ref().map(first_line).transpose()?;
    let mut identities = Vec::new();
    if profile.auth.contains(&AuthMethod::PublicKey) {
        for path in &profile.identities {
            let passphrase = passphrase.as_ref().map(|line| line.as_bytes());
            match identity::load(path, passphrase) {
                Ok(identity) => identities.push((path.clone(), identity)),
                Err(error) => {
                    say!(IDENTITY_FAILED, profile = profile.name, file = path, reason = error);
                    if identities.is_empty() && profile.auth == [AuthMethod::PublicKey] {
                        return Err(DialError::Identity(path.clone(), error));
                    }
                }
            }
        }
    }
    let password = profile.password_file.as_ref().map(first_line).transpose()?;
    Ok((identities, password))
}

type OwnLogin = (Vec<(FileName, Identity)>, Option<Zeroizing<String>>);

fn known_hosts(profile: &Profile) -> Result<KnownHosts, DialError> {
    let (known, problems) = KnownHosts::load(&profile.known_hosts)
        .map_err(|(index, error)| DialError::File(profile.known_hosts[index].clone(), error))?;
    for problem in problems.iter().take(PROBLEMS_SAID) {
        say!(KNOWN_HOSTS_LINE, place = problem.place, problem = problem.problem);
    }
    Ok(known)
}

/// The first line of a file with a secret, without its line end; the first record of a data set.
fn first_line(file: &FileName) -> Result<Zeroizing<String>, DialError> {
    let failed = |error| DialError::File(file.clone(), error);
    let text = Input::open(file).and_then(|mut input| input.text(SECRET_BYTES)).map_err(failed)?;
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    match std::str::from_utf8(line) {
        Ok(line) => Ok(Zeroizing::new(line.to_owned())),
        Err(_) => Err(failed(io::Error::other("its first line is not UTF-8"))),
    }
}

impl DialError {
    /// The answer its SOCKS clients get: host unreachable when the SSH server cannot be reached,
    /// general failure when it was reached but cannot be used.
    pub fn failure(&self) -> Failure {
        if self.is_unreachable() { Failure::HostUnreachable } else { Failure::General }
    }

    /// True when there was no SSH server to talk to; only then may a filter fall back to plain.
    pub fn is_unreachable(&self) -> bool {
        match self {
            Self::Name(error) | Self::Connect(_, error) => !is_our_own(error),
            Self::TimedOut(phase) => *phase == CONNECTING,
            _ => false,
        }
    }
}

/// Whether we are short of something ourselves, which says nothing about the server: whoever uses
/// up our descriptors must not get others to go on without SSH.
fn is_our_own(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::NOBUFS | Errno::NOSPC)
    )
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(error) => write!(f, "the SSH server's name cannot be resolved: {error}"),
            Self::Identity(path, error) => write!(f, "private key {}: {error}", path),
            Self::File(path, error) => write!(f, "{}: {error}", path),
            Self::Connect(address, error) => write!(f, "SSH server at {address}: {error}"),
            Self::TimedOut(phase) => {
                write!(f, "SSH server: no answer in time (CONNTIME) while {phase}")
            }
            Self::Transport(error) => write!(f, "SSH server: {error}"),
            Self::HostKey(refusal) => write!(f, "SSH server's host key refused: {refusal}"),
            Self::Login(error) => write!(f, "SSH login: {error}"),
            Self::Ended(reason) => write!(f, "SSH server: {reason}"),
        }
    }
}

/// The phase in which no SSH server has answered yet.
pub const CONNECTING: &str = "connecting";

/// Largest file with a password or passphrase.
const SECRET_BYTES: usize = 4096;

/// Bad lines of one known_hosts file that are reported, at most.
const PROBLEMS_SAID: usize = 10;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_that_cannot_be_reached_allows_to_go_on_without() {
        let address = SocketAddr::from(([192, 0, 2, 1], 22));
        let connect = |errno: Errno| DialError::Connect(address, errno.into());
        assert!(connect(Errno::CONNREFUSED).is_unreachable());
        assert!(DialError::Name(io::Error::other("no such name")).is_unreachable());
        assert!(DialError::TimedOut(CONNECTING).is_unreachable());
        for error in [
            connect(Errno::MFILE),
            DialError::Name(Errno::NFILE.into()),
            DialError::TimedOut("logging in"),
            DialError::Ended("closed".into()),
        ] {
            assert!(!error.is_unreachable(), "{error}");
        }
    }
}
