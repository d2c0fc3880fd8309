//! The batch FTP jobs of `jcl/` as they are shipped, edited where they are marked, through zoxy, sshd
//! and vsftpd.

use std::fs;
use std::net::Ipv4Addr;

use zoxy::message::catalogue::{BATCH_ENDED, BATCH_TRANSFERRED, FTP_TRANSFER};

use crate::ivp::{edited, member, sample};
use crate::world::ftp_scene::{SshHost, filter, profile};
use crate::world::{FtpScene, Ftpd, Jobs, Ran, Socks, Sshd, Zoxy, account, free_port, translate};

/// The three lines of FTPPUT's data.
const LINES: [&str; 3] = [
    "RECORDS OF THE BATCH FTP JOBS",
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ abcdefghijklmnopqrstuvwxyz 0123456789",
    ". < ( + ) ; - / , % _ > ? : ' = \"",
];

/// A place where the samples are members of ZOXY.PARMLIB, edited for a proxy at `door`.
struct Shop {
    jobs: Jobs,
}

impl Shop {
    fn new() -> Self {
        let mut jobs = Jobs::new();
        jobs.set("ZOXY_PREFIX", "SHOP");
        Self { jobs }
    }

    /// Stores FTP.DATA and the SOCKS configuration.
    fn configure(&self, version: Socks, door: u16) {
        let keyword = if version == Socks::V4 { "SOCKD4" } else { "SOCKD5" };
        let socks = sample("SOCKS").replace("SOCKD5 ", &format!("{keyword} "));
        let socks = socks.replace("127.0.0.1:1080", &format!("127.0.0.1:{door}"));
        for (name, content) in
            [("SOCKS", socks), ("FTPDATA", sample("FTPDATA")), ("FTPDATAP", sample("FTPDATAP"))]
        {
            self.store(&format!("ZOXY.PARMLIB({name})"), &content);
        }
    }

    #[track_caller]
    fn store(&self, name: &str, content: &str) {
        let file = self.jobs.deck("content", content).display().to_string();
        let name = format!("//'{name}'");
        let ran = self.jobs.zoxy(&["ds", "convert", "--replace", &file, &name]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    }

    /// Submits a job of `jcl/` with these values.
    fn submit(&self, name: &str, values: &[(&str, &str)]) -> Ran {
        self.jobs.submit(&edited(&member(name), values))
    }

    /// Everything of the newest job of that name.
    fn shown(&self, name: &str) -> String {
        self.jobs.zoxy(&["jobs", "show", name]).out
    }

    fn bytes(&self, path: &str) -> Vec<u8> {
        let path = self.jobs.world.path("ds").join(path);
        fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    }
}

fn records(lines: &[&str]) -> Vec<u8> {
    let text: String = lines.iter().map(|line| format!("{line:<80}")).collect();
    translate(&text, "IBM1047")
}

fn variable(lines: &[&str]) -> Vec<u8> {
    let record = |line: &&str| {
        let text = translate(line, "IBM1047");
        let length = u16::try_from(text.len() + 4).expect("it is short").to_be_bytes();
        [&length[..], &[0, 0], &text].concat()
    };
    lines.iter().flat_map(record).collect()
}

fn text(lines: &[&str]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

#[test]
fn files_are_put_fetched_and_appended() {
    for version in [Socks::V4, Socks::V5] {
        let shop = Shop::new();
        let world = &shop.jobs.world;
        let scene = FtpScene::start(world);
        shop.configure(version, scene.port);
        let there = |name: &str| fs::read_to_string(scene.ftpd.folder.join(name));
        let ftp = format!("127.0.0.1 {}", scene.ftpd.port);
        let netrc = world
            .write(
                "netrc",
                format!(
                    "machine 127.0.0.1 login {} password {}\n",
                    account().name,
                    account().password
                ),
            )
            .display()
            .to_string();
        let usual = [("FTP", ftp.as_str()), ("NETRC", netrc.as_str())];
        let done = |name: &str| {
            let ran = shop.submit(name, &usual);
            assert_eq!(ran.code, Some(0), "{}{}{}", ran.out, ran.err, shop.shown(name));
            let shown = shop.shown(name);
            assert!(!shown.contains(&account().password), "{name}: a password is in the spool");
            shown
        };

        let shown = done("FTPPUT");
        assert!(shop.jobs.spooled("JOB00001", "3.SENT.STDOUT").contains("sent"), "{shown}");
        assert!(shown.contains(">>> PORT "), "{shown}");
        assert_eq!(there("daily.txt").expect("it was sent"), text(&LINES));
        assert!(there("daily.part").is_err());
        let sent = fs::read(scene.ftpd.folder.join("daily.bin")).expect("it was sent");
        let plain: String = LINES.iter().map(|line| format!("{line:<80}")).collect();
        assert!(sent == plain.as_bytes(), "{shown}");

        let shown = done("FTPGET");
        assert!(shown.contains(">>> PASV") && !shown.contains(">>> PORT "), "{shown}");
        assert!(shop.bytes("ZOXY.FTP.LINES") == variable(&LINES));
        assert!(shop.bytes("ZOXY.FTP.LIBRARY/DAILY") == records(&LINES));
        assert!(shop.bytes("ZOXY.FTP.COPY") == sent);

        let more = [&LINES[..], &LINES, &["ONE RECORD MORE"]].concat();
        done("FTPAPP");
        assert!(shop.bytes("ZOXY.FTP.ALL") == variable(&more));
        // Once more: what comes goes behind what is there.
        done("FTPAPP");
        assert!(shop.bytes("ZOXY.FTP.ALL") == variable(&[&more[..], &more].concat()));
        assert!(there("all.txt").is_err(), "it was deleted");

        // It was all by the proxy, and by nothing else: what sshd opened is all that vsftpd saw.
        assert_eq!(scene.zoxy.log.count(&[&FTP_TRANSFER.id(), "COMPLETE"]), 13);
    }
}

#[test]
fn several_hosts_are_served_by_one_step() {
    let shop = Shop::new();
    let world = &shop.jobs.world;
    let sshd = Sshd::start(world, &[]);
    let port = free_port();
    let (one, two) = (crate::world::World::new(), crate::world::World::new());
    let servers = [Ftpd::start(&one, &[]), Ftpd::start(&two, &[])];
    let deck = profile(SshHost::Target, &sshd, port).hostkey("SSHD", &sshd.fingerprint());
    let deck = filter(deck, SshHost::Target, &servers[0]);
    let second = servers[1].port.to_string();
    let zoxy =
        Zoxy::start(world, &deck.filter_with("YYN", "SECOND", "FTPTUN", "SSHD", &second, "*"));
    shop.configure(Socks::V5, port);
    shop.store("ZOXY.FTP.DAILY", &text(&LINES));
    let address = |ftpd: &Ftpd| format!("{} {}", Ipv4Addr::LOCALHOST, ftpd.port);
    let job = edited(
        &member("FTPMANY"),
        &[("ONE", &address(&servers[0])), ("TWO", &address(&servers[1]))],
    );
    let (user, password) = (&account().name, &account().password);
    let job = job
        .replace("\nbatch\nsecret\n", &format!("\n{user}\n{password}\n"))
        .replace("user batch secret", &format!("user {user} {password}"));
    assert_eq!(job.matches(password).count(), 2, "{job}");
    let ran = shop.jobs.submit(&job);
    let shown = shop.shown("FTPMANY");
    assert_eq!(ran.code, Some(0), "{}{}{shown}", ran.out, ran.err);
    assert!(!shown.contains(password) && !ran.out.contains(password), "{shown}{}", ran.out);
    for ftpd in &servers {
        let sent = fs::read_to_string(ftpd.folder.join("many.txt")).expect("it was sent");
        assert_eq!(sent, text(&LINES));
    }
    let output = shop.jobs.spooled("JOB00001", "1.SEND.OUTPUT");
    assert_eq!(output.matches(&BATCH_TRANSFERRED.id()).count(), 2, "{output}");
    assert_eq!(zoxy.log.count(&[&FTP_TRANSFER.id(), "COMPLETE"]), 2);
}

/// The second try is made for a connection that failed, not for a file that is missing; what runs
/// behind it depends on the transfer.
#[test]
fn a_failure_is_followed_by_a_second_try() {
    let shop = Shop::new();
    let world = &shop.jobs.world;
    let scene = FtpScene::start(world);
    shop.configure(Socks::V5, scene.port);
    let netrc = world
        .write(
            "netrc",
            format!("machine 127.0.0.1 login {} password {}\n", account().name, account().password),
        )
        .display()
        .to_string();
    let ftp = format!("127.0.0.1 {}", scene.ftpd.port);
    let nobody = format!("127.0.0.1 {}", free_port());
    let submit = |first: &str, spare: &str| {
        shop.submit("FTPRETRY", &[("FTP", first), ("SPARE", spare), ("NETRC", netrc.as_str())])
    };
    fs::write(scene.ftpd.folder.join("daily.txt"), text(&LINES)).expect("the folder is ours");

    // The first is not there: no filter is for it.
    let ran = submit(&nobody, &ftp);
    let shown = shop.shown("FTPRETRY");
    assert_eq!(ran.code, Some(8), "{}{shown}", ran.out);
    assert!(shop.jobs.spooled("JOB00001", "3.USE.STDOUT").contains("there"), "{shown}");
    assert!(shown.contains("step FIRST ended, CC 0008"), "{shown}");
    assert!(shop.bytes("ZOXY.FTP.RETRIED") == variable(&LINES));
    // As it should be.
    let ran = submit(&ftp, &nobody);
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, shop.shown("FTPRETRY"));
    // A missing file is no reason for a second try, and what is there stays.
    fs::remove_file(scene.ftpd.folder.join("daily.txt")).expect("the folder is ours");
    let ran = submit(&ftp, &ftp);
    let shown = shop.shown("FTPRETRY");
    assert_eq!(ran.code, Some(12), "{}{shown}", ran.out);
    for line in ["FIRST ended, CC 0002", "AGAIN not run", "USE not run", "ALARM ended, CC 0012"] {
        assert!(shown.contains(&format!("step {line}")), "{shown}");
    }
    assert!(!shop.bytes("ZOXY.FTP.RETRIED").is_empty());
}

/// Return codes that are more than 255, as IBM's manual has them, and a step without INPUT.
#[test]
fn steps_have_the_return_codes_of_zos() {
    let shop = Shop::new();
    let world = &shop.jobs.world;
    let scene = FtpScene::start(world);
    shop.configure(Socks::V5, scene.port);
    let deck = format!(
        "//CODES    JOB CLASS=A\n\
         //MISSING  EXEC PGM=FTP,PARM='127.0.0.1 {port} (EXIT'\n\
         //SYSFTPD  DD  DISP=SHR,DSN=ZOXY.PARMLIB(FTPDATA)\n\
         //OUTPUT   DD  SYSOUT=*\n\
         //INPUT    DD  *\n{user}\n{password}\nput 'NO.SUCH'\n/*\n\
         //LOGIN    EXEC PGM=FTP,PARM='127.0.0.1 {port} (EXIT'\n\
         //SYSFTPD  DD  DISP=SHR,DSN=ZOXY.PARMLIB(FTPDATA)\n\
         //OUTPUT   DD  SYSOUT=*\n\
         //INPUT    DD  *\n{user}\nsesame\n/*\n\
         //NOINPUT  EXEC PGM=FTP,PARM='(EXIT'\n\
         //PARM     EXEC PGM=FTP,PARM='(EXITS'\n\
         //OUTPUT   DD  SYSOUT=*\n\
         //INPUT    DD  DUMMY\n",
        port = scene.ftpd.port,
        user = account().name,
        password = account().password,
    );
    let ran = shop.jobs.submit(&deck);
    let shown = shop.shown("CODES");
    assert_eq!(ran.code, Some(16), "{}{shown}", ran.out);
    let log = shop.jobs.spooled("JOB00001", "JESMSGLG");
    // 27000, 26530: modulo 4096.
    for (step, code) in [("MISSING", 2424), ("LOGIN", 1954), ("NOINPUT", 15), ("PARM", 4)] {
        let code = format!("CC {code:04}");
        let is_there = log.lines().any(|line| line.contains(step) && line.contains(&code));
        assert!(is_there, "{step} is not {code}: {log}{shown}");
    }
    let output = shop.jobs.spooled("JOB00001", "2.LOGIN.OUTPUT");
    assert!(output.contains("530") && !output.contains("sesame"), "{output}");
}

/// What the client says goes to OUTPUT, without it to SYSPRINT, and without both to the spool.
#[test]
fn sysprint_is_in_place_of_output() {
    let jobs = Jobs::new();
    let ran = jobs.submit(
        "//PRINTED  JOB CLASS=A\n\
         //BOTH     EXEC PGM=FTP\n\
         //OUTPUT   DD  SYSOUT=*\n\
         //SYSPRINT DD  SYSOUT=*\n\
         //INPUT    DD  DUMMY\n\
         //ONE      EXEC PGM=FTP\n\
         //SYSPRINT DD  SYSOUT=*\n\
         //INPUT    DD  DUMMY\n\
         //NONE     EXEC PGM=FTP\n\
         //INPUT    DD  DUMMY\n",
    );
    assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    for (step, dd) in [("1.BOTH", "OUTPUT"), ("2.ONE", "SYSPRINT"), ("3.NONE", "STDOUT")] {
        for name in ["OUTPUT", "SYSPRINT", "STDOUT"] {
            let said = jobs.spooled("JOB00001", &format!("{step}.{name}"));
            assert_eq!(said.contains(&BATCH_ENDED.id()), name == dd, "{step}.{name}: {said}");
        }
    }
}
