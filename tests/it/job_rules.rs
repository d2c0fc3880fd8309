//! A deck for each rule that a deck has to follow: [jcl.md](../../docs/jcl.md). Those that follow them
//! run, and their output shows how they were read; of those that do not, every error is told.
//!
//! The decks and logs are in the folder `jobs`.

use std::fs;

use crate::world::Jobs;

/// Columns 4 to 16, strings that resume in column 16, comments, column 72, the null statement.
#[test]
fn statements_are_continued() {
    Jobs::new().golden("continued");
}

#[test]
fn statements_that_are_not_continued_are_told() {
    Jobs::new().golden("notcontinued");
}

/// DD * and DD DATA, each with and without DLM; data without a DD statement; blanks.
#[test]
fn data_ends_where_its_dd_says() {
    Jobs::new().golden("data");
}

/// DLM where it cannot be, and behind an error.
#[test]
fn a_bad_dlm_is_told() {
    Jobs::new().golden("baddata");
}

/// SET, PROC, EXEC, system symbols, periods, apostrophes, comments, blanks.
#[test]
fn symbols_are_replaced() {
    Jobs::new().golden("symbols");
}

#[test]
fn bad_symbols_are_told() {
    Jobs::new().golden("badsymbols");
}

/// SYMBOLS= and EXPORT.
#[test]
fn symbols_in_data_are_replaced_where_that_is_asked_for() {
    Jobs::new().golden("datasymbols");
}

/// PARM with 100 characters, lists, PARMDD from data and from records.
#[test]
fn programs_get_their_parameters() {
    let jobs = Jobs::new();
    jobs.program("programs/LISTS", "#!/bin/sh\nprintf '<%s>' \"$@\"; echo\n");
    jobs.golden("parameters");
}

/// PARM with more, PARM and PARMDD, names, COND and IF.
#[test]
fn bad_parameters_are_told() {
    Jobs::new().golden("badparms");
}

/// STEPLIB and JOBLIB, concatenated, and what they hide.
#[test]
fn programs_come_from_libraries() {
    let jobs = Jobs::new();
    for program in ["lib/INLIB", "more/INMORE", "more/INLIB", "step/INLIB"] {
        let folder = program.split_once('/').map_or("", |(folder, _)| folder);
        fs::create_dir_all(jobs.world.path(folder)).expect("the world's folder is writable");
        jobs.program(program, &format!("#!/bin/sh\necho {program}\n"));
    }
    jobs.golden("libraries");
}

/// `&&` names, members of them, backward references, `//DD:NAME(MEMBER)`, concatenation.
#[test]
fn temporary_data_sets_live_as_long_as_the_job() {
    Jobs::new().golden("temporary");
}

/// JCLLIB and INCLUDE, what contains itself, what is nowhere.
#[test]
fn bad_nesting_is_told() {
    let jobs = Jobs::new();
    library(&jobs, &[("CIRCLE", CIRCLE), ("ITSELF", ITSELF), ("LEVEL1", "//LEVEL1 PROC\n")]);
    jobs.golden("nesting");
}

/// JCLLIB before the procedure libraries, INCLUDE within a procedure, overrides of DDs, of PARM, COND
/// and symbols, additional DDs.
#[test]
fn procedures_are_overridden() {
    let jobs = Jobs::new();
    library(&jobs, &[("TWOSTEPS", TWO_STEPS), ("GREET", GREET), ("MORE", MORE)]);
    jobs.golden("overrides");
}

/// EVEN, ONLY, COND of the job, IF with RUN, ABEND and ABENDCC.
#[test]
fn steps_run_after_an_abend_where_they_say_so() {
    let jobs = Jobs::new();
    jobs.program("programs/SEGFAULT", "#!/bin/sh\nkill -SEGV $$\n");
    jobs.golden("afterabend");
}

/// Makes the library TEST.PROCLIB.
fn library(jobs: &Jobs, members: &[(&str, &str)]) {
    let ran =
        jobs.zoxy(&["ds", "alloc", "--dsorg", "PO", "--codepage", "IBM-1047", "TEST.PROCLIB"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    for (name, text) in members {
        jobs.world.write("member", text);
        let member = format!("TEST.PROCLIB({name})");
        let ran = jobs.zoxy(&["ds", "convert", "member", &format!("//'{member}'")]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
}

const CIRCLE: &str = "//         INCLUDE MEMBER=CIRCLE\n";
const ITSELF: &str = "//ITSELF   PROC\n//STEP     EXEC ITSELF\n";
const GREET: &str = "\
//GREET    PROC
//ECHO     EXEC PGM=BPXBATCH,PARM='SH echo of JCLLIB'
//STDOUT   DD  SYSOUT=*
";
const TWO_STEPS: &str = "\
//TWOSTEPS PROC WORD=DEFAULT
//FIRST    EXEC PGM=BPXBATCH,PARM='SH cat $DD_IN; echo &WORD'
//IN       DD  DATA
of the procedure
/*
//         DD  DUMMY
//STDOUT   DD  SYSOUT=*
//         INCLUDE MEMBER=MORE
//SECOND   EXEC PGM=BPXBATCH,PARM='SH echo second',COND=(0,NE)
//STDOUT   DD  SYSOUT=*
//         PEND
";
const MORE: &str = "//MORE     DD  DUMMY\n";
