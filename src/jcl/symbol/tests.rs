//! Replacement of symbols: what becomes of each form.

use super::*;
use crate::jcl::text::Text;

fn system() -> SystemSymbols {
    let symbols = [("SYSUID", "IBMUSER"), ("SYSNAME", "SYS1"), ("HLQ", "SYSHLQ")];
    SystemSymbols(symbols.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect())
}

fn text(parts: &[&str]) -> Text {
    let mut text = Text::default();
    for (index, part) in parts.iter().enumerate() {
        text.push(part, Place { card: index + 1, from: 16, ..Place::default() });
    }
    text
}

/// The text after replacement, and message numbers with first columns.
fn replaced(operand: &str, style: Style) -> (String, Vec<(u16, usize)>) {
    let system = system();
    let mut symbols = Symbols::new(&system);
    for (name, value) in
        [("HLQ", "PROD"), ("A", "X"), ("NULL", ""), ("TXT", "IT IS"), ("Q", "'1 2'")]
    {
        symbols.set(name, value.to_owned()).unwrap();
    }
    let found = symbols.replace(&text(&[operand]), style);
    let problems = found.problems.iter().map(|p| (p.message.number, p.place.from)).collect();
    (found.text.as_str().to_owned(), problems)
}

fn good(operand: &str) -> String {
    let (text, problems) = replaced(operand, Style::Parameters);
    assert_eq!(problems, [], "{operand}");
    text
}

#[test]
fn a_period_ends_a_symbol_and_two_leave_one() {
    assert_eq!(good("DSN=&HLQ..DATA"), "DSN=PROD.DATA");
    assert_eq!(good("DSN=&HLQ.DATA"), "DSN=PRODDATA");
    assert_eq!(good("DSN=&HLQ(&A)"), "DSN=PROD(X)");
    assert_eq!(good("DSN=&A&A..&A"), "DSN=XX.X");
    assert_eq!(good("DSN=&HLQ&NULL"), "DSN=PROD");
    assert_eq!(good("DSN=&SYSUID..&NULL.X"), "DSN=IBMUSER.X");
}

#[test]
fn only_system_symbols_have_substrings() {
    assert_eq!(good("DSN=&SYSNAME(1:3).X"), "DSN=SYSX");
    assert_eq!(good("DSN=&SYSNAME(-1:1)"), "DSN=1");
    assert_eq!(good("DSN=A(&SYSNAME)"), "DSN=A(SYS1)");
    let wrong = |operand| replaced(operand, Style::Parameters).1;
    assert_eq!(wrong("DSN=&A(1:1)"), [(7031, 20)]);
    assert_eq!(wrong("DSN=&SYSNAME(3:3)"), [(7031, 20)]);
    assert_eq!(wrong("DSN=&SYSNAME(0:1)"), [(7031, 20)]);
    assert_eq!(wrong("DSN=&SYSNAME(-9:1)"), [(7031, 20)]);
    assert_eq!(wrong("DSN=&SYSNAME(2147483647:2147483647)"), [(7031, 20)]);
}

#[test]
fn apostrophes_protect_all_but_a_few_keywords() {
    assert_eq!(good("DSN='&HLQ..X'"), "DSN='&HLQ..X'");
    assert_eq!(good("PATH='/u/&A/x'"), "PATH='/u/X/x'");
    assert_eq!(good("PARM='a&&b &A.c'"), "PARM='a&b Xc'");
    assert_eq!(good("PARM.STEP='&A',DSN='&A'"), "PARM.STEP='X',DSN='&A'");
    assert_eq!(good("PARM=('&A',&A,'a & b')"), "PARM=('X',X,'a & b')");
    let (text, problems) = replaced("PARM='x &NONE y'", Style::Parameters);
    assert_eq!((text.as_str(), problems), ("PARM='x &NONE y'", vec![(7073, 24)]));
}

#[test]
fn two_ampersands_make_a_temporary_data_set() {
    assert_eq!(good("DSN=&&TEMP,DISP=(,PASS)"), "DSN=&&TEMP,DISP=(,PASS)");
    assert_eq!(good("DSN=&&A"), "DSN=&&A");
    let (text, problems) = replaced("DSN=&TEMP,UNIT=X", Style::Parameters);
    assert_eq!((text.as_str(), problems), ("DSN=&&TEMP,UNIT=X", vec![(7074, 20)]));
}

#[test]
fn undefined_symbols_are_errors() {
    let wrong = |operand| replaced(operand, Style::Parameters).1;
    assert_eq!(wrong("DSN=A.&NONE"), [(7030, 22)]);
    assert_eq!(wrong("UNIT=&NONE"), [(7030, 21)]);
    assert_eq!(wrong("UNIT=A&,X"), [(7030, 22)]);
    assert_eq!(wrong("UNIT=&TOOLONGNAME"), [(7031, 21)]);
}

#[test]
fn an_ampersand_in_an_expression_may_be_an_and() {
    let (text, problems) = replaced("RC=0 & STEP.RC=4&ABEND|RC=&A", Style::Expression);
    assert_eq!((text.as_str(), problems), ("RC=0 & STEP.RC=4&ABEND|RC=X", vec![]));
}

#[test]
fn blanks_and_apostrophes_in_values_are_part_of_the_text() {
    let (text, problems) = replaced("A=&TXT,B=C", Style::Parameters);
    assert_eq!((text.as_str(), problems), ("A=IT", vec![(7075, 18)]));
    assert_eq!(good("PARM='&TXT'"), "PARM='IT IS'");
    assert_eq!(good("A=&Q,B=C"), "A='1 2',B=C");
}

#[test]
fn a_symbol_in_apostrophes_stands_on_one_card() {
    let system = system();
    let mut symbols = Symbols::new(&system);
    symbols.set("ABC", "1".to_owned()).unwrap();
    let found = symbols.replace(&text(&["PARM='x&A", "BC'"]), Style::Parameters);
    assert_eq!(found.problems[0].message.number, 7031);
}

#[test]
fn procedures_have_a_scope() {
    let system = system();
    let mut symbols = Symbols::new(&system);
    symbols.set("A", "outer".to_owned()).unwrap();
    let given = |name: &str| (name.to_owned(), "given".to_owned(), Place::default());
    symbols.enter(vec![given("B"), given("C"), given("D")]);
    symbols.set_default("B", "default".to_owned()).unwrap();
    symbols.set_default("A", "default".to_owned()).unwrap();
    let found = symbols.replace(&text(&["&A.&B.&C"]), Style::Parameters);
    assert_eq!(found.text.as_str(), "defaultgivengiven");
    let unused: Vec<_> = symbols.leave().into_iter().map(|(name, _)| name).collect();
    assert_eq!(unused, ["D"]);
    let found = symbols.replace(&text(&["&A"]), Style::Parameters);
    assert_eq!(found.text.as_str(), "outer");
}

#[test]
fn data_has_exported_symbols_only() {
    let system = system();
    let mut symbols = Symbols::new(&system);
    symbols.set("A", "1".to_owned()).unwrap();
    symbols.set("B", "2".to_owned()).unwrap();
    symbols.export("A");
    let mut replace = |record, system| symbols.replace_record(record, system);
    assert_eq!(replace("a=&A. b=&B", SystemUse::None), Some("a=1 b=&B".to_owned()));
    assert_eq!(replace("&SYSNAME(1:3) &A", SystemUse::None), Some("&SYSNAME(1:3) 1".to_owned()));
    assert_eq!(replace("&SYSNAME(1:3).x", SystemUse::All), Some("SYSx".to_owned()));
    assert_eq!(replace("&&A & &", SystemUse::All), None);
    symbols.export_all();
    let found = symbols.replace_record("&B..&A", SystemUse::None);
    assert_eq!(found.as_deref(), Some("2.1"));
}

#[test]
fn a_job_has_a_bounded_number_of_symbols() {
    let system = system();
    let mut symbols = Symbols::new(&system);
    let refused =
        (0..MAX_SYMBOLS + 5).filter(|n| symbols.set(&format!("S{n}"), String::new()).is_err());
    assert_eq!(refused.count(), 5);
}
