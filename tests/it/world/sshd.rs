//! A real sshd on a loopback port, with keys and configuration of its own.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::Command;

use super::root::{self, RootProcess, signal};
use super::{Log, World, account, eventually, free_port, program, run, text};

/// The running sshd. Its users are the test account only.
pub struct Sshd {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// Its log: VERBOSE, or what the extra lines say.
    pub log: Log,
    config: PathBuf,
    host_key: PathBuf,
    process: Option<RootProcess>,
}

impl Sshd {
    /// Starts an sshd that lets the world's identity and the account's password in. `extra` lines
    /// stand first in its configuration, and there the first value of a keyword counts.
    pub fn start(world: &World, extra: &[&str]) -> Self {
        Self::start_named(world, "sshd", extra)
    }

    /// As [`Sshd::start`]; `name` keeps the files of several in one world apart.
    pub fn start_named(world: &World, name: &str, extra: &[&str]) -> Self {
        let port = free_port();
        let host_key = world.key(&format!("{name}-host"), &["-t", "ed25519", "-N", ""]);
        let public = fs::read(world.identity().with_extension("pub")).expect("the key was made");
        let authorized = world.path(&format!("{name}-authorized"));
        // Readable by the account, in whose name sshd reads it.
        fs::write(&authorized, public).expect("the world's folder is writable");
        let config = format!(
            "{extra}\n\
             Port {port}\n\
             ListenAddress 127.0.0.1\n\
             HostKey {host_key}\n\
             AuthorizedKeysFile {authorized}\n\
             AllowUsers {user}\n\
             PidFile none\n\
             LogLevel VERBOSE\n\
             UsePAM no\n\
             StrictModes no\n\
             KbdInteractiveAuthentication no\n\
             MaxStartups 200\n\
             UseDNS no\n",
            extra = extra.join("\n"),
            host_key = host_key.display(),
            authorized = authorized.display(),
            user = account().name,
        );
        let config = world.write(&format!("{name}.conf"), config);
        let log = world.log(name);
        let mut sshd = Self { port, log, config, host_key, process: None };
        sshd.restart();
        sshd
    }

    /// Starts it again on the same port after [`Sshd::kill`].
    pub fn restart(&mut self) {
        let program = program("sshd", "openssh-server");
        let config = self.config.display().to_string();
        let process = RootProcess::start(&self.log, &program, &["-D", "-e", "-f", &config]);
        self.process = Some(process);
        let port = self.port;
        eventually("sshd to listen", || TcpStream::connect(("127.0.0.1", port)).ok());
    }

    /// Kills sshd and every session of it, without a word to the clients; then its port refuses.
    pub fn kill(&mut self) {
        self.process = None;
        // A session that was being started has the listening socket for a moment longer.
        let port = self.port;
        eventually("the port of sshd to close", || {
            TcpStream::connect(("127.0.0.1", port)).is_err().then_some(())
        });
    }

    /// Stops every session process, as a machine that hangs would.
    pub fn freeze_sessions(&self) {
        signal("STOP", &self.sessions());
    }

    /// Processes of sessions.
    pub fn sessions(&self) -> Vec<u32> {
        self.process.as_ref().map(RootProcess::children).unwrap_or_default()
    }

    /// Addresses that its sessions listen on: remote forwards.
    pub fn forwards(&self) -> Vec<SocketAddr> {
        let sessions: Vec<String> =
            self.sessions().iter().map(|session| format!("pid={session},")).collect();
        let output =
            run(root::command(program("ss", "iproute2")).args(["-H", "-l", "-t", "-n", "-p"]));
        assert!(output.status.success(), "ss: {}", text(&output.stderr));
        let listening = text(&output.stdout);
        let ours = |line: &&str| sessions.iter().any(|session| line.contains(session));
        let address = |line: &str| line.split_whitespace().nth(3)?.parse().ok();
        listening.lines().filter(ours).filter_map(address).collect()
    }

    /// Waits until its sessions listen on nothing.
    #[track_caller]
    pub fn expect_no_forward(&self) {
        eventually("all forwards to be given back", || self.forwards().is_empty().then_some(()));
    }

    /// Waits until a session listens, and gives the address.
    #[track_caller]
    pub fn expect_forward(&self) -> SocketAddr {
        eventually("a forward", || self.forwards().first().copied())
    }

    /// Gives the server another host key; takes effect at the next start.
    pub fn change_host_key(&self, world: &World) {
        let other = world.key("other-host", &["-t", "ed25519", "-N", ""]);
        for extension in ["", "pub"] {
            let from = other.with_extension(extension);
            fs::copy(from, self.host_key.with_extension(extension)).expect("the key was made");
        }
    }

    /// Fingerprint of the host key, `SHA256:...`.
    pub fn fingerprint(&self) -> String {
        let output = run(Command::new(program("ssh-keygen", "openssh-client"))
            .arg("-lf")
            .arg(self.host_key.with_extension("pub")));
        let line = text(&output.stdout);
        line.split_whitespace().nth(1).expect("ssh-keygen prints the fingerprint").to_owned()
    }

    /// The host key as a line of a known_hosts file.
    pub fn known_hosts_line(&self) -> String {
        let public = fs::read_to_string(self.host_key.with_extension("pub")).expect("it was made");
        format!("[127.0.0.1]:{} {public}", self.port)
    }
}

impl Drop for Sshd {
    fn drop(&mut self) {
        self.log.show_on_failure("sshd");
    }
}
