//! Statements as they stand on the cards of a member: fields, continuations, data.
//!
//! [`read`] takes a whole member apart, before symbols are replaced: that is how a job entry system
//! reads a deck, and why no symbol can make a statement, its name or its delimiter. What is wrong
//! stays with the statement and is reported when the statement is used.

mod data;
mod field;

use super::card::{Card, LAST};
use super::keyword::{self, Kinds, Treatment};
use super::operand::{self, Param, Value};
use super::report::Problem;
use super::text::{Place, Text};
use crate::message::catalogue::{JCL_COLUMN_71, JCL_COLUMN_72, JCL_OPERATION_UNKNOWN};
use crate::message::diagnostic::quoted;
use field::Field;

pub(super) use data::RawData;

/// One statement, comment or stretch of data.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    /// All its cards but those of its data, columns 1 to 72.
    pub cards: Vec<String>,
    /// Where its first card stands, whole columns.
    pub place: Place,
    pub kind: Kind,
    /// What is wrong with its cards.
    pub problems: Vec<Problem>,
}

impl Raw {
    /// Its first card, columns 1 to 16.
    pub fn first_line(&self) -> &str {
        let line = match &self.kind {
            Kind::Data(data) => data.records.first(),
            _ => self.cards.first(),
        };
        let line = line.map_or("", String::as_str);
        line.char_indices().nth(16).map_or(line, |(end, _)| &line[..end])
    }

    /// The operation of a statement, blank for other cards.
    pub fn operation(&self) -> &str {
        match &self.kind {
            Kind::Statement(statement) => statement.operation.as_str(),
            _ => "",
        }
    }
}

/// What a card is by its first columns.
#[derive(Debug, Clone)]
pub(super) enum Kind {
    /// `//*`.
    Comment,
    /// `//` alone.
    Null,
    /// `/*` where no data ends.
    Delimiter,
    /// `/*` and a word: a control statement for JES2.
    Jes(String),
    /// Data that no DD statement announces.
    Data(RawData),
    /// Anything else that begins with `//`.
    Statement(Statement),
}

/// The fields of a statement.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub name: Text,
    pub operation: Text,
    /// The parameter field, without blanks outside of apostrophes. For IF: what stands before THEN;
    /// for a command: all of it.
    pub operand: Text,
    /// Data that follows a DD statement.
    pub data: Option<RawData>,
    /// Whether the parameter field makes no sense, so that nothing more is said about it.
    pub spoiled: bool,
}

/// What is read of the fields behind the operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fields {
    /// Parameters and comments.
    Parameters,
    /// An expression up to THEN, and comments.
    Expression,
    /// Comments only.
    Comments,
    /// The rest of the card.
    Command,
}

/// Operations without parameters.
const BARE: &[&str] = &["ELSE", "ENDIF", "PEND", "ENDCNTL"];

/// Commands that may stand on a card of their own. SET and T are no such commands, since `SET` is a
/// statement.
pub(super) const COMMANDS: &[&str] =
    &["D", "DISPLAY", "F", "MODIFY", "P", "STOP", "S", "START", "C", "CANCEL"];

/// Takes the cards of a member apart.
pub(super) fn read(cards: &[Card], source: usize) -> Vec<Raw> {
    let mut reader = Reader { cards, at: 0, source };
    std::iter::from_fn(|| reader.next()).collect()
}

struct Reader<'a> {
    cards: &'a [Card],
    at: usize,
    source: usize,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<Raw> {
        let card = self.cards.get(self.at)?;
        self.at += 1;
        let simple = |kind| Raw {
            cards: vec![card.listed()],
            place: card.place(self.source, 1, LAST),
            kind,
            problems: card.check(self.source),
        };
        if card.is_comment() {
            // Nothing in a comment can do harm.
            return Some(Raw { problems: Vec::new(), ..simple(Kind::Comment) });
        }
        if let Some(rest) = card.line.strip_prefix("/*") {
            let word = rest.split(' ').next().unwrap_or_default();
            let kind = if word.is_empty() { Kind::Delimiter } else { Kind::Jes(word.to_owned()) };
            return Some(simple(kind));
        }
        if card.text() == "//" {
            return Some(simple(Kind::Null));
        }
        if card.is_statement() {
            let statement = self.statement(card);
            return Some(statement);
        }
        self.at -= 1;
        Some(self.loose_data(card))
    }

    /// Data without a DD statement, up to a delimiter or the next statement.
    fn loose_data(&mut self, card: &Card) -> Raw {
        let (data, problems) = self.data(&data::Delimiter::any());
        let place = card.place(self.source, 1, LAST);
        Raw { cards: Vec::new(), place, kind: Kind::Data(data), problems }
    }

    fn statement(&mut self, card: &'a Card) -> Raw {
        let mut scan = Scan {
            cards: vec![card.listed()],
            last: card,
            operand: Text::default(),
            problems: card.check(self.source),
            spoiled: false,
        };
        let head = field::head(card, self.source);
        let fields = match head.operation.as_str() {
            "IF" => Fields::Expression,
            operation if BARE.contains(&operation) => Fields::Comments,
            operation if COMMANDS.contains(&operation) && head.name.is_empty() => Fields::Command,
            _ => Fields::Parameters,
        };
        if !scan.problems.is_empty() {
            scan.spoiled = true;
        }
        match fields {
            Fields::Parameters => self.parameters(&mut scan, head.rest),
            Fields::Expression => self.expression(&mut scan, head.rest),
            Fields::Comments => {}
            Fields::Command => scan.operand.push(head.rest.text, head.rest.place),
        }
        if head.operation.is_empty() {
            let place = card.place(self.source, 3, LAST);
            let expected = "an operation such as EXEC or DD behind the name and a blank";
            let found = quoted(card.columns(3, LAST).trim_end());
            scan.problems.push(Problem::new(&JCL_OPERATION_UNKNOWN, place, found, expected));
            scan.spoiled = true;
        }
        let mut data = None;
        if head.operation.as_str() == "DD" {
            if let Some(delimiter) = self.delimiter(&scan) {
                let (lines, problems) = self.data(&delimiter);
                data = Some(lines);
                scan.problems.extend(problems);
            }
        }
        let Scan { cards, operand, problems, spoiled, .. } = scan;
        let (name, operation) = (head.name, head.operation);
        let kind = Kind::Statement(Statement { name, operation, operand, data, spoiled });
        Raw { cards, place: card.place(self.source, 1, LAST), kind, problems }
    }

    /// What ends the data of a DD statement; None if none follows it. After an error in the parameters,
    /// or a keyword before DLM that such a DD does not have, the usual delimiters hold.
    fn delimiter(&self, scan: &Scan<'_>) -> Option<data::Delimiter> {
        let first = scan.operand.as_str().split(',').next().unwrap_or_default();
        let is_data = match first {
            "*" => false,
            "DATA" => true,
            _ => return None,
        };
        let params: Vec<Param> = match operand::parse(&scan.operand) {
            Ok(params) if !scan.spoiled => params,
            _ => Vec::new(),
        };
        let is_known = |param: &Param| {
            let row = keyword::find(keyword::DD, param.keyword());
            row.is_some_and(|row| {
                row.treatment != Treatment::Refused && row.kinds.meets(Kinds::IN_STREAM)
            })
        };
        let dlm = params.iter().position(|param| param.keyword() == "DLM");
        let good = dlm.filter(|at| params[1.min(*at)..*at].iter().all(is_known));
        let characters = good.map(|at| &params[at]).and_then(|param| match &param.value {
            Value::Word(word) => data::dlm(&word.text),
            Value::Empty | Value::List(_) => None,
        });
        Some(data::Delimiter { is_data, characters })
    }

    /// Reads parameters and their continuations.
    fn parameters(&mut self, scan: &mut Scan<'a>, first: Field<'a>) {
        let mut field = first;
        let mut quote = None;
        loop {
            let end = field::scan(&field, &mut quote);
            match end {
                field::End::Complete(text) => {
                    scan.operand.push(text, field.place);
                    self.check_last_columns(scan, &field, text);
                    self.comments(scan);
                    return;
                }
                field::End::Comma(text) => {
                    scan.operand.push(text, field.place);
                    let Some(next) = self.continued(scan, &field, text) else { return };
                    field = next;
                }
                field::End::Quoted(text) => {
                    scan.operand.push(&text, field.place);
                    let Some(next) = self.continued_string(scan, &field, quote) else { return };
                    field = next;
                }
            }
        }
    }

    /// Parameters that end in column 71 are read up to there only, which is seldom meant if more text
    /// follows.
    fn check_last_columns(&mut self, scan: &mut Scan<'a>, field: &Field<'a>, text: &str) {
        let end = field.place.from + text.chars().count();
        if end <= LAST {
            return;
        }
        let next = self.cards.get(self.at).filter(|card| card.columns(1, 16).ends_with(" '"));
        if let (true, Some(next)) = (text.ends_with('\''), next) {
            let place = scan.last.place(self.source, LAST, LAST);
            let expected = "no apostrophe in column 71, for it would end the string";
            scan.problems.push(Problem::new(&JCL_COLUMN_71, place, "an apostrophe", expected));
            scan.spoiled = true;
            self.take(scan, next);
        } else if scan.last.is_marked() {
            let place = scan.last.place(self.source, LAST + 1, LAST + 1);
            let found = quoted(scan.last.columns(LAST + 1, LAST + 1));
            let expected = "a blank, for the parameters end in column 71";
            scan.problems.push(Problem::new(&JCL_COLUMN_72, place, found, expected));
        }
    }

    /// Takes the cards that continue the comments of a complete statement.
    fn comments(&mut self, scan: &mut Scan<'a>) {
        while scan.last.is_marked() {
            let Some(card) = self.cards.get(self.at).filter(|card| card.resumes_at().is_some())
            else {
                return;
            };
            if let Some(operation) = field::looks_like_statement(card) {
                let place = card.place(self.source, 1, LAST);
                let found = format!("a card with {operation}");
                let expected = "a comment, for column 72 of the card before is not blank";
                scan.problems.push(Problem::new(&JCL_COLUMN_72, place, found, expected));
            }
            self.at += 1;
            scan.cards.push(card.listed());
            scan.last = card;
        }
    }

    /// Takes comment cards out of the way.
    fn skip_comments(&mut self, scan: &mut Scan<'a>) -> Option<&'a Card> {
        while let Some(card) = self.cards.get(self.at) {
            if !card.is_comment() {
                return Some(card);
            }
            scan.cards.push(card.listed());
            self.at += 1;
        }
        None
    }

    /// Takes the next card into the statement.
    fn take(&mut self, scan: &mut Scan<'a>, card: &'a Card) {
        self.at += 1;
        scan.cards.push(card.listed());
        scan.last = card;
        let problems = card.check(self.source);
        scan.spoiled |= !problems.is_empty();
        scan.problems.extend(problems);
    }
}

/// A statement while its cards are read.
struct Scan<'a> {
    cards: Vec<String>,
    last: &'a Card,
    operand: Text,
    problems: Vec<Problem>,
    spoiled: bool,
}

#[cfg(test)]
mod tests;
