//! Data in a deck: from a DD statement, or from nowhere, to its delimiter.

use super::Reader;
use crate::jcl::card::{Card, LAST};
use crate::jcl::report::Problem;
use crate::message::catalogue::{JCL_BAD_CHARACTER, JCL_DATA_TOO_LONG, JCL_DELIMITER_MISSING};

/// Characters of a record of data at most.
pub(in crate::jcl) const MAX_RECORD: usize = 32_760;

/// The records of a DD statement before symbols are replaced.
#[derive(Debug, Clone, Default)]
pub(in crate::jcl) struct RawData {
    /// Without blanks at their ends.
    pub records: Vec<String>,
    /// Number of the first card.
    pub first_card: usize,
}

/// What ends the data.
#[derive(Debug, Clone)]
pub(super) struct Delimiter {
    /// DATA: cards that begin with `//` are data.
    pub is_data: bool,
    /// DLM: two characters in place of `/*`.
    pub characters: Option<String>,
}

/// The value of DLM if it is one: two characters; doubled ampersands count as one.
pub(super) fn dlm(value: &str) -> Option<String> {
    let value = value.replace("&&", "&");
    (value.chars().count() == 2).then_some(value)
}

impl Delimiter {
    /// That of data without a DD statement.
    pub fn any() -> Self {
        Self { is_data: false, characters: None }
    }

    /// Whether the card ends the data; `Some(true)` if it belongs to the data.
    fn ends(&self, card: &Card) -> Option<bool> {
        let characters = self.characters.as_deref().unwrap_or("/*");
        if card.line.starts_with(characters) {
            // `/*JOBPARM` and the like end the data and are statements of their own.
            let is_other = self.characters.is_none() && !matches!(card.columns(3, 3), "" | " ");
            return Some(!is_other);
        }
        (!self.is_data && card.is_statement()).then_some(false)
    }
}

impl Reader<'_> {
    /// Takes cards up to the delimiter.
    pub(super) fn data(&mut self, delimiter: &Delimiter) -> (RawData, Vec<Problem>) {
        let first_card = self.cards.get(self.at).map_or(self.at + 1, |card| card.number);
        let mut data = RawData { records: Vec::new(), first_card };
        let mut problems = Vec::new();
        while let Some(card) = self.cards.get(self.at) {
            if let Some(is_own) = delimiter.ends(card) {
                self.at += usize::from(is_own);
                return (data, problems);
            }
            self.at += 1;
            problems.extend(self.unreadable(card));
            data.records.push(card.line.clone());
        }
        if delimiter.is_data || delimiter.characters.is_some() {
            if let Some(last) = self.cards.last() {
                let characters = delimiter.characters.as_deref().unwrap_or("/*");
                let expected = format!("{characters} in columns 1 and 2 behind the data");
                let place = last.place(self.source, 1, LAST);
                let found = "the end of the member";
                problems.push(Problem::new(&JCL_DELIMITER_MISSING, place, found, expected));
            }
        }
        (data, problems)
    }

    /// What no program could read as it was meant.
    fn unreadable(&self, card: &Card) -> Option<Problem> {
        let length = card.line.chars().count();
        if length > MAX_RECORD {
            let place = card.place(self.source, MAX_RECORD + 1, length);
            let found = format!("{length} characters");
            let expected = format!("at most {MAX_RECORD} in a record");
            return Some(Problem::new(&JCL_DATA_TOO_LONG, place, found, expected));
        }
        let at = card.line.chars().position(|c| c == char::REPLACEMENT_CHARACTER)? + 1;
        let place = card.place(self.source, at, at);
        let found = "bytes that are no character";
        Some(Problem::new(&JCL_BAD_CHARACTER, place, found, "text"))
    }
}
