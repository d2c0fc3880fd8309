//! [`KnownHosts::parse`]: a line that cannot be used takes no other line with it, and no key is
//! accepted that is not there.

use std::net::Ipv4Addr;
use std::sync::Arc;

use zoxy::config::StrictHostKey;
use zoxy::ssh::hostkey::{Fingerprint, HostKeys, KnownHosts, LearnedKeys, Place, Refusal, Verdict};

use crate::pieces::is_one_line;

/// The input is a file.
pub fn run(data: &[u8]) {
    let lines = data.iter().filter(|byte| **byte == b'\n').count() + 1;
    let (known, problems) = KnownHosts::parse(data, "file");
    assert!(problems.len() <= lines);
    for problem in &problems {
        let Place::Line { line, .. } = problem.place else { panic!("not a place in the file") };
        assert!((1..=lines).contains(&line));
        assert!(is_one_line(&problem.to_string()), "{problem}");
    }
    let keys = keys_of(known);
    for host in ["server.example", "10.1.2.3", "::1", "[", "", "*"] {
        for port in [22, 2222] {
            let Verdict::Refused(refusal) = keys.check(host, port, &stranger()) else {
                panic!("{host}: a key that is nowhere is accepted");
            };
            // A log line, whatever the names and types in the file are.
            assert!(!refusal.to_string().contains(['\n', '\r', '\x1b', '\0']), "{refusal}");
            keys.algorithms_for(host, port);
        }
    }
    a_line_behind(data);
}

/// A line that can be used is, whatever stands before it.
fn a_line_behind(data: &[u8]) {
    let key = openssl::base64::encode_block(&stranger());
    let line = format!("\nserver.example ssh-ed25519 {key}\n");
    let (known, _) = KnownHosts::parse(&[data, line.as_bytes()].concat(), "file");
    let verdict = keys_of(known).check("server.example", 22, &stranger());
    let revoked = matches!(&verdict, Verdict::Refused(Refusal::Revoked { .. }));
    let expected = matches!(&verdict, Verdict::Accepted(Place::Line { .. }));
    let may_be_revoked = data.windows(8).any(|window| window == b"@revoked");
    assert!(expected || (revoked && may_be_revoked), "{verdict:?}");
}

fn keys_of(known: KnownHosts) -> HostKeys {
    HostKeys::new(Vec::new(), known, StrictHostKey::Yes, Arc::new(LearnedKeys::default()))
}

/// An ed25519 key that no input has: it is not known to libFuzzer as base64.
fn stranger() -> Vec<u8> {
    let mut key = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
    let seed = Ipv4Addr::new(203, 0, 113, 77).octets();
    key.extend((0..32_u8).map(|number| number.wrapping_mul(151) ^ seed[usize::from(number % 4)]));
    assert!(is_one_line(&Fingerprint::of(&key).to_string()));
    key
}
