//! What a dialogue wants in the log.

use std::fmt::Display;
use std::net::SocketAddr;

use crate::say;

/// An event of a dialogue that an operator or an auditor should see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// PORT or EPRT named an address that is not the client's (bounce attempt).
    Bounce {
        /// PORT or EPRT.
        command: &'static str,
        /// What it named.
        address: SocketAddr,
    },
    /// The client asked for TLS or another mechanism of RFC 2228.
    SecurityRefused {
        /// The verb.
        command: &'static str,
    },
    /// The server's 227 or 229 named a port under 1024.
    LowDataPort {
        /// The port.
        port: u16,
    },
    /// The server refused the PORT or EPRT of a remote forward.
    PortRefused {
        /// PORT or EPRT.
        command: &'static str,
        /// What it named.
        address: SocketAddr,
        /// What the server said.
        reply: String,
    },
    /// The server confirmed a transfer whose data connection broke; the client was told 426.
    Contradicted {
        /// The verb.
        command: &'static str,
        /// What the server said.
        code: u16,
    },
    /// The first bytes of the client are EBCDIC.
    Ebcdic,
    /// An upload was cancelled, and the server has not said that it knows.
    NotAborted {
        /// The verb.
        command: String,
        /// The file.
        name: String,
    },
}

impl Note {
    /// Writes it to the log, for connection `id` of `client`.
    pub fn say(&self, id: u64, client: impl Display) {
        match self {
            Self::Bounce { command, address } => {
                say!(FTP_BOUNCE, id = id, client = client, command = command, address = address);
            }
            Self::SecurityRefused { command } => {
                say!(FTP_SECURITY_ASKED, id = id, client = client, command = command);
            }
            Self::LowDataPort { port } => {
                say!(FTP_LOW_DATA_PORT, id = id, client = client, port = port);
            }
            Self::PortRefused { command, address, reply } => say!(
                FTP_PORT_DENIED,
                id = id,
                client = client,
                command = command,
                address = address,
                reply = reply
            ),
            Self::Contradicted { command, code } => {
                say!(FTP_CONTRADICTED, id = id, client = client, command = command, code = code);
            }
            Self::Ebcdic => say!(FTP_EBCDIC_CLIENT, id = id, client = client),
            Self::NotAborted { command, name } => {
                say!(FTP_NOT_ABORTED, id = id, client = client, command = command, name = name);
            }
        }
    }
}
