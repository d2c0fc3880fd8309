//! The batch FTP client: `zoxy ftp` from a shell, `EXEC PGM=FTP` in a job.
//!
//! A program of its own inside the binary: it blocks, has one thread (but for names that are looked
//! up), and shares nothing with the proxy but parsers ([`crate::ftp`]), data sets
//! ([`crate::dataset`]) and code pages. Called by `cli::ftp` only, which a step of a job starts as
//! well, as a process. It behaves as the client of z/OS does where that is documented: SOCKS by
//! SOCKSCONFIGFILE, active by default, return codes by EXIT and CLIENTERRCODES. What only zoxy does
//! is told in docs/batchftp.md.
//!
//! ```text
//! parm, ftpdata, settings, netrc, socksfile, subcommand   texts that become values; pure
//! input, output                    INPUT and OUTPUT, line by line
//! net, socks, control, data        connections
//! local, text                      local files; records to bytes of the data connection and back
//! transfer                         one file
//! session, names                   subcommands in action
//! ```
//!
//! Invariants: a transfer is done when the server's final reply says so, and only then is a local
//! file put in its place; no wait is without end; no password is printed, and lines of INPUT are
//! wiped when they are done with; a line, a reply, a listing and a configuration are bounded.

mod control;
mod data;
mod failure;
pub mod ftpdata;
mod input;
mod local;
mod names;
mod net;
pub mod netrc;
mod output;
pub mod parm;
mod session;
pub mod settings;
mod socks;
pub mod socksfile;
pub mod subcommand;
mod text;
mod transfer;

pub use input::Input;
pub use net::stop_when;
pub use output::Output;
pub use parm::{Exit, Parm, timeout};
pub use session::{Files, Start, run};
