//! For tests: an sshd of our own on loopback, and a driver that moves a transport's bytes with a deadline.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, LazyLock, Mutex};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use zeroize::Zeroizing;

use super::login::{Credentials, Login, LoginError, LoginKey, LoginStep};
use super::transport::{Sent, Transport, TransportError, TransportOptions};
use crate::config::AuthMethod;

/// How long a test waits for anything.
pub(super) const DEADLINE: Duration = Duration::from_secs(60);

/// Where Debian has sshd, which insists on being called by its full path.
const SSHD: &str = "/usr/sbin/sshd";

/// A folder that is removed with everything in it.
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("zoxy-{}-{number}", std::process::id()));
        fs::DirBuilder::new().mode(0o700).create(&path).unwrap();
        Self(path)
    }

    fn file(&self, name: &str) -> String {
        self.0.join(name).to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Private and public key of a kind, made once per process.
pub(super) struct KeyPair {
    pub(super) private: Vec<u8>,
    pub(super) public: String,
}

/// Keys by name: two of ed25519, one each of the other kinds.
pub(super) fn key(name: &str) -> &'static KeyPair {
    static KEYS: LazyLock<Vec<(&str, KeyPair)>> = LazyLock::new(|| {
        let kinds = [
            ("ed25519", &["-t", "ed25519"][..]),
            ("second", &["-t", "ed25519"]),
            ("stranger", &["-t", "ed25519"]),
            ("ecdsa", &["-t", "ecdsa", "-b", "256"]),
            ("rsa", &["-t", "rsa", "-b", "2048"]),
            ("rsa-pem", &["-t", "rsa", "-b", "2048", "-m", "PEM"]),
        ];
        let folder = Folder::new();
        kinds.map(|(name, options)| (name, generate(&folder, name, options))).into()
    });
    KEYS.iter().find(|(known, _)| *known == name).map(|(_, pair)| pair).unwrap()
}

fn generate(folder: &Folder, name: &str, options: &[&str]) -> KeyPair {
    let path = folder.file(name);
    let status = Command::new("ssh-keygen")
        .args(options)
        .args(["-q", "-N", "", "-C", name, "-f", &path])
        .status()
        .expect("ssh-keygen is missing: install the Debian package openssh-client");
    assert!(status.success());
    let public = fs::read_to_string(format!("{path}.pub")).unwrap();
    KeyPair { private: fs::read(path).unwrap(), public }
}

/// The account the tests run under, which may log in to its own sshd.
pub(super) fn user() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// An sshd; ended and its folder removed when dropped.
pub(super) struct Sshd {
    child: Child,
    pub(super) address: SocketAddr,
    log: Arc<Log>,
    _folder: Folder,
}

impl Sshd {
    /// Starts one with its own host key; all keys but "stranger" may log in. `settings`: more lines of sshd_config,
    /// which win over the ones here.
    pub(super) fn start(settings: &str) -> Self {
        assert!(
            Path::new(SSHD).exists(),
            "{SSHD} is missing: install the Debian package openssh-server"
        );
        if user() == "root" {
            fs::create_dir_all("/run/sshd").unwrap();
        }
        let folder = Folder::new();
        let authorized = folder.file("authorized");
        let host_keys = ["ed25519", "ecdsa", "rsa"].map(|name| {
            let file = folder.file(&format!("host_{name}"));
            fs::write(&file, &key(name).private).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            format!("HostKey {file}\n")
        });
        let host_keys = host_keys.concat();
        let known = ["ed25519", "second", "ecdsa", "rsa", "rsa-pem"].map(|name| &*key(name).public);
        fs::write(&authorized, known.concat()).unwrap();
        let address = free_address();
        let config = folder.file("sshd_config");
        let text = format!(
            "{settings}\nListenAddress {address}\n{host_keys}AuthorizedKeysFile {authorized}\n\
             StrictModes no\nUsePAM no\nPidFile none\nLogLevel DEBUG1\nPermitRootLogin yes\n\
             PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        );
        fs::write(&config, text).unwrap();
        let mut child = Command::new(SSHD)
            .args(["-D", "-e", "-f", &config])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = Log::collect(child.stderr.take().unwrap());
        let sshd = Self { child, address, log, _folder: folder };
        sshd.wait_for_log("Server listening on");
        sshd
    }

    /// Waits until sshd has written a line with this text.
    pub(super) fn wait_for_log(&self, text: &str) {
        self.log.wait_for(text);
    }

    /// Whether sshd has written a line with this text so far.
    pub(super) fn has_logged(&self, text: &str) -> bool {
        self.log.lines.lock().unwrap().iter().any(|line| line.contains(text))
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What a program has written, line by line.
struct Log {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

impl Log {
    fn collect(source: impl Read + Send + 'static) -> Arc<Self> {
        let log = Arc::new(Self { lines: Mutex::default(), grown: Condvar::new() });
        let writer = Arc::clone(&log);
        std::thread::spawn(move || {
            for line in BufReader::new(source).lines().map_while(Result::ok) {
                writer.lines.lock().unwrap().push(line);
                writer.grown.notify_all();
            }
        });
        log
    }

    fn wait_for(&self, text: &str) {
        let missing = |lines: &mut Vec<String>| !lines.iter().any(|line| line.contains(text));
        let lines = self.lines.lock().unwrap();
        let (lines, _) = self.grown.wait_timeout_while(lines, DEADLINE, missing).unwrap();
        assert!(lines.iter().any(|line| line.contains(text)), "no \"{text}\" in {lines:#?}");
    }
}

/// An address on loopback that nobody listens on.
fn free_address() -> SocketAddr {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap()
}

/// Runs `serve` in a thread for the first connection to the address that is returned.
pub(super) fn serve_once(serve: impl FnOnce(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        serve(socket);
    });
    address
}

/// Credentials of the test user with the keys of these names.
pub(super) fn with_keys(names: &[&str]) -> Credentials {
    let keys = names.iter().map(|name| LoginKey {
        name: (*name).into(),
        private_pem: Zeroizing::new(key(name).private.clone()),
    });
    Credentials {
        user: user(),
        methods: vec![AuthMethod::PublicKey],
        keys: keys.collect(),
        password: None,
    }
}

/// A transport and the socket it belongs to.
pub(super) struct Client {
    pub(super) transport: Transport,
    socket: TcpStream,
    began: Instant,
}

impl Client {
    pub(super) fn connect(address: SocketAddr, options: &TransportOptions<'_>) -> Self {
        let transport = Transport::new(options).unwrap();
        let socket = TcpStream::connect(address).unwrap();
        socket.set_nonblocking(true).unwrap();
        socket.set_nodelay(true).unwrap();
        Self { transport, socket, began: Instant::now() }
    }

    /// Connects and logs in with the ed25519 key.
    pub(super) fn logged_in(address: SocketAddr, options: &TransportOptions<'_>) -> Self {
        let mut client = Self::connect(address, options);
        let step = client.login(with_keys(&["ed25519"]), Ok(()));
        assert!(matches!(step, Ok(LoginStep::Done { .. })), "{step:?}");
        client
    }

    /// Runs a login to its end, with this answer for the host key.
    pub(super) fn login(
        &mut self,
        credentials: Credentials,
        verdict: Result<(), String>,
    ) -> Result<LoginStep, LoginError> {
        let mut login = Login::new(credentials);
        loop {
            let step = login.step(&mut self.transport);
            self.write();
            match step? {
                LoginStep::NeedsInput => self.wait_and_read(),
                LoginStep::HostKey => login.answer_host_key(verdict.clone()),
                done => return Ok(done),
            }
        }
    }

    /// The next packet; waits for it.
    pub(super) fn packet(&mut self) -> Result<Vec<u8>, TransportError> {
        loop {
            match self.transport.next_packet()? {
                Some(packet) => return Ok(self.transport.bytes(&packet).to_vec()),
                None => self.wait_and_read(),
            }
        }
    }

    /// The next packet that is there.
    pub(super) fn next_packet(&mut self) -> Option<Vec<u8>> {
        let packet = self.transport.next_packet().unwrap()?;
        Some(self.transport.bytes(&packet).to_vec())
    }

    /// Sends a packet; there is room and no key exchange.
    pub(super) fn send(&mut self, packet: &[u8]) {
        assert_eq!(self.transport.send(packet, &[]), Ok(Sent::Yes));
        self.write();
    }

    /// Writes what the socket takes.
    pub(super) fn write(&mut self) {
        while self.transport.output_len() > 0 {
            match self.socket.write(self.transport.output()) {
                Ok(count) => self.transport.output_sent(count),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // What the peer says before it closes is still to be read.
                Err(_) => return,
            }
        }
    }

    /// Waits for the socket; writes what it takes, reads once what it has.
    pub(super) fn wait_and_read(&mut self) {
        self.write();
        let left = DEADLINE.checked_sub(self.began.elapsed()).expect("the test is in time");
        let timeout = Timespec::try_from(left).unwrap();
        let writing = self.transport.output_len() > 0;
        let interest = if writing { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN };
        let mut sockets = [PollFd::new(&self.socket, interest)];
        assert!(poll(&mut sockets, Some(&timeout)).unwrap() > 0, "nothing happens");
        self.write();
        match self.socket.read(self.transport.input_space()) {
            Ok(0) => self.transport.end_of_input(),
            Ok(count) => self.transport.input_filled(count),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(_) => self.transport.end_of_input(),
        }
    }

    /// The raw bytes the server sends next, at least one, kept from the transport.
    pub(super) fn intercept(&mut self) -> Vec<u8> {
        self.write();
        self.socket.set_nonblocking(false).unwrap();
        self.socket.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut bytes = vec![0; 65536];
        let count = self.socket.read(&mut bytes).unwrap();
        assert!(count > 0, "the server closed the connection");
        bytes.truncate(count);
        bytes
    }

    /// Gives bytes to the transport as if they were received.
    pub(super) fn receive(&mut self, bytes: &[u8]) {
        self.transport.input_space()[..bytes.len()].copy_from_slice(bytes);
        self.transport.input_filled(bytes.len());
    }
}
