//! What both contenders share: a folder, keys, an sshd, and the targets at its far end.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::cleanup;
use crate::contender::{Contender, Running};
use crate::failure::{Circumstance, Failure};
use crate::ftpd::Ftpd;
use crate::lines::Line;
use crate::options::Options;
use crate::process::{self, Process};
use crate::relay;
use crate::setting::{Distance, Setting};
use crate::targets::Targets;

/// The name `ssh -D` looks the host key up under, at whatever address.
pub const HOST_KEY_ALIAS: &str = "bench";

/// One run's sshd, keys and targets.
pub struct World {
    /// The zoxy that is measured.
    pub zoxy: PathBuf,
    /// The OpenSSH client it is measured beside.
    pub ssh: PathBuf,
    /// The user both log in as: the one who runs the benchmark.
    pub user: String,
    /// Fingerprint of its host key.
    pub fingerprint: String,
    server: SocketAddr,
    /// The same sshd, some way off.
    relayed: Vec<(Distance, SocketAddr)>,
    /// Where the load goes.
    pub targets: Targets,
    /// Where that of FTP lines goes, if there are any.
    pub ftpd: Option<Ftpd>,
    folder: PathBuf,
    sshd: Process,
}

impl World {
    /// Starts sshd and the targets.
    pub fn start(options: &Options) -> Result<Self, Failure> {
        let sshd = process::find("sshd", "openssh-server")?;
        let ssh = process::find("ssh", "openssh-client")?;
        if !options.zoxy.is_file() {
            return Err(Failure::new("there is no such program").of(options.zoxy.display()));
        }
        let user = process::output(&process::find("id", "coreutils")?, &["-un"])?;
        let folder = make_folder()?;
        make_privilege_separation_folder()?;
        let server = process::free_address()?;
        make_keys(&folder)?;
        let config = folder.join("sshd_config");
        fs::write(&config, sshd_config(&folder, server, &user)).when(config.display())?;
        let arguments = ["-D", "-e", "-f", &config.display().to_string()];
        let sshd = Process::listening(&sshd, &arguments, folder.join("sshd.log"), server)?;
        let targets = Targets::start()?;
        let needs_ftpd = options.lines.iter().any(Line::is_about_ftp);
        let ftpd = needs_ftpd.then(|| Ftpd::start(&folder, options.load.files)).transpose()?;
        let zoxy = options.zoxy.clone();
        let fingerprint = fingerprint(&folder)?;
        let relayed = Distance::RELAYED
            .into_iter()
            .map(|distance| Ok((distance, relay::start(server, distance.one_way())?)))
            .collect::<Result<_, Failure>>()?;
        Ok(Self { zoxy, ssh, user, fingerprint, server, relayed, targets, ftpd, folder, sshd })
    }

    /// Starts a contender and sends one byte through it, so that its SSH session is there.
    pub fn contender(&self, contender: Contender, setting: Setting) -> Result<Running, Failure> {
        let running = Running::start(contender, self, setting)
            .map_err(|failure| self.sshd.explain(failure.of(contender)))?;
        running.echo().map_err(|failure| {
            self.sshd.explain(running.explain(failure.of("the first connection")))
        })?;
        Ok(running)
    }

    /// Where sshd is reached.
    pub fn server(&self, distance: Distance) -> SocketAddr {
        let relayed = self.relayed.iter().find(|(relayed, _)| *relayed == distance);
        relayed.map_or(self.server, |(_, address)| *address)
    }

    /// The process ID of sshd, the parent of those that have the sessions.
    pub fn sshd_pid(&self) -> u32 {
        self.sshd.pid()
    }

    /// A file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

fn make_folder() -> Result<PathBuf, Failure> {
    let folder = std::env::temp_dir().join(format!("zoxy-bench-{}", std::process::id()));
    fs::DirBuilder::new().mode(0o700).create(&folder).when(folder.display())?;
    cleanup::remove_at_end(&folder);
    Ok(folder)
}

/// sshd run by root wants a folder to lock itself into; a machine without a running sshd may lack
/// it.
fn make_privilege_separation_folder() -> Result<(), Failure> {
    let folder = Path::new("/run/sshd");
    if rustix::process::geteuid().is_root() && !folder.exists() {
        fs::create_dir(folder).when(folder.display())?;
        cleanup::remove_at_end(folder);
    }
    Ok(())
}

/// Makes the host key, the user's key and the list of known hosts.
fn make_keys(folder: &Path) -> Result<(), Failure> {
    let keygen = process::find("ssh-keygen", "openssh-client")?;
    for name in ["hostkey", "identity"] {
        let file = folder.join(name).display().to_string();
        process::output(&keygen, &["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", &file])?;
    }
    let host_key = folder.join("hostkey.pub");
    let host_key = fs::read_to_string(&host_key).when(host_key.display())?;
    let known = folder.join("known_hosts");
    let line = format!("{HOST_KEY_ALIAS} {host_key}");
    fs::write(&known, line).when(known.display())
}

/// The host key's fingerprint as a HOSTKEY card has it.
fn fingerprint(folder: &Path) -> Result<String, Failure> {
    let keygen = process::find("ssh-keygen", "openssh-client")?;
    let key = folder.join("hostkey.pub").display().to_string();
    let line = process::output(&keygen, &["-lf", &key])?;
    let word = line.split(' ').nth(1).ok_or_else(|| Failure::new("no fingerprint").of(&line))?;
    Ok(word.to_owned())
}

fn sshd_config(folder: &Path, server: SocketAddr, user: &str) -> String {
    let folder = folder.display();
    format!(
        "Port {port}\n\
         ListenAddress {address}\n\
         HostKey {folder}/hostkey\n\
         AuthorizedKeysFile {folder}/identity.pub\n\
         AllowUsers {user}\n\
         PermitRootLogin prohibit-password\n\
         PasswordAuthentication no\n\
         KbdInteractiveAuthentication no\n\
         UsePAM no\n\
         StrictModes no\n\
         PidFile none\n\
         UseDNS no\n\
         LogLevel INFO\n",
        port = server.port(),
        address = server.ip(),
    )
}
