//! Names of files, data sets, members and DDs, and masks: what is read can be shown and read again,
//! and holds nothing that means something to a file system; a mask matches what it should.

use zoxy::dataset::{
    DatasetMask, DatasetName, DdName, Dsn, FileName, MemberMask, MemberName, Prefix,
};

use crate::pieces::is_printable_line;

/// The input is lines: each is read in all ways, and as a mask of all others.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let lines: Vec<&str> = text.split('\n').take(16).collect();
    lines.iter().for_each(|line| files(line));
    let names: Vec<DatasetName> =
        lines.iter().filter_map(|line| DatasetName::parse(line).ok()).collect();
    let members: Vec<MemberName> =
        lines.iter().filter_map(|line| MemberName::parse(line).ok()).collect();
    for line in &lines {
        if let Ok(dd) = DdName::parse(line) {
            part(dd.as_str());
        }
        match DatasetMask::parse(line) {
            Ok(mask) => names.iter().for_each(|name| {
                let expected = matches(&line.to_ascii_uppercase(), name.as_str());
                assert_eq!(mask.matches(name), expected, "{line} {name}");
            }),
            Err(error) => told(&error.to_string(), line),
        }
        if let Ok(mask) = MemberMask::parse(line) {
            let line = line.to_ascii_uppercase();
            members.iter().for_each(|name| {
                let expected = characters(line.as_bytes(), name.as_str().as_bytes());
                assert_eq!(mask.matches(name), expected, "{line} {name}");
            });
        }
    }
    names.iter().for_each(dataset);
    members.iter().for_each(|member| part(member.as_str()));
}

fn files(line: &str) {
    for prefix in [None, Some(DatasetName::parse("IBMUSER").expect("it is a name"))] {
        let prefix = Prefix::of(prefix);
        match FileName::parse(line, &prefix) {
            Ok(FileName::Path(path)) => assert_eq!(path.to_str(), Some(line)),
            Ok(name) => {
                let shown = name.to_string();
                assert_eq!(FileName::parse(&shown, &prefix).as_ref(), Ok(&name), "{shown}");
                match &name {
                    FileName::Dataset(dsn) | FileName::Temporary(dsn) => full(dsn),
                    FileName::Dd(dd, member) => {
                        part(dd.as_str());
                        member.iter().for_each(|member| part(member.as_str()));
                    }
                    FileName::Path(_) => {}
                }
            }
            Err(error) => told(&error.to_string(), line),
        }
        match FileName::parse_dataset(line, &prefix) {
            Ok(dsn) => {
                full(&dsn);
                assert_eq!(Dsn::parse(&dsn.to_string()).as_ref(), Ok(&dsn));
            }
            Err(error) => told(&error.to_string(), line),
        }
    }
    if let Ok(name) = FileName::parse_dsn(line) {
        assert!(matches!(name, FileName::Dataset(_) | FileName::Temporary(_)), "{name:?}");
    }
}

fn full(dsn: &Dsn) {
    dataset(&dsn.name);
    dsn.member.iter().for_each(|member| part(member.as_str()));
}

/// What the store makes files and folders of.
fn dataset(name: &DatasetName) {
    assert!((1..=44).contains(&name.as_str().len()));
    name.as_str().split('.').for_each(part);
    assert!(DatasetMask::parse(name.as_str()).is_ok_and(|mask| mask.matches(name)));
    assert!(DatasetMask::all().matches(name));
}

fn part(text: &str) {
    let is_national = |c: char| "$#@".contains(c);
    let is_known =
        |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || is_national(c) || c == '-';
    assert!((1..=8).contains(&text.len()) && text.chars().all(is_known), "{text}");
    assert!(text.starts_with(|c: char| c.is_ascii_uppercase() || is_national(c)), "{text}");
}

/// An error repeats what was written, and little more; whoever shows it hides control characters.
fn told(error: &str, line: &str) {
    assert!(is_printable_line(error) || !is_printable_line(line), "{error}");
    assert!(error.len() < line.len() + 300, "{} bytes about {line}", error.len());
}

/// What a mask means, said in the shortest way.
fn matches(mask: &str, name: &str) -> bool {
    let mask: Vec<&str> = mask.split('.').collect();
    let name: Vec<&str> = name.split('.').collect();
    // How many qualifiers of the name the mask so far can stand for.
    let mut ends = vec![false; name.len() + 1];
    ends[0] = true;
    for qualifier in mask {
        let mut next = vec![false; name.len() + 1];
        for end in (0..=name.len()).filter(|end| ends[*end]) {
            if qualifier == "**" {
                next[end..].fill(true);
            } else if end < name.len() {
                next[end + 1] |= characters(qualifier.as_bytes(), name[end].as_bytes());
            }
        }
        ends = next;
    }
    ends[name.len()]
}

fn characters(mask: &[u8], name: &[u8]) -> bool {
    let mut ends = vec![false; name.len() + 1];
    ends[0] = true;
    for wanted in mask {
        let mut next = vec![false; name.len() + 1];
        for end in (0..=name.len()).filter(|end| ends[*end]) {
            if *wanted == b'*' {
                next[end..].fill(true);
            } else if name.get(end).is_some_and(|byte| *wanted == b'%' || wanted == byte) {
                next[end + 1] = true;
            }
        }
        ends = next;
    }
    ends[name.len()]
}
