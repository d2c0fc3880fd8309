//! [`cut`]: records are parts of the input in their order, nothing between them is lost, and what
//! is written as FB or VB is read as it was.

use std::io::{self, Read};

use zoxy::codepage::CodePage;
use zoxy::dataset::{
    Layout, Overflow, ReadError, RecordError, RecordFormat, RecordKind, RecordReader, RecordWriter,
    cut, detect,
};

use crate::pieces::{SIZES, is_one_line, offset};

const PAGES: [CodePage; 3] = [CodePage::Utf8, CodePage::Ibm037, CodePage::Ibm1047];

/// The input is a file, read in every format and code page.
pub fn run(data: &[u8]) {
    for page in PAGES {
        for format in [RecordFormat::TEXT, RecordFormat::FB, RecordFormat::VB] {
            match cut(data, Layout::of(format, page)) {
                Ok(records) => check(data, format.kind, page, &records),
                Err(error) => assert!(is_one_line(&error.to_string()), "{error}"),
            }
        }
        let detected = detect(data, data.len() as u64, Some(page));
        if detected.format == RecordFormat::FB {
            assert!(cut(data, detected.layout()).is_ok(), "detected, but not so");
        }
        let decoded = page.decode(data);
        if page != CodePage::Utf8 {
            assert_eq!(page.encode(&decoded).as_deref(), Ok(data), "bytes do not come back");
        }
    }
    let lines = cut(data, Layout::of(RecordFormat::TEXT, CodePage::Utf8));
    write_and_read(&lines.expect("any text has lines"));
    if let Some((choice, file)) = data.split_first_chunk() {
        any_layout(layout(*choice), file);
    }
}

/// Any layout that attributes can give.
fn layout([kind, how, lrecl, blksize]: [u8; 4]) -> Layout {
    let kinds = [RecordKind::Text, RecordKind::Fixed, RecordKind::Variable, RecordKind::Undefined];
    let is = |bit: u8| how & (1 << bit) != 0;
    Layout {
        kind: kinds[usize::from(kind % 4)],
        lrecl: usize::from(lrecl),
        blksize: usize::from(blksize) * 2,
        is_blocked: is(0),
        bdw: is(1).then_some(is(2)),
        page: is(3).then_some(if is(4) { CodePage::Ibm1047 } else { CodePage::Utf8 }),
    }
}

/// A file is read the same in one and in pieces; its records can be written, and are then read as
/// they were.
fn any_layout(layout: Layout, file: &[u8]) {
    let whole = cut(file, layout);
    for size in SIZES {
        let (records, error) = read(file, layout, size);
        match &whole {
            Ok(expected) => assert!(error.is_none() && records == *expected, "{error:?}"),
            // Who has all of the file sees that a block is cut off before what is wrong within it.
            Err(expected) => assert!(error.is_some(), "{expected} in pieces of {size}"),
        }
    }
    let Ok(records) = whole else { return };
    for overflow in [Overflow::Refuse, Overflow::Truncate, Overflow::Wrap] {
        write(&records, layout, overflow);
    }
}

fn write(records: &[&[u8]], layout: Layout, overflow: Overflow) {
    let mut writer = RecordWriter::new(Vec::new(), layout, overflow);
    let mut kept = Vec::new();
    for record in records {
        let before = writer.written();
        match writer.write(record) {
            Ok(()) => kept.push(*record),
            Err(error) => assert!(is_one_line(&error.to_string()), "{error}"),
        }
        let after = writer.written();
        if (after.padded, after.truncated, after.wrapped)
            != (before.padded, before.truncated, before.wrapped)
        {
            // It was changed, which is counted.
            return;
        }
    }
    let (bytes, written) = writer.finish().expect("there is room");
    assert_eq!(written.bytes, bytes.len() as u64);
    // Undefined records are not told apart, nor are blocks if nobody says whether there are any.
    if layout.kind == RecordKind::Undefined || layout.bdw.is_none() {
        return;
    }
    let again = cut(&bytes, layout).expect("it was just written");
    let blank = layout.blank();
    let trim = |record: &[u8]| {
        let end = record.iter().rposition(|byte| Some(*byte) != blank).map_or(0, |last| last + 1);
        record[..end].to_vec()
    };
    // Blanks at the end may be cut off.
    let trimmed = |records: &[&[u8]]| records.iter().map(|record| trim(record)).collect::<Vec<_>>();
    assert_eq!(trimmed(&again), trimmed(&kept), "{layout:?}");
}

/// Reads in pieces; the records before an error are given too.
fn read(file: &[u8], layout: Layout, size: usize) -> (Vec<Vec<u8>>, Option<RecordError>) {
    let mut reader = RecordReader::new(Pieces(file, size), layout);
    let mut records = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => records.push(record.to_vec()),
            Ok(None) => return (records, None),
            Err(ReadError::Record(error)) => return (records, Some(error)),
            Err(ReadError::Io(error)) => panic!("{error}"),
        }
    }
}

struct Pieces<'a>(&'a [u8], usize);

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        let (piece, rest) = self.0.split_at(count);
        buffer[..count].copy_from_slice(piece);
        self.0 = rest;
        Ok(count)
    }
}

fn check(data: &[u8], kind: RecordKind, page: CodePage, records: &[&[u8]]) {
    let mut end = 0;
    for record in records {
        // An empty part may lie anywhere.
        let start = if record.is_empty() { end } else { offset(data, record) };
        assert!(start >= end, "records overlap");
        let between = &data[end..start];
        match kind {
            RecordKind::Text => {
                let is_end = |byte: &u8| page.is_line_end(*byte) || *byte == b'\r';
                assert!(between.iter().all(is_end), "text between lines is lost");
                assert!(!record.iter().any(|byte| page.is_line_end(*byte)));
            }
            RecordKind::Fixed => assert!(between.is_empty() && record.len() == 80),
            RecordKind::Variable => assert!(between.len() % 4 == 0, "half a descriptor word"),
            RecordKind::Undefined => unreachable!("it is not asked for"),
        }
        end = start + record.len();
    }
    if kind == RecordKind::Fixed {
        assert_eq!(end, data.len());
    }
}

/// Writes records as FB 80 and as one block of VB.
fn write_and_read(lines: &[&[u8]]) {
    let cards: Vec<Vec<u8>> = lines
        .iter()
        .map(|line| line.iter().copied().chain([b' '; 80]).take(80).collect())
        .collect();
    let bytes = cards.concat();
    let read = cut(&bytes, Layout::of(RecordFormat::FB, CodePage::Utf8));
    assert_eq!(read.expect("it is FB"), cards);

    let length = |bytes: usize| u16::try_from(bytes + 4).ok().filter(|length| *length < 0x8000);
    let mut block = Vec::new();
    for line in lines {
        let Some(length) = length(line.len()) else { return };
        block.extend(length.to_be_bytes());
        block.extend([0, 0]);
        block.extend_from_slice(line);
    }
    let Some(whole) = length(block.len()).filter(|_| !lines.is_empty()) else { return };
    let bytes = [&whole.to_be_bytes()[..], &[0, 0], &block].concat();
    let read = cut(&bytes, Layout::of(RecordFormat::VB, CodePage::Utf8));
    assert_eq!(read.expect("it is VB"), lines);
}
