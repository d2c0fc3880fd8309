//! APPLOGIN: whose login opens the SSH session of a job that gives user and password, the job's or
//! the profile's own, and in which order. The FTP server gets the job's in any case.

use std::time::{Duration, Instant};

use zoxy::message::catalogue::{
    FTP_CONNECTED, FTP_LOGIN_REFUSED, FTP_TOO_MANY_LOGINS, SESSION_OPENED, SSH_LOGIN_REFUSED,
};

use crate::world::ftp_client::Reply;
use crate::world::{
    Account, Deck, Door, FtpClient, Ftpd, Mode, Socks, Sshd, World, Zoxy, account, free_port,
    other_account,
};

/// zoxy with one profile, whose filter takes the user from the application.
struct Scene {
    zoxy: Zoxy,
    sshd: Sshd,
    ftpd: Ftpd,
    port: u16,
}

impl Scene {
    /// The profile's own user is [`account`], with a key that opens every account sshd lets in; the
    /// jobs' users have passwords. `cards` are behind those of the profile.
    fn start(world: &World, order: &str, sshd: &[&str], cards: impl FnOnce(Deck) -> Deck) -> Self {
        let (sshd, ftpd) = (Sshd::start(world, sshd), Ftpd::start(world, &[]));
        let port = free_port();
        let deck = Deck::new()
            .listen("SOCKS", port)
            .profile("SSHD", "127.0.0.1", sshd.port)
            .hostkey("SSHD", &sshd.fingerprint())
            .set("SSHD", "APPLOGIN", order)
            .set("SSHD", "USER", &account().name)
            .set("SSHD", "IDENTITY", &world.identity().display().to_string())
            // A refusal of one login must not delay the next.
            .set("SSHD", "BACKOFFMIN", "60")
            .set("SSHD", "IDLETIME", "60");
        let ports = ftpd.port.to_string();
        let deck = cards(deck).filter_with("YNN", "FTP", "FTPTUN", "SSHD", &ports, "*");
        let zoxy = Zoxy::start(world, &deck);
        Self { zoxy, sshd, ftpd, port }
    }

    fn client(&self) -> FtpClient {
        let server = self.ftpd.socket();
        let version = Socks::V5;
        FtpClient::connect(Door { proxy: self.port, version, server, from: [127, 0, 0, 1].into() })
    }

    /// Logs in, which succeeds.
    #[track_caller]
    fn log_in(&self, job: &Account) -> FtpClient {
        let mut client = self.client();
        let told = client.log_in(&job.name, &job.password);
        assert_eq!(told.code, 230, "{told:?}");
        client
    }

    /// Sessions opened as this user, by this method.
    fn sessions(&self, user: &Account, method: &str) -> usize {
        let (id, user) = (SESSION_OPENED.id(), format!("user {},", user.name));
        self.zoxy.log.count(&[&id, &user, method])
    }

    /// Logins that the SSH server has refused.
    fn refused(&self) -> usize {
        self.zoxy.log.count(&[&SSH_LOGIN_REFUSED.id()])
    }
}

/// Lets the other account in, and with the profile's key too: who used it would be its user.
fn both_users() -> String {
    format!("AllowUsers {}", other_account().name)
}

#[track_caller]
fn assert_names(told: &Reply, code: u16, id: &str) {
    assert!(told.code == code && told.lines[0].contains(id), "not {code} {id}: {told:?}");
}

#[test]
fn by_default_the_profile_does_not_log_in() {
    let world = World::new();
    let scene = Scene::start(&world, "APP", &[], |deck| deck);
    let (job, mut client) = (other_account(), scene.client());
    assert_names(&client.log_in(&job.name, &job.password), 530, &FTP_LOGIN_REFUSED.id());
    assert_eq!(scene.zoxy.log.count(&[&SESSION_OPENED.id()]), 0);
    assert!(!scene.ftpd.log.text().contains("USER"), "the FTP server was asked");
}

#[test]
fn own_login_first() {
    let world = World::new();
    let scene = Scene::start(&world, "OWNFIRST", &[&both_users()], |deck| deck);
    // Jobs of several users share the session of the profile's user.
    for job in [other_account(), account(), other_account()] {
        let mut client = scene.log_in(job);
        scene.zoxy.log.wait_message(&FTP_CONNECTED, &["SSH user", &account().name]);
        for mode in [Mode::Pasv, Mode::PortBind] {
            client.put(mode, &format!("STOR {}", job.name), b"by its own user");
        }
        scene.ftpd.log.wait_for(&[&format!("[{}] OK LOGIN", job.name)]);
    }
    assert_eq!(scene.sessions(account(), "publickey"), 1);
    assert_eq!((scene.sessions(other_account(), ""), scene.refused()), (0, 0));
    // What the FTP server refuses is its own matter.
    let told = scene.client().log_in(&other_account().name, "not-the-Password");
    assert_eq!(told.lines, ["530 Login incorrect."], "the server's own words");
    let said = scene.sshd.log.text();
    assert!(!said.contains(&other_account().name), "the SSH server heard of the job's user");
}

#[test]
fn own_login_first_and_refused() {
    let world = World::new();
    let unknown = world.key("unknown", &["-t", "ed25519", "-N", ""]).display().to_string();
    let scene =
        Scene::start(&world, "OWNFIRST", &[], |deck| deck.set("SSHD", "IDENTITY", &unknown));
    let start = Instant::now();
    for number in 1..3 {
        scene.log_in(account()).put(Mode::Epsv, "STOR JOB", b"by its password");
        // The second job has a session of its password, but asks for the profile's first.
        assert_eq!(scene.refused(), number);
    }
    assert!(start.elapsed() < Duration::from_secs(20), "a refusal held the next login up");
    assert_eq!(
        (scene.sessions(account(), "password"), scene.sessions(account(), "publickey")),
        (1, 0)
    );
}

#[test]
fn own_login_last() {
    let world = World::new();
    let scene = Scene::start(&world, "APPFIRST", &[&both_users()], |deck| deck);
    // Whoever is let in by password needs nothing else.
    scene.log_in(other_account()).put(Mode::Pasv, "STOR JOB", b"by its password");
    assert_eq!((scene.sessions(other_account(), "password"), scene.refused()), (1, 0));
    // A wrong password leads to the profile's user, never with its key to the job's.
    let start = Instant::now();
    let told = scene.client().log_in(&other_account().name, "not-the-Password");
    assert_eq!(told.lines, ["530 Login incorrect."], "the FTP server's own words");
    assert!(start.elapsed() < Duration::from_secs(20), "a refusal held the next login up");
    assert_eq!((scene.sessions(account(), "publickey"), scene.refused()), (1, 1));
    let keyed = format!("Accepted publickey for {}", other_account().name);
    assert!(!scene.sshd.log.text().contains(&keyed), "the profile's key opened another account");
}

#[test]
fn both_refused() {
    for order in ["OWNFIRST", "APPFIRST"] {
        let world = World::new();
        let unknown = world.key("unknown", &["-t", "ed25519", "-N", ""]).display().to_string();
        let scene = Scene::start(&world, order, &[], |deck| deck.set("SSHD", "IDENTITY", &unknown));
        let mut client = scene.client();
        for number in 1..=3 {
            let told = client.log_in(&account().name, "not-the-Password");
            let (code, id) = match number {
                3 => (421, FTP_TOO_MANY_LOGINS.id()),
                _ => (530, FTP_LOGIN_REFUSED.id()),
            };
            assert_names(&told, code, &id);
            let text = &told.lines[0];
            assert!(text.contains("own login") && text.contains("password: refused"), "{text}");
            assert!(!text.contains("unknown"), "the name of a key: {text}");
            assert_eq!(scene.refused(), 2 * number, "{order}");
        }
        client.expect_end();
        assert!(!scene.ftpd.log.text().contains("USER"), "{order}: the FTP server was asked");
    }
}

/// A key file that went away is as good as a refusal.
#[test]
fn own_login_that_cannot_be_made() {
    let world = World::new();
    let lost = world.key("lost", &["-t", "ed25519", "-N", ""]);
    let scene = Scene::start(&world, "OWNFIRST", &[], |deck| {
        deck.set("SSHD", "IDENTITY", &lost.display().to_string())
            .set("SSHD", "AUTH", "PUBLICKEY,PASSWORD")
            .set("SSHD", "PASSWORD", &world.write("own", "x\n").display().to_string())
    });
    std::fs::remove_file(&lost).expect("it was made");
    std::fs::remove_file(world.path("own")).expect("it was made");
    scene.log_in(account()).put(Mode::Epsv, "STOR JOB", b"by its password");
    assert_eq!(scene.sessions(account(), "password"), 1);
}
