//! What `zoxy ds` says before it touches a data set.

use super::*;

fn ds(arguments: &[&str]) -> (Rc, String, String) {
    let arguments: Vec<_> = arguments.iter().map(|&argument| argument.to_owned()).collect();
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let rc = run(&arguments, &mut Terminal { out: &mut out, err: &mut err });
    (rc, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
}

#[test]
fn every_command_has_help_of_80_columns() {
    let (rc, help, _) = ds(&["--help"]);
    assert_eq!(rc, Rc::Ok);
    let mut helps = vec![help.clone()];
    for Command { name, .. } in COMMANDS {
        assert!(help.contains(&format!("\n    {name} ")), "{name}");
        let (rc, help, err) = ds(&[name, "--help"]);
        assert_eq!((rc, err.as_str()), (Rc::Ok, ""), "{name}");
        assert!(help.starts_with(&format!("Usage: zoxy ds {name} ")), "{help}");
        assert!(help.contains("--help") && help.contains("Return codes: 0 "), "{help}");
        helps.push(help);
    }
    for line in helps.iter().flat_map(|help| help.lines()) {
        assert!(line.chars().count() <= 80, "{line}");
    }
}

#[test]
fn wrong_command_lines_are_told() {
    for (arguments, expected) in [
        (&[][..], "zoxy ds: a command is missing"),
        (&["erase"], "zoxy ds: there is no command erase"),
        (&["list", "A", "B"], "zoxy ds list: give one mask"),
        (&["list", "A..B"], "A..B is no name of a data set: '' matches no name"),
        (&["list", "A.B(1X*%%%%%%%)"], "'1X*%%%%%%%' matches no name"),
        (&["show"], "zoxy ds show: give one name"),
        (&["show", "-n", "x", "A.B"], "--records x: expected a number"),
        (&["show", "A.1B"], "A.1B is no name of a data set: qualifier 2 '1B' begins with '1'"),
        (&["show", "&&TEMP"], "&&TEMP is a data set of a job"),
        (&["copy", "x"], "zoxy ds copy: give FROM and TO"),
        (&["copy", "--overflow", "FOLD", "x", "y"], "expected REFUSE, TRUNCATE or WRAP"),
        (&["copy", "x", "//'A.B(+1)'"], "(+1) is a relative generation number"),
        (&["convert", "--line-end", "CR", "x", "y"], "expected LF, CRLF, NL or CRNL"),
        (&["convert", "--from-recfm", "VBS", "x", "y"], "spanned records are not supported"),
        (&["convert", "--from-codepage", "X", "x", "y"], "--from-codepage X: expected"),
        (&["alloc"], "zoxy ds alloc: a name is missing"),
        (&["alloc", "--dsorg", "DA", "A.B"], "--dsorg DA: expected PS or PO"),
        (&["alloc", "--lrecl", "70000", "A.B"], "--lrecl 70000: expected 0 to 32760"),
        (&["alloc", "--bdw", "MAYBE", "A.B"], "--bdw MAYBE: expected YES or NO"),
        (&["alloc", "--recfm", "Q", "A.B"], "--recfm Q: expected TEXT, F"),
        (&["alloc", "A.B(M)"], "(M): give the library only"),
        (&["delete"], "zoxy ds delete: a name is missing"),
        (&["delete", "--wait", "-1", "A.B"], "--wait -1: expected seconds, 0 to 86400"),
        (&["rename", "A.B"], "zoxy ds rename: give the old and the new name"),
        (&["rename", "A.B(C)", "A.D"], "give two data sets, or two members of one library"),
        (&["rename", "A.B(C)", "A.D(C)"], "a member cannot move to another library"),
        (&["attr", "A.B(C)"], "(C): members have the attributes of their library"),
        (&["path", "A.B", "C"], "zoxy ds path: give one name"),
        (&["path", "A.B", "--nothing"], "zoxy ds path: "),
    ] {
        let (rc, out, err) = ds(arguments);
        assert_eq!((rc, out.as_str()), (Rc::Error, ""), "{arguments:?}: {err}");
        assert!(err.starts_with("ZOX") && err.contains(expected), "{arguments:?}: {err}");
    }
}

#[test]
fn output_that_cannot_be_written_is_told() {
    struct Full(io::ErrorKind);
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for (kind, told) in [(io::ErrorKind::StorageFull, true), (io::ErrorKind::BrokenPipe, false)] {
        let mut err = Vec::new();
        let mut terminal = Terminal { out: &mut Full(kind), err: &mut err };
        assert_eq!(run(&["--help".to_owned()], &mut terminal), Rc::Severe);
        assert_eq!(err.starts_with(b"ZOX6127E standard output: "), told);
    }
}
