//! `zoxy iconv` as jobs use it: pipes and files of any size, and nothing lost when it fails.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use zoxy::message::Message;
use zoxy::message::catalogue::{
    CONVERSION_FAILED, CONVERSION_SUBSTITUTED, CONVERSION_UNREADABLE, CONVERSION_UNWRITABLE, USAGE,
};

use crate::world::{
    World, emulated, eventually, process, program, proxy, run, run_on, scaled, text,
};

fn iconv(arguments: &[&str]) -> Command {
    proxy::command(&[&["iconv"], arguments].concat())
}

fn spawn(command: &mut Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("zoxy can be started")
}

fn piped(arguments: &[&str], input: &[u8]) -> Output {
    run_on(&mut iconv(arguments), input)
}

/// The output of a run that must succeed and say nothing.
fn converted(arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let output = piped(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", text(&output.stderr));
    assert!(output.stderr.is_empty(), "{arguments:?}: {}", text(&output.stderr));
    output.stdout
}

/// Checks return code and message of a run that must not succeed.
#[track_caller]
fn told(output: &Output, rc: i32, message: &Message, pieces: &[&str]) {
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(rc), "{said}");
    assert!(said.starts_with(&message.id()), "{said}");
    assert!(pieces.iter().all(|piece| said.contains(piece)), "{pieces:?}: {said}");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    entries.map(|entry| name(entry).into_string().expect("UTF-8")).collect()
}

#[test]
fn line_ends_are_what_was_asked_for() {
    let mixed = b"\xc1\x15\xc2\x25";
    let to_utf8 = |newline| converted(&["-f", "1047", "-t", "utf-8", "-n", newline], mixed);
    assert_eq!(to_utf8("NL"), b"A\nB\n");
    assert_eq!(to_utf8("lf"), b"A\nB\n");
    assert_eq!(to_utf8("KEEP"), "A\u{85}B\n".as_bytes());
    let from_utf8 = |newline| converted(&["-f", "ASCII", "-t", "IBM-1047", "-n", newline], b"A\nB");
    assert_eq!(from_utf8("NL"), b"\xc1\x15\xc2");
    assert_eq!(from_utf8("LF"), b"\xc1\x25\xc2");
    assert_eq!(from_utf8("KEEP"), b"\xc1\x25\xc2");
    assert_eq!(converted(&["-f", "037", "-t", "IBM-1047"], mixed), b"\xc1\x15\xc2\x15");
}

#[test]
fn a_character_may_come_in_two_reads() {
    let mut child = spawn(&mut iconv(&["-f", "UTF-8", "-t", "IBM-1140"]));
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let mut stdout = child.stdout.take().expect("stdout is a pipe");
    let mut byte = [0];
    for (part, expected) in [(&b"a\xe2"[..], 0x81), (b"\x82", 0), (b"\xac", 0x9f), (b"b", 0x82)] {
        stdin.write_all(part).expect("zoxy reads its input");
        // What comes out shows that the part before was read by itself.
        if expected != 0 {
            stdout.read_exact(&mut byte).expect("zoxy writes what it has converted");
            assert_eq!(byte, [expected], "after {part:x?}");
        }
    }
    drop(stdin);
    assert_eq!(child.wait().expect("zoxy ends").code(), Some(0));
}

#[test]
fn any_size_goes_through_little_memory() {
    const LINE: &str = "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich\n";
    let lines = scaled(1_000_000, 50_000);
    let mut child = spawn(&mut iconv(&["-f", "UTF-8", "-t", "IBM-273"]));
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    let mut stdout = child.stdout.take().expect("stdout is a pipe");
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| bytes)
    });
    let block = LINE.repeat(1000);
    for _ in 0..lines / 1000 {
        stdin.write_all(block.as_bytes()).expect("zoxy reads its input");
    }
    let limit = scaled(24 * 1024, 192 * 1024);
    let resident = process::resident(child.id());
    assert!((1..limit).contains(&resident), "{resident} KiB");
    drop(stdin);
    assert_eq!(child.wait().expect("zoxy ends").code(), Some(0));
    let bytes = reader.join().expect("the reader ends").expect("zoxy's output can be read");
    assert_eq!(bytes.len(), lines * LINE.chars().count());
    let line = converted(&["-f", "IBM273", "-t", "UTF-8"], &bytes[bytes.len() - 63..]);
    assert!(LINE.ends_with(&text(&line)), "{}", text(&line));
}

#[test]
fn an_output_file_is_replaced_as_a_whole() {
    let world = World::new();
    let folder = world.shared_folder("files");
    let file = folder.join("report");
    let path = file.display().to_string();
    fs::write(&file, "grün\n").expect("the file can be written");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("the file is ours");

    // In place.
    let output = run(&mut iconv(&["-f", "UTF-8", "-t", "IBM-273", "-o", &path, &path]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let german = b"\x87\x99\xd0\x95\x15";
    assert_eq!(fs::read(&file).expect("the file is there"), german);
    let mode = fs::metadata(&file).expect("the file is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o640);

    // The second input fails.
    let bad = world.write("bad", "ok\nno \u{1f600}\n").display().to_string();
    let missing = world.path("missing").display().to_string();
    let output = run(&mut iconv(&["-f", "UTF-8", "-t", "IBM-273", "-o", &path, &bad]));
    told(&output, 8, &CONVERSION_FAILED, &[&bad, "offset 6", "line 2", "U+1F600", "IBM-273"]);
    let output = run(&mut iconv(&["-f", "037", "-t", "IBM-273", "-o", &path, &path, &missing]));
    told(&output, 12, &CONVERSION_UNREADABLE, &[&missing]);
    assert_eq!(fs::read(&file).expect("the file is there"), german);
    assert_eq!(names(&folder), ["report"]);

    // Several become one.
    let [a, b] = ["a", "b"].map(|name| world.write(name, name).display().to_string());
    let all = folder.join("all").display().to_string();
    let output = run(&mut iconv(&["-f", "UTF-8", "-t", "1047", "-o", &all, &a, &b]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert_eq!(fs::read(&all).expect("the file is there"), b"\x81\x82");
}

#[test]
fn a_signal_leaves_the_old_file_and_no_other() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let world = World::new();
        let folder = world.shared_folder("files");
        let file = folder.join("report");
        fs::write(&file, "old").expect("the file can be written");
        let path = file.display().to_string();
        let mut child = spawn(&mut iconv(&["-f", "UTF-8", "-t", "IBM-1047", "-o", &path]));
        let mut stdin = child.stdin.take().expect("stdin is a pipe");
        stdin.write_all(b"half").expect("zoxy reads its input");
        eventually("a file beside the old one", || (names(&folder).len() == 2).then_some(()));
        let pid = Pid::from_child(&child);
        kill_process(pid, signal).expect("zoxy runs");
        let status = child.wait().expect("zoxy ends");
        assert_eq!(status.signal(), Some(signal.as_raw()), "{status:?}");
        assert_eq!(names(&folder), ["report"], "{signal:?}");
        assert_eq!(fs::read(&file).expect("the file is there"), b"old");
    }
}

#[test]
fn a_signal_that_was_ignored_stays_ignored() {
    let world = World::new();
    let file = world.path("report").display().to_string();
    let zoxy = iconv(&["-f", "UTF-8", "-t", "IBM-1047", "-o", &file]);
    let mut command = Command::new(program("env", "coreutils"));
    command.arg("--ignore-signal=HUP").arg(zoxy.get_program()).args(zoxy.get_args());
    let mut child = spawn(command.env_remove("ZOXY_LOG"));
    let mut stdin = child.stdin.take().expect("stdin is a pipe");
    stdin.write_all(b"all").expect("zoxy reads its input");
    let folder = Path::new(&file).parent().expect("the world's folder");
    eventually("a file beside", || (names(folder).len() == 1).then_some(()));
    kill_process(Pid::from_child(&child), Signal::HUP).expect("zoxy runs");
    if emulated() {
        // The emulator handles every signal itself and so hides from zoxy which were ignored.
        let status = child.wait().expect("zoxy ends");
        assert_eq!(status.signal(), Some(Signal::HUP.as_raw()), "{status:?}");
        assert!(names(folder).is_empty());
        return;
    }
    drop(stdin);
    assert_eq!(child.wait().expect("zoxy ends").code(), Some(0));
    assert_eq!(fs::read(&file).expect("the file is there"), b"\x81\x93\x93");
}

#[test]
fn what_cannot_be_converted_is_told() {
    let to_037 = &["-f", "UTF-8", "-t", "IBM-037"];
    let output = piped(to_037, "one\ntwo €".as_bytes());
    told(
        &output,
        8,
        &CONVERSION_FAILED,
        &["standard input offset 8 line 2: IBM-037 has no U+20AC €"],
    );
    assert_eq!(output.stdout, b"\x96\x95\x85\x15\xa3\xa6\x96\x40");
    let output = piped(to_037, b"a\xff");
    told(&output, 8, &CONVERSION_FAILED, &["offset 1 line 1: X'FF' is not UTF-8"]);
    let output = piped(to_037, b"a\xe2\x82");
    told(&output, 8, &CONVERSION_FAILED, &["offset 1 line 1: X'E282' is not UTF-8"]);
    let output = piped(&["-f", "1140", "-t", "819"], b"\xc1\x15\x9f");
    told(&output, 8, &CONVERSION_FAILED, &["offset 2 line 2: ISO-8859-1 has no U+20AC"]);
}

#[test]
fn substitutes_only_when_asked() {
    let input = "5 €, 6 €\n".as_bytes();
    let with = |substitute: &[&str]| {
        piped(&[&["-f", "UTF-8", "-t", "IBM-037"], substitute, &["-"]].concat(), input)
    };
    let output = with(&["--substitute", "SUB"]);
    let pieces = ["standard input: 2 characters replaced", "offset 2 line 1", "U+20AC"];
    told(&output, 4, &CONVERSION_SUBSTITUTED, &pieces);
    assert_eq!(output.stdout, b"\xf5\x40\x3f\x6b\x40\xf6\x40\x3f\x15");
    // The value is never a file, and a file never the value.
    for form in [&["--substitute=?"][..], &["--substitute", "?"], &["-s", "?"], &["-s?"]] {
        let output = with(form);
        assert_eq!((output.status.code(), output.stdout[2]), (Some(4), 0x6f), "{form:?}");
    }
    told(&with(&["-s", "€"]), 8, &USAGE, &["IBM-037 does not have it"]);
    for wrong in ["ab", ""] {
        let output = with(&["--substitute", wrong]);
        told(&output, 8, &USAGE, &["expected SUB or one character"]);
    }
    let output = piped(&["-f", "utf8", "-t", "037", "/etc/passwd", "--substitute"], b"");
    told(&output, 8, &USAGE, &["substitute"]);
    let output = piped(&["-f", "utf8", "-t", "utf8", "-s", "sub"], b"a\xff");
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(4), "a\u{fffd}".into()));
}

#[test]
fn what_fails_outside_is_told() {
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full is there");
    let mut command = iconv(&["-f", "UTF-8", "-t", "IBM-037", "/etc/passwd"]);
    let output = run(command.stdout(full));
    told(&output, 12, &CONVERSION_UNWRITABLE, &["standard output"]);
    let world = World::new();
    let missing = world.path("missing").display().to_string();
    let output = run(&mut iconv(&["-f", "UTF-8", "-t", "IBM-037", &missing]));
    told(&output, 12, &CONVERSION_UNREADABLE, &[&missing]);
    let nowhere = world.path("none/file").display().to_string();
    let output = run(&mut iconv(&["-f", "UTF-8", "-t", "IBM-037", "-o", &nowhere, "/etc/passwd"]));
    told(&output, 12, &CONVERSION_UNWRITABLE, &[&nowhere]);
    let output =
        run(&mut iconv(&["-f", "UTF-8", "-t", "IBM-037", "-o", "/dev/null", "/etc/passwd"]));
    told(&output, 12, &CONVERSION_UNWRITABLE, &["/dev/null", "not a regular file"]);
    let folder = world.shared_folder("folder").display().to_string();
    let output = run(&mut iconv(&["-f", "UTF-8", "-t", "IBM-037", &folder]));
    told(&output, 12, &CONVERSION_UNREADABLE, &[&folder]);
}

#[test]
fn wrong_commands_are_told() {
    for (arguments, problem) in [
        (&[][..], "-f PAGE is missing"),
        (&["-f", "IBM-1047"], "-t PAGE is missing"),
        (&["-f", "IBM-875", "-t", "UTF-8"], "--from IBM-875: expected UTF-8, "),
        (&["-f", "1047", "-t", "UTF-8", "-n", "CRLF"], "--newline CRLF: expected NL, LF or KEEP"),
        (&["--list", "--detect"], "exclude each other"),
        (&["--detect", "-f", "1047"], "exclude each other"),
        (&["--list", "file"], "--list has no arguments"),
        (&["--nonsense"], "nonsense"),
    ] {
        told(&run(&mut iconv(arguments)), 8, &USAGE, &[problem, "zoxy iconv --help"]);
    }
}

#[test]
fn pages_are_listed_and_detected() {
    let output = run(&mut iconv(&["--list"]));
    let list = text(&output.stdout);
    assert_eq!((output.status.code(), output.stderr.len()), (Some(0), 0));
    assert!(list.lines().all(|line| line.len() <= 80), "{list}");
    for page in ["UTF-8 ", "ISO-8859-15 ", "windows-1252 ", "IBM-037 ", "IBM-1149 "] {
        assert!(list.lines().any(|line| line.starts_with(page)), "{page}: {list}");
    }

    let world = World::new();
    // Made by another converter.
    let german = "Für die Übertragung ist das nicht möglich, und der Schlüssel ist größer.\n";
    let native = run(Command::new(program("iconv", "libc-bin"))
        .args(["-f", "UTF-8", "-t", "IBM273"])
        .arg(world.write("utf8", german)));
    assert!(native.status.success(), "{}", text(&native.stderr));
    let file = world.write("german", native.stdout).display().to_string();
    let output = run(&mut iconv(&["--detect", &file]));
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let expected = format!("{file}: IBM-273, told by its characters; read alike by IBM-1141\n");
    assert_eq!(text(&output.stdout), expected);

    let output = piped(&["--detect"], b"caf\xe9\n");
    assert_eq!(output.status.code(), Some(4));
    assert!(text(&output.stdout).starts_with("standard input: neither UTF-8 nor EBCDIC"));
    let output = run(&mut iconv(&["--detect", &file, "/nonexistent"]));
    assert_eq!(text(&output.stdout), expected);
    told(&output, 12, &CONVERSION_UNREADABLE, &["/nonexistent"]);
}

#[test]
fn the_help_is_complete() {
    let output = run(&mut iconv(&["--help"]));
    let help = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0));
    for part in [
        "--from",
        "--to",
        "--newline",
        "--output",
        "--substitute",
        "--list",
        "--detect",
        "Return codes:",
    ] {
        assert!(help.contains(part), "{part}: {help}");
    }
    assert!(help.lines().all(|line| line.len() <= 80), "{help}");
}
