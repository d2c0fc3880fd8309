//! Ways to cut an input: what comes out must not depend on them.

/// Sizes of pieces in which an input is given: whole, and cut at every place by one of them.
pub const SIZES: [usize; 4] = [usize::MAX, 1, 3, 7];

/// Whether a part of a text, which borrows from it, begins where; its offset in the text.
pub fn offset(text: &[u8], part: &[u8]) -> usize {
    let offset = (part.as_ptr() as usize).wrapping_sub(text.as_ptr() as usize);
    assert!(offset <= text.len() && part.len() <= text.len() - offset, "not a part of the text");
    offset
}

/// Text that a person or a log can take: one line, printable ASCII.
pub fn is_one_line(text: &str) -> bool {
    text.bytes().all(|byte| (b' '..=b'~').contains(&byte))
}

/// One line that a terminal can take, in whatever alphabet.
pub fn is_printable_line(text: &str) -> bool {
    !text.chars().any(char::is_control)
}
