//! SSH: transport, channels, sessions.

pub mod seams;
pub mod transport;

mod cipher;
mod ffi;
