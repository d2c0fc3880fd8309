//! Programs that need root: started directly by root, through `sudo -n` by anybody else.
//!
//! Each is watched by a shell that holds a pipe from this test program. When the pipe closes (the
//! fixture is dropped, or the test program ends in whatever way) the shell cleans up.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::process::{Log, descendants};
use super::{eventually, program, run, text};

/// Runs `$@` with its output in `$1`, notes its process ID in `$2`, kills it when stdin ends.
const KEEP_PROGRAM: &str = r#"
trap '' INT TERM HUP
log=$1 note=$2
shift 2
exec 3<&0
(trap - INT TERM HUP; exec "$@") </dev/null >>"$log" 2>&1 3<&- &
echo $! >"$note.new"
mv "$note.new" "$note"
cat <&3 >/dev/null
kill -KILL $! 2>/dev/null
"#;

/// Makes the account `$1` with password hash `$2` and home `$3`, removes both when stdin ends.
const KEEP_ACCOUNT: &str = r#"
trap '' INT TERM HUP
mkdir -p "$3" /run/sshd
useradd --no-log-init --no-create-home --home-dir "$3" --shell /bin/sh --password "$2" "$1" || exit 1
chown "$1" "$3"
echo made
cat >/dev/null
userdel --force "$1" 2>/dev/null
rm -rf "$3"
"#;

/// A command that will run as root.
pub fn command(program: impl AsRef<std::ffi::OsStr>) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut command = Command::new(super::program("sudo", "sudo"));
    command.arg("-n").arg(program);
    command
}

/// Sends a signal (`KILL`, `STOP` ...) to processes of any user.
pub fn signal(name: &str, processes: &[u32]) {
    let processes = processes.iter().map(u32::to_string);
    let _ = command("kill").arg(format!("-{name}")).args(processes).stderr(Stdio::null()).status();
}

/// A program that runs as root until this is dropped.
pub struct RootProcess {
    keeper: Child,
    /// Process ID of the program itself.
    pub pid: u32,
}

impl RootProcess {
    /// Starts `program` with its output in `log`.
    pub fn start(log: &Log, program: &Path, arguments: &[&str]) -> Self {
        let note = log.path().with_extension("pid");
        let _ = fs::remove_file(&note);
        let mut keeper = command("sh");
        keeper.args(["-c", KEEP_PROGRAM, "keeper"]);
        keeper.arg(log.path()).arg(&note).arg(program).args(arguments);
        let keeper = keeper.stdin(Stdio::piped()).spawn().expect("sh and sudo can be run");
        let pid = eventually("the process ID of a daemon", || {
            fs::read_to_string(&note).ok()?.trim().parse().ok()
        });
        Self { keeper, pid }
    }

    /// Processes it started that still run.
    pub fn children(&self) -> Vec<u32> {
        descendants(self.pid)
    }

    /// Kills it and all its children, now.
    pub fn kill(&mut self) {
        let mut all = self.children();
        all.push(self.pid);
        signal("KILL", &all);
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

impl Drop for RootProcess {
    fn drop(&mut self) {
        self.kill();
    }
}

/// A user of this machine that exists as long as the test program runs.
pub struct Account {
    /// Login name.
    pub name: String,
    /// Password, random.
    pub password: String,
    _keeper: Child,
}

impl Account {
    /// Makes the account. The keeper also makes /run/sshd, which sshd needs and which a machine
    /// without a running sshd may lack.
    /// `suffix` tells the accounts of one test program apart.
    pub fn create(suffix: &str) -> Self {
        let name = format!("zxt{}{suffix}", std::process::id());
        let password = random_word();
        let home = std::env::temp_dir().join(format!("zoxy-it-home-{name}"));
        let mut keeper = command("sh")
            .args(["-c", KEEP_ACCOUNT, "keeper", &name, &hash(&password)])
            .arg(&home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("sh and sudo can be run");
        let mut answer = String::new();
        let output = keeper.stdout.take().expect("stdout is a pipe");
        BufReader::new(output).read_line(&mut answer).expect("a pipe can be read");
        assert_eq!(answer, "made\n", "no test account: run the tests as root or let them use sudo");
        Self { name, password, _keeper: keeper }
    }
}

/// 24 hexadecimal digits nobody can guess.
pub fn random_word() -> String {
    let mut bytes = [0; 12];
    let mut source = fs::File::open("/dev/urandom").expect("/dev/urandom exists");
    source.read_exact(&mut bytes).expect("/dev/urandom never ends");
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The password as /etc/shadow wants it.
fn hash(password: &str) -> String {
    let script = r#"print crypt($ARGV[0], '$6$' . substr($ARGV[0], 0, 8) . '$')"#;
    let output = run(Command::new(program("perl", "perl")).args(["-e", script, password]));
    text(&output.stdout)
}
