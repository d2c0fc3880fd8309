//! Sockets that a service manager passes (socket activation, sd_listen_fds(3)).
//!
//! Taken once, at the very start, by the supervisor, and kept for the life of the process: a LISTEN
//! card whose address is that of a passed socket is served by a duplicate of it, at the start and
//! after every refresh. The service manager holds these sockets as well, so that clients can wait
//! in them while zoxy is restarted.

use std::env;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::{BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io::FdFlags;
use rustix::net::{SocketType, sockopt};

use super::sockets::canonical;
use crate::config::Config;
use crate::say;

/// One passed socket: it listens, on TCP.
#[derive(Debug)]
struct Passed {
    /// FileDescriptorName of the socket unit.
    name: String,
    address: SocketAddr,
    socket: OwnedFd,
}

/// All of them.
#[derive(Debug, Default)]
pub struct PassedSockets(Vec<Passed>);

impl PassedSockets {
    /// Takes what `LISTEN_PID`, `LISTEN_FDS` and `LISTEN_FDNAMES` announce; those that cannot be
    /// used are said and closed. To be called before anything else opens descriptors; a second call
    /// finds none.
    pub fn take() -> Self {
        static TAKEN: AtomicBool = AtomicBool::new(false);
        let text = |name| env::var(name).unwrap_or_default();
        let for_us = text("LISTEN_PID").parse() == Ok(std::process::id());
        let count: RawFd = text("LISTEN_FDS").parse().unwrap_or(0);
        if !for_us || count <= 0 || TAKEN.swap(true, Ordering::Relaxed) {
            return Self::default();
        }
        let names = text("LISTEN_FDNAMES");
        let mut names = names.split(':').map(str::to_owned);
        let mut sockets = Vec::new();
        for descriptor in (FIRST..).take(count.min(MOST) as usize) {
            let name = names.next().filter(|name| !name.is_empty());
            let name = name.unwrap_or_else(|| "unknown".to_owned());
            match claim(descriptor).and_then(|socket| Passed::new(name.clone(), socket)) {
                Ok(passed) => sockets.push(passed),
                Err(error) => {
                    say!(PASSED_UNFIT, descriptor = descriptor, name = name, reason = error);
                }
            }
        }
        Self(sockets)
    }

    /// A duplicate of the socket that listens on this address, and its name.
    pub fn at(&self, address: SocketAddr) -> Option<(io::Result<OwnedFd>, &str)> {
        let passed = self.0.iter().find(|passed| same(passed.address, address))?;
        Some((passed.socket.try_clone(), &passed.name))
    }

    /// Says which sockets no LISTEN card of the deck uses.
    pub fn report_unused(&self, config: &Config) {
        for Passed { name, address, .. } in &self.0 {
            if !config.listeners.iter().any(|listener| same(listener.address, *address)) {
                say!(PASSED_UNUSED, name = name, address = address);
            }
        }
    }
}

impl Passed {
    fn new(name: String, socket: OwnedFd) -> io::Result<Self> {
        let wrong = |what| Err(io::Error::other(what));
        match sockopt::socket_type(&socket)? {
            SocketType::STREAM if sockopt::socket_acceptconn(&socket)? => {}
            SocketType::STREAM => return wrong("it does not listen (Accept=yes passes such)"),
            _ => return wrong("it is no stream socket"),
        }
        rustix::io::fcntl_setfd(&socket, FdFlags::CLOEXEC)?;
        rustix::io::ioctl_fionbio(&socket, true)?;
        let listener = TcpListener::from(socket);
        let Ok(address) = listener.local_addr() else { return wrong("it is no TCP socket") };
        Ok(Self { name, address: canonical(address), socket: listener.into() })
    }
}

/// Same address and port, whatever else an IPv6 address carries.
fn same(one: SocketAddr, other: SocketAddr) -> bool {
    (one.ip(), one.port()) == (other.ip(), other.port())
}

/// Makes a descriptor ours that was passed to this process.
fn claim(descriptor: RawFd) -> io::Result<OwnedFd> {
    // SAFETY: the borrow ends with this statement, and only asks whether the descriptor is open.
    rustix::io::fcntl_getfd(unsafe { BorrowedFd::borrow_raw(descriptor) })?;
    // SAFETY: it is open, it was passed to this process by number, `take` claims each number once,
    // and nothing of ours was opened before that could have it.
    Ok(unsafe { OwnedFd::from_raw_fd(descriptor) })
}

/// The first descriptor that is passed (SD_LISTEN_FDS_START).
const FIRST: RawFd = 3;

/// Most sockets that are taken; systemd passes no more without being told to.
const MOST: RawFd = 512;

#[cfg(test)]
mod tests {
    use std::net::{TcpStream, UdpSocket};
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn a_listening_tcp_socket_is_found_by_its_address() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let passed = Passed::new("DOOR".into(), listener.into()).unwrap();
        let sockets = PassedSockets(vec![passed]);
        let (socket, name) = sockets.at(address).unwrap();
        let socket = TcpListener::from(socket.unwrap());
        assert_eq!((socket.local_addr().unwrap(), name), (address, "DOOR"));
        assert_eq!(socket.accept().unwrap_err().kind(), io::ErrorKind::WouldBlock);
        assert!(sockets.at("127.0.0.1:1".parse().unwrap()).is_none());
    }

    #[test]
    fn what_is_no_listening_tcp_socket_is_refused() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let refused = |socket| Passed::new("X".into(), socket).unwrap_err().to_string();
        assert!(refused(stream.into()).contains("does not listen"));
        assert!(refused(UdpSocket::bind("127.0.0.1:0").unwrap().into()).contains("no stream"));
        let path = env::temp_dir().join(format!("zoxy-passed-{}", std::process::id()));
        assert!(refused(UnixListener::bind(&path).unwrap().into()).contains("no TCP"));
        std::fs::remove_file(path).unwrap();
        let file = std::fs::File::open("/dev/null").unwrap();
        assert!(refused(file.into()).contains("os error"));
    }

    #[test]
    fn nothing_is_taken_that_is_not_for_this_process() {
        assert!(PassedSockets::take().0.is_empty());
    }
}
