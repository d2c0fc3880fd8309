//! Records from one place to another.
//!
//! Called by `zoxy ds copy` and `convert`, and by steps of jobs that copy. [`records`] changes what
//! has to be changed: framing, lengths, code page. [`bytes`] changes nothing, but makes sure that
//! what it copies are records.

use std::fmt::{self, Display};
use std::io::{self, Read, Write};

use super::record::{Converter, Layout, ReadError, RecordReader, RecordWriter, WriteError};
use crate::codepage::Reason;

/// Why records were not copied: which one, counted from 1, and what is wrong with it.
#[derive(Debug)]
pub struct TransferError {
    /// The record.
    pub record: u64,
    /// What is wrong.
    pub cause: TransferCause,
}

/// What is wrong with a record.
#[derive(Debug)]
pub enum TransferCause {
    /// It cannot be read.
    Read(ReadError),
    /// It cannot be converted.
    Convert(Reason),
    /// It cannot be written.
    Write(WriteError),
}

impl TransferError {
    /// Whether the system failed, and not the records.
    pub fn is_severe(&self) -> bool {
        matches!(
            self.cause,
            TransferCause::Read(ReadError::Io(_)) | TransferCause::Write(WriteError::Io(_))
        )
    }
}

/// Copies all records, converted or as they are. The writer is not finished.
pub fn records(
    reader: &mut RecordReader<impl Read>,
    mut converter: Option<&mut Converter>,
    writer: &mut RecordWriter<impl Write>,
) -> Result<(), TransferError> {
    loop {
        let number = reader.records() + 1;
        let failed = |cause| TransferError { record: number, cause };
        let record = reader.next_record().map_err(|e| failed(TransferCause::Read(e)))?;
        let Some(record) = record else { return Ok(()) };
        let record = match &mut converter {
            Some(converter) => {
                converter.convert(record).map_err(|e| failed(TransferCause::Convert(e)))?
            }
            None => record,
        };
        writer.write(record).map_err(|e| failed(TransferCause::Write(e)))?;
    }
}

/// Copies all bytes, if they are records of this layout; gives their number and that of the bytes.
/// What was written before an error is not to be used.
pub fn bytes(
    input: impl Read,
    layout: Layout,
    output: impl Write,
) -> Result<(u64, u64), TransferError> {
    let mut reader = RecordReader::new(Tee { input, output }, layout);
    loop {
        let record = reader.records() + 1;
        match reader.next_record() {
            Ok(Some(_)) => {}
            Ok(None) => return Ok((reader.records(), reader.offset())),
            Err(error) => return Err(TransferError { record, cause: TransferCause::Read(error) }),
        }
    }
}

/// Writes what is read from it.
struct Tee<R, W> {
    input: R,
    output: W,
}

impl<R: Read, W: Write> Read for Tee<R, W> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.input.read(buffer)?;
        self.output.write_all(&buffer[..count])?;
        Ok(count)
    }
}

impl Display for TransferError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { record, cause } = self;
        match cause {
            // These say where they are, or are of no record.
            TransferCause::Read(error) => error.fmt(f),
            TransferCause::Write(WriteError::Io(error)) => error.fmt(f),
            TransferCause::Convert(error) => write!(f, "record {record}: {error}"),
            TransferCause::Write(error) => write!(f, "record {record}: {error}"),
        }
    }
}

impl std::error::Error for TransferError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codepage::CodePage;
    use crate::dataset::record::{LineEnd, Overflow};
    use crate::dataset::record_format::RecordFormat;
    use crate::testing::Random;

    fn converted(
        from: (&[u8], Layout),
        converter: Option<Converter>,
        to: Layout,
    ) -> Result<Vec<u8>, String> {
        let mut reader = RecordReader::new(from.0, from.1);
        let mut writer = RecordWriter::new(Vec::new(), to, Overflow::Refuse);
        let mut converter = converter;
        records(&mut reader, converter.as_mut(), &mut writer).map_err(|error| error.to_string())?;
        Ok(writer.finish().unwrap().0)
    }

    #[test]
    fn text_becomes_cards_and_comes_back() {
        let (utf8, ebcdic) = (CodePage::Utf8, CodePage::Ibm1047);
        let (lines, cards) =
            (Layout::of(RecordFormat::TEXT, utf8), Layout::of(RecordFormat::FB, ebcdic));
        let text = "LISTEN   SOCKS    SOCKS    1080\n\n* [comment]\n";
        let there = Converter::new(utf8, ebcdic, false);
        let card = converted((text.as_bytes(), lines), Some(there), cards).unwrap();
        assert_eq!((card.len(), card[0], card[79]), (240, 0xd3, 0x40));
        let back = Converter::new(ebcdic, utf8, true);
        let again = converted((&card, cards), Some(back), lines).unwrap();
        assert_eq!(again, text.as_bytes());
    }

    #[test]
    fn the_record_that_fails_is_named() {
        let lines = Layout::of(RecordFormat::TEXT, CodePage::Utf8);
        let cards = Layout::of(RecordFormat::FB, CodePage::Ibm1047);
        let fail = |text: &str| {
            let converter = Converter::new(CodePage::Utf8, CodePage::Ibm1047, false);
            converted((text.as_bytes(), lines), Some(converter), cards).unwrap_err()
        };
        assert_eq!(fail("a\nb€\n"), "record 2: IBM-1047 has no U+20AC €");
        assert_eq!(
            fail(&format!("a\nb\n{}x\n", " ".repeat(80))),
            "record 3: it has 81 bytes, and a record has at most 80"
        );
        let error = converted((&[0x40; 81], cards), None, lines).unwrap_err();
        assert_eq!(error, "fixed records have 80 bytes, but the length 81 leaves 1 bytes over");
    }

    #[test]
    fn bytes_are_copied_unchanged_if_they_are_records() {
        let mut random = Random(3);
        let variable = Layout { bdw: Some(false), ..Layout::of(RecordFormat::VB, CodePage::Utf8) };
        let mut file = Vec::new();
        for _ in 0..2000 {
            let length = random.below(300);
            let record = random.bytes(length);
            file.extend(u16::try_from(length + 4).unwrap().to_be_bytes());
            file.extend([0, 0]);
            file.extend(record);
        }
        let mut copy = Vec::new();
        let copied = bytes(file.as_slice(), variable, &mut copy).unwrap();
        assert_eq!(copied, (2000, file.len() as u64));
        assert!(copy == file);
        file.push(0);
        let error = bytes(file.as_slice(), variable, io::sink()).unwrap_err();
        assert_eq!(error.record, 2001);
        assert!(!error.is_severe());
        // A line end that is missing stays missing.
        let text = Layout::of(RecordFormat::TEXT, CodePage::Utf8);
        let mut copy = Vec::new();
        assert_eq!(bytes(&b"a\r\nb"[..], text, &mut copy).unwrap(), (2, 4));
        assert_eq!(copy, b"a\r\nb");
    }

    #[test]
    fn a_disk_that_fills_up_is_severe() {
        struct Full;
        impl Write for Full {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::StorageFull.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let text = Layout::of(RecordFormat::TEXT, CodePage::Utf8);
        assert!(bytes(&b"a\n"[..], text, Full).unwrap_err().is_severe());
    }

    #[test]
    fn line_ends_have_names() {
        for name in ["LF", "CRLF", "NL", "CRNL"] {
            let line_end: LineEnd = name.to_lowercase().parse().unwrap();
            assert_eq!(line_end.to_string(), name);
        }
        assert!("CR".parse::<LineEnd>().is_err());
    }
}
