//! IDLETIME of a filter and FTP dialogues: a control connection is silent for as long as a transfer
//! takes, and that is not idle.

use std::fs;
use std::io::Read;
use std::time::{Duration, Instant};

use zoxy::message::catalogue::IDLE_CLOSED;

use crate::world::{Deck, FtpScene, Mode, Socks, SshHost, World, eventually};

const IDLE: Duration = Duration::from_secs(1);

/// Bytes a second that the FTP server moves.
const RATE: usize = 100_000;

/// They take it more than twice IDLETIME.
const SIZE: usize = 400_000;

fn start(world: &World, vsftpd: &[&str]) -> FtpScene {
    FtpScene::start_with(world, SshHost::Target, vsftpd, |deck: Deck| {
        deck.set("FTP", "IDLETIME", &IDLE.as_secs().to_string())
    })
}

#[test]
fn transfers_that_take_longer_than_the_idle_time() {
    let world = World::new();
    let scene = start(&world, &[&format!("local_max_rate={RATE}")]);
    fs::write(scene.ftpd.folder.join("SLOW"), vec![7; SIZE]).expect("a file is made");
    for mode in [Mode::Pasv, Mode::PortBind, Mode::Port] {
        let mut client = scene.logged_in(Socks::V5);
        let start = Instant::now();
        assert_eq!(client.get(mode, "RETR SLOW").len(), SIZE);
        assert!(start.elapsed() > 2 * IDLE, "too fast to show anything");
        let start = Instant::now();
        client.put(mode, "STOR SLOWLY", &vec![7; SIZE]);
        assert!(start.elapsed() > 2 * IDLE, "too fast to show anything");
        client.ask("QUIT", 221);
        client.expect_end();
    }
    assert_eq!(scene.zoxy.log.find(&[&IDLE_CLOSED.id()]), None);
}

/// Nothing moves at all: before the login, between transfers, and while a client does not read.
#[test]
fn silence_is_ended() {
    let world = World::new();
    let scene = start(&world, &[]);
    let file = fs::File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(4 << 30).expect("it may have holes");
    let mut waiting = scene.client(Socks::V4);
    let mut idle = scene.logged_in(Socks::V5);
    for client in [&mut waiting, &mut idle] {
        eventually("the control connection to end", || client.try_reply().err());
    }
    let mark = scene.zoxy.log.mark();
    let mut client = scene.logged_in(Socks::V5);
    let mut data = client.start(Mode::Epsv, "RETR ENDLESS");
    data.read_exact(&mut [0; 1000]).expect("data comes");
    scene.zoxy.log.wait_message_after(mark, &IDLE_CLOSED, &[]);
}
