//! What a connection becomes.

pub mod ftp;
pub mod pipes;
pub mod splice;
