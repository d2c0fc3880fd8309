//! An FTP server that the test itself plays, line by line: for what happens in an order or at a time
//! that no real one can be brought to.

use std::io::{BufRead, BufReader, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};

use rustix::net::bind;

use super::deadline;
use super::socks::tcp_socket;

/// Where its control connections come in.
pub struct PlayedFtpd {
    listener: TcpListener,
    /// Its address.
    pub address: SocketAddrV4,
}

/// One control connection of it.
pub struct Played {
    control: TcpStream,
    input: BufReader<TcpStream>,
}

impl PlayedFtpd {
    /// On a port of 127.0.0.1.
    pub fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port");
        let address = match listener.local_addr() {
            Ok(SocketAddr::V4(address)) => address,
            other => panic!("not IPv4: {other:?}"),
        };
        Self { listener, address }
    }

    /// The next control connection, greeted.
    #[track_caller]
    pub fn accept(&self) -> Played {
        let (control, _) = self.listener.accept().expect("a control connection");
        control.set_read_timeout(Some(deadline())).expect("a time-out above zero");
        let input = BufReader::new(control.try_clone().expect("a descriptor is free"));
        let mut played = Played { control, input };
        played.say("220 Played");
        played
    }
}

impl Played {
    /// Sends a line.
    pub fn say(&mut self, line: &str) {
        self.say_lines(&[line]);
    }

    /// Sends lines at once.
    pub fn say_lines(&mut self, lines: &[&str]) {
        let bytes: String = lines.iter().map(|line| format!("{line}\r\n")).collect();
        self.control.write_all(bytes.as_bytes()).expect("the control connection takes a reply");
    }

    /// The next command has to be this one.
    #[track_caller]
    pub fn expect(&mut self, command: &str) {
        assert_eq!(self.command(), command);
    }

    /// Takes a PORT, and gives its address.
    #[track_caller]
    pub fn port(&mut self) -> SocketAddrV4 {
        let command = self.command();
        let list = command.strip_prefix("PORT ").unwrap_or_else(|| panic!("no PORT: {command}"));
        let numbers: Vec<u8> = list.split(',').map(|n| n.parse().expect("a number")).collect();
        let [a, b, c, d, high, low] = numbers[..] else { panic!("no PORT: {command}") };
        self.say("200 PORT taken");
        SocketAddrV4::new([a, b, c, d].into(), u16::from_be_bytes([high, low]))
    }

    #[track_caller]
    fn command(&mut self) -> String {
        let mut line = String::new();
        self.input.read_line(&mut line).expect("a command comes");
        line.trim_end().to_owned()
    }
}

/// A connection from a loopback address of the caller's choice.
#[track_caller]
pub fn connect_from(from: Ipv4Addr, to: impl Into<SocketAddr>) -> TcpStream {
    let stream = tcp_socket();
    bind(&stream, &SocketAddr::new(IpAddr::V4(from), 0)).expect("a loopback address");
    rustix::net::connect(&stream, &to.into()).expect("the SSH server listens");
    let stream = TcpStream::from(stream);
    stream.set_read_timeout(Some(deadline())).expect("a time-out above zero");
    stream
}
