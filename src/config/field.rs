//! The text of one field with the places it came from, and what is wrong with such a text.
//!
//! A field may be spread over continuation cards, so each part of it remembers its card and column.
//! Parsers of values see only the text and answer with a [`Mismatch`]; [`Field::place_of`] turns its
//! offsets back into card and columns.

/// Where something stands in a deck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Card number, from 1.
    pub card: usize,
    /// First column, from 1.
    pub from: usize,
    /// Last column, inclusive.
    pub to: usize,
}

/// The text of one field, without the blanks around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Field {
    /// All parts, joined without anything between them.
    pub text: String,
    /// The columns of the field on its first card.
    columns: Place,
    /// Where the parts of the text stand; none if the field is blank.
    parts: Vec<Place>,
}

impl Field {
    /// A field whose first card gives it these columns; nothing in it yet.
    pub fn new(columns: Place) -> Self {
        Self { text: String::new(), columns, parts: Vec::new() }
    }

    /// Appends what stands in the field's columns of one card; `from` is the first of them.
    pub fn append(&mut self, card: usize, from: usize, columns: &str) {
        let text = columns.trim_matches(' ');
        if text.is_empty() {
            return;
        }
        let indent = columns.chars().take_while(|c| *c == ' ').count();
        let from = from + indent;
        self.parts.push(Place { card, from, to: from + text.chars().count() - 1 });
        self.text.push_str(text);
    }

    /// Whether nothing stands in it.
    pub fn is_blank(&self) -> bool {
        self.text.is_empty()
    }

    /// The text on its first card, or the columns of the field if it is blank.
    pub fn place(&self) -> Place {
        self.parts.first().copied().unwrap_or(self.columns)
    }

    /// Where a mismatch stands. One that crosses cards is cut at the end of its first card.
    pub fn place_of(&self, mismatch: &Mismatch) -> Place {
        let mut start = 0;
        for part in &self.parts {
            let end = start + part.to - part.from + 1;
            if mismatch.from < end {
                let from = part.from + mismatch.from - start;
                let length = mismatch.to.min(end).saturating_sub(mismatch.from).max(1);
                return Place { card: part.card, from, to: from + length - 1 };
            }
            start = end;
        }
        // Something is missing behind the end of the text.
        match self.parts.last() {
            Some(part) => Place { card: part.card, from: part.to, to: part.to },
            None => self.columns,
        }
    }
}

/// A part of a field that is not what it must be. Offsets count characters from the field's start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// First offending character.
    pub from: usize,
    /// One past the last offending character.
    pub to: usize,
    /// The offending text.
    pub found: String,
    /// What would have been right.
    pub expected: String,
}

impl Mismatch {
    /// `found` stands `offset` characters into the field.
    pub fn new(found: &str, offset: usize, expected: impl Into<String>) -> Self {
        let to = offset + found.chars().count();
        Self { from: offset, to, found: found.to_owned(), expected: expected.into() }
    }

    /// The whole text is wrong.
    pub fn whole(text: &str, expected: impl Into<String>) -> Self {
        Self::new(text, 0, expected)
    }

    /// The same, when the text it speaks of stands `offset` characters into a longer one.
    pub fn shifted(mut self, offset: usize) -> Self {
        self.from += offset;
        self.to += offset;
        self
    }

    /// Parses every item of a list separated by commas; the first bad one is the error.
    pub fn each<T>(
        list: &str,
        mut parse: impl FnMut(&str) -> Result<T, Self>,
    ) -> Result<Vec<T>, Self> {
        let mut items = Vec::new();
        let mut offset = 0;
        for item in list.split(',') {
            items.push(parse(item).map_err(|mismatch| mismatch.shifted(offset))?);
            offset += item.chars().count() + 1;
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mismatch_is_found_on_the_card_where_it_stands() {
        let mut field = Field::new(Place { card: 3, from: 40, to: 50 });
        field.append(3, 40, "  25,110,  ");
        field.append(4, 40, "x,143      ");
        assert_eq!(field.text, "25,110,x,143");
        assert_eq!(field.place(), Place { card: 3, from: 42, to: 48 });
        let place = field.place_of(&Mismatch::new("x", 7, ""));
        assert_eq!(place, Place { card: 4, from: 40, to: 40 });
        let place = field.place_of(&Mismatch::new("110,x,143", 3, ""));
        assert_eq!(place, Place { card: 3, from: 45, to: 48 });
        let place = field.place_of(&Mismatch::new("", 12, ""));
        assert_eq!(place, Place { card: 4, from: 44, to: 44 });
    }

    #[test]
    fn a_blank_field_stands_in_its_columns() {
        let mut field = Field::new(Place { card: 3, from: 40, to: 50 });
        field.append(3, 40, "           ");
        assert!(field.is_blank());
        assert_eq!(field.place(), Place { card: 3, from: 40, to: 50 });
        assert_eq!(field.place_of(&Mismatch::whole("", "")), field.place());
    }
}
