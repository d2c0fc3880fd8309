//! A vsftpd of the benchmark's own: anonymous users, one folder, no root needed.

use std::fs;
use std::net::SocketAddrV4;
use std::path::Path;

use crate::failure::{Circumstance, Failure};
use crate::process::{self, Process};

/// The running FTP server; it lets everybody on this machine in.
pub struct Ftpd {
    /// Where it listens.
    pub address: SocketAddrV4,
    _process: Process,
}

/// Bytes of each file.
pub const FILE_BYTES: usize = 1024;

impl Ftpd {
    /// Starts it with `files` files to get, [`file_name`] each.
    pub fn start(folder: &Path, files: usize) -> Result<Self, Failure> {
        let vsftpd = process::find("vsftpd", "vsftpd")?;
        let listen = process::free_address()?;
        let std::net::SocketAddr::V4(address) = listen else {
            return Err(Failure::new("the free address is not IPv4"));
        };
        let root = folder.join("ftp");
        fs::create_dir(&root).when(root.display())?;
        for number in 0..files {
            let file = root.join(file_name(number));
            fs::write(&file, [0x5a; FILE_BYTES]).when(file.display())?;
        }
        let config = folder.join("vsftpd.conf");
        fs::write(&config, vsftpd_config(folder, &root, address)).when(config.display())?;
        let arguments = [config.display().to_string()];
        let process = Process::listening(
            &vsftpd,
            &[&arguments[0]],
            folder.join("vsftpd.log"),
            address.into(),
        )?;
        Ok(Self { address, _process: process })
    }
}

/// Name of a file to get.
pub fn file_name(number: usize) -> String {
    format!("FILE{number:05}")
}

fn vsftpd_config(folder: &Path, root: &Path, address: SocketAddrV4) -> String {
    format!(
        "listen=YES\n\
         listen_address={ip}\n\
         listen_port={port}\n\
         background=NO\n\
         anonymous_enable=YES\n\
         no_anon_password=YES\n\
         anon_root={root}\n\
         run_as_launching_user=YES\n\
         write_enable=YES\n\
         anon_upload_enable=YES\n\
         anon_other_write_enable=YES\n\
         seccomp_sandbox=NO\n\
         secure_chroot_dir={folder}\n\
         xferlog_enable=NO\n",
        ip = address.ip(),
        port = address.port(),
        root = root.display(),
        folder = folder.display(),
    )
}
