//! Texts of the batch FTP client: PARM, FTP.DATA, NETRC, the SOCKS configuration, INPUT and its
//! subcommands. What is read is within its bounds, can be written and is read again as the same.

use std::io::{self, Read};
use std::net::Ipv4Addr;

use zoxy::batch::ftpdata;
use zoxy::batch::netrc;
use zoxy::batch::settings::{Settings, Unset};
use zoxy::batch::socksfile::{SocksFile, Way};
use zoxy::batch::subcommand::{self, Subcommand};
use zoxy::batch::{Exit, Input, Parm};

use crate::pieces::{is_printable_line, offset};

/// The input is read as each of them, and its first lines as each that is a line.
pub fn run(data: &[u8]) {
    input(data);
    let Ok(text) = std::str::from_utf8(data) else { return };
    settings(text);
    socks(text);
    for line in text.lines().take(16) {
        parm(line);
        subcommands(line);
        switches(line);
        netrc_for(text, line.split_whitespace().nth(1).unwrap_or_default());
    }
}

fn parm(line: &str) {
    let parm = match Parm::parse(line) {
        Ok(parm) => parm,
        Err(error) => return told(&error.to_string(), line),
    };
    assert!(parm.port != Some(0) && parm.timeout.is_none_or(|time| (1..=86_400).contains(&time)));
    let mut written = parm.host.clone().unwrap_or_default();
    let is_part = |c: char| c.is_whitespace() || "(/".contains(c);
    assert!(!written.contains(is_part), "{written}");
    assert!(parm.port.is_none() || parm.host.is_some());
    written += &parm.port.map(|port| format!(" {port}")).unwrap_or_default();
    written += " (";
    written += &match parm.exit {
        None => String::new(),
        Some(Exit::Computed) => "EXIT".to_owned(),
        Some(Exit::Fixed(code)) => {
            assert!(code <= 4095);
            format!("EXIT={code}")
        }
    };
    written += &parm.timeout.map(|time| format!(" TIMEOUT {time}")).unwrap_or_default();
    assert_eq!(Parm::parse(&written), Ok(parm), "{written}");
}

/// A file means what its lines mean, one after the other.
fn settings(text: &str) {
    let (mut whole, mut one_by_one) = (Settings::default(), Settings::default());
    let flaws = ftpdata::read(text, &mut whole);
    let mut others = flaws.iter();
    for (index, line) in text.lines().enumerate() {
        for flaw in ftpdata::read(line, &mut one_by_one) {
            let other = others.next().expect("it is in the file as well");
            assert_eq!((other.line, &other.problem), (index + 1, &flaw.problem), "{line}");
            if let Unset::Wrong(problem) = &flaw.problem {
                told(problem, line);
            }
        }
    }
    assert!(others.next().is_none() && whole == one_by_one);
    let timers = whole.timers;
    for time in [timers.open, timers.reply, timers.data, timers.data_close, timers.close] {
        assert!((1..=86_400).contains(&time.as_secs()), "{timers:?}");
    }
    for length in [whole.dcb.lrecl, whole.dcb.blksize] {
        assert!(length.is_none_or(|length| length <= 32_760), "{:?}", whole.dcb);
    }
}

/// NO before a keyword is FALSE behind it.
fn switches(keyword: &str) {
    let mut off = Settings::default();
    if off.set(&format!("NO{keyword}"), None).is_ok() {
        let mut other = Settings::default();
        assert_eq!(other.set(keyword, Some("FALSE")), Ok(()), "{keyword}");
        assert_eq!(off, other, "{keyword}");
    }
}

fn netrc_for(text: &str, host: &str) {
    let login = match netrc::find(text, host) {
        Ok(Some(login)) => login,
        Ok(None) => return,
        Err((line, _)) => return assert!((1..=text.matches('\n').count() + 1).contains(&line)),
    };
    let values = |login: &netrc::Login| {
        let secret = |secret: Option<&str>| secret.map(str::to_owned);
        let password = secret(login.password.as_ref().map(|password| password.as_str()));
        let account = secret(login.account.as_ref().map(|account| account.as_str()));
        [login.user.clone(), password, account]
    };
    let found = values(&login);
    assert!(found.iter().flatten().all(|value| text.contains(value.as_str())));
    let shown = format!("{login:?}");
    assert_eq!(shown, format!("Login {{ user: {:?}, .. }}", found[0]));
    let again = netrc::find(text, &host.to_ascii_uppercase());
    assert_eq!(again.ok().flatten().as_ref().map(values).as_ref(), Some(&found));
    // What has both kinds of quotation marks in it cannot be written.
    let quoted = |value: &str| {
        let quote = ['"', '\''].into_iter().find(|quote| !value.contains(*quote))?;
        Some(format!("{quote}{value}{quote}"))
    };
    let Some(mut written) = quoted(host).map(|host| format!("machine {host}")) else { return };
    for (keyword, value) in ["login", "password", "account"].iter().zip(&found) {
        let Some(value) = value else { continue };
        let Some(value) = quoted(value) else { return };
        written += &format!(" {keyword} {value}");
    }
    let again = netrc::find(&written, host);
    assert_eq!(again.ok().flatten().as_ref().map(values), Some(found), "{written}");
}

fn subcommands(line: &str) {
    let Subcommand { verb, rest } = match subcommand::parse(line) {
        Ok(subcommand) => subcommand,
        Err(error) => return told(&error, line),
    };
    if !rest.is_empty() {
        offset(line.as_bytes(), rest.as_bytes());
    }
    let code = verb.code();
    assert!(((1..=52).contains(&code) || code == subcommand::UNKNOWN) && rest == rest.trim());
    for name in [verb.name().to_owned(), verb.name().to_ascii_lowercase()] {
        let again = format!("{name} {rest}");
        assert_eq!(subcommand::parse(&again), Ok(Subcommand { verb, rest }), "{again}");
    }
    match subcommand::words(rest) {
        Ok(words) if words.iter().any(|word| word.contains('"')) => {}
        Ok(words) => {
            assert!(words.len() <= 100);
            let quoted: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
            assert_eq!(subcommand::words(&quoted.join(" ")), Ok(words), "{rest}");
        }
        Err(error) => told(&error, rest),
    }
}

/// The first of the lines that is for an address has its way; the first that is wrong is told.
fn socks(text: &str) {
    let lines: Vec<Result<SocksFile, _>> = text.lines().map(SocksFile::parse).collect();
    let file = match SocksFile::parse(text) {
        Ok(file) => file,
        Err(flaw) => {
            let first = lines.iter().position(Result::is_err).map(|index| index + 1);
            assert_eq!(Some(flaw.line), first, "{flaw:?}");
            return told(&flaw.problem, text);
        }
    };
    let lines: Vec<SocksFile> =
        lines.into_iter().map(|line| line.expect("the file is right")).collect();
    let written = text.split_whitespace().filter_map(|word| word.parse::<Ipv4Addr>().ok());
    let others = [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED, Ipv4Addr::BROADCAST];
    for address in written.take(16).chain(others) {
        let way = file.way(address);
        assert_eq!(way, lines.iter().find_map(|line| line.way(address)), "{address}");
        if let Some(Way::Socks(server)) = way {
            assert!(server.port != 0 && (1..=255).contains(&server.host.len()), "{server:?}");
        }
    }
}

/// INPUT that comes in two pieces, the first of them so long.
struct Pieces {
    data: Vec<u8>,
    at: usize,
    cut: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = if self.at < self.cut { self.cut } else { self.data.len() };
        let count = (end - self.at).min(buffer.len());
        buffer[..count].copy_from_slice(&self.data[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }
}

/// Its buffers are wiped for each piece and line, so that many of them take their time.
fn input(data: &[u8]) {
    let data = &data[..data.len().min(6000)];
    let all = |cut: usize| {
        let mut input = Input::new(Pieces { data: data.to_vec(), at: 0, cut }, false);
        let mut lines = Vec::new();
        while lines.len() < 20 {
            match input.subcommand() {
                Ok(Some(line)) => {
                    assert!(line.len() <= 4096 && !line.contains('\n') && !line.trim().is_empty());
                    lines.push(line.to_string());
                }
                Ok(None) => break,
                Err(error) => return (lines, Some(error.to_string())),
            }
        }
        (lines, None)
    };
    let whole = all(data.len());
    // The first byte is as good a place as any.
    for cut in
        [data.len() / 2, data.first().map_or(0, |byte| data.len() * usize::from(*byte) / 256)]
    {
        assert_eq!(all(cut), whole, "in two pieces, the first of {cut}");
    }
}

/// An error repeats what was written, twice at most, and little more.
fn told(error: &str, text: &str) {
    assert!(is_printable_line(error) || !is_printable_line(text), "{error}");
    assert!(error.len() < 2 * text.len() + 300, "{} bytes about {text}", error.len());
}
