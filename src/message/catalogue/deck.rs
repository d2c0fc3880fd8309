//! Messages 1000-1999: the deck.

use crate::message::{Message, Severity};

/// The deck cannot be read.
pub const DECK_UNREADABLE: Message = Message {
    number: 1000,
    severity: Severity::S,
    text: "{member}: the deck cannot be read: {reason}",
    explanation: "The file that holds the deck could not be opened or read.",
    action: "zoxy does not start; on a refresh the deck in use stays.",
    response: "Check the name and the permissions of the file and its directories.",
};

/// Every message of this file.
pub const ALL: &[&Message] = &[&DECK_UNREADABLE];
