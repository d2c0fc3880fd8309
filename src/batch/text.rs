//! Records and lines to the bytes of a data connection, and back.
//!
//! | type | data set | file |
//! |---|---|---|
//! | ASCII | each record a line with CR LF, in the network's page | each line with CR LF |
//! | EBCDIC | each record a line with NL, in the local page | the same, from UTF-8 |
//! | binary | the data of the records; F: the file as it is | the file as it is |
//!
//! Received lines become records by RECFM and LRECL, received binary is cut into records of LRECL.

use std::fmt::{self, Display};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};

use super::failure::{ClientCode, Failure};
use super::local::{Sink, Source, failure};
use super::settings::Settings;
use crate::codepage::{CodePage, LF, NL};
use crate::dataset::{
    Converter, Layout, Overflow, ReadError, RecordFormat, RecordKind, RecordReader, RecordWriter,
    WriteError, Written,
};
use crate::message::catalogue::BATCH_NOT_CONVERTED;

/// Bytes that are moved at once.
pub const PIECE: usize = 64 * 1024;

/// Bytes of a received line at most.
const MAX_LINE: usize = 1 << 20;

/// TYPE.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// A.
    Ascii,
    /// I.
    Binary,
    /// E.
    Ebcdic,
}

impl Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ascii => "A",
            Self::Binary => "I",
            Self::Ebcdic => "E",
        })
    }
}

/// Makes the bytes that are sent.
pub struct Sender {
    name: String,
    way: SendWay,
}

enum SendWay {
    /// As they are.
    Bytes(File),
    /// LF becomes CR LF.
    Lines {
        file: File,
        last: u8,
    },
    Records(Box<SendRecords>),
}

struct SendRecords {
    reader: RecordReader<File>,
    converter: Option<Converter>,
    is_text: bool,
    /// What begins a record: its descriptor word.
    words: bool,
    end: &'static [u8],
}

impl Sender {
    /// Of a local file.
    pub fn new(name: String, source: Source, kind: DataType, settings: &Settings) -> Self {
        let Source { input, layout, .. } = source;
        let way = match (kind, layout) {
            (DataType::Binary, Some(layout)) if layout.kind == RecordKind::Variable => {
                SendWay::Records(Box::new(SendRecords {
                    reader: RecordReader::new(input, layout),
                    converter: None,
                    is_text: false,
                    words: settings.rdw,
                    end: b"",
                }))
            }
            (DataType::Binary, _) => SendWay::Bytes(input),
            (_, layout) => Self::text(input, layout, kind, settings),
        };
        Self { name, way }
    }

    fn text(input: File, layout: Option<Layout>, kind: DataType, settings: &Settings) -> SendWay {
        let network = match kind {
            DataType::Ebcdic => settings.local_page(),
            _ => settings.network_page(),
        };
        let layout = match layout.filter(|layout| layout.kind != RecordKind::Undefined) {
            Some(layout) => layout,
            // A file is in the page that SBDATACONN says, and otherwise goes as it is.
            None => match (settings.pages, kind) {
                (Some((local, _)), _) => Layout::of(RecordFormat::TEXT, local),
                (None, DataType::Ebcdic) => Layout::of(RecordFormat::TEXT, CodePage::Utf8),
                (None, _) => return SendWay::Lines { file: input, last: 0 },
            },
        };
        let local = layout.page.unwrap_or(settings.local_page());
        let strips = layout.kind == RecordKind::Fixed && !settings.trailing_blanks;
        SendWay::Records(Box::new(SendRecords {
            reader: RecordReader::new(input, layout),
            converter: Some(Converter::new(local, network, strips)),
            is_text: true,
            words: false,
            end: if kind == DataType::Ebcdic { &[NL] } else { b"\r\n" },
        }))
    }

    /// Whether the records of the file cannot be told apart by whoever receives it.
    pub fn loses_boundaries(&self) -> bool {
        matches!(&self.way, SendWay::Records(records) if !records.is_text && !records.words)
    }

    /// Puts the next bytes into `piece`, which is emptied before; false at the end.
    pub fn next(&mut self, piece: &mut Vec<u8>) -> Result<bool, Failure> {
        piece.clear();
        let unread =
            |error: &dyn std::fmt::Display| failure(ClientCode::FileRead, &self.name, error);
        match &mut self.way {
            SendWay::Bytes(file) => {
                piece.resize(PIECE, 0);
                let count = read(file, piece).map_err(|error| unread(&error))?;
                piece.truncate(count);
                Ok(count > 0)
            }
            SendWay::Lines { file, last } => {
                let mut bytes = [0; PIECE / 2];
                let count = read(file, &mut bytes).map_err(|error| unread(&error))?;
                for byte in &bytes[..count] {
                    if *byte == b'\n' && *last != b'\r' {
                        piece.push(b'\r');
                    }
                    piece.push(*byte);
                    *last = *byte;
                }
                Ok(count > 0)
            }
            SendWay::Records(records) => {
                while piece.len() < PIECE / 2 {
                    let number = records.reader.records() + 1;
                    let record = match records.reader.next_record() {
                        Ok(Some(record)) => record,
                        Ok(None) => return Ok(!piece.is_empty()),
                        Err(ReadError::Io(error)) => return Err(unread(&error)),
                        Err(error) => return Err(unconverted(&self.name, number, &error)),
                    };
                    let record = match &mut records.converter {
                        Some(converter) => converter
                            .convert(record)
                            .map_err(|reason| unconverted(&self.name, number, &reason))?,
                        None => record,
                    };
                    if records.is_text && has_line_end(record, records.end) {
                        let reason = "it holds a line end, and cannot be a line";
                        return Err(unconverted(&self.name, number, &reason));
                    }
                    if records.words {
                        // A record has at most 65535 bytes with its word.
                        let length = u16::try_from(record.len() + 4).unwrap_or(u16::MAX);
                        piece.extend(length.to_be_bytes());
                        piece.extend([0, 0]);
                    }
                    piece.extend_from_slice(record);
                    piece.extend_from_slice(records.end);
                }
                Ok(true)
            }
        }
    }
}

/// Whether a record holds what would end its line.
fn has_line_end(record: &[u8], end: &[u8]) -> bool {
    record.iter().any(|byte| end.contains(byte) || (end == [NL] && *byte == LF))
}

/// Takes the bytes that are received.
pub struct Receiver {
    name: String,
    way: ReceiveWay,
    /// LRECL, for messages.
    lrecl: usize,
}

enum ReceiveWay {
    /// As they are.
    Bytes(BufWriter<Sink>),
    /// CR LF becomes LF; whether the last byte was a CR, which is held back.
    Lines { sink: BufWriter<Sink>, cr: bool },
    /// Binary, in pieces of this size.
    Blocks { writer: RecordWriter<Sink>, size: usize, begun: Vec<u8> },
    /// Lines that become records.
    Records(Box<ReceiveRecords>),
}

struct ReceiveRecords {
    writer: RecordWriter<Sink>,
    converter: Converter,
    /// The last byte of a line's end.
    end: u8,
    begun: Vec<u8>,
    lines: u64,
}

/// What became of what was received.
pub struct Received {
    /// Where it is; not yet in its place.
    pub sink: Sink,
    /// How it was written.
    pub written: Written,
    /// LRECL.
    pub lrecl: usize,
}

impl Receiver {
    /// Into a local file.
    pub fn new(name: String, sink: Sink, kind: DataType, settings: &Settings) -> Self {
        let layout = sink.layout.filter(|layout| layout.kind != RecordKind::Undefined);
        let lrecl = layout.map_or(0, |layout| layout.lrecl);
        let way = match (kind, layout) {
            (DataType::Binary, Some(layout)) if layout.kind != RecordKind::Text => {
                let size = match layout.kind {
                    RecordKind::Variable => layout.lrecl.saturating_sub(4).max(1),
                    _ => layout.lrecl.max(1),
                };
                // Binary has no page: what is short is filled up with zeros.
                let writer =
                    RecordWriter::new(sink, Layout { page: None, ..layout }, Overflow::Refuse);
                ReceiveWay::Blocks { writer, size, begun: Vec::with_capacity(size) }
            }
            (DataType::Binary, _) => ReceiveWay::Bytes(BufWriter::with_capacity(PIECE, sink)),
            (_, layout) => Self::text(sink, layout, kind, settings),
        };
        Self { name, way, lrecl }
    }

    fn text(sink: Sink, layout: Option<Layout>, kind: DataType, settings: &Settings) -> ReceiveWay {
        let network = match kind {
            DataType::Ebcdic => settings.local_page(),
            _ => settings.network_page(),
        };
        let layout = match (layout, settings.pages, kind) {
            (Some(layout), ..) => layout,
            (None, Some((local, _)), _) => Layout::of(RecordFormat::TEXT, local),
            (None, None, DataType::Ebcdic) => Layout::of(RecordFormat::TEXT, CodePage::Utf8),
            (None, None, _) => {
                let sink = BufWriter::with_capacity(PIECE, sink);
                return ReceiveWay::Lines { sink, cr: false };
            }
        };
        let local = layout.page.unwrap_or(settings.local_page());
        let layout = Layout { page: Some(local), ..layout };
        let overflow = match (settings.wrap_record, settings.truncate) {
            (true, _) => Overflow::Wrap,
            (false, true) => Overflow::Truncate,
            (false, false) => Overflow::Refuse,
        };
        ReceiveWay::Records(Box::new(ReceiveRecords {
            writer: RecordWriter::new(sink, layout, overflow),
            converter: Converter::new(network, local, false),
            end: if kind == DataType::Ebcdic { NL } else { b'\n' },
            begun: Vec::new(),
            lines: 0,
        }))
    }

    /// Takes the next bytes.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<(), Failure> {
        let Self { name, way, .. } = self;
        let unwritten = |error: io::Error| failure(ClientCode::FileWrite, name, &error);
        match way {
            ReceiveWay::Bytes(sink) => sink.write_all(bytes).map_err(unwritten),
            ReceiveWay::Lines { sink, cr } => {
                for byte in bytes {
                    if *cr && *byte != b'\n' {
                        sink.write_all(b"\r").map_err(unwritten)?;
                    }
                    *cr = *byte == b'\r';
                    if !*cr {
                        sink.write_all(&[*byte]).map_err(unwritten)?;
                    }
                }
                Ok(())
            }
            ReceiveWay::Blocks { writer, size, begun } => {
                while !bytes.is_empty() {
                    let (part, rest) = bytes.split_at(bytes.len().min(*size - begun.len()));
                    begun.extend_from_slice(part);
                    bytes = rest;
                    if begun.len() == *size {
                        put(writer, begun, name, 0)?;
                        begun.clear();
                    }
                }
                Ok(())
            }
            ReceiveWay::Records(records) => {
                while let Some(at) = bytes.iter().position(|byte| *byte == records.end) {
                    records.begun.extend_from_slice(&bytes[..at]);
                    bytes = &bytes[at + 1..];
                    records.line(name)?;
                }
                records.begun.extend_from_slice(bytes);
                match records.begun.len() {
                    0..=MAX_LINE => Ok(()),
                    _ => Err(unconverted(name, records.lines + 1, &"the line has no end in 1 MiB")),
                }
            }
        }
    }

    /// Everything has come.
    pub fn finish(self) -> Result<Received, Failure> {
        let Self { name, way, lrecl } = self;
        let unwritten =
            |error: &dyn std::fmt::Display| failure(ClientCode::FileWrite, &name, error);
        let flushed = |sink: BufWriter<Sink>| {
            let sink = sink.into_inner().map_err(|error| unwritten(error.error()))?;
            Ok(Received { sink, written: Written::default(), lrecl })
        };
        let (sink, written) = match way {
            ReceiveWay::Bytes(sink) => return flushed(sink),
            ReceiveWay::Lines { mut sink, cr } => {
                if cr {
                    sink.write_all(b"\r").map_err(|error| unwritten(&error))?;
                }
                return flushed(sink);
            }
            ReceiveWay::Blocks { mut writer, begun, .. } => {
                if !begun.is_empty() {
                    put(&mut writer, &begun, &name, 0)?;
                }
                writer.finish().map_err(|error| unwritten(&error))?
            }
            ReceiveWay::Records(mut records) => {
                if !records.begun.is_empty() {
                    records.line(&name)?;
                }
                records.writer.finish().map_err(|error| unwritten(&error))?
            }
        };
        Ok(Received { sink, written, lrecl })
    }
}

impl ReceiveRecords {
    /// The line that has come is a record.
    fn line(&mut self, name: &str) -> Result<(), Failure> {
        self.lines += 1;
        let line = match self.end {
            b'\n' => self.begun.strip_suffix(b"\r").unwrap_or(&self.begun),
            _ => &self.begun,
        };
        let record = self.converter.convert(line);
        let record = record.map_err(|reason| unconverted(name, self.lines, &reason))?;
        put(&mut self.writer, record, name, self.lines)?;
        self.begun.clear();
        Ok(())
    }
}

fn put(
    writer: &mut RecordWriter<Sink>,
    record: &[u8],
    name: &str,
    number: u64,
) -> Result<(), Failure> {
    writer.write(record).map_err(|error| match error {
        WriteError::Io(error) => failure(ClientCode::FileWrite, &name, &error),
        error => unconverted(name, number, &error),
    })
}

fn unconverted(name: &str, record: u64, reason: &dyn std::fmt::Display) -> Failure {
    let arguments: [(_, &dyn std::fmt::Display); 3] =
        [("name", &name), ("record", &record), ("reason", reason)];
    Failure::new(ClientCode::Conversion, BATCH_NOT_CONVERTED.render(&arguments))
}

fn read(file: &mut File, piece: &mut [u8]) -> io::Result<usize> {
    loop {
        match file.read(piece) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::batch::local;
    use crate::batch::names::LocalName;
    use crate::dataset::{Dcb, Disposition, Dsn, Store};
    use crate::testing::TempDir;

    struct Scene {
        dir: TempDir,
        store: Store,
        settings: Settings,
    }

    impl Scene {
        fn new() -> Self {
            let dir = TempDir::new();
            let store = Store::at(dir.path("ds"));
            Self { dir, store, settings: Settings::default() }
        }

        fn name(&self, text: &str) -> LocalName {
            match text.contains('.') {
                true => LocalName::Dataset(Dsn::parse(text).unwrap()),
                false => LocalName::Path(self.dir.path(text)),
            }
        }

        /// Makes a data set and receives these pieces into it.
        fn receive(
            &self,
            name: &str,
            recfm: &str,
            lrecl: u16,
            kind: DataType,
            pieces: &[&[u8]],
        ) -> Result<(Vec<u8>, Written), String> {
            let mut settings = self.settings.clone();
            settings.dcb = Dcb { recfm: recfm.parse().ok(), lrecl: Some(lrecl), ..Dcb::default() };
            let local = self.name(name);
            let line = |failure: Failure| failure.line.unwrap_or_default();
            let is_text = kind != DataType::Binary;
            let sink =
                local::create(&self.store, &local, &settings, true, is_text).map_err(line)?;
            let mut receiver = Receiver::new(name.to_owned(), sink, kind, &settings);
            for piece in pieces {
                receiver.push(piece).map_err(line)?;
            }
            let received = receiver.finish().map_err(line)?;
            received.sink.commit()?;
            let mut source = local::open(&self.store, &local).map_err(line)?;
            let mut bytes = Vec::new();
            source.input.read_to_end(&mut bytes).unwrap();
            Ok((bytes, received.written))
        }

        fn send(&self, name: &str, kind: DataType) -> Result<Vec<u8>, String> {
            let line = |failure: Failure| failure.line.unwrap_or_default();
            let source = local::open(&self.store, &self.name(name)).map_err(line)?;
            let mut sender = Sender::new(name.to_owned(), source, kind, &self.settings);
            let (mut piece, mut all) = (Vec::new(), Vec::new());
            while sender.next(&mut piece).map_err(line)? {
                all.extend_from_slice(&piece);
            }
            Ok(all)
        }
    }

    #[test]
    fn lines_become_records_and_come_back_however_they_are_split() {
        let scene = Scene::new();
        let text = b"AB\r\n\r\nCDE\r\n";
        for split in 0..text.len() {
            let pieces = [&text[..split], &text[split..]];
            let (bytes, written) =
                scene.receive("FB.TEXT", "FB", 4, DataType::Ascii, &pieces).unwrap();
            assert_eq!(
                bytes,
                [0xc1, 0xc2, 0x40, 0x40, 0x40, 0x40, 0x40, 0x40, 0xc3, 0xc4, 0xc5, 0x40]
            );
            assert_eq!((written.records, written.padded), (3, 3));
            let (bytes, _) = scene.receive("VB.TEXT", "VB", 12, DataType::Ascii, &pieces).unwrap();
            assert_eq!(bytes, b"\0\x06\0\0\xc1\xc2\0\x04\0\0\0\x07\0\0\xc3\xc4\xc5");
            let (bytes, _) = scene.receive("file", "VB", 12, DataType::Ascii, &pieces).unwrap();
            assert_eq!(bytes, b"AB\n\nCDE\n");
        }
        for name in ["FB.TEXT", "VB.TEXT", "file"] {
            assert_eq!(scene.send(name, DataType::Ascii).unwrap(), text, "{name}");
        }
        assert_eq!(
            scene.send("FB.TEXT", DataType::Ebcdic).unwrap(),
            b"\xc1\xc2\x15\x15\xc3\xc4\xc5\x15"
        );
        assert_eq!(
            scene.send("file", DataType::Ebcdic).unwrap(),
            b"\xc1\xc2\x15\x15\xc3\xc4\xc5\x15"
        );
        // Blanks at the end of fixed records are sent if they are asked for.
        let mut scene = scene;
        scene.settings.trailing_blanks = true;
        assert_eq!(scene.send("FB.TEXT", DataType::Ascii).unwrap(), b"AB  \r\n    \r\nCDE \r\n");
    }

    #[test]
    fn ebcdic_lines_are_taken_as_they_are() {
        let scene = Scene::new();
        let line = b"\xc1\x25\xc2\x15\xc3\x15";
        let error = scene.receive("A.B", "FB", 3, DataType::Ebcdic, &[line]);
        assert_eq!(error.unwrap().0, b"\xc1\x25\xc2\xc3\x40\x40");
        // What holds a line end is no line.
        assert!(scene.send("A.B", DataType::Ebcdic).unwrap_err().contains("record 1"));
        assert!(scene.send("A.B", DataType::Ascii).unwrap_err().contains("line end"));
    }

    #[test]
    fn long_lines_are_cut_off_wrapped_or_refused() {
        let mut scene = Scene::new();
        let lines = [&b"ABCDE\r\nF"[..]];
        let received = |scene: &Scene| scene.receive("A.B", "FB", 3, DataType::Ascii, &lines);
        let (bytes, written) = received(&scene).unwrap();
        assert_eq!((bytes.len(), written.truncated), (6, 1));
        scene.settings.wrap_record = true;
        let (bytes, written) = received(&scene).unwrap();
        assert_eq!((bytes.len(), written.wrapped), (9, 1));
        scene.settings.wrap_record = false;
        scene.settings.truncate = false;
        let error = received(&scene).unwrap_err();
        assert!(error.contains("record 1") && error.contains("at most 3"), "{error}");
        // A character that the page lacks.
        scene.settings.pages = Some((CodePage::Ibm1047, CodePage::Utf8));
        let error = scene
            .receive("C.D", "FB", 80, DataType::Ascii, &["a\r\n€\r\n".as_bytes()])
            .unwrap_err();
        assert!(error.contains("record 2") && error.contains("U+20AC"), "{error}");
    }

    #[test]
    fn binary_is_cut_into_records() {
        let mut scene = Scene::new();
        let bytes: Vec<u8> = (0..10).collect();
        let pieces = [&bytes[..3], &bytes[3..]];
        let (found, written) = scene.receive("F.B", "FB", 4, DataType::Binary, &pieces).unwrap();
        assert_eq!(found, [&bytes[..], &[0, 0]].concat());
        assert_eq!((written.records, written.padded), (3, 1));
        let (found, _) = scene.receive("V.B", "VB", 8, DataType::Binary, &pieces).unwrap();
        assert_eq!(found, b"\0\x08\0\0\0\x01\x02\x03\0\x08\0\0\x04\x05\x06\x07\0\x06\0\0\x08\x09");
        assert_eq!(scene.send("V.B", DataType::Binary).unwrap(), bytes);
        scene.settings.rdw = true;
        assert_eq!(scene.send("V.B", DataType::Binary).unwrap(), found);
        fs::write(scene.dir.path("file"), &bytes).unwrap();
        assert_eq!(scene.send("file", DataType::Binary).unwrap(), bytes);
    }

    #[test]
    fn large_files_come_in_pieces() {
        let scene = Scene::new();
        let records: Vec<u8> = b"RECORD  ".repeat(50_000);
        let dsn = Dsn::parse("L.B").unwrap();
        let dcb = Dcb { lrecl: Some(8), code_page: Some(CodePage::Utf8), ..Dcb::default() };
        let allocation = scene.store.allocate(&dsn, Disposition::New, &dcb).unwrap();
        let mut output = allocation.create().unwrap();
        output.write_all(&records).unwrap();
        output.commit().unwrap();
        drop(allocation);
        let sent = scene.send("L.B", DataType::Ascii).unwrap();
        assert!(sent == b"RECORD\r\n".repeat(50_000));
        assert!(scene.send("L.B", DataType::Binary).unwrap() == records);
    }
}
