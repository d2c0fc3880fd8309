//! Cards: 80 columns, their continuations, and the fields in their columns.
//!
//! [`collect`] turns the lines of a member into logical cards; [`Card::fields`] cuts one by the layout
//! of its type. Pure. What is wrong goes into the [`Report`]; a card that cannot be read by columns
//! is handed on as spoiled, so that its name is known and no further errors follow from it.

use nom::bytes::complete::take;
use nom::{IResult, Parser};

use super::diagnostic::Report;
use super::field::{Field, Place};
use crate::message::catalogue::{
    CARD_BAD_CHARACTER, CARD_STRAY_TEXT, CARD_TAB, CARD_TOO_LONG, CONTINUATION_MISSING,
    CONTINUATION_NOT_BLANK,
};
use crate::message::diagnostic::quoted;

/// Columns that are read: what stands behind them is a sequence number.
const READ: usize = 72;

/// Columns of a card.
const CARD: usize = 80;

/// Columns that are blank on a continuation.
const INDENT: usize = 17;

/// First and last column of a field, from 1, both inclusive.
pub(super) type Columns = (usize, usize);

/// Columns of the card type and of the name, the same on all cards.
const HEAD: [Columns; 2] = [(1, 8), (10, 17)];

/// A card together with its continuations.
#[derive(Debug)]
pub(super) struct Card {
    /// Columns 1-8, in upper case.
    pub kind: Field,
    /// Columns 10-17, in upper case.
    pub name: Field,
    /// Whether it has characters that make its columns meaningless (tabs, control characters);
    /// kind and name are then guessed.
    pub spoiled: bool,
    lines: Vec<Line>,
}

/// One physical card: columns 1-71, padded with blanks.
#[derive(Debug)]
struct Line {
    number: usize,
    text: String,
}

impl Card {
    /// Card number of its first line.
    pub fn number(&self) -> usize {
        self.lines.first().map_or(0, |line| line.number)
    }

    /// Cuts the columns from 18 on into fields; text in any other column is reported.
    pub fn fields<const N: usize>(&self, layout: [Columns; N], report: &mut Report) -> [Field; N] {
        let first = self.number();
        let mut fields = layout.map(|(from, to)| Field::new(Place { card: first, from, to }));
        for line in &self.lines {
            let whole: Vec<Columns> = HEAD.iter().chain(&layout).copied().collect();
            let Ok((tail, pieces)) = cut(&line.text, &whole) else {
                continue;
            };
            for (field, piece) in fields.iter_mut().zip(&pieces[HEAD.len()..]) {
                field.append(line.number, piece.column, piece.text);
            }
            let end = whole.last().map_or(1, |(_, to)| to + 1);
            let gaps = pieces.iter().map(|piece| (piece.gap_column, piece.gap));
            for (column, text) in gaps.chain([(end, tail)]) {
                stray(line.number, column, text, report);
            }
        }
        fields
    }
}

/// The columns of a field and the gap before it.
struct Piece<'a> {
    gap_column: usize,
    gap: &'a str,
    column: usize,
    text: &'a str,
}

/// Cuts a padded line by ascending columns; what is left behind the last of them is the rest.
fn cut<'a>(line: &'a str, layout: &[Columns]) -> IResult<&'a str, Vec<Piece<'a>>> {
    let mut pieces = Vec::with_capacity(layout.len());
    let (mut rest, mut at) = (line, 1);
    for &(from, to) in layout {
        let (behind, (gap, text)) = (take(from - at), take(to + 1 - from)).parse(rest)?;
        pieces.push(Piece { gap_column: at, gap, column: from, text });
        (rest, at) = (behind, to + 1);
    }
    Ok((rest, pieces))
}

/// Reports text in columns that must be blank.
fn stray(card: usize, column: usize, text: &str, report: &mut Report) {
    let mut field = Field::new(Place { card, from: column, to: column });
    field.append(card, column, text);
    if !field.is_blank() {
        report.add(&CARD_STRAY_TEXT, field.place(), &quoted(&field.text), "blanks");
    }
}

/// Makes cards of the lines of a member: comments and blank cards are left out, continuations joined.
pub(super) fn collect<T: AsRef<str>>(
    lines: impl IntoIterator<Item = T>,
    report: &mut Report,
) -> Vec<Card> {
    let mut cards: Vec<Card> = Vec::new();
    let mut open = false;
    for (index, line) in lines.into_iter().enumerate() {
        let image = Image::new(index + 1, line.as_ref());
        image.check_length(report);
        if open {
            open = false;
            match cards.last_mut() {
                Some(card) if image.is_continuation() => {
                    card.spoiled |= image.check_characters(report);
                    open = image.is_continued();
                    card.lines.push(image.into_line());
                    continue;
                }
                _ => image.report_no_continuation(report),
            }
        }
        if image.is_comment() || image.is_blank() {
            continue;
        }
        let spoiled = image.check_characters(report);
        open = image.is_continued();
        cards.push(image.into_card(spoiled));
    }
    if let (true, Some(line)) = (open, cards.last().and_then(|card| card.lines.last())) {
        let place = Place { card: line.number, from: READ, to: READ };
        report.add(&CONTINUATION_MISSING, place, "the end of the deck", "a continuation card");
    }
    cards
}

/// One line of the member, its columns 1 to 72 padded with blanks.
struct Image<'a> {
    number: usize,
    /// Exactly 72 characters.
    columns: String,
    /// All of the line, without blanks at its end.
    line: &'a str,
}

impl<'a> Image<'a> {
    fn new(number: usize, line: &'a str) -> Self {
        let padding = std::iter::repeat(' ');
        let columns = line.chars().chain(padding).take(READ).collect();
        Self { number, columns, line: line.trim_end_matches(' ') }
    }

    fn is_comment(&self) -> bool {
        self.columns.starts_with('*')
    }

    fn is_blank(&self) -> bool {
        self.columns.bytes().all(|byte| byte == b' ')
    }

    fn is_continued(&self) -> bool {
        !self.columns.ends_with(' ')
    }

    fn is_continuation(&self) -> bool {
        self.columns.bytes().take(INDENT).all(|byte| byte == b' ') && !self.is_blank()
    }

    fn place(&self, from: usize, to: usize) -> Place {
        Place { card: self.number, from, to }
    }

    fn check_length(&self, report: &mut Report) {
        let length = self.line.chars().count();
        if length > CARD {
            let over: String = self.line.chars().skip(CARD).collect();
            let place = self.place(CARD + 1, length);
            report.add(&CARD_TOO_LONG, place, &quoted(&over), "the card to end in column 80");
        }
    }

    /// Reports the first tab or other character that has no column; true if there is one.
    fn check_characters(&self, report: &mut Report) -> bool {
        let bad = |c: char| c.is_control() || c == char::REPLACEMENT_CHARACTER;
        let Some((index, c)) = self.columns.chars().enumerate().find(|(_, c)| bad(*c)) else {
            return false;
        };
        let place = self.place(index + 1, index + 1);
        let character = "a printable character";
        match c {
            '\t' => report.add(&CARD_TAB, place, "a tab", "blanks"),
            char::REPLACEMENT_CHARACTER => {
                report.add(&CARD_BAD_CHARACTER, place, "bytes that are no character", character);
            }
            c => {
                let found = format!("X'{:02X}'", u32::from(c));
                report.add(&CARD_BAD_CHARACTER, place, &found, character);
            }
        }
        true
    }

    fn report_no_continuation(&self, report: &mut Report) {
        let head: String = self.columns.chars().take(INDENT).collect();
        let place = self.place(1, INDENT);
        let expected = "a continuation with text behind column 17, for column 72 of the card \
                        before is not blank";
        report.add(&CONTINUATION_NOT_BLANK, place, &quoted(head.trim()), expected);
    }

    fn into_line(self) -> Line {
        let text = self.columns.chars().take(READ - 1).collect();
        Line { number: self.number, text }
    }

    fn into_card(self, spoiled: bool) -> Card {
        let mut fields = HEAD.map(|(from, to)| Field::new(self.place(from, to)));
        if spoiled {
            let mut words = self.line.split([' ', '\t']).filter(|word| !word.is_empty());
            for (field, word) in fields.iter_mut().zip(&mut words) {
                field.append(self.number, 1, word);
            }
        } else if let Ok((_, pieces)) = cut(&self.columns, &HEAD) {
            for (field, piece) in fields.iter_mut().zip(pieces) {
                field.append(self.number, piece.column, piece.text);
            }
        }
        let [mut kind, mut name] = fields;
        kind.text.make_ascii_uppercase();
        name.text.make_ascii_uppercase();
        Card { kind, name, spoiled, lines: vec![self.into_line()] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUE: [Columns; 2] = [(19, 30), (32, 71)];

    fn collected(deck: &str) -> (Vec<Card>, Vec<String>) {
        let mut report = Report::new("DECK");
        let cards = collect(deck.lines(), &mut report);
        (cards, report.lines())
    }

    fn only_error(deck: &str) -> String {
        let (cards, mut errors) = collected(deck);
        let mut report = Report::new("DECK");
        for card in &cards {
            card.fields(VALUE, &mut report);
        }
        errors.extend(report.lines());
        assert_eq!(errors.len(), 1, "{errors:?}");
        errors.remove(0)
    }

    #[test]
    fn columns_are_counted_in_characters_and_sequence_numbers_left_out() {
        let deck = format!("{:<72}00000100\n", "set      *        user         jürgen");
        let (cards, errors) = collected(&deck);
        assert_eq!((cards.len(), errors), (1, vec![]));
        let mut report = Report::new("DECK");
        let [keyword, value] = cards[0].fields(VALUE, &mut report);
        assert_eq!(cards[0].kind.text, "SET");
        assert_eq!((keyword.text.as_str(), value.text.as_str()), ("user", "jürgen"));
        assert!(report.lines().is_empty());
    }

    #[test]
    fn comments_and_blank_cards_are_left_out_but_counted() {
        let (cards, errors) = collected("* comment\n\n        \nFILTER   A\n");
        assert_eq!((cards.len(), errors), (1, vec![]));
        assert_eq!(cards[0].number(), 4);
    }

    #[test]
    fn a_continuation_appends_field_by_field() {
        let first = format!("{:<71}+", "SET      *        CIPHERS      aes256-ctr,");
        let deck = format!("{first}\n{:31}aes128-ctr\n", "");
        let (cards, errors) = collected(&deck);
        assert_eq!((cards.len(), errors), (1, vec![]));
        let [_, value] = cards[0].fields(VALUE, &mut Report::new("DECK"));
        assert_eq!(value.text, "aes256-ctr,aes128-ctr");
    }

    #[test]
    fn broken_continuations_are_reported() {
        let first = format!("{:<71}+\n", "SET      *        USER         a");
        assert!(only_error(&first).contains("card 1 column 72: found the end of the deck"));
        let next = format!("{first}SET      *        USER         b\n");
        let error = only_error(&next);
        assert!(error.contains("card 2 columns 1-17: found 'SET      *'"), "{error}");
        assert_eq!(collected(&next).0.len(), 2);
        assert!(only_error(&format!("{first}\n")).contains("card 2 columns 1-17: found blanks"));
        assert!(only_error(&format!("{first}* comment\n")).contains("found '* comment'"));
    }

    #[test]
    fn bad_characters_are_reported_with_their_column() {
        let error = only_error("SET\t*        USER");
        assert!(error.contains("card 1 column 4: found a tab, expected blanks"), "{error}");
        assert!(only_error("SET      *        USER         a\u{7}").contains("found X'07'"));
        assert!(only_error("SET      *        USER         a\u{fffd}").contains("no character"));
        let (cards, _) = collected("SET\tABC\tUSER");
        assert!(cards[0].spoiled && cards[0].name.text == "ABC");
        assert!(collected("* a\tcomment").1.is_empty());
    }

    #[test]
    fn a_card_ends_in_column_80() {
        let deck = format!("{:<80}x", "SET      *        USER         a");
        let error = only_error(&deck);
        assert!(error.contains("card 1 column 81: found 'x'"), "{error}");
        assert!(collected(&format!("{:<200}", "* blanks do no harm")).1.is_empty());
        assert_eq!(collected(&format!("*{}", "-".repeat(80))).1.len(), 1);
    }

    #[test]
    fn text_between_fields_is_stray() {
        for (deck, columns) in [
            ("SET     **        USER         a", "column 9: found '*'"),
            ("SET      *       XUSER         a", "column 18: found 'X'"),
            ("SET      *        USER        :a", "column 31: found ':'"),
        ] {
            let error = only_error(deck);
            assert!(error.contains(columns), "{error}");
        }
    }
}
