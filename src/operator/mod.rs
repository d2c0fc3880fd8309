//! The operator's console: commands, displays, and the Unix socket they travel on.
//!
//! | module | holds |
//! |---|---|
//! | [`command`] | what can be entered, parsed from a line |
//! | [`console`] | the socket's server side, polled by the engine's main thread |
//! | [`client`] | its other end: one command, one answer |
//! | [`protocol`] | what both ends of the socket agree on |
//! | `socket` | its file, and who may use it |
//! | [`requests`] | questions to an operator that wait for R |
//! | [`snapshot`] | plain data the engine fills in for a display |
//! | [`display`] | that data as text of at most 80 columns |
//! | [`json`] | that data as JSON |
//!
//! The engine polls the [`console::Console`], carries out the commands it hands over, and gives it
//! the text and return code of the answer. Nothing here knows the engine. Return codes are those of
//! jobs: 0 done, 4 done with warnings, 8 not done, 12 nobody there.

pub mod client;
pub mod command;
pub mod console;
pub mod display;
pub mod json;
mod layout;
pub mod protocol;
pub mod requests;
pub mod snapshot;
mod socket;
#[cfg(test)]
pub(crate) mod testing;

use std::path::PathBuf;

pub use socket::ConsoleError;

/// Where the console socket is when the deck does not say (SET * CONSOLE): `/run/zoxy.sock` for
/// root, otherwise `zoxy.sock` in `$XDG_RUNTIME_DIR`, or `/tmp/zoxy-UID.sock` where that is not
/// set.
pub fn default_socket() -> PathBuf {
    let user = rustix::process::geteuid().as_raw();
    socket_of(user, std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from))
}

fn socket_of(user: u32, runtime_dir: Option<PathBuf>) -> PathBuf {
    if user == 0 {
        return PathBuf::from("/run/zoxy.sock");
    }
    match runtime_dir {
        Some(dir) if dir.is_absolute() => dir.join("zoxy.sock"),
        _ => PathBuf::from(format!("/tmp/zoxy-{user}.sock")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn socket_follows_the_user() {
        let dir = || Some(PathBuf::from("/run/user/7"));
        assert_eq!(socket_of(0, dir()), PathBuf::from("/run/zoxy.sock"));
        assert_eq!(socket_of(7, dir()), PathBuf::from("/run/user/7/zoxy.sock"));
        assert_eq!(socket_of(7, None), PathBuf::from("/tmp/zoxy-7.sock"));
        assert_eq!(socket_of(7, Some(PathBuf::new())), PathBuf::from("/tmp/zoxy-7.sock"));
    }
}
