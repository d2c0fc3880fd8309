//! Messages 3000-3999: SSH sessions and channels.

use crate::message::Message;

/// Every message of this file.
pub const ALL: &[&Message] = &[];
