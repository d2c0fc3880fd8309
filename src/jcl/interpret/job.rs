//! The JOB statement.

use super::{At, Interpreter};
use crate::jcl::condition;
use crate::jcl::dd::class as output_class;
use crate::jcl::keyword::{self, Checked};
use crate::jcl::model::{Job, JobRc, ListedStatements, MessageLevel, TypeRun};
use crate::jcl::operand::{Param, Value};
use crate::jcl::reader::{Raw, Statement};
use crate::jcl::report::Problem;
use crate::jcl::secret::passwords;
use crate::jcl::value::{self, check_name, invalid, name, one_of};
use crate::message::catalogue::{JCL_KEYWORD_REFUSED, JCL_PASSWORD, JCL_SYNTAX};

/// Characters of all accounting information.
const MAX_ACCOUNTING: usize = 143;

/// Characters of a programmer's name.
const MAX_PROGRAMMER: usize = 20;

/// Output class of a job that names none.
pub(super) const MESSAGE_CLASS: char = 'A';

/// What a JOB statement says.
#[derive(Debug)]
pub(in crate::jcl) struct Head {
    /// The job, without what comes behind its statement.
    pub job: Job,
    pub at: At,
    /// JOBRC and RESTART name steps that are not known yet.
    pub job_rc: Option<Param>,
    pub restart: Option<Param>,
}

impl Interpreter<'_> {
    pub(super) fn job_statement(&mut self, raw: &Raw, statement: &Statement, at: &At) {
        self.mask_password(raw, statement, at);
        let text = statement.name.as_str();
        let place =
            if text.is_empty() { at.place } else { statement.name.at_entry(at.entry).whole() };
        let named = check_name(text, place);
        self.report.accept(named);
        self.symbols.set_job_name(text);
        let mut head = Head { job: bare(text, at), at: at.clone(), job_rc: None, restart: None };
        if let Some(params) = self.params(statement, at) {
            let checked = Checked::new(params, keyword::JOB, &mut self.report);
            checked.refuse_unknown("JOB", &mut self.report);
            self.fill(&mut head, &checked);
        }
        self.head = Some(head);
    }

    fn fill(&mut self, head: &mut Head, checked: &Checked) {
        let job = &mut head.job;
        let positional = positional(&checked.positional);
        if let Some((accounting, programmer)) = self.report.accept(positional) {
            job.accounting = accounting;
            job.programmer = programmer;
        }
        let get = |name: &str| checked.value(name);
        let report = &mut self.report;
        if let Some(param) = get("CLASS") {
            job.class = report.accept(job_class(param));
        }
        if let Some(param) = get("MSGCLASS") {
            let found = param.word().and_then(|word| output_class(&word.text));
            let found = found.ok_or_else(|| invalid(param, "a class: one letter or digit"));
            job.message_class = report.accept(found).unwrap_or(MESSAGE_CLASS);
        }
        if let Some(param) = get("MSGLEVEL") {
            job.message_level = report.accept(message_level(param)).unwrap_or_default();
        }
        if let Some(param) = get("REGION") {
            job.region = report.accept(value::region(param)).flatten();
        }
        if let Some(param) = get("TIME") {
            job.time = report.accept(value::time(param));
        }
        if let Some(param) = get("COND") {
            job.cond = report.accept(condition::job_cond(param)).unwrap_or_default();
        }
        if let Some(param) = get("NOTIFY") {
            job.notify = report.accept(user(param));
        }
        if let Some(param) = get("USER") {
            job.user = report.accept(name(param));
        }
        if let Some(param) = get("TYPRUN") {
            let words =
                [("SCAN", TypeRun::Scan), ("HOLD", TypeRun::Hold), ("JCLHOLD", TypeRun::Hold)];
            job.type_run = report.accept(one_of(param, &words)).unwrap_or(TypeRun::Run);
        }
        if let Some(param) = get("PASSWORD") {
            let expected = "no PASSWORD in a deck";
            let place = param.key.as_ref().map_or(param.at, |key| key.at);
            report.add(Problem::new(&JCL_PASSWORD, place, "'PASSWORD'", expected));
        }
        job.ignored = checked.ignored();
        head.job_rc = get("JOBRC").cloned();
        head.restart = get("RESTART").cloned();
        if let Some(param) = get("RESTART").filter(|param| param.items().len() != 1) {
            let problem = invalid(param, "a step: name, name.procstep or *, and no checkpoint");
            report.add(Problem { message: &JCL_KEYWORD_REFUSED, ..problem });
            head.restart = None;
        }
    }

    /// Covers a password that goes on from card to card; on one card it is covered anyway.
    fn mask_password(&mut self, raw: &Raw, statement: &Statement, at: &At) {
        let Some(listed) = self.listing.entries.get_mut(at.entry) else { return };
        let operand = &statement.operand;
        let spans = passwords(operand.as_str());
        for place in spans.iter().flat_map(|(from, to)| operand.places(*from, *to)) {
            let line = place.card.saturating_sub(raw.place.card);
            if let Some(card) = listed.cards.get_mut(line) {
                let columns = place.from..=place.to;
                let mask = |(index, c)| if columns.contains(&(index + 1)) { '*' } else { c };
                *card = card.chars().enumerate().map(mask).collect();
            }
        }
    }
}

/// A job of which only the name is known.
fn bare(name: &str, at: &At) -> Job {
    Job {
        name: name.to_owned(),
        position: at.position.clone(),
        accounting: Vec::new(),
        programmer: String::new(),
        class: None,
        message_class: MESSAGE_CLASS,
        message_level: MessageLevel::default(),
        region: None,
        time: None,
        cond: Vec::new(),
        notify: None,
        user: None,
        type_run: TypeRun::Run,
        job_rc: JobRc::Max,
        restart: 0,
        joblib: None,
        ifs: Vec::new(),
        steps: Vec::new(),
        commands: Vec::new(),
        ignored: Vec::new(),
    }
}

/// Accounting information and the programmer's name.
fn positional(params: &[Param]) -> Result<(Vec<String>, String), Problem> {
    if let Some(extra) = params.get(2).filter(|extra| !extra.is_empty()) {
        let expected = "keyword parameters behind accounting and programmer's name";
        return Err(Problem::text(&JCL_SYNTAX, extra.at, &extra.raw, expected));
    }
    let mut accounting = Vec::new();
    if let Some(param) = params.first() {
        for item in param.items() {
            accounting.push(match &item.value {
                Value::Word(word) => word.text.clone(),
                Value::Empty => String::new(),
                Value::List(_) => return Err(invalid(&item, "accounting without parentheses")),
            });
        }
        let length: usize = accounting.iter().map(|item| item.chars().count() + 1).sum();
        if length > MAX_ACCOUNTING + 1 {
            let expected = format!("at most {MAX_ACCOUNTING} characters of accounting");
            return Err(invalid(param, expected));
        }
    }
    let programmer = match params.get(1) {
        None => String::new(),
        Some(param) if param.is_empty() => String::new(),
        Some(param) => {
            let word = param.word().filter(|word| word.text.chars().count() <= MAX_PROGRAMMER);
            let expected = "a programmer's name of at most 20 characters";
            word.ok_or_else(|| invalid(param, expected))?.text.clone()
        }
    };
    Ok((accounting, programmer))
}

/// CLASS: letters and digits, which may come first.
fn job_class(param: &Param) -> Result<String, Problem> {
    let is_class = |text: &str| {
        let good = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit();
        (1..=8).contains(&text.len()) && text.chars().all(good)
    };
    let word = param.word().filter(|word| is_class(&word.text));
    let expected = "a class of 1 to 8 letters and digits";
    word.map(|word| word.text.clone()).ok_or_else(|| invalid(param, expected))
}

fn message_level(param: &Param) -> Result<MessageLevel, Problem> {
    let items = param.items();
    if items.len() > 2 {
        return Err(invalid(param, "MSGLEVEL=(statements,messages)"));
    }
    let mut level = MessageLevel::default();
    let item = |index: usize| items.get(index).filter(|item: &&Param| !item.is_empty());
    if let Some(item) = item(0) {
        let words = [
            ("0", ListedStatements::Job),
            ("1", ListedStatements::All),
            ("2", ListedStatements::Deck),
        ];
        level.statements = one_of(item, &words)?;
    }
    if let Some(item) = item(1) {
        level.messages = one_of(item, &[("0", false), ("1", true)])?;
    }
    Ok(level)
}

/// NOTIFY: a user, perhaps with the node in front of it.
fn user(param: &Param) -> Result<String, Problem> {
    let expected = "a user, or node.user";
    let word = value::word(param, expected)?;
    let names: Vec<_> = word.text.split('.').collect();
    let good = names.len() <= 2 && names.iter().all(|name| crate::jcl::symbol::is_name(name));
    good.then(|| word.text.clone()).ok_or_else(|| invalid(param, expected))
}
