use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use super::super::command::{Command, View};
use super::super::protocol::{MAX_COMMAND, MAX_CONSOLES, TIME_LIMIT};
use super::super::testing::{Operated, PATIENCE, TempDir};
use super::TOKENS;

/// A zoxy that is all console, and where.
struct World {
    zoxy: Operated,
    path: PathBuf,
    _dir: TempDir,
}

impl World {
    fn new() -> Self {
        let dir = TempDir::new();
        let path = dir.path("zoxy.sock");
        Self { zoxy: Operated::new(&path), path, _dir: dir }
    }

    fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(&self.path).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn connect_and_send(&self, bytes: &[u8]) -> UnixStream {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream
    }

    /// Serves until the other side of `client` is closed; returns what it had to say.
    fn answer_to(&mut self, mut client: UnixStream) -> String {
        client.set_nonblocking(true).unwrap();
        let mut answer = Vec::new();
        let mut chunk = vec![0; 1 << 20];
        self.zoxy.until(
            |_| match client.read(&mut chunk) {
                Ok(0) => true,
                Ok(count) => {
                    answer.extend_from_slice(&chunk[..count]);
                    false
                }
                // It closed without reading all that was sent.
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => false,
                    ErrorKind::ConnectionReset => true,
                    _ => panic!("{error}"),
                },
            },
            &mut Vec::new(),
        );
        String::from_utf8(answer).unwrap()
    }

    /// A command is still carried out.
    fn assert_alive(&mut self) {
        let client = self.connect_and_send(b"D STATUS\n");
        let (id, command) = self.zoxy.command();
        assert_eq!(command, Command::Display { view: View::Status, json: false });
        self.zoxy.console.answer(id, "alive", 0);
        assert_eq!(self.answer_to(client), "alive\nRC 0\n");
    }
}

#[test]
fn a_command_is_handed_over_and_answered() {
    let mut world = World::new();
    let client = world.connect_and_send(b"d conns,all\n");
    let (id, command) = world.zoxy.command();
    assert_eq!(command, Command::Display { view: View::Connections { all: true }, json: false });
    world.zoxy.console.answer(id, "one\ntwo\n", 4);
    assert_eq!(world.answer_to(client), "one\ntwo\nRC 4\n");
    assert_eq!(world.zoxy.console.next_deadline(), None);
}

#[test]
fn a_line_may_come_byte_by_byte() {
    let mut world = World::new();
    let mut client = world.connect();
    for byte in b"F REFRESH" {
        client.write_all(&[*byte]).unwrap();
        assert!(world.zoxy.turn().is_empty());
    }
    client.write_all(b"\n").unwrap();
    assert_eq!(world.zoxy.command().1, Command::Refresh);
}

#[test]
fn answers_go_to_whoever_asked() {
    let mut world = World::new();
    let clients =
        [b"D STATUS\n".as_slice(), b"D CONNS\n", b"P\n"].map(|line| world.connect_and_send(line));
    let mut commands = Vec::new();
    world.zoxy.until(|commands| commands.len() == 3, &mut commands);
    for (id, command) in commands.into_iter().rev() {
        world.zoxy.console.answer(id, &command.to_string(), 0);
    }
    for (client, expected) in clients.into_iter().zip(["D STATUS", "D CONNS", "P"]) {
        assert_eq!(world.answer_to(client), format!("{expected}\nRC 0\n"));
    }
}

#[test]
fn what_is_no_command_is_told() {
    let mut world = World::new();
    let all: [(&[u8], &str); 4] = [
        (b"\n", "ZOX0510E"),
        (b"HELP\n", "ZOX0511E"),
        (b"P NOW\n", "ZOX0512E"),
        (b"\xc4\x40\xe2\xe3\n", "ZOX0514E"),
    ];
    for (line, id) in all {
        let client = world.connect_and_send(line);
        let answer = world.answer_to(client);
        assert!(answer.starts_with(id) && answer.ends_with("\nRC 8\n"), "{answer}");
    }
}

#[test]
fn a_flood_is_cut_off_and_disturbs_nobody() {
    let mut world = World::new();
    let path = world.path.clone();
    let (done, is_done) = mpsc::channel();
    let flood = thread::spawn(move || {
        let mut client = UnixStream::connect(path).unwrap();
        client.set_write_timeout(Some(PATIENCE)).unwrap();
        let failed = (0..1000).any(|_| client.write_all(&[b'D'; 64 * 1024]).is_err());
        let mut answer = [0; 1024];
        let count = client.read(&mut answer).unwrap_or(0);
        done.send(()).unwrap();
        (failed, String::from_utf8_lossy(&answer[..count]).into_owned())
    });
    world.zoxy.until(|_| is_done.try_recv().is_ok(), &mut Vec::new());
    let (failed, answer) = flood.join().unwrap();
    assert!(failed);
    assert_eq!(answer, format!("ZOX0513E command longer than {MAX_COMMAND} bytes\nRC 8\n"));
    world.assert_alive();
}

#[test]
fn half_a_line_is_no_command() {
    let mut world = World::new();
    let client = world.connect_and_send(b"P");
    client.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(world.answer_to(client), "");
    drop(world.connect_and_send(b"P"));
    world.assert_alive();
}

#[test]
fn a_client_may_finish_sending_before_the_answer() {
    let mut world = World::new();
    let client = world.connect_and_send(b"D STATUS\n");
    client.shutdown(std::net::Shutdown::Write).unwrap();
    let (id, _) = world.zoxy.command();
    world.zoxy.turn();
    world.zoxy.console.answer(id, "here", 0);
    assert_eq!(world.answer_to(client), "here\nRC 0\n");
}

#[test]
fn only_so_many_are_served_at_once() {
    let mut world = World::new();
    let mut idle: Vec<_> = (0..MAX_CONSOLES).map(|_| world.connect()).collect();
    world.zoxy.until(|_| true, &mut Vec::new());
    world.zoxy.turn();
    let refused = world.connect();
    assert_eq!(world.answer_to(refused), "ZOX0517E all 8 consoles are in use\nRC 8\n");
    idle.pop();
    world.zoxy.turn();
    world.assert_alive();
}

#[test]
fn who_sends_nothing_is_closed() {
    let mut world = World::new();
    let client = world.connect_and_send(b"D STA");
    world.zoxy.turn();
    let deadline = world.zoxy.console.next_deadline().unwrap();
    assert!(deadline <= Instant::now() + TIME_LIMIT);
    world.zoxy.console.expire(Instant::now());
    assert_eq!(world.zoxy.console.next_deadline(), Some(deadline));
    world.zoxy.console.expire(deadline);
    assert_eq!(world.answer_to(client), "ZOX0515E no complete command within 10 s\nRC 8\n");
}

#[test]
fn an_answer_that_comes_too_late_reaches_nobody() {
    let mut world = World::new();
    let client = world.connect_and_send(b"D STATUS\n");
    let (late, _) = world.zoxy.command();
    let deadline = world.zoxy.console.next_deadline().unwrap();
    world.zoxy.console.expire(deadline);
    assert_eq!(world.answer_to(client), "ZOX0516E no answer from the workers within 10 s\nRC 8\n");

    let next = world.connect_and_send(b"D CONNS\n");
    let (id, _) = world.zoxy.command();
    world.zoxy.console.answer(late, "the old answer", 0);
    world.zoxy.console.answer(id, "the new answer", 0);
    world.zoxy.console.answer(id, "twice", 0);
    assert_eq!(world.answer_to(next), "the new answer\nRC 0\n");
}

#[test]
fn a_long_answer_arrives_whole() {
    let mut world = World::new();
    let client = world.connect_and_send(b"D CONNS,ALL\n");
    let (id, _) = world.zoxy.command();
    let text = "line of a long display\n".repeat(100_000);
    world.zoxy.console.answer(id, &text, 0);
    assert!(world.answer_to(client) == text + "RC 0\n");
}

#[test]
fn who_does_not_take_its_answer_is_closed() {
    let mut world = World::new();
    let _client = world.connect_and_send(b"D CONNS,ALL\n");
    let (id, _) = world.zoxy.command();
    world.zoxy.console.answer(id, &"x".repeat(10 << 20), 0);
    let deadline = world.zoxy.console.next_deadline().unwrap();
    world.zoxy.console.expire(deadline);
    assert_eq!(world.zoxy.console.next_deadline(), None);
    world.assert_alive();
}

#[test]
fn a_client_that_went_away_is_forgotten() {
    let mut world = World::new();
    drop(world.connect_and_send(b"D CONNS\n"));
    let (id, _) = world.zoxy.command();
    world.zoxy.console.answer(id, &"x".repeat(10 << 20), 0);
    world.zoxy.turn();
    assert_eq!(world.zoxy.console.next_deadline(), None);
}

#[test]
fn tokens_are_a_range() {
    let world = World::new();
    let console = &world.zoxy.console;
    assert!(!console.owns(mio::Token(99)) && !console.owns(mio::Token(100 + TOKENS)));
    assert!((100..100 + TOKENS).all(|token| console.owns(mio::Token(token))));
}
