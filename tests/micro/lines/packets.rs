//! Packets: sealed into the output and opened in the input of a transport, header and data of a channel in each.
//!
//! One that is opened was sealed just before, outside of the time taken: every packet has a number of its own.

use zoxy::ssh::transport::bench::{Suite, logged_in};
use zoxy::ssh::transport::{Sent, Transport};

use crate::line::{Line, Spent, Work, repeat};

/// Data of a full packet, and of a small one.
const FULL: usize = 32 * 1024;
const SMALL: usize = 64;

/// What goes before the data.
const HEADER: [u8; 9] = [94, 0, 0, 0, 7, 0, 0, 128, 0];

/// Bytes of packets that are opened at once: what a transport has room for after one read.
const INPUT: usize = 250_000;

/// More bytes than are added to the data of a packet.
const OVERHEAD: usize = 128;

pub fn lines() -> Vec<Line> {
    // The instructions of a cipher are those of the processor at hand: valgrind's has no SHA extensions and no vectors
    // of 512 bits, and OpenSSL takes another way on it.
    let line =
        |name, about, bytes, make| Line { name, about, bytes: Some(bytes), counted: None, make };
    vec![
        line("seal-gcm", "32 KiB, aes128-gcm@openssh.com", FULL, || seal(Suite::Aes128Gcm, FULL)),
        line("seal-gcm-64", "64 bytes, the same", SMALL, || seal(Suite::Aes128Gcm, SMALL)),
        line("seal-chacha", "32 KiB, chacha20-poly1305@openssh.com", FULL, || {
            seal(Suite::ChaCha20Poly1305, FULL)
        }),
        line("seal-chacha-64", "64 bytes, the same", SMALL, || {
            seal(Suite::ChaCha20Poly1305, SMALL)
        }),
        line("seal-ctr", "32 KiB, aes256-ctr and hmac-sha2-256-etm@openssh.com", FULL, || {
            seal(Suite::Aes256CtrHmacSha256, FULL)
        }),
        line("seal-ctr-64", "64 bytes, the same", SMALL, || {
            seal(Suite::Aes256CtrHmacSha256, SMALL)
        }),
        line("open-gcm", "32 KiB, aes128-gcm@openssh.com", FULL, || open(Suite::Aes128Gcm, FULL)),
        line("open-gcm-64", "64 bytes, the same", SMALL, || open(Suite::Aes128Gcm, SMALL)),
        line("open-chacha", "32 KiB, chacha20-poly1305@openssh.com", FULL, || {
            open(Suite::ChaCha20Poly1305, FULL)
        }),
        line("open-chacha-64", "64 bytes, the same", SMALL, || {
            open(Suite::ChaCha20Poly1305, SMALL)
        }),
        line("open-ctr", "32 KiB, aes256-ctr and hmac-sha2-256-etm@openssh.com", FULL, || {
            open(Suite::Aes256CtrHmacSha256, FULL)
        }),
        line("open-ctr-64", "64 bytes, the same", SMALL, || {
            open(Suite::Aes256CtrHmacSha256, SMALL)
        }),
    ]
}

fn transport(suite: Suite) -> Transport {
    logged_in(suite).expect("OpenSSL has the cipher")
}

fn send(transport: &mut Transport, data: &[u8]) {
    assert!(matches!(transport.send(&HEADER, data), Ok(Sent::Yes)));
}

/// Sends what is in the output, and takes how much it was.
fn flush(transport: &mut Transport) -> usize {
    let count = transport.output_len();
    transport.output_sent(count);
    count
}

fn seal(suite: Suite, size: usize) -> Work {
    let (mut transport, data) = (transport(suite), vec![1; size]);
    repeat(move || {
        send(&mut transport, &data);
        flush(&mut transport)
    })
}

fn open(suite: Suite, size: usize) -> Work {
    let (mut from, mut to, data) = (transport(suite), transport(suite), vec![1; size]);
    let most = (INPUT / (size + OVERHEAD)) as u64;
    Box::new(move |times| {
        let (mut left, mut spent) = (times, Spent::default());
        while left > 0 {
            let packets = left.min(most);
            left -= packets;
            for _ in 0..packets {
                send(&mut from, &data);
            }
            let sealed = from.output();
            to.input_space()[..sealed.len()].copy_from_slice(sealed);
            to.input_filled(sealed.len());
            flush(&mut from);
            spent = spent.and(Spent::during(|| {
                for _ in 0..packets {
                    receive(&mut to, size);
                }
            }));
            assert_eq!(to.input_pending(), 0, "every packet was opened");
        }
        spent
    })
}

fn receive(transport: &mut Transport, size: usize) {
    match transport.next_packet() {
        Ok(Some(packet)) => assert_eq!(transport.bytes(&packet).len(), HEADER.len() + size),
        other => panic!("no packet: {other:?}"),
    }
}
