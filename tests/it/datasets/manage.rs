//! `zoxy ds list`, `show`, `alloc`, `delete`, `rename`, `attr` and `path`: reports and return codes.

use std::fs;
use std::os::unix::fs::symlink;

use crate::world::datasets::{Datasets, Said};
use crate::world::{World, translate};

#[test]
fn data_sets_are_made_listed_and_deleted() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let empty = sets.ds(&["list"]);
    assert_eq!(empty.code, Some(4), "{empty:?}");
    assert!(empty.out.contains("ZOX6158W nothing matches **"), "{empty:?}");

    let page = ["--codepage", "ibm-1047"];
    let made = sets.done(&[&["alloc", "--dsorg", "PO"], &page[..], &["zoxy.parmlib"]].concat());
    assert_eq!(made, "ZOX6150I data set ZOXY.PARMLIB is made: PO FB 80 27920 IBM-1047\n");
    let options = ["--recfm", "vb", "--lrecl", "300", "--blksize", "4096", "--bdw", "yes"];
    sets.done(&[&["alloc"], &options[..], &["ZOXY.LOG"]].concat());
    sets.done(&["alloc", "--like", "ZOXY.LOG", "--lrecl", "200", "//OWN"]);
    sets.done(&["alloc", "--recfm", "TEXT", "ABCDEFGH.ABCDEFGH.ABCDEFGH.ABCDEFGH.ABCDEFGH"]);
    let listed = sets.done(&["list"]);
    let expected = format!(
        "Data sets below {}\n\
         DATA SET                                     ORG RECFM LRECL BLKSZ CODEPAGE\n\
         ABCDEFGH.ABCDEFGH.ABCDEFGH.ABCDEFGH.ABCDEFGH PS  TEXT      -     - -\n\
         BATCH.OWN                                    PS  VB      200 27998 -\n\
         ZOXY.LOG                                     PS  VB      300  4096 -\n\
         ZOXY.PARMLIB                                 PO  FB       80 27920 IBM-1047\n",
        sets.root().display()
    );
    assert_eq!(listed, expected);
    assert!(listed.lines().skip(1).all(|line| line.len() <= 80), "{listed}");
    let some = sets.done(&["list", "zoxy.*"]);
    assert_eq!(some.lines().count(), 4, "{some}");
    assert!(sets.done(&["list", "//*"]).contains("BATCH.OWN"));
    assert!(sets.done(&["list", "//'*.L%G'"]).contains("ZOXY.LOG"));
    assert_eq!(sets.ds(&["list", "NO.*"]).code, Some(4));

    sets.refused(8, "ZOX6111E data set ZOXY.LOG exists already", &["alloc", "ZOXY.LOG"]);
    sets.refused(8, "ZOX6118E", &["alloc", "--lrecl", "80", "--blksize", "81", "A.B"]);
    let partly = sets.ds(&["delete", "ZOXY.LOG", "NO.SUCH", "ZOXY.PARMLIB"]);
    assert_eq!(partly.code, Some(8), "{partly:?}");
    assert_eq!(partly.out, "ZOX6151I ZOXY.LOG is deleted\nZOX6151I ZOXY.PARMLIB is deleted\n");
    assert_eq!(partly.err, "ZOX6110E there is no data set NO.SUCH\n");
}

#[test]
fn members_are_listed_renamed_and_deleted() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let cards = translate(&format!("{:<80}{:<80}", "one", "two"), "IBM-1047");
    let file = world.write("cards", cards).display().to_string();
    for member in ["A", "B1", "B2"] {
        sets.done(&["copy", &file, &format!("//'ZOXY.LIB({member})'")]);
    }
    let listed = sets.done(&["list", "ZOXY.LIB(B%)"]);
    let lines: Vec<_> = listed.lines().collect();
    assert_eq!(lines[0], "Members of ZOXY.LIB");
    assert_eq!(lines[1], "MEMBER        RECORDS           BYTES CHANGED");
    assert!(lines[2].starts_with("B1                  2             160 20"), "{listed}");
    assert_eq!(lines.len(), 4, "{listed}");
    assert_eq!(sets.done(&["list", "//'ZOXY.LIB(*)'"]).lines().count(), 5);

    let renamed = sets.done(&["rename", "ZOXY.LIB(A)", "ZOXY.LIB(C)"]);
    assert_eq!(renamed, "ZOX6152I ZOXY.LIB(A) is now ZOXY.LIB(C)\n");
    let taken = "ZOX6113E library ZOXY.LIB has a member B1 already";
    sets.refused(8, taken, &["rename", "ZOXY.LIB(C)", "ZOXY.LIB(B1)"]);
    sets.done(&["delete", "ZOXY.LIB(B1)"]);
    let missing = "ZOX6112E library ZOXY.LIB has no member B1";
    sets.refused(8, missing, &["show", "ZOXY.LIB(B1)"]);
    sets.done(&["rename", "ZOXY.LIB", "ZOXY.NEW"]);
    assert!(sets.path("ZOXY.NEW/B2").exists() && !sets.path("ZOXY.LIB").exists());
}

#[test]
fn records_are_shown_as_text_and_in_hexadecimal() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let cards = translate(&format!("{:<80}{:<80}", "LISTEN   SOCKS", "* a comment"), "IBM-1047");
    fs::create_dir_all(sets.path("ZOXY.LIB")).unwrap();
    fs::write(sets.path("ZOXY.LIB/DECK"), &cards).unwrap();
    // Put there by hand: it is what it looks like.
    assert_eq!(sets.done(&["show", "ZOXY.LIB(DECK)"]), "LISTEN   SOCKS\n* a comment\n");
    assert_eq!(sets.done(&["show", "-n", "1", "//'ZOXY.LIB(DECK)'"]), "LISTEN   SOCKS\n");
    let hex = sets.done(&["show", "--hex", "ZOXY.LIB(DECK)"]);
    let first = "000000 D3C9E2E3 C5D54040 40E2D6C3 D2E24040 *LISTEN   SOCKS  * *......@@@.....@@*";
    assert_eq!(hex.lines().nth(1), Some(first));
    assert_eq!(hex.lines().count(), 12);
    assert!(hex.lines().all(|line| line.chars().count() <= 80), "{hex}");
    let dd =
        Said::of(sets.command(&["show", "//DD:LIB(DECK)"]).env("DD_LIB", sets.path("ZOXY.LIB")));
    assert_eq!((dd.code, dd.out.lines().count()), (Some(0), 2), "{dd:?}");
    sets.refused(8, "ZOX6125E there is no DD NONE", &["show", "//DD:NONE"]);
    sets.refused(8, "ZOX6117E", &["show", "ZOXY.LIB"]);
    sets.refused(
        8,
        "ZOX6164E ZOXY.LIB(DECK) cannot be shown any further: fixed records have 79 bytes",
        &["show", "--recfm", "F", "--lrecl", "79", "ZOXY.LIB(DECK)"],
    );
    let path = sets.path("ZOXY.LIB/DECK").display().to_string();
    assert_eq!(sets.done(&["show", &path]).lines().count(), 2);
}

#[test]
fn attributes_are_shown_and_changed() {
    let world = World::new();
    let sets = Datasets::new(&world);
    fs::create_dir_all(sets.path("ZOXY.LIB")).unwrap();
    fs::write(sets.path("ZOXY.LIB/A"), vec![0x40; 160]).unwrap();
    let unknown = sets.ds(&["attr", "ZOXY.LIB"]);
    assert_eq!(unknown.code, Some(4), "{unknown:?}");
    sets.refused(8, "ZOX6154E", &["attr", "--lrecl", "100", "ZOXY.LIB"]);
    assert!(!sets.path("ZOXY.LIB/.attr").exists());
    sets.done(&["attr", "--recfm", "FB", "--codepage", "IBM-500", "ZOXY.LIB"]);
    assert_eq!(
        sets.done(&["attr", "ZOXY.LIB"]),
        "* Attributes of ZOXY.LIB\nDSORG    PO\nRECFM    FB\nLRECL    80\nBLKSIZE  27920\n\
         CODEPAGE IBM-500\n"
    );
    sets.done(&["attr", "--lrecl", "40", "ZOXY.LIB"]);
    assert!(sets.done(&["list"]).contains("PO  FB       40 27960 IBM-500"));
    sets.done(&["attr", "--codepage", "NONE", "ZOXY.LIB"]);
    assert!(sets.done(&["list"]).contains("27960 -\n"));
    sets.done(&["attr", "--force", "--recfm", "VB", "ZOXY.LIB"]);

    fs::write(sets.path("ZOXY.LIB/.attr"), "RECFM X\n").unwrap();
    sets.refused(8, "ZOX6121E", &["show", "ZOXY.LIB(A)"]);
    let damaged = sets.ds(&["list"]);
    assert_eq!(damaged.code, Some(8), "{damaged:?}");
    assert!(damaged.out.contains("ZOXY.LIB                                     PO  ?"));
    sets.done(&["attr", "--recfm", "FB", "ZOXY.LIB"]);
    assert_eq!(sets.ds(&["list"]).code, Some(0));
}

#[test]
fn what_is_no_data_set_is_told_and_left_alone() {
    let world = World::new();
    let sets = Datasets::new(&world);
    sets.done(&["alloc", "ZOXY.DATA"]);
    let secret = world.write("secret", "hunter2");
    fs::write(sets.path("lower.case"), "x").unwrap();
    symlink(&secret, sets.path("ZOXY.LINK")).unwrap();
    let listed = sets.ds(&["list"]);
    assert_eq!(listed.code, Some(4), "{listed:?}");
    let strays = "has 2 name(s) that are no data sets or members, such as ZOXY.LINK";
    assert!(listed.out.contains(strays), "{listed:?}");
    sets.refused(12, "ZOX6122E", &["show", "ZOXY.LINK"]);
    sets.refused(12, "ZOX6122E", &["copy", "//'ZOXY.LINK'", "-"]);
    sets.refused(12, "ZOX6122E", &["delete", "ZOXY.LINK"]);
    sets.refused(8, "ZOX6100E", &["show", "//'../secret'"]);
    assert_eq!(fs::read(&secret).unwrap(), b"hunter2");
}

#[test]
fn paths_are_told_to_programs() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let path = sets.path("ZOXY.LIB/M").display().to_string();
    assert_eq!(sets.done(&["path", "zoxy.lib(m)"]), format!("{path}\n"));
    assert_eq!(sets.done(&["path", "//OUT"]), format!("{}\n", sets.path("BATCH.OUT").display()));
    let mut unnamed = sets.command(&["path", "//OUT"]);
    let said = Said::of(unnamed.env("ZOXY_PREFIX", "1BAD"));
    let expected = "ZOX6100E //OUT is no name of a data set: the name is relative and there is no \
                    prefix for it: ZOXY_PREFIX 1BAD: qualifier 1 '1BAD' begins with '1'";
    assert!(said.code == Some(8) && said.err.starts_with(expected), "{said:?}");
    let mut none = sets.command(&["path", "//OUT"]);
    let said = Said::of(none.env("ZOXY_PREFIX", ""));
    assert_eq!(said.out, format!("{}\n", sets.path("OUT").display()));
    let mut login = sets.command(&["path", "//OUT"]);
    let said = Said::of(login.env_remove("ZOXY_PREFIX").env("LOGNAME", "batch1"));
    assert_eq!(said.out, format!("{}\n", sets.path("BATCH1.OUT").display()));
    let mut command = sets.command(&["path", "A.B"]);
    command.env_remove("ZOXY_DSROOT").env("XDG_DATA_HOME", "/data");
    let said = Said::of(&mut command);
    // As root the data sets are those of the system.
    let root =
        if rustix::process::geteuid().is_root() { "/var/lib/zoxy/ds" } else { "/data/zoxy/ds" };
    assert_eq!(said.out, format!("{root}/A.B\n"));
}
