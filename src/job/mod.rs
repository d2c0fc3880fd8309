//! Jobs: decks that are run, and started tasks.
//!
//! | module | holds |
//! |---|---|
//! | [`run`] | a job from its first message to its end |
//! | `flow` | which steps run |
//! | `step`, `watch`, `proc` | a step, its processes, signals and limits |
//! | `datasets`, `dds`, `text`, `pipe` | what DD statements stand for |
//! | [`programs`] | what PGM can name |
//! | [`spool`], [`status`], `log`, [`id`], [`end`] | what is left of a job |
//! | [`launch`], [`task`], [`command`] | jobs in the background, started tasks, operator commands |
//! | [`settings`], [`libraries`] | what comes from outside |
//!
//! The process of a job is single-threaded and runs one step at a time. [`crate::cli`] calls it;
//! [`crate::engine`] does not know of it.

pub mod command;
mod datasets;
mod dds;
pub mod end;
mod flow;
pub mod id;
pub mod launch;
pub mod libraries;
mod log;
mod pipe;
mod proc;
pub mod programs;
pub mod reader;
pub mod run;
pub mod settings;
pub mod spool;
pub mod status;
mod step;
pub mod task;
mod text;
mod wait;
pub mod watch;
