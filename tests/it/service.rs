//! zoxy under a service manager: notifications, the watchdog, passed sockets, the unit files.
//!
//! The tests play the service manager: they have the socket of NOTIFY_SOCKET and the listening
//! sockets that are passed.

use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use zoxy::message::catalogue::{
    PASSED_UNFIT, PASSED_UNUSED, PASSED_USED, READY, REFRESH_FAILED, REFRESHED, STARTED, STOPPING,
    WORKER_SILENT, WORKERS_ANSWER,
};

use crate::world::{
    Deck, Server, World, Zoxy, deadline, free_port, program, python, root, run, scaled, socks, text,
};

#[test]
fn ready_refresh_and_stop_are_notified() {
    let world = World::new();
    let path = world.path("notify");
    let manager = Manager::new(UnixDatagram::bind(&path).expect("the folder is ours"));
    let deck = direct_deck(free_port());
    let mut zoxy = start_notifying(&world, &deck, path.to_str().expect("ASCII"), &[]);
    let ready = manager.expect("READY=1");
    assert!(ready.contains(&format!("STATUS={}", STARTED.id())), "{ready}");

    zoxy.signal(Signal::HUP);
    let reloading = manager.expect("RELOADING=1");
    let since = reloading.lines().find_map(|line| line.strip_prefix("MONOTONIC_USEC="));
    let since: u64 = since.expect("MONOTONIC_USEC is there").parse().expect("a number");
    let clock = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let now = u64::try_from(clock.tv_sec).expect("after boot") * 1_000_000;
    assert!(since > 0 && since <= now + 1_000_000, "{since} is not before {now}");
    let ready = manager.expect("READY=1");
    assert!(ready.contains(&format!("STATUS={}", REFRESHED.id())), "{ready}");

    zoxy.replace_deck(&Deck::new().card("NONSENSE"));
    zoxy.signal(Signal::HUP);
    manager.expect("RELOADING=1");
    let ready = manager.expect("READY=1");
    assert!(ready.contains(&format!("STATUS={}", REFRESH_FAILED.id())), "{ready}");

    zoxy.stop();
    let stopping = manager.expect("STOPPING=1");
    assert!(stopping.contains(&format!("STATUS={}", STOPPING.id())), "{stopping}");
    // DRAINTIME is 2 in the deck; a margin comes on top.
    assert!(stopping.contains("EXTEND_TIMEOUT_USEC=12000000\n"), "{stopping}");
}

#[test]
fn clients_are_served_when_readiness_is_notified() {
    let world = World::new();
    let name = format!("zoxy-it-notify-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a short name");
    let manager = Manager::new(UnixDatagram::bind_addr(&address).expect("the name is ours"));
    let port = free_port();
    let echo = Server::echo();
    let _zoxy = start_notifying(&world, &direct_deck(port), &format!("@{name}"), &[]);
    manager.expect("READY=1");
    socks::connect(port, echo.address);
}

#[test]
fn a_worker_that_hangs_lets_the_watchdog_bite() {
    let world = World::new();
    let path = world.path("notify");
    let manager = Manager::new(UnixDatagram::bind(&path).expect("the folder is ours"));
    let limit = Duration::from_secs(scaled(2, 8) as u64);
    let deck = direct_deck(free_port()).set("*", "WORKERS", "2");
    let usec = limit.as_micros().to_string();
    let extra = [("WATCHDOG_USEC", usec.as_str())];
    let zoxy = start_notifying(&world, &deck, path.to_str().expect("ASCII"), &extra);
    manager.expect("READY=1");
    for _ in 0..3 {
        manager.expect("WATCHDOG=1");
    }

    let mut frozen = Frozen::new(worker_thread(zoxy.pid(), "worker-1"));
    let mark = zoxy.log.mark();
    zoxy.log.wait_message_after(mark, &WORKER_SILENT, &["worker 1 "]);
    manager.drain();
    // The limit is over, and nothing has fed it.
    manager.expect_silence(limit);

    frozen.thaw();
    zoxy.log.wait_message_after(mark, &WORKERS_ANSWER, &[]);
    manager.expect("WATCHDOG=1");
    assert_eq!(zoxy.log.count(&[&WORKER_SILENT.id()]), 1);
}

#[test]
fn a_watchdog_of_another_process_is_not_fed() {
    let world = World::new();
    let path = world.path("notify");
    let manager = Manager::new(UnixDatagram::bind(&path).expect("the folder is ours"));
    let extra = [("WATCHDOG_USEC", "100000"), ("WATCHDOG_PID", "1")];
    let deck = direct_deck(free_port());
    let mut zoxy = start_notifying(&world, &deck, path.to_str().expect("ASCII"), &extra);
    manager.expect("READY=1");
    zoxy.stop();
    assert!(manager.next().starts_with("STOPPING=1"));
}

#[test]
fn listeners_use_the_sockets_that_are_passed() {
    let world = World::new();
    let echo = Server::echo();
    let passed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let stray = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let (ours, theirs) = (passed.local_addr().expect("bound"), stray.local_addr().expect("bound"));
    let bound = free_port();
    let deck = direct_deck(bound).listen("PASSED", ours.port());
    let copies = [&passed, &stray].map(|socket| socket.try_clone().expect("descriptors are left"));
    let mut zoxy = start_passing(&world, &deck, "DOOR:STRAY:LOG", copies.map(OwnedFd::from));
    zoxy.log.wait_message(&PASSED_USED, &["PASSED", "DOOR"]);
    zoxy.log.wait_message(&PASSED_UNUSED, &["STRAY", &theirs.to_string()]);
    zoxy.log.wait_message(&PASSED_UNFIT, &["descriptor 5", "LOG"]);
    socks::connect(ours.port(), echo.address);
    socks::connect(bound, echo.address);

    // A refresh that needs the other one, and one that takes the first again after leaving it out.
    let mark = zoxy.log.mark();
    zoxy.replace_deck(&direct_deck(bound).listen("STRAY", theirs.port()));
    assert_eq!(zoxy.ctl(&["F", "REFRESH"]).status.code(), Some(0));
    zoxy.log.wait_message_after(mark, &PASSED_UNUSED, &["DOOR"]);
    socks::connect(theirs.port(), echo.address);
    zoxy.replace_deck(&deck);
    let refreshed = zoxy.ctl(&["F", "REFRESH"]);
    assert_eq!(refreshed.status.code(), Some(0), "{}", text(&refreshed.stdout));
    socks::connect(ours.port(), echo.address);

    // While zoxy is away, clients wait in the socket; the next zoxy serves them.
    zoxy.stop();
    let mut waiting = TcpStream::connect(ours).expect("the service manager holds the socket");
    let copy = OwnedFd::from(passed.try_clone().expect("descriptors are left"));
    let stray = OwnedFd::from(stray);
    let _next = start_passing(&world, &deck, "DOOR:STRAY:LOG", [copy, stray]);
    std::io::Write::write_all(&mut waiting, &[5, 1, 0]).expect("the connection lives");
    waiting.set_read_timeout(Some(deadline())).expect("a deadline is no zero");
    let mut chosen = [0; 2];
    waiting.read_exact(&mut chosen).expect("zoxy answers");
    assert_eq!(chosen, [5, 0]);
}

#[test]
fn passed_sockets_of_another_process_are_left_alone() {
    let world = World::new();
    let passed = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = passed.local_addr().expect("bound").port();
    let deck = direct_deck(free_port());
    let zoxy = Zoxy::start_prepared(&world, &deck, &["sh", "-c", "exec 3<&0 \"$@\"", "sh"], |c| {
        c.env("LISTEN_FDS", "1").env("LISTEN_PID", "1").stdin(Stdio::from(OwnedFd::from(passed)));
    });
    assert_eq!(zoxy.log.count(&[&PASSED_UNUSED.id()]), 0, "port {port}");
    assert_eq!(zoxy.log.count(&[&READY.id()]), 1);
}

/// The unit files of samples/systemd, with the binary under test in its place.
#[test]
fn the_sample_units_are_valid_and_hardened() {
    let world = World::new();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/systemd");
    let mut units = Vec::new();
    for name in ["zoxy.service", "zoxy.socket"] {
        let unit = fs::read_to_string(samples.join(name)).expect("the sample is there");
        let unit = unit.replace("/usr/local/bin/zoxy", env!("CARGO_BIN_EXE_zoxy"));
        units.push(world.write(name, unit));
    }
    let analyze = || Command::new(program("systemd-analyze", "systemd"));
    let output = run(analyze().arg("verify").args(&units));
    assert!(output.status.success() && output.stderr.is_empty(), "{}", text(&output.stderr));
    // Exposure 2.0 of 10: the network and little else.
    let security = ["security", "--offline=yes", "--threshold=20", "--no-pager"];
    let output = run(analyze().args(security).arg(&units[0]));
    assert!(output.status.success(), "{}", text(&output.stdout));
}

/// The service manager's end of the notifications.
struct Manager(UnixDatagram);

impl Manager {
    fn new(socket: UnixDatagram) -> Self {
        socket.set_read_timeout(Some(deadline())).expect("a deadline is no zero");
        Self(socket)
    }

    fn next(&self) -> String {
        let mut state = [0; 4096];
        let length = self.0.recv(&mut state).expect("a notification before the deadline");
        text(&state[..length])
    }

    /// The next notification but those of the watchdog, unless these are expected.
    #[track_caller]
    fn expect(&self, first: &str) -> String {
        loop {
            let state = self.next();
            if state.lines().next() == Some(first) {
                return state;
            }
            assert_eq!(state, "WATCHDOG=1\n", "expected {first}");
        }
    }

    /// Takes what is there already.
    fn drain(&self) {
        self.0.set_nonblocking(true).expect("it is a socket");
        while self.0.recv(&mut [0; 4096]).is_ok() {}
        self.0.set_nonblocking(false).expect("it is a socket");
    }

    /// Nothing comes for as long as `limit`.
    #[track_caller]
    fn expect_silence(&self, limit: Duration) {
        self.0.set_read_timeout(Some(limit)).expect("a limit is no zero");
        let mut state = [0; 4096];
        if let Ok(length) = self.0.recv(&mut state) {
            panic!("notified in spite of a worker that hangs: {}", text(&state[..length]));
        }
        self.0.set_read_timeout(Some(deadline())).expect("a deadline is no zero");
    }
}

/// A thread of another process that does not run any more until it is thawed.
struct Frozen(Child);

impl Frozen {
    fn new(thread: u32) -> Self {
        // ptrace(2) stops one thread alone; it goes on when its tracer ends.
        const FREEZE: &str = "
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
SEIZE, INTERRUPT, WALL = 0x4206, 0x4207, 0x40000000
thread = int(sys.argv[1])
for request in SEIZE, INTERRUPT:
    if libc.ptrace(request, thread, None, None):
        sys.exit(os.strerror(ctypes.get_errno()))
os.waitpid(thread, WALL)
print('frozen', flush=True)
sys.stdin.read()
";
        let mut command = root::command(python());
        command.args(["-c", FREEZE, &thread.to_string()]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("runs");
        let mut answer = [0; 7];
        let output = child.stdout.as_mut().expect("it is a pipe");
        output.read_exact(&mut answer).expect("the thread can be traced");
        Self(child)
    }

    fn thaw(&mut self) {
        drop(self.0.stdin.take());
        self.0.wait().expect("it is our child");
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.thaw();
    }
}

/// The thread of that name.
fn worker_thread(pid: u32, name: &str) -> u32 {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).expect("zoxy runs");
    let thread = threads.map(|entry| entry.expect("it can be read").path()).find(|thread| {
        fs::read_to_string(thread.join("comm")).is_ok_and(|comm| comm.trim_end() == name)
    });
    let thread = thread.unwrap_or_else(|| panic!("no thread {name}"));
    thread.file_name().and_then(|name| name.to_str()?.parse().ok()).expect("a number")
}

/// A listener, and every connection made directly.
fn direct_deck(port: u16) -> Deck {
    Deck::new()
        .set("*", "DRAINTIME", "2")
        .listen("DOOR", port)
        .filter("ALL", "DIRECT", "", "*", "*")
}

fn start_notifying(world: &World, deck: &Deck, socket: &str, extra: &[(&str, &str)]) -> Zoxy {
    Zoxy::start_prepared(world, deck, &[], |command| {
        command.env("NOTIFY_SOCKET", socket).envs(extra.iter().copied());
    })
}

/// Passes both sockets as descriptors 3 and 4, and the log as descriptor 5.
fn start_passing(world: &World, deck: &Deck, names: &str, sockets: [OwnedFd; 2]) -> Zoxy {
    const ARRANGE: &str = "exec 3<&0 4<&1 5>&2 0</dev/null 1>&2; LISTEN_PID=$$ exec \"$@\"";
    let [first, second] = sockets;
    Zoxy::start_prepared(world, deck, &["sh", "-c", ARRANGE, "sh"], |command| {
        command.env("LISTEN_FDS", "3").env("LISTEN_FDNAMES", names);
        command.stdin(Stdio::from(first)).stdout(Stdio::from(second));
    })
}
