//! SSH sessions of FTP dialogues: shared by equal users of one server, never by others.

use std::io::Read;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use zoxy::message::catalogue::{REQUEST_HELD, SESSION_CLOSED, SESSION_OPENED};

use crate::world::pattern::Pattern;
use crate::world::{
    FtpScene, Ftpd, Mode, Socks, SshHost, Sshd, World, account, other_account, scaled,
};

fn opened(scene: &FtpScene) -> usize {
    scene.zoxy.log.count(&[&SESSION_OPENED.id()])
}

#[test]
fn two_dialogues_of_one_user() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut one = scene.logged_in(Socks::V4);
    let mut two = scene.logged_in(Socks::V5);
    let (first, second) = (Pattern::new(1).take(300_000), Pattern::new(2).take(200_000));
    one.put(Mode::PortBind, "STOR ONE", &first);
    two.put(Mode::PortBind, "STOR TWO", &second);
    for (mode, other) in [(Mode::PortBind, Mode::PortBind), (Mode::Pasv, Mode::Port)] {
        // Both have their data connections before either transfer begins.
        let data = one.prepare(mode).unwrap_or_else(|told| panic!("{told:?}"));
        let others = two.prepare(other).unwrap_or_else(|told| panic!("{told:?}"));
        two.ask("RETR TWO", 150);
        one.ask("RETR ONE", 150);
        let mut data = data.stream(&one.door).expect("the data connection comes");
        let mut others = others.stream(&two.door).expect("the data connection comes");
        let (mut got, mut others_got) = (Vec::new(), Vec::new());
        data.read_to_end(&mut got).expect("the data comes");
        others.read_to_end(&mut others_got).expect("the data comes");
        drop((data, others));
        one.expect(226);
        two.expect(226);
        assert!(got == first && others_got == second, "{mode:?}: wrong bytes");
    }
    assert_eq!(opened(&scene), 1);
}

#[test]
fn dialogues_of_different_users() {
    let world = World::new();
    let other = other_account();
    let sshd = Sshd::start(&world, &[&format!("AllowUsers {}", other.name)]);
    let scene =
        FtpScene::around(&world, SshHost::Target, Ftpd::start(&world, &[]), sshd, |deck| deck);
    let mut one = scene.logged_in(Socks::V5);
    // The session of the first user is no way in for others.
    let mut two = scene.client(Socks::V5);
    assert_eq!(two.log_in(&account().name, &other.password).code, 530);
    assert_eq!(two.log_in(&other.name, &account().password).code, 530);
    assert_eq!(opened(&scene), 1);
    assert_eq!(two.log_in(&other.name, &other.password).code, 230);
    for user in [&account().name, &other.name] {
        scene.zoxy.log.wait_message(&SESSION_OPENED, &[user]);
        scene.sshd.log.wait_for(&["Accepted password", user]);
    }
    assert_eq!(opened(&scene), 2);
    two.put(Mode::PortBind, "STOR THEIRS", b"theirs");
    one.put(Mode::PortBind, "STOR MINE", b"mine");
    assert_eq!(one.get(Mode::Pasv, "RETR THEIRS"), b"theirs");
    assert!(!scene.zoxy.log.text().contains(&other.password), "a password in the log");
}

#[test]
fn steps_of_a_job_log_in_once() {
    let world = World::new();
    let scene = FtpScene::start_with(&world, SshHost::Profile, &[], |deck| {
        deck.set("SSHD", "IDLETIME", "60")
    });
    for number in 0..3 {
        let mut client = scene.logged_in(if number == 1 { Socks::V4 } else { Socks::V5 });
        client.put(Mode::PortBind, &format!("STOR STEP{number}"), b"step");
        client.ask("QUIT", 221);
        client.expect_end();
    }
    assert_eq!(opened(&scene), 1);
}

#[test]
fn no_idle_time_no_sharing() {
    let world = World::new();
    let scene = FtpScene::start_with(&world, SshHost::Target, &[], |deck| {
        deck.set("SSHD", "IDLETIME", "0")
    });
    for _ in 0..2 {
        let mark = scene.zoxy.log.mark();
        let mut client = scene.logged_in(Socks::V5);
        client.ask("QUIT", 221);
        client.expect_end();
        scene.zoxy.log.wait_message_after(mark, &SESSION_CLOSED, &[]);
    }
    assert_eq!(opened(&scene), 2);
}

/// Dialogues of two users come and go while another's data moves.
#[test]
fn transfers_while_others_log_in() {
    let world = World::new();
    let other = other_account();
    let sshd = Sshd::start(&world, &[&format!("AllowUsers {}", other.name)]);
    let scene =
        FtpScene::around(&world, SshHost::Target, Ftpd::start(&world, &[]), sshd, |deck| deck);
    let bytes = Pattern::new(9).take(100_000);
    let mut client = scene.logged_in(Socks::V5);
    client.put(Mode::Pasv, "STOR FILE", &bytes);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let logins: Vec<_> = (0..4)
            .map(|number| {
                let (scene, other) = (&scene, &other);
                scope.spawn(move || {
                    for _ in 0..scaled(5, 2) {
                        let mut client = scene.client(Socks::V5);
                        let right = number % 2 == 0;
                        let password = if right { &other.password } else { "wrong" };
                        let told = client.log_in(&other.name, password);
                        assert_eq!(told.code, if right { 230 } else { 530 }, "{told:?}");
                        client.ask("QUIT", 221);
                    }
                })
            })
            .collect();
        let transfers = scope.spawn(|| {
            for mode in [Mode::Pasv, Mode::PortBind, Mode::Port].into_iter().cycle() {
                assert!(client.get(mode, "RETR FILE") == bytes, "{mode:?}: wrong bytes");
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
            }
        });
        let results: Vec<_> = logins.into_iter().map(|login| login.join()).collect();
        is_over.store(true, Ordering::Relaxed);
        transfers.join().expect("the transfers went well");
        assert!(results.iter().all(Result::is_ok), "a login went wrong");
    });
}

/// F DRAIN holds for a dialogue that has greeted its client already, and has no session yet.
#[test]
fn a_drained_profile_takes_no_login() {
    let world = World::new();
    let scene = FtpScene::start(&world);
    let mut early = scene.logged_in(Socks::V5);
    let mut late = scene.client(Socks::V5);
    let drained = scene.zoxy.ctl(&["F", "DRAIN", "SSHD"]);
    assert_eq!(drained.status.code(), Some(0), "{drained:?}");
    let told = late.log_in(&account().name, &account().password);
    assert_eq!(told.code, 421, "{told:?}");
    assert!(told.lines[0].contains("profile SSHD is drained"), "{told:?}");
    late.expect_end();
    scene.zoxy.log.wait_message(&REQUEST_HELD, &["profile SSHD is drained"]);
    // What runs goes on, with data connections that are new.
    early.put(Mode::Pasv, "STOR FILE", b"content");
    assert_eq!(early.get(Mode::PortBind, "RETR FILE"), b"content");
    scene.zoxy.ctl(&["F", "RESUME", "SSHD"]);
    scene.logged_in(Socks::V5).put(Mode::Pasv, "STOR FILE", b"content");
    assert_eq!(opened(&scene), 1);
}
