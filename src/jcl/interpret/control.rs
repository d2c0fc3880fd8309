//! Statements between steps: SET, EXPORT, JCLLIB, INCLUDE, IF, ELSE, ENDIF, COMMAND.

use super::{At, Interpreter, Level, MAX_NESTING, Open, OpenIf};
use crate::jcl::condition::expression;
use crate::jcl::model::{Command, Expression, If, Tested};
use crate::jcl::operand::{Param, Value};
use crate::jcl::reader::Statement;
use crate::jcl::report::Problem;
use crate::jcl::symbol::{MAX_SYMBOLS, MAX_VALUE, Style, is_name};
use crate::jcl::value::{self, NAME, check_data_set, check_name, invalid};
use crate::message::catalogue::{
    JCL_IF_UNBALANCED, JCL_KEYWORD_UNKNOWN, JCL_NAME_INVALID, JCL_NESTING, JCL_PARAMETER_MISSING,
    JCL_SYMBOL_INVALID, JCL_SYNTAX,
};
use crate::message::diagnostic::quoted;

/// Characters of a value that is too long that are kept for those who use it.
const STANDS_FOR: usize = 8;

impl Interpreter<'_> {
    /// A name that may be left out.
    pub(super) fn optional_name(&mut self, statement: &Statement, at: &At) -> Option<String> {
        let text = statement.name.as_str();
        if text.is_empty() {
            return None;
        }
        let checked = check_name(text, statement.name.at_entry(at.entry).whole());
        self.report.accept(checked);
        Some(text.to_owned())
    }

    pub(super) fn set(&mut self, statement: &Statement, at: &At) {
        self.optional_name(statement, at);
        let Some(params) = self.params(statement, at) else { return };
        if params.is_empty() {
            self.missing(at, "a symbol and its value, such as SET HLQ=PROD");
        }
        for param in params {
            if let Some((name, value)) = self.symbol(&param) {
                let set = self.symbols.set(&name, value);
                self.check_symbols(set, at);
            }
        }
    }

    /// Too many symbols end it.
    pub(super) fn check_symbols(&mut self, set: Result<(), ()>, at: &At) {
        if set.is_err() && !self.is_stopped {
            self.is_stopped = true;
            let expected = format!("at most {MAX_SYMBOLS} symbols");
            self.report.add_limit(at.place, "one symbol more", expected);
        }
    }

    /// `NAME=value` of SET, PROC or EXEC.
    pub(super) fn symbol(&mut self, param: &Param) -> Option<(String, String)> {
        let parsed = symbol(param);
        let (name, value) = self.report.accept(parsed)?;
        let length = value.chars().count();
        if length <= MAX_VALUE {
            return Some((name, value));
        }
        let found = format!("{length} characters");
        let expected = format!("a value of at most {MAX_VALUE} characters");
        let place = param.value_place();
        self.report.add(Problem::new(&JCL_SYMBOL_INVALID, place, found, expected));
        // It is known, so that what uses it is no further error.
        Some((name, value.chars().take(STANDS_FOR).collect()))
    }

    pub(super) fn export(&mut self, statement: &Statement, at: &At) {
        self.optional_name(statement, at);
        let Some(params) = self.params(statement, at) else { return };
        let Some(param) = self.only(&params, "SYMLIST", at) else { return };
        for item in param.items() {
            match item.word() {
                Some(word) if word.text == "*" => self.symbols.export_all(),
                Some(word) if is_name(&word.text) => self.symbols.export(&word.text),
                _ => {
                    let expected = "names of symbols, or *";
                    self.report
                        .add(Problem { message: &JCL_NAME_INVALID, ..invalid(&item, expected) });
                }
            }
        }
    }

    pub(super) fn jcllib(&mut self, statement: &Statement, at: &At) {
        self.optional_name(statement, at);
        let is_early = matches!(self.frame().open, Open::Job(_)) && !self.is_procedure();
        if self.has_jcllib || !is_early || !self.including.is_empty() {
            let expected = "JCLLIB once, before the first EXEC statement and in the deck itself";
            self.misplaced(at, "'JCLLIB'", expected);
            return;
        }
        self.has_jcllib = true;
        let Some(params) = self.params(statement, at) else { return };
        let Some(param) = self.only(&params, "ORDER", at) else { return };
        let mut order = Vec::new();
        for item in param.items() {
            let name = match item.word() {
                Some(word) => check_data_set(&word.text).map(|()| word.text.clone()),
                None => Err("names of libraries".to_owned()),
            };
            match name {
                Ok(name) => order.push(name),
                Err(expected) => self.report.add(invalid(&item, expected)),
            }
        }
        self.library.set_order(order);
    }

    pub(super) fn include(&mut self, statement: &Statement, at: &At, level: Level) {
        self.optional_name(statement, at);
        let Some(params) = self.params(statement, at) else { return };
        let Some(param) = self.only(&params, "MEMBER", at) else { return };
        let named = value::name(&param);
        let Some(name) = self.report.accept(named) else { return };
        let place = param.value_place();
        if self.including.len() >= MAX_NESTING || self.including.contains(&name) {
            let expected = if self.including.contains(&name) {
                "no member that includes itself".to_owned()
            } else {
                format!("at most {MAX_NESTING} INCLUDE members within each other")
            };
            self.report.add(Problem::new(&JCL_NESTING, place, quoted(&name), expected));
            return;
        }
        if let Some(raws) = self.library.fetch(&name, place, &mut self.report) {
            self.including.push(name);
            self.run(&raws, Level { is_deck: false, ..level });
            self.including.pop();
        }
    }

    /// The value of a statement's only keyword.
    fn only(&mut self, params: &[Param], keyword: &str, at: &At) -> Option<Param> {
        let mut found = None;
        for param in params {
            match &param.key {
                Some(key) if key.text == keyword && found.is_none() => found = Some(param.clone()),
                Some(key) => {
                    let expected = format!("{keyword}, once");
                    self.report.add(Problem::text(
                        &JCL_KEYWORD_UNKNOWN,
                        key.at,
                        &key.text,
                        expected,
                    ));
                }
                None => {
                    let expected = format!("{keyword}=");
                    self.report.add(Problem::text(&JCL_SYNTAX, param.at, &param.raw, expected));
                }
            }
        }
        let found = found.filter(|param| !param.items().is_empty());
        if found.is_none() && !params.iter().any(|param| param.key.is_none() && !param.is_empty()) {
            self.missing(at, &format!("{keyword}= and a value"));
        }
        found
    }

    pub(super) fn missing(&mut self, at: &At, expected: &str) {
        let found = "nothing";
        self.report.add(Problem::new(&JCL_PARAMETER_MISSING, at.place, found, expected));
    }

    pub(super) fn if_statement(&mut self, statement: &Statement, at: &At) {
        self.close_group();
        let name = self.optional_name(statement, at);
        if self.open_ifs.len() >= MAX_NESTING {
            let expected = format!("at most {MAX_NESTING} IF statements within each other");
            self.report.add(Problem::new(&JCL_NESTING, at.place, "one IF more", expected));
        }
        let mut found = Expression::All(Vec::new());
        if !statement.spoiled {
            let text = self.replaced(statement, at, Style::Expression);
            let before = self.steps.len();
            let all = Tested { name: None, steps: 0..before };
            let (frame, names) = (self.frame().names, &self.names);
            let resolve =
                |first: &str, second: Option<&str>| names.find(frame, first, second, before);
            let parsed = expression(&text, &all, &resolve).map_err(|problem| {
                // An expression of nothing stands nowhere.
                let is_placed = problem.place.card > 0;
                let place = if is_placed { problem.place } else { at.place };
                Problem { place, ..problem }
            });
            found = self.report.accept(parsed).unwrap_or(found);
        }
        let depth = self.frames.len();
        let index = self.ifs.len();
        self.open_ifs.push(OpenIf { depth, index, is_else: false, place: at.place });
        self.ifs.push(If { position: at.position.clone(), name, expression: found });
    }

    pub(super) fn else_statement(&mut self, at: &At) {
        self.close_group();
        let depth = self.frames.len();
        match self.open_ifs.last_mut().filter(|open| open.depth == depth) {
            Some(open) if !open.is_else => open.is_else = true,
            Some(_) => self.unbalanced(at, "'ELSE'", "ENDIF: the IF statement has an ELSE"),
            None => self.unbalanced(at, "'ELSE'", "an IF statement before, in the same procedure"),
        }
    }

    pub(super) fn endif(&mut self, at: &At) {
        self.close_group();
        let depth = self.frames.len();
        if self.open_ifs.last().is_some_and(|open| open.depth == depth) {
            self.open_ifs.pop();
        } else {
            self.unbalanced(at, "'ENDIF'", "an IF statement before, in the same procedure");
        }
    }

    fn unbalanced(&mut self, at: &At, found: &str, expected: &str) {
        self.report.add(Problem::new(&JCL_IF_UNBALANCED, at.place, found, expected));
    }

    /// Reports IF statements of the job or procedure that end with it.
    pub(super) fn close_ifs(&mut self) {
        let depth = self.frames.len();
        while let Some(open) = self.open_ifs.last().filter(|open| open.depth >= depth) {
            let expected = "ENDIF, in the same procedure";
            let problem = Problem::new(&JCL_IF_UNBALANCED, open.place, "no ENDIF", expected);
            self.report.add(problem);
            self.open_ifs.pop();
        }
    }

    pub(super) fn command(&mut self, statement: &Statement, at: &At) {
        self.optional_name(statement, at);
        let Some(params) = self.params(statement, at) else { return };
        let expected = "one command in apostrophes, such as COMMAND 'D STATUS'";
        let command = match params.as_slice() {
            [] => {
                self.missing(at, expected);
                return;
            }
            [only] => only.word().filter(|word| word.quoted && !word.text.trim().is_empty()),
            _ => None,
        };
        match command {
            Some(word) => {
                let text = word.text.trim().to_owned();
                self.commands.push(Command { position: at.position.clone(), text });
            }
            None => self.report.add(invalid(&params[0], expected)),
        }
    }

    /// A command on a card of its own: operands up to the first blank, the rest is a comment.
    pub(super) fn old_command(&mut self, statement: &Statement, at: &At) {
        let operand = statement.operand.as_str();
        let mut is_quoted = false;
        let end = operand.find(|c: char| {
            is_quoted ^= c == '\'';
            c == ' ' && !is_quoted
        });
        let operand = &operand[..end.unwrap_or(operand.len())];
        let text = format!("{} {operand}", statement.operation.as_str()).trim().to_owned();
        self.commands.push(Command { position: at.position.clone(), text });
    }
}

fn symbol(param: &Param) -> Result<(String, String), Problem> {
    let Some(key) = &param.key else {
        let expected = "a symbol and its value, such as HLQ=PROD";
        return Err(Problem::text(&JCL_SYNTAX, param.at, &param.raw, expected));
    };
    if !is_name(&key.text) {
        return Err(Problem::text(&JCL_NAME_INVALID, key.at, &key.text, NAME));
    }
    let value = match &param.value {
        Value::Empty => String::new(),
        Value::Word(word) => word.text.clone(),
        Value::List(_) => param.raw_value().to_owned(),
    };
    Ok((key.text.clone(), value))
}
