use std::path::Path;

use super::*;

const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDY8zGBxRSy6rL3jx4RCAaxOoUbYjm56BmYFkVG5Ho1C";
const ED25519_OTHER: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIF/xdqHTkiIqBAjJHnXT8ybPl4yOR0PKMV7Mkkadpwfq";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBOp6DUrqV80qO/jIH22u7fmsVm5qUmApSPliF0W+j/1wv1+s/EvJ8R2zdEVXjBNo0KZri12RDPhKncdgyZBRr2w=";

fn blob(line: &str) -> Vec<u8> {
    openssl::base64::decode_block(line.split(' ').nth(1).unwrap()).unwrap()
}

fn keys(text: &str, strict: StrictHostKey) -> HostKeys {
    let (known, problems) = KnownHosts::parse(text.as_bytes(), "kh");
    assert_eq!(problems, []);
    HostKeys::new(Vec::new(), known, strict, Arc::default())
}

fn strict(text: &str) -> HostKeys {
    keys(text, StrictHostKey::Yes)
}

fn line(line: usize) -> Verdict {
    Verdict::Accepted(Place::Line { source: "kh".into(), line })
}

fn is_unknown(verdict: &Verdict) -> bool {
    matches!(verdict, Verdict::Refused(Refusal::Unknown { .. }))
}

/// Asserts which of the names are known on port 22.
fn assert_names(hosts: &str, known: &[&str], unknown: &[&str]) {
    let keys = strict(&format!("{hosts} {ED25519}"));
    for name in known {
        assert_eq!(keys.check(name, 22, &blob(ED25519)), line(1), "{hosts} knows {name}");
    }
    for name in unknown {
        assert!(is_unknown(&keys.check(name, 22, &blob(ED25519))), "{hosts} does not know {name}");
    }
}

#[test]
fn names_lists_and_patterns() {
    assert_names(
        "a.example",
        &["a.example", "A.Example"],
        &["b.example", "xa.example", "a.example.x"],
    );
    assert_names("A.Example,192.0.2.7", &["a.example", "192.0.2.7"], &["192.0.2.70"]);
    assert_names(
        "*.example",
        &["a.example", "a.b.example", ".example"],
        &["example", "a.example.x"],
    );
    assert_names("a?c*,x*y*z", &["abc", "abcd", "xyz", "x-y-y-z"], &["ac", "xy", "xzy"]);
    assert_names("*.example,!bad.example", &["a.example"], &["bad.example"]);
    assert_names("!bad.example,*.example", &["a.example"], &["bad.example"]);
    assert_names("!*", &[], &["a"]);
    assert_names("**", &["a", ""], &[]);
}

#[test]
fn another_port_is_another_server() {
    let text = format!("h {ED25519}\n[h]:2222 {ECDSA}\n[2001:db8::1]:2222 {ECDSA}");
    let keys = strict(&text);
    assert_eq!(keys.check("h", 22, &blob(ED25519)), line(1));
    assert_eq!(keys.check("H", 2222, &blob(ECDSA)), line(2));
    assert_eq!(keys.check("2001:db8::1", 2222, &blob(ECDSA)), line(3));
    let verdict = keys.check("h", 23, &blob(ED25519));
    assert!(matches!(verdict, Verdict::Refused(Refusal::Unknown { name, .. }) if name == "[h]:23"));
}

#[test]
fn an_address_is_known_however_it_is_spelled() {
    let keys = strict(&format!("2001:db8::1 {ED25519}\n[192.0.2.7]:24 {ED25519}"));
    assert_eq!(keys.check("2001:DB8:0:0::1", 22, &blob(ED25519)), line(1));
    assert_eq!(keys.check("::ffff:192.0.2.7", 24, &blob(ED25519)), line(2));
}

#[test]
fn hashed_names() {
    // Made by ssh-keygen -H from known.example and [known.example]:2222.
    let keys = strict(&format!(
        "|1|oynG/hd6aw1uBXMZ1bjiXVOGGDE=|WUEcprAEInysHSzE4lLm2o2gnY0= {ED25519}\n\
         |1|9fB+wY6wJvNA1Hgrv+mmGXN9LVo=|sR/lU5SXPbD4Zljfrn5qKMLHqk8= {ECDSA}\n"
    ));
    assert_eq!(keys.check("Known.example", 22, &blob(ED25519)), line(1));
    assert_eq!(keys.check("known.example", 2222, &blob(ECDSA)), line(2));
    assert!(is_unknown(&keys.check("other.example", 22, &blob(ED25519))));
}

#[test]
fn a_changed_key_names_both_fingerprints_and_the_place() {
    for strict in [StrictHostKey::Yes, StrictHostKey::New] {
        let keys = keys(&format!("# comment\n\nh {ED25519}\n"), strict);
        let Verdict::Refused(why) = keys.check("h", 22, &blob(ED25519_OTHER)) else { panic!() };
        assert!(matches!(why, Refusal::Changed { .. }));
        assert_eq!(
            why.to_string(),
            "the host key is not the known one: it shows \
             ssh-ed25519 SHA256:JAQLFyHdDTlG9iw77pq2M+2+ihd96TBAYIhFa/nGnaA, expected \
             ssh-ed25519 SHA256:x31Xx3A/U+lFakcSBPa821sL7soaiA1Vy6BosDYq3aQ (kh:3)"
        );
    }
}

#[test]
fn one_of_several_keys_is_enough() {
    let keys = strict(&format!("h {ED25519_OTHER}\nh {ECDSA}\nh {ED25519}"));
    assert_eq!(keys.check("h", 22, &blob(ED25519)), line(3));
    assert_eq!(keys.algorithms_for("h", 22), Some(vec!["ssh-ed25519", "ecdsa-sha2-nistp256"]));
    assert_eq!(keys.algorithms_for("x", 22), None);
}

#[test]
fn a_key_of_another_type_only_is_refused_and_said() {
    for strict in [StrictHostKey::Yes, StrictHostKey::New] {
        let verdict = keys(&format!("h {ECDSA}"), strict).check("h", 22, &blob(ED25519));
        let Verdict::Refused(why @ Refusal::OtherType { .. }) = verdict else {
            panic!("{verdict:?}")
        };
        assert!(why.to_string().contains("other types only"));
    }
}

#[test]
fn a_revoked_key_is_refused_wherever_it_stands() {
    let text = format!("h {ED25519}\n@revoked * {ED25519}\n@revoked *\t{ED25519_OTHER}\nx {ECDSA}");
    let keys = strict(&text);
    let verdict = keys.check("h", 22, &blob(ED25519));
    assert!(matches!(
        &verdict,
        Verdict::Refused(Refusal::Revoked { place: Place::Line { line: 2, .. }, .. })
    ));
    assert_eq!(keys.check("x", 22, &blob(ECDSA)), line(4));
    assert_eq!(keys.algorithms_for("y", 22), None);
}

#[test]
fn an_unknown_host_is_learned_only_when_told_so() {
    assert!(is_unknown(&strict("").check("h", 22, &blob(ED25519))));
    let keys = keys("", StrictHostKey::New);
    let key = blob(ED25519);
    assert_eq!(keys.check("h", 22, &key), Verdict::New(Fingerprint::of(&key)));
    assert_eq!(keys.check("H", 22, &key), Verdict::Accepted(Place::Learned));
    let verdict = keys.check("h", 22, &blob(ED25519_OTHER));
    assert!(matches!(verdict, Verdict::Refused(Refusal::Changed { .. })));
    let verdict = keys.check("h", 22, &blob(ECDSA));
    assert!(matches!(verdict, Verdict::Refused(Refusal::OtherType { .. })));
    assert!(matches!(keys.check("h", 23, &blob(ECDSA)), Verdict::New(_)));
}

#[test]
fn pins_alone_decide() {
    let (known, _) = KnownHosts::parse(format!("h {ECDSA}").as_bytes(), "kh");
    let hash = Fingerprint::of(&blob(ED25519)).sha256;
    let pins = vec![HostKeyPin::Sha256(hash), HostKeyPin::Key(blob(ED25519_OTHER))];
    let keys = HostKeys::new(pins, known, StrictHostKey::New, Arc::default());
    for good in [ED25519, ED25519_OTHER] {
        assert_eq!(keys.check("any", 4711, &blob(good)), Verdict::Accepted(Place::Card));
    }
    let Verdict::Refused(why @ Refusal::Changed { .. }) = keys.check("h", 22, &blob(ECDSA)) else {
        panic!()
    };
    assert!(why.to_string().ends_with(
        "expected SHA256:x31Xx3A/U+lFakcSBPa821sL7soaiA1Vy6BosDYq3aQ (HOSTKEY card) or \
         ssh-ed25519 SHA256:JAQLFyHdDTlG9iw77pq2M+2+ihd96TBAYIhFa/nGnaA (HOSTKEY card)"
    ));
    assert_eq!(keys.algorithms_for("h", 22), None);

    let pins = vec![HostKeyPin::Key(blob(ECDSA))];
    let keys = HostKeys::new(pins, KnownHosts::default(), StrictHostKey::Yes, Arc::default());
    assert_eq!(keys.algorithms_for("h", 22), Some(vec!["ecdsa-sha2-nistp256"]));
}

#[test]
fn rsa_is_asked_for_with_sha_2() {
    // The type is all that counts here.
    let keys = strict("h ssh-rsa AAAAB3NzaC1yc2E=");
    assert_eq!(keys.algorithms_for("h", 22), Some(vec!["rsa-sha2-512", "rsa-sha2-256"]));
}

#[test]
fn unusable_lines_are_reported_and_harm_no_others() {
    let text = format!(
        "a\n\
         a ssh-ed25519\n\
         a 1024 35 1234567890\n\
         @cert-authority *.example {ED25519}\n\
         @whatever a {ED25519}\n\
         @revoked\n\
         a ssh-ed25519 AAA*\n\
         a ssh-rsa {}\n\
         |1|xx|yy {ED25519}\n\
         |2|oynG/hd6aw1uBXMZ1bjiXVOGGDE=|WUEcprAEInysHSzE4lLm2o2gnY0= {ED25519}\n\
         a,,b {ED25519}\n\
         ! {ED25519}\n\
         a ssh-ed25519 {}\n\
         \u{fffd} {ED25519} latin\r\n\
         h {ED25519} comment\r\n",
        ED25519.split(' ').nth(1).unwrap(),
        "A".repeat(20_000),
    );
    let (known, problems) = KnownHosts::parse(text.as_bytes(), "kh");
    let expected = [
        Problem::Malformed,
        Problem::Malformed,
        Problem::Version1,
        Problem::CertAuthority,
        Problem::Marker,
        Problem::Marker,
        Problem::Base64,
        Problem::KeyType,
        Problem::Hash,
        Problem::Hash,
        Problem::Malformed,
        Problem::Malformed,
        Problem::TooLong,
    ];
    let expected: Vec<_> = (1..)
        .zip(expected)
        .map(|(line, problem)| LineProblem {
            place: Place::Line { source: "kh".into(), line },
            problem,
        })
        .collect();
    assert_eq!(problems, expected);
    assert_eq!(problems[2].to_string(), "kh:3: a key of SSH version 1");
    let keys = HostKeys::new(Vec::new(), known, StrictHostKey::Yes, Arc::default());
    assert_eq!(keys.check("h", 22, &blob(ED25519)), line(15));
}

#[test]
fn a_file_that_is_too_long_is_cut_and_said() {
    let mut text = format!("h {ED25519}\n").into_bytes();
    text.resize(MAX_FILE + 1, b'\n');
    let (known, problems) = KnownHosts::parse(&text, "kh");
    assert_eq!(problems.len(), 1);
    assert_eq!(problems[0].problem, Problem::FileTooLong);
    let keys = HostKeys::new(Vec::new(), known, StrictHostKey::Yes, Arc::default());
    assert_eq!(keys.check("h", 22, &blob(ED25519)), line(1));
}

#[test]
fn load_names_the_file_that_cannot_be_read() {
    let files = ["/dev/null", "/nonexistent/known_hosts"].map(|path| Path::new(path).into());
    let (index, error) = KnownHosts::load(&files).unwrap_err();
    assert_eq!((index, error.kind()), (1, std::io::ErrorKind::NotFound));
    assert!(KnownHosts::load(&files[..1]).is_ok());
}

#[test]
fn random_lines_never_panic() {
    let mut seed: u64 = 0x6b6e_6f77;
    let alphabet = b" \t\n|1,!*?@#AB=+/[]:ssh-ed25519\xff\0";
    for _ in 0..2000 {
        let text: Vec<u8> = (0..64)
            .map(|_| {
                // xorshift64
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                alphabet[(seed % alphabet.len() as u64) as usize]
            })
            .collect();
        let (known, _) = KnownHosts::parse(&text, "kh");
        let keys = HostKeys::new(Vec::new(), known, StrictHostKey::Yes, Arc::default());
        let _ = keys.check("a", 22, &text);
    }
}
