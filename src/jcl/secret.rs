//! Passwords in a deck: PASSWORD of the JOB statement is covered wherever text of the deck is shown.

const KEYWORD: &str = "PASSWORD=";

/// Where values of PASSWORD stand in a text, in bytes.
pub(super) fn passwords(text: &str) -> Vec<(usize, usize)> {
    let spans = text.match_indices(KEYWORD).map(|(at, _)| {
        let from = at + KEYWORD.len();
        (from, from + value_length(&text[from..]))
    });
    spans.collect()
}

/// The text with an asterisk for each character of a password.
pub(super) fn masked(text: &str) -> String {
    let mut masked = text.to_owned();
    for (from, to) in passwords(text).into_iter().rev() {
        let stars = "*".repeat(text[from..to].chars().count());
        masked.replace_range(from..to, &stars);
    }
    masked
}

/// Length of a value, up to the comma or blank behind it, or the apostrophe of who repeats it.
fn value_length(text: &str) -> usize {
    let (mut depth, mut is_quoted) = (0_usize, false);
    for (at, c) in text.char_indices() {
        match c {
            '\'' if at > 0 && depth == 0 && !is_quoted => return at,
            '\'' => is_quoted = !is_quoted,
            _ if is_quoted => {}
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' | ' ' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_covered_up_to_their_end() {
        assert_eq!(masked("//A JOB PASSWORD=HUSH,CLASS=A"), "//A JOB PASSWORD=****,CLASS=A");
        assert_eq!(masked("PASSWORD=(OLD,NEW),X"), "PASSWORD=*********,X");
        assert_eq!(masked("PASSWORD='A,B C)',X"), "PASSWORD=********,X");
        assert_eq!(masked("//  USER=X,PASSWORD=HUSH comment"), "//  USER=X,PASSWORD=**** comment");
        assert_eq!(masked("PASSWORD=(OLD,"), "PASSWORD=*****");
        assert_eq!(masked("found 'PASSWORD=HUSH', expected"), "found 'PASSWORD=****', expected");
        assert_eq!(masked("no secret"), "no secret");
    }
}
