//! `zoxy ds show`: records on the terminal, as text or in hexadecimal.

use std::fmt::Write as _;

use getopts::Options;

use super::plan::{Place, Source};
use super::{Failure, Rc, Terminal, parse, usage, wrong_name};
use crate::codepage::CodePage;
use crate::dataset::{FileName, Prefix, ReadError, RecordKind, RecordReader};
use crate::message::catalogue::DATASET_NOT_SHOWN;

const BRIEF: &str = "\
Usage: zoxy ds show [OPTIONS] NAME

Shows the records of a member or sequential data set, of a DD (//DD:NAME), or
of a file whose path has a slash. Blanks at the end of fixed records are left
out, and characters that cannot be shown are periods. For the exact bytes use
zoxy ds copy. Without attributes, and without options, records are what they
look like.";

const RETURN_CODES: &str = "
Return codes: 0 done, 8 the command or a name is wrong, or the data are no
such records, 12 something outside failed.
";

/// Bytes in a line of the hexadecimal form.
const ROW: usize = 16;

pub(super) fn run(arguments: &[String], terminal: &mut Terminal<'_>) -> Result<Rc, Failure> {
    let mut options = Options::new();
    options.optflag("x", "hex", "hexadecimal, with EBCDIC and ASCII beside it");
    options.optopt("n", "records", "no more than so many records", "COUNT");
    options.optopt("", "recfm", "record format, if there are no attributes", "RECFM");
    options.optopt("", "lrecl", "bytes of a fixed record, if there are no attributes", "LRECL");
    options.optopt("", "codepage", "code page of the text", "PAGE");
    let Some(matches) = parse("show", &mut options, BRIEF, RETURN_CODES, arguments, terminal)?
    else {
        return Ok(Rc::Ok);
    };
    let [text] = &matches.free[..] else { return Err(usage("show", "give one name")) };
    let most = match matches.opt_str("records").map(|text| (text.parse::<u64>(), text)) {
        None => u64::MAX,
        Some((Ok(count), _)) => count,
        Some((Err(_), text)) => {
            return Err(usage("show", format!("--records {text}: expected a number")));
        }
    };
    let store = super::store("show", &matches)?;
    let asked = super::attributes::Asked::from_matches("show", &matches, &store)?;
    let origin = Place::of(named(text)?, &store)?;
    let source = Source::open(&store, &origin, None)?;
    let layout = source.layout(&asked.dcb);
    let page = layout.page.unwrap_or(CodePage::Utf8);
    let is_hex = matches.opt_present("hex");
    let ebcdic = if page.is_ebcdic() { page } else { CodePage::Ibm1047 };

    let mut reader = RecordReader::new(source.input, layout);
    let mut lines = String::new();
    let mut number = 0;
    while number < most {
        let record = match reader.next_record() {
            Ok(Some(record)) => record,
            Ok(None) => break,
            Err(error) => {
                let rc = if matches!(error, ReadError::Io(_)) { Rc::Severe } else { Rc::Error };
                let arguments: [(_, &dyn std::fmt::Display); 2] =
                    [("name", &origin), ("reason", &error)];
                return Err(Failure::new(rc, &DATASET_NOT_SHOWN, &arguments));
            }
        };
        number += 1;
        lines.clear();
        if is_hex {
            hex(&mut lines, number, record, ebcdic);
        } else {
            let line = text_of(record, page);
            let line = match layout.kind {
                RecordKind::Fixed => line.trim_end_matches(' '),
                _ => &line,
            };
            lines.push_str(line);
            lines.push('\n');
        }
        terminal.say(&lines)?;
    }
    Ok(Rc::Ok)
}

/// What has a slash and does not begin with two is a path.
fn named(text: &str) -> Result<FileName, Failure> {
    let parsed = match text.contains('/') {
        true => FileName::parse(text, &Prefix::Environment),
        false => FileName::parse_dsn(text),
    };
    parsed.map_err(|error| wrong_name(text, &error))
}

/// The characters of some bytes, as a terminal may have them.
fn text_of(bytes: &[u8], page: CodePage) -> String {
    let shown = |c: char| if crate::message::is_forging(c) { '.' } else { c };
    page.decode(bytes).chars().map(shown).collect()
}

/// A record in rows of 80 columns: offset, bytes, their characters in EBCDIC and in ASCII.
fn hex(lines: &mut String, number: u64, record: &[u8], ebcdic: CodePage) {
    // Writing into a String never fails.
    let _ = writeln!(lines, "Record {number}, {} bytes, {ebcdic} and ASCII", record.len());
    for (row, bytes) in record.chunks(ROW).enumerate() {
        let _ = write!(lines, "{:06X}", row * ROW);
        for word in 0..ROW / 4 {
            lines.push(' ');
            for byte in word * 4..word * 4 + 4 {
                let _ = match bytes.get(byte) {
                    Some(byte) => write!(lines, "{byte:02X}"),
                    None => write!(lines, "  "),
                };
            }
        }
        let ascii: String = bytes
            .iter()
            .map(|b| if (b' '..=b'~').contains(b) { char::from(*b) } else { '.' })
            .collect();
        let _ = writeln!(lines, " *{:<ROW$}* *{ascii:<ROW$}*", text_of(bytes, ebcdic));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hexadecimal_rows_are_80_columns_wide() {
        let mut lines = String::new();
        let record = CodePage::Ibm1047.encode("LISTEN   [SOCKS] \n1080").unwrap();
        hex(&mut lines, 3, &record, CodePage::Ibm1047);
        assert_eq!(
            lines,
            "Record 3, 22 bytes, IBM-1047 and ASCII\n\
             000000 D3C9E2E3 C5D54040 40ADE2D6 C3D2E2BD *LISTEN   [SOCKS]* *......@@@.......*\n\
             000010 4015F1F0 F8F0                       * .1080          * *@.....          *\n"
        );
        assert!(lines.lines().skip(1).all(|line| line.chars().count() == 80));
    }

    #[test]
    fn what_could_move_the_cursor_is_not_shown() {
        assert_eq!(text_of(b"a\x1b[2J\tb\xff", CodePage::Utf8), "a.[2J.b\u{fffd}");
    }
}
