//! SSH: transport, channels, sessions.
