//! [`Telnet`]: the same output and signals however the bytes are cut, as a plain reading of RFC 854
//! says; and nothing is left to take out.

use zoxy::ftp::{Signals, Telnet, telnet};

use crate::pieces::SIZES;

/// The input is what a client sends.
pub fn run(data: &[u8]) {
    let expected = by_the_book(data);
    for size in SIZES {
        assert_eq!(strip(data, size), expected, "in pieces of {size}");
    }
    let (output, _) = expected;
    assert!(output.len() <= data.len() + 1);
    let (again, signals) = strip(&output, usize::MAX);
    assert!(again == output[..again.len()] && output.len() - again.len() <= 1, "twice is once");
    assert!(!signals.any());
    assert!(telnet::unescape(&output).len() <= output.len());
}

fn strip(data: &[u8], size: usize) -> (Vec<u8>, Signals) {
    let (mut telnet, mut output, mut all) = (Telnet::new(), Vec::new(), Signals::default());
    for piece in data.chunks(size.min(data.len().max(1))) {
        let signals = telnet.feed(piece, &mut output);
        all.interrupt |= signals.interrupt;
        all.data_mark |= signals.data_mark;
    }
    (output, all)
}

fn by_the_book(data: &[u8]) -> (Vec<u8>, Signals) {
    let (mut output, mut signals) = (Vec::new(), Signals::default());
    let mut bytes = data.iter().copied();
    while let Some(byte) = bytes.next() {
        if byte != 0xff {
            output.push(byte);
            continue;
        }
        match bytes.next() {
            None => {}
            // SB ... IAC SE; what follows another IAC in between belongs to it.
            Some(0xfa) => {
                while let Some(inside) = bytes.next() {
                    if inside == 0xff && bytes.next() == Some(0xf0) {
                        break;
                    }
                }
            }
            Some(0xfb..=0xfe) => drop(bytes.next()),
            Some(command @ 0xf0..=0xf9) => {
                signals.interrupt |= command == 0xf4;
                signals.data_mark |= command == 0xf2;
            }
            Some(other) => output.extend([0xff, other]),
        }
    }
    (output, signals)
}
