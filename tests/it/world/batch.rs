//! The batch FTP client: a place with data sets, its FTP.DATA and SOCKS configuration.

use std::process::Command;

use super::{Ftpd, Jobs, Ran, Socks, account, run_on};

/// A client's place.
pub struct Batch {
    /// Data sets, spool, folder.
    pub jobs: Jobs,
}

impl Batch {
    /// With no data sets.
    pub fn new() -> Self {
        let mut jobs = Jobs::new();
        jobs.set("ZOXY_PREFIX", "BATCH");
        Self { jobs }
    }

    /// Writes SOCKSCONFIGFILE and FTP.DATA with it and these statements.
    pub fn configure(&self, version: Socks, port: u16, statements: &str) {
        let keyword = match version {
            Socks::V4 => "SOCKD4",
            Socks::V5 => "SOCKD5",
        };
        let line = format!("; all by the proxy\n{keyword} @=127.0.0.1:{port} 0.0.0.0 0.0.0.0\n");
        let socks = self.jobs.world.write("socks", line).display().to_string();
        self.jobs.world.write("ftpdata", format!("SOCKSCONFIGFILE {socks}\n{statements}"));
    }

    /// `zoxy ftp` in this place, with these options before those that are usual.
    pub fn command(&self, options: &[&str], ftpd: &Ftpd) -> Command {
        let (host, port) = (ftpd.address.to_string(), ftpd.port.to_string());
        let usual = ["-f", "ftpdata", "-t", "20", &host, &port];
        self.jobs.command(&[&["ftp"], options, &usual].concat())
    }

    /// Logs in and does these subcommands.
    pub fn ftp(&self, options: &[&str], ftpd: &Ftpd, subcommands: &str) -> Ran {
        let input = format!("{}\n{}\n{subcommands}quit\n", account().name, account().password);
        run_on(&mut self.command(options, ftpd), input.as_bytes()).into()
    }

    /// Makes a data set of lines with `zoxy ds`, or of bytes.
    #[track_caller]
    pub fn dataset(&self, name: &str, content: &[u8], options: &[&str]) {
        let file = self.jobs.world.write("content", content).display().to_string();
        let name = format!("//'{name}'");
        let ran = self.jobs.zoxy(&[&["ds"], options, &[&file, &name]].concat());
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    }

    /// The bytes of a data set or member.
    #[track_caller]
    pub fn bytes(&self, path: &str) -> Vec<u8> {
        let path = self.jobs.world.path("ds").join(path);
        std::fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    }

    /// Whether there is such a data set or member.
    pub fn has(&self, path: &str) -> bool {
        self.jobs.world.path("ds").join(path).exists()
    }
}
