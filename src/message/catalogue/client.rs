//! Messages 2000-2999: listeners, clients, SOCKS and direct connections.

use crate::message::Message;

/// Every message of this file.
pub const ALL: &[&Message] = &[];
