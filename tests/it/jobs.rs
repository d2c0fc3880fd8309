//! `zoxy submit` and `zoxy jobs`: decks with their expected logs, and what becomes of jobs that are
//! cancelled, run out of time, wait for each other or are killed.
//!
//! The decks and logs are in the folder beside this file.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use zoxy::message::catalogue::{
    JOB_HELD, JOB_RELEASED, JOB_REMAINS_ENDED, JOB_WAITS, PROCESSES_ENDED, STEP_ABENDED,
    STEP_STARTED, SUBMIT_FAILED,
};

use crate::world::{Jobs, eventually, within};

/// A step that writes its process into the file `pid` and sleeps.
const SLEEP: &str = "\
//SLEEPER  JOB CLASS=A
//SLEEP    EXEC PGM=BPXBATCH,PARM='SH echo $$ >pid; sleep 300 & wait'
//NEVER    EXEC PGM=IEFBR14,COND=EVEN
";

#[test]
fn hello() {
    Jobs::new().golden("hello");
}

#[test]
fn conditions() {
    Jobs::new().golden("conditions");
}

#[test]
fn datasets() {
    Jobs::new().golden("datasets");
}

#[test]
fn copies() {
    Jobs::new().golden("copies");
}

#[test]
fn generations() {
    Jobs::new().golden("generations");
}

#[test]
fn binary() {
    Jobs::new().golden("binary");
}

#[test]
fn paths() {
    Jobs::new().golden("paths");
}

#[test]
fn procedures() {
    Jobs::new().golden("procedures");
}

#[test]
fn environment() {
    Jobs::new().golden("environment");
}

#[test]
fn programs() {
    let jobs = Jobs::new();
    for folder in ["lib", "first"] {
        fs::create_dir(jobs.world.path(folder)).expect("the world's folder is writable");
    }
    let script = |text: &str| format!("#!/bin/sh\n{text}\n");
    jobs.program("lib/here", &script(r#"printf '<%s>' "$0" "$@"; echo"#));
    jobs.program("first/HERE", &script("cat"));
    jobs.program("programs/SITEPGM", &script("exit 8"));
    jobs.program("lib/SEGFAULT", &script("kill -SEGV $$"));
    jobs.world.write("lib/PLAIN", "no program");
    jobs.golden("programs");
}

#[test]
fn zoxy() {
    Jobs::new().golden("zoxy");
}

#[test]
fn commands() {
    Jobs::new().golden("commands");
}

#[test]
fn errors() {
    Jobs::new().golden("errors");
}

#[test]
fn missing() {
    let jobs = Jobs::new();
    jobs.golden("missing");
    assert_eq!(data_sets(&jobs), [""; 0], "data sets of a failed step are left behind");
}

#[test]
fn abend() {
    let jobs = Jobs::new();
    jobs.golden("abend");
    assert_eq!(data_sets(&jobs), ["TEST.FAILED"]);
}

#[test]
fn timeout() {
    Jobs::new().golden("timeout");
}

#[test]
fn jobs_of_a_deck_run_one_after_the_other() {
    let jobs = Jobs::new();
    jobs.golden("two");
    assert_eq!(jobs.zoxy(&["jobs", "wait", "SECOND"]).code, Some(8));
    assert_eq!(jobs.zoxy(&["jobs", "wait", "3"]).code, Some(0));
}

#[test]
fn an_operator_cancels_a_job() {
    let jobs = Jobs::new();
    let mut child = jobs.begin("DECK", SLEEP);
    let sleeper = pid(&jobs, "pid");
    let cancelled = jobs.zoxy(&["jobs", "cancel", "SLEEPER"]);
    assert_eq!(cancelled.code, Some(0), "{}", cancelled.err);
    let status = eventually("the job to end", || child.try_wait().expect("it is our child"));
    assert_eq!(status.code(), Some(24));
    assert_cancelled(&jobs, sleeper);
}

#[test]
fn a_signal_cancels_a_job() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let jobs = Jobs::new();
        let mut child = jobs.begin("DECK", SLEEP);
        let sleeper = pid(&jobs, "pid");
        kill_process(Pid::from_child(&child), signal).expect("it runs");
        let status = eventually("the job to end", || child.try_wait().expect("it is our child"));
        assert_eq!(status.code(), Some(24), "{signal:?}");
        assert_cancelled(&jobs, sleeper);
    }
}

#[test]
fn a_second_cancel_does_not_wait() {
    let jobs = Jobs::new();
    let mut child = jobs.begin(
        "DECK",
        "\
//STUBBORN JOB CLASS=A
//SLEEP    EXEC PGM=BPXBATCH
//STDPARM  DD  *
SH trap '' TERM; echo $$ >pid; while :; do sleep 1; done
",
    );
    let stubborn = pid(&jobs, "pid");
    let start = Instant::now();
    for _ in 0..2 {
        assert_eq!(jobs.zoxy(&["jobs", "cancel", "1"]).code, Some(0));
    }
    let status = eventually("the job to end", || child.try_wait().expect("it is our child"));
    assert_eq!(status.code(), Some(24));
    assert!(!is_there(stubborn), "the program runs on");
    assert!(start.elapsed() < Duration::from_secs(9), "it took {:?}", start.elapsed());
}

#[test]
fn a_step_that_waits_for_too_long_is_ended() {
    let mut jobs = Jobs::new();
    jobs.set("ZOXY_STEPWAIT", "1");
    let ran = jobs.submit(SLEEP);
    assert_eq!(ran.code, Some(24), "{}", ran.out);
    jobs.wait_for("JOB00001", &[&STEP_ABENDED.id(), "S522"]);
    // Without a limit of its own it may wait.
    let unlimited = "\
//FREELY   JOB CLASS=A
//SLEEP    EXEC PGM=BPXBATCH,PARM='SH sleep 3',TIME=NOLIMIT
";
    assert_eq!(jobs.submit(unlimited).code, Some(0));
}

#[test]
fn time_of_the_job_is_used_up_by_its_steps() {
    let jobs = Jobs::new();
    let ran = jobs.submit(
        "\
//LIMITED  JOB CLASS=A,TIME=(0,1)
//LOOP     EXEC PGM=BPXBATCH,PARM='SH while :; do :; done'
//NEXT     EXEC PGM=IEFBR14,COND=EVEN
",
    );
    assert_eq!(ran.code, Some(24));
    jobs.wait_for("JOB00001", &[&STEP_ABENDED.id(), "LOOP", "S322"]);
    jobs.wait_for("JOB00001", &[&STEP_ABENDED.id(), "NEXT", "S322"]);
}

#[test]
fn a_job_waits_for_the_data_sets_of_another_one() {
    let mut jobs = Jobs::new();
    let made = jobs.submit("//MAKE JOB\n//A EXEC PGM=IEFBR14\n//D DD DSN=T.A,DISP=(,CATLG)\n");
    assert_eq!(made.code, Some(0), "{}", made.err);
    let deck = |name: &str, disp: &str| {
        format!(
            "\
//{name:<8} JOB CLASS=A
//HOLD     EXEC PGM=BPXBATCH
//STDPARM  DD  *
SH echo $$ >{name}; while [ ! -e go ]; do sleep 0.1; done
/*
//DATA     DD  DSN=T.A,DISP={disp}
"
        )
    };
    let mut first = jobs.begin("DECK1", &deck("FIRST", "OLD"));
    pid(&jobs, "FIRST");
    let mut second = jobs.begin("DECK2", &deck("SECOND", "SHR"));
    jobs.wait_for("JOB00003", &[&JOB_WAITS.id(), "T.A"]);
    let listed = jobs.zoxy(&["ctl", "D A,L"]);
    assert!(listed.out.contains("WAITING") && listed.out.contains("ACTIVE"), "{}", listed.out);
    // One that may not wait is told at once.
    jobs.set("ZOXY_DSWAIT", "0");
    let third = jobs.submit(&deck("THIRD", "SHR"));
    assert_eq!(third.code, Some(20), "{}", third.out);
    fs::write(jobs.world.path("go"), "").expect("the world's folder is writable");
    for child in [&mut first, &mut second] {
        let status = eventually("a job to end", || child.try_wait().expect("it is our child"));
        assert_eq!(status.code(), Some(0));
    }
}

#[test]
fn jobs_at_once_have_numbers_and_data_sets_of_their_own() {
    let jobs = Jobs::new();
    let deck = |number: usize| {
        format!(
            "\
//JOB{number}     JOB CLASS=A
//ONE      EXEC PGM=BPXBATCH,PARM='SH echo job {number}'
//STDOUT   DD  DSN=&&TEMP,DISP=(NEW,PASS),RECFM=FB,LRECL=20
//TWO      EXEC PGM=BPXBATCH,PARM='SH cat'
//STDIN    DD  DSN=&&TEMP,DISP=(OLD,DELETE)
//STDOUT   DD  SYSOUT=*
"
        )
    };
    let mut children: Vec<_> =
        (1..=4).map(|number| jobs.begin(&format!("DECK{number}"), &deck(number))).collect();
    for child in &mut children {
        let status = eventually("a job to end", || child.try_wait().expect("it is our child"));
        assert_eq!(status.code(), Some(0));
    }
    let mut said: Vec<_> =
        (1..=4).map(|n| jobs.spooled(&format!("JOB0000{n}"), "2.TWO.STDOUT")).collect();
    said.sort();
    assert_eq!(said, ["job 1\n", "job 2\n", "job 3\n", "job 4\n"]);
}

#[test]
fn a_held_job_waits_for_its_release() {
    let jobs = Jobs::new();
    let deck = "//HELD JOB TYPRUN=HOLD\n//ONE EXEC PGM=BPXBATCH,PARM='SH exit 4'\n";
    let mut child = jobs.begin("DECK", deck);
    jobs.wait_for("JOB00001", &[&JOB_HELD.id()]);
    assert_eq!(jobs.zoxy(&["jobs", "wait", "-t", "0", "HELD"]).code, Some(28));
    assert_eq!(jobs.zoxy(&["jobs", "purge", "HELD"]).code, Some(8));
    assert_eq!(jobs.zoxy(&["jobs", "release", "HELD"]).code, Some(0));
    let status = eventually("the job to end", || child.try_wait().expect("it is our child"));
    assert_eq!(status.code(), Some(4));
    jobs.wait_for("JOB00001", &[&JOB_RELEASED.id()]);
    assert_eq!(jobs.zoxy(&["jobs", "release", "HELD"]).code, Some(8));
    assert_eq!(jobs.zoxy(&["jobs", "purge", "HELD"]).code, Some(0));
    assert_eq!(jobs.zoxy(&["jobs", "show", "HELD"]).code, Some(8));
}

#[test]
fn a_job_in_the_background_goes_on_by_itself() {
    let jobs = Jobs::new();
    jobs.deck("DECK", "//BACK JOB\n//ONE EXEC PGM=BPXBATCH,PARM='SH sleep 1; exit 4'\n");
    let ran = jobs.zoxy(&["submit", "--background", "DECK"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("BACK submitted as JOB00001"), "{}", ran.out);
    assert_eq!(jobs.zoxy(&["jobs", "wait", "JOB00001", "--timeout", "60"]).code, Some(4));
    // A deck with errors is told at once.
    jobs.deck("DECK", "//BAD JOB\n//ONE EXEC PGM=\n");
    let ran = jobs.zoxy(&["submit", "-b", "DECK"]);
    assert_eq!(ran.code, Some(20));
    assert!(ran.err.contains("DECK card 2"), "{}", ran.err);
}

#[test]
fn a_killed_job_is_seen_and_its_remains_are_ended() {
    let jobs = Jobs::new();
    let mut child = jobs.begin("DECK", SLEEP);
    let sleeper = pid(&jobs, "pid");
    child.kill().expect("it runs");
    child.wait().expect("it is our child");
    let listed = jobs.zoxy(&["jobs"]);
    assert!(listed.out.contains("LOST"), "{}", listed.out);
    assert!(is_there(sleeper), "the step lives on");
    assert_eq!(jobs.zoxy(&["jobs", "wait", "1"]).code, Some(28));
    // Nobody could end it if the job were not there.
    assert_eq!(jobs.zoxy(&["jobs", "purge", "1"]).code, Some(8));
    let cancelled = jobs.zoxy(&["jobs", "cancel", "1"]);
    assert_eq!(cancelled.code, Some(0), "{}", cancelled.out);
    assert!(cancelled.out.contains(&JOB_REMAINS_ENDED.id()), "{}", cancelled.out);
    eventually("the step to end", || (!is_there(sleeper)).then_some(()));
    assert_eq!(jobs.zoxy(&["jobs", "cancel", "1"]).code, Some(8));
    assert_eq!(jobs.zoxy(&["jobs", "purge", "1"]).code, Some(0));
}

#[test]
fn a_job_whose_spool_fails_leaves_nothing_but_its_logs() {
    let jobs = Jobs::new();
    // The status cannot be written any more.
    let ran = jobs.submit(
        "\
//BREAKS   JOB CLASS=A
//ONE      EXEC PGM=BPXBATCH
//STDPARM  DD  *
SH mkdir \"$ZOXY_SPOOL\"/JOB00001/status.new
//PASSED   DD  DSN=TEST.PASSED,DISP=(NEW,PASS)
//KEPT     DD  DSN=TEST.KEPT,DISP=(NEW,CATLG)
//TWO      EXEC PGM=IEFBR14
",
    );
    assert_eq!(ran.code, Some(28), "{}", ran.err);
    assert!(ran.err.contains(&SUBMIT_FAILED.id()), "{}", ran.err);
    jobs.wait_for("JOB00001", &[&SUBMIT_FAILED.id(), "JOB00001 broke off"]);
    let listed = jobs.zoxy(&["jobs"]);
    assert!(listed.out.contains("LOST"), "{}", listed.out);
    assert!(!jobs.world.path("spool/JOB00001/work").exists());
    assert_eq!(data_sets(&jobs), ["TEST.KEPT"]);
    assert_eq!(jobs.zoxy(&["jobs", "purge", "1"]).code, Some(0));
}

#[test]
fn a_step_leaves_no_work_files_to_the_next() {
    let jobs = Jobs::new();
    let ran = jobs.submit(
        "\
//TIDY     JOB CLASS=A
//ONE      EXEC PGM=BPXBATCH,PARM='SH test -s $DD_DATA && echo made'
//DATA     DD  *
data
//STDOUT   DD  DSN=&&OUT,DISP=(NEW,PASS),RECFM=FB,LRECL=80
//TWO      EXEC PGM=BPXBATCH,PARM='SH ls \"$ZOXY_SPOOL\"/JOB00001/work'
",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let left = jobs.spooled("JOB00001", "2.TWO.STDOUT");
    assert!(left.contains("ds") && !left.contains("ONE"), "{left}");
}

#[test]
fn sequence_numbers_in_commands_and_variables_are_refused() {
    let jobs = Jobs::new();
    let card = |(number, text)| format!("{text:<72}{number:08}\n");
    let cards = [
        "//NUMBERED JOB CLASS=A",
        "//ONE      EXEC PGM=BPXBATCH",
        "//STDPARM  DD  *",
        "SH echo ran",
        "//TWO      EXEC PGM=BPXBATCH,PARM='SH echo ran'",
        "//STDENV   DD  *",
        "WORD=a value",
        "/*",
    ];
    let deck: String = (1..).zip(cards).map(card).collect();
    let ran = jobs.submit(&deck);
    assert_eq!(ran.code, Some(16), "{}", ran.err);
    let log = jobs.zoxy(&["jobs", "show", "NUMBERED"]).out;
    for dd in ["STDPARM", "STDENV"] {
        assert!(
            log.contains(&format!("{dd} line 1: a sequence number in columns 73 to 80")),
            "{log}"
        );
    }
    assert!(!log.contains("\nran"), "{log}");
    // Digits that are elsewhere are a value like any other.
    let ran =
        jobs.submit("//DIGITS JOB\n//ONE EXEC PGM=BPXBATCH\n//STDPARM DD *\nSH echo 00000001\n");
    assert_eq!(ran.code, Some(0), "{}", ran.err);
}

#[test]
fn a_member_that_is_a_link_is_not_followed() {
    let jobs = Jobs::new();
    fs::create_dir_all(jobs.world.path("ds/TEST.LIB")).expect("the world's folder is writable");
    jobs.world.write("secret", "secret\n");
    std::os::unix::fs::symlink(jobs.world.path("secret"), jobs.world.path("ds/TEST.LIB/LINK"))
        .expect("a link can be made");
    for status in ["SHR", "OLD", "MOD"] {
        let deck = "//LINK JOB\n//ONE EXEC PGM=BPXBATCH,PARM='SH cat $DD_IN'\n";
        let ran = jobs.submit(&format!("{deck}//IN DD DSN=TEST.LIB(LINK),DISP={status}\n"));
        assert_eq!(ran.code, Some(20), "{status}: {}", ran.err);
        let shown = jobs.zoxy(&["jobs", "show", "LINK"]).out;
        assert!(shown.contains("is a symbolic link, which is not followed"), "{shown}");
        assert!(!shown.contains("secret\n"), "{shown}");
    }
    let path = jobs.zoxy(&["ds", "path", "TEST.LIB(LINK)"]);
    assert_eq!((path.code, path.out.as_str()), (Some(12), ""), "{}", path.err);
}

#[test]
fn a_step_waits_for_the_writer_of_a_pipe_and_can_be_cancelled_meanwhile() {
    let mut jobs = Jobs::new();
    let pipe = jobs.world.path("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("coreutils");
    assert!(made.success());
    let deck = format!(
        "\
//PIPES    JOB CLASS=A
//ONE      EXEC PGM=BPXBATCH,PARM='SH cat'
//STDIN    DD  PATH='{}',
//             PATHOPTS=ORDONLY
//TWO      EXEC PGM=BPXBATCH,PARM='SH echo \"$DD_BOTH\"',COND=EVEN
//BOTH     DD  *
",
        pipe.display()
    );
    let mut first = jobs.begin("DECK", &deck);
    jobs.wait_for("JOB00001", &[&STEP_STARTED.id(), "ONE"]);
    fs::write(&pipe, "through a pipe\n").expect("the step reads it");
    let status = eventually("the job to end", || first.try_wait().expect("it is our child"));
    assert_eq!(status.code(), Some(0));
    assert_eq!(jobs.spooled("JOB00001", "1.ONE.STDOUT"), "through a pipe\n");

    let mut second = jobs.begin("DECK", &deck);
    jobs.wait_for("JOB00002", &[&STEP_STARTED.id(), "ONE"]);
    assert_eq!(jobs.zoxy(&["jobs", "cancel", "2"]).code, Some(0));
    let status = eventually("the job to end", || second.try_wait().expect("it is our child"));
    assert_eq!(status.code(), Some(24));
    jobs.wait_for("JOB00002", &["PIPES ended, ABEND S222"]);

    // Nobody comes.
    jobs.set("ZOXY_STEPWAIT", "1");
    let ran = jobs.submit(&deck);
    assert_eq!(ran.code, Some(24), "{}", ran.out);
    jobs.wait_for("JOB00003", &[&STEP_ABENDED.id(), "S013", "STDIN", "ZOXY_STEPWAIT"]);
}

#[test]
fn a_procedure_that_is_no_file_is_told() {
    let jobs = Jobs::new();
    fs::create_dir(jobs.world.path("proclib/FOLDER")).expect("the world's folder is writable");
    let pipe = jobs.world.path("proclib/PIPE");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().expect("coreutils");
    assert!(made.success());
    for name in ["FOLDER", "PIPE"] {
        let ran = jobs.submit(&format!("//NOFILE JOB\n//ONE EXEC {name}\n"));
        assert_eq!(ran.code, Some(20), "{name}");
        assert!(ran.err.contains(&format!("proclib/{name}: it is not a file")), "{}", ran.err);
    }
}

#[test]
fn a_job_without_a_good_name_has_none() {
    let jobs = Jobs::new();
    let ran = jobs.submit("//TOOLONGNAME JOB\n//STEP EXEC PGM=IEFBR14\n");
    assert_eq!(ran.code, Some(20));
    assert!(ran.out.contains("JOB00001 NONAME: JCL ERROR"), "{}", ran.out);
}

#[test]
fn what_a_step_leaves_running_ends_with_it_unless_it_is_a_daemon() {
    let jobs = Jobs::new();
    let ran = jobs.submit(
        "\
//LEAVES   JOB CLASS=A
//ONE      EXEC PGM=BPXBATCH
//STDPARM  DD  *
SH nohup sh -c 'echo $$ >child; sleep 300' >/dev/null 2>&1 &
setsid sh -c 'echo $$ >daemon; sleep 300' >/dev/null 2>&1 &
while [ ! -s child ] || [ ! -s daemon ]; do sleep 0.1; done
",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let (child, daemon) = (pid(&jobs, "child"), pid(&jobs, "daemon"));
    jobs.wait_for("JOB00001", &[&PROCESSES_ENDED.id()]);
    let (child_lives, daemon_lives) = (is_there(child), is_there(daemon));
    let _ = rustix::process::kill_process_group(daemon, Signal::KILL);
    assert!(!child_lives && daemon_lives);
}

#[test]
fn decks_come_from_standard_input_and_from_data_sets() {
    let jobs = Jobs::new();
    let deck = "//STDIN JOB\n//ONE EXEC PGM=BPXBATCH,PARM='SH exit 3'\n";
    let mut child = jobs
        .command(&["submit", "-q", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("zoxy can be started");
    let mut input = child.stdin.take().expect("it is a pipe");
    input.write_all(deck.as_bytes()).expect("zoxy reads it");
    drop(input);
    assert_eq!(child.wait().expect("it is our child").code(), Some(4));
    let made = jobs.submit(
        "\
//MAKE     JOB CLASS=A
//COPY     EXEC PGM=IEBGENER
//SYSPRINT DD  SYSOUT=*
//SYSIN    DD  DUMMY
//SYSUT1   DD  DATA
//INNER    JOB CLASS=A
//ONE      EXEC PGM=BPXBATCH,PARM='SH exit 8'
/*
//SYSUT2   DD  DSN=TEST.JCL(INNER),DISP=(NEW,CATLG)
",
    );
    assert_eq!(made.code, Some(0), "{}", made.out);
    let ran = jobs.zoxy(&["submit", "-q", "//'TEST.JCL(INNER)'"]);
    assert_eq!(ran.code, Some(8), "{}", ran.err);
    let ran = jobs.zoxy(&["submit", "-q", "//'TEST.JCL(NOSUCH)'"]);
    assert_eq!(ran.code, Some(28), "{}", ran.out);
}

#[test]
fn every_command_has_a_help_of_80_columns() {
    let jobs = Jobs::new();
    for command in ["submit", "jobs", "start", "stop", "modify", "ctl"] {
        let ran = jobs.zoxy(&[command, "--help"]);
        assert_eq!(ran.code, Some(0), "{command}");
        assert!(ran.out.contains("Return codes"), "{}", ran.out);
        assert!(ran.out.lines().all(|line| line.len() <= 80), "{}", ran.out);
    }
}

#[test]
fn wrong_commands_are_told() {
    let jobs = Jobs::new();
    for (arguments, code, text) in [
        (&["submit"][..], 28, "one deck"),
        (&["submit", "nosuch"], 28, "nosuch cannot be read"),
        (&["jobs", "show", "17"], 8, "there is no job 17"),
        (&["jobs", "wait", "17"], 28, "there is no job 17"),
        (&["jobs", "nonsense"], 8, "nonsense"),
        (&["jobs", "cancel", "NOSUCH"], 8, "NOSUCH is not active"),
        (&["start", "1BAD"], 8, "is no name"),
        (&["stop", "NOSUCH"], 8, "NOSUCH is not active"),
        (&["modify", "NOSUCH"], 8, "expected NAME,COMMAND"),
    ] {
        let ran = jobs.zoxy(arguments);
        assert_eq!(ran.code, Some(code), "{arguments:?}: {}", ran.err);
        assert!((ran.err + &ran.out).contains(text), "{arguments:?}");
    }
}

/// The process whose number a step has written into a file.
#[track_caller]
fn pid(jobs: &Jobs, file: &str) -> Pid {
    let number = within(Duration::from_secs(60), file, || {
        fs::read_to_string(jobs.world.path(file)).ok()?.trim().parse().ok()
    });
    Pid::from_raw(number).expect("a process has a number")
}

/// Whether a process runs; one that has ended and waits for its parent does not.
fn is_there(process: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero()));
    test_kill_process(process).is_ok() && !stat.is_ok_and(|stat| stat.contains(") Z "))
}

#[track_caller]
fn assert_cancelled(jobs: &Jobs, process: Pid) {
    assert!(!is_there(process), "the program runs on");
    let log = jobs.spooled("JOB00001", "JESMSGLG");
    assert!(log.contains("ABEND S222"), "{log}");
    assert!(!log.contains(&format!("{} step NEVER", STEP_STARTED.id())), "{log}");
    assert!(!jobs.world.path("spool/JOB00001/work").exists(), "the work folder is left behind");
}

fn data_sets(jobs: &Jobs) -> Vec<String> {
    let Ok(entries) = fs::read_dir(Path::new(&jobs.world.path("ds"))) else { return Vec::new() };
    let names = entries.map(|entry| entry.expect("it can be read").file_name());
    let mut names: Vec<_> = names.filter_map(|name| name.into_string().ok()).collect();
    names.retain(|name| !name.starts_with('.') && !name.ends_with(".attr"));
    names.sort();
    names
}
