//! The client's half of FTP, as far as the load needs it: one dialogue, many small files.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};

use crate::contender::{PATIENCE, Running};
use crate::failure::{Circumstance, Failure};
use crate::socks;

/// How data connections are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// PASV, and a connection to the address it gives.
    Passive,
    /// PORT: through a proxy with the address of a SOCKS BIND, as the z/OS client does by default.
    Active,
}

/// A dialogue that is logged in, in TYPE I.
pub struct FtpClient<'r> {
    running: &'r Running,
    server: SocketAddrV4,
    mode: Mode,
    control: BufReader<TcpStream>,
}

/// A data connection that was announced.
enum Data {
    Here(TcpStream),
    /// It waits for the second reply to its BIND.
    Bound(TcpStream),
    Listening(TcpListener),
}

impl<'r> FtpClient<'r> {
    /// Connects and logs in.
    pub fn log_in(running: &'r Running, server: SocketAddrV4, mode: Mode) -> Result<Self, Failure> {
        let control = BufReader::new(running.open(server).when("the control connection")?);
        let mut client = Self { running, server, mode, control };
        client.expect(220).when("the greeting")?;
        client.ask("USER anonymous", 230)?;
        client.ask("TYPE I", 200)?;
        Ok(client)
    }

    /// Gets a file: its bytes.
    pub fn get(&mut self, name: &str) -> Result<usize, Failure> {
        let mut data = self.start(&format!("RETR {name}"))?;
        let mut bytes = Vec::new();
        data.read_to_end(&mut bytes).when("the data")?;
        drop(data);
        self.expect(226).when(name)?;
        Ok(bytes.len())
    }

    /// Puts a file.
    pub fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        let mut data = self.start(&format!("STOR {name}"))?;
        data.write_all(bytes).when("the data")?;
        drop(data);
        self.expect(226).when(name)
    }

    /// Ends the dialogue.
    pub fn quit(&mut self) -> Result<(), Failure> {
        self.ask("QUIT", 221).map(drop)
    }

    fn start(&mut self, command: &str) -> Result<TcpStream, Failure> {
        let data = self.announce()?;
        self.ask(command, 150)?;
        let data = match data {
            Data::Here(stream) => stream,
            Data::Bound(mut stream) => {
                socks::read_reply(&mut stream).when("the second reply to BIND")?;
                stream
            }
            Data::Listening(listener) => {
                let (stream, _) = listener.accept().when("the server's data connection")?;
                stream.set_read_timeout(Some(PATIENCE))?;
                stream
            }
        };
        Ok(data)
    }

    fn announce(&mut self) -> Result<Data, Failure> {
        match self.mode {
            Mode::Passive => {
                let reply = self.ask("PASV", 227)?;
                let address = address_of(&reply).ok_or_else(|| Failure::new(reply))?;
                Ok(Data::Here(self.running.open(address).when("the data connection")?))
            }
            Mode::Active => {
                let (data, address) = match self.running.bind(self.server).when("BIND")? {
                    Some((stream, address)) => (Data::Bound(stream), address),
                    None => {
                        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
                        let SocketAddr::V4(address) = listener.local_addr()? else {
                            return Err(Failure::new("the data port is not IPv4"));
                        };
                        (Data::Listening(listener), address)
                    }
                };
                let [a, b, c, d] = address.ip().octets();
                let [high, low] = address.port().to_be_bytes();
                self.ask(&format!("PORT {a},{b},{c},{d},{high},{low}"), 200)?;
                Ok(data)
            }
        }
    }

    fn ask(&mut self, command: &str, code: u16) -> Result<String, Failure> {
        let line = format!("{command}\r\n");
        self.control.get_mut().write_all(line.as_bytes()).when(command)?;
        self.line(code).when(command)
    }

    fn expect(&mut self, code: u16) -> Result<(), Failure> {
        self.line(code).map(drop)
    }

    /// The next reply, all of whose lines but the last are passed over.
    fn line(&mut self, code: u16) -> Result<String, Failure> {
        let wanted = format!("{code} ");
        let more = format!("{code}-");
        loop {
            let mut line = String::new();
            self.control.read_line(&mut line)?;
            if line.starts_with(&wanted) {
                return Ok(line.trim_end().to_owned());
            }
            if !line.starts_with(&more) && !line.starts_with(' ') {
                return Err(Failure::new(format!("{code} was expected: {line:?}")));
            }
        }
    }
}

/// The address in a 227.
fn address_of(reply: &str) -> Option<SocketAddrV4> {
    let list = reply.split_once('(')?.1.split_once(')')?.0;
    let numbers: Vec<u8> = list.split(',').filter_map(|number| number.parse().ok()).collect();
    let [a, b, c, d, high, low] = numbers[..] else { return None };
    Some(SocketAddrV4::new([a, b, c, d].into(), u16::from_be_bytes([high, low])))
}
