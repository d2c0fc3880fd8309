//! Messages 0000-0999: start, stop and operator commands.

use crate::message::Message;

/// Every message of this file.
pub const ALL: &[&Message] = &[];
