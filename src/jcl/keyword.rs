//! Keywords of JOB, EXEC and DD statements, and what becomes of each.
//!
//! One row a keyword: the tables of docs/jcl.md are these. A keyword is *used*; or *ignored*, where
//! the job does the same without it; or *refused*, where it would not.

use super::operand::Param;
use super::report::{Problem, Report};
use crate::message::catalogue::{
    JCL_KEYWORD_REFUSED, JCL_KEYWORD_UNKNOWN, JCL_NAME_DUPLICATE, JCL_SYNTAX,
};
use crate::message::diagnostic::quoted;

/// One keyword of a statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Keyword {
    pub name: &'static str,
    pub treatment: Treatment,
    /// For DD: the kinds of DD that can have it.
    pub kinds: Kinds,
    /// What it says, for the manual.
    pub meaning: &'static str,
}

/// What becomes of a keyword.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Treatment {
    Used,
    Ignored,
    Refused,
}

/// A set of kinds of DD statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kinds(u8);

impl Kinds {
    pub const DATA_SET: Self = Self(1);
    pub const PATH: Self = Self(2);
    pub const SYSOUT: Self = Self(4);
    pub const IN_STREAM: Self = Self(8);
    pub const DDNAME: Self = Self(16);
    pub const ANY: Self = Self(31);
    const FILE: Self = Self(3);
    const OUTPUT: Self = Self(5);
    const RECORDS: Self = Self(15);

    /// Whether the two have a kind in common.
    pub fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

const fn row(
    name: &'static str,
    treatment: Treatment,
    kinds: Kinds,
    meaning: &'static str,
) -> Keyword {
    Keyword { name, treatment, kinds, meaning }
}

const fn used(name: &'static str, meaning: &'static str) -> Keyword {
    row(name, Treatment::Used, Kinds::ANY, meaning)
}

const fn ignored(name: &'static str, meaning: &'static str) -> Keyword {
    row(name, Treatment::Ignored, Kinds::ANY, meaning)
}

const fn refused(name: &'static str, meaning: &'static str) -> Keyword {
    row(name, Treatment::Refused, Kinds::ANY, meaning)
}

const fn dd(name: &'static str, kinds: Kinds, meaning: &'static str) -> Keyword {
    row(name, Treatment::Used, kinds, meaning)
}

const fn no_dd(name: &'static str, kinds: Kinds, meaning: &'static str) -> Keyword {
    row(name, Treatment::Ignored, kinds, meaning)
}

/// Keywords of the JOB statement.
pub(super) const JOB: &[Keyword] = &[
    used("CLASS", "job class"),
    used("COND", "return codes that end the job"),
    used("JOBRC", "whose return code is that of the job: MAXRC, LASTRC, (STEP,name)"),
    used("MSGCLASS", "output class of the job log, default A"),
    used("MSGLEVEL", "what the job log lists, default (1,1)"),
    used("NOTIFY", "user to tell when the job ends: a line of the job log, nothing is sent"),
    used("RESTART", "step to begin with: name, name.procstep, *"),
    used("TIME", "processor time: minutes, (minutes,seconds), 1440, NOLIMIT, MAXIMUM"),
    used("TYPRUN", "SCAN, HOLD, JCLHOLD"),
    used("USER", "user: shown in the job log, the job runs as its submitter"),
    ignored("ADDRSPC", "real or virtual storage"),
    ignored("BYTES", "output limit"),
    ignored("CARDS", "output limit"),
    ignored("CCSID", "code page of tapes"),
    ignored("DSENQSHR", "sharing of data sets between steps"),
    ignored("EMAIL", "address of the user"),
    ignored("GDGBIAS", "when relative generations are resolved"),
    ignored("GROUP", "group of the user"),
    ignored("JESLOG", "spinning of the job log"),
    ignored("LINES", "output limit"),
    ignored("MEMLIMIT", "storage above the bar"),
    ignored("PAGES", "output limit"),
    ignored("PASSWORD", "password of the user: masked in the listing, and a warning"),
    ignored("PERFORM", "performance group"),
    ignored("PRTY", "priority"),
    ignored("RD", "automatic restart"),
    ignored("REGION", "storage, in K or M; the value is checked"),
    ignored("REGIONX", "storage"),
    ignored("SECLABEL", "security label"),
    ignored("SYSAFF", "system to run on"),
    ignored("SYSTEM", "system to run on"),
    ignored("UJOBCORR", "user's job correlator"),
    refused("SCHENV", "scheduling environment"),
];

/// Keywords of the EXEC statement. All of them but PGM and PROC can name a step of a procedure, as
/// in `PARM.STEP=`.
pub(super) const EXEC: &[Keyword] = &[
    used("COND", "return codes that bypass the step; EVEN, ONLY"),
    used("PARM", "parameter of the program, at most 100 characters"),
    used("PARMDD", "DD that holds the parameter; not with PARM"),
    used("PGM", "program"),
    used("PROC", "procedure"),
    used("TIME", "processor time: minutes, (minutes,seconds), 1440, NOLIMIT, MAXIMUM"),
    ignored("ACCT", "accounting of the step"),
    ignored("ADDRSPC", "real or virtual storage"),
    ignored("CCSID", "code page of tapes"),
    ignored("DPRTY", "priority"),
    ignored("DYNAMNBR", "number of dynamic allocations"),
    ignored("MEMLIMIT", "storage above the bar"),
    ignored("PERFORM", "performance group"),
    ignored("RD", "automatic restart"),
    ignored("REGION", "storage, in K or M; the value is checked"),
    ignored("REGIONX", "storage"),
    ignored("RLSTMOUT", "record-level sharing"),
    ignored("TVSAMCOM", "transactional VSAM"),
    ignored("TVSMSG", "transactional VSAM"),
];

/// Keywords of the DD statement, and its positional parameters.
pub(super) const DD: &[Keyword] = &[
    dd("*", Kinds::IN_STREAM, "data up to `/*` or the next statement"),
    dd("DATA", Kinds::IN_STREAM, "data up to `/*`"),
    dd("DUMMY", Kinds::ANY, "empty to read, lost when written; so is DSN=NULLFILE"),
    dd("BLKSIZE", Kinds::ANY, "bytes of a block; 0 to 32760"),
    dd("DCB", Kinds::ANY, "subparameters, or a DD to copy them from: `*.step.dd`"),
    dd("DDNAME", Kinds::DDNAME, "a later DD of the step that takes this one's place"),
    dd("DISP", Kinds::DATA_SET, "status, disposition at a normal and at an abnormal end"),
    dd("DLM", Kinds::IN_STREAM, "two characters in place of `/*`"),
    dd("DSNAME", Kinds(9), "data set, DSN for short"),
    dd("DSNTYPE", Kinds::FILE, "LIBRARY and PDS make a library, others are ignored"),
    dd("DSORG", Kinds::FILE, "PS, PO; others are refused"),
    dd("FILEDATA", Kinds::PATH, "BINARY: bytes; TEXT: lines; RECORD is refused"),
    dd("LRECL", Kinds::ANY, "bytes of a record; 1 to 32760"),
    dd("PATH", Kinds::PATH, "file, absolute, in apostrophes"),
    dd("PATHDISP", Kinds::PATH, "KEEP or DELETE at a normal and at an abnormal end"),
    dd("PATHMODE", Kinds::PATH, "permissions of a new file: SIRUSR ..."),
    dd("PATHOPTS", Kinds::PATH, "ORDONLY, OWRONLY, ORDWR, OAPPEND, OCREAT, OEXCL, OTRUNC ..."),
    dd("RECFM", Kinds::ANY, "F, V or U, with B, S and A or M"),
    dd("SPACE", Kinds::OUTPUT, "directory blocks make a library, all else is ignored"),
    dd("SYMBOLS", Kinds::IN_STREAM, "JCLONLY, EXECSYS, CNVTSYS, and a DD that logs"),
    dd(
        "SYSOUT",
        Kinds::SYSOUT,
        "output class; `*` is that of MSGCLASS; with the writer INTRDR, jobs to be submitted",
    ),
    no_dd("ACCODE", Kinds::DATA_SET, "tape access"),
    no_dd("AVGREC", Kinds::OUTPUT, "unit of SPACE"),
    no_dd("BLKSZLIM", Kinds::ANY, "limit of the block size"),
    no_dd("BUFL", Kinds::ANY, "buffers (DCB)"),
    no_dd("BUFNO", Kinds::ANY, "buffers (DCB)"),
    no_dd("BURST", Kinds::SYSOUT, "printing"),
    no_dd("CCSID", Kinds::DATA_SET, "code page of tapes"),
    no_dd("CHARS", Kinds::SYSOUT, "printing"),
    no_dd("COPIES", Kinds::SYSOUT, "printing"),
    no_dd("DATACLAS", Kinds::FILE, "SMS class"),
    no_dd("DEN", Kinds::DATA_SET, "tape density (DCB)"),
    no_dd("DEST", Kinds::SYSOUT, "destination of output"),
    no_dd("DSID", Kinds::IN_STREAM, "diskette"),
    no_dd("DSKEYLBL", Kinds::DATA_SET, "encryption"),
    no_dd("EATTR", Kinds::DATA_SET, "extended attributes"),
    no_dd("EROPT", Kinds::ANY, "error option (DCB)"),
    no_dd("EXPDT", Kinds::DATA_SET, "expiration date"),
    no_dd("FCB", Kinds::SYSOUT, "printing"),
    no_dd("FLASH", Kinds::SYSOUT, "printing"),
    no_dd("FREE", Kinds::RECORDS, "when the data set is freed"),
    no_dd("FREEVOL", Kinds::DATA_SET, "when a tape is freed"),
    no_dd("GDGORDER", Kinds::DATA_SET, "order of generations"),
    no_dd("HOLD", Kinds::SYSOUT, "holding of output"),
    no_dd("KEYENCD1", Kinds::DATA_SET, "encryption"),
    no_dd("KEYENCD2", Kinds::DATA_SET, "encryption"),
    no_dd("KEYLABL1", Kinds::DATA_SET, "encryption"),
    no_dd("KEYLABL2", Kinds::DATA_SET, "encryption"),
    no_dd("LABEL", Kinds::DATA_SET, "tape labels"),
    no_dd("MAXGENS", Kinds::DATA_SET, "generations of members"),
    no_dd("MGMTCLAS", Kinds::FILE, "SMS class"),
    no_dd("MODIFY", Kinds::SYSOUT, "printing"),
    no_dd("OPTCD", Kinds::ANY, "optional services (DCB)"),
    no_dd("OUTLIM", Kinds::SYSOUT, "output limit"),
    no_dd("OUTPUT", Kinds::SYSOUT, "OUTPUT statement"),
    no_dd("PROTECT", Kinds::FILE, "protection by the security product"),
    no_dd("RETPD", Kinds::DATA_SET, "retention period"),
    no_dd("RLS", Kinds::DATA_SET, "record-level sharing"),
    no_dd("ROACCESS", Kinds::DATA_SET, "read-only access"),
    no_dd("SECMODEL", Kinds::DATA_SET, "model profile"),
    no_dd("SEGMENT", Kinds::SYSOUT, "printing"),
    no_dd("SPIN", Kinds::SYSOUT, "when output is ready"),
    no_dd("STORCLAS", Kinds::FILE, "SMS class"),
    no_dd("TRTCH", Kinds::DATA_SET, "tape recording (DCB)"),
    no_dd("UCS", Kinds::SYSOUT, "printing"),
    no_dd("UNIT", Kinds::RECORDS, "device"),
    no_dd("VOLUME", Kinds::RECORDS, "volumes, VOL for short"),
    refused("AMP", "VSAM"),
    refused("CHKPT", "checkpoints"),
    refused("CNTL", "program control statements"),
    refused("DYNAM", "dynamic allocation"),
    refused("KEYLEN", "keys of records"),
    refused("KEYOFF", "keys of records"),
    refused("LGSTREAM", "log streams"),
    refused("LIKE", "attributes of another data set: give RECFM, LRECL"),
    refused("QNAME", "TCAM"),
    refused("RECORG", "VSAM"),
    refused("REFDD", "attributes of another DD: give DCB=*.step.dd"),
    refused("SUBSYS", "subsystems"),
    refused("TERM", "terminals"),
];

/// The row of a keyword, by its name or its short form.
pub(super) fn find(table: &'static [Keyword], name: &str) -> Option<&'static Keyword> {
    let name = match name {
        "DSN" => "DSNAME",
        "VOL" => "VOLUME",
        name => name,
    };
    table.iter().find(|keyword| keyword.name == name)
}

/// A parameter whose keyword is known.
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub keyword: &'static Keyword,
    pub param: Param,
}

/// Parameters of a statement, held against the table of its keywords.
#[derive(Debug, Default)]
pub(super) struct Checked {
    pub positional: Vec<Param>,
    pub known: Vec<Known>,
    /// Keywords that the table does not have.
    pub unknown: Vec<Param>,
}

impl Checked {
    /// Sorts parameters by the table; what is refused or there twice is reported.
    pub fn new(params: Vec<Param>, table: &'static [Keyword], report: &mut Report) -> Self {
        let mut all = Self::default();
        for param in params {
            let Some(key) = &param.key else {
                if all.known.is_empty() && all.unknown.is_empty() {
                    all.positional.push(param);
                } else if !param.is_empty() {
                    let expected = "a keyword parameter, for positional ones come before";
                    report.add(Problem::text(&JCL_SYNTAX, param.at, &param.raw, expected));
                }
                continue;
            };
            match find(table, &key.text) {
                None => all.unknown.push(param),
                Some(keyword) if keyword.treatment == Treatment::Refused => {
                    let expected = format!("no {}: {}", keyword.name, keyword.meaning);
                    let found = quoted(&key.text);
                    report.add(Problem::new(&JCL_KEYWORD_REFUSED, key.at, found, expected));
                }
                Some(keyword) if all.get(keyword.name).is_some() => {
                    let expected = format!("{} once", keyword.name);
                    report.add(Problem::text(&JCL_NAME_DUPLICATE, key.at, &key.text, expected));
                }
                Some(keyword) => all.known.push(Known { keyword, param }),
            }
        }
        all
    }

    pub fn get(&self, name: &str) -> Option<&Param> {
        self.known.iter().find(|known| known.keyword.name == name).map(|known| &known.param)
    }

    /// The parameter, if it is there and not blank.
    pub fn value(&self, name: &str) -> Option<&Param> {
        self.get(name).filter(|param| !param.is_empty())
    }

    /// Reports keywords that the statement does not have.
    pub fn refuse_unknown(&self, statement: &str, report: &mut Report) {
        for param in &self.unknown {
            if let Some(key) = &param.key {
                report.add(unknown(&key.text, key.at, statement));
            }
        }
    }

    /// Names of what has no effect.
    pub fn ignored(&self) -> Vec<&'static str> {
        let ignored = |known: &&Known| known.keyword.treatment == Treatment::Ignored;
        self.known.iter().filter(ignored).map(|known| known.keyword.name).collect()
    }
}

/// A keyword that the statement does not have.
pub(super) fn unknown(name: &str, at: super::text::Place, statement: &str) -> Problem {
    let expected = if name.chars().any(|c| c.is_ascii_lowercase()) {
        format!("a keyword of {statement} in upper case")
    } else {
        format!("a keyword of {statement}")
    };
    Problem::text(&JCL_KEYWORD_UNKNOWN, at, name, expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_have_each_keyword_once() {
        for table in [JOB, EXEC, DD] {
            for (index, keyword) in table.iter().enumerate() {
                let first = table.iter().position(|other| other.name == keyword.name);
                assert_eq!(first, Some(index), "{}", keyword.name);
            }
        }
    }

    /// The keyword as a row of the manual.
    fn row(keyword: &Keyword) -> String {
        let here = match keyword.treatment {
            Treatment::Used => "used",
            Treatment::Ignored => "ignored",
            Treatment::Refused => "refused",
        };
        format!("| `{}` | {here} | {} |", keyword.name, keyword.meaning)
    }

    #[test]
    fn tables_of_the_manual_are_those_of_the_code() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/jcl.md");
        let mut manual = std::fs::read_to_string(path).unwrap();
        for (heading, table) in [("### JOB\n", JOB), ("### EXEC\n", EXEC), ("### DD\n", DD)] {
            let start = manual.find(heading).expect(heading);
            let head = "| keyword | here | says |\n|---|---|---|\n";
            let from = start + manual[start..].find(head).expect(head) + head.len();
            let to = from + manual[from..].find("\n\n").map_or(0, |end| end + 1).max(1) - 1;
            let rows = table.iter().map(|keyword| row(keyword) + "\n").collect::<String>();
            if std::env::var_os("UPDATE_DOCS").is_some() {
                let to = if manual[from..].starts_with('\n') { from } else { to + 1 };
                manual.replace_range(from..to, &rows);
                std::fs::write(path, &manual).unwrap();
            } else {
                assert_eq!(manual[from..=to], rows, "run: UPDATE_DOCS=1 cargo test --lib manual");
            }
        }
    }

    #[test]
    fn short_forms_are_the_same_keyword() {
        assert_eq!(find(DD, "DSN"), find(DD, "DSNAME"));
        assert_eq!(find(DD, "VOL"), find(DD, "VOLUME"));
        assert_eq!(find(EXEC, "DSN"), None);
    }
}
