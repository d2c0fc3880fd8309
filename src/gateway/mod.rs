//! What a connection becomes.
