//! Which steps of a job run: RESTART, COND, IF, and what an abnormal end does to those behind it.
//!
//! Pure. Whoever runs the job asks for each step in its turn ([`Flow::next`]) and says how it ended
//! ([`Flow::ended`]).

use std::fmt::{self, Display};
use std::time::Duration;

use super::end::JobEnd;
use crate::jcl::{AfterAbend, Job, JobRc, StepEnd, TimeLimit};

/// The way of a job through its steps.
#[derive(Debug)]
pub struct Flow<'a> {
    job: &'a Job,
    /// How the steps ended that have had their turn.
    ends: Vec<StepEnd>,
    /// Values of the IF statements that have been come to.
    ifs: Vec<Option<bool>>,
    /// COND of the JOB statement has ended it.
    over: bool,
}

/// Why a step does not run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bypass {
    /// RESTART names a later step.
    Restart,
    /// COND of the JOB statement.
    JobCond,
    /// COND of the step.
    Cond,
    /// An IF around it.
    If,
    /// A step before it has ended abnormally.
    AfterAbend,
    /// COND=ONLY, and no step before it has ended abnormally.
    NoAbend,
}

impl Display for Bypass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Restart => "RESTART begins behind it",
            Self::JobCond => "COND of the JOB statement has ended the job",
            Self::Cond => "its COND",
            Self::If => "the IF around it",
            Self::AfterAbend => "a step before it ended abnormally",
            Self::NoAbend => "COND=ONLY, and no step before it ended abnormally",
        })
    }
}

impl<'a> Flow<'a> {
    /// Before the first step.
    pub fn new(job: &'a Job) -> Self {
        Self { job, ends: Vec::new(), ifs: vec![None; job.ifs.len()], over: false }
    }

    /// Whether the step whose turn it is runs.
    pub fn next(&mut self) -> Result<(), Bypass> {
        let index = self.ends.len();
        let step = &self.job.steps[index];
        if index < self.job.restart {
            return Err(Bypass::Restart);
        }
        self.over |= index > 0 && self.job.cond.iter().any(|test| test.holds(&self.ends));
        if self.over {
            return Err(Bypass::JobCond);
        }
        let mut tests_abend = false;
        for &(number, wanted) in &step.conditions {
            let expression = &self.job.ifs[number].expression;
            let value = *self.ifs[number].get_or_insert_with(|| expression.holds(&self.ends));
            if value != wanted {
                return Err(Bypass::If);
            }
            tests_abend |= expression.tests_abend();
        }
        let abended = self.ends.iter().any(|end| end.abended());
        match step.cond.after_abend {
            AfterAbend::Bypass if abended && !tests_abend => return Err(Bypass::AfterAbend),
            AfterAbend::Only if !abended => return Err(Bypass::NoAbend),
            _ => {}
        }
        match step.cond.tests.iter().any(|test| test.holds(&self.ends)) {
            true => Err(Bypass::Cond),
            false => Ok(()),
        }
    }

    /// How the step whose turn it was has ended.
    pub fn ended(&mut self, end: StepEnd) {
        self.ends.push(end);
    }

    /// How the job ends, if it ends here.
    pub fn end(&self) -> JobEnd {
        let codes = || self.ends.iter().filter_map(|end| end.return_code());
        let highest = || codes().max().unwrap_or(0);
        let abend = self.ends.iter().rev().find_map(|end| match end {
            StepEnd::Abended(code) => Some(*code),
            _ => None,
        });
        match (abend, self.job.job_rc) {
            (Some(code), _) => JobEnd::Abended(code),
            (None, JobRc::Max) => JobEnd::Returned(highest()),
            (None, JobRc::Last) => JobEnd::Returned(codes().next_back().unwrap_or(0)),
            (None, JobRc::Step(index)) => {
                let of_step = self.ends.get(index).and_then(|end| end.return_code());
                JobEnd::Returned(of_step.unwrap_or_else(highest))
            }
        }
    }
}

/// What TIME allows; None: no limit.
pub fn limit(time: Option<TimeLimit>) -> Option<Duration> {
    match time? {
        TimeLimit::Seconds(seconds) => Some(Duration::from_secs(seconds.into())),
        TimeLimit::NoLimit => None,
        TimeLimit::Maximum => Some(MAXIMUM),
    }
}

/// TIME=MAXIMUM: 357912 minutes.
const MAXIMUM: Duration = Duration::from_secs(357_912 * 60);

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::jcl::{
        AbendCode, Cond, CondTest, Expression, If, IfTest, MessageLevel, Operator, Position, Step,
        Subject, Tested, TypeRun,
    };

    const S806: StepEnd = StepEnd::Abended(AbendCode::System(0x806));

    fn position() -> Position {
        Position { source: Arc::from("DECK"), card: 1, statement: 1 }
    }

    fn job(steps: Vec<Step>) -> Job {
        Job {
            name: "J".into(),
            position: position(),
            accounting: Vec::new(),
            programmer: String::new(),
            class: None,
            message_class: 'A',
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
            steps,
            commands: Vec::new(),
            ignored: Vec::new(),
        }
    }

    fn step() -> Step {
        Step {
            name: None,
            procstep: None,
            procedure: None,
            position: position(),
            program: "IEFBR14".into(),
            parm: None,
            cond: Cond::default(),
            conditions: Vec::new(),
            time: None,
            region: None,
            dds: Vec::new(),
            ignored: Vec::new(),
        }
    }

    fn after_abend(after_abend: AfterAbend) -> Step {
        Step { cond: Cond { tests: Vec::new(), after_abend }, ..step() }
    }

    /// Holds if 4 is less than a return code.
    fn over_4() -> CondTest {
        let tested = Tested { name: None, steps: 0..usize::MAX };
        CondTest { code: 4, operator: Operator::Less, tested }
    }

    /// What becomes of each step when those that run end so.
    fn run(job: &Job, ends: &[StepEnd]) -> (Vec<Result<(), Bypass>>, JobEnd) {
        let (mut flow, mut ends) = (Flow::new(job), ends.iter());
        let verdicts = job.steps.iter().map(|_| {
            let verdict = flow.next();
            let end = match verdict {
                Ok(()) => *ends.next().expect("an end for each step that runs"),
                Err(_) => StepEnd::NotRun,
            };
            flow.ended(end);
            verdict
        });
        let verdicts = verdicts.collect();
        (verdicts, flow.end())
    }

    #[test]
    fn an_abend_bypasses_all_but_even_and_only() {
        let steps = [AfterAbend::Bypass, AfterAbend::Even, AfterAbend::Only].map(after_abend);
        let all = job([vec![step()], steps.to_vec()].concat());
        let after = StepEnd::Returned(4);
        let (verdicts, end) = run(&all, &[S806, after, after]);
        assert_eq!(verdicts, [Ok(()), Err(Bypass::AfterAbend), Ok(()), Ok(())]);
        assert_eq!(end, JobEnd::Abended(AbendCode::System(0x806)));
        let (verdicts, end) = run(&all, &[after, after, StepEnd::Returned(2)]);
        assert_eq!(verdicts, [Ok(()), Ok(()), Ok(()), Err(Bypass::NoAbend)]);
        assert_eq!(end, JobEnd::Returned(4));
    }

    #[test]
    fn cond_of_a_step_bypasses_it_and_cond_of_the_job_all_the_rest() {
        let cond = Cond { tests: vec![over_4()], ..Cond::default() };
        let mut job = job(vec![step(), Step { cond, ..step() }, step(), step()]);
        let [bad, good] = [8, 0].map(StepEnd::Returned);
        let (verdicts, end) = run(&job, &[bad, good, good]);
        assert_eq!(verdicts, [Ok(()), Err(Bypass::Cond), Ok(()), Ok(())]);
        assert_eq!(end, JobEnd::Returned(8));
        job.cond = vec![over_4()];
        let (verdicts, _) = run(&job, &[good, good, bad]);
        assert_eq!(verdicts, [Ok(()), Ok(()), Ok(()), Err(Bypass::JobCond)]);
    }

    #[test]
    fn an_if_is_evaluated_once_and_decides_for_then_and_else() {
        let tested = Tested { name: None, steps: 0..usize::MAX };
        let test = |subject| Expression::Test(IfTest { tested: tested.clone(), subject });
        let of = |expression| If { position: position(), name: None, expression };
        let within = |number, value| Step { conditions: vec![(number, value)], ..step() };
        let good = test(Subject::ReturnCode(Operator::LessEqual, 4));
        let steps = vec![step(), within(0, true), within(0, true), within(0, false)];
        let mut job = job(steps);
        job.ifs = vec![of(good)];
        let codes = |codes: &[u16]| codes.iter().map(|c| StepEnd::Returned(*c)).collect::<Vec<_>>();
        // The second step's return code does not change the value.
        let (verdicts, _) = run(&job, &codes(&[0, 8, 0]));
        assert_eq!(verdicts, [Ok(()), Ok(()), Ok(()), Err(Bypass::If)]);
        let (verdicts, _) = run(&job, &codes(&[8, 0]));
        assert_eq!(verdicts, [Ok(()), Err(Bypass::If), Err(Bypass::If), Ok(())]);
        // An abend bypasses what is within, unless it is what the IF asks for.
        let (verdicts, _) = run(&job, &[S806]);
        assert_eq!(verdicts[3], Err(Bypass::AfterAbend));
        job.ifs = vec![of(test(Subject::Abend(true)))];
        let (verdicts, _) = run(&job, &[S806, StepEnd::Returned(0), StepEnd::Returned(0)]);
        assert_eq!(verdicts, [Ok(()), Ok(()), Ok(()), Err(Bypass::If)]);
    }

    #[test]
    fn the_jobs_return_code_is_what_jobrc_says() {
        let ends = [8, 0, 4].map(StepEnd::Returned);
        let mut job = job(vec![step(), step(), step()]);
        for (job_rc, code) in [(JobRc::Max, 8), (JobRc::Last, 4), (JobRc::Step(1), 0)] {
            job.job_rc = job_rc;
            assert_eq!(run(&job, &ends).1, JobEnd::Returned(code));
        }
        job.restart = 2;
        assert_eq!(run(&job, &ends).1, JobEnd::Returned(8), "its step did not run");
        assert_eq!(run(&job, &ends).0[1], Err(Bypass::Restart));
    }

    #[test]
    fn time_is_a_limit_or_none() {
        assert_eq!(limit(None), None);
        assert_eq!(limit(Some(TimeLimit::Seconds(90))), Some(Duration::from_secs(90)));
        assert_eq!(limit(Some(TimeLimit::NoLimit)), None);
        assert!(limit(Some(TimeLimit::Maximum)) > Some(Duration::from_secs(86_400 * 200)));
    }
}
