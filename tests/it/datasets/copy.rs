//! `zoxy ds copy` and `convert`: nothing is lost, nothing changes that should not.

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};

use crate::world::datasets::Datasets;
use crate::world::{World, eventually, scaled, text, translate};

const TEXT: &str = "LISTEN   SOCKS    SOCKS    1080\n\n* {a} [b] ~c\n";

/// The text as 80-byte cards, by iconv.
fn cards(page: &str) -> Vec<u8> {
    let cards: String = TEXT.lines().map(|line| format!("{line:<80}")).collect();
    translate(&cards, page)
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("it was written").permissions().mode() & 0o777
}

#[test]
fn a_member_that_came_in_binary_goes_back_unchanged() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let sent = world.write("sent", cards("IBM-1047")).display().to_string();
    let back = world.path("back").display().to_string();
    let copied = sets.done(&["copy", &sent, "//'ZOXY.PARMLIB(DECK)'"]);
    let expected = format!("ZOX6155I {sent} copied to ZOXY.PARMLIB(DECK): 3 records, 240 bytes\n");
    assert_eq!(copied, expected);
    assert!(sets.done(&["attr", "ZOXY.PARMLIB"]).contains("RECFM    FB\nLRECL    80\n"));
    sets.done(&["copy", "//'ZOXY.PARMLIB(DECK)'", &back]);
    assert_eq!(fs::read(&back).unwrap(), cards("IBM-1047"));
    assert_eq!(mode(back.as_ref()), 0o600, "others can read what they could not before");
    // Standard output is no place for messages.
    let output = sets.command(&["copy", "//'ZOXY.PARMLIB(DECK)'", "-"]).output().unwrap();
    assert_eq!(output.stdout, cards("IBM-1047"));
}

#[test]
fn text_becomes_records_and_comes_back() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let file = world.write("deck.txt", TEXT).display().to_string();
    for (page, iconv) in [("IBM-1047", "IBM-1047"), ("IBM-037", "IBM037"), ("IBM-273", "IBM273")] {
        let name = format!("//'ZOXY.P{}(DECK)'", &page[4..]);
        let converted = sets.done(&["convert", "--codepage", page, &file, &name]);
        assert!(converted.ends_with(": 3 records, 240 bytes, 3 filled up\n"), "{converted}");
        assert_eq!(sets.bytes(&format!("ZOXY.P{}/DECK", &page[4..])), cards(iconv), "{page}");
        assert_eq!(sets.done(&["convert", &name, "-"]), TEXT);
    }
    let crlf = sets.done(&["convert", "--line-end", "CRLF", "//'ZOXY.P037(DECK)'", "-"]);
    assert_eq!(crlf, TEXT.replace('\n', "\r\n"));
    let kept = sets.done(&["convert", "--keep-blanks", "//'ZOXY.P037(DECK)'", "-"]);
    assert_eq!(kept.lines().map(str::len).collect::<Vec<_>>(), [80, 80, 80]);
    let other =
        ["convert", "--recfm", "VB", "--codepage", "IBM-500", "//'ZOXY.P037(DECK)'", "//VAR"];
    sets.done(&other);
    assert_eq!(sets.done(&["show", "//VAR"]), TEXT);
    assert_eq!(sets.bytes("BATCH.VAR")[..4], [0, 35, 0, 0]);
    sets.done(&["convert", "//VAR", &world.path("again").display().to_string()]);
    assert_eq!(fs::read_to_string(world.path("again")).unwrap(), TEXT);
}

#[test]
fn variable_records_with_and_without_block_words() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let file = world.write("deck.txt", TEXT).display().to_string();
    let options = ["--recfm", "VB", "--lrecl", "84", "--blksize", "88", "--bdw", "YES"];
    sets.done(&[&["convert"], &options[..], &[&file, "//BLOCKS"]].concat());
    let blocks = sets.bytes("BATCH.BLOCKS");
    assert_eq!(blocks[..8], [0, 59, 0, 0, 0, 35, 0, 0], "a BDW, an RDW");
    // Records, not bytes, go to a data set of another kind.
    sets.done(&["copy", "--bdw", "NO", "//BLOCKS", "//PLAIN"]);
    let plain = sets.bytes("BATCH.PLAIN");
    assert_eq!((plain[..4].to_vec(), plain.len()), (vec![0, 35, 0, 0], blocks.len() - 4));
    sets.done(&["copy", "--recfm", "FB", "--lrecl", "80", "//BLOCKS", "//FIXED"]);
    assert_eq!(sets.bytes("BATCH.FIXED"), cards("IBM-1047"));
    sets.done(&["copy", "//BLOCKS", &world.path("raw").display().to_string()]);
    assert_eq!(fs::read(world.path("raw")).unwrap(), blocks);
    // A file with block words is known by its first ones.
    sets.done(&["copy", &world.path("raw").display().to_string(), "//AGAIN"]);
    assert_eq!(sets.bytes("BATCH.AGAIN"), blocks);
    assert!(sets.done(&["attr", "//AGAIN"]).contains("BDW      YES"));
}

#[test]
fn libraries_and_folders_are_copied_whole() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let folder = world.shared_folder("members");
    for name in ["ONE", "TWO"] {
        fs::write(folder.join(name), cards("IBM-1047")).unwrap();
    }
    let folder = folder.display().to_string();
    let copied = sets.done(&["copy", &folder, "//'ZOXY.LIB'"]);
    assert_eq!(copied.lines().count(), 2, "{copied}");
    sets.done(&["copy", "//'ZOXY.LIB'", "//'ZOXY.COPY'"]);
    let out = world.path("out").display().to_string();
    sets.done(&["copy", "//'ZOXY.COPY'", &out]);
    for name in ["ONE", "TWO"] {
        assert_eq!(fs::read(world.path("out").join(name)).unwrap(), cards("IBM-1047"));
    }
    assert!(!world.path("out/.attr").exists());
    sets.done(&["convert", "//'ZOXY.COPY'", &world.shared_folder("text").display().to_string()]);
    assert_eq!(fs::read_to_string(world.path("text/TWO")).unwrap(), TEXT);

    fs::write(world.path("members/read.me"), "").unwrap();
    let bad = "read.me is no name of a data set: member 'read.me' has a '.'";
    sets.refused(8, bad, &["copy", &folder, "//'ZOXY.NEW'"]);
    assert!(!sets.path("ZOXY.NEW").exists());
    sets.refused(8, "ZOX6161E", &["copy", &folder, &out]);
    sets.refused(8, "ZOX6161E", &["copy", "//'ZOXY.LIB'", "//'ZOXY.X(M)'"]);
    // One member goes into a library or folder under its own name.
    sets.done(&["copy", "-r", "//'ZOXY.LIB(ONE)'", "//'ZOXY.COPY'"]);
    sets.done(&["copy", "-r", "//'ZOXY.LIB(ONE)'", &out]);
}

#[test]
fn what_is_there_is_not_replaced_unasked() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let file = world.write("cards", cards("IBM-1047")).display().to_string();
    let other = world.write("other", [0x40; 80]).display().to_string();
    // What was made and never written may be written.
    sets.done(&["alloc", "--codepage", "IBM-1047", "//SEQ"]);
    sets.done(&["copy", &file, "//SEQ"]);
    sets.done(&["copy", &file, "//LIB(M)"]);
    let member = "ZOX6113E library BATCH.LIB has a member M already";
    sets.refused(8, "ZOX6111E data set BATCH.SEQ exists already", &["copy", &other, "//SEQ"]);
    sets.refused(8, member, &["copy", &other, "//LIB(M)"]);
    sets.refused(8, "ZOX6160E", &["copy", "//SEQ", &other]);
    assert_eq!(sets.bytes("BATCH.SEQ"), cards("IBM-1047"));
    sets.done(&["copy", "--replace", &other, "//SEQ"]);
    sets.done(&["copy", "-r", &other, "//LIB(M)"]);
    assert_eq!(sets.bytes("BATCH.SEQ"), [0x40; 80]);
    assert_eq!(sets.bytes("BATCH.LIB/M"), [0x40; 80]);
    sets.done(&["copy", "-r", "//SEQ", &file]);
    assert_eq!(fs::read(&file).unwrap(), [0x40; 80]);
}

#[test]
fn what_cannot_be_copied_leaves_all_as_it_was() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let write = |name, bytes: &[u8]| world.write(name, bytes).display().to_string();
    let cards_file = write("cards", &cards("IBM-1047"));
    sets.done(&["copy", &cards_file, "//LIB(M)"]);
    let odd = write("odd", &[0x40; 81]);
    let wrong =
        "not copied to BATCH.LIB(M): fixed records have 80 bytes, but the length 81 leaves 1";
    sets.refused(8, wrong, &["copy", "-r", &odd, "//LIB(M)"]);
    let long = write("long", format!("short\n{}\n", "x".repeat(81)).as_bytes());
    let too_long = "record 2: it has 81 bytes, and a record has at most 80";
    sets.refused(8, too_long, &["convert", "-r", &long, "//LIB(M)"]);
    sets.refused(8, too_long, &["convert", &long, "//NEW(M)"]);
    let euro = write("euro", "1 \u{20ac}\n".as_bytes());
    sets.refused(8, "IBM-1047 has no U+20AC", &["convert", "-r", &euro, "//LIB(M)"]);
    let binary = write("binary", b"ab\xff\n");
    sets.refused(
        8,
        "X'FF' is not UTF-8",
        &["convert", "-r", "--from-codepage", "UTF-8", &binary, "//LIB(M)"],
    );
    let spanned = write("spanned", b"\0\x08\x01\0abcd");
    sets.refused(8, "is spanned", &["copy", "--recfm", "VB", &spanned, "//SPAN"]);
    let line_end = write("line_end", &[&[0x25][..], &[0x40; 79]].concat());
    sets.done(&["copy", "--recfm", "FB", "--codepage", "IBM-1047", &line_end, "//LINE"]);
    sets.refused(8, "it holds a line end", &["convert", "//LINE", "-"]);
    sets.done(&["alloc", "--codepage", "IBM-500", "//OTHER"]);
    sets.refused(8, "ZOX6162E", &["copy", "//LIB(M)", "//OTHER"]);
    sets.refused(
        8,
        "ZOX6119E data set BATCH.LIB has LRECL 80, not 90",
        &["copy", "--lrecl", "90", &cards_file, "//LIB(N)"],
    );
    sets.done(&["alloc", "//NOPAGE"]);
    sets.refused(8, "ZOX6163E", &["convert", &long, "//NOPAGE"]);
    sets.refused(12, "No such file", &["copy", "/nonexistent/file", "//LIB(N)"]);
    sets.refused(12, "No such file", &["copy", "//LIB(M)", "/nonexistent/file"]);
    assert_eq!(sets.bytes("BATCH.LIB/M"), cards("IBM-1047"));
    let left: Vec<_> = fs::read_dir(sets.path("BATCH.LIB")).unwrap().collect();
    assert_eq!(left.len(), 2, "more than .attr and M: {left:?}");
    for made in ["BATCH.NEW", "BATCH.SPAN"] {
        assert!(!sets.path(made).exists(), "{made} was made and nothing is in it");
    }
}

#[test]
fn what_is_too_long_is_counted() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let file = world.write("long", format!("{}\nshort\n", "x".repeat(170))).display().to_string();
    let cut = sets.ds(&["convert", "--overflow", "truncate", &file, "//CUT"]);
    assert_eq!(cut.code, Some(4), "{cut:?}");
    let told = "2 records, 160 bytes, 1 filled up; 1 cut off, 0 continued\n";
    assert!(cut.out.starts_with("ZOX6156W") && cut.out.ends_with(told), "{cut:?}");
    let wrapped = sets.ds(&["convert", "--overflow", "wrap", &file, "//WRAPPED"]);
    assert_eq!(wrapped.code, Some(4), "{wrapped:?}");
    assert!(wrapped.out.ends_with("4 records, 320 bytes, 2 filled up; 0 cut off, 1 continued\n"));
}

#[test]
fn pipes_are_read_and_written() {
    let world = World::new();
    let sets = Datasets::new(&world);
    let mut child = sets
        .command(&["convert", "--lrecl", "40", "-", "//PIPED"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines = scaled(50_000, 5_000);
    for number in 0..lines {
        writeln!(input, "line {number}").unwrap();
    }
    drop(input);
    assert!(child.wait().unwrap().success());
    assert_eq!(sets.bytes("BATCH.PIPED").len(), 40 * lines);
    let output = sets.command(&["convert", "//PIPED", "-"]).output().unwrap();
    let last = format!("line {}", lines - 1);
    assert_eq!(text(&output.stdout).lines().last(), Some(last.as_str()));
}

#[test]
fn a_signal_takes_back_what_was_begun() {
    let world = World::new();
    let sets = Datasets::new(&world);
    sets.done(&["alloc", "--codepage", "IBM-1047", "//OLD"]);
    for target in ["//OLD", "//NEW", "//LIB(M)"] {
        let mut child = sets
            .command(&["convert", "-", target])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        // More than it looks at before it writes.
        let line = format!("{:<63}\n", "line");
        for _ in 0..5_000 {
            input.write_all(line.as_bytes()).unwrap();
        }
        let written = || {
            let folders = [sets.root().to_owned(), sets.path("BATCH.LIB")];
            let names = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
            let is_new = |name: &str| name.contains(".new-");
            names.flatten().any(|e| is_new(&text(e.file_name().as_encoded_bytes()))).then_some(())
        };
        eventually("it to write", written);
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert!(!child.wait().unwrap().success());
        drop(input);
        assert!(written().is_none(), "{target}: something is left");
    }
    assert_eq!(sets.bytes("BATCH.OLD").len(), 0);
    assert!(!sets.path("BATCH.NEW").exists() && !sets.path("BATCH.LIB").exists());
}
