//! Messages 1000-1999: the deck.

use crate::message::Message;

/// Every message of this file.
pub const ALL: &[&Message] = &[];
