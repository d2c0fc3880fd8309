//! `zoxy check` and `zoxy explain`: return codes and reports; `zoxy run` refuses a bad deck.

use crate::world::{Deck, World, Zoxy, free_port, proxy, run, text};

fn good(port: u16) -> Deck {
    Deck::new().listen("SOCKS", port).filter("REST", "DIRECT", "", "*", "*")
}

/// Runs a subcommand on a deck; gives the return code and everything it said.
fn on_deck(world: &World, deck: &Deck, command: &str, rest: &[&str]) -> (Option<i32>, String) {
    let path = world.write("DECK", deck.text()).display().to_string();
    let output = run(&mut proxy::command(&[&[command, "-c", path.as_str()], rest].concat()));
    (output.status.code(), text(&output.stdout) + &text(&output.stderr))
}

#[test]
fn return_codes() {
    let world = World::new();
    let good = good(1080);
    let (code, said) = on_deck(&world, &good, "check", &[]);
    assert_eq!(code, Some(0), "{said}");

    let warned = good.clone().filter("NEVER", "BLOCK", "", "21", "*");
    let (code, said) = on_deck(&world, &warned, "check", &[]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("NEVER"), "{said}");

    let wrong = good.card("FILTER   ODD      FORWARD").card("NONSENSE CARD");
    let (code, said) = on_deck(&world, &wrong, "check", &[]);
    assert_eq!(code, Some(8), "{said}");
    assert!(said.contains("FORWARD") && said.contains("NONSENSE"), "not all errors: {said}");
}

#[test]
fn missing_deck() {
    let world = World::new();
    let path = world.path("NOSUCH").display().to_string();
    let output = run(&mut proxy::command(&["check", "-c", &path]));
    assert_eq!(output.status.code(), Some(12), "{output:?}");
}

#[test]
fn run_refuses_a_bad_deck() {
    let world = World::new();
    let wrong = good(free_port()).card("NONSENSE CARD");
    let mut zoxy = Zoxy::launch(&world, &wrong, &[]);
    assert_eq!(zoxy.wait(), Some(8));
    assert!(zoxy.log.text().contains("NONSENSE"), "the log does not say what is wrong");
}

#[test]
fn explain_names_the_filter() {
    let world = World::new();
    let deck = Deck::new()
        .listen("SOCKS", 1080)
        .filter("MAIL", "BLOCK", "", "25,110", "*.corp.example")
        .filter("NET10", "DIRECT", "", "*", "10.0.0.0/8");
    for (host, port, filter) in [("mx.Corp.example", "25", "MAIL"), ("10.9.8.7", "21", "NET10")] {
        let (_, said) = on_deck(&world, &deck, "explain", &[host, port]);
        assert!(said.contains(filter), "{host}:{port}: {said}");
    }
    let (code, said) = on_deck(&world, &deck, "explain", &["10.9.8.7", "21"]);
    assert_eq!(code, Some(0), "{said}");
}
