//! What FTP.DATA and LOCSITE set. Pure.
//!
//! Both have the same keywords: FTP.DATA as `KEYWORD value`, LOCSITE as `KEYWORD=value`, `KEYWORD` or
//! `NOKEYWORD`. [`Settings::set`] is the one place that knows them.

use std::fmt::{self, Display};
use std::time::Duration;

use super::parm::MAX_TIMEOUT;
use crate::codepage::CodePage;
use crate::dataset::{Dcb, RecordFormat, RecordKind};

/// All of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// SOCKSCONFIGFILE: a data set or path.
    pub socks_file: Option<String>,
    /// FWFRIENDLY: the client opens the data connections.
    pub firewall_friendly: bool,
    /// EPSV4: EPSV is tried first.
    pub epsv4: bool,
    /// PASSIVEIGNOREADDR: of the reply to PASV only the port counts.
    pub passive_ignore_address: bool,
    /// SENDSITE: PUT of a data set sends a SITE command.
    pub send_site: bool,
    /// SBDATACONN: the page of local text and that of the data connection.
    pub pages: Option<(CodePage, CodePage)>,
    /// CLIENTEXIT: as EXIT in PARM.
    pub client_exit: bool,
    /// CLIENTERRCODES.
    pub error_codes: ErrorCodes,
    /// RECFM, LRECL and BLKSIZE of data sets that are made.
    pub dcb: Dcb,
    /// RDW: variable records keep their descriptor words in binary.
    pub rdw: bool,
    /// TRAILINGBLANKS: blanks at the end of fixed records are sent.
    pub trailing_blanks: bool,
    /// WRAPRECORD: a line that is too long goes on in further records.
    pub wrap_record: bool,
    /// TRUNCATE: a line that is too long is cut off; otherwise it is an error.
    pub truncate: bool,
    /// SUNIQUE: PUT sends STOU.
    pub unique: bool,
    /// The timers.
    pub timers: Timers,
}

/// CLIENTERRCODES: what a return code tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorCodes {
    /// FALSE: subcommand and reply.
    Standard,
    /// TRUE: the client error code.
    Client,
    /// EXTENDED: client error code and subcommand.
    Extended,
}

impl Display for ErrorCodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Standard => "FALSE",
            Self::Client => "TRUE",
            Self::Extended => "EXTENDED",
        })
    }
}

/// How long the client waits for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    /// MYOPENTIME: a connection, and the greeting.
    pub open: Duration,
    /// INACTTIME: a reply; the server's data connection.
    pub reply: Duration,
    /// DATACTTIME: the next bytes of a data connection.
    pub data: Duration,
    /// DCONNTIME: the reply when all data was sent or received.
    pub data_close: Duration,
    /// CCONNTIME: the reply to QUIT.
    pub close: Duration,
}

/// Why a keyword was not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unset {
    /// There is none of that name.
    Unknown,
    /// Its value is wrong; what is wrong with it, to be read behind the keyword.
    Wrong(String),
}

/// Keywords of z/OS that have nothing to set here: space and devices, for files take what they need,
/// traces, and what describes a session without TLS.
const WITHOUT_EFFECT: &[&str] = &[
    "ASATRANS",
    "AUTOMOUNT",
    "AUTORECALL",
    "BLOCKS",
    "BUFNO",
    "CHKPTINT",
    "CHKPTPREFIX",
    "CONDDISP",
    "CYLINDERS",
    "DATACLASS",
    "DATAKEEPALIVE",
    "DATASETMODE",
    "DEBUG",
    "DIRECTORY",
    "DIRECTORYMODE",
    "FTPKEEPALIVE",
    "LOGCLIENTERR",
    "MGMTCLASS",
    "MIGRATEVOL",
    "PRIMARY",
    "PROGRESS",
    "REPLYSECURITYLEVEL",
    "RETPD",
    "SECONDARY",
    "SPACETYPE",
    "STORCLASS",
    "TRACE",
    "TRACKS",
    "UCOUNT",
    "UNITNAME",
    "VCOUNT",
    "VOLUME",
];

impl Default for Settings {
    fn default() -> Self {
        Self {
            socks_file: None,
            firewall_friendly: false,
            epsv4: false,
            passive_ignore_address: false,
            send_site: true,
            pages: None,
            client_exit: false,
            error_codes: ErrorCodes::Standard,
            dcb: Dcb { recfm: Some(RecordFormat::VB), lrecl: Some(256), ..Dcb::default() },
            rdw: false,
            trailing_blanks: false,
            wrap_record: false,
            truncate: true,
            unique: false,
            timers: Timers::default(),
        }
    }
}

impl Default for Timers {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            open: seconds(60),
            reply: seconds(120),
            data: seconds(120),
            data_close: seconds(120),
            close: seconds(30),
        }
    }
}

impl Timers {
    /// TIMEOUT: all of them.
    pub fn all(seconds: u32) -> Self {
        let one = Duration::from_secs(seconds.into());
        Self { open: one, reply: one, data: one, data_close: one, close: one }
    }
}

impl Settings {
    /// Sets one; without a value it is switched on, or off if the keyword begins with NO.
    pub fn set(&mut self, keyword: &str, value: Option<&str>) -> Result<(), Unset> {
        let keyword = keyword.to_ascii_uppercase();
        if let Some(flag) = self.flag(&keyword) {
            *flag = boolean(value)?;
            return Ok(());
        }
        if let (Some(rest), None) = (keyword.strip_prefix("NO"), value) {
            if let Some(flag) = self.flag(rest) {
                *flag = false;
                return Ok(());
            }
        }
        let text = || value.filter(|text| !text.is_empty()).ok_or_else(|| wrong("has no value"));
        match keyword.as_str() {
            "SOCKSCONFIGFILE" => self.socks_file = Some(text()?.to_owned()),
            "SBDATACONN" | "SBD" => self.pages = pages(text()?)?,
            "CLIENTERRCODES" => {
                self.error_codes = match text()?.to_ascii_uppercase().as_str() {
                    "FALSE" => ErrorCodes::Standard,
                    "TRUE" => ErrorCodes::Client,
                    "EXTENDED" => ErrorCodes::Extended,
                    other => {
                        return Err(wrong(format!("is {other}; expected FALSE, TRUE or EXTENDED")));
                    }
                }
            }
            "RECFM" | "REC" => {
                let format = text()?.parse::<RecordFormat>();
                self.dcb.recfm = Some(format.map_err(|error| wrong(format!("is wrong: {error}")))?);
            }
            "LRECL" | "LR" => self.dcb.lrecl = Some(number(text()?, 0, 32_760)?),
            "BLKSIZE" | "BLK" | "BLOCKSIZE" => self.dcb.blksize = Some(number(text()?, 0, 32_760)?),
            "FILETYPE" | "FILE" if text()?.eq_ignore_ascii_case("SEQ") => {}
            "FILETYPE" | "FILE" => return Err(wrong("can only be SEQ here")),
            // A session that has to be protected is not opened without protection.
            "SECURE_FTP" | "SECURE_CTRLCONN" | "SECURE_DATACONN" => match text()? {
                value if value.eq_ignore_ascii_case("ALLOWED") => {}
                value if ["CLEAR", "NEVER"].iter().any(|v| v.eq_ignore_ascii_case(value)) => {}
                other => {
                    return Err(wrong(format!(
                        "is {other}, and TLS is not supported: zoxy's SSH protects"
                    )));
                }
            },
            "MYOPENTIME" => self.timers.open = timer(text()?)?,
            "INACTTIME" => self.timers.reply = timer(text()?)?,
            "DATACTTIME" => self.timers.data = timer(text()?)?,
            "DCONNTIME" => self.timers.data_close = timer(text()?)?,
            "CCONNTIME" => self.timers.close = timer(text()?)?,
            _ if WITHOUT_EFFECT.contains(&keyword.as_str()) => {}
            _ => return Err(Unset::Unknown),
        }
        Ok(())
    }

    /// What TRUE and FALSE are said of.
    fn flag(&mut self, keyword: &str) -> Option<&mut bool> {
        Some(match keyword {
            "FWFRIENDLY" | "FWF" => &mut self.firewall_friendly,
            "EPSV4" => &mut self.epsv4,
            "PASSIVEIGNOREADDR" => &mut self.passive_ignore_address,
            "SENDSITE" => &mut self.send_site,
            "CLIENTEXIT" => &mut self.client_exit,
            "RDW" => &mut self.rdw,
            "TRAILINGBLANKS" => &mut self.trailing_blanks,
            "WRAPRECORD" => &mut self.wrap_record,
            "TRUNCATE" => &mut self.truncate,
            "SUNIQUE" => &mut self.unique,
            _ => return None,
        })
    }

    /// Attributes of a data set that is made. LRECL is what was set last, whatever RECFM was then; undefined
    /// records have none.
    pub fn new_dcb(&self) -> Dcb {
        let is_undefined = self.dcb.recfm.is_some_and(|recfm| recfm.kind == RecordKind::Undefined);
        Dcb { lrecl: self.dcb.lrecl.filter(|_| !is_undefined), ..self.dcb }
    }

    /// The page of local text that does not say its own: EBCDIC records, and data sets that are made.
    pub fn local_page(&self) -> CodePage {
        self.pages.map_or(CodePage::Ibm1047, |(local, _)| local)
    }

    /// The page of text on the data connection.
    pub fn network_page(&self) -> CodePage {
        self.pages.map_or(CodePage::Iso8859_1, |(_, network)| network)
    }
}

fn boolean(value: Option<&str>) -> Result<bool, Unset> {
    match value.map(str::to_ascii_uppercase).as_deref() {
        None | Some("TRUE" | "ON" | "YES") => Ok(true),
        Some("FALSE" | "OFF" | "NO") => Ok(false),
        Some(other) => Err(wrong(format!("is {other}; expected TRUE or FALSE"))),
    }
}

/// `(IBM-1047,ISO8859-1)`, the brackets optional; FTP_STANDARD_TABLE is the default.
fn pages(text: &str) -> Result<Option<(CodePage, CodePage)>, Unset> {
    let bare = text.trim_start_matches('(').trim_end_matches(')');
    if bare.eq_ignore_ascii_case("FTP_STANDARD_TABLE") {
        return Ok(None);
    }
    let (local, network) = bare
        .split_once(',')
        .ok_or_else(|| wrong(format!("is {text}; expected (local page,network page)")))?;
    let page = |name: &str| {
        let page = name.trim().parse::<CodePage>();
        page.map_err(|error| wrong(format!("has {}: {error}", name.trim())))
    };
    Ok(Some((page(local)?, page(network)?)))
}

fn number(text: &str, low: u16, high: u16) -> Result<u16, Unset> {
    let number = text.parse().ok().filter(|number| (low..=high).contains(number));
    number.ok_or_else(|| wrong(format!("is {text}; expected {low} to {high}")))
}

fn timer(text: &str) -> Result<Duration, Unset> {
    let seconds = text.parse().ok().filter(|seconds| (1..=MAX_TIMEOUT).contains(seconds));
    let seconds =
        seconds.ok_or_else(|| wrong(format!("is {text}; expected 1 to {MAX_TIMEOUT} seconds")))?;
    Ok(Duration::from_secs(seconds.into()))
}

fn wrong(problem: impl Into<String>) -> Unset {
    Unset::Wrong(problem.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn flags_have_values_or_a_no_before_them() {
        let mut settings = Settings::default();
        for (keyword, value, expected) in [
            ("FWFRIENDLY", Some("TRUE"), true),
            ("fwfriendly", Some("false"), false),
            ("FWFriendly", None, true),
            ("NOFWFRIENDLY", None, false),
        ] {
            settings.set(keyword, value).unwrap();
            assert_eq!(settings.firewall_friendly, expected, "{keyword}");
        }
        assert_eq!(settings.set("NOFWFRIENDLY", Some("TRUE")), Err(Unset::Unknown));
        assert!(matches!(settings.set("EPSV4", Some("2")), Err(Unset::Wrong(_))));
    }

    #[test]
    fn values_are_checked() {
        let mut settings = Settings::default();
        for (keyword, value) in [
            ("SBDATACONN", "(IBM-037,UTF-8)"),
            ("CLIENTERRCODES", "extended"),
            ("RECFM", "FB"),
            ("LRECL", "133"),
            ("MYOPENTIME", "7"),
            ("CYLINDERS", ""),
            ("SECURE_FTP", "ALLOWED"),
        ] {
            assert_eq!(settings.set(keyword, Some(value)), Ok(()), "{keyword}");
        }
        assert_eq!(settings.pages, Some((CodePage::Ibm037, CodePage::Utf8)));
        assert_eq!(settings.error_codes, ErrorCodes::Extended);
        assert_eq!((settings.dcb.recfm, settings.dcb.lrecl), (Some(RecordFormat::FB), Some(133)));
        assert_eq!(settings.timers.open, Duration::from_secs(7));
        for (keyword, value) in [
            ("SBDATACONN", "IBM-1047"),
            ("SBDATACONN", "(IBM-1047,KLINGON)"),
            ("LRECL", "40000"),
            ("RECFM", "X"),
            ("INACTTIME", "0"),
            ("FILETYPE", "JES"),
            ("SECURE_FTP", "REQUIRED"),
            ("SOCKSCONFIGFILE", ""),
        ] {
            assert!(
                matches!(settings.set(keyword, Some(value)), Err(Unset::Wrong(_))),
                "{keyword}"
            );
        }
    }

    #[test]
    fn a_length_holds_for_every_format() {
        for (statements, lrecl) in [
            (&[("RECFM", "FB")][..], 256),
            (&[("LRECL", "256"), ("RECFM", "FB")], 256),
            (&[("LRECL", "80"), ("RECFM", "FB")], 80),
            (&[("RECFM", "FB"), ("LRECL", "133"), ("RECFM", "VB")], 133),
            (&[("RECFM", "U")], 0),
        ] {
            let mut settings = Settings::default();
            for (keyword, value) in statements {
                settings.set(keyword, Some(value)).unwrap();
            }
            assert_eq!(settings.new_dcb().complete().unwrap().lrecl(), lrecl, "{statements:?}");
        }
    }

    #[test]
    fn random_text_never_panics() {
        let mut random = Random(52);
        let alphabet = ['(', ')', ',', 'I', 'B', 'M', '-', '1', '0', '4', '7', 'é'];
        for _ in 0..5000 {
            let value = random.text(&alphabet, 20);
            for keyword in ["SBDATACONN", "RECFM", "LRECL", "INACTTIME", "FWF", value.as_str()] {
                let _ = Settings::default().set(keyword, Some(&value));
            }
        }
    }
}
