//! A client that does not read holds up nobody, and fills nothing but its window.

use std::io::Read;

use crate::world::pattern::Pattern;
use crate::world::{Server, Tunnel, World, eventually, scaled};

#[test]
fn memory_stays_bounded_and_others_run() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SSHD", "SESSIONS", "1"));
    let endless = Server::start(|mut stream| Pattern::new(1).write(&mut stream, u64::MAX));
    let size = scaled(50_000_000, 4_000_000) as u64;
    let finite = Server::start(move |mut stream| Pattern::new(2).write(&mut stream, size));

    let mut warm = tunnel.connect(finite.address);
    Pattern::new(2).verify(&mut warm).expect("right bytes");
    let before = tunnel.zoxy.resident();
    let mut lazy: Vec<_> = (0..8).map(|_| tunnel.connect(endless.address)).collect();
    for _ in 0..3 {
        let mut stream = tunnel.connect(finite.address);
        assert_eq!(Pattern::new(2).verify(&mut stream).expect("right bytes"), size);
    }
    // Eight windows of at most 2 MiB, and what an emulator adds.
    let bound = before + scaled(8 * 2048 + 16 * 1024, 128 * 1024);
    let now = tunnel.zoxy.resident();
    assert!(now < bound, "{before} KiB grew to {now} KiB");
    // What was held back is all still there.
    let mut head = vec![0; 3_000_000];
    lazy[0].read_exact(&mut head).expect("the stream goes on");
    assert!(head == Pattern::new(1).take(head.len()), "wrong bytes after the pause");
}

#[test]
fn server_that_does_not_read() {
    let world = World::new();
    let tunnel = Tunnel::start_with(&world, &[], |deck| deck.set("SSHD", "SESSIONS", "1"));
    let (release, wait) = std::sync::mpsc::channel::<()>();
    let wait = std::sync::Mutex::new(wait);
    let lazy = Server::start(move |mut stream| {
        let _ = wait.lock().map(|wait| wait.recv());
        std::io::copy(&mut stream, &mut std::io::sink()).map(drop)
    });
    let mut stuck = tunnel.connect(lazy.address);
    let before = tunnel.zoxy.resident();
    stuck.set_nonblocking(true).expect("a TCP socket");
    let mut sent = 0_usize;
    let chunk = vec![0; 256 * 1024];
    // All the buffers on the way fill up, then nothing moves any more.
    let mut still = 0;
    eventually("the buffers to fill", || {
        match std::io::Write::write(&mut stuck, &chunk) {
            Ok(length) => (sent, still) = (sent + length, 0),
            Err(_) => still += 1,
        }
        (still > 100).then_some(())
    });
    assert!(sent < 64 << 20, "{sent} bytes were taken for a server that reads nothing");
    let grown = tunnel.zoxy.resident().saturating_sub(before);
    assert!(grown < scaled(16 * 1024, 64 * 1024), "grew by {grown} KiB");
    let echo = Server::http();
    let mut other = tunnel.connect(echo.address);
    std::io::Write::write_all(&mut other, b"GET /100000 HTTP/1.0\r\n\r\n").expect("a request");
    let mut answer = Vec::new();
    other.read_to_end(&mut answer).expect("another stream runs");
    assert!(answer.ends_with(&Pattern::new(100_000).take(100_000)), "wrong bytes");
    drop(release);
}
