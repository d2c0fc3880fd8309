//! zoxy itself: started from a deck, watched through its log, stopped as an operator would.
//!
//! `ZOXY_BIN` names the binary (default: the one of this build), `ZOXY_RUNNER` what runs it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use zoxy::message::catalogue::READY;

use super::{Deck, Log, Sshd, World, account, eventually, free_port, process, program, run, socks};

/// A command that runs the binary under test with `arguments`.
pub fn command(arguments: &[&str]) -> Command {
    command_under(&[], arguments)
}

/// The words that start the binary under test.
pub fn words() -> Vec<String> {
    let binary = std::env::var("ZOXY_BIN");
    let binary = binary.unwrap_or_else(|_| env!("CARGO_BIN_EXE_zoxy").to_owned());
    let runner = std::env::var("ZOXY_RUNNER").unwrap_or_default();
    let mut words: Vec<_> = runner.split_whitespace().map(str::to_owned).collect();
    words.push(binary);
    words
}

/// As [`command`], with a program in front of it that ends by running it (`prlimit ...`).
fn command_under(wrapper: &[&str], arguments: &[&str]) -> Command {
    // Dies with the thread that started it, so that a test program that is killed leaves nothing.
    let mut command = Command::new(program("setpriv", "util-linux"));
    command.args(["--pdeathsig", "KILL", "--"]).args(wrapper);
    command.args(words()).args(arguments);
    command.env_remove("ZOXY_LOG");
    command
}

/// A running proxy.
pub struct Zoxy {
    /// Everything it said.
    pub log: Log,
    /// Its deck, for refreshes.
    pub deck: PathBuf,
    console: PathBuf,
    child: Child,
    ended: Option<ExitStatus>,
}

impl Zoxy {
    /// Starts a deck and waits until every listener is ready.
    pub fn start(world: &World, deck: &Deck) -> Self {
        Self::start_under(world, deck, &[])
    }

    /// As [`Zoxy::start`], with a program in front (see [`command_under`]).
    pub fn start_under(world: &World, deck: &Deck, wrapper: &[&str]) -> Self {
        Self::launch(world, deck, wrapper).ready(deck)
    }

    /// As [`Zoxy::start`], with the deck's 80-column records stored as `encode` makes them.
    pub fn start_encoded(
        world: &World,
        deck: &Deck,
        encode: impl Fn(&[String]) -> Vec<u8>,
    ) -> Self {
        let whole = Self::with_console(world, deck);
        Self::spawn(world, &encode(&whole.records()), &[], |_| {}).ready(deck)
    }

    /// As [`Zoxy::start_under`], with the command made ready as a service manager would.
    pub fn start_prepared(
        world: &World,
        deck: &Deck,
        wrapper: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let whole = Self::with_console(world, deck);
        Self::spawn(world, whole.text().as_bytes(), wrapper, prepare).ready(deck)
    }

    /// Starts a deck without waiting for anything.
    pub fn launch(world: &World, deck: &Deck, wrapper: &[&str]) -> Self {
        let whole = Self::with_console(world, deck);
        Self::spawn(world, whole.text().as_bytes(), wrapper, |_| {})
    }

    /// Starts with a deck that is stored under `name` already, its console as
    /// [`Zoxy::with_console`] has it, and waits until every listener is ready.
    pub fn start_as(
        world: &World,
        deck: &Deck,
        name: &str,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let command = command_under(&[], &["run", "-c", name]);
        Self::spawn_command(world, name.into(), command, prepare).ready(deck)
    }

    /// The deck with a console in the world's folder.
    pub fn with_console(world: &World, deck: &Deck) -> Deck {
        deck.clone().set("*", "CONSOLE", &world.path("console").display().to_string())
    }

    /// Waits until every listener of the deck is ready.
    fn ready(mut self, deck: &Deck) -> Self {
        let listeners = deck.text().lines().filter(|card| card.starts_with("LISTEN")).count();
        let id = READY.id();
        eventually("zoxy to be ready", || {
            self.ended = self.child.try_wait().expect("it is our child");
            assert_eq!(self.ended, None, "zoxy ended before it was ready");
            (self.log.count(&[&id]) == listeners).then_some(())
        });
        self
    }

    fn spawn(
        world: &World,
        deck: &[u8],
        wrapper: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let deck = world.write("deck", deck);
        let command = command_under(wrapper, &["run", "-c", &deck.display().to_string()]);
        Self::spawn_command(world, deck, command, prepare)
    }

    fn spawn_command(
        world: &World,
        deck: PathBuf,
        mut command: Command,
        prepare: impl FnOnce(&mut Command),
    ) -> Self {
        let console = world.path("console");
        let log = world.log("zoxy");
        command.stdin(Stdio::null()).stdout(log.stdio()).stderr(log.stdio());
        prepare(&mut command);
        let child = command.spawn().expect("zoxy can be started");
        Self { log, deck, console, child, ended: None }
    }

    /// Its process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Open descriptors.
    pub fn descriptors(&self) -> usize {
        process::descriptors(self.pid())
    }

    /// Resident memory in KiB.
    pub fn resident(&self) -> usize {
        process::resident(self.pid())
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).expect("zoxy runs");
    }

    /// Replaces the deck's file; takes effect at the next refresh. The console stays where it is.
    pub fn replace_deck(&self, deck: &Deck) {
        let deck = deck.clone().set("*", "CONSOLE", &self.console.display().to_string());
        std::fs::write(&self.deck, deck.text()).expect("the world's folder is writable");
    }

    /// Runs an operator's command through `zoxy ctl`.
    pub fn ctl(&self, words: &[&str]) -> Output {
        let console = self.console.display().to_string();
        run(&mut command(&[&["ctl", "-s", console.as_str()], words].concat()))
    }

    /// Waits for its end and gives its return code; none when a signal ended it.
    pub fn wait(&mut self) -> Option<i32> {
        let status = match self.ended {
            Some(status) => status,
            None => eventually("zoxy to end", || self.child.try_wait().expect("it is our child")),
        };
        self.ended = Some(status);
        status.code()
    }

    /// Stops it by SIGTERM and checks that it ends with RC 0.
    pub fn stop(&mut self) {
        self.signal(Signal::TERM);
        assert_eq!(self.wait(), Some(0), "return code after SIGTERM");
    }
}

impl Drop for Zoxy {
    fn drop(&mut self) {
        self.log.show_on_failure("zoxy");
        if self.ended.is_some() {
            return;
        }
        if !thread::panicking() && self.child.try_wait().is_ok_and(|status| status.is_none()) {
            self.stop();
            return;
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        assert!(thread::panicking(), "zoxy ended before its test did");
    }
}

/// The usual scene: zoxy with one profile and one filter, TUNNEL for everything, and its sshd.
pub struct Tunnel {
    /// The proxy.
    pub zoxy: Zoxy,
    /// The SSH server.
    pub sshd: Sshd,
    /// Port of the SOCKS listener.
    pub port: u16,
}

impl Tunnel {
    /// With default settings.
    pub fn start(world: &World) -> Self {
        Self::start_with(world, &[], |deck| deck)
    }

    /// With extra lines for sshd and cards before the filter.
    pub fn start_with(world: &World, sshd: &[&str], cards: impl FnOnce(Deck) -> Deck) -> Self {
        let sshd = Sshd::start(world, sshd);
        let port = free_port();
        let deck = cards(tunnel_deck(world, &sshd, port));
        let zoxy = Zoxy::start(world, &deck.filter("REST", "TUNNEL", "SSHD", "*", "*"));
        Self { zoxy, sshd, port }
    }

    /// A connection to `target` through the tunnel.
    pub fn connect(&self, target: SocketAddr) -> std::net::TcpStream {
        socks::connect(self.port, target)
    }
}

/// Listener SOCKS, profile SSHD with its host key pinned and a key to log in: all but the filters.
pub fn tunnel_deck(world: &World, sshd: &Sshd, port: u16) -> Deck {
    profile_cards(Deck::new().listen("SOCKS", port), sshd, &world.identity())
        .hostkey("SSHD", &sshd.fingerprint())
}

/// Profile SSHD without its host key.
pub fn profile_cards(deck: Deck, sshd: &Sshd, identity: &Path) -> Deck {
    deck.profile("SSHD", "127.0.0.1", sshd.port)
        .set("SSHD", "USER", &account().name)
        .set("SSHD", "AUTH", "PUBLICKEY")
        .set("SSHD", "IDENTITY", &identity.display().to_string())
}
