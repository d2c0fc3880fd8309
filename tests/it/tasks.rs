//! Started tasks: `zoxy start`, `stop`, `modify`, `ctl 'D A,L'`, and COMMAND statements of jobs.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process_group};
use zoxy::message::catalogue::{PROGRAM_READY, REFRESHED, STOPPED, TASK_NO_CONSOLE};

use crate::world::{Deck, Jobs, Server, cards, eventually, free_port, socks};

/// The procedure of a proxy, with the deck in a file.
const PROXY: &str = "\
//PROXY    PROC DECK=,OPT=
//RUN      EXEC PGM=ZOXY,PARM='RUN &OPT',TIME=NOLIMIT
//CONFIG   DD  PATH='&DECK',PATHOPTS=ORDONLY
//SYSPRINT DD  SYSOUT=*
";

/// A task that is no proxy.
const SLEEPER: &str = "\
//SLEEPER  PROC
//ONE      EXEC PGM=BPXBATCH,PARM='SH sleep 300'
";

/// Jobs with both procedures, and a deck that connects everything directly.
struct Scene {
    jobs: Jobs,
    port: u16,
    deck: String,
}

impl Scene {
    fn new() -> Self {
        let jobs = Jobs::new();
        jobs.deck("proclib/PROXY", PROXY);
        jobs.deck("proclib/SLEEPER", SLEEPER);
        let port = free_port();
        let scene = Self { deck: jobs.world.path("deck").display().to_string(), jobs, port };
        scene.write_deck("ALL");
        scene
    }

    fn write_deck(&self, filter: &str) {
        let console = self.jobs.world.path("console").display().to_string();
        let deck = Deck::new().listen("DOOR", self.port).set("*", "CONSOLE", &console);
        self.jobs.deck("deck", deck.filter(filter, "DIRECT", "", "*", "*").text());
    }

    fn start(&self) {
        let ran = self.jobs.zoxy(&["start", &format!("PROXY,DECK='{}'", self.deck)]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
        assert!(ran.out.contains("PROXY started as STC00001"), "{}", ran.out);
    }

    fn log(&self) -> String {
        self.jobs.spooled("STC00001", "1.STARTING.RUN.SYSPRINT")
    }
}

#[test]
fn a_proxy_is_started_operated_and_stopped() {
    let scene = Scene::new();
    let Scene { jobs, port, .. } = &scene;
    let echo = Server::echo();
    scene.start();
    // It was ready before the command ended.
    socks::connect(*port, echo.address);
    jobs.wait_for("STC00001", &[&PROGRAM_READY.id(), "ZOXY"]);

    let again = jobs.zoxy(&["start", &format!("PROXY,DECK='{}'", scene.deck)]);
    assert_eq!(again.code, Some(8));
    assert!(again.err.contains("PROXY runs already as STC00001"), "{}", again.err);

    let listed = jobs.zoxy(&["ctl", "D A,L"]);
    assert_eq!(listed.code, Some(0));
    let line = listed.out.lines().find(|line| line.contains("STC00001")).unwrap_or_default();
    assert!(line.contains("PROXY") && line.contains("ACTIVE"), "{}", listed.out);

    scene.write_deck("OTHER");
    let ran = jobs.zoxy(&["modify", "PROXY,REFRESH"]);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    assert!(scene.log().contains(&REFRESHED.id()), "{}", scene.log());
    let ran = jobs.zoxy(&["ctl", "F PROXY,D FILTERS"]);
    assert!(ran.out.contains("OTHER"), "{}{}", ran.out, ran.err);

    let ran = jobs.zoxy(&["stop", "proxy"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    assert!(ran.out.contains("PROXY STC00001 ended, CC 0000"), "{}", ran.out);
    assert!(scene.log().contains(&STOPPED.id()), "{}", scene.log());
    let log = jobs.spooled("STC00001", "JESMSGLG");
    assert_eq!(log.matches(&PROGRAM_READY.id()).count(), 1, "{log}");
    assert_eq!(jobs.zoxy(&["stop", "PROXY"]).code, Some(8));
    let listed = jobs.zoxy(&["ctl", "D A,L"]);
    assert!(listed.out.contains("END OF A, 0 OF 0"), "{}", listed.out);
}

#[test]
fn tasks_of_one_procedure_have_names_of_their_own() {
    let scene = Scene::new();
    let jobs = &scene.jobs;
    for operands in ["SLEEPER", "SLEEPER.TWO", "SLEEPER,JOBNAME=THREE"] {
        let ran = jobs.zoxy(&["start", operands]);
        assert_eq!(ran.code, Some(0), "{}", ran.err);
    }
    assert_eq!(jobs.zoxy(&["start", "SLEEPER.TWO"]).code, Some(8));
    // No command reaches a program that is no zoxy; P and C do.
    let ran = jobs.zoxy(&["modify", "TWO,REFRESH"]);
    assert!(ran.code == Some(8) && ran.err.contains(&TASK_NO_CONSOLE.id()), "{}", ran.err);
    let ran = jobs.zoxy(&["ctl", "P TWO"]);
    assert!(ran.code == Some(0) && ran.out.contains("TWO STC00002 ended, CC 0000"), "{}", ran.out);
    assert_eq!(jobs.zoxy(&["ctl", "C THREE"]).code, Some(0));
    assert_eq!(jobs.zoxy(&["jobs", "wait", "THREE"]).code, Some(24));
    // The name is free again.
    assert_eq!(jobs.zoxy(&["start", "SLEEPER.TWO"]).code, Some(0));
    for name in ["SLEEPER", "TWO"] {
        assert_eq!(jobs.zoxy(&["stop", name]).code, Some(0));
    }
}

#[test]
fn a_task_outlives_the_shell_that_started_it() {
    let scene = Scene::new();
    let jobs = &scene.jobs;
    // A shell in a session of its own starts the task, and the whole session is hung up.
    let zoxy = crate::world::proxy::words().join(" ");
    let script = format!("{zoxy} start SLEEPER >started 2>&1; sleep 300");
    let mut shell = jobs.command(&[]);
    let environment: Vec<_> = shell
        .get_envs()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.to_owned())))
        .collect();
    shell = std::process::Command::new("setsid");
    shell.args(["sh", "-c", &script]).envs(environment).current_dir(jobs.world.path(""));
    let mut shell = shell.stdin(Stdio::null()).spawn().expect("setsid can be run");
    eventually("the task to be started", || {
        let said = fs::read_to_string(jobs.world.path("started")).unwrap_or_default();
        said.contains("started as").then_some(())
    });
    let session = Pid::from_child(&shell);
    kill_process_group(session, Signal::HUP).expect("the shell runs");
    kill_process_group(session, Signal::KILL).expect("the shell runs");
    shell.wait().expect("it is our child");
    let listed = jobs.zoxy(&["ctl", "D A,L"]);
    assert!(listed.out.contains("STC00001 SLEEPER"), "{}", listed.out);
    assert_eq!(jobs.zoxy(&["stop", "SLEEPER"]).code, Some(0));
}

#[test]
fn a_task_that_cannot_start_is_told() {
    let scene = Scene::new();
    let jobs = &scene.jobs;
    let ran = jobs.zoxy(&["start", "NOSUCH"]);
    assert_eq!(ran.code, Some(8));
    assert!(ran.err.contains("NOSUCH not started, JCL ERROR"), "{}", ran.err);
    // The proxy's deck has an error: the task ends at once.
    jobs.deck("deck", "NONSENSE\n");
    let ran = jobs.zoxy(&["start", &format!("PROXY,DECK='{}'", scene.deck)]);
    assert_eq!(ran.code, Some(8));
    assert!(ran.err.contains("PROXY STC00002 ended, CC 0008"), "{}", ran.err);
    // Its DD names a file that is not there.
    let ran = jobs.zoxy(&["start", "PROXY,DECK='/nonexistent'"]);
    assert!(ran.code == Some(8) && ran.err.contains("JCL ERROR"), "{}", ran.err);
}

#[test]
fn jobs_start_and_stop_tasks() {
    let scene = Scene::new();
    let Scene { jobs, port, deck } = &scene;
    let parm = cards(&format!("//         PARM='START PROXY,DECK=''{deck}'''"));
    let ran = jobs.submit(&format!(
        "\
//OPERATE  JOB CLASS=A
//         COMMAND 'S SLEEPER'
//START    EXEC PGM=ZOXY,
{parm}
//SYSPRINT DD  SYSOUT=*
//STATUS   EXEC PGM=ZOXY,PARM='MODIFY PROXY,D STATUS'
//SYSPRINT DD  SYSOUT=*
"
    ));
    assert_eq!(ran.code, Some(0), "{}\n{}", ran.out, jobs.zoxy(&["jobs", "show", "1"]).out);
    jobs.wait_for("JOB00001", &["SLEEPER started as STC00002"]);
    assert!(jobs.spooled("JOB00001", "2.STATUS.SYSPRINT").contains("running"));
    // Both live on after the job.
    let echo = Server::echo();
    socks::connect(*port, echo.address);
    let ran = jobs.submit(
        "\
//STOP     JOB CLASS=A
//         COMMAND 'P SLEEPER'
//STOP     EXEC PGM=ZOXY,PARM='STOP PROXY'
//SYSPRINT DD  SYSOUT=*
",
    );
    assert_eq!(ran.code, Some(0), "{}", ran.out);
    assert!(jobs.spooled("JOB00004", "1.STOP.SYSPRINT").contains("ended, CC 0000"));
    jobs.wait_for("JOB00004", &["SLEEPER STC00002 ended, CC 0000"]);
}

#[test]
fn a_stop_has_a_bound() {
    let scene = Scene::new();
    let jobs = &scene.jobs;
    jobs.deck(
        "proclib/STUBBORN",
        "\
//STUBBORN PROC
//ONE      EXEC PGM=BPXBATCH,
//         PARM='SH trap : TERM; touch set; while :; do sleep 1; done'
",
    );
    assert_eq!(jobs.zoxy(&["start", "STUBBORN"]).code, Some(0));
    eventually("the trap to be set", || Path::new(&jobs.world.path("set")).exists().then_some(()));
    let ran = jobs.zoxy(&["stop", "-t", "1", "STUBBORN"]);
    assert!(ran.code == Some(12) && ran.err.contains("not ended within 1 s"), "{}", ran.err);
    for _ in 0..2 {
        assert_eq!(jobs.zoxy(&["ctl", "C STUBBORN"]).code, Some(0));
    }
    let code = jobs.zoxy(&["jobs", "wait", "STUBBORN", "-t", "60"]).code;
    assert_eq!(code, Some(24));
}
