//! Passive data connections are opened ahead of the client's request: what becomes of them when it comes
//! late, or not at all, and when the server's port cannot be reached.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use zoxy::message::catalogue::{CLOSED, FTP_CLIENT_UNREACHABLE, FTP_TRANSFER};

use crate::world::played_ftpd::Played;
use crate::world::proxy::tunnel_deck;
use crate::world::{
    Door, FtpClient, PlayedFtpd, Socks, Sshd, World, Zoxy, deadline, free_port, read_once,
};

struct Scene {
    zoxy: Zoxy,
    door: Door,
    /// The server's side of the control connection.
    played: Played,
    client: FtpClient,
    _sshd: Sshd,
}

impl Scene {
    fn start(world: &World, data_time: &str) -> Self {
        let (sshd, ftpd, port) = (Sshd::start(world, &[]), PlayedFtpd::new(), free_port());
        let deck = tunnel_deck(world, &sshd, port).set("FTP", "DATATIME", data_time);
        let ports = ftpd.address.port().to_string();
        let zoxy = Zoxy::start(world, &deck.filter("FTP", "FTPTUN", "SSHD", &ports, "127.0.0.1"));
        let server = ftpd.address;
        let door = Door { proxy: port, version: Socks::V5, server, from: Ipv4Addr::LOCALHOST };
        let mut client = FtpClient::open(door);
        let played = ftpd.accept();
        client.expect(220);
        Self { zoxy, door, played, client, _sshd: sshd }
    }

    /// PASV, answered with the port of `listener`.
    #[track_caller]
    fn passive(&mut self, listener: &TcpListener) {
        self.client.send("PASV");
        self.played.expect("PASV");
        let [high, low] = port_of(listener).to_be_bytes();
        self.played.say(&format!("227 Entering Passive Mode (127,0,0,1,{high},{low})"));
        self.client.expect(227);
    }

    /// The client's data connection.
    fn connect(&self, listener: &TcpListener) -> Result<TcpStream, u8> {
        let SocketAddr::V4(address) = listener.local_addr().expect("it listens") else {
            panic!("not IPv4")
        };
        self.door.connect(address)
    }
}

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port")
}

/// The data connection that comes to it.
#[track_caller]
fn accepted(listener: &TcpListener) -> TcpStream {
    set_socket_timeout(listener, Timeout::Recv, Some(deadline())).expect("a time-out above zero");
    let (stream, _) = listener.accept().expect("a data connection");
    stream.set_read_timeout(Some(deadline())).expect("a time-out above zero");
    stream
}

fn port_of(listener: &TcpListener) -> u16 {
    listener.local_addr().expect("it listens").port()
}

/// The server has its data connection before the client asks, and may have sent all of the file.
#[test]
fn client_comes_last() {
    let world = World::new();
    let mut scene = Scene::start(&world, "60");
    let listener = listener();
    scene.passive(&listener);
    let mut server = accepted(&listener);
    scene.client.send("RETR FILE");
    scene.played.expect("RETR FILE");
    scene.played.say("150 here it comes");
    scene.client.expect(150);
    server.write_all(b"all of it").expect("the SSH server reads");
    drop(server);
    // It is not told before the client has the file.
    scene.played.say("226 sent");
    let mut data = scene.connect(&listener).expect("the data connection is granted");
    let mut bytes = Vec::new();
    data.read_to_end(&mut bytes).expect("the file comes");
    assert_eq!(bytes, b"all of it");
    scene.client.expect(226);
    scene.zoxy.log.wait_message(&FTP_TRANSFER, &["RETR", "COMPLETE", " 9 "]);

    // An upload the same way.
    scene.passive(&listener);
    let mut server = accepted(&listener);
    scene.client.send("STOR FILE");
    scene.played.expect("STOR FILE");
    scene.played.say("150 give it to me");
    scene.client.expect(150);
    let mut data = scene.connect(&listener).expect("the data connection is granted");
    data.write_all(b"there it is").expect("zoxy reads");
    data.shutdown(Shutdown::Write).expect("it is connected");
    bytes.clear();
    server.read_to_end(&mut bytes).expect("the file comes");
    assert_eq!(bytes, b"there it is");
    drop(server);
    scene.played.say("226 stored");
    scene.client.expect(226);
}

/// A client that does not come is told: in place of the server's 226, and by the next transfer command.
#[test]
fn client_does_not_come() {
    let world = World::new();
    let mut scene = Scene::start(&world, "1");
    let listener = listener();
    scene.passive(&listener);
    let mut server = accepted(&listener);
    scene.client.send("RETR FILE");
    scene.played.expect("RETR FILE");
    scene.played.say("150 here it comes");
    scene.client.expect(150);
    server.write_all(b"all of it").expect("the SSH server reads");
    server.shutdown(Shutdown::Write).expect("it is connected");
    scene.played.say("226 sent");
    let told = scene.client.expect(425);
    assert!(told.lines[0].contains(&FTP_CLIENT_UNREACHABLE.id()), "{told:?}");
    assert_eq!(read_once(&mut server, &mut [0]).expect("the SSH server closes"), 0);
    assert!(scene.connect(&listener).is_err(), "the client comes too late");

    scene.passive(&listener);
    let mut server = accepted(&listener);
    assert_eq!(read_once(&mut server, &mut [0]).expect("the SSH server closes"), 0);
    let told = scene.client.command("STOR FILE");
    assert!(told.code == 425 && told.lines[0].contains("DATATIME"), "{told:?}");
    // The server has never heard of it, and the dialogue goes on.
    scene.client.send("NOOP");
    scene.played.expect("NOOP");
    scene.played.say("200 fine");
    scene.client.expect(200);
}

/// What was refused ahead is asked for again when the client comes, and answered with the reason; a port
/// that listens by then is granted.
#[test]
fn refused_ahead() {
    let world = World::new();
    let mut scene = Scene::start(&world, "60");
    let closed = listener();
    let address = closed.local_addr().expect("it listens");
    scene.client.send("PASV");
    scene.played.expect("PASV");
    drop(closed);
    let [high, low] = address.port().to_be_bytes();
    scene.played.say(&format!("227 Entering Passive Mode (127,0,0,1,{high},{low})"));
    scene.client.expect(227);
    let SocketAddr::V4(to) = address else { panic!("not IPv4") };
    // Connection refused, RFC 1928.
    assert_eq!(scene.door.connect(to).err(), Some(5));
    let told = scene.client.command("RETR FILE");
    assert_eq!(told.code, 425, "{told:?}");
}

/// Another PASV gives up what was opened for the one before.
#[test]
fn another_pasv() {
    let world = World::new();
    let mut scene = Scene::start(&world, "60");
    let (first, second) = (listener(), listener());
    scene.passive(&first);
    let mut unused = accepted(&first);
    scene.passive(&second);
    assert_eq!(read_once(&mut unused, &mut [0]).expect("the SSH server closes"), 0);
    let mut server = accepted(&second);
    let mut data = scene.connect(&second).expect("the data connection is granted");
    server.write_all(b"!").expect("the SSH server reads");
    let mut byte = [0];
    data.read_exact(&mut byte).expect("a byte comes");
    assert_eq!(&byte, b"!");
    drop((data, server));
    scene.zoxy.log.wait_message(&CLOSED, &["1 bytes down"]);
}
