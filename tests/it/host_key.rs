//! A host key that is not the expected one is refused before any credential is sent.

use std::fs;

use zoxy::message::catalogue::{HOST_KEY_CHANGED, HOST_KEY_NEW, HOST_KEY_UNKNOWN, SESSION_OPENED};

use crate::world::proxy::{profile_cards, tunnel_deck};
use crate::world::socks::{ask5, reply, request5};
use crate::world::{Deck, Server, Sshd, World, Zoxy, free_port, socks};

/// What sshd writes at LogLevel DEBUG for each authentication request.
const CREDENTIAL: &str = "userauth-request";
const DEBUG: &[&str] = &["LogLevel DEBUG3"];

/// A deck with known_hosts instead of a pin.
fn known_hosts_deck(world: &World, sshd: &Sshd, port: u16, known: &str) -> Deck {
    let file = world.write("known_hosts", known).display().to_string();
    profile_cards(Deck::new().listen("SOCKS", port), sshd, &world.identity()).set(
        "SSHD",
        "KNOWNHOSTS",
        &file,
    )
}

fn start(world: &World, deck: Deck) -> Zoxy {
    Zoxy::start(world, &deck.filter("REST", "TUNNEL", "SSHD", "*", "*"))
}

/// One attempt, which must fail without a credential at the server.
fn refused(sshd: &Sshd, port: u16) {
    let echo = Server::echo();
    let (_, code) = ask5(port, &request5(1, echo.address));
    assert_ne!(code, reply::SUCCEEDED, "connected through a server with a wrong key");
    // The key exchange has happened, so the silence about authentication means something.
    sshd.log.wait_for(&["KEX"]);
    assert_eq!(sshd.log.find(&[CREDENTIAL]), None, "a credential was sent");
}

#[test]
fn wrong_pin() {
    let world = World::new();
    let sshd = Sshd::start(&world, DEBUG);
    let other = Sshd::start_named(&world, "other", &[]);
    let port = free_port();
    let deck = profile_cards(Deck::new().listen("SOCKS", port), &sshd, &world.identity());
    let zoxy = start(&world, deck.hostkey("SSHD", &other.fingerprint()));
    refused(&sshd, port);
    let line = zoxy.log.wait_message(&HOST_KEY_CHANGED, &[&sshd.fingerprint()]);
    assert!(line.contains(&other.fingerprint()), "both fingerprints are named: {line}");
}

#[test]
fn changed_key_in_known_hosts() {
    let world = World::new();
    let mut sshd = Sshd::start(&world, DEBUG);
    let known = sshd.known_hosts_line();
    let before = sshd.fingerprint();
    sshd.kill();
    sshd.change_host_key(&world);
    sshd.restart();
    let port = free_port();
    let zoxy = start(&world, known_hosts_deck(&world, &sshd, port, &known));
    refused(&sshd, port);
    zoxy.log.wait_message(&HOST_KEY_CHANGED, &[&before, &sshd.fingerprint()]);
}

#[test]
fn unknown_host() {
    let world = World::new();
    let sshd = Sshd::start(&world, DEBUG);
    let port = free_port();
    let zoxy = start(&world, known_hosts_deck(&world, &sshd, port, "# nobody\n"));
    refused(&sshd, port);
    zoxy.log.wait_message(&HOST_KEY_UNKNOWN, &[&sshd.fingerprint()]);
}

#[test]
fn known_host_plain_and_hashed() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let echo = Server::echo();
    for hashed in [false, true] {
        let port = free_port();
        let deck = known_hosts_deck(&world, &sshd, port, &sshd.known_hosts_line());
        if hashed {
            let file = world.path("known_hosts");
            let keygen = crate::world::program("ssh-keygen", "openssh-client");
            let mut command = std::process::Command::new(keygen);
            let output = crate::world::run(command.arg("-H").arg("-f").arg(&file));
            assert!(output.status.success(), "ssh-keygen -H: {output:?}");
            let text = fs::read_to_string(&file).expect("ssh-keygen wrote it");
            assert!(text.starts_with("|1|"), "not hashed: {text}");
        }
        let _zoxy = start(&world, deck);
        socks::connect(port, echo.address);
    }
}

#[test]
fn new_host_is_accepted_once_when_the_deck_says_so() {
    let world = World::new();
    let mut sshd = Sshd::start(&world, &[]);
    let echo = Server::echo();
    let port = free_port();
    let deck = known_hosts_deck(&world, &sshd, port, "# nobody\n").set("SSHD", "STRICTKEY", "NEW");
    let zoxy = start(&world, deck);
    socks::connect(port, echo.address);
    zoxy.log.wait_message(&HOST_KEY_NEW, &[&sshd.fingerprint()]);
    // From now on the server is held to that key.
    sshd.kill();
    sshd.change_host_key(&world);
    sshd.restart();
    crate::world::eventually("the changed key to be refused", || {
        assert!(socks::try_connect(port, echo.address).is_err(), "connected to a changed key");
        zoxy.log.find(&[&HOST_KEY_CHANGED.id()])
    });
}

#[test]
fn right_pin_among_several() {
    let world = World::new();
    let sshd = Sshd::start(&world, DEBUG);
    let other = Sshd::start_named(&world, "other", &[]);
    let echo = Server::echo();
    let port = free_port();
    let deck = tunnel_deck(&world, &sshd, port).hostkey("SSHD", &other.fingerprint());
    let zoxy = start(&world, deck);
    socks::connect(port, echo.address);
    zoxy.log.wait_message(&SESSION_OPENED, &[]);
    // The control: a login does leave this line, so its absence elsewhere proves something.
    sshd.log.wait_for(&[CREDENTIAL]);
}
