//! [`jcl::read`] and [`jcl::start`]: a deck without errors is a job that can be run, one with errors
//! is none; and a deck means the same as text and as FB 80 in EBCDIC.

use std::collections::BTreeMap;

use zoxy::codepage::CodePage;
use zoxy::dataset::{Layout, RecordFormat, cut};
use zoxy::jcl::{
    self, Diagnostic, Job, Libraries, ListedStatements, Member, Reading, Source, Start,
    SystemSymbols,
};

use crate::pieces::is_printable_line;

/// The input is a deck, then members of a library, each with X'1E' and its name, a line of its own,
/// before it. Nothing else can be had: the reader opens no file.
pub fn run(data: &[u8]) {
    let mut parts = data.split(|byte| *byte == 0x1e);
    let deck = parts.next().unwrap_or_default();
    let members = Members(parts.filter_map(named).collect());
    let readings = jcl::read(&member("DECK", deck), &members, &system());
    assert!(!readings.is_empty(), "no reading");
    readings.iter().for_each(check);
    if let Some(cards) = as_cards_in_ebcdic(deck) {
        let again = jcl::read(&cards, &members, &system());
        assert_eq!(said(&again), said(&readings), "it depends on how the deck is written");
    }
    if let Some((name, text)) = members.0.first_key_value() {
        check(&jcl::start(&start(name, text), &members, &system()));
    }
}

/// Members by their names.
struct Members<'a>(BTreeMap<String, &'a [u8]>);

impl Libraries for Members<'_> {
    fn member(&self, library: Option<&str>, name: &str) -> Result<Option<Member>, String> {
        if library == Some("NO.SUCH.LIB") {
            return Err("it is not there".to_owned());
        }
        Ok(self.0.get(name).map(|bytes| member(name, bytes)))
    }
}

fn named(part: &[u8]) -> Option<(String, &[u8])> {
    let end = part.iter().position(|byte| *byte == b'\n')?;
    let name = std::str::from_utf8(&part[..end]).ok()?;
    Some((name.to_owned(), &part[end + 1..]))
}

fn member(source: &str, bytes: &[u8]) -> Member {
    let bytes = bytes.to_vec();
    Member { source: source.to_owned(), bytes, code_page: None, record_format: None }
}

fn system() -> SystemSymbols {
    let symbols = [("SYSUID", "IBMUSER"), ("SYSNAME", "ZLX1"), ("HHMMSS", "235959")];
    SystemSymbols(symbols.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
}

/// A START command with what stands in the first lines of the procedure as its parameters.
fn start(name: &str, text: &[u8]) -> Start {
    let text = String::from_utf8_lossy(text);
    let parameters = text.lines().take(4).filter_map(|line| line.split_once('='));
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Start { procedure: name.to_owned(), job: None, parameters: parameters.collect() }
}

fn check(reading: &Reading) {
    let is_wrong = reading.diagnostics.iter().any(Diagnostic::is_error);
    assert_eq!(reading.job.is_none(), is_wrong, "{:?}", reading.diagnostics);
    assert!(reading.diagnostics.len() <= 501);
    for diagnostic in &reading.diagnostics {
        assert!(is_printable_line(&diagnostic.line), "{diagnostic}");
        assert!(diagnostic.line.chars().count() < 1000, "{diagnostic}");
        let (from, to) = diagnostic.columns;
        assert!(from <= to, "{diagnostic}");
    }
    for level in [ListedStatements::Job, ListedStatements::Deck, ListedStatements::All] {
        reading.listing.lines(level);
    }
    reading.job.iter().for_each(runs);
}

/// What those who run a job rely on.
fn runs(job: &Job) {
    assert!(is_name(&job.name) && !job.steps.is_empty() && job.restart < job.steps.len());
    for (index, step) in job.steps.iter().enumerate() {
        assert!(is_name(&step.program), "{}", step.program);
        assert!(step.conditions.iter().all(|(at, _)| *at < job.ifs.len()));
        assert!(step.cond.tests.iter().all(|test| test.tested.steps.end <= index));
        for dd in &step.dds {
            assert!(is_name(&dd.name) && !dd.parts.is_empty(), "{dd:?}");
            assert_eq!(step.dds.iter().filter(|other| other.name == dd.name).count(), 1);
            for part in &dd.parts {
                match &part.source {
                    Source::Path(file) => assert!(file.path.starts_with('/'), "{}", file.path),
                    Source::DataSet(set) => {
                        assert!(set.referback.iter().all(|(at, _)| *at <= index), "{set:?}");
                    }
                    _ => {}
                }
            }
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_known = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "$#@".contains(c);
    (1..=8).contains(&text.len()) && text.chars().all(is_known)
}

/// What is wrong, and the job.
fn said(readings: &[Reading]) -> Vec<(Vec<String>, String)> {
    readings
        .iter()
        .map(|reading| {
            let lines = reading.diagnostics.iter().map(|found| found.line.clone()).collect();
            (lines, format!("{:?}", reading.job))
        })
        .collect()
}

/// The same deck as FB 80 in EBCDIC, if it can be that.
fn as_cards_in_ebcdic(deck: &[u8]) -> Option<Member> {
    let page = CodePage::Ibm1047;
    let read = Layout::of(RecordFormat::TEXT, CodePage::Utf8);
    let detected = zoxy::dataset::detect(deck, deck.len() as u64, None);
    let lines = cut(deck, read).ok()?;
    let is_card = |line: &&[u8]| line.len() <= 80 && line.iter().all(|b| (b' '..=b'~').contains(b));
    if detected.layout() != read || lines.is_empty() || !lines.iter().all(is_card) {
        return None;
    }
    let cards = lines.iter().map(|line| std::str::from_utf8(line).map(|line| format!("{line:80}")));
    let bytes = page.encode(&cards.collect::<Result<String, _>>().ok()?).ok()?;
    let record_format = Some(RecordFormat::FB);
    Some(Member { source: "DECK".to_owned(), bytes, code_page: Some(page), record_format })
}
