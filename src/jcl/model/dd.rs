//! DD statements: what a step reads and writes.

use super::Position;
use crate::dataset::Dcb;

/// One DD of a step, with everything concatenated to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dd {
    /// Name, 1 to 8 characters.
    pub name: String,
    /// Its statements in order, at least one. More than one: a concatenation, read one after the
    /// other.
    pub parts: Vec<DdPart>,
}

/// One DD statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DdPart {
    /// Where it stands; for one that was overridden, where the statement of the procedure stands.
    pub position: Position,
    /// What it stands for.
    pub source: Source,
    /// DISP; the defaults are filled in. Without meaning for sources other than data sets.
    pub disposition: Disposition,
    /// DCB and its subparameters written as keywords of their own.
    pub dcb: Dcb,
    /// Keywords that were accepted and have no effect here (SPACE, UNIT ...).
    pub ignored: Vec<&'static str>,
}

/// What a DD statement stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// DSN=, or none of the others (a temporary data set without a name).
    DataSet(DataSet),
    /// PATH=.
    Path(PathFile),
    /// SYSOUT=.
    Sysout(Sysout),
    /// `*` or DATA, or data without a DD statement (SYSIN).
    InStream(InStream),
    /// DUMMY, DSN=NULLFILE, or a DDNAME that nothing answers: empty to read, lost when written.
    Dummy,
}

/// A data set and perhaps one member of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DataSet {
    /// Its name. A backward reference (`*.step.dd`) has the name that it refers to.
    pub name: DataSetName,
    /// What stands in parentheses behind it.
    pub member: Option<MemberName>,
    /// For a backward reference: index of the step, and name of the DD that it refers to.
    pub referback: Option<(usize, String)>,
}

/// Name of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataSetName {
    /// A fully qualified name of at most 44 characters, in upper case.
    Cataloged(String),
    /// `&&NAME`: lives as long as the job, one for all steps that name it.
    Temporary(String),
    /// A DD without a name of its own: a temporary data set that only a backward reference can name.
    /// The number tells such data sets of a job apart.
    Unnamed(u32),
}

/// What stands in parentheses behind the name of a data set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MemberName {
    /// A member of a library.
    Member(String),
    /// A generation relative to the newest one at the start of the job: 0, -1, +1.
    Generation(i32),
}

/// DISP=(status,normal,abnormal).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disposition {
    /// Status at the start of the step; NEW if left out.
    pub status: Status,
    /// What to do with it when the step ends normally.
    pub normal: Fate,
    /// What to do with it when the step ends abnormally; never [`Fate::Pass`].
    pub abnormal: Fate,
}

impl Default for Disposition {
    fn default() -> Self {
        Self { status: Status::New, normal: Fate::AsFound, abnormal: Fate::AsFound }
    }
}

/// First subparameter of DISP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// NEW: must not be there; the step makes it.
    New,
    /// OLD: must be there; for this job alone.
    Old,
    /// SHR: must be there; shared with others.
    Shr,
    /// MOD: made if it is not there; what is written goes to its end.
    Mod,
}

/// Second and third subparameter of DISP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// Left out: what was there before the job is kept, what the job made and did not catalog or
    /// keep is deleted.
    AsFound,
    /// KEEP.
    Keep,
    /// DELETE.
    Delete,
    /// CATLG.
    Catalog,
    /// UNCATLG.
    Uncatalog,
    /// PASS: to the steps behind this one; at the end of the job as if left out.
    Pass,
}

/// A file of the file system: PATH and its companions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathFile {
    /// PATH: absolute, at most 255 characters.
    pub path: String,
    /// PATHOPTS.
    pub options: PathOptions,
    /// PATHMODE: permission bits of a new file; None: no permissions at all were given.
    pub mode: Option<u32>,
    /// PATHDISP when the step ends normally: whether the file is kept (KEEP, the default).
    pub keep_normal: bool,
    /// PATHDISP when the step ends abnormally.
    pub keep_abnormal: bool,
    /// FILEDATA.
    pub data: Option<FileData>,
}

/// PATHOPTS, as flags of open(2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PathOptions {
    /// ORDONLY, OWRONLY or ORDWR; None if none of them was given.
    pub access: Option<Access>,
    /// OAPPEND.
    pub append: bool,
    /// OCREAT.
    pub create: bool,
    /// OEXCL.
    pub exclusive: bool,
    /// ONOCTTY.
    pub no_tty: bool,
    /// ONONBLOCK.
    pub nonblocking: bool,
    /// OSYNC.
    pub sync: bool,
    /// OTRUNC.
    pub truncate: bool,
}

/// How a file is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// ORDONLY.
    Read,
    /// OWRONLY.
    Write,
    /// ORDWR.
    ReadWrite,
}

/// FILEDATA.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileData {
    /// BINARY: bytes.
    Binary,
    /// TEXT: lines.
    Text,
}

/// Output for the spool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sysout {
    /// Output class; for `*` and `(,)` that of MSGCLASS.
    pub class: char,
    /// Second subparameter: the writer.
    pub writer: Option<String>,
    /// Third subparameter: the form.
    pub form: Option<String>,
}

impl Sysout {
    /// Whether what is written there are jobs to be submitted.
    pub fn is_internal_reader(&self) -> bool {
        self.writer.as_deref() == Some("INTRDR")
    }
}

/// Data in the deck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InStream {
    /// The records, symbols replaced if SYMBOLS asks for it. Blanks at the end of a record are
    /// left out: records are fixed, with [`InStream::lrecl`] columns, and a reader of records pads.
    pub records: Vec<String>,
    /// Columns of a record: 80, or more if a line of the deck is longer.
    pub lrecl: usize,
    /// Number of the card that is the first record, from 1.
    pub first_card: usize,
    /// Second subparameter of SYMBOLS: the DD that lists what was replaced, and the list itself.
    pub symbols_log: Option<(String, Vec<String>)>,
}
