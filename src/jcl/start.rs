//! START: the deck that a START command stands for.

use super::card::{CARD, LAST};
use super::{Member, Start};

/// What the deck is called in messages.
const SOURCE: &str = "START command";

/// Column in which a string goes on.
const RESUME: usize = 16;

/// A JOB statement and an EXEC statement that calls the procedure, each parameter on a card of its own.
pub(super) fn deck(start: &Start) -> Member {
    let job = start.job.as_deref().unwrap_or(&start.procedure);
    let mut cards = vec![format!("//{job:<8} JOB MSGLEVEL=1")];
    let mut card = format!("//STARTING EXEC {}", start.procedure);
    for (name, value) in &start.parameters {
        card.push(',');
        cards.push(card);
        let mut parameter = split(&format!("{name}={}", written(value)));
        card = parameter.pop().unwrap_or_default();
        cards.extend(parameter);
    }
    cards.push(card);
    // One that is too long to be written is told as such, on its card.
    let bytes = cards.join("\n").into_bytes();
    Member { source: SOURCE.to_owned(), bytes, code_page: None, record_format: None }
}

/// A parameter on as many cards as it needs, begun in such a column that no apostrophe stands in the
/// last column of a card.
fn split(parameter: &str) -> Vec<String> {
    let cut = |indent: usize| {
        let mut cards = Vec::new();
        let mut card = format!("//{:indent$}{parameter}", "");
        while card.chars().count() > LAST {
            let end = card.char_indices().nth(LAST).map_or(card.len(), |(at, _)| at);
            let rest = card.split_off(end);
            cards.push(card);
            card = format!("{:width$}{rest}", "//", width = RESUME - 1);
        }
        cards.push(card);
        cards
    };
    let is_good = |cards: &[String]| cards.iter().rev().skip(1).all(|card| !card.ends_with('\''));
    let candidates = (1..RESUME - 2).map(cut);
    candidates.into_iter().find(|cards| is_good(cards)).unwrap_or_else(|| cut(1))
}

/// A value as it stands on a card: in apostrophes unless it is a name, a number or a list.
fn written(value: &str) -> String {
    let is_list = value.starts_with('(') && value.ends_with(')') && value.len() < CARD / 2;
    let is_plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || "$#@.*-".contains(c);
    let is_short = value.len() < CARD / 2;
    if value.is_empty() || is_list || (is_short && value.chars().all(is_plain)) {
        return value.to_owned();
    }
    // Ampersands are no symbols here.
    format!("'{}'", value.replace('\'', "''").replace('&', "&&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cards(parameters: &[(&str, &str)]) -> Vec<String> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let parameters = parameters.iter().map(owned).collect();
        let start = Start { procedure: "ZOXY".into(), job: None, parameters };
        let deck = String::from_utf8(deck(&start).bytes).unwrap();
        deck.lines().map(str::to_owned).collect()
    }

    #[test]
    fn parameters_become_cards() {
        assert_eq!(cards(&[]), ["//ZOXY     JOB MSGLEVEL=1", "//STARTING EXEC ZOXY"]);
        let cards = cards(&[("CFG", "PROD"), ("PARM", "it's"), ("TIME", "(1,30)"), ("X", "")]);
        assert_eq!(
            cards[1..],
            [
                "//STARTING EXEC ZOXY,",
                "// CFG=PROD,",
                "// PARM='it''s',",
                "// TIME=(1,30),",
                "// X=",
            ]
        );
    }

    #[test]
    fn long_values_are_continued_in_column_16() {
        let value = "x".repeat(100);
        let cards = cards(&[("PARM", &value)]);
        assert_eq!(cards[2].len(), 71);
        assert!(cards[3].starts_with("//             x") && cards[3].ends_with("x'"));
    }

    #[test]
    fn no_apostrophe_stands_in_the_last_column_of_a_card() {
        for length in 50..70 {
            let cards = cards(&[("PARM", &format!("{}{}", "x".repeat(length), "'".repeat(9)))]);
            assert!(
                cards[2..cards.len() - 1].iter().all(|card| !card.ends_with('\'')),
                "{cards:?}"
            );
        }
    }
}
