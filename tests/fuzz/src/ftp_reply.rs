//! [`LineBuffer`] and [`Replies`]: the same lines and replies however the bytes are cut, no byte
//! lost, and an end for each reply that begins.

use zoxy::ftp::{LINE_LIMIT, LineBuffer, REPLY_LINE_LIMIT, Replies, ReplyEvent};

use crate::pieces::SIZES;

/// The input is what a server sends; as commands it has to be cut into lines as well.
pub fn run(data: &[u8]) {
    lines(data, LineBuffer::of_commands, LINE_LIMIT);
    for line in lines(data, LineBuffer::of_replies, REPLY_LINE_LIMIT) {
        assert!(line.len() <= REPLY_LINE_LIMIT);
    }
    replies(data);
}

/// Cuts into lines in pieces of every size, and gives the lines.
fn lines(data: &[u8], make: fn() -> LineBuffer, limit: usize) -> Vec<Vec<u8>> {
    let mut all = SIZES.map(|size| cut(data, make(), limit, size)).into_iter();
    let first = all.next().expect("there are sizes");
    assert!(all.all(|other| other == first), "lines depend on how the bytes are cut");
    let (lines, rest) = first;
    if lines.iter().all(Option::is_some) {
        let whole = [lines.iter().flatten().flatten().copied().collect(), rest].concat();
        // Of a line that is too long and has no end nothing is kept.
        assert!(whole == data || data.len() > limit, "bytes were lost");
    }
    lines.into_iter().flatten().collect()
}

/// The lines, None for one that is too long, and what waits for its end.
fn cut(
    data: &[u8],
    mut buffer: LineBuffer,
    limit: usize,
    size: usize,
) -> (Vec<Option<Vec<u8>>>, Vec<u8>) {
    let mut lines = Vec::new();
    for piece in data.chunks(size.min(data.len().max(1))) {
        buffer.push(piece);
        while let Some(line) = buffer.next_line() {
            lines.push(line.ok().map(|line| line.bytes().to_vec()));
        }
        assert!(buffer.waiting() <= limit, "more than a line waits");
    }
    (lines, buffer.peek().to_vec())
}

fn replies(data: &[u8]) {
    let (lines, _) = cut(data, LineBuffer::of_replies(), REPLY_LINE_LIMIT, usize::MAX);
    let mut replies = Replies::new();
    // The code of the reply that is open, as a client reads it.
    let mut open: Option<u16> = None;
    for line in lines.into_iter().flatten() {
        let text = line.trim_ascii_end();
        assert_eq!(replies.is_inside(), open.is_some());
        match replies.feed(text) {
            Err(_) => assert_eq!(open, None, "inside of a reply anything is a line of it"),
            Ok(ReplyEvent::Line { code }) => {
                assert!((100..700).contains(&code.number()));
                match open {
                    Some(number) => assert_eq!(code, number),
                    None => assert_eq!(text.get(3), Some(&b'-')),
                }
                open = Some(code.number());
            }
            Ok(ReplyEvent::Complete { code }) => {
                assert!(text.starts_with(code.to_string().as_bytes()));
                assert!(open.is_none_or(|number| code == number));
                open = None;
            }
        }
    }
}
