//! Programs that run beside the benchmark, and what finding and starting them takes.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process_group, setrlimit};

use crate::failure::{Circumstance, Failure};

/// A program that is killed when this is dropped.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
    start: Duration,
}

impl Process {
    /// Starts a program with its output in `log` and waits until it listens at `address`.
    pub fn listening(
        program: &Path,
        arguments: &[&str],
        log: PathBuf,
        address: SocketAddr,
    ) -> Result<Self, Failure> {
        let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let output = File::create(&log).when(log.display())?;
        // Dies with the benchmark even when that is killed outright.
        let setpriv = find("setpriv", "util-linux")?;
        let begin = Instant::now();
        let child = Command::new(setpriv)
            .args(["--pdeathsig", "KILL", "--"])
            .arg(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(output.try_clone().when(log.display())?)
            .stderr(output)
            .process_group(0)
            .spawn()
            .when(&name)?;
        let mut process = Self { name, child, log, start: Duration::ZERO };
        process.await_listener(address)?;
        process.start = begin.elapsed();
        Ok(process)
    }

    /// From its start until it listened, to a millisecond.
    pub fn start(&self) -> Duration {
        self.start
    }

    /// Its process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The failure with the last lines the program wrote.
    pub fn explain(&self, failure: Failure) -> Failure {
        let log = fs::read(&self.log).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);
        let lines: Vec<&str> = log.lines().collect();
        let tail = &lines[lines.len().saturating_sub(8)..];
        if tail.is_empty() {
            return failure;
        }
        Failure::new(format!("{failure}\n  {} said:\n    {}", self.name, tail.join("\n    ")))
    }

    fn await_listener(&mut self, address: SocketAddr) -> Result<(), Failure> {
        const LIMIT: Duration = Duration::from_secs(20);
        let end = Instant::now() + LIMIT;
        while TcpStream::connect(address).is_err() {
            if let Some(status) = self.child.try_wait().when(&self.name)? {
                let failure = Failure::new(format!("{} ended with {status}", self.name));
                return Err(self.explain(failure));
            }
            if Instant::now() > end {
                let failure = Failure::new(format!(
                    "{} does not listen at {address} after {LIMIT:?}",
                    self.name
                ));
                return Err(self.explain(failure));
            }
            thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // With what it has started: dante's processes outlive the first one.
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}

/// Full path of a program; the failure names its Debian package.
pub fn find(program: &str, package: &str) -> Result<PathBuf, Failure> {
    let path = std::env::var("PATH").unwrap_or_default();
    path.split(':')
        .chain(["/usr/sbin", "/sbin"])
        .map(|folder| Path::new(folder).join(program))
        .find(|candidate| candidate.is_file())
        .ok_or_else(|| {
            Failure::new(format!("{program} is missing: install the Debian package {package}"))
        })
}

/// Runs a program to its end and gives its output; anything but success is a failure.
pub fn output(program: &Path, arguments: &[&str]) -> Result<String, Failure> {
    let name = program.display();
    let output = Command::new(program).args(arguments).output().when(&name)?;
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8_lossy(&text).trim().to_owned();
    if output.status.success() { Ok(text) } else { Err(Failure::new(text).of(name)) }
}

/// A loopback address nobody listens at, below the ports of outgoing connections, so that none of
/// those takes it before the program it is meant for does.
pub fn free_address() -> Result<SocketAddr, Failure> {
    const FIRST: u16 = 15_000;
    const COUNT: u32 = 15_000;
    let start = std::process::id().wrapping_mul(131);
    (0..COUNT)
        .map(|step| FIRST + (start.wrapping_add(step) % COUNT) as u16)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .find(|address| TcpListener::bind(address).is_ok())
        .ok_or_else(|| Failure::new("there is no free port on 127.0.0.1 from 15000 to 29999"))
}

/// Raises the limit of open files as far as it goes, for this process and those it starts.
pub fn raise_descriptor_limit(needed: u64) -> Result<(), Failure> {
    let limit = getrlimit(Resource::Nofile);
    let hard = limit.maximum.unwrap_or(u64::MAX);
    if hard < needed {
        return Err(Failure::new(format!(
            "{needed} open files are needed and {hard} allowed: raise the limit (ulimit -Hn)"
        )));
    }
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    setrlimit(Resource::Nofile, raised)
        .map_err(std::io::Error::from)
        .when("the limit of open files")
}
