//! Values of a DD statement whose overrides are in.

use super::super::keyword::{Kinds, Treatment};
use super::super::model::{DataSet, DataSetName, Disposition, Fate, Source, Status, Sysout};
use super::super::value::{invalid, name, number, one_of};
use super::super::{model, operand::Param};
use super::{DdPart, data_set, kinds_of, path};
use crate::dataset::{Dcb, Organization, RecordFormat, UnknownRecordFormat};
use crate::jcl::report::{Problem, Report};
use crate::message::catalogue::{JCL_EXCLUSIVE, JCL_KEYWORD_REFUSED, JCL_PARAMETER_MISSING};
use crate::message::diagnostic::quoted;

/// Bytes of a record and of a block at most.
const MAX_BLOCK: u32 = 32_760;

/// DDs that a backward reference can name.
pub(in crate::jcl) trait Earlier {
    /// The first statement of `*.dd`, `*.step.dd` or `*.step.procstep.dd` (here without the asterisk),
    /// with the index of its step and its name; the error is what was expected.
    fn earlier(&self, names: &[&str]) -> Result<(usize, String, &model::DdPart), String>;
}

/// What finishing needs to know of the job.
pub(in crate::jcl) struct Finish<'f> {
    pub report: &'f mut Report,
    /// MSGCLASS.
    pub message_class: char,
    /// Temporary data sets without a name so far.
    pub unnamed: &'f mut u32,
    pub earlier: &'f dyn Earlier,
}

impl Finish<'_> {
    /// Reads the values; None if something is wrong, which is reported.
    pub fn part(&mut self, part: &DdPart) -> Option<model::DdPart> {
        if part.spoiled {
            return None;
        }
        if part.params.is_empty() {
            let expected = "parameters: only an override of a procedure's DD can have none";
            let problem =
                Problem::new(&JCL_PARAMETER_MISSING, part.place, "a DD without any", expected);
            self.report.add(problem);
            return None;
        }
        let is_dummy = part.get("DUMMY").is_some();
        let kinds = if is_dummy { Kinds::ANY } else { kinds_of(part.source()) };
        let fits = self.check_kinds(part, kinds);
        let disposition = self.disposition(part);
        let dcb = self.dcb(part);
        let source = if is_dummy { Some(Source::Dummy) } else { self.source(part, disposition) };
        if !fits {
            return None;
        }
        let ignored = part
            .params
            .iter()
            .filter(|known| known.keyword.treatment == Treatment::Ignored)
            .map(|known| known.keyword.name)
            .collect();
        let position = part.position.clone();
        Some(model::DdPart {
            position,
            source: source?,
            disposition: disposition?,
            dcb: dcb?,
            ignored,
        })
    }

    /// Whether all parameters can be on a DD of this kind; those that cannot are reported.
    fn check_kinds(&mut self, part: &DdPart, kinds: Kinds) -> bool {
        let mut fits = true;
        let source = part.source();
        for known in &part.params {
            let keyword = known.keyword;
            if keyword.kinds.meets(kinds) || known.param.is_empty() {
                continue;
            }
            fits = false;
            let with = match source {
                Some(source) if source.name == "*" => "data in the deck".to_owned(),
                Some(source) => source.name.to_owned(),
                None => "a data set".to_owned(),
            };
            let expected = format!("no {} with {with}", keyword.name);
            let found = quoted(&known.param.raw);
            self.report.add(Problem::new(&JCL_EXCLUSIVE, known.param.at, found, expected));
        }
        fits
    }

    fn source(&mut self, part: &DdPart, disposition: Option<Disposition>) -> Option<Source> {
        match part.source().map(|keyword| keyword.name) {
            Some("*" | "DATA") => part.data.clone().map(Source::InStream),
            Some("PATH") => {
                let file = path::path(part);
                self.report.accept(file).map(Source::Path)
            }
            Some("SYSOUT") => {
                let param = part.value("SYSOUT")?;
                let sysout = sysout(param, self.message_class);
                self.report.accept(sysout).map(Source::Sysout)
            }
            // Answered by another DD, or by none, before this.
            Some("DDNAME") => Some(Source::Dummy),
            Some(_) => {
                let param = part.value("DSNAME")?;
                let found = data_set::data_set(param, self.earlier);
                let source = self.report.accept(found)?;
                if let Source::DataSet(data_set) = &source {
                    self.check_temporary(part, data_set, disposition?)?;
                }
                Some(source)
            }
            None => self.unnamed(part, disposition?),
        }
    }

    /// A DD without a data set name.
    fn unnamed(&mut self, part: &DdPart, disposition: Disposition) -> Option<Source> {
        if !matches!(disposition.status, Status::New | Status::Mod) {
            let param = part.value("DISP")?;
            let expected = "DSN, for a data set that is there";
            let found = quoted(&param.raw);
            let problem = Problem::new(&JCL_PARAMETER_MISSING, param.at, found, expected);
            self.report.add(problem);
            return None;
        }
        *self.unnamed += 1;
        let name = DataSetName::Unnamed(*self.unnamed);
        let data_set = DataSet { name, member: None, referback: None };
        self.check_temporary(part, &data_set, disposition)?;
        Some(Source::DataSet(data_set))
    }

    /// A temporary data set is gone at the end of the job: it cannot be kept.
    fn check_temporary(
        &mut self,
        part: &DdPart,
        data_set: &DataSet,
        disposition: Disposition,
    ) -> Option<()> {
        let is_temporary = !matches!(data_set.name, DataSetName::Cataloged(_));
        let keeps = |fate| matches!(fate, Fate::Keep | Fate::Catalog | Fate::Uncatalog);
        let Some(param) = part
            .value("DISP")
            .filter(|_| is_temporary && (keeps(disposition.normal) || keeps(disposition.abnormal)))
        else {
            return Some(());
        };
        self.report.add(invalid(param, "PASS or DELETE for a temporary data set"));
        None
    }

    fn disposition(&mut self, part: &DdPart) -> Option<Disposition> {
        match part.value("DISP") {
            None => Some(Disposition::default()),
            Some(param) => self.report.accept(disposition(param)),
        }
    }

    fn dcb(&mut self, part: &DdPart) -> Option<Dcb> {
        let mut dcb = match part.value("DCB") {
            None => Dcb::default(),
            Some(param) => {
                let found = data_set::copied(param, self.earlier);
                self.report.accept(found)?
            }
        };
        let mut good = true;
        let mut accept = |result: Result<(), Problem>| {
            good &= self.report.accept(result).is_some();
        };
        if let Some(param) = part.value("RECFM") {
            accept(recfm(param).map(|recfm| dcb.recfm = Some(recfm)));
        }
        if let Some(param) = part.value("LRECL") {
            accept(
                number(param, 1..=MAX_BLOCK, "bytes")
                    .map(|lrecl| dcb.lrecl = u16::try_from(lrecl).ok()),
            );
        }
        if let Some(param) = part.value("BLKSIZE") {
            accept(
                number(param, 0..=MAX_BLOCK, "bytes")
                    .map(|size| dcb.blksize = u16::try_from(size).ok()),
            );
        }
        for (keyword, parse) in ORGANIZATIONS {
            if let Some(param) = part.value(keyword) {
                accept(parse(param).map(|found| dcb.dsorg = found.or(dcb.dsorg)));
            }
        }
        good.then_some(dcb)
    }
}

type Organizing = fn(&Param) -> Result<Option<Organization>, Problem>;

/// What can say whether a data set is a library, the most explicit one last.
const ORGANIZATIONS: [(&str, Organizing); 3] =
    [("SPACE", space), ("DSNTYPE", dsntype), ("DSORG", dsorg)];

fn space(param: &Param) -> Result<Option<Organization>, Problem> {
    let items = param.items();
    let directory = items.get(1).map(|quantity| quantity.items()).unwrap_or_default();
    let has_directory = directory.get(2).is_some_and(|blocks| !blocks.is_empty());
    Ok(has_directory.then_some(Organization::Partitioned))
}

fn dsntype(param: &Param) -> Result<Option<Organization>, Problem> {
    let items = param.items();
    let first = items.first().and_then(Param::word).map_or("", |word| word.text.as_str());
    match first {
        "LIBRARY" | "PDS" => Ok(Some(Organization::Partitioned)),
        "BASIC" | "LARGE" | "EXTREQ" | "EXTPREF" => Ok(None),
        _ => {
            let expected = "LIBRARY, PDS, BASIC, LARGE, EXTREQ or EXTPREF";
            Err(Problem { message: &JCL_KEYWORD_REFUSED, ..invalid(param, expected) })
        }
    }
}

fn dsorg(param: &Param) -> Result<Option<Organization>, Problem> {
    let words = [("PS", Organization::Sequential), ("PO", Organization::Partitioned)];
    one_of(param, &words).map(Some)
}

fn disposition(param: &Param) -> Result<Disposition, Problem> {
    let items = param.items();
    if items.len() > 3 {
        return Err(invalid(param, "DISP=(status,normal,abnormal)"));
    }
    let item = |index: usize| items.get(index).filter(|item: &&Param| !item.is_empty());
    let status = match item(0) {
        None => Status::New,
        Some(item) => one_of(
            item,
            &[
                ("NEW", Status::New),
                ("OLD", Status::Old),
                ("SHR", Status::Shr),
                ("MOD", Status::Mod),
            ],
        )?,
    };
    let abnormal = [
        ("DELETE", Fate::Delete),
        ("KEEP", Fate::Keep),
        ("CATLG", Fate::Catalog),
        ("UNCATLG", Fate::Uncatalog),
    ];
    let normal = [abnormal[0], abnormal[1], abnormal[2], abnormal[3], ("PASS", Fate::Pass)];
    let normal = item(1).map(|item| one_of(item, &normal)).transpose()?.unwrap_or(Fate::AsFound);
    let default = if normal == Fate::Pass { Fate::AsFound } else { normal };
    let abnormal = item(2).map(|item| one_of(item, &abnormal)).transpose()?.unwrap_or(default);
    Ok(Disposition { status, normal, abnormal })
}

fn recfm(param: &Param) -> Result<RecordFormat, Problem> {
    let expected = "F, V or U, then B, S, and A or M: FB, VB, FBA, U ...";
    let text = param.word().map_or("", |word| word.text.as_str());
    let is_format = text != "TEXT" && text.chars().all(|c| c.is_ascii_uppercase());
    match text.parse() {
        Ok(format) if is_format => Ok(format),
        Err(UnknownRecordFormat::Spanned) if is_format => {
            Err(invalid(param, "no spanned records, which are not supported"))
        }
        _ => Err(invalid(param, expected)),
    }
}

fn sysout(param: &Param, message_class: char) -> Result<Sysout, Problem> {
    let items = param.items();
    if items.len() > 3 {
        return Err(invalid(param, "SYSOUT=class, or SYSOUT=(class,writer,form)"));
    }
    let item = |index: usize| items.get(index).filter(|item: &&Param| !item.is_empty());
    let class = match item(0) {
        None => message_class,
        Some(item) => match item.word().map(|word| word.text.as_str()) {
            Some("*") => message_class,
            Some(text) => {
                class(text).ok_or_else(|| invalid(item, "a class: one letter or digit, or *"))?
            }
            None => return Err(invalid(item, "a class: one letter or digit, or *")),
        },
    };
    let writer = item(1).map(name).transpose()?;
    let form = item(2).map(|item| {
        let word = item.word().filter(|word| (1..=4).contains(&word.text.len()));
        word.map(|word| word.text.clone()).ok_or_else(|| invalid(item, "a form, 1 to 4 characters"))
    });
    Ok(Sysout { class, writer, form: form.transpose()? })
}

/// An output class: one letter or digit.
pub(in crate::jcl) fn class(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let class = characters.next().filter(|c| c.is_ascii_uppercase() || c.is_ascii_digit())?;
    characters.next().is_none().then_some(class)
}
