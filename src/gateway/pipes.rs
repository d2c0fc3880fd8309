//! What carries bytes from one socket of a DIRECT connection to the other: a pipe, which the kernel
//! fills and empties without a copy through user space, or a buffer where that cannot be had.
//!
//! Used by [`super::splice`] only; each worker has one [`PipePool`]. A direction of a connection
//! holds a carrier only while bytes are in it, so idle connections cost no descriptors.
//!
//! Invariants: a carrier is filled only when it is empty, so "would block" is always about the
//! socket; `held` is exactly what is in it; the pool holds empty carriers, at most `bound` of a kind.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;

use mio::net::TcpStream;
use rustix::io::{Errno, retry_on_intr};
use rustix::pipe::{PIPE_BUF, PipeFlags, SpliceFlags};

/// Empty pipes and buffers of one worker, for its next connections.
#[derive(Debug)]
pub struct PipePool {
    pipes: Vec<Pipe>,
    buffers: Vec<Buffer>,
    bound: usize,
}

impl PipePool {
    /// Keeps at most `bound` idle pipes (two descriptors each) and as many idle buffers.
    pub fn new(bound: usize) -> Self {
        Self { pipes: Vec::new(), buffers: Vec::new(), bound }
    }

    /// Pipes that wait for use.
    pub fn idle_pipes(&self) -> usize {
        self.pipes.len()
    }

    /// An empty carrier: a pipe if `splice` is wanted and the system has one to give, which it has
    /// not when descriptors run out.
    pub(super) fn take(&mut self, splice: bool) -> Carrier {
        if splice {
            match self.pipes.pop().map_or_else(Pipe::open, Ok) {
                Ok(pipe) => return Carrier::Pipe(pipe),
                Err(error) => log::debug!("no pipe, copying instead: {error}"),
            }
        }
        Carrier::Buffer(self.buffers.pop().unwrap_or_else(Buffer::new))
    }

    /// Takes a carrier back; one that is not empty is closed with what is in it.
    pub(super) fn give(&mut self, carrier: Carrier) {
        match carrier {
            Carrier::Pipe(pipe) if pipe.held == 0 && self.pipes.len() < self.bound => {
                self.pipes.push(pipe);
            }
            Carrier::Buffer(buffer) if buffer.is_reusable() && self.buffers.len() < self.bound => {
                self.buffers.push(buffer);
            }
            _ => {}
        }
    }
}

/// Bytes between two sockets.
#[derive(Debug)]
pub(super) enum Carrier {
    Pipe(Pipe),
    Buffer(Buffer),
}

impl Carrier {
    /// A carrier that holds these bytes already.
    pub(super) fn holding(mut bytes: Vec<u8>) -> Self {
        let end = bytes.len();
        // As large as the others, so that it can go on as one of them.
        bytes.resize(end.max(BUFFER_SIZE), 0);
        Self::Buffer(Buffer { bytes: bytes.into_boxed_slice(), start: 0, end })
    }

    /// Bytes in it.
    pub(super) fn held(&self) -> usize {
        match self {
            Self::Pipe(pipe) => pipe.held,
            Self::Buffer(buffer) => buffer.end - buffer.start,
        }
    }

    /// Takes at most `limit` bytes from the socket; it must be empty. Zero is the end of the
    /// socket's data, `WouldBlock` means that there is none now.
    pub(super) fn fill(&mut self, from: &TcpStream, limit: usize) -> io::Result<usize> {
        debug_assert_eq!(self.held(), 0, "filled only when empty");
        match self {
            Self::Pipe(pipe) => pipe.fill(from, limit),
            Self::Buffer(buffer) => buffer.fill(from, limit),
        }
    }

    /// Gives bytes to the socket; `WouldBlock` means that it takes none now.
    pub(super) fn drain(&mut self, to: &TcpStream) -> io::Result<usize> {
        match self {
            Self::Pipe(pipe) => pipe.drain(to),
            Self::Buffer(buffer) => buffer.drain(to),
        }
    }
}

/// Whether the error of [`Carrier::fill`] means that this socket cannot be spliced from.
pub(super) fn is_unsupported(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::INVAL | Errno::NOSYS))
}

#[derive(Debug)]
pub(super) struct Pipe {
    read: OwnedFd,
    write: OwnedFd,
    held: usize,
}

impl Pipe {
    fn open() -> io::Result<Self> {
        let (read, write) = rustix::pipe::pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        // Refused to a user who has many large pipes already: the pipe is only smaller then.
        let _ = rustix::pipe::fcntl_setpipe_size(&write, PIPE_SIZE);
        Ok(Self { read, write, held: 0 })
    }

    fn fill(&mut self, from: &TcpStream, limit: usize) -> io::Result<usize> {
        let limit = limit.min(PIPE_SIZE);
        match retry_on_intr(|| rustix::pipe::splice(from, None, &self.write, None, limit, SPLICE)) {
            Ok(0) | Err(Errno::AGAIN) => self.fill_by_copy(from, limit),
            Ok(count) => {
                self.held = count;
                Ok(count)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Asks the socket a second time, by a read. Linux does not splice past TCP urgent data: it
    /// says "nothing now" or "end" in front of it, for ever, with more behind. Only a read gets
    /// past it, so only a read is believed.
    fn fill_by_copy(&mut self, mut from: &TcpStream, limit: usize) -> io::Result<usize> {
        let mut bytes = [0; PIPE_BUF];
        let limit = limit.min(bytes.len());
        let count = retry_io(|| from.read(&mut bytes[..limit]))?;
        if count > 0 {
            // All of it fits: the pipe is empty, and up to PIPE_BUF bytes are written whole.
            self.held = retry_on_intr(|| rustix::io::write(&self.write, &bytes[..count]))?;
            debug_assert_eq!(self.held, count);
        }
        Ok(count)
    }

    /// Asks for no more than there is, and never for SPLICE_F_MORE: either lets the kernel hold the
    /// last segment back for up to 200 ms, waiting for bytes that need not come.
    fn drain(&mut self, to: &TcpStream) -> io::Result<usize> {
        let count =
            retry_on_intr(|| rustix::pipe::splice(&self.read, None, to, None, self.held, SPLICE))?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.held -= count;
        Ok(count)
    }
}

#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    start: usize,
    end: usize,
}

impl Buffer {
    fn new() -> Self {
        Self { bytes: vec![0; BUFFER_SIZE].into_boxed_slice(), start: 0, end: 0 }
    }

    fn is_reusable(&self) -> bool {
        self.start == self.end && self.bytes.len() == BUFFER_SIZE
    }

    fn fill(&mut self, mut from: &TcpStream, limit: usize) -> io::Result<usize> {
        let limit = limit.min(self.bytes.len());
        self.start = 0;
        self.end = 0;
        self.end = retry_io(|| from.read(&mut self.bytes[..limit]))?;
        Ok(self.end)
    }

    fn drain(&mut self, mut to: &TcpStream) -> io::Result<usize> {
        let count = retry_io(|| to.write(&self.bytes[self.start..self.end]))?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.start += count;
        Ok(count)
    }
}

fn retry_io<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// NONBLOCK is about the pipe; the sockets are non-blocking themselves.
const SPLICE: SpliceFlags = SpliceFlags::NONBLOCK.union(SpliceFlags::MOVE);

/// Size asked for a pipe, in bytes: room for 64 segments, however small they are. Half as fast again
/// as the system's 64 KiB on loopback; larger ones gain nothing.
const PIPE_SIZE: usize = 256 * 1024;

/// Size of a buffer that stands in for a pipe, in bytes.
const BUFFER_SIZE: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::os::fd::AsRawFd;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_pool_keeps_empty_pipes_up_to_its_bound() {
        let mut pool = PipePool::new(2);
        let taken: Vec<_> = (0..4).map(|_| pool.take(true)).collect();
        let names: Vec<_> = taken.iter().map(name).collect();
        taken.into_iter().for_each(|pipe| pool.give(pipe));
        assert_eq!(pool.idle_pipes(), 2);
        assert_eq!(names.iter().map(|name| open_ends(name)).collect::<Vec<_>>(), [2, 2, 0, 0]);
        assert!(names.contains(&name(&pool.take(true))));
        drop(pool);
        assert!(names.iter().all(|name| open_ends(name) == 0));
    }

    #[test]
    fn a_pipe_with_bytes_in_it_is_closed() {
        let (from, mut peer) = pair();
        let mut pool = PipePool::new(2);
        let mut pipe = pool.take(true);
        let name = name(&pipe);
        peer.write_all(b"left behind").unwrap();
        assert_eq!(fill(&mut pipe, &from, 4), 4);
        pool.give(pipe);
        assert_eq!((pool.idle_pipes(), open_ends(&name)), (0, 0));
    }

    #[test]
    fn no_pipe_means_a_buffer() {
        let mut pool = PipePool::new(1);
        for _ in 0..2 {
            let buffer = pool.take(false);
            assert!(matches!(buffer, Carrier::Buffer(_)));
            pool.give(buffer);
        }
        assert_eq!((pool.idle_pipes(), pool.buffers.len()), (0, 1));
    }

    #[test]
    fn early_bytes_come_first_and_more_fits_behind() {
        let (socket, mut peer) = pair();
        let mut carrier = Carrier::holding(b"early".to_vec());
        assert_eq!(carrier.held(), 5);
        assert_eq!(carrier.drain(&socket).unwrap(), 5);
        peer.write_all(&[7; 100]).unwrap();
        assert_eq!(fill(&mut carrier, &socket, 1_000), 100);
    }

    fn pair() -> (TcpStream, std::net::TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let peer = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (ours, _) = listener.accept().unwrap();
        ours.set_nonblocking(true).unwrap();
        (TcpStream::from_std(ours), peer)
    }

    /// Fills as soon as the peer's bytes are there.
    fn fill(carrier: &mut Carrier, from: &TcpStream, limit: usize) -> usize {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            match carrier.fill(from, limit) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    assert!(Instant::now() < deadline, "no bytes arrive");
                    std::thread::yield_now();
                }
                result => return result.unwrap(),
            }
        }
    }

    /// What the kernel calls the pipe: `pipe:[inode]`.
    fn name(carrier: &Carrier) -> String {
        let Carrier::Pipe(pipe) = carrier else { panic!("not a pipe") };
        let link = format!("/proc/self/fd/{}", pipe.read.as_raw_fd());
        std::fs::read_link(link).unwrap().to_string_lossy().into_owned()
    }

    /// Descriptors of this process that are ends of that pipe.
    fn open_ends(name: &str) -> usize {
        std::fs::read_dir("/proc/self/fd")
            .unwrap()
            .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok())
            .filter(|link| link.to_string_lossy() == name)
            .count()
    }
}
