//! A real vsftpd on a loopback port, serving one folder to the test account.

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::path::PathBuf;

use super::root::{self, RootProcess};
use super::{Log, World, account, eventually, free_port, program, run};

/// The running FTP server: vsftpd, or one of those in `other_ftpds`.
pub struct Ftpd {
    /// Its loopback address.
    pub address: Ipv4Addr,
    /// Port on that address.
    pub port: u16,
    /// The folder that the account sees after login.
    pub folder: PathBuf,
    /// Its log with every FTP command.
    pub log: Log,
    pub(super) process: Option<RootProcess>,
}

impl Ftpd {
    /// Starts it on 127.0.0.1, with `extra` lines in its configuration.
    pub fn start(world: &World, extra: &[&str]) -> Self {
        Self::start_on(world, Ipv4Addr::LOCALHOST, extra)
    }

    /// Starts it on another loopback address, as a host of its own.
    pub fn start_on(world: &World, address: Ipv4Addr, extra: &[&str]) -> Self {
        Self::start_at(world, SocketAddrV4::new(address, free_port()), extra)
    }

    /// Starts it at this address and port.
    pub fn start_at(world: &World, socket: SocketAddrV4, extra: &[&str]) -> Self {
        let (address, port) = (*socket.ip(), socket.port());
        let passive: Vec<u16> = (0..8).map(|_| free_port()).collect();
        let folder = world.shared_folder("ftp");
        let empty = world.path("ftp-empty");
        std::fs::create_dir_all(&empty).expect("the world's folder is writable");
        let log = world.log("vsftpd");
        let config = format!(
            "listen=YES\n\
             listen_ipv6=NO\n\
             listen_address={address}\n\
             listen_port={port}\n\
             background=NO\n\
             anonymous_enable=NO\n\
             local_enable=YES\n\
             write_enable=YES\n\
             local_umask=022\n\
             local_root={folder}\n\
             ascii_upload_enable=YES\n\
             ascii_download_enable=YES\n\
             pasv_min_port={first}\n\
             pasv_max_port={last}\n\
             secure_chroot_dir={empty}\n\
             seccomp_sandbox=NO\n\
             log_ftp_protocol=YES\n\
             xferlog_enable=YES\n\
             vsftpd_log_file={log}\n\
             {extra}\n",
            folder = folder.display(),
            first = passive.iter().min().expect("there are eight"),
            last = passive.iter().max().expect("there are eight"),
            empty = empty.display(),
            log = log.path().display(),
            extra = extra.join("\n"),
        );
        let config = world.write("vsftpd.conf", config);
        // vsftpd reads a configuration of root only. The account has to exist before it logs in.
        assert!(run(root::command("chown").arg("0:0").arg(&config)).status.success());
        account();
        let program = program("vsftpd", "vsftpd");
        let config = config.display().to_string();
        let process = RootProcess::start(&world.log("vsftpd-start"), &program, &[&config]);
        eventually("vsftpd to listen", || TcpStream::connect((address, port)).ok());
        Self { address, port, folder, log, process: Some(process) }
    }

    /// Where it listens.
    pub fn socket(&self) -> SocketAddrV4 {
        SocketAddrV4::new(self.address, self.port)
    }

    /// Stops every session process, as a server that hangs would.
    pub fn freeze_sessions(&self) {
        root::signal("STOP", &self.sessions());
    }

    /// Kills every session process.
    pub fn kill_sessions(&self) {
        root::signal("KILL", &self.sessions());
    }

    fn sessions(&self) -> Vec<u32> {
        self.process.as_ref().map(RootProcess::children).unwrap_or_default()
    }

    /// Kills it and every session of it; then its port refuses.
    pub fn kill(&mut self) {
        self.process = None;
        // A session that was being started has the listening socket for a moment longer.
        let socket = self.socket();
        eventually("the FTP server's port to close", || {
            TcpStream::connect(socket).is_err().then_some(())
        });
    }
}

impl Drop for Ftpd {
    fn drop(&mut self) {
        self.log.show_on_failure("FTP server");
    }
}
