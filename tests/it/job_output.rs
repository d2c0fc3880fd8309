//! Output of jobs: how much there may be, and jobs that jobs submit.

use std::fs;

use zoxy::message::catalogue::{JOB_ENDED, READER_REFUSES, STEP_ABENDED, STEP_ENDED};

use crate::world::Jobs;

/// One step whose output grows without end, one that has ended before anybody looks, one that has
/// room left, and one behind an abend.
const WRITERS: &str = "\
//WRITERS  JOB CLASS=A
//ENDLESS  EXEC PGM=BPXBATCH,
//             PARM='SH while :; do cat /etc/passwd; done'
//STDOUT   DD  SYSOUT=*
//QUICK    EXEC PGM=BPXBATCH,COND=EVEN,
//             PARM='SH head -c 1048577 /dev/zero >$DD_LIST'
//LIST     DD  SYSOUT=*
//FITS     EXEC PGM=BPXBATCH,COND=EVEN,
//             PARM='SH head -c 1048576 /dev/zero >$DD_LIST'
//LIST     DD  SYSOUT=*
//BYPASSED EXEC PGM=IEFBR14
";

#[test]
fn output_beyond_the_limit_ends_its_step() {
    let mut jobs = Jobs::new();
    jobs.set("ZOXY_SYSOUTMAX", "1");
    let ran = jobs.submit(WRITERS);
    assert_eq!(ran.code, Some(24), "{}", ran.err);
    let exceeded =
        |output: &str| format!("S722: output {output} has more than 1 megabytes (ZOXY_SYSOUTMAX)");
    for (step, output) in [("ENDLESS", "1.ENDLESS.STDOUT"), ("QUICK", "2.QUICK.LIST")] {
        jobs.wait_for("JOB00001", &[&STEP_ABENDED.id(), step, &exceeded(output)]);
    }
    jobs.wait_for("JOB00001", &[&STEP_ENDED.id(), "FITS", "CC 0000"]);
    jobs.wait_for("JOB00001", &[&JOB_ENDED.id(), "ABEND S722"]);
    for output in ["1.ENDLESS.STDOUT", "2.QUICK.LIST", "3.FITS.LIST"] {
        let file = jobs.world.path("spool").join("JOB00001").join(output);
        let length = fs::metadata(file).expect("it was written").len();
        assert_eq!(length, 1 << 20, "{output}");
    }
}

#[test]
fn a_bad_limit_is_told() {
    let mut jobs = Jobs::new();
    jobs.set("ZOXY_SYSOUTMAX", "1G");
    let ran = jobs.submit(WRITERS);
    assert_eq!(ran.code, Some(28));
    assert!(ran.err.contains("ZOXY_SYSOUTMAX is 1G"), "{}", ran.err);
}

/// SYSOUT=(class,INTRDR): a deck of two jobs, one of them bad; nothing; no deck; half a deck.
#[test]
fn jobs_submit_jobs() {
    let jobs = Jobs::new();
    let script = "#!/bin/sh\necho '//NEVER JOB'\necho '//STEP EXEC PGM=IEFBR14'\nkill -SEGV $$\n";
    jobs.program("programs/HALFDECK", script);
    jobs.golden("reader");
    let ran = jobs.zoxy(&["jobs", "wait", "CHILD"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert_eq!(jobs.spooled("JOB00002", "1.SAY.STDOUT"), "submitted\n");
    assert!(jobs.spooled("JOB00003", "JESMSGLG").contains("found 'PRM'"));
    assert_eq!(jobs.zoxy(&["jobs", "show", "NEVER"]).code, Some(8), "half a deck was submitted");
}

#[test]
fn an_internal_reader_takes_no_endless_deck() {
    let jobs = Jobs::new();
    let ran = jobs.submit(
        "\
//MANY     JOB CLASS=A
//STEP     EXEC PGM=BPXBATCH
//STDPARM  DD  *
SH for i in $(seq 101); do echo \"//A$i JOB\"; echo '//S EXEC PGM=IEFBR14'; done
//STDOUT   DD  SYSOUT=(A,INTRDR)
",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    jobs.wait_for("JOB00001", &[&READER_REFUSES.id(), "101 jobs"]);
    assert_eq!(jobs.zoxy(&["jobs", "show", "A1"]).code, Some(8));
}
