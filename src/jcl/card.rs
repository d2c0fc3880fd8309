//! Cards: the lines of a member, 80 columns wide.
//!
//! [`cards`] cuts a member; [`Card::check`] looks for what cannot be on a statement. Data in the deck
//! may have any length and any character.

use super::Member;
use super::report::Problem;
use super::text::Place;
use crate::codepage::CodePage;
use crate::dataset::{self, RecordError};
use crate::message::catalogue::{JCL_BAD_CHARACTER, JCL_CARD_TOO_LONG};
use crate::message::diagnostic::quoted;

/// Columns of a card.
pub(super) const CARD: usize = 80;

/// The last column of the fields of a statement.
pub(super) const LAST: usize = 71;

/// What some editors write before UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// One line of a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Card {
    /// Counted from 1.
    pub number: usize,
    /// All of it, without the blanks at its end.
    pub line: String,
}

/// Cuts a member into its cards.
pub(super) fn cards(member: &Member) -> Result<Vec<Card>, RecordError> {
    let page = member.code_page.unwrap_or_else(|| CodePage::detect(&member.bytes));
    let bytes = match page {
        CodePage::Utf8 => {
            member.bytes.strip_prefix(BYTE_ORDER_MARK).unwrap_or(member.bytes.as_slice())
        }
        _ => member.bytes.as_slice(),
    };
    let detected = || dataset::detect(bytes, bytes.len() as u64, Some(page)).format;
    let format = member.record_format.unwrap_or_else(detected);
    let records = dataset::cut(bytes, dataset::Layout::of(format, page))?;
    let lines = records.iter().map(|record| page.decode(record).trim_end_matches(' ').to_owned());
    Ok(lines.enumerate().map(|(index, line)| Card { number: index + 1, line }).collect())
}

impl Card {
    /// Columns 1 to 71 without the blanks at their end.
    pub fn text(&self) -> &str {
        self.columns(1, LAST).trim_end_matches(' ')
    }

    /// Columns 1 to 72, as the listing shows them.
    pub fn listed(&self) -> String {
        self.columns(1, LAST + 1).trim_end_matches(' ').to_owned()
    }

    /// Whether column 72 holds something.
    pub fn is_marked(&self) -> bool {
        !matches!(self.columns(LAST + 1, LAST + 1), "" | " ")
    }

    /// What stands in the columns, as far as the line goes.
    pub fn columns(&self, from: usize, to: usize) -> &str {
        let offset = |column: usize| {
            let found = self.line.char_indices().nth(column);
            found.map_or(self.line.len(), |(offset, _)| offset)
        };
        &self.line[offset(from - 1)..offset(to)]
    }

    /// Whether it begins with `//*`.
    pub fn is_comment(&self) -> bool {
        self.line.starts_with("//*")
    }

    /// Whether it is a statement that begins with `//`, or the continuation of one.
    pub fn is_statement(&self) -> bool {
        self.line.starts_with("//")
    }

    /// Whether it begins with `//` and a blank, so that it can be a continuation: the column of the
    /// first character behind, up to 71.
    pub fn resumes_at(&self) -> Option<usize> {
        let behind = self.text().strip_prefix("// ")?;
        Some(4 + behind.chars().take_while(|c| *c == ' ').count())
    }

    pub fn place(&self, source: usize, from: usize, to: usize) -> Place {
        Place { entry: 0, source, card: self.number, from, to }
    }

    /// What cannot be on the card of a statement: text behind column 80, and the first tab or other
    /// character that has no column.
    pub fn check(&self, source: usize) -> Vec<Problem> {
        let mut problems = Vec::new();
        let length = self.line.chars().count();
        if length > CARD {
            let over = quoted(self.columns(CARD + 1, length));
            let place = self.place(source, CARD + 1, length);
            let expected = "the card to end in column 80";
            problems.push(Problem::new(&JCL_CARD_TOO_LONG, place, over, expected));
        }
        let bad = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        let read = self.columns(1, LAST + 1).chars().enumerate();
        if let Some((index, c)) = read.into_iter().find(|(_, c)| bad(*c)) {
            let place = self.place(source, index + 1, index + 1);
            let (found, expected) = match c {
                '\t' => ("a tab".to_owned(), "blanks"),
                char::REPLACEMENT_CHARACTER => {
                    ("bytes that are no character".to_owned(), "a printable character")
                }
                c => (format!("X'{:02X}'", u32::from(c)), "a printable character"),
            };
            problems.push(Problem::new(&JCL_BAD_CHARACTER, place, found, expected));
        }
        problems
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(line: &str) -> Card {
        Card { number: 1, line: line.to_owned() }
    }

    #[test]
    fn a_card_is_cut_by_columns() {
        let card = card(&format!("{:<71}X00000100", "//A DD DSN=Ä"));
        assert_eq!(card.text(), "//A DD DSN=Ä");
        assert!(card.is_marked());
        assert_eq!(card.columns(12, 12), "Ä");
        assert_eq!(card.columns(80, 90), "0");
        assert!(card.check(0).is_empty());
    }

    #[test]
    fn continuations_have_a_blank_in_column_3() {
        assert_eq!(card("//  DISP=SHR").resumes_at(), Some(5));
        assert_eq!(card("//X DD").resumes_at(), None);
        assert_eq!(card("//* text").resumes_at(), None);
        assert_eq!(card("//").resumes_at(), None);
        assert_eq!(card(&format!("//{:69}X", "")).resumes_at(), None);
    }

    #[test]
    fn characters_without_a_column_are_found() {
        let found = card("//A\tDD\u{1} *").check(0);
        assert_eq!((found.len(), found[0].place.from), (1, 4));
        let found = card(&format!("{:80}more", "//* text")).check(0);
        assert_eq!((found[0].place.from, found[0].place.to), (81, 84));
    }

    #[test]
    fn members_come_in_every_format() {
        let lines = ["//A JOB", "/*"];
        let cards = |bytes: Vec<u8>| {
            let member = Member { source: "M".into(), bytes, code_page: None, record_format: None };
            let cards = super::cards(&member).unwrap();
            cards.into_iter().map(|card| card.line).collect::<Vec<_>>()
        };
        assert_eq!(cards(b"//A JOB\r\n/*\n".to_vec()), lines);
        let fixed = lines.map(|line| format!("{line:<80}")).concat();
        assert_eq!(cards(fixed.clone().into_bytes()), lines);
        assert_eq!(cards(CodePage::Ibm1047.encode(&fixed).unwrap()), lines);
    }
}
