//! What a connection becomes.

pub mod pipes;
pub mod splice;
