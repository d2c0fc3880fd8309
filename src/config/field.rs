//! What is wrong with the text of one field, and where in it. Used by every parser of field values.

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
        Self {
            from: offset,
            to,
            found: found.to_owned(),
            expected: expected.into(),
        }
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
    pub fn each<T>(list: &str, parse: impl Fn(&str) -> Result<T, Self>) -> Result<Vec<T>, Self> {
        let mut items = Vec::new();
        let mut offset = 0;
        for item in list.split(',') {
            items.push(parse(item).map_err(|mismatch| mismatch.shifted(offset))?);
            offset += item.chars().count() + 1;
        }
        Ok(items)
    }
}
