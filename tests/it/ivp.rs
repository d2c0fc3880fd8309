//! The jobs of `jcl/` as they are shipped, edited where they are marked: the installation verification,
//! start, refresh and stop, and those that drive a zoxy elsewhere by SSH. As text, and as FB 80 records
//! in EBCDIC.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use zoxy::message::catalogue::{FTP_TRANSFER, READY, REFRESHED, STOPPED};

use crate::world::{
    Deck, Ftpd, Jobs, Server, Sshd, account, cards, free_port, program, proxy, python, run, socks,
    text,
};

/// The project.
const PROJECT: &str = env!("CARGO_MANIFEST_DIR");

/// How members are stored.
#[derive(Clone, Copy, PartialEq)]
enum Stored {
    /// Lines, in UTF-8.
    Text,
    /// Fixed records of 80 bytes, in IBM-1047.
    Ebcdic,
}

#[test]
fn the_installation_is_verified_from_text() {
    verify(Stored::Text);
}

#[test]
fn the_installation_is_verified_from_ebcdic() {
    verify(Stored::Ebcdic);
}

fn verify(stored: Stored) {
    let jobs = with_procedure(stored);
    let (sshd, ftpd) = (Sshd::start(&jobs.world, &[]), Ftpd::start(&jobs.world, &[]));
    let (user, door) = (account(), free_port());
    let console = jobs.world.path("ivp.sock").display().to_string();
    let identity = jobs.world.identity().display().to_string();
    let deck = sample("ZOXYIVP");
    let deck = deck
        .replace("SOCKS    1080", &format!("SOCKS    {door}"))
        .replace("22    ssh.example.com", &format!("{:<5} 127.0.0.1", sshd.port))
        .replace("USER         zoxyivp", &format!("USER         {}", user.name))
        .replace("HOSTKEY  IVPSSH   ", &format!("HOSTKEY  IVPSSH   {}\n*", sshd.fingerprint()))
        .replace("NNN 21          ftp.example.com", &format!("NNN {:<11} 127.0.0.1", ftpd.port));
    let deck = set_card(&deck, "IDENTITY", &identity);
    let deck = set_card(&deck, "CONSOLE", &console);
    store(&jobs, stored, "ZOXY.PARMLIB(ZOXYIVP)", &deck);
    let netrc = format!("machine 127.0.0.1 login {} password {}\n", user.name, user.password);
    let netrc = jobs.world.write("netrc", netrc).display().to_string();
    let ftp = format!("127.0.0.1:{}", ftpd.port);
    let job = member("ZOXYIVP");
    let job = edited(&job, &[("DOOR", &door.to_string()), ("FTP", &ftp), ("NETRC", &netrc)]);
    store(&jobs, stored, "ZOXY.JCL(ZOXYIVP)", &job);

    let ran = jobs.zoxy(&["submit", "-q", "//'ZOXY.JCL(ZOXYIVP)'"]);
    let shown = || jobs.zoxy(&["jobs", "show", "1"]).out + &jobs.zoxy(&["jobs", "show", "2"]).out;
    assert_eq!(ran.code, Some(0), "{}{}{}", ran.out, ran.err, shown());
    // It proved what it is there for: both transfers went through SSH, the same bytes came back.
    let log = jobs.spooled("STC00002", "1.STARTING.ZOXY.SYSPRINT");
    for (command, count) in [("STOR", 1), ("RETR", 1)] {
        let lines = log.lines().filter(|line| line.contains(&FTP_TRANSFER.id()));
        assert_eq!(lines.filter(|line| line.contains(command)).count(), count, "{log}");
    }
    assert!(log.contains(&STOPPED.id()), "{log}");
    let sent = fs::read(ftpd.folder.join("zoxy.ivp")).expect("the file is at the FTP server");
    assert_eq!(sent.len(), 3 * 80);
    let netrc_word = format!("password {}", user.password);
    assert!(!shown().contains(&netrc_word), "the password is in the spool");
}

#[test]
fn a_proxy_is_started_refreshed_and_stopped_by_jobs() {
    for stored in [Stored::Text, Stored::Ebcdic] {
        let jobs = with_procedure(stored);
        let (port, echo) = (free_port(), Server::echo());
        let console = jobs.world.path("console").display().to_string();
        let deck = |action: &str| {
            let deck = Deck::new().listen("DOOR", port).set("*", "CONSOLE", &console);
            deck.filter("ALL", action, "", "*", "*").text().to_owned()
        };
        store(&jobs, stored, "ZOXY.PARMLIB(ZOXY)", &deck("DIRECT"));
        for name in ["ZOXYSTRT", "ZOXYREFR", "ZOXYSTOP"] {
            store(&jobs, stored, &format!("ZOXY.JCL({name})"), &member(name));
        }
        let submit = |name: &str| jobs.zoxy(&["submit", "-q", &format!("//'ZOXY.JCL({name})'")]);
        let show = || jobs.zoxy(&["jobs", "show", "STC00002"]).out;
        let ran = submit("ZOXYSTRT");
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, show());
        socks::connect(port, echo.address);
        assert!(show().contains(&READY.id()));

        store(&jobs, stored, "ZOXY.PARMLIB(ZOXY)", &deck("BLOCK"));
        assert_eq!(submit("ZOXYREFR").code, Some(0));
        assert!(show().contains(&REFRESHED.id()));
        assert!(socks::try_connect(port, echo.address).is_err(), "the new deck is not in force");
        // A deck with errors is found before the proxy is asked.
        store(&jobs, stored, "ZOXY.PARMLIB(ZOXY)", "NONSENSE\n");
        assert_eq!(submit("ZOXYREFR").code, Some(8));

        assert_eq!(submit("ZOXYSTOP").code, Some(0));
        assert!(show().contains("ended, CC 0000"), "{}", show());
    }
}

#[test]
fn a_zoxy_beside_zos_is_driven_by_jobs() {
    for stored in [Stored::Text, Stored::Ebcdic] {
        let jobs = Jobs::new();
        let there = jobs.world.shared_folder("there");
        let (port, echo) = (free_port(), Server::echo());
        let path = |name: &str| there.join(name).display().to_string();
        // What is installed over there: zoxy, and the way it is started.
        let words = proxy::words();
        let (binary, runner) = words.split_last().expect("there is a binary");
        fs::copy(binary, there.join("binary")).expect("the binary can be copied");
        let zoxy = format!("#!/bin/sh\nexec {} {} \"$@\"\n", runner.join(" "), path("binary"));
        jobs.program("there/zoxy", &zoxy);
        let start = format!(
            "#!/bin/sh\ntimeout 300 zoxy run -c {} >{} 2>&1 </dev/null &\n",
            path("DECK"),
            path("log")
        );
        jobs.program("there/start-zoxy", &start);
        let environment = format!("SetEnv PATH={}:/usr/bin:/bin", there.display());
        let sshd = Sshd::start(&jobs.world, &[&environment]);
        let config = format!(
            "Host zcx\nHostName 127.0.0.1\nPort {}\nUser {}\nIdentityFile {}\n\
             StrictHostKeyChecking no\nUserKnownHostsFile /dev/null\nLogLevel ERROR\n",
            sshd.port,
            account().name,
            jobs.world.identity().display()
        );
        jobs.world.write("ssh", config);
        let deck = |action: &str| {
            let deck = Deck::new().listen("DOOR", port).set("*", "CONSOLE", &path("console"));
            deck.filter("ALL", action, "", "*", "*").text().to_owned()
        };
        fs::write(there.join("DECK"), deck("BLOCK")).expect("the folder is ours");
        jobs.program("there/DECK", &deck("BLOCK"));
        store(&jobs, stored, "ZOXY.PARMLIB(ZOXY)", &deck("DIRECT"));
        let temporary = jobs.world.path("deck.send").display().to_string();
        let edits = [
            ("SSH", "-F ssh zcx"),
            ("THERE", &path("DECK")),
            ("CALL", ""),
            ("START", "start-zoxy"),
            ("TEMP", &temporary),
        ];
        for name in ["ZCXSTRT", "ZCXDECK", "ZCXSTOP"] {
            store(&jobs, stored, &format!("ZOXY.JCL({name})"), &edited(&member(name), &edits));
        }
        let submit = |name: &str, number: &str| {
            let ran = jobs.zoxy(&["submit", "-q", &format!("//'ZOXY.JCL({name})'")]);
            let shown = || jobs.zoxy(&["jobs", "show", number]).out;
            assert_eq!(ran.code, Some(0), "{name}: {}{}", ran.err, shown());
        };
        submit("ZCXSTRT", "1");
        assert!(socks::try_connect(port, echo.address).is_err(), "the deck over there blocks all");
        submit("ZCXDECK", "2");
        socks::connect(port, echo.address);
        submit("ZCXSTOP", "3");
        assert!(!jobs.world.path("deck.send").exists(), "the deck's copy is left behind");
    }
}

/// A checker that is not ours; tests/run installs it.
#[test]
fn the_jobs_are_valid_for_another_checker() {
    let checker = Path::new(PROJECT).join("target/jcl-parser");
    assert!(
        checker.is_dir(),
        "jcl-parser is missing: python3 -m pip install --target target/jcl-parser jcl-parser"
    );
    let mut names: Vec<_> = fs::read_dir(Path::new(PROJECT).join("jcl"))
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .collect();
    names.sort();
    assert!(names.len() >= 8, "{names:?}");
    let validate = |path: &Path| {
        run(Command::new(python())
            .env("PYTHONPATH", &checker)
            .args(["-m", "jclparser", "--validate"])
            .arg(path))
    };
    for path in &names {
        let name = path.file_name().expect("it has one").to_string_lossy();
        let deck = fs::read_to_string(path).expect("it is text");
        assert!(name.len() <= 8 && deck.lines().all(|card| card.len() <= 72), "{name}");
        let output = validate(path);
        assert!(output.status.success(), "{name}: {}", text(&output.stdout));
    }
    // It does find errors.
    let jobs = Jobs::new();
    let wrong = jobs.deck("WRONG", &member("ZOXYIVP").replace("DISP=(NEW,PASS)", "DISP=(NEW,PASS"));
    assert!(!validate(&wrong).status.success());
}

/// As docs/jobs.md says, for those who keep them on z/OS.
#[test]
fn every_member_becomes_fb_80_in_ebcdic_and_text_again() {
    let jobs = Jobs::new();
    let jcl = Path::new(PROJECT).join("jcl");
    for (command, from, to) in [
        ("convert", jcl.to_str().expect("a plain path"), "//'ZOXY.JCL'"),
        ("copy", "//'ZOXY.JCL'", "binary"),
        ("convert", "//'ZOXY.JCL'", "text"),
    ] {
        let ran = jobs.zoxy(&["ds", command, from, to]);
        assert_eq!(ran.code, Some(0), "{command}: {}", ran.err);
    }
    for entry in fs::read_dir(&jcl).expect("the folder is there") {
        let name = entry.expect("it can be read").file_name();
        let name = name.to_str().expect("a plain name");
        let deck = member(name);
        let binary = fs::read(jobs.world.path("binary").join(name)).expect("the member is there");
        assert_eq!(binary.len(), deck.lines().count() * 80, "{name}");
        assert_eq!(binary[..2], [0x61, 0x61], "{name}: // in EBCDIC");
        let text = fs::read_to_string(jobs.world.path("text").join(name));
        assert_eq!(text.expect("the member is there"), deck, "{name}");
    }
}

/// Jobs whose procedure library has ZOXY.
fn with_procedure(stored: Stored) -> Jobs {
    let mut jobs = Jobs::new();
    jobs.set("ZOXY_PROCLIB", "//'SYS1.PROCLIB'");
    store(&jobs, stored, "SYS1.PROCLIB(ZOXY)", &member("ZOXY"));
    program("curl", "curl");
    jobs
}

pub fn member(name: &str) -> String {
    fs::read_to_string(Path::new(PROJECT).join("jcl").join(name)).expect("the member is there")
}

pub fn sample(name: &str) -> String {
    fs::read_to_string(Path::new(PROJECT).join("samples").join(name)).expect("the sample is there")
}

/// A job with the values of its SET statements that are marked.
#[track_caller]
pub fn edited(job: &str, values: &[(&str, &str)]) -> String {
    let lines = job.lines().map(|line| {
        let set =
            values.iter().find(|(name, _)| line.starts_with(&format!("//         SET {name}=")));
        match set {
            Some((name, value)) => {
                assert!(line.ends_with("<== EDIT"), "{line} is not marked");
                cards(&format!("//         SET {name}='{value}'"))
            }
            None => line.to_owned(),
        }
    });
    lines.map(|line| line + "\n").collect()
}

/// A deck with another value of a SET card, continued where it is long.
fn set_card(deck: &str, keyword: &str, value: &str) -> String {
    let mut changed = String::new();
    for line in deck.lines() {
        if !(line.starts_with("SET")
            && line.get(18..).is_some_and(|rest| rest.starts_with(keyword)))
        {
            changed.push_str(line);
            changed.push('\n');
            continue;
        }
        let mut card = format!("{:<31}{value}", &line[..31]);
        while card.len() > 71 {
            let rest = card.split_off(71);
            changed.push_str(&format!("{card}+\n"));
            card = format!("{:31}{rest}", "");
        }
        changed.push_str(&format!("{card}\n"));
    }
    changed
}

/// Puts a member into a library.
#[track_caller]
fn store(jobs: &Jobs, stored: Stored, member: &str, content: &str) {
    let file: PathBuf = jobs.deck("member", content);
    let (file, to) = (file.display().to_string(), format!("//'{member}'"));
    let arguments = match stored {
        Stored::Text => ["ds", "copy", "--replace", &file, &to],
        Stored::Ebcdic => ["ds", "convert", "--replace", &file, &to],
    };
    let ran = jobs.zoxy(&arguments);
    assert_eq!(ran.code, Some(0), "{member}: {}{}", ran.out, ran.err);
    if stored == Stored::Ebcdic {
        let library = member.split('(').next().unwrap_or_default();
        let name = member.trim_end_matches(')').rsplit('(').next().unwrap_or_default();
        let path = jobs.world.path("ds").join(library).join(name);
        let bytes = fs::read(path).expect("the member is there");
        assert!(bytes.len() % 80 == 0 && bytes.contains(&0x40), "{member} is not FB 80 in EBCDIC");
    }
}
