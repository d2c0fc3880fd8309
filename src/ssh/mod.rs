//! SSH: transport, channels, sessions.

pub mod channels;
