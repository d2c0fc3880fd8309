//! What becomes of packets, before and after the login, and how libssh2 gets them.

use super::super::agreement::Kind;
use super::super::allowance;
use super::super::messages::REASON_LIMIT;
use super::number::CHANNEL_DATA;
use super::*;

/// KEXINIT with these ciphers in both directions.
fn kexinit(ciphers: &str) -> Vec<u8> {
    let mut message = vec![number::KEXINIT];
    message.extend([0; 16]);
    for names in ["k", "h", ciphers, ciphers, "m", "m", "none", "none"] {
        message.extend(u32::try_from(names.len()).unwrap().to_be_bytes());
        message.extend(names.as_bytes());
    }
    message
}

/// Before the login, and knows these ciphers.
fn offering(ciphers: &str) -> Io {
    let mut io = Io::new();
    for direction in [Direction::Seal, Direction::Open] {
        io.agreement.offer(Kind::Cipher, direction, ciphers);
    }
    io
}

/// The packets of one key exchange.
fn exchange(io: &mut Io) {
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Pass);
    assert!(io.rekeying());
    assert_eq!(io.arrived(&[31]), Arrival::Pass);
    assert_eq!(io.arrived(&[21]), Arrival::Pass);
    assert!(!io.rekeying());
}

fn open() -> Io {
    let mut io = offering("c,d");
    exchange(&mut io);
    io.open(false);
    io
}

#[test]
fn before_login_packets_are_libssh2s_and_of_limited_number() {
    let mut io = Io::new();
    for _ in 0..LOGIN_PACKETS {
        assert_eq!(io.arrived(&[53, 0, 0, 0, 0]), Arrival::Pass);
    }
    assert_eq!(io.arrived(&[53, 0, 0, 0, 0]), Arrival::Refuse);
    assert!(io.violation.is_some());
    assert_eq!(Io::new().arrived(&[CHANNEL_DATA]), Arrival::Refuse);
    assert_eq!(Io::new().arrived(&[]), Arrival::Refuse);
}

/// libssh2 would keep them all.
#[test]
fn before_login_their_bytes_are_limited() {
    let mut io = Io::new();
    let banner = vec![53; 30_000];
    let passed = (0..LOGIN_PACKETS).take_while(|_| io.arrived(&banner) == Arrival::Pass);
    assert_eq!(passed.count(), LOGIN_BYTES / 30_000);
    assert_eq!(io.violation, Some("too much data before the end of the login"));
}

#[test]
fn key_exchanges_do_not_follow_each_other_for_ever() {
    let mut io = open();
    for _ in 1..allowance::AT_ONCE {
        exchange(&mut io);
    }
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Refuse);
    assert_eq!(io.violation, Some("one key exchange after another"));
    // With data between them they may.
    let mut io = open();
    for _ in 0..3 * allowance::AT_ONCE {
        io.input.space();
        io.input.filled(allowance::BYTES_EACH as usize);
        io.input.consume(allowance::BYTES_EACH as usize);
        exchange(&mut io);
    }
}

#[test]
fn decompressed_messages_are_bounded_each_and_together() {
    const IGNORE: u8 = number::IGNORE;
    assert_eq!(open().arrived(&[IGNORE; LONGEST_MESSAGE]), Arrival::Pass);
    assert_eq!(open().arrived(&[IGNORE; LONGEST_MESSAGE + 1]), Arrival::Refuse);
    let passed = |io: &mut Io, kind: u8, expected| {
        let message = vec![kind; 10_000];
        (0..1000).take_while(|_| io.arrived(&message) == expected).count()
    };
    let most = UNPACKED_BYTES as usize / 10_000;
    assert_eq!(passed(&mut open(), IGNORE, Arrival::Pass), most);
    let mut io = open();
    io.input.space();
    io.input.filled(200_000);
    assert_eq!(passed(&mut io, IGNORE, Arrival::Pass), most + 20);
    // Windows are for data.
    let mut io = open();
    for _ in 0..1000 {
        assert_eq!(io.arrived(&[CHANNEL_DATA; 30_000]), Arrival::Take);
        io.inbox.clear();
    }
}

#[test]
fn after_login_libssh2_sees_only_what_it_consumes() {
    let mut io = open();
    for kind in 0..=u8::MAX {
        let expected = match kind {
            1 | 2 | 4 | 7 => Arrival::Pass,
            20 | 21 | 30..=49 => continue,
            _ => Arrival::Take,
        };
        assert_eq!(io.arrived(&[kind]), expected, "{kind}");
    }
}

#[test]
fn a_key_exchange_begins_with_kexinit_and_ends_with_newkeys() {
    let mut io = open();
    for _ in 0..3 {
        let before = io.rekeys;
        assert_eq!(io.arrived(&kexinit("c")), Arrival::Pass);
        assert!(io.rekeying());
        assert!(io.passed(20, true), "waits for more");
        assert_eq!(io.arrived(&[2]), Arrival::Pass);
        assert!(io.passed(2, false));
        assert_eq!(io.arrived(&[31]), Arrival::Pass);
        assert_eq!(io.arrived(&[21]), Arrival::Pass);
        assert!(!io.rekeying());
        assert_eq!(io.rekeys, before + 1);
    }
}

#[test]
fn a_key_exchange_that_libssh2_gave_up_ends_the_session() {
    let mut io = open();
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Pass);
    assert!(!io.passed(20, false));
    assert!(io.violation.is_some());
}

#[test]
fn packets_of_a_key_exchange_have_their_place_and_their_number() {
    assert_eq!(open().arrived(&[21]), Arrival::Refuse);
    assert_eq!(open().arrived(&[31]), Arrival::Refuse);
    let mut io = open();
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Pass);
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Refuse);
    let mut io = open();
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Pass);
    let passed = (0..100).take_while(|_| io.arrived(&[31]) == Arrival::Pass).count();
    assert!(passed < 20, "{passed}");
}

#[test]
fn before_login_it_is_the_same() {
    let mut io = offering("c");
    for packet in [&[21][..], &[31]] {
        assert_eq!(Io::new().arrived(packet), Arrival::Refuse);
    }
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Pass);
    assert!(io.passed(20, false), "libssh2 is in the key exchange already");
    assert_eq!(io.arrived(&[21]), Arrival::Refuse, "too early");
    let mut io = offering("c");
    exchange(&mut io);
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Pass);
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Refuse);
    let mut io = offering("c");
    exchange(&mut io);
    assert_eq!(io.arrived(&kexinit("c")), Arrival::Pass);
    assert!(!io.passed(20, false), "libssh2 gave it up");
}

#[test]
fn new_keys_are_for_the_same_algorithms() {
    let mut io = open();
    exchange(&mut io);
    assert_eq!(io.arrived(&kexinit("d,c")), Arrival::Pass, "c is preferred");
    for ciphers in ["d", ""] {
        assert_eq!(open().arrived(&kexinit(ciphers)), Arrival::Refuse, "{ciphers}");
    }
    let cut = kexinit("c");
    for end in 1..cut.len() {
        assert_eq!(open().arrived(&cut[..end]), Arrival::Refuse, "{end}");
    }
    let mut endless = cut;
    endless.resize(KEXINIT_LIMIT + 2, 0);
    assert_eq!(open().arrived(&endless), Arrival::Refuse);
}

#[test]
fn libssh2_gets_no_packet_that_is_too_long() {
    for (length, fits) in [(34_996_u32, true), (34_997, false), (40_000, false)] {
        let mut io = Io::new();
        let mut sent = length.to_be_bytes().to_vec();
        sent.resize(50_000, 0);
        io.input.space()[..sent.len()].copy_from_slice(&sent);
        io.input.filled(sent.len());
        assert!(io.may_go_on());
        assert_eq!(io.for_library(35_000), fits.then_some(35_000), "{length}");
        assert_eq!(io.violation.is_some(), !fits);
    }
}

#[test]
fn a_farewell_is_kept_even_when_it_is_cut_short() {
    let farewell = |content: &[u8]| {
        let mut io = open();
        assert_eq!(io.arrived(content), Arrival::Pass);
        io.disconnect.unwrap()
    };
    let text = [1, 0, 0, 0, 11, 0, 0, 0, 3, b'b', b'y', b'e', 0, 0, 0, 0];
    assert_eq!(farewell(&text), Disconnect { reason: 11, text: "bye".into() });
    for end in 1..12 {
        assert_eq!(farewell(&text[..end]), Disconnect { reason: 0, text: String::new() });
    }
    let mut endless = vec![1, 0, 0, 0, 11, 0, 0, 0x10, 0];
    endless.resize(5000, b'x');
    assert_eq!(farewell(&endless).text.len(), REASON_LIMIT);
}

#[test]
fn a_refusal_is_read_even_when_it_is_malformed() {
    let refusal = |content: &[u8]| {
        let mut io = Io::new();
        assert_eq!(io.arrived(content), Arrival::Pass);
        io.auth_failure.unwrap()
    };
    let good = [51, 0, 0, 0, 3, b'a', b',', b'b', 1];
    assert_eq!(refusal(&good), AuthFailure { methods: "a,b".into(), partial: true });
    for end in 1..good.len() {
        assert_eq!(refusal(&good[..end]), AuthFailure { methods: String::new(), partial: false });
    }
}

#[test]
fn only_hidden_prompts_get_the_password_and_none_for_a_new_one() {
    let mut io = Io::new();
    assert_eq!(io.answer(b"Password: ", false), None);
    io.password = Some(Zeroizing::new("secret".into()));
    assert_eq!(io.answer(b"Password: ", false), Some("secret"));
    assert_eq!(io.answer(b"User: ", true), None);
    assert!(!io.change_demanded);
    assert_eq!(io.answer(b"Enter NEW Unix password: ", false), None);
    assert!(io.change_demanded);
}
