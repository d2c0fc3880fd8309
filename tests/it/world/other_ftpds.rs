//! FTP servers besides vsftpd: each serves one folder to the test account's name and password.
//!
//! Debian's proftpd-core and pure-ftpd cannot be installed beside vsftpd: `tests/run` unpacks them
//! into target/ftp-servers.

use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::root::{self, RootProcess};
use super::{Ftpd, World, account, eventually, free_port, python, run, text};

/// pyftpdlib: its whole server is this script.
const PYFTPDLIB: &str = "
import sys
try:
    from pyftpdlib.authorizers import DummyAuthorizer
    from pyftpdlib.handlers import FTPHandler
    from pyftpdlib.servers import FTPServer
except ImportError:
    sys.exit('pyftpdlib is missing: install the Debian package python3-pyftpdlib')
port, folder, user, password = sys.argv[1:4] + [open(sys.argv[4]).read()]
FTPHandler.authorizer = DummyAuthorizer()
FTPHandler.authorizer.add_user(user, password, folder, perm='elradfmwMT')
FTPServer(('127.0.0.1', int(port)), FTPHandler).serve_forever()
";

impl Ftpd {
    /// Starts pyftpdlib.
    pub fn pyftpdlib(world: &World) -> Self {
        let script = world.write("ftp-server.py", PYFTPDLIB).display().to_string();
        let password = world.write("ftp-password", &account().password).display().to_string();
        Self::launch(world, &python(), |port, folder| {
            vec![script, port, folder, account().name.clone(), password]
        })
    }

    /// Starts proftpd.
    pub fn proftpd(world: &World) -> Self {
        let program = unpacked("proftpd-core", "usr/sbin/proftpd");
        let config = world.path("proftpd.conf");
        Self::launch(world, &program, |port, folder| {
            let files = config.with_extension("");
            let lines = format!(
                "ServerType standalone\n\
                 DefaultAddress 127.0.0.1\n\
                 Port {port}\n\
                 UseIPv6 off\n\
                 UseReverseDNS off\n\
                 User nobody\n\
                 Group nogroup\n\
                 AuthOrder mod_auth_unix.c\n\
                 AuthPAM off\n\
                 RequireValidShell off\n\
                 DefaultRoot {folder}\n\
                 Umask 022\n\
                 AllowOverwrite on\n\
                 AllowStoreRestart on\n\
                 AllowRetrieveRestart on\n\
                 DelayEngine off\n\
                 WtmpLog off\n\
                 TransferLog none\n\
                 PidFile {files}.pid\n\
                 ScoreboardFile {files}.scoreboard\n\
                 <Directory />\n\
                 AllowOverwrite on\n\
                 </Directory>\n",
                files = files.display(),
            );
            world.write("proftpd.conf", lines);
            vec!["-n".into(), "-c".into(), config.display().to_string()]
        })
    }

    /// Starts pure-ftpd.
    pub fn pure_ftpd(world: &World) -> Self {
        let program = unpacked("pure-ftpd", "usr/sbin/pure-ftpd");
        let users = world.path("pure-ftpd.users").display().to_string();
        let database = world.path("pure-ftpd.pdb").display().to_string();
        Self::launch(world, &program, |port, folder| {
            let mut add = Command::new(unpacked("pure-ftpd", "usr/bin/pure-pw"));
            add.args(["useradd", &account().name, "-f", &users, "-F", &database, "-m"]);
            add.args(["-u", &account().name, "-d", &folder]);
            let mut add = add
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("pure-pw can be run");
            let twice = format!("{0}\n{0}\n", account().password);
            let mut input = add.stdin.take().expect("stdin is a pipe");
            input.write_all(twice.as_bytes()).expect("pure-pw reads the password");
            drop(input);
            let output = add.wait_with_output().expect("pure-pw ends");
            assert!(output.status.success(), "pure-pw: {}", text(&output.stderr));
            let owned = run(root::command("chown").args(["0:0", &database]));
            assert!(owned.status.success(), "chown: {}", text(&owned.stderr));
            vec![
                "-S".into(),
                format!("127.0.0.1,{port}"),
                "-l".into(),
                format!("puredb:{database}"),
                "-g".into(),
                world.path("pure-ftpd.pid").display().to_string(),
                "-H".into(),
                "-E".into(),
            ]
        })
    }

    /// Starts a server whose arguments depend on its port and folder.
    fn launch(
        world: &World,
        program: &Path,
        arguments: impl FnOnce(String, String) -> Vec<String>,
    ) -> Self {
        let port = free_port();
        let folder = world.shared_folder("ftp");
        let log = world.log("ftp-server");
        let arguments = arguments(port.to_string(), folder.display().to_string());
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let process = RootProcess::start(&log, program, &arguments);
        let address = Ipv4Addr::LOCALHOST;
        let ftpd = Self { address, port, folder, log, process: Some(process) };
        eventually("the FTP server to listen", || TcpStream::connect((address, port)).ok());
        ftpd
    }
}

/// A program of a Debian package that is unpacked, not installed.
fn unpacked(package: &str, path: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/ftp-servers");
    let program = folder.join(package).join(path);
    assert!(
        program.is_file(),
        "{} is missing: tests/run unpacks the Debian package {package} there",
        program.display()
    );
    program
}
