//! The engine: the main thread, the workers, and what they share.
//!
//! | module | holds |
//! |---|---|
//! | [`supervisor`] | the main thread: start, signals, console, refresh, stop |
//! | [`worker`] | a thread's loop and its handlers |
//! | [`client`], [`session`] | what a worker's loop works on, and their states |
//! | [`loading`] | reading the deck and binding, for a start and a refresh |
//! | [`notify`], [`passed`] | what a service manager is told, and the sockets it passes |
//! | [`dial`] | what dialing an SSH server needs, and how it fails |
//! | [`shared`], [`inbox`] | what threads share, and what they tell each other |
//! | [`accept`], [`sockets`], [`timers`], [`limits`], [`gates`], [`jobs`], [`turns`], [`key`] | parts |
//! | [`snapshot`] | what the operator's displays are made of |

pub mod accept;
pub mod client;
pub mod dial;
pub mod expected;
pub mod gates;
pub mod inbox;
pub mod jobs;
pub mod key;
pub mod limits;
pub mod loading;
pub mod notify;
pub mod passed;
pub mod ports;
pub mod session;
pub mod shared;
pub mod snapshot;
pub mod sockets;
pub mod supervisor;
pub mod timers;
pub mod turns;
pub mod worker;
