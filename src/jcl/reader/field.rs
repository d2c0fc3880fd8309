//! The fields of a statement and how they go on from card to card.

use nom::bytes::complete::{tag, take_till, take_while};
use nom::{IResult, Parser};

use super::{Reader, Scan};
use crate::jcl::card::{Card, LAST};
use crate::jcl::report::Problem;
use crate::jcl::text::{Place, Text};
use crate::message::catalogue::{
    JCL_APOSTROPHE, JCL_COLUMN_71, JCL_CONTINUATION_COLUMN, JCL_CONTINUATION_MISSING, JCL_NO_THEN,
};
use crate::message::diagnostic::quoted;

/// Columns in which a parameter may go on.
const RESUME: std::ops::RangeInclusive<usize> = 4..=16;

/// What follows the operation, on one card.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    /// Up to column 71, without the blanks at its end.
    pub text: &'a str,
    /// Where its first character stands.
    pub place: Place,
}

/// Name and operation of a statement.
pub(super) struct Head<'a> {
    pub name: Text,
    pub operation: Text,
    pub rest: Field<'a>,
}

/// Cuts the first card of a statement.
pub(super) fn head(card: &Card, source: usize) -> Head<'_> {
    let line = card.text();
    let (name, operation, rest) = fields(line).map_or((line, "", ""), |(rest, cut)| {
        let (name, operation) = cut;
        (name, operation, rest)
    });
    let column = |rest: &str| line[..line.len() - rest.len()].chars().count() + 1;
    let place = |column: usize| card.place(source, column, LAST);
    let mut head = Head {
        name: Text::default(),
        operation: Text::default(),
        rest: Field { text: rest.trim_start_matches(' '), place: place(1) },
    };
    head.rest.place = place(column(head.rest.text));
    head.name.push(name, place(3));
    head.operation.push(operation, place(column(rest) - operation.chars().count()));
    head
}

/// Name and operation; the rest begins right behind the operation.
fn fields(line: &str) -> IResult<&str, (&str, &str)> {
    let blank = |c: char| c == ' ';
    let (rest, (_, name, _, operation)) =
        (tag("//"), take_till(blank), take_while(blank), take_till(blank)).parse(line)?;
    Ok((rest, (name, operation)))
}

/// How the parameters on one card end.
pub(super) enum End<'a> {
    /// They are complete.
    Complete(&'a str),
    /// With a comma: they go on.
    Comma(&'a str),
    /// Within a string: it goes on. The text reaches to column 71.
    Quoted(String),
}

/// Looks for the end of the parameters on one card. `quote` is where an open string began.
pub(super) fn scan<'a>(field: &Field<'a>, quote: &mut Option<Place>) -> End<'a> {
    for (index, (offset, c)) in field.text.char_indices().enumerate() {
        match (c, quote.is_some()) {
            ('\'', false) => {
                let column = field.place.from + index;
                *quote = Some(Place { from: column, to: column, ..field.place });
            }
            ('\'', true) => *quote = None,
            (' ', false) => return end(&field.text[..offset]),
            _ => {}
        }
    }
    if quote.is_none() {
        return end(field.text);
    }
    let width = (LAST + 1).saturating_sub(field.place.from);
    End::Quoted(format!("{:<width$}", field.text))
}

fn end(text: &str) -> End<'_> {
    if text.ends_with(',') { End::Comma(text) } else { End::Complete(text) }
}

/// The operation on a card that would be one of the statements that may have no name.
pub(super) fn looks_like_statement(card: &Card) -> Option<&str> {
    let operation = card.text().strip_prefix("// ")?.split_whitespace().next()?;
    ["DD", "EXEC", "SET", "IF", "ELSE", "ENDIF", "INCLUDE", "PEND"]
        .contains(&operation)
        .then_some(operation)
}

impl<'a> Reader<'a> {
    /// The next card of a statement whose parameters end with a comma.
    pub(super) fn continued(
        &mut self,
        scan: &mut Scan<'a>,
        field: &Field<'a>,
        text: &str,
    ) -> Option<Field<'a>> {
        let comma = field.place.from + text.chars().count() - 1;
        let place = Place { from: comma, to: comma, ..field.place };
        let next = self.skip_comments(scan);
        match next.and_then(|card| Some((card, card.resumes_at()?))) {
            Some((card, column)) => {
                self.take(scan, card);
                if !RESUME.contains(&column) {
                    let place = card.place(self.source, column, LAST);
                    let found = quoted(card.columns(column, LAST).trim_end());
                    let expected = "the parameters to go on in columns 4 to 16";
                    let problem = Problem::new(&JCL_CONTINUATION_COLUMN, place, found, expected);
                    scan.problems.push(problem);
                }
                Some(self.field_at(card, column))
            }
            None => {
                let behind = next.map_or("the end of the member".to_owned(), |card| {
                    quoted(card.columns(1, 16).trim_end())
                });
                let found = format!("a comma at the end, and then {behind}");
                let expected = "a continuation: // in columns 1-2, a blank in column 3, the next \
                                parameter in columns 4-16";
                scan.problems.push(Problem::new(&JCL_CONTINUATION_MISSING, place, found, expected));
                scan.spoiled = true;
                None
            }
        }
    }

    /// The next card of a statement that ends within a string.
    pub(super) fn continued_string(
        &mut self,
        scan: &mut Scan<'a>,
        field: &Field<'a>,
        quote: Option<Place>,
    ) -> Option<Field<'a>> {
        let opened = quote.unwrap_or(field.place);
        if opened.from == LAST {
            let expected = "no apostrophe in column 71: end the card with the comma before it";
            scan.problems.push(Problem::new(&JCL_COLUMN_71, opened, "an apostrophe", expected));
        }
        let card = self.cards.get(self.at).filter(|card| card.resumes_at().is_some());
        let Some(card) = card else {
            let expected = "an apostrophe at the end of the value, or a continuation in column 16";
            let found = "an apostrophe that nothing closes";
            scan.problems.push(Problem::new(&JCL_APOSTROPHE, opened, found, expected));
            scan.spoiled = true;
            return None;
        };
        self.take(scan, card);
        let column = card.resumes_at().unwrap_or(16).min(16);
        if column < 16 {
            let place = card.place(self.source, column, column);
            let found = quoted(card.columns(column, 15).trim_end());
            let expected = "the string to go on in column 16, and blanks before";
            scan.problems.push(Problem::new(&JCL_CONTINUATION_COLUMN, place, found, expected));
        }
        Some(self.field_at(card, column))
    }

    /// Reads the expression of an IF statement up to THEN.
    pub(super) fn expression(&mut self, scan: &mut Scan<'a>, first: Field<'a>) {
        let mut field = first;
        loop {
            if let Some(end) = then(field.text) {
                scan.operand.push(field.text[..end].trim_end_matches(' '), field.place);
                self.comments(scan);
                return;
            }
            scan.operand.push(field.text, field.place);
            let next = self.skip_comments(scan);
            let next = next.and_then(|card| Some((card, card.resumes_at()?)));
            match next.filter(|(card, _)| looks_like_statement(card).is_none()) {
                Some((card, column)) => {
                    self.take(scan, card);
                    if !RESUME.contains(&column) {
                        let place = card.place(self.source, column, LAST);
                        let found = quoted(card.columns(column, LAST).trim_end());
                        let expected = "the expression to go on in columns 4 to 16";
                        let problem =
                            Problem::new(&JCL_CONTINUATION_COLUMN, place, found, expected);
                        scan.problems.push(problem);
                    }
                    field = self.field_at(card, column);
                    // The blank between two cards stands nowhere.
                    scan.operand.push_value(" ", field.place);
                }
                None => {
                    let at = field.place.from + field.text.chars().count().max(1) - 1;
                    let place = Place { from: at, to: at, ..field.place };
                    let found = "no THEN behind the expression";
                    let expected = "THEN, or a continuation in columns 4 to 16";
                    scan.problems.push(Problem::new(&JCL_NO_THEN, place, found, expected));
                    scan.spoiled = true;
                    return;
                }
            }
        }
    }

    fn field_at(&self, card: &'a Card, column: usize) -> Field<'a> {
        let text = card.columns(column, LAST).trim_end_matches(' ');
        Field { text, place: card.place(self.source, column, LAST) }
    }
}

/// Offset of the word THEN.
fn then(text: &str) -> Option<usize> {
    let is_end = |c: Option<char>| c.is_none_or(|c| " ()".contains(c));
    text.match_indices("THEN")
        .map(|(at, _)| at)
        .find(|at| is_end(text[..*at].chars().next_back()) && is_end(text[at + 4..].chars().next()))
}
