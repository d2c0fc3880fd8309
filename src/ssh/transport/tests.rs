//! The transport against a real sshd, and against servers that are none.

use std::io::{Read, Write};
use std::net::SocketAddr;

use openssl::sha::Sha256;

use super::offer::MACS;
use super::*;
use crate::config::{Host, Target};
use crate::ssh::channels::{Event, Limits, Mux};
use crate::ssh::cipher;
use crate::ssh::counting;
use crate::ssh::login::{LoginError, LoginStep};
use crate::ssh::test_support::{Client, DEADLINE, Sshd, serve_once, with_keys};

const SSH_MSG_GLOBAL_REQUEST: u8 = 80;
const SSH_MSG_REQUEST_FAILURE: u8 = 82;
const SSH_MSG_CHANNEL_OPEN: u8 = 90;
const SSH_MSG_CHANNEL_OPEN_CONFIRMATION: u8 = 91;
const SSH_MSG_CHANNEL_WINDOW_ADJUST: u8 = 93;
const SSH_MSG_CHANNEL_DATA: u8 = 94;
const SSH_MSG_CHANNEL_EOF: u8 = 96;
const SSH_MSG_CHANNEL_CLOSE: u8 = 97;

/// Our end of the one channel.
const CHANNEL: u32 = 0x4000_0000;

/// Receive window, bytes.
const WINDOW: u32 = 2 * 1024 * 1024;

/// Output above which the echo test waits for the socket.
const HIGH_WATER: usize = 256 * 1024;

fn options(ciphers: &str) -> TransportOptions<'_> {
    TransportOptions { ciphers: Some(ciphers), ..TransportOptions::default() }
}

fn string(text: &str) -> Vec<u8> {
    [&u32::try_from(text.len()).unwrap().to_be_bytes(), text.as_bytes()].concat()
}

/// RFC 4254 section 7.2.
fn direct_tcpip(target: SocketAddr) -> Vec<u8> {
    [
        &[SSH_MSG_CHANNEL_OPEN][..],
        &string("direct-tcpip"),
        &CHANNEL.to_be_bytes(),
        &WINDOW.to_be_bytes(),
        &32_768_u32.to_be_bytes(),
        &string(&target.ip().to_string()),
        &u32::from(target.port()).to_be_bytes(),
        &string("127.0.0.1"),
        &1_u32.to_be_bytes(),
    ]
    .concat()
}

fn number(packet: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(packet[at..at + 4].try_into().unwrap())
}

/// A keepalive as OpenSSH sends it, which every server answers.
fn ping(client: &mut Client) -> Vec<u8> {
    let request = string("keepalive@openssh.com");
    client.send(&[&[SSH_MSG_GLOBAL_REQUEST], &request[..], &[1]].concat());
    loop {
        let packet = client.packet().unwrap();
        // The server's own requests, as for its host keys, come first.
        if packet[0] != SSH_MSG_GLOBAL_REQUEST {
            return packet;
        }
    }
}

/// Sends `size` bytes through a channel to an echo server and checks that they come back.
fn echo(client: &mut Client, size: usize) {
    let echo = serve_once(|mut socket| {
        let mut reader = socket.try_clone().unwrap();
        std::io::copy(&mut reader, &mut socket).unwrap();
    });
    client.send(&direct_tcpip(echo));
    let (peer, mut window, most) = loop {
        let packet = client.packet().unwrap();
        match packet[0] {
            SSH_MSG_GLOBAL_REQUEST => {}
            SSH_MSG_CHANNEL_OPEN_CONFIRMATION => {
                break (
                    number(&packet, 5),
                    number(&packet, 9) as usize,
                    number(&packet, 13) as usize,
                );
            }
            kind => panic!("message {kind}"),
        }
    };

    let byte = |position: usize| (position ^ (position >> 8) ^ (position >> 16)) as u8;
    let (mut sent_hash, mut received_hash) = (Sha256::new(), Sha256::new());
    let (mut sent, mut received, mut taken, mut eof) = (0, 0, 0_u32, false);
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        while held.is_empty()
            && sent < size
            && window > 0
            && client.transport.output_len() < HIGH_WATER
        {
            let count = window.min(most).min(size - sent).min(32_000);
            let data: Vec<u8> = (sent..sent + count).map(byte).collect();
            sent_hash.update(&data);
            let length = u32::try_from(count).unwrap();
            let header =
                [&[SSH_MSG_CHANNEL_DATA][..], &peer.to_be_bytes(), &length.to_be_bytes()].concat();
            if client.transport.send(&header, &data).unwrap() == Sent::Rekeying {
                held.push([header, data].concat());
            }
            (sent, window) = (sent + count, window - count);
        }
        if sent == size && !eof {
            held.push([&[SSH_MSG_CHANNEL_EOF][..], &peer.to_be_bytes()].concat());
            eof = true;
        }
        if taken > WINDOW / 2 {
            let adjust =
                [&[SSH_MSG_CHANNEL_WINDOW_ADJUST][..], &peer.to_be_bytes(), &taken.to_be_bytes()];
            held.push(adjust.concat());
            taken = 0;
        }
        while !held.is_empty() && !client.transport.is_rekeying() {
            assert_eq!(client.transport.send(&held.remove(0), &[]), Ok(Sent::Yes));
        }
        let Some(packet) = client.next_packet() else {
            client.wait_and_read();
            continue;
        };
        match packet[0] {
            SSH_MSG_CHANNEL_DATA => {
                received += packet.len() - 9;
                taken += number(&packet, 5);
                received_hash.update(&packet[9..]);
            }
            SSH_MSG_CHANNEL_WINDOW_ADJUST => window += number(&packet, 5) as usize,
            SSH_MSG_CHANNEL_EOF | SSH_MSG_GLOBAL_REQUEST => {}
            SSH_MSG_CHANNEL_CLOSE => break,
            kind => panic!("message {kind}"),
        }
    }
    assert_eq!(received, size);
    assert_eq!(received_hash.finish(), sent_hash.finish());
}

#[test]
fn every_cipher_carries_data_both_ways() {
    let sshd = Sshd::start("");
    let ciphers = [
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
    ];
    for name in ciphers {
        let mut client = Client::logged_in(sshd.address, &options(name));
        let algorithms = client.transport.algorithms();
        assert_eq!(algorithms.cipher_to_server, name);
        assert_eq!(algorithms.cipher_to_client, name);
        let mac = if name.ends_with("-ctr") { "hmac-sha2-256-etm@openssh.com" } else { "implicit" };
        assert_eq!(algorithms.mac_to_server, mac);
        echo(&mut client, 3_000_000);
    }
}

#[test]
fn every_mac_carries_data_both_ways() {
    let sshd = Sshd::start("");
    for name in MACS.split(',') {
        let options = TransportOptions { macs: Some(name), ..options("aes128-ctr") };
        let mut client = Client::logged_in(sshd.address, &options);
        assert_eq!(client.transport.algorithms().mac_to_client, name);
        echo(&mut client, 300_000);
    }
}

#[test]
fn the_librarys_own_aes_gcm_works_where_ours_cannot_be_used() {
    let sshd = Sshd::start("");
    cipher::tests::STOCK.set(true);
    for name in ["aes128-gcm@openssh.com", "aes256-gcm@openssh.com"] {
        let mut client = Client::logged_in(sshd.address, &options(name));
        assert_eq!(client.transport.algorithms().cipher_to_server, name);
        echo(&mut client, 3_000_000);
    }
    cipher::tests::STOCK.set(false);
}

#[test]
fn compressed_data_come_back() {
    let sshd = Sshd::start("Compression yes");
    let options = TransportOptions { compression: true, ..TransportOptions::default() };
    let mut client = Client::logged_in(sshd.address, &options);
    assert_eq!(client.transport.algorithms().compression_to_server, "zlib@openssh.com");
    echo(&mut client, 3_000_000);
}

#[test]
fn data_flow_through_key_exchanges_of_the_server() {
    let sshd = Sshd::start("RekeyLimit 1M");
    for name in ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"] {
        let mut client = Client::logged_in(sshd.address, &options(name));
        echo(&mut client, 16 << 20);
        let rekeys = client.transport.rekeys();
        assert!(rekeys >= 10, "{name}: only {rekeys} key exchanges");
    }
}

#[test]
fn a_changed_byte_ends_the_session() {
    let sshd = Sshd::start("");
    for name in ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr"] {
        let mut client = Client::logged_in(sshd.address, &options(name));
        ping(&mut client);
        client.send(
            &[&[SSH_MSG_GLOBAL_REQUEST], &string("keepalive@openssh.com")[..], &[1]].concat(),
        );
        let mut bytes = client.intercept();
        bytes[10] ^= 1;
        client.receive(&bytes);
        let error = client.transport.next_packet().unwrap_err();
        assert!(matches!(error, TransportError::Integrity(_)), "{name}: {error:?}");
        assert_eq!(client.transport.next_packet().unwrap_err(), TransportError::Ended);
        assert_eq!(client.transport.send(&[2], &[]), Err(TransportError::Ended));
    }
}

#[test]
fn an_end_in_the_middle_of_a_packet_is_an_end() {
    let sshd = Sshd::start("");
    for (name, cut) in
        [("aes128-gcm@openssh.com", 3), ("aes128-gcm@openssh.com", 20), ("aes128-ctr", 20)]
    {
        let mut client = Client::logged_in(sshd.address, &options(name));
        assert_eq!(ping(&mut client)[0], SSH_MSG_REQUEST_FAILURE);
        client.send(
            &[&[SSH_MSG_GLOBAL_REQUEST], &string("keepalive@openssh.com")[..], &[1]].concat(),
        );
        let bytes = client.intercept();
        client.receive(&bytes[..cut]);
        assert!(client.transport.next_packet().unwrap().is_none());
        client.transport.end_of_input();
        assert_eq!(client.transport.next_packet().unwrap_err(), TransportError::Closed);
    }
}

#[test]
fn input_may_come_byte_by_byte() {
    let sshd = Sshd::start("");
    for name in ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes128-ctr"] {
        let mut client = Client::logged_in(sshd.address, &options(name));
        ping(&mut client);
        client.send(
            &[&[SSH_MSG_GLOBAL_REQUEST], &string("keepalive@openssh.com")[..], &[1]].concat(),
        );
        let bytes = client.intercept();
        let mut answer = None;
        for byte in bytes {
            client.receive(&[byte]);
            answer = client.next_packet().or(answer);
        }
        assert_eq!(answer.unwrap()[0], SSH_MSG_REQUEST_FAILURE);
    }
}

#[test]
fn our_farewell_reaches_the_server() {
    let sshd = Sshd::start("");
    let mut client = Client::logged_in(sshd.address, &TransportOptions::default());
    client.transport.disconnect("enough for today");
    client.write();
    sshd.wait_for_log("enough for today");
    assert_eq!(client.transport.next_packet().unwrap_err(), TransportError::Ended);
}

#[test]
fn the_servers_farewell_is_the_error() {
    let sshd = Sshd::start("MaxAuthTries 1");
    let mut client = Client::connect(sshd.address, &TransportOptions::default());
    let error = client.login(with_keys(&["stranger", "stranger", "stranger"]), Ok(()));
    let Err(LoginError::Transport(TransportError::Disconnected { reason, text })) = error else {
        panic!("{error:?}");
    };
    assert_eq!(reason, 2);
    assert!(text.contains("Too many authentication failures"), "{text}");
}

#[test]
fn nothing_in_common_is_said_with_both_lists() {
    let sshd = Sshd::start(
        "Ciphers chacha20-poly1305@openssh.com\nMACs hmac-sha2-512\nKexAlgorithms curve25519-sha256\n\
         HostKeyAlgorithms ssh-ed25519",
    );
    let chacha = options("chacha20-poly1305@openssh.com");
    let cases = [
        ("cipher", options("aes128-ctr"), "aes128-ctr", "chacha20-poly1305@openssh.com"),
        (
            "key exchange",
            TransportOptions { kex: Some("ecdh-sha2-nistp256"), ..chacha },
            "ecdh-sha2-nistp256",
            "curve25519-sha256",
        ),
        (
            "host key",
            TransportOptions { host_key_algorithms: Some("rsa-sha2-256"), ..chacha },
            "rsa-sha2-256",
            "ssh-ed25519",
        ),
    ];
    for (expected, options, mine, other) in cases {
        let mut client = Client::connect(sshd.address, &options);
        let error = client.login(with_keys(&["ed25519"]), Ok(())).unwrap_err();
        let LoginError::Transport(TransportError::NothingInCommon { kind, ours, theirs }) = error
        else {
            panic!("{expected}: {error:?}");
        };
        assert_eq!(kind, expected);
        assert_eq!(ours, mine);
        assert!(theirs.starts_with(other), "{theirs}");
    }
}

#[test]
fn names_nobody_knows_are_refused_before_anything_is_sent() {
    let error = Transport::new(&options("rot13")).unwrap_err();
    let expected = TransportError::UnknownAlgorithms { kind: "cipher", names: "rot13".into() };
    assert_eq!(error, expected);
}

#[test]
fn other_servers_are_recognised() {
    let greetings: [(&[u8], bool); 5] = [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n\0\0", false),
        (b"SSH-1.5-ancient\r\n", false),
        (b"220 FTP server ready\r\n", true),
        (b"", true),
        (b"SSH-2.0-broken\r\n\0\0\0\0\0\0\0\0\0\0\0\0", false),
    ];
    for (greeting, closes) in greetings {
        let server = serve_once(move |mut socket| {
            socket.write_all(greeting).unwrap();
            if !closes {
                // Until the client has seen enough and goes.
                let _ = socket.read_to_end(&mut Vec::new());
            }
        });
        let mut client = Client::connect(server, &TransportOptions::default());
        let error = client.login(with_keys(&["ed25519"]), Ok(())).unwrap_err();
        let LoginError::Transport(error) = error else { panic!("{error:?}") };
        match (closes, &error) {
            (true, TransportError::Closed) => {}
            (false, TransportError::NotSsh { .. } | TransportError::Protocol(_)) => {}
            _ => panic!("{}: {error:?}", String::from_utf8_lossy(greeting)),
        }
    }
}

#[test]
fn a_greeting_without_end_is_given_up() {
    let server =
        serve_once(|mut socket| while socket.write_all(b"please hold the line\r\n").is_ok() {});
    let mut client = Client::connect(server, &TransportOptions::default());
    let error = client.login(with_keys(&["ed25519"]), Ok(())).unwrap_err();
    let expected = TransportError::NotSsh { greeting: "please hold the line".into() };
    assert_eq!(error, LoginError::Transport(expected));
}

/// Downloads and uploads through the channel layer; the allocations of each once it has begun.
fn allocations_of_transfers(client: &mut Client) -> (u64, u64) {
    const SIZE: usize = 16 << 20;
    const BEGUN: usize = 4 << 20;
    let limits = Limits {
        channels: 4,
        initial_window: 1 << 20,
        max_window: 1 << 20,
        growth: 0,
        max_packet: 32_768,
        queued: 16,
    };
    let mut mux = Mux::<()>::new(limits);
    let source = serve_once(|mut socket| socket.write_all(&vec![7; SIZE]).unwrap());
    let (begun, all) = std::sync::mpsc::channel();
    let sink = serve_once(move |mut socket| {
        let count = std::io::copy(&mut socket, &mut std::io::sink()).unwrap();
        begun.send(count).unwrap();
    });
    let mut allocated = [0; 2];
    for (address, is_upload) in [(source, false), (sink, true)] {
        let target = Target { host: Host::Address(address.ip()), port: address.port() };
        let channel = mux.open_direct_tcpip((), &target, address).unwrap();
        let data = vec![9; 32_000];
        let (mut moved, mut before, mut is_open) = (0, None, false);
        while moved < SIZE {
            if moved >= BEGUN {
                before.get_or_insert_with(counting::allocations);
            }
            while is_upload && client.transport.output_len() < HIGH_WATER && moved < SIZE {
                let count = mux.send_room(channel).min(data.len());
                let Some(header) = mux.data_header(channel, count) else { break };
                assert_eq!(client.transport.send(&header, &data[..count]), Ok(Sent::Yes));
                moved += count;
            }
            while let Some(packet) = mux.next_packet() {
                assert_eq!(client.transport.send(&packet, &[]), Ok(Sent::Yes));
            }
            client.write();
            let Some(packet) = client.transport.next_packet().unwrap() else {
                if moved < SIZE {
                    client.wait_and_read();
                }
                continue;
            };
            match mux.input(client.transport.bytes(&packet)).unwrap() {
                Event::Data { id, data, .. } => {
                    moved += data.len();
                    mux.consumed(id, data.len());
                }
                Event::Opened { .. } => is_open = true,
                _ => {}
            }
        }
        assert!(is_open);
        allocated[usize::from(is_upload)] = counting::allocations() - before.unwrap();
        mux.send_eof(channel);
    }
    while let Some(packet) = mux.next_packet() {
        assert_eq!(client.transport.send(&packet, &[]), Ok(Sent::Yes));
    }
    while client.transport.output_len() > 0 {
        client.wait_and_read();
    }
    assert!(all.recv_timeout(DEADLINE).unwrap() >= SIZE as u64);
    (allocated[0], allocated[1])
}

/// Twelve megabytes are some 380 packets each way, and as many calls of a socket.
#[test]
fn packets_need_no_memory_of_their_own() {
    let sshd = Sshd::start("");
    for name in ["aes128-gcm@openssh.com", "chacha20-poly1305@openssh.com", "aes256-ctr"] {
        let mut client = Client::logged_in(sshd.address, &options(name));
        let (down, up) = allocations_of_transfers(&mut client);
        assert!(down < 20 && up < 20, "{name}: {down} down, {up} up");
    }
    // What libssh2 has to see is counted, too.
    let options = TransportOptions { macs: Some("hmac-sha2-256"), ..options("aes256-ctr") };
    let mut client = Client::logged_in(sshd.address, &options);
    let (down, _) = allocations_of_transfers(&mut client);
    assert!(down > 300, "{down}");
}

#[test]
fn packets_go_past_libssh2_unless_it_has_to_see_them() {
    let sshd = Sshd::start("Compression yes");
    let direct = |options: &TransportOptions<'_>| {
        let mut client = Client::logged_in(sshd.address, options);
        ping(&mut client);
        client.transport.session.io().is_direct()
    };
    for name in ["aes256-gcm@openssh.com", "chacha20-poly1305@openssh.com"] {
        assert!(direct(&options(name)), "{name}");
    }
    for (mac, expected) in [("hmac-sha2-512-etm@openssh.com", true), ("hmac-sha2-512", false)] {
        let options = TransportOptions { macs: Some(mac), ..options("aes192-ctr") };
        assert_eq!(direct(&options), expected, "{mac}");
    }
    let compressed = TransportOptions { compression: true, ..TransportOptions::default() };
    assert!(!direct(&compressed));
}

#[test]
fn the_host_key_is_shown_with_its_type() {
    let sshd = Sshd::start("");
    let mut client = Client::connect(sshd.address, &TransportOptions::default());
    assert_eq!(client.transport.host_key(), None);
    let step = client.login(with_keys(&["ed25519"]), Ok(()));
    assert!(matches!(step, Ok(LoginStep::Done { method: "publickey", .. })), "{step:?}");
    let (blob, name) = client.transport.host_key().unwrap();
    assert_eq!(name, "ssh-ed25519");
    let line = &crate::ssh::test_support::key("ed25519").public;
    let encoded = openssl::base64::encode_block(blob);
    assert_eq!(line.split(' ').nth(1), Some(&*encoded));
    assert!(client.transport.server_banner().starts_with("SSH-2.0-OpenSSH"));
}

#[test]
fn a_length_that_is_not_whole_blocks_ends_the_session_and_not_the_process() {
    let sshd = Sshd::start("Ciphers +aes256-cbc");
    // OpenSSL's CBC for s390x without crypto instructions, as under QEMU, crashes when it encrypts.
    let ciphers = ["aes128-ctr", "aes256-cbc"];
    let tried = if cfg!(target_arch = "s390x") { &ciphers[..1] } else { &ciphers[..] };
    for name in tried {
        let plain_mac = TransportOptions { macs: Some("hmac-sha2-256"), ..options(name) };
        let mut client = Client::logged_in(sshd.address, &plain_mac);
        echo(&mut client, 100_000);
        client.send(
            &[&[SSH_MSG_GLOBAL_REQUEST], &string("keepalive@openssh.com")[..], &[1]].concat(),
        );
        let mut bytes = client.intercept();
        // The last bit of the length, or with CBC the whole first block.
        bytes[3] ^= 1;
        bytes.extend([0; 40_000]);
        client.receive(&bytes);
        let error = client.transport.next_packet().unwrap_err();
        assert!(matches!(error, TransportError::Integrity(_)), "{name}: {error:?}");
    }
}
