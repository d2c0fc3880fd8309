//! Targets behind the proxy: small servers in threads, and places where nobody answers.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use rustix::fd::OwnedFd;
use rustix::net::{bind, getsockname, listen};

use super::pattern::Pattern;
use super::socks::tcp_socket;

/// A TCP server on a loopback port that gives each connection a thread.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// Connections accepted so far.
    pub accepted: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

impl Server {
    /// Runs `handler` for each connection; its result is ignored, its socket then closed.
    pub fn start(handler: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start_on((Ipv4Addr::LOCALHOST, 0).into(), handler)
    }

    /// As [`Server::start`], on the given address.
    pub fn start_on(
        address: SocketAddr,
        handler: impl Fn(TcpStream) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).expect("a loopback port can be had");
        let address = listener.local_addr().expect("a bound socket has an address");
        let stop = Arc::new(AtomicBool::new(false));
        let accepted = Arc::new(AtomicUsize::new(0));
        let (stopped, count, handler) = (stop.clone(), accepted.clone(), Arc::new(handler));
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                count.fetch_add(1, Ordering::Relaxed);
                let handler = handler.clone();
                thread::spawn(move || handler(stream));
            }
        });
        Self { address, accepted, stop }
    }

    /// Sends back what it gets; ends its side when the client has ended its own.
    pub fn echo() -> Self {
        Self::start(|mut stream| {
            let mut output = stream.try_clone()?;
            io::copy(&mut stream, &mut output)?;
            output.shutdown(Shutdown::Write)
        })
    }

    /// Answers `GET /N` with `N` bytes of the pattern of seed `N`, and any PUT with `200` if its body
    /// is the pattern of its own length.
    pub fn http() -> Self {
        Self::start(serve_http)
    }

    /// Port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the accepting thread, so that it sees the flag.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

fn serve_http(stream: TcpStream) -> io::Result<()> {
    let mut output = stream.try_clone()?;
    let mut input = BufReader::new(stream);
    let mut first = String::new();
    input.read_line(&mut first)?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        input.read_line(&mut line)?;
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        if let Some(value) = line.strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line == "expect: 100-continue" {
            output.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
    }
    let mut words = first.split_whitespace();
    let (method, path) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    if method == "PUT" {
        let same = Pattern::new(length).verify(&mut input.take(length)).is_ok_and(|n| n == length);
        let status = if same { "200 OK" } else { "400 Bad Request" };
        return write!(
            output,
            "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        );
    }
    let size: u64 = path.trim_start_matches('/').parse().unwrap_or(0);
    write!(output, "HTTP/1.1 200 OK\r\nContent-Length: {size}\r\nConnection: close\r\n\r\n")?;
    Pattern::new(size).write(&mut output, size)
}

/// A port whose connection attempts are never answered: a listening socket that nobody accepts
/// from, its backlog full.
pub struct BlackHole {
    /// Port on 127.0.0.1.
    pub port: u16,
    listener: OwnedFd,
    filling: Vec<TcpStream>,
}

impl BlackHole {
    /// Makes one and proves that it swallows attempts.
    pub fn new() -> Self {
        let listener = tcp_socket();
        let any = SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0);
        bind(&listener, &any).expect("a loopback port can be had");
        listen(&listener, 0).expect("a bound socket can listen");
        let address = getsockname(&listener).expect("a bound socket has an address");
        let address = SocketAddrV4::try_from(address).expect("it is an IPv4 socket");
        let mut filling = Vec::new();
        loop {
            let attempt = Duration::from_millis(300);
            match TcpStream::connect_timeout(&SocketAddr::V4(address), attempt) {
                Ok(stream) => filling.push(stream),
                Err(error) if error.kind() == io::ErrorKind::TimedOut => break,
                Err(error) => panic!("filling a backlog: {error}"),
            }
            assert!(filling.len() < 64, "the backlog of a socket never fills");
        }
        Self { port: address.port(), listener, filling }
    }

    /// Its address.
    pub fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Turns it into a server that accepts what comes, and holds it open.
    pub fn open(self) -> TcpListener {
        let listener = TcpListener::from(self.listener);
        let accepting = listener.try_clone().expect("a descriptor is free");
        let filling = self.filling;
        thread::spawn(move || {
            let held: Vec<_> = accepting.incoming().take(filling.len() + 1).collect();
            drop((held, filling));
        });
        listener
    }
}

/// Reads until the other side ends, with a limit on the time between two bytes.
pub fn read_to_end(stream: &mut TcpStream, limit: Duration) -> io::Result<Vec<u8>> {
    stream.set_read_timeout(Some(limit))?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}
