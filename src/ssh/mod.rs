//! SSH: transport, channels, sessions.

pub mod hostkey;
pub mod identity;
