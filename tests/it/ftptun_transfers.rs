//! The table: every mode, with every sort of transfer, for both versions of SOCKS, with the SSH
//! server on the host of the FTP server and on another one. vsftpd is the server.
//!
//! [`MODES`], [`OPERATIONS`], [`VERSIONS`] and [`HOSTS`] are its edges, and each cell is played:
//! there is a test for each mode and host, which does all operations for each version.

mod big;

use std::fmt;
use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::PathBuf;

use zoxy::message::catalogue::{FTP_TRANSFER, SESSION_OPENED};

use crate::world::pattern::Pattern;
use crate::world::{FtpClient, FtpScene, Mode, Socks, SshHost, World, account, scaled, text};

/// Makes [`MODES`] and the tests of each mode.
macro_rules! modes {
    ($($test:ident: $mode:ident,)*) => {
        /// How data connections are made.
        const MODES: &[Mode] = &[$(Mode::$mode),*];

        $(mod $test {
            use super::*;

            #[test]
            fn ssh_server_on_the_host_of_the_ftp_server() {
                row(Mode::$mode, SshHost::Target);
            }

            #[test]
            fn ssh_server_on_another_host() {
                row(Mode::$mode, SshHost::Profile);
            }
        })*
    };
}

modes! {
    pasv: Pasv,
    pasv_ignoring_the_address: PasvIgnoringAddress,
    epsv: Epsv,
    port_after_bind: PortBind,
    port_without_bind: Port,
    eprt_without_bind: Eprt,
}

/// What is done in each mode, in this order.
const OPERATIONS: &[Operation] = &[
    ("get and put", put_and_get),
    ("append", append),
    ("restart", restart),
    ("list", list),
    ("mget of 200 small files", mget),
    ("get of 2 GB", big::get),
    ("put of 2 GB", big::put),
    ("abort", abort),
];

type Operation = (&'static str, fn(&mut Cell<'_>));

const VERSIONS: [Socks; 2] = [Socks::V4, Socks::V5];

const HOSTS: [SshHost; 2] = [SshHost::Target, SshHost::Profile];

/// Where the big file has over 2^31 bytes: once in each mode. Elsewhere it is smaller, to save time.
const HUGE: &[(Mode, Socks, SshHost)] = &[
    (Mode::Pasv, Socks::V4, SshHost::Target),
    (Mode::PasvIgnoringAddress, Socks::V5, SshHost::Profile),
    (Mode::Epsv, Socks::V5, SshHost::Target),
    (Mode::PortBind, Socks::V4, SshHost::Profile),
    (Mode::Port, Socks::V5, SshHost::Profile),
    (Mode::Eprt, Socks::V4, SshHost::Target),
];

#[test]
fn no_edge_is_without_a_huge_file() {
    for mode in MODES {
        assert!(HUGE.iter().any(|cell| cell.0 == *mode), "{mode:?}");
    }
    for (version, host) in HOSTS.iter().flat_map(|host| VERSIONS.map(|version| (version, *host))) {
        assert!(
            HUGE.iter().any(|cell| (cell.1, cell.2) == (version, host)),
            "{version:?} {host:?}"
        );
    }
}

/// One cell of the table in the making: a dialogue that is logged in.
struct Cell<'a> {
    scene: &'a FtpScene,
    mode: Mode,
    version: Socks,
    host: SshHost,
    /// Whether its big file is one of over 2^31 bytes.
    is_huge: bool,
    operation: &'static str,
    client: FtpClient,
}

impl Cell<'_> {
    /// A file in the server's folder.
    fn path(&self, name: &str) -> PathBuf {
        self.scene.ftpd.folder.join(name)
    }

    #[track_caller]
    fn get(&mut self, command: &str) -> Vec<u8> {
        self.client.get(self.mode, command)
    }

    #[track_caller]
    fn put(&mut self, command: &str, bytes: &[u8]) {
        self.client.put(self.mode, command, bytes);
    }

    /// What is in the server's folder under this name has to be this.
    #[track_caller]
    fn assert_there(&self, name: &str, bytes: &[u8]) {
        let there = fs::read(self.path(name)).expect("it was put");
        assert!(there == bytes, "{self}: wrong bytes in {name}");
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { mode, version, host, operation, .. } = self;
        write!(f, "{mode:?}, {version:?}, SSH at {host:?}, {operation}")
    }
}

/// All operations in one dialogue that is logged in, with a big file that is not huge; for other
/// ways to the server than those of the table.
pub fn dialogue(scene: &FtpScene, client: FtpClient, mode: Mode, version: Socks, host: SshHost) {
    column(Cell { scene, mode, version, host, is_huge: false, operation: "", client });
}

fn column(mut cell: Cell<'_>) {
    small_files(cell.scene);
    for (operation, play) in OPERATIONS {
        cell.operation = operation;
        play(&mut cell);
    }
    cell.client.ask("QUIT", 221);
    cell.client.expect_end();
}

/// All operations for both versions: two dialogues, which share a session.
fn row(mode: Mode, host: SshHost) {
    let world = World::new();
    let lines = ["async_abor_enable=YES", "local_umask=000"];
    let scene = FtpScene::start_with(&world, host, &lines, |deck| deck);
    for version in VERSIONS {
        let is_huge = HUGE.contains(&(mode, version, host));
        let client = scene.logged_in(version);
        let cell = Cell { scene: &scene, mode, version, host, is_huge, operation: "", client };
        column(cell);
    }
    assert_eq!(scene.zoxy.log.count(&[&SESSION_OPENED.id()]), 1, "SSH sessions");
}

/// A file of an odd size.
const ODD: usize = 123_457;

fn put_and_get(cell: &mut Cell<'_>) {
    let bytes = Pattern::new(1).take(ODD);
    cell.client.ask("SITE FIXRECFM 80 LRECL=80 RECFM=FB BLKSIZE=27920", 500);
    cell.put("STOR PUT.BIN", &bytes);
    cell.assert_there("PUT.BIN", &bytes);
    assert!(cell.get("RETR PUT.BIN") == bytes, "{cell}: wrong bytes back");
    cell.put("STOR EMPTY", b"");
    assert_eq!(cell.get("RETR EMPTY"), b"");
    cell.client.ask("TYPE A", 200);
    cell.put("STOR TEXT", b"LINE 1\r\nLINE 2\r\n");
    cell.assert_there("TEXT", b"LINE 1\nLINE 2\n");
    assert_eq!(cell.get("RETR TEXT"), b"LINE 1\r\nLINE 2\r\n");
    cell.client.ask("TYPE I", 200);
    let complete = format!(" STOR UP I COMPLETE 226 {ODD} ");
    let line = cell.scene.zoxy.log.wait_message(&FTP_TRANSFER, &[&complete]);
    assert!(line.contains(&format!(" {} ", account().name)), "{line}");
    assert!(line.ends_with(" PUT.BIN"), "{line}");
}

fn append(cell: &mut Cell<'_>) {
    let bytes = Pattern::new(1).take(ODD);
    cell.put("STOR APPENDED", &bytes);
    cell.put("APPE APPENDED", b"THE END");
    cell.assert_there("APPENDED", &[&bytes[..], b"THE END"].concat());
}

fn restart(cell: &mut Cell<'_>) {
    const HALF: usize = ODD / 2;
    let bytes = Pattern::new(2).take(ODD);
    cell.put("STOR HALF", &bytes[..HALF]);
    cell.client.ask(&format!("REST {HALF}"), 350);
    cell.put("STOR HALF", &bytes[HALF..]);
    cell.assert_there("HALF", &bytes);
    let size = cell.client.ask("SIZE HALF", 213);
    assert_eq!(size.lines, [format!("213 {ODD}")]);
    cell.client.ask(&format!("REST {HALF}"), 350);
    assert!(cell.get("RETR HALF") == bytes[HALF..], "{cell}: the restarted get");
}

fn list(cell: &mut Cell<'_>) {
    for command in ["LIST", "NLST"] {
        let listing = text(&cell.get(command));
        for name in ["PUT.BIN", "EMPTY", "small199"] {
            assert!(listing.contains(name), "{cell}: {name} not in {command}: {listing}");
        }
    }
}

/// Small files of one `mget`.
const SMALL: usize = 200;

fn small_file(number: usize) -> Vec<u8> {
    Pattern::new(number as u64).take(number * 7)
}

fn small_files(scene: &FtpScene) {
    for number in 0..SMALL {
        let path = scene.ftpd.folder.join(format!("small{number}"));
        fs::write(path, small_file(number)).expect("a file is made");
    }
}

fn mget(cell: &mut Cell<'_>) {
    for number in 0..scaled(SMALL, 20) {
        let bytes = cell.get(&format!("RETR small{number}"));
        assert!(bytes == small_file(number), "{cell}: small{number}");
    }
}

/// ABOR in the middle of a get and of a put: both replies, and the dialogue goes on.
fn abort(cell: &mut Cell<'_>) {
    let file = File::create(cell.path("ENDLESS")).expect("a file is made");
    file.set_len(4 << 30).expect("it may have holes");
    let mark = cell.scene.zoxy.log.mark();
    let mut data = cell.client.start(cell.mode, "RETR ENDLESS");
    data.read_exact(&mut vec![0; 100_000]).expect("data comes");
    cell.client.abort();
    // What was under way still comes; the connection may end in a reset.
    let _ = std::io::copy(&mut data, &mut std::io::sink());
    drop(data);
    let replies = [cell.client.reply().code, cell.client.reply().code];
    assert_eq!(replies[0], 426, "{cell}: {replies:?}");
    assert!((225..=226).contains(&replies[1]), "{cell}: {replies:?}");
    cell.client.ask("NOOP", 200);
    let record = cell.scene.record(mark, "RETR", "ENDLESS");
    assert!(record.result == "ABORTED" && record.bytes >= 100_000, "{cell}: {record:?}");
    assert_eq!(record.server, cell.scene.ssh_server(), "{cell}: {record:?}");
    assert_eq!(cell.get("RETR small1"), small_file(1));
    let mut data = cell.client.start(cell.mode, "STOR ABORTED");
    data.write_all(&[0; 100_000]).expect("data is taken");
    cell.client.abort();
    drop(data);
    let replies = [cell.client.reply().code, cell.client.reply().code];
    assert!(matches!(replies, [426 | 226, 225 | 226]), "{cell}: {replies:?}");
    cell.client.ask("NOOP", 200);
}
