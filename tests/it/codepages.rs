//! Every code page against tables that are not ours: those of glibc's iconv and of Python.
//!
//! Where they are known to differ the list below says so; a difference that is not in it fails the
//! test, and so does one in it that is gone.

use std::process::Command;

use zoxy::codepage::CodePage;

use crate::world::{program, proxy, python, run_on, text};

/// A byte that a witness reads otherwise; None: it refuses the byte.
struct Difference {
    page: CodePage,
    byte: u8,
    theirs: Option<char>,
}

const fn differs(page: CodePage, byte: u8, theirs: Option<char>) -> Difference {
    Difference { page, byte, theirs }
}

/// What both witnesses refuse. docs/codepages.md explains each difference.
const BOTH: &[Difference] = &[
    differs(CodePage::Windows1252, 0x81, None),
    differs(CodePage::Windows1252, 0x8d, None),
    differs(CodePage::Windows1252, 0x8f, None),
    differs(CodePage::Windows1252, 0x90, None),
    differs(CodePage::Windows1252, 0x9d, None),
];

const GLIBC: &[Difference] = &[
    differs(CodePage::Ibm278, 0x71, Some('É')),
    differs(CodePage::Ibm278, 0xe0, Some('\\')),
    differs(CodePage::Ibm285, 0xa1, Some('\u{203e}')),
    differs(CodePage::Ibm871, 0x4a, Some('þ')),
    differs(CodePage::Ibm871, 0xc0, Some('Þ')),
];

const PYTHON: &[Difference] = &[differs(CodePage::Ibm273, 0xbc, Some('\u{203e}'))];

/// The output of a program on the input, or what it said if it failed.
fn filter(command: &mut Command, input: &[u8]) -> Result<Vec<u8>, String> {
    let output = run_on(command, input);
    if output.status.success() { Ok(output.stdout) } else { Err(text(&output.stderr)) }
}

fn zoxy(from: CodePage, to: CodePage, input: &[u8]) -> Result<Vec<u8>, String> {
    let (from, to) = (from.to_string(), to.to_string());
    filter(&mut proxy::command(&["iconv", "-n", "KEEP", "-f", &from, "-t", &to]), input)
}

/// All bytes of a page in order as zoxy reads them.
fn characters(page: CodePage) -> Vec<char> {
    let all: Vec<u8> = (0..=255).collect();
    let utf8 = zoxy(page, CodePage::Utf8, &all).unwrap_or_else(|error| panic!("{page}: {error}"));
    let text = String::from_utf8(utf8).unwrap_or_else(|error| panic!("{page}: {error}"));
    let back = zoxy(CodePage::Utf8, page, text.as_bytes());
    assert_eq!(back.as_ref(), Ok(&all), "{page}: not every byte came back");
    text.chars().collect()
}

/// Holds a page against a witness with differences that are its own.
fn compare(
    page: CodePage,
    known: &[Difference],
    decode: impl Fn(&[u8]) -> Result<Vec<u8>, String>,
    encode: impl Fn(&[u8]) -> Result<Vec<u8>, String>,
) {
    let known: Vec<&Difference> =
        BOTH.iter().chain(known).filter(|known| known.page == page).collect();
    let refused = |byte: &u8| known.iter().any(|k| k.byte == *byte && k.theirs.is_none());
    let (undefined, defined): (Vec<u8>, Vec<u8>) = (0..=255).partition(refused);
    for byte in undefined {
        assert!(decode(&[byte]).is_err(), "{page}: {byte:02X} is not refused any more");
    }
    let utf8 = decode(&defined).unwrap_or_else(|error| panic!("{page}: {error}"));
    assert_eq!(encode(&utf8), Ok(defined.clone()), "{page}: the witness does not go back");
    let theirs = String::from_utf8(utf8).unwrap_or_else(|error| panic!("{page}: {error}"));
    assert_eq!(theirs.chars().count(), defined.len(), "{page}");
    let ours = characters(page);
    for (byte, theirs) in defined.into_iter().zip(theirs.chars()) {
        let ours = ours[usize::from(byte)];
        match known.iter().find(|known| known.byte == byte) {
            None => assert_eq!(ours, theirs, "{page}: {byte:02X}"),
            Some(known) => {
                assert_eq!(known.theirs, Some(theirs), "{page}: {byte:02X} differs otherwise");
                assert_ne!(ours, theirs, "{page}: {byte:02X} does not differ any more");
            }
        }
    }
}

fn glibc(from: &str, to: &str, input: &[u8]) -> Result<Vec<u8>, String> {
    filter(Command::new(program("iconv", "libc-bin")).args(["-f", from, "-t", to]), input)
}

/// What glibc calls the page.
fn glibc_name(page: CodePage) -> String {
    if page.is_ebcdic() { page.to_string().replace('-', "") } else { page.to_string() }
}

#[test]
fn every_page_agrees_with_glibc() {
    // A page it has shows whether its converters are there at all.
    if let Err(error) = glibc("IBM1047", "UTF-8", b"") {
        panic!("iconv has no converters: install the Debian package libc6 ({error})");
    }
    for page in CodePage::ALL {
        let name = glibc_name(page);
        match page {
            CodePage::Utf8 => {}
            CodePage::Ibm924 => {
                assert!(glibc(&name, "UTF-8", b"").is_err(), "iconv has {page}: compare it");
            }
            page => compare(
                page,
                GLIBC,
                |bytes| glibc(&name, "UTF-8", bytes),
                |utf8| glibc("UTF-8", &name, utf8),
            ),
        }
    }
}

#[test]
fn every_page_that_python_has_agrees_with_it() {
    const SCRIPT: &str = "import sys\n\
        data = sys.stdin.buffer.read().decode(sys.argv[1]).encode(sys.argv[2])\n\
        sys.stdout.buffer.write(data)\n";
    let recode = |from: &str, to: &str, input: &[u8]| {
        filter(Command::new(python()).args(["-c", SCRIPT, from, to]), input)
    };
    for page in CodePage::ALL {
        let codec = match page {
            CodePage::Utf8 => continue,
            CodePage::Iso8859_1 => "iso8859-1".to_owned(),
            CodePage::Iso8859_15 => "iso8859-15".to_owned(),
            page => format!("cp{:03}", page.ccsid()),
        };
        match page.ccsid() {
            37 | 273 | 500 | 819 | 923 | 1140 | 1252 => compare(
                page,
                PYTHON,
                |bytes| recode(&codec, "utf-8", bytes),
                |utf8| recode("utf-8", &codec, utf8),
            ),
            _ => {
                let error =
                    recode(&codec, "utf-8", b"\xc1").expect_err("Python has it: compare it");
                assert!(error.contains("unknown encoding"), "{page}: {error}");
            }
        }
    }
}

/// The one page without a witness: it has the characters of ISO-8859-15, which was compared, where
/// IBM-1047, which was compared, has those of ISO-8859-1.
#[test]
fn ibm_924_is_1047_with_the_characters_of_latin_9() {
    let [ours, other] = [CodePage::Ibm924, CodePage::Ibm1047].map(characters);
    let [mut latin_9, mut sorted] = [characters(CodePage::Iso8859_15), ours.clone()];
    latin_9.sort_unstable();
    sorted.sort_unstable();
    assert_eq!(sorted, latin_9);
    let differing =
        (0..=255).filter(|byte: &u8| ours[usize::from(*byte)] != other[usize::from(*byte)]);
    let bytes: Vec<u8> = differing.collect();
    assert_eq!(bytes, b"\x4a\x6a\x9d\x9f\xb0\xb7\xb8\xb9\xba\xbb\xbe");
}
