//! The catalogue, one file per area; numbers are given out by area and never reused.
//!
//! | numbers | area |
//! |---|---|
//! | 0000-0999 | start, stop, operator commands |
//! | 1000-1999 | the deck |
//! | 2000-2999 | listeners, clients, SOCKS, direct connections |
//! | 3000-3999 | SSH sessions and channels |

mod client;
mod deck;
mod operator;
mod ssh;

pub use client::*;
pub use deck::*;
pub use operator::*;
pub use ssh::*;

use super::Message;

/// Every message, by number.
pub fn all() -> Vec<&'static Message> {
    let mut messages: Vec<_> = [client::ALL, deck::ALL, operator::ALL, ssh::ALL].concat();
    messages.sort_by_key(|message| message.number);
    messages
}
