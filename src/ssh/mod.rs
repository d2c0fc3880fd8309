//! SSH: transport, channels, sessions.
//!
//! | module | holds |
//! |---|---|
//! | `ffi`, `cipher` | `unsafe` code: libssh2, its link-time seams, ciphers |
//! | [`transport`] | libssh2 without sockets: bytes in, bytes out, packets |
//! | [`login`] | from version exchange to authenticated |
//! | [`seams`] | the check at start that the seams hold |
//! | [`channels`] | the connection protocol (RFC 4254), pure |
//! | [`hostkey`], [`identity`] | who the server may be, who we are |
//! | [`pool`] | which sessions exist, and who may dial |

pub mod channels;
mod cipher;
mod ffi;
pub mod hostkey;
pub mod identity;
pub mod login;
pub mod pool;
pub mod seams;
pub mod transport;

#[cfg(test)]
mod counting;
#[cfg(test)]
mod test_support;
