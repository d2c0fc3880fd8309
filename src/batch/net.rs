//! Sockets that wait no longer than they may, and end when a signal came.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::AsFd;
use std::sync::OnceLock;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{set_socket_linger, socket_error};
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

/// Tells whether the client has to end.
static STOP: OnceLock<Box<dyn Fn() -> bool + Send + Sync>> = OnceLock::new();

/// Names the one who knows whether a signal came. Called once, before anything waits.
pub fn stop_when(stop: impl Fn() -> bool + Send + Sync + 'static) {
    // A second one would be another client in this process, which there is not.
    let _ = STOP.set(Box::new(stop));
}

/// Whether a signal came.
pub fn is_stopped() -> bool {
    STOP.get().is_some_and(|stop| stop())
}

/// The end of a wait.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// So long from now.
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// What is left; the error says that nothing is, or that a signal came.
    pub fn left(self) -> io::Result<Duration> {
        if is_stopped() {
            return Err(stopped());
        }
        match self.0.checked_duration_since(Instant::now()) {
            Some(left) if !left.is_zero() => Ok(left),
            _ => Err(ErrorKind::TimedOut.into()),
        }
    }
}

/// Connects to an address.
pub fn connect(address: SocketAddr, deadline: Deadline) -> io::Result<TcpStream> {
    deadline.left()?;
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = socket_with(family, SocketType::STREAM, flags, None)?;
    match rustix::net::connect(&socket, &address) {
        Ok(()) => {}
        Err(Errno::INPROGRESS | Errno::INTR) => {
            wait_until(&socket, PollFlags::OUT, deadline)?;
            socket_error(&socket)??;
        }
        Err(error) => return Err(error.into()),
    }
    let stream = TcpStream::from(socket);
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The addresses of a name, IPv4 first.
pub fn resolve(host: &str, port: u16, deadline: Deadline) -> io::Result<Vec<SocketAddr>> {
    let mut addresses = match host.parse::<IpAddr>() {
        Ok(address) => vec![SocketAddr::new(address, port)],
        Err(_) => look_up(host, port, deadline)?,
    };
    addresses.sort_by_key(SocketAddr::is_ipv6);
    match addresses.is_empty() {
        true => Err(io::Error::other("it has no address")),
        false => Ok(addresses),
    }
}

/// The system's resolver takes its own time and hears no signal: a thread, which ends with the process,
/// waits for it.
fn look_up(host: &str, port: u16, deadline: Deadline) -> io::Result<Vec<SocketAddr>> {
    /// How soon a signal is heard.
    const TICK: Duration = Duration::from_millis(100);
    let (sender, answer) = mpsc::channel();
    let name = host.to_owned();
    let look = move || {
        let found = (name.as_str(), port).to_socket_addrs().map(Iterator::collect);
        // Nobody waits any more after the deadline.
        let _ = sender.send(found);
    };
    thread::Builder::new().spawn(look)?;
    loop {
        let left = deadline.left().map_err(|error| match error.kind() {
            ErrorKind::TimedOut => {
                io::Error::new(ErrorKind::TimedOut, "its name was not resolved in time")
            }
            _ => error,
        })?;
        match answer.recv_timeout(left.min(TICK)) {
            Ok(found) => return found,
            Err(RecvTimeoutError::Timeout) => {}
            Err(error @ RecvTimeoutError::Disconnected) => return Err(io::Error::other(error)),
        }
    }
}

/// Reads some bytes, or none at the end.
pub fn read(stream: &TcpStream, buffer: &mut [u8], deadline: Deadline) -> io::Result<usize> {
    loop {
        stream.set_read_timeout(Some(deadline.left()?))?;
        match (&*stream).read(buffer) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err(ErrorKind::TimedOut.into());
            }
            result => return result,
        }
    }
}

/// Reads exactly so many.
pub fn read_exact(stream: &TcpStream, buffer: &mut [u8], deadline: Deadline) -> io::Result<()> {
    let mut done = 0;
    while done < buffer.len() {
        match read(stream, &mut buffer[done..], deadline)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => done += count,
        }
    }
    Ok(())
}

/// Writes all of them; `limit` is for each piece that the other side takes.
pub fn write_all(stream: &TcpStream, mut bytes: &[u8], limit: Duration) -> io::Result<()> {
    while !bytes.is_empty() {
        stream.set_write_timeout(Some(Deadline::after(limit).left()?))?;
        match (&*stream).write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => bytes = &bytes[count..],
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                return Err(ErrorKind::TimedOut.into());
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Takes the first connection that `is_right`; others are closed.
pub fn accept(
    listener: &TcpListener,
    deadline: Deadline,
    is_right: impl Fn(SocketAddr) -> bool,
) -> io::Result<TcpStream> {
    loop {
        wait(listener, deadline)?;
        let (stream, peer) = listener.accept()?;
        if is_right(peer) {
            stream.set_nodelay(true)?;
            return Ok(stream);
        }
    }
}

/// Waits until it can be read.
pub fn wait(source: &impl AsFd, deadline: Deadline) -> io::Result<()> {
    wait_until(source, PollFlags::IN, deadline)
}

fn wait_until(source: &impl AsFd, what: PollFlags, deadline: Deadline) -> io::Result<()> {
    loop {
        let left = deadline.left()?;
        let left = Timespec { tv_sec: left.as_secs() as _, tv_nsec: left.subsec_nanos() as _ };
        let mut one = [PollFd::new(source, what)];
        match poll(&mut one, Some(&left)) {
            Ok(0) | Err(Errno::INTR) => {}
            Ok(_) => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Closes a connection so that the other side sees that it broke.
pub fn reset(stream: TcpStream) {
    // Without it the close is an orderly one, and the reply tells what the server makes of that.
    let _ = set_socket_linger(&stream, Some(Duration::ZERO));
    drop(stream);
}

fn stopped() -> io::Error {
    io::Error::new(ErrorKind::Interrupted, "interrupted by a signal")
}
