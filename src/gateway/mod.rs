//! What a connection becomes.

mod pipes;
pub mod splice;
