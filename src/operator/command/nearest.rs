//! The word that was probably meant.

/// The one of `words` that `found` differs least from; None if none is near.
///
/// A beginning of a word is near, and so is a word that one change in three letters makes of it: a
/// letter put in, left out, taken for another, or two that changed places.
pub fn nearest<'a>(found: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let found: Vec<u8> = found.bytes().take(MOST).map(|byte| byte.to_ascii_uppercase()).collect();
    if found.is_empty() {
        return None;
    }
    let ranked = words.into_iter().filter_map(|word| {
        let begins = found.len() >= 2 && word.as_bytes().starts_with(&found);
        let changes = distance(&found, word.as_bytes());
        let is_near = begins || changes <= found.len().max(word.len()) / 3;
        is_near.then_some((!begins, changes, word))
    });
    // The first of equals, as the list has them in the order of the help.
    ranked.min_by_key(|(far, changes, _)| (*far, *changes)).map(|(_, _, word)| word)
}

/// Changes that make one word of the other.
fn distance(a: &[u8], b: &[u8]) -> usize {
    let (mut before, mut last) = (Vec::new(), (0..=b.len()).collect::<Vec<_>>());
    for (i, from) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, to) in b.iter().enumerate() {
            let mut least =
                (last[j] + usize::from(from != to)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from == &b[j - 1] && to == &a[i - 1] {
                let swapped: &Vec<usize> = &before;
                least = least.min(swapped[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

/// Letters of a word that are compared: no command has as many.
const MOST: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [&str; 6] = ["STATUS", "STATS", "CONNS", "FTP", "TUNNELS", "R"];

    #[test]
    fn slips_of_the_finger_are_understood() {
        for (found, word) in [
            ("STAUTS", Some("STATUS")),
            ("tunels", Some("TUNNELS")),
            ("CONS", Some("CONNS")),
            ("TUN", Some("TUNNELS")),
            ("STATU", Some("STATUS")),
            ("FPT", Some("FTP")),
            ("STAT", Some("STATS")),
            ("X", None),
            ("", None),
            ("SESSIONS", None),
            (&"S".repeat(5000), None),
        ] {
            assert_eq!(nearest(found, WORDS), word, "{found}");
        }
    }

    #[test]
    fn distances_are_counted() {
        for (a, b, count) in
            [("", "", 0), ("A", "", 1), ("AB", "BA", 1), ("KITTEN", "SITTING", 3), ("AB", "AB", 0)]
        {
            assert_eq!(distance(a.as_bytes(), b.as_bytes()), count, "{a} {b}");
        }
    }
}
