//! Replacement of symbols in parameters, expressions and data.

use nom::character::complete::{char, digit1, satisfy};
use nom::combinator::{map_res, opt, recognize};
use nom::multi::many0_count;
use nom::sequence::{delimited, separated_pair};
use nom::{IResult, Parser};

use super::{Found, MAX_NAME, Symbols};
use crate::jcl::report::Problem;
use crate::jcl::text::Text;
use crate::message::catalogue::{
    JCL_AMPERSAND, JCL_SYMBOL_BLANK, JCL_SYMBOL_INVALID, JCL_SYMBOL_UNDEFINED, JCL_TEMPORARY,
};
use crate::message::diagnostic::quoted;

/// Keywords in whose apostrophes symbols are replaced.
const IN_APOSTROPHES: &[&str] = &["AMP", "PATH", "SUBSYS", "ACCT", "PARM"];

/// What kind of text it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::jcl) enum Style {
    /// Parameters.
    Parameters,
    /// The expression of an IF statement, where an ampersand can be an AND.
    Expression,
}

/// Which system symbols data may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::jcl) enum SystemUse {
    /// JCLONLY: none.
    None,
    /// EXECSYS, CNVTSYS.
    All,
}

/// Text with its symbols replaced.
#[derive(Debug)]
pub(in crate::jcl) struct Replaced {
    pub text: Text,
    /// Whether it differs from what was there before.
    pub changed: bool,
    pub problems: Vec<Problem>,
}

/// A substring: first character from 1, or from the end if negative, and length.
#[derive(Debug, Clone, Copy)]
struct Range {
    start: i32,
    length: i32,
}

impl Symbols<'_> {
    /// Replaces the symbols of a parameter field or an expression.
    pub fn replace(&mut self, text: &Text, style: Style) -> Replaced {
        if !text.as_str().contains('&') {
            self.count(text.as_str().len());
            return Replaced { text: text.clone(), changed: false, problems: Vec::new() };
        }
        let mut scan = Scan { text, at: 0, out: Text::default(), problems: Vec::new() };
        let mut context = Context::new(style);
        while let Some(c) = scan.rest().chars().next() {
            context.step(&scan);
            if c != '&' || !context.is_replaced() {
                scan.copy(c.len_utf8());
            } else {
                self.ampersand(&mut scan, &context);
            }
        }
        let Scan { out, mut problems, .. } = scan;
        let out = if style == Style::Parameters { cut_at_blank(out, &mut problems) } else { out };
        self.count(out.as_str().len());
        Replaced { changed: out.as_str() != text.as_str(), text: out, problems }
    }

    /// Replaces what begins at an ampersand.
    fn ampersand(&mut self, scan: &mut Scan<'_>, context: &Context) {
        let at = scan.at;
        let behind = &scan.rest()[1..];
        if behind.starts_with('&') {
            if context.halves() {
                scan.copy(1);
                scan.at += 1;
            } else {
                scan.copy(2);
            }
            return;
        }
        let Ok((_, name)) = name(behind) else {
            if !context.is_quoted && context.style == Style::Parameters {
                let expected = "a symbol, or two ampersands";
                scan.problem(&JCL_SYMBOL_UNDEFINED, at, at + 1, expected);
            }
            scan.copy(1);
            return;
        };
        let end = at + 1 + name.len();
        if name.len() > MAX_NAME {
            if context.style == Style::Parameters {
                let expected = "the name of a symbol, 1 to 8 characters";
                scan.problem(&JCL_SYMBOL_INVALID, at, end, expected);
            }
            scan.copy(end - at);
            return;
        }
        let substring = substring(&behind[name.len()..]).ok();
        let (value, end) = match (self.find(name), substring) {
            (Some(Found::Jcl(value)), None) => (value.to_owned(), end),
            (Some(Found::System(value)), None) => (value.to_owned(), end),
            (Some(Found::Jcl(_)), Some((rest, _))) => {
                let end = scan.text.as_str().len() - rest.len();
                let expected = "no substring, which only system symbols have";
                scan.problem(&JCL_SYMBOL_INVALID, at, end, expected);
                scan.copy(end - at);
                return;
            }
            (Some(Found::System(value)), Some((rest, range))) => {
                let end = scan.text.as_str().len() - rest.len();
                match range.cut(value) {
                    Some(part) => (part.to_owned(), end),
                    None => {
                        let length = value.chars().count();
                        let expected = format!("a part of its {length} characters");
                        scan.problem(&JCL_SYMBOL_INVALID, at, end, &expected);
                        scan.copy(end - at);
                        return;
                    }
                }
            }
            (None, _) => {
                scan.undefined(context, name);
                return;
            }
        };
        scan.check_cards(context, at, end);
        let place = scan.text.place(at, end);
        scan.out.push_value(&value, place);
        scan.at = end + usize::from(scan.text.as_str()[end..].starts_with('.'));
    }

    /// Replaces the symbols of a record of data; None if it has none.
    pub fn replace_record(&mut self, record: &str, system: SystemUse) -> Option<String> {
        let mut out = String::new();
        let mut rest = record;
        let mut changed = false;
        while let Some(at) = rest.find('&') {
            out.push_str(&rest[..at]);
            rest = &rest[at..];
            match self.record_symbol(&rest[1..], system) {
                Some((value, behind)) => {
                    out.push_str(&value);
                    rest = behind.strip_prefix('.').unwrap_or(behind);
                    changed = true;
                }
                None => {
                    // Of two ampersands neither begins a symbol.
                    let kept = if rest[1..].starts_with('&') { 2 } else { 1 };
                    out.push_str(&rest[..kept]);
                    rest = &rest[kept..];
                }
            }
        }
        out.push_str(rest);
        self.count(out.len());
        changed.then_some(out)
    }

    fn record_symbol<'t>(&mut self, text: &'t str, system: SystemUse) -> Option<(String, &'t str)> {
        let (behind, name) = name(text).ok()?;
        if name.len() > MAX_NAME {
            return None;
        }
        let is_exported = self.is_exported(name);
        match self.find(name)? {
            Found::Jcl(value) if is_exported => Some((value.to_owned(), behind)),
            Found::Jcl(_) => None,
            Found::System(value) if system == SystemUse::All => match substring(behind) {
                Ok((behind, range)) => Some((range.cut(value)?.to_owned(), behind)),
                Err(_) => Some((value.to_owned(), behind)),
            },
            Found::System(_) => None,
        }
    }
}

impl Range {
    /// The part of the value that is asked for; None if it does not have it.
    fn cut(self, value: &str) -> Option<&str> {
        let Self { start, length } = self;
        let count = i32::try_from(value.chars().count()).ok()?;
        let first = if start < 0 { count.checked_add(start)? } else { start.checked_sub(1)? };
        let end = first.checked_add(length)?;
        if first < 0 || length < 1 || end > count {
            return None;
        }
        let offset = |index: i32| {
            let index = usize::try_from(index).unwrap_or_default();
            value.char_indices().nth(index).map_or(value.len(), |(offset, _)| offset)
        };
        value.get(offset(first)..offset(end))
    }
}

/// A text while it is read, and what it becomes.
struct Scan<'t> {
    text: &'t Text,
    at: usize,
    out: Text,
    problems: Vec<Problem>,
}

impl<'t> Scan<'t> {
    fn rest(&self) -> &'t str {
        &self.text.as_str()[self.at..]
    }

    fn copy(&mut self, bytes: usize) {
        self.out.push_piece(self.text, self.at, self.at + bytes);
        self.at += bytes;
    }

    fn problem(
        &mut self,
        message: &'static crate::message::Message,
        from: usize,
        to: usize,
        expected: &str,
    ) {
        let found = quoted(&self.text.as_str()[from..to]);
        self.problems.push(Problem::new(message, self.text.place(from, to), found, expected));
    }

    fn undefined(&mut self, context: &Context, name: &str) {
        let (at, end) = (self.at, self.at + 1 + name.len());
        if context.style == Style::Expression {
            self.copy(1);
        } else if context.is_quoted {
            self.problem(&JCL_AMPERSAND, at, end, "a symbol that is defined, or two ampersands");
            self.copy(1);
        } else if context.value_start == Some(at) && context.is_data_set() {
            let expected = format!("&&{name}, or a symbol that is defined");
            self.problem(&JCL_TEMPORARY, at, end, &expected);
            self.out.push_value("&", self.text.place(at, at + 1));
            self.copy(1);
        } else {
            self.problem(&JCL_SYMBOL_UNDEFINED, at, end, "a symbol that is defined");
            self.copy(end - at);
        }
    }

    /// A symbol in apostrophes must stand on one card.
    fn check_cards(&mut self, context: &Context, from: usize, to: usize) {
        if context.is_quoted && self.text.places(from, to).len() > 1 {
            let expected = "a symbol that does not cross column 71";
            self.problem(&JCL_SYMBOL_INVALID, from, to, expected);
        }
    }
}

/// Where in the parameters the scan is.
struct Context {
    style: Style,
    depth: usize,
    is_quoted: bool,
    /// The keyword of the parameter, without the name of a step.
    keyword: String,
    /// Where the value of the keyword begins.
    value_start: Option<usize>,
    is_start: bool,
}

impl Context {
    fn new(style: Style) -> Self {
        Self {
            style,
            depth: 0,
            is_quoted: false,
            keyword: String::new(),
            value_start: None,
            is_start: true,
        }
    }

    /// Looks at the next character.
    fn step(&mut self, scan: &Scan<'_>) {
        let rest = scan.rest();
        if self.is_start {
            self.is_start = false;
            let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || "$#@.".contains(c)));
            let end = end.filter(|end| rest[*end..].starts_with('='));
            self.keyword = end.map_or("", |end| &rest[..end]).to_owned();
            self.value_start = end.map(|end| scan.at + end + 1);
            if let Some(dot) = self.keyword.find('.') {
                self.keyword.truncate(dot);
            }
        }
        match rest.chars().next() {
            Some('\'') => self.is_quoted = !self.is_quoted,
            Some('(') if !self.is_quoted => self.depth += 1,
            Some(')') if !self.is_quoted => self.depth = self.depth.saturating_sub(1),
            Some(',') if !self.is_quoted && self.depth == 0 => self.is_start = true,
            _ => {}
        }
    }

    /// Whether symbols are replaced here.
    fn is_replaced(&self) -> bool {
        !self.is_quoted || IN_APOSTROPHES.contains(&self.keyword.as_str())
    }

    /// Whether two ampersands become one.
    fn halves(&self) -> bool {
        IN_APOSTROPHES.contains(&self.keyword.as_str())
    }

    fn is_data_set(&self) -> bool {
        matches!(self.keyword.as_str(), "DSN" | "DSNAME")
    }
}

/// A value with a blank outside of apostrophes moves what is behind it into the comments.
fn cut_at_blank(text: Text, problems: &mut Vec<Problem>) -> Text {
    let mut is_quoted = false;
    for (at, c) in text.as_str().char_indices() {
        match c {
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => {
                let expected = "no blank in a value outside of apostrophes";
                let place = text.place(at, at + 1);
                problems.push(Problem::new(&JCL_SYMBOL_BLANK, place, "a blank", expected));
                let mut cut = Text::default();
                cut.push_piece(&text, 0, at);
                return cut;
            }
            _ => {}
        }
    }
    text
}

fn name(input: &str) -> IResult<&str, &str> {
    let first = satisfy(|c| c.is_ascii_uppercase() || "$#@".contains(c));
    let next = satisfy(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || "$#@".contains(c));
    recognize((first, many0_count(next))).parse(input)
}

/// `(start:length)`.
fn substring(input: &str) -> IResult<&str, Range> {
    let signed = || map_res(recognize((opt(char('-')), digit1)), |text: &str| text.parse::<i32>());
    let range = separated_pair(signed(), char(':'), signed());
    let range = range.map(|(start, length)| Range { start, length });
    delimited(char('('), range, char(')')).parse(input)
}
