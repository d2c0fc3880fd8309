//! Patterns with `*`: names of hosts in filters and known_hosts, qualifiers of data sets. Pure.

/// Whether a text is one of those that a pattern stands for: `*` in it is any run of bytes, and every
/// other byte stands for those that are the `same`, which is told the byte of the pattern first.
///
/// Without recursion: only the last `*` is ever extended, so the work is bounded by the product of
/// both lengths.
pub(crate) fn matches(pattern: &[u8], text: &[u8], same: impl Fn(u8, u8) -> bool) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut resume = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                resume = Some((p + 1, t));
                p += 1;
            }
            Some(&byte) if same(byte, text[t]) => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((after, start)) = resume else {
                    return false;
                };
                resume = Some((after, start + 1));
                p = after;
                t = start + 1;
            }
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_asterisk_is_any_run() {
        let all = [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*", "a", true),
            ("*a", "bca", true),
            ("*a", "bcab", false),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("*ab*", "aab", true),
            ("**", "x", true),
            ("a?c", "abc", true),
            ("a?c", "ac", false),
        ];
        let same = |pattern, byte| pattern == b'?' || pattern == byte;
        for (pattern, text, expected) in all {
            let found = matches(pattern.as_bytes(), text.as_bytes(), same);
            assert_eq!(found, expected, "{pattern} {text}");
        }
    }

    #[test]
    fn many_asterisks_take_no_longer() {
        let pattern = [&b"*a".repeat(2_000)[..], b"b"].concat();
        assert!(!matches(&pattern, &b"a".repeat(4_000), |pattern, byte| pattern == byte));
    }
}
