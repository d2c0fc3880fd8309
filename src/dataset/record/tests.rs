//! Records in every format: cut, read in pieces of any size, written and read back, damaged.

use std::io::{self, Cursor, Read};

use super::*;
use crate::testing::Random;

const PAGE: CodePage = CodePage::Utf8;

fn detected(bytes: &[u8]) -> Result<Vec<&[u8]>, RecordError> {
    cut(bytes, detect(bytes, bytes.len() as u64, Some(PAGE)).layout())
}

fn plain(format: RecordFormat) -> Layout {
    Layout::of(format, PAGE)
}

/// A record with its RDW, or a block of such with its BDW.
fn described(text: &[u8]) -> Vec<u8> {
    let length = u16::try_from(text.len() + 4).unwrap().to_be_bytes();
    [&length[..], &[0, 0], text].concat()
}

/// Gives its bytes in pieces, as a pipe does.
struct Pieces<'a> {
    bytes: &'a [u8],
    random: Random,
    most: usize,
}

impl Read for Pieces<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.random.below(8) == 0 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = (1 + self.random.below(self.most)).min(buffer.len()).min(self.bytes.len());
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

/// Reads records in pieces of up to `most` bytes; those before an error are given too.
fn read(bytes: &[u8], layout: Layout, most: usize) -> (Vec<Vec<u8>>, Option<RecordError>) {
    let mut reader = RecordReader::new(Pieces { bytes, random: Random(7), most }, layout);
    let mut records = Vec::new();
    loop {
        match reader.next_record() {
            Ok(Some(record)) => records.push(record.to_vec()),
            Ok(None) => {
                assert_eq!(reader.offset(), bytes.len() as u64);
                assert_eq!(reader.records(), records.len() as u64);
                return (records, None);
            }
            Err(ReadError::Record(error)) => return (records, Some(error)),
            Err(ReadError::Io(error)) => panic!("{error}"),
        }
    }
}

fn write(records: &[Vec<u8>], layout: Layout) -> (Vec<u8>, Written) {
    let mut writer = RecordWriter::new(Vec::new(), layout, Overflow::Refuse);
    for record in records {
        writer.write(record).unwrap();
    }
    writer.finish().unwrap()
}

#[test]
fn lines_end_with_lf_or_crlf_or_the_file() {
    assert_eq!(detected(b"a\nb\r\n\nc"), Ok(vec![&b"a"[..], b"b", b"", b"c"]));
    assert_eq!(detected(b"a\n"), Ok(vec![&b"a"[..]]));
    assert_eq!(detected(b"\n"), Ok(vec![&b""[..]]));
    assert_eq!(detected(b""), Ok(vec![]));
}

#[test]
fn ebcdic_lines_end_with_nl_or_lf() {
    let page = CodePage::Ibm1047;
    let bytes = b"\xc1\x15\xc2\x25\xc3\x0d\x15";
    let found = detect(bytes, bytes.len() as u64, Some(page));
    assert_eq!(found, Detected { page, format: RecordFormat::TEXT, bdw: false });
    assert_eq!(cut(bytes, found.layout()), Ok(vec![&b"\xc1"[..], b"\xc2", b"\xc3"]));
}

#[test]
fn cards_are_eighty_bytes_without_line_ends() {
    let bytes = [[b'a'; 80], [b'b'; 80]].concat();
    assert_eq!(detected(&bytes), Ok(vec![&[b'a'; 80][..], &[b'b'; 80]]));
    let error = cut(&bytes[..100], plain(RecordFormat::FB)).unwrap_err();
    assert_eq!(error, RecordError::PartialRecord { lrecl: 80, length: 100, left: 20 });
    assert_eq!(
        error.to_string(),
        "fixed records have 80 bytes, but the length 100 leaves 20 bytes over"
    );
}

#[test]
fn variable_records_with_and_without_blocks() {
    let records = [described(b"LISTEN   SOCKS"), described(b""), described(b"*")].concat();
    assert_eq!(detected(&records), Ok(vec![&b"LISTEN   SOCKS"[..], b"", b"*"]));
    let blocks = [described(&records), described(&described(b"last"))].concat();
    assert_eq!(detected(&blocks), Ok(vec![&b"LISTEN   SOCKS"[..], b"", b"*", b"last"]));
}

#[test]
fn what_is_known_of_blocks_is_not_guessed() {
    // A record whose first bytes look like an RDW.
    let records = described(b"\0\x05\0\0x");
    let known = |bdw| Layout { bdw: Some(bdw), ..plain(RecordFormat::VB) };
    assert_eq!(cut(&records, known(false)), Ok(vec![&b"\0\x05\0\0x"[..]]));
    assert_eq!(cut(&records, known(true)), Ok(vec![&b"x"[..]]));
}

#[test]
fn a_large_block_has_its_first_bit_on() {
    let records = [described(b"one"), described(b"two")].concat();
    let mut bytes = (0x8000_0000 | (records.len() as u32 + 4)).to_be_bytes().to_vec();
    bytes.extend(&records);
    let expected = vec![&b"one"[..], b"two"];
    assert_eq!(cut(&bytes, plain(RecordFormat::VB)), Ok(expected));
    // It says that far more follows, which a reader need not wait for.
    bytes[..4].copy_from_slice(&0xffff_ffff_u32.to_be_bytes());
    let (records, error) = read(&bytes, plain(RecordFormat::VB), 3);
    assert_eq!(records, [b"one", b"two"]);
    let length = 0x7fff_ffff;
    assert_eq!(error, Some(RecordError::TooLong { offset: 0, length, left: 18 }));
}

#[test]
fn bad_descriptor_words_are_told_with_their_offset() {
    let good = described(b"card");
    let with = |tail: &[u8]| [&good[..], tail].concat();
    let error = |bytes: &[u8]| {
        let error = detected(bytes).unwrap_err();
        assert_eq!(read(bytes, plain(RecordFormat::VB), 5).1, Some(error));
        error
    };
    let too_long = |offset, length, left| RecordError::TooLong { offset, length, left };
    assert_eq!(error(&with(b"\0\x50\0\0short")), too_long(8, 80, 9));
    let word = [0, 3, 0, 0];
    assert_eq!(error(&with(b"\0\x03\0\0")), RecordError::BadWord { offset: 8, word });
    assert_eq!(error(&with(b"\0\x06\x01\0ab")), RecordError::Spanned { offset: 8 });
    assert_eq!(error(&with(b"\0")), RecordError::WordCut { offset: 8 });
    let mut block = described(&good);
    block.extend(b"\0\xff\0\0");
    assert_eq!(error(&block), too_long(12, 255, 4));
    // A record may not leave its block.
    let mut inner = described(&with(b"\0\x09\0\0abcd"));
    inner.extend(described(&good));
    assert_eq!(error(&inner), too_long(12, 9, 8));
    // A block without a record.
    let mut empty = described(&good);
    empty.extend(b"\0\x04\0\0");
    assert_eq!(error(&empty), RecordError::BadWord { offset: 12, word: [0, 4, 0, 0] });
}

#[test]
fn every_error_has_its_words() {
    for (error, text) in [
        (
            RecordError::WordCut { offset: 3 },
            "the file ends within the descriptor word at offset 3",
        ),
        (
            RecordError::BadWord { offset: 3, word: [0, 3, 0xff, 1] },
            "X'0003FF01' at offset 3 is no descriptor word",
        ),
        (
            RecordError::Spanned { offset: 3 },
            "the record at offset 3 is spanned, which is not supported",
        ),
        (
            RecordError::TooLong { offset: 3, length: 9, left: 7 },
            "the descriptor word at offset 3 gives 9 bytes where 7 are left",
        ),
        (
            RecordError::OverLrecl { offset: 3, length: 9, lrecl: 8 },
            "the record at offset 3 has 9 bytes where LRECL is 8",
        ),
        (
            RecordError::OverBlksize { offset: 3, length: 90, blksize: 80 },
            "the block at offset 3 has 90 bytes where BLKSIZE is 80",
        ),
        (
            RecordError::LongLine { offset: 3, most: 80 },
            "the line at offset 3 has more than 80 bytes",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn lrecl_and_blksize_are_held_against_what_is_read() {
    let known = Layout { lrecl: 10, blksize: 24, bdw: Some(true), ..plain(RecordFormat::VB) };
    let fits = described(&[described(b"123456"), described(b"123456")].concat());
    assert_eq!(cut(&fits, known).map(|records| records.len()), Ok(2));
    let long = described(&described(b"1234567"));
    let error = RecordError::OverLrecl { offset: 4, length: 11, lrecl: 10 };
    assert_eq!(cut(&long, known), Err(error));
    let block = described(&[described(b"123456"), described(b"123456"), described(b"")].concat());
    let error = RecordError::OverBlksize { offset: 0, length: 28, blksize: 24 };
    assert_eq!(cut(&block, known), Err(error));
    let text = Layout { lrecl: 3, ..plain(RecordFormat::TEXT) };
    assert_eq!(cut(b"123\r\n123\n1234\n", text), Err(RecordError::LongLine { offset: 9, most: 3 }));
}

#[test]
fn a_line_without_end_is_refused_before_it_fills_the_memory() {
    struct Endless(u64);
    impl Read for Endless {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0 += buffer.len() as u64;
            buffer.fill(b'x');
            Ok(buffer.len())
        }
    }
    let mut reader = RecordReader::new(Endless(0), plain(RecordFormat::TEXT));
    let error = reader.next_record().unwrap_err();
    assert_eq!(error.to_string(), "the line at offset 0 has more than 65535 bytes");
}

#[test]
fn a_file_larger_than_any_buffer_is_read_in_one() {
    /// One line over and over.
    struct Again(Cursor<Vec<u8>>, u64);
    impl Read for Again {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.1 == 0 {
                return Ok(0);
            }
            let count = self.0.read(buffer)?;
            if self.0.position() == 100 {
                self.0.set_position(0);
                self.1 -= 1;
            }
            Ok(count)
        }
    }
    let line = [b'x'; 99];
    let count: u64 = 300_000;
    let lines = Cursor::new([&line[..], b"\n"].concat());
    let mut reader = RecordReader::new(Again(lines, count), plain(RecordFormat::TEXT));
    while let Some(record) = reader.next_record().unwrap() {
        assert_eq!(record, line);
    }
    assert_eq!((reader.records(), reader.offset()), (count, 100 * count));
}

/// Layouts with room for records of up to `most` bytes.
fn layouts(most: usize) -> Vec<Layout> {
    let page = Some(CodePage::Ibm1047);
    let variable = |is_blocked, bdw| Layout {
        kind: RecordKind::Variable,
        lrecl: most + 4,
        blksize: 3 * most + 20,
        is_blocked,
        bdw: Some(bdw),
        page,
    };
    let mut all = vec![
        variable(false, false),
        variable(true, false),
        variable(false, true),
        variable(true, true),
        Layout { lrecl: 0, blksize: 0, ..variable(true, true) },
        Layout { lrecl: 0, blksize: 0, ..variable(false, false) },
    ];
    let text = Layout { kind: RecordKind::Text, lrecl: 0, blksize: 0, bdw: None, ..all[0] };
    all.extend([text, Layout { page: Some(PAGE), ..text }, Layout { lrecl: most, ..text }]);
    all
}

#[test]
fn records_come_back_as_they_were_written() {
    let mut random = Random(0xda7a);
    for round in 0..300 {
        let most = [1, 2, 7, 80, 300, 3000][random.below(6)];
        let count = random.below(if most > 500 { 60 } else { 200 });
        for layout in layouts(most) {
            let page = layout.text_page();
            let is_text = layout.kind == RecordKind::Text;
            let records: Vec<Vec<u8>> = (0..count)
                .map(|_| {
                    let length = random.below(most + 1);
                    let mut record = random.bytes(length);
                    if is_text {
                        record.retain(|byte| !page.is_line_end(*byte) && *byte != b'\r');
                    }
                    record
                })
                .collect();
            let (bytes, written) = write(&records, layout);
            assert_eq!((written.records, written.bytes), (count as u64, bytes.len() as u64));
            let expected: Vec<_> = records.iter().map(Vec::as_slice).collect();
            assert_eq!(cut(&bytes, layout), Ok(expected), "{layout:?}");
            let pieces = 1 + random.below(500);
            assert_eq!(read(&bytes, layout, pieces), (records, None), "{round} {layout:?}");
        }
    }
}

#[test]
fn fixed_records_come_back_filled_up() {
    let mut random = Random(0xf1);
    for lrecl in [1, 3, 80, 32_760] {
        let layout = Layout { lrecl, page: Some(CodePage::Ibm037), ..plain(RecordFormat::FB) };
        let records: Vec<_> = (0..20)
            .map(|_| {
                let length = random.below(lrecl + 1);
                random.bytes(length)
            })
            .collect();
        let (bytes, written) = write(&records, layout);
        let short = records.iter().filter(|record| record.len() < lrecl).count();
        assert_eq!((written.padded, bytes.len()), (short as u64, 20 * lrecl));
        let filled: Vec<_> = records
            .into_iter()
            .map(|mut record| {
                record.resize(lrecl, 0x40);
                record
            })
            .collect();
        assert_eq!(read(&bytes, layout, 1000), (filled, None));
    }
}

#[test]
fn undefined_records_are_blocks() {
    let layout = Layout { blksize: 10, lrecl: 0, ..plain(RecordFormat::U) };
    let (bytes, written) = write(&[b"0123456789".to_vec(), b"abc".to_vec(), b"d".to_vec()], layout);
    assert_eq!((bytes.as_slice(), written.records), (&b"0123456789abcd"[..], 3));
    let blocks = [b"0123456789".to_vec(), b"abcd".to_vec()];
    assert_eq!(read(&bytes, layout, 4), (blocks.to_vec(), None));
}

#[test]
fn damage_never_panics_and_pieces_change_nothing() {
    let mut random = Random(0xbad);
    let formats = [RecordFormat::TEXT, RecordFormat::FB, RecordFormat::VB, RecordFormat::U];
    for _ in 0..3_000 {
        let length = 2 * random.below(3);
        let mut bytes = random.bytes(length);
        for _ in 0..random.below(20) {
            let length = random.below(12);
            let record = described(&random.bytes(length));
            bytes.extend(match random.below(3) {
                0 => described(&record),
                _ => record,
            });
        }
        if !bytes.is_empty() {
            let at = random.below(bytes.len());
            bytes[at] = random.below(256) as u8;
        }
        let mut layout = plain(formats[random.below(4)]);
        layout.bdw = [None, Some(true), Some(false)][random.below(3)];
        layout.lrecl = [0, 1, 4, 5, 80][random.below(5)];
        layout.blksize = [0, 1, 8, 20][random.below(4)];
        let (records, error) = read(&bytes, layout, 1 + random.below(9));
        match cut(&bytes, layout) {
            Ok(all) => {
                assert_eq!(error, None);
                assert!(records.iter().eq(&all), "{layout:?}");
            }
            // A reader in pieces sees the end of the file later, and so perhaps another error.
            Err(_) => assert!(error.is_some(), "{layout:?} {bytes:x?}"),
        }
    }
}

#[test]
fn what_is_too_long_is_refused_cut_or_continued() {
    let card = Layout { lrecl: 4, ..plain(RecordFormat::FB) };
    let with = |overflow| RecordWriter::new(Vec::new(), card, overflow);
    let mut refusing = with(Overflow::Refuse);
    let error = refusing.write(b"12345").unwrap_err();
    assert_eq!(error.to_string(), "it has 5 bytes, and a record has at most 4");
    // Nothing is lost with blanks.
    refusing.write(b"123     ").unwrap();
    let (bytes, written) = refusing.finish().unwrap();
    assert_eq!((bytes.as_slice(), written.truncated), (&b"123 "[..], 0));

    let mut cutting = with(Overflow::Truncate);
    cutting.write(b"12345").unwrap();
    cutting.write(b"1").unwrap();
    let (bytes, written) = cutting.finish().unwrap();
    assert_eq!(bytes, b"12341   ");
    assert_eq!(written, Written { records: 2, bytes: 8, padded: 1, truncated: 1, wrapped: 0 });

    let mut wrapping = with(Overflow::Wrap);
    wrapping.write(b"123456789").unwrap();
    let (bytes, written) = wrapping.finish().unwrap();
    assert_eq!(bytes, b"123456789   ");
    assert_eq!((written.records, written.wrapped, written.padded), (3, 1, 1));
}

#[test]
fn a_record_must_fit_a_block() {
    let layout = Layout { lrecl: 100, blksize: 20, bdw: Some(true), ..plain(RecordFormat::VB) };
    let mut writer = RecordWriter::new(Vec::new(), layout, Overflow::Refuse);
    assert!(matches!(writer.write(&[0; 13]), Err(WriteError::TooLong { length: 13, most: 12 })));
    writer.write(&[0; 12]).unwrap();
    writer.write(&[0; 1]).unwrap();
    let (bytes, _) = writer.finish().unwrap();
    assert_eq!((bytes[1], bytes[20 + 1], bytes.len()), (20, 9, 29));
    assert_eq!(cut(&bytes, layout).map(|records| records.len()), Ok(2));
}

#[test]
fn a_line_end_within_a_record_is_no_line() {
    for (page, record) in [
        (PAGE, &b"a\nb"[..]),
        (PAGE, b"a\r"),
        (CodePage::Ibm1047, b"\x15"),
        (CodePage::Ibm1047, b"\xc1\x25"),
    ] {
        let layout = Layout::of(RecordFormat::TEXT, page);
        let mut writer = RecordWriter::new(Vec::new(), layout, Overflow::Refuse);
        assert!(matches!(writer.write(record), Err(WriteError::LineEnd)), "{page} {record:x?}");
    }
}

#[test]
fn a_full_disk_is_told() {
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut writer = RecordWriter::new(Full, plain(RecordFormat::FB), Overflow::Refuse);
    writer.write(b"short").unwrap();
    assert!(matches!(writer.finish(), Err(WriteError::Io(_))));
}

#[test]
fn lines_end_as_the_page_and_the_caller_have_it() {
    for (page, line_end, expected) in [
        (PAGE, None, &b"a\n"[..]),
        (PAGE, Some(LineEnd::CrLf), b"a\r\n"),
        (CodePage::Ibm1047, None, b"a\x15"),
        (CodePage::Ibm1047, Some(LineEnd::Lf), b"a\x25"),
        (CodePage::Ibm1047, Some(LineEnd::CrLf), b"a\x0d\x25"),
        (CodePage::Ibm1047, Some(LineEnd::Nl), b"a\x15"),
    ] {
        let layout = Layout::of(RecordFormat::TEXT, page);
        let mut writer = RecordWriter::new(Vec::new(), layout, Overflow::Refuse);
        if let Some(line_end) = line_end {
            writer = writer.with_line_end(line_end);
        }
        writer.write(b"a").unwrap();
        assert_eq!(writer.finish().unwrap().0, expected, "{page} {line_end:?}");
    }
}

#[test]
fn records_go_from_page_to_page() {
    let mut to_ebcdic = Converter::new(PAGE, CodePage::Ibm1141, false);
    assert_eq!(to_ebcdic.convert("A€ ".as_bytes()), Ok(&b"\xc1\x9f\x40"[..]));
    let failed = |record: &[u8]| {
        let mut converter = Converter::new(PAGE, CodePage::Ibm1141, false);
        converter.convert(record).unwrap_err().to_string()
    };
    assert!(failed("ŁÓDŹ".as_bytes()).starts_with("IBM-1141 has no "));
    assert_eq!(failed(b"ab\xff"), "X'FF' is not UTF-8");
    to_ebcdic.convert(b"ab\xc3").unwrap_err();
    assert_eq!(to_ebcdic.convert(b"A"), Ok(&b"\xc1"[..]));
    // The end of a record is the end of its text.
    assert_eq!(failed(b"ab\xc3"), "X'C3' is not UTF-8");
    let all: Vec<u8> = (0..=255).collect();
    let mut there = Converter::new(CodePage::Ibm500, PAGE, false);
    let mut and_back = Converter::new(PAGE, CodePage::Ibm500, false);
    assert_eq!(and_back.convert(there.convert(&all).unwrap()), Ok(&all[..]));
    let mut back = Converter::new(CodePage::Ibm1141, PAGE, true);
    assert_eq!(back.convert(b"\xc1\x9f\x40\x40"), Ok("A€".as_bytes()));
}

#[test]
fn what_is_detected_depends_on_length_and_line_ends() {
    let card = [b'x'; 160];
    let format = |bytes: &[u8], length| detect(bytes, length, None).format.to_string();
    assert_eq!(format(&card, 160), "FB");
    assert_eq!(format(&card, 161), "TEXT");
    // Only the head is at hand.
    assert_eq!(format(&card, 80_000), "FB");
    let mut line = card;
    line[100] = b'\n';
    assert_eq!(format(&line, 160), "TEXT");
    assert_eq!(format(b"", 0), "TEXT");
    assert_eq!(format(b"\0\x08\0\0abcd", 8), "VB");
    let ebcdic = CodePage::Ibm1047.encode(&format!("{:<80}", "LISTEN")).unwrap();
    let found = detect(&ebcdic, 80, None);
    assert_eq!((found.page, found.format), (CodePage::Ibm1047, RecordFormat::FB));
}
