//! The ways from the load to its target that are compared: zoxy's, and what a user would take
//! instead.

use std::fmt;
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, SocketAddrV4, TcpStream};
use std::thread;
use std::time::Duration;

use crate::failure::{Circumstance, Failure};
use crate::process::{self, Process};
use crate::relay;
use crate::setting::{Distance, Setting};
use crate::socks;
use crate::targets::{GREETING, Service, Site, Targets};
use crate::usage::{self, Cpu, Usage};
use crate::world::{HOST_KEY_ALIAS, World};

/// How long the load waits for the next byte before the line counts as failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A way to the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contender {
    /// zoxy, filter action TUNNEL, and FTPTUN for the FTP server.
    Zoxy,
    /// The same, which opens another SSH session for each client.
    ZoxySpread,
    /// zoxy, filter action DIRECT.
    ZoxyDirect,
    /// The OpenSSH client's dynamic forwarding.
    SshD,
    /// A TCP connection with nothing between.
    Plain,
    /// microsocks, a small SOCKS5 proxy with a thread for each client.
    Microsocks,
    /// Dante's sockd, with a process for some clients each.
    Dante,
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zoxy => "zoxy",
            Self::ZoxySpread => "zoxy SPREAD",
            Self::ZoxyDirect => "zoxy DIRECT",
            Self::SshD => "ssh -D",
            Self::Plain => "plain",
            Self::Microsocks => "microsocks",
            Self::Dante => "dante",
        })
    }
}

/// A contender with its process, if it is one, ready for load.
pub struct Running {
    targets: Targets,
    ftp: Option<SocketAddrV4>,
    site: Site,
    distance: Distance,
    sshd: u32,
    proxy: Option<(Process, SocketAddr)>,
}

impl Running {
    /// Starts the contender and waits until it listens.
    pub fn start(contender: Contender, world: &World, setting: Setting) -> Result<Self, Failure> {
        use Contender::{Dante, Microsocks, Plain, SshD, Zoxy, ZoxyDirect, ZoxySpread};
        let site = match contender {
            Zoxy | ZoxySpread | SshD => Site::Tunnelled,
            ZoxyDirect | Plain | Microsocks | Dante => Site::Direct,
        };
        let address = process::free_address()?;
        let process = match contender {
            Zoxy | ZoxyDirect => Some(start_zoxy(world, setting, address, "")?),
            ZoxySpread => Some(start_zoxy(world, setting, address, SPREAD)?),
            SshD => Some(start_ssh(world, setting, address)?),
            Microsocks => Some(start_microsocks(world, address)?),
            Dante => Some(start_dante(world, address)?),
            Plain => None,
        };
        let proxy = process.map(|process| (process, address));
        let ftp = world.ftpd.as_ref().map(|ftpd| ftpd.address);
        let (distance, sshd) = (setting.distance, world.sshd_pid());
        Ok(Self { targets: world.targets, ftp, site, distance, sshd, proxy })
    }

    /// A connection to a service of the target. What a proxy answers is only a promise (`ssh -D`
    /// answers before it asks its server); a byte from the target proves the connection.
    pub fn connect(&self, service: Service) -> Result<TcpStream, Failure> {
        self.open(self.targets.address(self.site, service))
    }

    /// A connection to any address, with what a proxy's promise is worth.
    pub fn open(&self, target: SocketAddrV4) -> Result<TcpStream, Failure> {
        let Some((_, proxy)) = &self.proxy else {
            return match self.distance {
                Distance::Near => dial(target.into()),
                distance => dial_far(target, distance.one_way()),
            };
        };
        let mut stream = dial(*proxy)?;
        socks::connect(&mut stream, target).when(format_args!("the SOCKS request for {target}"))?;
        Ok(stream)
    }

    /// A SOCKS BIND for a connection from `target`, and the address that stands for it; none where
    /// there is no proxy.
    pub fn bind(&self, target: SocketAddrV4) -> Result<Option<(TcpStream, SocketAddrV4)>, Failure> {
        let Some((_, proxy)) = &self.proxy else { return Ok(None) };
        let mut stream = dial(*proxy)?;
        let address = socks::bind(&mut stream, target)?;
        Ok(Some((stream, address)))
    }

    /// Where the FTP server listens.
    pub fn ftp_server(&self) -> Result<SocketAddrV4, Failure> {
        self.ftp.ok_or_else(|| Failure::new("there is no FTP server"))
    }

    /// A connection through which one byte went there and back.
    pub fn echo(&self) -> Result<TcpStream, Failure> {
        let mut stream = self.connect(Service::Echo)?;
        stream.write_all(b"?").when("sending a byte to echo")?;
        stream.read_exact(&mut [0]).when("waiting for the echoed byte")?;
        Ok(stream)
    }

    /// A connection whose target has greeted.
    pub fn greeting(&self, service: Service) -> Result<TcpStream, Failure> {
        let mut stream = self.connect(service)?;
        let mut greeting = [0];
        stream.read_exact(&mut greeting).when("waiting for the target's greeting")?;
        if greeting != [GREETING] {
            return Err(Failure::new(format!("greeted with {:#04x}", greeting[0])));
        }
        Ok(stream)
    }

    /// What the proxy process has used so far; none where there is no proxy.
    pub fn usage(&self) -> Result<Option<Usage>, Failure> {
        self.proxy.as_ref().map(|(process, _)| Usage::of(process.pid())).transpose()
    }

    /// Seconds of CPU used so far, by those who have a part in what is measured.
    pub fn cpu(&self) -> Result<Cpu, Failure> {
        let sshd = match self.site {
            Site::Tunnelled => Some(Usage::of(self.sshd)?.cpu),
            Site::Direct => None,
        };
        Ok(Cpu { proxy: self.usage()?.map(|usage| usage.cpu), sshd, ends: Usage::own()?.cpu })
    }

    /// How long the proxy took to listen, in milliseconds; none where there is no proxy.
    pub fn start_time(&self) -> Option<f64> {
        self.proxy.as_ref().map(|(process, _)| process.start().as_secs_f64() * 1e3)
    }

    /// How often threads of the proxy have begun to wait; none where there is no proxy.
    pub fn waits(&self) -> Result<Option<u64>, Failure> {
        self.proxy.as_ref().map(|(process, _)| usage::waits(process.pid())).transpose()
    }

    /// The failure with the last words of the proxy.
    pub fn explain(&self, failure: Failure) -> Failure {
        match &self.proxy {
            Some((process, _)) => process.explain(failure),
            None => failure,
        }
    }
}

/// A connection over the same distance as to a far SSH server; making one takes a round trip.
fn dial_far(target: SocketAddrV4, one_way: Duration) -> Result<TcpStream, Failure> {
    let stream = dial(relay::start_for_one(target.into(), one_way)?)?;
    thread::sleep(2 * one_way);
    Ok(stream)
}

fn dial(address: SocketAddr) -> Result<TcpStream, Failure> {
    let stream = TcpStream::connect(address).when(address)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn start_ssh(world: &World, setting: Setting, socks: SocketAddr) -> Result<Process, Failure> {
    let server = world.server(setting.distance);
    let option = |name: &str, value: &str| format!("-o{name}={value}");
    let file = |name: &str| world.path(name).display().to_string();
    let arguments = [
        "-N".to_owned(),
        "-F/dev/null".to_owned(),
        format!("-D{socks}"),
        format!("-p{}", server.port()),
        format!("-l{}", world.user),
        option("IdentityFile", &file("identity")),
        option("IdentitiesOnly", "yes"),
        option("IdentityAgent", "none"),
        option("UserKnownHostsFile", &file("known_hosts")),
        option("GlobalKnownHostsFile", "/dev/null"),
        option("StrictHostKeyChecking", "yes"),
        option("HostKeyAlias", HOST_KEY_ALIAS),
        option("Ciphers", setting.cipher.name()),
        option("MACs", setting.cipher.mac()),
        option("Compression", "no"),
        option("ControlMaster", "no"),
        option("ControlPath", "none"),
        option("ExitOnForwardFailure", "yes"),
        option("BatchMode", "yes"),
        server.ip().to_string(),
    ];
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Process::listening(&world.ssh, &arguments, file("ssh.log").into(), socks)
}

/// Starts zoxy with these cards in its deck as well.
fn start_zoxy(
    world: &World,
    setting: Setting,
    socks: SocketAddr,
    cards: &str,
) -> Result<Process, Failure> {
    // A contender of the next round starts only after the one before has ended.
    let deck = world.path("DECK");
    fs::write(&deck, deck_cards(world, setting, socks) + cards).when(deck.display())?;
    let arguments = ["run", "-c", &deck.display().to_string()];
    Process::listening(&world.zoxy, &arguments, world.path("zoxy.log"), socks)
}

fn start_microsocks(world: &World, socks: SocketAddr) -> Result<Process, Failure> {
    let program = process::find("microsocks", "microsocks")?;
    let (ip, port) = (socks.ip().to_string(), socks.port().to_string());
    Process::listening(&program, &["-i", &ip, "-p", &port], world.path("microsocks.log"), socks)
}

fn start_dante(world: &World, socks: SocketAddr) -> Result<Process, Failure> {
    let program = process::find("danted", "dante-server")?;
    let config = world.path("danted.conf");
    let text = format!(
        "internal: {} port = {}\nexternal: 127.0.0.1\nsocksmethod: none\nclientmethod: none\n\
         user.unprivileged: {user}\nlogoutput: stderr\n\
         client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}\n\
         socks pass {{ from: 127.0.0.0/8 to: 127.0.0.0/8 }}\n",
        socks.ip(),
        socks.port(),
        user = world.user,
    );
    fs::write(&config, text).when(config.display())?;
    let (config, pid) = (config.display().to_string(), world.path("danted.pid"));
    let arguments = ["-N", "2", "-f", &config, "-p", &pid.display().to_string()];
    Process::listening(&program, &arguments, world.path("danted.log"), socks)
}

/// Another session for a second client, and for each one more.
const SPREAD: &str = "SET      SSHD     SPREAD       1\n";

/// All defaults, but for what makes it log in like the `ssh -D` beside it and keep its session.
fn deck_cards(world: &World, setting: Setting, socks: SocketAddr) -> String {
    let direct = Site::Direct.address();
    let ftp = world.ftpd.as_ref().map_or(String::new(), |ftpd| {
        format!("FILTER   FTP      FTPTUN  SSHD     NNN {:<11} *\n", ftpd.address.port())
    });
    let server = world.server(setting.distance);
    format!(
        "\
LISTEN   SOCKS    SOCKS    {socks_port:<5} {socks_ip}
PROFILE  SSHD     {port:<5} {server}
SET      SSHD     USER         {user}
SET      SSHD     AUTH         PUBLICKEY
SET      SSHD     IDENTITY     identity
HOSTKEY  SSHD     {fingerprint}
SET      SSHD     CIPHERS      {cipher}
SET      SSHD     MACS         {mac}
SET      SSHD     IDLETIME     3600
SET      *        CONSOLE      console
{ftp}\
FILTER   NEAR     DIRECT           NNN *           {direct}
FILTER   FAR      TUNNEL  SSHD     NNN *           *
",
        socks_port = socks.port(),
        socks_ip = socks.ip(),
        port = server.port(),
        server = server.ip(),
        fingerprint = world.fingerprint,
        cipher = setting.cipher.name(),
        mac = setting.cipher.mac(),
        user = world.user,
    )
}
