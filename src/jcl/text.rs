//! Text of a statement that knows where each part of it stands.
//!
//! The parameter field of a statement may be spread over cards, and symbols in it are replaced by
//! values that stand nowhere. Parsers see one string and give offsets in it; [`Text::place`] turns
//! them back into card and columns.

/// Where something stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Place {
    /// Index of the listing entry whose statement it belongs to.
    pub entry: usize,
    /// The member, as an index into the sources of the report.
    pub source: usize,
    /// Card number, from 1.
    pub card: usize,
    /// First column, from 1.
    pub from: usize,
    /// Last column, inclusive.
    pub to: usize,
}

impl Place {
    /// Whether the other one is part of it.
    pub fn contains(&self, part: &Self) -> bool {
        let card = |place: &Self| (place.source, place.card);
        card(self) == card(part) && self.from <= part.from && part.to <= self.to
    }

    /// Whether the other one begins right behind this one.
    fn joins(&self, next: &Self) -> bool {
        let at = |place: &Self| (place.entry, place.source, place.card);
        at(self) == at(next) && self.to + 1 == next.from
    }
}

/// A string with the places of its parts.
#[derive(Debug, Clone, Default)]
pub(super) struct Text {
    text: String,
    parts: Vec<Part>,
}

/// A piece of a [`Text`] that stands in one place.
#[derive(Debug, Clone, Copy)]
struct Part {
    /// Offset in the text, in bytes.
    start: usize,
    place: Place,
    /// Whether each character stands in its own column; otherwise the piece stands for what is in the
    /// columns (the value of a symbol).
    exact: bool,
}

impl Text {
    /// The whole of it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends what stands on a card from the first column of `start` on.
    pub fn push(&mut self, text: &str, start: Place) {
        self.add(text, start, true);
    }

    /// Appends a value in the place of what stands at `place`.
    pub fn push_value(&mut self, value: &str, place: Place) {
        self.add(value, place, false);
    }

    fn add(&mut self, text: &str, place: Place, exact: bool) {
        if text.is_empty() {
            return;
        }
        let width = text.chars().count();
        let place = if exact { Place { to: place.from + width - 1, ..place } } else { place };
        match self.parts.last_mut() {
            // What was cut apart is joined again.
            Some(last) if last.exact && exact && last.place.joins(&place) => {
                last.place.to = place.to;
            }
            _ => self.parts.push(Part { start: self.text.len(), place, exact }),
        }
        self.text.push_str(text);
    }

    /// Appends a piece of another text.
    pub fn push_piece(&mut self, other: &Self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            let index = other.part_at(at);
            let end =
                other.parts.get(index + 1).map_or(other.text.len(), |next| next.start).min(to);
            let exact = other.parts.get(index).is_none_or(|part| part.exact);
            self.add(&other.text[at..end], other.place(at, end), exact);
            at = end;
        }
    }

    /// Where the bytes from `from` up to `to` stand: what crosses cards is cut at the end of its first
    /// card, and nothing stands behind the last character before it.
    pub fn place(&self, from: usize, to: usize) -> Place {
        let Some(part) = self.parts.get(self.part_at(from)) else {
            return Place::default();
        };
        if !part.exact {
            return part.place;
        }
        let next = self.parts.get(self.part_at(from) + 1);
        let end = next.map_or(self.text.len(), |next| next.start);
        let columns = |text: &str| text.chars().count();
        if from >= end {
            let last = part.place.from + columns(&self.text[part.start..end]).max(1) - 1;
            return Place { from: last, to: last, ..part.place };
        }
        let first = part.place.from + columns(&self.text[part.start..from]);
        let length = columns(&self.text[from..to.clamp(from, end)]).max(1);
        Place { from: first, to: first + length - 1, ..part.place }
    }

    /// Where all of it stands, on its first card.
    pub fn whole(&self) -> Place {
        self.place(0, self.text.len())
    }

    /// Where all of it stands, card by card.
    pub fn places(&self, from: usize, to: usize) -> Vec<Place> {
        let mut piece = Self::default();
        piece.push_piece(self, from, to);
        (0..piece.parts.len()).map(|index| piece.parts[index].place).collect()
    }

    /// The same text as part of a listing entry.
    pub fn at_entry(&self, entry: usize) -> Self {
        let mut text = self.clone();
        text.parts.iter_mut().for_each(|part| part.place.entry = entry);
        text
    }

    /// Index of the part that holds an offset, the last one for an offset behind the end.
    fn part_at(&self, offset: usize) -> usize {
        self.parts.partition_point(|part| part.start <= offset).saturating_sub(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(card: usize, from: usize, to: usize) -> Place {
        Place { card, from, to, ..Place::default() }
    }

    #[test]
    fn offsets_become_columns_of_their_card() {
        let mut text = Text::default();
        text.push("DSN=A,", place(1, 12, 17));
        text.push("DISP=SHR", place(2, 16, 23));
        assert_eq!(text.as_str(), "DSN=A,DISP=SHR");
        assert_eq!(text.place(4, 5), place(1, 16, 16));
        assert_eq!(text.place(6, 10), place(2, 16, 19));
        assert_eq!(text.place(4, 10), place(1, 16, 17));
        assert_eq!(text.place(14, 14), place(2, 23, 23));
        assert_eq!(text.whole(), place(1, 12, 17));
        assert_eq!(text.places(4, 14), [place(1, 16, 17), place(2, 16, 23)]);
        assert_eq!(Text::default().whole(), Place::default());
    }

    #[test]
    fn values_stand_where_their_symbol_stands() {
        let mut source = Text::default();
        source.push("DSN=&HLQ..X", place(3, 10, 20));
        let mut text = Text::default();
        text.push_piece(&source, 0, 4);
        text.push_value("PROD", source.place(4, 9));
        text.push_piece(&source, 9, 11);
        assert_eq!(text.as_str(), "DSN=PROD.X");
        assert_eq!(text.place(5, 6), place(3, 14, 18));
        assert_eq!(text.place(8, 10), place(3, 19, 20));
    }
}
