//! Decks, and the files they name, in data sets: in EBCDIC, as they came over in binary.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use rustix::process::Signal;
use zoxy::message::catalogue::REFRESHED;

use crate::world::datasets::{Datasets, Said};
use crate::world::{
    Deck, Server, Sshd, World, Zoxy, account, free_port, proxy, run, socks, translate,
};

/// 80-byte records in EBCDIC.
fn cards(lines: &str) -> Vec<u8> {
    translate(&lines.lines().map(|line| format!("{line:<80}")).collect::<String>(), "IBM-1047")
}

/// Runs a subcommand that reads a deck.
fn zoxy(sets: &Datasets, arguments: &[&str]) -> Said {
    Said::of(sets.used_by(&mut proxy::command(arguments)))
}

fn put(sets: &Datasets, library: &str, member: &str, bytes: &[u8]) {
    fs::create_dir_all(sets.path(library)).expect("the root is ours");
    let path = sets.path(library).join(member);
    fs::write(&path, bytes).expect("the root is ours");
    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(path, private).expect("the file is ours");
}

#[test]
fn a_deck_in_a_library_is_checked_and_explained() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let deck = Deck::new().listen("SOCKS", 1080).filter("REST", "DIRECT", "", "*", "*");
    put(&sets, "ZOXY.PARMLIB", "MYDECK", &cards(deck.text()));
    put(&sets, "BATCH.PARMLIB", "MYDECK", &cards(deck.text()));
    for name in ["//'ZOXY.PARMLIB(MYDECK)'", "//'zoxy.parmlib(mydeck)'", "//PARMLIB(MYDECK)"] {
        let said = zoxy(&sets, &["check", "-c", name]);
        assert_eq!(said.code, Some(0), "{said:?}");
        assert!(said.out.contains("(MYDECK)': 0 errors, 0 warnings"), "{said:?}");
    }
    let said = zoxy(&sets, &["explain", "-c", "//'ZOXY.PARMLIB(MYDECK)'", "h.example", "21"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let dd = Said::of(
        sets.used_by(&mut proxy::command(&["check", "-c", "//DD:DECKS(MYDECK)"]))
            .env("DD_DECKS", "//'ZOXY.PARMLIB'"),
    );
    assert_eq!(dd.code, Some(0), "{dd:?}");
    for (name, code, expected) in [
        ("//'ZOXY.PARMLIB(NONE)'", 12, "library ZOXY.PARMLIB has no member NONE"),
        ("//'ZOXY.NONE(X)'", 12, "there is no data set ZOXY.NONE"),
        ("//'ZOXY.PARMLIB'", 12, "is a library; expected one of its members"),
        ("//DD:NONE", 12, "there is no DD NONE: none of DD_NONE, dd_NONE, NONE is set"),
        ("&&DECK", 12, "&&DECK is a data set of a job"),
        ("//'ZOXY.1(X)'", 8, "qualifier 2 '1' begins with '1'"),
    ] {
        let said = zoxy(&sets, &["check", "-c", name]);
        assert_eq!(said.code, Some(code), "{name}: {said:?}");
        assert!((said.out + &said.err).contains(expected), "{name}");
    }
}

#[test]
fn attributes_say_what_a_deck_is() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let deck = Deck::new().listen("SOCKS", 1080).filter("REST", "DIRECT", "", "*", "*");
    let file = world.write("deck", deck.text()).display().to_string();
    let options = ["--recfm", "VB", "--bdw", "YES", "--codepage", "IBM-285"];
    sets.done(&[&["convert"], &options[..], &[&file, "//'ZOXY.VB(DECK)'"]].concat());
    let said = zoxy(&sets, &["check", "-c", "//'ZOXY.VB(DECK)'"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    fs::write(sets.path("ZOXY.VB/.attr"), "RECFM FB\nLRECL 80\n").unwrap();
    let said = zoxy(&sets, &["check", "-c", "//'ZOXY.VB(DECK)'"]);
    assert_eq!(said.code, Some(8), "{said:?}");
    assert!(said.out.contains("fixed records have 80 bytes"), "{said:?}");
    let said = zoxy(&sets, &["check", "--recfm", "VB", "-c", "//'ZOXY.VB(DECK)'"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    let said = zoxy(&sets, &["check", "--recfm", "U", "-c", "//'ZOXY.VB(DECK)'"]);
    assert!(said.code == Some(8) && said.err.contains("cards are TEXT, F, FB, V or VB"));
}

#[test]
fn a_proxy_runs_with_everything_in_data_sets() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let sshd = Sshd::start(&world, &[]);
    let echo = Server::echo();
    let port = free_port();

    // A key file has lines of at most 70 characters, but known_hosts and users are longer.
    let key = fs::read_to_string(world.identity()).unwrap();
    put(&sets, "ZOXY.KEYS", "TUNNEL", &cards(&key));
    let file = world.write("known", sshd.known_hosts_line()).display().to_string();
    let wide = ["--recfm", "VB", "--lrecl", "1028", "--codepage", "IBM-1047"];
    sets.done(&[&["convert"], &wide[..], &[&file, "//'ZOXY.KNOWN'"]].concat());
    let mut passwd = proxy::command(&["passwd", "-i", "1000", "JOB1"]);
    let password = world.write("password", "secret\n");
    let line = run(passwd.stdin(Stdio::from(fs::File::open(password).unwrap()))).stdout;
    let file = world.write("users", line).display().to_string();
    sets.done(&[&["convert"], &wide[..], &[&file, "//'ZOXY.USERS'"]].concat());

    let deck = Deck::new()
        .listen("SOCKS", port)
        .set("SOCKS", "USERS", "//'ZOXY.USERS'")
        .profile("SSHD", "127.0.0.1", sshd.port)
        .set("SSHD", "USER", &account().name)
        .set("SSHD", "AUTH", "PUBLICKEY")
        .set("SSHD", "IDENTITY", "//'ZOXY.KEYS(TUNNEL)'")
        .set("SSHD", "KNOWNHOSTS", "//DD:KNOWN")
        .filter("REST", "TUNNEL", "SSHD", "*", "*");
    let deck = Zoxy::with_console(&world, &deck);
    put(&sets, "ZOXY.PARMLIB", "MYDECK", &cards(deck.text()));
    let environment = |command: &mut Command| {
        // The DD of a step is a path.
        sets.used_by(command).env("DD_KNOWN", sets.path("ZOXY.KNOWN"));
    };
    let name = "//'ZOXY.PARMLIB(MYDECK)'";
    let mut zoxy = Zoxy::start_as(&world, &deck, name, environment);
    let mut stream = socks::dial(port);
    assert_eq!(socks::methods(&mut stream, &[2]).unwrap(), 2);
    assert_eq!(socks::login(&mut stream, "JOB1", "secret").unwrap(), 0);
    stream.write_all(&socks::request5(1, echo.address)).unwrap();
    assert_eq!(socks::read_reply5(&mut stream).unwrap(), socks::reply::SUCCEEDED);

    // The operator names the deck too; a refresh reads it again.
    let said = Said::of(sets.used_by(&mut proxy::command(&["ctl", "-c", name, "D", "STATUS"])));
    assert_eq!(said.code, Some(0), "{said:?}");
    let direct = deck.clone().filter("MORE", "DIRECT", "", "*", "*");
    put(&sets, "ZOXY.PARMLIB", "MYDECK", &cards(direct.text()));
    zoxy.signal(Signal::HUP);
    zoxy.log.wait_message(&REFRESHED, &[]);
    drop(stream);
    zoxy.stop();
    assert!(!zoxy.log.text().contains("secret"));
}

#[test]
fn a_password_is_the_first_record_of_its_member() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let sshd = Sshd::start(&world, &["PasswordAuthentication yes"]);
    let echo = Server::echo();
    put(
        &sets,
        "ZOXY.SECRETS",
        "FIXED",
        &cards(&format!("{}\n* not part of it\n", account().password)),
    );
    let file = world.write("password", &account().password).display().to_string();
    sets.done(&["convert", "--recfm", "VB", &file, "//'ZOXY.SECRET'"]);
    for name in ["//'ZOXY.SECRETS(FIXED)'", "//'ZOXY.SECRET'"] {
        let port = free_port();
        let deck = Deck::new()
            .listen("SOCKS", port)
            .profile("SSHD", "127.0.0.1", sshd.port)
            .hostkey("SSHD", &sshd.fingerprint())
            .set("SSHD", "USER", &account().name)
            .set("SSHD", "AUTH", "PASSWORD")
            .set("SSHD", "PASSWORD", name)
            .filter("REST", "TUNNEL", "SSHD", "*", "*");
        let deck = Zoxy::with_console(&world, &deck);
        let path = world.write("deck", deck.text()).display().to_string();
        let environment = |command: &mut Command| {
            sets.used_by(command);
        };
        let mut zoxy = Zoxy::start_as(&world, &deck, &path, environment);
        socks::connect(port, echo.address);
        zoxy.stop();
    }
    // A password typed in place of the name of its file is not repeated.
    let wrong = Deck::new().listen("SOCKS", 1080).profile("SSHD", "127.0.0.1", 22).set(
        "SSHD",
        "PASSWORD",
        "//hunter2!",
    );
    let path = world.write("wrong", wrong.text()).display().to_string();
    let said = zoxy(&sets, &["check", "-c", &path]);
    assert_eq!(said.code, Some(8), "{said:?}");
    assert!(!format!("{said:?}").to_lowercase().contains("hunter2"), "{said:?}");
}
