//! The channel layer: what a session does with packets that are decrypted, and before they are encrypted.

use zoxy::config::{Host, Target};
use zoxy::ssh::channels::{ChannelId, Event, Limits, Mux};

use crate::line::{Line, Work, repeat};

/// Bytes of data in one packet.
const DATA: usize = 32 * 1024;

/// The server's number of the channel.
const PEER: u32 = 7;

/// The window that the server gives, and by which it adjusts it.
const WINDOW: u32 = 2 * 1024 * 1024;

pub fn lines() -> Vec<Line> {
    // No byte of the data is touched: bytes per second would mean nothing.
    let line = |name, about, make| Line { name, about, bytes: None, counted: Some(2000), make };
    vec![
        line("channel-down", "32 KiB of data from the server, credited, adjustments", down),
        line("channel-up", "header for 32 KiB of data to the server, its adjustments", up),
        line("channel-adjust", "WINDOW_ADJUST from the server", adjust),
        line("channel-open", "OPEN, confirmation, EOF and CLOSE both ways", open_and_close),
    ]
}

fn mux() -> Mux<u32> {
    Mux::new(Limits {
        channels: 1000,
        initial_window: 256 * 1024,
        max_window: WINDOW,
        growth: 64 * 1024 * 1024,
        max_packet: DATA as u32,
        queued: 64,
        forwards: 0,
    })
}

fn target() -> Target {
    Target { host: Host::Address([10, 200, 3, 44].into()), port: 21 }
}

/// A packet of a message number and numbers.
fn packet<const N: usize>(message: u8, fields: [u32; N]) -> Vec<u8> {
    let fields = fields.map(u32::to_be_bytes);
    [&[message], fields.as_flattened()].concat()
}

/// Opens a channel, as far as its confirmation.
fn open(mux: &mut Mux<u32>, target: &Target) -> ChannelId {
    let origin = ([127, 0, 0, 1], 40_000).into();
    let id = mux.open_direct_tcpip(1, target, origin).expect("there is room");
    assert!(mux.next_packet().is_some(), "OPEN is sent");
    let mut confirmation = [0; 17];
    confirmation[0] = 91;
    let fields = [id.number(), PEER, WINDOW, DATA as u32].map(u32::to_be_bytes);
    confirmation[1..].copy_from_slice(fields.as_flattened());
    assert!(matches!(mux.input(&confirmation), Ok(Event::Opened { .. })));
    id
}

fn down() -> Work {
    let mut mux = mux();
    let id = open(&mut mux, &target());
    let mut data = packet(94, [id.number(), DATA as u32]);
    data.resize(data.len() + DATA, 1);
    repeat(move || {
        let Ok(Event::Data { id, data, .. }) = mux.input(&data) else { panic!("it is data") };
        mux.consumed(id, data.len());
        while let Some(packet) = mux.next_packet() {
            std::hint::black_box(packet.as_bytes());
        }
    })
}

fn up() -> Work {
    let mut mux = mux();
    let id = open(&mut mux, &target());
    let more = packet(93, [id.number(), WINDOW]);
    repeat(move || {
        if mux.send_room(id) < DATA {
            mux.input(&more).expect("a window may be adjusted");
        }
        mux.data_header(id, DATA).expect("there is room")
    })
}

fn adjust() -> Work {
    let mut mux = mux();
    let id = open(&mut mux, &target());
    // By nothing: the window of one that goes on and on would overflow.
    let more = packet(93, [id.number(), 0]);
    repeat(move || mux.input(&more).is_ok())
}

fn open_and_close() -> Work {
    let (mut mux, target) = (mux(), target());
    let mut whole = move || {
        let id = open(&mut mux, &target);
        for message in [96, 97] {
            let mut packet = [message, 0, 0, 0, 0];
            packet[1..].copy_from_slice(&id.number().to_be_bytes());
            if message == 96 {
                mux.send_eof(id);
            }
            mux.input(&packet).expect("EOF, then CLOSE");
        }
        let mut sent = 0;
        while mux.next_packet().is_some() {
            sent += 1;
        }
        (sent, mux.channels_in_use())
    };
    assert_eq!(whole(), (2, 0), "EOF and CLOSE are sent, and the number is free");
    repeat(whole)
}
