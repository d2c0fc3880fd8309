//! What names a data connection: PORT, EPRT, EPSV and the replies 227 and 229.
//!
//! Arguments are read strictly, as a server would. Replies are read as RFC 1123 section 4.1.2.6
//! asks for: the numbers are searched, brackets are not relied on. Whether an address may be used
//! (whose it is, ports under 1024) is for the caller to judge; a port is never 0 here.
//!
//! The long forms of RFC 1639 (LPRT, LPSV, 228) are not read: they are refused as commands.

use std::fmt::{self, Display};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4};
use std::ops::Range;

use nom::bytes::complete::take_till;
use nom::character::complete::{char, digit1, satisfy};
use nom::combinator::all_consuming;
use nom::sequence::{preceded, terminated};
use nom::{IResult, Parser};

/// Why an argument or reply names no address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressError {
    /// It is not of the form it has to be of.
    Form,
    /// A number or address is none, or too high for its place.
    Number,
    /// The port is 0 or above 65535.
    Port,
    /// The network protocol of EPRT or EPSV is neither 1 (IPv4) nor 2 (IPv6); to be answered with
    /// 522.
    Protocol,
}

impl Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "not in the form of an address",
            Self::Number => "a number out of range",
            Self::Port => "a port out of range",
            Self::Protocol => "an unknown network protocol",
        })
    }
}

impl std::error::Error for AddressError {}

/// What a client asks for with EPSV (RFC 2428 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Epsv {
    /// No argument: the family of the control connection.
    Any,
    /// 1.
    Ipv4,
    /// 2.
    Ipv6,
    /// ALL: from now on no PORT, PASV or EPRT will come.
    All,
}

/// Reads the argument of PORT: `h1,h2,h3,h4,p1,p2`.
pub fn parse_port(argument: &[u8]) -> Result<SocketAddrV4, AddressError> {
    let (_, numbers) =
        all_consuming(six_numbers).parse(argument.trim_ascii()).map_err(|_| AddressError::Form)?;
    address_of(&numbers)
}

/// Reads the argument of EPRT: `|1|132.235.1.2|6275|` or `|2|1080::8:800:200C:417A|5282|`; any
/// printable character but a letter, digit, `.` and `:` can stand for `|`.
///
/// An IPv4-mapped IPv6 address comes as IPv4.
pub fn parse_eprt(argument: &[u8]) -> Result<SocketAddr, AddressError> {
    let (_, fields) =
        all_consuming(eprt).parse(argument.trim_ascii()).map_err(|_| AddressError::Form)?;
    let address = std::str::from_utf8(fields.address).map_err(|_| AddressError::Number)?;
    let address: Option<IpAddr> = match fields.protocol {
        b"1" => address.parse().ok().map(Ipv4Addr::into),
        b"2" => address.parse().ok().map(Ipv6Addr::into),
        _ => return Err(AddressError::Protocol),
    };
    let address = address.ok_or(AddressError::Number)?.to_canonical();
    Ok(SocketAddr::new(address, port_of(fields.port)?))
}

/// Reads the argument of EPSV: none, `1`, `2` or `ALL` in any case.
pub fn parse_epsv(argument: &[u8]) -> Result<Epsv, AddressError> {
    match argument.trim_ascii() {
        b"" => Ok(Epsv::Any),
        b"1" => Ok(Epsv::Ipv4),
        b"2" => Ok(Epsv::Ipv6),
        all if all.eq_ignore_ascii_case(b"ALL") => Ok(Epsv::All),
        other if other.iter().all(u8::is_ascii_digit) => Err(AddressError::Protocol),
        _ => Err(AddressError::Form),
    }
}

/// Reads a line of a reply 227: the first six numbers with commas between them, behind the code.
pub fn parse_227(line: &[u8]) -> Result<SocketAddrV4, AddressError> {
    let (_, numbers) = find_227(line).ok_or(AddressError::Form)?;
    address_of(&numbers)
}

/// Reads a line of a reply 229: `(|||6446|)`, the brackets optional, any delimiter of EPRT.
/// Gives the port.
pub fn parse_229(line: &[u8]) -> Result<u16, AddressError> {
    let (_, port) = find_229(line).ok_or(AddressError::Form)?;
    port_of(port)
}

/// The line of a reply 227 with another address; every other byte stays, the line end too.
pub fn rewrite_227(line: &[u8], address: SocketAddrV4) -> Result<Vec<u8>, AddressError> {
    let (place, numbers) = find_227(line).ok_or(AddressError::Form)?;
    if address_of(&numbers) == Ok(address) {
        return Ok(line.to_vec());
    }
    let numbers = format_port(address);
    Ok([&line[..place.start], numbers.as_bytes(), &line[place.end..]].concat())
}

/// The line of a reply 229 with another port; every other byte stays, the line end too.
pub fn rewrite_229(line: &[u8], port: u16) -> Result<Vec<u8>, AddressError> {
    let (place, digits) = find_229(line).ok_or(AddressError::Form)?;
    if port_of(digits) == Ok(port) {
        return Ok(line.to_vec());
    }
    Ok([&line[..place.start], port.to_string().as_bytes(), &line[place.end..]].concat())
}

/// The argument of PORT, and what stands between the brackets of 227: `h1,h2,h3,h4,p1,p2`.
pub fn format_port(address: SocketAddrV4) -> String {
    let [h1, h2, h3, h4] = address.ip().octets();
    let [p1, p2] = address.port().to_be_bytes();
    format!("{h1},{h2},{h3},{h4},{p1},{p2}")
}

/// The argument of EPRT: `|1|132.235.1.2|6275|`.
pub fn format_eprt(address: SocketAddr) -> String {
    let protocol = if address.is_ipv4() { 1 } else { 2 };
    format!("|{protocol}|{}|{}|", address.ip(), address.port())
}

/// Six numbers as they stand there, any number of digits each.
type Numbers<'a> = [&'a [u8]; 6];

fn address_of(numbers: &Numbers<'_>) -> Result<SocketAddrV4, AddressError> {
    let mut bytes = [0; 6];
    for (byte, digits) in bytes.iter_mut().zip(numbers) {
        *byte = number_of(digits)
            .and_then(|number| u8::try_from(number).ok())
            .ok_or(AddressError::Number)?;
    }
    let [h1, h2, h3, h4, p1, p2] = bytes;
    match u16::from_be_bytes([p1, p2]) {
        0 => Err(AddressError::Port),
        port => Ok(SocketAddrV4::new(Ipv4Addr::new(h1, h2, h3, h4), port)),
    }
}

fn port_of(digits: &[u8]) -> Result<u16, AddressError> {
    let port = number_of(digits).and_then(|number| u16::try_from(number).ok());
    port.filter(|port| *port != 0).ok_or(AddressError::Port)
}

/// Decimal, leading zeros allowed; None if it does not fit.
fn number_of(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |number, digit| {
        number.checked_mul(10)?.checked_add(u32::from(digit.wrapping_sub(b'0')))
    })
}

/// Where in the line of a 227 the six numbers are, and the numbers.
fn find_227(line: &[u8]) -> Option<(Range<usize>, Numbers<'_>)> {
    let mut start = CODE_LENGTH;
    while start < line.len() {
        if !line[start].is_ascii_digit() {
            start += 1;
            continue;
        }
        let text = &line[start..];
        let run = list_length(text);
        if let Ok((_, numbers)) = all_consuming(six_numbers).parse(&text[..run]) {
            return Some((start..start + run, numbers));
        }
        start += run;
    }
    None
}

/// Where in the line of a 229 the port is, and its digits.
fn find_229(line: &[u8]) -> Option<(Range<usize>, &[u8])> {
    (CODE_LENGTH..line.len()).find_map(|start| {
        let (_, digits) = extended(&line[start..]).ok()?;
        // Three delimiters stand before it.
        let first = start + 3;
        Some((first..first + digits.len(), digits))
    })
}

/// Length of the list that text, which begins with a digit, begins with: digits, and commas that
/// have a digit behind them.
fn list_length(text: &[u8]) -> usize {
    let is_inside = |at: usize| match text[at] {
        b',' => text.get(at + 1).is_some_and(u8::is_ascii_digit),
        byte => byte.is_ascii_digit(),
    };
    (0..text.len()).find(|at| !is_inside(*at)).unwrap_or(text.len())
}

fn six_numbers(text: &[u8]) -> IResult<&[u8], Numbers<'_>> {
    let behind_comma = || preceded(char(','), digit1);
    (digit1, behind_comma(), behind_comma(), behind_comma(), behind_comma(), behind_comma())
        .map(|(h1, h2, h3, h4, p1, p2)| [h1, h2, h3, h4, p1, p2])
        .parse(text)
}

/// The argument of EPRT, taken apart.
struct Eprt<'a> {
    protocol: &'a [u8],
    address: &'a [u8],
    port: &'a [u8],
}

/// `|protocol|address|port|`.
fn eprt(text: &[u8]) -> IResult<&[u8], Eprt<'_>> {
    let (text, delimiter) = satisfy(is_delimiter).parse(text)?;
    let end = || char(delimiter);
    (
        terminated(digit1, end()),
        terminated(take_till(|byte| char::from(byte) == delimiter), end()),
        terminated(digit1, end()),
    )
        .map(|(protocol, address, port)| Eprt { protocol, address, port })
        .parse(text)
}

/// `|||port|`.
fn extended(text: &[u8]) -> IResult<&[u8], &[u8]> {
    let (text, delimiter) = satisfy(is_delimiter).parse(text)?;
    let end = || char(delimiter);
    preceded((end(), end()), terminated(digit1, end())).parse(text)
}

/// RFC 2428 section 2 allows 33 to 126; what is part of an address cannot delimit it.
fn is_delimiter(c: char) -> bool {
    c.is_ascii_punctuation() && c != '.' && c != ':'
}

/// Digits of a reply code.
const CODE_LENGTH: usize = 3;

#[cfg(test)]
mod tests {
    use AddressError::{Form, Number, Port, Protocol};

    use super::*;
    use crate::ftp::testing::random_lines;

    fn v4(text: &str) -> SocketAddrV4 {
        text.parse().unwrap()
    }

    #[test]
    fn port_is_six_numbers() {
        assert_eq!(parse_port(b"192,0,2,1,4,1"), Ok(v4("192.0.2.1:1025")));
        assert_eq!(parse_port(b" 010,000,2,1,255,255 "), Ok(v4("10.0.2.1:65535")));
        assert_eq!(parse_port(b"10,0,0,1,0,20"), Ok(v4("10.0.0.1:20")));
        for (argument, error) in [
            (&b""[..], Form),
            (b"1,2,3,4,5", Form),
            (b"1,2,3,4,5,6,7", Form),
            (b"1,2,3,4,5,6,", Form),
            (b",1,2,3,4,5,6", Form),
            (b"1,2,3,4,,6", Form),
            (b"1,2,3,4, 5,6", Form),
            (b"1,2,3,4,5,-6", Form),
            (b"1.2.3.4,5,6", Form),
            (b"(1,2,3,4,5,6)", Form),
            (b"1,2,3,256,5,6", Number),
            (b"1,2,3,4,5,256", Number),
            (b"1,2,3,4,5,99999999999999999999", Number),
            (b"1,2,3,4,0,0", Port),
        ] {
            assert_eq!(parse_port(argument), Err(error), "{}", argument.escape_ascii());
        }
    }

    #[test]
    fn eprt_names_its_family() {
        let ok = |text: &str| Ok(text.parse().unwrap());
        assert_eq!(parse_eprt(b"|1|132.235.1.2|6275|"), ok("132.235.1.2:6275"));
        assert_eq!(
            parse_eprt(b"|2|1080::8:800:200C:417A|5282|"),
            ok("[1080::8:800:200c:417a]:5282")
        );
        assert_eq!(parse_eprt(b"!1!10.0.0.1!80! "), ok("10.0.0.1:80"));
        assert_eq!(parse_eprt(b"|2|::ffff:192.0.2.1|2000|"), ok("192.0.2.1:2000"));
        for (argument, error) in [
            (&b""[..], Form),
            (b"|", Form),
            (b"|1|10.0.0.1|80", Form),
            (b"|1|10.0.0.1|80|x", Form),
            (b"|1|10.0.0.1||", Form),
            (b"||10.0.0.1|80|", Form),
            (b"|1!10.0.0.1|80|", Form),
            (b"110.0.0.118010", Form),
            (b".1.10.0.0.1.80.", Form),
            (b"\xff1\xff10.0.0.1\xff80\xff", Form),
            (b"|3|10.0.0.1|80|", Protocol),
            (b"|99999999999999999999|10.0.0.1|80|", Protocol),
            (b"|1|::1|80|", Number),
            (b"|2|10.0.0.1|80|", Number),
            (b"|1||80|", Number),
            (b"|1|10.0.0.256|80|", Number),
            (b"|1|10.0.0.1 |80|", Number),
            (b"|2|fe80::1%eth0|80|", Number),
            (b"|1|\xe9|80|", Number),
            (b"|1|10.0.0.1|0|", Port),
            (b"|1|10.0.0.1|65536|", Port),
            (b"|1|10.0.0.1|99999999999999999999|", Port),
        ] {
            assert_eq!(parse_eprt(argument), Err(error), "{}", argument.escape_ascii());
        }
    }

    #[test]
    fn epsv_asks_for_a_family_or_all() {
        assert_eq!(parse_epsv(b""), Ok(Epsv::Any));
        assert_eq!(parse_epsv(b" "), Ok(Epsv::Any));
        assert_eq!(parse_epsv(b"1"), Ok(Epsv::Ipv4));
        assert_eq!(parse_epsv(b"2"), Ok(Epsv::Ipv6));
        assert_eq!(parse_epsv(b"all"), Ok(Epsv::All));
        assert_eq!(parse_epsv(b"3"), Err(Protocol));
        assert_eq!(parse_epsv(b"ALLES"), Err(Form));
    }

    #[test]
    fn replies_227_of_servers() {
        for line in [
            "227 Entering Passive Mode (192,0,2,1,195,80).\r\n",
            "227 Entering Passive Mode (192,0,2,1,195,80)\r\n",
            "227 Entering passive mode (192,0,2,1,195,80).\r\n",
            "227 Entering Passive Mode. 192,0,2,1,195,80\r\n",
            "227 Entering Passive Mode 192,0,2,1,195,80, thank you",
            "227 =192,0,2,1,195,80",
            "227-192,0,2,1,195,80\n",
            "227 1 of 2,3 servers, mode (192,0,2,1,195,80)\n",
        ] {
            assert_eq!(parse_227(line.as_bytes()), Ok(v4("192.0.2.1:50000")), "{line}");
        }
        for (line, error) in [
            ("", Form),
            ("22", Form),
            ("227", Form),
            ("227 Entering Passive Mode", Form),
            ("227 (192,0,2,1,195)", Form),
            ("227 (1,192,0,2,1,195,80)", Form),
            ("227 (192.0.2.1,195,80)", Form),
            ("227 (192,0,2,1,0,0)", Port),
            ("227 (192,0,2,1,300,80)", Number),
            ("227 (999999999999999999999,0,2,1,195,80)", Number),
        ] {
            assert_eq!(parse_227(line.as_bytes()), Err(error), "{line}");
        }
    }

    #[test]
    fn only_the_numbers_of_a_227_change() {
        let to = v4("10.1.2.3:50000");
        for (line, expected) in [
            (
                &b"227 Entering Passive Mode (192,0,2,1,195,80).\r\n"[..],
                &b"227 Entering Passive Mode (10,1,2,3,195,80).\r\n"[..],
            ),
            (b"227 =192,0,2,1,195,80\n", b"227 =10,1,2,3,195,80\n"),
            (b"227 \xe9 0,0,0,0,195,80,x", b"227 \xe9 10,1,2,3,195,80,x"),
            (b"227 (010,001,2,3,195,80)\r\n", b"227 (010,001,2,3,195,80)\r\n"),
            (b"227 (0,0,0,0,0,0)", b"227 (10,1,2,3,195,80)"),
        ] {
            assert_eq!(rewrite_227(line, to).unwrap(), expected);
        }
        assert_eq!(rewrite_227(b"227 none", to), Err(Form));
    }

    #[test]
    fn only_the_port_of_a_229_changes() {
        for (line, expected) in [
            (&b"229 Entering (|||6446|)\r\n"[..], &b"229 Entering (|||40000|)\r\n"[..]),
            (b"229-!!!06!\xff\n", b"229-!!!40000!\xff\n"),
            (b"229 (|||40000|) \r\r\n", b"229 (|||40000|) \r\r\n"),
            (b"229 (|||040000|)\r\n", b"229 (|||040000|)\r\n"),
        ] {
            let rewritten = rewrite_229(line, 40_000);
            assert_eq!(rewritten.as_deref(), Ok(expected), "{}", line.escape_ascii());
        }
        assert_eq!(rewrite_229(b"229 (6446)\r\n", 40_000), Err(Form));
    }

    #[test]
    fn replies_229_of_servers() {
        for line in [
            "229 Entering Extended Passive Mode (|||50000|)\r\n",
            "229 Entering Extended Passive Mode (|||50000|).\r\n",
            "229 Entering extended passive mode (|||50000|).\r\n",
            "229 Extended Passive mode OK (|||50000|)\r\n",
            "229 |||50000|",
            "229 (!!!50000!)",
            "229 |||| (|||050000|)",
        ] {
            assert_eq!(parse_229(line.as_bytes()), Ok(50000), "{line}");
        }
        for (line, error) in [
            ("", Form),
            ("229", Form),
            ("229 (|||50000)", Form),
            ("229 (||50000|)", Form),
            ("229 (||||)", Form),
            ("229 (|||50000!)", Form),
            ("229 (|1|10.0.0.1|50000|)", Form),
            ("229 (|||0|)", Port),
            ("229 (|||65536|)", Port),
        ] {
            assert_eq!(parse_229(line.as_bytes()), Err(error), "{line}");
        }
    }

    #[test]
    fn what_is_written_can_be_read() {
        for text in ["0.0.0.0:1", "192.0.2.255:65535", "10.0.0.1:256", "127.0.0.1:255"] {
            let address = v4(text);
            assert_eq!(parse_port(format_port(address).as_bytes()), Ok(address));
            assert_eq!(parse_eprt(format_eprt(address.into()).as_bytes()), Ok(address.into()));
        }
        let address: SocketAddr = "[2001:db8::1]:2121".parse().unwrap();
        assert_eq!(format_eprt(address), "|2|2001:db8::1|2121|");
        assert_eq!(parse_eprt(format_eprt(address).as_bytes()), Ok(address));
    }

    #[test]
    fn random_bytes_never_panic() {
        for line in random_lines(b"111,,,,||2(). :\xff") {
            let to = v4("10.0.0.1:1024");
            for port in [
                parse_port(&line).map(|address| address.port()),
                parse_eprt(&line).map(|address| address.port()),
                parse_227(&line).map(|address| address.port()),
                parse_229(&line),
            ] {
                assert_ne!(port, Ok(0));
            }
            if let Ok(rewritten) = rewrite_229(&line, to.port()) {
                assert_eq!(parse_229(&rewritten), Ok(to.port()), "{}", line.escape_ascii());
            }
            let _ = parse_epsv(&line);
            if let Ok(rewritten) = rewrite_227(&line, to) {
                assert_eq!(parse_227(&rewritten), Ok(to), "{}", line.escape_ascii());
            }
        }
    }
}
