//! Subcommands: a line of INPUT taken apart. Pure.

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "each is the subcommand of its name; the table has them all")]
pub enum Verb {
    Account,
    Append,
    Ascii,
    Binary,
    Cd,
    Cdup,
    Close,
    Debug,
    Delete,
    Dir,
    Ebcdic,
    Get,
    Glob,
    Help,
    Lcd,
    Locsite,
    Locstat,
    Lpwd,
    Ls,
    Mdelete,
    Mget,
    Mkdir,
    Mode,
    Mput,
    Noop,
    Open,
    Pass,
    Prompt,
    Put,
    Pwd,
    Quit,
    Quote,
    Rename,
    Rmdir,
    Sendsite,
    Site,
    Status,
    Struct,
    Sunique,
    System,
    Trace,
    Type,
    User,
    Verbose,
}

/// A verb, its number in return codes, and its names; the first is the one that is shown.
struct Entry {
    verb: Verb,
    code: u16,
    names: &'static [&'static str],
}

const fn entry(verb: Verb, code: u16, names: &'static [&'static str]) -> Entry {
    Entry { verb, code, names }
}

/// All of them. 16 and 27 are those of z/OS; docs/batchftp.md has the table.
const TABLE: [Entry; 44] = [
    entry(Verb::Account, 3, &["ACCOUNT", "ACCT"]),
    entry(Verb::Append, 4, &["APPEND"]),
    entry(Verb::Ascii, 5, &["ASCII"]),
    entry(Verb::Binary, 6, &["BINARY"]),
    entry(Verb::Cd, 7, &["CD", "CWD"]),
    entry(Verb::Close, 8, &["CLOSE"]),
    entry(Verb::Open, 10, &["OPEN"]),
    entry(Verb::Debug, 11, &["DEBUG"]),
    entry(Verb::Delete, 13, &["DELETE"]),
    entry(Verb::Dir, 14, &["DIR"]),
    entry(Verb::Ebcdic, 15, &["EBCDIC"]),
    entry(Verb::Get, 16, &["GET", "RECV"]),
    entry(Verb::Help, 17, &["HELP", "?"]),
    entry(Verb::Locstat, 18, &["LOCSTAT"]),
    entry(Verb::User, 19, &["USER"]),
    entry(Verb::Ls, 20, &["LS"]),
    entry(Verb::Mdelete, 21, &["MDELETE"]),
    entry(Verb::Mget, 22, &["MGET"]),
    entry(Verb::Mode, 23, &["MODE"]),
    entry(Verb::Mput, 24, &["MPUT"]),
    entry(Verb::Noop, 25, &["NOOP"]),
    entry(Verb::Pass, 26, &["PASS"]),
    entry(Verb::Put, 27, &["PUT", "SEND"]),
    entry(Verb::Pwd, 28, &["PWD"]),
    entry(Verb::Quit, 29, &["QUIT", "BYE"]),
    entry(Verb::Quote, 30, &["QUOTE"]),
    entry(Verb::Rename, 31, &["RENAME"]),
    entry(Verb::Sendsite, 33, &["SENDSITE"]),
    entry(Verb::Site, 34, &["SITE"]),
    entry(Verb::Status, 35, &["STATUS"]),
    entry(Verb::Struct, 36, &["STRUCT"]),
    entry(Verb::Sunique, 37, &["SUNIQUE"]),
    entry(Verb::System, 38, &["SYSTEM"]),
    entry(Verb::Trace, 39, &["TRACE"]),
    entry(Verb::Type, 40, &["TYPE"]),
    entry(Verb::Lcd, 41, &["LCD"]),
    entry(Verb::Locsite, 42, &["LOCSITE"]),
    entry(Verb::Lpwd, 43, &["LPWD"]),
    entry(Verb::Mkdir, 44, &["MKDIR"]),
    entry(Verb::Cdup, 51, &["CDUP"]),
    entry(Verb::Rmdir, 52, &["RMDIR"]),
    entry(Verb::Glob, UNKNOWN, &["GLOB"]),
    entry(Verb::Prompt, UNKNOWN, &["PROMPT"]),
    entry(Verb::Verbose, UNKNOWN, &["VERBOSE"]),
];

/// Number of a word that is no subcommand.
pub const UNKNOWN: u16 = 99;

impl Verb {
    /// The name that is shown.
    pub fn name(self) -> &'static str {
        self.entry().names[0]
    }

    /// The number in return codes.
    pub fn code(self) -> u16 {
        self.entry().code
    }

    /// Names of all, in alphabetical order.
    pub fn names() -> Vec<&'static str> {
        let mut names: Vec<_> = TABLE.iter().map(|entry| entry.names[0]).collect();
        names.sort_unstable();
        names
    }

    fn entry(self) -> &'static Entry {
        let found = TABLE.iter().find(|entry| entry.verb == self);
        found.expect("a test finds every verb in the table")
    }
}

/// A line taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subcommand<'a> {
    /// The first word.
    pub verb: Verb,
    /// What follows it.
    pub rest: &'a str,
}

/// Reads a line: a name in any case, or the begin of one that no other has.
pub fn parse(line: &str) -> Result<Subcommand<'_>, String> {
    let line = line.trim();
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let upper = word.to_ascii_uppercase();
    let rest = rest.trim_start();
    let named = |test: &dyn Fn(&str) -> bool| -> Vec<&Entry> {
        TABLE.iter().filter(|entry| entry.names.iter().any(|name| test(name))).collect()
    };
    if let [entry] = named(&|name| name == upper)[..] {
        return Ok(Subcommand { verb: entry.verb, rest });
    }
    match named(&|name| upper.len() > 1 && name.starts_with(&upper))[..] {
        [entry] => Ok(Subcommand { verb: entry.verb, rest }),
        [] => Err("there is none of that name".to_owned()),
        ref several => {
            let names: Vec<_> = several.iter().map(|entry| entry.names[0]).collect();
            Err(format!("it may be {}", names.join(" or ")))
        }
    }
}

/// Operands at most.
const MAX_WORDS: usize = 100;

/// The operands: separated by blanks; what stands in apostrophes, or in quotation marks, which are
/// dropped, is one with its blanks.
pub fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in text.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => {
                quote = None;
                if c == '\'' {
                    word.get_or_insert_default().push(c);
                }
            }
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'') => {
                quote = Some(c);
                word.get_or_insert_default().push(c);
            }
            (None, '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    if quote.is_some() {
        return Err("a quotation mark or apostrophe is not closed".to_owned());
    }
    words.extend(word);
    match words.len() {
        0..=MAX_WORDS => Ok(words),
        count => Err(format!("it has {count} operands; expected {MAX_WORDS} at most")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Random;

    #[test]
    fn names_are_unique_and_may_be_shortened() {
        for entry in &TABLE {
            for name in entry.names {
                assert_eq!(
                    parse(&format!(" {name}  a b")),
                    Ok(Subcommand { verb: entry.verb, rest: "a b" })
                );
            }
            assert_eq!((entry.verb.code(), entry.verb.name()), (entry.code, entry.names[0]));
        }
        for (line, verb) in [("bin", Verb::Binary), ("Dele x", Verb::Delete), ("qui", Verb::Quit)] {
            assert_eq!(parse(line).unwrap().verb, verb);
        }
        assert_eq!((Verb::Get.code(), Verb::Put.code()), (16, 27));
        assert_eq!(parse("qu").unwrap_err(), "it may be QUIT or QUOTE");
        for line in ["", "g", "nonsense x", "é"] {
            assert!(parse(line).unwrap_err().contains("none"), "{line}");
        }
    }

    #[test]
    fn the_documents_have_the_table() {
        let documents = include_str!("../../docs/batchftp.md");
        for entry in &TABLE {
            let row = format!("| {} | {} |", entry.names[0], entry.code);
            assert!(documents.contains(&row), "docs/batchftp.md must have {row}");
        }
    }

    #[test]
    fn operands_may_be_quoted() {
        for (text, expected) in [
            ("", &[][..]),
            ("a  b", &["a", "b"]),
            ("'A.B(C)' (REPLACE", &["'A.B(C)'", "(REPLACE"]),
            ("\"a b\" //'A'", &["a b", "//'A'"]),
            ("\"\"", &[""]),
        ] {
            assert_eq!(words(text).unwrap(), expected, "{text}");
        }
        assert!(words("'A").is_err() && words(&"a ".repeat(101)).is_err());
    }

    #[test]
    fn random_lines_never_panic() {
        let mut random = Random(56);
        for _ in 0..5000 {
            let line =
                random.text(&['g', 'E', 't', ' ', '\'', '"', '(', 'é', '\u{2028}', '\0'], 30);
            let _ = parse(&line);
            let _ = words(&line);
        }
    }
}
