//! SSH: transport, channels, sessions.

pub mod hostkey;
