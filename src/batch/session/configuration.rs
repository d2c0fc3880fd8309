//! Configurations and what is set here: FTP.DATA, SOCKSCONFIGFILE, NETRC, LOCSITE, LOCSTAT, LPWD.
//!
//! Configurations are read once, before anything is sent; a statement that is wrong ends the client.

use zeroize::Zeroizing;

use super::Session;
use super::commands::usage;
use crate::batch::failure::{ClientCode, Failure};
use crate::batch::ftpdata;
use crate::batch::output::Output;
use crate::batch::parm::Exit;
use crate::batch::settings::{Settings, Unset};
use crate::batch::socksfile::{self, SocksFile};
use crate::batch::subcommand::{Verb, words};
use crate::dataset::input::Input as File;
use crate::dataset::{FileName, Prefix};
use crate::message::catalogue::{
    BATCH_FILE_UNUSABLE, BATCH_STATEMENT_UNKNOWN, BATCH_STATEMENT_WRONG, ZOS_FIREWALL_FRIENDLY,
    ZOS_FTPDATA, ZOS_NOT_FIREWALL_FRIENDLY,
};

impl Session {
    pub(super) fn locsite(&mut self, rest: &str) -> Result<(), Failure> {
        let words = words(rest).map_err(|problem| usage(Verb::Locsite, &problem))?;
        for word in &words {
            let (keyword, value) = match word.split_once('=') {
                Some((keyword, value)) => (keyword, Some(value)),
                None => (word.as_str(), None),
            };
            // What belongs to the start of the client cannot be changed.
            let is_of_start = ["SOCKSCONFIGFILE", "CLIENTEXIT", "CLIENTERRCODES"];
            let set = match is_of_start.iter().any(|name| name.eq_ignore_ascii_case(keyword)) {
                true => Err(Unset::Unknown),
                false => self.settings.set(keyword, value),
            };
            match set {
                Ok(()) => {}
                Err(Unset::Unknown) => {
                    let arguments: [(_, &dyn std::fmt::Display); 3] =
                        [("file", &"LOCSITE"), ("line", &1), ("keyword", &keyword)];
                    self.out.line(&BATCH_STATEMENT_UNKNOWN.render(&arguments));
                }
                Err(Unset::Wrong(problem)) => {
                    return Err(usage(Verb::Locsite, &format!("{keyword} {problem}")));
                }
            }
        }
        Ok(())
    }

    pub(super) fn locstat(&mut self) {
        let settings = &self.settings;
        let on = |is: bool| if is { "TRUE" } else { "FALSE" };
        let seconds = |time: std::time::Duration| time.as_secs();
        let number = |value: Option<u16>| value.map_or("default".to_owned(), |v| v.to_string());
        let dcb = settings.new_dcb();
        let recfm = dcb.recfm.map_or("default".to_owned(), |recfm| recfm.to_string());
        let firewall = match settings.firewall_friendly {
            true => &ZOS_FIREWALL_FRIENDLY,
            false => &ZOS_NOT_FIREWALL_FRIENDLY,
        };
        let exit = match self.exit {
            Some(Exit::Fixed(code)) => format!("EXIT={code}"),
            Some(Exit::Computed) => "EXIT".to_owned(),
            None => "no EXIT: the return code is 0, whatever fails".to_owned(),
        };
        let lines = [
            match &self.control {
                Some(control) => format!("connected to {}, TYPE {}", control.server, self.kind),
                None => "not connected".to_owned(),
            },
            format!("{exit}, CLIENTERRCODES {}", settings.error_codes),
            match &self.socks {
                Some((file, _)) => format!("SOCKSCONFIGFILE {file}"),
                None => "SOCKSCONFIGFILE none: connections are direct".to_owned(),
            },
            firewall.render(&[]),
            format!(
                "EPSV4 {}, PASSIVEIGNOREADDR {}, SENDSITE {}, SUNIQUE {}",
                on(settings.epsv4),
                on(settings.passive_ignore_address),
                on(settings.send_site),
                on(settings.unique)
            ),
            format!(
                "SBDATACONN ({},{}), new data sets: RECFM {recfm} LRECL {} BLKSIZE {}",
                settings.local_page(),
                settings.network_page(),
                number(dcb.lrecl),
                number(dcb.blksize)
            ),
            format!(
                "RDW {}, TRAILINGBLANKS {}, WRAPRECORD {}, TRUNCATE {}",
                on(settings.rdw),
                on(settings.trailing_blanks),
                on(settings.wrap_record),
                on(settings.truncate)
            ),
            format!(
                "MYOPENTIME {}, INACTTIME {}, DATACTTIME {}, DCONNTIME {}, CCONNTIME {}",
                seconds(settings.timers.open),
                seconds(settings.timers.reply),
                seconds(settings.timers.data),
                seconds(settings.timers.data_close),
                seconds(settings.timers.close)
            ),
        ];
        for line in lines {
            self.out.line(&line);
        }
    }

    /// The names of all subcommands, as many in a line as a screen has room for.
    pub(super) fn help(&mut self) {
        for names in Verb::names().chunks(6) {
            let line: String = names.iter().map(|name| format!("{name:<11}")).collect();
            self.out.line(line.trim_end());
        }
    }

    pub(super) fn lpwd(&mut self) {
        let line = format!("local directory is {}", self.directory);
        self.out.line(&line);
    }
}

pub(super) fn unreadable(
    code: ClientCode,
    what: &str,
    file: &str,
    reason: &dyn std::fmt::Display,
) -> Failure {
    let arguments: [(_, &dyn std::fmt::Display); 3] =
        [("what", &what), ("file", &file), ("reason", reason)];
    Failure::new(code, BATCH_FILE_UNUSABLE.render(&arguments))
}

pub(super) fn wrong_netrc(file: &str, (line, expected): (usize, &str)) -> Failure {
    wrong_statement(file, line, "NETRC", &format!("is wrong: expected {expected}"))
}

fn wrong_statement(file: &str, line: usize, keyword: &str, problem: &str) -> Failure {
    let arguments: [(_, &dyn std::fmt::Display); 4] =
        [("file", &file), ("line", &line), ("keyword", &keyword), ("problem", &problem)];
    Failure::new(ClientCode::Parameter, BATCH_STATEMENT_WRONG.render(&arguments))
}

/// A configuration as text.
pub(super) fn read_file(what: &str, name: &str, most: usize) -> Result<Zeroizing<String>, Failure> {
    let failed =
        |reason: &dyn std::fmt::Display| unreadable(ClientCode::Parameter, what, name, reason);
    let file = match name.strip_prefix('\'') {
        // MVS style, as SOCKSCONFIGFILE has it.
        Some(_) => FileName::parse(&format!("//{name}"), &Prefix::Environment),
        None => FileName::parse(name, &Prefix::Environment),
    };
    let mut file = File::open(&file.map_err(|error| failed(&error))?).map_err(|e| failed(&e))?;
    let bytes = file.text(most).map_err(|error| failed(&error))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| failed(&"it is no UTF-8 text"))?;
    Ok(Zeroizing::new(text.to_owned()))
}

pub(super) fn read_ftpdata(
    name: &str,
    settings: &mut Settings,
    out: &mut Output,
) -> Result<(), Failure> {
    let text = read_file("FTP.DATA", name, ftpdata::MAX_FILE)?;
    out.line(&ZOS_FTPDATA.render(&[("file", &name)]));
    for flaw in ftpdata::read(&text, settings) {
        match flaw.problem {
            Unset::Unknown => {
                let arguments: [(_, &dyn std::fmt::Display); 3] =
                    [("file", &name), ("line", &flaw.line), ("keyword", &flaw.keyword)];
                out.line(&BATCH_STATEMENT_UNKNOWN.render(&arguments));
            }
            Unset::Wrong(problem) => {
                return Err(wrong_statement(name, flaw.line, &flaw.keyword, &problem));
            }
        }
    }
    Ok(())
}

pub(super) fn read_socks(name: &str) -> Result<(String, SocksFile), Failure> {
    // A data set without apostrophes is a full name: SOCKSCONFIGFILE has no other.
    let file = match name.starts_with(['/', '\'', '.']) {
        true => name.to_owned(),
        false => format!("'{name}'"),
    };
    let text = read_file("SOCKSCONFIGFILE", &file, socksfile::MAX_FILE)?;
    let parsed = SocksFile::parse(&text);
    let parsed =
        parsed.map_err(|flaw| wrong_statement(name, flaw.line, &flaw.keyword, &flaw.problem))?;
    Ok((name.to_owned(), parsed))
}
