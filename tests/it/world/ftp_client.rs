//! A scripted FTP client that behaves as the one of z/OS does behind SOCKS. Test equipment.
//!
//! It asks its SOCKS server by IPv4 address only, in version 4 or 5, and makes data connections in
//! the ways that FWFRIENDLY, EPSV4 and PASSIVEIGNOREADDR choose: a BIND before each PORT, whose
//! connection then carries the data, or a CONNECT after PASV or EPSV. [`Mode::Port`] and
//! [`Mode::Eprt`] are active without SOCKS, for clients that z/OS has not.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::sockopt::set_socket_linger;
use rustix::net::{SendFlags, send};

use super::{deadline, socks};

/// Version of SOCKS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Socks {
    V4,
    V5,
}

/// How data connections are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// PASV and a CONNECT to the address of the 227.
    Pasv,
    /// PASV and a CONNECT to the server's address and the port of the 227 (PASSIVEIGNOREADDR).
    PasvIgnoringAddress,
    /// EPSV and a CONNECT to the server's address (EPSV4).
    Epsv,
    /// BIND and PORT with the address that it gave.
    PortBind,
    /// PORT with a port of the client's own.
    Port,
    /// EPRT with a port of the client's own.
    Eprt,
}

/// The way to an FTP server.
#[derive(Debug, Clone, Copy)]
pub struct Door {
    /// Port of the SOCKS listener on 127.0.0.1.
    pub proxy: u16,
    /// What is spoken there.
    pub version: Socks,
    /// The FTP server.
    pub server: SocketAddrV4,
    /// The client's own address.
    pub from: Ipv4Addr,
}

impl Door {
    /// CONNECT; an error is the reply's code.
    #[track_caller]
    pub fn connect(&self, to: SocketAddrV4) -> Result<TcpStream, u8> {
        Ok(self.ask(1, to)?.0)
    }

    /// BIND for data of the server: the connection and the address that stands for it.
    #[track_caller]
    pub fn bind(&self) -> Result<(TcpStream, SocketAddrV4), u8> {
        self.ask(2, self.server)
    }

    /// Reads the next reply to a request of any command.
    #[track_caller]
    pub fn answer(&self, stream: &mut TcpStream) -> io::Result<(u8, SocketAddrV4)> {
        match self.version {
            Socks::V4 => socks::read_bound4(stream),
            Socks::V5 => {
                let (code, address) = socks::read_bound5(stream)?;
                let SocketAddr::V4(address) = address else { panic!("not IPv4: {address}") };
                Ok((code, address))
            }
        }
    }

    #[track_caller]
    fn ask(&self, command: u8, to: SocketAddrV4) -> Result<(TcpStream, SocketAddrV4), u8> {
        let mut stream = socks::dial_from(self.from, self.proxy);
        let (request, granted) = match self.version {
            Socks::V4 => (socks::request4(command, to, "BATCH"), socks::GRANTED),
            Socks::V5 => {
                let method = socks::methods(&mut stream, &[0]).expect("the proxy answers");
                assert_eq!(method, 0, "method refused");
                (socks::request5(command, to.into()), socks::reply::SUCCEEDED)
            }
        };
        stream.write_all(&request).expect("the proxy takes a request");
        let (code, address) = self.answer(&mut stream).expect("the proxy answers a request");
        if code == granted { Ok((stream, address)) } else { Err(code) }
    }
}

/// A reply of the server, or of the proxy in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Its code.
    pub code: u16,
    /// All its lines, without their ends.
    pub lines: Vec<String>,
}

/// A data connection that was announced to the server.
pub enum Data {
    /// It is there.
    Connected(TcpStream),
    /// It waits for the second reply of its BIND.
    Bound(TcpStream),
    /// The server's side is to come here.
    Listening(TcpListener),
}

/// The client: its control connection.
pub struct FtpClient {
    /// How it got there.
    pub door: Door,
    control: TcpStream,
    input: BufReader<TcpStream>,
}

impl FtpClient {
    /// Connects and reads the greeting, which has to be 220.
    #[track_caller]
    pub fn connect(door: Door) -> Self {
        let mut client = Self::open(door);
        client.expect(220);
        client
    }

    /// Connects without reading anything.
    #[track_caller]
    pub fn open(door: Door) -> Self {
        let control = door.connect(door.server).expect("the control connection is granted");
        Self::over(door, control)
    }

    /// Goes on with a control connection that was made in another way.
    pub fn over(door: Door, control: TcpStream) -> Self {
        let input = BufReader::new(control.try_clone().expect("a descriptor is free"));
        Self { door, control, input }
    }

    /// USER and PASS; gives the final reply.
    #[track_caller]
    pub fn log_in(&mut self, user: &str, password: &str) -> Reply {
        self.ask(&format!("USER {user}"), 331);
        self.command(&format!("PASS {password}"))
    }

    /// Sends a command without waiting for its reply.
    pub fn send(&mut self, command: &str) {
        self.send_raw(format!("{command}\r\n").as_bytes());
    }

    /// Sends bytes.
    pub fn send_raw(&mut self, bytes: &[u8]) {
        self.control.write_all(bytes).expect("the control connection takes a command");
    }

    /// Sends a command and gives its first reply.
    #[track_caller]
    pub fn command(&mut self, command: &str) -> Reply {
        self.send(command);
        self.reply()
    }

    /// Sends a command whose first reply has to have this code.
    #[track_caller]
    pub fn ask(&mut self, command: &str, code: u16) -> Reply {
        let reply = self.command(command);
        assert_eq!(reply.code, code, "{command}: {reply:?}");
        reply
    }

    /// The next reply.
    #[track_caller]
    pub fn reply(&mut self) -> Reply {
        self.try_reply().expect("a reply comes")
    }

    /// The next reply has to have this code.
    #[track_caller]
    pub fn expect(&mut self, code: u16) -> Reply {
        let reply = self.reply();
        assert_eq!(reply.code, code, "{reply:?}");
        reply
    }

    /// The next bytes have to be these.
    #[track_caller]
    pub fn expect_bytes(&mut self, bytes: &[u8]) {
        let mut got = Vec::new();
        let wanted = (&mut self.input).take(bytes.len() as u64).read_to_end(&mut got);
        let (got, bytes) = (got.escape_ascii().to_string(), bytes.escape_ascii().to_string());
        assert_eq!(got, bytes, "{wanted:?}");
    }

    /// The next reply, or how the connection ended.
    pub fn try_reply(&mut self) -> io::Result<Reply> {
        let mut lines = vec![self.line()?];
        let code = lines[0].get(..3).and_then(|code| code.parse().ok());
        let code = code.ok_or_else(|| io::Error::other(format!("not a reply: {lines:?}")))?;
        if lines[0].as_bytes().get(3) == Some(&b'-') {
            let last = format!("{code} ");
            while !lines.last().is_some_and(|line| line.starts_with(&last)) {
                lines.push(self.line()?);
            }
        }
        Ok(Reply { code, lines })
    }

    /// Reads until the server's side of the control connection ends, which it has to.
    #[track_caller]
    pub fn expect_end(&mut self) {
        let mut rest = Vec::new();
        self.input.read_to_end(&mut rest).expect("the control connection ends");
        assert_eq!(String::from_utf8_lossy(&rest), "", "more was said before the end");
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        if self.input.read_until(b'\n', &mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
    }

    /// Ends the control connection with a reset, as the end of a job that is cancelled may.
    pub fn reset(self) {
        set_socket_linger(&self.control, Some(Duration::ZERO)).expect("a TCP socket");
    }

    /// Ends the client's side of the control connection in order: the server's goes on.
    pub fn finish(&self) {
        self.control.shutdown(Shutdown::Write).expect("the control connection is there");
    }

    /// ABOR as BSD and its descendants send it: Telnet IP, and the Synch as urgent data.
    pub fn abort(&mut self) {
        send(&self.control, &[0xff, 0xf4, 0xff], SendFlags::OOB).expect("urgent data is taken");
        self.send_raw(b"\xf2ABOR\r\n");
    }

    /// Announces a data connection; an error is the server's refusal.
    #[track_caller]
    pub fn prepare(&mut self, mode: Mode) -> Result<Data, Reply> {
        match mode {
            Mode::Pasv | Mode::PasvIgnoringAddress => {
                let reply = self.command("PASV");
                let named = address_of_227(&reply).ok_or(reply)?;
                let to = match mode {
                    Mode::Pasv => named,
                    _ => SocketAddrV4::new(*self.door.server.ip(), named.port()),
                };
                Ok(Data::Connected(self.door.connect(to).expect("the data connection is granted")))
            }
            Mode::Epsv => {
                let reply = self.command("EPSV");
                let port = port_of_229(&reply).ok_or(reply)?;
                let to = SocketAddrV4::new(*self.door.server.ip(), port);
                Ok(Data::Connected(self.door.connect(to).expect("the data connection is granted")))
            }
            Mode::PortBind => {
                let (stream, address) = self.door.bind().expect("the BIND is granted");
                self.announce(&port_command(address))?;
                Ok(Data::Bound(stream))
            }
            Mode::Port | Mode::Eprt => {
                let listener = TcpListener::bind((self.door.from, 0)).expect("a loopback port");
                let address = match listener.local_addr() {
                    Ok(SocketAddr::V4(address)) => address,
                    other => panic!("not IPv4: {other:?}"),
                };
                self.announce(&match mode {
                    Mode::Port => port_command(address),
                    _ => format!("EPRT |1|{}|{}|", address.ip(), address.port()),
                })?;
                Ok(Data::Listening(listener))
            }
        }
    }

    fn announce(&mut self, command: &str) -> Result<(), Reply> {
        let reply = self.command(command);
        if reply.code == 200 { Ok(()) } else { Err(reply) }
    }

    /// Starts a transfer up to its 1xx and gives the data connection.
    #[track_caller]
    pub fn start(&mut self, mode: Mode, command: &str) -> TcpStream {
        let data = self.prepare(mode).unwrap_or_else(|reply| panic!("{mode:?}: {reply:?}"));
        let reply = self.command(command);
        assert!((125..=150).contains(&reply.code), "{command}: {reply:?}");
        data.stream(&self.door).expect("the data connection comes")
    }

    /// RETR, LIST or the like: what came, after its 226.
    #[track_caller]
    pub fn get(&mut self, mode: Mode, command: &str) -> Vec<u8> {
        let mut stream = self.start(mode, command);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the data comes and ends");
        drop(stream);
        self.expect(226);
        bytes
    }

    /// STOR or the like of these bytes, up to its 226.
    #[track_caller]
    pub fn put(&mut self, mode: Mode, command: &str, bytes: &[u8]) {
        let mut stream = self.start(mode, command);
        stream.write_all(bytes).expect("the data is taken");
        drop(stream);
        self.expect(226);
    }
}

impl Data {
    /// The connection once the transfer has begun.
    #[track_caller]
    pub fn stream(self, door: &Door) -> io::Result<TcpStream> {
        match self {
            Self::Connected(stream) => Ok(stream),
            Self::Bound(mut stream) => {
                let (code, _) = door.answer(&mut stream)?;
                let good = matches!(code, socks::GRANTED | socks::reply::SUCCEEDED);
                if good { Ok(stream) } else { Err(io::Error::other(format!("reply {code}"))) }
            }
            Self::Listening(listener) => {
                let limit = Timespec { tv_sec: deadline().as_secs() as i64, tv_nsec: 0 };
                if poll(&mut [PollFd::new(&listener, PollFlags::IN)], Some(&limit))? == 0 {
                    return Err(io::ErrorKind::TimedOut.into());
                }
                let (stream, _) = listener.accept()?;
                stream.set_read_timeout(Some(deadline()))?;
                stream.set_write_timeout(Some(deadline()))?;
                Ok(stream)
            }
        }
    }
}

/// PORT with this address.
pub fn port_command(address: SocketAddrV4) -> String {
    let [a, b, c, d] = address.ip().octets();
    let [high, low] = address.port().to_be_bytes();
    format!("PORT {a},{b},{c},{d},{high},{low}")
}

/// The address in a 227.
pub fn address_of_227(reply: &Reply) -> Option<SocketAddrV4> {
    let line = reply.lines.first().filter(|_| reply.code == 227)?;
    let (_, list) = line.rsplit_once('(')?;
    let numbers: Vec<u8> =
        list.split_once(')')?.0.split(',').filter_map(|number| number.parse().ok()).collect();
    let [a, b, c, d, high, low] = numbers[..] else { return None };
    Some(SocketAddrV4::new([a, b, c, d].into(), u16::from_be_bytes([high, low])))
}

/// The port in a 229.
pub fn port_of_229(reply: &Reply) -> Option<u16> {
    let line = reply.lines.first().filter(|_| reply.code == 229)?;
    line.rsplit_once("(|||")?.1.split_once('|')?.0.parse().ok()
}
