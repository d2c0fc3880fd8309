//! SSH: transport, channels, sessions.

pub mod login;
pub mod seams;
pub mod transport;

mod cipher;
mod ffi;
#[cfg(test)]
mod test_support;
