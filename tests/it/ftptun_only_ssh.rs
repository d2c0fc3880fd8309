//! Nothing of a tunneled dialogue travels in clear: whatever reaches the FTP server's host comes
//! from the SSH server.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddrV4};
use std::process::Command;

use crate::world::{
    FtpScene, Ftpd, Mode, Socks, SshHost, Sshd, World, account, eventually, program, run, text,
};

const MODES: [Mode; 6] =
    [Mode::Pasv, Mode::PasvIgnoringAddress, Mode::Epsv, Mode::PortBind, Mode::Port, Mode::Eprt];

/// An established connection, as one of its ends sees it.
#[derive(Debug)]
struct Socket {
    local: SocketAddrV4,
    remote: SocketAddrV4,
    /// The user whose process has this end.
    user: u32,
}

/// All of this machine (proc_net_tcp(5)).
fn sockets() -> Vec<Socket> {
    const ESTABLISHED: &str = "01";
    let table = fs::read_to_string("/proc/net/tcp").expect("/proc is mounted");
    let lines = table.lines().skip(1).filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, local, remote, state, _, _, _, user, ..] = words[..] else { return None };
        (state == ESTABLISHED).then(|| Socket {
            local: address(local),
            remote: address(remote),
            user: user.parse().expect("a user's number"),
        })
    });
    lines.collect()
}

/// `0100007F:0016`: the address as a number of this machine's byte order.
fn address(text: &str) -> SocketAddrV4 {
    let (ip, port) = text.split_once(':').expect("address and port");
    let ip = u32::from_str_radix(ip, 16).expect("an address").to_ne_bytes();
    SocketAddrV4::new(Ipv4Addr::from(ip), u16::from_str_radix(port, 16).expect("a port"))
}

/// The user whom sshd's session runs as: what it forwards is that user's.
fn account_number() -> u32 {
    let output = run(Command::new(program("id", "coreutils")).args(["-u", &account().name]));
    text(&output.stdout).trim().parse().expect("a user's number")
}

/// Every connection with the FTP server's host is made by the SSH server; there are `count`.
#[track_caller]
fn assert_only_ssh(scene: &FtpScene, mode: Mode, count: usize) {
    let server = scene.ftpd.address;
    let user = account_number();
    eventually(&format!("{count} connections with the FTP server, {mode:?}"), || {
        let all = sockets();
        let others: Vec<&Socket> = all.iter().filter(|end| *end.remote.ip() == server).collect();
        for end in &others {
            assert_eq!(end.user, user, "{mode:?}: {end:?} is not sshd's");
            assert_eq!(*end.local.ip(), Ipv4Addr::LOCALHOST, "{mode:?}: {end:?}");
        }
        (others.len() == count).then_some(())
    });
}

#[test]
fn control_and_data_of_every_mode() {
    let world = World::new();
    // No other test uses this host.
    let host = Ipv4Addr::new(127, 0, 7, 21);
    let ftpd = Ftpd::start_on(&world, host, &["async_abor_enable=YES"]);
    let sshd = Sshd::start(&world, &[]);
    let scene = FtpScene::around(&world, SshHost::Profile, ftpd, sshd, |deck| deck);
    let file = File::create(scene.ftpd.folder.join("ENDLESS")).expect("a file is made");
    file.set_len(4 << 30).expect("it may have holes");
    for version in [Socks::V4, Socks::V5] {
        for mode in MODES {
            let mut client = scene.logged_in(version);
            assert_only_ssh(&scene, mode, 1);
            let data = client.prepare(mode).unwrap_or_else(|told| panic!("{mode:?}: {told:?}"));
            assert_only_ssh(&scene, mode, 2);
            client.ask("RETR ENDLESS", 150);
            let mut data = data.stream(&client.door).expect("the data connection comes");
            data.read_exact(&mut [0; 100_000]).expect("data comes");
            assert_only_ssh(&scene, mode, 2);
            client.abort();
            drop(data);
            client.expect(426);
            client.reply();
            let mut data = client.start(mode, "STOR UP");
            data.write_all(&[0; 100_000]).expect("data is taken");
            assert_only_ssh(&scene, mode, 2);
            drop(data);
            client.expect(226);
            client.ask("QUIT", 221);
            client.expect_end();
            assert_only_ssh(&scene, mode, 0);
        }
    }
}
