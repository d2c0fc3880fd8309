//! The parameter field of a statement: positional and keyword parameters, lists in parentheses,
//! strings in apostrophes.
//!
//! [`parse`] knows the form only; what a keyword means is up to the statement. Symbols have been
//! replaced before.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::character::complete::{char, satisfy};
use nom::combinator::{opt, peek, recognize};
use nom::error::{Error, ErrorKind};
use nom::multi::{fold_many0, many0_count};
use nom::sequence::{delimited, terminated};
use nom::{IResult, Parser};

use super::report::Problem;
use super::text::{Place, Text};
use crate::message::catalogue::JCL_SYNTAX;
use crate::message::diagnostic::quoted;

/// Parentheses within each other at most.
const MAX_DEPTH: usize = 16;

/// One parameter, or one item of a list.
#[derive(Debug, Clone)]
pub(super) struct Param {
    /// What stands before the equals sign.
    pub key: Option<Word>,
    pub value: Value,
    /// All of it as it stands there, apostrophes and all.
    pub raw: String,
    /// Where all of it stands.
    pub at: Place,
}

/// What stands behind the equals sign, or all of a positional parameter.
#[derive(Debug, Clone)]
pub(super) enum Value {
    /// Nothing.
    Empty,
    Word(Word),
    /// Items in parentheses.
    List(Vec<Param>),
}

/// A value without parentheses around it.
#[derive(Debug, Clone)]
pub(super) struct Word {
    /// Without the apostrophes around it; doubled ones within are halved.
    pub text: String,
    /// Whether all of it stood in apostrophes.
    pub quoted: bool,
    pub at: Place,
}

impl Param {
    /// The keyword, blank for a positional parameter.
    pub fn keyword(&self) -> &str {
        self.key.as_ref().map_or("", |key| key.text.as_str())
    }

    /// The value if it is a single word.
    pub fn word(&self) -> Option<&Word> {
        match &self.value {
            Value::Word(word) => Some(word),
            Value::Empty | Value::List(_) => None,
        }
    }

    /// The items of a list; a single word is a list of one, nothing is one of none.
    pub fn items(&self) -> Vec<Param> {
        match &self.value {
            Value::Empty => Vec::new(),
            Value::List(items) => items.clone(),
            Value::Word(word) => {
                let skipped = self.key.as_ref().map_or(0, |key| key.text.len() + 1);
                let raw = self.raw.get(skipped..).unwrap_or_default().to_owned();
                vec![Self { key: None, value: self.value.clone(), raw, at: word.at }]
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        matches!(self.value, Value::Empty)
    }

    /// Where its value stands, or all of it if there is none.
    pub fn value_place(&self) -> Place {
        match &self.value {
            Value::Empty => self.at,
            Value::Word(word) => word.at,
            Value::List(items) => match items.first() {
                Some(first) if first.at.card == self.at.card => {
                    Place { from: first.at.from.saturating_sub(1), ..self.at }
                }
                _ => self.at,
            },
        }
    }

    /// What stands behind the equals sign, as it stands there.
    pub fn raw_value(&self) -> &str {
        let skipped = self.key.as_ref().map_or(0, |key| key.text.len() + 1);
        self.raw.get(skipped..).unwrap_or_default()
    }
}

/// Parses a parameter field without blanks outside of apostrophes.
pub(super) fn parse(text: &Text) -> Result<Vec<Param>, Problem> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let operands = Operands { text };
    let input = text.as_str();
    match operands.params(input, 0) {
        Ok(("", params)) => Ok(params),
        Ok((rest, _)) => Err(operands.problem(rest, ErrorKind::Eof)),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
            Err(operands.problem(error.input, error.code))
        }
        Err(nom::Err::Incomplete(_)) => Err(operands.problem("", ErrorKind::Complete)),
    }
}

struct Operands<'a> {
    text: &'a Text,
}

impl<'a> Operands<'a> {
    /// Offset of what is left in the whole text.
    fn offset(&self, rest: &str) -> usize {
        self.text.as_str().len() - rest.len()
    }

    fn place(&self, from: &str, to: &str) -> Place {
        self.text.place(self.offset(from), self.offset(to))
    }

    fn problem(&self, rest: &str, code: ErrorKind) -> Problem {
        let at = self.offset(rest);
        let place = self.text.place(at, at + rest.chars().next().map_or(0, char::len_utf8));
        let found = match rest.chars().next() {
            None => "the end of the parameters".to_owned(),
            Some(_) if code == ErrorKind::Tag => "an apostrophe that nothing closes".to_owned(),
            Some(c) => quoted(c.encode_utf8(&mut [0; 4])),
        };
        let expected = match code {
            ErrorKind::Tag => "an apostrophe at the end of the value",
            ErrorKind::Char => "a comma or a closing parenthesis",
            ErrorKind::TooLarge => "at most 16 parentheses within each other",
            _ if rest.starts_with(')') => "no closing parenthesis, for none is open",
            _ => "a comma, or a blank behind the last parameter",
        };
        Problem::new(&JCL_SYNTAX, place, found, expected)
    }

    fn params(&self, input: &'a str, depth: usize) -> IResult<&'a str, Vec<Param>> {
        let (mut rest, first) = self.param(input, depth)?;
        let mut params = vec![first];
        while let (behind, Some(_)) = opt(char(',')).parse(rest)? {
            let (next, param) = self.param(behind, depth)?;
            params.push(param);
            rest = next;
        }
        Ok((rest, params))
    }

    fn param(&self, input: &'a str, depth: usize) -> IResult<&'a str, Param> {
        let (after, key) = opt(terminated(keyword, char('='))).parse(input)?;
        let key = key.map(|text: &str| Word {
            text: text.to_owned(),
            quoted: false,
            at: self.text.place(self.offset(input), self.offset(input) + text.len()),
        });
        let (rest, value) = self.value(after, depth)?;
        let raw = input[..input.len() - rest.len()].to_owned();
        Ok((rest, Param { key, value, raw, at: self.place(input, rest) }))
    }

    fn value(&self, input: &'a str, depth: usize) -> IResult<&'a str, Value> {
        match input.chars().next() {
            None | Some(',' | ')') => Ok((input, Value::Empty)),
            Some('(') => {
                let (rest, items) = self.list(input, depth)?;
                let (rest, _) = peek(opt(char(','))).parse(rest)?;
                Ok((rest, Value::List(items)))
            }
            Some(_) => self.word(input, depth).map(|(rest, word)| (rest, Value::Word(word))),
        }
    }

    fn list(&self, input: &'a str, depth: usize) -> IResult<&'a str, Vec<Param>> {
        if depth >= MAX_DEPTH {
            return Err(nom::Err::Failure(Error::new(input, ErrorKind::TooLarge)));
        }
        let (rest, _) = char('(').parse(input)?;
        let (rest, items) = self.params(rest, depth + 1)?;
        let (rest, _) = char(')').parse(rest)?;
        let items = if matches!(items.as_slice(), [only] if only.raw.is_empty()) {
            Vec::new()
        } else {
            items
        };
        Ok((rest, items))
    }

    fn word(&self, input: &'a str, depth: usize) -> IResult<&'a str, Word> {
        let mut text = String::new();
        let mut rest = input;
        let mut pieces = 0;
        let mut quotes = 0;
        loop {
            match rest.chars().next() {
                None | Some(',' | ')' | ' ') => break,
                Some('\'') => {
                    let (behind, piece) = string(rest)?;
                    text.push_str(&piece);
                    rest = behind;
                    quotes += 1;
                }
                Some('(') => {
                    let (behind, _) = self.list(rest, depth)?;
                    text.push_str(&rest[..rest.len() - behind.len()]);
                    rest = behind;
                }
                Some(_) => {
                    let (behind, piece) = plain(rest)?;
                    text.push_str(piece);
                    rest = behind;
                }
            }
            pieces += 1;
        }
        let quoted = pieces == 1 && quotes == 1;
        Ok((rest, Word { text, quoted, at: self.place(input, rest) }))
    }
}

/// `NAME`, or `NAME.STEP`. Lower case is let through, for a better message.
fn keyword(input: &str) -> IResult<&str, &str> {
    let first = satisfy(|c| c.is_ascii_alphabetic() || "$#@".contains(c));
    let next = satisfy(|c| c.is_ascii_alphanumeric() || "$#@.".contains(c));
    recognize((first, many0_count(next))).parse(input)
}

fn plain(input: &str) -> IResult<&str, &str> {
    take_while1(|c| !",()' ".contains(c)).parse(input)
}

/// A string in apostrophes, those within it doubled.
fn string(input: &str) -> IResult<&str, String> {
    let piece = alt((take_while1(|c| c != '\''), tag("''").map(|_| "'")));
    let inner = fold_many0(piece, String::new, |mut text, piece: &str| {
        text.push_str(piece);
        text
    });
    let closed = delimited(char('\''), inner, char('\'')).parse(input);
    closed.map_err(|_: nom::Err<Error<&str>>| nom::Err::Failure(Error::new(input, ErrorKind::Tag)))
}

/// The only parameter of a text, for tests.
#[cfg(test)]
pub(super) fn only(text: &str) -> Param {
    let mut operand = Text::default();
    operand.push(text, Place { card: 1, from: 1, ..Place::default() });
    parse(&operand).unwrap().remove(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(operand: &str) -> Text {
        let mut text = Text::default();
        text.push(operand, Place { card: 1, from: 16, ..Place::default() });
        text
    }

    fn show(params: &[Param]) -> String {
        let one = |param: &Param| {
            let key = param.key.as_ref().map_or(String::new(), |key| format!("{}=", key.text));
            let value = match &param.value {
                Value::Empty => "-".to_owned(),
                Value::Word(word) if word.quoted => format!("{:?}", word.text),
                Value::Word(word) => word.text.clone(),
                Value::List(items) => format!("[{}]", show(items)),
            };
            key + &value
        };
        params.iter().map(one).collect::<Vec<_>>().join(" ")
    }

    fn parsed(operand: &str) -> String {
        match parse(&text(operand)) {
            Ok(params) => show(&params),
            Err(Problem { place, found, expected, .. }) => {
                format!("{}: {found}, {expected}", place.from)
            }
        }
    }

    #[test]
    fn parameters_are_positional_and_keyword() {
        assert_eq!(parsed(""), "");
        assert_eq!(parsed("(1234,'A B'),'O''NEILL',CLASS=A"), "[1234 \"A B\"] \"O'NEILL\" CLASS=A");
        assert_eq!(parsed("DSN=A.B(C),DISP=(,CATLG)"), "DSN=A.B(C) DISP=[- CATLG]");
        assert_eq!(parsed("DCB=(RECFM=FB,LRECL=80)"), "DCB=[RECFM=FB LRECL=80]");
        assert_eq!(parsed("COND=((4,LT,A.B),EVEN)"), "COND=[[4 LT A.B] EVEN]");
        assert_eq!(parsed("VOL=SER=(A,B),X="), "VOL=SER=(A,B) X=-");
        assert_eq!(parsed("PARM.STEP1='a,b',SYSOUT=(,)"), "PARM.STEP1=\"a,b\" SYSOUT=[- -]");
        assert_eq!(parsed("PARM=A'B C'D,E=(),F=''"), "PARM=AB CD E=[] F=\"\"");
        assert_eq!(parsed("*,DLM='@@'"), "* DLM=\"@@\"");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_column() {
        assert!(parsed("DISP=(NEW,CATLG").starts_with("30: the end of the parameters, a comma or"));
        assert!(parsed("A=(B)C").starts_with("21: 'C', a comma, or a blank"));
        assert!(parsed("A=B)").starts_with("19: ')', no closing parenthesis"));
        assert!(parsed("A='B").starts_with("18: an apostrophe that nothing closes"));
        assert!(parsed(&"(".repeat(40)).contains("at most 16"));
        assert!(parsed(&format!("A={}", "X(".repeat(40))).contains("at most 16"));
    }

    #[test]
    fn places_are_those_of_the_cards() {
        let params = parse(&text("DSN=A,DISP=(OLD,KEEP)")).unwrap();
        assert_eq!((params[0].at.from, params[0].at.to), (16, 20));
        assert_eq!((params[1].at.from, params[1].at.to), (22, 36));
        assert_eq!(params[1].value_place().from, 27);
        assert_eq!(params[1].items()[1].at.from, 32);
        assert_eq!(params[1].raw_value(), "(OLD,KEEP)");
        assert_eq!(params[0].items()[0].raw, "A");
    }
}
