//! Messages 6000-6099: code pages, said by `zoxy iconv`.

use crate::message::{Message, Severity};

/// Every message of this file.
pub(super) const ALL: &[&Message] =
    &[&CONVERSION_FAILED, &CONVERSION_SUBSTITUTED, &CONVERSION_UNREADABLE, &CONVERSION_UNWRITABLE];

/// A character that cannot be converted: input, bytes before it, its line, what is wrong with it.
pub const CONVERSION_FAILED: Message = Message {
    number: 6000,
    severity: Severity::E,
    text: "{file} offset {offset} line {line}: {reason}",
    explanation: "A character of the input is not in the code page asked for, or bytes are not \
        in the code page the input is said to be in. The offset counts bytes from 0, the line \
        line ends from 1.",
    action: "Conversion ends. A file named with -o is as it was before; what stands before the \
        character was written if the output is standard output.",
    response: "Name the right code pages; zoxy iconv --detect says what the input looks like. \
        With --substitute such characters are replaced.",
};

/// Characters were replaced: input, how many, bytes before the first, its line, what was wrong
/// with it.
pub const CONVERSION_SUBSTITUTED: Message = Message {
    number: 6001,
    severity: Severity::W,
    text: "{file}: {count} characters replaced, the first at offset {offset} line {line}: {reason}",
    explanation: "Characters could not be converted, and --substitute was given.",
    action: "Each was replaced by the substitute; all else was converted.",
    response: "See whether the output can be used. The replaced characters are lost in it.",
};

/// Input that cannot be read: input, reason.
pub const CONVERSION_UNREADABLE: Message = Message {
    number: 6002,
    severity: Severity::E,
    text: "{file} cannot be read: {reason}",
    explanation: "The system refused to open or read the input.",
    action: "Conversion ends. A file named with -o is as it was before.",
    response: "Correct the name or the permissions.",
};

/// Output that cannot be written: output, reason.
pub const CONVERSION_UNWRITABLE: Message = Message {
    number: 6003,
    severity: Severity::E,
    text: "{file} cannot be written: {reason}",
    explanation: "The system refused to create or write the output, or a new file beside it.",
    action: "Conversion ends. A file named with -o is as it was before.",
    response: "Correct the name or the permissions, or make room.",
};
