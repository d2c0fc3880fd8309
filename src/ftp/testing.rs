//! Input for the tests of `ftp`: splits, and bytes that look random but are the same every time.

/// `input` in two pieces, or byte by byte if `split` is None.
pub fn pieces(input: &[u8], split: Option<usize>) -> Vec<&[u8]> {
    match split {
        Some(at) => vec![&input[..at], &input[at..]],
        None => input.chunks(1).collect(),
    }
}

/// Some thousand lines of up to 64 bytes; half of them of `alphabet` only, half of any bytes.
pub fn random_lines(alphabet: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    let mut state: u64 = 0x6674_7020_6c69_6e65;
    let mut next = move |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % below as u64).expect("it is below a usize")
    };
    (0..8000).map(move |round| {
        let length = next(65);
        let byte = |_| match round % 2 {
            0 => alphabet[next(alphabet.len())],
            _ => next(256).to_be_bytes()[size_of::<usize>() - 1],
        };
        (0..length).map(byte).collect()
    })
}
