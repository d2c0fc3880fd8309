//! An FTP server that takes any password, notes every byte it is sent and says what a test wants
//! said: for commands that vsftpd refuses and replies that it never gives.

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use super::{Ftpd, Server, World};

/// The running server.
pub struct Recorder {
    server: Server,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Recorder {
    /// Greets with `greeting`, answers USER and PASS, and each other line, its end included, with
    /// what `answer` says.
    pub fn start(
        greeting: impl Into<Vec<u8>>,
        answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (notes, greeting) = (Arc::clone(&heard), greeting.into());
        let server = Server::start(move |mut stream| {
            let mut input = BufReader::new(stream.try_clone()?);
            stream.write_all(&greeting)?;
            loop {
                let mut line = Vec::new();
                if input.read_until(b'\n', &mut line)? == 0 {
                    return Ok(());
                }
                notes.lock().expect("nobody panics with it").extend_from_slice(&line);
                let reply = match &line {
                    line if line.starts_with(b"USER ") => b"331 password\r\n".to_vec(),
                    line if line.starts_with(b"PASS ") => b"230 in\r\n".to_vec(),
                    line => answer(line),
                };
                stream.write_all(&reply)?;
            }
        });
        Self { server, heard }
    }

    /// Every byte of all control connections so far.
    pub fn heard(&self) -> Vec<u8> {
        self.heard.lock().expect("nobody panics with it").clone()
    }

    /// Forgets what it has heard.
    pub fn forget(&self) {
        self.heard.lock().expect("nobody panics with it").clear();
    }

    /// The server of a scene.
    pub fn ftpd(&self, world: &World) -> Ftpd {
        let SocketAddr::V4(address) = self.server.address else { panic!("it is an IPv4 server") };
        assert_eq!(*address.ip(), Ipv4Addr::LOCALHOST);
        Ftpd {
            address: *address.ip(),
            port: address.port(),
            folder: world.shared_folder("ftp"),
            log: world.log("recorder"),
            process: None,
        }
    }
}
