//! FTP clients as people use them, through FTPTUN: each puts a file, gets it back, and lists.

use std::fs;
use std::process::Command;

use zoxy::message::catalogue::{FTP_TRANSFER, SESSION_OPENED};

use crate::ftp;
use crate::tools::proxychains;
use crate::world::pattern::Pattern;
use crate::world::{FtpScene, World, account, program, python, run, text};

/// A file of an odd size.
const SIZE: usize = 1_234_567;

/// Writes the file that a client is to put.
fn prepare(world: &World) {
    world.write("up", Pattern::new(SIZE as u64).take(SIZE));
}

/// Runs the client and checks that the file is at the server, and has come back as `back`.
#[track_caller]
fn check(world: &World, scene: &FtpScene, client: &mut Command) {
    let output = run(client);
    let said = text(&output.stdout) + &text(&output.stderr);
    assert!(output.status.success(), "{client:?}: {said}");
    let bytes = Pattern::new(SIZE as u64).take(SIZE);
    for path in [scene.ftpd.folder.join("THERE"), world.path("back")] {
        let got = fs::read(&path).unwrap_or_else(|_| panic!("no {path:?}: {said}"));
        assert!(got == bytes, "{path:?} is wrong: {said}");
        fs::remove_file(path).expect("the folder is ours");
    }
    for command in ["STOR", "RETR"] {
        let complete = format!("COMPLETE, {SIZE} bytes");
        scene.zoxy.log.wait_message(&FTP_TRANSFER, &[command, &complete]);
    }
}

#[test]
fn curl() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    prepare(&world);
    let url = format!("ftp://127.0.0.1:{}/THERE", scene.ftpd.port);
    let login = format!("{}:{}", account().name, account().password);
    let proxy = format!("127.0.0.1:{}", scene.port);
    for version in ["--socks4", "--socks5"] {
        for mode in [&["--ftp-pasv"][..], &["--disable-epsv"], &["--ftp-port", "127.0.0.1"]] {
            let (up, back) = (world.path("up"), world.path("back"));
            let mut curl = Command::new(program("curl", "curl"));
            curl.env_clear().args(["-q", "--silent", "--show-error", "--max-time", "60"]);
            curl.args([version, &proxy]).args(mode).args(["--user", &login]);
            curl.arg("--upload-file").arg(&up).arg(&url).arg("--next");
            curl.args(["--silent", "--show-error", version, &proxy]).args(mode);
            curl.args(["--user", &login]).arg("--output").arg(&back).arg(&url);
            check(&world, &scene, &mut curl);
        }
    }
    assert_eq!(scene.zoxy.log.count(&[&SESSION_OPENED.id()]), 1);
}

#[test]
fn tnftp_under_socksify_passive() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    ftp::batch_puts_and_gets(&world, &scene.ftpd, scene.port, "-p");
    assert_eq!(scene.zoxy.log.count(&[&FTP_TRANSFER.id(), "COMPLETE"]), 6);
}

/// dante asks for a BIND when the program listens.
#[test]
fn tnftp_under_socksify_active() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    ftp::batch_puts_and_gets(&world, &scene.ftpd, scene.port, "-A");
    assert_eq!(scene.zoxy.log.count(&[&FTP_TRANSFER.id(), "COMPLETE"]), 6);
    assert!(!scene.ftpd.log.text().contains("PORT "), "the server was asked for active mode");
}

#[test]
fn lftp_under_proxychains() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    prepare(&world);
    for (version, mode) in [("socks4", "on"), ("socks5", "on"), ("socks5", "off")] {
        let script = world.write(
            "lftp",
            format!(
                "set ftp:passive-mode {mode}; set net:max-retries 1; set net:timeout 30\n\
                 set ftp:ssl-allow yes; set cmd:fail-exit yes\n\
                 open -p {port} -u {user},{password} 127.0.0.1\n\
                 put {up} -o THERE\nls\nget THERE -o {back}\nbye\n",
                port = scene.ftpd.port,
                user = account().name,
                password = account().password,
                up = world.path("up").display(),
                back = world.path("back").display(),
            ),
        );
        let mut lftp = proxychains(&world, version, scene.port);
        lftp.env("HOME", world.path("")).arg(program("lftp", "lftp")).arg("-f").arg(script);
        check(&world, &scene, &mut lftp);
    }
}

#[test]
fn ncftp_under_proxychains() {
    const SCRIPT: &str = r#"
        ncftpput -V -f "$1" -P "$2" "$3" -C up THERE
        ncftpget -V -f "$1" -P "$2" "$3" . THERE
        mv THERE back"#;
    let world = World::new();
    let scene = FtpScene::start(&world);
    prepare(&world);
    let login = world.write(
        "ncftp",
        format!("host 127.0.0.1\nuser {}\npass {}\n", account().name, account().password),
    );
    let port = scene.ftpd.port.to_string();
    for mode in ["-F", "-E"] {
        let mut both = proxychains(&world, "socks5", scene.port);
        both.env("HOME", world.path("")).current_dir(world.path(""));
        both.args(["sh", "-ec", SCRIPT, "sh"]).arg(&login).args([&port, mode]);
        program("ncftpput", "ncftp");
        check(&world, &scene, &mut both);
    }
}

#[test]
fn python_with_pysocks() {
    const SCRIPT: &str = "
import ftplib, socket, sys
try:
    import socks
except ImportError:
    sys.exit('PySocks is missing: install the Debian package python3-socks')
version, proxy, port, user, passive = sys.argv[1:]
socks.set_default_proxy(getattr(socks, version), '127.0.0.1', int(proxy))
socket.socket = socks.socksocket
ftp = ftplib.FTP(timeout=60)
ftp.connect('127.0.0.1', int(port))
ftp.login(user, sys.stdin.readline().strip())
ftp.set_pasv(passive == 'passive')
with open('up', 'rb') as up: ftp.storbinary('STOR THERE', up)
assert 'THERE' in ftp.nlst()
with open('back', 'wb') as back: ftp.retrbinary('RETR THERE', back.write)
ftp.quit()
";
    let world = World::new();
    let scene = FtpScene::start(&world);
    prepare(&world);
    let script = world.write("script.py", SCRIPT);
    let password = world.write("password", format!("{}\n", account().password));
    for (version, mode) in [("SOCKS4", "passive"), ("SOCKS5", "passive"), ("SOCKS5", "active")] {
        let mut python = Command::new(python());
        python.current_dir(world.path("")).arg(&script);
        python.args([version, &scene.port.to_string(), &scene.ftpd.port.to_string()]);
        python.args([&account().name, mode]);
        python.stdin(fs::File::open(&password).expect("it was just written"));
        check(&world, &scene, &mut python);
    }
}
