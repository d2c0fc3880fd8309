//! A client's handshake, as one read of the socket brings it.

use zoxy::socks::{Negotiation, Progress};

use crate::line::{Line, Work, repeat};

pub fn lines() -> Vec<Line> {
    vec![
        Line {
            name: "socks-4",
            about: "SOCKS4 CONNECT with a user ID",
            bytes: None,
            counted: Some(2000),
            make: version_4,
        },
        Line {
            name: "socks-5",
            about: "SOCKS5 greeting, then CONNECT to a name",
            bytes: None,
            counted: Some(2000),
            make: version_5,
        },
    ]
}

fn version_4() -> Work {
    let message = b"\x04\x01\x00\x15\xc0\x00\x02\x11IBMUSER\0";
    let request = || Negotiation::new(false).advance(message);
    assert!(matches!(request(), Progress::Request { consumed: 16, .. }));
    repeat(request)
}

fn version_5() -> Work {
    let greeting = b"\x05\x01\x00";
    let request = b"\x05\x01\x00\x03\x14partner.example.com.\x00\x15";
    let handshake = || {
        let mut negotiation = Negotiation::new(false);
        (negotiation.advance(greeting), negotiation.advance(request))
    };
    assert!(matches!(handshake(), (Progress::Reply { .. }, Progress::Request { .. })));
    repeat(handshake)
}
