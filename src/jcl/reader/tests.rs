//! Whole decks taken apart: fields, continuations, data.

use super::*;
use crate::jcl::Member;
use crate::jcl::card;

fn read_deck(deck: &str) -> Vec<Raw> {
    let bytes = deck.as_bytes().to_vec();
    let member = Member { source: "DECK".into(), bytes, code_page: None, record_format: None };
    read(&card::cards(&member).unwrap(), 0)
}

/// `name|operation|operand` of each statement, other cards by their kind.
fn show(raws: &[Raw]) -> Vec<String> {
    let one = |raw: &Raw| match &raw.kind {
        Kind::Comment => "comment".to_owned(),
        Kind::Null => "null".to_owned(),
        Kind::Delimiter => "delimiter".to_owned(),
        Kind::Jes(word) => format!("jes {word}"),
        Kind::Data(data) => format!("data {}", data.records.join("/")),
        Kind::Statement(Statement { name, operation, operand, data, .. }) => {
            let data = data.as_ref().map_or(String::new(), |data| {
                format!(" <{}> {}", data.records.join("/"), data.first_card)
            });
            format!("{}|{}|{}{data}", name.as_str(), operation.as_str(), operand.as_str())
        }
    };
    raws.iter().map(one).collect()
}

fn good(deck: &str) -> Vec<String> {
    let raws = read_deck(deck);
    for raw in &raws {
        assert!(raw.problems.is_empty(), "{:?}", raw.problems);
    }
    show(&raws)
}

/// Message number, card and columns of the only problem, and what was read all the same.
fn bad(deck: &str) -> (u16, usize, (usize, usize), Vec<String>) {
    let raws = read_deck(deck);
    let problems: Vec<_> = raws.iter().flat_map(|raw| &raw.problems).collect();
    let [only] = problems.as_slice() else { panic!("{problems:#?}") };
    (only.message.number, only.place.card, (only.place.from, only.place.to), show(&raws))
}

/// A card that is filled up to column 71.
fn full(card: &str, fill: char) -> String {
    let missing = 71 - card.chars().count();
    format!("{card}{}", fill.to_string().repeat(missing))
}

#[test]
fn fields_are_separated_by_blanks() {
    assert_eq!(
        good("//JOB1 JOB (1),'A B',CLASS=A  a comment, with comma\n//* note\n//S EXEC PGM=X\n//\n"),
        ["JOB1|JOB|(1),'A B',CLASS=A", "comment", "S|EXEC|PGM=X", "null"]
    );
    assert_eq!(good("//     DD   DSN=A\n"), ["|DD|DSN=A"]);
    assert_eq!(good("//  ELSE  because\n// PEND\n"), ["|ELSE|", "|PEND|"]);
    assert_eq!(good("// F ZOXY,REFRESH now\n"), ["|F|ZOXY,REFRESH now"]);
    assert_eq!(good("/*JOBPARM S=SYS1\n/*\n"), ["jes JOBPARM", "delimiter"]);
}

#[test]
fn sequence_numbers_are_no_part_of_a_statement() {
    let deck = format!("{:<72}00010000\n", "//S EXEC PGM=X");
    assert_eq!(good(&deck), ["S|EXEC|PGM=X"]);
}

#[test]
fn a_comma_continues_in_columns_4_to_16() {
    assert_eq!(good("//A DD DSN=A,\n//   DISP=SHR\n"), ["A|DD|DSN=A,DISP=SHR"]);
    assert_eq!(
        good("//A DD DSN=A,  comment\n//* between\n//             DISP=SHR  more\n//B DD *\n"),
        ["A|DD|DSN=A,DISP=SHR", "B|DD|* <> 5"]
    );
    let (number, card, columns, read) = bad("//A DD DSN=A,\n//              DISP=SHR\n");
    assert_eq!((number, card, columns), (7004, 2, (17, 71)));
    assert_eq!(read, ["A|DD|DSN=A,DISP=SHR"]);
    let (number, card, columns, read) = bad("//A DD DSN=A,\n//B DD DSN=B\n");
    assert_eq!((number, card, columns), (7003, 1, (13, 13)));
    assert_eq!(read.len(), 2);
    assert_eq!(bad("//A DD DSN=A,\n").0, 7003);
    assert_eq!(bad("//A DD DSN=A,\n//\n").0, 7003);
}

#[test]
fn a_string_runs_to_column_71_and_goes_on_in_column_16() {
    let first = full("//S EXEC PGM=X,PARM='", 'a');
    let deck = format!("{first}\n{:15}b c',REGION=4M\n", "//");
    let expected = format!("S|EXEC|{}b c',REGION=4M", &first[9..]);
    assert_eq!(good(&deck), [expected]);

    let short = "//S EXEC PGM=X,PARM='ends with blanks";
    let blanks = format!("{short}{}", " ".repeat(71 - short.len()));
    let read = good(&format!("{short}\n{:15}b'\n", "//"));
    assert_eq!(read, [format!("S|EXEC|{}b'", &blanks[9..])]);

    let (number, card, columns, _) = bad(&format!("{first}\n//  b'\n"));
    assert_eq!((number, card, columns), (7004, 2, (5, 5)));
    let (number, card, columns, _) = bad(&format!("{first}\n//T EXEC PGM=Y\n"));
    assert_eq!((number, card, columns), (7005, 1, (21, 21)));
    assert_eq!(bad("//S EXEC PGM=X,PARM='a\n").0, 7005);
}

#[test]
fn no_apostrophe_may_stand_in_column_71() {
    let opening = format!("{}'", &full("//S EXEC PGM=X,PARM=A,PARM2=", 'a')[..70]);
    let (number, _, columns, _) = bad(&format!("{opening}\n{:15}b'\n", "//"));
    assert_eq!((number, columns), (7006, (71, 71)));
    let closing = format!("{}'", &full("//S EXEC PGM=X,PARM='", 'a')[..70]);
    assert_eq!(good(&format!("{closing}\n//T EXEC PGM=Y\n")).len(), 2);
    let (number, card, _, _) = bad(&format!("{closing}\n{:15}'b'\n", "//"));
    assert_eq!((number, card), (7006, 1));
}

#[test]
fn column_72_continues_comments() {
    let first = format!("{:<71}X", "//A DD DSN=A   a long comment");
    let deck = format!("{first}\n//   goes on\n//B DD DSN=B\n");
    assert_eq!(good(&deck), ["A|DD|DSN=A", "B|DD|DSN=B"]);
    assert_eq!(good(&format!("{first}\n//B DD DSN=B\n")).len(), 2);
    let (number, card, _, read) = bad(&format!("{first}\n//    DD DSN=B\n"));
    assert_eq!((number, card), (7072, 2));
    assert_eq!(read, ["A|DD|DSN=A"]);
    let comma = format!("{:<71}X", "//A DD DSN=A,   a comment");
    assert_eq!(good(&format!("{comma}\n//  DISP=SHR\n")), ["A|DD|DSN=A,DISP=SHR"]);
    let cut = format!("{}Z", full("//A DD DSN=", 'A'));
    assert_eq!(bad(&cut).0, 7072);
}

#[test]
fn an_expression_ends_with_then() {
    assert_eq!(good("//I IF (RC = 0) THEN  so\n"), ["I|IF|(RC = 0)"]);
    assert_eq!(good("// IF RC=0 &\n//* why\n//  ABEND THEN\n"), ["|IF|RC=0 & ABEND"]);
    assert_eq!(bad("// IF RC=0\n//S EXEC PGM=X\n").0, 7007);
    assert_eq!(bad("// IF RC=0\n").0, 7007);
    let (number, card, columns, _) = bad("// IF RC=0 |\n//                 RC=4 THEN\n");
    assert_eq!((number, card, columns), (7004, 2, (20, 71)));
}

#[test]
fn data_ends_at_its_delimiter() {
    assert_eq!(
        good("//A DD *\none\n  two\n/*\n//B DD *\nthree\n//C DD DSN=X\n"),
        ["A|DD|* <one/  two> 2", "B|DD|* <three> 6", "C|DD|DSN=X"]
    );
    assert_eq!(
        good("//A DD DATA\n//X EXEC PGM=Y\n/*\n//B DD DSN=X\n"),
        ["A|DD|DATA <//X EXEC PGM=Y> 2", "B|DD|DSN=X"]
    );
    assert_eq!(good("//A DD DATA,DLM=##\n/*\n//X\n##\n"), ["A|DD|DATA,DLM=## </*///X> 2"]);
    assert_eq!(
        good("//A DD *,DLM='$$'\n/*\n//X DD DSN=A\n"),
        ["A|DD|*,DLM='$$' </*> 2", "X|DD|DSN=A"]
    );
    assert_eq!(good("//A DD *,DLM='&&A'\nx\n&A\n"), ["A|DD|*,DLM='&&A' <x> 2"]);
    assert_eq!(good("//A DD *\nx\n/*ROUTE X\n"), ["A|DD|* <x> 2", "jes ROUTE"]);
    assert_eq!(
        good("//S EXEC PGM=X\nloose\ndata\n/*\n//T EXEC PGM=Y\n"),
        ["S|EXEC|PGM=X", "data loose/data", "T|EXEC|PGM=Y"]
    );
    assert_eq!(bad("//A DD DATA\nx\n").0, 7077);
}

#[test]
fn a_wrong_dlm_leaves_the_usual_delimiters() {
    assert_eq!(show(&read_deck("//A DD DATA,DLM=ABC\nx\n/*\n//B DD DSN=X\n")).len(), 2);
    assert_eq!(show(&read_deck("//A DD DATA,LRECL=(80,DLM=##\nx\n/*\n//B DD DSN=X\n")).len(), 2);
}

#[test]
fn data_may_have_any_characters_and_length() {
    let long = "x".repeat(500);
    let deck = format!("//A DD *\na\tb\n{long}\n{:72}00010000\n", "numbered");
    let expected = format!("A|DD|* <a\tb/{long}/{:72}00010000> 2", "numbered");
    assert_eq!(good(&deck), [expected]);
    assert_eq!(bad(&format!("//A DD *\n{}\n", "x".repeat(32_761))).0, 7008);
}

#[test]
fn a_statement_has_an_operation() {
    let (number, card, _, _) = bad("//NAME\n");
    assert_eq!((number, card), (7012, 1));
    assert_eq!(bad("//A DD\tDSN=X\n").0, 7002);
}
