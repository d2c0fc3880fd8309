//! FTPTUN with nothing but IPv6: the application comes from `::1`, asks for an FTP server there, and
//! sends EPRT |2|; SSH server and remote forward are on `::1` as well.

use std::fs;
use std::net::{Ipv6Addr, SocketAddr, TcpListener, TcpStream};

use crate::world::pattern::Pattern;
use crate::world::{
    Deck, Door, FtpClient, Ftpd, Socks, Sshd, World, Zoxy, account, deadline, free_port, socks,
};

/// An application's control connection from `::1`, logged in.
fn logged_in(port: u16, ftpd: &Ftpd) -> FtpClient {
    let server = SocketAddr::from((Ipv6Addr::LOCALHOST, ftpd.port));
    let proxy = (Ipv6Addr::LOCALHOST, port).into();
    let control = socks::try_connect_at(proxy, server).expect("the control connection is granted");
    // What it says of addresses is for the modes of IPv4.
    let door = Door {
        proxy: port,
        version: Socks::V5,
        server: ftpd.socket(),
        from: [127, 0, 0, 1].into(),
    };
    let mut client = FtpClient::over(door, control);
    client.expect(220);
    let told = client.log_in(&account().name, &account().password);
    assert_eq!(told.code, 230, "{told:?}");
    client.ask("TYPE I", 200);
    client
}

/// EPRT with a port of the client's, and what the transfer connects to it.
fn transfer(client: &mut FtpClient, command: &str) -> TcpStream {
    let listener = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).expect("a loopback port");
    let own = listener.local_addr().expect("it is bound").port();
    client.ask(&format!("EPRT |2|::1|{own}|"), 200);
    client.ask(command, 150);
    let (stream, _) = listener.accept().expect("the data connection comes");
    stream.set_read_timeout(Some(deadline())).expect("a time-out above zero");
    stream
}

/// Transfers with an SSH server on `host` (blank: that of the FTP server); the FTP server is told
/// `asked`.
fn transfers(active: &str, vsftpd: &[&str], sshd: &[&str], host: &str, asked: &str) {
    let world = World::new();
    // Both families on one socket.
    let ftpd = Ftpd::start(&world, &[&["listen=NO", "listen_ipv6=YES"], vsftpd].concat());
    let sshd = Sshd::start(&world, sshd);
    let port = free_port();
    let deck = Deck::new()
        .listen_at("SOCKS", "::1", port)
        .profile("SSHD", host, sshd.port)
        .hostkey("SSHD", &sshd.fingerprint())
        .set("FTP", "ACTIVE", active);
    let deck = match active {
        "FORWARD" => deck.set("FTP", "FWDADDR", "::1"),
        _ => deck,
    };
    let flags = if host.is_empty() { "YYN" } else { "YNN" };
    let deck = deck.filter_with(flags, "FTP", "FTPTUN", "SSHD", &ftpd.port.to_string(), "::1");
    let zoxy = Zoxy::start(&world, &deck);
    let mut client = logged_in(port, &ftpd);
    for (number, size) in [0, 1, 300_000].into_iter().enumerate() {
        let bytes = Pattern::new(number as u64).take(size);
        let mut data = transfer(&mut client, "STOR FILE");
        std::io::Write::write_all(&mut data, &bytes).expect("data is taken");
        drop(data);
        client.expect(226);
        let there = fs::read(ftpd.folder.join("FILE")).expect("it was put");
        assert!(there == bytes, "wrong bytes there");
        let mut data = transfer(&mut client, "RETR FILE");
        let mut back = Vec::new();
        std::io::Read::read_to_end(&mut data, &mut back).expect("the data comes and ends");
        drop(data);
        client.expect(226);
        assert!(back == bytes, "wrong bytes back");
    }
    client.ask("QUIT", 221);
    client.expect_end();
    drop(zoxy);
    assert!(ftpd.log.text().contains(asked), "no {asked}");
    sshd.expect_no_forward();
}

/// sshd at `::1` too.
const SSHD: &[&str] = &["ListenAddress ::1"];

#[test]
fn remote_forwarding() {
    for (sshd, host) in [(SSHD, ""), (SSHD, "::1"), (&[][..], "127.0.0.1")] {
        transfers("FORWARD", &["pasv_enable=NO"], sshd, host, "EPRT |2|::1|");
    }
}

#[test]
fn passive_towards_the_server() {
    transfers("PASSIVE", &[], SSHD, "", "\"EPSV\"");
}
