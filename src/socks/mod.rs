//! SOCKS 4, 4a and 5 on the server's side, pure: bytes in, verdicts out. And the users of
//! RFC 1929.
//!
//! Called by the SOCKS door of `gateway`, which owns the socket, its buffer and its deadline.
//! Sources: the SOCKS 4 and 4a memos of Y.-D. Lee, RFC 1928, RFC 1929.
//!
//! | what | answer |
//! |---|---|
//! | CONNECT | a [`Request`]; [`reply`] once its fate is known |
//! | BIND | a [`Request`] as well; served within FTP dialogues only |
//! | UDP ASSOCIATE | refused: 07 |
//! | version 4 at a door with users | refused with 91: version 4 cannot carry a password |
//! | port 0, address 0.0.0.0 or `::` | refused: 01 or 91; the kernel would connect to itself |
//! | another first byte | closed without an answer, with the likely cause in the refusal |

mod known;
mod negotiation;
mod refusal;
mod reply;
mod target;
pub mod users;
mod wire;

pub use negotiation::{MAX_MESSAGE, Negotiation, Progress};
pub use refusal::{Refusal, Stranger};
pub use reply::{Failure, Outcome, Reply, reply};
pub use target::host_from_name;

use crate::config::Target;

/// Version of the protocol, as the client's first byte says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// SOCKS 4 or 4a.
    V4,
    /// SOCKS 5.
    V5,
}

/// What a client can ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Command {
    /// A connection to the target.
    Connect,
    /// A listening port for a connection from the target.
    Bind,
    /// A relay for datagrams (version 5 only).
    UdpAssociate,
}

/// A complete and valid request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Version to answer in.
    pub version: Version,
    /// CONNECT or BIND; UDP ASSOCIATE is refused before a request is made of it.
    pub command: Command,
    /// Where to: never resolved here.
    pub target: Target,
    /// User ID of version 4, as the client claims, nothing proves it; None if empty or version 5.
    pub user_id: Option<String>,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::V4 => "SOCKS4",
            Self::V5 => "SOCKS5",
        })
    }
}

impl std::fmt::Display for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Connect => "CONNECT",
            Self::Bind => "BIND",
            Self::UdpAssociate => "UDP ASSOCIATE",
        })
    }
}
