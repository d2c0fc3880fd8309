//! Bounds: what is too large is refused, in bounded time and memory.

use std::time::Duration;

use super::*;

/// The numbers of all errors of the first job.
fn errors(deck: &str) -> Vec<u16> {
    let readings = read_deck(deck);
    let errors = readings[0].diagnostics.iter().filter(|found| found.is_error());
    errors.map(|found| found.message.number).collect()
}

#[test]
fn a_job_has_at_most_255_steps() {
    let steps = |count: usize| {
        let mut deck = "//BIG      JOB\n".to_owned();
        (0..count).for_each(|n| deck += &format!("//S{n}       EXEC PGM=P\n"));
        deck
    };
    assert_eq!(errors(&steps(255)), [0; 0]);
    assert_eq!(errors(&steps(256)), [7044]);
}

#[test]
fn symbols_that_double_end_at_255_characters() {
    let mut deck = "//BIG      JOB\n// SET S0=ABCDEFGH\n".to_owned();
    for n in 1..60 {
        deck += &format!("// SET S{n}=&S{}&S{}\n", n - 1, n - 1);
    }
    deck += "//S        EXEC PGM=P\n";
    // 8 characters doubled five times are 256; what is too long has 8 again for those who use it.
    assert_eq!(errors(&deck), [7031; 11]);
}

#[test]
fn a_job_statement_that_cannot_be_read_is_no_riddle() {
    assert_eq!(errors("//NUL      JOB\0\n//S        EXEC PGM=P\n"), [7015, 7002]);
    let found = &read_deck("")[0].diagnostics;
    assert!(found[0].line.contains("card 1 columns 1-71"), "{}", found[0].line);
}

#[test]
fn data_that_grows_too_large_ends_the_job() {
    let value = "X".repeat(40);
    let mut deck = format!("//BIG      JOB\n// EXPORT SYMLIST=*\n// SET A={value}\n");
    for n in 0..6 {
        deck += &format!("// SET {0}=&A&A&A&A&A&A\n", char::from(b'B' + n));
    }
    deck += "//S        EXEC PGM=P\n//D        DD *,SYMBOLS=JCLONLY\n";
    let line = "&B".repeat(40);
    deck.extend(std::iter::repeat_n(line + "\n", 50_000));
    let start = cpu_time();
    assert_eq!(errors(&deck), [7044]);
    let taken = cpu_time() - start;
    assert!(taken < Duration::from_secs(5), "{taken:?}");
}

/// Procedures that call each other twice, fifteen levels deep, and do nothing.
struct Doubling;

impl Libraries for Doubling {
    fn member(&self, _: Option<&str>, name: &str) -> Result<Option<Member>, String> {
        let level: usize = name[1..].parse().map_err(|_| "no number".to_owned())?;
        let next = level + 1;
        let text = match &name[..1] {
            "P" => format!("//A        EXEC P{next}\n//B        EXEC P{next}\n"),
            _ => format!("// INCLUDE MEMBER=I{next}\n").repeat(2),
        };
        Ok(Some(member(name, &text)))
    }
}

#[test]
fn doubling_procedures_and_members_end() {
    for deck in ["//S EXEC P0\n", "// INCLUDE MEMBER=I0\n//S EXEC PGM=P\n"] {
        let start = cpu_time();
        let deck = format!("//BIG      JOB\n{deck}");
        let readings = read(&member("DECK", &deck), &Doubling, &system());
        assert!(readings[0].job.is_none());
        let taken = cpu_time() - start;
        assert!(taken < Duration::from_secs(5), "{taken:?}");
        let numbers = readings[0].diagnostics.iter().map(|found| found.message.number);
        assert!(numbers.into_iter().any(|number| number == 7042 || number == 7044));
    }
}

#[test]
fn diagnostics_are_bounded() {
    let mut deck = "//BIG      JOB\n//S EXEC PGM=P\n".to_owned();
    (0..2_000).for_each(|n| deck += &format!("//D{n}     DD DISP=XXX\n"));
    let readings = read_deck(&deck);
    let diagnostics = &readings[0].diagnostics;
    assert_eq!(diagnostics.len(), 501);
    assert_eq!(diagnostics[500].message.number, 7060);
    assert!(diagnostics[500].line.contains("1500 more"), "{}", diagnostics[500]);
}

#[test]
fn decks_and_members_are_bounded() {
    let deck = format!("//BIG      JOB\n//S EXEC PGM=P\n//A DD *\n{}", "x\n".repeat(100_000));
    assert_eq!(errors(&deck), [7044]);
    let deck = format!("//BIG      JOB\n//S EXEC PGM=P\n//A DD *\n{}", "x".repeat(5 << 20));
    assert_eq!(errors(&deck), [7044]);
    let deck = format!("//BIG      JOB\n//S EXEC PGM=P\n//A DD *\n{}", "x".repeat(32_761));
    assert_eq!(errors(&deck), [7008]);
}

#[test]
fn a_member_that_is_no_records_is_told() {
    let mut bytes = b"\0\x08\0\0card".to_vec();
    bytes.extend(b"\0\x50\0\0cut off");
    let deck = Member { source: "DECK".into(), bytes, code_page: None, record_format: None };
    let readings = read(&deck, &Members, &system());
    assert_eq!(readings.len(), 1);
    assert_eq!(readings[0].diagnostics[0].message.number, 7000);
    assert!(readings[0].diagnostics[0].line.starts_with("ZOX7000E DECK: "));
}

#[test]
fn a_started_task_is_a_job_of_its_procedure() {
    let task = |parameters: &[(&str, &str)]| {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let parameters = parameters.iter().map(owned).collect();
        let command = Start { procedure: "ZOXY".into(), job: Some("ZOXY1".into()), parameters };
        start(&command, &Members, &system())
    };
    let long = "it's a & b ".repeat(9);
    let reading = task(&[("CFG", "TEST"), ("PARM", long.trim()), ("TIME", "(1,30)")]);
    assert!(reading.diagnostics.is_empty(), "{:?}", reading.diagnostics);
    let job = reading.job.unwrap();
    assert_eq!((job.name.as_str(), job.steps.len()), ("ZOXY1", 1));
    let step = &job.steps[0];
    assert_eq!(step.to_string(), "STARTING.RUN");
    assert_eq!(step.parm, Some(Parm::Text(long.trim().to_owned())));
    assert_eq!(step.time, Some(TimeLimit::Seconds(90)));
    let Some(Source::DataSet(config)) = step.dd("CONFIG").map(|dd| &dd.parts[0].source) else {
        panic!("{:?}", step.dds)
    };
    assert_eq!(config.member, Some(MemberName::Member("TEST".into())));

    let missing = Start { procedure: "NOPROC".into(), job: None, parameters: Vec::new() };
    let reading = start(&missing, &Members, &system());
    let lines: Vec<_> = reading.diagnostics.iter().map(|found| found.line.as_str()).collect();
    assert!(lines.len() == 1 && lines[0].starts_with("ZOX7040E"), "{lines:?}");

    let reading = task(&[("CGF", "TEST")]);
    assert!(reading.job.is_none());
    let line = &reading.diagnostics[0].line;
    assert!(line.starts_with("ZOX7032E START command card 3 columns 4-6: found 'CGF'"), "{line}");
}
