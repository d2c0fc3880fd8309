//! Data: conversion between EBCDIC and UTF-8, and records in files.

use std::io;

use zoxy::codepage::{CodePage, LineEnds, NewLine, Transcoder};
use zoxy::dataset::{Converter, Layout, Overflow, RecordFormat, RecordReader, RecordWriter, cut};

use crate::line::{Line, Work, repeat};

/// Bytes of the text, and of a file of FB 80 records: records of 80 characters.
const SIZE: usize = 64_000;

/// Bytes of a card.
const CARD: usize = 80;

pub fn lines() -> Vec<Line> {
    let line = |name, about, bytes, counted, make| Line {
        name,
        about,
        bytes: Some(bytes),
        counted: Some(counted),
        make,
    };
    vec![
        line("text-in", "64 KB of IBM-1047 with NL to UTF-8", SIZE, 20, text_in),
        line("text-out", "64 KB of UTF-8 to IBM-1047 with NL", SIZE, 20, text_out),
        line("text-latin", "64 KB of IBM-1047 to ISO 8859-1, NL to LF", SIZE, 20, text_latin),
        line(
            "record-convert",
            "one record of 80 bytes to UTF-8, without blanks",
            CARD,
            2000,
            convert,
        ),
        line("record-read-fb", "64 KB of FB 80, record by record", SIZE, 20, || {
            read(RecordFormat::FB)
        }),
        line("record-read-vb", "64 KB of records of 80 bytes behind RDWs", SIZE, 20, || {
            read(RecordFormat::VB)
        }),
        line("record-read-text", "64 KB of lines in UTF-8", SIZE, 20, || read(RecordFormat::TEXT)),
        line("record-write-text", "64 KB as lines in UTF-8", SIZE, 20, || {
            write(RecordFormat::TEXT)
        }),
        line("record-write-vb", "64 KB as records of 80 bytes with RDWs", SIZE, 20, || {
            write(RecordFormat::VB)
        }),
    ]
}

/// Cards: a sequence number, text, blanks.
fn card(number: usize) -> String {
    format!("{:80}", format!("{number:08} CUSTOMER {} PAID {}.50 EUR", number * 7919, number * 31))
}

fn text() -> String {
    let mut text: String =
        (0..SIZE / CARD).map(|number| card(number)[1..].to_owned() + "\n").collect();
    text.truncate(SIZE);
    text
}

fn text_in() -> Work {
    let bytes = CodePage::Ibm1047.encode_with(&text(), NewLine::Nl).expect("it is ASCII");
    transcode(CodePage::Ibm1047, CodePage::Utf8, bytes, text().into_bytes())
}

fn text_out() -> Work {
    let bytes = CodePage::Ibm1047.encode_with(&text(), NewLine::Nl).expect("it is ASCII");
    transcode(CodePage::Utf8, CodePage::Ibm1047, text().into_bytes(), bytes)
}

fn text_latin() -> Work {
    let bytes = CodePage::Ibm1047.encode_with(&text(), NewLine::Nl).expect("it is ASCII");
    transcode(CodePage::Ibm1047, CodePage::Iso8859_1, bytes, text().into_bytes())
}

fn transcode(from: CodePage, to: CodePage, input: Vec<u8>, expected: Vec<u8>) -> Work {
    let mut output = Vec::new();
    let mut transcoder = Transcoder::new(from, to, LineEnds::Text(NewLine::Nl));
    transcoder.push(&input, &mut output).expect("every character can be converted");
    assert_eq!(output, expected);
    repeat(move || {
        output.clear();
        transcoder.push(&input, &mut output)
    })
}

fn convert() -> Work {
    let record = CodePage::Ibm1047.encode(&card(1)).expect("it is ASCII");
    let mut converter = Converter::new(CodePage::Ibm1047, CodePage::Utf8, true);
    assert_eq!(converter.convert(&record), Ok(card(1).trim_end().as_bytes()));
    repeat(move || converter.convert(&record).map(<[u8]>::len))
}

fn records() -> Vec<String> {
    (0..SIZE / CARD).map(card).collect()
}

fn layout(format: RecordFormat) -> Layout {
    Layout { bdw: Some(false), ..Layout::of(format, CodePage::Utf8) }
}

fn written(format: RecordFormat, output: impl io::Write) -> Option<u64> {
    let mut writer = RecordWriter::new(output, layout(format), Overflow::Refuse);
    for record in records() {
        writer.write(record.as_bytes()).ok()?;
    }
    writer.finish().ok().map(|(_, written)| written.records)
}

fn read(format: RecordFormat) -> Work {
    let mut file = Vec::new();
    let all = written(format, &mut file);
    assert_eq!(cut(&file, layout(format)).map(|cut| cut.len() as u64).ok(), all);
    let count = move || {
        let mut reader = RecordReader::new(&file[..], layout(format));
        while let Ok(Some(record)) = reader.next_record() {
            std::hint::black_box(record);
        }
        reader.records()
    };
    assert_eq!(Some(count()), all);
    repeat(count)
}

fn write(format: RecordFormat) -> Work {
    let records = records();
    repeat(move || {
        let mut writer = RecordWriter::new(io::sink(), layout(format), Overflow::Refuse);
        for record in &records {
            writer.write(record.as_bytes()).expect("it fits");
        }
        writer.finish().map(|(_, written)| written.records)
    })
}
