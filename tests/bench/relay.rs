//! A long way on one machine: a relay that passes bytes on after a while, as many as come.
//!
//! In threads of this process. A direction has a thread that reads and notes when the bytes are due,
//! and one that writes them then; what is on its way between them is bounded.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::net::sockopt;

use crate::failure::{Circumstance, Failure};

/// Bytes of one read.
const PIECE: usize = 64 * 1024;

/// Pieces on their way in one direction: 256 MiB at most.
const PIECES: usize = 4096;

/// Bytes and when they are due; none at the end.
type Piece = (Instant, Vec<u8>);

/// Starts a relay to `server` that holds every byte back for `one_way`; the address it listens at.
pub fn start(server: SocketAddr, one_way: Duration) -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).when("a port for the relay")?;
    let address = listener.local_addr().when("a port for the relay")?;
    thread::spawn(move || {
        while let Ok((near, _)) = listener.accept() {
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
        thread::spawn(move || read(from, &pieces, one_way));
        thread::spawn(move || write(to, &due));
    }
    Ok(())
}

fn read(mut from: TcpStream, pieces: &SyncSender<Piece>, one_way: Duration) {
    loop {
        let mut bytes = vec![0; PIECE];
        let count = from.read(&mut bytes).unwrap_or(0);
        // A network has no kernel on its way that delays acknowledgements. If the one at the end would, it is not seen.
        let _ = sockopt::set_tcp_quickack(&from, true);
        bytes.truncate(count);
        if pieces.send((Instant::now() + one_way, bytes)).is_err() || count == 0 {
            return;
        }
    }
}

fn write(mut to: TcpStream, due: &Receiver<Piece>) {
    while let Ok((moment, bytes)) = due.recv() {
        thread::sleep(moment.saturating_duration_since(Instant::now()));
        if bytes.is_empty() || to.write_all(&bytes).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}
