//! Ways to log in to the SSH server: key files of several kinds, passwords, and refusals.

use std::fs;
use std::path::Path;

use zoxy::message::catalogue::{SESSION_OPENED, SSH_LOGIN_REFUSED};

use crate::world::socks::{ask5, reply, request5};
use crate::world::{Deck, Server, Sshd, World, Zoxy, account, free_port, socks};

/// Starts zoxy with `cards` as the profile's credentials, connects, and gives the log line of the
/// session.
fn log_in(world: &World, sshd: &Sshd, cards: impl FnOnce(Deck) -> Deck) -> String {
    let port = free_port();
    let zoxy = Zoxy::start(world, &deck(sshd, port, cards));
    let echo = Server::echo();
    socks::connect(port, echo.address);
    zoxy.log.wait_message(&SESSION_OPENED, &[&account().name])
}

fn deck(sshd: &Sshd, port: u16, cards: impl FnOnce(Deck) -> Deck) -> Deck {
    let deck = Deck::new()
        .listen("SOCKS", port)
        .profile("SSHD", "127.0.0.1", sshd.port)
        .hostkey("SSHD", &sshd.fingerprint())
        .set("SSHD", "USER", &account().name);
    cards(deck).filter("REST", "TUNNEL", "SSHD", "*", "*")
}

/// Makes a key with `arguments`, lets it in, and logs in with it.
fn with_key(arguments: &[&str], passphrase: Option<&str>) {
    let world = World::new();
    let key = world.key("special", arguments);
    let sshd = Sshd::start(&world, &[]);
    authorize(&world, &key);
    log_in(&world, &sshd, |deck| {
        let deck = deck.set("SSHD", "AUTH", "PUBLICKEY").set(
            "SSHD",
            "IDENTITY",
            &key.display().to_string(),
        );
        match passphrase {
            None => deck,
            Some(passphrase) => {
                let file = world.write("passphrase", format!("{passphrase}\n"));
                deck.set("SSHD", "PASSPHRASE", &file.display().to_string())
            }
        }
    });
}

/// Replaces what sshd lets in by this key.
fn authorize(world: &World, key: &Path) {
    fs::copy(key.with_extension("pub"), world.path("sshd-authorized")).expect("both exist");
}

#[test]
fn ed25519_openssh() {
    with_key(&["-t", "ed25519", "-N", ""], None);
}

#[test]
fn ecdsa_openssh() {
    with_key(&["-t", "ecdsa", "-N", ""], None);
}

#[test]
fn rsa_openssh() {
    with_key(&["-t", "rsa", "-b", "3072", "-N", ""], None);
}

#[test]
fn rsa_pem() {
    with_key(&["-t", "rsa", "-b", "3072", "-m", "PEM", "-N", ""], None);
}

#[test]
fn ecdsa_pkcs8() {
    with_key(&["-t", "ecdsa", "-m", "PKCS8", "-N", ""], None);
}

#[test]
fn ed25519_with_passphrase() {
    with_key(&["-t", "ed25519", "-N", "a long phrase"], Some("a long phrase"));
}

#[test]
fn rsa_pem_with_passphrase() {
    with_key(&["-t", "rsa", "-m", "PEM", "-N", "a long phrase"], Some("a long phrase"));
}

#[test]
fn password() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let file = world.write("password", format!("{}\n", account().password));
    log_in(&world, &sshd, |deck| {
        deck.set("SSHD", "AUTH", "PASSWORD").set("SSHD", "PASSWORD", &file.display().to_string())
    });
}

#[test]
fn key_refused_then_password() {
    let world = World::new();
    let stranger = world.key("stranger", &["-t", "ed25519", "-N", ""]);
    let sshd = Sshd::start(&world, &[]);
    let file = world.write("password", format!("{}\n", account().password));
    log_in(&world, &sshd, |deck| {
        deck.set("SSHD", "AUTH", "PUBLICKEY,PASSWORD")
            .set("SSHD", "IDENTITY", &stranger.display().to_string())
            .set("SSHD", "PASSWORD", &file.display().to_string())
    });
}

#[test]
fn wrong_password_is_refused_and_not_logged() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let file = world.write("password", "not-the-Password\n");
    let port = free_port();
    let deck = deck(&sshd, port, |deck| {
        deck.set("SSHD", "AUTH", "PASSWORD").set("SSHD", "PASSWORD", &file.display().to_string())
    });
    let zoxy = Zoxy::start(&world, &deck);
    let echo = Server::echo();
    let (_, code) = ask5(port, &request5(1, echo.address));
    assert_ne!(code, reply::SUCCEEDED);
    zoxy.log.wait_message(&SSH_LOGIN_REFUSED, &[&account().name]);
    assert!(!zoxy.log.text().contains("not-the-Password"), "a password in the log");
}
