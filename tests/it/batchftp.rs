//! The batch FTP client through FTPTUN: every way of a transfer to real FTP servers, bytes compared.

use std::fs;

use zoxy::message::catalogue::{BATCH_TRANSFERRED, FTP_TRANSFER};

use crate::world::ftp_scene::SshHost;
use crate::world::pattern::Pattern;
use crate::world::{Batch, FtpScene, Ftpd, Socks, Sshd, World, account};

/// Statements of FTP.DATA, and the command that tells how the data connection is made.
const WAYS: [(&str, &str); 3] =
    [("", "PORT "), ("FWFRIENDLY TRUE\n", "PASV"), ("FWFRIENDLY TRUE\nEPSV4 TRUE\n", "EPSV")];

/// A data set that is sent and fetched.
struct Kind {
    name: &'static str,
    /// TYPE, as the subcommand that sets it.
    type_of: &'static str,
    /// Options of `zoxy ds` that make it.
    options: &'static [&'static str],
    /// RECFM and LRECL of what is made of it here.
    locsite: &'static str,
    content: Vec<u8>,
}

fn kinds() -> [Kind; 3] {
    let line = |number: usize| match number % 7 {
        0 => String::new(),
        3 => format!("{number:06} {}", "long enough to fill the record: ".repeat(2)),
        _ => format!("{number:06} ABC xyz .<(+|&!$*);/,%_>?:#@'=\" {}", "-".repeat(number % 20)),
    };
    let text: String = (0..400).map(|number| line(number).trim_end().to_owned() + "\n").collect();
    [
        Kind {
            name: "FB",
            type_of: "ascii",
            options: &["convert", "--recfm", "FB", "--lrecl", "80"],
            locsite: "RECFM=FB LRECL=80",
            content: text.clone().into(),
        },
        Kind {
            name: "VB",
            type_of: "ascii",
            options: &["convert", "--recfm", "VB", "--lrecl", "132"],
            locsite: "RECFM=VB LRECL=132",
            content: text.into(),
        },
        Kind {
            name: "BIN",
            type_of: "binary",
            options: &["copy", "--recfm", "FB", "--lrecl", "80"],
            locsite: "RECFM=FB LRECL=80",
            content: Pattern::new(11).take(400 * 80),
        },
    ]
}

fn table(ftpd: impl FnOnce(&World) -> Ftpd) {
    let batch = Batch::new();
    let world = &batch.jobs.world;
    let sshd = Sshd::start(world, &[]);
    let scene = FtpScene::around(world, SshHost::Target, ftpd(world), sshd, |deck| deck);
    let kinds = kinds();
    for Kind { name, options, locsite, content, .. } in &kinds {
        batch.dataset(&format!("IT.{name}"), content, options);
        let [recfm, lrecl] = locsite.split(' ').collect::<Vec<_>>()[..] else { panic!() };
        let value = |text: &str| text.split_once('=').expect("it has a value").1.to_owned();
        let (recfm, lrecl, library) = (value(recfm), value(lrecl), format!("//'IT.LIB{name}'"));
        let ran = batch.jobs.zoxy(&[
            "ds", "alloc", "--dsorg", "PO", "--recfm", &recfm, "--lrecl", &lrecl, &library,
        ]);
        assert_eq!(ran.code, Some(0), "{}{}", ran.out, ran.err);
    }
    let mut transfers = 0;
    for version in [Socks::V4, Socks::V5] {
        for (statements, way) in WAYS {
            batch.configure(version, scene.port, statements);
            for Kind { name, type_of, locsite, content, .. } in &kinds {
                let subcommands = format!(
                    "{type_of}\nlocsite {locsite}\nput 'IT.{name}' one\nappend 'IT.{name}' one\n\
                     get one 'IT.{name}.BACK' (REPLACE\nput 'IT.{name}' m1\nput 'IT.{name}' m2\n\
                     lcd 'IT.LIB{name}'\nmget m* (REPLACE\nmdelete m*\n"
                );
                let case = format!("{version:?} {way} {name}");
                let ran = batch.ftp(&["-e"], &scene.ftpd, &subcommands);
                assert_eq!(ran.code, Some(0), "{case}: {}{}", ran.out, ran.err);
                assert!(ran.out.contains(&format!(">>> {way}")), "{case}: {}", ran.out);
                assert_eq!(ran.out.matches(&BATCH_TRANSFERRED.id()).count(), 7, "{}", ran.out);
                assert!(!ran.out.contains(&account().password), "{case}: a password is shown");
                transfers += 7;
                let there = fs::read(scene.ftpd.folder.join("one")).expect("it was sent");
                assert!(there == content.repeat(2), "{case}: the file at the server is wrong");
                let sent = batch.bytes(&format!("IT.{name}"));
                let back = batch.bytes(&format!("IT.{name}.BACK"));
                assert!(back == sent.repeat(2), "{case}: what came back is wrong");
                for member in ["M1", "M2"] {
                    let got = batch.bytes(&format!("IT.LIB{name}/{member}"));
                    assert!(got == sent, "{case}: member {member} is wrong");
                }
                assert!(!scene.ftpd.folder.join("m1").exists(), "{case}: MDELETE");
            }
        }
    }
    // All of it went through the proxy, which says so as well.
    assert!(scene.zoxy.log.count(&[&FTP_TRANSFER.id(), "COMPLETE"]) >= transfers);
}

#[test]
fn every_way_to_vsftpd() {
    table(|world| Ftpd::start(world, &[]));
}

#[test]
fn every_way_to_proftpd() {
    table(Ftpd::proftpd);
}
