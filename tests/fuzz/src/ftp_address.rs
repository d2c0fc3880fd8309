//! PORT, EPRT, EPSV, 227 and 229: what is read can be written and read again, and of a 227 only
//! the numbers change.

use std::net::{IpAddr, SocketAddr, SocketAddrV4};

use zoxy::ftp::address::{
    format_eprt, format_port, parse_227, parse_229, parse_eprt, parse_epsv, parse_port,
    rewrite_227, rewrite_229,
};

/// The input is lines, each read in all ways.
pub fn run(data: &[u8]) {
    data.split(|byte| *byte == b'\n').for_each(check);
}

fn check(text: &[u8]) {
    if let Ok(address) = parse_port(text) {
        assert_ne!(address.port(), 0);
        assert_eq!(parse_port(format_port(address).as_bytes()), Ok(address));
        // What is a PORT can stand in a 227.
        let line = [b"227 (", text.trim_ascii(), b")"].concat();
        assert_eq!(parse_227(&line), Ok(address));
    }
    if let Ok(address) = parse_eprt(text) {
        assert_ne!(address.port(), 0);
        assert_eq!(address.ip(), address.ip().to_canonical());
        assert_eq!(parse_eprt(format_eprt(address).as_bytes()), Ok(address));
        if let (SocketAddr::V4(address), IpAddr::V4(_)) = (address, address.ip()) {
            assert_eq!(parse_port(format_port(address).as_bytes()), Ok(address));
        }
    }
    assert_eq!(parse_epsv(text), parse_epsv(&text.to_ascii_uppercase()));
    if let Ok(port) = parse_229(text) {
        assert_ne!(port, 0);
        assert_eq!(parse_229(format!("229 (|||{port}|)").as_bytes()), Ok(port));
        let line = rewrite_229(text, 40_000).expect("what is read can be changed");
        assert_eq!(parse_229(&line), Ok(40_000));
    }
    for address in ["10.200.3.44:50001", "0.0.0.0:1"] {
        rewrite(text, address.parse().expect("an address"));
    }
}

fn rewrite(text: &[u8], address: SocketAddrV4) {
    let Ok(line) = rewrite_227(text, address) else {
        assert!(parse_227(text).is_err(), "what is read can be changed");
        return;
    };
    assert_eq!(parse_227(&line), Ok(address));
    assert_eq!(rewrite_227(&line, address), Ok(line.clone()), "twice is once");
    let same = |(a, b): &(&u8, &u8)| a == b;
    let before = text.iter().zip(&line).take_while(same).count();
    let behind = text.iter().rev().zip(line.iter().rev()).take_while(same).count();
    let is_number = |byte: &u8| byte.is_ascii_digit() || *byte == b',';
    for changed in [text, &line] {
        let end = (changed.len() - behind).max(before);
        assert!(changed[before..end].iter().all(is_number), "more than the numbers has changed");
    }
}
