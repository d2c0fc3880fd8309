//! [`cut`]: records are parts of the input in their order, nothing between them is lost, and what
//! is written as FB or VB is read as it was.

use zoxy::codepage::CodePage;
use zoxy::dataset::{RecordFormat, cut};

use crate::pieces::{is_one_line, offset};

const PAGES: [CodePage; 3] = [CodePage::Utf8, CodePage::Ibm037, CodePage::Ibm1047];

/// The input is a file, read in every format and code page.
pub fn run(data: &[u8]) {
    for page in PAGES {
        for format in [RecordFormat::Text, RecordFormat::Fb80, RecordFormat::Vb] {
            match cut(data, format, page) {
                Ok(records) => check(data, format, page, &records),
                Err(error) => assert!(is_one_line(&error.to_string()), "{error}"),
            }
        }
        let detected = RecordFormat::detect(data, page);
        if detected == RecordFormat::Fb80 {
            assert!(cut(data, detected, page).is_ok(), "detected, but not so");
        }
        let decoded = page.decode(data);
        if page != CodePage::Utf8 {
            assert_eq!(page.encode(&decoded).as_deref(), Ok(data), "bytes do not come back");
        }
    }
    let lines = cut(data, RecordFormat::Text, CodePage::Utf8).expect("any text has lines");
    write_and_read(&lines);
}

fn check(data: &[u8], format: RecordFormat, page: CodePage, records: &[&[u8]]) {
    let mut end = 0;
    for record in records {
        // An empty part may lie anywhere.
        let start = if record.is_empty() { end } else { offset(data, record) };
        assert!(start >= end, "records overlap");
        let between = &data[end..start];
        match format {
            RecordFormat::Text => {
                let is_end = |byte: &u8| page.is_line_end(*byte) || *byte == b'\r';
                assert!(between.iter().all(is_end), "text between lines is lost");
                assert!(!record.iter().any(|byte| page.is_line_end(*byte)));
            }
            RecordFormat::Fb80 => assert!(between.is_empty() && record.len() == 80),
            RecordFormat::Vb => assert!(between.len() % 4 == 0, "half a descriptor word"),
        }
        end = start + record.len();
    }
    if format == RecordFormat::Fb80 {
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
    let read = cut(&bytes, RecordFormat::Fb80, CodePage::Utf8);
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
    let read = cut(&bytes, RecordFormat::Vb, CodePage::Utf8);
    assert_eq!(read.expect("it is VB"), lines);
}
