//! The catalogue, one file per area; numbers are given out by area and never reused.
//!
//! | numbers | area |
//! |---|---|
//! | 0000-0499 | start, stop, refresh |
//! | 0500-0999 | operator's console |
//! | 1000-1999 | the deck |
//! | 2000-2999 | listeners, clients, SOCKS, direct connections |
//! | 3000-3999 | SSH sessions and channels |
//! | 4000-4999 | FTP dialogues |
//! | 5000-5999 | batch FTP client |
//! | 6000-6099 | code pages |
//! | 6100-6499 | data sets |
//! | 7000-7499 | job decks |
//! | 7500-7599 | the logs of a job |
//! | 7600-7999 | jobs and started tasks |
//!
//! What the batch FTP client says in the place of z/OS has its numbers ([`ZOS`]).

mod batch;
mod client;
mod codepage;
mod console;
mod dataset;
mod deck;
mod ftp;
mod jcl;
mod job;
mod operator;
mod spool;
mod ssh;
mod zos;

use std::ops::RangeInclusive;

pub use batch::*;
pub use client::*;
pub use codepage::*;
pub use console::*;
pub use dataset::*;
pub use deck::*;
pub use ftp::*;
pub use jcl::*;
pub use job::*;
pub use operator::*;
pub use spool::*;
pub use ssh::*;
pub use zos::*;

use super::Message;

/// One area of the catalogue.
#[derive(Debug)]
pub struct Area {
    /// Its numbers.
    pub numbers: RangeInclusive<u16>,
    /// Its heading in the manual.
    pub title: &'static str,
    /// Its messages, by number.
    pub messages: &'static [&'static Message],
}

/// All areas, by number.
pub const AREAS: &[Area] = &[
    Area { numbers: 0..=499, title: "start, stop, refresh", messages: operator::ALL },
    Area { numbers: 500..=999, title: "operator's console", messages: console::ALL },
    Area { numbers: 1000..=1999, title: "the deck", messages: deck::ALL },
    Area {
        numbers: 2000..=2999,
        title: "listeners, clients, SOCKS, direct connections",
        messages: client::ALL,
    },
    Area { numbers: 3000..=3999, title: "SSH sessions and channels", messages: ssh::ALL },
    Area { numbers: 4000..=4999, title: "FTP dialogues", messages: ftp::ALL },
    Area { numbers: 5000..=5999, title: "batch FTP client", messages: batch::ALL },
    Area { numbers: 6000..=6099, title: "code pages", messages: codepage::ALL },
    Area { numbers: 6100..=6499, title: "data sets", messages: dataset::ALL },
    Area { numbers: 7000..=7499, title: "job decks", messages: jcl::ALL },
    Area { numbers: 7500..=7599, title: "the logs of a job", messages: job::ALL },
    Area { numbers: 7600..=7999, title: "jobs and started tasks", messages: spool::ALL },
];

/// Every message, by number.
pub fn all() -> Vec<&'static Message> {
    let mut messages: Vec<_> =
        AREAS.iter().flat_map(|area| area.messages.iter().copied()).collect();
    messages.sort_by_key(|message| message.number);
    messages
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_unique_and_within_their_area() {
        for area in AREAS {
            for message in area.messages {
                assert!(area.numbers.contains(&message.number), "{}", message.id());
            }
        }
        for pair in all().windows(2) {
            assert!(pair[0].number < pair[1].number, "{} twice", pair[0].id());
        }
    }

    #[test]
    fn every_constant_is_listed() {
        let sources = [
            include_str!("batch.rs"),
            include_str!("client.rs"),
            include_str!("codepage.rs"),
            include_str!("console.rs"),
            include_str!("dataset.rs"),
            include_str!("deck.rs"),
            include_str!("ftp.rs"),
            include_str!("jcl.rs"),
            include_str!("job.rs"),
            include_str!("operator.rs"),
            include_str!("spool.rs"),
            include_str!("ssh.rs"),
        ];
        let constants: usize =
            sources.iter().map(|source| source.matches(": Message = Message {").count()).sum();
        assert_eq!(constants, all().len(), "a constant is missing in its file's ALL");
    }

    #[test]
    fn placeholders_are_names_in_braces() {
        for message in all() {
            let mut rest = message.text;
            while let Some(at) = rest.find(['{', '}']) {
                let placeholder = &rest[at..];
                assert!(placeholder.starts_with('{'), "{}: lone brace", message.id());
                let end =
                    placeholder.find('}').unwrap_or_else(|| panic!("{}: open brace", message.id()));
                let name = &placeholder[1..end];
                let is_name =
                    !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
                assert!(is_name, "{}: placeholder {name:?}", message.id());
                rest = &placeholder[end + 1..];
            }
        }
    }

    #[test]
    fn every_message_is_explained() {
        let sentences = |id: &str, parts: [&str; 3]| {
            for part in parts {
                assert!(part.ends_with('.'), "{id}: {part:?} is no sentence");
                assert!(!part.contains("  "), "{id}: {part:?} has a gap");
                assert!(!part.contains('\n'), "{id}: {part:?} has a line end");
            }
        };
        for message in ZOS {
            sentences(message.id, [message.explanation, message.action, message.response]);
        }
        let constants = include_str!("zos.rs").matches(": ZosMessage = ZosMessage {").count();
        assert_eq!(constants, ZOS.len(), "a constant is missing in ZOS");
        assert!(ZOS.windows(2).all(|pair| pair[0].id < pair[1].id));
        for message in all() {
            sentences(&message.id(), [message.explanation, message.action, message.response]);
            let text = message.text;
            assert!(
                !text.is_empty() && !text.contains("  ") && !text.ends_with('.'),
                "{}",
                message.id()
            );
        }
    }
}
