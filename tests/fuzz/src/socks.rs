//! [`Negotiation`]: the same verdicts however the bytes are cut, no byte taken twice or lost, and a
//! request that can be written and read again.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use zoxy::config::Host;
use zoxy::socks::{
    Command, Failure, MAX_MESSAGE, Negotiation, Outcome, Progress, Request, Version, reply,
};

use crate::pieces::{SIZES, is_one_line};

/// The first byte says whether there are users and whether their login is right; the rest is what
/// the client sends.
pub fn run(data: &[u8]) {
    let Some((flags, input)) = data.split_first() else { return };
    let (users, accepted) = (flags & 1 != 0, flags & 2 != 0);
    let first = negotiate(input, users, accepted, SIZES[0]);
    for size in &SIZES[1..] {
        assert_eq!(negotiate(input, users, accepted, *size), first, "in pieces of {size}");
    }
    if let Some(End::Request(request)) = first.1 {
        check(&request);
    }
}

/// How a handshake ended.
#[derive(Debug, PartialEq)]
enum End {
    Request(Request),
    /// With these bytes for the client. The reason may depend on how much was there to judge by.
    Refused(Vec<u8>),
}

/// What the client was sent, how it ended, and what is left for the target.
fn negotiate(
    input: &[u8],
    users: bool,
    accepted: bool,
    size: usize,
) -> (Vec<u8>, Option<End>, usize) {
    let mut negotiation = Negotiation::new(users);
    let (mut sent, mut buffer, mut given) = (Vec::new(), Vec::new(), 0);
    loop {
        let consumed = match negotiation.advance(&buffer) {
            Progress::NeedMore => {
                assert!(buffer.len() < MAX_MESSAGE, "more than a message is asked for");
                if given == input.len() {
                    return (sent, None, buffer.len());
                }
                let end = given + size.min(input.len() - given).min(MAX_MESSAGE - buffer.len());
                buffer.extend_from_slice(&input[given..end]);
                given = end;
                continue;
            }
            Progress::Reply { consumed, bytes } => {
                sent.extend_from_slice(&bytes);
                consumed
            }
            Progress::Login { consumed, user, password } => {
                assert!(users, "a login that was not asked for");
                assert!(user.len() <= 255 && password.len() <= 255);
                assert_eq!(negotiation.advance(&buffer[consumed..]), Progress::NeedMore);
                sent.extend_from_slice(&negotiation.login_result(accepted));
                if !accepted {
                    return (sent, Some(End::Refused(Vec::new())), 0);
                }
                consumed
            }
            Progress::Request { consumed, request } => {
                assert!(!users || (accepted && request.version == Version::V5), "not logged in");
                let left = input.len() - given + buffer.len() - consumed;
                return (sent, Some(End::Request(request)), left);
            }
            Progress::Refuse { bytes, why } => {
                let why = format!("{why}");
                assert!(is_one_line(&why), "{why}");
                return (sent, Some(End::Refused(bytes.to_vec())), 0);
            }
        };
        assert!(consumed > 0 && consumed <= buffer.len());
        buffer.drain(..consumed);
    }
}

fn check(request: &Request) {
    let target = &request.target;
    assert!(is_one_line(&target.to_string()), "{target}");
    assert_ne!(request.command, Command::UdpAssociate);
    if request.command == Command::Connect {
        assert_ne!(target.port, 0);
    }
    let mut bytes = vec![5, 1, 0, 5, if request.command == Command::Bind { 2 } else { 1 }, 0];
    match &target.host {
        Host::Address(IpAddr::V4(address)) => {
            bytes.push(1);
            bytes.extend(address.octets());
        }
        Host::Address(IpAddr::V6(address)) => {
            assert_eq!(address.to_ipv4_mapped(), None, "such an address is IPv4");
            bytes.push(4);
            bytes.extend(address.octets());
        }
        Host::Name(name) => {
            assert!((1..=255).contains(&name.len()) && *name == name.to_ascii_lowercase());
            assert_eq!(name.parse::<IpAddr>().ok(), None, "rules on addresses would not see it");
            bytes.push(3);
            bytes.push(name.len() as u8);
            bytes.extend(name.as_bytes());
        }
    }
    bytes.extend(target.port.to_be_bytes());
    let (_, end, left) = negotiate(&bytes, false, false, usize::MAX);
    let again = Request { version: Version::V5, user_id: None, ..request.clone() };
    assert_eq!((end, left), (Some(End::Request(again)), 0));
    let bound = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
    for outcome in [Outcome::Success, Outcome::Failure(Failure::General)] {
        let first = reply(request.version, outcome, bound).first().copied();
        assert_eq!(first, Some(if request.version == Version::V5 { 5 } else { 0 }));
    }
}
