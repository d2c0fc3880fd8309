//! Commands of a client: the verb, and the argument as it came.
//!
//! Servers differ in what they take for a verb: some skip blanks before it, some end it at a tab. A
//! PORT that the server understands must not pass here as unknown, so the widest reading is used.

use std::fmt::{self, Display, Write};

use nom::IResult;
use nom::Parser;
use nom::bytes::complete::{take, take_till1, take_while};
use nom::combinator::{opt, rest};
use nom::sequence::preceded;

/// One command line, taken apart.
///
/// `Display` is fit for a log: arguments that may be a secret are not shown, nor is what does not
/// look like a verb (a password alone on its line).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Command<'a> {
    /// Which command.
    pub verb: Verb,
    /// The verb as the client wrote it: any case; at least one byte, no blank.
    pub verb_text: &'a [u8],
    /// What follows the one blank behind the verb, to the end of the line: any bytes, may begin and
    /// end with blanks, may be empty.
    pub argument: &'a [u8],
}

impl<'a> Command<'a> {
    /// Takes apart the text of a line (without its end). None if the line is blank: servers
    /// disagree whether such a line deserves a reply.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let parsed: IResult<_, _> =
            (preceded(take_while(is_blank), take_till1(is_blank)), opt(take(1_usize)), rest)
                .parse(text);
        let (_, (verb_text, _, argument)) = parsed.ok()?;
        Some(Self { verb: Verb::from_text(verb_text), verb_text, argument })
    }

    /// The argument without the blanks around it.
    pub fn trimmed_argument(&self) -> &'a [u8] {
        let is_not_blank = |byte: &u8| !is_blank(*byte);
        let Some(first) = self.argument.iter().position(is_not_blank) else { return &[] };
        let last = self.argument.iter().rposition(is_not_blank).unwrap_or(first);
        &self.argument[first..=last]
    }
}

impl Display for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_wordlike = self.verb_text.len() <= LONGEST_VERB
            && self.verb_text.iter().all(u8::is_ascii_alphabetic);
        if !is_wordlike {
            return f.write_str("(no command)");
        }
        f.write_str(&String::from_utf8_lossy(self.verb_text))?;
        if self.argument.is_empty() {
            return Ok(());
        }
        match self.verb {
            Verb::Site => {
                let text = self.trimmed_argument();
                let word = text.split(|byte| is_blank(*byte)).next().unwrap_or(text);
                write!(f, " {}", word.escape_ascii())?;
                if word.len() < text.len() { f.write_str(" ...") } else { Ok(()) }
            }
            verb if verb.may_carry_secret() => f.write_str(" ****"),
            _ => {
                f.write_char(' ')?;
                write!(f, "{}", self.argument.escape_ascii())
            }
        }
    }
}

impl fmt::Debug for Command<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({self})")
    }
}

/// Which way the data of a transfer go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Client to server.
    Upload,
    /// Server to client.
    Download,
}

/// Writes [`Verb`] and the table of its names from one list.
macro_rules! verbs {
    ($($name:ident $text:literal $doc:literal,)*) => {
        /// The commands that mean something to somebody here.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Verb {
            $(#[doc = concat!("`", $text, "`: ", $doc, ".")] $name,)*
            /// Any other, known to the server or not.
            Other,
        }

        const VERBS: &[(&str, Verb)] = &[$(($text, Verb::$name)),*];
    };
}

verbs! {
    User "USER" "user name",
    Pass "PASS" "password",
    Acct "ACCT" "account, asked for by 332",
    Rein "REIN" "back to the state before the login",
    Quit "QUIT" "end",
    Port "PORT" "address the server connects to",
    Eprt "EPRT" "address the server connects to, any family (RFC 2428)",
    Lprt "LPRT" "address the server connects to, long form (RFC 1639)",
    Pasv "PASV" "the server listens",
    Epsv "EPSV" "the server listens, any family (RFC 2428)",
    Lpsv "LPSV" "the server listens, long form (RFC 1639)",
    Type "TYPE" "representation type",
    Mode "MODE" "transfer mode",
    Stru "STRU" "file structure",
    Retr "RETR" "get a file",
    Stor "STOR" "put a file",
    Stou "STOU" "put a file under a name of the server's choice",
    Appe "APPE" "append to a file",
    List "LIST" "listing over the data connection",
    Nlst "NLST" "names over the data connection",
    Mlsd "MLSD" "listing for machines over the data connection (RFC 3659)",
    Mlst "MLST" "facts of one name, in the reply (RFC 3659)",
    Allo "ALLO" "space for the next file",
    Rest "REST" "restart marker",
    Rnfr "RNFR" "old name",
    Rnto "RNTO" "new name",
    Abor "ABOR" "end the transfer",
    Dele "DELE" "delete a file",
    Cwd "CWD" "change the directory",
    Cdup "CDUP" "to the directory above",
    Smnt "SMNT" "mount",
    Rmd "RMD" "remove a directory",
    Mkd "MKD" "make a directory",
    Pwd "PWD" "name the directory",
    Size "SIZE" "size of a file (RFC 3659)",
    Mdtm "MDTM" "time of a file (RFC 3659)",
    Site "SITE" "services of this server",
    Syst "SYST" "operating system",
    Stat "STAT" "status, also during a transfer",
    Help "HELP" "help",
    Noop "NOOP" "nothing",
    Feat "FEAT" "features (RFC 2389)",
    Opts "OPTS" "options of a command (RFC 2389)",
    Lang "LANG" "language of replies (RFC 2640)",
    Host "HOST" "virtual host (RFC 7151)",
    Clnt "CLNT" "name of the client program",
    Auth "AUTH" "security mechanism (RFC 2228)",
    Adat "ADAT" "security data (RFC 2228)",
    Pbsz "PBSZ" "protection buffer size (RFC 2228)",
    Prot "PROT" "protection of data connections (RFC 2228)",
    Ccc "CCC" "control connection in clear again (RFC 2228)",
    Mic "MIC" "command with integrity (RFC 2228)",
    Conf "CONF" "confidential command (RFC 2228)",
    Enc "ENC" "encrypted command (RFC 2228)",
}

impl Verb {
    /// The verb of this text, in any case.
    pub fn from_text(text: &[u8]) -> Self {
        let is_it = |name: &str| name.as_bytes().eq_ignore_ascii_case(text);
        VERBS.iter().find(|(name, _)| is_it(name)).map_or(Self::Other, |(_, verb)| *verb)
    }

    /// Its name in upper case; empty for [`Verb::Other`].
    pub fn name(self) -> &'static str {
        VERBS.iter().find(|(_, verb)| *verb == self).map_or("", |(name, _)| name)
    }

    /// Which way the data go, if the command moves any over a data connection. STAT and MLST do
    /// not: they answer on the control connection.
    pub fn starts_transfer(self) -> Option<Direction> {
        match self {
            Self::Stor | Self::Stou | Self::Appe => Some(Direction::Upload),
            Self::Retr | Self::List | Self::Nlst | Self::Mlsd => Some(Direction::Download),
            _ => None,
        }
    }

    /// Whether it belongs to the security extensions of RFC 2228.
    pub fn is_security(self) -> bool {
        use Verb::{Adat, Auth, Ccc, Conf, Enc, Mic, Pbsz, Prot};
        matches!(self, Auth | Adat | Pbsz | Prot | Ccc | Mic | Conf | Enc)
    }

    /// Whether the argument has to stay out of logs. An unknown verb may be a mistyped PASS, SITE
    /// changes passwords on some servers.
    pub fn may_carry_secret(self) -> bool {
        use Verb::{Acct, Adat, Conf, Enc, Mic, Other, Pass, Site};
        matches!(self, Pass | Acct | Adat | Mic | Conf | Enc | Site | Other)
    }
}

impl Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What the isspace of C takes for a blank.
fn is_blank(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0b
}

/// Letters of a verb at most (RFC 959 section 5.3).
const LONGEST_VERB: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ftp::testing::random_lines;

    fn parts(text: &[u8]) -> Option<(Verb, &[u8], &[u8])> {
        Command::parse(text).map(|command| (command.verb, command.verb_text, command.argument))
    }

    fn shown(text: &[u8]) -> String {
        Command::parse(text).unwrap().to_string()
    }

    #[test]
    fn verbs_come_in_any_case() {
        for text in ["RETR a", "retr a", "Retr a", "rETR a"] {
            let (verb, verb_text, argument) = parts(text.as_bytes()).unwrap();
            assert_eq!((verb, argument), (Verb::Retr, &b"a"[..]));
            assert_eq!(verb_text, &text.as_bytes()[..4]);
        }
    }

    #[test]
    fn every_verb_has_its_own_name() {
        for (name, verb) in VERBS {
            assert_eq!(Verb::from_text(name.as_bytes()), *verb);
            assert_eq!(verb.name(), *name);
            assert!(name.len() <= LONGEST_VERB);
            assert_eq!(VERBS.iter().filter(|(other, _)| other == name).count(), 1, "{name}");
        }
        assert_eq!(Verb::from_text(b"XPWD"), Verb::Other);
        assert_eq!(Verb::from_text(b""), Verb::Other);
        assert_eq!(Verb::from_text(b"PASVX"), Verb::Other);
        assert_eq!(Verb::Other.name(), "");
        assert_eq!(format!("[{:5}]", Verb::Cwd), "[CWD  ]");
    }

    #[test]
    fn the_argument_stays_as_it_came() {
        assert_eq!(parts(b"NOOP"), Some((Verb::Noop, &b"NOOP"[..], &b""[..])));
        assert_eq!(parts(b"NOOP "), Some((Verb::Noop, &b"NOOP"[..], &b""[..])));
        assert_eq!(
            parts(b"PASS  two words "),
            Some((Verb::Pass, &b"PASS"[..], &b" two words "[..]))
        );
        assert_eq!(
            parts(b"STOR 'HLQ.DATA(+1)'"),
            Some((Verb::Stor, &b"STOR"[..], &b"'HLQ.DATA(+1)'"[..]))
        );
        assert_eq!(
            parts(b"RETR \xc3\xa9\xff\xff\r\0x"),
            Some((Verb::Retr, &b"RETR"[..], &b"\xc3\xa9\xff\xff\r\0x"[..]))
        );
        assert_eq!(Command::parse(b"PORT  1,2\t ").unwrap().trimmed_argument(), b"1,2");
        assert_eq!(Command::parse(b"PORT  ").unwrap().trimmed_argument(), b"");
    }

    #[test]
    fn blank_lines_are_no_commands() {
        for text in [&b""[..], b" ", b" \t\r "] {
            assert_eq!(parts(text), None);
        }
    }

    #[test]
    fn a_verb_in_disguise_is_found() {
        for text in [&b" PORT 1"[..], b"PORT\t1", b"\tport\x0b1", b"\rPORT\r1"] {
            assert_eq!(parts(text).map(|parts| (parts.0, parts.2)), Some((Verb::Port, &b"1"[..])));
        }
        assert_eq!(parts(b"PORT\x001").map(|parts| parts.0), Some(Verb::Other));
    }

    #[test]
    fn transfers_have_a_direction() {
        use Direction::{Download, Upload};
        let transfers: Vec<_> = VERBS
            .iter()
            .filter_map(|(name, verb)| verb.starts_transfer().map(|direction| (*name, direction)))
            .collect();
        let expected = [
            ("RETR", Download),
            ("STOR", Upload),
            ("STOU", Upload),
            ("APPE", Upload),
            ("LIST", Download),
            ("NLST", Download),
            ("MLSD", Download),
        ];
        assert_eq!(transfers, expected);
        assert_eq!(Verb::Other.starts_transfer(), None);
    }

    #[test]
    fn security_commands_are_those_of_rfc_2228() {
        let names: Vec<_> =
            VERBS.iter().filter(|(_, verb)| verb.is_security()).map(|(name, _)| *name).collect();
        assert_eq!(names, ["AUTH", "ADAT", "PBSZ", "PROT", "CCC", "MIC", "CONF", "ENC"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        assert_eq!(shown(b"PASS hunter2"), "PASS ****");
        assert_eq!(shown(b"pass"), "pass");
        assert_eq!(shown(b"ACCT hunter2"), "ACCT ****");
        assert_eq!(shown(b"PSAS hunter2"), "PSAS ****");
        assert_eq!(shown(b"hunter2"), "(no command)");
        assert_eq!(shown(b"secret"), "(no command)");
        assert_eq!(shown(b"SITE PSWD old new"), "SITE PSWD ...");
        assert_eq!(shown(b"SITE LRECL=80"), "SITE LRECL=80");
        assert_eq!(format!("{:?}", Command::parse(b"PASS hunter2")), "Some(Command(PASS ****))");
    }

    #[test]
    fn what_is_shown_cannot_command_a_terminal() {
        assert_eq!(shown(b"RETR a b"), "RETR a b");
        assert_eq!(shown(b"RETR \x1b[2J\xe9"), r"RETR \x1b[2J\xe9");
        assert_eq!(shown(b"\x1b[2J x"), "(no command)");
    }

    #[test]
    fn random_lines_never_panic() {
        for line in random_lines(b"PASOREUTI ,|\t\r\0\xff\xe9a1(") {
            let Some(command) = Command::parse(&line) else { continue };
            assert!(!command.verb_text.is_empty());
            assert!(command.to_string().is_ascii());
            let length = command.verb_text.len() + command.argument.len();
            assert!(length <= line.len() && command.argument.len() < line.len());
        }
    }
}
