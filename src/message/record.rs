//! The accounting record of a transfer (ZOX4521I), read back from a log.
//!
//! Pure. The layout is that of the catalogue's text: fields apart by one blank, the file's name to the
//! end of the line. What stands before the ID does not matter: a time, a syslog header, a priority.

use super::catalogue::FTP_TRANSFER;

/// One transfer, as its line has it; a field that is not known is a dash.
#[derive(Debug, Clone, PartialEq)]
pub struct Transfer<'a> {
    /// Number of the control connection.
    pub connection: u64,
    /// Address and port of the client.
    pub client: &'a str,
    /// When it began: UTC, `2026-11-21T08:55:57.123Z`.
    pub started: &'a str,
    /// FTP command.
    pub command: &'a str,
    /// `UP` or `DOWN`.
    pub direction: &'a str,
    /// Representation type.
    pub form: &'a str,
    /// `COMPLETE`, `REFUSED`, `FAILED` or `ABORTED`.
    pub result: &'a str,
    /// Last reply the client was told; 0: none.
    pub reply: u16,
    /// Bytes of the file that moved.
    pub bytes: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// User at the FTP server.
    pub user: &'a str,
    /// SSH server.
    pub server: &'a str,
    /// FTP server.
    pub target: &'a str,
    /// The file's name.
    pub name: &'a str,
}

impl<'a> Transfer<'a> {
    /// The record in a line of a log; None if it has none, or a damaged one.
    pub fn parse(line: &'a str) -> Option<Self> {
        let id = FTP_TRANSFER.id();
        let (_, rest) = line.split_once(id.as_str())?;
        let mut fields = rest.strip_prefix(' ')?.splitn(14, ' ');
        let mut next = || fields.next().filter(|field| !field.is_empty());
        let record = Self {
            connection: next()?.strip_prefix('#')?.parse().ok()?,
            client: next()?,
            started: next().filter(|time| time.len() >= 20 && time.is_ascii())?,
            command: next()?,
            direction: next().filter(|way| matches!(*way, "UP" | "DOWN"))?,
            form: next()?,
            result: next()?,
            reply: next()?.parse().ok()?,
            bytes: next()?.parse().ok()?,
            seconds: next()?.parse().ok().filter(|seconds: &f64| seconds.is_finite())?,
            user: next()?,
            server: next()?,
            target: next()?,
            name: next()?.trim_end_matches(['\r', '\n']),
        };
        Some(record)
    }

    /// Whether all of the file has arrived.
    pub fn is_complete(&self) -> bool {
        self.result == "COMPLETE"
    }

    /// The day it began, `2026-11-21`.
    pub fn day(&self) -> &'a str {
        &self.started[..10]
    }

    /// The FTP server without its port.
    pub fn host(&self) -> &'a str {
        self.target.rsplit_once(':').map_or(self.target, |(host, _)| host)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_catalogue_writes_is_read_back() {
        let line = FTP_TRANSFER.render(&[
            ("id", &17),
            ("client", &"10.1.2.3:50001"),
            ("started", &"2026-11-21T08:55:57.123Z"),
            ("command", &"STOR"),
            ("direction", &"UP"),
            ("form", &"I"),
            ("result", &"FAILED"),
            ("reply", &426),
            ("bytes", &u64::MAX),
            ("seconds", &"1.250"),
            ("user", &"PAUL"),
            ("server", &"-"),
            ("target", &"[2001:db8::1]:21"),
            ("name", &"'A.B(C)'  with  blanks"),
        ]);
        let whole = format!("2026-11-21T08:55:58.373Z {line}\n");
        let record = Transfer::parse(&whole).unwrap();
        assert_eq!((record.connection, record.reply, record.bytes), (17, 426, u64::MAX));
        assert_eq!((record.day(), record.host()), ("2026-11-21", "[2001:db8::1]"));
        assert_eq!((record.seconds, record.name), (1.25, "'A.B(C)'  with  blanks"));
        assert!(!record.is_complete());
        let syslog = format!("Nov 21 08:55:58 host zoxy[17]: {line}");
        assert_eq!(Transfer::parse(&syslog).as_ref(), Some(&record));
        // Any part of it is no record, and no panic.
        for (end, _) in line.char_indices().take_while(|(at, _)| *at < line.find("'A.B").unwrap()) {
            assert_eq!(Transfer::parse(&line[..end]), None, "{end}");
        }
        assert_eq!(Transfer::parse("ZOX2013I #17 closed"), None);
    }
}
