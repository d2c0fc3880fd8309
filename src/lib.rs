//! zoxy: a SOCKS proxy for mainframe batch file transfer, through SSH.
//!
//! The binary in `main.rs` is a thin shell around [`cli`]. Imports point downwards only:
//! `cli` → `engine`, `job`, `batch` → `operator`, `jcl` → `gateway` → `ssh`, `socks`, `ftp`, `config`
//! → `dataset`, `codepage`, `message`.

pub mod batch;
pub mod cli;
pub mod codepage;
pub mod config;
pub mod dataset;
pub mod engine;
pub mod ftp;
pub mod gateway;
mod glob;
pub mod jcl;
pub mod job;
pub mod message;
pub mod operator;
mod replacement;
pub mod socks;
pub mod ssh;
#[cfg(test)]
mod testing;
