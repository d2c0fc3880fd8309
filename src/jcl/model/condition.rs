//! COND and IF: tests of how earlier steps ended, and their evaluation.
//!
//! Pure. Whoever runs the steps tells how each ended by a slice of [`StepEnd`], one for each step of
//! the job up to the one in question.

use std::fmt::{self, Display};
use std::ops::Range;

use super::Position;

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepEnd {
    /// It was bypassed, or its turn has not come.
    NotRun,
    /// It ended normally, with a return code of 0 to 4095.
    Returned(u16),
    /// It ended abnormally.
    Abended(AbendCode),
}

impl StepEnd {
    /// The return code, if it has one.
    pub fn return_code(self) -> Option<u16> {
        match self {
            Self::Returned(code) => Some(code),
            Self::NotRun | Self::Abended(_) => None,
        }
    }

    /// Whether it ended abnormally.
    pub fn abended(self) -> bool {
        matches!(self, Self::Abended(_))
    }
}

/// Code of an abnormal end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AbendCode {
    /// `Sxxx`: three hexadecimal digits.
    System(u16),
    /// `Unnnn`: 0 to 4095.
    User(u16),
}

impl Display for AbendCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(code) => write!(f, "S{code:03X}"),
            Self::User(code) => write!(f, "U{code:04}"),
        }
    }
}

/// A comparison: `GT` or `>` and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    /// GT or `>`.
    Greater,
    /// GE, `>=` or NL.
    GreaterEqual,
    /// EQ or `=`.
    Equal,
    /// NE or `¬=`.
    NotEqual,
    /// LE, `<=` or NG.
    LessEqual,
    /// LT or `<`.
    Less,
}

impl Operator {
    /// Whether the comparison holds.
    pub fn holds(self, left: u16, right: u16) -> bool {
        match self {
            Self::Greater => left > right,
            Self::GreaterEqual => left >= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
            Self::LessEqual => left <= right,
            Self::Less => left < right,
        }
    }
}

/// The earlier steps that a test is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tested {
    /// As it was written, `STEP` or `STEP.PROCSTEP`; None: all earlier steps.
    pub name: Option<String>,
    /// Their indices in [`super::Job::steps`]: one step, all of a procedure, or all earlier ones.
    pub steps: Range<usize>,
}

impl Tested {
    fn ends<'a>(&self, ends: &'a [StepEnd]) -> &'a [StepEnd] {
        let end = self.steps.end.min(ends.len());
        ends.get(self.steps.start..end).unwrap_or(&[])
    }
}

/// One test of COND: `(code,operator)` or `(code,operator,step)`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CondTest {
    /// 0 to 4095.
    pub code: u16,
    /// Compares the code, on the left, with a return code.
    pub operator: Operator,
    /// The steps whose return codes are compared.
    pub tested: Tested,
}

impl CondTest {
    /// Whether the test holds for the return code of any of its steps. A step that was bypassed or
    /// ended abnormally makes no test hold.
    ///
    /// What holds *bypasses*: `COND=(4,LT)` does if 4 is less than a return code.
    pub fn holds(&self, ends: &[StepEnd]) -> bool {
        let codes = self.tested.ends(ends).iter().filter_map(|end| end.return_code());
        codes.into_iter().any(|code| self.operator.holds(self.code, code))
    }
}

/// COND of a step.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Cond {
    /// Tests, at most eight together with EVEN or ONLY; one that holds bypasses the step.
    pub tests: Vec<CondTest>,
    /// EVEN or ONLY.
    pub after_abend: AfterAbend,
}

/// Whether a step runs after an earlier one ended abnormally.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AfterAbend {
    /// Neither: it does not.
    #[default]
    Bypass,
    /// EVEN: it runs whether or not one did.
    Even,
    /// ONLY: it runs only if one did.
    Only,
}

/// An IF statement.
#[derive(Debug, Clone)]
pub struct If {
    /// Where it stands.
    pub position: Position,
    /// Label in its name field.
    pub name: Option<String>,
    /// What it tests.
    pub expression: Expression,
}

/// The relational expression of an IF statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expression {
    /// `NOT` or `¬`.
    Not(Box<Expression>),
    /// `AND` or `&` between all of them; two or more.
    All(Vec<Expression>),
    /// `OR` or `|` between all of them; two or more.
    Any(Vec<Expression>),
    /// One test.
    Test(IfTest),
}

/// One test of an IF statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfTest {
    /// The steps it is about.
    pub tested: Tested,
    /// What is tested.
    pub subject: Subject,
}

/// What a test of an IF statement is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject {
    /// `RC`: the highest return code of the steps, on the left of the operator.
    ReturnCode(Operator, u16),
    /// `ABEND` or `ABEND=TRUE`: one of the steps ended abnormally; `ABEND=FALSE`: none did.
    Abend(bool),
    /// `ABENDCC`: the code of the last of the steps that ended abnormally. True: it is equal to the
    /// code (`=`); false: it differs (`¬=`).
    AbendCode(bool, AbendCode),
    /// `RUN` or `RUN=TRUE`: the steps ran, one of them at least; `RUN=FALSE`: none did.
    Run(bool),
}

impl Expression {
    /// The value of the expression. `ends` holds how the steps before the IF ended.
    ///
    /// A test of a return code or an abend code is false if none of its steps has one.
    pub fn holds(&self, ends: &[StepEnd]) -> bool {
        match self {
            Self::Not(inner) => !inner.holds(ends),
            Self::All(parts) => parts.iter().all(|part| part.holds(ends)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(ends)),
            Self::Test(test) => test.holds(ends),
        }
    }

    /// Whether an abnormal end is tested somewhere in it (ABEND, ABENDCC): the steps within such an
    /// IF can run after an earlier step has ended abnormally.
    pub fn tests_abend(&self) -> bool {
        match self {
            Self::Not(inner) => inner.tests_abend(),
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::tests_abend),
            Self::Test(test) => {
                matches!(test.subject, Subject::Abend(_) | Subject::AbendCode(..))
            }
        }
    }
}

impl IfTest {
    fn holds(&self, ends: &[StepEnd]) -> bool {
        let ends = self.tested.ends(ends);
        match self.subject {
            Subject::ReturnCode(operator, code) => {
                let highest = ends.iter().filter_map(|end| end.return_code()).max();
                highest.is_some_and(|highest| operator.holds(highest, code))
            }
            Subject::Abend(wanted) => ends.iter().any(|end| end.abended()) == wanted,
            Subject::AbendCode(wanted, code) => {
                let last = ends.iter().rev().find_map(|end| match end {
                    StepEnd::Abended(code) => Some(*code),
                    StepEnd::NotRun | StepEnd::Returned(_) => None,
                });
                last.is_some_and(|last| (last == code) == wanted)
            }
            Subject::Run(wanted) => ends.iter().any(|end| *end != StepEnd::NotRun) == wanted,
        }
    }
}
