//! A real vsftpd on a loopback port, serving one folder to the test account.

use std::net::TcpStream;
use std::path::PathBuf;

use super::root::{self, RootProcess};
use super::{Log, World, account, eventually, free_port, program, run};

/// The running vsftpd.
pub struct Ftpd {
    /// Port on 127.0.0.1.
    pub port: u16,
    /// The folder that the account sees after login.
    pub folder: PathBuf,
    /// Its log with every FTP command.
    pub log: Log,
    _process: RootProcess,
}

impl Ftpd {
    /// Starts it, with `extra` lines in its configuration.
    pub fn start(world: &World, extra: &[&str]) -> Self {
        let port = free_port();
        let passive: Vec<u16> = (0..8).map(|_| free_port()).collect();
        let folder = world.shared_folder("ftp");
        let empty = world.path("ftp-empty");
        std::fs::create_dir_all(&empty).expect("the world's folder is writable");
        let log = world.log("vsftpd");
        let config = format!(
            "listen=YES\n\
             listen_ipv6=NO\n\
             listen_address=127.0.0.1\n\
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
        eventually("vsftpd to listen", || TcpStream::connect(("127.0.0.1", port)).ok());
        Self { port, folder, log, _process: process }
    }
}

impl Drop for Ftpd {
    fn drop(&mut self) {
        self.log.show_on_failure("vsftpd");
    }
}
