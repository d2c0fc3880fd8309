//! The world a test runs in: a folder of its own, ports of its own, programs that end with it.
//!
//! Everything a fixture makes lies in the world's folder and goes away when the world is dropped.
//! A test that fails keeps nothing either, but prints the logs of its fixtures first.
//! Privileged programs (sshd, vsftpd) run through `root`, which also works under `sudo -n`.

pub mod batch;
pub mod datasets;
pub mod deck;
pub mod ftp_client;
pub mod ftp_scene;
pub mod ftpd;
pub mod jobs;
pub mod other_ftpds;
pub mod other_sshds;
pub mod pattern;
pub mod played_ftpd;
pub mod process;
pub mod proxy;
pub mod recorder;
pub mod root;
pub mod servers;
pub mod socks;
pub mod sshd;
pub mod terminal;

use std::fs;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU16, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

pub use batch::Batch;
pub use deck::Deck;
pub use ftp_client::{Data, Door, FtpClient, Mode, Socks};
pub use ftp_scene::{FtpScene, SshHost};
pub use ftpd::Ftpd;
pub use jobs::{Jobs, Ran, cards};
pub use played_ftpd::PlayedFtpd;
pub use process::Log;
pub use proxy::{Tunnel, Zoxy};
pub use recorder::Recorder;
pub use root::Account;
pub use servers::{BlackHole, Server};
pub use sshd::Sshd;

/// True when the binary under test runs under an emulator: loads shrink, deadlines grow.
pub fn emulated() -> bool {
    std::env::var_os("ZOXY_RUNNER").is_some_and(|runner| !runner.is_empty())
}

/// How long an expected event may take before the test fails.
pub fn deadline() -> Duration {
    Duration::from_secs(if emulated() { 90 } else { 30 })
}

/// Reads once. A signal that another test has brought about interrupts a read that has a deadline (signal(7)), and says
/// nothing of the peer.
pub fn read_once(stream: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    loop {
        match stream.read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// `native` of something, or `emulated` under an emulator.
pub fn scaled(native: usize, under_emulator: usize) -> usize {
    if emulated() { under_emulator } else { native }
}

/// Asks again and again until there is an answer; panics with `what` after the deadline.
#[track_caller]
pub fn eventually<T>(what: &str, probe: impl FnMut() -> Option<T>) -> T {
    within(deadline(), what, probe)
}

/// As [`eventually`], with a deadline of its own.
#[track_caller]
pub fn within<T>(limit: Duration, what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + limit;
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(Instant::now() < end, "not within {limit:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// Full path of a program that a test needs; panics naming its Debian package.
pub fn program(name: &str, package: &str) -> PathBuf {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin", "/sbin"])
        .map(|folder| Path::new(folder).join(name))
        .find(|candidate| candidate.is_file())
        .unwrap_or_else(|| panic!("{name} is missing: install the Debian package {package}"))
}

/// Debian's Python, which finds Debian's modules; another one may come first in PATH.
pub fn python() -> PathBuf {
    let python = PathBuf::from("/usr/bin/python3");
    assert!(python.is_file(), "python3 is missing: install the Debian package python3");
    python
}

/// A port nobody listens on, below the kernel's ephemeral range so that no outgoing connection
/// takes it before the fixture does.
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    const FIRST: u16 = 15_000;
    const COUNT: u16 = 15_000;
    let spread = (std::process::id() as u16).wrapping_mul(131) % COUNT;
    for _ in 0..COUNT {
        let port = FIRST + (spread + NEXT.fetch_add(1, Ordering::Relaxed) % COUNT) % COUNT;
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
    panic!("no free port between {FIRST} and {}", FIRST + COUNT);
}

/// One test's folder.
pub struct World {
    path: PathBuf,
}

impl World {
    /// Makes the folder. Other users may enter it (sshd and vsftpd act as the test account).
    pub fn new() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("zoxy-it-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).expect("the temporary folder is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("the folder is ours");
        Self { path }
    }

    /// Path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file that only its owner may read.
    pub fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the world's folder is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("the file is ours");
        path
    }

    /// Makes a subfolder that everybody may write to.
    pub fn shared_folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(&path).expect("the world's folder is writable");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o777)).expect("the folder is ours");
        path
    }

    /// The log file of a fixture, empty at first.
    pub fn log(&self, name: &str) -> Log {
        Log::create(self.path(&format!("{name}.log")))
    }

    /// Makes a key pair with ssh-keygen and gives the path of the private key.
    pub fn key(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let path = self.path(name);
        let output = run(Command::new(program("ssh-keygen", "openssh-client"))
            .args(["-q", "-C", name, "-f"])
            .arg(&path)
            .args(arguments));
        assert!(output.status.success(), "ssh-keygen: {}", text(&output.stderr));
        path
    }

    /// The key pair of the test account, an ed25519 key without a passphrase.
    pub fn identity(&self) -> PathBuf {
        let path = self.path("identity");
        if !path.exists() {
            self.key("identity", &["-t", "ed25519", "-N", ""]);
        }
        path
    }
}

impl Drop for World {
    fn drop(&mut self) {
        // Files of the test account may remain in folders it made: only root may remove those.
        if fs::remove_dir_all(&self.path).is_err() {
            let _ = root::command("rm").arg("-rf").arg(&self.path).status();
        }
    }
}

/// Runs a program to its end with its output caught; panics when it cannot be started.
pub fn run(command: &mut Command) -> Output {
    let name = command.get_program().to_owned();
    command.output().unwrap_or_else(|error| panic!("{}: {error}", name.to_string_lossy()))
}

/// As [`run`], with bytes on standard input; the program may end before it has read all of them.
pub fn run_on(command: &mut Command, input: &[u8]) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    thread::scope(|scope| {
        scope.spawn(move || drop(stdin.write_all(input)));
        child.wait_with_output().expect("a child can be waited for")
    })
}

/// Translates with iconv, so that zoxy's own tables are not their own witness.
pub fn translate(text: &str, code_page: &str) -> Vec<u8> {
    let mut iconv = Command::new(program("iconv", "libc-bin"));
    let output = run_on(iconv.args(["-f", "ASCII", "-t", code_page]), text.as_bytes());
    assert!(output.status.success(), "iconv to {code_page}: {:?}", output.status);
    output.stdout
}

/// Bytes as text, for comparing and for messages.
pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The test account of this test program.
pub fn account() -> &'static Account {
    static ACCOUNT: OnceLock<Account> = OnceLock::new();
    ACCOUNT.get_or_init(|| Account::create(""))
}

/// Another user, whom only the sshd of a test that names it lets in.
pub fn other_account() -> &'static Account {
    static ACCOUNT: OnceLock<Account> = OnceLock::new();
    ACCOUNT.get_or_init(|| Account::create("o"))
}
