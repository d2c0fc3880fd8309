//! The far end of the load: services in threads of this process, at two loopback addresses.
//!
//! Bulk greets every connection with one byte, so that its client knows when it stands, then does
//! as it is told (see [`Order`]); a thread serves each. Echo sends back what it gets, and Greeter
//! does so after a byte of its own; one thread serves both.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::thread;

use mio::{Events, Interest, Poll, Token};

use crate::failure::{Circumstance, Failure};

/// Bytes per read and write of bulk data, at both ends.
pub const BUFFER: usize = 256 * 1024;

/// What Bulk and Greeter say first.
pub const GREETING: u8 = b'!';

/// Which of zoxy's filters a target falls under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Site {
    /// Reached through the sshd.
    Tunnelled,
    /// Reached without SSH.
    Direct,
}

impl Site {
    /// Its address; all of 127/8 is this machine.
    pub fn address(self) -> Ipv4Addr {
        match self {
            Self::Tunnelled => Ipv4Addr::new(127, 0, 0, 1),
            Self::Direct => Ipv4Addr::new(127, 0, 0, 2),
        }
    }
}

/// What a target does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Sends or takes a stream.
    Bulk,
    /// Sends bytes back: the client speaks first, as in HTTP.
    Echo,
    /// Sends a byte at once: the server speaks first, as in FTP.
    Greeter,
}

/// What a client tells Bulk: 8 bytes, big endian.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// Send so many bytes, at least one, then FIN.
    Send(u64),
    /// Take everything up to the FIN, then answer with the count in 8 bytes.
    Take,
}

impl Order {
    /// As it travels.
    pub fn to_bytes(self) -> [u8; 8] {
        match self {
            Self::Send(count) => count.to_be_bytes(),
            Self::Take => [0; 8],
        }
    }

    fn from_bytes(bytes: [u8; 8]) -> Self {
        match u64::from_be_bytes(bytes) {
            0 => Self::Take,
            count => Self::Send(count),
        }
    }
}

/// Ports of the services, the same at both addresses.
#[derive(Debug, Clone, Copy)]
pub struct Targets {
    bulk: u16,
    echo: u16,
    greeter: u16,
}

impl Targets {
    /// Starts the services.
    pub fn start() -> Result<Self, Failure> {
        let (bulk, echo, greeter) = (listen()?, listen()?, listen()?);
        let targets = Self { bulk: port(&bulk)?, echo: port(&echo)?, greeter: port(&greeter)? };
        thread::spawn(move || serve_bulk(&bulk));
        let small = Small::new(echo, greeter).when("the echo service")?;
        thread::spawn(move || small.serve());
        Ok(targets)
    }

    /// Where a service is reached.
    pub fn address(&self, site: Site, service: Service) -> SocketAddrV4 {
        let port = match service {
            Service::Bulk => self.bulk,
            Service::Echo => self.echo,
            Service::Greeter => self.greeter,
        };
        SocketAddrV4::new(site.address(), port)
    }
}

fn listen() -> Result<TcpListener, Failure> {
    TcpListener::bind((Ipv4Addr::UNSPECIFIED, 0)).when("a port for the targets")
}

fn port(listener: &TcpListener) -> Result<u16, Failure> {
    Ok(listener.local_addr().when("a port for the targets")?.port())
}

/// The services are no business of anybody beyond this machine.
fn is_ours(client: SocketAddr) -> bool {
    matches!(client.ip(), IpAddr::V4(address) if address.is_loopback())
}

fn serve_bulk(listener: &TcpListener) {
    while let Ok((stream, client)) = listener.accept() {
        if is_ours(client) {
            // A client that breaks off is told of at its own end.
            thread::spawn(move || obey(stream));
        }
    }
}

fn obey(mut stream: TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(&[GREETING])?;
    let mut order = [0; 8];
    stream.read_exact(&mut order)?;
    match Order::from_bytes(order) {
        Order::Send(count) => send(&mut stream, count),
        Order::Take => {
            let count = take(&mut stream)?;
            stream.write_all(&count.to_be_bytes())
        }
    }
}

/// Sends so many bytes.
pub fn send(stream: &mut TcpStream, count: u64) -> io::Result<()> {
    static BYTES: [u8; BUFFER] = [0x5a; BUFFER];
    let mut left = count;
    while left > 0 {
        let next = left.min(BUFFER as u64) as usize;
        left -= stream.write(&BYTES[..next])? as u64;
    }
    Ok(())
}

/// Takes everything up to the FIN and counts it.
pub fn take(stream: &mut TcpStream) -> io::Result<u64> {
    let mut buffer = vec![0; BUFFER];
    let mut count = 0;
    loop {
        match stream.read(&mut buffer)? {
            0 => return Ok(count),
            read => count += read as u64,
        }
    }
}

const ECHO: Token = Token(0);
const GREETER: Token = Token(1);

/// Echo and Greeter. One thread for all connections: a thread for each would be a good part of what
/// is measured when thousands are opened in a second.
struct Small {
    poll: Poll,
    echo: mio::net::TcpListener,
    greeter: mio::net::TcpListener,
    streams: HashMap<Token, mio::net::TcpStream>,
    last: Token,
}

impl Small {
    fn new(echo: TcpListener, greeter: TcpListener) -> io::Result<Self> {
        let poll = Poll::new()?;
        let register = |listener: TcpListener, token| -> io::Result<_> {
            listener.set_nonblocking(true)?;
            let mut listener = mio::net::TcpListener::from_std(listener);
            poll.registry().register(&mut listener, token, Interest::READABLE)?;
            Ok(listener)
        };
        let (echo, greeter) = (register(echo, ECHO)?, register(greeter, GREETER)?);
        Ok(Self { poll, echo, greeter, streams: HashMap::new(), last: GREETER })
    }

    fn serve(mut self) {
        let mut events = Events::with_capacity(1024);
        loop {
            match self.poll.poll(&mut events, None) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return,
                _ => {}
            }
            for event in &events {
                let token = event.token();
                if token == ECHO || token == GREETER {
                    self.accept(token);
                } else if self.streams.get_mut(&token).is_some_and(|stream| !send_back(stream)) {
                    self.streams.remove(&token);
                }
            }
        }
    }

    fn accept(&mut self, listener: Token) {
        let greets = listener == GREETER;
        let listener = if greets { &self.greeter } else { &self.echo };
        while let Ok((mut stream, client)) = listener.accept() {
            self.last.0 += 1;
            let registered =
                self.poll.registry().register(&mut stream, self.last, Interest::READABLE);
            if is_ours(client) && registered.is_ok() {
                let _ = stream.set_nodelay(true);
                if greets {
                    let _ = stream.write_all(&[GREETING]);
                }
                self.streams.insert(self.last, stream);
            }
        }
    }
}

/// Sends back what has come; false when the connection is done with. Whoever sends more than the
/// socket takes back is done with too: the load sends single bytes.
fn send_back(stream: &mut mio::net::TcpStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(read) if stream.write_all(&buffer[..read]).is_err() => return false,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return error.kind() == io::ErrorKind::WouldBlock,
        }
    }
}
