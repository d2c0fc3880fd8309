//! A long way on one machine: a relay that passes bytes on after a while, as many as come.
//!
//! In threads of this process. A direction has a thread that reads and notes when the bytes are due,
//! and one that writes them then; what is on its way between them is bounded. It shares the machine's
//! CPUs with those it is between, so it is sparing: it rests a little after each read, as a network card does
//! that spares interrupts, and reads into buffers that were used before.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt;

use crate::failure::{Circumstance, Failure};

/// Bytes of one read.
const PIECE: usize = 1024 * 1024;

/// Pieces on their way in one direction: 1 GiB at most, and as much memory as was ever filled of it.
const PIECES: usize = 1024;

/// The part of the way's time that a read may come later than it could.
const REST: u32 = 100;

/// What a read is given.
type Buffer = Box<[u8]>;

/// The first `count` bytes of a buffer, none at the end, and when they are due.
struct Piece {
    due: Instant,
    bytes: Buffer,
    count: usize,
}

/// Starts a relay to `server` that holds every byte back for `one_way`; the address it listens at.
pub fn start(server: SocketAddr, one_way: Duration) -> Result<SocketAddr, Failure> {
    listen(server, one_way, usize::MAX)
}

/// The same for one connection, with which it ends.
pub fn start_for_one(server: SocketAddr, one_way: Duration) -> Result<SocketAddr, Failure> {
    listen(server, one_way, 1)
}

fn listen(server: SocketAddr, one_way: Duration, most: usize) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).when("a port for the relay")?;
    let address = listener.local_addr().when("a port for the relay")?;
    thread::spawn(move || {
        for near in listener.incoming().take(most).map_while(Result::ok) {
            // Whoever is at an end is told of a connection that breaks there.
            let _ = relay(near, server, one_way);
        }
    });
    Ok(address)
}

fn relay(near: TcpStream, server: SocketAddr, one_way: Duration) -> io::Result<()> {
    let far = TcpStream::connect(server)?;
    for stream in [&near, &far] {
        stream.set_nodelay(true)?;
    }
    for (from, to) in [(near.try_clone()?, far.try_clone()?), (far, near)] {
        let (pieces, due) = sync_channel(PIECES);
        let (used, again) = sync_channel(PIECES);
        thread::spawn(move || read(from, &pieces, &again, one_way));
        thread::spawn(move || write(to, &due, &used));
    }
    Ok(())
}

fn read(
    mut from: TcpStream,
    pieces: &SyncSender<Piece>,
    used: &Receiver<Buffer>,
    one_way: Duration,
) {
    loop {
        let mut bytes = used.try_recv().unwrap_or_else(|_| vec![0; PIECE].into());
        let count = from.read(&mut bytes).unwrap_or(0);
        // A network has no kernel on its way that delays acknowledgements. If the one at the end would, it is not seen.
        let _ = sockopt::set_tcp_quickack(&from, true);
        let due = Instant::now() + one_way;
        if pieces.send(Piece { due, bytes, count }).is_err() || count == 0 {
            return;
        }
        thread::sleep(one_way / REST);
    }
}

fn write(mut to: TcpStream, pieces: &Receiver<Piece>, used: &SyncSender<Buffer>) {
    while let Ok(Piece { due, bytes, count }) = pieces.recv() {
        thread::sleep(due.saturating_duration_since(Instant::now()));
        if count == 0 || to.write_all(&bytes[..count]).is_err() {
            break;
        }
        let _ = used.try_send(bytes);
    }
    let _ = to.shutdown(Shutdown::Both);
}
