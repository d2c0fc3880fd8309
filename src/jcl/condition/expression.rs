//! The relational expression of an IF statement.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while1};
use nom::combinator::value;
use nom::{IResult, Parser};

use super::{MAX_CODE, Resolve, find, unknown_step};
use crate::jcl::model::{AbendCode, Expression, IfTest, Operator, Subject, Tested};
use crate::jcl::report::Problem;
use crate::jcl::text::Text;
use crate::message::Message;
use crate::message::catalogue::JCL_VALUE_INVALID;
use crate::message::diagnostic::quoted;

/// Parentheses and NOTs within each other at most.
const MAX_DEPTH: usize = 15;

/// Tests of an expression at most.
const MAX_TESTS: usize = 100;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token<'t> {
    Open,
    Close,
    Not,
    And,
    Or,
    Compare(Operator),
    Word(&'t str),
    Other(&'t str),
    End,
}

/// Parses an expression; `all` are all steps before the statement.
pub(in crate::jcl) fn expression(
    text: &Text,
    all: &Tested,
    resolve: &Resolve<'_>,
) -> Result<Expression, Problem> {
    let mut parser = Parsing { text, at: 0, tests: 0, all, resolve };
    let expression = parser.any(0)?;
    match parser.peek() {
        (Token::End, ..) => Ok(expression),
        _ => Err(parser.unexpected("AND, OR, or the end of the expression")),
    }
}

struct Parsing<'t> {
    text: &'t Text,
    /// Offset of what is not parsed yet.
    at: usize,
    tests: usize,
    all: &'t Tested,
    resolve: &'t Resolve<'t>,
}

impl<'t> Parsing<'t> {
    /// The next token, and where it begins and ends.
    fn peek(&self) -> (Token<'t>, usize, usize) {
        let rest = &self.text.as_str()[self.at..];
        let word = rest.trim_start_matches(' ');
        let from = self.at + rest.len() - word.len();
        match token(word) {
            Ok((behind, token)) => (token, from, self.text.as_str().len() - behind.len()),
            Err(_) => (Token::End, from, from),
        }
    }

    fn take(&mut self) -> Token<'t> {
        let (token, _, to) = self.peek();
        self.at = to;
        token
    }

    /// Takes the token if it is this one.
    fn takes(&mut self, wanted: Token<'_>) -> bool {
        let (token, _, to) = self.peek();
        let is_it = token == wanted;
        if is_it {
            self.at = to;
        }
        is_it
    }

    fn unexpected(&self, expected: impl Into<String>) -> Problem {
        self.problem(&JCL_VALUE_INVALID, expected)
    }

    /// A problem with the next token.
    fn problem(&self, message: &'static Message, expected: impl Into<String>) -> Problem {
        let (token, from, to) = self.peek();
        let found = match token {
            Token::End => "the end of the expression".to_owned(),
            _ => quoted(&self.text.as_str()[from..to]),
        };
        Problem::new(message, self.text.place(from, to), found, expected)
    }

    /// Parts with OR between them.
    fn any(&mut self, depth: usize) -> Result<Expression, Problem> {
        let mut parts = vec![self.all_of(depth)?];
        while self.takes(Token::Or) {
            parts.push(self.all_of(depth)?);
        }
        Ok(one_or(parts, Expression::Any))
    }

    /// Parts with AND between them.
    fn all_of(&mut self, depth: usize) -> Result<Expression, Problem> {
        let mut parts = vec![self.part(depth)?];
        while self.takes(Token::And) {
            parts.push(self.part(depth)?);
        }
        Ok(one_or(parts, Expression::All))
    }

    fn part(&mut self, depth: usize) -> Result<Expression, Problem> {
        if depth > MAX_DEPTH {
            return Err(self.unexpected("at most 15 parentheses and NOTs within each other"));
        }
        if self.takes(Token::Not) {
            return Ok(Expression::Not(Box::new(self.part(depth + 1)?)));
        }
        if self.takes(Token::Open) {
            let inner = self.any(depth + 1)?;
            if !self.takes(Token::Close) {
                return Err(self.unexpected("AND, OR or a closing parenthesis"));
            }
            return Ok(inner);
        }
        self.test().map(Expression::Test)
    }

    fn test(&mut self) -> Result<IfTest, Problem> {
        let expected = "RC, ABEND, ABENDCC or RUN, or one of them behind the name of a step and a \
                        period";
        let (token, from, _) = self.peek();
        let Token::Word(word) = token else { return Err(self.unexpected(expected)) };
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(self.unexpected(format!("at most {MAX_TESTS} tests")));
        }
        let (step, keyword) = match word.rsplit_once('.') {
            Some((step, keyword)) => (Some(step), keyword),
            None => (None, word),
        };
        if !["RC", "ABEND", "ABENDCC", "RUN"].contains(&keyword) {
            return Err(self.unexpected(expected));
        }
        let tested = match step {
            None => self.all.clone(),
            Some(step) => {
                let steps = find(step, self.resolve).map_err(|expected| {
                    let place = self.text.place(from, from + step.len());
                    unknown_step(step, place, expected)
                })?;
                Tested { name: Some(step.to_owned()), steps }
            }
        };
        self.take();
        let subject = match keyword {
            "RC" => self.return_code()?,
            "ABENDCC" => self.abend_code()?,
            "ABEND" => Subject::Abend(self.truth()?),
            _ => Subject::Run(self.truth()?),
        };
        Ok(IfTest { tested, subject })
    }

    fn return_code(&mut self) -> Result<Subject, Problem> {
        let Token::Compare(operator) = self.peek().0 else {
            return Err(
                self.unexpected("a comparison: GT, GE, EQ, NE, LT, LE or > >= = < <= and so on")
            );
        };
        self.take();
        let code = match self.peek().0 {
            Token::Word(word) if word.bytes().all(|byte| byte.is_ascii_digit()) => {
                word.parse().ok().filter(|code| u32::from(*code) <= MAX_CODE)
            }
            _ => None,
        };
        let Some(code) = code else {
            return Err(self.unexpected("a return code, 0 to 4095"));
        };
        self.take();
        Ok(Subject::ReturnCode(operator, code))
    }

    fn abend_code(&mut self) -> Result<Subject, Problem> {
        let wanted = match self.peek().0 {
            Token::Compare(Operator::Equal) => true,
            Token::Compare(Operator::NotEqual) => false,
            _ => return Err(self.unexpected("EQ, NE, = or a not sign and =")),
        };
        self.take();
        let code = match self.peek().0 {
            Token::Word(word) => abend_code(word),
            _ => None,
        };
        let Some(code) = code else {
            return Err(self.unexpected("Sxxx, three hexadecimal digits, or Unnnn, 0 to 4095"));
        };
        self.take();
        Ok(Subject::AbendCode(wanted, code))
    }

    /// Nothing, which is TRUE, or a comparison with TRUE or FALSE.
    fn truth(&mut self) -> Result<bool, Problem> {
        let equal = match self.peek().0 {
            Token::Compare(Operator::Equal) => true,
            Token::Compare(Operator::NotEqual) => false,
            Token::Compare(_) => return Err(self.unexpected("EQ, NE, = or a not sign and =")),
            _ => return Ok(true),
        };
        self.take();
        let value = match self.peek().0 {
            Token::Word("TRUE") => true,
            Token::Word("FALSE") => false,
            _ => return Err(self.unexpected("TRUE or FALSE")),
        };
        self.take();
        Ok(value == equal)
    }
}

fn one_or(mut parts: Vec<Expression>, many: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        Some(last) => {
            parts.push(last);
            many(parts)
        }
        None => many(parts),
    }
}

fn abend_code(word: &str) -> Option<AbendCode> {
    let digits = word.get(1..)?;
    let all = |is: fn(&u8) -> bool| digits.bytes().all(|byte| is(&byte));
    match word.as_bytes().first()? {
        b'S' if digits.len() == 3 && all(u8::is_ascii_hexdigit) => {
            u16::from_str_radix(digits, 16).ok().map(AbendCode::System)
        }
        b'U' if (1..=4).contains(&digits.len()) && all(u8::is_ascii_digit) => {
            digits.parse().ok().filter(|code| u32::from(*code) <= MAX_CODE).map(AbendCode::User)
        }
        _ => None,
    }
}

fn token(input: &str) -> IResult<&str, Token<'_>> {
    alt((
        value(Token::Open, tag("(")),
        value(Token::Close, tag(")")),
        value(Token::And, tag("&")),
        value(Token::Or, tag("|")),
        compare,
        value(Token::Not, alt((tag("¬"), tag("^")))),
        word,
        take_while1(|c| c != ' ').map(Token::Other),
    ))
    .parse(input)
}

fn compare(input: &str) -> IResult<&str, Token<'_>> {
    let not = |sign| (alt((tag("¬"), tag("^"))), tag(sign));
    alt((
        value(Operator::GreaterEqual, alt((tag(">="), tag("¬<"), tag("^<")))),
        value(Operator::LessEqual, alt((tag("<="), tag("¬>"), tag("^>")))),
        value(Operator::NotEqual, not("=")),
        value(Operator::Equal, tag("=")),
        value(Operator::Greater, tag(">")),
        value(Operator::Less, tag("<")),
    ))
    .map(Token::Compare)
    .parse(input)
}

fn word(input: &str) -> IResult<&str, Token<'_>> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "$#@.".contains(c);
    let (rest, word) = take_while1(is_part).parse(input)?;
    let token = match word {
        "AND" => Token::And,
        "OR" => Token::Or,
        "NOT" => Token::Not,
        "GT" => Token::Compare(Operator::Greater),
        "GE" | "NL" => Token::Compare(Operator::GreaterEqual),
        "EQ" => Token::Compare(Operator::Equal),
        "NE" => Token::Compare(Operator::NotEqual),
        "LE" | "NG" => Token::Compare(Operator::LessEqual),
        "LT" => Token::Compare(Operator::Less),
        word => Token::Word(word),
    };
    Ok((rest, token))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jcl::model::StepEnd;
    use crate::jcl::text::Place;

    /// S1 ended with 4, S2 with U0100, S3 did not run.
    const ENDS: [StepEnd; 3] =
        [StepEnd::Returned(4), StepEnd::Abended(AbendCode::User(100)), StepEnd::NotRun];

    fn parse(text: &str) -> Result<Expression, Problem> {
        let mut whole = Text::default();
        whole.push(text, Place { card: 1, from: 8, ..Place::default() });
        let all = Tested { name: None, steps: 0..3 };
        expression(&whole, &all, &|step, procstep| match (step, procstep) {
            ("S1", None) => Some(0..1),
            ("S2", None) => Some(1..2),
            ("S3", None) => Some(2..3),
            ("S1", Some("P")) => Some(0..2),
            _ => None,
        })
    }

    fn holds(text: &str) -> bool {
        parse(text).unwrap_or_else(|problem| panic!("{text}: {problem:?}")).holds(&ENDS)
    }

    #[test]
    fn tests_hold_or_not() {
        for text in [
            "RC = 4",
            "RC EQ 4",
            "(RC=4)",
            "RC > 3",
            "RC GE 4",
            "RC NL 4",
            "RC ¬< 4",
            "RC ^= 5",
            "RC NG 4",
            "S1.RC < 5",
            "S1.P.RC=4",
            "ABEND",
            "ABEND=TRUE",
            "ABEND ¬= FALSE",
            "S1.ABEND=FALSE",
            "ABENDCC=U0100",
            "ABENDCC EQ U100",
            "ABENDCC NE S0C4",
            "S1.RUN",
            "S3.RUN=FALSE",
            "NOT S3.RUN",
            "¬S3.RUN",
            "RC=4 & ABEND",
            "RC=4&ABEND",
            "RC=0 OR ABEND",
            "RC=0|ABEND",
            "NOT RC=0 AND NOT (RC=8 | S1.ABEND)",
            "RC=4 | RC=0 & RC=1",
        ] {
            assert!(holds(text), "{text}");
        }
        for text in [
            "RC = 0",
            "S3.RC = 0",
            "S3.RC NE 0",
            "S2.RC = 4",
            "NOT ABEND",
            "S1.ABENDCC NE S0C4",
            "ABENDCC=S0C4",
            "S3.RUN",
            "S1.RUN=FALSE",
            "(RC=4 | RC=0) & RC=1",
            "NOT NOT RC=0",
        ] {
            assert!(!holds(text), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_column() {
        let wrong = |text: &str| {
            let problem = parse(text).unwrap_err();
            format!(
                "{} {}-{}: {}",
                problem.message.number, problem.place.from, problem.place.to, problem.found
            )
        };
        assert_eq!(wrong(""), "7024 0-0: the end of the expression");
        assert_eq!(wrong("RC"), "7024 9-9: the end of the expression");
        assert_eq!(wrong("RC = X"), "7024 13-13: 'X'");
        assert_eq!(wrong("RC = 4096"), "7024 13-16: '4096'");
        assert_eq!(wrong("RCODE = 4"), "7024 8-12: 'RCODE'");
        assert_eq!(wrong("S9.RC = 4"), "7050 8-9: 'S9'");
        assert_eq!(wrong("A.B.C.RC=4"), "7050 8-12: 'A.B.C'");
        assert_eq!(wrong("(RC = 4"), "7024 14-14: the end of the expression");
        assert_eq!(wrong("RC = 4)"), "7024 14-14: ')'");
        assert_eq!(wrong("RC = 4 RC = 5"), "7024 15-16: 'RC'");
        assert_eq!(wrong("ABENDCC > S0C4"), "7024 16-16: '>'");
        assert_eq!(wrong("ABENDCC = S0G4"), "7024 18-21: 'S0G4'");
        assert_eq!(wrong("ABEND = YES"), "7024 16-18: 'YES'");
        assert_eq!(wrong("RC = 4 !"), "7024 15-15: '!'");
    }

    #[test]
    fn depth_and_tests_are_bounded() {
        assert!(parse(&format!("{}RC=0", "(".repeat(10_000))).is_err());
        assert!(parse(&format!("{}RC=0", "NOT ".repeat(10_000))).is_err());
        assert!(parse(&vec!["RC=0"; 101].join("|")).is_err());
        let deep = format!("{}RC=4{}", "(".repeat(15), ")".repeat(15));
        assert!(holds(&deep));
    }
}
