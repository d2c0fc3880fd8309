//! The listing as lines of the job log.

use super::model::{Listed, ListedStatements, Listing, Origin};

impl Listing {
    /// Lines for MSGLEVEL: the number of each statement, then its cards. What a statement became when
    /// its symbols were replaced stands below it.
    ///
    /// The first two columns of a card tell where it came from: `//` from the deck, `XX` from a
    /// cataloged procedure, `++` from one in the deck, `X/` and `+/` from one of them and overridden.
    pub fn lines(&self, level: ListedStatements) -> Vec<String> {
        let shown = self.entries.iter().filter(|listed| match level {
            ListedStatements::All => true,
            ListedStatements::Deck => matches!(listed.origin, Origin::Deck | Origin::Generated),
            ListedStatements::Job => listed.position.statement == 1 && !listed.is_comment,
        });
        shown.flat_map(lines).collect()
    }
}

fn lines(listed: &Listed) -> Vec<String> {
    let number =
        if listed.is_comment { String::new() } else { listed.position.statement.to_string() };
    let mut lines = Vec::new();
    for (index, card) in listed.cards.iter().enumerate() {
        let number = if index == 0 { number.as_str() } else { "" };
        lines.push(format!("{number:>6} {}", marked(listed, card)));
    }
    if let Some(last) = lines.last_mut().filter(|_| listed.origin == Origin::Generated) {
        last.push_str("   generated");
    }
    if let Some(substituted) = &listed.substituted {
        let mut rest = substituted.as_str();
        let mut head = "  =>";
        while !rest.is_empty() {
            let end = rest.char_indices().nth(WIDTH).map_or(rest.len(), |(at, _)| at);
            let (line, behind) = rest.split_at(end);
            lines.push(format!("{:>6} {head:<4} {line}", ""));
            (rest, head) = (behind, "");
        }
    }
    lines
}

/// Characters of a line below a statement.
const WIDTH: usize = 64;

/// The card with the two columns that tell where it came from.
fn marked(listed: &Listed, card: &str) -> String {
    let (all, over) = match listed.origin {
        Origin::Deck | Origin::Generated => return card.to_owned(),
        Origin::Procedure => ("XX", "X/"),
        Origin::InStreamProcedure => ("++", "+/"),
    };
    let mark = if listed.is_overridden { over } else { all };
    match card.strip_prefix("//") {
        Some(rest) => format!("{mark}{rest}"),
        None => card.to_owned(),
    }
}
