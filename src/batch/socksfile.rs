//! The file of SOCKSCONFIGFILE: which servers are reached directly, and which by a SOCKS server. Pure.
//!
//! ```text
//! DIRECT 10.0.0.0 255.0.0.0
//! SOCKD5 @=192.0.2.1:1080 0.0.0.0 0.0.0.0
//! ```
//!
//! The first statement whose network has the address counts. SOCKD and SOCKD4 speak version 4, SOCKD5
//! version 5. The port may be left out. Comments are those of FTP.DATA.

use std::net::{Ipv4Addr, SocketAddrV4};

use super::ftpdata::statements;
use crate::socks::Version;

/// Bytes of the file at most.
pub const MAX_FILE: usize = 256 * 1024;

/// Port of a SOCKS server that does not name one.
const SOCKS_PORT: u16 = 1080;

/// The way to a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// By TCP.
    Direct,
    /// By a SOCKS server.
    Socks(SocksServer),
}

/// A SOCKS server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SocksServer {
    /// What it is asked in.
    pub version: Version,
    /// Its name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
}

/// A statement.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Statement {
    network: Ipv4Addr,
    mask: Ipv4Addr,
    way: Way,
}

/// All statements, in their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SocksFile(Vec<Statement>);

/// A statement that is wrong.
#[derive(Debug, PartialEq, Eq)]
pub struct Flaw {
    /// Its line, from 1.
    pub line: usize,
    /// Its first word.
    pub keyword: String,
    /// What is wrong with it.
    pub problem: String,
}

impl SocksFile {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, Flaw> {
        let mut all = Vec::new();
        for (line, text) in statements(text) {
            let mut words = text.split_whitespace();
            let keyword = words.next().unwrap_or_default();
            let statement = statement(keyword, &words.collect::<Vec<_>>());
            let flaw = |problem| Flaw { line, keyword: keyword.to_owned(), problem };
            all.push(statement.map_err(flaw)?);
        }
        Ok(Self(all))
    }

    /// The way to an address; None if no statement is for it.
    pub fn way(&self, address: Ipv4Addr) -> Option<&Way> {
        let bits = u32::from(address);
        let found = self.0.iter().find(|statement| {
            let mask = u32::from(statement.mask);
            bits & mask == u32::from(statement.network) & mask
        });
        found.map(|statement| &statement.way)
    }
}

fn statement(keyword: &str, words: &[&str]) -> Result<Statement, String> {
    let version = match keyword.to_ascii_uppercase().as_str() {
        "DIRECT" => None,
        "SOCKD" | "SOCKD4" => Some(Version::V4),
        "SOCKD5" => Some(Version::V5),
        _ => return Err("is no statement; expected DIRECT, SOCKD, SOCKD4 or SOCKD5".to_owned()),
    };
    let (way, words) = match (version, words) {
        (None, words) => (Way::Direct, words),
        (Some(version), [server, words @ ..]) => {
            let server = server.strip_prefix("@=").ok_or_else(|| {
                format!("has {server}; expected @= and the SOCKS server, then address and mask")
            })?;
            (Way::Socks(socks_server(version, server)?), words)
        }
        (Some(_), []) => return Err("has no operands; expected @=server address mask".to_owned()),
    };
    let [network, mask] = words else {
        return Err("expected an address and a mask, such as 10.0.0.0 255.0.0.0".to_owned());
    };
    let address = |text: &str| {
        text.parse::<Ipv4Addr>()
            .map_err(|_| format!("has {text}; expected an IPv4 address or mask"))
    };
    let (network, mask) = (address(network)?, address(mask)?);
    match u32::from(mask) {
        bits if bits.leading_ones() + bits.trailing_zeros() < 32 => {
            Err(format!("has the mask {mask}, whose bits are not in one row"))
        }
        bits if u32::from(network) & !bits != 0 => {
            Err(format!("has {network}, which has bits that the mask {mask} does not have"))
        }
        _ => Ok(Statement { network, mask, way }),
    }
}

/// `host` or `host:port`.
fn socks_server(version: Version, text: &str) -> Result<SocksServer, String> {
    if let Ok(address) = text.parse::<SocketAddrV4>() {
        let host = address.ip().to_string();
        return Ok(SocksServer { version, host, port: address.port() });
    }
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => {
            let port = port.parse().ok().filter(|port| *port != 0);
            (host, port.ok_or_else(|| format!("has {text}; expected a port behind the colon"))?)
        }
        None => (text, SOCKS_PORT),
    };
    let is_name = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    match !host.is_empty() && host.len() <= 255 && host.chars().all(is_name) {
        true => Ok(SocksServer { version, host: host.to_owned(), port }),
        false => {
            Err(format!("has @={text}; expected the name or IPv4 address of one SOCKS server"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn the_first_statement_that_has_the_address_counts() {
        let file = SocksFile::parse(
            "; ways\nDIRECT 10.0.0.0 255.0.0.0\nsockd @=proxy 192.0.2.0 255.255.255.0 ; old\n\
             SOCKD5 @=127.0.0.1:1081 0.0.0.0 0.0.0.0\n",
        )
        .unwrap();
        let socks = |version, host: &str, port| {
            Some(Way::Socks(SocksServer { version, host: host.to_owned(), port }))
        };
        for (address, way) in [
            ([10, 1, 2, 3], Some(Way::Direct)),
            ([192, 0, 2, 9], socks(Version::V4, "proxy", 1080)),
            ([192, 0, 3, 9], socks(Version::V5, "127.0.0.1", 1081)),
        ] {
            assert_eq!(file.way(address.into()).cloned(), way, "{address:?}");
        }
        let file = SocksFile::parse("DIRECT 10.0.0.0 255.0.0.0").unwrap();
        assert_eq!(file.way([11, 0, 0, 1].into()), None);
    }

    #[test]
    fn flaws_are_named() {
        for (text, named) in [
            ("DENY 0.0.0.0 0.0.0.0", "expected DIRECT"),
            ("DIRECT 10.0.0.0", "a mask"),
            ("DIRECT ::1 255.0.0.0", "IPv4"),
            ("DIRECT 10.0.0.0 255.0.255.0", "one row"),
            ("DIRECT 10.0.0.1 255.0.0.0", "bits"),
            ("SOCKD5", "no operands"),
            ("SOCKD5 proxy 0.0.0.0 0.0.0.0", "@="),
            ("SOCKD5 @=a,b 0.0.0.0 0.0.0.0", "one SOCKS server"),
            ("SOCKD5 @=a:0 0.0.0.0 0.0.0.0", "port"),
        ] {
            let flaw = SocksFile::parse(&format!("\n{text}")).unwrap_err();
            assert!(flaw.line == 2 && flaw.problem.contains(named), "{text}: {flaw:?}");
        }
    }

    #[test]
    fn random_text_never_panics() {
        let mut random = Random(55);
        let words = ["DIRECT", "SOCKD5", "@=a", "@=", "0.0.0.0", "255.0.0.0", ";", "\n", "é", ":"];
        for _ in 0..3000 {
            let count = random.below(12);
            let text: Vec<_> = (0..count).map(|_| words[random.below(words.len())]).collect();
            let _ = SocksFile::parse(&text.join(" "));
        }
    }
}
