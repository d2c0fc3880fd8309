//! A new deck without a new process.

use rustix::process::Signal;
use zoxy::message::catalogue::{REFRESH_FAILED, REFRESHED};

use crate::world::socks::{ask5, reply, request5};
use crate::world::{Server, Sshd, World, Zoxy, free_port, proxy};

#[test]
fn good_deck_takes_effect_and_a_bad_one_does_not() {
    let world = World::new();
    let sshd = Sshd::start(&world, &[]);
    let echo = Server::echo();
    let port = free_port();
    let base = proxy::tunnel_deck(&world, &sshd, port);
    let open = base.clone().filter("REST", "TUNNEL", "SSHD", "*", "*");
    let blocked = echo.port().to_string();
    let closed = base
        .clone()
        .filter("NO", "BLOCK", "", &blocked, "*")
        .filter("REST", "TUNNEL", "SSHD", "*", "*");
    let bad = base.filter("REST", "TUNNEL", "NOSUCH", "*", "*");
    let zoxy = Zoxy::start(&world, &open);
    let ask = || ask5(port, &request5(1, echo.address));

    let (mut running, code) = ask();
    assert_eq!(code, reply::SUCCEEDED);

    zoxy.replace_deck(&closed);
    zoxy.signal(Signal::HUP);
    zoxy.log.wait_message(&REFRESHED, &[]);
    assert_eq!(ask().1, reply::NOT_ALLOWED, "the new deck is not in effect");

    zoxy.replace_deck(&bad);
    zoxy.signal(Signal::HUP);
    zoxy.log.wait_message(&REFRESH_FAILED, &[]);
    assert!(zoxy.log.text().contains("NOSUCH"), "the log does not say what is wrong");
    assert_eq!(ask().1, reply::NOT_ALLOWED, "the old deck is no longer in effect");

    let mark = zoxy.log.mark();
    zoxy.replace_deck(&open);
    let output = zoxy.ctl(&["F", "REFRESH"]);
    assert_eq!(output.status.code(), Some(0), "F REFRESH: {output:?}");
    zoxy.log.wait_message_after(mark, &REFRESHED, &[]);
    assert_eq!(ask().1, reply::SUCCEEDED);

    // A connection from before all this is still the same.
    std::io::Write::write_all(&mut running, b"here").expect("the connection lives");
    let mut got = [0; 4];
    std::io::Read::read_exact(&mut running, &mut got).expect("the connection lives");
    assert_eq!(&got, b"here");
}
