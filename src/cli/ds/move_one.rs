//! One file from its origin to its target, as it is or converted.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::super::interrupt::Interrupt;
use super::attributes::Asked;
use super::plan::{Place, Source, failed};
use super::{Failure, Rc, Terminal};
use crate::codepage::CodePage;
use crate::dataset::{
    Allocation, Attributes, Converter, Dcb, Disposition, Dsn, Layout, LineEnd, Output, Overflow,
    RecordFormat, RecordKind, RecordReader, RecordWriter, Store, StoreError, WriteError, Written,
    transfer,
};
use crate::message::Message;
use crate::message::catalogue::{
    DATASET_COPIED, DATASET_COPIED_WITH_LOSS, DATASET_NO_PAGE, DATASET_NOT_COPIED,
    DATASET_PAGES_DIFFER, DATASET_PATH_EXISTS,
};
use crate::replacement::Replacement;

/// What is done with each file.
pub(super) struct Orders {
    /// What the target is to be.
    pub asked: Asked,
    pub overflow: Overflow,
    /// Whether what is there may be replaced.
    pub replaces: bool,
    pub change: Change,
}

/// Whether files are converted.
pub(super) enum Change {
    /// They stay as they are.
    None,
    /// Their text goes from page to page.
    Text {
        /// What the origin is, as far as that was said.
        from: Dcb,
        line_end: Option<LineEnd>,
        keeps_blanks: bool,
    },
}

/// What was done with a file.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// Whether records were looked at.
    are_records: bool,
    written: Written,
}

/// Moves one file. A data set that was made for it is deleted again if that fails.
pub(super) fn move_one(
    store: &Store,
    orders: &Orders,
    from: &Place,
    to: &Place,
    interrupt: &Interrupt,
    terminal: &mut Terminal<'_>,
) -> Result<Moved, Failure> {
    let source = Source::open(store, from, Some(interrupt))?;
    let job = Job { orders, from, to };
    match to {
        Place::Dataset(dsn) => {
            let allocation = job.allocate(store, &source, dsn)?;
            let result = job.fill(source, &allocation);
            if result.is_err() && allocation.is_made() {
                let whole = Dsn { name: dsn.name.clone(), member: None };
                drop(allocation);
                // It is empty: what remains of it does no harm.
                let _ = store.delete(&whole);
            }
            result
        }
        Place::Path(path) => {
            let sink = job.open(path, source.mode)?;
            job.pass(source, job.of_path()?, sink)
        }
        Place::Standard => job.pass(source, job.of_path()?, Sink::Stream(terminal.out)),
    }
}

/// One file and what is done with it.
struct Job<'a> {
    orders: &'a Orders,
    from: &'a Place,
    to: &'a Place,
}

impl Job<'_> {
    /// Claims the data set, or makes it.
    fn allocate(
        &self,
        store: &Store,
        source: &Source<'_>,
        dsn: &Dsn,
    ) -> Result<Allocation, Failure> {
        let asked = self.orders.asked.dcb;
        if store.organization(&dsn.name)?.is_none() {
            return Ok(store.allocate(dsn, Disposition::New, &self.completed(source))?);
        }
        let disposition = match dsn.member {
            // Members are replaced one by one, whoever else uses the library.
            Some(_) => Disposition::Shr,
            None => Disposition::Old,
        };
        let allocation = store.allocate(dsn, disposition, &asked)?;
        let is_free = match &dsn.member {
            _ if self.orders.replaces => true,
            Some(_) => !allocation.exists()?,
            // What was made and never written is there to be written.
            None => fs::metadata(allocation.path()).is_ok_and(|metadata| metadata.len() == 0),
        };
        match (is_free, &dsn.member) {
            (true, _) => Ok(allocation),
            (false, Some(member)) => {
                Err(StoreError::MemberExists(dsn.name.clone(), member.clone()).into())
            }
            (false, None) => Err(StoreError::Exists(dsn.name.clone()).into()),
        }
    }

    /// What a new data set is to be: as asked for, and where that is open, for a copy as the origin.
    fn completed(&self, source: &Source<'_>) -> Dcb {
        let asked = self.orders.asked.dcb;
        let dcb = match (&self.orders.change, source.attributes) {
            (Change::None, Some(attributes)) => asked.like(attributes),
            (Change::None, None) if asked.recfm.is_none() => {
                let detected = source.detected(asked.code_page).dcb();
                Dcb {
                    recfm: detected.recfm,
                    lrecl: asked.lrecl.or(detected.lrecl),
                    bdw: asked.bdw.or(detected.bdw),
                    code_page: asked.code_page.or(detected.code_page),
                    ..asked
                }
            }
            (Change::None, None) => asked,
            (Change::Text { .. }, _) => {
                Dcb { code_page: asked.code_page.or(Some(NEW_TEXT)), ..asked }
            }
        };
        let code_page = dcb.code_page.filter(|_| !self.orders.asked.no_page);
        // A member makes a library, anything else is sequential.
        Dcb { dsorg: None, code_page, ..dcb }
    }

    /// Writes to a data set.
    fn fill(&self, source: Source<'_>, allocation: &Allocation) -> Result<Moved, Failure> {
        let attributes = allocation.attributes();
        if let (Change::Text { .. }, None) = (&self.orders.change, attributes) {
            return Err(StoreError::NoAttributes(allocation.dsn().name.clone()).into());
        }
        let layout = attributes.map(Attributes::layout);
        self.pass(source, layout, Sink::Output(allocation.create()?))
    }

    /// Opens a path; a regular file appears under its name when it is complete.
    fn open(&self, path: &Path, mode: Option<u32>) -> Result<Sink<'static>, Failure> {
        match fs::metadata(path) {
            Ok(metadata) if !metadata.is_file() => {
                let opened = File::options().write(true).open(path);
                return opened.map(Sink::Device).map_err(|error| failed(path, &error));
            }
            Ok(_) if !self.orders.replaces => {
                let path: [(_, &dyn Display); 1] = [("path", &path.display())];
                return Err(Failure::new(Rc::Error, &DATASET_PATH_EXISTS, &path));
            }
            _ => {}
        }
        let replacement = Replacement::create_with(path, mode.unwrap_or(0o666));
        replacement.map(Sink::Path).map_err(|error| failed(path, &error))
    }

    /// How records are to stand in a path; None for bytes as they are.
    fn of_path(&self) -> Result<Option<Layout>, Failure> {
        let Change::Text { .. } = self.orders.change else { return Ok(None) };
        let asked = self.orders.asked.dcb;
        let dcb = Dcb {
            recfm: asked.recfm.or(Some(RecordFormat::TEXT)),
            code_page: asked.code_page.or(Some(CodePage::Utf8)),
            ..asked
        };
        match dcb.complete() {
            Ok(attributes) => Ok(Some(attributes.layout())),
            Err(reason) => Err(self.failure(&reason, false)),
        }
    }

    /// Copies or converts, and puts the result in its place.
    fn pass(
        &self,
        source: Source<'_>,
        to: Option<Layout>,
        mut sink: Sink<'_>,
    ) -> Result<Moved, Failure> {
        let moved = match (&self.orders.change, to) {
            (Change::Text { from, line_end, keeps_blanks }, Some(to)) => {
                self.convert(source, from, to, *line_end, *keeps_blanks, &mut sink)?
            }
            (_, None) => {
                let mut input = source.input;
                let bytes = io::copy(&mut input, &mut sink);
                let bytes = bytes.map_err(|error| self.failure(&error, true))?;
                Moved { are_records: false, written: Written { bytes, ..Written::default() } }
            }
            (Change::None, Some(to)) => self.copy(source, to, &mut sink)?,
        };
        sink.commit().map_err(|error| match (error, self.to) {
            (SinkError::Io(error), Place::Path(path)) => failed(path, &error),
            (SinkError::Io(error), _) => Failure::of_output(error),
            (SinkError::Store(error), _) => error.into(),
        })?;
        Ok(moved)
    }

    /// Copies bytes that are such records, or else the records.
    fn copy(&self, source: Source<'_>, to: Layout, sink: &mut Sink<'_>) -> Result<Moved, Failure> {
        let from = source.attributes.map(|attributes| attributes.layout());
        if let (Some(Layout { page: Some(from), .. }), Some(to)) = (from, to.page) {
            if from != to {
                return Err(self.told(&DATASET_PAGES_DIFFER, &[("page", &from), ("other", &to)]));
            }
        }
        let framing = |layout: Layout| (layout.kind, layout.lrecl, layout.bdw);
        let Some(from) = from.filter(|from| framing(*from) != framing(to)) else {
            let (records, bytes) = transfer::bytes(source.input, to, sink)
                .map_err(|error| self.failure(&error, error.is_severe()))?;
            let written = Written { records, bytes, ..Written::default() };
            return Ok(Moved { are_records: true, written });
        };
        let mut reader = RecordReader::new(source.input, from);
        let writer = RecordWriter::new(sink, to, self.orders.overflow);
        self.records(&mut reader, None, writer)
    }

    fn convert(
        &self,
        source: Source<'_>,
        from: &Dcb,
        to: Layout,
        line_end: Option<LineEnd>,
        keeps_blanks: bool,
        sink: &mut Sink<'_>,
    ) -> Result<Moved, Failure> {
        let from = source.layout(from);
        let (Some(from_page), Some(to_page)) = (from.page, to.page) else {
            return Err(self.told(&DATASET_NO_PAGE, &[]));
        };
        let strips = !keeps_blanks
            && from.kind == RecordKind::Fixed
            && matches!(to.kind, RecordKind::Text | RecordKind::Variable);
        let mut converter = Converter::new(from_page, to_page, strips);
        let mut reader = RecordReader::new(source.input, from);
        let mut writer = RecordWriter::new(sink, to, self.orders.overflow);
        if let Some(line_end) = line_end {
            writer = writer.with_line_end(line_end);
        }
        self.records(&mut reader, Some(&mut converter), writer)
    }

    fn records(
        &self,
        reader: &mut RecordReader<impl io::Read>,
        converter: Option<&mut Converter>,
        mut writer: RecordWriter<&mut Sink<'_>>,
    ) -> Result<Moved, Failure> {
        transfer::records(reader, converter, &mut writer)
            .map_err(|error| self.failure(&error, error.is_severe()))?;
        let (_, written) = writer
            .finish()
            .map_err(|error| self.failure(&error, matches!(error, WriteError::Io(_))))?;
        Ok(Moved { are_records: true, written })
    }

    fn failure(&self, reason: &dyn Display, is_severe: bool) -> Failure {
        let rc = if is_severe { Rc::Severe } else { Rc::Error };
        let arguments: [(_, &dyn Display); 3] =
            [("from", self.from), ("to", self.to), ("reason", reason)];
        Failure::new(rc, &DATASET_NOT_COPIED, &arguments)
    }

    fn told(&self, message: &Message, values: &[(&'static str, &dyn Display)]) -> Failure {
        let names: [(_, &dyn Display); 2] = [("from", self.from), ("to", self.to)];
        Failure::new(Rc::Error, message, &[&names, values].concat())
    }
}

/// The code page of a new data set that gets text.
const NEW_TEXT: CodePage = CodePage::Ibm1047;

/// What is written to.
enum Sink<'a> {
    /// A data set or member.
    Output(Output),
    /// A file at a path.
    Path(Replacement),
    /// A pipe or device.
    Device(File),
    /// The standard output.
    Stream(&'a mut dyn Write),
}

/// Why what was written is not in its place.
enum SinkError {
    Store(StoreError),
    Io(io::Error),
}

impl Sink<'_> {
    /// Puts what was written in its place.
    fn commit(self) -> Result<(), SinkError> {
        match self {
            Self::Output(output) => output.commit().map_err(SinkError::Store),
            Self::Path(replacement) => replacement.finish().map_err(SinkError::Io),
            Self::Device(_) => Ok(()),
            Self::Stream(stream) => stream.flush().map_err(SinkError::Io),
        }
    }

    fn inner(&mut self) -> &mut dyn Write {
        match self {
            Self::Output(output) => output,
            Self::Path(replacement) => replacement,
            Self::Device(file) => file,
            Self::Stream(stream) => stream,
        }
    }
}

impl Write for Sink<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.inner().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner().flush()
    }
}

impl Moved {
    /// Says what was done; gives the return code. Where the file itself went to the standard output
    /// only a loss is told.
    pub fn tell(
        &self,
        from: &Place,
        to: &Place,
        terminal: &mut Terminal<'_>,
    ) -> Result<Rc, Failure> {
        let Written { records, bytes, padded, truncated, wrapped } = self.written;
        let records = if self.are_records { format!("{records} records, ") } else { String::new() };
        let padded = if padded > 0 { format!(", {padded} filled up") } else { String::new() };
        let is_whole = truncated == 0 && wrapped == 0;
        let message = if is_whole { &DATASET_COPIED } else { &DATASET_COPIED_WITH_LOSS };
        let arguments: [(_, &dyn Display); 7] = [
            ("from", from),
            ("to", to),
            ("records", &records),
            ("bytes", &bytes),
            ("padded", &padded),
            ("truncated", &truncated),
            ("wrapped", &wrapped),
        ];
        match to {
            Place::Standard if is_whole => {}
            Place::Standard => {
                terminal.failed(Failure::new(Rc::Warning, message, &arguments));
            }
            _ => terminal.message(message, &arguments)?,
        }
        Ok(if is_whole { Rc::Ok } else { Rc::Warning })
    }
}
