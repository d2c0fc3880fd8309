//! Text between programs and data sets: lines on one side, records on the other.
//!
//! Standard input, output and error of a step are lines in UTF-8. What they are connected with may
//! have fixed or variable records in an EBCDIC page, or be several data sets behind each other.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::fs::FileExt;

use crate::codepage::CodePage;
use crate::dataset::{
    Allocation, Converter, DETECTION, Detected, Layout, Overflow, RecordKind, RecordReader,
    RecordWriter, detect,
};

/// Copies the records of a data set as lines; fixed records lose the blanks at their end.
pub fn read_records(allocation: &Allocation, out: &mut impl Write) -> io::Result<()> {
    let file = allocation.open().map_err(io::Error::other)?;
    let layout = allocation.layout().map_err(io::Error::other)?;
    let page = match layout.page {
        Some(page) => page,
        None => detected(&file)?.page,
    };
    let layout = Layout { page: Some(page), ..layout };
    let is_text = layout.kind == RecordKind::Text && page == CodePage::Utf8;
    if is_text || layout.kind == RecordKind::Undefined {
        return copy_lines(file, out);
    }
    let mut reader = RecordReader::new(file, layout);
    let strips = layout.kind == RecordKind::Fixed;
    let mut converter = Converter::new(page, CodePage::Utf8, strips);
    while let Some(record) = reader.next_record().map_err(io::Error::other)? {
        match converter.convert(record) {
            Ok(line) => out.write_all(line)?,
            // Bytes that are no characters are left as they are.
            Err(_) => out.write_all(record)?,
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// A card without the sequence number in columns 73 to 80, for those who read cards as free text.
pub fn without_number(card: &str) -> &str {
    let numbered = card.char_indices().nth(LAST_TEXT).map(|(offset, _)| card.split_at(offset));
    match numbered {
        Some((text, number)) if number.len() == 8 && number.bytes().all(|b| b.is_ascii_digit()) => {
            text
        }
        _ => card,
    }
}

/// Copies a file of lines; the last one gets its end.
pub fn copy_lines(mut from: impl Read, out: &mut impl Write) -> io::Result<()> {
    let mut buffer = vec![0; COPY];
    let mut last = b'\n';
    loop {
        match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => {
                out.write_all(&buffer[..count])?;
                last = buffer[count - 1];
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    if last == b'\n' { Ok(()) } else { out.write_all(b"\n") }
}

/// Writes lines as the records of a data set; longer ones go on in the next record.
pub fn write_records(lines: File, allocation: &Allocation) -> io::Result<()> {
    let Some(attributes) = allocation.attributes() else {
        let mut output = allocation.create().map_err(io::Error::other)?;
        copy_lines(lines, &mut output)?;
        return output.commit().map_err(io::Error::other);
    };
    let layout = attributes.layout();
    if layout.kind == RecordKind::Undefined {
        let mut output = allocation.create().map_err(io::Error::other)?;
        copy_lines(lines, &mut output)?;
        return output.commit().map_err(io::Error::other);
    }
    let page = layout.page.unwrap_or(CodePage::Utf8);
    let mut converter = Converter::new(CodePage::Utf8, page, false);
    let mut writer = match layout.kind {
        RecordKind::Text => allocation.writer(Overflow::Wrap).map_err(io::Error::other)?,
        // A page that nobody named is that of the lines, and so are the blanks that fill a record.
        _ => {
            let output = allocation.create().map_err(io::Error::other)?;
            RecordWriter::new(output, Layout { page: Some(page), ..layout }, Overflow::Wrap)
        }
    };
    let mut lines = BufReader::new(lines);
    let mut line = Vec::new();
    loop {
        line.clear();
        // A line without end in a program's output is cut where memory would not end.
        if (&mut lines).take(MAX_LINE).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        let end = line.strip_suffix(b"\n").unwrap_or(&line);
        let end = end.strip_suffix(b"\r").unwrap_or(end);
        let record = match converter.convert(end) {
            Ok(record) => record,
            Err(_) => end,
        };
        writer.write(record).map_err(io::Error::other)?;
    }
    let (output, _) = writer.finish().map_err(io::Error::other)?;
    output.commit().map_err(io::Error::other)
}

/// What an open file seems to be, wherever it is read next.
pub fn detected(file: &File) -> io::Result<Detected> {
    let length = file.metadata()?.len();
    let mut head = vec![0; DETECTION];
    let mut filled = 0;
    while filled < head.len() {
        match file.read_at(&mut head[filled..], filled as u64) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(detect(&head[..filled], length, None))
}

/// Bytes copied at once.
const COPY: usize = 64 * 1024;

/// Bytes of a line at most; what is longer is taken for several.
const MAX_LINE: u64 = 32_760;

/// The last column before a sequence number.
const LAST_TEXT: usize = 72;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::{Dcb, Disposition, Dsn, RecordFormat, Store};
    use crate::operator::testing::TempDir;

    fn allocation(store: &Store, disposition: Disposition, page: Option<CodePage>) -> Allocation {
        let dcb = Dcb {
            recfm: Some(RecordFormat::FB),
            lrecl: Some(10),
            code_page: page,
            ..Dcb::default()
        };
        store.allocate(&Dsn::parse("A.B").unwrap(), disposition, &dcb).unwrap()
    }

    fn lines(dir: &TempDir, text: &str) -> File {
        let path = dir.path("lines");
        std::fs::write(&path, text).unwrap();
        File::open(path).unwrap()
    }

    #[test]
    fn sequence_numbers_are_no_text() {
        for text in ["RUN -v", "echo \u{e4}\u{20ac}"] {
            assert_eq!(without_number(&format!("{text:<72}00000100")).trim(), text);
        }
        let long = format!("{:<72}0000010x", "RUN");
        for card in ["RUN", &long, &format!("{:<73}00000100", "RUN"), &format!("{:<80}1", "RUN")] {
            assert_eq!(without_number(card), card);
        }
    }

    #[test]
    fn lines_become_records_and_come_back() {
        let dir = TempDir::new();
        let store = Store::at(dir.path("ds"));
        let new = allocation(&store, Disposition::New, Some(CodePage::Ibm1047));
        write_records(lines(&dir, "ONE\n\nA LINE OF 23 CHARACTERS\nLAST"), &new).unwrap();
        let path = new.path();
        drop(new);
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(bytes.len(), 60);
        assert_eq!(&bytes[..4], [0xd6, 0xd5, 0xc5, 0x40]);
        let old = allocation(&store, Disposition::Mod, Some(CodePage::Ibm1047));
        write_records(lines(&dir, "MORE\r\n"), &old).unwrap();
        let mut text = Vec::new();
        read_records(&old, &mut text).unwrap();
        let expected = "ONE\n\nA LINE OF\n23 CHARACT\nERS\nLAST\nMORE\n";
        assert_eq!(String::from_utf8(text).unwrap(), expected);
    }

    #[test]
    fn records_are_filled_with_blanks_where_no_page_is_named() {
        let dir = TempDir::new();
        let store = Store::at(dir.path("ds"));
        let new = allocation(&store, Disposition::New, None);
        write_records(lines(&dir, "HELLO\n"), &new).unwrap();
        assert_eq!(std::fs::read(new.path()).unwrap(), b"HELLO     ");
    }

    #[test]
    fn a_page_that_nobody_named_is_detected() {
        let dir = TempDir::new();
        let store = Store::at(dir.path("ds"));
        let new = allocation(&store, Disposition::New, None);
        let record = CodePage::Ibm1047.encode(&format!("{:<10}", "HELLO")).unwrap();
        std::fs::write(new.path(), record).unwrap();
        let mut text = Vec::new();
        read_records(&new, &mut text).unwrap();
        assert_eq!(text, b"HELLO\n");
    }

    #[test]
    fn a_last_line_without_end_gets_one() {
        let mut text = Vec::new();
        copy_lines(&b"a\nb"[..], &mut text).unwrap();
        copy_lines(&b"c\n"[..], &mut text).unwrap();
        copy_lines(&b""[..], &mut text).unwrap();
        assert_eq!(text, b"a\nb\nc\n");
    }
}
