use super::*;

/// What a whole exchange came to, without the byte counts.
#[derive(Debug, PartialEq, Eq)]
struct Exchange {
    sent: Vec<u8>,
    login: Option<(Vec<u8>, Vec<u8>)>,
    end: End,
}

#[derive(Debug, PartialEq, Eq)]
enum End {
    Request(Request, Vec<u8>),
    Refused(Refusal),
    Starved,
}

/// Feeds `input` in two pieces, or byte by byte if `split` is None; answers a login with `accept`.
fn run(authenticate: bool, accept: bool, input: &[u8], split: Option<usize>) -> Exchange {
    let mut negotiation = Negotiation::new(authenticate);
    let mut exchange = Exchange { sent: Vec::new(), login: None, end: End::Starved };
    let mut buffer = Vec::new();
    let pieces: Vec<&[u8]> = match split {
        Some(at) => vec![&input[..at], &input[at..]],
        None => input.chunks(1).collect(),
    };
    let mut pieces = pieces.into_iter();
    while let Some(piece) = pieces.next() {
        buffer.extend_from_slice(piece);
        loop {
            match negotiation.advance(&buffer) {
                Progress::NeedMore => {
                    assert!(buffer.len() < MAX_MESSAGE, "a full buffer must come to a verdict");
                    break;
                }
                Progress::Reply { consumed, bytes } => {
                    exchange.sent.extend_from_slice(&bytes);
                    buffer.drain(..consumed);
                }
                Progress::Login { consumed, user, password } => {
                    exchange.login = Some((user, password.to_vec()));
                    buffer.drain(..consumed);
                    exchange.sent.extend_from_slice(&negotiation.login_result(accept));
                    if !accept {
                        return exchange;
                    }
                }
                Progress::Request { consumed, request } => {
                    buffer.drain(..consumed);
                    pieces.for_each(|piece| buffer.extend_from_slice(piece));
                    exchange.end = End::Request(request, buffer);
                    return exchange;
                }
                Progress::Refuse { bytes, why } => {
                    exchange.sent.extend_from_slice(&bytes);
                    exchange.end = End::Refused(why);
                    return exchange;
                }
            }
        }
    }
    exchange
}

/// Runs with every split in two and byte by byte; all must agree.
fn run_all(authenticate: bool, input: &[u8]) -> Exchange {
    let whole = run(authenticate, true, input, Some(input.len()));
    for split in 0..input.len() {
        assert_eq!(run(authenticate, true, input, Some(split)), whole, "split at {split}");
    }
    assert_eq!(run(authenticate, true, input, None), whole, "byte by byte");
    whole
}

fn request(version: Version, host: &str, port: u16, user_id: Option<&str>) -> Request {
    let host = match host.parse() {
        Ok(address) => Host::Address(address),
        Err(_) => Host::Name(host.into()),
    };
    let target = Target { host, port };
    Request { version, command: Command::Connect, target, user_id: user_id.map(Into::into) }
}

fn granted(authenticate: bool, input: &[u8]) -> (Vec<u8>, Request, Vec<u8>) {
    let exchange = run_all(authenticate, input);
    match exchange.end {
        End::Request(request, early) => (exchange.sent, request, early),
        end => panic!("{end:?} for {input:02x?}"),
    }
}

fn refused(authenticate: bool, input: &[u8]) -> (Vec<u8>, Refusal) {
    let exchange = run_all(authenticate, input);
    match exchange.end {
        End::Refused(why) => (exchange.sent, why),
        end => panic!("{end:?} for {input:02x?}"),
    }
}

const V4_REFUSED: &[u8] = b"\x00\x5b\0\0\0\0\0\0";

fn v5_refused(code: u8) -> Vec<u8> {
    vec![5, 0, 5, code, 0, 1, 0, 0, 0, 0, 0, 0]
}

#[test]
fn version_4_with_and_without_user_id() {
    let (sent, got, early) = granted(false, b"\x04\x01\x00\x15\xc0\x00\x02\x07\0");
    assert_eq!((sent, early), (vec![], vec![]));
    assert_eq!(got, request(Version::V4, "192.0.2.7", 21, None));
    let (_, got, _) = granted(false, b"\x04\x01\x00\x15\xc0\x00\x02\x07IBMUSER\0");
    assert_eq!(got, request(Version::V4, "192.0.2.7", 21, Some("IBMUSER")));
    let (_, got, _) = granted(false, b"\x04\x01\x00\x15\xc0\x00\x02\x07\xc9\xc2\0");
    assert_eq!(got.user_id.as_deref(), Some("\u{fffd}\u{fffd}"));
}

#[test]
fn version_4a_carries_a_name_and_early_data() {
    let (_, got, early) = granted(false, b"\x04\x01\x00\x15\0\0\0\x01me\0Host.Example\0USER x\r\n");
    assert_eq!(got, request(Version::V4, "host.example", 21, Some("me")));
    assert_eq!(early, b"USER x\r\n");
    let (_, got, _) = granted(false, b"\x04\x01\x00\x15\0\0\0\xff\x0010.0.0.1\0");
    assert_eq!(got, request(Version::V4, "10.0.0.1", 21, None));
}

#[test]
fn version_4_fields_end_at_255_bytes() {
    let long = |user: usize, name: usize| {
        [b"\x04\x01\x00\x15\0\0\0\x01", &vec![b'u'; user][..], b"\0", &vec![b'n'; name][..], b"\0"]
            .concat()
    };
    assert_eq!(long(255, 255).len(), MAX_MESSAGE);
    let (_, got, _) = granted(false, &long(255, 255));
    assert_eq!(got, request(Version::V4, &"n".repeat(255), 21, Some(&"u".repeat(255))));
    assert_eq!(refused(false, &long(256, 1)), (V4_REFUSED.into(), Refusal::TooLong("user ID")));
    assert_eq!(refused(false, &long(1, 256)), (V4_REFUSED.into(), Refusal::TooLong("host name")));
}

#[test]
fn version_4_refusals() {
    let v4 = Version::V4;
    for (input, why) in [
        (&b"\x04\x03\x00\x15\xc0\x00\x02\x07\0"[..], Refusal::UnknownCommand(v4, 3)),
        (b"\x04\x01\x00\x15\0\0\0\x01\0\0", Refusal::BadName(v4)),
        (b"\x04\x01\x00\x15\0\0\0\x01\0a b\0", Refusal::BadName(v4)),
        (
            b"\x04\x01\x00\x00\xc0\x00\x02\x07\0",
            Refusal::NoTarget(v4, request(v4, "192.0.2.7", 0, None).target),
        ),
        (
            b"\x04\x01\x00\x15\x00\x00\x00\x00\0",
            Refusal::NoTarget(v4, request(v4, "0.0.0.0", 21, None).target),
        ),
    ] {
        assert_eq!(refused(false, input), (V4_REFUSED.into(), why));
    }
    let input = b"\x04\x01\x00\x15\xc0\x00\x02\x07\0";
    assert_eq!(refused(true, input), (V4_REFUSED.into(), Refusal::PasswordImpossible));
}

#[test]
fn version_5_with_each_address_type() {
    let v5 = Version::V5;
    for (address, host) in [
        (&b"\x01\xc0\x00\x02\x07"[..], "192.0.2.7"),
        (b"\x03\x0cHost.Example", "host.example"),
        (b"\x03\x08127.0.01", "127.0.0.1"),
        (b"\x04\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07", "2001:db8::7"),
        (b"\x04\0\0\0\0\0\0\0\0\0\0\xff\xff\xc0\x00\x02\x07", "192.0.2.7"),
    ] {
        let input = [b"\x05\x01\x00\x05\x01\x00", address, b"\x00\x15early"].concat();
        let (sent, got, early) = granted(false, &input);
        assert_eq!(sent, [5, 0]);
        assert_eq!(got, request(v5, host, 21, None));
        assert_eq!(early, b"early");
    }
    let name = "n".repeat(255);
    let input = [b"\x05\x02\x02\x00\x05\x01\x00\x03\xff", name.as_bytes(), b"\x00\x15"].concat();
    assert_eq!(granted(false, &input).1, request(v5, &name, 21, None));
}

#[test]
fn version_5_with_password() {
    let input = b"\x05\x02\x00\x02\x01\x04user\x06secret\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x15x";
    let exchange = run_all(true, input);
    assert_eq!(exchange.sent, [5, 2, 1, 0]);
    assert_eq!(exchange.login, Some((b"user".to_vec(), b"secret".to_vec())));
    let want = request(Version::V5, "192.0.2.7", 21, None);
    assert_eq!(exchange.end, End::Request(want, b"x".to_vec()));

    let exchange = run(true, false, input, None);
    assert_eq!(exchange.sent, [5, 2, 1, 1]);
    assert_eq!(exchange.end, End::Starved);
}

#[test]
fn longest_login_fits_the_buffer() {
    let input = [b"\x05\x01\x02\x01\xff", &[b'u'; 255][..], b"\xff", &[b'p'; 255]].concat();
    let exchange = run(true, true, &input, None);
    assert_eq!(exchange.login, Some((vec![b'u'; 255], vec![b'p'; 255])));
    let methods = [&[5, 255][..], &[9; 254], &[0]].concat();
    assert_eq!(run(false, true, &methods, None).sent, [5, 0]);
}

#[test]
fn data_ahead_of_the_login_result_waits() {
    let mut negotiation = Negotiation::new(true);
    assert!(matches!(negotiation.advance(b"\x05\x01\x02"), Progress::Reply { consumed: 3, .. }));
    let input = b"\x01\x01u\x01p\x05\x01";
    assert!(matches!(negotiation.advance(input), Progress::Login { consumed: 5, .. }));
    assert_eq!(negotiation.advance(b"\x05\x01"), Progress::NeedMore);
    assert_eq!(&negotiation.login_result(true)[..], [1, 0]);
    let rest = b"\x05\x01\x00\x01\xc0\x00\x02\x07\x00\x15";
    assert!(matches!(negotiation.advance(rest), Progress::Request { consumed: 10, .. }));
    assert_eq!(negotiation.advance(b"more"), Progress::NeedMore);
}

#[test]
fn version_5_refusals() {
    let v5 = Version::V5;
    let none = vec![5, 0xff];
    for (authenticate, input, sent, why) in [
        (false, &b"\x05\x00"[..], none.clone(), Refusal::NoMethod { authenticate: false }),
        (false, b"\x05\x02\x01\x02", none.clone(), Refusal::NoMethod { authenticate: false }),
        (true, b"\x05\x02\x00\x01", none, Refusal::NoMethod { authenticate: true }),
        (
            true,
            b"\x05\x01\x02\x05",
            vec![5, 2, 1, 1],
            Refusal::WrongVersion { expected: 1, found: 5 },
        ),
    ] {
        assert_eq!(refused(authenticate, input), (sent, why));
    }
    for (message, code, why) in [
        (&b"\x04\x01\x00"[..], 1, Refusal::WrongVersion { expected: 5, found: 4 }),
        (b"\x05\x03\x00\x01\0\0\0\0\0\0", 7, Refusal::Command(v5, Command::UdpAssociate)),
        (b"\x05\xf0\x00\x01\0\0\0\0\0\0", 7, Refusal::UnknownCommand(v5, 0xf0)),
        (b"\x05\x01\x00\x02", 8, Refusal::AddressType(2)),
        (b"\x05\x01\x00\x00", 8, Refusal::AddressType(0)),
        (b"\x05\x01\x00\x03\x00\x00\x15", 1, Refusal::BadName(v5)),
        (b"\x05\x01\x00\x03\x02a\0\x00\x15", 1, Refusal::BadName(v5)),
        (
            b"\x05\x01\x00\x03\x01a\x00\x00",
            1,
            Refusal::NoTarget(v5, request(v5, "a", 0, None).target),
        ),
        (
            b"\x05\x01\x00\x04\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x00\x15",
            1,
            Refusal::NoTarget(v5, request(v5, "::", 21, None).target),
        ),
    ] {
        let input = [b"\x05\x01\x00", message].concat();
        assert_eq!(refused(false, &input), (v5_refused(code), why));
    }
}

#[test]
fn strangers_are_closed_without_an_answer() {
    for input in [&b"GET / HTTP/1.0\r\n"[..], b"\x16\x03\x01", b"\0", b"\xff", b"SSH-2.0-x"] {
        for authenticate in [false, true] {
            let exchange = run(authenticate, true, input, None);
            assert_eq!(exchange.sent, [0; 0]);
            assert!(matches!(exchange.end, End::Refused(Refusal::NotSocks(_))));
        }
    }
}

#[test]
fn refusals_read_well() {
    let why = Refusal::Command(Version::V5, Command::UdpAssociate);
    assert_eq!(why.to_string(), "SOCKS5 command UDP ASSOCIATE is not supported");
    let (_, why) = refused(false, b"\x04\x01\x00\x00\xc0\x00\x02\x07\0");
    assert_eq!(why.to_string(), "SOCKS4 target 192.0.2.7:0 cannot be connected to");
}

#[test]
fn a_password_never_shows_in_debug_output() {
    let mut negotiation = Negotiation::new(true);
    negotiation.advance(b"\x05\x01\x02");
    let progress = negotiation.advance(b"\x01\x01u\x06secret");
    assert!(!format!("{progress:?}").contains(&format!("{:?}", b"secret")));
}

#[test]
fn random_bytes_never_panic_and_every_split_agrees() {
    let mut seed: u64 = 0x5eed_50c5;
    let mut random = move || {
        // xorshift64
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for round in 0..4000 {
        let length = (random() % 48) as usize;
        let mut input: Vec<u8> = (0..length).map(|_| (random() % 8) as u8).collect();
        let opening: &[u8] = match round % 4 {
            0 => b"\x04\x01",
            1 => b"\x05\x01\x00\x05\x01\x00",
            2 => b"\x05\x01\x02\x01",
            _ => b"",
        };
        input.splice(..0, opening.iter().copied());
        run_all(round % 8 > 3, &input);
    }
    for _ in 0..400 {
        let input: Vec<u8> = (0..2 * MAX_MESSAGE).map(|_| random() as u8).collect();
        for first in [0x04, 0x05] {
            let input = [&[first], &input[..]].concat();
            run(first == 5, true, &input, None);
        }
    }
}

#[test]
fn bind_may_name_no_host() {
    for (input, version, host, port) in [
        (&b"\x04\x02\x00\x15\xc0\x00\x02\x07\0"[..], Version::V4, "192.0.2.7", 21),
        (b"\x04\x02\x00\x00\0\0\0\0\0", Version::V4, "0.0.0.0", 0),
    ] {
        let mut negotiation = Negotiation::new(false);
        let Progress::Request { request: got, .. } = negotiation.advance(input) else {
            panic!("no request");
        };
        let expected = request(version, host, port, None).target;
        assert_eq!((got.command, got.target), (Command::Bind, expected));
    }
}
