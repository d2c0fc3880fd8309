//! PARM as words.

/// Splits at blanks; what stands in quotation marks is one word, or part of one.
pub fn split(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' | '\t' | '\n' if !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_separate_and_quotation_marks_join() {
        for (text, words) in [
            ("", &[][..]),
            ("  ", &[]),
            ("run -c DECK", &["run", "-c", "DECK"]),
            (" a  b ", &["a", "b"]),
            ("\"a b\" c\"d e\"f", &["a b", "cd ef"]),
            ("\"\"", &[""]),
            ("\"open", &["open"]),
        ] {
            assert_eq!(split(text), words, "{text}");
        }
    }
}
